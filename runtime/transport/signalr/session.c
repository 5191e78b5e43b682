/* Reads what a client says: bytes to records, records to steps.
 *
 * Happy path: 1. a record is cut off the stream, where it lies when it came whole; 2. it is decoded in the profile's style; 3. calls go
 * to calls.c, all others are a step of their own.
 *
 * What can go wrong:
 *   a record too large, not readable, or against the protocol    Close, in the words of the profile
 *   no memory                                                    Close: nobody can tell what was said
 *
 * A record is counted for stateful reconnect before anything is done with it: what is refused or breaks the connection has arrived.
 * Must not know: any profile by name, what a call means. */
#include "private.h"

#include "gen/codec.h"
#include "runtime/codec/explain.h"
#include "runtime/codec/hub.h"
#include "runtime/codec/msgpack.h"

enum { HELD_FIRST_BYTES = 256 };

void ops_signalr_session_init(struct ops_signalr_session *session, const struct ops_profile *profile, bool binary,
                              struct ops_signalr_replay *replay)
{
    memset(session, 0, sizeof *session);
    session->profile = profile;
    session->binary = binary;
    session->replay = replay;
}

static void session_forget(struct ops_signalr_session *s, const struct ops_signalr_config *config)
{
    if (s->held != NULL)
        config->memory->release(config->memory->self, s->held, s->held_room);
    s->held = NULL;
    s->held_bytes = s->held_room = 0;
    s->spent = false;
}

void ops_signalr_session_end(struct ops_signalr_session *session, const struct ops_signalr_config *config)
{
    session_forget(session, config);
    session->closed = true;
}

void ops_signalr_session_restart(struct ops_signalr_session *session, const struct ops_signalr_config *config)
{
    session_forget(session, config);
}

/* ---- records from bytes ----------------------------------------------------------------------------------------------------------- */

static size_t session_limit(const struct ops_signalr_session *s, const struct ops_signalr_config *config)
{
    size_t limit = config->limit_bytes > 0 ? config->limit_bytes : (size_t)s->profile->hub_message_limit_bytes;

    return limit < INT32_MAX ? limit : INT32_MAX;
}

static enum ops_hub_split session_split(const struct ops_signalr_session *s, struct ops_str *stream, size_t limit,
                                        struct ops_str *record)
{
    return s->protocol == OPS_SIGNALR_MSGPACK ? ops_hub_split_msgpack(stream, limit, record)
                                              : ops_hub_split_json(stream, limit, record);
}

/* Puts the first `len` of `*bytes` behind what is held. */
static bool session_hold(struct ops_signalr_session *s, const struct ops_signalr_config *config, struct ops_str *bytes, size_t len)
{
    size_t wanted = s->held_bytes + len, room = s->held_room > 0 ? s->held_room : HELD_FIRST_BYTES;
    char *held;

    if (wanted > s->held_room) {
        while (room < wanted)
            room *= 2;
        held = config->memory->more(config->memory->self, room);
        if (held == NULL)
            return false;
        if (s->held != NULL) {
            memcpy(held, s->held, s->held_bytes);
            config->memory->release(config->memory->self, s->held, s->held_room);
        }
        s->held = held;
        s->held_room = (uint32_t)room;
    }
    memcpy(s->held + s->held_bytes, bytes->ptr, len);
    s->held_bytes = (uint32_t)wanted;
    bytes->ptr += len;
    bytes->len -= len;
    return true;
}

/* Goes on with the record whose beginning is held. */
static enum ops_hub_split session_go_on(struct ops_signalr_session *s, const struct ops_signalr_config *config,
                                        struct ops_str *bytes, struct ops_str *record, bool *no_memory)
{
    size_t limit = session_limit(s, config);
    enum ops_hub_split split = OPS_HUB_MORE;

