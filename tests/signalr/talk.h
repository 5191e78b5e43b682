/* What the SignalR tests share: a client's bytes go into a session, what becomes of them comes out as a line of text. */
#ifndef OPS_TESTS_SIGNALR_TALK_H
#define OPS_TESTS_SIGNALR_TALK_H

#include "gen/codec.h"
#include "runtime/transport/signalr/session.h"
#include "tests/websocket/frames.h"

/* The profiles as they stand: the second one's texts and limits are the released server's. */
#define V1 ops_profiles[0]
#define REFERENCE ops_profiles[1]

#define SEPARATOR "\x1e"
#define HELLO_JSON "{\"protocol\":\"json\",\"version\":1}" SEPARATOR
#define HELLO_MSGPACK "{\"protocol\":\"messagepack\",\"version\":1}" SEPARATOR
#define HELLO_STATEFUL "{\"protocol\":\"json\",\"version\":2}" SEPARATOR

struct talk {
    struct counted counted;
    struct ops_memory memory;
    struct ops_signalr_config config;
    struct ops_signalr_session session;
    struct ops_arena arena;
    struct stream out;
    size_t part; /* bytes a feed; 0: as they are given */
};

static inline void talk_begin(struct talk *t, const struct ops_profile *profile, bool binary, struct ops_signalr_replay *replay)
{
    memset(t, 0, sizeof *t);
    t->counted.refuse_after = SIZE_MAX;
    t->memory.more = counted_more;
    t->memory.release = counted_release;
    t->memory.self = &t->counted;
    t->config.memory = &t->memory;
    t->arena = test_arena(TEST_ARENA_BYTES);
    ops_signalr_session_init(&t->session, profile, binary, replay);
}

static inline void talk_end(struct talk *t)
{
    ops_signalr_session_end(&t->session, &t->config);
    ops_arena_reset(&t->arena);
    assert_int_equal(t->counted.out_bytes, 0);
    free(t->out.ptr);
}

/* ---- printing ------------------------------------------------------------------------------------------------------------------- */

static inline void talk_words(struct talk *t, const char *words)
{
    if (t->out.len > 0)
        stream_add(&t->out, "|", 1);
    stream_add(&t->out, words, strlen(words));
}

/* Text with `~` for the separator; bytes, where the protocol is binary, as hexadecimal digits. */
static inline void talk_bytes(struct talk *t, struct ops_str bytes, bool text)
{
    size_t i;

    stream_add(&t->out, " ", 1);
    for (i = 0; i < bytes.len; i++) {
        unsigned char byte = (unsigned char)bytes.ptr[i];
        char hex[3];

        snprintf(hex, sizeof hex, "%02x", byte);
        if (!text)
            stream_add(&t->out, hex, 2);
        else
            stream_add(&t->out, byte == 0x1e ? "~" : (const char *)&bytes.ptr[i], 1);
    }
}

static inline struct ops_str talk_document(const struct ops_client_message *m)
{
    switch (m->message_type) {
    case OPS_CLIENT_MESSAGE_JOIN_REQUEST:
        return m->join_request.document_id;
    case OPS_CLIENT_MESSAGE_OP_REQUEST:
        return m->op_request.document_id;
    case OPS_CLIENT_MESSAGE_AWARENESS_REQUEST:
        return m->awareness_request.document_id;
    default:
        return m->leave.document_id;
    }
}

/* What the core answers to a refused call. */
static inline struct ops_server_message talk_refusal(const struct ops_signalr_refused *refused, const struct ops_profile *profile,
                                                     struct ops_arena *arena)
{
    struct ops_server_message m;
    struct ops_buf text;

    memset(&m, 0, sizeof m);
    m.correlation_id = refused->correlation_id;
    if (refused->kind == OPS_CLIENT_MESSAGE_OP_REQUEST && refused->document_id.ptr != NULL && profile->op_refusals_are_replies) {
        ops_buf_init(&text, arena);
        assert_true(ops_error_text_of(profile, OPS_ERROR_CODE_INVALID_MESSAGE, refused->sentence, &text));
        m.message_type = OPS_SERVER_MESSAGE_OP_RESPONSE;
        m.op_response.document_id = refused->document_id;
        m.op_response.error_message = ops_buf_str(&text);
        return m;
    }
    m.message_type = OPS_SERVER_MESSAGE_ERROR_RESPONSE;
    m.error_response.code = refused->whole ? OPS_ERROR_CODE_NO_ERROR : OPS_ERROR_CODE_INVALID_MESSAGE;
    m.error_response.message = refused->sentence;
    return m;
}

