/* A store under test: requests that are waited for, in the order in which they came back. */
#ifndef OPS_TESTS_STORE_FIXTURE_H
#define OPS_TESTS_STORE_FIXTURE_H

#include <pthread.h>
#include <stdio.h>

#include "backends/store.h"
#include "tests/support/memory.h"

enum { FIXTURE_ORDER = 4096 }; /* later ones are counted only */

struct fixture {
    struct ops_store *store;
    char folder[256];   /* temporary; removed at the end */
    char problem[512];
    pthread_mutex_t lock;
    pthread_cond_t back;
    size_t returned;                              /* requests that came back and were not waited for yet */
    struct ops_store_request *order[FIXTURE_ORDER]; /* all that came back since fixture_forget, oldest first */
    size_t order_count;
    size_t logged;
};

/* A row of the contract suite: one backend. */
struct backend {
    const char *name;
    /* The connection string of a fresh store in `folder` (may be empty). */
    void (*connection_string)(const char *folder, char *out, size_t out_bytes);
    /* Makes the next commit hang until `resume`; both NULL when commits happen inside `submit`. */
    void (*stall)(void);
    void (*resume)(void);
};

void fixture_open(struct fixture *f, const struct backend *b);
/* Opens another store on the same data. */
void fixture_reopen(struct fixture *f, const struct backend *b);
/* Closes the store, keeps the folder. */
void fixture_shut(struct fixture *f);
void fixture_drop(struct fixture *f);

/* Submits one request and waits until `count` more have come back. */
void fixture_submit(struct fixture *f, struct ops_store_request *r);
void fixture_wait(struct fixture *f, size_t count);
/* Starts `order` anew. */
void fixture_forget(struct fixture *f);
/* Submits and waits, for one. */
enum ops_store_result fixture_do(struct fixture *f, struct ops_store_request *r);

/* Requests with everything set but what the test is about. Texts are borrowed. */
struct ops_store_append append_of(struct ops_str id, int64_t revision, struct ops_str payload, uint64_t epoch);
struct ops_store_load load_of(struct ops_str id, struct ops_arena *arena, bool fence, uint64_t epoch);
struct ops_store_snapshot snapshot_of(struct ops_str id, int64_t revision, struct ops_str state, int64_t keep_from);
struct ops_store_history history_of(struct ops_str id, int64_t from, int64_t to, struct ops_arena *arena);

/* Appends `{"n":<revision>}` and expects the result. */
void expect_append(struct fixture *f, struct ops_str id, int64_t revision, uint64_t epoch, enum ops_store_result result);
/* Expects the log to hold just these revisions (no snapshot before the first). */
void expect_log(struct fixture *f, struct ops_str id, int64_t first, int64_t last);

#endif
