/* Appends: their order, their three ends, what one bad row does to the others, fences and epochs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "contract.h"

enum { MANY = 2500 }; /* more than one group commit takes */

static const struct ops_str a_payload = {"{}", 2};

static void in_order(struct fixture *f, const struct backend *b)
{
    static struct ops_store_append appends[MANY];
    static struct ops_store_request *chain[MANY];
    int64_t next[3] = {1, 1, 1};
    static const char *const ids[3] = {"a", "b", "c"};

    (void)b;
    for (size_t i = 0; i < MANY; i++) {
        appends[i] = append_of(contract_text(ids[i % 3]), next[i % 3]++, a_payload, 1);
        chain[i] = &appends[i].request;
    }
    contract_submit_chain(f, chain, MANY);
    fixture_wait(f, MANY);
    assert_int_equal(f->order_count, MANY);
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(appends[i].request.result, OPS_STORE_DONE);
    next[0] = next[1] = next[2] = 1;
    for (size_t i = 0; i < MANY; i++) {
        const struct ops_store_append *a = (const struct ops_store_append *)(const void *)f->order[i];
        size_t document = (size_t)(a->request.document_id.ptr[0] - 'a');

        assert_int_equal(a->op.revision, next[document]++);
    }
    for (size_t i = 0; i < 3; i++)
        expect_log(f, contract_text(ids[i]), 1, next[i] - 1);
}

static void begins_anywhere(struct fixture *f, const struct backend *b)
{
    (void)b;
    expect_append(f, OPS_STR("zero"), 0, 1, OPS_STORE_DONE);
    expect_append(f, OPS_STR("zero"), 1, 1, OPS_STORE_DONE);
    expect_append(f, OPS_STR("far"), INT64_C(4000000000000), 1, OPS_STORE_DONE);
    expect_append(f, OPS_STR("far"), INT64_C(4000000000001), 1, OPS_STORE_DONE);
    expect_log(f, OPS_STR("zero"), 0, 1);
    expect_log(f, OPS_STR("far"), INT64_C(4000000000000), INT64_C(4000000000001));
}

static void duplicate_absent(struct fixture *f, const struct backend *b)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_store_append again = append_of(OPS_STR("d"), 2, OPS_STR("{\"other\":true}"), 1);
    struct ops_store_history h = history_of(OPS_STR("d"), 2, 2, &arena);

    (void)b;
    for (int64_t r = 1; r <= 3; r++)
        expect_append(f, OPS_STR("d"), r, 1, OPS_STORE_DONE);
    assert_int_equal(fixture_do(f, &again.request), OPS_STORE_ABSENT);
    assert_non_null(strstr(again.request.problem, "revision"));
    expect_log(f, OPS_STR("d"), 1, 3);
    assert_int_equal(fixture_do(f, &h.request), OPS_STORE_DONE);
    contract_expect_str(h.ops[0].payload, OPS_STR("{\"n\":2}"));
    ops_arena_reset(&arena);
}

static void gap_absent(struct fixture *f, const struct backend *b)
{
    (void)b;
    expect_append(f, OPS_STR("d"), 1, 1, OPS_STORE_DONE);
    expect_append(f, OPS_STR("d"), 3, 1, OPS_STORE_ABSENT);
    expect_log(f, OPS_STR("d"), 1, 1);
}

static void below_the_first_absent(struct fixture *f, const struct backend *b)
{
    (void)b;
    expect_append(f, OPS_STR("d"), 10, 1, OPS_STORE_DONE);
    expect_append(f, OPS_STR("d"), 9, 1, OPS_STORE_ABSENT);
    expect_log(f, OPS_STR("d"), 10, 10);
}

