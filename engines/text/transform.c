/* Text: rebasing one op over another (spec/opstream-engines.md §1.4).
 *
 * Zero-length components take part as the reference has them do: they separate inserts, and fall out of the result. */
#include "private.h"

enum ops_err text_transform(const void *incoming, const void *existing, enum ops_priority priority, struct ops_arena *arena,
                            const void **out)
{
    const struct ops_text_op *made;
    struct text_walk in, ex;
    struct text_build build;
    enum ops_err result;

    text_walk_begin(&in, (const struct ops_text_op *)incoming, arena);
    text_walk_begin(&ex, (const struct ops_text_op *)existing, arena);
    text_build_begin(&build, arena, in.op->components_count + ex.op->components_count);
    while (in.step.kind != OPS_TEXT_COMPONENT_NONE || ex.step.kind != OPS_TEXT_COMPONENT_NONE) {
        int64_t n;

        if (ex.step.kind == OPS_TEXT_COMPONENT_INSERT &&
            (in.step.kind != OPS_TEXT_COMPONENT_INSERT || priority == OPS_EXISTING_WINS)) {
            text_build_count(&build, OPS_TEXT_COMPONENT_RETAIN, ex.step.count);
            text_walk_use(&ex, ex.step.count);
            continue;
        }
        if (in.step.kind == OPS_TEXT_COMPONENT_INSERT) {
            text_build_insert(&build, in.step.text);
            text_walk_use(&in, in.step.count);
            continue;
        }
        if (in.step.kind == OPS_TEXT_COMPONENT_NONE)
            break;
        n = in.step.count;
        if (ex.step.kind == OPS_TEXT_COMPONENT_NONE) {
            text_build_count(&build, in.step.kind, n);
            text_walk_use(&in, n);
            continue;
        }
        if (n > ex.step.count)
            n = ex.step.count;
        if (ex.step.kind == OPS_TEXT_COMPONENT_RETAIN)
            text_build_count(&build, in.step.kind, n);
        text_walk_use(&in, n);
        text_walk_use(&ex, n);
    }
    result = text_build_end(&build, &made);
    if (result == OPS_OK)
        *out = made;
    return result;
}
