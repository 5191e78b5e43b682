/* Decodes maps: a repeated message written as a JSON object keyed by one of its fields.
 *
 * A key that comes again keeps its first place and takes the last value (spec/opstream-wire.md §1.6; spec/v1.md §2). Sorted maps
 * are found to be so in one pass; only others are sorted, by index. */
#include "json_reader.h"
#include "list.h"
#include "runtime/base/utf.h"

static struct ops_str map_key(const struct codec_growing *list, const struct ops_field *key, uint32_t i)
{
    struct ops_str s;

    memcpy(&s, list->items + i * list->element_bytes + key->offset, sizeof s);
    return s;
}

/* Merge sort of indexes by key; equal keys keep their order. `from` and `to` have list->count elements; the result is where it
 * returns. */
static uint32_t *map_sort(const struct codec_growing *list, const struct ops_field *key, uint32_t *from, uint32_t *to)
{
    uint32_t count = (uint32_t)list->count, width, i;

    for (i = 0; i < count; i++)
        from[i] = i;
    for (width = 1; width < count; width *= 2) {
        uint32_t *swap = from, left, at = 0;

        for (left = 0; left < count; left += 2 * width) {
            uint32_t middle = count - left < width ? count : left + width;
            uint32_t right = middle, end = count - middle < width ? count : middle + width;
            uint32_t l = left;

            while (l < middle || right < end) {
                bool take_left = right == end || (l < middle && ops_utf16_compare(map_key(list, key, from[l]),
                                                                                 map_key(list, key, from[right])) <= 0);

                to[at++] = take_left ? from[l++] : from[right++];
            }
        }
        from = to;
        to = swap;
    }
    return from;
}

/* Whether the keys ascend strictly: then they are sorted and distinct. */
static bool map_ascends(const struct codec_growing *list, const struct ops_field *key)
{
    uint32_t i;

    for (i = 1; i < list->count; i++) {
        if (ops_utf16_compare(map_key(list, key, i - 1), map_key(list, key, i)) >= 0)
            return false;
    }
    return true;
}

/* Of entries with equal keys, moves the last one's value to the first one's place and drops the others. `order`: sorted indexes,
 * of equal keys ascending. Leaves the kept entries marked in `keep`. */
static void map_merge_equal(struct codec_growing *list, const struct ops_field *key, const uint32_t *order, uint8_t *keep)
{
    uint32_t count = (uint32_t)list->count, i = 0;

    while (i < count) {
        uint32_t last = i;

        while (last + 1 < count && ops_utf16_compare(map_key(list, key, order[i]), map_key(list, key, order[last + 1])) == 0)
            last++;
        keep[order[i]] = 1;
        if (last > i)
            memcpy(list->items + order[i] * list->element_bytes, list->items + order[last] * list->element_bytes,
                   list->element_bytes);
        for (i++; i <= last; i++)
            keep[order[i]] = 0;
    }
}

static bool map_rearrange(struct ops_arena *arena, struct codec_growing *list, const uint32_t *order, const uint8_t *keep,
                          bool sorted)
{
    struct codec_growing kept = {NULL, 0, 0, 0};
    uint32_t i;

    kept.element_bytes = list->element_bytes;
    kept.items = (char *)ops_arena_array(arena, list->count, list->element_bytes);
    if (kept.items == NULL)
        return false;
    kept.capacity = list->count;
    for (i = 0; i < list->count; i++) {
        uint32_t from = sorted ? order[i] : i;

        if (keep[from] != 0)
            memcpy(kept.items + kept.count++ * kept.element_bytes, list->items + from * list->element_bytes,
                   kept.element_bytes);
    }
    *list = kept;
    return true;
}

/* Makes keys distinct, and sorts the entries where the shape wants that. */
static bool map_settle(struct ops_arena *arena, struct codec_growing *list, const struct ops_field *key, bool sorted)
{
    uint32_t *indexes, *order;
    uint8_t *keep;

    if (map_ascends(list, key))
        return true;
    if (list->count > UINT32_MAX / 2)
        return false;
    indexes = (uint32_t *)ops_arena_array(arena, list->count, 2 * sizeof(uint32_t) + 1);
    if (indexes == NULL)
        return false;
    keep = (uint8_t *)(indexes + 2 * list->count);
    order = map_sort(list, key, indexes, indexes + list->count);
    map_merge_equal(list, key, order, keep);
    return map_rearrange(arena, list, order, keep, sorted);
}

static bool map_read_entry(struct json_reader *r, const struct ops_message *type, const struct ops_map *map, void *entry)
{
    struct json_part parts[JSON_PARTS_LIMIT];
    const char *begin;

    if (map->value != OPS_MAP_WHOLE)
        return json_read_field(r, &type->fields[map->value], entry);
    begin = (json_peek(r), r->scan.at);
    if (!json_open(r, '{', OPS_REASON_WANT_OBJECT))
        return false;
    json_part_of(&parts[0], type, entry);
    parts[0].skip = map->key_inside ? 0 : (uint64_t)1 << map->key;
    return json_read_members(r, parts, 1, begin, true);
}

bool json_read_map(struct json_reader *r, const struct ops_field *f, void *place)
{
    const struct ops_message *type = (const struct ops_message *)f->of;
    const struct ops_map *map = f->more->map;
    struct codec_growing list = {NULL, 0, 0, 0};
    bool done, first = true;

    list.element_bytes = type->size;
    if (!json_open(r, '{', OPS_REASON_WANT_OBJECT))
        return false;
    while (json_more(r, '}', first, &done)) {
        struct ops_str name;
        void *entry;

        first = false;
        if (!json_read_name(r, &name))
            return false;
        entry = codec_list_add(&list, r->arena);
        if (entry == NULL)
            return json_no_room(r);
        memcpy(json_place(&type->fields[map->key], entry), &name, sizeof name);
        if (!map_read_entry(r, type, map, entry))
            return false;
    }
    if (!done)
        return false;
    if (!map_settle(r->arena, &list, &type->fields[map->key], r->style->maps_sorted || map->sorted_in_ref))
        return json_no_room(r);
    codec_list_store(&list, r->arena, place);
    return true;
}
