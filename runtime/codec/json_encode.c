/* Encodes the structs of any message as JSON: objects and their members, in the order of the schema.
 *
 * Every byte is stored once, into room that was reserved by an upper bound. Must not know: any message, any profile by name. */
#include "json_writer.h"
#include "list.h"
#include "runtime/base/num.h"

/* Most messages fit into one growth, which costs as much as several members. */
enum { JSON_GROW_BYTES = 512 };

bool json_writer_grow(struct json_writer *w, size_t bytes)
{
    char *room;

    ops_buf_advance(w->buf, w->at);
    room = ops_buf_reserve(w->buf, bytes < JSON_GROW_BYTES ? (size_t)JSON_GROW_BYTES : bytes);
    if (room == NULL)
        room = ops_buf_reserve(w->buf, bytes);
    if (room == NULL)
        return false;
    w->at = room;
    w->end = w->buf->ptr + w->buf->cap;
    return true;
}

static const struct codec_list *json_list_of(const struct ops_field *f, const void *message)
{
    return (const struct codec_list *)(const void *)((const char *)message + f->offset);
}

static bool json_scalar_is_zero(const struct ops_field *f, const void *place)
{
    switch ((enum ops_type)f->type) {
    case OPS_TYPE_BOOL:
        return !*(const bool *)place;
    case OPS_TYPE_INT32:
        return *(const int32_t *)place == 0;
    case OPS_TYPE_INT64:
        return *(const int64_t *)place == 0;
    default:
        return *(const int *)place == 0;
    }
}

bool json_is_absent(const struct ops_field *f, const void *message, uint8_t shape)
{
    const void *place = (const char *)message + f->offset;
    bool optional = (f->flags & OPS_FIELD_OPTIONAL) != 0;

    if ((f->flags & OPS_FIELD_REPEATED) != 0) {
        const struct codec_list *list = (const struct codec_list *)place;
        bool is_map = f->more != NULL && f->more->map != NULL;

        return list->items == NULL || (is_map && list->count == 0 && f->absent[shape] == OPS_ABSENT_OMIT);
    }
    if (f->as[shape] == OPS_AS_ANY) {
        const struct ops_any *any = (const struct ops_any *)place;

        return any->raw.ptr == NULL && any->message == NULL;
    }
    switch ((enum ops_type)f->type) {
    case OPS_TYPE_STRING:
    case OPS_TYPE_BYTES:
        return ((const struct ops_str *)place)->ptr == NULL;
    case OPS_TYPE_TIME:
        return !((const struct ops_time *)place)->set;
    case OPS_TYPE_MESSAGE:
        return (f->flags & OPS_FIELD_VARIANT) == 0 && *(const void *const *)place == NULL;
    case OPS_TYPE_BOOL:
        if (optional)
            return !((const struct ops_opt_bool *)place)->set;
        break;
    case OPS_TYPE_INT32:
        if (optional)
            return !((const struct ops_opt_int32 *)place)->set;
        break;
    case OPS_TYPE_INT64:
        if (optional)
            return !((const struct ops_opt_int64 *)place)->set;
        break;
    case OPS_TYPE_ENUM:
        break;
    }
    /* A plain number has no absence of its own: where it may be left out, zero is what is left out. */
    return f->absent[shape] == OPS_ABSENT_OMIT && json_scalar_is_zero(f, place);
}

bool json_write_absent(struct json_writer *w, const struct ops_field *f)
{
    return f->absent[w->shape] == OPS_ABSENT_NULL ? json_write_text(w, "null", 4) : json_write_zero(w, f);
}

static bool json_write_slot(struct json_writer *w, const struct ops_field *variant, const void *message)
{
    const struct ops_message *type = (const struct ops_message *)variant->of;
    const void *value = (const char *)message + variant->offset;
    const struct ops_field *f;

    if (variant->more->variant->slot_value == OPS_MAP_WHOLE)
        return json_write_message(w, type, value);
    f = &type->fields[variant->more->variant->slot_value];
    return json_is_absent(f, value, w->shape) ? json_write_absent(w, f)
                                              : json_write_value(w, f, (enum ops_as)f->as[w->shape], value);
}

