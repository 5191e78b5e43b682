/* `/opstream/live`, and answers of one line. */
#include "runtime/server/page.h"

#include "gen/codec.h"
#include "gen/profile.h"
#include "runtime/base/buf.h"

bool ops_page_is_read(const struct ops_page_request *request)
{
    return ops_str_equal(request->method, OPS_STR("GET")) || ops_str_equal(request->method, OPS_STR("HEAD"));
}

void ops_page_method_not_allowed(struct ops_page *out)
{
    static const struct ops_page_header allow = {{"allow", 5}, {"GET, HEAD", 9}};

    ops_page_text(405, "Method Not Allowed", OPS_STR("Only GET and HEAD here.\n"), out);
    out->headers = &allow;
    out->headers_count = 1;
}

void ops_page_text(int status, const char *reason, struct ops_str sentence, struct ops_page *out)
{
    memset(out, 0, sizeof *out);
    out->status = status;
    out->reason = reason;
    out->content_type = OPS_STR("text/plain; charset=utf-8");
    out->body = sentence;
}

void ops_page_live(const struct ops_page_request *request, const struct ops_live_counts *counts, struct ops_arena *arena, struct ops_page *out)
{
    static const struct ops_page_header headers[] = {{{"cache-control", 13}, {"no-store", 8}}};
    struct ops_buf body;

    if (!ops_page_is_read(request)) {
        ops_page_method_not_allowed(out);
        return;
    }
    ops_buf_init(&body, arena);
    if (ops_live_counts_json_encode(&ops_style_v1, counts, &body) != OPS_OK) {
        ops_page_text(500, "Internal Server Error", OPS_STR("no memory\n"), out);
        return;
    }
    memset(out, 0, sizeof *out);
    out->status = 200;
    out->reason = "OK";
    out->content_type = OPS_STR("application/json; charset=utf-8");
    out->body = ops_buf_str(&body);
    out->headers = headers;
    out->headers_count = 1;
}
