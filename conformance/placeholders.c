#include "placeholders.h"

#include <stdio.h>

enum { PLACEHOLDER_CHARS = 64 };

/* Writes the value of placeholder `kind` number `n`. */
typedef int (*placeholder_write)(char *out, unsigned n);

static int placeholder_guid(char *out, unsigned n)
{
    return snprintf(out, PLACEHOLDER_CHARS, "5f0c2a9e-6f0e-4f5e-9a0e-%012x", n);
}

static int placeholder_hex32(char *out, unsigned n)
{
    return snprintf(out, PLACEHOLDER_CHARS, "0f8fad5bd9cb469fa1657086%08x", n);
}

static int placeholder_id22(char *out, unsigned n)
{
    return snprintf(out, PLACEHOLDER_CHARS, "Ab-_Cd9fGhIjKlMnOp%04u", n);
}

/* 1 to 7 digits, the last one not 0. */
static int placeholder_time(char *out, unsigned n)
{
    return n % 5 == 0 ? snprintf(out, PLACEHOLDER_CHARS, "2026-05-28T12:34:%02u+00:00", n % 60)
                      : snprintf(out, PLACEHOLDER_CHARS, "2026-05-28T12:34:56.%0*u1+00:00", (int)(n % 7), n);
}

static int placeholder_isotime(char *out, unsigned n)
{
    return snprintf(out, PLACEHOLDER_CHARS, "2026-05-28T12:34:56.%03uZ", n % 1000);
}

static int placeholder_text(char *out, unsigned n)
{
    return snprintf(out, PLACEHOLDER_CHARS, "sentence %u", n);
}

static const struct {
    const char *head; /* up to the number */
    placeholder_write write;
} placeholder_kinds[] = {
    {"<guid:", placeholder_guid}, {"<hex32:", placeholder_hex32},     {"<id22:", placeholder_id22},
    {"<time:", placeholder_time}, {"<isotime:", placeholder_isotime}, {"<text:", placeholder_text},
};

static const struct {
    const char *place, *value;
} placeholder_words[] = {
    {"<run>", "0run1run"},
    {"<date>", "Thu, 28 May 2026 12:34:56 GMT"},
};

static bool placeholder_begins(struct ops_str text, const char *head)
{
    size_t len = strlen(head);

    return text.len >= len && memcmp(text.ptr, head, len) == 0;
}

/* Digits and '>' at `at`: the number, and the place behind. 0: there are none. */
static size_t placeholder_number(struct ops_str text, size_t at, unsigned *n)
{
    size_t begin = at;

    for (*n = 0; at < text.len && text.ptr[at] >= '0' && text.ptr[at] <= '9' && at - begin < 9; at++)
        *n = *n * 10 + (unsigned)(text.ptr[at] - '0');
    return at > begin && at < text.len && text.ptr[at] == '>' ? at + 1 : 0;
}

/* `<repeat:S:N>`: S ends at the first colon that a number and '>' follow. Returns its length, 0: it is none. */
static size_t placeholder_repeat(struct ops_str text, struct ops_buf *out)
{
    static const char head[] = "<repeat:";
    size_t begin = sizeof head - 1, at, behind;
    unsigned n, i;

    if (!placeholder_begins(text, head))
        return 0;
    for (at = begin; at < text.len; at++) {
        if (text.ptr[at] != ':')
            continue;
        behind = placeholder_number(text, at + 1, &n);
        if (behind == 0)
            continue;
        for (i = 0; i < n; i++)
            conf_append(out, ops_str_of(text.ptr + begin, at - begin));
        return behind;
    }
    return 0;
}

/* The placeholder that `text` begins with: writes its value, returns its length. 0: it begins with none. */
static size_t placeholder_fill(struct ops_str text, struct ops_buf *out)
{
    char value[PLACEHOLDER_CHARS];
    size_t i, behind;
    unsigned n;

    for (i = 0; i < sizeof placeholder_words / sizeof *placeholder_words; i++) {
        if (placeholder_begins(text, placeholder_words[i].place)) {
            conf_append(out, ops_str_of(placeholder_words[i].value, strlen(placeholder_words[i].value)));
            return strlen(placeholder_words[i].place);
        }
    }
    for (i = 0; i < sizeof placeholder_kinds / sizeof *placeholder_kinds; i++) {
        if (!placeholder_begins(text, placeholder_kinds[i].head))
            continue;
        behind = placeholder_number(text, strlen(placeholder_kinds[i].head), &n);
        if (behind == 0)
            continue;
        conf_append(out, ops_str_of(value, (size_t)placeholder_kinds[i].write(value, n)));
        return behind;
    }
    return placeholder_repeat(text, out);
}

struct ops_str conf_fill(struct ops_arena *arena, struct ops_str text)
{
    struct ops_buf out;
    size_t at = 0, plain = 0;

    if (text.len == 0 || memchr(text.ptr, '<', text.len) == NULL)
        return text;
    ops_buf_init(&out, arena);
    while (at < text.len) {
        size_t len = 0;
        struct ops_buf value;

        if (text.ptr[at] == '<') {
            ops_buf_init(&value, arena);
            len = placeholder_fill(ops_str_of(text.ptr + at, text.len - at), &value);
        }
        if (len == 0) {
            at++;
            continue;
        }
        conf_append(&out, ops_str_of(text.ptr + plain, at - plain));
        conf_append(&out, ops_buf_str(&value));
        at += len;
        plain = at;
    }
    conf_append(&out, ops_str_of(text.ptr + plain, at - plain));
    return ops_buf_str(&out);
}
