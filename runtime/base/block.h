/* Private: a block of bytes in a vector register, as wide as the compiler was told that registers are.
 *
 * The few operations that text needs, under one name for AVX2, SSE2 and NEON, so that what is built on them is
 * written once. Without OPS_BLOCKS there is nothing here, and the callers have portable code. A predicate's bytes
 * are 0 or 255. */
#ifndef OPS_BASE_BLOCK_H
#define OPS_BASE_BLOCK_H

#include "simd.h"
#include "str.h"

#if defined(OPS_SIMD_SSE2) || defined(OPS_SIMD_NEON)
#define OPS_BLOCKS 1
#endif
#if defined(OPS_SIMD_SSSE3) || defined(OPS_SIMD_NEON)
#define OPS_BLOCKS_LOOKUP 1 /* block_lookup is there */
#endif

#if defined(OPS_BLOCKS)

#if defined(OPS_SIMD_AVX2)
typedef __m256i block_bytes;
enum { BLOCK_BYTES = 32, BLOCK_MASK_BITS = 1 /* of a mask, for each byte */ };
#elif defined(OPS_SIMD_SSE2)
typedef __m128i block_bytes;
enum { BLOCK_BYTES = 16, BLOCK_MASK_BITS = 1 };
#else
typedef uint8x16_t block_bytes;
enum { BLOCK_BYTES = 16, BLOCK_MASK_BITS = 4 };
#endif

#if defined(OPS_SIMD_AVX2)
/* 0 to 15, then 16 that select nothing. */
static const uint8_t block_slide[32] = {0,   1,   2,   3,   4,   5,   6,   7,   8,   9,   10,  11,  12,  13,  14,  15,
                                        128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128};
#endif
/* Keeps the first bytes of a block, from the 33rd entry minus their count on. */
static const uint8_t block_kept[64] = {255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
                                       255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255};

#if defined(OPS_SIMD_AVX2)

static inline block_bytes block_load(const void *ptr)
{
    return _mm256_loadu_si256((const __m256i *)ptr);
}

static inline void block_store(void *ptr, block_bytes x)
{
    _mm256_storeu_si256((__m256i *)ptr, x);
}

static inline block_bytes block_all(unsigned c)
{
    return _mm256_set1_epi8((char)c);
}

static inline block_bytes block_or(block_bytes a, block_bytes b)
{
    return _mm256_or_si256(a, b);
}

static inline block_bytes block_and(block_bytes a, block_bytes b)
{
    return _mm256_and_si256(a, b);
}

static inline block_bytes block_xor(block_bytes a, block_bytes b)
{
    return _mm256_xor_si256(a, b);
}

static inline block_bytes block_equal(block_bytes a, block_bytes b)
{
    return _mm256_cmpeq_epi8(a, b);
}

/* a < b, as signed bytes. */
static inline block_bytes block_less(block_bytes a, block_bytes b)
{
    return _mm256_cmpgt_epi8(b, a);
}

static inline block_bytes block_min(block_bytes a, block_bytes b)
{
    return _mm256_min_epu8(a, b);
}

/* a - b, 0 where b is larger. */
static inline block_bytes block_minus(block_bytes a, block_bytes b)
{
    return _mm256_subs_epu8(a, b);
}

static inline bool block_any(block_bytes x)
{
    return _mm256_testz_si256(x, x) == 0;
}

static inline uint64_t block_mask(block_bytes predicate)
{
    return (uint32_t)_mm256_movemask_epi8(predicate);
}

/* The bytes from 0x80 on. */
static inline uint64_t block_high(block_bytes x)
{
    return block_mask(x);
}

/* Sixteen table entries, to be selected by bytes below 16. */
static inline block_bytes block_table(const uint8_t *entries)
{
    return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)entries));
}

static inline block_bytes block_lookup(block_bytes table, block_bytes index)
{
    return _mm256_shuffle_epi8(table, index);
}

static inline block_bytes block_high_half(block_bytes x)
{
    return block_and(_mm256_srli_epi16(x, 4), block_all(0x0f));
}

/* `x` moved up by 1, 2 and 3 bytes, filled with the last ones of `before`. */
static inline void block_behind(block_bytes x, block_bytes before, block_bytes behind[3])
{
    __m256i middle = _mm256_permute2x128_si256(before, x, 0x21);

    behind[0] = _mm256_alignr_epi8(x, middle, 15);
    behind[1] = _mm256_alignr_epi8(x, middle, 14);
    behind[2] = _mm256_alignr_epi8(x, middle, 13);
}

