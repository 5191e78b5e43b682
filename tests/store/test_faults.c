/* Every I/O call of a load fails once, in every way that a disk knows; then what was promised must be there.
 *
 *   store-faults [STRIDE]     every STRIDE-th call, from one that the seed chooses; 1: every call, every ending, several seeds
 *
 * OPS_SEED=... replays; what failed is printed with its plan, call, ending and seed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fault_vfs.h"
#include "faulty_load.h"
#include "tests/support/random.h"

enum { ROUNDS = 12, QUICK_STRIDE = 29, FULL_SEEDS = 3 };

static unsigned stride = QUICK_STRIDE;

/* How a run with a failure ends: the process stops in good order, or the power goes. */
enum ending { END_CLOSED, END_POWER_NONE, END_POWER_PREFIX, END_POWER_SUBSET, ENDINGS };

static const enum fault_keep kept[ENDINGS] = {FAULT_KEEP_ALL, FAULT_KEEP_NONE, FAULT_KEEP_PREFIX, FAULT_KEEP_SUBSET};

struct tally {
    uint64_t runs, calls, refused_starts, absent, unknown;
    char place[160]; /* where the last run went wrong */
};

/* Opened without faults, all is there; goes on; loses power at once; all is there again. */
static bool check_after(struct load *l)
{
    char problem[512];

    for (int again = 0; again < 2; again++) {
        if (!load_open(l, problem, sizeof problem)) {
            (void)snprintf(l->problem, sizeof l->problem, "%s start is refused: %.400s", again == 0 ? "the next" : "a later", problem);
            return false;
        }
        if (!load_verify(l) || (again == 0 && !load_goes_on(l)))
            return false;
        if (again == 0)
            fault_plan_set(FAULT_POWER_LOSS, 1);
        load_close(l);
        if (again == 0)
            fault_power_cycle(FAULT_KEEP_NONE, 0);
    }
    return true;
}

/* One run. False: `l->problem`. */
static bool run(struct load *l, const char *sync, enum fault_kind kind, uint64_t call, enum ending ending, uint64_t seed,
                struct tally *t)
{
    char problem[512];

    fault_disk_clear();
    load_init(l, sync);
    fault_plan_set(kind, call);
    if (load_open(l, problem, sizeof problem))
        load_run(l, ROUNDS);
    else
        t->refused_starts++;
    (void)snprintf(t->place, sizeof t->place, "%s", fault_place());
    if (ending != END_CLOSED && kind != FAULT_POWER_LOSS)
        fault_plan_set(FAULT_POWER_LOSS, 1);
    load_close(l);
    if (kind == FAULT_NONE)
        t->calls = fault_calls();
    if (ending == END_CLOSED)
        fault_plan_set(FAULT_NONE, 0);
    else
        fault_power_cycle(kept[ending], seed);
    t->runs++;
    t->absent += l->absent;
    t->unknown += l->unknown;
    return l->problem[0] == '\0' && check_after(l);
}

/* The number of runs after which something was lost or wrong; with `strict` that is a failure. */
static size_t every_call(const char *sync, enum fault_kind kind, bool strict)
{
    static struct load l;
    struct tally t = {0};
    size_t bad = 0;
    bool sound = run(&l, sync, FAULT_NONE, 0, END_CLOSED, 1, &t);
    int first = kind == FAULT_POWER_LOSS ? END_POWER_NONE : END_CLOSED;

    if (strict)
        assert_string_equal(l.problem, "");
    assert_true((sound || !strict) && t.calls > 500);
    load_free(&l);
    for (int ending = first; ending < ENDINGS; ending++) {
        unsigned seeds = stride == 1 && ending >= END_POWER_PREFIX ? FULL_SEEDS : 1;

        for (uint64_t call = 1 + rnd_below(stride); call <= t.calls; call += stride) {
            for (unsigned i = 0; i < seeds; i++) {
                uint64_t seed = rnd();
                bool ok = run(&l, sync, kind, call, (enum ending)ending, seed, &t);

                if (!ok && (strict || bad == 0))
                    print_message("# %s at call %llu (%s), keeping %s, seed %llu, OPS_SEED=%llu: %s\n", fault_kind_name(kind),
                                  (unsigned long long)call, t.place, fault_keep_name(kept[ending]), (unsigned long long)seed,
                                  (unsigned long long)random_seed, l.problem);
                bad += !ok;
                load_free(&l);
                if (!ok && strict)
                    fail();
            }
        }
    }
    print_message("# %s: %llu runs over %llu calls; starts refused: %llu, appends absent: %llu, unknown: %llu, runs with losses: %zu\n",
                  fault_kind_name(kind), (unsigned long long)t.runs, (unsigned long long)t.calls, (unsigned long long)t.refused_starts,
                  (unsigned long long)t.absent, (unsigned long long)t.unknown, bad);
    return bad;
}

static void a_call_that_fails_loses_nothing(void **state)
{
    (void)state;
    (void)every_call("full", FAULT_IOERR, true);
}

static void a_disk_that_fails_for_good_loses_nothing_acknowledged(void **state)
{
    (void)state;
    (void)every_call("full", FAULT_IOERR_LASTING, true);
}

static void a_full_disk_loses_nothing(void **state)
{
    (void)state;
    (void)every_call("full", FAULT_FULL, true);
    (void)every_call("full", FAULT_FULL_LASTING, true);
}

static void a_torn_write_loses_nothing(void **state)
{
    (void)state;
    (void)every_call("full", FAULT_TORN, true);
}

static void a_loss_of_power_loses_nothing_acknowledged(void **state)
{
    (void)state;
    (void)every_call("full", FAULT_POWER_LOSS, true);
}

/* Nobody can promise anything of these disks; that the losses are seen shows that this test can fail. */

static void losses_are_seen_when_a_sync_lies(void **state)
{
    (void)state;
    assert_true(every_call("full", FAULT_SYNC_LIES, false) > 0);
}

static void losses_are_seen_when_a_write_is_dropped(void **state)
{
    (void)state;
    assert_true(every_call("full", FAULT_DROPPED, false) > 0);
}

static void losses_are_seen_when_the_store_does_not_sync(void **state)
{
    (void)state;
    assert_true(every_call("off", FAULT_POWER_LOSS, false) > 0);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_call_that_fails_loses_nothing, random_seeded),
        cmocka_unit_test_setup(a_disk_that_fails_for_good_loses_nothing_acknowledged, random_seeded),
        cmocka_unit_test_setup(a_full_disk_loses_nothing, random_seeded),
        cmocka_unit_test_setup(a_torn_write_loses_nothing, random_seeded),
        cmocka_unit_test_setup(a_loss_of_power_loses_nothing_acknowledged, random_seeded),
        cmocka_unit_test_setup(losses_are_seen_when_a_sync_lies, random_seeded),
        cmocka_unit_test_setup(losses_are_seen_when_a_write_is_dropped, random_seeded),
        cmocka_unit_test_setup(losses_are_seen_when_the_store_does_not_sync, random_seeded),
    };

    if (argc > 1)
        stride = (unsigned)strtoul(argv[1], NULL, 10);
    if (stride == 0)
        return 2;
    if (!fault_vfs_register())
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
