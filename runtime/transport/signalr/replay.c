/* Counts what is sent and what comes, keeps what is not acknowledged. */
#include "replay.h"

#include <string.h>

enum { RING_FIRST = 8 };

static struct ops_signalr_kept *replay_at(const struct ops_signalr_replay *r, uint32_t i)
{
    return &r->ring[(r->first + i) & (r->room - 1)];
}

static bool replay_grow(struct ops_signalr_replay *r)
{
    uint32_t room = r->room == 0 ? RING_FIRST : r->room * 2, i;
    struct ops_signalr_kept *ring = r->memory->more(r->memory->self, room * sizeof *ring);

    if (ring == NULL)
        return false;
    for (i = 0; i < r->count; i++)
        ring[i] = *replay_at(r, i);
    if (r->ring != NULL)
        r->memory->release(r->memory->self, r->ring, r->room * sizeof *r->ring);
    r->ring = ring;
    r->room = room;
    r->first = 0;
    return true;
}

static void replay_forget_ring(struct ops_signalr_replay *r)
{
    if (r->ring != NULL)
        r->memory->release(r->memory->self, r->ring, r->room * sizeof *r->ring);
    r->ring = NULL;
    r->room = r->first = 0;
}

bool ops_signalr_replay_keep(struct ops_signalr_replay *r, void *frame, uint32_t bytes, uint32_t records)
{
    struct ops_signalr_kept *kept;

    if (r->count == r->room && !replay_grow(r))
        return false;
    kept = replay_at(r, r->count);
    kept->frame = frame;
    kept->bytes = bytes;
    kept->records = records;
    r->count++;
    r->bytes += bytes;
    r->sent += records;
    return true;
}

const struct ops_signalr_kept *ops_signalr_replay_at(const struct ops_signalr_replay *r, uint32_t i)
{
    return replay_at(r, i);
}

static void replay_drop_first(struct ops_signalr_replay *r)
{
    struct ops_signalr_kept *kept = replay_at(r, 0);

    r->acknowledged += kept->records;
    r->bytes -= kept->bytes;
    r->drop(r->self, kept->frame);
    r->first = (r->first + 1) & (r->room - 1);
    r->count--;
}

bool ops_signalr_replay_acked(struct ops_signalr_replay *r, int64_t sequence_id)
{
    if (sequence_id > r->sent)
        return false;
    while (r->count > 0 && r->acknowledged + replay_at(r, 0)->records <= sequence_id)
        replay_drop_first(r);
    if (r->count == 0)
        replay_forget_ring(r); /* an idle connection holds nothing */
    return true;
}

bool ops_signalr_replay_receive(struct ops_signalr_replay *r)
{
    if (r->discarding)
        return false;
    r->received++;
    if (r->received <= r->highest) {
        r->told = r->received == r->highest ? r->highest - 1 : r->told; /* the client has not heard of it: tell it again */
        return false;
    }
    r->highest = r->received;
    return true;
}

int64_t ops_signalr_replay_begin(struct ops_signalr_replay *r)
{
    r->discarding = true;
    return r->count > 0 ? r->acknowledged + 1 : r->sent + 1;
}

bool ops_signalr_replay_sequence(struct ops_signalr_replay *r, int64_t sequence_id)
{
    if (!r->discarding)
        return true; /* of no use in the middle of a connection */
    if (sequence_id < 1 || sequence_id > r->highest + 1)
        return false;
    r->received = sequence_id - 1;
    r->discarding = false;
    return true;
}

int64_t ops_signalr_replay_ack(struct ops_signalr_replay *r)
{
    if (r->told == r->highest)
        return 0;
    r->told = r->highest;
    return r->highest;
}

void ops_signalr_replay_end(struct ops_signalr_replay *r)
{
    while (r->count > 0)
        replay_drop_first(r);
    replay_forget_ring(r);
}
