/* gen/profile.h and gen/profile.c: styles of JSON, and the wire profiles with their flags. */
#include "emit.h"

#include <inttypes.h>

/* ---- profile.h --------------------------------------------------------------------------------------------------- */

static void emit_styles_h(const struct model *m, struct out *o)
{
    size_t i;

    out_print(o, "\n/* ---- styles ---- */\n");
    for (i = 0; i < m->style_count; i++) {
        out_print(o, "\n");
        if (m->styles[i].comment != NULL)
            out_comment(o, 0, m->styles[i].comment);
        out_print(o, "extern const struct ops_json_style ops_style_%s;\n", m->styles[i].name);
    }
    out_print(o, "\n/* All of them, then NULL. */\nextern const struct ops_json_style *const ops_styles[];\n"
                 "extern const size_t ops_styles_count;\n");
}

static void emit_profile_struct(const struct model *m, struct out *o)
{
    static const char *const types[] = {"struct ops_str ", "const struct ops_json_style *", "bool ", "int32_t "};
    size_t i;

    out_print(o, "\n/* ---- profiles ---- */\n\n");
    out_comment(o, 0,
                "A wire profile: its styles, and every difference in behaviour that is not a form, by name. Code asks "
                "for a flag, never "
                "for a profile.");
    out_print(o, "struct ops_profile {\n");
    for (i = 0; i < m->profile_member_count; i++) {
        const struct profile_member *member = &m->profile_members[i];

        out_comment(o, 4, member->comment);
        out_print(o, "    %s%s;\n", types[member->kind], member->name);
    }
    out_print(o, "};\n\n");
}

void emit_profile_h(const struct model *m, struct out *o)
{
    size_t i;

    out_banner(o, "JSON styles and wire profiles.");
    out_print(o, "#ifndef OPS_GEN_PROFILE_H\n#define OPS_GEN_PROFILE_H\n\n#include \"runtime/codec/type.h\"\n");
    emit_styles_h(m, o);
    emit_profile_struct(m, o);
    for (i = 0; i < m->profile_count; i++)
        out_print(o, "extern const struct ops_profile ops_profile_%s;\n", m->profiles[i].name);
    out_print(
        o,
        "\n/* All of them, the default first, then NULL. */\nextern const struct ops_profile *const ops_profiles[];\n"
        "extern const size_t ops_profiles_count;\n\n"
        "/* The profile of that name, in any letter case; NULL: none. */\n"
        "const struct ops_profile *ops_profile_find(struct ops_str name);\n\n#endif\n");
}

/* ---- profile.c --------------------------------------------------------------------------------------------------- */

static const char *truth(bool value)
{
    return value ? "true" : "false";
}

static void emit_style(const struct style *s, struct out *o)
{
    static const char *const escapers[] = {"MINIMAL", "ASCII", "RELAXED"};
    static const char *const names[] = {"EXACT", "ANY_CASE", "EXACT_ELSE_ANY_CASE"};

    out_print(o, "\nconst struct ops_json_style ops_style_%s = {\n", s->name);
    out_print(o, "    \"%s\", OPS_SHAPE_%s, OPS_ESCAPE_%s, OPS_NAMES_%s,\n", s->name, s->reference_shape ? "REF" : "V1",
              escapers[s->escaper], names[s->names]);
    out_print(o, "    %s, /* nulls_omitted */\n", truth(s->nulls_omitted));
    out_print(o, "    %s, /* opaque_verbatim */\n", truth(s->opaque_verbatim));
    out_print(o, "    %s, /* maps_sorted */\n", truth(s->maps_sorted));
    out_print(o, "    %s, /* strict */\n", truth(s->strict));
    out_print(o, "    %s, /* discriminator_first */\n", truth(s->discriminator_first));
    out_print(o, "    %s, /* times_millis_z */\n", truth(s->times_millis_z));
    out_print(o, "    %s, /* enum_names */\n", truth(s->enum_names));
    out_print(o, "    %s, /* plus */\n", truth(s->plus));
    out_print(o, "    %s, /* exact_arguments */\n", truth(s->exact_arguments));
    out_print(o, "    %d, /* depth_limit */\n", s->depth_limit);
    out_print(o, "    %d /* opaque_depth_limit */\n};\n", s->opaque_depth_limit);
}

static void emit_profile(const struct model *m, const struct profile *p, struct out *o)
{
    size_t i;

    out_print(o, "\nconst struct ops_profile ops_profile_%s = {\n", p->name);
    for (i = 0; i < m->profile_member_count; i++) {
        const struct profile_member *member = &m->profile_members[i];
        const struct profile_value *value = &p->values[i];

        switch (member->kind) {
        case PROFILE_NAME:
            out_print(o, "    {\"%s\", sizeof(\"%s\") - 1}", value->text, value->text);
            break;
        case PROFILE_STYLE:
            out_print(o, "    &ops_style_%s", value->text);
            break;
        case PROFILE_FLAG:
            out_print(o, "    %s", truth(value->number != 0));
            break;
        case PROFILE_NUMBER:
            out_print(o, "    %" PRId64, value->number);
            break;
        }
        out_print(o, "%s /* %s */\n", i + 1 < m->profile_member_count ? "," : "", member->name);
    }
    out_print(o, "};\n");
}

static const char find_function[] = "\n"
                                    "static bool profile_same_letters(struct ops_str a, struct ops_str b)\n"
                                    "{\n"
                                    "    size_t i;\n"
                                    "\n"
                                    "    for (i = 0; a.len == b.len && i < a.len; i++) {\n"
                                    "        unsigned char x = (unsigned char)a.ptr[i], y = (unsigned char)b.ptr[i];\n"
                                    "\n"
                                    "        if (x != y && ((x ^ y) != 0x20 || (x | 0x20) < 'a' || (x | 0x20) > 'z'))\n"
                                    "            return false;\n"
                                    "    }\n"
                                    "    return a.len == b.len;\n"
                                    "}\n"
                                    "\n"
                                    "const struct ops_profile *ops_profile_find(struct ops_str name)\n"
                                    "{\n"
                                    "    size_t i;\n"
                                    "\n"
                                    "    for (i = 0; i < ops_profiles_count; i++) {\n"
                                    "        if (profile_same_letters(ops_profiles[i]->name, name))\n"
                                    "            return ops_profiles[i];\n"
                                    "    }\n"
                                    "    return NULL;\n"
                                    "}\n";

void emit_profile_c(const struct model *m, struct out *o)
{
    size_t i;

    out_banner(o, "JSON styles and wire profiles.");
    out_print(o, "#include \"gen/profile.h\"\n");
    for (i = 0; i < m->style_count; i++)
        emit_style(&m->styles[i], o);
    out_print(o, "\nconst struct ops_json_style *const ops_styles[] = {\n");
    for (i = 0; i < m->style_count; i++)
        out_print(o, "    &ops_style_%s,\n", m->styles[i].name);
    out_print(o, "    NULL};\nconst size_t ops_styles_count = %zu;\n", m->style_count);
    for (i = 0; i < m->profile_count; i++)
        emit_profile(m, &m->profiles[i], o);
    out_print(o, "\nconst struct ops_profile *const ops_profiles[] = {\n");
    for (i = 0; i < m->profile_count; i++)
        out_print(o, "    &ops_profile_%s,\n", m->profiles[i].name);
    out_print(o, "    NULL};\nconst size_t ops_profiles_count = %zu;\n%s", m->profile_count, find_function);
}
