/* Engines: what a document type is. One `struct ops_engine` each, a table of pure functions over a document and an op
 * (spec/opstream-engines.md §0.1, with the corrections of §14).
 *
 * No I/O, no clock, no threads, no allocation outside the pool and the arenas given; also compiled to WebAssembly and used
 * by the client. An op is the generated struct of the engine's message (struct ops_text_op, struct ops_json_op_batch ...),
 * passed as `const void *`; reading, writing, copying and comparing ops is done through `op_type` by the functions of
 * runtime/codec. A document is the engine's own struct, passed as `void *`, and lives in a pool.
 *
 * The server keeps the document at its durable revision D; ops that are accepted but not yet durable are `pending`, oldest
 * first, and the document's accepted state is the document with them applied. */
#ifndef OPS_ENGINES_ENGINE_H
#define OPS_ENGINES_ENGINE_H

#include "gen/codec.h"
#include "gen/errors.h"
#include "gen/profile.h"
#include "runtime/base/pool.h"

enum ops_priority {
    OPS_INCOMING_WINS = 0, /* at one place the incoming text ends up left: what a client does with a received op */
    OPS_EXISTING_WINS = 1  /* the committed text stays left: what the server does */
};

/* Why an op is refused: the text with its values; `where` is the index of the component or operation. */
struct ops_refusal {
    enum ops_text text;
    int64_t where; /* {0} of the text where it has one; -1: none */
};

/* What an op may do to a document. */
struct ops_op_rules {
    bool overshoot_clamped;      /* profile flag of this name */
    bool negative_counts_taken;  /* profile flag of this name */
    size_t document_limit_bytes; /* of the document, encoded (v1 §3.5); 0: none */
    int64_t stamp_limit;         /* highest timestamp taken; INT64_MAX: any */
};

/* Ops in a row, oldest first. */
struct ops_op_list {
    const void *const *ops;
    size_t count;
};

struct ops_engine {
    struct ops_str document_type;             /* "text": what a join names */
    struct ops_str op_type_name;              /* "TextOp": EngineType of the rows in the log */
    const struct ops_message *op_type;        /* &ops_text_op_type */
    const struct ops_message *snapshot_type;  /* &ops_text_document_type */
    bool rebases;                             /* transform is not the identity */

    /* ---- a document ---- */

    /* An empty document in `pool`, NULL when there is no room. */
    void *(*open)(struct ops_pool *pool);

    /* Makes an empty document what `snapshot` says: JSON of `snapshot_type` in `style`. On an error the document is to be
     * closed. `scratch` is used for the time of the call. */
    enum ops_err (*load)(void *document, const struct ops_json_style *style, struct ops_str snapshot,
                         struct ops_arena *scratch, struct ops_error *err);

    /* Appends the document's JSON in `style`. OPS_ERR_NOMEM: `out` has no room. */
    enum ops_err (*snapshot)(const void *document, const struct ops_json_style *style, struct ops_buf *out);

    /* Gives all its memory back to the pool. */
    void (*close)(void *document);

    /* ---- an op ---- */

    /* Components or operations: what a rebase costs, times the ops to rebase over. */
    size_t (*cost)(const void *op);

    /* Nothing left to do (§0.1 isNoOp). */
    bool (*is_no_op)(const void *op);

    /* What every op must be, whatever the document is: no null where a value is needed, counts in range. Comes right after
     * decoding, before any rebase. False: `*refusal` says why. */
    bool (*is_sound)(const void *op, const struct ops_op_rules *rules, struct ops_refusal *refusal);

    /* Rebases `incoming` over `existing`, both on one base (§1.4, §2.3; identity elsewhere: `*out` = incoming). The result
     * lives in `arena` and in both inputs. */
    enum ops_err (*transform)(const void *incoming, const void *existing, enum ops_priority priority,
                              struct ops_arena *arena, const void **out);

    /* `a`, then `b`, as one op; `*out` NULL: this engine cannot, or nothing is left (§1.5, §3.5). */
    enum ops_err (*compose)(const void *a, const void *b, struct ops_arena *arena, const void **out);

    /* The op that takes `op` back, made on the document before it (§1.5, §3.6). */
    enum ops_err (*invert)(const void *document, const void *op, struct ops_arena *arena, const void **out);

    /* ---- an op and a document ---- */

    /* May `op`, rebased to the accepted state, be committed? Knows every limit. `*accepted` is the op to commit: `op` itself,
     * or (clamped) one in `arena`. False: `*refusal` says why. Changes nothing. */
    bool (*check)(const void *document, struct ops_op_list pending, const void *op, const struct ops_op_rules *rules,
                  struct ops_arena *arena, const void **accepted, struct ops_refusal *refusal);

    /* Applies an op that was checked or comes from the log: total, clamps what reaches past the end. OPS_ERR_NOMEM is all that
     * can go wrong, and then the document is to be closed and loaded again. */
    enum ops_err (*apply)(void *document, const void *op, struct ops_arena *scratch);

    /* ---- undo (v1.md §3.2): an entry takes one committed op back ---- */

    /* Made on the document just before `op` is applied to it; ends no later than the document (close the document, drop its
     * entries). NULL: no room. */
    void *(*undo_record)(const void *document, const void *op, struct ops_pool *pool);

    /* Carries an entry over an op that another connection has committed, just before or after the document got it. `*op` is replaced by what the entry below on the
     * stack has to be carried over (in `arena`). OPS_ERR_NOMEM: the entry is to be dropped. */
    enum ops_err (*undo_carry)(void **entry, const void **op, struct ops_pool *pool, struct ops_arena *arena);

    /* The op that takes the entry back on the accepted state, in `arena`; `*op` NULL: it has no effect any more. `pending` are
     * ops of other connections; without an effect they are replaced by what the entry below on the stack has to look through. */
    enum ops_err (*undo_op)(const void *document, struct ops_op_list *pending, const void *entry, struct ops_arena *arena,
                            const void **op);

    void (*undo_drop)(void *entry, struct ops_pool *pool);
};

extern const struct ops_engine ops_text_engine;
extern const struct ops_engine ops_json_engine;

/* All that are built in, then NULL. */
extern const struct ops_engine *const ops_engines[];

/* The engine of a document type, in any ASCII letter case; NULL: none. `richtext` counts as `rich-text`. */
const struct ops_engine *ops_engine_find(struct ops_str document_type);

/* The engine whose op type name (or, in logs written by a merge, document type) this is; NULL: none. */
const struct ops_engine *ops_engine_find_op_type(struct ops_str op_type_name);

#endif
