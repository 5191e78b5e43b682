/* Checks what no decoder can know: the limits that the schema declares, and opaque values that came unread.
 *
 * The walk recurses as deep as the schema nests; opaque JSON is scanned without recursion. Must not know: any message. */
#include "message.h"

#include "list.h"
#include "runtime/base/utf.h"

struct validate {
    const struct ops_json_style *style;
    bool opaque_unchecked;
    struct ops_violation *violation;
};

static bool validate_message(const struct validate *v, const struct ops_message *type, const char *message);

static bool validate_refuse(const struct validate *v, const struct ops_field *f, const struct ops_limit *limit,
                            enum ops_reason reason, int64_t got)
{
    v->violation->field = f;
    v->violation->limit = limit;
    v->violation->reason = reason;
    v->violation->got = got;
    return false;
}

/* ---- limits ----------------------------------------------------------------------------------------------------- */

static bool validate_range(const struct validate *v, const struct ops_field *f, const struct ops_limit *l, int64_t got)
{
    bool is_value = l->unit == OPS_UNIT_VALUE;

    if (got < l->min)
        return validate_refuse(v, f, l, is_value ? OPS_REASON_TOO_SMALL : OPS_REASON_TOO_SHORT, got);
    if (got > l->max)
        return validate_refuse(v, f, l, is_value ? OPS_REASON_TOO_LARGE : OPS_REASON_TOO_LONG, got);
    return true;
}

static bool validate_is_visible_ascii(struct ops_str s)
{
    size_t i;

    for (i = 0; i < s.len; i++) {
        if (s.ptr[i] < 0x21 || s.ptr[i] > 0x7e)
            return false;
    }
    return true;
}

/* An absent text that is required counts as an empty one. */
static bool validate_text(const struct validate *v, const struct ops_field *f, const struct ops_limit *l, struct ops_str s)
{
    switch ((enum ops_unit)l->unit) {
    case OPS_UNIT_BYTES:
        return validate_range(v, f, l, (int64_t)s.len);
    case OPS_UNIT_UTF16:
        if (l->min <= 0 && s.len <= (uint64_t)l->max)
            return true; /* never more units than bytes */
        return validate_range(v, f, l, s.len > 0 ? (int64_t)ops_utf16_length(s.ptr, s.len) : 0);
    case OPS_UNIT_NOT_BLANK:
        return (s.len > 0 && !ops_utf8_is_blank(s)) || validate_refuse(v, f, l, OPS_REASON_BLANK, (int64_t)s.len);
    case OPS_UNIT_NO_CONTROL:
        return s.len == 0 || !ops_utf8_has_control(s) || validate_refuse(v, f, l, OPS_REASON_CONTROL_CHARS, (int64_t)s.len);
    case OPS_UNIT_PRESENT: /* protobuf leaves an empty text out: there it is never missing */
        return s.ptr != NULL || v->opaque_unchecked || validate_refuse(v, f, l, OPS_REASON_MISSING, 0);
    case OPS_UNIT_VISIBLE_ASCII:
        return validate_is_visible_ascii(s) || validate_refuse(v, f, l, OPS_REASON_NOT_VISIBLE_ASCII, (int64_t)s.len);
    case OPS_UNIT_VALUE:
    case OPS_UNIT_COUNT:
        break;
    }
    return true;
}

static bool validate_list_limit(const struct validate *v, const struct ops_field *f, const struct ops_limit *l,
                                const struct codec_list *list)
{
    const char *item = (const char *)list->items;
    size_t i;

    if (l->unit == OPS_UNIT_COUNT)
        return validate_range(v, f, l, (int64_t)list->count);
    if (f->type == OPS_TYPE_MESSAGE)
        return true;
    for (i = 0; i < list->count; i++, item += sizeof(struct ops_str)) {
        struct ops_str s;

        memcpy(&s, item, sizeof s);
        if (!validate_text(v, f, l, s))
            return false;
    }
    return true;
}

