/* gen/errors.h and gen/errors.c: error codes and the texts that go with them. */
#include "emit.h"

#include <string.h>

/* ---- errors.h ---------------------------------------------------------------------------------------------------- */

static void emit_text_enum(const struct model *m, struct out *o)
{
    size_t i;

    out_comment(
        o, 0, "The texts of errors, in the order of the schema. {0}, {1} ... stand for values that the caller gives.");
    out_print(o, "enum ops_text {\n    /* No text of its own: the sentence of the path and the reason "
                 "(runtime/codec/explain.h). */\n"
                 "    OPS_TEXT_NONE = 0");
    for (i = 1; i < m->text_count; i++) {
        const struct error_text *t = m->texts[i];

        out_print(o, ",\n");
        out_comment(o, 4, text_format("%s: %s", t->enumerator->wire_name, t->v1 != NULL ? t->v1 : t->ref));
        out_print(o, "    OPS_TEXT_%s = %zu", t->id, t->index);
    }
    out_print(o, "\n};\nenum { OPS_TEXT_COUNT = %zu };\n\n", m->text_count);
}

static const char declarations[] =
    "struct ops_text_form {\n"
    "    enum ops_error_code code;\n"
    "    struct ops_str v1;  /* sentence; the code goes before it where an error is one string */\n"
    "    struct ops_str ref; /* whole text in `reference`; absent: as in v1 */\n"
    "};\n"
    "extern const struct ops_text_form ops_texts[OPS_TEXT_COUNT]; /* by enum ops_text */\n"
    "\n"
    "struct ops_error_code_row {\n"
    "    enum ops_error_code code;\n"
    "    struct ops_str name;\n"
    "    int32_t grpc_status;\n"
    "};\n"
    "extern const struct ops_error_code_row ops_error_codes[]; /* in the order of the schema */\n"
    "extern const size_t ops_error_codes_count;\n"
    "\n"
    "/* Row of a code; that of the first code when the number is none. */\n"
    "const struct ops_error_code_row *ops_error_code_row_of(enum ops_error_code code);\n"
    "\n"
    "/* Appends an error that is one string: `Code: sentence` where errors of the profile carry their code, else its own\n"
    " * text. `values` take the places {0}, {1} ...; a place without a value stays empty. False when `out` has no room:\n"
    " * then it is as before. */\n"
    "bool ops_error_text(const struct ops_profile *profile, enum ops_text text, const struct ops_str *values,\n"
    "                    size_t value_count, struct ops_buf *out);\n"
    "\n"
    "/* The same without the code, for errors that have a member of their own for it. */\n"
    "bool ops_error_text_sentence(const struct ops_profile *profile, enum ops_text text, const struct ops_str "
    "*values,\n"
    "                             size_t value_count, struct ops_buf *out);\n"
    "\n"
    "/* Appends `Code: ` where errors of the profile carry their code, then `sentence`: for sentences made at run "
    "time. */\n"
    "bool ops_error_text_of(const struct ops_profile *profile, enum ops_error_code code, struct ops_str sentence,\n"
    "                       struct ops_buf *out);\n";

void emit_errors_h(const struct model *m, struct out *o)
{
    out_banner(o, "Error codes with their gRPC status, and the texts of errors in both profiles.");
    out_print(o, "#ifndef OPS_GEN_ERRORS_H\n#define OPS_GEN_ERRORS_H\n\n#include \"gen/profile.h\"\n#include "
                 "\"gen/types.h\"\n\n");
    emit_text_enum(m, o);
    out_print(o, "%s\n#endif\n", declarations);
}

/* ---- errors.c ---------------------------------------------------------------------------------------------------- */

static void emit_text_cell(const char *text, const char *otherwise, struct out *o)
{
    if (text == NULL) {
        out_print(o, "%s", otherwise);
        return;
    }
    out_print(o, "TEXT(\"");
    out_escaped(o, text);
    out_print(o, "\")");
}

static void emit_texts(const struct model *m, struct out *o)
{
    size_t i;

    out_print(o, "const struct ops_text_form ops_texts[OPS_TEXT_COUNT] = {\n    {%s, TEXT(\"\"), {NULL, 0}},\n",
              m->error_codes->values[0].c_name);
    for (i = 1; i < m->text_count; i++) {
        const struct error_text *t = m->texts[i];

        out_print(o, "    /* %s */\n    {%s,\n     ", t->id, t->enumerator->c_name);
        emit_text_cell(t->v1, "TEXT(\"\")", o);
        out_print(o, ",\n     ");
        emit_text_cell(t->ref, "{NULL, 0}", o);
        out_print(o, "},\n");
    }
    out_print(o, "};\n\n");
}

