/* Runs seeds; says of the first that fails what is wrong, with the fewest steps that still show it.
 *
 *   simulation [SEEDS]     OPS_SEED=n replays one, with every message; OPS_STEPS=n
 *
 * The verdict of a seed is verdict.c's: everybody sees what the log says, nothing acknowledged is missing, nothing is there
 * twice, nothing typed is lost. */
#include "world.h"

#include <stdlib.h>

enum { STEPS = 1500 };

static bool run(uint64_t seed, unsigned steps, bool verbose, struct world *totals)
{
    struct world *w = calloc(1, sizeof *w);
    bool ok;

    if (w == NULL)
        abort();
    w->verbose = verbose;
    world_run(w, seed, steps);
    ok = w->trouble[0] == '\0';
    if (totals != NULL) {
        totals->edits += w->edits;
        totals->undos += w->undos;
        totals->cuts += w->cuts;
        totals->kills += w->kills;
        totals->failures += w->failures;
        totals->restarts += w->restarts;
    }
    if (!ok && verbose)
        printf("not ok - seed %llu, %u steps: %s\n", (unsigned long long)seed, steps, w->trouble);
    world_end(w);
    free(w);
    return ok;
}

/* Fewer steps, while the seed still fails. */
static unsigned shrink(uint64_t seed, unsigned steps)
{
    unsigned low = 0, high = steps, tries = 40, middle;

    while (low + 1 < high && tries-- > 0) {
        middle = (low + high) / 2;
        if (run(seed, middle, false, NULL))
            low = middle;
        else
            high = middle;
    }
    return high;
}

int main(int argc, char **argv)
{
    const char *given = getenv("OPS_SEED"), *steps_given = getenv("OPS_STEPS"), *first_given = getenv("OPS_FIRST_SEED");
    unsigned steps = steps_given != NULL ? (unsigned)strtoul(steps_given, NULL, 0) : STEPS, fewest;
    uint64_t seeds = argc > 1 ? strtoull(argv[1], NULL, 0) : 1000, first = first_given != NULL ? strtoull(first_given, NULL, 0) : 1, seed;
    static struct world totals;

    if (given != NULL) {
        if (!run(strtoull(given, NULL, 0), steps, true, NULL))
            return 1;
        printf("ok - seed %s\n", given);
        return 0;
    }
    for (seed = first; seed < first + seeds; seed++) {
        if (run(seed, steps, false, &totals))
            continue;
        fewest = shrink(seed, steps);
        run(seed, fewest, true, NULL);
        printf("# OPS_SEED=%llu OPS_STEPS=%u replays it\n", (unsigned long long)seed, fewest);
        return 1;
    }
    printf("ok - %llu seeds: all equal to the log and to the model (%u edits, %u undone, %u cuts, %u kills, %u store failures, %u restarts)\n",
           (unsigned long long)seeds, totals.edits, totals.undos, totals.cuts, totals.kills, totals.failures, totals.restarts);
    return 0;
}