/* The snapshot counts as the last revision when it is the higher one. */
static void after_a_snapshot(struct fixture *f, const struct backend *b)
{
    struct ops_store_snapshot s = snapshot_of(OPS_STR("d"), 10, OPS_STR("{}"), 0);

    (void)b;
    for (int64_t r = 1; r <= 3; r++)
        expect_append(f, OPS_STR("d"), r, 1, OPS_STORE_DONE);
    assert_int_equal(fixture_do(f, &s.request), OPS_STORE_DONE);
    expect_append(f, OPS_STR("d"), 4, 1, OPS_STORE_ABSENT);
    expect_append(f, OPS_STR("d"), 10, 2, OPS_STORE_ABSENT);
    expect_append(f, OPS_STR("d"), 12, 3, OPS_STORE_ABSENT);
    expect_append(f, OPS_STR("d"), 11, 4, OPS_STORE_DONE);
}

static void log_trimmed_away(struct fixture *f, const struct backend *b)
{
    struct ops_store_snapshot s = snapshot_of(OPS_STR("d"), 3, OPS_STR("{}"), 4);

    (void)b;
    for (int64_t r = 1; r <= 3; r++)
        expect_append(f, OPS_STR("d"), r, 1, OPS_STORE_DONE);
    assert_int_equal(fixture_do(f, &s.request), OPS_STORE_DONE);
    expect_log(f, OPS_STR("d"), 0, -1);
    expect_append(f, OPS_STR("d"), 1, 1, OPS_STORE_ABSENT);
    expect_append(f, OPS_STR("d"), 4, 2, OPS_STORE_DONE);
    expect_log(f, OPS_STR("d"), 4, 4);
}

static void suffix_refused(struct fixture *f, const struct backend *b)
{
    (void)b;
    expect_append(f, OPS_STR("d"), 1, 5, OPS_STORE_DONE);
    expect_append(f, OPS_STR("d"), 3, 5, OPS_STORE_ABSENT);
    expect_append(f, OPS_STR("d"), 2, 5, OPS_STORE_ABSENT); /* would fit: the same epoch */
    expect_append(f, OPS_STR("d"), 2, 4, OPS_STORE_ABSENT); /* and a lower one */
    expect_log(f, OPS_STR("d"), 1, 1);
    expect_append(f, OPS_STR("d"), 2, 6, OPS_STORE_DONE);
    expect_append(f, OPS_STR("d"), 3, 5, OPS_STORE_ABSENT); /* broken for good */
    expect_log(f, OPS_STR("d"), 1, 2);
}

/* Bad rows in the middle of a batch: the rest of their documents falls, nothing else does. */
static void bad_rows_alone(struct fixture *f, const struct backend *b)
{
    enum { ROWS = 40, DOCUMENTS = 4 };
    static const char *const ids[DOCUMENTS] = {"good", "duplicate", "gap", "other"};
    struct ops_store_append appends[ROWS * DOCUMENTS];
    struct ops_store_request *chain[ROWS * DOCUMENTS];

    (void)b;
    for (int i = 0; i < ROWS * DOCUMENTS; i++) {
        int64_t revision = i / DOCUMENTS + 1;

        if (i % DOCUMENTS == 1 && revision == 20)
            revision = 19;
        if (i % DOCUMENTS == 2 && revision == 30)
            revision = 31;
        appends[i] = append_of(contract_text(ids[i % DOCUMENTS]), revision, a_payload, 1);
        chain[i] = &appends[i].request;
    }
    contract_submit_chain(f, chain, ROWS * DOCUMENTS);
    fixture_wait(f, ROWS * DOCUMENTS);
    for (int i = 0; i < ROWS * DOCUMENTS; i++) {
        bool bad = (i % DOCUMENTS == 1 && i / DOCUMENTS >= 19) || (i % DOCUMENTS == 2 && i / DOCUMENTS >= 29);

        assert_int_equal(appends[i].request.result, bad ? OPS_STORE_ABSENT : OPS_STORE_DONE);
        assert_int_equal(appends[i].request.problem[0] != '\0', bad);
        assert_ptr_equal(f->order[i], chain[i]);
    }
    expect_log(f, OPS_STR("good"), 1, ROWS);
    expect_log(f, OPS_STR("duplicate"), 1, 19);
    expect_log(f, OPS_STR("gap"), 1, 29);
    expect_log(f, OPS_STR("other"), 1, ROWS);
}

