#include "server.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#include "clock.h"
#include "drain.h"
#include "http.h"
#include "listener.h"
#include "log.h"
#include "page.h"

enum {
    DESCRIPTORS_KEPT = 64,   /* for the store, loops, logs, listeners, admin */
    DESCRIPTORS_OF_LOOP = 8,
    REFUSALS_MAX = 32,       /* told politely at one time */
    ECHO_MESSAGE_BYTES = 16 << 20
};

/* Raises the descriptor limit as far as allowed, and says how many connections fit. */
static uint32_t connections_that_fit(const struct ops_server *server)
{
    uint64_t wanted = (uint64_t)server->config->limit_connections, fit;
    uint64_t kept = DESCRIPTORS_KEPT + REFUSALS_MAX + server->loops_count * DESCRIPTORS_OF_LOOP;
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return (uint32_t)wanted;
    if (limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
        (void)getrlimit(RLIMIT_NOFILE, &limit);
    }
    fit = limit.rlim_cur > kept + 8 ? limit.rlim_cur - kept : 8;
    if (fit >= wanted)
        return (uint32_t)wanted;
    ops_log(OPS_LOG_WARNING, "server", "the descriptor limit of %llu leaves room for %llu connections, not %llu",
            (unsigned long long)limit.rlim_cur, (unsigned long long)fit, (unsigned long long)wanted);
    return (uint32_t)fit;
}

/* ---- the store -------------------------------------------------------------------------------------------------------------- */

static void log_store(void *self, const char *problem)
{
    (void)self;
    ops_log(OPS_LOG_WARNING, "store", "%s", problem);
}

static bool open_store(struct ops_server *server)
{
    struct ops_store_config config;
    struct ops_store_env env = {.done = ops_server_store_done, .self = server, .log = log_store, .log_self = server};
    char problem[512] = "";

    memset(&config, 0, sizeof config);
    ops_config_store(server->config, &config);
    server->store = ops_store_open(&config, &env, problem, sizeof problem);
    if (server->store == NULL)
        ops_log(OPS_LOG_ERROR, "store", "%s", problem);
    return server->store != NULL;
}

/* ---- loops ------------------------------------------------------------------------------------------------------------------ */

struct starter {
    struct ops_server *server;
    uint32_t index;
    bool ok;
    sem_t ready, ended;
};

/* The thread stays until the process ends: h2o keeps memory for reuse in thread-local variables that nobody else can give back. */
static void *run_loop(void *self)
{
    struct starter *starter = self;
    struct ops_loop *loop = &starter->server->loops[starter->index];
    bool ok = ops_loop_open(loop, starter->server, starter->index);

    starter->ok = ok;
    sem_post(&starter->ready);
    if (ok)
        ops_loop_run(loop);
    sem_post(&starter->ended);
    while (pause() != 0) {
    }
    return NULL;
}

static void wait_for(sem_t *semaphore)
{
    while (sem_wait(semaphore) != 0) {
    }
}

/* Loop 0 is this thread; the others are ready when this returns. */
static bool start_loops(struct ops_server *server, struct starter *starters)
{
    bool ok = ops_loop_open(&server->loops[0], server, 0);
    pthread_t thread;

    if (!ok)
        return false;
    ops_drain_catch_signals(&server->loops[0]);
    for (uint32_t i = 1; i < server->loops_count; i++) {
        starters[i].server = server;
        starters[i].index = i;
        sem_init(&starters[i].ready, 0, 0);
        sem_init(&starters[i].ended, 0, 0);
        if (pthread_create(&thread, NULL, run_loop, &starters[i]) != 0)
            return false;
        pthread_detach(thread);
    }
    for (uint32_t i = 1; i < server->loops_count; i++) {
        wait_for(&starters[i].ready);
        ok = ok && starters[i].ok;
    }
    return ok;
}

static uint32_t loops_wanted(const struct ops_server *server)
{
    uint32_t cpus = ops_server_cpus();

    if (server->config->loops > 0)
        return (uint32_t)server->config->loops;
    if (server->store->ops->threads && cpus > 1)
        cpus--;
    return cpus < OPS_LOOPS_MAX ? cpus : OPS_LOOPS_MAX;
}

/* ---- start and end ------------------------------------------------------------------------------------------------------------ */

