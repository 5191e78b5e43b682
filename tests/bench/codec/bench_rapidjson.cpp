/* RapidJSON: Document (in place and not) into the same structs, Writer out of them.
 *
 * As its documentation asks: SIMD switched on (RAPIDJSON_SSE42, by the build), memory pools reused, StringBuffers reused,
 * values written without a DOM between. Its parser does not check UTF-8 unless told to, and is not told to. */
#define RAPIDJSON_HAS_STDSTRING 0
#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wall"
#pragma GCC diagnostic ignored "-Wextra"
#endif
#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

#include "bench.h"

namespace {

using pool = rapidjson::MemoryPoolAllocator<>;
using dom = rapidjson::GenericDocument<rapidjson::UTF8<>, pool, pool>;
using node = dom::ValueType;
using writer = rapidjson::Writer<rapidjson::StringBuffer>;

ops_arena *arena()
{
    static ops_arena instance, *ready = nullptr;

    if (ready == nullptr) {
        bench_arena_init(&instance);
        ready = &instance;
    }
    return ready;
}

/* Blocks for values and for the parse stack that are kept from message to message. */
struct memory {
    char values[64 * 1024], stack[64 * 1024];
    pool value_pool{values, sizeof values}, stack_pool{stack, sizeof stack};

    void reset()
    {
        value_pool.Clear();
        stack_pool.Clear();
    }
};
memory outer, inner;

const node *member(const node &object, const char *name)
{
    auto found = object.FindMember(name);

    return found != object.MemberEnd() ? &found->value : nullptr;
}

bool text_of(const node &object, const char *name, ops_str *text)
{
    const node *value = member(object, name);

    if (value == nullptr || !value->IsString())
        return false;
    *text = ops_str_of(value->GetString(), value->GetStringLength());
    return true;
}

bool number_of(const node &object, const char *name, int64_t *number)
{
    const node *value = member(object, name);

    if (value == nullptr || !value->IsInt64())
        return false;
    *number = value->GetInt64();
    return true;
}

bool is(ops_str s, const char *literal)
{
    return s.len == strlen(literal) && memcmp(s.ptr, literal, s.len) == 0;
}

/* In place it destroys its input, which a server would let it do; the benchmark has to copy it first. */
char scratch[2 * 1024 * 1024];

template <bool insitu> bool parse(dom &doc, ops_str text, char *room)
{
    if (insitu) {
        memcpy(room, text.ptr, text.len + 1);
        doc.ParseInsitu(room);
    } else {
        doc.Parse(text.ptr);
    }
    return !doc.HasParseError() && doc.IsObject();
}

bool component(const node &from, ops_text_component *to)
{
    ops_str type;
    int64_t count;

    if (!from.IsObject() || !text_of(from, "type", &type))
        return false;
    if (is(type, "insert")) {
        to->kind = OPS_TEXT_COMPONENT_INSERT;
        return text_of(from, "text", &to->insert.text);
    }
    if (!number_of(from, "count", &count) || count < 0 || count > INT32_MAX)
        return false;
    if (is(type, "retain")) {
        to->kind = OPS_TEXT_COMPONENT_RETAIN;
        to->retain.count = static_cast<int32_t>(count);
        return true;
    }
    to->kind = OPS_TEXT_COMPONENT_DELETE;
    to->delete_.count = static_cast<int32_t>(count);
    return is(type, "delete");
}

/* In place it destroys the decoded payload, which nobody needs once the typed op is there: no copy. `payload` ends with a zero
 * byte. */
template <bool insitu> bool text_op(ops_str payload, ops_text_op *op)
{
    const node *list;
    ops_text_component *at;
    dom doc(&inner.value_pool, 1024, &inner.stack_pool);

    if (insitu)
        doc.ParseInsitu(const_cast<char *>(payload.ptr));
    else
        doc.Parse(payload.ptr);
    if (doc.HasParseError() || !doc.IsObject() || (list = member(doc, "components")) == nullptr || !list->IsArray())
        return false;
    at = static_cast<ops_text_component *>(ops_arena_zalloc(arena(), list->Size() * sizeof *at));
    op->components = at;
    op->components_count = list->Size();
    for (const node &each : list->GetArray()) {
        if (!component(each, at++))
            return false;
    }
    return true;
}

template <bool insitu> bool decode_op(const bench_sample *s, bench_value *v)
{
    dom doc(&outer.value_pool, 1024, &outer.stack_pool);
    bool push = s->message == BENCH_PUSH;
    ops_str type, id, payload;
    int64_t revision;
    size_t len, bad;
    char *plain;

    if (!parse<insitu>(doc, s->json, scratch) || !text_of(doc, "type", &type) || !is(type, "op") ||
        !text_of(doc, "documentId", &id) || !text_of(doc, "payload", &payload) ||
        !number_of(doc, push ? "revision" : "baseRevision", &revision) || revision < 0)
        return false;
    plain = static_cast<char *>(ops_arena_alloc(arena(), ops_base64_decoded_bound(payload.len) + 1));
    len = ops_base64_decode(plain, payload.ptr, payload.len, &bad);
    if (len == SIZE_MAX)
        return false;
    plain[len] = '\0';
    payload = ops_str_of(plain, len);
    if (push) {
        v->server = ops_server_message();
        v->server.message_type = OPS_SERVER_MESSAGE_RECEIVE_OP_EVENT;
        v->server.receive_op_event.document_id = id;
        v->server.receive_op_event.payload = payload;
        v->server.receive_op_event.new_revision = revision;
    } else {
        v->client = ops_client_message();
        v->client.message_type = OPS_CLIENT_MESSAGE_OP_REQUEST;
        v->client.op_request.document_id = id;
        v->client.op_request.payload = payload;
        v->client.op_request.base_revision = revision;
    }
    return text_op<insitu>(payload, &v->op);
}

/* The value of a cell is any JSON, kept as text: written again (the samples' strings need no escapes). */
bool opaque(const node *from, ops_str *to)
{
    char *at;

    if (from == nullptr)
        return false;
    if (from->IsString()) {
        size_t len = from->GetStringLength();

        at = static_cast<char *>(ops_arena_alloc(arena(), len + 2));
        at[0] = '"';
        memcpy(at + 1, from->GetString(), len);
        at[len + 1] = '"';
        *to = ops_str_of(at, len + 2);
        return true;
    }
    if (!from->IsInt64())
        return false;
    at = static_cast<char *>(ops_arena_alloc(arena(), OPS_INT64_CHARS));
    *to = ops_str_of(at, static_cast<size_t>(ops_int64_write(at, from->GetInt64()) - at));
    return true;
}

template <bool insitu> bool decode_table(const bench_sample *s, bench_value *v)
{
    dom doc(&outer.value_pool, 1024, &outer.stack_pool);
    const node *list;
    ops_table_op *at;

    if (!parse<insitu>(doc, s->json, scratch) || (list = member(doc, "operations")) == nullptr || !list->IsArray())
        return false;
    at = static_cast<ops_table_op *>(ops_arena_zalloc(arena(), list->Size() * sizeof *at));
    v->table.operations = at;
    v->table.operations_count = list->Size();
    for (const node &each : list->GetArray()) {
        ops_str type;

        if (!each.IsObject() || !text_of(each, "type", &type) || !is(type, "set_cell") ||
            !text_of(each, "rowId", &at->set_cell.row_id) || !text_of(each, "columnId", &at->set_cell.column_id) ||
            !opaque(member(each, "value"), &at->set_cell.value) ||
            !number_of(each, "timestamp", &at->set_cell.timestamp) || !text_of(each, "peerId", &at->set_cell.peer_id))
            return false;
        at->kind = OPS_TABLE_OP_SET_CELL;
        at++;
    }
    return true;
}

template <bool insitu> bool decode_document(const bench_sample *s, bench_value *v)
{
    dom doc(&outer.value_pool, 1024, &outer.stack_pool);

    return parse<insitu>(doc, s->json, scratch) && text_of(doc, "content", &v->document.content);
}

/* ---- out ---- */

void put(writer &w, ops_str s)
{
    w.String(s.ptr, static_cast<rapidjson::SizeType>(s.len));
}

template <size_t n> void key(writer &w, const char (&name)[n])
{
    w.Key(name, static_cast<rapidjson::SizeType>(n - 1));
}

rapidjson::StringBuffer outer_text, inner_text;
writer outer_writer, inner_writer;

void start(writer &w, rapidjson::StringBuffer &text)
{
    text.Clear();
    w.Reset(text);
}

void write_text_op(writer &w, const ops_text_op &op)
{
    w.StartObject();
    key(w, "components");
    w.StartArray();
    for (size_t i = 0; i < op.components_count; i++) {
        const ops_text_component &c = op.components[i];

        w.StartObject();
        key(w, "type");
        if (c.kind == OPS_TEXT_COMPONENT_INSERT) {
            w.String("insert", 6);
            key(w, "text");
            put(w, c.insert.text);
        } else if (c.kind == OPS_TEXT_COMPONENT_RETAIN) {
            w.String("retain", 6);
            key(w, "count");
            w.Int(c.retain.count);
        } else {
            w.String("delete", 6);
            key(w, "count");
            w.Int(c.delete_.count);
        }
        w.EndObject();
    }
    w.EndArray();
    w.EndObject();
}

void write_op(writer &w, const bench_sample *s)
{
    bool push = s->message == BENCH_PUSH;
    size_t len;
    char *base64;

    start(inner_writer, inner_text);
    write_text_op(inner_writer, s->value.op);
    len = ops_base64_encoded_bytes(inner_text.GetSize());
    base64 = static_cast<char *>(ops_arena_alloc(arena(), len));
    ops_base64_encode(base64, inner_text.GetString(), inner_text.GetSize());
    w.StartObject();
    key(w, "type");
    w.String("op", 2);
    key(w, "documentId");
    put(w, push ? s->value.server.receive_op_event.document_id : s->value.client.op_request.document_id);
    key(w, "payload");
    put(w, ops_str_of(base64, len));
    if (push) {
        key(w, "revision");
        w.Int64(s->value.server.receive_op_event.new_revision);
    } else {
        key(w, "baseRevision");
        w.Int64(s->value.client.op_request.base_revision);
    }
    w.EndObject();
}

void write_table(writer &w, const ops_table_op_batch &batch)
{
    w.StartObject();
    key(w, "operations");
    w.StartArray();
    for (size_t i = 0; i < batch.operations_count; i++) {
        const auto &cell = batch.operations[i].set_cell;

        w.StartObject();
        key(w, "type");
        w.String("set_cell", 8);
        key(w, "rowId");
        put(w, cell.row_id);
        key(w, "columnId");
        put(w, cell.column_id);
        key(w, "value");
        w.RawValue(cell.value.ptr, cell.value.len, rapidjson::kStringType);
        key(w, "timestamp");
        w.Int64(cell.timestamp);
        key(w, "peerId");
        put(w, cell.peer_id);
        w.EndObject();
    }
    w.EndArray();
    w.EndObject();
}

bool encode(const bench_sample *s, bench_result *r)
{
    writer &w = outer_writer;

    start(w, outer_text);
    switch (s->message) {
    case BENCH_OP:
    case BENCH_PUSH:
        write_op(w, s);
        break;
    case BENCH_TABLE:
        write_table(w, s->value.table);
        break;
    default:
        w.StartObject();
        key(w, "content");
        put(w, s->value.document.content);
        w.EndObject();
        break;
    }
    r->bytes = ops_str_of(outer_text.GetString(), outer_text.GetSize());
    return true;
}

template <bool insitu> bool once(const bench_sample *s, enum bench_action action, bench_result *r)
{
    ops_arena_reset(arena());
    if (action == BENCH_JSON_ENCODE)
        return encode(s, r);
    outer.reset();
    inner.reset();
    switch (s->message) {
    case BENCH_OP:
    case BENCH_PUSH:
        return decode_op<insitu>(s, &r->value);
    case BENCH_TABLE:
        return decode_table<insitu>(s, &r->value);
    default:
        return decode_document<insitu>(s, &r->value);
    }
}

} // namespace

const struct bench_contender bench_rapidjson = {"RapidJSON", "RapidJSON", {true, true, false, false}, once<false>};
const struct bench_contender bench_rapidjson_insitu = {
    "RapidJSON in place", "RapidJSON", {true, false, false, false}, once<true>};
