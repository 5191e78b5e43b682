/* Undo and redo (spec/v1.md §3.2), through the core: whose ops, in which order, and what is told. */
#include "fixture.h"

static void the_author_of_an_undo_gets_its_op_as_a_push_then_the_reply(void **state)
{
    struct fixture *f = *state;

    here(f, "ab", "d");
    edit(f, 'a', "d", 1, "+abc");
    settle(f);
    forget(f);
    undo(f, 'a', "d");
    expect(f, ""); /* it is an op: nothing before it is durable */
    stored(f, "d");
    expect(f, "b< op d 3 -3\n"
              "a< op d 3 -3\n"
              "a< ack d 3\n");
    redo(f, 'a', "d");
    stored(f, "d");
    expect(f, "b< op d 4 +abc\n"
              "a< op d 4 +abc\n"
              "a< ack d 4\n");
}

static void undos_take_ops_back_latest_first_and_redos_the_reverse(void **state)
{
    struct fixture *f = *state;

    here(f, "a", "d");
    edit(f, 'a', "d", 1, "+one");
    edit(f, 'a', "d", 2, "=3 +two");
    settle(f);
    forget(f);
    undo(f, 'a', "d");
    undo(f, 'a', "d");
    undo(f, 'a', "d");
    redo(f, 'a', "d");
    redo(f, 'a', "d");
    redo(f, 'a', "d");
    settle(f);
    expect(f, "a< op d 4 =3 -3\n"
              "a< ack d 4\n"
              "a< op d 5 -3\n"
              "a< ack d 5\n"
              "a< refused d 5 NothingToUndo\n"
              "a< op d 6 +one\n"
              "a< ack d 6\n"
              "a< op d 7 =3 +two\n"
              "a< ack d 7\n"
              "a< refused d 7 NothingToRedo\n");
}

static void an_undo_takes_back_ones_own_op_rebased_over_others(void **state)
{
    struct fixture *f = *state;

    here(f, "ab", "d");
    edit(f, 'a', "d", 1, "+mine");
    settle(f);
    edit(f, 'b', "d", 2, "=2 +THEIRS");
    settle(f);
    come(f, "c");
    forget(f);
    undo(f, 'a', "d");
    settle(f);
    join(f, 'c', "d");
    expect(f, "b< op d 4 -2 =6 -2\n"
              "a< op d 4 -2 =6 -2\n"
              "a< ack d 4\n"
              "c< joined 4 'THEIRS'\n");
}

/* What makes it useless is not durable yet: when that is lost the entry is still there, and those below it are where they were. */
static void an_entry_that_pending_ops_make_useless_is_passed_over_not_dropped(void **state)
{
    struct fixture *f = *state;
    int lost;

    for (lost = 0; lost < 2; lost++) {
        const char *document = lost ? "lost" : "kept";

        if (!lost)
            here(f, "ab", document);
        else
            join(f, 'a', document), join(f, 'b', document);
        edit(f, 'a', document, 1, "+one");
        edit(f, 'a', document, 2, "+two"); /* before it */
        settle(f);
        forget(f);
        edit(f, 'b', document, 3, "-3");
        undo(f, 'a', document);
        if (lost) {
            answer(f, document, OPS_STORE_APPEND, MODEL_ABSENT);
            settle(f);
            expect(f, "b< refused lost 3 StorageUnavailable\n"
                      "a< refused lost 3 StorageUnavailable\n");
            undo(f, 'a', document);
            settle(f);
            expect(f, "b< op lost 4 -3\n"
                      "a< op lost 4 -3\n"
                      "a< ack lost 4\n");
        } else {
            settle(f);
            expect(f, "b< ack kept 4\n"
                      "a< op kept 4 -3\n"
                      "b< op kept 5 -3\n"
                      "a< op kept 5 -3\n"
                      "a< ack kept 5\n");
        }
    }
}

static void an_entry_that_others_made_useless_is_dropped_and_the_next_taken(void **state)
{
    struct fixture *f = *state;

    here(f, "ab", "d");
    edit(f, 'a', "d", 1, "+one");
    edit(f, 'a', "d", 2, "=3 +two");
    settle(f);
    edit(f, 'b', "d", 3, "=3 -3");
    settle(f);
    forget(f);
    undo(f, 'a', "d");
    settle(f);
    expect(f, "b< op d 5 -3\n"
              "a< op d 5 -3\n"
              "a< ack d 5\n");
    undo(f, 'a', "d");
    expect(f, "a< refused d 5 NothingToUndo\n");
}

