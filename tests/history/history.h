/* The history of one document, and whether it kept the promise (design/reliability.md).
 *
 * A test records what happened; history_check names the first violation of these rules, in words:
 *   1  revisions in the final log have no gap, and begin where the document does
 *   2  every acknowledged (op id, revision) is in the log exactly there
 *   3  no op id is in the log twice
 *   4  an op that was acknowledged before another one was submitted has the lower revision
 *   5  an op id that was submitted and never acknowledged is in the log at most once, and nothing is in it that nobody submitted
 *   6  a client's document at a revision is the server's at that revision
 *   7  every client saw revisions without gap or repeat, each with the op that the log has there
 * Linear in the number of events (a record that comes out of the order of time costs a sort).
 *
 * Texts are copied. Not thread-safe: a test with threads records under a lock. Memory that cannot be had ends the program. */
#ifndef OPS_TESTS_HISTORY_H
#define OPS_TESTS_HISTORY_H

#include "runtime/base/str.h"

struct history;

struct history *history_new(void);
void history_free(struct history *h);

/* The log's first revision is `first` (2 when not said: a new document is at 1): higher after the log was trimmed, and then acknowledged
 * ops below it are taken to be in the snapshot. */
void history_log_begins(struct history *h, int64_t first);

/* Client `client` sent an op. The same id again (after a reconnect) is the same op. `time`: any clock that all events share. */
void history_submitted(struct history *h, uint32_t client, struct ops_str op_id, int64_t time);

/* Its acknowledgement arrived. (An op that was absorbed has no revision of its own: not recorded.) */
void history_acked(struct history *h, uint32_t client, struct ops_str op_id, int64_t revision, int64_t time);

/* The client has the document at `revision`: what it sees next is one above. At its first and every later join. */
void history_joined(struct history *h, uint32_t client, int64_t revision);

/* The client came to `revision` by a push, by catch-up or by its own acknowledgement. An absent op id: not known to it. */
void history_seen(struct history *h, uint32_t client, int64_t revision, struct ops_str op_id);

/* A document at a revision, by a hash of its state. */
void history_server_document(struct history *h, int64_t revision, uint64_t hash);
void history_client_document(struct history *h, uint32_t client, int64_t revision, uint64_t hash);

/* The final log, in the order in which the store gives it. An absent op id is a row that no client submitted with one. */
void history_log_row(struct history *h, int64_t revision, struct ops_str op_id);

/* 0: nothing is wrong. Else the number of the rule that is broken, and a sentence in `why`. */
int history_check(struct history *h, char *why, size_t why_bytes);

#endif
