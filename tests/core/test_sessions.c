/* Connections and documents as they come and go: ends, idle documents, snapshots by time, drain, what is not understood. */
#include "fixture.h"

/* ---- ends of connections ---------------------------------------------------------------------------------------------------------- */

static void an_end_is_told_once_however_many_documents_are_shared(void **state)
{
    struct fixture *f = *state;

    here(f, "abc", "d");
    here(f, "ab", "e");
    here(f, "bx", "f");
    extend(f, "c");
    go(f, 'a');
    expect(f, "c< gone a\n"
              "b< gone a\n");
}

static void an_end_is_told_for_each_shared_document_in_the_reference_profile(void **state)
{
    struct fixture *f = *state;

    come_as(f, 'r', &ops_profile_reference);
    join(f, 'r', "d");
    join(f, 'r', "e");
    settle(f);
    here(f, "a", "d");
    here(f, "a", "e");
    go(f, 'a');
    expect(f, "r< gone a\n"
              "r< gone a\n");
}

static void an_end_behind_an_undurable_op_is_told_behind_it(void **state)
{
    struct fixture *f = *state;

    here(f, "ab", "d");
    here(f, "ab", "e");
    edit(f, 'b', "d", 1, "+x");
    edit(f, 'a', "d", 1, "+y");
    go(f, 'a');
    settle(f);
    expect(f, "b< ack d 2\n"
              "b< op d 3 =1 +y\n"
              "b< gone a\n");
}

static void an_unjoined_connection_ends_unnoticed(void **state)
{
    struct fixture *f = *state;

    here(f, "a", "d");
    come(f, "bc");
    join(f, 'b', "e"); /* not loaded yet */
    go(f, 'b');
    go(f, 'c');
    settle(f);
    expect(f, "");
    assert_int_equal(ops_core_stats(f->core)->connections, 1);
    assert_int_equal(ops_core_stats(f->core)->members, 1);
}

static void a_connection_may_be_told_of_its_own_end_first(void **state)
{
    struct fixture *f = *state;

    come_as(f, 'r', &ops_profile_reference);
    join(f, 'r', "d");
    join(f, 'r', "e");
    settle(f);
    here(f, "a", "d");
    forget(f);
    ops_core_disconnect(f->core, f->clients['r' - 'a'].connection, true);
    f->clients['r' - 'a'].connection = NULL;
    expect(f, "r< gone r\n"
              "r< gone r\n"
              "a< gone r\n");
}

/* ---- idle documents ---------------------------------------------------------------------------------------------------------------- */

static bool is_open(const struct fixture *f, const char *id)
{
    struct ops_core_document document;

    ops_core_inspect(f->core, id_of(id), &document);
    return document.open;
}

static void a_document_without_connections_leaves_memory_after_5_minutes(void **state)
{
    struct fixture *f = *state;

    here(f, "ab", "d");
    edit(f, 'a', "d", 1, "+x");
    settle(f);
    go(f, 'b');
    pass(f, 600000); /* somebody is there */
    settle(f);
    assert_true(is_open(f, "d"));
    go(f, 'a');
    pass(f, 299999);
    settle(f);
    assert_true(is_open(f, "d"));
    pass(f, 1);
    assert_false(is_open(f, "d"));
    assert_int_equal(ops_core_stats(f->core)->documents, 0);
    assert_true(ops_core_deadline_us(f->core) == INT64_MAX);
    here(f, "c", "d");
    edit(f, 'c', "d", 2, "+y"); /* loaded again, as it was */
    settle(f);
    expect(f, "c< ack d 3\n");
}

static void the_5_minutes_begin_anew_with_each_visit(void **state)
{
    struct fixture *f = *state;

    here(f, "a", "d");
    leave(f, 'a', "d");
    pass(f, 299999);
    here(f, "b", "d");
    assert_int_equal(ops_core_stats(f->core)->joins, 2);
    edit(f, 'b', "d", 1, "+x");
    settle(f);
    pass(f, 10);
    go(f, 'b');
    pass(f, 299990);
    settle(f); /* a snapshot meanwhile makes it no older */
    assert_int_equal(ops_core_stats(f->core)->snapshots, 1);
    pass(f, 9);
    assert_true(is_open(f, "d"));
    pass(f, 1);
    assert_false(is_open(f, "d"));
}