static inline void talk_print(struct talk *t, enum ops_signalr_step step, const struct ops_signalr_said *said)
{
    bool text = t->session.protocol != OPS_SIGNALR_MSGPACK;
    struct ops_signalr_sent sent;
    struct ops_server_message answer;
    struct ops_violation violation;
    struct ops_buf buf;
    char words[64];

    switch (step) {
    case OPS_SIGNALR_STEP_HANDSHAKE:
        talk_words(t, "hello");
        talk_bytes(t, said->reply, true);
        break;
    case OPS_SIGNALR_STEP_CALL:
        snprintf(words, sizeof words, "call %d%s", (int)said->message.message_type, said->extends ? " extends" : "");
        talk_words(t, words);
        talk_bytes(t, talk_document(&said->message), true);
        if (!ops_client_message_validate(&said->message, t->session.profile->socket_plus_style, false, &violation) &&
            violation.message == &ops_client_message_type)
            fail_msg("the core refuses what it carries for an answer");
        break;
    case OPS_SIGNALR_STEP_REFUSED:
        answer = talk_refusal(&said->refused, t->session.profile, &t->arena);
        ops_buf_init(&buf, &t->arena);
        assert_int_equal(ops_signalr_encode_reply(ops_signalr_session_form(&t->session), &answer, &buf, &sent), OPS_OK);
        assert_int_equal(sent.records, sent.payload.len > 0);
        talk_words(t, "refused");
        talk_bytes(t, sent.payload, text);
        break;
    case OPS_SIGNALR_STEP_CLOSE:
        snprintf(words, sizeof words, "close %d", (int)said->code);
        talk_words(t, words);
        talk_bytes(t, said->reply, text);
        assert_true((said->problem == NULL) == (said->code == OPS_ERROR_CODE_NO_ERROR));
        break;
    case OPS_SIGNALR_STEP_PING:
        talk_words(t, "ping");
        break;
    case OPS_SIGNALR_STEP_ACK:
        talk_words(t, "ack");
        break;
    case OPS_SIGNALR_STEP_SEQUENCE:
        talk_words(t, "sequence");
        break;
    case OPS_SIGNALR_STEP_SKIPPED:
        talk_words(t, "skipped");
        break;
    case OPS_SIGNALR_STEP_MORE:
        break;
    }
}

/* ---- feeding ---------------------------------------------------------------------------------------------------------------------- */

/* Each feed is memory of its own of exactly its size, and gone before the next. */
static inline void talk_feed(struct talk *t, struct ops_str bytes)
{
    size_t at = 0;

    while (at < bytes.len) {
        size_t n = t->part > 0 && t->part < bytes.len - at ? t->part : bytes.len - at;
        char *copy = (char *)malloc(n);
        struct ops_str rest = ops_str_of(copy, n);
        struct ops_signalr_said said;
        enum ops_signalr_step step;

        assert_non_null(copy);
        memcpy(copy, bytes.ptr + at, n);
        at += n;
        while ((step = ops_signalr_session_read(&t->session, &t->config, &rest, &t->arena, &said)) != OPS_SIGNALR_STEP_MORE) {
            talk_print(t, step, &said);
            ops_arena_reset(&t->arena);
        }
        assert_int_equal(rest.len, 0);
        free(copy);
    }
}

static inline void talk_text(struct talk *t, const char *text)
{
    talk_feed(t, ops_str_of(text, strlen(text)));
}

/* All that was printed since the last time. */
static inline void talk_expect(struct talk *t, const char *expect)
{
    stream_add(&t->out, "", 1);
    assert_string_equal(t->out.ptr, expect);
    t->out.len = 0;
}

/* A connection after its handshake says one thing, and this is what becomes of it. */
static inline void talk_says(const struct ops_profile *profile, const char *hello, struct ops_str bytes, const char *expect)
{
    struct talk t;

    talk_begin(&t, profile, true, NULL);
    talk_text(&t, hello);
    t.out.len = 0;
    talk_feed(&t, bytes);
    talk_expect(&t, expect);
    talk_end(&t);
}

static inline void talk_says_text(const struct ops_profile *profile, const char *text, const char *expect)
{
    char *record = (char *)malloc(strlen(text) + 2);

    assert_non_null(record);
    snprintf(record, strlen(text) + 2, "%s" SEPARATOR, text);
    talk_says(profile, HELLO_JSON, ops_str_of(record, strlen(record)), expect);
    free(record);
}

#endif
