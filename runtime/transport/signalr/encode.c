/* What the core says, as hub records: a push is an Invocation of a callback, a reply the Completion of its call. */
#include "private.h"

#include "gen/codec.h"
#include "withheld.h"

/* ---- callbacks -------------------------------------------------------------------------------------------------------------------- */

static enum ops_err encode_callback(unsigned form, const struct ops_call *call, const void *message, struct ops_buf *buf)
{
    struct ops_hub_message record;

    memset(&record, 0, sizeof record);
    record.record = OPS_HUB_MESSAGE_INVOCATION;
    record.invocation.target = call->target;
    record.invocation.arguments.call = call;
    record.invocation.arguments.type = call->message;
    record.invocation.arguments.message = message;
    if (signalr_form_is_msgpack(form)) /* the list of streams, always: signalrcore looks for it */
        record.invocation.stream_ids = (const struct ops_str *)(const void *)&ops_empty_list;
    return signalr_frame_add(form, &record, buf);
}

/* NULL: clients of hubs are not told. `*message` is then not set. */
static const struct ops_call *encode_callback_of(const struct ops_server_message *m, const void **message)
{
    switch (m->message_type) {
    case OPS_SERVER_MESSAGE_RECEIVE_OP_EVENT:
        *message = &m->receive_op_event;
        return &ops_call_collaboration_hub_callbacks_receive_op;
    case OPS_SERVER_MESSAGE_RECEIVE_AWARENESS_EVENT:
        *message = &m->receive_awareness_event;
        return &ops_call_collaboration_hub_callbacks_receive_awareness_update;
    case OPS_SERVER_MESSAGE_PEER_DISCONNECTED_EVENT:
        *message = &m->peer_disconnected_event;
        return &ops_call_collaboration_hub_callbacks_peer_disconnected;
    case OPS_SERVER_MESSAGE_PEER_LEFT:
        *message = &m->peer_left;
        return &ops_call_collaboration_hub_callbacks_peer_left;
    default:
        return NULL;
    }
}

enum ops_err ops_signalr_encode_push(unsigned form, const struct ops_server_message *message, struct ops_buf *buf,
                                     struct ops_signalr_sent *sent)
{
    const void *arguments;
    const struct ops_call *call = encode_callback_of(message, &arguments);
    enum ops_err err = signalr_frame_begin(buf);
    unsigned records = 0;

    if (err == OPS_OK && call != NULL && (!call->plus || signalr_form_style(form)->plus)) {
        err = encode_callback(form, call, arguments, buf);
        records = 1;
    }
    if (err != OPS_OK) {
        buf->len = 0;
        return err;
    }
    signalr_frame_end(form, records, buf, sent);
    if (message->message_type == OPS_SERVER_MESSAGE_RECEIVE_AWARENESS_EVENT && signalr_form_is_msgpack(form) &&
        signalr_is_withheld(sent->payload)) {
        buf->len = 0;
        sent->records = 0;
        sent->frame = sent->payload = OPS_STR("");
    }
    return OPS_OK;
}

/* ---- completions ------------------------------------------------------------------------------------------------------------------ */

/* Results whose struct is not the core's. */
struct encode_results {
    struct ops_session_join_result join;
    struct ops_op_response op;
};

static void encode_void(const struct ops_profile *profile, struct ops_any *result)
{
    if (profile->hub_void_is_null)
        result->raw = OPS_STR("null");
}

static void encode_join(const struct ops_join_response *from, struct ops_session_join_result *to)
{
    const void *none = &ops_empty_list;

    to->revision = from->revision;
    to->snapshot = from->snapshot;
    to->pending_ops = from->pending_ops != NULL ? from->pending_ops : none;
    to->pending_ops_count = from->pending_ops_count;
    to->current_awareness = from->awareness != NULL ? from->awareness : none;
    to->current_awareness_count = from->awareness_count;
}

