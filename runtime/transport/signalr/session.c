/* Reads what a client says.
 *
 * Happy path: 1. the handshake, JSON in every protocol; 2. records, one by one; 3. an invocation is a method and its arguments, decoded
 * into the request that it stands for.
 *
 * What can go wrong:
 *   the handshake               answered by its error, then the end
 *   a call that cannot be made  refused; the connection goes on
 *   a record that breaks the hub protocol, or is over the limit
 *                               a Close record says so, then the end
 *
 * Must not know: any profile by name, what a request means, what carries the bytes. */
#include "session.h"

#include "calls.h"
#include "gen/codec.h"
#include "runtime/base/num.h"
#include "records.h"
#include "stream.h"

enum { VERSION_MAX = 2, VERSION_REPLAY = 2 };

void ops_signalr_session_init(struct ops_signalr_session *session, const struct ops_profile *profile, bool binary,
                              struct ops_signalr_replay *replay)
{
    memset(session, 0, sizeof *session);
    session->profile = profile;
    session->binary = binary;
    session->replay = replay;
}

void ops_signalr_session_end(struct ops_signalr_session *session, const struct ops_signalr_config *config)
{
    stream_forget(session, config);
}

void ops_signalr_session_restart(struct ops_signalr_session *session, const struct ops_signalr_config *config)
{
    stream_forget(session, config);
}

/* ---- the handshake --------------------------------------------------------------------------------------------------------------- */

static enum ops_err handshake_write(struct ops_str error, struct ops_buf *buf)
{
    struct ops_hub_handshake_response response;

    response.error = error;
    return ops_hub_frame_json(&ops_hub_handshake_response_type, ops_profiles[0]->hub_style, &response, buf);
}

enum ops_err ops_signalr_handshake_late(struct ops_buf *buf)
{
    const struct ops_text_form *text = &ops_texts[OPS_TEXT_HANDSHAKE_CANCELED];

    return handshake_write(text->ref.ptr != NULL ? text->ref : text->v1, buf);
}

/* These texts are the clients' business: the same in every profile, and without a code. */
static enum ops_signalr_step handshake_failed(enum ops_text text, const struct ops_str *values, size_t count, struct ops_arena *arena,
                                              struct ops_signalr_said *said)
{
    struct ops_buf sentence, reply;

    ops_buf_init(&sentence, arena);
    ops_buf_init(&reply, arena);
    said->code = OPS_ERROR_CODE_INVALID_MESSAGE;
    said->handshake_failed = true;
    if (ops_error_text_sentence(ops_profiles[0], text, values, count, &sentence) &&
        handshake_write(ops_buf_str(&sentence), &reply) == OPS_OK)
        said->reply = ops_buf_str(&reply);
    return OPS_SIGNALR_STEP_CLOSE;
}

static bool same_letters(struct ops_str a, struct ops_str b)
{
    size_t i;

    for (i = 0; a.len == b.len && i < a.len; i++) {
        char c = a.ptr[i] >= 'A' && a.ptr[i] <= 'Z' ? (char)(a.ptr[i] + 32) : a.ptr[i];

        if (c != b.ptr[i])
            return false;
    }
    return a.len == b.len;
}

static enum ops_signalr_step handshake(struct ops_signalr_session *s, struct ops_str record, struct ops_arena *arena,
                                       struct ops_signalr_said *said)
{
    struct ops_hub_handshake_request request;
    enum ops_signalr_protocol protocol = OPS_SIGNALR_NONE;
    char digits[OPS_INT64_CHARS];
    struct ops_str values[2];
    struct ops_buf reply;

