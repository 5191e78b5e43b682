#include "http.h"

#include <stdlib.h>

#include "accepted.h"
#include "answers.h"
#include "hub.h"
#include "server.h"

/* Of a body that lasts: a client has the write time-out to take each. Most fit into the socket's buffer. */
enum { LASTING_PART_BYTES = 32768 };

/* A handler of h2o with what it serves. */
struct door {
    h2o_handler_t super;
    struct ops_server *server;
    bool admin;
};

struct ops_http {
    h2o_globalconf_t config;
    h2o_hostconf_t *public_hosts[2], *admin_hosts[2]; /* each a list of one, ended by NULL */
};

/* ---- small things ----------------------------------------------------------------------------------------------------------- */

struct ops_loop *ops_http_loop(h2o_req_t *req)
{
    return H2O_STRUCT_FROM_MEMBER(struct ops_loop, http, req->conn->ctx);
}

static void begin_answer(h2o_req_t *req, int status, const char *reason, const char *type, size_t bytes)
{
    req->res.status = status;
    req->res.reason = reason;
    req->res.content_length = status == 204 || status == 304 ? SIZE_MAX : bytes; /* these have no length (RFC 9110 §8.6) */
    if (type != NULL)
        h2o_add_header(&req->pool, &req->res.headers, H2O_TOKEN_CONTENT_TYPE, NULL, type, strlen(type));
    if (ops_server_is_draining(ops_http_loop(req)->server))
        req->http1_is_persistent = 0;
}

void ops_http_answer(h2o_req_t *req, int status, const char *reason, const char *type, struct ops_str body)
{
    begin_answer(req, status, reason, type, body.len);
    h2o_send_inline(req, body.len == 0 ? "" : body.ptr, body.len);
}

/* A body on its way. */
struct sender {
    h2o_generator_t super; /* first */
    struct ops_str rest;
};

static void send_part(h2o_generator_t *self, h2o_req_t *req)
{
    struct sender *sender = (struct sender *)(void *)self;
    h2o_iovec_t part = h2o_iovec_init(sender->rest.ptr, sender->rest.len < LASTING_PART_BYTES ? sender->rest.len : LASTING_PART_BYTES);

    sender->rest.ptr += part.len;
    sender->rest.len -= part.len;
    if (sender->rest.len > 0)
        ops_accepted_write(ops_accepted_of(req));
    else
        ops_accepted_renew(ops_accepted_of(req));
    h2o_send(req, &part, 1, sender->rest.len > 0 ? H2O_SEND_STATE_IN_PROGRESS : H2O_SEND_STATE_FINAL);
}

void ops_http_answer_lasting(h2o_req_t *req, int status, const char *reason, const char *type, struct ops_str body)
{
    struct sender *sender = h2o_mem_alloc_pool(&req->pool, sizeof *sender);

    begin_answer(req, status, reason, type, body.len);
    memset(sender, 0, sizeof *sender);
    sender->super.proceed = send_part;
    sender->rest = body;
    h2o_start_response(req, &sender->super);
    if (body.len == 0 || h2o_memis(req->method.base, req->method.len, H2O_STRLIT("HEAD")))
        h2o_send(req, NULL, 0, H2O_SEND_STATE_FINAL);
    else
        send_part(&sender->super, req);
}

struct ops_str ops_http_header(const h2o_req_t *req, struct ops_str name)
{
    for (size_t i = req->headers.size; i-- > 0;) {
        const h2o_header_t *header = &req->headers.entries[i];

        if (header->name->len == name.len && memcmp(header->name->base, name.ptr, name.len) == 0)
            return ops_str_of(header->value.base, header->value.len);
    }
    return ops_str_of(NULL, 0);
}

struct ops_str ops_http_path(const h2o_req_t *req)
{
    return ops_str_of(req->path.base, req->query_at == SIZE_MAX ? req->path.len : req->query_at);
}

struct ops_str ops_http_query(const h2o_req_t *req)
{
    if (req->query_at == SIZE_MAX)
        return ops_str_of(NULL, 0);
    return ops_str_of(req->path.base + req->query_at + 1, req->path.len - req->query_at - 1);
}

struct ops_str ops_http_query_value(const h2o_req_t *req, struct ops_str name)
{
    struct ops_str query = ops_http_query(req);

