/* Walks the descriptors of the schema's files and fills the model. */
#include "reader.h"
#include "reader_private.h"

#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- loading ----------------------------------------------------------------------------------------------------- */

static char *read_file(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    size_t capacity = 1 << 16, got;
    char *bytes = memory_new(capacity, 1);

    *size = 0;
    if (f == NULL)
        return NULL;
    while ((got = fread(bytes + *size, 1, capacity - *size, f)) > 0) {
        *size += got;
        if (*size == capacity) {
            char *grown = memory_new(capacity * 2, 1);

            memcpy(grown, bytes, *size);
            bytes = grown;
            capacity *= 2;
        }
    }
    fclose(f);
    return bytes;
}

static bool load(struct reader *r, const char *path)
{
    size_t size, n, i;
    char *bytes = read_file(path, &size);
    const google_protobuf_FileDescriptorProto *const *files;

    r->arena = upb_Arena_New();
    r->pool = upb_DefPool_New();
    r->set = bytes != NULL ? google_protobuf_FileDescriptorSet_parse(bytes, size, r->arena) : NULL;
    if (r->set == NULL) {
        fprintf(stderr, "codegen: %s: cannot be read as a FileDescriptorSet\n", path);
        return false;
    }
    files = google_protobuf_FileDescriptorSet_file(r->set, &n);
    for (i = 0; i < n; i++) {
        upb_Status status;

        upb_Status_Clear(&status);
        if (upb_DefPool_AddFile(r->pool, files[i], &status) == NULL) {
            fprintf(stderr, "codegen: %s: %s\n", path, upb_Status_ErrorMessage(&status));
            return false;
        }
    }
    return true;
}

/* ---- definitions ------------------------------------------------------------------------------------------------- */

static const char *const type_names[] = {"?",       "double",   "float",    "int64",  "uint64",  "int32", "fixed64",
                                         "fixed32", "bool",     "string",   "group",  "message", "bytes", "uint32",
                                         "enum",    "sfixed32", "sfixed64", "sint32", "sint64"};

/* Timestamp and the wrappers look like messages and are values. */
static void read_message_type(const upb_FieldDef *f, struct field *field)
{
    field->type_name = upb_MessageDef_FullName(upb_FieldDef_MessageSubDef(f));
    field->kind = KIND_MESSAGE;
    field->optional = true;
    if (upb_FieldDef_IsMap(f)) {
        field->type_name = "map";
        field->kind = KIND_UNSUPPORTED;
    } else if (strcmp(field->type_name, "google.protobuf.Timestamp") == 0) {
        field->kind = KIND_TIME;
    } else if (strcmp(field->type_name, "google.protobuf.Int32Value") == 0) {
        field->kind = KIND_INT32;
        field->wrapper = true;
    } else if (strcmp(field->type_name, "google.protobuf.Int64Value") == 0) {
        field->kind = KIND_INT64;
        field->wrapper = true;
    } else if (strncmp(field->type_name, "google.", 7) == 0) {
        field->kind = KIND_UNSUPPORTED;
    }
}

static void read_type(const upb_FieldDef *f, struct field *field)
{
    field->type_name = type_names[upb_FieldDef_Type(f)];
    switch (upb_FieldDef_Type(f)) {
    case kUpb_FieldType_Bool:
        field->kind = KIND_BOOL;
        break;
    case kUpb_FieldType_Int32:
        field->kind = KIND_INT32;
        break;
    case kUpb_FieldType_Int64:
        field->kind = KIND_INT64;
        break;
    case kUpb_FieldType_String:
        field->kind = KIND_STRING;
        break;
    case kUpb_FieldType_Bytes:
        field->kind = KIND_BYTES;
        break;
    case kUpb_FieldType_Enum:
        field->kind = KIND_ENUM;
        field->type_name = upb_EnumDef_FullName(upb_FieldDef_EnumSubDef(f));
        break;
    case kUpb_FieldType_Message:
        read_message_type(f, field);
        break;
    case kUpb_FieldType_Double:
    case kUpb_FieldType_Float:
    case kUpb_FieldType_UInt64:
    case kUpb_FieldType_Fixed64:
    case kUpb_FieldType_Fixed32:
    case kUpb_FieldType_Group:
    case kUpb_FieldType_UInt32:
    case kUpb_FieldType_SFixed32:
    case kUpb_FieldType_SFixed64:
    case kUpb_FieldType_SInt32:
    case kUpb_FieldType_SInt64:
        field->kind = KIND_UNSUPPORTED;
        break;
    }
}

