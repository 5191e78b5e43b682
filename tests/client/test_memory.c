/* One script, again and again: at every turn another request for memory is the one that is refused. Whatever happens then, when there is memory
 * again the client can be used and ends with what the server has, and at the end all memory is given back. */
#include "session.h"

#include "starved.h"

struct counted {
    size_t bytes;
};

static void *counted_more(void *self, size_t bytes)
{
    ((struct counted *)self)->bytes += bytes;
    return malloc(bytes);
}

static void counted_release(void *self, void *block, size_t bytes)
{
    ((struct counted *)self)->bytes -= bytes;
    free(block);
}

struct script {
    struct session s;
    struct counted counted;
    struct ops_memory memory;
    struct ops_doc *text, *json;
    char long_text[6001];
};

#define SAY(script, message)                                                                                           \
    do {                                                                                                               \
        static char expanded_[1 << 17];                                                                                \
        starved_on = false;                                                                                            \
        script_expand(message, expanded_, sizeof expanded_);                                                           \
        starved_on = true;                                                                                             \
        ops_client_received((script)->s.client, str(expanded_));                                                       \
    } while (0)

static void send_all(struct script *k)
{
    struct ops_str message;

    while (ops_client_outgoing(k->s.client, &message))
        continue;
}

static bool is_done(enum ops_err err)
{
    return err == OPS_OK || err == OPS_ERR_NOMEM;
}

/* There may be nothing to undo any more. */
static bool is_step(enum ops_err err)
{
    return is_done(err) || err == OPS_ERR_ABSENT;
}

/* Joins both, and answers: requests 1 hello, 2 and 3 joins. */
static bool script_join(struct script *k)
{
    enum ops_err text = ops_client_join(k->s.client, str("doc"), str("text"), &k->text);
    enum ops_err json = ops_client_join(k->s.client, str("j"), str("json"), &k->json);

    assert_true(is_done(text) && is_done(json));
    if (text != OPS_OK || json != OPS_OK)
        return false;
    ops_client_connected(k->s.client);
    send_all(k);
    SAY(k, HELLO_ACK);
    SAY(k, "{\"type\":\"join_ack\",\"id\":2,\"revision\":5,\"snapshot\":\"[{\"content\":\"abcdefghij\"}]\",\"awareness\":["
           "{\"peerId\":\"ann\",\"data\":1,\"lastUpdated\":\"2026-05-28T12:34:56.789Z\"}]}");
    SAY(k, "{\"type\":\"join_ack\",\"id\":3,\"revision\":7,\"snapshot\":\"[{\"registers\":{\"a\":{\"path\":\"a\",\"value\":1,\"timestamp\":3,"
           "\"peerId\":\"z\"}}}]\",\"awareness\":[]}");
    return true;
}

static void script_edit(struct script *k)
{
    uint32_t cursor = UINT32_MAX;

    assert_true(is_done(ops_doc_cursor_open(k->text, true, (struct ops_cursor){3, 4}, &cursor)));
    assert_true(is_done(ops_doc_awareness_set(k->text, str("{\"me\":1}"))));
    assert_true(is_done(ops_doc_text_insert(k->text, 0, str(k->long_text))));
    send_all(k);
    assert_true(is_done(ops_doc_text_insert(k->text, 0, str("one"))));
    assert_true(is_done(ops_doc_text_insert(k->text, 0, str("two"))));
    if (ops_doc_text_length(k->text) > 5)
        assert_true(is_done(ops_doc_text_delete(k->text, 1, 3)));
    assert_true(is_done(ops_doc_json_set(k->json, str("a"), str("2"))));
    assert_true(is_done(ops_doc_json_set(k->json, str("b"), str("3"))));
    send_all(k);
    assert_true(is_done(ops_doc_json_set(k->json, str("b"), str("4"))));
    assert_true(is_done(ops_doc_json_set(k->json, str("c"), str("4"))));
    assert_true(is_done(ops_doc_json_del(k->json, str("a"))));
    assert_true(is_step(ops_doc_undo(k->text)));
    assert_true(is_step(ops_doc_redo(k->text)));
    assert_true(is_step(ops_doc_undo(k->text)));
    assert_true(is_step(ops_doc_undo(k->json)));
    assert_true(is_step(ops_doc_redo(k->json)));
}

