/* Handshakes, and records that are no call: recorded texts of the released server, and spec/v1.md §4.2. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "talk.h"
#include "tests/codec/hex.h"

struct said {
    const char *text, *reference, *v1; /* NULL: as in `reference` */
};

/* ---- the handshake ----------------------------------------------------------------------------------------------------------------- */

#define UNEXPECTED "{\"error\":\"An unexpected error occurred during connection handshake.\"}~"

static const struct said handshakes[] = {
    {"{\"protocol\":\"json\",\"version\":1}", "hello {}~", NULL},
    {"{\"version\":1,\"protocol\":\"json\"}", "hello {}~", NULL},
    {"{\"x\":[1,{\"y\":2}],\"protocol\":\"json\",\"version\":1}", "hello {}~", NULL},
    {"{\"protocol\":\"JSON\",\"version\":0}", "hello {}~", NULL},
    {"{\"protocol\":\"json\",\"version\":2,\"minorVersion\":7}", "hello {}~", NULL},
    {"{\"protocol\":\"messagepack\",\"version\":1}", "close 2 {\"error\":\"The protocol 'messagepack' is not supported.\"}~",
     "hello {}~"},
    {"{\"protocol\":\"MessagePack\",\"version\":2}", "close 2 {\"error\":\"The protocol 'MessagePack' is not supported.\"}~",
     "hello {}~"},
    {"{\"protocol\":\"json\",\"version\":3}",
     "close 2 {\"error\":\"The server does not support version 3 of the 'json' protocol.\"}~", NULL},
    {"{\"protocol\":\"json\",\"version\":-1}",
     "close 2 {\"error\":\"The server does not support version -1 of the 'json' protocol.\"}~", NULL},
    {"{\"protocol\":\"xml\",\"version\":9}", "close 2 {\"error\":\"The protocol 'xml' is not supported.\"}~", NULL},
    {"{\"protocol\":\"json\"}", "close 1 " UNEXPECTED, NULL},
    {"{\"version\":1}", "close 1 " UNEXPECTED, NULL},
    {"{\"protocol\":null,\"version\":1}", "close 1 " UNEXPECTED, NULL},
    {"hello", "close 1 " UNEXPECTED, NULL},
    {"[]", "close 1 " UNEXPECTED, NULL},
    {"", "close 1 " UNEXPECTED, NULL},
    {"{\"protocol\":\"json\",\"version\":\"1\"}", "close 1 " UNEXPECTED, NULL},
    {"{\"type\":1,\"invocationId\":\"0\",\"target\":\"JoinDocument\",\"arguments\":[\"d\",\"text\",1]}", "close 1 " UNEXPECTED, NULL},
};

static void handshakes_are_answered_as_recorded(void **state)
{
    size_t i, p;

    (void)state;
    for (i = 0; i < sizeof handshakes / sizeof *handshakes; i++) {
        for (p = 0; p < 2; p++) {
            struct talk t;

            talk_begin(&t, p == 0 ? REFERENCE : V1, true, NULL);
            talk_text(&t, handshakes[i].text);
            talk_text(&t, SEPARATOR);
            talk_expect(&t, p == 1 && handshakes[i].v1 != NULL ? handshakes[i].v1 : handshakes[i].reference);
            talk_text(&t, "{\"type\":6}" SEPARATOR);
            talk_expect(&t, t.session.protocol == OPS_SIGNALR_JSON ? "ping" : "");
            talk_end(&t);
        }
    }
}

static void a_text_transport_carries_no_messagepack(void **state)
{
    struct talk t;

    (void)state;
    talk_begin(&t, V1, false, NULL);
    talk_text(&t, HELLO_MSGPACK);
    talk_expect(&t, "close 2 {\"error\":\"Cannot use the 'messagepack' protocol on the current transport. The transport does not support "
                    "'Binary' transfer format.\"}~");
    talk_end(&t);
}

static void a_handshake_that_is_late_or_too_large_is_canceled(void **state)
{
    struct talk t;
    struct ops_buf buf;

    (void)state;
    talk_begin(&t, V1, true, NULL);
    t.config.limit_bytes = 32;
    talk_text(&t, "{\"protocol\":\"json\",        \"version\":1}" SEPARATOR);
    talk_expect(&t, "close 13 {\"error\":\"Handshake was canceled.\"}~");
    ops_buf_init(&buf, &t.arena);
    assert_int_equal(ops_signalr_handshake_late(&buf), OPS_OK);
    assert_true(ops_str_equal(ops_buf_str(&buf), OPS_STR("{\"error\":\"Handshake was canceled.\"}" SEPARATOR)));
    talk_end(&t);
}

