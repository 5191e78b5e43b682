/* Connections that end: when the next is tried, what is sent again, and what is never done twice. */
#include "session.h"

#define SINCE(id, revision)                                                                                            \
    "{\"type\":\"join\",\"id\":" id ",\"documentId\":\"doc\",\"documentType\":\"text\",\"protocolVersion\":1,\"sinceRevision\":" revision "}"
#define CAUGHT_UP(id, revision, ops)                                                                                   \
    "{\"type\":\"join_ack\",\"id\":" id ",\"revision\":" revision ",\"snapshot\":\"\",\"awareness\":[],\"pendingOps\":[" ops "]}"
#define MISSED(payload, revision) "{\"payload\":\"[{\"components\":" payload "}]\",\"revision\":" revision "}"
#define MISSED_ID(payload, revision, op_id)                                                                            \
    "{\"payload\":\"[{\"components\":" payload "}]\",\"revision\":" revision ",\"opId\":\"" op_id "\"}"
#define ERROR(id, code) "{\"type\":\"error\",\"id\":" id ",\"documentId\":\"doc\",\"code\":\"" code "\",\"message\":\"so it is\"}"
#define INSERT_3 "[{\"type\":\"retain\",\"count\":3},{\"type\":\"insert\",\"text\":\"!\"}]"

/* ---- when --------------------------------------------------------------------------------------------------------------------- */

static uint64_t drawn_next;

static void draw(void *self, void *out, size_t bytes)
{
    (void)self;
    memset(out, 0, bytes);
    memcpy(out, &drawn_next, bytes < sizeof drawn_next ? bytes : sizeof drawn_next);
}

/* How long the client waits after this end when this number is drawn. */
static int64_t wait_ms(struct session *s, uint16_t close_code, uint64_t drawn)
{
    drawn_next = drawn;
    ops_client_disconnected(s->client, close_code);
    assert_int_equal(ops_client_state(s->client), OPS_CLIENT_WAITING);
    assert_int_equal(ops_client_retry_at_ms(s->client), ops_client_deadline_ms(s->client));
    return ops_client_retry_at_ms(s->client) - s->now_ms;
}

/* The wait is at most `most`, and any of 0 to `most`: the number after `most` is 0 again. */
#define expect_wait(s, close_code, most)                                                                               \
    do {                                                                                                               \
        assert_int_equal(wait_ms(s, close_code, (uint64_t)(most)), most);                                              \
        session_wait(s, (most) - 1);                                                                                   \
        assert_int_equal(ops_client_state((s)->client), OPS_CLIENT_WAITING);                                           \
        session_wait(s, 1);                                                                                            \
        assert_int_equal(ops_client_state((s)->client), OPS_CLIENT_CONNECT);                                           \
    } while (0)

static void each_try_waits_longer_with_full_jitter_up_to_a_limit(void **state)
{
    static const int64_t most[] = {500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000};
    struct session s;
    size_t i;

    (void)state;
    session_open(&s);
    s.config.random = draw;
    session_reopen(&s, 0);
    for (i = 0; i < sizeof most / sizeof *most; i++)
        expect_wait(&s, 0, most[i]);
    for (i = 0; i < 200; i++) /* no number of tries overflows */
        assert_in_range(wait_ms(&s, 0, UINT64_MAX - i), 0, 30000), ops_client_retry_now(s.client);
    session_close(&s);
}

static void the_number_behind_the_longest_wait_is_no_wait(void **state)
{
    struct session s;

    (void)state;
    session_open(&s);
    s.config.random = draw;
    session_reopen(&s, 0);
    assert_int_equal(wait_ms(&s, 0, 501), 0);
    session_wait(&s, 0);
    assert_int_equal(ops_client_state(s.client), OPS_CLIENT_CONNECT);
    assert_int_equal(wait_ms(&s, 0, 1001), 0);
    session_close(&s);
}

