/* Private to the JSON decoder: names and values as nearly every peer writes them, read inline.
 *
 * Each function gets the cursor and the input's end, and returns the place behind what it read, or NULL where anything is
 * unusual: white space, an escape, a character that is not ASCII, the end of the input near by, a mistake. Nothing is stored
 * then, and the complete reader of the same value does it and knows what to say. So nothing here reports an error, and what is
 * accepted here must be what the complete reader accepts, with the same value.
 *
 * Measured (tests/bench/codec): an op message of 11 members takes a third of the time that it took without these. */
#ifndef OPS_CODEC_JSON_QUICK_H
#define OPS_CODEC_JSON_QUICK_H

#include "json_reader.h"
#include "runtime/base/base64.h"
#include "runtime/base/simd.h"

/* Worth it where a function is called from two places and the values that it passes by pointer should stay in registers. */
#define JSON_INLINE static inline __attribute__((always_inline))

enum {
    JSON_QUICK_STRING_BYTES = 64, /* longer strings are read by the complete reader, which takes larger blocks */
    JSON_QUICK_DIGITS = 18        /* cannot overflow */
};

/* Same bytes. Two loads that overlap instead of a call: names are short. */
JSON_INLINE bool json_quick_same(const char *a, const char *b, size_t len)
{
    if (len >= 8) {
        uint64_t x, y, v, w;

        for (; len > 16; len -= 8, a += 8, b += 8) {
            memcpy(&x, a, 8);
            memcpy(&y, b, 8);
            if (x != y)
                return false;
        }
        memcpy(&x, a, 8);
        memcpy(&y, b, 8);
        memcpy(&v, a + len - 8, 8);
        memcpy(&w, b + len - 8, 8);
        return ((x ^ y) | (v ^ w)) == 0;
    }
    if (len >= 4) {
        uint32_t x, y, v, w;

        memcpy(&x, a, 4);
        memcpy(&y, b, 4);
        memcpy(&v, a + len - 4, 4);
        memcpy(&w, b + len - 4, 4);
        return ((x ^ y) | (v ^ w)) == 0;
    }
    for (; len > 0; len--) {
        if (a[len - 1] != b[len - 1])
            return false;
    }
    return true;
}

JSON_INLINE const char *json_quick_literal(const char *at, const char *end, const char *literal, size_t len)
{
    return (size_t)(end - at) >= len && json_quick_same(at, literal, len) ? at + len : NULL;
}

/* The first character of at most JSON_QUICK_STRING_BYTES that ends a run of plain text: '"', '\\', a control character, or one
 * that is not ASCII. NULL: none. */
#ifdef OPS_SIMD_SSE2
static inline const char *json_quick_plain_end(const char *at, const char *end)
{
    const char *stop = end - at > JSON_QUICK_STRING_BYTES ? at + JSON_QUICK_STRING_BYTES : end;

    while (stop - at >= 16) {
        __m128i block = _mm_loadu_si128((const __m128i *)(const void *)at);
        /* Signed: what is not ASCII is negative, so less than a space too. */
        __m128i control = _mm_cmplt_epi8(block, _mm_set1_epi8(' '));
        __m128i quote = _mm_cmpeq_epi8(block, _mm_set1_epi8('"'));
        __m128i escape = _mm_cmpeq_epi8(block, _mm_set1_epi8('\\'));
        unsigned special = (unsigned)_mm_movemask_epi8(_mm_or_si128(control, _mm_or_si128(quote, escape)));

        if (special != 0)
            return at + __builtin_ctz(special);
        at += 16;
    }
    for (; at < stop; at++) {
        if ((signed char)*at < ' ' || *at == '"' || *at == '\\')
            return at;
    }
    return NULL;
}
#else
static inline const char *json_quick_plain_end(const char *at, const char *end)
{
    const char *stop = end - at > JSON_QUICK_STRING_BYTES ? at + JSON_QUICK_STRING_BYTES : end;

    for (; at < stop; at++) {
        if ((unsigned char)*at < ' ' || (unsigned char)*at > '~' || *at == '"' || *at == '\\')
            return at;
    }
    return NULL;
}
#endif

static inline const char *json_quick_string(const char *at, const char *end, struct ops_str *value)
{
    const char *close;

    if (at == end || *at != '"')
        return NULL;
    close = json_quick_plain_end(at + 1, end);
    if (close == NULL || *close != '"')
        return NULL;
    *value = ops_str_of(at + 1, (size_t)(close - at - 1));
    return close + 1;
}

/* A number of less than JSON_QUICK_DIGITS digits, without sign, fraction or exponent. */
static inline const char *json_quick_integer(const char *at, const char *end, int64_t *value)
{
    const char *stop = end - at > JSON_QUICK_DIGITS ? at + JSON_QUICK_DIGITS : end, *begin = at;
    int64_t number = 0;

    for (; at < stop && *at >= '0' && *at <= '9'; at++)
        number = number * 10 + (*at - '0');
    if (at == begin || at == stop || (*at != ',' && *at != '}' && *at != ']') || (*begin == '0' && at - begin > 1))
        return NULL;
    *value = number;
    return at;
}