static void read_field(struct reader *r, const upb_FieldDef *f, struct path p, struct field *field)
{
    const upb_FileDef *file = upb_FieldDef_File(f);
    struct view options = OPTIONS(r, Field, f);
    struct field_form *form;

    field->name = upb_FieldDef_Name(f);
    field->place = source_place(r, file, p);
    field->comment = source_comment(r, file, p);
    field->number = (int32_t)upb_FieldDef_Number(f);
    field->repeated = upb_FieldDef_IsRepeated(f);
    field->in_oneof = upb_FieldDef_RealContainingOneof(f) != NULL;
    field->optional = upb_FieldDef_ContainingOneof(f) != NULL && !field->in_oneof; /* proto3 `optional` */
    read_type(f, field);
    if (field->repeated)
        field->optional = false;
    options_check_known(r, options, field->place);
    form = options_field_form(r, options, field->place);
    if (form != NULL)
        field->form = *form;
    field->variant = options_variant(r, options, field->place);
}

static void read_oneof(struct reader *r, const upb_OneofDef *o, struct path p, struct oneof *oneof)
{
    const upb_FileDef *file = upb_MessageDef_File(upb_OneofDef_ContainingType(o));
    struct view options = OPTIONS(r, Oneof, o);

    oneof->name = upb_OneofDef_Name(o);
    oneof->place = source_place(r, file, p);
    oneof->comment = source_comment(r, file, p);
    oneof->first = upb_FieldDef_Index(upb_OneofDef_Field(o, 0));
    oneof->count = (size_t)upb_OneofDef_FieldCount(o);
    options_check_known(r, options, oneof->place);
    oneof->form = options_union(r, options, oneof->place);
}

static void read_enum(struct reader *r, const upb_EnumDef *e, struct path p, const char *owner)
{
    struct enumeration *out = &r->model->enums[r->model->enum_count++];
    const upb_FileDef *file = upb_EnumDef_File(e);
    int i;

    out->name = upb_EnumDef_Name(e);
    out->full_name = upb_EnumDef_FullName(e);
    out->owner = owner;
    out->place = source_place(r, file, p);
    out->comment = source_comment(r, file, p);
    out->count = (size_t)upb_EnumDef_ValueCount(e);
    out->values = memory_new(out->count, sizeof *out->values);
    options_check_known(r, OPTIONS(r, Enum, e), out->place);
    for (i = 0; i < upb_EnumDef_ValueCount(e); i++) {
        const upb_EnumValueDef *v = upb_EnumDef_Value(e, i);
        struct path vp = path_under(p, 2, i);
        struct view options = OPTIONS(r, EnumValue, v);
        struct enumerator *value = &out->values[i];
        struct name_form *form;

        value->name = upb_EnumValueDef_Name(v);
        value->place = source_place(r, file, vp);
        value->comment = source_comment(r, file, vp);
        value->number = upb_EnumValueDef_Number(v);
        options_check_known(r, options, value->place);
        form = options_name(r, options, value->place);
        if (form != NULL)
            value->form = *form;
    }
}

static void read_message(struct reader *r, const upb_MessageDef *m, struct path p)
{
    struct message *out = &r->model->messages[r->model->message_count++];
    const upb_FileDef *file = upb_MessageDef_File(m);
    struct view options = OPTIONS(r, Message, m);
    int i;

    out->name = upb_MessageDef_Name(m);
    out->full_name = upb_MessageDef_FullName(m);
    out->place = source_place(r, file, p);
    out->comment = source_comment(r, file, p);
    options_check_known(r, options, out->place);
    out->form = options_message_form(r, options, out->place);
    out->envelope = options_envelope(r, options, out->place);
    out->fields = memory_new((size_t)upb_MessageDef_FieldCount(m), sizeof *out->fields);
    for (i = 0; i < upb_MessageDef_FieldCount(m); i++)
        read_field(r, upb_MessageDef_Field(m, i), path_under(p, 2, i), &out->fields[out->field_count++]);
    out->oneofs = memory_new((size_t)upb_MessageDef_OneofCount(m), sizeof *out->oneofs);
    for (i = 0; i < upb_MessageDef_OneofCount(m); i++) {
        const upb_OneofDef *o = upb_MessageDef_Oneof(m, i);

        if (!upb_OneofDef_IsSynthetic(o))
            read_oneof(r, o, path_under(p, 8, i), &out->oneofs[out->oneof_count++]);
    }
    for (i = 0; i < upb_MessageDef_NestedMessageCount(m); i++) {
        const upb_MessageDef *nested = upb_MessageDef_NestedMessage(m, i);

        if (!google_protobuf_MessageOptions_map_entry(upb_MessageDef_Options(nested)))
            report(source_place(r, file, path_under(p, 3, i)),
                   "message `%s` is inside another one; declare it at the top", upb_MessageDef_Name(nested));
    }
    for (i = 0; i < upb_MessageDef_NestedEnumCount(m); i++)
        read_enum(r, upb_MessageDef_NestedEnum(m, i), path_under(p, 4, i), out->name);
}

