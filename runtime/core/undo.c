/* Undo and redo of a connection's own ops (spec/v1.md §3.2).
 *
 * A stack's entries take ops back, the latest on top. They are carried over what others commit only when one is asked for: the recent
 * ops tell what happened since. A stack that was not used while its ops left the ring is emptied. */
#include "private.h"

enum { UNDO_FIRST_CAP = 8 };

static void undo_pop(struct ops_document *document, struct undo_stack *stack)
{
    stack->count--;
    document->engine->undo_drop(stack->entries[stack->count].entry, &document->pool);
}

void ops_undo_clear(struct ops_document *document, struct undo_stack *stack)
{
    while (stack->count > 0)
        undo_pop(document, stack);
    ops_pool_free(&document->pool, stack->entries, stack->cap * sizeof *stack->entries);
    memset(stack, 0, sizeof *stack);
}

static void undo_drop_oldest(struct ops_document *document, struct undo_stack *stack, uint32_t count)
{
    uint32_t i;

    for (i = 0; i < count; i++)
        document->engine->undo_drop(stack->entries[i].entry, &document->pool);
    memmove(stack->entries, stack->entries + count, (stack->count - count) * sizeof *stack->entries);
    stack->count -= count;
}

static void undo_push(struct ops_document *document, struct undo_stack *stack, void *entry, int64_t revision)
{
    uint32_t cap;
    struct undo_entry *entries;

    if (stack->count == document->core->config.undo_max_ops && stack->count > 0)
        undo_drop_oldest(document, stack, 1);
    if (stack->count == stack->cap) {
        cap = stack->cap != 0 ? stack->cap * 2 : (uint32_t)UNDO_FIRST_CAP;
        entries = ops_pool_resize(&document->pool, stack->entries, stack->cap * sizeof *entries, cap * sizeof *entries);
        if (entries == NULL) {
            document->engine->undo_drop(entry, &document->pool);
            return;
        }
        stack->entries = entries;
        stack->cap = cap;
    }
    if (stack->count == 0)
        stack->carried = revision;
    stack->entries[stack->count].entry = entry;
    stack->entries[stack->count].revision = revision;
    stack->count++;
}

/* ---- carrying ----------------------------------------------------------------------------------------------------------- */

static bool undo_is_own(const struct recent *item, const struct member *member)
{
    return item->connection == member->connection && item->loop == member->loop;
}

/* Carries every entry made before `revision` over its op, top first. False: no memory; the stack is emptied. */
static bool undo_carry_over(struct ops_document *document, struct undo_stack *stack, int64_t revision)
{
    const void *op = ops_recents_op(&document->recents, revision);
    uint32_t i = stack->count;

    while (i-- > 0) {
        if (stack->entries[i].revision >= revision)
            continue;
        if (document->engine->undo_carry(&stack->entries[i].entry, &op, &document->pool, &document->core->scratch) != OPS_OK)
            return false;
    }
    return true;
}

static void undo_carry_stack(struct ops_document *document, const struct member *member, struct undo_stack *stack)
{
    struct ops_core *core = document->core;
    struct ops_arena_mark mark = ops_arena_here(&core->scratch);
    int64_t revision = stack->carried + 1;
    uint32_t old = 0;

    if (stack->count == 0)
        return;
    if (stack->carried < document->recents.first) { /* too long ago to know what happened since */
        while (old < stack->count && stack->entries[old].revision <= document->recents.first)
            old++;
        undo_drop_oldest(document, stack, old);
        revision = document->recents.first + 1;
    }
    for (; revision <= document->durable && stack->count > 0; revision++) {
        if (!undo_is_own(ops_recents_item(&document->recents, revision), member) &&
            !undo_carry_over(document, stack, revision)) {
            ops_undo_clear(document, stack);
            break;
        }
        ops_arena_rewind(&core->scratch, mark);
    }
    stack->carried = document->durable;
}

/* Entries on top that have no effect on the durable state. False: no memory; the stack is emptied. */
static bool undo_drop_useless(struct ops_document *document, struct undo_stack *stack)
{
    struct ops_core *core = document->core;
    struct ops_arena_mark mark = ops_arena_here(&core->scratch);
    struct ops_op_list none = {NULL, 0};
    const void *op = NULL;

    while (stack->count > 0 && op == NULL) {
        if (document->engine->undo_op(document->state_now, &none, stack->entries[stack->count - 1].entry, &core->scratch, &op) != OPS_OK) {
            ops_undo_clear(document, stack);
            return false;
        }
        if (op == NULL)
            undo_pop(document, stack);
        ops_arena_rewind(&core->scratch, mark);
    }
    return true;
}

/* The op at durable + 1 is this member's and is about to be applied. */
void ops_undo_recorded(struct ops_document *document, struct member *member, const void *op, enum op_kind kind)
{
    int64_t revision = document->durable + 1;
    void *entry = document->engine->undo_record(document->state_now, op, &document->pool);
    struct undo_stack *from = kind == OP_UNDO ? &member->undo : &member->redo;
    struct undo_stack *to = kind == OP_UNDO ? &member->redo : &member->undo;

    if (kind == OP_NORMAL) {
        ops_undo_clear(document, &member->redo);
    } else if (from->count > 0) {
        undo_carry_stack(document, member, from); /* through the entry that goes, as long as it is there */
        if (undo_drop_useless(document, from) && from->count > 0) /* what was passed over is useless now */
            undo_pop(document, from);
    }
    if (entry != NULL)
        undo_push(document, to, entry, revision);
}

/* ---- the request -------------------------------------------------------------------------------------------------------- */

/* None of the member's own ops is pending (document.c sees to it): the pending ones are all of others. */
void ops_undo_handle(struct ops_document *document, struct member *member, struct request *r)
{
    struct ops_core *core = document->core;
    bool undo = r->asker.kind == OPS_CLIENT_MESSAGE_UNDO;
    struct undo_stack *stack = undo ? &member->undo : &member->redo;
    struct refusal refusal = ops_refusal_of(undo ? OPS_TEXT_NOTHING_TO_UNDO : OPS_TEXT_NOTHING_TO_REDO);
    struct ops_op_list pending = ops_recents_pending(document);
    const void *op = NULL;
    uint32_t i;

    undo_carry_stack(document, member, stack);
    undo_drop_useless(document, stack);
    for (i = stack->count; i-- > 0 && op == NULL;) { /* one that the pending ops make useless stays: they may yet be lost */
        if (document->engine->undo_op(document->state_now, &pending, stack->entries[i].entry, &core->scratch, &op) != OPS_OK) {
            refusal = ops_refusal_of(OPS_TEXT_UNKNOWN_ERROR);
            ops_document_refuse(document, r, &refusal);
            return;
        }
    }
    if (op == NULL) {
        ops_document_refuse(document, r, &refusal);
        return;
    }
    core->stats.undos++;
    ops_op_accept(document, member, r, op, ops_str_of(NULL, 0), undo ? OP_UNDO : OP_REDO);
}
