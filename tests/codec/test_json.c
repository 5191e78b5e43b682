/* How JSON is read: spec/v1.md §2 and opstream-wire.md §1.4-1.5, a rule a row.
 *
 * A row reads a text as a message in one style and writes it in another, or says why and where it is refused. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "gen/codec.h"
#include "gen/profile.h"
#include "gen/tables.h"
#include "tests/support/memory.h"

struct row {
    const struct ops_message *type;
    const struct ops_json_style *in, *out;
    const char *text;
    const char *expected; /* NULL: refused */
    enum ops_reason reason;
    size_t offset_bytes;
};

static void check_row(const struct row *row)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    void *value = ops_arena_zalloc(&arena, row->type->size);
    struct ops_decode_info info;
    enum ops_err err = ops_json_decode(row->type, row->in, ops_str_of(row->text, strlen(row->text)), &arena, value, &info);
    struct ops_buf out;

    if (row->expected == NULL) {
        if (err == OPS_OK)
            fail_msg("taken, but should not be: %s", row->text);
        if (info.error.reason != row->reason || info.error.offset_bytes != row->offset_bytes)
            fail_msg("%s: refused for \"%s\" at byte %zu, expected \"%s\" at byte %zu", row->text,
                     ops_reason_text(info.error.reason), info.error.offset_bytes, ops_reason_text(row->reason),
                     row->offset_bytes);
    } else {
        if (err != OPS_OK)
            fail_msg("%s: refused for \"%s\" at byte %zu", row->text, ops_reason_text(info.error.reason),
                     info.error.offset_bytes);
        ops_buf_init(&out, &arena);
        assert_int_equal(ops_json_encode(row->type, row->out, value, &out), OPS_OK);
        if (!ops_str_equal(ops_buf_str(&out), ops_str_of(row->expected, strlen(row->expected))))
            fail_msg("%s became %.*s, expected %s", row->text, (int)out.len, out.ptr, row->expected);
    }
    ops_arena_reset(&arena);
}

#define CHECK(rows)                                                                                                    \
    do {                                                                                                               \
        size_t n;                                                                                                      \
        (void)state;                                                                                                   \
        for (n = 0; n < sizeof(rows) / sizeof *(rows); n++)                                                            \
            check_row(&(rows)[n]);                                                                                     \
    } while (0)

#define TEXT_OP &ops_text_op_type
#define V1 &ops_style_v1
#define P0 &ops_style_p0
#define TAKEN(message, in, out, text, expected) {message, in, out, text, expected, OPS_REASON_NONE, 0}
#define REFUSED(message, in, text, reason, offset) {message, in, in, text, NULL, OPS_REASON_##reason, offset}

static void members_come_in_any_order_and_unknown_ones_are_skipped(void **state)
{
    static const struct row rows[] = {
        TAKEN(TEXT_OP, V1, V1, " { \"x\" : [1,{\"y\":null}], \"components\" : [ { \"text\":\"a\", \"type\":\"insert\" } ] } ",
              "{\"components\":[{\"type\":\"insert\",\"text\":\"a\"}]}"),
        TAKEN(TEXT_OP, P0, P0, "{\"x\":1,\"components\":[{\"type\":\"insert\",\"text\":\"Hi\",\"y\":{\"z\":[1,2]},\"count\":7}],\"w\":null}",
              "{\"components\":[{\"type\":\"insert\",\"text\":\"Hi\"}]}"),
    };

    CHECK(rows);
}

