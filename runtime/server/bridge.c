/* Between loops, and between loops and the store: what a tick collected leaves at its end as one piece. */
#include "loop.h"
#include "server.h"

#include <assert.h>

/* Requests that are handed over at once though the tick goes on: an idle writer has something to do while this loop reads the rest. */
enum { SUBMIT_AT = 32 };

/* ---- the store: group commit begins with handing over together what came together -------------------------------------- */

void ops_loop_submit(void *self, struct ops_store_request *request)
{
    struct ops_loop *loop = self;

    assert(request->loop == loop->index);
    request->next = NULL;
    *loop->submitted_end = request;
    loop->submitted_end = &request->next;
    if (++loop->submitted_count >= SUBMIT_AT)
        ops_loop_submit_all(loop);
}

void ops_loop_submit_all(struct ops_loop *loop)
{
    struct ops_store_request *chain = loop->submitted;

    if (chain == NULL)
        return;
    loop->submitted = NULL;
    loop->submitted_end = &loop->submitted;
    loop->submitted_count = 0;
    loop->server->store->ops->submit(loop->server->store, chain);
}

void ops_server_store_done(void *self, struct ops_store_request *chain)
{
    struct ops_server *server = self;
    struct ops_store_request *first[OPS_LOOPS_MAX] = {0}, **end[OPS_LOOPS_MAX];

    while (chain != NULL) {
        struct ops_store_request *request = chain;
        uint32_t loop = request->loop;

        assert(loop < server->loops_count);
        chain = request->next;
        request->next = NULL;
        if (first[loop] == NULL)
            end[loop] = &first[loop];
        *end[loop] = request;
        end[loop] = &request->next;
    }
    for (uint32_t i = 0; i < server->loops_count; i++)
        if (first[i] != NULL)
            ops_inbox_post_done(&server->loops[i].inbox, first[i]);
}

/* ---- mail from core to core ----------------------------------------------------------------------------------------------- */

static void deliver(struct ops_task *task, struct ops_loop *loop)
{
    struct ops_mail_batch *batch = (struct ops_mail_batch *)task; /* its first member */

    for (uint32_t i = 0; i < batch->count; i++)
        ops_core_mail(loop->core, batch->mails[i]);
    loop->mails_received += batch->count; /* see ops_drain_step */
    free(batch);
}

/* Mail cannot be refused, so no memory is the end here, as it is in h2o. */
void ops_loop_mail(void *self, uint32_t to, struct ops_mail *mail)
{
    struct ops_loop *loop = self;
    struct ops_mail_batch *batch = loop->outgoing[to];

    assert(to < loop->server->loops_count);
    if (batch == NULL || batch->count == batch->room) {
        uint32_t room = batch == NULL ? 16 : batch->room * 2;
        uint32_t count = batch == NULL ? 0 : batch->count;

        batch = h2o_mem_realloc(batch, sizeof *batch + room * sizeof(struct ops_mail *));
        batch->task.run = deliver;
        batch->count = count;
        batch->room = room;
        loop->outgoing[to] = batch;
    }
    batch->mails[batch->count++] = mail;
    atomic_fetch_add(&loop->server->mails_on_the_way, 1);
}

void ops_loop_mail_all(struct ops_loop *loop)
{
    for (uint32_t i = 0; i < loop->server->loops_count; i++) {
        struct ops_mail_batch *batch = loop->outgoing[i];

        if (batch == NULL)
            continue;
        loop->outgoing[i] = NULL;
        ops_inbox_post(&loop->server->loops[i].inbox, &batch->task);
    }
}
