/* Reads a JSON string to its value: a slice of the input, or, from the first escape on, a copy that is made while the string is searched
 * for its end.
 *
 * One pass: a block is stored to where it goes before it is known to be clean, and what follows its first special byte is stored over.
 * (Measured on a 1 MB document with a line break every 62 bytes: 0.6 of the time of searching first and unescaping after.) Anything
 * that is wrong is left to ops_json_scan_string, which knows what to say. */
#include "runtime/base/block.h"
#include "runtime/base/json_chars.h"
#include "runtime/base/json_text.h"
#include "runtime/base/utf.h"

/* Where the copy stands. */
struct json_read {
    const char *at, *end; /* of the input */
    char *to;
    bool high; /* something above ASCII was met */
};

#if defined(OPS_BLOCKS)
static inline block_bytes json_read_special(block_bytes x)
{
    return block_or(block_at_most(x, 0x1f), block_or(block_equal(x, block_all('"')), block_equal(x, block_all('\\'))));
}
#endif

/* Goes up to the first '"', '\' or control of a string, without copying. */
static inline void json_read_ahead(struct json_read *r)
{
#if defined(OPS_BLOCKS)
    while (r->end - r->at >= BLOCK_BYTES) {
        block_bytes x = block_load(r->at);
        uint64_t special = block_mask(json_read_special(x)), high = block_high(x);

        if (special != 0) {
            r->high = r->high || (high & (special - 1) & ~special) != 0;
            r->at += block_first(special);
            return;
        }
        r->high = r->high || high != 0;
        r->at += BLOCK_BYTES;
    }
#endif
    for (; r->at < r->end && *r->at != '"' && *r->at != '\\' && (unsigned char)*r->at >= 0x20; r->at++)
        r->high = r->high || (unsigned char)*r->at >= 0x80;
}

/* Copies up to the next '"', '\' or control. */
static inline void json_read_plain(struct json_read *r)
{
#if defined(OPS_BLOCKS)
    while (r->end - r->at >= BLOCK_BYTES) {
        block_bytes x = block_load(r->at);
        uint64_t special = block_mask(json_read_special(x)), high = block_high(x);

        block_store(r->to, x);
        if (special != 0) {
            size_t n = block_first(special);

            r->high = r->high || (high & (special - 1) & ~special) != 0;
            r->at += n;
            r->to += n;
            return;
        }
        r->high = r->high || high != 0;
        r->at += BLOCK_BYTES;
        r->to += BLOCK_BYTES;
    }
#endif
    for (; r->at < r->end; r->at++) {
        unsigned char c = (unsigned char)*r->at;

        if (c == '"' || c == '\\' || c < 0x20)
            return;
        r->high = r->high || c >= 0x80;
        *r->to++ = (char)c;
    }
}

/* The escape at the cursor; false: it is not one, or cut. */
static inline bool json_read_escape(struct json_read *r)
{
    size_t left = (size_t)(r->end - r->at);
    uint32_t unit, low;
    char plain;

    if (left < 2)
        return false;
    plain = json_chars_unescaped[(unsigned char)r->at[1]];
    if (plain != '\0') {
        *r->to++ = plain;
        r->at += 2;
        return true;
    }
    if (left < 6 || r->at[1] != 'u')
        return false;
    unit = json_chars_unit(r->at + 2);
    if (unit > 0xffff || (unit & 0xfc00) == 0xdc00)
        return false;
    r->at += 6;
    if ((unit & 0xfc00) == 0xd800) {
        if (left < 12 || r->at[0] != '\\' || r->at[1] != 'u')
            return false;
        low = json_chars_unit(r->at + 2);
        if (low > 0xffff || (low & 0xfc00) != 0xdc00)
            return false;
        unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
        r->at += 6;
    }
    r->to += ops_utf8_encode(unit, r->to);
    return true;
}

/* From the first escape, at the cursor, on. The value is never longer than the rest of the input, and no store goes beyond that. */
static bool json_read_escaped(struct json_read *r, const char *begin, struct ops_arena *arena, struct ops_str *value)
{
    size_t room = (size_t)(r->end - begin), before = (size_t)(r->at - begin), len;
    char *copy = (char *)ops_arena_alloc(arena, room);

    if (copy == NULL)
        return false;
    memcpy(copy, begin, before);
    r->to = copy + before;
    do {
        if (!json_read_escape(r)) {
            ops_arena_shrink(arena, copy, room, 0);
            return false;
        }
        json_read_plain(r);
    } while (r->at < r->end && *r->at == '\\');
    len = (size_t)(r->at - begin);
    if (r->at == r->end || *r->at != '"' || (r->high && ops_utf8_valid_prefix(begin, len) != len)) {
        ops_arena_shrink(arena, copy, room, 0);
        return false;
    }
    len = (size_t)(r->to - copy);
    ops_arena_shrink(arena, copy, room, len);
    *value = ops_str_of(copy, len);
    return true;
}

/* The two steps one after the other: for what is wrong, and for an arena too small for the rest of the input. */
static bool json_read_slowly(struct ops_json_scan *s, struct ops_arena *arena, struct ops_str *value)
{
    const char *begin = s->at;
    struct ops_str raw;
    bool escaped;
    char *copy;

    if (!ops_json_scan_string(s, &raw, &escaped))
        return false;
    if (escaped) {
        copy = (char *)ops_arena_alloc(arena, raw.len);
        if (copy == NULL) {
            s->reason = OPS_REASON_NO_ROOM;
            s->bad = begin;
            return false;
        }
        value->len = ops_json_unescape(copy, raw);
        value->ptr = copy;
        ops_arena_shrink(arena, copy, raw.len, value->len);
        return true;
    }
    *value = raw;
    return true;
}

bool ops_json_read_string(struct ops_json_scan *s, struct ops_arena *arena, struct ops_str *value)
{
    const char *begin = s->at + 1;
    struct json_read r;
    size_t len;

    r.at = begin;
    r.end = s->end;
    r.to = NULL;
    r.high = false;
    json_read_ahead(&r);
    if (r.at < r.end && *r.at == '\\') {
        if (!json_read_escaped(&r, begin, arena, value))
            return json_read_slowly(s, arena, value);
        s->at = r.at + 1;
        return true;
    }
    len = (size_t)(r.at - begin);
    if (r.at == r.end || *r.at != '"' || (r.high && ops_utf8_valid_prefix(begin, len) != len))
        return json_read_slowly(s, arena, value);
    *value = ops_str_of(begin, len);
    s->at = r.at + 1;
    return true;
}
