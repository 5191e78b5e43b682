/* Local writes of a json document, their stamps, and pushes that meet them. */
#include "session.h"

#define SET(path, value, stamp, author)                                                                                \
    "{\"type\":\"set\",\"path\":\"" path "\",\"value\":" value ",\"timestamp\":" stamp ",\"peerId\":\"" author "\"}"
#define DEL(path, stamp, author) "{\"type\":\"del\",\"path\":\"" path "\",\"timestamp\":" stamp ",\"peerId\":\"" author "\"}"
#define JSON_OP(id, operations, base, op_id)                                                                           \
    "{\"type\":\"op\",\"id\":" id ",\"documentId\":\"doc\",\"payload\":\"[{\"operations\":[" operations "]}]\",\"baseRevision\":" base   \
    ",\"opId\":\"" op_id "\"}"
#define JSON_PUSH(operations, revision)                                                                                \
    "{\"type\":\"op\",\"documentId\":\"doc\",\"payload\":\"[{\"operations\":[" operations "]}]\",\"revision\":" revision "}"
#define REGISTER(path, value, stamp, author)                                                                           \
    "\"" path "\":{\"path\":\"" path "\",\"value\":" value ",\"timestamp\":" stamp ",\"peerId\":\"" author "\"}"
#define expect_register(doc, path, wanted)                                                                             \
    do {                                                                                                               \
        struct ops_str got_ = ops_doc_json_get(doc, str(path)), wanted_ = str(wanted);                                 \
        if (got_.len != wanted_.len || (wanted_.len > 0 && memcmp(got_.ptr, wanted_.ptr, wanted_.len) != 0))           \
            fail_msg("%s is %.*s", path, (int)got_.len, got_.ptr != NULL ? got_.ptr : "");                             \
    } while (0)

static struct ops_doc *session_join_json(struct session *s, const char *registers)
{
    char snapshot[2048];

    snprintf(snapshot, sizeof snapshot, "{\"registers\":{%s}}", registers);
    return session_join(s, "json", snapshot);
}

static void a_stamp_is_the_clock_or_one_above_the_highest_seen(void **state)
{
    struct session s;
    struct ops_doc *doc;

    (void)state;
    session_open(&s); /* UTC 5000 */
    doc = session_join_json(&s, "");
    assert_int_equal(ops_doc_json_set(doc, str("a"), str("1")), OPS_OK);
    expect_sent(&s, JSON_OP("3", SET("a", "1", "5000", "me"), "5", ID_A));
    assert_int_equal(ops_doc_json_set(doc, str("b"), str("2")), OPS_OK); /* the clock stands still */
    assert_int_equal(ops_doc_json_set(doc, str("c"), str("3")), OPS_OK);
    give(&s, ACK("3", "6"));
    expect_sent(&s, JSON_OP("4", SET("b", "2", "5001", "me") "," SET("c", "3", "5002", "me"), "6", ID_B));
    give(&s, JSON_PUSH(SET("d", "4", "9000", "far ahead"), "7"));
    give(&s, ACK("4", "8"));
    assert_int_equal(ops_doc_json_del(doc, str("d")), OPS_OK);
    expect_sent(&s, JSON_OP("5", DEL("d", "9001", "me"), "8", ID_C));
    give(&s, ACK("5", "9"));
    session_wait(&s, 100000);
    assert_int_equal(ops_doc_json_set(doc, str("a"), str(" 5 ")), OPS_OK);
    expect_sent(&s, JSON_OP("6", SET("a", "5", "105000", "me"), "9", ID_D));
    session_close(&s);
}

static void stamps_of_a_loaded_document_count_as_seen_and_the_highest_of_all_does_not_wrap(void **state)
{
    struct session s;
    struct ops_doc *doc;

    (void)state;
    session_open(&s);
    doc = session_join_json(&s, REGISTER("a", "1", "7000", "z"));
    assert_int_equal(ops_doc_json_set(doc, str("b"), str("2")), OPS_OK);
    expect_sent(&s, JSON_OP("3", SET("b", "2", "7001", "me"), "5", ID_A));
    give(&s, JSON_PUSH(SET("c", "4", "9223372036854775807", "end of time"), "6"));
    give(&s, ACK("3", "7"));
    assert_int_equal(ops_doc_json_set(doc, str("d"), str("2")), OPS_OK);
    expect_sent(&s, JSON_OP("4", SET("d", "2", "9223372036854775807", "me"), "7", ID_B));
    session_close(&s);
}

