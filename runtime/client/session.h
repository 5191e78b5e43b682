/* What the files of this room share. Not for other rooms. */
#ifndef OPS_CLIENT_SESSION_H
#define OPS_CLIENT_SESSION_H

#include "client.h"
#include "engines/engine.h"
#include "runtime/base/utf.h"

enum {
    CLIENT_OP_ID_CHARS = 22,     /* 128 random bits, six a character */
    CLIENT_INTERNAL_RETRIES = 5, /* of an op that is answered Internal; then it is taken back */
    CLIENT_JSON_BATCH_MAX = 1000, /* writes in one op */
    CLIENT_COMPOSE_BYTES = 4096,  /* an edit of a text is not composed with one above this: what is refused takes no more with it, and
                                     composing costs no more */
    CLIENT_GROUP_BYTES = 65536,   /* a change that can be taken back grows no further */
    CLIENT_OVER_BYTES = 16384     /* what others changed since is carried through all that can be taken back when it is larger */
};
#define CLIENT_NEVER INT64_MAX

/* ---- pending edits ---------------------------------------------------------------------------------------------------- */

/* An op in one piece of the pool; piece NULL: none. */
struct kept {
    char *piece;
    size_t bytes;
};

static inline const void *kept_op(const struct kept *kept)
{
    return kept->piece;
}

/* The first revision is 1, and there is always one more. */
static inline bool revision_is_sound(int64_t revision)
{
    return revision >= 1 && revision < INT64_MAX;
}

/* What waits for the server, oldest first. The first may be in flight; all are based on the one before, the first on the
 * document's revision. */
struct edit {
    struct edit *next;
    struct kept op;
    struct kept inverse; /* takes `op` back where it was applied; text only */
    char id[CLIENT_OP_ID_CHARS];
    bool sent;           /* at least once: its outcome may be unknown, so it stays as it is but for rebasing */
    bool may_differ;     /* the server may have another op by its id: it comes from an earlier run, which may have typed more into it,
                            or it was placed anew after the memory had run out; what counts is the op there */
};

/* ---- what can be undone -------------------------------------------------------------------------------------------------- */

/* A register that was written here, as it was before. One piece of the pool with its strings. */
struct written {
    struct written *next;
    struct ops_str path, value; /* value absent: there was none */
    int64_t stamp;              /* of what was written: as long as it is there, it can be taken back */
    int64_t stamp_before;       /* of what was there before, if that was written here too (`own_before`) */
    bool own_before;
    size_t bytes;
};

/* A register that is about to be written, or buried. */
struct was {
    struct ops_str path, value; /* value absent: there was none */
    bool exists;                /* also when it is deleted */
    bool own;                   /* written here */
    int64_t stamp;
    const struct written *target; /* undo: what it is to hold again */
};

/* Such registers, of one local write or of one undo; in the scratch memory. */
struct before {
    struct ops_doc *doc;
    struct was *list; /* ordered by path */
    size_t count, room;
    bool failed;
};

/* One change, taken back at once. */
struct group {
    struct group *older, *newer;
    struct kept back;        /* text: takes it back, on the text as it was after it */
    struct kept over;        /* text: what has changed that text since; neither `back` nor the older ones have met it */
    struct written *written; /* json: newest first */
    size_t written_count;
};

struct groups {
    struct group *newest, *oldest;
    size_t count;
};

struct history {
    struct groups undo, redo;
    size_t bytes;                   /* of both */
    bool open;                      /* the newest change may grow */
    int64_t at_ms;                  /* when it last did */
    size_t begin_utf16, end_utf16;  /* text: what it last inserted, where that is now */
    bool undoable_told, redoable_told;
};

/* ---- a document --------------------------------------------------------------------------------------------------------- */

struct peer {
    struct ops_str id, data; /* pieces of the pool */
    bool seen;               /* while a list is compared */
};

struct cursor {
    bool open, own;
    struct ops_cursor place;
};

