/* Loads settings and keeps what was said of them. */
#ifndef OPS_TESTS_CONFIG_FIXTURE_H
#define OPS_TESTS_CONFIG_FIXTURE_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/server/config_private.h"

struct settings {
    struct ops_config config;
    char errors[16384], warnings[16384]; /* a line each */
    unsigned error_count, warning_count;
    bool valid;
};

static inline void settings_say(void *self, bool is_error, const char *sentence)
{
    struct settings *s = (struct settings *)self;
    char *text = is_error ? s->errors : s->warnings;
    size_t len = strlen(text);

    s->error_count += is_error;
    s->warning_count += !is_error;
    snprintf(text + len, sizeof s->errors - len, "%s\n", sentence);
}

/* `arguments` may be NULL. */
static inline void settings_load(struct settings *s, char *const *environment, char *const *arguments)
{
    struct ops_config_listener listener = {settings_say, s};

    s->errors[0] = s->warnings[0] = '\0';
    s->error_count = s->warning_count = 0;
    s->valid = ops_config_load(&s->config, environment, arguments, listener);
}

/* One variable, printf's way: "%s=%s". */
static inline void settings_load_one(struct settings *s, const char *format, ...)
{
    char entry[20000];
    char *environment[2] = {entry, NULL};
    va_list values;

    va_start(values, format);
    vsnprintf(entry, sizeof entry, format, values);
    va_end(values);
    settings_load(s, environment, NULL);
}

static inline void *settings_field(struct settings *s, const struct ops_setting_row *row)
{
    return (char *)&s->config + row->offset_bytes;
}

#endif