static void the_exact_name_counts_else_the_last_in_another_letter_case(void **state)
{
    static const struct row rows[] = {
        TAKEN(TEXT_OP, V1, V1, "{\"components\":[{\"type\":\"delete\",\"COUNT\":1,\"count\":2}]}", "{\"components\":[{\"type\":\"delete\",\"count\":2}]}"),
        TAKEN(TEXT_OP, V1, V1, "{\"components\":[{\"type\":\"delete\",\"count\":2,\"COUNT\":1}]}", "{\"components\":[{\"type\":\"delete\",\"count\":2}]}"),
        TAKEN(TEXT_OP, V1, V1, "{\"components\":[{\"type\":\"delete\",\"Count\":1,\"COUNT\":3}]}", "{\"components\":[{\"type\":\"delete\",\"count\":3}]}"),
        TAKEN(TEXT_OP, V1, V1, "{\"components\":[{\"type\":\"delete\",\"count\":1,\"count\":3}]}", "{\"components\":[{\"type\":\"delete\",\"count\":3}]}"),
        /* a value that does not count may be anything that is JSON */
        TAKEN(TEXT_OP, V1, V1, "{\"components\":[{\"type\":\"delete\",\"count\":\"x\",\"count\":3}]}", "{\"components\":[{\"type\":\"delete\",\"count\":3}]}"),
        TAKEN(TEXT_OP, V1, V1, "{\"components\":[{\"type\":\"delete\",\"Count\":null,\"count\":3}]}", "{\"components\":[{\"type\":\"delete\",\"count\":3}]}"),
        REFUSED(TEXT_OP, V1, "{\"components\":[{\"type\":\"delete\",\"count\":3,\"count\":\"x\"}]}", WANT_INTEGER, 50),
        /* reference: the last one, in any letter case */
        TAKEN(TEXT_OP, P0, P0, "{\"Components\":[{\"type\":\"delete\",\"count\":2,\"COUNT\":1}]}", "{\"components\":[{\"type\":\"delete\",\"count\":1}]}"),
        REFUSED(TEXT_OP, P0, "{\"components\":[{\"type\":\"delete\",\"count\":\"x\",\"count\":3}]}", WANT_INTEGER, 40),
        REFUSED(&ops_client_message_type, &ops_style_p1, "{\"messageType\":\"0\"}", WANT_INTEGER, 15),
    };

    CHECK(rows);
}

static void the_discriminator_is_anywhere_in_v1_and_first_in_reference(void **state)
{
    static const struct row rows[] = {
        TAKEN(TEXT_OP, V1, V1, "{\"components\":[{\"count\":1,\"$type\":\"retain\"}]}", "{\"components\":[{\"type\":\"retain\",\"count\":1}]}"),
        TAKEN(TEXT_OP, V1, V1, "{\"components\":[{\"$type\":\"x\",\"count\":1,\"type\":\"retain\"}]}", "{\"components\":[{\"type\":\"retain\",\"count\":1}]}"),
        TAKEN(TEXT_OP, V1, V1, "{\"components\":[{\"type\":\"insert\",\"count\":1,\"type\":\"retain\"}]}", "{\"components\":[{\"type\":\"retain\",\"count\":1}]}"),
        TAKEN(TEXT_OP, V1, V1, "{\"components\":[{\"\\u0074ype\":\"ret\\u0061in\",\"count\":1}]}", "{\"components\":[{\"type\":\"retain\",\"count\":1}]}"),
        TAKEN(&ops_json_op_batch_type, V1, V1, "{\"operations\":[{\"type\":\"delete\",\"path\":\"a\",\"timestamp\":-1,\"peerId\":\"p\"}]}",
              "{\"operations\":[{\"type\":\"del\",\"path\":\"a\",\"timestamp\":-1,\"peerId\":\"p\"}]}"),
        REFUSED(TEXT_OP, V1, "{\"components\":[{\"count\":1}]}", NO_DISCRIMINATOR, 15),
        REFUSED(TEXT_OP, V1, "{\"components\":[{\"type\":\"Retain\",\"count\":1}]}", UNKNOWN_VARIANT, 23),
        REFUSED(TEXT_OP, V1, "{\"components\":[{\"type\":1,\"count\":1}]}", WANT_STRING, 23),
        REFUSED(TEXT_OP, P0, "{\"components\":[{\"count\":1,\"type\":\"retain\"}]}", DISCRIMINATOR_FIRST, 15),
        REFUSED(TEXT_OP, P0, "{\"components\":[{\"Type\":\"retain\",\"count\":1}]}", DISCRIMINATOR_FIRST, 15),
        REFUSED(TEXT_OP, P0, "{\"components\":[{\"type\":\"retain\",\"count\":1,\"$x\":1}]}", DISCRIMINATOR_FIRST, 42),
        REFUSED(TEXT_OP, P0, "{\"components\":[{\"type\":\"retain\",\"type\":\"retain\",\"count\":1}]}", DISCRIMINATOR_FIRST, 32),
        TAKEN(TEXT_OP, P0, P0, "{\"$id\":\"1\",\"components\":[]}", "{\"components\":[]}"),
        REFUSED(&ops_json_op_batch_type, P0, "{\"operations\":[{\"$type\":\"delete\",\"path\":\"a\",\"timestamp\":1,\"peerId\":\"p\"}]}", UNKNOWN_VARIANT, 24),
    };

    CHECK(rows);
}

