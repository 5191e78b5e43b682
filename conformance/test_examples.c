/* Every example of the published page and of the specifications decodes, and encodes to the same bytes
 * (examples/examples.txt), and the escaping vectors of spec/opstream-wire.md §1.2 come out as printed there.
 * `test_examples [FILE]`. */
#include <stdio.h>
#include <stdlib.h>

#include "gen/codec.h"
#include "gen/profile.h"
#include "memory.h"
#include "runtime/base/base64.h"
#include "runtime/codec/explain.h"

enum { EXAMPLE_WORD_CHARS = 64, EXAMPLE_SUBSTITUTES_LIMIT = 8, EXAMPLE_FILE_BYTES = 1 << 20 };

struct example {
    char style[EXAMPLE_WORD_CHARS], type[EXAMPLE_WORD_CHARS], source[EXAMPLE_WORD_CHARS];
    struct ops_str text;
    struct ops_arena *arena;
};

static size_t example_passed, example_failed;

static void example_settle(const struct example *e, bool ok, const char *what, struct ops_str got)
{
    if (ok) {
        example_passed++;
        return;
    }
    example_failed++;
    printf("FAIL %s %s (%s): %s\n  expected %.*s\n  got      %.*s\n", e->style, e->type, e->source, what,
           (int)e->text.len, e->text.ptr, (int)got.len, got.len > 0 ? got.ptr : "");
}

/* ---- texts ------------------------------------------------------------------------------------------------------- */

/* Without the white space between tokens. */
static struct ops_str example_minified(struct ops_arena *arena, struct ops_str text)
{
    char *out = (char *)conf_alloc(arena, text.len + 1);
    bool in_string = false;
    size_t i, len = 0;

    for (i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if (!in_string && (c == ' ' || c == '\n' || c == '\t' || c == '\r'))
            continue;
        out[len++] = c;
        if (in_string && c == '\\' && i + 1 < text.len)
            out[len++] = text.ptr[++i];
        else if (c == '"')
            in_string = !in_string;
    }
    return ops_str_of(out, len);
}

static struct ops_str example_from_hex(struct ops_arena *arena, struct ops_str hex)
{
    static const char digits[] = "0123456789abcdef";
    char *out = (char *)conf_alloc(arena, hex.len / 2 + 1);
    size_t i, count = 0;

    for (i = 0; i < hex.len; i++) {
        const char *digit = strchr(digits, hex.ptr[i]);

        if (digit == NULL || hex.ptr[i] == '\0')
            continue;
        out[count / 2] = (char)((unsigned char)out[count / 2] << 4 | (unsigned char)(digit - digits));
        count++;
    }
    return ops_str_of(out, count / 2);
}

static struct ops_str example_from_base64(struct ops_arena *arena, struct ops_str text)
{
    char *out = (char *)conf_alloc(arena, ops_base64_decoded_bound(text.len));
    size_t bad, len = ops_base64_decode(out, text.ptr, text.len, &bad);

    return ops_str_of(out, len == SIZE_MAX ? 0 : len);
}

static struct ops_str example_sentence(struct ops_arena *arena, const struct ops_error *error, struct ops_str input,
                                       bool binary)
{
    struct ops_buf out;

    ops_buf_init(&out, arena);
    return ops_error_sentence(error, input, binary, &out) ? ops_buf_str(&out) : OPS_STR("?");
}

/* ---- one example ------------------------------------------------------------------------------------------------- */

static const struct ops_message *example_message(const char *name, size_t len)
{
    size_t i;

    for (i = 0; i < ops_messages_count; i++) {
        if (ops_str_equal(ops_messages[i]->name, ops_str_of(name, len)))
            return ops_messages[i];
    }
    return NULL;
}

static const struct ops_json_style *example_style(const char *name)
{
    size_t i;

    for (i = 0; i < ops_styles_count; i++) {
        if (strcmp(ops_styles[i]->name, name) == 0)
            return ops_styles[i];
    }
    return NULL;
}

