/* A failed decode in one sentence. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "gen/codec.h"
#include "gen/profile.h"
#include "gen/tables.h"
#include "runtime/base/utf.h"
#include "runtime/codec/explain.h"
#include "runtime/codec/msgpack.h"
#include "tests/codec/hex.h"

struct place {
    const char *json; /* the place is behind the mark ^, which is taken out */
    const char *path;
};

static const struct place places[] = {
    {"^", "$"},
    {"^{}", "$"},
    {"{^}", "$"},
    {"{}^", "$"},
    {"{} ^x", "$"},
    {"{\"a\":^1}", "$.a"},
    {"{\"a\":12^3}", "$.a"},
    {"{\"a\": ^1}", "$.a"},
    {"{\"a\":^}", "$.a"},
    {"{\"a\":^", "$.a"},
    {"{\"a\" ^ :1}", "$"},
    {"{^\"a\":1}", "$"},
    {"{\"a^\":1}", "$"},
    {"{\"a\"^", "$"},
    {"{\"a\":1^}", "$"},
    {"{\"a\":1 ^x}", "$"},
    {"{\"a\":1,^}", "$"},
    {"{\"a\":\"b^c\"}", "$.a"},
    {"{\"a\":\"b\\\"^c\"}", "$.a"},
    {"{\"a\":\"bc^", "$.a"},
    {"{\"a\":1,\"b\":tru^x}", "$.b"},
    {"[^1]", "$[0]"},
    {"[1,^2]", "$[1]"},
    {"[1 ^2]", "$"},
    {"[1,^]", "$[1]"},
    {"[[],[[],[^", "$[1][1][0]"},
    {"{\"components\":[{},{},{},{\"type\":\"retain\",\"count\":^-1}]}", "$.components[3].count"},
    {"{\"a\":{\"b\":[{\"c\":1},{\"c\":^", "$.a.b[1].c"},
    {"{\"a\":{\"b\":1},\"c\":^", "$.c"},
    {"{\"a\":[1,2],\"c\":[1,2,^", "$.c[2]"},
    {"{\"a b\":^1}", "$[\"a b\"]"},
    {"{\"\":^1}", "$[\"\"]"},
    {"{\"$type-_9\":^1}", "$.$type-_9"},
    {"{\"\\u0061\\\"\":^1}", "$[\"\\u0061\\\"\"]"},
    {"{\"\xc3\xa4\":^1}", "$[\"\xc3\xa4\"]"},
    {"{\"\xff\":^1}", "$[\"?\"]"},
    {"{\"\x01\":^1}", "$[\"?\"]"},
    {"]^", "$"},
    {"[}^1", "$[0]"},
    {"{]^1", "$"},
    {"{\"a\":]^", "$.a"},
    {"\xff^\xfe", "$"},
    {"nonsense^", "$"},
    {"{\"a\":nonsense,\"b\":^", "$.b"},
};

static void the_path_names_the_value_at_the_byte(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof places / sizeof *places; i++) {
        const char *mark = strchr(places[i].json, '^');
        size_t before = (size_t)(mark - places[i].json), len = strlen(places[i].json) - 1, n;
        char *json = (char *)malloc(len + 1), path[128];

        memcpy(json, places[i].json, before);
        memcpy(json + before, mark + 1, len - before + 1);
        n = ops_json_path(ops_str_of(json, len), before, path, sizeof path - 1);
        path[n] = '\0';
        free(json);
        if (strcmp(path, places[i].path) != 0)
            fail_msg("%s: %s instead of %s", places[i].json, path, places[i].path);
    }
}

/* Too long a path loses its middle, never half a character. */
static void a_long_path_is_cut_in_the_middle(void **state)
{
    static const char json[] =
        "{\"\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\":{\"abc defghij\":[{\"\xf0\x9f\x98\x80\xf0\x9f\x98\x80 \":1";
    static const char whole[] =
        "$[\"\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\"][\"abc defghij\"][0][\"\xf0\x9f\x98\x80\xf0\x9f\x98\x80 \"]";
    struct ops_str input = ops_str_of(json, sizeof json - 1);
    size_t room;

    (void)state;
    for (room = 0; room <= 64; room++) {
        char *path = (char *)malloc(room + 1);
        size_t n = ops_json_path(input, input.len - 1, path, room);

        assert_true(n <= room);
        assert_int_equal(ops_utf8_valid_prefix(path, n), n);
        if (room >= sizeof whole - 1) {
            assert_int_equal(n, sizeof whole - 1);
            assert_memory_equal(path, whole, n);
        } else if (room >= 3) {
            size_t dots = 0;

            while (memcmp(path + dots, "...", 3) != 0)
                dots++;
            assert_memory_equal(path, whole, dots);
            assert_memory_equal(path + dots + 3, whole + sizeof whole - 1 - (n - dots - 3), n - dots - 3);
            assert_true(n + 6 >= room);
        }
        free(path);
    }
}

