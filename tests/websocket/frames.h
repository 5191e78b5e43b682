/* What the WebSocket tests share: frames as bytes, and what a reader makes of them as a line of text. */
#ifndef OPS_TESTS_WEBSOCKET_FRAMES_H
#define OPS_TESTS_WEBSOCKET_FRAMES_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/transport/websocket/frame.h"
#include "tests/support/memory.h"
#include "tests/support/random.h"

enum { FIN = 0x80 };

/* Memory that counts what is out, and refuses when told to. */
struct counted {
    size_t out_bytes, most_bytes, blocks, refuse_after;
};

static inline void *counted_more(void *self, size_t bytes)
{
    struct counted *c = (struct counted *)self;

    if (c->refuse_after == 0)
        return NULL;
    c->refuse_after--;
    c->blocks++;
    c->out_bytes += bytes;
    if (c->out_bytes > c->most_bytes)
        c->most_bytes = c->out_bytes;
    return malloc(bytes);
}

static inline void counted_release(void *self, void *block, size_t bytes)
{
    struct counted *c = (struct counted *)self;

    c->out_bytes -= bytes;
    free(block);
}

static inline struct ops_websocket_config frames_config(bool client, uint32_t limit, struct counted *counted)
{
    struct ops_websocket_config config;

    memset(&config, 0, sizeof config);
    memset(counted, 0, sizeof *counted);
    counted->refuse_after = SIZE_MAX;
    config.client = client;
    config.message_max_bytes = limit;
    config.fragments_max = 100000;
    config.memory.more = counted_more;
    config.memory.release = counted_release;
    config.memory.self = counted;
    return config;
}

/* Bytes on the heap that grow. */
struct stream {
    char *ptr;
    size_t len, room;
};

static inline char *stream_room(struct stream *s, size_t bytes)
{
    if (s->len + bytes > s->room) {
        s->room = (s->len + bytes) * 2;
        s->ptr = (char *)realloc(s->ptr, s->room);
        if (s->ptr == NULL)
            abort();
    }
    return s->ptr + s->len;
}

static inline void stream_add(struct stream *s, const void *bytes, size_t len)
{
    char *at = len < SIZE_MAX / 4 ? stream_room(s, len + 1) : NULL;

    if (at == NULL)
        abort();
    if (len > 0)
        memcpy(at, bytes, len);
    s->len += len;
}

/* A frame, written here and not by the code under test: `first` is FIN, reserved bits and opcode. */
static inline void stream_add_frame(struct stream *s, unsigned first, const void *payload, size_t len, bool masked)
{
    unsigned char head[14];
    size_t n = 2, i, shift;
    uint32_t key = (uint32_t)rnd();

    head[0] = (unsigned char)first;
    if (len <= 125) {
        head[1] = (unsigned char)len;
    } else {
        size_t bytes = len <= 65535 ? 2 : 8;

        head[1] = bytes == 2 ? 126 : 127;
        for (i = 0; i < bytes; i++) {
            shift = 8 * (bytes - 1 - i);
            head[n++] = (unsigned char)((uint64_t)len >> shift);
        }
    }
    if (masked) {
        head[1] |= 0x80;
        memcpy(head + n, &key, 4);
        n += 4;
    }
    stream_add(s, head, n);
    stream_add(s, payload, len);
    for (i = 0; masked && i < len; i++)
        s->ptr[s->len - len + i] = (char)(s->ptr[s->len - len + i] ^ head[n - 4 + i % 4]);
}

/* ---- what was read, as text: `text Hello|ping|close 1000 bye|broken 1002` ---------------------------------------- */

static inline void stream_print(struct stream *out, const char *word, struct ops_str payload)
{
    char number[32];
    size_t i;

    if (out->len > 0)
        stream_add(out, "|", 1);
    stream_add(out, word, strlen(word));
    if (payload.len > 0)
        stream_add(out, " ", 1);
    if (payload.len > 300) { /* a digest */
        uint64_t hash = UINT64_C(1469598103934665603);

        for (i = 0; i < payload.len; i++)
            hash = (hash ^ (unsigned char)payload.ptr[i]) * UINT64_C(1099511628211);
        stream_add(out, number,
                   (size_t)snprintf(number, sizeof number, "%zu#%llx", payload.len, (unsigned long long)hash));
        return;
    }
    stream_add(out, payload.ptr, payload.len);
}

static inline void stream_print_event(struct stream *out, enum ops_websocket_event event,
                                      const struct ops_websocket_frame *frame)
{
    char word[32];

    switch (event) {
    case OPS_WEBSOCKET_MESSAGE:
        stream_print(out, frame->binary ? "binary" : "text", frame->payload);
        break;
    case OPS_WEBSOCKET_PINGED:
        stream_print(out, "ping", frame->payload);
        break;
    case OPS_WEBSOCKET_PONGED:
        stream_print(out, "pong", frame->payload);
        break;
    case OPS_WEBSOCKET_CLOSED:
        snprintf(word, sizeof word, "close %u", frame->code);
        stream_print(out, word, frame->payload);
        break;
    case OPS_WEBSOCKET_BROKEN:
        snprintf(word, sizeof word, "broken %u", frame->code);
        stream_print(out, word, ops_str_of("", 0));
        break;
    case OPS_WEBSOCKET_MORE:
        break;
    }
}

/* Feeds `len` bytes, in a block of exactly their size, and prints what happens. */
static inline void frames_feed(struct ops_websocket_reader *reader, const struct ops_websocket_config *config,
                               const char *bytes, size_t len, struct stream *out)
{
    char *copy = (char *)malloc(len > 0 ? len : 1);
    struct ops_websocket_bytes left = {copy, len};
    struct ops_websocket_frame frame;
    enum ops_websocket_event event;

    if (copy == NULL)
        abort();
    memcpy(copy, bytes, len);
    while ((event = ops_websocket_read(reader, config, &left, &frame)) != OPS_WEBSOCKET_MORE)
        stream_print_event(out, event, &frame);
    if (left.len != 0)
        abort();
    free(copy);
}

/* How a stream is cut. */
enum { CUT_NOT = 0, CUT_BYTES = 1, CUT_RANDOM = 2 };

/* What a reader makes of a stream, as a string on the heap. */
static inline char *frames_play(const struct ops_websocket_config *config, struct stream in, unsigned cut)
{
    struct ops_websocket_reader reader;
    struct stream out = {NULL, 0, 0};
    size_t at = 0;

    ops_websocket_reader_init(&reader);
    while (at < in.len) {
        size_t n = cut == CUT_NOT ? in.len : cut == CUT_BYTES ? 1 : 1 + rnd_below(rnd_below(4) == 0 ? 70000 : 20);

        n = n < in.len - at ? n : in.len - at;
        frames_feed(&reader, config, in.ptr + at, n, &out);
        at += n;
    }
    ops_websocket_reader_end(&reader, config);
    stream_add(&out, "", 1);
    return out.ptr;
}

#endif
