/* What a `Data Source=…` string asks for (spec/opstream-ops.md §1.7). */
#ifndef OPS_BACKENDS_SQLITE_SETTINGS_H
#define OPS_BACKENDS_SQLITE_SETTINGS_H

#include "runtime/base/str.h"

struct sqlite_settings {
    char path[4096]; /* file name or file: URI */
    int open_flags;  /* of sqlite3_open_v2 */
    int busy_ms;     /* how long a lock of another process is waited for */
    bool foreign_keys_set, foreign_keys;
    bool recursive_triggers_set, recursive_triggers;
};

/* False: `problem` says which key or value is wrong. */
bool sqlite_settings_read(struct ops_str connection_string, struct sqlite_settings *settings, char *problem, size_t problem_bytes);

#endif