static void example_compare(const struct example *e, struct ops_str got)
{
    struct ops_str text = e->text;

    if (strncmp(e->source, "seeds/", 6) == 0) {
        text = example_minified(e->arena, text);
        got = example_minified(e->arena, got);
    }
    example_settle(e, ops_str_equal(text, got), "encodes to other bytes", got);
}

static void example_json(const struct example *e, const struct ops_message *type, const struct ops_json_style *style)
{
    void *message = conf_alloc(e->arena, type->size);
    struct ops_decode_info info;
    struct ops_buf out;

    ops_buf_init(&out, e->arena);
    if (ops_json_decode(type, style, e->text, e->arena, message, &info) != OPS_OK)
        example_settle(e, false, "does not decode", example_sentence(e->arena, &info.error, e->text, false));
    else if (ops_json_encode(type, style, message, &out) != OPS_OK)
        example_settle(e, false, "does not encode", ops_str_of(NULL, 0));
    else
        example_compare(e, ops_buf_str(&out));
}

/* A text of a client's own making: what we write instead reads as the same message. */
static void example_of_client(const struct example *e, const struct ops_message *type,
                              const struct ops_json_style *style)
{
    void *message = conf_alloc(e->arena, type->size), *again = conf_alloc(e->arena, type->size);
    struct ops_decode_info info;
    struct ops_buf out;

    ops_buf_init(&out, e->arena);
    if (ops_json_decode(type, style, e->text, e->arena, message, &info) != OPS_OK)
        example_settle(e, false, "does not decode", example_sentence(e->arena, &info.error, e->text, false));
    else if (ops_json_encode(type, style, message, &out) != OPS_OK ||
             ops_json_decode(type, style, ops_buf_str(&out), e->arena, again, &info) != OPS_OK)
        example_settle(e, false, "what we write does not decode", ops_buf_str(&out));
    else
        example_settle(e, ops_message_equal(type, message, again), "what we write reads as another message",
                       ops_buf_str(&out));
}

/* The JSON of one field: read and written as an argument list of one. */
static void example_field(const struct example *e, const struct ops_message *type, const char *name,
                          const struct ops_json_style *style)
{
    struct ops_argument argument = {0, false};
    struct ops_call call;
    struct ops_buf list, out;
    struct ops_decode_info info;
    void *message = conf_alloc(e->arena, type->size);

    while (argument.field < type->field_count &&
           strncmp(type->fields[argument.field].name[style->shape].ptr + 2, name, strlen(name)) != 0)
        argument.field++;
    memset(&call, 0, sizeof call);
    call.message = type;
    call.arguments = &argument;
    call.argument_count = 1;
    ops_buf_init(&list, e->arena);
    ops_buf_init(&out, e->arena);
    conf_append(&list, OPS_STR("["));
    conf_append(&list, e->text);
    conf_append(&list, OPS_STR("]"));
    if (argument.field == type->field_count)
        example_settle(e, false, "has no such field", ops_str_of(NULL, 0));
    else if (ops_json_decode_arguments(&call, style, ops_buf_str(&list), e->arena, message, &info) != OPS_OK)
        example_settle(e, false, "does not decode", example_sentence(e->arena, &info.error, ops_buf_str(&list), false));
    else if (ops_json_encode_arguments(&call, style, message, &out) != OPS_OK)
        example_settle(e, false, "does not encode", ops_str_of(NULL, 0));
    else
        example_compare(e, ops_str_of(out.ptr + 1, out.len - 2));
}

static void example_protobuf(const struct example *e, const struct ops_message *type)
{
    struct ops_str bytes = example_from_hex(e->arena, e->text);
    void *message = conf_alloc(e->arena, type->size);
    struct ops_error error;
    struct ops_buf out;

    ops_buf_init(&out, e->arena);
    if (ops_proto_decode(type, bytes, e->arena, message, &error) != OPS_OK)
        example_settle(e, false, "does not decode", example_sentence(e->arena, &error, bytes, true));
    else if (ops_proto_encode(type, message, &out) != OPS_OK)
        example_settle(e, false, "does not encode", ops_str_of(NULL, 0));
    else
        example_settle(e, ops_str_equal(bytes, ops_buf_str(&out)), "encodes to other bytes", ops_str_of(NULL, 0));
}

