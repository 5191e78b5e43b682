/* UTF-8 validation and its UTF-16 measures.
 *
 * ASCII is skipped in blocks. What is not is classified with three table look-ups a block (the range-free scheme of Keiser and
 * Lemire, "Validating UTF-8 in less than one instruction per byte") where the processor can shuffle bytes; a block with a fault is
 * read again byte by byte, which finds the place. */
#include "runtime/base/utf.h"

#include "runtime/base/simd.h"

/* Length of the character at `p`, checked byte by byte; 0: not valid. */
static inline size_t utf_character(const unsigned char *p, size_t left)
{
    unsigned c = p[0];

    if (c < 0x80)
        return 1;
    if (c < 0xc2)
        return 0;
    if (c < 0xe0)
        return left >= 2 && (p[1] & 0xc0) == 0x80 ? 2 : 0;
    if (c < 0xf0) {
        unsigned low = c == 0xe0 ? 0xa0 : 0x80, high = c == 0xed ? 0x9f : 0xbf;

        return left >= 3 && p[1] >= low && p[1] <= high && (p[2] & 0xc0) == 0x80 ? 3 : 0;
    }
    if (c < 0xf5) {
        unsigned low = c == 0xf0 ? 0x90 : 0x80, high = c == 0xf4 ? 0x8f : 0xbf;

        return left >= 4 && p[1] >= low && p[1] <= high && (p[2] & 0xc0) == 0x80 && (p[3] & 0xc0) == 0x80 ? 4 : 0;
    }
    return 0;
}

/* Eight bytes at a time while they are ASCII. */
static inline size_t utf_ascii_prefix(const char *ptr, size_t len)
{
    size_t i = 0;

#if defined(OPS_SIMD_SSE2)
    for (; i + 16 <= len; i += 16) {
        if (_mm_movemask_epi8(_mm_loadu_si128((const __m128i *)(const void *)(ptr + i))) != 0)
            return i;
    }
#endif
    for (; i + 8 <= len; i += 8) {
        uint64_t word;

        memcpy(&word, ptr + i, 8);
        if ((word & UINT64_C(0x8080808080808080)) != 0)
            return i;
    }
    while (i < len && (unsigned char)ptr[i] < 0x80)
        i++;
    return i;
}

static size_t utf_valid_prefix_bytes(const char *ptr, size_t len, size_t i)
{
    while (i < len) {
        size_t n = utf_character((const unsigned char *)ptr + i, len - i);

        if (n == 0)
            return i;
        i += n;
    }
    return i;
}

#if defined(OPS_SIMD_SSSE3)
/* What two neighbouring bytes can be wrong about, a bit each; a fault is a bit that all three look-ups agree on. */
enum {
    UTF_TOO_SHORT = 1 << 0,  /* a lead byte that is not followed by a continuation */
    UTF_TOO_LONG = 1 << 1,   /* ASCII followed by a continuation */
    UTF_OVERLONG_3 = 1 << 2, /* E0 80..9F */
    UTF_TOO_LARGE = 1 << 3,  /* F4 90.. and above */
    UTF_SURROGATE = 1 << 4,  /* ED A0..BF */
    UTF_OVERLONG_2 = 1 << 5, /* C0, C1 */
    UTF_TOO_LARGE_1000 = 1 << 6, /* F5.. followed by 80..8F */
    UTF_OVERLONG_4 = 1 << 6, /* F0 80..8F */
    UTF_TWO_CONTS = 1 << 7,  /* a continuation after a continuation: right only when a longer character wants it */
    UTF_CARRY = UTF_TOO_SHORT | UTF_TOO_LONG | UTF_TWO_CONTS
};

/* By the high half of the first byte, its low half, and the high half of the second. */
#define UTF_FIRST_HIGH                                                                                                 \
    UTF_TOO_LONG, UTF_TOO_LONG, UTF_TOO_LONG, UTF_TOO_LONG, UTF_TOO_LONG, UTF_TOO_LONG, UTF_TOO_LONG, UTF_TOO_LONG,    \
        (char)UTF_TWO_CONTS, (char)UTF_TWO_CONTS, (char)UTF_TWO_CONTS, (char)UTF_TWO_CONTS,                            \
        UTF_TOO_SHORT | UTF_OVERLONG_2, UTF_TOO_SHORT, UTF_TOO_SHORT | UTF_OVERLONG_3 | UTF_SURROGATE,                 \
        UTF_TOO_SHORT | UTF_TOO_LARGE | UTF_TOO_LARGE_1000 | UTF_OVERLONG_4
