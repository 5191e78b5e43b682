/* Loads and histories, on the reader's connection: each sees one state of the database, whatever is being committed. */
#include "private.h"

/* EngineType of a row as the released server writes it, and what its merges write. */
static const struct {
    const char *op_type_name, *type;
} types[] = {
    {"TextOp", "text"},       {"RichTextOp", "rich-text"}, {"JsonOpBatch", "json"}, {"TreeOpBatch", "tree"},
    {"TableOpBatch", "table"}, {"FormOpBatch", "form"},     {"text", "text"},        {"rich-text", "rich-text"},
    {"richtext", "rich-text"}, {"json", "json"},            {"tree", "tree"},        {"table", "table"},
    {"form", "form"},
};

struct ops_str sqlite_type_of(struct ops_str name)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (ops_str_equal(name, ops_str_of(types[i].op_type_name, strlen(types[i].op_type_name))))
            return ops_str_of(types[i].type, strlen(types[i].type));
    return ops_str_of(NULL, 0);
}

static void fail(struct sqlite_store *s, struct ops_store_request *r, const char *what, bool no_room)
{
    ops_store_fail(r, OPS_STORE_ABSENT, "sqlite: %s: %s", what, no_room ? "a memory limit was reached" : sqlite3_errmsg(s->read_db));
}

/* The snapshot; false: failed. */
static bool read_snapshot(struct sqlite_store *s, struct ops_store_load *l, bool *no_room)
{
    sqlite3_stmt *st = s->r[R_SNAPSHOT];
    int code;

    sqlite_bind_str(st, 1, l->request.document_id);
    code = sqlite3_step(st);
    if (code == SQLITE_ROW) {
        l->snapshot_revision = sqlite3_column_int64(st, 0);
        l->snapshot_time = sqlite_column_time(st, 1);
        *no_room = !ops_arena_copy(l->arena, sqlite_column(st, 2, false), &l->snapshot);
    }
    (void)sqlite3_reset(st);
    return (code == SQLITE_ROW || code == SQLITE_DONE) && !*no_room;
}

/* Where the rows begin that are wanted: the tail before the snapshot, counted backwards. False: failed. */
static bool tail_start(struct sqlite_store *s, const struct ops_store_load *l, int64_t *start)
{
    sqlite3_stmt *st = s->r[R_TAIL];
    size_t bytes = 0;
    int code;

    *start = l->snapshot_revision + 1;
    sqlite_bind_str(st, 1, l->request.document_id);
    (void)sqlite3_bind_int64(st, 2, INT64_MIN);
    (void)sqlite3_bind_int64(st, 3, l->snapshot_revision);
    (void)sqlite3_bind_int64(st, 4, l->tail_ops);
    while ((code = sqlite3_step(st)) == SQLITE_ROW) {
        bytes += (size_t)sqlite3_column_int64(st, 1);
        if (bytes > l->tail_limit_bytes) {
            code = SQLITE_DONE;
            break;
        }
        *start = sqlite3_column_int64(st, 0);
    }
    (void)sqlite3_reset(st);
    return code == SQLITE_DONE;
}

static bool read_row(sqlite3_stmt *st, struct ops_arena *arena, struct ops_store_op *op)
{
    struct ops_store_op row = {sqlite3_column_int64(st, 0), sqlite_column(st, 1, false), sqlite_column_time(st, 2),
                               sqlite_column(st, 3, false), sqlite_column(st, 4, false), sqlite_column(st, 5, true)};

    return ops_store_op_copy(arena, &row, op);
}

/* Rows with from <= revision <= to, at most `limit`, and at most `limit_bytes` behind the first one. */
static bool read_rows(struct sqlite_store *s, struct ops_str id, int64_t from, int64_t to, size_t limit, size_t limit_bytes,
                      struct ops_arena *arena, const struct ops_store_op **out, size_t *out_count, bool *no_room)
{
    sqlite3_stmt *st = s->r[R_OPS];
    struct ops_store_op *ops = NULL;
    size_t count = 0, room = 0, bytes = 0;
    int code = SQLITE_DONE;

