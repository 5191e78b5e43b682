/* A WebSocket echo server on loopback, of the frame reader and the handshake helper and nothing else: what
 * echo_cases.mjs is tried on. Prints its port. One connection at a time; ends when its standard input does. */
#include <arpa/inet.h>
#include <openssl/sha.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/transport/websocket/frame.h"
#include "runtime/transport/websocket/handshake.h"
#include "tests/support/memory.h"

enum { PEER_REQUEST_BYTES = 4096, PEER_READ_BYTES = 65536, PEER_MESSAGE_BYTES = 64 << 20 };

static void peer_sha1(const void *bytes, size_t len, uint8_t digest[OPS_WEBSOCKET_SHA1_BYTES])
{
    SHA1(bytes, len, digest);
}

static bool peer_write(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);

        if (n <= 0)
            return false;
        bytes += n;
        len -= (size_t)n;
    }
    return true;
}

/* Reads the request's head, byte by byte so that nothing behind it is taken, and answers it. */
static bool peer_handshake(int fd)
{
    static const char name[] = "sec-websocket-key: ";
    char head[PEER_REQUEST_BYTES], answer[256], accept[OPS_WEBSOCKET_ACCEPT_CHARS];
    size_t len = 0, i;

    while (len < sizeof head - 1 && (len < 4 || memcmp(head + len - 4, "\r\n\r\n", 4) != 0)) {
        if (recv(fd, head + len, 1, 0) != 1)
            return false;
        len++;
    }
    for (i = 0; i + sizeof name + OPS_WEBSOCKET_KEY_CHARS < len; i++) {
        if (strncasecmp(head + i, name, sizeof name - 1) == 0)
            break;
    }
    if (i + sizeof name + OPS_WEBSOCKET_KEY_CHARS >= len)
        return false;
    ops_websocket_accept(ops_str_of(head + i + sizeof name - 1, OPS_WEBSOCKET_KEY_CHARS), peer_sha1, accept);
    i = (size_t)snprintf(answer, sizeof answer,
                         "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: "
                         "websocket\r\nSec-WebSocket-Accept: %.*s\r\n\r\n",
                         OPS_WEBSOCKET_ACCEPT_CHARS, accept);
    return peer_write(fd, answer, i);
}

static bool peer_echo(int fd, enum ops_websocket_event event, const struct ops_websocket_frame *frame)
{
    char out[OPS_WEBSOCKET_CONTROL_ROOM];
    char *end;

    switch (event) {
    case OPS_WEBSOCKET_MESSAGE:
        end = ops_websocket_header_write(out, frame->binary ? OPS_WEBSOCKET_BINARY : OPS_WEBSOCKET_TEXT,
                                         frame->payload.len, NULL);
        return peer_write(fd, out, (size_t)(end - out)) && peer_write(fd, frame->payload.ptr, frame->payload.len);
    case OPS_WEBSOCKET_PINGED:
        return peer_write(fd, out, ops_websocket_control_write(out, OPS_WEBSOCKET_PONG, frame->payload, NULL));
    case OPS_WEBSOCKET_CLOSED:
    case OPS_WEBSOCKET_BROKEN:
        peer_write(fd, out, ops_websocket_close_write(out, frame->code, OPS_STR(""), NULL));
        return false;
    case OPS_WEBSOCKET_PONGED:
    case OPS_WEBSOCKET_MORE:
        break;
    }
    return true;
}

static void peer_talk(int fd)
{
    static char block[PEER_READ_BYTES];
    struct ops_websocket_config config;
    struct ops_websocket_reader reader;
    bool open = peer_handshake(fd);

    memset(&config, 0, sizeof config);
    config.message_max_bytes = PEER_MESSAGE_BYTES;
    config.fragments_max = UINT32_MAX;
    config.memory = test_memory;
    ops_websocket_reader_init(&reader);
    while (open) {
        ssize_t n = recv(fd, block, sizeof block, 0);
        struct ops_websocket_bytes bytes = {block, n > 0 ? (size_t)n : 0};
        struct ops_websocket_frame frame;
        enum ops_websocket_event event;

        open = n > 0;
        while (open && (event = ops_websocket_read(&reader, &config, &bytes, &frame)) != OPS_WEBSOCKET_MORE)
            open = peer_echo(fd, event, &frame);
    }
    ops_websocket_reader_end(&reader, &config);
    shutdown(fd, SHUT_WR);
    while (recv(fd, block, sizeof block, 0) > 0) /* so that the Close is not lost by a reset */
        ;
}

int main(void)
{
    struct sockaddr_in address;
    socklen_t address_bytes = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 64) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &address_bytes) != 0)
        return 1;
    printf("%u\n", ntohs(address.sin_port));
    fflush(stdout);
    for (;;) {
        struct pollfd wait[2] = {{listener, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
        int fd;

        if (poll(wait, 2, -1) <= 0 || wait[1].revents != 0)
            return 0;
        fd = accept(listener, NULL, NULL);
        if (fd < 0)
            continue;
        peer_talk(fd);
        close(fd);
    }
}
