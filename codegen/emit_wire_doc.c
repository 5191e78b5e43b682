/* gen/docs/wire.md: the reference page of everything on the wire. */
#include "emit.h"

#include <inttypes.h>
#include <string.h>

/* ---- cells ------------------------------------------------------------------------------------------------------- */

/* A comment on one line, fit for a table. */
static const char *one_line(const char *text)
{
    char *line = memory_new(strlen(text) * 2 + 1, 1), *at = line;

    for (; *text != '\0'; text++) {
        if (*text == '|')
            *at++ = '\\';
        *at++ = *text == '\n' ? ' ' : *text;
    }
    return line;
}

static const char *link_to(const char *name)
{
    return text_format("[%s](#%s)", name, text_lower(name));
}

static const char *name_cell(const char *name)
{
    return name != NULL ? text_format("`%s`", name) : "–";
}

static const char *plain_type(const struct field *f)
{
    switch (f->kind) {
    case KIND_ENUM:
        return link_to(f->enumeration->name);
    case KIND_TIME:
        return "time";
    case KIND_MESSAGE:
        return link_to(f->message->name);
    case KIND_BYTES:
        return f->json_message != NULL ? text_format("bytes, JSON of %s", link_to(f->json_message->name)) : "bytes";
    case KIND_BOOL:
    case KIND_INT32:
    case KIND_INT64:
    case KIND_STRING:
    case KIND_UNSUPPORTED:
        break;
    }
    return f->kind == KIND_BOOL ? "bool" : f->kind == KIND_INT32 ? "int32" : f->kind == KIND_INT64 ? "int64" : "string";
}

static const char *map_type(const struct field *f)
{
    const char *value = f->map_value == WHOLE ? link_to(f->message->name)
                                              : text_format("%s's `%s`", link_to(f->message->name), f->form.map->value);

    return text_format("object of %s by `%s`%s%s", value, f->form.map->key,
                       f->form.map->key_inside ? ", which is inside too" : "",
                       f->form.map->sorted_in_ref ? ", sorted" : "");
}

static const char *shape_type(const struct field *f, int shape)
{
    switch (f->as[shape]) {
    case AS_OPAQUE:
        return "any JSON";
    case AS_JSON_IN_STRING:
        return "string of JSON";
    case AS_TYPED_JSON:
        return text_format("JSON of %s", link_to(f->message->name));
    case AS_ID:
        return "string or integer";
    case AS_ANY:
        return "by context";
    case AS_PLAIN:
        break;
    }
    if (f->form.map != NULL)
        return map_type(f);
    if (f->form.single)
        return text_format(shape == V1 ? "members of %s, in place" : "list of one %s", plain_type(f));
    return f->repeated ? text_format("list of %s", plain_type(f)) : plain_type(f);
}

static const char *type_cell(const struct field *f)
{
    const char *v1 = shape_type(f, V1), *ref = shape_type(f, REF);

    if (f->wire_name[V1] == NULL && f->wire_name[REF] == NULL)
        return f->repeated ? text_format("list of %s", plain_type(f)) : plain_type(f);
    if (strcmp(v1, ref) == 0 || f->wire_name[REF] == NULL)
        return v1;
    return f->wire_name[V1] == NULL ? ref : text_format("%s; reference: %s", v1, ref);
}

static const char *absent_cell(const struct field *f, int shape)
{
    static const char *const words[] = {"", "required", "left out", "null", "zero value"};

    bool never = (f->kind == KIND_BOOL || f->kind == KIND_INT32 || f->kind == KIND_INT64 || f->kind == KIND_ENUM) &&
                 !f->optional;

    if (f->wire_name[shape] == NULL || f->in_oneof)
        return "–";
    return words[never && f->absent[shape] == ABSENT_NULL ? ABSENT_ZERO : f->absent[shape]];
}

static const char *limit_words(const struct limit *l)
{
    static const char *const units[] = {"", "bytes", "units", "", "elements"};
    const char *unit = l->unit < UNIT_NOT_BLANK ? units[l->unit] : "";
    const char *space = unit[0] != '\0' ? " " : "";

    switch (l->unit) {
    case UNIT_NOT_BLANK:
        return "not blank";
    case UNIT_NO_CONTROL:
        return "no control characters";
    case UNIT_PRESENT:
        return "there";
    case UNIT_VISIBLE_ASCII:
        return "U+0021–7E";
    default:
        break;
    }
    if (!l->has_max)
        return text_format("at least %" PRId64 "%s%s", l->min, space, unit);
    if (!l->has_min)
        return text_format("at most %" PRId64 "%s%s", l->max, space, unit);
    return text_format("%" PRId64 " to %" PRId64 "%s%s", l->min, l->max, space, unit);
}

static const char *limits_cell(const struct model *m, const struct field *f)
{
    struct out o = {NULL, 0, 0};
    size_t i, k;

    out_print(&o, "%s", "");
    for (i = 0; i < f->form.limit_count; i++) {
        const struct limit *l = &f->form.limits[i];

        out_print(&o, "%s%s%s", i > 0 ? "; " : "", limit_words(l),
                  l->v1_only    ? " (v1)"
                  : l->ref_only ? " (reference)"
                                : "");
        for (k = 0; l->has_error && k < m->error_codes->count; k++) {
            if (m->error_codes->values[k].number == l->error)
                out_print(&o, ", else `%s`", m->error_codes->values[k].wire_name);
        }
    }
    return o.text;
}

/* ---- messages ---------------------------------------------------------------------------------------------------- */

