/* Messages as frames: the header's room is left in front of the JSON and filled when its length is known. */
#include "session.h"

#include "gen/codec.h"

unsigned ops_websocket_forms(void)
{
    return 2 * (unsigned)ops_profiles_count;
}

unsigned ops_websocket_form(const struct ops_profile *profile, bool extended)
{
    unsigned i = 0;

    while (i + 1 < ops_profiles_count && ops_profiles[i] != profile)
        i++;
    return 2 * i + (extended ? 1u : 0u);
}

const struct ops_profile *ops_websocket_form_profile(unsigned form)
{
    return ops_profiles[form / 2 % ops_profiles_count];
}

static enum ops_err encode_frame(const struct ops_message *type, unsigned form, const void *message,
                                 const uint8_t *mask, struct ops_buf *buf, struct ops_str *frame)
{
    const struct ops_profile *profile = ops_websocket_form_profile(form);
    const struct ops_json_style *style = form % 2 == 1 ? profile->socket_plus_style : profile->socket_style;
    size_t header_bytes, json_bytes;
    enum ops_err err;
    char *begin;

    if (ops_buf_reserve(buf, OPS_WEBSOCKET_HEADER_BYTES) == NULL)
        return OPS_ERR_NOMEM;
    buf->len = OPS_WEBSOCKET_HEADER_BYTES;
    err = ops_json_encode(type, style, message, buf);
    if (err != OPS_OK) {
        buf->len = 0;
        return err;
    }
    json_bytes = buf->len - OPS_WEBSOCKET_HEADER_BYTES;
    header_bytes = ops_websocket_header_bytes(json_bytes, mask != NULL);
    begin = buf->ptr + OPS_WEBSOCKET_HEADER_BYTES - header_bytes;
    ops_websocket_header_write(begin, OPS_WEBSOCKET_TEXT, json_bytes, mask);
    if (mask != NULL)
        ops_websocket_mask(begin + header_bytes, json_bytes, mask);
    *frame = ops_str_of(begin, header_bytes + json_bytes);
    return OPS_OK;
}

enum ops_err ops_websocket_encode(unsigned form, const struct ops_server_message *message, struct ops_buf *buf,
                                  struct ops_str *frame)
{
    return encode_frame(&ops_server_message_type, form, message, NULL, buf, frame);
}

enum ops_err ops_websocket_encode_client(unsigned form, const struct ops_client_message *message, const uint8_t mask[4],
                                         struct ops_buf *buf, struct ops_str *frame)
{
    return encode_frame(&ops_client_message_type, form, message, mask, buf, frame);
}
