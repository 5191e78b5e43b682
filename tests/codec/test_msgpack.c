/* MessagePack of messages: the same values as JSON, and what is refused (spec/v1.md §2, §4.2). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "gen/calls.h"
#include "gen/codec.h"
#include "gen/profile.h"
#include "gen/tables.h"
#include "runtime/codec/msgpack.h"
#include "tests/codec/hex.h"
#include "tests/codec/random_value.h"

/* JSON and MessagePack that say the same. */
struct pair {
    const struct ops_message *type;
    const char *json, *hex;
};

static const struct pair pairs[] = {
    {&ops_join_request_type, "{\"documentId\":\"d\",\"documentType\":\"text\",\"protocolVersion\":1}",
     "83 aa646f63756d656e744964 a164 ac646f63756d656e7454797065 a474657874 af70726f746f636f6c56657273696f6e 01"},
    {&ops_join_request_type,
     "{\"documentId\":\"\",\"documentType\":\"\",\"protocolVersion\":-2147483648,\"sinceRevision\":"
     "9223372036854775807}",
     "84 aa646f63756d656e744964 a0 ac646f63756d656e7454797065 a0 af70726f746f636f6c56657273696f6e d280000000 "
     "ad73696e63655265766973696f6e cf7fffffffffffffff"},
    {&ops_awareness_state_proto_type,
     "{\"peerId\":\"p\",\"data\":{\"a\":[1,-1,null,true]},\"lastUpdated\":\"2026-05-28T12:34:56.789Z\"}",
     "83 a6706565724964 a170 a464617461 81a16194 01 ff c0 c3 ab6c61737455706461746564 d7ff bc1cbd006a183670"},
    {&ops_pending_op_type, "{\"payload\":\"eyJ9\",\"revision\":300}",
     "82 a77061796c6f6164 c4037b227d a87265766973696f6e cd012c"},
    {&ops_text_op_type, "{\"components\":[{\"type\":\"retain\",\"count\":5},{\"type\":\"insert\",\"text\":\"x\"}]}",
     "81 aa636f6d706f6e656e7473 92 82 a474797065 a672657461696e a5636f756e74 05 82 a474797065 a6696e73657274 "
     "a474657874 a178"},
    {&ops_rich_text_retain_type, "{\"count\":1,\"attributes\":{\"a\":null,\"b\":1}}",
     "82 a5636f756e74 01 aa61747472696275746573 82 a161 c0 a162 01"},
    {&ops_error_response_type, "{\"code\":\"NotJoined\",\"message\":\"m\",\"min\":1}",
     "83 a4636f6465 a94e6f744a6f696e6564 a76d657373616765 a16d a36d696e 01"},
    {&ops_client_message_type, "{\"type\":\"undo\",\"id\":7,\"documentId\":\"d\"}",
     "83 a474797065 a4756e646f a26964 07 aa646f63756d656e744964 a164"},
    {&ops_server_message_type,
     "{\"type\":\"awareness_update\",\"documentId\":\"d\",\"peerId\":\"p\",\"data\":1,\"lastUpdated\":\"1970-01-01T00:"
     "00:01.000Z\"}",
     "85 a474797065 b061776172656e6573735f757064617465 aa646f63756d656e744964 a164 a6706565724964 a170 a464617461 01 "
     "ab6c61737455706461746564 d6ff00000001"},
    {&ops_new_comment_cmd_type, "{\"body\":\"b\",\"anchor\":{\"kind\":\"text\",\"data\":{\"pos\":1}}}",
     "82 a4626f6479 a162 a6616e63686f72 82 a46b696e64 a474657874 a464617461 81a3706f7301"},
    {&ops_table_document_type,
     "{\"rows\":{},\"columns\":{},\"cells\":{\"r\":{\"c\":{\"value\":null,\"timestamp\":1,\"peerId\":\"p\"}}}}",
     "83 a4726f7773 80 a7636f6c756d6e73 80 a563656c6c73 81 a172 81 a163 83 a576616c7565 c0 a974696d657374616d70 01 "
     "a6706565724964 a170"},
};

