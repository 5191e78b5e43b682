/* Claims of runtime/codec/proto.h, byte by byte. (test_proto.c compares with other implementations.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "gen/codec.h"
#include "gen/tables.h"
#include "tests/codec/hex.h"
#include "tests/codec/random_value.h"
#include "tests/support/memory.h"

/* ---- refused ------------------------------------------------------------------------------------------------------- */

struct refusal {
    const char *what, *hex;
    enum ops_reason reason;
    size_t offset_bytes;
};

static const struct refusal refusals[] = {
    {"a tag that is cut", "80", OPS_REASON_TRUNCATED, 0},
    {"field number 0", "00", OPS_REASON_TAG, 0},
    {"field number 0 with a length", "0200", OPS_REASON_TAG, 0},
    {"a tag of six bytes", "8a8080808000", OPS_REASON_TAG, 0},
    {"a tag of more than 32 bits", "8a80808010", OPS_REASON_TAG, 0},
    {"a tag of eleven bytes", "8a808080808080808080 01", OPS_REASON_VARINT, 0},
    {"no length", "0a", OPS_REASON_TRUNCATED, 1},
    {"a length past the end", "0a02 61", OPS_REASON_LENGTH, 1},
    {"a length of 2^64-1", "0affffffffffffffffff01", OPS_REASON_LENGTH, 1},
    {"a number that is cut", "18ff", OPS_REASON_TRUNCATED, 1},
    {"a number of eleven bytes", "18 8080808080808080808001", OPS_REASON_VARINT, 1},
    {"a string that is not UTF-8", "0a0361c328", OPS_REASON_UTF8, 3},
    {"a surrogate in a string", "0a03eda080", OPS_REASON_UTF8, 2},
    {"an unknown fixed64 that is cut", "7900000000000000", OPS_REASON_TRUNCATED, 0},
    {"an unknown fixed32 that is cut", "7d000000", OPS_REASON_TRUNCATED, 0},
    {"an unknown length past the end", "7a05 00", OPS_REASON_LENGTH, 1},
    {"wire type 6", "7e", OPS_REASON_WIRE_TYPE, 0},
    {"wire type 7", "7f", OPS_REASON_WIRE_TYPE, 0},
    {"a group's end without a group", "7c", OPS_REASON_WIRE_TYPE, 0},
    {"a group that does not end", "7b", OPS_REASON_TRUNCATED, 0},
    {"a group that another number ends", "7b 7408 00", OPS_REASON_WIRE_TYPE, 1},
    {"a wrong place behind a good field", "0a0164 00", OPS_REASON_TAG, 3},
    {"a wrong place inside a message", "2a04 0a02 0a05", OPS_REASON_LENGTH, 5},
};

static void malformed_bytes_are_refused_where_they_go_wrong(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
        struct ops_op_request out, zero;
        struct ops_error error;

        memset(&zero, 0, sizeof zero);
        memset(&out, 1, sizeof out);
        if (ops_op_request_proto_decode(hex_read(&arena, refusals[i].hex), &arena, &out, &error) != OPS_ERR_SYNTAX)
            fail_msg("not refused: %s", refusals[i].what);
        if (error.reason != refusals[i].reason || error.offset_bytes != refusals[i].offset_bytes)
            fail_msg("%s: %s at byte %zu", refusals[i].what, ops_reason_text(error.reason), error.offset_bytes);
        assert_memory_equal(&out, &zero, sizeof out);
        assert_int_equal(ops_op_request_proto_decode(hex_read(&arena, refusals[i].hex), &arena, &out, NULL), OPS_ERR_SYNTAX);
        ops_arena_reset(&arena);
    }
}

/* `depth` unknown groups, one inside the other. */
static bool groups_are_skipped(size_t depth)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_op_request out;
    char bytes[400];
    enum ops_err err;

    memset(bytes, 0x7b, depth);
    memset(bytes + depth, 0x7c, depth);
    err = ops_op_request_proto_decode(ops_str_of(bytes, 2 * depth), &arena, &out, NULL);
    ops_arena_reset(&arena);
    return err == OPS_OK;
}

