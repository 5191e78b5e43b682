/* Scans JSON tokens, strictly (RFC 8259), and never past the end of the input.
 *
 * A string is searched for its end by blocks. The first one that is not plain ASCII text hands over to code that also
 * judges UTF-8, block by block, so ASCII pays nothing for it. Whatever is refused, is refused for the first thing wrong:
 * a string that fails is looked at again for earlier UTF-8 faults. */
#include "runtime/base/json_chars.h"
#include "runtime/base/json_text.h"
#include "runtime/base/utf.h"
#include "runtime/base/utf_block.h"

static bool json_scan_fail(struct ops_json_scan *s, enum ops_reason reason, const char *at)
{
    s->reason = reason;
    s->bad = at;
    return false;
}

/* ---- strings ----------------------------------------------------------------------------------------------------- */

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
static bool json_scan_refuse(struct ops_json_scan *s, const char *begin, enum ops_reason reason, const char *at)
{
    const char *valid = begin + ops_utf8_valid_prefix(begin, (size_t)(at - begin));

    if (valid != at && !(at == s->end && json_scan_is_cut(valid, at)))
        return json_scan_fail(s, OPS_REASON_UTF8, valid);
    return json_scan_fail(s, reason, at);
}

/* Whether `c` can be byte `i`, 6 to 11, of a pair: \uDC00 to \uDFFF stands there. */
static bool json_scan_fits_low(char c, size_t i)
{
    unsigned digit = json_chars_hex(c);

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

/* Length of the escape at `at`, a pair of surrogates counting as one; 0 and the reason: it is none. */
static size_t json_scan_escape(const char *at, const char *end, enum ops_reason *reason)
{
    size_t left = (size_t)(end - at), i;
    unsigned unit = 0;

    *reason = OPS_REASON_TRUNCATED;
    if (left < 2)
        return 0;
    if (at[1] != 'u') {
        *reason = OPS_REASON_ESCAPE;
        return json_chars_unescaped(at[1]) != '\0' ? 2 : 0;
    }
    for (i = 2; i < 6; i++) {
        unsigned digit;

        if (i == left)
            return 0;
        digit = json_chars_hex(at[i]);
        if (digit > 15) {
            *reason = OPS_REASON_ESCAPE;
            return 0;
        }
        unit = unit << 4 | digit;
    }
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

static inline bool json_scan_accept(struct ops_json_scan *s, const char *begin, const char *close, bool any_escape,
                                    struct ops_str *raw, bool *escaped)
{
    *raw = ops_str_of(begin, (size_t)(close - begin));
    *escaped = any_escape;
    s->at = close + 1;
    return true;
}

#if defined(OPS_BLOCKS)

/* Ends plain ASCII text: '"', '\', controls, and (signed: below them) all that is not ASCII. */
static inline block_bytes json_scan_special(block_bytes x)
{
    return block_or(block_less(x, block_all(0x20)),
                    block_or(block_equal(x, block_all('"')), block_equal(x, block_all('\\'))));
}

/* The string from `at` on, before which it is plain. Also where fewer bytes than a block are left: the zeros of
 * block_load_part are controls, so there is a stop at the end of the input. */
static bool json_scan_blocks(struct ops_json_scan *s, const char *begin, const char *at, struct ops_str *raw, bool *escaped)
{
    block_bytes before = block_all(0);
    uint64_t before_high = 0;
    size_t skip = 0; /* first bytes of the block, which belong to an escape */
    bool any_escape = false;

    for (;; at += BLOCK_BYTES) {
        size_t left = (size_t)(s->end - at);
        block_bytes x = left >= BLOCK_BYTES ? block_load(at) : block_load_part(at, left);
        uint64_t high = block_high(x), stops = block_mask(json_scan_special(x)) & ~high;

        if (skip != 0) {
            stops = block_mask_from(stops, skip);
            skip = 0;
        }
        while (stops != 0) {
            size_t i = block_first(stops), len;
            const char *stop = at + i;
            enum ops_reason reason;

            if (stop == s->end)
                return json_scan_refuse(s, begin, OPS_REASON_TRUNCATED, stop);
            if (*stop == '"') {
                if ((high | before_high) != 0 && block_any(utf_block_faults(block_keep(x, i), before)))
                    return json_scan_refuse(s, begin, OPS_REASON_UTF8, stop);
                return json_scan_accept(s, begin, stop, any_escape, raw, escaped);
            }
            if (*stop != '\\')
                return json_scan_refuse(s, begin, OPS_REASON_CONTROL, stop);
            len = json_scan_escape(stop, s->end, &reason);
            if (len == 0)
                return json_scan_refuse(s, begin, reason, reason == OPS_REASON_TRUNCATED ? s->end : stop);
            any_escape = true;
            if (i + len >= BLOCK_BYTES) {
                skip = i + len - BLOCK_BYTES;
                break;
            }
            stops = block_mask_from(stops, i + len);
        }
        if ((high | before_high) != 0 && block_any(utf_block_faults(x, before)))
            return json_scan_refuse(s, begin, OPS_REASON_UTF8, at + BLOCK_BYTES);
        before = x;
        before_high = high;
    }
}

bool ops_json_scan_string(struct ops_json_scan *s, struct ops_str *raw, bool *escaped)
{
    const char *begin = s->at + 1, *at = begin, *end = s->end;
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
    if (special != 0 && at[block_first(special)] == '"')
        return json_scan_accept(s, begin, at + block_first(special), false, raw, escaped);
    return json_scan_blocks(s, begin, at, raw, escaped);
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
        /* A top bit where the byte is a quote, a backslash or below 0x20; it may be wrong above a right one, never missing. */
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

bool ops_json_scan_string(struct ops_json_scan *s, struct ops_str *raw, bool *escaped)
{
    const char *begin = s->at + 1, *at = begin;
    bool any_escape = false, high = false;

    for (;;) {
        enum ops_reason reason;
        size_t len;

        at = json_scan_plain(at, s->end, &high);
        if (at == s->end)
            return json_scan_refuse(s, begin, OPS_REASON_TRUNCATED, at);
        if (*at == '"')
            break;
        if (*at != '\\')
            return json_scan_refuse(s, begin, OPS_REASON_CONTROL, at);
        len = json_scan_escape(at, s->end, &reason);
        if (len == 0)
            return json_scan_refuse(s, begin, reason, reason == OPS_REASON_TRUNCATED ? s->end : at);
        any_escape = true;
        at += len;
    }
    if (high && ops_utf8_valid_prefix(begin, (size_t)(at - begin)) != (size_t)(at - begin))
        return json_scan_refuse(s, begin, OPS_REASON_UTF8, at);
    return json_scan_accept(s, begin, at, any_escape, raw, escaped);
}

#endif

/* ---- numbers ----------------------------------------------------------------------------------------------------- */

static inline bool json_scan_is_digit(const char *at, const char *end)
{
    return at < end && (unsigned char)(*at - '0') < 10;
}

static inline const char *json_scan_digits(const char *at, const char *end)
{
    while (json_scan_is_digit(at, end))
        at++;
    return at;
}

/* The digits, at least one, that must follow a point or an exponent; NULL: they do not. */
static const char *json_scan_some_digits(struct ops_json_scan *s, const char *at)
{
    if (json_scan_is_digit(at, s->end))
        return json_scan_digits(at + 1, s->end);
    json_scan_fail(s, at < s->end ? OPS_REASON_NUMBER : OPS_REASON_TRUNCATED, at);
    return NULL;
}

bool ops_json_scan_number(struct ops_json_scan *s, struct ops_str *raw, bool *integer)
{
    const char *at = s->at, *end = s->end, *digits;
    bool whole = true;

    if (at < end && *at == '-')
        at++;
    digits = at;
    at = json_scan_some_digits(s, at);
    if (at == NULL)
        return false;
    if (*digits == '0' && at - digits > 1)
        return json_scan_fail(s, OPS_REASON_NUMBER, digits + 1);
    if (at < end && *at == '.') {
        whole = false;
        at = json_scan_some_digits(s, at + 1);
        if (at == NULL)
            return false;
    }
    if (at < end && (*at | 0x20) == 'e') {
        whole = false;
        at++;
        if (at < end && (*at == '+' || *at == '-'))
            at++;
        at = json_scan_some_digits(s, at);
        if (at == NULL)
            return false;
    }
    *raw = ops_str_of(s->at, (size_t)(at - s->at));
    *integer = whole;
    s->at = at;
    return true;
}

/* A token that is not the int64 that was wanted: is it a number at all? */
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
    while (json_scan_is_digit(at, end) && at - digits < 19)
        n = n * 10 + (unsigned char)(*at++ - '0');
    if (at == digits || (*digits == '0' && at - digits > 1) || json_scan_is_digit(at, end) ||
        (at < end && (*at == '.' || (*at | 0x20) == 'e')) || n > (uint64_t)INT64_MAX + negative)
        return json_scan_not_int64(s);
    *value = negative ? (int64_t)(0 - n) : (int64_t)n;
    s->at = at;
    return true;
}

/* ---- whole values ------------------------------------------------------------------------------------------------ */

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
static inline bool json_scan_scalar(struct ops_json_scan *s)
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
static inline bool json_scan_name(struct ops_json_scan *s)
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
static inline bool json_scan_after(struct ops_json_scan *s, struct json_scan_stack *stack)
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

    memset(&stack, 0, sizeof stack);
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