static void after_1001_the_first_wait_is_0_to_5_s_then_it_grows_as_ever(void **state)
{
    struct session s;

    (void)state;
    session_open(&s);
    s.config.random = draw;
    session_reopen(&s, 0);
    ops_client_connected(s.client);
    expect_wait(&s, 1001, 5000);
    expect_wait(&s, 0, 1000); /* the server is not there yet */
    expect_wait(&s, 1001, 5000);
    expect_wait(&s, 1000, 4000);
    expect_wait(&s, 1006, 8000);
    expect_wait(&s, 1001, 16000);
    session_close(&s);
}

static void who_has_joined_begins_with_short_waits_again(void **state)
{
    struct session s;
    int i;

    (void)state;
    session_open(&s);
    s.config.random = draw;
    session_reopen(&s, 0);
    for (i = 0; i < 5; i++) {
        ops_client_disconnected(s.client, 0);
        ops_client_connected(s.client); /* a program that could not wait */
    }
    ops_client_disconnected(s.client, 0);
    session_join_text(&s, "abc");
    expect_wait(&s, 0, 500);
    session_close(&s);
}

static void a_largest_back_off_of_forever_does_not_overflow(void **state)
{
    struct session s;
    int i;

    (void)state;
    session_open(&s);
    s.config.random = draw;
    session_reopen(&s, s.config.backoff_max_ms = INT64_MAX);
    for (i = 0; i < 100; i++) {
        assert_true(wait_ms(&s, 0, 0) == 0);
        session_wait(&s, 0);
    }
    session_reopen(&s, s.config.backoff_max_ms = 0);
    assert_int_equal(wait_ms(&s, 0, 12345), 0);
    session_close(&s);
}

static void a_server_that_does_not_answer_is_given_up(void **state)
{
    struct session s;
    struct ops_doc *doc;

    (void)state;
    session_open(&s);
    ops_client_connected(s.client);
    expect_sent(&s, "{\"type\":\"hello\",\"id\":1}");
    session_wait(&s, 29999);
    assert_int_equal(ops_client_state(s.client), OPS_CLIENT_ONLINE);
    session_wait(&s, 1);
    expect_log(&s, "trouble the server does not answer\n");
    assert_int_equal(ops_client_state(s.client), OPS_CLIENT_CLOSE);
    assert_int_equal(ops_client_deadline_ms(s.client), INT64_MAX);
    expect_nothing_sent(&s);
    ops_client_disconnected(s.client, 0);
    ops_client_retry_now(s.client);
    ops_client_connected(s.client);
    expect_sent(&s, "{\"type\":\"hello\",\"id\":2}");
    give(&s, "{\"type\":\"hello_ack\",\"id\":2,\"peerId\":\"self\",\"protocolVersion\":1,\"server\":\"test\"}");
    assert_int_equal(ops_client_join(s.client, str("doc"), str("text"), &doc), OPS_OK);
    expect_sent(&s, "{\"type\":\"join\",\"id\":3,\"documentId\":\"doc\",\"documentType\":\"text\",\"protocolVersion\":1}");
    assert_int_equal(ops_client_deadline_ms(s.client), s.now_ms + 30000);
    session_wait(&s, 30000);
    assert_int_equal(ops_client_state(s.client), OPS_CLIENT_CLOSE);
    session_close(&s);
}

/* ---- what ---------------------------------------------------------------------------------------------------------------------- */

/* "abc", one "!" behind it in flight, then a cut and a new connection; the join that asks for what was missed has id 5. */
static struct ops_doc *session_cut_in_flight(struct session *s)
{
    struct ops_doc *doc;

    session_open(s);
    doc = session_join_text(s, "abc");
    assert_int_equal(ops_doc_text_insert(doc, 3, str("!")), OPS_OK);
    expect_sent(s, OP("3", INSERT_3, "5", ID_A));
    session_reconnect(s, "{\"type\":\"hello\",\"id\":4}");
    expect_sent(s, SINCE("5", "5"));
    forget_log(s);
    return doc;
}

