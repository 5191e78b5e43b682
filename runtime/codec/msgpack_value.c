/* Decodes MessagePack values: what one field holds, of every kind. */
#include "msgpack_reader.h"
#include "msgpack_writer.h"
#include "runtime/base/utf.h"

enum { MP_ID_LIMIT_UTF16 = 64, MP_TIMESTAMP = -1 };
/* 2^53 - 1 */
static const int64_t mp_id_limit = 9007199254740991;
/* Of the years 1 to 9999. */
static const int64_t mp_first_second = -62135596800, mp_last_second = 253402300799;

/* Reads a token that must be of one kind. */
static bool mp_dec_want(struct mp_reader *r, enum mp_kind kind, enum ops_reason otherwise, struct mp_token *t)
{
    const char *at = r->at;

    if (!mp_next(r, t))
        return false;
    return t->kind == kind ? true : mp_fail_at(r, otherwise, at);
}

static bool mp_dec_bytes(struct mp_reader *r, enum mp_kind kind, enum ops_reason otherwise, struct ops_str *value)
{
    struct mp_token t;

    if (!mp_dec_want(r, kind, otherwise, &t))
        return false;
    *value = t.bytes;
    return true;
}

/* An integer of the field's own range: the declared one, else its type's. */
static bool mp_dec_integer(struct mp_reader *r, const struct ops_field *f, int64_t *value)
{
    const char *at = r->at;
    bool declared = f->more != NULL;
    int64_t min = declared ? f->more->min : f->type == OPS_TYPE_INT32 ? INT32_MIN : INT64_MIN;
    int64_t max = declared ? f->more->max : f->type == OPS_TYPE_INT32 ? INT32_MAX : INT64_MAX;
    struct mp_token t;

    if (!mp_next(r, &t))
        return false;
    if (t.kind == MP_INT && t.integer >= min && t.integer <= max) {
        *value = t.integer;
        return true;
    }
    r->min = min;
    r->max = max;
    return mp_fail_at(r, OPS_REASON_WANT_INTEGER, at);
}

/* By name in any letter case, or by number. */
static bool mp_dec_enum(struct mp_reader *r, const struct ops_field *f, int *value)
{
    const struct ops_enum *type = (const struct ops_enum *)f->of;
    const char *at = r->at;
    struct mp_token t;
    uint8_t i;

    if (!mp_next(r, &t))
        return false;
    for (i = 0; i < type->count; i++) {
        const struct ops_enum_value *v = &type->values[i];

        if (t.kind == MP_STR   ? codec_same_letters(t.bytes, ops_str_of(v->name.ptr, v->name.len))
            : t.kind == MP_INT ? t.integer == v->number
                               : false) {
            *value = v->number;
            return true;
        }
    }
    return mp_fail_at(r, OPS_REASON_WANT_ENUM, at);
}

static uint64_t mp_dec_big_endian(const char *at, unsigned bytes)
{
    uint64_t sum = 0;

    for (; bytes > 0; bytes--)
        sum = sum << 8 | (unsigned char)*at++;
    return sum;
}

/* A timestamp extension: seconds in 4 bytes; nanoseconds and seconds in 30 and 34 bits; or in 4 and 8 bytes. */
static bool mp_dec_time(struct mp_reader *r, struct ops_time *value)
{
    const char *at = r->at;
    uint64_t nanos = 0;
    int64_t seconds;
    struct mp_token t;

    if (!mp_dec_want(r, MP_EXT, OPS_REASON_WANT_TIME, &t))
        return false;
    if (t.ext_type != MP_TIMESTAMP || (t.bytes.len != 4 && t.bytes.len != 8 && t.bytes.len != 12))
        return mp_fail_at(r, OPS_REASON_WANT_TIME, at);
    if (t.bytes.len == 4) {
        seconds = (int64_t)mp_dec_big_endian(t.bytes.ptr, 4);
    } else if (t.bytes.len == 8) {
        uint64_t both = mp_dec_big_endian(t.bytes.ptr, 8);

        nanos = both >> 34;
        seconds = (int64_t)(both & (((uint64_t)1 << 34) - 1));
    } else {
        nanos = mp_dec_big_endian(t.bytes.ptr, 4);
        seconds = (int64_t)mp_dec_big_endian(t.bytes.ptr + 4, 8);
    }
    if (nanos > 999999999 || seconds < mp_first_second || seconds > mp_last_second)
        return mp_fail_at(r, OPS_REASON_WANT_TIME, at);
    value->seconds = seconds;
    value->nanos = (int32_t)nanos;
    value->set = true;
    return true;
}

