/* Turns `{reason, offset}` of a failed decode into a sentence, by one more scan of the same input.
 *
 * `$.components[3].count: expected an integer of 0 to 2147483647 at byte 57` (spec/v1.md §2). The decoders carry
 * nothing for it. */
#ifndef OPS_CODEC_EXPLAIN_H
#define OPS_CODEC_EXPLAIN_H

#include "type.h"

/* Writes the path of the JSON value at `offset_bytes`, cut in the middle with "..." when it does not fit; no zero
 * byte at the end. Names are spelled as in the input: `.name`, or `["a name"]` where there is more than letters,
 * digits, `_`, `$`, `-`. A place between two values, or in a name, is that of the object or list. Returns its
 * length. Works on any input, also one that is not JSON behind the offset; always valid UTF-8. */
size_t ops_json_path(struct ops_str input, size_t offset_bytes, char *out, size_t out_bytes);

/* Appends the whole sentence: `path: phrase[ of min to max][: member] at byte N`. `input` is what was decoded; JSON
 * unless `binary` (then there is no path). False when `out` has no room; it is then as before. */
bool ops_error_sentence(const struct ops_error *error, struct ops_str input, bool binary, struct ops_buf *out);

#endif