static void what_was_missed_is_fetched_and_pending_edits_are_rebased_over_it(void **state)
{
    struct session s;
    struct ops_doc *doc;

    (void)state;
    session_open(&s);
    doc = session_join_text(&s, "abc");
    ops_client_disconnected(s.client, 0);
    assert_int_equal(ops_doc_text_insert(doc, 1, str("typed offline ")), OPS_OK);
    expect_nothing_sent(&s);
    ops_client_retry_now(s.client);
    ops_client_connected(s.client);
    expect_sent(&s, "{\"type\":\"hello\",\"id\":3}");
    expect_sent(&s, SINCE("4", "5"));
    forget_log(&s);
    give(&s, CAUGHT_UP("4", "7", MISSED("[{\"type\":\"insert\",\"text\":\"12\"}]", "6") ","
                                 MISSED("[{\"type\":\"retain\",\"count\":4},{\"type\":\"delete\",\"count\":1}]", "7")));
    expect_log(&s, "patch 0 -0 +12 r6 server\npatch 18 -1 + r7 server\njoined r7 pending 1\n");
    expect_text(doc, "12atyped offline b");
    expect_sent(&s, OP("5", "[{\"type\":\"retain\",\"count\":3},{\"type\":\"insert\",\"text\":\"typed offline \"}]", "7", ID_B));
    session_close(&s);
}

static void an_op_whose_ack_was_lost_is_found_by_its_id_and_not_sent_again(void **state)
{
    struct session s;
    struct ops_doc *doc = session_cut_in_flight(&s);

    (void)state;
    give(&s, CAUGHT_UP("5", "7", MISSED("[{\"type\":\"insert\",\"text\":\"1\"}]", "6") ","
                                 MISSED_ID("[{\"type\":\"retain\",\"count\":4},{\"type\":\"insert\",\"text\":\"!\"}]", "7", ID_A)));
    expect_text(doc, "1abc!");
    assert_int_equal(ops_doc_pending(doc), 0);
    assert_int_equal(ops_doc_revision(doc), 7);
    expect_nothing_sent(&s);
    session_close(&s);
}

static void an_op_that_was_lost_is_sent_again_with_the_same_id(void **state)
{
    struct session s;
    struct ops_doc *doc = session_cut_in_flight(&s);

    (void)state;
    give(&s, CAUGHT_UP("5", "6", MISSED("[{\"type\":\"insert\",\"text\":\"1\"}]", "6")));
    expect_sent(&s, OP("6", "[{\"type\":\"retain\",\"count\":4},{\"type\":\"insert\",\"text\":\"!\"}]", "6", ID_A));
    /* It was under way all the time: the id is known, and the reply comes before the push. */
    give(&s, PUSH("[{\"type\":\"insert\",\"text\":\"2\"}]", "7"));
    give(&s, ACK("6", "8"));
    expect_text(doc, "21abc!");
    assert_int_equal(ops_doc_pending(doc), 0);
    give(&s, "{\"type\":\"op\",\"documentId\":\"doc\",\"payload\":\"[{\"components\":[]}]\",\"revision\":8,\"opId\":\"" ID_A "\"}");
    assert_int_equal(ops_doc_status(doc), OPS_DOC_JOINED);
    assert_int_equal(ops_doc_revision(doc), 8);
    session_close(&s);
}

static void a_repeated_id_is_answered_before_the_pushes_that_lead_to_it(void **state)
{
    struct session s;
    struct ops_doc *doc = session_cut_in_flight(&s);

    (void)state;
    give(&s, CAUGHT_UP("5", "5", ""));
    expect_sent(&s, OP("6", INSERT_3, "5", ID_A));
    give(&s, ACK("6", "8"));
    assert_int_equal(ops_doc_pending(doc), 1);
    expect_nothing_sent(&s);
    give(&s, PUSH("[{\"type\":\"insert\",\"text\":\"1\"}]", "6"));
    give(&s, PUSH("[{\"type\":\"insert\",\"text\":\"2\"}]", "7"));
    assert_int_equal(ops_doc_pending(doc), 0);
    assert_int_equal(ops_doc_revision(doc), 8);
    expect_text(doc, "21abc!");
    session_close(&s);
}

