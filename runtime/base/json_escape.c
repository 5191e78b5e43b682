/* Writes strings into JSON, in the three ways that peers expect (spec/v1.md §1; opstream-wire.md §1.2, tables A and B).
 *
 * Clean runs are copied by blocks; a block is stored before it is known to be clean, and the part behind the first unclean byte is
 * then overwritten. Room for that is in ops_json_escape_bound. */
#include "runtime/base/json_relaxed_ranges.h"
#include "runtime/base/json_text.h"
#include "runtime/base/simd.h"
#include "runtime/base/utf.h"

/* What an ASCII byte becomes, by table: 0 itself, else what stands behind the backslash; 'u' for \u00XX. */
static char json_escape_ascii(unsigned char c, enum ops_json_escaper escaper)
{
    switch (c) {
    case '\b':
        return 'b';
    case '\t':
        return 't';
    case '\n':
        return 'n';
    case '\f':
        return 'f';
    case '\r':
        return 'r';
    case '\\':
        return '\\';
    case '"':
        return escaper == OPS_ESCAPE_ASCII ? 'u' : '"';
    case '&':
    case '\'':
    case '+':
    case '<':
    case '>':
    case '`':
        return escaper == OPS_ESCAPE_ASCII ? 'u' : '\0';
    case 0x7f:
        return escaper == OPS_ESCAPE_MINIMAL ? '\0' : 'u';
    default:
        return c < 0x20 ? 'u' : '\0';
    }
}

static char *json_escape_unit(char *out, unsigned unit, const char *hex)
{
    *out++ = '\\';
    *out++ = 'u';
    *out++ = hex[unit >> 12 & 15];
    *out++ = hex[unit >> 8 & 15];
    *out++ = hex[unit >> 4 & 15];
    *out++ = hex[unit & 15];
    return out;
}

static bool json_escape_is_relaxed(uint32_t cp)
{
    unsigned low = 0, high = JSON_RELAXED_RANGES;

    while (low < high) {
        unsigned middle = (low + high) / 2;

        if (cp > json_relaxed_ranges[middle][1])
            low = middle + 1;
        else
            high = middle;
    }
    return low < JSON_RELAXED_RANGES && cp >= json_relaxed_ranges[low][0];
}

/* The character at `*at`, which is not a clean one in all tables. */
static char *json_escape_one(char *out, const char **at, const char *end, enum ops_json_escaper escaper)
{
    static const char lower[] = "0123456789abcdef", upper[] = "0123456789ABCDEF";
    const char *hex = escaper == OPS_ESCAPE_MINIMAL ? lower : upper;
    unsigned char c = (unsigned char)**at;
    unsigned len;
    uint32_t cp;

    if (c < 0x80) {
        char how = json_escape_ascii(c, escaper);

        ++*at;
        if (how == '\0') {
            *out++ = (char)c;
            return out;
        }
        if (how == 'u')
            return json_escape_unit(out, c, hex);
        *out++ = '\\';
        *out++ = how;
        return out;
    }
    cp = ops_utf8_decode(*at, end, &len);
    if (escaper == OPS_ESCAPE_MINIMAL || (escaper == OPS_ESCAPE_RELAXED && cp < 0x10000 && !json_escape_is_relaxed(cp))) {
        memcpy(out, *at, len);
        *at += len;
        return out + len;
    }
    *at += len;
    if (cp < 0x10000)
        return json_escape_unit(out, cp, hex);
    out = json_escape_unit(out, 0xd800 + ((cp - 0x10000) >> 10), hex);
    return json_escape_unit(out, 0xdc00 + (cp & 0x3ff), hex);
}

#if defined(OPS_SIMD_SSE2)
/* A bit for each byte that is not clean. MINIMAL: controls, quote, backslash. The others also: everything from 0x7F on, and what table A
 * escapes, which for table B only costs the slow path. */
static inline unsigned json_escape_mask_16(__m128i x, enum ops_json_escaper escaper)
{
    __m128i bad = _mm_or_si128(_mm_cmpeq_epi8(x, _mm_set1_epi8('"')), _mm_cmpeq_epi8(x, _mm_set1_epi8('\\')));

    bad = _mm_or_si128(bad, _mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8(0x1f)), x));
    if (escaper == OPS_ESCAPE_MINIMAL)
        return (unsigned)_mm_movemask_epi8(bad);
    bad = _mm_or_si128(bad, _mm_cmpeq_epi8(_mm_max_epu8(x, _mm_set1_epi8(0x7f)), x));
    if (escaper == OPS_ESCAPE_ASCII) {
        bad = _mm_or_si128(bad, _mm_or_si128(_mm_cmpeq_epi8(x, _mm_set1_epi8('&')), _mm_cmpeq_epi8(x, _mm_set1_epi8('\''))));
        bad = _mm_or_si128(bad, _mm_or_si128(_mm_cmpeq_epi8(x, _mm_set1_epi8('+')), _mm_cmpeq_epi8(x, _mm_set1_epi8('`'))));
        bad = _mm_or_si128(bad, _mm_or_si128(_mm_cmpeq_epi8(x, _mm_set1_epi8('<')), _mm_cmpeq_epi8(x, _mm_set1_epi8('>'))));
    }
    return (unsigned)_mm_movemask_epi8(bad);
}
#endif

