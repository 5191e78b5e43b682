/* Joining, catching up, leaving (spec/v1.md §3, §3.1). */
#include "fixture.h"

static void join_with(struct fixture *f, char name, const char *id, const char *type, int32_t protocol)
{
    struct ops_client_message m;

    memset(&m, 0, sizeof m);
    m.message_type = OPS_CLIENT_MESSAGE_JOIN_REQUEST;
    m.join_request.document_id = id_of(id);
    m.join_request.document_type = id_of(type);
    m.join_request.client_proto_version = protocol;
    request(f, name, &m);
}

/* A document with `count` ops, the log of which reaches back to `kept_from`, and a ring of `recent`. */
static void document_with_log(struct fixture *f, int64_t count, uint32_t recent)
{
    int64_t revision;

    f->config.recent_max_ops = recent;
    f->config.snapshot_ops = 1000;
    fixture_restart(f);
    here(f, "a", "d");
    for (revision = 1; revision <= count; revision++) {
        edit_id(f, 'a', "d", revision, "+x", revision == 2 ? "id-3" : NULL);
        settle(f);
    }
    forget(f);
}

/* ---- since a revision ------------------------------------------------------------------------------------------------------------- */

static void since_the_current_revision_nothing_is_pending(void **state)
{
    struct fixture *f = *state;

    document_with_log(f, 3, 100);
    come(f, "b");
    join_since(f, 'b', "d", 4);
    expect(f, "b< joined 4 since:\n");
}

static void since_a_revision_every_op_comes_in_order_with_its_id(void **state)
{
    struct fixture *f = *state;

    document_with_log(f, 3, 100);
    come(f, "b");
    join_since(f, 'b', "d", 2);
    join_since(f, 'a', "d", 1); /* a second join; its own ops too */
    expect(f, "b< joined 4 since: (3 +x id id-3) (4 +x)\n"
              "a< joined 4 since: (2 +x) (3 +x id id-3) (4 +x)\n");
    assert_int_equal(ops_core_stats(f->core)->catch_ups, 2);
}

static void since_a_revision_above_the_current_one_is_ahead(void **state)
{
    struct fixture *f = *state;

    document_with_log(f, 3, 100);
    come(f, "b");
    join_since(f, 'b', "d", 5);
    expect(f, "b< error d RevisionAhead\n");
    edit(f, 'b', "d", 4, "+y");
    expect(f, "b< refused d 0 NotJoined\n"); /* a failed join joins nothing */
    edit(f, 'a', "d", 4, "+z");
    settle(f);
    expect(f, "a< ack d 5\n");
}

/* Older than the ring: the rest is read from the log, and the join is as atomic as any. */
static void since_a_revision_that_only_the_log_keeps_the_log_is_read(void **state)
{
    struct fixture *f = *state;

    document_with_log(f, 6, 2);
    come(f, "b");
    join_since(f, 'b', "d", 1);
    assert_int_equal(waiting(f, OPS_STORE_HISTORY), 1);
    edit(f, 'a', "d", 7, "+y");
    stored(f, "d");
    expect(f, "a< ack d 8\n"); /* b is not there yet */
    answer(f, "d", OPS_STORE_HISTORY, MODEL_DONE);
    expect(f, "b< joined 8 since: (2 +x) (3 +x id id-3) (4 +x) (5 +x) (6 +x) (7 +x) (8 +y)\n");
    edit(f, 'a', "d", 8, "+z");
    stored(f, "d");
    expect(f, "a< ack d 9\n"
              "b< op d 9 +z\n");
}

/* While the log is read so much happens that the ring leaves a gap behind what was read. */
static void since_a_revision_that_the_ring_has_outrun_is_compacted(void **state)
{
    struct fixture *f = *state;
    int64_t revision;

    document_with_log(f, 6, 2);
    come(f, "b");
    join_since(f, 'b', "d", 1);
    for (revision = 7; revision < 12; revision++) {
        edit(f, 'a', "d", revision, "+y");
        stored(f, "d");
    }
    forget(f);
    answer(f, "d", OPS_STORE_HISTORY, MODEL_DONE);
    expect(f, "b< error d RevisionCompacted\n");
    edit(f, 'b', "d", 11, "+y");
    expect(f, "b< refused d 0 NotJoined\n");
}