bool json_write_envelope(struct json_writer *w, const struct ops_message *type, const void *message)
{
    const struct ops_envelope *e = type->envelope;
    const struct ops_field *variant = codec_variant_of(type, message);
    bool first = true;
    uint8_t i;

    if (!json_write_char(w, '{') || !json_write_members(w, type, message, json_variant_mask(type), &first) ||
        !json_write_literal(w, e->type_name, &first) || !json_room_for(w, OPS_INT64_CHARS))
        return false;
    w->at = ops_int64_write(w->at, variant != NULL ? variant->more->variant->number : 0);
    for (i = 0; i < e->slot_count; i++) {
        bool used = variant != NULL && variant->more->variant->slot == i;

        if (!used && w->style->nulls_omitted)
            continue;
        if (!json_write_literal(w, e->slots[i], &first))
            return false;
        if (!(used ? json_write_slot(w, variant, message) : json_write_text(w, "null", 4)))
            return false;
    }
    return json_write_char(w, '}');
}

/* ---- arguments of a hub call ------------------------------------------------------------------------------------- */

static bool json_write_argument(struct json_writer *w, const struct ops_field *f, const void *message)
{
    enum ops_as as = (enum ops_as)f->as[w->shape];

    if ((f->flags & OPS_FIELD_SINGLE) != 0) {
        const struct codec_list *list = json_list_of(f, message);

        return list->count > 0 ? json_write_message(w, (const struct ops_message *)f->of, list->items)
                               : json_write_text(w, "null", 4);
    }
    if (json_is_absent(f, message, w->shape))
        return f->absent[w->shape] == OPS_ABSENT_OMIT ? json_write_text(w, "null", 4) : json_write_absent(w, f);
    return json_write_value(w, f, as == OPS_AS_JSON_IN_STRING ? OPS_AS_OPAQUE : as, message);
}

bool json_write_arguments(struct json_writer *w, const struct ops_call *call, const void *message)
{
    bool first = true;
    uint8_t i, count = 0;

    for (i = 0; i < call->argument_count; i++) { /* absent ones at the end are left out, where they may be */
        const struct ops_field *f = &call->message->fields[call->arguments[i].field];
        bool ours = call->arguments[i].plus || (f->flags & OPS_FIELD_PLUS) != 0;

        if (f->name[w->shape].ptr != NULL && (!ours || (w->style->plus && !json_is_absent(f, message, w->shape))))
            count = (uint8_t)(i + 1);
    }
    if (!json_write_char(w, '['))
        return false;
    for (i = 0; i < count; i++) {
        const struct ops_field *f = &call->message->fields[call->arguments[i].field];

        if (f->name[w->shape].ptr == NULL)
            continue;
        if (!first && !json_write_char(w, ','))
            return false;
        first = false;
        if (!json_write_argument(w, f, message))
            return false;
    }
    return json_write_char(w, ']');
}

/* ---- entry points ------------------------------------------------------------------------------------------------ */

static enum ops_err json_encode_with(bool (*write)(struct json_writer *, const void *, const void *), const void *what,
                                     const struct ops_json_style *style, const void *message, struct ops_buf *out)
{
    struct json_writer w;
    size_t before = out->len;

    w.buf = out;
    w.at = out->ptr != NULL ? out->ptr + out->len : NULL;
    w.end = out->ptr != NULL ? out->ptr + out->cap : NULL;
    w.style = style;
    w.shape = style->shape;
    if (!write(&w, what, message)) {
        out->len = before;
        return OPS_ERR_NOMEM;
    }
    ops_buf_advance(out, w.at);
    return OPS_OK;
}

static bool json_write_whole(struct json_writer *w, const void *type, const void *message)
{
    return json_write_message(w, (const struct ops_message *)type, message);
}

static bool json_write_call(struct json_writer *w, const void *call, const void *message)
{
    return json_write_arguments(w, (const struct ops_call *)call, message);
}

enum ops_err ops_json_encode(const struct ops_message *type, const struct ops_json_style *style, const void *message,
                             struct ops_buf *out)
{
    return json_encode_with(json_write_whole, type, style, message, out);
}

enum ops_err ops_json_encode_arguments(const struct ops_call *call, const struct ops_json_style *style, const void *message,
                                       struct ops_buf *out)
{
    return json_encode_with(json_write_call, call, style, message, out);
}
