/* A database of the released server: its tables and rows as it writes them (spec/opstream-ops.md §2.5), at each of its levels. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "fault_vfs.h"
#include "faulty_load.h"
#include "fixture.h"

static const char initial[] =
    "CREATE TABLE \"__EFMigrationsHistory\" (\"MigrationId\" TEXT NOT NULL CONSTRAINT \"PK___EFMigrationsHistory\" PRIMARY KEY, "
    "\"ProductVersion\" TEXT NOT NULL);"
    "CREATE TABLE \"__EFMigrationsLock\" (\"Id\" INTEGER NOT NULL CONSTRAINT \"PK___EFMigrationsLock\" PRIMARY KEY, "
    "\"Timestamp\" TEXT NOT NULL);"
    "CREATE TABLE \"DocumentOps\" (\"DocumentId\" TEXT NOT NULL, \"Revision\" INTEGER NOT NULL, \"AuthorId\" TEXT NOT NULL, "
    "\"Timestamp\" TEXT NOT NULL, \"Payload\" BLOB NOT NULL, \"EngineType\" TEXT NOT NULL, "
    "CONSTRAINT \"PK_DocumentOps\" PRIMARY KEY (\"DocumentId\", \"Revision\"));"
    "CREATE TABLE \"DocumentSnapshots\" (\"DocumentId\" TEXT NOT NULL CONSTRAINT \"PK_DocumentSnapshots\" PRIMARY KEY, "
    "\"Revision\" INTEGER NOT NULL, \"Timestamp\" TEXT NOT NULL, \"State\" BLOB NOT NULL);"
    "CREATE TABLE \"HistoryOps\" (\"DocumentId\" TEXT NOT NULL, \"Revision\" INTEGER NOT NULL, \"AuthorId\" TEXT NOT NULL, "
    "\"Timestamp\" TEXT NOT NULL, \"Payload\" BLOB NOT NULL, \"EngineType\" TEXT NOT NULL, "
    "CONSTRAINT \"PK_HistoryOps\" PRIMARY KEY (\"DocumentId\", \"Revision\"));"
    "CREATE TABLE \"HistorySnapshots\" (\"DocumentId\" TEXT NOT NULL, \"Revision\" INTEGER NOT NULL, \"Timestamp\" TEXT NOT NULL, "
    "\"State\" BLOB NOT NULL, \"Name\" TEXT NULL, CONSTRAINT \"PK_HistorySnapshots\" PRIMARY KEY (\"DocumentId\", \"Revision\"));"
    "CREATE INDEX \"IX_DocumentOps_DocumentId_Revision\" ON \"DocumentOps\" (\"DocumentId\", \"Revision\");"
    "CREATE INDEX \"IX_HistoryOps_DocumentId_Revision\" ON \"HistoryOps\" (\"DocumentId\", \"Revision\");"
    "CREATE INDEX \"IX_HistorySnapshots_DocumentId_Revision\" ON \"HistorySnapshots\" (\"DocumentId\", \"Revision\");"
    "INSERT INTO \"__EFMigrationsHistory\" VALUES ('20260528094901_Initial', '9.0.0');";

static const char update_model[] =
    "CREATE TABLE \"Comments\" (\"Id\" TEXT NOT NULL CONSTRAINT \"PK_Comments\" PRIMARY KEY, \"DocumentId\" TEXT NOT NULL, "
    "\"ParentCommentId\" TEXT NULL, \"AuthorPeerId\" TEXT NOT NULL, \"Body\" TEXT NOT NULL, \"AnchorJson\" TEXT NULL, "
    "\"AnchoredAtRevision\" INTEGER NOT NULL, \"CreatedAt\" TEXT NOT NULL, \"ResolvedAt\" TEXT NULL, \"ResolvedByPeerId\" TEXT NULL, "
    "\"IsOrphaned\" INTEGER NOT NULL);"
    "CREATE TABLE \"DocumentNames\" (\"GlobalName\" TEXT NOT NULL CONSTRAINT \"PK_DocumentNames\" PRIMARY KEY, "
    "\"DefaultBranchId\" TEXT NOT NULL, \"EngineType\" TEXT NOT NULL, \"CreatedAt\" TEXT NOT NULL);"
    "CREATE TABLE \"DocumentBranches\" (\"GlobalName\" TEXT NOT NULL, \"BranchId\" TEXT NOT NULL, \"PhysicalDocumentId\" TEXT NOT NULL, "
    "\"ForkParentBranchId\" TEXT NULL, \"ForkRevision\" INTEGER NOT NULL, \"CreatedAt\" TEXT NOT NULL, \"IsReadOnly\" INTEGER NOT NULL, "
    "CONSTRAINT \"PK_DocumentBranches\" PRIMARY KEY (\"GlobalName\", \"BranchId\"));"
    "CREATE TABLE \"DocumentVersions\" (\"GlobalName\" TEXT NOT NULL, \"BranchId\" TEXT NOT NULL, \"Tag\" TEXT NOT NULL, "
    "\"Revision\" INTEGER NOT NULL, \"HistorySnapshotName\" TEXT NOT NULL, \"CreatedAt\" TEXT NOT NULL, "
    "CONSTRAINT \"PK_DocumentVersions\" PRIMARY KEY (\"GlobalName\", \"BranchId\", \"Tag\"));"
    "CREATE INDEX \"IX_Comments_DocumentId_ParentCommentId_ResolvedAt\" ON \"Comments\" (\"DocumentId\", \"ParentCommentId\", "
    "\"ResolvedAt\");"
    "CREATE INDEX \"IX_DocumentBranches_PhysicalDocumentId\" ON \"DocumentBranches\" (\"PhysicalDocumentId\");"
    "CREATE INDEX \"IX_DocumentVersions_GlobalName_BranchId\" ON \"DocumentVersions\" (\"GlobalName\", \"BranchId\");"
    "INSERT INTO \"Comments\" VALUES ('c1', 'doc', NULL, 'peer-7', 'Why?', NULL, 3, '2026-06-01 10:00:00+00:00', NULL, NULL, 0);"
    "INSERT INTO \"__EFMigrationsHistory\" VALUES ('20260529085317_UpdateModel', '10.0.0');";

static const char author_name[] =
    "ALTER TABLE \"Comments\" ADD \"AuthorName\" TEXT NOT NULL DEFAULT '';"
    "INSERT INTO \"__EFMigrationsHistory\" VALUES ('20260624155802_AddCommentAuthorName', '9.0.0');";

/* First open writes a snapshot at revision 1; the first op has revision 2. Fractions lose their trailing zeros, and the point. */
static const char rows[] =
    "INSERT INTO \"DocumentSnapshots\" VALUES ('doc', 1, '2026-05-30 08:09:10+00:00', CAST('\"\"' AS BLOB));"
    "INSERT INTO \"DocumentOps\" VALUES ('doc', 2, 'peer-7', '2026-05-30 08:09:11.1234567+00:00', "
    "CAST('{\"components\":[{\"type\":\"insert\",\"text\":\"a\"}]}' AS BLOB), 'TextOp');"
    "INSERT INTO \"DocumentOps\" VALUES ('doc', 3, 'merge-system', '2026-05-30 08:09:12.5+00:00', "
    "CAST('{\"components\":[]}' AS BLOB), 'text');"
    "INSERT INTO \"DocumentOps\" VALUES ('Doc', 2, 'peer-8', '2026-05-30 08:09:13+00:00', CAST('{\"ops\":[]}' AS BLOB), 'JsonOpBatch');"
    "INSERT INTO \"DocumentSnapshots\" VALUES ('acme:#:only', 7, '2026-05-30 08:09:14.07+00:00', CAST('{}' AS BLOB));";

