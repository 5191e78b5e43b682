/* A table of entries by byte-exact id. The entry begins with a `struct ops_ids_node`; the table owns no entry.
 *
 * Seeded SipHash, so that chosen ids cannot make it slow. Not locked. */
#ifndef OPS_BACKENDS_IDS_H
#define OPS_BACKENDS_IDS_H

#include "runtime/base/str.h"

struct ops_ids_node {
    struct ops_ids_node *next; /* of the table */
    uint64_t hash;             /* of the table */
    struct ops_str id;         /* set before the insertion; lives as long as the entry is in the table */
};

struct ops_ids {
    struct ops_ids_node **slots;
    size_t slots_count, count;
    uint64_t seed[2];
};

/* False when there is no memory. `ops_ids_drop` frees the slots, not the entries. */
bool ops_ids_init(struct ops_ids *ids);
void ops_ids_drop(struct ops_ids *ids);

/* NULL: none. */
struct ops_ids_node *ops_ids_find(const struct ops_ids *ids, struct ops_str id);

/* The id is not in the table yet. Cannot fail: when the slots cannot grow, the chains do. */
void ops_ids_insert(struct ops_ids *ids, struct ops_ids_node *node);
void ops_ids_remove(struct ops_ids *ids, struct ops_ids_node *node);

#endif
