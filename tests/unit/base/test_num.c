/* Claims of runtime/base/num.h. The oracles are the C library and Node. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "runtime/base/num.h"

static uint64_t seed, state64;

static uint64_t rnd(void)
{
    state64 ^= state64 << 13;
    state64 ^= state64 >> 7;
    state64 ^= state64 << 17;
    return state64;
}

static int seeded(void **state)
{
    const char *given = getenv("OPS_SEED");

    (void)state;
    seed = given != NULL ? strtoull(given, NULL, 0) : 1;
    state64 = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    return 0;
}

static double of_bits(uint64_t bits)
{
    double value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint64_t bits_of(double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static bool is_finite(double value)
{
    return (bits_of(value) >> 52 & 0x7ff) != 0x7ff;
}

/* One of every kind: uniform in bits, subnormal, powers of two, few digits, fractions of two, near integers. */
static double random_double(unsigned kind)
{
    double value;

    switch (kind % 6) {
    case 1:
        return of_bits(rnd() & UINT64_C(0x800fffffffffffff));
    case 2:
        return of_bits((rnd() & UINT64_C(0x7fc0000000000000)) + UINT64_C(0x0010000000000000) - (rnd() & 1));
    case 3:
        return (double)(rnd() % 100000000) / 10000.0;
    case 4:
        return (double)(int64_t)rnd() / (double)(UINT64_C(1) << rnd() % 64);
    case 5:
        return 9007199254740992.0 + (double)(rnd() % 1000) - 500.0;
    default:
        do {
            value = of_bits(rnd());
        } while (!is_finite(value));
        return value;
    }
}

static void check_integer(int64_t value)
{
    char text[OPS_INT64_CHARS + 1], unsigned_text[OPS_INT64_CHARS + 1], expected[32];

    *ops_int64_write(text, value) = '\0';
    snprintf(expected, sizeof expected, "%" PRId64, value);
    assert_string_equal(text, expected);
    *ops_uint64_write(unsigned_text, (uint64_t)value) = '\0';
    snprintf(expected, sizeof expected, "%" PRIu64, (uint64_t)value);
    assert_string_equal(unsigned_text, expected);
}

static void integers_are_written_as_printf_writes_them(void **state)
{
    uint64_t power = 1;

    (void)state;
    for (int64_t i = -100000; i <= 100000; i++)
        check_integer(i);
    for (int n = 0; n < 64; n++)
        for (uint64_t off = 0; off < 5; off++)
            check_integer((int64_t)((UINT64_C(1) << n) + off - 2));
    for (int n = 0; n < 20; n++, power *= 10)
        for (uint64_t off = 0; off < 5; off++)
            check_integer((int64_t)(power + off - 2));
    for (int i = 0; i < 1000000; i++)
        check_integer((int64_t)(rnd() >> rnd() % 64));
}

/* The multiplications of num.c are exact below 10^8: tried for all of them, as one half of a longer number and alone. */
static void every_integer_below_1e8_is_exact(void **state)
{
    char expected[] = "100000000", text[OPS_INT64_CHARS];
    const uint64_t stride = getenv("OPS_SLOW_TESTS") != NULL ? 1 : 37;

    (void)state;
    for (uint64_t n = 0; n < 100000000; n += stride) {
        uint64_t rest = n;
        size_t length = 1;

        for (int i = 8; i > 0; i--, rest /= 10)
            expected[i] = (char)('0' + rest % 10);
        ops_uint64_write(text, 100000000 + n);
        if (memcmp(text, expected, 9) != 0)
            fail_msg("%" PRIu64, n + 100000000);
        for (rest = n; rest >= 10; rest /= 10)
            length++;
        if (ops_uint64_write(text, n) != text + length || memcmp(text, expected + 9 - length, length) != 0)
            fail_msg("%" PRIu64, n);
    }
}

static void written_doubles_read_back_the_same(void **state)
{
    char text[OPS_DOUBLE_CHARS + 1];

    (void)state;
    for (unsigned i = 0; i < 2000000; i++) {
        double value = random_double(i);
        char *end = ops_double_write(text, value);

        assert_true(end - text <= OPS_DOUBLE_CHARS);
        *end = '\0';
        if (strtod(text, NULL) != value || ops_double_read(ops_str_of(text, (size_t)(end - text))) != value)
            fail_msg("OPS_SEED=%" PRIu64 ": %a became %s", seed, value, text);
    }
}

static void check_read(const char *text)
{
    double expected = strtod(text, NULL), value = ops_double_read(ops_str_of(text, strlen(text)));

    if (bits_of(value) != bits_of(expected))
        fail_msg("OPS_SEED=%" PRIu64 ": %s read as %a, not %a", seed, text, value, expected);
}

