/* The client's half of the protocol (spec/v1.md, its WebSocket messages): what a program links that edits documents.
 *
 * Sans-IO. It is given what arrives (one WebSocket text message at a time), local edits, the time and random bytes; it gives
 * what is to be sent, patches for the editor, events, and when it wants to be called again. No socket, no clock, no thread, no
 * malloc; it also runs inside WebAssembly. One client is one connection at a time and any number of documents.
 *
 *     loop:  ops_client_tick(now)
 *            ops_client_state():  CONNECT -> open the WebSocket, then ops_client_connected or ops_client_disconnected
 *                                 CLOSE   -> close it, then ops_client_disconnected
 *            while ops_client_outgoing(&m): send m as one text message
 *            wait for a message (ops_client_received), the end (ops_client_disconnected), a local edit, or
 *            ops_client_deadline_ms
 *
 * What is promised. A local edit is visible at once, and is never lost and never applied twice: not by a cut connection, a lost
 * reply, a restarted server, or (with ops_client_save and ops_client_load) a restarted program. It is taken back only
 * when the server refuses it for good, and then `refused` says so. All clients of a document that are joined and have nothing
 * pending show the same document at the same revision. One exception, spelled out at ops_client_join: a server that has
 * forgotten what happened since this client was last there.
 *
 * Strings that are given are copied. Strings that are handed out live until the next call that is not marked "reads". Offsets
 * and lengths of text are UTF-16 units, as in JavaScript and on the wire. */
#ifndef OPS_CLIENT_H
#define OPS_CLIENT_H

#include "gen/codec.h"
#include "gen/errors.h"
#include "runtime/base/pool.h"

struct ops_client;
struct ops_doc;

/* ---- events --------------------------------------------------------------------------------------------------------- */

/* Where a document stands. */
enum ops_doc_status {
    OPS_DOC_OFFLINE, /* no connection, or waiting to try again; edits are kept */
    OPS_DOC_JOINING, /* asked for */
    OPS_DOC_JOINED,  /* edits are sent and received */
    OPS_DOC_REFUSED  /* the server does not let this client in (`refused` said why); ops_client_join tries again */
};

/* Where a change of a document that is not a local edit comes from. */
enum ops_origin {
    OPS_ORIGIN_SERVER,     /* an op of somebody else */
    OPS_ORIGIN_TAKEN_BACK, /* a local edit that the server refused */
    OPS_ORIGIN_RELOADED,   /* the document was loaded anew and differs */
    OPS_ORIGIN_UNDO        /* ops_doc_undo or ops_doc_redo of this client: the editor has to apply it as well */
};

/* One step of a change of a text. A change of several steps comes as several patches, first to last in the text; each is
 * to be applied to what the one before it left. */
struct ops_patch {
    size_t position_utf16;
    size_t deleted_utf16;
    struct ops_str inserted;
    size_t inserted_utf16;
    int64_t revision; /* of the document with the whole change */
    enum ops_origin origin;
};

/* What the server refused for good. */
struct ops_refused {
    enum ops_error_code code;
    struct ops_str sentence;  /* for people */
    struct ops_str op;        /* the op that was taken back, JSON; absent: it was not an op */
    struct ops_str op_id;     /* its id; absent likewise */
};

enum ops_peer_change { OPS_PEER_JOINED, OPS_PEER_UPDATED, OPS_PEER_LEFT };

/* All optional. Called when the client and the document are whole: a callback may read (functions marked "reads") but not
 * change anything. */
struct ops_client_events {
    void *self;

    /* A text changed. */
    void (*patch)(void *self, struct ops_doc *doc, const struct ops_patch *patch);

    /* The register at `path`, and those below it, may have changed: read them (ops_doc_json_get). Absent: any register. */
    void (*changed)(void *self, struct ops_doc *doc, struct ops_str path, enum ops_origin origin);

    /* Status, revision, the number of pending edits, or whether there is something to undo or to redo is another one. */
    void (*status)(void *self, struct ops_doc *doc, enum ops_doc_status status);

    /* A local edit (an undo and a redo are such), an awareness state or a join was refused for good. `doc` NULL: the connection;
     * after UnsupportedProtocol the client has stopped. */
    void (*refused)(void *self, struct ops_doc *doc, const struct ops_refused *refused);

    /* A peer of this document came, changed its awareness state or left (`data` absent). Never this client itself. */
    void (*peer)(void *self, struct ops_doc *doc, enum ops_peer_change change, struct ops_str peer_id, struct ops_str data);

    /* The server sent what this client cannot understand; it reconnects. For logs. */
    void (*trouble)(void *self, struct ops_str what);
};

/* ---- set up --------------------------------------------------------------------------------------------------------- */