static void a_document_is_not_closed_while_the_store_has_something_of_it(void **state)
{
    struct fixture *f = *state;

    f->config.store_timeout_ms = 1000000;
    fixture_restart(f);
    here(f, "a", "d");
    edit(f, 'a', "d", 1, "+x");
    go(f, 'a');
    pass(f, 400000);
    assert_true(is_open(f, "d"));
    assert_true(ops_core_busy(f->core));
    stored(f, "d");
    pass(f, 0);
    settle(f);
    pass(f, 300000);
    settle(f);
    pass(f, 0);
    assert_false(is_open(f, "d"));
    assert_false(ops_core_busy(f->core));
    assert_int_equal(log_revision(f, "d"), 2);
}

/* ---- snapshots --------------------------------------------------------------------------------------------------------------------- */

static void a_snapshot_comes_after_100_ops(void **state)
{
    struct fixture *f = *state;
    int64_t revision;

    here(f, "a", "d");
    for (revision = 1; revision <= 99; revision++) {
        edit(f, 'a', "d", revision, "+x");
        settle(f);
    }
    assert_int_equal(model_find(&f->store, OPS_STR("d"))->snapshot_revision, -1);
    edit(f, 'a', "d", 100, "+x");
    settle(f);
    assert_int_equal(model_find(&f->store, OPS_STR("d"))->snapshot_revision, 101);
    assert_int_equal(ops_core_stats(f->core)->snapshots, 1);
}

static void a_snapshot_comes_5_minutes_after_the_first_op_behind_the_last_one(void **state)
{
    struct fixture *f = *state;

    here(f, "a", "d");
    pass(f, 1000000);
    assert_int_equal(waiting(f, OPS_STORE_SNAPSHOT), 0); /* there is nothing to keep */
    edit(f, 'a', "d", 1, "+x");
    stored(f, "d");
    pass(f, 299999);
    assert_int_equal(waiting(f, OPS_STORE_SNAPSHOT), 0);
    pass(f, 1);
    assert_int_equal(waiting(f, OPS_STORE_SNAPSHOT), 1);
    settle(f);
    pass(f, 1000000);
    assert_int_equal(waiting(f, OPS_STORE_SNAPSHOT), 0);
}

static void ops_go_on_while_a_snapshot_is_written(void **state)
{
    struct fixture *f = *state;

    f->config.snapshot_ops = 2;
    fixture_restart(f);
    here(f, "a", "d");
    edit(f, 'a', "d", 1, "+1");
    edit(f, 'a', "d", 2, "+2");
    stored(f, "d");
    stored(f, "d");
    pass(f, 0);
    assert_int_equal(waiting(f, OPS_STORE_SNAPSHOT), 1);
    edit(f, 'a', "d", 3, "+3");
    stored(f, "d");
    edit(f, 'a', "d", 4, "+4");
    stored(f, "d");
    pass(f, 0);
    assert_int_equal(waiting(f, OPS_STORE_SNAPSHOT), 1); /* one at a time, */
    pass(f, 300000);
    assert_int_equal(waiting(f, OPS_STORE_SNAPSHOT), 1); /* however long it takes */
    answer(f, "d", OPS_STORE_SNAPSHOT, MODEL_DONE);
    expect(f, "a< ack d 2\n"
              "a< ack d 3\n"
              "a< ack d 4\n"
              "a< ack d 5\n");
    settle(f);
    pass(f, 300000);
    settle(f);
    fixture_restart(f);
    come(f, "b");
    join(f, 'b', "d");
    settle(f);
    expect(f, "b< joined 5 '4321'\n");
}

