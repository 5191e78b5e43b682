/* Opaque values between MessagePack and JSON. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "gen/codec.h"
#include "gen/profile.h"
#include "gen/tables.h"
#include "runtime/codec/msgpack.h"
#include "tests/codec/hex.h"

struct value_pair {
    const char *json, *hex, *back; /* `back`: how the MessagePack reads in JSON; NULL: as it was */
};

static const struct value_pair pairs[] = {
    {"null", "c0", NULL},
    {"true", "c3", NULL},
    {"false", "c2", NULL},
    {"0", "00", NULL},
    {"-0", "00", "0"},
    {"127", "7f", NULL},
    {"128", "cc80", NULL},
    {"255", "ccff", NULL},
    {"256", "cd0100", NULL},
    {"65535", "cdffff", NULL},
    {"65536", "ce00010000", NULL},
    {"4294967295", "ceffffffff", NULL},
    {"4294967296", "cf0000000100000000", NULL},
    {"18446744073709551615", "cfffffffffffffffff", NULL},
    {"18446744073709551616", "cb43f0000000000000", "18446744073709552000"},
    {"-1", "ff", NULL},
    {"-32", "e0", NULL},
    {"-33", "d0df", NULL},
    {"-128", "d080", NULL},
    {"-129", "d1ff7f", NULL},
    {"-32768", "d18000", NULL},
    {"-32769", "d2ffff7fff", NULL},
    {"-2147483648", "d280000000", NULL},
    {"-2147483649", "d3ffffffff7fffffff", NULL},
    {"-9223372036854775808", "d38000000000000000", NULL},
    {"-9223372036854775809", "d38000000000000000", "-9223372036854775808"}, /* the nearest double is that integer */
    {"-1e19", "cbc3e158e460913d00", "-10000000000000000000"},
    {"1.5", "cb3ff8000000000000", NULL},
    {"-0.0", "00", "0"},
    {"1.0", "01", "1"},
    {"1E2", "64", "100"},
    {"1e18", "cf0de0b6b3a7640000", "1000000000000000000"},
    {"0.1", "cb3fb999999999999a", NULL},
    {"5e-324", "cb0000000000000001", NULL},
    {"1.7976931348623157e308", "cb7fefffffffffffff", "1.7976931348623157e+308"},
    {"\"\"", "a0", NULL},
    {"\"\\u0000\\n\\\"\\\\/\\u001f\x7f\"", "a7000a225c2f1f7f", NULL},
    {"\"\\/\\u0041\\ud83d\\ude00\\b\"", "a72f41f09f988008", "\"/A\xf0\x9f\x98\x80\\b\""},
    {"[]", "90", NULL},
    {"{}", "80", NULL},
    {" [ 1 , { \"a\" : [ ] } ] ", "920181a16190", "[1,{\"a\":[]}]"},
    {"{\"a\":1,\"a\":2}", "82a16101a16102", NULL},
    {"[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15]", "9f0102030405060708090a0b0c0d0e0f", NULL},
    {"[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,[16]]", "dc00100102030405060708090a0b0c0d0e0f9110", NULL},
    {"{\"\":[[[[]]]],\"b\":{\"c\":{\"d\":null}}}", "82a09191 91 90 a16281a16381a164c0", NULL},
};

/* A message with one opaque field around the value. */
static struct ops_anchor anchor_of(struct ops_str json)
{
    struct ops_anchor anchor;

    memset(&anchor, 0, sizeof anchor);
    anchor.kind = OPS_STR("k");
    anchor.data = json;
    return anchor;
}

enum { PREFIX_BYTES = 1 + 5 + 2 + 5 }; /* 82 kind k data */

static enum ops_err to_msgpack(struct ops_arena *arena, struct ops_str json, struct ops_str *msgpack)
{
    struct ops_anchor anchor = anchor_of(json);
    struct ops_buf out;
    enum ops_err e;

    ops_buf_init(&out, arena);
    e = ops_msgpack_encode(&ops_anchor_type, &ops_style_v1, &anchor, &out);
    if (e == OPS_OK)
        *msgpack = ops_str_of(out.ptr + PREFIX_BYTES, out.len - PREFIX_BYTES);
    return e;
}

