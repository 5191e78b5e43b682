/* A connection from its first byte until it is something else.
 *
 *   SNIFFING ──► HTTP ──► UPGRADED   (h2o's, then a WebSocket's)
 *      │
 *      ├──► LINGERING   an HTTP/2 preface was answered by a GOAWAY: gRPC does not exist yet
 *   REFUSED ──► LINGERING   beyond a limit: told so
 *
 * Each stage but UPGRADED has a deadline on the monotonic clock. */
#ifndef OPS_SERVER_ACCEPTED_H
#define OPS_SERVER_ACCEPTED_H

#include "admission.h"
#include "loop.h"

enum ops_accepted_stage {
    OPS_ACCEPTED_SNIFFING,
    OPS_ACCEPTED_REFUSED,
    OPS_ACCEPTED_HTTP,
    OPS_ACCEPTED_UPGRADED,
    OPS_ACCEPTED_LINGERING
};

/* Lives as long as the socket: it is what the socket's on_close frees. */
struct ops_accepted {
    struct ops_timer timer; /* first: the loop's queues hold these */
    struct ops_loop *loop;
    h2o_socket_t *io;
    struct ops_ticket ticket;
    uint8_t stage;   /* enum ops_accepted_stage */
    uint8_t refusal; /* enum ops_admission_answer */
    bool admin;
    void (*gone)(void *self); /* while its request waits for an answer that takes its time */
    void *gone_self;
};

/* Takes over a descriptor and its ticket, on the loop that is to have them. */
void ops_accepted_start(struct ops_loop *loop, int fd, struct ops_ticket ticket, enum ops_admission_answer answer, bool admin);

/* Of a request that h2o handles. */
struct ops_accepted *ops_accepted_of(h2o_req_t *req);

/* A request came: the next one, and all of this answer, has the whole time again. */
void ops_accepted_renew(struct ops_accepted *accepted);

/* It is a WebSocket now. */
void ops_accepted_upgraded(struct ops_accepted *accepted);

/* ---- a request whose answer may take long: a poll, an event stream (accepted_wait.c) ---- */

/* Its deadline is suspended. When the client closes, or says more before it is answered, the connection is cut and `gone` called, at most
 * once, unless ops_accepted_go_on came before. */
void ops_accepted_wait(struct ops_accepted *accepted, void (*gone)(void *self), void *self);

/* A part of the answer is being written: the client has the write time-out to take it; then it waits again. */
void ops_accepted_write(struct ops_accepted *accepted);
void ops_accepted_wait_on(struct ops_accepted *accepted);

/* The answer, or its end, comes now: h2o has the connection again, and the deadline of requests runs. Must come before it is written. */
void ops_accepted_go_on(struct ops_accepted *accepted);

/* ---- a connection that moves to another loop (accepted_wait.c) ---- */

/* Its place is somebody else's from now on. */
struct ops_ticket ops_accepted_give_ticket(struct ops_accepted *accepted);

/* Takes over the descriptor of an upgraded connection, and its place. NULL: no memory, both are given back. */
h2o_socket_t *ops_accepted_adopt(struct ops_loop *loop, int fd, struct ops_ticket ticket);

/* Private to accepted.c and accepted_wait.c: the socket's on_close. */
void ops_accepted_on_close(void *accepted);

/* Part of a tick. */
void ops_accepted_expire(struct ops_loop *loop, int64_t now_us);

/* Ends every connection that is no WebSocket. */
void ops_accepted_end_all(struct ops_loop *loop);

#endif
