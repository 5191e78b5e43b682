/* Text documents: what there is beside the table of engines/engine.h (spec/opstream-engines.md §1, spec/v1.md §5).
 *
 * All counts and offsets are UTF-16 code units. */
#ifndef OPS_ENGINES_TEXT_TEXT_H
#define OPS_ENGINES_TEXT_TEXT_H

#include "engines/engine.h"

struct ops_text_doc; /* what ops_text_engine.open gives */

/* Length of the document. */
size_t ops_text_length(const struct ops_text_doc *document);

/* Bytes that its text has in UTF-8. */
size_t ops_text_bytes(const struct ops_text_doc *document);

/* Appends the text of [at, at + count), cut at the document's end, as UTF-8. Half of a surrogate pair at either end is U+FFFD.
 * OPS_ERR_NOMEM: `out` has no room, and is as before. */
enum ops_err ops_text_read(const struct ops_text_doc *document, size_t at, size_t count, struct ops_buf *out);

/* Does the place lie between the halves of a surrogate pair? */
bool ops_text_inside_pair(const struct ops_text_doc *document, size_t at);

#endif