static inline const char *json_quick_bool(const char *at, const char *end, bool *value)
{
    if (end - at >= 4 && json_quick_same(at, "true", 4)) {
        *value = true;
        return at + 4;
    }
    if (end - at >= 5 && json_quick_same(at, "false", 5)) {
        *value = false;
        return at + 5;
    }
    return NULL;
}

/* The allowed range of an integer field: its type's, or the declared one where the style is strict. */
static inline int64_t json_min(const struct json_reader *r, const struct ops_field *f)
{
    return r->style->strict && f->more != NULL ? f->more->min : f->type == OPS_TYPE_INT32 ? INT32_MIN : INT64_MIN;
}

static inline int64_t json_max(const struct json_reader *r, const struct ops_field *f)
{
    return r->style->strict && f->more != NULL ? f->more->max : f->type == OPS_TYPE_INT32 ? INT32_MAX : INT64_MAX;
}

/* Base64 without white space inside. */
static inline const char *json_quick_base64(struct json_reader *r, const char *at, struct ops_str *value)
{
    const char *close;
    size_t len, bound, bytes, bad;
    char *plain;

    if (at == r->scan.end || *at != '"')
        return NULL;
    close = (const char *)memchr(at + 1, '"', (size_t)(r->scan.end - at - 1));
    if (close == NULL || close - at < 5 || (close - at) % 4 != 1)
        return NULL;
    len = (size_t)(close - at - 1);
    bound = ops_base64_decoded_bound(len);
    plain = (char *)ops_arena_alloc(r->arena, bound);
    if (plain == NULL)
        return NULL;
    bytes = ops_base64_decode(plain, at + 1, len, &bad);
    if (bytes != len / 4 * 3 - (close[-1] == '=' ? 1 : 0) - (close[-2] == '=' ? 1 : 0)) /* wrong, or white space */
        bytes = 0;
    ops_arena_shrink(r->arena, plain, bound, bytes);
    if (bytes == 0)
        return NULL;
    *value = ops_str_of(plain, bytes);
    return close + 1;
}

/* The discriminator as an object's first member: `at` is behind the '{'. */
static inline const char *json_quick_tag(const struct ops_message *type, uint8_t shape, const char *at, const char *end,
                                         const struct ops_field **variant)
{
    const struct ops_oneof *o = type->oneof;
    struct ops_lit name = o->tag_name[shape];
    const struct ops_field *f = &type->fields[o->first], *last = f + o->count;

    if ((size_t)(end - at) < name.len + 5 || o->integer || at[0] != '"' || at[name.len + 1] != '"' ||
        at[name.len + 2] != ':' || at[name.len + 3] != '"' || !json_quick_same(at + 1, name.ptr, name.len))
        return NULL;
    at += name.len + 4;
    for (; f != last; f++) {
        struct ops_lit tag = f->more->variant->tag;
        const char *behind = *at == *tag.ptr ? json_quick_literal(at, end, tag.ptr, tag.len) : NULL;

        if (behind != NULL && behind < end && *behind == '"') {
            *variant = f;
            return behind + 1;
        }
    }
    return NULL;
}

/* A number within the field's range. */
static inline const char *json_quick_number(const struct json_reader *r, const struct ops_field *f, const char *at, int64_t *number)
{
    at = json_quick_integer(at, r->scan.end, number);
    if (f->more != NULL && r->style->strict)
        return *number >= f->more->min && *number <= f->more->max ? at : NULL;
    return f->type == OPS_TYPE_INT64 || *number <= INT32_MAX ? at : NULL;
}

/* The value of one field that is neither repeated nor anything unusual, to its place in `message`. */
JSON_INLINE const char *json_quick_value(struct json_reader *r, const struct ops_field *f, const char *at, void *message)
{
    void *place = json_place(f, message);
    int64_t number = 0;

    switch (f->type) {
    case OPS_TYPE_STRING:
        return json_quick_string(at, r->scan.end, (struct ops_str *)place);
    case OPS_TYPE_BYTES:
        return json_quick_base64(r, at, (struct ops_str *)place);
    case OPS_TYPE_BOOL:
        return json_quick_bool(at, r->scan.end, (bool *)place);
    case OPS_TYPE_INT32:
        at = json_quick_number(r, f, at, &number);
        if (at != NULL)
            *(int32_t *)place = (int32_t)number;
        return at;
    case OPS_TYPE_INT64:
        at = json_quick_number(r, f, at, &number);
        if (at != NULL)
            *(int64_t *)place = number;
        return at;
    default:
        return NULL;
    }
}

#endif
