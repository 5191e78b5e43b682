/* Local edits of a text, what is sent of them, and pushes that meet them. */
#include "session.h"

static void one_op_is_in_flight_and_the_rest_is_one_buffer(void **state)
{
    struct session s;
    struct ops_doc *doc;

    (void)state;
    session_open(&s);
    doc = session_join_text(&s, "hello");
    assert_int_equal(ops_doc_text_insert(doc, 5, str("!")), OPS_OK);
    expect_sent(&s, OP("3", "[{\"type\":\"retain\",\"count\":5},{\"type\":\"insert\",\"text\":\"!\"}]", "5", ID_A));
    assert_int_equal(ops_doc_text_insert(doc, 6, str("a")), OPS_OK);
    assert_int_equal(ops_doc_text_insert(doc, 7, str("b")), OPS_OK);
    assert_int_equal(ops_doc_text_delete(doc, 0, 1), OPS_OK);
    expect_nothing_sent(&s);
    expect_text(doc, "ello!ab");
    assert_int_equal(ops_doc_pending(doc), 2);
    give(&s, ACK("3", "6"));
    assert_int_equal(ops_doc_revision(doc), 6);
    expect_sent(&s, OP("4", "[{\"type\":\"delete\",\"count\":1},{\"type\":\"retain\",\"count\":5},{\"type\":\"insert\",\"text\":\"ab\"}]", "6",
                       ID_B));
    give(&s, ACK("4", "7"));
    assert_int_equal(ops_doc_pending(doc), 0);
    expect_nothing_sent(&s);
    expect_text(doc, "ello!ab");
    session_close(&s);
}

static void an_edit_that_is_undone_before_it_is_sent_is_not_sent(void **state)
{
    struct session s;
    struct ops_doc *doc;

    (void)state;
    session_open(&s);
    doc = session_join_text(&s, "hello");
    assert_int_equal(ops_doc_text_insert(doc, 2, str("xy")), OPS_OK);
    assert_int_equal(ops_doc_text_delete(doc, 2, 2), OPS_OK);
    assert_int_equal(ops_doc_pending(doc), 0);
    expect_nothing_sent(&s);
    session_close(&s);
}

static void a_push_is_rebased_over_what_is_pending_and_the_reverse(void **state)
{
    struct session s;
    struct ops_doc *doc;

    (void)state;
    session_open(&s);
    doc = session_join_text(&s, "abc");
    assert_int_equal(ops_doc_text_insert(doc, 1, str("X")), OPS_OK); /* in flight: aXbc */
    expect_sent(&s, OP("3", "[{\"type\":\"retain\",\"count\":1},{\"type\":\"insert\",\"text\":\"X\"}]", "5", ID_A));
    assert_int_equal(ops_doc_text_insert(doc, 4, str("Y")), OPS_OK); /* buffer: aXbcY */
    forget_log(&s);
    /* At one place the committed text is left of the one that waits. */
    give(&s, PUSH("[{\"type\":\"retain\",\"count\":1},{\"type\":\"insert\",\"text\":\"P\"},{\"type\":\"delete\",\"count\":1}]", "6"));
    expect_text(doc, "aPXcY");
    expect_log(&s, "patch 1 -0 +P r6 server\npatch 3 -1 + r6 server\njoined r6 pending 2\n");
    give(&s, ACK("3", "7"));
    expect_sent(&s, OP("4", "[{\"type\":\"retain\",\"count\":4},{\"type\":\"insert\",\"text\":\"Y\"}]", "7", ID_B));
    session_close(&s);
}

static void an_op_that_others_made_useless_is_absorbed(void **state)
{
    struct session s;
    struct ops_doc *doc;

    (void)state;
    session_open(&s);
    doc = session_join_text(&s, "abc");
    assert_int_equal(ops_doc_text_delete(doc, 1, 1), OPS_OK);
    expect_sent(&s, OP("3", "[{\"type\":\"retain\",\"count\":1},{\"type\":\"delete\",\"count\":1}]", "5", ID_A));
    give(&s, PUSH("[{\"type\":\"retain\",\"count\":1},{\"type\":\"delete\",\"count\":2}]", "6"));
    give(&s, ACK("3", "6"));
    expect_text(doc, "a");
    assert_int_equal(ops_doc_pending(doc), 0);
    assert_int_equal(ops_doc_revision(doc), 6);
    expect_nothing_sent(&s);
    session_close(&s);
}

