/* Numbers as text, without stdio, locale or libm. */
#ifndef OPS_BASE_NUM_H
#define OPS_BASE_NUM_H

#include "str.h"

enum { OPS_INT64_CHARS = 20, OPS_DOUBLE_CHARS = 32 };

/* Stores the decimal form, at most OPS_INT64_CHARS bytes, returns the place behind it. */
char *ops_int64_write(char *out, int64_t value);
char *ops_uint64_write(char *out, uint64_t value);

/* Stores a finite double as ECMAScript's Number::toString writes it (shortest digits that read back the same), at most
 * OPS_DOUBLE_CHARS bytes; -0 is "0". Returns the place behind it. */
char *ops_double_write(char *out, double value);

/* Nearest double to a JSON number token (ties to even), as ECMAScript reads it; beyond the range gives an infinity.
 * `text` is a valid JSON number of any length. */
double ops_double_read(struct ops_str text);

#endif
