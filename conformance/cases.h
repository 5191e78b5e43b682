/* Case files: recorded conversations (format `opstream-wire-cases/1`, README.md beside this file).
 *
 * Read with libjansson, so that nothing which is under test judges itself. */
#ifndef OPS_CONFORMANCE_CASES_H
#define OPS_CONFORMANCE_CASES_H

#include <jansson.h>

#include "gen/profile.h"

struct conf_file {
    const char *path;
    json_t *root;
    json_t *cases;
    const struct ops_profile *profile; /* of its peers, unless one chooses another */
};

/* False, and a sentence on stderr, when the file cannot be used. */
bool conf_file_open(const char *path, struct conf_file *file);
void conf_file_close(struct conf_file *file);

/* The string member of an object; absent when there is none. Lives as long as `object`. */
struct ops_str conf_member(const json_t *object, const char *name);

/* The string itself; absent when it is none. */
struct ops_str conf_string(const json_t *string);

/* A JSON text as jansson reads it; NULL when it does not. The caller owns it. */
json_t *conf_parse(struct ops_str text);

#endif
