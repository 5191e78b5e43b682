/* gen/tables.h and gen/tables.c: the rows that the codecs walk (runtime/codec/type.h says what each cell means). */
#include "emit.h"

#include <inttypes.h>
#include <string.h>

/* ---- tables.h ---------------------------------------------------------------------------------------------------- */

void emit_tables_h(const struct model *m, struct out *o)
{
    size_t i;

    out_banner(o, "The tables of every message and enumeration, for the codecs of runtime/codec. Use gen/codec.h where "
                  "the type of a "
                  "message is known when compiling.");
    out_print(o, "#ifndef OPS_GEN_TABLES_H\n#define OPS_GEN_TABLES_H\n\n#include \"runtime/codec/type.h\"\n\n");
    for (i = 0; i < m->enum_count; i++)
        out_print(o, "extern const struct ops_enum ops_%s_enum;\n", m->enums[i].c_name);
    if (m->enum_count > 0)
        out_print(o, "\n");
    for (i = 0; i < m->message_count; i++)
        out_print(o, "extern const struct ops_message ops_%s_type;\n", m->messages[i].c_name);
    out_print(
        o,
        "\n/* All messages, in the order of the schema. */\n"
        "extern const struct ops_message *const ops_messages[];\nextern const size_t ops_messages_count;\n\n#endif\n");
}

/* ---- cells ------------------------------------------------------------------------------------------------------- */

static const char *const type_cells[] = {"BOOL", "INT32", "INT64", "ENUM", "STRING", "BYTES", "TIME", "MESSAGE", "?"};
static const char *const as_cells[] = {"PLAIN", "OPAQUE", "JSON_IN_STRING", "TYPED_JSON", "ID", "ANY"};
static const char *const absent_cells[] = {"?", "REQUIRED", "OMIT", "NULL", "ZERO"};
static const char *const unit_cells[] = {"?",         "BYTES",      "UTF16",   "VALUE",        "COUNT",
                                         "NOT_BLANK", "NO_CONTROL", "PRESENT", "VISIBLE_ASCII"};

/* A literal as an argument of a macro. */
static const char *literal(const char *macro, const char *text)
{
    struct out o = {NULL, 0, 0};

    if (text == NULL)
        return "NONE";
    out_print(&o, "%s(\"", macro);
    out_escaped(&o, text);
    out_print(&o, "\")");
    return o.text;
}

static const char *number(int64_t n)
{
    if (n == INT64_MIN || n == INT64_MAX)
        return n < 0 ? "INT64_MIN" : "INT64_MAX";
    if (n == INT32_MIN || n == INT32_MAX)
        return n < 0 ? "INT32_MIN" : "INT32_MAX";
    return text_format("%" PRId64, n);
}

static const char *index_cell(int index, const char *whole)
{
    return index == WHOLE || index == NOT_FOUND ? whole : text_format("%d", index);
}

static const char *flag_cells(const struct field *f)
{
    struct out o = {NULL, 0, 0};

    if (f->repeated)
        out_print(&o, " | LIST");
    if (f->optional && !f->repeated)
        out_print(&o, " | OPT");
    if (f->wrapper)
        out_print(&o, " | WRAP");
    if (f->in_oneof)
        out_print(&o, " | VARIANT");
    if (f->form.plus)
        out_print(&o, " | PLUS");
    if (f->form.single)
        out_print(&o, " | SINGLE");
    return o.text != NULL ? o.text + 3 : "0";
}

static bool is_integer(const struct field *f)
{
    return f->kind == KIND_INT32 || f->kind == KIND_INT64;
}

static bool has_detail(const struct message *m, const struct field *f)
{
    bool tagged = f->in_oneof && (m->envelope != NULL || m->oneofs[0].form != NULL);

    return f->form.map != NULL || f->variant != NULL || tagged || f->form.limit_count > 0;
}

/* ---- rare properties --------------------------------------------------------------------------------------------- */

/* enum ops_reason of a broken limit; where both ends are limited, that of the upper one. */
static const char *limit_reason(const struct limit *l)
{
    if (l->unit == UNIT_NOT_BLANK)
        return "BLANK";
    if (l->unit == UNIT_NO_CONTROL)
        return "CONTROL_CHARS";
    if (l->unit == UNIT_PRESENT)
        return "MISSING";
    if (l->unit == UNIT_VISIBLE_ASCII)
        return "NOT_VISIBLE_ASCII";
    if (l->unit == UNIT_VALUE)
        return l->has_max ? "TOO_LARGE" : "TOO_SMALL";
    return l->has_max ? "TOO_LONG" : "TOO_SHORT";
}