static void read_service(struct reader *r, const upb_ServiceDef *s, struct path p)
{
    struct service *out = &r->model->services[r->model->service_count++];
    const upb_FileDef *file = upb_ServiceDef_File(s);
    int i;

    out->name = upb_ServiceDef_Name(s);
    out->place = source_place(r, file, p);
    out->comment = source_comment(r, file, p);
    out->rpc_count = (size_t)upb_ServiceDef_MethodCount(s);
    out->rpcs = memory_new(out->rpc_count, sizeof *out->rpcs);
    for (i = 0; i < upb_ServiceDef_MethodCount(s); i++) {
        const upb_MethodDef *m = upb_ServiceDef_Method(s, i);
        struct path mp = path_under(p, 2, i);
        struct view options = OPTIONS(r, Method, m);
        struct rpc *rpc = &out->rpcs[i];

        rpc->name = upb_MethodDef_Name(m);
        rpc->place = source_place(r, file, mp);
        rpc->comment = source_comment(r, file, mp);
        rpc->request_name = upb_MessageDef_FullName(upb_MethodDef_InputType(m));
        rpc->response_name = upb_MessageDef_FullName(upb_MethodDef_OutputType(m));
        rpc->client_streaming = upb_MethodDef_ClientStreaming(m);
        rpc->server_streaming = upb_MethodDef_ServerStreaming(m);
        options_check_known(r, options, rpc->place);
        rpc->call = options_call(r, options, rpc->place);
    }
}

/* ---- files ------------------------------------------------------------------------------------------------------- */

/* Room for everything that a file may hold; the vocabulary makes it a little too much. */
static void make_room(struct model *m, const upb_FileDef *file)
{
    size_t messages = m->message_count + (size_t)upb_FileDef_TopLevelMessageCount(file), enums = m->enum_count,
           services;
    struct message *grown;
    struct enumeration *more_enums;
    struct service *more_services;
    int i;

    for (i = 0; i < upb_FileDef_TopLevelMessageCount(file); i++)
        enums += (size_t)upb_MessageDef_NestedEnumCount(upb_FileDef_TopLevelMessage(file, i));
    enums += (size_t)upb_FileDef_TopLevelEnumCount(file);
    services = m->service_count + (size_t)upb_FileDef_ServiceCount(file);
    grown = memory_new(messages, sizeof *grown);
    more_enums = memory_new(enums, sizeof *more_enums);
    more_services = memory_new(services, sizeof *more_services);
    if (m->message_count > 0)
        memcpy(grown, m->messages, m->message_count * sizeof *grown);
    if (m->enum_count > 0)
        memcpy(more_enums, m->enums, m->enum_count * sizeof *more_enums);
    if (m->service_count > 0)
        memcpy(more_services, m->services, m->service_count * sizeof *more_services);
    m->messages = grown;
    m->enums = more_enums;
    m->services = more_services;
}

static void read_schema_file(struct reader *r, const upb_FileDef *file)
{
    struct view options = OPTIONS(r, File, file);
    struct place begin = {upb_FileDef_Name(file), 1, 1};
    struct path top = {{0}, 0};
    int i;

    options_check_known(r, options, begin);
    options_styles(r, file, options);
    options_profiles(r, file, options);
    make_room(r->model, file);
    for (i = 0; i < upb_FileDef_TopLevelMessageCount(file); i++) {
        const upb_MessageDef *m = upb_FileDef_TopLevelMessage(file, i);

        if (!options_is_vocabulary(r, m))
            read_message(r, m, path_under(top, 4, i));
    }
    for (i = 0; i < upb_FileDef_TopLevelEnumCount(file); i++)
        read_enum(r, upb_FileDef_TopLevelEnum(file, i), path_under(top, 5, i), NULL);
    for (i = 0; i < upb_FileDef_ServiceCount(file); i++)
        read_service(r, upb_FileDef_Service(file, i), path_under(top, 6, i));
}

bool read_model(const char *path, struct model *m)
{
    static struct reader r; /* the pool stays: names in the model are its own */
    const google_protobuf_FileDescriptorProto *const *files;
    size_t n, i;

    r.model = m;
    if (!load(&r, path))
        return false;
    files = google_protobuf_FileDescriptorSet_file(r.set, &n);
    for (i = 0; i < n; i++) {
        const char *name = reader_string(google_protobuf_FileDescriptorProto_name(files[i]));
        const upb_FileDef *file = upb_DefPool_FindFileByName(r.pool, name);

        if (strncmp(name, "google/", 7) == 0)
            continue;
        if (m->package == NULL) {
            m->package = upb_FileDef_Package(file);
            options_check_vocabulary(&r);
        }
        read_schema_file(&r, file);
    }
    return true;
}
