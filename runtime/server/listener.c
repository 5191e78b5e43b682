#include "listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "accepted.h"
#include "log.h"
#include "server.h"

enum {
    ACCEPTS_MAX = 64,       /* in one wake-up: connections that are there get their turn */
    BACKLOG = 4096,         /* the system cuts it to its own limit */
    RETRY_AFTER_US = 100000 /* without descriptors: so often it is tried again, instead of all the time */
};

struct ops_listener {
    struct ops_listener *next;
    struct ops_loop *loop;
    h2o_socket_t *io;
    int fd;
    bool admin;
    int64_t retry_us; /* 0: accepting */
};

/* ---- binding -------------------------------------------------------------------------------------------------------------- */

static int open_socket(const struct sockaddr *address, socklen_t bytes, bool both_families)
{
    int on = 1, off = 0, saved;
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (address->sa_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, both_families ? &off : &on, sizeof on);
    if (bind(fd, address, bytes) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

static int open_v4(struct in_addr host, uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = host};

    return open_socket((const struct sockaddr *)&address, sizeof address, false);
}

static int open_v6(struct in6_addr host, uint16_t port, bool both_families)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = host};

    return open_socket((const struct sockaddr *)&address, sizeof address, both_families);
}

/* The port that a socket really has. */
static uint16_t port_of(int fd)
{
    struct sockaddr_storage address;
    socklen_t bytes = sizeof address;

    if (getsockname(fd, (struct sockaddr *)&address, &bytes) != 0)
        return 0;
    return ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)(void *)&address)->sin6_port
                                               : ((struct sockaddr_in *)(void *)&address)->sin_port);
}

static bool add(struct ops_server *server, int fd, bool admin)
{
    struct ops_listener *listener = fd < 0 ? NULL : calloc(1, sizeof *listener);

    if (listener == NULL) {
        if (fd >= 0)
            close(fd);
        return false;
    }
    listener->fd = fd;
    listener->admin = admin;
    listener->next = server->listeners;
    server->listeners = listener;
    ops_log(OPS_LOG_INFO, "server", "listening on port %u%s", (unsigned)port_of(fd), admin ? " for administration" : "");
    return true;
}

static bool bind_one(struct ops_server *server, const struct ops_listen *listen_at, bool admin)
{
    const struct in6_addr any6 = IN6ADDR_ANY_INIT, loopback6 = IN6ADDR_LOOPBACK_INIT;
    struct in_addr v4 = {htonl(INADDR_ANY)};
    struct in6_addr v6;

    switch (listen_at->kind) {
    case OPS_LISTEN_ANY:
        return add(server, open_v6(any6, listen_at->port, true), admin) || add(server, open_v4(v4, listen_at->port), admin);
    case OPS_LISTEN_LOCALHOST:
        v4.s_addr = htonl(INADDR_LOOPBACK);
        if (!add(server, open_v4(v4, listen_at->port), admin))
            return false;
        if (listen_at->port != 0) /* where there is no IPv6, the other one is enough */
            (void)add(server, open_v6(loopback6, listen_at->port, false), admin);
        return true;
    case OPS_LISTEN_IPV4:
        return inet_pton(AF_INET, listen_at->host, &v4) == 1 && add(server, open_v4(v4, listen_at->port), admin);
    case OPS_LISTEN_IPV6:
        return inet_pton(AF_INET6, listen_at->host, &v6) == 1 && add(server, open_v6(v6, listen_at->port, false), admin);
    }
    return false;
}

static bool bind_all(struct ops_server *server, const struct ops_listens *listens, bool admin, char *problem, size_t problem_bytes)
{
    for (size_t i = 0; i < listens->count; i++) {
        const struct ops_listen *at = &listens->items[i];

        if (bind_one(server, at, admin))
            continue;
        snprintf(problem, problem_bytes, "cannot listen on %s port %u: %s",
                 at->kind == OPS_LISTEN_ANY         ? "any address"
                 : at->kind == OPS_LISTEN_LOCALHOST ? "localhost"
                                                    : at->host,
                 (unsigned)at->port, strerror(errno));
        return false;
    }
    return true;
}

bool ops_listeners_bind(struct ops_server *server, char *problem, size_t problem_bytes)
{
    return bind_all(server, &server->config->urls, false, problem, problem_bytes) &&
           bind_all(server, &server->config->admin_urls, true, problem, problem_bytes);
}