static void an_answered_revision_survives_a_long_cut(void **state)
{
    struct session s;
    struct ops_doc *doc = session_cut_in_flight(&s);

    (void)state;
    give(&s, CAUGHT_UP("5", "5", ""));
    expect_sent(&s, OP("6", INSERT_3, "5", ID_A));
    give(&s, ACK("6", "8"));
    ops_client_disconnected(s.client, 0);
    session_wait(&s, 3600000);
    ops_client_connected(s.client);
    session_wait(&s, 1);
    assert_int_equal(ops_client_state(s.client), OPS_CLIENT_ONLINE);
    expect_sent(&s, "{\"type\":\"hello\",\"id\":7}");
    expect_sent(&s, SINCE("8", "5"));
    /* The server was restored from a copy that does not have it. */
    give(&s, CAUGHT_UP("8", "6", MISSED("[{\"type\":\"insert\",\"text\":\"1\"}]", "6")));
    expect_sent(&s, OP("9", "[{\"type\":\"retain\",\"count\":4},{\"type\":\"insert\",\"text\":\"!\"}]", "6", ID_A));
    give(&s, ACK("9", "7"));
    expect_text(doc, "1abc!");
    assert_int_equal(ops_doc_pending(doc), 0);
    session_close(&s);
}

static void an_answered_revision_that_never_comes_is_waited_for_no_longer_than_a_reply(void **state)
{
    struct session s;

    (void)state;
    session_cut_in_flight(&s);
    give(&s, "{\"type\":\"hello_ack\",\"id\":4,\"peerId\":\"self\",\"protocolVersion\":1,\"server\":\"test\"}");
    give(&s, CAUGHT_UP("5", "5", ""));
    expect_sent(&s, OP("6", INSERT_3, "5", ID_A));
    give(&s, ACK("6", "8"));
    session_wait(&s, 29999);
    assert_int_equal(ops_client_state(s.client), OPS_CLIENT_ONLINE);
    session_wait(&s, 1);
    assert_int_equal(ops_client_state(s.client), OPS_CLIENT_CLOSE);
    session_close(&s);
}

/* ---- compacted ----------------------------------------------------------------------------------------------------------------- */

static void give_anew(struct session *s, const char *content)
{
    char reply[1024];

    expect_sent(s, "{\"type\":\"join\",\"id\":6,\"documentId\":\"doc\",\"documentType\":\"text\",\"protocolVersion\":1}");
    snprintf(reply, sizeof reply, "{\"type\":\"join_ack\",\"id\":6,\"revision\":90,\"snapshot\":\"[{\"content\":\"%s\"}]\",\"awareness\":[]}",
             content);
    forget_log(s);
    give(s, reply);
}

static void a_server_that_has_forgotten_sends_all_and_what_was_typed_is_kept(void **state)
{
    struct session s;
    struct ops_doc *doc;

    (void)state;
    session_open(&s);
    doc = session_join_text(&s, "one two three");
    ops_client_disconnected(s.client, 0);
    assert_int_equal(ops_doc_text_replace(doc, 4, 3, str("2")), OPS_OK);
    assert_int_equal(ops_doc_text_insert(doc, 11, str(" typed")), OPS_OK);
    ops_client_retry_now(s.client);
    ops_client_connected(s.client);
    expect_sent(&s, "{\"type\":\"hello\",\"id\":3}");
    expect_sent(&s, SINCE("4", "5"));
    give(&s, ERROR("4", "RevisionCompacted"));
    expect_sent(&s, "{\"type\":\"join\",\"id\":5,\"documentId\":\"doc\",\"documentType\":\"text\",\"protocolVersion\":1}");
    forget_log(&s);
    give(&s, "{\"type\":\"join_ack\",\"id\":5,\"revision\":90,\"snapshot\":\"[{\"content\":\"one two and three\"}]\",\"awareness\":[]}");
    expect_log(&s, "patch 6 -0 +and  r90 reloaded\njoined r90 pending 1\n");
    expect_text(doc, "one 2 and three typed");
    expect_sent(&s, OP("6", "[{\"type\":\"retain\",\"count\":4},{\"type\":\"delete\",\"count\":3},{\"type\":\"insert\",\"text\":\"2\"},"
                       "{\"type\":\"retain\",\"count\":10},{\"type\":\"insert\",\"text\":\" typed\"}]", "90", ID_B));
    session_close(&s);
}

