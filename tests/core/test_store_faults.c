/* What becomes of ops when the store fails: absent, unknown, late (architecture.md "One op, end to end"). */
#include "fixture.h"

static void absent_append_is_answered_storage_unavailable_and_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    struct ops_core_document document;

    here(f, "ab", "d");
    edit(f, 'a', "d", 1, "+x");
    answer(f, "d", OPS_STORE_APPEND, MODEL_ABSENT);
    expect(f, "a< refused d 1 StorageUnavailable\n");
    ops_core_inspect(f->core, OPS_STR("d"), &document);
    assert_int_equal(document.accepted_revision, 1);
    assert_int_equal(document.durable_revision, 1);
    assert_int_equal(document.recent_ops, 0);
    assert_true(f->reports > 0);
    come(f, "c");
    join(f, 'c', "d");
    expect(f, "c< joined 1 ''\n");
}

static void one_bad_row_does_not_fail_the_batch(void **state)
{
    struct fixture *f = *state;

    here(f, "ab", "d");
    here(f, "ab", "e");
    here(f, "ab", "f");
    edit(f, 'a', "d", 1, "+1");
    edit(f, 'a', "e", 1, "+2");
    edit(f, 'a', "f", 1, "+3");
    stored(f, "d");
    answer(f, "e", OPS_STORE_APPEND, MODEL_ABSENT);
    stored(f, "f");
    expect(f, "a< ack d 2\n"
              "b< op d 2 +1\n"
              "a< refused e 1 StorageUnavailable\n"
              "a< ack f 2\n"
              "b< op f 2 +3\n");
}

static void unknown_append_is_fenced_before_it_is_read_back(void **state)
{
    struct fixture *f = *state;
    const struct ops_store_load *load;
    uint64_t epoch;

    here(f, "ab", "d");
    edit(f, 'a', "d", 1, "+x");
    epoch = f->store.first->epoch;
    answer(f, "d", OPS_STORE_APPEND, MODEL_UNKNOWN_LANDED);
    expect(f, "");
    assert_int_equal(waiting(f, OPS_STORE_LOAD), 1);
    load = (const struct ops_store_load *)f->store.first;
    assert_true(load->fence);
    assert_true(load->request.epoch > epoch);
    answer(f, "d", OPS_STORE_LOAD, MODEL_DONE);
    expect(f, "a< ack d 2\n"
              "b< op d 2 +x\n");
}

static void unknown_append_that_did_not_land_is_refused(void **state)
{
    struct fixture *f = *state;

    here(f, "ab", "d");
    edit(f, 'a', "d", 1, "+x");
    edit(f, 'b', "d", 1, "+y"); /* behind it: it cannot have landed either */
    answer(f, "d", OPS_STORE_APPEND, MODEL_UNKNOWN_LOST);
    answer(f, "d", OPS_STORE_LOAD, MODEL_DONE);
    expect(f, "a< refused d 1 StorageUnavailable\n"
              "b< refused d 1 StorageUnavailable\n");
    settle(f); /* the second append comes back absent, and counts no more */
    expect(f, "");
    edit(f, 'a', "d", 1, "+x");
    stored(f, "d");
    expect(f, "a< ack d 2\n"
              "b< op d 2 +x\n");
}

/* The first has landed, nobody knows; the second has not. */
static void read_back_tells_the_landed_from_the_lost(void **state)
{
    struct fixture *f = *state;

    here(f, "ab", "d");
    edit(f, 'a', "d", 1, "+x");
    edit(f, 'b', "d", 1, "+y");
    answer(f, "d", OPS_STORE_APPEND, MODEL_UNKNOWN_LANDED);
    answer(f, "d", OPS_STORE_LOAD, MODEL_DONE);
    expect(f, "a< ack d 2\n"
              "b< op d 2 +x\n"
              "b< refused d 2 StorageUnavailable\n");
}

/* What waited for the landed one goes on, under the number that the lost one had. */
static void what_a_fence_held_back_is_numbered_behind_what_stays(void **state)
{
    struct fixture *f = *state;

    here(f, "ab", "d");
    edit(f, 'a', "d", 1, "+x");
    undo(f, 'a', "d"); /* waits until there is an op to take back */
    edit(f, 'b', "d", 1, "+y");
    answer(f, "d", OPS_STORE_APPEND, MODEL_UNKNOWN_LANDED);
    answer(f, "d", OPS_STORE_LOAD, MODEL_DONE);
    expect(f, "a< ack d 2\n"
              "b< op d 2 +x\n"
              "b< refused d 2 StorageUnavailable\n");
    settle(f);
    expect(f, "b< op d 3 -1\n"
              "a< op d 3 -1\n"
              "a< ack d 3\n");
    edit(f, 'b', "d", 3, "+z");
    settle(f);
    expect(f, "b< ack d 4\n"
              "a< op d 4 +z\n");
    assert_int_equal(log_revision(f, "d"), 4);
}

