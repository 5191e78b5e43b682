/* Protobuf of every message: a value or an error; what was decoded encodes to something that decodes to an equal value. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    const struct ops_message *type = fuzz_type(&in);
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_str bytes = fuzz_rest(&in);
    void *value = ops_arena_zalloc(&arena, type->size), *again = ops_arena_zalloc(&arena, type->size);
    struct ops_error error;

    if (ops_proto_decode(type, bytes, &arena, value, &error) == OPS_OK) {
        struct ops_buf first, second;
        struct ops_violation violation;

        ops_buf_init(&first, &arena);
        ops_buf_init(&second, &arena);
        FUZZ_CLAIM(ops_proto_encode(type, value, &first) == OPS_OK, "what was decoded can be encoded");
        FUZZ_CLAIM(ops_proto_decode(type, ops_buf_str(&first), &arena, again, &error) == OPS_OK, "and decoded again");
        FUZZ_CLAIM(ops_proto_encode(type, again, &second) == OPS_OK, "and encoded again");
        FUZZ_CLAIM(ops_str_equal(ops_buf_str(&first), ops_buf_str(&second)), "encoding is a fixed point");
        (void)ops_message_validate(type, value, &ops_style_v1, true, &violation);
        FUZZ_CLAIM(ops_message_copy(type, value, &arena, again), "a copy can be made");
        FUZZ_CLAIM(ops_message_equal(type, value, again), "a copy is equal");
    } else {
        FUZZ_CLAIM(error.offset_bytes <= bytes.len, "an error is inside the input");
    }
    ops_arena_reset(&arena);
    free((void *)(uintptr_t)bytes.ptr);
    return 0;
}
