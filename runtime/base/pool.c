/* Pool: size classes over blocks of growing size. See pool.h. */
#include "pool.h"

enum {
    POOL_FIRST_BLOCK = 1024, /* bytes: an idle document is small */
    POOL_LAST_BLOCK = 65536,
    POOL_STEP = 16,
    POOL_FINE = 8 /* classes of POOL_STEP bytes each: up to 128 bytes */
};

struct ops_pool_piece {
    struct ops_pool_piece *next;
};

struct ops_pool_block {
    struct ops_pool_block *next, *prev; /* prev: of a large block only */
    size_t bytes;                       /* this header included */
};

static size_t pool_header_bytes(void)
{
    return (sizeof(struct ops_pool_block) + (POOL_STEP - 1)) & ~(size_t)(POOL_STEP - 1);
}

static char *pool_block_start(struct ops_pool_block *block)
{
    return (char *)block + pool_header_bytes();
}

/* Smallest class that holds `bytes` (1 to OPS_POOL_LARGE), and its size. */
static unsigned pool_class_of(size_t bytes, size_t *rounded)
{
    size_t low = 128, step = 32;
    unsigned index = POOL_FINE;

    if (bytes <= 128) {
        index = (unsigned)((bytes + (POOL_STEP - 1)) / POOL_STEP) - 1;
        *rounded = ((size_t)index + 1) * POOL_STEP;
        return index;
    }
    while (bytes > low * 2) {
        low *= 2;
        step *= 2;
        index += 4;
    }
    index += (unsigned)((bytes - low + step - 1) / step) - 1;
    *rounded = low + ((bytes - low + step - 1) / step) * step;
    return index;
}

void ops_pool_init(struct ops_pool *pool, size_t limit_bytes, const struct ops_memory *memory)
{
    memset(pool, 0, sizeof *pool);
    pool->memory = memory;
    pool->limit_bytes = limit_bytes;
}

static struct ops_pool_block *pool_block_new(struct ops_pool *pool, size_t bytes)
{
    struct ops_pool_block *block;

    if (bytes > pool->limit_bytes || pool->held_bytes > pool->limit_bytes - bytes)
        return NULL;
    block = (struct ops_pool_block *)pool->memory->more(pool->memory->self, bytes);
    if (block == NULL)
        return NULL;
    block->next = block->prev = NULL;
    block->bytes = bytes;
    pool->held_bytes += bytes;
    return block;
}

static void pool_block_end(struct ops_pool *pool, struct ops_pool_block *block)
{
    pool->held_bytes -= block->bytes;
    ops_arena_allow(block, block->bytes);
    pool->memory->release(pool->memory->self, block, block->bytes);
}

static void *pool_alloc_large(struct ops_pool *pool, size_t bytes)
{
    struct ops_pool_block *block;

    if (bytes > SIZE_MAX - pool_header_bytes())
        return NULL;
    block = pool_block_new(pool, bytes + pool_header_bytes());
    if (block == NULL)
        return NULL;
    block->next = pool->large;
    if (pool->large != NULL)
        pool->large->prev = block;
    pool->large = block;
    pool->used_bytes += bytes;
    return pool_block_start(block);
}

/* What is left of the newest block becomes free pieces, so that it is not lost. */
static void pool_keep_rest(struct ops_pool *pool)
{
    size_t left = (size_t)(pool->end - pool->at), size;

    while (left >= POOL_STEP) {
        pool_class_of(left, &size);
        if (size > left) /* between two classes: a lower one fits */
            pool_class_of(size - size / 4, &size);
        ops_arena_allow(pool->at, size);
        pool->used_bytes += size; /* was never counted */
        ops_pool_free(pool, pool->at, size);
        pool->at += size;
        left -= size;
    }
    pool->at = pool->end;
}

/* A block for pieces, the first of `size` bytes. Grows with what is held: a small document stays small, a big one asks seldom. Where
 * the limit or the memory refuses that much, a block for the one piece may still fit. */
