/* Reads frames.
 *
 * Happy path: 1. a header, mostly whole; 2. its payload, mostly whole among the same bytes: unmasked in place and
 * handed out; 3. else it is gathered in `held`, as is a message of many frames.
 *
 * What can go wrong, all of it BROKEN: a header that RFC 6455 forbids, text that is not UTF-8, a message above its
 * limits, no memory. The same bytes give the same events however they are cut, so every check is made on what has
 * come by then and in one order: the first byte, the second, the length, the payload. */
#include "frame.h"

#include "mask.h"
#include "runtime/base/utf.h"
#include "text.h"

enum frame_state { FRAME_HEADER, FRAME_PAYLOAD, FRAME_ENDED };

enum {
    FRAME_FIN = 0x80,
    FRAME_RESERVED = 0x70,
    FRAME_OPCODE = 0x0f,
    FRAME_CONTROL = 0x08, /* bit of the opcode */
    FRAME_MASKED = 0x80,
    FRAME_LENGTH = 0x7f,
    FRAME_FINAL = 0x80,     /* in reader->opcode: this frame is its message's last */
    FRAME_FIRST_ROOM = 256, /* smallest memory for a message, bytes */
    FRAME_STEP = 16384      /* unmasked, then checked, while they are in the cache (bytes) */
};

void ops_websocket_reader_init(struct ops_websocket_reader *reader)
{
    memset(reader, 0, sizeof *reader);
}

static void frame_give_back(struct ops_websocket_reader *r, const struct ops_websocket_config *config)
{
    if (r->held != NULL)
        config->memory.release(config->memory.self, r->held, r->held_room);
    r->held = NULL;
    r->held_room = r->held_bytes = 0;
}

void ops_websocket_reader_end(struct ops_websocket_reader *reader, const struct ops_websocket_config *config)
{
    frame_give_back(reader, config);
    reader->state = FRAME_ENDED;
}

static enum ops_websocket_event frame_break(struct ops_websocket_reader *r, const struct ops_websocket_config *config,
                                            struct ops_websocket_frame *frame, uint16_t code, const char *problem)
{
    ops_websocket_reader_end(r, config);
    frame->payload = OPS_STR("");
    frame->code = code;
    frame->binary = false;
    frame->problem = problem;
    return OPS_WEBSOCKET_BROKEN;
}

/* ---- the header -------------------------------------------------------------------------------------------------- */

/* What is wrong with the first byte of a header; NULL: nothing. */
static const char *frame_first_problem(const struct ops_websocket_reader *r, unsigned first)
{
    unsigned opcode = first & FRAME_OPCODE;

    if ((first & FRAME_RESERVED) != 0)
        return "a reserved bit is set";
    if ((opcode & FRAME_CONTROL) != 0) {
        if (opcode > OPS_WEBSOCKET_PONG)
            return "an unknown opcode";
        return (first & FRAME_FIN) != 0 ? NULL : "a control frame in fragments";
    }
    if (opcode > OPS_WEBSOCKET_BINARY)
        return "an unknown opcode";
    if (opcode == OPS_WEBSOCKET_CONTINUATION)
        return r->fragments > 0 ? NULL : "a continuation of nothing";
    return r->fragments == 0 ? NULL : "a new message before the end of the last one";
}

static const char *frame_second_problem(bool client, unsigned first, unsigned second)
{
    if (((second & FRAME_MASKED) != 0) == client)
        return client ? "a masked frame from a server" : "an unmasked frame from a client";
    if ((first & FRAME_CONTROL) != 0 && (second & FRAME_LENGTH) > OPS_WEBSOCKET_CONTROL_BYTES)
        return "a control frame of more than 125 bytes";
    return NULL;
}

/* Bytes of a header by its second byte. */
static size_t frame_head_bytes(unsigned second)
{
    unsigned length = second & FRAME_LENGTH;

    return (length == 127 ? 10u : length == 126 ? 4u : 2u) + ((second & FRAME_MASKED) != 0 ? 4u : 0u);
}

/* The payload's length, of a header that is whole. False when it is not the shortest way to write it. */
static bool frame_length(const uint8_t *head, uint64_t *length)
{
    unsigned i, short_length = head[1] & FRAME_LENGTH, bytes = short_length == 127 ? 8 : short_length == 126 ? 2 : 0;

    *length = bytes == 0 ? short_length : 0;
    for (i = 0; i < bytes; i++)
        *length = *length << 8 | head[2 + i];
    if (bytes == 8)
        return *length > 65535 && *length >> 63 == 0;
    return bytes == 0 || *length > 125;
}

