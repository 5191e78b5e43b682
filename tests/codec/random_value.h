/* Random structs of any message of the schema. */
#ifndef OPS_TESTS_RANDOM_VALUE_H
#define OPS_TESTS_RANDOM_VALUE_H

#include "runtime/codec/type.h"
#include "tests/codec/random_text.h"

struct random_knobs {
    /* NULL: presence is random everywhere. Else only what comes back from JSON of this style: what it must say is there, what it has
     * no name for is not, times have its precision, numbers are in range, maps in its order, opaque values are what it writes. */
    const struct ops_json_style *style;
    bool proto_only;    /* only what comes back from protobuf: no empty lists, no empty texts of implicit presence */
    bool opaque_bytes;  /* opaque values and bytes may be anything (JSON cannot be made of it); else JSON texts */
    bool in_range;      /* integers within the declared range of their field */
    bool maps_sorted;   /* always; else sometimes */
    bool unions_set;    /* a oneof always has a variant */
    bool no_nul;        /* no U+0000 in strings: protobuf-c ends them there */
    unsigned time_digits; /* of a fraction of a second: 3, 7 or 9 */
    size_t string_limit_bytes, list_limit;
    unsigned json_depth_limit;
};

/* Any value that can be written in every form: strings of at most 40 bytes, lists of at most 3. */
struct random_knobs random_knobs_default(void);

/* A struct of `type`, everything in `arena`. Aborts when that has no room. */
void *random_value(struct random_source *r, const struct random_knobs *knobs, const struct ops_message *type,
                   struct ops_arena *arena);

#endif
