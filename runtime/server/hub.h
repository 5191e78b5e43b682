/* A hub connection of SignalR (spec/signalr-protocol.md, spec/v1.md §4.2): a client of the core that some transport carries.
 *
 *   OPEN ──► CLOSING   its last record is queued; server-sent events and long polling have to carry it away first
 *     └────────┴─────► DEAD
 *
 * It lives on the loop that its first transport request came in on (its home) and never leaves it. Requests that come in elsewhere
 * travel there and back (hub_request.h), a WebSocket that comes in elsewhere moves there (hub_socket.c). One transport for its life; of
 * that one carrier at a time. An idle one on a WebSocket holds no buffer. */
#ifndef OPS_SERVER_HUB_H
#define OPS_SERVER_HUB_H

#include "hub_names.h"
#include "loop.h"
#include "peer.h"
#include "runtime/transport/signalr/session.h"
#include "writer.h"

struct ops_hub_request;

enum ops_hub_transport { OPS_HUB_NO_TRANSPORT, OPS_HUB_WEBSOCKET, OPS_HUB_EVENTS, OPS_HUB_POLLING };
enum ops_hub_state { OPS_HUB_OPEN, OPS_HUB_CLOSING, OPS_HUB_DEAD };

struct ops_hub {
    struct ops_peer peer; /* first */
    struct ops_loop *loop;
    struct ops_connection *connection; /* from its first call on */
    struct ops_hub *next, *previous, *next_waiting;
    struct ops_timer ping;     /* when the server pings; not when polling */
    struct ops_timer silence;  /* from the client's first ping on */
    struct ops_timer deadline; /* of the handshake, then of the close */
    struct ops_timer away;     /* nothing carries it */
    struct ops_timer ack;
    struct ops_signalr_session session;
    struct ops_signalr_replay *replay; /* stateful reconnect was agreed */
    struct ops_socket *socket;         /* WEBSOCKET: carries it now */
    struct ops_hub_request *carrier;   /* EVENTS: the stream; POLLING: the poll that hangs */
    struct ops_hub_request *posts;     /* not yet read, oldest first */
    struct ops_writer queue;           /* EVENTS, POLLING: not yet carried away */
    char *held;                        /* came, and was not yet read because it is stopped */
    uint32_t held_bytes, held_at;
    uint32_t holes;                    /* sends that `replay` counts and nobody kept: it cannot be resumed so long */
    uint32_t moves;                    /* upgrades since `moves_since_us` */
    int64_t moves_since_us;
    char token[OPS_HUB_ID_CHARS];
    char peer_id[OPS_HUB_ID_CHARS];
    uint8_t transport;  /* enum ops_hub_transport */
    uint8_t state;      /* enum ops_hub_state */
    uint8_t close_code; /* enum ops_error_code, when `close_wanted` */
    bool named : 1;     /* has a token */
    bool greeted : 1;   /* the handshake is done */
    bool pings : 1;     /* the client has pinged */
    bool paused : 1;    /* by the core */
    bool full : 1;      /* too much is queued */
    bool close_wanted : 1;
    bool slow : 1;
    bool is_waiting : 1;
    bool polled : 1;    /* the first poll, which only says that the token is good, has been answered */
    bool sending : 1;   /* a part of the event stream is on its way */
    bool reading : 1;   /* further up the stack */
};

/* ---- a loop's part (hub.c) ---- */

void ops_hubs_open(struct ops_loop *loop);
void ops_hubs_expire(struct ops_loop *loop, int64_t now_us);
int64_t ops_hubs_due_us(const struct ops_loop *loop);
bool ops_hubs_resume(struct ops_loop *loop); /* did something */
void ops_hubs_close_all(struct ops_loop *loop, enum ops_error_code code);
void ops_hubs_end_all(struct ops_loop *loop);

/* ---- life (hub.c) ---- */

/* `token` NULL: a WebSocket that did not negotiate. Handshake and absence are timed from now on. NULL: no memory. */
struct ops_hub *ops_hub_open(struct ops_loop *loop, const struct ops_hub_terms *terms, const char *token, enum ops_hub_transport transport);

/* To be closed because of `code`, as soon as the core may be called. */
void ops_hub_close_because(struct ops_hub *hub, enum ops_error_code code);

/* Over, at once: the token is forgotten, whoever waits is answered. The struct lives until the waiting are seen to. */
void ops_hub_end(struct ops_hub *hub);

/* ---- way in (hub_read.c) ---- */

/* Bytes of the stream; what is not read at once is kept. May end the hub. */
void ops_hub_read(struct ops_hub *hub, struct ops_str bytes);

/* Something is kept that was not read. */
static inline bool ops_hub_is_behind(const struct ops_hub *hub)
{
    return hub->held != NULL;
}

/* Reads what was kept, as far as it may. */
void ops_hub_read_on(struct ops_hub *hub);

static inline bool ops_hub_is_stopped(const struct ops_hub *hub)
{
    return hub->paused || hub->full || hub->close_wanted || hub->state != OPS_HUB_OPEN;
}

/* ---- WebSocket (hub_socket.c) ---- */

void ops_hub_socket_lost(struct ops_hub *hub);                   /* without a Close */
void ops_hub_socket_closed(struct ops_hub *hub, unsigned code);  /* the client's Close */
void ops_hub_socket_broken(struct ops_hub *hub, unsigned code);  /* a violation, a message too large */

/* An upgraded socket without a token, of this loop; `rest` (borrowed) came behind the request. */
void ops_hub_socket_fresh(struct ops_loop *loop, h2o_socket_t *io, const struct ops_profile *profile, struct ops_str rest);

/* An upgraded socket that its hub has agreed to, maybe of another loop; takes `io`. */
void ops_hub_socket_arrive(struct ops_hub_request *request, h2o_socket_t *io, struct ops_str rest);

/* ---- requests (hub_http.c) ---- */

/* Does this path belong to the hub? Then it is answered, now or later. */
bool ops_hub_answer(h2o_req_t *req, struct ops_str path);

#endif
