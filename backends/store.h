/* Storage: the append-only log of each document, its snapshot, its history.
 *
 * A request is a struct of the caller: it is handed over, and is the caller's again when it comes back through `done`.
 * Everything that it points to is borrowed until then. A backend has its own threads; every function here may be called
 * from any loop's thread and returns at once, `done` is called on a thread of the backend (memory: of the caller, from
 * inside `submit`, never while a lock is held).
 *
 * Guarantees
 *  - Appends of one document are carried out in the order in which they were submitted, and come back in that order.
 *  - An append ends in one of three ways. OPS_STORE_DONE: the row is on stable storage (as far as the configured sync
 *    level goes). OPS_STORE_ABSENT: certainly not there and it never will be. OPS_STORE_UNKNOWN: nobody can tell (time-out,
 *    lost connection, failed fsync or commit): fence the document, then read back. After a failed fsync the row may still appear
 *    with the next start of the process though the read-back did not show it: whoever asks again needs an op id.
 *  - After an append of a document has ended other than DONE, every later append of it with the same or a lower epoch ends
 *    ABSENT without touching the storage, also those already queued. So the log never has a gap.
 *  - A load with an epoch fences: no append of that document with a lower epoch that has not come back yet can land after the
 *    load has read; it ends ABSENT. (One that is being committed is waited for, by that load alone.) Epochs of a document grow for as
 *    long as the store is open, also when nobody had it in between; a load that fences with a lower epoch than an earlier one is
 *    ABSENT itself.
 *  - (document, revision) is unique; an append whose revision exists, or is not one above the document's last known one,
 *    ends ABSENT. The last known one is that of the last op or of the snapshot, whichever is higher; a document that has neither may
 *    begin anywhere.
 *  - One document's bad row never fails another's: a group commit that fails is repeated row by row.
 *  - A failed fsync makes the backend refuse writes until a restart (`health` says so); reads go on.
 *  - Reads (load, history, documents, health) never wait behind commits.
 *  - Ids are byte-exact.
 *  - `close` ends what is in flight, with what is known of it, and calls `done` for everything first. */
#ifndef OPS_BACKENDS_STORE_H
#define OPS_BACKENDS_STORE_H

#include "runtime/base/arena.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"

enum ops_store_kind {
    OPS_STORE_APPEND,
    OPS_STORE_LOAD,
    OPS_STORE_SNAPSHOT,
    OPS_STORE_HISTORY,
    OPS_STORE_DOCUMENTS,
    OPS_STORE_HEALTH
};

enum ops_store_result {
    OPS_STORE_PENDING = 0, /* not back yet */
    OPS_STORE_DONE,
    OPS_STORE_ABSENT,      /* a write: certainly not there. A read: failed */
    OPS_STORE_UNKNOWN      /* a write: nobody can tell */
};

/* The common head of every request. */
struct ops_store_request {
    struct ops_store_request *next; /* of the backend while it has it; in a chain given to `submit` or `done`: the next one */
    enum ops_store_kind kind;
    enum ops_store_result result;
    uint32_t loop;  /* the caller's; left alone */
    void *owner;    /* the caller's; left alone */
    struct ops_str document_id;
    uint64_t epoch; /* of the document's owner; grows with every fence */
    char problem[160]; /* when result is not DONE: what and where, for the log (never a secret); ends with a zero byte */
};

/* A row of the log. */
struct ops_store_op {
    int64_t revision;
    struct ops_str author_id;   /* peer id of the connection */
    struct ops_time timestamp;
    struct ops_str payload;     /* JSON of the op, stored style */
    struct ops_str op_type_name;
    struct ops_str op_id;       /* absent: none */
};

struct ops_store_append {
    struct ops_store_request request;
    struct ops_str document_type; /* written beside the document's first op; for information later */
    struct ops_store_op op;
};

/* Reads a document: the snapshot, every op after it, and up to `tail_ops` ops before it (for rebase and catch-up after a
 * restart). With `fence` the request's epoch counts from now on. */
struct ops_store_load {
    struct ops_store_request request;
    bool fence;
    uint32_t tail_ops;
    size_t tail_limit_bytes; /* of payloads before the snapshot */
    /* the answer, in `arena`, which the caller has initialised */
    struct ops_arena *arena;
    bool exists;                  /* a snapshot or an op is there */
    struct ops_str document_type; /* absent: not recorded (a database of the released server) */
    int64_t snapshot_revision;    /* -1: no snapshot */
    struct ops_str snapshot;
    struct ops_time snapshot_time;
    const struct ops_store_op *ops; /* ascending, without checks for gaps */
    size_t ops_count;
};

/* Replaces the document's snapshot, if that is older, and then trims its log: rows below `keep_from` are deleted, and more of the
 * oldest ones until the payloads of those at or below `revision` are at most `keep_bytes`; never a row above `revision`. */
struct ops_store_snapshot {
    struct ops_store_request request;
    struct ops_str document_type;
    int64_t revision;
    struct ops_time timestamp;
    struct ops_str state; /* stored style */
    int64_t keep_from;
    size_t keep_bytes;
};

/* Rows with from <= revision <= to, ascending; stops early at limit_ops or limit_bytes of payload (at least one row is given when
 * there is one). */
struct ops_store_history {
    struct ops_store_request request;
    int64_t from, to;
    uint32_t limit_ops;
    size_t limit_bytes;
    struct ops_arena *arena;
    const struct ops_store_op *ops;
    size_t ops_count;
};

struct ops_store_document {
    struct ops_str document_id;
    struct ops_str document_type; /* absent: not recorded */
    int64_t revision;             /* of the last op or the snapshot, whichever is higher */
    struct ops_time last_modified;
    int64_t op_count;
};

/* Documents whose id is above `after` (absent: from the start), in the order of the ids' bytes. */
struct ops_store_documents {
    struct ops_store_request request;
    struct ops_str after, prefix;
    uint32_t limit;
    struct ops_arena *arena;
    const struct ops_store_document *documents;
    size_t documents_count;
};

/* Can it be read and written right now? DONE: yes. */
struct ops_store_health {
    struct ops_store_request request;
};

struct ops_store_ops;

struct ops_store {
    const struct ops_store_ops *ops;
};

/* What a backend needs of the program. `done` gets a chain of finished requests, in the order in which they ended. */
struct ops_store_env {
    void (*done)(void *self, struct ops_store_request *chain);
    void *self;
    void (*log)(void *self, const char *problem); /* what an operator must know; any thread; may be NULL */
    void *log_self;
};

struct ops_store_ops {
    const char *name; /* OPSTREAM__STORAGE__PROVIDER */
    bool durable;     /* survives a restart */
    bool threads;     /* has threads of its own */

    /* Takes a chain of requests, any mix. */
    void (*submit)(struct ops_store *store, struct ops_store_request *chain);

    /* Waits for what is in flight, frees the store. */
    void (*close)(struct ops_store *store);
};

/* What to open. `problem` gets a sentence that names what is wrong and what would be right. */
struct ops_store_config {
    struct ops_str provider;          /* memory, sqlite */
    struct ops_str connection_string; /* provider's own grammar; absent: none */
    struct ops_str sync;              /* OPSTREAM__STORAGE__SYNC: full (default), normal, every-<n>ms, off */
    bool migrate;                     /* create and extend tables */
    struct ops_str check;             /* of the database at the start: auto (default), quick, full, off; README.md says what each costs */
};

struct ops_store *ops_store_open(const struct ops_store_config *config, const struct ops_store_env *env, char *problem,
                                 size_t problem_bytes);

#endif
