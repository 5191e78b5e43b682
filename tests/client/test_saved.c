/* Over a restart of the program: everything is there again, and bytes that are not quite what was saved do no harm. */
#include "session.h"

#include "restored.h"
#include "tests/support/guard.h"
#include "tests/support/random.h"

#define SINCE(id, document, type, revision)                                                                            \
    "{\"type\":\"join\",\"id\":" id ",\"documentId\":\"" document "\",\"documentType\":\"" type                                    \
    "\",\"protocolVersion\":1,\"sinceRevision\":" revision "}"
#define JSON_SET(path, value, stamp)                                                                                   \
    "{\"operations\":[{\"type\":\"set\",\"path\":\"" path "\",\"value\":" value ",\"timestamp\":" stamp ",\"peerId\":\"me\"}]}"

/* A text with one edit in flight and one behind it, a json document with a write, and a text that was never joined. */
static void session_busy(struct session *s)
{
    struct ops_doc *doc, *json, *fresh;

    session_open(s);
    doc = session_join_text(s, "h\xc3\xa9llo");
    assert_int_equal(ops_client_join(s->client, str("j"), str("json"), &json), OPS_OK);
    expect_sent(s, "{\"type\":\"join\",\"id\":3,\"documentId\":\"j\",\"documentType\":\"json\",\"protocolVersion\":1}");
    give(s, "{\"type\":\"join_ack\",\"id\":3,\"revision\":7,\"snapshot\":\"[{\"registers\":{}}]\",\"awareness\":[]}");
    assert_int_equal(ops_doc_text_insert(doc, 5, str("!")), OPS_OK);
    expect_sent(s, OP("4", "[{\"type\":\"retain\",\"count\":5},{\"type\":\"insert\",\"text\":\"!\"}]", "5", ID_A));
    assert_int_equal(ops_doc_text_replace(doc, 0, 1, str("H")), OPS_OK);
    assert_int_equal(ops_doc_json_set(json, str("a"), str("[1, 2]")), OPS_OK);
    assert_int_equal(ops_client_join(s->client, str("new"), str("text"), &fresh), OPS_OK);
    assert_int_equal(ops_doc_text_insert(fresh, 0, str("begun offline")), OPS_OK);
}

static struct ops_str session_saved(const struct session *s, struct ops_arena *arena)
{
    struct ops_buf out;

    ops_buf_init(&out, arena);
    assert_int_equal(ops_client_save(s->client, &out), OPS_OK);
    return ops_buf_str(&out);
}

static void another_run_goes_on_where_this_one_ended(void **state)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct session before, s;
    struct ops_doc *doc;

    (void)state;
    session_busy(&before);
    session_open(&s);
    s.config.author = str("somebody else");
    session_reopen(&s, s.drawn = 50);
    assert_int_equal(ops_client_load(s.client, session_saved(&before, &arena)), OPS_OK);
    session_close(&before);
    doc = ops_client_next(s.client, NULL);
    expect_text(doc, "H\xc3\xa9llo!");
    assert_int_equal(ops_doc_revision(doc), 5);
    assert_int_equal(ops_doc_pending(doc), 2);
    expect_text(ops_client_find(s.client, str("new")), "begun offline");
    assert_true(ops_str_equal(ops_doc_json_get(ops_client_find(s.client, str("j")), str("a")), str("[1, 2]")));

    ops_client_connected(s.client);
    expect_sent(&s, "{\"type\":\"hello\",\"id\":1}");
    expect_sent(&s, SINCE("2", "doc", "text", "5"));
    expect_sent(&s, SINCE("3", "j", "json", "7"));
    expect_sent(&s, "{\"type\":\"join\",\"id\":4,\"documentId\":\"new\",\"documentType\":\"text\",\"protocolVersion\":1}");
    give(&s, "{\"type\":\"join_ack\",\"id\":2,\"revision\":6,\"snapshot\":\"\",\"awareness\":[],\"pendingOps\":["
             "{\"payload\":\"[{\"components\":[{\"type\":\"retain\",\"count\":5},{\"type\":\"insert\",\"text\":\"!\"}]}]\",\"revision\":6,"
             "\"opId\":\"" ID_A "\"}]}"); /* the first one had arrived */
    give(&s, "{\"type\":\"join_ack\",\"id\":3,\"revision\":7,\"snapshot\":\"\",\"awareness\":[],\"pendingOps\":[]}");
    give(&s, "{\"type\":\"join_ack\",\"id\":4,\"revision\":1,\"snapshot\":\"[{\"content\":\"\"}]\",\"awareness\":[]}");
    expect_sent(&s, OP("5", "[{\"type\":\"delete\",\"count\":1},{\"type\":\"insert\",\"text\":\"H\"}]", "6", ID_B));
    expect_sent(&s, "{\"type\":\"op\",\"id\":6,\"documentId\":\"j\",\"payload\":\"[" JSON_SET("a", "[1, 2]", "5000")
                    "]\",\"baseRevision\":7,\"opId\":\"" ID_C "\"}");
    expect_text(doc, "H\xc3\xa9llo!");
    assert_int_equal(ops_doc_json_set(ops_client_find(s.client, str("j")), str("b"), str("1")), OPS_OK);
    give(&s, "{\"type\":\"op_ack\",\"id\":6,\"documentId\":\"j\",\"success\":true,\"newRevision\":8}");
    session_close(&s);
    ops_arena_reset(&arena);
}