static void characters_of_several_bytes_are_not_cut_by_the_replacement(void **state)
{
    struct session s;
    struct ops_doc *doc;

    (void)state;
    session_open(&s);
    doc = session_join_text(&s, "a\xc3\xa4z\xf0\x9f\x98\x80\xc3\xb6");
    assert_int_equal(ops_doc_text_insert(doc, 6, str("!")), OPS_OK);
    session_reconnect(&s, "{\"type\":\"hello\",\"id\":3}");
    expect_sent(&s, SINCE("4", "5"));
    give(&s, ERROR("4", "RevisionCompacted"));
    expect_sent(&s, "{\"type\":\"join\",\"id\":5,\"documentId\":\"doc\",\"documentType\":\"text\",\"protocolVersion\":1}");
    give(&s, "{\"type\":\"join_ack\",\"id\":5,\"revision\":90,\"snapshot\":\"[{\"content\":\"a\xc3\xa5z\xf0\x9f\x99\x80\xc4\xb6\"}]\",\"awareness\":[]}");
    expect_text(doc, "a\xc3\xa5z\xf0\x9f\x99\x80\xc4\xb6!");
    session_close(&s);
}

static void what_stands_there_already_is_not_sent_again(void **state)
{
    struct session s;
    struct ops_doc *doc = session_cut_in_flight(&s);

    (void)state;
    give(&s, ERROR("5", "RevisionCompacted"));
    give_anew(&s, "0 abc! 1");
    expect_text(doc, "0 abc! 1");
    assert_int_equal(ops_doc_pending(doc), 0);
    expect_nothing_sent(&s);
    session_close(&s);
}

static void what_does_not_stand_there_is_sent_again(void **state)
{
    struct session s;
    struct ops_doc *doc = session_cut_in_flight(&s);

    (void)state;
    give(&s, ERROR("5", "RevisionCompacted"));
    give_anew(&s, "abc and more");
    expect_text(doc, "abc and more!");
    expect_sent(&s, OP("7", "[{\"type\":\"retain\",\"count\":12},{\"type\":\"insert\",\"text\":\"!\"}]", "90", ID_A));
    session_close(&s);
}

static void a_base_that_is_too_old_is_followed_by_a_join(void **state)
{
    struct session s;
    struct ops_doc *doc;

    (void)state;
    session_open(&s);
    doc = session_join_text(&s, "abc");
    assert_int_equal(ops_doc_text_insert(doc, 3, str("!")), OPS_OK);
    expect_sent(&s, OP("3", INSERT_3, "5", ID_A));
    give(&s, PUSH("[{\"type\":\"insert\",\"text\":\"1\"}]", "6"));
    give(&s, NACK("3", "RevisionCompacted: too old")); /* 6 is known now: that is new enough */
    session_wait(&s, 500);
    expect_sent(&s, OP("4", "[{\"type\":\"retain\",\"count\":4},{\"type\":\"insert\",\"text\":\"!\"}]", "6", ID_A));
    give(&s, NACK("4", "RevisionCompacted: too old"));
    expect_sent(&s, "{\"type\":\"join\",\"id\":5,\"documentId\":\"doc\",\"documentType\":\"text\",\"protocolVersion\":1}");
    give(&s, "{\"type\":\"join_ack\",\"id\":5,\"revision\":9,\"snapshot\":\"[{\"content\":\"!1abc\"}]\",\"awareness\":[]}");
    expect_text(doc, "!1abc!"); /* it was refused, so that is somebody else's */
    expect_sent(&s, OP("6", "[{\"type\":\"retain\",\"count\":5},{\"type\":\"insert\",\"text\":\"!\"}]", "9", ID_A));
    give(&s, NACK("6", "RevisionAhead: of what?"));
    expect_sent(&s, "{\"type\":\"join\",\"id\":7,\"documentId\":\"doc\",\"documentType\":\"text\",\"protocolVersion\":1}");
    session_close(&s);
}

