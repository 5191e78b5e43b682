/* What a store keeps: ids byte by byte, payloads of any size, everything through a restart; and that closing it gives back all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "contract.h"

/* 256 UTF-16 units each: the longest ids that the server lets in. Filled by long_ids. */
static char long_ascii[257], long_wide[4 * 128 + 1], long_other[257];

static const char *const ids[] = {
    "d", "D", "d ", " d", "d1", "d10", "d\\", "d'", "d''", "d\"", "d;--", "d%", "d_", "d?1", "d:1", "d/e", "d\xcc\x81", "\xc3\xa9",
    "e\xcc\x81", "\xc3\x89", "\xc3\x9f", "ss", "\xf0\x9f\x98\x80", "\xef\xbc\xa4", "1", "01", "1.0", "1e0", "0x1", "null", "NULL", "",
    long_ascii, long_wide, long_other,
};

enum { IDS = sizeof ids / sizeof ids[0] };

static void long_ids(void)
{
    memset(long_ascii, 'x', 256);
    memset(long_other, 'x', 256);
    long_other[255] = 'y';
    for (int i = 0; i < 128; i++)
        memcpy(long_wide + (size_t)i * 4, "\xf0\x9f\x98\x80", 4);
}

/* Document i has rows 1 to i + 1, a snapshot of its number, and op ids. */
static void expect_ids(struct fixture *f)
{
    for (int i = 0; i < IDS; i++) {
        struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
        struct ops_store_load l = load_of(contract_text(ids[i]), &arena, false, 1);
        char state[24];

        (void)snprintf(state, sizeof state, "[%d]", i);
        assert_int_equal(fixture_do(f, &l.request), OPS_STORE_DONE);
        assert_int_equal(l.ops_count, i + 1);
        assert_int_equal(l.snapshot_revision, 1);
        contract_expect_str(l.snapshot, contract_text(state));
        for (size_t n = 0; n < l.ops_count; n++)
            contract_expect_str(l.ops[n].op_id, contract_text(ids[i]));
        ops_arena_reset(&arena);
    }
}

static void fill_ids(struct fixture *f)
{
    long_ids();
    for (int i = 0; i < IDS; i++) {
        char state[24];
        struct ops_store_snapshot s;

        for (int r = 1; r <= i + 1; r++) {
            struct ops_store_append a = append_of(contract_text(ids[i]), r, OPS_STR("{}"), 1);

            a.op.op_id = contract_text(ids[i]);
            assert_int_equal(fixture_do(f, &a.request), OPS_STORE_DONE);
        }
        (void)snprintf(state, sizeof state, "[%d]", i);
        s = snapshot_of(contract_text(ids[i]), 1, contract_text(state), 0);
        assert_int_equal(fixture_do(f, &s.request), OPS_STORE_DONE);
    }
}

static void ids_never_mix(struct fixture *f, const struct backend *b)
{
    (void)b;
    fill_ids(f);
    expect_ids(f);
}

/* Breaking, fencing and trimming one leaves the similar ones alone. */
static void fences_never_mix(struct fixture *f, const struct backend *b)
{
    (void)b;
    long_ids();
    for (int i = 0; i < IDS; i++)
        expect_append(f, contract_text(ids[i]), 1, 1, OPS_STORE_DONE);
    for (int i = 0; i < IDS; i += 2)
        expect_append(f, contract_text(ids[i]), 1, 1, OPS_STORE_ABSENT);
    for (int i = 0; i < IDS; i++)
        expect_append(f, contract_text(ids[i]), 2, 1, i % 2 == 0 ? OPS_STORE_ABSENT : OPS_STORE_DONE);
}

static void big_payloads(struct fixture *f, const struct backend *b)
{
    enum { BYTES = 1 << 20, ROWS = 9 }; /* more than one group commit takes */
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_store_load l = load_of(OPS_STR("big"), &arena, false, 1);
    struct ops_store_append appends[ROWS];
    struct ops_store_request *chain[ROWS];
    struct ops_store_snapshot s;
    char *payload = malloc(BYTES * ROWS);

    (void)b;
    assert_non_null(payload);
    for (size_t i = 0; i < BYTES * ROWS; i++)
        payload[i] = (char)((i * 2654435761u) >> 13 & 0x7f); /* zero bytes too */
    for (int i = 0; i < ROWS; i++) {
        appends[i] = append_of(OPS_STR("big"), i + 1, ops_str_of(payload + (size_t)i * BYTES, BYTES), 1);
        chain[i] = &appends[i].request;
    }
    contract_submit_chain(f, chain, ROWS);
    fixture_wait(f, ROWS);
    s = snapshot_of(OPS_STR("big"), 2, ops_str_of(payload, BYTES * ROWS), 3);
    assert_int_equal(fixture_do(f, &s.request), OPS_STORE_DONE);
    assert_int_equal(fixture_do(f, &l.request), OPS_STORE_DONE);
    contract_expect_str(l.snapshot, s.state);
    assert_int_equal(l.ops_count, ROWS - 2);
    for (size_t i = 0; i < l.ops_count; i++)
        contract_expect_op(&l.ops[i], &appends[i + 2].op);
    free(payload);
    ops_arena_reset(&arena);
}

static void reopened(struct fixture *f, const struct backend *b)
{
    fill_ids(f);
    for (int again = 0; again < 3; again++) {
        fixture_shut(f);
        fixture_reopen(f, b);
        expect_ids(f);
    }
    expect_append(f, contract_text(ids[0]), 1, 1, OPS_STORE_ABSENT); /* the last revision is learnt */
    expect_append(f, contract_text(ids[3]), 5, 1, OPS_STORE_DONE);
    expect_append(f, contract_text(ids[3]), 7, 1, OPS_STORE_ABSENT);
}

