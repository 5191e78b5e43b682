/* The log's sink: one lock, one write a line, none that would block. */
#include "runtime/server/log.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static struct {
    pthread_mutex_t lock; /* of the descriptor: a check that it takes a line, and the line */
    _Atomic int least;    /* enum ops_log_level */
    bool json;
    int fd;
    _Atomic uint64_t lost;
    uint64_t lost_told; /* under the lock */
} log_sink = {PTHREAD_MUTEX_INITIALIZER, OPS_LOG_WARNING, false, STDERR_FILENO, 0, 0};

void ops_log_open(enum ops_log_level least, bool json, int fd)
{
    pthread_mutex_lock(&log_sink.lock);
    log_sink.json = json;
    log_sink.fd = fd;
    pthread_mutex_unlock(&log_sink.lock);
    atomic_store(&log_sink.least, (int)least);
}

void ops_log_open_words(struct ops_str level, struct ops_str format, int fd)
{
    static const char *const levels[] = {"debug", "info", "warning", "error"};
    enum ops_log_level least = OPS_LOG_INFO;
    bool json = ops_str_equal(format, OPS_STR("json"));

    for (int i = OPS_LOG_DEBUG; i <= OPS_LOG_ERROR; i++)
        if (ops_str_equal(level, ops_str_of(levels[i], strlen(levels[i]))))
            least = (enum ops_log_level)i;
    if (ops_str_equal(format, OPS_STR("auto")))
        json = isatty(fd) == 0;
    ops_log_open(least, json, fd);
}

bool ops_log_wants(enum ops_log_level level)
{
    return (int)level >= atomic_load_explicit(&log_sink.least, memory_order_relaxed);
}

uint64_t ops_log_lost(void)
{
    return atomic_load(&log_sink.lost);
}

/* A pipe is writable when it takes OPS_LOG_LINE_BYTES (PIPE_BUF) without blocking; files and terminals always are. */
static bool write_line(const char *line, size_t len)
{
    struct pollfd pollable = {log_sink.fd, POLLOUT, 0};
    ssize_t written;

    do
        written = poll(&pollable, 1, 0);
    while (written < 0 && errno == EINTR);
    if (written <= 0 || (pollable.revents & POLLOUT) == 0)
        return false;
    do
        written = write(log_sink.fd, line, len);
    while (written < 0 && errno == EINTR);
    return written == (ssize_t)len;
}

static struct ops_time wall_clock(void)
{
    struct timespec now;
    struct ops_time time;

    clock_gettime(CLOCK_REALTIME, &now);
    time.seconds = now.tv_sec;
    time.nanos = (int32_t)now.tv_nsec;
    time.set = true;
    return time;
}

/* Under the lock. */
static bool tell_lost(struct ops_time now)
{
    uint64_t lost = atomic_load(&log_sink.lost);
    struct ops_log_entry entry;
    char text[80], line[OPS_LOG_LINE_BYTES];

    if (lost == log_sink.lost_told)
        return true;
    memset(&entry, 0, sizeof entry);
    entry.level = OPS_LOG_WARNING;
    entry.room = "log";
    entry.msg = ops_str_of(text, (size_t)snprintf(text, sizeof text, "%llu lines are missing: nobody read them",
                                                  (unsigned long long)(lost - log_sink.lost_told)));
    if (!write_line(line, ops_log_format(&entry, log_sink.json, now, line)))
        return false;
    log_sink.lost_told = lost;
    return true;
}

void ops_log_write(const struct ops_log_entry *entry)
{
    char line[OPS_LOG_LINE_BYTES];
    struct ops_time now;
    size_t len;

    if (!ops_log_wants(entry->level))
        return;
    now = wall_clock();
    len = ops_log_format(entry, log_sink.json, now, line);
    pthread_mutex_lock(&log_sink.lock);
    if (!tell_lost(now) || !write_line(line, len))
        atomic_fetch_add(&log_sink.lost, 1);
    pthread_mutex_unlock(&log_sink.lock);
}

static void write_message(enum ops_log_level level, const char *room, struct ops_str document_id, const char *format, va_list values)
{
    struct ops_log_entry entry;
    char text[2048];
    int len;

    if (!ops_log_wants(level))
        return;
    len = vsnprintf(text, sizeof text, format, values);
    memset(&entry, 0, sizeof entry);
    entry.level = level;
    entry.room = room;
    entry.document_id = document_id;
    entry.msg = ops_str_of(text, len < 0 ? 0 : len < (int)sizeof text ? (size_t)len : sizeof text - 1);
    ops_log_write(&entry);
}

void ops_log(enum ops_log_level level, const char *room, const char *format, ...)
{
    va_list values;

    va_start(values, format);
    write_message(level, room, ops_str_of(NULL, 0), format, values);
    va_end(values);
}

void ops_log_document(enum ops_log_level level, const char *room, struct ops_str document_id, const char *format, ...)
{
    va_list values;

    va_start(values, format);
    write_message(level, room, document_id, format, values);
    va_end(values);
}
