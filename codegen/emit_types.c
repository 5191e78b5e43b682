/* gen/types.h: the schema's messages as C structs. */
#include "emit.h"

#include <string.h>

/* ---- enumerations ------------------------------------------------------------------------------------------------ */

static void emit_enum(const struct enumeration *e, struct out *o)
{
    size_t i;

    out_print(o, "\n");
    out_comment(o, 0, e->comment);
    out_print(o, "enum ops_%s {\n", e->c_name);
    for (i = 0; i < e->count; i++) {
        const struct enumerator *v = &e->values[i];

        out_comment(o, 4, v->comment);
        out_print(o, "    %s = %d%s\n", v->c_name, v->number, i + 1 < e->count ? "," : "");
    }
    out_print(o, "};\n");
}

/* Which variant of a oneof is set. */
static void emit_oneof_enum(const struct message *m, const struct oneof *oneof, struct out *o)
{
    const char *prefix = text_upper(m->c_name);
    size_t i;

    out_print(o, "\n/* Variants of struct ops_%s, by their field numbers. */\n", m->c_name);
    out_print(o, "enum ops_%s_%s {\n    OPS_%s_NONE = 0", m->c_name, oneof->name, prefix);
    for (i = 0; i < oneof->count; i++) {
        const struct field *f = &m->fields[oneof->first + i];

        out_print(o, ",\n    OPS_%s_%s = %d", prefix, text_upper(f->name), f->number);
    }
    out_print(o, "\n};\n");
}

/* ---- structs ----------------------------------------------------------------------------------------------------- */

static const char *element_type(const struct field *f)
{
    return f->kind == KIND_MESSAGE ? text_format("struct ops_%s", f->message->c_name) : "struct ops_str";
}

/* Type of a field that is not repeated; a message as it is inside a union. */
static const char *value_type(const struct field *f)
{
    if (f->as[V1] == AS_ANY)
        return "struct ops_any";
    switch (f->kind) {
    case KIND_BOOL:
        return f->optional ? "struct ops_opt_bool" : "bool";
    case KIND_INT32:
        return f->optional ? "struct ops_opt_int32" : "int32_t";
    case KIND_INT64:
        return f->optional ? "struct ops_opt_int64" : "int64_t";
    case KIND_ENUM:
        return text_format("enum ops_%s", f->enumeration->c_name);
    case KIND_TIME:
        return "struct ops_time";
    case KIND_STRING:
    case KIND_BYTES:
    case KIND_MESSAGE:
    case KIND_UNSUPPORTED:
        break;
    }
    return element_type(f);
}

static void emit_member(const struct field *f, unsigned indent, struct out *o)
{
    out_comment(o, indent, f->comment);
    if (f->repeated)
        out_print(o, "%*sconst %s *%s;\n%*ssize_t %s_count;\n", (int)indent, "", element_type(f), f->c_name,
                  (int)indent, "", f->name);
    else if (f->kind == KIND_MESSAGE && !f->in_oneof)
        out_print(o, "%*sconst %s *%s;\n", (int)indent, "", element_type(f), f->c_name);
    else
        out_print(o, "%*s%s %s;\n", (int)indent, "", value_type(f), f->c_name);
}

static void emit_union(const struct message *m, const struct oneof *oneof, struct out *o)
{
    size_t i;

    out_comment(o, 4, oneof->comment);
    out_print(o, "    enum ops_%s_%s %s;\n    union {\n", m->c_name, oneof->name, text_c_name(oneof->name));
    for (i = 0; i < oneof->count; i++)
        emit_member(&m->fields[oneof->first + i], 8, o);
    out_print(o, "    };\n");
}

static void emit_struct(const struct message *m, struct out *o)
{
    const struct oneof *oneof = m->oneof_count > 0 ? &m->oneofs[0] : NULL;
    size_t i;

    if (oneof != NULL)
        emit_oneof_enum(m, oneof, o);
    out_print(o, "\n");
    out_comment(o, 0, m->comment);
    out_print(o, "struct ops_%s {\n", m->c_name);
    if (m->field_count == 0)
        out_print(o, "    char nothing; /* C++ and C disagree about empty structs */\n");
    for (i = 0; i < m->field_count; i++) {
        if (!m->fields[i].in_oneof)
            emit_member(&m->fields[i], 4, o);
        else if (oneof != NULL && i == oneof->first)
            emit_union(m, oneof, o);
    }
    out_print(o, "};\n");
}

/* A union holds messages by value: they go first. */
static void emit_struct_after_its_parts(struct message *m, struct out *o)
{
    size_t i;

    if (m->mark != 0)
        return;
    m->mark = 1;
    for (i = 0; i < m->field_count; i++) {
        const struct field *f = &m->fields[i];

        if (f->in_oneof && f->kind == KIND_MESSAGE)
            emit_struct_after_its_parts(f->message, o);
    }
    emit_struct(m, o);
}

void emit_types(const struct model *m, struct out *o)
{
    size_t i;

    out_banner(
        o, "Every message of the schema as a C struct. How a schema field looks in C: runtime/codec/type.h. Views and "
           "lists point into the memory of whoever made the struct; ops_<name>_copy (gen/codec.h) makes one that "
           "stands alone. C11 and C++17.");
    out_print(o, "#ifndef OPS_GEN_TYPES_H\n#define OPS_GEN_TYPES_H\n\n#include \"runtime/codec/type.h\"\n");
    for (i = 0; i < m->enum_count; i++)
        emit_enum(&m->enums[i], o);
    for (i = 0; i < m->message_count; i++)
        m->messages[i].mark = 0;
    for (i = 0; i < m->message_count; i++)
        emit_struct_after_its_parts(&m->messages[i], o);
    out_print(o, "\n#endif\n");
}
