/* A socket's way out: messages to shared frames, frames to the connection. */
#include "socket_private.h"

#include <assert.h>
#include <sys/socket.h>

static struct ops_frame *encode(struct ops_loop *loop, unsigned form, const struct ops_server_message *message)
{
    struct ops_frame *frame = NULL;
    struct ops_buf buf;
    struct ops_str bytes;

    ops_buf_init(&buf, &loop->encode);
    if (ops_websocket_encode(form, message, &buf, &bytes) == OPS_OK && (frame = ops_frame_new(bytes.len)) != NULL)
        memcpy(frame->data, bytes.ptr, bytes.len);
    ops_arena_reset(&loop->encode);
    return frame;
}

static struct ops_frame *encode_note(struct ops_loop *loop, unsigned form, struct ops_note *note)
{
    const struct ops_server_message *message = ops_note_message(note, ops_websocket_form_profile(form));

    return message == NULL ? NULL : encode(loop, form, message);
}

/* ---- the queue -------------------------------------------------------------------------------------------------------- */

void ops_socket_drop_queue(struct ops_socket *s, bool slow)
{
    s->loop->counts.queue_bytes -= s->writer.queued_bytes;
    ops_writer_drop(&s->writer);
    s->loop->counts.queue_bytes += s->writer.queued_bytes;
    s->slow = slow;
}

static void give_up(struct ops_socket *s, enum ops_error_code code)
{
    ops_socket_drop_queue(s, code == OPS_ERROR_CODE_SLOW_CONSUMER);
    ops_socket_close_because(s, code);
}

/* The limit is asked before a frame is queued, so a single large one (a snapshot) always may be. A burst of one tick is written before
 * it counts. */
bool ops_socket_is_over_limit(struct ops_socket *s)
{
    size_t limit = (size_t)s->loop->server->config->limit_queue_bytes, before;

    if (s->writer.queued_bytes <= limit || ops_writer_behind(&s->writer) <= limit)
        return false;
    before = s->writer.queued_bytes;
    if (!s->blocked)
        (void)ops_writer_flush(&s->writer, h2o_socket_get_fd(s->io), NULL);
    s->loop->counts.queue_bytes -= before - s->writer.queued_bytes;
    s->loop->counts.bytes_sent += before - s->writer.queued_bytes;
    return ops_writer_behind(&s->writer) > limit;
}

bool socket_queue(struct ops_socket *s, struct ops_frame *frame)
{
    if (!ops_writer_push(&s->writer, frame)) {
        give_up(s, OPS_ERROR_CODE_INTERNAL);
        return false;
    }
    s->loop->counts.frames_sent++;
    s->loop->counts.queue_bytes += frame->bytes;
    if (!s->full && s->writer.queued_bytes > (size_t)s->loop->server->config->limit_queue_bytes / 2) {
        s->full = true;
        socket_mark_waiting(s);
    }
    socket_mark_dirty(s);
    return true;
}

bool socket_queue_control(struct ops_socket *s, const char *bytes, size_t len)
{
    struct ops_frame *frame = ops_frame_new(len);
    bool queued;

    if (frame == NULL) {
        give_up(s, OPS_ERROR_CODE_INTERNAL);
        return false;
    }
    memcpy(frame->data, bytes, len);
    queued = socket_queue(s, frame);
    ops_frame_drop(frame);
    return queued;
}

bool socket_queue_message(struct ops_socket *s, const struct ops_server_message *message)
{
    struct ops_frame *frame = encode(s->loop, ops_websocket_session_form(&s->session), message);
    bool queued = frame != NULL && socket_queue(s, frame);

    ops_frame_drop(frame);
    return queued;
}

/* A stored state goes back only to who gave its request an id; else the answer is its place in the order, and no message
 * (spec/v1.md §4.1). */
static bool is_unasked(const struct ops_socket *s, struct ops_note *note)
{
    const struct ops_server_message *message;

    if (!ops_note_is_reply(note))
        return false;
    message = ops_note_message(note, ops_websocket_session_profile(&s->session));
    return message != NULL && message->message_type == OPS_SERVER_MESSAGE_AWARENESS_ACK && message->correlation_id.ptr == NULL;
}