/* ---- records --------------------------------------------------------------------------------------------------------------------------- */

#define GONE "close 1 {\"type\":7,\"error\":\"Connection closed with an error.\",\"allowReconnect\":true}~"
#define BROKEN "close 1 {\"type\":7,\"error\":\"InvalidMessage: the record breaks the hub protocol\"}~"

static const struct said records[] = {
    {"{\"type\":6}", "ping", NULL},
    {"{\"x\":1,\"type\":6}", "ping", NULL},
    {"{\"type\":99}", "skipped", NULL},
    {"{\"type\":0,\"target\":7}", "skipped", NULL},
    {"{\"type\":3,\"invocationId\":\"zz\"}", "skipped", NULL},
    {"{\"type\":3,\"invocationId\":\"9\",\"result\":1}", "skipped", NULL},
    {"{\"type\":3,\"invocationId\":\"9\",\"error\":\"x\"}", "skipped", NULL},
    {"{\"type\":2,\"invocationId\":\"9\",\"item\":null}", "skipped", NULL},
    {"{\"type\":5,\"invocationId\":\"9\"}", "skipped", NULL},
    {"{\"type\":8,\"sequenceId\":1}", "skipped", NULL}, /* without stateful reconnect */
    {"{\"type\":9,\"sequenceId\":1}", "skipped", NULL},
    {"{\"type\":7}", "close 0 {\"type\":7}~", NULL},
    {"{\"type\":7,\"error\":\"x\",\"allowReconnect\":true}", "close 0 {\"type\":7}~", NULL},
    {"{\"type\":1,\"target\":\"LeaveDocument\"}", GONE,
     "close 1 {\"type\":7,\"error\":\"InvalidMessage: $: a required member is missing: arguments at byte 0\"}~"},
    {"{\"type\":1,\"invocationId\":\"0\",\"arguments\":[]}", GONE,
     "close 1 {\"type\":7,\"error\":\"InvalidMessage: $: a required member is missing: target at byte 0\"}~"},
    {"{\"type\":1,\"invocationId\":\"0\",\"target\":null,\"arguments\":[]}", GONE,
     "close 1 {\"type\":7,\"error\":\"InvalidMessage: $.target: null where a value is needed at byte 38\"}~"},
    {"{\"type\":1,\"invocationId\":\"0\",\"target\":\"JoinDocument\",\"arguments\":null}", GONE,
     "close 1 {\"type\":7,\"error\":\"InvalidMessage: $: expected a list at byte 0\"}~"},
    {"{\"type\":1,\"invocationId\":\"0\",\"target\":\"Nope\",\"arguments\":{}}", GONE,
     "close 1 {\"type\":7,\"error\":\"InvalidMessage: $: expected a list at byte 0\"}~"},
    {"{\"type\":4,\"invocationId\":\"0\",\"target\":\"JoinDocument\",\"arguments\":7}", GONE,
     "close 1 {\"type\":7,\"error\":\"InvalidMessage: $: expected a list at byte 0\"}~"},
    {"{\"type\":1,\"invocationId\":null,\"target\":\"JoinDocument\",\"arguments\":[]}", GONE, BROKEN},
    {"{\"type\":1,\"invocationId\":5,\"target\":\"JoinDocument\",\"arguments\":[]}", GONE,
     "close 1 {\"type\":7,\"error\":\"InvalidMessage: $.invocationId: expected a string at byte 25\"}~"},
    {"{\"type\":4,\"target\":\"JoinDocument\",\"arguments\":[]}", GONE,
     "close 1 {\"type\":7,\"error\":\"InvalidMessage: $: a required member is missing: invocationId at byte 0\"}~"},
    {"{\"type\":3,\"invocationId\":\"0\",\"error\":\"x\",\"result\":null}", GONE, BROKEN},
    {"{\"type\":3,\"result\":1}", GONE,
     "close 1 {\"type\":7,\"error\":\"InvalidMessage: $: a required member is missing: invocationId at byte 0\"}~"},
    {"{\"type\":2,\"invocationId\":\"0\"}", GONE,
     "close 1 {\"type\":7,\"error\":\"InvalidMessage: $: a required member is missing: item at byte 0\"}~"},
    {"{\"type\":5}", GONE,
     "close 1 {\"type\":7,\"error\":\"InvalidMessage: $: a required member is missing: invocationId at byte 0\"}~"},
    {"{\"type\":9,\"sequenceId\":-1}", GONE,
     "close 1 {\"type\":7,\"error\":\"InvalidMessage: $.sequenceId: expected an integer of 0 to 9223372036854775807 at byte 23\"}~"},
    {"{", GONE, "close 1 {\"type\":7,\"error\":\"InvalidMessage: $: the input ends in the middle of a value at byte 1\"}~"},
    {"", GONE, BROKEN},
    {"[]", GONE, "close 1 {\"type\":7,\"error\":\"InvalidMessage: $: expected an object at byte 0\"}~"},
    {"{\"target\":\"JoinDocument\"}", GONE,
     "close 1 {\"type\":7,\"error\":\"InvalidMessage: $: the object has no discriminator at byte 0\"}~"},
    {"{\"type\":\"1\"}", GONE, "close 1 {\"type\":7,\"error\":\"InvalidMessage: $.type: expected an integer at byte 8\"}~"},
    {"{\"type\":99,", GONE, "close 1 {\"type\":7,\"error\":\"InvalidMessage: $: the input ends in the middle of a value at byte 11\"}~"},
};

