/* Reads: loads, histories, the list of documents, health; and that none of them waits behind a commit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "contract.h"

enum { ROWS = 40 };

/* Payloads of ten bytes, `{"n":1000}` upwards. */
static void fill(struct fixture *f, struct ops_str id, int64_t first, int64_t last)
{
    for (int64_t r = first; r <= last; r++) {
        char payload[24];
        struct ops_store_append a;

        (void)snprintf(payload, sizeof payload, "{\"n\":%d}", 1000 + (int)r);
        a = append_of(id, r, contract_text(payload), 1);
        assert_int_equal(fixture_do(f, &a.request), OPS_STORE_DONE);
    }
}

static void nothing_there(struct fixture *f, const struct backend *b)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_store_load l = load_of(OPS_STR("none"), &arena, false, 1);
    struct ops_store_history h = history_of(OPS_STR("none"), 0, INT64_MAX, &arena);
    struct ops_store_documents d;

    (void)b;
    memset(&d, 0, sizeof d);
    d.request.kind = OPS_STORE_DOCUMENTS;
    d.limit = 10;
    d.arena = &arena;
    for (int fenced = 0; fenced < 2; fenced++) { /* a fence makes no document */
        l.fence = fenced == 1;
        assert_int_equal(fixture_do(f, &l.request), OPS_STORE_DONE);
        assert_false(l.exists);
        assert_int_equal(l.snapshot_revision, -1);
        assert_int_equal(l.ops_count, 0);
        assert_null(l.document_type.ptr);
        assert_int_equal(fixture_do(f, &h.request), OPS_STORE_DONE);
        assert_int_equal(h.ops_count, 0);
        assert_int_equal(fixture_do(f, &d.request), OPS_STORE_DONE);
        assert_int_equal(d.documents_count, 0);
    }
    ops_arena_reset(&arena);
}

static void load_all(struct fixture *f, const struct backend *b)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_store_load l = load_of(OPS_STR("d"), &arena, false, 1);
    struct ops_store_append with_id = append_of(OPS_STR("d"), 1, OPS_STR("{\"ops\":[]}"), 1);
    struct ops_store_append without = append_of(OPS_STR("d"), 2, OPS_STR(""), 1);

    (void)b;
    with_id.op.op_id = OPS_STR("op-\xc3\xa4'\"");
    with_id.op.author_id = OPS_STR("peer 'x'");
    without.op.timestamp.nanos = 0;
    assert_int_equal(fixture_do(f, &with_id.request), OPS_STORE_DONE);
    assert_int_equal(fixture_do(f, &without.request), OPS_STORE_DONE);
    assert_int_equal(fixture_do(f, &l.request), OPS_STORE_DONE);
    assert_true(l.exists);
    assert_int_equal(l.snapshot_revision, -1);
    contract_expect_str(l.document_type, OPS_STR("text"));
    assert_int_equal(l.ops_count, 2);
    contract_expect_op(&l.ops[0], &with_id.op);
    contract_expect_op(&l.ops[1], &without.op); /* an empty payload stays, an absent id too */
    ops_arena_reset(&arena);
}

static void expect_load(struct fixture *f, uint32_t tail_ops, size_t tail_bytes, int64_t first, int64_t last)
{
    for (int fenced = 0; fenced < 2; fenced++) {
        struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
        struct ops_store_load l = load_of(OPS_STR("d"), &arena, fenced == 1, 1);

        l.tail_ops = tail_ops;
        l.tail_limit_bytes = tail_bytes;
        assert_int_equal(fixture_do(f, &l.request), OPS_STORE_DONE);
        assert_int_equal(l.snapshot_revision, 30);
        assert_int_equal(l.snapshot_time.seconds, 1700000030);
        contract_expect_str(l.snapshot, OPS_STR("{\"state\":30}"));
        assert_int_equal(l.ops_count, last - first + 1);
        for (size_t i = 0; i < l.ops_count; i++)
            assert_int_equal(l.ops[i].revision, first + (int64_t)i);
        ops_arena_reset(&arena);
    }
}

