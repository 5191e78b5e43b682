/* Claims of runtime/base/utf.h. The oracle is tests/support/utf_model.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "runtime/base/utf.h"
#include "tests/support/guard.h"
#include "tests/support/utf_model.h"

enum { ROUNDS = 150000, LEN_MAX = 200 };

static void check_prefix(const struct guard *g, const char *text, size_t len)
{
    size_t want = model_valid_prefix(text, len);
    int last;

    for (last = 0; last < 2; last++) {
        size_t got = ops_utf8_valid_prefix(guard_copy(g, text, len, last), len);

        if (got != want)
            fail_msg("seed %llu: %zu of %zu bytes instead of %zu", (unsigned long long)random_seed, got, len, want);
    }
}

static void valid_prefix_is_the_longest_one(void **state)
{
    struct guard g = guard_open(LEN_MAX);
    unsigned round;

    random_seeded(state);
    for (round = 0; round < ROUNDS; round++) {
        char text[LEN_MAX + 3];
        size_t len = random_text(text, rnd_below(LEN_MAX + 1));

        if (round % 4 != 0)
            random_damage(text, len);
        if (round % 8 == 1)
            len -= len == 0 ? 0 : rnd() % len % 4; /* cut */
        check_prefix(&g, text, len);
    }
    guard_close(&g);
}

/* Behind 0 to 70 ASCII bytes, so that it falls on every place of a block and over its end. */
static void every_pair_of_bytes_is_judged_at_every_place_of_a_block(void **state)
{
    struct guard g = guard_open(LEN_MAX);
    unsigned first, second, before;

    (void)state;
    for (first = 0x70; first < 0x100; first++) {
        for (second = 0x70; second < 0x100; second++) {
            for (before = (first * 7 + second) % 5; before <= 70; before += 5) {
                char text[80];
                size_t behind = second % 4; /* continuations that may be wanted */

                memset(text, 'a', sizeof text);
                text[before] = (char)first;
                text[before + 1] = (char)second;
                memset(text + before + 2, 0x80, behind);
                check_prefix(&g, text, before + 2 + behind + first % 3);
            }
        }
    }
    guard_close(&g);
}

static void every_code_point_is_encoded_decoded_and_valid(void **state)
{
    uint32_t cp;

    (void)state;
    for (cp = 0; cp <= 0x10ffff; cp++) {
        char got[4], want[4];
        unsigned len = ops_utf8_encode(cp, got), read = 0;
        bool surrogate = cp >= 0xd800 && cp <= 0xdfff;

        assert_int_equal(len, model_encode(cp, want));
        assert_memory_equal(got, want, len);
        assert_int_equal(ops_utf8_decode(got, got + len, &read), cp);
        assert_int_equal(read, len);
        assert_int_equal(ops_utf8_valid_prefix(got, len), surrogate ? 0 : len);
    }
}

static int sign(int n)
{
    return (n > 0) - (n < 0);
}

static void lengths_and_order_are_those_of_utf16(void **state)
{
    static uint16_t a_units[LEN_MAX], b_units[LEN_MAX];
    struct guard g = guard_open(LEN_MAX), h = guard_open(LEN_MAX);
    unsigned round;

    random_seeded(state);
    for (round = 0; round < ROUNDS; round++) {
        char a_text[LEN_MAX + 3], b_text[LEN_MAX + 3];
        size_t a_len = random_text(a_text, rnd_below(LEN_MAX + 1)), b_len = random_text(b_text, rnd_below(LEN_MAX + 1));
        size_t same = rnd() % (a_len + 1), a_count, b_count, i;
        struct ops_str a, b;
        int want;

        same = model_valid_prefix(a_text, same);
        if (same + b_len <= LEN_MAX) { /* b begins like a */
            memmove(b_text + same, b_text, b_len);
            memcpy(b_text, a_text, same);
            b_len += same;
        }
        a_count = model_utf16(a_text, a_len, a_units);
        b_count = model_utf16(b_text, b_len, b_units);
        a = ops_str_of(guard_copy(&g, a_text, a_len, 1), a_len);
        b = ops_str_of(guard_copy(&h, b_text, b_len, 1), b_len);
        assert_int_equal(ops_utf16_length(a.ptr, a.len), a_count);
        assert_int_equal(ops_utf16_length(b.ptr, b.len), b_count);

        for (i = 0; i < a_count && i < b_count && a_units[i] == b_units[i]; i++)
            ;
        want =
            i < a_count && i < b_count ? (a_units[i] < b_units[i] ? -1 : 1) : (a_count > b_count) - (a_count < b_count);
        if (sign(ops_utf16_compare(a, b)) != want || sign(ops_utf16_compare(b, a)) != -want)
            fail_msg("seed %llu, round %u: order %d expected", (unsigned long long)random_seed, round, want);
    }
    guard_close(&g);
    guard_close(&h);
}

