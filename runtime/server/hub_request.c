#include "hub_request.h"

#include <assert.h>
#include <stdlib.h>

#include "http.h"
#include "hub_private.h"

/* ---- at home ---------------------------------------------------------------------------------------------------------------------- */

static void at_home(struct ops_task *task, struct ops_loop *loop)
{
    struct ops_hub_request *request = (struct ops_hub_request *)(void *)task; /* its first member */

    request->here = true;
    hub_take_request(request, loop);
}

static void part_taken(struct ops_task *task, struct ops_loop *loop)
{
    struct ops_hub_request *request = (struct ops_hub_request *)(void *)task;

    (void)loop;
    request->here = true;
    hub_part_taken(request);
}

static void gone_back(struct ops_task *task, struct ops_loop *loop);

static void client_gone(struct ops_task *task, struct ops_loop *loop)
{
    struct ops_hub_request *request = H2O_STRUCT_FROM_MEMBER(struct ops_hub_request, gone, task);

    (void)loop;
    hub_forsake(request);
    if (request->here)
        ops_hub_request_answer(request, 0, NULL, OPS_STR(""));
    request->gone.run = gone_back;
    ops_inbox_post(&request->origin->inbox, &request->gone); /* behind whatever answer there was */
}

static void deliver(struct ops_task *task, struct ops_loop *loop);
static void deliver_part(struct ops_task *task, struct ops_loop *loop);

static void send_back(struct ops_hub_request *request, void (*run)(struct ops_task *, struct ops_loop *))
{
    assert(request->here);
    request->here = false;
    request->task.run = run;
    ops_inbox_post(&request->origin->inbox, &request->task);
}

void ops_hub_request_answer(struct ops_hub_request *request, int status, const char *reason, struct ops_str text)
{
    request->status = status;
    request->reason = reason;
    request->text = text;
    send_back(request, deliver);
}

void ops_hub_request_answer_data(struct ops_hub_request *request, char *data, size_t bytes)
{
    request->status = 200;
    request->reason = "OK";
    request->data = data;
    request->data_bytes = bytes;
    send_back(request, deliver);
}

void ops_hub_request_part(struct ops_hub_request *request, char *data, size_t bytes, bool last)
{
    request->data = data;
    request->data_bytes = bytes;
    request->last = last;
    send_back(request, deliver_part);
}

/* ---- on the origin: whose it is ----------------------------------------------------------------------------------------------------- */

/* Lies in the request's pool: its end is the request's. */
struct link {
    struct ops_hub_request *request;
};

void ops_hub_request_free(struct ops_hub_request *request)
{
    atomic_fetch_sub(&request->origin->open_sockets, 1);
    free(request->body);
    free(request->data);
    free(request);
}

static void free_when_done(struct ops_hub_request *request)
{
    if (request->answered && request->gone_sent == request->gone_back)
        ops_hub_request_free(request);
}

static void tell_home(struct ops_hub_request *request)
{
    request->req = NULL;
    if (request->part_out) { /* nobody will say that it was taken */
        request->part_out = false;
        request->task.run = part_taken;
        ops_inbox_post(&request->home->inbox, &request->task);
    }
    request->gone_sent = true;
    request->gone.run = client_gone;
    ops_inbox_post(&request->home->inbox, &request->gone);
}

static void on_request_end(void *data)
{
    struct ops_hub_request *request = ((struct link *)data)->request;

    if (request != NULL)
        tell_home(request);
}

static void gone_back(struct ops_task *task, struct ops_loop *loop)
{
    struct ops_hub_request *request = H2O_STRUCT_FROM_MEMBER(struct ops_hub_request, gone, task);

    (void)loop;
    request->gone_back = true;
    free_when_done(request);
}

/* The end of the h2o_req_t is not ours any more. NULL: it has ended. */
static h2o_req_t *let_go(struct ops_hub_request *request)
{
    h2o_req_t *req = request->req;

    request->req = NULL;
    request->answered = true;
    if (req != NULL)
        ((struct link *)request->link)->request = NULL;
    return req;
}

/* ---- on the origin: answers ---------------------------------------------------------------------------------------------------------- */

static void add_header(h2o_req_t *req, const char *name, const char *value)
{
    h2o_add_header_by_str(&req->pool, &req->res.headers, name, strlen(name), 1, NULL, value, strlen(value));
}

static void deliver(struct ops_task *task, struct ops_loop *loop)
{
    struct ops_hub_request *request = (struct ops_hub_request *)(void *)task;
    h2o_req_t *req = let_go(request);
    bool is_load = request->verb == OPS_HUB_POLL && request->status == 200;

    (void)loop;
    if (req != NULL && request->status == 101) {
        ops_accepted_go_on(request->accepted);
        ops_hub_request_upgrade(request, req);
        return;
    }
    if (req != NULL && request->status != 0) {
        ops_accepted_go_on(request->accepted);
        if (request->verb == OPS_HUB_POLL)
            ops_hub_add_uncached(req);
        req->res.mime_attr = &h2o_mime_attributes_as_is;
        ops_http_answer(req, request->status, request->reason, is_load ? "application/octet-stream" : "text/plain",
                        is_load ? ops_str_of(request->data, request->data_bytes) : request->text);
    }
    free_when_done(request);
}

