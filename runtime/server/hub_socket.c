/* A hub on a WebSocket: the upgrade, a socket that moves to its hub's loop, one that takes the place of another. */
#include <stdlib.h>
#include <unistd.h>

#include "hub_private.h"

enum {
    MOVES_MAX = 10,         /* upgrades of one connection ... */
    MOVES_US = 10 * 1000000 /* ... in this time; more are 429 (spec/signalr-protocol.md §8, trap 2) */
};

/* ---- may it? ------------------------------------------------------------------------------------------------------------------- */

static bool moves_too_often(struct ops_hub *hub)
{
    int64_t now_us = ops_loop_now(hub->loop)->monotonic_us;

    if (now_us - hub->moves_since_us > MOVES_US) {
        hub->moves_since_us = now_us;
        hub->moves = 0;
    }
    return ++hub->moves > MOVES_MAX;
}

void hub_take_upgrade(struct ops_hub *hub, struct ops_hub_request *request)
{
    if (hub->transport != OPS_HUB_WEBSOCKET)
        ops_hub_request_answer(request, 400, "Bad Request", OPS_STR("Cannot change transports mid-connection"));
    else if (hub->state != OPS_HUB_OPEN || hub->holes > 0)
        ops_hub_request_answer(request, 404, "Not Found", ops_texts[OPS_TEXT_CONNECTION_UNKNOWN].v1);
    else if (hub->greeted ? hub->session.replay == NULL : hub->moves > 0)
        ops_hub_request_answer(request, 409, "Conflict", OPS_STR("This connection is in use."));
    else if (moves_too_often(hub))
        ops_hub_request_answer(request, 429, "Too Many Requests", OPS_STR("This connection reconnects too often."));
    else
        ops_hub_request_answer(request, 101, "Switching Protocols", OPS_STR(""));
}

/* ---- the socket comes ---------------------------------------------------------------------------------------------------------- */

/* The one that was there may not have noticed that it is dead. What was read of it and is not handled comes again. */
static void replace(struct ops_hub *hub)
{
    struct ops_socket *before = hub->socket;

    hub->socket = NULL;
    free(hub->held);
    hub->held = NULL;
    if (before != NULL)
        ops_socket_close_hub(before, OPS_WEBSOCKET_CODE_NORMAL, OPS_STR(""), false);
}

/* `hub` NULL: it is over. */
static void attach(struct ops_loop *loop, struct ops_hub *hub, h2o_socket_t *io, struct ops_str rest)
{
    bool again;

    if (hub == NULL || hub->state != OPS_HUB_OPEN || (hub->greeted && hub->session.replay == NULL)) {
        h2o_socket_close(io);
        return;
    }
    again = hub->greeted;
    if (again) {
        replace(hub);
        ops_signalr_session_restart(&hub->session, &loop->server->signalr);
    } else if (hub->socket != NULL) { /* two at once, before the handshake */
        h2o_socket_close(io);
        return;
    }
    hub->socket = ops_socket_open_hub(loop, io, hub);
    if (hub->socket == NULL)
        return; /* it stays away */
    hub_is_carried(hub);
    if (again)
        hub_queue_again(hub);
    if (hub->socket != NULL && hub->paused)
        ops_socket_hold_hub(hub->socket, true);
    if (hub->socket != NULL)
        ops_socket_begin(hub->socket, rest);
}

void ops_hub_socket_fresh(struct ops_loop *loop, h2o_socket_t *io, const struct ops_profile *profile, struct ops_str rest)
{
    struct ops_hub_terms terms = {.profile = profile, .stateful = false};
    struct ops_hub *hub = hub_make_id(terms.peer_id) ? ops_hub_open(loop, &terms, NULL, OPS_HUB_WEBSOCKET) : NULL;

    attach(loop, hub, io, rest);
}

/* ---- from another loop --------------------------------------------------------------------------------------------------------- */

struct arrival {
    struct ops_task task; /* first */
    struct ops_ticket ticket;
    int fd;
    char token[OPS_HUB_ID_CHARS];
    size_t rest_bytes;
    char rest[];
};

static void attach_named(struct ops_loop *loop, const char *token, h2o_socket_t *io, struct ops_str rest)
{
    struct ops_hub_terms terms;
    struct ops_hub *hub = NULL;

    if (!ops_hub_names_get(loop->server->hub_names, token, &hub, &terms))
        hub = NULL;
    attach(loop, hub, io, rest);
}

static void arrive(struct ops_task *task, struct ops_loop *loop)
{
    struct arrival *arrival = (struct arrival *)(void *)task; /* its first member */
    h2o_socket_t *io = ops_accepted_adopt(loop, arrival->fd, arrival->ticket);

    atomic_fetch_sub(&loop->open_sockets, 1);
    if (io != NULL)
        attach_named(loop, arrival->token, io, ops_str_of(arrival->rest, arrival->rest_bytes));
    free(arrival);
}

/* The descriptor changes its loop by a duplicate: h2o's object stays where it was made, and goes. */
static void move(struct ops_hub_request *request, h2o_socket_t *io, struct ops_str rest)
{
    struct arrival *arrival = malloc(sizeof *arrival + rest.len);

    if (arrival == NULL || (arrival->fd = dup(h2o_socket_get_fd(io))) < 0) {
        free(arrival);
        h2o_socket_close(io);
        return;
    }
    arrival->task.run = arrive;
    arrival->ticket = ops_accepted_give_ticket(request->accepted);
    memcpy(arrival->token, request->token, sizeof arrival->token);
    arrival->rest_bytes = rest.len;
    if (rest.len > 0)
        memcpy(arrival->rest, rest.ptr, rest.len);
    h2o_socket_close(io);
    atomic_fetch_add(&request->home->open_sockets, 1); /* so that the end waits for it */
    ops_inbox_post(&request->home->inbox, &arrival->task);
}

void ops_hub_socket_arrive(struct ops_hub_request *request, h2o_socket_t *io, struct ops_str rest)
{
    if (request->home == request->origin)
        attach_named(request->home, request->token, io, rest);
    else
        move(request, io, rest);
}

/* ---- the socket goes ----------------------------------------------------------------------------------------------------------- */

void ops_hub_socket_lost(struct ops_hub *hub)
{
    hub->socket = NULL;
    if (hub->state != OPS_HUB_OPEN)
        return;
    if (hub->session.replay == NULL || hub->close_wanted || hub->holes > 0)
        ops_hub_end(hub);
    else
        hub_is_away(hub);
}

void ops_hub_socket_closed(struct ops_hub *hub, unsigned code)
{
    struct ops_socket *socket = hub->socket;
    bool normal = hub->session.profile->close_is_normal;

    hub->socket = NULL;
    ops_socket_close_hub(socket, (uint16_t)(normal ? OPS_WEBSOCKET_CODE_NORMAL : code), OPS_STR(""), true);
    ops_hub_end(hub);
}

void ops_hub_socket_broken(struct ops_hub *hub, unsigned code)
{
    struct ops_socket *socket = hub->socket;

    if (code == OPS_WEBSOCKET_CODE_TOO_LARGE) {
        hub_close_with(hub, OPS_ERROR_CODE_TOO_LARGE, ops_texts[OPS_TEXT_TOO_LARGE].v1, true);
        return;
    }
    hub->socket = NULL;
    ops_socket_close_hub(socket, (uint16_t)code, OPS_STR(""), true);
    ops_hub_end(hub);
}
