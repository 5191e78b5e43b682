/* The primitives under the codecs: base64, times, numbers, JSON texts, error paths. */
#include "fuzz.h"
#include "runtime/base/base64.h"
#include "runtime/base/num.h"
#include "runtime/base/utf.h"

static void fuzz_base64(struct ops_str text, struct ops_arena *arena)
{
    char *plain = (char *)ops_arena_alloc(arena, ops_base64_decoded_bound(text.len)), *again;
    size_t bad = 0, len = ops_base64_decode(plain, text.ptr, text.len, &bad), second;
    char *encoded;

    if (len == SIZE_MAX) {
        FUZZ_CLAIM(bad <= text.len, "a bad character is inside the text");
        return;
    }
    encoded = (char *)ops_arena_alloc(arena, ops_base64_encoded_bytes(len));
    FUZZ_CLAIM(ops_base64_encode(encoded, plain, len) == encoded + ops_base64_encoded_bytes(len), "the size is as promised");
    again = (char *)ops_arena_alloc(arena, ops_base64_decoded_bound(ops_base64_encoded_bytes(len)));
    second = ops_base64_decode(again, encoded, ops_base64_encoded_bytes(len), &bad);
    FUZZ_CLAIM(second == len && memcmp(plain, again, len) == 0, "base64 comes back");
}

static void fuzz_time(struct ops_str text)
{
    struct ops_time time, again;
    char out[OPS_TIME_CHARS];
    char *end;

    if (!ops_time_read(text, &time))
        return;
    end = ops_time_write_ticks_offset(out, time);
    FUZZ_CLAIM(end <= out + sizeof out, "a time fits");
    FUZZ_CLAIM(ops_time_read(ops_str_of(out, (size_t)(end - out)), &again), "a time can be read again");
    FUZZ_CLAIM(again.seconds == time.seconds && again.nanos / 100 == time.nanos / 100, "a time comes back");
}

static void fuzz_value(struct ops_str text, struct ops_arena *arena)
{
    static const enum ops_json_escaper escapers[] = {OPS_ESCAPE_MINIMAL, OPS_ESCAPE_ASCII, OPS_ESCAPE_RELAXED};
    struct ops_json_scan scan;
    size_t i;

    memset(&scan, 0, sizeof scan);
    scan.begin = scan.at = text.ptr;
    scan.end = text.ptr + text.len;
    ops_json_skip_space(&scan);
    if (!ops_json_skip_value(&scan, 64)) {
        FUZZ_CLAIM(scan.bad >= scan.begin && scan.bad <= scan.end, "a bad place is inside the text");
        return;
    }
    text.len = (size_t)(scan.at - text.ptr);
    for (i = 0; i < 3; i++) {
        struct ops_buf once, twice;
        struct ops_str begin = text;

        while (begin.len > 0 && strchr(" \t\r\n", *begin.ptr) != NULL) {
            begin.ptr++;
            begin.len--;
        }
        ops_buf_init(&once, arena);
        ops_buf_init(&twice, arena);
        FUZZ_CLAIM(ops_json_reemit(&once, begin, escapers[i]), "a value can be written");
        FUZZ_CLAIM(ops_json_reemit(&twice, ops_buf_str(&once), escapers[i]), "and again");
        FUZZ_CLAIM(ops_str_equal(ops_buf_str(&once), ops_buf_str(&twice)), "re-emitting is a fixed point");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    unsigned what = fuzz_byte(&in);
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_str text = fuzz_rest(&in);
    char path[64];

    switch (what % 4) {
    case 0:
        fuzz_base64(text, &arena);
        break;
    case 1:
        fuzz_time(text);
        break;
    case 2:
        FUZZ_CLAIM(ops_json_path(text, text.len * (what / 4) / 64, path, sizeof path) <= sizeof path, "a path fits");
        break;
    default:
        fuzz_value(text, &arena);
        break;
    }
    ops_arena_reset(&arena);
    free((void *)(uintptr_t)text.ptr);
    return 0;
}