struct ops_client_config {
    const struct ops_memory *memory;  /* outlives the client */
    size_t memory_limit_bytes;        /* all documents together; beyond it edits are refused with OPS_ERR_NOMEM */
    void (*random)(void *self, void *out, size_t bytes); /* unpredictable bytes: ids of ops must not repeat */
    void *random_self;
    struct ops_client_events events;
    struct ops_str author;            /* breaks ties of json stamps; stable. Absent: 22 random characters */

    size_t message_max_bytes;         /* of a message received */
    size_t op_max_bytes;              /* of an op's payload; one edit beyond it is refused with OPS_ERR_RANGE */
    uint32_t pending_max;             /* ops of a document waiting; further edits are refused with OPS_ERR_RANGE */
    uint32_t documents_max;
    uint32_t peers_max;               /* of a document; further peers are not shown */
    uint32_t cursors_max;             /* of a document */
    size_t awareness_max_bytes;

    uint32_t undo_max;                /* changes of a document that can be taken back; the oldest go first. 0: no undo */
    size_t undo_max_bytes;            /* of a document, for all of them and what can be done again; the oldest go first */
    int64_t undo_group_ms;            /* edits that follow within it are one change: see ops_doc_undo */

    int64_t backoff_first_ms, backoff_max_ms; /* reconnect and resend: random 0 to first * 2^n, at most max */
    int64_t going_away_ms;            /* after close 1001: random 0 to this before the first try */
    int64_t reply_timeout_ms;         /* a request unanswered for so long: the connection counts as dead */
    int64_t awareness_refresh_ms, awareness_interval_ms;
};

/* Defaults: 256 MiB of memory, messages of 128 MiB (a document of 64 MiB in base64), ops of 1 MiB, 4,096 pending, 1,000 of the
 * rest, awareness of 64 KiB; back-off of 0.5 s to 30 s, 5 s after a close 1001, time-out of 30 s; awareness every 15 s, at most every
 * 50 ms; 200 changes and 16 MiB to undo, 500 ms. Memory, random bytes and events are left for the caller. */
void ops_client_config_init(struct ops_client_config *config);

/* `config` is copied. NULL: no memory, or an author that is not valid UTF-8. */
struct ops_client *ops_client_open(const struct ops_client_config *config);

/* Gives all memory back, all documents too. What is pending is gone unless it was saved. */
void ops_client_close(struct ops_client *client);

/* ---- the connection ---------------------------------------------------------------------------------------------------- */

enum ops_client_state {
    OPS_CLIENT_WAITING,    /* no connection; ops_client_deadline_ms says when to connect */
    OPS_CLIENT_CONNECT,    /* connect now */
    OPS_CLIENT_ONLINE,
    OPS_CLIENT_CLOSE,      /* close the connection, then call ops_client_disconnected */
    OPS_CLIENT_STOPPED     /* the server speaks another protocol version: never connect again */
};

/* What time it is, for all calls until the next: a clock that never runs backwards, and UTC milliseconds since 1970 (of
 * stamps only). Does what has become due. */
void ops_client_tick(struct ops_client *client, int64_t monotonic_ms, int64_t wall_ms);

/* Reads. */
enum ops_client_state ops_client_state(const struct ops_client *client);

/* When to call ops_client_tick again at the latest, on the monotonic clock; INT64_MAX: only when something happens.
 * Reads. */
int64_t ops_client_deadline_ms(const struct ops_client *client);

/* When the next connection is to be tried; INT64_MAX: none is planned. Reads. */
int64_t ops_client_retry_at_ms(const struct ops_client *client);

/* Try now: the program knows that the network is back. */
void ops_client_retry_now(struct ops_client *client);

/* The WebSocket is open. */
void ops_client_connected(struct ops_client *client);

/* One text message came, whole. Bytes are borrowed until return. */
void ops_client_received(struct ops_client *client, struct ops_str message);

/* The WebSocket has ended or could not be opened. `close_code`: the server's Close, 0 when there was none. After 1009 (a message was too
 * large for the server) the largest op in flight is refused: sent again, it would end the next connection, too. */
void ops_client_disconnected(struct ops_client *client, uint16_t close_code);

/* The next text message to send; false: none now. Lives until the next call that changes the client. What was handed out counts
 * as sent: when it cannot be written, call ops_client_disconnected. */
bool ops_client_outgoing(struct ops_client *client, struct ops_str *message);

/* This client's peer id on the present connection; absent before the server said it. Reads. */
struct ops_str ops_client_peer_id(const struct ops_client *client);

/* What the server says it is; absent likewise. Reads. */
struct ops_str ops_client_server(const struct ops_client *client);

