/* Private: what the files of a hub share. */
#ifndef OPS_SERVER_HUB_PRIVATE_H
#define OPS_SERVER_HUB_PRIVATE_H

#include "hub.h"
#include "hub_request.h"
#include "server.h"
#include "socket.h"

/* ---- hub.c ---- */

/* It has something to do where the core may be called, or something to be carried away. */
void hub_mark_waiting(struct ops_hub *hub);

/* Nothing more is read: `record` (with its framing; may be empty) goes out behind what is queued, then the transport ends. `code` also
 * says how a WebSocket is closed. `heard`: the client has said its last word. */
void hub_begin_close(struct ops_hub *hub, enum ops_error_code code, struct ops_str record, bool heard);

/* Ends with a Close record of our own making. */
void hub_close_with(struct ops_hub *hub, enum ops_error_code code, struct ops_str sentence, bool heard);

/* The client is there: the clocks that run while nothing carries it stop, those that watch it start. */
void hub_is_carried(struct ops_hub *hub);
void hub_is_away(struct ops_hub *hub);

/* Two random ids are never the same. False: no randomness. */
bool hub_make_id(char out[OPS_HUB_ID_CHARS]);

/* ---- hub_read.c ---- */

/* Reads on until all is used up or it must stop; `*bytes` is moved behind what was read. May end the hub. */
void hub_read_some(struct ops_hub *hub, struct ops_str *bytes);

/* ---- hub_write.c ---- */

extern const struct ops_peer_ops hub_peer_ops;

/* A framed record that nobody counts, as a frame (NULL: no memory), or queued. */
struct ops_frame *hub_frame_of_record(const struct ops_hub *hub, struct ops_str record);
void hub_queue_record(struct ops_hub *hub, struct ops_str record);
void hub_queue_frame(struct ops_hub *hub, struct ops_frame *frame, bool urgent);
void hub_queue_ping(struct ops_hub *hub);
void hub_queue_ack(struct ops_hub *hub); /* if one is due */

/* On a new socket: Sequence, then what was not acknowledged. */
void hub_queue_again(struct ops_hub *hub);

/* What is queued has become less. */
void hub_queue_taken(struct ops_hub *hub, size_t bytes);
void hub_queue_drop(struct ops_hub *hub);

/* Kept in the replay in place of a frame that was too much to keep. */
void hub_replay_drop(void *self, void *frame);

/* ---- hub_carry.c: server-sent events, long polling ---- */

/* Hands over what is queued, if there is somebody to take it; ends a CLOSING hub that has nothing left. */
void hub_carry(struct ops_hub *hub);

/* Answers all posts that can be answered. */
void hub_take_posts(struct ops_hub *hub);

/* Whoever waits is told that it is over. */
void hub_dismiss(struct ops_hub *hub);

/* A request at its hub's home. */
void hub_take_request(struct ops_hub_request *request, struct ops_loop *loop);

/* A part of the stream has gone out; it may be over meanwhile. */
void hub_part_taken(struct ops_hub_request *request);

/* Its client has gone: the hub knows nothing of the request any more. */
void hub_forsake(struct ops_hub_request *request);

/* A poll has hung long enough. */
void hub_poll_expires(struct ops_hub_request *request);

/* ---- hub_socket.c ---- */

/* Is the upgrade of this request agreed to? Answers it if not. */
void hub_take_upgrade(struct ops_hub *hub, struct ops_hub_request *request);

#endif
