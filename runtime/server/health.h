/* /health, /health/ready, /health/live: opstream-ops.md §5.1, but true: somebody has asked the store. */
#ifndef OPS_SERVER_HEALTH_H
#define OPS_SERVER_HEALTH_H

#include "page.h"

enum ops_health_kind {
    OPS_HEALTH_ALL,   /* /health */
    OPS_HEALTH_READY, /* /health/ready: the same */
    OPS_HEALTH_LIVE   /* /health/live: the process answers */
};

enum { OPS_HEALTH_KEPT_MS = 1000 }; /* how long an answer of the store counts: a probe costs at most one write a second */

struct ops_health_inputs {
    bool store_ok;       /* its last probe, at most OPS_HEALTH_KEPT_MS ago */
    bool store_volatile; /* memory: what is in it is lost with the process */
    bool draining;       /* the server is on its way down */
};

/* Is `path` one of them? */
bool ops_health_find(struct ops_str path, enum ops_health_kind *out);

/* Does the answer need a probe of the store? */
bool ops_health_needs_store(enum ops_health_kind kind);

/* Any method. `Healthy` and `Degraded` are 200, `Unhealthy` is 503. */
void ops_health_answer(enum ops_health_kind kind, const struct ops_health_inputs *inputs, struct ops_page *out);

#endif
