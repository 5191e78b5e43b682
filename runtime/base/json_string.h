/* Private: the end of a JSON string, in the file that scans JSON, inline.
 *
 * A string is searched by blocks. The first block that is not plain ASCII text hands over to code that also judges
 * UTF-8, block by block, so ASCII pays nothing for it. Whatever is refused, is refused for the first thing wrong:
 * a string that fails is looked at again for UTF-8 that is wrong before. */
#ifndef OPS_BASE_JSON_STRING_H
#define OPS_BASE_JSON_STRING_H

#include "json_chars.h"
#include "json_text.h"
#include "utf.h"
#include "utf_block.h"

static const char *json_scan_fail(struct ops_json_scan *s, enum ops_reason reason, const char *at)
{
    s->reason = reason;
    s->bad = at;
    return NULL;
}

/* Whether [at, end), shorter than a character and refused as one, is the beginning of a valid one. */
static bool json_scan_is_cut(const char *at, const char *end)
{
    unsigned char lead = (unsigned char)*at;
    size_t need = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4, left = (size_t)(end - at), second;
    char whole[4] = {0, 0, 0, 0};

    if (lead < 0xc2 || left >= need)
        return false;
    memset(whole, 0x80, need);
    memcpy(whole, at, left);
    if (left > 1)
        return ops_utf8_valid_prefix(whole, need) == need;
    for (second = 0x80; second < 0xc0; second += 0x10) {
        whole[1] = (char)second;
        if (ops_utf8_valid_prefix(whole, need) == need)
            return true;
    }
    return false;
}

/* Refuses the string that begins at `begin`: for `reason` at `at`, or for UTF-8 that is wrong before that. */
static const char *json_scan_refuse(struct ops_json_scan *s, const char *begin, enum ops_reason reason, const char *at)
{
    const char *valid = begin + ops_utf8_valid_prefix(begin, (size_t)(at - begin));

    if (valid != at && !(at == s->end && json_scan_is_cut(valid, at)))
        return json_scan_fail(s, OPS_REASON_UTF8, valid);
    return json_scan_fail(s, reason, at);
}

/* Whether `c` can be byte `i`, 6 to 11, of a pair: \uDC00 to \uDFFF stands there. */
static bool json_scan_fits_low(char c, size_t i)
{
    unsigned digit = json_chars_digit(c);

    switch (i) {
    case 6:
        return c == '\\';
    case 7:
        return c == 'u';
    case 8:
        return digit == 0xd;
    case 9:
        return digit >= 0xc && digit <= 0xf;
    default:
        return digit <= 0xf;
    }
}

/* The same as json_scan_escape, for what that does not find to be right at once. */
static size_t json_scan_escape_slowly(const char *at, const char *end, enum ops_reason *reason)
{
    size_t left = (size_t)(end - at), i;
    uint32_t unit;

    *reason = OPS_REASON_TRUNCATED;
    if (left < 2)
        return 0;
    if (at[1] != 'u') {
        *reason = OPS_REASON_ESCAPE;
        return 0;
    }
    for (i = 2; i < 6; i++) {
        if (i == left)
            return 0;
        if (json_chars_digit(at[i]) > 15) {
            *reason = OPS_REASON_ESCAPE;
            return 0;
        }
    }
    unit = json_chars_unit(at + 2);
    if ((unit & 0xf800) != 0xd800)
        return 6;
    for (; i < 12; i++) {
        bool high = (unit & 0x400) == 0;

        if (high && i == left)
            return 0;
        if (!high || !json_scan_fits_low(at[i], i)) {
            *reason = OPS_REASON_SURROGATE;
            return 0;
        }
    }
    return 12;
}

/* Length of the escape at `at`, a pair of surrogates counting as one; 0 and the reason: it is none. */
static inline size_t json_scan_escape(const char *at, const char *end, enum ops_reason *reason)
{
    if (end - at >= 2 && json_chars_unescaped[(unsigned char)at[1]] != '\0')
        return 2;
    if (end - at >= 6 && at[1] == 'u') {
        unsigned a = json_chars_digit(at[2]), b = json_chars_digit(at[3]);

        if ((a | b | json_chars_digit(at[4]) | json_chars_digit(at[5])) < 16 && (a != 0xd || b < 8))
            return 6;
    }
    return json_scan_escape_slowly(at, end, reason);
}