static void encode_result(const struct ops_profile *profile, const struct ops_server_message *m, struct encode_results *place,
                          struct ops_any *result)
{
    switch (m->message_type) {
    case OPS_SERVER_MESSAGE_JOIN_RESPONSE:
        encode_join(&m->join_response, &place->join);
        result->type = &ops_session_join_result_type;
        result->message = &place->join;
        return;
    case OPS_SERVER_MESSAGE_OP_RESPONSE:
        place->op = m->op_response;
        place->op.document_id = ops_str_of(NULL, 0); /* the caller knows it */
        result->type = &ops_op_response_type;
        result->message = &place->op;
        return;
    case OPS_SERVER_MESSAGE_AWARENESS_ACK:
        if (profile->awareness_unanswered || m->awareness_ack.awareness_count == 0)
            break; /* or: there is nothing to say */
        result->type = &ops_awareness_state_proto_type;
        result->message = m->awareness_ack.awareness;
        return;
    default:
        break;
    }
    encode_void(profile, result);
}

static bool encode_error(const struct ops_profile *profile, const struct ops_error_response *e, struct ops_str method,
                         struct ops_buf *out)
{
    struct ops_str values[2];

    if (e->code == OPS_ERROR_CODE_NO_ERROR)
        return ops_buf_append(out, e->message.ptr, e->message.len); /* a refusal of this room, all of it */
    if (!profile->hub_errors_wrapped)
        return ops_error_text_of(profile, e->code, e->message, out);
    values[0] = method;
    values[1] = e->message;
    return ops_error_text(profile, e->code == OPS_ERROR_CODE_INTERNAL ? OPS_TEXT_HUB_METHOD_FAILED : OPS_TEXT_HUB_EXCEPTION, values, 2,
                          out);
}

static enum ops_err encode_completion(unsigned form, const struct ops_server_message *m, const struct signalr_call_id *id,
                                      struct ops_str error, struct ops_buf *buf)
{
    const struct ops_profile *profile = ops_signalr_form_profile(form);
    struct encode_results place;
    struct ops_hub_message record;

    memset(&record, 0, sizeof record);
    record.record = OPS_HUB_MESSAGE_COMPLETION;
    record.completion.invocation_id = id->invocation;
    record.completion.error = error;
    if (error.ptr == NULL)
        encode_result(profile, m, &place, &record.completion.result);
    return signalr_frame_add(form, &record, buf);
}

/* The live states again, as a callback, behind a join. */
static enum ops_err encode_follows(unsigned form, const struct ops_join_response *joined, const struct signalr_call_id *id,
                                   struct ops_buf *buf)
{
    const void *none = &ops_empty_list;
    struct ops_current_awareness current;

    current.awareness = joined->awareness != NULL ? joined->awareness : none;
    current.awareness_count = joined->awareness_count;
    current.document_id = id->document_id;
    return encode_callback(form, &ops_call_collaboration_hub_callbacks_receive_awareness, &current, buf);
}

static enum ops_err encode_reply(unsigned form, const struct ops_server_message *m, struct ops_buf *buf, struct ops_signalr_sent *sent)
{
    struct ops_str error = {NULL, 0};
    struct signalr_call_id id;
    struct ops_buf text;
    unsigned records = 0;
    enum ops_err err = OPS_OK;

    signalr_call_id_read(m->correlation_id, &id);
    if (m->message_type == OPS_SERVER_MESSAGE_ERROR_RESPONSE) {
        ops_buf_init(&text, buf->arena);
        if (!encode_error(ops_signalr_form_profile(form), &m->error_response, id.method, &text))
            return OPS_ERR_NOMEM;
        error = ops_buf_str(&text);
    }
    err = signalr_frame_begin(buf);
    if (err == OPS_OK && id.invocation.len > 0) {
        err = encode_completion(form, m, &id, error, buf);
        records++;
    }
    if (err == OPS_OK && m->message_type == OPS_SERVER_MESSAGE_JOIN_RESPONSE &&
        ops_signalr_form_profile(form)->awareness_pushed_on_join) {
        err = encode_follows(form, &m->join_response, &id, buf);
        records++;
    }
    if (err == OPS_OK)
        signalr_frame_end(form, records, buf, sent);
    else
        buf->len = 0;
    return err;
}

enum ops_err ops_signalr_encode_reply(unsigned form, const struct ops_server_message *message, struct ops_buf *buf,
                                      struct ops_signalr_sent *sent)
{
    struct ops_server_message less;
    enum ops_err err = encode_reply(form, message, buf, sent);

    if (err != OPS_OK || !signalr_form_is_msgpack(form) || !signalr_is_withheld(sent->payload))
        return err;
    buf->len = 0;
    err = signalr_withhold(message, signalr_form_style(form), buf->arena, &less);
    return err == OPS_OK ? encode_reply(form, &less, buf, sent) : err;
}
