#include "tests/codec/random_text.h"

#include <stdio.h>
#include <stdlib.h>

#include "runtime/base/utf.h"

/* Tests have memory enough: an arena without room is a bug in the test. */
static void append(struct ops_buf *b, const char *bytes, size_t len)
{
    if (!ops_buf_append(b, bytes, len))
        abort();
}

static struct ops_str finished(struct ops_buf *b)
{
    return ops_buf_str(b);
}

/* ---- integers ----------------------------------------------------------------------------------------------------- */

int64_t random_integer(struct random_source *r, int64_t min, int64_t max)
{
    static const int64_t edges[] = {0,         1,         -1,        127,        128,       -128,          -129,          16383,
                                    16384,     2097151,   2097152,   INT32_MAX,  INT32_MIN, 2147483648,    -2147483649,   4294967295,
                                    268435455, 268435456, INT64_MAX, INT64_MIN,  1LL << 53, (1LL << 53) - 1, -(1LL << 53), (1LL << 56) - 1};
    uint64_t width = (uint64_t)max - (uint64_t)min;
    int64_t value;

    switch (random_below(r, 4)) {
    case 0:
        value = edges[random_below(r, sizeof edges / sizeof *edges)];
        break;
    case 1:
        value = (int64_t)(random_bits(r) >> random_below(r, 64));
        break;
    case 2:
        value = random_one_in(r, 2) ? min : max;
        break;
    default:
        value = (int64_t)random_below(r, 1000);
        break;
    }
    if (value >= min && value <= max)
        return value;
    return (int64_t)((uint64_t)min + (width == UINT64_MAX ? random_bits(r) : random_bits(r) % (width + 1)));
}

/* ---- strings ------------------------------------------------------------------------------------------------------ */

static uint32_t random_code_point(struct random_source *r)
{
    static const uint32_t special[] = {0,      1,      8,      9,      10,     13,     27,     31,      34,      38,     39,    43,
                                       47,     60,     62,     92,     96,     127,    128,    133,     159,     160,    0x7ff, 0x800,
                                       0x2028, 0x2029, 0xd7ff, 0xe000, 0xfeff, 0xfffd, 0xffff, 0x10000, 0x1f600, 0x10ffff};

    switch (random_below(r, 8)) {
    case 0:
        return special[random_below(r, sizeof special / sizeof *special)];
    case 1:
        return (uint32_t)random_below(r, 0x800);
    case 2:
        return (uint32_t)random_below(r, 0xd800);
    case 3:
        return 0x10000 + (uint32_t)random_below(r, 0x100000);
    default:
        return 0x20 + (uint32_t)random_below(r, 0x5f);
    }
}

struct ops_str random_string(struct random_source *r, size_t limit_bytes, struct ops_arena *arena)
{
    static const char ids[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t wanted = random_below(r, limit_bytes + 1);
    bool id = random_one_in(r, 2);
    struct ops_buf b;

    ops_buf_init(&b, arena);
    while (b.len < wanted) {
        char utf8[4];
        unsigned len = 1;

        if (id)
            utf8[0] = ids[random_below(r, sizeof ids - 1)];
        else
            len = ops_utf8_encode(random_code_point(r), utf8);
        if (b.len + len > wanted)
            break;
        append(&b, utf8, len);
    }
    return finished(&b);
}

struct ops_str random_bytes(struct random_source *r, size_t limit_bytes, struct ops_arena *arena)
{
    size_t wanted = random_below(r, limit_bytes + 1);
    struct ops_buf b;

    ops_buf_init(&b, arena);
    while (b.len < wanted) {
        char byte = (char)(uint8_t)random_bits(r);

        append(&b, &byte, 1);
    }
    return finished(&b);
}

/* ---- JSON --------------------------------------------------------------------------------------------------------- */

struct json_source {
    struct random_source *random;
    struct ops_buf *out;
    size_t limit_bytes;
    bool plain;
};

static void json_text(struct json_source *s, const char *text)
{
    append(s->out, text, strlen(text));
}

static void json_space(struct json_source *s)
{
    static const char *const spaces[] = {" ", "\n", "\t", "\r", "  \r\n"};

    if (!s->plain && random_one_in(s->random, 12))
        json_text(s, spaces[random_below(s->random, sizeof spaces / sizeof *spaces)]);
}

static void json_character(struct json_source *s)
{
    static const char *const escapes[] = {"\\\"", "\\\\", "\\/",     "\\b",     "\\f",     "\\n",     "\\r",           "\\t",
                                          "\\u0000", "\\u001F", "\\u0041", "\\u00e9", "\\u2028", "\\uFFFF", "\\uD83D\\uDE00"};
    uint32_t cp;
    char utf8[4];

    if (!s->plain && random_one_in(s->random, 6)) {
        json_text(s, escapes[random_below(s->random, sizeof escapes / sizeof *escapes)]);
        return;
    }
    cp = s->plain ? 'a' + (uint32_t)random_below(s->random, 26) : random_code_point(s->random);
    if (cp < 0x20 || cp == '"' || cp == '\\')
        cp = 'x';
    append(s->out, utf8, ops_utf8_encode(cp, utf8));
}

static void json_string(struct json_source *s)
{
    size_t count = random_below(s->random, 8);

    json_text(s, "\"");
    while (count-- > 0)
        json_character(s);
    json_text(s, "\"");
}

static void json_number(struct json_source *s)
{
    static const char *const numbers[] = {"0", "-0", "1.5", "-1.0", "1E2", "2.5e-3", "1e+18", "0.1", "1e21", "5e-324", "9007199254740993"};
    char text[32];

    if (random_one_in(s->random, 3)) {
        json_text(s, numbers[random_below(s->random, sizeof numbers / sizeof *numbers)]);
        return;
    }
    (void)snprintf(text, sizeof text, "%lld", (long long)random_integer(s->random, INT64_MIN, INT64_MAX));
    json_text(s, text);
}

static void json_value(struct json_source *s, unsigned depth_left);

static void json_members(struct json_source *s, unsigned depth_left, bool object)
{
    size_t count = random_below(s->random, 4), i;
    char number[24];

    json_text(s, object ? "{" : "[");
    for (i = 0; i < count && s->out->len < s->limit_bytes; i++) {
        if (i > 0)
            json_text(s, ",");
        json_space(s);
        if (object) {
            (void)snprintf(number, sizeof number, "\"k%u\"", (unsigned)i);
            json_text(s, number);
            json_space(s);
            json_text(s, ":");
            json_space(s);
        }
        json_value(s, depth_left - 1);
        json_space(s);
    }
    json_text(s, object ? "}" : "]");
}

static void json_value(struct json_source *s, unsigned depth_left)
{
    static const char *const words[] = {"null", "true", "false"};

    switch (random_below(s->random, depth_left > 0 && s->out->len < s->limit_bytes ? 7 : 4)) {
    case 0:
        json_text(s, words[random_below(s->random, 3)]);
        break;
    case 1:
    case 2:
        json_string(s);
        break;
    case 3:
        json_number(s);
        break;
    case 4:
        json_members(s, depth_left, false);
        break;
    default:
        json_members(s, depth_left, true);
        break;
    }
}

struct ops_str random_json(struct random_source *r, size_t limit_bytes, unsigned depth_limit, bool plain, struct ops_arena *arena)
{
    struct json_source s;
    struct ops_buf b;

    ops_buf_init(&b, arena);
    s.random = r;
    s.out = &b;
    s.limit_bytes = limit_bytes;
    s.plain = plain;
    json_value(&s, depth_limit);
    return finished(&b);
}
