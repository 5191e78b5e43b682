/* Checks of oneofs, and of names that meet in one JSON object. */
#include "check_private.h"

#include "text.h"

#include <string.h>

const char *check_tag_name(const struct oneof *o, int shape)
{
    const char *name = o->form == NULL ? NULL : shape == V1 ? o->form->v1 : o->form->ref;

    return name != NULL && strcmp(name, "-") != 0 ? name : NULL;
}

/* ---- variants ---------------------------------------------------------------------------------------------------- */

/* True when `tag` is the tag of a variant, or one of its aliases. */
static bool has_tag(const struct variant_form *v, const char *tag)
{
    size_t i;

    if (text_equal(v->tag, tag))
        return true;
    for (i = 0; i < v->alias.count; i++) {
        if (text_equal(v->alias.items[i], tag))
            return true;
    }
    return false;
}

/* In an envelope the number tells variants apart: they may share a slot, and a tag if they are the same message. */
static void check_pair(const struct message *m, const struct field *a, const struct field *b)
{
    const struct variant_form *x = a->variant, *y = b->variant;
    bool told_apart = m->envelope != NULL && x->has_number && y->has_number && x->number != y->number;
    size_t i;

    if (x->has_number && y->has_number && x->number == y->number)
        report(b->place, "variant `%s` has the number %d, like `%s`", b->name, y->number, a->name);
    if (x->slot != NULL && text_equal(x->slot, y->slot) && !told_apart)
        report(b->place, "variant `%s` has the slot \"%s\", like `%s`, and no number of its own", b->name, y->slot,
               a->name);
    if (told_apart && a->message == b->message)
        return;
    if (y->tag != NULL && has_tag(x, y->tag))
        report(b->place, "variant `%s` has the tag \"%s\", like `%s`", b->name, y->tag, a->name);
    for (i = 0; i < y->alias.count; i++) {
        if (has_tag(x, y->alias.items[i]))
            report(b->place, "variant `%s` has the alias \"%s\", like `%s`", b->name, y->alias.items[i], a->name);
    }
}

static void check_variant(const struct oneof *o, const struct field *f)
{
    size_t i, k;

    if (f->variant == NULL || (o->form->integer ? !f->variant->has_number : f->variant->tag == NULL)) {
        report(f->place, "variant `%s` has no %s; oneof `%s` has a discriminator", f->name,
               o->form->integer ? "number" : "tag", o->name);
        return;
    }
    if (f->kind != KIND_MESSAGE && f->kind != KIND_UNSUPPORTED)
        report(f->place, "variant `%s` is a %s; variants of an object with a discriminator are messages", f->name,
               f->type_name);
    for (i = 0; i < f->variant->alias.count; i++) {
        for (k = 0; k < i; k++) {
            if (text_equal(f->variant->alias.items[i], f->variant->alias.items[k]))
                report(f->place, "variant `%s` has the alias \"%s\" twice", f->name, f->variant->alias.items[i]);
        }
        if (text_equal(f->variant->alias.items[i], f->variant->tag))
            report(f->place, "variant `%s` has its tag as an alias", f->name);
    }
}

static void check_envelope(const struct message *m, const struct oneof *o)
{
    size_t i, k;

    if (m->envelope == NULL) {
        if (o != NULL && o->form != NULL && text_equal(o->form->ref, "-"))
            report(o->place, "oneof `%s` has ref \"-\", but %s has no envelope", o->name, m->name);
        return;
    }
    if (o == NULL || o->form == NULL)
        report(m->place, "message `%s` has an envelope and no oneof with a discriminator", m->name);
    if (m->envelope->type == NULL)
        report(m->place, "the envelope of `%s` has no type", m->name);
    for (i = 0; i < m->envelope->slots.count; i++) {
        for (k = 0; k < i; k++) {
            if (text_equal(m->envelope->slots.items[i], m->envelope->slots.items[k]))
                report(m->place, "the envelope of `%s` has the slot \"%s\" twice", m->name,
                       m->envelope->slots.items[i]);
        }
    }
}

