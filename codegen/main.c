/* The generator: schema/opstream.proto, as protoc's descriptor set, into everything under gen/.
 *
 *   codegen DESCRIPTOR-SET OUT-DIR [SOURCE-ROOT]
 *
 * Reads (reader.c), looks names up (resolve.c), refuses mistakes (check.c), then prints one file an emitter. A file
 * whose content is what it was is not touched. With SOURCE-ROOT the client header is made, too. Run by codegen/run. */
#define _POSIX_C_SOURCE 200809L

#include "emit.h"
#include "reader.h"
#include "report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const struct product {
    const char *path;
    emit_function *emit;
} products[] = {
    {"types.h", emit_types},     {"tables.h", emit_tables_h},     {"tables.c", emit_tables_c},
    {"codec.h", emit_codec},     {"profile.h", emit_profile_h},   {"profile.c", emit_profile_c},
    {"errors.h", emit_errors_h}, {"errors.c", emit_errors_c},     {"calls.h", emit_calls_h},
    {"calls.c", emit_calls_c},   {"docs/wire.md", emit_wire_doc}, {"opstream.d.ts", emit_typescript},
};

static bool same_content(const char *path, const struct out *o)
{
    FILE *f = fopen(path, "rb");
    size_t i = 0;
    int c;

    if (f == NULL)
        return false;
    while ((c = fgetc(f)) != EOF && i < o->len && (unsigned char)o->text[i] == c)
        i++;
    fclose(f);
    return c == EOF && i == o->len;
}

/* Makes the folders that lead to a file. */
static bool make_folders(const char *path)
{
    const char *slash = path;

    while ((slash = strchr(slash + 1, '/')) != NULL) {
        if (mkdir(text_copy(path, (size_t)(slash - path)), 0777) != 0 && errno != EEXIST)
            return false;
    }
    return true;
}

static bool write_product(const char *out_dir, const char *name, const struct out *o)
{
    const char *path = text_format("%s/%s", out_dir, name);
    bool written;
    FILE *f;

    if (same_content(path, o))
        return true;
    f = make_folders(path) ? fopen(path, "wb") : NULL;
    written = f != NULL && fwrite(o->text, 1, o->len, f) == o->len;
    if (f != NULL && fclose(f) != 0)
        written = false;
    if (!written)
        fprintf(stderr, "codegen: %s: %s\n", path, strerror(errno));
    return written;
}

static bool generate(const struct model *m, const char *out_dir, const char *root)
{
    size_t i;

    for (i = 0; i < sizeof products / sizeof products[0]; i++) {
        struct out o = {NULL, 0, 0};

        products[i].emit(m, &o);
        if (!write_product(out_dir, products[i].path, &o))
            return false;
    }
    if (root != NULL) {
        struct out o = {NULL, 0, 0};

        return emit_client(root, out_dir, &o) && write_product(out_dir, "client/opstream.h", &o);
    }
    return true;
}

int main(int argc, char **argv)
{
    struct model m;
    bool done = false;

    memset(&m, 0, sizeof m);
    if (argc < 3 || argc > 4) {
        fputs("usage: codegen DESCRIPTOR-SET OUT-DIR [SOURCE-ROOT]\n", stderr);
        return 2;
    }
    if (read_model(argv[1], &m)) {
        resolve(&m);
        check(&m);
        done = report_print() && generate(&m, argv[2], argc == 4 ? argv[3] : NULL);
    }
    memory_free_all();
    return done ? 0 : 1;
}