static void json_and_msgpack_say_the_same(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
        void *from_json = ops_arena_zalloc(&arena, pairs[i].type->size),
             *from_msgpack = ops_arena_zalloc(&arena, pairs[i].type->size);
        struct ops_buf msgpack, json;

        print_message("# %s\n", pairs[i].json);
        ops_buf_init(&msgpack, &arena);
        ops_buf_init(&json, &arena);
        assert_int_equal(ops_json_decode(pairs[i].type, &ops_style_v1_plus,
                                         ops_str_of(pairs[i].json, strlen(pairs[i].json)), &arena, from_json, NULL),
                         OPS_OK);
        assert_int_equal(ops_msgpack_encode(pairs[i].type, &ops_style_v1_plus, from_json, &msgpack), OPS_OK);
        assert_string_equal(hex_write(&arena, ops_buf_str(&msgpack)), hex_plain(&arena, pairs[i].hex));
        assert_int_equal(ops_msgpack_decode(pairs[i].type, &ops_style_v1_plus, hex_read(&arena, pairs[i].hex), &arena,
                                            from_msgpack, NULL),
                         OPS_OK);
        assert_int_equal(ops_json_encode(pairs[i].type, &ops_style_v1_plus, from_msgpack, &json), OPS_OK);
        assert_string_equal(hex_text(&arena, ops_buf_str(&json)), pairs[i].json);
        ops_arena_reset(&arena);
    }
}

/* ---- random values
 * ------------------------------------------------------------------------------------------------ */

static struct ops_str msgpack_of(struct ops_arena *arena, const struct ops_message *type, const void *value)
{
    struct ops_buf out;

    ops_buf_init(&out, arena);
    assert_int_equal(ops_msgpack_encode(type, &ops_style_v1_plus, value, &out), OPS_OK);
    return ops_buf_str(&out);
}

/* What a message says in MessagePack does not change by way of MessagePack, nor by way of JSON. */
static void assert_stable(struct ops_arena *arena, const struct ops_message *type, const void *value)
{
    struct ops_str first = msgpack_of(arena, type, value);
    void *read = ops_arena_zalloc(arena, type->size), *by_json = ops_arena_zalloc(arena, type->size);
    struct ops_decode_info info;
    struct ops_buf json;

    if (ops_msgpack_decode(type, &ops_style_v1_plus, first, arena, read, &info) != OPS_OK)
        fail_msg("%s: %s at byte %zu of %s", hex_text(arena, type->name), ops_reason_text(info.error.reason),
                 info.error.offset_bytes, hex_write(arena, first));
    assert_string_equal(hex_write(arena, msgpack_of(arena, type, read)), hex_write(arena, first));
    if (type->oneof != NULL && type->oneof->tag_name[OPS_SHAPE_V1].ptr == NULL)
        return; /* gRPC's own: no JSON form is declared */
    ops_buf_init(&json, arena);
    assert_int_equal(ops_json_encode(type, &ops_style_v1_plus, read, &json), OPS_OK);
    assert_int_equal(ops_json_decode(type, &ops_style_v1_plus, ops_buf_str(&json), arena, by_json, NULL), OPS_OK);
    if (!ops_str_equal(msgpack_of(arena, type, by_json), first))
        fail_msg("%s: %s", hex_text(arena, type->name), hex_text(arena, ops_buf_str(&json)));
}

static bool has_open_values(const struct ops_message *type)
{
    uint8_t i;

    for (i = 0; i < type->field_count; i++) {
        const struct ops_field *f = &type->fields[i];

        if (f->as[OPS_SHAPE_V1] == OPS_AS_ANY || (f->type == OPS_TYPE_MESSAGE && (f->flags & OPS_FIELD_VARIANT) != 0 &&
                                                  has_open_values((const struct ops_message *)f->of)))
            return true;
    }
    return false;
}

