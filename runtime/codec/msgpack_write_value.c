/* Encodes MessagePack values: tokens in their shortest form, and what one field holds, of every kind. */
#include "json_writer.h"
#include "msgpack_writer.h"
#include "runtime/base/utf.h"

/* ---- tokens ------------------------------------------------------------------------------------------------------ */

static char *mp_enc_store(char *at, unsigned head, uint64_t value, unsigned bytes)
{
    *at++ = (char)(unsigned char)head;
    while (bytes > 0)
        *at++ = (char)(unsigned char)(value >> --bytes * 8 & 0xff);
    return at;
}

/* Appends a head of one byte and `bytes` bytes of `value`. */
static bool mp_enc_token(struct mp_writer *w, unsigned head, uint64_t value, unsigned bytes)
{
    char *at = ops_buf_reserve(w->buf, MP_HEAD_BYTES);

    if (at == NULL)
        return mp_write_no_room(w);
    ops_buf_advance(w->buf, mp_enc_store(at, head, value, bytes));
    return true;
}

/* Appends a head and what follows it. */
static bool mp_enc_bytes(struct mp_writer *w, const char *head, const char *head_end, const char *bytes, size_t len)
{
    size_t head_len = (size_t)(head_end - head);
    char *at = ops_buf_reserve(w->buf, head_len + len);

    if (at == NULL)
        return mp_write_no_room(w);
    memcpy(at, head, head_len);
    if (len > 0)
        memcpy(at + head_len, bytes, len);
    ops_buf_advance(w->buf, at + head_len + len);
    return true;
}

bool mp_write_nil(struct mp_writer *w)
{
    return mp_enc_token(w, 0xc0, 0, 0);
}

bool mp_write_bool(struct mp_writer *w, bool value)
{
    return mp_enc_token(w, value ? 0xc3 : 0xc2, 0, 0);
}

bool mp_write_uint(struct mp_writer *w, uint64_t value)
{
    if (value < 0x80)
        return mp_enc_token(w, (unsigned)value, 0, 0);
    if (value <= UINT8_MAX)
        return mp_enc_token(w, 0xcc, value, 1);
    if (value <= UINT16_MAX)
        return mp_enc_token(w, 0xcd, value, 2);
    return value <= UINT32_MAX ? mp_enc_token(w, 0xce, value, 4) : mp_enc_token(w, 0xcf, value, 8);
}

bool mp_write_int(struct mp_writer *w, int64_t value)
{
    uint64_t bits = (uint64_t)value;

    if (value >= 0)
        return mp_write_uint(w, bits);
    if (value >= -32)
        return mp_enc_token(w, (unsigned)(bits & 0xff), 0, 0);
    if (value >= INT8_MIN)
        return mp_enc_token(w, 0xd0, bits, 1);
    if (value >= INT16_MIN)
        return mp_enc_token(w, 0xd1, bits, 2);
    return value >= INT32_MIN ? mp_enc_token(w, 0xd2, bits, 4) : mp_enc_token(w, 0xd3, bits, 8);
}

bool mp_write_double(struct mp_writer *w, double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    return mp_enc_token(w, 0xcb, bits, 8);
}

char *mp_store_str_head(char *at, size_t len)
{
    if (len < 32)
        return mp_enc_store(at, (unsigned)(0xa0 | len), 0, 0);
    if (len <= UINT8_MAX)
        return mp_enc_store(at, 0xd9, len, 1);
    return len <= UINT16_MAX ? mp_enc_store(at, 0xda, len, 2) : mp_enc_store(at, 0xdb, len, 4);
}

bool mp_write_str(struct mp_writer *w, struct ops_str text)
{
    char head[MP_HEAD_BYTES];

    return text.len <= UINT32_MAX ? mp_enc_bytes(w, head, mp_store_str_head(head, text.len), text.ptr, text.len)
                                  : mp_write_no_room(w);
}

bool mp_write_bin(struct mp_writer *w, struct ops_str bytes)
{
    char head[MP_HEAD_BYTES], *end;

    if (bytes.len <= UINT8_MAX)
        end = mp_enc_store(head, 0xc4, bytes.len, 1);
    else if (bytes.len <= UINT16_MAX)
        end = mp_enc_store(head, 0xc5, bytes.len, 2);
    else if (bytes.len <= UINT32_MAX)
        end = mp_enc_store(head, 0xc6, bytes.len, 4);
    else
        return mp_write_no_room(w);
    return mp_enc_bytes(w, head, end, bytes.ptr, bytes.len);
}

