/* JSON in every style, of every message: a value or an error; what was decoded encodes to something that decodes to the same. */
#include "fuzz.h"

static void fuzz_again(const struct ops_message *type, const struct ops_json_style *style, const void *value)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    void *again = ops_arena_zalloc(&arena, type->size);
    struct ops_buf text, second;

    ops_buf_init(&text, &arena);
    ops_buf_init(&second, &arena);
    FUZZ_CLAIM(ops_json_encode(type, style, value, &text) == OPS_OK, "what was decoded can be encoded");
    if (ops_json_decode(type, style, ops_buf_str(&text), &arena, again, NULL) == OPS_OK) {
        FUZZ_CLAIM(ops_json_encode(type, style, again, &second) == OPS_OK, "and again");
        FUZZ_CLAIM(ops_str_equal(ops_buf_str(&text), ops_buf_str(&second)), "encoding is a fixed point");
    } else {
        /* `reference` writes values that it refuses to read: a null where nothing was, a move without payload. */
        FUZZ_CLAIM(!style->strict, "a strict style reads what it writes");
    }
    ops_arena_reset(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    const struct ops_json_style *style = ops_styles[fuzz_byte(&in) % ops_styles_count];
    const struct ops_message *type = fuzz_type(&in);
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_str text = fuzz_rest(&in);
    void *value = ops_arena_zalloc(&arena, type->size);
    struct ops_decode_info info;

    if (ops_json_decode(type, style, text, &arena, value, &info) == OPS_OK) {
        fuzz_again(type, style, value);
    } else {
        struct ops_buf sentence;

        ops_buf_init(&sentence, &arena);
        FUZZ_CLAIM(info.error.offset_bytes <= text.len, "an error is inside the input");
        FUZZ_CLAIM(ops_error_sentence(&info.error, text, false, &sentence), "an error has a sentence");
    }
    ops_arena_reset(&arena);
    free((void *)(uintptr_t)text.ptr);
    return 0;
}
