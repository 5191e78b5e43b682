/* What the files of the core share. Two halves meet here.
 *
 * The *connection side* (connection.c, outbox.c, request.c, feed.c) lives where the client's socket is: it validates, keeps the order
 * of answers, and knows which documents the client hears of. The *document side* (document.c, join.c, op.c, commit.c ...)
 * lives on the core that the document's id hashes to. They speak by `struct request` one way, `ops_core_complete` and
 * `ops_core_push` the other; mail.c carries both to another core. */
#ifndef OPS_CORE_PRIVATE_H
#define OPS_CORE_PRIVATE_H

#include "core.h"
#include "table.h"

enum { CORE_PROFILES_MAX = 4, CORE_LOOPS_MAX = 64, REFUSAL_VALUES_MAX = 4 };

/* ---- notes ---------------------------------------------------------------------------------------------------------- */

/* Bytes that several notes share: a snapshot. */
struct blob {
    uint32_t references;
    size_t len;
    char bytes[];
};

struct ops_note {
    uint32_t references;
    bool reply;
    struct ops_core *core;
    struct blob *blob; /* what `snapshot` points to; NULL: none */
    struct ops_server_message message;
    const struct ops_server_message *by_profile[CORE_PROFILES_MAX]; /* where that differs; else NULL */
    void *forms[OPS_NOTE_FORMS];
    struct ops_arena arena; /* what the messages point to */
};

struct ops_note *ops_note_new(struct ops_core *core, enum ops_server_message_message_type type);
struct ops_note *ops_note_reply_new(struct ops_core *core, enum ops_server_message_message_type type,
                                    struct ops_str correlation_id);
struct ops_note *ops_note_copy(struct ops_core *core, const struct ops_note *from); /* to another core */

/* ---- refusals ------------------------------------------------------------------------------------------------------- */

/* Why a request is refused. A text of the schema with its values, or a sentence of our own with its code. */
struct refusal {
    enum ops_text text;
    enum ops_error_code code; /* of `sentence` */
    struct ops_str sentence;  /* absent: `text` */
    struct ops_str values[REFUSAL_VALUES_MAX];
    unsigned value_count;
};

struct refusal ops_refusal_of(enum ops_text text);
/* With a number as its next value; the digits live in the core's scratch arena. */
void ops_refusal_number(struct ops_core *core, struct refusal *refusal, int64_t value);
enum ops_error_code ops_refusal_code(const struct refusal *refusal);

/* ---- requests ------------------------------------------------------------------------------------------------------- */

/* Who asked, and where the answer belongs. */
struct asker {
    uint64_t connection; /* its number on its core */
    uint32_t loop;
    uint32_t slot;       /* of its outbox; 0: none */
    const struct ops_profile *profile;
    bool extended;
    bool calls;          /* ops_core_calls */
    bool join_counted;   /* the connection side counts this join as in flight */
    int64_t received_us;
    enum ops_client_message_message_type kind;
    struct ops_str correlation_id;
};

struct request {
    struct request *next; /* in a list of those that wait; then it lies in a block of its own */
    size_t block_bytes;
    struct asker asker;
    struct ops_str peer_id; /* of the asker */
    struct ops_str document_id;
    bool refused;           /* before it came to the document: only to be answered in its place */
    struct refusal refusal;
    struct ops_client_message message;
    uint64_t *shared;       /* GONE: hashes of the documents that the connection was in, in the order of its joins */
    uint32_t shared_count;
};

/* A copy that outlives the message, with everything that it points to; NULL: no memory. */
struct request *ops_request_keep(struct ops_core *core, const struct request *request);
bool ops_request_copy(struct ops_arena *arena, const struct request *from, struct request *to); /* false: no room */
void ops_request_free(struct ops_core *core, struct request *request);
struct ops_str ops_request_trim(struct ops_str json); /* a JSON text that came in a string may have blanks around it: they do not count */

/* ---- the connection side -------------------------------------------------------------------------------------------- */

struct held {
    struct held *next;
    struct ops_note *note;
    enum ops_error_code close; /* close the connection behind it */
};

/* A place in the order of answers, waiting for its answer or for those before it. */
struct slot {
    struct slot *next;
    uint32_t number;
    bool filled;
    uint64_t document;         /* hash of the document's id; 0: none */
    struct held *first, *last; /* the answer, and what must come behind it */
};

struct membership {
    struct membership *next_of_connection, *next_of_feed, **prev_of_feed;
    struct ops_connection *connection;
    struct feed *feed;
    bool subscribed;           /* pushes come */
    uint16_t joins_in_flight;
};

