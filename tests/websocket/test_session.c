/* A client's connection: the profile that its first message decides, what it says, how it is closed (spec/v1.md §4.1,
 * opstream-wire.md §3). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "frames.h"
#include "gen/codec.h"
#include "runtime/transport/websocket/session.h"

/* The profile that stands second. */
#define FIRST ops_profiles[0]
#define OTHER ops_profiles[1]

struct talk {
    struct counted counted;
    struct ops_websocket_config config;
    struct ops_websocket_session session;
    struct ops_arena arena;
    struct stream in, out;
};

static void talk_begin(struct talk *t, const struct ops_profile *profile, size_t memory_bytes)
{
    memset(t, 0, sizeof *t);
    t->config = frames_config(false, 1000, &t->counted);
    t->arena = test_arena(memory_bytes);
    ops_websocket_session_init(&t->session, profile);
}

static void talk_end(struct talk *t)
{
    ops_websocket_session_end(&t->session, &t->config);
    ops_arena_reset(&t->arena);
    assert_int_equal(t->counted.out_bytes, 0);
    free(t->in.ptr);
    free(t->out.ptr);
}

static void print_part(struct talk *t, const char *word, struct ops_str value)
{
    stream_add(&t->out, " ", 1);
    stream_add(&t->out, word, strlen(word));
    if (value.ptr == NULL)
        stream_add(&t->out, "-", 1);
    else
        stream_add(&t->out, value.ptr, value.len);
}

static struct ops_str said_document(const struct ops_client_message *m)
{
    switch (m->message_type) {
    case OPS_CLIENT_MESSAGE_JOIN_REQUEST:
        return m->join_request.document_id;
    case OPS_CLIENT_MESSAGE_OP_REQUEST:
        return m->op_request.document_id;
    case OPS_CLIENT_MESSAGE_AWARENESS_REQUEST:
        return m->awareness_request.document_id;
    case OPS_CLIENT_MESSAGE_LEAVE:
        return m->leave.document_id;
    default:
        return ops_str_of(NULL, 0);
    }
}

static void print_step(struct talk *t, enum ops_websocket_step step, const struct ops_websocket_said *said)
{
    char word[64];

    switch (step) {
    case OPS_WEBSOCKET_STEP_MESSAGE:
        snprintf(word, sizeof word, "message %d%s", (int)said->message.message_type, said->extends ? " extends" : "");
        stream_print(&t->out, word, OPS_STR(""));
        print_part(t, "id:", said->message.correlation_id);
        print_part(t, "doc:", said_document(&said->message));
        break;
    case OPS_WEBSOCKET_STEP_UNREADABLE:
        snprintf(word, sizeof word, "unreadable %d", (int)said->unreadable.kind);
        stream_print(&t->out, word, OPS_STR(""));
        print_part(t, "id:", said->unreadable.correlation_id);
        print_part(t, "doc:", said->unreadable.document_id);
        print_part(t, "", said->unreadable.sentence);
        break;
    case OPS_WEBSOCKET_STEP_PING:
    case OPS_WEBSOCKET_STEP_PONG:
        stream_print(&t->out, step == OPS_WEBSOCKET_STEP_PING ? "ping" : "pong", said->payload);
        break;
    case OPS_WEBSOCKET_STEP_CLOSE:
        snprintf(word, sizeof word, "close %u by %d%s", said->close.code, (int)said->cause,
                 said->own_peer_disconnected ? " own" : "");
        stream_print(&t->out, word, said->close.reason);
        break;
    case OPS_WEBSOCKET_STEP_MORE:
        break;
    }
}

/* Feeds one frame, whole or byte by byte; what is told is added to t->out. */
static void talk_frame(struct talk *t, unsigned first, const void *payload, size_t len)
{
    struct ops_websocket_said said;
    enum ops_websocket_step step;
    size_t at = 0, part = rnd_below(2) == 0 ? 1 : SIZE_MAX;

    t->in.len = 0;
    stream_add_frame(&t->in, first, payload, len, true);
    while (at < t->in.len) {
        struct ops_websocket_bytes bytes;

        bytes.ptr = t->in.ptr + at;
        bytes.len = t->in.len - at < part ? t->in.len - at : part;
        at += bytes.len;
        while ((step = ops_websocket_session_read(&t->session, &t->config, &bytes, &t->arena, &said)) !=
               OPS_WEBSOCKET_STEP_MORE) {
            print_step(t, step, &said);
            ops_arena_reset(&t->arena);
        }
    }
}

