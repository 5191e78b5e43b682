#include "document.h"

#include <stdlib.h>

static bool text_copy(struct ops_str from, struct ops_str *to)
{
    char *ptr;

    *to = ops_str_of(NULL, 0);
    if (from.ptr == NULL)
        return true;
    ptr = malloc(from.len > 0 ? from.len : 1);
    if (ptr == NULL)
        return false;
    if (from.len > 0)
        memcpy(ptr, from.ptr, from.len);
    *to = ops_str_of(ptr, from.len);
    return true;
}

static void text_free(struct ops_str s)
{
    free((void *)(uintptr_t)s.ptr);
}

static void op_free(struct ops_store_op *op)
{
    text_free(op->payload);
    text_free(op->author_id);
    text_free(op->op_type_name);
    text_free(op->op_id);
}

static bool op_copy(const struct ops_store_op *from, struct ops_store_op *to)
{
    bool ok;

    *to = *from;
    ok = text_copy(from->payload, &to->payload);
    ok &= text_copy(from->author_id, &to->author_id);
    ok &= text_copy(from->op_type_name, &to->op_type_name);
    ok &= text_copy(from->op_id, &to->op_id);
    if (!ok)
        op_free(to);
    return ok;
}

struct memory_document *memory_document_new(struct ops_str id)
{
    struct memory_document *d = calloc(1, sizeof *d);

    if (d != NULL && !text_copy(id, &d->node.id)) {
        free(d);
        d = NULL;
    }
    if (d != NULL)
        d->snapshot_revision = -1;
    return d;
}

void memory_document_free(struct memory_document *d)
{
    for (size_t i = 0; i < d->count; i++)
        op_free(&d->ops[d->head + i]);
    free(d->ops);
    text_free(d->snapshot);
    text_free(d->type);
    text_free(d->node.id);
    free(d);
}

int64_t memory_document_revision(const struct memory_document *d)
{
    int64_t last = d->count > 0 ? d->ops[d->head + d->count - 1].revision : -1;

    return last > d->snapshot_revision ? last : d->snapshot_revision;
}

/* Room for one more row. */
static bool reserve(struct memory_document *d)
{
    struct ops_store_op *ops;
    size_t cap = d->cap > 0 ? d->cap * 2 : 16;

    if (d->head + d->count < d->cap)
        return true;
    if (d->head > 0 && d->head >= d->count) { /* at least half is free: move down instead */
        memcpy(d->ops, d->ops + d->head, d->count * sizeof *d->ops);
        d->head = 0;
        return true;
    }
    ops = realloc(d->ops, cap * sizeof *ops);
    if (ops == NULL)
        return false;
    d->ops = ops;
    d->cap = cap;
    return true;
}

static void refuse(struct memory_document *d, struct ops_store_append *a, const char *why)
{
    ops_store_fence_break(&d->fence, a->request.epoch);
    ops_store_fail(&a->request, OPS_STORE_ABSENT, "append of revision %lld: %s", (long long)a->op.revision, why);
}

void memory_document_append(struct memory_document *d, struct ops_store_append *a)
{
    const char *why = ops_store_fence_refuses(&d->fence, a->request.epoch);
    int64_t last = memory_document_revision(d);

    if (why == NULL && memory_document_exists(d) && a->op.revision != last + 1)
        why = a->op.revision <= last ? "the revision exists" : "not one above the document's last revision";
    if (why == NULL && (!reserve(d) || (d->type.ptr == NULL && !text_copy(a->document_type, &d->type)) ||
                        !op_copy(&a->op, &d->ops[d->head + d->count])))
        why = "no memory";
    if (why != NULL) {
        refuse(d, a, why);
        return;
    }
    d->count++;
    a->request.result = OPS_STORE_DONE;
}

/* The place of the first row at or above `revision`. */
static size_t place_of(const struct memory_document *d, int64_t revision)
{
    size_t low = 0, high = d->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (d->ops[d->head + middle].revision < revision)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void drop_oldest(struct memory_document *d)
{
    op_free(&d->ops[d->head]);
    d->head++;
    d->count--;
}

void memory_document_snapshot(struct memory_document *d, struct ops_store_snapshot *s)
{
    struct ops_str state;
    size_t bytes = 0;
    int64_t keep_from = s->keep_from > s->revision ? s->revision + 1 : s->keep_from;

    if (s->revision > d->snapshot_revision) {
        if ((d->type.ptr == NULL && !text_copy(s->document_type, &d->type)) || !text_copy(s->state, &state)) {
            ops_store_fail(&s->request, OPS_STORE_ABSENT, "snapshot: no memory");
            return;
        }
        text_free(d->snapshot);
        d->snapshot = state.ptr != NULL ? state : ops_str_of(calloc(1, 1), 0);
        d->snapshot_revision = s->revision;
        d->snapshot_time = s->timestamp;
    }
    while (d->count > 0 && d->ops[d->head].revision < keep_from)
        drop_oldest(d);
    for (size_t i = 0, end = place_of(d, s->revision + 1); i < end; i++)
        bytes += d->ops[d->head + i].payload.len;
    while (d->count > 0 && d->ops[d->head].revision <= s->revision && bytes > s->keep_bytes) {
        bytes -= d->ops[d->head].payload.len;
        drop_oldest(d);
    }
    s->request.result = OPS_STORE_DONE;
}

static bool copy_range(const struct memory_document *d, size_t from, size_t to, struct ops_arena *arena,
                       const struct ops_store_op **ops)
{
    struct ops_store_op *copy = ops_arena_array(arena, to - from, sizeof *copy);

    if (copy == NULL)
        return false;
    for (size_t i = from; i < to; i++)
        if (!ops_store_op_copy(arena, &d->ops[d->head + i], &copy[i - from]))
            return false;
    *ops = copy;
    return true;
}

void memory_document_load(struct memory_document *d, struct ops_store_load *l)
{
    size_t from = place_of(d, d->snapshot_revision + 1), bytes = 0;

    for (uint32_t tail = 0; from > 0 && tail < l->tail_ops; tail++, from--) {
        bytes += d->ops[d->head + from - 1].payload.len;
        if (bytes > l->tail_limit_bytes)
            break;
    }
    l->exists = memory_document_exists(d);
    l->snapshot_revision = d->snapshot_revision;
    l->snapshot_time = d->snapshot_time;
    if (!ops_arena_copy(l->arena, d->type, &l->document_type) || !ops_arena_copy(l->arena, d->snapshot, &l->snapshot) ||
        !copy_range(d, from, d->count, l->arena, &l->ops)) {
        ops_store_fail(&l->request, OPS_STORE_ABSENT, "load: a memory limit was reached");
        return;
    }
    l->ops_count = d->count - from;
    l->request.result = OPS_STORE_DONE;
}

void memory_document_history(const struct memory_document *d, struct ops_store_history *h)
{
    size_t from = place_of(d, h->from), to = from, bytes = 0;

    while (to < d->count && to - from < h->limit_ops && d->ops[d->head + to].revision <= h->to) {
        bytes += d->ops[d->head + to].payload.len;
        if (to > from && bytes > h->limit_bytes)
            break;
        to++;
    }
    if (!copy_range(d, from, to, h->arena, &h->ops)) {
        ops_store_fail(&h->request, OPS_STORE_ABSENT, "history: a memory limit was reached");
        return;
    }
    h->ops_count = to - from;
    h->request.result = OPS_STORE_DONE;
}
