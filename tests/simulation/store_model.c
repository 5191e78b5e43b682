/* See store_model.h. */
#include "store_model.h"

#include <stdio.h>
#include <stdlib.h>

static char *model_bytes(struct ops_str s)
{
    char *copy = malloc(s.len + 1);

    if (copy == NULL)
        abort();
    if (s.len != 0)
        memcpy(copy, s.ptr, s.len);
    copy[s.len] = '\0';
    return copy;
}

struct model_document *model_find(const struct model_store *store, struct ops_str id)
{
    struct model_document *d;

    for (d = store->documents; d != NULL; d = d->next) {
        if (ops_str_equal(ops_str_of(d->id, d->id_bytes), id))
            return d;
    }
    return NULL;
}

static struct model_document *model_open(struct model_store *store, struct ops_str id)
{
    struct model_document *d = model_find(store, id);

    if (d != NULL)
        return d;
    d = calloc(1, sizeof *d);
    if (d == NULL)
        abort();
    d->id = model_bytes(id);
    d->id_bytes = id.len;
    d->snapshot_revision = -1;
    d->next = store->documents;
    store->documents = d;
    return d;
}

void model_submit(struct model_store *store, struct ops_store_request *request)
{
    request->next = NULL;
    request->result = OPS_STORE_PENDING;
    if (store->last != NULL)
        store->last->next = request;
    else
        store->first = request;
    store->last = request;
    store->waiting++;
}

/* ---- appends -------------------------------------------------------------------------------------------------------------- */

static int64_t model_head(const struct model_document *d)
{
    int64_t head = d->snapshot_revision;

    if (d->row_count > 0 && d->rows[d->row_count - 1].revision > head)
        head = d->rows[d->row_count - 1].revision;
    return head < 1 ? 1 : head;
}

static void model_land(struct model_document *d, const struct ops_store_append *append)
{
    struct model_row *row;

    if (d->row_count == d->row_cap) {
        d->row_cap = d->row_cap != 0 ? d->row_cap * 2 : 16;
        d->rows = realloc(d->rows, d->row_cap * sizeof *d->rows);
        if (d->rows == NULL)
            abort();
    }
    row = &d->rows[d->row_count++];
    row->revision = append->op.revision;
    row->payload = model_bytes(append->op.payload);
    row->payload_bytes = append->op.payload.len;
    row->author_id = model_bytes(append->op.author_id);
    row->author_bytes = append->op.author_id.len;
    row->op_id = append->op.op_id.ptr != NULL ? model_bytes(append->op.op_id) : NULL;
    row->op_id_bytes = append->op.op_id.len;
    row->op_type_name = model_bytes(append->op.op_type_name);
    d->type = append->document_type.ptr;
}

static bool model_may_land(const struct model_document *d, const struct ops_store_append *append)
{
    return append->request.epoch >= d->epoch && append->request.epoch > d->broken_epoch &&
           append->op.revision == model_head(d) + 1;
}

static void model_append(struct model_store *store, struct ops_store_append *append, enum model_fate fate)
{
    struct model_document *d = model_open(store, append->request.document_id);

    if (!model_may_land(d, append))
        fate = MODEL_ABSENT;
    if (fate == MODEL_DONE || fate == MODEL_UNKNOWN_LANDED)
        model_land(d, append);
    append->request.result = fate == MODEL_DONE     ? OPS_STORE_DONE
                             : fate == MODEL_ABSENT ? OPS_STORE_ABSENT
                                                    : OPS_STORE_UNKNOWN;
    if (fate != MODEL_DONE) {
        if (append->request.epoch > d->broken_epoch)
            d->broken_epoch = append->request.epoch;
        snprintf(append->request.problem, sizeof append->request.problem, "the model says so");
    }
}

/* ---- reads ---------------------------------------------------------------------------------------------------------------- */

static void model_row_out(const struct model_row *row, struct ops_arena *arena, struct ops_store_op *out)
{
    memset(out, 0, sizeof *out);
    out->revision = row->revision;
    ops_arena_copy(arena, ops_str_of(row->payload, row->payload_bytes), &out->payload);
    ops_arena_copy(arena, ops_str_of(row->author_id, row->author_bytes), &out->author_id);
    ops_arena_copy(arena, ops_str_of(row->op_type_name, strlen(row->op_type_name)), &out->op_type_name);
    if (row->op_id != NULL)
        ops_arena_copy(arena, ops_str_of(row->op_id, row->op_id_bytes), &out->op_id);
}

