/* What HTTP sees of the hub: negotiation, CORS, which request is which transport's (spec/signalr-protocol.md §1, §2). */
#include <stdlib.h>

#include "gen/codec.h"
#include "http.h"
#include "hub_private.h"

/* ---- small things --------------------------------------------------------------------------------------------------------------- */

static void add_header(h2o_req_t *req, const char *name, struct ops_str value)
{
    h2o_iovec_t copy = h2o_strdup(&req->pool, value.ptr, value.len);

    h2o_add_header_by_str(&req->pool, &req->res.headers, name, strlen(name), 1, NULL, copy.base, copy.len);
}

void ops_hub_add_uncached(h2o_req_t *req)
{
    add_header(req, "cache-control", OPS_STR("no-cache, no-store"));
    add_header(req, "expires", OPS_STR("Thu, 01 Jan 1970 00:00:00 GMT"));
    add_header(req, "pragma", OPS_STR("no-cache"));
}

static bool method_is(const h2o_req_t *req, struct ops_str method)
{
    return ops_str_equal(ops_str_of(req->method.base, req->method.len), method);
}

static void answer_text(h2o_req_t *req, int status, const char *reason, struct ops_str text)
{
    req->res.mime_attr = &h2o_mime_attributes_as_is;
    ops_http_answer(req, status, reason, "text/plain", text);
}

/* ---- CORS: clients send credentials, so the answer names the origin ----------------------------------------------------------------- */

static void add_cors(h2o_req_t *req)
{
    struct ops_str origin = ops_http_header(req, OPS_STR("origin"));

    if (origin.ptr == NULL)
        return;
    add_header(req, "access-control-allow-origin", origin);
    add_header(req, "access-control-allow-credentials", OPS_STR("true"));
    add_header(req, "vary", OPS_STR("Origin"));
}

static bool is_preflight(const h2o_req_t *req)
{
    return method_is(req, OPS_STR("OPTIONS")) && ops_http_header(req, OPS_STR("origin")).ptr != NULL &&
           ops_http_header(req, OPS_STR("access-control-request-method")).ptr != NULL;
}

static void answer_preflight(h2o_req_t *req)
{
    add_header(req, "access-control-allow-methods", OPS_STR("GET, POST, DELETE"));
    add_header(req, "access-control-allow-headers", OPS_STR("x-requested-with, x-signalr-user-agent, authorization, content-type"));
    add_header(req, "access-control-max-age", OPS_STR("7200"));
    ops_http_answer(req, 204, "No Content", NULL, OPS_STR(""));
}

/* ---- negotiation ---------------------------------------------------------------------------------------------------------------------- */

static void answer_json(h2o_req_t *req, enum ops_err err, const struct ops_buf *buf)
{
    if (err != OPS_OK) {
        ops_http_answer(req, 500, "Internal Server Error", NULL, OPS_STR(""));
        return;
    }
    req->res.mime_attr = &h2o_mime_attributes_as_is;
    ops_http_answer(req, 200, "OK", "application/json", ops_buf_str(buf));
}

static void answer_negotiate_error(h2o_req_t *req, const struct ops_profile *profile, enum ops_text text, struct ops_str value)
{
    struct ops_loop *loop = ops_http_loop(req);
    struct ops_negotiate_error error;
    struct ops_buf sentence, buf;
    enum ops_err err = OPS_ERR_NOMEM;

    ops_buf_init(&sentence, &loop->encode);
    if (ops_error_text_sentence(profile, text, &value, 1, &sentence)) {
        error.error = ops_buf_str(&sentence);
        ops_buf_init(&buf, &loop->encode);
        err = ops_negotiate_error_json_encode(profile->hub_style, &error, &buf);
    }
    answer_json(req, err, &buf);
    ops_arena_reset(&loop->encode);
}

static void answer_negotiated(h2o_req_t *req, const struct ops_hub_terms *terms, const char *token, int32_t version)
{
    static const struct ops_str both[] = {{"Text", 4}, {"Binary", 6}};
    static const struct ops_negotiate_transport transports[] = {{{"WebSockets", 10}, both, 2},
                                                                {{"ServerSentEvents", 16}, both, 1},
                                                                {{"LongPolling", 11}, both, 2}};
    struct ops_loop *loop = ops_http_loop(req);
    struct ops_negotiate_response response;
    struct ops_buf buf;

    memset(&response, 0, sizeof response);
    response.use_stateful_reconnect = terms->stateful;
    response.negotiate_version = version;
    response.connection_id = ops_str_of(version == 0 ? token : terms->peer_id, OPS_HUB_ID_CHARS);
    if (version > 0)
        response.connection_token = ops_str_of(token, OPS_HUB_ID_CHARS);
    response.available_transports = transports;
    response.available_transports_count = sizeof transports / sizeof *transports;
    ops_buf_init(&buf, &loop->encode);
    answer_json(req, ops_negotiate_response_json_encode(terms->profile->hub_style, &response, &buf), &buf);
    ops_arena_reset(&loop->encode);
}

