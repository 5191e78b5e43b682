/* Files in the program: what is sent, in which coding, to whom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <zlib.h>

#include "page_fixture.h"
#include "runtime/server/page_accept.h"

static struct ops_page file(struct fixture *f, const char *method, struct ops_str path, const char *encodings, struct ops_str tag)
{
    struct ops_page_request request = {view(method), path, {NULL, 0}, view(encodings), tag};
    struct ops_page page;

    if (!ops_pages_file(f->pages, &request, &page))
        fail_msg("no file %.*s", (int)path.len, path.ptr);
    return page;
}

/* Unpacks into the fixture's arena. */
static struct ops_str unpacked(struct fixture *f, struct ops_str gzip, size_t bytes)
{
    char *out = ops_arena_alloc(&f->arena, bytes + 1);
    z_stream stream;

    assert_non_null(out);
    memset(&stream, 0, sizeof stream);
    assert_int_equal(inflateInit2(&stream, 16 + MAX_WBITS), Z_OK);
    stream.next_in = (z_const Bytef *)gzip.ptr;
    stream.avail_in = (uInt)gzip.len;
    stream.next_out = (Bytef *)out;
    stream.avail_out = (uInt)bytes + 1;
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    inflateEnd(&stream);
    return ops_str_of(out, stream.total_out);
}

static void every_file_is_there_in_two_codings_with_a_tag_of_each(void **state)
{
    struct fixture *f = *state;
    struct ops_str path;
    size_t count = 0;

    for (; (path = ops_page_file_path(count)).len > 0; count++) {
        struct ops_page plain = file(f, "GET", path, NULL, ops_str_of(NULL, 0));
        struct ops_page gzip = file(f, "GET", path, "gzip, deflate, br, zstd", ops_str_of(NULL, 0));

        assert_int_equal(plain.status, 200);
        assert_true(plain.lasts && gzip.lasts); /* is not copied */
        assert_true(plain.body.len > 0 && plain.content_type.len > 0 && plain.etag.len == 18);
        assert_int_equal(plain.content_encoding.len, 0);
        assert_true(ops_str_equal(header(&plain, "vary"), OPS_STR("accept-encoding")));
        assert_true(ops_str_equal(header(&plain, "cache-control"), OPS_STR("no-cache")));
        assert_true(ops_str_equal(header(&plain, "x-content-type-options"), OPS_STR("nosniff")));
        assert_true(ops_str_equal(gzip.content_type, plain.content_type));
        if (gzip.content_encoding.len == 0)
            continue; /* did not get smaller */
        assert_true(ops_str_equal(gzip.content_encoding, OPS_STR("gzip")));
        assert_true(gzip.body.len < plain.body.len);
        assert_false(ops_str_equal(gzip.etag, plain.etag));
        assert_memory_equal(gzip.body.ptr, "\x1f\x8b\x08\0\0\0\0\0", 8); /* no name, no time */
        assert_true(ops_str_equal(unpacked(f, gzip.body, plain.body.len), plain.body));
    }
    assert_true(count >= 5);
    assert_true(file(f, "GET", OPS_STR("/opstream.wasm"), "gzip", ops_str_of(NULL, 0)).content_encoding.len > 0);
}

static void a_file_that_the_client_has_is_not_sent_again_in_that_coding(void **state)
{
    static const char *const codings[] = {"identity", "gzip"};
    struct fixture *f = *state;

    for (size_t i = 0; i < 2; i++) {
        struct ops_page page = file(f, "GET", OPS_STR("/opstream.wasm"), codings[i], ops_str_of(NULL, 0)), again;

        again = file(f, "GET", OPS_STR("/opstream.wasm"), codings[i], page.etag);
        assert_int_equal(again.status, 304);
        assert_int_equal(again.body.len + again.content_type.len + again.content_encoding.len, 0);
        assert_true(ops_str_equal(again.etag, page.etag));
        assert_true(ops_str_equal(header(&again, "vary"), OPS_STR("accept-encoding")));
        assert_true(ops_str_equal(header(&again, "cache-control"), OPS_STR("no-cache")));
        assert_true(ops_str_equal(header(&again, "access-control-allow-origin"), OPS_STR("*")));
        assert_int_equal(file(f, "HEAD", OPS_STR("/opstream.wasm"), codings[i], page.etag).status, 304);
        assert_int_equal(file(f, "GET", OPS_STR("/opstream.wasm"), codings[1 - i], page.etag).status, 200);
    }
}

