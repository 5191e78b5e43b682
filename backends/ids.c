#include "ids.h"

#include <stdlib.h>
#include <time.h>

#include <sys/random.h>

enum { FIRST_SLOTS = 256 };

static uint64_t rotate(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1], v[1] = rotate(v[1], 13) ^ v[0], v[0] = rotate(v[0], 32);
    v[2] += v[3], v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3], v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1], v[1] = rotate(v[1], 17) ^ v[2], v[2] = rotate(v[2], 32);
}

/* SipHash-1-3. */
static uint64_t hash_of(const uint64_t seed[2], struct ops_str id)
{
    uint64_t v[4] = {seed[0] ^ UINT64_C(0x736f6d6570736575), seed[1] ^ UINT64_C(0x646f72616e646f6d),
                     seed[0] ^ UINT64_C(0x6c7967656e657261), seed[1] ^ UINT64_C(0x7465646279746573)};
    uint64_t last = (uint64_t)id.len << 56;
    size_t at = 0;

    for (; id.len - at >= 8; at += 8) {
        uint64_t word;

        memcpy(&word, id.ptr + at, 8);
        v[3] ^= word;
        sip_round(v);
        v[0] ^= word;
    }
    for (size_t i = 0; at + i < id.len; i++)
        last |= (uint64_t)(unsigned char)id.ptr[at + i] << (8 * i);
    v[3] ^= last;
    sip_round(v);
    v[0] ^= last;
    v[2] ^= 0xff;
    sip_round(v);
    sip_round(v);
    sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

bool ops_ids_init(struct ops_ids *ids)
{
    memset(ids, 0, sizeof *ids);
    if (getrandom(ids->seed, sizeof ids->seed, GRND_NONBLOCK) != (ssize_t)sizeof ids->seed)
        ids->seed[0] = (uint64_t)time(NULL), ids->seed[1] = (uint64_t)(uintptr_t)ids; /* early boot: better than none */
    ids->slots_count = FIRST_SLOTS;
    ids->slots = calloc(FIRST_SLOTS, sizeof(struct ops_ids_node *));
    return ids->slots != NULL;
}

void ops_ids_drop(struct ops_ids *ids)
{
    free(ids->slots);
    memset(ids, 0, sizeof *ids);
}

static struct ops_ids_node **slot_of(const struct ops_ids *ids, uint64_t hash)
{
    return &ids->slots[hash & (ids->slots_count - 1)];
}

struct ops_ids_node *ops_ids_find(const struct ops_ids *ids, struct ops_str id)
{
    uint64_t hash = hash_of(ids->seed, id);
    struct ops_ids_node *n = *slot_of(ids, hash);

    while (n != NULL && (n->hash != hash || n->id.len != id.len || (id.len > 0 && memcmp(n->id.ptr, id.ptr, id.len) != 0)))
        n = n->next;
    return n;
}

static void grow(struct ops_ids *ids)
{
    struct ops_ids_node **old = ids->slots, **slots = calloc(ids->slots_count * 2, sizeof(struct ops_ids_node *));
    size_t old_count = ids->slots_count;

    if (slots == NULL)
        return;
    ids->slots = slots;
    ids->slots_count *= 2;
    for (size_t i = 0; i < old_count; i++) {
        for (struct ops_ids_node *n = old[i], *next; n != NULL; n = next) {
            struct ops_ids_node **slot = slot_of(ids, n->hash);

            next = n->next;
            n->next = *slot;
            *slot = n;
        }
    }
    free(old);
}

void ops_ids_insert(struct ops_ids *ids, struct ops_ids_node *node)
{
    struct ops_ids_node **slot;

    if (ids->count >= ids->slots_count)
        grow(ids);
    node->hash = hash_of(ids->seed, node->id);
    slot = slot_of(ids, node->hash);
    node->next = *slot;
    *slot = node;
    ids->count++;
}

void ops_ids_remove(struct ops_ids *ids, struct ops_ids_node *node)
{
    struct ops_ids_node **at = slot_of(ids, node->hash);

    while (*at != node)
        at = &(*at)->next;
    *at = node->next;
    ids->count--;
}
