/* Private: the mask of RFC 6455 §5.3, a block at a time. */
#ifndef OPS_WEBSOCKET_MASK_H
#define OPS_WEBSOCKET_MASK_H

#include "runtime/base/block.h"

/* The mask from its byte `at` (0 to 3) on, twice; the same on either byte order. */
static inline uint64_t mask_word(const uint8_t mask[4], unsigned at)
{
    uint8_t twice[8];
    uint32_t half;
    uint64_t word;

    memcpy(&half, mask, 4);
    word = half | (uint64_t)half << 32;
    memcpy(twice, &word, 8);
    memcpy(&half, twice + at, 4);
    return half | (uint64_t)half << 32;
}

#if defined(OPS_BLOCKS)
static inline block_bytes mask_block(uint64_t word)
{
#if defined(OPS_SIMD_AVX2)
    return _mm256_set1_epi64x((int64_t)word);
#elif defined(OPS_SIMD_SSE2)
    return _mm_set1_epi64x((int64_t)word);
#else
    return vreinterpretq_u8_u64(vdupq_n_u64(word));
#endif
}
#endif

/* `len` bytes from `from`, masked with `mask` from its byte `at` on, to `to`: the same place, or one that does not
 * overlap. */
static inline void mask_copy(char *to, const char *from, size_t len, const uint8_t mask[4], unsigned at)
{
    uint64_t word = mask_word(mask, at);
    size_t i = 0;

#if defined(OPS_BLOCKS)
    const block_bytes block = mask_block(word);

    for (; len - i >= 4 * BLOCK_BYTES; i += 4 * BLOCK_BYTES) {
        block_bytes a = block_load(from + i), b = block_load(from + i + BLOCK_BYTES);
        block_bytes c = block_load(from + i + 2 * BLOCK_BYTES), d = block_load(from + i + 3 * BLOCK_BYTES);

        block_store(to + i, block_xor(a, block));
        block_store(to + i + BLOCK_BYTES, block_xor(b, block));
        block_store(to + i + 2 * BLOCK_BYTES, block_xor(c, block));
        block_store(to + i + 3 * BLOCK_BYTES, block_xor(d, block));
    }
    for (; len - i >= BLOCK_BYTES; i += BLOCK_BYTES)
        block_store(to + i, block_xor(block_load(from + i), block));
#endif
    for (; len - i >= 8; i += 8) {
        uint64_t eight;

        memcpy(&eight, from + i, 8);
        eight ^= word;
        memcpy(to + i, &eight, 8);
    }
    for (; i < len; i++)
        to[i] = (char)((unsigned char)from[i] ^ mask[(at + i) & 3]);
}

#endif
