/* Two heads and the order of what leaves (architecture.md "One op, end to end", spec/v1.md §3.1). */
#include "fixture.h"

static void nobody_hears_of_an_op_before_it_is_durable(void **state)
{
    struct fixture *f = *state;

    here(f, "abc", "d");
    edit(f, 'a', "d", 1, "+x");
    expect(f, "");
    assert_int_equal(waiting(f, OPS_STORE_APPEND), 1);
    assert_int_equal(log_revision(f, "d"), 0);
    stored(f, "d");
    expect(f, "a< ack d 2\n"
              "c< op d 2 +x\n"
              "b< op d 2 +x\n");
    assert_int_equal(log_revision(f, "d"), 2);
}

static void join_during_commit_sees_only_durable(void **state)
{
    struct fixture *f = *state;

    here(f, "a", "d");
    edit(f, 'a', "d", 1, "+one");
    edit(f, 'a', "d", 2, "=3 +two");
    stored(f, "d");
    expect(f, "a< ack d 2\n");
    come(f, "b");
    join(f, 'b', "d"); /* the second op is in the store's hands */
    expect(f, "b< joined 2 'one'\n");
    stored(f, "d");
    expect(f, "a< ack d 3\n"
              "b< op d 3 =3 +two\n");
}

/* The join is no different when the pending op is lost: what it was told stays true. */
static void join_during_a_commit_that_is_lost_was_told_nothing_wrong(void **state)
{
    struct fixture *f = *state;

    here(f, "a", "d");
    edit(f, 'a', "d", 1, "+one");
    come(f, "b");
    join(f, 'b', "d");
    expect(f, "b< joined 1 ''\n");
    answer(f, "d", OPS_STORE_APPEND, MODEL_ABSENT);
    expect(f, "a< refused d 1 StorageUnavailable\n");
    edit(f, 'b', "d", 1, "+two");
    stored(f, "d");
    expect(f, "b< ack d 2\n"
              "a< op d 2 +two\n");
}

static void catch_up_reads_the_durable_head(void **state)
{
    struct fixture *f = *state;

    here(f, "a", "d");
    edit(f, 'a', "d", 1, "+one");
    stored(f, "d");
    edit(f, 'a', "d", 2, "+two");
    forget(f);
    come(f, "bc");
    join_since(f, 'b', "d", 1);
    join_since(f, 'c', "d", 3);
    expect(f, "b< joined 2 since: (2 +one)\n"
              "c< error d RevisionAhead\n");
    stored(f, "d");
    expect(f, "a< ack d 3\n"
              "b< op d 3 +two\n");
}

static void snapshots_hold_only_what_is_durable(void **state)
{
    struct fixture *f = *state;
    const struct ops_store_snapshot *snapshot;

    f->config.snapshot_ops = 1;
    fixture_restart(f);
    here(f, "a", "d");
    edit(f, 'a', "d", 1, "+one");
    edit(f, 'a', "d", 2, "+two");
    assert_int_equal(waiting(f, OPS_STORE_SNAPSHOT), 0);
    stored(f, "d");
    pass(f, 0);
    assert_int_equal(waiting(f, OPS_STORE_SNAPSHOT), 1);
    snapshot = (const struct ops_store_snapshot *)f->store.last;
    assert_int_equal(snapshot->request.kind, OPS_STORE_SNAPSHOT);
    assert_int_equal(snapshot->revision, 2);
    assert_true(ops_str_equal(snapshot->state, OPS_STR("{\"content\":\"one\"}")));
}

/* ---- refusals, absorbed ops, repeats ------------------------------------------------------------------------------------------ */

static void refusal_waits_for_what_it_was_decided_on(void **state)
{
    struct fixture *f = *state;

    here(f, "ab", "d");
    edit(f, 'a', "d", 1, "+abc");
    edit(f, 'b', "d", 1, "=9 +x"); /* nine is past the end, whatever becomes of the op before */
    expect(f, "");
    stored(f, "d");
    expect(f, "a< ack d 2\n"
              "b< op d 2 +abc\n"
              "b< refused d 2 InvalidOp\n");
}