#if defined(OPS_SIMD_AVX2)
static inline unsigned json_escape_mask_32(__m256i x)
{
    __m256i bad = _mm256_or_si256(_mm256_cmpeq_epi8(x, _mm256_set1_epi8('"')), _mm256_cmpeq_epi8(x, _mm256_set1_epi8('\\')));

    bad = _mm256_or_si256(bad, _mm256_cmpeq_epi8(_mm256_min_epu8(x, _mm256_set1_epi8(0x1f)), x));
    return (unsigned)_mm256_movemask_epi8(bad);
}
#endif

/* Copies clean bytes; stops at the first that may not be. */
static inline char *json_escape_clean(char *out, const char **at, const char *end, enum ops_json_escaper escaper)
{
    const char *p = *at;

#if defined(OPS_SIMD_AVX2)
    while (escaper == OPS_ESCAPE_MINIMAL && end - p >= 32) {
        __m256i x = _mm256_loadu_si256((const __m256i *)(const void *)p);
        unsigned mask = json_escape_mask_32(x);

        _mm256_storeu_si256((__m256i *)(void *)out, x);
        if (mask != 0) {
            unsigned clean = (unsigned)__builtin_ctz(mask);

            *at = p + clean;
            return out + clean;
        }
        p += 32;
        out += 32;
    }
#endif
#if defined(OPS_SIMD_SSE2)
    while (end - p >= 16) {
        __m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);
        unsigned mask = json_escape_mask_16(x, escaper);

        _mm_storeu_si128((__m128i *)(void *)out, x);
        if (mask != 0) {
            unsigned clean = (unsigned)__builtin_ctz(mask);

            *at = p + clean;
            return out + clean;
        }
        p += 16;
        out += 16;
    }
#endif
    while (p < end && ((unsigned char)*p < 0x80 ? json_escape_ascii((unsigned char)*p, escaper) == '\0'
                                              : escaper == OPS_ESCAPE_MINIMAL))
        *out++ = *p++;
    *at = p;
    return out;
}

static inline char *json_escape_all(char *out, struct ops_str text, enum ops_json_escaper escaper)
{
    const char *at = text.ptr, *end = text.ptr + text.len;

    for (;;) {
        out = json_escape_clean(out, &at, end, escaper);
        if (at == end)
            return out;
        out = json_escape_one(out, &at, end, escaper);
    }
}

char *ops_json_escape(char *out, struct ops_str text, enum ops_json_escaper escaper)
{
    if (text.len == 0)
        return out;
    switch (escaper) { /* a copy of the loop for each table */
    case OPS_ESCAPE_ASCII:
        return json_escape_all(out, text, OPS_ESCAPE_ASCII);
    case OPS_ESCAPE_RELAXED:
        return json_escape_all(out, text, OPS_ESCAPE_RELAXED);
    case OPS_ESCAPE_MINIMAL:
        break;
    }
    return json_escape_all(out, text, OPS_ESCAPE_MINIMAL);
}

/* One string token of a value, unescaped and escaped again. */
static bool json_reemit_string(struct ops_buf *b, struct ops_json_scan *s, enum ops_json_escaper escaper)
{
    struct ops_str raw;
    bool escaped;
    char *out, *plain;

    if (!ops_json_scan_string(s, &raw, &escaped))
        return false;
    if (escaped) {
        plain = (char *)ops_arena_alloc(b->arena, raw.len);
        if (plain == NULL)
            return false;
        raw.len = ops_json_unescape(plain, raw);
        raw.ptr = plain;
    }
    out = ops_buf_reserve(b, ops_json_escape_bound(raw.len) + 2);
    if (out == NULL)
        return false;
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

        ops_json_skip_space(&s);
        if (s.at >= s.end)
            return true;
        if (*s.at == '"') {
            if (!json_reemit_string(b, &s, escaper)) {
                b->len = before;
                return false;
            }
            continue;
        }
        begin = s.at; /* punctuation, a number or a word: as spelled */
        while (s.at < s.end && *s.at != '"' && *s.at != ' ' && *s.at != '\t' && *s.at != '\n' && *s.at != '\r')
            s.at++;
        if (!ops_buf_append(b, begin, (size_t)(s.at - begin))) {
            b->len = before;
            return false;
        }
    }
}
