/* The opening handshake of a WebSocket (spec/opstream-wire.md §3.1, spec/v1.md §4). */
#include <openssl/sha.h>
#include <stdlib.h>

#include "accepted.h"
#include "http.h"
#include "runtime/transport/websocket/handshake.h"
#include "server.h"
#include "socket.h"

/* What is remembered until the 101 is written. */
struct upgrade {
    struct ops_loop *loop;
    struct ops_accepted *accepted;
    const struct ops_profile *profile;
    bool echo;
};

static void sha1(const void *bytes, size_t len, uint8_t digest[OPS_WEBSOCKET_SHA1_BYTES])
{
    SHA1(bytes, len, digest);
}

/* All values of a header, joined by commas; absent: there is none. */
static struct ops_str header_joined(h2o_req_t *req, struct ops_str name, size_t *count)
{
    struct ops_str joined = {NULL, 0};

    *count = 0;
    for (size_t i = 0; i < req->headers.size; i++) {
        const h2o_header_t *header = &req->headers.entries[i];

        if (header->name->len != name.len || memcmp(header->name->base, name.ptr, name.len) != 0)
            continue;
        if ((*count)++ == 0) {
            joined = ops_str_of(header->value.base, header->value.len);
        } else {
            h2o_iovec_t both = h2o_concat(&req->pool, h2o_iovec_init(joined.ptr, joined.len), h2o_iovec_init(H2O_STRLIT(",")),
                                          header->value);

            joined = ops_str_of(both.base, both.len);
        }
    }
    return joined;
}

static struct ops_websocket_request read_request(h2o_req_t *req)
{
    struct ops_websocket_request out = {0};
    size_t count, versions, keys;

    out.method = ops_str_of(req->method.base, req->method.len);
    out.http_1_1 = req->version == 0x101;
    out.upgrade = ops_str_of(req->upgrade.base, req->upgrade.len);
    out.connection = header_joined(req, OPS_STR("connection"), &count);
    out.version = header_joined(req, OPS_STR("sec-websocket-version"), &versions);
    out.key = header_joined(req, OPS_STR("sec-websocket-key"), &keys);
    out.repeated = versions > 1 || keys > 1;
    return out;
}

/* The default is no choice: then a client's first message decides (NULL). */
static const struct ops_profile *configured_profile(const struct ops_config *config)
{
    return config->wire_profile == ops_profiles[0] ? NULL : config->wire_profile;
}

static void on_upgraded(void *data, h2o_socket_t *io, size_t request_bytes)
{
    struct upgrade *upgrade = data;
    struct ops_str rest;

    if (io != NULL) {
        rest = ops_str_of(io->input->bytes + request_bytes, io->input->size - request_bytes);
        ops_accepted_upgraded(upgrade->accepted);
        ops_socket_open(upgrade->loop, io, upgrade->profile, upgrade->echo, rest);
    }
    free(upgrade);
}

bool ops_upgrade_is_asked(h2o_req_t *req)
{
    struct ops_websocket_request request = read_request(req);

    return ops_websocket_request_problem(&request) == NULL;
}

void ops_upgrade_answer(h2o_req_t *req, void (*upgraded)(void *self, h2o_socket_t *io, size_t request_bytes), void *self)
{
    struct ops_websocket_request request = read_request(req);
    char *accept = h2o_mem_alloc_pool(&req->pool, OPS_WEBSOCKET_ACCEPT_CHARS);

    ops_websocket_accept(request.key, sha1, accept);
    req->res.status = 101;
    req->res.reason = "Switching Protocols";
    h2o_add_header(&req->pool, &req->res.headers, H2O_TOKEN_UPGRADE, NULL, H2O_STRLIT("websocket"));
    h2o_add_header_by_str(&req->pool, &req->res.headers, H2O_STRLIT("sec-websocket-accept"), 0, "Sec-WebSocket-Accept", accept,
                          OPS_WEBSOCKET_ACCEPT_CHARS);
    h2o_http1_upgrade(req, NULL, 0, upgraded, self);
}

void ops_upgrade_request(h2o_req_t *req, bool echo)
{
    struct ops_loop *loop = ops_http_loop(req);
    const struct ops_config *config = loop->server->config;
    struct ops_websocket_request request = read_request(req);
    struct ops_str name = ops_http_query_value(req, OPS_STR("profile"));
    const struct ops_profile *profile = name.ptr != NULL ? ops_profile_find(name) : configured_profile(config);
    struct upgrade *upgrade;

    if (ops_websocket_request_problem(&request) != NULL) {
        ops_http_answer(req, 400, "Bad Request", NULL, OPS_STR(""));
    } else if (!ops_http_origin_passes(req)) {
        return; /* it has been told */
    } else if (name.ptr != NULL && profile == NULL) {
        ops_http_answer(req, 400, "Bad Request", "text/plain", OPS_STR("Unknown profile: v1 and reference are known.\n"));
    } else if (ops_server_is_draining(loop->server)) {
        ops_http_answer_draining(req);
    } else {
        upgrade = h2o_mem_alloc(sizeof *upgrade);
        upgrade->loop = loop;
        upgrade->accepted = ops_accepted_of(req);
        upgrade->profile = profile;
        upgrade->echo = echo;
        ops_upgrade_answer(req, on_upgraded, upgrade);
    }
}