static void nothing_is_decided_while_the_log_is_read_back(void **state)
{
    struct fixture *f = *state;

    here(f, "ab", "d");
    edit(f, 'a', "d", 1, "+x");
    answer(f, "d", OPS_STORE_APPEND, MODEL_UNKNOWN_LANDED);
    edit(f, 'b', "d", 1, "+y"); /* fenced: not taken, but answered in its place */
    expect(f, "");
    assert_int_equal(waiting(f, OPS_STORE_APPEND), 0);
    answer(f, "d", OPS_STORE_LOAD, MODEL_DONE);
    expect(f, "a< ack d 2\n"
              "b< op d 2 +x\n"
              "b< refused d 2 StorageUnavailable\n");
}

static void late_commit_after_timeout_is_fenced_or_found(void **state)
{
    struct fixture *f = *state;

    here(f, "ab", "d");
    edit(f, 'a', "d", 1, "+x");
    pass(f, f->config.store_timeout_ms - 1);
    assert_int_equal(waiting(f, OPS_STORE_LOAD), 0);
    pass(f, 1);
    assert_int_equal(waiting(f, OPS_STORE_LOAD), 1);
    expect(f, "");
    /* fenced: the load has read, then the append comes to the store: too late */
    answer(f, "d", OPS_STORE_LOAD, MODEL_DONE);
    expect(f, "a< refused d 1 StorageUnavailable\n");
    stored(f, "d");
    assert_int_equal(log_revision(f, "d"), 0);
    expect(f, "");
    /* found: the append lands in time for the load */
    edit(f, 'a', "d", 1, "+x");
    pass(f, f->config.store_timeout_ms);
    stored(f, "d");
    expect(f, ""); /* its word counts no more: the log's does */
    answer(f, "d", OPS_STORE_LOAD, MODEL_DONE);
    expect(f, "a< ack d 2\n"
              "b< op d 2 +x\n");
    assert_int_equal(log_revision(f, "d"), 2);
}

static void a_timeout_counts_from_the_oldest_append(void **state)
{
    struct fixture *f = *state;

    here(f, "a", "d");
    edit(f, 'a', "d", 1, "+x");
    pass(f, 6000);
    edit(f, 'a', "d", 2, "+y");
    pass(f, 3000);
    stored(f, "d");
    expect(f, "a< ack d 2\n");
    pass(f, 6999); /* 9,999 ms after the second */
    assert_int_equal(waiting(f, OPS_STORE_LOAD), 0);
    pass(f, 1);
    assert_int_equal(waiting(f, OPS_STORE_LOAD), 1);
}

static void a_read_back_that_fails_is_tried_again_until_the_log_is_known(void **state)
{
    struct fixture *f = *state;
    unsigned i;

    here(f, "ab", "d");
    edit(f, 'a', "d", 1, "+x");
    answer(f, "d", OPS_STORE_APPEND, MODEL_UNKNOWN_LANDED);
    for (i = 0; i < 5; i++) {
        answer(f, "d", OPS_STORE_LOAD, MODEL_ABSENT);
        expect(f, "");
        assert_int_equal(waiting(f, OPS_STORE_LOAD), 0);
        pass(f, 1000);
        assert_int_equal(waiting(f, OPS_STORE_LOAD), 1);
    }
    answer(f, "d", OPS_STORE_LOAD, MODEL_DONE);
    expect(f, "a< ack d 2\n"
              "b< op d 2 +x\n");
}

static void storage_down_joins_go_on(void **state)
{
    struct fixture *f = *state;

    here(f, "a", "d");
    edit(f, 'a', "d", 1, "+x");
    stored(f, "d");
    edit(f, 'a', "d", 2, "+y");
    answer(f, "d", OPS_STORE_APPEND, MODEL_UNKNOWN_LOST);
    answer(f, "d", OPS_STORE_LOAD, MODEL_ABSENT);
    forget(f);
    come(f, "bc");
    join(f, 'b', "d");
    join_since(f, 'c', "d", 1);
    expect(f, "b< joined 2 'x'\n"
              "c< joined 2 since: (2 +x)\n");
    aware(f, 'b', "d", "1");
    leave(f, 'c', "d");
    join(f, 'c', "d");
    settle(f);
    pass(f, 1000);
    settle(f);
    expect(f, "a< refused d 2 StorageUnavailable\n"
              "c< awareness d b=1@0\n"
              "a< awareness d b=1@0\n"
              "b< stored d b=1@0\n"
              "c< leave_ack d\n"
              "b< gone c\n"
              "a< gone c\n"
              "c< joined 2 'x' b=1@0\n");
}

/* A document that is not in memory cannot be joined while the store does not answer; the connection and its others live on. */
static void a_document_that_cannot_be_read_refuses_the_join_and_nothing_else(void **state)
{
    struct fixture *f = *state;

    here(f, "a", "d");
    join(f, 'a', "e");
    edit(f, 'a', "e", 1, "+x");
    answer(f, "e", OPS_STORE_LOAD, MODEL_ABSENT);
    expect(f, "a< error e StorageUnavailable\n"
              "a< refused e 0 NotJoined\n");
    join(f, 'a', "e");
    settle(f);
    expect(f, "a< joined 1 ''\n");
    edit(f, 'a', "d", 1, "+x");
    stored(f, "d");
    expect(f, "a< ack d 2\n");
}

