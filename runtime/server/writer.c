#include "writer.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum {
    RING_FIRST = 4,  /* frames; most connections never need more at once */
    RING_KEPT = 32,  /* a ring that grew beyond it is given back when it is empty */
    VECTOR_MAX = 128 /* frames a system call; more gained nothing for small ones */
};

struct ops_frame *ops_frame_new(size_t bytes)
{
    struct ops_frame *frame = malloc(sizeof *frame + bytes);

    if (frame == NULL)
        return NULL;
    frame->references = 1;
    frame->payload_at = 0;
    frame->records = 0;
    frame->bytes = bytes;
    return frame;
}

void ops_frame_drop(struct ops_frame *frame)
{
    if (frame != NULL && --frame->references == 0)
        free(frame);
}

static struct ops_frame *frame_at(const struct ops_writer *w, uint32_t i)
{
    return w->ring[(w->first + i) & (w->room - 1)];
}

static bool ring_grow(struct ops_writer *w)
{
    uint32_t room = w->room > 0 ? w->room * 2 : w->room_again > RING_FIRST ? w->room_again : RING_FIRST;
    struct ops_frame **ring = malloc(room * sizeof *ring);

    if (ring == NULL)
        return false;
    for (uint32_t i = 0; i < w->count; i++)
        ring[i] = frame_at(w, i);
    free(w->ring);
    w->ring = ring;
    w->room = room;
    w->first = 0;
    return true;
}

bool ops_writer_push(struct ops_writer *w, struct ops_frame *frame)
{
    assert(frame->bytes > 0);
    if (w->count == w->room && !ring_grow(w))
        return false;
    w->ring[(w->first + w->count) & (w->room - 1)] = frame;
    w->count++;
    w->queued_bytes += frame->bytes;
    ops_frame_keep(frame);
    return true;
}

static ssize_t write_some(struct ops_writer *w, int fd, size_t *asked)
{
    struct iovec vector[VECTOR_MAX];
    struct msghdr message;
    uint32_t count = w->count < VECTOR_MAX ? w->count : VECTOR_MAX;

    *asked = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct ops_frame *frame = frame_at(w, i);
        size_t skip = i == 0 ? w->written_bytes : 0;

        vector[i].iov_base = frame->data + skip;
        vector[i].iov_len = frame->bytes - skip;
        *asked += vector[i].iov_len;
    }
    if (count == 1)
        return send(fd, vector[0].iov_base, vector[0].iov_len, MSG_NOSIGNAL | MSG_DONTWAIT);
    memset(&message, 0, sizeof message);
    message.msg_iov = vector;
    message.msg_iovlen = count;
    return sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Forgets `bytes` that the socket took. */
static void take(struct ops_writer *w, size_t bytes)
{
    w->queued_bytes -= bytes;
    w->written_bytes += bytes;
    while (w->count > 0 && w->written_bytes >= frame_at(w, 0)->bytes) {
        struct ops_frame *frame = frame_at(w, 0);

        w->written_bytes -= frame->bytes;
        w->first = (w->first + 1) & (w->room - 1);
        w->count--;
        ops_frame_drop(frame);
    }
    assert(w->count > 0 || (w->written_bytes == 0 && w->queued_bytes == 0));
}

enum ops_writer_outcome ops_writer_flush(struct ops_writer *w, int fd, bool *progress)
{
    uint32_t most = w->count;

    while (w->count > 0) {
        size_t asked;
        ssize_t n = write_some(w, fd, &asked);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN || errno == EWOULDBLOCK ? OPS_WRITER_BLOCKED : OPS_WRITER_FAILED;
        if (progress != NULL)
            *progress = true;
        take(w, (size_t)n);
        if ((size_t)n < asked)
            return OPS_WRITER_BLOCKED;
    }
    if (w->room > RING_KEPT) {
        free(w->ring);
        w->ring = NULL;
        while (w->room / 2 >= most && w->room > RING_FIRST)
            w->room /= 2;
        w->room_again = w->room;
        w->room = w->first = 0;
    }
    return OPS_WRITER_EMPTY;
}

size_t ops_writer_behind(const struct ops_writer *w)
{
    return w->count == 0 ? 0 : w->queued_bytes - (frame_at(w, 0)->bytes - w->written_bytes);
}

uint32_t ops_writer_drop(struct ops_writer *w)
{
    uint32_t kept = w->written_bytes > 0 ? 1 : 0, dropped = w->count - kept;

    for (uint32_t i = kept; i < w->count; i++) {
        w->queued_bytes -= frame_at(w, i)->bytes;
        ops_frame_drop(frame_at(w, i));
    }
    w->count = kept;
    return dropped;
}

struct ops_frame *ops_writer_take(struct ops_writer *w)
{
    struct ops_frame *frame = w->count == 0 ? NULL : frame_at(w, 0);

    assert(w->written_bytes == 0);
    if (frame == NULL)
        return NULL;
    w->queued_bytes -= frame->bytes;
    w->first = (w->first + 1) & (w->room - 1);
    if (--w->count == 0 && w->room > RING_KEPT) {
        free(w->ring);
        w->ring = NULL;
        w->room = w->first = 0;
    }
    return frame;
}

void ops_writer_end(struct ops_writer *w)
{
    for (uint32_t i = 0; i < w->count; i++)
        ops_frame_drop(frame_at(w, i));
    free(w->ring);
    memset(w, 0, sizeof *w);
}
