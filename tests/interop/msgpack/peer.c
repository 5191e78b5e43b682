/* Our side of the MessagePack interop test (run.mjs is the other): writes what it says with its JSON form beside it,
 * or reads what the other side says and answers with the JSON form of that.
 *
 *   peer write SEED COUNT   lines `kind TAB name TAB hexadecimal TAB JSON`, COUNT random values of each.
 *                           kind: frame (a hub record with its length), message, arguments (of the call `name`)
 *   peer read               for each line `what TAB hexadecimal` on stdin a line of JSON, or `refused: why`.
 *                           what: frames (any number of hub records with their lengths; answer: a JSON list),
 *                           call:TARGET, value, or the name of a message */
#include <stdio.h>
#include <stdlib.h>

#include "gen/calls.h"
#include "gen/codec.h"
#include "gen/profile.h"
#include "gen/tables.h"
#include "runtime/codec/explain.h"
#include "runtime/codec/hub.h"
#include "runtime/codec/msgpack.h"
#include "tests/codec/hex.h"
#include "tests/codec/random_value.h"

static const struct ops_json_style *const style = &ops_style_v1_plus;

static void must(enum ops_err e)
{
    if (e != OPS_OK)
        abort();
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

/* In JSON a raw line feed or tab is white space between tokens (of an opaque value that keeps it): here a space. */
static void print_json(const struct ops_buf *json)
{
    size_t i;

    for (i = 0; i < json->len; i++)
        putchar((unsigned char)json->ptr[i] < ' ' ? ' ' : json->ptr[i]);
    putchar('\n');
}

static void print_pair(struct ops_arena *arena, const char *kind, struct ops_str name, const struct ops_buf *msgpack,
                       const struct ops_buf *json)
{
    printf("%s\t%.*s\t%s\t", kind, (int)name.len, name.ptr, hex_write(arena, ops_buf_str(msgpack)));
    print_json(json);
}

static bool is_record(const struct ops_message *type)
{
    return strncmp(type->name.ptr, "Hub", 3) == 0 && strncmp(type->name.ptr, "HubHandshake", 12) != 0;
}

static void write_messages(struct random_source *random, const struct random_knobs *knobs, size_t count)
{
    size_t i, k;

    for (i = 0; i < ops_messages_count; i++) {
        const struct ops_message *type = ops_messages[i];

        if (is_record(type) || (type->oneof != NULL && type->oneof->tag_name[OPS_SHAPE_V1].ptr == NULL))
            continue; /* gRPC's own unions have no other form */
        for (k = 0; k < count; k++) {
            struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
            const void *value = random_value(random, knobs, type, &arena);
            struct ops_buf msgpack, json;

            ops_buf_init(&msgpack, &arena);
            ops_buf_init(&json, &arena);
            must(ops_msgpack_encode(type, style, value, &msgpack));
            must(ops_json_encode(type, style, value, &json));
            print_pair(&arena, "message", type->name, &msgpack, &json);
            ops_arena_reset(&arena);
        }
    }
}

static void print_record(struct ops_arena *arena, struct ops_str name, const struct ops_hub_message *record)
{
    struct ops_buf msgpack, json;

    ops_buf_init(&msgpack, arena);
    ops_buf_init(&json, arena);
    must(ops_hub_frame_msgpack(&ops_hub_message_type, style, record, &msgpack));
    must(ops_json_encode(&ops_hub_message_type, style, record, &json));
    print_pair(arena, "frame", name, &msgpack, &json);
}

/* Random records whose arguments, items and results are any JSON. Ours have no headers. */
static void write_records(struct random_source *random, const struct random_knobs *knobs, size_t count)
{
    size_t k;

    for (k = 0; k < count; k++) {
        struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
        struct ops_hub_message *record =
            (struct ops_hub_message *)random_value(random, knobs, &ops_hub_message_type, &arena);

        if (record->record == OPS_HUB_MESSAGE_INVOCATION)
            record->invocation.headers = ops_str_of(NULL, 0);
        else if (record->record == OPS_HUB_MESSAGE_STREAM_INVOCATION)
            record->stream_invocation.headers = ops_str_of(NULL, 0);
        else if (record->record == OPS_HUB_MESSAGE_STREAM_ITEM)
            record->stream_item.headers = ops_str_of(NULL, 0);
        else if (record->record == OPS_HUB_MESSAGE_CANCEL_INVOCATION)
            record->cancel_invocation.headers = ops_str_of(NULL, 0);
        else if (record->record == OPS_HUB_MESSAGE_COMPLETION) {
            record->completion.headers = ops_str_of(NULL, 0);
            if (record->completion.error.ptr != NULL)
                record->completion.result.raw = ops_str_of(NULL, 0);
        }
        print_record(&arena, ops_hub_message_type.name, record);
        ops_arena_reset(&arena);
    }
}

/* A call with its typed arguments, and a completion with its typed result. */
static void write_call(struct random_source *random, const struct random_knobs *knobs, const struct ops_call *call)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    const void *arguments = random_value(random, knobs, call->message, &arena);
    struct ops_hub_message record;
    struct ops_buf msgpack, json;

    ops_buf_init(&msgpack, &arena);
    ops_buf_init(&json, &arena);
    must(ops_msgpack_encode_arguments(call, style, arguments, &msgpack));
    must(ops_json_encode_arguments(call, style, arguments, &json));
    print_pair(&arena, "arguments", call->target, &msgpack, &json);
    memset(&record, 0, sizeof record);
    record.record = OPS_HUB_MESSAGE_INVOCATION;
    record.invocation.target = call->target;
    record.invocation.arguments.call = call;
    record.invocation.arguments.message = arguments;
    print_record(&arena, call->target, &record);
    if (call->result != NULL) {
        memset(&record, 0, sizeof record);
        record.record = OPS_HUB_MESSAGE_COMPLETION;
        record.completion.invocation_id = OPS_STR("0");
        record.completion.result.type = call->result;
        record.completion.result.message = random_value(random, knobs, call->result, &arena);
        if (call->result_field != OPS_MAP_WHOLE)
            record.completion.result.field = &call->result->fields[call->result_field];
        print_record(&arena, call->target, &record);
    }
    ops_arena_reset(&arena);
}