/* ---- documents ----------------------------------------------------------------------------------------------------------- */

/* Opens a document (type "text" or "json") and stays in it over reconnects. Already open: the same handle (and another try if it
 * was refused). It may be edited at once: what is typed before the first join goes behind what is there then.
 *
 * After a cut the ops that were missed are fetched (`sinceRevision`) and the pending edits rebased over them, exactly. When
 * the server does not have them any more (RevisionCompacted), the document is loaded anew and the pending edits of a text are
 * rebased over one replacement, from what this client last knew to what is there now (between common beginning and end): what was
 * typed is kept, at the nearest place that exists. An op whose reply was lost just then cannot be looked up by its id;
 * it counts as committed when what it inserted stands, in order, in the part that was replaced. (Json writes are repeated: a
 * repeated stamp changes nothing.)
 *
 * Returns OPS_OK, or
 *   OPS_ERR_RANGE   no such type, another type than it is open with, an id that is empty or not UTF-8, or too many documents
 *   OPS_ERR_NOMEM   nothing was opened */
enum ops_err ops_client_join(struct ops_client *client, struct ops_str document_id, struct ops_str document_type,
                             struct ops_doc **doc);

/* Leaves; the handle ends, pending edits with it. */
void ops_client_leave(struct ops_client *client, struct ops_doc *doc);

/* The open document of that id; NULL: none. Reads. */
struct ops_doc *ops_client_find(const struct ops_client *client, struct ops_str document_id);

/* The documents in the order they were opened; NULL: no more. Reads. */
struct ops_doc *ops_client_next(const struct ops_client *client, const struct ops_doc *after);

/* All read. */
struct ops_str ops_doc_id(const struct ops_doc *doc);
struct ops_str ops_doc_type(const struct ops_doc *doc);
enum ops_doc_status ops_doc_status(const struct ops_doc *doc);
int64_t ops_doc_revision(const struct ops_doc *doc); /* of the server's state that is known; 0: none yet */
size_t ops_doc_pending(const struct ops_doc *doc);   /* ops that are not acknowledged */
void *ops_doc_user(const struct ops_doc *doc);       /* the program's own pointer */
void ops_doc_user_set(struct ops_doc *doc, void *user);

/* ---- text ------------------------------------------------------------------------------------------------------------------ */

/* Local edits, visible at once, with no `patch` event. Consecutive edits travel as one op while another is unanswered.
 *
 * Return OPS_OK, or
 *   OPS_ERR_RANGE    not a text document, outside the text, inside a surrogate pair, or a limit of the config
 *   OPS_ERR_SYNTAX   `text` is not valid UTF-8
 *   OPS_ERR_NOMEM    no room
 * and then nothing has changed (but after NOMEM the document may load itself anew). */
enum ops_err ops_doc_text_insert(struct ops_doc *doc, size_t offset_utf16, struct ops_str text);
enum ops_err ops_doc_text_delete(struct ops_doc *doc, size_t offset_utf16, size_t count_utf16);

/* A deletion and an insertion at one place, as one edit. */
enum ops_err ops_doc_text_replace(struct ops_doc *doc, size_t offset_utf16, size_t count_utf16, struct ops_str text);

/* Reads. */
size_t ops_doc_text_length(const struct ops_doc *doc);

/* Appends a part of the text; the ends are clamped to it, and moved out of surrogate pairs to the left. OPS_ERR_NOMEM: `out`
 * has no room. Reads. */
enum ops_err ops_doc_text_range(const struct ops_doc *doc, size_t offset_utf16, size_t count_utf16, struct ops_buf *out);

/* ---- json ------------------------------------------------------------------------------------------------------------------ */

/* Local writes, visible at once, with no `changed` event. `value` is one JSON text, kept byte for byte. They last by the
 * rules of opstream-engines.md §3.3: a later stamp wins.
 *
 * Return as the text edits; OPS_ERR_SYNTAX: not JSON, nested deeper than 60, or the path is not valid UTF-8. */
enum ops_err ops_doc_json_set(struct ops_doc *doc, struct ops_str path, struct ops_str value);
enum ops_err ops_doc_json_del(struct ops_doc *doc, struct ops_str path);

/* The value of a register as JSON text; absent: none, or deleted. Reads. */
struct ops_str ops_doc_json_get(const struct ops_doc *doc, struct ops_str path);

/* Calls `each` for every live register, ordered by path. OPS_ERR_NOMEM: no room for the list. Reads. */
enum ops_err ops_doc_json_each(const struct ops_doc *doc, void (*each)(void *self, struct ops_str path, struct ops_str value),
                               void *self);

/* ---- any document ---------------------------------------------------------------------------------------------------------- */

