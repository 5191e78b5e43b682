/* gen/calls.h and gen/calls.c: hub methods and callbacks with their positional arguments, and gRPC methods. */
#include "emit.h"

static bool any_hub(const struct model *m, bool hub)
{
    size_t i;

    for (i = 0; i < m->service_count; i++) {
        if (m->services[i].hub == hub && m->services[i].rpc_count > 0)
            return true;
    }
    return false;
}

/* ---- calls.h ----------------------------------------------------------------------------------------------------- */

static void emit_hub_h(const struct service *s, struct out *o)
{
    size_t i;

    out_print(o, "\n/* ---- %s ---- */\n\n", s->name);
    out_comment(o, 0, s->comment);
    out_print(o, "extern const struct ops_call *const ops_%s_calls[];\nextern const size_t ops_%s_calls_count;\n\n",
              s->c_name, s->c_name);
    out_print(o,
              "/* The call of that target, in any ASCII letter case; NULL: none. */\n"
              "const struct ops_call *ops_%s_find(struct ops_str target);\n",
              s->c_name);
    for (i = 0; i < s->rpc_count; i++) {
        out_print(o, "\n");
        out_comment(o, 0, s->rpcs[i].comment);
        out_print(o, "extern const struct ops_call ops_call_%s_%s;\n", s->c_name, s->rpcs[i].c_name);
    }
}

static const char grpc_declarations[] =
    "\n/* ---- gRPC ---- */\n\n"
    "/* A method of a gRPC service. */\n"
    "struct ops_grpc_method {\n"
    "    struct ops_str path; /* /package.Service/Method */\n"
    "    const struct ops_message *request, *response; /* NULL: google.protobuf.Empty */\n"
    "    bool client_streaming, server_streaming;\n"
    "};\n\n"
    "/* All of them, then NULL. */\n"
    "extern const struct ops_grpc_method *const ops_grpc_methods[];\n"
    "extern const size_t ops_grpc_methods_count;\n\n"
    "/* The method of that path; NULL: none. */\n"
    "const struct ops_grpc_method *ops_grpc_method_find(struct ops_str path);\n";

static void emit_grpc_h(const struct model *m, struct out *o)
{
    size_t s, i;

    out_print(o, "%s", grpc_declarations);
    for (s = 0; s < m->service_count; s++) {
        const struct service *service = &m->services[s];

        for (i = 0; !service->hub && i < service->rpc_count; i++) {
            out_print(o, "\n");
            out_comment(o, 0, service->rpcs[i].comment);
            out_print(o, "extern const struct ops_grpc_method ops_grpc_%s_%s;\n", service->c_name,
                      service->rpcs[i].c_name);
        }
    }
}

void emit_calls_h(const struct model *m, struct out *o)
{
    size_t i;

    out_banner(o, "Hub methods and callbacks, and gRPC methods. A hub call's arguments are the fields of a message, in "
                  "the order given "
                  "here (ops_json_decode_arguments in runtime/codec/json.h).");
    out_print(o, "#ifndef OPS_GEN_CALLS_H\n#define OPS_GEN_CALLS_H\n\n#include \"gen/tables.h\"\n");
    for (i = 0; i < m->service_count; i++) {
        if (m->services[i].hub)
            emit_hub_h(&m->services[i], o);
    }
    emit_grpc_h(m, o);
    out_print(o, "\n#endif\n");
}

/* ---- calls.c ----------------------------------------------------------------------------------------------------- */

static const char *type_of(const struct message *m)
{
    return m != NULL ? text_format("&ops_%s_type", m->c_name) : "NULL";
}

static void emit_call(const struct service *s, const struct rpc *rpc, struct out *o)
{
    const char *name = text_format("%s_%s", s->c_name, rpc->c_name);
    size_t i;

    out_print(o, "\n");
    if (rpc->argument_count > 0) {
        out_print(o, "static const struct ops_argument %s_arguments[] = {\n", name);
        for (i = 0; i < rpc->argument_count; i++)
            out_print(o, "    {%d, %s}, /* %s */\n", rpc->arguments[i].field, rpc->arguments[i].plus ? "true" : "false",
                      rpc->arguments[i].name);
        out_print(o, "};\n");
    }
    out_print(o, "const struct ops_call ops_call_%s = {\n    TEXT(\"%s\"),\n    %s, %s, %zu, %s,\n    %s, %s};\n", name,
              rpc->target, type_of(rpc->request), rpc->argument_count > 0 ? text_format("%s_arguments", name) : "NULL",
              rpc->argument_count, rpc->call->plus ? "true" : "false", type_of(rpc->response),
              rpc->result == WHOLE ? "OPS_MAP_WHOLE" : text_format("%d", rpc->result));
}

