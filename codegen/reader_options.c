/* Custom options into the structs of model.h, by tables: one row a member of the vocabulary.
 *
 * upb's static parse keeps extensions as unknown fields, so options are serialised and decoded again as the pool's
 * own google.protobuf.*Options, with the pool's extensions. A member of the vocabulary without a row here is
 * refused: an option that is read by nobody would be a lie. */
#include "reader_private.h"

#include "text.h"

#include <stdio.h>
#include <string.h>

/* ---- rows -------------------------------------------------------------------------------------------------------- */

struct option_type;

struct option_member {
    const char *name;
    size_t offset;
    size_t has;                     /* offset of a bool: was it said; 0: nobody asks */
    size_t count;                   /* offset of the count of a list of `type` */
    const struct option_type *type; /* of a sub-message */
};

struct option_type {
    const char *name; /* in the vocabulary */
    size_t size;
    const struct option_member *members;
};

#define IS(type, member)                                                                                               \
    {                                                                                                                  \
#member, offsetof(struct type, member), 0, 0, NULL                                                             \
    }
#define IS_HAS(type, member)                                                                                           \
    {                                                                                                                  \
#member, offsetof(struct type, member), offsetof(struct type, has_##member), 0, NULL                           \
    }
#define IS_ONE(type, member, of)                                                                                       \
    {                                                                                                                  \
#member, offsetof(struct type, member), 0, 0, &of                                                              \
    }
#define IS_LIST(type, member, list, n, of)                                                                             \
    {                                                                                                                  \
#member, offsetof(struct type, list), 0, offsetof(struct type, n), &of                                         \
    }
#define END                                                                                                            \
    {                                                                                                                  \
        NULL, 0, 0, 0, NULL                                                                                            \
    }

static const struct option_member limit_members[] = {
    IS(limit, unit), IS_HAS(limit, min), IS_HAS(limit, max),  IS_HAS(limit, error),
    IS(limit, text), IS(limit, v1_only), IS(limit, ref_only), END};
static const struct option_type limit_type = {"Limit", sizeof(struct limit), limit_members};

static const struct option_member map_members[] = {IS(map_form, key), IS(map_form, value), IS(map_form, key_inside),
                                                   IS(map_form, sorted_in_ref), END};
static const struct option_type map_type = {"Map", sizeof(struct map_form), map_members};

static const struct option_member field_members[] = {IS(field_form, name),
                                                     IS(field_form, v1),
                                                     IS(field_form, ref),
                                                     IS(field_form, plus),
                                                     IS(field_form, v1_absent),
                                                     IS(field_form, ref_absent),
                                                     IS(field_form, as),
                                                     IS_HAS(field_form, v1_as),
                                                     IS_HAS(field_form, ref_as),
                                                     IS_LIST(field_form, limit, limits, limit_count, limit_type),
                                                     IS_ONE(field_form, map, map_type),
                                                     IS(field_form, single),
                                                     IS(field_form, json_type),
                                                     END};
static const struct option_type field_type = {"FieldForm", sizeof(struct field_form), field_members};

static const struct option_member variant_members[] = {IS(variant_form, tag),        IS(variant_form, alias),
                                                       IS_HAS(variant_form, number), IS(variant_form, slot),
                                                       IS(variant_form, slot_value), END};
static const struct option_type variant_type = {"Variant", sizeof(struct variant_form), variant_members};

static const struct option_member union_members[] = {IS(union_form, v1), IS(union_form, ref), IS(union_form, integer),
                                                     END};
static const struct option_type union_type = {"Union", sizeof(struct union_form), union_members};

static const struct option_member envelope_members[] = {IS(envelope_form, type), IS(envelope_form, slots),
                                                       IS(envelope_form, other), END};
static const struct option_type envelope_type = {"Envelope", sizeof(struct envelope_form), envelope_members};

static const struct option_member message_members[] = {IS(message_form, packed), IS(message_form, packed_empty), END};
static const struct option_type message_type = {"MessageForm", sizeof(struct message_form), message_members};

static const struct option_member call_members[] = {IS(call_form, args), IS(call_form, result), IS(call_form, target),
                                                    IS(call_form, plus), END};
static const struct option_type call_type = {"Call", sizeof(struct call_form), call_members};

static const struct option_member text_members[] = {IS(error_text, id), IS(error_text, v1), IS(error_text, ref), END};
static const struct option_type text_type = {"Text", sizeof(struct error_text), text_members};

