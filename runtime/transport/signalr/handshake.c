/* The handshake: the first record of the client, JSON whatever protocol it asks for (spec/signalr-protocol.md §4). */
#include "private.h"

#include "gen/codec.h"
#include "runtime/base/num.h"
#include "runtime/codec/hub.h"

enum { VERSION_LATEST = 2, VERSION_STATEFUL = 2 };

/* The handshake is before any profile, and the same in all: read strictly, so that a version that is not there is not 0. */
static const struct ops_json_style *handshake_style(void)
{
    return ops_profiles[0]->hub_style;
}

static enum ops_err handshake_write(struct ops_str error, struct ops_buf *buf)
{
    struct ops_hub_handshake_response response = {error};

    return ops_hub_frame_json(&ops_hub_handshake_response_type, handshake_style(), &response, buf);
}

enum ops_signalr_step signalr_handshake_fails(struct ops_signalr_session *s, enum ops_error_code code, enum ops_text text,
                                              const struct ops_str *values, size_t value_count, struct ops_arena *arena,
                                              struct ops_signalr_said *said)
{
    struct ops_buf error, reply;

    ops_buf_init(&error, arena);
    ops_buf_init(&reply, arena);
    s->closed = true;
    said->handshake_failed = true;
    said->code = code;
    said->problem = "a handshake that cannot be";
    said->reply = OPS_STR(""); /* no memory: nobody hears why */
    if (ops_error_text_sentence(s->profile, text, values, value_count, &error) &&
        handshake_write(ops_buf_str(&error), &reply) == OPS_OK)
        said->reply = ops_buf_str(&reply);
    return OPS_SIGNALR_STEP_CLOSE;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool handshake_names(struct ops_str given, struct ops_str name)
{
    size_t i;

    if (given.len != name.len)
        return false;
    for (i = 0; i < name.len; i++) {
        if (lower(given.ptr[i]) != name.ptr[i])
            return false;
    }
    return true;
}

static enum ops_signalr_step handshake_done(struct ops_signalr_session *s, enum ops_signalr_protocol protocol, int32_t version,
                                            struct ops_arena *arena, struct ops_signalr_said *said)
{
    struct ops_buf reply;

    ops_buf_init(&reply, arena);
    if (handshake_write(ops_str_of(NULL, 0), &reply) != OPS_OK)
        return signalr_handshake_fails(s, OPS_ERROR_CODE_INTERNAL, OPS_TEXT_HANDSHAKE_INVALID, NULL, 0, arena, said);
    s->protocol = (uint8_t)protocol;
    s->version = (uint8_t)version;
    if (version < VERSION_STATEFUL)
        s->replay = NULL;
    said->reply = ops_buf_str(&reply);
    return OPS_SIGNALR_STEP_HANDSHAKE;
}

enum ops_signalr_step signalr_handshake(struct ops_signalr_session *s, struct ops_str record, struct ops_arena *arena,
                                        struct ops_signalr_said *said)
{
    struct ops_hub_handshake_request request;
    struct ops_str values[2];
    char version[OPS_INT64_CHARS];
    bool json, msgpack;
    enum ops_err err = ops_hub_handshake_request_json_decode(handshake_style(), record, arena, &request, NULL);

    if (err != OPS_OK)
        return signalr_handshake_fails(s, err == OPS_ERR_NOMEM ? OPS_ERROR_CODE_INTERNAL : OPS_ERROR_CODE_INVALID_MESSAGE,
                                       OPS_TEXT_HANDSHAKE_INVALID, NULL, 0, arena, said);
    json = handshake_names(request.protocol, OPS_STR("json"));
    msgpack = s->profile->messagepack && handshake_names(request.protocol, OPS_STR("messagepack"));
    values[0] = request.protocol;
    if (!json && !msgpack)
        return signalr_handshake_fails(s, OPS_ERROR_CODE_UNSUPPORTED_PROTOCOL, OPS_TEXT_HANDSHAKE_PROTOCOL_UNKNOWN, values, 1,
                                       arena, said);
    if (request.version < 0 || request.version > VERSION_LATEST) {
        values[0] = ops_str_of(version, (size_t)(ops_int64_write(version, request.version) - version));
        values[1] = request.protocol;
        return signalr_handshake_fails(s, OPS_ERROR_CODE_UNSUPPORTED_PROTOCOL, OPS_TEXT_HANDSHAKE_VERSION_UNKNOWN, values, 2,
                                       arena, said);
    }
    if (msgpack && !s->binary)
        return signalr_handshake_fails(s, OPS_ERROR_CODE_UNSUPPORTED_PROTOCOL, OPS_TEXT_HANDSHAKE_TRANSPORT_TEXT_ONLY, values, 1,
                                       arena, said);
    return handshake_done(s, msgpack ? OPS_SIGNALR_MSGPACK : OPS_SIGNALR_JSON, request.version, arena, said);
}

enum ops_err ops_signalr_handshake_late(struct ops_buf *buf)
{
    return handshake_write(ops_texts[OPS_TEXT_HANDSHAKE_CANCELED].v1, buf);
}