/* A data frame begins: counts it against the limits. */
static const char *frame_limit_problem(const struct ops_websocket_reader *r, const struct ops_websocket_config *config,
                                       uint64_t length)
{
    uint64_t limit = config->message_max_bytes < OPS_WEBSOCKET_MESSAGE_LIMIT ? config->message_max_bytes
                                                                             : (uint64_t)OPS_WEBSOCKET_MESSAGE_LIMIT;
    uint64_t used = r->held_bytes + (uint64_t)r->fragments * config->fragment_cost_bytes;

    if (r->fragments >= config->fragments_max)
        return "a message of too many fragments";
    return used > limit || length > limit - used ? "a message above the limit" : NULL;
}

/* Takes in a header that is whole. */
static bool frame_begin(struct ops_websocket_reader *r, const struct ops_websocket_config *config,
                        struct ops_websocket_frame *frame)
{
    const uint8_t *head = r->head;
    size_t head_bytes = frame_head_bytes(head[1]);
    const char *problem;
    uint64_t length;

    if (!frame_length(head, &length)) {
        frame_break(r, config, frame, OPS_WEBSOCKET_CODE_VIOLATION, "a length that is not in its shortest form");
        return false;
    }
    r->opcode = (uint8_t)((head[0] & FRAME_OPCODE) | (head[0] & FRAME_FIN));
    if ((head[0] & FRAME_CONTROL) == 0) {
        problem = frame_limit_problem(r, config, length);
        if (problem != NULL) {
            frame_break(r, config, frame, OPS_WEBSOCKET_CODE_TOO_LARGE, problem);
            return false;
        }
        if (r->fragments == 0) {
            r->message_opcode = head[0] & FRAME_OPCODE;
            r->checked_bytes = 0;
        }
        r->fragments++;
    }
    if ((head[1] & FRAME_MASKED) != 0)
        memcpy(r->mask, head + head_bytes - 4, 4);
    r->mask_at = 0;
    r->left_bytes = (uint32_t)length;
    r->control_bytes = 0;
    r->head_bytes = 0;
    r->state = FRAME_PAYLOAD;
    return true;
}

static bool frame_take_head(struct ops_websocket_reader *r, struct ops_websocket_bytes *bytes, size_t wanted)
{
    size_t n = wanted - r->head_bytes;

    if (r->head_bytes >= wanted)
        return true;
    n = n < bytes->len ? n : bytes->len;
    memcpy(r->head + r->head_bytes, bytes->ptr, n);
    r->head_bytes = (uint8_t)(r->head_bytes + n);
    bytes->ptr += n;
    bytes->len -= n;
    return r->head_bytes >= wanted;
}

/* Reads a header. MESSAGE stands for "it is whole". */
static enum ops_websocket_event frame_read_head(struct ops_websocket_reader *r,
                                                const struct ops_websocket_config *config,
                                                struct ops_websocket_bytes *bytes, struct ops_websocket_frame *frame)
{
    const char *problem;

    if (r->head_bytes < 2) {
        bool two = (bytes->len > 0 || r->head_bytes > 0) && frame_take_head(r, bytes, 2);

        if (r->head_bytes == 0)
            return OPS_WEBSOCKET_MORE;
        problem = frame_first_problem(r, r->head[0]);
        if (problem == NULL && two)
            problem = frame_second_problem(config->client, r->head[0], r->head[1]);
        if (problem != NULL)
            return frame_break(r, config, frame, OPS_WEBSOCKET_CODE_VIOLATION, problem);
        if (!two)
            return OPS_WEBSOCKET_MORE;
    }
    if (!frame_take_head(r, bytes, frame_head_bytes(r->head[1])))
        return OPS_WEBSOCKET_MORE;
    return frame_begin(r, config, frame) ? OPS_WEBSOCKET_MESSAGE : OPS_WEBSOCKET_BROKEN;
}

/* ---- text -------------------------------------------------------------------------------------------------------- */

/* Checks text from `*checked` on; the end may cut a character. */
static bool frame_check_text(const char *text, size_t len, uint32_t *checked)
{
    *checked += (uint32_t)ops_utf8_valid_prefix(text + *checked, len - *checked);
    return *checked == len || text_character_begins((const unsigned char *)text + *checked, len - *checked);
}

/* ---- the payload ------------------------------------------------------------------------------------------------- */

