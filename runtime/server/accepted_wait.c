/* Connections whose request waits for its answer, and connections that change their loop.
 *
 * h2o does not read a connection whose request it has handed out, so it learns that the client has gone when it writes. Here the socket is
 * watched meanwhile, without taking anything out of it: an event that nobody takes would also wake the loop again and again. */
#include "accepted.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server.h"

static void on_event(h2o_socket_t *io, const char *error)
{
    struct ops_accepted *a = io->on_close.data;
    void (*gone)(void *) = a->gone;
    char byte;
    ssize_t n = error != NULL ? 0 : recv(h2o_socket_get_fd(io), &byte, 1, MSG_PEEK | MSG_DONTWAIT);

    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return;
    ops_loop_now(a->loop);
    a->gone = NULL;
    h2o_socket_read_stop(io);
    h2o_socket_dont_read(io, 0);
    shutdown(h2o_socket_get_fd(io), SHUT_RDWR);
    if (gone != NULL)
        gone(a->gone_self);
}

void ops_accepted_wait(struct ops_accepted *a, void (*gone)(void *self), void *self)
{
    a->gone = gone;
    a->gone_self = self;
    ops_timer_disarm(&a->timer);
    h2o_socket_read_stop(a->io);
    h2o_socket_dont_read(a->io, 1);
    h2o_socket_read_start(a->io, on_event);
}

void ops_accepted_write(struct ops_accepted *a)
{
    ops_timer_arm(&a->loop->answers, &a->timer, ops_loop_now(a->loop)->monotonic_us);
}

void ops_accepted_wait_on(struct ops_accepted *a)
{
    ops_timer_disarm(&a->timer);
}

void ops_accepted_go_on(struct ops_accepted *a)
{
    if (a->gone != NULL) {
        a->gone = NULL;
        h2o_socket_read_stop(a->io);
        h2o_socket_dont_read(a->io, 0);
    }
    ops_accepted_renew(a);
}

struct ops_ticket ops_accepted_give_ticket(struct ops_accepted *a)
{
    struct ops_ticket ticket = a->ticket;

    a->ticket.admitted = a->ticket.refused = false;
    return ticket;
}

h2o_socket_t *ops_accepted_adopt(struct ops_loop *loop, int fd, struct ops_ticket ticket)
{
    struct ops_accepted *a = calloc(1, sizeof *a);

    if (a == NULL) {
        ops_admission_leave(loop->server->admission, &ticket);
        close(fd);
        return NULL;
    }
    a->loop = loop;
    a->ticket = ticket;
    a->stage = OPS_ACCEPTED_UPGRADED;
    a->io = h2o_evloop_socket_create(loop->evloop, fd, H2O_SOCKET_FLAG_DONT_READ | H2O_SOCKET_FLAG_IS_ACCEPTED_CONNECTION);
    a->io->on_close.cb = ops_accepted_on_close;
    a->io->on_close.data = a;
    return a->io;
}
