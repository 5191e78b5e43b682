/* The write-ahead log: when it is copied into the database, and when it is synced at relaxed levels. On the writer's thread.
 *
 * SQLite's own checkpoint in the middle of a commit is off: its failures would be lost. Ours runs between two commits, so no commit
 * can overtake it. It copies everything unless a read that is older than the last commit is still going on; the log starts over once
 * no read needs it. A log that grows although reads follow each other without a gap makes the next read wait for one copying: so
 * writes never wait for reads, and the log is bounded by what is committed during the longest read. */
#include <stdio.h>
#include <stdlib.h>

#include "private.h"

enum { RETRY_MS = 1000 };

static bool reader_may_start(struct sqlite_store *s, bool may)
{
    bool idle;

    (void)pthread_mutex_lock(&s->lock);
    s->reader_hold = !may;
    idle = !s->reader_busy;
    if (may)
        (void)pthread_cond_signal(&s->reader_wake);
    (void)pthread_mutex_unlock(&s->lock);
    return idle;
}

void sqlite_checkpoint(struct sqlite_store *s)
{
    bool due = !s->refuses && s->wal_pages >= s->checkpoint_pages && sqlite_now_ms() >= s->checkpoint_again_ms;
    bool hold = due && s->wal_pages >= SQLITE_CHECKPOINT_HOLD_PAGES;
    int log_pages = 0, copied_pages = 0, code;

    if (!hold && s->reader_hold) /* only this thread sets it */
        (void)reader_may_start(s, true); /* it waits for a copying that will not come: refused, or somebody else has copied */
    if (!due)
        return;
    if (hold && !reader_may_start(s, false))
        return; /* a read is going on: as soon as it has ended */
    code = sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &log_pages, &copied_pages);
    if (hold)
        (void)reader_may_start(s, true);
    if (code == SQLITE_OK) {
        s->checkpoint_pages = s->wal_pages + SQLITE_CHECKPOINT_PAGES; /* should it not start over */
    } else if (code == SQLITE_BUSY || code == SQLITE_LOCKED || code == SQLITE_NOMEM || sqlite_no_room(s->db, code, false)) {
        s->checkpoint_again_ms = sqlite_now_ms() + RETRY_MS; /* nothing is lost: the log still has it */
        if (sqlite_no_room(s->db, code, false))
            sqlite_log(s, "sqlite: no room to copy the write-ahead log into the database");
    } else {
        sqlite_refuse(s, "the write-ahead log could not be copied into the database", sqlite3_extended_errcode(s->db));
    }
}

void sqlite_sync_if_due(struct sqlite_store *s, bool now)
{
    sqlite3_file *log = NULL;
    int code;

    if (s->unsynced_since_ms == 0 || (!now && sqlite_now_ms() < s->unsynced_since_ms + (int64_t)s->sync.interval_ms))
        return;
    s->unsynced_since_ms = 0;
    if (s->refuses)
        return;
    code = sqlite3_file_control(s->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
    if (code == SQLITE_OK && log != NULL && log->pMethods != NULL)
        code = log->pMethods->xSync(log, SQLITE_SYNC_NORMAL);
    if (code != SQLITE_OK)
        sqlite_refuse(s, "the write-ahead log could not be synced", code);
}

/* ---- at the start --------------------------------------------------------------------------------------------------------- */

/* Writes every byte of the log again, where it is. */
static int write_again(sqlite3_file *log)
{
    enum { CHUNK_BYTES = 64 << 10 };
    char *chunk = malloc(CHUNK_BYTES);
    sqlite3_int64 bytes = 0;
    int code = chunk == NULL ? SQLITE_NOMEM : log->pMethods->xFileSize(log, &bytes);

    for (sqlite3_int64 at = 0; at < bytes && code == SQLITE_OK; at += CHUNK_BYTES) {
        int len = bytes - at < CHUNK_BYTES ? (int)(bytes - at) : CHUNK_BYTES;

        code = log->pMethods->xRead(log, chunk, len, at);
        if (code == SQLITE_OK)
            code = log->pMethods->xWrite(log, chunk, len, at);
    }
    if (code == SQLITE_OK && bytes > 0)
        code = log->pMethods->xSync(log, SQLITE_SYNC_NORMAL);
    free(chunk);
    return code;
}

bool sqlite_log_settle(struct sqlite_store *s, char *problem, size_t problem_bytes)
{
    sqlite3_file *log = NULL;
    int code;

    if (s->sync.level == OPS_SYNC_OFF || sqlite3_db_readonly(s->db, "main") == 1)
        return true;
    (void)sqlite3_busy_timeout(s->db, 0);
    code = sqlite3_exec(s->db, "BEGIN IMMEDIATE", NULL, NULL, NULL); /* no other process adds to it meanwhile */
    (void)sqlite3_busy_timeout(s->db, s->settings.busy_ms);
    if (code == SQLITE_BUSY)
        return true; /* another process is alive and writes: the log is its own */
    if (code == SQLITE_OK)
        code = sqlite3_file_control(s->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
    if (code == SQLITE_OK && log != NULL && log->pMethods != NULL)
        code = write_again(log);
    if (sqlite3_get_autocommit(s->db) == 0)
        (void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    if (code != SQLITE_OK)
        (void)snprintf(problem, problem_bytes, "sqlite: the write-ahead log of '%s' could not be brought to stable storage: %s",
                       s->settings.path, sqlite3_errstr(code));
    return code == SQLITE_OK;
}
