/* Awareness (spec/v1.md §3.3): stored, acknowledged, pushed not too often, and to whom it is new. */
#include "fixture.h"

static void an_update_is_stored_stamped_and_pushed_to_the_others(void **state)
{
    struct fixture *f = *state;

    here(f, "abc", "d");
    pass(f, 70);
    aware(f, 'a', "d", "{\"x\":1}");
    expect(f, "c< awareness d a={\"x\":1}@70\n"
              "b< awareness d a={\"x\":1}@70\n"
              "a< stored d a={\"x\":1}@70\n");
}

static void the_data_is_kept_byte_for_byte(void **state)
{
    struct fixture *f = *state;

    here(f, "ab", "d");
    aware(f, 'a', "d", "{ \"x\" : 1e2, \"\\u0041\":[ ] }");
    expect(f, "b< awareness d a={ \"x\" : 1e2, \"\\u0041\":[ ] }@0\n"
              "a< stored d a={ \"x\" : 1e2, \"\\u0041\":[ ] }@0\n");
}

static void a_joiner_gets_the_live_states_ordered_by_time_then_peer(void **state)
{
    struct fixture *f = *state;

    here(f, "abcd", "d");
    aware(f, 'c', "d", "3");
    aware(f, 'b', "d", "2");
    pass(f, 10);
    aware(f, 'a', "d", "1");
    forget(f);
    come(f, "e");
    join(f, 'e', "d");
    expect(f, "e< joined 1 '' b=2@0 c=3@0 a=1@10\n");
    join(f, 'a', "d"); /* its own too */
    expect(f, "a< joined 1 '' b=2@0 c=3@0 a=1@10\n");
}

static void an_equal_state_is_acknowledged_and_not_pushed(void **state)
{
    struct fixture *f = *state;

    here(f, "ab", "d");
    aware(f, 'a', "d", "{\"x\":1,\"y\":[2,\"A\"]}");
    forget(f);
    pass(f, 1000);
    aware(f, 'a', "d", "{ \"y\":[2.0,\"\\u0041\"], \"x\":10e-1 }");
    expect(f, "a< stored d a={ \"y\":[2.0,\"\\u0041\"], \"x\":10e-1 }@1000\n");
    pass(f, 1000);
    expect(f, "");
    aware(f, 'a', "d", "{\"x\":1,\"y\":[\"A\",2]}"); /* lists have an order */
    expect(f, "b< awareness d a={\"x\":1,\"y\":[\"A\",2]}@2000\n"
              "a< stored d a={\"x\":1,\"y\":[\"A\",2]}@2000\n");
}

static void an_equal_state_goes_to_those_who_joined_since(void **state)
{
    struct fixture *f = *state;

    here(f, "ab", "d");
    aware(f, 'a', "d", "1");
    pass(f, 100);
    here(f, "cd", "d");
    aware(f, 'a', "d", "1.0");
    expect(f, "d< awareness d a=1.0@100\n"
              "c< awareness d a=1.0@100\n"
              "a< stored d a=1.0@100\n");
    pass(f, 100);
    aware(f, 'a', "d", "1");
    expect(f, "a< stored d a=1@200\n"); /* they have it now */
}

/* ---- how often -------------------------------------------------------------------------------------------------------------------- */

static void at_most_one_push_in_50_ms_and_the_last_state_follows(void **state)
{
    struct fixture *f = *state;

    here(f, "ab", "d");
    aware(f, 'a', "d", "1");
    expect(f, "b< awareness d a=1@0\n"
              "a< stored d a=1@0\n");
    pass(f, 10);
    aware(f, 'a', "d", "2");
    pass(f, 10);
    aware(f, 'a', "d", "3");
    expect(f, "a< stored d a=2@10\n"
              "a< stored d a=3@20\n");
    pass(f, 29);
    expect(f, "");
    pass(f, 1);
    expect(f, "b< awareness d a=3@20\n");
    pass(f, 1000);
    expect(f, ""); /* and no more */
}

