/* Hub records: arrays of a number and a variant's packed fields, both ways (msgpack.h). */
#include "json_writer.h"
#include "msgpack_reader.h"
#include "msgpack_writer.h"

bool mp_is_record(const struct ops_message *type)
{
    const struct ops_oneof *o = type->oneof;
    uint8_t i;

    for (i = 0; o != NULL && o->integer && i < o->count; i++) {
        const struct ops_field *f = &type->fields[o->first + i];

        if (f->type == OPS_TYPE_MESSAGE && ((const struct ops_message *)f->of)->packed != NULL)
            return true;
    }
    return false;
}

/* Whether the packed fields `i` and `i` + 1 are one outcome. */
static bool mp_rec_is_outcome(const struct ops_message *type, unsigned i)
{
    const struct ops_field *error, *result;

    if (i + 2 != type->packed_count)
        return false;
    error = &type->fields[type->packed[i]];
    result = &type->fields[type->packed[i + 1]];
    return error->type == OPS_TYPE_STRING && error->as[OPS_SHAPE_V1] == OPS_AS_PLAIN &&
           (error->flags & OPS_FIELD_REPEATED) == 0 && error->absent[OPS_SHAPE_V1] != OPS_ABSENT_REQUIRED &&
           result->as[OPS_SHAPE_V1] == OPS_AS_ANY && result->absent[OPS_SHAPE_V1] != OPS_ABSENT_REQUIRED;
}

/* ---- in ---------------------------------------------------------------------------------------------------------- */

/* One item of a record. An optional string that is empty, and an opaque value that is an empty map, are absent. */
static bool mp_rec_read_item(struct mp_reader *r, const struct ops_field *f, void *message)
{
    enum ops_as as = (enum ops_as)f->as[OPS_SHAPE_V1];
    struct ops_str *text = (struct ops_str *)(void *)((char *)message + f->offset);

    if (!mp_read_field(r, f, message))
        return false;
    if (f->absent[OPS_SHAPE_V1] == OPS_ABSENT_REQUIRED || (f->flags & OPS_FIELD_REPEATED) != 0)
        return true;
    if ((as == OPS_AS_PLAIN && f->type == OPS_TYPE_STRING && text->len == 0) ||
        (as == OPS_AS_OPAQUE && ops_str_equal(*text, OPS_STR("{}"))))
        *text = ops_str_of(NULL, 0);
    return true;
}

/* The end of a packed message that is an outcome: a kind, then its value. */
static bool mp_rec_read_outcome(struct mp_reader *r, const struct ops_field *error, const struct ops_field *result,
                                size_t *items, void *message)
{
    const char *at = r->at;
    struct mp_token kind;

    if (*items == 0)
        return mp_fail_at(r, OPS_REASON_HUB_RECORD, at);
    if (!mp_next(r, &kind))
        return false;
    if (kind.kind != MP_INT || kind.integer < 1 || kind.integer > 3)
        return mp_fail_at(r, OPS_REASON_HUB_RECORD, at);
    --*items;
    if (kind.integer == 2)
        return true;
    if (*items == 0)
        return mp_fail_at(r, OPS_REASON_HUB_RECORD, at);
    --*items;
    if (kind.integer == 3)
        return mp_read_field(r, result, message);
    return mp_at_nil(r) ? mp_fail_at(r, OPS_REASON_WANT_STRING, r->at) : mp_read_field(r, error, message);
}

static bool mp_rec_read_packed(struct mp_reader *r, const struct ops_message *type, void *message, size_t *items,
                               const char *begin)
{
    uint8_t i;

    for (i = 0; i < type->packed_count; i++) {
        uint8_t index = type->packed[i];
        const struct ops_field *f = &type->fields[index];

        if (mp_rec_is_outcome(type, i))
            return mp_rec_read_outcome(r, f, &type->fields[type->packed[i + 1]], items, message);
        if (*items > 0) {
            --*items;
            if (!mp_rec_read_item(r, f, message))
                return false;
        } else if (f->absent[OPS_SHAPE_V1] == OPS_ABSENT_REQUIRED) {
            r->member = mp_field_name(f);
            return mp_fail_at(r, OPS_REASON_MISSING, begin);
        }
    }
    return true;
}

