/* What clients are told: pushes, answers, and the records of the connection itself, byte by byte in every form. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "talk.h"
#include "tests/codec/hex.h"
#include "runtime/transport/websocket/frame.h"

enum { REF_JSON, V1_JSON, V1_PLUS, V1_MSGPACK, V1_MSGPACK_PLUS, FORMS };

static unsigned form_of(unsigned which)
{
    struct ops_signalr_session s;

    ops_signalr_session_init(&s, which == REF_JSON ? REFERENCE : V1, true, NULL);
    s.protocol = which >= V1_MSGPACK ? OPS_SIGNALR_MSGPACK : OPS_SIGNALR_JSON;
    s.extended = which == V1_PLUS || which == V1_MSGPACK_PLUS;
    return ops_signalr_session_form(&s);
}

/* The payload as text or digits, in `arena`; the frame is a whole message with it. */
static char *told(unsigned form, bool binary, const struct ops_signalr_sent *sent, struct ops_arena *arena)
{
    size_t head = ops_websocket_header_bytes(sent->payload.len, false), i;
    char header[OPS_WEBSOCKET_HEADER_BYTES], *text;

    (void)form;
    if (sent->payload.len == 0) {
        assert_int_equal(sent->frame.len, 0);
        assert_int_equal(sent->records, 0);
        return hex_text(arena, OPS_STR(""));
    }
    ops_websocket_header_write(header, binary ? OPS_WEBSOCKET_BINARY : OPS_WEBSOCKET_TEXT, sent->payload.len, NULL);
    assert_int_equal(sent->frame.len, head + sent->payload.len);
    assert_memory_equal(sent->frame.ptr, header, head);
    assert_ptr_equal(sent->frame.ptr + head, sent->payload.ptr);
    if (binary)
        return hex_write(arena, sent->payload);
    text = hex_text(arena, sent->payload);
    for (i = 0; i < sent->payload.len; i++)
        text[i] = text[i] == 0x1e ? '~' : text[i];
    return text;
}

/* `expect`: by form; NULL: as in the form before it. */
static void says(const struct ops_server_message *message, bool reply, unsigned records, const char *const expect[FORMS])
{
    const char *last = "";
    unsigned i;

    for (i = 0; i < FORMS; i++) {
        struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
        unsigned form = form_of(i);
        struct ops_signalr_sent sent;
        struct ops_buf buf;
        char *got;

        assert_true(form < ops_signalr_forms());
        assert_ptr_equal(ops_signalr_form_profile(form), i == REF_JSON ? REFERENCE : V1);
        ops_buf_init(&buf, &arena);
        assert_int_equal(reply ? ops_signalr_encode_reply(form, message, &buf, &sent) : ops_signalr_encode_push(form, message, &buf, &sent),
                         OPS_OK);
        got = told(form, i >= V1_MSGPACK, &sent, &arena);
        last = expect[i] != NULL ? expect[i] : last;
        assert_string_equal(got, i >= V1_MSGPACK ? hex_plain(&arena, last) : last);
        if (sent.payload.len > 0)
            assert_in_range(sent.records, records, records + (i != REF_JSON));
        ops_arena_reset(&arena);
    }
}

/* The id under which the core knows the call that `text` makes; of the arena. */
static struct ops_str call_id(const struct ops_profile *profile, const char *text, struct ops_arena *arena)
{
    struct ops_signalr_config config = {&test_memory, 0};
    struct ops_signalr_session s;
    struct ops_signalr_said said;
    struct ops_str bytes = ops_str_of(text, strlen(text)), id = {NULL, 0};

    ops_signalr_session_init(&s, profile, true, NULL);
    s.protocol = OPS_SIGNALR_JSON;
    assert_int_equal(ops_signalr_session_read(&s, &config, &bytes, arena, &said), OPS_SIGNALR_STEP_CALL);
    assert_true(ops_arena_copy(arena, said.message.correlation_id, &id));
    ops_signalr_session_end(&s, &config);
    return id;
}

