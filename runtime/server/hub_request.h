/* One HTTP request about a hub connection: comes in on one loop (origin), is decided on another, or the same (home).
 *
 *   origin: made ── task ──► home: kept or decided ── task ──► origin: answered, freed
 *
 * The part of it that travels is whoever's the task is; the h2o_req_t is never touched but by the origin. When the client goes away
 * meanwhile, a second task says so at home, which then answers into the void. An event stream goes back and forth once for each part
 * of it: one part is on its way at a time. */
#ifndef OPS_SERVER_HUB_REQUEST_H
#define OPS_SERVER_HUB_REQUEST_H

#include "accepted.h"
#include "hub_names.h"
#include "loop.h"

enum ops_hub_verb { OPS_HUB_POLL, OPS_HUB_STREAM, OPS_HUB_POST, OPS_HUB_DELETE, OPS_HUB_UPGRADE };

struct ops_hub_request {
    struct ops_task task; /* first: to home, or back */
    struct ops_task gone; /* the client has gone: to home, and back */
    struct ops_loop *origin, *home;
    char token[OPS_HUB_ID_CHARS];
    uint8_t verb; /* enum ops_hub_verb */

    /* of the origin */
    h2o_req_t *req;              /* NULL: answered, or the client has gone */
    struct ops_accepted *accepted;
    void *link;                  /* in the request's pool */
    bool gone_sent, gone_back, answered;
    bool part_out;               /* h2o has a part of the stream */
    void *stream;                /* its generator, once its head has been sent */

    /* of home */
    struct ops_hub *hub;         /* waits there */
    struct ops_hub_request *next; /* of its posts */
    struct ops_timer timer;      /* of a poll that hangs */
    bool here;                   /* at home: neither on its way nor with the origin */

    /* there */
    char *body; /* of a POST */
    size_t body_bytes, body_at;

    /* and back */
    int status;          /* 101: upgrade; 0: only to be freed */
    const char *reason;
    struct ops_str text; /* static */
    char *data;          /* of a poll, or a part of the stream; or NULL */
    size_t data_bytes;
    bool last;           /* of the stream */
};

/* On the origin: makes one and sends it home; `req` is answered by what comes back. */
void ops_hub_request_send(h2o_req_t *req, struct ops_loop *home, enum ops_hub_verb verb, struct ops_str token);

/* At home: the answer; the request is not home's any more. Texts are static. */
void ops_hub_request_answer(struct ops_hub_request *request, int status, const char *reason, struct ops_str text);

/* At home: the answer to a poll, or the next part of a stream; `data` (malloc) goes along. */
void ops_hub_request_answer_data(struct ops_hub_request *request, char *data, size_t bytes);
void ops_hub_request_part(struct ops_hub_request *request, char *data, size_t bytes, bool last);

/* On the origin (hub_http.c): the upgrade was agreed to; to be freed when the socket is handed over. */
void ops_hub_request_upgrade(struct ops_hub_request *request, h2o_req_t *req);
void ops_hub_request_free(struct ops_hub_request *request);

/* hub_http.c: headers of an answer that no cache may keep. */
void ops_hub_add_uncached(h2o_req_t *req);

#endif
