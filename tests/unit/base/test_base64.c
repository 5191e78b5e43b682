/* Claims of runtime/base/base64.h, against code that goes bit by bit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "runtime/base/base64.h"
#include "tests/support/guard.h"
#include "tests/support/random.h"

enum { ROUNDS = 150000, LEN_MAX = 300, TEXT_MAX = 800 };

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static size_t model_encode64(const char *in, size_t len, char *out)
{
    size_t bit, n = 0;

    for (bit = 0; bit < len * 8; bit += 6) {
        unsigned value = 0, k;

        for (k = 0; k < 6; k++) {
            size_t at = bit + k;

            value = value << 1 | (at < len * 8 ? (unsigned)(unsigned char)in[at / 8] >> (7 - at % 8) & 1u : 0u);
        }
        out[n++] = letters[value];
    }
    while (n % 4 != 0)
        out[n++] = '=';
    return n;
}

/* The result's size, or SIZE_MAX and the offset of what is wrong. */
static size_t model_decode64(const char *in, size_t len, char *out, size_t *bad)
{
    size_t count = 0, pads = 0, bits = 0, n = 0, i;
    unsigned held = 0;

    for (i = 0; i < len; i++) {
        const char *letter = in[i] != '\0' ? strchr(letters, in[i]) : NULL;

        if (in[i] == ' ' || in[i] == '\t' || in[i] == '\r' || in[i] == '\n')
            continue;
        *bad = i;
        if (in[i] == '=') {
            if ((count + pads) % 4 < 2)
                return SIZE_MAX;
            pads++;
            continue;
        }
        if (letter == NULL || pads > 0)
            return SIZE_MAX;
        count++;
        held = held << 6 | (unsigned)(letter - letters);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out[n++] = (char)(held >> bits & 0xff);
        }
    }
    *bad = len;
    return (count + pads) % 4 != 0 ? SIZE_MAX : n;
}

static void check_decode(const struct guard *g, const struct guard *h, const char *text, size_t len)
{
    char want[TEXT_MAX];
    size_t want_bad = 0, bad = SIZE_MAX, n = model_decode64(text, len, want, &want_bad), got;
    char *out = guard_last(h, ops_base64_decoded_bound(len));

    got = ops_base64_decode(out, guard_copy(g, text, len, 1), len, &bad);
    if (got != n || (n == SIZE_MAX && bad != want_bad) || (n != SIZE_MAX && memcmp(out, want, n) != 0))
        fail_msg("seed %llu: \"%.*s\": %zd bytes, %zd expected; bad %zd, %zd expected", (unsigned long long)random_seed,
                 (int)len, text, (ssize_t)got, (ssize_t)n, (ssize_t)bad, (ssize_t)want_bad);
}

static void every_length_comes_back_exactly(void **state)
{
    struct guard g = guard_open(TEXT_MAX), h = guard_open(TEXT_MAX);
    unsigned round;

    random_seeded(state);
    for (round = 0; round < ROUNDS; round++) {
        char bytes[LEN_MAX], want[TEXT_MAX];
        size_t len = round % (LEN_MAX + 1), n, i;
        char *out = guard_last(&h, ops_base64_encoded_bytes(len));

        for (i = 0; i < len; i++)
            bytes[i] = (char)rnd();
        n = model_encode64(bytes, len, want);
        assert_int_equal(ops_base64_encoded_bytes(len), n);
        assert_ptr_equal(ops_base64_encode(out, guard_copy(&g, bytes, len, (int)(round & 1)), len), out + n);
        assert_memory_equal(out, want, n);
        check_decode(&g, &h, want, n);
    }
    guard_close(&g);
    guard_close(&h);
}