static void the_client_is_for_every_origin_and_the_rest_for_the_own(void **state)
{
    static const char *const others[] = {"/app.js", "/app.css", "/icon.svg"}, *const shared[] = {"/opstream.js", "/opstream.wasm"};
    struct ops_page page;

    for (size_t i = 0; i < sizeof shared / sizeof shared[0]; i++) {
        page = file(*state, "GET", view(shared[i]), NULL, ops_str_of(NULL, 0));
        assert_true(ops_str_equal(header(&page, "access-control-allow-origin"), OPS_STR("*")));
        assert_true(ops_str_equal(header(&page, "cross-origin-resource-policy"), OPS_STR("cross-origin")));
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        page = file(*state, "GET", view(others[i]), NULL, ops_str_of(NULL, 0));
        assert_int_equal(header(&page, "access-control-allow-origin").len, 0);
        assert_true(ops_str_equal(header(&page, "cross-origin-resource-policy"), OPS_STR("same-origin")));
    }
}

static void each_kind_of_file_says_what_it_is(void **state)
{
    static const char *const kinds[][2] = {{"/app.js", "text/javascript; charset=utf-8"}, {"/app.css", "text/css; charset=utf-8"},
                                           {"/icon.svg", "image/svg+xml"}, {"/opstream.js", "text/javascript; charset=utf-8"},
                                           {"/opstream.wasm", "application/wasm"}};

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct ops_page page = file(*state, "GET", view(kinds[i][0]), NULL, ops_str_of(NULL, 0));

        assert_true(ops_str_equal(page.content_type, view(kinds[i][1])));
    }
}

static void a_file_is_read_and_nothing_else(void **state)
{
    static const char *const paths[] = {"/app.j", "/app.jss", "/APP.JS", "/app.js/", "//app.js", "/home.html", "/index.html", "", "/../app.js"};
    static const char *const methods[] = {"POST", "PUT", "DELETE", "OPTIONS", "get", "TRACE"};
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct ops_page_request request = {OPS_STR("GET"), view(paths[i]), {NULL, 0}, {NULL, 0}, {NULL, 0}};
        struct ops_page page;

        assert_false(ops_pages_file(f->pages, &request, &page));
    }
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        struct ops_page page = file(f, methods[i], OPS_STR("/app.js"), "gzip", ops_str_of(NULL, 0));

        assert_int_equal(page.status, 405);
        assert_true(ops_str_equal(header(&page, "allow"), OPS_STR("GET, HEAD")));
        assert_int_equal(page.etag.len, 0);
    }
    assert_int_equal(file(f, "HEAD", OPS_STR("/app.js"), NULL, ops_str_of(NULL, 0)).status, 200);
}

