#include "admission.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Open addressing over at most total_max addresses, at most half full: total_max bounds the memory. */
struct place {
    uint64_t address; /* 0: free */
    uint32_t count;
};

struct ops_admission {
    pthread_mutex_t lock;
    struct place *places;
    size_t places_mask;
    uint32_t total_max, address_max, refusals_max;
    struct ops_admission_counts counts;
};

struct ops_admission *ops_admission_open(uint32_t total_max, uint32_t address_max, uint32_t refusals_max)
{
    struct ops_admission *a = calloc(1, sizeof *a);
    size_t places = 16;

    while (places < (size_t)total_max * 2)
        places *= 2;
    if (a == NULL || (a->places = calloc(places, sizeof *a->places)) == NULL) {
        free(a);
        return NULL;
    }
    pthread_mutex_init(&a->lock, NULL);
    a->places_mask = places - 1;
    a->total_max = total_max;
    a->address_max = address_max;
    a->refusals_max = refusals_max;
    return a;
}

void ops_admission_close(struct ops_admission *a)
{
    if (a == NULL)
        return;
    pthread_mutex_destroy(&a->lock);
    free(a->places);
    free(a);
}

/* Addresses are their own keys: what is counted cannot be chosen to collide by someone who does not own the addresses. */
static uint64_t address_key(const struct sockaddr *address)
{
    uint64_t key = 1;

    if (address->sa_family == AF_INET) {
        key = ((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr;
        key |= (uint64_t)AF_INET << 48;
    } else if (address->sa_family == AF_INET6) {
        const struct in6_addr *ip = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;

        if (IN6_IS_ADDR_V4MAPPED(ip)) {
            uint32_t v4;

            memcpy(&v4, ip->s6_addr + 12, 4);
            key = v4 | (uint64_t)AF_INET << 48;
        } else {
            memcpy(&key, ip->s6_addr, 8);
        }
    }
    return key == 0 ? 1 : key;
}

static size_t place_first(const struct ops_admission *a, uint64_t key)
{
    return (size_t)((key * 0x9e3779b97f4a7c15u) >> 20) & a->places_mask;
}

/* The place of the address, or the free one where it would be. */
static struct place *place_find(const struct ops_admission *a, uint64_t key)
{
    size_t i = place_first(a, key);

    while (a->places[i].address != 0 && a->places[i].address != key)
        i = (i + 1) & a->places_mask;
    return &a->places[i];
}

/* Frees a place and moves up what was displaced by it, so that no search ends too early. */
static void place_free(struct ops_admission *a, struct place *place)
{
    size_t hole = (size_t)(place - a->places), i = hole;

    for (;;) {
        size_t wanted;

        i = (i + 1) & a->places_mask;
        if (a->places[i].address == 0)
            break;
        wanted = place_first(a, a->places[i].address);
        if (((i - wanted) & a->places_mask) >= ((i - hole) & a->places_mask)) {
            a->places[hole] = a->places[i];
            hole = i;
        }
    }
    a->places[hole].address = 0;
    a->places[hole].count = 0;
}

enum ops_admission_answer ops_admission_enter(struct ops_admission *a, const struct sockaddr *address, struct ops_ticket *ticket)
{
    enum ops_admission_answer answer = OPS_ADMITTED;
    struct place *place;

    memset(ticket, 0, sizeof *ticket);
    ticket->address = address_key(address);
    pthread_mutex_lock(&a->lock);
    place = place_find(a, ticket->address);
    if (a->counts.open >= a->total_max) {
        a->counts.refused_total++;
        answer = OPS_REFUSED_TOTAL;
    } else if (place->count >= a->address_max) {
        a->counts.refused_address++;
        answer = OPS_REFUSED_ADDRESS;
    }
    if (answer == OPS_ADMITTED) {
        place->address = ticket->address;
        place->count++;
        a->counts.open++;
        a->counts.admitted++;
        ticket->admitted = true;
    } else if (a->counts.refusals < a->refusals_max) {
        a->counts.refusals++;
        ticket->refused = true;
    } else {
        answer = OPS_REFUSED_QUIETLY;
    }
    pthread_mutex_unlock(&a->lock);
    return answer;
}

void ops_admission_leave(struct ops_admission *a, struct ops_ticket *ticket)
{
    pthread_mutex_lock(&a->lock);
    if (ticket->admitted) {
        struct place *place = place_find(a, ticket->address);

        if (--place->count == 0)
            place_free(a, place);
        a->counts.open--;
    } else if (ticket->refused) {
        a->counts.refusals--;
    }
    pthread_mutex_unlock(&a->lock);
    ticket->admitted = ticket->refused = false;
}

struct ops_admission_counts ops_admission_counts(struct ops_admission *a)
{
    struct ops_admission_counts counts;

    pthread_mutex_lock(&a->lock);
    counts = a->counts;
    pthread_mutex_unlock(&a->lock);
    return counts;
}