static void json_values_cross_and_come_back(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
        struct ops_str msgpack, again;
        struct ops_buf json;

        ops_buf_init(&json, &arena);
        assert_int_equal(to_msgpack(&arena, ops_str_of(pairs[i].json, strlen(pairs[i].json)), &msgpack), OPS_OK);
        assert_string_equal(hex_write(&arena, msgpack), hex_plain(&arena, pairs[i].hex));
        assert_int_equal(ops_msgpack_to_json(msgpack, &ops_style_v1, 60, &json, NULL), OPS_OK);
        assert_string_equal(hex_text(&arena, ops_buf_str(&json)),
                            pairs[i].back != NULL ? pairs[i].back : pairs[i].json);
        assert_int_equal(to_msgpack(&arena, ops_buf_str(&json), &again),
                         OPS_OK); /* and then nothing changes any more */
        assert_true(ops_str_equal(msgpack, again));
        ops_arena_reset(&arena);
    }
}

static void what_is_no_json_is_refused(void **state)
{
    static const char *const bad[] = {
        "",    " ",         "nul",  "tru", "+1",      "01",          "1.",       ".5",
        "1e",  "--1",       "'a'",  "\"",  "\"\\x\"", "\"\\ud800\"", "[",        "[1",
        "[1,", "[1,]",      "[,1]", "{",   "{1:2}",   "{\"a\"}",     "{\"a\":}", "{\"a\":1,}",
        "[1}", "{\"a\":1]", "1 2",  "[]]", "NaN",     "\"\xff\"",    "// c\n1",  "\xef\xbb\xbf[]"};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
        struct ops_str msgpack;

        if (to_msgpack(&arena, ops_str_of(bad[i], strlen(bad[i])), &msgpack) != OPS_ERR_SYNTAX)
            fail_msg("accepted: %s", bad[i]);
        ops_arena_reset(&arena);
    }
}

static void what_json_cannot_say_is_refused(void **state)
{
    static const struct {
        const char *hex;
        enum ops_reason reason;
        size_t offset;
    } bad[] = {
        {"", OPS_REASON_TRUNCATED, 0},
        {"c1", OPS_REASON_MSGPACK_TYPE, 0},
        {"c40100", OPS_REASON_MSGPACK_TYPE, 0},
        {"d6ff00000001", OPS_REASON_MSGPACK_TYPE, 0},
        {"81 01 01", OPS_REASON_MSGPACK_TYPE, 1},
        {"81 c0 01", OPS_REASON_MSGPACK_TYPE, 1},
        {"91 cb7ff8000000000000", OPS_REASON_MSGPACK_TYPE, 1},
        {"91 cafff80000", OPS_REASON_MSGPACK_TYPE, 1},
        {"91 caff800000", OPS_REASON_MSGPACK_TYPE, 1},
        {"92 01", OPS_REASON_LENGTH, 0},
        {"82 a161 01", OPS_REASON_LENGTH, 0},
        {"91 92 01", OPS_REASON_LENGTH, 1},
        {"01 01", OPS_REASON_TRAILING, 1},
        {"a2c328", OPS_REASON_UTF8, 1},
        {"81 a1ff 01", OPS_REASON_UTF8, 2},
        {"a3 eda080", OPS_REASON_UTF8, 1},
        {"a2 c080", OPS_REASON_UTF8, 1},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
        struct ops_error error;
        struct ops_buf json;

        ops_buf_init(&json, &arena);
        assert_int_equal(ops_msgpack_to_json(hex_read(&arena, bad[i].hex), &ops_style_v1, 60, &json, &error),
                         OPS_ERR_SYNTAX);
        if (error.reason != bad[i].reason || error.offset_bytes != bad[i].offset)
            fail_msg("%s: %s at byte %zu", bad[i].hex, ops_reason_text(error.reason), error.offset_bytes);
        assert_int_equal(json.len, 0);
        ops_arena_reset(&arena);
    }
}

static void narrow_floats_are_their_exact_doubles(void **state)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_buf json;

    (void)state;
    ops_buf_init(&json, &arena);
    assert_int_equal(ops_msgpack_to_json(hex_read(&arena, "93 ca3dcccccd ca3f000000 cb8000000000000000"), &ops_style_v1,
                                         60, &json, NULL),
                     OPS_OK);
    assert_string_equal(hex_text(&arena, ops_buf_str(&json)), "[0.10000000149011612,0.5,0]");
    ops_arena_reset(&arena);
}

/* `depth` arrays or maps around a scalar, or around nothing. */
static struct ops_str nested(struct ops_arena *arena, unsigned depth, bool maps, bool scalar)
{
    char *bytes = (char *)ops_arena_alloc(arena, depth * 3 + 1);
    size_t len = 0;
    unsigned i;