static void numbers_are_integers_in_range(void **state)
{
    static const struct row rows[] = {
        TAKEN(TEXT_OP, V1, V1, "{\"components\":[{\"type\":\"retain\",\"count\":-0}]}", "{\"components\":[{\"type\":\"retain\",\"count\":0}]}"),
        TAKEN(TEXT_OP, V1, V1, "{\"components\":[{\"type\":\"retain\",\"count\":2147483647}]}", "{\"components\":[{\"type\":\"retain\",\"count\":2147483647}]}"),
        REFUSED(TEXT_OP, V1, "{\"components\":[{\"type\":\"retain\",\"count\":2147483648}]}", WANT_INTEGER, 40),
        REFUSED(TEXT_OP, V1, "{\"components\":[{\"type\":\"retain\",\"count\":-1}]}", WANT_INTEGER, 40),
        TAKEN(TEXT_OP, P0, P0, "{\"components\":[{\"type\":\"retain\",\"count\":-1}]}", "{\"components\":[{\"type\":\"retain\",\"count\":-1}]}"),
        REFUSED(TEXT_OP, V1, "{\"components\":[{\"type\":\"retain\",\"count\":1.0}]}", WANT_INTEGER, 40),
        REFUSED(TEXT_OP, V1, "{\"components\":[{\"type\":\"retain\",\"count\":1e3}]}", WANT_INTEGER, 40),
        REFUSED(TEXT_OP, V1, "{\"components\":[{\"type\":\"retain\",\"count\":\"1\"}]}", WANT_INTEGER, 40),
        REFUSED(TEXT_OP, V1, "{\"components\":[{\"type\":\"insert\",\"text\":1}]}", WANT_STRING, 39),
        TAKEN(&ops_form_clear_type, V1, V1, "{\"fieldName\":\"\",\"timestamp\":-9223372036854775808,\"peerId\":\"\"}",
              "{\"fieldName\":\"\",\"timestamp\":-9223372036854775808,\"peerId\":\"\"}"),
        REFUSED(&ops_form_clear_type, V1, "{\"fieldName\":\"\",\"timestamp\":9223372036854775808,\"peerId\":\"\"}", WANT_INTEGER, 28),
    };

    CHECK(rows);
}

