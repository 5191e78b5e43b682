#include "accepted.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "server.h"

enum { PREFACE_BYTES = 3 }; /* `PRI`: no HTTP/1 method begins like that */

/* SETTINGS without entries; GOAWAY, last stream 0, HTTP_1_1_REQUIRED (RFC 9113 §6.5, §6.8). */
static const char goaway[] = "\0\0\0\x04\0\0\0\0\0"
                             "\0\0\x31\x07\0\0\0\0\0"
                             "\0\0\0\0"
                             "\0\0\0\x0d"
                             "gRPC is not served here yet; use HTTP/1.1";

#define REFUSAL(status, text)                                                                                          \
    "HTTP/1.1 " status "\r\nConnection: close\r\nContent-Type: text/plain\r\nRetry-After: 5\r\nContent-Length: "      \
    text

static const char refusal_total[] =
    REFUSAL("503 Service Unavailable", "31\r\n\r\nThe server has no more places.\n");
static const char refusal_address[] =
    REFUSAL("429 Too Many Requests", "36\r\n\r\nToo many from your network address.\n");

void ops_accepted_on_close(void *data)
{
    struct ops_accepted *a = data;

    ops_timer_disarm(&a->timer);
    if (a->stage == OPS_ACCEPTED_HTTP)
        a->loop->counts.http_connections--;
    if (a->admin)
        a->loop->server->admin_connections--;
    ops_admission_leave(a->loop->server->admission, &a->ticket);
    free(a);
}

static void set_low_water(int fd, int bytes)
{
    setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof bytes);
}

/* ---- the last words ----------------------------------------------------------------------------------------------------- */

/* Throws away what comes until the client has ended its half: a close with unread bytes would be a reset, and take our answer along. */
static void on_rest(h2o_socket_t *io, const char *error)
{
    struct ops_accepted *a = io->on_close.data;
    ssize_t n = error != NULL ? 0 : recv(h2o_socket_get_fd(io), a->loop->read_block, OPS_LOOP_READ_BYTES, MSG_DONTWAIT);

    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        h2o_socket_close(io);
}

static void say_and_linger(struct ops_accepted *a, const char *bytes, size_t len)
{
    int fd = h2o_socket_get_fd(a->io);

    a->stage = OPS_ACCEPTED_LINGERING;
    ops_timer_arm(&a->loop->lingering, &a->timer, ops_loop_now(a->loop)->monotonic_us);
    (void)send(fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT); /* fits in an empty buffer, or the client is gone */
    shutdown(fd, SHUT_WR);
    h2o_socket_read_stop(a->io);
    h2o_socket_read_start(a->io, on_rest);
}

/* ---- the first bytes ------------------------------------------------------------------------------------------------------ */

/* The kernel wakes us when PREFACE_BYTES are there (SO_RCVLOWAT), so a client that sends one byte and waits costs nothing; a
 * wake-up with fewer is the end of the connection. */
static void on_first_bytes(h2o_socket_t *io, const char *error)
{
    struct ops_accepted *a = io->on_close.data;
    char first[PREFACE_BYTES];
    int fd = h2o_socket_get_fd(io);
    ssize_t n = error != NULL ? -1 : recv(fd, first, sizeof first, MSG_PEEK | MSG_DONTWAIT);

    if (n < (ssize_t)sizeof first) {
        h2o_socket_close(io);
        return;
    }
    set_low_water(fd, 1);
    if (a->stage == OPS_ACCEPTED_REFUSED) {
        if (a->refusal == OPS_REFUSED_ADDRESS)
            say_and_linger(a, refusal_address, sizeof refusal_address - 1);
        else
            say_and_linger(a, refusal_total, sizeof refusal_total - 1);
    } else if (memcmp(first, "PRI", sizeof first) == 0) {
        a->loop->counts.http2_prefaces++;
        say_and_linger(a, goaway, sizeof goaway - 1);
    } else {
        a->stage = OPS_ACCEPTED_HTTP; /* the deadline goes on: slow first bytes buy no time */
        a->loop->counts.http_connections++;
        h2o_socket_read_stop(io);
        h2o_socket_dont_read(io, 0);
        h2o_accept(a->admin ? &a->loop->accept_admin : &a->loop->accept_public, io);
    }
}

void ops_accepted_start(struct ops_loop *loop, int fd, struct ops_ticket ticket, enum ops_admission_answer answer, bool admin)
{
    struct ops_accepted *a = calloc(1, sizeof *a);
    int on = 1;

    if (a == NULL || (ops_server_is_draining(loop->server) && !admin)) {
        if (admin)
            loop->server->admin_connections--;
        ops_admission_leave(loop->server->admission, &ticket);
        close(fd);
        free(a);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    set_low_water(fd, PREFACE_BYTES);
    a->loop = loop;
    a->ticket = ticket;
    a->refusal = (uint8_t)answer;
    a->admin = admin;
    a->stage = answer == OPS_ADMITTED ? OPS_ACCEPTED_SNIFFING : OPS_ACCEPTED_REFUSED;
    a->io = h2o_evloop_socket_create(loop->evloop, fd, H2O_SOCKET_FLAG_DONT_READ | H2O_SOCKET_FLAG_IS_ACCEPTED_CONNECTION);
    a->io->on_close.cb = ops_accepted_on_close;
    a->io->on_close.data = a;
    ops_timer_arm(answer == OPS_ADMITTED ? &loop->handshakes : &loop->lingering, &a->timer, ops_loop_now(loop)->monotonic_us);
    h2o_socket_read_start(a->io, on_first_bytes);
}

/* ---- requests ------------------------------------------------------------------------------------------------------------- */

struct ops_accepted *ops_accepted_of(h2o_req_t *req)
{
    return req->conn->callbacks->get_socket(req->conn)->on_close.data;
}

void ops_accepted_renew(struct ops_accepted *a)
{
    ops_timer_arm(&a->loop->handshakes, &a->timer, ops_loop_now(a->loop)->monotonic_us);
}

void ops_accepted_upgraded(struct ops_accepted *a)
{
    a->stage = OPS_ACCEPTED_UPGRADED;
    a->loop->counts.http_connections--;
    ops_timer_disarm(&a->timer);
}

/* ---- time ------------------------------------------------------------------------------------------------------------------- */

/* A connection that is h2o's is only cut: h2o sees the end of it and closes what belongs to it. */
static void end(struct ops_accepted *a)
{
    if (a->stage == OPS_ACCEPTED_HTTP)
        shutdown(h2o_socket_get_fd(a->io), SHUT_RDWR);
    else
        h2o_socket_close(a->io);
}

void ops_accepted_expire(struct ops_loop *loop, int64_t now_us)
{
    struct ops_timer *timer;

    while ((timer = ops_timer_pop(&loop->handshakes, now_us)) != NULL) {
        loop->counts.handshake_timeouts++;
        end((struct ops_accepted *)(void *)timer);
    }
    while ((timer = ops_timer_pop(&loop->answers, now_us)) != NULL) {
        loop->counts.write_timeouts++;
        end((struct ops_accepted *)(void *)timer);
    }
    while ((timer = ops_timer_pop(&loop->lingering, now_us)) != NULL)
        end((struct ops_accepted *)(void *)timer);
}

void ops_accepted_end_all(struct ops_loop *loop)
{
    struct ops_timer *timer;

    while ((timer = ops_timer_pop(&loop->handshakes, INT64_MAX)) != NULL)
        end((struct ops_accepted *)(void *)timer);
    while ((timer = ops_timer_pop(&loop->lingering, INT64_MAX)) != NULL)
        end((struct ops_accepted *)(void *)timer);
}