static void frame_unmask(struct ops_websocket_reader *r, const struct ops_websocket_config *config, char *to,
                         const char *from, size_t len)
{
    if (!config->client) {
        mask_copy(to, from, len, r->mask, r->mask_at);
        r->mask_at = (uint8_t)((r->mask_at + len) & 3);
    } else if (to != from) {
        memcpy(to, from, len);
    }
}

/* Room for `more` bytes behind what is held: a multiple of what has come, never of what was only announced, so that a
 * header alone costs a peer more than us. The last frame says how much is to come: then the memory grows faster, and
 * to just that. (With glibc's malloc 1 MB in reads of 64 KiB takes 22 us so, and 640 us when it only doubles: fresh
 * pages.) */
static bool frame_room(struct ops_websocket_reader *r, const struct ops_websocket_config *config, size_t more)
{
    size_t used = (size_t)r->held_bytes + r->control_bytes, room, last;
    char *held;

    if (used + more <= r->held_room)
        return true;
    room = (used + more) * 2;
    if ((r->opcode & FRAME_FINAL) != 0) {
        room *= 2;
        last = used + r->left_bytes;
        room = room < last ? room : last;
    }
    if (room < FRAME_FIRST_ROOM)
        room = FRAME_FIRST_ROOM;
    held = config->memory.more(config->memory.self, room);
    if (held == NULL)
        return false;
    if (r->held != NULL) {
        memcpy(held, r->held, used);
        config->memory.release(config->memory.self, r->held, r->held_room);
    }
    r->held = held;
    r->held_room = (uint32_t)room;
    return true;
}

static bool frame_is_control(const struct ops_websocket_reader *r)
{
    return (r->opcode & FRAME_CONTROL) != 0;
}

/* Adds what has come of the payload to what is held. NULL, or what is wrong. */
static const char *frame_gather(struct ops_websocket_reader *r, const struct ops_websocket_config *config,
                                struct ops_websocket_bytes *bytes, uint16_t *code)
{
    size_t n = bytes->len < r->left_bytes ? bytes->len : r->left_bytes;

    if (n > 0 && !frame_room(r, config, n)) {
        *code = OPS_WEBSOCKET_CODE_INTERNAL;
        return "no memory for a message";
    }
    while (n > 0) {
        size_t step = n < FRAME_STEP ? n : FRAME_STEP;

        frame_unmask(r, config, r->held + r->held_bytes + r->control_bytes, bytes->ptr, step);
        bytes->ptr += step;
        bytes->len -= step;
        r->left_bytes -= (uint32_t)step;
        n -= step;
        if (frame_is_control(r)) {
            r->control_bytes = (uint8_t)(r->control_bytes + step);
            continue;
        }
        r->held_bytes += (uint32_t)step;
        if (r->message_opcode == OPS_WEBSOCKET_TEXT && !frame_check_text(r->held, r->held_bytes, &r->checked_bytes)) {
            *code = OPS_WEBSOCKET_CODE_NOT_TEXT;
            return "text that is not UTF-8";
        }
    }
    return NULL;
}

/* A payload that is whole among the bytes, of a message that is this frame, or of a control frame: unmasks it where
 * it is. False when it is text that is not UTF-8. */
static bool frame_in_place(struct ops_websocket_reader *r, const struct ops_websocket_config *config,
                           struct ops_websocket_bytes *bytes, struct ops_str *payload)
{
    bool text = !frame_is_control(r) && r->message_opcode == OPS_WEBSOCKET_TEXT;
    char *at = bytes->ptr;
    uint32_t len = r->left_bytes, done = 0, checked = 0;

    while (done < len) {
        uint32_t step = len - done < FRAME_STEP ? len - done : FRAME_STEP;

        frame_unmask(r, config, at + done, at + done, step);
        done += step;
        if (text && !frame_check_text(at, done, &checked))
            return false;
    }
    bytes->ptr += len;
    bytes->len -= len;
    r->left_bytes = 0;
    *payload = ops_str_of(at, len);
    return !text || checked == len;
}

/* ---- what has come ----------------------------------------------------------------------------------------------- */

