/* A WebSocket client connection over a plain socket, for programs with a poll loop: this tool and the load generator.
 *
 * Nothing blocks but the look-up of a host name. Frames are runtime/transport/websocket's; this is connect, the HTTP upgrade, and
 * the bytes. Pings are answered here. Memory comes from malloc. Single threaded. */
#ifndef OPS_EDIT_SOCKET_H
#define OPS_EDIT_SOCKET_H

#include "runtime/base/str.h"

struct ops_edit_socket;

struct ops_edit_url {
    char host[256], port[6], path[1024];
};

/* ws://host[:port][/path[?query]]; [::1] as host too. False: it is none. */
bool ops_edit_url_parse(const char *text, struct ops_edit_url *url);

/* Called by ops_edit_socket_ready. `ended` comes once, last, with the peer's close code (0: it gave none) and a sentence for
 * people; the socket may be freed only after the call of ops_edit_socket_ready has returned. */
struct ops_edit_socket_events {
    void *self;
    void (*opened)(void *self);
    void (*message)(void *self, struct ops_str text); /* borrowed until return */
    void (*ended)(void *self, uint16_t close_code, const char *problem);
};

/* Begins to connect. `events` is copied. `message_max_bytes`: larger messages end the connection. NULL: no such host, no memory or no
 * descriptor left; `*problem` says which. */
struct ops_edit_socket *ops_edit_socket_open(const struct ops_edit_url *url, size_t message_max_bytes,
                                             const struct ops_edit_socket_events *events, const char **problem);

/* For poll(): the descriptor, and POLLIN and POLLOUT as wanted now. */
int ops_edit_socket_fd(const struct ops_edit_socket *socket);
short ops_edit_socket_poll(const struct ops_edit_socket *socket);

/* What poll() returned. */
void ops_edit_socket_ready(struct ops_edit_socket *socket, short revents);

/* Sends a text message; what the kernel does not take now waits. False: not open, or no memory. */
bool ops_edit_socket_send(struct ops_edit_socket *socket, struct ops_str text);

/* Bytes that wait. */
size_t ops_edit_socket_unsent(const struct ops_edit_socket *socket);

/* Sends a Close; `ended` comes when the peer has answered. */
void ops_edit_socket_close(struct ops_edit_socket *socket, uint16_t code);

/* Closes the descriptor at once, without a word. NULL is ignored. */
void ops_edit_socket_free(struct ops_edit_socket *socket);

#endif
