/* gen/client/opstream.h: the codecs as one header. The very files of runtime/base, runtime/codec and gen, put one
 * behind the other: nothing is written twice, nothing is listed by hand.
 *
 * Public are the headers that gen/codec.h, calls.h, errors.h and profile.h lead to, and every header that stands
 * beside a source file of its name. Behind OPSTREAM_IMPLEMENTATION come the source files, each after the private
 * headers that it includes. */
#define _POSIX_C_SOURCE 200809L

#include "emit.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILES_LIMIT = 512, SYSTEM_LIMIT = 64 };

struct amalgamation {
    const char *root, *out_dir;
    const char *done[FILES_LIMIT]; /* paths from the root of the files that are in */
    size_t done_count;
    const char *system[SYSTEM_LIMIT]; /* <string.h> ... */
    size_t system_count;
    struct out body;
    bool failed;
};

static const char *const folders[] = {"runtime/base", "runtime/codec", "gen"};
enum { FOLDERS = 3 };

/* ---- files ------------------------------------------------------------------------------------------------------- */

static const char *real_path(const struct amalgamation *a, const char *path)
{
    if (strncmp(path, "gen/", 4) == 0)
        return text_format("%s/%s", a->out_dir, path + 4);
    return text_format("%s/%s", a->root, path);
}

static bool exists(const struct amalgamation *a, const char *path)
{
    FILE *f = fopen(real_path(a, path), "rb");

    if (f != NULL)
        fclose(f);
    return f != NULL;
}

/* Names in a folder that end in `end`, sorted. */
static size_t list_folder(const struct amalgamation *a, const char *folder, const char *end, const char **names)
{
    const char *path = strcmp(folder, "gen") == 0 ? a->out_dir : text_format("%s/%s", a->root, folder);
    DIR *dir = opendir(path);
    struct dirent *entry;
    size_t count = 0, k;

    while (dir != NULL && count < FILES_LIMIT && (entry = readdir(dir)) != NULL) {
        if (!text_ends_with(entry->d_name, end))
            continue;
        for (k = count++; k > 0 && strcmp(names[k - 1], entry->d_name) > 0; k--)
            names[k] = names[k - 1];
        names[k] = text_copy(entry->d_name, strlen(entry->d_name));
    }
    if (dir != NULL)
        closedir(dir);
    return count;
}

/* ---- one file, with what it includes ----------------------------------------------------------------------------- */

static void add_file(struct amalgamation *a, const char *path);

static void add_system(struct amalgamation *a, const char *header)
{
    size_t k;

    for (k = 0; k < a->system_count; k++) {
        if (strcmp(a->system[k], header) == 0)
            return;
    }
    if (a->system_count == SYSTEM_LIMIT)
        return;
    for (k = a->system_count++; k > 0 && strcmp(a->system[k - 1], header) > 0; k--)
        a->system[k] = a->system[k - 1];
    a->system[k] = header;
}

/* The file that `#include "name"` of `path` means: beside it, else from the root. */
static const char *included_path(const struct amalgamation *a, const char *path, const char *name)
{
    const char *slash = strrchr(path, '/');
    const char *beside = text_format("%.*s/%s", (int)(slash - path), path, name);

    return exists(a, beside) ? beside : name;
}

/* The name in an include line, with its brackets; NULL: another line. */
static char *include_of(const char *line)
{
    const char *at = line + strspn(line, " \t"), *end;

    if (strncmp(at, "#include", 8) != 0)
        return NULL;
    at += 8 + strspn(at + 8, " \t");
    end = *at == '<' ? strchr(at, '>') : *at == '"' ? strchr(at + 1, '"') : NULL;
    return end != NULL ? text_copy(at, (size_t)(end - at + 1)) : NULL;
}

/* How many conditions are open behind this line. System includes under a condition other than the header guard stay
 * there. */
static int condition_depth(const char *line, int depth)
{
    const char *at = line + strspn(line, " \t");

    if (strncmp(at, "#if", 3) == 0)
        return depth + 1;
    return strncmp(at, "#endif", 6) == 0 ? depth - 1 : depth;
}

