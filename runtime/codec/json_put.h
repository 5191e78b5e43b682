/* Private to the JSON encoder: values as nearly every message has them, written inline.
 *
 * The functions get the place to write to and return the place behind what they wrote. Except for json_put_room and json_put_char, there is
 * room at that place. */
#ifndef OPS_CODEC_JSON_PUT_H
#define OPS_CODEC_JSON_PUT_H

#include "json_writer.h"
#include "runtime/base/base64.h"
#include "runtime/base/num.h"
#include "runtime/base/simd.h"

#ifndef JSON_INLINE
#define JSON_INLINE static inline __attribute__((always_inline))
#endif

/* Longer strings are left to json_write_string, which reserves less than six times their size. */
enum { JSON_PUT_STRING_BYTES = 256 };

/* A place with room for `bytes`; NULL: there is none. */
JSON_INLINE char *json_put_room(struct json_writer *w, char *at, size_t bytes)
{
    if ((size_t)(w->end - at) >= bytes)
        return at;
    w->at = at;
    return json_writer_grow(w, bytes) ? w->at : NULL;
}

JSON_INLINE char *json_put_char(struct json_writer *w, char *at, char c)
{
    at = json_put_room(w, at, 1);
    if (at != NULL)
        *at++ = c;
    return at;
}

#ifdef OPS_SIMD_SSE2
/* Whether a block has a character that JSON.stringify escapes. */
JSON_INLINE bool json_put_unclean(__m128i block)
{
    __m128i quote = _mm_cmpeq_epi8(block, _mm_set1_epi8('"')), escape = _mm_cmpeq_epi8(block, _mm_set1_epi8('\\'));
    __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(block, _mm_set1_epi8(0x1f)), block);

    return _mm_movemask_epi8(_mm_or_si128(control, _mm_or_si128(quote, escape))) != 0;
}

/* Copies a string that has none; NULL when it has one. Blocks overlap at the end. */
static inline char *json_put_plain(char *at, struct ops_str s)
{
    __m128i block;
    size_t i;

    if (s.len >= 16) {
        for (i = 0; i + 16 < s.len; i += 16) {
            block = _mm_loadu_si128((const __m128i *)(const void *)(s.ptr + i));
            _mm_storeu_si128((__m128i *)(void *)(at + i), block);
            if (json_put_unclean(block))
                return NULL;
        }
        block = _mm_loadu_si128((const __m128i *)(const void *)(s.ptr + s.len - 16));
        _mm_storeu_si128((__m128i *)(void *)(at + s.len - 16), block);
    } else {
        uint64_t head = 0, tail = 0;

        if (s.len >= 8) {
            memcpy(&head, s.ptr, 8);
            memcpy(&tail, s.ptr + s.len - 8, 8);
            memcpy(at, &head, 8);
            memcpy(at + s.len - 8, &tail, 8);
        } else if (s.len >= 4) {
            uint32_t a, b;

            memcpy(&a, s.ptr, 4);
            memcpy(&b, s.ptr + s.len - 4, 4);
            memcpy(at, &a, 4);
            memcpy(at + s.len - 4, &b, 4);
            head = tail = a | (uint64_t)b << 32;
        } else {
            char few[8];

            memset(few, ' ', 8);
            for (i = 0; i < s.len; i++)
                at[i] = few[i] = s.ptr[i];
            memcpy(&head, few, 8);
            tail = head;
        }
        block = _mm_set_epi64x((int64_t)tail, (int64_t)head);
    }
    return json_put_unclean(block) ? NULL : at + s.len;
}
#else
static inline char *json_put_plain(char *at, struct ops_str s)
{
    (void)at;
    (void)s;
    return NULL;
}
#endif

JSON_INLINE char *json_put_string(const struct json_writer *w, struct ops_str s, char *at)
{
    char *behind = NULL;

    *at++ = '"';
    if (w->style->escaper == OPS_ESCAPE_MINIMAL)
        behind = json_put_plain(at, s);
    if (behind == NULL)
        behind = ops_json_escape(at, s, (enum ops_json_escaper)w->style->escaper);
    *behind++ = '"';
    return behind;
}

JSON_INLINE char *json_put_base64(struct ops_str bytes, char *at)
{
    *at++ = '"';
    at = ops_base64_encode(at, bytes.ptr, bytes.len);
    *at++ = '"';
    return at;
}

#endif
