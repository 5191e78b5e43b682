/* Encodes JSON values: what one field holds, of every kind. */
#include "json_writer.h"
#include "list.h"
#include "runtime/base/base64.h"
#include "runtime/base/num.h"
#include "runtime/base/utf.h"

/* Long strings are escaped piece by piece, so that the room reserved is not six times their size. */
enum { JSON_PIECE_BYTES = 8192 };

/* Escapes the beginning of a string; the piece ends at a character's border. */
static bool json_write_piece(struct json_writer *w, struct ops_str *rest)
{
    size_t len = rest->len;

    if (len > JSON_PIECE_BYTES) {
        len = JSON_PIECE_BYTES;
        while (len > JSON_PIECE_BYTES - 4 && ((unsigned char)rest->ptr[len] & 0xc0) == 0x80)
            len--;
    }
    if (!json_room_for(w, ops_json_escape_bound(len)))
        return false;
    w->at = ops_json_escape(w->at, ops_str_of(rest->ptr, len), (enum ops_json_escaper)w->style->escaper);
    rest->ptr += len;
    rest->len -= len;
    return true;
}

bool json_write_string(struct json_writer *w, struct ops_str text)
{
    if (text.len > JSON_PIECE_BYTES && !json_room_for(w, text.len + text.len / 8)) /* one growth, not many */
        return false;
    if (!json_write_char(w, '"'))
        return false;
    while (text.len > 0) {
        if (!json_write_piece(w, &text))
            return false;
    }
    return json_write_char(w, '"');
}

static bool json_write_base64(struct json_writer *w, struct ops_str bytes)
{
    if (!json_room_for(w, ops_base64_encoded_bytes(bytes.len) + 2))
        return false;
    *w->at++ = '"';
    w->at = ops_base64_encode(w->at, bytes.ptr, bytes.len);
    *w->at++ = '"';
    return true;
}

static bool json_write_time(struct json_writer *w, struct ops_time time)
{
    if (!json_room_for(w, OPS_TIME_CHARS + 2))
        return false;
    *w->at++ = '"';
    w->at = w->style->times_millis_z ? ops_time_write_millis_z(w->at, time) : ops_time_write_ticks_offset(w->at, time);
    *w->at++ = '"';
    return true;
}

static bool json_write_integer(struct json_writer *w, int64_t value)
{
    if (!json_room_for(w, OPS_INT64_CHARS))
        return false;
    w->at = ops_int64_write(w->at, value);
    return true;
}

static bool json_write_bool(struct json_writer *w, bool value)
{
    return value ? json_write_text(w, "true", 4) : json_write_text(w, "false", 5);
}

static bool json_write_enum(struct json_writer *w, const struct ops_enum *type, int value)
{
    uint8_t i;

    for (i = 0; w->style->enum_names && i < type->count; i++) {
        if (type->values[i].number == value)
            return json_write_char(w, '"') && json_write_text(w, type->values[i].name.ptr, type->values[i].name.len) &&
                   json_write_char(w, '"');
    }
    return json_write_integer(w, value);
}

/* A JSON text in place: as it is, or token by token. */
static bool json_write_opaque(struct json_writer *w, struct ops_str json)
{
    bool ok;

    if (w->style->opaque_verbatim) {
        if (!json_room_for(w, json.len))
            return false;
        memcpy(w->at, json.ptr, json.len);
        w->at += json.len;
        return true;
    }
    ops_buf_advance(w->buf, w->at);
    ok = ops_json_reemit(w->buf, json, (enum ops_json_escaper)w->style->escaper);
    w->at = w->buf->ptr + w->buf->len;
    w->end = w->buf->ptr + w->buf->cap;
    return ok;
}

/* A correlation id: the same string or number, in the style's own spelling. */
static bool json_write_id(struct json_writer *w, struct ops_str json)
{
    struct ops_str plain;
    struct ops_json_scan scan;

    if (json.len == 2 && memcmp(json.ptr, "-0", 2) == 0)
        return json_write_char(w, '0');
    if (json.len == 0 || *json.ptr != '"')
        return json_write_text(w, json.ptr, json.len);
    memset(&scan, 0, sizeof scan);
    scan.begin = scan.at = json.ptr;
    scan.end = json.ptr + json.len;
    ops_buf_advance(w->buf, w->at); /* what is read lies in the buffer's arena: the buffer must know its length */
    return ops_json_read_string(&scan, w->buf->arena, &plain) && json_write_string(w, plain);
}

/* A JSON text of a known message: read and written again, so that it is canonical. One that does not read as that (it came by
 * protobuf, unchecked) is written as any other value. */
