/* Every statement that runs after the start, prepared once; binding and reading of columns. */
#include <stdio.h>

#include "private.h"

static const char *const writer_texts[W_COUNT] = {
    [W_BEGIN] = "BEGIN IMMEDIATE",
    [W_COMMIT] = "COMMIT",
    [W_ROLLBACK] = "ROLLBACK",
    [W_LAST_OP] = "SELECT \"Revision\" FROM \"DocumentOps\" WHERE \"DocumentId\" = ?1 ORDER BY \"Revision\" DESC LIMIT 1",
    [W_LAST_SNAPSHOT] = "SELECT \"Revision\" FROM \"DocumentSnapshots\" WHERE \"DocumentId\" = ?1",
    [W_INSERT_OP] = "INSERT INTO \"DocumentOps\" (\"DocumentId\", \"Revision\", \"AuthorId\", \"Timestamp\", \"Payload\", "
                    "\"EngineType\") VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [W_INSERT_OP_ID] = "INSERT OR REPLACE INTO \"OpStreamOpIds\" (\"DocumentId\", \"Revision\", \"OpId\") VALUES (?1, ?2, ?3)",
    [W_INSERT_DOCUMENT] = "INSERT OR IGNORE INTO \"OpStreamDocuments\" (\"DocumentId\", \"DocumentType\", \"CreatedAt\") "
                          "VALUES (?1, ?2, ?3)",
    [W_PUT_SNAPSHOT] = "INSERT INTO \"DocumentSnapshots\" (\"DocumentId\", \"Revision\", \"Timestamp\", \"State\") "
                       "VALUES (?1, ?2, ?3, ?4) ON CONFLICT (\"DocumentId\") DO UPDATE SET \"Revision\" = excluded.\"Revision\", "
                       "\"Timestamp\" = excluded.\"Timestamp\", \"State\" = excluded.\"State\" "
                       "WHERE excluded.\"Revision\" > \"DocumentSnapshots\".\"Revision\"",
    [W_LOG_BYTES] = "SELECT coalesce(sum(length(\"Payload\")), 0) FROM \"DocumentOps\" WHERE \"DocumentId\" = ?1 AND "
                    "\"Revision\" > ?2",
    [W_TRIM_SCAN] = "SELECT \"Revision\", length(\"Payload\") FROM \"DocumentOps\" WHERE \"DocumentId\" = ?1 AND "
                    "\"Revision\" <= ?2 ORDER BY \"Revision\"",
    [W_TRIM_OPS] = "DELETE FROM \"DocumentOps\" WHERE \"DocumentId\" = ?1 AND \"Revision\" < ?2",
    [W_TRIM_OP_IDS] = "DELETE FROM \"OpStreamOpIds\" WHERE \"DocumentId\" = ?1 AND \"Revision\" < ?2",
    [W_PROBE] = "INSERT OR REPLACE INTO \"OpStreamOpIds\" (\"DocumentId\", \"Revision\", \"OpId\") VALUES ('', -1, '')",
    [W_PROBE_UNDO] = "DELETE FROM \"OpStreamOpIds\" WHERE \"DocumentId\" = '' AND \"Revision\" = -1",
};

static const char *const reader_texts[R_COUNT] = {
    [R_BEGIN] = "BEGIN",
    [R_COMMIT] = "COMMIT",
    [R_TYPE] = "SELECT \"DocumentType\" FROM \"OpStreamDocuments\" WHERE \"DocumentId\" = ?1",
    [R_SNAPSHOT] = "SELECT \"Revision\", \"Timestamp\", \"State\" FROM \"DocumentSnapshots\" WHERE \"DocumentId\" = ?1",
    [R_SNAPSHOT_HEAD] = "SELECT \"Revision\", \"Timestamp\" FROM \"DocumentSnapshots\" WHERE \"DocumentId\" = ?1",
    [R_TAIL] = "SELECT \"Revision\", length(\"Payload\") FROM \"DocumentOps\" WHERE \"DocumentId\" = ?1 AND "
               "\"Revision\" >= ?2 AND \"Revision\" <= ?3 ORDER BY \"Revision\" DESC LIMIT ?4",
    [R_OPS] = "SELECT o.\"Revision\", o.\"AuthorId\", o.\"Timestamp\", o.\"Payload\", o.\"EngineType\", i.\"OpId\" "
              "FROM \"DocumentOps\" AS o LEFT JOIN \"OpStreamOpIds\" AS i ON i.\"DocumentId\" = ?1 AND "
              "i.\"Revision\" = o.\"Revision\" WHERE o.\"DocumentId\" = ?1 AND o.\"Revision\" >= ?2 AND o.\"Revision\" <= ?3 "
              "ORDER BY o.\"Revision\"",
    [R_NEXT_OP_DOCUMENT] = "SELECT \"DocumentId\" FROM \"DocumentOps\" WHERE \"DocumentId\" >= ?1 "
                           "ORDER BY \"DocumentId\" LIMIT 1",
    [R_NEXT_SNAPSHOT_DOCUMENT] = "SELECT \"DocumentId\" FROM \"DocumentSnapshots\" WHERE \"DocumentId\" >= ?1 "
                                 "ORDER BY \"DocumentId\" LIMIT 1",
    [R_DOCUMENT_OPS] = "SELECT count(*) FROM \"DocumentOps\" WHERE \"DocumentId\" = ?1",
    [R_LAST_OP] = "SELECT \"Revision\", \"Timestamp\", \"EngineType\" FROM \"DocumentOps\" WHERE \"DocumentId\" = ?1 "
                  "ORDER BY \"Revision\" DESC LIMIT 1",
    [R_PROBE] = "SELECT count(*) FROM \"OpStreamSchema\"",
};