bool mp_read_record(struct mp_reader *r, const struct ops_message *type, void *out)
{
    const struct ops_field *variant;
    const char *begin = r->at, *at;
    struct mp_token number;
    size_t items;

    if (!mp_open_container(r, MP_ARRAY, OPS_REASON_HUB_RECORD, &items))
        return false;
    if (items == 0)
        return mp_fail_at(r, OPS_REASON_HUB_RECORD, begin);
    at = r->at;
    if (!mp_next(r, &number))
        return false;
    if (number.kind != MP_INT)
        return mp_fail_at(r, OPS_REASON_HUB_RECORD, at);
    items--;
    variant = codec_variant_numbered(type, number.integer);
    if (variant != NULL) {
        mp_choose_variant(r, type, variant, out);
        if (!mp_rec_read_packed(r, (const struct ops_message *)variant->of, (char *)out + variant->offset, &items,
                                begin))
            return false;
    }
    for (; items > 0; items--) {
        if (!mp_skip(r))
            return false;
    }
    r->depth--;
    return variant != NULL ? true : mp_fail_at(r, OPS_REASON_UNKNOWN_VARIANT, at);
}

/* ---- out --------------------------------------------------------------------------------------------------------- */

/* Whether an item has no value. Unlike a member of an object, a number without presence always has one, and an empty
 * list is one. */
static bool mp_rec_absent(const struct ops_field *f, const void *message)
{
    const void *place = (const char *)message + f->offset;
    bool number =
        f->type == OPS_TYPE_BOOL || f->type == OPS_TYPE_INT32 || f->type == OPS_TYPE_INT64 || f->type == OPS_TYPE_ENUM;

    if ((f->flags & OPS_FIELD_REPEATED) != 0)
        return ((const struct codec_list *)place)->items == NULL;
    return number && (f->flags & OPS_FIELD_OPTIONAL) == 0 ? false : json_is_absent(f, message, OPS_SHAPE_V1);
}

static bool mp_rec_write_item(struct mp_writer *w, const struct ops_field *f, const void *message)
{
    if (!mp_rec_absent(f, message))
        return mp_write_value(w, f, (enum ops_as)f->as[OPS_SHAPE_V1], message);
    if (f->as[OPS_SHAPE_V1] == OPS_AS_OPAQUE || (f->more != NULL && f->more->map != NULL))
        return mp_write_empty(w, true);
    return f->absent[OPS_SHAPE_V1] == OPS_ABSENT_REQUIRED ? mp_write_absent(w, f) : mp_write_nil(w);
}

static bool mp_rec_write_outcome(struct mp_writer *w, const struct ops_field *error, const struct ops_field *result,
                                 const void *message, size_t *count)
{
    bool failed = !mp_rec_absent(error, message), valued = !mp_rec_absent(result, message);

    *count += failed || valued ? 2 : 1;
    if (failed)
        return mp_write_int(w, 1) && mp_rec_write_item(w, error, message);
    return valued ? mp_write_int(w, 3) && mp_rec_write_item(w, result, message) : mp_write_int(w, 2);
}

/* How many packed fields are written: absent ones at the end that need not be there are not. */
static uint8_t mp_rec_count(const struct ops_message *type, const void *message)
{
    uint8_t count = type->packed_count;

    while (count > 0) {
        const struct ops_field *f = &type->fields[type->packed[count - 1]];

        if (f->absent[OPS_SHAPE_V1] == OPS_ABSENT_REQUIRED || !mp_rec_absent(f, message))
            break;
        count--;
    }
    return count;
}

static bool mp_rec_write_packed(struct mp_writer *w, const struct ops_message *type, const void *message, size_t *count)
{
    bool outcome = type->packed_count >= 2 && mp_rec_is_outcome(type, type->packed_count - 2u);
    uint8_t i, end = outcome ? (uint8_t)(type->packed_count - 2) : mp_rec_count(type, message);

    for (i = 0; i < end; i++) {
        if (!mp_rec_write_item(w, &type->fields[type->packed[i]], message))
            return false;
    }
    *count += end;
    return !outcome || mp_rec_write_outcome(w, &type->fields[type->packed[end]], &type->fields[type->packed[end + 1]],
                                            message, count);
}

bool mp_write_record(struct mp_writer *w, const struct ops_message *type, const void *message)
{
    const struct ops_field *variant = codec_variant_of(type, message);
    size_t start, count = 0;

    if (!mp_open(w, &start))
        return false;
    if (variant != NULL) {
        count = 1;
        if (!mp_write_int(w, variant->more->variant->number) ||
            !mp_rec_write_packed(w, (const struct ops_message *)variant->of, (const char *)message + variant->offset,
                                 &count))
            return false;
    }
    return mp_close(w, start, count, false);
}