struct calls {
    const struct ops_call *const *items;
    const size_t *count;
};
static const struct calls all_calls[] = {
    {ops_collaboration_hub_calls, &ops_collaboration_hub_calls_count},
    {ops_collaboration_hub_callbacks_calls, &ops_collaboration_hub_callbacks_calls_count},
    {ops_management_hub_calls, &ops_management_hub_calls_count},
    {ops_versioning_hub_calls, &ops_versioning_hub_calls_count},
};
enum { ALL_CALLS = sizeof all_calls / sizeof *all_calls };

static void write_all(uint64_t seed, size_t count)
{
    struct random_source random = random_seeded(seed);
    struct random_knobs knobs = random_knobs_default();
    size_t i, k, n;

    knobs.style = style;
    write_messages(&random, &knobs, count);
    write_records(&random, &knobs, count * 20);
    for (i = 0; i < ALL_CALLS; i++) {
        for (k = 0; k < *all_calls[i].count; k++) {
            for (n = 0; n < count; n++)
                write_call(&random, &knobs, all_calls[i].items[k]);
        }
    }
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static const struct ops_message *find_message(const char *name)
{
    size_t i;

    for (i = 0; i < ops_messages_count; i++) {
        if (strcmp(ops_messages[i]->name.ptr, name) == 0)
            return ops_messages[i];
    }
    return NULL;
}

static const struct ops_call *find_call(const char *target)
{
    size_t i, k;

    for (i = 0; i < ALL_CALLS; i++) {
        for (k = 0; k < *all_calls[i].count; k++) {
            if (strcmp(all_calls[i].items[k]->target.ptr, target) == 0)
                return all_calls[i].items[k];
        }
    }
    return NULL;
}

static void refuse(struct ops_buf *out, const struct ops_error *error)
{
    out->len = 0;
    if (!ops_buf_append(out, "refused: ", 9) || !ops_error_sentence(error, ops_str_of(NULL, 0), true, out))
        abort();
}

/* The open value of a record, if it has one, becomes JSON. False: it cannot. */
static bool open_to_json(struct ops_hub_message *m, struct ops_arena *arena, struct ops_error *error)
{
    struct ops_any *open = m->record == OPS_HUB_MESSAGE_INVOCATION          ? &m->invocation.arguments
                           : m->record == OPS_HUB_MESSAGE_STREAM_INVOCATION ? &m->stream_invocation.arguments
                           : m->record == OPS_HUB_MESSAGE_STREAM_ITEM       ? &m->stream_item.item
                           : m->record == OPS_HUB_MESSAGE_COMPLETION        ? &m->completion.result
                                                                            : NULL;
    struct ops_buf json;

    if (open == NULL || open->raw.ptr == NULL)
        return true;
    ops_buf_init(&json, arena);
    if (ops_msgpack_to_json(open->raw, style, 60, &json, error) != OPS_OK)
        return false;
    open->raw = ops_buf_str(&json);
    return true;
}

static void read_frames(struct ops_arena *arena, struct ops_str stream, struct ops_buf *out)
{
    struct ops_str body;
    struct ops_hub_message record;
    struct ops_decode_info info;
    enum ops_hub_split split;

    must(ops_buf_append(out, "[", 1) ? OPS_OK : OPS_ERR_NOMEM);
    while ((split = ops_hub_split_msgpack(&stream, 2097152, &body)) == OPS_HUB_RECORD) {
        if (ops_msgpack_decode(&ops_hub_message_type, style, body, arena, &record, &info) != OPS_OK ||
            !open_to_json(&record, arena, &info.error)) {
            refuse(out, &info.error);
            return;
        }
        if (out->len > 1 && !ops_buf_append(out, ",", 1))
            abort();
        must(ops_json_encode(&ops_hub_message_type, style, &record, out));
    }
    if (stream.len > 0 || split != OPS_HUB_MORE) {
        out->len = 0;
        must(ops_buf_append(out, "refused: the frame", 18) ? OPS_OK : OPS_ERR_NOMEM);
    } else if (!ops_buf_append(out, "]", 1)) {
        abort();
    }
}

static void read_one(struct ops_arena *arena, const char *what, struct ops_str input, struct ops_buf *out)
{
    const struct ops_call *call = strncmp(what, "call:", 5) == 0 ? find_call(what + 5) : NULL;
    const struct ops_message *type = call != NULL ? call->message : find_message(what);
    struct ops_decode_info info;
    void *value;

    if (strcmp(what, "frames") == 0) {
        read_frames(arena, input, out);
        return;
    }
    if (strcmp(what, "value") == 0) {
        if (ops_msgpack_to_json(input, style, 60, out, &info.error) != OPS_OK)
            refuse(out, &info.error);
        return;
    }
    if (type == NULL) {
        fprintf(stderr, "unknown: %s\n", what);
        exit(2);
    }
    value = ops_arena_zalloc(arena, type->size);
    if (call != NULL) {
        if (ops_msgpack_decode_arguments(call, style, input, arena, value, &info) != OPS_OK)
            refuse(out, &info.error);
        else
            must(ops_json_encode_arguments(call, style, value, out));
    } else if (ops_msgpack_decode(type, style, input, arena, value, &info) != OPS_OK) {
        refuse(out, &info.error);
    } else {
        must(ops_json_encode(type, style, value, out));
    }
}

static void read_all(void)
{
    static char line[1 << 20];

    while (fgets(line, sizeof line, stdin) != NULL) {
        struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
        char *tab = strchr(line, '\t');
        struct ops_buf out;

        if (tab == NULL || strchr(tab, '\n') == NULL) {
            fprintf(stderr, "not a line: %.40s\n", line);
            exit(2);
        }
        *tab = '\0';
        ops_buf_init(&out, &arena);
        read_one(&arena, line, hex_read(&arena, tab + 1), &out);
        print_json(&out);
        ops_arena_reset(&arena);
    }
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "write") == 0) {
        write_all(strtoull(argv[2], NULL, 0), (size_t)strtoull(argv[3], NULL, 0));
    } else if (argc == 2 && strcmp(argv[1], "read") == 0) {
        read_all();
    } else {
        fprintf(stderr, "usage: peer write SEED COUNT | peer read\n");
        return 2;
    }
    return 0;
}
