/* Powers of ten to 128 bits, and integers of up to 3584 bits: the exact part of double.c, which alone includes this.
 *
 * The big integers have a fixed size and know nothing of doubles; their limit is what double.c may ask of them. */
#ifndef OPS_BASE_DOUBLE_EXACT_H
#define OPS_BASE_DOUBLE_EXACT_H

#include "str.h"

enum {
    DOUBLE_POWER_ERROR = 4,   /* in the last of 128 bits; the power is never too large */
    DOUBLE_POWER_STEP = 27,   /* the largest r with 5^r below 2^63 */
    DOUBLE_POWER_FIRST = -13, /* double_powers begins at 10^(27 * -13) */
    DOUBLE_POWER_EXACT = 54,  /* 5^54 has 126 bits: 10^0 to 10^54 have no error */
    DOUBLE_BIG_DIGITS = 800,  /* a tie between two doubles has at most 767; more digits only say "above" */
    DOUBLE_BIG_LIMBS = 112    /* 800 digits or 2^1074 * 5^17 and a shift stay below 3000 bits */
};

struct double_u128 {
    uint64_t high, low;
};

/* 10^(27 j), its upper 128 bits (cut, not rounded). */
static const struct double_u128 double_powers[] = {
    {UINT64_C(0x8049a4ac0c5811ae), UINT64_C(0x205b896d777d6278)}, /* 10^-351 */
    {UINT64_C(0xcf42894a5dce35ea), UINT64_C(0x52064cac828675b9)}, /* 10^-324 */
    {UINT64_C(0xa76c582338ed2621), UINT64_C(0xaf2af2b80af6f24e)}, /* 10^-297 */
    {UINT64_C(0x873e4f75e2224e68), UINT64_C(0x5a7744a6e804a291)}, /* 10^-270 */
    {UINT64_C(0xda7f5bf590966848), UINT64_C(0xaf39a475506a899e)}, /* 10^-243 */
    {UINT64_C(0xb080392cc4349dec), UINT64_C(0xbd8d794d96aacfb3)}, /* 10^-216 */
    {UINT64_C(0x8e938662882af53e), UINT64_C(0x547eb47b7282ee9c)}, /* 10^-189 */
    {UINT64_C(0xe65829b3046b0afa), UINT64_C(0x0cb4a5a3112a5112)}, /* 10^-162 */
    {UINT64_C(0xba121a4650e4ddeb), UINT64_C(0x92f34d62616ce413)}, /* 10^-135 */
    {UINT64_C(0x964e858c91ba2655), UINT64_C(0x3a6a07f8d510f86f)}, /* 10^-108 */
    {UINT64_C(0xf2d56790ab41c2a2), UINT64_C(0xfae27299423fb9c3)}, /* 10^-81 */
    {UINT64_C(0xc428d05aa4751e4c), UINT64_C(0xaa97e14c3c26b886)}, /* 10^-54 */
    {UINT64_C(0x9e74d1b791e07e48), UINT64_C(0x775ea264cf55347d)}, /* 10^-27 */
    {UINT64_C(0x8000000000000000), UINT64_C(0x0000000000000000)}, /* 10^0 */
    {UINT64_C(0xcecb8f27f4200f3a), UINT64_C(0x0000000000000000)}, /* 10^27 */
    {UINT64_C(0xa70c3c40a64e6c51), UINT64_C(0x999090b65f67d924)}, /* 10^54 */
    {UINT64_C(0x86f0ac99b4e8dafd), UINT64_C(0x69a028bb3ded71a3)}, /* 10^81 */
    {UINT64_C(0xda01ee641a708de9), UINT64_C(0xe80e6f4820cc9495)}, /* 10^108 */
    {UINT64_C(0xb01ae745b101e9e4), UINT64_C(0x5ec05dcff72e7f8f)}, /* 10^135 */
    {UINT64_C(0x8e41ade9fbebc27d), UINT64_C(0x14588f13be847307)}, /* 10^162 */
    {UINT64_C(0xe5d3ef282a242e81), UINT64_C(0x8f1668c8a86da5fa)}, /* 10^189 */
    {UINT64_C(0xb9a74a0637ce2ee1), UINT64_C(0x6d953e2bd7173692)}, /* 10^216 */
    {UINT64_C(0x95f83d0a1fb69cd9), UINT64_C(0x4abdaf101564f98e)}, /* 10^243 */
    {UINT64_C(0xf24a01a73cf2dccf), UINT64_C(0xbc633b39673c8cec)}, /* 10^270 */
    {UINT64_C(0xc3b8358109e84f07), UINT64_C(0x0a862f80ec4700c8)}, /* 10^297 */
    {UINT64_C(0x9e19db92b4e31ba9), UINT64_C(0x6c07a2c26a8346d1)}, /* 10^324 */
};

