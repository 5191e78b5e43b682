/* Checks of hub calls, of styles and profiles, and of error texts. */
#include "check_private.h"

#include "text.h"

#include <string.h>

/* ---- calls ------------------------------------------------------------------------------------------------------- */

static void check_arguments(const struct rpc *rpc)
{
    const char *optional = NULL;
    size_t i, k;

    for (i = 0; i < rpc->argument_count; i++) {
        const struct argument *a = &rpc->arguments[i];

        if (a->field == NOT_FOUND)
            continue;
        for (k = 0; k < i; k++) {
            if (rpc->arguments[k].field == a->field)
                report(rpc->place, "argument \"%s\" of call `%s` is named twice", a->name, rpc->name);
        }
        if (a->plus || !rpc->request->fields[a->field].required[V1])
            optional = a->name;
        else if (optional != NULL)
            report(rpc->place, "argument \"%s\" of call `%s` is required, and stands behind \"%s\", which is not",
                   a->name, rpc->name, optional);
    }
    if (rpc->argument_count == 0 && rpc->request != NULL && rpc->request->field_count > 0)
        report(rpc->place, "call `%s` lists no args, and %s has fields; the order of arguments must be said", rpc->name,
               rpc->request->name);
}

void check_service(const struct service *s)
{
    size_t i, k;

    if (s->comment == NULL)
        report(s->place, "service `%s` has no comment; it is its documentation everywhere", s->name);
    for (i = 0; i < s->rpc_count; i++) {
        const struct rpc *rpc = &s->rpcs[i];

        if (rpc->comment == NULL)
            report(rpc->place, "rpc `%s` has no comment; it is its documentation everywhere", rpc->name);
        if (!s->hub)
            continue;
        if (rpc->call == NULL) {
            report(rpc->place, "rpc `%s` of a hub has no option (call)", rpc->name);
            continue;
        }
        if (rpc->client_streaming || rpc->server_streaming)
            report(rpc->place, "rpc `%s` of a hub cannot stream", rpc->name);
        check_arguments(rpc);
        for (k = 0; k < i; k++) {
            if (s->rpcs[k].call != NULL && text_equal_any_case(s->rpcs[k].target, rpc->target))
                report(rpc->place, "call `%s` has the target \"%s\", like `%s`", rpc->name, rpc->target,
                       s->rpcs[k].name);
        }
    }
}

/* ---- styles and profiles ----------------------------------------------------------------------------------------- */

static bool is_style(const struct model *m, const char *name)
{
    size_t i;

    for (i = 0; i < m->style_count; i++) {
        if (text_equal(m->styles[i].name, name))
            return true;
    }
    return false;
}

static bool is_c_name(const char *name)
{
    return name != NULL && name[0] != '\0' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == strlen(name);
}

static void check_profile(const struct model *m, const struct profile *p)
{
    size_t i;

    if (!is_c_name(p->name))
        report(p->place, "a profile needs a name of letters, digits and underscores");
    for (i = 0; i < m->profile_member_count; i++) {
        if (m->profile_members[i].kind != PROFILE_STYLE)
            continue;
        if (!is_style(m, p->values[i].text))
            report(p->place, "profile `%s` has the %s \"%s\", which is not a style", p->name,
                   m->profile_members[i].name, p->values[i].text);
    }
}

void check_styles(const struct model *m)
{
    size_t i, k;

    for (i = 0; i < m->style_count; i++) {
        const struct style *s = &m->styles[i];

        if (!is_c_name(s->name))
            report(s->place, "a style needs a name of letters, digits and underscores");
        if (s->depth_limit < 1 || s->depth_limit > 255 || s->opaque_depth_limit < 1 || s->opaque_depth_limit > 255)
            report(s->place, "style `%s` needs a depth_limit and an opaque_depth_limit of 1 to 255", s->name);
        for (k = 0; k < i; k++) {
            if (text_equal(m->styles[k].name, s->name))
                report(s->place, "there are two styles `%s`", s->name);
        }
    }
    for (i = 0; i < m->profile_member_count; i++) {
        if (m->profile_members[i].comment == NULL)
            report(m->profile_members[i].place,
                   "option member `Profile.%s` has no comment; it is its documentation everywhere",
                   m->profile_members[i].name);
    }
    for (i = 0; i < m->profile_count; i++) {
        check_profile(m, &m->profiles[i]);
        for (k = 0; k < i; k++) {
            if (m->profiles[i].name != NULL && m->profiles[k].name != NULL &&
                text_equal_any_case(m->profiles[k].name, m->profiles[i].name))
                report(m->profiles[i].place, "there are two profiles `%s`", m->profiles[i].name);
        }
    }
}

/* ---- texts ------------------------------------------------------------------------------------------------------- */

void check_texts(const struct model *m)
{
    size_t i, k;

    for (i = 1; i < m->text_count; i++) {
        const struct error_text *t = m->texts[i];
        struct place place = t->enumerator->place;

        if (t->id == NULL || strspn(t->id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != strlen(t->id) ||
            strcmp(t->id, "NONE") == 0 || strcmp(t->id, "COUNT") == 0) {
            report(place, "a text of `%s` needs an id of capitals, digits and underscores, other than NONE and COUNT",
                   t->enumerator->name);
            continue;
        }
        if (t->enumerator->enumeration != m->error_codes)
            report(place, "text \"%s\" is on `%s`; texts belong to the enumerators of ErrorCode", t->id,
                   t->enumerator->name);
        if (t->v1 == NULL && t->ref == NULL)
            report(place, "text \"%s\" of `%s` says nothing", t->id, t->enumerator->name);
        for (k = 1; k < i; k++) {
            if (text_equal(m->texts[k]->id, t->id))
                report(place, "text \"%s\" of `%s` has the id of a text of `%s`", t->id, t->enumerator->name,
                       m->texts[k]->enumerator->name);
        }
    }
}
