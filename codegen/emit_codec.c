/* gen/codec.h: what can be done with each message, typed. */
#include "emit.h"

static const char functions[] =
    "/* What there is for each message `name` (struct ops_<name>); the contracts stand with the functions that these "
    "call:\n"
    " * runtime/codec/json.h, proto.h, msgpack.h, message.h.\n"
    " *\n"
    " *   ops_<name>_json_decode     JSON text to struct, in a style of gen/profile.h; slices of `input` where "
    "possible\n"
    " *   ops_<name>_json_encode     struct to JSON text, appended\n"
    " *   ops_<name>_proto_decode    protobuf to struct\n"
    " *   ops_<name>_proto_encode    struct to protobuf, appended\n"
    " *   ops_<name>_msgpack_decode  MessagePack to struct, as the binary hub protocol has it\n"
    " *   ops_<name>_msgpack_encode  struct to MessagePack, appended\n"
    " *   ops_<name>_copy            deep copy into an arena; false: no room\n"
    " *   ops_<name>_equal           same value\n"
    " *   ops_<name>_validate        every declared limit; false: the first broken one is in `*violation` */\n"
    "#define OPS_MESSAGE_FUNCTIONS(name)\n"
    "    static inline enum ops_err ops_##name##_json_decode(const struct ops_json_style *style, struct ops_str "
    "input,\n"
    "                                                        struct ops_arena *arena, struct ops_##name *out,\n"
    "                                                        struct ops_decode_info *info)\n"
    "    {\n"
    "        return ops_json_decode(&ops_##name##_type, style, input, arena, out, info);\n"
    "    }\n"
    "    static inline enum ops_err ops_##name##_json_encode(const struct ops_json_style *style,\n"
    "                                                        const struct ops_##name *message, struct ops_buf *out)\n"
    "    {\n"
    "        return ops_json_encode(&ops_##name##_type, style, message, out);\n"
    "    }\n"
    "    static inline enum ops_err ops_##name##_proto_decode(struct ops_str input, struct ops_arena *arena,\n"
    "                                                         struct ops_##name *out, struct ops_error *err)\n"
    "    {\n"
    "        return ops_proto_decode(&ops_##name##_type, input, arena, out, err);\n"
    "    }\n"
    "    static inline enum ops_err ops_##name##_proto_encode(const struct ops_##name *message, struct ops_buf *out)\n"
    "    {\n"
    "        return ops_proto_encode(&ops_##name##_type, message, out);\n"
    "    }\n"
    "    static inline enum ops_err ops_##name##_msgpack_decode(const struct ops_json_style *style, struct ops_str "
    "input,\n"
    "                                                           struct ops_arena *arena, struct ops_##name *out,\n"
    "                                                           struct ops_decode_info *info)\n"
    "    {\n"
    "        return ops_msgpack_decode(&ops_##name##_type, style, input, arena, out, info);\n"
    "    }\n"
    "    static inline enum ops_err ops_##name##_msgpack_encode(const struct ops_json_style *style,\n"
    "                                                           const struct ops_##name *message, struct ops_buf "
    "*out)\n"
    "    {\n"
    "        return ops_msgpack_encode(&ops_##name##_type, style, message, out);\n"
    "    }\n"
    "    static inline bool ops_##name##_copy(const struct ops_##name *from, struct ops_arena *arena, struct "
    "ops_##name *to)\n"
    "    {\n"
    "        return ops_message_copy(&ops_##name##_type, from, arena, to);\n"
    "    }\n"
    "    static inline bool ops_##name##_equal(const struct ops_##name *a, const struct ops_##name *b)\n"
    "    {\n"
    "        return ops_message_equal(&ops_##name##_type, a, b);\n"
    "    }\n"
    "    static inline bool ops_##name##_validate(const struct ops_##name *message, const struct ops_json_style *style,\n"
    "                                             bool opaque_unchecked, struct ops_violation *violation)\n"
    "    {\n"
    "        return ops_message_validate(&ops_##name##_type, message, style, opaque_unchecked, violation);\n"
    "    }\n";

/* A macro of many lines: every line but the last ends in a backslash, in one column. */
static void emit_macro(const char *text, struct out *o)
{
    bool inside = false;

    while (*text != '\0') {
        int len = 0;
        bool last;

        while (text[len] != '\n')
            len++;
        last = text[len + 1] == '\0';
        inside = inside || text[0] == '#';
        if (inside && !last)
            out_print(o, "%-119.*s\\\n", len, text);
        else
            out_print(o, "%.*s\n", len, text);
        text += len + 1;
    }
}

void emit_codec(const struct model *m, struct out *o)
{
    size_t i;

    out_banner(o, "Every message's wire forms and operations, with types.");
    out_print(
        o, "#ifndef OPS_GEN_CODEC_H\n#define OPS_GEN_CODEC_H\n\n#include \"gen/tables.h\"\n#include \"gen/types.h\"\n"
           "#include \"runtime/codec/json.h\"\n#include \"runtime/codec/message.h\"\n#include "
           "\"runtime/codec/msgpack.h\"\n"
           "#include \"runtime/codec/proto.h\"\n\n");
    emit_macro(functions, o);
    out_print(o, "\n");
    for (i = 0; i < m->message_count; i++)
        out_print(o, "OPS_MESSAGE_FUNCTIONS(%s)\n", m->messages[i].c_name);
    out_print(o, "\n#undef OPS_MESSAGE_FUNCTIONS\n\n#endif\n");
}
