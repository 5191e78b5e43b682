/* The metrics page: a table of what is a plain number, and the histograms. */
#include "runtime/server/metrics.h"

#include "gen/errors.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

enum { METRICS_LINE_BYTES = 512, METRICS_CODES = 32 };

struct writer {
    struct ops_buf *out;
    bool ok;
};

static void line(struct writer *w, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 2, 3)))
#endif
    ;

static void line(struct writer *w, const char *format, ...)
{
    char text[METRICS_LINE_BYTES];
    va_list values;
    int len;

    va_start(values, format);
    len = vsnprintf(text, sizeof text, format, values);
    va_end(values);
    w->ok = w->ok && len >= 0 && (size_t)len < sizeof text && ops_buf_append(w->out, text, (size_t)len);
}

static void head(struct writer *w, const char *name, const char *type, const char *help)
{
    line(w, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* ---- plain numbers ------------------------------------------------------------------------------------------------------- */

/* X(name, type, help, value): `core`, `server` and `process` are at hand */
#define METRICS_PLAIN(X)                                                                                                           \
    X("opstream_active_documents", "gauge", "Documents in memory.", core->documents)                                               \
    X("opstream_members", "gauge", "Pairs of a connection and a document that it has joined.", core->members)                      \
    X("opstream_ops_processed_total", "counter", "Ops that were committed.", core->ops_processed)                                  \
    X("opstream_ops_rejected_total", "counter", "Ops that were refused, for whatever reason.", core->ops_rejected)                 \
    X("opstream_ops_absorbed_total", "counter", "Ops that rebasing left without effect.", core->ops_absorbed)                      \
    X("opstream_ops_repeated_total", "counter", "Ops that were known by their opId already.", core->ops_repeated)                  \
    X("opstream_ops_unstored_total", "counter", "Accepted ops that the storage did not keep; their authors were told.",            \
      core->ops_unstored)                                                                                                          \
    X("opstream_joins_total", "counter", "Joins that were answered with a document.", core->joins)                                 \
    X("opstream_catch_ups_total", "counter", "Joins that were answered with the ops missed.", core->catch_ups)                     \
    X("opstream_awareness_updates_total", "counter", "Presence updates.", core->awareness_updates)                                 \
    X("opstream_undos_total", "counter", "Ops made by undo and redo.", core->undos)                                                \
    X("opstream_snapshots_total", "counter", "Snapshots written.", core->snapshots)                                                \
    X("opstream_document_bytes", "gauge", "Memory of documents.", core->document_bytes)                                            \
    X("opstream_recent_bytes", "gauge", "Memory of recent ops, kept to rebase over.", core->recent_bytes)                          \
    X("opstream_connections_accepted_total", "counter", "Connections accepted.", server->connections_accepted)                     \
    X("opstream_http_requests_total", "counter", "HTTP requests, upgrades included.", server->http_requests)                       \
    X("opstream_messages_received_total", "counter", "Messages of clients.", server->messages_received)                            \
    X("opstream_frames_sent_total", "counter", "WebSocket frames sent.", server->frames_sent)                                      \
    X("opstream_received_bytes_total", "counter", "Bytes read from WebSockets.", server->bytes_received)                           \
    X("opstream_sent_bytes_total", "counter", "Bytes written to WebSockets.", server->bytes_sent)                                  \
    X("opstream_queue_bytes", "gauge", "Bytes that wait to be written.", server->queue_bytes)                                      \
    X("opstream_slow_readers_total", "counter", "Connections closed because they did not read.", server->slow_readers)             \
    X("opstream_origin_refusals_total", "counter", "Upgrades refused because of their Origin.", server->origin_refusals)           \
    X("opstream_protocol_violations_total", "counter", "Connections closed because of a broken frame.",                            \
      server->protocol_violations)                                                                                                 \
    X("opstream_unreadable_messages_total", "counter", "Messages that could not be read.", server->unreadable_messages)            \
    X("opstream_http2_prefaces_total", "counter", "Connections that spoke HTTP/2 and were turned away.", server->http2_prefaces)   \
    X("opstream_log_lines_lost_total", "counter", "Lines of the log that nobody read in time.", server->log_lines_lost)            \
    X("opstream_event_loops", "gauge", "Event loops.", server->loops)                                                              \
    X("opstream_draining", "gauge", "1: the server is on its way down.", server->draining)                                         \
    X("opstream_store_up", "gauge", "1: the last probe of the storage succeeded.", server->store_ok)                               \
    X("process_resident_memory_bytes", "gauge", "Resident memory.", process->resident_bytes)                                       \
    X("process_virtual_memory_bytes", "gauge", "Virtual memory.", process->virtual_bytes)                                          \
    X("process_open_fds", "gauge", "Open file descriptors.", process->open_fds)                                                    \
    X("process_max_fds", "gauge", "Limit of open file descriptors.", process->max_fds)                                             \
    X("process_threads", "gauge", "Threads.", process->threads)                                                                    \
    X("process_start_time_seconds", "gauge", "Start of the process, seconds since 1970.", server->start_time_seconds)

static void write_plain(struct writer *w, const struct ops_core_stats *core, const struct ops_server_counters *server,
                        const struct ops_process_counters *process)
{
#define X(name, type, help, value)                                                                                     \
    head(w, name, type, help);                                                                                         \
    line(w, "%s %" PRIu64 "\n", name, (uint64_t)(value));
    METRICS_PLAIN(X)
#undef X
    head(w, "process_cpu_seconds_total", "counter", "Processor time.");
    line(w, "process_cpu_seconds_total %" PRIu64 ".%06" PRIu64 "\n", process->cpu_us / 1000000, process->cpu_us % 1000000);
}

static void write_labelled(struct writer *w, const struct ops_core_stats *core, const struct ops_server_counters *server)
{
    head(w, "opstream_connections", "gauge", "Connections by protocol.");
#define X(name, label) line(w, "opstream_connections{protocol=\"%s\"} %" PRIu64 "\n", label, server->connections.name);
    OPS_METRIC_PROTOCOLS(X)
#undef X
    head(w, "opstream_limit_hits_total", "counter", "How often a limit was reached.");
#define X(name, label) line(w, "opstream_limit_hits_total{limit=\"%s\"} %" PRIu64 "\n", label, server->limit_hits.name);
    OPS_METRIC_LIMITS(X)
#undef X
    head(w, "opstream_refusals_total", "counter", "Requests refused, by error code.");
    for (size_t i = 0; i < ops_error_codes_count; i++) {
        const struct ops_error_code_row *row = &ops_error_codes[i];

        if (row->code != OPS_ERROR_CODE_NO_ERROR && (size_t)row->code < METRICS_CODES)
            line(w, "opstream_refusals_total{code=\"%.*s\"} %" PRIu64 "\n", (int)row->name.len, row->name.ptr, core->refusals[row->code]);
    }
}

static void write_build(struct writer *w, const struct ops_build *build)
{
    head(w, "opstream_build_info", "gauge", "What is running; always 1.");
    line(w, "opstream_build_info{version=\"%s\",storage=\"%s\"} 1\n", build->version, build->storage);
}

/* ---- histograms ---------------------------------------------------------------------------------------------------------- */

/* `micros` of the unit: 1 for counts; of histograms that hold microseconds, how many make one unit that is written. */
static void write_decimal(struct writer *w, uint64_t value, uint64_t micros)
{
    if (micros == 1)
        line(w, "%" PRIu64, value);
    else if (micros == 1000)
        line(w, "%" PRIu64 ".%03" PRIu64, value / micros, value % micros);
    else
        line(w, "%" PRIu64 ".%06" PRIu64, value / micros, value % micros);
}

static void write_histogram(struct writer *w, const char *name, const char *help, const struct ops_histogram *h, uint64_t micros)
{
    uint64_t seen = 0;

    head(w, name, "histogram", help);
    for (unsigned i = 0; i < OPS_HISTOGRAM_BUCKETS - 1; i++) {
        seen += h->buckets[i];
        line(w, "%s_bucket{le=\"", name);
        write_decimal(w, UINT64_C(1) << i, micros);
        line(w, "\"} %" PRIu64 "\n", seen);
    }
    seen += h->buckets[OPS_HISTOGRAM_BUCKETS - 1];
    line(w, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n%s_sum ", name, seen, name);
    write_decimal(w, h->sum, micros);
    line(w, "\n%s_count %" PRIu64 "\n", name, seen);
}

static void write_latency(struct writer *w, const char *ms_name, const char *seconds_name, const char *help, const struct ops_histogram *h)
{
    write_histogram(w, ms_name, help, h, 1000);
    write_histogram(w, seconds_name, help, h, 1000000);
}

bool ops_metrics_write(const struct ops_core_stats *core, const struct ops_server_counters *server,
                       const struct ops_process_counters *process, const struct ops_build *build, struct ops_buf *out)
{
    struct writer w = {out, true};

    write_build(&w, build);
    write_plain(&w, core, server, process);
    write_labelled(&w, core, server);
    write_latency(&w, "opstream_op_apply_latency_ms", "opstream_op_apply_latency_seconds", "From an op's arrival to its answer.",
                  &core->op_latency_us);
    write_latency(&w, "opstream_store_append_latency_ms", "opstream_store_append_latency_seconds", "Time of an append to the storage.",
                  &core->append_latency_us);
    write_latency(&w, "opstream_store_read_latency_ms", "opstream_store_read_latency_seconds", "Time of a document's load.",
                  &core->load_latency_us);
    write_histogram(&w, "opstream_event_loop_lag_seconds", "Length of a turn of an event loop: what an event may have to wait.",
                    &server->loop_lag_us, 1000000);
    write_histogram(&w, "opstream_transform_count_per_op", "Ops that an op was rebased over.", &core->rebased_over_ops, 1);
    write_histogram(&w, "opstream_broadcast_fanout", "Connections that an op was pushed to.", &core->fan_out, 1);
    write_histogram(&w, "opstream_peers_per_document", "Connections in the document of an op.", &core->peers_per_document, 1);
    return w.ok;
}