static void talk_text(struct talk *t, const char *text)
{
    talk_frame(t, FIN | 1, text, strlen(text));
}

static void talk_expect(struct talk *t, const char *expect)
{
    stream_add(&t->out, "", 1);
    assert_string_equal(t->out.ptr, expect);
    t->out.len = 0;
}

#define JOIN "{\"type\":\"join\",\"documentId\":\"doc-1\",\"documentType\":\"text\",\"protocolVersion\":1}"
#define ENVELOPE_JOIN                                                                                                  \
    "{\"correlationId\":\"c-1\",\"messageType\":0,\"joinRequest\":{\"documentId\":\"doc-1\",\"documentType\":"         \
    "\"text\","                                                                                                        \
    "\"clientProtoVersion\":1}}"

/* ---- the profile ------------------------------------------------------------------------------------------------- */

static void the_first_message_decides_for_good(void **state)
{
    static const struct {
        const char *text;
        unsigned profile;
    } firsts[] = {
        {JOIN, 0},
        {ENVELOPE_JOIN, 1},
        {"{\"joinRequest\":{\"documentId\":\"d\",\"documentType\":\"text\",\"clientProtoVersion\":1},\"messageType\":"
         "0}",
         1},
        {"{\"messageType\":-1}", 1},
        {"{\"messageType\":99.5}", 1},
        {" {\"a\":[],\"messageType\" : 7} ", 1},
        {"\xef\xbb\xbf{\"messageType\":2}", 1},
        {"{\"messageType\":\"0\"}", 0},
        {"{\"messageType\":null}", 0},
        {"{\"MessageType\":0}", 0},
        {"{\"x\":{\"messageType\":0}}", 0},
        {"[{\"messageType\":0}]", 0},
        {"{\"messageType\":0", 0},
        {"{\"messageType\":0} x", 0},
        {"{}", 0},
        {"hello?", 0},
        {"", 0},
        {"null", 0},
        {"7", 0},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof firsts / sizeof *firsts; i++) {
        struct talk t;

        talk_begin(&t, NULL, TEST_ARENA_BYTES);
        assert_ptr_equal(ops_websocket_session_profile(&t.session), FIRST);
        talk_text(&t, firsts[i].text);
        if (t.session.profile != ops_profiles[firsts[i].profile])
            fail_msg("first message %s", firsts[i].text);
        talk_text(&t, firsts[i].profile == 0 ? ENVELOPE_JOIN : JOIN);
        assert_ptr_equal(t.session.profile, ops_profiles[firsts[i].profile]);
        talk_end(&t);
    }
}

static void a_fixed_profile_is_not_decided_again(void **state)
{
    struct talk t;

    (void)state;
    talk_begin(&t, FIRST, TEST_ARENA_BYTES);
    talk_text(&t, ENVELOPE_JOIN);
    talk_text(&t, JOIN);
    talk_expect(&t, "unreadable 0 id:- doc:- $: the object has no discriminator at byte 0|message 2 id:- doc:doc-1");
    talk_end(&t);
    talk_begin(&t, OTHER, TEST_ARENA_BYTES);
    talk_text(&t, JOIN); /* no messageType reads as 0, without its payload: ignored by who reads it */
    talk_text(&t, ENVELOPE_JOIN);
    talk_expect(&t, "message 0 id:- doc:-|message 2 id:c-1 doc:doc-1");
    talk_end(&t);
}