/* Hub records are tested in test_hub.c: their open values are MessagePack when read, JSON when written. */
static void every_message_round_trips(void **state)
{
    const char *wanted = getenv("OPS_SEED");
    uint64_t seed = wanted != NULL ? strtoull(wanted, NULL, 0) : 20260528;
    struct random_source random = random_seeded(seed);
    size_t i, k, values = 0;

    (void)state;
    print_message("# OPS_SEED=%llu\n", (unsigned long long)seed);
    for (i = 0; i < ops_messages_count; i++) {
        const struct ops_message *type = ops_messages[i];

        for (k = 0; k < 300 && !has_open_values(type); k++, values++) {
            struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
            struct random_knobs knobs = random_knobs_default();

            knobs.style = &ops_style_v1_plus;
            assert_stable(&arena, type, random_value(&random, &knobs, type, &arena));
            ops_arena_reset(&arena);
        }
    }
    print_message("# %zu values of %zu messages\n", values, ops_messages_count);
}

/* ---- liberal reading --------------------------------------------------------------------------------------------- */

/* MessagePack that is read as this JSON, though it would be written otherwise. */
static const struct pair liberal[] = {
    /* every width of an integer */
    {&ops_hub_ack_type, "{\"sequenceId\":36}", "81 aa73657175656e63654964 cc24"},
    {&ops_hub_ack_type, "{\"sequenceId\":36}", "81 aa73657175656e63654964 cd0024"},
    {&ops_hub_ack_type, "{\"sequenceId\":36}", "81 aa73657175656e63654964 ce00000024"},
    {&ops_hub_ack_type, "{\"sequenceId\":36}", "81 aa73657175656e63654964 cf0000000000000024"},
    {&ops_hub_ack_type, "{\"sequenceId\":36}", "81 aa73657175656e63654964 d024"},
    {&ops_hub_ack_type, "{\"sequenceId\":36}", "81 aa73657175656e63654964 d10024"},
    {&ops_hub_ack_type, "{\"sequenceId\":36}", "81 aa73657175656e63654964 d200000024"},
    {&ops_hub_ack_type, "{\"sequenceId\":36}", "81 aa73657175656e63654964 d30000000000000024"},
    /* longer heads than needed */
    {&ops_peer_disconnected_event_type, "{\"peerId\":\"p\"}", "de0001 d906706565724964 db0000000170"},
    {&ops_peer_disconnected_event_type, "{\"peerId\":\"p\"}", "df00000001 da0006706565724964 da000170"},
    /* names: the last exact one, else the last in another case; nil and unusable ones that do not count */
    {&ops_peer_disconnected_event_type, "{\"peerId\":\"p\"}", "81 a6504545524944 a170"},
    {&ops_peer_disconnected_event_type, "{\"peerId\":\"p\"}", "82 a6504545524944 a171 a6706565726964 a170"},
    {&ops_peer_disconnected_event_type, "{\"peerId\":\"p\"}",
     "83 a6706565724964 01 a6706565724964 a170 a6504545524944 c0"},
    /* unknown members of any type */
    {&ops_peer_disconnected_event_type, "{\"peerId\":\"p\"}",
     "87 a161 c40101 a162 d60100000000 a163 cb7ff0000000000000 a164 81 01 c0 a165 c0 a6706565724964 a170 a166 9101"},
    /* the discriminator anywhere, by its older name, by an alias; the last one counts */
    {&ops_text_component_type, "{\"type\":\"retain\",\"count\":1}", "82 a5636f756e74 01 a474797065 a672657461696e"},
    {&ops_text_component_type, "{\"type\":\"retain\",\"count\":1}", "82 a524747970 65a672657461696e a5636f756e74 01"},
    {&ops_text_component_type, "{\"type\":\"retain\",\"count\":1}",
     "83 a474797065 a6696e73657274 a5636f756e74 01 a474797065 a672657461696e"},
    {&ops_text_component_type, "{\"type\":\"retain\",\"count\":1}",
     "83 a524545950 45a6696e73657274 a454795065 a672657461696e a5436f756e74 01"},
    {&ops_form_op_type, "{\"type\":\"clr\",\"fieldName\":\"f\",\"timestamp\":1,\"peerId\":\"p\"}",
     "84 a474797065 a5636c656172 a96669656c644e616d65 a166 a974696d657374616d70 01 a6706565724964 a170"},
    /* timestamps in longer forms, and beyond what 32 and 34 bits can say */
    {&ops_awareness_state_proto_type, "{\"peerId\":\"p\",\"data\":0,\"lastUpdated\":\"1970-01-01T00:00:01.000Z\"}",
     "83 a6706565724964 a170 a464617461 00 ab6c61737455706461746564 d7ff0000000000000001"},
    {&ops_awareness_state_proto_type, "{\"peerId\":\"p\",\"data\":0,\"lastUpdated\":\"1970-01-01T00:00:01.500Z\"}",
     "83 a6706565724964 a170 a464617461 00 ab6c61737455706461746564 c70cff1dcd65000000000000000001"},
    {&ops_awareness_state_proto_type, "{\"peerId\":\"p\",\"data\":0,\"lastUpdated\":\"1969-12-31T23:59:59.999Z\"}",
     "83 a6706565724964 a170 a464617461 00 ab6c61737455706461746564 c70cff 3b9ac9ff ffffffffffffffff"},
    /* an enumerator in another case, or by number */
    {&ops_error_response_type, "{\"code\":\"NotJoined\",\"message\":\"m\"}",
     "82 a4636f6465 a96e6f746a6f696e6564 a76d657373616765 a16d"},
    {&ops_error_response_type, "{\"code\":\"NotJoined\",\"message\":\"m\"}", "82 a4636f6465 06 a76d657373616765 a16d"},
    /* maps: sorted by UTF-16 units, of equal keys the last one */
    {&ops_rich_text_retain_type,
     "{\"count\":1,\"attributes\":{\"a\":3,\"b\":2,\"\xf0\x9f\x98\x80\":4,\"\xef\xbf\xbd\":5}}",
     "82 a5636f756e74 01 aa61747472696275746573 85 a3efbfbd 05 a162 02 a4f09f9880 04 a161 01 a161 03"},
    /* nil is absent for what may be absent */
    {&ops_op_response_type, "{\"success\":true,\"newRevision\":1}",
     "83 a773756363657373 c3 ab6e65775265766973696f6e 01 ac6572726f724d657373616765 c0"},
};

