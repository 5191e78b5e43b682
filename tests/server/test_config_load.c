/* Where settings come from, how they are written, and what must hold between them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "config_fixture.h"
#include "runtime/core/core.h"

static struct settings settings;

static void assert_str(struct ops_str s, const char *text)
{
    assert_non_null(s.ptr);
    assert_string_equal(s.ptr, text);
    assert_int_equal(s.len, strlen(text));
}

static void names_count_in_any_letter_case_and_with_colons(void **state)
{
    char *environment[] = {"opstream__Loops=3", "OpStream:Log:Level=debug", "PATH=/bin", "OPSTREAMX=1", "OPSTREAM__NOVALUE", NULL};

    (void)state;
    settings_load(&settings, environment, NULL);
    assert_true(settings.valid);
    assert_int_equal(settings.config.loops, 3);
    assert_str(settings.config.log_level, "debug");
    assert_int_equal(settings.warning_count, 1);
    ops_config_drop(&settings.config);
}

static void arguments_go_over_the_environment_and_that_over_the_host_variables(void **state)
{
    char *environment[] = {"OPSTREAM__URLS=http://+:3", "ASPNETCORE_URLS=http://+:2", "ASPNETCORE_HTTP_PORTS=1;11", NULL};
    char *arguments[] = {"urls=http://localhost:4", "OpStream:Loops=5", NULL};

    (void)state;
    settings_load(&settings, environment, arguments);
    assert_true(settings.valid);
    assert_int_equal(settings.config.urls.items[0].port, 4);
    assert_int_equal(settings.config.loops, 5);
    ops_config_drop(&settings.config);
    settings_load(&settings, environment, NULL);
    assert_int_equal(settings.config.urls.items[0].port, 3);
    ops_config_drop(&settings.config);
    settings_load(&settings, environment + 1, NULL);
    assert_int_equal(settings.config.urls.items[0].port, 2);
    ops_config_drop(&settings.config);
    settings_load(&settings, environment + 2, NULL);
    assert_int_equal(settings.config.urls.count, 2);
    assert_int_equal(settings.config.urls.items[1].port, 11);
    assert_int_equal(settings.config.urls.items[1].kind, OPS_LISTEN_ANY);
    ops_config_drop(&settings.config);
}

static void every_problem_is_told_not_only_the_first(void **state)
{
    char *environment[] = {"OPSTREAM__LOOPS=x", "OPSTREAM__STORAGE__PROVIDER=sqlite", "OPSTREAM__TRANSPORTS=,",
                           "OPSTREAM__SIGNALR__PATH=/collab-ws", "OPSTREAM__URLS=https://+:1", NULL};

    (void)state;
    settings_load(&settings, environment, NULL);
    assert_false(settings.valid);
    assert_int_equal(settings.error_count, 5);
    assert_non_null(strstr(settings.errors, "OPSTREAM__LOOPS: 'x' is not a number from 0 to 64\n"));
    assert_non_null(strstr(settings.errors, "OpStream:Storage:ConnectionString (env OPSTREAM__STORAGE__CONNECTIONSTRING) is required.\n"));
    assert_non_null(strstr(settings.errors, "OPSTREAM__TRANSPORTS: must list at least one of: websockets, signalr; not in this build yet: grpc\n"));
    assert_non_null(strstr(settings.errors, "OPSTREAM__WEBSOCKETS__PATH and OPSTREAM__SIGNALR__PATH are the same path\n"));
    assert_non_null(strstr(settings.errors, "OPSTREAM__URLS: 'https://+:1' wants TLS, which is not supported yet; put a proxy before the server\n"));
    ops_config_drop(&settings.config);
}

static void an_unknown_name_is_answered_with_the_nearest(void **state)
{
    static const char *const cases[][2] = {
        {"OPSTREAM__STORAGE__CONECTIONSTRING", "the nearest is OPSTREAM__STORAGE__CONNECTIONSTRING"},
        {"OPSTREAM__LIMIT__CONNECTIONS", "the nearest is OPSTREAM__LIMITS__CONNECTIONS"},
        {"OPSTREAM__TRANSPORT", "the nearest is OPSTREAM__TRANSPORTS"},
        {"OPSTREAM__LOOPS_FILE", "the nearest is OPSTREAM__LOOPS"},
        {"OPSTREAM__XYZZY_PLUGH_FROTZ_OZMOO", "`opstreamd --help` lists them"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        settings_load_one(&settings, "%s=secret-value", cases[i][0]);
        assert_true(settings.valid);
        assert_non_null(strstr(settings.warnings, cases[i][0]));
        assert_non_null(strstr(settings.warnings, cases[i][1]));
        assert_null(strstr(settings.warnings, "secret-value"));
        ops_config_drop(&settings.config);
    }
}

static void lists_are_split_trimmed_lowered_and_without_repetition(void **state)
{
    (void)state;
    settings_load_one(&settings, "OPSTREAM__ENGINES= JSON ,, text,json , Text,");
    assert_true(settings.valid);
    assert_int_equal(settings.config.engines.count, 2);
    assert_str(settings.config.engines.items[0], "json");
    assert_str(settings.config.engines.items[1], "text");
    ops_config_drop(&settings.config);
    settings_load_one(&settings, "OPSTREAM__STORAGE__PROVIDER= memory"); /* lower-cased, not trimmed */
    assert_false(settings.valid);
    ops_config_drop(&settings.config);
}

