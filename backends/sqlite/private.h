/* The SQLite backend inside: who owns what, and which thread may touch it.
 *
 *   loops ── submit ──► writes ──► writer thread: takes what has queued, one transaction, one commit, done
 *                  └──► reads ───► reader thread: a connection of its own; sees what is committed, waits for nobody
 *
 * A load that fences a document of the batch in flight waits (in `parked`) until that batch has ended: only then is it known what
 * landed. Every other read goes on beside it. */
#ifndef OPS_BACKENDS_SQLITE_PRIVATE_H
#define OPS_BACKENDS_SQLITE_PRIVATE_H

#include <pthread.h>

#include <sqlite3.h>

#include "backends/answer.h"
#include "backends/fence.h"
#include "backends/ids.h"
#include "backends/provider.h"
#include "settings.h"

#ifndef OPS_SQLITE_CHECKPOINT_PAGES
#define OPS_SQLITE_CHECKPOINT_PAGES 4000 /* tests make it small */
#endif

enum {
    SQLITE_BATCH_ROWS_MAX = 1000,       /* rows a commit */
    SQLITE_BATCH_BYTES_MAX = 4 << 20,   /* and bytes; one row may be larger */
    SQLITE_ENTRIES_MAX = 65536,         /* documents remembered; healthy ones beyond it are forgotten and read again */
    SQLITE_CHECKPOINT_PAGES = OPS_SQLITE_CHECKPOINT_PAGES, /* the log is copied into the database when it is as long as this */
    SQLITE_CHECKPOINT_HOLD_PAGES = 4 * OPS_SQLITE_CHECKPOINT_PAGES /* a new read waits for the copying when the log is as long as this */
};

enum writer_statement {
    W_BEGIN,
    W_COMMIT,
    W_ROLLBACK,
    W_LAST_OP,
    W_LAST_SNAPSHOT,
    W_INSERT_OP,
    W_INSERT_OP_ID,
    W_INSERT_DOCUMENT,
    W_PUT_SNAPSHOT,
    W_LOG_BYTES,
    W_TRIM_SCAN,
    W_TRIM_OPS,
    W_TRIM_OP_IDS,
    W_PROBE,
    W_PROBE_UNDO,
    W_COUNT
};

enum reader_statement {
    R_BEGIN,
    R_COMMIT,
    R_TYPE,
    R_SNAPSHOT,
    R_SNAPSHOT_HEAD,
    R_TAIL,
    R_OPS,
    R_NEXT_OP_DOCUMENT,
    R_NEXT_SNAPSHOT_DOCUMENT,
    R_DOCUMENT_OPS,
    R_LAST_OP,
    R_PROBE,
    R_COUNT
};

/* A document that the store remembers. */
struct sqlite_document {
    struct ops_ids_node node;               /* first: the table's */
    struct sqlite_document *older, *newer;  /* by use; under the lock */
    struct ops_store_fence fence;           /* `epoch` under the lock; the rest the writer's while in_batch > 0, else under the lock */
    uint64_t fence_ticket;                  /* writes submitted when it was fenced last; under the lock */
    uint32_t in_batch;                      /* requests of the batch in flight; under the lock */
    bool known;                             /* the writer's: `last_revision` is right */
    bool has_row;                           /* the writer's: OpStreamDocuments names it */
    bool log_known;                         /* the writer's: `log_bytes` is right */
    int64_t last_revision;                  /* the writer's: -1: nothing there */
    int64_t log_bytes;                      /* the writer's: payloads of its ops */
};

struct sqlite_store {
    struct ops_store store; /* first */
    struct ops_store_env env;
    struct sqlite_settings settings;
    struct ops_sync sync;

    pthread_mutex_t lock;
    pthread_cond_t writer_wake, reader_wake; /* CLOCK_MONOTONIC */
    struct ops_store_queue writes, reads, parked;
    struct ops_ids ids;
    struct sqlite_document *oldest, *newest;
    uint64_t writes_submitted, writes_taken;
    bool closing;
    bool reader_busy, reader_hold;   /* the reader is in a read; must not start another one */
    bool writer_done;                /* nothing will be parked or moved any more */
    bool refuses;                    /* a commit or an fsync failed: no more writes until a restart */
    bool troubled;                   /* the last write failed, for whatever reason: health tries one */
    int64_t commit_since_ms;         /* a commit has been running since then; 0: none */
    char trouble[160];               /* why, for health and for later writes */