static void since_a_revision_that_nothing_keeps_is_compacted(void **state)
{
    struct fixture *f = *state;
    int64_t revision;

    f->config.recent_max_ops = 2;
    f->config.snapshot_ops = 6;
    f->config.history_retain_ops = 3;
    fixture_restart(f);
    here(f, "a", "d");
    for (revision = 1; revision <= 6; revision++) {
        edit(f, 'a', "d", revision, "+x");
        settle(f);
    }
    forget(f);
    assert_int_equal(model_find(&f->store, OPS_STR("d"))->rows[0].revision, 5); /* 5, 6 and 7 are kept */
    come(f, "bcd");
    join_since(f, 'b', "d", 3);
    join_since(f, 'c', "d", 4);
    join_since(f, 'd', "d", 0); /* before the document's first */
    settle(f);
    expect(f, "d< error d RevisionCompacted\n"
              "b< error d RevisionCompacted\n"
              "c< joined 7 since: (5 +x) (6 +x) (7 +x)\n");
}

static void a_log_that_cannot_be_read_is_storage_unavailable(void **state)
{
    struct fixture *f = *state;

    document_with_log(f, 6, 2);
    come(f, "b");
    join_since(f, 'b', "d", 1);
    aware(f, 'b', "d", "1");
    answer(f, "d", OPS_STORE_HISTORY, MODEL_ABSENT);
    expect(f, "b< error d StorageUnavailable\n"
              "b< error d NotJoined\n");
    join(f, 'b', "d");
    expect(f, "b< joined 7 'xxxxxx'\n");
}

static void a_client_that_goes_while_its_log_is_read_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    struct ops_core_document document;

    document_with_log(f, 6, 2);
    come(f, "b");
    join_since(f, 'b', "d", 1);
    edit(f, 'b', "d", 7, "+y");
    go(f, 'b');
    settle(f);
    expect(f, "");
    ops_core_inspect(f->core, OPS_STR("d"), &document);
    assert_int_equal(document.peers, 1);
}

static void a_second_join_that_fails_leaves_the_first_as_it_was(void **state)
{
    struct fixture *f = *state;

    document_with_log(f, 2, 100);
    here(f, "b", "d");
    join_since(f, 'b', "d", 9);
    expect(f, "b< error d RevisionAhead\n");
    edit(f, 'a', "d", 3, "+y");
    settle(f);
    expect(f, "a< ack d 4\n"
              "b< op d 4 +y\n");
}

static void a_second_join_answers_the_state_and_changes_nothing_else(void **state)
{
    struct fixture *f = *state;

    here(f, "ab", "d");
    aware(f, 'a', "d", "1");
    edit(f, 'a', "d", 1, "+x");
    settle(f);
    forget(f);
    join(f, 'a', "d");
    expect(f, "a< joined 2 'x' a=1@0\n");
    edit(f, 'b', "d", 2, "+y");
    settle(f);
    expect(f, "b< ack d 3\n"
              "a< op d 3 +y\n"); /* once */
    undo(f, 'a', "d"); /* and its stack is what it was */
    settle(f);
    expect(f, "b< op d 4 =1 -1\n"
              "a< op d 4 =1 -1\n"
              "a< ack d 4\n");
}

/* A join behind an op of one's own that is not durable: its answer is behind the ack, and shows the op. */
static void a_join_behind_a_pending_op_of_its_own_waits_for_it(void **state)
{
    struct fixture *f = *state;

    here(f, "a", "d");
    edit(f, 'a', "d", 1, "+x");
    join(f, 'a', "d");
    join_since(f, 'a', "d", 1);
    expect(f, "");
    stored(f, "d");
    expect(f, "a< ack d 2\n"
              "a< joined 2 'x'\n"
              "a< joined 2 since: (2 +x)\n");
}

/* ---- the order of its checks ------------------------------------------------------------------------------------------------------ */

static void a_join_is_checked_version_then_id_then_type(void **state)
{
    struct fixture *f = *state;

    come(f, "a");
    join_with(f, 'a', "", "nonsense", 1);
    join_with(f, 'a', "d", "", 1);
    join_with(f, 'a', "d", "nonsense", 1);
    join_with(f, 'a', "d", "TEXT", 1); /* in any letter case */
    settle(f);
    expect(f, "a< error  InvalidMessage\n" /* its id could be read: it is empty */
              "a< error d InvalidMessage\n"
              "a< error d UnknownDocumentType\n"
              "a< joined 1 ''\n");
    join_with(f, 'a', "", "", 2);
    expect(f, "a< error  UnsupportedProtocol 1-1\n"
              "a closed UnsupportedProtocol\n");
    join(f, 'a', "e"); /* nothing is heard of a connection that is being closed */
    settle(f);
    expect(f, "");
}