struct ops_doc {
    struct ops_client *client;
    struct ops_doc *next;
    struct ops_str id; /* piece of the pool */
    const struct ops_engine *engine;
    void *user;

    /* The document that the user sees: the server's at `revision`, and all edits. NULL after running out of memory:
     * it is loaded anew. */
    void *local;
    /* Json: the server's at `revision`; NULL: no edit was ever made, `local` is it. Text undoes the edits instead. */
    void *confirmed;
    int64_t revision; /* 0: never joined */
    size_t shown_utf16; /* length of the text as the program was told of it */
    bool torn;          /* an op was applied by half: no memory */

    enum ops_doc_status status;
    bool leaving;        /* the program has let go of it; a `leave` is to be sent, then it ends */
    bool load_anew;      /* the next join asks for a snapshot */
    bool noted;          /* the status event is due */
    uint64_t join_request; /* id of the join that is unanswered; 0: none */
    bool join_since;     /* it asked for ops */
    int64_t join_at_ms, join_timeout_ms;
    unsigned join_tries;

    struct edit *edits, *last;
    size_t edit_count;
    uint64_t flight_request; /* id of the request of the first edit; 0: it is not in flight */
    int64_t flight_base;     /* its base revision */
    int64_t flight_timeout_ms;
    int64_t flight_revision; /* the server said that it has this revision, and its push may still come; 0: it did not */
    int64_t send_at_ms;      /* not before */
    unsigned send_tries;
    char done_id[CLIENT_OP_ID_CHARS]; /* the op acknowledged last: its push may still come */
    int64_t done_revision;
    /* A text was loaded anew while the server may have had edits of this list: the ops behind this revision are looked through for
     * their ids before anything is sent. 0: nothing to look for. */
    int64_t doubt_since;
    bool compacted;      /* the server does not have the ops behind the known revision any more: nothing can be looked through */

    struct ops_str awareness; /* own state, a piece of the pool */
    bool awareness_changed;
    int64_t awareness_sent_ms;
    struct peer *peers;
    size_t peer_count, peer_room;
    struct cursor *cursors;
    size_t cursor_room;
    struct history history;
};

/* ---- the client ------------------------------------------------------------------------------------------------------------ */

struct ops_client {
    struct ops_client_config config;
    struct ops_pool pool;     /* all that lasts */
    struct ops_arena scratch; /* of one call; the message handed out lives in it too */
    bool calling;             /* an event is being told: nothing may change */

    enum ops_client_state state;
    int64_t now_ms, wall_ms;
    int64_t retry_at_ms;
    unsigned tries;
    bool hello_due;
    uint64_t hello_request;
    int64_t hello_timeout_ms;
    uint64_t requests; /* ids given out */
    struct ops_str author, peer_id, server; /* pieces of the pool */
    int64_t highest_stamp;

    struct ops_doc *docs, *last_doc;
    size_t doc_count; /* without those that are leaving */
};

/* client.c */
bool client_begin(struct ops_client *client); /* a call that changes things: false inside an event */
void client_random_id(struct ops_client *client, char id[CLIENT_OP_ID_CHARS]);
int64_t client_jitter(struct ops_client *client, int64_t first_ms, unsigned tries);
bool client_keep(struct ops_client *client, struct ops_str from, struct ops_str *to); /* a copy in the pool */
void client_forget(struct ops_client *client, struct ops_str *s);
void client_fail(struct ops_client *client, struct ops_str why); /* trouble: the connection is to be closed */

/* events.c */
void client_tell_status(struct ops_client *client); /* of all documents that are `noted` */
void client_tell_refused(struct ops_client *client, struct ops_doc *doc, const struct ops_refused *refused);
void client_tell_trouble(struct ops_client *client, struct ops_str what);
void doc_tell_patch(struct ops_doc *doc, size_t position, size_t deleted, struct ops_str inserted, enum ops_origin origin);
void doc_tell_patches(struct ops_doc *doc, const struct ops_text_op *op, enum ops_origin origin);
void doc_tell_changed(struct ops_doc *doc, struct ops_str path, enum ops_origin origin);
void doc_tell_changed_op(struct ops_doc *doc, const void *op, enum ops_origin origin);
void doc_tell_peer(struct ops_doc *doc, enum ops_peer_change change, const struct peer *peer);

