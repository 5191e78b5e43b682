/* Finds what was set, reads it, and tells every problem.
 *
 * Two passes: the sources in the order of their rank note the text of each setting (the last one stays), then each text is read
 * once. A wrong text leaves the default in place, so that what depends on other settings is checked all the same and the
 * operator sees all problems at once. */
#include "runtime/server/config_private.h"

#include <stdio.h>
#include <stdlib.h>

enum { CONFIG_MEMORY_MAX = 4 << 20, CONFIG_SECRET_FILE_MAX = 64 << 10, CONFIG_SENTENCE_BYTES = OPS_CONFIG_PROBLEM_BYTES + 256 };

struct loader {
    struct ops_config *config;
    struct ops_config_listener listener;
    bool failed;
    bool from_file[OPS_SETTING_COUNT];
};

static void *more(void *self, size_t bytes)
{
    (void)self;
    return malloc(bytes);
}

static void release(void *self, void *block, size_t bytes)
{
    (void)self;
    (void)bytes;
    free(block);
}

static const struct ops_memory config_memory = {more, release, NULL};

static void say(struct loader *loader, bool is_error, const char *name, const char *problem)
{
    char sentence[CONFIG_SENTENCE_BYTES];

    snprintf(sentence, sizeof sentence, "%s: %s", name, problem);
    loader->failed |= is_error;
    loader->listener.say(loader->listener.self, is_error, sentence);
}

/* ---- sources ------------------------------------------------------------------------------------------------------------ */

static struct ops_str copied(struct loader *loader, struct ops_str text)
{
    char *copy = ops_arena_alloc(&loader->config->arena, text.len + 1);

    if (copy == NULL) {
        say(loader, true, "configuration", "more text than this server reads");
        return OPS_STR("");
    }
    if (text.len > 0)
        memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    return ops_str_of(copy, text.len);
}

static void note(struct loader *loader, size_t row, struct ops_str text, struct ops_str source)
{
    loader->config->set[row].text = copied(loader, text);
    loader->config->set[row].source = copied(loader, source);
    loader->from_file[row] = false;
}

/* The secret in a file, without the line end that editors leave behind it. */
static void note_file(struct loader *loader, size_t row, struct ops_str path, struct ops_str source)
{
    char sentence[OPS_CONFIG_PROBLEM_BYTES], shown[OPS_CONFIG_SHOWN_BYTES];
    char *bytes = ops_arena_alloc(&loader->config->arena, CONFIG_SECRET_FILE_MAX + 1);
    FILE *file = bytes != NULL ? fopen(copied(loader, path).ptr, "rb") : NULL;
    size_t len = 0;

    ops_config_shown(path, shown);
    if (file == NULL) {
        snprintf(sentence, sizeof sentence, "the file '%s' cannot be read", shown);
        say(loader, true, copied(loader, source).ptr, sentence);
        return;
    }
    len = fread(bytes, 1, CONFIG_SECRET_FILE_MAX + 1, file);
    if (ferror(file) || len > CONFIG_SECRET_FILE_MAX) {
        snprintf(sentence, sizeof sentence, "the file '%s' cannot be read, or has more than 64KiB", shown);
        say(loader, true, copied(loader, source).ptr, sentence);
    } else if (loader->config->set[row].text.ptr != NULL && !loader->from_file[row]) {
        snprintf(sentence, sizeof sentence, "%s is set too; leave one of them out", ops_setting_rows[row].name);
        say(loader, true, copied(loader, source).ptr, sentence);
    } else {
        if (len > 0 && bytes[len - 1] == '\n')
            len--;
        if (len > 0 && bytes[len - 1] == '\r')
            len--;
        note(loader, row, ops_str_of(bytes, len), source);
        loader->from_file[row] = true;
    }
    fclose(file);
}

static bool split(const char *entry, struct ops_str *name, struct ops_str *value)
{
    const char *equals = strchr(entry, '=');

    if (equals == NULL)
        return false;
    *name = ops_str_of(entry, (size_t)(equals - entry));
    *value = ops_str_of(equals + 1, strlen(equals + 1));
    return true;
}

/* What the host of the released server reads, from the weakest to the strongest. Ports come without an address. */
static void note_urls(struct loader *loader, char *const *entries, const char *wanted, bool ports)
{
    struct ops_str name, value;
    char urls[OPS_CONFIG_PROBLEM_BYTES] = "";
    size_t at = 0;

    for (; *entries != NULL; entries++) {
        if (!split(*entries, &name, &value) || !ops_config_same_name(name, wanted) || value.len == 0)
            continue;
        for (size_t from = 0; ports && from < value.len && at < sizeof urls;) {
            size_t len = strcspn(value.ptr + from, ";");

            at += (size_t)snprintf(urls + at, sizeof urls - at, "http://*:%.*s;", (int)len, value.ptr + from);
            from += len + 1;
        }
        note(loader, OPS_SETTING_urls, ports ? ops_str_of(urls, strlen(urls)) : value, name);
    }
}

