/* Hub records in MessagePack, and the framing of both hub protocols (spec/signalr-protocol.md §5, §7.2). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "gen/calls.h"
#include "gen/codec.h"
#include "gen/profile.h"
#include "gen/tables.h"
#include "runtime/codec/hub.h"
#include "runtime/codec/msgpack.h"
#include "tests/codec/hex.h"

/* A record, and the JSON record that says the same. */
struct vector {
    const char *hex, *json;
    const char *written; /* NULL: as it was read */
};

static const struct vector vectors[] = {
    /* of the specification */
    {"96 01 80 a378797a a66d6574686f64 91 2a 90",
     "{\"type\":1,\"invocationId\":\"xyz\",\"target\":\"method\",\"arguments\":[42],\"streamIds\":[]}", NULL},
    {"96 01 80 c0 a66d6574686f64 91 2a 90", "{\"type\":1,\"target\":\"method\",\"arguments\":[42],\"streamIds\":[]}",
     NULL},
    {"96 01 82 a178a179a17aa17a a378797a a66d6574686f64 91 2a 90",
     "{\"type\":1,\"headers\":{\"x\":\"y\",\"z\":\"z\"},\"invocationId\":\"xyz\",\"target\":\"method\",\"arguments\":["
     "42],\"streamIds\":[]}",
     NULL},
    {"94 02 80 a378797a 2a", "{\"type\":2,\"invocationId\":\"xyz\",\"item\":42}", NULL},
    {"95 03 80 a378797a 01 a54572726f72", "{\"type\":3,\"invocationId\":\"xyz\",\"error\":\"Error\"}", NULL},
    {"94 03 80 a378797a 02", "{\"type\":3,\"invocationId\":\"xyz\"}", NULL},
    {"95 03 80 a378797a 03 2a", "{\"type\":3,\"invocationId\":\"xyz\",\"result\":42}", NULL},
    {"95 03 80 a378797a 03 c0", "{\"type\":3,\"invocationId\":\"xyz\",\"result\":null}", NULL},
    {"93 05 80 a378797a", "{\"type\":5,\"invocationId\":\"xyz\"}", NULL},
    {"91 06", "{\"type\":6}", NULL},
    {"92 07 a378797a", "{\"type\":7,\"error\":\"xyz\"}", "93 07 a378797a c2"},
    {"93 07 a378797a c3", "{\"type\":7,\"error\":\"xyz\",\"allowReconnect\":true}", NULL},
    {"93 07 c0 c2", "{\"type\":7}", NULL},
    {"92 08 cc24", "{\"type\":8,\"sequenceId\":36}", "92 08 24"},
    {"92 09 cc13", "{\"type\":9,\"sequenceId\":19}", "92 09 13"},
    /* captured, without their length */
    {"95 01 80 a130 a3416464 92 28 02", "{\"type\":1,\"invocationId\":\"0\",\"target\":\"Add\",\"arguments\":[40,2]}",
     NULL},
    {"95 04 80 a131 a3496e66 90", "{\"type\":4,\"invocationId\":\"1\",\"target\":\"Inf\",\"arguments\":[]}", NULL},
    {"93 05 80 a131", "{\"type\":5,\"invocationId\":\"1\"}", NULL},
    {"92 07 c0", "{\"type\":7}", "93 07 c0 c2"},
    {"95 03 80 a130 03 2a", "{\"type\":3,\"invocationId\":\"0\",\"result\":42}", NULL},
    /* other spellings */
    {"95 01 80 a0 a3416464 90", "{\"type\":1,\"target\":\"Add\",\"arguments\":[]}", "95 01 80 c0 a3416464 90"},
    {"97 01 80 a130 a3416464 90 91a134 c40100",
     "{\"type\":1,\"invocationId\":\"0\",\"target\":\"Add\",\"arguments\":[],\"streamIds\":[\"4\"]}",
     "96 01 80 a130 a3416464 90 91a134"},
    {"dc0005 cc01 de0000 d90130 d903416464 dc0000",
     "{\"type\":1,\"invocationId\":\"0\",\"target\":\"Add\",\"arguments\":[]}", "95 01 80 a130 a3416464 90"},
    {"96 01 80 a130 a3416464 90 c0", "{\"type\":1,\"invocationId\":\"0\",\"target\":\"Add\",\"arguments\":[]}",
     "95 01 80 a130 a3416464 90"},
    {"92 06 d60100000000", "{\"type\":6}", "91 06"},
    {"91 07", "{\"type\":7}", "93 07 c0 c2"},
    {"92 07 a0", "{\"type\":7}", "93 07 c0 c2"},
    {"95 03 80 a130 01 a0", "{\"type\":3,\"invocationId\":\"0\",\"error\":\"\"}", NULL},
};

