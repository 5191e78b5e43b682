/* HTTP/1.1 by h2o: what each path is answered with, on the public and on the admin listener. h2o's own HTTP/2 is out of reach. */
#ifndef OPS_SERVER_HTTP_H
#define OPS_SERVER_HTTP_H

#include "loop.h"

/* One configuration for all loops. NULL: no memory. Lives as long as the process: h2o keeps references into it. */
struct ops_http *ops_http_open(struct ops_server *server);

/* The loop's share of it; on its thread. */
void ops_http_context_open(struct ops_loop *loop);

/* The loop of a request. */
struct ops_loop *ops_http_loop(h2o_req_t *req);

/* Answers with a whole body (copied). `type` NULL: none. Further headers: h2o_add_header before. */
void ops_http_answer(h2o_req_t *req, int status, const char *reason, const char *type, struct ops_str body);

/* Value of the last header of this name (lower case); absent: there is none. Borrowed from the request. */
struct ops_str ops_http_header(const h2o_req_t *req, struct ops_str name);

/* Path of a request as it was sent, and its query (absent: none). */
struct ops_str ops_http_path(const h2o_req_t *req);
struct ops_str ops_http_query(const h2o_req_t *req);

/* Does the path of a request mean this one? In any letter case, with or without a slash at the end. */
bool ops_http_path_is(struct ops_str path, struct ops_str configured);

/* upgrade.c: a request for a WebSocket's path. */
void ops_upgrade_request(h2o_req_t *req, bool echo);

#endif
