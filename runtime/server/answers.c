#include "answers.h"

#include <stdlib.h>

#include "admin.h"
#include "gen/codec.h"
#include "health.h"
#include "http.h"
#include "log.h"
#include "server.h"

/* ---- sending ------------------------------------------------------------------------------------------------------------------ */

/* Copied: a page's views may be gone before it is sent. */
static void add_header(h2o_req_t *req, struct ops_str name, struct ops_str value)
{
    h2o_iovec_t copy = h2o_strdup(&req->pool, value.ptr, value.len), kept = h2o_strdup(&req->pool, name.ptr, name.len);

    h2o_add_header_by_str(&req->pool, &req->res.headers, kept.base, kept.len, 1, NULL, copy.base, copy.len);
}

static void send_page(h2o_req_t *req, const struct ops_page *page)
{
    bool head = h2o_memis(req->method.base, req->method.len, H2O_STRLIT("HEAD"));
    h2o_iovec_t type = h2o_strdup(&req->pool, page->content_type.ptr, page->content_type.len);

    for (size_t i = 0; i < page->headers_count; i++)
        add_header(req, page->headers[i].name, page->headers[i].value);
    if (page->etag.len > 0)
        add_header(req, OPS_STR("etag"), page->etag);
    if (page->content_encoding.len > 0)
        add_header(req, OPS_STR("content-encoding"), page->content_encoding);
    req->res.mime_attr = &h2o_mime_attributes_as_is;
    /* A HEAD has the length of what it does not send; only the other way of answering knows that. */
    if (page->lasts || (head && page->body.len > 0))
        ops_http_answer_lasting(req, page->status, page->reason, type.len > 0 ? type.base : NULL, page->body);
    else
        ops_http_answer(req, page->status, page->reason, type.len > 0 ? type.base : NULL, page->body);
}

static struct ops_page_request read_request(h2o_req_t *req)
{
    struct ops_page_request request;

    request.method = ops_str_of(req->method.base, req->method.len);
    request.path = ops_http_path(req);
    request.accept = ops_http_header(req, OPS_STR("accept"));
    request.accept_encoding = ops_http_header(req, OPS_STR("accept-encoding"));
    request.if_none_match = ops_http_header(req, OPS_STR("if-none-match"));
    return request;
}

/* ---- later -------------------------------------------------------------------------------------------------------------------- */

/* Lies in the request's pool: its end is the request's. */
struct link {
    struct ops_answer *answer;
};

static void on_request_end(void *link)
{
    struct ops_answer *answer = ((struct link *)link)->answer;

    if (answer != NULL)
        answer->req = NULL;
}

static struct link *link_of(struct ops_answer *answer)
{
    return (struct link *)answer->waiter_link;
}

struct ops_answer *ops_answer_later(h2o_req_t *req, struct ops_loop *loop)
{
    struct ops_answer *answer = calloc(1, sizeof *answer);
    struct link *link;

    if (answer == NULL) {
        ops_http_answer(req, 500, "Internal Server Error", NULL, OPS_STR(""));
        return NULL;
    }
    link = h2o_mem_alloc_shared(&req->pool, sizeof *link, on_request_end);
    link->answer = answer;
    answer->waiter_link = link;
    answer->req = req;
    answer->loop = loop;
    answer->request = read_request(req);
    return answer;
}

void ops_answer_page(struct ops_answer *answer, const struct ops_page *page)
{
    if (answer->req != NULL) {
        link_of(answer)->answer = NULL;
        send_page(answer->req, page);
    }
    free(answer->gather);
    free(answer);
}

static void on_probed(struct ops_probe_waiter *waiter, bool store_ok)
{
    struct ops_answer *answer = H2O_STRUCT_FROM_MEMBER(struct ops_answer, waiter, waiter);

    answer->store_ok = store_ok;
    answer->go_on(answer);
}

static void probe_then(struct ops_answer *answer, void (*go_on)(struct ops_answer *))
{
    answer->go_on = go_on;
    answer->waiter.answered = on_probed;
    ops_probe_ask(answer->loop, &answer->waiter);
}

