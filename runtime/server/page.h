/* Pages: what the server answers to plain HTTP requests, as data. No socket, no event loop. */
#ifndef OPS_SERVER_PAGE_H
#define OPS_SERVER_PAGE_H

#include "runtime/base/arena.h"
#include "runtime/base/error.h"

struct ops_config;

struct ops_page_header {
    struct ops_str name, value; /* name in lower case */
};

/* An answer. The views live as long as what they were made from: the pages, the arena, the program. To HEAD the body is not sent
 * but its length is; a 304 has neither. */
struct ops_page {
    int status;
    const char *reason;
    struct ops_str content_type, body;
    struct ops_str etag, content_encoding; /* empty: no such header */
    const struct ops_page_header *headers;
    size_t headers_count;
    bool lasts; /* the body does, longer than any request: it need not be copied */
};

/* What a request says that pages care about; absent: no such header. */
struct ops_page_request {
    struct ops_str method;
    struct ops_str path; /* without the query, as it was sent */
    struct ops_str accept, accept_encoding, if_none_match;
};

/* The pages that do not change while the server runs. */
struct ops_pages;

/* `config` and `version` outlive it. NULL: no memory. */
struct ops_pages *ops_pages_open(const struct ops_config *config, const char *version);
void ops_pages_close(struct ops_pages *pages);

/* `/`: the released server's line; to a client that asks for HTML, and to none else, the page (page_home.c); with OPSTREAM__DEMO=off to
 * nobody. 304 to the one that has it; 405 to anything but GET and HEAD. */
void ops_pages_home(const struct ops_pages *pages, const struct ops_page_request *request, struct ops_page *out);

/* What the page is made of, and the client as a library: files in the program, as they are and compressed (page_files.c; the list is in
 * meson.build). False: there is none of this path, or OPSTREAM__DEMO=off. */
bool ops_pages_file(const struct ops_pages *pages, const struct ops_page_request *request, struct ops_page *out);

/* The same whatever the settings are; and the path of each file, beyond the last one empty. */
bool ops_page_file(const struct ops_page_request *request, struct ops_page *out);
struct ops_str ops_page_file_path(size_t index);

struct ops_live_counts;

/* `/opstream/live`: the schema's LiveCounts. `arena` holds the body. Out of memory: a 500. */
void ops_page_live(const struct ops_page_request *request, const struct ops_live_counts *counts, struct ops_arena *arena, struct ops_page *out);

/* An answer of one line of text. `sentence` is borrowed. */
void ops_page_text(int status, const char *reason, struct ops_str sentence, struct ops_page *out);

/* 405, with `Allow: GET, HEAD`; and whether it is needed. */
void ops_page_method_not_allowed(struct ops_page *out);
bool ops_page_is_read(const struct ops_page_request *request);

#endif