static bool prepare(sqlite3 *db, const char *const *texts, int count, sqlite3_stmt **out, char *problem, size_t problem_bytes)
{
    for (int i = 0; i < count; i++) {
        if (sqlite3_prepare_v3(db, texts[i], -1, SQLITE_PREPARE_PERSISTENT, &out[i], NULL) != SQLITE_OK) {
            (void)snprintf(problem, problem_bytes,
                           "The database does not have the tables of this server (%s), and automatic migration is off or could not add "
                           "them.", sqlite3_errmsg(db));
            return false;
        }
    }
    return true;
}

bool sqlite_prepare_writer(struct sqlite_store *s, char *problem, size_t problem_bytes)
{
    return prepare(s->db, writer_texts, W_COUNT, s->w, problem, problem_bytes);
}

bool sqlite_prepare_reader(struct sqlite_store *s, char *problem, size_t problem_bytes)
{
    return prepare(s->read_db, reader_texts, R_COUNT, s->r, problem, problem_bytes);
}

void sqlite_finalize(struct sqlite_store *s)
{
    for (int i = 0; i < W_COUNT; i++)
        (void)sqlite3_finalize(s->w[i]);
    for (int i = 0; i < R_COUNT; i++)
        (void)sqlite3_finalize(s->r[i]);
}

int sqlite_run(sqlite3_stmt *st)
{
    int code = sqlite3_step(st);

    (void)sqlite3_reset(st);
    return code == SQLITE_DONE || code == SQLITE_ROW ? SQLITE_OK : code;
}

void sqlite_bind_str(sqlite3_stmt *st, int at, struct ops_str text)
{
    (void)sqlite3_bind_text64(st, at, text.ptr != NULL ? text.ptr : "", text.len, SQLITE_STATIC, SQLITE_UTF8);
}

void sqlite_bind_blob(sqlite3_stmt *st, int at, struct ops_str bytes)
{
    (void)sqlite3_bind_blob64(st, at, bytes.ptr != NULL ? bytes.ptr : "", bytes.len, SQLITE_STATIC);
}

void sqlite_bind_time(sqlite3_stmt *st, int at, struct ops_time time)
{
    char text[OPS_TIME_CHARS];
    size_t len = (size_t)(ops_time_write_ticks_offset(text, time) - text);
    char *t = memchr(text, 'T', len);

    if (t != NULL)
        *t = ' ';
    (void)sqlite3_bind_text64(st, at, text, len, SQLITE_TRANSIENT, SQLITE_UTF8);
}

struct ops_str sqlite_column(sqlite3_stmt *st, int at, bool null_is_absent)
{
    const char *ptr;

    if (null_is_absent && sqlite3_column_type(st, at) == SQLITE_NULL)
        return ops_str_of(NULL, 0);
    ptr = sqlite3_column_blob(st, at);
    return ops_str_of(ptr != NULL ? ptr : "", ptr != NULL ? (size_t)sqlite3_column_bytes(st, at) : 0);
}

struct ops_time sqlite_column_time(sqlite3_stmt *st, int at)
{
    struct ops_str column = sqlite_column(st, at, false);
    struct ops_time time = {0, 0, false};
    char text[64];

    if (column.len < sizeof text) {
        char *blank;

        memcpy(text, column.ptr, column.len);
        blank = memchr(text, ' ', column.len);
        if (blank != NULL)
            *blank = 'T';
        (void)ops_time_read(ops_str_of(text, column.len), &time);
    }
    return time;
}
