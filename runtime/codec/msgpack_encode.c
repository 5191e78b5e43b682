/* Encodes the structs of any message as MessagePack: maps, unions, hub records, argument lists.
 *
 * Must not know: any message, any profile by name. */
#include "json_writer.h"
#include "msgpack_reader.h"
#include "msgpack_writer.h"

static const struct codec_list *mp_enc_list_of(const struct ops_field *f, const void *message)
{
    return (const struct codec_list *)(const void *)((const char *)message + f->offset);
}

/* One member, if the style writes it. */
static bool mp_enc_member(struct mp_writer *w, const struct ops_field *f, const void *message, size_t *count)
{
    struct ops_str name = mp_field_name(f);
    enum ops_absent absent = (enum ops_absent)f->absent[OPS_SHAPE_V1];
    bool is_absent;

    if (name.ptr == NULL || ((f->flags & OPS_FIELD_PLUS) != 0 && !w->style->plus))
        return true;
    is_absent = json_is_absent(f, message, OPS_SHAPE_V1);
    if (is_absent && (absent == OPS_ABSENT_OMIT || (absent == OPS_ABSENT_NULL && w->style->nulls_omitted)))
        return true;
    ++*count;
    return mp_write_str(w, name) &&
           (is_absent ? mp_write_absent(w, f) : mp_write_value(w, f, (enum ops_as)f->as[OPS_SHAPE_V1], message));
}

bool mp_write_members(struct mp_writer *w, const struct ops_message *type, const void *message, uint64_t skip,
                      size_t *count)
{
    uint8_t i;

    for (i = 0; i < type->field_count; i++) {
        const struct ops_field *f = &type->fields[i];

        if ((skip >> i & 1) != 0)
            continue;
        if ((f->flags & OPS_FIELD_SINGLE) != 0) {
            const struct codec_list *list = mp_enc_list_of(f, message);

            if (list->count > 0 && !mp_write_members(w, (const struct ops_message *)f->of, list->items, 0, count))
                return false;
        } else if (!mp_enc_member(w, f, message, count)) {
            return false;
        }
    }
    return true;
}

static uint64_t mp_enc_variants(const struct ops_message *type)
{
    return (((uint64_t)1 << type->oneof->count) - 1) << type->oneof->first;
}

static bool mp_enc_tag(struct mp_writer *w, const struct ops_oneof *o, const struct ops_variant *v, size_t *count)
{
    struct ops_lit name = o->tag_name[OPS_SHAPE_V1];

    ++*count;
    return mp_write_str(w, ops_str_of(name.ptr, name.len)) &&
           (o->integer ? mp_write_int(w, v->number) : mp_write_str(w, ops_str_of(v->tag.ptr, v->tag.len)));
}

static bool mp_enc_union(struct mp_writer *w, const struct ops_message *type, const void *message)
{
    const struct ops_field *variant = codec_variant_of(type, message);
    size_t start, count = 0;

    if (!mp_open(w, &start))
        return false;
    if (variant != NULL && !mp_enc_tag(w, type->oneof, variant->more->variant, &count))
        return false;
    if (!mp_write_members(w, type, message, mp_enc_variants(type), &count))
        return false;
    if (variant != NULL && variant->type == OPS_TYPE_MESSAGE &&
        !mp_write_members(w, (const struct ops_message *)variant->of, (const char *)message + variant->offset, 0,
                          &count))
        return false;
    return mp_close(w, start, count, true);
}

bool mp_write_message(struct mp_writer *w, const struct ops_message *type, const void *message)
{
    size_t start, count = 0;
    uint64_t skip = 0;

    if (type->oneof != NULL && type->oneof->tag_name[OPS_SHAPE_V1].ptr != NULL)
        return mp_is_record(type) ? mp_write_record(w, type, message) : mp_enc_union(w, type, message);
    if (type->oneof != NULL) { /* ordinary members: all variants but the one that is set are not there */
        const struct ops_field *variant = codec_variant_of(type, message);

        skip = mp_enc_variants(type) & ~(variant != NULL ? (uint64_t)1 << (variant - type->fields) : 0);
    }
    return mp_open(w, &start) && mp_write_members(w, type, message, skip, &count) && mp_close(w, start, count, true);
}

/* ---- arguments of a hub call ------------------------------------------------------------------------------------- */

static bool mp_enc_argument(struct mp_writer *w, const struct ops_field *f, const void *message)
{
    enum ops_as as = (enum ops_as)f->as[OPS_SHAPE_V1];

    if ((f->flags & OPS_FIELD_SINGLE) != 0) {
        const struct codec_list *list = mp_enc_list_of(f, message);

        return list->count > 0 ? mp_write_message(w, (const struct ops_message *)f->of, list->items) : mp_write_nil(w);
    }
    if (json_is_absent(f, message, OPS_SHAPE_V1))
        return f->absent[OPS_SHAPE_V1] == OPS_ABSENT_OMIT ? mp_write_nil(w) : mp_write_absent(w, f);
    return mp_write_value(w, f, as == OPS_AS_JSON_IN_STRING ? OPS_AS_OPAQUE : as, message);
}

bool mp_write_arguments(struct mp_writer *w, const struct ops_call *call, const void *message)
{
    size_t start, items = 0;
    uint8_t i, count = 0;

    for (i = 0; i < call->argument_count; i++) { /* absent + arguments at the end are left out */
        const struct ops_field *f = &call->message->fields[call->arguments[i].field];
        bool ours = call->arguments[i].plus || (f->flags & OPS_FIELD_PLUS) != 0;

        if (f->name[OPS_SHAPE_V1].ptr != NULL &&
            (!ours || (w->style->plus && !json_is_absent(f, message, OPS_SHAPE_V1))))
            count = (uint8_t)(i + 1);
    }
    if (!mp_open(w, &start))
        return false;
    for (i = 0; i < count; i++) {
        const struct ops_field *f = &call->message->fields[call->arguments[i].field];

        if (f->name[OPS_SHAPE_V1].ptr == NULL)
            continue;
        items++;
        if (!mp_enc_argument(w, f, message))
            return false;
    }
    return mp_close(w, start, items, false);
}

/* ---- entry points ------------------------------------------------------------------------------------------------ */

static enum ops_err mp_enc_finish(struct mp_writer *w, bool ok, size_t before)
{
    if (ok)
        return OPS_OK;
    w->buf->len = before;
    return w->error;
}

static void mp_enc_start(struct mp_writer *w, const struct ops_json_style *style, struct ops_buf *out)
{
    w->buf = out;
    w->style = style;
    w->error = OPS_OK;
}

enum ops_err ops_msgpack_encode(const struct ops_message *type, const struct ops_json_style *style, const void *message,
                                struct ops_buf *out)
{
    size_t before = out->len;
    struct mp_writer w;

    mp_enc_start(&w, style, out);
    return mp_enc_finish(&w, mp_write_message(&w, type, message), before);
}

enum ops_err ops_msgpack_encode_arguments(const struct ops_call *call, const struct ops_json_style *style,
                                          const void *message, struct ops_buf *out)
{
    size_t before = out->len;
    struct mp_writer w;

    mp_enc_start(&w, style, out);
    return mp_enc_finish(&w, mp_write_arguments(&w, call, message), before);
}
