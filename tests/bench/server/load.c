/* Loads a server, or the bare sockets that it is compared with, and prints one line of key=value.
 *
 *   load [json|messagepack] …                              the same by SignalR instead of plain WebSocket
 *   load fanout PORT PID SUBSCRIBERS IN_FLIGHT SECONDS     one document, one writer
 *   load ack PORT SUBSCRIBERS COUNT PAUSE_US               one writer, one op in flight, sent so long after the last: latency of its ack
 *   load documents PORT DOCUMENTS SECONDS                  a writer a document, one op in flight each
 *   load idle PORT PID CONNECTIONS                         memory of the server a joined connection
 *   load rawsend SOCKETS MESSAGES BYTES SECONDS            send() of MESSAGES messages to each socket in turn
 *   load rawecho BYTES REPLY COUNT PAUSE_US                a bare TCP echo: latency
 *   load rawinsert FILE DOCUMENTS COMMIT SECONDS           the rows of `documents`, inserted in a loop, COMMIT of them a transaction */
#include "peers.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS = 512, LATENCIES_MAX = 1 << 20 };

static int64_t latencies[LATENCIES_MAX];
static size_t latency_count;
static _Atomic uint64_t acked, refused;
static const char *document = "bench";
static char document_of[20000][32];
static unsigned wanted_in_flight = 1;
static _Atomic bool stopping;
static int64_t pause_us; /* of a writer between two ops */

static int epoll_of(struct peer *peers, size_t count)
{
    int epoll = epoll_create1(0);
    struct epoll_event event;
    size_t i;

    for (i = 0; i < count; i++) {
        event.events = EPOLLIN;
        event.data.ptr = &peers[i];
        epoll_ctl(epoll, EPOLL_CTL_ADD, peers[i].fd, &event);
    }
    return epoll;
}

static void pump(int epoll, int timeout_ms)
{
    struct epoll_event events[EVENTS];
    int i, n = epoll_wait(epoll, events, EVENTS, timeout_ms);

    for (i = 0; i < n; i++) {
        if (!peer_read(events[i].data.ptr)) {
            fprintf(stderr, "bench: the server closed a connection\n");
            exit(1);
        }
    }
}

static void wait_until(int64_t us)
{
    struct timespec at = {us / 1000000, us % 1000000 * 1000};

    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR) {
    }
}

/* A writer's reply: counts, and sends the next. */
static void writer_got(struct peer *peer, const char *text, size_t bytes)
{
    int64_t revision = peer_acked(text, bytes);

    if (revision < 0)
        return;
    acked += revision > 0;
    refused += revision == 0;
    if (revision > 0)
        peer->revision = revision;
    if (latency_count < LATENCIES_MAX)
        latencies[latency_count++] = bench_now_us() - peer->sent_us[peer->answered % PEER_SENT_MAX];
    peer->answered++;
    peer->in_flight--;
    if (pause_us > 0)
        wait_until(peer->sent_us[(peer->sent - 1) % PEER_SENT_MAX] + pause_us);
    while (!stopping && peer->in_flight < wanted_in_flight) {
        peer->in_flight++;
        peer_op(peer, document != NULL ? document : document_of[peer->number], peer->revision, "x");
    }
}

/* The writer has a thread of its own: it is somebody else than the audience, whose reading must not count as the server's delay. */
static void *writer_run(void *self)
{
    struct peer *writer = self;
    struct pollfd ready = {writer->fd, POLLIN, 0};
    unsigned k;

    for (k = 0; k < wanted_in_flight; k++) {
        writer->in_flight++;
        peer_op(writer, document, writer->revision, "x");
    }
    while (!stopping || writer->in_flight > 0) {
        if (poll(&ready, 1, 100) > 0 && !peer_read(writer)) {
            fprintf(stderr, "bench: the server closed the writer's connection\n");
            exit(1);
        }
    }
    return NULL;
}

static pthread_t writer_start(struct peer *writer)
{
    pthread_t thread;

    writer->writer = true;
    writer->got = writer_got;
    if (pthread_create(&thread, NULL, writer_run, writer) != 0)
        exit(1);
    return thread;
}

static uint64_t frames_of(const struct peer *peers, size_t count)
{
    uint64_t frames = 0;
    size_t i;

    for (i = 0; i < count; i++)
        frames += peers[i].frames;
    return frames;
}

static struct peer *peers_new(size_t count)
{
    struct peer *peers = calloc(count, sizeof *peers);

    if (peers == NULL)
        exit(1);
    return peers;
}

