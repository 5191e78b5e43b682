/* Strings into JSON, in the three ways that peers expect (spec/v1.md §1; opstream-wire.md §1.2, tables A and B),
 * and out of it.
 *
 * Clean runs are copied by blocks; a block is stored before it is known to be clean, and what stands behind the
 * first unclean byte is then overwritten. Room for that is in ops_json_escape_bound. */
#include "runtime/base/block.h"
#include "runtime/base/json_chars.h"
#include "runtime/base/json_relaxed_ranges.h"
#include "runtime/base/json_text.h"
#include "runtime/base/utf_char.h"

/* ---- one character ----------------------------------------------------------------------------------------------- */

/* What an unclean ASCII character is behind the backslash; 'u': \u00XX. Table A wants that for '"' too. */
#define JSON_ESCAPE_U16 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u'
static const char json_escape_letters[128] = {
    'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'b', 't', 'n', 'u', 'f', 'r', 'u', 'u', JSON_ESCAPE_U16,
    'u', 'u', '"', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', JSON_ESCAPE_U16, JSON_ESCAPE_U16,
    'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', '\\', 'u', 'u', 'u', JSON_ESCAPE_U16, JSON_ESCAPE_U16};
#undef JSON_ESCAPE_U16

/* \uXXXX: the four digits at once, a byte each. */
static inline char *json_escape_unit(char *out, uint32_t unit, enum ops_json_escaper escaper)
{
    const uint32_t gap = escaper == OPS_ESCAPE_MINIMAL ? 'a' - '9' - 1 : 'A' - '9' - 1;
    uint32_t nibbles = (unit & 15) << 24 | (unit >> 4 & 15) << 16 | (unit >> 8 & 15) << 8 | unit >> 12;
    uint32_t letters = (nibbles + 0x06060606) >> 4 & 0x01010101;
    uint32_t digits = nibbles + 0x30303030 + letters * gap;

    out[0] = '\\';
    out[1] = 'u';
#if defined(OPS_BLOCKS) /* little-endian */
    memcpy(out + 2, &digits, 4);
#else
    out[2] = (char)(digits & 0xff);
    out[3] = (char)(digits >> 8 & 0xff);
    out[4] = (char)(digits >> 16 & 0xff);
    out[5] = (char)(digits >> 24);
#endif
    return out + 6;
}

/* Whether table B escapes the code point, U+0080 to U+FFFF. */
static inline bool json_escape_is_relaxed(uint32_t cp)
{
    const uint16_t(*range)[2] = json_relaxed_ranges + json_relaxed_pages[cp >> 8];
    unsigned count = (unsigned)(json_relaxed_pages[(cp >> 8) + 1] - json_relaxed_pages[cp >> 8]);

    while (count > 0) { /* no branch that hangs on the text but this one */
        unsigned half = (count + 1) / 2;

        range += range[half - 1][1] < cp ? half : 0;
        count -= half;
    }
    return range < json_relaxed_ranges + JSON_RELAXED_RANGES && cp >= (*range)[0];
}

/* The unclean character at `*at`, and the characters behind it that are not ASCII. */
static inline char *json_escape_unclean(char *out, const char **at, const char *end, enum ops_json_escaper escaper)
{
    const char *p = *at;

    if ((unsigned char)*p < 0x80) { /* the longer form is always stored, and the shorter one over it */
        char letter = json_escape_letters[(unsigned char)*p];

        json_escape_unit(out, (unsigned char)*p, escaper);
        if (escaper == OPS_ESCAPE_ASCII && letter == '"')
            letter = 'u';
        out[1] = letter;
        out += letter == 'u' ? 6 : 2;
        p++;
    }
    while (escaper != OPS_ESCAPE_MINIMAL && p < end && (unsigned char)*p >= 0x80) {
        unsigned len;
        uint32_t cp = utf_char_decode(p, end, &len);

        if (cp >= 0x10000) {
            out = json_escape_unit(out, 0xd800 + ((cp - 0x10000) >> 10), escaper);
            out = json_escape_unit(out, 0xdc00 + (cp & 0x3ff), escaper);
        } else if (escaper == OPS_ESCAPE_ASCII || json_escape_is_relaxed(cp)) {
            out = json_escape_unit(out, cp, escaper);
        } else {
            memcpy(out, p, len);
            out += len;
        }
        p += len;
    }
    *at = p;
    return out;
}