struct ops_connection {
    struct ops_link link; /* by number */
    struct ops_core *core;
    void *peer;
    const struct ops_profile *profile;
    struct ops_str peer_id;
    uint64_t number;
    struct membership *memberships, *last_membership; /* in the order of the joins */
    struct slot *slots, *last_slot;
    uint32_t next_slot, memberships_count, unanswered, held_count;
    uint8_t invalid_in_row;
    bool extended, calls, paused, closing;
};

/* A document, as the connections of this core see it. */
struct feed {
    struct ops_link link; /* by id */
    struct ops_str id;
    struct membership *members;
};

/* What a completed request changes on the connection side. */
enum control { CONTROL_NONE, CONTROL_JOINED, CONTROL_LEFT, CONTROL_BROKEN };

void ops_connection_complete(struct ops_core *core, const struct asker *asker, struct ops_str document_id, enum control control,
                             struct ops_note *note);
struct ops_connection *ops_connection_find(struct ops_core *core, uint64_t number);
void ops_outbox_send(struct ops_connection *connection, uint64_t document, struct ops_note *note, enum ops_error_code close);
uint32_t ops_outbox_reserve(struct ops_connection *connection, uint64_t document, bool *reserved);
void ops_outbox_fill(struct ops_connection *connection, uint32_t slot, struct ops_note *note, enum ops_error_code close);
void ops_outbox_end(struct ops_connection *connection);

enum push_to { PUSH_ALL, PUSH_PLAIN, PUSH_EXTENDED };

struct push {
    struct ops_str document_id;
    uint64_t except_connection; /* of `except_loop`; 0: nobody */
    uint32_t except_loop;
    enum push_to to;
    uint64_t only_connection;   /* of `only_loop`; 0: everybody */
    uint32_t only_loop;
    const uint64_t *shared;     /* once a connection: not where an earlier document of these is shared too */
    uint32_t shared_count;
};
uint32_t ops_feed_push(struct ops_core *core, const struct push *push, struct ops_note *note);

struct membership *ops_feed_join(struct ops_connection *connection, struct ops_str document_id);
struct membership *ops_feed_membership(struct ops_connection *connection, struct ops_str document_id);
void ops_feed_leave(struct membership *membership);

/* ---- the document side ---------------------------------------------------------------------------------------------- */

/* An op kept for rebase, catch-up and undo: one piece of the document's pool. */
struct recent {
    void *piece;
    size_t piece_bytes;
    struct ops_str op_id, author_id;
    uint64_t connection; /* of the author, on `loop`; 0: before this core opened the document */
    uint32_t loop;
};

/* Ops (first, first + count]: revision of item i is first + 1 + i. */
struct recents {
    const void **ops; /* item i, as the engine takes it */
    struct recent *items;
    size_t start, count, cap; /* the arrays hold items [start, start + count) */
    int64_t first;            /* revision before the oldest one */
    size_t bytes;
};

struct undo_entry {
    void *entry; /* the engine's */
    int64_t revision;
};
struct undo_stack {
    struct undo_entry *entries; /* top last */
    uint32_t count, cap;
    int64_t carried; /* up to this revision the entries know what others did */
};

struct awareness {
    char *data; /* NULL: none */
    size_t len;
    struct ops_time updated;
    int64_t updated_us, pushed_us;
    uint32_t pushed_to_join; /* those that joined later have not had it pushed */
    bool due, due_to_new_only;
};

/* A connection in a document. */
struct member {
    struct ops_link link; /* by document and connection */
    struct member *next, **prev;
    struct ops_document *document;
    uint64_t connection;
    uint32_t loop;
    const struct ops_profile *profile;
    struct ops_str peer_id;
    uint32_t join_number, pending_ops;
    bool joined;
    bool joining;  /* a join waits, or reads the history: what comes next waits too */
    bool leaving;
    bool extended;
    struct request *held, *last_held; /* until its pending ops are durable, or its join or leave is done */
    struct undo_stack undo, redo;
    struct awareness awareness;
};

enum op_kind { OP_NORMAL, OP_UNDO, OP_REDO };
enum effect_kind { EFFECT_REPLY, EFFECT_COMMIT, EFFECT_PUSH, EFFECT_JOIN, EFFECT_LEAVE };