static void an_op_that_is_too_large_for_the_server_is_taken_back_and_the_rest_goes_on(void **state)
{
    struct session s;
    struct ops_doc *doc;

    (void)state;
    session_open(&s);
    doc = session_join_text(&s, "abc");
    ops_client_disconnected(s.client, 1009); /* nothing is in flight: nothing is taken back */
    expect_text(doc, "abc");
    session_close(&s);

    session_open(&s);
    doc = session_join_text(&s, "abc");
    assert_int_equal(ops_doc_text_insert(doc, 3, str("!")), OPS_OK);
    expect_sent(&s, OP("3", INSERT_3, "5", ID_A));
    assert_int_equal(ops_doc_text_insert(doc, 0, str("next ")), OPS_OK);
    s.log[0] = '\0';
    ops_client_disconnected(s.client, 1009);
    expect_text(doc, "next abc");
    assert_non_null(strstr(s.log, "refused TooLarge"));
    assert_int_equal(ops_doc_pending(doc), 1);
    session_close(&s);
}

/* ---- joins --------------------------------------------------------------------------------------------------------------------- */

static void a_join_that_is_refused_for_good_is_told_and_tried_again_when_asked(void **state)
{
    struct session s;
    struct ops_doc *doc, *same;

    (void)state;
    session_open(&s);
    ops_client_connected(s.client);
    expect_sent(&s, "{\"type\":\"hello\",\"id\":1}");
    give(&s, HELLO_ACK);
    assert_true(ops_str_equal(ops_client_peer_id(s.client), str("self")));
    assert_true(ops_str_equal(ops_client_server(s.client), str("test")));
    assert_int_equal(ops_client_join(s.client, str("doc"), str("text"), &doc), OPS_OK);
    expect_sent(&s, "{\"type\":\"join\",\"id\":2,\"documentId\":\"doc\",\"documentType\":\"text\",\"protocolVersion\":1}");
    forget_log(&s);
    give(&s, ERROR("2", "Forbidden"));
    expect_log(&s, "refused Forbidden: so it is \nrefused r0 pending 0\n");
    expect_nothing_sent(&s);
    session_reconnect(&s, "{\"type\":\"hello\",\"id\":3}");
    expect_nothing_sent(&s);
    assert_int_equal(ops_client_join(s.client, str("doc"), str("text"), &same), OPS_OK);
    assert_ptr_equal(same, doc);
    expect_sent(&s, "{\"type\":\"join\",\"id\":4,\"documentId\":\"doc\",\"documentType\":\"text\",\"protocolVersion\":1}");
    session_close(&s);
}

static void a_join_that_is_refused_for_now_is_tried_again_by_itself(void **state)
{
    static const char *const codes[] = {"StorageUnavailable", "Draining", "OwnerUnavailable", "RateLimited", "SlowConsumer", "Internal"};
    struct session s;
    struct ops_doc *doc;
    char text[512];
    int i;

    (void)state;
    session_open(&s);
    ops_client_connected(s.client);
    expect_sent(&s, "{\"type\":\"hello\",\"id\":1}");
    assert_int_equal(ops_client_join(s.client, str("doc"), str("text"), &doc), OPS_OK);
    for (i = 0; i < 6; i++) {
        snprintf(text, sizeof text, "{\"type\":\"join\",\"id\":%d,\"documentId\":\"doc\",\"documentType\":\"text\",\"protocolVersion\":1}", i + 2);
        expect_sent(&s, text);
        snprintf(text, sizeof text, "{\"type\":\"error\",\"id\":%d,\"documentId\":\"doc\",\"code\":\"%s\",\"message\":\"so it is\"}", i + 2,
                 codes[i]);
        give(&s, text);
        assert_int_equal(ops_doc_status(doc), OPS_DOC_OFFLINE);
        assert_in_range(ops_client_deadline_ms(s.client), s.now_ms, s.now_ms + (500 << i));
        session_wait(&s, 500 << i);
    }
    session_close(&s);
}

