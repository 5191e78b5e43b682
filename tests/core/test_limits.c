/* Every limit that the core keeps, at N and at N + 1 (spec/v1.md §3.5), and its budgets of memory. */
#include "fixture.h"

#include <stdlib.h>

#include "tests/support/memory.h"

/* `count` times `unit`, in the arena. */
static struct ops_str times(struct ops_arena *arena, const char *unit, size_t count)
{
    size_t len = strlen(unit), i;
    char *text = ops_arena_alloc(arena, len * count + 1);

    assert_non_null(text);
    for (i = 0; i < count; i++)
        memcpy(text + i * len, unit, len);
    text[len * count] = '\0';
    return ops_str_of(text, len * count);
}

static void join_id(struct fixture *f, char name, struct ops_str id, struct ops_str type)
{
    struct ops_client_message m;

    memset(&m, 0, sizeof m);
    m.message_type = OPS_CLIENT_MESSAGE_JOIN_REQUEST;
    m.join_request.document_id = id;
    m.join_request.document_type = type;
    m.join_request.client_proto_version = 1;
    request(f, name, &m);
    settle(f);
}

/* The last thing said is an error of this code (or, "joined", none). */
static void expect_end(struct fixture *f, const char *word)
{
    if (strstr(effects(f), word) == NULL)
        fail_msg("no '%s' in: %s", word, effects(f));
    forget(f);
}

/* An insert whose payload has exactly so many bytes. */
static struct ops_str insert_of_bytes(struct ops_arena *arena, size_t bytes)
{
    size_t around = op_bytes(arena, "d", "+", 'a').len;
    struct ops_str text = times(arena, "x", bytes - around + 1);
    char *op = ops_arena_alloc(arena, text.len + 2);
    struct ops_str payload;

    memcpy(op, text.ptr, text.len + 1);
    op[0] = '+';
    payload = op_bytes(arena, "d", op, 'a');
    assert_int_equal(payload.len, bytes);
    return payload;
}

/* ---- names ------------------------------------------------------------------------------------------------------------------------- */

static void document_ids_have_1_to_256_utf_16_units(void **state)
{
    struct fixture *f = *state;
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    static const char *const refused[] = {"", " ", "\t", "\xe3\x80\x80", "a\x01z", "a\x7fz", "a\xc2\x80", "a\xc2\x9f", "a\nb"};
    static const char *const taken[] = {"x", " x ", "\xc2\xa0x", "a b"};
    size_t i;

    come(f, "a");
    join_id(f, 'a', times(&arena, "x", 256), OPS_STR("text"));
    expect_end(f, "joined");
    join_id(f, 'a', times(&arena, "x", 257), OPS_STR("text"));
    expect_end(f, "InvalidMessage");
    join_id(f, 'a', times(&arena, "\xf0\x9f\x98\x80", 128), OPS_STR("text")); /* two units each */
    expect_end(f, "joined");
    join_id(f, 'a', times(&arena, "\xf0\x9f\x98\x80", 129), OPS_STR("text"));
    expect_end(f, "InvalidMessage");
    join_id(f, 'a', times(&arena, "\xe2\x82\xac", 256), OPS_STR("text")); /* 768 bytes, 256 units */
    expect_end(f, "joined");
    for (i = 0; i < sizeof refused / sizeof *refused; i++) {
        join_id(f, 'a', id_of(refused[i]), OPS_STR("text"));
        expect_end(f, "InvalidMessage");
        join_id(f, 'a', id_of(taken[i % 4]), OPS_STR("text")); /* so that it is not eight in a row */
        expect_end(f, "joined");
    }
    join_id(f, 'a', ops_str_of("a\0b", 3), OPS_STR("text"));
    expect_end(f, "InvalidMessage");
    ops_arena_reset(&arena);
}

static void document_types_have_1_to_128_units(void **state)
{
    struct fixture *f = *state;
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);

    come(f, "a");
    join_id(f, 'a', OPS_STR("d"), times(&arena, "x", 128));
    expect_end(f, "UnknownDocumentType");
    join_id(f, 'a', OPS_STR("d"), times(&arena, "x", 129));
    expect_end(f, "InvalidMessage");
    join_id(f, 'a', OPS_STR("d"), OPS_STR(" "));
    expect_end(f, "InvalidMessage");
    ops_arena_reset(&arena);
}

