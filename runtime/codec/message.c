/* Copies and compares the structs of any message.
 *
 * The walks recurse as deep as the schema nests. Must not know: any message. */
#include "message.h"

#include "list.h"

static bool message_copy_parts(const struct ops_message *type, struct ops_arena *arena, char *message);

/* Which variant of the oneof is set: a field number, 0 for none. */
static int32_t message_variant_number(const struct ops_message *type, const char *message)
{
    int32_t number;

    memcpy(&number, message + type->oneof->offset, sizeof number);
    return number;
}

/* False for the variants of a oneof that are not set: their bytes are another variant's. */
static bool message_has_room_for(const struct ops_message *type, const struct ops_field *f, const char *message)
{
    return (f->flags & OPS_FIELD_VARIANT) == 0 || message_variant_number(type, message) == f->number;
}

/* ---- copy ------------------------------------------------------------------------------------------------------- */

/* Each of these is called for a place that holds a plain copy of the original bytes, and replaces what they point to. */

static bool message_copy_str(struct ops_arena *arena, char *place)
{
    struct ops_str s;

    memcpy(&s, place, sizeof s);
    if (s.ptr == NULL)
        return true;
    if (!ops_arena_copy(arena, s, &s))
        return false;
    memcpy(place, &s, sizeof s);
    return true;
}

/* `place` holds a pointer to `count` elements. */
static bool message_copy_elements(struct ops_arena *arena, const struct ops_message *type, size_t element_bytes, size_t count,
                                  char *place)
{
    const char *from;
    char *to;
    size_t i;

    memcpy(&from, place, sizeof from);
    to = (char *)ops_arena_array(arena, count, element_bytes);
    if (to == NULL)
        return false;
    memcpy(to, from, count * element_bytes);
    memcpy(place, &to, sizeof to);
    for (i = 0; i < count; i++, to += element_bytes) {
        if (type != NULL ? !message_copy_parts(type, arena, to) : !message_copy_str(arena, to))
            return false;
    }
    return true;
}

static bool message_copy_list(struct ops_arena *arena, const struct ops_field *f, char *place)
{
    struct codec_list list;

    memcpy(&list, place, sizeof list);
    if (list.count == 0) {
        list.items = list.items != NULL ? (const void *)&ops_empty_list : NULL;
        memcpy(place, &list, sizeof list);
        return true;
    }
    return message_copy_elements(arena, f->type == OPS_TYPE_MESSAGE ? (const struct ops_message *)f->of : NULL,
                                 codec_element_bytes(f), list.count, place);
}

static bool message_copy_any(struct ops_arena *arena, char *place)
{
    struct ops_any any;

    memcpy(&any, place, sizeof any);
    if (any.message != NULL && any.type != NULL &&
        !message_copy_elements(arena, any.type, any.type->size, 1, place + offsetof(struct ops_any, message)))
        return false;
    return message_copy_str(arena, place + offsetof(struct ops_any, raw));
}

static bool message_copy_field(struct ops_arena *arena, const struct ops_field *f, char *place)
{
    const void *message;

    if ((f->flags & OPS_FIELD_REPEATED) != 0)
        return message_copy_list(arena, f, place);
    if (f->as[OPS_SHAPE_V1] == OPS_AS_ANY)
        return message_copy_any(arena, place);
    switch ((enum ops_type)f->type) {
    case OPS_TYPE_STRING:
    case OPS_TYPE_BYTES:
        return message_copy_str(arena, place);
    case OPS_TYPE_MESSAGE:
        if ((f->flags & OPS_FIELD_VARIANT) != 0)
            return message_copy_parts((const struct ops_message *)f->of, arena, place);
        memcpy(&message, place, sizeof message);
        return message == NULL || message_copy_elements(arena, (const struct ops_message *)f->of,
                                                        ((const struct ops_message *)f->of)->size, 1, place);
    case OPS_TYPE_BOOL:
    case OPS_TYPE_INT32:
    case OPS_TYPE_INT64:
    case OPS_TYPE_ENUM:
    case OPS_TYPE_TIME:
        break;
    }
    return true;
}

static bool message_copy_parts(const struct ops_message *type, struct ops_arena *arena, char *message)
{
    uint8_t i;

    for (i = 0; i < type->field_count; i++) {
        const struct ops_field *f = &type->fields[i];

        if (message_has_room_for(type, f, message) && !message_copy_field(arena, f, message + f->offset))
            return false;
    }
    return true;
}

bool ops_message_copy(const struct ops_message *type, const void *from, struct ops_arena *arena, void *to)
{
    struct ops_arena_mark before = ops_arena_here(arena);

    memcpy(to, from, type->size);
    if (message_copy_parts(type, arena, (char *)to))
        return true;
    ops_arena_rewind(arena, before);
    memset(to, 0, type->size);
    return false;
}

