/* Life of a hub connection: lists, clocks, the end. */
#include <assert.h>
#include <stdlib.h>
#include <sys/random.h>

#include "hub_private.h"
#include "runtime/base/base64.h"

enum { ACK_US = 1000000, NAMES_US = 1000000 };

#define OF_TIMER(timer, type, member) ((type *)(void *)((char *)(timer)-offsetof(type, member)))

bool hub_make_id(char out[OPS_HUB_ID_CHARS])
{
    char random[16], text[24];

    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        return false;
    ops_base64_encode(text, random, sizeof random);
    for (size_t i = 0; i < OPS_HUB_ID_CHARS; i++)
        out[i] = (char)(text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i]);
    return true;
}

/* ---- lists ------------------------------------------------------------------------------------------------------------------ */

void hub_mark_waiting(struct ops_hub *hub)
{
    if (hub->is_waiting)
        return;
    hub->is_waiting = true;
    hub->next_waiting = hub->loop->hubs.waiting;
    hub->loop->hubs.waiting = hub;
}

static void link_in(struct ops_hub *hub)
{
    struct ops_hubs *hubs = &hub->loop->hubs;

    hub->next = hubs->first;
    if (hub->next != NULL)
        hub->next->previous = hub;
    hubs->first = hub;
    hub->loop->counts.hubs++;
}

static void unlink_out(struct ops_hub *hub)
{
    if (hub->previous != NULL)
        hub->previous->next = hub->next;
    else
        hub->loop->hubs.first = hub->next;
    if (hub->next != NULL)
        hub->next->previous = hub->previous;
    hub->loop->counts.hubs--;
}

/* ---- the beginning ------------------------------------------------------------------------------------------------------------ */

static struct ops_signalr_replay *open_replay(struct ops_hub *hub)
{
    struct ops_signalr_replay *replay = calloc(1, sizeof *replay);

    if (replay != NULL) {
        replay->memory = &ops_server_memory;
        replay->drop = hub_replay_drop;
        replay->self = hub;
    }
    return replay;
}

struct ops_hub *ops_hub_open(struct ops_loop *loop, const struct ops_hub_terms *terms, const char *token, enum ops_hub_transport transport)
{
    struct ops_hub *hub = calloc(1, sizeof *hub);
    bool stateful = terms->stateful && transport == OPS_HUB_WEBSOCKET;

    if (hub != NULL && stateful && (hub->replay = open_replay(hub)) == NULL) {
        free(hub);
        hub = NULL;
    }
    if (hub == NULL)
        return NULL;
    hub->peer.ops = &hub_peer_ops;
    hub->loop = loop;
    hub->transport = (uint8_t)transport;
    memcpy(hub->peer_id, terms->peer_id, sizeof hub->peer_id);
    ops_signalr_session_init(&hub->session, terms->profile, transport != OPS_HUB_EVENTS, hub->replay);
    if (token != NULL) {
        hub->named = true;
        memcpy(hub->token, token, sizeof hub->token);
        ops_hub_names_set(loop->server->hub_names, token, hub);
    }
    link_in(hub);
    ops_timer_arm(&loop->hubs.handshakes, &hub->deadline, ops_loop_now(loop)->monotonic_us);
    hub_is_away(hub);
    if (loop->closing)
        ops_hub_close_because(hub, OPS_ERROR_CODE_DRAINING);
    return hub;
}

void hub_is_carried(struct ops_hub *hub)
{
    ops_timer_disarm(&hub->away);
}

void hub_is_away(struct ops_hub *hub)
{
    ops_timer_arm(&hub->loop->hubs.away, &hub->away, ops_loop_now(hub->loop)->monotonic_us);
}

/* ---- the end ---------------------------------------------------------------------------------------------------------------- */

static void leave_core(struct ops_hub *hub)
{
    struct ops_connection *connection = hub->connection;

    if (connection == NULL)
        return;
    hub->connection = NULL;
    ops_core_disconnect(hub->loop->core, connection, false);
}

static void disarm(struct ops_hub *hub)
{
    ops_timer_disarm(&hub->ping);
    ops_timer_disarm(&hub->silence);
    ops_timer_disarm(&hub->deadline);
    ops_timer_disarm(&hub->away);
    ops_timer_disarm(&hub->ack);
}

void ops_hub_close_because(struct ops_hub *hub, enum ops_error_code code)
{
    if (hub->state != OPS_HUB_OPEN || hub->close_wanted)
        return;
    hub->close_wanted = true;
    hub->close_code = (uint8_t)code;
    hub_mark_waiting(hub);
}

/* As spec/v1.md §4.1; in profiles whose Close is always the same, on a hub it has no reason either (opstream-wire.md §4.2). */
static struct ops_websocket_close close_of(const struct ops_hub *hub, enum ops_error_code code)
{
    struct ops_websocket_close close = {OPS_WEBSOCKET_CODE_NORMAL, OPS_STR("")};

