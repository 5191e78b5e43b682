/* A server that refuses, is wrong or means harm: the client goes on, joins again or ends the connection; what was typed stays. */
#include "session.h"

#define SINCE(id, revision)                                                                                            \
    "{\"type\":\"join\",\"id\":" id ",\"documentId\":\"doc\",\"documentType\":\"text\",\"protocolVersion\":1,\"sinceRevision\":" revision "}"
#define ANEW(id) "{\"type\":\"join\",\"id\":" id ",\"documentId\":\"doc\",\"documentType\":\"text\",\"protocolVersion\":1}"
#define INSERT_3 "[{\"type\":\"retain\",\"count\":3},{\"type\":\"insert\",\"text\":\"!\"}]"

/* ---- refused ------------------------------------------------------------------------------------------------------------------ */

static void a_refused_op_is_taken_back_told_and_what_was_typed_behind_it_stays(void **state)
{
    struct session s;
    struct ops_doc *doc;

    (void)state;
    session_open(&s);
    doc = session_join_text(&s, "abc");
    assert_int_equal(ops_doc_text_insert(doc, 3, str("!")), OPS_OK);
    expect_sent(&s, OP("3", INSERT_3, "5", ID_A));
    assert_int_equal(ops_doc_text_insert(doc, 4, str("?")), OPS_OK);
    assert_int_equal(ops_doc_text_insert(doc, 0, str("0")), OPS_OK);
    forget_log(&s);
    give(&s, NACK("3", "InvalidOp: component 1: not here"));
    expect_log(&s, "patch 4 -1 + r5 taken back\n"
                   "refused InvalidOp: component 1: not here {\"components\":" INSERT_3 "}\njoined r5 pending 1\n");
    expect_text(doc, "0abc?");
    expect_sent(&s, OP("4", "[{\"type\":\"insert\",\"text\":\"0\"},{\"type\":\"retain\",\"count\":3},{\"type\":\"insert\",\"text\":\"?\"}]", "5",
                       ID_B));
    give(&s, ACK("4", "6"));
    expect_text(doc, "0abc?");
    session_close(&s);
}

static void every_final_code_takes_back_and_every_temporary_one_sends_again(void **state)
{
    static const char *const final[] = {"InvalidMessage", "Unauthenticated", "Forbidden", "NotFound", "InvalidOp", "TooLarge", "TooMany",
                                        "UnknownDocumentType"};
    static const char *const temporary[] = {"StorageUnavailable", "Draining", "OwnerUnavailable", "RateLimited", "SlowConsumer",
                                            "Internal"};
    size_t i;

    (void)state;
    for (i = 0; i < 8 + 6; i++) {
        struct session s;
        struct ops_doc *doc;
        char reply[512];

        session_open(&s);
        doc = session_join_text(&s, "abc");
        assert_int_equal(ops_doc_text_insert(doc, 3, str("!")), OPS_OK);
        expect_sent(&s, OP("3", INSERT_3, "5", ID_A));
        snprintf(reply, sizeof reply, NACK("3", "%s: so it is"), i < 8 ? final[i] : temporary[i - 8]);
        forget_log(&s);
        give(&s, reply);
        if (i < 8) {
            expect_text(doc, "abc");
            assert_int_equal(ops_doc_pending(doc), 0);
            assert_non_null(strstr(s.log, "refused "));
        } else {
            expect_text(doc, "abc!");
            assert_in_range(ops_client_deadline_ms(s.client), s.now_ms, s.now_ms + 500);
            session_wait(&s, 500);
            expect_sent(&s, OP("4", INSERT_3, "5", ID_A));
        }
        session_close(&s);
    }
}