/* ---- the end of the core ------------------------------------------------------------------------------------------------------------ */

static void a_draining_core_takes_nothing_new_and_finishes_what_it_took(void **state)
{
    struct fixture *f = *state;

    here(f, "ab", "d");
    edit(f, 'a', "d", 1, "+x");
    assert_true(ops_core_busy(f->core));
    ops_core_drain(f->core);
    edit(f, 'a', "d", 2, "+y");
    aware(f, 'b', "d", "1");
    join(f, 'b', "e");
    assert_true(ops_core_busy(f->core));
    stored(f, "d");
    assert_false(ops_core_busy(f->core));
    expect(f, "b< error e Draining\n"
              "a< ack d 2\n"
              "b< op d 2 +x\n"
              "a< refused d 2 Draining\n"
              "b< error d Draining\n");
}

/* ---- what is not understood ---------------------------------------------------------------------------------------------------------- */

static void messages_of_later_issues_are_answered_as_unknown(void **state)
{
    static const enum ops_client_message_message_type later[] = {OPS_CLIENT_MESSAGE_STATE_AT, OPS_CLIENT_MESSAGE_COMMENT_CREATE,
        OPS_CLIENT_MESSAGE_COMMENT_EDIT, OPS_CLIENT_MESSAGE_COMMENT_RESOLVE, OPS_CLIENT_MESSAGE_COMMENT_DELETE,
        OPS_CLIENT_MESSAGE_COMMENT_LIST};
    struct fixture *f = *state;
    struct ops_client_message m;
    size_t i;

    here(f, "a", "d");
    for (i = 0; i < sizeof later / sizeof *later; i++) {
        memset(&m, 0, sizeof m);
        m.message_type = later[i];
        f->tag = "7";
        request(f, 'a', &m);
        expect(f, "a< error InvalidMessage #7\n");
    }
    edit(f, 'a', "d", 1, "+x"); /* and the connection lives */
    settle(f);
    expect(f, "a< ack d 2\n");
}

static void the_reference_profile_leaves_unknown_messages_unanswered(void **state)
{
    struct fixture *f = *state;
    struct ops_client_message m;

    come_as(f, 'r', &ops_profile_reference);
    memset(&m, 0, sizeof m);
    m.message_type = OPS_CLIENT_MESSAGE_STATE_AT;
    request(f, 'r', &m);
    expect(f, "");
}

static void hello_is_answered_with_the_peers_own_id(void **state)
{
    struct fixture *f = *state;
    struct ops_client_message m;

    come(f, "a");
    memset(&m, 0, sizeof m);
    m.message_type = OPS_CLIENT_MESSAGE_HELLO;
    f->tag = "1";
    request(f, 'a', &m);
    expect(f, "a< hello_ack a #1\n");
}

static void garble(struct fixture *f, char name, enum ops_client_message_message_type kind, const char *document, const char *tag)
{
    struct ops_unreadable unreadable;

    memset(&unreadable, 0, sizeof unreadable);
    unreadable.kind = kind;
    unreadable.code = OPS_ERROR_CODE_INVALID_MESSAGE;
    unreadable.document_id = id_of(document);
    unreadable.correlation_id = id_of(tag);
    unreadable.sentence = OPS_STR("the test says so");
    ops_core_receive_unreadable(f->core, f->clients[name - 'a'].connection, &unreadable);
}

static void unreadable_messages_are_answered_with_what_could_be_read_of_them(void **state)
{
    struct fixture *f = *state;

    here(f, "a", "d");
    garble(f, 'a', OPS_CLIENT_MESSAGE_NONE, NULL, NULL);
    garble(f, 'a', OPS_CLIENT_MESSAGE_JOIN_REQUEST, "d", "7");
    garble(f, 'a', OPS_CLIENT_MESSAGE_OP_REQUEST, "d", "8");
    garble(f, 'a', OPS_CLIENT_MESSAGE_UNDO, "elsewhere", NULL);
    expect(f, "a< error InvalidMessage\n"
              "a< error d InvalidMessage #7\n"
              "a< refused d 1 InvalidMessage #8\n"
              "a< refused elsewhere 0 InvalidMessage\n");
}

