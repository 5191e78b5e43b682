/* Json: what a batch changes in a document (spec/opstream-engines.md §3.4, with §14.4).
 *
 * First which ops are written, in order, then which tombstones they plant: so no op of a batch meets a tombstone that the batch itself
 * has planted (the fault of §14.4). A register below several written ops gets the tombstone of the greatest of those that beat it, as
 * if they had been planted one by one. */
#include "private.h"

struct planning {
    const struct ops_json_doc *document;
    const struct json_reduced *reduced;
    struct ops_arena *arena;
    struct json_plan *plan;
    bool *written;        /* by slot */
    size_t written_count;
    bool ancestors_count;
};

static bool plan_add(struct planning *p, struct json_register *reg, const struct ops_json_op *op, bool planted)
{
    struct json_plan *plan = p->plan;

    if (plan->count == plan->room) {
        size_t room = plan->room * 2 + 4;
        struct json_change *grown = (struct json_change *)ops_arena_grow(
            p->arena, plan->changes, plan->room * sizeof *grown, room * sizeof *grown);

        if (grown == NULL)
            return false;
        plan->changes = grown;
        plan->room = room;
    }
    plan->changes[plan->count].reg = reg;
    plan->changes[plan->count].op = op;
    plan->changes[plan->count++].planted = planted;
    return true;
}

/* Does the op win over each ancestor, as the document has it or as an op of this batch has just written it? */
static bool plan_beats_ancestors(const struct planning *p, struct ops_str path, const struct json_stamp *stamp)
{
    const struct json_register *reg;
    size_t limit = path.len;
    uint32_t slot;

    while ((reg = json_index_ancestor(&p->document->index, path, &limit)) != NULL) {
        struct json_stamp other = json_stamp_of_register(reg);

        slot = json_reduced_find(p->reduced, json_register_path(reg));
        if (slot != JSON_NO_SLOT && p->written[slot])
            continue; /* below */
        if (!json_wins(stamp, &other, slot != JSON_NO_SLOT))
            return false;
    }
    limit = path.len;
    while ((slot = json_reduced_ancestor(p->reduced, path, &limit)) != JSON_NO_SLOT) {
        struct json_stamp other = json_stamp_of_op(p->reduced->slots[slot]);

        if (p->written[slot] && !json_wins(stamp, &other, true))
            return false;
    }
    return true;
}

static bool plan_is_written(const struct planning *p, const struct ops_json_op *op)
{
    struct ops_str path = json_op_path(op);
    struct json_stamp stamp = json_stamp_of_op(op);
    const struct json_register *reg = json_index_find(&p->document->index, path);

    if (p->ancestors_count && !plan_beats_ancestors(p, path, &stamp))
        return false;
    if (reg != NULL) {
        struct json_stamp old = json_stamp_of_register(reg);

        if (!json_wins(&stamp, &old, false))
            return false;
    }
    return true;
}

/* Of the written ops above `path` that beat `old`: the first in order, and the greatest. */
static void plan_planters(const struct planning *p, struct ops_str path, const struct json_stamp *old, uint32_t *first,
                          uint32_t *greatest)
{
    struct json_stamp best = *old;
    size_t limit = path.len;
    uint32_t slot;

    *first = *greatest = JSON_NO_SLOT;
    while ((slot = json_reduced_ancestor(p->reduced, path, &limit)) != JSON_NO_SLOT) {
        struct json_stamp stamp = json_stamp_of_op(p->reduced->slots[slot]);

        if (!p->written[slot] || !json_wins(&stamp, old, false))
            continue;
        if (*first == JSON_NO_SLOT || slot < *first)
            *first = slot;
        if (*greatest == JSON_NO_SLOT || json_wins(&stamp, &best, false)) {
            *greatest = slot;
            best = stamp;
        }
    }
}

static bool plan_is_stamp_of(const struct ops_json_op *op, const struct json_stamp *old)
{
    struct json_stamp stamp = json_stamp_of_op(op);

    return json_stamp_same(&stamp, old);
}

