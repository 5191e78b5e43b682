/* A hub's way out: messages to shared frames, frames to whatever carries it, and to what stateful reconnect keeps. */
#include <assert.h>

#include "hub_private.h"
#include "runtime/transport/websocket/frame.h"

enum { KEPT_MAX = 16384 }; /* sends that nobody has acknowledged; a client that reads acknowledges every second */

/* Stands in the replay for a frame that was not kept. */
static struct ops_frame hole;

/* ---- frames ----------------------------------------------------------------------------------------------------------------- */

static struct ops_frame *frame_of(const struct ops_signalr_sent *sent)
{
    struct ops_frame *frame = ops_frame_new(sent->payload.len == 0 ? 0 : sent->frame.len);

    if (frame == NULL || frame->bytes == 0)
        return frame;
    memcpy(frame->data, sent->frame.ptr, sent->frame.len);
    frame->payload_at = (uint16_t)(sent->payload.ptr - sent->frame.ptr);
    frame->records = (uint16_t)sent->records;
    return frame;
}

/* No bytes: this message is nothing for clients of that form. NULL: no memory. */
static struct ops_frame *encode(struct ops_loop *loop, unsigned form, struct ops_note *note)
{
    const struct ops_server_message *message = ops_note_message(note, ops_signalr_form_profile(form));
    struct ops_signalr_sent sent;
    struct ops_frame *frame = NULL;
    struct ops_buf buf;

    if (message == NULL)
        return NULL;
    ops_buf_init(&buf, &loop->encode);
    if ((ops_note_is_reply(note) ? ops_signalr_encode_reply(form, message, &buf, &sent)
                                 : ops_signalr_encode_push(form, message, &buf, &sent)) == OPS_OK)
        frame = frame_of(&sent);
    ops_arena_reset(&loop->encode);
    return frame;
}

/* ---- the queue -------------------------------------------------------------------------------------------------------------- */

void hub_queue_drop(struct ops_hub *hub)
{
    struct ops_frame *frame;

    if (hub->socket != NULL)
        ops_socket_drop_queue(hub->socket, hub->slow);
    while ((frame = ops_writer_take(&hub->queue)) != NULL) {
        hub->loop->counts.queue_bytes -= frame->bytes;
        ops_frame_drop(frame);
    }
}

static void give_up(struct ops_hub *hub, enum ops_error_code code)
{
    hub->slow = code == OPS_ERROR_CODE_SLOW_CONSUMER;
    hub->loop->counts.slow_readers += hub->slow;
    ops_hub_close_because(hub, code);
}

static size_t queue_limit(const struct ops_hub *hub)
{
    return (size_t)hub->loop->server->config->limit_queue_bytes;
}

static bool is_over_limit(struct ops_hub *hub)
{
    if (hub->session.replay != NULL && hub->replay->count >= KEPT_MAX)
        return true;
    return hub->socket != NULL ? ops_socket_is_over_limit(hub->socket) : ops_writer_behind(&hub->queue) > queue_limit(hub);
}

/* What is more than the buffer is sent and counted, and not kept: until it is acknowledged the connection goes on, and cannot be resumed. */
static bool replay_keep(struct ops_hub *hub, struct ops_frame *frame)
{
    size_t limit = (size_t)hub->loop->server->config->signalr_stateful_bytes;
    bool fits = hub->replay->bytes <= limit;

    if (!ops_signalr_replay_keep(hub->replay, fits ? frame : &hole, fits ? (uint32_t)frame->bytes : 0, frame->records))
        return false;
    if (fits)
        ops_frame_keep(frame);
    else
        hub->holes++;
    return true;
}

void hub_replay_drop(void *self, void *frame)
{
    struct ops_hub *hub = self;

    if (frame == &hole)
        hub->holes--;
    else
        ops_frame_drop(frame);
}

void hub_queue_frame(struct ops_hub *hub, struct ops_frame *frame, bool urgent)
{
    if (hub->session.replay != NULL && frame->records > 0 && !replay_keep(hub, frame)) {
        give_up(hub, OPS_ERROR_CODE_INTERNAL);
        return;
    }
    if (hub->transport == OPS_HUB_WEBSOCKET) {
        if (hub->socket != NULL)
            ops_socket_queue(hub->socket, frame, urgent);
        return;
    }
    if (!ops_writer_push(&hub->queue, frame)) {
        give_up(hub, OPS_ERROR_CODE_INTERNAL);
        return;
    }
    hub->loop->counts.frames_sent++;
    hub->loop->counts.queue_bytes += frame->bytes;
    hub->full = hub->queue.queued_bytes > queue_limit(hub) / 2;
    hub_mark_waiting(hub);
}

void hub_queue_taken(struct ops_hub *hub, size_t bytes)
{
    hub->loop->counts.queue_bytes -= bytes;
    hub->loop->counts.bytes_sent += bytes;
    if (hub->full && hub->queue.queued_bytes <= queue_limit(hub) / 4) {
        hub->full = false;
        hub_mark_waiting(hub);
    }
}