static void an_unreadable_message_keeps_its_place_among_the_answers_of_its_document(void **state)
{
    struct fixture *f = *state;

    here(f, "a", "d");
    edit(f, 'a', "d", 1, "+x");
    garble(f, 'a', OPS_CLIENT_MESSAGE_AWARENESS_REQUEST, "d", NULL);
    garble(f, 'a', OPS_CLIENT_MESSAGE_NONE, NULL, NULL); /* of no document: now */
    expect(f, "a< error InvalidMessage\n");
    settle(f);
    expect(f, "a< ack d 2\n"
              "a< error d InvalidMessage\n");
}

static void eight_invalid_messages_in_a_row_close_the_connection(void **state)
{
    struct fixture *f = *state;
    unsigned i;

    here(f, "a", "d");
    for (i = 0; i < 7; i++)
        garble(f, 'a', OPS_CLIENT_MESSAGE_NONE, NULL, NULL);
    assert_false(f->clients[0].closed);
    forget(f);
    garble(f, 'a', OPS_CLIENT_MESSAGE_NONE, NULL, NULL);
    expect(f, "a< error InvalidMessage\n"
              "a closed InvalidMessage\n");
    aware(f, 'a', "d", "1");
    garble(f, 'a', OPS_CLIENT_MESSAGE_NONE, NULL, NULL);
    expect(f, "");
}

/* Another answer between them ends the row: also an error of another code, and the refusal of an op, which is no `error`. */
static void seven_invalid_messages_and_another_answer_close_nothing(void **state)
{
    struct fixture *f = *state;
    unsigned round, i;

    here(f, "a", "d");
    for (round = 0; round < 3; round++) {
        for (i = 0; i < 7; i++)
            garble(f, 'a', OPS_CLIENT_MESSAGE_NONE, NULL, NULL);
        if (round == 0)
            leave(f, 'a', "elsewhere");
        else if (round == 1)
            garble(f, 'a', OPS_CLIENT_MESSAGE_OP_REQUEST, "d", NULL);
        else
            aware(f, 'a', "d", "1");
    }
    assert_false(f->clients[0].closed);
}

/* ---- connections whose requests are calls ------------------------------------------------------------------------------------------------ */

static void calls_are_answered_in_the_order_of_the_requests_whatever_their_documents(void **state)
{
    struct fixture *f = *state;

    come(f, "a");
    ops_core_calls(f->core, f->clients[0].connection);
    join(f, 'a', "d");
    join(f, 'a', "e");
    settle(f);
    forget(f);
    edit(f, 'a', "d", 1, "+x");
    aware(f, 'a', "e", "1");
    leave(f, 'a', "nowhere");
    edit(f, 'a', "e", 1, "+y");
    expect(f, "");
    stored(f, "e");
    expect(f, "");
    stored(f, "d");
    expect(f, "a< ack d 2\n"
              "a< stored e a=1@0\n"
              "a< error nowhere NotJoined\n"
              "a< ack e 2\n");
}

static void no_call_closes_its_connection(void **state)
{
    struct fixture *f = *state;
    struct ops_client_message m;
    unsigned i;

    come(f, "a");
    ops_core_calls(f->core, f->clients[0].connection);
    for (i = 0; i < 20; i++) {
        garble(f, 'a', OPS_CLIENT_MESSAGE_NONE, NULL, NULL);
        expect(f, "a< error InvalidMessage\n");
    }
    memset(&m, 0, sizeof m);
    m.message_type = OPS_CLIENT_MESSAGE_JOIN_REQUEST;
    m.join_request.document_id = OPS_STR("d");
    m.join_request.document_type = OPS_STR("text");
    m.join_request.client_proto_version = 2;
    request(f, 'a', &m);
    expect(f, "a< error d UnsupportedProtocol 1-1\n");
    join(f, 'a', "d");
    settle(f);
    expect(f, "a< joined 1 ''\n");
}

