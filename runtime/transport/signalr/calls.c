/* Hub calls: which method is which request, and which call an answer is for.
 *
 * What can go wrong:
 *   no such method, wrong arguments, a streaming call   refused, in its place among the answers; the connection goes on
 *   arguments that are no list                          the record is broken: Close
 *
 * Comments and states of the past have no request in the core yet: their methods are unknown ones. */
#include "private.h"

#include "gen/codec.h"
#include "runtime/base/num.h"
#include "runtime/codec/explain.h"
#include "runtime/codec/msgpack.h"

struct calls_method {
    const struct ops_call *call;
    enum ops_client_message_message_type kind;
};

static const struct calls_method calls_methods[] = {
    {&ops_call_collaboration_hub_join_document, OPS_CLIENT_MESSAGE_JOIN_REQUEST},
    {&ops_call_collaboration_hub_send_op, OPS_CLIENT_MESSAGE_OP_REQUEST},
    {&ops_call_collaboration_hub_update_awareness, OPS_CLIENT_MESSAGE_AWARENESS_REQUEST},
    {&ops_call_collaboration_hub_leave_document, OPS_CLIENT_MESSAGE_LEAVE},
    {&ops_call_collaboration_hub_undo, OPS_CLIENT_MESSAGE_UNDO},
    {&ops_call_collaboration_hub_redo, OPS_CLIENT_MESSAGE_REDO},
};
enum { METHODS = sizeof calls_methods / sizeof *calls_methods, METHOD_NONE = 0xff };

/* Takes nothing and keeps nothing: a list it fails for is a list all the same. */
static const struct ops_call calls_any_list = {{"", 0}, &ops_hub_ping_type, NULL, 0, false, NULL, OPS_MAP_WHOLE};

/* METHOD_NONE: there is none of that name, in any letter case. */
static unsigned calls_find(const struct ops_profile *profile, struct ops_str target)
{
    const struct ops_call *call = ops_collaboration_hub_find(target);
    unsigned i;

    if (call == NULL || (call->plus && !profile->hub_plus_style->plus))
        return METHOD_NONE;
    for (i = 0; i < METHODS; i++) {
        if (calls_methods[i].call == call)
            return i;
    }
    return METHOD_NONE;
}

/* ---- which call an answer is for ---------------------------------------------------------------------------------------------- */

enum { DOCUMENT_ID_BYTES = 4 * 256 }; /* a longer id is refused by the core (spec/v1.md §3.5) */

/* The method's number, the length of the document's id, both ids. */
struct calls_head {
    uint8_t method;
    uint8_t document_bytes[2];
};

bool signalr_call_id_write(unsigned method, struct ops_str invocation, struct ops_str document_id, struct ops_arena *arena,
                           struct ops_str *out)
{
    size_t document_bytes = document_id.len <= DOCUMENT_ID_BYTES ? document_id.len : 0;
    size_t len = sizeof(struct calls_head) + document_bytes + invocation.len;
    char *at = ops_arena_alloc(arena, len);
    struct calls_head head;

    if (at == NULL)
        return false;
    head.method = (uint8_t)method;
    head.document_bytes[0] = (uint8_t)(document_bytes & 0xff);
    head.document_bytes[1] = (uint8_t)(document_bytes >> 8);
    memcpy(at, &head, sizeof head);
    if (document_bytes > 0)
        memcpy(at + sizeof head, document_id.ptr, document_bytes);
    if (invocation.len > 0)
        memcpy(at + sizeof head + document_bytes, invocation.ptr, invocation.len);
    *out = ops_str_of(at, len);
    return true;
}

void signalr_call_id_read(struct ops_str from, struct signalr_call_id *out)
{
    struct calls_head head;
    size_t document_bytes;

    out->method = out->document_id = ops_str_of(NULL, 0);
    out->invocation = OPS_STR("");
    if (from.len < sizeof head)
        return; /* not ours */
    memcpy(&head, from.ptr, sizeof head);
    document_bytes = (size_t)head.document_bytes[0] | (size_t)head.document_bytes[1] << 8;
    if (head.method < METHODS)
        out->method = calls_methods[head.method].call->target;
    if (document_bytes > from.len - sizeof head)
        return;
    if (document_bytes > 0)
        out->document_id = ops_str_of(from.ptr + sizeof head, document_bytes);
    out->invocation = ops_str_of(from.ptr + sizeof head + document_bytes, from.len - sizeof head - document_bytes);
}

/* ---- arguments ------------------------------------------------------------------------------------------------------------------ */

static enum ops_err calls_decode(const struct ops_signalr_session *s, const struct ops_call *call, struct ops_str list,
                                 struct ops_arena *arena, void *out, struct ops_decode_info *info)
{
    const struct ops_json_style *style = signalr_style(s);

    return s->protocol == OPS_SIGNALR_MSGPACK ? ops_msgpack_decode_arguments(call, style, list, arena, out, info)
                                              : ops_json_decode_arguments(call, style, list, arena, out, info);
}

static bool calls_is_no_list(enum ops_err err, const struct ops_error *error)
{
    return err == OPS_ERR_SYNTAX && error->reason == OPS_REASON_WANT_LIST && error->offset_bytes == 0;
}

/* ---- refusals ------------------------------------------------------------------------------------------------------------------- */

/* What cannot be called, in the words of `text`: the whole error where errors are wrapped, else the sentence. */
static enum ops_signalr_step calls_refuse(struct ops_signalr_session *s, struct ops_str invocation, enum ops_text text,
                                          const struct ops_str *values, size_t value_count, struct ops_arena *arena,
                                          struct ops_signalr_said *said)
{
    struct ops_buf sentence;

