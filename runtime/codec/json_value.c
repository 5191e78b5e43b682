/* Decodes JSON values: what one field holds, of every kind. */
#include "json_quick.h"
#include "json_reader.h"
#include "list.h"
#include "runtime/base/base64.h"
#include "runtime/base/utf.h"

enum { JSON_ID_LIMIT_UTF16 = 64 };
static const int64_t json_id_limit = 9007199254740991; /* 2^53 - 1 */

/* `null` at the cursor: consumes it. */
static bool json_take_null(struct json_reader *r)
{
    if (json_peek(r) != 'n' || r->scan.end - r->scan.at < 4 || memcmp(r->scan.at, "null", 4) != 0)
        return false;
    r->scan.at += 4;
    return true;
}

static bool json_not_a(struct json_reader *r, enum ops_reason reason)
{
    json_peek(r);
    return json_fail(r, r->scan.at < r->scan.end ? reason : OPS_REASON_TRUNCATED);
}

bool json_read_string(struct json_reader *r, struct ops_str *value)
{
    if (json_peek(r) != '"')
        return json_not_a(r, OPS_REASON_WANT_STRING);
    return ops_json_read_string(&r->scan, r->arena, value);
}

bool json_read_base64(struct json_reader *r, struct ops_str *value)
{
    const char *at = (json_peek(r), r->scan.at);
    struct ops_str text;
    size_t bound, len, bad;
    char *plain;

    if (!json_read_string(r, &text))
        return false;
    bound = ops_base64_decoded_bound(text.len);
    plain = (char *)ops_arena_alloc(r->arena, bound);
    if (plain == NULL)
        return json_no_room(r);
    len = ops_base64_decode(plain, text.ptr, text.len, &bad);
    if (len == SIZE_MAX)
        return json_fail_at(r, OPS_REASON_WANT_BASE64, at);
    ops_arena_shrink(r->arena, plain, bound, len);
    *value = ops_str_of(plain, len);
    return true;
}

/* An integer of the field's own range: its type's, or the declared one where the style is strict. */
static bool json_read_integer(struct json_reader *r, const struct ops_field *f, int64_t *value)
{
    const char *at = (json_peek(r), r->scan.at);
    int64_t min = json_min(r, f), max = json_max(r, f);

    if (r->scan.at == r->scan.end)
        return json_fail(r, OPS_REASON_TRUNCATED);
    if (ops_json_scan_int64(&r->scan, value) && *value >= min && *value <= max)
        return true;
    r->min = min;
    r->max = max;
    return json_fail_at(r, OPS_REASON_WANT_INTEGER, at);
}

static bool json_read_bool(struct json_reader *r, bool *value)
{
    size_t left;

    json_peek(r);
    left = (size_t)(r->scan.end - r->scan.at);
    if (left >= 4 && memcmp(r->scan.at, "true", 4) == 0) {
        *value = true;
        r->scan.at += 4;
        return true;
    }
    if (left >= 5 && memcmp(r->scan.at, "false", 5) == 0) {
        *value = false;
        r->scan.at += 5;
        return true;
    }
    return json_not_a(r, OPS_REASON_WANT_BOOL);
}

/* By name in any letter case, or by number. By name only where the style writes names; a number that no enumerator has is taken
 * where the released server takes it. */
static bool json_read_enum(struct json_reader *r, const struct ops_field *f, int *value)
{
    const struct ops_enum *type = (const struct ops_enum *)f->of;
    const char *at = (json_peek(r), r->scan.at);
    struct ops_str name = {NULL, 0};
    int64_t number = 0;
    uint8_t i;

    if (r->scan.at < r->scan.end && *at == '"') {
        if (!r->style->enum_names)
            return json_fail(r, OPS_REASON_WANT_INTEGER);
        if (!json_read_string(r, &name))
            return false;
    } else if (!ops_json_scan_int64(&r->scan, &number) || number < INT32_MIN || number > INT32_MAX) {
        return json_fail_at(r, OPS_REASON_WANT_ENUM, at);
    } else if (!r->style->enum_names) {
        *value = (int)number;
        return true;
    }
    for (i = 0; i < type->count; i++) {
        if (name.ptr != NULL ? codec_same_letters(name, ops_str_of(type->values[i].name.ptr, type->values[i].name.len)) : type->values[i].number == number) {
            *value = type->values[i].number;
            return true;
        }
    }
    return json_fail_at(r, OPS_REASON_WANT_ENUM, at);
}

