/* One client on a script: literal messages of spec/v1.md go in and are expected out; events are lines of a log.
 *
 * Random bytes are a counter, so the ids of ops are AAAAAAAAAAAAAAAAAAAAAA, BAAAAAAAAAAAAAAAAAAAAA and so on, one a number that was
 * drawn. Payloads are written as JSON in brackets, [{"components":…}], and become base64. */
#ifndef OPS_TESTS_CLIENT_SESSION_H
#define OPS_TESTS_CLIENT_SESSION_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/base/base64.h"
#include "runtime/client/client.h"
#include "tests/support/memory.h"

#define ID_A "AAAAAAAAAAAAAAAAAAAAAA"
#define ID_B "BAAAAAAAAAAAAAAAAAAAAA"
#define ID_C "CAAAAAAAAAAAAAAAAAAAAA"
#define ID_D "DAAAAAAAAAAAAAAAAAAAAA"

struct session {
    struct ops_client *client;
    struct ops_client_config config;
    unsigned drawn;
    int64_t now_ms;
    char log[1 << 16];
};

static inline struct ops_str str(const char *s)
{
    return ops_str_of(s, strlen(s));
}

static inline void session_random(void *self, void *out, size_t bytes)
{
    struct session *s = (struct session *)self;

    memset(out, 0, bytes);
    *(unsigned char *)out = (unsigned char)(s->drawn++ << 2);
}

static inline void session_log(struct session *s, const char *format, ...)
{
    size_t len = strlen(s->log);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(s->log + len, sizeof s->log - len, format, arguments);
    va_end(arguments);
}

static inline const char *origin_name(enum ops_origin origin)
{
    static const char *const names[] = {"server", "taken back", "reloaded", "undo"};

    return names[origin];
}

static inline void on_patch(void *self, struct ops_doc *doc, const struct ops_patch *patch)
{
    (void)doc;
    session_log((struct session *)self, "patch %d -%d +%.*s r%d %s\n", (int)patch->position_utf16, (int)patch->deleted_utf16,
                (int)patch->inserted.len, patch->inserted.ptr, (int)patch->revision, origin_name(patch->origin));
}

static inline void on_changed(void *self, struct ops_doc *doc, struct ops_str path, enum ops_origin origin)
{
    struct ops_str value = path.ptr != NULL ? ops_doc_json_get(doc, path) : ops_str_of(NULL, 0);

    session_log((struct session *)self, "changed %.*s=%.*s %s\n", path.ptr != NULL ? (int)path.len : 1,
                path.ptr != NULL ? path.ptr : "*", value.ptr != NULL ? (int)value.len : 1, value.ptr != NULL ? value.ptr : "-",
                origin_name(origin));
}

static inline void on_status(void *self, struct ops_doc *doc, enum ops_doc_status status)
{
    static const char *const names[] = {"offline", "joining", "joined", "refused"};

    session_log((struct session *)self, "%s r%d pending %d\n", names[status], (int)ops_doc_revision(doc),
                (int)ops_doc_pending(doc));
}

static inline void on_refused(void *self, struct ops_doc *doc, const struct ops_refused *refused)
{
    struct ops_str name = ops_error_code_row_of(refused->code)->name;

    session_log((struct session *)self, "refused %s%.*s: %.*s %.*s\n", doc == NULL ? "connection " : "", (int)name.len, name.ptr,
                (int)refused->sentence.len, refused->sentence.ptr, (int)refused->op.len,
                refused->op.ptr != NULL ? refused->op.ptr : "");
}

static inline void on_peer(void *self, struct ops_doc *doc, enum ops_peer_change change, struct ops_str peer, struct ops_str data)
{
    static const char *const names[] = {"joined", "updated", "left"};

    (void)doc;
    session_log((struct session *)self, "peer %.*s %s %.*s\n", (int)peer.len, peer.ptr, names[change], (int)data.len,
                data.ptr != NULL ? data.ptr : "");
}

static inline void on_trouble(void *self, struct ops_str what)
{
    session_log((struct session *)self, "trouble %.*s\n", (int)what.len, what.ptr);
}

/* A client that has not connected; its clock stands at 1,000,000 ms, UTC at 5,000. */
static inline void session_open(struct session *s)
{
    memset(s, 0, sizeof *s);
    ops_client_config_init(&s->config);
    s->config.memory = &test_memory;
    s->config.random = session_random;
    s->config.random_self = s;
    s->config.author = str("me");
    s->config.events.self = s;
    s->config.events.patch = on_patch;
    s->config.events.changed = on_changed;
    s->config.events.status = on_status;
    s->config.events.refused = on_refused;
    s->config.events.peer = on_peer;
    s->config.events.trouble = on_trouble;
    s->client = ops_client_open(&s->config);
    assert_non_null(s->client);
    s->now_ms = 1000000;
    ops_client_tick(s->client, s->now_ms, 5000);
}

/* Opens the client anew with what the config now says. */
#define session_reopen(s, setting)                                                                                     \
    do {                                                                                                               \
        (void)(setting);                                                                                               \
        ops_client_close((s)->client);                                                                                 \
        (s)->client = ops_client_open(&(s)->config);                                                                   \
        assert_non_null((s)->client);                                                                                  \
        ops_client_tick((s)->client, (s)->now_ms, 5000);                                                               \
    } while (0)

static inline void session_close(struct session *s)
{
    ops_client_close(s->client);
}

static inline void session_wait(struct session *s, int64_t ms)
{
    s->now_ms += ms;
    ops_client_tick(s->client, s->now_ms, 5000 + s->now_ms - 1000000);
}

