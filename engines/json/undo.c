/* Json: undo (spec/v1.md §3.2).
 *
 * An entry is what the registers that an op changed were before it. Those that an op of another connection changes later fall out of
 * it; what is left is written back with one stamp, above the op's and those of the registers.
 *
 * Whether another connection's op changes a register depends on the document, so an entry knows the one it was made on and ends
 * before it does. The op may have been applied already or not: either it would win over the register now, or the register holds what
 * it writes. */
#include "private.h"

struct undo_item {
    struct ops_str path, value; /* value absent: there was none, or it was deleted */
    struct ops_str peer;
    bool gone; /* another connection has changed it since */
};

struct undo_entry {
    const struct ops_json_doc *document;
    size_t bytes; /* of all of it: items and strings follow */
    size_t count;
    int64_t highest; /* timestamp of the op */
    struct undo_item items[];
};

static void undo_keep(char **at, struct ops_str *copy, struct ops_str s)
{
    *copy = s;
    if (s.ptr == NULL)
        return;
    if (s.len > 0)
        memcpy(*at, s.ptr, s.len);
    copy->ptr = *at;
    *at += s.len;
}

/* An item of a change, its strings those of the document and the op. False: nothing to be taken back. */
static bool undo_item_of(const struct json_change *change, struct undo_item *item)
{
    struct ops_json_register old;

    if (change->planted && change->reg->deleted)
        return false;
    memset(item, 0, sizeof *item);
    item->path = change->planted ? json_register_path(change->reg) : json_op_path(change->op);
    item->peer = json_op_peer(change->op);
    if (change->reg != NULL && !change->reg->deleted) {
        json_register_view(change->reg, &old);
        item->value = old.value;
    }
    return true;
}

static struct undo_entry *undo_entry_of(const struct json_plan *plan, struct ops_pool *pool)
{
    size_t bytes = sizeof(struct undo_entry), count = 0, i;
    struct undo_entry *entry;
    struct undo_item item;
    char *at;

    for (i = 0; i < plan->count; i++) {
        if (undo_item_of(&plan->changes[i], &item)) {
            count++;
            bytes += sizeof item + item.path.len + item.value.len + item.peer.len;
        }
    }
    entry = (struct undo_entry *)ops_pool_zalloc(pool, bytes);
    if (entry == NULL)
        return NULL;
    entry->bytes = bytes;
    at = (char *)&entry->items[count];
    for (i = 0; i < plan->count; i++) {
        struct undo_item *kept = &entry->items[entry->count];

        if (!undo_item_of(&plan->changes[i], &item))
            continue;
        undo_keep(&at, &kept->path, item.path);
        undo_keep(&at, &kept->value, item.value);
        undo_keep(&at, &kept->peer, item.peer);
        entry->count++;
    }
    return entry;
}

void *json_undo_record(const void *document, const void *op, struct ops_pool *pool)
{
    const struct ops_json_op_batch *batch = (const struct ops_json_op_batch *)op;
    struct ops_memory memory = ops_pool_memory(pool);
    struct undo_entry *entry = NULL;
    struct ops_arena arena;
    struct json_reduced reduced;
    struct json_plan plan;
    char first[2048];
    size_t i;

    ops_arena_init(&arena, first, sizeof first, SIZE_MAX / 2, &memory);
    if (json_reduce(NULL, batch, &arena, &reduced) == OPS_OK &&
        json_plan_make((const struct ops_json_doc *)document, &reduced, true, &arena, &plan) == OPS_OK)
        entry = undo_entry_of(&plan, pool);
    ops_arena_end(&arena);
    if (entry == NULL)
        return NULL;
    entry->document = (const struct ops_json_doc *)document;
    entry->highest = INT64_MIN;
    for (i = 0; i < batch->operations_count; i++) {
        if (batch->operations[i].kind != OPS_JSON_OP_NONE && json_op_timestamp(&batch->operations[i]) > entry->highest)
            entry->highest = json_op_timestamp(&batch->operations[i]);
    }
    return entry;
}

void json_undo_drop(void *entry, struct ops_pool *pool)
{
    if (entry != NULL)
        ops_pool_free(pool, entry, ((struct undo_entry *)entry)->bytes);
}

/* Has the register of `path` what `op` writes there, or plants below its own path? */
static bool undo_was_written_by(const struct ops_json_register *reg, const struct ops_json_op *op, bool planted)
{
    struct json_stamp stamp = json_stamp_of_op(op), held;

    held.timestamp = reg->timestamp;
    held.peer = reg->peer_id;
    return json_stamp_same(&stamp, &held) &&
           (planted ? reg->is_deleted
                    : reg->is_deleted == (op->kind != OPS_JSON_OP_SET) && ops_str_equal(reg->value, stamp.text));
}

