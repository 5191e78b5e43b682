/* Memory runs out at every place in turn: the core stays whole, nobody is told what is not so, and all is given back. */
#include "fixture.h"

#include <stdlib.h>

#include "tests/support/memory.h"

enum { LARGE = 60000, ALLOCATIONS_MAX = 400 };

static char *large_insert(char letter)
{
    char *op = malloc(LARGE + 2);

    assert_non_null(op);
    memset(op, letter, LARGE + 1);
    op[0] = '+';
    op[LARGE + 1] = '\0';
    return op;
}

/* What the store was handed is carried out, whatever the core could make of it. */
static void store_works(struct fixture *f)
{
    unsigned rounds;

    for (rounds = 0; rounds < 20; rounds++) {
        settle(f);
        pass(f, 1000);
    }
}

/* Edits, awareness, undo, catch-up and a leave, the first of them on a document that is to be loaded. */
static void play(struct fixture *f)
{
    char *x = large_insert('x'), *y = large_insert('y');

    join(f, 'a', "d");
    settle(f);
    join(f, 'b', "d");
    edit_id(f, 'a', "d", 1, x, "id-1");
    edit_id(f, 'b', "d", 1, y, "id-2");
    aware(f, 'b', "d", "{\"x\":1}");
    settle(f);
    undo(f, 'a', "d");
    join_since(f, 'b', "d", 1);
    settle(f);
    edit_id(f, 'b', "d", 3, x, "id-3");
    leave(f, 'b', "d");
    settle(f);
    free(x);
    free(y);
}

/* The highest revision that anybody was acknowledged. */
static int64_t acknowledged(struct fixture *f)
{
    const char *at = effects(f);
    int64_t highest = 0;

    while ((at = strstr(at, "< ack d ")) != NULL) {
        at += strlen("< ack d ");
        highest = atoll(at) > highest ? atoll(at) : highest;
    }
    return highest;
}

/* What a newcomer is told of the document. */
static char *told_of_document(struct fixture *f, char name)
{
    char *told;

    forget(f);
    come(f, (char[]){name, '\0'});
    join(f, name, "d");
    settle(f);
    told = strdup(effects(f) + 1);
    assert_non_null(told);
    if (strstr(told, "joined") == NULL)
        fail_msg("a newcomer is told %s", told);
    if (strstr(told, "' b=") != NULL) /* awareness is not durable */
        memcpy(strstr(told, "' b=") + 1, "\n", 2);
    forget(f);
    return told;
}

/* Whatever was not answered in its time: the next request of a connection that lives is. */
static void is_answered(struct fixture *f, char name)
{
    const struct client *c = &f->clients[name - 'a'];
    unsigned told = c->told;

    join(f, name, "e");
    settle(f);
    assert_true(c->closed || c->told > told);
    assert_false(c->paused);
}

static int64_t failures_of(struct fixture *f, const struct ops_profile *profile, int64_t allocations, bool once)
{
    char *before, *after;
    int64_t highest, left;

    come_as(f, 'a', profile);
    come_as(f, 'b', profile);
    f->allocations_left = allocations;
    f->allocations_fail_once = once;
    play(f);
    left = f->allocations_left;
    f->allocations_left = -1;
    store_works(f);
    highest = acknowledged(f);
    assert_true(highest <= log_revision(f, "d"));
    is_answered(f, 'a');
    is_answered(f, 'b');
    before = told_of_document(f, 'c');
    fixture_restart(f);
    after = told_of_document(f, 'c');
    assert_string_equal(before, after); /* what is in memory is what the log says */
    free(before);
    free(after);
    fixture_restart(f);
    return left;
}

static void sweep(struct fixture *f, const struct ops_profile *profile, bool once)
{
    int64_t allocations;

    f->config.requests_unanswered_max = 12; /* more than are asked, if each is answered */
    fixture_restart(f);
    for (allocations = 0; allocations < ALLOCATIONS_MAX; allocations++) {
        if (failures_of(f, profile, allocations, once) > 0)
            break; /* there was enough */
        model_end(&f->store);
        memset(&f->store, 0, sizeof f->store);
    }
    assert_in_range(allocations, 10, ALLOCATIONS_MAX - 1);
    print_message("# memory ran out at each of %d places\n", (int)allocations);
}

static void memory_that_runs_out_leaves_what_the_log_says(void **state)
{
    sweep(*state, &ops_profile_v1, false);
}

static void memory_that_fails_once_leaves_what_the_log_says(void **state)
{
    sweep(*state, &ops_profile_v1, true);
}

/* Where all replies keep the order of the requests, one that never comes would hold up the rest. */
static void memory_that_runs_out_leaves_no_hole_in_the_order_of_replies(void **state)
{
    sweep(*state, &ops_profile_reference, false);
    sweep(*state, &ops_profile_reference, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(memory_that_runs_out_leaves_what_the_log_says),
        CLAIM(memory_that_fails_once_leaves_what_the_log_says),
        CLAIM(memory_that_runs_out_leaves_no_hole_in_the_order_of_replies),
    };

    return cmocka_run_group_tests_name("core-memory", tests, NULL, NULL);
}
