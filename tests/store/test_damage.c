/* Databases that were cut, overwritten or shut off, and a disk without room for a while. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fault_vfs.h"
#include "faulty_load.h"
#include "fixture.h"

#define LOG FAULT_DATABASE "-wal"

static struct load l;

static void start(void)
{
    char problem[512];

    if (!load_open(&l, problem, sizeof problem))
        fail_msg("%s", problem);
}

/* A database whose log holds rows: the process was killed. */
static void killed_after(int rounds)
{
    fault_disk_clear();
    load_init(&l, "full");
    start();
    load_run(&l, rounds);
    assert_string_equal(l.problem, "");
    fault_plan_set(FAULT_POWER_LOSS, 1);
    load_close(&l);
    fault_power_cycle(FAULT_KEEP_ALL, 0);
}

static void a_log_cut_anywhere_leaves_whole_commits(void **state)
{
    size_t whole = 0, fewer = 0;

    (void)state;
    for (size_t cut = 0;; cut += 1999) {
        size_t bytes = 0;
        int64_t last = 0;
        struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
        struct ops_store_history h = history_of(OPS_STR("gamma"), 0, INT64_MAX, &arena);

        killed_after(2); /* the log was copied after the first group commit and holds the second */
        assert_non_null(fault_file_bytes(LOG, &bytes));
        if (cut < bytes)
            fault_file_cut(LOG, bytes - cut);
        start();
        assert_int_equal(load_do(&l, &h.request), OPS_STORE_DONE);
        for (size_t i = 0; i < h.ops_count; i++)
            assert_int_equal(h.ops[i].revision, ++last);
        assert_true(last == LOAD_GROUP || last == 2 * LOAD_GROUP); /* one commit wrote three */
        whole += last == 2 * LOAD_GROUP;
        fewer += last == LOAD_GROUP;
        ops_arena_reset(&arena);
        load_free(&l);
        if (cut >= bytes)
            break;
    }
    assert_true(whole > 1 && fewer > 1);
}

static void a_log_with_a_changed_byte_is_read_up_to_it(void **state)
{
    (void)state;
    for (size_t at = 100;; at += 4999) {
        size_t bytes = 0;
        unsigned char *log;
        struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
        struct ops_store_history h = history_of(OPS_STR("alpha"), 0, INT64_MAX, &arena);

        killed_after(1);
        log = fault_file_bytes(LOG, &bytes);
        assert_non_null(log);
        if (at >= bytes) {
            load_free(&l);
            ops_arena_reset(&arena);
            assert_true(at > 20000);
            break;
        }
        log[at] ^= 0x55;
        start(); /* with the full check */
        assert_int_equal(load_do(&l, &h.request), OPS_STORE_DONE);
        for (size_t i = 0; i < h.ops_count; i++)
            assert_int_equal(h.ops[i].revision, (int64_t)i + 1);
        ops_arena_reset(&arena);
        load_free(&l);
    }
}

static void a_database_with_a_damaged_page_is_refused_and_named(void **state)
{
    size_t bytes = 0, refused = 0, pages;

    (void)state;
    fault_disk_clear();
    load_init(&l, "full");
    start();
    load_run(&l, 12);
    load_free(&l);
    assert_non_null(fault_file_bytes(FAULT_DATABASE, &bytes));
    pages = bytes / 4096;
    assert_true(pages > 20);
    for (size_t page = 0; page < pages; page++) {
        char problem[512];
        unsigned char kept[64], *file = fault_file_bytes(FAULT_DATABASE, &bytes);

        memcpy(kept, file + page * 4096, sizeof kept);
        memset(file + page * 4096, 0xa5, sizeof kept);
        load_init(&l, "full");
        if (!load_open(&l, problem, sizeof problem)) {
            refused++;
            assert_non_null(strstr(problem, FAULT_DATABASE));
            assert_null(strchr(problem, '\n'));
            load_free(&l);
        } else {
            load_free(&l); /* a page that nothing uses */
        }
        file = fault_file_bytes(FAULT_DATABASE, &bytes);
        memcpy(file + page * 4096, kept, sizeof kept);
    }
    print_message("# %zu of %zu damaged pages refused\n", refused, pages);
    assert_true(refused > pages / 2);
}

