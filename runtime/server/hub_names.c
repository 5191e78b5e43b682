#include "hub_names.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS_FIRST = 1024 };

/* How many reservations an address has. */
struct address {
    struct address *next;
    uint64_t key;
    uint32_t count;
};

struct entry {
    struct entry *next;           /* in its bucket */
    struct entry *older, *newer;  /* of the reserved */
    struct address *address;      /* while it is reserved */
    struct ops_hub *hub;          /* only for its home */
    int64_t until_us;
    struct ops_hub_terms terms;
    char token[OPS_HUB_ID_CHARS];
    uint32_t home;
    bool active;
};

struct ops_hub_names {
    pthread_mutex_t lock;
    uint32_t reserved_max, address_max;
    int64_t lifetime_us;
    uint64_t seed;
    struct entry **buckets;
    struct address **addresses;  /* as many buckets */
    uint32_t buckets_count;      /* a power of two */
    struct entry *oldest, *newest;
    struct ops_hub_names_counts counts;
};

/* ---- hashing ---------------------------------------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 32)) * UINT64_C(0xd6e8feb86659fd93);
    x = (x ^ (x >> 32)) * UINT64_C(0xd6e8feb86659fd93);
    return x ^ (x >> 32);
}

/* Keyed: who cannot know the seed cannot choose where a token falls. */
static uint64_t hash_token(const struct ops_hub_names *names, const char *token)
{
    uint64_t words[3] = {0, 0, 0}, hash = names->seed;

    memcpy(words, token, OPS_HUB_ID_CHARS);
    for (size_t i = 0; i < 3; i++)
        hash = mix(hash ^ words[i]) + names->seed;
    return hash;
}

static bool is_token(const struct entry *e, const char *token)
{
    unsigned different = 0;

    for (size_t i = 0; i < OPS_HUB_ID_CHARS; i++)
        different |= (unsigned char)e->token[i] ^ (unsigned char)token[i];
    return different == 0;
}

static struct entry **place_of(const struct ops_hub_names *names, const char *token)
{
    struct entry **at = &names->buckets[hash_token(names, token) & (names->buckets_count - 1)];

    while (*at != NULL && !is_token(*at, token))
        at = &(*at)->next;
    return at;
}

/* Twice the buckets; without memory the chains get longer. */
static void grow(struct ops_hub_names *names)
{
    uint32_t count = names->buckets_count * 2, before = names->buckets_count;
    struct entry **buckets = calloc(count, sizeof *buckets), **old = names->buckets;

    if (buckets == NULL)
        return;
    names->buckets = buckets;
    names->buckets_count = count;
    for (uint32_t i = 0; i < before; i++)
        while (old[i] != NULL) {
            struct entry *e = old[i], **at;

            old[i] = e->next;
            at = &buckets[hash_token(names, e->token) & (count - 1)];
            e->next = *at;
            *at = e;
        }
    free(old);
}

/* ---- addresses -------------------------------------------------------------------------------------------------------------- */

static struct address **address_place(const struct ops_hub_names *names, uint64_t key)
{
    struct address **at = &names->addresses[mix(key ^ names->seed) & (BUCKETS_FIRST - 1)];

    while (*at != NULL && (*at)->key != key)
        at = &(*at)->next;
    return at;
}

static struct address *address_enter(struct ops_hub_names *names, uint64_t key)
{
    struct address **at = address_place(names, key);

    if (*at == NULL) {
        *at = calloc(1, sizeof **at);
        if (*at != NULL)
            (*at)->key = key;
    }
    if (*at != NULL)
        (*at)->count++;
    return *at;
}

static void address_leave(struct ops_hub_names *names, struct address *address)
{
    if (--address->count == 0) {
        struct address **at = address_place(names, address->key);

        *at = address->next;
        free(address);
    }
}

/* ---- reservations ----------------------------------------------------------------------------------------------------------- */

static void link_newest(struct ops_hub_names *names, struct entry *e)
{
    e->older = names->newest;
    e->newer = NULL;
    if (e->older != NULL)
        e->older->newer = e;
    else
        names->oldest = e;
    names->newest = e;
    names->counts.reserved++;
}

static void unreserve(struct ops_hub_names *names, struct entry *e)
{
    if (e->older != NULL)
        e->older->newer = e->newer;
    else
        names->oldest = e->newer;
    if (e->newer != NULL)
        e->newer->older = e->older;
    else
        names->newest = e->older;
    e->older = e->newer = NULL;
    names->counts.reserved--;
    address_leave(names, e->address);
    e->address = NULL;
}

static void forget(struct ops_hub_names *names, struct entry **at)
{
    struct entry *e = *at;

    if (e->active)
        names->counts.active--;
    else
        unreserve(names, e);
    *at = e->next;
    free(e);
}

static void expire(struct ops_hub_names *names, int64_t now_us)
{
    while (names->oldest != NULL && names->oldest->until_us <= now_us) {
        forget(names, place_of(names, names->oldest->token));
        names->counts.expired++;
    }
}

