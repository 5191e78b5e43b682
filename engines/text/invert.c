/* Text: the op that takes an op back (spec/opstream-engines.md §1.5).
 *
 * Retains are cut at the document's end, unlike the reference's: so the inverse restores whatever the op did. The inverse is one
 * piece of memory (op, components, texts), measured first: an undo entry keeps it in the pool. */
#include "private.h"

#include "runtime/base/utf.h"

/* Walks `op` over the text and tells what its inverse consists of, normalised. */
struct inverse {
    const struct rope *rope;
    struct ops_text_component *components; /* NULL: measure only */
    char *text;
    size_t count, text_bytes;
    enum ops_text_component_kind last;
};

static struct ops_text_component *inverse_part(struct inverse *inverse, enum ops_text_component_kind kind)
{
    struct ops_text_component *part;

    if (inverse->count == 0 || inverse->last != kind) {
        inverse->count++;
        inverse->last = kind;
        if (inverse->components != NULL) {
            part = &inverse->components[inverse->count - 1];
            memset(part, 0, sizeof *part);
            part->kind = kind;
        }
    }
    return inverse->components != NULL ? &inverse->components[inverse->count - 1] : NULL;
}

static void inverse_insert(struct inverse *inverse, size_t at, size_t count)
{
    struct ops_text_component *part = inverse_part(inverse, OPS_TEXT_COMPONENT_INSERT);
    char *place = inverse->text != NULL ? inverse->text + inverse->text_bytes : NULL;
    size_t bytes = rope_read(inverse->rope, at, count, place);

    if (part != NULL) {
        if (part->insert.text.ptr == NULL)
            part->insert.text.ptr = place;
        part->insert.text.len += bytes;
    }
    inverse->text_bytes += bytes;
}

static void inverse_walk(struct inverse *inverse, const struct ops_text_op *op)
{
    size_t at = 0, left = inverse->rope->units, i;

    for (i = 0; i < op->components_count; i++) {
        const struct ops_text_component *component = &op->components[i];
        size_t count = (size_t)text_component_units(component);
        struct ops_text_component *part;

        if (component->kind != OPS_TEXT_COMPONENT_INSERT && count > left)
            count = left;
        if (count == 0)
            continue;
        if (component->kind == OPS_TEXT_COMPONENT_INSERT) {
            part = inverse_part(inverse, OPS_TEXT_COMPONENT_DELETE);
            if (part != NULL)
                part->delete_.count += (int32_t)count;
            continue;
        }
        if (component->kind == OPS_TEXT_COMPONENT_RETAIN) {
            part = inverse_part(inverse, OPS_TEXT_COMPONENT_RETAIN);
            if (part != NULL)
                part->retain.count += (int32_t)count;
        } else {
            inverse_insert(inverse, at, count);
        }
        at += count;
        left -= count;
    }
}

void text_inverse_measure(const struct rope *rope, const struct ops_text_op *op, struct text_inverse_size *size)
{
    struct inverse inverse;

    memset(&inverse, 0, sizeof inverse);
    inverse.rope = rope;
    inverse_walk(&inverse, op);
    size->components = inverse.count;
    size->text_bytes = inverse.text_bytes;
    size->bytes = sizeof(struct ops_text_op) + inverse.count * sizeof(struct ops_text_component) + inverse.text_bytes;
}

struct ops_text_op *text_inverse_store(const struct rope *rope, const struct ops_text_op *op,
                                       const struct text_inverse_size *size, void *memory)
{
    struct ops_text_op *made = (struct ops_text_op *)memory;
    struct inverse inverse;

    memset(&inverse, 0, sizeof inverse);
    inverse.rope = rope;
    inverse.components = (struct ops_text_component *)(void *)(made + 1);
    inverse.text = (char *)(inverse.components + size->components);
    inverse_walk(&inverse, op);
    made->components = inverse.components;
    made->components_count = inverse.count;
    return made;
}

enum ops_err text_invert(const void *document, const void *op, struct ops_arena *arena, const void **out)
{
    const struct rope *rope = &((const struct ops_text_doc *)document)->rope;
    struct text_inverse_size size;
    void *memory;

    text_inverse_measure(rope, (const struct ops_text_op *)op, &size);
    memory = ops_arena_alloc(arena, size.bytes);
    if (memory == NULL)
        return OPS_ERR_NOMEM;
    *out = text_inverse_store(rope, (const struct ops_text_op *)op, &size, memory);
    return OPS_OK;
}
