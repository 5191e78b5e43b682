#include "runtime/server/admin.h"

#include "gen/codec.h"
#include "gen/profile.h"
#include "runtime/base/utf.h"

static const struct ops_page_header no_store = {{"cache-control", 13}, {"no-store", 8}};

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* A broken escape stays as it is, as ASP.NET leaves it. */
static bool undo_escapes(struct ops_str text, struct ops_arena *arena, struct ops_str *out)
{
    char *copy = ops_arena_alloc(arena, text.len);
    size_t len = 0;

    if (copy == NULL)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        int high = i + 2 < text.len && text.ptr[i] == '%' ? hex_digit(text.ptr[i + 1]) : -1;
        int low = high >= 0 ? hex_digit(text.ptr[i + 2]) : -1;

        if (low < 0 || high * 16 + low == '/') {
            copy[len++] = text.ptr[i];
            continue;
        }
        copy[len++] = (char)(high * 16 + low);
        i += 2;
    }
    *out = ops_str_of(copy, len);
    return true;
}

enum ops_admin_kind ops_admin_find(struct ops_str path, struct ops_arena *arena, struct ops_str *document_id)
{
    static const char diag[] = "/opstream/diag/";
    struct ops_str id;

    if (ops_str_equal(path, OPS_STR("/")))
        return OPS_ADMIN_INDEX;
    if (ops_str_equal(path, OPS_STR("/metrics")))
        return OPS_ADMIN_METRICS;
    if (path.len < sizeof diag || memcmp(path.ptr, diag, sizeof diag - 1) != 0)
        return OPS_ADMIN_NONE;
    path = ops_str_of(path.ptr + sizeof diag - 1, path.len - (sizeof diag - 1));
    if (memchr(path.ptr, '/', path.len) != NULL || !undo_escapes(path, arena, &id) ||
        ops_utf8_valid_prefix(id.ptr, id.len) != id.len)
        return OPS_ADMIN_NONE;
    *document_id = id;
    return OPS_ADMIN_DIAGNOSTICS;
}

void ops_admin_index(const struct ops_page_request *request, struct ops_page *out)
{
    if (ops_page_is_read(request))
        ops_page_text(200, "OK", OPS_STR("OpStream, for operators:\n  /metrics                  Prometheus\n"
                                         "  /opstream/diag/{docId}    what is known of a document\n"
                                         "  /health /health/ready /health/live\n"),
                      out);
    else
        ops_page_method_not_allowed(out);
}

void ops_admin_not_found(struct ops_page *out)
{
    ops_page_text(404, "Not Found", OPS_STR("No such page.\n"), out);
}

static void finish(struct ops_page *out, struct ops_str type, const struct ops_buf *body)
{
    memset(out, 0, sizeof *out);
    out->status = 200;
    out->reason = "OK";
    out->content_type = type;
    out->body = ops_buf_str(body);
    out->headers = &no_store;
    out->headers_count = 1;
}

static void fail(struct ops_page *out)
{
    ops_page_text(500, "Internal Server Error", OPS_STR("no memory\n"), out);
}

void ops_admin_metrics(const struct ops_page_request *request, const struct ops_core_stats *core, const struct ops_server_counters *server,
                       const struct ops_build *build, struct ops_arena *arena, struct ops_page *out)
{
    struct ops_process_counters process;
    struct ops_buf body;

    if (!ops_page_is_read(request)) {
        ops_page_method_not_allowed(out);
        return;
    }
    ops_process_read(&process);
    ops_buf_init(&body, arena);
    if (ops_metrics_write(core, server, &process, build, &body))
        finish(out, OPS_STR(OPS_METRICS_TYPE), &body);
    else
        fail(out);
}

void ops_admin_diagnostics(const struct ops_page_request *request, const struct ops_profile *profile,
                           const struct ops_diagnostics *diagnostics, struct ops_arena *arena, struct ops_page *out)
{
    static const struct ops_str nobody = {NULL, 0}; /* an empty list; NULL is an absent one. The core tells how many, not who */
    struct ops_diagnostics_op *recent = ops_arena_array(arena, diagnostics->recent_count, sizeof *recent);
    struct ops_diagnostics_response response;
    struct ops_buf body;

    if (!ops_page_is_read(request)) {
        ops_page_method_not_allowed(out);
        return;
    }
    memset(&response, 0, sizeof response);
    response.document_id = diagnostics->document_id;
    response.active_on_this_node = diagnostics->document.open;
    response.owner_node_id = diagnostics->node_id;
    response.peers = &nobody;
    response.peer_count = (int32_t)diagnostics->document.peers;
    if (diagnostics->document.open)
        response.revision = diagnostics->document.durable_revision;
    else if (diagnostics->recent_count > 0)
        response.revision = diagnostics->recent[diagnostics->recent_count - 1].revision;
    for (size_t i = 0; recent != NULL && i < diagnostics->recent_count; i++) {
        const struct ops_store_op *op = &diagnostics->recent[i];

        memset(&recent[i], 0, sizeof recent[i]);
        recent[i].revision = op->revision;
        recent[i].author_id = op->author_id;
        recent[i].timestamp = op->timestamp;
        recent[i].payload_bytes = (int32_t)op->payload.len;
        recent[i].engine_type = op->op_type_name;
    }
    response.recent_ops = recent;
    response.recent_ops_count = diagnostics->recent_count;
    ops_buf_init(&body, arena);
    if (recent != NULL && ops_diagnostics_response_json_encode(profile->hub_style, &response, &body) == OPS_OK)
        finish(out, OPS_STR("application/json; charset=utf-8"), &body);
    else
        fail(out);
}
