/* What all loops have counted, for a page: each loop copies its own counts when it is asked, so no counter is shared. */
#ifndef OPS_SERVER_GATHER_H
#define OPS_SERVER_GATHER_H

#include "loop.h"

struct ops_gather;

/* One loop's part of it. */
struct ops_gather_part {
    struct ops_task task; /* first */
    struct ops_gather *gather;
    struct ops_core_stats core;
    struct ops_loop_counts loop;
};

struct ops_gather {
    struct ops_task back; /* first: comes home when the last loop has answered */
    struct ops_loop *home;
    void (*gathered)(struct ops_gather *gather);
    void *self;
    _Atomic uint32_t missing;
    uint32_t parts_count;
    struct ops_gather_part parts[];
};

/* Asks every loop; `gathered` is called on `home`, and frees it (free). False: no memory. */
bool ops_gather_start(struct ops_loop *home, void (*gathered)(struct ops_gather *gather), void *self);

/* All parts added up. */
void ops_gather_sum(const struct ops_gather *gather, struct ops_core_stats *core, struct ops_loop_counts *loops);

#endif