    if (ops_hub_handshake_request_json_decode(s->profile->hub_style, record, arena, &request, NULL) != OPS_OK)
        return handshake_failed(OPS_TEXT_HANDSHAKE_INVALID, NULL, 0, arena, said);
    if (same_letters(request.protocol, OPS_STR("json")))
        protocol = OPS_SIGNALR_JSON;
    else if (s->profile->messagepack && same_letters(request.protocol, OPS_STR("messagepack")))
        protocol = OPS_SIGNALR_MSGPACK;
    values[0] = values[1] = request.protocol;
    if (protocol == OPS_SIGNALR_NONE)
        return handshake_failed(OPS_TEXT_HANDSHAKE_PROTOCOL_UNKNOWN, values, 1, arena, said);
    if (request.version < 0 || request.version > VERSION_MAX) {
        values[0] = ops_str_of(digits, (size_t)(ops_int64_write(digits, request.version) - digits));
        return handshake_failed(OPS_TEXT_HANDSHAKE_VERSION_UNKNOWN, values, 2, arena, said);
    }
    if (protocol == OPS_SIGNALR_MSGPACK && !s->binary)
        return handshake_failed(OPS_TEXT_HANDSHAKE_TRANSPORT_TEXT_ONLY, values, 1, arena, said);
    ops_buf_init(&reply, arena);
    if (handshake_write(ops_str_of(NULL, 0), &reply) != OPS_OK)
        return handshake_failed(OPS_TEXT_HANDSHAKE_INVALID, NULL, 0, arena, said);
    s->protocol = (uint8_t)protocol;
    s->version = (uint8_t)request.version;
    if (s->version < VERSION_REPLAY)
        s->replay = NULL;
    said->reply = ops_buf_str(&reply);
    return OPS_SIGNALR_STEP_HANDSHAKE;
}

/* ---- calls --------------------------------------------------------------------------------------------------------------------------- */

static enum ops_signalr_step close_now(struct ops_signalr_session *s, enum ops_error_code code, enum ops_text text, const char *problem,
                                       int64_t limit, struct ops_arena *arena, struct ops_signalr_said *said)
{
    struct ops_buf sentence, reply;
    char digits[OPS_INT64_CHARS];
    struct ops_str value = ops_str_of(digits, (size_t)(ops_int64_write(digits, limit) - digits));

    ops_buf_init(&sentence, arena);
    ops_buf_init(&reply, arena);
    said->code = code;
    said->problem = problem;
    if ((code == OPS_ERROR_CODE_NO_ERROR || ops_error_text_sentence(s->profile, text, &value, 1, &sentence)) &&
        records_close(s->profile, s->protocol, code, ops_buf_str(&sentence), &reply) == OPS_OK)
        said->reply = ops_buf_str(&reply);
    return OPS_SIGNALR_STEP_CLOSE;
}

static enum ops_signalr_step broken(struct ops_signalr_session *s, const char *problem, struct ops_arena *arena,
                                    struct ops_signalr_said *said)
{
    return close_now(s, OPS_ERROR_CODE_INVALID_MESSAGE, OPS_TEXT_HUB_RECORD_INVALID, problem, 0, arena, said);
}

static enum ops_signalr_step out_of_memory(struct ops_signalr_session *s, struct ops_arena *arena, struct ops_signalr_said *said)
{
    return close_now(s, OPS_ERROR_CODE_INTERNAL, OPS_TEXT_UNKNOWN_ERROR, "no memory", 0, arena, said);
}

static enum ops_signalr_step refuse(struct ops_signalr_session *s, enum ops_text text, const struct calls_method *method,
                                    struct ops_str target, struct ops_str invocation_id, struct ops_arena *arena,
                                    struct ops_signalr_said *said)
{
    struct ops_buf sentence;

    if (method != NULL)
        target = ops_str_of(method->call->target.ptr, method->call->target.len);
    ops_buf_init(&sentence, arena);
    memset(&said->refused, 0, sizeof said->refused);
    said->refused.kind = OPS_CLIENT_MESSAGE_NONE;
    said->refused.whole = s->profile->hub_errors_wrapped;
    said->refused.correlation_id = calls_tag(method, invocation_id, ops_str_of(NULL, 0), arena);
    if (said->refused.correlation_id.ptr == NULL || !ops_error_text_sentence(s->profile, text, &target, 1, &sentence))
        return out_of_memory(s, arena, said);
    said->refused.sentence = ops_buf_str(&sentence);
    return OPS_SIGNALR_STEP_REFUSED;
}

