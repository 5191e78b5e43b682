/* Awareness that a MessagePack client cannot be told of.
 *
 * `@msgpack/msgpack`, which the released JavaScript client decodes with, throws at a map with the key `__proto__` and the client
 * drops its connection: one peer's state would disconnect all of them. Such a state is left out of what MessagePack clients get; all
 * others get it. Private to encode.c. */
#ifndef OPS_SIGNALR_WITHHELD_H
#define OPS_SIGNALR_WITHHELD_H

#include "private.h"

/* The encoded bytes may hold such a key. True also when a text of a state is just that word. */
bool signalr_is_withheld(struct ops_str encoded);

/* A copy of a reply (shallow, in `arena`) whose awareness lists lack such states. OPS_ERR_NOMEM. */
enum ops_err signalr_withhold(const struct ops_server_message *from, const struct ops_json_style *style, struct ops_arena *arena,
                              struct ops_server_message *to);

#endif