/* The shortest of the three forms. A time outside the years 1 to 9999 is written as the nearest one inside. */
bool mp_write_time(struct mp_writer *w, struct ops_time time)
{
    const int64_t first = -62135596800, last = 253402300799;
    int64_t seconds = time.seconds;
    uint32_t nanos = time.nanos > 0 ? (uint32_t)time.nanos : 0;
    char body[16], *end;

    if (seconds < first || seconds > last) {
        nanos = seconds < first ? 0 : 999999999;
        seconds = seconds < first ? first : last;
    }
    if (nanos == 0 && seconds >= 0 && seconds <= UINT32_MAX) {
        end = mp_enc_store(body, 0xff, (uint64_t)seconds, 4);
        return mp_enc_token(w, 0xd6, 0, 0) && mp_enc_bytes(w, body, end, NULL, 0);
    }
    if (seconds >= 0 && seconds >> 34 == 0) {
        end = mp_enc_store(body, 0xff, (uint64_t)nanos << 34 | (uint64_t)seconds, 8);
        return mp_enc_token(w, 0xd7, 0, 0) && mp_enc_bytes(w, body, end, NULL, 0);
    }
    end = mp_enc_store(body, 0xff, nanos, 4);
    if (!mp_enc_token(w, 0xc7, 12, 1) || !mp_enc_bytes(w, body, end, NULL, 0))
        return false;
    end = mp_enc_store(body, 0, (uint64_t)seconds, 8);
    return mp_enc_bytes(w, body + 1, end, NULL, 0);
}

bool mp_write_empty(struct mp_writer *w, bool map)
{
    return mp_enc_token(w, map ? 0x80 : 0x90, 0, 0);
}

/* ---- arrays and maps --------------------------------------------------------------------------------------------- */

bool mp_open(struct mp_writer *w, size_t *start)
{
    *start = w->buf->len;
    return mp_enc_token(w, 0, 0, 0);
}

bool mp_close(struct mp_writer *w, size_t start, size_t count, bool map)
{
    unsigned more = count < 16 ? 0 : count <= UINT16_MAX ? 2 : 4;
    size_t behind = w->buf->len - start - 1;
    char *at;

    if (count > UINT32_MAX)
        return mp_write_no_room(w);
    at = ops_buf_reserve(w->buf, more);
    if (at == NULL)
        return mp_write_no_room(w);
    at = w->buf->ptr + start;
    if (more == 0) {
        *at = (char)(unsigned char)((map ? 0x80 : 0x90) | count);
        return true;
    }
    memmove(at + 1 + more, at + 1, behind);
    mp_enc_store(at, (map ? 0xdeu : 0xdcu) + (more == 4), count, more);
    w->buf->len += more;
    return true;
}

static bool mp_enc_head(struct mp_writer *w, size_t count, bool map)
{
    size_t start;

    return mp_open(w, &start) && mp_close(w, start, count, map);
}

/* ---- maps of entries --------------------------------------------------------------------------------------------- */

static struct ops_str mp_enc_key(const struct codec_list *list, size_t element_bytes, size_t key_offset, size_t i)
{
    struct ops_str key;

    memcpy(&key, (const char *)list->items + i * element_bytes + key_offset, sizeof key);
    return key;
}

static bool mp_enc_ascends(const struct codec_list *list, size_t element_bytes, size_t key_offset)
{
    size_t i;

    for (i = 1; i < list->count; i++) {
        if (ops_utf16_compare(mp_enc_key(list, element_bytes, key_offset, i - 1),
                              mp_enc_key(list, element_bytes, key_offset, i)) >= 0)
            return false;
    }
    return true;
}