static void what_is_refused_after_a_restart_is_taken_back_too(void **state)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct session before, s;
    struct ops_doc *doc;

    (void)state;
    session_busy(&before);
    session_open(&s);
    assert_int_equal(ops_client_load(s.client, session_saved(&before, &arena)), OPS_OK);
    session_close(&before);
    doc = ops_client_next(s.client, NULL);
    ops_client_connected(s.client);
    expect_sent(&s, "{\"type\":\"hello\",\"id\":1}");
    expect_sent(&s, SINCE("2", "doc", "text", "5"));
    give(&s, "{\"type\":\"join_ack\",\"id\":2,\"revision\":5,\"snapshot\":\"\",\"awareness\":[],\"pendingOps\":[]}");
    expect_sent(&s, OP("3", "[{\"type\":\"retain\",\"count\":5},{\"type\":\"insert\",\"text\":\"!\"}]", "5", ID_A));
    give(&s, NACK("3", "Forbidden: not you"));
    expect_text(doc, "H\xc3\xa9llo");
    session_close(&s);
    ops_arena_reset(&arena);
}

static void a_client_with_nothing_saves_its_author(void **state)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct session before, s;
    struct ops_str saved;

    (void)state;
    session_open(&before);
    saved = session_saved(&before, &arena);
    session_open(&s);
    assert_int_equal(ops_client_load(s.client, saved), OPS_OK);
    assert_null(ops_client_next(s.client, NULL));
    assert_int_equal(ops_client_load(s.client, saved), OPS_OK); /* nothing is open still */
    session_close(&before);
    session_busy(&before);
    assert_int_equal(ops_client_load(before.client, saved), OPS_ERR_RANGE);
    session_close(&before);
    session_close(&s);
    ops_arena_reset(&arena);
}

static void limits_hold_for_what_is_loaded(void **state)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct session before, s;
    struct ops_str saved;

    (void)state;
    session_busy(&before);
    saved = session_saved(&before, &arena);
    session_close(&before);
    session_open(&s);
    session_reopen(&s, s.config.documents_max = 2);
    assert_int_equal(ops_client_load(s.client, saved), OPS_ERR_RANGE);
    s.config.documents_max = 3;
    session_reopen(&s, s.config.pending_max = 1);
    assert_int_equal(ops_client_load(s.client, saved), OPS_ERR_RANGE);
    session_reopen(&s, s.config.pending_max = 2);
    assert_int_equal(ops_client_load(s.client, saved), OPS_OK);
    session_close(&s);
    ops_arena_reset(&arena);
}

/* One field of what is saved is made something that cannot be. */
static void expect_refused(struct ops_saved_client *saved, struct ops_arena *arena)
{
    struct ops_buf out;
    struct restored r;

    ops_buf_init(&out, arena);
    assert_int_equal(ops_saved_client_proto_encode(saved, &out), OPS_OK);
    restored_open(&r);
    assert_int_equal(ops_client_load(r.client, ops_buf_str(&out)), OPS_ERR_SYNTAX);
    ops_client_close(r.client);
}

static void what_no_client_saves_is_refused(void **state)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_saved_edit edit = {OPS_STR("{\"components\":[]}"), OPS_STR("{\"components\":[]}"), OPS_STR(ID_A), false};
    struct ops_saved_document documents[2] = {{OPS_STR("doc"), OPS_STR("text"), 5, OPS_STR("{\"content\":\"\"}"), &edit, 1},
                                              {OPS_STR("doc"), OPS_STR("json"), 5, OPS_STR("{\"registers\":{}}"), NULL, 0}};
    struct ops_saved_client saved;
    struct ops_buf out;
    struct restored r;

    (void)state;
    memset(&saved, 0, sizeof saved);
    saved.version = 1;
    saved.author = OPS_STR("me");
    saved.documents = documents;
    saved.documents_count = 1;
    ops_buf_init(&out, &arena);
    assert_int_equal(ops_saved_client_proto_encode(&saved, &out), OPS_OK);
    restored_open(&r);
    assert_int_equal(ops_client_load(r.client, ops_buf_str(&out)), OPS_OK); /* as it is, it can be loaded */
    ops_client_close(r.client);

