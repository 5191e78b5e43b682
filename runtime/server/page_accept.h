/* What a client will take, as its request says: form, coding, what it has already (RFC 9110 §12.5, §13.1.2). Pure functions over
 * header values; a value that is absent or makes no sense asks for nothing. */
#ifndef OPS_SERVER_PAGE_ACCEPT_H
#define OPS_SERVER_PAGE_ACCEPT_H

#include "runtime/base/error.h"

/* Does this Accept name text/html? Browsers do; curl, fetch and scripts send a wildcard or nothing. */
bool ops_page_accepts_html(struct ops_str accept);

/* Is gzip what this Accept-Encoding would rather have than the bytes as they are? Nothing said: no. */
bool ops_page_accepts_gzip(struct ops_str accept_encoding);

/* Does this If-None-Match have the tag (quotes included), weak or not, in a list, or is it `*`? */
bool ops_page_has_tag(struct ops_str if_none_match, struct ops_str etag);

#endif
