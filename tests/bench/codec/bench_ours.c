/* OpStream's own codecs, through the typed functions of gen/codec.h. */
#include "bench.h"

#include "gen/profile.h"

static struct ops_arena *ours_arena(void)
{
    static struct ops_arena instance;
    static bool ready;

    if (!ready)
        bench_arena_init(&instance);
    ready = true;
    return &instance;
}

static bool ours_decode(const struct bench_sample *s, struct ops_arena *arena, struct bench_value *v)
{
    const struct ops_json_style *style = &ops_style_v1;

    switch (s->message) {
    case BENCH_OP:
        return ops_client_message_json_decode(style, s->json, arena, &v->client, NULL) == OPS_OK &&
               v->client.message_type == OPS_CLIENT_MESSAGE_OP_REQUEST &&
               ops_text_op_json_decode(style, v->client.op_request.payload, arena, &v->op, NULL) == OPS_OK;
    case BENCH_PUSH:
        return ops_server_message_json_decode(style, s->json, arena, &v->server, NULL) == OPS_OK &&
               v->server.message_type == OPS_SERVER_MESSAGE_RECEIVE_OP_EVENT &&
               ops_text_op_json_decode(style, v->server.receive_op_event.payload, arena, &v->op, NULL) == OPS_OK;
    case BENCH_TABLE:
        return ops_table_op_batch_json_decode(style, s->json, arena, &v->table, NULL) == OPS_OK;
    default:
        return ops_text_document_json_decode(style, s->json, arena, &v->document, NULL) == OPS_OK;
    }
}

static bool ours_encode(const struct bench_sample *s, struct ops_arena *arena, struct ops_buf *out)
{
    const struct ops_json_style *style = &ops_style_v1;
    struct ops_buf payload;

    switch (s->message) {
    case BENCH_OP: {
        struct ops_client_message message = s->value.client;

        ops_buf_init(&payload, arena);
        if (ops_text_op_json_encode(style, &s->value.op, &payload) != OPS_OK)
            return false;
        message.op_request.payload = ops_buf_str(&payload);
        return ops_client_message_json_encode(style, &message, out) == OPS_OK;
    }
    case BENCH_PUSH: {
        struct ops_server_message message = s->value.server;

        ops_buf_init(&payload, arena);
        if (ops_text_op_json_encode(style, &s->value.op, &payload) != OPS_OK)
            return false;
        message.receive_op_event.payload = ops_buf_str(&payload);
        return ops_server_message_json_encode(style, &message, out) == OPS_OK;
    }
    case BENCH_TABLE:
        return ops_table_op_batch_json_encode(style, &s->value.table, out) == OPS_OK;
    default:
        return ops_text_document_json_encode(style, &s->value.document, out) == OPS_OK;
    }
}

static bool ours_proto_decode(const struct bench_sample *s, struct ops_arena *arena, struct bench_value *v)
{
    switch (s->message) {
    case BENCH_OP:
        return ops_client_message_proto_decode(s->proto, arena, &v->client, NULL) == OPS_OK;
    case BENCH_PUSH:
        return ops_server_message_proto_decode(s->proto, arena, &v->server, NULL) == OPS_OK;
    case BENCH_TABLE:
        return ops_table_op_batch_proto_decode(s->proto, arena, &v->table, NULL) == OPS_OK;
    default:
        return ops_text_document_proto_decode(s->proto, arena, &v->document, NULL) == OPS_OK;
    }
}

static bool ours_proto_encode(enum bench_message message, const struct bench_value *v, struct ops_buf *out)
{
    switch (message) {
    case BENCH_OP:
        return ops_client_message_proto_encode(&v->client, out) == OPS_OK;
    case BENCH_PUSH:
        return ops_server_message_proto_encode(&v->server, out) == OPS_OK;
    case BENCH_TABLE:
        return ops_table_op_batch_proto_encode(&v->table, out) == OPS_OK;
    default:
        return ops_text_document_proto_encode(&v->document, out) == OPS_OK;
    }
}

static bool ours_once(const struct bench_sample *s, enum bench_action action, struct bench_result *r)
{
    struct ops_arena *arena = ours_arena();
    struct ops_buf out;
    bool ok;

    ops_arena_reset(arena);
    ops_buf_init(&out, arena);
    switch (action) {
    case BENCH_JSON_DECODE:
        return ours_decode(s, arena, &r->value);
    case BENCH_JSON_ENCODE:
        ok = ours_encode(s, arena, &out);
        break;
    case BENCH_PROTO_DECODE:
        ok = ours_proto_decode(s, arena, &r->value);
        if (ok && r->check)
            ok = ours_proto_encode(s->message, &r->value, &out);
        break;
    default:
        ok = ours_proto_encode(s->message, &s->value, &out);
        break;
    }
    r->bytes = ops_buf_str(&out);
    return ok;
}

const struct bench_contender bench_ours = {"OpStream", "OpStream", {true, true, true, true}, ours_once};