static const char *limit_error(const struct model *m, const struct limit *l)
{
    size_t i;

    for (i = 0; m->error_codes != NULL && i < m->error_codes->count; i++) {
        const struct enumerator *v = &m->error_codes->values[i];

        if (l->has_error ? v->number == l->error : strcmp(v->name, "INVALID_MESSAGE") == 0)
            return v->c_name;
    }
    return "0";
}

static void emit_limits(const struct model *m, const struct message *message, const struct field *f, struct out *o)
{
    struct table t = {NULL, 0, 0, 0};
    size_t i;

    out_print(o, "static const struct ops_limit %s_%s_limits[] = {\n", message->c_name, f->name);
    for (i = 0; i < f->form.limit_count; i++) {
        const struct limit *l = &f->form.limits[i];

        table_row(&t);
        table_cell(&t, "OPS_UNIT_%s", unit_cells[l->unit]);
        table_cell(&t, "%s", l->v1_only ? "IN_V1" : l->ref_only ? "IN_REF" : "IN_BOTH");
        table_cell(&t, "OPS_REASON_%s", limit_reason(l));
        table_cell(&t, "%s", number(l->has_min ? l->min : INT64_MIN));
        table_cell(&t, "%s", number(l->has_max ? l->max : INT64_MAX));
        table_cell(&t, "%s", limit_error(m, l));
        table_cell(&t, "OPS_TEXT_%s", l->error_text != NULL ? l->error_text->id : "NONE");
    }
    table_print(&t, o, "    {", "},");
    out_print(o, "};\n");
}

static void emit_map(const struct message *m, const struct field *f, struct out *o)
{
    out_print(o, "static const struct ops_map %s_%s_map = {%d, %s, %s, %s};\n", m->c_name, f->name, f->map_key,
              index_cell(f->map_value, "OPS_MAP_WHOLE"), f->form.map->key_inside ? "true" : "false",
              f->form.map->sorted_in_ref ? "true" : "false");
}

static void emit_variant(const struct message *m, const struct field *f, struct out *o)
{
    static const struct variant_form unsaid;
    const struct variant_form *v = f->variant != NULL ? f->variant : &unsaid;
    size_t i;

    if (v->alias.count > 0) {
        out_print(o, "static const struct ops_lit %s_%s_aliases[] = {", m->c_name, f->name);
        for (i = 0; i < v->alias.count; i++)
            out_print(o, "%s%s", i > 0 ? ", " : "", literal("TEXT", v->alias.items[i]));
        out_print(o, "};\n");
    }
    out_print(o, "static const struct ops_variant %s_%s_variant = {%s, %s, %zu, %d, %s, %s};\n", m->c_name, f->name,
              literal("TEXT", v->tag), v->alias.count > 0 ? text_format("%s_%s_aliases", m->c_name, f->name) : "NULL",
              v->alias.count, v->has_number ? v->number : -1, index_cell(f->slot, "OPS_NO_SLOT"),
              index_cell(f->slot_value, "OPS_MAP_WHOLE"));
}

static void emit_detail(const struct model *model, const struct message *m, const struct field *f, struct out *o)
{
    const char *name = text_format("%s_%s", m->c_name, f->name);

    if (f->form.map != NULL)
        emit_map(m, f, o);
    if (f->in_oneof)
        emit_variant(m, f, o);
    if (f->form.limit_count > 0)
        emit_limits(model, m, f, o);
    out_print(o, "static const struct ops_detail %s_detail = {%s, %s, %s, %zu, %s, %s};\n", name,
              f->form.map != NULL ? text_format("&%s_map", name) : "NULL",
              f->in_oneof ? text_format("&%s_variant", name) : "NULL",
              f->form.limit_count > 0 ? text_format("%s_limits", name) : "NULL", f->form.limit_count,
              is_integer(f) ? number(f->min) : "0", is_integer(f) ? number(f->max) : "0");
}

/* ---- a message --------------------------------------------------------------------------------------------------- */