/* The number at `place`. False: absent. */
static bool validate_number_at(const struct ops_field *f, const void *place, int64_t *value)
{
    bool optional = (f->flags & OPS_FIELD_OPTIONAL) != 0;
    int32_t low;

    switch ((enum ops_type)f->type) {
    case OPS_TYPE_BOOL:
        *value = *(const bool *)place;
        return !optional || ((const struct ops_opt_bool *)place)->set;
    case OPS_TYPE_INT32:
        *value = *(const int32_t *)place;
        return !optional || ((const struct ops_opt_int32 *)place)->set;
    case OPS_TYPE_INT64:
        *value = *(const int64_t *)place;
        return !optional || ((const struct ops_opt_int64 *)place)->set;
    default: /* an enum */
        memcpy(&low, place, sizeof low);
        *value = low;
        return true;
    }
}

static bool validate_is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* A JSON text without the white space around it: that does not count (spec/opstream-wire.md §8.1). */
static struct ops_str validate_trimmed(struct ops_str s)
{
    while (s.len > 0 && validate_is_space(s.ptr[s.len - 1]))
        s.len--;
    while (s.len > 0 && validate_is_space(*s.ptr)) {
        s.ptr++;
        s.len--;
    }
    return s;
}

static bool validate_limit(const struct validate *v, const struct ops_field *f, const struct ops_limit *l, const char *place)
{
    bool required = f->name[OPS_SHAPE_V1].ptr == NULL || f->absent[OPS_SHAPE_V1] == OPS_ABSENT_REQUIRED;

    if ((f->flags & OPS_FIELD_REPEATED) != 0) {
        struct codec_list list;

        memcpy(&list, place, sizeof list);
        return (list.items == NULL && !required) || validate_list_limit(v, f, l, &list);
    }
    if (f->type == OPS_TYPE_STRING || f->type == OPS_TYPE_BYTES) {
        struct ops_str s;

        memcpy(&s, place, sizeof s); /* of a struct ops_any: its first member, `raw` */
        if (f->as[v->style->shape] != OPS_AS_PLAIN)
            s = validate_trimmed(s);
        return (s.ptr == NULL && !required && l->unit != OPS_UNIT_PRESENT) || validate_text(v, f, l, s);
    }
    if (f->type <= OPS_TYPE_ENUM && l->unit == OPS_UNIT_VALUE) {
        int64_t value = 0;

        return !validate_number_at(f, place, &value) || validate_range(v, f, l, value);
    }
    return true;
}

/* ---- opaque values ---------------------------------------------------------------------------------------------- */

/* Whether the field holds JSON that no decoder has read: by protobuf in whatever shape it is JSON, by JSON a text in a string. */
static bool validate_is_opaque(const struct validate *v, const struct ops_field *f)
{
    int shape;

    if (f->as[v->style->shape] == OPS_AS_JSON_IN_STRING)
        return true;
    for (shape = 0; shape < OPS_SHAPE_COUNT; shape++) {
        if (v->opaque_unchecked && f->as[shape] != OPS_AS_PLAIN && f->as[shape] != OPS_AS_ID) /* an id is any text there */
            return true;
    }
    return false;
}

/* One JSON text, with nothing but white space around it. */
static bool validate_opaque(const struct validate *v, const struct ops_field *f, const char *place)
{
    struct ops_json_scan scan;
    struct ops_str s;

    memcpy(&s, place, sizeof s);
    if (s.ptr == NULL) /* nothing is no JSON, where there must be some */
        return f->absent[OPS_SHAPE_V1] != OPS_ABSENT_REQUIRED || validate_refuse(v, f, NULL, OPS_REASON_EMPTY, 0);
    scan.begin = scan.at = scan.bad = s.ptr;
    scan.end = s.ptr + s.len;
    scan.reason = OPS_REASON_NONE;
    ops_json_skip_space(&scan);
    if (scan.at == scan.end)
        return validate_refuse(v, f, NULL, OPS_REASON_EMPTY, (int64_t)s.len);
    if (!ops_json_skip_value(&scan, v->style->opaque_depth_limit))
        return validate_refuse(v, f, NULL, scan.reason, (int64_t)s.len);
    ops_json_skip_space(&scan);
    return scan.at == scan.end || validate_refuse(v, f, NULL, OPS_REASON_TRAILING, (int64_t)s.len);
}

