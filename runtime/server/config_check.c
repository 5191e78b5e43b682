/* What must hold between settings, and settings as other rooms have them. */
#include "runtime/server/config_private.h"
#include "runtime/core/core.h"
#include "runtime/server/page.h"

#include <stdio.h>

struct checker {
    struct ops_config_listener listener;
    bool failed;
};

static void say(struct checker *checker, bool is_error, const char *sentence)
{
    checker->failed |= is_error;
    checker->listener.say(checker->listener.self, is_error, sentence);
}

static bool is_word(struct ops_str text, const char *word)
{
    return ops_str_equal(text, ops_str_of(word, strlen(word)));
}

/* The server's path that this one, in any letter case, would take away; NULL: none. */
static const char *own_path(struct ops_str path)
{
    static const char *const own[] = {"/health", "/health/ready", "/health/live", "/echo", "/favicon.ico", "/opstream"};
    struct ops_str file, live = OPS_STR("/opstream/");

    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        if (ops_config_equal_any_case(path, ops_str_of(own[i], strlen(own[i]))))
            return own[i];
    if (path.len >= live.len && ops_config_equal_any_case(ops_str_of(path.ptr, live.len), live))
        return "/opstream";
    for (size_t i = 0; (file = ops_page_file_path(i)).len > 0; i++)
        if (ops_config_equal_any_case(path, file))
            return file.ptr;
    return NULL;
}

static void check_paths(const struct ops_config *config, struct checker *checker)
{
    static const enum ops_setting settings[] = {OPS_SETTING_websockets_path, OPS_SETTING_websockets_management_path,
                                                OPS_SETTING_signalr_path, OPS_SETTING_signalr_management_path};
    const struct ops_str paths[] = {config->websockets_path, config->websockets_management_path, config->signalr_path,
                                    config->signalr_management_path};
    char sentence[OPS_CONFIG_PROBLEM_BYTES];

    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        const char *own = own_path(paths[i]);

        for (size_t j = 0; j < i; j++) {
            if (!ops_config_equal_any_case(paths[i], paths[j]))
                continue;
            snprintf(sentence, sizeof sentence, "%s and %s are the same path", ops_setting_rows[settings[j]].name,
                     ops_setting_rows[settings[i]].name);
            say(checker, true, sentence);
        }
        if (own == NULL)
            continue;
        snprintf(sentence, sizeof sentence, "%s: '%s' is a path of the server itself", ops_setting_rows[settings[i]].name, own);
        say(checker, true, sentence);
    }
}

static void check_storage(const struct ops_config *config, struct checker *checker)
{
    bool memory = is_word(config->storage_provider, "memory");

    if (!memory && (config->storage_connection_string.ptr == NULL || config->storage_connection_string.len == 0))
        say(checker, true, "OpStream:Storage:ConnectionString (env OPSTREAM__STORAGE__CONNECTIONSTRING) is required.");
    if (memory)
        say(checker, false, "OPSTREAM__STORAGE__PROVIDER: memory loses every document when the server stops; sqlite keeps them");
    if (!memory && !is_word(config->storage_sync, "full"))
        say(checker, false, is_word(config->storage_sync, "normal")
                                ? "OPSTREAM__STORAGE__SYNC: a power cut loses acknowledged edits since the last checkpoint"
                            : is_word(config->storage_sync, "off")
                                ? "OPSTREAM__STORAGE__SYNC: a power cut may lose the whole database"
                                : "OPSTREAM__STORAGE__SYNC: a power cut loses the acknowledged edits of the last interval");
}