/* A document as it stands in a join reply, in every profile's payload style. */
static void example_base64(const struct example *e, const struct ops_message *type)
{
    struct example inner = *e;
    size_t i;

    inner.text = example_from_base64(e->arena, e->text);
    for (i = 0; i < ops_profiles_count; i++)
        example_json(&inner, type, ops_profiles[i]->payload_style);
}

static void example_run(struct example *e)
{
    size_t len = strcspn(e->type, ".?");
    const struct ops_message *type = example_message(e->type, len);
    const struct ops_json_style *style = example_style(e->style);

    if (type == NULL)
        example_settle(e, false, "no such message", ops_str_of(NULL, 0));
    else if (strcmp(e->style, "protobuf") == 0)
        example_protobuf(e, type);
    else if (strcmp(e->style, "base64") == 0)
        example_base64(e, type);
    else if (style == NULL)
        example_settle(e, false, "no such style", ops_str_of(NULL, 0));
    else if (e->type[len] == '?')
        example_of_client(e, type, style);
    else if (e->type[len] == '.')
        example_field(e, type, e->type + len + 1, style);
    else
        example_json(e, type, style);
}

/* ---- the file ---------------------------------------------------------------------------------------------------- */

struct example_substitute {
    struct ops_str from, to;
};

static struct ops_str example_substituted(struct ops_arena *arena, struct ops_str text,
                                          const struct example_substitute *s)
{
    struct ops_buf out;
    size_t i;

    for (i = 0; i + s->from.len <= text.len; i++) {
        if (memcmp(text.ptr + i, s->from.ptr, s->from.len) != 0)
            continue;
        ops_buf_init(&out, arena);
        conf_append(&out, ops_str_of(text.ptr, i));
        conf_append(&out, s->to);
        conf_append(&out, ops_str_of(text.ptr + i + s->from.len, text.len - i - s->from.len));
        return ops_buf_str(&out);
    }
    return text;
}

static bool example_next_line(struct ops_str *rest, struct ops_str *line)
{
    const char *end = rest->len > 0 ? (const char *)memchr(rest->ptr, '\n', rest->len) : NULL;

    if (end == NULL)
        return false;
    *line = ops_str_of(rest->ptr, (size_t)(end - rest->ptr));
    rest->len -= line->len + 1;
    rest->ptr = end + 1;
    return true;
}

/* What stands between the head and the empty line: substitutes, then the text. */
static void example_read_body(struct example *e, struct ops_str *rest)
{
    struct example_substitute substitutes[EXAMPLE_SUBSTITUTES_LIMIT];
    struct ops_str line, text = {NULL, 0};
    size_t count = 0, i;

    while (example_next_line(rest, &line) && line.len > 0) {
        if (text.ptr == NULL && line.ptr[0] == '~' && count < EXAMPLE_SUBSTITUTES_LIMIT) {
            size_t at = 2;

            while (at + 4 < line.len && memcmp(line.ptr + at, " => ", 4) != 0)
                at++;
            substitutes[count].from = ops_str_of(line.ptr + 2, at - 2);
            substitutes[count++].to = ops_str_of(line.ptr + at + 4, line.len - at - 4);
            continue;
        }
        if (text.ptr == NULL)
            text.ptr = line.ptr;
        text.len = (size_t)(line.ptr + line.len - text.ptr);
    }
    for (i = 0; i < count; i++)
        text = example_substituted(e->arena, text, &substitutes[i]);
    e->text = text;
}

