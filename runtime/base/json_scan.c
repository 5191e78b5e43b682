/* Scans JSON tokens, strictly (RFC 8259), and never past the end of the input.
 *
 * A string is searched for its end in blocks; bytes above ASCII are only noted on the way and validated once the end is known, so
 * ASCII text pays nothing for UTF-8. */
#include "runtime/base/json_text.h"
#include "runtime/base/simd.h"
#include "runtime/base/utf.h"

static bool json_scan_fail(struct ops_json_scan *s, enum ops_reason reason, const char *at)
{
    s->reason = reason;
    s->bad = at;
    return false;
}

/* Skips bytes that are plain inside a string: not '"', not '\', no control. Adds what stands above ASCII to `*high`. */
static inline const char *json_scan_plain(const char *at, const char *end, unsigned *high)
{
#if defined(OPS_SIMD_AVX2)
    for (; end - at >= 32; at += 32) {
        __m256i x = _mm256_loadu_si256((const __m256i *)(const void *)at);
        __m256i stop = _mm256_or_si256(_mm256_cmpeq_epi8(x, _mm256_set1_epi8('"')), _mm256_cmpeq_epi8(x, _mm256_set1_epi8('\\')));
        unsigned mask, above = (unsigned)_mm256_movemask_epi8(x);

        stop = _mm256_or_si256(stop, _mm256_cmpeq_epi8(_mm256_min_epu8(x, _mm256_set1_epi8(0x1f)), x));
        mask = (unsigned)_mm256_movemask_epi8(stop);
        if (mask != 0) {
            *high |= above & (mask - 1) & ~mask;
            return at + __builtin_ctz(mask);
        }
        *high |= above;
    }
#endif
#if defined(OPS_SIMD_SSE2)
    for (; end - at >= 16; at += 16) {
        __m128i x = _mm_loadu_si128((const __m128i *)(const void *)at);
        __m128i stop = _mm_or_si128(_mm_cmpeq_epi8(x, _mm_set1_epi8('"')), _mm_cmpeq_epi8(x, _mm_set1_epi8('\\')));
        unsigned mask, above = (unsigned)_mm_movemask_epi8(x);

        stop = _mm_or_si128(stop, _mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8(0x1f)), x));
        mask = (unsigned)_mm_movemask_epi8(stop);
        if (mask != 0) {
            *high |= above & (mask - 1) & ~mask;
            return at + __builtin_ctz(mask);
        }
        *high |= above;
    }
#elif defined(OPS_SIMD_NEON)
    for (; end - at >= 16; at += 16) {
        uint8x16_t x = vld1q_u8((const uint8_t *)at);
        uint8x16_t stop = vorrq_u8(vorrq_u8(vceqq_u8(x, vdupq_n_u8('"')), vceqq_u8(x, vdupq_n_u8('\\'))),
                                   vcltq_u8(x, vdupq_n_u8(0x20)));

        if (vmaxvq_u8(stop) != 0)
            break;
        *high |= vmaxvq_u8(x) & 0x80u;
    }
#endif
    for (; end - at >= 8; at += 8) {
        const uint64_t ones = UINT64_C(0x0101010101010101), tops = UINT64_C(0x8080808080808080);
        uint64_t x, quote, slash, stop;

        memcpy(&x, at, 8);
        quote = x ^ ones * '"';
        slash = x ^ ones * '\\';
        /* A top bit where the byte is a quote, a backslash or below 0x20; it may be wrong above a right one, never missing. */
        stop = (((quote - ones) & ~quote) | ((slash - ones) & ~slash) | ((x - ones * 0x20) & ~x)) & tops;
        if (stop != 0)
            break;
        *high |= (x & tops) != 0;
    }
    for (; at < end; at++) {
        unsigned char c = (unsigned char)*at;

        if (c == '"' || c == '\\' || c < 0x20)
            break;
        *high |= c & 0x80u;
    }
    return at;
}

