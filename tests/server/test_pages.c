/* What plain HTTP requests are answered with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "gen/codec.h"
#include "runtime/server/admin.h"
#include "runtime/server/health.h"
#include "page_fixture.h"

static void a_script_gets_the_line_of_the_released_server(void **state)
{
    static const char *const scripts[] = {NULL, "*/*", "text/plain", "application/json, */*;q=0.5", "text/html;q=0", "text/html ; Q=0.000", "text/htmlx", "", ",,"};
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
        struct ops_page page = home(f, "GET", scripts[i], ops_str_of(NULL, 0));

        assert_int_equal(page.status, 200);
        assert_true(ops_str_equal(page.content_type, OPS_STR("text/plain")));
        assert_true(ops_str_equal(page.body, OPS_STR("OpStream host. Storage=sqlite, Backplane=local, Transports=signalr,websockets")));
        assert_true(ops_str_equal(header(&page, "vary"), OPS_STR("accept, accept-encoding")));
        assert_int_equal(page.content_encoding.len, 0);
    }
}

static void a_browser_gets_a_page_that_asks_for_nothing_elsewhere(void **state)
{
    static const char *const browsers[] = {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "TEXT/HTML;q=0.1", "a/b , text/html"};
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof browsers / sizeof browsers[0]; i++) {
        struct ops_page page = home(f, "GET", browsers[i], ops_str_of(NULL, 0));

        assert_int_equal(page.status, 200);
        assert_true(ops_str_equal(page.content_type, OPS_STR("text/html; charset=utf-8")));
        assert_true(has(page.body, "<dd>1.2.3&lt;</dd>"));
        assert_true(has(page.body, "/a&amp;&lt;b&gt;&#39;</code>"));
        assert_true(has(page.body, "=\"/a&amp;&lt;b&gt;&#39;\"")); /* in an attribute, too */
        assert_true(has(page.body, "<dd>text, json</dd>"));
        assert_true(has(page.body, "<dd>signalr, websockets</dd>"));
        assert_true(has(page.body, "<dd>sqlite</dd>"));
        assert_true(has(page.body, "port 9090: /metrics"));
        assert_false(has(page.body, "{{"));
    }
}

/* A directive of a policy; absent: there is none. */
static struct ops_str directive(struct ops_str policy, const char *name)
{
    size_t len = strlen(name);

    for (size_t at = 0; at < policy.len;) {
        const char *end = memchr(policy.ptr + at, ';', policy.len - at);
        size_t to = end != NULL ? (size_t)(end - policy.ptr) : policy.len;

        if (to - at > len && memcmp(policy.ptr + at, name, len) == 0 && policy.ptr[at + len] == ' ')
            return ops_str_of(policy.ptr + at + len + 1, to - at - len - 1);
        at = to + 2;
    }
    return ops_str_of(NULL, 0);
}

static void the_policy_lets_in_files_of_the_server_and_nothing_written_into_the_page(void **state)
{
    static const char *const wanted[][2] = {
        {"default-src", "'none'"}, {"script-src", "'self' 'wasm-unsafe-eval'"}, {"style-src", "'self'"}, {"connect-src", "'self'"},
        {"img-src", "'self' data:"}, {"manifest-src", "'self'"}, {"frame-src", "'self'"}, {"frame-ancestors", "'self'"},
        {"base-uri", "'none'"}, {"form-action", "'none'"}, {"object-src", "'none'"}};
    struct ops_page page = home(*state, "GET", "text/html", ops_str_of(NULL, 0));
    struct ops_str policy = header(&page, "content-security-policy");

    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        assert_true(ops_str_equal(directive(policy, wanted[i][0]), view(wanted[i][1])));
    assert_false(has(policy, "'unsafe-inline'"));
    assert_false(has(policy, "'unsafe-eval'"));
    assert_true(ops_str_equal(header(&page, "cross-origin-opener-policy"), OPS_STR("same-origin")));
    assert_true(ops_str_equal(header(&page, "cross-origin-resource-policy"), OPS_STR("same-origin")));
    assert_true(ops_str_equal(header(&page, "x-content-type-options"), OPS_STR("nosniff")));
    assert_true(ops_str_equal(header(&page, "referrer-policy"), OPS_STR("no-referrer")));
    assert_true(ops_str_equal(header(&page, "cache-control"), OPS_STR("no-cache")));
    assert_true(ops_str_equal(header(&page, "vary"), OPS_STR("accept, accept-encoding")));
}