/* Something that leaves, in order, once the document's durable revision is `needs`. */
struct effect {
    struct effect *next;
    int64_t needs;
    enum effect_kind kind;
    enum op_kind op_kind;       /* COMMIT */
    bool decided_on_state;      /* if `needs` is lost, so is the answer */
    bool answered;              /* the asker is to be told */
    struct asker asker;
    struct ops_note *note;      /* REPLY, PUSH */
    struct request *request;    /* JOIN, LEAVE */
    struct push push;           /* PUSH */
    char correlation[];
};

enum document_state {
    DOCUMENT_LOADING,
    DOCUMENT_READY,
    DOCUMENT_FENCED,  /* an append's fate is unknown: reading back */
    DOCUMENT_BROKEN   /* memory ran out half-way, or the log has a gap: closes */
};

struct ops_document {
    struct ops_link link; /* by id */
    struct ops_core *core;
    struct ops_str id;
    uint64_t hash;
    enum document_state state;
    const struct ops_engine *engine;
    void *state_now;       /* the engine's document at `durable` */
    struct ops_pool pool;  /* of the engine, the recent ops and the undo stacks */
    int64_t accepted, durable, durable_known, snapshot_revision;
    uint64_t epoch;
    struct recents recents;
    struct effect *effects, *last_effect;
    uint32_t effects_count;
    struct request *waiting, *last_waiting; /* until it is loaded */
    struct member *members;
    uint32_t member_count, joins;
    uint32_t members_of_loop[CORE_LOOPS_MAX];
    uint32_t members_of_profile[CORE_PROFILES_MAX];
    size_t awareness_bytes;
    struct append_job *appends, *last_append; /* in the store's hands, of this epoch */
    uint32_t jobs;                            /* of any kind, in the store's hands */
    bool snapshot_in_flight, snapshot_due, releasing, awareness_due;
    int64_t idle_since_us, retry_us, snapshot_since_us, awareness_us;
    struct blob *snapshot[CORE_PROFILES_MAX]; /* encoded at `snapshot_at` */
    int64_t snapshot_at[CORE_PROFILES_MAX];
    int64_t wake_us;
    size_t heap_index;                        /* SIZE_MAX: not in the heap */
};

struct append_job {
    struct ops_store_append append;
    struct ops_document *document;
    struct append_job *next;
    size_t block_bytes;
    int64_t submitted_us;
};

struct load_job {
    struct ops_store_load load;
    struct ops_document *document;
    struct ops_arena arena;
    int64_t submitted_us;
};

struct history_job {
    struct ops_store_history history;
    struct ops_document *document;
    struct ops_arena arena;
    struct request *request;
};

struct snapshot_job {
    struct ops_store_snapshot snapshot;
    struct ops_document *document;
    struct ops_arena arena;
};

/* document.c */
void ops_document_handle(struct ops_core *core, struct request *request); /* borrowed until return */
struct ops_document *ops_document_find(const struct ops_core *core, struct ops_str id);
void ops_document_dispatch(struct ops_document *document, struct request *request);
void ops_document_close(struct ops_document *document);
void ops_document_break(struct ops_document *document, const char *problem);
void ops_document_wake(struct ops_document *document);
void ops_document_schedule(struct ops_document *document, int64_t due_us);
struct ops_op_rules ops_document_rules(const struct ops_document *document, const struct ops_profile *profile);
struct member *ops_member_find(struct ops_document *document, uint64_t connection, uint32_t loop);
struct member *ops_member_add(struct ops_document *document, const struct request *request);
void ops_member_remove(struct member *member);
void ops_member_hold(struct member *member, struct request *request);
void ops_member_release(struct member *member);

/* load.c */
bool ops_document_open(struct ops_core *core, struct request *request);
void ops_document_loaded(struct ops_core *core, struct load_job *job);
void ops_document_fence(struct ops_document *document);

/* join.c */
void ops_join_handle(struct ops_document *document, struct request *request);
void ops_join_due(struct ops_document *document, struct request *request); /* NULL: there was no memory for it */
void ops_join_history_done(struct ops_core *core, struct history_job *job);
void ops_leave_handle(struct ops_document *document, struct member *member, struct request *request);
void ops_leave_done(struct ops_document *document, struct request *request);
void ops_gone_handle(struct ops_document *document, struct request *request);
struct blob *ops_document_snapshot(struct ops_document *document, const struct ops_profile *profile);

/* op.c, undo.c */
void ops_op_handle(struct ops_document *document, struct member *member, struct request *request);
void ops_op_accept(struct ops_document *document, struct member *member, struct request *request, const void *op,
                   struct ops_str op_id, enum op_kind kind);
