/* Private to the json engine. */
#ifndef OPS_ENGINES_JSON_PRIVATE_H
#define OPS_ENGINES_JSON_PRIVATE_H

#include "json.h"
#include "runtime/base/utf.h"

/* ---- registers ---- */

struct json_register {
    struct json_register *next; /* in the order in which they came to be: that of `reference` (opstream-wire.md §1.6) */
    int64_t timestamp;
    char *data; /* value, then peer id; NULL when both are empty */
    uint32_t value_len, peer_len;
    uint32_t path_len;
    bool deleted;     /* then no value is kept: it is `null` */
    bool peer_absent;
    char path[];
};

static inline struct ops_str json_register_path(const struct json_register *reg)
{
    return ops_str_of(reg->path, reg->path_len);
}

/* ---- index.c: registers in the order of their paths, by UTF-16 units ----
 *
 * A B+ tree to which is only added: registers stay, deleted or not. */

enum { JSON_FANOUT = 32, JSON_DEPTH = 16 };

struct json_leaf {
    struct json_leaf *next, *prev;
    uint32_t count;
    struct json_register *reg[JSON_FANOUT];
};

struct json_node {
    uint32_t count;
    const struct json_register *first[JSON_FANOUT]; /* lowest below each child; [0] is not looked at */
    void *child[JSON_FANOUT];
};

struct json_index {
    struct ops_pool *pool;
    void *root; /* NULL: empty; a leaf when height is 0 */
    unsigned height;
};

/* A register's place; `leaf` NULL: behind the last one. */
struct json_place {
    struct json_leaf *leaf;
    uint32_t slot;
};

/* The first register whose path is not below `path` in order. */
struct json_place json_index_seek(const struct json_index *index, struct ops_str path);

static inline struct json_register *json_place_get(struct json_place place)
{
    return place.leaf != NULL ? place.leaf->reg[place.slot] : NULL;
}

void json_place_next(struct json_place *place);

/* The register of that very path, or NULL. */
struct json_register *json_index_find(const struct json_index *index, struct ops_str path);

/* The nearest ancestor of `path` that is a register and shorter than `*limit` bytes; `*limit` becomes its length, for the next one
 * further up. Begin with *limit = path.len. NULL: there is none. */
struct json_register *json_index_ancestor(const struct json_index *index, struct ops_str path, size_t *limit);

/* Adds a register whose path is not there. False: no room, nothing changed. */
bool json_index_add(struct json_index *index, struct json_register *reg);

/* Gives the tree's memory back; the registers are the caller's. */
void json_index_clear(struct json_index *index);

/* Length of the longest ancestor of `path` below `limit` bytes; false: it has none. */
bool json_path_parent(struct ops_str path, size_t *limit);

/* Bytes that both begin with. */
size_t json_common_prefix(struct ops_str a, struct ops_str b);

/* Is `path` below `ancestor`? */
static inline bool json_path_is_below(struct ops_str path, struct ops_str ancestor)
{
    return path.len > ancestor.len && path.ptr[ancestor.len] == '.' &&
           (ancestor.len == 0 || memcmp(path.ptr, ancestor.ptr, ancestor.len) == 0);
}

/* ---- documents ---- */

struct ops_json_doc {
    struct ops_pool *pool;
    struct json_index index;
    struct json_register *first, *last;
    size_t count;
    size_t encoded_bytes;  /* of all registers as JSON of v1 */
    int64_t highest_stamp;
};

void json_register_view(const struct json_register *reg, struct ops_json_register *view);

/* Bytes of a register as JSON of v1, its comma included. */
size_t json_register_encoded(const struct ops_json_register *view);

/* ---- stamps (spec/opstream-engines.md §3.3) ---- */

struct json_stamp {
    int64_t timestamp;
    struct ops_str peer;
    struct ops_str text; /* raw JSON; `null` of what is deleted */
};

struct json_stamp json_stamp_of_op(const struct ops_json_op *op);
struct json_stamp json_stamp_of_register(const struct json_register *reg);
bool json_wins(const struct json_stamp *a, const struct json_stamp *b, bool same_batch);

/* The same timestamp and peer. */
bool json_stamp_same(const struct json_stamp *a, const struct json_stamp *b);

static inline struct ops_str json_op_path(const struct ops_json_op *op)
{
    return op->kind == OPS_JSON_OP_SET ? op->set.path : op->del.path;
}

static inline struct ops_str json_op_peer(const struct ops_json_op *op)
{
    return op->kind == OPS_JSON_OP_SET ? op->set.peer_id : op->del.peer_id;
}

