/* Looks up what the schema names, and fills in what it leaves unsaid: after this the emitters need no default of
 * their own. */
#include "model.h"

#include "text.h"

#include <stdlib.h>
#include <string.h>

int message_field(const struct message *m, const char *name)
{
    size_t i;

    for (i = 0; i < m->field_count; i++) {
        if (strcmp(m->fields[i].name, name) == 0)
            return (int)i;
    }
    return NOT_FOUND;
}

static struct message *find_message(const struct model *m, const char *name)
{
    size_t i;

    for (i = 0; i < m->message_count; i++) {
        if (strcmp(m->messages[i].full_name, name) == 0 || strcmp(m->messages[i].name, name) == 0)
            return &m->messages[i];
    }
    return NULL;
}

static struct enumeration *find_enum(const struct model *m, const char *full_name)
{
    size_t i;

    for (i = 0; i < m->enum_count; i++) {
        if (strcmp(m->enums[i].full_name, full_name) == 0)
            return &m->enums[i];
    }
    return NULL;
}

/* ---- enumerations and texts -------------------------------------------------------------------------------------- */

static const char *without_prefix(const char *name, const char *prefix)
{
    size_t len = strlen(prefix);

    return strncmp(name, prefix, len) == 0 && name[len] == '_' && name[len + 1] != '\0' ? name + len + 1 : name;
}

static void resolve_enum(struct enumeration *e)
{
    const char *prefix = text_upper(e->name);
    size_t i;

    e->c_name =
        e->owner != NULL ? text_format("%s_%s", text_snake(e->owner), text_snake(e->name)) : text_snake(e->name);
    for (i = 0; i < e->count; i++) {
        struct enumerator *v = &e->values[i];
        const char *bare = without_prefix(v->name, prefix);

        v->enumeration = e;
        v->c_name = text_format("OPS_%s_%s", text_upper(e->c_name), bare);
        v->wire_name = v->form.v1 != NULL ? v->form.v1 : text_lower(bare);
    }
}

static void resolve_texts(struct model *m)
{
    size_t e, v, t;

    m->text_count = 1;
    for (e = 0; e < m->enum_count; e++) {
        for (v = 0; v < m->enums[e].count; v++)
            m->text_count += m->enums[e].values[v].form.text_count;
    }
    m->texts = memory_new(m->text_count, sizeof *m->texts);
    m->text_count = 1;
    for (e = 0; e < m->enum_count; e++) {
        for (v = 0; v < m->enums[e].count; v++) {
            struct enumerator *owner = &m->enums[e].values[v];

            for (t = 0; t < owner->form.text_count; t++) {
                owner->form.texts[t].enumerator = owner;
                owner->form.texts[t].index = m->text_count;
                m->texts[m->text_count++] = &owner->form.texts[t];
            }
        }
    }
}

static struct error_text *find_text(const struct model *m, const char *id)
{
    size_t i;

    for (i = 1; i < m->text_count; i++) {
        if (text_equal(m->texts[i]->id, id))
            return m->texts[i];
    }
    return NULL;
}

/* ---- fields ------------------------------------------------------------------------------------------------------ */

static const char *shape_name(const struct field *f, const char *own)
{
    if (own != NULL)
        return strcmp(own, "-") == 0 ? NULL : own;
    if (f->form.name != NULL)
        return strcmp(f->form.name, "-") == 0 ? NULL : f->form.name;
    return text_camel(f->name);
}

static void resolve_shapes(struct field *f)
{
    f->wire_name[V1] = shape_name(f, f->form.v1);
    f->wire_name[REF] = shape_name(f, f->form.ref);
    f->as[V1] = (enum as)(f->form.has_v1_as ? f->form.v1_as : f->form.as);
    f->as[REF] = (enum as)(f->form.has_ref_as ? f->form.ref_as : f->form.as);
    f->absent[V1] = (enum absent)f->form.v1_absent;
    f->absent[REF] = (enum absent)f->form.ref_absent;
    if (f->absent[V1] == ABSENT_DEFAULT)
        f->absent[V1] = f->in_oneof ? ABSENT_OMIT : ABSENT_REQUIRED;
    if (f->absent[REF] == ABSENT_DEFAULT)
        f->absent[REF] = ABSENT_NULL;
    f->required[V1] = f->wire_name[V1] != NULL && !f->in_oneof && f->absent[V1] == ABSENT_REQUIRED;
    /* .NET fails on an opaque member that is not there, nullable or not (opstream-wire.md §1.3) */
    f->required[REF] =
        f->wire_name[REF] != NULL && !f->in_oneof &&
        (f->absent[REF] == ABSENT_REQUIRED || (f->as[REF] == AS_OPAQUE && f->absent[REF] == ABSENT_NULL));
}

