/* Text: what an op must be, and doing it (spec/opstream-engines.md §1.3, §14.2).
 *
 * Applying is total: counts are cut at the document's end, a negative one counts as 0, and where a component ends between the halves
 * of a pair each half becomes U+FFFD. Only logs of the released server hold such ops. */
#include "private.h"

bool text_is_no_op(const void *op)
{
    const struct ops_text_op *text = (const struct ops_text_op *)op;
    size_t i;

    for (i = 0; i < text->components_count; i++) {
        if (text->components[i].kind != OPS_TEXT_COMPONENT_RETAIN)
            return false;
    }
    return true;
}

static bool sound_count(int32_t count, const struct ops_op_rules *rules, struct ops_refusal *refusal)
{
    if (count >= 0)
        return true;
    /* where a reader takes negative counts, it is this engine that refuses them: they copy text to where nobody put it */
    refusal->text = rules->negative_counts_taken ? OPS_TEXT_OP_COUNT_NEGATIVE : OPS_TEXT_VALUE_OUT_OF_RANGE;
    return false;
}

bool text_is_sound(const void *op, const struct ops_op_rules *rules, struct ops_refusal *refusal)
{
    const struct ops_text_op *text = (const struct ops_text_op *)op;
    size_t i;

    refusal->where = -1;
    refusal->text = OPS_TEXT_OP_COMPONENTS_NULL;
    if (text->components == NULL)
        return false;
    for (i = 0; i < text->components_count; i++) {
        const struct ops_text_component *component = &text->components[i];

        refusal->where = (int64_t)i;
        refusal->text = OPS_TEXT_OP_ELEMENT_NULL;
        switch (component->kind) {
        case OPS_TEXT_COMPONENT_NONE:
            return false;
        case OPS_TEXT_COMPONENT_INSERT:
            if (component->insert.text.ptr == NULL)
                return false;
            break;
        case OPS_TEXT_COMPONENT_RETAIN:
            if (!sound_count(component->retain.count, rules, refusal))
                return false;
            break;
        case OPS_TEXT_COMPONENT_DELETE:
            if (!sound_count(component->delete_.count, rules, refusal))
                return false;
            break;
        }
    }
    return true;
}

enum ops_err text_apply(void *document, const void *op, struct ops_arena *scratch)
{
    struct rope *rope = &((struct ops_text_doc *)document)->rope;
    const struct ops_text_op *text = (const struct ops_text_op *)op;
    size_t at = 0, i;

    (void)scratch;
    for (i = 0; i < text->components_count; i++) {
        const struct ops_text_component *component = &text->components[i];
        size_t before = rope->units, count;

        if (component->kind == OPS_TEXT_COMPONENT_INSERT) {
            if (!rope_insert(rope, at, component->insert.text))
                return OPS_ERR_NOMEM;
            at += rope->units - before;
            continue;
        }
        count = (size_t)text_component_units(component);
        if (count > before - at)
            count = before - at;
        if (component->kind == OPS_TEXT_COMPONENT_RETAIN)
            at += count;
        else if (!rope_erase(rope, at, count))
            return OPS_ERR_NOMEM;
    }
    return OPS_OK;
}