static void unknown_groups_nest_64_deep_and_no_deeper(void **state)
{
    (void)state;
    assert_true(groups_are_skipped(1));
    assert_true(groups_are_skipped(64));
    assert_false(groups_are_skipped(65));
    assert_false(groups_are_skipped(200));
}

/* ---- read ---------------------------------------------------------------------------------------------------------- */

static struct ops_op_request read_op(struct ops_arena *arena, const char *hex)
{
    struct ops_op_request out;

    assert_int_equal(ops_op_request_proto_decode(hex_read(arena, hex), arena, &out, NULL), OPS_OK);
    return out;
}

static void unknown_fields_and_wrong_wire_types_are_skipped(void **state)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_op_request out = read_op(&arena, "7805 7a0161 790102030405060708 7d01020304 7b0805 7c 0801 1a0105 0a0164 1807 f8ffffff0f01");

    (void)state;
    assert_true(ops_str_equal(out.document_id, OPS_STR("d")));
    assert_int_equal(out.base_revision, 7);
    ops_arena_reset(&arena);
}

static void the_last_of_a_repeated_singular_field_wins(void **state)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_op_request out = read_op(&arena, "0a0161 1801 0a0162 1802");

    (void)state;
    assert_true(ops_str_equal(out.document_id, OPS_STR("b")));
    assert_int_equal(out.base_revision, 2);
    out = read_op(&arena, "0a0161 0a00"); /* implicit presence: empty is absent */
    assert_null(out.document_id.ptr);
    ops_arena_reset(&arena);
}

/* Two typed ops of the same engine merge: their lists join; another engine replaces. */
static void messages_merge_and_another_variant_replaces(void **state)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_op_request out = read_op(&arena, "2a06 0a04 0a02 0a00 2a06 0a04 0a02 1a00 2a06 0a04 0a02 1a00");

    (void)state;
    assert_non_null(out.op);
    assert_int_equal(out.op->engine, OPS_OP_TEXT);
    assert_int_equal(out.op->text.components_count, 3);
    assert_int_equal(out.op->text.components[0].kind, OPS_TEXT_COMPONENT_RETAIN);
    assert_int_equal(out.op->text.components[2].kind, OPS_TEXT_COMPONENT_DELETE);
    out = read_op(&arena, "2a06 0a04 0a02 0a00 2a02 1200");
    assert_int_equal(out.op->engine, OPS_OP_RICH_TEXT);
    assert_int_equal(out.op->rich_text.components_count, 0);
    assert_null(out.op->rich_text.components);
    ops_arena_reset(&arena);
}

static void strings_are_slices_of_the_input(void **state)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_str input = hex_read(&arena, "0a0164 12027b7d");
    size_t used_bytes = arena.used_bytes;
    struct ops_op_request out;

    (void)state;
    assert_int_equal(ops_op_request_proto_decode(input, &arena, &out, NULL), OPS_OK);
    assert_ptr_equal(out.document_id.ptr, input.ptr + 2);
    assert_ptr_equal(out.payload.ptr, input.ptr + 5);
    assert_int_equal(arena.used_bytes, used_bytes);
    ops_arena_reset(&arena);
}

/* ---- written ------------------------------------------------------------------------------------------------------- */

static void negative_numbers_have_ten_bytes(void **state)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_text_retain retain;
    struct ops_buf out;

    (void)state;
    memset(&retain, 0, sizeof retain);
    ops_buf_init(&out, &arena);
    assert_int_equal(ops_text_retain_proto_encode(&retain, &out), OPS_OK);
    assert_int_equal(out.len, 0);
    retain.count = -1;
    assert_int_equal(ops_text_retain_proto_encode(&retain, &out), OPS_OK);
    assert_string_equal(hex_write(&arena, ops_buf_str(&out)), hex_plain(&arena, "08 ffffffffffffffffff01"));
    ops_arena_reset(&arena);
}

