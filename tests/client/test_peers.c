/* Who is there: awareness in both directions; cursors under every edit. */
#include "session.h"

#define STATE(peer, data) "{\"peerId\":\"" peer "\",\"data\":" data ",\"lastUpdated\":\"2026-05-28T12:34:56.789Z\"}"
#define UPDATE(peer, data)                                                                                             \
    "{\"type\":\"awareness_update\",\"documentId\":\"doc\",\"peerId\":\"" peer "\",\"data\":" data                                \
    ",\"lastUpdated\":\"2026-05-28T12:34:56.789Z\"}"
#define SAY(data) "{\"type\":\"awareness\",\"documentId\":\"doc\",\"data\":" data "}"
#define JOIN_ACK_SINCE(id, awareness)                                                                                  \
    "{\"type\":\"join_ack\",\"id\":" id ",\"revision\":5,\"snapshot\":\"\",\"awareness\":[" awareness "],\"pendingOps\":[]}"

static void peers_come_change_and_leave_and_this_client_is_none_of_them(void **state)
{
    struct session s;
    struct ops_doc *doc;
    struct ops_str peer, data;
    size_t at = 0;

    (void)state;
    session_open(&s);
    doc = session_join_text(&s, "abc");
    give(&s, UPDATE("ann", "{\"c\":1}"));
    give(&s, UPDATE("bob", "2"));
    give(&s, UPDATE("ann", "{\"c\":1}")); /* nothing new */
    give(&s, UPDATE("ann", "{\"c\":9}"));
    give(&s, UPDATE("self", "3"));
    give(&s, "{\"type\":\"peer_disconnected\",\"peerId\":\"nobody\"}");
    give(&s, "{\"type\":\"peer_disconnected\",\"peerId\":\"bob\"}");
    expect_log(&s, "peer ann joined {\"c\":1}\npeer bob joined 2\npeer ann updated {\"c\":9}\npeer bob left \n");
    assert_true(ops_doc_peer_next(doc, &at, &peer, &data));
    assert_true(ops_str_equal(peer, str("ann")) && ops_str_equal(data, str("{\"c\":9}")));
    assert_false(ops_doc_peer_next(doc, &at, &peer, &data));
    give(&s, "{\"type\":\"peer_left\",\"documentId\":\"doc\",\"peerId\":\"ann\"}");
    give(&s, "{\"type\":\"peer_left\",\"documentId\":\"other\",\"peerId\":\"ann\"}");
    expect_log(&s, "peer ann left \n");
    session_close(&s);
}

static void after_a_reconnect_the_list_says_who_is_still_there(void **state)
{
    struct session s;

    (void)state;
    session_open(&s);
    session_join_text(&s, "abc");
    give(&s, UPDATE("ann", "1"));
    give(&s, UPDATE("bob", "1"));
    forget_log(&s);
    session_reconnect(&s, "{\"type\":\"hello\",\"id\":3}");
    expect_log(&s, "peer bob left \npeer ann left \noffline r5 pending 0\n");
    expect_sent(&s, "{\"type\":\"join\",\"id\":4,\"documentId\":\"doc\",\"documentType\":\"text\",\"protocolVersion\":1,\"sinceRevision\":5}");
    forget_log(&s);
    give(&s, JOIN_ACK_SINCE("4", STATE("bob", "2") "," STATE("cyd", "3")));
    expect_log(&s, "peer bob joined 2\npeer cyd joined 3\njoined r5 pending 0\n");
    give(&s, UPDATE("cyd", "4"));
    expect_log(&s, "peer cyd updated 4\n");
    session_close(&s);
}

static void the_list_of_a_join_in_between_takes_out_who_has_left(void **state)
{
    struct session s;

    (void)state;
    session_open(&s);
    session_join_text(&s, "abc");
    give(&s, UPDATE("ann", "1"));
    give(&s, UPDATE("bob", "1"));
    give(&s, PUSH("[{\"type\":\"insert\",\"text\":\"2\"}]", "9")); /* a gap: joined again */
    expect_sent(&s, "{\"type\":\"join\",\"id\":3,\"documentId\":\"doc\",\"documentType\":\"text\",\"protocolVersion\":1,\"sinceRevision\":5}");
    forget_log(&s);
    give(&s, JOIN_ACK_SINCE("3", STATE("bob", "1")));
    expect_log(&s, "peer ann left \njoined r5 pending 0\n");
    session_close(&s);
}

