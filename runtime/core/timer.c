/* When a document wants to be woken: a binary heap, the earliest on top. A document has its place in it from its opening on: one that
 * has to close because memory ran out needs none to be woken. */
#include "private.h"

static void heap_set(struct ops_core *core, size_t index, struct ops_document *document)
{
    core->heap[index] = document;
    document->heap_index = index;
}

static void heap_up(struct ops_core *core, size_t index, struct ops_document *document)
{
    while (index > 0 && document->wake_us < core->heap[(index - 1) / 2]->wake_us) {
        heap_set(core, index, core->heap[(index - 1) / 2]);
        index = (index - 1) / 2;
    }
    heap_set(core, index, document);
}

static void heap_down(struct ops_core *core, size_t index, struct ops_document *document)
{
    size_t child;

    while ((child = index * 2 + 1) < core->heap_count) {
        if (child + 1 < core->heap_count && core->heap[child + 1]->wake_us < core->heap[child]->wake_us)
            child++;
        if (core->heap[child]->wake_us >= document->wake_us)
            break;
        heap_set(core, index, core->heap[child]);
        index = child;
    }
    heap_set(core, index, document);
}

bool ops_heap_reserve(struct ops_core *core, size_t documents)
{
    struct ops_memory *memory = &core->host.memory;
    struct ops_document **heap;
    size_t cap = core->heap_cap != 0 ? core->heap_cap * 2 : 64;

    if (documents <= core->heap_cap)
        return true;
    heap = memory->more(memory->self, cap * sizeof *heap);
    if (heap == NULL)
        return false;
    if (core->heap != NULL) {
        memcpy(heap, core->heap, core->heap_count * sizeof *heap);
        memory->release(memory->self, core->heap, core->heap_cap * sizeof *heap);
    }
    core->heap = heap;
    core->heap_cap = cap;
    return true;
}

void ops_heap_put(struct ops_core *core, struct ops_document *document, int64_t wake_us)
{
    if (document->heap_index != SIZE_MAX)
        ops_heap_remove(core, document);
    document->wake_us = wake_us;
    core->heap_count++;
    heap_up(core, core->heap_count - 1, document);
}

void ops_heap_remove(struct ops_core *core, struct ops_document *document)
{
    size_t index = document->heap_index;
    struct ops_document *last;

    if (index == SIZE_MAX)
        return;
    document->heap_index = SIZE_MAX;
    last = core->heap[--core->heap_count];
    if (last == document)
        return;
    if (index > 0 && last->wake_us < core->heap[(index - 1) / 2]->wake_us)
        heap_up(core, index, last);
    else
        heap_down(core, index, last);
}