static void a_snapshot_that_fails_is_taken_again_and_stops_nobody(void **state)
{
    struct fixture *f = *state;

    f->config.snapshot_ops = 1;
    fixture_restart(f);
    here(f, "a", "d");
    edit(f, 'a', "d", 1, "+x");
    stored(f, "d");
    pass(f, 0);
    answer(f, "d", OPS_STORE_SNAPSHOT, MODEL_ABSENT);
    edit(f, 'a', "d", 2, "+y");
    stored(f, "d");
    pass(f, 0);
    assert_int_equal(waiting(f, OPS_STORE_SNAPSHOT), 1);
    answer(f, "d", OPS_STORE_SNAPSHOT, MODEL_DONE);
    expect(f, "a< ack d 2\n"
              "a< ack d 3\n");
    assert_int_equal(model_find(&f->store, OPS_STR("d"))->snapshot_revision, 3);
}

/* ---- somebody else's hand in the log ------------------------------------------------------------------------------------------ */

/* The row that is found is not the op that was numbered so. */
static void a_row_of_somebody_else_ends_the_document_for_its_clients(void **state)
{
    struct fixture *f = *state;
    struct model_row *row;

    here(f, "ab", "d");
    edit(f, 'a', "d", 1, "+x");
    answer(f, "d", OPS_STORE_APPEND, MODEL_UNKNOWN_LANDED);
    row = &model_find(&f->store, OPS_STR("d"))->rows[0];
    row->author_id[0] = 'z';
    answer(f, "d", OPS_STORE_LOAD, MODEL_DONE);
    expect(f, "b closed Internal\n"
              "a closed Internal\n");
    assert_true(f->reports > 0);
    go(f, 'a');
    go(f, 'b');
    pass(f, 0);
    come(f, "c");
    join(f, 'c', "d");
    settle(f);
    expect(f, "c< joined 2 'x'\n"); /* the log is right, whoever wrote it */
}

static void a_log_with_a_gap_is_not_served(void **state)
{
    struct fixture *f = *state;

    here(f, "a", "d");
    edit(f, 'a', "d", 1, "+x");
    edit(f, 'a', "d", 2, "+y");
    settle(f);
    model_find(&f->store, OPS_STR("d"))->rows[1].revision = 4;
    fixture_restart(f);
    come(f, "b");
    join(f, 'b', "d");
    settle(f);
    expect(f, "b< error d Internal\n");
    assert_true(f->reports > 0);
    model_find(&f->store, OPS_STR("d"))->rows[1].revision = 3; /* mended: nothing of the failure is remembered */
    join(f, 'b', "d");
    settle(f);
    expect(f, "b< joined 3 'yx'\n");
}

/* ---- clients that go meanwhile -------------------------------------------------------------------------------------------------- */

static void an_author_that_is_gone_has_its_op_committed_all_the_same(void **state)
{
    struct fixture *f = *state;

    here(f, "ab", "d");
    edit(f, 'a', "d", 1, "+x");
    go(f, 'a');
    expect(f, "");
    stored(f, "d");
    expect(f, "b< op d 2 +x\n"
              "b< gone a\n");
}

static void clients_that_are_gone_are_told_nothing_when_their_ops_are_lost(void **state)
{
    struct fixture *f = *state;

    here(f, "ab", "d");
    edit(f, 'a', "d", 1, "+x");
    edit(f, 'b', "d", 1, "+y");
    go(f, 'a');
    go(f, 'b');
    answer(f, "d", OPS_STORE_APPEND, MODEL_UNKNOWN_LOST);
    settle(f);
    expect(f, "");
    come(f, "c");
    join(f, 'c', "d");
    expect(f, "c< joined 1 ''\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(absent_append_is_answered_storage_unavailable_and_leaves_nothing),
        CLAIM(one_bad_row_does_not_fail_the_batch),
        CLAIM(unknown_append_is_fenced_before_it_is_read_back),
        CLAIM(unknown_append_that_did_not_land_is_refused),
        CLAIM(read_back_tells_the_landed_from_the_lost),
        CLAIM(nothing_is_decided_while_the_log_is_read_back),
        CLAIM(what_a_fence_held_back_is_numbered_behind_what_stays),
        CLAIM(late_commit_after_timeout_is_fenced_or_found),
        CLAIM(a_timeout_counts_from_the_oldest_append),
        CLAIM(a_read_back_that_fails_is_tried_again_until_the_log_is_known),
        CLAIM(storage_down_joins_go_on),
        CLAIM(a_document_that_cannot_be_read_refuses_the_join_and_nothing_else),
        CLAIM(a_snapshot_that_fails_is_taken_again_and_stops_nobody),
        CLAIM(a_row_of_somebody_else_ends_the_document_for_its_clients),
        CLAIM(a_log_with_a_gap_is_not_served),
        CLAIM(an_author_that_is_gone_has_its_op_committed_all_the_same),
        CLAIM(clients_that_are_gone_are_told_nothing_when_their_ops_are_lost),
    };

    return cmocka_run_group_tests_name("core-store-faults", tests, NULL, NULL);
}