static void no_more_peers_are_shown_than_the_config_says(void **state)
{
    struct session s;

    (void)state;
    session_open(&s);
    session_reopen(&s, s.config.peers_max = 2);
    session_join_text(&s, "abc");
    give(&s, UPDATE("ann", "1"));
    give(&s, UPDATE("bob", "1"));
    give(&s, UPDATE("cyd", "1"));
    give(&s, UPDATE("bob", "2"));
    expect_log(&s, "peer ann joined 1\npeer bob joined 1\npeer bob updated 2\n");
    session_close(&s);
}

static void the_own_state_is_sent_at_most_every_50_ms_and_again_every_15_s(void **state)
{
    struct session s;
    struct ops_doc *doc;

    (void)state;
    session_open(&s);
    doc = session_join_text(&s, "abc");
    assert_int_equal(ops_doc_awareness_set(doc, str("{\"at\":1}")), OPS_OK);
    expect_sent(&s, SAY("{\"at\":1}"));
    assert_int_equal(ops_doc_awareness_set(doc, str("{\"at\":2}")), OPS_OK);
    assert_int_equal(ops_doc_awareness_set(doc, str("{\"at\":3}")), OPS_OK);
    expect_nothing_sent(&s);
    assert_int_equal(ops_client_deadline_ms(s.client), s.now_ms + 50);
    session_wait(&s, 49);
    expect_nothing_sent(&s);
    session_wait(&s, 1);
    expect_sent(&s, SAY("{\"at\":3}"));
    assert_int_equal(ops_doc_awareness_set(doc, str("{\"at\":3}")), OPS_OK); /* the same: nothing to say */
    assert_int_equal(ops_client_deadline_ms(s.client), s.now_ms + 15000);
    session_wait(&s, 14999);
    expect_nothing_sent(&s);
    session_wait(&s, 1);
    expect_sent(&s, SAY("{\"at\":3}"));
    session_reconnect(&s, "{\"type\":\"hello\",\"id\":3}");
    expect_sent(&s, "{\"type\":\"join\",\"id\":4,\"documentId\":\"doc\",\"documentType\":\"text\",\"protocolVersion\":1,\"sinceRevision\":5}");
    expect_nothing_sent(&s);
    give(&s, JOIN_ACK_SINCE("4", ""));
    expect_sent(&s, SAY("{\"at\":3}"));
    session_close(&s);
}

static void a_state_that_is_no_json_or_too_large_is_refused(void **state)
{
    struct session s;
    struct ops_doc *doc;
    char large[11];

    (void)state;
    session_open(&s);
    session_reopen(&s, s.config.awareness_max_bytes = 10);
    doc = session_join_text(&s, "abc");
    memset(large, '1', sizeof large);
    assert_int_equal(ops_doc_awareness_set(doc, ops_str_of(large, 11)), OPS_ERR_RANGE);
    assert_int_equal(ops_doc_awareness_set(doc, str("{")), OPS_ERR_SYNTAX);
    assert_int_equal(ops_doc_awareness_set(doc, str("1 1")), OPS_ERR_SYNTAX);
    assert_int_equal(ops_doc_awareness_set(doc, str("")), OPS_ERR_SYNTAX);
    expect_nothing_sent(&s);
    assert_int_equal(ops_doc_awareness_set(doc, ops_str_of(large, 10)), OPS_OK);
    expect_sent(&s, SAY("1111111111"));
    give(&s, "{\"type\":\"error\",\"documentId\":\"doc\",\"code\":\"TooLarge\",\"message\":\"smaller, please\"}");
    expect_log(&s, "refused TooLarge: smaller, please \n");
    session_close(&s);
}

/* ---- cursors ---------------------------------------------------------------------------------------------------------------- */

static void expect_cursor(const struct ops_doc *doc, uint32_t cursor, size_t anchor, size_t head)
{
    struct ops_cursor place = ops_doc_cursor_get(doc, cursor);

    assert_int_equal(place.anchor_utf16, anchor);
    assert_int_equal(place.head_utf16, head);
}

static void a_deletion_over_a_cursor_leaves_it_where_the_deletion_was(void **state)
{
    struct session s;
    struct ops_doc *doc;
    uint32_t cursor, backwards;

    (void)state;
    session_open(&s);
    doc = session_join_text(&s, "0123456789");
    assert_int_equal(ops_doc_cursor_open(doc, true, (struct ops_cursor){4, 6}, &cursor), OPS_OK);
    assert_int_equal(ops_doc_cursor_open(doc, true, (struct ops_cursor){9, 3}, &backwards), OPS_OK);
    give(&s, PUSH("[{\"type\":\"retain\",\"count\":2},{\"type\":\"delete\",\"count\":5}]", "6"));
    expect_text(doc, "01789");
    expect_cursor(doc, cursor, 2, 2);
    expect_cursor(doc, backwards, 4, 2);
    assert_int_equal(ops_doc_text_delete(doc, 1, 3), OPS_OK); /* a local one */
    expect_cursor(doc, cursor, 1, 1);
    expect_cursor(doc, backwards, 1, 1);
    give(&s, PUSH("[{\"type\":\"delete\",\"count\":5}]", "7"));
    expect_text(doc, "");
    expect_cursor(doc, cursor, 0, 0);
    session_close(&s);
}