static void a_variant_is_written_even_when_it_is_empty(void **state)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_text_component component;
    struct ops_buf out;

    (void)state;
    memset(&component, 0, sizeof component);
    component.kind = OPS_TEXT_COMPONENT_INSERT;
    ops_buf_init(&out, &arena);
    assert_int_equal(ops_text_component_proto_encode(&component, &out), OPS_OK);
    assert_string_equal(hex_write(&arena, ops_buf_str(&out)), "1200");
    ops_arena_reset(&arena);
}

/* Lengths of one, two, three and four bytes, at three levels, over what was in the buffer. */
static void lengths_are_right_at_every_width(void **state)
{
    static const size_t sizes[] = {0, 1, 100, 115, 116, 117, 118, 119, 120, 121, 122, 123, 124, 125, 126, 127, 128, 129, 130, 4000,
                                   16360, 16365, 16366, 16367, 16368, 16369, 16370, 16371, 16372, 16373, 16374, 16375, 16376,
                                   16377, 16378, 16379, 16380, 16381, 16382, 16383, 16384, 16385, 2097140, 2097150, 2097152};
    size_t i, before;

    (void)state;
    for (i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (before = 0; before < 3; before++) {
            struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
            char *text = (char *)ops_arena_alloc(&arena, sizes[i] + 1);
            struct ops_client_message message, again;
            struct ops_text_component component;
            struct ops_op op;
            struct ops_buf out;

            memset(text, 'x', sizes[i] + 1);
            memset(&message, 0, sizeof message);
            memset(&component, 0, sizeof component);
            memset(&op, 0, sizeof op);
            component.kind = OPS_TEXT_COMPONENT_INSERT;
            component.insert.text = sizes[i] > 0 ? ops_str_of(text, sizes[i]) : ops_str_of(NULL, 0);
            op.engine = OPS_OP_TEXT;
            op.text.components = &component;
            op.text.components_count = 1;
            message.message_type = OPS_CLIENT_MESSAGE_OP_REQUEST;
            message.op_request.op = &op;
            ops_buf_init(&out, &arena);
            assert_true(ops_buf_append(&out, "ab", before));
            assert_int_equal(ops_client_message_proto_encode(&message, &out), OPS_OK);
            assert_memory_equal(out.ptr, "ab", before);
            assert_int_equal(ops_client_message_proto_decode(ops_str_of(out.ptr + before, out.len - before), &arena, &again, NULL),
                             OPS_OK);
            assert_true(ops_client_message_equal(&message, &again));
            ops_arena_reset(&arena);
        }
    }
}

/* Elements of a list that come in pieces, between other fields: room doubles, nothing is lost, memory stays in proportion. */
static void a_list_in_pieces_is_put_together(void **state)
{
    enum { PIECES = 20000 };
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    char *bytes = (char *)ops_arena_alloc(&arena, PIECES * 6);
    struct ops_join_response out;
    size_t i, used_bytes;

    (void)state;
    for (i = 0; i < PIECES; i++)
        memcpy(bytes + i * 6, "\x22\x02\x10\x01\x08\x07", 6); /* pending_ops { revision: 1 }, revision: 7 */
    used_bytes = arena.used_bytes;
    assert_int_equal(ops_join_response_proto_decode(ops_str_of(bytes, PIECES * 6), &arena, &out, NULL), OPS_OK);
    assert_int_equal(out.pending_ops_count, PIECES);
    for (i = 0; i < PIECES; i++)
        assert_int_equal(out.pending_ops[i].revision, 1);
    assert_true(arena.used_bytes - used_bytes < 5 * PIECES * sizeof *out.pending_ops);
    ops_arena_reset(&arena);
}

/* ---- memory -------------------------------------------------------------------------------------------------------- */

