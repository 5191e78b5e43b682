/* The seed's choices: what happens next, and when it is over. See world.h. */
#include "world.h"

#include <stdarg.h>
#include <stdlib.h>

enum { SETTLE_STEPS = 200000 };

static void *world_more(void *self, size_t bytes)
{
    (void)self;
    return malloc(bytes);
}

static void world_release(void *self, void *block, size_t bytes)
{
    (void)self;
    (void)bytes;
    free(block);
}

const struct ops_memory world_memory = {world_more, world_release, NULL};

uint64_t world_random(struct world *w)
{
    uint64_t z = (w->random += 0x9e3779b97f4a7c15U);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

unsigned world_below(struct world *w, unsigned n)
{
    return (unsigned)(world_random(w) >> 33) % n;
}

void world_trouble(struct world *w, const char *what, ...)
{
    va_list args;

    if (w->trouble[0] != '\0')
        return; /* the first is the one to look at */
    va_start(args, what);
    vsnprintf(w->trouble, sizeof w->trouble, what, args);
    va_end(args);
}

static struct wire *world_wire(struct world *w)
{
    struct wire *wire = w->wires;
    unsigned n = w->wires_count != 0 ? world_below(w, w->wires_count) : 0;

    while (n-- > 0 && wire != NULL)
        wire = wire->next;
    return wire;
}

/* The server's end of a wire that the client has let go is noticed now, or later. */
static void world_wire_step(struct world *w, bool faults)
{
    struct wire *wire = world_wire(w);

    if (wire == NULL)
        return;
    if (wire->up.count != 0 && !wire->paused)
        wire_up(w, wire);
    else if (!wire->client_end && wire->connection != NULL && (!faults || world_below(w, 8) == 0))
        wire_server_end(w, wire);
    else if (wire->server_closes && wire->connection != NULL)
        wire_server_end(w, wire);
    wires_sweep(w);
}

static void world_fault(struct world *w)
{
    unsigned user = world_below(w, w->users_count);

    if (world_below(w, 1000) < w->fault_cut)
        user_cut(w, user);
    if (world_below(w, 1000) < w->fault_restart)
        user_restart(w, user);
    if (world_below(w, 1000) < w->fault_kill) {
        server_kill(w);
        w->now_us += world_below(w, 3000000);
        server_start(w);
    }
}

static void world_step(struct world *w, bool faults)
{
    unsigned user = world_below(w, w->users_count), choice = world_below(w, 100);

    w->now_us += world_below(w, 2000);
    if (choice < 12 && faults)
        user_edit(w, user);
    else if (choice < 35)
        user_pump(w, user);
    else if (choice < 60)
        user_receive(w, user);
    else if (choice < 80)
        world_wire_step(w, faults);
    else
        server_step(w, faults);
    if (world_below(w, 400) == 0)
        w->now_us += 1000 * (int64_t)world_below(w, faults && world_below(w, 20) == 0 ? 40000 : 500);
    if (faults)
        world_fault(w);
}

static void world_draw(struct world *w)
{
    w->users_count = 2 + world_below(w, USERS_MAX - 1);
    w->documents_count = 1 + world_below(w, DOCUMENTS_MAX);
    w->loops = 1 + world_below(w, LOOPS_MAX);
    w->insert_only = world_below(w, 3) == 0;
    w->undo_of_server = world_below(w, 2) == 0;
    w->fault_cut = world_below(w, 2) ? world_below(w, 12) : 0;
    w->fault_kill = world_below(w, 3) == 0 ? world_below(w, 6) : 0;
    w->fault_store = world_below(w, 2) ? world_below(w, 120) : 0;
    w->fault_stall = world_below(w, 3) == 0 ? world_below(w, 900) : 0;
    w->fault_restart = world_below(w, 3) == 0 ? world_below(w, 6) : 0;
}

static bool world_is_quiet(const struct world *w)
{
    return server_is_quiet(w) && users_are_quiet(w);
}

void world_run(struct world *w, uint64_t seed, unsigned steps)
{
    unsigned i;

    w->seed = w->random = seed;
    w->now_us = 1000000;
    world_draw(w);
    server_start(w);
    users_start(w);
    for (i = 0; i < steps && w->trouble[0] == '\0'; i++)
        world_step(w, true);
    for (i = 0; i < SETTLE_STEPS && w->trouble[0] == '\0' && !world_is_quiet(w); i++)
        world_step(w, false);
    if (w->trouble[0] == '\0' && !world_is_quiet(w))
        world_trouble(w, "it does not settle");
    if (w->trouble[0] == '\0')
        world_judge(w);
}

void world_end(struct world *w)
{
    struct wire *wire;

    server_kill(w);
    users_end(w);
    for (wire = w->wires; wire != NULL; wire = wire->next)
        wire->client_end = false;
    wires_sweep(w);
    model_end(&w->store);
    free(w->blocks);
}
