/* Text: undo (spec/v1.md §3.2). An entry is the inverse of a committed op, carried over what others commit later. */
#include "private.h"

struct text_entry {
    size_t bytes; /* of all of it */
};

static struct ops_text_op *entry_op(const void *entry)
{
    return (struct ops_text_op *)(uintptr_t)((const struct text_entry *)entry + 1);
}

static struct text_entry *entry_new(struct ops_pool *pool, size_t op_bytes)
{
    struct text_entry *entry = (struct text_entry *)ops_pool_alloc(pool, sizeof *entry + op_bytes);

    if (entry != NULL)
        entry->bytes = sizeof *entry + op_bytes;
    return entry;
}

void *text_undo_record(const void *document, const void *op, struct ops_pool *pool)
{
    const struct rope *rope = &((const struct ops_text_doc *)document)->rope;
    struct text_inverse_size size;
    struct text_entry *entry;

    text_inverse_measure(rope, (const struct ops_text_op *)op, &size);
    entry = entry_new(pool, size.bytes);
    if (entry != NULL)
        text_inverse_store(rope, (const struct ops_text_op *)op, &size, entry_op(entry));
    return entry;
}

void text_undo_drop(void *entry, struct ops_pool *pool)
{
    if (entry != NULL)
        ops_pool_free(pool, entry, ((struct text_entry *)entry)->bytes);
}

/* A copy of `op` as an entry. */
static struct text_entry *entry_of(const struct ops_text_op *op, struct ops_pool *pool)
{
    size_t bytes = sizeof *op + op->components_count * sizeof *op->components, i;
    struct ops_text_component *list;
    struct text_entry *entry;
    char *text;

    for (i = 0; i < op->components_count; i++) {
        if (op->components[i].kind == OPS_TEXT_COMPONENT_INSERT)
            bytes += op->components[i].insert.text.len;
    }
    entry = entry_new(pool, bytes);
    if (entry == NULL)
        return NULL;
    list = (struct ops_text_component *)(void *)(entry_op(entry) + 1);
    text = (char *)(list + op->components_count);
    for (i = 0; i < op->components_count; i++) {
        list[i] = op->components[i];
        if (list[i].kind == OPS_TEXT_COMPONENT_INSERT) {
            memcpy(text, list[i].insert.text.ptr, list[i].insert.text.len);
            list[i].insert.text.ptr = text;
            text += list[i].insert.text.len;
        }
    }
    entry_op(entry)->components = list;
    entry_op(entry)->components_count = op->components_count;
    return entry;
}

enum ops_err text_undo_carry(void **entry, const void **op, struct ops_pool *pool, struct ops_arena *arena)
{
    const void *carried, *below;
    struct text_entry *made;

    if (text_transform(entry_op(*entry), *op, OPS_EXISTING_WINS, arena, &carried) != OPS_OK ||
        text_transform(*op, entry_op(*entry), OPS_INCOMING_WINS, arena, &below) != OPS_OK)
        return OPS_ERR_NOMEM;
    made = entry_of((const struct ops_text_op *)carried, pool);
    if (made == NULL)
        return OPS_ERR_NOMEM;
    text_undo_drop(*entry, pool);
    *entry = made;
    *op = below;
    return OPS_OK;
}

enum ops_err text_undo_op(const void *document, struct ops_op_list *pending, const void *entry, struct ops_arena *arena,
                          const void **op)
{
    const void **below = (const void **)ops_arena_array(arena, pending->count + 1, sizeof *below), *carried = entry_op(entry), *next;
    size_t i;

    (void)document;
    if (below == NULL)
        return OPS_ERR_NOMEM;
    for (i = 0; i < pending->count; i++) {
        if (text_transform(carried, pending->ops[i], OPS_EXISTING_WINS, arena, &next) != OPS_OK ||
            text_transform(pending->ops[i], carried, OPS_INCOMING_WINS, arena, &below[i]) != OPS_OK)
            return OPS_ERR_NOMEM;
        carried = next;
    }
    if (text_is_no_op(carried)) {
        pending->ops = below;
        *op = NULL;
        return OPS_OK;
    }
    /* the entry may be carried on or dropped while the op is on its way */
    {
        struct ops_text_op *copy = (struct ops_text_op *)ops_arena_alloc(arena, sizeof *copy);

        if (copy == NULL || !ops_text_op_copy((const struct ops_text_op *)carried, arena, copy))
            return OPS_ERR_NOMEM;
        *op = copy;
    }
    return OPS_OK;
}
