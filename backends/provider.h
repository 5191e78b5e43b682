/* What a backend shows to ops_store_open: one row of the list in store.c. */
#ifndef OPS_BACKENDS_PROVIDER_H
#define OPS_BACKENDS_PROVIDER_H

#include "store.h"

/* As ops_store_open, for one provider. `sync` is already known to be well formed. */
typedef struct ops_store *ops_store_open_fn(const struct ops_store_config *config, const struct ops_store_env *env, char *problem,
                                            size_t problem_bytes);

ops_store_open_fn ops_memory_open, ops_sqlite_open;

/* What OPSTREAM__STORAGE__SYNC says. */
enum ops_sync_level {
    OPS_SYNC_FULL,   /* every commit is on stable storage before it is answered: loses nothing */
    OPS_SYNC_NORMAL, /* a crash of the process loses nothing; a power cut loses what came after the last checkpoint */
    OPS_SYNC_EVERY,  /* a crash of the process loses nothing; a power cut loses the last interval */
    OPS_SYNC_OFF     /* a crash of the process loses nothing; a power cut may lose everything */
};

struct ops_sync {
    enum ops_sync_level level;
    uint32_t interval_ms; /* OPS_SYNC_EVERY */
};

enum { OPS_SYNC_INTERVAL_MAX_MS = 60000 };

/* `text`: full, normal, every-<1 to 60000>ms, off; absent or empty: full. False when it is none of them. */
bool ops_sync_read(struct ops_str text, struct ops_sync *sync);

#endif