/* The open value of a record, if it has one. */
static struct ops_any *open_value(struct ops_hub_message *m)
{
    switch (m->record) {
    case OPS_HUB_MESSAGE_INVOCATION:
        return &m->invocation.arguments;
    case OPS_HUB_MESSAGE_STREAM_INVOCATION:
        return &m->stream_invocation.arguments;
    case OPS_HUB_MESSAGE_STREAM_ITEM:
        return &m->stream_item.item;
    case OPS_HUB_MESSAGE_COMPLETION:
        return &m->completion.result;
    default:
        return NULL;
    }
}

static void records_say_the_same_in_both_protocols(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        const struct vector *v = &vectors[i];
        struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
        struct ops_hub_message record, from_json;
        struct ops_any *open;
        struct ops_buf text, value, written, again;
        const char *expected = hex_plain(&arena, v->written != NULL ? v->written : v->hex);

        ops_buf_init(&text, &arena);
        ops_buf_init(&value, &arena);
        ops_buf_init(&written, &arena);
        ops_buf_init(&again, &arena);
        assert_int_equal(
            ops_msgpack_decode(&ops_hub_message_type, &ops_style_v1, hex_read(&arena, v->hex), &arena, &record, NULL),
            OPS_OK);
        open = open_value(&record);
        if (open != NULL && open->raw.ptr != NULL) {
            assert_int_equal(ops_msgpack_to_json(open->raw, &ops_style_v1, 60, &value, NULL), OPS_OK);
            open->raw = ops_buf_str(&value);
        }
        assert_int_equal(ops_json_encode(&ops_hub_message_type, &ops_style_v1, &record, &text), OPS_OK);
        assert_string_equal(hex_text(&arena, ops_buf_str(&text)), v->json);
        assert_int_equal(ops_msgpack_encode(&ops_hub_message_type, &ops_style_v1, &record, &written), OPS_OK);
        assert_string_equal(hex_write(&arena, ops_buf_str(&written)), expected);
        assert_int_equal(ops_json_decode(&ops_hub_message_type, &ops_style_v1, ops_str_of(v->json, strlen(v->json)),
                                         &arena, &from_json, NULL),
                         OPS_OK);
        assert_int_equal(ops_msgpack_encode(&ops_hub_message_type, &ops_style_v1, &from_json, &again), OPS_OK);
        assert_string_equal(hex_write(&arena, ops_buf_str(&again)), expected);
        ops_arena_reset(&arena);
    }
}

static void broken_records_are_refused(void **state)
{
    static const struct {
        const char *hex;
        enum ops_reason reason;
        size_t offset;
    } bad[] = {
        {"80", OPS_REASON_HUB_RECORD, 0},
        {"c0", OPS_REASON_HUB_RECORD, 0},
        {"06", OPS_REASON_HUB_RECORD, 0},
        {"90", OPS_REASON_HUB_RECORD, 0},
        {"91 c0", OPS_REASON_HUB_RECORD, 1},
        {"91 a136", OPS_REASON_HUB_RECORD, 1},
        {"91 cb4018000000000000", OPS_REASON_HUB_RECORD, 1},
        {"91 0a", OPS_REASON_UNKNOWN_VARIANT, 1},
        {"91 00", OPS_REASON_UNKNOWN_VARIANT, 1},
        {"93 0a 81c0c0 c40100", OPS_REASON_UNKNOWN_VARIANT, 1},
        {"93 0a 81c0c0 c1", OPS_REASON_MSGPACK_TYPE, 5}, /* an unknown record is skipped only when it is well formed */
        {"91 06 00", OPS_REASON_TRAILING, 2},
        {"92 06", OPS_REASON_LENGTH, 0},
        {"91 01", OPS_REASON_MISSING, 0},
        {"93 01 80 a130", OPS_REASON_MISSING, 0},
        {"94 01 80 a130 a3416464", OPS_REASON_MISSING, 0},
        {"95 01 80 a130 c0 90", OPS_REASON_NULL_VALUE, 5},
        {"95 01 80 01 a3416464 90", OPS_REASON_WANT_STRING, 3},
        {"96 01 80 a130 a3416464 90 9101", OPS_REASON_WANT_STRING, 11},
        {"93 02 80 a130", OPS_REASON_MISSING, 0},
        {"94 02 80 c0 01", OPS_REASON_NULL_VALUE, 3},
        {"93 03 80 a130", OPS_REASON_HUB_RECORD, 5},
        {"94 03 80 a130 01", OPS_REASON_HUB_RECORD, 5},
        {"94 03 80 a130 03", OPS_REASON_HUB_RECORD, 5},
        {"94 03 80 a130 00", OPS_REASON_HUB_RECORD, 5},
        {"95 03 80 a130 04 01", OPS_REASON_HUB_RECORD, 5},
        {"95 03 80 a130 01 c0", OPS_REASON_WANT_STRING, 6},
        {"95 03 80 a130 01 2a", OPS_REASON_WANT_STRING, 6},
        {"92 08 ff", OPS_REASON_WANT_INTEGER, 2},
        {"93 07 c0 01", OPS_REASON_WANT_BOOL, 3},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
        struct ops_hub_message record;
        struct ops_decode_info info;

        if (ops_msgpack_decode(&ops_hub_message_type, &ops_style_v1, hex_read(&arena, bad[i].hex), &arena, &record,
                               &info) == OPS_OK)
            fail_msg("accepted: %s", bad[i].hex);
        if (info.error.reason != bad[i].reason || info.error.offset_bytes != bad[i].offset)
            fail_msg("%s: %s at byte %zu", bad[i].hex, ops_reason_text(info.error.reason), info.error.offset_bytes);
        ops_arena_reset(&arena);
    }
}