/* The struct of `kind` in a message. */
static void *variant_of(struct ops_client_message *message, enum ops_client_message_message_type kind)
{
    switch (kind) {
    case OPS_CLIENT_MESSAGE_JOIN_REQUEST:
        return &message->join_request;
    case OPS_CLIENT_MESSAGE_OP_REQUEST:
        return &message->op_request;
    case OPS_CLIENT_MESSAGE_AWARENESS_REQUEST:
        return &message->awareness_request;
    case OPS_CLIENT_MESSAGE_LEAVE:
        return &message->leave;
    case OPS_CLIENT_MESSAGE_UNDO:
        return &message->undo;
    case OPS_CLIENT_MESSAGE_REDO:
        return &message->redo;
    case OPS_CLIENT_MESSAGE_HELLO:
    case OPS_CLIENT_MESSAGE_STATE_AT:
    case OPS_CLIENT_MESSAGE_COMMENT_CREATE:
    case OPS_CLIENT_MESSAGE_COMMENT_EDIT:
    case OPS_CLIENT_MESSAGE_COMMENT_RESOLVE:
    case OPS_CLIENT_MESSAGE_COMMENT_DELETE:
    case OPS_CLIENT_MESSAGE_COMMENT_LIST:
    case OPS_CLIENT_MESSAGE_NONE:
        break;
    }
    return NULL;
}

/* + methods are known where an extended connection has a style of its own. */
static bool knows_plus(const struct ops_profile *profile)
{
    return profile->hub_plus_style != profile->hub_style;
}

/* Arguments that cannot be used. Where every refusal of an op is a reply, the document has a word in it. */
static enum ops_signalr_step refuse_arguments(struct ops_signalr_session *s, const struct calls_method *method,
                                              const struct ops_hub_invocation *invocation, struct ops_arena *arena,
                                              struct ops_signalr_said *said)
{
    const struct ops_json_style *style = s->extended ? s->profile->hub_plus_style : s->profile->hub_style;
    struct ops_json_wanted wanted = {&ops_op_request_type, offsetof(struct ops_op_request, document_id), {NULL, 0}};
    struct ops_str json = invocation->arguments.raw;
    struct ops_buf text;
    enum ops_signalr_step step =
        refuse(s, OPS_TEXT_HUB_ARGUMENTS_INVALID, method, invocation->target, invocation->invocation_id, arena, said);

    if (step != OPS_SIGNALR_STEP_REFUSED || method->kind != OPS_CLIENT_MESSAGE_OP_REQUEST || !s->profile->op_refusals_are_replies)
        return step;
    ops_buf_init(&text, arena);
    if (s->protocol == OPS_SIGNALR_MSGPACK) {
        if (ops_msgpack_to_json(json, style, style->depth_limit, &text, NULL) != OPS_OK)
            return step;
        json = ops_buf_str(&text);
    }
    if (ops_json_salvage_arguments(method->call, style, json, arena, &wanted, 1) && wanted.value.ptr != NULL) {
        said->refused.kind = method->kind;
        said->refused.document_id = wanted.value;
    }
    return step;
}

static enum ops_signalr_step call(struct ops_signalr_session *s, const struct ops_hub_invocation *invocation, bool streaming,
                                  struct ops_arena *arena, struct ops_signalr_said *said)
{
    const struct calls_method *method = calls_find(invocation->target, knows_plus(s->profile));
    const struct ops_json_style *style = s->extended ? s->profile->hub_plus_style : s->profile->hub_style;
    struct ops_client_message *message = &said->message;
    struct ops_str id = invocation->invocation_id, document_id = {NULL, 0};
    struct ops_decode_info info;
    enum ops_err err;