static void opids_have_1_to_64_characters_of_printable_ascii(void **state)
{
    struct fixture *f = *state;
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    static const char *const refused[] = {"", "a b", "\x7f", "\xc3\xa4", "a\tb"};
    size_t i;

    here(f, "a", "d");
    edit_id(f, 'a', "d", 1, "+x", times(&arena, "!", 64).ptr);
    edit_id(f, 'a', "d", 2, "+x", "~");
    edit_id(f, 'a', "d", 3, "+x", times(&arena, "!", 65).ptr);
    settle(f);
    expect(f, "a< ack d 2\n"
              "a< ack d 3\n"
              "a< refused d 3 InvalidMessage\n");
    for (i = 0; i < sizeof refused / sizeof *refused; i++) {
        edit_id(f, 'a', "d", 3, "+x", refused[i]);
        expect(f, "a< refused d 3 InvalidMessage\n");
    }
    ops_arena_reset(&arena);
}

static void revisions_are_0_to_2_to_the_63_minus_1(void **state)
{
    struct fixture *f = *state;

    here(f, "a", "d");
    edit(f, 'a', "d", -1, "+x");
    edit(f, 'a', "d", 0, "+x");
    edit(f, 'a', "d", INT64_MAX, "+x");
    expect(f, "a< refused d 1 InvalidMessage\n"
              "a< refused d 1 RevisionCompacted\n"
              "a< refused d 1 RevisionAhead\n");
    join_since(f, 'a', "d", -1);
    join_since(f, 'a', "d", 0);
    join_since(f, 'a', "d", INT64_MAX);
    expect(f, "a< error d InvalidMessage\n"
              "a< error d RevisionCompacted\n"
              "a< error d RevisionAhead\n");
}

/* ---- sizes ------------------------------------------------------------------------------------------------------------------------- */

static void a_payload_has_1_to_1048576_bytes(void **state)
{
    struct fixture *f = *state;
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);

    here(f, "a", "d");
    send_payload(f, 'a', "d", 1, insert_of_bytes(&arena, 1048577));
    expect(f, "a< refused d 1 TooLarge\n");
    send_payload(f, 'a', "d", 1, OPS_STR(""));
    expect(f, "a< refused d 1 InvalidMessage\n");
    send_payload(f, 'a', "d", 1, insert_of_bytes(&arena, 1048576));
    settle(f);
    expect(f, "a< ack d 2\n");
    ops_arena_reset(&arena);
}

static void awareness_data_has_up_to_65536_bytes(void **state)
{
    struct fixture *f = *state;
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_str digits = times(&arena, "7", 65537);
    char shorter[65537];

    memcpy(shorter, digits.ptr, 65536);
    shorter[65536] = '\0';
    here(f, "a", "d");
    aware(f, 'a', "d", digits.ptr);
    expect(f, "a< error d TooLarge\n");
    aware(f, 'a', "d", shorter);
    expect_end(f, "stored");
    ops_arena_reset(&arena);
}

static void the_awareness_of_a_document_has_up_to_1_mib_in_all(void **state)
{
    struct fixture *f = *state;
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_str digits = times(&arena, "7", 65536);
    char name;

    for (name = 'a'; name < 'a' + 17; name++)
        here(f, (char[]){name, '\0'}, "d");
    for (name = 'a'; name < 'a' + 16; name++)
        aware(f, name, "d", digits.ptr);
    expect_end(f, "p< stored");
    aware(f, 'q', "d", "1");
    expect(f, "q< error d TooMany\n");
    aware(f, 'a', "d", "12");
    aware(f, 'q', "d", "1");
    expect_end(f, "q< stored"); /* as there is room again */
    leave(f, 'b', "d");
    leave(f, 'c', "d");
    leave(f, 'd', "d");
    forget(f);
    aware(f, 'q', "d", digits.ptr);
    expect_end(f, "q< stored"); /* leaving gives back what one had */
    ops_arena_reset(&arena);
}

