/* Connection strings of ADO.NET (spec/opstream-ops.md §1.7): `key=value;key=value`, read by a table of the keys that a backend
 * knows.
 *
 * Keys are case-insensitive; blanks around keys and values are cut; a value in ' or " keeps its blanks and may hold ';', its
 * own quote doubled; `==` in a key stands for '='; empty segments are skipped; the last of several equal keys counts, and an empty
 * value takes the key back. The grammar is connection_string.rl. */
#ifndef OPS_BACKENDS_CONNECTION_STRING_H
#define OPS_BACKENDS_CONNECTION_STRING_H

#include "runtime/base/str.h"

enum {
    OPS_CONNECTION_PAIRS_MAX = 64,   /* more are refused */
    OPS_CONNECTION_BYTES_MAX = 8192  /* a longer string is refused */
};

/* One key and its value, unquoted, in `text` of the set. */
struct ops_connection_pair {
    struct ops_str key, value;
};

struct ops_connection_pairs {
    struct ops_connection_pair pairs[OPS_CONNECTION_PAIRS_MAX];
    size_t count;
    char text[OPS_CONNECTION_BYTES_MAX];
};

/* The pairs in the order in which they are written. False: `*offset` is where the text stops to be one, or where the pair or byte
 * that is too much begins. */
bool ops_connection_pairs_read(struct ops_str text, struct ops_connection_pairs *pairs, size_t *offset);

enum ops_connection_kind {
    OPS_CONNECTION_TEXT,
    OPS_CONNECTION_BOOL,    /* true, false, yes, no, 1, 0 */
    OPS_CONNECTION_INTEGER, /* min to max */
    OPS_CONNECTION_CHOICE,  /* one of `words`: its place in the list */
    OPS_CONNECTION_REFUSED  /* known, and not to be had here: `words` says why */
};

/* A key: a row of a backend's table. */
struct ops_connection_key {
    const char *names; /* the main one first, separated by '|' */
    enum ops_connection_kind kind;
    const char *words; /* OPS_CONNECTION_CHOICE: separated by '|' */
    int64_t min, max;  /* OPS_CONNECTION_INTEGER */
};

/* What was given for a row of the table; all zero: nothing. */
struct ops_connection_value {
    bool set;
    int64_t number;      /* BOOL 0 or 1, INTEGER, CHOICE */
    struct ops_str text; /* in the set of pairs */
};

/* Reads `text` by a table of `count` rows into as many `values`. False: `problem` says which key or value is wrong, and what would
 * be right (the nearest key, the range, the list). It never holds a value of a refused key. */
bool ops_connection_string_read(struct ops_str text, const struct ops_connection_key *keys, size_t count,
                                struct ops_connection_pairs *pairs, struct ops_connection_value *values, char *problem,
                                size_t problem_bytes);

#endif