static void resolve_limits(const struct model *m, struct field *f)
{
    size_t i;

    f->min = f->kind == KIND_INT32 ? INT32_MIN : INT64_MIN;
    f->max = f->kind == KIND_INT32 ? INT32_MAX : INT64_MAX;
    for (i = 0; i < f->form.limit_count; i++) {
        struct limit *l = &f->form.limits[i];

        if (l->unit == UNIT_VALUE && l->has_min && l->min > f->min)
            f->min = l->min;
        if (l->unit == UNIT_VALUE && l->has_max && l->max < f->max)
            f->max = l->max;
        if (l->text == NULL)
            continue;
        l->error_text = find_text(m, l->text);
        if (l->error_text == NULL)
            report(f->place, "limit of `%s` has the text \"%s\", which no error code declares", f->name, l->text);
    }
}

static void resolve_map(struct field *f)
{
    const struct map_form *map = f->form.map;

    f->map_key = f->map_value = NOT_FOUND;
    if (map == NULL || f->message == NULL)
        return;
    if (map->key == NULL) {
        report(f->place, "map of `%s` does not say its key", f->name);
        return;
    }
    f->map_key = message_field(f->message, map->key);
    f->map_value = map->value != NULL ? message_field(f->message, map->value) : WHOLE;
    if (f->map_key == NOT_FOUND)
        report(f->place, "map key \"%s\" is not a field of %s", map->key, f->message->name);
    if (f->map_value == NOT_FOUND)
        report(f->place, "map value \"%s\" is not a field of %s", map->value, f->message->name);
}

static void resolve_variant(const struct message *m, struct field *f)
{
    const struct variant_form *v = f->variant;
    size_t i;

    f->slot = NOT_FOUND;
    f->slot_value = WHOLE;
    if (v == NULL)
        return;
    if (v->slot != NULL && m->envelope != NULL) {
        for (i = 0; i < m->envelope->slots.count; i++) {
            if (strcmp(m->envelope->slots.items[i], v->slot) == 0)
                f->slot = (int)i;
        }
    }
    if (v->slot != NULL && f->slot == NOT_FOUND)
        report(f->place, "slot \"%s\" of variant `%s` is not in the envelope of %s", v->slot, f->name, m->name);
    if (v->slot_value != NULL && f->message != NULL) {
        f->slot_value = message_field(f->message, v->slot_value);
        if (f->slot_value == NOT_FOUND)
            report(f->place, "slot_value \"%s\" is not a field of %s", v->slot_value, f->message->name);
    }
}

static void resolve_field(struct model *model, const struct message *m, struct field *f)
{
    f->c_name = text_c_name(f->name);
    if (f->kind == KIND_MESSAGE) {
        f->message = find_message(model, f->type_name);
        if (f->message == NULL)
            f->kind = KIND_UNSUPPORTED;
    }
    if (f->kind == KIND_ENUM) {
        f->enumeration = find_enum(model, f->type_name);
        if (f->enumeration == NULL)
            f->kind = KIND_UNSUPPORTED;
        else
            f->enumeration->used = true;
    }
    resolve_shapes(f);
    resolve_limits(model, f);
    resolve_map(f);
    resolve_variant(m, f);
    if (f->form.json_type != NULL) {
        f->json_message = find_message(model, f->form.json_type);
        if (f->json_message == NULL)
            report(f->place, "json_type \"%s\" of `%s` is not a message", f->form.json_type, f->name);
    }
    if (f->as[V1] == AS_TYPED_JSON || f->as[REF] == AS_TYPED_JSON)
        f->message = f->json_message;
}

/* ---- messages ---------------------------------------------------------------------------------------------------- */

