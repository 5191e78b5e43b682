/* runtime/base/pool.c and arena.c once more, with functions in front of them that refuse: so that every piece of a pool can be the one that
 * is not there, not only every block. What is defined here is not taken from the library. */
#include "starved.h"

#include "runtime/base/pool.h"

void *fed_pool_alloc(struct ops_pool *pool, size_t bytes);
void *fed_pool_zalloc(struct ops_pool *pool, size_t bytes);
void *fed_pool_resize(struct ops_pool *pool, void *piece, size_t old_bytes, size_t new_bytes);
void *fed_arena_alloc_slow(struct ops_arena *a, size_t bytes);
void fed_arena_reset(struct ops_arena *a);

/* What the headers say inline still calls the ones below. */
#define ops_pool_alloc fed_pool_alloc
#define ops_pool_zalloc fed_pool_zalloc
#define ops_pool_resize fed_pool_resize
#define ops_arena_alloc_slow fed_arena_alloc_slow
#define ops_arena_reset fed_arena_reset
#include "runtime/base/pool.c"

#include "runtime/base/arena.c"
#undef ops_pool_alloc
#undef ops_pool_zalloc
#undef ops_pool_resize
#undef ops_arena_alloc_slow
#undef ops_arena_reset

unsigned starved_one_in;
unsigned long starved_at, starved_count, starved_asked;
bool starved_on;

uint64_t starved_dice = 1;

static bool is_starved(void)
{
    bool fails;

    if (!starved_on)
        return false;
    starved_asked++;
    starved_dice ^= starved_dice << 13;
    starved_dice ^= starved_dice >> 7;
    starved_dice ^= starved_dice << 17;
    fails = (starved_one_in > 0 && (starved_dice >> 32) % starved_one_in == 0) || (starved_at > 0 && --starved_at == 0);
    starved_count += fails;
    return fails;
}

void *ops_pool_alloc(struct ops_pool *pool, size_t bytes)
{
    return is_starved() ? NULL : fed_pool_alloc(pool, bytes);
}

void *ops_pool_zalloc(struct ops_pool *pool, size_t bytes)
{
    return is_starved() ? NULL : fed_pool_zalloc(pool, bytes);
}

void *ops_pool_resize(struct ops_pool *pool, void *piece, size_t old_bytes, size_t new_bytes)
{
    return is_starved() ? NULL : fed_pool_resize(pool, piece, old_bytes, new_bytes);
}

/* Nothing is left in the block afterwards: the next request is asked for too. */
void *ops_arena_alloc_slow(struct ops_arena *a, size_t bytes)
{
    void *piece = is_starved() ? NULL : fed_arena_alloc_slow(a, bytes);

    if (starved_on && piece != NULL)
        a->end = a->at;
    return piece;
}

/* Nor in the block that the caller gave. */
void ops_arena_reset(struct ops_arena *a)
{
    fed_arena_reset(a);
    if (starved_on)
        a->end = a->at;
}
