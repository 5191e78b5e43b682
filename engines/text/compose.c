/* Text: two ops in a row as one (spec/opstream-engines.md §1.5). */
#include "private.h"

/* What `a` left of `n` units that `b` keeps or deletes. */
static void compose_overlap(struct text_build *build, const struct text_walk *a, const struct text_walk *b, int64_t n)
{
    bool kept = b->step.kind == OPS_TEXT_COMPONENT_RETAIN;

    if (a->step.kind == OPS_TEXT_COMPONENT_RETAIN)
        text_build_count(build, b->step.kind, n);
    else if (kept)
        text_build_step(build, &a->step, n);
}

enum ops_err text_compose(const void *first, const void *second, struct ops_arena *arena, const void **out)
{
    const struct ops_text_op *made = NULL;
    struct text_walk a, b;
    struct text_build build;
    enum ops_err result;

    text_walk_begin(&a, (const struct ops_text_op *)first, arena);
    text_walk_begin(&b, (const struct ops_text_op *)second, arena);
    text_build_begin(&build, arena, a.op->components_count + b.op->components_count);
    while (a.step.kind != OPS_TEXT_COMPONENT_NONE || b.step.kind != OPS_TEXT_COMPONENT_NONE) {
        if (a.step.kind == OPS_TEXT_COMPONENT_DELETE || b.step.kind == OPS_TEXT_COMPONENT_NONE) {
            text_build_step(&build, &a.step, a.step.count);
            text_walk_use(&a, a.step.count);
        } else if (b.step.kind == OPS_TEXT_COMPONENT_INSERT || a.step.kind == OPS_TEXT_COMPONENT_NONE) {
            text_build_step(&build, &b.step, b.step.count);
            text_walk_use(&b, b.step.count);
        } else {
            int64_t n = a.step.count < b.step.count ? a.step.count : b.step.count;

            compose_overlap(&build, &a, &b, n);
            text_walk_use(&a, n);
            text_walk_use(&b, n);
        }
    }
    result = a.failed || b.failed ? OPS_ERR_NOMEM : text_build_end(&build, &made);
    if (result == OPS_OK)
        *out = text_is_no_op(made) ? NULL : made;
    return result;
}