static void what_is_required_is_missed_and_null_is_absent_or_a_value(void **state)
{
    static const struct row rows[] = {
        REFUSED(TEXT_OP, V1, "{}", MISSING, 0),
        REFUSED(TEXT_OP, V1, "{\"components\":null}", NULL_VALUE, 14),
        REFUSED(TEXT_OP, V1, "{\"components\":[null]}", NULL_VALUE, 15),
        REFUSED(TEXT_OP, V1, "{\"components\":[{\"type\":\"insert\",\"text\":null}]}", NULL_VALUE, 39),
        TAKEN(&ops_rich_text_op_type, V1, V1, "{\"components\":[{\"type\":\"insert\",\"text\":\"a\",\"attributes\":null},{\"type\":\"retain\",\"count\":1,\"attributes\":{}}]}",
              "{\"components\":[{\"type\":\"insert\",\"text\":\"a\"},{\"type\":\"retain\",\"count\":1}]}"),
        TAKEN(&ops_rich_text_op_type, P0, P0, "{\"components\":[{\"$type\":\"insert\",\"text\":\"a\"},{\"$type\":\"retain\",\"count\":1,\"attributes\":{}}]}",
              "{\"components\":[{\"$type\":\"insert\",\"text\":\"a\",\"attributes\":null},{\"$type\":\"retain\",\"count\":1,\"attributes\":{}}]}"),
        TAKEN(&ops_tree_op_batch_type, V1, V1, "{\"operations\":[{\"type\":\"move\",\"nodeId\":\"A\",\"newParentId\":\"B\",\"newPosition\":\"m\",\"timestamp\":1,\"peerId\":\"p\"}]}",
              "{\"operations\":[{\"type\":\"move\",\"nodeId\":\"A\",\"newParentId\":\"B\",\"newPosition\":\"m\",\"newPayload\":null,\"timestamp\":1,\"peerId\":\"p\"}]}"),
        REFUSED(&ops_tree_op_batch_type, P0, "{\"operations\":[{\"$type\":\"move\",\"nodeId\":\"A\",\"newParentId\":\"B\",\"newPosition\":\"m\",\"timestamp\":1,\"peerId\":\"p\"}]}", MISSING, 15),
        TAKEN(&ops_json_op_batch_type, P0, P0, "{\"operations\":[{\"$type\":\"set\",\"path\":\"a\",\"value\":null}]}",
              "{\"operations\":[{\"$type\":\"set\",\"path\":\"a\",\"value\":null,\"timestamp\":0,\"peerId\":null}]}"),
        REFUSED(&ops_json_op_batch_type, P0, "{\"operations\":[{\"$type\":\"set\",\"path\":\"a\",\"timestamp\":1,\"peerId\":\"p\"}]}", MISSING, 15),
        TAKEN(TEXT_OP, P0, P0, "{}", "{\"components\":[]}"), /* the engine refuses it, in its own words */
        TAKEN(TEXT_OP, P0, P0, "{\"components\":null}", "{\"components\":[]}"),
        REFUSED(&ops_tree_op_batch_type, P0, "{}", MISSING, 0),
        REFUSED(TEXT_OP, P0, "null", WANT_OBJECT, 0),
    };

    CHECK(rows);
}

static void opaque_values_are_verbatim_in_v1_and_emitted_again_in_reference(void **state)
{
    static const char in[] = "{\"operations\":[{\"$type\":\"set\",\"path\":\"a\",\"value\": {\"x\" : [1.0, 1e3,-0, \"\\u00e9\xc3\xa9\\/\"],\"x\":1} ,\"timestamp\":1,\"peerId\":\"p\"}]}";
    static const struct row rows[] = {
        TAKEN(&ops_json_op_batch_type, V1, V1, in,
              "{\"operations\":[{\"type\":\"set\",\"path\":\"a\",\"value\":{\"x\" : [1.0, 1e3,-0, \"\\u00e9\xc3\xa9\\/\"],\"x\":1},\"timestamp\":1,\"peerId\":\"p\"}]}"),
        TAKEN(&ops_json_op_batch_type, P0, P0, in,
              "{\"operations\":[{\"$type\":\"set\",\"path\":\"a\",\"value\":{\"x\":[1.0,1e3,-0,\"\\u00E9\\u00E9/\"],\"x\":1},\"timestamp\":1,\"peerId\":\"p\"}]}"),
        TAKEN(&ops_json_op_batch_type, P0, &ops_style_p4, in,
              "{\"operations\":[{\"$type\":\"set\",\"path\":\"a\",\"value\":{\"x\":[1.0,1e3,-0,\"\xc3\xa9\xc3\xa9/\"],\"x\":1},\"timestamp\":1,\"peerId\":\"p\"}]}"),
        TAKEN(&ops_json_op_batch_type, P0, &ops_style_stored, in,
              "{\"operations\":[{\"$type\":\"set\",\"path\":\"a\",\"value\":{\"x\" : [1.0, 1e3,-0, \"\\u00e9\xc3\xa9\\/\"],\"x\":1},\"timestamp\":1,\"peerId\":\"p\"}]}"),
    };

    CHECK(rows);
}