static void a_connection_is_extended_from_its_first_plus_member(void **state)
{
    struct talk t;

    (void)state;
    talk_begin(&t, NULL, TEST_ARENA_BYTES);
    talk_text(&t, JOIN);
    talk_text(&t, "{\"type\":\"awareness\",\"id\":7,\"documentId\":\"doc-1\",\"data\":{}}"); /* id does not count */
    talk_text(&t, "{\"type\":\"join\",\"documentId\":\"d\",\"documentType\":\"text\",\"protocolVersion\":1,"
                  "\"sinceRevision\":null}");
    assert_int_equal(ops_websocket_session_form(&t.session), 0);
    talk_text(&t, "{\"type\":\"hello\"");
    talk_text(&t, "{\"type\":\"hello\"}");
    assert_int_equal(ops_websocket_session_form(&t.session), 1);
    talk_text(&t, "{\"type\":\"leave\",\"documentId\":\"doc-1\"}");
    talk_expect(&t, "message 2 id:- doc:doc-1|message 4 id:7 doc:doc-1|message 2 id:- doc:d|"
                    "unreadable 0 id:- doc:- $.type: the input ends in the middle of a value at byte 15|"
                    "message 10 extends id:- doc:-|message 11 id:- doc:doc-1");
    talk_end(&t);
}

/* ---- what cannot be read ----------------------------------------------------------------------------------------- */

static void a_refusal_names_what_could_be_read(void **state)
{
    static const char *const said[][2] = {
        {"garbage", "0 id:- doc:- $: expected an object at byte 0"},
        {"", "0 id:- doc:- $: expected a JSON value, found nothing at byte 0"},
        {"[]", "0 id:- doc:- $: expected an object at byte 0"},
        {"{\"type\":\"zzz\",\"id\":5}", "0 id:5 doc:- $.type: unknown discriminator value at byte 8"},
        {"{\"type\":\"JOIN\",\"documentId\":\"d\"}", "0 id:- doc:d $.type: unknown discriminator value at byte 8"},
        {"{\"type\":\"leave\"}", "11 id:- doc:- $: a required member is missing: documentId at byte 0"},
        {"{\"type\":\"op\",\"documentId\":\"d\",\"id\":\"a\\u00e9\"}",
         "3 id:\"a\\u00e9\" doc:d $: a required member is missing: payload at byte 0"},
        {"{\"type\":\"op\",\"documentId\":5,\"id\":1}", "3 id:1 doc:- $.documentId: expected a string at byte 26"},
        {"{\"type\":\"leave\",\"documentId\":\"d\",\"id\":1.0}",
         "11 id:- doc:d $.id: expected a string of at most 64 units or an integer at byte 38"},
        {"{\"type\":\"undo\",\"DocumentId\":\"loose\",\"x\":01}", "0 id:- doc:- $.x: not a JSON number at byte 41"},
        {"{\"type\":\"awareness\",\"documentid\":\"loose\",\"id\":2}",
         "4 id:2 doc:loose $: a required member is missing: data at byte 0"},
        {"{\"type\":\"awareness\",\"documentId\":\"a\",\"documentId\":\"b\",\"DOCUMENTID\":\"c\"}",
         "4 id:- doc:b $: a required member is missing: data at byte 0"},
        {"\xef\xbb\xbf{\"type\":\"hello\"}", "0 id:- doc:- $: a byte order mark at byte 0"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof said / sizeof *said; i++) {
        char expect[300];
        struct talk t;

        talk_begin(&t, NULL, TEST_ARENA_BYTES);
        talk_text(&t, said[i][0]);
        snprintf(expect, sizeof expect, "unreadable %s", said[i][1]);
        talk_expect(&t, expect);
        talk_text(&t, JOIN); /* it stays open */
        talk_expect(&t, "message 2 id:- doc:doc-1");
        talk_end(&t);
    }
}

static void an_unreadable_message_ends_the_other_profile(void **state)
{
    static const char *const said[] = {"garbage",
                                       "",
                                       "{\"messageType\":\"0\"}",
                                       "[]",
                                       "\xef\xbb\xbf\xef\xbb\xbf{}",
                                       "{} {}",
                                       "{\"messageType\":0,\"joinRequest\":5}"};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof said / sizeof *said; i++) {
        struct talk t;

        talk_begin(&t, OTHER, TEST_ARENA_BYTES);
        talk_text(&t, said[i]);
        talk_text(&t, ENVELOPE_JOIN);
        talk_frame(&t, FIN | 8, "", 0);
        talk_expect(&t, "close 1000 by 3 own Closing");
        talk_end(&t);
    }
}

