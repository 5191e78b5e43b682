/* Integers as decimal text, two digits a step and no division below 10^8.
 *
 * A number below 10^8 is multiplied by 2^32 / 100^k once; the upper 32 bits are then its first two digits, and a
 * multiplication of the lower half by 100 brings up the next two. test_num.c tries all 10^8 of them against division. */
#include "runtime/base/num.h"

static const char num_pairs[201] = "00010203040506070809101112131415161718192021222324"
                                   "25262728293031323334353637383940414243444546474849"
                                   "50515253545556575859606162636465666768697071727374"
                                   "75767778798081828384858687888990919293949596979899";

static char *num_pair(char *out, uint64_t scaled)
{
    memcpy(out, num_pairs + (scaled >> 32) * 2, 2);
    return out + 2;
}

static char *num_more_pairs(char *out, uint64_t scaled, unsigned pairs)
{
    for (; pairs > 0; pairs--) {
        scaled = (scaled & UINT32_MAX) * 100;
        out = num_pair(out, scaled);
    }
    return out;
}

/* `n` < 10^8, scaled so that two digits are above the point and six below. */
static uint64_t num_scale_8(uint64_t n)
{
    return ((n * UINT64_C(281474977)) >> 16) + 1;
}

/* `n` < 10^8 without leading zeros. */
static char *num_head(char *out, uint64_t n)
{
    uint64_t scaled;
    unsigned pairs;

    if (n < 100) {
        scaled = n << 32;
        pairs = 0;
    } else if (n < 10000) {
        scaled = n * 42949673;
        pairs = 1;
    } else if (n < 1000000) {
        scaled = n * 429497;
        pairs = 2;
    } else {
        scaled = num_scale_8(n);
        pairs = 3;
    }
    if ((scaled >> 32) < 10)
        *out++ = (char)('0' + (scaled >> 32));
    else
        out = num_pair(out, scaled);
    return num_more_pairs(out, scaled, pairs);
}

/* `n` < 10^8 as eight digits. */
static char *num_tail(char *out, uint64_t n)
{
    uint64_t scaled = num_scale_8(n);

    return num_more_pairs(num_pair(out, scaled), scaled, 3);
}

char *ops_uint64_write(char *out, uint64_t value)
{
    const uint64_t chunk = 100000000;
    uint64_t high;

    if (value < chunk)
        return num_head(out, value);
    high = value / chunk;
    if (high < chunk)
        out = num_head(out, high);
    else
        out = num_tail(num_head(out, high / chunk), high % chunk);
    return num_tail(out, value % chunk);
}

char *ops_int64_write(char *out, int64_t value)
{
    uint64_t magnitude = (uint64_t)value;

    if (value < 0) {
        *out++ = '-';
        magnitude = 0 - magnitude;
    }
    return ops_uint64_write(out, magnitude);
}
