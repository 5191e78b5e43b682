#include "hub.h"
#include "socket_private.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/socket.h>

enum {
    SLICE_SOCKETS = 16,  /* are written to before others are listened to */
    ROUND_US = 10000     /* then all that waited at its beginning are */
};

/* ---- lists ------------------------------------------------------------------------------------------------------------ */

void socket_mark_dirty(struct ops_socket *s)
{
    if (s->is_dirty)
        return;
    s->is_dirty = true;
    s->next_dirty = NULL;
    *s->loop->dirty_end = s;
    s->loop->dirty_end = &s->next_dirty;
}

void socket_mark_urgent(struct ops_socket *s)
{
    if (s->is_urgent)
        return;
    s->is_urgent = true;
    s->next_urgent = s->loop->urgent;
    s->loop->urgent = s;
}

void socket_mark_waiting(struct ops_socket *s)
{
    if (s->is_waiting)
        return;
    s->is_waiting = true;
    s->next_waiting = s->loop->waiting;
    s->loop->waiting = s;
}

static void link_in(struct ops_socket *s)
{
    s->next = s->loop->sockets;
    s->previous = NULL;
    if (s->next != NULL)
        s->next->previous = s;
    s->loop->sockets = s;
    atomic_fetch_add(&s->loop->open_sockets, 1);
}

static void unlink_out(struct ops_socket *s)
{
    if (s->previous != NULL)
        s->previous->next = s->next;
    else
        s->loop->sockets = s->next;
    if (s->next != NULL)
        s->next->previous = s->previous;
    atomic_fetch_sub(&s->loop->open_sockets, 1);
}

/* ---- life ------------------------------------------------------------------------------------------------------------- */

static struct ops_socket *open_socket(struct ops_loop *loop, h2o_socket_t *io, enum ops_socket_kind kind,
                                      const struct ops_profile *profile)
{
    struct ops_socket *s = calloc(1, sizeof *s);

    if (s == NULL) {
        h2o_socket_close(io);
        return NULL;
    }
    s->peer.ops = &socket_peer_ops;
    s->io = io;
    s->loop = loop;
    s->kind = (uint8_t)kind;
    io->data = s;
    /* h2o would keep a buffer for what it reads: from here on we read ourselves, into one that all share. */
    h2o_buffer_dispose(&io->input);
    h2o_buffer_init(&io->input, &h2o_socket_buffer_prototype);
    h2o_socket_dont_read(io, 1);
    ops_websocket_session_init(&s->session, profile);
    link_in(s);
    loop->counts.websockets += kind != OPS_SOCKET_HUB;
    ops_timer_arm(&loop->pings, &s->alive, ops_loop_now(loop)->monotonic_us);
    return s;
}

void ops_socket_begin(struct ops_socket *s, struct ops_str rest)
{
    char *bytes = NULL;

    if (rest.len > 0) {
        bytes = malloc(rest.len); /* they are unmasked in place */
        if (bytes == NULL) {
            socket_end(s, true);
            return;
        }
        memcpy(bytes, rest.ptr, rest.len);
        socket_handle(s, bytes, rest.len);
        free(bytes);
    }
    if (s->state != OPS_SOCKET_DEAD && !socket_is_stopped(s))
        socket_read_on(s);
}

void ops_socket_open(struct ops_loop *loop, h2o_socket_t *io, const struct ops_profile *profile, bool echo, struct ops_str rest)
{
    struct ops_socket *s = open_socket(loop, io, echo ? OPS_SOCKET_ECHO : OPS_SOCKET_COLLAB, profile);

    if (s == NULL)
        return;
    if (loop->closing)
        ops_socket_close_because(s, OPS_ERROR_CODE_DRAINING);
    ops_socket_begin(s, rest);
}

struct ops_socket *ops_socket_open_hub(struct ops_loop *loop, h2o_socket_t *io, struct ops_hub *hub)
{
    struct ops_socket *s = open_socket(loop, io, OPS_SOCKET_HUB, NULL);

    if (s != NULL)
        s->hub = hub;
    return s;
}

void socket_leave_core(struct ops_socket *s, bool own_peer_disconnected)
{
    struct ops_connection *connection = s->connection;

    if (connection == NULL)
        return;
    s->connection = NULL;
    ops_core_disconnect(s->loop->core, connection, own_peer_disconnected);
}