static sqlite3 *db_open(void)
{
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open(FAULT_DATABASE, &db), SQLITE_OK);
    return db;
}

static void db_run(const char *text)
{
    sqlite3 *db = db_open();

    if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", text, sqlite3_errmsg(db));
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* All values of all rows, with `|` between columns and `;` behind rows. */
static void expect_rows(const char *text, const char *expected)
{
    sqlite3 *db = db_open();
    sqlite3_stmt *st = NULL;
    char got[1024] = "";
    size_t len = 0;

    if (sqlite3_prepare_v2(db, text, -1, &st, NULL) != SQLITE_OK)
        fail_msg("%s: %s", text, sqlite3_errmsg(db));
    while (sqlite3_step(st) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(st); i++) {
            const char *value = (const char *)sqlite3_column_text(st, i);

            len += (size_t)snprintf(got + len, sizeof got - len, "%s%s", i > 0 ? "|" : "", value != NULL ? value : "NULL");
        }
        len += (size_t)snprintf(got + len, sizeof got - len, ";");
    }
    assert_int_equal(sqlite3_finalize(st), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_string_equal(got, expected);
}

/* At level 1 (Initial), 2 (1.x) or 3. */
static void released(int level)
{
    fault_disk_clear();
    db_run("PRAGMA journal_mode='wal';");
    db_run(initial);
    if (level > 1)
        db_run(update_model);
    if (level > 2)
        db_run(author_name);
    db_run(rows);
}

static void start(struct load *l)
{
    char problem[512];

    load_init(l, "full");
    if (!load_open(l, problem, sizeof problem))
        fail_msg("%s", problem);
}

static void assert_str(struct ops_str s, const char *expected)
{
    assert_int_equal(s.len, strlen(expected));
    assert_memory_equal(s.ptr, expected, s.len);
}

static void read_document(struct load *l)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_store_load load = load_of(OPS_STR("doc"), &arena, true, 1);

    assert_int_equal(load_do(l, &load.request), OPS_STORE_DONE);
    assert_true(load.exists);
    assert_int_equal(load.snapshot_revision, 1);
    assert_str(load.snapshot, "\"\"");
    assert_int_equal(load.ops_count, 2);
    assert_int_equal(load.ops[0].revision, 2);
    assert_str(load.ops[0].author_id, "peer-7");
    assert_str(load.ops[0].payload, "{\"components\":[{\"type\":\"insert\",\"text\":\"a\"}]}");
    assert_str(load.ops[0].op_type_name, "TextOp");
    assert_null(load.ops[0].op_id.ptr);
    assert_int_equal(load.ops[0].timestamp.seconds, 1780128551);
    assert_int_equal(load.ops[0].timestamp.nanos, 123456700);
    assert_str(load.ops[1].author_id, "merge-system");
    assert_int_equal(load.ops[1].timestamp.nanos, 500000000);
    ops_arena_reset(&arena);
}

