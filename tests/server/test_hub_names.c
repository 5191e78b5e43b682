/* runtime/server/hub_names.c */
#include "runtime/server/hub_names.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/random.h"

enum { LIFE_US = 1000 };

static const struct ops_hub_terms terms = {.peer_id = "peerpeerpeerpeerpeerpe"};

static const char *token(unsigned number)
{
    static _Thread_local char text[OPS_HUB_ID_CHARS + 1];

    snprintf(text, sizeof text, "token-%016u", number);
    return text;
}

static struct ops_str token_str(unsigned number)
{
    return ops_str_of(token(number), OPS_HUB_ID_CHARS);
}

static struct ops_hub *hub(unsigned number)
{
    static char hubs[4096];

    return (struct ops_hub *)(void *)&hubs[number];
}

static void a_reservation_is_claimed_by_the_first_loop_and_stays_there(void **state)
{
    struct ops_hub_names *names = ops_hub_names_open(10, 10, LIFE_US, 1);
    struct ops_hub *found = hub(9);
    struct ops_hub_terms agreed;
    uint32_t home = 99;

    (void)state;
    assert_int_equal(ops_hub_names_reserve(names, token(1), &terms, 7, 0), OPS_HUB_NAMED);
    assert_false(ops_hub_names_find(names, token_str(1), 3, false, 0, &home));
    assert_false(ops_hub_names_find(names, token_str(2), 3, true, 0, &home));
    assert_int_equal(home, 99);
    assert_true(ops_hub_names_find(names, token_str(1), 3, true, 0, &home));
    assert_int_equal(home, 3);
    assert_true(ops_hub_names_find(names, token_str(1), 2, true, 0, &home));
    assert_int_equal(home, 3);
    assert_true(ops_hub_names_get(names, token(1), &found, &agreed));
    assert_null(found);
    assert_memory_equal(agreed.peer_id, terms.peer_id, OPS_HUB_ID_CHARS);
    ops_hub_names_set(names, token(1), hub(1));
    assert_true(ops_hub_names_find(names, token_str(1), 2, false, 100 * LIFE_US, &home));
    assert_true(ops_hub_names_get(names, token(1), &found, &agreed));
    assert_ptr_equal(found, hub(1));
    ops_hub_names_set(names, token(1), NULL);
    assert_false(ops_hub_names_get(names, token(1), &found, &agreed));
    assert_int_equal(ops_hub_names_counts(names).active, 0);
    ops_hub_names_close(names);
}

static void tokens_of_another_length_are_unknown(void **state)
{
    struct ops_hub_names *names = ops_hub_names_open(10, 10, LIFE_US, 1);
    uint32_t home;

    (void)state;
    assert_int_equal(ops_hub_names_reserve(names, token(1), &terms, 7, 0), OPS_HUB_NAMED);
    for (size_t len = 0; len < OPS_HUB_ID_CHARS; len++)
        assert_false(ops_hub_names_find(names, ops_str_of(token(1), len), 0, true, 0, &home));
    ops_hub_names_close(names);
}

static void one_more_than_the_limits_is_refused_and_what_is_claimed_or_too_old_is_free(void **state)
{
    struct ops_hub_names *names = ops_hub_names_open(4, 2, LIFE_US, 1);
    uint32_t home;

    (void)state;
    assert_int_equal(ops_hub_names_reserve(names, token(1), &terms, 7, 0), OPS_HUB_NAMED);
    assert_int_equal(ops_hub_names_reserve(names, token(2), &terms, 7, 0), OPS_HUB_NAMED);
    assert_int_equal(ops_hub_names_reserve(names, token(3), &terms, 7, 0), OPS_HUB_NAMES_ADDRESS);
    assert_true(ops_hub_names_find(names, token_str(1), 0, true, 0, &home));
    assert_int_equal(ops_hub_names_reserve(names, token(3), &terms, 7, 500), OPS_HUB_NAMED);
    assert_int_equal(ops_hub_names_reserve(names, token(4), &terms, 8, 500), OPS_HUB_NAMED);
    assert_int_equal(ops_hub_names_reserve(names, token(5), &terms, 8, 500), OPS_HUB_NAMED);
    assert_int_equal(ops_hub_names_reserve(names, token(6), &terms, 9, LIFE_US - 1), OPS_HUB_NAMES_FULL);
    assert_int_equal(ops_hub_names_reserve(names, token(6), &terms, 9, LIFE_US), OPS_HUB_NAMED); /* the second one is too old */
    assert_false(ops_hub_names_find(names, token_str(2), 0, true, LIFE_US, &home));
    assert_true(ops_hub_names_expire(names, LIFE_US + 500));
    assert_false(ops_hub_names_expire(names, 2 * LIFE_US));
    assert_int_equal(ops_hub_names_counts(names).reserved, 0);
    assert_int_equal(ops_hub_names_counts(names).active, 1);
    assert_int_equal(ops_hub_names_counts(names).expired, 5);
    ops_hub_names_close(names);
}

