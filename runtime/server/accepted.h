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
};

/* Takes over a descriptor and its ticket, on the loop that is to have them. */
void ops_accepted_start(struct ops_loop *loop, int fd, struct ops_ticket ticket, enum ops_admission_answer answer, bool admin);

/* Of a request that h2o handles. */
struct ops_accepted *ops_accepted_of(h2o_req_t *req);

/* A request came: the next one, and all of this answer, has the whole time again. */
void ops_accepted_renew(struct ops_accepted *accepted);

/* It is a WebSocket now. */
void ops_accepted_upgraded(struct ops_accepted *accepted);

/* Part of a tick. */
void ops_accepted_expire(struct ops_loop *loop, int64_t now_us);

/* Ends every connection that is no WebSocket. */
void ops_accepted_end_all(struct ops_loop *loop);

#endif
