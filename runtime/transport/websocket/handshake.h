/* The opening handshake (RFC 6455 §4.2, spec/opstream-wire.md §3.1): is this HTTP request an upgrade, and the
 * answer's digest.
 *
 * Whoever parses HTTP gives the header values; the SHA-1 is the caller's library's. */
#ifndef OPS_WEBSOCKET_HANDSHAKE_H
#define OPS_WEBSOCKET_HANDSHAKE_H

#include "runtime/base/str.h"

enum {
    OPS_WEBSOCKET_KEY_CHARS = 24, /* Sec-WebSocket-Key: base64 of 16 bytes */
    OPS_WEBSOCKET_KEY_BYTES = 16,
    OPS_WEBSOCKET_ACCEPT_CHARS = 28, /* Sec-WebSocket-Accept: base64 of a SHA-1 */
    OPS_WEBSOCKET_SHA1_BYTES = 20
};

/* What a request says, as it came; a header that is not there is absent. Of a header that comes several times, the
 * values of `connection` and `upgrade` joined by commas; of the others `repeated` says that it was. */
struct ops_websocket_request {
    struct ops_str method;     /* GET */
    bool http_1_1;             /* HTTP/1.1 or later 1.x */
    struct ops_str upgrade;    /* Upgrade */
    struct ops_str connection; /* Connection */
    struct ops_str version;    /* Sec-WebSocket-Version */
    struct ops_str key;        /* Sec-WebSocket-Key */
    bool repeated;             /* Sec-WebSocket-Version or Sec-WebSocket-Key came more than once */
};

/* NULL: it is an upgrade. Else why it is none, to be answered by 400 (static memory, for a log). Subprotocols and
 * extensions are offers that are ignored: the answer has neither header. */
const char *ops_websocket_request_problem(const struct ops_websocket_request *request);

/* SHA-1 of `len` bytes to `digest`. */
typedef void ops_websocket_sha1(const void *bytes, size_t len, uint8_t digest[OPS_WEBSOCKET_SHA1_BYTES]);

/* Stores the value of Sec-WebSocket-Accept for a key, which a request without a problem has. Not zero-terminated. A
 * client checks the server's answer with it. */
void ops_websocket_accept(struct ops_str key, ops_websocket_sha1 *sha1, char out[OPS_WEBSOCKET_ACCEPT_CHARS]);

/* Stores a client's key, made of random bytes. Not zero-terminated. */
void ops_websocket_key(const uint8_t bytes[OPS_WEBSOCKET_KEY_BYTES], char out[OPS_WEBSOCKET_KEY_CHARS]);

#endif