static void refuse(h2o_req_t *req, enum ops_hub_names_answer why)
{
    if (why == OPS_HUB_NAMES_MEMORY) {
        ops_http_answer(req, 500, "Internal Server Error", NULL, OPS_STR(""));
        return;
    }
    add_header(req, "retry-after", OPS_STR("5"));
    if (why == OPS_HUB_NAMES_ADDRESS)
        answer_text(req, 429, "Too Many Requests", OPS_STR("Too many from your network address have negotiated and not connected.\n"));
    else
        answer_text(req, 503, "Service Unavailable", OPS_STR("Too many have negotiated and not connected.\n"));
}

static void reserve(h2o_req_t *req, const struct ops_profile *profile, int32_t version)
{
    struct ops_loop *loop = ops_http_loop(req);
    int64_t now_us = ops_loop_now(loop)->monotonic_us;
    struct ops_str stateful = ops_http_query_value(req, OPS_STR("usestatefulreconnect"));
    struct ops_hub_terms terms = {.profile = profile};
    char token[OPS_HUB_ID_CHARS];
    enum ops_hub_names_answer answer;

    terms.stateful = stateful.ptr != NULL && h2o_lcstris(stateful.ptr, stateful.len, H2O_STRLIT("true")) && profile->hub_stateful &&
                     loop->server->config->signalr_stateful && version > 0;
    if (!hub_make_id(token) || !hub_make_id(terms.peer_id)) {
        refuse(req, OPS_HUB_NAMES_MEMORY);
        return;
    }
    answer = ops_hub_names_reserve(loop->server->hub_names, token, &terms, ops_accepted_of(req)->ticket.address, now_us);
    if (answer != OPS_HUB_NAMED) {
        refuse(req, answer);
        return;
    }
    if (!ops_timer_is_armed(&loop->hubs.names_timer))
        ops_timer_arm(&loop->hubs.names, &loop->hubs.names_timer, now_us);
    answer_negotiated(req, &terms, token, version);
}

/* False: no integer. What is greater than any number is as good as the greatest. */
static bool read_integer(struct ops_str text, int64_t *out)
{
    bool negative = text.len > 0 && text.ptr[0] == '-';
    size_t i = negative || (text.len > 0 && text.ptr[0] == '+') ? 1 : 0;

    *out = 0;
    if (i == text.len || text.len > 10)
        return false;
    for (; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
        *out = *out * 10 + (text.ptr[i] - '0');
    }
    if (negative)
        *out = -*out;
    return true;
}

static void negotiate(h2o_req_t *req, const struct ops_profile *profile)
{
    struct ops_str text = ops_http_query_value(req, OPS_STR("negotiateversion"));
    int64_t version = 0;

    if (!method_is(req, OPS_STR("POST")))
        answer_text(req, 405, "Method Not Allowed", OPS_STR(""));
    else if (text.ptr != NULL && !read_integer(text, &version))
        answer_negotiate_error(req, profile, OPS_TEXT_NEGOTIATE_VERSION_NOT_INTEGER, text);
    else if (version < 0)
        answer_negotiate_error(req, profile, OPS_TEXT_NEGOTIATE_VERSION_UNKNOWN, text);
    else if (ops_server_is_draining(ops_http_loop(req)->server))
        ops_http_answer_draining(req);
    else
        reserve(req, profile, version > 0 ? 1 : 0);
}

/* ---- upgrades --------------------------------------------------------------------------------------------------------------------------- */

static struct ops_str behind_request(const h2o_socket_t *io, size_t request_bytes)
{
    return ops_str_of(io->input->bytes + request_bytes, io->input->size - request_bytes);
}

static void on_upgraded(void *data, h2o_socket_t *io, size_t request_bytes)
{
    struct ops_hub_request *request = data;

    if (io != NULL) {
        ops_accepted_upgraded(request->accepted);
        ops_hub_socket_arrive(request, io, behind_request(io, request_bytes));
    }
    ops_hub_request_free(request);
}

void ops_hub_request_upgrade(struct ops_hub_request *request, h2o_req_t *req)
{
    ops_upgrade_answer(req, on_upgraded, request);
}

/* A WebSocket that did not negotiate. */
struct fresh {
    struct ops_loop *loop;
    struct ops_accepted *accepted;
    const struct ops_profile *profile;
};

static void on_fresh(void *data, h2o_socket_t *io, size_t request_bytes)
{
    struct fresh *fresh = data;

    if (io != NULL) {
        ops_accepted_upgraded(fresh->accepted);
        ops_hub_socket_fresh(fresh->loop, io, fresh->profile, behind_request(io, request_bytes));
    }
    free(fresh);
}