static void example_file(struct ops_str rest)
{
    struct ops_arena arena;
    struct ops_str line;
    struct example e;

    while (example_next_line(&rest, &line)) {
        char head[4 * EXAMPLE_WORD_CHARS];

        if (line.len < 2 || line.ptr[0] != '@')
            continue;
        conf_arena_init(&arena);
        memset(&e, 0, sizeof e);
        e.arena = &arena;
        snprintf(head, sizeof head, "%.*s", (int)line.len, line.ptr);
        if (sscanf(head, "@ %63s %63s %63s", e.style, e.type, e.source) == 3) {
            example_read_body(&e, &rest);
            example_run(&e);
        } else {
            example_settle(&e, false, "a head that cannot be read", line);
        }
        ops_arena_reset(&arena);
    }
}

/* ---- escaping ---------------------------------------------------------------------------------------------------- */

/* The input of spec/opstream-wire.md §1.2 but the lone surrogate, which no text holds here. */
static const char example_raw[] =
    "a\"b\\c/d<e>&'+`\x7f\xc3\xa9\xe2\x82\xac\xc2\xa0\xe2\x80\xa8\xf0\x9f\x98\x80\t\n\x01";

static const struct {
    const char *style, *text;
} example_escapes[] = {
    {"p0", "{\"content\":\"a\\u0022b\\\\c/"
           "d\\u003Ce\\u003E\\u0026\\u0027\\u002B\\u0060\\u007F\\u00E9\\u20AC\\u00A0\\u2028\\uD83D\\uDE00"
           "\\t\\n\\u0001\"}"},
    {"p4",
     "{\"content\":\"a\\\"b\\\\c/d<e>&'+`\\u007F\xc3\xa9\xe2\x82\xac\\u00A0\\u2028\\uD83D\\uDE00\\t\\n\\u0001\"}"},
    {"v1",
     "{\"content\":\"a\\\"b\\\\c/d<e>&'+`\x7f\xc3\xa9\xe2\x82\xac\xc2\xa0\xe2\x80\xa8\xf0\x9f\x98\x80\\t\\n\\u0001\"}"},
};

static void example_escaping(void)
{
    const struct ops_text_document raw = {{example_raw, sizeof example_raw - 1}};
    struct ops_arena arena;
    size_t i;

    conf_arena_init(&arena);
    for (i = 0; i < sizeof example_escapes / sizeof *example_escapes; i++) {
        const struct ops_json_style *style = example_style(example_escapes[i].style);
        struct ops_text_document back;
        struct ops_buf out;
        struct example e;

        memset(&e, 0, sizeof e);
        snprintf(e.style, sizeof e.style, "%s", example_escapes[i].style);
        snprintf(e.type, sizeof e.type, "escaping");
        e.arena = &arena;
        e.text = ops_str_of(example_escapes[i].text, strlen(example_escapes[i].text));
        ops_buf_init(&out, &arena);
        ops_json_encode(&ops_text_document_type, style, &raw, &out);
        example_settle(&e, ops_str_equal(ops_buf_str(&out), e.text), "escaped otherwise", ops_buf_str(&out));
        example_settle(&e,
                       ops_json_decode(&ops_text_document_type, style, ops_buf_str(&out), &arena, &back, NULL) ==
                               OPS_OK &&
                           ops_str_equal(back.content, raw.content),
                       "reads back as another text", ops_buf_str(&out));
    }
    ops_arena_reset(&arena);
}

int main(int argc, char **argv)
{
    const char *path = argc > 1 ? argv[1] : "conformance/examples/examples.txt";
    FILE *file = fopen(path, "rb");
    char *bytes = (char *)malloc(EXAMPLE_FILE_BYTES);
    size_t len;

    if (file == NULL || bytes == NULL) {
        fprintf(stderr, "%s: cannot be read\n", path);
        free(bytes);
        return 2;
    }
    len = fread(bytes, 1, EXAMPLE_FILE_BYTES - 2, file);
    fclose(file);
    memcpy(bytes + len, "\n\n", 2); /* the last example may end with the file */
    example_file(ops_str_of(bytes, len + 2));
    example_escaping();
    free(bytes);
    printf("%zu passed, %zu failed\n", example_passed, example_failed);
    return example_failed > 0 || example_passed == 0;
}
