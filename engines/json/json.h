/* Json documents: what there is beside the table of engines/engine.h (spec/opstream-engines.md §3, spec/v1.md §5, §6).
 *
 * A register is a path with a value (JSON text, exactly as received), the stamp of who wrote it last, and whether it is deleted; a
 * deleted one stays, with the value `null`. It is handed out as the schema's own struct ops_json_register. */
#ifndef OPS_ENGINES_JSON_JSON_H
#define OPS_ENGINES_JSON_JSON_H

#include "engines/engine.h"

struct ops_json_doc; /* what ops_json_engine.open gives */

/* Reads one register; its strings are the document's until it is next changed. False: there is none. */
bool ops_json_get(const struct ops_json_doc *document, struct ops_str path, struct ops_json_register *out);

/* How many registers there are, deleted ones too. */
size_t ops_json_count(const struct ops_json_doc *document);

/* Highest timestamp of any register; INT64_MIN: there is none. A client stamps with max(now, 1 + this) (spec/v1.md §5). */
int64_t ops_json_highest_stamp(const struct ops_json_doc *document);

/* Called with each register, or each one that an op has changed. */
typedef void ops_json_visit(void *self, const struct ops_json_register *reg);

/* Visits the registers whose path is `path` or below it (`path` absent: all), ordered by UTF-16 units. The document is not changed
 * meanwhile. OPS_ERR_NOMEM: `scratch` has no room, nothing was visited. */
enum ops_err ops_json_walk(const struct ops_json_doc *document, struct ops_str path, struct ops_arena *scratch,
                           ops_json_visit *visit, void *self);

/* ops_json_engine.apply, and visits every register that the op changed, as it is now, after all of them have. */
enum ops_err ops_json_apply_watched(struct ops_json_doc *document, const struct ops_json_op_batch *op,
                                    struct ops_arena *scratch, ops_json_visit *visit, void *self);

/* The batch with every timestamp one above the highest of the document, of itself and `now` (§3.6). */
enum ops_err ops_json_restamp(const struct ops_json_doc *document, const struct ops_json_op_batch *op, int64_t now,
                              struct ops_arena *arena, const struct ops_json_op_batch **out);

#endif