/* Every byte string, cut and changed anywhere, has a path. */
static void any_input_has_a_path(void **state)
{
    static const char json[] = "{\"a\":[{\"b c\":\"\\\"\"},[],null,-1.5e3],\"\xc3\xa4\":{\"d\":true}}";
    size_t len, at, change;
    char path[16];

    (void)state;
    for (len = 0; len < sizeof json; len++) {
        for (change = 0; change < len; change++) {
            char *copy = (char *)malloc(len);

            memcpy(copy, json, len);
            copy[change] = "\"\\{}[],:x\xff"[(len + change) % 10];
            for (at = 0; at <= len; at++) {
                size_t n = ops_json_path(ops_str_of(copy, len), at, path, sizeof path);

                assert_true(n >= 1 && n <= sizeof path);
                assert_int_equal(ops_utf8_valid_prefix(path, n), n);
            }
            free(copy);
        }
    }
}

static void depth_beyond_every_limit_has_a_path(void **state)
{
    char *json = (char *)malloc(100000), path[64];
    size_t n;

    (void)state;
    memset(json, '[', 100000);
    n = ops_json_path(ops_str_of(json, 100000), 99999, path, sizeof path);
    assert_int_equal(n, 64);
    assert_memory_equal(path, "$[0][0]", 7);
    n = ops_json_path(ops_str_of(NULL, 0), 0, path, sizeof path);
    assert_true(n == 1 && path[0] == '$');
    free(json);
}

/* ---- sentences --------------------------------------------------------------------------------------------------- */

struct sentence {
    const struct ops_message *type;
    const char *input; /* JSON, or hexadecimal digits after '#' */
    const char *text;
};

static const struct sentence sentences[] = {
    {&ops_text_op_type, "{\"components\":[{\"type\":\"retain\",\"count\":1},{\"type\":\"retain\",\"count\":-1}]}",
     "$.components[1].count: expected an integer of 0 to 2147483647 at byte 68"},
    {&ops_join_request_type, "{}", "$: a required member is missing: documentId at byte 0"},
    {&ops_join_request_type, "{\"documentId\":1,\"documentType\":\"\",\"protocolVersion\":1}",
     "$.documentId: expected a string at byte 14"},
    {&ops_join_request_type, "{\"documentId\":\"d\" \"documentType\":\"\"}",
     "$: expected ',' or the end of the object or list at byte 18"},
    {&ops_join_request_type, "{\"documentId\":\"\\x\"}", "$.documentId: an unknown escape in a string at byte 15"},
    {&ops_text_op_type, "{\"components\":[{\"count\":1}]}",
     "$.components[0]: the object has no discriminator at byte 15"},
    {&ops_text_op_type, "", "$: expected a JSON value, found nothing at byte 0"},
    {&ops_text_op_type, "{\"components\":[]}x", "$: unexpected text after the value at byte 17"},
    {&ops_text_op_type, "#", "expected a value, found nothing at byte 0"},
    {&ops_text_op_type, "#90", "expected a map at byte 0"},
    {&ops_text_op_type, "#80", "a required member is missing: components at byte 0"},
    {&ops_text_op_type, "#81aa636f6d706f6e656e747301", "expected an array at byte 12"},
    {&ops_text_retain_type, "#81a5636f756e74ff", "expected an integer of 0 to 2147483647 at byte 7"},
    {&ops_hub_ack_type, "#81aa73657175656e63654964ff", "expected an integer of 0 to 9223372036854775807 at byte 12"},
};

static void a_sentence_says_where_and_what(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof sentences / sizeof *sentences; i++) {
        const struct sentence *s = &sentences[i];
        struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
        bool binary = s->input[0] == '#';
        struct ops_str input = binary ? hex_read(&arena, s->input + 1) : ops_str_of(s->input, strlen(s->input));
        void *value = ops_arena_zalloc(&arena, s->type->size);
        struct ops_decode_info info;
        struct ops_buf out;

        ops_buf_init(&out, &arena);
        assert_int_equal(binary ? ops_msgpack_decode(s->type, &ops_style_v1, input, &arena, value, &info)
                                : ops_json_decode(s->type, &ops_style_v1, input, &arena, value, &info),
                         OPS_ERR_SYNTAX);
        assert_true(ops_error_sentence(&info.error, input, binary, &out));
        assert_string_equal(hex_text(&arena, ops_buf_str(&out)), s->text);
        ops_arena_reset(&arena);
    }
}

static void a_sentence_without_a_place_is_the_phrase(void **state)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES), none = test_arena(0);
    struct ops_error error;
    struct ops_buf out;

    (void)state;
    ops_buf_init(&out, &arena);
    ops_fail(&error, OPS_ERR_NOMEM, OPS_REASON_NO_ROOM, SIZE_MAX);
    assert_true(ops_error_sentence(&error, OPS_STR("{}"), false, &out));
    assert_string_equal(hex_text(&arena, ops_buf_str(&out)), "a memory limit was reached");
    ops_buf_init(&out, &none);
    assert_false(ops_error_sentence(&error, OPS_STR("{}"), false, &out));
    assert_int_equal(out.len, 0);
    ops_arena_reset(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_path_names_the_value_at_the_byte),
        cmocka_unit_test(a_long_path_is_cut_in_the_middle),
        cmocka_unit_test(any_input_has_a_path),
        cmocka_unit_test(depth_beyond_every_limit_has_a_path),
        cmocka_unit_test(a_sentence_says_where_and_what),
        cmocka_unit_test(a_sentence_without_a_place_is_the_phrase),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