static void a_document_is_as_large_as_it_may_be_and_no_larger(void **state)
{
    struct fixture *f = *state;

    f->config.document_max_bytes = strlen("{\"content\":\"0123456789\"}");
    fixture_restart(f);
    here(f, "ab", "d");
    edit(f, 'a', "d", 1, "+01234567890");
    expect(f, "a< refused d 1 TooLarge\n");
    edit(f, 'a', "d", 1, "+0123456789");
    edit(f, 'b', "d", 1, "+!"); /* with what is pending */
    settle(f);
    expect(f, "a< ack d 2\n"
              "b< op d 2 +0123456789\n"
              "b< refused d 2 TooLarge\n");
    edit(f, 'a', "d", 2, "-1 +x");
    settle(f);
    expect(f, "a< ack d 3\n"
              "b< op d 3 -1 +x\n");
}

/* ---- counts ------------------------------------------------------------------------------------------------------------------------ */

static void a_connection_joins_up_to_1000_documents(void **state)
{
    struct fixture *f = *state;
    char id[16];
    int i;

    come(f, "a");
    for (i = 0; i < 1000; i++) {
        snprintf(id, sizeof id, "doc-%d", i);
        join(f, 'a', id);
        settle(f);
        expect(f, "a< joined 1 ''\n");
    }
    join(f, 'a', "one more");
    expect(f, "a< error one more TooMany\n");
    join(f, 'a', "doc-7"); /* again: not one more */
    settle(f);
    expect(f, "a< joined 1 ''\n");
    leave(f, 'a', "doc-7");
    join(f, 'a', "one more");
    settle(f);
    expect(f, "a< leave_ack doc-7\n"
              "a< joined 1 ''\n");
    join(f, 'a', "doc-7");
    expect(f, "a< error doc-7 TooMany\n");
}

static void failed_joins_do_not_count(void **state)
{
    struct fixture *f = *state;

    f->config.documents_joined_max = 1;
    fixture_restart(f);
    come(f, "a");
    join(f, 'a', "d");
    answer(f, "d", OPS_STORE_LOAD, MODEL_ABSENT);
    join_since(f, 'a', "d", 9);
    settle(f);
    join(f, 'a', "e");
    settle(f);
    expect(f, "a< error d StorageUnavailable\n"
              "a< error d RevisionAhead\n"
              "a< joined 1 ''\n");
}

static void a_core_opens_as_many_documents_as_it_may(void **state)
{
    struct fixture *f = *state;

    f->config.documents_open_max = 2;
    fixture_restart(f);
    here(f, "a", "d");
    here(f, "a", "e");
    join(f, 'a', "f");
    expect(f, "a< error f TooMany\n");
    leave(f, 'a', "d");
    pass(f, f->config.idle_ms);
    forget(f);
    join(f, 'a', "f");
    settle(f);
    expect(f, "a< joined 1 ''\n");
}

static void a_rebase_costs_components_times_ops(void **state)
{
    struct fixture *f = *state;
    int64_t revision;

    f->config.rebase_max_cost = 12;
    fixture_restart(f);
    here(f, "a", "d");
    for (revision = 1; revision <= 7; revision++) {
        edit(f, 'a', "d", revision, "+x");
        settle(f);
    }
    forget(f);
    edit(f, 'a', "d", 1, "=0 +y"); /* 2 components over 7 ops */
    expect(f, "a< refused d 8 RevisionCompacted\n");
    edit(f, 'a', "d", 2, "=0 +y"); /* over 6 */
    settle(f);
    expect(f, "a< ack d 9\n");
}

static void the_defaults_are_those_of_the_pages(void **state)
{
    const struct fixture *f = *state;

    assert_int_equal(f->config.rebase_max_cost, 10000000);
    assert_int_equal(f->config.document_max_bytes, 64 << 20);
    assert_int_equal(f->config.idle_ms, 5 * 60 * 1000);
    assert_int_equal(f->config.snapshot_ms, 5 * 60 * 1000);
    assert_int_equal(f->config.snapshot_ops, 100);
    assert_int_equal(f->config.history_retain_ops, 10000);
    assert_true(f->config.stamps_ahead_ms < 0); /* off */
}

