/* UTF-8 and its UTF-16 measures. Sizes on the wire are UTF-16 code units (spec/opstream-engines.md §0.3). */
#ifndef OPS_BASE_UTF_H
#define OPS_BASE_UTF_H

#include "str.h"

/* Length of the longest valid UTF-8 prefix (no overlong forms, no surrogates, at most U+10FFFF); == len when all is. */
size_t ops_utf8_valid_prefix(const char *ptr, size_t len);

/* Length in UTF-16 units of valid UTF-8. */
size_t ops_utf16_length(const char *ptr, size_t len);

/* Orders two valid UTF-8 strings by UTF-16 code unit ("ordinal"): <0, 0, >0. Absent sorts before everything. */
int ops_utf16_compare(struct ops_str a, struct ops_str b);

/* Decodes the code point at `ptr` (valid UTF-8, ptr < end); stores its length in bytes. */
uint32_t ops_utf8_decode(const char *ptr, const char *end, unsigned *len);

/* Stores `cp` (at most U+10FFFF) as UTF-8, returns its length, 1 to 4. */
unsigned ops_utf8_encode(uint32_t cp, char *out);

/* True when the string is empty or has only white space as .NET's Char.IsWhiteSpace counts it. */
bool ops_utf8_is_blank(struct ops_str s);

/* True when it has a code point in U+0000-1F or U+007F-9F. */
bool ops_utf8_has_control(struct ops_str s);

#endif