static void on_gathered(struct ops_gather *gather)
{
    struct ops_answer *answer = gather->self;

    answer->gather = gather;
    answer->go_on(answer);
}

static void fail(struct ops_answer *answer)
{
    struct ops_page page = {0};

    ops_page_text(500, "Internal Server Error", OPS_STR("out of memory\n"), &page);
    ops_answer_page(answer, &page);
}

static void gather_then(struct ops_answer *answer, void (*go_on)(struct ops_answer *))
{
    answer->go_on = go_on;
    if (!ops_gather_start(answer->loop, on_gathered, answer))
        fail(answer);
}

/* ---- health ----------------------------------------------------------------------------------------------------------------------- */

static void answer_health(struct ops_answer *answer)
{
    const struct ops_server *server = answer->loop->server;
    struct ops_health_inputs inputs = {.store_ok = answer->store_ok,
                                       .store_volatile = !server->store->ops->durable,
                                       .draining = ops_server_is_draining(server)};
    struct ops_page page = {0};

    ops_health_answer((enum ops_health_kind)answer->kind, &inputs, &page);
    ops_answer_page(answer, &page);
}

/* The path as pages are called: in small letters, without a slash at the end (opstream-wire.md §3.1). */
static struct ops_str plain_path(h2o_req_t *req)
{
    struct ops_str path = ops_http_path(req);
    h2o_iovec_t plain = h2o_strdup(&req->pool, path.ptr, path.len);

    h2o_strtolower(plain.base, plain.len);
    if (plain.len > 1 && plain.base[plain.len - 1] == '/')
        plain.len--;
    return ops_str_of(plain.base, plain.len);
}

/* False: it is another page. */
static bool begin_health(h2o_req_t *req, struct ops_loop *loop)
{
    enum ops_health_kind kind;
    struct ops_answer *answer;

    if (!ops_health_find(plain_path(req), &kind))
        return false;
    answer = ops_answer_later(req, loop);
    if (answer == NULL)
        return true;
    answer->kind = (int)kind;
    if (ops_health_needs_store(kind))
        probe_then(answer, answer_health);
    else
        answer_health(answer);
    return true;
}

/* ---- pages of counts ---------------------------------------------------------------------------------------------------------------- */

static void answer_live(struct ops_answer *answer)
{
    struct ops_loop *loop = answer->loop;
    struct ops_core_stats core;
    struct ops_loop_counts loops;
    struct ops_live_counts live;
    struct ops_page page = {0};

    ops_gather_sum(answer->gather, &core, &loops);
    memset(&live, 0, sizeof live);
    live.documents = (int64_t)core.documents;
    live.connections = (int64_t)(loops.websockets + loops.hubs);
    live.uptime_seconds = (ops_loop_now(loop)->monotonic_us - loop->server->started_us) / 1000000;
    if (answer->req != NULL)
        ops_page_live(&answer->request, &live, &loop->encode, &page);
    ops_answer_page(answer, &page);
    ops_arena_reset(&loop->encode);
}

static void count_server(const struct ops_server *server, const struct ops_loop_counts *loops, bool store_ok,
                         struct ops_server_counters *out)
{
    struct ops_admission_counts admission = ops_admission_counts(server->admission);
    struct ops_hub_names_counts names = ops_hub_names_counts(server->hub_names);

