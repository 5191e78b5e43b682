/* What is to be sent, made when it is asked for: no queue, so nothing to bound. */
#include "runtime/base/num.h"
#include "session.h"

/* Gives the request an id, that its reply carries, and writes it. */
static bool request_write(struct ops_client *client, struct ops_client_message *request, uint64_t *id, struct ops_str *message)
{
    char digits[OPS_INT64_CHARS];
    struct ops_buf text;

    if (id != NULL) {
        *id = ++client->requests;
        request->correlation_id = ops_str_of(digits, (size_t)(ops_uint64_write(digits, *id) - digits));
    }
    ops_buf_init(&text, &client->scratch);
    if (ops_client_message_json_encode(&ops_style_v1_plus, request, &text) != OPS_OK) {
        client_fail(client, OPS_STR("out of memory"));
        return false;
    }
    *message = ops_buf_str(&text);
    return true;
}

static bool send_hello(struct ops_client *client, struct ops_str *message)
{
    struct ops_client_message request;

    memset(&request, 0, sizeof request);
    request.message_type = OPS_CLIENT_MESSAGE_HELLO;
    client->hello_due = false;
    client->hello_timeout_ms = client->now_ms + client->config.reply_timeout_ms;
    return request_write(client, &request, &client->hello_request, message);
}

static bool send_join(struct ops_doc *doc, struct ops_str *message)
{
    struct ops_client *client = doc->client;
    struct ops_client_message request;

    memset(&request, 0, sizeof request);
    request.message_type = OPS_CLIENT_MESSAGE_JOIN_REQUEST;
    request.join_request.document_id = doc->id;
    request.join_request.document_type = doc->engine->document_type;
    request.join_request.client_proto_version = 1;
    doc->join_since = doc->revision > 0 && !doc->load_anew && doc->local != NULL;
    request.join_request.since_revision.set = doc->join_since;
    request.join_request.since_revision.value = doc->doubt_since > 0 ? doc->doubt_since : doc->revision;
    doc->status = OPS_DOC_JOINING;
    doc->noted = true;
    doc->join_timeout_ms = client->now_ms + client->config.reply_timeout_ms;
    return request_write(client, &request, &doc->join_request, message);
}

static bool send_leave(struct ops_doc *doc, struct ops_str *message)
{
    struct ops_client *client = doc->client;
    struct ops_client_message request;
    bool written;

    memset(&request, 0, sizeof request);
    request.message_type = OPS_CLIENT_MESSAGE_LEAVE;
    request.leave.document_id = doc->id;
    written = request_write(client, &request, NULL, message);
    doc_end(doc);
    return written;
}

/* The op as it is rebased now, on the revision known now: every op up to it has been seen, and this one was not among
 * them, so if the server has it from an earlier connection, it has it behind that, and finds its id. */
static bool send_edit(struct ops_doc *doc, struct ops_str *message)
{
    struct ops_client *client = doc->client;
    struct ops_client_message request;
    struct ops_buf payload;

    doc->edits->sent = true;
    doc->flight_base = doc->revision;
    doc->flight_timeout_ms = client->now_ms + client->config.reply_timeout_ms;
    ops_buf_init(&payload, &client->scratch);
    if (ops_json_encode(doc->engine->op_type, &ops_style_v1_plus, kept_op(&doc->edits->op), &payload) != OPS_OK) {
        client_fail(client, OPS_STR("out of memory"));
        return false;
    }
    memset(&request, 0, sizeof request);
    request.message_type = OPS_CLIENT_MESSAGE_OP_REQUEST;
    request.op_request.document_id = doc->id;
    request.op_request.payload = ops_buf_str(&payload);
    request.op_request.base_revision = doc->revision;
    request.op_request.op_id = ops_str_of(doc->edits->id, sizeof doc->edits->id);
    return request_write(client, &request, &doc->flight_request, message);
}

static bool send_awareness(struct ops_doc *doc, struct ops_str *message)
{
    struct ops_client_message request;

    memset(&request, 0, sizeof request);
    request.message_type = OPS_CLIENT_MESSAGE_AWARENESS_REQUEST;
    request.awareness_request.document_id = doc->id;
    request.awareness_request.data_json = doc->awareness;
    doc->awareness_changed = false;
    doc->awareness_sent_ms = doc->client->now_ms > 0 ? doc->client->now_ms : 1;
    return request_write(doc->client, &request, NULL, message);
}

static bool doc_outgoing(struct ops_doc *doc, struct ops_str *message, bool *done)
{
    int64_t now_ms = doc->client->now_ms;

    *done = true;
    if (doc->leaving)
        return send_leave(doc, message);
    if (doc->status == OPS_DOC_OFFLINE && now_ms >= doc->join_at_ms)
        return send_join(doc, message);
    if (doc->status == OPS_DOC_JOINED) {
        if (doc->edits != NULL && doc->flight_request == 0 && doc->flight_revision == 0 && now_ms >= doc->send_at_ms)
            return send_edit(doc, message);
        if (doc_awareness_is_due(doc))
            return send_awareness(doc, message);
    }
    *done = false;
    return false;
}

bool ops_client_outgoing(struct ops_client *client, struct ops_str *message)
{
    struct ops_doc *doc, *next;
    bool sent = false, done = false;

    if (!client_begin(client) || client->state != OPS_CLIENT_ONLINE)
        return false;
    if (client->hello_due)
        return send_hello(client, message);
    for (doc = client->docs; doc != NULL && !done; doc = next) {
        next = doc->next;
        sent = doc_outgoing(doc, message, &done);
    }
    client_tell_status(client);
    return sent;
}
