/* Forms, and WebSocket messages of one or more records: the header's room is left in front and filled when the length is known. The
 * records that nobody's message is in, too: Ping, Close, Ack, Sequence. */
#include "private.h"

#include "gen/codec.h"
#include "runtime/codec/hub.h"
#include "runtime/transport/websocket/frame.h"

/* ---- forms ------------------------------------------------------------------------------------------------------------------------ */

enum { FORM_EXTENDED = 1, FORM_MSGPACK = 2, FORMS_OF_A_PROFILE = 4 };

unsigned ops_signalr_forms(void)
{
    return FORMS_OF_A_PROFILE * (unsigned)ops_profiles_count;
}

unsigned ops_signalr_session_form(const struct ops_signalr_session *session)
{
    unsigned i = 0;

    while (i + 1 < ops_profiles_count && ops_profiles[i] != session->profile)
        i++;
    return FORMS_OF_A_PROFILE * i + (session->protocol == OPS_SIGNALR_MSGPACK ? (unsigned)FORM_MSGPACK : 0u) +
           (session->extended ? (unsigned)FORM_EXTENDED : 0u);
}

const struct ops_profile *ops_signalr_form_profile(unsigned form)
{
    return ops_profiles[form / FORMS_OF_A_PROFILE % ops_profiles_count];
}

bool signalr_form_is_msgpack(unsigned form)
{
    return (form & FORM_MSGPACK) != 0;
}

const struct ops_json_style *signalr_form_style(unsigned form)
{
    const struct ops_profile *profile = ops_signalr_form_profile(form);

    return (form & FORM_EXTENDED) != 0 ? profile->hub_plus_style : profile->hub_style;
}

/* ---- frames ----------------------------------------------------------------------------------------------------------------------- */

enum ops_err signalr_frame_begin(struct ops_buf *buf)
{
    if (ops_buf_reserve(buf, OPS_WEBSOCKET_HEADER_BYTES) == NULL)
        return OPS_ERR_NOMEM;
    buf->len = OPS_WEBSOCKET_HEADER_BYTES;
    return OPS_OK;
}

enum ops_err signalr_frame_add(unsigned form, const struct ops_hub_message *record, struct ops_buf *buf)
{
    const struct ops_json_style *style = signalr_form_style(form);

    return signalr_form_is_msgpack(form) ? ops_hub_frame_msgpack(&ops_hub_message_type, style, record, buf)
                                         : ops_hub_frame_json(&ops_hub_message_type, style, record, buf);
}

void signalr_frame_end(unsigned form, unsigned records, struct ops_buf *buf, struct ops_signalr_sent *sent)
{
    size_t payload_bytes = buf->len - OPS_WEBSOCKET_HEADER_BYTES;
    size_t header_bytes = ops_websocket_header_bytes(payload_bytes, false);
    char *begin = buf->ptr + OPS_WEBSOCKET_HEADER_BYTES - header_bytes;

    sent->records = records;
    if (payload_bytes == 0) {
        sent->frame = sent->payload = OPS_STR("");
        return;
    }
    ops_websocket_header_write(begin, signalr_form_is_msgpack(form) ? OPS_WEBSOCKET_BINARY : OPS_WEBSOCKET_TEXT, payload_bytes, NULL);
    sent->frame = ops_str_of(begin, header_bytes + payload_bytes);
    sent->payload = ops_str_of(begin + header_bytes, payload_bytes);
}

/* ---- records of our own --------------------------------------------------------------------------------------------------------------- */

static struct ops_hub_message frame_record(enum ops_hub_message_record type)
{
    struct ops_hub_message record;

    memset(&record, 0, sizeof record);
    record.record = type;
    return record;
}

/* Not counted. */
static enum ops_err frame_of_one(unsigned form, const struct ops_hub_message *record, struct ops_buf *buf, struct ops_signalr_sent *sent)
{
    size_t before = buf->len;
    enum ops_err err = signalr_frame_begin(buf);

    if (err == OPS_OK)
        err = signalr_frame_add(form, record, buf);
    if (err == OPS_OK)
        signalr_frame_end(form, 0, buf, sent);
    else
        buf->len = before;
    return err;
}

enum ops_err ops_signalr_encode_ping(unsigned form, struct ops_buf *buf, struct ops_signalr_sent *sent)
{
    struct ops_hub_message record = frame_record(OPS_HUB_MESSAGE_PING);

    return frame_of_one(form, &record, buf, sent);
}

enum ops_err ops_signalr_encode_ack(unsigned form, int64_t sequence_id, struct ops_buf *buf, struct ops_signalr_sent *sent)
{
    struct ops_hub_message record = frame_record(OPS_HUB_MESSAGE_ACK);

    record.ack.sequence_id = sequence_id;
    return frame_of_one(form, &record, buf, sent);
}

enum ops_err ops_signalr_encode_sequence(unsigned form, int64_t sequence_id, struct ops_buf *buf, struct ops_signalr_sent *sent)
{
    struct ops_hub_message record = frame_record(OPS_HUB_MESSAGE_SEQUENCE);

    record.sequence.sequence_id = sequence_id;
    return frame_of_one(form, &record, buf, sent);
}

/* spec/v1.md §4.2; where errors are wrapped, spec/signalr-protocol.md §6.7. */
static bool close_fill(const struct ops_profile *profile, enum ops_error_code code, struct ops_str sentence, struct ops_hub_close *close,
                       struct ops_buf *error)
{
    bool known = code != OPS_ERROR_CODE_NO_ERROR;

    if (profile->hub_errors_wrapped) {
        close->allow_reconnect = known;
        if (!known || code == OPS_ERROR_CODE_DRAINING)
            return true;
        if (!ops_error_text(profile, OPS_TEXT_HUB_RECORD_INVALID, NULL, 0, error))
            return false;
    } else {
        close->allow_reconnect = code == OPS_ERROR_CODE_DRAINING || code == OPS_ERROR_CODE_SLOW_CONSUMER;
        if (!known)
            return true;
        if (!ops_error_text_of(profile, code, sentence, error))
            return false;
    }
    close->error = ops_buf_str(error);
    return true;
}

enum ops_err ops_signalr_encode_close(unsigned form, enum ops_error_code code, struct ops_str sentence, struct ops_buf *buf,
                                      struct ops_signalr_sent *sent)
{
    struct ops_hub_message record = frame_record(OPS_HUB_MESSAGE_CLOSE);
    struct ops_buf error;

    ops_buf_init(&error, buf->arena);
    if (!close_fill(ops_signalr_form_profile(form), code, sentence, &record.close, &error))
        return OPS_ERR_NOMEM;
    return frame_of_one(form, &record, buf, sent);
}