static void append_and_snapshot(struct load *l)
{
    struct ops_store_append a = append_of(OPS_STR("doc"), 4, OPS_STR("{\"n\":4}"), 1);
    struct ops_store_snapshot s = snapshot_of(OPS_STR("doc"), 4, OPS_STR("\"four\""), 3);

    a.op.timestamp = (struct ops_time){1780128560, 250000000, true};
    assert_int_equal(load_do(l, &a.request), OPS_STORE_DONE);
    s.timestamp = (struct ops_time){1780128561, 0, true};
    assert_int_equal(load_do(l, &s.request), OPS_STORE_DONE);
}

static void list(struct load *l)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_store_documents q;

    memset(&q, 0, sizeof q);
    q.request.kind = OPS_STORE_DOCUMENTS;
    q.limit = 10;
    q.arena = &arena;
    assert_int_equal(load_do(l, &q.request), OPS_STORE_DONE);
    assert_int_equal(q.documents_count, 3);
    assert_str(q.documents[0].document_id, "Doc");
    assert_int_equal(q.documents[0].op_count, 1);
    assert_str(q.documents[1].document_id, "acme:#:only");
    assert_int_equal(q.documents[1].revision, 7);
    assert_str(q.documents[2].document_id, "doc");
    assert_int_equal(q.documents[2].revision, 3);
    assert_int_equal(q.documents[2].op_count, 2);
    assert_int_equal(q.documents[2].last_modified.seconds, 1780128552);
    ops_arena_reset(&arena);
}

/* The statements that its store runs (§2.7), in the forms that EF gives them. */
static void expect_released_server_reads(void)
{
    expect_rows("SELECT \"d\".\"DocumentId\", \"d\".\"Revision\", \"d\".\"AuthorId\", \"d\".\"Timestamp\", \"d\".\"Payload\", "
                "\"d\".\"EngineType\" FROM \"DocumentOps\" AS \"d\" WHERE \"d\".\"DocumentId\" = 'doc' AND \"d\".\"Revision\" >= 3 "
                "ORDER BY \"d\".\"Revision\"",
                "doc|3|merge-system|2026-05-30 08:09:12.5+00:00|{\"components\":[]}|text;"
                "doc|4|peer-1|2026-05-30 08:09:20.25+00:00|{\"n\":4}|TextOp;");
    expect_rows("SELECT \"DocumentId\", \"Revision\", \"Timestamp\", \"State\" FROM \"DocumentSnapshots\" WHERE \"DocumentId\" = 'doc' "
                "LIMIT 1", "doc|4|2026-05-30 08:09:21+00:00|\"four\";");
    expect_rows("SELECT typeof(\"Payload\"), typeof(\"Timestamp\"), typeof(\"Revision\") FROM \"DocumentOps\" WHERE \"Revision\" = 4",
                "blob|text|integer;");
    expect_rows("SELECT typeof(\"State\") FROM \"DocumentSnapshots\" WHERE \"DocumentId\" = 'doc'", "blob;");
    expect_rows("SELECT max(\"Revision\"), count(*) FROM \"DocumentOps\" WHERE \"DocumentId\" = 'doc'", "4|2;");
    expect_rows("SELECT \"MigrationId\" FROM \"__EFMigrationsHistory\" ORDER BY \"MigrationId\"",
                "20260528094901_Initial;20260529085317_UpdateModel;20260624155802_AddCommentAuthorName;");
    expect_rows("SELECT count(*) FROM \"__EFMigrationsLock\"", "0;");
    db_run("INSERT INTO \"DocumentOps\" (\"DocumentId\", \"Revision\", \"AuthorId\", \"EngineType\", \"Payload\", \"Timestamp\") "
           "VALUES ('doc', 5, 'peer-9', 'TextOp', X'7b7d', '2026-06-01 00:00:00+00:00')");
    db_run("UPDATE \"DocumentSnapshots\" SET \"Timestamp\" = '2026-06-01 00:00:01+00:00' WHERE \"DocumentId\" = 'doc'");
    db_run("DELETE FROM \"DocumentOps\" WHERE \"DocumentId\" = 'doc' AND \"Revision\" < 4");
    db_run("INSERT INTO \"Comments\" (\"Id\", \"AnchorJson\", \"AnchoredAtRevision\", \"AuthorName\", \"AuthorPeerId\", \"Body\", "
           "\"CreatedAt\", \"DocumentId\", \"IsOrphaned\", \"ParentCommentId\", \"ResolvedAt\", \"ResolvedByPeerId\") VALUES ('c2', NULL, "
           "4, 'Ada', 'peer-9', 'Yes', '2026-06-01 00:00:02+00:00', 'doc', 0, NULL, NULL, NULL)");
}

