/* Undo and redo: what this client changed, and nothing else. */
#include "session.h"

static void what_was_typed_without_a_pause_is_taken_back_at_once(void **state)
{
    struct session s;
    struct ops_doc *doc;

    (void)state;
    session_open(&s);
    doc = session_join_text(&s, "abc");
    assert_false(ops_doc_undoable(doc));
    assert_int_equal(ops_doc_undo(doc), OPS_ERR_ABSENT);
    assert_int_equal(ops_doc_redo(doc), OPS_ERR_ABSENT);
    expect_log(&s, "");
    assert_int_equal(ops_doc_text_insert(doc, 1, str("x")), OPS_OK);
    assert_true(ops_doc_undoable(doc));
    session_wait(&s, 500);
    assert_int_equal(ops_doc_text_insert(doc, 2, str("y")), OPS_OK);
    session_wait(&s, 500);
    assert_int_equal(ops_doc_text_delete(doc, 3, 1), OPS_OK);
    expect_text(doc, "axyc");
    session_wait(&s, 501);
    assert_int_equal(ops_doc_text_insert(doc, 2, str("z")), OPS_OK); /* after a pause */
    assert_int_equal(ops_doc_text_insert(doc, 5, str("!")), OPS_OK); /* elsewhere */
    expect_text(doc, "axzyc!");
    assert_int_equal(ops_doc_undo(doc), OPS_OK);
    expect_text(doc, "axzyc");
    assert_int_equal(ops_doc_undo(doc), OPS_OK);
    expect_text(doc, "axyc");
    forget_log(&s);
    assert_int_equal(ops_doc_undo(doc), OPS_OK);
    expect_text(doc, "abc");
    assert_false(ops_doc_undoable(doc));
    assert_true(ops_doc_redoable(doc));
    assert_int_equal(ops_doc_undo(doc), OPS_ERR_ABSENT);
    assert_int_equal(ops_doc_redo(doc), OPS_OK);
    expect_text(doc, "axyc");
    session_close(&s);
}

static void what_others_typed_into_it_stays(void **state)
{
    struct session s;
    struct ops_doc *doc;

    (void)state;
    session_open(&s);
    doc = session_join_text(&s, "ab");
    assert_int_equal(ops_doc_text_insert(doc, 1, str("1234")), OPS_OK);
    expect_sent(&s, OP("3", "[{\"type\":\"retain\",\"count\":1},{\"type\":\"insert\",\"text\":\"1234\"}]", "5", ID_A));
    give(&s, ACK("3", "6"));
    give(&s, PUSH("[{\"type\":\"retain\",\"count\":2},{\"type\":\"delete\",\"count\":1},{\"type\":\"insert\",\"text\":\"XY\"}]", "7"));
    expect_text(doc, "a1XY34b");
    forget_log(&s);
    assert_int_equal(ops_doc_undo(doc), OPS_OK);
    expect_text(doc, "aXYb");
    expect_log(&s, "patch 1 -1 + r7 undo\npatch 3 -2 + r7 undo\njoined r7 pending 1\n");
    expect_sent(&s, OP("4", "[{\"type\":\"retain\",\"count\":1},{\"type\":\"delete\",\"count\":1},{\"type\":\"retain\",\"count\":2},{\"type\":\"delete\",\"count\":2}]", "7", ID_B));
    give(&s, ACK("4", "8"));
    assert_int_equal(ops_doc_redo(doc), OPS_OK);
    expect_text(doc, "a1XY34b");
    assert_int_equal(ops_doc_text_insert(doc, 0, str("!")), OPS_OK); /* something else: there is nothing to redo any more */
    assert_false(ops_doc_redoable(doc));
    session_close(&s);
}