void socket_begin_close(struct ops_socket *s, struct ops_websocket_close close, bool heard)
{
    char bytes[OPS_WEBSOCKET_CONTROL_ROOM];
    char *held = s->held;

    assert(s->state == OPS_SOCKET_OPEN);
    s->state = heard ? OPS_SOCKET_LINGERING : OPS_SOCKET_CLOSING;
    s->held = NULL;
    ops_timer_disarm(&s->alive);
    /* From here on there is one deadline, and no progress moves it. */
    ops_timer_arm(s->slow ? &s->loop->writes : &s->loop->closes, &s->patience, ops_loop_now(s->loop)->monotonic_us);
    if (!socket_queue_control(s, bytes, ops_websocket_close_write(bytes, close.code, close.reason, NULL)))
        socket_end(s, true);
    else if (held != NULL)
        socket_handle(s, held, s->held_bytes); /* the client's Close may be in there */
    free(held);
    if (s->state != OPS_SOCKET_DEAD)
        socket_read_on(s);
}

void socket_end(struct ops_socket *s, bool reset)
{
    struct linger linger = {1, 0};
    struct ops_hub *hub = s->hub;

    if (s->state == OPS_SOCKET_DEAD)
        return;
    s->state = OPS_SOCKET_DEAD;
    socket_leave_core(s, false);
    s->hub = NULL;
    if (hub != NULL)
        ops_hub_socket_lost(hub);
    ops_timer_disarm(&s->alive);
    ops_timer_disarm(&s->patience);
    s->loop->counts.queue_bytes -= s->writer.queued_bytes;
    ops_writer_end(&s->writer);
    ops_websocket_session_end(&s->session, socket_frames(s));
    free(s->held);
    s->held = NULL;
    unlink_out(s);
    s->loop->counts.websockets -= s->kind != OPS_SOCKET_HUB;
    s->loop->counts.websockets_speaking -= s->speaking;
    if (reset)
        setsockopt(h2o_socket_get_fd(s->io), SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    h2o_socket_close(s->io);
    s->io = NULL;
    socket_mark_waiting(s); /* callers up the stack still hold it */
}

static void free_when_unlisted(struct ops_socket *s)
{
    if (!s->is_dirty && !s->is_urgent && !s->is_waiting)
        free(s);
}

/* ---- effects of the core that cannot be carried out at once ------------------------------------------------------------- */

void ops_socket_close_because(struct ops_socket *s, enum ops_error_code code)
{
    if (s->hub != NULL) {
        ops_hub_close_because(s->hub, code);
        return;
    }
    if (s->state != OPS_SOCKET_OPEN || s->close_wanted)
        return;
    s->close_wanted = true;
    s->close_code = (uint8_t)code;
    s->loop->counts.invalid_closes += code == OPS_ERROR_CODE_INVALID_MESSAGE;
    socket_mark_waiting(s);
}

/* What is behind the frame being written is dropped; the client is told why, and has the write time-out to read it. */
static void close_slow(struct ops_socket *s)
{
    struct ops_server_message message;

    memset(&message, 0, sizeof message);
    message.message_type = OPS_SERVER_MESSAGE_ERROR_RESPONSE;
    message.error_response.code = OPS_ERROR_CODE_SLOW_CONSUMER;
    message.error_response.message = ops_texts[OPS_TEXT_SLOW_CONSUMER].v1;
    socket_queue_message(s, &message);
}

static void see_to(struct ops_socket *s)
{
    if (s->state == OPS_SOCKET_OPEN && s->close_wanted) {
        struct ops_websocket_close close =
            ops_websocket_close_of(ops_websocket_session_profile(&s->session), (enum ops_error_code)s->close_code);

        socket_leave_core(s, false);
        if (s->slow)
            close_slow(s);
        socket_begin_close(s, close, false);
    } else if (s->state == OPS_SOCKET_OPEN) {
        if (socket_is_stopped(s))
            socket_read_off(s);
        else
            socket_read_again(s);
    }
}

bool ops_sockets_resume(struct ops_loop *loop)
{
    struct ops_socket *list = loop->waiting;
    bool any = list != NULL;

    loop->waiting = NULL;
    while (list != NULL) {
        struct ops_socket *s = list;

        list = s->next_waiting;
        s->is_waiting = false;
        see_to(s);
        if (s->state == OPS_SOCKET_DEAD)
            free_when_unlisted(s);
    }
    return any;
}

static void flush_or_free(struct ops_socket *s)
{
    if (s->state != OPS_SOCKET_DEAD)
        socket_flush(s);
    else
        free_when_unlisted(s);
}

static struct ops_socket *take_dirty(struct ops_loop *loop)
{
    struct ops_socket *s = loop->dirty;

    if (loop->round_last == NULL) { /* a round: all that are dirty now */
        loop->round_last = (struct ops_socket *)(void *)((char *)loop->dirty_end - offsetof(struct ops_socket, next_dirty));
        loop->round_began_us = loop->now.monotonic_us;
    }
    if (loop->round_last == s)
        loop->round_last = NULL;
    loop->dirty = s->next_dirty;
    if (loop->dirty == NULL)
        loop->dirty_end = &loop->dirty;
    s->is_dirty = false;
    return s;
}

static bool is_late(const struct ops_loop *loop)
{
    return loop->draining || (loop->round_last != NULL && loop->now.monotonic_us - loop->round_began_us > ROUND_US);
}

/* An op to 1,000 subscribers takes 4 ms to write. Whoever is heard meanwhile has its answer in a fraction of that, and its op goes out
 * with the next round's writes: more messages a system call, the more there is to do. When that brings in more than can be written,
 * rounds get longer; then nobody is heard until the round is over. */
void ops_sockets_flush(struct ops_loop *loop)
{

    while (loop->urgent != NULL) {
        struct ops_socket *s = loop->urgent;

        loop->urgent = s->next_urgent;
        s->is_urgent = false;
        flush_or_free(s);
    }
    for (unsigned n = 0; loop->dirty != NULL && (n < SLICE_SOCKETS || is_late(loop)); n++)
        flush_or_free(take_dirty(loop));
}

/* ---- time ------------------------------------------------------------------------------------------------------------- */

#define OF_TIMER(timer, member) ((struct ops_socket *)(void *)((char *)(timer)-offsetof(struct ops_socket, member)))

static void ping(struct ops_socket *s, int64_t now_us)
{
    char bytes[OPS_WEBSOCKET_CONTROL_ROOM];

    if (socket_is_stopped(s)) { /* its pong would not be read */
        ops_timer_arm(&s->loop->pings, &s->alive, now_us);
        return;
    }
    s->awaiting_pong = true;
    ops_timer_arm(&s->loop->pongs, &s->alive, now_us);
    socket_queue_control(s, bytes, ops_websocket_control_write(bytes, OPS_WEBSOCKET_PING, OPS_STR(""), NULL));
}

static void miss_pong(struct ops_socket *s, int64_t now_us)
{
    if (socket_is_stopped(s)) {
        ops_timer_arm(&s->loop->pongs, &s->alive, now_us);
        return;
    }
    s->loop->counts.pong_timeouts++;
    socket_end(s, true);
}

void ops_sockets_expire(struct ops_loop *loop, int64_t now_us)
{
    struct ops_timer *timer;

    while ((timer = ops_timer_pop(&loop->pings, now_us)) != NULL)
        ping(OF_TIMER(timer, alive), now_us);
    while ((timer = ops_timer_pop(&loop->pongs, now_us)) != NULL)
        miss_pong(OF_TIMER(timer, alive), now_us);
    while ((timer = ops_timer_pop(&loop->writes, now_us)) != NULL) {
        loop->counts.write_timeouts++;
        socket_end(OF_TIMER(timer, patience), true);
    }
    while ((timer = ops_timer_pop(&loop->closes, now_us)) != NULL)
        socket_end(OF_TIMER(timer, patience), true);
}

/* ---- the end ------------------------------------------------------------------------------------------------------------ */

void ops_sockets_close_all(struct ops_loop *loop, enum ops_error_code code)
{
    for (struct ops_socket *s = loop->sockets; s != NULL; s = s->next)
        ops_socket_close_because(s, code);
}

void ops_sockets_reset_all(struct ops_loop *loop)
{
    while (loop->sockets != NULL)
        socket_end(loop->sockets, true);
}