static void a_document_keeps_the_type_of_its_first_op(void **state)
{
    struct fixture *f = *state;

    here(f, "a", "d");
    edit(f, 'a', "d", 1, "+x");
    settle(f);
    come(f, "b");
    join_with(f, 'b', "d", "json", 1);
    settle(f);
    expect(f, "a< ack d 2\n"
              "b< error d UnknownDocumentType\n");
    fixture_restart(f);
    come(f, "b");
    join_with(f, 'b', "d", "json", 1);
    settle(f);
    expect(f, "b< error d UnknownDocumentType\n");
}

static void engines_that_are_not_enabled_are_unknown(void **state)
{
    static const struct ops_engine *const text_only[] = {&ops_text_engine, NULL};
    struct fixture *f = *state;

    here(f, "a", "j");
    edit(f, 'a', "j", 1, "x=1@1");
    settle(f);
    f->config.engines = text_only;
    fixture_restart(f);
    come(f, "a");
    join(f, 'a', "j");
    join_with(f, 'a', "j", "text", 1); /* what is stored is json */
    settle(f);
    expect(f, "a< error j UnknownDocumentType\n"
              "a< error j UnknownDocumentType\n");
    join(f, 'a', "d");
    settle(f);
    expect(f, "a< joined 1 ''\n");
}

/* ---- leaving ----------------------------------------------------------------------------------------------------------------------- */

static void leaving_ends_membership_pushes_and_awareness_of_one_document(void **state)
{
    struct fixture *f = *state;

    here(f, "abc", "d");
    here(f, "ab", "e");
    extend(f, "bc");
    aware(f, 'a', "d", "1");
    forget(f);
    leave(f, 'a', "d");
    expect(f, "a< leave_ack d\n"
              "c< left d a\n"
              "b< left d a\n");
    edit(f, 'b', "d", 1, "+x");
    edit(f, 'b', "e", 1, "+y");
    settle(f);
    expect(f, "b< ack d 2\n"
              "c< op d 2 +x\n"
              "b< ack e 2\n"
              "a< op e 2 +y\n");
    leave(f, 'a', "d");
    expect(f, "a< error d NotJoined\n");
    join(f, 'a', "d");
    expect(f, "a< joined 2 'x'\n");
}

static void plain_connections_hear_of_a_leave_as_of_an_end(void **state)
{
    struct fixture *f = *state;

    here(f, "abc", "d");
    extend(f, "c");
    leave(f, 'a', "d");
    expect(f, "a< leave_ack d\n"
              "b< gone a\n"
              "c< left d a\n");
}

static void a_leave_behind_a_pending_op_waits_for_its_ack(void **state)
{
    struct fixture *f = *state;

    here(f, "ab", "d");
    edit(f, 'a', "d", 1, "+x");
    leave(f, 'a', "d");
    join(f, 'a', "d");
    edit(f, 'a', "d", 2, "+y");
    expect(f, "");
    settle(f);
    expect(f, "a< ack d 2\n"
              "b< op d 2 +x\n"
              "a< leave_ack d\n"
              "b< gone a\n"
              "a< joined 2 'x'\n"
              "a< ack d 3\n"
              "b< op d 3 +y\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(since_the_current_revision_nothing_is_pending),
        CLAIM(since_a_revision_every_op_comes_in_order_with_its_id),
        CLAIM(since_a_revision_above_the_current_one_is_ahead),
        CLAIM(since_a_revision_that_only_the_log_keeps_the_log_is_read),
        CLAIM(since_a_revision_that_the_ring_has_outrun_is_compacted),
        CLAIM(since_a_revision_that_nothing_keeps_is_compacted),
        CLAIM(a_log_that_cannot_be_read_is_storage_unavailable),
        CLAIM(a_client_that_goes_while_its_log_is_read_leaves_nothing),
        CLAIM(a_second_join_that_fails_leaves_the_first_as_it_was),
        CLAIM(a_second_join_answers_the_state_and_changes_nothing_else),
        CLAIM(a_join_behind_a_pending_op_of_its_own_waits_for_it),
        CLAIM(a_join_is_checked_version_then_id_then_type),
        CLAIM(a_document_keeps_the_type_of_its_first_op),
        CLAIM(engines_that_are_not_enabled_are_unknown),
        CLAIM(leaving_ends_membership_pushes_and_awareness_of_one_document),
        CLAIM(plain_connections_hear_of_a_leave_as_of_an_end),
        CLAIM(a_leave_behind_a_pending_op_waits_for_its_ack),
    };

    return cmocka_run_group_tests_name("core-join", tests, NULL, NULL);
}
