/* Differential: JSON -> struct -> MessagePack -> struct -> MessagePack gives the same bytes. */
#include "fuzz.h"

/* Hub records: an open value is MessagePack when it was read as that, and JSON when it is to be written. */
static bool fuzz_has_open_values(const struct ops_message *type)
{
    uint8_t i;

    for (i = 0; i < type->field_count; i++) {
        const struct ops_field *f = &type->fields[i];

        if (f->as[OPS_SHAPE_V1] == OPS_AS_ANY)
            return true;
        if (f->type == OPS_TYPE_MESSAGE && (f->flags & OPS_FIELD_VARIANT) != 0 &&
            fuzz_has_open_values((const struct ops_message *)f->of))
            return true;
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    const struct ops_message *type = fuzz_type(&in);
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_str text = fuzz_rest(&in);
    void *value = ops_arena_zalloc(&arena, type->size), *again = ops_arena_zalloc(&arena, type->size);

    if (!fuzz_has_open_values(type) && ops_json_decode(type, &ops_style_v1_plus, text, &arena, value, NULL) == OPS_OK) {
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
