/* The list of documents: ids of the log and of the snapshots merged, one index seek for the next one, in the order of their bytes
 * (no LIKE, which folds case). */
#include "private.h"

/* The least id of a table that is not below `from`; absent: none. False: failed. */
static bool next_id(sqlite3_stmt *st, struct ops_str from, struct ops_arena *arena, struct ops_str *id, bool *no_room)
{
    int code;

    *id = ops_str_of(NULL, 0);
    sqlite_bind_str(st, 1, from);
    code = sqlite3_step(st);
    if (code == SQLITE_ROW)
        *no_room = !ops_arena_copy(arena, sqlite_column(st, 0, false), id);
    (void)sqlite3_reset(st);
    return (code == SQLITE_ROW || code == SQLITE_DONE) && !*no_room;
}

/* The text that comes right after `id`: itself and a zero byte. */
static bool behind(struct ops_arena *arena, struct ops_str id, struct ops_str *next)
{
    char *text = ops_arena_alloc(arena, id.len + 1);

    if (text == NULL)
        return false;
    if (id.len > 0)
        memcpy(text, id.ptr, id.len);
    text[id.len] = '\0';
    *next = ops_str_of(text, id.len + 1);
    return true;
}

static bool describe(struct sqlite_store *s, struct ops_arena *arena, struct ops_store_document *d, bool *no_room)
{
    static const enum reader_statement queries[] = {R_DOCUMENT_OPS, R_LAST_OP, R_SNAPSHOT_HEAD, R_TYPE};

    d->revision = -1;
    d->op_count = 0;
    d->last_modified.set = false;
    d->document_type = ops_str_of(NULL, 0);
    for (int i = 0; i < 4; i++) {
        sqlite3_stmt *st = s->r[queries[i]];
        int code;

        sqlite_bind_str(st, 1, d->document_id);
        code = sqlite3_step(st);
        if (code == SQLITE_ROW && queries[i] == R_DOCUMENT_OPS) {
            d->op_count = sqlite3_column_int64(st, 0);
        } else if (code == SQLITE_ROW && queries[i] == R_TYPE) {
            if (d->document_type.ptr == NULL)
                *no_room = !ops_arena_copy(arena, sqlite_column(st, 0, false), &d->document_type);
        } else if (code == SQLITE_ROW) {
            if (sqlite3_column_int64(st, 0) > d->revision)
                d->revision = sqlite3_column_int64(st, 0);
            d->last_modified = ops_store_later(d->last_modified, sqlite_column_time(st, 1));
            if (queries[i] == R_LAST_OP)
                d->document_type = sqlite_type_of(sqlite_column(st, 2, false));
        }
        (void)sqlite3_reset(st);
        if ((code != SQLITE_ROW && code != SQLITE_DONE) || *no_room)
            return false;
    }
    return true;
}

/* The next document not below `from`. Absent id: no more. */
static bool next_document(struct sqlite_store *s, struct ops_str from, struct ops_arena *arena, struct ops_str *id, bool *no_room)
{
    struct ops_str in_log, in_snapshots;

    if (!next_id(s->r[R_NEXT_OP_DOCUMENT], from, arena, &in_log, no_room) ||
        !next_id(s->r[R_NEXT_SNAPSHOT_DOCUMENT], from, arena, &in_snapshots, no_room))
        return false;
    if (in_log.ptr == NULL || (in_snapshots.ptr != NULL && ops_store_id_compare(in_snapshots, in_log) < 0))
        *id = in_snapshots;
    else
        *id = in_log;
    return true;
}

static bool read_list(struct sqlite_store *s, struct ops_store_documents *q, bool *no_room)
{
    struct ops_str from = q->prefix.ptr != NULL ? q->prefix : OPS_STR(""), id;
    struct ops_store_document *list = NULL;
    size_t count = 0, room = 0;

    if (q->after.ptr != NULL && ops_store_id_compare(q->after, from) >= 0 && !behind(q->arena, q->after, &from)) {
        *no_room = true;
        return false;
    }
    while (count < q->limit) {
        if (!next_document(s, from, q->arena, &id, no_room))
            return false;
        if (id.ptr == NULL || !ops_store_has_prefix(id, q->prefix))
            break;
        if (count == room) {
            struct ops_store_document *more = ops_arena_array(q->arena, room * 2 + 16, sizeof *list);

            *no_room = more == NULL;
            if (*no_room)
                return false;
            if (count > 0)
                memcpy(more, list, count * sizeof *list);
            list = more;
            room = room * 2 + 16;
        }
        list[count].document_id = id;
        *no_room = !behind(q->arena, id, &from);
        if (*no_room || !describe(s, q->arena, &list[count], no_room))
            return false;
        count++;
    }
    q->documents = list;
    q->documents_count = count;
    return true;
}

void sqlite_read_documents(struct sqlite_store *s, struct ops_store_documents *q)
{
    bool no_room = false, ok = sqlite_run(s->r[R_BEGIN]) == SQLITE_OK && read_list(s, q, &no_room);

    if (ok)
        q->request.result = OPS_STORE_DONE;
    else
        ops_store_fail(&q->request, OPS_STORE_ABSENT, "sqlite: documents: %s",
                       no_room ? "a memory limit was reached" : sqlite3_errmsg(s->read_db));
    if (sqlite3_get_autocommit(s->read_db) == 0)
        (void)sqlite_run(s->r[R_COMMIT]);
}
