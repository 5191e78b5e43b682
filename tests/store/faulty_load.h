/* A scripted load on the SQLite backend over fault_vfs.h, and what must be true of the database afterwards.
 *
 * Three documents, group commits of all of them, an op id on every second op, snapshots that trim the log, checkpoints. What came back
 * for each request is remembered; after a failure a document is fenced and read back, as its owner would do, and goes on from there.
 * Nothing here fails a test: what is wrong ends up in `problem`, so that a test may also count on it. */
#ifndef OPS_TESTS_STORE_FAULTY_LOAD_H
#define OPS_TESTS_STORE_FAULTY_LOAD_H

#include <pthread.h>

#include "backends/store.h"

enum { LOAD_DOCUMENTS = 3, LOAD_ROWS = 256, LOAD_SNAPSHOTS = 32, LOAD_GROUP = 3 };

struct load_row {
    int64_t revision;
    int attempt; /* no two rows of a document have the same: it is in the payload */
    enum ops_store_result result;
};

struct load_snapshot {
    int64_t revision, keep_from;
    enum ops_store_result result;
};

struct load_document {
    uint64_t epoch;
    int64_t next; /* revision of the next append */
    int attempts;
    struct load_row rows[LOAD_ROWS];
    size_t rows_count;
    struct load_snapshot snapshots[LOAD_SNAPSHOTS];
    size_t snapshots_count;
};

struct load {
    struct ops_store *store;
    const char *sync;
    pthread_mutex_t lock;
    pthread_cond_t back;
    size_t returned;
    struct load_document documents[LOAD_DOCUMENTS];
    size_t done, absent, unknown; /* appends */
    bool refusing;                /* an append was UNKNOWN: no later one may be DONE before the store is opened again */
    char problem[512];            /* empty: nothing is wrong */
};

/* `sync` is the level of the store (store.h), borrowed. */
void load_init(struct load *l, const char *sync);
void load_free(struct load *l);

/* False: refused; `problem` is the sentence. */
bool load_open(struct load *l, char *problem, size_t problem_bytes);
void load_close(struct load *l);

/* So many rounds of the script. Sets l->problem when the store breaks a promise that can be seen at once. */
void load_run(struct load *l, int rounds);

/* Reads everything of an open store without a plan. False: l->problem says what is wrong. */
bool load_verify(struct load *l);

/* One request, waited for. */
enum ops_store_result load_do(struct load *l, struct ops_store_request *r);

/* Appends one row to each document of an open store without a plan: the store must take it. False: l->problem. */
bool load_goes_on(struct load *l);

#endif
