/* The server: its loops, its listeners, its store; how it starts and how it stops. */
#ifndef OPS_SERVER_SERVER_H
#define OPS_SERVER_SERVER_H

#include "admission.h"
#include "config.h"
#include "hub_names.h"
#include "loop.h"
#include "runtime/transport/signalr/session.h"

struct ops_listener;
struct ops_pages;
struct ops_http;

enum { OPS_ADMIN_CONNECTIONS_MAX = 64 };

/* How far the end has come; only ever goes forward. */
enum ops_server_phase {
    OPS_SERVER_STARTING,
    OPS_SERVER_SERVING,
    OPS_SERVER_DRAINING, /* no listener, no new work; what was accepted is being finished */
    OPS_SERVER_CLOSING,  /* clients are told */
    OPS_SERVER_LEAVING,  /* those that did not answer are reset */
    OPS_SERVER_ENDED
};

struct ops_server {
    const struct ops_config *config;
    struct ops_store *store;
    struct ops_admission *admission;
    struct ops_pages *pages;          /* pages that do not change (page.h) */
    struct ops_http *http;
    struct ops_listener *listeners;   /* of loop 0 */
    struct ops_websocket_config frames, echo_frames, hub_frames;
    struct ops_signalr_config signalr;
    struct ops_hub_names *hub_names;
    struct ops_loop *loops;
    uint32_t loops_count;
    uint32_t next_loop;               /* that gets the next connection */
    uint32_t connections_max;
    uint32_t admin_connections;       /* now; all are on loop 0 */
    uint64_t seed;
    _Atomic int phase;                /* enum ops_server_phase; written by loop 0 */
    _Atomic uint32_t mails_on_the_way;
    struct ops_time started_at;
    int64_t started_us, grace_until_us, close_until_us;
};

/* Opens the store, the loops and the listeners, serves, and comes back after a SIGTERM or SIGINT when everything is closed. The
 * exit status of the process. `config` outlives it. */
int ops_server_run(const struct ops_config *config);

static inline bool ops_server_is_draining(const struct ops_server *server)
{
    return atomic_load_explicit(&server->phase, memory_order_relaxed) >= OPS_SERVER_DRAINING;
}

/* Processors that this process may use: affinity and cgroup quota (cpus.c). At least 1. */
uint32_t ops_server_cpus(void);

#endif