static bool mp_dec_submessage(struct mp_reader *r, const struct ops_field *f, void *place)
{
    const struct ops_message *type = (const struct ops_message *)f->of;
    void *message;

    if ((f->flags & OPS_FIELD_VARIANT) != 0) {
        /* Of a oneof without discriminator: another variant may have been there. */
        memset(place, 0, type->size);
        return mp_read_message(r, type, place);
    }
    message = ops_arena_zalloc(r->arena, type->size);
    if (message == NULL)
        return mp_read_no_room(r);
    if (!mp_read_message(r, type, message))
        return false;
    memcpy(place, &message, sizeof message);
    return true;
}

static bool mp_dec_scalar(struct mp_reader *r, const struct ops_field *f, void *place)
{
    bool optional = (f->flags & OPS_FIELD_OPTIONAL) != 0;
    struct mp_token t;
    int64_t number;

    switch ((enum ops_type)f->type) {
    case OPS_TYPE_BOOL:
        if (!mp_dec_want(r, MP_BOOL, OPS_REASON_WANT_BOOL, &t))
            return false;
        *(bool *)place = t.truth;
        if (optional)
            ((struct ops_opt_bool *)place)->set = true;
        return true;
    case OPS_TYPE_INT32:
        if (!mp_dec_integer(r, f, &number))
            return false;
        *(int32_t *)place = (int32_t)number;
        if (optional)
            ((struct ops_opt_int32 *)place)->set = true;
        return true;
    case OPS_TYPE_INT64:
        if (!mp_dec_integer(r, f, &number))
            return false;
        *(int64_t *)place = number;
        if (optional)
            ((struct ops_opt_int64 *)place)->set = true;
        return true;
    case OPS_TYPE_ENUM:
        return mp_dec_enum(r, f, (int *)place);
    case OPS_TYPE_STRING:
        return mp_dec_bytes(r, MP_STR, OPS_REASON_WANT_STRING, (struct ops_str *)place);
    case OPS_TYPE_BYTES:
        return mp_dec_bytes(r, MP_BIN, OPS_REASON_WANT_BASE64, (struct ops_str *)place);
    case OPS_TYPE_TIME:
        return mp_dec_time(r, (struct ops_time *)place);
    case OPS_TYPE_MESSAGE:
        break;
    }
    return mp_dec_submessage(r, f, place);
}

/* ---- lists and maps ---------------------------------------------------------------------------------------------- */

static bool mp_dec_list(struct mp_reader *r, const struct ops_field *f, void *place)
{
    struct codec_growing list = {NULL, 0, 0, 0};
    size_t items;

    list.element_bytes = codec_element_bytes(f);
    if (!mp_open_container(r, MP_ARRAY, OPS_REASON_WANT_LIST, &items))
        return false;
    for (; items > 0; items--) {
        void *element = codec_list_add(&list, r->arena);

        if (element == NULL)
            return mp_read_no_room(r);
        if (mp_at_nil(r))
            return mp_fail_at(r, OPS_REASON_NULL_VALUE, r->at);
        if (f->type == OPS_TYPE_MESSAGE ? !mp_read_message(r, (const struct ops_message *)f->of, element)
            : f->type == OPS_TYPE_BYTES ? !mp_dec_bytes(r, MP_BIN, OPS_REASON_WANT_BASE64, (struct ops_str *)element)
                                        : !mp_dec_bytes(r, MP_STR, OPS_REASON_WANT_STRING, (struct ops_str *)element))
            return false;
    }
    r->depth--;
    codec_list_store(&list, r->arena, place);
    return true;
}