static const struct option_member name_members[] = {IS(name_form, v1), IS(name_form, grpc_status),
                                                    IS_LIST(name_form, text, texts, text_count, text_type), END};
static const struct option_type name_type = {"Name", sizeof(struct name_form), name_members};

static const struct option_member style_members[] = {IS(style, name),
                                                     IS(style, reference_shape),
                                                     IS(style, escaper),
                                                     IS(style, names),
                                                     IS(style, nulls_omitted),
                                                     IS(style, opaque_verbatim),
                                                     IS(style, maps_sorted),
                                                     IS(style, strict),
                                                     IS(style, discriminator_first),
                                                     IS(style, times_millis_z),
                                                     IS(style, enum_names),
                                                     IS(style, plus),
                                                     IS(style, exact_arguments),
                                                     IS(style, depth_limit),
                                                     IS(style, opaque_depth_limit),
                                                     END};
static const struct option_type style_type = {"Style", sizeof(struct style), style_members};

static const struct option_type *const option_types[] = {&limit_type, &map_type,      &field_type,   &variant_type,
                                                         &union_type, &envelope_type, &message_type, &call_type,
                                                         &text_type,  &name_type,     &style_type};
/* Extensions that are read, in the schema's package. */
static const char *const option_extensions[] = {"style", "profile", "m", "envelope", "f", "v", "one", "e", "call"};

/* ---- reading by rows --------------------------------------------------------------------------------------------- */

char *reader_string(upb_StringView s)
{
    return text_copy(s.data, s.size);
}

static void read_option(struct reader *r, struct view v, const struct option_type *type, void *out, struct place place);

static void read_strings(const upb_Array *list, struct strings *out)
{
    size_t i, n = list != NULL ? upb_Array_Size(list) : 0;

    out->items = memory_new(n, sizeof *out->items);
    out->count = n;
    for (i = 0; i < n; i++)
        out->items[i] = reader_string(upb_Array_Get(list, i).str_val);
}

static void read_list(struct reader *r, const upb_Array *list, const upb_FieldDef *f, const struct option_member *m,
                      void *out, struct place place)
{
    size_t i, n = list != NULL ? upb_Array_Size(list) : 0;
    char *items = memory_new(n, m->type->size);

    memcpy((char *)out + m->offset, &items, sizeof items);
    memcpy((char *)out + m->count, &n, sizeof n);
    for (i = 0; i < n; i++) {
        struct view element = {upb_Array_Get(list, i).msg_val, upb_FieldDef_MessageSubDef(f)};

        read_option(r, element, m->type, items + i * m->type->size, place);
    }
}

static void read_member(struct reader *r, struct view v, const upb_FieldDef *f, const struct option_member *m,
                        void *out, struct place place)
{
    upb_MessageValue value = upb_Message_Get(v.msg, f);
    char *at = (char *)out + m->offset;
    void *sub;

    switch (upb_FieldDef_CType(f)) {
    case kUpb_CType_Bool:
        memcpy(at, &value.bool_val, sizeof value.bool_val);
        break;
    case kUpb_CType_Int32:
    case kUpb_CType_Enum:
        memcpy(at, &value.int32_val, sizeof value.int32_val);
        break;
    case kUpb_CType_Int64:
        memcpy(at, &value.int64_val, sizeof value.int64_val);
        break;
    case kUpb_CType_String:
        sub = reader_string(value.str_val);
        memcpy(at, &sub, sizeof sub);
        break;
    case kUpb_CType_Message:
        sub = memory_new(1, m->type->size);
        memcpy(at, &sub, sizeof sub);
        read_option(r, (struct view){value.msg_val, upb_FieldDef_MessageSubDef(f)}, m->type, sub, place);
        break;
    case kUpb_CType_UInt32:
    case kUpb_CType_UInt64:
    case kUpb_CType_Float:
    case kUpb_CType_Double:
    case kUpb_CType_Bytes:
        report(place, "option member `%s` has a type that the generator does not read", upb_FieldDef_Name(f));
        break;
    }
    if (m->has != 0)
        memcpy((char *)out + m->has, &(bool){true}, sizeof(bool));
}

static const struct option_member *find_member(const struct option_type *type, const char *name)
{
    const struct option_member *m;

    for (m = type->members; m->name != NULL; m++) {
        if (strcmp(m->name, name) == 0)
            return m;
    }
    return NULL;
}