/* What a handler does: the record first, then its arguments; and the reply, typed. */
static void arguments_and_results_are_bound_to_their_types(void **state)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_hub_message record, reply;
    const struct ops_call *call = &ops_call_collaboration_hub_undo;
    void *arguments = ops_arena_zalloc(&arena, call->message->size);
    struct ops_op_response result;
    struct ops_buf out;

    (void)state;
    assert_int_equal(ops_msgpack_decode(&ops_hub_message_type, &ops_style_v1,
                                        hex_read(&arena, "95 01 80 a130 a4556e646f 91 a164"), &arena, &record, NULL),
                     OPS_OK);
    assert_int_equal(
        ops_msgpack_decode_arguments(call, &ops_style_v1, record.invocation.arguments.raw, &arena, arguments, NULL),
        OPS_OK);
    assert_true(ops_str_equal(((struct ops_document_request *)arguments)->document_id, OPS_STR("d")));
    memset(&reply, 0, sizeof reply);
    memset(&result, 0, sizeof result);
    result.success = true;
    result.new_revision = 2;
    reply.record = OPS_HUB_MESSAGE_COMPLETION;
    reply.completion.invocation_id = record.invocation.invocation_id;
    reply.completion.result.type = &ops_op_response_type;
    reply.completion.result.message = &result;
    ops_buf_init(&out, &arena);
    assert_int_equal(ops_hub_frame_msgpack(&ops_hub_message_type, &ops_style_v1, &reply, &out), OPS_OK);
    assert_string_equal(hex_write(&arena, ops_buf_str(&out)),
                        hex_plain(&arena, "1d 95 03 80 a130 03 82 a773756363657373 c3 ab6e65775265766973696f6e 02"));
    memset(&record, 0, sizeof record);
    record.record = OPS_HUB_MESSAGE_INVOCATION;
    record.invocation.target = OPS_STR("Undo");
    record.invocation.arguments.call = call;
    record.invocation.arguments.message = arguments;
    out.len = 0;
    assert_int_equal(ops_hub_frame_msgpack(&ops_hub_message_type, &ops_style_v1, &record, &out), OPS_OK);
    assert_string_equal(hex_write(&arena, ops_buf_str(&out)), hex_plain(&arena, "0c 95 01 80 c0 a4556e646f 91 a164"));
    ops_arena_reset(&arena);
}

/* ---- frames ------------------------------------------------------------------------------------------------------ */

typedef enum ops_hub_split (*splitter)(struct ops_str *, size_t, struct ops_str *);

struct cut {
    splitter split;
    const char *hex;
    size_t limit;
    enum ops_hub_split result;
    size_t from, len; /* of the record */
};

#define JSON ops_hub_split_json
#define PACK ops_hub_split_msgpack

