/* The rows of config_table.h as data, and the words that settings may have. */
#include "runtime/server/config_private.h"

#include <stdio.h>

const struct ops_choice ops_choices_transport[] = {
    {"websockets", NULL, false}, {"signalr", NULL, false}, {"grpc", NULL, true}, {NULL, NULL, false}};

const struct ops_choice ops_choices_engine[] = {
    {"text", NULL, false}, {"json", NULL, false}, {"rich-text", NULL, true}, {"richtext", "rich-text", true},
    {"table", NULL, true}, {"form", NULL, true},  {"tree", NULL, true},      {NULL, NULL, false}};

const struct ops_choice ops_choices_storage[] = {
    {"memory", NULL, false},      {"sqlite", NULL, false},         {"postgres", NULL, true}, {"postgresql", "postgres", true},
    {"mysql", NULL, true},        {"mariadb", "mysql", true},      {"sqlserver", NULL, true}, {"mssql", "sqlserver", true},
    {"mongo", NULL, true},        {"mongodb", "mongo", true},      {"redis", NULL, true},    {NULL, NULL, false}};

const struct ops_choice ops_choices_backplane[] = {{"local", NULL, false}, {"redis", NULL, true}, {NULL, NULL, false}};

const struct ops_choice ops_choices_log_level[] = {
    {"debug", NULL, false}, {"info", NULL, false}, {"warning", NULL, false}, {"error", NULL, false}, {NULL, NULL, false}};

const struct ops_choice ops_choices_log_format[] = {
    {"auto", NULL, false}, {"json", NULL, false}, {"text", NULL, false}, {NULL, NULL, false}};

const struct ops_choice ops_choices_switch[] = {{"on", NULL, false}, {"off", NULL, false}, {NULL, NULL, false}};

const struct ops_setting_row ops_setting_rows[OPS_SETTING_COUNT] = {
#define X(kind, field, key, default_text, min, max, choices, sentence)                                                 \
    {OPS_KIND_##kind, "OPSTREAM__" key, default_text, min, max, choices, sentence, offsetof(struct ops_config, field)},
    OPS_SETTINGS(X)
#undef X
};

const char *ops_setting_default(const struct ops_setting_row *row)
{
    if (row->kind == OPS_KIND_PROFILE)
        return ops_profiles[0]->name.ptr;
    return row->default_text;
}

static size_t add_word(char *out, size_t out_bytes, size_t at, const char *before, const char *word)
{
    int written = at < out_bytes ? snprintf(out + at, out_bytes - at, "%s%s", before, word) : 0;

    return written > 0 ? at + (size_t)written : at;
}

void ops_setting_valid(const struct ops_setting_row *row, char *out, size_t out_bytes)
{
    const struct ops_choice *choice;
    size_t at = 0;
    bool later = false;

    out[0] = '\0';
    if (row->kind == OPS_KIND_PROFILE) {
        for (size_t i = 0; i < ops_profiles_count; i++)
            at = add_word(out, out_bytes, at, i > 0 ? ", " : "", ops_profiles[i]->name.ptr);
        return;
    }
    if (row->kind == OPS_KIND_SYNC)
        add_word(out, out_bytes, at, "", "full, normal, every-<n>ms, off");
    if (row->choices == NULL)
        return;
    for (choice = row->choices; choice->name != NULL; choice++)
        if (!choice->later)
            at = add_word(out, out_bytes, at, at > 0 ? ", " : "", choice->name);
    for (choice = row->choices; choice->name != NULL; choice++) {
        if (!choice->later || choice->canonical != NULL)
            continue;
        at = add_word(out, out_bytes, at, later ? ", " : "; not in this build yet: ", choice->name);
        later = true;
    }
}