static void model_load(struct model_store *store, struct ops_store_load *load)
{
    struct model_document *d = model_open(store, load->request.document_id);
    struct ops_store_op *ops;
    size_t i, first = 0;

    if (load->fence && load->request.epoch > d->epoch)
        d->epoch = load->request.epoch;
    load->snapshot_revision = d->snapshot_revision;
    load->exists = d->snapshot_revision >= 0 || d->row_count > 0;
    if (d->type != NULL)
        load->document_type = ops_str_of(d->type, strlen(d->type));
    if (d->snapshot_revision >= 0)
        ops_arena_copy(load->arena, ops_str_of(d->snapshot, d->snapshot_bytes), &load->snapshot);
    while (first < d->row_count && d->rows[first].revision + (int64_t)load->tail_ops <= d->snapshot_revision)
        first++;
    ops = ops_arena_array(load->arena, d->row_count - first + 1, sizeof *ops);
    for (i = first; i < d->row_count; i++)
        model_row_out(&d->rows[i], load->arena, &ops[i - first]);
    load->ops = ops;
    load->ops_count = d->row_count - first;
}

static void model_history(struct model_store *store, struct ops_store_history *history)
{
    struct model_document *d = model_open(store, history->request.document_id);
    struct ops_store_op *ops = ops_arena_array(history->arena, d->row_count + 1, sizeof *ops);
    size_t i;

    for (i = 0; i < d->row_count; i++) {
        if (d->rows[i].revision >= history->from && d->rows[i].revision <= history->to)
            model_row_out(&d->rows[i], history->arena, &ops[history->ops_count++]);
    }
    history->ops = ops;
}

static void model_row_free(struct model_row *row)
{
    free(row->payload);
    free(row->author_id);
    free(row->op_id);
    free(row->op_type_name);
}

static void model_snapshot(struct model_store *store, const struct ops_store_snapshot *snapshot)
{
    struct model_document *d = model_open(store, snapshot->request.document_id);
    size_t cut = 0;

    if (snapshot->revision <= d->snapshot_revision)
        return;
    free(d->snapshot);
    d->snapshot = model_bytes(snapshot->state);
    d->snapshot_bytes = snapshot->state.len;
    d->snapshot_revision = snapshot->revision;
    while (cut < d->row_count && d->rows[cut].revision < snapshot->keep_from && d->rows[cut].revision <= snapshot->revision)
        model_row_free(&d->rows[cut++]);
    memmove(d->rows, d->rows + cut, (d->row_count - cut) * sizeof *d->rows);
    d->row_count -= cut;
}

/* ---- a step ----------------------------------------------------------------------------------------------------------------- */

/* What waits before it of the same document goes first; a fence overtakes the appends that it ends. */
static bool model_blocked(const struct model_store *store, const struct ops_store_request *request)
{
    const struct ops_store_request *r;

    if (request->kind == OPS_STORE_LOAD || request->kind == OPS_STORE_HISTORY)
        return false; /* reads never wait behind commits */
    for (r = store->first; r != request; r = r->next) {
        if (ops_str_equal(r->document_id, request->document_id) && r->kind == request->kind)
            return true;
    }
    return false;
}

struct ops_store_request *model_step(struct model_store *store, size_t index, enum model_fate fate, bool fail)
{
    struct ops_store_request *request = store->first, *before = NULL;

    for (; index > 0 && request != NULL; index--) {
        before = request;
        request = request->next;
    }
    if (request == NULL || model_blocked(store, request))
        return NULL;
    if (before != NULL)
        before->next = request->next;
    else
        store->first = request->next;
    if (store->last == request)
        store->last = before;
    store->waiting--;
    request->next = NULL;
    request->result = fail ? OPS_STORE_ABSENT : OPS_STORE_DONE;
    if (request->kind == OPS_STORE_APPEND)
        model_append(store, (struct ops_store_append *)request, fate);
    else if (!fail && request->kind == OPS_STORE_LOAD)
        model_load(store, (struct ops_store_load *)request);
    else if (!fail && request->kind == OPS_STORE_HISTORY)
        model_history(store, (struct ops_store_history *)request);
    else if (!fail && request->kind == OPS_STORE_SNAPSHOT)
        model_snapshot(store, (struct ops_store_snapshot *)request);
    return request;
}

void model_crash(struct model_store *store, uint64_t (*random)(void *self), void *self)
{
    struct ops_store_request *r;
    struct model_document *d;

    for (r = store->first; r != NULL; r = r->next) {
        if (r->kind != OPS_STORE_APPEND)
            continue;
        d = model_open(store, r->document_id);
        if (!model_may_land(d, (struct ops_store_append *)r))
            continue;
        if (random(self) % 2 == 0)
            model_land(d, (struct ops_store_append *)r);
        else
            d->broken_epoch = UINT64_MAX - 1; /* nothing behind it */
    }
    for (d = store->documents; d != NULL; d = d->next)
        d->epoch = d->broken_epoch = 0; /* the next process counts anew */
    store->first = store->last = NULL;
    store->waiting = 0;
}

void model_end(struct model_store *store)
{
    struct model_document *d;
    size_t i;

    while ((d = store->documents) != NULL) {
        store->documents = d->next;
        for (i = 0; i < d->row_count; i++)
            model_row_free(&d->rows[i]);
        free(d->rows);
        free(d->snapshot);
        free(d->id);
        free(d);
    }
}
