/* Which page answers which request (page.h, health.h, admin.h), and what it takes to make it: counts of every loop, the store's word. */
#ifndef OPS_SERVER_ANSWERS_H
#define OPS_SERVER_ANSWERS_H

#include "gather.h"
#include "page.h"

/* A request for anything but a WebSocket, on the public or on the admin listener. Answered now or later. */
void ops_answer_public(h2o_req_t *req);
void ops_answer_admin(h2o_req_t *req);

/* A request that is answered later, if the client is still there by then. */
struct ops_answer {
    h2o_req_t *req; /* NULL: the client has gone */
    struct ops_loop *loop;
    struct ops_page_request request; /* valid while `req` is there */
    void *waiter_link;               /* private to answers.c */
    struct ops_probe_waiter waiter;
    struct ops_gather *gather;       /* what the loops have counted, once they have */
    void (*go_on)(struct ops_answer *answer);
    int kind;                        /* of the page */
    bool store_ok;
};

/* NULL: no memory; then the request has been answered. */
struct ops_answer *ops_answer_later(h2o_req_t *req, struct ops_loop *loop);

/* Sends the page if the client is still there, and frees the answer. */
void ops_answer_page(struct ops_answer *answer, const struct ops_page *page);

/* diag.c: answers with what is known of a document. */
void ops_answer_diagnostics(struct ops_answer *answer, struct ops_str document_id);

#endif