    memset(out, 0, sizeof *out);
    out->connections.websocket = loops->websockets_speaking;
    out->connections.signalr = loops->hubs;
    out->connections.negotiated = names.reserved;
    out->connections.undecided = loops->websockets - loops->websockets_speaking;
    out->connections.http = loops->http_connections;
    out->limit_hits.connections = admission.refused_total;
    out->limit_hits.connections_per_address = admission.refused_address;
    out->limit_hits.negotiated = names.refused_total + names.refused_address;
    out->limit_hits.message_bytes = loops->oversized_messages;
    out->limit_hits.body_bytes = loops->oversized_bodies;
    out->limit_hits.queue_bytes = loops->slow_readers;
    out->limit_hits.requests = loops->pauses;
    out->limit_hits.handshake_timeout = loops->handshake_timeouts;
    out->limit_hits.write_timeout = loops->write_timeouts;
    out->limit_hits.ping_timeout = loops->pong_timeouts;
    out->limit_hits.invalid_messages = loops->invalid_closes;
    out->connections_accepted = admission.admitted;
    out->http_requests = loops->http_requests;
    out->messages_received = loops->messages_received;
    out->frames_sent = loops->frames_sent;
    out->bytes_received = loops->bytes_received;
    out->bytes_sent = loops->bytes_sent;
    out->queue_bytes = loops->queue_bytes;
    out->slow_readers = loops->slow_readers;
    out->origin_refusals = loops->origin_refusals;
    out->protocol_violations = loops->violations;
    out->unreadable_messages = loops->unreadable_messages;
    out->http2_prefaces = loops->http2_prefaces;
    out->log_lines_lost = ops_log_lost();
    out->loop_lag_us = loops->tick_us;
    out->loops = server->loops_count;
    out->draining = ops_server_is_draining(server);
    out->store_ok = store_ok;
    out->start_time_seconds = (uint64_t)server->started_at.seconds;
}

static void answer_metrics(struct ops_answer *answer)
{
    struct ops_loop *loop = answer->loop;
    const struct ops_build build = {OPS_VERSION, loop->server->store->ops->name};
    struct ops_core_stats core;
    struct ops_loop_counts loops;
    struct ops_server_counters counters;
    struct ops_page page = {0};

    ops_gather_sum(answer->gather, &core, &loops);
    count_server(loop->server, &loops, answer->store_ok, &counters);
    if (answer->req != NULL)
        ops_admin_metrics(&answer->request, &core, &counters, &build, &loop->encode, &page);
    ops_answer_page(answer, &page);
    ops_arena_reset(&loop->encode);
}

static void gather_metrics(struct ops_answer *answer)
{
    gather_then(answer, answer_metrics);
}

/* ---- which one ------------------------------------------------------------------------------------------------------------------------ */

void ops_answer_public(h2o_req_t *req)
{
    struct ops_loop *loop = ops_http_loop(req);
    struct ops_page_request request = read_request(req);
    struct ops_page page = {0};
    struct ops_answer *answer;

    if (begin_health(req, loop))
        return;
    if (ops_str_equal(request.path, OPS_STR("/"))) {
        ops_pages_home(loop->server->pages, &request, &page);
        send_page(req, &page);
    } else if (ops_pages_file(loop->server->pages, &request, &page)) {
        send_page(req, &page);
    } else if (ops_http_path_is(request.path, OPS_STR("/opstream/live"))) {
        if ((answer = ops_answer_later(req, loop)) != NULL)
            gather_then(answer, answer_live);
    } else {
        ops_http_answer(req, 404, "Not Found", NULL, OPS_STR(""));
    }
}

void ops_answer_admin(h2o_req_t *req)
{
    struct ops_loop *loop = ops_http_loop(req);
    struct ops_page_request request = read_request(req);
    struct ops_page page = {0};
    struct ops_str document_id = {NULL, 0};
    enum ops_admin_kind kind;
    struct ops_answer *answer;

    if (begin_health(req, loop))
        return;
    kind = ops_admin_find(request.path, &loop->encode, &document_id);
    if (kind == OPS_ADMIN_METRICS || kind == OPS_ADMIN_DIAGNOSTICS) {
        if ((answer = ops_answer_later(req, loop)) != NULL && kind == OPS_ADMIN_METRICS)
            probe_then(answer, gather_metrics);
        else if (answer != NULL)
            ops_answer_diagnostics(answer, document_id);
    } else {
        if (kind == OPS_ADMIN_INDEX)
            ops_admin_index(&request, &page);
        else
            ops_admin_not_found(&page);
        send_page(req, &page);
    }
    ops_arena_reset(&loop->encode);
}
