/* See peers.h. */
#include "peers.h"

#include "gen/calls.h"
#include "gen/codec.h"
#include "gen/profile.h"
#include "runtime/codec/hub.h"
#include "runtime/transport/websocket/frame.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PEER_ARENA_BYTES = 65536 };

enum peer_protocol peer_protocol;

static void peer_fail(const char *what)
{
    fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
    exit(1);
}

int64_t bench_now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

void peer_send(struct peer *peer, const char *text, size_t bytes)
{
    static const uint8_t mask[4] = {0x12, 0x34, 0x56, 0x78};
    char *frame = malloc(bytes + OPS_WEBSOCKET_HEADER_BYTES), *at = frame, *end;
    struct pollfd ready = {peer->fd, POLLOUT, 0};
    ssize_t sent;

    if (frame == NULL)
        peer_fail("memory");
    end = ops_websocket_header_write(frame, peer_protocol == PEER_HUB_MSGPACK ? OPS_WEBSOCKET_BINARY : OPS_WEBSOCKET_TEXT, bytes, mask);
    memcpy(end, text, bytes);
    ops_websocket_mask(end, bytes, mask);
    end += bytes;
    while (at < end) {
        sent = write(peer->fd, at, (size_t)(end - at));
        if (sent < 0 && errno != EAGAIN)
            peer_fail("write");
        if (sent < 0)
            poll(&ready, 1, 1000);
        else
            at += sent;
    }
    free(frame);
}

/* ---- SignalR ---------------------------------------------------------------------------------------------------------------- */

static void peer_shake_hands(struct peer *peer)
{
    static _Thread_local _Alignas(8) char room[PEER_ARENA_BYTES];
    struct ops_hub_handshake_request request = {peer_protocol == PEER_HUB_MSGPACK ? OPS_STR("messagepack") : OPS_STR("json"), 1};
    struct ops_arena arena;
    struct ops_buf text;

    ops_arena_init(&arena, room, sizeof room, sizeof room, NULL);
    ops_buf_init(&text, &arena);
    if (ops_hub_frame_json(&ops_hub_handshake_request_type, &ops_style_v1, &request, &text) != OPS_OK)
        peer_fail("encode");
    peer_send(peer, text.ptr, text.len);
    ops_arena_end(&arena);
}

/* The call that a request is on the hub. */
static void peer_call(struct peer *peer, const struct ops_call *call, const void *arguments, struct ops_buf *text)
{
    struct ops_hub_message record;

    memset(&record, 0, sizeof record);
    record.record = OPS_HUB_MESSAGE_INVOCATION;
    record.invocation.invocation_id = OPS_STR("1");
    record.invocation.target = ops_str_of(call->target.ptr, call->target.len);
    record.invocation.arguments.type = call->message;
    record.invocation.arguments.message = arguments;
    record.invocation.arguments.call = call;
    if ((peer_protocol == PEER_HUB_MSGPACK ? ops_hub_frame_msgpack(&ops_hub_message_type, &ops_style_v1, &record, text)
                                           : ops_hub_frame_json(&ops_hub_message_type, &ops_style_v1, &record, text)) != OPS_OK)
        peer_fail("encode");
    peer_send(peer, text->ptr, text->len);
}

/* The result of the completion that comes first in these bytes, as `type`; false: it is another record. */
static bool peer_result(const char *bytes, size_t count, const struct ops_message *type, struct ops_arena *arena, void *out)
{
    struct ops_str stream = ops_str_of(bytes, count), record;
    struct ops_hub_message message;
    bool msgpack = peer_protocol == PEER_HUB_MSGPACK;

    if ((msgpack ? ops_hub_split_msgpack(&stream, count + 1, &record) : ops_hub_split_json(&stream, count + 1, &record)) != OPS_HUB_RECORD ||
        (msgpack ? ops_hub_message_msgpack_decode(&ops_style_v1, record, arena, &message, NULL)
                 : ops_hub_message_json_decode(&ops_style_v1, record, arena, &message, NULL)) != OPS_OK ||
        message.record != OPS_HUB_MESSAGE_COMPLETION || message.completion.result.raw.ptr == NULL)
        return false;
    return (msgpack ? ops_msgpack_decode(type, &ops_style_v1, message.completion.result.raw, arena, out, NULL)
                    : ops_json_decode(type, &ops_style_v1, message.completion.result.raw, arena, out, NULL)) == OPS_OK;
}