static bool json_read_time(struct json_reader *r, struct ops_time *value)
{
    const char *at = (json_peek(r), r->scan.at);
    struct ops_str text;

    if (!json_read_string(r, &text))
        return false;
    return ops_time_read(text, value) ? true : json_fail_at(r, OPS_REASON_WANT_TIME, at);
}

/* A JSON value as it stands, checked. */
static bool json_read_opaque(struct json_reader *r, unsigned depth_limit, struct ops_str *value)
{
    const char *at = (json_peek(r), r->scan.at);
    unsigned room = json_room(r);

    if (!ops_json_skip_value(&r->scan, room < depth_limit ? room : depth_limit))
        return false;
    *value = ops_str_of(at, (size_t)(r->scan.at - at));
    return true;
}

static bool json_read_typed(struct json_reader *r, const struct ops_field *f, struct ops_str *value)
{
    const struct ops_message *type = (const struct ops_message *)f->of;
    const char *at = (json_peek(r), r->scan.at);
    struct ops_arena_mark mark = ops_arena_here(r->arena);
    void *scratch = ops_arena_zalloc(r->arena, type->size);

    if (scratch == NULL)
        return json_no_room(r);
    if (!json_read_message(r, type, scratch))
        return false;
    ops_arena_rewind(r->arena, mark);
    *value = ops_str_of(at, (size_t)(r->scan.at - at));
    return true;
}

static bool json_read_id(struct json_reader *r, struct ops_str *value)
{
    const char *at = (json_peek(r), r->scan.at);
    struct ops_str text;
    int64_t number;

    if (at < r->scan.end && *at == '"') {
        if (!json_read_string(r, &text))
            return false;
        if (ops_utf16_length(text.ptr, text.len) > JSON_ID_LIMIT_UTF16)
            return json_fail_at(r, OPS_REASON_WANT_ID, at);
    } else if (!ops_json_scan_int64(&r->scan, &number) || number < -json_id_limit || number > json_id_limit) {
        return json_fail_at(r, OPS_REASON_WANT_ID, at);
    }
    *value = ops_str_of(at, (size_t)(r->scan.at - at));
    return true;
}

static bool json_read_submessage(struct json_reader *r, const struct ops_field *f, void *place)
{
    const struct ops_message *type = (const struct ops_message *)f->of;
    void *message;

    if ((f->flags & OPS_FIELD_VARIANT) != 0) { /* it lies in the union itself */
        memset(place, 0, type->size);
        return json_read_message(r, type, place);
    }
    message = ops_arena_zalloc(r->arena, type->size);
    if (message == NULL)
        return json_no_room(r);
    if (!json_read_message(r, type, message))
        return false;
    memcpy(place, &message, sizeof message);
    return true;
}

/* Size of what a field occupies in its struct. */
static size_t json_field_bytes(const struct ops_field *f)
{
    if ((f->flags & OPS_FIELD_REPEATED) != 0)
        return sizeof(struct codec_list);
    if (f->as[OPS_SHAPE_V1] == OPS_AS_ANY)
        return sizeof(struct ops_any);
    switch ((enum ops_type)f->type) {
    case OPS_TYPE_BOOL:
        return (f->flags & OPS_FIELD_OPTIONAL) != 0 ? sizeof(struct ops_opt_bool) : sizeof(bool);
    case OPS_TYPE_INT32:
        return (f->flags & OPS_FIELD_OPTIONAL) != 0 ? sizeof(struct ops_opt_int32) : sizeof(int32_t);
    case OPS_TYPE_INT64:
        return (f->flags & OPS_FIELD_OPTIONAL) != 0 ? sizeof(struct ops_opt_int64) : sizeof(int64_t);
    case OPS_TYPE_ENUM:
        return sizeof(int);
    case OPS_TYPE_TIME:
        return sizeof(struct ops_time);
    case OPS_TYPE_MESSAGE:
        return sizeof(void *);
    case OPS_TYPE_STRING:
    case OPS_TYPE_BYTES:
        break;
    }
    return sizeof(struct ops_str);
}

/* `null` was met. Absent where the shape has a word for that; else refused, as the released server refuses it for numbers and for the
 * members of hub records, which it never writes as null (`"invocationId":null` ends a connection). */
