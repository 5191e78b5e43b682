#include "drain.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>

#include "accepted.h"
#include "hub.h"
#include "listener.h"
#include "log.h"
#include "server.h"
#include "socket.h"

enum { CLOSE_WAIT_US = 2000000 }; /* for the clients' Closes; or OPSTREAM__TIMEOUTS__CLOSE if that is less */

/* ---- signals -------------------------------------------------------------------------------------------------------------- */

static volatile sig_atomic_t signals_seen;
static int signal_event = -1;

static void on_signal(int number)
{
    const uint64_t one = 1;
    int saved = errno;

    if (signals_seen++ > 0)
        _exit(128 + number);
    if (write(signal_event, &one, sizeof one) < 0)
        _exit(128 + number);
    errno = saved;
}

/* What every loop does with it. */
static void drain_loop(struct ops_task *task, struct ops_loop *loop)
{
    loop->draining = true;
    ops_core_drain(loop->core);
    ops_accepted_end_all(loop);
    free(task);
}

static void close_loop(struct ops_task *task, struct ops_loop *loop)
{
    loop->closing = true;
    ops_sockets_close_all(loop, OPS_ERROR_CODE_DRAINING);
    ops_hubs_close_all(loop, OPS_ERROR_CODE_DRAINING);
    free(task);
}

static void leave_loop(struct ops_task *task, struct ops_loop *loop)
{
    ops_hubs_end_all(loop);
    ops_sockets_reset_all(loop);
    ops_accepted_end_all(loop);
    free(task);
}

static void end_loop(struct ops_task *task, struct ops_loop *loop)
{
    loop->ended = true;
    free(task);
}

static void tell_all(struct ops_server *server, void (*run)(struct ops_task *, struct ops_loop *))
{
    for (uint32_t i = 0; i < server->loops_count; i++) {
        struct ops_task *task = h2o_mem_alloc(sizeof *task);

        task->run = run;
        atomic_store(&server->loops[i].busy, true); /* until it has said otherwise */
        ops_inbox_post(&server->loops[i].inbox, task);
    }
}

static void on_signal_event(h2o_socket_t *io, const char *error)
{
    struct ops_loop *loop = io->data;
    struct ops_server *server = loop->server;

    h2o_socket_close(io); /* only the first signal writes to it */
    if (error != NULL || ops_server_is_draining(server))
        return;
    ops_log(OPS_LOG_INFO, "server", "draining: finishing what was accepted");
    ops_listeners_close(loop, false);
    server->grace_until_us = ops_loop_now(loop)->monotonic_us + server->config->shutdown_grace * 1000;
    atomic_store(&server->phase, OPS_SERVER_DRAINING);
    tell_all(server, drain_loop);
}

void ops_drain_catch_signals(struct ops_loop *loop)
{
    struct sigaction action;
    h2o_socket_t *io;

    signal_event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    io = h2o_evloop_socket_create(loop->evloop, signal_event, H2O_SOCKET_FLAG_DONT_READ);
    io->data = loop;
    h2o_socket_read_start(io, on_signal_event);
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, NULL);
    sigaction(SIGXFSZ, &action, NULL); /* a file at its size limit is a store that fails, not the end of the process */
}

/* ---- progress ------------------------------------------------------------------------------------------------------------- */

static bool all_idle(struct ops_server *server)
{
    if (atomic_load(&server->mails_on_the_way) != 0)
        return false;
    for (uint32_t i = 0; i < server->loops_count; i++)
        if (atomic_load(&server->loops[i].busy))
            return false;
    return atomic_load(&server->mails_on_the_way) == 0;
}

static uint32_t sockets_left(struct ops_server *server)
{
    uint32_t left = 0;

    for (uint32_t i = 0; i < server->loops_count; i++)
        left += atomic_load(&server->loops[i].open_sockets);
    return left;
}

static void enter(struct ops_server *server, enum ops_server_phase phase, void (*run)(struct ops_task *, struct ops_loop *))
{
    atomic_store(&server->phase, phase);
    tell_all(server, run);
}

static void lead(struct ops_loop *loop, int64_t now_us)
{
    struct ops_server *server = loop->server;
    int64_t close_us = server->config->timeout_close * 1000;
    bool out_of_time = now_us >= server->grace_until_us;

    switch ((enum ops_server_phase)atomic_load(&server->phase)) {
    case OPS_SERVER_DRAINING:
        if (!all_idle(server) && !out_of_time)
            break;
        server->close_until_us = now_us + (close_us < CLOSE_WAIT_US ? close_us : CLOSE_WAIT_US);
        enter(server, OPS_SERVER_CLOSING, close_loop);
        break;
    case OPS_SERVER_CLOSING:
        if (sockets_left(server) > 0 && now_us < server->close_until_us && !out_of_time)
            break;
        ops_listeners_close(loop, true); /* so long, health says that this server is draining */
        enter(server, OPS_SERVER_LEAVING, leave_loop);
        break;
    case OPS_SERVER_LEAVING:
        if (out_of_time && now_us >= server->close_until_us + CLOSE_WAIT_US && !all_idle(server)) {
            /* Nothing that is lost now was acknowledged. */
            ops_log(OPS_LOG_ERROR, "server", "the store did not give everything back within the grace period");
            _exit(EXIT_FAILURE);
        }
        if (sockets_left(server) == 0 && all_idle(server))
            enter(server, OPS_SERVER_ENDED, end_loop);
        break;
    case OPS_SERVER_STARTING:
    case OPS_SERVER_SERVING:
    case OPS_SERVER_ENDED:
        break;
    }
}

void ops_drain_step(struct ops_loop *loop)
{
    struct ops_server *server = loop->server;
    uint32_t received = loop->mails_received;

    if (loop->draining)
        atomic_store(&loop->busy, ops_core_busy(loop->core) || loop->submitted != NULL || loop->waiting != NULL || loop->hubs.waiting != NULL ||
                                      loop->store_calls != NULL);
    /* Only now: whoever sees that no mail is on its way also sees what it made of this core. */
    loop->mails_received = 0;
    if (received > 0)
        atomic_fetch_sub(&server->mails_on_the_way, received);
    if (loop->index == 0 && ops_server_is_draining(server))
        lead(loop, ops_loop_now(loop)->monotonic_us);
}
