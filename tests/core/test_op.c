/* An op: what is checked and in which order, opId, rebase, what is stored (spec/v1.md §3.2). */
#include "fixture.h"

#include "tests/support/memory.h"

static void the_first_op_of_a_new_document_makes_revision_2(void **state)
{
    struct fixture *f = *state;
    const struct model_document *d;

    here(f, "a", "d");
    assert_null(model_find(&f->store, OPS_STR("d"))->type); /* no row before the first op */
    edit_id(f, 'a', "d", 1, "+hi", "id-1");
    settle(f);
    expect(f, "a< ack d 2\n");
    d = model_find(&f->store, OPS_STR("d"));
    assert_int_equal(d->row_count, 1);
    assert_int_equal(d->rows[0].revision, 2);
    assert_string_equal(d->rows[0].author_id, "a");
    assert_string_equal(d->rows[0].op_id, "id-1");
    assert_string_equal(d->rows[0].op_type_name, "TextOp");
    assert_string_equal(d->type, "text");
}

/* Author's ack, peers' push, catch-up and the stored row speak of one op. */
static void a_rebased_op_is_stored_pushed_and_caught_up_with_alike(void **state)
{
    struct fixture *f = *state;
    const struct model_row *row;
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_text_op op;

    here(f, "ab", "d");
    edit(f, 'a', "d", 1, "+abc");
    edit(f, 'b', "d", 1, "+xyz");
    settle(f);
    come(f, "c");
    join_since(f, 'c', "d", 1);
    expect(f, "a< ack d 2\n"
              "b< op d 2 +abc\n"
              "b< ack d 3\n"
              "a< op d 3 =3 +xyz\n"
              "c< joined 3 since: (2 +abc) (3 =3 +xyz)\n");
    row = &model_find(&f->store, OPS_STR("d"))->rows[1];
    assert_int_equal(ops_json_decode(&ops_text_op_type, &ops_style_stored, ops_str_of(row->payload, row->payload_bytes), &arena, &op,
                                     NULL), OPS_OK);
    assert_int_equal(op.components_count, 2);
    assert_int_equal(op.components[0].retain.count, 3);
    assert_true(ops_str_equal(op.components[1].insert.text, OPS_STR("xyz")));
    ops_arena_reset(&arena);
}

static void an_op_is_rebased_over_its_authors_own_ops_too(void **state)
{
    struct fixture *f = *state;

    here(f, "ab", "d");
    edit(f, 'a', "d", 1, "+1");
    settle(f);
    edit(f, 'a', "d", 1, "+2");
    settle(f);
    expect(f, "a< ack d 2\n"
              "b< op d 2 +1\n"
              "a< ack d 3\n"
              "b< op d 3 =1 +2\n");
}

/* ---- without effect --------------------------------------------------------------------------------------------------------------- */

static void an_op_that_rebasing_leaves_without_effect_makes_no_revision(void **state)
{
    struct fixture *f = *state;

    here(f, "ab", "d");
    edit(f, 'a', "d", 1, "+abc");
    edit(f, 'a', "d", 2, "=1 -1");
    settle(f);
    forget(f);
    edit(f, 'b', "d", 2, "=1 -1");
    expect(f, "b< ack d 3\n");
    assert_int_equal(f->store.waiting, 0);
    assert_int_equal(ops_core_stats(f->core)->ops_absorbed, 1);
}

static void the_same_op_without_effect_at_the_current_revision_is_committed(void **state)
{
    struct fixture *f = *state;

    here(f, "ab", "d");
    edit(f, 'a', "d", 1, "+abc");
    edit(f, 'a', "d", 2, "=3");
    settle(f);
    expect(f, "a< ack d 2\n"
              "b< op d 2 +abc\n"
              "a< ack d 3\n"
              "b< op d 3 =3\n");
}

static void a_json_op_that_loses_by_last_writer_wins_is_committed_and_pushed(void **state)
{
    struct fixture *f = *state;

    here(f, "ab", "j");
    edit(f, 'a', "j", 1, "x=1@50");
    edit(f, 'b', "j", 1, "x=2@40");
    settle(f);
    expect(f, "a< ack j 2\n"
              "b< op j 2 x=1@50/a\n"
              "b< ack j 3\n"
              "a< op j 3 x=2@40/b\n");
    come(f, "c");
    join(f, 'c', "j");
    expect(f, "c< joined 3 { x=1@50/a }\n");
}

/* ---- the order of the checks: the first failure is reported --------------------------------------------------------------------- */

static void membership_comes_before_everything_but_the_members(void **state)
{
    struct fixture *f = *state;

    here(f, "a", "d");
    come(f, "b");
    edit(f, 'b', "d", 99, "+x");
    expect(f, "b< refused d 0 NotJoined\n");
    edit_id(f, 'b', "d", 99, "+x", "an id with blanks");
    expect(f, "b< refused d 0 InvalidMessage\n");
    edit(f, 'b', "d", -1, "+x");
    expect(f, "b< refused d 0 InvalidMessage\n");
    send_payload(f, 'b', "d", 1, OPS_STR("nonsense"));
    expect(f, "b< refused d 0 NotJoined\n");
    send_payload(f, 'b', "d", 1, OPS_STR(""));
    expect(f, "b< refused d 0 NotJoined\n");
}

