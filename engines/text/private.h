/* Private to the text engine. */
#ifndef OPS_ENGINES_TEXT_PRIVATE_H
#define OPS_ENGINES_TEXT_PRIVATE_H

#include "rope.h"
#include "text.h"

struct ops_text_doc {
    struct ops_pool *pool;
    struct rope rope;
};

/* ---- walking an op ---- */

/* A component, or what is left of one. */
struct text_step {
    enum ops_text_component_kind kind; /* NONE: the op has ended */
    int64_t count;                     /* units left */
    struct ops_str text;               /* of an insert: what is left */
};

struct text_walk {
    const struct ops_text_op *op;
    struct ops_arena *arena; /* only for the rest of an insert that is cut inside a pair */
    size_t next;             /* component after the step */
    struct text_step step;
    bool failed;             /* no room; the step is NONE */
};

void text_walk_begin(struct text_walk *walk, const struct ops_text_op *op, struct ops_arena *arena);

/* Uses `count` units of the step up; goes to the next component when that was all of it. */
void text_walk_use(struct text_walk *walk, int64_t count);

/* Units that an insert has, or the count of the others; a negative one counts as 0 (is_sound refuses it). */
int64_t text_component_units(const struct ops_text_component *component);

/* ---- building a normalised op (§1.2) ---- */

struct text_build {
    struct ops_arena *arena;
    struct ops_text_component *components;
    size_t count, room;
    bool tail_owned; /* the last insert's text is ours and may grow */
    bool failed;     /* no room */
};

/* An op of at most `room` components. */
void text_build_begin(struct text_build *build, struct ops_arena *arena, size_t room);

/* Zero counts are dropped, neighbours of a kind joined. A count that would pass 2^31-1 stays there: no document is that long. */
void text_build_count(struct text_build *build, enum ops_text_component_kind kind, int64_t count);
void text_build_insert(struct text_build *build, struct ops_str text);
void text_build_step(struct text_build *build, const struct text_step *step, int64_t count);

enum ops_err text_build_end(struct text_build *build, const struct ops_text_op **op);

/* The first `units` of `text`; half a pair at the end is U+FFFD (in `arena`). False: no room. */
bool text_cut(struct ops_str text, size_t units, struct ops_arena *arena, struct ops_str *head);

/* Byte of a text at which its unit `units` begins, and whether that is inside a pair. */
size_t text_byte_of_unit(struct ops_str text, size_t units, bool *inside);

/* ---- the functions of the table ---- */

bool text_is_no_op(const void *op);
bool text_is_sound(const void *op, const struct ops_op_rules *rules, struct ops_refusal *refusal);
enum ops_err text_transform(const void *incoming, const void *existing, enum ops_priority priority, struct ops_arena *arena,
                            const void **out);
enum ops_err text_compose(const void *a, const void *b, struct ops_arena *arena, const void **out);
enum ops_err text_invert(const void *document, const void *op, struct ops_arena *arena, const void **out);
bool text_check(const void *document, struct ops_op_list pending, const void *op, const struct ops_op_rules *rules,
                struct ops_arena *arena, const void **accepted, struct ops_refusal *refusal);
enum ops_err text_apply(void *document, const void *op, struct ops_arena *scratch);
void *text_undo_record(const void *document, const void *op, struct ops_pool *pool);
enum ops_err text_undo_carry(void **entry, const void **op, struct ops_pool *pool, struct ops_arena *arena);
enum ops_err text_undo_op(const void *document, struct ops_op_list *pending, const void *entry, struct ops_arena *arena,
                          const void **op);
void text_undo_drop(void *entry, struct ops_pool *pool);

void *text_open(struct ops_pool *pool);
enum ops_err text_load(void *document, const struct ops_json_style *style, struct ops_str snapshot,
                       struct ops_arena *scratch, struct ops_error *err);
enum ops_err text_snapshot(const void *document, const struct ops_json_style *style, struct ops_buf *out);
void text_close(void *document);

/* How big the inverse of `op` is, and the inverse itself in memory of that size (the op first). */
struct text_inverse_size {
    size_t components, text_bytes, bytes;
};
void text_inverse_measure(const struct rope *rope, const struct ops_text_op *op, struct text_inverse_size *size);
struct ops_text_op *text_inverse_store(const struct rope *rope, const struct ops_text_op *op,
                                       const struct text_inverse_size *size, void *memory);

#endif
