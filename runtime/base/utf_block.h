/* Private: what is wrong with a block as UTF-8.
 *
 * Whether text is valid can be told from each byte and the three before it. Two neighbours are judged by three
 * tables of sixteen entries (the high and the low half of the first byte, the high half of the second); a fault is
 * a bit that all three have set. This is the method of J. Keiser and D. Lemire ("Validating UTF-8 in less than one
 * instruction per byte", 2021). Without table look-ups (plain SSE2) the same is asked with comparisons. */
#ifndef OPS_BASE_UTF_BLOCK_H
#define OPS_BASE_UTF_BLOCK_H

#include "block.h"

#if defined(OPS_BLOCKS_LOOKUP)

/* What two neighbours can be. */
enum {
    UTF_SHORT = 1 << 0,      /* a lead, then no continuation */
    UTF_LONG = 1 << 1,       /* ASCII, then a continuation */
    UTF_OVERLONG_2 = 1 << 2, /* C0, C1 */
    UTF_OVERLONG_3 = 1 << 3, /* E0, then 80..9F */
    UTF_SURROGATE = 1 << 4,  /* ED, then A0..BF */
    UTF_EDGE_4 = 1 << 5,     /* F0 or F5..FF, then 80..8F: overlong, or too large */
    UTF_LARGE = 1 << 6,      /* F4..FF, then 90..BF */
    UTF_TWO = 1 << 7         /* two continuations: a fault unless a longer character wants the second */
};

static const uint8_t utf_first_high[16] = {
    UTF_LONG, UTF_LONG, UTF_LONG, UTF_LONG, UTF_LONG, UTF_LONG, UTF_LONG, UTF_LONG, UTF_TWO, UTF_TWO, UTF_TWO, UTF_TWO,
    UTF_SHORT | UTF_OVERLONG_2,
    UTF_SHORT,
    UTF_SHORT | UTF_OVERLONG_3 | UTF_SURROGATE,
    UTF_SHORT | UTF_EDGE_4 | UTF_LARGE};

#define UTF_ANY (UTF_SHORT | UTF_LONG | UTF_TWO)
#define UTF_FIVE_UP (UTF_ANY | UTF_EDGE_4 | UTF_LARGE)
static const uint8_t utf_first_low[16] = {
    UTF_ANY | UTF_OVERLONG_2 | UTF_OVERLONG_3 | UTF_EDGE_4,
    UTF_ANY | UTF_OVERLONG_2,
    UTF_ANY,
    UTF_ANY,
    UTF_ANY | UTF_LARGE,
    UTF_FIVE_UP, UTF_FIVE_UP, UTF_FIVE_UP, UTF_FIVE_UP, UTF_FIVE_UP, UTF_FIVE_UP, UTF_FIVE_UP, UTF_FIVE_UP,
    UTF_FIVE_UP | UTF_SURROGATE,
    UTF_FIVE_UP, UTF_FIVE_UP};
#undef UTF_ANY
#undef UTF_FIVE_UP

#define UTF_CONTINUES (UTF_LONG | UTF_OVERLONG_2 | UTF_TWO)
static const uint8_t utf_second_high[16] = {
    UTF_SHORT, UTF_SHORT, UTF_SHORT, UTF_SHORT, UTF_SHORT, UTF_SHORT, UTF_SHORT, UTF_SHORT,
    UTF_CONTINUES | UTF_OVERLONG_3 | UTF_EDGE_4,
    UTF_CONTINUES | UTF_OVERLONG_3 | UTF_LARGE,
    UTF_CONTINUES | UTF_SURROGATE | UTF_LARGE,
    UTF_CONTINUES | UTF_SURROGATE | UTF_LARGE,
    UTF_SHORT, UTF_SHORT, UTF_SHORT, UTF_SHORT};
#undef UTF_CONTINUES

/* Not zero where `x` is wrong; `behind` is the same text from one, two and three bytes earlier on. */
static inline block_bytes utf_block_judge(block_bytes x, const block_bytes behind[3])
{
    block_bytes faults, wanted;

    faults = block_and(block_lookup(block_table(utf_first_high), block_high_half(behind[0])),
                       block_lookup(block_table(utf_first_low), block_and(behind[0], block_all(0x0f))));
    faults = block_and(faults, block_lookup(block_table(utf_second_high), block_high_half(x)));
    /* Bit 7 where a lead of three two bytes before, or one of four three bytes before, wants a continuation. */
    wanted = block_or(block_minus(behind[1], block_all(0xe0 - 0x80)), block_minus(behind[2], block_all(0xf0 - 0x80)));
    return block_xor(faults, block_and(wanted, block_all(UTF_TWO)));
}

#elif defined(OPS_BLOCKS)

static inline block_bytes utf_block_judge(block_bytes x, const block_bytes behind[3])
{
    const block_bytes zero = block_all(0), first = behind[0];
    block_bytes faults, wanted;

    wanted = block_or(block_minus(first, block_all(0xbf)), block_minus(behind[1], block_all(0xdf)));
    wanted = block_or(wanted, block_minus(behind[2], block_all(0xef)));
    /* A continuation where none is wanted, or none where one is. */
    faults = block_equal(block_less(x, block_all(0xc0)), block_equal(wanted, zero));
    faults = block_or(faults, block_minus(x, block_all(0xf4)));
    faults = block_or(faults, block_equal(block_and(x, block_all(0xfe)), block_all(0xc0)));
    faults = block_or(faults, block_and(block_equal(first, block_all(0xe0)), block_less(x, block_all(0xa0))));
    faults = block_or(faults, block_and(block_equal(first, block_all(0xed)), block_less(block_all(0x9f), x)));
    faults = block_or(faults, block_and(block_equal(first, block_all(0xf0)), block_less(x, block_all(0x90))));
    return block_or(faults, block_and(block_equal(first, block_all(0xf4)), block_less(block_all(0x8f), x)));
}

#endif

#if defined(OPS_BLOCKS)

/* Not zero where `x` is wrong behind `before`. A character that the end of `x` cuts is not complained of: the next
 * block, or zeros, will. */
static inline block_bytes utf_block_faults(block_bytes x, block_bytes before)
{
    block_bytes behind[3];

    block_behind(x, before, behind);
    return utf_block_judge(x, behind);
}

/* The same for a block at `ptr` that is not the first: three more loads are cheaper than moving bytes between
 * registers. */
static inline block_bytes utf_block_faults_at(block_bytes x, const char *ptr)
{
    block_bytes behind[3];

    behind[0] = block_load(ptr - 1);
    behind[1] = block_load(ptr - 2);
    behind[2] = block_load(ptr - 3);
    return utf_block_judge(x, behind);
}

#endif
#endif
