#include <stdio.h>
#include <stdlib.h>

#include "php-upb.h"

#include "tests/codec/oracle_upb.h"

enum { ORACLE_LIST_LIMIT = 3, ORACLE_STRING_LIMIT_BYTES = 150 };

static upb_DefPool *pool;
static upb_Arena *last; /* of what was returned last */

static char *read_file(const char *path, size_t *len)
{
    enum { FILE_BYTES_MAX = 16 << 20 };
    FILE *file = fopen(path, "rb");
    char *bytes = (char *)malloc(FILE_BYTES_MAX);

    if (file == NULL || bytes == NULL)
        return NULL;
    *len = fread(bytes, 1, FILE_BYTES_MAX, file);
    (void)fclose(file);
    return bytes;
}

bool oracle_upb_open(const char *path)
{
    upb_Arena *arena = upb_Arena_New();
    const google_protobuf_FileDescriptorProto *const *files;
    google_protobuf_FileDescriptorSet *set;
    size_t len = 0, count = 0, i;
    char *bytes = read_file(path, &len);
    upb_Status status;
    bool ok = bytes != NULL;

    pool = upb_DefPool_New();
    upb_Status_Clear(&status);
    set = ok ? google_protobuf_FileDescriptorSet_parse(bytes, len, arena) : NULL;
    ok = set != NULL;
    files = ok ? google_protobuf_FileDescriptorSet_file(set, &count) : NULL;
    for (i = 0; i < count; i++)
        ok = ok && upb_DefPool_AddFile(pool, files[i], &status) != NULL;
    upb_Arena_Free(arena);
    free(bytes);
    return ok;
}

void oracle_upb_close(void)
{
    if (last != NULL)
        upb_Arena_Free(last);
    upb_DefPool_Free(pool);
}

static const upb_MessageDef *find(const struct ops_message *type)
{
    char name[128];
    const upb_MessageDef *def;

    (void)snprintf(name, sizeof name, "opstream.%.*s", (int)type->name.len, type->name.ptr);
    def = upb_DefPool_FindMessageByName(pool, name);
    if (def == NULL) {
        fprintf(stderr, "upb does not know %s\n", name);
        abort();
    }
    return def;
}

static void begin(void)
{
    if (last != NULL)
        upb_Arena_Free(last);
    last = upb_Arena_New();
}

static struct ops_str encoded(const upb_Message *message, const upb_MessageDef *def)
{
    size_t len = 0;
    char *bytes = upb_Encode(message, upb_MessageDef_MiniTable(def), kUpb_Encode_Deterministic | kUpb_Encode_SkipUnknown,
                             last, &len);

    if (bytes == NULL)
        abort();
    return ops_str_of(bytes, len);
}

bool oracle_upb_recode(const struct ops_message *type, struct ops_str bytes, struct ops_str *out)
{
    const upb_MessageDef *def = find(type);
    upb_Message *message;

    begin();
    message = upb_Message_New(def, last);
    if (upb_Decode(bytes.ptr, bytes.len, message, upb_MessageDef_MiniTable(def), NULL, 0, last) != kUpb_DecodeStatus_Ok)
        return false;
    *out = encoded(message, def);
    return true;
}

/* ---- random messages ------------------------------------------------------------------------------------------------ */

static upb_Message *random_message(const upb_MessageDef *def, struct random_source *random, struct ops_arena *arena);

static upb_MessageValue random_field(const upb_FieldDef *f, struct random_source *random, struct ops_arena *arena)
{
    upb_MessageValue v;
    struct ops_str s;

    memset(&v, 0, sizeof v);
    switch (upb_FieldDef_CType(f)) {
    case kUpb_CType_Bool:
        v.bool_val = random_one_in(random, 2);
        break;
    case kUpb_CType_Int32:
    case kUpb_CType_Enum: /* proto3 enums are open */
        v.int32_val = (int32_t)random_integer(random, INT32_MIN, INT32_MAX);
        break;
    case kUpb_CType_Int64:
        v.int64_val = random_integer(random, INT64_MIN, INT64_MAX);
        break;
    case kUpb_CType_String:
    case kUpb_CType_Bytes:
        s = upb_FieldDef_CType(f) == kUpb_CType_String ? random_string(random, ORACLE_STRING_LIMIT_BYTES, arena)
                                                       : random_bytes(random, ORACLE_STRING_LIMIT_BYTES, arena);
        v.str_val.data = s.ptr;
        v.str_val.size = s.len;
        break;
    case kUpb_CType_Message:
        v.msg_val = random_message(upb_FieldDef_MessageSubDef(f), random, arena);
        break;
    default: /* the schema has no others */
        abort();
    }
    return v;
}

static upb_Message *random_message(const upb_MessageDef *def, struct random_source *random, struct ops_arena *arena)
{
    upb_Message *message = upb_Message_New(def, last);
    bool sparse = random_one_in(random, 2);
    int i;

    for (i = 0; i < upb_MessageDef_FieldCount(def); i++) {
        const upb_FieldDef *f = upb_MessageDef_Field(def, i);
        size_t count = random_below(random, ORACLE_LIST_LIMIT + 1);

        if (random_below(random, 4) < (sparse ? 2u : 1u))
            continue;
        if (!upb_FieldDef_IsRepeated(f)) {
            upb_Message_Set(message, f, random_field(f, random, arena), last);
            continue;
        }
        while (count-- > 0)
            upb_Array_Append(upb_Message_Mutable(message, f, last).array, random_field(f, random, arena), last);
    }
    return message;
}

struct ops_str oracle_upb_random(const struct ops_message *type, struct random_source *random, struct ops_arena *arena)
{
    const upb_MessageDef *def = find(type);

    begin();
    return encoded(random_message(def, random, arena), def);
}