static void head_left_alone(struct fixture *f, const struct backend *b)
{
    struct ops_store_append a = append_of(OPS_STR("d"), 1, a_payload, 1);
    int mine;

    (void)b;
    a.request.loop = 7;
    a.request.owner = &mine;
    memset(a.request.problem, 'x', sizeof a.request.problem);
    assert_int_equal(fixture_do(f, &a.request), OPS_STORE_DONE);
    assert_int_equal(a.request.loop, 7);
    assert_ptr_equal(a.request.owner, &mine);
    assert_int_equal(a.request.epoch, 1);
    assert_non_null(memchr(a.request.problem, '\0', sizeof a.request.problem));
}

/* ---- fences ------------------------------------------------------------------------------------------------------------------ */

static void fence_to(struct fixture *f, struct ops_str id, uint64_t epoch, enum ops_store_result result)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_store_load l = load_of(id, &arena, true, epoch);

    assert_int_equal(fixture_do(f, &l.request), result);
    assert_int_equal(l.request.problem[0] != '\0', result != OPS_STORE_DONE);
    ops_arena_reset(&arena);
}

static void old_epoch_refused(struct fixture *f, const struct backend *b)
{
    (void)b;
    expect_append(f, OPS_STR("d"), 1, 1, OPS_STORE_DONE);
    fence_to(f, OPS_STR("d"), 3, OPS_STORE_DONE);
    expect_append(f, OPS_STR("d"), 2, 2, OPS_STORE_ABSENT);
    expect_log(f, OPS_STR("d"), 1, 1);
    expect_append(f, OPS_STR("d"), 2, 3, OPS_STORE_DONE);
    expect_append(f, OPS_STR("d"), 3, 4, OPS_STORE_DONE);
    expect_log(f, OPS_STR("d"), 1, 3);
    expect_append(f, OPS_STR("e"), 1, 1, OPS_STORE_DONE); /* a fence is of one document */
}

static void fence_before_first_op(struct fixture *f, const struct backend *b)
{
    (void)b;
    fence_to(f, OPS_STR("d"), 7, OPS_STORE_DONE);
    expect_append(f, OPS_STR("d"), 1, 6, OPS_STORE_ABSENT);
    expect_append(f, OPS_STR("d"), 1, 7, OPS_STORE_DONE);
    expect_log(f, OPS_STR("d"), 1, 1);
}

static void lower_fence_absent(struct fixture *f, const struct backend *b)
{
    (void)b;
    fence_to(f, OPS_STR("d"), 5, OPS_STORE_DONE);
    fence_to(f, OPS_STR("d"), 4, OPS_STORE_ABSENT);
    fence_to(f, OPS_STR("d"), 5, OPS_STORE_DONE);
    expect_append(f, OPS_STR("d"), 1, 4, OPS_STORE_ABSENT);
    expect_append(f, OPS_STR("d"), 1, 5, OPS_STORE_DONE);
}

static void plain_load_fences_not(struct fixture *f, const struct backend *b)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_store_load l = load_of(OPS_STR("d"), &arena, false, 9);

    (void)b;
    expect_append(f, OPS_STR("d"), 1, 1, OPS_STORE_DONE);
    assert_int_equal(fixture_do(f, &l.request), OPS_STORE_DONE);
    expect_append(f, OPS_STR("d"), 2, 1, OPS_STORE_DONE);
    ops_arena_reset(&arena);
}

static void fence_mends(struct fixture *f, const struct backend *b)
{
    (void)b;
    expect_append(f, OPS_STR("d"), 1, 1, OPS_STORE_DONE);
    expect_append(f, OPS_STR("d"), 1, 1, OPS_STORE_ABSENT);
    fence_to(f, OPS_STR("d"), 1, OPS_STORE_DONE); /* the same epoch mends nothing */
    expect_append(f, OPS_STR("d"), 2, 1, OPS_STORE_ABSENT);
    fence_to(f, OPS_STR("d"), 2, OPS_STORE_DONE);
    expect_append(f, OPS_STR("d"), 2, 2, OPS_STORE_DONE);
    expect_log(f, OPS_STR("d"), 1, 2);
}