static void of_equal_stamps_the_later_author_wins_in_every_order_of_arrival(void **state)
{
    static const char *const authors[] = {"aa", "zz"};
    static const char *const kept[] = {"\"mine\"", "\"theirs\""};
    int i;

    (void)state;
    for (i = 0; i < 2; i++) {
        struct session s;
        struct ops_doc *doc;
        char push[512];

        session_open(&s);
        doc = session_join_json(&s, "");
        assert_int_equal(ops_doc_json_set(doc, str("a"), str("\"mine\"")), OPS_OK);
        expect_sent(&s, JSON_OP("3", SET("a", "\"mine\"", "5000", "me"), "5", ID_A));
        snprintf(push, sizeof push, JSON_PUSH(SET("a", "\"theirs\"", "5000", "%s"), "6"), authors[i]);
        forget_log(&s);
        give(&s, push);
        expect_register(doc, "a", kept[i]);
        give(&s, ACK("3", "7"));
        expect_register(doc, "a", kept[i]);
        session_close(&s);
    }
}

static void a_pending_write_wins_over_an_older_remote_one_and_loses_to_a_newer(void **state)
{
    struct session s;
    struct ops_doc *doc;

    (void)state;
    session_open(&s);
    doc = session_join_json(&s, REGISTER("a", "0", "1", "z"));
    assert_int_equal(ops_doc_json_set(doc, str("a"), str("1")), OPS_OK);
    forget_log(&s);
    give(&s, JSON_PUSH(SET("a", "2", "4999", "z"), "6"));
    expect_register(doc, "a", "1");
    give(&s, JSON_PUSH(SET("a", "3", "5001", "z"), "7"));
    expect_register(doc, "a", "3");
    expect_log(&s, "changed a=1 server\njoined r6 pending 1\nchanged a=3 server\njoined r7 pending 1\n");
    expect_sent(&s, JSON_OP("3", SET("a", "1", "5000", "me"), "7", ID_A)); /* not rebased: it loses there as well */
    give(&s, ACK("3", "8"));
    expect_register(doc, "a", "3");
    assert_int_equal(ops_doc_pending(doc), 0);
    session_close(&s);
}

static void writes_that_wait_travel_as_one_op_and_the_last_of_a_path_is_sent(void **state)
{
    struct session s;
    struct ops_doc *doc;

    (void)state;
    session_open(&s);
    doc = session_join_json(&s, "");
    assert_int_equal(ops_doc_json_set(doc, str("a"), str("1")), OPS_OK);
    assert_int_equal(ops_doc_json_set(doc, str("b"), str("2")), OPS_OK);
    assert_int_equal(ops_doc_json_set(doc, str("a"), str("3")), OPS_OK);
    assert_int_equal(ops_doc_pending(doc), 1);
    assert_int_equal(ops_doc_json_set(doc, str("a.x"), str("4")), OPS_OK); /* below a: an op of its own */
    assert_int_equal(ops_doc_pending(doc), 2);
    expect_sent(&s, JSON_OP("3", SET("b", "2", "5001", "me") "," SET("a", "3", "5002", "me"), "5", ID_A));
    give(&s, ACK("3", "6"));
    expect_sent(&s, JSON_OP("4", SET("a.x", "4", "5003", "me"), "6", ID_B));
    session_close(&s);
}

static void a_write_that_is_refused_is_taken_back_and_told(void **state)
{
    struct session s;
    struct ops_doc *doc;

    (void)state;
    session_open(&s);
    doc = session_join_json(&s, REGISTER("a", "0", "1", "z"));
    assert_int_equal(ops_doc_json_set(doc, str("a"), str("1")), OPS_OK);
    expect_sent(&s, JSON_OP("3", SET("a", "1", "5000", "me"), "5", ID_A));
    assert_int_equal(ops_doc_json_set(doc, str("b"), str("2")), OPS_OK);
    forget_log(&s);
    give(&s, NACK("3", "InvalidOp: not here"));
    expect_log(&s, "changed a=0 taken back\nrefused InvalidOp: not here {\"operations\":[" SET("a", "1", "5000", "me")
               "]}\njoined r5 pending 1\n");
    expect_register(doc, "a", "0");
    expect_register(doc, "b", "2");
    expect_sent(&s, JSON_OP("4", SET("b", "2", "5001", "me"), "5", ID_B));
    session_close(&s);
}