/* ---- repairs ----------------------------------------------------------------------------------------------------- */

static void text_is_repaired_where_the_profile_says_so(void **state)
{
    static const char broken[] = "{\"correlationId\":\"a\xff"
                                 "b\xe2\x82"
                                 "c\xf0\x9f\x98\xed\xa0\x80\xc3\",\"messageType\":7}";
    struct talk t;

    (void)state;
    talk_begin(&t, OTHER, TEST_ARENA_BYTES);
    talk_text(&t, "null");
    talk_text(&t, " null ");
    talk_text(&t, "\xef\xbb\xbf" ENVELOPE_JOIN);
    talk_frame(&t, FIN | 2, ENVELOPE_JOIN, sizeof ENVELOPE_JOIN - 1);
    talk_frame(&t, FIN | 2, broken, sizeof broken - 1);
    talk_expect(&t, "message 0 id:- doc:-|message 0 id:- doc:-|message 2 id:c-1 doc:doc-1|message 2 id:c-1 doc:doc-1|"
                    "message 0 id:a\xef\xbf\xbd"
                    "b\xef\xbf\xbd"
                    "c\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd doc:-");
    talk_end(&t);
    talk_begin(&t, FIRST, TEST_ARENA_BYTES);
    talk_frame(&t, FIN | 2, JOIN, sizeof JOIN - 1);
    talk_frame(&t, FIN | 2, "{\"type\":\"hello\",\"x\":\"\xff\"}", 25);
    talk_expect(&t, "message 2 id:- doc:doc-1|unreadable 0 id:- doc:- $.x: invalid UTF-8 at byte 21");
    talk_end(&t);
}

/* ---- closing ----------------------------------------------------------------------------------------------------- */

struct closing {
    unsigned first;
    const char *payload;
    size_t len;
    const char *expect[2]; /* of each profile */
};
#define C(first, literal) first, literal, sizeof(literal) - 1

static const struct closing closings[] = {
    {C(FIN | 8, ""), {"close 1005 by 0", "close 1000 by 0 Closing"}},
    {C(FIN | 8, "\x03\xe8"), {"close 1000 by 0", "close 1000 by 0 Closing"}},
    {C(FIN | 8, "\x13\x87"
                "bye"),
     {"close 4999 by 0", "close 1000 by 0 Closing"}},
    {C(FIN | 8, "\x03"), {"close 1002 by 1 a Close with half a code", "close 1002 by 1"}},
    {C(FIN | 8, "\x03\xed"), {"close 1002 by 1 a Close with a code that none may carry", "close 1002 by 1"}},
    {C(FIN | 8, "\x03\xe8\xff"), {"close 1002 by 1 a Close whose reason is not UTF-8", "close 1002 by 1"}},
    {C(FIN | 0x41, "x"), {"close 1002 by 1 a reserved bit is set", "close 1002 by 1"}},
    {C(FIN | 1, "\xff"), {"close 1007 by 1 text that is not UTF-8", "close 1007 by 1"}},
    {C(FIN | 9, "are you there"), {"ping are you there", "ping are you there"}},
    {C(FIN | 10, "yes"), {"pong yes", "pong yes"}},
};

static void each_end_has_the_close_of_its_profile(void **state)
{
    static char large[1001];
    size_t i, p;

    (void)state;
    memset(large, ' ', sizeof large);
    for (p = 0; p < 2; p++) {
        struct talk t;

        for (i = 0; i < sizeof closings / sizeof *closings; i++) {
            talk_begin(&t, ops_profiles[p], TEST_ARENA_BYTES);
            talk_frame(&t, closings[i].first, closings[i].payload, closings[i].len);
            if (strncmp(closings[i].expect[p], "close", 5) == 0)
                talk_text(&t, JOIN); /* not read any more */
            talk_expect(&t, closings[i].expect[p]);
            talk_end(&t);
        }
        talk_begin(&t, ops_profiles[p], TEST_ARENA_BYTES);
        talk_frame(&t, FIN | 1, large, sizeof large);
        talk_expect(&t, "close 1009 by 2 TooLarge");
        talk_end(&t);
    }
}