static void load_tail(struct fixture *f, const struct backend *b)
{
    struct ops_store_snapshot s = snapshot_of(OPS_STR("d"), 30, OPS_STR("{\"state\":30}"), 0);

    (void)b;
    fill(f, OPS_STR("d"), 1, ROWS);
    assert_int_equal(fixture_do(f, &s.request), OPS_STORE_DONE);
    expect_load(f, 1000, SIZE_MAX, 1, ROWS);
    expect_load(f, 0, SIZE_MAX, 31, ROWS);
    expect_load(f, 1, SIZE_MAX, 30, ROWS);
    expect_load(f, 7, SIZE_MAX, 24, ROWS);
    expect_load(f, 30, SIZE_MAX, 1, ROWS);
    expect_load(f, 1000, 0, 31, ROWS); /* ops above the snapshot are not the tail */
    expect_load(f, 1000, 9, 31, ROWS);
    expect_load(f, 1000, 10, 30, ROWS);
    expect_load(f, 1000, 59, 26, ROWS);
    expect_load(f, 3, 59, 28, ROWS);
}

static void load_snapshot_only(struct fixture *f, const struct backend *b)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_store_snapshot s = snapshot_of(OPS_STR("d"), 12, OPS_STR("{}"), 13);
    struct ops_store_load l = load_of(OPS_STR("d"), &arena, false, 1);

    (void)b;
    s.document_type = OPS_STR("tree");
    assert_int_equal(fixture_do(f, &s.request), OPS_STORE_DONE);
    assert_int_equal(fixture_do(f, &l.request), OPS_STORE_DONE);
    assert_true(l.exists);
    assert_int_equal(l.snapshot_revision, 12);
    assert_int_equal(l.ops_count, 0);
    contract_expect_str(l.document_type, OPS_STR("tree"));
    ops_arena_reset(&arena);
}

static void expect_history(struct fixture *f, int64_t from, int64_t to, uint32_t limit, size_t bytes, int64_t first, int64_t last)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_store_history h = history_of(OPS_STR("d"), from, to, &arena);

    h.limit_ops = limit;
    h.limit_bytes = bytes;
    assert_int_equal(fixture_do(f, &h.request), OPS_STORE_DONE);
    assert_int_equal(h.ops_count, last >= first ? last - first + 1 : 0);
    for (size_t i = 0; i < h.ops_count; i++)
        assert_int_equal(h.ops[i].revision, first + (int64_t)i);
    ops_arena_reset(&arena);
}

static void history_ranges(struct fixture *f, const struct backend *b)
{
    (void)b;
    fill(f, OPS_STR("d"), 5, ROWS);
    expect_history(f, INT64_MIN, INT64_MAX, 1000, SIZE_MAX, 5, ROWS);
    expect_history(f, 7, 9, 1000, SIZE_MAX, 7, 9);
    expect_history(f, 0, 5, 1000, SIZE_MAX, 5, 5);
    expect_history(f, 0, 4, 1000, SIZE_MAX, 1, 0);
    expect_history(f, ROWS, INT64_MAX, 1000, SIZE_MAX, ROWS, ROWS);
    expect_history(f, ROWS + 1, INT64_MAX, 1000, SIZE_MAX, 1, 0);
    expect_history(f, 9, 7, 1000, SIZE_MAX, 1, 0);
    expect_history(f, 10, 30, 5, SIZE_MAX, 10, 14);
    expect_history(f, 10, 30, 1000, 59, 10, 14);
    expect_history(f, 10, 30, 1000, 60, 10, 15);
    expect_history(f, 10, 30, 1000, 0, 10, 10); /* at least one */
    expect_history(f, 10, 30, 1, 1, 10, 10);
}

