/* simdjson: its DOM and its On-Demand interface, into the same structs.
 *
 * As its documentation asks: one parser reused, padded input so that nothing is copied first, strings as views into the
 * parser. Members are looked up in any order (`[]`), as our decoder takes them. The payload needs a parser of its own,
 * because the outer document's strings live in the first one.
 *
 * "haswell" is simdjson's code for the flags that everybody is compiled with. Debian's library would choose by the
 * processor and take AVX-512 where there is some; SIMDJSON_FORCE_IMPLEMENTATION=icelake in the environment shows that. */
#include <simdjson.h>

#include <cstdlib>

#include "bench.h"

namespace {

using std::string_view;

ops_arena *arena()
{
    static ops_arena instance, *ready = nullptr;

    if (ready == nullptr) {
        if (getenv("SIMDJSON_FORCE_IMPLEMENTATION") == nullptr)
            simdjson::get_active_implementation() = simdjson::get_available_implementations()["haswell"];
        bench_arena_init(&instance);
        ready = &instance;
    }
    return ready;
}

ops_str view(string_view s)
{
    return ops_str_of(s.data(), s.size());
}

/* Base64 with the function that all contenders use, behind it the padding of the second parser. */
bool decode_payload(string_view text, ops_str *payload)
{
    size_t room = ops_base64_decoded_bound(text.size()), bad;
    char *plain = static_cast<char *>(ops_arena_alloc(arena(), room + simdjson::SIMDJSON_PADDING));
    size_t len = ops_base64_decode(plain, text.data(), text.size(), &bad);

    if (len == SIZE_MAX)
        return false;
    *payload = ops_str_of(plain, len);
    return true;
}

/* ---- DOM ---- */

namespace dom {
using namespace simdjson::dom;

parser outer, inner;

bool component(element from, ops_text_component *to)
{
    string_view type, text;
    int64_t count;

    if (from["type"].get(type))
        return false;
    if (type == "insert") {
        if (from["text"].get(text))
            return false;
        to->kind = OPS_TEXT_COMPONENT_INSERT;
        to->insert.text = view(text);
        return true;
    }
    if (from["count"].get(count) || count < 0 || count > INT32_MAX)
        return false;
    if (type == "retain") {
        to->kind = OPS_TEXT_COMPONENT_RETAIN;
        to->retain.count = static_cast<int32_t>(count);
        return true;
    }
    to->kind = OPS_TEXT_COMPONENT_DELETE;
    to->delete_.count = static_cast<int32_t>(count);
    return type == "delete";
}

bool text_op(ops_str payload, ops_text_op *op)
{
    simdjson::dom::array list;
    ops_text_component *at;

    if (inner.parse(payload.ptr, payload.len, false)["components"].get(list))
        return false;
    at = static_cast<ops_text_component *>(ops_arena_zalloc(arena(), list.size() * sizeof *at));
    op->components = at;
    op->components_count = list.size();
    for (element e : list) {
        if (!component(e, at++))
            return false;
    }
    return true;
}

bool op(const bench_sample *s, bench_value *v)
{
    element doc;
    string_view type, id, payload;
    bool push = s->message == BENCH_PUSH;
    int64_t revision;
    ops_str bytes;

    if (outer.parse(s->json.ptr, s->json.len, false).get(doc) || doc["type"].get(type) || type != "op" ||
        doc["documentId"].get(id) || doc["payload"].get(payload) ||
        doc[push ? "revision" : "baseRevision"].get(revision) || revision < 0 || !decode_payload(payload, &bytes))
        return false;
    if (push) {
        v->server = ops_server_message();
        v->server.message_type = OPS_SERVER_MESSAGE_RECEIVE_OP_EVENT;
        v->server.receive_op_event.document_id = view(id);
        v->server.receive_op_event.payload = bytes;
        v->server.receive_op_event.new_revision = revision;
    } else {
        v->client = ops_client_message();
        v->client.message_type = OPS_CLIENT_MESSAGE_OP_REQUEST;
        v->client.op_request.document_id = view(id);
        v->client.op_request.payload = bytes;
        v->client.op_request.base_revision = revision;
    }
    return text_op(bytes, &v->op);
}

/* The value of a cell is any JSON, kept as text. The DOM does not have it any more: written again (the samples' strings
 * need no escapes, so quotes are enough). */
bool opaque(element from, ops_str *to)
{
    string_view text;
    int64_t number;
    char *at;

    if (!from.get(text)) {
        at = static_cast<char *>(ops_arena_alloc(arena(), text.size() + 2));
        at[0] = '"';
        memcpy(at + 1, text.data(), text.size());
        at[text.size() + 1] = '"';
        *to = ops_str_of(at, text.size() + 2);
        return true;
    }
    if (from.get(number))
        return false;
    at = static_cast<char *>(ops_arena_alloc(arena(), OPS_INT64_CHARS));
    *to = ops_str_of(at, static_cast<size_t>(ops_int64_write(at, number) - at));
    return true;
}

bool table(const bench_sample *s, bench_value *v)
{
    simdjson::dom::array list;
    ops_table_op *at;

    if (outer.parse(s->json.ptr, s->json.len, false)["operations"].get(list))
        return false;
    at = static_cast<ops_table_op *>(ops_arena_zalloc(arena(), list.size() * sizeof *at));
    v->table.operations = at;
    v->table.operations_count = list.size();
    for (element e : list) {
        string_view type, row, column, peer;
        element value;

        if (e["type"].get(type) || type != "set_cell" || e["rowId"].get(row) || e["columnId"].get(column) ||
            e["value"].get(value) || !opaque(value, &at->set_cell.value) ||
            e["timestamp"].get(at->set_cell.timestamp) || e["peerId"].get(peer))
            return false;
        at->kind = OPS_TABLE_OP_SET_CELL;
        at->set_cell.row_id = view(row);
        at->set_cell.column_id = view(column);
        at->set_cell.peer_id = view(peer);
        at++;
    }
    return true;
}

bool document(const bench_sample *s, bench_value *v)
{
    string_view content;

    if (outer.parse(s->json.ptr, s->json.len, false)["content"].get(content))
        return false;
    v->document.content = view(content);
    return true;
}
} // namespace dom

/* ---- On-Demand ---- */

namespace ondemand {
using namespace simdjson::ondemand;

parser outer, inner;

simdjson::simdjson_result<simdjson::ondemand::document> open(parser &p, ops_str text)
{
    return p.iterate(simdjson::padded_string_view(text.ptr, text.len, text.len + simdjson::SIMDJSON_PADDING));
}

bool component(object from, ops_text_component *to)
{
    string_view type, text;
    int64_t count;

    if (from["type"].get(type))
        return false;
    if (type == "insert") {
        if (from["text"].get(text))
            return false;
        to->kind = OPS_TEXT_COMPONENT_INSERT;
        to->insert.text = view(text);
        return true;
    }
    if (from["count"].get(count) || count < 0 || count > INT32_MAX)
        return false;
    if (type == "retain") {
        to->kind = OPS_TEXT_COMPONENT_RETAIN;
        to->retain.count = static_cast<int32_t>(count);
        return true;
    }
    to->kind = OPS_TEXT_COMPONENT_DELETE;
    to->delete_.count = static_cast<int32_t>(count);
    return type == "delete";
}

/* A list whose length is not known; the last allocation of the arena grows in place. */
template <class T> struct growing {
    T *items = nullptr;
    size_t count = 0, capacity = 0;

    T *add()
    {
        if (count == capacity) {
            size_t more = capacity == 0 ? 4 : capacity * 2;

            items = static_cast<T *>(ops_arena_grow(arena(), items, capacity * sizeof(T), more * sizeof(T)));
            capacity = more;
        }
        memset(static_cast<void *>(&items[count]), 0, sizeof(T));
        return &items[count++];
    }
};

bool text_op(ops_str payload, ops_text_op *op)
{
    simdjson::ondemand::document doc;
    growing<ops_text_component> list;
    array components;

    if (open(inner, payload).get(doc) || doc["components"].get(components))
        return false;
    for (auto each : components) {
        object o;

        if (each.get(o) || !component(o, list.add()))
            return false;
    }
    op->components = list.items;
    op->components_count = list.count;
    return true;
}

bool op(const bench_sample *s, bench_value *v)
{
    simdjson::ondemand::document doc;
    string_view type, id, payload;
    bool push = s->message == BENCH_PUSH;
    int64_t revision;
    ops_str bytes;

    if (open(outer, s->json).get(doc) || doc["type"].get(type) || type != "op" || doc["documentId"].get(id) ||
        doc["payload"].get(payload) || doc[push ? "revision" : "baseRevision"].get(revision) || revision < 0 ||
        !decode_payload(payload, &bytes))
        return false;
    if (push) {
        v->server = ops_server_message();
        v->server.message_type = OPS_SERVER_MESSAGE_RECEIVE_OP_EVENT;
        v->server.receive_op_event.document_id = view(id);
        v->server.receive_op_event.payload = bytes;
        v->server.receive_op_event.new_revision = revision;
    } else {
        v->client = ops_client_message();
        v->client.message_type = OPS_CLIENT_MESSAGE_OP_REQUEST;
        v->client.op_request.document_id = view(id);
        v->client.op_request.payload = bytes;
        v->client.op_request.base_revision = revision;
    }
    return text_op(bytes, &v->op);
}

/* As in the DOM's: what came as text stays text, checked by nobody. */
bool opaque(value from, ops_str *to)
{
    string_view text = from.raw_json_token();

    while (!text.empty() && text.back() <= ' ')
        text.remove_suffix(1);
    *to = view(text);
    return true;
}

bool table(const bench_sample *s, bench_value *v)
{
    simdjson::ondemand::document doc;
    growing<ops_table_op> list;
    array operations;

    if (open(outer, s->json).get(doc) || doc["operations"].get(operations))
        return false;
    for (auto each : operations) {
        string_view type, row, column, peer;
        ops_table_op *at = list.add();
        object o;
        value cell;

        if (each.get(o) || o["type"].get(type) || type != "set_cell" || o["rowId"].get(row) ||
            o["columnId"].get(column) || o["value"].get(cell) || !opaque(cell, &at->set_cell.value) ||
            o["timestamp"].get(at->set_cell.timestamp) || o["peerId"].get(peer))
            return false;
        at->kind = OPS_TABLE_OP_SET_CELL;
        at->set_cell.row_id = view(row);
        at->set_cell.column_id = view(column);
        at->set_cell.peer_id = view(peer);
    }
    v->table.operations = list.items;
    v->table.operations_count = list.count;
    return true;
}

bool document(const bench_sample *s, bench_value *v)
{
    simdjson::ondemand::document doc;
    string_view content;

    if (open(outer, s->json).get(doc) || doc["content"].get(content))
        return false;
    v->document.content = view(content);
    return true;
}
} // namespace ondemand

bool once_dom(const bench_sample *s, enum bench_action, bench_result *r)
{
    ops_arena_reset(arena());
    switch (s->message) {
    case BENCH_OP:
    case BENCH_PUSH:
        return dom::op(s, &r->value);
    case BENCH_TABLE:
        return dom::table(s, &r->value);
    default:
        return dom::document(s, &r->value);
    }
}

bool once_ondemand(const bench_sample *s, enum bench_action, bench_result *r)
{
    ops_arena_reset(arena());
    switch (s->message) {
    case BENCH_OP:
    case BENCH_PUSH:
        return ondemand::op(s, &r->value);
    case BENCH_TABLE:
        return ondemand::table(s, &r->value);
    default:
        return ondemand::document(s, &r->value);
    }
}

} // namespace

const struct bench_contender bench_simdjson_dom = {"simdjson DOM", "simdjson DOM", {true, false, false, false}, once_dom};
const struct bench_contender bench_simdjson_ondemand = {
    "simdjson On-Demand", "simdjson On-Demand", {true, false, false, false}, once_ondemand};
