/* Reading a string in one pass gives what scanning and then unescaping it gives, and fails where that fails. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "runtime/base/json_text.h"
#include "tests/codec/random_text.h"
#include "tests/support/guard.h"
#include "tests/support/memory.h"

enum { TEXT_BYTES = 400, ROUNDS = 300000 };

/* A text that begins as a string: pieces that are right, with a wrong one now and then, and with or without an end. */
static size_t make_text(struct random_source *random, char *out)
{
    static const char *const pieces[] = {
        "plain text that fills a block or more of thirty-two bytes", "a", "\xc3\xa9", "\xe6\x97\xa5\xe6\x9c\xac", "\xf0\x9f\x98\x80",
        "\\n", "\\\"", "\\\\", "\\/", "\\u0041", "\\u00e9", "\\ud83d\\ude00", "\\u0000", "0123456789abcdef"};
    static const char *const wrong[] = {"\\x", "\\ud800", "\\ude00", "\\u12", "\n", "\xff", "\xc3", "\xed\xa0\x80", "\\ud83d\\n", "\""};
    size_t len = 0, count = random_below(random, 12), i;

    out[len++] = '"';
    for (i = 0; i < count; i++) {
        bool bad = random_one_in(random, 40);
        const char *piece = bad ? wrong[random_below(random, 10)] : pieces[random_below(random, 14)];

        memcpy(out + len, piece, strlen(piece));
        len += strlen(piece);
    }
    if (!random_one_in(random, 20))
        out[len++] = '"';
    if (random_one_in(random, 3))
        out[len++] = ',';
    return random_one_in(random, 20) ? 1 + random_below(random, len) : len;
}

static struct ops_json_scan scan_of(const char *text, size_t len)
{
    struct ops_json_scan s;

    memset(&s, 0, sizeof s);
    s.begin = s.at = text;
    s.end = text + len;
    return s;
}

/* One text, in an arena of `limit_bytes`. */
static void check_text(const char *text, size_t len, size_t limit_bytes)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES), small = test_arena(limit_bytes);
    struct ops_json_scan two = scan_of(text, len), one = two;
    struct ops_str raw, value;
    bool escaped, good = ops_json_scan_string(&two, &raw, &escaped), read = ops_json_read_string(&one, &small, &value);

    if (!read && one.reason == OPS_REASON_NO_ROOM) {
        assert_true(good && escaped && raw.len + 8 > limit_bytes);
    } else if (!good) {
        assert_false(read);
        assert_int_equal(one.reason, two.reason);
        assert_ptr_equal(one.bad, two.bad);
    } else {
        char *plain = (char *)ops_arena_alloc(&arena, raw.len + 1);
        size_t plain_len = ops_json_unescape(plain, raw);

        assert_true(read);
        assert_ptr_equal(one.at, two.at);
        assert_int_equal(value.len, plain_len);
        assert_memory_equal(value.ptr, plain, plain_len);
        if (!escaped)
            assert_ptr_equal(value.ptr, raw.ptr);
    }
    ops_arena_reset(&arena);
    ops_arena_reset(&small);
}

static void one_pass_gives_what_two_give(void **state)
{
    struct random_source random = random_seeded(20261121);
    struct guard g = guard_open(2 * TEXT_BYTES);
    char text[2 * TEXT_BYTES];
    size_t i;

    (void)state;
    for (i = 0; i < ROUNDS; i++) {
        size_t len = make_text(&random, text);

        check_text(guard_copy(&g, text, len, 1), len, TEST_ARENA_BYTES);
    }
    guard_close(&g);
}

static void an_arena_smaller_than_the_rest_of_the_input_still_serves_a_short_string(void **state)
{
    char text[4096];
    size_t limit;

    (void)state;
    memset(text, ' ', sizeof text);
    memcpy(text, "\"a\\nb\"", 6);
    for (limit = 0; limit < 64; limit++)
        check_text(text, sizeof text, limit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_pass_gives_what_two_give),
        cmocka_unit_test(an_arena_smaller_than_the_rest_of_the_input_still_serves_a_short_string),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