    sqlite_bind_str(st, 1, id);
    (void)sqlite3_bind_int64(st, 2, from);
    (void)sqlite3_bind_int64(st, 3, to);
    while (count < limit && (code = sqlite3_step(st)) == SQLITE_ROW) {
        bytes += (size_t)sqlite3_column_bytes(st, 3);
        if (count > 0 && bytes > limit_bytes)
            break;
        if (count == room) {
            struct ops_store_op *more = ops_arena_array(arena, room * 2 + 32, sizeof *ops);

            *no_room = more == NULL;
            if (*no_room)
                break;
            if (count > 0)
                memcpy(more, ops, count * sizeof *ops);
            ops = more;
            room = room * 2 + 32;
        }
        *no_room = !read_row(st, arena, &ops[count]);
        if (*no_room)
            break;
        count++;
    }
    (void)sqlite3_reset(st);
    *out = ops;
    *out_count = count;
    return (code == SQLITE_ROW || code == SQLITE_DONE) && !*no_room;
}

/* What the rows say goes before what was recorded: the released server may have deleted the document and made it anew. */
static bool read_type(struct sqlite_store *s, struct ops_store_load *l, bool *no_room)
{
    sqlite3_stmt *st = s->r[R_TYPE];
    struct ops_str type = ops_str_of(NULL, 0);
    int code = SQLITE_DONE;

    for (size_t i = l->ops_count; i > 0 && type.ptr == NULL; i--)
        type = sqlite_type_of(l->ops[i - 1].op_type_name);
    if (type.ptr != NULL) {
        l->document_type = type; /* static */
        return true;
    }
    sqlite_bind_str(st, 1, l->request.document_id);
    code = sqlite3_step(st);
    if (code == SQLITE_ROW)
        *no_room = !ops_arena_copy(l->arena, sqlite_column(st, 0, false), &l->document_type);
    (void)sqlite3_reset(st);
    if (code == SQLITE_DONE) { /* not recorded, no op was read: one before the snapshot may still tell */
        sqlite_bind_str(s->r[R_LAST_OP], 1, l->request.document_id);
        code = sqlite3_step(s->r[R_LAST_OP]);
        if (code == SQLITE_ROW)
            l->document_type = sqlite_type_of(sqlite_column(s->r[R_LAST_OP], 2, false));
        (void)sqlite3_reset(s->r[R_LAST_OP]);
    }
    return (code == SQLITE_ROW || code == SQLITE_DONE) && !*no_room;
}

void sqlite_read_load(struct sqlite_store *s, struct ops_store_load *l)
{
    bool no_room = false, ok;
    int64_t start = 0;

    l->snapshot_revision = -1;
    l->document_type = l->snapshot = ops_str_of(NULL, 0);
    l->snapshot_time.set = false;
    l->ops = NULL;
    l->ops_count = 0;
    ok = sqlite_run(s->r[R_BEGIN]) == SQLITE_OK && read_snapshot(s, l, &no_room) && tail_start(s, l, &start) &&
         read_rows(s, l->request.document_id, start, INT64_MAX, SIZE_MAX, SIZE_MAX, l->arena, &l->ops, &l->ops_count, &no_room) &&
         read_type(s, l, &no_room);
    if (!ok)
        fail(s, &l->request, "load", no_room);
    if (sqlite3_get_autocommit(s->read_db) == 0)
        (void)sqlite_run(s->r[R_COMMIT]);
    if (!ok)
        return;
    l->exists = l->snapshot_revision >= 0 || l->ops_count > 0;
    if (!l->exists)
        l->document_type = ops_str_of(NULL, 0);
    l->request.result = OPS_STORE_DONE;
}

void sqlite_read_history(struct sqlite_store *s, struct ops_store_history *h)
{
    bool no_room = false;

    if (!read_rows(s, h->request.document_id, h->from, h->to, h->limit_ops, h->limit_bytes, h->arena, &h->ops, &h->ops_count,
                   &no_room))
        fail(s, &h->request, "history", no_room);
    else
        h->request.result = OPS_STORE_DONE;
}
