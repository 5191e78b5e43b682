/* Stateful reconnect: what was sent and is not acknowledged is kept and sent again on the next WebSocket of the same connection; what
 * comes twice is dropped (spec/signalr-protocol.md §8). Counts records; knows no socket and no encoding. */
#ifndef OPS_SIGNALR_REPLAY_H
#define OPS_SIGNALR_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/pool.h"

/* What is kept of one send: the host's (a shared frame), with what it counts. */
struct ops_signalr_kept {
    void *frame;
    uint32_t bytes;
    uint32_t records;
};

/* All zero but for the first three members is a fresh one. */
struct ops_signalr_replay {
    const struct ops_memory *memory;
    void (*drop)(void *self, void *frame); /* a kept frame is not needed any more */
    void *self;

    struct ops_signalr_kept *ring; /* `count` sends from `first` on, around */
    uint32_t room, first, count;
    size_t bytes;                  /* of all that are kept */
    int64_t sent;                  /* records sent so far; the first of the kept is `acknowledged` + 1 */
    int64_t acknowledged;          /* by the client */
    int64_t received;              /* number of the last record that came */
    int64_t highest;               /* the highest that ever came */
    int64_t told;                  /* `highest` as of our last Ack */
    bool discarding;               /* on a new socket, until the client's Sequence */
};

/* A send with `records` counted records is kept; the frame is the replay's until `drop`. False: no memory, nothing was done. */
bool ops_signalr_replay_keep(struct ops_signalr_replay *replay, void *frame, uint32_t bytes, uint32_t records);

/* The client has seen everything up to `sequence_id`. A send is dropped when all its records are. False: more than was ever sent. */
bool ops_signalr_replay_acked(struct ops_signalr_replay *replay, int64_t sequence_id);

/* A counted record came. False: it came before, or is discarded. */
bool ops_signalr_replay_receive(struct ops_signalr_replay *replay);

/* A new socket: everything is discarded until the client's Sequence. Returns the sequence id to send first; then the kept sends are to be
 * sent again in order: ops_signalr_replay_at. */
int64_t ops_signalr_replay_begin(struct ops_signalr_replay *replay);
const struct ops_signalr_kept *ops_signalr_replay_at(const struct ops_signalr_replay *replay, uint32_t i); /* i < count */

/* The client's Sequence. False: records were lost: close. */
bool ops_signalr_replay_sequence(struct ops_signalr_replay *replay, int64_t sequence_id);

/* The sequence id of an Ack that is due: something came since the last. 0: none is. */
int64_t ops_signalr_replay_ack(struct ops_signalr_replay *replay);

/* Drops all. */
void ops_signalr_replay_end(struct ops_signalr_replay *replay);

#endif