static void emit_codes(const struct model *m, struct out *o)
{
    struct table t = {NULL, 0, 0, 0};
    size_t i;

    out_print(o, "const struct ops_error_code_row ops_error_codes[] = {\n");
    for (i = 0; i < m->error_codes->count; i++) {
        const struct enumerator *v = &m->error_codes->values[i];

        table_row(&t);
        table_cell(&t, "%s", v->c_name);
        table_cell(&t, "TEXT(\"%s\")", v->wire_name);
        table_cell(&t, "%d", v->form.grpc_status);
    }
    table_print(&t, o, "    {", "},");
    out_print(o, "};\nconst size_t ops_error_codes_count = %zu;\n", m->error_codes->count);
}

static const char functions[] =
    "\n"
    "const struct ops_error_code_row *ops_error_code_row_of(enum ops_error_code code)\n"
    "{\n"
    "    size_t i;\n"
    "\n"
    "    for (i = 0; i < ops_error_codes_count; i++) {\n"
    "        if (ops_error_codes[i].code == code)\n"
    "            return &ops_error_codes[i];\n"
    "    }\n"
    "    return &ops_error_codes[0];\n"
    "}\n"
    "\n"
    "/* Appends `form` with its places {0} to {9} filled. */\n"
    "static bool errors_fill(struct ops_str form, const struct ops_str *values, size_t value_count, struct ops_buf "
    "*out)\n"
    "{\n"
    "    size_t i = 0, plain = 0;\n"
    "\n"
    "    while (i < form.len) {\n"
    "        size_t index;\n"
    "\n"
    "        if (form.len - i < 3 || form.ptr[i] != '{' || form.ptr[i + 2] != '}' || form.ptr[i + 1] < '0' ||\n"
    "            form.ptr[i + 1] > '9') {\n"
    "            i++;\n"
    "            continue;\n"
    "        }\n"
    "        index = (size_t)(form.ptr[i + 1] - '0');\n"
    "        if (!ops_buf_append(out, form.ptr + plain, i - plain))\n"
    "            return false;\n"
    "        if (index < value_count && values[index].len > 0 && !ops_buf_append(out, values[index].ptr, "
    "values[index].len))\n"
    "            return false;\n"
    "        i += 3;\n"
    "        plain = i;\n"
    "    }\n"
    "    return ops_buf_append(out, form.ptr + plain, form.len - plain);\n"
    "}\n"
    "\n"
    "static bool errors_code(enum ops_error_code code, struct ops_buf *out)\n"
    "{\n"
    "    struct ops_str name = ops_error_code_row_of(code)->name;\n"
    "\n"
    "    return ops_buf_append(out, name.ptr, name.len) && ops_buf_append(out, \": \", 2);\n"
    "}\n"
    "\n"
    "static bool errors_write(bool code, bool reference, enum ops_text text, const struct ops_str *values,\n"
    "                         size_t value_count, struct ops_buf *out)\n"
    "{\n"
    "    const struct ops_text_form *form = &ops_texts[text];\n"
    "    size_t before = out->len;\n"
    "\n"
    "    if (reference && form->ref.ptr != NULL) {\n"
    "        if (errors_fill(form->ref, values, value_count, out))\n"
    "            return true;\n"
    "    } else if ((!code || errors_code(form->code, out)) && errors_fill(form->v1, values, value_count, out)) {\n"
    "        return true;\n"
    "    }\n"
    "    out->len = before;\n"
    "    return false;\n"
    "}\n"
    "\n"
    "bool ops_error_text(const struct ops_profile *profile, enum ops_text text, const struct ops_str *values,\n"
    "                    size_t value_count, struct ops_buf *out)\n"
    "{\n"
    "    return errors_write(true, !profile->errors_carry_code, text, values, value_count, out);\n"
    "}\n"
    "\n"
    "bool ops_error_text_sentence(const struct ops_profile *profile, enum ops_text text, const struct ops_str "
    "*values,\n"
    "                             size_t value_count, struct ops_buf *out)\n"
    "{\n"
    "    return errors_write(false, !profile->errors_carry_code, text, values, value_count, out);\n"
    "}\n"
    "\n"
    "bool ops_error_text_of(const struct ops_profile *profile, enum ops_error_code code, struct ops_str sentence,\n"
    "                       struct ops_buf *out)\n"
    "{\n"
    "    size_t before = out->len;\n"
    "\n"
    "    if ((!profile->errors_carry_code || errors_code(code, out)) && ops_buf_append(out, sentence.ptr, "
    "sentence.len))\n"
    "        return true;\n"
    "    out->len = before;\n"
    "    return false;\n"
    "}\n";

void emit_errors_c(const struct model *m, struct out *o)
{
    out_banner(o, "Error codes with their gRPC status, and the texts of errors in both profiles.");
    out_print(o, "#include \"gen/errors.h\"\n\n#define TEXT(text) {text, sizeof(text) - 1}\n\n");
    emit_codes(m, o);
    out_print(o, "\n");
    emit_texts(m, o);
    out_print(o, "#undef TEXT\n%s", functions);
}
