#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static void came_back(void *self, struct ops_store_request *chain)
{
    struct fixture *f = self;

    assert_non_null(chain);
    (void)pthread_mutex_lock(&f->lock);
    for (struct ops_store_request *r = chain, *next; r != NULL; r = next) {
        next = r->next;
        if (f->order_count < FIXTURE_ORDER)
            f->order[f->order_count++] = r;
        f->returned++;
    }
    (void)pthread_cond_broadcast(&f->back);
    (void)pthread_mutex_unlock(&f->lock);
}

static void logged(void *self, const char *problem)
{
    struct fixture *f = self;

    (void)problem;
    (void)pthread_mutex_lock(&f->lock);
    f->logged++;
    (void)pthread_mutex_unlock(&f->lock);
}

void fixture_reopen(struct fixture *f, const struct backend *b)
{
    char connection[400] = "";
    struct ops_store_config config = {0};
    struct ops_store_env env = {came_back, f, logged, f};

    f->returned = f->order_count = 0;
    if (b->connection_string != NULL)
        b->connection_string(f->folder, connection, sizeof connection);
    config.provider = ops_str_of(b->name, strlen(b->name));
    config.connection_string = ops_str_of(connection, strlen(connection));
    config.migrate = true;
    f->store = ops_store_open(&config, &env, f->problem, sizeof f->problem);
    if (f->store == NULL)
        fail_msg("%s", f->problem);
}

void fixture_open(struct fixture *f, const struct backend *b)
{
    const char *parent = getenv("TMPDIR");

    memset(f, 0, sizeof *f);
    (void)pthread_mutex_init(&f->lock, NULL);
    (void)pthread_cond_init(&f->back, NULL);
    (void)snprintf(f->folder, sizeof f->folder, "%s/ops-store-XXXXXX", parent != NULL ? parent : "/tmp");
    assert_non_null(mkdtemp(f->folder));
    fixture_reopen(f, b);
}

void fixture_shut(struct fixture *f)
{
    if (f->store != NULL)
        f->store->ops->close(f->store);
    f->store = NULL;
}

void fixture_drop(struct fixture *f)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};

    fixture_shut(f);
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        char path[300];

        (void)snprintf(path, sizeof path, "%s/ops.db%s", f->folder, suffixes[i]);
        (void)unlink(path);
    }
    (void)rmdir(f->folder);
    (void)pthread_mutex_destroy(&f->lock);
    (void)pthread_cond_destroy(&f->back);
}

void fixture_submit(struct fixture *f, struct ops_store_request *r)
{
    r->next = NULL;
    f->store->ops->submit(f->store, r);
}

void fixture_wait(struct fixture *f, size_t count)
{
    (void)pthread_mutex_lock(&f->lock);
    while (f->returned < count)
        (void)pthread_cond_wait(&f->back, &f->lock);
    f->returned -= count;
    (void)pthread_mutex_unlock(&f->lock);
}

void fixture_forget(struct fixture *f)
{
    (void)pthread_mutex_lock(&f->lock);
    f->order_count = 0;
    (void)pthread_mutex_unlock(&f->lock);
}

enum ops_store_result fixture_do(struct fixture *f, struct ops_store_request *r)
{
    fixture_submit(f, r);
    fixture_wait(f, 1);
    return r->result;
}

struct ops_store_append append_of(struct ops_str id, int64_t revision, struct ops_str payload, uint64_t epoch)
{
    struct ops_store_append a;

    memset(&a, 0, sizeof a);
    a.request.kind = OPS_STORE_APPEND;
    a.request.document_id = id;
    a.request.epoch = epoch;
    a.document_type = OPS_STR("text");
    a.op.revision = revision;
    a.op.author_id = OPS_STR("peer-1");
    a.op.timestamp = (struct ops_time){1700000000 + revision, 123456700, true};
    a.op.payload = payload;
    a.op.op_type_name = OPS_STR("TextOp");
    return a;
}

struct ops_store_load load_of(struct ops_str id, struct ops_arena *arena, bool fence, uint64_t epoch)
{
    struct ops_store_load l;

    memset(&l, 0, sizeof l);
    l.request.kind = OPS_STORE_LOAD;
    l.request.document_id = id;
    l.request.epoch = epoch;
    l.fence = fence;
    l.tail_ops = 1000;
    l.tail_limit_bytes = 1 << 20;
    l.arena = arena;
    return l;
}

struct ops_store_snapshot snapshot_of(struct ops_str id, int64_t revision, struct ops_str state, int64_t keep_from)
{
    struct ops_store_snapshot s;

    memset(&s, 0, sizeof s);
    s.request.kind = OPS_STORE_SNAPSHOT;
    s.request.document_id = id;
    s.document_type = OPS_STR("text");
    s.revision = revision;
    s.timestamp = (struct ops_time){1700000000 + revision, 0, true};
    s.state = state;
    s.keep_from = keep_from;
    s.keep_bytes = SIZE_MAX;
    return s;
}

struct ops_store_history history_of(struct ops_str id, int64_t from, int64_t to, struct ops_arena *arena)
{
    struct ops_store_history h;

    memset(&h, 0, sizeof h);
    h.request.kind = OPS_STORE_HISTORY;
    h.request.document_id = id;
    h.from = from;
    h.to = to;
    h.limit_ops = 1000;
    h.limit_bytes = 1 << 20;
    h.arena = arena;
    return h;
}

void expect_append(struct fixture *f, struct ops_str id, int64_t revision, uint64_t epoch, enum ops_store_result result)
{
    char payload[40];
    struct ops_store_append a;

    (void)snprintf(payload, sizeof payload, "{\"n\":%lld}", (long long)revision);
    a = append_of(id, revision, ops_str_of(payload, strlen(payload)), epoch);
    if (fixture_do(f, &a.request) != result)
        fail_msg("revision %lld: result %d, expected %d: %s", (long long)revision, (int)a.request.result, (int)result,
                 a.request.problem);
    if (result != OPS_STORE_DONE)
        assert_true(a.request.problem[0] != '\0');
}

void expect_log(struct fixture *f, struct ops_str id, int64_t first, int64_t last)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_store_history h = history_of(id, INT64_MIN, INT64_MAX, &arena);

    h.limit_ops = UINT32_MAX;
    h.limit_bytes = SIZE_MAX;
    assert_int_equal(fixture_do(f, &h.request), OPS_STORE_DONE);
    assert_int_equal(h.ops_count, last >= first ? last - first + 1 : 0);
    for (size_t i = 0; i < h.ops_count; i++)
        assert_int_equal(h.ops[i].revision, first + (int64_t)i);
    ops_arena_reset(&arena);
}
