/* Json: a batch as a map from path to op (spec/opstream-engines.md §3.5, opstream-wire.md §6.4).
 *
 * All paths are sorted once; then what is below a path is a range of them, and the map is an array beside them. */
#include "private.h"

/* Merge sort of operation indexes by path; equal paths keep their order. The result is where it returns. */
static uint32_t *reduce_sort(const struct ops_json_op *const *ops, uint32_t *from, uint32_t *to, uint32_t count)
{
    uint32_t width, i;

    for (i = 0; i < count; i++)
        from[i] = i;
    for (width = 1; width < count; width *= 2) {
        uint32_t *swap = from, left, at = 0;

        for (left = 0; left < count; left += 2 * width) {
            uint32_t middle = count - left < width ? count : left + width, right = middle, l = left;
            uint32_t end = count - middle < width ? count : middle + width;

            while (l < middle || right < end) {
                bool take_left = right == end || (l < middle && ops_utf16_compare(json_op_path(ops[from[l]]),
                                                                                 json_op_path(ops[from[right]])) <= 0);

                to[at++] = take_left ? from[l++] : from[right++];
            }
        }
        from = to;
        to = swap;
    }
    return from;
}

size_t json_reduced_seek(const struct json_reduced *reduced, struct ops_str path)
{
    size_t low = 0, high = reduced->path_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (ops_utf16_compare(reduced->paths[middle], path) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t json_reduced_find(const struct json_reduced *reduced, struct ops_str path)
{
    size_t id = json_reduced_seek(reduced, path);

    return id < reduced->path_count && ops_str_equal(reduced->paths[id], path) ? reduced->slot_of_id[id]
                                                                                : JSON_NO_SLOT;
}

uint32_t json_reduced_ancestor(const struct json_reduced *reduced, struct ops_str path, size_t *limit)
{
    while (reduced->path_count > 0 && json_path_parent(path, limit)) {
        struct ops_str wanted = ops_str_of(path.ptr, *limit);
        size_t id = json_reduced_seek(reduced, wanted), common;

        if (id < reduced->path_count && ops_str_equal(reduced->paths[id], wanted)) {
            if (reduced->slot_of_id[id] != JSON_NO_SLOT)
                return reduced->slot_of_id[id];
            continue;
        }
        if (id == 0)
            return JSON_NO_SLOT;
        common = json_common_prefix(reduced->paths[id - 1], wanted);
        if (common + 1 < *limit)
            *limit = common + 1;
    }
    return JSON_NO_SLOT;
}

/* What the passes share. */
struct reduction {
    struct json_reduced *map;
    uint32_t *id_of_op;
    uint32_t *free_slots; /* last in, first out */
    size_t free_count;
    uint32_t *removed; /* room for the slots that one op removes */
    bool merging;      /* one batch by itself, not two composed */
};

static bool reduce_arrays(struct reduction *r, const struct ops_json_op *const *ops, uint32_t count,
                          struct ops_arena *arena)
{
    struct json_reduced *map = r->map;
    uint32_t *numbers = (uint32_t *)ops_arena_array(arena, count, 7 * sizeof *numbers), *order, i;

    map->slots = (const struct ops_json_op **)ops_arena_array(arena, count, sizeof *map->slots);
    map->paths = (struct ops_str *)ops_arena_array(arena, count, sizeof *map->paths);
    if (numbers == NULL || map->slots == NULL || map->paths == NULL)
        return false;
    order = reduce_sort(ops, numbers, numbers + count, count);
    r->id_of_op = numbers + 2 * (size_t)count;
    map->slot_of_id = numbers + 3 * (size_t)count;
    map->id_of_slot = numbers + 4 * (size_t)count;
    r->free_slots = numbers + 5 * (size_t)count;
    r->removed = numbers + 6 * (size_t)count;
    map->path_count = 0;
    for (i = 0; i < count; i++) {
        struct ops_str path = json_op_path(ops[order[i]]);

        if (i == 0 || !ops_str_equal(map->paths[map->path_count - 1], path)) {
            map->slot_of_id[map->path_count] = JSON_NO_SLOT;
            map->paths[map->path_count++] = path;
        }
        r->id_of_op[order[i]] = (uint32_t)map->path_count - 1;
    }
    return true;
}

/* Does some kept ancestor win over the op? Within one batch an equal stamp does not. */
static bool reduce_is_shadowed(const struct reduction *r, struct ops_str path, const struct json_stamp *stamp)
{
    size_t limit = path.len;
    uint32_t slot;

    while ((slot = json_reduced_ancestor(r->map, path, &limit)) != JSON_NO_SLOT) {
        struct json_stamp other = json_stamp_of_op(r->map->slots[slot]);

        if (json_wins(&other, stamp, r->merging) && !(r->merging && json_stamp_same(&other, stamp)))
            return true;
    }
    return false;
}

static void removed_sort(uint32_t *slots, size_t count)
{
    size_t gap, i, k;

    for (gap = count / 2; gap > 0; gap /= 2) {
        for (i = gap; i < count; i++) {
            uint32_t slot = slots[i];

            for (k = i; k >= gap && slots[k - gap] > slot; k -= gap)
                slots[k] = slots[k - gap];
            slots[k] = slot;
        }
    }
}

/* Removes kept descendants that the op beats, in the order of the map: so are free slots used again. */
static void reduce_remove_below(struct reduction *r, uint32_t id, struct ops_str path, const struct json_stamp *stamp)
{
    struct json_reduced *map = r->map;
    size_t count = 0, i;

    for (i = (size_t)id + 1; i < map->path_count; i++) {
        struct json_stamp other;

        if (json_common_prefix(map->paths[i], path) < path.len)
            break;
        if (!json_path_is_below(map->paths[i], path) || map->slot_of_id[i] == JSON_NO_SLOT)
            continue;
        other = json_stamp_of_op(map->slots[map->slot_of_id[i]]);
        if (json_wins(stamp, &other, r->merging) && !(r->merging && json_stamp_same(stamp, &other)))
            r->removed[count++] = map->slot_of_id[i];
    }
    removed_sort(r->removed, count);
    for (i = 0; i < count; i++) {
        uint32_t slot = r->removed[i];

        map->slot_of_id[map->id_of_slot[slot]] = JSON_NO_SLOT;
        map->slots[slot] = NULL;
        r->free_slots[r->free_count++] = slot;
    }
}

static void reduce_add(struct reduction *r, const struct ops_json_op *op, uint32_t id)
{
    struct json_reduced *map = r->map;
    struct ops_str path = json_op_path(op);
    struct json_stamp stamp = json_stamp_of_op(op);
    uint32_t slot = map->slot_of_id[id];

    if (reduce_is_shadowed(r, path, &stamp))
        return;
    if (slot != JSON_NO_SLOT) {
        struct json_stamp kept = json_stamp_of_op(map->slots[slot]);

        if (!json_wins(&stamp, &kept, r->merging))
            return;
    } else {
        slot = r->free_count > 0 ? r->free_slots[--r->free_count] : (uint32_t)map->slot_count++;
        map->slot_of_id[id] = slot;
        map->id_of_slot[slot] = id;
    }
    map->slots[slot] = op;
    reduce_remove_below(r, id, path, &stamp);
}

enum ops_err json_reduce(const struct ops_json_op_batch *a, const struct ops_json_op_batch *b, struct ops_arena *arena,
                         struct json_reduced *out)
{
    size_t first = a != NULL ? a->operations_count : 0, count = first + b->operations_count, i, kept = 0;
    const struct ops_json_op **ops = (const struct ops_json_op **)ops_arena_array(arena, count + 1, sizeof *ops);
    struct reduction r;

    memset(out, 0, sizeof *out);
    memset(&r, 0, sizeof r);
    r.map = out;
    r.merging = first == 0;
    if (ops == NULL || count > UINT32_MAX / 8)
        return OPS_ERR_NOMEM;
    for (i = 0; i < count; i++) {
        const struct ops_json_op *op = i < first ? &a->operations[i] : &b->operations[i - first];

        if (op->kind != OPS_JSON_OP_NONE) /* a null, in a log of the released server */
            ops[kept++] = op;
    }
    if (!reduce_arrays(&r, ops, (uint32_t)kept, arena))
        return OPS_ERR_NOMEM;
    for (i = 0; i < kept; i++)
        reduce_add(&r, ops[i], r.id_of_op[i]);
    return OPS_OK;
}