/* Undo takes back the last change that was made here, and only that, whatever others have done since; redo does the last one that
 * was taken back again, as long as nothing else was edited here. Both are local edits like any other: visible at once, offline too,
 * sent as ops. Unlike others they are told by events (`patch`, `changed`, OPS_ORIGIN_UNDO).
 *
 * Text: consecutive edits that touch each other and follow within undo_group_ms are one change. What others typed into what is
 * taken back stays; what others have deleted does not come back; a deletion is taken back even when somebody else has deleted the
 * same at the same time. A refused edit, or a document that is loaded anew, count as changes of others: what is left is taken back.
 * (A refused edit that had deleted something ends the history: what it deleted is back already.)
 *
 * Json: writes at one time of ops_client_tick are one change, and so is a write to a path of the last change within undo_group_ms.
 * Registers get back what they held (or are deleted), by writes with a new stamp, where they still hold what was written here:
 * what others wrote there later, or below there, stays.
 *
 * Kept for each document, for as long as it is open: ops_client_save does not save it, and it is dropped when memory is short or the
 * document had to be loaded anew for that; an edit never fails because of it.
 *
 * Return OPS_OK, or
 *   OPS_ERR_ABSENT   nothing is left to be taken back (or done again)
 *   OPS_ERR_RANGE    pending_max is reached
 *   OPS_ERR_NOMEM    no room
 * and then nothing has changed (but after NOMEM the document may load itself anew). */
enum ops_err ops_doc_undo(struct ops_doc *doc);
enum ops_err ops_doc_redo(struct ops_doc *doc);

/* Is there a change to be taken back, or done again? (What it did may since have been undone by others: then ops_doc_undo takes the
 * one before, or says OPS_ERR_ABSENT.) Both read. */
bool ops_doc_undoable(const struct ops_doc *doc);
bool ops_doc_redoable(const struct ops_doc *doc);

/* The next edit begins a change of its own: the user has paused, or a command is done. */
void ops_doc_undo_stop(struct ops_doc *doc);

/* The document, as the user sees it, as JSON of the engine's document message; appended. Reads. */
enum ops_err ops_doc_snapshot(const struct ops_doc *doc, struct ops_buf *out);

/* ---- awareness and cursors --------------------------------------------------------------------------------------------------- */

/* This client's state in the document, any JSON: sent when joined, at most every 50 ms, repeated every 15 s (the server forgets
 * it after 30 s) and after a reconnect. Errors as above. */
enum ops_err ops_doc_awareness_set(struct ops_doc *doc, struct ops_str data);

/* The peers that are there, in the order they came: false: no more. `*at` starts as 0. Reads. */
bool ops_doc_peer_next(const struct ops_doc *doc, size_t *at, struct ops_str *peer_id, struct ops_str *data);

/* A cursor (a selection has two ends) that every edit carries along. An insertion right at an end: a cursor of one's own
 * (`own`) moves behind what is typed here and stays before what others type; anybody else's does the opposite. */
struct ops_cursor {
    size_t anchor_utf16, head_utf16;
};

/* `*cursor` is a number that stays valid until it is closed. OPS_ERR_RANGE: no text document or too many. */
enum ops_err ops_doc_cursor_open(struct ops_doc *doc, bool own, struct ops_cursor place, uint32_t *cursor);

/* Unknown numbers are ignored; places are clamped to the text. */
void ops_doc_cursor_set(struct ops_doc *doc, uint32_t cursor, struct ops_cursor place);
void ops_doc_cursor_close(struct ops_doc *doc, uint32_t cursor);

/* {0, 0} for an unknown number. Reads. */
struct ops_cursor ops_doc_cursor_get(const struct ops_doc *doc, uint32_t cursor);

/* ---- over a restart of the program ---------------------------------------------------------------------------------------------- */

/* Appends everything that another run needs to go on: documents as they are known, pending edits, the author. What can
 * be undone, awareness and cursors are not in it. What is saved may be older than what was sent since: it is found by its id and not done
 * twice; only what was typed since and not sent is lost with it. OPS_ERR_NOMEM: `out` is as before. Reads. */
enum ops_err ops_client_save(const struct ops_client *client, struct ops_buf *out);

/* Makes a client that was just opened what was saved; its documents are open again (ops_client_next) and are joined once
 * there is a connection. The saved bytes must be used by one client only: two would send the same ops.
 *
 * Returns OPS_OK, or
 *   OPS_ERR_SYNTAX   not bytes of ops_client_save
 *   OPS_ERR_RANGE    documents are open already, or a limit of the config
 *   OPS_ERR_NOMEM    no room
 * and then the client is to be closed. */
enum ops_err ops_client_load(struct ops_client *client, struct ops_str saved);

#endif