/* ---- clean runs -------------------------------------------------------------------------------------------------- */

#if defined(OPS_BLOCKS)

#if defined(OPS_BLOCKS_LOOKUP)
/* A byte is unclean when the entries of its two halves share a bit; each bit is one row of sixteen characters, or
 * several that are wholly unclean. */
enum {
    JSON_ESCAPE_00 = 1,  /* controls */
    JSON_ESCAPE_20 = 2,  /* A: " & ' +   B: " */
    JSON_ESCAPE_30 = 4,  /* A: < > */
    JSON_ESCAPE_50 = 8,  /* \ */
    JSON_ESCAPE_60 = 16, /* A: ` */
    JSON_ESCAPE_70 = 32, /* U+007F */
    JSON_ESCAPE_80 = 64, /* A: all that is not ASCII */
    JSON_ESCAPE_C0 = 4,  /* B: leads whose characters do not all go out raw */
    JSON_ESCAPE_D0 = 16,
    JSON_ESCAPE_E0 = 64,
    JSON_ESCAPE_F0 = 128
};

static const uint8_t json_escape_high_a[16] = {
    JSON_ESCAPE_00, JSON_ESCAPE_00, JSON_ESCAPE_20, JSON_ESCAPE_30, 0, JSON_ESCAPE_50, JSON_ESCAPE_60, JSON_ESCAPE_70,
    JSON_ESCAPE_80, JSON_ESCAPE_80, JSON_ESCAPE_80, JSON_ESCAPE_80, JSON_ESCAPE_80, JSON_ESCAPE_80, JSON_ESCAPE_80,
    JSON_ESCAPE_80};
static const uint8_t json_escape_high_b[16] = {
    JSON_ESCAPE_00, JSON_ESCAPE_00, JSON_ESCAPE_20, 0, 0, JSON_ESCAPE_50, 0, JSON_ESCAPE_70,
    0, 0, 0, 0, JSON_ESCAPE_C0, JSON_ESCAPE_D0, JSON_ESCAPE_E0, JSON_ESCAPE_F0};

#define JSON_ESCAPE_ALL (JSON_ESCAPE_00 | JSON_ESCAPE_80)
static const uint8_t json_escape_low_a[16] = {
    JSON_ESCAPE_ALL | JSON_ESCAPE_60,
    JSON_ESCAPE_ALL,
    JSON_ESCAPE_ALL | JSON_ESCAPE_20,
    JSON_ESCAPE_ALL,
    JSON_ESCAPE_ALL,
    JSON_ESCAPE_ALL,
    JSON_ESCAPE_ALL | JSON_ESCAPE_20,
    JSON_ESCAPE_ALL | JSON_ESCAPE_20,
    JSON_ESCAPE_ALL,
    JSON_ESCAPE_ALL,
    JSON_ESCAPE_ALL,
    JSON_ESCAPE_ALL | JSON_ESCAPE_20,
    JSON_ESCAPE_ALL | JSON_ESCAPE_30 | JSON_ESCAPE_50,
    JSON_ESCAPE_ALL,
    JSON_ESCAPE_ALL | JSON_ESCAPE_30,
    JSON_ESCAPE_ALL | JSON_ESCAPE_70};
#undef JSON_ESCAPE_ALL

