/* Scans JSON tokens, strictly (RFC 8259), and never past the end of the input.
 *
 * The static functions get the place to read at and return the place behind what they read, so that it stays in a
 * register; or NULL, with the reason and the place in `s`. */
#include "runtime/base/json_string.h"

/* Apart, so that the common string needs no stack. */
static bool json_scan_string_slowly(struct ops_json_scan *s, const char *from, struct ops_str *raw, bool *escaped)
{
    const char *begin = s->at + 1, *close;
    bool any_escape = false;

    close = json_scan_rest(s, begin, from, &any_escape);
    if (close == NULL)
        return false;
    *raw = ops_str_of(begin, (size_t)(close - begin));
    *escaped = any_escape;
    s->at = close + 1;
    return true;
}

bool ops_json_scan_string(struct ops_json_scan *s, struct ops_str *raw, bool *escaped)
{
    const char *begin = s->at + 1, *from, *close = json_scan_ascii(s, begin, &from);

    if (close == NULL)
        return json_scan_string_slowly(s, from, raw, escaped);
    *raw = ops_str_of(begin, (size_t)(close - begin));
    *escaped = false;
    s->at = close + 1;
    return true;
}

/* ---- numbers ----------------------------------------------------------------------------------------------------- */

static inline bool json_scan_is_digit(const char *at, const char *end)
{
    return at < end && (unsigned char)(*at - '0') < 10;
}

/* The digits, at least one, that must stand at `at`. */
static inline const char *json_scan_digits(struct ops_json_scan *s, const char *at)
{
    const char *begin = at;

    while (json_scan_is_digit(at, s->end))
        at++;
    return at > begin ? at : json_scan_fail(s, at < s->end ? OPS_REASON_NUMBER : OPS_REASON_TRUNCATED, at);
}

static inline const char *json_scan_decimal(struct ops_json_scan *s, const char *at, bool *integer)
{
    const char *end = s->end, *digits;

    *integer = true;
    if (at < end && *at == '-')
        at++;
    digits = at;
    at = json_scan_digits(s, at);
    if (at == NULL)
        return NULL;
    if (*digits == '0' && at - digits > 1)
        return json_scan_fail(s, OPS_REASON_NUMBER, digits + 1);
    if (at < end && *at == '.') {
        *integer = false;
        at = json_scan_digits(s, at + 1);
        if (at == NULL)
            return NULL;
    }
    if (at < end && (*at | 0x20) == 'e') {
        *integer = false;
        at++;
        if (at < end && (*at == '+' || *at == '-'))
            at++;
        at = json_scan_digits(s, at);
    }
    return at;
}

bool ops_json_scan_number(struct ops_json_scan *s, struct ops_str *raw, bool *integer)
{
    bool whole;
    const char *end = json_scan_decimal(s, s->at, &whole);

    if (end == NULL)
        return false;
    *raw = ops_str_of(s->at, (size_t)(end - s->at));
    *integer = whole;
    s->at = end;
    return true;
}

/* A token that is not the int64 that was wanted: is it a number at all? */
static bool json_scan_not_int64(struct ops_json_scan *s)
{
    const char *at = s->at;
    bool integer;

    if ((at < s->end && *at != '-' && !json_scan_is_digit(at, s->end)) || json_scan_decimal(s, at, &integer) != NULL)
        json_scan_fail(s, OPS_REASON_WANT_INTEGER, at);
    return false;
}

/* Value of the digits at `*at`, which it moves behind them; wrong above 19 digits. */
static inline uint64_t json_scan_value(const char **at, const char *end)
{
    const char *p = *at;
    uint64_t n = 0;

    if (json_scan_is_digit(p, end) && !json_scan_is_digit(p + 1, end)) {
        *at = p + 1;
        return (unsigned char)(*p - '0');
    }
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    while (end - p >= 8) { /* eight at once: neighbours are joined to pairs, fours and the whole */
        static const uint32_t powers[8] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000};
        const uint64_t ones = UINT64_C(0x0101010101010101), bytes = UINT64_C(0x000000ff000000ff);
        uint64_t x, stop;
        unsigned count = 8;

        memcpy(&x, p, 8);
        x ^= ones * '0';
        stop = (x | (x + ones * 0x76)) & ones << 7; /* the first one is right: below it nothing is carried */
        if (stop != 0) {
            count = (unsigned)__builtin_ctzll(stop) / 8;
            if (count == 0)
                break;
            x <<= 64 - 8 * count;
        }
        x = x * 10 + (x >> 8);
        x = ((x & bytes) * UINT64_C(0x000f424000000064) + (x >> 16 & bytes) * UINT64_C(0x0000271000000001)) >> 32;
        p += count;
        if (count < 8) {
            *at = p;
            return n * powers[count] + x;
        }
        n = n * 100000000 + x;
    }
#endif
    while (json_scan_is_digit(p, end))
        n = n * 10 + (unsigned char)(*p++ - '0');
    *at = p;
    return n;
}

