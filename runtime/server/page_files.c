/* Files that are in the program: script, style and picture of the page, and the client as a library for pages of other origins. */
#include "runtime/server/page_accept.h"
#include "runtime/server/page_private.h"

/* The client is for everybody: it is public, and knows nothing of who loads it. What it may connect to is OPSTREAM__ORIGINS. */
static const struct ops_page_header shared_headers[] = {
    {{"access-control-allow-origin", 27}, {"*", 1}},
    {{"cross-origin-resource-policy", 28}, {"cross-origin", 12}},
    {{"vary", 4}, {"accept-encoding", 15}},
    {{"cache-control", 13}, {"no-cache", 8}},
    {{"referrer-policy", 15}, {"no-referrer", 11}},
    {{"x-content-type-options", 22}, {"nosniff", 7}},
};

static const struct ops_page_header own_headers[] = {
    {{"cross-origin-resource-policy", 28}, {"same-origin", 11}},
    {{"vary", 4}, {"accept-encoding", 15}},
    {{"cache-control", 13}, {"no-cache", 8}},
    {{"referrer-policy", 15}, {"no-referrer", 11}},
    {{"x-content-type-options", 22}, {"nosniff", 7}},
};

static const struct ops_page_file *find(struct ops_str path)
{
    for (size_t i = 0; i < ops_page_files_count; i++)
        if (ops_str_equal(ops_page_files[i].path, path))
            return &ops_page_files[i];
    return NULL;
}

struct ops_str ops_page_file_path(size_t index)
{
    return index < ops_page_files_count ? ops_page_files[index].path : ops_str_of(NULL, 0);
}

void ops_page_answer_form(const struct ops_page_form *form, struct ops_str content_type, const struct ops_page_request *request, struct ops_page *out)
{
    bool gzip = form->gzip.bytes.len > 0 && ops_page_accepts_gzip(request->accept_encoding);
    const struct ops_page_body *body = gzip ? &form->gzip : &form->plain;

    if (!ops_page_is_read(request)) {
        ops_page_method_not_allowed(out);
        return;
    }
    memset(out, 0, sizeof *out);
    out->etag = body->etag;
    out->lasts = true;
    out->status = 304; /* says what is the same, not what it is */
    out->reason = "Not Modified";
    if (ops_page_has_tag(request->if_none_match, body->etag))
        return;
    out->status = 200;
    out->reason = "OK";
    out->content_type = content_type;
    out->content_encoding = gzip ? OPS_STR("gzip") : ops_str_of(NULL, 0);
    out->body = body->bytes;
}

bool ops_page_file(const struct ops_page_request *request, struct ops_page *out)
{
    const struct ops_page_file *file = find(request->path);

    if (file == NULL)
        return false;
    ops_page_answer_form(&file->form, file->content_type, request, out);
    if (out->status == 405)
        return true;
    out->headers = file->shared ? shared_headers : own_headers;
    out->headers_count = file->shared ? sizeof shared_headers / sizeof shared_headers[0] : sizeof own_headers / sizeof own_headers[0];
    return true;
}