/* Also where the profile itself answers nothing: a call always ends. */
static void every_call_has_an_answer(void **state)
{
    struct fixture *f = *state;
    struct ops_client_message m;

    come_as(f, 'r', &ops_profile_reference);
    ops_core_calls(f->core, f->clients['r' - 'a'].connection);
    join(f, 'r', "d");
    settle(f);
    forget(f);
    aware(f, 'r', "d", "1");
    aware(f, 'r', "d", "1");
    memset(&m, 0, sizeof m);
    m.message_type = OPS_CLIENT_MESSAGE_STATE_AT;
    request(f, 'r', &m);
    expect(f, "r< stored d r=1@0\n"
              "r< stored d r=1@0\n"
              "r< error InvalidMessage\n");
}

/* ---- what is borrowed and kept -------------------------------------------------------------------------------------------------------- */

/* One note for all its readers; what a transport kept in it is given back once. */
static void a_push_is_one_note_for_all_its_readers(void **state)
{
    struct fixture *f = *state;

    here(f, "abcdef", "d");
    f->form_ends = 0;
    edit(f, 'a', "d", 1, "+x");
    settle(f);
    assert_int_equal(f->form_ends, 2); /* the ack, the push */
}

static void each_profile_gets_a_push_in_its_own_form(void **state)
{
    struct fixture *f = *state;

    here(f, "ab", "d");
    come_as(f, 'r', &ops_profile_reference);
    join(f, 'r', "d");
    settle(f);
    forget(f);
    edit(f, 'r', "d", 1, "+x"); /* say.c reads each payload in the style of its reader */
    settle(f);
    expect(f, "r< ack d 2\n"
              "b< op d 2 +x\n"
              "a< op d 2 +x\n");
    edit(f, 'a', "d", 2, "+y");
    settle(f);
    expect(f, "a< ack d 3\n"
              "r< op d 3 +y\n"
              "b< op d 3 +y\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(an_end_is_told_once_however_many_documents_are_shared),
        CLAIM(an_end_is_told_for_each_shared_document_in_the_reference_profile),
        CLAIM(an_end_behind_an_undurable_op_is_told_behind_it),
        CLAIM(an_unjoined_connection_ends_unnoticed),
        CLAIM(a_connection_may_be_told_of_its_own_end_first),
        CLAIM(a_document_without_connections_leaves_memory_after_5_minutes),
        CLAIM(the_5_minutes_begin_anew_with_each_visit),
        CLAIM(a_document_is_not_closed_while_the_store_has_something_of_it),
        CLAIM(a_snapshot_comes_after_100_ops),
        CLAIM(a_snapshot_comes_5_minutes_after_the_first_op_behind_the_last_one),
        CLAIM(ops_go_on_while_a_snapshot_is_written),
        CLAIM(a_draining_core_takes_nothing_new_and_finishes_what_it_took),
        CLAIM(messages_of_later_issues_are_answered_as_unknown),
        CLAIM(the_reference_profile_leaves_unknown_messages_unanswered),
        CLAIM(hello_is_answered_with_the_peers_own_id),
        CLAIM(unreadable_messages_are_answered_with_what_could_be_read_of_them),
        CLAIM(an_unreadable_message_keeps_its_place_among_the_answers_of_its_document),
        CLAIM(eight_invalid_messages_in_a_row_close_the_connection),
        CLAIM(seven_invalid_messages_and_another_answer_close_nothing),
        CLAIM(calls_are_answered_in_the_order_of_the_requests_whatever_their_documents),
        CLAIM(no_call_closes_its_connection),
        CLAIM(every_call_has_an_answer),
        CLAIM(a_push_is_one_note_for_all_its_readers),
        CLAIM(each_profile_gets_a_push_in_its_own_form),
    };

    return cmocka_run_group_tests_name("core-sessions", tests, NULL, NULL);
}
