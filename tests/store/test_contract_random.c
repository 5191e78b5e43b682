/* Random requests against a model of arrays: every answer, every row, every snapshot, and (where it is kept) all of it after reopening.
 * OPS_SEED=... replays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "contract.h"
#include "tests/support/random.h"

enum { STEPS = 4000, DOCUMENTS = 6, REVISIONS = STEPS + 64, PAYLOAD_MAX = 200 };

/* What the contract says a document is. Revision r of the log is there when first <= r <= last. */
struct model {
    int64_t first, last; /* last < first: no rows */
    int64_t snapshot;    /* -1: none */
    uint64_t fence, broken;
    bool is_broken;
    uint16_t bytes[REVISIONS];
};

static struct model models[DOCUMENTS];
static char letters[PAYLOAD_MAX];
static const char *const names[DOCUMENTS] = {"a", "A", "a'", "aa", "\xc3\xa4", "a%"};

static int64_t revision_of(const struct model *m)
{
    int64_t last = m->last >= m->first ? m->last : -1;

    return last > m->snapshot ? last : m->snapshot;
}

static enum ops_store_result model_append(struct model *m, int64_t revision, uint64_t epoch, size_t bytes)
{
    int64_t last = revision_of(m);

    if (epoch < m->fence || (m->is_broken && epoch <= m->broken) || (last >= 0 && revision != last + 1)) {
        if (!m->is_broken || epoch > m->broken)
            m->broken = epoch;
        m->is_broken = true;
        return OPS_STORE_ABSENT;
    }
    if (m->last < m->first)
        m->first = revision;
    m->last = revision;
    m->bytes[revision] = (uint16_t)bytes;
    return OPS_STORE_DONE;
}

static void model_snapshot(struct model *m, int64_t revision, int64_t from, size_t keep)
{
    size_t bytes = 0;

    m->snapshot = revision > m->snapshot ? revision : m->snapshot;
    while (m->first <= m->last && m->first <= revision && m->first < from)
        m->first++;
    for (int64_t r = m->first; r <= m->last && r <= revision; r++)
        bytes += m->bytes[r];
    while (m->first <= m->last && m->first <= revision && bytes > keep)
        bytes -= m->bytes[m->first++];
}

static void check_log(const struct model *m, const struct ops_store_op *ops, size_t count, int64_t first)
{
    assert_int_equal(count, m->last >= first ? m->last - first + 1 : 0);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(ops[i].revision, first + (int64_t)i);
        assert_int_equal(ops[i].payload.len, m->bytes[ops[i].revision]);
    }
}

static void step_append(struct fixture *f, struct model *m, struct ops_str id)
{
    int64_t last = revision_of(m), revision = last < 0 ? (int64_t)rnd_below(4) : last + 1;
    uint64_t epoch = m->is_broken && m->broken >= m->fence ? m->broken + 1 : m->fence;
    size_t bytes = rnd_below(PAYLOAD_MAX);
    unsigned kind = rnd_below(24);
    enum ops_store_result expected;
    struct ops_store_append a;

    if (kind == 0)
        revision += rnd_below(2) != 0 ? 1 : -1;
    if (kind == 1 && epoch > 0)
        epoch -= 1;
    if (revision < 0)
        revision = 0;
    a = append_of(id, revision, ops_str_of(letters, bytes), epoch);
    expected = model_append(m, revision, epoch, bytes);
    assert_int_equal(fixture_do(f, &a.request), expected);
}

static void step_load(struct fixture *f, struct model *m, struct ops_str id)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_store_load l = load_of(id, &arena, rnd_below(2) == 0, m->fence + rnd_below(3));
    int64_t start = m->snapshot + 1;
    size_t bytes = 0;

    if (rnd_below(8) == 0 && m->fence > 0)
        l.request.epoch = m->fence - 1;
    l.tail_ops = rnd_below(20);
    l.tail_limit_bytes = rnd_below(2000);
    for (uint32_t n = 0; start > m->first && n < l.tail_ops && start - 1 <= m->last; n++, start--) {
        bytes += m->bytes[start - 1];
        if (bytes > l.tail_limit_bytes)
            break;
    }
    if (start < m->first)
        start = m->first;
    if (l.fence && l.request.epoch < m->fence) {
        assert_int_equal(fixture_do(f, &l.request), OPS_STORE_ABSENT);
    } else {
        m->fence = l.fence ? l.request.epoch : m->fence;
        assert_int_equal(fixture_do(f, &l.request), OPS_STORE_DONE);
        assert_int_equal(l.exists, revision_of(m) >= 0);
        assert_int_equal(l.snapshot_revision, m->snapshot);
        check_log(m, l.ops, l.ops_count, start);
    }
    ops_arena_reset(&arena);
}

