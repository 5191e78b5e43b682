/* Private: cuts an ordered stream of bytes into hub records, whatever pieces it comes in. */
#ifndef OPS_SIGNALR_STREAM_H
#define OPS_SIGNALR_STREAM_H

#include "runtime/codec/hub.h"
#include "session.h"

/* OPS_HUB_RECORD: `*record` without separator or length, a slice of the bytes or of the session until the next call. OPS_HUB_MORE: all
 * bytes are used up; what is no whole record yet is held. `*no_memory`: it could not be held. */
enum ops_hub_split stream_next(struct ops_signalr_session *s, const struct ops_signalr_config *config, struct ops_str *bytes,
                               struct ops_str *record, bool *no_memory);

/* Of a record, with its separator or length. */
size_t stream_limit(const struct ops_signalr_session *s, const struct ops_signalr_config *config);

/* Forgets what is held, and its memory. */
void stream_forget(struct ops_signalr_session *s, const struct ops_signalr_config *config);

#endif
