/* Checks of one field by itself. */
#include "check_private.h"

#include <string.h>

static bool is_text(const struct field *f)
{
    return f->kind == KIND_STRING || f->kind == KIND_BYTES;
}

static bool is_integer(const struct field *f)
{
    return f->kind == KIND_INT32 || f->kind == KIND_INT64;
}

/* ---- type -------------------------------------------------------------------------------------------------------- */

static void check_type(const struct field *f)
{
    if (f->kind == KIND_UNSUPPORTED && strcmp(f->type_name, "map") == 0)
        report(f->place,
               "field `%s`: map<> is not supported, its order is undefined; use a repeated message with the option map",
               f->name);
    else if (f->kind == KIND_UNSUPPORTED)
        report(f->place,
               "field `%s`: type %s is not supported; there are bool, int32, int64, enum, string, bytes, messages, "
               "Timestamp, Int32Value and Int64Value",
               f->name, f->type_name);
    else if (f->repeated && !is_text(f) && (f->kind != KIND_MESSAGE || f->wrapper))
        report(f->place, "field `%s`: a list of %s is not supported; lists are of messages, strings or bytes", f->name,
               f->type_name);
    else if (f->kind == KIND_ENUM && f->optional)
        report(f->place, "field `%s`: an optional enum is not supported; give it a value that means absent", f->name);
}

/* ---- form -------------------------------------------------------------------------------------------------------- */

static void check_as(const struct field *f)
{
    int shape;

    if ((f->as[V1] == AS_ANY) != (f->as[REF] == AS_ANY))
        report(f->place, "field `%s`: ANY must hold in both profiles", f->name);
    if (f->form.has_v1_as && f->form.has_ref_as && f->form.as != AS_PLAIN)
        report(f->place, "field `%s`: `as` says nothing where both `v1_as` and `ref_as` are said", f->name);
    for (shape = V1; shape < SHAPES; shape++) {
        if (f->as[shape] == AS_PLAIN)
            continue;
        if (!is_text(f) || f->repeated) {
            report(f->place, "field `%s`: `as` is for single string and bytes fields", f->name);
            return;
        }
        if (f->as[shape] == AS_TYPED_JSON && f->form.json_type == NULL) {
            report(f->place, "field `%s`: TYPED_JSON needs json_type, the message that the text holds", f->name);
            return;
        }
    }
    if (f->form.json_type != NULL && f->as[V1] != AS_TYPED_JSON && f->as[REF] != AS_TYPED_JSON && f->kind != KIND_BYTES)
        report(f->place, "field `%s`: json_type is for TYPED_JSON and for bytes", f->name);
}

static void check_map(const struct field *f)
{
    const struct field *key;

    if (f->form.map == NULL)
        return;
    if (!f->repeated || f->message == NULL) {
        report(f->place, "field `%s`: map is for repeated messages", f->name);
        return;
    }
    if (f->map_key < 0)
        return;
    key = &f->message->fields[f->map_key];
    if (key->kind != KIND_STRING || key->repeated)
        report(f->place, "field `%s`: map key `%s` is not a string", f->name, key->name);
    if (f->map_value == f->map_key)
        report(f->place, "field `%s`: map key and value are the same field", f->name);
    if (f->map_value >= 0 && f->map_value != WHOLE && f->form.map->key_inside)
        report(f->place, "field `%s`: key_inside needs an entry that is an object, not one field of it", f->name);
}

static void check_single(const struct message *m, const struct field *f)
{
    const struct field *other;

    if (!f->form.single)
        return;
    if (!f->repeated || f->message == NULL || f->form.map != NULL)
        report(f->place, "field `%s`: single is for lists of messages", f->name);
    for (other = m->fields; other < f; other++) {
        if (other->form.single) {
            report(f->place, "message `%s` has two single lists", m->name);
            return;
        }
    }
}

/* ---- limits ------------------------------------------------------------------------------------------------------ */

static const char *const unit_names[] = {"NONE",      "BYTES",      "UTF16",   "VALUE",        "COUNT",
                                         "NOT_BLANK", "NO_CONTROL", "PRESENT", "VISIBLE_ASCII"};

static bool unit_fits(const struct field *f, int32_t unit)
{
    switch (unit) {
    case UNIT_BYTES:
        return is_text(f) && !f->repeated;
    case UNIT_UTF16:
    case UNIT_NOT_BLANK:
    case UNIT_NO_CONTROL:
    case UNIT_VISIBLE_ASCII:
        return f->kind == KIND_STRING && !f->repeated;
    case UNIT_PRESENT:
        return is_text(f) || f->repeated || f->optional;
    case UNIT_VALUE:
        return is_integer(f) && !f->repeated;
    case UNIT_COUNT:
        return f->repeated;
    default:
        return false;
    }
}

static void check_limit(const struct field *f, const struct limit *l)
{
    bool asks = l->unit >= UNIT_NOT_BLANK;

    if (l->unit == UNIT_NONE) {
        report(f->place,
               "limit of `%s` has no unit; say BYTES, UTF16, VALUE, COUNT, NOT_BLANK, NO_CONTROL, PRESENT or "
               "VISIBLE_ASCII",
               f->name);
        return;
    }
    if (l->v1_only && l->ref_only)
        report(f->place, "limit %s on `%s` is v1_only and ref_only, so it holds nowhere", unit_names[l->unit], f->name);
    if (!unit_fits(f, l->unit))
        report(f->place, "limit %s on `%s`, whose type is %s%s", unit_names[l->unit], f->name,
               f->repeated ? "list of " : "", f->type_name);
    if (asks && (l->has_min || l->has_max))
        report(f->place, "limit %s on `%s` takes neither min nor max", unit_names[l->unit], f->name);
    if (!asks && !l->has_min && !l->has_max)
        report(f->place, "limit %s on `%s` has neither min nor max", unit_names[l->unit], f->name);
    if (l->has_min && l->has_max && l->min > l->max)
        report(f->place, "limit %s on `%s` has a min above its max", unit_names[l->unit], f->name);
    if (l->error_text != NULL && l->has_error && l->error_text->enumerator->number != l->error)
        report(f->place, "limit of `%s` has the text \"%s\", which belongs to %s", f->name, l->text,
               l->error_text->enumerator->name);
    if (l->error_text != NULL && !l->has_error && strcmp(l->error_text->enumerator->name, "INVALID_MESSAGE") != 0)
        report(f->place, "limit of `%s` has a text of %s; say `error: %s`, too", f->name,
               l->error_text->enumerator->name, l->error_text->enumerator->name);
}

void check_field(const struct message *m, const struct field *f)
{
    size_t i;

    check_type(f);
    check_as(f);
    check_map(f);
    check_single(m, f);
    for (i = 0; i < f->form.limit_count; i++)
        check_limit(f, &f->form.limits[i]);
    if (f->form.plus && f->required[V1])
        report(f->place, "field `%s` is +, so it cannot be required in v1; say v1_absent: OMIT or NULL", f->name);
}