/* The tombstones that the op in `slot` is the first to plant. */
static bool plan_plant(struct planning *p, uint32_t slot)
{
    const struct ops_json_op *op = p->reduced->slots[slot];
    struct ops_str path = json_op_path(op);
    struct json_stamp stamp = json_stamp_of_op(op);
    struct ops_arena_mark mark = ops_arena_here(p->arena);
    char *prefix = (char *)ops_arena_alloc(p->arena, path.len + 1);
    struct json_place place;
    struct json_register *reg;

    if (prefix == NULL)
        return false;
    if (path.len > 0)
        memcpy(prefix, path.ptr, path.len);
    prefix[path.len] = '.';
    place = json_index_seek(&p->document->index, ops_str_of(prefix, path.len + 1));
    ops_arena_rewind(p->arena, mark);
    for (; (reg = json_place_get(place)) != NULL; json_place_next(&place)) {
        struct json_stamp old = json_stamp_of_register(reg);
        uint32_t first = slot, greatest = slot;

        if (!json_path_is_below(json_register_path(reg), path))
            break;
        if (!json_wins(&stamp, &old, false) || json_reduced_find(p->reduced, json_register_path(reg)) != JSON_NO_SLOT)
            continue;
        if (p->written_count > 1)
            plan_planters(p, json_register_path(reg), &old, &first, &greatest);
        if (first != slot)
            continue;
        if (reg->deleted && plan_is_stamp_of(p->reduced->slots[greatest], &old))
            continue; /* a tombstone over the same tombstone, by a raw text above `null`: nothing changes */
        if (!plan_add(p, reg, p->reduced->slots[greatest], true))
            return false;
    }
    return true;
}

enum ops_err json_plan_make(const struct ops_json_doc *document, const struct json_reduced *reduced,
                            bool ancestors_count, struct ops_arena *arena, struct json_plan *plan)
{
    struct planning p;
    uint32_t slot;

    memset(plan, 0, sizeof *plan);
    p.document = document;
    p.reduced = reduced;
    p.arena = arena;
    p.plan = plan;
    p.written_count = 0;
    p.ancestors_count = ancestors_count;
    p.written = (bool *)ops_arena_zalloc(arena, reduced->slot_count + 1);
    if (p.written == NULL)
        return OPS_ERR_NOMEM;
    for (slot = 0; slot < reduced->slot_count; slot++) {
        p.written[slot] = reduced->slots[slot] != NULL && plan_is_written(&p, reduced->slots[slot]);
        p.written_count += p.written[slot];
    }
    plan->written = p.written;
    for (slot = 0; slot < reduced->slot_count; slot++) {
        const struct ops_json_op *op = reduced->slots[slot];

        if (p.written[slot] && (!plan_add(&p, json_index_find(&document->index, json_op_path(op)), op, false) ||
                                !plan_plant(&p, slot)))
            return OPS_ERR_NOMEM;
    }
    return OPS_OK;
}

bool json_plan_changes(const struct ops_json_doc *document, const struct json_reduced *reduced, const struct json_plan *plan,
                       struct ops_str path)
{
    uint32_t slot = json_reduced_find(reduced, path);
    const struct json_register *reg;
    struct json_stamp old;
    size_t limit = path.len;

    if (slot != JSON_NO_SLOT)
        return plan->written[slot];
    reg = json_index_find(&document->index, path);
    if (reg == NULL)
        return false;
    old = json_stamp_of_register(reg);
    while ((slot = json_reduced_ancestor(reduced, path, &limit)) != JSON_NO_SLOT) {
        struct json_stamp stamp = json_stamp_of_op(reduced->slots[slot]);

        if (plan->written[slot] && json_wins(&stamp, &old, false) && !(reg->deleted && json_stamp_same(&stamp, &old)))
            return true;
    }
    return false;
}