static void a_cursor_is_carried_by_a_remote_edit_that_was_rebased_over_what_waits(void **state)
{
    struct session s;
    struct ops_doc *doc;
    uint32_t own;

    (void)state;
    session_open(&s);
    doc = session_join_text(&s, "abc");
    assert_int_equal(ops_doc_text_insert(doc, 0, str("XYZ")), OPS_OK);
    assert_int_equal(ops_doc_cursor_open(doc, true, (struct ops_cursor){3, 5}, &own), OPS_OK);
    give(&s, PUSH("[{\"type\":\"retain\",\"count\":1},{\"type\":\"insert\",\"text\":\"!!\"},{\"type\":\"delete\",\"count\":1}]", "6"));
    expect_text(doc, "XYZa!!c");
    expect_cursor(doc, own, 3, 6);
    session_close(&s);
}

static void a_refused_edit_takes_the_cursor_back_with_it(void **state)
{
    struct session s;
    struct ops_doc *doc;
    uint32_t own;

    (void)state;
    session_open(&s);
    doc = session_join_text(&s, "abc");
    assert_int_equal(ops_doc_cursor_open(doc, true, (struct ops_cursor){1, 1}, &own), OPS_OK);
    assert_int_equal(ops_doc_text_insert(doc, 1, str("XY")), OPS_OK);
    expect_cursor(doc, own, 3, 3);
    expect_sent(&s, OP("3", "[{\"type\":\"retain\",\"count\":1},{\"type\":\"insert\",\"text\":\"XY\"}]", "5", ID_A));
    give(&s, NACK("3", "InvalidOp: no"));
    expect_text(doc, "abc");
    expect_cursor(doc, own, 1, 1);
    session_close(&s);
}

static void cursors_stay_out_of_pairs_inside_the_text_and_below_their_number(void **state)
{
    struct session s;
    struct ops_doc *doc;
    uint32_t a, b, c;

    (void)state;
    session_open(&s);
    session_reopen(&s, s.config.cursors_max = 5);
    doc = session_join_text(&s, "a\xf0\x9f\x98\x80z");
    assert_int_equal(ops_doc_cursor_open(doc, true, (struct ops_cursor){2, SIZE_MAX}, &a), OPS_OK);
    expect_cursor(doc, a, 1, 4);
    for (b = 0; b < 4; b++)
        assert_int_equal(ops_doc_cursor_open(doc, true, (struct ops_cursor){0, 0}, &c), OPS_OK);
    assert_int_equal(ops_doc_cursor_open(doc, true, (struct ops_cursor){0, 0}, &c), OPS_ERR_RANGE);
    ops_doc_cursor_close(doc, a);
    ops_doc_cursor_close(doc, a);
    ops_doc_cursor_close(doc, 77);
    ops_doc_cursor_set(doc, a, (struct ops_cursor){1, 1});
    expect_cursor(doc, a, 0, 0);
    assert_int_equal(ops_doc_cursor_open(doc, false, (struct ops_cursor){3, 3}, &c), OPS_OK); /* its place is free again */
    assert_int_equal(c, a);
    expect_cursor(doc, c, 3, 3);
    session_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(peers_come_change_and_leave_and_this_client_is_none_of_them),
        cmocka_unit_test(after_a_reconnect_the_list_says_who_is_still_there),
        cmocka_unit_test(the_list_of_a_join_in_between_takes_out_who_has_left),
        cmocka_unit_test(no_more_peers_are_shown_than_the_config_says),
        cmocka_unit_test(the_own_state_is_sent_at_most_every_50_ms_and_again_every_15_s),
        cmocka_unit_test(a_state_that_is_no_json_or_too_large_is_refused),
        cmocka_unit_test(a_deletion_over_a_cursor_leaves_it_where_the_deletion_was),
        cmocka_unit_test(a_cursor_is_carried_by_a_remote_edit_that_was_rebased_over_what_waits),
        cmocka_unit_test(a_refused_edit_takes_the_cursor_back_with_it),
        cmocka_unit_test(cursors_stay_out_of_pairs_inside_the_text_and_below_their_number),
    };

    return cmocka_run_group_tests_name("client peers", tests, NULL, NULL);
}