static void the_interval_is_each_peers_own(void **state)
{
    struct fixture *f = *state;

    here(f, "abc", "d");
    aware(f, 'a', "d", "1");
    pass(f, 20);
    aware(f, 'b', "d", "1");
    aware(f, 'a', "d", "2");
    aware(f, 'b', "d", "2");
    forget(f);
    pass(f, 30);
    expect(f, "c< awareness d a=2@20\n"
              "b< awareness d a=2@20\n");
    pass(f, 20);
    expect(f, "c< awareness d b=2@20\n"
              "a< awareness d b=2@20\n");
}

static void the_interval_is_each_documents_own(void **state)
{
    struct fixture *f = *state;

    here(f, "ab", "d");
    here(f, "ab", "e");
    aware(f, 'a', "d", "1");
    aware(f, 'a', "e", "1");
    expect(f, "b< awareness d a=1@0\n"
              "a< stored d a=1@0\n"
              "b< awareness e a=1@0\n"
              "a< stored e a=1@0\n");
}

/* Back to what was pushed before the interval is over: the others have it, but the stamp is new, and it is the last state. */
static void a_state_that_changes_and_changes_back_is_pushed_once(void **state)
{
    struct fixture *f = *state;

    here(f, "ab", "d");
    aware(f, 'a', "d", "1");
    aware(f, 'a', "d", "2");
    aware(f, 'a', "d", "1");
    forget(f);
    pass(f, 50);
    expect(f, "b< awareness d a=1@0\n");
}

/* A newcomer's copy waits for the interval like any, then a real change goes to everybody. */
static void a_change_behind_a_heartbeat_for_a_newcomer_goes_to_everybody(void **state)
{
    struct fixture *f = *state;

    here(f, "ab", "d");
    aware(f, 'a', "d", "1");
    pass(f, 10);
    here(f, "c", "d");
    aware(f, 'a', "d", "1");
    aware(f, 'a', "d", "2");
    aware(f, 'a', "d", "2");
    forget(f);
    pass(f, 40);
    expect(f, "c< awareness d a=2@10\n"
              "b< awareness d a=2@10\n");
}

static void no_push_for_one_who_left_before_the_interval_was_over(void **state)
{
    struct fixture *f = *state;

    here(f, "abc", "d");
    aware(f, 'a', "d", "1");
    aware(f, 'a', "d", "2");
    leave(f, 'b', "d");
    forget(f);
    go(f, 'a');
    pass(f, 50);
    expect(f, "c< gone a\n"); /* nor from one who is gone */
}

static void the_interval_can_be_configured(void **state)
{
    struct fixture *f = *state;

    f->config.awareness_interval_ms = 500;
    fixture_restart(f);
    here(f, "ab", "d");
    aware(f, 'a', "d", "1");
    aware(f, 'a', "d", "2");
    forget(f);
    pass(f, 499);
    expect(f, "");
    pass(f, 1);
    expect(f, "b< awareness d a=2@0\n");
}

/* ---- how long --------------------------------------------------------------------------------------------------------------------- */

static void a_state_lives_30_seconds_without_an_update(void **state)
{
    struct fixture *f = *state;

    here(f, "ab", "d");
    aware(f, 'a', "d", "1");
    pass(f, 10000);
    aware(f, 'b', "d", "2");
    pass(f, 20000);
    forget(f);
    come(f, "ef");
    join(f, 'e', "d");
    expect(f, "e< joined 1 '' a=1@0 b=2@10000\n");
    pass(f, 1);
    join(f, 'f', "d");
    expect(f, "f< joined 1 '' b=2@10000\n"); /* dropped, and nobody told */
}

static void a_heartbeat_keeps_a_state_alive(void **state)
{
    struct fixture *f = *state;

    here(f, "ab", "d");
    aware(f, 'a', "d", "1");
    pass(f, 29000);
    aware(f, 'a', "d", "1");
    pass(f, 29000);
    forget(f);
    come(f, "e");
    join(f, 'e', "d");
    expect(f, "e< joined 1 '' a=1@29000\n");
}

static void a_state_that_comes_back_after_its_end_is_new_to_all(void **state)
{
    struct fixture *f = *state;

    here(f, "ab", "d");
    aware(f, 'a', "d", "1");
    forget(f);
    pass(f, 30001);
    aware(f, 'a', "d", "1");
    expect(f, "b< awareness d a=1@30001\n"
              "a< stored d a=1@30001\n");
}

