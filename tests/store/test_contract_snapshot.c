/* Snapshots: which one stays, and exactly which rows go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "contract.h"

/* Payloads of exactly `bytes`. */
static void fill(struct fixture *f, struct ops_str id, int64_t first, int64_t last, size_t bytes)
{
    static char payload[1000];

    memset(payload, '1', sizeof payload);
    for (int64_t r = first; r <= last; r++) {
        struct ops_store_append a = append_of(id, r, ops_str_of(payload, bytes), 1);

        a.op.op_id = OPS_STR("id");
        assert_int_equal(fixture_do(f, &a.request), OPS_STORE_DONE);
    }
}

static void put(struct fixture *f, struct ops_str id, int64_t revision, int64_t keep_from, size_t keep_bytes)
{
    char state[24];
    struct ops_store_snapshot s;

    (void)snprintf(state, sizeof state, "[%lld]", (long long)revision);
    s = snapshot_of(id, revision, contract_text(state), keep_from);
    s.keep_bytes = keep_bytes;
    assert_int_equal(fixture_do(f, &s.request), OPS_STORE_DONE);
}

static void expect_snapshot(struct fixture *f, struct ops_str id, int64_t revision)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_store_load l = load_of(id, &arena, false, 1);
    char state[24];

    (void)snprintf(state, sizeof state, "[%lld]", (long long)revision);
    assert_int_equal(fixture_do(f, &l.request), OPS_STORE_DONE);
    assert_int_equal(l.snapshot_revision, revision);
    assert_int_equal(l.snapshot_time.seconds, 1700000000 + revision);
    contract_expect_str(l.snapshot, contract_text(state));
    ops_arena_reset(&arena);
}

static void newest_stays(struct fixture *f, const struct backend *b)
{
    struct ops_store_snapshot same = snapshot_of(OPS_STR("d"), 7, OPS_STR("[\"other\"]"), 0);

    (void)b;
    fill(f, OPS_STR("d"), 1, 10, 10);
    put(f, OPS_STR("d"), 5, 0, SIZE_MAX);
    expect_snapshot(f, OPS_STR("d"), 5);
    put(f, OPS_STR("d"), 7, 0, SIZE_MAX);
    expect_snapshot(f, OPS_STR("d"), 7);
    put(f, OPS_STR("d"), 6, 0, SIZE_MAX);
    expect_snapshot(f, OPS_STR("d"), 7);
    assert_int_equal(fixture_do(f, &same.request), OPS_STORE_DONE);
    expect_snapshot(f, OPS_STR("d"), 7);
    expect_log(f, OPS_STR("d"), 1, 10);
}

static void keep_from(struct fixture *f, const struct backend *b)
{
    (void)b;
    fill(f, OPS_STR("d"), 1, 20, 10);
    fill(f, OPS_STR("e"), 1, 20, 10);
    put(f, OPS_STR("d"), 15, 1, SIZE_MAX);
    expect_log(f, OPS_STR("d"), 1, 20);
    put(f, OPS_STR("d"), 16, 9, SIZE_MAX);
    expect_log(f, OPS_STR("d"), 9, 20);
    put(f, OPS_STR("d"), 17, 3, SIZE_MAX); /* what is gone stays gone */
    expect_log(f, OPS_STR("d"), 9, 20);
    put(f, OPS_STR("d"), 18, 1000, SIZE_MAX); /* never above its own revision */
    expect_log(f, OPS_STR("d"), 19, 20);
    expect_log(f, OPS_STR("e"), 1, 20);
    expect_append(f, OPS_STR("d"), 21, 1, OPS_STORE_DONE);
    expect_log(f, OPS_STR("d"), 19, 21);
}

static void keep_bytes(struct fixture *f, const struct backend *b)
{
    (void)b;
    fill(f, OPS_STR("d"), 1, 20, 10);
    put(f, OPS_STR("d"), 12, 0, 120);
    expect_log(f, OPS_STR("d"), 1, 20);
    put(f, OPS_STR("d"), 13, 0, 120);
    expect_log(f, OPS_STR("d"), 2, 20);
    put(f, OPS_STR("d"), 13, 0, 119);
    expect_log(f, OPS_STR("d"), 3, 20);
    put(f, OPS_STR("d"), 13, 0, 111);
    expect_log(f, OPS_STR("d"), 3, 20);
    put(f, OPS_STR("d"), 13, 6, 80); /* both say the same */
    expect_log(f, OPS_STR("d"), 6, 20);
    put(f, OPS_STR("d"), 13, 9, 70); /* keep_from says more */
    expect_log(f, OPS_STR("d"), 9, 20);
    put(f, OPS_STR("d"), 13, 10, 20); /* keep_bytes says more */
    expect_log(f, OPS_STR("d"), 12, 20);
    put(f, OPS_STR("d"), 13, 0, 0);
    expect_log(f, OPS_STR("d"), 14, 20);
}

