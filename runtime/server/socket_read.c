/* A socket's way in: bytes to steps, steps to the core. */
#include "hub.h"
#include "socket_private.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/socket.h>

/* ---- who it is ---------------------------------------------------------------------------------------------------------- */

/* A random GUID (version 4), 36 lower-case characters. */
static bool make_peer_id(char out[36])
{
    static const char digits[] = "0123456789abcdef";
    uint8_t random[16];
    size_t at = 0;

    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        return false;
    random[6] = (uint8_t)((random[6] & 0x0f) | 0x40);
    random[8] = (uint8_t)((random[8] & 0x3f) | 0x80);
    for (size_t i = 0; i < sizeof random; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            out[at++] = '-';
        out[at++] = digits[random[i] >> 4];
        out[at++] = digits[random[i] & 15];
    }
    return true;
}

/* At its first message, when its profile is known; one that never says anything costs the core nothing. */
static bool enter_core(struct ops_socket *s)
{
    char peer_id[36];

    if (s->connection != NULL)
        return true;
    if (make_peer_id(peer_id))
        s->connection = ops_core_connect(s->loop->core, s, ops_websocket_session_profile(&s->session),
                                         ops_str_of(peer_id, sizeof peer_id));
    if (s->connection == NULL) {
        ops_socket_close_because(s, OPS_ERROR_CODE_INTERNAL);
        return false;
    }
    s->speaking = true;
    s->loop->counts.websockets_speaking++;
    return true;
}

/* ---- what it says ------------------------------------------------------------------------------------------------------- */

static void answer_ping(struct ops_socket *s, struct ops_str payload)
{
    char bytes[OPS_WEBSOCKET_CONTROL_ROOM];

    socket_queue_control(s, bytes, ops_websocket_control_write(bytes, OPS_WEBSOCKET_PONG, payload, NULL));
}

static void take_unreadable(struct ops_socket *s, const struct ops_websocket_unreadable *said)
{
    struct ops_unreadable unreadable = {.kind = said->kind,
                                        .code = OPS_ERROR_CODE_INVALID_MESSAGE,
                                        .correlation_id = said->correlation_id,
                                        .document_id = said->document_id,
                                        .sentence = said->sentence};

    s->loop->counts.unreadable_messages++;
    if (enter_core(s))
        ops_core_receive_unreadable(s->loop->core, s->connection, &unreadable);
}

static void take_close(struct ops_socket *s, const struct ops_websocket_said *said)
{
    struct ops_loop_counts *counts = &s->loop->counts;

    counts->violations += said->cause == OPS_WEBSOCKET_BY_VIOLATION;
    counts->oversized_messages += said->cause == OPS_WEBSOCKET_BY_SIZE;
    counts->unreadable_messages += said->cause == OPS_WEBSOCKET_BY_UNREADABLE;
    socket_leave_core(s, said->own_peer_disconnected);
    socket_begin_close(s, said->close, true);
}

/* One step of the collaboration protocol. */
static enum ops_websocket_step step(struct ops_socket *s, struct ops_websocket_bytes *bytes)
{
    struct ops_loop *loop = s->loop;
    struct ops_websocket_said said;
    enum ops_websocket_step step =
        ops_websocket_session_read(&s->session, &loop->server->frames, bytes, &loop->decode, &said);

    switch (step) {
    case OPS_WEBSOCKET_STEP_MORE:
    case OPS_WEBSOCKET_STEP_PONG:
        break;
    case OPS_WEBSOCKET_STEP_MESSAGE:
        loop->counts.messages_received++;
        if (!enter_core(s))
            break;
        if (said.extends)
            ops_core_extend(loop->core, s->connection);
        ops_core_receive(loop->core, s->connection, &said.message, false);
        break;
    case OPS_WEBSOCKET_STEP_UNREADABLE:
        take_unreadable(s, &said.unreadable);
        break;
    case OPS_WEBSOCKET_STEP_PING:
        answer_ping(s, said.payload);
        break;
    case OPS_WEBSOCKET_STEP_CLOSE:
        take_close(s, &said);
        break;
    }
    ops_arena_reset(&loop->decode);
    return step;
}

/* One frame of the echo path, for protocol test suites. */
static enum ops_websocket_step echo(struct ops_socket *s, struct ops_websocket_bytes *bytes)
{
    struct ops_websocket_frame said;
    enum ops_websocket_event event = ops_websocket_read(&s->session.reader, &s->loop->server->echo_frames, bytes, &said);

    if (event == OPS_WEBSOCKET_MESSAGE) {
        enum ops_websocket_opcode opcode = said.binary ? OPS_WEBSOCKET_BINARY : OPS_WEBSOCKET_TEXT;
        struct ops_frame *frame = ops_frame_new(ops_websocket_header_bytes(said.payload.len, false) + said.payload.len);

        if (frame != NULL) {
            memcpy(ops_websocket_header_write(frame->data, opcode, said.payload.len, NULL), said.payload.ptr, said.payload.len);
            socket_queue(s, frame);
            ops_frame_drop(frame);
        }
    } else if (event == OPS_WEBSOCKET_PINGED) {
        answer_ping(s, said.payload);
    } else if (event == OPS_WEBSOCKET_CLOSED || event == OPS_WEBSOCKET_BROKEN) {
        struct ops_websocket_close close = {said.code, OPS_STR("")};

        socket_begin_close(s, close, true);
        return OPS_WEBSOCKET_STEP_CLOSE;
    }
    return event == OPS_WEBSOCKET_MORE ? OPS_WEBSOCKET_STEP_MORE : OPS_WEBSOCKET_STEP_MESSAGE;
}

