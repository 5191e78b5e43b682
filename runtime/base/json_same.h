/* Structural equality of JSON texts (spec/opstream-wire.md §2.6). */
#ifndef OPS_BASE_JSON_SAME_H
#define OPS_BASE_JSON_SAME_H

#include "arena.h"

enum { OPS_JSON_SAME_DEPTH = 64 }; /* open objects and lists; texts that are deeper are equal only byte for byte */

/* Same kind and same value: objects as sets of members (duplicates count), lists in order, numbers as decimals (as doubles beyond 28
 * digits), strings unescaped. Both were checked before. Compares 128-bit fingerprints, one pass a text, no recursion: two
 * texts made to collide would be taken for equal. `scratch` is used for the time of the call; without room in it only equal bytes
 * are equal. */
bool ops_json_same(struct ops_str a, struct ops_str b, struct ops_arena *scratch);

#endif
