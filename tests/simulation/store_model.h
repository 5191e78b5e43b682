/* A store that is a model: keeps the guarantees of backends/store.h and nothing more, and fails as a seed says. */
#ifndef OPS_SIMULATION_STORE_MODEL_H
#define OPS_SIMULATION_STORE_MODEL_H

#include "backends/store.h"

struct model_row {
    int64_t revision;
    char *payload, *author_id, *op_id, *op_type_name; /* op_id NULL: none */
    size_t payload_bytes, author_bytes, op_id_bytes;
};

struct model_document {
    struct model_document *next;
    char *id;
    size_t id_bytes;
    const char *type; /* static */
    struct model_row *rows; /* ascending */
    size_t row_count, row_cap;
    int64_t snapshot_revision; /* -1: none */
    char *snapshot;
    size_t snapshot_bytes;
    uint64_t epoch;        /* appends below it are refused */
    uint64_t broken_epoch; /* appends up to it are refused: one of them has failed */
};

struct model_store {
    struct model_document *documents;
    struct ops_store_request *first, *last; /* in the store's hands */
    size_t waiting;
};

/* What becomes of the append at the head. */
enum model_fate { MODEL_DONE, MODEL_ABSENT, MODEL_UNKNOWN_LANDED, MODEL_UNKNOWN_LOST };

struct model_document *model_find(const struct model_store *store, struct ops_str id);
void model_submit(struct model_store *store, struct ops_store_request *request);

/* Carries out the request at place `index` if no earlier one of its document waits, and takes it out; NULL: it must wait. `fail`:
 * reads and snapshots fail. */
struct ops_store_request *model_step(struct model_store *store, size_t index, enum model_fate fate, bool fail);

/* The process dies: each document's waiting appends have landed up to a random one, the rest never. `random(self)` gives numbers.
 * Nothing waits any more; the requests were the dead process's. */
void model_crash(struct model_store *store, uint64_t (*random)(void *self), void *self);

void model_end(struct model_store *store);

#endif
