/* One SignalR connection: its handshake, its records, the calls in them, and what it is told (spec/signalr-protocol.md §4 to §8,
 * spec/v1.md §4.2, spec/opstream-wire.md §4). Sans-IO: knows no transport (WebSocket, server-sent events, long polling) and no core.
 *
 * The server feeds bytes and is told, one step at a time, what to do; it may stop between two steps (a paused client) and keep the
 * rest of the bytes. */
#ifndef OPS_SIGNALR_SESSION_H
#define OPS_SIGNALR_SESSION_H

#include "gen/errors.h"
#include "gen/profile.h"
#include "gen/types.h"
#include "runtime/base/buf.h"
#include "replay.h"

enum ops_signalr_protocol { OPS_SIGNALR_NONE, OPS_SIGNALR_JSON, OPS_SIGNALR_MSGPACK }; /* NONE: before the handshake */

/* What all connections share. */
struct ops_signalr_config {
    const struct ops_memory *memory; /* of records that come in pieces */
    size_t limit_bytes;              /* of a record with its separator or length; 0: the profile's hub_message_limit_bytes */
};

/* One connection. Private. */
struct ops_signalr_session {
    const struct ops_profile *profile;
    struct ops_signalr_replay *replay; /* stateful reconnect, agreed and not switched off; else NULL. Borrowed */
    char *held;                        /* the beginning of a record; after that record its bytes, until the next read */
    uint32_t held_bytes, held_room;
    uint8_t protocol;                  /* enum ops_signalr_protocol */
    uint8_t version;                   /* of the hub protocol: 0 to 2 */
    bool binary;                       /* the transport carries more than text */
    bool extended;                     /* it has said something of the extended protocol */
    bool spent;                        /* what is held was a whole record and has been read */
    bool closed;                       /* CLOSE was said: what comes is ignored */
};

/* `profile`: of the URL or the configuration; never NULL. `binary`: the transport carries MessagePack. `replay`: stateful reconnect was
 * agreed when it negotiated (then the handshake decides: version 2 keeps it), else NULL; it outlives the session. */
void ops_signalr_session_init(struct ops_signalr_session *session, const struct ops_profile *profile, bool binary,
                              struct ops_signalr_replay *replay);
void ops_signalr_session_end(struct ops_signalr_session *session, const struct ops_signalr_config *config);

/* Another socket carries the connection on (stateful reconnect): the beginning of a record that the last one brought is forgotten. */
void ops_signalr_session_restart(struct ops_signalr_session *session, const struct ops_signalr_config *config);

enum ops_signalr_step {
    OPS_SIGNALR_STEP_MORE,      /* all bytes are used up */
    OPS_SIGNALR_STEP_HANDSHAKE, /* send `reply`; from here on there is a protocol */
    OPS_SIGNALR_STEP_CALL,      /* `message`; `extends`: the connection is extended from here on */
    OPS_SIGNALR_STEP_REFUSED,   /* a call that cannot be made: `refused`, to be answered in its place among the answers */
    OPS_SIGNALR_STEP_PING,      /* it is alive, and it pings: from its first ping on silence may be held against it */
    OPS_SIGNALR_STEP_ACK,       /* `replay` has forgotten what is acknowledged */
    OPS_SIGNALR_STEP_SEQUENCE,  /* `replay` knows what to send again */
    OPS_SIGNALR_STEP_SKIPPED,   /* a record of an unknown type, one for a stream that is not there, one that came already */
    OPS_SIGNALR_STEP_CLOSE      /* nothing more is read; send `reply` behind what is on its way, then end */
};

/* A call that cannot be made. */
struct ops_signalr_refused {
    enum ops_client_message_message_type kind; /* as far as it is known, else OPS_CLIENT_MESSAGE_NONE */
    struct ops_str document_id;                /* as far as it could be read, else absent */
    struct ops_str correlation_id;             /* as of calls */
    struct ops_str sentence;                   /* what is wrong, without a code */
    bool whole;                                /* `sentence` is the completion's whole error, in the words of that profile: code NO_ERROR */
};

/* What a step is about. Slices: of the bytes given, of the session until its next read, and of the arena. */
struct ops_signalr_said {
    struct ops_client_message message; /* `correlation_id` says which call it answers, and how: opaque, for ops_signalr_encode_reply */
    bool extends;
    struct ops_signalr_refused refused;
    struct ops_str reply;              /* a framed record; without WebSocket's header */
    enum ops_error_code code;          /* CLOSE: why; NO_ERROR: the client closes */
    bool handshake_failed;             /* CLOSE: `reply` is the handshake's answer, not a record */
    const char *problem;               /* CLOSE: for a log; static memory, or NULL */
};

/* Reads on until there is something to do; `*bytes` is moved behind what was read. Bytes are an ordered stream: where one frame, poll or
 * body ends means nothing. `arena` holds what is decoded and what is to be sent: the caller resets it between steps, when it is done with
 * `*said`. */
enum ops_signalr_step ops_signalr_session_read(struct ops_signalr_session *session, const struct ops_signalr_config *config,
                                               struct ops_str *bytes, struct ops_arena *arena, struct ops_signalr_said *said);

/* Nothing came within the handshake's time: what is to be said before the end. Appended to `buf`. */
enum ops_err ops_signalr_handshake_late(struct ops_buf *buf);

/* ---- what is sent ------------------------------------------------------------------------------------------------------------------ */

/* A wire form: a profile, plain or extended, JSON or MessagePack. 0 to ops_signalr_forms() - 1; a push is encoded once for all
 * connections of one form. */
unsigned ops_signalr_forms(void);
unsigned ops_signalr_session_form(const struct ops_signalr_session *session); /* after the handshake */
const struct ops_profile *ops_signalr_form_profile(unsigned form);

/* Records ready to be sent: `frame` is a whole WebSocket message (text or binary by the form), `payload` its content: what other
 * transports carry. Slices of the buffer. `records`: how many of them stateful reconnect counts; 0 with an empty payload: nothing is
 * to be sent. */
struct ops_signalr_sent {
    struct ops_str frame, payload;
    unsigned records;
};

/* A push. `buf` must be empty. OPS_ERR_NOMEM: `buf` is as before. */
enum ops_err ops_signalr_encode_push(unsigned form, const struct ops_server_message *message, struct ops_buf *buf,
                                     struct ops_signalr_sent *sent);

/* The answer to one call: a completion, or nothing when none is wanted; behind that of a join its ReceiveAwareness, where the profile has
 * one. `message->correlation_id` is that of the call. */
enum ops_err ops_signalr_encode_reply(unsigned form, const struct ops_server_message *message, struct ops_buf *buf,
                                      struct ops_signalr_sent *sent);

/* Ping; Ack and Sequence of `replay`. */
enum ops_err ops_signalr_encode_ping(unsigned form, struct ops_buf *buf, struct ops_signalr_sent *sent);
enum ops_err ops_signalr_encode_ack(unsigned form, int64_t sequence_id, struct ops_buf *buf, struct ops_signalr_sent *sent);
enum ops_err ops_signalr_encode_sequence(unsigned form, int64_t sequence_id, struct ops_buf *buf, struct ops_signalr_sent *sent);

/* Close because of `code` (NO_ERROR: without an error), in the words of the profile; says by itself whether to come back. */
enum ops_err ops_signalr_encode_close(unsigned form, enum ops_error_code code, struct ops_str sentence, struct ops_buf *buf,
                                      struct ops_signalr_sent *sent);

#endif