static void an_op_that_the_server_fails_on_again_and_again_is_taken_back(void **state)
{
    struct session s;
    struct ops_doc *doc;
    int i;

    (void)state;
    session_open(&s);
    doc = session_join_text(&s, "abc");
    assert_int_equal(ops_doc_text_insert(doc, 3, str("!")), OPS_OK);
    for (i = 0; i < 6; i++) {
        struct ops_str message;
        char reply[256];

        assert_int_equal(ops_doc_pending(doc), 1);
        assert_true(ops_client_outgoing(s.client, &message));
        snprintf(reply, sizeof reply, "{\"type\":\"op_ack\",\"id\":%d,\"documentId\":\"doc\",\"success\":false,\"newRevision\":5%s}", 3 + i,
                 i == 3 ? ",\"errorMessage\":\"in its own words\"" : "");
        give(&s, reply); /* without a code: Internal */
        session_wait(&s, 60000);
    }
    assert_int_equal(ops_doc_pending(doc), 0);
    expect_text(doc, "abc");
    session_close(&s);
}

static void not_joined_is_answered_by_joining(void **state)
{
    struct session s;
    struct ops_doc *doc;

    (void)state;
    session_open(&s);
    doc = session_join_text(&s, "abc");
    assert_int_equal(ops_doc_text_insert(doc, 3, str("!")), OPS_OK);
    expect_sent(&s, OP("3", INSERT_3, "5", ID_A));
    give(&s, NACK("3", "NotJoined: join first"));
    expect_sent(&s, SINCE("4", "5"));
    give(&s, "{\"type\":\"join_ack\",\"id\":4,\"revision\":5,\"snapshot\":\"\",\"awareness\":[],\"pendingOps\":[]}");
    give(&s, "{\"type\":\"error\",\"documentId\":\"doc\",\"code\":\"NotJoined\",\"message\":\"join first\"}"); /* about awareness */
    expect_sent(&s, SINCE("5", "5"));
    assert_int_equal(ops_doc_pending(doc), 1);
    session_close(&s);
}

static void errors_about_nothing_in_particular_are_told(void **state)
{
    struct session s;

    (void)state;
    session_open(&s);
    session_join_text(&s, "abc");
    give(&s, "{\"type\":\"error\",\"code\":\"InvalidMessage\",\"message\":\"what?\"}");
    give(&s, "{\"type\":\"error\",\"code\":\"SlowConsumer\",\"message\":\"too slow\"}");
    give(&s, "{\"type\":\"error\",\"documentId\":\"other\",\"code\":\"Forbidden\",\"message\":\"no\"}");
    expect_log(&s, "refused connection InvalidMessage: what? \ntrouble too slow\n");
    assert_int_equal(ops_client_state(s.client), OPS_CLIENT_ONLINE);
    session_close(&s);
}

/* ---- wrong -------------------------------------------------------------------------------------------------------------------- */

/* "abc!" with "!" pending; then this message. */
static struct ops_doc *session_given(struct session *s, const char *message)
{
    struct ops_doc *doc;

    session_open(s);
    doc = session_join_text(s, "abc");
    assert_int_equal(ops_doc_text_insert(doc, 3, str("!")), OPS_OK);
    expect_sent(s, OP("3", INSERT_3, "5", ID_A));
    forget_log(s);
    give(s, message);
    return doc;
}

