/* Private: the hub's methods and what they are to the core; how a reply finds its call again. */
#ifndef OPS_SIGNALR_CALLS_H
#define OPS_SIGNALR_CALLS_H

#include "gen/calls.h"
#include "gen/types.h"
#include "runtime/base/arena.h"

/* A method that is served. */
struct calls_method {
    const struct ops_call *call;
    enum ops_client_message_message_type kind;
};

/* NULL: there is none, or this profile does not have it. */
const struct calls_method *calls_find(struct ops_str target, bool plus_known);

/* What the core carries from a call to its reply: which method, its invocation id ("": no answer is wanted), and the document of a join. */
struct calls_origin {
    const struct calls_method *method; /* NULL: an unknown one */
    struct ops_str target;             /* as it is declared */
    struct ops_str invocation_id, document_id;
};

/* Absent: no memory. */
struct ops_str calls_tag(const struct calls_method *method, struct ops_str invocation_id, struct ops_str document_id,
                         struct ops_arena *arena);

/* Slices of the tag. */
struct calls_origin calls_origin_of(struct ops_str tag);

#endif