static void check_sizes(const struct ops_config *config, struct checker *checker)
{
    char sentence[OPS_CONFIG_PROBLEM_BYTES];
    int64_t needed = (config->limit_payload_bytes + 2) / 3 * 4;

    if (config->limit_message_bytes < needed) {
        snprintf(sentence, sizeof sentence,
                 "OPSTREAM__LIMITS__MESSAGE_BYTES: an op of OPSTREAM__LIMITS__PAYLOAD_BYTES makes a message of %lld bytes, which is above "
                 "this limit",
                 (long long)needed);
        say(checker, false, sentence);
    }
    if (config->limit_payload_bytes < 65536)
        say(checker, false,
            "OPSTREAM__LIMITS__PAYLOAD_BYTES: clients put up to 4 KiB of what was typed offline into one op, 24 KiB when all of it is escaped; "
            "a smaller limit takes it back as one");
    needed = config->signalr_record_bytes > 0 ? config->signalr_record_bytes : config->wire_profile->hub_message_limit_bytes;
    if (ops_words_have(&config->transports, OPS_STR("signalr")) && config->limit_body_bytes < needed) {
        snprintf(sentence, sizeof sentence,
                 "OPSTREAM__LIMITS__BODY_BYTES: a hub message may have %lld bytes, and comes as a body unless it comes on a WebSocket",
                 (long long)needed);
        say(checker, false, sentence);
    }
    if (config->limit_awareness_document_bytes < config->limit_awareness_bytes)
        say(checker, true,
            "OPSTREAM__LIMITS__AWARENESS_DOCUMENT_BYTES: less than OPSTREAM__LIMITS__AWARENESS_BYTES, which one peer may take");
    if (config->demo && !ops_words_have(&config->transports, OPS_STR("websockets")))
        say(checker, false, "OPSTREAM__DEMO: the page at / speaks WebSocket, which OPSTREAM__TRANSPORTS leaves out; it will say that it is offline");
    if (config->test_echo)
        say(checker, false, "OPSTREAM__TEST__ECHO: /echo has no message limit; never leave it open to strangers");
    for (size_t i = 0; i < config->admin_urls.count; i++) {
        const struct ops_listen *listen = &config->admin_urls.items[i];

        if (listen->kind == OPS_LISTEN_ANY)
            say(checker, false, "OPSTREAM__ADMIN__URLS: metrics and diagnostics are open to whoever reaches this machine");
        for (size_t j = 0; j < config->urls.count; j++)
            if (listen->port != 0 && listen->port == config->urls.items[j].port &&
                (listen->kind == OPS_LISTEN_ANY || config->urls.items[j].kind == OPS_LISTEN_ANY ||
                 (listen->kind == config->urls.items[j].kind && strcmp(listen->host, config->urls.items[j].host) == 0)))
                say(checker, true, "OPSTREAM__ADMIN__URLS: has a port of OPSTREAM__URLS");
    }
}

bool ops_config_check(const struct ops_config *config, struct ops_config_listener listener)
{
    struct checker checker = {listener, false};

    check_storage(config, &checker);
    check_paths(config, &checker);
    check_sizes(config, &checker);
    return !checker.failed;
}

/* ---- origins -------------------------------------------------------------------------------------------------------------- */

/* `host` without the port that the scheme has anyway. */
static struct ops_str without_port(struct ops_str host, const char *port)
{
    size_t len = strlen(port);

    if (host.len > len && ops_str_equal(ops_str_of(host.ptr + host.len - len, len), ops_str_of(port, len)))
        host.len -= len;
    return host;
}

bool ops_config_origin_allowed(const struct ops_config *config, struct ops_str origin, struct ops_str host)
{
    static const char *const schemes[] = {"http://", "https://"}, *const ports[] = {":80", ":443"};

    if (origin.ptr == NULL)
        return true;
    for (size_t i = 0; i < config->origins.count; i++)
        if (is_word(config->origins.items[i], "*") || ops_config_equal_any_case(config->origins.items[i], origin))
            return true;
    for (size_t i = 0; i < 2; i++) {
        size_t len = strlen(schemes[i]);

        if (host.len > 0 && origin.len > len && ops_config_equal_any_case(ops_str_of(origin.ptr, len), ops_str_of(schemes[i], len)) &&
            ops_config_equal_any_case(without_port(ops_str_of(origin.ptr + len, origin.len - len), ports[i]), without_port(host, ports[i])))
            return true;
    }
    return false;
}

/* ---- for other rooms -------------------------------------------------------------------------------------------------------- */

void ops_config_core(const struct ops_config *config, struct ops_core_config *out)
{
    out->documents_joined_max = (uint32_t)config->limit_joined;
    out->documents_open_max = (uint32_t)config->limit_documents;
    out->requests_unanswered_max = (uint32_t)config->limit_requests;
    out->payload_max_bytes = (size_t)config->limit_payload_bytes;
    out->awareness_max_bytes = (size_t)config->limit_awareness_bytes;
    out->document_max_bytes = (size_t)config->limit_document_bytes;
    out->awareness_document_max_bytes = (size_t)config->limit_awareness_document_bytes;
    out->rebase_max_cost = (uint64_t)config->limit_rebase_cost;
    out->stamps_ahead_ms = config->limit_stamps_ahead;
    out->recent_max_ops = (uint32_t)config->recent_ops;
    out->recent_max_bytes = (size_t)config->recent_bytes;
    out->pending_max_ops = (uint32_t)config->limit_pending_ops;
    out->undo_max_ops = (uint32_t)config->limit_undo_ops;
    out->idle_ms = config->sessions_idle;
    out->snapshot_ms = config->snapshot_interval;
    out->snapshot_ops = (uint32_t)config->snapshot_ops;
    out->awareness_ttl_ms = config->awareness_ttl;
    out->awareness_interval_ms = config->awareness_interval;
    out->store_timeout_ms = config->storage_timeout;
    out->history_retain_ops = config->history_retain;
    out->history_retain_bytes = (size_t)config->history_retain_bytes;
}

void ops_config_store(const struct ops_config *config, struct ops_store_config *out)
{
    out->provider = config->storage_provider;
    out->connection_string = config->storage_connection_string;
    out->sync = config->storage_sync;
    out->migrate = config->storage_migrate;
}
