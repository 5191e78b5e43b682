/* A failed decode in one sentence: where in the JSON the byte was, and what was expected there.
 *
 * The input is scanned from its start, as if it were JSON, up to the byte; what is not JSON ends the scan. */
#include "explain.h"
#include "runtime/base/num.h"
#include "runtime/base/utf.h"

enum { EXPLAIN_PATH_BYTES = 256, EXPLAIN_CUT_BYTES = 3 };

/* The objects and lists that are open, and where in each of them the scan is. */
struct explain_level {
    const char *key; /* of an object: the opening quote of the member's name; NULL: not at a value */
    size_t index;    /* of a list */
    bool list;
    bool value; /* of a list: at a value, not behind one */
};
struct explain_scan {
    struct explain_level open[OPS_JSON_DEPTH_LIMIT];
    size_t depth;
    const char *at, *end, *target;
};

/* ---- finding the place ------------------------------------------------------------------------------------------- */

static void explain_value_ends(struct explain_scan *s)
{
    if (s->depth > 0) {
        s->open[s->depth - 1].key = NULL;
        s->open[s->depth - 1].value = false;
    }
}

/* The end of a string that begins at `at`, behind its closing quote if it has one. */
static const char *explain_string_end(const char *at, const char *end)
{
    for (at++; at < end && *at != '"'; at++)
        at += *at == '\\' && at + 1 < end;
    return at + (at < end);
}

/* A member's name and its colon. False when the target lies before the value, or there is none. */
static bool explain_name(struct explain_scan *s, struct explain_level *level)
{
    const char *name = s->at;

    s->at = explain_string_end(name, s->end);
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\t' || *s->at == '\n' || *s->at == '\r'))
        s->at++;
    if (s->target < s->at || s->at == s->end || *s->at != ':')
        return false;
    s->at++;
    level->key = name;
    return true;
}

/* A string, a number or a word as a value. False when the target lies in it, or at the end of the input that cuts it
 * short. */
static bool explain_scalar(struct explain_scan *s)
{
    const char *begin = s->at;

    if (*begin == '"') {
        s->at = explain_string_end(begin, s->end);
    } else {
        while (s->at < s->end && memchr(" \t\n\r,:[]{}\"", *s->at, 11) == NULL)
            s->at++;
        s->at += s->at == begin;
    }
    if (s->target < s->at || s->at == s->end)
        return false;
    explain_value_ends(s);
    return true;
}

static bool explain_open(struct explain_scan *s, bool list)
{
    struct explain_level *level = &s->open[s->depth];

    if (s->depth == OPS_JSON_DEPTH_LIMIT)
        return false;
    s->depth++;
    s->at++;
    level->key = NULL;
    level->index = 0;
    level->list = level->value = list;
    return true;
}

static bool explain_close(struct explain_scan *s, bool list)
{
    if (s->depth == 0 || s->open[s->depth - 1].list != list)
        return false;
    s->depth--;
    s->at++;
    explain_value_ends(s);
    return true;
}

/* One step. False when the target was reached, or nothing can be understood any more. */
static bool explain_step(struct explain_scan *s)
{
    struct explain_level *level = s->depth > 0 ? &s->open[s->depth - 1] : NULL;

    if (s->at == s->end || s->at >= s->target)
        return false;
    switch (*s->at) {
    case ' ':
    case '\t':
    case '\n':
    case '\r':
        s->at++;
        return true;
    case '{':
    case '[':
        return explain_open(s, *s->at == '[');
    case '}':
    case ']':
        return explain_close(s, *s->at == ']');
    case ',':
        if (level == NULL)
            return false;
        level->key = NULL;
        level->index++;
        level->value = level->list;
        s->at++;
        return true;
    case '"':
        if (level != NULL && !level->list && level->key == NULL)
            return explain_name(s, level);
        break;
    default:
        break;
    }
    return explain_scalar(s);
}

/* ---- writing the path -------------------------------------------------------------------------------------------- */

/* The first `head` bytes, and those from `tail` on, of what is written; the others are only counted. */
struct explain_sink {
    char *out;
    size_t head, tail, at;
};

static void explain_put(struct explain_sink *sink, const char *text, size_t len)
{
    size_t i;

    for (i = 0; i < len; i++, sink->at++) {
        if (sink->at < sink->head)
            sink->out[sink->at] = text[i];
        else if (sink->at >= sink->tail)
            sink->out[sink->head + EXPLAIN_CUT_BYTES + sink->at - sink->tail] = text[i];
    }
}

static bool explain_is_identifier(const char *text, size_t len)
{
    size_t i;

    for (i = 0; i < len; i++) {
        char c = text[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
              c == '-'))
            return false;
    }
    return len > 0;
}

/* A name as it is spelled in the input. */
static void explain_put_name(struct explain_sink *sink, const char *quote, const char *end)
{
    const char *name = quote + 1;
    size_t len = (size_t)(explain_string_end(quote, end) - name) - 1;

    if (explain_is_identifier(name, len)) {
        explain_put(sink, ".", 1);
        explain_put(sink, name, len);
        return;
    }
    explain_put(sink, "[\"", 2);
    if (ops_utf8_valid_prefix(name, len) == len && !ops_utf8_has_control(ops_str_of(name, len)))
        explain_put(sink, name, len);
    else
        explain_put(sink, "?", 1);
    explain_put(sink, "\"]", 2);
}

