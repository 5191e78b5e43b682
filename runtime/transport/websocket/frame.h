/* WebSocket frames (RFC 6455), both ends, without extensions. Sans-IO: bytes in, messages out.
 *
 * Reading: bytes come as a socket gave them, cut anywhere. They are unmasked in place, and what lies whole among them
 * is handed out as a slice of them; what does not is gathered in memory that is given back after the message, so a
 * connection that says nothing holds no buffer. Text is checked as it comes: a fault is found in the fragment that
 * has it.
 *
 * Knows no message, no profile and no socket. */
#ifndef OPS_WEBSOCKET_FRAME_H
#define OPS_WEBSOCKET_FRAME_H

#include "runtime/base/arena.h"

enum ops_websocket_opcode {
    OPS_WEBSOCKET_CONTINUATION = 0,
    OPS_WEBSOCKET_TEXT = 1,
    OPS_WEBSOCKET_BINARY = 2,
    OPS_WEBSOCKET_CLOSE = 8,
    OPS_WEBSOCKET_PING = 9,
    OPS_WEBSOCKET_PONG = 10
};

/* Close codes that this program sends or asks for (RFC 6455 §7.4, spec/v1.md §4.1). */
enum ops_websocket_code {
    OPS_WEBSOCKET_CODE_NORMAL = 1000,
    OPS_WEBSOCKET_CODE_GOING_AWAY = 1001,
    OPS_WEBSOCKET_CODE_VIOLATION = 1002,
    OPS_WEBSOCKET_CODE_NONE = 1005, /* never on the wire: a Close without a code */
    OPS_WEBSOCKET_CODE_NOT_TEXT = 1007,
    OPS_WEBSOCKET_CODE_POLICY = 1008,
    OPS_WEBSOCKET_CODE_TOO_LARGE = 1009,
    OPS_WEBSOCKET_CODE_INTERNAL = 1011,
    OPS_WEBSOCKET_CODE_TRY_LATER = 1013
};

enum {
    OPS_WEBSOCKET_CONTROL_BYTES = 125,                            /* largest payload of a Ping, Pong or Close */
    OPS_WEBSOCKET_REASON_BYTES = OPS_WEBSOCKET_CONTROL_BYTES - 2, /* largest reason of a Close */
    OPS_WEBSOCKET_HEADER_BYTES = 14,                              /* largest header, the mask included */
    OPS_WEBSOCKET_CONTROL_ROOM = OPS_WEBSOCKET_CONTROL_BYTES + 6, /* largest control frame */
    OPS_WEBSOCKET_MESSAGE_LIMIT = 1 << 30                         /* no configured limit is larger, bytes */
};

/* ---- reading ----------------------------------------------------------------------------------------------------- */

/* What all connections of one kind have in common. Outlives their readers. */
struct ops_websocket_config {
    bool client;                  /* we are the client: frames come unmasked; else they must be masked */
    uint32_t message_max_bytes;   /* refused (1009) by the header that announces more, before any of it is kept */
    uint32_t fragments_max;       /* frames of one message; more: 1009 */
    uint32_t fragment_cost_bytes; /* each frame of a message but the first counts for so many of message_max_bytes */
    struct ops_memory memory;     /* of messages that come in pieces */
};

/* One connection's place in the stream. Private. 56 bytes, and no other memory between messages. */
struct ops_websocket_reader {
    char *held;             /* a message that is coming, behind it a control frame that is coming; NULL: nothing is */
    uint32_t held_bytes;    /* of the message */
    uint32_t held_room;     /* allocated */
    uint32_t left_bytes;    /* of this frame's payload, not yet come */
    uint32_t checked_bytes; /* of held text, found to be UTF-8 */
    uint32_t fragments;     /* frames of this message that have begun; 0: between messages */
    uint8_t mask[4];        /* of this frame */
    uint8_t mask_at;        /* byte of the mask that is next */
    uint8_t head[OPS_WEBSOCKET_HEADER_BYTES]; /* the header that is coming */
    uint8_t head_bytes;
    uint8_t control_bytes;  /* of a control frame that is coming, behind the message */
    uint8_t opcode;         /* of this frame */
    uint8_t message_opcode; /* of this message: text or binary */
    uint8_t state;          /* private to frame.c */
};