/* Appends and a fencing load in a race: what the load has read is all that there will ever be of the old epoch. */
static void late_append_never_lands(struct fixture *f, const struct backend *b)
{
    enum { ROUNDS = 60, ROWS = 12 };
    struct ops_store_append appends[ROWS];

    for (int round = 0; round < ROUNDS; round++) {
        struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
        char name[24];
        struct ops_str id;
        struct ops_store_load l;
        int landed = 0;
        bool hang = b->stall != NULL && round % 3 == 0;

        (void)snprintf(name, sizeof name, "late-%d", round);
        id = contract_text(name);
        if (hang)
            b->stall();
        for (int i = 0; i < ROWS; i++) {
            appends[i] = append_of(id, i + 1, a_payload, 1);
            fixture_submit(f, &appends[i].request);
            if (i == round % ROWS) {
                l = load_of(id, &arena, true, 2);
                fixture_submit(f, &l.request);
            }
        }
        if (hang)
            b->resume();
        fixture_wait(f, ROWS + 1);
        assert_int_equal(l.request.result, OPS_STORE_DONE);
        while (landed < ROWS && appends[landed].request.result == OPS_STORE_DONE)
            landed++;
        for (int i = landed; i < ROWS; i++)
            assert_int_equal(appends[i].request.result, OPS_STORE_ABSENT);
        assert_true(landed <= round % ROWS + 1); /* what was submitted behind the load is refused */
        assert_int_equal(l.ops_count, landed);
        expect_log(f, id, 1, landed);
        expect_append(f, id, landed + 1, 2, OPS_STORE_DONE);
        ops_arena_reset(&arena);
        fixture_forget(f);
    }
}

/* While a commit hangs, a load that fences its document waits for it; one of another document does not. */
static void only_that_load_waits(struct fixture *f, const struct backend *b)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_store_append a = append_of(OPS_STR("hangs"), 1, a_payload, 1);
    struct ops_store_load other = load_of(OPS_STR("other"), &arena, true, 2), same = load_of(OPS_STR("hangs"), &arena, true, 2);

    if (b->stall == NULL)
        contract_skip("its commits happen inside submit, none can hang");
    expect_append(f, OPS_STR("other"), 1, 1, OPS_STORE_DONE);
    b->stall();
    fixture_submit(f, &a.request);
    assert_int_equal(fixture_do(f, &other.request), OPS_STORE_DONE);
    assert_int_equal(other.ops_count, 1);
    assert_int_equal(f->returned, 0);
    fixture_submit(f, &same.request);
    b->resume();
    fixture_wait(f, 2);
    assert_int_equal(same.request.result, OPS_STORE_DONE);
    assert_int_equal(same.ops_count, a.request.result == OPS_STORE_DONE ? 1 : 0);
    ops_arena_reset(&arena);
}

static const struct contract_test tests[] = {
    {"appends are carried out and come back in the order of their submission", in_order, false},
    {"a document may begin at any revision", begins_anywhere, false},
    {"a revision that exists is absent and changes nothing", duplicate_absent, false},
    {"a revision that leaves a gap is absent", gap_absent, false},
    {"a revision below the first one is absent", below_the_first_absent, false},
    {"the snapshot's revision counts as the last one", after_a_snapshot, false},
    {"a log that was trimmed away goes on behind its snapshot", log_trimmed_away, false},
    {"what follows a refused append is refused, of its epoch and below", suffix_refused, false},
    {"a bad row fails only its own document", bad_rows_alone, false},
    {"the caller's fields are left alone", head_left_alone, false},
    {"an epoch below the fence is refused", old_epoch_refused, false},
    {"a document can be fenced before it exists", fence_before_first_op, false},
    {"a fence below an earlier one is absent", lower_fence_absent, false},
    {"a load without fence fences nothing", plain_load_fences_not, false},
    {"after a refused append a higher fence lets appends go on", fence_mends, false},
    {"a late append of an old epoch never lands behind the fencing load", late_append_never_lands, false},
    {"only the load that fences a document waits for its commit", only_that_load_waits, false},
};

int main(void)
{
    return CONTRACT_RUN("store-contract-append", tests);
}
