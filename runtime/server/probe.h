/* What the server itself asks the store: whether it can be read and written right now (at most one such question a
 * loop is on its way, and an answer counts for OPS_HEALTH_KEPT_MS), and what diagnostics show. */
#ifndef OPS_SERVER_PROBE_H
#define OPS_SERVER_PROBE_H

#include "backends/store.h"

struct ops_loop;

/* A request to the store that is the server's own, not the core's. */
struct ops_store_call {
    struct ops_store_call *next;
    struct ops_store_request *request;
    void (*done)(struct ops_store_call *call, struct ops_loop *loop);
};

/* Submits it; `done` is called when it is back. */
void ops_store_call(struct ops_loop *loop, struct ops_store_call *call, struct ops_store_request *request);

/* Is this finished request such a one? Then it has been dealt with. */
bool ops_store_call_take(struct ops_loop *loop, struct ops_store_request *request);

enum { OPS_PROBE_TIMEOUT_MS = 2000 }; /* a store that is silent for so long is not healthy */

/* Who waits for the answer. Part of what is the caller's. */
struct ops_probe_waiter {
    struct ops_probe_waiter *next;
    void (*answered)(struct ops_probe_waiter *waiter, bool store_ok);
};

struct ops_probe {
    struct ops_store_call call; /* first */
    struct ops_store_health request;
    struct ops_probe_waiter *waiters;
    int64_t asked_us, answered_us; /* 0: never */
    bool asking, ok;
};

/* Calls `answered`, now or later, exactly once. */
void ops_probe_ask(struct ops_loop *loop, struct ops_probe_waiter *waiter);

/* Part of a tick, and when it is due. */
void ops_probe_expire(struct ops_loop *loop, int64_t now_us);
int64_t ops_probe_due_us(const struct ops_loop *loop);

#endif