/* document.c */
enum ops_err doc_open(struct ops_client *client, struct ops_str id, const struct ops_engine *engine, struct ops_doc **doc);
void doc_end(struct ops_doc *doc);
enum ops_err doc_apply(struct ops_doc *doc, void *document, const void *op); /* on failure the document is torn */
void doc_break(struct ops_doc *doc); /* memory ran out in the middle of a change: the document is to be loaded anew */
void doc_offline(struct ops_doc *doc);
bool doc_is_text(const struct ops_doc *doc);
void doc_rejoin(struct ops_doc *doc, bool anew); /* at once at first, then later and later */

/* edits.c */
enum ops_err kept_make(struct ops_doc *doc, const void *op, struct kept *kept);
void kept_drop(struct ops_client *client, struct kept *kept);
struct edit *edit_new(struct ops_doc *doc);                      /* not yet in the list; NULL: no memory */
void edit_drop(struct ops_doc *doc, struct edit *edit);          /* not in the list */
void edit_append(struct ops_doc *doc, struct edit *edit);
struct edit *edit_take_first(struct ops_doc *doc);
void edit_remove(struct ops_doc *doc, struct edit *edit);        /* from the list, and drops it */
bool first_may_differ(const struct ops_doc *doc);
bool edit_is_open(const struct ops_doc *doc, const struct edit *edit); /* may still grow: the last one, never sent */
enum ops_err edits_have_room(const struct ops_doc *doc);         /* OPS_ERR_RANGE: pending_max is reached */
size_t op_bytes_bound(const struct ops_doc *doc, const void *op);
enum ops_err op_fits(struct ops_doc *doc, const void *op); /* OPS_ERR_RANGE: its payload is above op_max_bytes */

/* text.c */
const struct ops_text_op *text_edit_op(struct ops_arena *arena, size_t offset, size_t count, struct ops_str text);
enum ops_err text_edit(struct ops_doc *doc, const void *op, const void *inverse);
enum ops_err text_edit_in_parts(struct ops_doc *doc, const struct ops_text_op *op);

/* rebase.c: text */
enum ops_err text_receive(struct ops_doc *doc, struct edit *from, const struct ops_text_op *op, const struct ops_text_op **seen);
enum ops_err text_reload(struct ops_doc *doc, struct ops_str snapshot, bool first_is_in, const struct ops_text_op **seen);

/* view.c: what the engine's own header offers, with its names in one place */
size_t text_length(const void *document);
bool text_is_boundary(const void *document, size_t offset_utf16);
enum ops_err text_read(const void *document, size_t offset_utf16, size_t count_utf16, struct ops_buf *out);
struct ops_str json_read(const void *document, struct ops_str path);
bool json_register(const void *document, struct ops_str path, struct ops_json_register *found); /* deleted ones too */
enum ops_err json_walk(const void *document, struct ops_str path, struct ops_arena *scratch,
                       void (*visit)(void *self, const struct ops_json_register *found), void *self); /* at `path` and below */
int64_t json_highest_stamp(const void *document);
enum ops_err json_list(const void *document, struct ops_arena *scratch,
                       void (*each)(void *self, struct ops_str path, struct ops_str value), void *self);

/* json.c */
struct ops_str json_path(const struct ops_json_op *op);
bool json_is_at_or_above(struct ops_str above, struct ops_str path);
int64_t json_stamp_next(const struct ops_client *client);
void json_op_make(struct ops_doc *doc, struct ops_json_op *op, struct ops_str path, struct ops_str value, int64_t stamp);
enum ops_err json_edit_in_parts(struct ops_doc *doc, const struct ops_json_op_batch *all);
enum ops_err json_receive(struct ops_doc *doc, const struct ops_json_op_batch *op);
enum ops_err json_confirm(struct ops_doc *doc, const struct edit *edit);
enum ops_err json_rebuild(struct ops_doc *doc);
enum ops_err json_reload(struct ops_doc *doc, struct ops_str snapshot);
void json_stamp_seen(struct ops_client *client, int64_t stamp);
void json_stamps_of_op(struct ops_client *client, const struct ops_json_op_batch *op);

