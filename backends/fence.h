/* Which appends of a document may still be carried out: the rule of store.h, for every backend the same.
 *
 * Not locked: whoever holds the document's entry holds its fence. */
#ifndef OPS_BACKENDS_FENCE_H
#define OPS_BACKENDS_FENCE_H

#include <stdbool.h>
#include <stdint.h>

struct ops_store_fence {
    uint64_t epoch;        /* appends below it are refused */
    uint64_t broken_epoch; /* when broken: appends up to it are refused */
    bool broken;
};

/* A load with `fence`. */
static inline void ops_store_fence_raise(struct ops_store_fence *f, uint64_t epoch)
{
    if (epoch > f->epoch)
        f->epoch = epoch;
}

/* An append ended other than DONE. */
static inline void ops_store_fence_break(struct ops_store_fence *f, uint64_t epoch)
{
    if (!f->broken || epoch > f->broken_epoch)
        f->broken_epoch = epoch;
    f->broken = true;
}

/* NULL: an append with `epoch` may be carried out; else why not (static memory). */
static inline const char *ops_store_fence_refuses(const struct ops_store_fence *f, uint64_t epoch)
{
    if (f->broken && epoch <= f->broken_epoch)
        return "an earlier append of this document failed";
    return epoch < f->epoch ? "the document was fenced by a later epoch" : NULL;
}

/* Nothing would be lost by forgetting it once no append of an older epoch is under way. */
static inline bool ops_store_fence_is_idle(const struct ops_store_fence *f)
{
    return !f->broken || f->broken_epoch < f->epoch;
}

#endif