static void durations_and_sizes_have_their_spellings(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } durations[] = {{"5s", 5000},       {"500MS", 500},          {"5m", 300000},         {"2h", 7200000},      {"1d", 86400000}, {"0", 0},
                     {"00:05:00", 300000}, {"1.02:03:04.5", 93784500}, {"00:00:00.0010000", 1}, {"23:59", 86340000}, {"5", -1},       {"5 s", -1},
                     {"24:00:00", -1},   {"00:60:00", -1},        {"1:2:3:4", -1},        {"00:00:01.", -1},    {"-5s", -1},      {"00:00:00.12345678", -1},
                     {"", -1},           {"s", -1},               {"9223372036854775807h", -1}, {"1.5s", -1}};
    static const struct {
        const char *text;
        int64_t bytes;
    } sizes[] = {{"64MiB", 64 << 20}, {"1kib", 1024}, {"7", 7}, {"7B", 7}, {"2GIB", INT64_C(2) << 30}, {"1MB", -1}, {"1.5MiB", -1}, {"", -1},
                 {"MiB", -1}, {"1 MiB", -1}, {"9223372036854775807KiB", -1}, {"-1", -1}};

    (void)state;
    for (size_t i = 0; i < sizeof durations / sizeof durations[0]; i++) {
        int64_t value = -1;
        bool read = ops_config_read_duration(ops_str_of(durations[i].text, strlen(durations[i].text)), &value);

        if (read != (durations[i].ms >= 0) || value != durations[i].ms)
            fail_msg("'%s' gave %lld", durations[i].text, (long long)value);
    }
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        int64_t value = -1;
        bool read = ops_config_read_bytes(ops_str_of(sizes[i].text, strlen(sizes[i].text)), &value);

        if (read != (sizes[i].bytes >= 0) || value != sizes[i].bytes)
            fail_msg("'%s' gave %lld", sizes[i].text, (long long)value);
    }
}

static void addresses_to_listen_on_have_their_spellings(void **state)
{
    static const struct {
        const char *text;
        int kind; /* -1: refused */
        int port;
        const char *host;
    } cases[] = {
        {"http://+:8080", OPS_LISTEN_ANY, 8080, "+"},
        {"http://*:0", OPS_LISTEN_ANY, 0, "*"},
        {"HTTP://localhost", OPS_LISTEN_LOCALHOST, 80, "localhost"},
        {"http://127.0.0.1:65535/", OPS_LISTEN_IPV4, 65535, "127.0.0.1"},
        {"http://[::1]:81", OPS_LISTEN_IPV6, 81, "::1"},
        {"http://[::]", OPS_LISTEN_IPV6, 80, "::"},
        {" ; http://+:1 ; ", OPS_LISTEN_ANY, 1, "+"},
        {"http://example.org:80", -1, 0, NULL},
        {"http://+:65536", -1, 0, NULL},
        {"http://+:-1", -1, 0, NULL},
        {"http://+:", -1, 0, NULL},
        {"http://+:80/base", -1, 0, NULL},
        {"http://[::1", -1, 0, NULL},
        {"http://[127.0.0.1]:80", -1, 0, NULL},
        {"http://[::1]80", -1, 0, NULL},
        {"http://::1:80", -1, 0, NULL},
        {"http://", -1, 0, NULL},
        {"http://:80", -1, 0, NULL},
        {"localhost:80", -1, 0, NULL},
        {"https://+:443", -1, 0, NULL},
        {"http://user@localhost:80", -1, 0, NULL},
        {";", -1, 0, NULL},
        {"off", -1, 0, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct ops_listen *listen;

        settings_load_one(&settings, "OPSTREAM__URLS=%s", cases[i].text);
        if (settings.valid != (cases[i].kind >= 0))
            fail_msg("'%s': %s", cases[i].text, settings.errors);
        listen = &settings.config.urls.items[0];
        if (cases[i].kind >= 0) {
            assert_int_equal(settings.config.urls.count, 1);
            assert_int_equal(listen->kind, cases[i].kind);
            assert_int_equal(listen->port, cases[i].port);
            assert_string_equal(listen->host, cases[i].host);
        }
        ops_config_drop(&settings.config);
    }
    settings_load_one(&settings, "OPSTREAM__ADMIN__URLS=OFF");
    assert_true(settings.valid);
    assert_int_equal(settings.config.admin_urls.count, 0);
    ops_config_drop(&settings.config);
}

static void sync_levels_have_their_spellings(void **state)
{
    static const char *const good[] = {"full", "Normal", "OFF", "every-1ms", "every-60000ms"},
                             *const bad[] = {"every-0ms", "every-ms", "every-60001ms", "every-5s", "fast", "every-"};

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        settings_load_one(&settings, "OPSTREAM__STORAGE__SYNC=%s", good[i]);
        assert_true(settings.valid);
        ops_config_drop(&settings.config);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        settings_load_one(&settings, "OPSTREAM__STORAGE__SYNC=%s", bad[i]);
        assert_false(settings.valid);
        assert_non_null(strstr(settings.errors, "valid: full, normal, every-<n>ms, off"));
        ops_config_drop(&settings.config);
    }
}

