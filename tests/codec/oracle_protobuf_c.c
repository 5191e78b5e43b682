#include <stdio.h>
#include <stdlib.h>

#include "schema/opstream.pb-c.h"

#include "tests/codec/oracle_protobuf_c.h"

/* Of every message: made by tests/codec/list_protobuf_c from opstream.pb-c.h. */
static const ProtobufCMessageDescriptor *const descriptors[] = {
#include "protobuf_c_descriptors.inc"
};

static const ProtobufCMessageDescriptor *find(const struct ops_message *type)
{
    static const struct ops_message *found_type;
    static const ProtobufCMessageDescriptor *found;
    size_t i;

    for (i = 0; type != found_type && i < sizeof descriptors / sizeof *descriptors; i++) {
        if (strlen(descriptors[i]->short_name) == type->name.len &&
            memcmp(descriptors[i]->short_name, type->name.ptr, type->name.len) == 0) {
            found_type = type;
            found = descriptors[i];
        }
    }
    if (type != found_type) {
        fprintf(stderr, "protobuf-c does not know %.*s\n", (int)type->name.len, type->name.ptr);
        abort();
    }
    return found;
}

/* Its known fields only: unknown ones would be packed too. */
static void drop_unknown(ProtobufCMessage *message)
{
    unsigned i;

    for (i = 0; i < message->n_unknown_fields; i++)
        free(message->unknown_fields[i].data);
    free(message->unknown_fields);
    message->unknown_fields = NULL;
    message->n_unknown_fields = 0;
}

bool oracle_protobuf_c_recode(const struct ops_message *type, struct ops_str bytes, struct ops_arena *arena, struct ops_str *out)
{
    ProtobufCMessage *message = protobuf_c_message_unpack(find(type), NULL, bytes.len, (const uint8_t *)bytes.ptr);
    uint8_t *room;

    if (message == NULL)
        return false;
    drop_unknown(message);
    room = (uint8_t *)ops_arena_alloc(arena, protobuf_c_message_get_packed_size(message));
    if (room == NULL)
        abort();
    *out = ops_str_of((const char *)room, protobuf_c_message_pack(message, room));
    protobuf_c_message_free_unpacked(message, NULL);
    return true;
}