#define CALL(id, target, arguments) "{\"type\":1," id "\"target\":\"" target "\",\"arguments\":" arguments "}" SEPARATOR
#define JOIN(id) CALL(id, "JoinDocument", "[\"doc\",\"text\",1]")
#define ID "\"invocationId\":\"0\","

static const struct ops_time noon = {INT64_C(1779969296), 789000000, true};

/* ---- pushes ------------------------------------------------------------------------------------------------------------------------- */

static void pushes_are_callbacks(void **state)
{
    static const char *const op[FORMS] = {
        "{\"type\":1,\"target\":\"ReceiveOp\",\"arguments\":[\"e30=\",2]}~",
        "{\"type\":1,\"target\":\"ReceiveOp\",\"arguments\":[\"doc\",\"e30=\",2]}~",
        "{\"type\":1,\"target\":\"ReceiveOp\",\"arguments\":[\"doc\",\"e30=\",2,\"k\"]}~",
        "19 96 01 80 c0 a9526563656976654f70 93 a3646f63 c4027b7d 02 90",
        "1b 96 01 80 c0 a9526563656976654f70 94 a3646f63 c4027b7d 02 a16b 90",
    };
    static const char *const gone[FORMS] = {
        "{\"type\":1,\"target\":\"PeerDisconnected\",\"arguments\":[\"p\"]}~", NULL, NULL,
        "19 96 01 80 c0 b050656572446973636f6e6e6563746564 91 a170 90", NULL,
    };
    static const char *const left[FORMS] = {
        "", "", "{\"type\":1,\"target\":\"PeerLeft\",\"arguments\":[\"doc\",\"p\"]}~", "",
        "15 96 01 80 c0 a8506565724c656674 92 a3646f63 a170 90",
    };
    static const char *const nothing[FORMS] = {"", NULL, NULL, NULL, NULL};
    struct ops_server_message m;

    (void)state;
    memset(&m, 0, sizeof m);
    m.message_type = OPS_SERVER_MESSAGE_RECEIVE_OP_EVENT;
    m.receive_op_event.document_id = OPS_STR("doc");
    m.receive_op_event.payload = OPS_STR("{}");
    m.receive_op_event.new_revision = 2;
    m.receive_op_event.op_id = OPS_STR("k");
    says(&m, false, 1, op);
    memset(&m, 0, sizeof m);
    m.message_type = OPS_SERVER_MESSAGE_PEER_DISCONNECTED_EVENT;
    m.peer_disconnected_event.peer_id = OPS_STR("p");
    says(&m, false, 1, gone);
    memset(&m, 0, sizeof m);
    m.message_type = OPS_SERVER_MESSAGE_PEER_LEFT;
    m.peer_left.document_id = OPS_STR("doc");
    m.peer_left.peer_id = OPS_STR("p");
    says(&m, false, 1, left);
    m.message_type = OPS_SERVER_MESSAGE_HELLO_ACK; /* no hub has a word for it */
    memset(&m.hello_ack, 0, sizeof m.hello_ack);
    says(&m, false, 0, nothing);
}