static void emit_members(const struct model *m, const struct message *message, bool tagged, struct out *o)
{
    bool begun = false;
    size_t i;

    for (i = 0; i < message->field_count; i++) {
        const struct field *f = &message->fields[i];

        if (tagged && f->in_oneof)
            continue;
        if (!begun)
            out_print(o, "\n| v1 | reference | type | absent in v1 | absent in reference | limits | field | what |\n"
                         "|---|---|---|---|---|---|---|---|\n");
        begun = true;
        out_print(o, "| %s%s | %s | %s | %s | %s | %s | %d%s | %s |\n", f->form.plus ? "**+** " : "",
                  name_cell(f->wire_name[V1]), name_cell(f->wire_name[REF]), type_cell(f), absent_cell(f, V1),
                  absent_cell(f, REF), limits_cell(m, f), f->number, f->in_oneof ? " (one of)" : "",
                  one_line(f->comment));
    }
}

static void emit_variants(const struct message *m, const struct oneof *oneof, struct out *o)
{
    const char *v1 = oneof->form->v1, *ref = oneof->form->ref;
    size_t i, k;

    out_print(o, "\n%s", oneof->comment);
    if (v1 != NULL)
        out_print(o, " Discriminator in v1: `%s`.", v1);
    if (ref != NULL)
        out_print(o, strcmp(ref, "-") == 0 ? " In reference an envelope, see below." : " In reference: `%s`.", ref);
    out_print(o, "\n\n| tag | also read | number | slot | message | field | what |\n|---|---|---|---|---|---|---|\n");
    for (i = 0; i < oneof->count; i++) {
        const struct field *f = &m->fields[oneof->first + i];
        const struct variant_form *v = f->variant;

        out_print(o, "| %s%s | ", f->form.plus ? "**+** " : "", name_cell(v->tag));
        for (k = 0; k < v->alias.count; k++)
            out_print(o, "%s`%s`", k > 0 ? " " : "", v->alias.items[k]);
        out_print(o, " | %s | ", v->has_number ? text_format("%d", v->number) : "");
        if (v->slot != NULL)
            out_print(o, "`%s`", v->slot);
        if (v->slot_value != NULL)
            out_print(o, " = its `%s`", v->slot_value);
        out_print(o, " | %s | %d | %s |\n", plain_type(f), f->number, one_line(f->comment));
    }
}

static void emit_envelope(const struct message *m, struct out *o)
{
    size_t i;

    out_print(o, "\nEnvelope of reference: the members above, then `%s` (the number), then", m->envelope->type);
    for (i = 0; i < m->envelope->slots.count; i++)
        out_print(o, "%s `%s`", i > 0 ? "," : "", m->envelope->slots.items[i]);
    out_print(o, "; every one is written, null where unused.\n");
}

static void emit_message(const struct model *m, const struct message *message, struct out *o)
{
    bool tagged = message->oneof_count > 0 && message->oneofs[0].form != NULL;
    size_t i;

    out_print(o, "\n### %s\n\n%s\n", message->name, message->comment);
    emit_members(m, message, tagged, o);
    if (tagged)
        emit_variants(message, &message->oneofs[0], o);
    if (message->envelope != NULL)
        emit_envelope(message, o);
    if (!message->is_packed)
        return;
    out_print(o, "\nMessagePack: an array of the type");
    for (i = 0; i < message->packed_count; i++)
        out_print(o, ", `%s`", message->fields[message->packed[i]].name);
    out_print(o, ".\n");
}

/* ---- enumerations and errors ------------------------------------------------------------------------------------- */

static void emit_enum(const struct enumeration *e, struct out *o)
{
    size_t i;

    out_print(o, "\n### %s\n\n%s\n\n| v1 | number | what |\n|---|---|---|\n", e->name, e->comment);
    for (i = 0; i < e->count; i++)
        out_print(o, "| `%s` | %d | %s |\n", e->values[i].wire_name, e->values[i].number,
                  one_line(e->values[i].comment));
}

static void emit_errors(const struct model *m, struct out *o)
{
    const struct enumeration *e = m->error_codes;
    size_t i;

    out_print(o, "\n## Error codes\n\n%s\n\n| code | number | gRPC status | what |\n|---|---|---|---|\n", e->comment);
    for (i = 0; i < e->count; i++)
        out_print(o, "| `%s` | %d | %d | %s |\n", e->values[i].wire_name, e->values[i].number,
                  e->values[i].form.grpc_status, one_line(e->values[i].comment));
    out_print(o,
              "\n### Texts\n\n{0}, {1} … stand for values.\n\n| text | code | v1 | reference |\n|---|---|---|---|\n");
    for (i = 1; i < m->text_count; i++) {
        const struct error_text *t = m->texts[i];

        out_print(o, "| `%s` | `%s` | %s | %s |\n", t->id, t->enumerator->wire_name,
                  one_line(t->v1 != NULL ? t->v1 : ""), t->ref != NULL ? one_line(t->ref) : "*as v1*");
    }
}

void emit_wire_doc(const struct model *m, struct out *o)
{
    size_t i;

    out_print(o, "<!-- %s -->\n\n# Wire reference\n\n", out_banner_text);
    out_wrapped(o,
                "Every message, call, error, style and profile, from the schema. Members of a JSON object are written "
                "in the order of "
                "the tables. **+**: on extended connections only. –: not in that profile. A type without a profile "
                "holds in both. "
                "Numbers in the column *field* are those of protobuf (gRPC).",
                0, 120, "");
    out_print(o, "\n\n## Messages\n");
    for (i = 0; i < m->message_count; i++)
        emit_message(m, &m->messages[i], o);
    out_print(o, "\n## Enumerations\n");
    for (i = 0; i < m->enum_count; i++) {
        if (&m->enums[i] != m->error_codes)
            emit_enum(&m->enums[i], o);
    }
    emit_wire_calls(m, o);
    emit_errors(m, o);
    emit_wire_profiles(m, o);
}