static const uint64_t double_fives[DOUBLE_POWER_STEP] = { /* 5^r */
    UINT64_C(1), UINT64_C(5), UINT64_C(25), UINT64_C(125), UINT64_C(625), UINT64_C(3125), UINT64_C(15625),
    UINT64_C(78125), UINT64_C(390625), UINT64_C(1953125), UINT64_C(9765625), UINT64_C(48828125), UINT64_C(244140625),
    UINT64_C(1220703125), UINT64_C(6103515625), UINT64_C(30517578125), UINT64_C(152587890625),
    UINT64_C(762939453125), UINT64_C(3814697265625), UINT64_C(19073486328125), UINT64_C(95367431640625),
    UINT64_C(476837158203125), UINT64_C(2384185791015625), UINT64_C(11920928955078125), UINT64_C(59604644775390625),
    UINT64_C(298023223876953125), UINT64_C(1490116119384765625)
};

static inline struct double_u128 double_mul_64(uint64_t a, uint64_t b)
{
    struct double_u128 product;
#if defined(__SIZEOF_INT128__) && !defined(__wasm__) /* WebAssembly would call a compiler library */
    __extension__ unsigned __int128 wide = (__extension__ (unsigned __int128)a) * b;

    product.high = (uint64_t)(wide >> 64);
    product.low = (uint64_t)wide;
#else
    uint64_t low = (a & UINT32_MAX) * (b & UINT32_MAX);
    uint64_t middle = (a >> 32) * (b & UINT32_MAX) + (low >> 32);
    uint64_t other = (a & UINT32_MAX) * (b >> 32) + (middle & UINT32_MAX);

    product.high = (a >> 32) * (b >> 32) + (middle >> 32) + (other >> 32);
    product.low = (other << 32) | (low & UINT32_MAX);
#endif
    return product;
}

/* The upper 128 of the 192 bits of `a` * `b`; `lost` says whether others were set. */
static inline struct double_u128 double_mul_128(struct double_u128 a, uint64_t b, bool *lost)
{
    struct double_u128 high = double_mul_64(a.high, b);
    struct double_u128 low = double_mul_64(a.low, b);

    high.low += low.high;
    high.high += high.low < low.high;
    *lost = low.low != 0;
    return high;
}

/* 10^n = result * 2^e2, -351 <= n <= 350, its highest bit set. */
static inline struct double_u128 double_power_of_ten(int n, int *e2, bool *exact)
{
    int step = (n - DOUBLE_POWER_FIRST * DOUBLE_POWER_STEP) / DOUBLE_POWER_STEP;
    int rest = n - (DOUBLE_POWER_FIRST + step) * DOUBLE_POWER_STEP;
    struct double_u128 power = double_powers[step];
    bool lost;

    if (rest > 0) {
        power = double_mul_128(power, double_fives[rest] << (63 - rest * 9511 / 4096), &lost);
        if (power.high >> 63 == 0) {
            power.high = power.high << 1 | power.low >> 63;
            power.low <<= 1;
        }
    }
    *exact = n >= 0 && n <= DOUBLE_POWER_EXACT;
    *e2 = (n * 217706 >> 16) - 127; /* log2(10) */
    return power;
}

struct double_big {
    uint32_t limbs[DOUBLE_BIG_LIMBS]; /* lowest first, the last one not 0 */
    unsigned count;
};

static inline void double_big_mul_add(struct double_big *b, uint32_t factor, uint32_t addend)
{
    uint64_t carry = addend;
    unsigned i;

    for (i = 0; i < b->count; i++) {
        carry += (uint64_t)b->limbs[i] * factor;
        b->limbs[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry != 0 && b->count < DOUBLE_BIG_LIMBS)
        b->limbs[b->count++] = (uint32_t)carry;
}

static inline void double_big_set(struct double_big *b, uint64_t value)
{
    b->limbs[0] = (uint32_t)value;
    b->limbs[1] = (uint32_t)(value >> 32);
    b->count = value >> 32 != 0 ? 2 : value != 0;
}

static inline void double_big_mul_fives(struct double_big *b, int n)
{
    for (; n >= 13; n -= 13)
        double_big_mul_add(b, 1220703125, 0);
    double_big_mul_add(b, (uint32_t)double_fives[n], 0);
}

static inline void double_big_shift(struct double_big *b, int bits)
{
    unsigned limbs = (unsigned)bits / 32;

    double_big_mul_add(b, UINT32_C(1) << (bits % 32), 0);
    if (b->count == 0 || b->count + limbs > DOUBLE_BIG_LIMBS)
        return;
    memmove(b->limbs + limbs, b->limbs, b->count * sizeof b->limbs[0]);
    memset(b->limbs, 0, limbs * sizeof b->limbs[0]);
    b->count += limbs;
}

/* Sign of decimal * 10^e10 - binary * 2^e2. Changes `decimal`. */
static inline int double_big_compare(struct double_big *decimal, int e10, uint64_t binary, int e2)
{
    struct double_big other;
    unsigned i;

    double_big_set(&other, binary);
    if (e10 >= 0)
        double_big_mul_fives(decimal, e10);
    else
        double_big_mul_fives(&other, -e10);
    if (e10 >= e2)
        double_big_shift(decimal, e10 - e2);
    else
        double_big_shift(&other, e2 - e10);

    if (decimal->count != other.count)
        return decimal->count < other.count ? -1 : 1;
    for (i = other.count; i-- > 0;) {
        if (decimal->limbs[i] != other.limbs[i])
            return decimal->limbs[i] < other.limbs[i] ? -1 : 1;
    }
    return 0;
}

#endif
