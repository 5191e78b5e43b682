/* Recent ops: kept for rebase, catch-up and undo, whatever snapshots and the log do. Bounded by count and bytes; the oldest go
 * first, one piece of memory each, but never one that is not durable. */
#include "private.h"

enum { RECENTS_FIRST_CAP = 16 };

static bool recents_room(struct ops_document *document)
{
    struct recents *r = &document->recents;
    size_t cap;
    const void **ops;
    struct recent *items;

    if (r->start + r->count < r->cap)
        return true;
    if (r->start > r->count) { /* half of it is free at the front: move down */
        memmove(r->ops, r->ops + r->start, r->count * sizeof *r->ops);
        memmove(r->items, r->items + r->start, r->count * sizeof *r->items);
        r->start = 0;
        return true;
    }
    cap = r->cap != 0 ? r->cap * 2 : (size_t)RECENTS_FIRST_CAP;
    ops = ops_pool_resize(&document->pool, r->ops, r->cap * sizeof *ops, cap * sizeof *ops);
    if (ops == NULL)
        return false;
    r->ops = ops;
    items = ops_pool_alloc(&document->pool, cap * sizeof *items);
    if (items == NULL) {
        ops = ops_pool_resize(&document->pool, r->ops, cap * sizeof *ops, r->cap * sizeof *ops);
        r->ops = ops != NULL ? ops : r->ops;
        return false;
    }
    if (r->items != NULL) {
        memcpy(items, r->items, r->cap * sizeof *items);
        ops_pool_free(&document->pool, r->items, r->cap * sizeof *items);
    }
    r->items = items;
    r->cap = cap;
    return true;
}

/* Everything of one op, in `arena`. */
static const void *recents_copy(const struct ops_document *document, struct ops_arena *arena, const void *op,
                                struct ops_str op_id, struct ops_str author_id, struct recent *item)
{
    void *copy = ops_arena_alloc(arena, document->engine->op_type->size);

    if (copy == NULL || !ops_message_copy(document->engine->op_type, op, arena, copy) ||
        !ops_arena_copy(arena, op_id, &item->op_id) || !ops_arena_copy(arena, author_id, &item->author_id))
        return NULL;
    return copy;
}

bool ops_recents_add(struct ops_document *document, const void *op, struct ops_str op_id, struct ops_str author_id,
                     uint64_t connection, uint32_t loop)
{
    struct recents *r = &document->recents;
    struct ops_arena *scratch = &document->core->scratch, arena;
    struct ops_arena_mark mark = ops_arena_here(scratch);
    size_t before = scratch->used_bytes;
    struct recent item;
    const void *copy;

    memset(&item, 0, sizeof item);
    if (!recents_room(document))
        return false;
    copy = recents_copy(document, scratch, op, op_id, author_id, &item); /* once to learn its size */
    item.piece_bytes = scratch->used_bytes - before;
    ops_arena_rewind(scratch, mark);
    item.piece = copy != NULL ? ops_pool_alloc(&document->pool, item.piece_bytes) : NULL;
    if (item.piece == NULL)
        return false;
    ops_arena_init(&arena, item.piece, item.piece_bytes, SIZE_MAX, NULL);
    copy = recents_copy(document, &arena, op, op_id, author_id, &item);
    item.connection = connection;
    item.loop = loop;
    r->ops[r->start + r->count] = copy;
    r->items[r->start + r->count] = item;
    r->count++;
    r->bytes += item.piece_bytes;
    document->core->stats.recent_bytes += item.piece_bytes;
    return true;
}

static void recents_free(struct ops_document *document, size_t index)
{
    struct recents *r = &document->recents;
    struct recent *item = &r->items[index];

    r->bytes -= item->piece_bytes;
    document->core->stats.recent_bytes -= item->piece_bytes;
    ops_pool_free(&document->pool, item->piece, item->piece_bytes);
}

void ops_recents_trim(struct ops_document *document)
{
    const struct ops_core_config *config = &document->core->config;
    struct recents *r = &document->recents;

    while ((r->count > config->recent_max_ops || r->bytes > config->recent_max_bytes) && r->first < document->durable) {
        recents_free(document, r->start);
        r->start++;
        r->count--;
        r->first++;
    }
}

void ops_recents_cut(struct ops_document *document, int64_t above)
{
    struct recents *r = &document->recents;

    while (r->count > 0 && r->first + (int64_t)r->count > above) {
        r->count--;
        recents_free(document, r->start + r->count);
    }
}

void ops_recents_end(struct ops_document *document)
{
    struct recents *r = &document->recents;

    ops_recents_cut(document, r->first);
    ops_pool_free(&document->pool, r->ops, r->cap * sizeof *r->ops);
    ops_pool_free(&document->pool, r->items, r->cap * sizeof *r->items);
}

int64_t ops_recents_find(const struct ops_document *document, struct ops_str op_id, int64_t after)
{
    const struct recents *r = &document->recents;
    int64_t revision = r->first + (int64_t)r->count;

    for (; revision > after && revision > r->first; revision--) { /* a repeat is nearly always of a late op */
        if (ops_str_equal(ops_recents_item(r, revision)->op_id, op_id))
            return revision;
    }
    return 0;
}

struct ops_op_list ops_recents_pending(const struct ops_document *document)
{
    const struct recents *r = &document->recents;
    struct ops_op_list list;

    list.count = (size_t)(document->accepted - document->durable);
    list.ops = list.count != 0 ? r->ops + r->start + (size_t)(document->durable - r->first) : NULL;
    return list;
}