#define JSON_ESCAPE_LOW_B(n)                                                                                           \
    (uint8_t)(JSON_ESCAPE_00 | JSON_ESCAPE_F0 | ((n) == 0x2 ? JSON_ESCAPE_20 : 0) |                                    \
              ((n) == 0xc ? JSON_ESCAPE_50 : 0) | ((n) == 0xf ? JSON_ESCAPE_70 : 0) |                                  \
              ((JSON_RELAXED_LEADS_C0 >> (n)&1) != 0 ? JSON_ESCAPE_C0 : 0) |                                           \
              ((JSON_RELAXED_LEADS_D0 >> (n)&1) != 0 ? JSON_ESCAPE_D0 : 0) |                                           \
              ((JSON_RELAXED_LEADS_E0 >> (n)&1) != 0 ? JSON_ESCAPE_E0 : 0))
static const uint8_t json_escape_low_b[16] = {
    JSON_ESCAPE_LOW_B(0x0), JSON_ESCAPE_LOW_B(0x1), JSON_ESCAPE_LOW_B(0x2), JSON_ESCAPE_LOW_B(0x3),
    JSON_ESCAPE_LOW_B(0x4), JSON_ESCAPE_LOW_B(0x5), JSON_ESCAPE_LOW_B(0x6), JSON_ESCAPE_LOW_B(0x7),
    JSON_ESCAPE_LOW_B(0x8), JSON_ESCAPE_LOW_B(0x9), JSON_ESCAPE_LOW_B(0xa), JSON_ESCAPE_LOW_B(0xb),
    JSON_ESCAPE_LOW_B(0xc), JSON_ESCAPE_LOW_B(0xd), JSON_ESCAPE_LOW_B(0xe), JSON_ESCAPE_LOW_B(0xf)};
#undef JSON_ESCAPE_LOW_B
#endif

/* The bytes of a block that may be unclean. */
static inline uint64_t json_escape_mask(block_bytes x, enum ops_json_escaper escaper)
{
    block_bytes unclean;

#if defined(OPS_BLOCKS_LOOKUP)
    if (escaper != OPS_ESCAPE_MINIMAL) {
        const uint8_t *high = escaper == OPS_ESCAPE_ASCII ? json_escape_high_a : json_escape_high_b;
        const uint8_t *low = escaper == OPS_ESCAPE_ASCII ? json_escape_low_a : json_escape_low_b;

        unclean = block_and(block_lookup(block_table(high), block_high_half(x)),
                            block_lookup(block_table(low), block_and(x, block_all(0x0f))));
        return ~block_mask(block_equal(unclean, block_all(0))) & block_mask(block_all(0xff));
    }
#endif
    unclean = block_or(block_equal(x, block_all('"')), block_equal(x, block_all('\\')));
    if (escaper == OPS_ESCAPE_MINIMAL)
        return block_mask(block_or(unclean, block_at_most(x, 0x1f)));
    unclean = block_or(unclean, block_or(block_less(x, block_all(0x20)), block_equal(x, block_all(0x7f))));
    if (escaper == OPS_ESCAPE_ASCII) { /* & and ' differ in one bit, < and > too */
        unclean = block_or(unclean, block_equal(block_or(x, block_all(1)), block_all('\'')));
        unclean = block_or(unclean, block_equal(block_or(x, block_all(2)), block_all('>')));
        unclean = block_or(unclean, block_or(block_equal(x, block_all('+')), block_equal(x, block_all('`'))));
    }
    return block_mask(unclean);
}

static inline block_bytes json_escape_load(const char *at, const char *end)
{
    return end - at >= BLOCK_BYTES ? block_load(at) : block_load_part(at, (size_t)(end - at));
}

/* What is unclean in a block is asked once. The zeros behind the end are unclean, so the end is a stop too. */
static inline char *json_escape_all(char *out, const char *at, const char *end, enum ops_json_escaper escaper)
{
    for (;;) {
        block_bytes x = json_escape_load(at, end);
        const char *block = at;
        uint64_t mask = json_escape_mask(x, escaper);

        for (;;) {
            size_t clean;

            block_store(out, x);
            if (mask == 0) {
                out += BLOCK_BYTES - (at - block);
                at = block + BLOCK_BYTES;
                break;
            }
            clean = block_first(mask) - (size_t)(at - block);
            out += clean;
            at += clean;
            if (at == end)
                return out;
            out = json_escape_unclean(out, &at, end, escaper);
            if (at - block >= BLOCK_BYTES)
                break;
            mask = block_mask_from(mask, (size_t)(at - block));
            x = json_escape_load(at, end);
        }
    }
}