/* What others did meets what can be undone; a change of the subtree at "a", one that is too large for an op, and several at one time. */
static void script_undo(struct script *k)
{
    unsigned i;

    ops_doc_undo_stop(k->text);
    assert_true(is_done(ops_doc_text_insert(k->text, 0, str("three"))));
    assert_true(is_done(ops_doc_text_replace(k->text, 0, ops_doc_text_length(k->text), str("all"))));
    k->s.now_ms += 1000;
    ops_client_tick(k->s.client, k->s.now_ms, 5000);
    assert_true(is_done(ops_doc_json_set(k->json, str("a.b"), str("5"))));
    assert_true(is_done(ops_doc_json_del(k->json, str("a"))));
    assert_true(is_done(ops_doc_json_set(k->json, str("a.c"), str("6"))));
    send_all(k);
    for (i = 0; i < 4; i++) {
        assert_true(is_step(ops_doc_undo(k->text)));
        assert_true(is_step(ops_doc_undo(k->json)));
    }
    for (i = 0; i < 3; i++) {
        assert_true(is_step(ops_doc_redo(k->text)));
        assert_true(is_step(ops_doc_redo(k->json)));
    }
}

static void each_register(void *self, struct ops_str path, struct ops_str value)
{
    (void)self;
    assert_true(path.ptr != NULL && value.ptr != NULL);
}

/* What is pushed and answered: some of it fits, some has lost its place because something was refused before. */
static void script_receive(struct script *k)
{
    SAY(k, PUSH("[{\"type\":\"retain\",\"count\":1},{\"type\":\"insert\",\"text\":\"XYZ\"},{\"type\":\"delete\",\"count\":2}]", "6"));
    SAY(k, "{\"type\":\"op\",\"documentId\":\"j\",\"payload\":\"[{\"operations\":[{\"type\":\"set\",\"path\":\"a\",\"value\":9,\"timestamp\":9,"
           "\"peerId\":\"z\"}]}]\",\"revision\":8}");
    SAY(k, "{\"type\":\"awareness_update\",\"documentId\":\"doc\",\"peerId\":\"bob\",\"data\":{\"x\":1},\"lastUpdated\":"
           "\"2026-05-28T12:34:56.789Z\"}");
    SAY(k, "{\"type\":\"awareness_update\",\"documentId\":\"doc\",\"peerId\":\"ann\",\"data\":2,\"lastUpdated\":\"2026-05-28T12:34:56.789Z\"}");
    SAY(k, ACK("4", "7"));
    send_all(k);
    SAY(k, NACK("6", "InvalidOp: no"));
    SAY(k, "{\"type\":\"op_ack\",\"id\":5,\"documentId\":\"j\",\"success\":false,\"newRevision\":8,\"errorMessage\":\"InvalidOp: no\"}");
    send_all(k);
    ops_doc_json_each(k->json, each_register, NULL);
}

/* Saved, loaded into another client, and cut: what waited goes on there. */
static void script_restart(struct script *k)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_client *other;
    struct ops_buf saved;

    ops_buf_init(&saved, &arena);
    if (ops_client_save(k->s.client, &saved) != OPS_OK) {
        ops_arena_reset(&arena);
        return;
    }
    other = ops_client_open(&k->s.config);
    if (other != NULL && ops_client_load(other, ops_buf_str(&saved)) == OPS_OK) {
        ops_client_close(k->s.client);
        k->s.client = other;
        k->text = ops_client_find(other, str("doc"));
        k->json = ops_client_find(other, str("j"));
        ops_client_tick(other, k->s.now_ms, 5000);
    } else if (other != NULL) {
        ops_client_close(other);
    }
    ops_arena_reset(&arena);
}

