/* A WebSocket after its upgrade: bytes in and out of one client of the core.
 *
 *   OPEN ──► CLOSING   our Close is queued; what comes is only searched for the client's
 *     │         │
 *     └────► LINGERING the client's Close is here, or nothing it says counts any more: write what is queued, end our half of the
 *                      connection, read until it ends its own, so that our last bytes are not lost to a reset
 *
 * An idle one holds this struct, h2o's socket, and what the core knows of it: no buffer. */
#ifndef OPS_SERVER_SOCKET_H
#define OPS_SERVER_SOCKET_H

#include "loop.h"
#include "peer.h"
#include "writer.h"

enum ops_socket_state { OPS_SOCKET_OPEN, OPS_SOCKET_CLOSING, OPS_SOCKET_LINGERING, OPS_SOCKET_DEAD };

/* What it carries. */
enum ops_socket_kind {
    OPS_SOCKET_COLLAB, /* the collaboration protocol, one message a frame */
    OPS_SOCKET_ECHO,   /* for protocol test suites */
    OPS_SOCKET_HUB     /* records of a hub connection (hub.h) */
};

struct ops_socket {
    struct ops_peer peer; /* first */
    h2o_socket_t *io;
    struct ops_loop *loop;
    struct ops_connection *connection; /* from its first message on */
    struct ops_hub *hub;               /* of a HUB socket, until it is told to close or replaced */
    struct ops_socket *next, *previous, *next_dirty, *next_urgent, *next_waiting;
    struct ops_timer alive;    /* when a ping is due, or its pong */
    struct ops_timer patience; /* for a write, or for the end */
    struct ops_websocket_session session;
    struct ops_writer writer;
    char *held; /* read, and not yet handled because it is paused */
    uint32_t held_bytes;
    uint8_t state;                    /* enum ops_socket_state */
    uint8_t close_code;               /* enum ops_error_code, when `close_wanted` */
    uint8_t kind;                     /* enum ops_socket_kind */
    bool speaking : 1;                /* it has sent a message */
    bool is_dirty : 1, is_urgent : 1, is_waiting : 1;
    bool paused : 1;                  /* by the core: too much is unanswered */
    bool full : 1;                    /* too much is unwritten */
    bool reading : 1;
    bool blocked : 1;                 /* h2o tells when it can be written */
    bool awaiting_pong : 1;
    bool close_wanted : 1;            /* by the core, or for being slow */
    bool slow : 1;
    bool half_ended : 1;              /* our half of the connection has ended */
};

/* Takes over a socket that was upgraded; `rest` (borrowed) came behind the request. `profile` NULL: the first message decides. */
void ops_socket_open(struct ops_loop *loop, h2o_socket_t *io, const struct ops_profile *profile, bool echo, struct ops_str rest);

/* It is to be closed because of `code`, as soon as the core may be called. */
void ops_socket_close_because(struct ops_socket *socket, enum ops_error_code code);

/* ---- a socket that carries a hub connection (hub_socket.c) ---- */

/* Nothing is read yet: ops_socket_begin. NULL: no memory, `io` is closed. */
struct ops_socket *ops_socket_open_hub(struct ops_loop *loop, h2o_socket_t *io, struct ops_hub *hub);

/* Handles what came behind the request, then reads. May end the socket. */
void ops_socket_begin(struct ops_socket *socket, struct ops_str rest);

/* The hub's way out: queues a frame (kept); asks whether too much is queued already; drops what is behind the frame being written. */
void ops_socket_queue(struct ops_socket *socket, struct ops_frame *frame, bool urgent);
bool ops_socket_is_over_limit(struct ops_socket *socket);
void ops_socket_drop_queue(struct ops_socket *socket, bool slow);

/* Nothing is queued that has not been handed to the system. */
static inline bool ops_socket_is_idle(const struct ops_socket *socket)
{
    return socket->writer.count == 0;
}

/* The hub lets go of it: closes behind what is queued. `heard`: the client has said its last word. */
void ops_socket_close_hub(struct ops_socket *socket, uint16_t code, struct ops_str reason, bool heard);

/* The core wants no more for now (true), or does again. */
void ops_socket_hold_hub(struct ops_socket *socket, bool paused);

/* Parts of a tick. */
void ops_sockets_expire(struct ops_loop *loop, int64_t now_us);
bool ops_sockets_resume(struct ops_loop *loop); /* did something */

/* Writes to those that wait for a reply, then to some of the others, oldest first: while a large audience is told, what it does
 * itself is heard. The rest is `loop->dirty`. */
void ops_sockets_flush(struct ops_loop *loop);

/* The end: tells every client, or resets every one that is left. */
void ops_sockets_close_all(struct ops_loop *loop, enum ops_error_code code);
void ops_sockets_reset_all(struct ops_loop *loop);

#endif
