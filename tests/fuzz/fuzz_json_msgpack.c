/* Differential: JSON -> struct -> MessagePack -> struct -> MessagePack gives the same bytes. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    const struct ops_message *type = fuzz_type(&in);
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_str text = fuzz_rest(&in);
    void *value = ops_arena_zalloc(&arena, type->size), *again = ops_arena_zalloc(&arena, type->size);

    if (ops_json_decode(type, &ops_style_v1_plus, text, &arena, value, NULL) == OPS_OK) {
        struct ops_buf first, second;

        ops_buf_init(&first, &arena);
        ops_buf_init(&second, &arena);
        FUZZ_CLAIM(ops_msgpack_encode(type, &ops_style_v1_plus, value, &first) == OPS_OK, "MessagePack can be encoded");
        if (ops_msgpack_decode(type, &ops_style_v1_plus, ops_buf_str(&first), &arena, again, NULL) == OPS_OK) {
            FUZZ_CLAIM(ops_msgpack_encode(type, &ops_style_v1_plus, again, &second) == OPS_OK, "and again");
            FUZZ_CLAIM(ops_str_equal(ops_buf_str(&first), ops_buf_str(&second)), "encoding is a fixed point");
        } else {
            /* A JSON number beyond the doubles became an infinity, which is refused on the way back: nothing to claim. */
        }
    }
    ops_arena_reset(&arena);
    free((void *)(uintptr_t)text.ptr);
    return 0;
}