/* Bytes that the reader unmasks where they lie. */
struct ops_websocket_bytes {
    char *ptr;
    size_t len;
};

enum ops_websocket_event {
    OPS_WEBSOCKET_MORE,    /* all bytes are used up; come again with more */
    OPS_WEBSOCKET_MESSAGE, /* a whole message; text is valid UTF-8 */
    OPS_WEBSOCKET_PINGED,  /* to be answered by a Pong with this payload */
    OPS_WEBSOCKET_PONGED,
    OPS_WEBSOCKET_CLOSED, /* the peer's Close; everything behind it is ignored */
    OPS_WEBSOCKET_BROKEN  /* to be closed with `code`; everything behind it is ignored */
};

/* Slices of `payload` are of the fed bytes or of the reader: borrowed until the next ops_websocket_read or
 * ops_websocket_reader_end. */
struct ops_websocket_frame {
    struct ops_str payload; /* of a MESSAGE, PINGED, PONGED; of CLOSED the reason. Never absent */
    uint16_t code;          /* CLOSED: the peer's, CODE_NONE without one. BROKEN: 1002, 1007, 1009, 1011 (no memory) */
    bool binary;            /* MESSAGE */
    const char *problem;    /* BROKEN: what is wrong, for a log; static memory */
};

/* Between messages, nothing held. */
void ops_websocket_reader_init(struct ops_websocket_reader *reader);

/* Reads on until something happens; `*bytes` is moved behind what was read, and is empty after MORE. Call it until
 * MORE, or keep the rest, untouched, for later. `*frame` is set by all events but MORE.
 *
 * BROKEN is the first violation of RFC 6455 in the stream, wherever the bytes were cut. */
enum ops_websocket_event ops_websocket_read(struct ops_websocket_reader *reader,
                                            const struct ops_websocket_config *config,
                                            struct ops_websocket_bytes *bytes, struct ops_websocket_frame *frame);

/* Gives back what is held; the reader ignores what comes. For a connection that ends, at any time. */
void ops_websocket_reader_end(struct ops_websocket_reader *reader, const struct ops_websocket_config *config);

/* Memory held for what is coming, bytes. */
static inline size_t ops_websocket_reader_held(const struct ops_websocket_reader *reader)
{
    return reader->held_room;
}

/* A code that a Close may carry: 1000-1003, 1007-1014, 3000-4999. */
bool ops_websocket_code_is_sendable(unsigned code);

/* ---- writing ----------------------------------------------------------------------------------------------------- */

/* Bytes of the header of a frame. */
static inline size_t ops_websocket_header_bytes(size_t payload_bytes, bool masked)
{
    return (payload_bytes <= 125 ? 2u : payload_bytes <= 65535 ? 4u : 10u) + (masked ? 4u : 0u);
}

/* Stores the header of a frame that is a whole message, or control frame; returns the place behind it. `mask`: of a
 * client's frame, whose payload is then masked with ops_websocket_mask; NULL: a server's. `out` has
 * ops_websocket_header_bytes of room. */
char *ops_websocket_header_write(char *out, enum ops_websocket_opcode opcode, size_t payload_bytes,
                                 const uint8_t mask[4]);

/* Masks, or unmasks, in place. */
void ops_websocket_mask(char *bytes, size_t len, const uint8_t mask[4]);

/* Stores a Ping or Pong of at most OPS_WEBSOCKET_CONTROL_BYTES of payload (what is more is cut off) in
 * OPS_WEBSOCKET_CONTROL_ROOM bytes of room; returns its size. */
size_t ops_websocket_control_write(char *out, enum ops_websocket_opcode opcode, struct ops_str payload,
                                   const uint8_t mask[4]);

/* The same for a Close. OPS_WEBSOCKET_CODE_NONE: without code and reason. A longer reason is cut between two
 * characters. */
size_t ops_websocket_close_write(char *out, unsigned code, struct ops_str reason, const uint8_t mask[4]);

#endif
