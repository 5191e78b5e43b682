/* Tables: those of the released server (spec/opstream-ops.md §2.5) at any of its three levels, and ours beside them.
 *
 * Both are versioned: theirs by rows of "__EFMigrationsHistory", written as that server would, so it can be put back; ours by rows of
 * "OpStreamSchema". One transaction; a database of a later version of this server is refused. The index that repeats the primary key
 * of "DocumentOps" is not made (it costs 38 % of the append rate) and not dropped either. */
#include <stdio.h>
#include <time.h>

#include "private.h"

#define OPS_TABLE(name)                                                                                                \
    "CREATE TABLE IF NOT EXISTS \"" name "\" (\"DocumentId\" TEXT NOT NULL, \"Revision\" INTEGER NOT NULL, "           \
    "\"AuthorId\" TEXT NOT NULL, \"Timestamp\" TEXT NOT NULL, \"Payload\" BLOB NOT NULL, \"EngineType\" TEXT NOT NULL, " \
    "CONSTRAINT \"PK_" name "\" PRIMARY KEY (\"DocumentId\", \"Revision\"));"

static const char initial[] =
    OPS_TABLE("DocumentOps")
    "CREATE TABLE IF NOT EXISTS \"DocumentSnapshots\" (\"DocumentId\" TEXT NOT NULL CONSTRAINT \"PK_DocumentSnapshots\" PRIMARY KEY, "
    "\"Revision\" INTEGER NOT NULL, \"Timestamp\" TEXT NOT NULL, \"State\" BLOB NOT NULL);"
    OPS_TABLE("HistoryOps")
    "CREATE INDEX IF NOT EXISTS \"IX_HistoryOps_DocumentId_Revision\" ON \"HistoryOps\" (\"DocumentId\", \"Revision\");"
    "CREATE TABLE IF NOT EXISTS \"HistorySnapshots\" (\"DocumentId\" TEXT NOT NULL, \"Revision\" INTEGER NOT NULL, "
    "\"Timestamp\" TEXT NOT NULL, \"State\" BLOB NOT NULL, \"Name\" TEXT NULL, "
    "CONSTRAINT \"PK_HistorySnapshots\" PRIMARY KEY (\"DocumentId\", \"Revision\"));"
    "CREATE INDEX IF NOT EXISTS \"IX_HistorySnapshots_DocumentId_Revision\" ON \"HistorySnapshots\" (\"DocumentId\", \"Revision\");";

