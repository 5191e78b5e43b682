/* What a client is told, as records in a WebSocket message whose content other transports carry too. */
#include "calls.h"
#include "gen/codec.h"
#include "records.h"
#include "runtime/codec/hub.h"
#include "runtime/transport/websocket/frame.h"

/* ---- forms ----------------------------------------------------------------------------------------------------------------------------- */

enum { FORM_EXTENDED = 1, FORM_MSGPACK = 2, FORMS_OF_PROFILE = 4 };

unsigned ops_signalr_forms(void)
{
    return FORMS_OF_PROFILE * (unsigned)ops_profiles_count;
}

unsigned ops_signalr_session_form(const struct ops_signalr_session *session)
{
    unsigned i = 0;

    while (i + 1 < ops_profiles_count && ops_profiles[i] != session->profile)
        i++;
    return FORMS_OF_PROFILE * i + (session->extended ? FORM_EXTENDED : 0u) + (session->protocol == OPS_SIGNALR_MSGPACK ? FORM_MSGPACK : 0u);
}

const struct ops_profile *ops_signalr_form_profile(unsigned form)
{
    return ops_profiles[form / FORMS_OF_PROFILE % ops_profiles_count];
}

static const struct ops_json_style *form_style(unsigned form)
{
    const struct ops_profile *profile = ops_signalr_form_profile(form);

    return (form & FORM_EXTENDED) != 0 ? profile->hub_plus_style : profile->hub_style;
}

static unsigned form_protocol(unsigned form)
{
    return (form & FORM_MSGPACK) != 0 ? OPS_SIGNALR_MSGPACK : OPS_SIGNALR_JSON;
}

/* ---- records --------------------------------------------------------------------------------------------------------------------------- */

enum ops_err records_write(const struct ops_json_style *style, unsigned protocol, const struct ops_hub_message *record, struct ops_buf *out)
{
    return protocol == OPS_SIGNALR_MSGPACK ? ops_hub_frame_msgpack(&ops_hub_message_type, style, record, out)
                                           : ops_hub_frame_json(&ops_hub_message_type, style, record, out);
}

/* Whoever is told to go because of the server may come back. */
static bool may_come_back(const struct ops_profile *profile, enum ops_error_code code)
{
    if (code == OPS_ERROR_CODE_NO_ERROR)
        return false;
    return profile->hub_errors_wrapped || code == OPS_ERROR_CODE_DRAINING || code == OPS_ERROR_CODE_SLOW_CONSUMER;
}

enum ops_err records_close(const struct ops_profile *profile, unsigned protocol, enum ops_error_code code, struct ops_str sentence,
                           struct ops_buf *out)
{
    struct ops_hub_message record;
    struct ops_buf error;

    memset(&record, 0, sizeof record);
    record.record = OPS_HUB_MESSAGE_CLOSE;
    record.close.allow_reconnect = may_come_back(profile, code);
    if (code != OPS_ERROR_CODE_NO_ERROR) {
        ops_buf_init(&error, out->arena);
        if (profile->hub_errors_wrapped ? !ops_error_text(profile, OPS_TEXT_HUB_RECORD_INVALID, NULL, 0, &error)
                                        : !ops_error_text_of(profile, code, sentence, &error))
            return OPS_ERR_NOMEM;
        record.close.error = ops_buf_str(&error);
    }
    return records_write(profile->hub_style, protocol, &record, out);
}

/* ---- WebSocket messages ------------------------------------------------------------------------------------------------------------------ */

/* The header's room is left in front and filled when the length is known. */
static bool frame_begin(struct ops_buf *buf)
{
    if (ops_buf_reserve(buf, OPS_WEBSOCKET_HEADER_BYTES) == NULL)
        return false;
    buf->len = OPS_WEBSOCKET_HEADER_BYTES;
    return true;
}

static enum ops_err frame_end(unsigned form, enum ops_err err, unsigned records, struct ops_buf *buf, struct ops_signalr_sent *sent)
{
    size_t bytes = buf->len - OPS_WEBSOCKET_HEADER_BYTES, header = ops_websocket_header_bytes(bytes, false);
    char *payload = buf->ptr + OPS_WEBSOCKET_HEADER_BYTES;

    if (err != OPS_OK) {
        buf->len = 0;
        return err;
    }
    sent->records = records;
    sent->payload = ops_str_of(payload, bytes);
    sent->frame = ops_str_of(payload - header, bytes > 0 ? header + bytes : 0);
    if (bytes > 0)
        ops_websocket_header_write(payload - header, (form & FORM_MSGPACK) != 0 ? OPS_WEBSOCKET_BINARY : OPS_WEBSOCKET_TEXT, bytes, NULL);
    return OPS_OK;
}