static void a_repeated_opid_comes_before_the_payload_and_the_base(void **state)
{
    struct fixture *f = *state;
    struct ops_client_message m;

    here(f, "a", "d");
    edit_id(f, 'a', "d", 1, "+abc", "id-1");
    settle(f);
    forget(f);
    memset(&m, 0, sizeof m);
    m.message_type = OPS_CLIENT_MESSAGE_OP_REQUEST;
    m.op_request.document_id = OPS_STR("d");
    m.op_request.op_id = OPS_STR("id-1");
    m.op_request.base_revision = 1;
    m.op_request.payload = OPS_STR("nonsense");
    request(f, 'a', &m);
    expect(f, "a< ack d 2\n");
    m.op_request.payload = OPS_STR("");
    request(f, 'a', &m);
    expect(f, "a< ack d 2\n");
    m.op_request.op_id = OPS_STR("id-2");
    request(f, 'a', &m);
    expect(f, "a< refused d 2 InvalidMessage\n");
}

static void the_payload_comes_before_the_base_and_the_base_before_the_engine(void **state)
{
    struct fixture *f = *state;

    here(f, "a", "d");
    edit(f, 'a', "d", 1, "+abc");
    settle(f);
    forget(f);
    send_payload(f, 'a', "d", 99, OPS_STR("nonsense"));
    expect(f, "a< refused d 2 InvalidMessage\n");
    send_payload(f, 'a', "d", 0, OPS_STR(""));
    expect(f, "a< refused d 2 InvalidMessage\n");
    edit(f, 'a', "d", 99, "=99 +x");
    expect(f, "a< refused d 2 RevisionAhead\n");
    edit(f, 'a', "d", 0, "=99 +x");
    expect(f, "a< refused d 2 RevisionCompacted\n");
    edit(f, 'a', "d", 1, "=99 +x");
    expect(f, "a< refused d 2 InvalidOp\n");
    edit(f, 'a', "d", 2, "=3 +x");
    settle(f);
    expect(f, "a< ack d 3\n");
}

static void a_base_before_the_documents_first_revision_is_always_too_old(void **state)
{
    struct fixture *f = *state;

    here(f, "a", "d");
    here(f, "a", "j");
    edit(f, 'a', "d", 0, "+x");
    edit(f, 'a', "j", 0, "x=1@1");
    expect(f, "a< refused d 1 RevisionCompacted\n"
              "a< refused j 1 RevisionCompacted\n");
}

static void bases_are_current_oldest_kept_and_one_beyond_each(void **state)
{
    struct fixture *f = *state;
    int64_t revision;

    f->config.recent_max_ops = 4;
    fixture_restart(f);
    here(f, "a", "d");
    for (revision = 1; revision <= 10; revision++) {
        edit(f, 'a', "d", revision, "+x");
        settle(f);
    }
    forget(f);
    edit(f, 'a', "d", 12, "+y");
    expect(f, "a< refused d 11 RevisionAhead\n");
    edit(f, 'a', "d", 6, "+y"); /* ops 8 to 11 are kept: rebasing over 7 is not possible */
    expect(f, "a< refused d 11 RevisionCompacted\n");
    edit(f, 'a', "d", 7, "+y");
    settle(f);
    expect(f, "a< ack d 12\n");
}

/* Ops of an engine whose transform is the identity need no ring: any base will do, but the one before the first. */
static void a_json_op_is_never_too_old_unless_its_id_could_be_older(void **state)
{
    struct fixture *f = *state;
    int64_t revision;

    f->config.recent_max_ops = 2;
    fixture_restart(f);
    here(f, "a", "j");
    for (revision = 1; revision <= 6; revision++) {
        edit(f, 'a', "j", revision, "x=1@7");
        settle(f);
    }
    forget(f);
    edit(f, 'a', "j", 1, "y=1@8");
    settle(f);
    expect(f, "a< ack j 8\n");
    edit_id(f, 'a', "j", 1, "y=1@8", "id-1"); /* it may be among the ops that are forgotten */
    expect(f, "a< refused j 8 RevisionCompacted\n");
}

/* ---- opId -------------------------------------------------------------------------------------------------------------------------- */

static void an_opid_counts_only_after_the_base(void **state)
{
    struct fixture *f = *state;

    here(f, "ab", "d");
    edit_id(f, 'a', "d", 1, "+x", "id-1");
    settle(f);
    forget(f);
    edit_id(f, 'a', "d", 2, "+y", "id-1"); /* the base knows of the first: another op, whatever it is called */
    settle(f);
    expect(f, "a< ack d 3\n"
              "b< op d 3 +y id id-1\n");
    edit_id(f, 'b', "d", 2, "+y", "id-1");
    expect(f, "b< ack d 3\n");
    edit_id(f, 'b', "d", 1, "+y", "id-1"); /* of two the later */
    expect(f, "b< ack d 3\n");
    assert_int_equal(ops_core_stats(f->core)->ops_repeated, 2);
}