/* The largest that any client of the hub may send. */
static uint32_t hub_record_bytes(const struct ops_config *config)
{
    int64_t most = config->signalr_record_bytes;

    for (size_t i = 0; i < ops_profiles_count && config->signalr_record_bytes == 0; i++)
        if (ops_profiles[i]->hub_message_limit_bytes > most)
            most = ops_profiles[i]->hub_message_limit_bytes;
    return (uint32_t)most;
}

static bool open_parts(struct ops_server *server)
{
    const struct ops_config *config = server->config;

    if (getrandom(&server->seed, sizeof server->seed, 0) != (ssize_t)sizeof server->seed || !open_store(server))
        return false;
    server->loops_count = loops_wanted(server);
    server->connections_max = connections_that_fit(server);
    server->frames.message_max_bytes = (uint32_t)config->limit_message_bytes;
    server->frames.fragments_max = 1024;
    server->frames.fragment_cost_bytes = 64;
    server->frames.memory = ops_server_memory;
    server->echo_frames = server->frames;
    server->echo_frames.message_max_bytes = ECHO_MESSAGE_BYTES + 1024;
    server->echo_frames.fragments_max = 1 << 20;
    server->echo_frames.fragment_cost_bytes = 0;
    /* A frame may carry many records; the largest record, and something before and behind it, always fits. */
    server->hub_frames = server->frames;
    server->hub_frames.message_max_bytes = 2 * hub_record_bytes(config) + 65536;
    server->signalr.memory = &ops_server_memory;
    server->signalr.limit_bytes = (size_t)config->signalr_record_bytes;
    server->hub_names = ops_hub_names_open((uint32_t)config->signalr_negotiated, (uint32_t)config->signalr_negotiated_per_address,
                                           config->signalr_disconnect * 1000, server->seed);
    server->admission = ops_admission_open(server->connections_max,
                                           config->limit_connections_per_address == 0
                                               ? UINT32_MAX
                                               : (uint32_t)config->limit_connections_per_address,
                                           REFUSALS_MAX);
    server->pages = ops_pages_open(config, OPS_VERSION);
    server->http = ops_http_open(server);
    server->loops = calloc(server->loops_count, sizeof *server->loops);
    return server->admission != NULL && server->hub_names != NULL && server->pages != NULL && server->http != NULL && server->loops != NULL;
}

static int serve(struct ops_server *server)
{
    static struct starter starters[OPS_LOOPS_MAX];
    char problem[256] = "";

    if (!ops_listeners_bind(server, problem, sizeof problem)) {
        ops_log(OPS_LOG_ERROR, "server", "%s", problem);
        return EXIT_FAILURE;
    }
    if (!start_loops(server, starters)) {
        ops_log(OPS_LOG_ERROR, "server", "cannot start the event loops");
        return EXIT_FAILURE;
    }
    atomic_store(&server->phase, OPS_SERVER_SERVING);
    ops_listeners_start(&server->loops[0]);
    ops_log(OPS_LOG_INFO, "server", "ready after %lld ms: %u loop%s, %s storage",
            (long long)((ops_clock_monotonic_us() - server->started_us) / 1000), (unsigned)server->loops_count,
            server->loops_count == 1 ? "" : "s", server->store->ops->name);
    ops_loop_run(&server->loops[0]);
    for (uint32_t i = 1; i < server->loops_count; i++)
        wait_for(&starters[i].ended);
    for (uint32_t i = 0; i < server->loops_count; i++)
        ops_loop_close(&server->loops[i]);
    server->store->ops->close(server->store);
    ops_pages_close(server->pages);
    ops_hub_names_close(server->hub_names);
    ops_admission_close(server->admission);
    ops_log(OPS_LOG_INFO, "server", "ended");
    return EXIT_SUCCESS;
}

int ops_server_run(const struct ops_config *config)
{
    static struct ops_server server; /* h2o keeps references into it until the process ends */

    server.config = config;
    server.started_us = ops_clock_monotonic_us();
    server.started_at = ops_clock_now().wall;
    if (!open_parts(&server)) {
        ops_log(OPS_LOG_ERROR, "server", "cannot start");
        return EXIT_FAILURE;
    }
    return serve(&server);
}