static void awareness_that_ends_messagepack_clients_is_not_told_them(void **state)
{
#define STATE_V1 "{\"peerId\":\"p\",\"data\":{\"__proto__\":1},\"lastUpdated\":\"2026-05-28T11:54:56.789Z\"}"
    static const char *const push[FORMS] = {
        "{\"type\":1,\"target\":\"ReceiveAwarenessUpdate\",\"arguments\":[{\"peerId\":\"p\",\"data\":{\"__proto__\":1},\"lastUpdated\":"
        "\"2026-05-28T11:54:56.789+00:00\"}]}~",
        "{\"type\":1,\"target\":\"ReceiveAwarenessUpdate\",\"arguments\":[" STATE_V1 "]}~",
        "{\"type\":1,\"target\":\"ReceiveAwarenessUpdate\",\"arguments\":[" STATE_V1 ",\"doc\"]}~", "", ""};
    static const char *const ack[FORMS] = {"{\"type\":3,\"invocationId\":\"0\",\"result\":null}~",
                                           "{\"type\":3,\"invocationId\":\"0\",\"result\":" STATE_V1 "}~", NULL, "06 94 03 80 a130 02", NULL};
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_awareness_state_proto both[2] = {{OPS_STR("p"), OPS_STR("{\"__proto__\":1}"), noon}, {OPS_STR("q"), OPS_STR("7"), noon}};
    struct ops_server_message m;
    struct ops_signalr_sent sent;
    struct ops_buf buf;

    (void)state;
    memset(&m, 0, sizeof m);
    m.message_type = OPS_SERVER_MESSAGE_RECEIVE_AWARENESS_EVENT;
    m.receive_awareness_event.document_id = OPS_STR("doc");
    m.receive_awareness_event.awareness = both;
    m.receive_awareness_event.awareness_count = 1;
    says(&m, false, 1, push);
    m.message_type = OPS_SERVER_MESSAGE_AWARENESS_ACK;
    m.correlation_id = call_id(V1, CALL(ID, "UpdateAwareness", "[\"doc\",1]"), &arena);
    says(&m, true, 1, ack);
    memset(&m, 0, sizeof m);
    m.message_type = OPS_SERVER_MESSAGE_JOIN_RESPONSE;
    m.correlation_id = call_id(V1, JOIN(""), &arena);
    m.join_response.awareness = both;
    m.join_response.awareness_count = 2;
    ops_buf_init(&buf, &arena);
    assert_int_equal(ops_signalr_encode_reply(form_of(V1_MSGPACK), &m, &buf, &sent), OPS_OK);
    assert_string_equal(hex_write(&arena, sent.payload), hex_plain(&arena, "3e 96 01 80 c0 b05265636569766541776172656e657373 91 91 83 a6706565724964 "
                                                                           "a171 a464617461 07 ab6c61737455706461746564 d7ff bc1cbd006a182d10 90"));
    ops_arena_reset(&arena);
}

/* ---- answers ------------------------------------------------------------------------------------------------------------------------- */

static void a_join_is_answered_and_in_v1_followed_by_the_live_states(void **state)
{
#define SNAPSHOT "\"snapshot\":\"e30=\",\"pendingOps\":[],\"currentAwareness\":[]"
#define PACKED_RESULT "84 a87265766973696f6e 01 a8736e617073686f74 c4027b7d aa70656e64696e674f7073 90 b063757272656e7441776172656e657373 90"
    static const char *const answered[FORMS] = {
        "{\"type\":3,\"invocationId\":\"0\",\"result\":{\"revision\":1," SNAPSHOT "}}~",
        "{\"type\":3,\"invocationId\":\"0\",\"result\":{\"revision\":1," SNAPSHOT "}}~{\"type\":1,\"target\":\"ReceiveAwareness\",\"arguments\":"
        "[[]]}~",
        "{\"type\":3,\"invocationId\":\"0\",\"result\":{\"revision\":1," SNAPSHOT "}}~{\"type\":1,\"target\":\"ReceiveAwareness\",\"arguments\":"
        "[[],\"doc\"]}~",
        "3c 95 03 80 a130 03 " PACKED_RESULT " 18 96 01 80 c0 b05265636569766541776172656e657373 91 90 90",
        "3c 95 03 80 a130 03 " PACKED_RESULT " 1c 96 01 80 c0 b05265636569766541776172656e657373 92 90 a3646f63 90",
    };
    static const char *const unanswered[FORMS] = {
        "",
        "{\"type\":1,\"target\":\"ReceiveAwareness\",\"arguments\":[[]]}~",
        "{\"type\":1,\"target\":\"ReceiveAwareness\",\"arguments\":[[],\"doc\"]}~",
        "18 96 01 80 c0 b05265636569766541776172656e657373 91 90 90",
        "1c 96 01 80 c0 b05265636569766541776172656e657373 92 90 a3646f63 90",
    };
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_server_message m;

    (void)state;
    memset(&m, 0, sizeof m);
    m.message_type = OPS_SERVER_MESSAGE_JOIN_RESPONSE;
    m.join_response.revision = 1;
    m.join_response.snapshot = OPS_STR("{}");
    m.correlation_id = call_id(V1, JOIN(ID), &arena);
    says(&m, true, 1, answered);
    m.correlation_id = call_id(V1, JOIN(""), &arena);
    says(&m, true, 1, unanswered);
    m.correlation_id = call_id(V1, JOIN("\"invocationId\":\"\","), &arena);
    says(&m, true, 1, unanswered);
    ops_arena_reset(&arena);
}