#define UTF_FIRST_LOW                                                                                                  \
    (char)(UTF_CARRY | UTF_OVERLONG_3 | UTF_OVERLONG_2 | UTF_OVERLONG_4), (char)(UTF_CARRY | UTF_OVERLONG_2),          \
        (char)UTF_CARRY, (char)UTF_CARRY, (char)(UTF_CARRY | UTF_TOO_LARGE),                                           \
        (char)(UTF_CARRY | UTF_TOO_LARGE | UTF_TOO_LARGE_1000), (char)(UTF_CARRY | UTF_TOO_LARGE | UTF_TOO_LARGE_1000), \
        (char)(UTF_CARRY | UTF_TOO_LARGE | UTF_TOO_LARGE_1000), (char)(UTF_CARRY | UTF_TOO_LARGE | UTF_TOO_LARGE_1000), \
        (char)(UTF_CARRY | UTF_TOO_LARGE | UTF_TOO_LARGE_1000), (char)(UTF_CARRY | UTF_TOO_LARGE | UTF_TOO_LARGE_1000), \
        (char)(UTF_CARRY | UTF_TOO_LARGE | UTF_TOO_LARGE_1000), (char)(UTF_CARRY | UTF_TOO_LARGE | UTF_TOO_LARGE_1000), \
        (char)(UTF_CARRY | UTF_TOO_LARGE | UTF_TOO_LARGE_1000 | UTF_SURROGATE),                                        \
        (char)(UTF_CARRY | UTF_TOO_LARGE | UTF_TOO_LARGE_1000), (char)(UTF_CARRY | UTF_TOO_LARGE | UTF_TOO_LARGE_1000)
#define UTF_SECOND_HIGH                                                                                                \
    UTF_TOO_SHORT, UTF_TOO_SHORT, UTF_TOO_SHORT, UTF_TOO_SHORT, UTF_TOO_SHORT, UTF_TOO_SHORT, UTF_TOO_SHORT,           \
        UTF_TOO_SHORT,                                                                                                 \
        (char)(UTF_TOO_LONG | UTF_OVERLONG_2 | UTF_TWO_CONTS | UTF_OVERLONG_3 | UTF_TOO_LARGE_1000 | UTF_OVERLONG_4),  \
        (char)(UTF_TOO_LONG | UTF_OVERLONG_2 | UTF_TWO_CONTS | UTF_OVERLONG_3 | UTF_TOO_LARGE),                        \
        (char)(UTF_TOO_LONG | UTF_OVERLONG_2 | UTF_TWO_CONTS | UTF_SURROGATE | UTF_TOO_LARGE),                         \
        (char)(UTF_TOO_LONG | UTF_OVERLONG_2 | UTF_TWO_CONTS | UTF_SURROGATE | UTF_TOO_LARGE), UTF_TOO_SHORT,          \
        UTF_TOO_SHORT, UTF_TOO_SHORT, UTF_TOO_SHORT

/* Whether the block at `ptr + i` is valid after what stands before it; i >= 3, 16 bytes are there. A character that the block's end
 * cuts is not complained of. */
static inline bool utf_block_valid_16(const char *ptr, size_t i)
{
    const __m128i first_high = _mm_setr_epi8(UTF_FIRST_HIGH), first_low = _mm_setr_epi8(UTF_FIRST_LOW);
    const __m128i second_high = _mm_setr_epi8(UTF_SECOND_HIGH), nibble = _mm_set1_epi8(0x0f);
    __m128i block = _mm_loadu_si128((const __m128i *)(const void *)(ptr + i));
    __m128i before1 = _mm_loadu_si128((const __m128i *)(const void *)(ptr + i - 1));
    __m128i before2 = _mm_loadu_si128((const __m128i *)(const void *)(ptr + i - 2));
    __m128i before3 = _mm_loadu_si128((const __m128i *)(const void *)(ptr + i - 3));
    __m128i a = _mm_shuffle_epi8(first_high, _mm_and_si128(_mm_srli_epi16(before1, 4), nibble));
    __m128i b = _mm_shuffle_epi8(first_low, _mm_and_si128(before1, nibble));
    __m128i c = _mm_shuffle_epi8(second_high, _mm_and_si128(_mm_srli_epi16(block, 4), nibble));
    __m128i special = _mm_and_si128(_mm_and_si128(a, b), c);
    /* The third byte of a three- or four-byte character, and the fourth of a four-byte one, must be continuations. */
    __m128i third = _mm_subs_epu8(before2, _mm_set1_epi8((char)(0xe0 - 0x80)));
    __m128i fourth = _mm_subs_epu8(before3, _mm_set1_epi8((char)(0xf0 - 0x80)));
    __m128i wanted = _mm_and_si128(_mm_or_si128(third, fourth), _mm_set1_epi8((char)0x80));

    return _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_xor_si128(wanted, special), _mm_setzero_si128())) == 0xffff;
}
#endif

