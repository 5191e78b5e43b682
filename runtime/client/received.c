/* What arrives, to whom it belongs. */
#include "session.h"

/* The id of a request of ours; 0: none. */
static uint64_t request_of(struct ops_str correlation_id)
{
    uint64_t id = 0;
    size_t i;

    if (correlation_id.len > 18)
        return 0;
    for (i = 0; i < correlation_id.len; i++) {
        if (correlation_id.ptr[i] < '0' || correlation_id.ptr[i] > '9')
            return 0;
        id = id * 10 + (uint64_t)(correlation_id.ptr[i] - '0');
    }
    return id;
}

static struct ops_doc *doc_of_join(const struct ops_client *client, uint64_t request)
{
    struct ops_doc *doc = request != 0 ? client->docs : NULL;

    while (doc != NULL && doc->join_request != request)
        doc = doc->next;
    return doc;
}

static struct ops_doc *doc_of_flight(const struct ops_client *client, uint64_t request)
{
    struct ops_doc *doc = request != 0 ? client->docs : NULL;

    while (doc != NULL && doc->flight_request != request)
        doc = doc->next;
    return doc;
}

static void hello_received(struct ops_client *client, const struct ops_hello_ack *hello)
{
    client->hello_request = 0;
    client_forget(client, &client->peer_id);
    client_forget(client, &client->server);
    if (!client_keep(client, hello->peer_id, &client->peer_id) || !client_keep(client, hello->server, &client->server))
        client_fail(client, OPS_STR("out of memory"));
}

static void error_stops(struct ops_client *client, const struct ops_refused *refused)
{
    struct ops_doc *doc;

    client->state = OPS_CLIENT_STOPPED;
    for (doc = client->docs; doc != NULL; doc = doc->next) {
        if (!doc->leaving)
            doc_offline(doc);
    }
    client_tell_refused(client, NULL, refused);
}

static void error_received(struct ops_client *client, const struct ops_error_response *error, uint64_t request)
{
    struct ops_refused refused = {error->code, error->message, {NULL, 0}, {NULL, 0}};
    struct ops_doc *doc;

    if (error->code == OPS_ERROR_CODE_UNSUPPORTED_PROTOCOL) {
        error_stops(client, &refused);
    } else if (request != 0 && request == client->hello_request) {
        client->hello_request = 0; /* an older server: a join that asks for ops says the same */
    } else if ((doc = doc_of_join(client, request)) != NULL) {
        doc_join_refused(doc, error->code, error->message);
    } else if ((doc = doc_of_flight(client, request)) != NULL) {
        doc_refused(doc, error->code, error->message);
    } else if (error->document_id.ptr != NULL && (doc = ops_client_find(client, error->document_id)) != NULL) {
        if (error->code == OPS_ERROR_CODE_NOT_JOINED && doc->status == OPS_DOC_JOINED)
            doc_rejoin(doc, false);
        else if (error->code != OPS_ERROR_CODE_NOT_JOINED)
            client_tell_refused(client, doc, &refused);
    } else if (error->code == OPS_ERROR_CODE_SLOW_CONSUMER || error->code == OPS_ERROR_CODE_DRAINING) {
        client_tell_trouble(client, error->message); /* the connection ends, and all goes on with the next */
    } else if (error->document_id.ptr == NULL) {
        client_tell_refused(client, NULL, &refused);
    }
}

static void awareness_received(struct ops_client *client, const struct ops_receive_awareness_event *event)
{
    struct ops_doc *doc = ops_client_find(client, event->document_id);
    size_t i;

    if (doc == NULL || doc->status != OPS_DOC_JOINED)
        return;
    for (i = 0; i < event->awareness_count; i++)
        doc_peer_state(doc, &event->awareness[i]);
}

static void peer_disconnected(struct ops_client *client, struct ops_str peer_id)
{
    struct ops_doc *doc;

    for (doc = client->docs; doc != NULL; doc = doc->next)
        doc_peer_gone(doc, peer_id);
}

static void message_received(struct ops_client *client, const struct ops_server_message *message)
{
    uint64_t request = request_of(message->correlation_id);
    struct ops_doc *doc;

    switch (message->message_type) {
    case OPS_SERVER_MESSAGE_JOIN_RESPONSE:
        doc = doc_of_join(client, request);
        if (doc != NULL && !doc->leaving)
            doc_joined(doc, &message->join_response);
        break;
    case OPS_SERVER_MESSAGE_OP_RESPONSE:
        doc = doc_of_flight(client, request);
        if (doc != NULL && !doc->leaving)
            doc_reply(doc, &message->op_response);
        break;
    case OPS_SERVER_MESSAGE_RECEIVE_OP_EVENT:
        doc = ops_client_find(client, message->receive_op_event.document_id);
        if (doc != NULL)
            doc_pushed(doc, &message->receive_op_event);
        break;
    case OPS_SERVER_MESSAGE_RECEIVE_AWARENESS_EVENT:
        awareness_received(client, &message->receive_awareness_event);
        break;
    case OPS_SERVER_MESSAGE_PEER_DISCONNECTED_EVENT:
        peer_disconnected(client, message->peer_disconnected_event.peer_id);
        break;
    case OPS_SERVER_MESSAGE_PEER_LEFT:
        doc = ops_client_find(client, message->peer_left.document_id);
        if (doc != NULL)
            doc_peer_gone(doc, message->peer_left.peer_id);
        break;
    case OPS_SERVER_MESSAGE_HELLO_ACK:
        hello_received(client, &message->hello_ack);
        break;
    case OPS_SERVER_MESSAGE_ERROR_RESPONSE:
        error_received(client, &message->error_response, request);
        break;
    default:
        break; /* comments and states of the past are nobody's here */
    }
}

void ops_client_received(struct ops_client *client, struct ops_str bytes)
{
    struct ops_server_message message;
    struct ops_decode_info info;
    enum ops_err err;

    if (!client_begin(client) || client->state != OPS_CLIENT_ONLINE)
        return;
    if (bytes.len > client->config.message_max_bytes) {
        client_fail(client, OPS_STR("a message is above message_max_bytes"));
        return;
    }
    memset(&info, 0, sizeof info);
    err = ops_server_message_json_decode(&ops_style_v1_plus, bytes, &client->scratch, &message, &info);
    if (err == OPS_OK)
        message_received(client, &message);
    else if (err == OPS_ERR_SYNTAX && info.error.reason == OPS_REASON_UNKNOWN_VARIANT)
        client_tell_trouble(client, OPS_STR("a message of an unknown type is skipped"));
    else
        client_fail(client, err == OPS_ERR_NOMEM ? OPS_STR("out of memory") : OPS_STR("a message cannot be read"));
    client_tell_status(client);
}