static void resolve_order(struct message *m)
{
    int *order = memory_new(m->field_count, sizeof *order);
    bool ascending = true;
    size_t i, k;

    for (i = 0; i < m->field_count; i++) {
        for (k = i; k > 0 && m->fields[order[k - 1]].number > m->fields[i].number; k--) {
            order[k] = order[k - 1];
            ascending = false;
        }
        order[k] = (int)i;
    }
    m->order_number = ascending ? NULL : order;
}

static void resolve_packed(struct message *m)
{
    size_t i;

    if (m->form == NULL)
        return;
    m->is_packed = m->form->packed.count > 0 || m->form->packed_empty;
    m->packed_count = m->form->packed.count;
    m->packed = memory_new(m->packed_count, sizeof *m->packed);
    for (i = 0; i < m->packed_count; i++) {
        m->packed[i] = message_field(m, m->form->packed.items[i]);
        if (m->packed[i] == NOT_FOUND)
            report(m->place, "packed field \"%s\" is not a field of %s", m->form->packed.items[i], m->name);
    }
}

static void resolve_message(struct model *model, struct message *m)
{
    size_t i;

    m->c_name = text_snake(m->name);
    for (i = 0; i < m->field_count; i++)
        resolve_field(model, m, &m->fields[i]);
    resolve_order(m);
    resolve_packed(m);
    if (m->envelope != NULL && m->envelope->other != NULL) {
        m->envelope->other_message = find_message(model, m->envelope->other);
        if (m->envelope->other_message == NULL)
            report(m->place, "other \"%s\" of the envelope of %s is not a message", m->envelope->other, m->name);
    }
}

/* ---- calls ------------------------------------------------------------------------------------------------------- */

static struct message *rpc_message(const struct model *m, const struct rpc *rpc, const char *name)
{
    struct message *found = find_message(m, name);

    if (found == NULL && strcmp(name, "google.protobuf.Empty") != 0)
        report(rpc->place, "rpc `%s` speaks of %s, which is not in the schema", rpc->name, name);
    return found;
}

static void resolve_call(struct rpc *rpc)
{
    size_t i;

    rpc->target = rpc->call->target != NULL ? rpc->call->target : rpc->name;
    rpc->result = WHOLE;
    rpc->argument_count = rpc->call->args.count;
    rpc->arguments = memory_new(rpc->argument_count, sizeof *rpc->arguments);
    for (i = 0; i < rpc->argument_count; i++) {
        struct argument *a = &rpc->arguments[i];
        const char *name = rpc->call->args.items[i];
        bool plus = text_ends_with(name, "+");

        a->name = text_copy(name, strlen(name) - (plus ? 1 : 0));
        a->field = rpc->request != NULL ? message_field(rpc->request, a->name) : NOT_FOUND;
        a->plus = plus || (a->field != NOT_FOUND && rpc->request->fields[a->field].form.plus);
        if (a->field == NOT_FOUND)
            report(rpc->place, "argument \"%s\" of call `%s` is not a field of %s", a->name, rpc->name,
                   rpc->request_name);
    }
    if (rpc->call->result == NULL)
        return;
    rpc->result = rpc->response != NULL ? message_field(rpc->response, rpc->call->result) : NOT_FOUND;
    if (rpc->result == NOT_FOUND)
        report(rpc->place, "result \"%s\" of call `%s` is not a field of %s", rpc->call->result, rpc->name,
               rpc->response_name);
}

static void resolve_service(struct model *m, struct service *s)
{
    size_t i;

    s->c_name = text_snake(s->name);
    s->hub = text_ends_with(s->name, "Hub");
    for (i = 0; i < s->rpc_count; i++) {
        struct rpc *rpc = &s->rpcs[i];

        rpc->c_name = text_snake(rpc->name);
        rpc->request = rpc_message(m, rpc, rpc->request_name);
        rpc->response = rpc_message(m, rpc, rpc->response_name);
        if (rpc->call == NULL)
            continue;
        s->hub = true;
        resolve_call(rpc);
    }
}

void resolve(struct model *m)
{
    size_t i;

    for (i = 0; i < m->enum_count; i++) {
        resolve_enum(&m->enums[i]);
        if (strcmp(m->enums[i].name, "ErrorCode") == 0)
            m->error_codes = &m->enums[i];
    }
    resolve_texts(m);
    for (i = 0; i < m->message_count; i++)
        resolve_message(m, &m->messages[i]);
    for (i = 0; i < m->service_count; i++)
        resolve_service(m, &m->services[i]);
}
