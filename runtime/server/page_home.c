/* `/`: the page, and the released server's line for who does not ask for HTML. Both are made once, at the start. */
#include "runtime/base/buf.h"
#include "runtime/server/config.h"
#include "runtime/server/page_accept.h"
#include "runtime/server/page_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

enum { PAGE_MEMORY_MAX = 1 << 20, PAGE_ETAG_BYTES = 24 };

/* What the page may do. No style or script but those that the server has files of; WebAssembly, but no eval. 'self' is also ws: and wss: of
 * the own host, in Safari since 16. A frame of the page in the page, and in none of anybody else. */
#define POLICY                                                                                                         \
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'; "                 \
    "img-src 'self' data:; manifest-src 'self'; frame-src 'self'; frame-ancestors 'self'; base-uri 'none'; "           \
    "form-action 'none'; object-src 'none'"

static const struct ops_page_header text_headers[] = {
    {{"vary", 4}, {"accept, accept-encoding", 23}},
    {{"cache-control", 13}, {"no-cache", 8}},
    {{"x-content-type-options", 22}, {"nosniff", 7}},
};

static const struct ops_page_header html_headers[] = {
    {{"content-security-policy", 23}, {POLICY, sizeof POLICY - 1}},
    {{"cross-origin-opener-policy", 26}, {"same-origin", 11}},
    {{"cross-origin-resource-policy", 28}, {"same-origin", 11}},
    {{"vary", 4}, {"accept, accept-encoding", 23}},
    {{"cache-control", 13}, {"no-cache", 8}},
    {{"referrer-policy", 15}, {"no-referrer", 11}},
    {{"x-content-type-options", 22}, {"nosniff", 7}},
};

struct ops_pages {
    struct ops_arena arena;
    struct ops_page_form text, html;
    bool demo;
};

static void *more(void *self, size_t bytes)
{
    (void)self;
    return malloc(bytes);
}

static void release(void *self, void *block, size_t bytes)
{
    (void)self;
    (void)bytes;
    free(block);
}

static const struct ops_memory page_memory = {more, release, NULL};

static struct ops_str view(const char *text)
{
    return ops_str_of(text, strlen(text));
}

/* ---- bodies -------------------------------------------------------------------------------------------------------------- */

/* FNV-1a: tells one build's and one configuration's page from another's. */
static bool tag(struct ops_arena *arena, struct ops_page_body *body)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    char *text = ops_arena_alloc(arena, PAGE_ETAG_BYTES);

    if (text == NULL)
        return false;
    for (size_t i = 0; i < body->bytes.len; i++)
        hash = (hash ^ (unsigned char)body->bytes.ptr[i]) * UINT64_C(1099511628211);
    snprintf(text, PAGE_ETAG_BYTES, "\"%016llx\"", (unsigned long long)hash);
    body->etag = view(text);
    return true;
}

/* Leaves `out` empty when compressing does not pay. False: no memory. */
static bool compress_gzip(struct ops_arena *arena, struct ops_str plain, struct ops_page_body *out)
{
    z_stream stream;
    char *bytes;
    uLong room;

    memset(&stream, 0, sizeof stream);
    if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return false;
    room = deflateBound(&stream, (uLong)plain.len);
    bytes = ops_arena_alloc(arena, room);
    stream.next_in = (z_const Bytef *)plain.ptr;
    stream.avail_in = (uInt)plain.len;
    stream.next_out = (Bytef *)bytes;
    stream.avail_out = (uInt)room;
    if (bytes != NULL && deflate(&stream, Z_FINISH) == Z_STREAM_END && stream.total_out < plain.len)
        out->bytes = ops_str_of(bytes, stream.total_out);
    deflateEnd(&stream);
    return bytes != NULL && (out->bytes.len == 0 || tag(arena, out));
}

/* ---- made at the start --------------------------------------------------------------------------------------------------- */

static bool add(struct ops_buf *out, struct ops_str text)
{
    return ops_buf_append(out, text.ptr, text.len);
}

static bool add_words(struct ops_buf *out, const struct ops_words *words, const char *between)
{
    for (size_t i = 0; i < words->count; i++)
        if ((i > 0 && !add(out, view(between))) || !add(out, words->items[i]))
            return false;
    return true;
}

static bool make_text(struct ops_pages *pages, const struct ops_config *config)
{
    struct ops_buf text;
    bool ok;

    ops_buf_init(&text, &pages->arena);
    ok = add(&text, OPS_STR("OpStream host. Storage=")) && add(&text, config->storage_provider) &&
         add(&text, OPS_STR(", Backplane=")) && add(&text, config->backplane_provider) &&
         add(&text, OPS_STR(", Transports=")) && add_words(&text, &config->transports, ",");
    pages->text.plain.bytes = ops_buf_str(&text);
    return ok && tag(&pages->arena, &pages->text.plain);
}

