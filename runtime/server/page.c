/* `/` and `/opstream/live`.
 *
 * Both forms of `/` are made once, at the start, and kept with their ETags. */
#include "runtime/server/page.h"

#include "gen/codec.h"
#include "gen/profile.h"
#include "runtime/base/buf.h"
#include "runtime/server/config.h"
#include "runtime/server/page_private.h"

#include <stdio.h>
#include <stdlib.h>

enum { PAGE_MEMORY_MAX = 1 << 20, PAGE_ETAG_BYTES = 24, PAGE_HEADERS_MAX = 8 };

struct form {
    struct ops_str type, body;
    char etag[PAGE_ETAG_BYTES];
    struct ops_page_header headers[PAGE_HEADERS_MAX];
    size_t headers_count;
};

struct ops_pages {
    struct ops_arena arena;
    struct form text, html;
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

/* ---- made at the start --------------------------------------------------------------------------------------------------- */

static void add_header(struct form *form, const char *name, struct ops_str value)
{
    form->headers[form->headers_count].name = view(name);
    form->headers[form->headers_count++].value = value;
}

static void finish(struct form *form, const char *type, struct ops_str body)
{
    uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a: tells one build's page from another's */

    for (size_t i = 0; i < body.len; i++)
        hash = (hash ^ (unsigned char)body.ptr[i]) * UINT64_C(1099511628211);
    snprintf(form->etag, sizeof form->etag, "\"%016llx\"", (unsigned long long)hash);
    form->type = view(type);
    form->body = body;
    add_header(form, "etag", view(form->etag));
    add_header(form, "vary", OPS_STR("accept"));
    add_header(form, "cache-control", OPS_STR("no-cache"));
    add_header(form, "x-content-type-options", OPS_STR("nosniff"));
}

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
    finish(&pages->text, "text/plain", ops_buf_str(&text));
    return ok;
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
    const char *at = ops_page_home_html, *end = at + ops_page_home_html_bytes;
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
    finish(&pages->html, "text/html; charset=utf-8", ops_buf_str(&html));
    add_header(&pages->html, "content-security-policy", view(ops_page_home_policy));
    add_header(&pages->html, "referrer-policy", OPS_STR("no-referrer"));
    return ok;
}

struct ops_pages *ops_pages_open(const struct ops_config *config, const char *version)
{
    struct ops_pages *pages = calloc(1, sizeof *pages);

    if (pages == NULL)
        return NULL;
    ops_arena_init(&pages->arena, NULL, 0, PAGE_MEMORY_MAX, &page_memory);
    if (make_text(pages, config) && make_html(pages, config, version))
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

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool begins(struct ops_str text, const char *word)
{
    size_t len = strlen(word);

    if (text.len < len)
        return false;
    for (size_t i = 0; i < len; i++)
        if (lower(text.ptr[i]) != word[i])
            return false;
    return true;
}

/* `;q=0` in any spelling: refused. */
static bool has_zero_weight(struct ops_str parameters)
{
    for (size_t i = 0; i + 2 < parameters.len; i++) {
        if (lower(parameters.ptr[i]) != 'q' || parameters.ptr[i + 1] != '=' || parameters.ptr[i + 2] != '0')
            continue;
        for (i += 3; i < parameters.len && (parameters.ptr[i] == '.' || parameters.ptr[i] == '0'); i++)
            ;
        return i == parameters.len || parameters.ptr[i] < '0' || parameters.ptr[i] > '9';
    }
    return false;
}

/* Browsers name text/html; curl, fetch and scripts send a wildcard or nothing. */
static bool asks_for_html(struct ops_str accept)
{
    for (size_t at = 0; accept.ptr != NULL && at < accept.len;) {
        const char *comma = memchr(accept.ptr + at, ',', accept.len - at);
        size_t end = comma != NULL ? (size_t)(comma - accept.ptr) : accept.len;
        struct ops_str item = ops_str_of(accept.ptr + at, end - at);

        while (item.len > 0 && (item.ptr[0] == ' ' || item.ptr[0] == '\t'))
            item = ops_str_of(item.ptr + 1, item.len - 1);
        if (begins(item, "text/html") && (item.len == 9 || strchr("; \t", item.ptr[9]) != NULL) && !has_zero_weight(item))
            return true;
        at = end + 1;
    }
    return false;
}

/* The tag itself, weak or not, in a list, or `*`. */
static bool has_tag(struct ops_str if_none_match, const char *etag)
{
    if (if_none_match.ptr == NULL)
        return false;
    return ops_str_equal(if_none_match, OPS_STR("*")) ||
           memmem(if_none_match.ptr, if_none_match.len, etag, strlen(etag)) != NULL;
}

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

void ops_pages_home(const struct ops_pages *pages, const struct ops_page_request *request, struct ops_page *out)
{
    const struct form *form = asks_for_html(request->accept) ? &pages->html : &pages->text;

    if (!ops_page_is_read(request)) {
        ops_page_method_not_allowed(out);
        return;
    }
    memset(out, 0, sizeof *out);
    out->headers = form->headers;
    out->headers_count = form->headers_count;
    out->content_type = form->type;
    out->status = 304;
    out->reason = "Not Modified";
    out->body = OPS_STR("");
    if (has_tag(request->if_none_match, form->etag))
        return;
    out->status = 200;
    out->reason = "OK";
    out->body = form->body;
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