static void send_note(struct ops_peer *peer, struct ops_note *note)
{
    struct ops_socket *s = (struct ops_socket *)(void *)peer; /* its first member */
    struct ops_loop *loop = s->loop;
    unsigned form = ops_websocket_session_form(&s->session);
    bool shared = !ops_note_is_reply(note);
    void **slot = shared ? ops_note_form(note, form) : NULL;
    struct ops_frame *frame = shared ? *slot : NULL;

    if (s->state != OPS_SOCKET_OPEN || s->close_wanted || is_unasked(s, note))
        return;
    if (ops_socket_is_over_limit(s)) {
        loop->counts.slow_readers++;
        give_up(s, OPS_ERROR_CODE_SLOW_CONSUMER);
        return;
    }
    if (frame == NULL)
        frame = encode_note(loop, form, note);
    if (shared)
        *slot = frame; /* its reference is the note's */
    if (frame == NULL)
        give_up(s, OPS_ERROR_CODE_INTERNAL);
    else
        socket_queue(s, frame);
    if (!shared) {
        socket_mark_urgent(s);
        ops_frame_drop(frame);
    }
}

static void close_peer(struct ops_peer *peer, enum ops_error_code code)
{
    ops_socket_close_because((struct ops_socket *)(void *)peer, code);
}

static void pause_peer(struct ops_peer *peer, bool paused)
{
    struct ops_socket *s = (struct ops_socket *)(void *)peer;

    s->paused = paused;
    s->loop->counts.pauses += paused;
    socket_mark_waiting(s);
}

const struct ops_peer_ops socket_peer_ops = {send_note, close_peer, pause_peer};

/* ---- for a hub ---------------------------------------------------------------------------------------------------------- */

void ops_socket_queue(struct ops_socket *s, struct ops_frame *frame, bool urgent)
{
    if (socket_queue(s, frame) && urgent)
        socket_mark_urgent(s);
}

void ops_socket_hold_hub(struct ops_socket *s, bool paused)
{
    s->paused = paused;
    socket_mark_waiting(s);
}

void ops_socket_close_hub(struct ops_socket *s, uint16_t code, struct ops_str reason, bool heard)
{
    struct ops_websocket_close close = {code, reason};

    s->hub = NULL;
    if (s->state == OPS_SOCKET_OPEN)
        socket_begin_close(s, close, heard);
}

/* ---- the connection ----------------------------------------------------------------------------------------------------- */

static void on_writable(h2o_socket_t *io, const char *error)
{
    struct ops_socket *s = io->data;

    s->blocked = false;
    if (error != NULL)
        socket_end(s, true);
    else
        socket_flush(s);
}

/* All is written. */
static void on_empty(struct ops_socket *s)
{
    if (s->state == OPS_SOCKET_OPEN)
        ops_timer_disarm(&s->patience);
    if (s->state == OPS_SOCKET_LINGERING && !s->half_ended) {
        s->half_ended = true;
        shutdown(h2o_socket_get_fd(s->io), SHUT_WR);
    }
}

void socket_flush(struct ops_socket *s)
{
    struct ops_loop *loop = s->loop;
    size_t before = s->writer.queued_bytes;
    enum ops_writer_outcome outcome;
    bool progress = false;

    if (s->blocked)
        return;
    outcome = ops_writer_flush(&s->writer, h2o_socket_get_fd(s->io), &progress);
    loop->counts.queue_bytes -= before - s->writer.queued_bytes;
    loop->counts.bytes_sent += before - s->writer.queued_bytes;
    if (outcome == OPS_WRITER_FAILED) {
        socket_end(s, true);
        return;
    }
    if (s->full && s->writer.queued_bytes <= (size_t)loop->server->config->limit_queue_bytes / 4) {
        s->full = false;
        socket_mark_waiting(s);
    }
    if (outcome == OPS_WRITER_EMPTY) {
        on_empty(s);
        return;
    }
    if (s->state == OPS_SOCKET_OPEN && (progress || !ops_timer_is_armed(&s->patience)))
        ops_timer_arm(&loop->writes, &s->patience, ops_loop_now(loop)->monotonic_us);
    s->blocked = true;
    h2o_socket_notify_write(s->io, on_writable);
}