static void stamps_may_be_ahead_as_far_as_configured(void **state)
{
    struct fixture *f = *state;

    here(f, "a", "j");
    edit(f, 'a', "j", 1, "x=1@9000000000000000000");
    settle(f);
    expect(f, "a< ack j 2\n"); /* off by default */
    f->config.stamps_ahead_ms = 1000;
    fixture_restart(f);
    here(f, "a", "j2");
    pass(f, 500);
    edit(f, 'a', "j2", 1, "x=1@1501");
    edit(f, 'a', "j2", 1, "x=1@1500");
    settle(f);
    expect(f, "a< refused j2 1 InvalidOp\n"
              "a< ack j2 2\n");
}

/* ---- queues ------------------------------------------------------------------------------------------------------------------------ */

static void ops_not_yet_durable_are_bounded(void **state)
{
    struct fixture *f = *state;

    f->config.pending_max_ops = 2;
    fixture_restart(f);
    here(f, "a", "d");
    here(f, "a", "e");
    edit(f, 'a', "d", 1, "+1");
    edit(f, 'a', "d", 2, "+2");
    edit(f, 'a', "d", 3, "+3");
    assert_int_equal(waiting(f, OPS_STORE_APPEND), 2);
    edit(f, 'a', "e", 1, "+4"); /* another document's are its own */
    stored(f, "d");
    edit(f, 'a', "d", 3, "+5");
    settle(f);
    expect(f, "a< ack d 2\n"
              "a< ack d 3\n"
              "a< refused d 3 StorageUnavailable\n"
              "a< ack e 2\n"
              "a< ack d 4\n");
}

static void a_client_with_too_many_unanswered_requests_is_paused(void **state)
{
    struct fixture *f = *state;
    int64_t revision;

    f->config.requests_unanswered_max = 4;
    fixture_restart(f);
    here(f, "ab", "d");
    for (revision = 1; revision <= 3; revision++)
        edit(f, 'a', "d", revision, "+x");
    expect(f, "");
    edit(f, 'a', "d", revision, "+x");
    expect(f, "a is paused\n");
    edit(f, 'a', "d", revision + 1, "+x"); /* it was on its way: served */
    stored(f, "d");
    stored(f, "d");
    forget(f);
    stored(f, "d");
    expect(f, "a< ack d 4\n"
              "a goes on\n"
              "b< op d 4 +x\n");
    settle(f);
    assert_false(f->clients[0].paused);
}

/* A join that is not answered holds up what comes for the documents joined behind it: bounded. */
static void an_outbox_with_holes_is_bounded(void **state)
{
    struct fixture *f = *state;
    unsigned i;

    f->config.awareness_interval_ms = 0;
    fixture_restart(f);
    here(f, "a", "e");
    come(f, "b");
    join(f, 'b', "d");
    join(f, 'b', "e");
    for (i = 1; i < 16384; i++) { /* the join's answer is the first that is held */
        aware(f, 'a', "e", (i & 1) != 0 ? "1" : "2");
        pass(f, 1);
        forget(f);
    }
    assert_int_equal(f->clients[1].told, 0);
    assert_false(f->clients[1].closed);
    aware(f, 'a', "e", "3");
    assert_true(f->clients[1].closed);
    expect_end(f, "b closed SlowConsumer");
}

/* ---- memory ------------------------------------------------------------------------------------------------------------------------ */

static void recent_ops_are_bounded_by_count(void **state)
{
    struct fixture *f = *state;
    struct ops_core_document document;
    int64_t revision;

    f->config.recent_max_ops = 5;
    fixture_restart(f);
    here(f, "a", "d");
    for (revision = 1; revision <= 20; revision++) {
        edit(f, 'a', "d", revision, "+x");
        settle(f);
        ops_core_inspect(f->core, OPS_STR("d"), &document);
        assert_int_equal(document.recent_ops, revision < 5 ? revision : 5);
    }
    assert_int_equal(document.oldest_recent_revision, 17);
}

static void recent_ops_are_bounded_by_bytes(void **state)
{
    struct fixture *f = *state;
    struct ops_core_document document;
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    int64_t revision;

    f->config.recent_max_bytes = 10000;
    fixture_restart(f);
    here(f, "a", "d");
    for (revision = 1; revision <= 20; revision++) {
        send_payload(f, 'a', "d", revision, insert_of_bytes(&arena, 3000));
        settle(f);
        assert_true(ops_core_stats(f->core)->recent_bytes <= 10000);
    }
    ops_core_inspect(f->core, OPS_STR("d"), &document);
    assert_int_equal(document.recent_ops, 3);
    go(f, 'a');
    pass(f, f->config.idle_ms);
    settle(f);
    assert_int_equal(ops_core_stats(f->core)->recent_bytes, 0);
    ops_arena_reset(&arena);
}