static void a_known_page_is_not_sent_again(void **state)
{
    static const char *const accepts[] = {"*/*", "text/html"};
    struct fixture *f = *state;

    for (size_t i = 0; i < 2; i++) {
        struct ops_page page = home(f, "GET", accepts[i], ops_str_of(NULL, 0));
        struct ops_str tag = page.etag;
        char weak[64];

        assert_int_equal(tag.len, 18);
        page = home(f, "GET", accepts[i], tag);
        assert_int_equal(page.status, 304);
        assert_int_equal(page.body.len, 0);
        assert_true(ops_str_equal(page.etag, tag));
        assert_int_equal(page.content_type.len, 0);
        snprintf(weak, sizeof weak, "\"other\", W/%.*s", (int)tag.len, tag.ptr);
        assert_int_equal(home(f, "HEAD", accepts[i], view(weak)).status, 304);
        assert_int_equal(home(f, "GET", accepts[i], OPS_STR("*")).status, 304);
        assert_int_equal(home(f, "GET", accepts[1 - i], tag).status, 200); /* of the other form */
        assert_int_equal(home(f, "GET", accepts[i], OPS_STR("\"0123456789abcdef\"")).status, 200);
    }
}

static void head_says_what_get_would_and_other_methods_are_refused(void **state)
{
    struct fixture *f = *state;
    struct ops_page page = home(f, "HEAD", NULL, ops_str_of(NULL, 0));

    assert_int_equal(page.status, 200);
    assert_true(page.body.len > 0); /* its length is what is sent */
    page = home(f, "POST", NULL, ops_str_of(NULL, 0));
    assert_int_equal(page.status, 405);
    assert_true(ops_str_equal(header(&page, "allow"), OPS_STR("GET, HEAD")));
    assert_int_equal(home(f, "get", NULL, ops_str_of(NULL, 0)).status, 405);
}

static void live_counts_are_the_schemas_message(void **state)
{
    struct fixture *f = *state;
    struct ops_page_request request = {OPS_STR("GET"), OPS_STR("/opstream/live"), {NULL, 0}, {NULL, 0}, {NULL, 0}};
    struct ops_live_counts counts = {3, 5, 7};
    struct ops_arena small;
    char first[16];
    struct ops_page page;

    ops_page_live(&request, &counts, &f->arena, &page);
    assert_int_equal(page.status, 200);
    assert_true(ops_str_equal(page.body, OPS_STR("{\"documents\":3,\"connections\":5,\"uptimeSeconds\":7}")));
    assert_true(ops_str_equal(header(&page, "cache-control"), OPS_STR("no-store")));
    ops_arena_init(&small, first, sizeof first, sizeof first, NULL);
    ops_page_live(&request, &counts, &small, &page);
    assert_int_equal(page.status, 500);
    ops_arena_end(&small);
    request.method = OPS_STR("PUT");
    ops_page_live(&request, &counts, &f->arena, &page);
    assert_int_equal(page.status, 405);
}