static void doubles_are_read_as_strtod_reads_them(void **state)
{
    char text[64];

    (void)state;
    for (unsigned i = 0; i < 500000; i++) {
        double value = random_double(i);

        for (int precision = 14; precision <= 20; precision += 3) {
            snprintf(text, sizeof text, "%.*g", precision, value);
            check_read(text);
        }
        snprintf(text, sizeof text, "%" PRIu64 "e%d", rnd() >> rnd() % 64, (int)(rnd() % 700) - 370);
        check_read(text);
    }
}

/* Odd integers above 2^53 lie exactly between two doubles; a digit far behind decides, however far. */
static void ties_go_to_even_and_one_far_digit_decides(void **state)
{
    char text[1400];

    (void)state;
    for (int i = 0; i < 3000; i++) {
        uint64_t tie = (UINT64_C(1) << 53) + (rnd() % (UINT64_C(1) << 53) | 1);
        int zeros = (int)(rnd() % 1200);

        snprintf(text, sizeof text, "%" PRIu64, tie);
        check_read(text);
        snprintf(text, sizeof text, "%" PRIu64 ".%0*d", tie, zeros + 1, 0);
        check_read(text);
        snprintf(text, sizeof text, "%" PRIu64 ".%0*d", tie, zeros + 1, 1);
        check_read(text);
        snprintf(text, sizeof text, "%" PRIu64 "%0*de-%d", tie, zeros + 1, 1, zeros + 1);
        check_read(text);
        snprintf(text, sizeof text, "%" PRIu64 ".%0*d", tie - 1, zeros + 1, 0);
        memset(strchr(text, '.') + 1, '9', (size_t)zeros + 1);
        check_read(text);
    }
    check_read("2.4703282292062327e-324");
    check_read("2.4703282292062328e-324");
    check_read("1.7976931348623158e308");
    check_read("1.7976931348623159e308");
}

static void read_never_looks_beyond_the_view(void **state)
{
    (void)state;
    assert_true(ops_double_read(ops_str_of("12345", 2)) == 12.0);
    assert_true(ops_double_read(ops_str_of("1.5e10", 4)) == 1.5);
    assert_true(ops_double_read(ops_str_of("1.5e10", 2)) == 1.0);
    assert_true(ops_double_read(ops_str_of("-", 1)) == 0.0);
    assert_true(ops_double_read(ops_str_of("", 0)) == 0.0);
}

/* The script lies beside this file; the test runs from the build folder or the top of the tree. */
static FILE *node_doubles(void)
{
    char script[512], command[700];
    const char *slash = strrchr(__FILE__, '/');
    FILE *file;

    snprintf(script, sizeof script, "%.*s/doubles.mjs", slash != NULL ? (int)(slash - __FILE__) : 1,
             slash != NULL ? __FILE__ : ".");
    file = fopen(script, "r");
    if (file == NULL) {
        snprintf(script, sizeof script, "tests/unit/base/doubles.mjs");
        file = fopen(script, "r");
    }
    assert_non_null(file);
    fclose(file);
    if (system("node --version >/dev/null 2>&1") != 0)
        return NULL;
    snprintf(command, sizeof command, "node '%s' 200000 %" PRIu64, script, seed);
    return popen(command, "r");
}

static void doubles_are_written_and_read_as_node_does(void **state)
{
    static char line[8192];
    FILE *node = node_doubles();
    unsigned wrote = 0, read = 0;

    (void)state;
    if (node == NULL) {
        print_message("# node is not in the PATH: nothing to compare with\n");
        skip();
    }
    while (fgets(line, sizeof line, node) != NULL) {
        char *expected, text[OPS_DOUBLE_CHARS + 1];
        uint64_t bits = strtoull(line + 2, &expected, 16);

        expected++;
        expected[strcspn(expected, "\n")] = '\0';
        if (line[0] == 'w') {
            *ops_double_write(text, of_bits(bits)) = '\0';
            wrote++;
            if (strcmp(text, expected) != 0)
                fail_msg("OPS_SEED=%" PRIu64 ": wrote %s, Node %s", seed, text, expected);
        } else {
            double value = ops_double_read(ops_str_of(expected, strlen(expected)));

            read++;
            if (bits_of(value) != bits)
                fail_msg("OPS_SEED=%" PRIu64 ": %s read as %a, Node %a", seed, expected, value, of_bits(bits));
        }
    }
    assert_int_equal(pclose(node), 0);
    assert_true(wrote >= 200000 && read >= 200000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(integers_are_written_as_printf_writes_them, seeded),
        cmocka_unit_test_setup(every_integer_below_1e8_is_exact, seeded),
        cmocka_unit_test_setup(written_doubles_read_back_the_same, seeded),
        cmocka_unit_test_setup(doubles_are_read_as_strtod_reads_them, seeded),
        cmocka_unit_test_setup(ties_go_to_even_and_one_far_digit_decides, seeded),
        cmocka_unit_test_setup(read_never_looks_beyond_the_view, seeded),
        cmocka_unit_test_setup(doubles_are_written_and_read_as_node_does, seeded),
    };

    return cmocka_run_group_tests_name("base/num", tests, NULL, NULL);
}