static enum ops_err encode_record(unsigned form, const struct ops_hub_message *record, unsigned records, struct ops_buf *buf,
                                  struct ops_signalr_sent *sent)
{
    if (!frame_begin(buf))
        return OPS_ERR_NOMEM;
    return frame_end(form, records_write(form_style(form), form_protocol(form), record, buf), records, buf, sent);
}

/* ---- pushes ------------------------------------------------------------------------------------------------------------------------------ */

static enum ops_err write_callback(unsigned form, const struct ops_call *callback, const void *arguments, struct ops_buf *buf)
{
    struct ops_hub_message record;

    memset(&record, 0, sizeof record);
    record.record = OPS_HUB_MESSAGE_INVOCATION;
    record.invocation.target = ops_str_of(callback->target.ptr, callback->target.len);
    record.invocation.arguments.type = callback->message;
    record.invocation.arguments.message = arguments;
    record.invocation.arguments.call = callback;
    return records_write(form_style(form), form_protocol(form), &record, buf);
}

enum ops_err ops_signalr_encode_push(unsigned form, const struct ops_server_message *message, struct ops_buf *buf,
                                     struct ops_signalr_sent *sent)
{
    const struct ops_call *callback = NULL;
    const void *arguments = NULL;

    if (message->message_type == OPS_SERVER_MESSAGE_RECEIVE_OP_EVENT) {
        callback = &ops_call_collaboration_hub_callbacks_receive_op;
        arguments = &message->receive_op_event;
    } else if (message->message_type == OPS_SERVER_MESSAGE_RECEIVE_AWARENESS_EVENT) {
        callback = &ops_call_collaboration_hub_callbacks_receive_awareness_update;
        arguments = &message->receive_awareness_event;
    } else if (message->message_type == OPS_SERVER_MESSAGE_PEER_DISCONNECTED_EVENT) {
        callback = &ops_call_collaboration_hub_callbacks_peer_disconnected;
        arguments = &message->peer_disconnected_event;
    } else if (message->message_type == OPS_SERVER_MESSAGE_PEER_LEFT) {
        callback = &ops_call_collaboration_hub_callbacks_peer_left;
        arguments = &message->peer_left;
    }
    if (!frame_begin(buf))
        return OPS_ERR_NOMEM;
    if (callback == NULL || (callback->plus && (form & FORM_EXTENDED) == 0))
        return frame_end(form, OPS_OK, 0, buf, sent);
    return frame_end(form, write_callback(form, callback, arguments, buf), 1, buf, sent);
}

/* ---- replies ------------------------------------------------------------------------------------------------------------------------------ */

/* What a result is made of: these live until it is written. */
struct reply {
    struct ops_session_join_result joined;
    struct ops_op_response op;
    struct ops_awareness_ack awareness;
};

static bool reply_error(const struct ops_profile *profile, const struct calls_origin *origin, const struct ops_error_response *error,
                        struct ops_buf *out)
{
    struct ops_str values[2];

    if (error->code == OPS_ERROR_CODE_NO_ERROR)
        return ops_buf_append(out, error->message.ptr, error->message.len);
    if (!profile->hub_errors_wrapped)
        return ops_error_text_of(profile, error->code, error->message, out);
    values[0] = origin->target;
    values[1] = error->message;
    return ops_error_text(profile, OPS_TEXT_HUB_EXCEPTION, values, 2, out);
}

/* The result of a method; none: absent, or null where that is the profile's word for it. */
static void reply_result(const struct ops_profile *profile, const struct ops_server_message *message, struct reply *reply,
                         struct ops_any *result)
{
    switch (message->message_type) {
    case OPS_SERVER_MESSAGE_JOIN_RESPONSE:
        reply->joined.revision = message->join_response.revision;
        reply->joined.snapshot = message->join_response.snapshot;
        reply->joined.pending_ops = message->join_response.pending_ops;
        reply->joined.pending_ops_count = message->join_response.pending_ops_count;
        reply->joined.current_awareness = message->join_response.awareness;
        reply->joined.current_awareness_count = message->join_response.awareness_count;
        result->type = &ops_session_join_result_type;
        result->message = &reply->joined;
        return;
    case OPS_SERVER_MESSAGE_OP_RESPONSE:
        reply->op = message->op_response;
        reply->op.document_id = ops_str_of(NULL, 0);
        result->type = &ops_op_response_type;
        result->message = &reply->op;
        return;
    case OPS_SERVER_MESSAGE_AWARENESS_ACK:
        if (!profile->awareness_unanswered && message->awareness_ack.awareness_count > 0) {
            const struct ops_call *call = &ops_call_collaboration_hub_update_awareness;

            reply->awareness.state = message->awareness_ack.awareness;
            result->type = call->result;
            result->message = &reply->awareness;
            result->field = &call->result->fields[call->result_field];
            return;
        }
        break;
    default:
        break;
    }
    if (profile->hub_void_is_null)
        result->raw = OPS_STR("null");
}