static void what_cannot_be_read_ends_the_connection_and_nothing_typed_is_lost(void **state)
{
    static const char *const messages[] = {
        "", "{", "[]", "null", "\"text\"", "{}", "{\"type\":7}", "\xff\xfe", "{\"type\":\"op\"}",
        "{\"type\":\"op\",\"documentId\":\"doc\",\"payload\":\"%%%\",\"revision\":6}",
        "{\"type\":\"op\",\"documentId\":\"doc\",\"payload\":\"\",\"revision\":6.5}",
        "{\"type\":\"op\",\"documentId\":\"doc\",\"payload\":\"\",\"revision\":99999999999999999999}",
        "{\"type\":\"op_ack\",\"id\":3,\"documentId\":\"doc\",\"success\":true}",
        "{\"type\":\"op_ack\",\"id\":3,\"documentId\":\"doc\",\"success\":true,\"newRevision\":0}",
        "{\"type\":\"op_ack\",\"id\":3,\"documentId\":\"doc\",\"success\":true,\"newRevision\":-7}",
        "{\"type\":\"op_ack\",\"id\":3,\"documentId\":\"doc\",\"success\":true,\"newRevision\":9223372036854775807}",
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof messages / sizeof *messages; i++) {
        struct session s;
        struct ops_doc *doc = session_given(&s, messages[i]);

        if (ops_client_state(s.client) != OPS_CLIENT_CLOSE)
            fail_msg("goes on after %s", messages[i]);
        assert_memory_equal(s.log, "trouble ", 8);
        expect_text(doc, "abc!");
        give(&s, ACK("3", "6")); /* too late: nothing more is read */
        assert_int_equal(ops_doc_pending(doc), 1);
        ops_client_disconnected(s.client, 1006);
        ops_client_retry_now(s.client);
        ops_client_connected(s.client);
        expect_sent(&s, "{\"type\":\"hello\",\"id\":4}");
        expect_sent(&s, SINCE("5", "5"));
        give(&s, "{\"type\":\"join_ack\",\"id\":5,\"revision\":5,\"snapshot\":\"\",\"awareness\":[],\"pendingOps\":[]}");
        expect_sent(&s, OP("6", INSERT_3, "5", ID_A));
        session_close(&s);
    }
}

static void a_message_of_an_unknown_type_or_about_nobody_is_skipped(void **state)
{
    static const char *const messages[] = {
        "{\"type\":\"op_ack\",\"id\":77,\"documentId\":\"doc\",\"success\":true,\"newRevision\":6}",
        "{\"type\":\"op_ack\",\"id\":\"x\",\"documentId\":\"doc\",\"success\":true,\"newRevision\":6}",
        "{\"type\":\"op_ack\",\"id\":\"1234567890123456789012345\",\"documentId\":\"doc\",\"success\":true,\"newRevision\":6}",
        "{\"type\":\"op_ack\",\"documentId\":\"doc\",\"success\":true,\"newRevision\":6}",
        "{\"type\":\"join_ack\",\"id\":2,\"revision\":9,\"snapshot\":\"[{\"content\":\"?\"}]\",\"awareness\":[]}",
        "{\"type\":\"join_ack\",\"revision\":9,\"snapshot\":\"[{\"content\":\"?\"}]\",\"awareness\":[]}",
        "{\"type\":\"op\",\"documentId\":\"other\",\"payload\":\"[{\"components\":[]}]\",\"revision\":6}",
        "{\"type\":\"leave_ack\",\"documentId\":\"doc\"}",
        "{\"type\":\"comment_deleted\",\"documentId\":\"doc\",\"commentId\":\"00\"}",
        "{\"type\":\"awareness_update\",\"documentId\":\"other\",\"peerId\":\"p\",\"data\":1,\"lastUpdated\":\"2026-05-28T12:34:56.789Z\"}",
    };
    struct session s;
    struct ops_doc *doc = session_given(&s, "{\"type\":\"of the future\",\"documentId\":\"doc\"}");
    size_t i;

    (void)state;
    expect_log(&s, "trouble a message of an unknown type is skipped\n");
    for (i = 0; i < sizeof messages / sizeof *messages; i++)
        give(&s, messages[i]);
    expect_log(&s, "");
    assert_int_equal(ops_client_state(s.client), OPS_CLIENT_ONLINE);
    assert_int_equal(ops_doc_status(doc), OPS_DOC_JOINED);
    give(&s, ACK("3", "6"));
    assert_int_equal(ops_doc_pending(doc), 0);
    expect_text(doc, "abc!");
    session_close(&s);
}