#elif defined(OPS_SIMD_SSE2)

static inline block_bytes block_load(const void *ptr)
{
    return _mm_loadu_si128((const __m128i *)ptr);
}

static inline void block_store(void *ptr, block_bytes x)
{
    _mm_storeu_si128((__m128i *)ptr, x);
}

static inline block_bytes block_all(unsigned c)
{
    return _mm_set1_epi8((char)c);
}

static inline block_bytes block_or(block_bytes a, block_bytes b)
{
    return _mm_or_si128(a, b);
}

static inline block_bytes block_and(block_bytes a, block_bytes b)
{
    return _mm_and_si128(a, b);
}

static inline block_bytes block_xor(block_bytes a, block_bytes b)
{
    return _mm_xor_si128(a, b);
}

static inline block_bytes block_equal(block_bytes a, block_bytes b)
{
    return _mm_cmpeq_epi8(a, b);
}

/* a < b, as signed bytes. */
static inline block_bytes block_less(block_bytes a, block_bytes b)
{
    return _mm_cmplt_epi8(a, b);
}

static inline block_bytes block_min(block_bytes a, block_bytes b)
{
    return _mm_min_epu8(a, b);
}

/* a - b, 0 where b is larger. */
static inline block_bytes block_minus(block_bytes a, block_bytes b)
{
    return _mm_subs_epu8(a, b);
}

static inline bool block_any(block_bytes x)
{
    return _mm_movemask_epi8(_mm_cmpeq_epi8(x, _mm_setzero_si128())) != 0xffff;
}

static inline uint64_t block_mask(block_bytes predicate)
{
    return (uint32_t)_mm_movemask_epi8(predicate);
}

/* The bytes from 0x80 on. */
static inline uint64_t block_high(block_bytes x)
{
    return block_mask(x);
}

#if defined(OPS_SIMD_SSSE3)
/* Sixteen table entries, to be selected by bytes below 16. */
static inline block_bytes block_table(const uint8_t *entries)
{
    return _mm_loadu_si128((const __m128i *)(const void *)entries);
}

static inline block_bytes block_lookup(block_bytes table, block_bytes index)
{
    return _mm_shuffle_epi8(table, index);
}

static inline block_bytes block_high_half(block_bytes x)
{
    return block_and(_mm_srli_epi16(x, 4), block_all(0x0f));
}
#endif

/* `x` moved up by 1, 2 and 3 bytes, filled with the last ones of `before`. */
static inline void block_behind(block_bytes x, block_bytes before, block_bytes behind[3])
{
    behind[0] = _mm_or_si128(_mm_slli_si128(x, 1), _mm_srli_si128(before, 15));
    behind[1] = _mm_or_si128(_mm_slli_si128(x, 2), _mm_srli_si128(before, 14));
    behind[2] = _mm_or_si128(_mm_slli_si128(x, 3), _mm_srli_si128(before, 13));
}

#else /* NEON */

static inline block_bytes block_load(const void *ptr)
{
    return vld1q_u8((const uint8_t *)ptr);
}

static inline void block_store(void *ptr, block_bytes x)
{
    vst1q_u8((uint8_t *)ptr, x);
}

static inline block_bytes block_all(unsigned c)
{
    return vdupq_n_u8((uint8_t)c);
}

static inline block_bytes block_or(block_bytes a, block_bytes b)
{
    return vorrq_u8(a, b);
}

static inline block_bytes block_and(block_bytes a, block_bytes b)
{
    return vandq_u8(a, b);
}

static inline block_bytes block_xor(block_bytes a, block_bytes b)
{
    return veorq_u8(a, b);
}

static inline block_bytes block_equal(block_bytes a, block_bytes b)
{
    return vceqq_u8(a, b);
}

/* a < b, as signed bytes. */
static inline block_bytes block_less(block_bytes a, block_bytes b)
{
    return vcltq_s8(vreinterpretq_s8_u8(a), vreinterpretq_s8_u8(b));
}

static inline block_bytes block_min(block_bytes a, block_bytes b)
{
    return vminq_u8(a, b);
}