static void a_secret_may_come_from_a_file_and_from_one_place_only(void **state)
{
    char path[] = "/tmp/ops-secret-XXXXXX", entry[128], missing[] = "OPSTREAM__STORAGE__CONNECTIONSTRING_FILE=/nowhere/at/all";
    char *from_file[] = {entry, "OPSTREAM__STORAGE__PROVIDER=sqlite", NULL};
    char *twice[] = {entry, "OPSTREAM__STORAGE__PROVIDER=sqlite", "OPSTREAM__STORAGE__CONNECTIONSTRING=Data Source=/y;Password=hunter2", NULL};
    char *nowhere[] = {missing, "OPSTREAM__STORAGE__PROVIDER=sqlite", NULL};
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "Data Source=/x\r\n", 16), 16);
    close(fd);
    snprintf(entry, sizeof entry, "opstream__storage__connectionstring_file=%s", path);
    settings_load(&settings, from_file, NULL);
    assert_true(settings.valid);
    assert_str(settings.config.storage_connection_string, "Data Source=/x");
    ops_config_drop(&settings.config);
    settings_load(&settings, twice, NULL);
    assert_false(settings.valid);
    assert_non_null(strstr(settings.errors, "OPSTREAM__STORAGE__CONNECTIONSTRING is set too; leave one of them out"));
    assert_null(strstr(settings.errors, "hunter2"));
    ops_config_drop(&settings.config);
    unlink(path);
    settings_load(&settings, nowhere, NULL);
    assert_false(settings.valid);
    assert_non_null(strstr(settings.errors, "'/nowhere/at/all' cannot be read"));
    ops_config_drop(&settings.config);
}

static void a_secret_too_long_is_refused_without_being_shown(void **state)
{
    static char secret[8200];

    (void)state;
    memset(secret, 's', sizeof secret - 1);
    settings_load_one(&settings, "OPSTREAM__STORAGE__CONNECTIONSTRING=%s", secret);
    assert_false(settings.valid);
    assert_non_null(strstr(settings.errors, "must have 0 to 8192 bytes, not 8199"));
    assert_null(strstr(settings.errors, "ssss"));
    ops_config_drop(&settings.config);
}

static bool allowed(const char *origin, const char *host)
{
    return ops_config_origin_allowed(&settings.config, ops_str_of(origin, origin != NULL ? strlen(origin) : 0), ops_str_of(host, strlen(host)));
}

