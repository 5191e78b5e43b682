/* --health: the container's health check, so that the image needs no curl. */
#include "runtime/server/cli.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { HEALTH_TIMEOUT_S = 3, HEALTH_ANSWER_BYTES = 1024 };

/* Where a client on this machine reaches it. */
static socklen_t address_of(const struct ops_listen *listen, struct sockaddr_storage *out)
{
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
    struct sockaddr_in *v4 = (struct sockaddr_in *)out;

    memset(out, 0, sizeof *out);
    if (listen->kind == OPS_LISTEN_IPV6) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(listen->port);
        inet_pton(AF_INET6, listen->host, &v6->sin6_addr);
        if (IN6_IS_ADDR_UNSPECIFIED(&v6->sin6_addr))
            v6->sin6_addr = in6addr_loopback;
        return sizeof *v6;
    }
    v4->sin_family = AF_INET;
    v4->sin_port = htons(listen->port);
    v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (listen->kind == OPS_LISTEN_IPV4 && strcmp(listen->host, "0.0.0.0") != 0)
        inet_pton(AF_INET, listen->host, &v4->sin_addr);
    return sizeof *v4;
}

static int connected(const struct ops_listen *listen)
{
    struct timeval timeout = {HEALTH_TIMEOUT_S, 0};
    struct sockaddr_storage address;
    socklen_t bytes = address_of(listen, &address);
    int fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout); /* counts for connect, too */
    if (connect(fd, (const struct sockaddr *)&address, bytes) == 0)
        return fd;
    close(fd);
    return -1;
}

bool ops_cli_health(const struct ops_config *config, char *answer, size_t answer_bytes)
{
    static const char request[] = "GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    static const char wanted[] = "HTTP/1.1 200 ";
    char text[HEALTH_ANSWER_BYTES];
    size_t len = 0;
    ssize_t got = 1;
    int fd = config->urls.count > 0 ? connected(&config->urls.items[0]) : -1;

    if (fd < 0) {
        snprintf(answer, answer_bytes, "no connection: %s", strerror(errno));
        return false;
    }
    if (send(fd, request, sizeof request - 1, MSG_NOSIGNAL) == (ssize_t)(sizeof request - 1))
        while (len < sizeof text - 1 && got > 0) {
            got = recv(fd, text + len, sizeof text - 1 - len, 0);
            len += got > 0 ? (size_t)got : 0;
        }
    close(fd);
    text[len] = '\0';
    if (len < sizeof wanted - 1 || memcmp(text, wanted, sizeof wanted - 1) != 0) {
        snprintf(answer, answer_bytes, "no good answer: %.*s", (int)strcspn(text, "\r\n"), text);
        return false;
    }
    snprintf(answer, answer_bytes, "Healthy");
    return true;
}
