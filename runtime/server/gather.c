#include "gather.h"

#include <stdlib.h>

#include "server.h"

static void come_home(struct ops_task *task, struct ops_loop *loop)
{
    struct ops_gather *gather = (struct ops_gather *)(void *)task; /* its first member */

    (void)loop;
    gather->gathered(gather);
}

static void copy_counts(struct ops_task *task, struct ops_loop *loop)
{
    struct ops_gather_part *part = (struct ops_gather_part *)(void *)task; /* its first member */
    struct ops_gather *gather = part->gather;

    part->core = *ops_core_stats(loop->core);
    part->loop = loop->counts;
    part->loop.oversized_bodies = loop->http.emitted_error_status[H2O_STATUS_ERROR_413];
    if (atomic_fetch_sub(&gather->missing, 1) == 1)
        ops_inbox_post(&gather->home->inbox, &gather->back);
}

bool ops_gather_start(struct ops_loop *home, void (*gathered)(struct ops_gather *gather), void *self)
{
    uint32_t count = home->server->loops_count;
    struct ops_gather *gather = calloc(1, sizeof *gather + count * sizeof gather->parts[0]);

    if (gather == NULL)
        return false;
    gather->back.run = come_home;
    gather->home = home;
    gather->gathered = gathered;
    gather->self = self;
    gather->missing = count;
    gather->parts_count = count;
    for (uint32_t i = 0; i < count; i++) {
        gather->parts[i].task.run = copy_counts;
        gather->parts[i].gather = gather;
    }
    for (uint32_t i = 0; i < count; i++)
        ops_inbox_post(&home->server->loops[i].inbox, &gather->parts[i].task);
    return true;
}

/* Both structs hold nothing but uint64_t counters that add up, histograms included. */
static void add_all(void *sum, const void *part, size_t bytes)
{
    uint64_t *to = sum;
    const uint64_t *from = part;

    for (size_t i = 0; i < bytes / sizeof *to; i++)
        to[i] += from[i];
}

_Static_assert(sizeof(struct ops_core_stats) % sizeof(uint64_t) == 0, "counters only");
_Static_assert(sizeof(struct ops_loop_counts) % sizeof(uint64_t) == 0, "counters only");

void ops_gather_sum(const struct ops_gather *gather, struct ops_core_stats *core, struct ops_loop_counts *loops)
{
    memset(core, 0, sizeof *core);
    memset(loops, 0, sizeof *loops);
    for (uint32_t i = 0; i < gather->parts_count; i++) {
        add_all(core, &gather->parts[i].core, sizeof *core);
        add_all(loops, &gather->parts[i].loop, sizeof *loops);
    }
}