    if (method == NULL)
        return refuse(s, OPS_TEXT_HUB_METHOD_UNKNOWN, NULL, invocation->target, id, arena, said);
    if (streaming)
        return refuse(s, OPS_TEXT_HUB_METHOD_NOT_STREAMING, method, invocation->target, id, arena, said);
    memset(message, 0, sizeof *message);
    message->message_type = method->kind;
    err = s->protocol == OPS_SIGNALR_MSGPACK
              ? ops_msgpack_decode_arguments(method->call, style, invocation->arguments.raw, arena, variant_of(message, method->kind), &info)
              : ops_json_decode_arguments(method->call, style, invocation->arguments.raw, arena, variant_of(message, method->kind), &info);
    if (err == OPS_ERR_NOMEM)
        return out_of_memory(s, arena, said);
    if (err != OPS_OK)
        return refuse_arguments(s, method, invocation, arena, said);
    if (method->kind == OPS_CLIENT_MESSAGE_JOIN_REQUEST)
        document_id = message->join_request.document_id;
    message->correlation_id = calls_tag(method, id, document_id, arena);
    if (message->correlation_id.ptr == NULL)
        return out_of_memory(s, arena, said);
    said->extends = (info.plus || method->call->plus) && !s->extended;
    s->extended = s->extended || said->extends;
    return OPS_SIGNALR_STEP_CALL;
}

/* ---- records ------------------------------------------------------------------------------------------------------------------------- */

static enum ops_err decode(const struct ops_signalr_session *s, struct ops_str record, struct ops_arena *arena,
                           struct ops_hub_message *message, struct ops_decode_info *info)
{
    const struct ops_json_style *style = s->profile->hub_style;

    return s->protocol == OPS_SIGNALR_MSGPACK ? ops_hub_message_msgpack_decode(style, record, arena, message, info)
                                              : ops_hub_message_json_decode(style, record, arena, message, info);
}

/* Whether the arguments are a list, in either encoding: else the record is no invocation. */
static bool is_list(const struct ops_signalr_session *s, struct ops_str raw)
{
    unsigned char first;

    if (raw.len == 0)
        return false;
    first = (unsigned char)raw.ptr[0];
    return s->protocol == OPS_SIGNALR_MSGPACK ? (first & 0xf0) == 0x90 || first == 0xdc || first == 0xdd : first == '[';
}

/* It came before, or nothing counts until the client's Sequence. */
static bool is_skipped(struct ops_signalr_session *s, const struct ops_hub_message *message)
{
    if (s->replay == NULL)
        return false;
    switch (message->record) {
    case OPS_HUB_MESSAGE_INVOCATION:
    case OPS_HUB_MESSAGE_STREAM_ITEM:
    case OPS_HUB_MESSAGE_COMPLETION:
    case OPS_HUB_MESSAGE_STREAM_INVOCATION:
    case OPS_HUB_MESSAGE_CANCEL_INVOCATION:
        return !ops_signalr_replay_receive(s->replay);
    case OPS_HUB_MESSAGE_PING:
    case OPS_HUB_MESSAGE_ACK:
        return s->replay->discarding;
    case OPS_HUB_MESSAGE_CLOSE:
    case OPS_HUB_MESSAGE_SEQUENCE:
    case OPS_HUB_MESSAGE_NONE:
        break;
    }
    return false;
}

static enum ops_signalr_step act(struct ops_signalr_session *s, struct ops_hub_message *message, struct ops_arena *arena,
                                 struct ops_signalr_said *said)
{
    struct ops_hub_invocation streaming;