static void a_gap_in_the_pushes_is_filled_by_joining_again(void **state)
{
    struct session s;
    struct ops_doc *doc;

    (void)state;
    session_open(&s);
    doc = session_join_text(&s, "abc");
    assert_int_equal(ops_doc_text_insert(doc, 3, str("!")), OPS_OK);
    expect_sent(&s, OP("3", "[{\"type\":\"retain\",\"count\":3},{\"type\":\"insert\",\"text\":\"!\"}]", "5", ID_A));
    give(&s, PUSH("[{\"type\":\"insert\",\"text\":\"2\"}]", "7"));
    expect_sent(&s, "{\"type\":\"join\",\"id\":4,\"documentId\":\"doc\",\"documentType\":\"text\",\"protocolVersion\":1,\"sinceRevision\":5}");
    give(&s, ACK("3", "8")); /* the reply to the op comes before that to the join */
    give(&s, "{\"type\":\"join_ack\",\"id\":4,\"revision\":8,\"snapshot\":\"\",\"awareness\":[],\"pendingOps\":["
             "{\"payload\":\"[{\"components\":[{\"type\":\"insert\",\"text\":\"1\"}]}]\",\"revision\":6},"
             "{\"payload\":\"[{\"components\":[{\"type\":\"insert\",\"text\":\"2\"}]}]\",\"revision\":7},"
             "{\"payload\":\"[{\"components\":[{\"type\":\"retain\",\"count\":5},{\"type\":\"insert\",\"text\":\"!\"}]}]\",\"revision\":8,"
             "\"opId\":\"" ID_A "\"}]}");
    expect_text(doc, "21abc!");
    assert_int_equal(ops_doc_pending(doc), 0);
    assert_int_equal(ops_doc_revision(doc), 8);
    expect_nothing_sent(&s);
    session_close(&s);
}

static void edits_outside_the_text_or_inside_a_pair_are_refused(void **state)
{
    struct session s;
    struct ops_doc *doc;

    (void)state;
    session_open(&s);
    doc = session_join_text(&s, "a\xf0\x9f\x98\x80z");
    assert_int_equal(ops_doc_text_length(doc), 4);
    assert_int_equal(ops_doc_text_insert(doc, 5, str("x")), OPS_ERR_RANGE);
    assert_int_equal(ops_doc_text_insert(doc, 2, str("x")), OPS_ERR_RANGE);
    assert_int_equal(ops_doc_text_delete(doc, 1, 1), OPS_ERR_RANGE);
    assert_int_equal(ops_doc_text_delete(doc, 3, 2), OPS_ERR_RANGE);
    assert_int_equal(ops_doc_text_delete(doc, 3, SIZE_MAX), OPS_ERR_RANGE);
    assert_int_equal(ops_doc_text_insert(doc, 0, str("\xff")), OPS_ERR_SYNTAX);
    assert_int_equal(ops_doc_json_set(doc, str("a"), str("1")), OPS_ERR_RANGE);
    assert_int_equal(ops_doc_text_insert(doc, 0, str("")), OPS_OK);
    expect_log(&s, "");
    expect_nothing_sent(&s);
    session_close(&s);
}

static void an_edit_larger_than_an_op_may_be_is_refused_and_many_become_several_ops(void **state)
{
    struct session s;
    struct ops_doc *doc;
    char text[999];
    int i;

    (void)state;
    session_open(&s);
    ops_client_close(s.client);
    s.config.op_max_bytes = 1000;
    s.config.pending_max = 3;
    s.client = ops_client_open(&s.config);
    ops_client_tick(s.client, s.now_ms, 5000);
    doc = session_join_text(&s, "");
    memset(text, 'x', sizeof text);
    assert_int_equal(ops_doc_text_insert(doc, 0, ops_str_of(text, sizeof text)), OPS_ERR_RANGE);
    for (i = 0; i < 3; i++)
        assert_int_equal(ops_doc_text_insert(doc, 0, ops_str_of(text, 600)), OPS_OK);
    assert_int_equal(ops_doc_pending(doc), 3);
    assert_int_equal(ops_doc_text_insert(doc, 0, ops_str_of(text, 600)), OPS_ERR_RANGE);
    assert_int_equal(ops_doc_text_length(doc), 3 * 600);
    session_close(&s);
}

static void what_is_pasted_is_an_op_of_its_own_so_that_a_refusal_takes_no_neighbours(void **state)
{
    struct session s;
    struct ops_doc *doc;
    char paste[5000];

    (void)state;
    session_open(&s);
    doc = session_join_text(&s, "");
    memset(paste, 'x', sizeof paste);
    assert_int_equal(ops_doc_text_insert(doc, 0, str("before ")), OPS_OK);
    assert_int_equal(ops_doc_text_insert(doc, 7, ops_str_of(paste, sizeof paste)), OPS_OK);
    assert_int_equal(ops_doc_pending(doc), 2);
    assert_int_equal(ops_doc_text_insert(doc, 0, str("a")), OPS_OK);
    assert_int_equal(ops_doc_pending(doc), 3);
    assert_int_equal(ops_doc_text_insert(doc, 1, str("b")), OPS_OK);
    assert_int_equal(ops_doc_pending(doc), 3);
    session_close(&s);
}