#if defined(OPS_SIMD_AVX2)
/* The same for 32 bytes. */
static inline bool utf_block_valid_32(const char *ptr, size_t i)
{
    const __m256i first_high = _mm256_setr_epi8(UTF_FIRST_HIGH, UTF_FIRST_HIGH);
    const __m256i first_low = _mm256_setr_epi8(UTF_FIRST_LOW, UTF_FIRST_LOW);
    const __m256i second_high = _mm256_setr_epi8(UTF_SECOND_HIGH, UTF_SECOND_HIGH), nibble = _mm256_set1_epi8(0x0f);
    __m256i block = _mm256_loadu_si256((const __m256i *)(const void *)(ptr + i));
    __m256i before1 = _mm256_loadu_si256((const __m256i *)(const void *)(ptr + i - 1));
    __m256i before2 = _mm256_loadu_si256((const __m256i *)(const void *)(ptr + i - 2));
    __m256i before3 = _mm256_loadu_si256((const __m256i *)(const void *)(ptr + i - 3));
    __m256i a = _mm256_shuffle_epi8(first_high, _mm256_and_si256(_mm256_srli_epi16(before1, 4), nibble));
    __m256i b = _mm256_shuffle_epi8(first_low, _mm256_and_si256(before1, nibble));
    __m256i c = _mm256_shuffle_epi8(second_high, _mm256_and_si256(_mm256_srli_epi16(block, 4), nibble));
    __m256i special = _mm256_and_si256(_mm256_and_si256(a, b), c);
    __m256i third = _mm256_subs_epu8(before2, _mm256_set1_epi8((char)(0xe0 - 0x80)));
    __m256i fourth = _mm256_subs_epu8(before3, _mm256_set1_epi8((char)(0xf0 - 0x80)));
    __m256i wanted = _mm256_and_si256(_mm256_or_si256(third, fourth), _mm256_set1_epi8((char)0x80));

    return _mm256_testz_si256(_mm256_xor_si256(wanted, special), _mm256_xor_si256(wanted, special)) != 0;
}
#endif

#if defined(OPS_SIMD_SSSE3)
#undef UTF_FIRST_HIGH
#undef UTF_FIRST_LOW
#undef UTF_SECOND_HIGH
#endif

#if defined(OPS_SIMD_SSSE3)
/* Back to the first byte of the character that `i` may be in the middle of; everything before `i` was valid as far as it goes. */
static size_t utf_character_start(const char *ptr, size_t i)
{
    size_t back;

    for (back = 1; back <= 3 && back <= i; back++) {
        unsigned char c = (unsigned char)ptr[i - back];

        if (c >= 0xc0)
            return i - back;
        if (c < 0x80)
            return i;
    }
    return i;
}
#endif

size_t ops_utf8_valid_prefix(const char *ptr, size_t len)
{
    size_t i = utf_ascii_prefix(ptr, len);

#if defined(OPS_SIMD_SSSE3)
    size_t head = 0;

    /* The blocks look three bytes back: the first characters are read singly. */
    while (i < len && head < 3) {
        size_t n = utf_character((const unsigned char *)ptr + i, len - i);

        if (n == 0)
            return i;
        i += n;
        head += n;
    }
    if (i < 3)
        return utf_valid_prefix_bytes(ptr, len, i);
#if defined(OPS_SIMD_AVX2)
    while (i + 32 <= len && utf_block_valid_32(ptr, i))
        i += 32;
#endif
    while (i + 16 <= len && utf_block_valid_16(ptr, i))
        i += 16;
    i = utf_character_start(ptr, i);
#endif
    return utf_valid_prefix_bytes(ptr, len, i);
}