#else

/* Which escapers find a byte unclean, a bit each. */
#define JSON_ESCAPE_16(x) x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x
enum {
    JSON_ESCAPE_A = 1 << OPS_ESCAPE_ASCII,
    JSON_ESCAPE_AB = 1 << OPS_ESCAPE_ASCII | 1 << OPS_ESCAPE_RELAXED,
    JSON_ESCAPE_ABM = JSON_ESCAPE_AB | 1 << OPS_ESCAPE_MINIMAL
};
static const uint8_t json_escape_by[256] = {
    JSON_ESCAPE_16(JSON_ESCAPE_ABM), JSON_ESCAPE_16(JSON_ESCAPE_ABM),
    0, 0, JSON_ESCAPE_ABM, 0, 0, 0, JSON_ESCAPE_A, JSON_ESCAPE_A, 0, 0, 0, JSON_ESCAPE_A, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, JSON_ESCAPE_A, 0, JSON_ESCAPE_A, 0,
    JSON_ESCAPE_16(0), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, JSON_ESCAPE_ABM, 0, 0, 0,
    JSON_ESCAPE_A, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, JSON_ESCAPE_AB,
    JSON_ESCAPE_16(JSON_ESCAPE_AB), JSON_ESCAPE_16(JSON_ESCAPE_AB), JSON_ESCAPE_16(JSON_ESCAPE_AB),
    JSON_ESCAPE_16(JSON_ESCAPE_AB), JSON_ESCAPE_16(JSON_ESCAPE_AB), JSON_ESCAPE_16(JSON_ESCAPE_AB),
    JSON_ESCAPE_16(JSON_ESCAPE_AB), JSON_ESCAPE_16(JSON_ESCAPE_AB)};
#undef JSON_ESCAPE_16

static inline char *json_escape_all(char *out, const char *at, const char *end, enum ops_json_escaper escaper)
{
    const unsigned bit = 1u << escaper;

    for (;;) {
        const unsigned char *p = (const unsigned char *)at, *stop = (const unsigned char *)end;

        for (; stop - p >= 8; p += 8, out += 8) {
            unsigned by = json_escape_by[p[0]] | json_escape_by[p[1]] | json_escape_by[p[2]] | json_escape_by[p[3]] |
                          json_escape_by[p[4]] | json_escape_by[p[5]] | json_escape_by[p[6]] | json_escape_by[p[7]];

            if ((by & bit) != 0)
                break;
            memcpy(out, p, 8);
        }
        while (p < stop && (json_escape_by[*p] & bit) == 0)
            *out++ = (char)*p++;
        at = (const char *)p;
        if (at == end)
            return out;
        out = json_escape_unclean(out, &at, end, escaper);
    }
}

#endif

char *ops_json_escape(char *out, struct ops_str text, enum ops_json_escaper escaper)
{
    if (text.len == 0)
        return out;
    switch (escaper) { /* a copy of the loop for each table */
    case OPS_ESCAPE_ASCII:
        return json_escape_all(out, text.ptr, text.ptr + text.len, OPS_ESCAPE_ASCII);
    case OPS_ESCAPE_RELAXED:
        return json_escape_all(out, text.ptr, text.ptr + text.len, OPS_ESCAPE_RELAXED);
    case OPS_ESCAPE_MINIMAL:
        break;
    }
    return json_escape_all(out, text.ptr, text.ptr + text.len, OPS_ESCAPE_MINIMAL);
}

/* ---- back -------------------------------------------------------------------------------------------------------- */