/* The place behind the escapes that begin at `at`, often one; NULL, the reason and the place: it is none. */
static inline const char *json_scan_escapes(const char *at, const char *end, enum ops_reason *reason, const char **bad)
{
    do {
        size_t len = json_scan_escape(at, end, reason);

        if (len == 0) {
            *bad = *reason == OPS_REASON_TRUNCATED ? end : at;
            return NULL;
        }
        at += len;
    } while (at < end && *at == '\\');
    return at;
}

#if defined(OPS_BLOCKS)

/* Ends plain ASCII text: '"', '\', controls, and (signed: below them) all that is not ASCII. */
static inline block_bytes json_scan_special(block_bytes x)
{
    return block_or(block_less(x, block_all(0x20)),
                    block_or(block_equal(x, block_all('"')), block_equal(x, block_all('\\'))));
}

/* Skips pairs of blocks that are without stops and right as UTF-8. */
static inline const char *json_scan_run(const char *at, const char *end, block_bytes *before, uint64_t *before_high)
{
    for (; end - at >= 2 * BLOCK_BYTES; at += 2 * BLOCK_BYTES) {
        block_bytes a = block_load(at), b = block_load(at + BLOCK_BYTES);
        block_bytes stops = block_or(block_or(block_equal(a, block_all('"')), block_equal(b, block_all('"'))),
                                     block_or(block_equal(a, block_all('\\')), block_equal(b, block_all('\\'))));

        stops = block_or(stops, block_at_most(block_min(a, b), 0x1f));
        stops = block_or(stops, block_or(utf_block_faults(a, *before), utf_block_faults_at(b, at + BLOCK_BYTES)));
        if (block_any(stops))
            break;
        *before = b;
        *before_high = 1; /* perhaps */
    }
    return at;
}

/* The closing quote of a string that is plain before `at`. `*escaped` is only ever set. Also where fewer bytes
 * than a block are left: the zeros of block_load_part are controls, so there is a stop at the end of the input. */
static const char *json_scan_rest(struct ops_json_scan *s, const char *begin, const char *at, bool *escaped)
{
    block_bytes before = block_all(0);
    uint64_t before_high = 0;

    for (;;) {
        size_t left = (size_t)(s->end - at);
        block_bytes x = left >= BLOCK_BYTES ? block_load(at) : block_load_part(at, left);
        uint64_t high = block_high(x), stops = block_mask(json_scan_special(x)) & ~high;
        const char *stop = NULL, *next = at + BLOCK_BYTES, *bad = NULL;
        enum ops_reason reason;

        while (stops != 0) {
            size_t i = block_first(stops);

            stop = at + i;
            if (stop == s->end)
                return json_scan_refuse(s, begin, OPS_REASON_TRUNCATED, stop);
            if (*stop != '\\')
                break;
            *escaped = true;
            if (i + 2 < BLOCK_BYTES && i + 2 <= left && json_chars_unescaped[(unsigned char)stop[1]] != '\0') {
                stops = block_mask_from(stops, i + 2);
                continue;
            }
            next = json_scan_escapes(stop, s->end, &reason, &bad);
            if (next == NULL)
                return json_scan_refuse(s, begin, reason, bad);
            if (next - at >= BLOCK_BYTES)
                break;
            stops = block_mask_from(stops, (size_t)(next - at));
        }
        if (stops == 0) {
            next = at + BLOCK_BYTES;
        } else { /* a quote, a control, or escapes over the end of the block: what is behind does not count */
            x = block_keep(x, (size_t)(stop - at));
        }
        if ((high | before_high) != 0 && block_any(utf_block_faults(x, before)))
            return json_scan_refuse(s, begin, OPS_REASON_UTF8, stops == 0 ? next : stop);
        if (stops != 0 && *stop == '"')
            return stop;
        if (stops != 0 && *stop != '\\')
            return json_scan_refuse(s, begin, OPS_REASON_CONTROL, stop);
        before = stops == 0 ? x : block_all(0);
        before_high = stops == 0 ? high : 0;
        at = stop == NULL ? json_scan_run(next, s->end, &before, &before_high) : next;
    }
}