static void a_change_that_others_took_away_is_passed_over(void **state)
{
    struct session s;
    struct ops_doc *doc;

    (void)state;
    session_open(&s);
    doc = session_join_text(&s, "ab");
    assert_int_equal(ops_doc_text_insert(doc, 2, str("!")), OPS_OK);
    ops_doc_undo_stop(doc);
    assert_int_equal(ops_doc_text_insert(doc, 3, str("?")), OPS_OK);
    expect_sent(&s, OP("3", "[{\"type\":\"retain\",\"count\":2},{\"type\":\"insert\",\"text\":\"!?\"}]", "5", ID_A));
    give(&s, ACK("3", "6"));
    give(&s, PUSH("[{\"type\":\"retain\",\"count\":3},{\"type\":\"delete\",\"count\":1}]", "7"));
    assert_int_equal(ops_doc_undo(doc), OPS_OK);
    expect_text(doc, "ab");
    assert_int_equal(ops_doc_redo(doc), OPS_OK);
    expect_text(doc, "ab!");
    assert_int_equal(ops_doc_redo(doc), OPS_ERR_ABSENT);
    session_close(&s);
}

static void undo_works_offline_and_goes_out_later(void **state)
{
    struct session s;
    struct ops_doc *doc;

    (void)state;
    session_open(&s);
    doc = session_join_text(&s, "ab");
    assert_int_equal(ops_doc_text_insert(doc, 2, str("c")), OPS_OK);
    expect_sent(&s, OP("3", "[{\"type\":\"retain\",\"count\":2},{\"type\":\"insert\",\"text\":\"c\"}]", "5", ID_A));
    ops_client_disconnected(s.client, 0); /* nobody knows what became of it */
    assert_int_equal(ops_doc_undo(doc), OPS_OK);
    expect_text(doc, "ab");
    assert_int_equal(ops_doc_pending(doc), 2);
    ops_client_retry_now(s.client);
    ops_client_connected(s.client);
    expect_sent(&s, "{\"type\":\"hello\",\"id\":4}");
    expect_sent(&s, "{\"type\":\"join\",\"id\":5,\"documentId\":\"doc\",\"documentType\":\"text\",\"protocolVersion\":1,\"sinceRevision\":5}");
    give(&s, "{\"type\":\"join_ack\",\"id\":5,\"revision\":6,\"snapshot\":\"\",\"awareness\":[],\"pendingOps\":[{\"payload\":"
             "\"[{\"components\":[{\"type\":\"retain\",\"count\":2},{\"type\":\"insert\",\"text\":\"c\"}]}]\",\"revision\":6,\"opId\":\"" ID_A "\"}]}");
    expect_sent(&s, OP("6", "[{\"type\":\"retain\",\"count\":2},{\"type\":\"delete\",\"count\":1}]", "6", ID_C));
    assert_int_equal(ops_doc_redo(doc), OPS_OK);
    expect_text(doc, "abc");
    session_close(&s);
}

static void what_was_not_sent_and_is_undone_is_not_sent(void **state)
{
    struct session s;
    struct ops_doc *doc;

    (void)state;
    session_open(&s);
    doc = session_join_text(&s, "ab");
    assert_int_equal(ops_doc_text_insert(doc, 1, str("xyz")), OPS_OK);
    assert_int_equal(ops_doc_undo(doc), OPS_OK);
    expect_text(doc, "ab");
    expect_nothing_sent(&s);
    session_close(&s);
}

static void a_refused_edit_cannot_be_undone_and_those_before_it_can(void **state)
{
    struct session s;
    struct ops_doc *doc;

    (void)state;
    session_open(&s);
    doc = session_join_text(&s, "ab");
    assert_int_equal(ops_doc_text_insert(doc, 2, str("c")), OPS_OK);
    expect_sent(&s, OP("3", "[{\"type\":\"retain\",\"count\":2},{\"type\":\"insert\",\"text\":\"c\"}]", "5", ID_A));
    ops_doc_undo_stop(doc);
    assert_int_equal(ops_doc_text_insert(doc, 3, str("d")), OPS_OK);
    give(&s, ACK("3", "6"));
    expect_sent(&s, OP("4", "[{\"type\":\"retain\",\"count\":3},{\"type\":\"insert\",\"text\":\"d\"}]", "6", ID_B));
    give(&s, NACK("4", "InvalidOp: no"));
    expect_text(doc, "abc");
    assert_int_equal(ops_doc_undo(doc), OPS_OK);
    expect_text(doc, "ab");
    assert_int_equal(ops_doc_undo(doc), OPS_ERR_ABSENT);
    session_close(&s);
}

