/* Walking a text op and building a normalised one (spec/opstream-engines.md §1.2). */
#include "private.h"

#include "runtime/base/utf.h"

#define REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD: half of a pair */

int64_t text_component_units(const struct ops_text_component *component)
{
    int64_t count = 0;

    switch (component->kind) {
    case OPS_TEXT_COMPONENT_INSERT:
        return (int64_t)ops_utf16_length(component->insert.text.ptr, component->insert.text.len);
    case OPS_TEXT_COMPONENT_RETAIN:
        count = component->retain.count;
        break;
    case OPS_TEXT_COMPONENT_DELETE:
        count = component->delete_.count;
        break;
    case OPS_TEXT_COMPONENT_NONE:
        break;
    }
    return count > 0 ? count : 0;
}

static void walk_next(struct text_walk *walk)
{
    memset(&walk->step, 0, sizeof walk->step);
    while (walk->next < walk->op->components_count && walk->step.kind == OPS_TEXT_COMPONENT_NONE) {
        const struct ops_text_component *component = &walk->op->components[walk->next++];

        walk->step.kind = component->kind;
        walk->step.count = text_component_units(component);
        if (component->kind == OPS_TEXT_COMPONENT_INSERT)
            walk->step.text = component->insert.text;
    }
}

void text_walk_begin(struct text_walk *walk, const struct ops_text_op *op, struct ops_arena *arena)
{
    walk->op = op;
    walk->arena = arena;
    walk->next = 0;
    walk->failed = false;
    walk_next(walk);
}

/* What follows the first `units` of `*text`; half a pair at its begin is U+FFFD (in `arena`). False: no room. */
static bool text_rest(struct ops_str *text, size_t units, struct ops_arena *arena)
{
    bool inside;
    size_t bytes = text_byte_of_unit(*text, units, &inside);
    char *copy;

    text->ptr += bytes;
    text->len -= bytes;
    if (!inside)
        return true;
    copy = (char *)ops_arena_alloc(arena, text->len - 4 + 3);
    if (copy == NULL)
        return false;
    memcpy(copy, REPLACEMENT, 3);
    memcpy(copy + 3, text->ptr + 4, text->len - 4);
    *text = ops_str_of(copy, text->len - 4 + 3);
    return true;
}

void text_walk_use(struct text_walk *walk, int64_t count)
{
    struct text_step *step = &walk->step;

    if (count >= step->count) {
        walk_next(walk);
        return;
    }
    step->count -= count;
    if (step->kind == OPS_TEXT_COMPONENT_INSERT && !text_rest(&step->text, (size_t)count, walk->arena)) {
        walk->failed = true;
        walk->next = walk->op->components_count;
        walk_next(walk);
    }
}

size_t text_byte_of_unit(struct ops_str text, size_t units, bool *inside)
{
    size_t at = 0;

    *inside = false;
    while (at < text.len && units > 0) {
        unsigned char c = (unsigned char)text.ptr[at];
        size_t len = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4, here = c >= 0xf0 ? 2 : 1;

        if (here > units) {
            *inside = true;
            break;
        }
        units -= here;
        at += len;
    }
    return at;
}

bool text_cut(struct ops_str text, size_t units, struct ops_arena *arena, struct ops_str *head)
{
    bool inside;
    size_t bytes = text_byte_of_unit(text, units, &inside);
    char *copy;

    *head = ops_str_of(text.ptr, bytes);
    if (!inside)
        return true;
    copy = (char *)ops_arena_alloc(arena, bytes + 3);
    if (copy == NULL)
        return false;
    if (bytes > 0)
        memcpy(copy, text.ptr, bytes);
    memcpy(copy + bytes, REPLACEMENT, 3);
    *head = ops_str_of(copy, bytes + 3);
    return true;
}

void text_build_begin(struct text_build *build, struct ops_arena *arena, size_t room)
{
    build->arena = arena;
    build->count = 0;
    build->room = room;
    build->tail_owned = false;
    build->components = (struct ops_text_component *)ops_arena_array(arena, room + 1, sizeof *build->components);
    build->failed = build->components == NULL;
}

static struct ops_text_component *build_add(struct text_build *build, enum ops_text_component_kind kind)
{
    struct ops_text_component *component;

    if (build->count == build->room)
        build->failed = true; /* a promise of this engine, not of its input */
    if (build->failed)
        return NULL;
    component = &build->components[build->count++];
    memset(component, 0, sizeof *component);
    component->kind = kind;
    build->tail_owned = false;
    return component;
}

void text_build_count(struct text_build *build, enum ops_text_component_kind kind, int64_t count)
{
    struct ops_text_component *last;
    int32_t *place;

    if (count <= 0 || build->failed)
        return;
    last = build->count > 0 ? &build->components[build->count - 1] : NULL;
    if (last == NULL || last->kind != kind)
        last = build_add(build, kind);
    if (last == NULL)
        return;
    place = kind == OPS_TEXT_COMPONENT_RETAIN ? &last->retain.count : &last->delete_.count;
    *place = count > INT32_MAX - *place ? INT32_MAX : (int32_t)(*place + count);
}

void text_build_insert(struct text_build *build, struct ops_str text)
{
    struct ops_text_component *last;
    char *grown;

    if (text.len == 0 || build->failed)
        return;
    last = build->count > 0 ? &build->components[build->count - 1] : NULL;
    if (last == NULL || last->kind != OPS_TEXT_COMPONENT_INSERT) {
        last = build_add(build, OPS_TEXT_COMPONENT_INSERT);
        if (last != NULL)
            last->insert.text = text;
        return;
    }
    if (build->tail_owned) {
        /* the text is never written to again but here */
        grown = (char *)ops_arena_grow(build->arena, (char *)(uintptr_t)last->insert.text.ptr, last->insert.text.len,
                                       last->insert.text.len + text.len);
    } else {
        grown = (char *)ops_arena_alloc(build->arena, last->insert.text.len + text.len);
        if (grown != NULL)
            memcpy(grown, last->insert.text.ptr, last->insert.text.len);
    }
    if (grown == NULL) {
        build->failed = true;
        return;
    }
    memcpy(grown + last->insert.text.len, text.ptr, text.len);
    last->insert.text = ops_str_of(grown, last->insert.text.len + text.len);
    build->tail_owned = true;
}

void text_build_step(struct text_build *build, const struct text_step *step, int64_t count)
{
    struct ops_str head;

    if (step->kind != OPS_TEXT_COMPONENT_INSERT) {
        text_build_count(build, step->kind, count);
    } else if (count >= step->count) {
        text_build_insert(build, step->text);
    } else if (!text_cut(step->text, (size_t)count, build->arena, &head)) {
        build->failed = true;
    } else {
        text_build_insert(build, head);
    }
}

enum ops_err text_build_end(struct text_build *build, const struct ops_text_op **op)
{
    struct ops_text_op *made;

    if (build->failed)
        return OPS_ERR_NOMEM;
    ops_arena_shrink(build->arena, build->components, (build->room + 1) * sizeof *build->components,
                     (build->count + 1) * sizeof *build->components);
    made = (struct ops_text_op *)ops_arena_alloc(build->arena, sizeof *made);
    if (made == NULL)
        return OPS_ERR_NOMEM;
    made->components = build->components;
    made->components_count = build->count;
    *op = made;
    return OPS_OK;
}
