/* Reads what a client says.
 *
 * Happy path: 1. a whole message; 2. the first one decides the profile; 3. it is decoded in the profile's style.
 *
 * What can go wrong:
 *   a violation, a message too large    Close with the frame reader's code
 *   unreadable                          by the profile: told, with what could be read of it; or Close
 *   no memory                           Close: nobody can tell what was said
 *
 * Must not know: any profile by name, what a request means. */
#include "session.h"

#include "gen/codec.h"
#include "runtime/codec/explain.h"
#include "text.h"

void ops_websocket_session_init(struct ops_websocket_session *session, const struct ops_profile *profile)
{
    ops_websocket_reader_init(&session->reader);
    session->profile = profile;
    session->extended = false;
}

void ops_websocket_session_end(struct ops_websocket_session *session, const struct ops_websocket_config *config)
{
    ops_websocket_reader_end(&session->reader, config);
}

const struct ops_profile *ops_websocket_session_profile(const struct ops_websocket_session *session)
{
    return session->profile != NULL ? session->profile : ops_profiles[0];
}

/* ---- closing ----------------------------------------------------------------------------------------------------- */

struct session_close_row {
    enum ops_error_code code;
    uint16_t close_code;
};

/* spec/v1.md §4.1; the reason is the code's name. What is not here is our fault. */
static const struct session_close_row session_closes[] = {
    {OPS_ERROR_CODE_UNSUPPORTED_PROTOCOL, OPS_WEBSOCKET_CODE_VIOLATION},
    {OPS_ERROR_CODE_INVALID_MESSAGE, OPS_WEBSOCKET_CODE_POLICY},
    {OPS_ERROR_CODE_UNAUTHENTICATED, OPS_WEBSOCKET_CODE_POLICY},
    {OPS_ERROR_CODE_FORBIDDEN, OPS_WEBSOCKET_CODE_POLICY},
    {OPS_ERROR_CODE_TOO_MANY, OPS_WEBSOCKET_CODE_POLICY},
    {OPS_ERROR_CODE_RATE_LIMITED, OPS_WEBSOCKET_CODE_POLICY},
    {OPS_ERROR_CODE_TOO_LARGE, OPS_WEBSOCKET_CODE_TOO_LARGE},
    {OPS_ERROR_CODE_DRAINING, OPS_WEBSOCKET_CODE_GOING_AWAY},
    {OPS_ERROR_CODE_SLOW_CONSUMER, OPS_WEBSOCKET_CODE_TRY_LATER},
    {OPS_ERROR_CODE_STORAGE_UNAVAILABLE, OPS_WEBSOCKET_CODE_TRY_LATER},
    {OPS_ERROR_CODE_OWNER_UNAVAILABLE, OPS_WEBSOCKET_CODE_TRY_LATER},
};

static struct ops_websocket_close session_close(uint16_t code, struct ops_str reason)
{
    struct ops_websocket_close close;

    close.code = code;
    close.reason = reason;
    return close;
}

struct ops_websocket_close ops_websocket_close_of(const struct ops_profile *profile, enum ops_error_code code)
{
    size_t i;

    if (profile->close_is_normal) {
        const struct ops_text_form *closing = &ops_texts[OPS_TEXT_CLOSING];

        return session_close(OPS_WEBSOCKET_CODE_NORMAL, closing->v1);
    }
    if (code == OPS_ERROR_CODE_NO_ERROR)
        return session_close(OPS_WEBSOCKET_CODE_NORMAL, OPS_STR(""));
    for (i = 0; i < sizeof session_closes / sizeof *session_closes; i++) {
        if (session_closes[i].code == code)
            return session_close(session_closes[i].close_code, ops_error_code_row_of(code)->name);
    }
    return session_close(OPS_WEBSOCKET_CODE_INTERNAL, ops_error_code_row_of(code)->name);
}

static enum ops_websocket_step session_ends(struct ops_websocket_session *s, const struct ops_websocket_config *config,
                                            struct ops_websocket_said *said, enum ops_websocket_cause cause,
                                            enum ops_error_code code)
{
    const struct ops_profile *profile = ops_websocket_session_profile(s);

    ops_websocket_reader_end(&s->reader, config);
    said->cause = cause;
    said->close = ops_websocket_close_of(profile, code);
    said->own_peer_disconnected = cause == OPS_WEBSOCKET_BY_UNREADABLE && profile->own_peer_disconnected;
    return OPS_WEBSOCKET_STEP_CLOSE;
}

/* The peer's Close is answered by its own code, or as ever. */
static enum ops_websocket_step session_closed(struct ops_websocket_session *s, const struct ops_websocket_frame *frame,
                                              struct ops_websocket_said *said)
{
    const struct ops_profile *profile = ops_websocket_session_profile(s);

    said->cause = OPS_WEBSOCKET_BY_PEER;
    said->close = profile->close_is_normal ? ops_websocket_close_of(profile, OPS_ERROR_CODE_NO_ERROR)
                                           : session_close(frame->code, OPS_STR(""));
    return OPS_WEBSOCKET_STEP_CLOSE;
}

/* The reader has given up. Violations keep their own codes in every profile, and a size limit is told by its code, as
 * no other one says what happened. */