static void a_refused_deletion_ends_the_history(void **state)
{
    struct session s;
    struct ops_doc *doc;

    (void)state;
    session_open(&s);
    doc = session_join_text(&s, "ab");
    assert_int_equal(ops_doc_text_delete(doc, 0, 1), OPS_OK);
    expect_sent(&s, OP("3", "[{\"type\":\"delete\",\"count\":1}]", "5", ID_A));
    forget_log(&s);
    give(&s, NACK("3", "Forbidden: no"));
    expect_text(doc, "ab");
    assert_false(ops_doc_undoable(doc)); /* what it deleted is back: not twice */
    session_close(&s);
}

static void status_tells_when_there_is_something_to_undo_and_when_not(void **state)
{
    struct session s;
    struct ops_doc *doc;

    (void)state;
    session_open(&s);
    doc = session_join(&s, "json", "{\"registers\":{}}");
    assert_int_equal(ops_doc_json_set(doc, str("a"), str("1")), OPS_OK);
    forget_log(&s);
    session_wait(&s, 600);
    assert_int_equal(ops_doc_json_set(doc, str("a"), str("2")), OPS_OK); /* into the same op, and undoable before: no difference */
    expect_log(&s, "");
    assert_int_equal(ops_doc_undo(doc), OPS_OK);
    expect_log(&s, "changed a=1 undo\njoined r5 pending 2\n"); /* it can be redone */
    forget_log(&s);
    assert_int_equal(ops_doc_undo(doc), OPS_OK);
    expect_log(&s, "changed a=- undo\njoined r5 pending 3\n");
    forget_log(&s);
    ops_doc_undo_stop(doc);
    assert_int_equal(ops_doc_undo(doc), OPS_ERR_ABSENT);
    expect_log(&s, "");
    session_close(&s);
}

static void no_more_is_kept_than_the_config_says(void **state)
{
    struct session s;
    struct ops_doc *doc;
    unsigned i;

    (void)state;
    session_open(&s);
    session_reopen(&s, s.config.undo_max = 3);
    doc = session_join_text(&s, "ab");
    for (i = 0; i < 5; i++) {
        assert_int_equal(ops_doc_text_insert(doc, 0, str("x")), OPS_OK);
        ops_doc_undo_stop(doc);
    }
    while (ops_doc_undo(doc) == OPS_OK)
        continue;
    expect_text(doc, "xxab");
    s.config.undo_max = 200;
    session_reopen(&s, s.config.undo_max_bytes = 1000);
    doc = session_join_text(&s, "ab");
    assert_int_equal(ops_doc_text_insert(doc, 0, str("y")), OPS_OK);
    for (i = 0; i < 50; i++) {
        ops_doc_undo_stop(doc);
        assert_int_equal(ops_doc_text_insert(doc, 0, str("x")), OPS_OK);
    }
    for (i = 0; ops_doc_undo(doc) == OPS_OK; i++)
        continue;
    assert_true(i > 1 && i < 20);
    session_reopen(&s, s.config.undo_max = 0);
    doc = session_join_text(&s, "ab");
    assert_int_equal(ops_doc_text_insert(doc, 0, str("x")), OPS_OK);
    assert_int_equal(ops_doc_undo(doc), OPS_ERR_ABSENT);
    session_close(&s);
}