size_t ops_utf16_length(const char *ptr, size_t len)
{
    size_t units = 0, i = 0;

#if defined(OPS_SIMD_SSE2)
    /* A unit for every byte that is no continuation, one more for every lead of four. */
    for (; i + 16 <= len; i += 16) {
        __m128i block = _mm_loadu_si128((const __m128i *)(const void *)(ptr + i));
        int starts = _mm_movemask_epi8(_mm_cmpgt_epi8(block, _mm_set1_epi8((char)0xbf)));
        int fours = _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_max_epu8(block, _mm_set1_epi8((char)0xf0)), block));

        units += (size_t)(__builtin_popcount((unsigned)starts) + __builtin_popcount((unsigned)fours));
    }
#endif
    for (; i < len; i++) {
        unsigned char c = (unsigned char)ptr[i];

        units += (c & 0xc0) != 0x80;
        units += c >= 0xf0;
    }
    return units;
}

/* Rank of a byte where two strings first differ, so that ranks order as UTF-16 units do: leads of four (surrogates, D800-DFFF) come
 * before the leads EE and EF (E000-FFFF). */
static inline unsigned utf_rank(unsigned char c)
{
    if (c >= 0xf0)
        return c - 2u; /* below EE + 0x10 */
    return c >= 0xee ? c + 0x10u : c;
}

int ops_utf16_compare(struct ops_str a, struct ops_str b)
{
    size_t len = a.len < b.len ? a.len : b.len, i = 0;

    if (a.ptr == NULL || b.ptr == NULL)
        return (a.ptr != NULL) - (b.ptr != NULL);
    while (i < len && a.ptr[i] == b.ptr[i])
        i++;
    if (i == len)
        return (a.len > b.len) - (a.len < b.len);
    return utf_rank((unsigned char)a.ptr[i]) < utf_rank((unsigned char)b.ptr[i]) ? -1 : 1;
}

uint32_t ops_utf8_decode(const char *ptr, const char *end, unsigned *len)
{
    const unsigned char *p = (const unsigned char *)ptr;
    size_t left = (size_t)(end - ptr);

    if (p[0] < 0x80 || left < 2) {
        *len = 1;
        return p[0];
    }
    if (p[0] < 0xe0 || left < 3) {
        *len = 2;
        return (uint32_t)(p[0] & 0x1f) << 6 | (p[1] & 0x3f);
    }
    if (p[0] < 0xf0 || left < 4) {
        *len = 3;
        return (uint32_t)(p[0] & 0x0f) << 12 | (uint32_t)(p[1] & 0x3f) << 6 | (p[2] & 0x3f);
    }
    *len = 4;
    return (uint32_t)(p[0] & 0x07) << 18 | (uint32_t)(p[1] & 0x3f) << 12 | (uint32_t)(p[2] & 0x3f) << 6 | (p[3] & 0x3f);
}

unsigned ops_utf8_encode(uint32_t cp, char *out)
{
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    if (cp < 0x800) {
        out[0] = (char)(0xc0 | cp >> 6);
        out[1] = (char)(0x80 | (cp & 0x3f));
        return 2;
    }
    if (cp < 0x10000) {
        out[0] = (char)(0xe0 | cp >> 12);
        out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
        out[2] = (char)(0x80 | (cp & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | cp >> 18);
    out[1] = (char)(0x80 | (cp >> 12 & 0x3f));
    out[2] = (char)(0x80 | (cp >> 6 & 0x3f));
    out[3] = (char)(0x80 | (cp & 0x3f));
    return 4;
}

/* Char.IsWhiteSpace of .NET: the space separators, U+0009-D, U+0085, U+2028, U+2029. */
static bool utf_is_space(uint32_t cp)
{
    return (cp >= 0x09 && cp <= 0x0d) || cp == 0x20 || cp == 0x85 || cp == 0xa0 || cp == 0x1680 ||
           (cp >= 0x2000 && cp <= 0x200a) || cp == 0x2028 || cp == 0x2029 || cp == 0x202f || cp == 0x205f || cp == 0x3000;
}

bool ops_utf8_is_blank(struct ops_str s)
{
    size_t i = 0;

    while (i < s.len) {
        unsigned len;

        if (!utf_is_space(ops_utf8_decode(s.ptr + i, s.ptr + s.len, &len)))
            return false;
        i += len;
    }
    return true;
}

bool ops_utf8_has_control(struct ops_str s)
{
    size_t i;

    for (i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];

        if (c < 0x20 || c == 0x7f)
            return true;
        if (c == 0xc2 && i + 1 < s.len && (unsigned char)s.ptr[i + 1] < 0xa0)
            return true; /* U+0080-9F */
    }
    return false;
}
