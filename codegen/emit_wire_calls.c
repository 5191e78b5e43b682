/* The part of gen/docs/wire.md behind messages and errors: calls, styles, profiles. */
#include "emit.h"

#include <inttypes.h>
#include <string.h>

/* ---- calls ------------------------------------------------------------------------------------------------------- */

static const char *message_link(const struct message *m)
{
    return m != NULL ? text_format("[%s](#%s)", m->name, text_lower(m->name)) : "nothing";
}

static const char *cell(const char *comment)
{
    char *line = text_copy(comment, strlen(comment));
    size_t i;

    for (i = 0; line[i] != '\0'; i++) {
        if (line[i] == '\n')
            line[i] = ' ';
    }
    return line;
}

static const char *result_cell(const struct rpc *rpc)
{
    if (rpc->response == NULL || rpc->result == WHOLE)
        return message_link(rpc->response);
    return text_format("`%s` of %s", rpc->response->fields[rpc->result].name, message_link(rpc->response));
}

/* Arguments of one profile: those that its shape does not have are not there. */
static const char *arguments_cell(const struct rpc *rpc, int shape)
{
    struct out o = {NULL, 0, 0};
    size_t i;

    out_print(&o, "%s", "");
    for (i = 0; i < rpc->argument_count; i++) {
        const struct argument *a = &rpc->arguments[i];
        const struct field *f = &rpc->request->fields[a->field];

        if (f->wire_name[shape] == NULL || (a->plus && shape == REF))
            continue;
        out_print(&o, "%s%s`%s`", o.len > 0 ? ", " : "", a->plus ? "**+** " : "", f->wire_name[shape]);
    }
    return o.text;
}

static void emit_hub(const struct service *s, struct out *o)
{
    size_t i;

    out_print(o,
              "\n### %s\n\n%s\n\n| target | arguments in v1 | arguments in reference | arguments as | result | what |\n"
              "|---|---|---|---|---|---|\n",
              s->name, s->comment);
    for (i = 0; i < s->rpc_count; i++) {
        const struct rpc *rpc = &s->rpcs[i];

        out_print(o, "| %s`%s` | %s | %s | %s | %s | %s |\n", rpc->call->plus ? "**+** " : "", rpc->target,
                  arguments_cell(rpc, V1), arguments_cell(rpc, REF), message_link(rpc->request), result_cell(rpc),
                  cell(rpc->comment));
    }
}

static void emit_grpc(const struct model *m, const struct service *s, struct out *o)
{
    size_t i;

    out_print(o, "\n### %s\n\n%s\n\n| path | request | response | what |\n|---|---|---|---|\n", s->name, s->comment);
    for (i = 0; i < s->rpc_count; i++) {
        const struct rpc *rpc = &s->rpcs[i];

        out_print(o, "| `/%s.%s/%s` | %s%s | %s%s | %s |\n", m->package, s->name, rpc->name,
                  rpc->client_streaming ? "stream of " : "", message_link(rpc->request),
                  rpc->server_streaming ? "stream of " : "", message_link(rpc->response), cell(rpc->comment));
    }
}

void emit_wire_calls(const struct model *m, struct out *o)
{
    size_t i;

    out_print(o, "\n## Hub calls\n\nArguments are positional.\n");
    for (i = 0; i < m->service_count; i++) {
        if (m->services[i].hub)
            emit_hub(&m->services[i], o);
    }
    out_print(o, "\n## gRPC\n");
    for (i = 0; i < m->service_count; i++) {
        if (!m->services[i].hub)
            emit_grpc(m, &m->services[i], o);
    }
}

/* ---- styles and profiles ----------------------------------------------------------------------------------------- */

static const char *tick(bool value)
{
    return value ? "yes" : "";
}

static void emit_styles(const struct model *m, struct out *o)
{
    static const char *const escapers[] = {"minimal", "ASCII", "relaxed"};
    static const char *const names[] = {"exact", "any case", "exact, else any case"};
    size_t i;

    out_print(o, "\n## Styles\n\n| style | shape | escaping | names on the way in | nulls left out | opaque verbatim | "
                 "maps sorted | "
                 "strict | discriminator first | times `…Z` | enums by name | **+** | exact arguments | depth | in "
                 "opaque | what |\n"
                 "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n");
    for (i = 0; i < m->style_count; i++) {
        const struct style *s = &m->styles[i];

        out_print(o, "| `%s` | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %d | %d | %s |\n", s->name,
                  s->reference_shape ? "reference" : "v1", escapers[s->escaper], names[s->names],
                  tick(s->nulls_omitted), tick(s->opaque_verbatim), tick(s->maps_sorted), tick(s->strict),
                  tick(s->discriminator_first), tick(s->times_millis_z), tick(s->enum_names), tick(s->plus),
                  tick(s->exact_arguments), s->depth_limit, s->opaque_depth_limit,
                  s->comment != NULL ? cell(s->comment) : "");
    }
}

static const char *value_cell(const struct profile_member *member, const struct profile_value *value)
{
    switch (member->kind) {
    case PROFILE_FLAG:
        return tick(value->number != 0);
    case PROFILE_NUMBER:
        return text_format("%" PRId64, value->number);
    case PROFILE_NAME:
    case PROFILE_STYLE:
        break;
    }
    return text_format("`%s`", value->text);
}

static void emit_profiles(const struct model *m, struct out *o)
{
    size_t i, k;

    out_print(o, "\n## Profiles\n\n| flag |");
    for (i = 0; i < m->profile_count; i++)
        out_print(o, " %s |", m->profiles[i].name);
    out_print(o, " what |\n|---|---|");
    for (i = 0; i < m->profile_count; i++)
        out_print(o, "---|");
    out_print(o, "\n");
    for (k = 0; k < m->profile_member_count; k++) {
        if (m->profile_members[k].kind == PROFILE_NAME)
            continue;
        out_print(o, "| `%s` |", m->profile_members[k].name);
        for (i = 0; i < m->profile_count; i++)
            out_print(o, " %s |", value_cell(&m->profile_members[k], &m->profiles[i].values[k]));
        out_print(o, " %s |\n", cell(m->profile_members[k].comment));
    }
}

void emit_wire_profiles(const struct model *m, struct out *o)
{
    if (m->style_count > 0)
        emit_styles(m, o);
    if (m->profile_count > 0)
        emit_profiles(m, o);
}