static const char update_model[] =
    "CREATE TABLE IF NOT EXISTS \"Comments\" (\"Id\" TEXT NOT NULL CONSTRAINT \"PK_Comments\" PRIMARY KEY, "
    "\"DocumentId\" TEXT NOT NULL, \"ParentCommentId\" TEXT NULL, \"AuthorPeerId\" TEXT NOT NULL, \"Body\" TEXT NOT NULL, "
    "\"AnchorJson\" TEXT NULL, \"AnchoredAtRevision\" INTEGER NOT NULL, \"CreatedAt\" TEXT NOT NULL, \"ResolvedAt\" TEXT NULL, "
    "\"ResolvedByPeerId\" TEXT NULL, \"IsOrphaned\" INTEGER NOT NULL);"
    "CREATE INDEX IF NOT EXISTS \"IX_Comments_DocumentId_ParentCommentId_ResolvedAt\" ON \"Comments\" (\"DocumentId\", "
    "\"ParentCommentId\", \"ResolvedAt\");"
    "CREATE TABLE IF NOT EXISTS \"DocumentNames\" (\"GlobalName\" TEXT NOT NULL CONSTRAINT \"PK_DocumentNames\" PRIMARY KEY, "
    "\"DefaultBranchId\" TEXT NOT NULL, \"EngineType\" TEXT NOT NULL, \"CreatedAt\" TEXT NOT NULL);"
    "CREATE TABLE IF NOT EXISTS \"DocumentBranches\" (\"GlobalName\" TEXT NOT NULL, \"BranchId\" TEXT NOT NULL, "
    "\"PhysicalDocumentId\" TEXT NOT NULL, \"ForkParentBranchId\" TEXT NULL, \"ForkRevision\" INTEGER NOT NULL, "
    "\"CreatedAt\" TEXT NOT NULL, \"IsReadOnly\" INTEGER NOT NULL, "
    "CONSTRAINT \"PK_DocumentBranches\" PRIMARY KEY (\"GlobalName\", \"BranchId\"));"
    "CREATE INDEX IF NOT EXISTS \"IX_DocumentBranches_PhysicalDocumentId\" ON \"DocumentBranches\" (\"PhysicalDocumentId\");"
    "CREATE TABLE IF NOT EXISTS \"DocumentVersions\" (\"GlobalName\" TEXT NOT NULL, \"BranchId\" TEXT NOT NULL, "
    "\"Tag\" TEXT NOT NULL, \"Revision\" INTEGER NOT NULL, \"HistorySnapshotName\" TEXT NOT NULL, \"CreatedAt\" TEXT NOT NULL, "
    "CONSTRAINT \"PK_DocumentVersions\" PRIMARY KEY (\"GlobalName\", \"BranchId\", \"Tag\"));"
    "CREATE INDEX IF NOT EXISTS \"IX_DocumentVersions_GlobalName_BranchId\" ON \"DocumentVersions\" (\"GlobalName\", \"BranchId\");";

/* Their steps, oldest first. */
static const struct {
    const char *id, *text;
} steps[] = {
    {"20260528094901_Initial", initial},
    {"20260529085317_UpdateModel", update_model},
    {"20260624155802_AddCommentAuthorName", "ALTER TABLE \"Comments\" ADD \"AuthorName\" TEXT NOT NULL DEFAULT '';"},
};

enum { STEPS_COUNT = sizeof steps / sizeof steps[0] };

/* Our steps: version n is versions[n - 1]. Only ever added to. */
static const char *const versions[] = {
    "CREATE TABLE \"OpStreamDocuments\" (\"DocumentId\" TEXT NOT NULL PRIMARY KEY, \"DocumentType\" TEXT NOT NULL, "
    "\"CreatedAt\" TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE \"OpStreamOpIds\" (\"DocumentId\" TEXT NOT NULL, \"Revision\" INTEGER NOT NULL, \"OpId\" TEXT NOT NULL, "
    "PRIMARY KEY (\"DocumentId\", \"Revision\")) WITHOUT ROWID;",
};

enum { VERSIONS_COUNT = sizeof versions / sizeof versions[0] };

static const char bookkeeping[] =
    "CREATE TABLE IF NOT EXISTS \"__EFMigrationsHistory\" (\"MigrationId\" TEXT NOT NULL CONSTRAINT "
    "\"PK___EFMigrationsHistory\" PRIMARY KEY, \"ProductVersion\" TEXT NOT NULL);"
    "CREATE TABLE IF NOT EXISTS \"__EFMigrationsLock\" (\"Id\" INTEGER NOT NULL CONSTRAINT \"PK___EFMigrationsLock\" PRIMARY KEY, "
    "\"Timestamp\" TEXT NOT NULL);"
    "CREATE TABLE IF NOT EXISTS \"OpStreamSchema\" (\"Version\" INTEGER NOT NULL PRIMARY KEY, \"AppliedAt\" TEXT NOT NULL);";

static bool run(sqlite3 *db, const char *text)
{
    return sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK;
}

/* A number out of the database; `missing` when there is no row. Bound: one text, or none. */
static int64_t number(sqlite3 *db, const char *text, const char *bound, int64_t missing)
{
    sqlite3_stmt *st = NULL;
    int64_t n = missing;

    if (sqlite3_prepare_v2(db, text, -1, &st, NULL) == SQLITE_OK) {
        if (bound != NULL)
            (void)sqlite3_bind_text(st, 1, bound, -1, SQLITE_STATIC);
        if (sqlite3_step(st) == SQLITE_ROW)
            n = sqlite3_column_int64(st, 0);
    }
    (void)sqlite3_finalize(st);
    return n;
}