static bool add_escaped(struct ops_buf *out, struct ops_str text)
{
    bool ok = true;

    for (size_t i = 0; i < text.len && ok; i++) {
        char c = text.ptr[i];

        ok = add(out, c == '<' ? OPS_STR("&lt;") : c == '>' ? OPS_STR("&gt;") : c == '&' ? OPS_STR("&amp;") :
                      c == '"' ? OPS_STR("&quot;") : c == '\'' ? OPS_STR("&#39;") : ops_str_of(&text.ptr[i], 1));
    }
    return ok;
}

static bool add_metrics(struct ops_buf *out, const struct ops_config *config)
{
    char text[128];

    if (config->admin_urls.count == 0)
        return add(out, OPS_STR("off (OPSTREAM__ADMIN__URLS)"));
    snprintf(text, sizeof text, "on the admin listener, port %u: /metrics", config->admin_urls.items[0].port);
    return add_escaped(out, view(text));
}

/* What stands in the place `{{name}}`. */
static bool add_place(struct ops_buf *out, struct ops_str name, const struct ops_config *config, const char *version)
{
    if (ops_str_equal(name, OPS_STR("WEBSOCKET_PATH")))
        return add_escaped(out, config->websockets_path);
    if (ops_str_equal(name, OPS_STR("ENGINES")))
        return add_words(out, &config->engines, ", ");
    if (ops_str_equal(name, OPS_STR("TRANSPORTS")))
        return add_words(out, &config->transports, ", ");
    if (ops_str_equal(name, OPS_STR("STORAGE")))
        return add_escaped(out, config->storage_provider) &&
               (!ops_str_equal(config->storage_provider, OPS_STR("memory")) ||
                add(out, OPS_STR(": documents are lost when the server stops")));
    if (ops_str_equal(name, OPS_STR("METRICS")))
        return add_metrics(out, config);
    if (ops_str_equal(name, OPS_STR("VERSION")))
        return add_escaped(out, view(version));
    return false;
}

static bool make_html(struct ops_pages *pages, const struct ops_config *config, const char *version)
{
    const char *at = ops_page_index.ptr, *end = at + ops_page_index.len;
    struct ops_buf html;
    bool ok = true;

    ops_buf_init(&html, &pages->arena);
    while (ok) {
        const char *open = memmem(at, (size_t)(end - at), "{{", 2);
        const char *shut = open != NULL ? memmem(open, (size_t)(end - open), "}}", 2) : NULL;

        if (shut == NULL)
            break;
        ok = ops_buf_append(&html, at, (size_t)(open - at)) &&
             add_place(&html, ops_str_of(open + 2, (size_t)(shut - open - 2)), config, version);
        at = shut + 2;
    }
    ok = ok && ops_buf_append(&html, at, (size_t)(end - at));
    pages->html.plain.bytes = ops_buf_str(&html);
    return ok && tag(&pages->arena, &pages->html.plain) && compress_gzip(&pages->arena, pages->html.plain.bytes, &pages->html.gzip);
}

struct ops_pages *ops_pages_open(const struct ops_config *config, const char *version)
{
    struct ops_pages *pages = calloc(1, sizeof *pages);

    if (pages == NULL)
        return NULL;
    ops_arena_init(&pages->arena, NULL, 0, PAGE_MEMORY_MAX, &page_memory);
    pages->demo = config->demo;
    if (make_text(pages, config) && (!pages->demo || make_html(pages, config, version)))
        return pages;
    ops_pages_close(pages);
    return NULL;
}

void ops_pages_close(struct ops_pages *pages)
{
    ops_arena_end(&pages->arena);
    free(pages);
}

/* ---- answers ---------------------------------------------------------------------------------------------------------------- */

void ops_pages_home(const struct ops_pages *pages, const struct ops_page_request *request, struct ops_page *out)
{
    bool html = pages->demo && ops_page_accepts_html(request->accept);

    ops_page_answer_form(html ? &pages->html : &pages->text, html ? OPS_STR("text/html; charset=utf-8") : OPS_STR("text/plain"), request, out);
    if (out->status == 405)
        return;
    out->headers = html ? html_headers : text_headers;
    out->headers_count = html ? sizeof html_headers / sizeof html_headers[0] : sizeof text_headers / sizeof text_headers[0];
}

bool ops_pages_file(const struct ops_pages *pages, const struct ops_page_request *request, struct ops_page *out)
{
    return pages->demo && ops_page_file(request, out);
}