/* With memory again: a server that has "final" and nothing else takes all that waits; then both agree. */
static void script_recover(struct script *k)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_client_message asked;
    struct ops_str message, copy;
    char reply[512];
    int messages = 0;

    starved_on = false;
    ops_client_disconnected(k->s.client, 0);
    k->s.now_ms += 3600000;
    ops_client_tick(k->s.client, k->s.now_ms, 5000);
    ops_client_connected(k->s.client);
    for (;;) {
        if (!ops_client_outgoing(k->s.client, &message)) {
            if (ops_doc_pending(k->text) + ops_doc_pending(k->json) == 0 && ops_doc_status(k->text) == OPS_DOC_JOINED &&
                ops_doc_status(k->json) == OPS_DOC_JOINED)
                break;
            k->s.now_ms += 1000;
            ops_client_tick(k->s.client, k->s.now_ms, 5000);
            assert_int_equal(ops_client_state(k->s.client), OPS_CLIENT_ONLINE);
            continue;
        }
        assert_true(messages++ < 100);
        assert_true(ops_arena_copy(&arena, message, &copy));
        assert_int_equal(ops_client_message_json_decode(&ops_style_v1_plus, copy, &arena, &asked, NULL), OPS_OK);
        reply[0] = '\0';
        if (asked.message_type == OPS_CLIENT_MESSAGE_JOIN_REQUEST && asked.join_request.since_revision.set)
            snprintf(reply, sizeof reply, "{\"type\":\"error\",\"id\":%.*s,\"code\":\"RevisionCompacted\",\"message\":\"\"}",
                     (int)asked.correlation_id.len, asked.correlation_id.ptr);
        else if (asked.message_type == OPS_CLIENT_MESSAGE_JOIN_REQUEST)
            snprintf(reply, sizeof reply, "{\"type\":\"join_ack\",\"id\":%.*s,\"revision\":90,\"snapshot\":\"[%s]\",\"awareness\":[]}",
                     (int)asked.correlation_id.len, asked.correlation_id.ptr,
                     asked.join_request.document_id.len == 1 ? "{\"registers\":{}}" : "{\"content\":\"final\"}");
        else if (asked.message_type == OPS_CLIENT_MESSAGE_OP_REQUEST)
            snprintf(reply, sizeof reply,
                     "{\"type\":\"op_ack\",\"id\":%.*s,\"documentId\":\"\",\"success\":false,\"newRevision\":90,\"errorMessage\":\"Forbidden: no\"}",
                     (int)asked.correlation_id.len, asked.correlation_id.ptr);
        if (reply[0] != '\0')
            give(&k->s, reply);
    }
    ops_arena_reset(&arena);
    expect_text(k->text, "final");
    assert_null(ops_doc_json_get(k->json, str("b")).ptr);
    assert_int_equal(ops_doc_text_insert(k->text, 5, str("!")), OPS_OK);
    expect_text(k->text, "final!");
}

/* An edit does not fail because what takes it back cannot be kept: with memory enough for the one and not for the other. */
static void an_edit_is_done_though_its_undo_has_no_memory(void **state)
{
    struct script *k = calloc(1, sizeof *k);
    unsigned long at, done = 0, dropped = 0;

    (void)state;
    assert_non_null(k);
    for (at = 1; at < 60; at++) {
        enum ops_err err;

        session_open(&k->s);
        k->text = session_join_text(&k->s, "abc");
        assert_int_equal(ops_doc_text_insert(k->text, 3, str("d")), OPS_OK);
        ops_doc_undo_stop(k->text);
        starved_at = at;
        starved_on = true;
        err = ops_doc_text_insert(k->text, 0, str("e"));
        starved_on = false;
        starved_at = 0;
        assert_true(is_done(err));
        if (err == OPS_OK) {
            expect_text(k->text, "eabcd");
            done++;
            dropped += !ops_doc_undoable(k->text);
        }
        session_close(&k->s);
    }
    free(k);
    assert_true(done > dropped && dropped > 0);
}

/* False: memory was not short any more. */
static bool script_play(unsigned long at, bool cut)
{
    struct script *k = calloc(1, sizeof *k);
    bool refused;

    assert_non_null(k);
    session_open(&k->s);
    ops_client_close(k->s.client);
    memset(k->long_text, 'x', sizeof k->long_text - 1);
    k->memory = (struct ops_memory){counted_more, counted_release, &k->counted};
    k->s.config.memory = &k->memory;
    k->s.config.op_max_bytes = 6050; /* the long text just fits, not together with another */
    starved_count = 0;
    starved_at = at;
    starved_on = true;
    k->s.client = ops_client_open(&k->s.config);
    if (k->s.client != NULL) {
        ops_client_tick(k->s.client, k->s.now_ms, 5000);
        if (script_join(k)) {
            script_edit(k);
            if (cut)
                script_restart(k);
            else
                script_receive(k);
            script_undo(k);
            script_recover(k);
        }
        starved_on = false;
        ops_client_close(k->s.client);
    }
    starved_on = false;
    starved_at = 0;
    refused = starved_count > 0;
    assert_int_equal(k->counted.bytes, 0);
    free(k);
    return refused;
}

static void any_one_request_for_memory_may_be_refused(void **state)
{
    unsigned long at = 1;

    (void)state;
    while (script_play(at, false))
        at++;
    assert_true(at > 600);
    print_message("# %lu requests\n", at - 1);
}

static void any_one_may_be_refused_while_it_is_saved_and_loaded(void **state)
{
    unsigned long at = 1;

    (void)state;
    while (script_play(at, true))
        at++;
    assert_true(at > 60);
    print_message("# %lu requests\n", at - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_one_request_for_memory_may_be_refused),
        cmocka_unit_test(an_edit_is_done_though_its_undo_has_no_memory),
        cmocka_unit_test(any_one_may_be_refused_while_it_is_saved_and_loaded),
    };

    return cmocka_run_group_tests_name("client memory", tests, NULL, NULL);
}
