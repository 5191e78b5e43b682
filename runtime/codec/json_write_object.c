/* Encodes objects and lists: the members of a message in the order of its shape.
 *
 * The functions named json_put_ take the place to write to and return the place behind what they wrote, so that it stays in a
 * register, or NULL when there is no room. They write what nearly every message is made of; other fields go to the functions named
 * json_write_, which keep the place in `w`. */
#include "json_put.h"
#include "list.h"

/* ---- members -------------------------------------------------------------------------------------------------------- */

/* Any member, if the style writes it. */
static bool json_write_member(struct json_writer *w, const struct ops_field *f, const void *message, bool *first)
{
    uint8_t shape = w->shape;
    struct ops_lit name = f->name[shape];

    if (name.ptr == NULL || ((f->flags & OPS_FIELD_PLUS) != 0 && !w->style->plus))
        return true;
    if (!json_is_absent(f, message, shape))
        return json_write_literal(w, name, first) && json_write_value(w, f, (enum ops_as)f->as[shape], message);
    if (f->absent[shape] == OPS_ABSENT_OMIT || (f->absent[shape] == OPS_ABSENT_NULL && w->style->nulls_omitted))
        return true;
    return json_write_literal(w, name, first) && json_write_absent(w, f);
}

static char *json_put_list(struct json_writer *w, const struct ops_field *f, const void *place, char *at);

/* A member of the kinds that are left to json_write_: `*comma` is the 1 that its literal is shortened by when it is the first one. */
static char *json_put_any(struct json_writer *w, const struct ops_field *f, const void *message, size_t *comma, char *at)
{
    bool first = *comma != 0;

    w->at = at;
    if (!json_write_member(w, f, message, &first))
        return NULL;
    *comma = first ? 1 : 0;
    return w->at;
}

JSON_INLINE char *json_put_name(struct ops_lit name, size_t *comma, char *at)
{
    at = json_store(at, name.ptr + *comma, name.len - *comma);
    *comma = 0;
    return at;
}

static inline char *json_put_member(struct json_writer *w, const struct ops_field *f, const void *message, size_t *comma, char *at)
{
    const void *place = (const char *)message + f->offset;
    struct ops_lit name = f->name[w->shape];
    const struct ops_str *text = (const struct ops_str *)place;
    int64_t number;

    if (f->as[w->shape] != OPS_AS_PLAIN)
        return json_put_any(w, f, message, comma, at);
    if (f->flags == OPS_FIELD_REPEATED && f->type == OPS_TYPE_MESSAGE && (f->more == NULL || f->more->map == NULL) &&
        ((const struct codec_list *)place)->items != NULL) {
        at = json_put_room(w, at, name.len);
        return at == NULL ? NULL : json_put_list(w, f, place, json_put_name(name, comma, at));
    }
    if (f->flags != 0)
        return json_put_any(w, f, message, comma, at);
    switch (f->type) {
    case OPS_TYPE_STRING:
        if (text->ptr == NULL || text->len > JSON_PUT_STRING_BYTES)
            break;
        at = json_put_room(w, at, name.len + ops_json_escape_bound(text->len) + 2);
        return at == NULL ? NULL : json_put_string(w, *text, json_put_name(name, comma, at));
    case OPS_TYPE_BYTES:
        if (text->ptr == NULL)
            break;
        at = json_put_room(w, at, name.len + ops_base64_encoded_bytes(text->len) + 2);
        return at == NULL ? NULL : json_put_base64(*text, json_put_name(name, comma, at));
    case OPS_TYPE_INT32:
    case OPS_TYPE_INT64:
        number = f->type == OPS_TYPE_INT32 ? *(const int32_t *)place : *(const int64_t *)place;
        if (number == 0 && f->absent[w->shape] == OPS_ABSENT_OMIT)
            break;
        at = json_put_room(w, at, name.len + OPS_INT64_CHARS);
        return at == NULL ? NULL : ops_int64_write(json_put_name(name, comma, at), number);
    default:
        break;
    }
    return json_put_any(w, f, message, comma, at);
}

