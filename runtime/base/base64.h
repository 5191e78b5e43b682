/* Standard base64 with padding (RFC 4648 §4), as spec/v1.md §2 and opstream-wire.md §1.3 want it.
 *
 * Reading: spaces, tabs, CR and LF are skipped wherever they stand, between padding characters too. What remains
 * must be a multiple of four characters of the standard alphabet, the last one or two of which may be '=' instead.
 * So refused are: missing padding, '=' elsewhere, anything behind it, '-' and '_', and all other characters. The
 * bits that a shortened last group does not use may be anything ("QR==" reads as "QQ=="), as .NET's Convert has
 * it; .NET 9's Base64 refuses them. */
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

/* Stores exactly ops_base64_encoded_bytes(len) bytes at `out`, returns the place behind them. `out` does not
 * overlap `in`. */
char *ops_base64_encode(char *out, const char *in, size_t len);

/* Decodes; `out` has ops_base64_decoded_bound(len) bytes of room and does not overlap `in`. Returns the size of
 * the result; or SIZE_MAX, and in `*bad` the offset of the first character that is wrong (`len`: something is
 * missing at the end). */
size_t ops_base64_decode(char *out, const char *in, size_t len, size_t *bad);

#endif
