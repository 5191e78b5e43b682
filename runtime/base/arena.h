/* Arena: memory that is given back all at once.
 *
 * One arena a message, reset when the reply is on its way. Single threaded. Starts in the caller's block and asks the
 * caller's `more` for further ones, so it needs no libc allocator and runs inside WebAssembly.
 *
 * Memory is aligned to 8 bytes: enough for pointers, int64_t, double and every struct of the schema; not for long double,
 * max_align_t or vector types. What is written beyond an allocation or kept over a reset is reported under ASan. */
#ifndef OPS_BASE_ARENA_H
#define OPS_BASE_ARENA_H

#include "str.h"

#if defined(__SANITIZE_ADDRESS__)
#define OPS_ARENA_ASAN
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define OPS_ARENA_ASAN
#endif
#endif

#ifdef OPS_ARENA_ASAN
#ifdef __cplusplus
extern "C" {
#endif
void __asan_poison_memory_region(const volatile void *ptr, size_t bytes);
void __asan_unpoison_memory_region(const volatile void *ptr, size_t bytes);
#ifdef __cplusplus
}
#endif
#endif

enum { OPS_ARENA_ALIGN = 8 }; /* bytes; a power of two */

/* Where an arena gets further blocks. Both functions may be called whenever the arena is. */
struct ops_memory {
    void *(*more)(void *self, size_t bytes);               /* a block aligned for any type, or NULL */
    void (*release)(void *self, void *block, size_t bytes); /* gives one back */
    void *self;
};

struct ops_arena_block; /* header of a block that came from `more` */

struct ops_arena {
    char *at, *end;               /* free space of the current block, both aligned; never reaches past limit_bytes */
    struct ops_arena_block *heap; /* blocks from `memory`, newest first */
    size_t used_bytes;            /* handed out, alignment included */
    size_t limit_bytes;           /* an allocation beyond it fails and leaves the arena usable; fixed by ops_arena_init */
    char *first;                  /* the caller's block: the common message never asks for more */
    size_t first_bytes;
    const struct ops_memory *memory; /* NULL: the first block is all there is */
};

/* `first` (may be NULL when `first_bytes` is 0) and `memory` (may be NULL) belong to the caller and outlive the arena. */
void ops_arena_init(struct ops_arena *a, void *first, size_t first_bytes, size_t limit_bytes,
                    const struct ops_memory *memory);

/* Called by ops_arena_alloc when the current block has no room. */
void *ops_arena_alloc_slow(struct ops_arena *a, size_t bytes);

/* `bytes` as counted by `used_bytes`. */
static inline size_t ops_arena_rounded(size_t bytes)
{
    return (bytes + (OPS_ARENA_ALIGN - 1)) & ~(size_t)(OPS_ARENA_ALIGN - 1);
}

/* Under ASan: using this memory is an error from now on. Elsewhere nothing. */
static inline void ops_arena_forbid(const void *ptr, size_t bytes)
{
#ifdef OPS_ARENA_ASAN
    __asan_poison_memory_region(ptr, bytes);
#else
    (void)ptr;
    (void)bytes;
#endif
}

static inline void ops_arena_allow(const void *ptr, size_t bytes)
{
#ifdef OPS_ARENA_ASAN
    __asan_unpoison_memory_region(ptr, bytes);
#else
    (void)ptr;
    (void)bytes;
#endif
}
#undef OPS_ARENA_ASAN

/* Aligned to OPS_ARENA_ALIGN, not zeroed; `bytes` 0 gives a valid pointer. NULL when `limit_bytes` or the memory is
 * reached. */
static inline void *ops_arena_alloc(struct ops_arena *a, size_t bytes)
{
    char *ptr = a->at;

    if (bytes > (size_t)(a->end - ptr)) /* both aligned: what fits, fits rounded up too */
        return ops_arena_alloc_slow(a, bytes);
    a->at = ptr + ops_arena_rounded(bytes);
    a->used_bytes += ops_arena_rounded(bytes);
    ops_arena_allow(ptr, bytes);
    return ptr;
}

/* Like ops_arena_alloc, zeroed. */
void *ops_arena_zalloc(struct ops_arena *a, size_t bytes);

/* `count` * `size` bytes, NULL also when the product overflows. */
void *ops_arena_array(struct ops_arena *a, size_t count, size_t size);

/* Makes the allocation `ptr` of `old_bytes` hold `new_bytes`: in place when it is the latest one and the block has room,
 * else by moving it. NULL (and `ptr` stays valid) when there is no room. */
void *ops_arena_grow(struct ops_arena *a, void *ptr, size_t old_bytes, size_t new_bytes);

/* Gives the tail of the latest allocation back; does nothing for any other one. */
void ops_arena_shrink(struct ops_arena *a, void *ptr, size_t old_bytes, size_t new_bytes);

/* A place to return to: everything allocated after it is given back (blocks from `more` included). Marks are returned to
 * newest first, or skipped; a reset ends them all. What was allocated before a mark is not shrunk while the mark is in
 * use. */
struct ops_arena_mark {
    char *at, *end;
    struct ops_arena_block *heap;
    size_t used_bytes;
};

static inline struct ops_arena_mark ops_arena_here(const struct ops_arena *a)
{
    struct ops_arena_mark mark;

    mark.at = a->at;
    mark.end = a->end;
    mark.heap = a->heap;
    mark.used_bytes = a->used_bytes;
    return mark;
}

void ops_arena_rewind(struct ops_arena *a, struct ops_arena_mark mark);

/* Everything handed out becomes invalid (poisoned under ASan). The caller's block is kept, so the next message starts
 * warm; blocks from `more` are released. */
void ops_arena_reset(struct ops_arena *a);

/* A reset after which the caller may use its block for something else (not poisoned). Needed before a block on the stack
 * goes out of scope, when ASan is to stay quiet. The arena stays usable. */
void ops_arena_end(struct ops_arena *a);

/* A copy of `s` in the arena; an absent view stays absent. False when there is no room. */
bool ops_arena_copy(struct ops_arena *a, struct ops_str s, struct ops_str *copy);

#endif
