/* protobuf-c 1.4: generated code, ordinary unpack and pack. Its allocator may be replaced, so it gets our arena instead of malloc; it
 * copies strings all the same, and does not check UTF-8. */
#include "schema/opstream.pb-c.h"

#include "bench.h"

static struct ops_arena *pbc_arena(void)
{
    static struct ops_arena instance;
    static bool ready;

    if (!ready)
        bench_arena_init(&instance);
    ready = true;
    return &instance;
}

static void *pbc_alloc(void *self, size_t bytes)
{
    return ops_arena_alloc((struct ops_arena *)self, bytes);
}

static void pbc_free(void *self, void *ptr)
{
    (void)self;
    (void)ptr;
}

static const ProtobufCMessageDescriptor *pbc_type(enum bench_message message)
{
    switch (message) {
    case BENCH_OP:
        return &opstream__client_message__descriptor;
    case BENCH_PUSH:
        return &opstream__server_message__descriptor;
    case BENCH_TABLE:
        return &opstream__table_op_batch__descriptor;
    default:
        return &opstream__text_document__descriptor;
    }
}

static bool pbc_once(const struct bench_sample *s, enum bench_action action, struct bench_result *r)
{
    static ProtobufCMessage *values[BENCH_MESSAGES];
    static uint8_t out[2 * 1024 * 1024];
    ProtobufCAllocator allocator = {pbc_alloc, pbc_free, NULL};
    ProtobufCMessage *message;

    allocator.allocator_data = pbc_arena();
    ops_arena_reset(pbc_arena());
    if (action == BENCH_PROTO_DECODE) {
        message = protobuf_c_message_unpack(pbc_type(s->message), &allocator, s->proto.len, (const uint8_t *)s->proto.ptr);
        bench_use(message);
        if (message == NULL || !r->check)
            return message != NULL;
    } else {
        if (values[s->message] == NULL)
            values[s->message] = protobuf_c_message_unpack(pbc_type(s->message), NULL, s->proto.len, (const uint8_t *)s->proto.ptr);
        message = values[s->message];
    }
    /* pack does not check for room: one asks for the size first, as its documentation says. */
    if (message == NULL || protobuf_c_message_get_packed_size(message) > sizeof out)
        return false;
    r->bytes = ops_str_of((const char *)out, protobuf_c_message_pack(message, out));
    bench_use(out);
    return true;
}

const struct bench_contender bench_protobuf_c = {"protobuf-c", "protobuf-c", {false, false, true, true}, pbc_once};