    while (split == OPS_HUB_MORE && bytes->len > 0) {
        struct ops_str held = ops_str_of(s->held, s->held_bytes);
        bool ends = true;
        size_t rest = s->protocol == OPS_SIGNALR_MSGPACK ? ops_hub_rest_msgpack(held, *bytes) : ops_hub_rest_json(*bytes, &ends);

        if (rest > limit - s->held_bytes || (!ends && rest == limit - s->held_bytes))
            return OPS_HUB_TOO_LARGE;
        if (!session_hold(s, config, bytes, rest)) {
            *no_memory = true;
            return OPS_HUB_BROKEN;
        }
        if (ends) {
            held = ops_str_of(s->held, s->held_bytes);
            split = session_split(s, &held, limit, record);
        }
    }
    s->spent = split == OPS_HUB_RECORD;
    return split;
}

/* The next record of the stream: in `*bytes`, or held until the next read. */
static enum ops_hub_split session_record(struct ops_signalr_session *s, const struct ops_signalr_config *config,
                                         struct ops_str *bytes, struct ops_str *record, bool *no_memory)
{
    enum ops_hub_split split;

    if (s->spent)
        session_forget(s, config);
    if (s->held_bytes > 0)
        return session_go_on(s, config, bytes, record, no_memory);
    if (bytes->len == 0)
        return OPS_HUB_MORE;
    split = session_split(s, bytes, session_limit(s, config), record);
    if (split == OPS_HUB_MORE && !session_hold(s, config, bytes, bytes->len)) {
        *no_memory = true;
        return OPS_HUB_BROKEN;
    }
    return split;
}

/* ---- ends ------------------------------------------------------------------------------------------------------------------------- */

enum ops_signalr_step signalr_ends(struct ops_signalr_session *s, enum ops_error_code code, struct ops_str sentence,
                                   const char *problem, struct ops_arena *arena, struct ops_signalr_said *said)
{
    struct ops_signalr_sent sent;
    struct ops_buf buf;

    ops_buf_init(&buf, arena);
    s->closed = true;
    said->code = code;
    said->problem = problem;
    said->reply = OPS_STR("");
    if (ops_signalr_encode_close(ops_signalr_session_form(s), code, sentence, &buf, &sent) == OPS_OK)
        said->reply = sent.payload;
    return OPS_SIGNALR_STEP_CLOSE;
}

enum ops_signalr_step signalr_broken(struct ops_signalr_session *s, const struct ops_error *error, struct ops_str input,
                                     struct ops_arena *arena, struct ops_signalr_said *said)
{
    struct ops_str sentence = ops_texts[OPS_TEXT_HUB_RECORD_INVALID].v1;
    struct ops_buf buf;

    ops_buf_init(&buf, arena);
    if (error != NULL && ops_error_sentence(error, input, s->protocol == OPS_SIGNALR_MSGPACK, &buf))
        sentence = ops_buf_str(&buf);
    return signalr_ends(s, OPS_ERROR_CODE_INVALID_MESSAGE, sentence, "a record that breaks the hub protocol", arena, said);
}

enum ops_signalr_step signalr_no_memory(struct ops_signalr_session *s, struct ops_arena *arena, struct ops_signalr_said *said)
{
    return signalr_ends(s, OPS_ERROR_CODE_INTERNAL, ops_texts[OPS_TEXT_UNKNOWN_ERROR].v1, "no memory", arena, said);
}

/* No record can be cut off the stream. */
static enum ops_signalr_step session_unframed(struct ops_signalr_session *s, enum ops_hub_split split, bool no_memory,
                                              struct ops_arena *arena, struct ops_signalr_said *said)
{
    bool large = split == OPS_HUB_TOO_LARGE;

    if (s->protocol == OPS_SIGNALR_NONE)
        return signalr_handshake_fails(
            s, no_memory ? OPS_ERROR_CODE_INTERNAL : large ? OPS_ERROR_CODE_TOO_LARGE : OPS_ERROR_CODE_INVALID_MESSAGE,
            large ? OPS_TEXT_HANDSHAKE_CANCELED : OPS_TEXT_HANDSHAKE_INVALID, NULL, 0, arena, said);
    if (no_memory)
        return signalr_no_memory(s, arena, said);
    if (large)
        return signalr_ends(s, OPS_ERROR_CODE_TOO_LARGE, ops_texts[OPS_TEXT_TOO_LARGE].v1, "a record over the limit", arena, said);
    return signalr_broken(s, NULL, ops_str_of(NULL, 0), arena, said);
}