static inline int64_t json_op_timestamp(const struct ops_json_op *op)
{
    return op->kind == OPS_JSON_OP_SET ? op->set.timestamp : op->del.timestamp;
}

/* What is written by it, as a register. */
void json_op_view(const struct ops_json_op *op, struct ops_json_register *view);

/* A stamp's successor; the highest one is its own. */
static inline int64_t json_after(int64_t timestamp)
{
    return timestamp < INT64_MAX ? timestamp + 1 : timestamp;
}

/* ---- reduce.c: a batch as a map from path to op (§3.5) ---- */

#define JSON_NO_SLOT UINT32_MAX

struct json_reduced {
    const struct ops_json_op **slots; /* in map order, with slots reused as .NET's Dictionary does; NULL: free */
    uint32_t *id_of_slot;             /* index of the slot's path in `paths` */
    size_t slot_count;
    struct ops_str *paths; /* every path that occurs, sorted, distinct */
    uint32_t *slot_of_id;  /* JSON_NO_SLOT: not kept */
    size_t path_count;
};

/* Reduces the operations of `a` (may be NULL), then `b`. */
enum ops_err json_reduce(const struct ops_json_op_batch *a, const struct ops_json_op_batch *b, struct ops_arena *arena,
                         struct json_reduced *out);

/* The first path not below `path` in order, as an index in `paths`. */
size_t json_reduced_seek(const struct json_reduced *reduced, struct ops_str path);

/* The op of that very path, or of the nearest ancestor shorter than `*limit` (as json_index_ancestor); JSON_NO_SLOT: none. */
uint32_t json_reduced_find(const struct json_reduced *reduced, struct ops_str path);
uint32_t json_reduced_ancestor(const struct json_reduced *reduced, struct ops_str path, size_t *limit);

/* ---- plan.c: what a batch changes in a document (§3.4) ---- */

struct json_change {
    struct json_register *reg;    /* NULL: to be made */
    const struct ops_json_op *op; /* who changes it */
    bool planted;                 /* a tombstone below `op`, with its stamp; else what `op` writes */
};

struct json_plan {
    struct json_change *changes;
    size_t count, room;
    const bool *written; /* by slot of the reduced batch */
};

/* Changes nothing. Each op that is written comes before the tombstones that it is the first to plant. `ancestors_count` false: as if
 * no path had an ancestor, which is how the reference's inverse sees it (§3.6). */
enum ops_err json_plan_make(const struct ops_json_doc *document, const struct json_reduced *reduced,
                            bool ancestors_count, struct ops_arena *arena, struct json_plan *plan);

/* Is the register of `path` among the changes? */
bool json_plan_changes(const struct ops_json_doc *document, const struct json_reduced *reduced, const struct json_plan *plan,
                       struct ops_str path);

/* ---- write.c: changing registers ---- */

/* Makes or overwrites the register of view->path. `reg` NULL: there is none yet. NULL: no room. */
struct json_register *json_register_write(struct ops_json_doc *document, struct json_register *reg,
                                          const struct ops_json_register *view);

/* ---- the functions of the table ---- */

bool json_is_no_op(const void *op);
bool json_is_sound(const void *op, const struct ops_op_rules *rules, struct ops_refusal *refusal);
enum ops_err json_transform(const void *incoming, const void *existing, enum ops_priority priority, struct ops_arena *arena,
                            const void **out);
enum ops_err json_compose(const void *a, const void *b, struct ops_arena *arena, const void **out);
enum ops_err json_invert(const void *document, const void *op, struct ops_arena *arena, const void **out);
bool json_check(const void *document, struct ops_op_list pending, const void *op, const struct ops_op_rules *rules,
                struct ops_arena *arena, const void **accepted, struct ops_refusal *refusal);
enum ops_err json_apply(void *document, const void *op, struct ops_arena *scratch);
void *json_undo_record(const void *document, const void *op, struct ops_pool *pool);
enum ops_err json_undo_carry(void **entry, const void **op, struct ops_pool *pool, struct ops_arena *arena);
enum ops_err json_undo_op(const void *document, struct ops_op_list *pending, const void *entry, struct ops_arena *arena,
                          const void **op);
void json_undo_drop(void *entry, struct ops_pool *pool);
void *json_open(struct ops_pool *pool);
enum ops_err json_load(void *document, const struct ops_json_style *style, struct ops_str snapshot,
                       struct ops_arena *scratch, struct ops_error *err);
enum ops_err json_snapshot(const void *document, const struct ops_json_style *style, struct ops_buf *out);
void json_close(void *document);

#endif
