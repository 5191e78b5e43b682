/* Refuses schemas that cannot be generated from, or that would generate something else than was meant. This file:
 * what holds of every definition, and names in C. */
#include "check_private.h"

#include "text.h"

#include <string.h>

enum { FIELDS_LIMIT = 64, VALUES_LIMIT = 255, NUMBER_LIMIT = 65535 };

static void check_comment(const char *comment, struct place place, const char *what, const char *name)
{
    if (comment == NULL)
        report(place, "%s `%s` has no comment; it is its documentation everywhere", what, name);
}

/* ---- names in C -------------------------------------------------------------------------------------------------- */

struct c_names {
    const char **names;
    size_t count;
};

static void claim(struct c_names *all, const char *name, struct place place, const char *what)
{
    static const char *const runtime[] = {
        "absent",     "any",         "arena",     "arena_block",  "arena_mark",     "argument",
        "as",         "buf",         "call",      "decode_info",  "detail",         "enum",
        "enum_value", "envelope",    "err",       "error",        "error_code_row", "field",
        "field_flag", "grpc_method", "hub_split", "json_escaper", "json_scan",      "json_style",
        "limit",      "lit",         "map",       "memory",       "message",        "names",
        "oneof",      "opt_bool",    "opt_int32", "opt_int64",    "profile",        "reason",
        "shape",      "str",         "text",      "text_form",    "time",           "type",
        "unit",       "variant",     "violation"};
    size_t i;

    for (i = 0; i < sizeof runtime / sizeof runtime[0]; i++) {
        if (strcmp(runtime[i], name) == 0)
            report(place, "%s would be `ops_%s` in C, which the runtime has; choose another name", what, name);
    }
    for (i = 0; i < all->count; i++) {
        if (strcmp(all->names[i], name) == 0)
            report(place, "%s would be `ops_%s` in C, like another definition; choose another name", what, name);
    }
    all->names[all->count++] = name;
}

/* What gen/opstream.d.ts needs for itself. */
static void check_typescript_name(const char *name, struct place place)
{
    static const char *const taken[] = {"Base64", "Json", "Omit", "Promise", "Record", "Time"};
    size_t i;

    for (i = 0; i < sizeof taken / sizeof taken[0]; i++) {
        if (strcmp(taken[i], name) == 0)
            report(place, "`%s` has a meaning in TypeScript; choose another name", name);
    }
}

static void check_names(const struct model *m)
{
    struct c_names all = {memory_new(m->enum_count + m->message_count * 2, sizeof(char *)), 0};
    size_t i;

    for (i = 0; i < m->enum_count; i++) {
        claim(&all, m->enums[i].c_name, m->enums[i].place, "this enum");
        check_typescript_name(m->enums[i].name, m->enums[i].place);
    }
    for (i = 0; i < m->message_count; i++) {
        const struct message *message = &m->messages[i];

        claim(&all, message->c_name, message->place, "this message");
        check_typescript_name(message->name, message->place);
        if (message->oneof_count > 0)
            claim(&all, text_format("%s_%s", message->c_name, message->oneofs[0].name), message->oneofs[0].place,
                  "this oneof");
    }
}

/* ---- definitions ------------------------------------------------------------------------------------------------- */

static void check_enum(const struct enumeration *e)
{
    size_t i, k;

    check_comment(e->comment, e->place, "enum", e->name);
    if (e->count > VALUES_LIMIT)
        report(e->place, "enum `%s` has more than %d values", e->name, VALUES_LIMIT);
    for (i = 0; i < e->count; i++) {
        const struct enumerator *v = &e->values[i];

        check_comment(v->comment, v->place, "enumerator", v->name);
        for (k = 0; k < i; k++) {
            if (text_equal_any_case(v->wire_name, e->values[k].wire_name))
                report(v->place, "enumerator `%s` is called \"%s\" in JSON, like `%s`", v->name, v->wire_name,
                       e->values[k].name);
        }
    }
}

static void check_message(const struct message *m)
{
    size_t i;

    check_comment(m->comment, m->place, "message", m->name);
    if (m->field_count > FIELDS_LIMIT)
        report(m->place, "message `%s` has more than %d fields", m->name, FIELDS_LIMIT);
    if (m->oneof_count > 1)
        report(m->oneofs[1].place, "message `%s` has two oneofs; put one of them into a message of its own", m->name);
    for (i = 0; i < m->oneof_count; i++)
        check_comment(m->oneofs[i].comment, m->oneofs[i].place, "oneof", m->oneofs[i].name);
    for (i = 0; i < m->field_count; i++) {
        check_comment(m->fields[i].comment, m->fields[i].place, "field", m->fields[i].name);
        if (m->fields[i].number > NUMBER_LIMIT)
            report(m->fields[i].place, "field number %d is above %d", m->fields[i].number, NUMBER_LIMIT);
        check_field(m, &m->fields[i]);
    }
    check_unions(m);
    check_member_names(m);
}

/* A message that leads to itself. Marks: 1 on the way, 2 done. */
static void check_recursion(struct message *m)
{
    size_t i;

    m->mark = 1;
    for (i = 0; i < m->field_count; i++) {
        const struct field *f = &m->fields[i];

        if (f->message == NULL)
            continue;
        if (f->message->mark == 1)
            report(f->place,
                   "field `%s` makes `%s` contain itself; recursion is not supported, make deep values opaque JSON",
                   f->name, f->message->name);
        else if (f->message->mark == 0)
            check_recursion(f->message);
    }
    m->mark = 2;
}

void check(const struct model *m)
{
    size_t i;

    if (m->error_codes == NULL)
        report((struct place){m->message_count > 0 ? m->messages[0].place.file : "schema", 1, 1},
               "there is no enum `ErrorCode`; limits and texts need it");
    for (i = 0; i < m->enum_count; i++)
        check_enum(&m->enums[i]);
    for (i = 0; i < m->message_count; i++)
        check_message(&m->messages[i]);
    for (i = 0; i < m->message_count; i++)
        m->messages[i].mark = 0;
    for (i = 0; i < m->message_count; i++) {
        if (m->messages[i].mark == 0)
            check_recursion(&m->messages[i]);
    }
    for (i = 0; i < m->service_count; i++)
        check_service(&m->services[i]);
    check_styles(m);
    check_texts(m);
    check_names(m);
}
