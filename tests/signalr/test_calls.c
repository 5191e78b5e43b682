/* Calls: which can be made, what the others are answered. Recorded texts of the released server, and spec/v1.md §4.2. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "talk.h"
#include "tests/codec/hex.h"

struct called {
    const char *call, *expect;
};

/* ---- the released server ------------------------------------------------------------------------------------------------------------- */

#define CALL(target, arguments) "{\"type\":1,\"invocationId\":\"0\",\"target\":\"" target "\",\"arguments\":" arguments "}"
#define FAILED(text) "refused {\"type\":3,\"invocationId\":\"0\",\"error\":\"" text "\"}~"
#define CANNOT(method) FAILED("Failed to invoke '" method "' due to an error on the server.")
#define UNKNOWN(method) FAILED("Failed to invoke '" method "' due to an error on the server. HubException: Method does not exist.")

static const struct called recorded[] = {
    {CALL("JoinDocument", "[\"d\",\"text\",1]"), "call 2 d"},
    {"{\"arguments\":[\"d\",\"text\",1],\"target\":\"JoinDocument\",\"invocationId\":\"0\",\"type\":1}", "call 2 d"},
    {"{\"x\":{},\"target\":\"JoinDocument\",\"arguments\":[\"d\",\"text\",1],\"invocationId\":\"0\",\"headers\":{\"a\":\"b\"},"
     "\"streamIds\":[],\"type\":1}",
     "call 2 d"},
    {" { \"type\" : 1 , \"invocationId\":\"0\", \"target\":\"SENDOP\", \"arguments\":[ \"d\" , \"e30=\" , 1 ] } ", "call 3 d"},
    {CALL("UpdateAwareness", "[\"d\",{\"a\":1}]"), "call 4 d"},
    {CALL("joindocument", "[\"d\"]"), CANNOT("JoinDocument")},
    {CALL("SENDOP", "[\"d\",\"!\",1]"), CANNOT("SendOp")},
    {"{\"type\":4,\"invocationId\":\"0\",\"target\":\"joindocument\",\"arguments\":[\"d\",\"text\",1]}",
     FAILED("The client attempted to invoke the non-streaming 'JoinDocument' method with a streaming invocation.")},
    {"{\"type\":4,\"invocationId\":\"0\",\"target\":\"Nope\",\"arguments\":[]}", UNKNOWN("Nope")},
    {CALL("Nope<\xc3\xa9>", "[1]"), UNKNOWN("Nope<\xc3\xa9>")},
    {CALL("", "[]"), UNKNOWN("")},
    {CALL("JoinDocumentAsync", "[\"d\",\"text\",1]"), UNKNOWN("JoinDocumentAsync")},
    {CALL("OnDisconnectedAsync", "[null]"), UNKNOWN("OnDisconnectedAsync")},
    {CALL("MgmtListDocuments", "[]"), UNKNOWN("MgmtListDocuments")},
    {CALL("LeaveDocument", "[\"d\"]"), UNKNOWN("LeaveDocument")}, /* that server has none */
    {CALL("Undo", "[\"d\"]"), UNKNOWN("Undo")},
    {CALL("JoinDocument", "[\"d\",\"text\"]"), CANNOT("JoinDocument")},
    {CALL("JoinDocument", "[]"), CANNOT("JoinDocument")},
    {CALL("JoinDocument", "[\"d\",\"text\",1,2]"), CANNOT("JoinDocument")},
    {CALL("JoinDocument", "[\"d\",\"text\",\"1\"]"), CANNOT("JoinDocument")},
    {CALL("JoinDocument", "[\"d\",\"text\",1.5]"), CANNOT("JoinDocument")},
    {CALL("JoinDocument", "[\"d\",\"text\",1.0]"), CANNOT("JoinDocument")},
    {CALL("JoinDocument", "[\"d\",\"text\",null]"), CANNOT("JoinDocument")},
    {CALL("JoinDocument", "[5,\"text\",1]"), CANNOT("JoinDocument")},
    {CALL("JoinDocument", "[{},\"text\",1]"), CANNOT("JoinDocument")},
    {CALL("JoinDocument", "[\"d\",\"text\",2147483648]"), CANNOT("JoinDocument")},
    {CALL("SendOp", "[\"d\",\"e30\",1]"), CANNOT("SendOp")},
    {CALL("SendOp", "[\"d\",{\"0\":1},1]"), CANNOT("SendOp")},
    {CALL("SendOp", "[\"d\",5,1]"), CANNOT("SendOp")},
    {CALL("SendOp", "[\"d\",\"e30=\",\"1\"]"), CANNOT("SendOp")},
    {CALL("SendOp", "[\"d\",null,1]"), "call 3 d"}, /* the core refuses it */
    {CALL("UpdateAwareness", "[\"d\"]"), CANNOT("UpdateAwareness")},
    {"{\"type\":1,\"invocationId\":\"0\",\"target\":\"JoinDocument\",\"arguments\":[\"d\",\"text\",1],\"streamIds\":[\"1\"]}",
     FAILED("An unexpected error occurred invoking 'JoinDocument' on the server. HubException: Client sent 1 stream(s), Hub method expects 0.")},
    /* an answer that nobody wants */
    {"{\"type\":1,\"target\":\"Nope\",\"arguments\":[]}", "refused "},
    {"{\"type\":1,\"target\":\"JoinDocument\",\"arguments\":[\"d\",\"text\",1,2]}", "refused "},
    {"{\"type\":1,\"invocationId\":\"\",\"target\":\"JoinDocument\",\"arguments\":[\"d\",\"text\",1]}", "call 2 d"},
    /* an id is told back as it came, in this server's escapes */
    {"{\"type\":1,\"invocationId\":\"a<b>&'+`\\\"\\\\/\xc3\xa9\xe2\x80\xa8\x7f\\t\",\"target\":\"N\",\"arguments\":[]}",
     "refused {\"type\":3,\"invocationId\":\"a<b>&'+`\\\"\\\\/\xc3\xa9\\u2028\\u007F\\t\",\"error\":\"Failed to invoke 'N' due to an error on "
     "the server. HubException: Method does not exist.\"}~"},
};