static void health_is_what_the_store_says(void **state)
{
    enum ops_health_kind kind;

    (void)state;
    assert_false(ops_health_find(OPS_STR("/healthy"), &kind));
    assert_false(ops_health_find(OPS_STR("/health/"), &kind));
    assert_true(ops_health_find(OPS_STR("/health"), &kind) && kind == OPS_HEALTH_ALL);
    assert_true(ops_health_find(OPS_STR("/health/ready"), &kind) && kind == OPS_HEALTH_READY);
    assert_true(ops_health_find(OPS_STR("/health/live"), &kind) && kind == OPS_HEALTH_LIVE);
    for (unsigned bits = 0; bits < 8; bits++) {
        struct ops_health_inputs inputs = {(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0};
        bool down = !inputs.store_ok || inputs.draining;

        for (int i = OPS_HEALTH_ALL; i <= OPS_HEALTH_LIVE; i++) {
            const char *word = i == OPS_HEALTH_LIVE ? "Healthy" : down ? "Unhealthy" : inputs.store_volatile ? "Degraded" : "Healthy";
            struct ops_page page;

            ops_health_answer((enum ops_health_kind)i, &inputs, &page);
            assert_int_equal(page.status, i != OPS_HEALTH_LIVE && down ? 503 : 200);
            assert_true(ops_str_equal(page.body, view(word)));
            assert_true(ops_str_equal(page.content_type, OPS_STR("text/plain")));
            assert_true(ops_str_equal(header(&page, "cache-control"), OPS_STR("no-store, no-cache")));
            assert_true(ops_str_equal(header(&page, "pragma"), OPS_STR("no-cache")));
            assert_true(ops_str_equal(header(&page, "expires"), OPS_STR("Thu, 01 Jan 1970 00:00:00 GMT")));
        }
    }
}

static void a_document_is_named_by_the_rest_of_its_path(void **state)
{
    static const struct {
        const char *path;
        enum ops_admin_kind kind;
        const char *id;
    } cases[] = {{"/", OPS_ADMIN_INDEX, NULL},
                 {"/metrics", OPS_ADMIN_METRICS, NULL},
                 {"/metrics/", OPS_ADMIN_NONE, NULL},
                 {"/opstream/diag/", OPS_ADMIN_NONE, NULL},
                 {"/opstream/diag", OPS_ADMIN_NONE, NULL},
                 {"/opstream/diag/doc-1", OPS_ADMIN_DIAGNOSTICS, "doc-1"},
                 {"/opstream/diag/a%20b%c3%A9", OPS_ADMIN_DIAGNOSTICS, "a b\xc3\xa9"},
                 {"/opstream/diag/a%2Fb%2f", OPS_ADMIN_DIAGNOSTICS, "a%2Fb%2f"},
                 {"/opstream/diag/100%", OPS_ADMIN_DIAGNOSTICS, "100%"},
                 {"/opstream/diag/%zz%4", OPS_ADMIN_DIAGNOSTICS, "%zz%4"},
                 {"/opstream/diag/a/b", OPS_ADMIN_NONE, NULL},
                 {"/opstream/diag/%ff", OPS_ADMIN_NONE, NULL},
                 {"", OPS_ADMIN_NONE, NULL}};
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ops_str id = {NULL, 0};

        if (ops_admin_find(view(cases[i].path), &f->arena, &id) != cases[i].kind)
            fail_msg("%s", cases[i].path);
        if (cases[i].id != NULL)
            assert_true(ops_str_equal(id, view(cases[i].id)));
    }
}