static void refusal_of_a_lost_state_is_not_the_answer(void **state)
{
    struct fixture *f = *state;

    here(f, "ab", "d");
    edit(f, 'a', "d", 1, "+abc");
    edit(f, 'b', "d", 1, "=9 +x");
    answer(f, "d", OPS_STORE_APPEND, MODEL_ABSENT);
    expect(f, "a< refused d 1 StorageUnavailable\n"
              "b< refused d 1 StorageUnavailable\n");
}

static void absorbed_op_is_answered_when_what_absorbed_it_is_durable(void **state)
{
    struct fixture *f = *state;

    here(f, "ab", "d");
    edit(f, 'a', "d", 1, "+abc");
    stored(f, "d");
    forget(f);
    edit(f, 'a', "d", 2, "-3");
    edit(f, 'b', "d", 2, "-3");
    expect(f, "");
    stored(f, "d");
    expect(f, "a< ack d 3\n"
              "b< op d 3 -3\n"
              "b< ack d 3\n");
    assert_int_equal(waiting(f, OPS_STORE_APPEND), 0);
    assert_int_equal(log_revision(f, "d"), 3);
}

static void absorbed_by_a_lost_op_is_not_acknowledged(void **state)
{
    struct fixture *f = *state;

    here(f, "ab", "d");
    edit(f, 'a', "d", 1, "+abc");
    stored(f, "d");
    forget(f);
    edit(f, 'a', "d", 2, "-3");
    edit(f, 'b', "d", 2, "-3"); /* the op before leaves it without effect */
    expect(f, "");
    answer(f, "d", OPS_STORE_APPEND, MODEL_ABSENT);
    expect(f, "a< refused d 2 StorageUnavailable\n"
              "b< refused d 2 StorageUnavailable\n");
    edit(f, 'b', "d", 2, "-3"); /* again: now it is what deletes */
    stored(f, "d");
    expect(f, "b< ack d 3\n"
              "a< op d 3 -3\n");
}

static void repeated_opid_of_a_pending_op_shares_its_fate(void **state)
{
    struct fixture *f = *state;

    here(f, "ab", "d");
    edit_id(f, 'a', "d", 1, "+abc", "id-1");
    edit_id(f, 'b', "d", 1, "+abc", "id-1"); /* its author, on a new connection */
    expect(f, "");
    assert_int_equal(waiting(f, OPS_STORE_APPEND), 1);
    stored(f, "d");
    expect(f, "a< ack d 2\n"
              "b< op d 2 +abc id id-1\n"
              "b< ack d 2\n");
    edit_id(f, 'a', "d", 2, "+x", "id-2");
    edit_id(f, 'b', "d", 2, "+x", "id-2");
    answer(f, "d", OPS_STORE_APPEND, MODEL_ABSENT);
    expect(f, "a< refused d 2 StorageUnavailable\n"
              "b< refused d 2 StorageUnavailable\n");
    edit_id(f, 'b', "d", 2, "+x", "id-2"); /* of lost ops nothing is remembered */
    stored(f, "d");
    expect(f, "b< ack d 3\n"
              "a< op d 3 +x id id-2\n");
}

/* The op that is repeated is durable, one after it is lost: the answer is the first one's. */
static void repeated_opid_of_a_durable_op_survives_the_loss_of_a_later_one(void **state)
{
    struct fixture *f = *state;

    here(f, "ab", "d");
    edit_id(f, 'a', "d", 1, "+abc", "id-1");
    edit(f, 'a', "d", 2, "+x");
    edit_id(f, 'b', "d", 1, "+abc", "id-1");
    stored(f, "d");
    answer(f, "d", OPS_STORE_APPEND, MODEL_ABSENT);
    expect(f, "a< ack d 2\n"
              "b< op d 2 +abc id id-1\n"
              "a< refused d 2 StorageUnavailable\n"
              "b< ack d 2\n");
}

static void suffix_of_a_lost_op_is_refused(void **state)
{
    struct fixture *f = *state;

    here(f, "abc", "d");
    edit(f, 'a', "d", 1, "+one");
    edit(f, 'b', "d", 1, "+two");
    edit(f, 'c', "d", 1, "+three");
    stored(f, "d");
    answer(f, "d", OPS_STORE_APPEND, MODEL_ABSENT);
    expect(f, "a< ack d 2\n"
              "c< op d 2 +one\n"
              "b< op d 2 +one\n"
              "b< refused d 2 StorageUnavailable\n"
              "c< refused d 2 StorageUnavailable\n");
    answer(f, "d", OPS_STORE_APPEND, MODEL_DONE); /* the store ends it absent: its epoch is over */
    expect(f, "");
    assert_int_equal(log_revision(f, "d"), 2);
    edit(f, 'c', "d", 2, "=3 +!"); /* and goes on */
    stored(f, "d");
    expect(f, "c< ack d 3\n"
              "b< op d 3 =3 +!\n"
              "a< op d 3 =3 +!\n");
}

