/* gen/opstream.d.ts: the JSON of `v1` as TypeScript declarations. */
#include "emit.h"

#include <string.h>

/* ---- types ------------------------------------------------------------------------------------------------------- */

static const char *plain_type(const struct field *f)
{
    switch (f->kind) {
    case KIND_BOOL:
        return "boolean";
    case KIND_INT32:
    case KIND_INT64:
        return "number";
    case KIND_ENUM:
        return f->enumeration->name;
    case KIND_BYTES:
        return f->json_message != NULL ? text_format("Base64<%s>", f->json_message->name) : "Base64";
    case KIND_TIME:
        return "Time";
    case KIND_MESSAGE:
        return f->message->name;
    case KIND_STRING:
    case KIND_UNSUPPORTED:
        break;
    }
    return "string";
}

static const char *value_type(const struct field *f);

static const char *map_type(const struct field *f)
{
    if (f->map_value != WHOLE)
        return text_format("Record<string, %s>", value_type(&f->message->fields[f->map_value]));
    if (f->form.map->key_inside)
        return text_format("Record<string, %s>", f->message->name);
    return text_format("Record<string, Omit<%s, \"%s\">>", f->message->name,
                       f->message->fields[f->map_key].wire_name[V1]);
}

static const char *value_type(const struct field *f)
{
    switch (f->as[V1]) {
    case AS_OPAQUE:
    case AS_ANY:
        return "Json";
    case AS_JSON_IN_STRING:
        return "string";
    case AS_TYPED_JSON:
        return f->message->name;
    case AS_ID:
        return "string | number";
    case AS_PLAIN:
        break;
    }
    if (f->form.map != NULL)
        return map_type(f);
    return f->repeated ? text_format("%s[]", plain_type(f)) : plain_type(f);
}

/* An argument: JSON texts are in place, a list of one is its element. */
static const char *argument_type(const struct field *f)
{
    if (f->as[V1] == AS_JSON_IN_STRING)
        return "Json";
    return f->form.single ? plain_type(f) : value_type(f);
}

/* ---- members ----------------------------------------------------------------------------------------------------- */

static void emit_comment(const char *indent, const char *comment, struct out *o)
{
    out_print(o, "%s/** ", indent);
    out_wrapped(o, comment, strlen(indent) + 4, 117, text_format("%s * ", indent));
    out_print(o, " */\n");
}

static const char *property(const char *name)
{
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

    return name[len] == '\0' ? name : text_format("\"%s\"", name);
}

static void emit_property(const struct field *f, struct out *o)
{
    const char *type = value_type(f);
    bool optional = f->absent[V1] == ABSENT_OMIT || f->absent[V1] == ABSENT_ZERO || f->form.plus;
    bool null = f->absent[V1] == ABSENT_NULL && strcmp(type, "Json") != 0;

    emit_comment("  ", f->comment, o);
    out_print(o, "  %s%s: %s%s;\n", property(f->wire_name[V1]), optional ? "?" : "", type, null ? " | null" : "");
}

/* The member list that stands for itself, in braces; variants of a oneof with a discriminator and a spread list are
 * not in it. */
static void emit_properties(const struct message *m, bool tagged, struct out *o)
{
    size_t i;

    out_print(o, "{\n");
    for (i = 0; i < m->field_count; i++) {
        const struct field *f = &m->fields[i];

        if (f->wire_name[V1] != NULL && !f->form.single && !(tagged && f->in_oneof))
            emit_property(f, o);
    }
    out_print(o, "}");
}

static const struct field *spread_field(const struct message *m)
{
    size_t i;

    for (i = 0; i < m->field_count; i++) {
        if (m->fields[i].form.single && m->fields[i].wire_name[V1] != NULL)
            return &m->fields[i];
    }
    return NULL;
}

static void emit_variants(const struct message *m, const struct oneof *oneof, struct out *o)
{
    size_t i;

    for (i = 0; i < oneof->count; i++) {
        const struct field *f = &m->fields[oneof->first + i];
        const char *value =
            oneof->form->integer ? text_format("%d", f->variant->number) : text_format("\"%s\"", f->variant->tag);

        out_print(o, "\n  | ({ %s: %s } & %s)", property(oneof->form->v1), value, plain_type(f));
    }
}