static void calls_are_judged_as_the_released_server_does(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof recorded / sizeof *recorded; i++)
        talk_says_text(REFERENCE, recorded[i].call, recorded[i].expect);
}

/* ---- v1 ------------------------------------------------------------------------------------------------------------------------------- */

#define INVALID(sentence) FAILED("InvalidMessage: " sentence)
#define NOT_APPLIED(sentence)                                                                                                               \
    "refused {\"type\":3,\"invocationId\":\"0\",\"result\":{\"success\":false,\"newRevision\":0,\"errorMessage\":\"InvalidMessage: " sentence \
    "\"}}~"

static const struct called published[] = {
    {CALL("joindocument", "[\"d\",\"text\",1]"), "call 2 d"},
    {CALL("JoinDocument", "[\"d\",\"text\",1,null]"), "call 2 d"},
    {CALL("JoinDocument", "[\"d\",\"text\",1,null,\"more\",{}]"), "call 2 d"},
    {CALL("JoinDocument", "[\"d\",\"text\",1,7]"), "call 2 extends d"},
    {CALL("SendOp", "[\"d\",\"e30=\",1,\"op\"]"), "call 3 extends d"},
    {CALL("LeaveDocument", "[\"d\"]"), "call 11 extends d"},
    {CALL("undo", "[\"d\"]"), "call 12 extends d"},
    {CALL("Redo", "[\"d\",1]"), "call 13 extends d"},
    {CALL("JoinDocument", "[\"d\",\"text\"]"), INVALID("$: a required member is missing: protocolVersion at byte 0")},
    {CALL("JoinDocument", "[\"d\",\"text\",\"1\"]"), INVALID("$[2]: expected an integer of -2147483648 to 2147483647 at byte 12")},
    {CALL("JoinDocument", "[\"d\",null,1]"), INVALID("$[1]: null where a value is needed at byte 5")},
    {CALL("JoinDocument", "[\"d\",\"text\",1,\"1\"]"), INVALID("$[3]: expected an integer of 0 to 9223372036854775807 at byte 14")},
    {CALL("UpdateAwareness", "[\"d\"]"), INVALID("$: a required member is missing: data at byte 0")},
    {CALL("UpdateAwareness", "[\"d\",null]"), "call 4 d"},
    {CALL("Nonsense", "[]"), INVALID("unknown method 'Nonsense'")},
    {CALL("Hello", "[]"), INVALID("unknown method 'Hello'")},
    {CALL("", "[]"), INVALID("unknown method ''")},
    {CALL("GetStateAt", "[\"d\",1]"), INVALID("unknown method 'GetStateAt'")},
    {CALL("ListOpenComments", "[\"d\"]"), INVALID("unknown method 'ListOpenComments'")},
    {"{\"type\":4,\"invocationId\":\"0\",\"target\":\"SendOp\",\"arguments\":[\"d\",\"e30=\",1]}", INVALID("'SendOp' does not stream")},
    {"{\"type\":1,\"invocationId\":\"0\",\"target\":\"Undo\",\"arguments\":[\"d\"],\"streamIds\":[\"1\",\"2\"]}",
     INVALID("'Undo' takes no streams")},
    /* ops that can be told by whose document they are */
    {CALL("SendOp", "[\"d\"]"), NOT_APPLIED("$: a required member is missing: payload at byte 0")},
    {CALL("SendOp", "[\"d\",\"e30=\",1.0]"), NOT_APPLIED("$[2]: expected an integer of 0 to 9223372036854775807 at byte 12")},
    {CALL("SendOp", "[\"d\",1,1]"), NOT_APPLIED("$[1]: expected a string at byte 5")},
    {CALL("SendOp", "[]"), INVALID("$: a required member is missing: documentId at byte 0")},
    {CALL("SendOp", "[null,\"e30=\",1]"), INVALID("$[0]: null where a value is needed at byte 1")},
    {CALL("SendOp", "[7,\"e30=\",1]"), INVALID("$[0]: expected a string at byte 1")},
    {"{\"type\":1,\"target\":\"SendOp\",\"arguments\":[\"d\"]}", "refused "},
};