static int fanout(int port, int pid, size_t subscribers, unsigned in_flight, double seconds)
{
    struct peer *peers = peers_new(subscribers + 1), *writer = &peers[subscribers];
    int64_t start, now, cpu;
    uint64_t delivered, acked_before;
    pthread_t thread;
    size_t i;
    int epoll;

    for (i = 0; i <= subscribers; i++) {
        peer_open(&peers[i], port);
        peer_join(&peers[i], document);
    }
    wanted_in_flight = in_flight;
    epoll = epoll_of(peers, subscribers);
    thread = writer_start(writer);
    for (start = bench_now_us(); bench_now_us() - start < 500000;)
        pump(epoll, 10);
    start = bench_now_us();
    cpu = process_cpu_us(pid);
    delivered = frames_of(peers, subscribers);
    acked_before = acked;
    for (now = start; (double)(now - start) < seconds * 1e6; now = bench_now_us())
        pump(epoll, 10);
    delivered = frames_of(peers, subscribers) - delivered;
    acked_before = acked - acked_before;
    cpu = process_cpu_us(pid) - cpu;
    stopping = true;
    pthread_join(thread, NULL);
    printf("deliveries_per_s=%.0f cpu_us_per_delivery=%.3f acks_per_s=%.0f refused=%llu ack_p50_us=%lld ack_p99_us=%lld\n",
           (double)delivered * 1e6 / (double)(now - start), delivered ? (double)cpu / (double)delivered : 0.0,
           (double)acked_before * 1e6 / (double)(now - start), (unsigned long long)refused,
           (long long)bench_percentile(latencies, latency_count, 50), (long long)bench_percentile(latencies, latency_count, 99));
    return 0;
}

static int ack(int port, size_t subscribers, size_t count)
{
    struct peer *peers = peers_new(subscribers + 1), *writer = &peers[subscribers];
    pthread_t thread;
    size_t i;
    int epoll;

    for (i = 0; i <= subscribers; i++) {
        peer_open(&peers[i], port);
        peer_join(&peers[i], document);
    }
    epoll = epoll_of(peers, subscribers);
    thread = writer_start(writer);
    while (acked + refused < count)
        pump(epoll, 10);
    stopping = true;
    pthread_join(thread, NULL);
    printf("ack_p50_us=%lld ack_p99_us=%lld refused=%llu\n", (long long)bench_percentile(latencies, latency_count, 50),
           (long long)bench_percentile(latencies, latency_count, 99), (unsigned long long)refused);
    return 0;
}

static int documents(int port, size_t count, double seconds)
{
    struct peer *peers = peers_new(count);
    int64_t start, now;
    size_t i;
    int epoll;

    document = NULL;
    for (i = 0; i < count; i++) {
        snprintf(document_of[i], sizeof document_of[i], "bench-%zu", i);
        peers[i].number = (unsigned)i;
        peer_open(&peers[i], port);
        peer_join(&peers[i], document_of[i]);
        peers[i].writer = true;
        peers[i].got = writer_got;
    }
    epoll = epoll_of(peers, count);
    for (i = 0; i < count; i++) {
        peers[i].in_flight = 1;
        peer_op(&peers[i], document_of[i], peers[i].revision, "x");
    }
    for (start = bench_now_us(); bench_now_us() - start < 500000;)
        pump(epoll, 10);
    start = bench_now_us();
    acked = refused = 0;
    latency_count = 0;
    for (now = start; (double)(now - start) < seconds * 1e6; now = bench_now_us())
        pump(epoll, 10);
    printf("acks_per_s=%.0f refused=%llu ack_p50_us=%lld ack_p99_us=%lld\n", (double)acked * 1e6 / (double)(now - start),
           (unsigned long long)refused, (long long)bench_percentile(latencies, latency_count, 50),
           (long long)bench_percentile(latencies, latency_count, 99));
    return 0;
}

static int idle(int port, int pid, size_t count)
{
    struct peer *peers = peers_new(count);
    int64_t before, after;
    size_t i;

    before = process_rss_bytes(pid);
    for (i = 0; i < count; i++) {
        peer_open(&peers[i], port);
        peer_join(&peers[i], document);
    }
    sleep(2);
    after = process_rss_bytes(pid);
    printf("rss_before=%lld rss_after=%lld bytes_per_connection=%.0f\n", (long long)before, (long long)after,
           (double)(after - before) / (double)count);
    return 0;
}

/* Who sends has the first core, as the server has in `run`; who receives the second. Wherever the system puts them else, a woken reader
 * may have to wait for its waker's core. */
