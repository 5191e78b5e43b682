/* A hub's way in: bytes to steps, steps to the core. */
#include <stdlib.h>

#include "hub_private.h"

static bool enter_core(struct ops_hub *hub)
{
    struct ops_loop *loop = hub->loop;

    if (hub->connection != NULL)
        return true;
    hub->connection = ops_core_connect(loop->core, hub, hub->session.profile, ops_str_of(hub->peer_id, sizeof hub->peer_id));
    if (hub->connection == NULL) {
        ops_hub_close_because(hub, OPS_ERROR_CODE_INTERNAL);
        return false;
    }
    ops_core_calls(loop->core, hub->connection);
    return true;
}

static void take_handshake(struct ops_hub *hub, const struct ops_signalr_said *said)
{
    struct ops_loop *loop = hub->loop;

    hub->greeted = true;
    ops_timer_disarm(&hub->deadline);
    if (hub->transport != OPS_HUB_POLLING)
        ops_timer_arm(&loop->hubs.pings, &hub->ping, ops_loop_now(loop)->monotonic_us);
    hub_queue_record(hub, said->reply);
}

static void take_call(struct ops_hub *hub, const struct ops_signalr_said *said)
{
    struct ops_core *core = hub->loop->core;

    hub->loop->counts.messages_received++;
    if (!enter_core(hub))
        return;
    if (said->extends)
        ops_core_extend(core, hub->connection);
    ops_core_receive(core, hub->connection, &said->message, false);
}

static void take_refused(struct ops_hub *hub, const struct ops_signalr_refused *refused)
{
    struct ops_unreadable unreadable = {.kind = refused->kind,
                                        .code = refused->whole ? OPS_ERROR_CODE_NO_ERROR : OPS_ERROR_CODE_INVALID_MESSAGE,
                                        .correlation_id = refused->correlation_id,
                                        .document_id = refused->document_id,
                                        .sentence = refused->sentence};

    hub->loop->counts.messages_received++;
    hub->loop->counts.unreadable_messages++;
    if (enter_core(hub))
        ops_core_receive_unreadable(hub->loop->core, hub->connection, &unreadable);
}

static void take_close(struct ops_hub *hub, const struct ops_signalr_said *said)
{
    struct ops_loop_counts *counts = &hub->loop->counts;

    counts->oversized_messages += said->code == OPS_ERROR_CODE_TOO_LARGE;
    counts->violations += said->code != OPS_ERROR_CODE_TOO_LARGE && said->code != OPS_ERROR_CODE_NO_ERROR;
    hub_begin_close(hub, said->code, said->reply, false);
}

static void act(struct ops_hub *hub, enum ops_signalr_step step, const struct ops_signalr_said *said)
{
    switch (step) {
    case OPS_SIGNALR_STEP_HANDSHAKE:
        take_handshake(hub, said);
        break;
    case OPS_SIGNALR_STEP_CALL:
        take_call(hub, said);
        break;
    case OPS_SIGNALR_STEP_REFUSED:
        take_refused(hub, &said->refused);
        break;
    case OPS_SIGNALR_STEP_CLOSE:
        take_close(hub, said);
        break;
    case OPS_SIGNALR_STEP_PING:
        hub->pings = true;
        break;
    case OPS_SIGNALR_STEP_MORE:
    case OPS_SIGNALR_STEP_ACK:
    case OPS_SIGNALR_STEP_SEQUENCE:
    case OPS_SIGNALR_STEP_SKIPPED:
        break;
    }
}

void hub_read_some(struct ops_hub *hub, struct ops_str *bytes)
{
    struct ops_loop *loop = hub->loop;
    enum ops_signalr_step step = OPS_SIGNALR_STEP_SKIPPED;
    int64_t now_us = ops_loop_now(loop)->monotonic_us;

    while (step != OPS_SIGNALR_STEP_MORE && !ops_hub_is_stopped(hub)) {
        struct ops_signalr_said said;

        step = ops_signalr_session_read(&hub->session, &loop->server->signalr, bytes, &loop->decode, &said);
        act(hub, step, &said);
        ops_arena_reset(&loop->decode);
    }
    if (hub->state != OPS_HUB_OPEN)
        return;
    if (hub->pings && hub->transport != OPS_HUB_POLLING)
        ops_timer_arm(&loop->hubs.silences, &hub->silence, now_us);
    if (hub->session.replay != NULL && !ops_timer_is_armed(&hub->ack))
        ops_timer_arm(&loop->hubs.acks, &hub->ack, now_us);
}

static void keep(struct ops_hub *hub, struct ops_str bytes)
{
    hub->held = malloc(bytes.len);
    if (hub->held == NULL) {
        ops_hub_close_because(hub, OPS_ERROR_CODE_INTERNAL);
        return;
    }
    memcpy(hub->held, bytes.ptr, bytes.len);
    hub->held_bytes = (uint32_t)bytes.len;
    hub->held_at = 0;
}

void ops_hub_read(struct ops_hub *hub, struct ops_str bytes)
{
    hub_read_some(hub, &bytes);
    if (hub->state == OPS_HUB_OPEN && bytes.len > 0)
        keep(hub, bytes);
}

/* The kept bytes stay where they are until all are read: a session may hold on to none of them between two reads. */
void ops_hub_read_on(struct ops_hub *hub)
{
    struct ops_str bytes = ops_str_of(hub->held + hub->held_at, hub->held_bytes - hub->held_at);

    hub_read_some(hub, &bytes);
    if (hub->state != OPS_HUB_OPEN)
        return; /* they are gone */
    hub->held_at = hub->held_bytes - (uint32_t)bytes.len;
    if (bytes.len == 0) {
        free(hub->held);
        hub->held = NULL;
    }
}