static struct ops_str mp_dec_key_of(const struct codec_growing *list, size_t key_offset, size_t i)
{
    struct ops_str key;

    memcpy(&key, list->items + i * list->element_bytes + key_offset, sizeof key);
    return key;
}

/* Sorts the entries; of equal keys the last one stays. */
static bool mp_dec_map_settle(struct mp_reader *r, struct codec_growing *list, size_t key_offset)
{
    struct codec_growing kept = *list;
    struct codec_list view;
    const uint32_t *order;
    size_t i;

    view.items = list->items;
    view.count = list->count;
    if (!mp_map_order(r->arena, &view, list->element_bytes, key_offset, &order))
        return mp_read_no_room(r);
    if (order == NULL)
        return true;
    kept.items = (char *)ops_arena_array(r->arena, list->count, list->element_bytes);
    kept.capacity = list->count;
    kept.count = 0;
    if (kept.items == NULL)
        return mp_read_no_room(r);
    for (i = 0; i < list->count; i++) {
        if (i + 1 < list->count &&
            ops_str_equal(mp_dec_key_of(list, key_offset, order[i]), mp_dec_key_of(list, key_offset, order[i + 1])))
            continue;
        memcpy(kept.items + kept.count++ * kept.element_bytes, list->items + order[i] * list->element_bytes,
               kept.element_bytes);
    }
    *list = kept;
    return true;
}

static bool mp_dec_map(struct mp_reader *r, const struct ops_field *f, void *place)
{
    const struct ops_message *type = (const struct ops_message *)f->of;
    const struct ops_map *map = f->more->map;
    const struct ops_field *key = &type->fields[map->key];
    struct codec_growing list = {NULL, 0, 0, 0};
    size_t pairs;

    list.element_bytes = type->size;
    if (!mp_open_container(r, MP_MAP, OPS_REASON_WANT_OBJECT, &pairs))
        return false;
    for (; pairs > 0; pairs--) {
        struct ops_str name;
        char *entry;

        if (!mp_dec_bytes(r, MP_STR, OPS_REASON_MSGPACK_TYPE, &name))
            return false;
        entry = (char *)codec_list_add(&list, r->arena);
        if (entry == NULL)
            return mp_read_no_room(r);
        memcpy(entry + key->offset, &name, sizeof name);
        if (map->value != OPS_MAP_WHOLE
                ? !mp_read_field(r, &type->fields[map->value], entry)
                : !mp_read_members_but(r, type, map->key_inside ? 0 : (uint64_t)1 << map->key, entry))
            return false;
    }
    r->depth--;
    if (!mp_dec_map_settle(r, &list, key->offset))
        return false;
    codec_list_store(&list, r->arena, place);
    return true;
}

/* ---- JSON texts -------------------------------------------------------------------------------------------------- */

static bool mp_dec_any(struct mp_reader *r, struct ops_str *value)
{
    const char *at = r->at;

    if (!mp_skip(r))
        return false;
    *value = ops_str_of(at, (size_t)(r->at - at));
    return true;
}

/* A message that is kept as JSON text: canonical, with all its + members. */
static bool mp_dec_typed(struct mp_reader *r, const struct ops_field *f, struct ops_str *value)
{
    const struct ops_message *type = (const struct ops_message *)f->of;
    struct ops_json_style style = *r->style;
    void *message = ops_arena_zalloc(r->arena, type->size);
    struct ops_buf text;

    if (message == NULL)
        return mp_read_no_room(r);
    if (!mp_read_message(r, type, message))
        return false;
    style.plus = true;
    ops_buf_init(&text, r->arena);
    if (ops_json_encode(type, &style, message, &text) != OPS_OK)
        return mp_read_no_room(r);
    ops_arena_shrink(r->arena, text.ptr, text.cap, text.len);
    *value = ops_buf_str(&text);
    return true;
}