/* ---- one author, several in flight ---------------------------------------------------------------------------------------------- */

static void pipelined_bases_of_one_author(void **state)
{
    struct fixture *f = *state;

    here(f, "ab", "d");
    edit(f, 'a', "d", 1, "+a");
    edit(f, 'a', "d", 2, "=1 +b"); /* a base that is not durable, but its own */
    edit(f, 'a', "d", 3, "=2 +c");
    edit(f, 'b', "d", 3, "+no");   /* nobody but the author can know of revision 3 */
    assert_int_equal(waiting(f, OPS_STORE_APPEND), 3);
    stored(f, "d");
    stored(f, "d");
    stored(f, "d");
    expect(f, "a< ack d 2\n"
              "b< op d 2 +a\n"
              "a< ack d 3\n"
              "b< op d 3 =1 +b\n"
              "a< ack d 4\n"
              "b< op d 4 =2 +c\n"
              "b< refused d 4 RevisionAhead\n");
    come(f, "c");
    join(f, 'c', "d");
    expect(f, "c< joined 4 'abc'\n");
}

static void pipelined_bases_end_where_another_author_begins(void **state)
{
    struct fixture *f = *state;

    here(f, "ab", "d");
    edit(f, 'a', "d", 1, "+a");
    edit(f, 'b', "d", 1, "+b");
    edit(f, 'a', "d", 2, "=1 +x"); /* its own op: rebased over b's */
    edit(f, 'a', "d", 3, "=1 +y"); /* b's op, which it cannot have seen */
    settle(f);
    expect(f, "a< ack d 2\n"
              "b< op d 2 +a\n"
              "b< ack d 3\n"
              "a< op d 3 =1 +b\n"
              "a< ack d 4\n"
              "b< op d 4 =2 +x\n"
              "a< refused d 4 RevisionAhead\n");
}

/* ---- order ---------------------------------------------------------------------------------------------------------------------- */

static void acks_and_pushes_reach_one_connection_in_revision_order(void **state)
{
    struct fixture *f = *state;

    here(f, "ab", "d");
    edit(f, 'a', "d", 1, "+1");
    edit(f, 'b', "d", 1, "+2");
    edit(f, 'a', "d", 1, "+3");
    edit(f, 'b', "d", 1, "+4");
    settle(f);
    expect(f, "a< ack d 2\n"
              "b< op d 2 +1\n"
              "b< ack d 3\n"
              "a< op d 3 =1 +2\n"
              "a< ack d 4\n"
              "b< op d 4 =2 +3\n"
              "b< ack d 5\n"
              "a< op d 5 =3 +4\n");
}

static void answers_of_one_document_keep_the_order_of_the_requests(void **state)
{
    struct fixture *f = *state;

    here(f, "ab", "d");
    edit(f, 'a', "d", 1, "+x");
    edit(f, 'a', "d", 1, "");       /* empty: InvalidMessage or without effect, but not before the ack */
    aware(f, 'a', "d", "{\"n\":1}");
    edit(f, 'a', "d", 99, "+y");
    leave(f, 'a', "d");
    edit(f, 'a', "d", 2, "+z");     /* it has left */
    expect(f, "");
    stored(f, "d");
    expect(f, "a< ack d 2\n"
              "b< op d 2 +x\n"
              "a< ack d 2\n"
              "b< awareness d a={\"n\":1}@0\n"
              "a< stored d a={\"n\":1}@0\n"
              "a< refused d 2 RevisionAhead\n"
              "a< leave_ack d\n"
              "b< gone a\n"
              "a< refused d 0 NotJoined\n");
}

static void different_documents_do_not_wait_for_each_other(void **state)
{
    struct fixture *f = *state;

    here(f, "a", "d");
    here(f, "a", "e");
    edit(f, 'a', "d", 1, "+x");
    edit(f, 'a', "e", 1, "+y");
    stored(f, "e");
    expect(f, "a< ack e 2\n");
    stored(f, "d");
    expect(f, "a< ack d 2\n");
}

