/* What can be read of a JSON text that could not be decoded: ops_json_salvage. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "gen/calls.h"
#include "gen/codec.h"
#include "gen/profile.h"
#include "gen/tables.h"
#include "tests/support/guard.h"
#include "tests/support/memory.h"

static struct ops_str str(const char *text)
{
    return ops_str_of(text, strlen(text));
}

/* `no`, or `kind [envelope] id doc`, of a text that ends at a closed page. */
static const char *salvage(const struct ops_json_style *style, const char *text, size_t memory_bytes)
{
    static char result[256];
    struct ops_json_wanted wanted[2] = {
        {&ops_client_message_type, offsetof(struct ops_client_message, correlation_id), {NULL, 0}},
        {&ops_document_request_type, offsetof(struct ops_document_request, document_id), {NULL, 0}}};
    struct ops_arena arena = test_arena(memory_bytes);
    struct guard g = guard_open(4096);
    size_t len = strlen(text), i, at;
    struct ops_json_salvaged salvaged;
    bool found = ops_json_salvage(&ops_client_message_type, style, ops_str_of(guard_copy(&g, text, len, 1), len),
                                  &arena, wanted, 2, &salvaged);

    at = (size_t)snprintf(result, sizeof result, found ? "%d%s" : "no", salvaged.kind,
                          salvaged.enveloped ? " envelope" : "");
    for (i = 0; i < 2; i++) {
        if (wanted[i].value.ptr != NULL)
            at += (size_t)snprintf(result + at, sizeof result - at, " %.*s", (int)wanted[i].value.len,
                                   wanted[i].value.ptr);
        else if (found)
            at += (size_t)snprintf(result + at, sizeof result - at, " -");
    }
    guard_close(&g);
    ops_arena_reset(&arena);
    return result;
}