static void errors_have_the_close_codes_of_the_table(void **state)
{
    static const struct {
        enum ops_error_code code;
        unsigned close_code;
        const char *reason;
    } rows[] = {
        {OPS_ERROR_CODE_NO_ERROR, 1000, ""},
        {OPS_ERROR_CODE_UNSUPPORTED_PROTOCOL, 1002, "UnsupportedProtocol"},
        {OPS_ERROR_CODE_INVALID_MESSAGE, 1008, "InvalidMessage"},
        {OPS_ERROR_CODE_TOO_LARGE, 1009, "TooLarge"},
        {OPS_ERROR_CODE_DRAINING, 1001, "Draining"},
        {OPS_ERROR_CODE_SLOW_CONSUMER, 1013, "SlowConsumer"},
        {OPS_ERROR_CODE_INTERNAL, 1011, "Internal"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct ops_websocket_close first = ops_websocket_close_of(FIRST, rows[i].code);
        struct ops_websocket_close other = ops_websocket_close_of(OTHER, rows[i].code);

        assert_int_equal(first.code, rows[i].close_code);
        assert_int_equal(first.reason.len, strlen(rows[i].reason));
        assert_memory_equal(first.reason.ptr, rows[i].reason, first.reason.len);
        assert_int_equal(other.code, 1000);
        assert_true(ops_str_equal(other.reason, OPS_STR("Closing")));
    }
}

/* ---- what is sent ------------------------------------------------------------------------------------------------ */

static void a_message_is_encoded_in_every_form(void **state)
{
    static const char *const expect[4] = {
        "text {\"type\":\"op\",\"documentId\":\"doc-1\",\"payload\":\"e30=\",\"revision\":2}",
        "text {\"type\":\"op\",\"documentId\":\"doc-1\",\"payload\":\"e30=\",\"revision\":2,\"opId\":\"o-1\"}", NULL,
        NULL};
    struct ops_server_message m;
    unsigned form;

    (void)state;
    memset(&m, 0, sizeof m);
    m.message_type = OPS_SERVER_MESSAGE_RECEIVE_OP_EVENT;
    m.receive_op_event.document_id = OPS_STR("doc-1");
    m.receive_op_event.payload = OPS_STR("{}");
    m.receive_op_event.new_revision = 2;
    m.receive_op_event.op_id = OPS_STR("o-1");
    assert_int_equal(ops_websocket_forms(), 4);
    for (form = 0; form < ops_websocket_forms(); form++) {
        struct counted counted;
        struct ops_websocket_config config = frames_config(true, 10000, &counted);
        struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
        struct stream in = {NULL, 0, 0};
        struct ops_buf buf;
        struct ops_str frame;
        char *got;

        assert_int_equal(ops_websocket_form(ops_websocket_form_profile(form), form % 2 == 1), form);
        ops_buf_init(&buf, &arena);
        assert_int_equal(ops_websocket_encode(form, &m, &buf, &frame), OPS_OK);
        stream_add(&in, frame.ptr, frame.len);
        got = frames_play(&config, in, CUT_NOT);
        if (expect[form] != NULL)
            assert_string_equal(got, expect[form]);
        else
            assert_non_null(strstr(got, "#")); /* 16 members: longer than is printed */
        free(got);
        free(in.ptr);
        ops_arena_reset(&arena);
    }
}

#define NULLS_AFTER_OP_RESPONSE                                                                                        \
    ",\"awarenessRequest\":null,\"receiveOpEvent\":null,\"receiveAwarenessEvent\":null,\"peerDisconnectedEvent\":"     \
    "null,"                                                                                                            \
    "\"errorMessage\":null,\"commentCommand\":null,\"commentResponse\":null,\"receiveCommentCreated\":null,"           \
    "\"receiveCommentUpdated\":null,\"receiveCommentDeleted\":null}"

static void assert_encoded(unsigned form, const struct ops_server_message *m, const char *expect)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    size_t len = strlen(expect), head = ops_websocket_header_bytes(len, false);
    struct ops_buf buf;
    struct ops_str frame;

    ops_buf_init(&buf, &arena);
    assert_int_equal(ops_websocket_encode(form, m, &buf, &frame), OPS_OK);
    assert_int_equal(frame.len, head + len);
    assert_memory_equal(frame.ptr + head, expect, len);
    ops_arena_reset(&arena);
}