static void field_row(const struct message *m, const struct field *f, struct table *t)
{
    table_row(t);
    table_cell(t, "%s", literal("NAME", f->wire_name[V1]));
    table_cell(t, "%s", literal("NAME", f->wire_name[REF]));
    table_cell(t, "%s", m->c_name);
    table_cell(t, "%s", f->c_name);
    table_cell(t, "%d", f->number);
    table_cell(t, "%s", type_cells[f->kind]);
    table_cell(t, "%s", flag_cells(f));
    table_cell(t, "%s", as_cells[f->as[V1]]);
    table_cell(t, "%s", as_cells[f->as[REF]]);
    table_cell(t, "%s", absent_cells[f->absent[V1]]);
    table_cell(t, "%s", absent_cells[f->absent[REF]]);
    table_cell(t, "%s",
               f->message != NULL       ? text_format("&ops_%s_type", f->message->c_name)
               : f->enumeration != NULL ? text_format("&ops_%s_enum", f->enumeration->c_name)
                                        : "NULL");
    table_cell(t, "%s", has_detail(m, f) ? text_format("&%s_%s_detail", m->c_name, f->name) : "NULL");
}

static void emit_fields(const struct message *m, struct out *o)
{
    struct table t = {NULL, 0, 0, 0};
    size_t i;

    if (m->field_count == 0)
        return;
    out_print(o, "static const struct ops_field %s_fields[] = {\n", m->c_name);
    for (i = 0; i < m->field_count; i++)
        field_row(m, &m->fields[i], &t);
    table_print(&t, o, "    FIELD(", "),");
    out_print(o, "};\n");
}

static void emit_oneof(const struct message *m, struct out *o)
{
    const struct oneof *oneof = &m->oneofs[0];
    const struct union_form *form = oneof->form;
    const char *ref = form != NULL && form->ref != NULL && strcmp(form->ref, "-") != 0 ? form->ref : NULL;

    out_print(
        o,
        "static const struct ops_oneof %s_oneof = {{%s, %s}, (uint16_t)offsetof(struct ops_%s, %s), %zu, %zu, %s};\n",
        m->c_name, literal("TEXT", form != NULL ? form->v1 : NULL), literal("TEXT", ref), m->c_name,
        text_c_name(oneof->name), oneof->first, oneof->count, form != NULL && form->integer ? "true" : "false");
}

static void emit_envelope(const struct message *m, struct out *o)
{
    const struct strings *slots = &m->envelope->slots;
    size_t i;

    out_print(o, "static const struct ops_lit %s_slots[] = {\n", m->c_name);
    for (i = 0; i < slots->count; i++)
        out_print(o, "    %s,\n", literal("NAME", slots->items[i]));
    out_print(o, "};\nstatic const struct ops_envelope %s_envelope = {%s, %s_slots, %zu, %s};\n", m->c_name,
              literal("NAME", m->envelope->type), m->c_name, slots->count,
              m->envelope->other_message != NULL ? text_format("&ops_%s_type", m->envelope->other_message->c_name) : "NULL");
}

static void emit_indexes(const char *name, const int *indexes, size_t count, struct out *o)
{
    size_t i;

    out_print(o, "static const uint8_t %s[] = {", name);
    for (i = 0; i < count; i++)
        out_print(o, "%s%d", i > 0 ? ", " : "", indexes[i]);
    out_print(o, "%s};\n", count == 0 ? "0" : "");
}

static uint64_t required_mask(const struct message *m, int shape)
{
    uint64_t mask = 0;
    size_t i;

    for (i = 0; i < m->field_count; i++) {
        if (m->fields[i].required[shape])
            mask |= (uint64_t)1 << i;
    }
    return mask;
}

static const char *part(bool there, const struct message *m, const char *reference, const char *what)
{
    return there ? text_format("%s%s_%s", reference, m->c_name, what) : "NULL";
}

