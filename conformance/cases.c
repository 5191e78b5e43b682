#include "cases.h"

#include <stdio.h>

enum { CASES_FLAGS = JSON_ALLOW_NUL | JSON_DECODE_ANY };
static const char cases_format[] = "opstream-wire-cases/1";

struct ops_str conf_string(const json_t *string)
{
    if (!json_is_string(string))
        return ops_str_of(NULL, 0);
    return ops_str_of(json_string_value(string), json_string_length(string));
}

struct ops_str conf_member(const json_t *object, const char *name)
{
    return conf_string(json_object_get(object, name));
}

json_t *conf_parse(struct ops_str text)
{
    json_t *json;

    if (text.ptr == NULL)
        return NULL;
    json = json_loadb(text.ptr, text.len, CASES_FLAGS, NULL);
    return json != NULL
               ? json
               : json_loadb(text.ptr, text.len, CASES_FLAGS | JSON_DECODE_INT_AS_REAL, NULL); /* beyond int64 */
}

static bool cases_refuse(const char *path, const char *why)
{
    fprintf(stderr, "%s: %s\n", path, why);
    return false;
}

bool conf_file_open(const char *path, struct conf_file *file)
{
    json_error_t error;
    struct ops_str format, profile;

    memset(file, 0, sizeof *file);
    file->path = path;
    file->root = json_load_file(path, JSON_ALLOW_NUL, &error);
    if (file->root == NULL)
        return cases_refuse(path, error.text);
    format = conf_member(file->root, "format");
    file->cases = json_object_get(file->root, "cases");
    if (format.ptr == NULL || strncmp(format.ptr, cases_format, sizeof cases_format - 1) != 0 ||
        !json_is_array(file->cases)) {
        conf_file_close(file);
        return cases_refuse(path, "not a file of format opstream-wire-cases/1");
    }
    /* A file that names no profile was recorded from the released server. */
    profile = conf_member(file->root, "profile");
    file->profile = profile.ptr == NULL ? &ops_profile_reference : ops_profile_find(profile);
    if (file->profile == NULL) {
        conf_file_close(file);
        return cases_refuse(path, "unknown profile");
    }
    return true;
}

void conf_file_close(struct conf_file *file)
{
    json_decref(file->root);
    file->root = NULL;
}