static void parts_of_a_text_are_clamped_and_hold_no_half_of_a_pair(void **state)
{
    static const struct {
        size_t offset, count;
        const char *part;
    } cases[] = {{0, 0, ""}, {0, 2, "a"}, {2, 1, "\xf0\x9f\x98\x80"}, {1, 2, "\xf0\x9f\x98\x80"}, {2, 99, "\xf0\x9f\x98\x80z"},
                 {4, 1, ""}, {99, SIZE_MAX, ""}};
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct session s;
    struct ops_doc *doc;
    struct ops_buf out;
    size_t i;

    (void)state;
    session_open(&s);
    doc = session_join_text(&s, "a\xf0\x9f\x98\x80z");
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        ops_buf_init(&out, &arena);
        assert_int_equal(ops_doc_text_range(doc, cases[i].offset, cases[i].count, &out), OPS_OK);
        if (!ops_str_equal(ops_buf_str(&out), str(cases[i].part)) && (out.len > 0 || cases[i].part[0] != '\0'))
            fail_msg("%zu+%zu is %.*s", cases[i].offset, cases[i].count, (int)out.len, out.ptr);
    }
    session_close(&s);
    ops_arena_reset(&arena);
}

static void cursors_are_carried_by_own_and_others_edits(void **state)
{
    struct session s;
    struct ops_doc *doc;
    uint32_t own, other;

    (void)state;
    session_open(&s);
    doc = session_join_text(&s, "0123456789");
    assert_int_equal(ops_doc_cursor_open(doc, true, (struct ops_cursor){2, 5}, &own), OPS_OK);
    assert_int_equal(ops_doc_cursor_open(doc, false, (struct ops_cursor){5, 99}, &other), OPS_OK);
    assert_int_equal(ops_doc_cursor_get(doc, other).head_utf16, 10);
    assert_int_equal(ops_doc_text_insert(doc, 5, str("ab")), OPS_OK);
    assert_int_equal(ops_doc_cursor_get(doc, own).head_utf16, 7);     /* behind what is typed here */
    assert_int_equal(ops_doc_cursor_get(doc, other).anchor_utf16, 5); /* somebody else's stays */
    give(&s, PUSH("[{\"type\":\"retain\",\"count\":5},{\"type\":\"insert\",\"text\":\"XYZ\"}]", "6"));
    expect_text(doc, "01234XYZab56789");
    assert_int_equal(ops_doc_cursor_get(doc, own).head_utf16, 10);
    assert_int_equal(ops_doc_cursor_get(doc, other).anchor_utf16, 8);
    give(&s, PUSH("[{\"type\":\"retain\",\"count\":1},{\"type\":\"delete\",\"count\":6}]", "7"));
    expect_text(doc, "0Zab56789");
    assert_int_equal(ops_doc_cursor_get(doc, own).anchor_utf16, 1);
    assert_int_equal(ops_doc_cursor_get(doc, own).head_utf16, 4);
    assert_int_equal(ops_doc_cursor_get(doc, other).head_utf16, 9);
    ops_doc_cursor_close(doc, own);
    assert_int_equal(ops_doc_cursor_get(doc, own).head_utf16, 0);
    session_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_op_is_in_flight_and_the_rest_is_one_buffer),
        cmocka_unit_test(an_edit_that_is_undone_before_it_is_sent_is_not_sent),
        cmocka_unit_test(a_push_is_rebased_over_what_is_pending_and_the_reverse),
        cmocka_unit_test(an_op_that_others_made_useless_is_absorbed),
        cmocka_unit_test(a_gap_in_the_pushes_is_filled_by_joining_again),
        cmocka_unit_test(edits_outside_the_text_or_inside_a_pair_are_refused),
        cmocka_unit_test(an_edit_larger_than_an_op_may_be_is_refused_and_many_become_several_ops),
        cmocka_unit_test(what_is_pasted_is_an_op_of_its_own_so_that_a_refusal_takes_no_neighbours),
        cmocka_unit_test(parts_of_a_text_are_clamped_and_hold_no_half_of_a_pair),
        cmocka_unit_test(cursors_are_carried_by_own_and_others_edits),
    };

    return cmocka_run_group_tests_name("client text", tests, NULL, NULL);
}
