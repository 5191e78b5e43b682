#include "runtime/server/health.h"

static const struct ops_page_header health_headers[] = {
#define HEADER(name, value) {{name, sizeof name - 1}, {value, sizeof value - 1}}
    HEADER("cache-control", "no-store, no-cache"),
    HEADER("expires", "Thu, 01 Jan 1970 00:00:00 GMT"),
    HEADER("pragma", "no-cache"),
#undef HEADER
};

bool ops_health_find(struct ops_str path, enum ops_health_kind *out)
{
    static const char *const paths[] = {"/health", "/health/ready", "/health/live"};

    for (int i = OPS_HEALTH_ALL; i <= OPS_HEALTH_LIVE; i++) {
        if (ops_str_equal(path, ops_str_of(paths[i], strlen(paths[i])))) {
            *out = (enum ops_health_kind)i;
            return true;
        }
    }
    return false;
}

bool ops_health_needs_store(enum ops_health_kind kind)
{
    return kind != OPS_HEALTH_LIVE;
}

void ops_health_answer(enum ops_health_kind kind, const struct ops_health_inputs *inputs, struct ops_page *out)
{
    bool down = ops_health_needs_store(kind) && (inputs->draining || !inputs->store_ok);
    bool degraded = ops_health_needs_store(kind) && inputs->store_volatile;

    out->status = down ? 503 : 200;
    out->reason = down ? "Service Unavailable" : "OK";
    out->content_type = OPS_STR("text/plain");
    out->body = down ? OPS_STR("Unhealthy") : degraded ? OPS_STR("Degraded") : OPS_STR("Healthy");
    out->headers = health_headers;
    out->headers_count = sizeof health_headers / sizeof health_headers[0];
}