static void damaged_text_is_refused_at_the_first_wrong_character(void **state)
{
    static const char odd[] = " \t\r\n==-_\v\f.,@[`{/:+\x80\xff";
    struct guard g = guard_open(TEXT_MAX), h = guard_open(TEXT_MAX);
    unsigned round;

    random_seeded(state);
    for (round = 0; round < ROUNDS; round++) {
        char text[TEXT_MAX];
        size_t len = rnd_below(LEN_MAX), n = 0, i;
        unsigned spaces = rnd_below(3) == 0 ? 1 + rnd_below(80) : 0, times = rnd_below(3);

        for (i = 0; i < len; i++) {
            text[n++] = letters[rnd_below(64)];
            if (spaces > 0 && rnd_below(spaces) == 0)
                text[n++] = " \t\r\n"[rnd_below(4)];
        }
        for (i = 0; i < len % 4 && rnd_below(8) != 0; i++) { /* 1: too many or too few */
            if (i < 4 - len % 4)
                text[n++] = '=';
            if (spaces > 0 && rnd_below(4) == 0)
                text[n++] = '\n';
        }
        for (; times > 0 && n > 0; times--) {
            if (rnd_below(4) == 0)
                n -= 1;
            else
                text[rnd() % n] = rnd_below(8) != 0 ? odd[rnd_below(sizeof odd - 1)] : (char)rnd();
        }
        check_decode(&g, &h, text, n);
    }
    guard_close(&g);
    guard_close(&h);
}

static void every_byte_at_every_place_of_a_block_is_judged(void **state)
{
    struct guard g = guard_open(TEXT_MAX), h = guard_open(TEXT_MAX);
    unsigned c, at;

    (void)state;
    for (at = 0; at < 96; at++) {
        for (c = 0; c < 256; c++) {
            char text[96];

            memset(text, 'Q', sizeof text);
            text[at] = (char)c;
            check_decode(&g, &h, text, sizeof text);
            check_decode(&g, &h, text, at / 4 * 4 + 4);
        }
    }
    guard_close(&g);
    guard_close(&h);
}

struct example {
    const char *text, *bytes; /* NULL: refused */
    size_t bad;
};

static void white_space_and_padding_are_as_the_header_says(void **state)
{
    static const struct example examples[] = {
        {"", "", 0},           {" \r\n\t", "", 0}, {"QQ==", "A", 0},          {"QUI=", "AB", 0},   {"QUJD", "ABC", 0},
        {"QR==", "A", 0},      {"QUJ=", "AB", 0},  {" Q U\nI = ", "AB", 0},   {"QQ= =\n", "A", 0}, {"QQ", NULL, 2},
        {"QQ=", NULL, 3},      {"QUI", NULL, 3},   {"Q===", NULL, 1},         {"====", NULL, 0},   {"=", NULL, 0},
        {"QQ==QQ==", NULL, 4}, {"QUJD=", NULL, 4}, {"QQ===", NULL, 4},        {"QUI==", NULL, 4},  {"QU-_", NULL, 2},
        {"QQ==\v", NULL, 4},   {"QQ=A", NULL, 3},  {"QUJD\xc2\xa0", NULL, 4},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof examples / sizeof *examples; i++) {
        const struct example *e = &examples[i];
        char out[64];
        size_t bad = SIZE_MAX, n = ops_base64_decode(out, e->text, strlen(e->text), &bad);

        if (e->bytes == NULL ? n != SIZE_MAX || bad != e->bad : n != strlen(e->bytes) || memcmp(out, e->bytes, n) != 0)
            fail_msg("\"%s\": %zd bytes, bad %zd", e->text, (ssize_t)n, (ssize_t)bad);
    }
}

static void megabytes_come_back_with_and_without_line_ends(void **state)
{
    size_t len = 1000003, n = ops_base64_encoded_bytes(len), lines = 0, i, bad;
    char *bytes = (char *)malloc(len), *text = (char *)malloc(n), *folded = (char *)malloc(2 * n);
    char *out = (char *)malloc(ops_base64_decoded_bound(2 * n));

    random_seeded(state);
    for (i = 0; i < len; i++)
        bytes[i] = (char)rnd();
    assert_ptr_equal(ops_base64_encode(text, bytes, len), text + n);
    assert_int_equal(ops_base64_decode(out, text, n, &bad), len);
    assert_memory_equal(out, bytes, len);
    for (i = 0; i < n; i++) {
        folded[lines++] = text[i];
        if (i % 75 == 74)
            folded[lines++] = '\n';
    }
    assert_int_equal(ops_base64_decode(out, folded, lines, &bad), len);
    assert_memory_equal(out, bytes, len);
    free(bytes);
    free(text);
    free(folded);
    free(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_length_comes_back_exactly),
        cmocka_unit_test(damaged_text_is_refused_at_the_first_wrong_character),
        cmocka_unit_test(every_byte_at_every_place_of_a_block_is_judged),
        cmocka_unit_test(white_space_and_padding_are_as_the_header_says),
        cmocka_unit_test(megabytes_come_back_with_and_without_line_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
