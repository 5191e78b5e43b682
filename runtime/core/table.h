/* Hash tables of things that carry their own link. Keyed by SipHash-1-3 with the process's seed, so that nobody who chooses
 * document ids can make a bucket long. */
#ifndef OPS_CORE_TABLE_H
#define OPS_CORE_TABLE_H

#include "runtime/base/pool.h"

struct ops_link {
    struct ops_link *next;
    uint64_t hash;
};

struct ops_table {
    struct ops_link **buckets;
    size_t bucket_count, count; /* bucket_count: a power of two, 0 while empty */
    const struct ops_memory *memory;
};

/* `memory` outlives the table. */
void ops_table_init(struct ops_table *table, const struct ops_memory *memory);

void ops_table_end(struct ops_table *table);

/* Adds what is not there yet. False: no memory. The link must stay where it is. */
bool ops_table_add(struct ops_table *table, struct ops_link *link, uint64_t hash);

/* Takes out what is there. */
void ops_table_remove(struct ops_table *table, struct ops_link *link);

/* First link with this hash, and the next one after `link`; NULL: none. */
struct ops_link *ops_table_find(const struct ops_table *table, uint64_t hash);
struct ops_link *ops_table_find_next(const struct ops_link *link);

/* Walks all in no order: `link` NULL begins; NULL: the end. Nothing may be added or removed meanwhile. */
struct ops_link *ops_table_walk(const struct ops_table *table, const struct ops_link *link);

uint64_t ops_hash_bytes(uint64_t seed, struct ops_str bytes);
uint64_t ops_hash_number(uint64_t seed, uint64_t number);

#endif