/* One frame of a hub: where it begins and ends means nothing to the records in it. */
static enum ops_websocket_step carry(struct ops_socket *s, struct ops_websocket_bytes *bytes)
{
    struct ops_websocket_frame said;
    enum ops_websocket_event event;

    if (ops_hub_is_behind(s->hub)) {
        ops_hub_read_on(s->hub);
        return OPS_WEBSOCKET_STEP_MESSAGE;
    }
    event = ops_websocket_read(&s->session.reader, &s->loop->server->hub_frames, bytes, &said);
    switch (event) {
    case OPS_WEBSOCKET_MORE:
        return OPS_WEBSOCKET_STEP_MORE;
    case OPS_WEBSOCKET_MESSAGE:
        ops_hub_read(s->hub, said.payload);
        return OPS_WEBSOCKET_STEP_MESSAGE;
    case OPS_WEBSOCKET_PINGED:
        answer_ping(s, said.payload);
        return OPS_WEBSOCKET_STEP_PING;
    case OPS_WEBSOCKET_PONGED:
        return OPS_WEBSOCKET_STEP_PONG;
    case OPS_WEBSOCKET_CLOSED:
        ops_hub_socket_closed(s->hub, said.code);
        return OPS_WEBSOCKET_STEP_CLOSE;
    case OPS_WEBSOCKET_BROKEN:
        break;
    }
    s->loop->counts.oversized_messages += said.code == OPS_WEBSOCKET_CODE_TOO_LARGE;
    s->loop->counts.violations += said.code != OPS_WEBSOCKET_CODE_TOO_LARGE;
    ops_hub_socket_broken(s->hub, said.code);
    return OPS_WEBSOCKET_STEP_CLOSE;
}

/* Our Close is on its way: only the client's counts. */
static void await_close(struct ops_socket *s, struct ops_websocket_bytes *bytes)
{
    const struct ops_websocket_config *config = socket_frames(s);
    struct ops_websocket_frame said;
    enum ops_websocket_event event;

    do {
        event = ops_websocket_read(&s->session.reader, config, bytes, &said);
    } while (event != OPS_WEBSOCKET_MORE && event != OPS_WEBSOCKET_CLOSED && event != OPS_WEBSOCKET_BROKEN);
    if (event != OPS_WEBSOCKET_MORE) {
        s->state = OPS_SOCKET_LINGERING;
        socket_mark_dirty(s); /* when all is written, our half ends */
    }
}

static void hold(struct ops_socket *s, const char *bytes, size_t len)
{
    s->held = malloc(len);
    if (s->held == NULL) {
        ops_socket_close_because(s, OPS_ERROR_CODE_INTERNAL);
        return;
    }
    memcpy(s->held, bytes, len);
    s->held_bytes = (uint32_t)len;
}

void socket_handle(struct ops_socket *s, char *ptr, size_t len)
{
    struct ops_websocket_bytes bytes = {ptr, len};
    bool more = true;

    while (more && s->state == OPS_SOCKET_OPEN && !socket_is_stopped(s))
        more = (s->kind == OPS_SOCKET_HUB    ? carry(s, &bytes)
                : s->kind == OPS_SOCKET_ECHO ? echo(s, &bytes)
                                             : step(s, &bytes)) != OPS_WEBSOCKET_STEP_MORE;
    if (s->state == OPS_SOCKET_CLOSING)
        await_close(s, &bytes);
    if (s->state == OPS_SOCKET_OPEN && bytes.len > 0)
        hold(s, bytes.ptr, bytes.len);
}

/* ---- the connection ----------------------------------------------------------------------------------------------------- */

static void on_readable(h2o_socket_t *io, const char *error)
{
    struct ops_socket *s = io->data;
    struct ops_loop *loop = s->loop;
    ssize_t n = error != NULL ? -1 : recv(h2o_socket_get_fd(io), loop->read_block, OPS_LOOP_READ_BYTES, MSG_DONTWAIT);

    if (n < 0 && error == NULL && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return;
    if (n <= 0) {
        socket_end(s, false);
        return;
    }
    ops_loop_now(loop);
    loop->counts.bytes_received += (uint64_t)n;
    if (s->awaiting_pong) { /* any sign of life will do: a pong may be behind a long message */
        s->awaiting_pong = false;
        if (s->state == OPS_SOCKET_OPEN)
            ops_timer_arm(&loop->pings, &s->alive, loop->now.monotonic_us);
    }
    socket_handle(s, loop->read_block, (size_t)n);
    if (s->state == OPS_SOCKET_OPEN && socket_is_stopped(s))
        socket_read_off(s);
}

void socket_read_on(struct ops_socket *s)
{
    if (s->reading)
        return;
    s->reading = true;
    h2o_socket_read_start(s->io, on_readable);
}

void socket_read_off(struct ops_socket *s)
{
    if (!s->reading)
        return;
    s->reading = false;
    h2o_socket_read_stop(s->io);
}

void socket_read_again(struct ops_socket *s)
{
    char *held = s->held;
    size_t held_bytes = s->held_bytes;

    if (held != NULL || (s->hub != NULL && ops_hub_is_behind(s->hub))) {
        s->held = NULL;
        s->held_bytes = 0;
        socket_handle(s, held, held_bytes);
        free(held);
    }
    if (s->state == OPS_SOCKET_OPEN && !socket_is_stopped(s))
        socket_read_on(s);
}
