#include "walk.h"

struct walk_list {
    const char *items;
    size_t count;
};

/* The JSON name of a field, in whichever shape has one. */
static struct ops_str walk_name(const struct ops_field *f)
{
    struct ops_lit name = f->name[OPS_SHAPE_V1].ptr != NULL ? f->name[OPS_SHAPE_V1] : f->name[OPS_SHAPE_REF];

    return name.ptr == NULL ? ops_str_of(NULL, 0) : ops_str_of(name.ptr + 2, name.len - 4);
}

static bool walk_is(const struct ops_field *f, const char *name)
{
    return ops_str_equal(walk_name(f), ops_str_of(name, strlen(name)));
}

struct ops_str conf_field_text(const struct ops_message *type, const void *message, const char *name)
{
    struct ops_str text = {NULL, 0};
    uint8_t i;

    for (i = 0; i < type->field_count; i++) {
        const struct ops_field *f = &type->fields[i];

        if (f->type == OPS_TYPE_STRING && (f->flags & (OPS_FIELD_REPEATED | OPS_FIELD_VARIANT)) == 0 &&
            walk_is(f, name))
            memcpy(&text, (const char *)message + f->offset, sizeof text);
    }
    return text;
}

const struct ops_field *conf_variant(const struct ops_message *type, const void *message)
{
    int32_t set = 0;
    uint8_t i;

    if (type->oneof == NULL)
        return NULL;
    memcpy(&set, (const char *)message + type->oneof->offset, sizeof set);
    for (i = 0; i < type->oneof->count; i++) {
        if (type->fields[type->oneof->first + i].number == set)
            return &type->fields[type->oneof->first + i];
    }
    return NULL;
}

static void walk_message(const struct ops_message *type, const char *message, struct ops_str document_id,
                         conf_visit visit, void *self);

static void walk_bytes(const struct ops_field *f, const char *place, struct ops_str document_id, conf_visit visit,
                       void *self)
{
    struct conf_inner inner;

    memcpy(&inner.bytes, place, sizeof inner.bytes);
    inner.document_id = document_id;
    inner.is_document = walk_is(f, "snapshot") || walk_is(f, "state");
    if (inner.is_document || walk_is(f, "payload") || walk_is(f, "operation"))
        visit(self, &inner);
}

static void walk_field(const struct ops_field *f, const char *place, struct ops_str document_id, conf_visit visit,
                       void *self)
{
    const struct ops_message *of = (const struct ops_message *)f->of;
    struct walk_list list;
    size_t i;

    if (f->type == OPS_TYPE_BYTES && (f->flags & OPS_FIELD_REPEATED) == 0 && f->as[OPS_SHAPE_V1] == OPS_AS_PLAIN)
        walk_bytes(f, place, document_id, visit, self);
    if (f->type != OPS_TYPE_MESSAGE)
        return;
    if ((f->flags & OPS_FIELD_VARIANT) != 0) {
        walk_message(of, place, document_id, visit, self);
        return;
    }
    memcpy(&list.items, place, sizeof list.items);
    list.count = 1;
    if ((f->flags & OPS_FIELD_REPEATED) != 0)
        memcpy(&list, place, sizeof list);
    for (i = 0; list.items != NULL && i < list.count; i++)
        walk_message(of, list.items + i * of->size, document_id, visit, self);
}

static void walk_message(const struct ops_message *type, const char *message, struct ops_str document_id,
                         conf_visit visit, void *self)
{
    const struct ops_field *variant = conf_variant(type, message);
    struct ops_str own = conf_field_text(type, message, "documentId");
    uint8_t i;

    for (i = 0; i < type->field_count; i++) {
        const struct ops_field *f = &type->fields[i];

        if ((f->flags & OPS_FIELD_VARIANT) != 0 && f != variant)
            continue;
        walk_field(f, message + f->offset, own.ptr != NULL ? own : document_id, visit, self);
    }
}

void conf_walk(const struct ops_message *type, const void *message, conf_visit visit, void *self)
{
    walk_message(type, (const char *)message, ops_str_of(NULL, 0), visit, self);
}

void conf_walk_fill(const struct ops_message *type, void *message)
{
    const struct ops_field *variant = conf_variant(type, message);
    uint8_t i;

    for (i = 0; i < type->field_count; i++) {
        const struct ops_field *f = &type->fields[i];
        const struct ops_str peer = OPS_STR("peer");

        if (f->type == OPS_TYPE_STRING && (f->flags & OPS_FIELD_REPEATED) == 0 && walk_name(f).ptr == NULL &&
            (f->flags & OPS_FIELD_VARIANT) == 0)
            memcpy((char *)message + f->offset, &peer, sizeof peer);
    }
    if (variant != NULL && variant->type == OPS_TYPE_MESSAGE)
        conf_walk_fill((const struct ops_message *)variant->of, (char *)message + variant->offset);
}