static void emit_hub_c(const struct service *s, struct out *o)
{
    size_t i;

    out_print(o, "\n/* ---- %s ---- */\n", s->name);
    for (i = 0; i < s->rpc_count; i++)
        emit_call(s, &s->rpcs[i], o);
    out_print(o, "\nconst struct ops_call *const ops_%s_calls[] = {\n", s->c_name);
    for (i = 0; i < s->rpc_count; i++)
        out_print(o, "    &ops_call_%s_%s,\n", s->c_name, s->rpcs[i].c_name);
    out_print(o, "    NULL};\nconst size_t ops_%s_calls_count = %zu;\n", s->c_name, s->rpc_count);
    out_print(o,
              "\nconst struct ops_call *ops_%s_find(struct ops_str target)\n{\n"
              "    return calls_find(ops_%s_calls, ops_%s_calls_count, target);\n}\n",
              s->c_name, s->c_name, s->c_name);
}

static void emit_grpc_c(const struct model *m, struct out *o)
{
    struct out list = {NULL, 0, 0};
    size_t s, i, count = 0;

    out_print(o, "\n/* ---- gRPC ---- */\n");
    for (s = 0; s < m->service_count; s++) {
        const struct service *service = &m->services[s];

        for (i = 0; !service->hub && i < service->rpc_count; i++) {
            const struct rpc *rpc = &service->rpcs[i];

            out_print(
                o,
                "\nconst struct ops_grpc_method ops_grpc_%s_%s = {\n    TEXT(\"/%s.%s/%s\"),\n    %s, %s, %s, %s};\n",
                service->c_name, rpc->c_name, m->package, service->name, rpc->name, type_of(rpc->request),
                type_of(rpc->response), rpc->client_streaming ? "true" : "false",
                rpc->server_streaming ? "true" : "false");
            out_print(&list, "    &ops_grpc_%s_%s,\n", service->c_name, rpc->c_name);
            count++;
        }
    }
    out_print(o, "\nconst struct ops_grpc_method *const ops_grpc_methods[] = {\n%s    NULL};\n",
              count > 0 ? list.text : "");
    out_print(o, "const size_t ops_grpc_methods_count = %zu;\n", count);
    out_print(o, "\nconst struct ops_grpc_method *ops_grpc_method_find(struct ops_str path)\n{\n    size_t i;\n\n"
                 "    for (i = 0; i < ops_grpc_methods_count; i++) {\n"
                 "        if (ops_str_equal(ops_grpc_methods[i]->path, path))\n"
                 "            return ops_grpc_methods[i];\n    }\n    return NULL;\n}\n");
}

static const char find_functions[] =
    "\n"
    "static bool calls_same_letters(struct ops_str a, struct ops_str b)\n"
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
    "static const struct ops_call *calls_find(const struct ops_call *const *calls, size_t count, struct ops_str "
    "target)\n"
    "{\n"
    "    size_t i;\n"
    "\n"
    "    for (i = 0; i < count; i++) {\n"
    "        if (calls_same_letters(calls[i]->target, target))\n"
    "            return calls[i];\n"
    "    }\n"
    "    return NULL;\n"
    "}\n";

void emit_calls_c(const struct model *m, struct out *o)
{
    size_t i;

    out_banner(o, "Hub methods and callbacks, and gRPC methods.");
    out_print(o, "#include \"gen/calls.h\"\n\n#define TEXT(text) {text, sizeof(text) - 1}\n%s",
              any_hub(m, true) ? find_functions : "");
    for (i = 0; i < m->service_count; i++) {
        if (m->services[i].hub)
            emit_hub_c(&m->services[i], o);
    }
    emit_grpc_c(m, o);
    out_print(o, "\n#undef TEXT\n");
}
