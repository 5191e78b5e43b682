/* Text: may an op be committed (spec/v1.md §5)?
 *
 * The document is at the durable revision; the pending ops are not applied to it but read backwards: a component's border in the
 * accepted state is traced through them, newest first, to the insert that it is inside of, or to the document. A surrogate pair
 * always stems from one insert or from the document, so a border between two of them is in no pair. All borders of the op go
 * through one pending op together, in one walk. */
#include "private.h"

#include "engines/measure.h"

/* A border between two components, in units of the state it has been traced back to. */
struct border {
    int64_t at;
    size_t component; /* the one that it ends */
};

struct borders {
    struct border *list;
    size_t count;
    size_t split; /* lowest component found to end inside a pair; SIZE_MAX: none yet */
};

/* Units that an op leaves of `units`. */
static int64_t length_after(const struct ops_text_op *op, int64_t units)
{
    int64_t left = units, length = units;
    size_t i;

    for (i = 0; i < op->components_count; i++) {
        const struct ops_text_component *component = &op->components[i];
        int64_t count = text_component_units(component);

        if (component->kind == OPS_TEXT_COMPONENT_INSERT) {
            length += count;
            continue;
        }
        if (count > left)
            count = left;
        left -= count;
        if (component->kind == OPS_TEXT_COMPONENT_DELETE)
            length -= count;
    }
    return length;
}

static void border_splits(struct borders *borders, const struct border *border)
{
    if (border->component < borders->split)
        borders->split = border->component;
}

/* Traces the borders, ascending, back over `op`, which was made on `units`. What cannot be inside a pair is dropped. */
static void borders_trace(struct borders *borders, const struct ops_text_op *op, int64_t units)
{
    int64_t old = 0, made = 0; /* where the component begins before and after the op */
    int64_t run = 0;           /* where the kept run begins: its first border is in no pair */
    size_t i, next = 0, kept = 0;

    for (i = 0; i <= op->components_count && next < borders->count; i++) {
        const struct ops_text_component *component = i < op->components_count ? &op->components[i] : NULL;
        int64_t count = component != NULL ? text_component_units(component) : units - old;
        enum ops_text_component_kind kind = component != NULL ? component->kind : OPS_TEXT_COMPONENT_RETAIN;

        if (kind != OPS_TEXT_COMPONENT_INSERT && count > units - old)
            count = units - old;
        if (kind == OPS_TEXT_COMPONENT_DELETE) {
            old += count;
            run = count > 0 ? made : run;
            continue;
        }
        for (; next < borders->count && borders->list[next].at < made + count; next++) {
            struct border border = borders->list[next];
            bool inside = false;

            if (kind == OPS_TEXT_COMPONENT_INSERT) {
                (void)text_byte_of_unit(component->insert.text, (size_t)(border.at - made), &inside);
                if (inside)
                    border_splits(borders, &border);
            } else if (border.at > run) {
                border.at += old - made;
                borders->list[kept++] = border;
            }
        }
        made += count;
        if (kind == OPS_TEXT_COMPONENT_INSERT)
            run = count > 0 ? made : run;
        else
            old += count;
    }
    borders->count = kept;
}

/* Where the components of `op` end, but for the document's begin and end. Refuses the first that reaches past `length`, or counts
 * what there is of it. */
static bool borders_of(const struct ops_text_op *op, int64_t length, bool clamped, struct borders *borders,
                       struct ops_refusal *refusal, bool *cut)
{
    int64_t at = 0;
    size_t i;

    *cut = false;
    for (i = 0; i < op->components_count; i++) {
        const struct ops_text_component *component = &op->components[i];
        int64_t count = text_component_units(component);

        if (component->kind == OPS_TEXT_COMPONENT_INSERT)
            continue;
        if (count > length - at) {
            if (!clamped) {
                refusal->text = OPS_TEXT_OP_PAST_END;
                refusal->where = (int64_t)i;
                return false;
            }
            count = length - at;
            *cut = *cut || component->kind == OPS_TEXT_COMPONENT_DELETE;
        }
        at += count;
        if (at == 0 || at == length || (borders->count > 0 && borders->list[borders->count - 1].at == at))
            continue;
        borders->list[borders->count].at = at;
        borders->list[borders->count++].component = i;
    }
    return true;
}

/* The document's size as JSON of v1 with all ops applied: an upper bound, because of what is deleted only the units are known. An op
 * that does not make the document longer is never too large. */
