/* Pages of the admin listener: metrics, and what is known of one document. Loopback by default; nothing else protects them. */
#ifndef OPS_SERVER_ADMIN_H
#define OPS_SERVER_ADMIN_H

#include "backends/store.h"
#include "metrics.h"
#include "page.h"

struct ops_profile;

enum ops_admin_kind {
    OPS_ADMIN_NONE,       /* no such page: 404 */
    OPS_ADMIN_INDEX,      /* / : what is here */
    OPS_ADMIN_METRICS,    /* /metrics */
    OPS_ADMIN_DIAGNOSTICS /* /opstream/diag/{docId} */
};

enum { OPS_DIAGNOSTICS_OPS = 50 }; /* of a document's log, its last ones */

/* Which page `path` is. Of a diagnostics page also the document's id, its percent escapes undone but for %2F
 * (opstream-wire.md §7.4); in `arena` where it had any. An id that is not UTF-8 is no page. */
enum ops_admin_kind ops_admin_find(struct ops_str path, struct ops_arena *arena, struct ops_str *document_id);

void ops_admin_index(const struct ops_page_request *request, struct ops_page *out);
void ops_admin_not_found(struct ops_page *out);

/* The body lies in `arena`; a 500 when that has no room. */
void ops_admin_metrics(const struct ops_page_request *request, const struct ops_core_stats *core, const struct ops_server_counters *server,
                       const struct ops_build *build, struct ops_arena *arena, struct ops_page *out);

/* What is known of a document: `document` from the core of its loop, `recent` (oldest first) from the log. An unknown document is no error. */
struct ops_diagnostics {
    struct ops_str document_id, node_id;
    struct ops_core_document document;
    const struct ops_store_op *recent;
    size_t recent_count;
};
void ops_admin_diagnostics(const struct ops_page_request *request, const struct ops_profile *profile,
                           const struct ops_diagnostics *diagnostics, struct ops_arena *arena, struct ops_page *out);

#endif
