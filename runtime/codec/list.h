/* Private to the codecs: how a repeated field lies in a struct, as a pointer and a count side by side. */
#ifndef OPS_CODEC_LIST_H
#define OPS_CODEC_LIST_H

#include "type.h"

struct codec_list {
    const void *items;
    size_t count;
};

/* Size of one element of a repeated field. */
static inline size_t codec_element_bytes(const struct ops_field *f)
{
    return f->type == OPS_TYPE_MESSAGE ? ((const struct ops_message *)f->of)->size : sizeof(struct ops_str);
}

/* Zeroes a struct. Most have 16 to 64 bytes: stores that overlap instead of a call. */
static inline void codec_zero(void *place, size_t bytes)
{
    char *at = (char *)place;

    if (bytes > 64 || bytes < 16) {
        memset(at, 0, bytes);
    } else {
        if (bytes > 32) {
            memset(at + 16, 0, 16);
            memset(at + bytes - 32, 0, 16);
        }
        memset(at, 0, 16);
        memset(at + bytes - 16, 0, 16);
    }
}

/* A list that grows in an arena while it is read. */
struct codec_growing {
    char *items;
    size_t count, capacity, element_bytes;
};

/* Zeroed room for one more element; NULL when the arena has none. Elements move when the list grows. */
static inline void *codec_list_add(struct codec_growing *g, struct ops_arena *arena)
{
    void *place;

    if (g->count == g->capacity) {
        size_t wanted = g->capacity == 0 ? 4 : g->capacity * 2;
        char *grown;

        if (wanted > SIZE_MAX / 2 / g->element_bytes)
            return NULL;
        grown = (char *)ops_arena_grow(arena, g->items, g->capacity * g->element_bytes, wanted * g->element_bytes);
        if (grown == NULL)
            return NULL;
        g->items = grown;
        g->capacity = wanted;
    }
    place = g->items + g->count++ * g->element_bytes;
    codec_zero(place, g->element_bytes);
    return place;
}

/* Gives unused room back and stores the finished list. */
static inline void codec_list_store(struct codec_growing *g, struct ops_arena *arena, void *place)
{
    struct codec_list list;

    if (g->items != NULL)
        ops_arena_shrink(arena, g->items, g->capacity * g->element_bytes, g->count * g->element_bytes);
    list.items = g->count > 0 ? (const void *)g->items : (const void *)&ops_empty_list;
    list.count = g->count;
    memcpy(place, &list, sizeof list);
}

#endif
