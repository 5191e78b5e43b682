/* The hub protocols: cutting a stream into records, at every split point the same; records and argument lists decode or fail. */
#include "fuzz.h"

typedef enum ops_hub_split (*splitter)(struct ops_str *, size_t, struct ops_str *);

/* Cuts `stream` as it arrives in two parts; the records found are the ones found in the whole. */
static void fuzz_split(splitter split, struct ops_str stream, size_t cut)
{
    struct ops_str whole = stream, part = ops_str_of(stream.ptr, cut), a, b;

    for (;;) {
        enum ops_hub_split x = split(&whole, 4096, &a), y = split(&part, 4096, &b);

        if (y == OPS_HUB_MORE) {
            part.len = (size_t)(stream.ptr + stream.len - part.ptr);
            y = split(&part, 4096, &b);
        }
        FUZZ_CLAIM(x == y, "a split point changes nothing");
        if (x != OPS_HUB_RECORD)
            return;
        FUZZ_CLAIM(a.ptr == b.ptr && a.len == b.len, "the same records");
        FUZZ_CLAIM(a.ptr >= stream.ptr && a.ptr + a.len <= stream.ptr + stream.len, "a record is inside the stream");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    unsigned how = fuzz_byte(&in), cut = fuzz_byte(&in);
    const struct ops_json_style *style = ops_styles[how / 4 % ops_styles_count];
    const struct ops_call *call = ops_collaboration_hub_calls[cut % ops_collaboration_hub_calls_count];
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_str rest = fuzz_rest(&in);
    struct ops_hub_message record;
    void *value = ops_arena_zalloc(&arena, call->message->size);

    fuzz_split(how % 2 == 0 ? ops_hub_split_json : ops_hub_split_msgpack, rest, cut < rest.len ? cut : rest.len);
    if (how / 2 % 2 == 0) {
        (void)ops_hub_message_json_decode(style, rest, &arena, &record, NULL);
        (void)ops_json_decode_arguments(call, style, rest, &arena, value, NULL);
    } else {
        (void)ops_msgpack_decode(&ops_hub_message_type, &ops_style_v1, rest, &arena, &record, NULL);
        (void)ops_msgpack_decode_arguments(call, &ops_style_v1, rest, &arena, value, NULL);
    }
    ops_arena_reset(&arena);
    free((void *)(uintptr_t)rest.ptr);
    return 0;
}