static void records_are_taken_as_recorded(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof records / sizeof *records; i++) {
        talk_says_text(REFERENCE, records[i].text, records[i].reference);
        talk_says_text(V1, records[i].text, records[i].v1 != NULL ? records[i].v1 : records[i].reference);
    }
}

/* Of spec/signalr-protocol.md §7.2, with their length. */
static const struct said packed[] = {
    {"02 9106", NULL, "ping"},
    {"82 00 9106", NULL, "ping"}, /* a length longer than it need be */
    {"08 94 02 80 a378797a 2a", NULL, "skipped"},
    {"0e 95 03 80 a378797a 01 a54572726f72", NULL, "skipped"},
    {"08 94 03 80 a378797a 02", NULL, "skipped"},
    {"09 95 03 80 a378797a 03 2a", NULL, "skipped"},
    {"07 93 05 80 a378797a", NULL, "skipped"},
    {"05 93 05 80 a131", NULL, "skipped"},
    {"02 9163", NULL, "skipped"},
    {"04 92 08 cc24", NULL, "skipped"},
    {"03 92 07 c0", NULL, "close 0 049307c0c2"},
    {"07 93 07 a378797a c3", NULL, "close 0 049307c0c2"},
    {"0c 95 01 80 a130 a3416464 92 28 02", NULL,
     "refused 2c950380a13001d924496e76616c69644d6573736167653a20756e6b6e6f776e206d6574686f64202741646427"},
    {"00", NULL, "close 1 379307d932496e76616c69644d6573736167653a20746865207265636f726420627265616b73207468652068756220"
                 "70726f746f636f6cc2"},
    {"ffffffff08", NULL, "close 1 379307d932496e76616c69644d6573736167653a20746865207265636f726420627265616b73207468652068756220"
                         "70726f746f636f6cc2"},
};

static void packed_records_are_taken_likewise(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof packed / sizeof *packed; i++) {
        struct ops_arena arena = test_arena(TEST_ARENA_BYTES);

        talk_says(V1, HELLO_MSGPACK, hex_read(&arena, packed[i].text), packed[i].v1);
        ops_arena_reset(&arena);
    }
}

static void nothing_is_read_behind_an_end(void **state)
{
    struct talk t;

    (void)state;
    talk_begin(&t, V1, true, NULL);
    talk_text(&t, HELLO_JSON "{\"type\":7}" SEPARATOR "{\"type\":6}" SEPARATOR "{\"type\"");
    talk_text(&t, ":6}" SEPARATOR);
    talk_expect(&t, "hello {}~|close 0 {\"type\":7}~");
    assert_int_equal(t.counted.out_bytes, 0);
    talk_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(handshakes_are_answered_as_recorded),
        cmocka_unit_test(a_text_transport_carries_no_messagepack),
        cmocka_unit_test(a_handshake_that_is_late_or_too_large_is_canceled),
        cmocka_unit_test(records_are_taken_as_recorded),
        cmocka_unit_test(packed_records_are_taken_likewise),
        cmocka_unit_test(nothing_is_read_behind_an_end),
    };

    return cmocka_run_group_tests_name("signalr records", tests, NULL, NULL);
}