static void many_spellings_are_read(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof liberal / sizeof *liberal; i++) {
        struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
        void *value = ops_arena_zalloc(&arena, liberal[i].type->size);
        struct ops_buf json;
        struct ops_decode_info info;

        ops_buf_init(&json, &arena);
        if (ops_msgpack_decode(liberal[i].type, &ops_style_v1_plus, hex_read(&arena, liberal[i].hex), &arena, value,
                               &info) != OPS_OK)
            fail_msg("%s: %s at byte %zu", liberal[i].hex, ops_reason_text(info.error.reason), info.error.offset_bytes);
        assert_int_equal(ops_json_encode(liberal[i].type, &ops_style_v1_plus, value, &json), OPS_OK);
        assert_string_equal(hex_text(&arena, ops_buf_str(&json)), liberal[i].json);
        ops_arena_reset(&arena);
    }
}

/* ---- refusals ---------------------------------------------------------------------------------------------------- */

struct refusal {
    const struct ops_message *type;
    const char *hex;
    enum ops_reason reason;
    size_t offset;
};

#define ACK &ops_hub_ack_type
#define PEER &ops_peer_disconnected_event_type
#define STATE &ops_awareness_state_proto_type

static const struct refusal refusals[] = {
    {ACK, "", OPS_REASON_EMPTY, 0},
    {ACK, "c1", OPS_REASON_MSGPACK_TYPE, 0},
    {ACK, "c0", OPS_REASON_WANT_OBJECT, 0},
    {ACK, "91 01", OPS_REASON_WANT_OBJECT, 0},
    {ACK, "80", OPS_REASON_MISSING, 0},
    {ACK, "81 aa73657175656e63654964 24 00", OPS_REASON_TRAILING, 13},
    {ACK, "81 aa73657175656e63654964", OPS_REASON_TRUNCATED, 12},
    {ACK, "82 a161 01", OPS_REASON_LENGTH, 0}, /* a map that cannot be whole */
    {ACK, "81 aa73657175656e63654964 cd01", OPS_REASON_TRUNCATED, 14},
    {ACK, "81 01 24", OPS_REASON_MSGPACK_TYPE, 1},
    {ACK, "81 aa73657175656e63654964 ff", OPS_REASON_WANT_INTEGER, 12},
    {ACK, "81 aa73657175656e63654964 cf8000000000000000", OPS_REASON_WANT_INTEGER, 12},
    {ACK, "81 aa73657175656e63654964 cb4042000000000000", OPS_REASON_WANT_INTEGER, 12},
    {ACK, "81 aa73657175656e63654964 a13 6", OPS_REASON_WANT_INTEGER, 12},
    {ACK, "81 aa73657175656e63654964 c0", OPS_REASON_NULL_VALUE, 12},
    {ACK, "82 aa73657175656e63654964 24 a161 c1", OPS_REASON_MSGPACK_TYPE, 15},
    {PEER, "81 a6706565724964 a2c328", OPS_REASON_UTF8, 9},
    {PEER, "81 a6706565724964 a3eda080", OPS_REASON_UTF8, 9},
    {PEER, "81 a6706565724964 db0fffffff70", OPS_REASON_LENGTH, 8},
    {PEER, "81 a6706565724964 c40170", OPS_REASON_WANT_STRING, 8},
    {PEER, "81 a6706565724964 01", OPS_REASON_WANT_STRING, 8},
    {PEER, "df7fffffff a6706565724964 a170", OPS_REASON_LENGTH, 0},
    {&ops_receive_awareness_event_type, "80", OPS_REASON_MISSING, 0},
    {&ops_text_op_type, "81 aa636f6d706f6e656e7473 ddffffffff 00", OPS_REASON_LENGTH, 12},
    {&ops_text_op_type, "81 aa636f6d706f6e656e7473 91c0", OPS_REASON_NULL_VALUE, 13},
    {&ops_text_op_type, "81 aa636f6d706f6e656e7473 80", OPS_REASON_WANT_LIST, 12},
    {&ops_text_component_type, "81 a5636f756e74 01", OPS_REASON_NO_DISCRIMINATOR, 0},
    {&ops_text_component_type, "81 a474797065 a652657461696e", OPS_REASON_UNKNOWN_VARIANT, 6},
    {&ops_text_component_type, "81 a474797065 01", OPS_REASON_WANT_STRING, 6},
    {&ops_text_component_type, "82 a474797065 a672657461696e a5636f756e74 ce80000000", OPS_REASON_WANT_INTEGER, 19},
    {&ops_pending_op_type, "82 a77061796c6f6164 a465794a39 a87265766973696f6e 01", OPS_REASON_WANT_BASE64, 9},
    {&ops_error_response_type, "82 a4636f6465 a0 a76d657373616765 a16d", OPS_REASON_WANT_ENUM, 6},
    {&ops_error_response_type, "82 a4636f6465 7f a76d657373616765 a16d", OPS_REASON_WANT_ENUM, 6},
    {&ops_client_message_type, "83 a474797065 a4756e646f a26964 cb3ff8000000000000 aa646f63756d656e744964 a164",
     OPS_REASON_WANT_ID, 14},
    {&ops_client_message_type, "83 a474797065 a4756e646f a26964 cf0020000000000000 aa646f63756d656e744964 a164",
     OPS_REASON_WANT_ID, 14},
    /* what JSON cannot say */
    {STATE, "83 a6706565724964 a170 ab6c61737455706461746564 d6ff00000001 a464617461 c40100", OPS_REASON_MSGPACK_TYPE,
     33},
    {STATE, "83 a6706565724964 a170 ab6c61737455706461746564 d6ff00000001 a464617461 d60100000000",
     OPS_REASON_MSGPACK_TYPE, 33},
    {STATE, "83 a6706565724964 a170 ab6c61737455706461746564 d6ff00000001 a464617461 cb7ff0000000000000",
     OPS_REASON_MSGPACK_TYPE, 33},
    {STATE, "83 a6706565724964 a170 ab6c61737455706461746564 d6ff00000001 a464617461 ca7fc00000",
     OPS_REASON_MSGPACK_TYPE, 33},
    {STATE, "83 a6706565724964 a170 ab6c61737455706461746564 d6ff00000001 a464617461 810101", OPS_REASON_MSGPACK_TYPE,
     34},
    /* times */
    {STATE, "83 a6706565724964 a170 a464617461 00 ab6c61737455706461746564 01", OPS_REASON_WANT_TIME, 28},
    {STATE, "83 a6706565724964 a170 a464617461 00 ab6c61737455706461746564 d60000000001", OPS_REASON_WANT_TIME, 28},
    {STATE, "83 a6706565724964 a170 a464617461 00 ab6c61737455706461746564 d5ff0001", OPS_REASON_WANT_TIME, 28},
    {STATE, "83 a6706565724964 a170 a464617461 00 ab6c61737455706461746564 d7ff ee6b280000000001", OPS_REASON_WANT_TIME,
     28},
    {STATE, "83 a6706565724964 a170 a464617461 00 ab6c61737455706461746564 c70cff 3b9aca00 0000000000000001",
     OPS_REASON_WANT_TIME, 28},
    {STATE, "83 a6706565724964 a170 a464617461 00 ab6c61737455706461746564 c70cff 00000000 7fffffffffffffff",
     OPS_REASON_WANT_TIME, 28},
};