static bool ends_with_file(struct ops_str name)
{
    return name.len > 5 && ops_config_equal_any_case(ops_str_of(name.ptr + name.len - 5, 5), OPS_STR("_FILE"));
}

static bool note_known(struct loader *loader, struct ops_str name, struct ops_str value, bool files)
{
    struct ops_str stem = ops_str_of(name.ptr, ends_with_file(name) ? name.len - 5 : name.len);

    for (size_t i = 0; i < OPS_SETTING_COUNT; i++) {
        bool secret = ops_setting_rows[i].kind == OPS_KIND_SECRET;

        if (ops_config_same_name(name, ops_setting_rows[i].name)) {
            if (!files)
                note(loader, i, value, name);
            return true;
        }
        if (secret && stem.len < name.len && ops_config_same_name(stem, ops_setting_rows[i].name)) {
            if (files)
                note_file(loader, i, value, name);
            return true;
        }
    }
    return false;
}

static void warn_unknown(struct loader *loader, struct ops_str name)
{
    const char *nearest = ops_config_nearest(name);
    char shown[OPS_CONFIG_SHOWN_BYTES], sentence[OPS_CONFIG_PROBLEM_BYTES];

    ops_config_shown(name, shown);
    if (nearest != NULL)
        snprintf(sentence, sizeof sentence, "no such setting; the nearest is %s", nearest);
    else
        snprintf(sentence, sizeof sentence, "no such setting; `opstreamd --help` lists them");
    say(loader, false, shown, sentence);
}

static bool begins(struct ops_str name, const char *prefix)
{
    size_t len = strlen(prefix);

    return name.len >= len && ops_config_equal_any_case(ops_str_of(name.ptr, len), ops_str_of(prefix, len));
}

static void note_entries(struct loader *loader, char *const *entries, bool files)
{
    struct ops_str name, value;
    char shown[OPS_CONFIG_SHOWN_BYTES];

    for (; *entries != NULL; entries++) {
        if (!split(*entries, &name, &value))
            continue;
        ops_config_shown(name, shown);
        if (begins(name, "OPSTREAM__") || begins(name, "OPSTREAM:")) {
            if (!note_known(loader, name, value, files) && !files)
                warn_unknown(loader, name);
        } else if (!files && (begins(name, "KESTREL__") || begins(name, "ASPNETCORE_HTTPS_PORTS"))) {
            say(loader, false, shown, "is a setting of the .NET host that this server does not have; see OPSTREAM__URLS");
        }
    }
}

/* ---- values --------------------------------------------------------------------------------------------------------------- */

static void read_row(struct loader *loader, size_t row)
{
    const struct ops_setting_row *setting = &ops_setting_rows[row];
    struct ops_config_origin *origin = &loader->config->set[row];
    void *field = (char *)loader->config + setting->offset_bytes;
    const char *text = ops_setting_default(setting);
    char problem[OPS_CONFIG_PROBLEM_BYTES];

    if (text != NULL && !ops_setting_read(setting, ops_str_of(text, strlen(text)), &loader->config->arena, field, problem))
        say(loader, true, setting->name, problem);
    if (origin->text.ptr == NULL) {
        if (text != NULL)
            origin->text = ops_str_of(text, strlen(text));
        origin->source = OPS_STR("default");
        return;
    }
    if (!ops_setting_read(setting, origin->text, &loader->config->arena, field, problem))
        say(loader, true, origin->source.ptr, problem);
}

bool ops_config_load(struct ops_config *config, char *const *environment, char *const *arguments,
                     struct ops_config_listener listener)
{
    static char *const nothing[] = {NULL};
    struct loader loader;

    memset(config, 0, sizeof *config);
    memset(&loader, 0, sizeof loader);
    loader.config = config;
    loader.listener = listener;
    if (arguments == NULL)
        arguments = nothing;
    ops_arena_init(&config->arena, NULL, 0, CONFIG_MEMORY_MAX, &config_memory);
    note_urls(&loader, environment, "ASPNETCORE_HTTP_PORTS", true);
    note_urls(&loader, environment, "DOTNET_HTTP_PORTS", true);
    note_urls(&loader, environment, "ASPNETCORE_URLS", false);
    note_urls(&loader, environment, "DOTNET_URLS", false);
    note_entries(&loader, environment, false);
    note_entries(&loader, environment, true);
    note_urls(&loader, arguments, "URLS", false);
    note_entries(&loader, arguments, false);
    for (size_t i = 0; i < OPS_SETTING_COUNT; i++)
        read_row(&loader, i);
    loader.failed |= !ops_config_check(config, listener);
    return !loader.failed;
}

void ops_config_drop(struct ops_config *config)
{
    ops_arena_end(&config->arena);
}