static void opids_are_kept_across_restarts(void **state)
{
    struct fixture *f = *state;

    here(f, "a", "d");
    edit_id(f, 'a', "d", 1, "+x", "id-1");
    edit(f, 'a', "d", 2, "+y");
    settle(f);
    fixture_restart(f);
    here(f, "b", "d");
    edit_id(f, 'b', "d", 1, "+x", "id-1");
    expect(f, "b< ack d 2\n");
}

static void opids_of_refused_and_absorbed_ops_are_not_remembered(void **state)
{
    struct fixture *f = *state;

    here(f, "ab", "d");
    edit_id(f, 'a', "d", 1, "=9 +x", "id-1");
    expect(f, "a< refused d 1 InvalidOp\n");
    edit_id(f, 'a', "d", 1, "+x", "id-1");
    edit(f, 'a', "d", 2, "-1");
    settle(f);
    forget(f);
    edit_id(f, 'b', "d", 2, "-1", "id-2");
    expect(f, "b< ack d 3\n");
    edit_id(f, 'b', "d", 2, "+y", "id-2");
    settle(f);
    expect(f, "b< ack d 4\n"
              "a< op d 4 +y id id-2\n");
}

static void the_same_opid_in_another_document_is_another(void **state)
{
    struct fixture *f = *state;

    here(f, "a", "d");
    here(f, "a", "e");
    edit_id(f, 'a', "d", 1, "+x", "id-1");
    edit_id(f, 'a', "e", 1, "+x", "id-1");
    settle(f);
    expect(f, "a< ack d 2\n"
              "a< ack e 2\n");
}

/* ---- profiles ------------------------------------------------------------------------------------------------------------------------ */

static void a_base_ahead_is_the_current_one_in_the_reference_profile(void **state)
{
    struct fixture *f = *state;

    come_as(f, 'r', &ops_profile_reference);
    join(f, 'r', "d");
    settle(f);
    forget(f);
    edit(f, 'r', "d", 99, "+x");
    settle(f);
    expect(f, "r< ack d 2\n");
}

static void an_overshoot_is_cut_in_the_reference_profile_before_anybody_hears_of_it(void **state)
{
    struct fixture *f = *state;

    here(f, "a", "d");
    edit(f, 'a', "d", 1, "+abc");
    settle(f);
    come_as(f, 'r', &ops_profile_reference);
    join(f, 'r', "d");
    forget(f);
    edit(f, 'r', "d", 2, "=1 -9");
    settle(f);
    expect(f, "r< ack d 3\n"
              "a< op d 3 =1 -2\n");
}

static void correlation_ids_come_back_with_replies_only(void **state)
{
    struct fixture *f = *state;

    here(f, "ab", "d");
    extend(f, "a");
    f->tag = "1";
    edit(f, 'a', "d", 1, "+x");
    f->tag = "2";
    edit(f, 'a', "d", 9, "+x");
    f->tag = "3";
    aware(f, 'a', "d", "1");
    f->tag = "4";
    leave(f, 'a', "nowhere");
    expect(f, "a< error nowhere NotJoined #4\n");
    settle(f);
    expect(f, "a< ack d 2 #1\n"
              "b< op d 2 +x\n"
              "a< refused d 2 RevisionAhead #2\n"
              "b< awareness d a=1@0\n"
              "a< stored d a=1@0 #3\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(the_first_op_of_a_new_document_makes_revision_2),
        CLAIM(a_rebased_op_is_stored_pushed_and_caught_up_with_alike),
        CLAIM(an_op_is_rebased_over_its_authors_own_ops_too),
        CLAIM(an_op_that_rebasing_leaves_without_effect_makes_no_revision),
        CLAIM(the_same_op_without_effect_at_the_current_revision_is_committed),
        CLAIM(a_json_op_that_loses_by_last_writer_wins_is_committed_and_pushed),
        CLAIM(membership_comes_before_everything_but_the_members),
        CLAIM(a_repeated_opid_comes_before_the_payload_and_the_base),
        CLAIM(the_payload_comes_before_the_base_and_the_base_before_the_engine),
        CLAIM(a_base_before_the_documents_first_revision_is_always_too_old),
        CLAIM(bases_are_current_oldest_kept_and_one_beyond_each),
        CLAIM(a_json_op_is_never_too_old_unless_its_id_could_be_older),
        CLAIM(an_opid_counts_only_after_the_base),
        CLAIM(opids_are_kept_across_restarts),
        CLAIM(opids_of_refused_and_absorbed_ops_are_not_remembered),
        CLAIM(the_same_opid_in_another_document_is_another),
        CLAIM(a_base_ahead_is_the_current_one_in_the_reference_profile),
        CLAIM(an_overshoot_is_cut_in_the_reference_profile_before_anybody_hears_of_it),
        CLAIM(correlation_ids_come_back_with_replies_only),
    };

    return cmocka_run_group_tests_name("core-op", tests, NULL, NULL);
}