static int json_scan_hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* The four digits of an escape; false: there are none. */
static bool json_scan_hex4(const char *at, const char *end, unsigned *unit)
{
    int i;

    *unit = 0;
    if (end - at < 4)
        return false;
    for (i = 0; i < 4; i++) {
        int digit = json_scan_hex(at[i]);

        if (digit < 0)
            return false;
        *unit = *unit << 4 | (unsigned)digit;
    }
    return true;
}

/* The escape at `at` (a backslash): checks it, moves behind it. */
static bool json_scan_escape(struct ops_json_scan *s, const char **at)
{
    const char *p = *at;
    unsigned unit, low;

    if (s->end - p < 2)
        return json_scan_fail(s, OPS_REASON_TRUNCATED, s->end);
    if (p[1] != 'u') {
        switch (p[1]) {
        case '"':
        case '\\':
        case '/':
        case 'b':
        case 'f':
        case 'n':
        case 'r':
        case 't':
            *at = p + 2;
            return true;
        default:
            return json_scan_fail(s, OPS_REASON_ESCAPE, p);
        }
    }
    if (!json_scan_hex4(p + 2, s->end, &unit))
        return s->end - p < 6 ? json_scan_fail(s, OPS_REASON_TRUNCATED, s->end) : json_scan_fail(s, OPS_REASON_ESCAPE, p);
    if (unit >= 0xdc00 && unit <= 0xdfff)
        return json_scan_fail(s, OPS_REASON_SURROGATE, p);
    *at = p + 6;
    if (unit < 0xd800 || unit > 0xdfff)
        return true;
    if (s->end - p < 12 && (s->end - p < 7 || p[6] == '\\') && memchr(p + 6, '"', (size_t)(s->end - p - 6)) == NULL)
        return json_scan_fail(s, OPS_REASON_TRUNCATED, s->end);
    if (s->end - p < 12 || p[6] != '\\' || p[7] != 'u' || !json_scan_hex4(p + 8, s->end, &low) || low < 0xdc00 ||
        low > 0xdfff)
        return json_scan_fail(s, OPS_REASON_SURROGATE, p);
    *at = p + 12;
    return true;
}

bool ops_json_scan_string(struct ops_json_scan *s, struct ops_str *raw, bool *escaped)
{
    const char *begin = s->at + 1, *at = begin;
    bool any_escape = false;
    unsigned high = 0;
    size_t valid, len;

    for (;;) {
        at = json_scan_plain(at, s->end, &high);
        if (at == s->end)
            return json_scan_fail(s, OPS_REASON_TRUNCATED, s->end);
        if (*at == '"')
            break;
        if (*at != '\\')
            return json_scan_fail(s, OPS_REASON_CONTROL, at);
        any_escape = true;
        if (!json_scan_escape(s, &at))
            return false;
    }
    len = (size_t)(at - begin);
    if (high != 0) {
        valid = ops_utf8_valid_prefix(begin, len);
        if (valid != len)
            return json_scan_fail(s, OPS_REASON_UTF8, begin + valid);
    }
    *raw = ops_str_of(begin, len);
    *escaped = any_escape;
    s->at = at + 1;
    return true;
}

size_t ops_json_unescape(char *out, struct ops_str raw)
{
    const char *at = raw.ptr, *end = raw.ptr + raw.len;
    char *begin = out;

    while (at < end) {
        const char *slash = (const char *)memchr(at, '\\', (size_t)(end - at));
        size_t plain = (size_t)((slash != NULL ? slash : end) - at);
        unsigned unit, low;

        memcpy(out, at, plain);
        out += plain;
        at += plain;
        if (slash == NULL)
            break;
        at += 2;
        switch (slash[1]) {
        case 'b':
            *out++ = '\b';
            break;
        case 'f':
            *out++ = '\f';
            break;
        case 'n':
            *out++ = '\n';
            break;
        case 'r':
            *out++ = '\r';
            break;
        case 't':
            *out++ = '\t';
            break;
        case 'u':
            if (!json_scan_hex4(at, end, &unit))
                return (size_t)(out - begin); /* not scanned before: the caller's mistake */
            at += 4;
            if (unit >= 0xd800 && unit <= 0xdbff && end - at >= 6 && json_scan_hex4(at + 2, end, &low)) {
                unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
                at += 6;
            }
            out += ops_utf8_encode(unit, out);
            break;
        default:
            *out++ = slash[1];
            break;
        }
    }
    return (size_t)(out - begin);
}

