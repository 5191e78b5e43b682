/* A connection, and what is looked at before the first request. */
#include <stdio.h>
#include <stdlib.h>

#include "private.h"

enum {
    CHECK_AUTO_BYTES = 64 << 20, /* a database up to this size is checked at every start: below 0.2 s */
    CACHE_KIB = 4096             /* pages that a connection keeps */
};

/* SQLite calls it after each commit. */
static int log_grew(void *store, sqlite3 *db, const char *name, int pages)
{
    struct sqlite_store *s = store;

    (void)db;
    (void)name;
    if (pages < s->wal_pages)
        s->checkpoint_pages = SQLITE_CHECKPOINT_PAGES; /* it started over */
    s->wal_pages = pages;
    return SQLITE_OK;
}

static int pragma(sqlite3 *db, const char *name, int64_t value)
{
    char text[96];

    (void)snprintf(text, sizeof text, "PRAGMA %s = %lld", name, (long long)value);
    return sqlite3_exec(db, text, NULL, NULL, NULL);
}

/* The first column of the first row of `text`; false: none, or it did not get to its end: a pragma that changes something says so in a
 * row and commits after it. */
static bool query(sqlite3 *db, const char *text, char *out, size_t out_bytes)
{
    sqlite3_stmt *st = NULL;
    bool ok = sqlite3_prepare_v2(db, text, -1, &st, NULL) == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW;

    if (ok)
        (void)snprintf(out, out_bytes, "%s", (const char *)sqlite3_column_text(st, 0));
    ok = ok && sqlite3_step(st) == SQLITE_DONE;
    return sqlite3_finalize(st) == SQLITE_OK && ok;
}

static bool settle(struct sqlite_store *s, sqlite3 *db, bool read_only)
{
    static const int levels[] = {[OPS_SYNC_FULL] = 2, [OPS_SYNC_NORMAL] = 1, [OPS_SYNC_EVERY] = 1, [OPS_SYNC_OFF] = 0};
    const struct sqlite_settings *g = &s->settings;

    (void)sqlite3_busy_timeout(db, g->busy_ms);
    if (pragma(db, "synchronous", levels[s->sync.level]) != SQLITE_OK || pragma(db, "cache_size", -CACHE_KIB) != SQLITE_OK ||
        pragma(db, "journal_size_limit", 64 << 20) != SQLITE_OK)
        return false;
    if ((g->foreign_keys_set && pragma(db, "foreign_keys", g->foreign_keys) != SQLITE_OK) ||
        (g->recursive_triggers_set && pragma(db, "recursive_triggers", g->recursive_triggers) != SQLITE_OK))
        return false;
    if (read_only)
        return pragma(db, "query_only", 1) == SQLITE_OK;
    (void)sqlite3_wal_hook(db, log_grew, s); /* instead of SQLite's own checkpoint */
    return true;
}

bool sqlite_connect(struct sqlite_store *s, sqlite3 **db, bool read_only, char *problem, size_t problem_bytes)
{
    char mode[16] = "";

    if (sqlite3_open_v2(s->settings.path, db, s->settings.open_flags, NULL) != SQLITE_OK) {
        (void)snprintf(problem, problem_bytes, "sqlite: '%s' cannot be opened: %s", s->settings.path, sqlite3_errmsg(*db));
        return false;
    }
    (void)sqlite3_busy_timeout(*db, s->settings.busy_ms);
    if (!read_only && !query(*db, "PRAGMA journal_mode = wal", mode, sizeof mode)) {
        (void)snprintf(problem, problem_bytes, "sqlite: '%s' cannot be used: %s", s->settings.path, sqlite3_errmsg(*db));
        return false;
    }
    if (!read_only && sqlite3_stricmp(mode, "wal") != 0 && sqlite3_db_readonly(*db, "main") != 1) {
        (void)snprintf(problem, problem_bytes, "sqlite: '%s' cannot have a write-ahead log (is it on a network file system?)",
                       s->settings.path);
        return false;
    }
    if (!settle(s, *db, read_only)) {
        (void)snprintf(problem, problem_bytes, "sqlite: '%s': %s", s->settings.path, sqlite3_errmsg(*db));
        return false;
    }
    if (!read_only && sqlite3_db_readonly(*db, "main") == 1)
        sqlite_log(s, "sqlite: '%s' is read-only: documents can be read, every write is refused", s->settings.path);
    return true;
}

static int64_t size_of(sqlite3 *db)
{
    char pages[24] = "0", bytes[24] = "0";

    if (!query(db, "PRAGMA page_count", pages, sizeof pages) || !query(db, "PRAGMA page_size", bytes, sizeof bytes))
        return 0;
    return (int64_t)strtoll(pages, NULL, 10) * strtoll(bytes, NULL, 10);
}

bool sqlite_check(struct sqlite_store *s, struct ops_str how, char *problem, size_t problem_bytes)
{
    char answer[120] = "";
    bool full = how.len > 0 && (how.ptr[0] == 'f' || how.ptr[0] == 'F'), off = how.len == 3;
    bool automatic = how.len == 0 || how.ptr[0] == 'a' || how.ptr[0] == 'A';

    if (off || (automatic && size_of(s->db) > CHECK_AUTO_BYTES))
        return true;
    if (!query(s->db, full ? "PRAGMA integrity_check(1)" : "PRAGMA quick_check(1)", answer, sizeof answer))
        (void)snprintf(answer, sizeof answer, "%s", sqlite3_errmsg(s->db));
    if (strcmp(answer, "ok") == 0)
        return true;
    for (char *c = answer; *c != '\0'; c++)
        if (*c == '\n')
            *c = ' '; /* one line of the log */
    (void)snprintf(problem, problem_bytes, "sqlite: '%s' is damaged: %s. Restore it, or see what `sqlite3 FILE .recover` saves.",
                   s->settings.path, answer);
    return false;
}
