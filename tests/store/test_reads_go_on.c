/* A read that was told to wait for the copying of a long log starts again, also when there is nothing to copy any more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "fault_vfs.h"
#include "fixture.h"

enum { ROWS = 60, PAYLOAD_BYTES = 8192, HANGS_AFTER_S = 60 };

/* The reader's thread is kept inside `done` of one request, as by a caller with much to do. */
struct reads {
    struct ops_store *store;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    const struct ops_store_request *slow; /* while it is this one's turn */
    bool entered, go_on;
    size_t returned;
};

static void came_back(void *self, struct ops_store_request *chain)
{
    struct reads *t = self;

    (void)pthread_mutex_lock(&t->lock);
    if (chain == t->slow) {
        t->entered = true;
        (void)pthread_cond_broadcast(&t->changed);
        while (!t->go_on)
            (void)pthread_cond_wait(&t->changed, &t->lock);
    }
    for (; chain != NULL; chain = chain->next)
        t->returned++;
    (void)pthread_cond_broadcast(&t->changed);
    (void)pthread_mutex_unlock(&t->lock);
}

/* False: it never came. */
static bool wait_for(struct reads *t, size_t count)
{
    struct timespec until;
    int code = 0;

    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += HANGS_AFTER_S;
    (void)pthread_mutex_lock(&t->lock);
    while (t->returned < count && code == 0)
        code = pthread_cond_timedwait(&t->changed, &t->lock, &until);
    t->returned = 0;
    (void)pthread_mutex_unlock(&t->lock);
    return code == 0;
}

static void open_store(struct reads *t)
{
    struct ops_store_env env = {came_back, t, NULL, NULL};
    struct ops_store_config config = {.provider = OPS_STR("sqlite"), .connection_string = OPS_STR("Data Source=" FAULT_DATABASE),
        .migrate = true};
    char problem[512] = "";

    fault_disk_clear();
    memset(t, 0, sizeof *t);
    (void)pthread_mutex_init(&t->lock, NULL);
    (void)pthread_cond_init(&t->changed, NULL);
    t->store = ops_store_open(&config, &env, problem, sizeof problem);
    if (t->store == NULL)
        fail_msg("%s", problem);
}

static void close_store(struct reads *t)
{
    t->store->ops->close(t->store);
    (void)pthread_cond_destroy(&t->changed);
    (void)pthread_mutex_destroy(&t->lock);
}

static void append(struct reads *t, int64_t revision)
{
    static char payload[PAYLOAD_BYTES];
    struct ops_store_append a;

    memset(payload, ' ', sizeof payload);
    payload[0] = '1';
    a = append_of(OPS_STR("d"), revision, ops_str_of(payload, sizeof payload), 1);
    t->store->ops->submit(t->store, &a.request);
    assert_true(wait_for(t, 1));
    assert_int_equal(a.request.result, OPS_STORE_DONE);
}

static void run_sql(sqlite3 *db, const char *text)
{
    if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", text, sqlite3_errmsg(db));
}

static void reads_go_on_when_the_log_is_emptied_by_somebody_else(void **state)
{
    static struct reads t;
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_store_history slow = history_of(OPS_STR("none"), 0, 9, &arena), next = history_of(OPS_STR("none"), 0, 9, &arena);
    sqlite3 *other = NULL;

    (void)state;
    open_store(&t);
    append(&t, 1);
    assert_int_equal(sqlite3_open(FAULT_DATABASE, &other), SQLITE_OK);
    (void)sqlite3_busy_timeout(other, HANGS_AFTER_S * 1000);
    run_sql(other, "BEGIN; SELECT count(*) FROM \"DocumentOps\""); /* the log cannot start over, so it grows */

    t.slow = &slow.request;
    t.store->ops->submit(t.store, &slow.request);
    (void)pthread_mutex_lock(&t.lock);
    while (!t.entered)
        (void)pthread_cond_wait(&t.changed, &t.lock);
    (void)pthread_mutex_unlock(&t.lock);
    for (int64_t r = 2; r < ROWS; r++)
        append(&t, r); /* the log is long now: the next read is to wait */
    run_sql(other, "COMMIT");
    run_sql(other, "PRAGMA wal_checkpoint(TRUNCATE)");
    append(&t, ROWS); /* and now it is short */

    (void)pthread_mutex_lock(&t.lock);
    t.go_on = true;
    (void)pthread_cond_broadcast(&t.changed);
    (void)pthread_mutex_unlock(&t.lock);
    assert_true(wait_for(&t, 1));
    t.store->ops->submit(t.store, &next.request);
    if (!wait_for(&t, 1))
        fail_msg("a read does not come back");
    assert_int_equal(next.request.result, OPS_STORE_DONE);
    (void)sqlite3_close(other);
    close_store(&t);
    ops_arena_reset(&arena);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_go_on_when_the_log_is_emptied_by_somebody_else),
    };

    if (!fault_vfs_register())
        return 1;
    return cmocka_run_group_tests_name("store-reads-go-on", tests, NULL, NULL);
}