static void the_rest_is_refused_with_reason_and_place(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
        void *value = ops_arena_zalloc(&arena, refusals[i].type->size);
        struct ops_decode_info info;

        assert_int_equal(ops_msgpack_decode(refusals[i].type, &ops_style_v1, hex_read(&arena, refusals[i].hex), &arena,
                                            value, &info),
                         OPS_ERR_SYNTAX);
        if (info.error.reason != refusals[i].reason || info.error.offset_bytes != refusals[i].offset)
            fail_msg("%s: %s at byte %zu", refusals[i].hex, ops_reason_text(info.error.reason),
                     info.error.offset_bytes);
        ops_arena_reset(&arena);
    }
}

static void a_refused_integer_says_its_range(void **state)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_text_retain value;
    struct ops_decode_info info;

    (void)state;
    assert_int_equal(ops_msgpack_decode(&ops_text_retain_type, &ops_style_v1, hex_read(&arena, "81 a5636f756e74 ff"),
                                        &arena, &value, &info),
                     OPS_ERR_SYNTAX);
    assert_int_equal(info.error.min, 0);
    assert_int_equal(info.error.max, 2147483647);
    assert_int_equal(
        ops_msgpack_decode(&ops_text_retain_type, &ops_style_v1, hex_read(&arena, "80"), &arena, &value, &info),
        OPS_ERR_SYNTAX);
    assert_string_equal(hex_text(&arena, info.error.member), "count");
    ops_arena_reset(&arena);
}

