/* Private to the protobuf codec: wire types, and the well-known messages that are plain values in C.
 *
 * google.protobuf.Timestamp, Int32Value and Int64Value are read and written by the same walk as any other message, over these
 * tables; their structs are struct ops_time, ops_opt_int32 and ops_opt_int64 without `set`. */
#ifndef OPS_CODEC_PROTO_KNOWN_H
#define OPS_CODEC_PROTO_KNOWN_H

#include "list.h"

enum proto_wire_type {
    PROTO_WIRE_VARINT = 0,
    PROTO_WIRE_FIXED64 = 1,
    PROTO_WIRE_BYTES = 2,
    PROTO_WIRE_GROUP = 3,
    PROTO_WIRE_GROUP_END = 4,
    PROTO_WIRE_FIXED32 = 5
};

extern const struct ops_message ops_proto_time_type, ops_proto_int32_value_type, ops_proto_int64_value_type;

/* Numbers, but not those wrapped in a message. */
static inline bool proto_is_varint(const struct ops_field *f)
{
    return f->type <= OPS_TYPE_ENUM && (f->flags & OPS_FIELD_WRAPPER) == 0;
}

/* Of a TIME or a WRAPPER field. */
static inline const struct ops_message *proto_known_type(const struct ops_field *f)
{
    if (f->type == OPS_TYPE_TIME)
        return &ops_proto_time_type;
    return f->type == OPS_TYPE_INT32 ? &ops_proto_int32_value_type : &ops_proto_int64_value_type;
}

/* Where in such a value its `set` is. */
static inline size_t proto_known_set_offset(const struct ops_field *f)
{
    if (f->type == OPS_TYPE_TIME)
        return offsetof(struct ops_time, set);
    return f->type == OPS_TYPE_INT32 ? offsetof(struct ops_opt_int32, set) : offsetof(struct ops_opt_int64, set);
}

/* Which variant of the oneof is set: a field number, 0 for none. (The struct has an enum there.) */
static inline int32_t proto_variant_number(const struct ops_message *type, const char *message)
{
    int32_t number;

    memcpy(&number, message + type->oneof->offset, sizeof number);
    return number;
}

#endif