static void step_snapshot(struct fixture *f, struct model *m, struct ops_str id)
{
    int64_t last = revision_of(m), revision;
    struct ops_store_snapshot s;

    if (last < 0)
        return;
    revision = last - (int64_t)rnd_below(last < 12 ? (unsigned)last + 1 : 12);
    s = snapshot_of(id, revision, ops_str_of(letters, rnd_below(PAYLOAD_MAX)), revision - 20 + (int64_t)rnd_below(30));
    if (rnd_below(2) == 0)
        s.keep_bytes = rnd_below(3000);
    model_snapshot(m, revision, s.keep_from, s.keep_bytes);
    assert_int_equal(fixture_do(f, &s.request), OPS_STORE_DONE);
}

static void check_document(struct fixture *f, const struct model *m, struct ops_str id)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_store_history h = history_of(id, 0, INT64_MAX, &arena);

    h.limit_ops = UINT32_MAX;
    h.limit_bytes = SIZE_MAX;
    assert_int_equal(fixture_do(f, &h.request), OPS_STORE_DONE);
    check_log(m, h.ops, h.ops_count, m->first);
    ops_arena_reset(&arena);
}

static void check_list(struct fixture *f)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_store_documents d;
    size_t expected = 0;

    memset(&d, 0, sizeof d);
    d.request.kind = OPS_STORE_DOCUMENTS;
    d.limit = 100;
    d.arena = &arena;
    assert_int_equal(fixture_do(f, &d.request), OPS_STORE_DONE);
    for (int i = 0; i < DOCUMENTS; i++)
        expected += revision_of(&models[i]) >= 0;
    assert_int_equal(d.documents_count, expected);
    for (size_t i = 0; i < d.documents_count; i++)
        for (int n = 0; n < DOCUMENTS; n++)
            if (ops_str_equal(d.documents[i].document_id, contract_text(names[n]))) {
                assert_int_equal(d.documents[i].revision, revision_of(&models[n]));
                assert_int_equal(d.documents[i].op_count, models[n].last - models[n].first + 1);
            }
    ops_arena_reset(&arena);
}

static void reopen(struct fixture *f, const struct backend *b)
{
    fixture_shut(f);
    fixture_reopen(f, b);
    for (int i = 0; i < DOCUMENTS; i++) {
        models[i].fence = models[i].broken = 0;
        models[i].is_broken = false;
    }
}

static void as_the_model(struct fixture *f, const struct backend *b)
{
    bool durable = f->store->ops->durable;

    (void)random_seeded(NULL);
    print_message("# seed %llu\n", (unsigned long long)random_seed);
    memset(models, 0, sizeof models);
    memset(letters, '1', sizeof letters);
    for (int i = 0; i < DOCUMENTS; i++)
        models[i].last = models[i].snapshot = -1;
    for (int step = 0; step < STEPS; step++) {
        unsigned n = rnd_below(DOCUMENTS), kind = rnd_below(100);

        if (kind < 70)
            step_append(f, &models[n], contract_text(names[n]));
        else if (kind < 80)
            step_load(f, &models[n], contract_text(names[n]));
        else if (kind < 90)
            step_snapshot(f, &models[n], contract_text(names[n]));
        else if (kind < 99)
            check_document(f, &models[n], contract_text(names[n]));
        else if (durable)
            reopen(f, b);
        if (step % 200 == 0)
            check_list(f);
        fixture_forget(f);
    }
    if (durable)
        reopen(f, b);
    for (int i = 0; i < DOCUMENTS; i++)
        check_document(f, &models[i], contract_text(names[i]));
    check_list(f);
}

static const struct contract_test tests[] = {
    {"random requests are answered as by a model of arrays", as_the_model, false},
};

int main(void)
{
    return CONTRACT_RUN("store-contract-random", tests);
}