/* reply.c: what became of the first edit */
void doc_reply(struct ops_doc *doc, const struct ops_op_response *reply);
void doc_refused(struct ops_doc *doc, enum ops_error_code code, struct ops_str sentence);
bool doc_confirm_first(struct ops_doc *doc, int64_t revision);

/* join.c */
void doc_show(struct ops_doc *doc, const struct ops_text_op *seen, enum ops_origin origin); /* what the user sees has changed */
void doc_joined(struct ops_doc *doc, const struct ops_join_response *reply);
void doc_join_refused(struct ops_doc *doc, enum ops_error_code code, struct ops_str sentence);
bool doc_take_op(struct ops_doc *doc, struct ops_str payload, struct ops_str op_id, int64_t revision);
void doc_pushed(struct ops_doc *doc, const struct ops_receive_op_event *push);

/* awareness.c */
void doc_peers_end(struct ops_doc *doc);   /* without a word */
void doc_peers_clear(struct ops_doc *doc); /* all have left */
void doc_peers_list(struct ops_doc *doc, const struct ops_awareness_state_proto *states, size_t count);
void doc_peer_state(struct ops_doc *doc, const struct ops_awareness_state_proto *state);
void doc_peer_gone(struct ops_doc *doc, struct ops_str peer_id);
bool doc_awareness_is_due(const struct ops_doc *doc);
int64_t doc_awareness_due_ms(const struct ops_doc *doc);

/* history.c */
struct group *group_push(struct ops_doc *doc, struct groups *groups); /* an empty one; NULL: no memory */
struct group *group_detach(struct groups *groups, struct group *group);
void group_drop(struct ops_doc *doc, struct group *group);            /* detached */
void group_keep(struct ops_doc *doc, struct kept *place, struct kept with);
void group_end(struct ops_doc *doc, struct groups *groups, struct group *group); /* detaches and drops */
void groups_end(struct ops_doc *doc, struct groups *groups);
bool history_is_kept(const struct ops_doc *doc);
bool history_is_near(const struct ops_doc *doc);                      /* the newest may grow, and undo_group_ms have not gone by */
void history_grown(struct ops_doc *doc);                              /* just now; keeps to the limits */
void history_end(struct ops_doc *doc);

/* history_text.c */
void history_text_edited(struct ops_doc *doc, size_t at, size_t deleted, size_t inserted, const void *inverse);
void history_text_carry(struct ops_doc *doc, const struct ops_text_op *seen, enum ops_origin origin);
enum ops_err history_text_step(struct ops_doc *doc, struct groups *from, struct groups *to);

/* history_before.c */
struct was *before_add(struct before *b);                         /* NULL: no memory */
enum ops_err before_take(struct before *b, struct ops_str path);  /* adds what is at `path` and below */
enum ops_err before_sort(struct before *b);                       /* then nothing is added any more */
struct was *before_find(const struct before *b, struct ops_str path);
struct before *before_new(struct ops_doc *doc);
bool register_is_own(const struct ops_doc *doc, const struct ops_json_register *found);

/* history_json.c */
struct before *history_json_before(struct ops_doc *doc, struct ops_str path); /* before a local write; NULL: no memory */
void history_json_edited(struct ops_doc *doc, struct before *before);         /* after it */
enum ops_err history_json_step(struct ops_doc *doc, struct groups *from, struct groups *to);

/* cursor.c */
size_t place_carried(size_t place, const struct ops_text_op *op, bool behind); /* `behind`: what is inserted right there pushes it */
void doc_cursors_carry(struct ops_doc *doc, const struct ops_text_op *op, bool local);

#endif