static void explain_put_path(struct explain_sink *sink, const struct explain_scan *s)
{
    size_t i;

    explain_put(sink, "$", 1);
    for (i = 0; i < s->depth; i++) {
        const struct explain_level *level = &s->open[i];
        char digits[OPS_INT64_CHARS];

        if (level->key != NULL)
            explain_put_name(sink, level->key, s->end);
        if (!level->value)
            continue;
        explain_put(sink, "[", 1);
        explain_put(sink, digits, (size_t)(ops_uint64_write(digits, level->index) - digits));
        explain_put(sink, "]", 1);
    }
}

size_t ops_json_path(struct ops_str input, size_t offset_bytes, char *out, size_t out_bytes)
{
    struct explain_sink sink = {NULL, 0, SIZE_MAX, 0};
    struct explain_scan s;
    size_t total, tail_bytes, skip = 0;

    s.depth = 0;
    s.at = input.ptr != NULL ? input.ptr : "";
    s.end = s.at + input.len;
    s.target = s.at + (offset_bytes < input.len ? offset_bytes : input.len);
    while (explain_step(&s))
        ;
    explain_put_path(&sink, &s);
    total = sink.at;
    sink.out = out;
    sink.at = 0;
    if (total <= out_bytes) {
        sink.head = total;
        explain_put_path(&sink, &s);
        return total;
    }
    if (out_bytes < EXPLAIN_CUT_BYTES)
        return 0;
    sink.head = (out_bytes - EXPLAIN_CUT_BYTES) / 2;
    tail_bytes = out_bytes - EXPLAIN_CUT_BYTES - sink.head;
    sink.tail = total - tail_bytes;
    explain_put_path(&sink, &s);
    /* The cuts may have gone through a character. */
    out += sink.head + EXPLAIN_CUT_BYTES;
    while (skip < tail_bytes && ((unsigned char)out[skip] & 0xc0) == 0x80)
        skip++;
    out -= sink.head + EXPLAIN_CUT_BYTES;
    total = ops_utf8_valid_prefix(out, sink.head);
    memcpy(out + total, "...", EXPLAIN_CUT_BYTES);
    total += EXPLAIN_CUT_BYTES;
    memmove(out + total, out + sink.head + EXPLAIN_CUT_BYTES + skip, tail_bytes - skip);
    return total + tail_bytes - skip;
}

/* ---- the sentence ------------------------------------------------------------------------------------------------ */

/* MessagePack has other words for some things. */
static const char *explain_phrase(enum ops_reason reason, bool binary)
{
    if (binary) {
        switch (reason) {
        case OPS_REASON_EMPTY:
            return "expected a value, found nothing";
        case OPS_REASON_TRAILING:
            return "unexpected bytes after the value";
        case OPS_REASON_WANT_OBJECT:
            return "expected a map";
        case OPS_REASON_WANT_LIST:
            return "expected an array";
        case OPS_REASON_WANT_BASE64:
            return "expected bin";
        case OPS_REASON_WANT_TIME:
            return "expected a timestamp extension";
        default:
            break;
        }
    }
    return ops_reason_text(reason);
}

static bool explain_append(struct ops_buf *out, const char *text)
{
    return ops_buf_append(out, text, strlen(text));
}

static bool explain_append_number(struct ops_buf *out, const char *before, int64_t number)
{
    char digits[OPS_INT64_CHARS];

    return explain_append(out, before) &&
           ops_buf_append(out, digits, (size_t)(ops_int64_write(digits, number) - digits));
}

static bool explain_sentence(const struct ops_error *error, struct ops_str input, bool binary, struct ops_buf *out)
{
    char path[EXPLAIN_PATH_BYTES];
    bool placed = error->offset_bytes != SIZE_MAX;

    if (placed && !binary &&
        !(ops_buf_append(out, path, ops_json_path(input, error->offset_bytes, path, sizeof path)) &&
          explain_append(out, ": ")))
        return false;
    if (!explain_append(out, explain_phrase(error->reason, binary)))
        return false;
    if (error->min <= error->max &&
        !(explain_append_number(out, " of ", error->min) && explain_append_number(out, " to ", error->max)))
        return false;
    if (error->member.ptr != NULL &&
        !(explain_append(out, ": ") && ops_buf_append(out, error->member.ptr, error->member.len)))
        return false;
    if (!placed)
        return true;
    if (!explain_append(out, " at byte "))
        return false;
    return ops_buf_append(out, path, (size_t)(ops_uint64_write(path, error->offset_bytes) - path));
}

bool ops_error_sentence(const struct ops_error *error, struct ops_str input, bool binary, struct ops_buf *out)
{
    size_t before = out->len;

    if (explain_sentence(error, input, binary, out))
        return true;
    out->len = before;
    return false;
}
