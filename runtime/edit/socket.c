/* Connect, upgrade, frames: one state each. */
#include "socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/sha.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/transport/websocket/frame.h"
#include "runtime/transport/websocket/handshake.h"

enum {
    ANSWER_BYTES = 8192, /* of the server's HTTP answer */
    READ_BYTES = 65536,
    READS_MAX = 16       /* in one go, then others have their turn */
};

enum socket_state { SOCKET_CONNECTING, SOCKET_UPGRADING, SOCKET_OPEN, SOCKET_ENDED };

struct ops_edit_socket {
    int fd;
    enum socket_state state;
    struct ops_edit_socket_events events;
    struct ops_websocket_config config;
    struct ops_websocket_reader reader;
    char key[OPS_WEBSOCKET_KEY_CHARS];
    char *answer; /* until the connection is open */
    size_t answer_len;
    char *out;    /* bytes from out_first to out_len wait */
    size_t out_first, out_len, out_room;
    uint64_t random; /* masks must not be guessed by who chooses the text, no more */
    bool closing;
};

static void *socket_more(void *self, size_t bytes)
{
    (void)self;
    return malloc(bytes);
}

static void socket_release(void *self, void *block, size_t bytes)
{
    (void)self;
    (void)bytes;
    free(block);
}

bool ops_edit_url_parse(const char *text, struct ops_edit_url *url)
{
    const char *host = text + 5, *host_end, *port = "80", *rest;
    size_t port_len = 2;

    if (strncasecmp(text, "ws://", 5) != 0)
        return false;
    if (*host == '[') {
        host++;
        host_end = strchr(host, ']');
        rest = host_end != NULL ? host_end + 1 : NULL;
    } else {
        rest = host_end = host + strcspn(host, ":/?");
    }
    if (host_end == NULL || host_end == host || (size_t)(host_end - host) >= sizeof url->host)
        return false;
    if (*rest == ':') {
        port = rest + 1;
        port_len = strspn(port, "0123456789");
        rest = port + port_len;
    }
    if (port_len == 0 || port_len >= sizeof url->port || (*rest != '\0' && *rest != '/' && *rest != '?') ||
        strlen(rest) + 2 > sizeof url->path || strpbrk(rest, " \r\n") != NULL)
        return false;
    memcpy(url->host, host, (size_t)(host_end - host));
    url->host[host_end - host] = '\0';
    memcpy(url->port, port, port_len);
    url->port[port_len] = '\0';
    snprintf(url->path, sizeof url->path, "%s%s", *rest == '/' ? "" : "/", rest);
    return true;
}

/* ---- bytes out -------------------------------------------------------------------------------------------------------------- */

/* A place for `bytes` more; NULL: no memory. */
static char *out_reserve(struct ops_edit_socket *s, size_t bytes)
{
    size_t room = s->out_room > 0 ? s->out_room : 4096;
    char *more;

    if (s->out_first > 0) {
        memmove(s->out, s->out + s->out_first, s->out_len - s->out_first);
        s->out_len -= s->out_first;
        s->out_first = 0;
    }
    while (room - s->out_len < bytes)
        room *= 2;
    if (room != s->out_room) {
        more = realloc(s->out, room);
        if (more == NULL)
            return NULL;
        s->out = more;
        s->out_room = room;
    }
    return s->out + s->out_len;
}

static void socket_end(struct ops_edit_socket *s, uint16_t code, const char *problem)
{
    if (s->state == SOCKET_ENDED)
        return;
    s->state = SOCKET_ENDED;
    s->events.ended(s->events.self, code, problem);
}

