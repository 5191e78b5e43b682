/* upb 21.12.
 *
 * Debian has no protoc-gen-upb, so the messages are built from the schema's descriptors. Decoding and encoding are the
 * same code and run over the same kind of table (upb_MiniTable) as with generated accessors; only reading and writing single
 * fields differs, which is not measured. (upb's tail-calling fast decoder exists for clang only, and only with generated tables.)
 *
 * Strings are slices of the input, as ours are; the arena starts in a block of ours. */
#include <stdlib.h>

#include "php-upb.h"

#include "bench.h"

/* The FileDescriptorSet that protoc made of schema/opstream.proto; embedded by the build. */
extern const char bench_descriptors[], bench_descriptors_end[];

enum { UPB_BLOCK_BYTES = 64 * 1024 };

static const upb_MessageDef *upb_defs[BENCH_MESSAGES];
static const upb_MiniTable *upb_tables[BENCH_MESSAGES];
static upb_Message *upb_values[BENCH_MESSAGES]; /* to be encoded */
static upb_Arena *upb_forever;

static bool upb_start(void)
{
    static const char *const names[BENCH_MESSAGES] = {
        "opstream.ClientMessage", "opstream.ServerMessage", "opstream.TableOpBatch", "opstream.TextDocument",
        "opstream.TextDocument",  "opstream.TextDocument",  "opstream.TextDocument"};
    upb_DefPool *pool = upb_DefPool_New();
    const google_protobuf_FileDescriptorProto *const *files;
    google_protobuf_FileDescriptorSet *set;
    upb_Status status;
    size_t count, i;

    upb_forever = upb_Arena_New();
    set = google_protobuf_FileDescriptorSet_parse(bench_descriptors, (size_t)(bench_descriptors_end - bench_descriptors),
                                                  upb_forever);
    if (set == NULL)
        return false;
    files = google_protobuf_FileDescriptorSet_file(set, &count);
    upb_Status_Clear(&status);
    for (i = 0; i < count; i++) {
        if (upb_DefPool_AddFile(pool, files[i], &status) == NULL)
            return false;
    }
    for (i = 0; i < BENCH_MESSAGES; i++) {
        upb_defs[i] = upb_DefPool_FindMessageByName(pool, names[i]);
        if (upb_defs[i] == NULL)
            return false;
        upb_tables[i] = upb_MessageDef_MiniTable(upb_defs[i]);
    }
    return true;
}

static upb_Message *upb_decode_sample(const struct bench_sample *s, upb_Arena *arena)
{
    upb_Message *message = upb_Message_New(upb_defs[s->message], arena);

    return upb_Decode(s->proto.ptr, s->proto.len, message, upb_tables[s->message], NULL, kUpb_DecodeOption_AliasString,
                      arena) == kUpb_DecodeStatus_Ok
               ? message
               : NULL;
}

static bool upb_once(const struct bench_sample *s, enum bench_action action, struct bench_result *r)
{
    static char block[UPB_BLOCK_BYTES], checked[2 * 1024 * 1024];
    static bool ready;
    upb_Message *message;
    upb_Arena *arena;
    size_t len = 0;
    char *bytes;

    if (!ready && !upb_start())
        return false;
    ready = true;
    arena = upb_Arena_Init(block, sizeof block, &upb_alloc_global);
    if (action == BENCH_PROTO_DECODE) {
        message = upb_decode_sample(s, arena);
        bench_use(message);
        bytes = message != NULL && r->check ? upb_Encode(message, upb_tables[s->message], 0, arena, &len) : NULL;
    } else {
        message = upb_values[s->message];
        if (message == NULL)
            message = upb_values[s->message] = upb_decode_sample(s, upb_forever);
        bytes = upb_Encode(message, upb_tables[s->message], 0, arena, &len);
    }
    if (r->check && len <= sizeof checked) {
        memcpy(checked, bytes, len);
        bytes = checked; /* what follows gives the arena back */
    }
    r->bytes = ops_str_of(bytes, len);
    bench_use(bytes);
    upb_Arena_Free(arena);
    return message != NULL;
}

const struct bench_contender bench_upb = {"upb", "upb", {false, false, true, true}, upb_once};
