/* One client on a collaboration WebSocket: which profile it speaks, what it said, how it is answered (spec/v1.md
 * §4.1, opstream-wire.md §3). Sans-IO, on top of the frame reader.
 *
 * The server feeds bytes and is told, one step at a time, what to do; it may stop between two steps (a paused client)
 * and keep the rest of the bytes. Knows no core: what a request means, and counting refused ones, is the core's. */
#ifndef OPS_WEBSOCKET_SESSION_H
#define OPS_WEBSOCKET_SESSION_H

#include "frame.h"
#include "gen/errors.h"
#include "gen/profile.h"
#include "gen/types.h"
#include "runtime/base/buf.h"

/* One connection. Private, 72 bytes. */
struct ops_websocket_session {
    struct ops_websocket_reader reader;
    const struct ops_profile *profile; /* NULL: the first message will tell */
    bool extended;                     /* it has said something of the extended protocol */
};

/* Why a connection is to be closed. */
enum ops_websocket_cause {
    OPS_WEBSOCKET_BY_PEER,       /* it sent a Close: this one answers it */
    OPS_WEBSOCKET_BY_VIOLATION,  /* of RFC 6455, or text that is not UTF-8 */
    OPS_WEBSOCKET_BY_SIZE,       /* a message above its limits */
    OPS_WEBSOCKET_BY_UNREADABLE, /* a message that could not be decoded, where that ends a connection */
    OPS_WEBSOCKET_BY_MEMORY      /* none left */
};

struct ops_websocket_close {
    uint16_t code;         /* for ops_websocket_close_write */
    struct ops_str reason; /* static memory */
};

/* A message that could not be decoded: the members of struct ops_unreadable (runtime/core). */
struct ops_websocket_unreadable {
    enum ops_client_message_message_type kind;  /* as far as it is known, else OPS_CLIENT_MESSAGE_NONE */
    struct ops_str document_id, correlation_id; /* as far as they could be read, else absent */
    struct ops_str sentence;                    /* what is wrong, without a code */
};

enum ops_websocket_step {
    OPS_WEBSOCKET_STEP_MORE,       /* all bytes are used up */
    OPS_WEBSOCKET_STEP_MESSAGE,    /* `message`; `extends`: the connection is extended from here on */
    OPS_WEBSOCKET_STEP_UNREADABLE, /* `unreadable`, to be answered */
    OPS_WEBSOCKET_STEP_PING,       /* to be answered by a Pong with `payload` */
    OPS_WEBSOCKET_STEP_PONG,
    OPS_WEBSOCKET_STEP_CLOSE /* nothing more is read; send `close` behind what is on its way, then end */
};

/* What a step is about. Slices: as ops_websocket_read says, and of the arena. */
struct ops_websocket_said {
    struct ops_client_message message;
    bool extends;
    struct ops_websocket_unreadable unreadable;
    struct ops_str payload;
    struct ops_websocket_close close;
    enum ops_websocket_cause cause;
    bool own_peer_disconnected; /* CLOSE: the client is to get its own PeerDisconnected first (ops_core_disconnect) */
    const char *problem;        /* CLOSE by violation or size: for a log; static memory. Else NULL */
};

/* `profile`: fixed by the URL or the configuration; NULL: decided for good by the first message. */
void ops_websocket_session_init(struct ops_websocket_session *session, const struct ops_profile *profile);

/* Reads on until there is something to do; `*bytes` is moved behind what was read. `config` (of the server's side) as
 * for ops_websocket_read. `arena` holds what is decoded: the caller resets it between steps, when it is done with
 * `*said`. */
enum ops_websocket_step ops_websocket_session_read(struct ops_websocket_session *session,
                                                   const struct ops_websocket_config *config,
                                                   struct ops_websocket_bytes *bytes, struct ops_arena *arena,
                                                   struct ops_websocket_said *said);

/* Gives back what is held. */
void ops_websocket_session_end(struct ops_websocket_session *session, const struct ops_websocket_config *config);

/* The profile of a connection; that which is the default until it is decided. */
const struct ops_profile *ops_websocket_session_profile(const struct ops_websocket_session *session);

/* How a connection of this profile is closed because of `code`; NO_ERROR: because we want to (spec/v1.md §4.1). */
struct ops_websocket_close ops_websocket_close_of(const struct ops_profile *profile, enum ops_error_code code);

/* ---- what is sent ------------------------------------------------------------------------------------------------ */

/* A wire form of server messages: a profile, plain or extended. 0 to ops_websocket_forms() - 1; a message is encoded
 * once for all connections of one form. */
unsigned ops_websocket_forms(void);
unsigned ops_websocket_form(const struct ops_profile *profile, bool extended);
const struct ops_profile *ops_websocket_form_profile(unsigned form);

static inline unsigned ops_websocket_session_form(const struct ops_websocket_session *session)
{
    return ops_websocket_form(ops_websocket_session_profile(session), session->extended);
}

/* Writes one text frame with the message, in a buffer that must be empty. `*frame` is the frame: a slice of the
 * buffer, which begins a few bytes behind its start. OPS_ERR_NOMEM: `buf` is as before. */
enum ops_err ops_websocket_encode(unsigned form, const struct ops_server_message *message, struct ops_buf *buf,
                                  struct ops_str *frame);

/* ---- a client's side --------------------------------------------------------------------------------------------- */

/* The same for a client: masked with `mask`, which must be new random bytes each time (RFC 6455 §5.3). */
enum ops_err ops_websocket_encode_client(unsigned form, const struct ops_client_message *message, const uint8_t mask[4],
                                         struct ops_buf *buf, struct ops_str *frame);

#endif
