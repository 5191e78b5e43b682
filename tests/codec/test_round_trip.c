/* Random values of every message come back from JSON of every style: the same value, the same bytes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "gen/codec.h"
#include "gen/profile.h"
#include "gen/tables.h"
#include "tests/codec/random_value.h"
#include "tests/support/memory.h"

static unsigned long values_a_message(void)
{
    const char *many = getenv("OPS_VALUES");

    return many != NULL ? strtoul(many, NULL, 10) : 400;
}

/* One value through one style. */
static void come_back(const struct ops_message *type, const struct ops_json_style *style, uint64_t seed)
{
    struct random_knobs knobs = random_knobs_default();
    struct random_source random = random_seeded(seed);
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    void *value, *again = ops_arena_zalloc(&arena, type->size);
    struct ops_decode_info info;
    struct ops_buf first, second;

    knobs.style = style;
    value = random_value(&random, &knobs, type, &arena);
    ops_buf_init(&first, &arena);
    ops_buf_init(&second, &arena);
    assert_int_equal(ops_json_encode(type, style, value, &first), OPS_OK);
    if (ops_json_decode(type, style, ops_buf_str(&first), &arena, again, &info) != OPS_OK)
        fail_msg("%s in %s, seed %llu: %s at byte %zu of %.*s", type->name.ptr, style->name, (unsigned long long)seed,
                 ops_reason_text(info.error.reason), info.error.offset_bytes, (int)first.len, first.ptr);
    assert_int_equal(ops_json_encode(type, style, again, &second), OPS_OK);
    if (!ops_str_equal(ops_buf_str(&first), ops_buf_str(&second)))
        fail_msg("%s in %s, seed %llu: %.*s became %.*s", type->name.ptr, style->name, (unsigned long long)seed,
                 (int)first.len, first.ptr, (int)second.len, second.ptr);
    /* Three replies of ServerMessage are the same `comment` in v1: which of them it was is not in the text. */
    if (type->envelope == NULL && !ops_message_equal(type, value, again))
        fail_msg("%s in %s, seed %llu: another value, the same text %.*s", type->name.ptr, style->name,
                 (unsigned long long)seed, (int)first.len, first.ptr);
    ops_arena_reset(&arena);
}

static void every_message_comes_back_in_every_style(void **state)
{
    unsigned long many = values_a_message(), n;
    size_t t, s;

    (void)state;
    for (t = 0; t < ops_messages_count; t++) {
        for (s = 0; s < ops_styles_count; s++) {
            for (n = 0; n < many; n++)
                come_back(ops_messages[t], ops_styles[s], (t * 100 + s) * 1000000 + n);
        }
    }
}

/* With ever more memory: either complete, or "no memory" and nothing changed. */
static void decoding_is_all_or_nothing_at_every_memory_limit(void **state)
{
    size_t t;

    (void)state;
    for (t = 0; t < ops_messages_count; t++) {
        const struct ops_message *type = ops_messages[t];
        struct random_knobs knobs = random_knobs_default();
        struct random_source random = random_seeded(7 + t);
        struct ops_arena values = test_arena(TEST_ARENA_BYTES);
        struct ops_buf text;
        size_t limit;

        knobs.style = &ops_style_v1_plus;
        ops_buf_init(&text, &values);
        assert_int_equal(ops_json_encode(type, knobs.style, random_value(&random, &knobs, type, &values), &text), OPS_OK);
        for (limit = 0;; limit += 8) {
            static const char zero[4096];
            char out[4096];
            struct ops_arena arena = test_arena(limit);
            enum ops_err err;

            assert_true(type->size <= sizeof out);
            memset(out, 1, sizeof out);
            err = ops_json_decode(type, knobs.style, ops_buf_str(&text), &arena, out, NULL);
            if (err != OPS_OK) {
                assert_int_equal(err, OPS_ERR_NOMEM);
                assert_memory_equal(out, zero, type->size);
            }
            ops_arena_reset(&arena);
            if (err == OPS_OK)
                break;
        }
        ops_arena_reset(&values);
    }
}

static void encoding_is_all_or_nothing_at_every_memory_limit(void **state)
{
    size_t t;

    (void)state;
    for (t = 0; t < ops_messages_count; t++) {
        const struct ops_message *type = ops_messages[t];
        struct random_knobs knobs = random_knobs_default();
        struct random_source random = random_seeded(9 + t);
        struct ops_arena values = test_arena(TEST_ARENA_BYTES);
        void *value;
        size_t limit;

        knobs.style = &ops_style_p1;
        value = random_value(&random, &knobs, type, &values);
        for (limit = 16;; limit += 8) {
            struct ops_arena arena = test_arena(limit);
            struct ops_buf out;
            enum ops_err err;

            ops_buf_init(&out, &arena);
            assert_true(ops_buf_append(&out, "before", 6));
            err = ops_json_encode(type, knobs.style, value, &out);
            assert_true(out.len >= 6 && memcmp(out.ptr, "before", 6) == 0);
            if (err != OPS_OK) {
                assert_int_equal(err, OPS_ERR_NOMEM);
                assert_int_equal(out.len, 6);
            }
            ops_arena_reset(&arena);
            if (err == OPS_OK)
                break;
        }
        ops_arena_reset(&values);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_message_comes_back_in_every_style),
        cmocka_unit_test(decoding_is_all_or_nothing_at_every_memory_limit),
        cmocka_unit_test(encoding_is_all_or_nothing_at_every_memory_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