static void no_memory_absent(struct fixture *f, const struct backend *b)
{
    struct ops_arena small = test_arena(64), arena = test_arena(TEST_ARENA_BYTES);
    struct ops_store_load l = load_of(OPS_STR("d"), &small, false, 1);
    struct ops_store_history h = history_of(OPS_STR("d"), 0, INT64_MAX, &small);

    (void)b;
    fill(f, OPS_STR("d"), 1, ROWS);
    assert_int_equal(fixture_do(f, &l.request), OPS_STORE_ABSENT);
    assert_true(l.request.problem[0] != '\0');
    assert_int_equal(fixture_do(f, &h.request), OPS_STORE_ABSENT);
    assert_true(h.request.problem[0] != '\0');
    l.arena = &arena;
    assert_int_equal(fixture_do(f, &l.request), OPS_STORE_DONE); /* only that read failed */
    assert_int_equal(l.ops_count, ROWS);
    ops_arena_reset(&small);
    ops_arena_reset(&arena);
}

/* ---- documents --------------------------------------------------------------------------------------------------------------- */

static const char *const sorted[] = {"A", "a", "a'b", "a-1", "a-10", "a-2", "a\"", "b", "b%", "b_", "\xc3\xa4", "\xf0\x9f\x98\x80"};

enum { SORTED = sizeof sorted / sizeof sorted[0] };

/* Pages of `limit` give exactly the ids of `sorted` that begin with `prefix`, in the order of their bytes. */
static void expect_pages(struct fixture *f, const char *prefix, uint32_t limit)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_store_documents d;
    int order[SORTED], wanted = 0, at = 0;

    for (int i = 0; i < SORTED; i++)
        if (prefix == NULL || strncmp(sorted[i], prefix, strlen(prefix)) == 0)
            order[wanted++] = i;
    for (int i = 1; i < wanted; i++)
        for (int j = i; j > 0 && strcmp(sorted[order[j]], sorted[order[j - 1]]) < 0; j--) {
            int swap = order[j];

            order[j] = order[j - 1];
            order[j - 1] = swap;
        }
    memset(&d, 0, sizeof d);
    d.request.kind = OPS_STORE_DOCUMENTS;
    d.prefix = prefix != NULL ? contract_text(prefix) : ops_str_of(NULL, 0);
    d.limit = limit;
    d.arena = &arena;
    do {
        assert_int_equal(fixture_do(f, &d.request), OPS_STORE_DONE);
        assert_true(d.documents_count <= limit);
        for (size_t i = 0; i < d.documents_count; i++) {
            assert_true(at < wanted);
            contract_expect_str(d.documents[i].document_id, contract_text(sorted[order[at]]));
            assert_int_equal(d.documents[i].revision, order[at] + 1);
            assert_int_equal(d.documents[i].op_count, order[at] + 1);
            at++;
        }
        if (d.documents_count > 0)
            d.after = d.documents[d.documents_count - 1].document_id;
    } while (d.documents_count > 0);
    assert_int_equal(at, wanted);
    ops_arena_reset(&arena);
}

static void documents_paged(struct fixture *f, const struct backend *b)
{
    static const char *const prefixes[] = {NULL, "", "a", "a-", "A", "b", "b_", "b%", "c", "\xc3", "zz"};

    (void)b;
    for (int i = SORTED - 1; i >= 0; i--)
        fill(f, contract_text(sorted[i]), 1, i + 1);
    for (size_t p = 0; p < sizeof prefixes / sizeof prefixes[0]; p++) {
        expect_pages(f, prefixes[p], 1);
        expect_pages(f, prefixes[p], 3);
        expect_pages(f, prefixes[p], 1000);
    }
}