static bool size_allows(const struct ops_text_doc *text, struct ops_op_list pending, const struct ops_text_op *op, size_t limit,
                        struct ops_refusal *refusal)
{
    static const size_t around = sizeof("{\"content\":\"\"}") - 1;
    size_t bytes = text->rope.bytes + text->rope.escape_extra + around, less = 0, inserted = 0, deleted = 0, i, k;

    for (k = 0; k <= pending.count; k++) {
        const struct ops_text_op *one = k < pending.count ? (const struct ops_text_op *)pending.ops[k] : op;

        inserted = deleted = 0;
        for (i = 0; i < one->components_count; i++) {
            const struct ops_text_component *component = &one->components[i];

            if (component->kind == OPS_TEXT_COMPONENT_INSERT)
                inserted += component->insert.text.len +
                            engine_escape_extra(component->insert.text.ptr, component->insert.text.len);
            else if (component->kind == OPS_TEXT_COMPONENT_DELETE)
                deleted += (size_t)text_component_units(component);
        }
        bytes += inserted;
        less += deleted;
    }
    if (inserted <= deleted || bytes <= limit || bytes - limit <= less)
        return true;
    refusal->text = OPS_TEXT_DOCUMENT_LARGE;
    refusal->where = (int64_t)limit;
    return false;
}

/* The op without what its deletes take past the end. Retains stay as sent: they copy what there is (the recorded cases have them so). */
static const struct ops_text_op *cut_deletes(const struct ops_text_op *op, int64_t length, struct ops_arena *arena)
{
    struct ops_text_op *made = (struct ops_text_op *)ops_arena_alloc(arena, sizeof *made);
    struct ops_text_component *list =
        (struct ops_text_component *)ops_arena_array(arena, op->components_count + 1, sizeof *list);
    int64_t at = 0;
    size_t i;

    if (made == NULL || list == NULL)
        return NULL;
    made->components = list;
    made->components_count = 0;
    for (i = 0; i < op->components_count; i++) {
        const struct ops_text_component *component = &op->components[i];
        int64_t count = text_component_units(component), rest = length - at;

        if (component->kind == OPS_TEXT_COMPONENT_DELETE && count > rest && rest == 0)
            continue;
        list[made->components_count] = *component;
        if (component->kind == OPS_TEXT_COMPONENT_DELETE && count > rest)
            list[made->components_count].delete_.count = (int32_t)rest;
        made->components_count++;
        if (component->kind != OPS_TEXT_COMPONENT_INSERT)
            at += count < rest ? count : rest;
    }
    return made;
}

bool text_check(const void *document, struct ops_op_list pending, const void *op, const struct ops_op_rules *rules,
                struct ops_arena *arena, const void **accepted, struct ops_refusal *refusal)
{
    const struct ops_text_doc *text = (const struct ops_text_doc *)document;
    const struct ops_text_op *edit = (const struct ops_text_op *)op;
    struct borders borders = {NULL, 0, SIZE_MAX};
    int64_t *lengths = (int64_t *)ops_arena_array(arena, pending.count + 1, sizeof *lengths);
    bool cut;
    size_t i;

    borders.list = (struct border *)ops_arena_array(arena, edit->components_count + 1, sizeof *borders.list);
    refusal->text = OPS_TEXT_TOO_LARGE;
    refusal->where = -1;
    if (lengths == NULL || borders.list == NULL)
        return false;
    lengths[0] = (int64_t)text->rope.units;
    for (i = 0; i < pending.count; i++)
        lengths[i + 1] = length_after((const struct ops_text_op *)pending.ops[i], lengths[i]);
    if (!borders_of(edit, lengths[pending.count], rules->overshoot_clamped, &borders, refusal, &cut))
        return false;
    if (rules->document_limit_bytes != 0 && !size_allows(text, pending, edit, rules->document_limit_bytes, refusal))
        return false;
    for (i = pending.count; i > 0 && borders.count > 0; i--)
        borders_trace(&borders, (const struct ops_text_op *)pending.ops[i - 1], lengths[i - 1]);
    for (i = 0; i < borders.count; i++) {
        if (borders.list[i].component < borders.split && rope_inside_pair(&text->rope, (size_t)borders.list[i].at))
            border_splits(&borders, &borders.list[i]);
    }
    if (borders.split != SIZE_MAX) {
        refusal->text = OPS_TEXT_OP_SPLITS_SURROGATE;
        refusal->where = (int64_t)borders.split;
        return false;
    }
    *accepted = cut ? cut_deletes(edit, lengths[pending.count], arena) : edit;
    return *accepted != NULL;
}