static struct ops_str encoded_value(const struct ops_message *type, uint64_t seed, struct ops_arena *arena, void **value)
{
    struct random_knobs knobs = random_knobs_default();
    struct random_source random = random_seeded(seed);
    struct ops_buf out;

    knobs.proto_only = true;
    knobs.opaque_bytes = true;
    *value = random_value(&random, &knobs, type, arena);
    ops_buf_init(&out, arena);
    assert_int_equal(ops_proto_encode(type, *value, &out), OPS_OK);
    return ops_buf_str(&out);
}

static void decoding_is_all_or_nothing_at_every_memory_limit(void **state)
{
    size_t t, limit, i;

    (void)state;
    for (t = 0; t < ops_messages_count; t++) {
        const struct ops_message *type = ops_messages[t];
        struct ops_arena values = test_arena(TEST_ARENA_BYTES);
        void *value;
        struct ops_str bytes = encoded_value(type, 3 + t, &values, &value);
        char *out = (char *)ops_arena_alloc(&values, type->size);
        enum ops_err err = OPS_ERR_NOMEM;

        for (limit = 0; err != OPS_OK; limit += OPS_ARENA_ALIGN) {
            struct ops_arena arena = test_arena(limit);
            struct ops_error error;

            memset(out, 1, type->size);
            err = ops_proto_decode(type, bytes, &arena, out, &error);
            if (err == OPS_OK) {
                assert_true(ops_message_equal(type, value, out));
            } else {
                assert_int_equal(err, OPS_ERR_NOMEM);
                assert_int_equal(error.reason, OPS_REASON_NO_ROOM);
                for (i = 0; i < type->size; i++)
                    assert_int_equal(out[i], 0);
            }
            ops_arena_reset(&arena);
        }
        ops_arena_reset(&values);
    }
}

static void encoding_is_all_or_nothing_at_every_memory_limit(void **state)
{
    size_t t, limit;

    (void)state;
    for (t = 0; t < ops_messages_count; t++) {
        const struct ops_message *type = ops_messages[t];
        struct ops_arena values = test_arena(TEST_ARENA_BYTES);
        void *value;
        struct ops_str bytes = encoded_value(type, 11 + t, &values, &value);
        enum ops_err err = OPS_ERR_NOMEM;

        for (limit = 64; err != OPS_OK; limit += OPS_ARENA_ALIGN) {
            struct ops_arena arena = test_arena(limit);
            struct ops_buf out;

            ops_buf_init(&out, &arena);
            assert_true(ops_buf_append(&out, "before", 6));
            err = ops_proto_encode(type, value, &out);
            assert_memory_equal(out.ptr, "before", 6);
            assert_int_equal(out.len, err == OPS_OK ? 6 + bytes.len : 6);
            if (err == OPS_OK)
                assert_memory_equal(out.ptr + 6, bytes.ptr, bytes.len);
            else
                assert_int_equal(err, OPS_ERR_NOMEM);
            ops_arena_reset(&arena);
        }
        ops_arena_reset(&values);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(malformed_bytes_are_refused_where_they_go_wrong),
        cmocka_unit_test(unknown_groups_nest_64_deep_and_no_deeper),
        cmocka_unit_test(unknown_fields_and_wrong_wire_types_are_skipped),
        cmocka_unit_test(the_last_of_a_repeated_singular_field_wins),
        cmocka_unit_test(messages_merge_and_another_variant_replaces),
        cmocka_unit_test(strings_are_slices_of_the_input),
        cmocka_unit_test(negative_numbers_have_ten_bytes),
        cmocka_unit_test(a_variant_is_written_even_when_it_is_empty),
        cmocka_unit_test(lengths_are_right_at_every_width),
        cmocka_unit_test(a_list_in_pieces_is_put_together),
        cmocka_unit_test(decoding_is_all_or_nothing_at_every_memory_limit),
        cmocka_unit_test(encoding_is_all_or_nothing_at_every_memory_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