static void documents_described(struct fixture *f, const struct backend *b)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_store_snapshot behind = snapshot_of(OPS_STR("log"), 2, OPS_STR("{}"), 2);
    struct ops_store_snapshot above = snapshot_of(OPS_STR("snap"), 9, OPS_STR("{}"), 0);
    struct ops_store_documents d;

    (void)b;
    fill(f, OPS_STR("log"), 1, 5);
    above.document_type = OPS_STR("json");
    assert_int_equal(fixture_do(f, &behind.request), OPS_STORE_DONE);
    assert_int_equal(fixture_do(f, &above.request), OPS_STORE_DONE);
    memset(&d, 0, sizeof d);
    d.request.kind = OPS_STORE_DOCUMENTS;
    d.limit = 10;
    d.arena = &arena;
    assert_int_equal(fixture_do(f, &d.request), OPS_STORE_DONE);
    assert_int_equal(d.documents_count, 2);
    contract_expect_str(d.documents[0].document_type, OPS_STR("text"));
    assert_int_equal(d.documents[0].revision, 5);
    assert_int_equal(d.documents[0].op_count, 4);
    assert_int_equal(d.documents[0].last_modified.seconds, 1700000005);
    contract_expect_str(d.documents[1].document_type, OPS_STR("json"));
    assert_int_equal(d.documents[1].revision, 9);
    assert_int_equal(d.documents[1].op_count, 0);
    assert_int_equal(d.documents[1].last_modified.seconds, 1700000009);
    d.after = OPS_STR("log");
    d.limit = 0;
    assert_int_equal(fixture_do(f, &d.request), OPS_STORE_DONE);
    assert_int_equal(d.documents_count, 0);
    ops_arena_reset(&arena);
}

/* ---- health, and reads beside a commit that hangs ----------------------------------------------------------------------------- */

static void healthy(struct fixture *f, const struct backend *b)
{
    struct ops_store_health h;

    (void)b;
    memset(&h, 0, sizeof h);
    h.request.kind = OPS_STORE_HEALTH;
    assert_int_equal(fixture_do(f, &h.request), OPS_STORE_DONE);
    expect_append(f, OPS_STR("d"), 1, 1, OPS_STORE_DONE);
    expect_append(f, OPS_STR("d"), 1, 1, OPS_STORE_ABSENT); /* a refused append is no illness */
    assert_int_equal(fixture_do(f, &h.request), OPS_STORE_DONE);
    assert_int_equal(f->logged, 0);
}

static void reads_wait_for_no_commit(struct fixture *f, const struct backend *b)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_store_append a = append_of(OPS_STR("d"), 4, OPS_STR("{}"), 1);
    struct ops_store_load l = load_of(OPS_STR("d"), &arena, false, 1);
    struct ops_store_documents d;
    struct ops_store_health h;

    if (b->stall == NULL)
        contract_skip("its commits happen inside submit, none can hang");
    fill(f, OPS_STR("d"), 1, 3);
    memset(&d, 0, sizeof d);
    memset(&h, 0, sizeof h);
    h.request.kind = OPS_STORE_HEALTH;
    d.request.kind = OPS_STORE_DOCUMENTS;
    d.limit = 10;
    d.arena = &arena;
    b->stall();
    fixture_submit(f, &a.request);
    assert_int_equal(fixture_do(f, &l.request), OPS_STORE_DONE);
    assert_int_equal(l.ops_count, 3);
    expect_log(f, OPS_STR("d"), 1, 3);
    assert_int_equal(fixture_do(f, &d.request), OPS_STORE_DONE);
    assert_int_equal(d.documents[0].revision, 3);
    assert_int_equal(fixture_do(f, &h.request), OPS_STORE_DONE);
    assert_int_equal(a.request.result, OPS_STORE_PENDING);
    b->resume();
    fixture_wait(f, 1);
    assert_int_equal(a.request.result, OPS_STORE_DONE);
    expect_log(f, OPS_STR("d"), 1, 4);
    ops_arena_reset(&arena);
}

static const struct contract_test tests[] = {
    {"a document that nobody wrote is read as nothing, fenced or not", nothing_there, false},
    {"a load gives every field of every op", load_all, false},
    {"a load gives the snapshot, all behind it and just the tail asked for", load_tail, false},
    {"a document may be a snapshot alone", load_snapshot_only, false},
    {"a history keeps to its range and its limits", history_ranges, false},
    {"a read that has no room fails alone", no_memory_absent, false},
    {"documents are listed in the order of their bytes, page by page, by prefix", documents_paged, false},
    {"a listed document says its type, revision, time and number of ops", documents_described, false},
    {"a store is healthy, also after a refused append", healthy, false},
    {"reads come back while a commit hangs", reads_wait_for_no_commit, false},
};

int main(void)
{
    return CONTRACT_RUN("store-contract-read", tests);
}
