/* The core: who is in which document, and what becomes of an op. Sans-IO.
 *
 * Events go in through the functions below, effects come out through `struct ops_core_host`, at once and in order. No
 * socket, thread, clock or lock in here; time is what the last ops_core_time said. One core a loop. A document lives on the
 * core that its id hashes to, a connection on the core that accepted it; between cores there is mail.
 *
 * What leaves for a document's connections leaves in revision order, once the revision at which it was decided is durable
 * (design: two heads, architecture.md "One op, end to end"; order: spec/v1.md §3.1). */
#ifndef OPS_CORE_H
#define OPS_CORE_H

#include "backends/store.h"
#include "engines/engine.h"

struct ops_core;
struct ops_connection; /* a client, as the core knows it */
struct ops_mail;       /* from one core to another; the receiver's once it is handed over */

/* ---- what a client is told ------------------------------------------------------------------------------------------ */

enum { OPS_NOTE_FORMS = 16 };

/* A message for one client or for many. Immutable, but for what transports keep in it. Counted, on one loop only. */
struct ops_note;

/* The message as a client of this profile gets it; lives as long as the note. NULL: no memory. */
const struct ops_server_message *ops_note_message(struct ops_note *note, const struct ops_profile *profile);

/* A place for the message as some wire form has it, so that it is encoded once for all its readers. Forms are numbered by
 * the host. What is there when the note ends is given to `note_form_end`. */
void **ops_note_form(struct ops_note *note, unsigned form);

/* It is one client's reply (it may carry that client's correlation id), not a push. */
bool ops_note_is_reply(const struct ops_note *note);

void ops_note_keep(struct ops_note *note);
void ops_note_drop(struct ops_note *note);

/* ---- effects ---------------------------------------------------------------------------------------------------------- */

/* None of these may call back into the core; all return at once. */
struct ops_core_host {
    void *self;

    /* The message is on its way to the client `peer` (as given to ops_core_connect). Borrowed: keep the note to hold it. */
    void (*send)(void *self, void *peer, struct ops_note *note);

    /* Nothing more comes for this client: write what was sent, then close because of `code`. ops_core_disconnect is still to be
     * called. */
    void (*close)(void *self, void *peer, enum ops_error_code code);

    /* Too much of this client is unanswered: read no more of it (true), go on (false). */
    void (*pause)(void *self, void *peer, bool paused);

    /* To the store; comes back by ops_core_store_done on the core whose `loop` the request carries. */
    void (*submit)(void *self, struct ops_store_request *request);

    /* To another core: its ops_core_mail. In order between any two cores. */
    void (*mail)(void *self, uint32_t loop, struct ops_mail *mail);

    /* A note ends that holds `form`. */
    void (*note_form_end)(void *self, unsigned form, void *encoded);

    /* Something an operator must know (a gap in a log, a store that failed). `document_id` may be absent. */
    void (*report)(void *self, struct ops_str document_id, const char *problem);

    struct ops_memory memory; /* blocks; never for a single op once a document is warm */
};

/* ---- set up ------------------------------------------------------------------------------------------------------------- */

struct ops_core_config {
    uint32_t loop, loops;
    const struct ops_engine *const *engines; /* enabled; ends with NULL; outlives the core */
    struct ops_str server;                   /* text of hello_ack; outlives the core */
    uint64_t seed;                           /* of hash tables and of nothing else */

    /* limits (spec/v1.md §3.5) */
    uint32_t documents_joined_max;      /* on a connection */
    uint32_t documents_open_max;        /* in this core */
    uint32_t requests_unanswered_max;   /* of a connection, then it is paused */
    size_t payload_max_bytes, awareness_max_bytes, document_max_bytes, awareness_document_max_bytes;
    uint64_t rebase_max_cost;           /* components x ops */
    int64_t stamps_ahead_ms;            /* -1: off */

    /* memory of a document */
    uint32_t recent_max_ops;            /* kept for rebase and catch-up */
    size_t recent_max_bytes;
    uint32_t pending_max_ops;           /* accepted, not yet durable; then the op is refused with StorageUnavailable */
    uint32_t undo_max_ops;              /* on each stack */

    /* times, ms */
    int64_t idle_ms;                    /* a document without connections leaves memory */
    int64_t snapshot_ms;                /* after this time, if there is an op */
    uint32_t snapshot_ops;              /* or after so many */
    int64_t awareness_ttl_ms, awareness_interval_ms;
    int64_t store_timeout_ms;           /* an append that is not back is unknown: fence and read back */

    /* the log behind a snapshot */
    int64_t history_retain_ops;
    size_t history_retain_bytes;
};

/* The defaults of spec/v1.md and the pages; loop 0 of 1, all engines. */
void ops_core_config_init(struct ops_core_config *config);