static void an_op_that_cannot_be_applied_makes_the_document_be_loaded_anew(void **state)
{
    static const char *const payloads[] = {
        "[{\"type\":\"retain\",\"count\":4},{\"type\":\"insert\",\"text\":\"x\"}]", /* the server's text has three */
        "[{\"type\":\"delete\",\"count\":4}]",
        "[{\"type\":\"retain\",\"count\":2147483647},{\"type\":\"delete\",\"count\":2147483647}]",
        "[{\"type\":\"retain\",\"count\":-1}]",
        "[null]",
        "null",
        "[{\"type\":\"leap\",\"count\":1}]",
        "[{\"type\":\"insert\"}]",
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof payloads / sizeof *payloads; i++) {
        struct session s;
        struct ops_doc *doc;
        char push[512];

        snprintf(push, sizeof push, PUSH("%s", "6"), payloads[i]);
        doc = session_given(&s, push);
        if (ops_doc_status(doc) != OPS_DOC_OFFLINE)
            fail_msg("%s is taken", payloads[i]);
        expect_text(doc, "abc!");
        assert_int_equal(ops_doc_revision(doc), 5);
        expect_sent(&s, ANEW("4"));
        give(&s, "{\"type\":\"join_ack\",\"id\":4,\"revision\":6,\"snapshot\":\"[{\"content\":\"abcd\"}]\",\"awareness\":[]}");
        expect_text(doc, "abcd!");
        session_wait(&s, 500);
        expect_sent(&s, SINCE("5", "5")); /* the one in flight may be in what was loaded */
        give(&s, ACK("3", "7"));
        give(&s, "{\"type\":\"join_ack\",\"id\":5,\"revision\":7,\"snapshot\":\"\",\"awareness\":[],\"pendingOps\":["
                 "{\"payload\":\"[{\"components\":[]}]\",\"revision\":6},{\"payload\":\"[{\"components\":[{\"type\":\"retain\",\"count\":3},"
                 "{\"type\":\"insert\",\"text\":\"!\"}]}]\",\"revision\":7,\"opId\":\"" ID_A "\"}]}");
        expect_text(doc, "abc!d"); /* where the server has it */
        assert_int_equal(ops_doc_pending(doc), 0);
        assert_int_equal(ops_doc_revision(doc), 7);
        session_close(&s);
    }
}

static void an_op_that_ends_inside_a_pair_is_not_applied(void **state)
{
    struct session s;
    struct ops_doc *doc;

    (void)state;
    session_open(&s);
    doc = session_join_text(&s, "a\xf0\x9f\x98\x80z");
    give(&s, PUSH("[{\"type\":\"retain\",\"count\":2},{\"type\":\"insert\",\"text\":\"x\"}]", "6"));
    expect_text(doc, "a\xf0\x9f\x98\x80z");
    expect_sent(&s, ANEW("3"));
    session_close(&s);
}

static void revisions_out_of_order_make_the_document_be_joined_again(void **state)
{
    static const struct {
        const char *push, *join;
    } cases[] = {
        {PUSH("[{\"type\":\"insert\",\"text\":\"x\"}]", "7"), SINCE("4", "5")},
        {PUSH("[{\"type\":\"insert\",\"text\":\"x\"}]", "9223372036854775807"), SINCE("4", "5")},
        {PUSH("[{\"type\":\"insert\",\"text\":\"x\"}]", "5"), ANEW("4")},
        {PUSH("[{\"type\":\"insert\",\"text\":\"x\"}]", "0"), ANEW("4")},
        {PUSH("[{\"type\":\"insert\",\"text\":\"x\"}]", "-9223372036854775808"), ANEW("4")},
        {ACK("3", "5"), ANEW("4")},
        {ACK("3", "1"), ANEW("4")},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct session s;
        struct ops_doc *doc = session_given(&s, cases[i].push);

        expect_text(doc, "abc!");
        assert_int_equal(ops_doc_revision(doc), 5);
        expect_sent(&s, cases[i].join);
        session_close(&s);
    }
}