bool mp_map_order(struct ops_arena *arena, const struct codec_list *list, size_t element_bytes, size_t key_offset,
                  const uint32_t **order)
{
    size_t count = list->count, width, i;
    uint32_t *from, *to;

    *order = NULL;
    if (mp_enc_ascends(list, element_bytes, key_offset))
        return true;
    from = count <= UINT32_MAX ? (uint32_t *)ops_arena_array(arena, count, 2 * sizeof *from) : NULL;
    if (from == NULL)
        return false;
    to = from + count;
    for (i = 0; i < count; i++)
        from[i] = (uint32_t)i;
    for (width = 1; width < count; width *= 2) { /* merge sort, bottom up: it keeps the order of equal keys */
        uint32_t *swap = from;
        size_t left, at = 0;

        for (left = 0; left < count; left += 2 * width) {
            size_t middle = count - left < width ? count : left + width,
                   end = count - middle < width ? count : middle + width;
            size_t l = left, r = middle;

            while (l < middle || r < end) {
                bool take_left =
                    r == end ||
                    (l < middle && ops_utf16_compare(mp_enc_key(list, element_bytes, key_offset, from[l]),
                                                     mp_enc_key(list, element_bytes, key_offset, from[r])) <= 0);

                to[at++] = take_left ? from[l++] : from[r++];
            }
        }
        from = to;
        to = swap;
    }
    *order = from;
    return true;
}

static bool mp_enc_entry(struct mp_writer *w, const struct ops_message *type, const struct ops_map *map,
                         const void *entry)
{
    const struct ops_field *value;
    size_t start, count = 0;

    if (map->value == OPS_MAP_WHOLE)
        return mp_open(w, &start) &&
               mp_write_members(w, type, entry, map->key_inside ? 0 : (uint64_t)1 << map->key, &count) &&
               mp_close(w, start, count, true);
    value = &type->fields[map->value];
    return json_is_absent(value, entry, OPS_SHAPE_V1)
               ? mp_write_absent(w, value)
               : mp_write_value(w, value, (enum ops_as)value->as[OPS_SHAPE_V1], entry);
}

static bool mp_enc_map(struct mp_writer *w, const struct ops_field *f, const struct codec_list *list)
{
    const struct ops_message *type = (const struct ops_message *)f->of;
    const struct ops_map *map = f->more->map;
    size_t key_offset = type->fields[map->key].offset, i;
    const uint32_t *order;

    if (!mp_map_order(w->buf->arena, list, type->size, key_offset, &order))
        return mp_write_no_room(w);
    if (!mp_enc_head(w, list->count, true))
        return false;
    for (i = 0; i < list->count; i++) {
        size_t n = order != NULL ? order[i] : i;

        if (!mp_write_str(w, mp_enc_key(list, type->size, key_offset, n)) ||
            !mp_enc_entry(w, type, map, (const char *)list->items + n * type->size))
            return false;
    }
    return true;
}

static bool mp_enc_list(struct mp_writer *w, const struct ops_field *f, const struct codec_list *list)
{
    size_t bytes = codec_element_bytes(f), i;

    if (!mp_enc_head(w, list->count, false))
        return false;
    for (i = 0; i < list->count; i++) {
        const void *element = (const char *)list->items + i * bytes;

        if (f->type == OPS_TYPE_MESSAGE ? !mp_write_message(w, (const struct ops_message *)f->of, element)
            : f->type == OPS_TYPE_BYTES ? !mp_write_bin(w, *(const struct ops_str *)element)
                                        : !mp_write_str(w, *(const struct ops_str *)element))
            return false;
    }
    return true;
}

/* ---- values of fields -------------------------------------------------------------------------------------------- */

/* A JSON text of a known message: read and written as that. One that does not read so (it came by protobuf,
 * unchecked) is written as any other value. */
static bool mp_enc_typed(struct mp_writer *w, const struct ops_message *type, struct ops_str json)
{
    void *message = ops_arena_alloc(w->buf->arena, type->size);
    enum ops_err code;

    if (message == NULL)
        return mp_write_no_room(w);
    code = ops_json_decode(type, w->style, json, w->buf->arena, message, NULL);
    if (code == OPS_OK)
        return mp_write_message(w, type, message);
    return code == OPS_ERR_NOMEM ? mp_write_no_room(w) : mp_write_json(w, json);
}

static bool mp_enc_any(struct mp_writer *w, const struct ops_any *any)
{
    if (any->message == NULL)
        return mp_write_json(w, any->raw);
    if (any->call != NULL)
        return mp_write_arguments(w, any->call, any->message);
    if (any->field == NULL)
        return mp_write_message(w, any->type, any->message);
    return json_is_absent(any->field, any->message, OPS_SHAPE_V1)
               ? mp_write_absent(w, any->field)
               : mp_write_value(w, any->field, (enum ops_as)any->field->as[OPS_SHAPE_V1], any->message);
}