static inline bool json_scan_is_digit(const char *at, const char *end)
{
    return at < end && (unsigned char)(*at - '0') < 10;
}

bool ops_json_scan_number(struct ops_json_scan *s, struct ops_str *raw, bool *integer)
{
    const char *at = s->at, *end = s->end;

    if (at < end && *at == '-')
        at++;
    if (!json_scan_is_digit(at, end))
        return json_scan_fail(s, at < end ? OPS_REASON_NUMBER : OPS_REASON_TRUNCATED, at);
    if (*at == '0') {
        at++;
    } else {
        while (json_scan_is_digit(at, end))
            at++;
    }
    if (json_scan_is_digit(at, end))
        return json_scan_fail(s, OPS_REASON_NUMBER, at);
    *integer = true;
    if (at < end && *at == '.') {
        *integer = false;
        at++;
        if (!json_scan_is_digit(at, end))
            return json_scan_fail(s, at < end ? OPS_REASON_NUMBER : OPS_REASON_TRUNCATED, at);
        while (json_scan_is_digit(at, end))
            at++;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        *integer = false;
        at++;
        if (at < end && (*at == '+' || *at == '-'))
            at++;
        if (!json_scan_is_digit(at, end))
            return json_scan_fail(s, at < end ? OPS_REASON_NUMBER : OPS_REASON_TRUNCATED, at);
        while (json_scan_is_digit(at, end))
            at++;
    }
    *raw = ops_str_of(s->at, (size_t)(at - s->at));
    s->at = at;
    return true;
}

/* A number token that is not the int64 that was wanted: is it a number at all? */
static bool json_scan_not_int64(struct ops_json_scan *s)
{
    const char *at = s->at;
    struct ops_str raw;
    bool integer;

    if (at < s->end && *at != '-' && !json_scan_is_digit(at, s->end))
        return json_scan_fail(s, OPS_REASON_WANT_INTEGER, at);
    if (!ops_json_scan_number(s, &raw, &integer))
        return false;
    s->at = at;
    return json_scan_fail(s, OPS_REASON_WANT_INTEGER, at);
}

bool ops_json_scan_int64(struct ops_json_scan *s, int64_t *value)
{
    const char *at = s->at, *end = s->end, *digits;
    bool negative = at < end && *at == '-';
    uint64_t n = 0;

    at += negative;
    digits = at;
    while (at < end && (unsigned char)(*at - '0') < 10 && at - digits < 19)
        n = n * 10 + (unsigned char)(*at++ - '0');
    if (at == digits || (*digits == '0' && at - digits > 1) ||
        (at < end && ((unsigned char)(*at - '0') < 10 || *at == '.' || *at == 'e' || *at == 'E')) ||
        n > (uint64_t)INT64_MAX + negative)
        return json_scan_not_int64(s);
    *value = negative ? (int64_t)(0 - n) : (int64_t)n;
    s->at = at;
    return true;
}

static bool json_scan_word(struct ops_json_scan *s, const char *word, size_t len)
{
    size_t left = (size_t)(s->end - s->at), i;

    for (i = 0; i < len; i++) {
        if (i == left)
            return json_scan_fail(s, OPS_REASON_TRUNCATED, s->end);
        if (s->at[i] != word[i])
            return json_scan_fail(s, OPS_REASON_TOKEN, s->at);
    }
    s->at += len;
    return true;
}