/* Rows above the snapshot weigh nothing, however large they are. */
static void above_weighs_nothing(struct fixture *f, const struct backend *b)
{
    (void)b;
    fill(f, OPS_STR("d"), 1, 10, 10);
    fill(f, OPS_STR("d"), 11, 15, 900);
    put(f, OPS_STR("d"), 10, 0, 100);
    expect_log(f, OPS_STR("d"), 1, 15);
    put(f, OPS_STR("d"), 10, 0, 35);
    expect_log(f, OPS_STR("d"), 8, 15);
    fill(f, OPS_STR("d"), 16, 18, 10);
    put(f, OPS_STR("d"), 15, 0, 1800);
    expect_log(f, OPS_STR("d"), 14, 18);
    put(f, OPS_STR("d"), 17, 0, 920);
    expect_log(f, OPS_STR("d"), 15, 18);
    put(f, OPS_STR("d"), 17, 0, 919);
    expect_log(f, OPS_STR("d"), 16, 18);
}

/* An older snapshot than the one that is there trims by its own revision. */
static void older_trims(struct fixture *f, const struct backend *b)
{
    (void)b;
    fill(f, OPS_STR("d"), 1, 10, 10);
    put(f, OPS_STR("d"), 8, 0, SIZE_MAX);
    put(f, OPS_STR("d"), 4, 10, SIZE_MAX);
    expect_snapshot(f, OPS_STR("d"), 8);
    expect_log(f, OPS_STR("d"), 5, 10);
}

static void trims_after_reopening(struct fixture *f, const struct backend *b)
{
    for (int kept = 8; kept >= 0; kept -= 2) { /* what is remembered of the log is learnt anew each time */
        fixture_shut(f);
        fixture_reopen(f, b);
        if (kept == 8) {
            fill(f, OPS_STR("d"), 1, 10, 10);
            fill(f, OPS_STR("d"), 11, 13, 900);
            fixture_shut(f);
            fixture_reopen(f, b);
        }
        put(f, OPS_STR("d"), 10, 0, (size_t)kept * 10 + 5);
        expect_log(f, OPS_STR("d"), 11 - kept, 13);
        expect_snapshot(f, OPS_STR("d"), 10);
    }
    fill(f, OPS_STR("d"), 14, 20, 10);
    put(f, OPS_STR("d"), 20, 0, 40);
    expect_log(f, OPS_STR("d"), 17, 20);
}

/* What a refused append, and a snapshot and appends in one batch, do to the count of bytes. */
static void counted_right(struct fixture *f, const struct backend *b)
{
    enum { ROWS = 30 };
    static char payload[50];
    struct ops_store_append appends[ROWS];
    struct ops_store_snapshot snapshots[ROWS];
    struct ops_store_request *chain[2 * ROWS];
    size_t count = 0;

    (void)b;
    memset(payload, '1', sizeof payload);
    for (int i = 0; i < ROWS; i++) {
        appends[i] = append_of(OPS_STR("d"), i + 1, ops_str_of(payload, (size_t)i % 3 * 25), 1);
        chain[count++] = &appends[i].request;
        if (i % 10 == 9) {
            snapshots[i] = snapshot_of(OPS_STR("d"), i + 1, OPS_STR("{}"), 0);
            snapshots[i].keep_bytes = 100;
            chain[count++] = &snapshots[i].request;
        }
    }
    contract_submit_chain(f, chain, count);
    fixture_wait(f, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(chain[i]->result, OPS_STORE_DONE);
    expect_append(f, OPS_STR("d"), 90, 1, OPS_STORE_ABSENT);
    /* 0, 25, 50 by revision: 25 (29), 50 (30), 0 (28), 50 (27) are over 100 together */
    expect_log(f, OPS_STR("d"), 28, ROWS);
    expect_append(f, OPS_STR("d"), 31, 2, OPS_STORE_DONE);
    put(f, OPS_STR("d"), 30, 0, 74);
    expect_log(f, OPS_STR("d"), 30, 31);
}

/* Trimming takes the ids of the ops with it: a document that begins anew has none of them. */
static void ids_trimmed(struct fixture *f, const struct backend *b)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_store_history h = history_of(OPS_STR("d"), 0, INT64_MAX, &arena);

    (void)b;
    fill(f, OPS_STR("d"), 1, 4, 10);
    put(f, OPS_STR("d"), 3, 3, SIZE_MAX);
    expect_append(f, OPS_STR("d"), 5, 1, OPS_STORE_DONE);
    assert_int_equal(fixture_do(f, &h.request), OPS_STORE_DONE);
    assert_int_equal(h.ops_count, 3);
    contract_expect_str(h.ops[0].op_id, OPS_STR("id"));
    contract_expect_str(h.ops[1].op_id, OPS_STR("id"));
    assert_null(h.ops[2].op_id.ptr);
    ops_arena_reset(&arena);
}

static const struct contract_test tests[] = {
    {"a snapshot is replaced only by a newer one", newest_stays, false},
    {"keep_from trims just the rows below it, never above the snapshot", keep_from, false},
    {"keep_bytes trims just as many of the oldest rows as needed", keep_bytes, false},
    {"rows above the snapshot weigh nothing", above_weighs_nothing, false},
    {"an older snapshot changes nothing and trims by its own revision", older_trims, false},
    {"trimming is exact after reopening", trims_after_reopening, true},
    {"bytes are counted right in batches and after refused appends", counted_right, false},
    {"op ids stay with the rows that stay", ids_trimmed, false},
};

int main(void)
{
    return CONTRACT_RUN("store-contract-snapshot", tests);
}
