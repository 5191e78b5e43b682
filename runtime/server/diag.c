/* Diagnostics of one document: its core says what is in memory, the store what was logged last. */
#include <stdlib.h>

#include "admin.h"
#include "answers.h"
#include "server.h"

struct diag {
    struct ops_task task;       /* first: to the document's loop, and back */
    struct ops_store_call call;
    struct ops_store_history history;
    struct ops_answer *answer;
    struct ops_diagnostics found;
    struct ops_arena arena;     /* of what the store answers */
    char type[256];
    char document_id[];
};

static void finish(struct diag *diag)
{
    struct ops_answer *answer = diag->answer;
    struct ops_loop *loop = answer->loop;
    struct ops_page page = {0};

    diag->found.recent = diag->history.ops;
    diag->found.recent_count = diag->history.ops_count;
    if (answer->req != NULL)
        ops_admin_diagnostics(&answer->request, loop->server->config->wire_profile, &diag->found, &loop->encode, &page);
    ops_answer_page(answer, &page);
    ops_arena_reset(&loop->encode);
    ops_arena_reset(&diag->arena);
    free(diag);
}

static void on_history(struct ops_store_call *call, struct ops_loop *loop)
{
    struct diag *diag = H2O_STRUCT_FROM_MEMBER(struct diag, call, call);

    (void)loop;
    if (diag->history.request.result != OPS_STORE_DONE)
        diag->history.ops_count = 0;
    finish(diag);
}

static void read_history(struct ops_task *task, struct ops_loop *loop)
{
    struct diag *diag = (struct diag *)(void *)task; /* its first member */
    struct ops_store_history *history = &diag->history;

    if (!diag->found.document.open || diag->found.document.durable_revision <= 0) {
        finish(diag);
        return;
    }
    history->request.kind = OPS_STORE_HISTORY;
    history->request.document_id = diag->found.document_id;
    history->to = diag->found.document.durable_revision;
    history->from = history->to > OPS_DIAGNOSTICS_OPS ? history->to - OPS_DIAGNOSTICS_OPS + 1 : 1;
    history->limit_ops = OPS_DIAGNOSTICS_OPS;
    history->limit_bytes = SIZE_MAX;
    history->arena = &diag->arena;
    diag->call.done = on_history;
    ops_store_call(loop, &diag->call, &history->request);
}

/* On the document's loop. Its texts live as long as that core; it may end before ours, so they are copied. */
static void inspect(struct ops_task *task, struct ops_loop *loop)
{
    struct diag *diag = (struct diag *)(void *)task; /* its first member */
    struct ops_str type;

    ops_core_inspect(loop->core, diag->found.document_id, &diag->found.document);
    type = diag->found.document.document_type;
    if (type.ptr != NULL && type.len <= sizeof diag->type) {
        memcpy(diag->type, type.ptr, type.len);
        diag->found.document.document_type.ptr = diag->type;
    }
    diag->task.run = read_history;
    ops_inbox_post(&diag->answer->loop->inbox, &diag->task);
}

void ops_answer_diagnostics(struct ops_answer *answer, struct ops_str document_id)
{
    struct ops_loop *loop = answer->loop;
    struct diag *diag = calloc(1, sizeof *diag + document_id.len);
    struct ops_page page = {0};

    if (diag == NULL) {
        ops_page_text(500, "Internal Server Error", OPS_STR("out of memory\n"), &page);
        ops_answer_page(answer, &page);
        return;
    }
    memcpy(diag->document_id, document_id.ptr, document_id.len);
    diag->found.document_id = ops_str_of(diag->document_id, document_id.len);
    diag->found.node_id = OPS_STR("LocalNode");
    diag->answer = answer;
    ops_arena_init(&diag->arena, NULL, 0, SIZE_MAX / 4, &ops_server_memory);
    diag->task.run = inspect;
    ops_inbox_post(&loop->server->loops[ops_core_loop_of(loop->core, diag->found.document_id)].inbox, &diag->task);
}