static void a_database_of_the_released_server_is_taken_over_and_can_be_given_back(void **state)
{
    (void)state;
    for (int level = 1; level <= 3; level++) {
        static struct load l;
        struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
        struct ops_store_load load = load_of(OPS_STR("doc"), &arena, true, 1);

        released(level);
        start(&l);
        read_document(&l);
        list(&l);
        append_and_snapshot(&l);
        assert_string_equal(l.problem, "");
        load_free(&l);
        expect_released_server_reads();
        expect_rows("SELECT \"Id\", \"AuthorName\" FROM \"Comments\" ORDER BY \"Id\"", level > 1 ? "c1|;c2|Ada;" : "c2|Ada;");
        start(&l); /* and back again */
        assert_int_equal(load_do(&l, &load.request), OPS_STORE_DONE);
        assert_int_equal(load.ops_count, 2);
        assert_int_equal(load.ops[1].revision, 5);
        assert_int_equal(load.snapshot_time.seconds, 1780272001);
        ops_arena_reset(&arena);
        load_free(&l);
    }
}

/* What the released server looks for in a database that it did not make. */
static void our_own_database_has_the_tables_of_the_released_server(void **state)
{
    static struct load l;

    (void)state;
    fault_disk_clear();
    start(&l);
    load_free(&l);
    expect_rows("SELECT group_concat(name) FROM pragma_table_info('DocumentOps')",
                "DocumentId,Revision,AuthorId,Timestamp,Payload,EngineType;");
    expect_rows("SELECT group_concat(name) FROM pragma_table_info('Comments')",
                "Id,DocumentId,ParentCommentId,AuthorPeerId,Body,AnchorJson,AnchoredAtRevision,CreatedAt,ResolvedAt,ResolvedByPeerId,"
                "IsOrphaned,AuthorName;");
    expect_rows("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN ('DocumentOps', 'DocumentSnapshots', 'HistoryOps', "
                "'HistorySnapshots', 'Comments', 'DocumentNames', 'DocumentBranches', 'DocumentVersions', '__EFMigrationsHistory', "
                "'__EFMigrationsLock')", "10;");
    expect_rows("SELECT count(*) FROM \"__EFMigrationsHistory\" WHERE \"ProductVersion\" = '9.0.0'", "3;");
    expect_rows("PRAGMA journal_mode", "wal;");
}

static void a_database_of_a_later_version_is_refused(void **state)
{
    static struct load l;
    char problem[512];

    (void)state;
    fault_disk_clear();
    start(&l);
    load_free(&l);
    db_run("INSERT INTO \"OpStreamSchema\" VALUES (99, '2030-01-01 00:00:00+00:00')");
    load_init(&l, "full");
    assert_false(load_open(&l, problem, sizeof problem));
    assert_non_null(strstr(problem, "later version"));
    assert_non_null(strstr(problem, "99"));
    load_free(&l);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_database_of_the_released_server_is_taken_over_and_can_be_given_back),
        cmocka_unit_test(our_own_database_has_the_tables_of_the_released_server),
        cmocka_unit_test(a_database_of_a_later_version_is_refused),
    };

    if (!fault_vfs_register())
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