static enum ops_websocket_step session_broken(struct ops_websocket_session *s,
                                              const struct ops_websocket_config *config,
                                              const struct ops_websocket_frame *frame, struct ops_websocket_said *said)
{
    const struct ops_profile *profile = ops_websocket_session_profile(s);
    struct ops_str problem = ops_str_of(frame->problem, strlen(frame->problem));

    if (frame->code == OPS_WEBSOCKET_CODE_INTERNAL)
        return session_ends(s, config, said, OPS_WEBSOCKET_BY_MEMORY, OPS_ERROR_CODE_INTERNAL);
    said->problem = frame->problem;
    if (frame->code == OPS_WEBSOCKET_CODE_TOO_LARGE) {
        said->cause = OPS_WEBSOCKET_BY_SIZE;
        said->close = session_close(frame->code, ops_error_code_row_of(OPS_ERROR_CODE_TOO_LARGE)->name);
    } else {
        said->cause = OPS_WEBSOCKET_BY_VIOLATION;
        said->close = session_close(frame->code, profile->close_is_normal ? OPS_STR("") : problem);
    }
    return OPS_WEBSOCKET_STEP_CLOSE;
}

/* ---- messages ---------------------------------------------------------------------------------------------------- */

/* The profile whose envelope the first message is; the default for all others, garbage too. False: no memory. */
static bool session_decide(struct ops_websocket_session *s, struct ops_str text, struct ops_arena *arena)
{
    size_t i;

    for (i = 1; i < ops_profiles_count; i++) {
        const struct ops_profile *profile = ops_profiles[i];
        struct ops_json_salvaged salvaged;
        struct ops_str repaired = text;

        if (profile->text_repaired && !ops_websocket_text_repair(&repaired, arena))
            return false;
        if (ops_json_salvage(&ops_client_message_type, profile->socket_style, repaired, arena, NULL, 0, &salvaged) &&
            salvaged.enveloped) {
            s->profile = profile;
            return true;
        }
    }
    s->profile = ops_profiles[0];
    return true;
}

static enum ops_websocket_step session_unreadable(const struct ops_websocket_session *s, struct ops_str text,
                                                  const struct ops_error *error, struct ops_arena *arena,
                                                  struct ops_websocket_said *said)
{
    struct ops_json_wanted wanted[2] = {
        {&ops_client_message_type, offsetof(struct ops_client_message, correlation_id), {NULL, 0}},
        {&ops_document_request_type, offsetof(struct ops_document_request, document_id), {NULL, 0}}};
    const char *reason = ops_reason_text(error->reason);
    struct ops_json_salvaged salvaged;
    struct ops_buf sentence;

    if (!ops_json_salvage(&ops_client_message_type, s->profile->socket_plus_style, text, arena, wanted, 2, &salvaged))
        salvaged.kind = OPS_CLIENT_MESSAGE_NONE;
    said->unreadable.kind = (enum ops_client_message_message_type)salvaged.kind;
    said->unreadable.correlation_id = wanted[0].value;
    said->unreadable.document_id = wanted[1].value;
    ops_buf_init(&sentence, arena);
    said->unreadable.sentence =
        ops_error_sentence(error, text, false, &sentence) ? ops_buf_str(&sentence) : ops_str_of(reason, strlen(reason));
    return OPS_WEBSOCKET_STEP_UNREADABLE;
}

static enum ops_websocket_step session_message(struct ops_websocket_session *s,
                                               const struct ops_websocket_config *config,
                                               const struct ops_websocket_frame *frame, struct ops_arena *arena,
                                               struct ops_websocket_said *said)
{
    struct ops_str text = frame->payload;
    const struct ops_json_style *style;
    struct ops_decode_info info;
    enum ops_err err;

    if ((s->profile == NULL && !session_decide(s, text, arena)) ||
        (s->profile->text_repaired && !ops_websocket_text_repair(&text, arena)))
        return session_ends(s, config, said, OPS_WEBSOCKET_BY_MEMORY, OPS_ERROR_CODE_INTERNAL);
    style = s->extended ? s->profile->socket_plus_style : s->profile->socket_style;
    err = ops_client_message_json_decode(style, text, arena, &said->message, &info);
    if (err == OPS_OK) {
        said->extends = info.plus && !s->extended;
        s->extended = s->extended || info.plus;
        return OPS_WEBSOCKET_STEP_MESSAGE;
    }
    if (err == OPS_ERR_NOMEM)
        return session_ends(s, config, said, OPS_WEBSOCKET_BY_MEMORY, OPS_ERROR_CODE_INTERNAL);
    if (s->profile->unreadable_closes)
        return session_ends(s, config, said, OPS_WEBSOCKET_BY_UNREADABLE, OPS_ERROR_CODE_INVALID_MESSAGE);
    return session_unreadable(s, text, &info.error, arena, said);
}

enum ops_websocket_step ops_websocket_session_read(struct ops_websocket_session *session,
                                                   const struct ops_websocket_config *config,
                                                   struct ops_websocket_bytes *bytes, struct ops_arena *arena,
                                                   struct ops_websocket_said *said)
{
    struct ops_websocket_frame frame;
    enum ops_websocket_event event = ops_websocket_read(&session->reader, config, bytes, &frame);

    said->extends = said->own_peer_disconnected = false;
    said->problem = NULL;
    switch (event) {
    case OPS_WEBSOCKET_MORE:
        return OPS_WEBSOCKET_STEP_MORE;
    case OPS_WEBSOCKET_MESSAGE:
        return session_message(session, config, &frame, arena, said);
    case OPS_WEBSOCKET_PINGED:
    case OPS_WEBSOCKET_PONGED:
        said->payload = frame.payload;
        return event == OPS_WEBSOCKET_PINGED ? OPS_WEBSOCKET_STEP_PING : OPS_WEBSOCKET_STEP_PONG;
    case OPS_WEBSOCKET_CLOSED:
        return session_closed(session, &frame, said);
    case OPS_WEBSOCKET_BROKEN:
        break;
    }
    return session_broken(session, config, &frame, said);
}