#define WITH(place, wrong)                                                                                             \
    do {                                                                                                               \
        __typeof__(place) right_ = place;                                                                              \
        place = wrong;                                                                                                 \
        expect_refused(&saved, &arena);                                                                                \
        place = right_;                                                                                                \
    } while (0)
    WITH(saved.version, 2);
    WITH(saved.documents_count, 2); /* twice the same id */
    WITH(documents[0].document_id, OPS_STR(""));
    WITH(documents[0].document_type, OPS_STR("table"));
    WITH(documents[0].revision, INT64_MIN);
    WITH(documents[0].revision, -INT64_MAX);
    WITH(documents[0].revision, INT64_MAX);
    WITH(documents[0].snapshot, OPS_STR("{\"content\":7}"));
    WITH(edit.op_id, OPS_STR("short"));
    WITH(edit.payload, OPS_STR("{\"components\":[null]}"));
    WITH(edit.payload, OPS_STR("{\"components\":[{\"type\":\"retain\",\"count\":-1}]}"));
    WITH(edit.payload, OPS_STR(""));
    WITH(edit.inverse, OPS_STR("x"));
#undef WITH
    ops_arena_reset(&arena);
}

/* ---- bytes that are not quite what was saved ----------------------------------------------------------------------------------- */

static unsigned loaded;

/* Loads the bytes from memory that ends with them; what loads is used. */
static void load_and_use(const struct guard *guard, const char *bytes, size_t len)
{
    struct restored r;
    enum ops_err err;

    restored_open(&r);
    err = ops_client_load(r.client, ops_str_of(guard_copy(guard, bytes, len, 1), len));
    assert_true(err == OPS_OK || err == OPS_ERR_SYNTAX || err == OPS_ERR_RANGE || err == OPS_ERR_NOMEM);
    if (err == OPS_OK)
        restored_use(&r);
    loaded += err == OPS_OK;
    ops_client_close(r.client);
}

static void every_beginning_of_it_is_refused_or_loads_cleanly(void **state)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct session s;
    struct ops_str saved;
    struct guard guard;
    size_t len;

    (void)state;
    session_busy(&s);
    saved = session_saved(&s, &arena);
    guard = guard_open(saved.len);
    for (len = 0; len <= saved.len; len++)
        load_and_use(&guard, saved.ptr, len);
    assert_true(loaded > 2 && loaded < saved.len);
    guard_close(&guard);
    session_close(&s);
    ops_arena_reset(&arena);
}

static void bytes_that_were_changed_are_refused_or_load_cleanly(void **state)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct session s;
    struct ops_str saved;
    struct guard guard;
    char *bytes;
    size_t at, i;
    int round;

    (void)state;
    session_busy(&s);
    saved = session_saved(&s, &arena);
    loaded = 0;
    bytes = malloc(saved.len);
    assert_non_null(bytes);
    guard = guard_open(saved.len);
    for (at = 0; at < saved.len; at++) { /* each byte, a bit of each */
        memcpy(bytes, saved.ptr, saved.len);
        bytes[at] = (char)(bytes[at] ^ 1 << rnd_below(8));
        load_and_use(&guard, bytes, saved.len);
    }
    for (round = 0; round < 3000; round++) { /* several bytes, a part taken out */
        size_t len = saved.len - (round % 3 == 0 ? rnd_below((unsigned)saved.len) : 0);

        memcpy(bytes, saved.ptr, saved.len);
        for (i = rnd_below(6); i > 0; i--)
            bytes[rnd_below((unsigned)saved.len)] = (char)rnd_below(256);
        load_and_use(&guard, bytes + (round % 2 == 0 ? saved.len - len : 0), len);
    }
    assert_true(loaded > 50);
    guard_close(&guard);
    free(bytes);
    session_close(&s);
    ops_arena_reset(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_run_goes_on_where_this_one_ended),
        cmocka_unit_test(what_is_refused_after_a_restart_is_taken_back_too),
        cmocka_unit_test(a_client_with_nothing_saves_its_author),
        cmocka_unit_test(limits_hold_for_what_is_loaded),
        cmocka_unit_test(what_no_client_saves_is_refused),
        cmocka_unit_test(every_beginning_of_it_is_refused_or_loads_cleanly),
        cmocka_unit_test_setup(bytes_that_were_changed_are_refused_or_load_cleanly, random_seeded),
    };

    return cmocka_run_group_tests_name("client saved", tests, NULL, NULL);
}
