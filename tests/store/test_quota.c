/* A disk quota or a limit of the process that is used up is a full disk: writes are refused, nothing is doubtful, and they go on once
 * there is room again. The limit here is the process's own (RLIMIT_FSIZE); a quota answers the same way, with another number. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "contract.h"

static void connection(const char *folder, char *out, size_t out_bytes)
{
    (void)snprintf(out, out_bytes, "Data Source=%s/ops.db", folder);
}

static const struct backend sqlite = {"sqlite", connection, NULL, NULL};

static off_t log_bytes(const struct fixture *f)
{
    char path[300];
    struct stat st;

    (void)snprintf(path, sizeof path, "%s/ops.db-wal", f->folder);
    assert_int_equal(stat(path, &st), 0);
    return st.st_size;
}

/* No file of this process grows above `bytes`. */
static void limit_files(rlim_t bytes)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static enum ops_store_result health(struct fixture *f)
{
    struct ops_store_health h = {.request = {.kind = OPS_STORE_HEALTH}};

    return fixture_do(f, &h.request);
}

static void writes_go_on_when_there_is_room_again(void **state)
{
    struct fixture f;
    struct rlimit before;
    enum ops_store_result while_full;

    (void)state;
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    fixture_open(&f, &sqlite);
    for (int64_t r = 1; r <= 3; r++)
        expect_append(&f, OPS_STR("d"), r, 1, OPS_STORE_DONE);
    limit_files((rlim_t)log_bytes(&f) + 1000); /* the next frame is cut */
    expect_append(&f, OPS_STR("d"), 4, 1, OPS_STORE_ABSENT);
    expect_append(&f, OPS_STR("e"), 1, 1, OPS_STORE_ABSENT);
    while_full = health(&f);
    limit_files(before.rlim_cur);
    assert_int_equal(while_full, OPS_STORE_ABSENT);
    assert_int_equal(health(&f), OPS_STORE_DONE);
    expect_log(&f, OPS_STR("d"), 1, 3);
    expect_append(&f, OPS_STR("d"), 4, 2, OPS_STORE_DONE);
    expect_append(&f, OPS_STR("e"), 1, 2, OPS_STORE_DONE);
    fixture_shut(&f);
    fixture_reopen(&f, &sqlite);
    expect_log(&f, OPS_STR("d"), 1, 4);
    expect_log(&f, OPS_STR("e"), 1, 1);
    fixture_drop(&f);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_go_on_when_there_is_room_again),
    };

    return cmocka_run_group_tests_name("store-quota", tests, NULL, NULL);
}