bool ops_json_scan_int64(struct ops_json_scan *s, int64_t *value)
{
    const char *at = s->at, *end = s->end, *digits;
    bool negative = at < end && *at == '-';
    uint64_t n;

    at += negative;
    digits = at;
    n = json_scan_value(&at, end);
    if (at == digits || at - digits > 19 || (*digits == '0' && at - digits > 1) ||
        (at < end && (*at == '.' || (*at | 0x20) == 'e')) || n > (uint64_t)INT64_MAX + negative)
        return json_scan_not_int64(s);
    *value = negative ? (int64_t)(0 - n) : (int64_t)n;
    s->at = at;
    return true;
}

/* ---- whole values ------------------------------------------------------------------------------------------------ */

static inline const char *json_scan_space(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r'))
        at++;
    return at;
}

static inline const char *json_scan_word(struct ops_json_scan *s, const char *at, const char *word, size_t len)
{
    size_t i;

    if ((size_t)(s->end - at) >= len && memcmp(at, word, len) == 0)
        return at + len;
    for (i = 0; i < len && at + i < s->end; i++) {
        if (at[i] != word[i])
            return json_scan_fail(s, OPS_REASON_TOKEN, at);
    }
    return json_scan_fail(s, OPS_REASON_TRUNCATED, s->end);
}

/* A string, number or word. */
static inline const char *json_scan_scalar(struct ops_json_scan *s, const char *at)
{
    bool integer;

    switch (*at) {
    case '"':
        at = json_scan_close(s, at + 1);
        return at != NULL ? at + 1 : NULL;
    case 't':
        return json_scan_word(s, at, "true", 4);
    case 'f':
        return json_scan_word(s, at, "false", 5);
    case 'n':
        return json_scan_word(s, at, "null", 4);
    default:
        if (*at == '-' || json_scan_is_digit(at, s->end))
            return json_scan_decimal(s, at, &integer);
        return json_scan_fail(s, OPS_REASON_TOKEN, at);
    }
}

/* A member name and its colon. */
static inline const char *json_scan_name(struct ops_json_scan *s, const char *at)
{
    at = json_scan_space(at, s->end);
    if (at == s->end)
        return json_scan_fail(s, OPS_REASON_TRUNCATED, at);
    if (*at != '"')
        return json_scan_fail(s, OPS_REASON_NAME, at);
    at = json_scan_close(s, at + 1);
    if (at == NULL)
        return NULL;
    at = json_scan_space(at + 1, s->end);
    if (at == s->end)
        return json_scan_fail(s, OPS_REASON_TRUNCATED, at);
    return *at == ':' ? at + 1 : json_scan_fail(s, OPS_REASON_COLON, at);
}

/* Which of the open brackets are objects, a bit each: of the 64 that enclose the place most closely in `top`, of
 * the others in `below`. */
struct json_scan_stack {
    uint64_t top;
    unsigned depth;
    uint64_t below[OPS_JSON_DEPTH_LIMIT / 64];
};

static inline void json_scan_push(struct json_scan_stack *stack, bool object)
{
    if (stack->depth % 64 == 0 && stack->depth > 0)
        stack->below[stack->depth / 64 - 1] = stack->top;
    stack->top = stack->top << 1 | object;
    stack->depth++;
}

static inline void json_scan_pop(struct json_scan_stack *stack)
{
    stack->depth--;
    stack->top >>= 1;
    if (stack->depth % 64 == 0 && stack->depth > 0)
        stack->top = stack->below[stack->depth / 64 - 1];
}

/* Behind a value: closes brackets and stops where the next value is wanted; depth 0: there is none. */
static inline const char *json_scan_after(struct ops_json_scan *s, const char *at, struct json_scan_stack *stack)
{
    while (stack->depth > 0) {
        bool object = (stack->top & 1) != 0;

        at = json_scan_space(at, s->end);
        if (at == s->end)
            return json_scan_fail(s, OPS_REASON_TRUNCATED, at);
        if (*at == ',')
            return object ? json_scan_name(s, at + 1) : at + 1;
        if (*at != (object ? '}' : ']'))
            return json_scan_fail(s, OPS_REASON_COMMA, at);
        at++;
        json_scan_pop(stack);
    }
    return at;
}

bool ops_json_skip_value(struct ops_json_scan *s, unsigned depth_limit)
{
    const char *at = s->at, *end = s->end;
    struct json_scan_stack stack;

    stack.top = 0;
    stack.depth = 0;
    if (depth_limit > OPS_JSON_DEPTH_LIMIT)
        depth_limit = OPS_JSON_DEPTH_LIMIT;
    for (;;) {
        at = json_scan_space(at, end);
        if (at == end)
            return json_scan_fail(s, OPS_REASON_TRUNCATED, end) != NULL;
        if (*at == '{' || *at == '[') {
            bool object = *at == '{';

            if (stack.depth >= depth_limit)
                return json_scan_fail(s, OPS_REASON_DEPTH, at) != NULL;
            at = json_scan_space(at + 1, end);
            if (at == end || *at != (object ? '}' : ']')) {
                json_scan_push(&stack, object);
                if (object && (at = json_scan_name(s, at)) == NULL)
                    return false;
                continue;
            }
            at++; /* an empty one */
        } else {
            at = json_scan_scalar(s, at);
        }
        if (at == NULL || (at = json_scan_after(s, at, &stack)) == NULL)
            return false;
        if (stack.depth == 0)
            break;
    }
    s->at = at;
    return true;
}