    return hub->session.profile->close_is_normal ? close : ops_websocket_close_of(hub->session.profile, code);
}

void hub_begin_close(struct ops_hub *hub, enum ops_error_code code, struct ops_str record, bool heard)
{
    struct ops_loop *loop = hub->loop;
    struct ops_socket *socket = hub->socket;
    struct ops_websocket_close close = close_of(hub, code);
    /* At once: the record may lie where other messages are encoded, and who leaves may be sent some. */
    struct ops_frame *frame = record.len > 0 ? hub_frame_of_record(hub, record) : NULL;

    assert(hub->state == OPS_HUB_OPEN);
    hub_queue_ack(hub); /* what was read is not to be sent again */
    leave_core(hub);
    disarm(hub);
    if (frame != NULL)
        hub_queue_frame(hub, frame, true);
    ops_frame_drop(frame);
    hub->state = OPS_HUB_CLOSING;
    if (hub->transport == OPS_HUB_WEBSOCKET) {
        hub->socket = NULL;
        if (socket != NULL)
            ops_socket_close_hub(socket, close.code, close.reason, heard);
        ops_hub_end(hub);
        return;
    }
    if (hub->transport == OPS_HUB_EVENTS)
        ops_timer_arm(&loop->hubs.closes, &hub->deadline, ops_loop_now(loop)->monotonic_us);
    else
        hub_is_away(hub); /* until the polls that carry the last record away have come */
    hub_mark_waiting(hub);
}

void hub_close_with(struct ops_hub *hub, enum ops_error_code code, struct ops_str sentence, bool heard)
{
    struct ops_loop *loop = hub->loop;
    struct ops_signalr_sent sent;
    struct ops_buf buf;

    ops_buf_init(&buf, &loop->encode);
    if (!hub->greeted || ops_signalr_encode_close(ops_signalr_session_form(&hub->session), code, sentence, &buf, &sent) != OPS_OK)
        sent.payload = OPS_STR("");
    hub_begin_close(hub, code, sent.payload, heard);
    ops_arena_reset(&loop->encode);
}

void ops_hub_end(struct ops_hub *hub)
{
    struct ops_loop *loop = hub->loop;
    struct ops_socket *socket = hub->socket;

    if (hub->state == OPS_HUB_DEAD)
        return;
    hub->state = OPS_HUB_DEAD;
    leave_core(hub);
    disarm(hub);
    hub->socket = NULL;
    if (socket != NULL)
        ops_socket_close_hub(socket, OPS_WEBSOCKET_CODE_GOING_AWAY, OPS_STR(""), false);
    hub_dismiss(hub);
    hub_queue_drop(hub);
    ops_writer_end(&hub->queue);
    ops_signalr_session_end(&hub->session, &loop->server->signalr);
    if (hub->replay != NULL)
        ops_signalr_replay_end(hub->replay);
    free(hub->replay);
    hub->replay = NULL;
    free(hub->held);
    hub->held = NULL;
    if (hub->named)
        ops_hub_names_set(loop->server->hub_names, hub->token, NULL);
    unlink_out(hub);
    hub_mark_waiting(hub); /* callers up the stack still hold it */
}

/* ---- what cannot be done where it is found out --------------------------------------------------------------------------------- */

static struct ops_str sentence_of(enum ops_error_code code)
{
    enum ops_text text = code == OPS_ERROR_CODE_SLOW_CONSUMER ? OPS_TEXT_SLOW_CONSUMER
                         : code == OPS_ERROR_CODE_DRAINING    ? OPS_TEXT_DRAINING
                                                              : OPS_TEXT_INTERNAL;

    return ops_texts[text].v1;
}

static void see_to(struct ops_hub *hub)
{
    if (hub->state == OPS_HUB_OPEN && hub->close_wanted) {
        enum ops_error_code code = (enum ops_error_code)hub->close_code;

        if (code == OPS_ERROR_CODE_SLOW_CONSUMER || code == OPS_ERROR_CODE_INTERNAL)
            hub_queue_drop(hub);
        hub_close_with(hub, code, sentence_of(code), false);
    }
    if (hub->state != OPS_HUB_DEAD)
        hub_take_posts(hub);
    if (hub->state != OPS_HUB_DEAD)
        hub_carry(hub);
}

bool ops_hubs_resume(struct ops_loop *loop)
{
    struct ops_hub *list = loop->hubs.waiting;
    bool any = list != NULL;

    loop->hubs.waiting = NULL;
    while (list != NULL) {
        struct ops_hub *hub = list;

        list = hub->next_waiting;
        hub->is_waiting = false;
        if (hub->state != OPS_HUB_DEAD)
            see_to(hub);
        if (hub->state == OPS_HUB_DEAD && !hub->is_waiting)
            free(hub);
    }
    return any;
}

/* ---- time -------------------------------------------------------------------------------------------------------------------- */

