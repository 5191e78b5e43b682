/* WebSocket peers of the benchmarks: as little work a message as possible, so that what is measured is the server.
 *
 * What a subscriber receives is counted by frame, not read; only a writer's replies are decoded. */
#ifndef OPS_BENCH_PEERS_H
#define OPS_BENCH_PEERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PEER_SENT_MAX = 256 };

struct peer {
    int fd;
    bool writer;
    uint64_t frames;      /* received in all */
    uint64_t skip;        /* bytes left of the frame that is coming */
    unsigned char head[10];
    unsigned head_bytes;
    char *text;           /* of a writer: the frame that is coming */
    size_t text_bytes, text_room;
    void (*got)(struct peer *peer, const char *text, size_t bytes); /* of a writer: a whole message */
    int64_t revision, sent_us[PEER_SENT_MAX]; /* of the last ops */
    uint64_t sent, answered;
    unsigned in_flight, number;
};

/* What all peers of this process speak: plain WebSocket, or SignalR over WebSockets without negotiation. */
enum peer_protocol { PEER_SOCKET, PEER_HUB_JSON, PEER_HUB_MSGPACK };
extern enum peer_protocol peer_protocol;

int64_t bench_now_us(void);

/* A connected, upgraded socket; ends the program with a message when that fails. */
void peer_open(struct peer *peer, int port);

/* Sends a text message; waits while the socket is full. */
void peer_send(struct peer *peer, const char *text, size_t bytes);

/* Joins and waits for the answer. */
void peer_join(struct peer *peer, const char *document);

/* Sends an op that inserts `text` at the start, based on `revision`. */
void peer_op(struct peer *peer, const char *document, int64_t revision, const char *text);

/* Reads what has come; false: closed. */
bool peer_read(struct peer *peer);

/* The reply to an op: its revision, 0 when it was refused, -1 when the message is another. */
int64_t peer_acked(const char *text, size_t bytes);

/* Percentile p (0 to 100) of the first `count` values; sorts them. */
int64_t bench_percentile(int64_t *values, size_t count, double p);

/* CPU time of a process, µs, and its resident memory, bytes. */
int64_t process_cpu_us(int pid);
int64_t process_rss_bytes(int pid);

/* Raises the limit of open files as far as it goes. */
void bench_files(void);

#endif
