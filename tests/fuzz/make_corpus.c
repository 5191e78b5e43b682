/* Writes the seeds of the fuzz targets: a value or two of every message in every form. Run by make_corpus, which also adds what the
 * fuzzers found worth keeping. $1: folder. */
#include <sys/stat.h>

#include "fuzz.h"
#include "tests/codec/random_value.h"

static void seed_write(const char *folder, const char *target, unsigned number, const uint8_t *head, size_t head_bytes,
                       struct ops_str rest)
{
    char path[4096];
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", folder, target);
    mkdir(path, 0777);
    snprintf(path, sizeof path, "%s/%s/seed-%03u", folder, target, number);
    f = fopen(path, "wb");
    FUZZ_CLAIM(f != NULL, "a seed can be written");
    fwrite(head, 1, head_bytes, f);
    fwrite(rest.ptr, 1, rest.len, f);
    fclose(f);
}

static void seeds_of(const char *folder, unsigned t, struct ops_arena *arena)
{
    const struct ops_message *type = ops_messages[t];
    struct random_knobs knobs = random_knobs_default();
    struct random_source random = random_seeded(t);
    const uint8_t head[] = {(uint8_t)(t % ops_styles_count), (uint8_t)t};
    struct ops_buf json, plus, proto, msgpack;
    const void *value;

    ops_buf_init(&json, arena);
    ops_buf_init(&plus, arena);
    ops_buf_init(&proto, arena);
    ops_buf_init(&msgpack, arena);
    knobs.style = ops_styles[head[0]];
    FUZZ_CLAIM(ops_json_encode(type, knobs.style, random_value(&random, &knobs, type, arena), &json) == OPS_OK, "JSON");
    seed_write(folder, "json", t, head, 2, ops_buf_str(&json));
    knobs.style = &ops_style_v1_plus;
    value = random_value(&random, &knobs, type, arena);
    FUZZ_CLAIM(ops_json_encode(type, knobs.style, value, &plus) == OPS_OK, "JSON");
    FUZZ_CLAIM(ops_proto_encode(type, value, &proto) == OPS_OK, "protobuf");
    FUZZ_CLAIM(ops_msgpack_encode(type, knobs.style, value, &msgpack) == OPS_OK, "MessagePack");
    seed_write(folder, "json_proto", t, head + 1, 1, ops_buf_str(&plus));
    seed_write(folder, "json_msgpack", t, head + 1, 1, ops_buf_str(&plus));
    seed_write(folder, "proto", t, head + 1, 1, ops_buf_str(&proto));
    seed_write(folder, "msgpack", t, head + 1, 1, ops_buf_str(&msgpack));
}

/* Streams of hub records, and texts for the primitives. */
static void seeds_by_hand(const char *folder)
{
    static const char *const streams[] = {
        "{\"type\":6}\x1e{\"target\":\"SendOp\",\"arguments\":[\"d\",\"YQ==\",1],\"invocationId\":\"0\",\"type\":1}\x1e",
        "[\"doc\",\"text\",1,4]",
        "{\"type\":3,\"invocationId\":\"0\",\"result\":{\"revision\":1}}\x1e{\"type\":7,\"error\":\"x\"}\x1e",
        "\x02\x91\x06\x0c\x95\x01\x80\xa1\x30\xa3\x41\x64\x64\x92\x28\x02"};
    static const char *const texts[] = {"YWJjZA==", " YW Jj\n", "2026-05-28T12:34:56.789Z", "2026-05-28T12:34:56.7890123+00:00",
                                        "{\"a\":[1,2.5e-3,\"\\ud83d\\ude00\xc3\xa9\",null]}", "[[[[]]]]"};
    unsigned i;

    for (i = 0; i < 4; i++) {
        const uint8_t head[] = {(uint8_t)i, (uint8_t)(i * 3)};

        seed_write(folder, "hub", i, head, 2, ops_str_of(streams[i], strlen(streams[i])));
    }
    for (i = 0; i < 24; i++) {
        const uint8_t head[] = {(uint8_t)(i % 4 + i / 4 * 40)};

        seed_write(folder, "text", i, head, 1, ops_str_of(texts[i % 6], strlen(texts[i % 6])));
    }
}

int main(int argc, char **argv)
{
    unsigned t;

    if (argc != 2)
        return 2;
    for (t = 0; t < ops_messages_count; t++) {
        struct ops_arena arena = test_arena(TEST_ARENA_BYTES);

        seeds_of(argv[1], t, &arena);
        ops_arena_reset(&arena);
    }
    seeds_by_hand(argv[1]);
    return 0;
}
