/* What can be done with any schema message beside its wire forms.
 *
 * Use the typed functions of gen/codec.h; these are what they call. */
#ifndef OPS_CODEC_MESSAGE_H
#define OPS_CODEC_MESSAGE_H

#include "type.h"

/* Copies `*from` into `*to` with everything it points to in `arena`: decoded structs are slices of a socket buffer, and the
 * ring and the queues outlive it. False (and `*to` zeroed) when there is no room. */
bool ops_message_copy(const struct ops_message *type, const void *from, struct ops_arena *arena, void *to);

/* Same value: same presence, same bytes, lists in the same order. */
bool ops_message_equal(const struct ops_message *type, const void *a, const void *b);

/* A broken limit. */
struct ops_violation {
    const struct ops_message *message; /* the one that holds the field */
    const struct ops_field *field;
    const struct ops_limit *limit;     /* NULL: an opaque value (from protobuf, or in a string) is not JSON; see `reason` */
    enum ops_reason reason;
    int64_t got;                       /* the size or value that broke it */
};

/* Checks every declared limit of `message` and of all it holds, in the order of the schema, that is for the shape of `style`; opaque
 * JSON that no JSON decoder has checked (JSON_IN_STRING, or anything when `opaque_unchecked`: the message came by protobuf) is
 * scanned, nested at most as deep as the style allows. False: the first broken limit is in `*violation`. */
bool ops_message_validate(const struct ops_message *type, const void *message, const struct ops_json_style *style,
                          bool opaque_unchecked, struct ops_violation *violation);

#endif
