/* Metrics as Prometheus reads them (text format 0.0.4). Names are those of the released server in Prometheus spelling, so that
 * a board made for it goes on working; every *_ms histogram has one in seconds beside it. Never a document, a user or an
 * address as a label. */
#ifndef OPS_SERVER_METRICS_H
#define OPS_SERVER_METRICS_H

#include "runtime/base/buf.h"
#include "runtime/core/core.h"

/* X(name, label value) */
#define OPS_METRIC_PROTOCOLS(X)                                                                                        \
    X(websocket, "websocket")     /* collaboration sockets that have sent something */                                 \
    X(signalr, "signalr")         /* hub connections, whatever carries them */                                         \
    X(negotiated, "negotiated")   /* hub connections that have negotiated and no transport yet */                      \
    X(undecided, "undecided")     /* upgraded, nothing said yet */                                                     \
    X(http, "http")               /* not upgraded */

/* X(name, label value): what opstream_limit_hits_total counts. Those of single messages are refusals by code. */
#define OPS_METRIC_LIMITS(X)                                                                                           \
    X(connections, "connections")                                                                                      \
    X(connections_per_address, "connections_per_address")                                                              \
    X(message_bytes, "message_bytes")                                                                                  \
    X(body_bytes, "body_bytes")                                                                                        \
    X(negotiated, "signalr_negotiated")                                                                                \
    X(queue_bytes, "queue_bytes")                                                                                      \
    X(requests, "requests")                                                                                            \
    X(handshake_timeout, "timeouts_handshake")                                                                         \
    X(write_timeout, "timeouts_write")                                                                                 \
    X(ping_timeout, "ping_timeout")                                                                                    \
    X(invalid_messages, "invalid_messages")

/* What the server has seen, all loops together. Counts only grow unless they say `now`. */
struct ops_server_counters {
    struct {
#define X(name, label) uint64_t name;
        OPS_METRIC_PROTOCOLS(X)
#undef X
    } connections; /* now */
    struct {
#define X(name, label) uint64_t name;
        OPS_METRIC_LIMITS(X)
#undef X
    } limit_hits;
    uint64_t connections_accepted, http_requests;
    uint64_t messages_received, frames_sent, bytes_received, bytes_sent;
    uint64_t queue_bytes;  /* now: waiting to be written */
    uint64_t slow_readers, origin_refusals, protocol_violations, unreadable_messages, http2_prefaces;
    uint64_t log_lines_lost;
    struct ops_histogram loop_lag_us; /* length of a turn of an event loop: what an event may have to wait */
    uint32_t loops;
    bool draining, store_ok;
    uint64_t start_time_seconds; /* of the process, since 1970 */
};

/* Adds `one` to `sum`, member by member; what is `now` adds up over loops, too. */
void ops_metrics_add_histogram(struct ops_histogram *sum, const struct ops_histogram *one);
void ops_metrics_add_core(struct ops_core_stats *sum, const struct ops_core_stats *one);

/* What the kernel says of this process; a member that cannot be read is 0. */
struct ops_process_counters {
    uint64_t cpu_us, resident_bytes, virtual_bytes, open_fds, max_fds, threads;
};
void ops_process_read(struct ops_process_counters *out);

/* What never changes: labels of opstream_build_info. */
struct ops_build {
    const char *version, *storage;
};

/* The whole page. False: no memory; `out` may hold a part of it. */
bool ops_metrics_write(const struct ops_core_stats *core, const struct ops_server_counters *server,
                       const struct ops_process_counters *process, const struct ops_build *build, struct ops_buf *out);

/* Value of Content-Type. */
#define OPS_METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

#endif