/* What cannot be written now is written when poll() says so; an error is found there too. */
static void out_flush(struct ops_edit_socket *s)
{
    while (s->out_first < s->out_len) {
        ssize_t n = send(s->fd, s->out + s->out_first, s->out_len - s->out_first, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return;
        s->out_first += (size_t)n;
    }
    s->out_first = s->out_len = 0;
}

static void mask_next(struct ops_edit_socket *s, uint8_t mask[4])
{
    s->random ^= s->random << 13;
    s->random ^= s->random >> 7;
    s->random ^= s->random << 17;
    memcpy(mask, &s->random, 4);
}

bool ops_edit_socket_send(struct ops_edit_socket *s, struct ops_str text)
{
    uint8_t mask[4];
    char *at;

    if (s->state != SOCKET_OPEN || s->closing)
        return false;
    at = out_reserve(s, ops_websocket_header_bytes(text.len, true) + text.len);
    if (at == NULL)
        return false;
    mask_next(s, mask);
    at = ops_websocket_header_write(at, OPS_WEBSOCKET_TEXT, text.len, mask);
    memcpy(at, text.ptr, text.len);
    ops_websocket_mask(at, text.len, mask);
    s->out_len = (size_t)(at + text.len - s->out);
    out_flush(s);
    return true;
}

static void send_pong(struct ops_edit_socket *s, struct ops_str payload)
{
    uint8_t mask[4];
    char *at = out_reserve(s, OPS_WEBSOCKET_CONTROL_ROOM);

    if (at == NULL)
        return;
    mask_next(s, mask);
    s->out_len += ops_websocket_control_write(at, OPS_WEBSOCKET_PONG, payload, mask);
    out_flush(s);
}

void ops_edit_socket_close(struct ops_edit_socket *s, uint16_t code)
{
    uint8_t mask[4];
    char *at;

    if (s->state != SOCKET_OPEN || s->closing)
        return;
    at = out_reserve(s, OPS_WEBSOCKET_CONTROL_ROOM);
    if (at == NULL)
        return;
    mask_next(s, mask);
    s->out_len += ops_websocket_close_write(at, code, OPS_STR(""), mask);
    s->closing = true;
    out_flush(s);
}

/* ---- the upgrade --------------------------------------------------------------------------------------------------------------- */

static bool upgrade_ask(struct ops_edit_socket *s, const struct ops_edit_url *url)
{
    bool v6 = strchr(url->host, ':') != NULL;
    uint8_t bytes[OPS_WEBSOCKET_KEY_BYTES];
    char *at = out_reserve(s, sizeof *url + 512);
    int len;

    if (at == NULL || getrandom(bytes, sizeof bytes, 0) != sizeof bytes ||
        getrandom(&s->random, sizeof s->random, 0) != sizeof s->random)
        return false;
    s->random |= 1;
    ops_websocket_key(bytes, s->key);
    len = snprintf(at, sizeof *url + 512,
                   "GET %s HTTP/1.1\r\nHost: %s%s%s:%s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                   "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %.*s\r\n\r\n",
                   url->path, v6 ? "[" : "", url->host, v6 ? "]" : "", url->port, OPS_WEBSOCKET_KEY_CHARS, s->key);
    s->out_len += (size_t)len;
    return true;
}

static void sha1(const void *bytes, size_t len, uint8_t digest[OPS_WEBSOCKET_SHA1_BYTES])
{
    SHA1(bytes, len, digest);
}

/* Has the answer a line `name: value`? The value may be in any letter case when `any_case`. */
static bool answer_has(const char *answer, const char *name, const char *value, size_t value_len, bool any_case)
{
    const char *line = strstr(answer, "\r\n");

    for (; line != NULL && line[2] != '\r'; line = strstr(line + 2, "\r\n")) {
        const char *at = line + 2 + strlen(name);

        if (strncasecmp(line + 2, name, strlen(name)) != 0 || *at != ':')
            continue;
        at += 1 + strspn(at + 1, " \t");
        if ((any_case ? strncasecmp(at, value, value_len) : strncmp(at, value, value_len)) == 0 &&
            strspn(at + value_len, " \t\r") > 0)
            return true;
    }
    return false;
}

/* Takes bytes of the answer; what follows it is left in `*bytes`. */
static void upgrade_read(struct ops_edit_socket *s, struct ops_websocket_bytes *bytes)
{
    char accept[OPS_WEBSOCKET_ACCEPT_CHARS];
    const char *end;
    size_t before = s->answer_len, take = ANSWER_BYTES - 1 - before;

    take = bytes->len < take ? bytes->len : take;
    memcpy(s->answer + before, bytes->ptr, take);
    s->answer_len += take;
    s->answer[s->answer_len] = '\0';
    end = strstr(s->answer, "\r\n\r\n");
    if (end == NULL) {
        bytes->len = 0;
        if (s->answer_len == ANSWER_BYTES - 1 || strlen(s->answer) != s->answer_len)
            socket_end(s, 0, "the answer is not HTTP");
        return;
    }
    bytes->ptr += (size_t)(end + 4 - s->answer) - before;
    bytes->len -= (size_t)(end + 4 - s->answer) - before;
    ops_websocket_accept(ops_str_of(s->key, sizeof s->key), sha1, accept);
    if (strncmp(s->answer, "HTTP/1.1 101", 12) != 0)
        socket_end(s, 0, "the server does not upgrade the connection");
    else if (!answer_has(s->answer, "Upgrade", "websocket", 9, true) || !answer_has(s->answer, "Connection", "upgrade", 7, true) ||
             !answer_has(s->answer, "Sec-WebSocket-Accept", accept, sizeof accept, false))
        socket_end(s, 0, "the server is no WebSocket server");
    free(s->answer);
    s->answer = NULL;
    if (s->state == SOCKET_ENDED)
        return;
    s->state = SOCKET_OPEN;
    s->events.opened(s->events.self);
}

/* ---- bytes in ------------------------------------------------------------------------------------------------------------------ */

static void frames_read(struct ops_edit_socket *s, struct ops_websocket_bytes *bytes)
{
    struct ops_websocket_frame frame;

    while (s->state == SOCKET_OPEN) {
        switch (ops_websocket_read(&s->reader, &s->config, bytes, &frame)) {
        case OPS_WEBSOCKET_MORE:
            return;
        case OPS_WEBSOCKET_MESSAGE:
            s->events.message(s->events.self, frame.payload);
            break;
        case OPS_WEBSOCKET_PINGED:
            send_pong(s, frame.payload);
            break;
        case OPS_WEBSOCKET_PONGED:
            break;
        case OPS_WEBSOCKET_CLOSED:
            ops_edit_socket_close(s, frame.code);
            socket_end(s, frame.code == OPS_WEBSOCKET_CODE_NONE ? 0 : frame.code, "the server closed the connection");
            return;
        case OPS_WEBSOCKET_BROKEN:
            ops_edit_socket_close(s, frame.code);
            socket_end(s, 0, frame.problem);
            return;
        }
    }
}

static void socket_read(struct ops_edit_socket *s)
{
    static char buffer[READ_BYTES];
    unsigned i;

    for (i = 0; i < READS_MAX && s->state != SOCKET_ENDED; i++) {
        ssize_t n = recv(s->fd, buffer, sizeof buffer, 0);
        struct ops_websocket_bytes bytes = {buffer, n > 0 ? (size_t)n : 0};

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return;
        if (n <= 0) {
            socket_end(s, 0, n == 0 ? "the connection ended" : strerror(errno));
            return;
        }
        if (s->state == SOCKET_UPGRADING)
            upgrade_read(s, &bytes);
        frames_read(s, &bytes);
        if ((size_t)n < sizeof buffer)
            return;
    }
}

void ops_edit_socket_ready(struct ops_edit_socket *s, short revents)
{
    int error = 0;
    socklen_t len = sizeof error;

    if (s->state == SOCKET_CONNECTING && (revents & (POLLOUT | POLLERR | POLLHUP)) != 0) {
        getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &len);
        if (error != 0) {
            socket_end(s, 0, strerror(error));
            return;
        }
        s->state = SOCKET_UPGRADING;
    }
    if (s->state == SOCKET_CONNECTING || s->state == SOCKET_ENDED)
        return;
    if ((revents & POLLOUT) != 0)
        out_flush(s);
    if ((revents & (POLLIN | POLLERR | POLLHUP)) != 0)
        socket_read(s);
}

