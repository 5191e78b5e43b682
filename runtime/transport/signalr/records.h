/* Private: single records of the server, framed. */
#ifndef OPS_SIGNALR_RECORDS_H
#define OPS_SIGNALR_RECORDS_H

#include "session.h"

/* Appends one framed record of the protocol (NONE counts as JSON). */
enum ops_err records_write(const struct ops_json_style *style, unsigned protocol, const struct ops_hub_message *record, struct ops_buf *out);

/* Close because of `code`, in the words of the profile. `sentence` without a code; absent: that of the profile for anything. */
enum ops_err records_close(const struct ops_profile *profile, unsigned protocol, enum ops_error_code code, struct ops_str sentence,
                           struct ops_buf *out);

#endif