/* spec/v1.md §4.1, opstream-wire.md §3.6: what they show, byte for byte. */
static void the_examples_of_the_specifications_are_written(void **state)
{
    static const char payload[] = "{\"components\":[{\"type\":\"insert\",\"text\":\"Hi & bye\"}]}";
    static const struct ops_awareness_state_proto nobody[1];
    struct ops_server_message m;

    (void)state;
    memset(&m, 0, sizeof m);
    m.message_type = OPS_SERVER_MESSAGE_JOIN_RESPONSE;
    m.join_response.revision = 1;
    m.join_response.snapshot = OPS_STR("{\"content\":\"\"}");
    m.join_response.awareness = nobody;
    assert_encoded(0, &m,
                   "{\"type\":\"join_ack\",\"revision\":1,\"snapshot\":\"eyJjb250ZW50IjoiIn0=\",\"awareness\":[]}");
    m.correlation_id = OPS_STR("c-1");
    assert_encoded(2, &m,
                   "{\"correlationId\":\"c-1\",\"messageType\":1,\"joinRequest\":null,\"joinResponse\":{\"revision\":1,"
                   "\"snapshot\":\"eyJjb250ZW50IjoiIn0=\",\"awareness\":[]},\"opRequest\":null,\"opResponse\":"
                   "null" NULLS_AFTER_OP_RESPONSE);

    memset(&m, 0, sizeof m);
    m.message_type = OPS_SERVER_MESSAGE_OP_RESPONSE;
    m.op_response.document_id = OPS_STR("doc-1");
    m.op_response.success = true;
    m.op_response.new_revision = 2;
    assert_encoded(0, &m, "{\"type\":\"op_ack\",\"documentId\":\"doc-1\",\"success\":true,\"newRevision\":2}");
    m.correlation_id = OPS_STR("c-2");
    assert_encoded(3, &m,
                   "{\"correlationId\":\"c-2\",\"messageType\":3,\"joinRequest\":null,\"joinResponse\":null,"
                   "\"opRequest\":null,\"opResponse\":{\"success\":true,\"newRevision\":2,\"errorMessage\":"
                   "null}" NULLS_AFTER_OP_RESPONSE);

    memset(&m, 0, sizeof m);
    m.message_type = OPS_SERVER_MESSAGE_RECEIVE_OP_EVENT;
    m.receive_op_event.document_id = OPS_STR("doc-1");
    m.receive_op_event.payload = ops_str_of(payload, sizeof payload - 1);
    m.receive_op_event.new_revision = 2;
    assert_encoded(1, &m,
                   "{\"type\":\"op\",\"documentId\":\"doc-1\",\"payload\":"
                   "\"eyJjb21wb25lbnRzIjpbeyJ0eXBlIjoiaW5zZXJ0IiwidGV4dCI6IkhpICYgYnllIn1dfQ==\",\"revision\":2}");

    memset(&m, 0, sizeof m);
    m.message_type = OPS_SERVER_MESSAGE_ERROR_RESPONSE;
    m.correlation_id = OPS_STR("7");
    m.error_response.document_id = OPS_STR("doc-9");
    m.error_response.code = OPS_ERROR_CODE_NOT_JOINED;
    m.error_response.message = OPS_STR("join the document first");
    assert_encoded(1, &m,
                   "{\"type\":\"error\",\"id\":7,\"documentId\":\"doc-9\",\"code\":\"NotJoined\","
                   "\"message\":\"join the document first\"}");
}