/* [json] becomes base64. */
static inline void script_expand(const char *script, char *out, size_t room)
{
    char *end = out;
    bool quoted = false;

    for (; *script != '\0' && (size_t)(end - out) + 8 < room; script++) {
        const char *close = *script == '[' && script[1] == '{' && quoted ? strstr(script, "}]\"") : NULL;

        if (close != NULL) {
            assert_true(ops_base64_encoded_bytes((size_t)(close - script)) < room - (size_t)(end - out));
            end = ops_base64_encode(end, script + 1, (size_t)(close - script));
            script = close + 1;
            continue;
        }
        quoted = *script == '"';
        *end++ = *script;
    }
    *end = '\0';
}

#define give(s, script)                                                                                                \
    do {                                                                                                               \
        static char expanded_[1 << 17];                                                                                \
        script_expand(script, expanded_, sizeof expanded_);                                                            \
        ops_client_received((s)->client, str(expanded_));                                                              \
    } while (0)

#define expect_sent(s, script)                                                                                         \
    do {                                                                                                               \
        static char expanded_[1 << 17], sent_[1 << 17];                                                                \
        struct ops_str message_;                                                                                       \
        script_expand(script, expanded_, sizeof expanded_);                                                            \
        assert_true(ops_client_outgoing((s)->client, &message_));                                                      \
        assert_true(message_.len < sizeof sent_);                                                                      \
        memcpy(sent_, message_.ptr, message_.len);                                                                     \
        sent_[message_.len] = '\0';                                                                                    \
        assert_string_equal(sent_, expanded_);                                                                         \
    } while (0)

#define expect_nothing_sent(s)                                                                                         \
    do {                                                                                                               \
        struct ops_str message_;                                                                                       \
        assert_false(ops_client_outgoing((s)->client, &message_));                                                     \
    } while (0)

#define expect_log(s, lines)                                                                                           \
    do {                                                                                                               \
        assert_string_equal((s)->log, lines);                                                                          \
        (s)->log[0] = '\0';                                                                                            \
    } while (0)

#define forget_log(s) ((s)->log[0] = '\0')

#define expect_text(doc, wanted)                                                                                       \
    do {                                                                                                               \
        char text_[4096];                                                                                              \
        struct ops_arena arena_ = test_arena(TEST_ARENA_BYTES);                                                        \
        struct ops_buf buf_;                                                                                           \
        ops_buf_init(&buf_, &arena_);                                                                                  \
        assert_int_equal(ops_doc_text_range(doc, 0, SIZE_MAX, &buf_), OPS_OK);                                         \
        assert_true(buf_.len < sizeof text_);                                                                          \
        if (buf_.len > 0)                                                                                              \
            memcpy(text_, buf_.ptr, buf_.len);                                                                         \
        text_[buf_.len] = '\0';                                                                                        \
        assert_string_equal(text_, wanted);                                                                            \
        ops_arena_reset(&arena_);                                                                                      \
    } while (0)

/* Messages about a text. */
#define OP(id, payload, base, op_id)                                                                                   \
    "{\"type\":\"op\",\"id\":" id ",\"documentId\":\"doc\",\"payload\":\"[{\"components\":" payload "}]\",\"baseRevision\":" base      \
    ",\"opId\":\"" op_id "\"}"
#define PUSH(payload, revision)                                                                                        \
    "{\"type\":\"op\",\"documentId\":\"doc\",\"payload\":\"[{\"components\":" payload "}]\",\"revision\":" revision "}"
#define ACK(id, revision)                                                                                              \
    "{\"type\":\"op_ack\",\"id\":" id ",\"documentId\":\"doc\",\"success\":true,\"newRevision\":" revision "}"

#define NACK(id, message)                                                                                              \
    "{\"type\":\"op_ack\",\"id\":" id ",\"documentId\":\"doc\",\"success\":false,\"newRevision\":5,\"errorMessage\":\"" message "\"}"

#define HELLO_ACK "{\"type\":\"hello_ack\",\"id\":1,\"peerId\":\"self\",\"protocolVersion\":1,\"server\":\"test\"}"

/* Connects, says hello, joins one document whose content is `content` at revision 5. The next request has id 3. */
static inline struct ops_doc *session_join(struct session *s, const char *type, const char *snapshot)
{
    struct ops_doc *doc;
    char reply[4096];

    ops_client_connected(s->client);
    expect_sent(s, "{\"type\":\"hello\",\"id\":1}");
    give(s, HELLO_ACK);
    assert_int_equal(ops_client_join(s->client, str("doc"), str(type), &doc), OPS_OK);
    snprintf(reply, sizeof reply, "{\"type\":\"join\",\"id\":2,\"documentId\":\"doc\",\"documentType\":\"%s\",\"protocolVersion\":1}",
             type);
    expect_sent(s, reply);
    snprintf(reply, sizeof reply, "{\"type\":\"join_ack\",\"id\":2,\"revision\":5,\"snapshot\":\"[%s]\",\"awareness\":[]}", snapshot);
    give(s, reply);
    assert_int_equal(ops_doc_status(doc), OPS_DOC_JOINED);
    assert_int_equal(ops_doc_revision(doc), 5);
    forget_log(s);
    return doc;
}

static inline struct ops_doc *session_join_text(struct session *s, const char *content)
{
    char snapshot[2048];

    snprintf(snapshot, sizeof snapshot, "{\"content\":\"%s\"}", content);
    return session_join(s, "text", snapshot);
}

/* The connection is cut and there again; the hello with this id is said. */
static inline void session_reconnect(struct session *s, const char *hello)
{
    ops_client_disconnected(s->client, 0);
    ops_client_retry_now(s->client);
    ops_client_connected(s->client);
    expect_sent(s, hello);
}

#endif