static const struct cut cuts[] = {
    {JSON, "", 10, OPS_HUB_MORE, 0, 0},
    {JSON, "7b7d 1e", 10, OPS_HUB_RECORD, 0, 2},
    {JSON, "7b7d 1e 7b", 3, OPS_HUB_RECORD, 0, 2},
    {JSON, "7b7d 1e", 2, OPS_HUB_TOO_LARGE, 0, 0},
    {JSON, "7b7d", 3, OPS_HUB_MORE, 0, 0},
    {JSON, "7b7d20", 3, OPS_HUB_TOO_LARGE, 0, 0},
    {JSON, "1e 7b7d 1e", 10, OPS_HUB_BROKEN, 0, 0},
    {JSON, "7b", 0, OPS_HUB_TOO_LARGE, 0, 0},
    {PACK, "", 10, OPS_HUB_MORE, 0, 0},
    {PACK, "02", 10, OPS_HUB_MORE, 0, 0},
    {PACK, "02 91", 10, OPS_HUB_MORE, 0, 0},
    {PACK, "02 9106", 10, OPS_HUB_RECORD, 1, 2},
    {PACK, "02 9106 02", 3, OPS_HUB_RECORD, 1, 2},
    {PACK, "02 9106", 2, OPS_HUB_TOO_LARGE, 0, 0},
    {PACK, "03", 3, OPS_HUB_TOO_LARGE, 0, 0},
    {PACK, "82 00 9106", 10, OPS_HUB_RECORD, 2, 2},
    {PACK, "82 80 80 80 00 9106", 10, OPS_HUB_RECORD, 5, 2},
    {PACK, "82 80 80 80 00 9106", 6, OPS_HUB_TOO_LARGE, 0, 0},
    {PACK, "82 80 80 80", 10, OPS_HUB_MORE, 0, 0},
    {PACK, "82 80 80 80", 4, OPS_HUB_TOO_LARGE, 0, 0},
    {PACK, "00", 10, OPS_HUB_BROKEN, 0, 0},
    {PACK, "80 80 80 80 00", 10, OPS_HUB_BROKEN, 0, 0},
    {PACK, "80 80 80 80 08", 10, OPS_HUB_BROKEN, 0, 0},
    {PACK, "ff ff ff ff 80", 10, OPS_HUB_BROKEN, 0, 0},
    {PACK, "ff ff ff ff ff ff", 10, OPS_HUB_BROKEN, 0, 0},
    {PACK, "ff ff ff ff 07", 10, OPS_HUB_TOO_LARGE, 0, 0},
    {PACK, "ff ff ff ff 07", SIZE_MAX, OPS_HUB_MORE, 0, 0},
    {PACK, "ff ff ff ff 08", SIZE_MAX, OPS_HUB_BROKEN, 0, 0},
    {PACK, "80 29", SIZE_MAX, OPS_HUB_MORE, 0, 0},
};

static void streams_are_cut_at_records(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
        struct ops_str whole = hex_read(&arena, cuts[i].hex), stream = whole, record = ops_str_of(NULL, 0);
        enum ops_hub_split result = cuts[i].split(&stream, cuts[i].limit, &record);

        if (result != cuts[i].result)
            fail_msg("%s: %d", cuts[i].hex, (int)result);
        if (result == OPS_HUB_RECORD) {
            assert_true(record.ptr == whole.ptr + cuts[i].from && record.len == cuts[i].len);
            assert_true(stream.ptr == record.ptr + record.len + (cuts[i].split == JSON) &&
                        stream.ptr + stream.len == whole.ptr + whole.len);
        } else {
            assert_true(stream.ptr == whole.ptr && stream.len == whole.len);
        }
        ops_arena_reset(&arena);
    }
}

/* Frames captured from the JavaScript client, all in one stream. The third has an argument that JSON cannot say: the
 * record is read all the same, its arguments are bound by type later. */
static void captured_frames_are_cut_and_read(void **state)
{
    static const char hex[] = "02 9106 0c 95 01 80 a130 a3416464 92 28 02 "
                              "20 95 01 80 c0 a44e6f7465 96 81a16101 c4020102 c0 cb3ff8000000000000 ff cd012c "
                              "0a 95 04 80 a131 a3496e66 90 05 93 05 80 a131 03 92 07 c0 07 95 03 80 a130 03 2a";
    static const enum ops_hub_message_record kinds[] = {OPS_HUB_MESSAGE_PING,
                                                        OPS_HUB_MESSAGE_INVOCATION,
                                                        OPS_HUB_MESSAGE_INVOCATION,
                                                        OPS_HUB_MESSAGE_STREAM_INVOCATION,
                                                        OPS_HUB_MESSAGE_CANCEL_INVOCATION,
                                                        OPS_HUB_MESSAGE_CLOSE,
                                                        OPS_HUB_MESSAGE_COMPLETION};
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_str stream = hex_read(&arena, hex), body;
    struct ops_hub_message record;
    struct ops_buf json;
    size_t i;

    (void)state;
    ops_buf_init(&json, &arena);
    for (i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        assert_int_equal(ops_hub_split_msgpack(&stream, 1000, &body), OPS_HUB_RECORD);
        assert_int_equal(ops_msgpack_decode(&ops_hub_message_type, &ops_style_v1, body, &arena, &record, NULL), OPS_OK);
        assert_int_equal(record.record, kinds[i]);
        if (i == 2) {
            assert_int_equal(record.invocation.arguments.raw.len, 23);
            assert_int_equal(ops_msgpack_to_json(record.invocation.arguments.raw, &ops_style_v1, 60, &json, NULL),
                             OPS_ERR_SYNTAX);
        }
    }
    assert_int_equal(stream.len, 0);
    assert_int_equal(ops_hub_split_msgpack(&stream, 1000, &body), OPS_HUB_MORE);
    ops_arena_reset(&arena);
}