static enum ops_hub_names_answer reserve(struct ops_hub_names *names, const char *token, const struct ops_hub_terms *terms,
                                         uint64_t address_key, int64_t now_us)
{
    struct address *address;
    struct entry *e, **at;

    expire(names, now_us);
    if (names->counts.reserved >= names->reserved_max) {
        names->counts.refused_total++;
        return OPS_HUB_NAMES_FULL;
    }
    address = address_enter(names, address_key);
    if (address != NULL && address->count > names->address_max) {
        address_leave(names, address);
        names->counts.refused_address++;
        return OPS_HUB_NAMES_ADDRESS;
    }
    e = address == NULL ? NULL : calloc(1, sizeof *e);
    if (e == NULL) {
        if (address != NULL)
            address_leave(names, address);
        return OPS_HUB_NAMES_MEMORY;
    }
    if (names->counts.reserved + names->counts.active >= names->buckets_count)
        grow(names);
    e->address = address;
    e->until_us = now_us + names->lifetime_us;
    e->terms = *terms;
    memcpy(e->token, token, sizeof e->token);
    at = &names->buckets[hash_token(names, token) & (names->buckets_count - 1)];
    e->next = *at;
    *at = e;
    link_newest(names, e);
    return OPS_HUB_NAMED;
}

/* ---- the door --------------------------------------------------------------------------------------------------------------- */

struct ops_hub_names *ops_hub_names_open(uint32_t reserved_max, uint32_t address_max, int64_t lifetime_us, uint64_t seed)
{
    struct ops_hub_names *names = calloc(1, sizeof *names);

    if (names == NULL)
        return NULL;
    names->buckets = calloc(BUCKETS_FIRST, sizeof *names->buckets);
    names->addresses = calloc(BUCKETS_FIRST, sizeof *names->addresses);
    if (names->buckets == NULL || names->addresses == NULL) {
        free(names->buckets);
        free(names->addresses);
        free(names);
        return NULL;
    }
    pthread_mutex_init(&names->lock, NULL);
    names->buckets_count = BUCKETS_FIRST;
    names->reserved_max = reserved_max;
    names->address_max = address_max;
    names->lifetime_us = lifetime_us;
    names->seed = mix(seed + 1);
    return names;
}

void ops_hub_names_close(struct ops_hub_names *names)
{
    if (names == NULL)
        return;
    for (uint32_t i = 0; i < names->buckets_count; i++)
        while (names->buckets[i] != NULL)
            forget(names, &names->buckets[i]);
    pthread_mutex_destroy(&names->lock);
    free(names->buckets);
    free(names->addresses);
    free(names);
}

enum ops_hub_names_answer ops_hub_names_reserve(struct ops_hub_names *names, const char token[OPS_HUB_ID_CHARS],
                                                const struct ops_hub_terms *terms, uint64_t address, int64_t now_us)
{
    enum ops_hub_names_answer answer;

    pthread_mutex_lock(&names->lock);
    answer = reserve(names, token, terms, address, now_us);
    pthread_mutex_unlock(&names->lock);
    return answer;
}

bool ops_hub_names_find(struct ops_hub_names *names, struct ops_str token, uint32_t loop, bool claim, int64_t now_us, uint32_t *home)
{
    struct entry *e;
    bool found;

    if (token.len != OPS_HUB_ID_CHARS)
        return false;
    pthread_mutex_lock(&names->lock);
    expire(names, now_us);
    e = *place_of(names, token.ptr);
    if (e != NULL && !e->active && claim) {
        unreserve(names, e);
        e->active = true;
        e->home = loop;
        names->counts.active++;
    }
    found = e != NULL && e->active;
    if (found)
        *home = e->home;
    pthread_mutex_unlock(&names->lock);
    return found;
}

bool ops_hub_names_get(struct ops_hub_names *names, const char token[OPS_HUB_ID_CHARS], struct ops_hub **hub, struct ops_hub_terms *terms)
{
    struct entry *e;

    pthread_mutex_lock(&names->lock);
    e = *place_of(names, token);
    if (e != NULL) {
        *hub = e->hub;
        *terms = e->terms;
    }
    pthread_mutex_unlock(&names->lock);
    return e != NULL;
}

void ops_hub_names_set(struct ops_hub_names *names, const char token[OPS_HUB_ID_CHARS], struct ops_hub *hub)
{
    struct entry **at;

    pthread_mutex_lock(&names->lock);
    at = place_of(names, token);
    if (*at != NULL && hub != NULL)
        (*at)->hub = hub;
    else if (*at != NULL)
        forget(names, at);
    pthread_mutex_unlock(&names->lock);
}

bool ops_hub_names_expire(struct ops_hub_names *names, int64_t now_us)
{
    bool more;

    pthread_mutex_lock(&names->lock);
    expire(names, now_us);
    more = names->oldest != NULL;
    pthread_mutex_unlock(&names->lock);
    return more;
}

struct ops_hub_names_counts ops_hub_names_counts(struct ops_hub_names *names)
{
    struct ops_hub_names_counts counts;

    pthread_mutex_lock(&names->lock);
    counts = names->counts;
    pthread_mutex_unlock(&names->lock);
    return counts;
}
