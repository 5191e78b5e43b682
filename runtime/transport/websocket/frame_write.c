/* Writes frames: whole messages and control frames. */
#include "frame.h"

#include "mask.h"
#include "runtime/base/utf.h"

char *ops_websocket_header_write(char *out, enum ops_websocket_opcode opcode, size_t payload_bytes,
                                 const uint8_t mask[4])
{
    unsigned char *p = (unsigned char *)out;
    unsigned masked = mask != NULL ? 0x80 : 0;
    int shift;

    *p++ = (unsigned char)(0x80u | (unsigned)opcode);
    if (payload_bytes <= 125) {
        *p++ = (unsigned char)(masked | (unsigned)payload_bytes);
    } else {
        bool large = payload_bytes > 65535;

        *p++ = (unsigned char)(masked | (large ? 127u : 126u));
        for (shift = large ? 56 : 8; shift >= 0; shift -= 8)
            *p++ = (unsigned char)((uint64_t)payload_bytes >> shift);
    }
    if (mask != NULL) {
        memcpy(p, mask, 4);
        p += 4;
    }
    return (char *)p;
}

void ops_websocket_mask(char *bytes, size_t len, const uint8_t mask[4])
{
    mask_copy(bytes, bytes, len, mask, 0);
}

size_t ops_websocket_control_write(char *out, enum ops_websocket_opcode opcode, struct ops_str payload,
                                   const uint8_t mask[4])
{
    size_t len = payload.len < OPS_WEBSOCKET_CONTROL_BYTES ? payload.len : OPS_WEBSOCKET_CONTROL_BYTES;
    char *at = ops_websocket_header_write(out, opcode, len, mask);

    if (len > 0)
        memcpy(at, payload.ptr, len);
    if (mask != NULL)
        ops_websocket_mask(at, len, mask);
    return (size_t)(at - out) + len;
}

size_t ops_websocket_close_write(char *out, unsigned code, struct ops_str reason, const uint8_t mask[4])
{
    char payload[OPS_WEBSOCKET_CONTROL_BYTES];
    size_t len = reason.len;

    if (code == OPS_WEBSOCKET_CODE_NONE)
        return ops_websocket_control_write(out, OPS_WEBSOCKET_CLOSE, OPS_STR(""), mask);
    payload[0] = (char)(code >> 8);
    payload[1] = (char)code;
    if (len > OPS_WEBSOCKET_REASON_BYTES)
        len = ops_utf8_valid_prefix(reason.ptr, OPS_WEBSOCKET_REASON_BYTES);
    if (len > 0)
        memcpy(payload + 2, reason.ptr, len);
    return ops_websocket_control_write(out, OPS_WEBSOCKET_CLOSE, ops_str_of(payload, len + 2), mask);
}