static void a_state_ends_with_its_connection_and_with_its_leave(void **state)
{
    struct fixture *f = *state;

    here(f, "abc", "d");
    aware(f, 'a', "d", "1");
    aware(f, 'b', "d", "2");
    leave(f, 'a', "d");
    go(f, 'b');
    forget(f);
    come(f, "e");
    join(f, 'e', "d");
    join(f, 'a', "d");
    expect(f, "e< joined 1 ''\n"
              "a< joined 1 ''\n");
}

/* ---- where ------------------------------------------------------------------------------------------------------------------------ */

static void a_state_is_of_one_document(void **state)
{
    struct fixture *f = *state;

    here(f, "ab", "d");
    here(f, "ac", "e");
    aware(f, 'a', "d", "1");
    expect(f, "b< awareness d a=1@0\n"
              "a< stored d a=1@0\n");
    aware(f, 'b', "e", "1");
    expect(f, "b< error e NotJoined\n");
}

static void awareness_keeps_its_place_among_ops(void **state)
{
    struct fixture *f = *state;

    here(f, "ab", "d");
    edit(f, 'a', "d", 1, "+x");
    aware(f, 'a', "d", "{\"at\":1}"); /* a cursor in text that is not durable */
    expect(f, "");
    stored(f, "d");
    expect(f, "a< ack d 2\n"
              "b< op d 2 +x\n"
              "b< awareness d a={\"at\":1}@0\n"
              "a< stored d a={\"at\":1}@0\n");
}

static void a_lost_op_does_not_take_the_awareness_behind_it_along(void **state)
{
    struct fixture *f = *state;

    here(f, "ab", "d");
    edit(f, 'a', "d", 1, "+x");
    aware(f, 'a', "d", "1");
    answer(f, "d", OPS_STORE_APPEND, MODEL_ABSENT);
    expect(f, "a< refused d 1 StorageUnavailable\n"
              "b< awareness d a=1@0\n"
              "a< stored d a=1@0\n");
}

static void in_the_reference_profile_equal_states_go_to_nobody_and_nothing_is_answered(void **state)
{
    struct fixture *f = *state;

    here(f, "a", "d");
    come_as(f, 'r', &ops_profile_reference);
    join(f, 'r', "d");
    settle(f);
    forget(f);
    aware(f, 'r', "d", "1");
    expect(f, "a< awareness d r=1@0\n");
    pass(f, 100);
    here(f, "b", "d");
    aware(f, 'r', "d", "1");
    expect(f, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(an_update_is_stored_stamped_and_pushed_to_the_others),
        CLAIM(the_data_is_kept_byte_for_byte),
        CLAIM(a_joiner_gets_the_live_states_ordered_by_time_then_peer),
        CLAIM(an_equal_state_is_acknowledged_and_not_pushed),
        CLAIM(an_equal_state_goes_to_those_who_joined_since),
        CLAIM(at_most_one_push_in_50_ms_and_the_last_state_follows),
        CLAIM(the_interval_is_each_peers_own),
        CLAIM(the_interval_is_each_documents_own),
        CLAIM(a_state_that_changes_and_changes_back_is_pushed_once),
        CLAIM(a_change_behind_a_heartbeat_for_a_newcomer_goes_to_everybody),
        CLAIM(no_push_for_one_who_left_before_the_interval_was_over),
        CLAIM(the_interval_can_be_configured),
        CLAIM(a_state_lives_30_seconds_without_an_update),
        CLAIM(a_heartbeat_keeps_a_state_alive),
        CLAIM(a_state_that_comes_back_after_its_end_is_new_to_all),
        CLAIM(a_state_ends_with_its_connection_and_with_its_leave),
        CLAIM(a_state_is_of_one_document),
        CLAIM(awareness_keeps_its_place_among_ops),
        CLAIM(a_lost_op_does_not_take_the_awareness_behind_it_along),
        CLAIM(in_the_reference_profile_equal_states_go_to_nobody_and_nothing_is_answered),
    };

    return cmocka_run_group_tests_name("core-awareness", tests, NULL, NULL);
}