void options_refuse_unknown(struct view v, const char *what, struct place place)
{
    size_t size;

    if (upb_Message_GetUnknown(v.msg, &size), size > 0)
        report(place, "%s has a member that the vocabulary of options does not know", what);
}

/* Only what was said is stored. */
static void read_option(struct reader *r, struct view v, const struct option_type *type, void *out, struct place place)
{
    size_t iter = (size_t)kUpb_Message_Begin;
    const upb_FieldDef *f;
    upb_MessageValue value;

    options_refuse_unknown(v, type->name, place);
    while (upb_Message_Next(v.msg, v.def, r->pool, &f, &value, &iter)) {
        const struct option_member *m = find_member(type, upb_FieldDef_Name(f));

        if (m == NULL)
            continue; /* options_check_vocabulary has reported it */
        if (!upb_FieldDef_IsRepeated(f))
            read_member(r, v, f, m, out, place);
        else if (upb_FieldDef_IsSubMessage(f))
            read_list(r, value.array_val, f, m, out, place);
        else
            read_strings(value.array_val, (struct strings *)(void *)((char *)out + m->offset));
    }
}

/* ---- extensions -------------------------------------------------------------------------------------------------- */

struct view options_view(struct reader *r, const void *opts, const upb_MiniTable *table, const char *name)
{
    const upb_MessageDef *def = upb_DefPool_FindMessageByName(r->pool, name);
    struct view v = {NULL, def};
    upb_Message *msg;
    size_t size;
    char *bytes;

    if (def == NULL)
        return v; /* nobody imports descriptor.proto: there are no custom options */
    bytes = upb_Encode(opts, table, 0, r->arena, &size);
    msg = upb_Message_New(def, r->arena);
    if (bytes != NULL && upb_Decode(bytes, size, msg, upb_MessageDef_MiniTable(def),
                                    upb_DefPool_ExtensionRegistry(r->pool), 0, r->arena) == kUpb_DecodeStatus_Ok)
        v.msg = msg;
    return v;
}

void options_check_known(struct reader *r, struct view options, struct place place)
{
    size_t iter = (size_t)kUpb_Message_Begin;
    const upb_FieldDef *f;
    upb_MessageValue value;

    if (options.msg == NULL)
        return;
    options_refuse_unknown(options, "this definition", place);
    while (upb_Message_Next(options.msg, options.def, r->pool, &f, &value, &iter)) {
        bool known = !upb_FieldDef_IsExtension(f);
        size_t i;

        for (i = 0; !known && i < sizeof option_extensions / sizeof option_extensions[0]; i++)
            known = strcmp(upb_FieldDef_Name(f), option_extensions[i]) == 0;
        if (!known)
            report(place, "option (%s) is read by nobody; teach codegen/reader_options.c, or remove it",
                   upb_FieldDef_Name(f));
    }
}

static const upb_FieldDef *find_extension(const struct reader *r, const char *name)
{
    const char *full = text_format("%s.%s", r->model->package, name);

    return upb_DefPool_FindExtensionByName(r->pool, full);
}

static void *read_extension(struct reader *r, struct view options, const char *name, const struct option_type *type,
                            struct place place)
{
    const upb_FieldDef *f = find_extension(r, name);
    void *out;

    if (options.msg == NULL || f == NULL || !upb_Message_Has(options.msg, f))
        return NULL;
    out = memory_new(1, type->size);
    read_option(r, (struct view){upb_Message_Get(options.msg, f).msg_val, upb_FieldDef_MessageSubDef(f)}, type, out,
                place);
    return out;
}

#define READ(function, struct_name, name, type)                                                                        \
    struct struct_name *function(struct reader *r, struct view options, struct place place)                            \
    {                                                                                                                  \
        return read_extension(r, options, name, &type, place);                                                         \
    }
READ(options_field_form, field_form, "f", field_type)
READ(options_variant, variant_form, "v", variant_type)
READ(options_union, union_form, "one", union_type)
READ(options_message_form, message_form, "m", message_type)
READ(options_envelope, envelope_form, "envelope", envelope_type)
READ(options_name, name_form, "e", name_type)
READ(options_call, call_form, "call", call_type)
#undef READ

const upb_Array *options_of_file(struct reader *r, struct view options, const char *name, const upb_FieldDef **f)
{
    *f = find_extension(r, name);
    return options.msg != NULL && *f != NULL ? upb_Message_Get(options.msg, *f).array_val : NULL;
}