static void ops_that_are_not_durable_are_never_dropped_from_the_ring(void **state)
{
    struct fixture *f = *state;
    int64_t revision;

    f->config.recent_max_ops = 2;
    fixture_restart(f);
    here(f, "ab", "d");
    for (revision = 1; revision <= 6; revision++)
        edit(f, 'a', "d", revision, "+x");
    settle(f);
    assert_null(strstr(effects(f), "refused"));
    forget(f);
    come(f, "c");
    join(f, 'c', "d");
    expect(f, "c< joined 7 'xxxxxx'\n");
}

/* A document that is written over and over stays as large as it is. */
static void memory_of_a_churned_document_stays_bounded(void **state)
{
    struct fixture *f = *state;
    size_t after_warm = 0;
    int64_t revision;

    f->config.recent_max_ops = 100;
    fixture_restart(f);
    here(f, "ab", "d");
    edit(f, 'a', "d", 1, "+0123456789012345678901234567890123456789");
    settle(f);
    for (revision = 2; revision <= 20000; revision++) {
        edit(f, 'a', "d", revision, revision % 3 == 0 ? "=7 -4 =2 +abcd" : revision % 3 == 1 ? "+wxyz -4" : "=30 -1 +q");
        settle(f);
        forget(f);
        if (revision == 2000)
            after_warm = f->block_bytes;
    }
    assert_true(f->block_bytes <= after_warm + after_warm / 8);
}

/* Nothing that a connection does outlasts it, once its documents are closed. */
static void memory_of_connections_and_documents_is_given_back(void **state)
{
    struct fixture *f = *state;
    size_t first = 0;
    char id[16];
    int i;

    for (i = 0; i < 300; i++) {
        snprintf(id, sizeof id, "d%d", i);
        here(f, "ab", id);
        edit(f, 'a', id, 1, "+text");
        edit(f, 'b', id, 1, "+more");
        aware(f, 'a', id, "{\"x\":1}");
        undo(f, 'a', id);
        settle(f);
        go(f, 'a');
        go(f, 'b');
        pass(f, f->config.idle_ms);
        settle(f);
        pass(f, f->config.idle_ms);
        forget(f);
        assert_int_equal(ops_core_stats(f->core)->documents, 0);
        if (i == 20)
            first = f->block_bytes;
    }
    assert_int_equal(f->block_bytes, first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(document_ids_have_1_to_256_utf_16_units),
        CLAIM(document_types_have_1_to_128_units),
        CLAIM(opids_have_1_to_64_characters_of_printable_ascii),
        CLAIM(revisions_are_0_to_2_to_the_63_minus_1),
        CLAIM(a_payload_has_1_to_1048576_bytes),
        CLAIM(awareness_data_has_up_to_65536_bytes),
        CLAIM(the_awareness_of_a_document_has_up_to_1_mib_in_all),
        CLAIM(a_document_is_as_large_as_it_may_be_and_no_larger),
        CLAIM(a_connection_joins_up_to_1000_documents),
        CLAIM(failed_joins_do_not_count),
        CLAIM(a_core_opens_as_many_documents_as_it_may),
        CLAIM(a_rebase_costs_components_times_ops),
        CLAIM(the_defaults_are_those_of_the_pages),
        CLAIM(stamps_may_be_ahead_as_far_as_configured),
        CLAIM(ops_not_yet_durable_are_bounded),
        CLAIM(a_client_with_too_many_unanswered_requests_is_paused),
        CLAIM(an_outbox_with_holes_is_bounded),
        CLAIM(recent_ops_are_bounded_by_count),
        CLAIM(recent_ops_are_bounded_by_bytes),
        CLAIM(ops_that_are_not_durable_are_never_dropped_from_the_ring),
        CLAIM(memory_of_a_churned_document_stays_bounded),
        CLAIM(memory_of_connections_and_documents_is_given_back),
    };

    return cmocka_run_group_tests_name("core-limits", tests, NULL, NULL);
}
