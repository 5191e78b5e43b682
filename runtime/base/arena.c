/* Blocks behind the arena's inline fast path.
 *
 * `end` is clipped to what `limit_bytes` still allows, so the fast path needs one comparison. The unused tail of a block
 * that was too small is lost until the next reset or rewind. */
#include "runtime/base/arena.h"

/* Starts a block that came from `more`; what is handed out follows it. */
struct ops_arena_block {
    struct ops_arena_block *older;
    size_t bytes; /* header included, as asked of `more` */
};

enum {
    ARENA_HEADER_BYTES = (sizeof(struct ops_arena_block) + OPS_ARENA_ALIGN - 1) / OPS_ARENA_ALIGN * OPS_ARENA_ALIGN,
    ARENA_BLOCK_BYTES_MIN = 4096,
    ARENA_BLOCK_BYTES_MAX = 1 << 20 /* blocks double up to this; a larger one is made for one large allocation */
};

/* Where an arena without a block of the caller points: allocations of 0 bytes get it. Nothing is stored here. */
static int64_t arena_nothing;

static size_t arena_min(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t arena_left_bytes(const struct ops_arena *a)
{
    return (a->limit_bytes - a->used_bytes) & ~(size_t)(OPS_ARENA_ALIGN - 1);
}

static bool arena_is_latest(const struct ops_arena *a, const char *ptr, size_t bytes)
{
    return ptr != NULL && ptr + ops_arena_rounded(bytes) == a->at;
}

static void arena_use_first(struct ops_arena *a)
{
    size_t skip = (size_t)(0 - (uintptr_t)a->first) & (OPS_ARENA_ALIGN - 1);
    size_t room = 0;

    a->used_bytes = 0;
    a->at = (char *)&arena_nothing;
    if (a->first != NULL && a->first_bytes > skip) {
        a->at = a->first + skip;
        room = (a->first_bytes - skip) & ~(size_t)(OPS_ARENA_ALIGN - 1);
    }
    a->end = a->at + arena_min(room, arena_left_bytes(a));
}

static void arena_release_until(struct ops_arena *a, const struct ops_arena_block *kept)
{
    while (a->heap != kept) {
        struct ops_arena_block *block = a->heap;

        a->heap = block->older;
        ops_arena_allow(block, block->bytes);
        a->memory->release(a->memory->self, block, block->bytes);
    }
}

void ops_arena_init(struct ops_arena *a, void *first, size_t first_bytes, size_t limit_bytes,
                    const struct ops_memory *memory)
{
    a->heap = NULL;
    a->limit_bytes = limit_bytes;
    a->first = (char *)first;
    a->first_bytes = first_bytes;
    a->memory = memory;
    arena_use_first(a);
}

void *ops_arena_alloc_slow(struct ops_arena *a, size_t bytes)
{
    struct ops_arena_block *block;
    size_t left_bytes = arena_left_bytes(a);
    size_t need_bytes, want_bytes;

    if (a->memory == NULL || bytes > left_bytes || bytes > (size_t)PTRDIFF_MAX - ARENA_HEADER_BYTES - OPS_ARENA_ALIGN)
        return NULL;
    need_bytes = ARENA_HEADER_BYTES + ops_arena_rounded(bytes);
    want_bytes = ARENA_BLOCK_BYTES_MIN;
    if (a->heap != NULL)
        want_bytes = a->heap->bytes < ARENA_BLOCK_BYTES_MAX / 2 ? a->heap->bytes * 2 : (size_t)ARENA_BLOCK_BYTES_MAX;
    if (left_bytes < want_bytes - ARENA_HEADER_BYTES)
        want_bytes = ARENA_HEADER_BYTES + left_bytes;
    if (want_bytes < need_bytes)
        want_bytes = need_bytes;

    block = (struct ops_arena_block *)a->memory->more(a->memory->self, want_bytes);
    if (block == NULL && want_bytes > need_bytes) {
        want_bytes = need_bytes;
        block = (struct ops_arena_block *)a->memory->more(a->memory->self, want_bytes);
    }
    if (block == NULL)
        return NULL;
    block->older = a->heap;
    block->bytes = want_bytes;
    a->heap = block;
    a->at = (char *)block + ARENA_HEADER_BYTES;
    a->end = a->at + (arena_min(want_bytes - ARENA_HEADER_BYTES, left_bytes) & ~(size_t)(OPS_ARENA_ALIGN - 1));
    ops_arena_forbid(a->at, want_bytes - ARENA_HEADER_BYTES);
    return ops_arena_alloc(a, bytes);
}

void *ops_arena_zalloc(struct ops_arena *a, size_t bytes)
{
    void *ptr = ops_arena_alloc(a, bytes);

    if (ptr != NULL)
        memset(ptr, 0, bytes);
    return ptr;
}

void *ops_arena_array(struct ops_arena *a, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size)
        return NULL;
    return ops_arena_alloc(a, count * size);
}

void *ops_arena_grow(struct ops_arena *a, void *ptr, size_t old_bytes, size_t new_bytes)
{
    void *moved;

    if (ptr != NULL && new_bytes <= old_bytes)
        return ptr;
    if (arena_is_latest(a, (const char *)ptr, old_bytes) && new_bytes <= (size_t)(a->end - (char *)ptr)) {
        a->at = (char *)ptr + ops_arena_rounded(new_bytes);
        a->used_bytes += ops_arena_rounded(new_bytes) - ops_arena_rounded(old_bytes);
        ops_arena_allow(ptr, new_bytes);
        return ptr;
    }
    moved = ops_arena_alloc(a, new_bytes);
    if (moved != NULL && old_bytes != 0)
        memcpy(moved, ptr, old_bytes);
    return moved;
}

void ops_arena_shrink(struct ops_arena *a, void *ptr, size_t old_bytes, size_t new_bytes)
{
    if (new_bytes >= old_bytes || !arena_is_latest(a, (const char *)ptr, old_bytes))
        return;
    a->at = (char *)ptr + ops_arena_rounded(new_bytes);
    a->used_bytes -= ops_arena_rounded(old_bytes) - ops_arena_rounded(new_bytes);
    ops_arena_forbid((char *)ptr + new_bytes, old_bytes - new_bytes);
}

void ops_arena_rewind(struct ops_arena *a, struct ops_arena_mark mark)
{
    arena_release_until(a, mark.heap);
    a->at = mark.at;
    a->end = mark.end;
    a->used_bytes = mark.used_bytes;
    ops_arena_forbid(a->at, (size_t)(a->end - a->at));
}

void ops_arena_reset(struct ops_arena *a)
{
    arena_release_until(a, NULL);
    arena_use_first(a);
    ops_arena_forbid(a->at, (size_t)(a->end - a->at));
}

void ops_arena_end(struct ops_arena *a)
{
    arena_release_until(a, NULL);
    arena_use_first(a);
    ops_arena_allow(a->at, (size_t)(a->end - a->at));
}

bool ops_arena_copy(struct ops_arena *a, struct ops_str s, struct ops_str *copy)
{
    char *ptr;

    if (s.ptr == NULL) {
        *copy = s;
        return true;
    }
    ptr = (char *)ops_arena_alloc(a, s.len);
    if (ptr == NULL)
        return false;
    if (s.len != 0)
        memcpy(ptr, s.ptr, s.len);
    *copy = ops_str_of(ptr, s.len);
    return true;
}