static void fence_ends_with_store(struct fixture *f, const struct backend *b)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_store_load l = load_of(OPS_STR("d"), &arena, true, 100);

    expect_append(f, OPS_STR("d"), 1, 1, OPS_STORE_DONE);
    assert_int_equal(fixture_do(f, &l.request), OPS_STORE_DONE);
    fixture_shut(f);
    fixture_reopen(f, b);
    expect_append(f, OPS_STR("d"), 2, 1, OPS_STORE_DONE); /* epochs begin anew with the process */
    ops_arena_reset(&arena);
}

/* Submits a mix, closes at once: all is back when `close` returns, and the answers are true. */
static void close_gives_back(struct fixture *f, const struct backend *b)
{
    enum { ROWS = 700 };
    static struct ops_store_append appends[ROWS];
    static struct ops_store_load loads[ROWS / 7];
    static struct ops_arena arenas[ROWS / 7];
    int64_t landed = 0;
    bool durable = f->store->ops->durable;

    for (int i = 0; i < ROWS; i++) {
        appends[i] = append_of(OPS_STR("d"), i + 1, OPS_STR("{}"), 1);
        fixture_submit(f, &appends[i].request);
        if (i % 7 == 0) {
            arenas[i / 7] = test_arena(TEST_ARENA_BYTES);
            loads[i / 7] = load_of(OPS_STR("d"), &arenas[i / 7], i % 2 == 0, 1);
            fixture_submit(f, &loads[i / 7].request);
        }
    }
    fixture_shut(f);
    assert_int_equal(f->returned, ROWS + ROWS / 7);
    for (int i = 0; i < ROWS; i++) {
        assert_true(appends[i].request.result == OPS_STORE_DONE || appends[i].request.result == OPS_STORE_ABSENT);
        if (appends[i].request.result == OPS_STORE_DONE)
            assert_int_equal(appends[i].op.revision, ++landed);
    }
    for (int i = 0; i < ROWS / 7; i++) {
        assert_int_equal(loads[i].request.result, OPS_STORE_DONE);
        ops_arena_reset(&arenas[i]);
    }
    fixture_reopen(f, b);
    if (durable)
        expect_log(f, OPS_STR("d"), 1, landed);
    else
        expect_log(f, OPS_STR("d"), 1, 0);
}

/* A loop: appends to its own document, and loads of everybody's. */
enum { LOOPS = 4, LOOP_ROWS = 500 };

struct loop {
    struct fixture *f;
    pthread_t thread;
    struct ops_store_append appends[LOOP_ROWS];
    struct ops_store_load loads[LOOP_ROWS];
    struct ops_arena arenas[LOOP_ROWS];
};

static struct loop loops[LOOPS];

static void *loop_main(void *self)
{
    struct loop *l = self;

    for (int i = 0; i < LOOP_ROWS; i++) {
        fixture_submit(l->f, &l->appends[i].request);
        fixture_submit(l->f, &l->loads[i].request);
    }
    return NULL;
}

static void many_loops(struct fixture *f, const struct backend *b)
{
    static const char *const own[LOOPS] = {"loop-0", "loop-1", "loop-2", "loop-3"};

    (void)b;
    for (int n = 0; n < LOOPS; n++) {
        loops[n].f = f;
        for (int i = 0; i < LOOP_ROWS; i++) {
            int other = (n + i) % LOOPS;

            loops[n].arenas[i] = test_arena(TEST_ARENA_BYTES);
            loops[n].appends[i] = append_of(contract_text(own[n]), i + 1, OPS_STR("{}"), 1);
            loops[n].loads[i] = load_of(contract_text(own[other]), &loops[n].arenas[i], i % 2 == 0, 1);
        }
    }
    for (int n = 0; n < LOOPS; n++)
        assert_int_equal(pthread_create(&loops[n].thread, NULL, loop_main, &loops[n]), 0);
    fixture_wait(f, (size_t)LOOPS * LOOP_ROWS * 2);
    for (int n = 0; n < LOOPS; n++) {
        (void)pthread_join(loops[n].thread, NULL);
        for (int i = 0; i < LOOP_ROWS; i++) {
            const struct ops_store_load *l = &loops[n].loads[i];

            assert_int_equal(loops[n].appends[i].request.result, OPS_STORE_DONE);
            assert_int_equal(l->request.result, OPS_STORE_DONE);
            for (size_t r = 0; r < l->ops_count; r++) /* never a gap, whenever it is read */
                assert_int_equal(l->ops[r].revision, r + 1);
            ops_arena_reset(&loops[n].arenas[i]);
        }
        expect_log(f, contract_text(own[n]), 1, LOOP_ROWS);
    }
}

static const struct contract_test tests[] = {
    {"loops submit at once: every append lands once, no load sees a gap", many_loops, false},
    {"similar ids never mix: case, blanks, quotes, wildcards, prefixes, normal forms, 256 units", ids_never_mix, false},
    {"a broken document breaks none with a similar id", fences_never_mix, false},
    {"payloads of a mebibyte and a larger snapshot come back byte by byte", big_payloads, false},
    {"everything is as it was after reopening", reopened, true},
    {"a fence ends with the store", fence_ends_with_store, true},
    {"closing gives back every request, with a true answer", close_gives_back, false},
};

int main(void)
{
    return CONTRACT_RUN("store-contract-life", tests);
}