static bool undo_is_changed_by(const struct ops_json_doc *document, const struct json_reduced *reduced, struct ops_str path)
{
    struct ops_json_register reg;
    size_t limit = path.len;
    uint32_t slot = json_reduced_find(reduced, path);

    if (!ops_json_get(document, path, &reg))
        return false;
    if (slot != JSON_NO_SLOT)
        return undo_was_written_by(&reg, reduced->slots[slot], false);
    while ((slot = json_reduced_ancestor(reduced, path, &limit)) != JSON_NO_SLOT) {
        if (undo_was_written_by(&reg, reduced->slots[slot], true))
            return true;
    }
    return false;
}

/* Marks in `gone` the items that `op` has changed or would change. */
static enum ops_err undo_mark(const struct ops_json_doc *document, const struct undo_entry *entry,
                              const struct ops_json_op_batch *op, struct ops_arena *arena, bool *gone)
{
    struct json_reduced reduced;
    struct json_plan plan;
    size_t i;

    if (json_reduce(NULL, op, arena, &reduced) != OPS_OK || json_plan_make(document, &reduced, true, arena, &plan) != OPS_OK)
        return OPS_ERR_NOMEM;
    for (i = 0; i < entry->count; i++) {
        struct ops_str path = entry->items[i].path;

        gone[i] = gone[i] || undo_is_changed_by(document, &reduced, path) ||
                  json_plan_changes(document, &reduced, &plan, path);
    }
    return OPS_OK;
}

static bool *undo_gone(const struct undo_entry *entry, struct ops_arena *arena)
{
    bool *gone = (bool *)ops_arena_array(arena, entry->count + 1, sizeof *gone);
    size_t i;

    for (i = 0; gone != NULL && i < entry->count; i++)
        gone[i] = entry->items[i].gone;
    return gone;
}

enum ops_err json_undo_carry(void **carried, const void **op, struct ops_pool *pool, struct ops_arena *arena)
{
    struct undo_entry *entry = (struct undo_entry *)*carried;
    bool *gone = undo_gone(entry, arena);
    size_t i;

    (void)pool;
    if (gone == NULL ||
        undo_mark(entry->document, entry, (const struct ops_json_op_batch *)*op, arena, gone) != OPS_OK)
        return OPS_ERR_NOMEM;
    for (i = 0; i < entry->count; i++)
        entry->items[i].gone = gone[i];
    return OPS_OK;
}

static int64_t undo_stamp(const struct ops_json_doc *document, const struct undo_entry *entry, const bool *gone)
{
    int64_t highest = entry->highest;
    struct ops_json_register now;
    size_t i;

    for (i = 0; i < entry->count; i++) {
        if (!gone[i] && ops_json_get(document, entry->items[i].path, &now) && now.timestamp > highest)
            highest = now.timestamp;
    }
    return json_after(highest);
}

enum ops_err json_undo_op(const void *document, struct ops_op_list *pending, const void *kept, struct ops_arena *arena,
                          const void **op)
{
    const struct ops_json_doc *doc = (const struct ops_json_doc *)document;
    const struct undo_entry *entry = (const struct undo_entry *)kept;
    struct ops_json_op_batch *made = (struct ops_json_op_batch *)ops_arena_alloc(arena, sizeof *made), plain;
    struct ops_json_op *list = (struct ops_json_op *)ops_arena_array(arena, entry->count + 1, sizeof *list);
    bool *gone = undo_gone(entry, arena);
    int64_t timestamp;
    size_t i;

    if (made == NULL || list == NULL || gone == NULL)
        return OPS_ERR_NOMEM;
    for (i = 0; i < pending->count; i++) {
        if (undo_mark(doc, entry, (const struct ops_json_op_batch *)pending->ops[i], arena, gone) != OPS_OK)
            return OPS_ERR_NOMEM;
    }
    timestamp = undo_stamp(doc, entry, gone);
    plain.operations = list;
    plain.operations_count = 0;
    for (i = 0; i < entry->count; i++) {
        const struct undo_item *item = &entry->items[i];
        struct ops_json_op *one = &list[plain.operations_count];

        if (gone[i])
            continue;
        memset(one, 0, sizeof *one);
        one->kind = item->value.ptr != NULL ? OPS_JSON_OP_SET : OPS_JSON_OP_DEL;
        if (one->kind == OPS_JSON_OP_SET) {
            one->set.path = item->path;
            one->set.value = item->value;
            one->set.timestamp = timestamp;
            one->set.peer_id = item->peer;
        } else {
            one->del.path = item->path;
            one->del.timestamp = timestamp;
            one->del.peer_id = item->peer;
        }
        plain.operations_count++;
    }
    *op = NULL;
    if (plain.operations_count == 0)
        return OPS_OK;
    if (!ops_json_op_batch_copy(&plain, arena, made))
        return OPS_ERR_NOMEM;
    *op = made;
    return OPS_OK;
}