static void a_reply_to_a_join_that_cannot_be_is_asked_for_again_later_and_later(void **state)
{
    static const char *const replies[] = {
        "\"revision\":0,\"snapshot\":\"[{\"content\":\"x\"}]\",\"awareness\":[]",
        "\"revision\":-1,\"snapshot\":\"[{\"content\":\"x\"}]\",\"awareness\":[]",
        "\"revision\":9223372036854775807,\"snapshot\":\"[{\"content\":\"x\"}]\",\"awareness\":[]",
        "\"revision\":7,\"snapshot\":\"[{\"content\":7}]\",\"awareness\":[]",
        "\"revision\":7,\"snapshot\":\"\",\"awareness\":[]",
        "\"revision\":7,\"snapshot\":\"\",\"awareness\":[],\"pendingOps\":[]",
        "\"revision\":6,\"snapshot\":\"\",\"awareness\":[],\"pendingOps\":[{\"payload\":\"\",\"revision\":6}]",
        "\"revision\":6,\"snapshot\":\"\",\"awareness\":[],\"pendingOps\":[{\"payload\":\"[{\"components\":[]}]\",\"revision\":7}]",
        "\"revision\":4,\"snapshot\":\"\",\"awareness\":[],\"pendingOps\":[{\"payload\":\"[{\"components\":[]}]\",\"revision\":4}]",
    };
    size_t i;
    int round;

    (void)state;
    for (i = 0; i < sizeof replies / sizeof *replies; i++) {
        struct session s;
        struct ops_doc *doc = session_given(&s, PUSH("[{\"type\":\"insert\",\"text\":\"x\"}]", "7")); /* joined again, since 5 */
        int64_t most = 0;

        for (round = 0; round < 5; round++) {
            struct ops_str message;
            char reply[512];

            session_wait(&s, most);
            assert_true(ops_client_outgoing(s.client, &message));
            snprintf(reply, sizeof reply, "{\"type\":\"join_ack\",\"id\":%d,%s}", 4 + round, replies[i]);
            give(&s, reply);
            if (ops_doc_status(doc) != OPS_DOC_OFFLINE)
                fail_msg("taken: %s", replies[i]);
            expect_text(doc, "abc!");
            most = most == 0 ? 500 : 2 * most;
            assert_in_range(ops_client_deadline_ms(s.client), s.now_ms, s.now_ms + most);
        }
        session_close(&s);
    }
}

static void a_message_above_the_limit_is_not_even_read(void **state)
{
    struct session s;
    static const char leave_ack[] = "{\"type\":\"leave_ack\",\"documentId\":\"doc\"}";
    static char large[2001];

    (void)state;
    session_open(&s);
    session_reopen(&s, s.config.message_max_bytes = 2000);
    session_join_text(&s, "abc");
    memset(large, ' ', 2000);
    memcpy(large, leave_ack, sizeof leave_ack - 1);
    give(&s, large);
    expect_log(&s, "");
    large[1999] = ' ';
    ops_client_received(s.client, ops_str_of(large, 2001));
    expect_log(&s, "trouble a message is above message_max_bytes\n");
    assert_int_equal(ops_client_state(s.client), OPS_CLIENT_CLOSE);
    session_close(&s);
}

/* ---- calls at the wrong time --------------------------------------------------------------------------------------------------- */

static struct session *calling;