/* The closing quote of a string that is plain ASCII text; NULL: it is not, and is so only before `*from`. */
static inline const char *json_scan_ascii(const struct ops_json_scan *s, const char *begin, const char **from)
{
    const char *at = begin, *end = s->end;
    uint64_t special = 0;

    while (end - at >= BLOCK_BYTES) {
        special = block_mask(json_scan_special(block_load(at)));
        if (special != 0)
            break;
        at += BLOCK_BYTES;
        while (end - at >= 4 * BLOCK_BYTES) {
            block_bytes a = json_scan_special(block_load(at)), b = json_scan_special(block_load(at + BLOCK_BYTES));
            block_bytes c = json_scan_special(block_load(at + 2 * BLOCK_BYTES));
            block_bytes d = json_scan_special(block_load(at + 3 * BLOCK_BYTES));

            if (block_any(block_or(block_or(a, b), block_or(c, d))))
                break;
            at += 4 * BLOCK_BYTES;
        }
    }
    if (special == 0 && at < end && end - s->begin >= BLOCK_BYTES) { /* the last block, from what was looked at on */
        size_t seen = (size_t)(BLOCK_BYTES - (end - at));

        special = block_mask(json_scan_special(block_load(end - BLOCK_BYTES))) >> seen * BLOCK_MASK_BITS;
    }
    *from = at;
    return special != 0 && at[block_first(special)] == '"' ? at + block_first(special) : NULL;
}

#else

/* Skips bytes that are plain inside a string: not '"', not '\', no control. `*high` becomes true behind ASCII. */
static inline const char *json_scan_plain(const char *at, const char *end, bool *high)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;

    for (; end - at >= 8; at += 8) {
        uint64_t x, quote, slash;

        memcpy(&x, at, 8);
        quote = x ^ ones * '"';
        slash = x ^ ones * '\\';
        /* A top bit where the byte is a quote, a backslash or below 0x20; it may be wrong above a right one, never
         * missing. */
        if (((((quote - ones) & ~quote) | ((slash - ones) & ~slash) | ((x - ones * 0x20) & ~x)) & tops) != 0)
            break;
        *high |= (x & tops) != 0;
    }
    for (; at < end; at++) {
        unsigned char c = (unsigned char)*at;

        if (c == '"' || c == '\\' || c < 0x20)
            break;
        *high |= c >= 0x80;
    }
    return at;
}

/* The closing quote of a string that is plain ASCII text; NULL: it is not, and is so only before `*from`. */
static inline const char *json_scan_ascii(const struct ops_json_scan *s, const char *begin, const char **from)
{
    bool high = false;
    const char *at = json_scan_plain(begin, s->end, &high);

    *from = begin;
    return !high && at < s->end && *at == '"' ? at : NULL;
}

/* The closing quote of a string that is plain before `at`. `*escaped` is only ever set. */
static const char *json_scan_rest(struct ops_json_scan *s, const char *begin, const char *at, bool *escaped)
{
    bool high = false;

    for (;;) {
        enum ops_reason reason;
        const char *bad = NULL;

        at = json_scan_plain(at, s->end, &high);
        if (at == s->end)
            return json_scan_refuse(s, begin, OPS_REASON_TRUNCATED, at);
        if (*at == '"')
            break;
        if (*at != '\\')
            return json_scan_refuse(s, begin, OPS_REASON_CONTROL, at);
        at = json_scan_escapes(at, s->end, &reason, &bad);
        if (at == NULL)
            return json_scan_refuse(s, begin, reason, bad);
        *escaped = true;
    }
    if (high && ops_utf8_valid_prefix(begin, (size_t)(at - begin)) != (size_t)(at - begin))
        return json_scan_refuse(s, begin, OPS_REASON_UTF8, at);
    return at;
}

#endif

/* The closing quote of the string that begins at `begin`, behind the opening one. */
static inline const char *json_scan_close(struct ops_json_scan *s, const char *begin)
{
    const char *at, *close = json_scan_ascii(s, begin, &at);
    bool escaped;

    return close != NULL ? close : json_scan_rest(s, begin, at, &escaped);
}

#endif
