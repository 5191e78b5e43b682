/* The defaults of the settings are those of the core: a test of the core tests what is shipped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config_fixture.h"
#include "runtime/core/core.h"

static void settings_and_core_have_the_same_defaults(void **state)
{
    static struct settings settings;
    struct ops_core_config own, from_settings;
    char *nothing[] = {NULL};

    (void)state;
    ops_core_config_init(&own);
    ops_core_config_init(&from_settings);
    settings_load(&settings, nothing, NULL);
    ops_config_core(&settings.config, &from_settings);
#define SAME(member) assert_int_equal(from_settings.member, own.member)
    SAME(documents_joined_max);
    SAME(documents_open_max);
    SAME(requests_unanswered_max);
    SAME(payload_max_bytes);
    SAME(awareness_max_bytes);
    SAME(document_max_bytes);
    SAME(awareness_document_max_bytes);
    SAME(rebase_max_cost);
    SAME(stamps_ahead_ms);
    SAME(recent_max_ops);
    SAME(recent_max_bytes);
    SAME(pending_max_ops);
    SAME(undo_max_ops);
    SAME(idle_ms);
    SAME(snapshot_ms);
    SAME(snapshot_ops);
    SAME(awareness_ttl_ms);
    SAME(awareness_interval_ms);
    SAME(store_timeout_ms);
    SAME(history_retain_ops);
    SAME(history_retain_bytes);
#undef SAME
    ops_config_drop(&settings.config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(settings_and_core_have_the_same_defaults)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