/* ---- on the origin: an event stream -------------------------------------------------------------------------------------------------- */

struct stream {
    h2o_generator_t super; /* first */
    struct ops_hub_request *request; /* NULL: its last part is out */
};

static void on_part_sent(h2o_generator_t *self, h2o_req_t *req)
{
    struct ops_hub_request *request = ((struct stream *)(void *)self)->request;

    (void)req;
    if (request == NULL || !request->part_out)
        return;
    request->part_out = false;
    free(request->data);
    request->data = NULL;
    ops_accepted_wait_on(request->accepted);
    request->task.run = part_taken;
    ops_inbox_post(&request->home->inbox, &request->task);
}

static void on_stream_stop(h2o_generator_t *self, h2o_req_t *req)
{
    (void)self;
    (void)req; /* the request's end says it all */
}

static void start_stream(struct ops_hub_request *request, h2o_req_t *req)
{
    static const h2o_generator_t generator = {on_part_sent, on_stream_stop};
    struct stream *stream = h2o_mem_alloc_pool(&req->pool, sizeof *stream);

    stream->super = generator;
    stream->request = request;
    request->stream = stream;
    req->res.status = 200;
    req->res.reason = "OK";
    req->res.content_length = SIZE_MAX;
    req->res.mime_attr = &h2o_mime_attributes_as_is;
    add_header(req, "content-type", "text/event-stream");
    add_header(req, "cache-control", "no-cache,no-store");
    add_header(req, "content-encoding", "identity");
    add_header(req, "pragma", "no-cache");
    add_header(req, "x-accel-buffering", "no");
    h2o_start_response(req, &stream->super);
}

/* The last part may be empty. */
static void deliver_part(struct ops_task *task, struct ops_loop *loop)
{
    struct ops_hub_request *request = (struct ops_hub_request *)(void *)task;
    h2o_req_t *req = request->last ? let_go(request) : request->req;
    h2o_iovec_t bytes = h2o_iovec_init(request->data, request->data_bytes);

    (void)loop;
    if (req == NULL && !request->last) {
        free(request->data);
        request->data = NULL;
        task->run = part_taken;
        ops_inbox_post(&request->home->inbox, task);
        return;
    }
    if (req != NULL && request->stream == NULL)
        start_stream(request, req);
    if (req != NULL && request->last) {
        ((struct stream *)request->stream)->request = NULL;
        ops_accepted_go_on(request->accepted);
        if (bytes.len > 0)
            bytes = h2o_strdup(&req->pool, bytes.base, bytes.len);
        h2o_send(req, &bytes, bytes.len > 0 ? 1 : 0, H2O_SEND_STATE_FINAL);
    } else if (req != NULL) {
        request->part_out = true;
        ops_accepted_write(request->accepted);
        h2o_send(req, &bytes, 1, H2O_SEND_STATE_IN_PROGRESS);
    }
    if (request->last)
        free_when_done(request);
}

/* ---- on the origin: the beginning ----------------------------------------------------------------------------------------------------- */

/* The client has closed, or said something that it may not say before it has its answer. The connection is cut already: whatever is
 * written makes h2o notice. */
static void on_client_gone(void *self)
{
    struct ops_hub_request *request = self;
    struct stream *stream = request->stream;
    h2o_req_t *req = request->req;

    if (req == NULL || request->part_out)
        return; /* h2o knows, or is about to */
    ((struct link *)request->link)->request = NULL;
    tell_home(request);
    if (stream != NULL) {
        stream->request = NULL;
        h2o_send(req, NULL, 0, H2O_SEND_STATE_ERROR);
    } else {
        ops_http_answer(req, 400, "Bad Request", NULL, OPS_STR(""));
    }
}

void ops_hub_request_send(h2o_req_t *req, struct ops_loop *home, enum ops_hub_verb verb, struct ops_str token)
{
    struct ops_hub_request *request = calloc(1, sizeof *request);
    char *body = verb == OPS_HUB_POST && req->entity.len > 0 ? malloc(req->entity.len) : NULL;
    struct link *link;

    if (request == NULL || (body == NULL && verb == OPS_HUB_POST && req->entity.len > 0)) {
        free(request);
        free(body);
        ops_http_answer(req, 500, "Internal Server Error", NULL, OPS_STR(""));
        return;
    }
    if (body != NULL) {
        memcpy(body, req->entity.base, req->entity.len);
        request->body = body;
        request->body_bytes = req->entity.len;
    }
    link = h2o_mem_alloc_shared(&req->pool, sizeof *link, on_request_end);
    link->request = request;
    request->link = link;
    request->origin = ops_http_loop(req);
    request->home = home;
    request->verb = (uint8_t)verb;
    memcpy(request->token, token.ptr, sizeof request->token);
    request->req = req;
    request->accepted = ops_accepted_of(req);
    atomic_fetch_add(&request->origin->open_sockets, 1); /* the end waits for it */
    if (verb != OPS_HUB_UPGRADE)
        ops_accepted_wait(request->accepted, on_client_gone, request);
    request->task.run = at_home;
    ops_inbox_post(&home->inbox, &request->task);
}
