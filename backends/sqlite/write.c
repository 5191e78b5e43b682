/* The rows of one request, inside a transaction that the batch has opened.
 *
 * Only the first statement of an append may be refused alone: SQLite undoes a failed statement and keeps the transaction. After it
 * half an append would be left, so everything is rolled back and repeated row by row. */
#include "private.h"

/* Reads what the document's last revision is; false: the query failed. */
static bool learn(struct sqlite_store *s, struct sqlite_document *d)
{
    static const enum writer_statement queries[] = {W_LAST_OP, W_LAST_SNAPSHOT};

    if (d->known)
        return true;
    d->last_revision = -1;
    for (int i = 0; i < 2; i++) {
        sqlite3_stmt *st = s->w[queries[i]];
        int code;

        sqlite_bind_str(st, 1, d->node.id);
        code = sqlite3_step(st);
        if (code == SQLITE_ROW && sqlite3_column_int64(st, 0) > d->last_revision)
            d->last_revision = sqlite3_column_int64(st, 0);
        (void)sqlite3_reset(st);
        if (code != SQLITE_ROW && code != SQLITE_DONE)
            return false;
    }
    d->known = true;
    return true;
}

static bool write_document_row(struct sqlite_store *s, struct sqlite_document *d, struct ops_str type, struct ops_time time)
{
    sqlite3_stmt *st = s->w[W_INSERT_DOCUMENT];

    if (d->has_row || type.ptr == NULL)
        return true;
    sqlite_bind_str(st, 1, d->node.id);
    sqlite_bind_str(st, 2, type);
    sqlite_bind_time(st, 3, time);
    if (sqlite_run(st) != SQLITE_OK)
        return false;
    d->has_row = true;
    return true;
}

static int insert_op(struct sqlite_store *s, const struct ops_store_append *a)
{
    sqlite3_stmt *st = s->w[W_INSERT_OP];

    sqlite_bind_str(st, 1, a->request.document_id);
    (void)sqlite3_bind_int64(st, 2, a->op.revision);
    sqlite_bind_str(st, 3, a->op.author_id);
    sqlite_bind_time(st, 4, a->op.timestamp);
    sqlite_bind_blob(st, 5, a->op.payload);
    sqlite_bind_str(st, 6, a->op.op_type_name);
    return sqlite_run(st);
}

static bool insert_op_id(struct sqlite_store *s, const struct ops_store_append *a)
{
    sqlite3_stmt *st = s->w[W_INSERT_OP_ID];

    if (a->op.op_id.ptr == NULL)
        return true;
    sqlite_bind_str(st, 1, a->request.document_id);
    (void)sqlite3_bind_int64(st, 2, a->op.revision);
    sqlite_bind_str(st, 3, a->op.op_id);
    return sqlite_run(st) == SQLITE_OK;
}

static enum sqlite_outcome refuse(struct ops_store_append *a, struct sqlite_document *d, const char *why)
{
    ops_store_fence_break(&d->fence, a->request.epoch);
    ops_store_fail(&a->request, OPS_STORE_ABSENT, "append of revision %lld: %s", (long long)a->op.revision, why);
    return SQLITE_ROW_REFUSED;
}

static enum sqlite_outcome write_append(struct sqlite_store *s, struct ops_store_append *a, struct sqlite_document *d)
{
    int code;

    if (d->fence.broken && a->request.epoch <= d->fence.broken_epoch)
        return refuse(a, d, "an earlier append of this document failed");
    if (!learn(s, d))
        return SQLITE_ROW_LOST;
    if (d->last_revision >= 0 && a->op.revision != d->last_revision + 1)
        return refuse(a, d, a->op.revision <= d->last_revision ? "the revision exists"
                                                               : "not one above the document's last revision");
    code = insert_op(s, a);
    if (code != SQLITE_OK && sqlite3_get_autocommit(s->db) == 0 &&
        (code == SQLITE_CONSTRAINT || code == SQLITE_TOOBIG || code == SQLITE_MISMATCH)) {
        d->known = d->log_known = false; /* somebody else writes here */
        return refuse(a, d, sqlite3_errmsg(s->db));
    }
    if (code != SQLITE_OK || !insert_op_id(s, a) || !write_document_row(s, d, a->document_type, a->op.timestamp))
        return SQLITE_ROW_LOST;
    d->last_revision = a->op.revision;
    d->log_bytes += (int64_t)a->op.payload.len;
    return SQLITE_ROW_WRITTEN;
}