/* A megabyte deleted is a short op; what brings it back is not. */
static void what_is_too_large_for_one_op_comes_back_as_several(void **state)
{
    struct session s;
    struct ops_doc *doc;
    char long_text[1801];
    struct ops_str message;

    (void)state;
    memset(long_text, 'x', 1800);
    memcpy(long_text + 900, "\xf0\x9f\x98\x80", 4);
    long_text[1800] = '\0';
    session_open(&s);
    s.config.pending_max = 40;
    session_reopen(&s, s.config.op_max_bytes = 1000);
    doc = session_join_text(&s, long_text);
    assert_int_equal(ops_doc_text_delete(doc, 1, 1700), OPS_OK);
    assert_true(ops_client_outgoing(s.client, &message));
    assert_int_equal(ops_doc_undo(doc), OPS_OK);
    expect_text(doc, long_text);
    assert_true(ops_doc_pending(doc) > 5);
    assert_int_equal(ops_doc_redo(doc), OPS_OK);
    assert_int_equal(ops_doc_text_length(doc), 98);
    assert_int_equal(ops_doc_undo(doc), OPS_ERR_RANGE); /* pending_max; nothing has changed */
    assert_int_equal(ops_doc_text_length(doc), 98);
    assert_true(ops_doc_undoable(doc));
    session_close(&s);
}

static void what_others_type_is_carried_through_all_changes(void **state)
{
    struct session s;
    struct ops_doc *doc;
    char push[1024], text[401];
    int i, revision = 5;

    (void)state;
    memset(text, 'o', 400);
    text[400] = '\0';
    session_open(&s);
    doc = session_join_text(&s, "ab");
    for (i = 0; i < 5; i++) { /* "12345ab" */
        assert_int_equal(ops_doc_text_insert(doc, (size_t)i, ops_str_of(&"12345"[i], 1)), OPS_OK);
        ops_doc_undo_stop(doc);
    }
    expect_sent(&s, OP("3", "[{\"type\":\"insert\",\"text\":\"12345\"}]", "5", ID_A));
    give(&s, ACK("3", "6"));
    for (revision = 7; revision < 127; revision++) {
        snprintf(push, sizeof push, PUSH("[{\"type\":\"retain\",\"count\":%d},{\"type\":\"insert\",\"text\":\"%s\"}]", "%d"), revision % 3, text,
                 revision);
        give(&s, push);
    }
    assert_int_equal(ops_doc_text_length(doc), 7 + 120 * 400);
    for (i = 1; i <= 5; i++) {
        assert_int_equal(ops_doc_undo(doc), OPS_OK);
        assert_int_equal(ops_doc_text_length(doc), 7 - i + 120 * 400);
    }
    assert_int_equal(ops_doc_undo(doc), OPS_ERR_ABSENT);
    for (i = 1; i <= 5; i++)
        assert_int_equal(ops_doc_redo(doc), OPS_OK);
    assert_int_equal(ops_doc_text_length(doc), 7 + 120 * 400);
    session_close(&s);
}

static void a_restored_subtree_keeps_what_others_put_there(void **state)
{
    struct session s;
    struct ops_doc *doc;

    (void)state;
    session_open(&s);
    doc = session_join(&s, "json",
                       "{\"registers\":{\"c\":{\"path\":\"c\",\"value\":1,\"timestamp\":3,\"peerId\":\"z\"},"
                       "\"c.x\":{\"path\":\"c.x\",\"value\":2,\"timestamp\":4,\"peerId\":\"z\"}}}");
    assert_int_equal(ops_doc_json_del(doc, str("c")), OPS_OK);
    assert_null(ops_doc_json_get(doc, str("c.x")).ptr);
    give(&s, "{\"type\":\"op\",\"documentId\":\"doc\",\"payload\":\"[{\"operations\":[{\"type\":\"set\",\"path\":\"c.y\",\"value\":9,"
             "\"timestamp\":900000,\"peerId\":\"z\"}]}]\",\"revision\":6}");
    forget_log(&s);
    assert_int_equal(ops_doc_undo(doc), OPS_OK);
    expect_log(&s, "changed c=1 undo\nchanged c.x=2 undo\njoined r6 pending 2\n");
    assert_true(ops_str_equal(ops_doc_json_get(doc, str("c.y")), str("9")));
    assert_int_equal(ops_doc_redo(doc), OPS_OK);
    assert_null(ops_doc_json_get(doc, str("c")).ptr);
    assert_null(ops_doc_json_get(doc, str("c.x")).ptr);
    assert_true(ops_str_equal(ops_doc_json_get(doc, str("c.y")), str("9")));
    session_close(&s);
}

