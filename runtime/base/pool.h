/* Pool: memory that is given back piece by piece.
 *
 * One a document: its text, its recent ops and whatever else lives longer than a message. Free lists by size class, so
 * that a document that is edited for months stays as big as it is. The caller says the size again when it gives a piece
 * back, so a piece costs no header. Blocks come from `more` and go back to it when the pool ends; pieces above
 * OPS_POOL_LARGE bytes are blocks of their own and go back at once. Single threaded. Runs inside WebAssembly. */
#ifndef OPS_BASE_POOL_H
#define OPS_BASE_POOL_H

#include "arena.h"

enum {
    OPS_POOL_LARGE = 32768, /* bytes; bigger pieces are blocks of their own */
    OPS_POOL_CLASSES = 48   /* 16, 32, 48 ... 128 bytes, then four steps to each doubling */
};

struct ops_pool_block;
struct ops_pool_piece;

struct ops_pool {
    const struct ops_memory *memory;
    struct ops_pool_piece *free[OPS_POOL_CLASSES]; /* by size class */
    struct ops_pool_block *blocks, *large;
    char *at, *end;      /* unused end of the newest block */
    size_t used_bytes;   /* in pieces handed out, rounded to their classes */
    size_t held_bytes;   /* in blocks, from `more` */
    size_t limit_bytes;  /* a piece that would bring held_bytes above it is refused */
};

/* `memory` (never NULL) outlives the pool. Nothing is allocated yet. */
void ops_pool_init(struct ops_pool *pool, size_t limit_bytes, const struct ops_memory *memory);

/* A piece aligned to OPS_ARENA_ALIGN, not zeroed; NULL when the limit or the memory is reached. `bytes` 0 counts as 1. */
void *ops_pool_alloc(struct ops_pool *pool, size_t bytes);

/* The same, zeroed. */
void *ops_pool_zalloc(struct ops_pool *pool, size_t bytes);

/* Gives a piece back; `bytes` as it was asked for. NULL is ignored. Under ASan a use afterwards is reported. */
void ops_pool_free(struct ops_pool *pool, void *piece, size_t bytes);

/* Makes a piece bigger or smaller, in place when the size class is the same. NULL (and the piece stays valid) when there is
 * no room. `piece` NULL: a new one. */
void *ops_pool_resize(struct ops_pool *pool, void *piece, size_t old_bytes, size_t new_bytes);

/* Gives every block back; all pieces end. The pool can be used again. */
void ops_pool_end(struct ops_pool *pool);

/* The pool as a source of blocks for an arena or another pool (struct ops_memory with `self` = the pool). */
struct ops_memory ops_pool_memory(struct ops_pool *pool);

#endif