    while (query.len > 0) {
        const char *end = memchr(query.ptr, '&', query.len);
        size_t len = end == NULL ? query.len : (size_t)(end - query.ptr);

        if (len > name.len && query.ptr[name.len] == '=' && h2o_lcstris(query.ptr, name.len, name.ptr, name.len))
            return ops_str_of(query.ptr + name.len + 1, len - name.len - 1);
        query.ptr += len;
        query.len -= len;
        if (query.len > 0) {
            query.ptr++;
            query.len--;
        }
    }
    return ops_str_of(NULL, 0);
}

bool ops_http_origin_passes(h2o_req_t *req)
{
    struct ops_loop *loop = ops_http_loop(req);

    if (ops_config_origin_allowed(loop->server->config, ops_http_header(req, OPS_STR("origin")),
                                  ops_str_of(req->authority.base, req->authority.len)))
        return true;
    loop->counts.origin_refusals++;
    ops_http_answer(req, 403, "Forbidden", "text/plain",
                    OPS_STR("Pages of this origin may not connect; OPSTREAM__ORIGINS lists those that may.\n"));
    return false;
}

void ops_http_answer_draining(h2o_req_t *req)
{
    h2o_add_header_by_str(&req->pool, &req->res.headers, H2O_STRLIT("retry-after"), 0, NULL, H2O_STRLIT("1"));
    ops_http_answer(req, 503, "Service Unavailable", "text/plain", ops_texts[OPS_TEXT_DRAINING].v1);
}

static struct ops_str without_slash(struct ops_str path)
{
    if (path.len > 1 && path.ptr[path.len - 1] == '/')
        path.len--;
    return path;
}

bool ops_http_path_is(struct ops_str path, struct ops_str configured)
{
    path = without_slash(path);
    configured = without_slash(configured);
    return h2o_lcstris(path.ptr, path.len, configured.ptr, configured.len) != 0;
}

/* ---- the handler -------------------------------------------------------------------------------------------------------------- */

static int on_request(h2o_handler_t *self, h2o_req_t *req)
{
    struct door *door = (struct door *)self; /* its first member */
    const struct ops_config *config = door->server->config;
    struct ops_loop *loop = ops_http_loop(req);
    struct ops_str path = ops_http_path(req);

    ops_loop_now(loop);
    loop->counts.http_requests++;
    ops_accepted_renew(ops_accepted_of(req));
    if (door->admin)
        ops_answer_admin(req);
    else if (config->test_echo && ops_http_path_is(path, OPS_STR("/echo")))
        ops_upgrade_request(req, true);
    else if (ops_words_have(&config->transports, OPS_STR("websockets")) && ops_http_path_is(path, config->websockets_path))
        ops_upgrade_request(req, false);
    else if (!ops_words_have(&config->transports, OPS_STR("signalr")) || !ops_hub_answer(req, path))
        ops_answer_public(req);
    return 0;
}

static void add_door(h2o_pathconf_t *path, struct ops_server *server, bool admin)
{
    struct door *door = (struct door *)h2o_create_handler(path, sizeof *door);

    door->super.on_req = on_request;
    door->server = server;
    door->admin = admin;
}

/* The fallback too: `OPTIONS *` and the like reach nothing else. */
static h2o_hostconf_t *add_host(struct ops_http *site, struct ops_server *server, const char *name, bool admin)
{
    h2o_hostconf_t *host = h2o_config_register_host(&site->config, h2o_iovec_init(name, strlen(name)), 65535);

    add_door(h2o_config_register_path(host, "/", 0), server, admin);
    add_door(&host->fallback_path, server, admin);
    return host;
}

struct ops_http *ops_http_open(struct ops_server *server)
{
    struct ops_http *site = calloc(1, sizeof *site);

    if (site == NULL)
        return NULL;
    h2o_config_init(&site->config);
    site->config.server_name = h2o_iovec_init(H2O_STRLIT("opstream"));
    site->config.max_request_entity_size = (size_t)server->config->limit_body_bytes;
    /* A little longer than our own deadline, which follows the monotonic clock and decides. */
    site->config.http1.req_timeout = (uint64_t)server->config->timeout_handshake + 5000;
    site->config.http1.upgrade_to_http2 = 0; /* two doors to an HTTP/2 without a fix for Rapid Reset (reliability.md) */
    site->public_hosts[0] = add_host(site, server, "public", false);
    site->admin_hosts[0] = add_host(site, server, "admin", true);
    return site;
}

void ops_http_context_open(struct ops_loop *loop)
{
    struct ops_http *site = loop->server->http;

    h2o_context_init(&loop->http, loop->evloop, &site->config);
    loop->accept_public.ctx = loop->accept_admin.ctx = &loop->http;
    loop->accept_public.hosts = site->public_hosts;
    loop->accept_admin.hosts = site->admin_hosts;
}