static void another_protocol_version_ends_it_all(void **state)
{
    struct session s;

    (void)state;
    session_open(&s);
    session_join_text(&s, "abc");
    give(&s, "{\"type\":\"error\",\"code\":\"UnsupportedProtocol\",\"message\":\"Required proto=2\",\"min\":2,\"max\":2}");
    expect_log(&s, "refused connection UnsupportedProtocol: Required proto=2 \noffline r5 pending 0\n");
    assert_int_equal(ops_client_state(s.client), OPS_CLIENT_STOPPED);
    ops_client_disconnected(s.client, 1002);
    session_wait(&s, 1000000);
    ops_client_retry_now(s.client);
    ops_client_connected(s.client);
    assert_int_equal(ops_client_state(s.client), OPS_CLIENT_STOPPED);
    assert_int_equal(ops_client_retry_at_ms(s.client), INT64_MAX);
    expect_nothing_sent(&s);
    session_close(&s);
}

static void documents_are_found_in_order_and_left(void **state)
{
    struct session s;
    struct ops_doc *a, *b, *c;
    int mine;

    (void)state;
    session_open(&s);
    session_reopen(&s, s.config.documents_max = 2);
    a = session_join_text(&s, "abc");
    assert_int_equal(ops_client_join(s.client, str("b"), str("json"), &b), OPS_OK);
    assert_int_equal(ops_client_join(s.client, str("c"), str("text"), &c), OPS_ERR_RANGE); /* too many */
    assert_int_equal(ops_client_join(s.client, str("b"), str("text"), &c), OPS_ERR_RANGE);
    assert_int_equal(ops_client_join(s.client, str("d"), str("table"), &c), OPS_ERR_RANGE);
    ops_doc_user_set(b, &mine);
    assert_ptr_equal(ops_doc_user(ops_client_find(s.client, str("b"))), &mine);
    assert_ptr_equal(ops_client_next(s.client, NULL), a);
    assert_ptr_equal(ops_client_next(s.client, a), b);
    assert_null(ops_client_next(s.client, b));
    assert_true(ops_str_equal(ops_doc_id(b), str("b")) && ops_str_equal(ops_doc_type(b), str("json")));
    ops_client_leave(s.client, a);
    assert_null(ops_client_find(s.client, str("doc")));
    assert_ptr_equal(ops_client_next(s.client, NULL), b);
    assert_int_equal(ops_client_join(s.client, str("doc"), str("text"), &c), OPS_OK); /* again, before the leave went out */
    expect_sent(&s, "{\"type\":\"leave\",\"documentId\":\"doc\"}");
    ops_client_leave(s.client, b); /* nothing of it was sent */
    expect_sent(&s, "{\"type\":\"join\",\"id\":3,\"documentId\":\"doc\",\"documentType\":\"text\",\"protocolVersion\":1}");
    ops_client_leave(s.client, c);
    ops_client_disconnected(s.client, 0); /* the leave was not sent: the server knows */
    assert_null(ops_client_next(s.client, NULL));
    assert_int_equal(ops_client_join(s.client, str(""), str("text"), &c), OPS_ERR_RANGE);
    assert_int_equal(ops_client_join(s.client, str("\xff"), str("text"), &c), OPS_ERR_RANGE);
    session_close(&s);
}