static void members_count_as_in_a_usable_message(void **state)
{
    static const char *const texts[][2] = {
        {"{}", "0 - -"},
        {" { } ", "0 - -"},
        {"{\"documentId\":\"d\"}", "0 - d"},
        {"{\"documentId\":\"d\\u0065\",\"id\":1}", "0 1 de"},
        {"{\"document\\u0049d\":\"d\"}", "0 - d"},
        {"{\"DOCUMENTID\":\"d\",\"ID\":\"x\"}", "0 \"x\" d"},
        {"{\"documentId\":\"d\",\"DocumentId\":\"e\"}", "0 - d"},
        {"{\"DocumentId\":\"e\",\"documentId\":\"d\"}", "0 - d"},
        {"{\"DocumentId\":\"e\",\"documentID\":\"f\"}", "0 - f"},
        {"{\"documentId\":\"a\",\"documentId\":\"b\"}", "0 - b"},
        {"{\"documentId\":\"a\",\"documentId\":null}", "0 - -"},
        {"{\"documentId\":5}", "0 - -"},
        {"{\"documentId\":[\"d\"]}", "0 - -"},
        {"{\"id\":true}", "0 - -"},
        {"{\"id\":9007199254740992}", "0 - -"},
        {"{\"id\":null}", "0 - -"},
        {"{\"x\":{\"documentId\":\"inner\"}}", "0 - -"},
        {"{\"type\":\"op\",\"documentId\":\"d\"}", "3 - d"},
        {"{\"documentId\":\"d\",\"$type\":\"op\"}", "3 - d"},
        {"{\"type\":\"join\",\"$type\":\"op\"}", "2 - -"},
        {"{\"type\":\"Op\"}", "0 - -"},
        {"{\"type\":3}", "0 - -"},
        {"", "no"},
        {"[]", "no"},
        {"\"documentId\"", "no"},
        {"null", "no"},
        {"{\"documentId\":\"d\"", "no"},
        {"{\"documentId\":\"d\",}", "no"},
        {"{\"documentId\":\"d\"} x", "no"},
        {"{\"documentId\":\"\\ud800\"}", "no"},
        {"\xef\xbb\xbf{\"documentId\":\"d\"}", "no"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *got = salvage(ops_profiles[0]->socket_style, texts[i][0], TEST_ARENA_BYTES);

        if (strcmp(got, texts[i][1]) != 0)
            fail_msg("%s: %s, not %s", texts[i][0], got, texts[i][1]);
    }
}

static void the_envelope_is_known_by_its_number(void **state)
{
    static const char *const texts[][2] = {
        {"{\"messageType\":0}", "0 envelope - -"},
        {"{\"messageType\":-3e5,\"correlationId\":\"c\"}", "0 envelope c -"},
        {"{\"messageType\":\"0\"}", "0 - -"},
        {"{\"MessageType\":0,\"CorrelationId\":\"c\"}", "0 - -"},
        {"{\"messageType\":\"0\",\"messageType\":0}", "0 envelope - -"},
        {"{\"messageType\":0,\"messageType\":{}}", "0 - -"},
        {"{\"messageType\":0", "no"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_string_equal(salvage(ops_profiles[1]->socket_style, texts[i][0], TEST_ARENA_BYTES), texts[i][1]);
        assert_null(strstr(salvage(ops_profiles[0]->socket_style, texts[i][0], TEST_ARENA_BYTES), "envelope"));
    }
}

/* A text nested too deeply is no message, so nothing in it counts (`v1.ws.message.depth`). */
static void depth_is_that_of_the_style(void **state)
{
    char text[300];
    unsigned deep;

    (void)state;
    for (deep = 62; deep <= 66; deep++) {
        size_t at = (size_t)snprintf(text, sizeof text, "{\"documentId\":\"d\",\"x\":");
        unsigned i;

        for (i = 0; i < deep; i++)
            text[at++] = '[';
        for (i = 0; i < deep; i++)
            text[at++] = ']';
        text[at++] = '}';
        text[at] = '\0';
        assert_string_equal(salvage(ops_profiles[0]->socket_style, text, TEST_ARENA_BYTES),
                            deep <= 63 ? "0 - d" : "no");
    }
}

/* Too little memory: less is found, never something else. */
static void less_memory_finds_less(void **state)
{
    static const char text[] = "{\"type\":\"op\",\"documentId\":\"d\\u0065\",\"id\":\"\\u0041\"}";
    size_t limit;

    (void)state;
    for (limit = 0; limit <= 1024; limit += 8) {
        const char *got = salvage(ops_profiles[0]->socket_style, text, limit);

        if (strcmp(got, "no") != 0 && strcmp(got, "3 \"\\u0041\" -") != 0 && strcmp(got, "3 - -") != 0 &&
            strcmp(got, "3 - de") != 0 && strcmp(got, "3 \"\\u0041\" de") != 0)
            fail_msg("%zu bytes: %s", limit, got);
    }
    assert_string_equal(salvage(ops_profiles[0]->socket_style, text, 1024), "3 \"\\u0041\" de");
}

static void a_hub_call_has_its_members_by_place(void **state)
{
    static const char *const lists[][2] = {
        {"[\"d\",5]", "d"},  {"[\"d\"]", "d"}, {" [ \"d\" , {} , [] , 1 , 2 , 3 , 4 ] ", "d"},
        {"[5,\"d\"]", NULL}, {"[null]", NULL}, {"[]", NULL},
        {"{}", "no"},        {"[\"d\"", "no"}, {"[\"d\",]", "no"}};
    const struct ops_call *call = NULL;
    size_t i, p;

    (void)state;
    for (i = 0; i < ops_collaboration_hub_calls_count; i++) {
        if (ops_str_equal(ops_collaboration_hub_calls[i]->target, str("SendOp")))
            call = ops_collaboration_hub_calls[i];
    }
    assert_non_null(call);
    for (p = 0; p < 2; p++) {
        for (i = 0; i < sizeof lists / sizeof *lists; i++) {
            struct ops_json_wanted wanted = {NULL, offsetof(struct ops_op_request, document_id), {NULL, 0}};
            struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
            bool found;

            wanted.type = call->message;
            found = ops_json_salvage_arguments(call, ops_profiles[p]->hub_style, str(lists[i][0]), &arena, &wanted, 1);
            assert_int_equal(found, lists[i][1] == NULL || strcmp(lists[i][1], "no") != 0);
            if (found && lists[i][1] != NULL)
                assert_true(ops_str_equal(wanted.value, str(lists[i][1])));
            else
                assert_null(wanted.value.ptr);
            ops_arena_reset(&arena);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_count_as_in_a_usable_message), cmocka_unit_test(the_envelope_is_known_by_its_number),
        cmocka_unit_test(depth_is_that_of_the_style),           cmocka_unit_test(less_memory_finds_less),
        cmocka_unit_test(a_hub_call_has_its_members_by_place),
    };

    return cmocka_run_group_tests_name("salvage", tests, NULL, NULL);
}