/* ---- equal ------------------------------------------------------------------------------------------------------ */

static bool message_equal_str(const char *a, const char *b)
{
    struct ops_str x, y;

    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return ops_str_equal(x, y);
}

/* Two pointers to a message, each may be NULL. */
static bool message_equal_pointed(const struct ops_message *type, const void *a, const void *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    return a == b || ops_message_equal(type, a, b);
}

static bool message_equal_list(const struct ops_field *f, const char *a, const char *b)
{
    size_t element_bytes = codec_element_bytes(f), i;
    struct codec_list x, y;

    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    if (x.count != y.count || (x.items == NULL) != (y.items == NULL))
        return false;
    for (i = 0; i < x.count; i++) {
        const char *one = (const char *)x.items + i * element_bytes, *other = (const char *)y.items + i * element_bytes;

        if (f->type == OPS_TYPE_MESSAGE ? !ops_message_equal((const struct ops_message *)f->of, one, other)
                                        : !message_equal_str(one, other))
            return false;
    }
    return true;
}

static bool message_equal_any(const struct ops_any *a, const struct ops_any *b)
{
    if (!ops_str_equal(a->raw, b->raw) || (a->message == NULL) != (b->message == NULL))
        return false;
    if (a->message == NULL)
        return true;
    return a->type == b->type && a->field == b->field && a->call == b->call &&
           (a->message == b->message || (a->type != NULL && ops_message_equal(a->type, a->message, b->message)));
}

static bool message_equal_number(const struct ops_field *f, const void *a, const void *b)
{
    bool optional = (f->flags & OPS_FIELD_OPTIONAL) != 0;

    switch ((enum ops_type)f->type) {
    case OPS_TYPE_BOOL:
        if (optional && !((const struct ops_opt_bool *)a)->set)
            return !((const struct ops_opt_bool *)b)->set;
        return *(const bool *)a == *(const bool *)b && (!optional || ((const struct ops_opt_bool *)b)->set);
    case OPS_TYPE_INT32:
        if (optional && !((const struct ops_opt_int32 *)a)->set)
            return !((const struct ops_opt_int32 *)b)->set;
        return *(const int32_t *)a == *(const int32_t *)b && (!optional || ((const struct ops_opt_int32 *)b)->set);
    case OPS_TYPE_INT64:
        if (optional && !((const struct ops_opt_int64 *)a)->set)
            return !((const struct ops_opt_int64 *)b)->set;
        return *(const int64_t *)a == *(const int64_t *)b && (!optional || ((const struct ops_opt_int64 *)b)->set);
    default:
        return memcmp(a, b, sizeof(int32_t)) == 0; /* an enum */
    }
}

static bool message_equal_time(const struct ops_time *a, const struct ops_time *b)
{
    return a->set == b->set && (!a->set || (a->seconds == b->seconds && a->nanos == b->nanos));
}

static bool message_equal_field(const struct ops_field *f, const char *a, const char *b)
{
    const void *x, *y;

    if ((f->flags & OPS_FIELD_REPEATED) != 0)
        return message_equal_list(f, a, b);
    if (f->as[OPS_SHAPE_V1] == OPS_AS_ANY)
        return message_equal_any((const struct ops_any *)(const void *)a, (const struct ops_any *)(const void *)b);
    switch ((enum ops_type)f->type) {
    case OPS_TYPE_STRING:
    case OPS_TYPE_BYTES:
        return message_equal_str(a, b);
    case OPS_TYPE_TIME:
        return message_equal_time((const struct ops_time *)(const void *)a, (const struct ops_time *)(const void *)b);
    case OPS_TYPE_MESSAGE:
        if ((f->flags & OPS_FIELD_VARIANT) != 0)
            return ops_message_equal((const struct ops_message *)f->of, a, b);
        memcpy(&x, a, sizeof x);
        memcpy(&y, b, sizeof y);
        return message_equal_pointed((const struct ops_message *)f->of, x, y);
    case OPS_TYPE_BOOL:
    case OPS_TYPE_INT32:
    case OPS_TYPE_INT64:
    case OPS_TYPE_ENUM:
        break;
    }
    return message_equal_number(f, a, b);
}

bool ops_message_equal(const struct ops_message *type, const void *a, const void *b)
{
    const char *x = (const char *)a, *y = (const char *)b;
    uint8_t i;

    if (type->oneof != NULL && message_variant_number(type, x) != message_variant_number(type, y))
        return false;
    for (i = 0; i < type->field_count; i++) {
        const struct ops_field *f = &type->fields[i];

        if (message_has_room_for(type, f, x) && !message_equal_field(f, x + f->offset, y + f->offset))
            return false;
    }
    return true;
}
