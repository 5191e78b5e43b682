/* Memory of the conformance kit: an arena that takes its blocks from malloc. */
#ifndef OPS_CONFORMANCE_MEMORY_H
#define OPS_CONFORMANCE_MEMORY_H

#include "runtime/base/buf.h"

enum { CONF_ARENA_BYTES = 1 << 30 }; /* of one case, or of what a program keeps */

/* Empty; ops_arena_reset gives everything back. */
void conf_arena_init(struct ops_arena *arena);

/* Like ops_arena_zalloc, but ends the program when there is no memory. */
void *conf_alloc(struct ops_arena *arena, size_t bytes);

/* Appends, or ends the program when there is no memory. */
void conf_append(struct ops_buf *out, struct ops_str text);

#endif