static void a_database_cut_short_is_refused(void **state)
{
    size_t bytes = 0;
    char problem[512];

    (void)state;
    fault_disk_clear();
    load_init(&l, "full");
    start();
    load_run(&l, 12);
    load_free(&l);
    assert_non_null(fault_file_bytes(FAULT_DATABASE, &bytes));
    fault_file_cut(FAULT_DATABASE, bytes / 2 / 4096 * 4096);
    load_init(&l, "full");
    assert_false(load_open(&l, problem, sizeof problem));
    assert_non_null(strstr(problem, FAULT_DATABASE));
    load_free(&l);
}

static void a_folder_that_cannot_be_written_refuses_the_start_and_loses_nothing(void **state)
{
    char problem[512] = "";

    (void)state;
    killed_after(3);
    fault_read_only_set(true);
    assert_false(load_open(&l, problem, sizeof problem)); /* the log and its index cannot be made */
    assert_non_null(strstr(problem, FAULT_DATABASE));
    fault_read_only_set(false);
    start();
    assert_true(load_verify(&l));
    load_free(&l);
}

static void a_disk_full_for_a_while_refuses_what_does_not_fit_and_then_goes_on(void **state)
{
    size_t done, absent;

    (void)state;
    for (uint64_t call = 1; call < 60; call += 3) {
        fault_disk_clear();
        load_init(&l, "full");
        start();
        load_run(&l, 2);
        done = l.done;
        fault_plan_set(FAULT_FULL_LASTING, call);
        load_run(&l, 4);
        absent = l.absent;
        assert_true(l.absent > 0);
        assert_int_equal(l.unknown, 0);
        fault_plan_set(FAULT_NONE, 0); /* there is room */
        assert_true(load_goes_on(&l));
        load_run(&l, 2);
        assert_string_equal(l.problem, "");
        assert_true(l.done >= done + 20 && l.absent == absent); /* without a restart */
        assert_true(load_verify(&l));
        load_free(&l);
    }
}

static void a_failed_sync_refuses_writes_until_the_next_start_and_says_so(void **state)
{
    struct ops_store_health health;
    struct ops_store_append a;
    size_t unknown = 0;

    (void)state;
    for (uint64_t call = 1; call < 60 && unknown == 0; call++) {
        fault_disk_clear();
        load_init(&l, "full");
        start();
        fault_plan_set(FAULT_IOERR, call);
        load_run(&l, 1);
        unknown = l.unknown;
        if (unknown > 0) {
            memset(&health, 0, sizeof health);
            health.request.kind = OPS_STORE_HEALTH;
            assert_int_equal(load_do(&l, &health.request), OPS_STORE_ABSENT);
            assert_non_null(strstr(health.request.problem, "until a restart"));
            a = append_of(OPS_STR("another"), 1, OPS_STR("{}"), 1);
            assert_int_equal(load_do(&l, &a.request), OPS_STORE_ABSENT);
            assert_non_null(strstr(a.request.problem, "until a restart"));
            load_close(&l);
            fault_plan_set(FAULT_NONE, 0);
            start();
            assert_int_equal(load_do(&l, &health.request), OPS_STORE_DONE);
            assert_true(load_verify(&l) && load_goes_on(&l));
        }
        load_free(&l);
    }
    assert_true(unknown > 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_log_cut_anywhere_leaves_whole_commits),
        cmocka_unit_test(a_log_with_a_changed_byte_is_read_up_to_it),
        cmocka_unit_test(a_database_with_a_damaged_page_is_refused_and_named),
        cmocka_unit_test(a_database_cut_short_is_refused),
        cmocka_unit_test(a_folder_that_cannot_be_written_refuses_the_start_and_loses_nothing),
        cmocka_unit_test(a_disk_full_for_a_while_refuses_what_does_not_fit_and_then_goes_on),
        cmocka_unit_test(a_failed_sync_refuses_writes_until_the_next_start_and_says_so),
    };

    if (!fault_vfs_register())
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