static void the_next_op_empties_the_redo_stack(void **state)
{
    struct fixture *f = *state;

    here(f, "a", "d");
    edit(f, 'a', "d", 1, "+one");
    undo(f, 'a', "d");
    edit(f, 'a', "d", 3, "+two");
    redo(f, 'a', "d");
    settle(f);
    expect(f, "a< ack d 2\n"
              "a< op d 3 -3\n"
              "a< ack d 3\n"
              "a< ack d 4\n"
              "a< refused d 4 NothingToRedo\n");
}

static void stacks_are_each_connections_and_each_documents_own(void **state)
{
    struct fixture *f = *state;

    here(f, "ab", "d");
    here(f, "ab", "e");
    edit(f, 'a', "d", 1, "+x");
    settle(f);
    forget(f);
    undo(f, 'b', "d");
    undo(f, 'a', "e");
    redo(f, 'a', "d");
    expect(f, "b< refused d 2 NothingToUndo\n"
              "a< refused e 1 NothingToUndo\n"
              "a< refused d 2 NothingToRedo\n");
    come(f, "c");
    undo(f, 'c', "d");
    expect(f, "c< refused d 0 NotJoined\n");
}

static void stacks_end_with_the_leave(void **state)
{
    struct fixture *f = *state;

    here(f, "a", "d");
    edit(f, 'a', "d", 1, "+x");
    settle(f);
    leave(f, 'a', "d");
    join(f, 'a', "d");
    forget(f);
    undo(f, 'a', "d");
    expect(f, "a< refused d 2 NothingToUndo\n");
}

/* ---- pending ops ------------------------------------------------------------------------------------------------------------------ */

static void an_undo_behind_a_pending_op_of_its_own_waits_and_takes_that_back(void **state)
{
    struct fixture *f = *state;

    here(f, "a", "d");
    edit(f, 'a', "d", 1, "+one");
    undo(f, 'a', "d");
    edit(f, 'a', "d", 2, "+two"); /* and what is asked behind it keeps its place */
    assert_int_equal(waiting(f, OPS_STORE_APPEND), 1);
    stored(f, "d");
    expect(f, "a< ack d 2\n");
    settle(f);
    expect(f, "a< op d 3 -3\n"
              "a< ack d 3\n"
              "a< ack d 4\n");
}

static void an_undo_behind_an_op_that_is_lost_takes_back_the_one_before(void **state)
{
    struct fixture *f = *state;

    here(f, "a", "d");
    edit(f, 'a', "d", 1, "+one");
    settle(f);
    edit(f, 'a', "d", 2, "=3 +two");
    undo(f, 'a', "d");
    forget(f);
    answer(f, "d", OPS_STORE_APPEND, MODEL_ABSENT);
    settle(f);
    expect(f, "a< refused d 2 StorageUnavailable\n"
              "a< op d 3 -3\n"
              "a< ack d 3\n");
}

static void an_undo_that_is_lost_can_be_asked_again(void **state)
{
    struct fixture *f = *state;

    here(f, "a", "d");
    edit(f, 'a', "d", 1, "+one");
    settle(f);
    forget(f);
    undo(f, 'a', "d");
    answer(f, "d", OPS_STORE_APPEND, MODEL_ABSENT);
    expect(f, "a< refused d 2 StorageUnavailable\n");
    redo(f, 'a', "d");
    expect(f, "a< refused d 2 NothingToRedo\n");
    undo(f, 'a', "d");
    settle(f);
    expect(f, "a< op d 3 -3\n"
              "a< ack d 3\n");
}

static void an_undo_is_made_on_what_others_have_pending(void **state)
{
    struct fixture *f = *state;

    here(f, "ab", "d");
    edit(f, 'a', "d", 1, "+mine");
    settle(f);
    forget(f);
    edit(f, 'b', "d", 2, "+X");
    undo(f, 'a', "d");
    settle(f);
    expect(f, "b< ack d 3\n"
              "a< op d 3 +X\n"
              "b< op d 4 =1 -4\n"
              "a< op d 4 =1 -4\n"
              "a< ack d 4\n");
}

/* ---- json -------------------------------------------------------------------------------------------------------------------------- */

static void a_json_undo_writes_the_old_value_with_a_higher_stamp(void **state)
{
    struct fixture *f = *state;

    here(f, "ab", "j");
    edit(f, 'a', "j", 1, "x=1@5");
    edit(f, 'a', "j", 2, "x=2@9");
    settle(f);
    forget(f);
    undo(f, 'a', "j");
    settle(f);
    expect(f, "b< op j 4 x=1@10/a\n"
              "a< op j 4 x=1@10/a\n"
              "a< ack j 4\n");
    undo(f, 'a', "j");
    settle(f);
    expect(f, "b< op j 5 x-@11/a\n"
              "a< op j 5 x-@11/a\n"
              "a< ack j 5\n");
    redo(f, 'a', "j");
    settle(f);
    expect(f, "b< op j 6 x=1@12/a\n"
              "a< op j 6 x=1@12/a\n"
              "a< ack j 6\n");
}