static void emit_message(const struct message *m, struct out *o)
{
    const struct oneof *tagged =
        m->oneof_count > 0 && m->oneofs[0].form != NULL && m->oneofs[0].form->v1 != NULL ? &m->oneofs[0] : NULL;
    const struct field *spread = spread_field(m);

    out_print(o, "\n");
    emit_comment("", m->comment, o);
    if (tagged == NULL && spread == NULL) {
        out_print(o, "export interface %s ", m->name);
        emit_properties(m, false, o);
        out_print(o, "\n");
        return;
    }
    out_print(o, "export type %s =", m->name);
    if (tagged == NULL || m->field_count > tagged->count) {
        out_print(o, " ");
        emit_properties(m, tagged != NULL, o);
        out_print(o, "%s", tagged != NULL ? " & (" : "");
    }
    if (tagged != NULL)
        emit_variants(m, tagged, o);
    if (tagged != NULL && m->field_count > tagged->count)
        out_print(o, "\n)");
    if (spread != NULL)
        out_print(o, " & %s", plain_type(spread));
    out_print(o, ";\n");
}

/* ---- enumerations and calls -------------------------------------------------------------------------------------- */

static void emit_enum(const struct enumeration *e, struct out *o)
{
    size_t i;

    out_print(o, "\n");
    emit_comment("", e->comment, o);
    out_print(o, "export type %s =", e->name);
    for (i = 0; i < e->count; i++)
        out_print(o, "\n  | \"%s\"", e->values[i].wire_name);
    out_print(o, ";\n");
}

static const char *parameter(const char *name)
{
    return strcmp(text_c_name(name), name) == 0 ? name : text_format("%s_", name);
}

static const char *result_type(const struct rpc *rpc, bool callback)
{
    const char *type = rpc->response == NULL  ? "void"
                       : rpc->result == WHOLE ? rpc->response->name
                                              : value_type(&rpc->response->fields[rpc->result]);
    const char *null =
        rpc->response != NULL && rpc->result != WHOLE && rpc->response->fields[rpc->result].absent[V1] == ABSENT_NULL
            ? " | null"
            : "";

    return callback ? type : text_format("Promise<%s%s>", type, null);
}

static void emit_call(const struct rpc *rpc, bool callback, struct out *o)
{
    const char *comma = "";
    size_t i;

    emit_comment("  ", rpc->comment, o);
    out_print(o, "  %s(", property(rpc->target));
    for (i = 0; i < rpc->argument_count; i++) {
        const struct field *f = &rpc->request->fields[rpc->arguments[i].field];
        bool optional = rpc->arguments[i].plus || (!f->required[V1] && f->absent[V1] != ABSENT_NULL);

        if (f->wire_name[V1] == NULL)
            continue;
        out_print(o, "%s%s%s: %s%s", comma, parameter(f->wire_name[V1]), optional ? "?" : "", argument_type(f),
                  f->absent[V1] == ABSENT_NULL ? " | null" : "");
        comma = ", ";
    }
    out_print(o, "): %s;\n", result_type(rpc, callback));
}

static void emit_hub(const struct service *s, struct out *o)
{
    bool callbacks = text_ends_with(s->name, "Callbacks");
    size_t i;

    out_print(o, "\n");
    emit_comment("", s->comment, o);
    out_print(o, "export interface %s {\n", s->name);
    for (i = 0; i < s->rpc_count; i++)
        emit_call(&s->rpcs[i], callbacks, o);
    out_print(o, "}\n");
}

static const char aliases[] =
    "/** Any JSON value; its bytes go to other clients unchanged. */\n"
    "export type Json = null | boolean | number | string | Json[] | { [member: string]: Json };\n"
    "\n"
    "/** Bytes in base64 with padding. `T`: what the bytes are the JSON of. */\n"
    "export type Base64<T = unknown> = string & { readonly __json?: T };\n"
    "\n"
    "/** UTC, `2026-05-28T12:34:56.789Z`. */\n"
    "export type Time = string;\n";

void emit_typescript(const struct model *m, struct out *o)
{
    size_t i;

    out_print(o,
              "// %s\n//\n// The JSON of profile v1. Members that begin with + in their comment are sent on extended "
              "connections only.\n"
              "// Calls of a hub are SignalR's: invoke(\"JoinDocument\", ...arguments).\n\n%s",
              out_banner_text, aliases);
    for (i = 0; i < m->enum_count; i++)
        emit_enum(&m->enums[i], o);
    for (i = 0; i < m->message_count; i++)
        emit_message(&m->messages[i], o);
    for (i = 0; i < m->service_count; i++) {
        if (m->services[i].hub)
            emit_hub(&m->services[i], o);
    }
}