bool ops_websocket_code_is_sendable(unsigned code)
{
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

static enum ops_websocket_event frame_closed(struct ops_websocket_reader *r, const struct ops_websocket_config *config,
                                             struct ops_str payload, struct ops_websocket_frame *frame)
{
    const unsigned char *p = (const unsigned char *)payload.ptr;
    const char *problem = NULL;

    frame->code = OPS_WEBSOCKET_CODE_NONE;
    frame->payload = OPS_STR("");
    if (payload.len == 1)
        problem = "a Close with half a code";
    if (payload.len >= 2) {
        frame->code = (uint16_t)(p[0] << 8 | p[1]);
        frame->payload = ops_str_of(payload.ptr + 2, payload.len - 2);
        if (!ops_websocket_code_is_sendable(frame->code))
            problem = "a Close with a code that none may carry";
        else if (ops_utf8_valid_prefix(frame->payload.ptr, frame->payload.len) != frame->payload.len)
            problem = "a Close whose reason is not UTF-8";
    }
    if (problem != NULL)
        return frame_break(r, config, frame, OPS_WEBSOCKET_CODE_VIOLATION, problem);
    r->state = FRAME_ENDED;
    return OPS_WEBSOCKET_CLOSED;
}

/* The frame is whole: what it is, or MORE when it was only a part. */
static enum ops_websocket_event frame_finish(struct ops_websocket_reader *r, const struct ops_websocket_config *config,
                                             struct ops_str payload, struct ops_websocket_frame *frame)
{
    r->state = FRAME_HEADER;
    frame->payload = payload;
    frame->binary = false;
    frame->problem = NULL;
    frame->code = 0;
    switch (r->opcode & FRAME_OPCODE) {
    case OPS_WEBSOCKET_CLOSE:
        return frame_closed(r, config, payload, frame);
    case OPS_WEBSOCKET_PING:
        return OPS_WEBSOCKET_PINGED;
    case OPS_WEBSOCKET_PONG:
        return OPS_WEBSOCKET_PONGED;
    default:
        break;
    }
    if ((r->opcode & FRAME_FINAL) == 0)
        return OPS_WEBSOCKET_MORE;
    frame->binary = r->message_opcode == OPS_WEBSOCKET_BINARY;
    r->fragments = 0;
    return OPS_WEBSOCKET_MESSAGE;
}

/* Reads payload. MORE with bytes left: the frame is whole and was a part of a message. */
static enum ops_websocket_event frame_read_payload(struct ops_websocket_reader *r,
                                                   const struct ops_websocket_config *config,
                                                   struct ops_websocket_bytes *bytes, struct ops_websocket_frame *frame)
{
    bool control = frame_is_control(r);
    bool alone = control ? r->control_bytes == 0 : r->held_bytes == 0 && (r->opcode & FRAME_FINAL) != 0;
    struct ops_str payload;
    uint16_t code = 0;
    const char *problem;

    if (alone && bytes->len >= r->left_bytes) {
        if (!frame_in_place(r, config, bytes, &payload))
            return frame_break(r, config, frame, OPS_WEBSOCKET_CODE_NOT_TEXT, "text that is not UTF-8");
        return frame_finish(r, config, payload, frame);
    }
    problem = frame_gather(r, config, bytes, &code);
    if (problem != NULL)
        return frame_break(r, config, frame, code, problem);
    if (r->left_bytes > 0)
        return OPS_WEBSOCKET_MORE;
    if (control)
        return frame_finish(r, config, ops_str_of(r->held + r->held_bytes, r->control_bytes), frame);
    if ((r->opcode & FRAME_FINAL) != 0 && r->message_opcode == OPS_WEBSOCKET_TEXT && r->checked_bytes != r->held_bytes)
        return frame_break(r, config, frame, OPS_WEBSOCKET_CODE_NOT_TEXT,
                           "text that ends in the middle of a character");
    return frame_finish(r, config, ops_str_of(r->held != NULL ? r->held : "", r->held_bytes), frame);
}

enum ops_websocket_event ops_websocket_read(struct ops_websocket_reader *reader,
                                            const struct ops_websocket_config *config,
                                            struct ops_websocket_bytes *bytes, struct ops_websocket_frame *frame)
{
    if (reader->held != NULL && reader->fragments == 0 && reader->state != FRAME_PAYLOAD)
        frame_give_back(reader, config); /* what was handed out */
    if (bytes->len == 0)
        return OPS_WEBSOCKET_MORE;
    for (;;) {
        enum ops_websocket_event event = OPS_WEBSOCKET_MORE;

        if (reader->state == FRAME_ENDED) {
            frame_give_back(reader, config);
            bytes->ptr += bytes->len;
            bytes->len = 0;
            return OPS_WEBSOCKET_MORE;
        }
        if (reader->state == FRAME_HEADER) {
            event = frame_read_head(reader, config, bytes, frame);
            if (event != OPS_WEBSOCKET_MESSAGE)
                return event;
        }
        event = frame_read_payload(reader, config, bytes, frame);
        if (event != OPS_WEBSOCKET_MORE || reader->state == FRAME_PAYLOAD)
            return event;
    }
}