/* a - b, 0 where b is larger. */
static inline block_bytes block_minus(block_bytes a, block_bytes b)
{
    return vqsubq_u8(a, b);
}

static inline bool block_any(block_bytes x)
{
    return vmaxvq_u32(vreinterpretq_u32_u8(x)) != 0;
}

static inline uint64_t block_mask(block_bytes predicate)
{
    return vget_lane_u64(vreinterpret_u64_u8(vshrn_n_u16(vreinterpretq_u16_u8(predicate), 4)), 0);
}

/* The bytes from 0x80 on. */
static inline uint64_t block_high(block_bytes x)
{
    return block_mask(vcltzq_s8(vreinterpretq_s8_u8(x)));
}

/* Sixteen table entries, to be selected by bytes below 16. */
static inline block_bytes block_table(const uint8_t *entries)
{
    return vld1q_u8(entries);
}

static inline block_bytes block_lookup(block_bytes table, block_bytes index)
{
    return vqtbl1q_u8(table, index);
}

static inline block_bytes block_high_half(block_bytes x)
{
    return vshrq_n_u8(x, 4);
}

/* `x` moved up by 1, 2 and 3 bytes, filled with the last ones of `before`. */
static inline void block_behind(block_bytes x, block_bytes before, block_bytes behind[3])
{
    behind[0] = vextq_u8(before, x, 15);
    behind[1] = vextq_u8(before, x, 14);
    behind[2] = vextq_u8(before, x, 13);
}

#endif

/* At most `c`, as unsigned bytes. */
static inline block_bytes block_at_most(block_bytes x, unsigned c)
{
    return block_equal(block_min(x, block_all(c)), x);
}

/* Place of the first byte of a mask that is not 0. */
static inline size_t block_first(uint64_t mask)
{
    return (size_t)__builtin_ctzll(mask) / BLOCK_MASK_BITS;
}

/* The mask without its first `count` bytes, 0 to BLOCK_BYTES - 1. */
static inline uint64_t block_mask_from(uint64_t mask, size_t count)
{
    return mask & UINT64_MAX << count * BLOCK_MASK_BITS;
}

/* The first `count` bytes, 0 to BLOCK_BYTES, and zeros. */
static inline block_bytes block_keep(block_bytes x, size_t count)
{
    return block_and(x, block_load(block_kept + 32 - count));
}

/* Up to 15 bytes as two words, the first bytes in the low ends; little-endian, as all blocks are. */
static inline void block_words(const char *ptr, size_t len, uint64_t words[2])
{
    words[1] = 0;
    if (len >= 8) {
        memcpy(&words[0], ptr, 8);
        memcpy(&words[1], ptr + len - 8, 8);
        words[1] = words[1] >> 8 * (15 - len) >> 8;
    } else if (len >= 4) {
        uint32_t first, last;

        memcpy(&first, ptr, 4);
        memcpy(&last, ptr + len - 4, 4);
        words[0] = first | (uint64_t)last << 8 * (len - 4);
    } else if (len > 0) {
        words[0] = (uint64_t)(unsigned char)ptr[0] | (uint64_t)(unsigned char)ptr[len / 2] << 8 * (len / 2) |
                   (uint64_t)(unsigned char)ptr[len - 1] << 8 * (len - 1);
    } else {
        words[0] = 0;
    }
}

/* `len` bytes, fewer than BLOCK_BYTES, and zeros; reads nothing else. */
static inline block_bytes block_load_part(const char *ptr, size_t len)
{
#if defined(OPS_SIMD_AVX2)
    if (len >= 16) {
        __m128i slide = _mm_loadu_si128((const __m128i *)(const void *)(block_slide + 32 - len));
        __m128i last = _mm_loadu_si128((const __m128i *)(const void *)(ptr + len - 16));

        return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)ptr)),
                                       _mm_shuffle_epi8(last, slide), 1);
    }
#endif
    {
        uint64_t words[2];

        block_words(ptr, len, words);
#if defined(OPS_SIMD_AVX2)
        return _mm256_setr_epi64x((int64_t)words[0], (int64_t)words[1], 0, 0);
#elif defined(OPS_SIMD_SSE2)
        return _mm_set_epi64x((int64_t)words[1], (int64_t)words[0]);
#else
        return vreinterpretq_u8_u64(vcombine_u64(vcreate_u64(words[0]), vcreate_u64(words[1])));
#endif
    }
}

#endif
#endif