/* Payload bytes of the ops above `revision`. False: the query failed. */
static bool log_bytes_above(struct sqlite_store *s, struct ops_str id, int64_t revision, int64_t *bytes)
{
    sqlite3_stmt *st = s->w[W_LOG_BYTES];
    bool there;

    sqlite_bind_str(st, 1, id);
    (void)sqlite3_bind_int64(st, 2, revision);
    there = sqlite3_step(st) == SQLITE_ROW;
    *bytes = there ? sqlite3_column_int64(st, 0) : 0;
    (void)sqlite3_reset(st);
    return there;
}

/* The first revision that is kept, or 0 when all are, and the bytes of those before it. Only rows that go are looked at: a log of
 * 10,000 ops must not be read for every snapshot. False: a query failed. */
static bool first_kept(struct sqlite_store *s, const struct ops_store_snapshot *r, struct sqlite_document *d, int64_t *first,
                       int64_t *trimmed)
{
    sqlite3_stmt *st = s->w[W_TRIM_SCAN];
    int64_t behind, above;
    int code;

    *first = *trimmed = 0;
    if (!d->log_known && !log_bytes_above(s, r->request.document_id, -1, &d->log_bytes))
        return false;
    d->log_known = true;
    if (!log_bytes_above(s, r->request.document_id, r->revision, &above))
        return false;
    behind = d->log_bytes - above;
    sqlite_bind_str(st, 1, r->request.document_id);
    (void)sqlite3_bind_int64(st, 2, r->revision);
    while ((code = sqlite3_step(st)) == SQLITE_ROW) {
        if (sqlite3_column_int64(st, 0) >= r->keep_from && (behind <= 0 || (uint64_t)behind <= r->keep_bytes))
            break;
        behind -= sqlite3_column_int64(st, 1);
        *trimmed += sqlite3_column_int64(st, 1);
        *first = sqlite3_column_int64(st, 0) + 1;
    }
    (void)sqlite3_reset(st);
    return code == SQLITE_DONE || code == SQLITE_ROW;
}

static enum sqlite_outcome write_snapshot(struct sqlite_store *s, const struct ops_store_snapshot *r, struct sqlite_document *d)
{
    static const enum writer_statement trims[] = {W_TRIM_OPS, W_TRIM_OP_IDS};
    sqlite3_stmt *st = s->w[W_PUT_SNAPSHOT];
    int64_t first = 0, trimmed = 0;

    sqlite_bind_str(st, 1, r->request.document_id);
    (void)sqlite3_bind_int64(st, 2, r->revision);
    sqlite_bind_time(st, 3, r->timestamp);
    sqlite_bind_blob(st, 4, r->state);
    if (sqlite_run(st) != SQLITE_OK || !first_kept(s, r, d, &first, &trimmed))
        return SQLITE_ROW_LOST;
    for (int i = 0; i < 2 && first > 0; i++) {
        sqlite_bind_str(s->w[trims[i]], 1, r->request.document_id);
        (void)sqlite3_bind_int64(s->w[trims[i]], 2, first);
        if (sqlite_run(s->w[trims[i]]) != SQLITE_OK)
            return SQLITE_ROW_LOST;
    }
    d->log_bytes -= trimmed;
    if (!write_document_row(s, d, r->document_type, r->timestamp))
        return SQLITE_ROW_LOST;
    if (d->known && r->revision > d->last_revision)
        d->last_revision = r->revision;
    return SQLITE_ROW_WRITTEN;
}

enum sqlite_outcome sqlite_write(struct sqlite_store *s, struct ops_store_request *r, struct sqlite_document *d)
{
    switch (r->kind) {
    case OPS_STORE_APPEND:
        return write_append(s, (struct ops_store_append *)(void *)r, d);
    case OPS_STORE_SNAPSHOT:
        return write_snapshot(s, (const struct ops_store_snapshot *)(const void *)r, d);
    case OPS_STORE_HEALTH:
        /* A row and its removal: SQLite writes nothing for a row that is replaced by itself, so that would probe no disk. */
        return sqlite_run(s->w[W_PROBE]) == SQLITE_OK && sqlite_run(s->w[W_PROBE_UNDO]) == SQLITE_OK ? SQLITE_ROW_WRITTEN
                                                                                                   : SQLITE_ROW_LOST;
    case OPS_STORE_LOAD:
    case OPS_STORE_HISTORY:
    case OPS_STORE_DOCUMENTS:
        break;
    }
    ops_store_fail(r, OPS_STORE_ABSENT, "not a write");
    return SQLITE_ROW_REFUSED;
}
