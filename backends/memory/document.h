/* One document of the memory backend: its rows, its snapshot, its fence. */
#ifndef OPS_BACKENDS_MEMORY_DOCUMENT_H
#define OPS_BACKENDS_MEMORY_DOCUMENT_H

#include "backends/answer.h"
#include "backends/fence.h"
#include "backends/ids.h"

struct memory_document {
    struct ops_ids_node node; /* first: the table's */
    struct ops_store_fence fence;
    struct ops_str type;
    int64_t snapshot_revision; /* -1: none */
    struct ops_str snapshot;
    struct ops_time snapshot_time;
    struct ops_store_op *ops; /* each with one block of its own; ops[head] is the oldest */
    size_t head, count, cap;
};

/* NULL when there is no memory. */
struct memory_document *memory_document_new(struct ops_str id);
void memory_document_free(struct memory_document *d);

/* A snapshot or an op is there. */
static inline bool memory_document_exists(const struct memory_document *d)
{
    return d->count > 0 || d->snapshot_revision >= 0;
}

/* Of the last op or the snapshot, whichever is higher; -1: nothing there. */
int64_t memory_document_revision(const struct memory_document *d);

/* Each carries its request out and sets its result. */
void memory_document_append(struct memory_document *d, struct ops_store_append *a);
void memory_document_snapshot(struct memory_document *d, struct ops_store_snapshot *s);
void memory_document_load(struct memory_document *d, struct ops_store_load *l);
void memory_document_history(const struct memory_document *d, struct ops_store_history *h);

#endif