    /* the writer's */
    sqlite3 *db;
    sqlite3_stmt *w[W_COUNT];
    int wal_pages;                   /* length of the log after the last commit */
    int checkpoint_pages;            /* it is copied when it is as long as this */
    int64_t unsynced_since_ms;       /* OPS_SYNC_EVERY: 0: everything is synced */
    int64_t checkpoint_again_ms;     /* not before, after one that failed */
    struct sqlite_document **batch_documents;
    struct ops_store_request **batch;
    bool *batch_written;
    size_t batch_count;

    /* the reader's */
    sqlite3 *read_db;
    sqlite3_stmt *r[R_COUNT];

    pthread_t writer, reader;
};

/* CLOCK_MONOTONIC, never 0. */
int64_t sqlite_now_ms(void);

/* ---- open.c */
bool sqlite_connect(struct sqlite_store *s, sqlite3 **db, bool read_only, char *problem, size_t problem_bytes);
bool sqlite_check(struct sqlite_store *s, struct ops_str how, char *problem, size_t problem_bytes);

/* ---- migrate.c: the tables of opstream-ops.md §2.5 and ours beside them. False: `problem`. */
bool sqlite_migrate(struct sqlite_store *s, char *problem, size_t problem_bytes);

/* ---- statements.c: all that is ever run; NULL-terminated problems name the statement. */
bool sqlite_prepare_writer(struct sqlite_store *s, char *problem, size_t problem_bytes);
bool sqlite_prepare_reader(struct sqlite_store *s, char *problem, size_t problem_bytes);
void sqlite_finalize(struct sqlite_store *s);

/* Runs one that gives no row; the result code of sqlite3_step, SQLITE_DONE made SQLITE_OK. Leaves it reset. */
int sqlite_run(sqlite3_stmt *st);

void sqlite_bind_str(sqlite3_stmt *st, int at, struct ops_str text);  /* as text; absent: empty */
void sqlite_bind_blob(sqlite3_stmt *st, int at, struct ops_str bytes); /* absent: empty */
void sqlite_bind_time(sqlite3_stmt *st, int at, struct ops_time time);

/* A column's bytes; valid until the next step. Absent only where `null_is_absent` and NULL. */
struct ops_str sqlite_column(sqlite3_stmt *st, int at, bool null_is_absent);
struct ops_time sqlite_column_time(sqlite3_stmt *st, int at);

/* ---- documents.c: entries. NULL when there is no memory. Under the lock. */
struct sqlite_document *sqlite_document_get(struct sqlite_store *s, struct ops_str id);
void sqlite_documents_drop(struct sqlite_store *s);

/* ---- write.c: rows of one request inside an open transaction. */
enum sqlite_outcome {
    SQLITE_ROW_WRITTEN,
    SQLITE_ROW_REFUSED, /* the request has its result; the transaction goes on */
    SQLITE_ROW_LOST     /* the transaction is lost; roll back and repeat row by row */
};
enum sqlite_outcome sqlite_write(struct sqlite_store *s, struct ops_store_request *r, struct sqlite_document *d);

/* ---- batch.c: the batch taken, to its end. */
void sqlite_batch_run(struct sqlite_store *s);

/* The last call on `db` failed with `code` for want of room in the log or, without `in_log`, in the database: the disk's, or that of a
 * quota or a limit on files, for which SQLite has no code of its own. */
bool sqlite_no_room(sqlite3 *db, int code, bool in_log);

/* Writes are refused from now on. */
void sqlite_refuse(struct sqlite_store *s, const char *what, int code);
void sqlite_log(struct sqlite_store *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- checkpoint.c */
void sqlite_checkpoint(struct sqlite_store *s);
void sqlite_sync_if_due(struct sqlite_store *s, bool now);

/* Before anything else is written: brings what an earlier process left in the log to stable storage. If a sync of that process failed,
 * the kernel still shows the bytes and holds them for written; commits behind them, or a copy of them in the database, would be lost
 * or torn with the next loss of power. So they are written again (a log of 4 MB, the usual most: a few milliseconds; after a close in
 * good order there is none). False: `problem`. */
bool sqlite_log_settle(struct sqlite_store *s, char *problem, size_t problem_bytes);

/* ---- read.c, documents_read.c: one request, on the reader. */
void sqlite_read_load(struct sqlite_store *s, struct ops_store_load *l);
void sqlite_read_history(struct sqlite_store *s, struct ops_store_history *h);
void sqlite_read_documents(struct sqlite_store *s, struct ops_store_documents *q);

/* The document type that an EngineType stands for; absent: none that is known. */
struct ops_str sqlite_type_of(struct ops_str op_type_name);

/* ---- threads */
void *sqlite_writer_main(void *store);
void *sqlite_reader_main(void *store);

#endif
