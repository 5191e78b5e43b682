/* The log: one line a call, on standard error; JSON objects (message LogLine of the schema), or text for a person.
 *
 * Any thread. A line is one write of at most OPS_LOG_LINE_BYTES, so that lines of several processes do not mix in a pipe; when
 * the reader of a pipe does not keep up the line is dropped and counted instead of holding up a loop, and the next line that
 * goes through says how many are missing. Secrets are taken out of every text (ops_log_redact), document ids are hashed. */
#ifndef OPS_SERVER_LOG_H
#define OPS_SERVER_LOG_H

#include "runtime/base/clock.h"

enum ops_log_level { OPS_LOG_DEBUG, OPS_LOG_INFO, OPS_LOG_WARNING, OPS_LOG_ERROR };

enum { OPS_LOG_LINE_BYTES = 4096 }; /* what a pipe takes in one piece; a longer text is cut */

/* One line. Everything is borrowed; a NULL or absent member is left out. Bytes that are no UTF-8 come out as `?`. */
struct ops_log_entry {
    enum ops_log_level level;
    const char *room;           /* server, store, core, websocket */
    struct ops_str msg;
    struct ops_str document_id; /* written as a hash with a key of this process */
    struct ops_str conn;        /* peer id */
    const char *err_code, *err_where;
    struct ops_str err_what;
};

/* Until then, and by default: text from `warning` on, to standard error. Before other threads log. */
void ops_log_open(enum ops_log_level least, bool json, int fd);

/* What OPSTREAM__LOG__LEVEL and __FORMAT say. `auto` is text if `fd` is a terminal. */
void ops_log_open_words(struct ops_str level, struct ops_str format, int fd);

bool ops_log_wants(enum ops_log_level level);
void ops_log_write(const struct ops_log_entry *entry);

/* A line that is only a message, as printf makes it. */
void ops_log(enum ops_log_level level, const char *room, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 3, 4)))
#endif
    ;

/* The same about a document (may be absent). */
void ops_log_document(enum ops_log_level level, const char *room, struct ops_str document_id, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 4, 5)))
#endif
    ;

/* Lines dropped since the start. */
uint64_t ops_log_lost(void);

/* The entry as it is written, line end included, without the check of its level; returns its length. For tests, and for
 * ops_log_write. */
size_t ops_log_format(const struct ops_log_entry *entry, bool json, struct ops_time now, char out[OPS_LOG_LINE_BYTES]);

/* Copies `text`, at most `out_bytes`, with every secret as `***`: values of the names of log_redact.c (`Password=…` in
 * connection strings, `access_token=…` and `id=…` in URLs), credentials before an @ in URIs, what follows `Bearer`. Returns the
 * length. Cut at a character; invalid UTF-8 becomes `?`. */
size_t ops_log_redact(struct ops_str text, char *out, size_t out_bytes);

#endif