static void maps_are_sorted_by_utf16_units_and_the_last_of_a_key_counts(void **state)
{
    static const struct row rows[] = {
        TAKEN(&ops_form_document_type, V1, V1,
              "{\"fields\":{\"\xef\xbc\xa1\":{\"value\":1,\"timestamp\":1,\"peerId\":\"\"},\"\xf0\x9f\x98\x80\":{\"value\":2,\"timestamp\":1,\"peerId\":\"\"},\"a\":{\"value\":3,\"timestamp\":1,\"peerId\":\"\"},\"a\":{\"value\":4,\"timestamp\":1,\"peerId\":\"\"}}}",
              "{\"fields\":{\"a\":{\"value\":4,\"timestamp\":1,\"peerId\":\"\"},\"\xf0\x9f\x98\x80\":{\"value\":2,\"timestamp\":1,\"peerId\":\"\"},\"\xef\xbc\xa1\":{\"value\":1,\"timestamp\":1,\"peerId\":\"\"}}}"),
        TAKEN(&ops_form_document_type, P0, P0,
              "{\"fields\":{\"b\":{\"value\":1,\"timestamp\":1,\"peerId\":\"\"},\"a\":{\"value\":2,\"timestamp\":1,\"peerId\":\"\"},\"b\":{\"value\":3,\"timestamp\":1,\"peerId\":\"\"}}}",
              "{\"fields\":{\"b\":{\"value\":3,\"timestamp\":1,\"peerId\":\"\"},\"a\":{\"value\":2,\"timestamp\":1,\"peerId\":\"\"}}}"),
    };

    CHECK(rows);
}

static void what_is_not_json_is_refused_where_it_is(void **state)
{
    static const struct row rows[] = {
        REFUSED(TEXT_OP, V1, "", EMPTY, 0),
        REFUSED(TEXT_OP, V1, "  ", EMPTY, 2),
        REFUSED(TEXT_OP, V1, "\xef\xbb\xbf{\"components\":[]}", BOM, 0),
        REFUSED(TEXT_OP, V1, "{\"components\":[]} x", TRAILING, 18),
        REFUSED(TEXT_OP, V1, "{\"components\":[],}", NAME, 17),
        REFUSED(TEXT_OP, V1, "{\"components\":[],\"x\":\"\\ud800\"}", SURROGATE, 22),
        REFUSED(TEXT_OP, V1, "{\"components\":[],\"x\":\"\xff\"}", UTF8, 22),
        REFUSED(TEXT_OP, V1, "{\"components\":[]/**/}", COMMA, 16),
        REFUSED(TEXT_OP, V1, "{\"components\":[],\"x\":01}", NUMBER, 22),
        REFUSED(TEXT_OP, V1, "{\"components\":[],\"x\":\"\n\"}", CONTROL, 22),
        REFUSED(TEXT_OP, V1, "{\"components\":[", TRUNCATED, 15),
        REFUSED(TEXT_OP, V1, "[]", WANT_OBJECT, 0),
        /* white space inside base64 is skipped, but a string holds no raw line break */
        REFUSED(&ops_op_request_type, V1, "{\"documentId\":\"d\",\"payload\":\"YWJj\nYWJj\",\"baseRevision\":1}", CONTROL, 33),
        REFUSED(&ops_op_request_type, V1, "{\"documentId\":\"d\",\"payload\":\"YWJjYWJjYWJjYWJjYWJjYWJjYWJjYWJjYWJjYWJj\tYWJj\",\"baseRevision\":1}", CONTROL, 69),
        REFUSED(&ops_op_request_type, V1, "{\"documentId\":\"d\",\"payload\":\"YQ\",\"baseRevision\":1}", WANT_BASE64, 28),
        TAKEN(&ops_op_request_type, V1, V1, "{\"documentId\":\"d\",\"payload\":\" Y\\nQ=\\u003d \",\"baseRevision\":1}",
              "{\"documentId\":\"d\",\"payload\":\"YQ==\",\"baseRevision\":1}"),
    };

    CHECK(rows);
}