static enum ops_err write_completion(unsigned form, const struct calls_origin *origin, const struct ops_server_message *message,
                                     struct ops_buf *buf)
{
    const struct ops_profile *profile = ops_signalr_form_profile(form);
    struct ops_hub_message record;
    struct ops_buf error;
    struct reply reply;

    memset(&record, 0, sizeof record);
    memset(&reply, 0, sizeof reply);
    record.record = OPS_HUB_MESSAGE_COMPLETION;
    record.completion.invocation_id = origin->invocation_id;
    ops_buf_init(&error, buf->arena);
    if (message->message_type != OPS_SERVER_MESSAGE_ERROR_RESPONSE)
        reply_result(profile, message, &reply, &record.completion.result);
    else if (reply_error(profile, origin, &message->error_response, &error))
        record.completion.error = ops_buf_str(&error);
    else
        return OPS_ERR_NOMEM;
    return records_write(form_style(form), form_protocol(form), &record, buf);
}

enum ops_err ops_signalr_encode_reply(unsigned form, const struct ops_server_message *message, struct ops_buf *buf,
                                      struct ops_signalr_sent *sent)
{
    const struct ops_profile *profile = ops_signalr_form_profile(form);
    struct calls_origin origin = calls_origin_of(message->correlation_id);
    struct ops_current_awareness live;
    enum ops_err err = OPS_OK;
    unsigned records = 0;

    if (!frame_begin(buf))
        return OPS_ERR_NOMEM;
    if (origin.invocation_id.len > 0) {
        err = write_completion(form, &origin, message, buf);
        records++;
    }
    if (err == OPS_OK && profile->awareness_pushed_on_join && message->message_type == OPS_SERVER_MESSAGE_JOIN_RESPONSE) {
        live.awareness = message->join_response.awareness;
        live.awareness_count = message->join_response.awareness_count;
        live.document_id = origin.document_id;
        err = write_callback(form, &ops_call_collaboration_hub_callbacks_receive_awareness, &live, buf);
        records++;
    }
    return frame_end(form, err, records, buf, sent);
}

/* ---- of the connection --------------------------------------------------------------------------------------------------------------------- */

enum ops_err ops_signalr_encode_ping(unsigned form, struct ops_buf *buf, struct ops_signalr_sent *sent)
{
    struct ops_hub_message record;

    memset(&record, 0, sizeof record);
    record.record = OPS_HUB_MESSAGE_PING;
    return encode_record(form, &record, 0, buf, sent);
}

enum ops_err ops_signalr_encode_ack(unsigned form, int64_t sequence_id, struct ops_buf *buf, struct ops_signalr_sent *sent)
{
    struct ops_hub_message record;

    memset(&record, 0, sizeof record);
    record.record = OPS_HUB_MESSAGE_ACK;
    record.ack.sequence_id = sequence_id;
    return encode_record(form, &record, 0, buf, sent);
}

enum ops_err ops_signalr_encode_sequence(unsigned form, int64_t sequence_id, struct ops_buf *buf, struct ops_signalr_sent *sent)
{
    struct ops_hub_message record;

    memset(&record, 0, sizeof record);
    record.record = OPS_HUB_MESSAGE_SEQUENCE;
    record.sequence.sequence_id = sequence_id;
    return encode_record(form, &record, 0, buf, sent);
}

enum ops_err ops_signalr_encode_close(unsigned form, enum ops_error_code code, struct ops_str sentence, struct ops_buf *buf,
                                      struct ops_signalr_sent *sent)
{
    if (!frame_begin(buf))
        return OPS_ERR_NOMEM;
    return frame_end(form, records_close(ops_signalr_form_profile(form), form_protocol(form), code, sentence, buf), 0, buf, sent);
}