static void ops_and_voids_are_answered(void **state)
{
    static const char *const applied[FORMS] = {
        "{\"type\":3,\"invocationId\":\"0\",\"result\":{\"success\":true,\"newRevision\":2,\"errorMessage\":null}}~",
        "{\"type\":3,\"invocationId\":\"0\",\"result\":{\"success\":true,\"newRevision\":2}}~", NULL,
        "1d 95 03 80 a130 03 82 a773756363657373 c3 ab6e65775265766973696f6e 02", NULL};
    static const char *const nothing[FORMS] = {"{\"type\":3,\"invocationId\":\"0\",\"result\":null}~", "{\"type\":3,\"invocationId\":\"0\"}~",
                                               NULL, "06 94 03 80 a130 02", NULL};
    static const char *const unwanted[FORMS] = {"", NULL, NULL, NULL, NULL};
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_server_message m;

    (void)state;
    memset(&m, 0, sizeof m);
    m.message_type = OPS_SERVER_MESSAGE_OP_RESPONSE;
    m.correlation_id = call_id(V1, CALL(ID, "SendOp", "[\"doc\",\"e30=\",1]"), &arena);
    m.op_response.document_id = OPS_STR("doc");
    m.op_response.success = true;
    m.op_response.new_revision = 2;
    says(&m, true, 1, applied);
    m.correlation_id = call_id(V1, CALL("", "SendOp", "[\"doc\",\"e30=\",1]"), &arena);
    says(&m, true, 1, unwanted);
    memset(&m, 0, sizeof m);
    m.message_type = OPS_SERVER_MESSAGE_LEAVE_ACK;
    m.leave_ack.document_id = OPS_STR("doc");
    m.correlation_id = call_id(V1, CALL(ID, "LeaveDocument", "[\"doc\"]"), &arena);
    says(&m, true, 1, nothing);
    memset(&m, 0, sizeof m);
    m.message_type = OPS_SERVER_MESSAGE_AWARENESS_ACK; /* of nobody: the core has nothing to say */
    m.correlation_id = call_id(V1, CALL(ID, "Redo", "[\"doc\"]"), &arena);
    says(&m, true, 1, nothing);
    ops_arena_reset(&arena);
}

static void failures_are_told_in_the_words_of_the_profile(void **state)
{
    static const char *const known[FORMS] = {
        "{\"type\":3,\"invocationId\":\"0\",\"error\":\"An unexpected error occurred invoking 'JoinDocument' on the server. HubException: "
        "Required proto=1\"}~",
        "{\"type\":3,\"invocationId\":\"0\",\"error\":\"UnsupportedProtocol: Required proto=1\"}~", NULL,
        "2d 95 03 80 a130 01 d925 556e737570706f7274656450726f746f636f6c3a2052657175697265642070726f746f3d31", NULL};
    static const char *const ours[FORMS] = {
        "{\"type\":3,\"invocationId\":\"0\",\"error\":\"An unexpected error occurred invoking 'JoinDocument' on the server.\"}~",
        "{\"type\":3,\"invocationId\":\"0\",\"error\":\"Internal: internal error\"}~", NULL,
        "1f 95 03 80 a130 01 b8 496e7465726e616c3a20696e7465726e616c206572726f72", NULL};
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_server_message m;

    (void)state;
    memset(&m, 0, sizeof m);
    m.message_type = OPS_SERVER_MESSAGE_ERROR_RESPONSE;
    m.correlation_id = call_id(V1, CALL(ID, "joindocument", "[\"doc\",\"text\",1]"), &arena);
    m.error_response.code = OPS_ERROR_CODE_UNSUPPORTED_PROTOCOL;
    m.error_response.message = OPS_STR("Required proto=1");
    says(&m, true, 1, known);
    m.error_response.code = OPS_ERROR_CODE_INTERNAL;
    m.error_response.message = OPS_STR("internal error");
    says(&m, true, 1, ours);
    ops_arena_reset(&arena);
}

