/* Which messages a document type's ops and documents are. */
#ifndef OPS_CONFORMANCE_ENGINES_H
#define OPS_CONFORMANCE_ENGINES_H

#include "gen/tables.h"

struct conf_engine {
    struct ops_str name; /* the document type: text */
    const struct ops_message *op;
    const struct ops_message *document;
};

enum { CONF_ENGINE_COUNT = 6 };
extern const struct conf_engine conf_engines[CONF_ENGINE_COUNT];

/* The engine of a document type, in any letter case; NULL: none. */
const struct conf_engine *conf_engine_find(struct ops_str name);

/* Same letters, whatever their case (ASCII). */
bool conf_same_letters(struct ops_str a, struct ops_str b);

#endif
