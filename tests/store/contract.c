#include "contract.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

enum { TESTS_MAX = 64, CLAIM_CHARS = 240 };

/* ---- SQLite: a commit hangs while another connection has the write lock ----------------------------------------------------- */

static char sqlite_path[300];
static sqlite3 *blocker;

static void sqlite_connection(const char *folder, char *out, size_t out_bytes)
{
    (void)snprintf(sqlite_path, sizeof sqlite_path, "%s/ops.db", folder);
    (void)snprintf(out, out_bytes, "Data Source=%s", sqlite_path);
}

static void sqlite_stall(void)
{
    assert_null(blocker);
    assert_int_equal(sqlite3_open(sqlite_path, &blocker), SQLITE_OK);
    (void)sqlite3_busy_timeout(blocker, 60000);
    assert_int_equal(sqlite3_exec(blocker, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
}

static void sqlite_resume(void)
{
    assert_int_equal(sqlite3_exec(blocker, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    (void)sqlite3_close(blocker);
    blocker = NULL;
}

/* ---- the backends ------------------------------------------------------------------------------------------------------------ */

static const struct backend backends[] = {
    {"memory", NULL, NULL, NULL},
    {"sqlite", sqlite_connection, sqlite_stall, sqlite_resume},
};

enum { BACKENDS = sizeof backends / sizeof backends[0] };

/* A claim on a backend. */
struct cell {
    const struct contract_test *test;
    const struct backend *backend;
    char name[CLAIM_CHARS];
    struct fixture fixture;
};

static struct cell *running;

void contract_skip(const char *why)
{
    size_t len = strlen(running->name);

    (void)snprintf(running->name + len, sizeof running->name - len, " (%s)", why); /* cmocka prints no reason of its own */
    skip();
}

static int cell_open(void **state)
{
    struct cell *c = *state;

    fixture_open(&c->fixture, c->backend);
    return 0;
}

static int cell_drop(void **state)
{
    struct cell *c = *state;

    if (blocker != NULL)
        sqlite_resume(); /* the test failed while commits hung */
    fixture_drop(&c->fixture);
    return 0;
}

static void cell_run(void **state)
{
    struct cell *c = *state;

    running = c;
    if (c->test->durable && !c->fixture.store->ops->durable)
        contract_skip("it keeps documents for the life of the process only");
    c->test->run(&c->fixture, c->backend);
}

int contract_run(const char *group, const struct contract_test *tests, size_t count)
{
    static struct CMUnitTest units[TESTS_MAX * BACKENDS];
    struct cell *cells = calloc(count * BACKENDS, sizeof *cells);
    /* cmocka writes "not ok # SKIP", which meson counts as a failure. */
    FILE *filter = popen("sed 's/^not ok \\([0-9]*\\) # SKIP/ok \\1 # SKIP/'", "w");
    int failed, before = dup(STDOUT_FILENO);

    if (cells == NULL || count > TESTS_MAX || filter == NULL || dup2(fileno(filter), STDOUT_FILENO) < 0)
        return 1;
    for (size_t i = 0; i < count * BACKENDS; i++) {
        cells[i].test = &tests[i % count];
        cells[i].backend = &backends[i / count];
        (void)snprintf(cells[i].name, sizeof cells[i].name, "%s: %s", cells[i].backend->name, cells[i].test->claim);
        units[i] = (struct CMUnitTest){cells[i].name, cell_run, cell_open, cell_drop, &cells[i]};
    }
    failed = _cmocka_run_group_tests(group, units, count * BACKENDS, NULL, NULL);
    (void)fflush(stdout);
    (void)dup2(before, STDOUT_FILENO);
    (void)close(before);
    (void)pclose(filter);
    free(cells);
    return failed;
}

/* ---- what the tests share ---------------------------------------------------------------------------------------------------- */

void contract_submit_chain(struct fixture *f, struct ops_store_request *const *requests, size_t count)
{
    for (size_t i = 0; i < count; i++)
        requests[i]->next = i + 1 < count ? requests[i + 1] : NULL;
    f->store->ops->submit(f->store, requests[0]);
}

struct ops_str contract_text(const char *s)
{
    return ops_str_of(s, strlen(s));
}

void contract_expect_str(struct ops_str got, struct ops_str expected)
{
    assert_int_equal(got.ptr == NULL, expected.ptr == NULL);
    assert_int_equal(got.len, expected.len);
    if (expected.len > 0)
        assert_memory_equal(got.ptr, expected.ptr, expected.len);
}

void contract_expect_op(const struct ops_store_op *got, const struct ops_store_op *expected)
{
    assert_int_equal(got->revision, expected->revision);
    contract_expect_str(got->author_id, expected->author_id);
    contract_expect_str(got->payload, expected->payload);
    contract_expect_str(got->op_type_name, expected->op_type_name);
    contract_expect_str(got->op_id, expected->op_id);
    assert_true(got->timestamp.set);
    assert_int_equal(got->timestamp.seconds, expected->timestamp.seconds);
    assert_int_equal(got->timestamp.nanos, expected->timestamp.nanos);
}
