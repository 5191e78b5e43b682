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

/* The same with a body that lasts longer than any request: none of it is copied, and a client on a slow line has all the time that it
 * needs, as long as it takes some of it within the write time-out. To HEAD only its length is sent. */
void ops_http_answer_lasting(h2o_req_t *req, int status, const char *reason, const char *type, struct ops_str body);

/* Value of the last header of this name (lower case); absent: there is none. Borrowed from the request. */
struct ops_str ops_http_header(const h2o_req_t *req, struct ops_str name);

/* Path of a request as it was sent, and its query (absent: none). */
struct ops_str ops_http_path(const h2o_req_t *req);
struct ops_str ops_http_query(const h2o_req_t *req);

/* Does the path of a request mean this one? In any letter case, with or without a slash at the end. */
bool ops_http_path_is(struct ops_str path, struct ops_str configured);

/* Value of a member of the query, its name in any letter case, as it was sent; absent: it is not there. */
struct ops_str ops_http_query_value(const h2o_req_t *req, struct ops_str name);

/* May a page of the request's Origin connect? False: it was answered 403, with a body that says so (spec/v1.md §4). */
bool ops_http_origin_passes(h2o_req_t *req);

/* 503: new clients go elsewhere. */
void ops_http_answer_draining(h2o_req_t *req);

/* upgrade.c: a request for a WebSocket's path. */
void ops_upgrade_request(h2o_req_t *req, bool echo);

/* upgrade.c: is it the opening handshake of a WebSocket, without a fault? Then its 101, and h2o's call when it is written (`io` NULL: it
 * could not be; `request_bytes` of io->input are the request). */
bool ops_upgrade_is_asked(h2o_req_t *req);
void ops_upgrade_answer(h2o_req_t *req, void (*upgraded)(void *self, h2o_socket_t *io, size_t request_bytes), void *self);

#endif