/* A record of `len` bytes in `target`, framed and cut, arriving in two parts at every place where something changes. */
static void frames_of_every_length_come_back(void **state)
{
    static const size_t lengths[] = {1,   31,    32,    100,   116,   117,   118,   119,     120,    255,
                                     256, 16360, 16361, 16370, 16380, 65535, 65536, 2097152, 2100000};
    size_t i, cut;

    (void)state;
    for (i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
        char *target = (char *)ops_arena_alloc(&arena, lengths[i]);
        struct ops_hub_message record, again;
        struct ops_buf frames;
        struct ops_str stream, body;

        memset(target, 'x', lengths[i]);
        memset(&record, 0, sizeof record);
        record.record = OPS_HUB_MESSAGE_INVOCATION;
        record.invocation.target = ops_str_of(target, lengths[i]);
        record.invocation.arguments.raw = OPS_STR("[]");
        ops_buf_init(&frames, &arena);
        assert_int_equal(ops_hub_frame_msgpack(&ops_hub_message_type, &ops_style_v1, &record, &frames), OPS_OK);
        assert_int_equal(ops_hub_frame_msgpack(&ops_hub_message_type, &ops_style_v1, &record, &frames), OPS_OK);
        for (cut = 0; cut < frames.len / 2; cut = cut < 300 ? cut + 1 : cut * 2) {
            stream = ops_str_of(frames.ptr, cut);
            assert_int_equal(ops_hub_split_msgpack(&stream, SIZE_MAX, &body), OPS_HUB_MORE);
        }
        stream = ops_buf_str(&frames);
        assert_int_equal(ops_hub_split_msgpack(&stream, frames.len / 2 - 1, &body), OPS_HUB_TOO_LARGE);
        assert_int_equal(ops_hub_split_msgpack(&stream, frames.len / 2, &body), OPS_HUB_RECORD);
        assert_int_equal(ops_msgpack_decode(&ops_hub_message_type, &ops_style_v1, body, &arena, &again, NULL), OPS_OK);
        assert_true(ops_str_equal(again.invocation.target, record.invocation.target));
        assert_int_equal(ops_hub_split_msgpack(&stream, frames.len / 2, &body), OPS_HUB_RECORD);
        assert_int_equal(stream.len, 0);
        ops_arena_reset(&arena);
    }
}

static void a_frame_is_written_whole_or_not_at_all(void **state)
{
    size_t limit;
    int json;

    (void)state;
    for (json = 0; json < 2; json++) {
        enum ops_err e = OPS_ERR_NOMEM;

        for (limit = 0; e != OPS_OK; limit += 8) {
            struct ops_arena arena = test_arena(limit);
            struct ops_hub_message record;
            struct ops_buf out;

            memset(&record, 0, sizeof record);
            record.record = OPS_HUB_MESSAGE_CLOSE;
            record.close.error =
                OPS_STR("a text of more than 127 bytes: ........................................................"
                        "................................................................................");
            ops_buf_init(&out, &arena);
            e = json ? ops_hub_frame_json(&ops_hub_message_type, &ops_style_v1, &record, &out)
                     : ops_hub_frame_msgpack(&ops_hub_message_type, &ops_style_v1, &record, &out);
            assert_true(e == OPS_OK ? out.len > 150 : e == OPS_ERR_NOMEM && out.len == 0);
            if (e == OPS_OK && json)
                assert_int_equal(out.ptr[out.len - 1], 0x1e);
            ops_arena_reset(&arena);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_say_the_same_in_both_protocols),
        cmocka_unit_test(broken_records_are_refused),
        cmocka_unit_test(arguments_and_results_are_bound_to_their_types),
        cmocka_unit_test(streams_are_cut_at_records),
        cmocka_unit_test(captured_frames_are_cut_and_read),
        cmocka_unit_test(frames_of_every_length_come_back),
        cmocka_unit_test(a_frame_is_written_whole_or_not_at_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
