/* What the files of the pages share, and the page sources as data (pages/embed makes it). */
#ifndef OPS_SERVER_PAGE_PRIVATE_H
#define OPS_SERVER_PAGE_PRIVATE_H

#include "runtime/server/page.h"

/* A body, and the tag of exactly these bytes. */
struct ops_page_body {
    struct ops_str bytes, etag;
};

/* A body as it is and compressed. It lasts longer than any request. */
struct ops_page_form {
    struct ops_page_body plain, gzip; /* no bytes: not smaller */
};

struct ops_page_file {
    struct ops_str path, content_type;
    bool shared; /* pages of other origins may load it, too */
    struct ops_page_form form;
};

extern const struct ops_page_file ops_page_files[];
extern const size_t ops_page_files_count;
extern const struct ops_str ops_page_index; /* the page; has places such as {{VERSION}} */

/* Answers with the form in the coding that the client would rather have, or with 304, or 405. The rest of `out` is empty after it. */
void ops_page_answer_form(const struct ops_page_form *form, struct ops_str content_type, const struct ops_page_request *request, struct ops_page *out);

#endif