/* ---- records ------------------------------------------------------------------------------------------------------------------------ */

static enum ops_err session_decode(const struct ops_signalr_session *s, struct ops_str text, struct ops_arena *arena,
                                   struct ops_hub_message *record, struct ops_decode_info *info)
{
    const struct ops_json_style *style = signalr_style(s);

    return s->protocol == OPS_SIGNALR_MSGPACK ? ops_msgpack_decode(&ops_hub_message_type, style, text, arena, record, info)
                                              : ops_hub_message_json_decode(style, text, arena, record, info);
}

/* JSON has two ways to have no id; one of them breaks the protocol. */
static bool session_id_is_null(const struct ops_signalr_session *s, struct ops_str text, struct ops_arena *arena)
{
    struct ops_hub_invocation_id id;

    return s->protocol == OPS_SIGNALR_JSON &&
           ops_hub_invocation_id_json_decode(signalr_style(s), text, arena, &id, NULL) == OPS_OK && id.invocation_id.raw.ptr != NULL;
}

/* What styles that are not strict let pass: members that every record of its type has. */
static bool session_is_complete(const struct ops_signalr_session *s, const struct ops_hub_message *m, struct ops_str text,
                                struct ops_arena *arena)
{
    switch (m->record) {
    case OPS_HUB_MESSAGE_INVOCATION:
    case OPS_HUB_MESSAGE_STREAM_INVOCATION: /* the same members */
        if (m->invocation.target.ptr == NULL || m->invocation.arguments.raw.ptr == NULL)
            return false;
        if (m->invocation.invocation_id.ptr != NULL)
            return true;
        return m->record == OPS_HUB_MESSAGE_INVOCATION && !session_id_is_null(s, text, arena);
    case OPS_HUB_MESSAGE_STREAM_ITEM:
        return m->stream_item.invocation_id.ptr != NULL && m->stream_item.item.raw.ptr != NULL;
    case OPS_HUB_MESSAGE_COMPLETION:
        return m->completion.invocation_id.ptr != NULL &&
               (m->completion.error.ptr == NULL || m->completion.result.raw.ptr == NULL);
    case OPS_HUB_MESSAGE_CANCEL_INVOCATION:
        return m->cancel_invocation.invocation_id.ptr != NULL;
    case OPS_HUB_MESSAGE_ACK:
        return m->ack.sequence_id >= 0;
    case OPS_HUB_MESSAGE_SEQUENCE:
        return m->sequence.sequence_id >= 0;
    case OPS_HUB_MESSAGE_NONE:
    case OPS_HUB_MESSAGE_PING:
    case OPS_HUB_MESSAGE_CLOSE:
        return true;
    }
    return true;
}

static bool session_is_counted(const struct ops_hub_message *m)
{
    return m->record >= OPS_HUB_MESSAGE_INVOCATION && m->record <= OPS_HUB_MESSAGE_CANCEL_INVOCATION;
}

static enum ops_signalr_step session_ack(struct ops_signalr_session *s, int64_t sequence_id, struct ops_arena *arena,
                                         struct ops_signalr_said *said)
{
    if (s->replay == NULL || s->replay->discarding)
        return OPS_SIGNALR_STEP_SKIPPED;
    if (ops_signalr_replay_acked(s->replay, sequence_id))
        return OPS_SIGNALR_STEP_ACK;
    return signalr_ends(s, OPS_ERROR_CODE_INVALID_MESSAGE, ops_texts[OPS_TEXT_HUB_ACK_AHEAD].v1, "an Ack of what was never sent",
                        arena, said);
}