/* A string, number or word. */
static bool json_scan_scalar(struct ops_json_scan *s)
{
    struct ops_str raw;
    bool flag;

    if (s->at == s->end)
        return json_scan_fail(s, OPS_REASON_TRUNCATED, s->end);
    switch (*s->at) {
    case '"':
        return ops_json_scan_string(s, &raw, &flag);
    case 't':
        return json_scan_word(s, "true", 4);
    case 'f':
        return json_scan_word(s, "false", 5);
    case 'n':
        return json_scan_word(s, "null", 4);
    default:
        if (*s->at == '-' || json_scan_is_digit(s->at, s->end))
            return ops_json_scan_number(s, &raw, &flag);
        return json_scan_fail(s, OPS_REASON_TOKEN, s->at);
    }
}

/* A member name and its colon. */
static bool json_scan_name(struct ops_json_scan *s)
{
    struct ops_str raw;
    bool escaped;

    ops_json_skip_space(s);
    if (s->at == s->end)
        return json_scan_fail(s, OPS_REASON_TRUNCATED, s->end);
    if (*s->at != '"')
        return json_scan_fail(s, OPS_REASON_NAME, s->at);
    if (!ops_json_scan_string(s, &raw, &escaped))
        return false;
    ops_json_skip_space(s);
    if (s->at == s->end)
        return json_scan_fail(s, OPS_REASON_TRUNCATED, s->end);
    if (*s->at != ':')
        return json_scan_fail(s, OPS_REASON_COLON, s->at);
    s->at++;
    return true;
}

/* Which of the open brackets are objects, a bit each. */
struct json_scan_stack {
    uint64_t objects[OPS_JSON_DEPTH_LIMIT / 64];
    unsigned depth;
};

static inline bool json_scan_in_object(const struct json_scan_stack *stack)
{
    unsigned top = stack->depth - 1;

    return (stack->objects[top / 64] >> (top % 64) & 1) != 0;
}

/* '{' or '[': opens it; `*closed` when it was empty and is closed again. */
static bool json_scan_open(struct ops_json_scan *s, struct json_scan_stack *stack, unsigned depth_limit, bool *closed)
{
    bool object = *s->at == '{';
    uint64_t bit = (uint64_t)1 << (stack->depth % 64);

    if (stack->depth >= depth_limit || stack->depth >= OPS_JSON_DEPTH_LIMIT)
        return json_scan_fail(s, OPS_REASON_DEPTH, s->at);
    if (object)
        stack->objects[stack->depth / 64] |= bit;
    else
        stack->objects[stack->depth / 64] &= ~bit;
    s->at++;
    ops_json_skip_space(s);
    *closed = s->at < s->end && *s->at == (object ? '}' : ']');
    if (*closed) {
        s->at++;
        return true;
    }
    stack->depth++;
    return object ? json_scan_name(s) : true;
}

/* Behind a value: closes brackets and stops before the next value; `depth` 0: the whole is done. */
static bool json_scan_after(struct ops_json_scan *s, struct json_scan_stack *stack)
{
    while (stack->depth > 0) {
        bool object = json_scan_in_object(stack);

        ops_json_skip_space(s);
        if (s->at == s->end)
            return json_scan_fail(s, OPS_REASON_TRUNCATED, s->end);
        if (*s->at == ',') {
            s->at++;
            return object ? json_scan_name(s) : true;
        }
        if (*s->at != (object ? '}' : ']'))
            return json_scan_fail(s, OPS_REASON_COMMA, s->at);
        s->at++;
        stack->depth--;
    }
    return true;
}

bool ops_json_skip_value(struct ops_json_scan *s, unsigned depth_limit)
{
    struct json_scan_stack stack;

    stack.depth = 0;
    do {
        bool closed = true;

        ops_json_skip_space(s);
        if (s->at < s->end && (*s->at == '{' || *s->at == '[')) {
            if (!json_scan_open(s, &stack, depth_limit, &closed))
                return false;
        } else if (!json_scan_scalar(s)) {
            return false;
        }
        if (closed && !json_scan_after(s, &stack))
            return false;
    } while (stack.depth > 0);
    return true;
}
