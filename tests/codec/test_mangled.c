/* Every message in every form, truncated at each byte and with each byte changed: an error or a value, never a read past the end.
 *
 * The input lies right before a guard page; a decoder that reads one byte too far dies. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "gen/codec.h"
#include "gen/profile.h"
#include "gen/tables.h"
#include "runtime/codec/explain.h"
#include "tests/codec/random_value.h"
#include "tests/support/guard.h"
#include "tests/support/memory.h"

enum { VALUES_A_MESSAGE = 6, FORM_PROTO = -1, FORM_MSGPACK = -2 };

struct mangled {
    struct guard guard;
    struct ops_arena arena;
};

/* One decode of `text` placed against the guard page. */
static void decode(struct mangled *m, const struct ops_message *type, int form, struct ops_str text)
{
    const char *copy = guard_copy(&m->guard, text.ptr, text.len, 1);
    struct ops_str input;
    void *value = ops_arena_zalloc(&m->arena, type->size);
    struct ops_decode_info info;
    struct ops_error error;
    char path[80];

    input = ops_str_of(copy, text.len);
    if (form == FORM_PROTO) {
        if (ops_proto_decode(type, input, &m->arena, value, &error) != OPS_OK)
            assert_true(error.offset_bytes <= text.len);
    } else if (form == FORM_MSGPACK) {
        if (ops_msgpack_decode(type, &ops_style_v1_plus, input, &m->arena, value, &info) != OPS_OK)
            assert_true(info.error.offset_bytes <= text.len);
    } else if (ops_json_decode(type, ops_styles[form], input, &m->arena, value, &info) != OPS_OK) {
        assert_true(info.error.offset_bytes <= text.len);
        assert_true(ops_json_path(input, info.error.offset_bytes, path, sizeof path) <= sizeof path);
    }
    ops_arena_reset(&m->arena);
}

static void mangle(struct mangled *m, const struct ops_message *type, int form, struct ops_str golden)
{
    static const unsigned char masks[] = {0x01, 0x20, 0x80, 0xff};
    char *changed = (char *)malloc(golden.len + 1);
    size_t i, k;

    assert_non_null(changed);
    for (i = 0; i <= golden.len; i++)
        decode(m, type, form, ops_str_of(golden.ptr, i));
    for (i = 0; i < golden.len; i++) {
        for (k = 0; k < sizeof masks; k++) {
            memcpy(changed, golden.ptr, golden.len);
            changed[i] = (char)((unsigned char)changed[i] ^ masks[k]);
            decode(m, type, form, ops_str_of(changed, golden.len));
        }
    }
    free(changed);
}

static void mangle_message(struct mangled *m, const struct ops_message *type, uint64_t seed)
{
    struct random_knobs knobs = random_knobs_default();
    struct random_source random = random_seeded(seed);
    struct ops_arena values = test_arena(TEST_ARENA_BYTES);
    void *value;
    struct ops_buf text;
    int form;

    knobs.string_limit_bytes = 12;
    knobs.list_limit = 2;
    value = random_value(&random, &knobs, type, &values);
    for (form = FORM_MSGPACK; form < (int)ops_styles_count; form++) {
        enum ops_err err;

        ops_buf_init(&text, &values);
        if (form == FORM_PROTO)
            err = ops_proto_encode(type, value, &text);
        else if (form == FORM_MSGPACK)
            err = ops_msgpack_encode(type, &ops_style_v1_plus, value, &text);
        else
            err = ops_json_encode(type, ops_styles[form], value, &text);
        assert_int_equal(err, OPS_OK);
        if (text.len <= 700) /* quadratic: longer ones add time, not places */
            mangle(m, type, form, ops_buf_str(&text));
    }
    ops_arena_reset(&values);
}

static void truncated_or_changed_at_any_byte_is_an_error_or_a_value(void **state)
{
    struct mangled m;
    size_t t;
    uint64_t n;

    (void)state;
    m.guard = guard_open(1 << 16);
    m.arena = test_arena(TEST_ARENA_BYTES);
    for (t = 0; t < ops_messages_count; t++) {
        for (n = 0; n < VALUES_A_MESSAGE; n++)
            mangle_message(&m, ops_messages[t], 1000 * t + n);
    }
    ops_arena_reset(&m.arena);
    guard_close(&m.guard);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(truncated_or_changed_at_any_byte_is_an_error_or_a_value),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