/* A count that promises gigabytes is refused before anything is allocated for it. */
static void counts_are_checked_before_memory_is_taken(void **state)
{
    struct ops_arena arena = test_arena(4096);
    struct ops_str input = hex_read(&arena, "81 aa636f6d706f6e656e7473 dd7fffffff 80");
    size_t before = arena.used_bytes;
    struct ops_text_op value;

    (void)state;
    assert_int_equal(ops_msgpack_decode(&ops_text_op_type, &ops_style_v1, input, &arena, &value, NULL), OPS_ERR_SYNTAX);
    assert_int_equal(arena.used_bytes, before);
    ops_arena_reset(&arena);
}

static void plus_members_extend_and_are_written_only_then(void **state)
{
    static const char join[] =
        "84 aa646f63756d656e744964 a164 ac646f63756d656e7454797065 a474657874 af70726f746f636f6c56657273696f6e 01 "
        "ad73696e63655265766973696f6e ";
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_join_request value;
    struct ops_decode_info info;
    struct ops_buf out;
    char hex[256];

    (void)state;
    strcpy(hex, join);
    strcat(hex, "05");
    assert_int_equal(
        ops_msgpack_decode(&ops_join_request_type, &ops_style_v1, hex_read(&arena, hex), &arena, &value, &info),
        OPS_OK);
    assert_true(info.plus && value.since_revision.set && value.since_revision.value == 5);
    ops_buf_init(&out, &arena);
    assert_int_equal(ops_msgpack_encode(&ops_join_request_type, &ops_style_v1, &value, &out), OPS_OK);
    assert_int_equal((unsigned char)out.ptr[0], 0x83);
    strcpy(hex, join);
    strcat(hex, "c0");
    assert_int_equal(
        ops_msgpack_decode(&ops_join_request_type, &ops_style_v1, hex_read(&arena, hex), &arena, &value, &info),
        OPS_OK);
    assert_true(!info.plus && !value.since_revision.set);
    ops_arena_reset(&arena);
}

