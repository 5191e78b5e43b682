/* A hub on server-sent events or long polling, at home: requests come, and carry away what is queued. */
#include <assert.h>
#include <stdlib.h>

#include "hub_private.h"

enum {
    PART_BYTES = 65536,  /* of an event stream at a time: that much h2o may hold of it */
    POLL_BYTES = 262144, /* an answer to a poll; one frame may be larger */
    POSTS_MAX = 32       /* wait to be read, of one connection */
};

/* ---- what is carried away ------------------------------------------------------------------------------------------------------ */

struct load {
    char *data;
    size_t bytes, room;
};

static bool load_add(struct load *load, const char *bytes, size_t len)
{
    if (load->bytes + len > load->room) {
        size_t room = (load->bytes + len) * 2;
        char *data = realloc(load->data, room);

        if (data == NULL)
            return false;
        load->data = data;
        load->room = room;
    }
    memcpy(load->data + load->bytes, bytes, len);
    load->bytes += len;
    return true;
}

/* One event. A line break in it (in JSON only between tokens) would end its line: what follows is another line of the same event. */
static bool load_event(struct load *load, const char *bytes, size_t len)
{
    bool ok = load_add(load, "data: ", 6);
    size_t from = 0;

    for (size_t i = 0; i < len && ok; i++) {
        if (bytes[i] != '\n' && bytes[i] != '\r')
            continue;
        ok = load_add(load, bytes + from, i - from) && load_add(load, "\r\ndata: ", 8);
        if (bytes[i] == '\r' && i + 1 < len && bytes[i + 1] == '\n')
            i++;
        from = i + 1;
    }
    return ok && load_add(load, bytes + from, len - from) && load_add(load, "\r\n\r\n", 4);
}

/* Takes frames out of the queue until there is enough. False: no memory; the hub ends. */
static bool load_queue(struct ops_hub *hub, struct load *load, size_t enough)
{
    size_t before = hub->queue.queued_bytes;
    bool ok = true;

    while (ok && hub->queue.count > 0 && load->bytes < enough) {
        struct ops_frame *frame = ops_writer_take(&hub->queue);
        const char *payload = frame->data + frame->payload_at;
        size_t len = frame->bytes - frame->payload_at;

        ok = hub->transport == OPS_HUB_EVENTS ? load_event(load, payload, len) : load_add(load, payload, len);
        ops_frame_drop(frame);
    }
    hub_queue_taken(hub, before - hub->queue.queued_bytes);
    if (!ok) {
        free(load->data);
        load->data = NULL;
        ops_hub_end(hub);
    }
    return ok;
}

static void carry_events(struct ops_hub *hub)
{
    struct ops_hub_request *stream = hub->carrier;
    struct load load = {NULL, 0, 0};

    if (stream == NULL || hub->sending)
        return;
    if (hub->queue.count == 0) {
        if (hub->state == OPS_HUB_CLOSING)
            ops_hub_end(hub);
        return;
    }
    if (!load_queue(hub, &load, PART_BYTES))
        return;
    hub->sending = true;
    ops_hub_request_part(stream, load.data, load.bytes, false);
}

static void answer_poll(struct ops_hub *hub, int status, char *data, size_t bytes)
{
    struct ops_hub_request *poll = hub->carrier;

    hub->carrier = NULL;
    poll->hub = NULL;
    ops_timer_disarm(&poll->timer);
    if (status == 200)
        ops_hub_request_answer_data(poll, data, bytes);
    else
        ops_hub_request_answer(poll, status, "No Content", OPS_STR(""));
    if (hub->state != OPS_HUB_DEAD)
        hub_is_away(hub);
}

static void carry_poll(struct ops_hub *hub)
{
    struct load load = {NULL, 0, 0};

    if (hub->carrier == NULL)
        return;
    if (hub->queue.count > 0) {
        if (load_queue(hub, &load, POLL_BYTES))
            answer_poll(hub, 200, load.data, load.bytes);
    } else if (hub->state == OPS_HUB_CLOSING) {
        ops_hub_end(hub);
    }
}

void hub_carry(struct ops_hub *hub)
{
    if (hub->transport == OPS_HUB_EVENTS)
        carry_events(hub);
    else if (hub->transport == OPS_HUB_POLLING)
        carry_poll(hub);
}