    if (is_skipped(s, message))
        return OPS_SIGNALR_STEP_SKIPPED;
    switch (message->record) {
    case OPS_HUB_MESSAGE_INVOCATION:
        if (!is_list(s, message->invocation.arguments.raw))
            return broken(s, "the arguments are no list", arena, said);
        return call(s, &message->invocation, false, arena, said);
    case OPS_HUB_MESSAGE_STREAM_INVOCATION:
        memset(&streaming, 0, sizeof streaming);
        streaming.invocation_id = message->stream_invocation.invocation_id;
        streaming.target = message->stream_invocation.target;
        return call(s, &streaming, true, arena, said);
    case OPS_HUB_MESSAGE_COMPLETION:
        if (message->completion.error.ptr != NULL && message->completion.result.raw.ptr != NULL)
            return broken(s, "a completion has an error and a result", arena, said);
        break;
    case OPS_HUB_MESSAGE_PING:
        return OPS_SIGNALR_STEP_PING;
    case OPS_HUB_MESSAGE_CLOSE:
        return close_now(s, OPS_ERROR_CODE_NO_ERROR, OPS_TEXT_NONE, NULL, 0, arena, said);
    case OPS_HUB_MESSAGE_ACK:
        if (s->replay == NULL)
            break;
        return ops_signalr_replay_acked(s->replay, message->ack.sequence_id)
                   ? OPS_SIGNALR_STEP_ACK
                   : broken(s, "an acknowledgement of what was never sent", arena, said);
    case OPS_HUB_MESSAGE_SEQUENCE:
        if (s->replay == NULL)
            break;
        return ops_signalr_replay_sequence(s->replay, message->sequence.sequence_id)
                   ? OPS_SIGNALR_STEP_SEQUENCE
                   : broken(s, "records were lost between two sockets", arena, said);
    case OPS_HUB_MESSAGE_STREAM_ITEM:
    case OPS_HUB_MESSAGE_CANCEL_INVOCATION:
    case OPS_HUB_MESSAGE_NONE:
        break; /* of a stream that is not there */
    }
    return OPS_SIGNALR_STEP_SKIPPED;
}

static enum ops_signalr_step take(struct ops_signalr_session *s, struct ops_str record, struct ops_arena *arena,
                                  struct ops_signalr_said *said)
{
    struct ops_hub_message message;
    struct ops_decode_info info;
    enum ops_err err;

    if (s->protocol == OPS_SIGNALR_NONE)
        return handshake(s, record, arena, said);
    err = decode(s, record, arena, &message, &info);
    if (err == OPS_ERR_NOMEM)
        return out_of_memory(s, arena, said);
    if (err != OPS_OK && info.error.reason == OPS_REASON_UNKNOWN_VARIANT)
        return OPS_SIGNALR_STEP_SKIPPED;
    if (err != OPS_OK)
        return broken(s, ops_reason_text(info.error.reason), arena, said);
    return act(s, &message, arena, said);
}

enum ops_signalr_step ops_signalr_session_read(struct ops_signalr_session *session, const struct ops_signalr_config *config,
                                               struct ops_str *bytes, struct ops_arena *arena, struct ops_signalr_said *said)
{
    struct ops_str record;
    bool no_memory;

    said->extends = said->handshake_failed = false;
    said->reply = ops_str_of(NULL, 0);
    said->code = OPS_ERROR_CODE_NO_ERROR;
    said->problem = NULL;
    switch (stream_next(session, config, bytes, &record, &no_memory)) {
    case OPS_HUB_RECORD:
        return take(session, record, arena, said);
    case OPS_HUB_MORE:
        return no_memory ? out_of_memory(session, arena, said) : OPS_SIGNALR_STEP_MORE;
    case OPS_HUB_TOO_LARGE:
        if (session->protocol == OPS_SIGNALR_NONE)
            return handshake_failed(OPS_TEXT_HANDSHAKE_CANCELED, NULL, 0, arena, said);
        return close_now(session, OPS_ERROR_CODE_TOO_LARGE, OPS_TEXT_MESSAGE_LARGE, "a record over the limit",
                         (int64_t)stream_limit(session, config), arena, said);
    case OPS_HUB_BROKEN:
        break;
    }
    if (session->protocol == OPS_SIGNALR_NONE)
        return handshake_failed(OPS_TEXT_HANDSHAKE_INVALID, NULL, 0, arena, said);
    return broken(session, "no record begins like this", arena, said);
}
