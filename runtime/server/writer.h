/* What is to be written to one connection: frames, encoded once and shared by all who get the same one.
 *
 * Written by one system call a tick and connection, straight from the shared frames. Knows the bytes of the frame that is half written,
 * so that what is behind it can be dropped without cutting a frame. Of one loop. */
#ifndef OPS_SERVER_WRITER_H
#define OPS_SERVER_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A WebSocket frame with its header. Immutable once it is shared. */
struct ops_frame {
    uint32_t references;
    uint16_t payload_at; /* where the payload begins: what other transports carry */
    uint16_t records;    /* of the payload that stateful reconnect counts */
    size_t bytes;
    char data[];
};

/* Uninitialised data, one reference, no records; NULL: no memory. */
struct ops_frame *ops_frame_new(size_t bytes);

static inline void ops_frame_keep(struct ops_frame *frame)
{
    frame->references++;
}

/* NULL is ignored. */
void ops_frame_drop(struct ops_frame *frame);

/* All zero is an empty one, and holds no memory but its ring. */
struct ops_writer {
    struct ops_frame **ring; /* `count` frames from `first` on, around */
    uint32_t room;           /* a power of two, or 0 */
    uint32_t first, count;
    uint32_t room_again;     /* what the last ring that was given back needed: bursts come in rows */
    size_t written_bytes;    /* of the first frame */
    size_t queued_bytes;     /* of all frames, less written_bytes */
};

/* Appends; keeps the frame. False: no memory, nothing changed. */
bool ops_writer_push(struct ops_writer *writer, struct ops_frame *frame);

enum ops_writer_outcome {
    OPS_WRITER_EMPTY,   /* all is written */
    OPS_WRITER_BLOCKED, /* the socket takes no more */
    OPS_WRITER_FAILED   /* the connection is lost */
};

/* Writes what the socket takes. `*progress` (may be NULL) is set when it took anything. */
enum ops_writer_outcome ops_writer_flush(struct ops_writer *writer, int fd, bool *progress);

/* Bytes behind the frame that is being written. */
size_t ops_writer_behind(const struct ops_writer *writer);

/* Drops every frame of which nothing is written yet; returns how many. */
uint32_t ops_writer_drop(struct ops_writer *writer);

/* The oldest frame, taken out: its reference is the caller's. Only for what is written nowhere (no ops_writer_flush before). NULL: empty. */
struct ops_frame *ops_writer_take(struct ops_writer *writer);

/* Drops all. */
void ops_writer_end(struct ops_writer *writer);

#endif