static void a_json_undo_leaves_alone_what_others_have_changed_since(void **state)
{
    struct fixture *f = *state;

    here(f, "ab", "j");
    edit(f, 'a', "j", 1, "x=1@5 y=1@5");
    settle(f);
    edit(f, 'b', "j", 2, "x=7@6");
    settle(f);
    forget(f);
    undo(f, 'a', "j");
    settle(f);
    expect(f, "b< op j 4 y-@6/a\n"
              "a< op j 4 y-@6/a\n"
              "a< ack j 4\n");
}

/* ---- how many ---------------------------------------------------------------------------------------------------------------------- */

static void a_stack_keeps_as_many_as_it_may_and_no_more(void **state)
{
    struct fixture *f = *state;
    int64_t revision;
    unsigned taken = 0;

    f->config.undo_max_ops = 3;
    fixture_restart(f);
    here(f, "a", "d");
    for (revision = 1; revision <= 4; revision++)
        edit(f, 'a', "d", revision, "+x");
    settle(f);
    forget(f);
    for (; taken < 10; taken++) {
        undo(f, 'a', "d");
        settle(f);
        if (strstr(effects(f), "NothingToUndo") != NULL)
            break;
        forget(f);
    }
    assert_int_equal(taken, 3);
    forget(f);
    for (taken = 0; taken < 10; taken++) {
        redo(f, 'a', "d");
        settle(f);
        if (strstr(effects(f), "NothingToRedo") != NULL)
            break;
        forget(f);
    }
    assert_int_equal(taken, 3);
}

static void the_default_is_500(void **state)
{
    struct fixture *f = *state;
    int64_t revision;
    unsigned taken = 0;

    here(f, "a", "d");
    for (revision = 1; revision <= 501; revision++) {
        edit(f, 'a', "d", revision, "+x");
        settle(f);
        forget(f);
    }
    for (; taken <= 501; taken++) {
        undo(f, 'a', "d");
        settle(f);
        if (strstr(effects(f), "NothingToUndo") != NULL)
            break;
        forget(f);
    }
    assert_int_equal(taken, 500);
}

/* Entries know what others did from the ring: what the ring has forgotten before they were carried cannot be taken back. */
static void ops_older_than_the_ring_are_not_taken_back(void **state)
{
    struct fixture *f = *state;
    int64_t revision;

    f->config.recent_max_ops = 4;
    fixture_restart(f);
    here(f, "ab", "d");
    edit(f, 'a', "d", 1, "+mine");
    settle(f);
    for (revision = 2; revision < 8; revision++) {
        edit(f, 'b', "d", revision, "+x");
        settle(f);
    }
    forget(f);
    undo(f, 'a', "d");
    settle(f);
    expect(f, "a< refused d 8 NothingToUndo\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(the_author_of_an_undo_gets_its_op_as_a_push_then_the_reply),
        CLAIM(undos_take_ops_back_latest_first_and_redos_the_reverse),
        CLAIM(an_undo_takes_back_ones_own_op_rebased_over_others),
        CLAIM(an_entry_that_pending_ops_make_useless_is_passed_over_not_dropped),
        CLAIM(an_entry_that_others_made_useless_is_dropped_and_the_next_taken),
        CLAIM(the_next_op_empties_the_redo_stack),
        CLAIM(stacks_are_each_connections_and_each_documents_own),
        CLAIM(stacks_end_with_the_leave),
        CLAIM(an_undo_behind_a_pending_op_of_its_own_waits_and_takes_that_back),
        CLAIM(an_undo_behind_an_op_that_is_lost_takes_back_the_one_before),
        CLAIM(an_undo_that_is_lost_can_be_asked_again),
        CLAIM(an_undo_is_made_on_what_others_have_pending),
        CLAIM(a_json_undo_writes_the_old_value_with_a_higher_stamp),
        CLAIM(a_json_undo_leaves_alone_what_others_have_changed_since),
        CLAIM(a_stack_keeps_as_many_as_it_may_and_no_more),
        CLAIM(the_default_is_500),
        CLAIM(ops_older_than_the_ring_are_not_taken_back),
    };

    return cmocka_run_group_tests_name("core-undo", tests, NULL, NULL);
}