static void a_document_that_is_left_takes_its_edits_and_peers_along(void **state)
{
    struct session s;
    struct ops_doc *doc, *other;

    (void)state;
    session_open(&s);
    doc = session_join_text(&s, "abc");
    give(&s, "{\"type\":\"awareness_update\",\"documentId\":\"doc\",\"peerId\":\"ann\",\"data\":1,\"lastUpdated\":\"2026-05-28T12:34:56.789Z\"}");
    assert_int_equal(ops_doc_text_insert(doc, 3, str("!")), OPS_OK);
    expect_sent(&s, OP("3", INSERT_3, "5", ID_A));
    assert_int_equal(ops_doc_undo(doc), OPS_OK);
    assert_int_equal(ops_client_join(s.client, str("other"), str("text"), &other), OPS_OK);
    assert_int_equal(ops_doc_text_insert(other, 0, str("?")), OPS_OK);
    forget_log(&s);
    ops_client_leave(s.client, other); /* the one behind, with an edit */
    ops_client_leave(s.client, doc);
    assert_int_equal(ops_doc_text_insert(doc, 0, str("x")), OPS_ERR_RANGE);
    assert_int_equal(ops_doc_undo(doc), OPS_ERR_RANGE);
    expect_sent(&s, "{\"type\":\"leave\",\"documentId\":\"doc\"}");
    give(&s, ACK("3", "6"));
    give(&s, PUSH("[{\"type\":\"insert\",\"text\":\"x\"}]", "7"));
    expect_log(&s, "");
    expect_nothing_sent(&s);
    session_close(&s);
}

static void a_client_without_an_author_draws_one_and_a_wrong_one_is_refused(void **state)
{
    struct session s;
    struct ops_client *client;
    struct ops_doc *doc;
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_buf out;

    (void)state;
    session_open(&s);
    s.config.author = ops_str_of(NULL, 0);
    session_reopen(&s, 0);
    assert_int_equal(ops_client_join(s.client, str("j"), str("json"), &doc), OPS_OK);
    assert_int_equal(ops_doc_json_set(doc, str("a"), str("1")), OPS_OK);
    ops_buf_init(&out, &arena);
    assert_int_equal(ops_doc_snapshot(doc, &out), OPS_OK);
    assert_non_null(memmem(out.ptr, out.len, "\"peerId\":\"" ID_A "\"", 33));
    s.config.author = str("\xff");
    client = ops_client_open(&s.config);
    assert_null(client);
    session_close(&s);
    ops_arena_reset(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_try_waits_longer_with_full_jitter_up_to_a_limit),
        cmocka_unit_test(the_number_behind_the_longest_wait_is_no_wait),
        cmocka_unit_test(after_1001_the_first_wait_is_0_to_5_s_then_it_grows_as_ever),
        cmocka_unit_test(who_has_joined_begins_with_short_waits_again),
        cmocka_unit_test(a_largest_back_off_of_forever_does_not_overflow),
        cmocka_unit_test(a_server_that_does_not_answer_is_given_up),
        cmocka_unit_test(what_was_missed_is_fetched_and_pending_edits_are_rebased_over_it),
        cmocka_unit_test(an_op_whose_ack_was_lost_is_found_by_its_id_and_not_sent_again),
        cmocka_unit_test(an_op_that_was_lost_is_sent_again_with_the_same_id),
        cmocka_unit_test(a_repeated_id_is_answered_before_the_pushes_that_lead_to_it),
        cmocka_unit_test(an_answered_revision_survives_a_long_cut),
        cmocka_unit_test(an_answered_revision_that_never_comes_is_waited_for_no_longer_than_a_reply),
        cmocka_unit_test(a_server_that_has_forgotten_sends_all_and_what_was_typed_is_kept),
        cmocka_unit_test(characters_of_several_bytes_are_not_cut_by_the_replacement),
        cmocka_unit_test(what_stands_there_already_is_not_sent_again),
        cmocka_unit_test(what_does_not_stand_there_is_sent_again),
        cmocka_unit_test(a_base_that_is_too_old_is_followed_by_a_join),
        cmocka_unit_test(an_op_that_is_too_large_for_the_server_is_taken_back_and_the_rest_goes_on),
        cmocka_unit_test(a_join_that_is_refused_for_good_is_told_and_tried_again_when_asked),
        cmocka_unit_test(a_join_that_is_refused_for_now_is_tried_again_by_itself),
        cmocka_unit_test(another_protocol_version_ends_it_all),
        cmocka_unit_test(a_document_that_is_left_takes_its_edits_and_peers_along),
        cmocka_unit_test(a_client_without_an_author_draws_one_and_a_wrong_one_is_refused),
        cmocka_unit_test(documents_are_found_in_order_and_left),
    };

    return cmocka_run_group_tests_name("client reconnect", tests, NULL, NULL);
}