void check_unions(const struct message *m)
{
    const struct oneof *o = m->oneof_count > 0 ? &m->oneofs[0] : NULL;
    size_t i, k;

    check_envelope(m, o);
    for (i = 0; i < m->field_count; i++) {
        if (m->fields[i].variant != NULL && (!m->fields[i].in_oneof || m->oneofs[0].form == NULL))
            report(m->fields[i].place, "field `%s` has option (v), but is no variant of a oneof with a discriminator",
                   m->fields[i].name);
    }
    if (o == NULL || o->form == NULL)
        return;
    if (o->form->v1 == NULL && o->form->ref == NULL)
        report(o->place, "oneof `%s` has option (one), which names no discriminator", o->name);
    for (i = 0; i < o->count; i++) {
        const struct field *f = &m->fields[o->first + i];

        check_variant(o, f);
        for (k = 0; k < i; k++) {
            if (f->variant != NULL && m->fields[o->first + k].variant != NULL)
                check_pair(m, &m->fields[o->first + k], f);
        }
    }
}

/* ---- names of members -------------------------------------------------------------------------------------------- */

enum { MEMBERS_LIMIT = 512 };

/* Names of one JSON object, while it is put together. */
struct members {
    const char *names[MEMBERS_LIMIT];
    size_t count;
    int shape;
};

static const char *const shape_names[SHAPES] = {"v1", "reference"};

static void add_name(struct members *all, const char *name, struct place place)
{
    size_t i;

    if (name == NULL || all->count == MEMBERS_LIMIT)
        return;
    for (i = 0; i < all->count; i++) {
        if (text_equal_any_case(all->names[i], name)) {
            report(place, "two members of one object are called \"%s\" in %s", name, shape_names[all->shape]);
            return;
        }
    }
    all->names[all->count++] = name;
}

/* The members that a message brings; a SINGLE list of v1 brings those of its element. `spread` false: not again. */
static void add_fields(struct members *all, const struct message *m, bool variants, const struct place *place,
                       bool spread)
{
    size_t i;

    for (i = 0; i < m->field_count; i++) {
        const struct field *f = &m->fields[i];
        struct place where = place != NULL ? *place : f->place;

        if (f->in_oneof && !variants)
            continue;
        if (all->shape == V1 && f->form.single && f->message != NULL && spread)
            add_fields(all, f->message, true, &where, false);
        else
            add_name(all, f->wire_name[all->shape], where);
    }
}

static void check_union_names(const struct message *m, const struct oneof *o, int shape)
{
    struct members own, all;
    size_t i;

    memset(&own, 0, sizeof own);
    own.shape = shape;
    add_name(&own, check_tag_name(o, shape), o->place);
    add_fields(&own, m, false, NULL, true);
    for (i = 0; i < o->count; i++) {
        const struct field *f = &m->fields[o->first + i];

        all = own;
        if (f->message != NULL && f->message->oneof_count > 0 && check_tag_name(&f->message->oneofs[0], shape) != NULL)
            report(f->place,
                   "variant `%s` has a discriminator of its own in %s; the members of both would be in one object",
                   f->name, shape_names[shape]);
        else if (f->message != NULL)
            add_fields(&all, f->message, true, &f->place, true);
    }
}

static void check_envelope_names(const struct message *m)
{
    struct members all;
    size_t i;

    memset(&all, 0, sizeof all);
    all.shape = REF;
    add_name(&all, m->envelope->type, m->place);
    for (i = 0; i < m->envelope->slots.count; i++)
        add_name(&all, m->envelope->slots.items[i], m->place);
    add_fields(&all, m, false, NULL, false);
}

void check_member_names(const struct message *m)
{
    struct members all;
    int shape;

    for (shape = V1; shape < SHAPES; shape++) {
        if (m->oneof_count > 0 && check_tag_name(&m->oneofs[0], shape) != NULL) {
            check_union_names(m, &m->oneofs[0], shape);
            continue;
        }
        if (shape == REF && m->envelope != NULL) {
            check_envelope_names(m);
            continue;
        }
        memset(&all, 0, sizeof all);
        all.shape = shape;
        add_fields(&all, m, true, NULL, true);
    }
}