/* Against a plain list. */
static void random_histories_agree_with_a_model(void **state)
{
    enum { TOKENS = 3000, STEPS = 60000 };
    static struct { bool reserved, active; int64_t until_us; uint32_t home; } model[TOKENS];
    struct ops_hub_names *names = ops_hub_names_open(TOKENS, TOKENS, LIFE_US, random_seed);
    int64_t now_us = 0;

    (void)state;
    print_message("# OPS_SEED=%llu\n", (unsigned long long)random_seed);
    for (unsigned step = 0; step < STEPS; step++) {
        unsigned i = rnd_below(TOKENS), loop = rnd_below(4), what = rnd_below(4);
        bool known, claim = rnd_below(2) == 0;
        uint32_t home;

        now_us += rnd_below(3) == 0;
        if (model[i].reserved && model[i].until_us <= now_us)
            model[i].reserved = false;
        known = model[i].active || (model[i].reserved && claim);
        if (what == 0 && !model[i].reserved && !model[i].active) {
            assert_int_equal(ops_hub_names_reserve(names, token(i), &terms, rnd_below(50), now_us), OPS_HUB_NAMED);
            model[i].reserved = true;
            model[i].until_us = now_us + LIFE_US;
        } else if (what == 1 && model[i].active) {
            ops_hub_names_set(names, token(i), NULL);
            model[i].active = false;
        } else {
            assert_int_equal(ops_hub_names_find(names, token_str(i), loop, claim, now_us, &home), known);
            if (known && !model[i].active) {
                model[i].reserved = false;
                model[i].active = true;
                model[i].home = loop;
            }
            if (known)
                assert_int_equal(home, model[i].home);
        }
    }
    ops_hub_names_close(names);
}

/* Loops that ask at the same time agree on one home. */
static struct ops_hub_names *raced;
static uint32_t homes[4][1000];

static void *race(void *self)
{
    unsigned loop = *(unsigned *)self;

    for (unsigned i = 0; i < 1000; i++)
        if (!ops_hub_names_find(raced, token_str(i), loop, true, 0, &homes[loop][i]))
            homes[loop][i] = 99;
    return NULL;
}

static void loops_that_ask_at_once_are_told_the_same_home(void **state)
{
    unsigned loops[4] = {0, 1, 2, 3};
    pthread_t threads[4];

    (void)state;
    raced = ops_hub_names_open(1000, 1000, LIFE_US, 1);
    for (unsigned i = 0; i < 1000; i++)
        assert_int_equal(ops_hub_names_reserve(raced, token(i), &terms, 1, 0), OPS_HUB_NAMED);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, race, &loops[i]), 0);
    for (unsigned i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    for (unsigned i = 0; i < 1000; i++)
        for (unsigned k = 0; k < 4; k++)
            assert_int_equal(homes[k][i], homes[0][i]);
    ops_hub_names_close(raced);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reservation_is_claimed_by_the_first_loop_and_stays_there),
        cmocka_unit_test(tokens_of_another_length_are_unknown),
        cmocka_unit_test(one_more_than_the_limits_is_refused_and_what_is_claimed_or_too_old_is_free),
        cmocka_unit_test_setup(random_histories_agree_with_a_model, random_seeded),
        cmocka_unit_test(loops_that_ask_at_once_are_told_the_same_home),
    };

    return cmocka_run_group_tests_name("hub_names", tests, NULL, NULL);
}
