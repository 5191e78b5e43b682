/* Which backends there are, and opening one of them. */
#include "provider.h"

#include <stdio.h>

/* name, a second name or "", how it is opened */
#define PROVIDERS(X)                                                                                                   \
    X("memory", "", ops_memory_open)                                                                                   \
    X("sqlite", "", ops_sqlite_open)

static const struct {
    const char *name, *alias;
    ops_store_open_fn *open;
} providers[] = {
#define X(name, alias, open) {name, alias, open},
    PROVIDERS(X)
#undef X
};

enum { PROVIDERS_COUNT = sizeof providers / sizeof providers[0] };

static bool is_name(struct ops_str given, const char *name)
{
    size_t i = 0;

    for (; i < given.len && name[i] != '\0'; i++) {
        char c = given.ptr[i];

        if ((c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c) != name[i])
            return false;
    }
    return given.len > 0 && i == given.len && name[i] == '\0';
}

bool ops_sync_read(struct ops_str text, struct ops_sync *sync)
{
    struct ops_sync s = {OPS_SYNC_FULL, 0};

    if (text.len == 0 || is_name(text, "full")) {
        *sync = s;
        return true;
    }
    if (is_name(text, "normal") || is_name(text, "off")) {
        s.level = is_name(text, "off") ? OPS_SYNC_OFF : OPS_SYNC_NORMAL;
    } else {
        if (text.len < 9 || text.len > 13 || !is_name(ops_str_of(text.ptr, 6), "every-") ||
            !is_name(ops_str_of(text.ptr + text.len - 2, 2), "ms"))
            return false;
        for (size_t i = 6; i < text.len - 2; i++) {
            if (text.ptr[i] < '0' || text.ptr[i] > '9')
                return false;
            s.interval_ms = s.interval_ms * 10 + (uint32_t)(text.ptr[i] - '0');
        }
        if (s.interval_ms == 0 || s.interval_ms > OPS_SYNC_INTERVAL_MAX_MS)
            return false;
        s.level = OPS_SYNC_EVERY;
    }
    *sync = s;
    return true;
}

struct ops_store *ops_store_open(const struct ops_store_config *config, const struct ops_store_env *env, char *problem,
                                 size_t problem_bytes)
{
    struct ops_str provider = config->provider.ptr != NULL ? config->provider : OPS_STR("memory");
    struct ops_sync sync;
    int len;

    if (!ops_sync_read(config->sync, &sync)) {
        (void)snprintf(problem, problem_bytes, "Unknown sync level '%.*s'. Valid: full, normal, every-<n>ms (n from 1 to %d), off.",
                       (int)(config->sync.len < 64 ? config->sync.len : 64), config->sync.ptr, OPS_SYNC_INTERVAL_MAX_MS);
        return NULL;
    }
    if (config->check.len > 0 && !is_name(config->check, "auto") && !is_name(config->check, "quick") &&
        !is_name(config->check, "full") && !is_name(config->check, "off")) {
        (void)snprintf(problem, problem_bytes, "Unknown storage check '%.*s'. Valid: auto, quick, full, off.",
                       (int)(config->check.len < 64 ? config->check.len : 64), config->check.ptr);
        return NULL;
    }
    for (size_t i = 0; i < PROVIDERS_COUNT; i++)
        if (is_name(provider, providers[i].name) || is_name(provider, providers[i].alias))
            return providers[i].open(config, env, problem, problem_bytes);

    len = snprintf(problem, problem_bytes, "Unknown storage provider '%.*s'. Valid: ",
                   (int)(provider.len < 64 ? provider.len : 64), provider.ptr);
    for (size_t i = 0; i < PROVIDERS_COUNT && len >= 0 && (size_t)len < problem_bytes; i++)
        len += snprintf(problem + len, problem_bytes - (size_t)len, "%s%s", providers[i].name,
                        i + 1 < PROVIDERS_COUNT ? ", " : ".");
    return NULL;
}