static bool record(sqlite3 *db, const char *text, const char *id)
{
    sqlite3_stmt *st = NULL;
    struct timespec now;
    struct ops_time time = {0, 0, true};
    bool ok = sqlite3_prepare_v2(db, text, -1, &st, NULL) == SQLITE_OK;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    time.seconds = now.tv_sec;
    if (ok) {
        (void)sqlite3_bind_text(st, 1, id, -1, SQLITE_STATIC);
        if (sqlite3_bind_parameter_count(st) > 1)
            sqlite_bind_time(st, 2, time);
        ok = sqlite3_step(st) == SQLITE_DONE;
    }
    (void)sqlite3_finalize(st);
    return ok;
}

static bool their_steps(sqlite3 *db)
{
    for (size_t i = 0; i < STEPS_COUNT; i++) {
        bool there = number(db, "SELECT 1 FROM \"__EFMigrationsHistory\" WHERE \"MigrationId\" = ?1", steps[i].id, 0) != 0;
        bool column = i == 2 && number(db, "SELECT 1 FROM pragma_table_info('Comments') WHERE name = 'AuthorName'", NULL, 0) != 0;

        if (!there && ((!column && !run(db, steps[i].text)) ||
                       !record(db, "INSERT INTO \"__EFMigrationsHistory\" VALUES (?1, '9.0.0')", steps[i].id)))
            return false;
    }
    return true;
}

static bool our_versions(sqlite3 *db, int64_t from)
{
    for (int64_t v = from; v < VERSIONS_COUNT; v++) {
        char id[24];

        (void)snprintf(id, sizeof id, "%lld", (long long)v + 1);
        if (!run(db, versions[v]) || !record(db, "INSERT INTO \"OpStreamSchema\" VALUES (CAST(?1 AS INTEGER), ?2)", id))
            return false;
    }
    return true;
}

static int64_t our_version(sqlite3 *db)
{
    return number(db, "SELECT max(\"Version\") FROM \"OpStreamSchema\"", NULL, 0);
}

static bool is_current(sqlite3 *db)
{
    return our_version(db) == VERSIONS_COUNT &&
           number(db, "SELECT count(*) FROM \"__EFMigrationsHistory\" WHERE \"MigrationId\" IN ('20260528094901_Initial', "
                      "'20260529085317_UpdateModel', '20260624155802_AddCommentAuthorName')", NULL, 0) == STEPS_COUNT;
}

bool sqlite_migrate(struct sqlite_store *s, char *problem, size_t problem_bytes)
{
    int64_t version = our_version(s->db);

    if (version > VERSIONS_COUNT) {
        (void)snprintf(problem, problem_bytes,
                       "sqlite: '%s' was written by a later version of this server (tables of version %lld, this one knows %d). Start that one.",
                       s->settings.path, (long long)version, (int)VERSIONS_COUNT);
        return false;
    }
    if (is_current(s->db))
        return true; /* also when it is read-only */
    if (run(s->db, "BEGIN IMMEDIATE")) {
        if (run(s->db, bookkeeping) && their_steps(s->db) && our_versions(s->db, our_version(s->db)) && run(s->db, "COMMIT"))
            return true;
        (void)snprintf(problem, problem_bytes, "sqlite: the tables of '%s' could not be made: %s", s->settings.path,
                       sqlite3_errmsg(s->db));
        (void)run(s->db, "ROLLBACK");
        return false;
    }
    (void)snprintf(problem, problem_bytes, "sqlite: the tables of '%s' could not be made: %s", s->settings.path, sqlite3_errmsg(s->db));
    return false;
}
