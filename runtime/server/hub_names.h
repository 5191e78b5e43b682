/* Hub connections by their tokens, for all loops: who negotiated, what was agreed, and which loop a connection lives on
 * (spec/signalr-protocol.md §1.5).
 *
 *   reserved ──► active      by the first transport request; the loop it came in on is its home for good
 *      └──────► forgotten    after the lifetime without one
 *
 * One lock; asked once an HTTP request or upgrade, never by an op on a WebSocket. A token that does not exist costs as much as one that
 * does: the hash is keyed, the comparison looks at every byte. */
#ifndef OPS_SERVER_HUB_NAMES_H
#define OPS_SERVER_HUB_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "gen/profile.h"

struct ops_hub;
struct ops_hub_names;

enum { OPS_HUB_ID_CHARS = 22 }; /* base64url of 16 random bytes, without padding */

/* What was agreed on. */
struct ops_hub_terms {
    const struct ops_profile *profile;
    char peer_id[OPS_HUB_ID_CHARS];
    bool stateful; /* stateful reconnect */
};

enum ops_hub_names_answer {
    OPS_HUB_NAMED,
    OPS_HUB_NAMES_FULL,    /* too many have negotiated and not connected */
    OPS_HUB_NAMES_ADDRESS, /* from this address */
    OPS_HUB_NAMES_MEMORY
};

/* `reserved_max`, `address_max`: reservations at a time, of all and of one address. NULL: no memory. */
struct ops_hub_names *ops_hub_names_open(uint32_t reserved_max, uint32_t address_max, int64_t lifetime_us, uint64_t seed);
void ops_hub_names_close(struct ops_hub_names *names);

/* Reserves. `address`: of the ticket. */
enum ops_hub_names_answer ops_hub_names_reserve(struct ops_hub_names *names, const char token[OPS_HUB_ID_CHARS],
                                                const struct ops_hub_terms *terms, uint64_t address, int64_t now_us);

/* A transport request with this token came in on `loop`: `*home` is where it is to be decided. `claim`: it may be the first one. False:
 * there is no such connection (or it is only reserved, and this request cannot be its first). */
bool ops_hub_names_find(struct ops_hub_names *names, struct ops_str token, uint32_t loop, bool claim, int64_t now_us, uint32_t *home);

/* On its home: the connection; `*hub` NULL: not made yet, by `terms`. False: forgotten meanwhile. */
bool ops_hub_names_get(struct ops_hub_names *names, const char token[OPS_HUB_ID_CHARS], struct ops_hub **hub, struct ops_hub_terms *terms);

/* On its home: the connection of an active token; NULL: it is over, the token is forgotten. */
void ops_hub_names_set(struct ops_hub_names *names, const char token[OPS_HUB_ID_CHARS], struct ops_hub *hub);

/* Forgets reservations that are too old. True: there are others, come again. */
bool ops_hub_names_expire(struct ops_hub_names *names, int64_t now_us);

struct ops_hub_names_counts {
    uint32_t reserved, active; /* now */
    uint64_t refused_total, refused_address, expired;
};
struct ops_hub_names_counts ops_hub_names_counts(struct ops_hub_names *names);

#endif