static void calls_are_judged_as_published(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof published / sizeof *published; i++)
        talk_says_text(V1, published[i].call, published[i].expect);
}

static void a_connection_extends_once(void **state)
{
    struct talk t;

    (void)state;
    talk_begin(&t, V1, true, NULL);
    talk_text(&t, HELLO_JSON CALL("GetStateAt", "[\"d\",1]") SEPARATOR CALL("JoinDocument", "[\"d\",\"text\",1,\"x\"]") SEPARATOR);
    assert_false(t.session.extended); /* neither could be read */
    t.out.len = 0;
    talk_text(&t, CALL("JoinDocument", "[\"d\",\"text\",1,3]") SEPARATOR CALL("Undo", "[\"d\"]") SEPARATOR);
    talk_expect(&t, "call 2 extends d|call 12 d");
    talk_end(&t);
}

/* ---- MessagePack ------------------------------------------------------------------------------------------------------------------------ */

static const struct called packed[] = {
    {"18 95 01 80 a130 ac4a6f696e446f63756d656e74 93 a164 a174 01", "call 2 d"},
    {"17 95 01 80 c0 ac4a6f696e446f63756d656e74 93 a164 a174 01", "call 2 d"},
    {"14 95 01 80 a130 a653656e644f70 93 a164 c4027b7d 01", "call 3 d"},
    {"15 95 01 80 a130 a653656e644f70 94 a164 c4017b 01 a161", "call 3 extends d"},
    /* a payload is bytes, not text; one that is text is told of by its document */
    {"14 95 01 80 a130 a653656e644f70 93 a164 a36d6e6f 01", "refused"},
    {"0f 95 01 80 a130 a653656e644f70 91 a164", "refused"},
    {"0e 95 01 80 a130 a653656e644f70 c0 c0", "close"},
    {"0a 95 01 80 a130 a3416464 80", "close"},
};

static void packed_calls_are_judged_likewise(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof packed / sizeof *packed; i++) {
        struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
        struct ops_str bytes = hex_read(&arena, packed[i].call);
        struct talk t;

        talk_begin(&t, V1, true, NULL);
        talk_text(&t, HELLO_MSGPACK);
        t.out.len = 0;
        talk_feed(&t, bytes);
        stream_add(&t.out, "", 1);
        if (strncmp(t.out.ptr, packed[i].expect, strlen(packed[i].expect)) != 0)
            fail_msg("%s: %s", packed[i].call, t.out.ptr);
        talk_end(&t);
        ops_arena_reset(&arena);
    }
}

/* ---- which call an answer is for ------------------------------------------------------------------------------------------------------------ */

static void the_core_can_carry_any_id(void **state)
{
    static const char *const ids[] = {"0", "a|b\\u0000c", "\xf0\x9f\x98\x80",
                                      "an id of more than the sixty-four units that a WebSocket's message may have for one, and then some"};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof ids / sizeof *ids; i++) {
        char text[512], expect[512];
        struct talk t;

        snprintf(text, sizeof text, HELLO_JSON "{\"type\":1,\"invocationId\":\"%s\",\"target\":\"No\",\"arguments\":[]}" SEPARATOR, ids[i]);
        snprintf(expect, sizeof expect,
                 "hello {}~|refused {\"type\":3,\"invocationId\":\"%s\",\"error\":\"InvalidMessage: unknown method 'No'\"}~", ids[i]);
        talk_begin(&t, V1, true, NULL);
        talk_text(&t, text);
        talk_expect(&t, expect);
        talk_end(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_are_judged_as_the_released_server_does),
        cmocka_unit_test(calls_are_judged_as_published),
        cmocka_unit_test(a_connection_extends_once),
        cmocka_unit_test(packed_calls_are_judged_likewise),
        cmocka_unit_test(the_core_can_carry_any_id),
    };

    return cmocka_run_group_tests_name("signalr calls", tests, NULL, NULL);
}