/* ---- messages --------------------------------------------------------------------------------------------------- */

static bool validate_list_parts(const struct validate *v, const struct ops_field *f, const char *place)
{
    const struct ops_message *of = (const struct ops_message *)f->of;
    struct codec_list list;
    const char *item;
    size_t i;

    memcpy(&list, place, sizeof list);
    if ((f->flags & OPS_FIELD_SINGLE) != 0 && list.count != 1)
        return validate_refuse(v, f, NULL, list.count == 0 ? OPS_REASON_MISSING : OPS_REASON_TOO_LONG, (int64_t)list.count);
    item = (const char *)list.items;
    for (i = 0; i < list.count; i++, item += of->size) {
        if (!validate_message(v, of, item))
            return false;
    }
    return true;
}

/* What stands for a message that is absent though `v1` requires it; NULL: it may be absent. */
static const char *validate_empty(const struct ops_field *f)
{
    static const int64_t zeros[64] = {0};
    bool required = f->name[OPS_SHAPE_V1].ptr != NULL && f->absent[OPS_SHAPE_V1] == OPS_ABSENT_REQUIRED;

    return required && ((const struct ops_message *)f->of)->size <= sizeof zeros ? (const char *)zeros : NULL;
}

static bool validate_parts(const struct validate *v, const struct ops_field *f, const char *place)
{
    const char *inner = place;

    if (f->type == OPS_TYPE_MESSAGE) {
        if ((f->flags & OPS_FIELD_REPEATED) != 0)
            return validate_list_parts(v, f, place);
        if ((f->flags & OPS_FIELD_VARIANT) == 0)
            memcpy(&inner, place, sizeof inner);
        if (inner == NULL) /* one that should be there counts as empty, like a text */
            inner = validate_empty(f);
        return inner == NULL || validate_message(v, (const struct ops_message *)f->of, inner);
    }
    if ((f->type == OPS_TYPE_STRING || f->type == OPS_TYPE_BYTES) && (f->flags & OPS_FIELD_REPEATED) == 0 &&
        validate_is_opaque(v, f))
        return validate_opaque(v, f, place);
    return true;
}

static bool validate_message(const struct validate *v, const struct ops_message *type, const char *message)
{
    int32_t variant = 0;
    uint8_t i, k;

    if (type->oneof != NULL)
        memcpy(&variant, message + type->oneof->offset, sizeof variant);
    /* Protobuf can leave a variant out where JSON has a discriminator (the envelope alone means "nothing" by it). */
    if (variant == 0 && type->envelope == NULL && type->oneof != NULL && type->oneof->tag_name[v->style->shape].ptr != NULL) {
        v->violation->message = type;
        return validate_refuse(v, &type->fields[type->oneof->first], NULL, OPS_REASON_NO_DISCRIMINATOR, 0);
    }
    for (i = 0; i < type->field_count; i++) {
        const struct ops_field *f = &type->fields[i];
        const char *place = message + f->offset;

        if ((f->flags & OPS_FIELD_VARIANT) != 0 && f->number != variant)
            continue;
        v->violation->message = type; /* the last one when nothing is wrong; the one below sets its own */
        for (k = 0; f->more != NULL && k < f->more->limit_count; k++) {
            const struct ops_limit *limit = &f->more->limits[k];

            if ((limit->shapes >> v->style->shape & 1) != 0 && !validate_limit(v, f, limit, place))
                return false;
        }
        if (!validate_parts(v, f, place))
            return false;
    }
    return true;
}

bool ops_message_validate(const struct ops_message *type, const void *message, const struct ops_json_style *style,
                          bool opaque_unchecked, struct ops_violation *violation)
{
    struct validate v;
    struct ops_violation found;

    memset(&found, 0, sizeof found);
    v.style = style;
    v.opaque_unchecked = opaque_unchecked;
    v.violation = &found;
    if (validate_message(&v, type, (const char *)message))
        return true;
    *violation = found;
    return false;
}
