/* An arena on the heap, for tests. */
#ifndef OPS_TESTS_MEMORY_H
#define OPS_TESTS_MEMORY_H

#include <stdlib.h>

#include "runtime/base/arena.h"

static inline void *test_memory_more(void *self, size_t bytes)
{
    (void)self;
    return malloc(bytes);
}

static inline void test_memory_release(void *self, void *block, size_t bytes)
{
    (void)self;
    (void)bytes;
    free(block);
}

/* malloc and free as a source of arena blocks. */
static const struct ops_memory test_memory = {test_memory_more, test_memory_release, NULL};

/* An arena without a first block; ops_arena_reset gives everything back. */
static inline struct ops_arena test_arena(size_t limit_bytes)
{
    struct ops_arena a;

    ops_arena_init(&a, NULL, 0, limit_bytes, &test_memory);
    return a;
}

enum { TEST_ARENA_BYTES = 64 << 20 };

#endif