/* Copies up to the next backslash. `out` has room for what is left of the input, so a block fits where one is read. */
static inline char *json_escape_plain(char *out, const char **at, const char *end)
{
    const char *p = *at;

#if defined(OPS_BLOCKS)
    for (; end - p >= BLOCK_BYTES; p += BLOCK_BYTES, out += BLOCK_BYTES) {
        block_bytes x = block_load(p);
        uint64_t mask = block_mask(block_equal(x, block_all('\\')));

        block_store(out, x);
        if (mask != 0) {
            *at = p + block_first(mask);
            return out + block_first(mask);
        }
    }
#endif
    for (; end - p >= 8; p += 8, out += 8) {
        const uint64_t ones = UINT64_C(0x0101010101010101);
        uint64_t x, slash;

        memcpy(&x, p, 8);
        slash = x ^ ones * '\\';
        if (((slash - ones) & ~slash & ones << 7) != 0)
            break;
        memcpy(out, &x, 8);
    }
    while (p < end && *p != '\\')
        *out++ = *p++;
    *at = p;
    return out;
}

size_t ops_json_unescape(char *out, struct ops_str raw)
{
    const char *at = raw.ptr, *end = raw.ptr + raw.len;
    char *begin = out;

    for (;;) {
        out = json_escape_plain(out, &at, end);
        if (at == end)
            return (size_t)(out - begin);
        do { /* escapes often follow one another */
            uint32_t cp;

            if (end - at < 2 || (at[1] == 'u' && end - at < 6)) /* not scanned before: the caller's mistake */
                return (size_t)(out - begin);
            if (at[1] != 'u') {
                *out++ = json_chars_unescaped[(unsigned char)at[1]];
                at += 2;
                continue;
            }
            cp = json_chars_unit(at + 2) & 0xffff;
            at += 6;
            if ((cp & 0xfc00) == 0xd800 && end - at >= 6) {
                cp = 0x10000 + ((cp & 0x3ff) << 10) + (json_chars_unit(at + 2) & 0x3ff);
                at += 6;
            }
            out += utf_char_encode(cp, out);
        } while (at < end && *at == '\\');
    }
}

/* ---- whole values ------------------------------------------------------------------------------------------------ */

/* One string token, unescaped (behind the room for the result) and escaped again. */
static bool json_escape_token(struct ops_buf *b, struct ops_json_scan *s, enum ops_json_escaper escaper)
{
    struct ops_str raw;
    bool escaped;
    size_t room;
    char *out;

    if (!ops_json_scan_string(s, &raw, &escaped))
        return false;
    room = ops_json_escape_bound(raw.len) + 2;
    out = ops_buf_reserve(b, escaped ? room + raw.len : room);
    if (out == NULL)
        return false;
    if (escaped)
        raw = ops_str_of(out + room, ops_json_unescape(out + room, raw));
    *out++ = '"';
    out = ops_json_escape(out, raw, escaper);
    *out++ = '"';
    ops_buf_advance(b, out);
    return true;
}

bool ops_json_reemit(struct ops_buf *b, struct ops_str json, enum ops_json_escaper escaper)
{
    struct ops_json_scan s;
    size_t before = b->len;

    memset(&s, 0, sizeof s);
    s.begin = s.at = json.ptr;
    s.end = json.ptr + json.len;
    for (;;) {
        const char *begin;
        bool done;

        ops_json_skip_space(&s);
        if (s.at == s.end)
            return true;
        begin = s.at;
        if (*begin == '"') {
            done = json_escape_token(b, &s, escaper);
        } else { /* punctuation, numbers and words: as spelled */
            do
                s.at++;
            while (s.at < s.end && *s.at != '"' && *s.at != ' ' && *s.at != '\t' && *s.at != '\n' && *s.at != '\r');
            done = ops_buf_append(b, begin, (size_t)(s.at - begin));
        }
        if (!done) {
            b->len = before;
            return false;
        }
    }
}