    for (i = 0; i < depth; i++) {
        bool last = i + 1 == depth && !scalar;

        bytes[len++] = (char)(unsigned char)((maps ? 0x80 : 0x90) + (last ? 0 : 1));
        if (maps && !last) {
            bytes[len++] = (char)0xa1;
            bytes[len++] = 'k';
        }
    }
    if (scalar)
        bytes[len++] = 1;
    return ops_str_of(bytes, len);
}

static void depth_is_counted_as_in_json(void **state)
{
    unsigned depth, how;

    (void)state;
    for (depth = 1; depth <= 70; depth++) {
        for (how = 0; how < 4; how++) {
            struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
            struct ops_str value = nested(&arena, depth, how % 2 == 1, how / 2 == 1), msgpack;
            struct ops_buf json, whole;
            struct ops_anchor from_json, from_msgpack;
            struct ops_decode_info info;
            enum ops_err text, binary;

            ops_buf_init(&json, &arena);
            ops_buf_init(&whole, &arena);
            assert_int_equal(ops_msgpack_to_json(value, &ops_style_v1, depth, &json, NULL), OPS_OK);
            assert_int_equal(ops_msgpack_to_json(value, &ops_style_v1, depth - 1, &whole, NULL), OPS_ERR_SYNTAX);
            assert_true(ops_buf_append(&whole, "{\"kind\":\"k\",\"data\":", 19) &&
                        ops_buf_append(&whole, json.ptr, json.len) && ops_buf_append(&whole, "}", 1));
            text = ops_json_decode(&ops_anchor_type, &ops_style_v1, ops_buf_str(&whole), &arena, &from_json, NULL);
            whole.len = 0;
            assert_true(ops_buf_append(&whole,
                                       "\x82\xa4kind\xa1k\xa4"
                                       "data",
                                       PREFIX_BYTES) &&
                        ops_buf_append(&whole, value.ptr, value.len));
            binary =
                ops_msgpack_decode(&ops_anchor_type, &ops_style_v1, ops_buf_str(&whole), &arena, &from_msgpack, &info);
            assert_int_equal(text, depth <= 60 ? OPS_OK : OPS_ERR_SYNTAX);
            assert_int_equal(binary, text);
            if (binary != OPS_OK)
                assert_int_equal(info.error.reason, OPS_REASON_DEPTH);
            if (depth <= 64)
                assert_int_equal(to_msgpack(&arena, ops_buf_str(&json), &msgpack), OPS_OK);
            else
                assert_int_equal(to_msgpack(&arena, ops_buf_str(&json), &msgpack), OPS_ERR_SYNTAX);
            ops_arena_reset(&arena);
        }
    }
}

/* Lengths around every border between two heads, of strings, lists and maps. */
static void heads_of_every_size_cross(void **state)
{
    static const size_t sizes[] = {0, 1, 15, 16, 31, 32, 255, 256, 8191, 8192, 8193, 65535, 65536, 70000};
    size_t i, k;
    int kind;

    (void)state;
    for (i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (kind = 0; kind < 4; kind++) { /* string, string with escapes, list, object */
            struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
            struct ops_buf json, back;
            struct ops_str msgpack;
            char name[16];

            ops_buf_init(&json, &arena);
            ops_buf_init(&back, &arena);
            ops_buf_append(&json, kind < 2 ? "\"" : kind == 2 ? "[" : "{", 1);
            for (k = 0; k < sizes[i]; k++) {
                if (kind < 2)
                    ops_buf_append(&json, kind == 0 ? "x" : "\\n", kind == 0 ? 1 : 2);
                else if (kind == 2)
                    ops_buf_append(&json, k == 0 ? "1" : ",1", k == 0 ? 1 : 2);
                else
                    ops_buf_append(&json, name,
                                   (size_t)snprintf(name, sizeof name, "%s\"%zu\":1", k == 0 ? "" : ",", k));
            }
            ops_buf_append(&json, kind < 2 ? "\"" : kind == 2 ? "]" : "}", 1);
            assert_int_equal(to_msgpack(&arena, ops_buf_str(&json), &msgpack), OPS_OK);
            assert_int_equal(ops_msgpack_to_json(msgpack, &ops_style_v1, 60, &back, NULL), OPS_OK);
            assert_true(ops_str_equal(ops_buf_str(&json), ops_buf_str(&back)));
            ops_arena_reset(&arena);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_values_cross_and_come_back), cmocka_unit_test(what_is_no_json_is_refused),
        cmocka_unit_test(what_json_cannot_say_is_refused), cmocka_unit_test(narrow_floats_are_their_exact_doubles),
        cmocka_unit_test(depth_is_counted_as_in_json),     cmocka_unit_test(heads_of_every_size_cross),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