void hub_poll_expires(struct ops_hub_request *request)
{
    answer_poll(request->hub, 200, NULL, 0);
}

/* ---- what comes ------------------------------------------------------------------------------------------------------------------ */

static struct ops_str unknown(void)
{
    return ops_texts[OPS_TEXT_CONNECTION_UNKNOWN].v1;
}

/* Read in order, and answered when it is: a client that waits for its answers never has more than one under way. */
void hub_take_posts(struct ops_hub *hub)
{
    while (hub->posts != NULL && (hub->state != OPS_HUB_OPEN || !ops_hub_is_stopped(hub))) {
        struct ops_hub_request *post = hub->posts;
        struct ops_str bytes = ops_str_of(post->body + post->body_at, post->body_bytes - post->body_at);
        bool was_open = hub->state == OPS_HUB_OPEN;

        if (was_open)
            hub_read_some(hub, &bytes);
        post->body_at = post->body_bytes - bytes.len;
        if (hub->state == OPS_HUB_OPEN && bytes.len > 0)
            break;
        hub->posts = post->next;
        post->hub = NULL;
        if (was_open)
            ops_hub_request_answer(post, 200, "OK", OPS_STR(""));
        else
            ops_hub_request_answer(post, 404, "Not Found", unknown());
    }
}

static void take_post(struct ops_hub *hub, struct ops_hub_request *request)
{
    struct ops_hub_request **end = &hub->posts;
    unsigned count = 0;

    if (hub->transport == OPS_HUB_WEBSOCKET) {
        ops_hub_request_answer(request, 405, "Method Not Allowed", OPS_STR("POST requests are not allowed for WebSocket connections."));
        return;
    }
    for (; *end != NULL; end = &(*end)->next)
        count++;
    if (count >= POSTS_MAX) {
        ops_hub_request_answer(request, 429, "Too Many Requests", OPS_STR("Too many requests of this connection are unanswered."));
        return;
    }
    hub->loop->counts.bytes_received += request->body_bytes;
    request->hub = hub;
    request->next = NULL;
    *end = request;
    hub_take_posts(hub);
}

static void take_poll(struct ops_hub *hub, struct ops_hub_request *request)
{
    if (hub->transport != OPS_HUB_POLLING) {
        ops_hub_request_answer(request, 400, "Bad Request", OPS_STR("Cannot change transports mid-connection"));
        return;
    }
    if (hub->carrier != NULL) /* the newest one wins */
        answer_poll(hub, 204, NULL, 0);
    if (!hub->polled) {
        hub->polled = true;
        ops_hub_request_answer_data(request, NULL, 0);
        hub_is_away(hub);
        return;
    }
    hub->carrier = request;
    request->hub = hub;
    hub_is_carried(hub);
    ops_timer_arm(&hub->loop->hubs.polls, &request->timer, ops_loop_now(hub->loop)->monotonic_us);
    hub_mark_waiting(hub);
}

static void take_stream(struct ops_hub *hub, struct ops_hub_request *request, bool fresh)
{
    static const char opening[] = ":\r\n";
    char *data;

    if (!fresh) {
        if (hub->transport == OPS_HUB_EVENTS)
            ops_hub_request_answer(request, 409, "Conflict", OPS_STR("This connection is in use."));
        else
            ops_hub_request_answer(request, 400, "Bad Request", OPS_STR("Cannot change transports mid-connection"));
        return;
    }
    data = malloc(sizeof opening - 1);
    if (data == NULL) {
        ops_hub_request_answer(request, 500, "Internal Server Error", OPS_STR(""));
        ops_hub_end(hub);
        return;
    }
    memcpy(data, opening, sizeof opening - 1);
    hub->carrier = request;
    request->hub = hub;
    hub->sending = true;
    hub_is_carried(hub);
    ops_hub_request_part(request, data, sizeof opening - 1, false);
}

static void take_delete(struct ops_hub *hub, struct ops_hub_request *request)
{
    if (hub->transport != OPS_HUB_POLLING) {
        ops_hub_request_answer(request, 400, "Bad Request", OPS_STR("Cannot terminate this connection using the DELETE endpoint."));
        return;
    }
    ops_hub_request_answer(request, 202, "Accepted", OPS_STR(""));
    ops_hub_end(hub);
}