static void what_a_client_encodes_the_session_reads(void **state)
{
    static const uint8_t mask[4] = {9, 8, 7, 6};
    size_t size;
    unsigned form;

    (void)state;
    for (form = 0; form < ops_websocket_forms(); form++) {
        for (size = 1; size <= 70000; size += size < 200 ? 1 : 34900) {
            struct ops_arena arena = test_arena(TEST_ARENA_BYTES), decoded = test_arena(TEST_ARENA_BYTES);
            char *payload = (char *)ops_arena_zalloc(&arena, size);
            struct ops_client_message m;
            struct ops_websocket_bytes bytes;
            struct ops_websocket_said said;
            struct ops_buf buf;
            struct ops_str frame;
            struct talk t;

            memset(&m, 0, sizeof m);
            m.message_type = OPS_CLIENT_MESSAGE_OP_REQUEST;
            m.op_request.document_id = OPS_STR("doc-1");
            m.op_request.payload = ops_str_of(payload, size);
            m.op_request.base_revision = 3;
            ops_buf_init(&buf, &arena);
            assert_int_equal(ops_websocket_encode_client(form, &m, mask, &buf, &frame), OPS_OK);
            talk_begin(&t, form < 2 ? NULL : OTHER, TEST_ARENA_BYTES);
            t.config.message_max_bytes = 1 << 20;
            bytes.ptr = (char *)(uintptr_t)frame.ptr;
            bytes.len = frame.len;
            assert_int_equal(ops_websocket_session_read(&t.session, &t.config, &bytes, &decoded, &said),
                             OPS_WEBSOCKET_STEP_MESSAGE);
            assert_true(ops_client_message_equal(&said.message, &m));
            assert_int_equal(bytes.len, 0);
            ops_arena_reset(&decoded);
            ops_arena_reset(&arena);
            talk_end(&t);
        }
    }
}

/* ---- memory ------------------------------------------------------------------------------------------------------ */

/* However little memory decoding has: the message, or what is wrong with it, or a Close; nothing between. */
static void a_message_is_told_or_the_connection_ends_at_every_memory_limit(void **state)
{
    static const char *const said[] = {"{\"type\":\"leave\",\"documentId\":\"a\\u0062\",\"id\":\"\\u0063\"}",
                                       "{\"type\":\"leave\",\"documentId\":\"a\\u0062\",\"id\":false}"};
    static const char *const expect[] = {"message 11 extends id:\"\\u0063\" doc:ab",
                                         "unreadable 11 id:- doc:ab $.id: expected a "};
    size_t i, limit, closed = 0;

    (void)state;
    for (i = 0; i < 2; i++) {
        for (limit = 0; limit <= 4096; limit += 8) {
            struct talk t;

            talk_begin(&t, NULL, limit);
            talk_text(&t, said[i]);
            stream_add(&t.out, "", 1);
            if (strcmp(t.out.ptr, "close 1011 by 4 Internal") == 0)
                closed++;
            else if (i == 0)
                assert_string_equal(t.out.ptr, expect[i]);
            else
                assert_memory_equal(t.out.ptr, "unreadable ", 11);
            if (limit == 4096)
                assert_memory_equal(t.out.ptr, expect[i], strlen(expect[i]));
            talk_end(&t);
        }
    }
    assert_true(closed > 0);
}

static void a_connection_is_small(void **state)
{
    (void)state;
    assert_true(sizeof(struct ops_websocket_session) <= 72);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_first_message_decides_for_good, random_seeded),
        cmocka_unit_test_setup(a_fixed_profile_is_not_decided_again, random_seeded),
        cmocka_unit_test_setup(a_connection_is_extended_from_its_first_plus_member, random_seeded),
        cmocka_unit_test_setup(a_refusal_names_what_could_be_read, random_seeded),
        cmocka_unit_test_setup(an_unreadable_message_ends_the_other_profile, random_seeded),
        cmocka_unit_test_setup(text_is_repaired_where_the_profile_says_so, random_seeded),
        cmocka_unit_test_setup(each_end_has_the_close_of_its_profile, random_seeded),
        cmocka_unit_test_setup(errors_have_the_close_codes_of_the_table, random_seeded),
        cmocka_unit_test_setup(a_message_is_encoded_in_every_form, random_seeded),
        cmocka_unit_test_setup(the_examples_of_the_specifications_are_written, random_seeded),
        cmocka_unit_test_setup(what_a_client_encodes_the_session_reads, random_seeded),
        cmocka_unit_test_setup(a_message_is_told_or_the_connection_ends_at_every_memory_limit, random_seeded),
        cmocka_unit_test_setup(a_connection_is_small, random_seeded),
    };

    return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