/* ---- accepting ------------------------------------------------------------------------------------------------------------ */

struct dealt {
    struct ops_task task;
    int fd;
    struct ops_ticket ticket;
};

static void take_dealt(struct ops_task *task, struct ops_loop *loop)
{
    struct dealt *dealt = (struct dealt *)task; /* its first member */

    ops_accepted_start(loop, dealt->fd, dealt->ticket, OPS_ADMITTED, false);
    free(dealt);
}

/* Admin connections and refusals stay here. */
static void deal(struct ops_listener *listener, int fd, struct ops_ticket ticket, enum ops_admission_answer answer)
{
    struct ops_server *server = listener->loop->server;
    uint32_t to = 0;
    struct dealt *dealt;

    if (answer == OPS_ADMITTED && !listener->admin)
        to = server->next_loop++ % server->loops_count;
    if (to == 0) {
        ops_accepted_start(listener->loop, fd, ticket, answer, listener->admin);
        return;
    }
    dealt = h2o_mem_alloc(sizeof *dealt);
    dealt->task.run = take_dealt;
    dealt->fd = fd;
    dealt->ticket = ticket;
    ops_inbox_post(&server->loops[to].inbox, &dealt->task);
}

/* An operator gets in when the clients' places are taken. */
static enum ops_admission_answer admit(struct ops_listener *listener, const struct sockaddr *address, struct ops_ticket *ticket)
{
    struct ops_server *server = listener->loop->server;

    if (!listener->admin)
        return ops_admission_enter(server->admission, address, ticket);
    memset(ticket, 0, sizeof *ticket);
    if (server->admin_connections >= OPS_ADMIN_CONNECTIONS_MAX)
        return OPS_REFUSED_QUIETLY;
    server->admin_connections++;
    return OPS_ADMITTED;
}

static void on_connection(h2o_socket_t *io, const char *error)
{
    struct ops_listener *listener = io->data;

    if (error != NULL)
        return;
    for (unsigned i = 0; i < ACCEPTS_MAX; i++) {
        struct sockaddr_storage address;
        socklen_t bytes = sizeof address;
        struct ops_ticket ticket;
        enum ops_admission_answer answer;
        int fd = accept4(listener->fd, (struct sockaddr *)&address, &bytes, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)) {
            ops_log(OPS_LOG_WARNING, "listener", "no descriptor for a new connection; trying again until one is free");
            listener->retry_us = ops_loop_now(listener->loop)->monotonic_us + RETRY_AFTER_US;
            h2o_socket_read_stop(io);
            return;
        }
        if (fd < 0)
            return; /* no more, or one that ended before it was accepted */
        answer = admit(listener, (const struct sockaddr *)&address, &ticket);
        if (answer == OPS_REFUSED_QUIETLY)
            close(fd);
        else
            deal(listener, fd, ticket, answer);
    }
}

void ops_listeners_start(struct ops_loop *loop)
{
    for (struct ops_listener *l = loop->server->listeners; l != NULL; l = l->next) {
        l->loop = loop;
        l->io = h2o_evloop_socket_create(loop->evloop, l->fd, H2O_SOCKET_FLAG_DONT_READ);
        l->io->data = l;
        h2o_socket_read_start(l->io, on_connection);
    }
}

int64_t ops_listeners_due_us(const struct ops_loop *loop)
{
    int64_t due = INT64_MAX;

    for (const struct ops_listener *l = loop->index == 0 ? loop->server->listeners : NULL; l != NULL; l = l->next)
        if (l->retry_us != 0 && l->retry_us < due)
            due = l->retry_us;
    return due;
}

void ops_listeners_retry(struct ops_loop *loop, int64_t now_us)
{
    for (struct ops_listener *l = loop->server->listeners; l != NULL; l = l->next) {
        if (l->retry_us == 0 || l->retry_us > now_us)
            continue;
        l->retry_us = 0;
        h2o_socket_read_start(l->io, on_connection);
    }
}

void ops_listeners_close(struct ops_loop *loop, bool admin)
{
    for (struct ops_listener **at = &loop->server->listeners; *at != NULL;) {
        struct ops_listener *l = *at;

        if (l->admin != admin) {
            at = &l->next;
            continue;
        }
        *at = l->next;
        if (l->io != NULL)
            h2o_socket_close(l->io);
        else
            close(l->fd);
        free(l);
    }
}