struct path options_file_path(const upb_FieldDef *f, size_t index)
{
    struct path p = {{8, (int32_t)upb_FieldDef_Number(f), (int32_t)index}, 3};

    return p;
}

void options_styles(struct reader *r, const upb_FileDef *file, struct view options)
{
    const upb_FieldDef *f;
    const upb_Array *list = options_of_file(r, options, "style", &f);
    size_t i, n = list != NULL ? upb_Array_Size(list) : 0, had = r->model->style_count;
    struct style *styles = memory_new(had + n, sizeof *styles);

    if (n == 0)
        return;
    if (had > 0)
        memcpy(styles, r->model->styles, had * sizeof *styles);
    for (i = 0; i < n; i++) {
        struct style *s = &styles[had + i];

        s->place = source_place(r, file, options_file_path(f, i));
        s->comment = source_comment(r, file, options_file_path(f, i));
        read_option(r, (struct view){upb_Array_Get(list, i).msg_val, upb_FieldDef_MessageSubDef(f)}, &style_type, s,
                    s->place);
    }
    r->model->styles = styles;
    r->model->style_count = had + n;
}

/* ---- the vocabulary itself --------------------------------------------------------------------------------------- */

struct path options_message_path(const upb_MessageDef *m)
{
    const upb_FileDef *file = upb_MessageDef_File(m);
    struct path p = {{0}, 0};
    int i = 0;

    while (i < upb_FileDef_TopLevelMessageCount(file) && upb_FileDef_TopLevelMessage(file, i) != m)
        i++;
    return path_under(p, 4, i);
}

static void check_vocabulary_enum(struct reader *r, const char *owner, const char *name, int known)
{
    const upb_EnumDef *e = upb_DefPool_FindEnumByName(r->pool, text_format("%s.%s.%s", r->model->package, owner, name));
    int i;

    for (i = known; e != NULL && i < upb_EnumDef_ValueCount(e); i++)
        report((struct place){upb_FileDef_Name(upb_EnumDef_File(e)), 1, 1},
               "%s.%s.%s is read by nobody; teach codegen/model.h and whoever prints it, or remove it", owner, name,
               upb_EnumValueDef_Name(upb_EnumDef_Value(e, i)));
}

void options_check_vocabulary(struct reader *r)
{
    size_t t;
    int i;

    for (t = 0; t < sizeof option_types / sizeof option_types[0]; t++) {
        const struct option_type *type = option_types[t];
        const upb_MessageDef *def =
            upb_DefPool_FindMessageByName(r->pool, text_format("%s.%s", r->model->package, type->name));

        for (i = 0; def != NULL && i < upb_MessageDef_FieldCount(def); i++) {
            const char *name = upb_FieldDef_Name(upb_MessageDef_Field(def, i));

            if (find_member(type, name) == NULL)
                report(source_place(r, upb_MessageDef_File(def), path_under(options_message_path(def), 2, i)),
                       "option member `%s.%s` is read by nobody; teach codegen/reader_options.c, or remove it",
                       type->name, name);
        }
    }
    check_vocabulary_enum(r, "FieldForm", "Absent", ABSENT_ZERO + 1);
    check_vocabulary_enum(r, "FieldForm", "As", AS_ANY + 1);
    check_vocabulary_enum(r, "Limit", "Unit", UNIT_VISIBLE_ASCII + 1);
    check_vocabulary_enum(r, "Style", "Escaper", 3);
    check_vocabulary_enum(r, "Style", "Names", 3);
}

/* True when `from` is `m`, or is made of it. */
static bool leads_to(const upb_MessageDef *from, const upb_MessageDef *m, int depth)
{
    int i;

    if (from == m)
        return true;
    for (i = 0; depth < 8 && i < upb_MessageDef_FieldCount(from); i++) {
        const upb_FieldDef *f = upb_MessageDef_Field(from, i);

        if (upb_FieldDef_IsSubMessage(f) && leads_to(upb_FieldDef_MessageSubDef(f), m, depth + 1))
            return true;
    }
    return false;
}

bool options_is_vocabulary(const struct reader *r, const upb_MessageDef *m)
{
    size_t i;

    for (i = 0; i < sizeof option_extensions / sizeof option_extensions[0]; i++) {
        const upb_FieldDef *f = find_extension(r, option_extensions[i]);

        if (f != NULL && upb_FieldDef_IsSubMessage(f) && leads_to(upb_FieldDef_MessageSubDef(f), m, 0))
            return true;
    }
    return false;
}
