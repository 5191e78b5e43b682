/* One event loop: a thread, an h2o context, a core, and the connections it was dealt.
 *
 * A tick: sockets that are ready, then what came from other threads, what is due, then one submit to the store, one message to each other
 * loop, one write to each connection. Nothing in here is touched by another thread but through the inbox. */
#ifndef OPS_SERVER_LOOP_H
#define OPS_SERVER_LOOP_H

#include <stdatomic.h>

#include "inbox.h"
#include "probe.h"
#include "runtime/core/core.h"
#include "runtime/transport/websocket/session.h"
#include "timer.h"

struct ops_server;
struct ops_socket;
struct ops_hub;

enum {
    OPS_LOOP_READ_BYTES = 65536, /* of one connection in one wake-up: then it is another one's turn */
    OPS_LOOPS_MAX = 64,
    OPS_LOOP_ENGINES_MAX = 8 /* document types */
};

/* What one loop has seen; what only grows unless it says `now`. */
struct ops_loop_counts {
    uint64_t websockets, websockets_speaking; /* now; those that have sent a message */
    uint64_t hubs;             /* now; SignalR connections, whatever carries them */
    uint64_t http_connections; /* now; not upgraded */
    uint64_t pauses, invalid_closes; /* by the core: too much unanswered, too much nonsense */
    uint64_t http_requests;
    uint64_t messages_received, frames_sent, bytes_received, bytes_sent;
    uint64_t queue_bytes; /* now: waiting to be written */
    uint64_t slow_readers, write_timeouts, handshake_timeouts, pong_timeouts, unreadable_messages, violations, oversized_messages,
        oversized_bodies, http2_prefaces, origin_refusals;
    struct ops_histogram tick_us; /* from a wake-up to its end: what an event may have to wait */
};

/* What a loop has of hub connections (hub.h). */
struct ops_hubs {
    struct ops_hub *first;
    struct ops_hub *waiting; /* have something to do where the core may be called, or something to be carried away */
    struct ops_timer_queue pings, silences, handshakes, closes, away, acks, polls, names;
    struct ops_timer names_timer; /* armed while there may be reservations that this loop made */
};

/* Mail to one other loop, of one tick. */
struct ops_mail_batch {
    struct ops_task task;
    uint32_t count, room;
    struct ops_mail *mails[];
};

struct ops_loop {
    struct ops_server *server;
    uint32_t index;
    h2o_evloop_t *evloop;
    h2o_context_t http;
    h2o_accept_ctx_t accept_public, accept_admin;
    const struct ops_engine *engines[OPS_LOOP_ENGINES_MAX + 1]; /* that the settings name; the core's */
    struct ops_core *core;
    struct ops_inbox inbox;

    bool awake; /* the clocks have been read since the last wake-up */
    bool draining, closing, ended;
    struct ops_moment now;

    struct ops_timer_queue handshakes, lingering, answers, pings, pongs, writes, closes;
    struct ops_hubs hubs;

    struct ops_store_request *submitted, **submitted_end;
    uint32_t submitted_count;
    struct ops_mail_batch *outgoing[OPS_LOOPS_MAX];
    uint32_t mails_received; /* in this tick */
    struct ops_probe probe;
    struct ops_store_call *store_calls; /* on their way */

    struct ops_socket *sockets; /* all of them */
    struct ops_socket *dirty, **dirty_end; /* have something to write, oldest first */
    struct ops_socket *urgent;             /* of these, those with an answer in it */
    struct ops_socket *round_last;         /* the last of `dirty` when the round began, until it is written to */
    int64_t round_began_us;
    struct ops_socket *waiting; /* have something to do that could not be done where it was found out */

    struct ops_arena decode, encode;
    struct ops_loop_counts counts;
    char *read_block; /* OPS_LOOP_READ_BYTES */
    _Atomic bool busy; /* while draining: the core has something unfinished; read by loop 0 */
    _Atomic uint32_t open_sockets;
};

extern const struct ops_memory ops_server_memory; /* malloc */

/* On the thread that will run it. False: no memory. */
bool ops_loop_open(struct ops_loop *loop, struct ops_server *server, uint32_t index);

/* Until `ended`. */
void ops_loop_run(struct ops_loop *loop);

/* Same thread; every loop has ended, the store has given everything back. */
void ops_loop_close(struct ops_loop *loop);

/* The time of this wake-up. */
const struct ops_moment *ops_loop_now(struct ops_loop *loop);

/* Effects of the core that are not about one connection (store.c, mail.c). */
void ops_loop_submit(void *self, struct ops_store_request *request);
void ops_loop_submit_all(struct ops_loop *loop);
void ops_loop_mail(void *self, uint32_t to, struct ops_mail *mail);
void ops_loop_mail_all(struct ops_loop *loop);

/* `done` of the store: any thread. `self` is the server. */
void ops_server_store_done(void *self, struct ops_store_request *chain);

#endif
