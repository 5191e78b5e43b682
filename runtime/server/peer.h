/* A client of the core, whatever carries it: what the core's effects about one client are carried out by. The first member of what is
 * given to ops_core_connect as `peer`. */
#ifndef OPS_SERVER_PEER_H
#define OPS_SERVER_PEER_H

#include <stdbool.h>

#include "gen/types.h"

struct ops_note;
struct ops_peer;

/* As in struct ops_core_host: none of these calls back into the core. */
struct ops_peer_ops {
    void (*send)(struct ops_peer *peer, struct ops_note *note);
    void (*close)(struct ops_peer *peer, enum ops_error_code code);
    void (*pause)(struct ops_peer *peer, bool paused);
};

struct ops_peer {
    const struct ops_peer_ops *ops;
};

#endif
