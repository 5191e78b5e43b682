/* The simulation of tests/simulation with every call of its clients on a tape.
 *
 *   simulation-tape FIRST SEEDS     seeds FIRST and the SEEDS - 1 after it; the tape goes to descriptor 3. OPS_STEPS=n
 *
 * Ends with the number of seeds whose verdict is bad, at most 100. */
#include "tests/simulation/world.h"
#include "tests/wasm/tape.h"

#include <stdlib.h>

enum { STEPS = 1500, TAPE_FD = 3 };

static bool run(uint64_t seed, unsigned steps)
{
    struct world *w = calloc(1, sizeof *w);
    bool good;

    if (w == NULL)
        abort();
    tape_begin(seed);
    world_run(w, seed, steps);
    good = w->trouble[0] == '\0';
    tape_read_all();
    world_end(w);
    tape_end(w->trouble);
    free(w);
    return good;
}

int main(int argc, char **argv)
{
    const char *steps = getenv("OPS_STEPS");
    uint64_t seed = argc == 3 ? strtoull(argv[1], NULL, 0) : 0, seeds = argc == 3 ? strtoull(argv[2], NULL, 0) : 0;
    int bad = 0;

    if (seeds == 0) {
        fprintf(stderr, "usage: simulation-tape FIRST SEEDS 3>TAPE\n");
        return 2;
    }
    tape_open(TAPE_FD);
    for (; seeds > 0; seeds--, seed++)
        bad += !run(seed, steps != NULL ? (unsigned)strtoul(steps, NULL, 0) : STEPS);
    return bad < 100 ? bad : 100;
}