static void add_lines(struct amalgamation *a, const char *path, FILE *f, bool print)
{
    int guard = text_ends_with(path, ".h") ? 1 : 0, depth = 0;
    char line[4096];

    while (fgets(line, sizeof line, f) != NULL) {
        char *include = include_of(line);

        depth = condition_depth(line, depth);
        if (include != NULL && include[0] == '"') {
            if (!print)
                add_file(a, included_path(a, path, text_copy(include + 1, strlen(include) - 2)));
        } else if (include != NULL && depth == guard) {
            add_system(a, include);
        } else if (print && !(line[0] == '\n' && strcmp(a->body.text + a->body.len - 2, "\n\n") == 0)) {
            out_print(&a->body, "%s", line);
        }
    }
}

/* First what the file includes, then the file. */
static void add_file(struct amalgamation *a, const char *path)
{
    FILE *f;
    size_t i;

    for (i = 0; i < a->done_count; i++) {
        if (strcmp(a->done[i], path) == 0)
            return;
    }
    f = a->done_count < FILES_LIMIT ? fopen(real_path(a, path), "r") : NULL;
    if (f == NULL) {
        fprintf(stderr, "codegen: client header: %s cannot be read\n", path);
        a->failed = true;
        return;
    }
    a->done[a->done_count++] = path;
    add_lines(a, path, f, false);
    rewind(f);
    out_print(&a->body, "\n/* ==== %s ==== */\n\n", path);
    add_lines(a, path, f, true);
    fclose(f);
}

/* ---- the header -------------------------------------------------------------------------------------------------- */

static void add_public_headers(struct amalgamation *a)
{
    static const char *const doors[] = {"gen/codec.h", "gen/profile.h", "gen/errors.h", "gen/calls.h"};
    const char *names[FILES_LIMIT];
    size_t i, k, count;

    for (i = 0; i < sizeof doors / sizeof doors[0]; i++)
        add_file(a, doors[i]);
    for (i = 0; i < FOLDERS; i++) {
        count = list_folder(a, folders[i], ".h", names);
        for (k = 0; k < count; k++) {
            const char *path = text_format("%s/%s", folders[i], names[k]);

            if (exists(a, text_format("%.*sc", (int)strlen(path) - 1, path)))
                add_file(a, path);
        }
    }
}

static void add_sources(struct amalgamation *a)
{
    const char *names[FILES_LIMIT];
    size_t i, k, count;

    for (i = 0; i < FOLDERS; i++) {
        count = list_folder(a, folders[i], ".c", names);
        for (k = 0; k < count; k++)
            add_file(a, text_format("%s/%s", folders[i], names[k]));
    }
}

bool emit_client(const char *root, const char *out_dir, struct out *o)
{
    struct amalgamation *a = memory_new(1, sizeof *a);
    size_t i;

    a->root = root;
    a->out_dir = out_dir;
    add_public_headers(a);
    out_print(&a->body,
              "\n#endif /* OPSTREAM_H */\n\n#if defined(OPSTREAM_IMPLEMENTATION) && !defined(OPSTREAM_IMPLEMENTED)\n"
              "#define OPSTREAM_IMPLEMENTED\n");
    add_sources(a);
    out_banner(o,
               "OpStream's messages and codecs for clients in C11 or C++17, in one header. Include it where you like; "
               "in exactly one "
               "source file define OPSTREAM_IMPLEMENTATION before. No allocation, no I/O: memory comes from the arena "
               "that you give "
               "(struct ops_arena). Begin reading at gen/codec.h below.\n\nMade of the files named below, unchanged.");
    out_print(o, "#ifndef OPSTREAM_H\n#define OPSTREAM_H\n\n");
    for (i = 0; i < a->system_count; i++)
        out_print(o, "#include %s\n", a->system[i]);
    out_print(o, "%s\n#endif /* OPSTREAM_IMPLEMENTATION */\n", a->body.text);
    return !a->failed;
}