static bool json_set_absent(struct json_reader *r, const struct ops_field *f, void *place, const char *at)
{
    bool number = (f->flags & (OPS_FIELD_OPTIONAL | OPS_FIELD_REPEATED)) == 0 &&
                  (f->type == OPS_TYPE_BOOL || f->type == OPS_TYPE_INT32 || f->type == OPS_TYPE_INT64 || f->type == OPS_TYPE_ENUM);

    if (r->style->strict ? f->absent[r->shape] == OPS_ABSENT_REQUIRED
                         : number || f->absent[r->shape] == OPS_ABSENT_REQUIRED || f->absent[r->shape] == OPS_ABSENT_OMIT)
        return json_fail_at(r, OPS_REASON_NULL_VALUE, at);
    if ((f->flags & OPS_FIELD_VARIANT) == 0) /* a null variant sets nothing */
        memset(place, 0, json_field_bytes(f));
    return true;
}

static bool json_read_scalar(struct json_reader *r, const struct ops_field *f, void *place)
{
    int64_t number;

    switch ((enum ops_type)f->type) {
    case OPS_TYPE_BOOL:
        if (!json_read_bool(r, (bool *)place))
            return false;
        if ((f->flags & OPS_FIELD_OPTIONAL) != 0)
            ((struct ops_opt_bool *)place)->set = true;
        return true;
    case OPS_TYPE_INT32:
        if (!json_read_integer(r, f, &number))
            return false;
        *(int32_t *)place = (int32_t)number;
        if ((f->flags & OPS_FIELD_OPTIONAL) != 0)
            ((struct ops_opt_int32 *)place)->set = true;
        return true;
    case OPS_TYPE_INT64:
        if (!json_read_integer(r, f, &number))
            return false;
        *(int64_t *)place = number;
        if ((f->flags & OPS_FIELD_OPTIONAL) != 0)
            ((struct ops_opt_int64 *)place)->set = true;
        return true;
    case OPS_TYPE_ENUM:
        return json_read_enum(r, f, (int *)place);
    case OPS_TYPE_STRING:
        return json_read_string(r, (struct ops_str *)place);
    case OPS_TYPE_BYTES:
        return json_read_base64(r, (struct ops_str *)place);
    case OPS_TYPE_TIME:
        return json_read_time(r, (struct ops_time *)place);
    case OPS_TYPE_MESSAGE:
        break;
    }
    return json_read_submessage(r, f, place);
}

/* The value at the cursor is not `null`, or null is one of the field's values. */
static bool json_read_as(struct json_reader *r, const struct ops_field *f, enum ops_as as, void *place)
{
    struct ops_str *text = (struct ops_str *)place;

    switch (as) {
    case OPS_AS_OPAQUE:
        return json_read_opaque(r, r->style->opaque_depth_limit, text);
    case OPS_AS_JSON_IN_STRING:
        return json_read_string(r, text);
    case OPS_AS_TYPED_JSON:
        return json_read_typed(r, f, text);
    case OPS_AS_ID:
        return json_read_id(r, text);
    case OPS_AS_ANY:
        return json_read_opaque(r, OPS_JSON_DEPTH_LIMIT, &((struct ops_any *)place)->raw);
    case OPS_AS_PLAIN:
        break;
    }
    if ((f->flags & OPS_FIELD_REPEATED) == 0)
        return json_read_scalar(r, f, place);
    return f->more != NULL && f->more->map != NULL ? json_read_map(r, f, place) : json_read_list(r, f, place);
}

static bool json_read_value(struct json_reader *r, const struct ops_field *f, enum ops_as as, void *place)
{
    const char *at = (json_peek(r), r->scan.at);
    bool null_is_value = as == OPS_AS_OPAQUE || as == OPS_AS_ANY;

    if (!null_is_value && at < r->scan.end && *at == 'n' && json_take_null(r))
        return json_set_absent(r, f, place, at);
    if ((f->flags & OPS_FIELD_PLUS) != 0 && !(at < r->scan.end && *at == 'n'))
        r->plus = true;
    return json_read_as(r, f, as, place);
}

bool json_read_field(struct json_reader *r, const struct ops_field *f, void *message)
{
    return json_read_value(r, f, (enum ops_as)f->as[r->shape], json_place(f, message));
}

bool json_read_argument(struct json_reader *r, const struct ops_field *f, void *message)
{
    enum ops_as as = (enum ops_as)f->as[r->shape];
    struct codec_growing list = {NULL, 0, 0, 0};
    void *element;

    if ((f->flags & OPS_FIELD_SINGLE) == 0)
        return json_read_value(r, f, as == OPS_AS_JSON_IN_STRING ? OPS_AS_OPAQUE : as, json_place(f, message));
    list.element_bytes = codec_element_bytes(f);
    element = codec_list_add(&list, r->arena);
    if (element == NULL)
        return json_no_room(r);
    codec_list_store(&list, r->arena, json_place(f, message));
    return json_read_message(r, (const struct ops_message *)f->of, element);
}