    ops_buf_init(&sentence, arena);
    memset(&said->refused, 0, sizeof said->refused);
    if (!ops_error_text_sentence(s->profile, text, values, value_count, &sentence) ||
        !signalr_call_id_write(METHOD_NONE, invocation, ops_str_of(NULL, 0), arena, &said->refused.correlation_id))
        return signalr_no_memory(s, arena, said);
    said->refused.sentence = ops_buf_str(&sentence);
    said->refused.whole = s->profile->hub_errors_wrapped;
    return OPS_SIGNALR_STEP_REFUSED;
}

/* Its arguments do not fit: where errors are not wrapped it is answered like a request of its kind, about its document. */
static enum ops_signalr_step calls_refuse_arguments(struct ops_signalr_session *s, unsigned method, struct ops_str invocation,
                                                    struct ops_str list, const struct ops_error *error, struct ops_arena *arena,
                                                    struct ops_signalr_said *said)
{
    struct ops_signalr_refused *refused = &said->refused;
    struct ops_document_request about;
    struct ops_buf sentence;

    if (s->profile->hub_errors_wrapped)
        return calls_refuse(s, invocation, OPS_TEXT_HUB_ARGUMENTS_INVALID, &calls_methods[method].call->target, 1, arena, said);
    ops_buf_init(&sentence, arena);
    if (!ops_error_sentence(error, list, s->protocol == OPS_SIGNALR_MSGPACK, &sentence) ||
        !signalr_call_id_write(method, invocation, ops_str_of(NULL, 0), arena, &refused->correlation_id))
        return signalr_no_memory(s, arena, said);
    /* the first argument of every method is the document */
    if (calls_decode(s, &ops_call_collaboration_hub_leave_document, list, arena, &about, NULL) != OPS_OK)
        about.document_id = ops_str_of(NULL, 0);
    refused->kind = calls_methods[method].kind;
    refused->document_id = about.document_id;
    refused->sentence = ops_buf_str(&sentence);
    refused->whole = false;
    return OPS_SIGNALR_STEP_REFUSED;
}

/* A record that cannot be a call of ours for `text`; if its arguments are a list. */
static enum ops_signalr_step calls_refuse_call(struct ops_signalr_session *s, const struct ops_hub_invocation *invocation,
                                               enum ops_text text, const struct ops_str *values, size_t value_count,
                                               struct ops_arena *arena, struct ops_signalr_said *said)
{
    struct ops_hub_ping nothing;
    struct ops_decode_info info;
    enum ops_err err = calls_decode(s, &calls_any_list, invocation->arguments.raw, arena, &nothing, &info);

    if (calls_is_no_list(err, &info.error))
        return signalr_broken(s, &info.error, invocation->arguments.raw, arena, said);
    return calls_refuse(s, invocation->invocation_id, text, values, value_count, arena, said);
}

/* ---- calls ---------------------------------------------------------------------------------------------------------------------- */

static enum ops_signalr_step calls_made(struct ops_signalr_session *s, unsigned method, struct ops_str invocation, bool plus,
                                        struct ops_arena *arena, struct ops_signalr_said *said)
{
    const struct calls_method *m = &calls_methods[method];
    bool follows = s->profile->awareness_pushed_on_join && m->kind == OPS_CLIENT_MESSAGE_JOIN_REQUEST;

    if (!signalr_call_id_write(method, invocation, follows ? said->message.join_request.document_id : ops_str_of(NULL, 0), arena,
                               &said->message.correlation_id))
        return signalr_no_memory(s, arena, said);
    said->message.message_type = m->kind;
    said->extends = (plus || m->call->plus) && !s->extended;
    s->extended = s->extended || said->extends;
    return OPS_SIGNALR_STEP_CALL;
}

enum ops_signalr_step signalr_call(struct ops_signalr_session *s, const struct ops_hub_invocation *invocation, bool streaming,
                                   struct ops_arena *arena, struct ops_signalr_said *said)
{
    unsigned method = calls_find(s->profile, invocation->target);
    struct ops_str list = invocation->arguments.raw, values[2];
    struct ops_decode_info info;
    enum ops_err err;
    char count[OPS_INT64_CHARS];

    if (method == METHOD_NONE)
        return calls_refuse_call(s, invocation, OPS_TEXT_HUB_METHOD_UNKNOWN, &invocation->target, 1, arena, said);
    values[0] = calls_methods[method].call->target;
    if (streaming)
        return calls_refuse_call(s, invocation, OPS_TEXT_HUB_METHOD_NOT_STREAMING, values, 1, arena, said);
    if (invocation->stream_ids_count > 0) {
        values[1] = ops_str_of(count, (size_t)(ops_int64_write(count, (int64_t)invocation->stream_ids_count) - count));
        return calls_refuse_call(s, invocation, OPS_TEXT_HUB_STREAMS_UNWANTED, values, 2, arena, said);
    }
    memset(&said->message, 0, sizeof said->message);
    err = calls_decode(s, calls_methods[method].call, list, arena, &said->message.join_request, &info); /* all variants lie there */
    if (err == OPS_OK)
        return calls_made(s, method, invocation->invocation_id, info.plus, arena, said);
    if (err == OPS_ERR_NOMEM)
        return signalr_no_memory(s, arena, said);
    if (calls_is_no_list(err, &info.error))
        return signalr_broken(s, &info.error, list, arena, said);
    return calls_refuse_arguments(s, method, invocation->invocation_id, list, &info.error, arena, said);
}
