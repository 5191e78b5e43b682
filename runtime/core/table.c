/* Chained hash tables and SipHash-1-3. See table.h. */
#include "table.h"

enum { TABLE_FIRST_BUCKETS = 16 };

static uint64_t table_rotate(uint64_t x, unsigned bits)
{
    return (x << bits) | (x >> (64 - bits));
}

static void table_sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = table_rotate(v[1], 13) ^ v[0];
    v[0] = table_rotate(v[0], 32);
    v[2] += v[3];
    v[3] = table_rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = table_rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = table_rotate(v[1], 17) ^ v[2];
    v[2] = table_rotate(v[2], 32);
}

uint64_t ops_hash_bytes(uint64_t seed, struct ops_str bytes)
{
    uint64_t v[4] = {0x736f6d6570736575U ^ seed, 0x646f72616e646f6dU ^ ~seed, 0x6c7967656e657261U ^ seed,
                     0x7465646279746573U ^ ~seed};
    uint64_t word;
    size_t at = 0;
    int round;

    for (; bytes.len - at >= 8; at += 8) {
        memcpy(&word, bytes.ptr + at, 8);
        v[3] ^= word;
        table_sip_round(v);
        v[0] ^= word;
    }
    word = 0;
    if (bytes.len > at)
        memcpy(&word, bytes.ptr + at, bytes.len - at);
    word |= (uint64_t)bytes.len << 56;
    v[3] ^= word;
    table_sip_round(v);
    v[0] ^= word;
    v[2] ^= 0xff;
    for (round = 0; round < 3; round++)
        table_sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint64_t ops_hash_number(uint64_t seed, uint64_t number)
{
    char bytes[8];

    memcpy(bytes, &number, sizeof bytes);
    return ops_hash_bytes(seed, ops_str_of(bytes, sizeof bytes));
}

void ops_table_init(struct ops_table *table, const struct ops_memory *memory)
{
    memset(table, 0, sizeof *table);
    table->memory = memory;
}

void ops_table_end(struct ops_table *table)
{
    if (table->buckets != NULL)
        table->memory->release(table->memory->self, table->buckets, table->bucket_count * sizeof *table->buckets);
    ops_table_init(table, table->memory);
}

static bool table_grow(struct ops_table *table)
{
    size_t count = table->bucket_count != 0 ? table->bucket_count * 2 : (size_t)TABLE_FIRST_BUCKETS, i;
    struct ops_link **buckets = table->memory->more(table->memory->self, count * sizeof *buckets), *link, *next;

    if (buckets == NULL)
        return false;
    for (i = 0; i < count; i++)
        buckets[i] = NULL;
    for (i = 0; i < table->bucket_count; i++) {
        for (link = table->buckets[i]; link != NULL; link = next) {
            next = link->next;
            link->next = buckets[link->hash & (count - 1)];
            buckets[link->hash & (count - 1)] = link;
        }
    }
    if (table->buckets != NULL)
        table->memory->release(table->memory->self, table->buckets, table->bucket_count * sizeof *buckets);
    table->buckets = buckets;
    table->bucket_count = count;
    return true;
}

bool ops_table_add(struct ops_table *table, struct ops_link *link, uint64_t hash)
{
    struct ops_link **bucket;

    if (table->count >= table->bucket_count && !table_grow(table) && table->bucket_count == 0)
        return false; /* a full table that cannot grow gets slower, not wrong */
    bucket = &table->buckets[hash & (table->bucket_count - 1)];
    link->hash = hash;
    link->next = *bucket;
    *bucket = link;
    table->count++;
    return true;
}

void ops_table_remove(struct ops_table *table, struct ops_link *link)
{
    struct ops_link **place = &table->buckets[link->hash & (table->bucket_count - 1)];

    while (*place != link)
        place = &(*place)->next;
    *place = link->next;
    link->next = NULL;
    table->count--;
}

struct ops_link *ops_table_find(const struct ops_table *table, uint64_t hash)
{
    struct ops_link *link = table->bucket_count != 0 ? table->buckets[hash & (table->bucket_count - 1)] : NULL;

    while (link != NULL && link->hash != hash)
        link = link->next;
    return link;
}

struct ops_link *ops_table_find_next(const struct ops_link *link)
{
    struct ops_link *next = link->next;

    while (next != NULL && next->hash != link->hash)
        next = next->next;
    return next;
}

struct ops_link *ops_table_walk(const struct ops_table *table, const struct ops_link *link)
{
    size_t bucket = 0;

    if (link != NULL) {
        if (link->next != NULL)
            return link->next;
        bucket = (link->hash & (table->bucket_count - 1)) + 1;
    }
    for (; bucket < table->bucket_count; bucket++) {
        if (table->buckets[bucket] != NULL)
            return table->buckets[bucket];
    }
    return NULL;
}