static void emit_message(const struct model *model, const struct message *m, struct out *o)
{
    size_t i;

    out_print(o, "\n/* ---- %s ---- */\n\n", m->name);
    for (i = 0; i < m->field_count; i++) {
        if (has_detail(m, &m->fields[i]))
            emit_detail(model, m, &m->fields[i], o);
    }
    emit_fields(m, o);
    if (m->oneof_count > 0)
        emit_oneof(m, o);
    if (m->envelope != NULL)
        emit_envelope(m, o);
    if (m->order_number != NULL)
        emit_indexes(text_format("%s_order_number", m->c_name), m->order_number, m->field_count, o);
    if (m->is_packed)
        emit_indexes(text_format("%s_packed", m->c_name), m->packed, m->packed_count, o);
    out_print(o, "const struct ops_message ops_%s_type = {\n", m->c_name);
    out_print(o, "    TEXT(\"%s\"), (uint16_t)sizeof(struct ops_%s), %zu, %zu, %s, %s,\n    %s, %s, %s,\n",
              m->name, m->c_name, m->field_count, m->packed_count, part(m->field_count > 0, m, "", "fields"),
              part(m->order_number != NULL, m, "", "order_number"), part(m->oneof_count > 0, m, "&", "oneof"),
              part(m->envelope != NULL, m, "&", "envelope"), part(m->is_packed, m, "", "packed"));
    out_print(o, "    {UINT64_C(0x%" PRIx64 "), UINT64_C(0x%" PRIx64 ")}};\n", required_mask(m, V1),
              required_mask(m, REF));
}

/* ---- tables.c ---------------------------------------------------------------------------------------------------- */

static void emit_enum(const struct enumeration *e, struct out *o)
{
    struct table t = {NULL, 0, 0, 0};
    size_t i;

    out_print(o, "\nstatic const struct ops_enum_value %s_values[] = {\n", e->c_name);
    for (i = 0; i < e->count; i++) {
        table_row(&t);
        table_cell(&t, "%s", literal("TEXT", e->values[i].wire_name));
        table_cell(&t, "%s", e->values[i].c_name);
    }
    table_print(&t, o, "    {", "},");
    out_print(o, "};\nconst struct ops_enum ops_%s_enum = {%s_values, %zu};\n", e->c_name, e->c_name, e->count);
}

static const char macros[] =
    "/* A text; a member name with all that is around it: ,\"documentId\": ; nothing. */\n"
    "#define TEXT(text) {text, sizeof(text) - 1}\n"
    "#define NAME(name) {\",\\\"\" name \"\\\":\", sizeof(name) + 3}\n"
    "#define NONE {NULL, 0}\n\n"
    "/* A row: name in v1 and reference; struct, member, field number; type, flags; form in v1 and reference; what\n"
    " * absence means in both; table of the type; rare properties. */\n"
    "#define FIELD(v1, ref, message, member, number, type, flags, as_v1, as_ref, absent_v1, absent_ref, of, more)      "
    "      \\\n"
    "    {                                                                                                             "
    "     \\\n"
    "        {v1, ref}, (uint16_t)offsetof(struct ops_##message, member), number, OPS_TYPE_##type, flags,              "
    "     \\\n"
    "            {OPS_AS_##as_v1, OPS_AS_##as_ref}, {OPS_ABSENT_##absent_v1, OPS_ABSENT_##absent_ref}, of, more        "
    "     \\\n"
    "    }\n"
    "#define LIST OPS_FIELD_REPEATED\n#define OPT OPS_FIELD_OPTIONAL\n#define WRAP OPS_FIELD_WRAPPER\n"
    "#define VARIANT OPS_FIELD_VARIANT\n#define PLUS OPS_FIELD_PLUS\n#define SINGLE OPS_FIELD_SINGLE\n"
    "#define IN_V1 (1 << OPS_SHAPE_V1)\n#define IN_REF (1 << OPS_SHAPE_REF)\n#define IN_BOTH (IN_V1 | IN_REF)\n";

void emit_tables_c(const struct model *m, struct out *o)
{
    size_t i;

    out_banner(o, "The rows of every message: one a field. See runtime/codec/type.h.");
    out_print(o, "#include \"gen/tables.h\"\n\n#include \"gen/errors.h\"\n#include \"gen/types.h\"\n\n%s", macros);
    for (i = 0; i < m->enum_count; i++)
        emit_enum(&m->enums[i], o);
    for (i = 0; i < m->message_count; i++)
        emit_message(m, &m->messages[i], o);
    out_print(o, "\nconst struct ops_message *const ops_messages[] = {\n");
    for (i = 0; i < m->message_count; i++)
        out_print(o, "    &ops_%s_type,\n", m->messages[i].c_name);
    out_print(o, "};\nconst size_t ops_messages_count = %zu;\n", m->message_count);
    out_print(
        o,
        "\n#undef TEXT\n#undef NAME\n#undef NONE\n#undef FIELD\n#undef LIST\n#undef OPT\n#undef WRAP\n#undef VARIANT\n"
        "#undef PLUS\n#undef SINGLE\n#undef IN_V1\n#undef IN_REF\n#undef IN_BOTH\n");
}
