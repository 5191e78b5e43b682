/* Standard base64 with padding (RFC 4648 §4), as spec/v1.md §2 and opstream-wire.md §1.3 want it.
 *
 * Reading: ASCII spaces, tabs, CR and LF are skipped wherever they are; padding is needed; the URL-safe alphabet and anything else is
 * refused; bits behind the last byte may be anything, as .NET has it. */
#ifndef OPS_BASE_BASE64_H
#define OPS_BASE_BASE64_H

#include "str.h"

/* Exact size of the encoding of `len` bytes. */
static inline size_t ops_base64_encoded_bytes(size_t len)
{
    return (len + 2) / 3 * 4;
}

/* Upper bound of the decoding of `len` characters; blocks are stored beyond the result's end, but not beyond this. */
static inline size_t ops_base64_decoded_bound(size_t len)
{
    return len / 4 * 3 + 40;
}

/* Stores exactly ops_base64_encoded_bytes(len) bytes at `out`, returns the place behind them. */
char *ops_base64_encode(char *out, const char *in, size_t len);

/* Decodes; `out` has ops_base64_decoded_bound(len) bytes of room. Returns the size of the result; or SIZE_MAX, and in `*bad` the offset
 * of the first character that is wrong (`len`: something is missing at the end). */
size_t ops_base64_decode(char *out, const char *in, size_t len, size_t *bad);

#endif