int ops_edit_socket_fd(const struct ops_edit_socket *s)
{
    return s->fd;
}

short ops_edit_socket_poll(const struct ops_edit_socket *s)
{
    bool out = s->state == SOCKET_CONNECTING || s->out_first < s->out_len;

    return (short)((s->state == SOCKET_CONNECTING ? 0 : POLLIN) | (out ? POLLOUT : 0));
}

size_t ops_edit_socket_unsent(const struct ops_edit_socket *s)
{
    return s->out_len - s->out_first;
}

/* ---- open and free --------------------------------------------------------------------------------------------------------------- */

/* A descriptor that is connecting; -1: none. */
static int socket_connect(const struct ops_edit_url *url, const char **problem)
{
    struct addrinfo hints, *found, *a;
    int fd = -1, one = 1, failed;

    memset(&hints, 0, sizeof hints);
    hints.ai_socktype = SOCK_STREAM;
    failed = getaddrinfo(url->host, url->port, &hints, &found);
    if (failed != 0) {
        *problem = gai_strerror(failed);
        return -1;
    }
    *problem = "no address";
    for (a = found; a != NULL && fd < 0; a = a->ai_next) {
        fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) != 0 && errno != EINPROGRESS) {
            *problem = strerror(errno);
            close(fd);
            fd = -1;
        } else if (fd < 0) {
            *problem = strerror(errno);
        }
    }
    freeaddrinfo(found);
    if (fd >= 0)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

struct ops_edit_socket *ops_edit_socket_open(const struct ops_edit_url *url, size_t message_max_bytes,
                                             const struct ops_edit_socket_events *events, const char **problem)
{
    struct ops_edit_socket *s = calloc(1, sizeof *s);

    *problem = "out of memory";
    if (s == NULL)
        return NULL;
    s->fd = -1;
    s->events = *events;
    s->config.client = true;
    s->config.message_max_bytes =
        message_max_bytes < OPS_WEBSOCKET_MESSAGE_LIMIT ? (uint32_t)message_max_bytes : OPS_WEBSOCKET_MESSAGE_LIMIT;
    s->config.fragments_max = 65536;
    s->config.memory.more = socket_more;
    s->config.memory.release = socket_release;
    ops_websocket_reader_init(&s->reader);
    s->answer = malloc(ANSWER_BYTES);
    if (s->answer == NULL || !upgrade_ask(s, url) || (s->fd = socket_connect(url, problem)) < 0) {
        ops_edit_socket_free(s);
        return NULL;
    }
    return s;
}

void ops_edit_socket_free(struct ops_edit_socket *s)
{
    if (s == NULL)
        return;
    ops_websocket_reader_end(&s->reader, &s->config);
    if (s->fd >= 0)
        close(s->fd);
    free(s->answer);
    free(s->out);
    free(s);
}