static void an_edit_that_cannot_be_is_refused_and_changes_nothing(void **state)
{
    struct session s;
    struct ops_doc *doc;
    char deep[256];

    (void)state;
    session_open(&s);
    doc = session_join_json(&s, "");
    memset(deep, '[', 100);
    memset(deep + 100, ']', 100);
    deep[200] = '\0';
    assert_int_equal(ops_doc_json_set(doc, str("a"), str("")), OPS_ERR_SYNTAX);
    assert_int_equal(ops_doc_json_set(doc, str("a"), str("1 2")), OPS_ERR_SYNTAX);
    assert_int_equal(ops_doc_json_set(doc, str("a"), str("{\"a\"}")), OPS_ERR_SYNTAX);
    assert_int_equal(ops_doc_json_set(doc, str("a"), str(deep)), OPS_ERR_SYNTAX);
    assert_int_equal(ops_doc_json_set(doc, str("a"), ops_str_of(NULL, 0)), OPS_ERR_SYNTAX);
    assert_int_equal(ops_doc_json_set(doc, str("\xff"), str("1")), OPS_ERR_SYNTAX);
    assert_int_equal(ops_doc_json_set(doc, ops_str_of(NULL, 0), str("1")), OPS_ERR_RANGE);
    assert_int_equal(ops_doc_text_insert(doc, 0, str("x")), OPS_ERR_RANGE);
    assert_int_equal(ops_doc_text_length(doc), 0);
    expect_log(&s, "");
    expect_nothing_sent(&s);
    session_close(&s);
}

static void list_register(void *self, struct ops_str path, struct ops_str value)
{
    session_log((struct session *)self, "%.*s=%.*s ", (int)path.len, path.ptr, (int)value.len, value.ptr);
}

static void live_registers_are_listed_in_order_and_values_keep_their_bytes(void **state)
{
    struct session s;
    struct ops_doc *doc;

    (void)state;
    session_open(&s);
    doc = session_join_json(&s, REGISTER("b", "{ \"x\" : 1.0 }", "1", "z") "," REGISTER("c", "0", "1", "z"));
    assert_int_equal(ops_doc_json_set(doc, str("a"), str("[1,  2]")), OPS_OK);
    assert_int_equal(ops_doc_json_del(doc, str("c")), OPS_OK);
    forget_log(&s);
    assert_int_equal(ops_doc_json_each(doc, list_register, &s), OPS_OK);
    expect_log(&s, "a=[1,  2] b={ \"x\" : 1.0 } ");
    expect_register(doc, "c", "");
    session_close(&s);
}

static void a_document_that_was_loaded_anew_keeps_what_was_written(void **state)
{
    struct session s;
    struct ops_doc *doc;

    (void)state;
    session_open(&s);
    doc = session_join_json(&s, REGISTER("a", "0", "1", "z"));
    assert_int_equal(ops_doc_json_set(doc, str("a"), str("1")), OPS_OK);
    expect_sent(&s, JSON_OP("3", SET("a", "1", "5000", "me"), "5", ID_A));
    session_reconnect(&s, "{\"type\":\"hello\",\"id\":4}");
    expect_sent(&s, "{\"type\":\"join\",\"id\":5,\"documentId\":\"doc\",\"documentType\":\"json\",\"protocolVersion\":1,\"sinceRevision\":5}");
    give(&s, "{\"type\":\"error\",\"id\":5,\"documentId\":\"doc\",\"code\":\"RevisionCompacted\",\"message\":\"gone\"}");
    expect_sent(&s, "{\"type\":\"join\",\"id\":6,\"documentId\":\"doc\",\"documentType\":\"json\",\"protocolVersion\":1}");
    forget_log(&s);
    give(&s, "{\"type\":\"join_ack\",\"id\":6,\"revision\":90,\"snapshot\":\"[{\"registers\":{" REGISTER("b", "7", "8000", "z")
             "}}]\",\"awareness\":[]}");
    expect_log(&s, "changed *=- reloaded\njoined r90 pending 1\n");
    expect_register(doc, "a", "1");
    expect_register(doc, "b", "7");
    expect_sent(&s, JSON_OP("7", SET("a", "1", "5000", "me"), "90", ID_A));
    give(&s, ACK("7", "91"));
    assert_int_equal(ops_doc_json_set(doc, str("c"), str("1")), OPS_OK);
    expect_sent(&s, JSON_OP("8", SET("c", "1", "8001", "me"), "91", ID_C));
    session_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stamp_is_the_clock_or_one_above_the_highest_seen),
        cmocka_unit_test(stamps_of_a_loaded_document_count_as_seen_and_the_highest_of_all_does_not_wrap),
        cmocka_unit_test(of_equal_stamps_the_later_author_wins_in_every_order_of_arrival),
        cmocka_unit_test(a_pending_write_wins_over_an_older_remote_one_and_loses_to_a_newer),
        cmocka_unit_test(writes_that_wait_travel_as_one_op_and_the_last_of_a_path_is_sent),
        cmocka_unit_test(a_write_that_is_refused_is_taken_back_and_told),
        cmocka_unit_test(an_edit_that_cannot_be_is_refused_and_changes_nothing),
        cmocka_unit_test(live_registers_are_listed_in_order_and_values_keep_their_bytes),
        cmocka_unit_test(a_document_that_was_loaded_anew_keeps_what_was_written),
    };

    return cmocka_run_group_tests_name("client json", tests, NULL, NULL);
}
