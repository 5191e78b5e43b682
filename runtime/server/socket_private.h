/* Private: what the files of a socket share. */
#ifndef OPS_SERVER_SOCKET_PRIVATE_H
#define OPS_SERVER_SOCKET_PRIVATE_H

#include "server.h"
#include "socket.h"

/* ---- socket.c: life and lists ---- */

/* It has something to write; at the end of a tick. */
void socket_mark_dirty(struct ops_socket *s);

/* And somebody waits for it; at the end of this tick. */
void socket_mark_urgent(struct ops_socket *s);

/* It has something to do where the core may be called. */
void socket_mark_waiting(struct ops_socket *s);

/* The core hears no more of it, and it nothing of the core. */
void socket_leave_core(struct ops_socket *s, bool own_peer_disconnected);

/* Queues a Close, then waits for the client's, or (`heard`) for the end of the connection. */
void socket_begin_close(struct ops_socket *s, struct ops_websocket_close close, bool heard);

/* The connection ends now; `reset`: the system forgets what it has not sent. The struct lives until the waiting are seen to. */
void socket_end(struct ops_socket *s, bool reset);

/* ---- socket_write.c ---- */

extern const struct ops_peer_ops socket_peer_ops;

/* False: no memory; the socket will be closed. */
bool socket_queue(struct ops_socket *s, struct ops_frame *frame);
bool socket_queue_control(struct ops_socket *s, const char *bytes, size_t len);

/* Encodes a message of our own making for this client. */
bool socket_queue_message(struct ops_socket *s, const struct ops_server_message *message);

/* Writes; ends our half of the connection when that is what is left to do. May end the socket. */
void socket_flush(struct ops_socket *s);

/* ---- socket_read.c ---- */

/* How its frames are read. */
static inline const struct ops_websocket_config *socket_frames(const struct ops_socket *s)
{
    const struct ops_server *server = s->loop->server;

    return s->kind == OPS_SOCKET_ECHO ? &server->echo_frames : s->kind == OPS_SOCKET_HUB ? &server->hub_frames : &server->frames;
}

static inline bool socket_is_stopped(const struct ops_socket *s)
{
    return s->paused || s->full || s->close_wanted;
}

/* Handles bytes; what is left when it is stopped is kept. They are changed. May end the socket. */
void socket_handle(struct ops_socket *s, char *bytes, size_t len);

/* Reads from the client if it may. */
void socket_read_on(struct ops_socket *s);
void socket_read_off(struct ops_socket *s);

/* What was kept, then reads on. */
void socket_read_again(struct ops_socket *s);

#endif