static bool json_write_typed(struct json_writer *w, const struct ops_message *type, struct ops_str json)
{
    void *message;
    struct ops_buf text;
    bool ok;

    ops_buf_advance(w->buf, w->at);
    message = ops_arena_alloc(w->buf->arena, type->size);
    if (message == NULL)
        return false;
    ops_buf_init(&text, w->buf->arena);
    if (ops_json_decode(type, w->style, json, w->buf->arena, message, NULL) != OPS_OK)
        return json_write_opaque(w, json);
    if (ops_json_encode(type, w->style, message, &text) != OPS_OK)
        return false;
    ok = json_room_for(w, text.len);
    if (ok) {
        memcpy(w->at, text.ptr, text.len);
        w->at += text.len;
    }
    return ok;
}

static bool json_write_any(struct json_writer *w, const struct ops_any *any)
{
    if (any->message == NULL)
        return json_write_opaque(w, any->raw);
    if (any->call != NULL)
        return json_write_arguments(w, any->call, any->message);
    if (any->field == NULL)
        return json_write_message(w, any->type, any->message);
    return json_is_absent(any->field, any->message, w->shape)
               ? json_write_absent(w, any->field)
               : json_write_value(w, any->field, (enum ops_as)any->field->as[w->shape], any->message);
}

static bool json_write_list(struct json_writer *w, const struct ops_field *f, const void *place)
{
    const struct codec_list *list = (const struct codec_list *)place;
    size_t bytes = codec_element_bytes(f), i;

    if (!json_write_char(w, '['))
        return false;
    for (i = 0; i < list->count; i++) {
        const void *element = (const char *)list->items + i * bytes;
        bool ok;

        if (i > 0 && !json_write_char(w, ','))
            return false;
        if (f->type == OPS_TYPE_MESSAGE)
            ok = json_write_message(w, (const struct ops_message *)f->of, element);
        else if (f->type == OPS_TYPE_BYTES)
            ok = json_write_base64(w, *(const struct ops_str *)element);
        else
            ok = json_write_string(w, *(const struct ops_str *)element);
        if (!ok)
            return false;
    }
    return json_write_char(w, ']');
}

static bool json_write_plain(struct json_writer *w, const struct ops_field *f, const void *place)
{
    bool optional = (f->flags & OPS_FIELD_OPTIONAL) != 0;

    switch ((enum ops_type)f->type) {
    case OPS_TYPE_BOOL:
        return json_write_bool(w, optional ? ((const struct ops_opt_bool *)place)->value : *(const bool *)place);
    case OPS_TYPE_INT32:
        return json_write_integer(w, optional ? ((const struct ops_opt_int32 *)place)->value : *(const int32_t *)place);
    case OPS_TYPE_INT64:
        return json_write_integer(w, optional ? ((const struct ops_opt_int64 *)place)->value : *(const int64_t *)place);
    case OPS_TYPE_ENUM:
        return json_write_enum(w, (const struct ops_enum *)f->of, *(const int *)place);
    case OPS_TYPE_STRING:
        return json_write_string(w, *(const struct ops_str *)place);
    case OPS_TYPE_BYTES:
        return json_write_base64(w, *(const struct ops_str *)place);
    case OPS_TYPE_TIME:
        return json_write_time(w, *(const struct ops_time *)place);
    case OPS_TYPE_MESSAGE:
        break;
    }
    /* A variant of a oneof lies in the union itself; any other message is behind a pointer. */
    return json_write_message(w, (const struct ops_message *)f->of,
                              (f->flags & OPS_FIELD_VARIANT) != 0 ? place : *(const void *const *)place);
}

bool json_write_value(struct json_writer *w, const struct ops_field *f, enum ops_as as, const void *message)
{
    const void *place = (const char *)message + f->offset;
    struct ops_str text;

    if (as == OPS_AS_ANY)
        return json_write_any(w, (const struct ops_any *)place);
    if (as != OPS_AS_PLAIN) {
        text = *(const struct ops_str *)place;
        switch (as) {
        case OPS_AS_JSON_IN_STRING:
            return json_write_string(w, text);
        case OPS_AS_ID:
            return json_write_id(w, text);
        case OPS_AS_TYPED_JSON:
            return json_write_typed(w, (const struct ops_message *)f->of, text);
        default:
            return json_write_opaque(w, text);
        }
    }
    if ((f->flags & OPS_FIELD_REPEATED) == 0)
        return json_write_plain(w, f, place);
    return f->more != NULL && f->more->map != NULL ? json_write_map(w, f, message) : json_write_list(w, f, place);
}

