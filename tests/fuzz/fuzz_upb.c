/* Differential: protobuf as we read and write it, and as upb does. */
#include "fuzz.h"
#include "tests/codec/oracle_upb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool open;
    struct fuzz_input in = {data, size};
    const struct ops_message *type = fuzz_type(&in);
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_str bytes = fuzz_rest(&in), theirs;
    void *value = ops_arena_zalloc(&arena, type->size);
    bool taken, taken_by_upb;
    struct ops_buf ours;

    if (!open)
        FUZZ_CLAIM(oracle_upb_open(OPS_DESCRIPTORS), "upb reads gen/opstream.pb");
    open = true;
    taken = ops_proto_decode(type, bytes, &arena, value, NULL) == OPS_OK;
    taken_by_upb = oracle_upb_recode(type, bytes, &theirs);
    FUZZ_CLAIM(taken == taken_by_upb, "upb takes and refuses the same");
    if (taken) {
        ops_buf_init(&ours, &arena);
        FUZZ_CLAIM(ops_proto_encode(type, value, &ours) == OPS_OK, "what was decoded can be encoded");
        FUZZ_CLAIM(ops_str_equal(ops_buf_str(&ours), ops_str_of(theirs.ptr != NULL ? theirs.ptr : "", theirs.len)), "upb writes the same bytes");
    }
    ops_arena_reset(&arena);
    free((void *)(uintptr_t)bytes.ptr);
    return 0;
}