/* `levels` lists inside the value of a json op. */
static void check_depth(const struct ops_json_style *style, unsigned levels, bool taken)
{
    char text[400] = "{\"operations\":[{\"$type\":\"set\",\"path\":\"a\",\"value\":";
    size_t at = strlen(text);
    struct row row = {&ops_json_op_batch_type, style, style, text, NULL, OPS_REASON_DEPTH, 0};
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_json_op_batch value;

    memset(text + at, '[', levels);
    memset(text + at + levels, ']', levels);
    strcpy(text + at + 2 * (size_t)levels, ",\"timestamp\":1,\"peerId\":\"p\"}]}");
    row.offset_bytes = at + levels - 1;
    if (taken)
        assert_int_equal(ops_json_op_batch_json_decode(style, ops_str_of(text, strlen(text)), &arena, &value, NULL), OPS_OK);
    else
        check_row(&row);
    ops_arena_reset(&arena);
}

static void nesting_is_bounded_at_60_in_v1_and_61_in_reference(void **state)
{
    (void)state;
    check_depth(V1, 60, true);
    check_depth(V1, 61, false);
    check_depth(P0, 61, true);
    check_depth(P0, 62, false);
}

static void a_plus_member_that_is_not_null_extends_the_connection(void **state)
{
    static const struct {
        const char *text;
        bool plus;
    } rows[] = {
        {"{\"type\":\"join\",\"documentId\":\"d\",\"documentType\":\"text\",\"protocolVersion\":1}", false},
        {"{\"type\":\"join\",\"documentId\":\"d\",\"documentType\":\"text\",\"protocolVersion\":1,\"sinceRevision\":null}", false},
        {"{\"type\":\"join\",\"documentId\":\"d\",\"documentType\":\"text\",\"protocolVersion\":1,\"sinceRevision\":4}", true},
        {"{\"type\":\"join\",\"id\":7,\"documentId\":\"d\",\"documentType\":\"text\",\"protocolVersion\":1}", false},
        {"{\"type\":\"op\",\"documentId\":\"d\",\"payload\":\"YQ==\",\"baseRevision\":1,\"opId\":\"x\"}", true},
        {"{\"type\":\"leave\",\"documentId\":\"d\"}", true},
        {"{\"type\":\"hello\"}", true},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
        struct ops_client_message value;
        struct ops_decode_info info;

        assert_int_equal(ops_client_message_json_decode(V1, ops_str_of(rows[i].text, strlen(rows[i].text)), &arena, &value, &info), OPS_OK);
        if (info.plus != rows[i].plus)
            fail_msg("%s: extended is %d", rows[i].text, info.plus);
        ops_arena_reset(&arena);
    }
}

static void the_comments_envelope_is_read_in_any_letter_case(void **state)
{
    static const struct row rows[] = {
        TAKEN(&ops_client_message_type, &ops_style_p3, &ops_style_p3,
              "{\"CorrelationId\":\"k\",\"MESSAGETYPE\":12,\"CommentCommand\":{\"DocumentId\":\"d\",\"commentID\":\"c\"}}",
              "{\"correlationId\":\"k\",\"messageType\":12,\"commentCommand\":{\"documentId\":\"d\",\"commentId\":\"c\"}}"),
    };

    CHECK(rows);
}

static void a_correlation_id_comes_back_in_our_spelling(void **state)
{
    static const struct row rows[] = {
        TAKEN(&ops_client_message_type, V1, V1, "{\"type\":\"hello\",\"id\":7}", "{\"type\":\"hello\",\"id\":7}"),
        TAKEN(&ops_client_message_type, V1, V1, "{\"type\":\"hello\",\"id\":-0}", "{\"type\":\"hello\",\"id\":0}"),
        TAKEN(&ops_client_message_type, V1, V1, "{\"id\":\"\\u0061\\/\\u00e9\",\"type\":\"hello\"}", "{\"type\":\"hello\",\"id\":\"a/\xc3\xa9\"}"),
        REFUSED(&ops_client_message_type, V1, "{\"type\":\"hello\",\"id\":1.5}", WANT_ID, 21),
        REFUSED(&ops_client_message_type, V1, "{\"type\":\"hello\",\"id\":9007199254740992}", WANT_ID, 21),
        REFUSED(&ops_client_message_type, V1, "{\"type\":\"hello\",\"id\":[]}", WANT_ID, 21),
    };

    CHECK(rows);
}

