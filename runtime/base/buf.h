/* Buffer: bytes being written, in an arena.
 *
 * Contiguous. A writer reserves an upper bound once and then stores without further checks. */
#ifndef OPS_BASE_BUF_H
#define OPS_BASE_BUF_H

#include "arena.h"

struct ops_buf {
    char *ptr;
    size_t len, cap;         /* bytes */
    struct ops_arena *arena; /* where it grows, and scratch memory of encoders; never NULL */
};

/* Empty. `arena` outlives the buffer; nothing is allocated yet. */
static inline void ops_buf_init(struct ops_buf *b, struct ops_arena *arena)
{
    b->ptr = NULL;
    b->len = b->cap = 0;
    b->arena = arena;
}

/* Slow path of ops_buf_reserve: grows to at least twice the size. False when the arena has no room. */
bool ops_buf_grow(struct ops_buf *b, size_t bytes);

/* Room for `bytes` more at the place returned; NULL when the arena has no room. Store, then ops_buf_advance. */
static inline char *ops_buf_reserve(struct ops_buf *b, size_t bytes)
{
    if ((b->cap - b->len < bytes || b->ptr == NULL) && !ops_buf_grow(b, bytes))
        return NULL;
    return b->ptr + b->len;
}

/* `end` is behind the last byte stored into reserved room. */
static inline void ops_buf_advance(struct ops_buf *b, const char *end)
{
    b->len = (size_t)(end - b->ptr);
}

/* False when the arena has no room; nothing is appended then. */
bool ops_buf_append(struct ops_buf *b, const void *bytes, size_t len);

static inline struct ops_str ops_buf_str(const struct ops_buf *b)
{
    return ops_str_of(b->ptr != NULL ? b->ptr : "", b->len);
}

#endif