static enum ops_signalr_step session_sequence(struct ops_signalr_session *s, int64_t sequence_id, struct ops_arena *arena,
                                              struct ops_signalr_said *said)
{
    if (s->replay == NULL)
        return OPS_SIGNALR_STEP_SKIPPED;
    if (ops_signalr_replay_sequence(s->replay, sequence_id))
        return OPS_SIGNALR_STEP_SEQUENCE;
    return signalr_ends(s, OPS_ERROR_CODE_INVALID_MESSAGE, ops_texts[OPS_TEXT_HUB_SEQUENCE_AHEAD].v1, "records were lost", arena,
                        said);
}

static enum ops_signalr_step session_take(struct ops_signalr_session *s, const struct ops_hub_message *m, struct ops_arena *arena,
                                          struct ops_signalr_said *said)
{
    switch (m->record) {
    case OPS_HUB_MESSAGE_INVOCATION:
        return signalr_call(s, &m->invocation, false, arena, said);
    case OPS_HUB_MESSAGE_STREAM_INVOCATION:
        return signalr_call(s, &m->invocation, true, arena, said); /* the same members */
    case OPS_HUB_MESSAGE_PING:
        return s->replay != NULL && s->replay->discarding ? OPS_SIGNALR_STEP_SKIPPED : OPS_SIGNALR_STEP_PING;
    case OPS_HUB_MESSAGE_CLOSE:
        return signalr_ends(s, OPS_ERROR_CODE_NO_ERROR, OPS_STR(""), NULL, arena, said);
    case OPS_HUB_MESSAGE_ACK:
        return session_ack(s, m->ack.sequence_id, arena, said);
    case OPS_HUB_MESSAGE_SEQUENCE:
        return session_sequence(s, m->sequence.sequence_id, arena, said);
    case OPS_HUB_MESSAGE_NONE:
    case OPS_HUB_MESSAGE_STREAM_ITEM:
    case OPS_HUB_MESSAGE_COMPLETION:
    case OPS_HUB_MESSAGE_CANCEL_INVOCATION:
        break; /* of streams and calls that are not there */
    }
    return OPS_SIGNALR_STEP_SKIPPED;
}

static enum ops_signalr_step session_understand(struct ops_signalr_session *s, struct ops_str text, struct ops_arena *arena,
                                                struct ops_signalr_said *said)
{
    struct ops_hub_message m;
    struct ops_decode_info info;
    enum ops_err err = session_decode(s, text, arena, &m, &info);

    if (err == OPS_ERR_NOMEM)
        return signalr_no_memory(s, arena, said);
    if (err != OPS_OK)
        return info.error.reason == OPS_REASON_UNKNOWN_VARIANT ? OPS_SIGNALR_STEP_SKIPPED
                                                               : signalr_broken(s, &info.error, text, arena, said);
    if (session_is_counted(&m) && s->replay != NULL && !ops_signalr_replay_receive(s->replay))
        return OPS_SIGNALR_STEP_SKIPPED;
    if (!session_is_complete(s, &m, text, arena))
        return signalr_broken(s, NULL, text, arena, said);
    return session_take(s, &m, arena, said);
}

enum ops_signalr_step ops_signalr_session_read(struct ops_signalr_session *session, const struct ops_signalr_config *config,
                                               struct ops_str *bytes, struct ops_arena *arena, struct ops_signalr_said *said)
{
    enum ops_hub_split split;
    struct ops_str record;
    bool no_memory = false;

    memset(said, 0, sizeof *said);
    said->code = OPS_ERROR_CODE_NO_ERROR;
    if (session->closed) {
        bytes->ptr += bytes->len;
        bytes->len = 0;
        return OPS_SIGNALR_STEP_MORE;
    }
    split = session_record(session, config, bytes, &record, &no_memory);
    if (split == OPS_HUB_MORE)
        return OPS_SIGNALR_STEP_MORE;
    if (split != OPS_HUB_RECORD)
        return session_unframed(session, split, no_memory, arena, said);
    return session->protocol == OPS_SIGNALR_NONE ? signalr_handshake(session, record, arena, said)
                                                 : session_understand(session, record, arena, said);
}