static void pin(int cpu)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    (void)sched_setaffinity(0, sizeof set, &set); /* one core: they share it */
}

/* ---- bare sockets ------------------------------------------------------------------------------------------------------- */

static int listen_any(int *port)
{
    struct sockaddr_in at;
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    memset(&at, 0, sizeof at);
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(fd, 4096) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &size) != 0)
        exit(1);
    *port = ntohs(at.sin_port);
    return fd;
}

static int dial(int port)
{
    struct sockaddr_in at;
    int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

    memset(&at, 0, sizeof at);
    at.sin_family = AF_INET;
    at.sin_port = htons((uint16_t)port);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof at) != 0)
        exit(1);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

/* The child sends; the parent reads as the subscribers of `fanout` do. */
static int raw_send(size_t sockets, size_t messages, size_t bytes, double seconds)
{
    static char buffer[262144];
    int *fds = calloc(sockets, sizeof *fds), *peers = calloc(sockets, sizeof *peers), port, listener = listen_any(&port), epoll, one = 1;
    struct epoll_event event, events[EVENTS];
    char *payload = calloc(messages, bytes);
    int64_t start;
    uint64_t received = 0;
    size_t i;
    pid_t child;

    for (i = 0; i < sockets; i++) {
        fds[i] = dial(port);
        peers[i] = accept(listener, NULL, NULL);
        setsockopt(peers[i], IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    }
    child = fork();
    if (child == 0) {
        pin(0);
        for (i = 0;; i = (i + 1) % sockets) {
            if (send(peers[i], payload, messages * bytes, MSG_NOSIGNAL) <= 0)
                _exit(0);
        }
    }
    epoll = epoll_create1(0);
    for (i = 0; i < sockets; i++) {
        event.events = EPOLLIN;
        event.data.fd = fds[i];
        epoll_ctl(epoll, EPOLL_CTL_ADD, fds[i], &event);
    }
    start = bench_now_us();
    while ((double)(bench_now_us() - start) < (seconds + 0.5) * 1e6) {
        int n = epoll_wait(epoll, events, EVENTS, 10), k;

        for (k = 0; k < n; k++) {
            ssize_t got = read(events[k].data.fd, buffer, sizeof buffer);

            if (got > 0 && bench_now_us() - start > 500000)
                received += (uint64_t)got;
        }
    }
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    printf("messages_per_s=%.0f sends_per_s=%.0f\n", (double)received / (double)bytes / seconds,
           (double)received / (double)(bytes * messages) / seconds);
    return 0;
}

static void read_all(int fd, char *buffer, size_t bytes)
{
    size_t have = 0;
    ssize_t got;

    for (; have < bytes; have += (size_t)got) {
        got = read(fd, buffer + have, bytes - have);
        if (got <= 0)
            exit(0);
    }
}

static int raw_echo(size_t bytes, size_t reply, size_t count)
{
    static char buffer[65536];
    int port, listener = listen_any(&port), fd = dial(port), peer = accept(listener, NULL, NULL), one = 1, epoll;
    struct epoll_event event;
    int64_t start = 0;
    size_t i;
    pid_t child;

    setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    child = fork();
    epoll = epoll_create1(0);
    event.events = EPOLLIN;
    event.data.fd = child == 0 ? peer : fd;
    epoll_ctl(epoll, EPOLL_CTL_ADD, event.data.fd, &event);
    if (child == 0) {
        pin(0);
        close(fd);
        for (;;) {
            epoll_wait(epoll, &event, 1, -1);
            read_all(peer, buffer, bytes);
            if (write(peer, buffer, reply) != (ssize_t)reply)
                _exit(0);
        }
    }
    for (i = 0; i < count; i++) {
        if (i > 0 && pause_us > 0)
            wait_until(start + pause_us);
        start = bench_now_us();
        if (write(fd, buffer, bytes) != (ssize_t)bytes)
            exit(1);
        epoll_wait(epoll, &event, 1, -1);
        read_all(fd, buffer, reply);
        latencies[i % LATENCIES_MAX] = bench_now_us() - start;
    }
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    printf("echo_p50_us=%lld echo_p99_us=%lld\n", (long long)bench_percentile(latencies, count, 50),
           (long long)bench_percentile(latencies, count, 99));
    return 0;
}

/* ---- bare SQLite ---------------------------------------------------------------------------------------------------------- */

static void sql(sqlite3 *db, const char *text)
{
    char *problem = NULL;

    if (sqlite3_exec(db, text, NULL, NULL, &problem) != SQLITE_OK) {
        fprintf(stderr, "bench: %s\n", problem);
        exit(1);
    }
}

static int raw_insert(const char *file, int count, int commit, double seconds)
{
    static const char payload[] = "{\"components\":[{\"type\":\"insert\",\"text\":\"x\"}]}";
    sqlite3 *db;
    sqlite3_stmt *insert;
    int64_t start, revision = 2;
    uint64_t rows = 0;
    int i, open = 0;

    if (sqlite3_open(file, &db) != SQLITE_OK)
        exit(1);
    sql(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE DocumentOps(DocumentId TEXT NOT NULL, Revision INTEGER "
            "NOT NULL, AuthorId TEXT NOT NULL, Timestamp TEXT NOT NULL, Payload BLOB NOT NULL, EngineType TEXT NOT NULL, "
            "CONSTRAINT PK_DocumentOps PRIMARY KEY (DocumentId, Revision))");
    sqlite3_prepare_v2(db, "INSERT INTO DocumentOps VALUES (?, ?, ?, ?, ?, ?)", -1, &insert, NULL);
    for (start = bench_now_us(); (double)(bench_now_us() - start) < seconds * 1e6; revision++) {
        for (i = 0; i < count; i++) {
            char id[32];

            if (open == 0)
                sql(db, "BEGIN");
            snprintf(id, sizeof id, "bench-%d", i);
            sqlite3_bind_text(insert, 1, id, -1, SQLITE_STATIC);
            sqlite3_bind_int64(insert, 2, revision);
            sqlite3_bind_text(insert, 3, "5f0c2a9e-6f0e-4f5e-9a0e-0c6f3b1d2e77", -1, SQLITE_STATIC);
            sqlite3_bind_text(insert, 4, "2026-05-28 12:34:56.7890123+00:00", -1, SQLITE_STATIC);
            sqlite3_bind_blob(insert, 5, payload, sizeof payload - 1, SQLITE_STATIC);
            sqlite3_bind_text(insert, 6, "TextOp", -1, SQLITE_STATIC);
            if (sqlite3_step(insert) != SQLITE_DONE)
                exit(1);
            sqlite3_reset(insert);
            rows++;
            if (++open == commit) {
                sql(db, "COMMIT");
                open = 0;
            }
        }
    }
    printf("rows_per_s=%.0f\n", (double)rows * 1e6 / (double)(bench_now_us() - start));
    return 0;
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";

    if (strcmp(mode, "json") == 0 || strcmp(mode, "messagepack") == 0) {
        peer_protocol = mode[0] == 'j' ? PEER_HUB_JSON : PEER_HUB_MSGPACK;
        argc--;
        argv++;
        mode = argc > 1 ? argv[1] : "";
    }
    signal(SIGPIPE, SIG_IGN);
    bench_files();
    if (strcmp(mode, "documents") != 0 && strcmp(mode, "rawinsert") != 0)
        pin(1);
    if (strcmp(mode, "fanout") == 0 && argc == 7)
        return fanout(atoi(argv[2]), atoi(argv[3]), (size_t)atoi(argv[4]), (unsigned)atoi(argv[5]), atof(argv[6]));
    if (strcmp(mode, "ack") == 0 && argc == 6) {
        pause_us = atoi(argv[5]);
        return ack(atoi(argv[2]), (size_t)atoi(argv[3]), (size_t)atoi(argv[4]));
    }
    if (strcmp(mode, "documents") == 0 && argc == 5)
        return documents(atoi(argv[2]), (size_t)atoi(argv[3]), atof(argv[4]));
    if (strcmp(mode, "idle") == 0 && argc == 5)
        return idle(atoi(argv[2]), atoi(argv[3]), (size_t)atoi(argv[4]));
    if (strcmp(mode, "rawsend") == 0 && argc == 6)
        return raw_send((size_t)atoi(argv[2]), (size_t)atoi(argv[3]), (size_t)atoi(argv[4]), atof(argv[5]));
    if (strcmp(mode, "rawecho") == 0 && argc == 6) {
        pause_us = atoi(argv[5]);
        return raw_echo((size_t)atoi(argv[2]), (size_t)atoi(argv[3]), (size_t)atoi(argv[4]));
    }
    if (strcmp(mode, "rawinsert") == 0 && argc == 6)
        return raw_insert(argv[2], atoi(argv[3]), atoi(argv[4]), atof(argv[5]));
    fprintf(stderr, "usage: see the head of load.c\n");
    return 2;
}