static bool mp_dec_id(struct mp_reader *r, struct ops_str *value)
{
    const char *at = r->at;
    struct mp_token t;

    if (!mp_next(r, &t))
        return false;
    if (t.kind == MP_STR ? ops_utf16_length(t.bytes.ptr, t.bytes.len) > MP_ID_LIMIT_UTF16
                         : t.kind != MP_INT || t.integer < -mp_id_limit || t.integer > mp_id_limit)
        return mp_fail_at(r, OPS_REASON_WANT_ID, at);
    r->at = at;
    return mp_read_as_json(r, 0, value);
}

static bool mp_dec_opaque(struct mp_reader *r, struct ops_str *value)
{
    unsigned room = mp_depth_room(r), limit = r->style->opaque_depth_limit;

    return mp_read_as_json(r, room < limit ? room : limit, value);
}

/* ---- fields ------------------------------------------------------------------------------------------------------ */

static bool mp_dec_as(struct mp_reader *r, const struct ops_field *f, enum ops_as as, void *place)
{
    switch (as) {
    case OPS_AS_OPAQUE:
        return mp_dec_opaque(r, (struct ops_str *)place);
    case OPS_AS_JSON_IN_STRING:
        return mp_dec_bytes(r, MP_STR, OPS_REASON_WANT_STRING, (struct ops_str *)place);
    case OPS_AS_TYPED_JSON:
        return mp_dec_typed(r, f, (struct ops_str *)place);
    case OPS_AS_ID:
        return mp_dec_id(r, (struct ops_str *)place);
    case OPS_AS_ANY:
        return mp_dec_any(r, &((struct ops_any *)place)->raw);
    case OPS_AS_PLAIN:
        break;
    }
    if ((f->flags & OPS_FIELD_REPEATED) == 0)
        return mp_dec_scalar(r, f, place);
    return f->more != NULL && f->more->map != NULL ? mp_dec_map(r, f, place) : mp_dec_list(r, f, place);
}

/* Nil is absent for an optional field (whose memory is zero already), a value for an opaque one. */
static bool mp_dec_value(struct mp_reader *r, const struct ops_field *f, enum ops_as as, void *place)
{
    const char *at = r->at;
    bool nil = mp_at_nil(r);

    if (nil && as != OPS_AS_OPAQUE && as != OPS_AS_ANY) {
        r->at++;
        return f->absent[OPS_SHAPE_V1] != OPS_ABSENT_REQUIRED ? true : mp_fail_at(r, OPS_REASON_NULL_VALUE, at);
    }
    if (!nil && (f->flags & OPS_FIELD_PLUS) != 0)
        r->plus = true;
    return mp_dec_as(r, f, as, place);
}

bool mp_read_field(struct mp_reader *r, const struct ops_field *f, void *message)
{
    return mp_dec_value(r, f, (enum ops_as)f->as[OPS_SHAPE_V1], (char *)message + f->offset);
}

bool mp_read_argument(struct mp_reader *r, const struct ops_field *f, void *message)
{
    enum ops_as as = (enum ops_as)f->as[OPS_SHAPE_V1];
    struct codec_growing list = {NULL, 0, 0, 0};
    void *place = (char *)message + f->offset, *element;

    if ((f->flags & OPS_FIELD_SINGLE) == 0)
        return mp_dec_value(r, f, as == OPS_AS_JSON_IN_STRING ? OPS_AS_OPAQUE : as, place);
    list.element_bytes = codec_element_bytes(f);
    element = codec_list_add(&list, r->arena);
    if (element == NULL)
        return mp_read_no_room(r);
    codec_list_store(&list, r->arena, place);
    return mp_read_message(r, (const struct ops_message *)f->of, element);
}