static bool pool_new_block(struct ops_pool *pool, size_t size)
{
    size_t need = size + pool_header_bytes(), wanted = pool->held_bytes / 4;
    struct ops_pool_block *block;

    if (wanted < POOL_FIRST_BLOCK)
        wanted = POOL_FIRST_BLOCK;
    if (wanted > POOL_LAST_BLOCK)
        wanted = POOL_LAST_BLOCK;
    if (wanted < need)
        wanted = need;
    wanted = (wanted + (POOL_STEP - 1)) & ~(size_t)(POOL_STEP - 1);
    block = pool_block_new(pool, wanted);
    if (block == NULL && wanted > need)
        block = pool_block_new(pool, need);
    if (block == NULL)
        return false;
    pool_keep_rest(pool);
    block->next = pool->blocks;
    pool->blocks = block;
    pool->at = pool_block_start(block);
    pool->end = (char *)block + block->bytes;
    ops_arena_forbid(pool->at, (size_t)(pool->end - pool->at));
    return true;
}

void *ops_pool_alloc(struct ops_pool *pool, size_t bytes)
{
    size_t size;
    unsigned class_of_piece;
    struct ops_pool_piece *piece;

    if (bytes > OPS_POOL_LARGE)
        return pool_alloc_large(pool, bytes);
    class_of_piece = pool_class_of(bytes != 0 ? bytes : 1, &size);
    piece = pool->free[class_of_piece];
    if (piece != NULL) {
        ops_arena_allow(piece, size);
        pool->free[class_of_piece] = piece->next;
        pool->used_bytes += size;
        return piece;
    }
    if ((size_t)(pool->end - pool->at) < size && !pool_new_block(pool, size))
        return NULL;
    piece = (struct ops_pool_piece *)(void *)pool->at;
    pool->at += size;
    pool->used_bytes += size;
    ops_arena_allow(piece, size);
    return piece;
}

void *ops_pool_zalloc(struct ops_pool *pool, size_t bytes)
{
    void *piece = ops_pool_alloc(pool, bytes);

    if (piece != NULL)
        memset(piece, 0, bytes);
    return piece;
}

void ops_pool_free(struct ops_pool *pool, void *ptr, size_t bytes)
{
    size_t size;
    unsigned class_of_piece;
    struct ops_pool_piece *piece = (struct ops_pool_piece *)ptr;
    struct ops_pool_block *block;

    if (ptr == NULL)
        return;
    if (bytes > OPS_POOL_LARGE) {
        block = (struct ops_pool_block *)(void *)((char *)ptr - pool_header_bytes());
        if (block->prev != NULL)
            block->prev->next = block->next;
        else
            pool->large = block->next;
        if (block->next != NULL)
            block->next->prev = block->prev;
        pool->used_bytes -= bytes;
        pool_block_end(pool, block);
        return;
    }
    class_of_piece = pool_class_of(bytes != 0 ? bytes : 1, &size);
    piece->next = pool->free[class_of_piece];
    pool->free[class_of_piece] = piece;
    pool->used_bytes -= size;
    ops_arena_forbid(piece, size);
}

void *ops_pool_resize(struct ops_pool *pool, void *piece, size_t old_bytes, size_t new_bytes)
{
    size_t old_size, new_size;
    void *moved;

    if (piece == NULL)
        return ops_pool_alloc(pool, new_bytes);
    if (old_bytes <= OPS_POOL_LARGE && new_bytes <= OPS_POOL_LARGE &&
        pool_class_of(old_bytes != 0 ? old_bytes : 1, &old_size) == pool_class_of(new_bytes != 0 ? new_bytes : 1, &new_size))
        return piece;
    moved = ops_pool_alloc(pool, new_bytes);
    if (moved == NULL)
        return NULL;
    memcpy(moved, piece, old_bytes < new_bytes ? old_bytes : new_bytes);
    ops_pool_free(pool, piece, old_bytes);
    return moved;
}

void ops_pool_end(struct ops_pool *pool)
{
    struct ops_pool_block *block;

    while ((block = pool->blocks) != NULL) {
        pool->blocks = block->next;
        pool_block_end(pool, block);
    }
    while ((block = pool->large) != NULL) {
        pool->large = block->next;
        pool_block_end(pool, block);
    }
    ops_pool_init(pool, pool->limit_bytes, pool->memory);
}

static void *pool_more(void *self, size_t bytes)
{
    return ops_pool_alloc((struct ops_pool *)self, bytes);
}

static void pool_release(void *self, void *block, size_t bytes)
{
    ops_pool_free((struct ops_pool *)self, block, bytes);
}

struct ops_memory ops_pool_memory(struct ops_pool *pool)
{
    struct ops_memory memory;

    memory.more = pool_more;
    memory.release = pool_release;
    memory.self = pool;
    return memory;
}
