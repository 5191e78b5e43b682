/* The memory backend: for the life of the process, answered inside `submit`.
 *
 * One lock for all documents: a request holds it for about a microsecond, so loops hardly meet. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "backends/provider.h"
#include "document.h"

struct memory_store {
    struct ops_store store; /* first */
    struct ops_store_env env;
    pthread_mutex_t lock;
    struct ops_ids ids;
    struct memory_document **all; /* in the order of their ids once sorted */
    size_t all_count, all_cap;
    bool sorted;
};

static struct memory_document *document_find(struct memory_store *s, struct ops_str id)
{
    return (struct memory_document *)(void *)ops_ids_find(&s->ids, id);
}

/* Finds or makes it; NULL when there is no memory. */
static struct memory_document *document_get(struct memory_store *s, struct ops_str id)
{
    struct memory_document *d = document_find(s, id);

    if (d != NULL)
        return d;
    if (s->all_count == s->all_cap) {
        size_t cap = s->all_cap > 0 ? s->all_cap * 2 : 64;
        struct memory_document **all = realloc(s->all, cap * sizeof(struct memory_document *));

        if (all == NULL)
            return NULL;
        s->all = all;
        s->all_cap = cap;
    }
    d = memory_document_new(id);
    if (d == NULL)
        return NULL;
    ops_ids_insert(&s->ids, &d->node);
    s->all[s->all_count++] = d;
    s->sorted = false;
    return d;
}

static int by_id(const void *a, const void *b)
{
    const struct memory_document *const *x = a, *const *y = b;

    return ops_store_id_compare((*x)->node.id, (*y)->node.id);
}

/* The place of the first document whose id is above `after` and not below `prefix`. */
static size_t first_place(const struct memory_store *s, struct ops_str after, struct ops_str prefix)
{
    size_t low = 0, high = s->all_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct ops_str id = s->all[middle]->node.id;

        if ((after.ptr != NULL && ops_store_id_compare(id, after) <= 0) ||
            (prefix.ptr != NULL && ops_store_id_compare(id, prefix) < 0))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool describe(const struct memory_document *d, struct ops_arena *arena, struct ops_store_document *out)
{
    out->revision = memory_document_revision(d);
    out->op_count = (int64_t)d->count;
    out->last_modified = d->snapshot_time;
    if (d->count > 0)
        out->last_modified = ops_store_later(d->snapshot_time, d->ops[d->head + d->count - 1].timestamp);
    return ops_arena_copy(arena, d->node.id, &out->document_id) && ops_arena_copy(arena, d->type, &out->document_type);
}

static void documents(struct memory_store *s, struct ops_store_documents *q)
{
    struct ops_store_document *out = NULL;
    size_t count = 0, room = 0;

    if (!s->sorted && s->all_count > 1)
        qsort(s->all, s->all_count, sizeof(struct memory_document *), by_id);
    s->sorted = true;
    for (size_t i = first_place(s, q->after, q->prefix); i < s->all_count && count < q->limit; i++) {
        const struct memory_document *d = s->all[i];

        if (!ops_store_has_prefix(d->node.id, q->prefix))
            break;
        if (!memory_document_exists(d))
            continue;
        if (count == room) {
            struct ops_store_document *more = ops_arena_grow(q->arena, out, room * sizeof *out, (room * 2 + 16) * sizeof *out);

            if (more == NULL)
                goto no_room;
            out = more;
            room = room * 2 + 16;
        }
        if (!describe(d, q->arena, &out[count]))
            goto no_room;
        count++;
    }
    q->documents = out;
    q->documents_count = count;
    q->request.result = OPS_STORE_DONE;
    return;
no_room:
    ops_store_fail(&q->request, OPS_STORE_ABSENT, "documents: a memory limit was reached");
}

static void load(struct memory_store *s, struct ops_store_load *l)
{
    static const struct memory_document none = {.snapshot_revision = -1};
    struct memory_document *d = l->fence ? document_get(s, l->request.document_id) : document_find(s, l->request.document_id);
    struct memory_document nothing = none;

    if (l->fence && d == NULL) {
        ops_store_fail(&l->request, OPS_STORE_ABSENT, "load: no memory");
        return;
    }
    if (l->fence && l->request.epoch < d->fence.epoch) {
        ops_store_fail(&l->request, OPS_STORE_ABSENT, "load: the document was fenced by a later epoch");
        return;
    }
    if (l->fence)
        ops_store_fence_raise(&d->fence, l->request.epoch);
    memory_document_load(d != NULL ? d : &nothing, l);
}

static void write_request(struct memory_store *s, struct ops_store_request *r)
{
    struct memory_document *d = document_get(s, r->document_id);

    if (d == NULL)
        ops_store_fail(r, OPS_STORE_ABSENT, "no memory");
    else if (r->kind == OPS_STORE_APPEND)
        memory_document_append(d, (struct ops_store_append *)(void *)r);
    else
        memory_document_snapshot(d, (struct ops_store_snapshot *)(void *)r);
}

static void carry_out(struct memory_store *s, struct ops_store_request *r)
{
    static const struct memory_document none = {.snapshot_revision = -1};
    const struct memory_document *d;

    r->result = OPS_STORE_PENDING;
    r->problem[0] = '\0';
    switch (r->kind) {
    case OPS_STORE_APPEND:
    case OPS_STORE_SNAPSHOT:
        write_request(s, r);
        break;
    case OPS_STORE_LOAD:
        load(s, (struct ops_store_load *)(void *)r);
        break;
    case OPS_STORE_HISTORY:
        d = document_find(s, r->document_id);
        memory_document_history(d != NULL ? d : &none, (struct ops_store_history *)(void *)r);
        break;
    case OPS_STORE_DOCUMENTS:
        documents(s, (struct ops_store_documents *)(void *)r);
        break;
    case OPS_STORE_HEALTH:
        r->result = OPS_STORE_DONE;
        break;
    }
}

static void memory_submit(struct ops_store *store, struct ops_store_request *chain)
{
    struct memory_store *s = (struct memory_store *)(void *)store;

    if (chain == NULL)
        return;
    (void)pthread_mutex_lock(&s->lock);
    for (struct ops_store_request *r = chain; r != NULL; r = r->next)
        carry_out(s, r);
    (void)pthread_mutex_unlock(&s->lock);
    s->env.done(s->env.self, chain);
}

static void memory_close(struct ops_store *store)
{
    struct memory_store *s = (struct memory_store *)(void *)store;

    for (size_t i = 0; i < s->all_count; i++)
        memory_document_free(s->all[i]);
    free(s->all);
    ops_ids_drop(&s->ids);
    (void)pthread_mutex_destroy(&s->lock);
    free(s);
}

static const struct ops_store_ops memory_ops = {"memory", false, false, memory_submit, memory_close};

struct ops_store *ops_memory_open(const struct ops_store_config *config, const struct ops_store_env *env, char *problem,
                                  size_t problem_bytes)
{
    struct memory_store *s = calloc(1, sizeof *s);

    (void)config; /* a connection string is left unread, as by the released server */
    if (s == NULL || !ops_ids_init(&s->ids)) {
        free(s);
        (void)snprintf(problem, problem_bytes, "memory: no memory");
        return NULL;
    }
    s->store.ops = &memory_ops;
    s->env = *env;
    (void)pthread_mutex_init(&s->lock, NULL);
    return &s->store;
}
