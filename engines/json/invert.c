/* Json: composing batches, and the batch that takes one back (spec/opstream-engines.md §3.5, §3.6). */
#include "private.h"

enum ops_err json_transform(const void *incoming, const void *existing, enum ops_priority priority, struct ops_arena *arena,
                            const void **out)
{
    (void)existing;
    (void)priority;
    (void)arena;
    *out = incoming;
    return OPS_OK;
}

enum ops_err json_compose(const void *a, const void *b, struct ops_arena *arena, const void **out)
{
    struct json_reduced reduced;
    struct ops_json_op_batch *made = (struct ops_json_op_batch *)ops_arena_alloc(arena, sizeof *made);
    struct ops_json_op *list;
    size_t slot;

    if (made == NULL || json_reduce((const struct ops_json_op_batch *)a, (const struct ops_json_op_batch *)b, arena,
                                    &reduced) != OPS_OK)
        return OPS_ERR_NOMEM;
    list = (struct ops_json_op *)ops_arena_array(arena, reduced.slot_count + 1, sizeof *list);
    if (list == NULL)
        return OPS_ERR_NOMEM;
    made->operations = list;
    made->operations_count = 0;
    for (slot = 0; slot < reduced.slot_count; slot++) {
        if (reduced.slots[slot] != NULL)
            list[made->operations_count++] = *reduced.slots[slot];
    }
    *out = made->operations_count > 0 ? made : NULL;
    return OPS_OK;
}

/* Writes what `old` was (NULL: nothing) back. */
static void invert_one(struct ops_json_op *out, struct ops_str path, const struct json_register *old, int64_t timestamp,
                       struct ops_str peer)
{
    memset(out, 0, sizeof *out);
    if (old == NULL || old->deleted) {
        out->kind = OPS_JSON_OP_DEL;
        out->del.path = path;
        out->del.timestamp = timestamp;
        out->del.peer_id = peer;
    } else {
        struct ops_json_register view;

        json_register_view(old, &view);
        out->kind = OPS_JSON_OP_SET;
        out->set.path = path;
        out->set.value = view.value;
        out->set.timestamp = timestamp;
        out->set.peer_id = peer;
    }
}

/* What the reference's rule writes back (§3.6): per op that beats its own register, whatever its ancestors are; then the live
 * registers that it would kill. The strings are those of the document and the op. */
enum ops_err json_invert(const void *document, const void *op, struct ops_arena *arena, const void **out)
{
    const struct ops_json_doc *doc = (const struct ops_json_doc *)document;
    struct ops_json_op_batch *made = (struct ops_json_op_batch *)ops_arena_alloc(arena, sizeof *made), copy;
    struct json_reduced reduced;
    struct json_plan plan;
    struct ops_json_op *list;
    size_t i;

    if (made == NULL || json_reduce(NULL, (const struct ops_json_op_batch *)op, arena, &reduced) != OPS_OK ||
        json_plan_make(doc, &reduced, false, arena, &plan) != OPS_OK)
        return OPS_ERR_NOMEM;
    list = (struct ops_json_op *)ops_arena_array(arena, plan.count + 1, sizeof *list);
    if (list == NULL)
        return OPS_ERR_NOMEM;
    copy.operations = list;
    copy.operations_count = 0;
    for (i = 0; i < plan.count; i++) {
        const struct json_change *change = &plan.changes[i];
        struct ops_str path = change->planted ? json_register_path(change->reg) : json_op_path(change->op);
        int64_t timestamp = json_op_timestamp(change->op);

        if (change->planted && change->reg->deleted)
            continue;
        if (change->reg != NULL && change->reg->timestamp > timestamp)
            timestamp = change->reg->timestamp;
        invert_one(&list[copy.operations_count++], path, change->reg, json_after(timestamp), json_op_peer(change->op));
    }
    /* deep: the document is about to change */
    return ops_json_op_batch_copy(&copy, arena, made) ? (*out = made, OPS_OK) : OPS_ERR_NOMEM;
}

enum ops_err ops_json_restamp(const struct ops_json_doc *document, const struct ops_json_op_batch *op, int64_t now,
                              struct ops_arena *arena, const struct ops_json_op_batch **out)
{
    struct ops_json_op_batch *made = (struct ops_json_op_batch *)ops_arena_alloc(arena, sizeof *made);
    struct ops_json_op *list = (struct ops_json_op *)ops_arena_array(arena, op->operations_count + 1, sizeof *list);
    int64_t highest = now > document->highest_stamp ? now : document->highest_stamp;
    size_t i;

    if (made == NULL || list == NULL)
        return OPS_ERR_NOMEM;
    for (i = 0; i < op->operations_count; i++) {
        if (op->operations[i].kind != OPS_JSON_OP_NONE && json_op_timestamp(&op->operations[i]) > highest)
            highest = json_op_timestamp(&op->operations[i]);
    }
    for (i = 0; i < op->operations_count; i++) {
        list[i] = op->operations[i];
        if (list[i].kind == OPS_JSON_OP_SET)
            list[i].set.timestamp = json_after(highest);
        else
            list[i].del.timestamp = json_after(highest);
    }
    made->operations = list;
    made->operations_count = op->operations_count;
    *out = made;
    return OPS_OK;
}
