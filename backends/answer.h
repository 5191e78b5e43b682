/* What backends share when they answer a request. */
#ifndef OPS_BACKENDS_ANSWER_H
#define OPS_BACKENDS_ANSWER_H

#include "store.h"

/* Requests in the order in which they came. */
struct ops_store_queue {
    struct ops_store_request *first, **last; /* `last` NULL: empty and never used */
    size_t count;
};

static inline void ops_store_queue_init(struct ops_store_queue *q)
{
    q->first = NULL;
    q->last = &q->first;
    q->count = 0;
}

static inline void ops_store_queue_add(struct ops_store_queue *q, struct ops_store_request *r)
{
    r->next = NULL;
    *q->last = r;
    q->last = &r->next;
    q->count++;
}

/* NULL: empty. */
static inline struct ops_store_request *ops_store_queue_take(struct ops_store_queue *q)
{
    struct ops_store_request *r = q->first;

    if (r == NULL)
        return NULL;
    q->first = r->next;
    if (q->first == NULL)
        q->last = &q->first;
    q->count--;
    r->next = NULL;
    return r;
}

/* Sets `result` and `problem` (printf), cut where it does not fit. */
void ops_store_fail(struct ops_store_request *r, enum ops_store_result result, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A row with its texts copied into `arena`; false when there is no room. */
bool ops_store_op_copy(struct ops_arena *arena, const struct ops_store_op *from, struct ops_store_op *to);

/* Whether `id` begins with `prefix` (absent: yes). */
static inline bool ops_store_has_prefix(struct ops_str id, struct ops_str prefix)
{
    return prefix.len == 0 || (id.len >= prefix.len && memcmp(id.ptr, prefix.ptr, prefix.len) == 0);
}

/* Order of the bytes. */
static inline int ops_store_id_compare(struct ops_str a, struct ops_str b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common > 0 ? memcmp(a.ptr, b.ptr, common) : 0;

    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/* The later one; an absent one is earlier than any. */
static inline struct ops_time ops_store_later(struct ops_time a, struct ops_time b)
{
    if (!a.set || !b.set)
        return a.set ? a : b;
    return a.seconds > b.seconds || (a.seconds == b.seconds && a.nanos >= b.nanos) ? a : b;
}

#endif