void peer_open(struct peer *peer, int port)
{
    struct sockaddr_in at;
    char request[512], answer[2048];
    int len = snprintf(request, sizeof request,
                       "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
                       peer_protocol == PEER_SOCKET ? "/collab-ws" : "/collab");
    size_t have = 0;
    int one = 1;

    memset(&at, 0, sizeof at);
    at.sin_family = AF_INET;
    at.sin_port = htons((uint16_t)port);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    peer->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (peer->fd < 0 || connect(peer->fd, (struct sockaddr *)&at, sizeof at) != 0)
        peer_fail("connect");
    setsockopt(peer->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (write(peer->fd, request, (size_t)len) != len)
        peer_fail("upgrade");
    while (have < 4 || memcmp(answer + have - 4, "\r\n\r\n", 4) != 0) {
        if (have == sizeof answer || read(peer->fd, answer + have, 1) != 1)
            peer_fail("upgrade");
        have++;
    }
    if (memcmp(answer, "HTTP/1.1 101", 12) != 0)
        peer_fail("upgrade refused");
    fcntl(peer->fd, F_SETFL, O_NONBLOCK);
    if (peer_protocol != PEER_SOCKET)
        peer_shake_hands(peer);
}

static void peer_encode(struct peer *peer, const struct ops_client_message *message)
{
    static _Thread_local _Alignas(8) char room[PEER_ARENA_BYTES];
    struct ops_arena arena;
    struct ops_buf text;

    ops_arena_init(&arena, room, sizeof room, sizeof room, NULL);
    ops_buf_init(&text, &arena);
    if (peer_protocol != PEER_SOCKET) {
        if (message->message_type == OPS_CLIENT_MESSAGE_JOIN_REQUEST)
            peer_call(peer, &ops_call_collaboration_hub_join_document, &message->join_request, &text);
        else
            peer_call(peer, &ops_call_collaboration_hub_send_op, &message->op_request, &text);
    } else if (ops_client_message_json_encode(&ops_style_v1, message, &text) == OPS_OK) {
        peer_send(peer, text.ptr, text.len);
    } else {
        peer_fail("encode");
    }
    ops_arena_end(&arena);
}

static void peer_joined(struct peer *peer, const char *text, size_t bytes)
{
    static _Thread_local _Alignas(8) char room[PEER_ARENA_BYTES];
    struct ops_session_join_result joined;
    struct ops_server_message message;
    struct ops_arena arena;

    ops_arena_init(&arena, room, sizeof room, sizeof room, NULL);
    if (peer_protocol != PEER_SOCKET) {
        if (peer_result(text, bytes, &ops_session_join_result_type, &arena, &joined))
            peer->revision = joined.revision;
        ops_arena_end(&arena);
        return;
    }
    if (ops_server_message_json_decode(&ops_style_v1, ops_str_of(text, bytes), &arena, &message, NULL) != OPS_OK ||
        message.message_type != OPS_SERVER_MESSAGE_JOIN_RESPONSE) {
        fprintf(stderr, "bench: join: %.*s\n", (int)(bytes < 300 ? bytes : 300), text);
        exit(1);
    }
    peer->revision = message.join_response.revision;
    ops_arena_end(&arena);
}

void peer_join(struct peer *peer, const char *document)
{
    struct ops_client_message message;
    struct pollfd ready = {peer->fd, POLLIN, 0};
    bool writer = peer->writer;
    void (*got)(struct peer *, const char *, size_t) = peer->got;

    memset(&message, 0, sizeof message);
    message.message_type = OPS_CLIENT_MESSAGE_JOIN_REQUEST;
    message.join_request.document_id = ops_str_of(document, strlen(document));
    message.join_request.document_type = OPS_STR("text");
    message.join_request.client_proto_version = 1;
    peer->writer = true;
    peer->got = peer_joined;
    peer->revision = 0;
    peer_encode(peer, &message);
    while (peer->revision == 0) {
        if (poll(&ready, 1, 10000) != 1 || !peer_read(peer))
            peer_fail("join");
    }
    peer->writer = writer;
    peer->got = got;
    peer->frames = 0;
    if (!writer) {
        free(peer->text);
        peer->text = NULL;
        peer->text_room = 0;
    }
}

void peer_op(struct peer *peer, const char *document, int64_t revision, const char *text)
{
    static _Thread_local _Alignas(8) char room[PEER_ARENA_BYTES];
    struct ops_text_component component;
    struct ops_text_op op = {&component, 1};
    struct ops_client_message message;
    struct ops_arena arena;
    struct ops_buf payload;

    memset(&message, 0, sizeof message);
    memset(&component, 0, sizeof component);
    component.kind = OPS_TEXT_COMPONENT_INSERT;
    component.insert.text = ops_str_of(text, strlen(text));
    ops_arena_init(&arena, room, sizeof room, sizeof room, NULL);
    ops_buf_init(&payload, &arena);
    if (ops_text_op_json_encode(&ops_style_v1, &op, &payload) != OPS_OK)
        peer_fail("encode");
    message.message_type = OPS_CLIENT_MESSAGE_OP_REQUEST;
    message.op_request.document_id = ops_str_of(document, strlen(document));
    message.op_request.payload = ops_buf_str(&payload);
    message.op_request.base_revision = revision;
    peer->sent_us[peer->sent++ % PEER_SENT_MAX] = bench_now_us();
    peer_encode(peer, &message);
    ops_arena_end(&arena);
}

int64_t peer_acked(const char *text, size_t bytes)
{
    static _Thread_local _Alignas(8) char room[PEER_ARENA_BYTES];
    struct ops_server_message message;
    struct ops_op_response reply;
    struct ops_arena arena;
    int64_t revision = -1;

    ops_arena_init(&arena, room, sizeof room, sizeof room, NULL);
    if (peer_protocol != PEER_SOCKET) {
        if (peer_result(text, bytes, &ops_op_response_type, &arena, &reply))
            revision = reply.success ? reply.new_revision : 0;
    } else if (ops_server_message_json_decode(&ops_style_v1, ops_str_of(text, bytes), &arena, &message, NULL) == OPS_OK &&
        message.message_type == OPS_SERVER_MESSAGE_OP_RESPONSE)
        revision = message.op_response.success ? message.op_response.new_revision : 0;
    ops_arena_end(&arena);
    return revision;
}

/* ---- receiving ---------------------------------------------------------------------------------------------------------- */

static void peer_text(struct peer *peer, const char *bytes, size_t count)
{
    if (peer->text_bytes + count > peer->text_room) {
        peer->text_room = (peer->text_bytes + count) * 2;
        peer->text = realloc(peer->text, peer->text_room);
        if (peer->text == NULL)
            peer_fail("memory");
    }
    memcpy(peer->text + peer->text_bytes, bytes, count);
    peer->text_bytes += count;
}

static unsigned peer_head_size(const struct peer *peer)
{
    if (peer->head_bytes < 2)
        return 2;
    return (peer->head[1] & 127) == 127 ? 10 : (peer->head[1] & 127) == 126 ? 4 : 2;
}

static uint64_t peer_head_length(const struct peer *peer)
{
    uint64_t length = 0;
    unsigned i, from = 2, to = peer_head_size(peer);

    if (to == 2)
        return peer->head[1] & 127;
    for (i = from; i < to; i++)
        length = length << 8 | peer->head[i];
    return length;
}

static void peer_frame_end(struct peer *peer)
{
    peer->head_bytes = 0;
    if ((peer->head[0] & 15) != OPS_WEBSOCKET_TEXT && (peer->head[0] & 15) != OPS_WEBSOCKET_BINARY)
        return;
    peer->frames++;
    if (peer->writer && peer->got != NULL)
        peer->got(peer, peer->text, peer->text_bytes);
    peer->text_bytes = 0;
}

static void peer_feed(struct peer *peer, const char *bytes, size_t count)
{
    size_t n;

    while (count > 0) {
        if (peer->skip > 0) {
            n = count < peer->skip ? count : (size_t)peer->skip;
            if (peer->writer)
                peer_text(peer, bytes, n);
            peer->skip -= n;
            bytes += n;
            count -= n;
            if (peer->skip == 0)
                peer_frame_end(peer);
            continue;
        }
        peer->head[peer->head_bytes++] = (unsigned char)*bytes++;
        count--;
        if (peer->head_bytes == peer_head_size(peer) && peer->head_bytes >= 2) {
            peer->skip = peer_head_length(peer);
            if (peer->skip == 0)
                peer_frame_end(peer);
        }
    }
}

bool peer_read(struct peer *peer)
{
    static _Thread_local char buffer[262144];
    ssize_t got = read(peer->fd, buffer, sizeof buffer);

    if (got < 0)
        return errno == EAGAIN;
    if (got == 0)
        return false;
    peer_feed(peer, buffer, (size_t)got);
    return true;
}

/* ---- small things --------------------------------------------------------------------------------------------------------- */

static int bench_order(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return x < y ? -1 : x > y;
}

int64_t bench_percentile(int64_t *values, size_t count, double p)
{
    if (count == 0)
        return 0;
    qsort(values, count, sizeof *values, bench_order);
    return values[(size_t)((double)(count - 1) * p / 100.0)];
}

int64_t process_cpu_us(int pid)
{
    char path[64], line[1024], *at;
    unsigned long user = 0, system = 0;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    file = fopen(path, "r");
    if (file == NULL || fgets(line, sizeof line, file) == NULL)
        peer_fail(path);
    fclose(file);
    at = strrchr(line, ')');
    if (at == NULL || sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2)
        peer_fail(path);
    return (int64_t)(user + system) * (1000000 / sysconf(_SC_CLK_TCK));
}

int64_t process_rss_bytes(int pid)
{
    char path[64];
    long pages = 0;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/statm", pid);
    file = fopen(path, "r");
    if (file == NULL || fscanf(file, "%*d %ld", &pages) != 1)
        peer_fail(path);
    fclose(file);
    return pages * sysconf(_SC_PAGESIZE);
}

void bench_files(void)
{
    struct rlimit limit;

    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max < 20000 ? limit.rlim_max : 20000;
    setrlimit(RLIMIT_NOFILE, &limit);
}
