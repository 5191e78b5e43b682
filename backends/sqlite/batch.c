/* One group commit: what the writer took from the queue, to its end.
 *
 * Happy path: begin, every request's rows, commit, all DONE.
 *
 * What can go wrong:
 *   a row is refused          its request is ABSENT, the others go on
 *   a statement fails (disk full, I/O error, a trigger's rollback)
 *                             everything is rolled back and repeated row by row; what fails alone is ABSENT
 *   the commit cannot start (locked by another process, read-only)
 *                             all are ABSENT
 *   the commit fails, disk or quota full, or locked
 *                             its frame is not whole, so it is not there: as for a statement
 *   the commit fails otherwise (fsync above all)
 *                             UNKNOWN, and no write is tried until a restart: the kernel may have dropped what it could not
 *                             write, and a later fsync would say that all is well */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "private.h"

void sqlite_log(struct sqlite_store *s, const char *format, ...)
{
    char text[256];
    va_list args;

    if (s->env.log == NULL)
        return;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    s->env.log(s->env.log_self, text);
}

static void set_trouble(struct sqlite_store *s, bool refuses, const char *what, int code)
{
    (void)pthread_mutex_lock(&s->lock);
    s->troubled = true;
    s->refuses |= refuses;
    (void)snprintf(s->trouble, sizeof s->trouble, "sqlite: %s: %s (%s)", what, sqlite3_errstr(code),
                   s->refuses ? "writes are refused until a restart" : sqlite3_errmsg(s->db));
    (void)pthread_mutex_unlock(&s->lock);
    sqlite_log(s, "%s", s->trouble); /* only this thread writes it */
}

void sqlite_refuse(struct sqlite_store *s, const char *what, int code)
{
    /* Nothing that this process still believes may be copied over what the disk holds. */
    (void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    set_trouble(s, true, what, code);
}

static void set_fine(struct sqlite_store *s)
{
    (void)pthread_mutex_lock(&s->lock);
    s->troubled = false;
    (void)pthread_mutex_unlock(&s->lock);
}

static void set_committing(struct sqlite_store *s, int64_t since_ms)
{
    (void)pthread_mutex_lock(&s->lock);
    s->commit_since_ms = since_ms;
    (void)pthread_mutex_unlock(&s->lock);
}

/* Ends a request of the batch; an append that is not DONE breaks its document. */
static void end(struct sqlite_store *s, size_t i, enum ops_store_result result, const char *why)
{
    struct ops_store_request *r = s->batch[i];

    if (result == OPS_STORE_DONE)
        r->result = result;
    else
        ops_store_fail(r, result, "%s", why);
    if (result != OPS_STORE_DONE && r->kind == OPS_STORE_APPEND)
        ops_store_fence_break(&s->batch_documents[i]->fence, r->epoch);
}

static void end_pending(struct sqlite_store *s, size_t from, size_t to, enum ops_store_result result, const char *why)
{
    for (size_t i = from; i < to; i++)
        if (s->batch[i]->result == OPS_STORE_PENDING)
            end(s, i, result, why);
}

/* After a lost transaction nothing is remembered of its documents. */
static void roll_back(struct sqlite_store *s, size_t from, size_t to)
{
    if (sqlite3_get_autocommit(s->db) == 0)
        (void)sqlite_run(s->w[W_ROLLBACK]);
    for (size_t i = from; i < to; i++) {
        if (s->batch_documents[i] != NULL) {
            s->batch_documents[i]->known = s->batch_documents[i]->log_known = false;
            s->batch_documents[i]->has_row = false;
        }
        s->batch_written[i] = false;
    }
}

bool sqlite_no_room(sqlite3 *db, int code, bool in_log)
{
    sqlite3_file *file = NULL;
    int why = 0;

    if (sqlite3_extended_errcode(db) != SQLITE_IOERR_WRITE)
        return code == SQLITE_FULL;
    if (sqlite3_file_control(db, "main", in_log ? SQLITE_FCNTL_JOURNAL_POINTER : SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK ||
        file == NULL || file->pMethods == NULL || file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &why) != SQLITE_OK)
        return false;
    return why == ENOSPC || why == EDQUOT || why == EFBIG;
}

/* A failed commit that certainly left nothing: a frame for which there is no room is written in part at most, and the frame that makes
 * a transaction valid is written last. */
static bool commit_left_nothing(const struct sqlite_store *s, int code)
{
    return code == SQLITE_BUSY || code == SQLITE_LOCKED || sqlite_no_room(s->db, code, true);
}

enum attempt { ATTEMPT_ENDED, ATTEMPT_LOST };

/* Requests from `from` to `to` in one transaction. LOST: rolled back, those that are pending may be tried again. */
static enum attempt attempt(struct sqlite_store *s, size_t from, size_t to)
{
    int code = sqlite_run(s->w[W_BEGIN]);
    bool any = false;

    if (code != SQLITE_OK) {
        set_trouble(s, false, "a write could not start", code);
        end_pending(s, from, to, OPS_STORE_ABSENT, s->trouble);
        return ATTEMPT_ENDED;
    }
    for (size_t i = from; i < to; i++) {
        enum sqlite_outcome outcome = SQLITE_ROW_REFUSED;

        if (s->batch[i]->result == OPS_STORE_PENDING)
            outcome = sqlite_write(s, s->batch[i], s->batch_documents[i]);
        s->batch_written[i] = outcome == SQLITE_ROW_WRITTEN;
        any |= s->batch_written[i];
        if (outcome == SQLITE_ROW_LOST) {
            code = sqlite3_extended_errcode(s->db);
            if (code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC)
                sqlite_refuse(s, "a sync failed", code);
            else
                set_trouble(s, false, "a write failed", code);
            roll_back(s, from, to);
            return ATTEMPT_LOST;
        }
    }
    code = sqlite_run(s->w[any ? W_COMMIT : W_ROLLBACK]);
    if (code != SQLITE_OK && any && !commit_left_nothing(s, code)) {
        sqlite_refuse(s, "a commit failed", sqlite3_extended_errcode(s->db));
        end_pending(s, from, to, OPS_STORE_UNKNOWN, s->trouble);
        roll_back(s, from, to);
        return ATTEMPT_ENDED;
    }
    if (code != SQLITE_OK) {
        set_trouble(s, false, "a commit failed", code);
        roll_back(s, from, to);
        return ATTEMPT_LOST;
    }
    for (size_t i = from; i < to; i++)
        if (s->batch_written[i])
            end(s, i, OPS_STORE_DONE, "");
    if (any && s->troubled)
        set_fine(s);
    if (any && s->unsynced_since_ms == 0 && s->sync.level == OPS_SYNC_EVERY)
        s->unsynced_since_ms = sqlite_now_ms();
    return ATTEMPT_ENDED;
}

static void attempt_each(struct sqlite_store *s)
{
    for (size_t i = 0; i < s->batch_count && !s->refuses; i++)
        if (s->batch[i]->result == OPS_STORE_PENDING && attempt(s, i, i + 1) == ATTEMPT_LOST)
            end(s, i, OPS_STORE_ABSENT, s->trouble);
}

void sqlite_batch_run(struct sqlite_store *s)
{
    set_committing(s, sqlite_now_ms());
    if (!s->refuses && attempt(s, 0, s->batch_count) == ATTEMPT_LOST)
        attempt_each(s);
    if (s->refuses) /* only this thread sets it */
        end_pending(s, 0, s->batch_count, OPS_STORE_ABSENT, s->trouble);
    set_committing(s, 0);
}