/* ---- records of the connection ------------------------------------------------------------------------------------------------------------ */

static void one_record(enum ops_err err, unsigned which, const struct ops_signalr_sent *sent, const char *expect)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);

    assert_int_equal(err, OPS_OK);
    assert_int_equal(sent->records, 0);
    assert_string_equal(told(0, which >= V1_MSGPACK, sent, &arena), which >= V1_MSGPACK ? hex_plain(&arena, expect) : expect);
    ops_arena_reset(&arena);
}

static void connections_say_when_they_end_and_whether_to_come_back(void **state)
{
    static const struct {
        unsigned form;
        enum ops_error_code code;
        const char *expect;
    } closes[] = {
        {REF_JSON, OPS_ERROR_CODE_NO_ERROR, "{\"type\":7}~"},
        {REF_JSON, OPS_ERROR_CODE_DRAINING, "{\"type\":7,\"allowReconnect\":true}~"},
        {REF_JSON, OPS_ERROR_CODE_TOO_LARGE, "{\"type\":7,\"error\":\"Connection closed with an error.\",\"allowReconnect\":true}~"},
        {V1_JSON, OPS_ERROR_CODE_NO_ERROR, "{\"type\":7}~"},
        {V1_JSON, OPS_ERROR_CODE_DRAINING, "{\"type\":7,\"error\":\"Draining: why\",\"allowReconnect\":true}~"},
        {V1_PLUS, OPS_ERROR_CODE_SLOW_CONSUMER, "{\"type\":7,\"error\":\"SlowConsumer: why\",\"allowReconnect\":true}~"},
        {V1_JSON, OPS_ERROR_CODE_TOO_LARGE, "{\"type\":7,\"error\":\"TooLarge: why\"}~"},
        {V1_MSGPACK, OPS_ERROR_CODE_NO_ERROR, "04 93 07 c0 c2"},
        {V1_MSGPACK, OPS_ERROR_CODE_DRAINING, "11 93 07 ad447261696e696e673a20776879 c3"},
    };
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_signalr_sent sent;
    struct ops_buf buf;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof closes / sizeof *closes; i++) {
        ops_buf_init(&buf, &arena);
        one_record(ops_signalr_encode_close(form_of(closes[i].form), closes[i].code, OPS_STR("why"), &buf, &sent), closes[i].form, &sent,
                   closes[i].expect);
    }
    ops_buf_init(&buf, &arena);
    one_record(ops_signalr_encode_ping(form_of(V1_JSON), &buf, &sent), V1_JSON, &sent, "{\"type\":6}~");
    ops_buf_init(&buf, &arena);
    one_record(ops_signalr_encode_ping(form_of(V1_MSGPACK), &buf, &sent), V1_MSGPACK, &sent, "02 9106");
    ops_buf_init(&buf, &arena);
    one_record(ops_signalr_encode_ack(form_of(V1_PLUS), 2, &buf, &sent), V1_PLUS, &sent, "{\"type\":8,\"sequenceId\":2}~");
    ops_buf_init(&buf, &arena);
    one_record(ops_signalr_encode_sequence(form_of(V1_MSGPACK), 1, &buf, &sent), V1_MSGPACK, &sent, "03 92 09 01");
    ops_arena_reset(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pushes_are_callbacks),
        cmocka_unit_test(awareness_that_ends_messagepack_clients_is_not_told_them),
        cmocka_unit_test(a_join_is_answered_and_in_v1_followed_by_the_live_states),
        cmocka_unit_test(ops_and_voids_are_answered),
        cmocka_unit_test(failures_are_told_in_the_words_of_the_profile),
        cmocka_unit_test(connections_say_when_they_end_and_whether_to_come_back),
    };

    return cmocka_run_group_tests_name("signalr encode", tests, NULL, NULL);
}