static void an_origin_is_the_own_host_or_a_listed_one(void **state)
{
    (void)state;
    settings_load_one(&settings, "OPSTREAM__ORIGINS=https://App.example.org, http://localhost:3000");
    assert_true(settings.valid);
    assert_true(allowed(NULL, "h"));
    assert_true(allowed("http://h:8080", "h:8080"));
    assert_true(allowed("https://H", "h"));
    assert_true(allowed("https://h", "h:443"));
    assert_true(allowed("http://h", "h:80"));
    assert_true(allowed("https://app.example.org", "h"));
    assert_true(allowed("http://localhost:3000", "h"));
    assert_false(allowed("http://localhost:3001", "h"));
    assert_false(allowed("https://app.example.org.evil.example", "h"));
    assert_false(allowed("https://evil.example", "h"));
    assert_false(allowed("http://h:8081", "h:8080"));
    assert_false(allowed("http://xh", "h"));
    assert_false(allowed("null", "h"));
    assert_false(allowed("", ""));
    assert_false(allowed("http://", ""));
    ops_config_drop(&settings.config);
    settings_load_one(&settings, "OPSTREAM__ORIGINS=*");
    assert_true(allowed("null", "h"));
    ops_config_drop(&settings.config);
    settings_load_one(&settings, "OPSTREAM__ORIGINS=https://example.org/");
    assert_false(settings.valid);
    ops_config_drop(&settings.config);
}

static void settings_that_contradict_each_other_are_refused(void **state)
{
    char *awareness[] = {"OPSTREAM__LIMITS__AWARENESS_BYTES=1MiB", "OPSTREAM__LIMITS__AWARENESS_DOCUMENT_BYTES=64KiB", NULL};
    char *admin[] = {"OPSTREAM__ADMIN__URLS=http://127.0.0.1:8080", NULL};
    char *file[] = {"OPSTREAM__WEBSOCKETS__PATH=/App.js", NULL};
    char *own[] = {"OPSTREAM__WEBSOCKETS__PATH=/opstream/x", "OPSTREAM__SIGNALR__PATH=/HEALTH", NULL};

    (void)state;
    settings_load(&settings, awareness, NULL);
    assert_int_equal(settings.error_count, 1);
    ops_config_drop(&settings.config);
    settings_load(&settings, admin, NULL);
    assert_int_equal(settings.error_count, 1);
    ops_config_drop(&settings.config);
    settings_load(&settings, own, NULL);
    assert_int_equal(settings.error_count, 2);
    ops_config_drop(&settings.config);
    settings_load(&settings, file, NULL);
    assert_int_equal(settings.error_count, 1);
    assert_non_null(strstr(settings.errors, "'/app.js' is a path of the server itself"));
    ops_config_drop(&settings.config);
}

static void the_core_gets_its_limits(void **state)
{
    struct ops_core_config core;
    char *environment[] = {"OPSTREAM__LIMITS__JOINED=7", "OPSTREAM__LIMITS__STAMPS_AHEAD=3s", "OPSTREAM__SNAPSHOT__OPS=9",
                           "OPSTREAM__HISTORY__RETAIN=11", "OPSTREAM__LIMITS__PAYLOAD_BYTES=12KiB", NULL};

    (void)state;
    memset(&core, 0, sizeof core);
    core.loops = 5;
    settings_load(&settings, environment, NULL);
    ops_config_core(&settings.config, &core);
    assert_int_equal(core.loops, 5);
    assert_int_equal(core.documents_joined_max, 7);
    assert_int_equal(core.stamps_ahead_ms, 3000);
    assert_int_equal(core.snapshot_ops, 9);
    assert_int_equal(core.history_retain_ops, 11);
    assert_int_equal(core.payload_max_bytes, 12288);
    assert_int_equal(core.idle_ms, 300000);
    assert_int_equal(core.awareness_ttl_ms, 30000);
    assert_int_equal(core.rebase_max_cost, 10000000);
    ops_config_drop(&settings.config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_count_in_any_letter_case_and_with_colons),
        cmocka_unit_test(arguments_go_over_the_environment_and_that_over_the_host_variables),
        cmocka_unit_test(every_problem_is_told_not_only_the_first),
        cmocka_unit_test(an_unknown_name_is_answered_with_the_nearest),
        cmocka_unit_test(lists_are_split_trimmed_lowered_and_without_repetition),
        cmocka_unit_test(durations_and_sizes_have_their_spellings),
        cmocka_unit_test(addresses_to_listen_on_have_their_spellings),
        cmocka_unit_test(sync_levels_have_their_spellings),
        cmocka_unit_test(a_secret_may_come_from_a_file_and_from_one_place_only),
        cmocka_unit_test(a_secret_too_long_is_refused_without_being_shown),
        cmocka_unit_test(an_origin_is_the_own_host_or_a_listed_one),
        cmocka_unit_test(settings_that_contradict_each_other_are_refused),
        cmocka_unit_test(the_core_gets_its_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