bool json_write_zero(struct json_writer *w, const struct ops_field *f)
{
    struct ops_time zero;

    if (f->as[w->shape] != OPS_AS_PLAIN && f->as[w->shape] != OPS_AS_JSON_IN_STRING)
        return json_write_text(w, "null", 4);
    if ((f->flags & OPS_FIELD_REPEATED) != 0)
        return f->more != NULL && f->more->map != NULL ? json_write_text(w, "{}", 2) : json_write_text(w, "[]", 2);
    switch ((enum ops_type)f->type) {
    case OPS_TYPE_BOOL:
        return json_write_bool(w, false);
    case OPS_TYPE_INT32:
    case OPS_TYPE_INT64:
        return json_write_char(w, '0');
    case OPS_TYPE_ENUM:
        return json_write_enum(w, (const struct ops_enum *)f->of, 0);
    case OPS_TYPE_STRING:
    case OPS_TYPE_BYTES:
        return json_write_text(w, "\"\"", 2);
    case OPS_TYPE_TIME:
        zero.seconds = -62135596800; /* 0001-01-01T00:00:00Z, .NET's default */
        zero.nanos = 0;
        zero.set = true;
        return json_write_time(w, zero);
    case OPS_TYPE_MESSAGE:
        break;
    }
    return json_write_text(w, "null", 4);
}

/* ---- maps -------------------------------------------------------------------------------------------------------- */

static struct ops_str json_map_key(const struct codec_list *list, const struct ops_message *type, uint8_t key, size_t i)
{
    struct ops_str s;

    memcpy(&s, (const char *)list->items + i * type->size + type->fields[key].offset, sizeof s);
    return s;
}

/* Heap sort of indexes by key: no recursion, no second array. Keys are distinct. */
static void json_map_sift(const struct codec_list *list, const struct ops_message *type, uint8_t key, uint32_t *order,
                          size_t root, size_t count)
{
    while (root * 2 + 1 < count) {
        size_t child = root * 2 + 1;
        uint32_t swap;

        if (child + 1 < count && ops_utf16_compare(json_map_key(list, type, key, order[child]),
                                                   json_map_key(list, type, key, order[child + 1])) < 0)
            child++;
        if (ops_utf16_compare(json_map_key(list, type, key, order[root]), json_map_key(list, type, key, order[child])) >= 0)
            return;
        swap = order[root];
        order[root] = order[child];
        order[child] = swap;
        root = child;
    }
}

/* The order in which to write the entries; NULL with `*ok`: as they are. */
static const uint32_t *json_map_order(struct json_writer *w, const struct codec_list *list, const struct ops_message *type,
                                      uint8_t key, bool *ok)
{
    uint32_t *order;
    size_t i;

    *ok = true;
    for (i = 1; i < list->count; i++) {
        if (ops_utf16_compare(json_map_key(list, type, key, i - 1), json_map_key(list, type, key, i)) > 0)
            break;
    }
    if (i >= list->count)
        return NULL;
    order = (uint32_t *)ops_arena_array(w->buf->arena, list->count, sizeof *order);
    *ok = order != NULL && list->count <= UINT32_MAX;
    if (!*ok)
        return NULL;
    for (i = 0; i < list->count; i++)
        order[i] = (uint32_t)i;
    for (i = list->count / 2; i-- > 0;)
        json_map_sift(list, type, key, order, i, list->count);
    for (i = list->count; i-- > 1;) {
        uint32_t last = order[i];

        order[i] = order[0];
        order[0] = last;
        json_map_sift(list, type, key, order, 0, i);
    }
    return order;
}

static bool json_write_entry(struct json_writer *w, const struct ops_message *type, const struct ops_map *map,
                             const void *entry)
{
    const struct ops_field *value;
    bool first = true;

    if (map->value == OPS_MAP_WHOLE)
        return json_write_char(w, '{') &&
               json_write_members(w, type, entry, map->key_inside ? 0 : (uint64_t)1 << map->key, &first) &&
               json_write_char(w, '}');
    value = &type->fields[map->value];
    return json_is_absent(value, entry, w->shape) ? json_write_zero(w, value)
                                                  : json_write_value(w, value, (enum ops_as)value->as[w->shape], entry);
}

bool json_write_map(struct json_writer *w, const struct ops_field *f, const void *message)
{
    const struct codec_list *list = (const struct codec_list *)(const void *)((const char *)message + f->offset);
    const struct ops_message *type = (const struct ops_message *)f->of;
    const struct ops_map *map = f->more->map;
    const uint32_t *order = NULL;
    bool ok = true;
    size_t i;

    if (w->style->maps_sorted || map->sorted_in_ref)
        order = json_map_order(w, list, type, map->key, &ok);
    if (!ok || !json_write_char(w, '{'))
        return false;
    for (i = 0; i < list->count; i++) {
        size_t n = order != NULL ? order[i] : i;

        if (i > 0 && !json_write_char(w, ','))
            return false;
        if (!json_write_string(w, json_map_key(list, type, map->key, n)) || !json_write_char(w, ':') ||
            !json_write_entry(w, type, map, (const char *)list->items + n * type->size))
            return false;
    }
    return json_write_char(w, '}');
}