static void the_coding_is_what_the_client_would_rather_have(void **state)
{
    static const struct {
        const char *said;
        bool gzip;
    } cases[] = {{NULL, false}, {"", false}, {"gzip", true}, {"GZip", true}, {"x-gzip", true}, {"gzip, deflate, br, zstd", true}, {"br", false},
                 {"deflate,br;q=1.0,\tgzip;q=0.001", true}, {"gzip;q=0", false}, {"gzip;q=0.000", false}, {"gzip ; Q=0.0", false},
                 {"*", true}, {"*;q=0.1", true}, {"*;q=0", false}, {"gzip;q=0, *", false}, {"br, *;q=0, gzip", true}, {"identity", false},
                 {"identity;q=0.5, gzip;q=0.4", false}, {"identity;q=0.5, gzip;q=0.5", true}, {"gzip, identity", true}, {"identity, *;q=0.5", false},
                 {"identity;q=0, gzip", true}, {"identity;q=0, *", true}, {"identity;q=0", false}, {"*;q=0, identity;q=0", false},
                 {"gzipped", false}, {"gzi", false}, {"notgzip", false}, {"gzip;q=nonsense", true}, {";q=1,,;", false}, {"gzip;level=9;q=0", false},
                 {"gzip;q=", true}, {"gzip;q=0.9999999999999", true}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ops_page page;

        if (ops_page_accepts_gzip(view(cases[i].said)) != cases[i].gzip)
            fail_msg("%s", cases[i].said);
        page = file(*state, "GET", OPS_STR("/opstream.wasm"), cases[i].said, ops_str_of(NULL, 0));
        assert_int_equal(page.status, 200); /* whatever is refused: there is nothing else */
        assert_int_equal(page.content_encoding.len, cases[i].gzip ? 4 : 0);
    }
}

static void the_page_is_compressed_with_its_places_filled(void **state)
{
    struct fixture *f = *state;
    struct ops_page_request request = {OPS_STR("GET"), OPS_STR("/"), OPS_STR("text/html"), OPS_STR("gzip"), {NULL, 0}};
    struct ops_page plain = home(f, "GET", "text/html", ops_str_of(NULL, 0)), page;

    ops_pages_home(f->pages, &request, &page);
    assert_true(ops_str_equal(page.content_encoding, OPS_STR("gzip")));
    assert_true(ops_str_equal(unpacked(f, page.body, plain.body.len), plain.body));
    assert_false(ops_str_equal(page.etag, plain.etag));
    request.if_none_match = plain.etag;
    ops_pages_home(f->pages, &request, &page);
    assert_int_equal(page.status, 200);
    request.if_none_match = page.etag;
    ops_pages_home(f->pages, &request, &page);
    assert_int_equal(page.status, 304);
}

static void without_the_demo_everybody_gets_the_line_and_there_are_no_files(void **state)
{
    static char *environment[] = {"OPSTREAM__DEMO=off", NULL};
    struct fixture other;
    struct ops_str path;
    struct ops_page page;

    (void)state;
    settings_load(&other.settings, environment, NULL);
    assert_true(other.settings.valid);
    other.pages = ops_pages_open(&other.settings.config, "1");
    assert_non_null(other.pages);
    page = home(&other, "GET", "text/html", ops_str_of(NULL, 0));
    assert_true(ops_str_equal(page.content_type, OPS_STR("text/plain")));
    assert_true(has(page.body, "OpStream host."));
    for (size_t i = 0; (path = ops_page_file_path(i)).len > 0; i++) {
        struct ops_page_request request = {OPS_STR("GET"), path, {NULL, 0}, {NULL, 0}, {NULL, 0}};

        assert_false(ops_pages_file(other.pages, &request, &page));
    }
    ops_pages_close(other.pages);
    ops_config_drop(&other.settings.config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define PAGE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        PAGE_TEST(every_file_is_there_in_two_codings_with_a_tag_of_each),
        PAGE_TEST(a_file_that_the_client_has_is_not_sent_again_in_that_coding),
        PAGE_TEST(the_client_is_for_every_origin_and_the_rest_for_the_own),
        PAGE_TEST(each_kind_of_file_says_what_it_is),
        PAGE_TEST(a_file_is_read_and_nothing_else),
        PAGE_TEST(the_coding_is_what_the_client_would_rather_have),
        PAGE_TEST(the_page_is_compressed_with_its_places_filled),
        PAGE_TEST(without_the_demo_everybody_gets_the_line_and_there_are_no_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