static void writes_at_one_time_or_of_one_path_are_one_change(void **state)
{
    struct session s;
    struct ops_doc *doc;

    (void)state;
    session_open(&s);
    doc = session_join(&s, "json", "{\"registers\":{}}");
    assert_int_equal(ops_doc_json_set(doc, str("x"), str("1")), OPS_OK);
    assert_int_equal(ops_doc_json_set(doc, str("y"), str("1")), OPS_OK);
    session_wait(&s, 20);
    assert_int_equal(ops_doc_json_set(doc, str("x"), str("2")), OPS_OK);
    assert_int_equal(ops_doc_json_set(doc, str("y"), str("2")), OPS_OK);
    session_wait(&s, 20);
    assert_int_equal(ops_doc_json_set(doc, str("z"), str("1")), OPS_OK);
    session_wait(&s, 501);
    assert_int_equal(ops_doc_json_set(doc, str("z"), str("2")), OPS_OK);
    assert_int_equal(ops_doc_undo(doc), OPS_OK);
    assert_true(ops_str_equal(ops_doc_json_get(doc, str("z")), str("1")));
    assert_int_equal(ops_doc_undo(doc), OPS_OK);
    assert_null(ops_doc_json_get(doc, str("z")).ptr);
    assert_true(ops_str_equal(ops_doc_json_get(doc, str("x")), str("2")));
    assert_int_equal(ops_doc_undo(doc), OPS_OK);
    assert_null(ops_doc_json_get(doc, str("x")).ptr);
    assert_null(ops_doc_json_get(doc, str("y")).ptr);
    assert_int_equal(ops_doc_undo(doc), OPS_ERR_ABSENT);
    session_close(&s);
}

static void a_change_whose_registers_others_wrote_is_passed_over(void **state)
{
    struct session s;
    struct ops_doc *doc;

    (void)state;
    session_open(&s);
    doc = session_join(&s, "json", "{\"registers\":{}}");
    assert_int_equal(ops_doc_json_set(doc, str("x"), str("1")), OPS_OK);
    session_wait(&s, 1000);
    assert_int_equal(ops_doc_json_set(doc, str("y"), str("1")), OPS_OK);
    give(&s, "{\"type\":\"op\",\"documentId\":\"doc\",\"payload\":\"[{\"operations\":[{\"type\":\"set\",\"path\":\"y\",\"value\":9,"
             "\"timestamp\":900000,\"peerId\":\"z\"}]}]\",\"revision\":6}");
    assert_int_equal(ops_doc_json_set(doc, str("y"), str("9")), OPS_OK); /* the same value: no change */
    assert_int_equal(ops_doc_undo(doc), OPS_OK);
    assert_null(ops_doc_json_get(doc, str("x")).ptr);
    assert_true(ops_str_equal(ops_doc_json_get(doc, str("y")), str("9")));
    assert_false(ops_doc_undoable(doc));
    session_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_typed_without_a_pause_is_taken_back_at_once),
        cmocka_unit_test(what_others_typed_into_it_stays),
        cmocka_unit_test(a_change_that_others_took_away_is_passed_over),
        cmocka_unit_test(undo_works_offline_and_goes_out_later),
        cmocka_unit_test(what_was_not_sent_and_is_undone_is_not_sent),
        cmocka_unit_test(a_refused_edit_cannot_be_undone_and_those_before_it_can),
        cmocka_unit_test(a_refused_deletion_ends_the_history),
        cmocka_unit_test(status_tells_when_there_is_something_to_undo_and_when_not),
        cmocka_unit_test(no_more_is_kept_than_the_config_says),
        cmocka_unit_test(what_is_too_large_for_one_op_comes_back_as_several),
        cmocka_unit_test(what_others_type_is_carried_through_all_changes),
        cmocka_unit_test(a_restored_subtree_keeps_what_others_put_there),
        cmocka_unit_test(writes_at_one_time_or_of_one_path_are_one_change),
        cmocka_unit_test(a_change_whose_registers_others_wrote_is_passed_over),
    };

    return cmocka_run_group_tests_name("client history", tests, NULL, NULL);
}