void ops_undo_handle(struct ops_document *document, struct member *member, struct request *request);
void ops_undo_recorded(struct ops_document *document, struct member *member, const void *op, enum op_kind kind);
void ops_undo_clear(struct ops_document *document, struct undo_stack *stack);

/* awareness.c */
void ops_awareness_handle(struct ops_document *document, struct member *member, struct request *request);
void ops_awareness_flush(struct ops_document *document);
void ops_awareness_drop(struct ops_document *document, struct member *member);
size_t ops_awareness_list(struct ops_document *document, struct ops_arena *arena,
                          const struct ops_awareness_state_proto **list);

/* commit.c */
struct effect *ops_effect_add(struct ops_document *document, enum effect_kind kind, const struct asker *asker, int64_t needs);
void ops_effects_release(struct ops_document *document);
void ops_effects_lost(struct ops_document *document);
void ops_effects_end(struct ops_document *document); /* drops what is queued */
void ops_append_done(struct ops_core *core, struct append_job *job);
void ops_document_answer(struct ops_document *document, const struct asker *asker, struct ops_note *note, bool on_state);
void ops_document_refuse(struct ops_document *document, const struct request *request, const struct refusal *refusal);
/* NULL: no memory, or it is not told. */
struct ops_note *ops_refusal_note(struct ops_core *core, const struct asker *asker, struct ops_str document_id,
                                  const struct refusal *refusal, int64_t revision, bool before_engine);
void ops_core_push(struct ops_document *document, const struct push *push, struct ops_note *note);
void ops_core_complete(struct ops_core *core, const struct asker *asker, struct ops_str document_id, enum control control,
                       struct ops_note *note);

/* recent.c */
bool ops_recents_add(struct ops_document *document, const void *op, struct ops_str op_id, struct ops_str author_id,
                     uint64_t connection, uint32_t loop);
void ops_recents_trim(struct ops_document *document);
void ops_recents_cut(struct ops_document *document, int64_t above); /* drops ops with revisions above it */
void ops_recents_end(struct ops_document *document);
int64_t ops_recents_find(const struct ops_document *document, struct ops_str op_id, int64_t after);
static inline const void *ops_recents_op(const struct recents *r, int64_t revision)
{
    return r->ops[r->start + (size_t)(revision - r->first - 1)];
}
static inline struct recent *ops_recents_item(const struct recents *r, int64_t revision)
{
    return &r->items[r->start + (size_t)(revision - r->first - 1)];
}
struct ops_op_list ops_recents_pending(const struct ops_document *document);

/* snapshot.c */
void ops_snapshot_take(struct ops_document *document);
void ops_snapshot_done(struct ops_core *core, struct snapshot_job *job);

/* mail.c */
void ops_mail_request(struct ops_core *core, uint32_t loop, const struct request *request);
void ops_mail_complete(struct ops_core *core, const struct asker *asker, struct ops_str document_id, enum control control,
                       const struct ops_note *note);
void ops_mail_push(struct ops_core *core, uint32_t loop, const struct push *push, const struct ops_note *note);

/* ---- the core ------------------------------------------------------------------------------------------------------- */

struct ops_core {
    struct ops_core_config config;
    struct ops_core_host host;
    struct ops_moment now;
    struct ops_pool pool;         /* connections, notes, requests, jobs */
    struct ops_memory pool_memory; /* `pool` as a source of blocks */
    struct ops_arena scratch;     /* of the event being handled */
    char *scratch_first;
    struct ops_table connections, feeds, documents, members;
    uint64_t next_connection;
    uint64_t last_epoch; /* of any document: one that is closed and opened again still goes up */
    struct ops_document **heap;   /* by wake_us */
    size_t heap_count, heap_cap;
    uint32_t profile_count, jobs;
    bool draining;
    struct ops_core_stats stats;
};

enum { SCRATCH_FIRST_BYTES = 65536 };

unsigned ops_core_profile_index(const struct ops_profile *profile);
void ops_histogram_add(struct ops_histogram *histogram, uint64_t value);
bool ops_heap_reserve(struct ops_core *core, size_t documents); /* places for so many, one more than there are; false: no memory */
void ops_heap_put(struct ops_core *core, struct ops_document *document, int64_t wake_us);
void ops_heap_remove(struct ops_core *core, struct ops_document *document);

/* A string in the core's pool, freed by ops_core_unkeep. Absent: no memory (or `s` is absent). */
struct ops_str ops_core_keep(struct ops_core *core, struct ops_str s);
void ops_core_unkeep(struct ops_core *core, struct ops_str s);

#endif
