/* Times as data: UTC seconds and nanoseconds, and their ISO 8601 texts. Reads no clock. */
#ifndef OPS_BASE_CLOCK_H
#define OPS_BASE_CLOCK_H

#include "str.h"

/* A point in time, 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z; `set` false: absent. */
struct ops_time {
    int64_t seconds; /* since 1970-01-01T00:00:00Z */
    int32_t nanos;   /* 0 to 999999999 */
    bool set;
};

enum { OPS_TIME_CHARS = 40 };

/* The writers take a time that is set; one outside the range above is written as the nearest one inside. */

/* `YYYY-MM-DDThh:mm:ss.mmmZ`, milliseconds cut (spec/v1.md §1). At most OPS_TIME_CHARS bytes; returns the place behind. */
char *ops_time_write_millis_z(char *out, struct ops_time time);

/* `YYYY-MM-DDThh:mm:ss[.fffffff]+00:00`: up to 7 digits, trailing zeros removed (spec/opstream-wire.md §1.3). */
char *ops_time_write_ticks_offset(char *out, struct ops_time time);

/* ISO 8601 extended date and time with `Z` or an offset (hh:mm or hh, at most 14:00), any number of fraction digits up to
 * 9 (more: cut); also without seconds, and without an offset (taken as UTC). Capital `T` and `Z`; no 24:00, no leap
 * second, no bare date. False when it is no such text or the UTC time is out of range; `time` is unchanged then. */
bool ops_time_read(struct ops_str text, struct ops_time *time);

#endif
