#include "memory.h"

#include <stdio.h>
#include <stdlib.h>

static void *memory_more(void *self, size_t bytes)
{
    (void)self;
    return malloc(bytes);
}

static void memory_release(void *self, void *block, size_t bytes)
{
    (void)self;
    (void)bytes;
    free(block);
}

static const struct ops_memory memory = {memory_more, memory_release, NULL};

static void memory_end(void)
{
    fputs("out of memory\n", stderr);
    exit(2);
}

void conf_arena_init(struct ops_arena *arena)
{
    ops_arena_init(arena, NULL, 0, CONF_ARENA_BYTES, &memory);
}

void *conf_alloc(struct ops_arena *arena, size_t bytes)
{
    void *room = ops_arena_zalloc(arena, bytes);

    if (room == NULL)
        memory_end();
    return room;
}

void conf_append(struct ops_buf *out, struct ops_str text)
{
    if (text.len > 0 && !ops_buf_append(out, text.ptr, text.len))
        memory_end();
}