static void upgrade_fresh(h2o_req_t *req, const struct ops_profile *profile)
{
    struct fresh *fresh;

    if (ops_server_is_draining(ops_http_loop(req)->server)) {
        ops_http_answer_draining(req);
        return;
    }
    fresh = h2o_mem_alloc(sizeof *fresh);
    fresh->loop = ops_http_loop(req);
    fresh->accepted = ops_accepted_of(req);
    fresh->profile = profile;
    ops_upgrade_answer(req, on_fresh, fresh);
}

/* ---- which transport ---------------------------------------------------------------------------------------------------------------------- */

static bool accepts_events(const h2o_req_t *req)
{
    const struct ops_str type = OPS_STR("text/event-stream");
    struct ops_str accept = ops_http_header(req, OPS_STR("accept"));

    for (size_t i = 0; accept.ptr != NULL && i + type.len <= accept.len; i++)
        if (h2o_lcstris(accept.ptr + i, type.len, type.ptr, type.len))
            return true;
    return false;
}

/* False: no such method here. */
static bool find_verb(h2o_req_t *req, enum ops_hub_verb *verb)
{
    if (method_is(req, OPS_STR("GET")))
        *verb = req->upgrade.len > 0 ? OPS_HUB_UPGRADE : accepts_events(req) ? OPS_HUB_STREAM : OPS_HUB_POLL;
    else if (method_is(req, OPS_STR("POST")))
        *verb = OPS_HUB_POST;
    else if (method_is(req, OPS_STR("DELETE")))
        *verb = OPS_HUB_DELETE;
    else
        return false;
    return true;
}

static void connect_transport(h2o_req_t *req, const struct ops_profile *profile)
{
    struct ops_loop *loop = ops_http_loop(req);
    struct ops_str token = ops_http_query_value(req, OPS_STR("id"));
    enum ops_hub_verb verb;
    uint32_t home;

    if (!find_verb(req, &verb)) {
        answer_text(req, 405, "Method Not Allowed", OPS_STR(""));
        return;
    }
    if (verb == OPS_HUB_UPGRADE && !ops_upgrade_is_asked(req)) {
        ops_http_answer(req, 400, "Bad Request", NULL, OPS_STR(""));
    } else if (verb == OPS_HUB_UPGRADE && (token.ptr == NULL || token.len == 0)) {
        upgrade_fresh(req, profile);
    } else if (token.ptr == NULL || token.len == 0) {
        if (verb == OPS_HUB_POLL)
            ops_hub_add_uncached(req);
        answer_text(req, 400, "Bad Request", ops_texts[OPS_TEXT_CONNECTION_ID_REQUIRED].v1);
    } else if (!ops_hub_names_find(loop->server->hub_names, token, loop->index, verb != OPS_HUB_POST && verb != OPS_HUB_DELETE,
                                   ops_loop_now(loop)->monotonic_us, &home)) {
        if (verb == OPS_HUB_POLL)
            ops_hub_add_uncached(req);
        answer_text(req, 404, "Not Found", ops_texts[OPS_TEXT_CONNECTION_UNKNOWN].v1);
    } else {
        ops_hub_request_send(req, &loop->server->loops[home], verb, token);
    }
}

/* ---- the door ----------------------------------------------------------------------------------------------------------------------------- */

/* `{path}/negotiate`, in any letter case. */
static bool is_negotiate(struct ops_str path, struct ops_str hub)
{
    const struct ops_str last = OPS_STR("/negotiate");

    if (path.len > 1 && path.ptr[path.len - 1] == '/')
        path.len--;
    if (path.len < last.len || !h2o_lcstris(path.ptr + path.len - last.len, last.len, last.ptr, last.len))
        return false;
    path.len -= last.len;
    return path.len == 0 ? hub.len == 1 : ops_http_path_is(path, hub);
}

bool ops_hub_answer(h2o_req_t *req, struct ops_str path)
{
    const struct ops_config *config = ops_http_loop(req)->server->config;
    bool negotiating = is_negotiate(path, config->signalr_path);
    struct ops_str name = ops_http_query_value(req, OPS_STR("profile"));
    const struct ops_profile *profile = name.ptr != NULL ? ops_profile_find(name) : config->wire_profile;

    if (!negotiating && !ops_http_path_is(path, config->signalr_path))
        return false;
    if (!ops_http_origin_passes(req))
        return true;
    add_cors(req);
    if (is_preflight(req))
        answer_preflight(req);
    else if (profile == NULL)
        answer_text(req, 400, "Bad Request", OPS_STR("Unknown profile: v1 and reference are known.\n"));
    else if (negotiating)
        negotiate(req, profile);
    else
        connect_transport(req, profile);
    return true;
}
