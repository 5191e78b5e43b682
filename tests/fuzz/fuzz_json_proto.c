/* Differential: what JSON says and what protobuf says of one value is the same.
 *
 * text -> struct -> JSON -> struct -> protobuf P -> struct -> JSON -> struct -> protobuf: P again. (The first JSON round cuts times to
 * milliseconds; the texts may differ where protobuf has no word for "empty, but there".) */
#include "fuzz.h"

static void *fuzz_from_json(const struct ops_message *type, struct ops_str text, struct ops_arena *arena)
{
    void *value = ops_arena_zalloc(arena, type->size);

    return ops_json_decode(type, &ops_style_v1_plus, text, arena, value, NULL) == OPS_OK ? value : NULL;
}

static struct ops_str fuzz_to_json(const struct ops_message *type, const void *value, struct ops_arena *arena)
{
    struct ops_buf out;

    ops_buf_init(&out, arena);
    FUZZ_CLAIM(ops_json_encode(type, &ops_style_v1_plus, value, &out) == OPS_OK, "JSON can be encoded");
    return ops_buf_str(&out);
}

static struct ops_str fuzz_to_proto(const struct ops_message *type, const void *value, struct ops_arena *arena)
{
    struct ops_buf out;

    ops_buf_init(&out, arena);
    FUZZ_CLAIM(ops_proto_encode(type, value, &out) == OPS_OK, "protobuf can be encoded");
    return ops_buf_str(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    const struct ops_message *type = fuzz_type(&in);
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_str text = fuzz_rest(&in), bytes;
    void *value = fuzz_from_json(type, text, &arena), *other;

    if (value != NULL) {
        value = fuzz_from_json(type, fuzz_to_json(type, value, &arena), &arena);
        FUZZ_CLAIM(value != NULL, "a strict style reads what it writes");
        bytes = fuzz_to_proto(type, value, &arena);
        other = ops_arena_zalloc(&arena, type->size);
        FUZZ_CLAIM(ops_proto_decode(type, bytes, &arena, other, NULL) == OPS_OK, "protobuf can be decoded");
        other = fuzz_from_json(type, fuzz_to_json(type, other, &arena), &arena);
        FUZZ_CLAIM(other != NULL, "what came by protobuf is readable as JSON");
        FUZZ_CLAIM(ops_str_equal(bytes, fuzz_to_proto(type, other, &arena)), "both forms say the same");
    }
    ops_arena_reset(&arena);
    free((void *)(uintptr_t)text.ptr);
    return 0;
}