static void meddle(void *self, struct ops_doc *doc, enum ops_doc_status status)
{
    struct ops_client *client = calling->client;
    struct ops_doc *other;
    struct ops_str message;
    uint32_t cursor;

    (void)self;
    (void)status;
    session_log(calling, "told\n");
    assert_int_equal(ops_client_join(client, str("x"), str("text"), &other), OPS_ERR_RANGE);
    assert_int_equal(ops_doc_text_insert(doc, 0, str("x")), OPS_ERR_RANGE);
    assert_int_equal(ops_doc_json_set(doc, str("x"), str("1")), OPS_ERR_RANGE);
    assert_int_equal(ops_doc_json_del(doc, str("x")), OPS_ERR_RANGE);
    assert_int_equal(ops_doc_undo(doc), OPS_ERR_RANGE);
    assert_int_equal(ops_doc_awareness_set(doc, str("1")), OPS_ERR_RANGE);
    assert_int_equal(ops_doc_cursor_open(doc, true, (struct ops_cursor){0, 0}, &cursor), OPS_ERR_RANGE);
    assert_int_equal(ops_client_load(client, str("")), OPS_ERR_RANGE);
    assert_false(ops_client_outgoing(client, &message));
    ops_client_received(client, str("rubbish"));
    ops_client_disconnected(client, 0);
    ops_client_connected(client);
    ops_client_retry_now(client);
    ops_client_tick(client, INT64_MAX, 0);
    ops_client_leave(client, doc);
}

static void an_event_may_read_and_nothing_else(void **state)
{
    struct session s;
    struct ops_doc *doc;

    (void)state;
    session_open(&s);
    calling = &s;
    s.config.events.status = meddle;
    session_reopen(&s, 0);
    doc = session_join_text(&s, "abc");
    give(&s, PUSH("[{\"type\":\"insert\",\"text\":\"1\"}]", "6"));
    assert_non_null(strstr(s.log, "told\n"));
    assert_int_equal(ops_client_state(s.client), OPS_CLIENT_ONLINE);
    expect_text(doc, "1abc");
    assert_int_equal(ops_doc_pending(doc), 0);
    session_close(&s);
}

static void a_program_that_wants_to_hear_nothing_is_told_nothing(void **state)
{
    struct session s;
    struct ops_doc *doc;

    (void)state;
    session_open(&s);
    memset(&s.config.events, 0, sizeof s.config.events);
    session_reopen(&s, 0);
    doc = session_join_text(&s, "abc");
    assert_int_equal(ops_doc_text_insert(doc, 3, str("!")), OPS_OK);
    expect_sent(&s, OP("3", INSERT_3, "5", ID_A));
    give(&s, PUSH("[{\"type\":\"insert\",\"text\":\"1\"}]", "6"));
    give(&s, NACK("3", "InvalidOp: no"));
    give(&s, "{\"type\":\"awareness_update\",\"documentId\":\"doc\",\"peerId\":\"p\",\"data\":1,\"lastUpdated\":\"2026-05-28T12:34:56.789Z\"}");
    give(&s, "rubbish");
    expect_text(doc, "1abc");
    assert_int_equal(ops_client_state(s.client), OPS_CLIENT_CLOSE);
    session_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refused_op_is_taken_back_told_and_what_was_typed_behind_it_stays),
        cmocka_unit_test(every_final_code_takes_back_and_every_temporary_one_sends_again),
        cmocka_unit_test(an_op_that_the_server_fails_on_again_and_again_is_taken_back),
        cmocka_unit_test(not_joined_is_answered_by_joining),
        cmocka_unit_test(errors_about_nothing_in_particular_are_told),
        cmocka_unit_test(what_cannot_be_read_ends_the_connection_and_nothing_typed_is_lost),
        cmocka_unit_test(a_message_of_an_unknown_type_or_about_nobody_is_skipped),
        cmocka_unit_test(an_op_that_cannot_be_applied_makes_the_document_be_loaded_anew),
        cmocka_unit_test(an_op_that_ends_inside_a_pair_is_not_applied),
        cmocka_unit_test(revisions_out_of_order_make_the_document_be_joined_again),
        cmocka_unit_test(a_reply_to_a_join_that_cannot_be_is_asked_for_again_later_and_later),
        cmocka_unit_test(a_message_above_the_limit_is_not_even_read),
        cmocka_unit_test(an_event_may_read_and_nothing_else),
        cmocka_unit_test(a_program_that_wants_to_hear_nothing_is_told_nothing),
    };

    return cmocka_run_group_tests_name("client hostile", tests, NULL, NULL);
}