/* `join_ack` names no document: joins are answered in the order sent, and what comes for a joined document queues behind. */
static void joins_are_answered_in_the_order_sent_and_pushes_wait_behind_them(void **state)
{
    struct fixture *f = *state;

    here(f, "a", "e");
    come(f, "b");
    join(f, 'b', "d"); /* to be loaded */
    join(f, 'b', "e"); /* in memory */
    edit(f, 'a', "e", 1, "+x");
    stored(f, "e");
    expect(f, "a< ack e 2\n");
    answer(f, "d", OPS_STORE_LOAD, MODEL_DONE);
    expect(f, "b< joined 1 ''\n"  /* d */
              "b< joined 1 ''\n"  /* e, as it was when it was joined */
              "b< op e 2 +x\n");
}

static void replies_behind_a_held_join_keep_their_order(void **state)
{
    struct fixture *f = *state;

    here(f, "a", "e");
    come(f, "b");
    join(f, 'b', "d");
    join(f, 'b', "e");
    edit(f, 'b', "e", 1, "+x");
    stored(f, "e");
    edit(f, 'a', "e", 2, "+y");
    stored(f, "e");
    expect(f, "a< op e 2 +x\n"
              "a< ack e 3\n");
    answer(f, "d", OPS_STORE_LOAD, MODEL_DONE);
    expect(f, "b< joined 1 ''\n"
              "b< joined 1 ''\n"
              "b< ack e 2\n"
              "b< op e 3 +y\n");
}

static void in_the_reference_profile_all_replies_keep_the_order_of_the_requests(void **state)
{
    struct fixture *f = *state;

    come_as(f, 'r', &ops_profile_reference);
    join(f, 'r', "d");
    join(f, 'r', "e");
    settle(f);
    forget(f);
    edit(f, 'r', "d", 1, "+x");
    edit(f, 'r', "e", 1, "+y");
    stored(f, "e");
    expect(f, "");
    stored(f, "d");
    expect(f, "r< ack d 2\n"
              "r< ack e 2\n");
}

static void a_join_and_what_is_asked_behind_it_is_one_order(void **state)
{
    struct fixture *f = *state;

    come(f, "a");
    join(f, 'a', "d");
    edit(f, 'a', "d", 1, "+x");
    aware(f, 'a', "d", "1");
    expect(f, "");
    settle(f);
    expect(f, "a< joined 1 ''\n"
              "a< ack d 2\n"
              "a< stored d a=1@0\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(nobody_hears_of_an_op_before_it_is_durable),
        CLAIM(join_during_commit_sees_only_durable),
        CLAIM(join_during_a_commit_that_is_lost_was_told_nothing_wrong),
        CLAIM(catch_up_reads_the_durable_head),
        CLAIM(snapshots_hold_only_what_is_durable),
        CLAIM(refusal_waits_for_what_it_was_decided_on),
        CLAIM(refusal_of_a_lost_state_is_not_the_answer),
        CLAIM(absorbed_op_is_answered_when_what_absorbed_it_is_durable),
        CLAIM(absorbed_by_a_lost_op_is_not_acknowledged),
        CLAIM(repeated_opid_of_a_pending_op_shares_its_fate),
        CLAIM(repeated_opid_of_a_durable_op_survives_the_loss_of_a_later_one),
        CLAIM(suffix_of_a_lost_op_is_refused),
        CLAIM(pipelined_bases_of_one_author),
        CLAIM(pipelined_bases_end_where_another_author_begins),
        CLAIM(acks_and_pushes_reach_one_connection_in_revision_order),
        CLAIM(answers_of_one_document_keep_the_order_of_the_requests),
        CLAIM(different_documents_do_not_wait_for_each_other),
        CLAIM(joins_are_answered_in_the_order_sent_and_pushes_wait_behind_them),
        CLAIM(replies_behind_a_held_join_keep_their_order),
        CLAIM(in_the_reference_profile_all_replies_keep_the_order_of_the_requests),
        CLAIM(a_join_and_what_is_asked_behind_it_is_one_order),
    };

    return cmocka_run_group_tests_name("core-order", tests, NULL, NULL);
}