static const enum ops_hub_transport transports[] = {[OPS_HUB_POLL] = OPS_HUB_POLLING,
                                                    [OPS_HUB_STREAM] = OPS_HUB_EVENTS,
                                                    [OPS_HUB_UPGRADE] = OPS_HUB_WEBSOCKET};

/* The first transport request makes it. NULL: answered. */
static struct ops_hub *make(struct ops_hub_request *request, struct ops_loop *loop, const struct ops_hub_terms *terms)
{
    struct ops_hub *hub = NULL;

    if (request->verb == OPS_HUB_POST || request->verb == OPS_HUB_DELETE) {
        ops_hub_request_answer(request, 404, "Not Found", unknown());
        return NULL; /* who claimed the token is on its way here */
    }
    if (ops_server_is_draining(loop->server)) {
        ops_hub_request_answer(request, 503, "Service Unavailable", ops_texts[OPS_TEXT_DRAINING].v1);
    } else {
        hub = ops_hub_open(loop, terms, request->token, transports[request->verb]);
        if (hub == NULL)
            ops_hub_request_answer(request, 500, "Internal Server Error", OPS_STR(""));
    }
    if (hub == NULL)
        ops_hub_names_set(loop->server->hub_names, request->token, NULL);
    return hub;
}

void hub_take_request(struct ops_hub_request *request, struct ops_loop *loop)
{
    struct ops_hub_terms terms;
    struct ops_hub *hub = NULL;
    bool fresh;

    if (!ops_hub_names_get(loop->server->hub_names, request->token, &hub, &terms)) {
        ops_hub_request_answer(request, 404, "Not Found", unknown());
        return;
    }
    fresh = hub == NULL;
    if (fresh && (hub = make(request, loop, &terms)) == NULL)
        return;
    switch ((enum ops_hub_verb)request->verb) {
    case OPS_HUB_POLL:
        take_poll(hub, request);
        break;
    case OPS_HUB_STREAM:
        take_stream(hub, request, fresh);
        break;
    case OPS_HUB_POST:
        take_post(hub, request);
        break;
    case OPS_HUB_DELETE:
        take_delete(hub, request);
        break;
    case OPS_HUB_UPGRADE:
        hub_take_upgrade(hub, request);
        break;
    }
}

/* ---- who waits is let go ---------------------------------------------------------------------------------------------------------- */

void hub_part_taken(struct ops_hub_request *request)
{
    struct ops_hub *hub = request->hub;

    if (hub == NULL) {
        ops_hub_request_part(request, NULL, 0, true);
        return;
    }
    hub->sending = false;
    hub_mark_waiting(hub);
}

void hub_forsake(struct ops_hub_request *request)
{
    struct ops_hub *hub = request->hub;
    struct ops_hub_request **at;

    if (hub == NULL)
        return;
    request->hub = NULL;
    if (request->verb == OPS_HUB_POST) {
        for (at = &hub->posts; *at != request; at = &(*at)->next) {
        }
        *at = request->next;
        return;
    }
    assert(hub->carrier == request);
    hub->carrier = NULL;
    ops_timer_disarm(&request->timer);
    if (request->verb == OPS_HUB_STREAM)
        ops_hub_end(hub);
    else
        hub_is_away(hub);
}

void hub_dismiss(struct ops_hub *hub)
{
    struct ops_hub_request *carrier = hub->carrier;

    assert(hub->state == OPS_HUB_DEAD);
    if (carrier != NULL && hub->transport == OPS_HUB_POLLING) {
        answer_poll(hub, 204, NULL, 0);
    } else if (carrier != NULL) {
        hub->carrier = NULL;
        carrier->hub = NULL;
        if (!hub->sending)
            ops_hub_request_part(carrier, NULL, 0, true);
    }
    while (hub->posts != NULL) {
        struct ops_hub_request *post = hub->posts;

        hub->posts = post->next;
        post->hub = NULL;
        ops_hub_request_answer(post, 404, "Not Found", unknown());
    }
}
