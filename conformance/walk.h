/* Finds what lies base64-coded inside messages: op payloads and documents. */
#ifndef OPS_CONFORMANCE_WALK_H
#define OPS_CONFORMANCE_WALK_H

#include "gen/tables.h"

/* A payload, snapshot or state inside a message. */
struct conf_inner {
    struct ops_str bytes;       /* decoded; may be absent */
    struct ops_str document_id; /* of the same message; absent: it names none */
    bool is_document;           /* else an op */
};

typedef void (*conf_visit)(void *self, const struct conf_inner *inner);

/* Calls `visit` for each one in `message` and in all it holds. */
void conf_walk(const struct ops_message *type, const void *message, conf_visit visit, void *self);

/* The variant that is set; NULL: none, or the message has no oneof. */
const struct ops_field *conf_variant(const struct ops_message *type, const void *message);

/* Puts "peer" into every text that no JSON form carries: what the server fills in before it checks limits. */
void conf_walk_fill(const struct ops_message *type, void *message);

/* The string field of that JSON name in `message`; absent when it has none. */
struct ops_str conf_field_text(const struct ops_message *type, const void *message, const char *name);

#endif