static void a_long_text_is_counted_without_overflow(void **state)
{
    size_t len = 4 * 100003, i;
    char *text = (char *)malloc(len);

    (void)state;
    for (i = 0; i < len; i += 4)
        memcpy(text + i, "\xf0\x9f\x98\x80", 4);
    assert_int_equal(ops_utf16_length(text, len), len / 2);
    assert_int_equal(ops_utf8_valid_prefix(text, len), len);
    assert_int_equal(ops_utf8_valid_prefix(text, len - 1), len - 4);
    text[len - 30] = 'x';
    assert_int_equal(ops_utf8_valid_prefix(text, len), len - 32);
    free(text);
}

static void absent_sorts_before_empty(void **state)
{
    struct ops_str absent = ops_str_of(NULL, 0), empty = OPS_STR("");

    (void)state;
    assert_int_equal(sign(ops_utf16_compare(absent, empty)), -1);
    assert_int_equal(sign(ops_utf16_compare(empty, absent)), 1);
    assert_int_equal(ops_utf16_compare(absent, absent), 0);
    assert_true(ops_utf16_compare(OPS_STR("\xf0\x90\x80\x80"), OPS_STR("\xee\x80\x80")) <
                0); /* U+10000 before U+E000 */
    assert_true(ops_utf16_compare(OPS_STR("\xf0\x90\x80\x80"), OPS_STR("\xed\x9f\xbf")) > 0);
}

static void blank_and_control_are_those_of_dotnet(void **state)
{
    static const uint32_t spaces[] = {9,      10,     11,     12,     13,     32,     0x85,   0xa0,   0x1680,
                                      0x2000, 0x2001, 0x2002, 0x2003, 0x2004, 0x2005, 0x2006, 0x2007, 0x2008,
                                      0x2009, 0x200a, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000};
    uint32_t cp;

    (void)state;
    assert_true(ops_utf8_is_blank(OPS_STR("")));
    assert_false(ops_utf8_has_control(OPS_STR("")));
    for (cp = 0; cp <= 0x10ffff; cp++) {
        char text[8] = "\xe3\x80\x80"; /* a space before it */
        size_t len = 3 + model_encode(cp, text + 3), i;
        bool space = false;

        for (i = 0; i < sizeof spaces / sizeof *spaces; i++)
            space |= spaces[i] == cp;
        assert_int_equal(ops_utf8_is_blank(ops_str_of(text, len)), space);
        assert_int_equal(ops_utf8_has_control(ops_str_of(text, len)), cp < 0x20 || (cp >= 0x7f && cp < 0xa0));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid_prefix_is_the_longest_one),
        cmocka_unit_test(every_pair_of_bytes_is_judged_at_every_place_of_a_block),
        cmocka_unit_test(every_code_point_is_encoded_decoded_and_valid),
        cmocka_unit_test(lengths_and_order_are_those_of_utf16),
        cmocka_unit_test(a_long_text_is_counted_without_overflow),
        cmocka_unit_test(absent_sorts_before_empty),
        cmocka_unit_test(blank_and_control_are_those_of_dotnet),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