struct ops_frame *hub_frame_of_record(const struct ops_hub *hub, struct ops_str record)
{
    enum ops_websocket_opcode opcode = hub->session.protocol == OPS_SIGNALR_MSGPACK ? OPS_WEBSOCKET_BINARY : OPS_WEBSOCKET_TEXT;
    size_t head = ops_websocket_header_bytes(record.len, false);
    struct ops_frame *frame = ops_frame_new(head + record.len);

    if (frame == NULL)
        return NULL;
    ops_websocket_header_write(frame->data, opcode, record.len, NULL);
    memcpy(frame->data + head, record.ptr, record.len);
    frame->payload_at = (uint16_t)head;
    return frame;
}

void hub_queue_record(struct ops_hub *hub, struct ops_str record)
{
    struct ops_frame *frame = hub_frame_of_record(hub, record);

    if (frame == NULL)
        give_up(hub, OPS_ERROR_CODE_INTERNAL);
    else
        hub_queue_frame(hub, frame, true);
    ops_frame_drop(frame);
}

/* ---- records of our own -------------------------------------------------------------------------------------------------------- */

static void queue_sent(struct ops_hub *hub, enum ops_err err, const struct ops_signalr_sent *sent)
{
    struct ops_frame *frame = err == OPS_OK ? frame_of(sent) : NULL;

    if (frame == NULL)
        give_up(hub, OPS_ERROR_CODE_INTERNAL);
    else
        hub_queue_frame(hub, frame, true);
    ops_frame_drop(frame);
    ops_arena_reset(&hub->loop->encode);
}

void hub_queue_ping(struct ops_hub *hub)
{
    struct ops_signalr_sent sent;
    struct ops_buf buf;

    if (hub->socket != NULL ? !ops_socket_is_idle(hub->socket) : hub->transport == OPS_HUB_WEBSOCKET || hub->queue.count > 0)
        return; /* what it has not read yet tells it that we live */
    ops_buf_init(&buf, &hub->loop->encode);
    queue_sent(hub, ops_signalr_encode_ping(ops_signalr_session_form(&hub->session), &buf, &sent), &sent);
}

void hub_queue_ack(struct ops_hub *hub)
{
    struct ops_signalr_sent sent;
    struct ops_buf buf;
    int64_t sequence_id;

    if (hub->session.replay == NULL || hub->socket == NULL || (sequence_id = ops_signalr_replay_ack(hub->replay)) == 0)
        return;
    ops_buf_init(&buf, &hub->loop->encode);
    queue_sent(hub, ops_signalr_encode_ack(ops_signalr_session_form(&hub->session), sequence_id, &buf, &sent), &sent);
}

void hub_queue_again(struct ops_hub *hub)
{
    int64_t sequence_id = ops_signalr_replay_begin(hub->replay);
    struct ops_signalr_sent sent;
    struct ops_buf buf;

    assert(hub->holes == 0);
    ops_buf_init(&buf, &hub->loop->encode);
    queue_sent(hub, ops_signalr_encode_sequence(ops_signalr_session_form(&hub->session), sequence_id, &buf, &sent), &sent);
    for (uint32_t i = 0; i < hub->replay->count && hub->socket != NULL; i++)
        ops_socket_queue(hub->socket, ops_signalr_replay_at(hub->replay, i)->frame, false);
}

/* ---- the core's effects -------------------------------------------------------------------------------------------------------- */

static void send_note(struct ops_peer *peer, struct ops_note *note)
{
    struct ops_hub *hub = (struct ops_hub *)(void *)peer; /* its first member */
    unsigned form = ops_signalr_session_form(&hub->session);
    bool shared = !ops_note_is_reply(note);
    void **slot = shared ? ops_note_form(note, ops_websocket_forms() + form) : NULL;
    struct ops_frame *frame = shared ? *slot : NULL;

    if (hub->state != OPS_HUB_OPEN || hub->close_wanted)
        return;
    if (is_over_limit(hub)) {
        give_up(hub, OPS_ERROR_CODE_SLOW_CONSUMER);
        return;
    }
    if (frame == NULL)
        frame = encode(hub->loop, form, note);
    if (shared)
        *slot = frame; /* its reference is the note's */
    if (frame == NULL)
        give_up(hub, OPS_ERROR_CODE_INTERNAL);
    else if (frame->bytes > 0)
        hub_queue_frame(hub, frame, !shared);
    if (!shared)
        ops_frame_drop(frame);
}

static void close_peer(struct ops_peer *peer, enum ops_error_code code)
{
    ops_hub_close_because((struct ops_hub *)(void *)peer, code);
}

static void pause_peer(struct ops_peer *peer, bool paused)
{
    struct ops_hub *hub = (struct ops_hub *)(void *)peer;

    hub->paused = paused;
    hub->loop->counts.pauses += paused;
    if (hub->socket != NULL)
        ops_socket_hold_hub(hub->socket, paused);
    hub_mark_waiting(hub);
}

const struct ops_peer_ops hub_peer_ops = {send_note, close_peer, pause_peer};