void ops_hubs_open(struct ops_loop *loop)
{
    const struct ops_config *config = loop->server->config;
    struct ops_hubs *hubs = &loop->hubs;

    assert(ops_websocket_forms() + ops_signalr_forms() <= OPS_NOTE_FORMS);
    ops_timer_queue_init(&hubs->pings, config->signalr_keep_alive * 1000);
    ops_timer_queue_init(&hubs->silences, config->signalr_client_timeout * 1000);
    ops_timer_queue_init(&hubs->handshakes, config->signalr_handshake * 1000);
    ops_timer_queue_init(&hubs->closes, config->timeout_close * 1000);
    ops_timer_queue_init(&hubs->away, config->signalr_disconnect * 1000);
    ops_timer_queue_init(&hubs->acks, ACK_US);
    ops_timer_queue_init(&hubs->polls, config->signalr_poll * 1000);
    ops_timer_queue_init(&hubs->names, NAMES_US);
}

static void ping(struct ops_hub *hub, int64_t now_us)
{
    ops_timer_arm(&hub->loop->hubs.pings, &hub->ping, now_us);
    hub_queue_ping(hub);
}

/* Nothing is held against a client that we do not listen to. */
static void miss(struct ops_hub *hub, int64_t now_us)
{
    if (ops_hub_is_stopped(hub)) {
        ops_timer_arm(&hub->loop->hubs.silences, &hub->silence, now_us);
        return;
    }
    hub->loop->counts.pong_timeouts++;
    hub_close_with(hub, OPS_ERROR_CODE_INVALID_MESSAGE, OPS_STR("nothing came within the client time-out"), false);
}

static void cancel_handshake(struct ops_hub *hub)
{
    struct ops_loop *loop = hub->loop;
    struct ops_buf buf;

    loop->counts.handshake_timeouts++;
    ops_buf_init(&buf, &loop->encode);
    if (ops_signalr_handshake_late(&buf) != OPS_OK)
        buf.len = 0;
    hub_begin_close(hub, OPS_ERROR_CODE_NO_ERROR, buf.len > 0 ? ops_buf_str(&buf) : OPS_STR(""), false);
    ops_arena_reset(&loop->encode);
}

void ops_hubs_expire(struct ops_loop *loop, int64_t now_us)
{
    struct ops_hubs *hubs = &loop->hubs;
    struct ops_timer *timer;

    while ((timer = ops_timer_pop(&hubs->pings, now_us)) != NULL)
        ping(OF_TIMER(timer, struct ops_hub, ping), now_us);
    while ((timer = ops_timer_pop(&hubs->silences, now_us)) != NULL)
        miss(OF_TIMER(timer, struct ops_hub, silence), now_us);
    while ((timer = ops_timer_pop(&hubs->handshakes, now_us)) != NULL)
        cancel_handshake(OF_TIMER(timer, struct ops_hub, deadline));
    while ((timer = ops_timer_pop(&hubs->closes, now_us)) != NULL)
        ops_hub_end(OF_TIMER(timer, struct ops_hub, deadline));
    while ((timer = ops_timer_pop(&hubs->acks, now_us)) != NULL)
        hub_queue_ack(OF_TIMER(timer, struct ops_hub, ack));
    while ((timer = ops_timer_pop(&hubs->polls, now_us)) != NULL)
        hub_poll_expires(OF_TIMER(timer, struct ops_hub_request, timer));
    while ((timer = ops_timer_pop(&hubs->away, now_us)) != NULL)
        ops_hub_end(OF_TIMER(timer, struct ops_hub, away));
    while (ops_timer_pop(&hubs->names, now_us) != NULL)
        if (ops_hub_names_expire(loop->server->hub_names, now_us))
            ops_timer_arm(&hubs->names, &hubs->names_timer, now_us);
}

int64_t ops_hubs_due_us(const struct ops_loop *loop)
{
    const struct ops_hubs *hubs = &loop->hubs;
    const struct ops_timer_queue *queues[] = {&hubs->pings, &hubs->silences, &hubs->handshakes, &hubs->closes,
                                              &hubs->away,  &hubs->acks,     &hubs->polls,      &hubs->names};
    int64_t due = INT64_MAX;

    if (hubs->waiting != NULL)
        return 0;
    for (size_t i = 0; i < sizeof queues / sizeof *queues; i++) {
        int64_t one = ops_timer_queue_due_us(queues[i]);

        due = one < due ? one : due;
    }
    return due;
}

/* ---- all of them --------------------------------------------------------------------------------------------------------------- */

void ops_hubs_close_all(struct ops_loop *loop, enum ops_error_code code)
{
    for (struct ops_hub *hub = loop->hubs.first; hub != NULL; hub = hub->next)
        ops_hub_close_because(hub, code);
}

void ops_hubs_end_all(struct ops_loop *loop)
{
    while (loop->hubs.first != NULL)
        ops_hub_end(loop->hubs.first);
}