static void an_unknown_variant_is_only_what_is_json_otherwise(void **state)
{
    static const struct row rows[] = {
        REFUSED(&ops_hub_message_type, V1, "{\"type\":99,\"x\":1}", UNKNOWN_VARIANT, 8),
        REFUSED(&ops_hub_message_type, V1, "{\"type\":99,\"x\":tru}", TOKEN, 15),
        REFUSED(&ops_hub_message_type, &ops_style_p4, "{\"type\":99,\"x\":1}", UNKNOWN_VARIANT, 8),
        REFUSED(&ops_hub_message_type, &ops_style_p4, "{\"type\":99,", TRUNCATED, 11),
        REFUSED(&ops_hub_message_type, V1, "{\"type\":99}garbage", TRAILING, 11),
        REFUSED(&ops_hub_message_type, &ops_style_p4, "{\"type\":99}garbage", TRAILING, 11),
    };

    CHECK(rows);
}

static void the_envelope_ignores_what_it_does_not_know(void **state)
{
    static const struct {
        const char *text;
        enum ops_client_message_message_type kind;
    } rows[] = {
        {"null", OPS_CLIENT_MESSAGE_NONE},
        {"{\"MessageType\":2,\"opRequest\":{\"documentId\":\"d\",\"payload\":\"\",\"baseRevision\":1}}", OPS_CLIENT_MESSAGE_NONE},
        {"{}", OPS_CLIENT_MESSAGE_NONE},
        {"{\"messageType\":99}", OPS_CLIENT_MESSAGE_NONE},
        {"{\"messageType\":-1}", OPS_CLIENT_MESSAGE_NONE},
        {"{\"messageType\":2,\"opRequest\":null}", OPS_CLIENT_MESSAGE_NONE},
        {"{\"joinRequest\":{\"documentId\":\"d\"}}", OPS_CLIENT_MESSAGE_JOIN_REQUEST},
        {"{\"opRequest\":{\"documentId\":\"d\",\"payload\":\"\",\"baseRevision\":1},\"correlationId\":\"c\",\"messageType\":2}", OPS_CLIENT_MESSAGE_OP_REQUEST},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
        struct ops_client_message value;

        assert_int_equal(ops_client_message_json_decode(&ops_style_p1, ops_str_of(rows[i].text, strlen(rows[i].text)), &arena, &value, NULL), OPS_OK);
        assert_int_equal(value.message_type, rows[i].kind);
        ops_arena_reset(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_come_in_any_order_and_unknown_ones_are_skipped),
        cmocka_unit_test(the_exact_name_counts_else_the_last_in_another_letter_case),
        cmocka_unit_test(the_discriminator_is_anywhere_in_v1_and_first_in_reference),
        cmocka_unit_test(numbers_are_integers_in_range),
        cmocka_unit_test(what_is_required_is_missed_and_null_is_absent_or_a_value),
        cmocka_unit_test(opaque_values_are_verbatim_in_v1_and_emitted_again_in_reference),
        cmocka_unit_test(maps_are_sorted_by_utf16_units_and_the_last_of_a_key_counts),
        cmocka_unit_test(what_is_not_json_is_refused_where_it_is),
        cmocka_unit_test(nesting_is_bounded_at_60_in_v1_and_61_in_reference),
        cmocka_unit_test(a_plus_member_that_is_not_null_extends_the_connection),
        cmocka_unit_test(the_comments_envelope_is_read_in_any_letter_case),
        cmocka_unit_test(a_correlation_id_comes_back_in_our_spelling),
        cmocka_unit_test(an_unknown_variant_is_only_what_is_json_otherwise),
        cmocka_unit_test(the_envelope_ignores_what_it_does_not_know),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
