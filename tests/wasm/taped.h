/* One client whose calls are recorded: what it is told, what it shows after each call. */
#ifndef OPS_TESTS_WASM_TAPED_H
#define OPS_TESTS_WASM_TAPED_H

#define OPS_TAPE_ITSELF
#include "tape.h"
#include "tape_record.h"

enum { TAPED_MAX = 8, TAPED_DOCUMENTS_MAX = 8, TAPED_EVENTS_MAX = 4096 };

/* The calls that are recorded. Those at the end are the tape's own: no user makes them. */
#define TAPE_CALLS(X)                                                                                                              \
    X(client_open) X(client_close) X(client_tick) X(client_retry_now) X(client_connected) X(client_received) X(client_disconnected)  \
    X(client_outgoing) X(client_join) X(client_leave) X(client_save) X(client_load) X(text_insert) X(text_delete) X(text_replace)      \
    X(json_set) X(json_del) X(doc_undo) X(doc_redo) X(doc_undo_stop) X(awareness_set)                                                    \
    X(cursor_open) X(cursor_set) X(cursor_close) X(text_range) X(json_list) X(doc_snapshot)

/* What comes out: results, events in their order, what the client and its documents show where it is not what they showed before. */
#define TAPE_OUTS(X)                                                                                                               \
    X(result) X(bytes) X(random) X(patch) X(changed) X(status) X(refused) X(peer) X(trouble) X(client) X(document) X(text) X(registers)

enum tape_call {
#define X(name) CALL_##name,
    TAPE_CALLS(X)
#undef X
};

enum tape_out {
#define X(name) OUT_##name,
    TAPE_OUTS(X)
#undef X
};

struct taped {
    struct ops_client *client; /* NULL: free */
    struct ops_client_config given;
    uint32_t cursors[TAPED_DOCUMENTS_MAX]; /* by the document's number: one of a text that the tape has opened; 0: none */
    struct tape_bytes shown[TAPED_DOCUMENTS_MAX + 1]; /* of each document, and of the client, when it was last recorded */
    struct tape_bytes arguments, random, out;
    struct { size_t at; const struct ops_doc *doc; } told[TAPED_EVENTS_MAX]; /* events whose document has no number yet */
    size_t told_count;
};

/* The client's record, the document's; ends the program when there is none. */
struct taped *taped_of(const struct ops_client *client);
struct taped *taped_of_doc(const struct ops_doc *doc);

/* A free record with `config` in it, and the config to open the client with: its events and random bytes pass through here. */
struct taped *taped_new(const struct ops_client_config *config, struct ops_client_config *through);
void taped_free(struct taped *t);
struct taped *taped_next(struct taped *after); /* those that are open; NULL: no more */

/* A document's number is its place in ops_client_next's order; -1: none. */
int taped_number(const struct taped *t, const struct ops_doc *doc);
struct ops_doc *taped_doc(const struct taped *t, unsigned number); /* NULL: none */
unsigned taped_documents(const struct taped *t);
bool taped_is_text(const struct ops_doc *doc);

/* Before a call; the arguments are then put into t->arguments. */
struct taped *taped_begin(struct taped *t);

/* After it; results have been put into t->out. Reads what the client shows, and writes the frame. */
void taped_done(struct taped *t, enum tape_call call);

/* Where the frames go, and the seed of what the tape itself chooses. */
void taped_to(int fd);
int taped_fd(void);
void taped_seed(uint64_t seed);
unsigned taped_below(unsigned n);

#endif