/* ---- arguments --------------------------------------------------------------------------------------------------- */

static void arguments_are_positional(void **state)
{
    const struct ops_call *join = &ops_call_collaboration_hub_join_document,
                          *create = &ops_call_collaboration_hub_create_comment;
    static const char *const good[] = {"93 a164 a474657874 01", "94 a164 a474657874 01 c0",
                                       "95 a164 a474657874 01 c0 c40100"};
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    void *value = ops_arena_zalloc(&arena, join->message->size),
         *comment = ops_arena_zalloc(&arena, create->message->size);
    struct ops_decode_info info;
    struct ops_buf out;
    size_t i;

    (void)state;
    for (i = 0; i < 3; i++) {
        assert_int_equal(
            ops_msgpack_decode_arguments(join, &ops_style_v1, hex_read(&arena, good[i]), &arena, value, &info), OPS_OK);
        assert_false(info.plus);
        ops_buf_init(&out, &arena);
        assert_int_equal(ops_msgpack_encode_arguments(join, &ops_style_v1, value, &out), OPS_OK);
        assert_string_equal(hex_write(&arena, ops_buf_str(&out)), "93a164a47465787401");
    }
    assert_int_equal(ops_msgpack_decode_arguments(join, &ops_style_v1, hex_read(&arena, "94 a164 a474657874 01 07"),
                                                  &arena, value, &info),
                     OPS_OK);
    assert_true(info.plus);
    assert_int_equal(
        ops_msgpack_decode_arguments(join, &ops_style_v1, hex_read(&arena, "92 a164 a474657874"), &arena, value, &info),
        OPS_ERR_SYNTAX);
    assert_int_equal(info.error.reason, OPS_REASON_MISSING);
    assert_int_equal(ops_msgpack_decode_arguments(create, &ops_style_v1, hex_read(&arena, "92 a164 81 a4626f6479 a162"),
                                                  &arena, comment, NULL),
                     OPS_OK);
    ops_arena_reset(&arena);
}

/* A callback's argument that is one awareness state, and the + argument behind it. */
static void a_single_list_is_one_argument(void **state)
{
    const struct ops_call *call = &ops_call_collaboration_hub_callbacks_receive_awareness_update;
    static const char hex[] = "92 83 a6706565724964 a170 a464617461 01 ab6c61737455706461746564 d6ff00000001 a164";
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    void *value = ops_arena_zalloc(&arena, call->message->size);
    struct ops_buf plus, plain;

    (void)state;
    ops_buf_init(&plus, &arena);
    ops_buf_init(&plain, &arena);
    assert_int_equal(ops_msgpack_decode_arguments(call, &ops_style_v1_plus, hex_read(&arena, hex), &arena, value, NULL),
                     OPS_OK);
    assert_int_equal(ops_msgpack_encode_arguments(call, &ops_style_v1_plus, value, &plus), OPS_OK);
    assert_string_equal(hex_write(&arena, ops_buf_str(&plus)), hex_plain(&arena, hex));
    assert_int_equal(ops_msgpack_encode_arguments(call, &ops_style_v1, value, &plain), OPS_OK);
    assert_int_equal((unsigned char)plain.ptr[0], 0x91);
    ops_arena_reset(&arena);
}