static void diagnostics_are_the_schemas_message(void **state)
{
    struct fixture *f = *state;
    struct ops_page_request request = {OPS_STR("GET"), {NULL, 0}, {NULL, 0}, {NULL, 0}, {NULL, 0}};
    struct ops_store_op op;
    struct ops_diagnostics d;
    struct ops_page page;

    memset(&op, 0, sizeof op);
    op.revision = 2;
    op.author_id = OPS_STR("p");
    op.timestamp.seconds = 1781006400;
    op.timestamp.set = true;
    op.payload = OPS_STR("{\"components\":[]}");
    op.op_type_name = OPS_STR("TextOp");
    memset(&d, 0, sizeof d);
    d.document_id = OPS_STR("no \"such\" document");
    d.node_id = OPS_STR("LocalNode");
    for (size_t i = 0; i < ops_profiles_count; i++) {
        ops_admin_diagnostics(&request, ops_profiles[i], &d, &f->arena, &page);
        assert_int_equal(page.status, 200);
        assert_true(has(page.body, "\"peers\":[],\"recentOps\":[]}"));
    }
    ops_admin_diagnostics(&request, ops_profiles[0], &d, &f->arena, &page);
    assert_true(ops_str_equal(page.body, OPS_STR("{\"documentId\":\"no \\\"such\\\" document\",\"activeOnThisNode\":false,\"ownerNodeId\":\"LocalNode\","
                                                 "\"revision\":0,\"peerCount\":0,\"peers\":[],\"recentOps\":[]}")));
    d.document_id = OPS_STR("d");
    d.recent = &op;
    d.recent_count = 1;
    ops_admin_diagnostics(&request, ops_profiles[0], &d, &f->arena, &page);
    assert_true(has(page.body, "\"revision\":2,\"peerCount\":0"));
    assert_true(has(page.body, "\"recentOps\":[{\"revision\":2,\"authorId\":\"p\",\"timestamp\":\"2026-06-09T12:00:00.000Z\",\"payloadBytes\":17,\"engineType\":\"TextOp\"}]"));
    d.document.open = true;
    d.document.durable_revision = 9;
    d.document.accepted_revision = 11;
    d.document.peers = 4;
    ops_admin_diagnostics(&request, ops_profiles[0], &d, &f->arena, &page);
    assert_true(has(page.body, "\"activeOnThisNode\":true,\"ownerNodeId\":\"LocalNode\",\"revision\":9,\"peerCount\":4"));
    request.method = OPS_STR("DELETE");
    ops_admin_diagnostics(&request, ops_profiles[0], &d, &f->arena, &page);
    assert_int_equal(page.status, 405);
}

static void metrics_are_a_page_or_a_500(void **state)
{
    struct fixture *f = *state;
    struct ops_page_request request = {OPS_STR("GET"), {NULL, 0}, {NULL, 0}, {NULL, 0}, {NULL, 0}};
    struct ops_core_stats core;
    struct ops_server_counters server;
    struct ops_build build = {"1", "memory"};
    struct ops_arena small = test_arena(4096);
    struct ops_page page;

    memset(&core, 0, sizeof core);
    memset(&server, 0, sizeof server);
    ops_admin_metrics(&request, &core, &server, &build, &f->arena, &page);
    assert_int_equal(page.status, 200);
    assert_true(ops_str_equal(page.content_type, OPS_STR("text/plain; version=0.0.4; charset=utf-8")));
    assert_true(has(page.body, "\nopstream_active_documents 0\n"));
    ops_admin_metrics(&request, &core, &server, &build, &small, &page);
    assert_int_equal(page.status, 500);
    ops_arena_reset(&small);
}

static void counts_of_loops_add_up(void **state)
{
    struct ops_core_stats sum, one;
    uint64_t *words = (uint64_t *)&one, *sums = (uint64_t *)&sum;
    size_t count = sizeof one / sizeof *words;

    (void)state;
    assert_int_equal(sizeof one % sizeof *words, 0); /* nothing but 64-bit counts: none is forgotten */
    memset(&sum, 0, sizeof sum);
    for (size_t i = 0; i < count; i++)
        words[i] = i + 1;
    ops_metrics_add_core(&sum, &one);
    ops_metrics_add_core(&sum, &one);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(sums[i], 2 * (i + 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define PAGE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        PAGE_TEST(a_script_gets_the_line_of_the_released_server),
        PAGE_TEST(a_browser_gets_a_page_that_asks_for_nothing_elsewhere),
        PAGE_TEST(a_known_page_is_not_sent_again),
        PAGE_TEST(head_says_what_get_would_and_other_methods_are_refused),
        PAGE_TEST(the_policy_lets_in_files_of_the_server_and_nothing_written_into_the_page),
        PAGE_TEST(live_counts_are_the_schemas_message),
        PAGE_TEST(health_is_what_the_store_says),
        PAGE_TEST(a_document_is_named_by_the_rest_of_its_path),
        PAGE_TEST(diagnostics_are_the_schemas_message),
        PAGE_TEST(metrics_are_a_page_or_a_500),
        PAGE_TEST(counts_of_loops_add_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
