/* One turn: what the session wants, one poll, what came. */
#include "loop.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

enum { MESSAGE_LIMIT_BYTES = 1 << 30 }; /* the session has the limit that counts */

struct ops_edit_loop {
    struct ops_edit_url url;
    struct ops_client *client;
    struct ops_edit_socket *socket;
    bool ended; /* the socket is to be freed */
    uint16_t close_code;
    void (*told)(void *self, uint16_t close_code, const char *why);
    void *self;
};

static void *memory_more(void *self, size_t bytes)
{
    (void)self;
    return malloc(bytes);
}

static void memory_release(void *self, void *block, size_t bytes)
{
    (void)self;
    (void)bytes;
    free(block);
}

const struct ops_memory ops_edit_memory = {memory_more, memory_release, NULL};

static void fill_random(void *self, void *out, size_t bytes)
{
    (void)self;
    if (getrandom(out, bytes, 0) != (ssize_t)bytes)
        abort(); /* ids of ops must not repeat: there is nothing sensible to go on with */
}

static int64_t clock_ms(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct ops_edit_loop *ops_edit_loop_open(const char *url, const struct ops_client_config *config,
                                         void (*told)(void *self, uint16_t close_code, const char *why))
{
    struct ops_client_config mine = *config;
    struct ops_edit_loop *loop = calloc(1, sizeof *loop);

    if (loop == NULL)
        return NULL;
    if (mine.memory == NULL)
        mine.memory = &ops_edit_memory;
    if (mine.random == NULL)
        mine.random = fill_random;
    loop->told = told;
    loop->self = config->events.self;
    if (ops_edit_url_parse(url, &loop->url))
        loop->client = ops_client_open(&mine);
    if (loop->client == NULL) {
        free(loop);
        return NULL;
    }
    ops_client_tick(loop->client, clock_ms(CLOCK_MONOTONIC), clock_ms(CLOCK_REALTIME));
    return loop;
}

struct ops_client *ops_edit_loop_client(const struct ops_edit_loop *loop)
{
    return loop->client;
}

void ops_edit_loop_free(struct ops_edit_loop *loop)
{
    if (loop == NULL)
        return;
    ops_edit_socket_free(loop->socket);
    ops_client_close(loop->client);
    free(loop);
}

char *ops_edit_text(const struct ops_doc *doc)
{
    struct ops_arena arena;
    struct ops_buf text;
    char *copy = NULL;

    ops_arena_init(&arena, NULL, 0, SIZE_MAX, &ops_edit_memory);
    ops_buf_init(&text, &arena);
    if (ops_doc_text_range(doc, 0, SIZE_MAX, &text) == OPS_OK)
        copy = malloc(text.len + 1);
    if (copy != NULL) {
        if (text.len > 0)
            memcpy(copy, text.ptr, text.len);
        copy[text.len] = '\0';
    }
    ops_arena_end(&arena);
    return copy;
}

/* ---- the connection ---------------------------------------------------------------------------------------------------------- */

static void on_opened(void *self)
{
    ops_client_connected(((struct ops_edit_loop *)self)->client);
}

static void on_message(void *self, struct ops_str text)
{
    ops_client_received(((struct ops_edit_loop *)self)->client, text);
}

static void loop_tell(const struct ops_edit_loop *loop, uint16_t close_code, const char *why)
{
    if (loop->told != NULL)
        loop->told(loop->self, close_code, why);
}

static void on_ended(void *self, uint16_t close_code, const char *problem)
{
    struct ops_edit_loop *loop = self;

    loop_tell(loop, close_code, problem);
    loop->ended = true;
    loop->close_code = close_code;
}

static void loop_disconnect(struct ops_edit_loop *loop)
{
    ops_edit_socket_free(loop->socket);
    loop->socket = NULL;
    loop->ended = false;
    ops_client_disconnected(loop->client, loop->close_code);
    loop->close_code = 0;
}

static void loop_connect(struct ops_edit_loop *loop)
{
    const struct ops_edit_socket_events events = {loop, on_opened, on_message, on_ended};
    const char *problem;

    loop->socket = ops_edit_socket_open(&loop->url, MESSAGE_LIMIT_BYTES, &events, &problem);
    if (loop->socket == NULL) {
        loop_tell(loop, 0, problem);
        loop_disconnect(loop);
    }
}

static void loop_serve(struct ops_edit_loop *loop)
{
    enum ops_client_state state;
    struct ops_str message;

    ops_client_tick(loop->client, clock_ms(CLOCK_MONOTONIC), clock_ms(CLOCK_REALTIME));
    state = ops_client_state(loop->client);
    if (loop->ended || (loop->socket != NULL && (state == OPS_CLIENT_CLOSE || state == OPS_CLIENT_STOPPED)))
        loop_disconnect(loop);
    if (ops_client_state(loop->client) == OPS_CLIENT_CONNECT && loop->socket == NULL)
        loop_connect(loop);
    while (loop->socket != NULL && !loop->ended && ops_client_outgoing(loop->client, &message)) {
        if (!ops_edit_socket_send(loop->socket, message))
            on_ended(loop, 0, "a message cannot be sent"); /* handed out counts as sent: with this connection it is not */
    }
}

/* ---- waiting ------------------------------------------------------------------------------------------------------------------- */

static int loop_wait_ms(const struct ops_edit_loop *loop, int most_ms)
{
    int64_t left_ms = ops_client_deadline_ms(loop->client);

    if (loop->ended)
        return 0;
    if (left_ms == INT64_MAX)
        return most_ms;
    left_ms -= clock_ms(CLOCK_MONOTONIC);
    if (left_ms < 0)
        return 0;
    if (left_ms > 60000)
        left_ms = 60000;
    return most_ms >= 0 && most_ms < left_ms ? most_ms : (int)left_ms;
}

bool ops_edit_loop_turn(struct ops_edit_loop *loop, int fd, int most_ms)
{
    struct pollfd fds[2] = {{fd, POLLIN, 0}, {-1, 0, 0}};

    loop_serve(loop);
    if (loop->socket != NULL) {
        fds[1].fd = ops_edit_socket_fd(loop->socket);
        fds[1].events = ops_edit_socket_poll(loop->socket);
    }
    if (poll(fds, 2, loop_wait_ms(loop, most_ms)) < 0) /* a signal: the caller goes on */
        return false;
    if (loop->socket != NULL && fds[1].revents != 0)
        ops_edit_socket_ready(loop->socket, fds[1].revents);
    return fds[0].revents != 0;
}