/* ---- memory ------------------------------------------------------------------------------------------------------ */

/* Whatever the limit, the result is complete, or "no memory" and nothing has changed. */
static void every_memory_limit_is_survived(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        const struct ops_message *type = pairs[i].type;
        struct ops_arena room = test_arena(TEST_ARENA_BYTES);
        struct ops_str input = hex_read(&room, pairs[i].hex);
        void *value = ops_arena_zalloc(&room, type->size);
        size_t limit;
        enum ops_err e = OPS_ERR_NOMEM;

        for (limit = 0; e != OPS_OK; limit += 8) {
            struct ops_arena arena = test_arena(limit);

            e = ops_msgpack_decode(type, &ops_style_v1, input, &arena, value, NULL);
            assert_true(e == OPS_OK || e == OPS_ERR_NOMEM);
            ops_arena_reset(&arena);
        }
        assert_int_equal(ops_msgpack_decode(type, &ops_style_v1_plus, input, &room, value, NULL), OPS_OK);
        for (limit = 0, e = OPS_ERR_NOMEM; e != OPS_OK; limit += 8) {
            struct ops_arena arena = test_arena(limit);
            struct ops_buf out;

            ops_buf_init(&out, &arena);
            e = ops_msgpack_encode(type, &ops_style_v1_plus, value, &out);
            assert_true(e == OPS_OK ? out.len == input.len : e == OPS_ERR_NOMEM && out.len == 0);
            ops_arena_reset(&arena);
        }
        ops_arena_reset(&room);
    }
}

/* Truncated anywhere it is refused; with any byte changed it is refused or read, and what was read can be written. */
static void mangled_messages_are_harmless(void **state)
{
    size_t i, k, b;

    (void)state;
    for (i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        const struct ops_message *type = pairs[i].type;
        struct ops_arena room = test_arena(TEST_ARENA_BYTES);
        struct ops_str whole = hex_read(&room, pairs[i].hex);

        for (k = 0; k < whole.len; k++) {
            for (b = 0; b <= 256; b++) { /* 256: cut here */
                struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
                void *value = ops_arena_zalloc(&arena, type->size);
                char *copy = (char *)malloc(b == 256 ? k + 1 : whole.len);
                size_t len = b == 256 ? k : whole.len;
                struct ops_buf out;

                memcpy(copy, whole.ptr, len);
                if (b < 256)
                    copy[k] = (char)(unsigned char)b;
                ops_buf_init(&out, &arena);
                if (ops_msgpack_decode(type, &ops_style_v1, ops_str_of(copy, len), &arena, value, NULL) == OPS_OK) {
                    assert_true(b < 256);
                    assert_int_equal(ops_msgpack_encode(type, &ops_style_v1, value, &out), OPS_OK);
                }
                free(copy);
                ops_arena_reset(&arena);
            }
        }
        ops_arena_reset(&room);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_and_msgpack_say_the_same),
        cmocka_unit_test(every_message_round_trips),
        cmocka_unit_test(many_spellings_are_read),
        cmocka_unit_test(the_rest_is_refused_with_reason_and_place),
        cmocka_unit_test(a_refused_integer_says_its_range),
        cmocka_unit_test(counts_are_checked_before_memory_is_taken),
        cmocka_unit_test(plus_members_extend_and_are_written_only_then),
        cmocka_unit_test(arguments_are_positional),
        cmocka_unit_test(a_single_list_is_one_argument),
        cmocka_unit_test(every_memory_limit_is_survived),
        cmocka_unit_test(mangled_messages_are_harmless),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