/* `config` is copied, `host` too. NULL: no memory. */
struct ops_core *ops_core_open(const struct ops_core_config *config, const struct ops_core_host *host);

/* All connections are disconnected and nothing is in the store's hands (ops_core_busy is false). */
void ops_core_close(struct ops_core *core);

/* ---- events ------------------------------------------------------------------------------------------------------------- */

struct ops_moment {
    int64_t monotonic_us;
    struct ops_time wall; /* UTC */
};

/* What time it is, for all events until the next call. Never runs backwards (monotonic_us). */
void ops_core_time(struct ops_core *core, struct ops_moment now);

/* A client is there. `peer` is the host's name of it; `peer_id` (copied) is what other clients know it by, and is unique. NULL: no
 * memory. */
struct ops_connection *ops_core_connect(struct ops_core *core, void *peer, const struct ops_profile *profile,
                                        struct ops_str peer_id);

/* The client is gone: nothing more is sent to it. `own_peer_disconnected`: by an unreadable message, where the profile has that
 * flag: it gets its own PeerDisconnected first. */
void ops_core_disconnect(struct ops_core *core, struct ops_connection *connection, bool own_peer_disconnected);

/* The client has said something of the extended protocol: it gets + messages from now on. */
void ops_core_extend(struct ops_core *core, struct ops_connection *connection);

/* Requests of this client are calls, from the first on: every one has an answer, in the order of the requests, and none closes the
 * connection (spec/v1.md §4.2). Where there is nothing to say the answer is an awareness_ack without a peer. */
void ops_core_calls(struct ops_core *core, struct ops_connection *connection);

/* A request, decoded and not yet validated; slices are borrowed until return. `opaque_unchecked` as in ops_message_validate. */
void ops_core_receive(struct ops_core *core, struct ops_connection *connection, const struct ops_client_message *message,
                      bool opaque_unchecked);

/* A message that could not be decoded. `kind` as far as it is known (OPS_CLIENT_MESSAGE_NONE: not at all), document_id and
 * correlation_id as far as they could be read (else absent), `sentence` says what is wrong, without a code (code NO_ERROR: it is all that is said). Answered as the
 * profile and §4.1 say, in its place among the answers of that document. */
struct ops_unreadable {
    enum ops_client_message_message_type kind;
    enum ops_error_code code; /* InvalidMessage, TooLarge, NO_ERROR */
    struct ops_str correlation_id, document_id, sentence;
};
void ops_core_receive_unreadable(struct ops_core *core, struct ops_connection *connection, const struct ops_unreadable *unreadable);

/* A request that `submit` took is back. */
void ops_core_store_done(struct ops_core *core, struct ops_store_request *request);

void ops_core_mail(struct ops_core *core, struct ops_mail *mail);

/* Does what is due. */
void ops_core_tick(struct ops_core *core);

/* When ops_core_tick is to be called next, monotonic_us; INT64_MAX: not before another event. */
int64_t ops_core_deadline_us(const struct ops_core *core);

/* ---- the end ------------------------------------------------------------------------------------------------------------ */

/* Takes no new work: joins, ops and updates are answered `Draining`. What was accepted is finished. */
void ops_core_drain(struct ops_core *core);

/* Something accepted is not finished, or in the store's hands. */
bool ops_core_busy(const struct ops_core *core);

/* ---- what it is doing ----------------------------------------------------------------------------------------------------- */

enum { OPS_HISTOGRAM_BUCKETS = 24 };

/* Powers of two: bucket i counts values <= 2^i units; the last one the rest. */
struct ops_histogram {
    uint64_t count, sum;
    uint64_t buckets[OPS_HISTOGRAM_BUCKETS];
};

struct ops_core_stats {
    uint64_t documents, connections, members; /* now */
    uint64_t ops_processed, ops_rejected, ops_absorbed, ops_repeated, ops_unstored, joins, catch_ups, awareness_updates,
        snapshots, undos;
    uint64_t recent_bytes, document_bytes; /* now: held by rings; by documents in all */
    uint64_t refusals[32];                 /* by enum ops_error_code */
    struct ops_histogram op_latency_us;    /* received to answered */
    struct ops_histogram append_latency_us, load_latency_us;
    struct ops_histogram rebased_over_ops, fan_out, peers_per_document;
};
const struct ops_core_stats *ops_core_stats(const struct ops_core *core);

struct ops_core_document {
    bool open;
    struct ops_str document_type;
    int64_t accepted_revision, durable_revision, snapshot_revision, oldest_recent_revision;
    uint32_t peers, recent_ops;
    size_t memory_bytes;
};

/* Which core a document lives on. */
uint32_t ops_core_loop_of(const struct ops_core *core, struct ops_str document_id);

/* A document of this core; `open` false when it is not in memory. The view of the type lives as long as the core. */
void ops_core_inspect(const struct ops_core *core, struct ops_str document_id, struct ops_core_document *out);

#endif
