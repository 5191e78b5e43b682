#include "settings.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include <sqlite3.h>

#include "backends/connection_string.h"

enum row { DATA_SOURCE, MODE, CACHE, PASSWORD, FOREIGN_KEYS, RECURSIVE_TRIGGERS, TIMEOUT, POOLING, JOURNAL_MODE, ROWS };

/* Cache and Pooling are read and do nothing: there are two connections for as long as the server runs, and a shared cache would
 * make readers wait for the writer. */
static const struct ops_connection_key keys[ROWS] = {
    [DATA_SOURCE] = {"Data Source|DataSource|Filename", OPS_CONNECTION_TEXT, NULL, 0, 0},
    [MODE] = {"Mode", OPS_CONNECTION_CHOICE, "ReadWriteCreate|ReadWrite|ReadOnly|Memory", 0, 0},
    [CACHE] = {"Cache", OPS_CONNECTION_CHOICE, "Default|Private|Shared", 0, 0},
    [PASSWORD] = {"Password", OPS_CONNECTION_REFUSED,
                  "needs a build of SQLite that encrypts; this one does not. Leave it out and keep the file on an encrypted disk.", 0, 0},
    [FOREIGN_KEYS] = {"Foreign Keys", OPS_CONNECTION_BOOL, NULL, 0, 0},
    [RECURSIVE_TRIGGERS] = {"Recursive Triggers", OPS_CONNECTION_BOOL, NULL, 0, 0},
    [TIMEOUT] = {"Default Timeout|Command Timeout", OPS_CONNECTION_INTEGER, NULL, 0, INT_MAX / 1000},
    [POOLING] = {"Pooling", OPS_CONNECTION_BOOL, NULL, 0, 0},
    [JOURNAL_MODE] = {"Journal Mode", OPS_CONNECTION_REFUSED,
                      "is no key of this connection string: write-ahead logging is always on. Leave it out.", 0, 0},
};

static bool begins_with(struct ops_str s, const char *prefix)
{
    size_t len = strlen(prefix);

    return s.len >= len && sqlite3_strnicmp(s.ptr, prefix, (int)len) == 0;
}

/* "|DataDirectory|" is where the program runs. */
static bool path_read(struct ops_str source, struct sqlite_settings *out, char *problem, size_t problem_bytes)
{
    if (begins_with(source, "|DataDirectory|")) {
        source.ptr += strlen("|DataDirectory|");
        source.len -= strlen("|DataDirectory|");
        while (source.len > 0 && (source.ptr[0] == '/' || source.ptr[0] == '\\')) {
            source.ptr++;
            source.len--;
        }
    }
    if (source.len == 0) {
        (void)snprintf(problem, problem_bytes, "The connection string names no file. Example: Data Source=opstream.db");
        return false;
    }
    if (ops_str_equal(source, OPS_STR(":memory:")) || (begins_with(source, "file:") && (begins_with(source, "file::memory:") ||
        memmem(source.ptr, source.len, "mode=memory", strlen("mode=memory")) != NULL))) {
        (void)snprintf(problem, problem_bytes,
                       "A SQLite database in memory is lost with the process. Name a file, or use the storage provider memory.");
        return false;
    }
    if (source.len >= sizeof out->path || memchr(source.ptr, '\0', source.len) != NULL) {
        (void)snprintf(problem, problem_bytes, "The file name in the connection string is too long (%zu bytes; at most %zu).", source.len,
                       sizeof out->path - 1);
        return false;
    }
    memcpy(out->path, source.ptr, source.len);
    out->path[source.len] = '\0';
    return true;
}

bool sqlite_settings_read(struct ops_str text, struct sqlite_settings *settings, char *problem, size_t problem_bytes)
{
    static const int flags[] = {SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, SQLITE_OPEN_READWRITE, SQLITE_OPEN_READONLY};
    enum { MODE_MEMORY = 3 };
    struct ops_connection_pairs *pairs = malloc(sizeof *pairs);
    struct ops_connection_value values[ROWS];
    bool ok = false;

    memset(settings, 0, sizeof *settings);
    if (pairs == NULL) {
        (void)snprintf(problem, problem_bytes, "no memory");
        return false;
    }
    if (!ops_connection_string_read(text.ptr != NULL ? text : OPS_STR(""), keys, ROWS, pairs, values, problem, problem_bytes))
        goto done;
    if (values[MODE].number == MODE_MEMORY) {
        (void)snprintf(problem, problem_bytes,
                       "Mode=Memory is lost with the process. Name a file, or use the storage provider memory.");
        goto done;
    }
    if (!path_read(values[DATA_SOURCE].text, settings, problem, problem_bytes))
        goto done;
    settings->open_flags = flags[values[MODE].number] | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX;
    settings->busy_ms = values[TIMEOUT].set ? (int)values[TIMEOUT].number * 1000 : 30000;
    if (values[TIMEOUT].set && values[TIMEOUT].number == 0)
        settings->busy_ms = INT_MAX; /* 0: no limit, as everywhere in ADO.NET */
    settings->foreign_keys_set = values[FOREIGN_KEYS].set;
    settings->foreign_keys = values[FOREIGN_KEYS].number != 0;
    settings->recursive_triggers_set = values[RECURSIVE_TRIGGERS].set;
    settings->recursive_triggers = values[RECURSIVE_TRIGGERS].number != 0;
    ok = true;
done:
    free(pairs);
    return ok;
}