static char *json_put_members(struct json_writer *w, const struct ops_message *type, const void *message, uint64_t skip,
                              size_t *comma, char *at)
{
    uint8_t i;

    for (i = 0; i < type->field_count; i++) {
        const struct ops_field *f = &type->fields[i];

        if ((skip >> i & 1) != 0 || f->name[w->shape].ptr == NULL)
            continue;
        if ((f->flags & OPS_FIELD_SINGLE) != 0 && w->shape == OPS_SHAPE_V1) {
            const struct codec_list *list = (const struct codec_list *)(const void *)((const char *)message + f->offset);

            if (list->count > 0)
                at = json_put_members(w, (const struct ops_message *)f->of, list->items, 0, comma, at);
        } else {
            at = json_put_member(w, f, message, comma, at);
        }
        if (at == NULL)
            return NULL;
    }
    return at;
}

bool json_write_members(struct json_writer *w, const struct ops_message *type, const void *message, uint64_t skip, bool *first)
{
    size_t comma = *first ? 1 : 0;
    char *at = json_put_members(w, type, message, skip, &comma, w->at);

    if (at == NULL)
        return false;
    w->at = at;
    *first = comma != 0;
    return true;
}

/* ---- objects and lists ------------------------------------------------------------------------------------------------ */

/* `"type":"retain"` */
static char *json_put_tag(struct json_writer *w, const struct ops_oneof *o, const struct ops_variant *v, char *at)
{
    struct ops_lit name = o->tag_name[w->shape];

    at = json_put_room(w, at, name.len + v->tag.len + OPS_INT64_CHARS + 8);
    if (at == NULL)
        return NULL;
    *at++ = '"';
    at = json_store(at, name.ptr, name.len);
    if (o->integer) {
        *at++ = '"';
        *at++ = ':';
        return ops_int64_write(at, v->number);
    }
    memcpy(at, "\":\"", 4);
    at = json_store(at + 3, v->tag.ptr, v->tag.len);
    *at++ = '"';
    return at;
}

/* An object with a discriminator; `at` is behind its '{'. */
static char *json_put_union(struct json_writer *w, const struct ops_message *type, const void *message, char *at)
{
    const struct ops_field *variant = codec_variant_of(type, message);
    uint64_t variants = json_variant_mask(type);
    size_t comma = 1;

    if (variant != NULL) {
        at = json_put_tag(w, type->oneof, variant->more->variant, at);
        comma = 0;
    }
    if (at != NULL && type->oneof->count != type->field_count)
        at = json_put_members(w, type, message, variants, &comma, at);
    if (at != NULL && variant != NULL)
        at = json_put_members(w, (const struct ops_message *)variant->of, (const char *)message + variant->offset, 0, &comma, at);
    return at;
}

/* A oneof without a discriminator is made of ordinary members: all but the one that is set are not there. */
static uint64_t json_unset_variants(const struct ops_message *type, const void *message)
{
    const struct ops_field *variant = codec_variant_of(type, message);

    return json_variant_mask(type) & ~(variant != NULL ? (uint64_t)1 << (variant - type->fields) : 0);
}

static char *json_put_message(struct json_writer *w, const struct ops_message *type, const void *message, char *at)
{
    size_t comma = 1;

    if (type->envelope != NULL && w->shape == OPS_SHAPE_REF) {
        w->at = at;
        return json_write_envelope(w, type, message) ? w->at : NULL;
    }
    at = json_put_char(w, at, '{');
    if (at == NULL)
        return NULL;
    if (type->oneof == NULL)
        at = json_put_members(w, type, message, 0, &comma, at);
    else if (type->oneof->tag_name[w->shape].ptr != NULL)
        at = json_put_union(w, type, message, at);
    else
        at = json_put_members(w, type, message, json_unset_variants(type, message), &comma, at);
    return at == NULL ? NULL : json_put_char(w, at, '}');
}

bool json_write_message(struct json_writer *w, const struct ops_message *type, const void *message)
{
    char *at = json_put_message(w, type, message, w->at);

    if (at == NULL)
        return false;
    w->at = at;
    return true;
}

static char *json_put_list(struct json_writer *w, const struct ops_field *f, const void *place, char *at)
{
    const struct codec_list *list = (const struct codec_list *)place;
    const struct ops_message *type = (const struct ops_message *)f->of;
    const char *element = (const char *)list->items;
    size_t i;

    at = json_put_char(w, at, '[');
    for (i = 0; at != NULL && i < list->count; i++, element += type->size) {
        if (i > 0)
            at = json_put_char(w, at, ',');
        if (at != NULL)
            at = json_put_message(w, type, element, at);
    }
    return at == NULL ? NULL : json_put_char(w, at, ']');
}