static bool mp_enc_enum(struct mp_writer *w, const struct ops_enum *type, int value)
{
    uint8_t i;

    for (i = 0; w->style->enum_names && i < type->count; i++) {
        if (type->values[i].number == value)
            return mp_write_str(w, ops_str_of(type->values[i].name.ptr, type->values[i].name.len));
    }
    return mp_write_int(w, value);
}

static bool mp_enc_plain(struct mp_writer *w, const struct ops_field *f, const void *place)
{
    bool optional = (f->flags & OPS_FIELD_OPTIONAL) != 0;

    switch ((enum ops_type)f->type) {
    case OPS_TYPE_BOOL:
        return mp_write_bool(w, optional ? ((const struct ops_opt_bool *)place)->value : *(const bool *)place);
    case OPS_TYPE_INT32:
        return mp_write_int(w, optional ? ((const struct ops_opt_int32 *)place)->value : *(const int32_t *)place);
    case OPS_TYPE_INT64:
        return mp_write_int(w, optional ? ((const struct ops_opt_int64 *)place)->value : *(const int64_t *)place);
    case OPS_TYPE_ENUM:
        return mp_enc_enum(w, (const struct ops_enum *)f->of, *(const int *)place);
    case OPS_TYPE_STRING:
        return mp_write_str(w, *(const struct ops_str *)place);
    case OPS_TYPE_BYTES:
        return mp_write_bin(w, *(const struct ops_str *)place);
    case OPS_TYPE_TIME:
        return mp_write_time(w, *(const struct ops_time *)place);
    case OPS_TYPE_MESSAGE:
        break;
    }
    /* A variant of a oneof lies in the union itself; any other message is behind a pointer. */
    return mp_write_message(w, (const struct ops_message *)f->of,
                            (f->flags & OPS_FIELD_VARIANT) != 0 ? place : *(const void *const *)place);
}

bool mp_write_value(struct mp_writer *w, const struct ops_field *f, enum ops_as as, const void *message)
{
    const void *place = (const char *)message + f->offset;

    switch (as) {
    case OPS_AS_ANY:
        return mp_enc_any(w, (const struct ops_any *)place);
    case OPS_AS_JSON_IN_STRING:
        return mp_write_str(w, *(const struct ops_str *)place);
    case OPS_AS_TYPED_JSON:
        return mp_enc_typed(w, (const struct ops_message *)f->of, *(const struct ops_str *)place);
    case OPS_AS_OPAQUE:
    case OPS_AS_ID:
        return mp_write_json(w, *(const struct ops_str *)place);
    case OPS_AS_PLAIN:
        break;
    }
    if ((f->flags & OPS_FIELD_REPEATED) == 0)
        return mp_enc_plain(w, f, place);
    return f->more != NULL && f->more->map != NULL ? mp_enc_map(w, f, (const struct codec_list *)place)
                                                   : mp_enc_list(w, f, (const struct codec_list *)place);
}

bool mp_write_absent(struct mp_writer *w, const struct ops_field *f)
{
    enum ops_as as = (enum ops_as)f->as[OPS_SHAPE_V1];
    struct ops_time zero;

    if (f->absent[OPS_SHAPE_V1] == OPS_ABSENT_NULL || (as != OPS_AS_PLAIN && as != OPS_AS_JSON_IN_STRING))
        return mp_write_nil(w);
    if ((f->flags & OPS_FIELD_REPEATED) != 0)
        return mp_write_empty(w, f->more != NULL && f->more->map != NULL);
    switch ((enum ops_type)f->type) {
    case OPS_TYPE_BOOL:
        return mp_write_bool(w, false);
    case OPS_TYPE_INT32:
    case OPS_TYPE_INT64:
        return mp_write_uint(w, 0);
    case OPS_TYPE_ENUM:
        return mp_enc_enum(w, (const struct ops_enum *)f->of, 0);
    case OPS_TYPE_STRING:
        return mp_write_str(w, OPS_STR(""));
    case OPS_TYPE_BYTES:
        return mp_write_bin(w, OPS_STR(""));
    case OPS_TYPE_TIME:
        zero.seconds = -62135596800; /* 0001-01-01T00:00:00Z */
        zero.nanos = 0;
        zero.set = true;
        return mp_write_time(w, zero);
    case OPS_TYPE_MESSAGE:
        break;
    }
    return mp_write_nil(w);
}
