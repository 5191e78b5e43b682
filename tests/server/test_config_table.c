/* Every row of the table of settings: its default, its bounds, what is beyond them, and nonsense. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config_fixture.h"

static struct settings settings;

static bool is_quantity(const struct ops_setting_row *row)
{
    return row->kind == OPS_KIND_COUNT || row->kind == OPS_KIND_BYTES || row->kind == OPS_KIND_DURATION;
}

static int64_t quantity(const struct ops_setting_row *row)
{
    return *(int64_t *)settings_field(&settings, row);
}

static const char *unit(const struct ops_setting_row *row)
{
    return row->kind == OPS_KIND_DURATION ? "ms" : "";
}

/* The error that names the setting, and no other one about it. */
static void assert_refused(const struct ops_setting_row *row, const char *value)
{
    if (settings.valid || strstr(settings.errors, row->name) == NULL)
        fail_msg("%s=%s was taken; errors: %s", row->name, value, settings.errors);
}

static void without_settings_every_value_is_its_default(void **state)
{
    char *nothing[] = {NULL};
    struct ops_arena arena;
    char first[4096];

    (void)state;
    settings_load(&settings, nothing, NULL);
    assert_true(settings.valid);
    assert_int_equal(settings.warning_count, 1); /* memory loses documents */
    for (size_t i = 0; i < OPS_SETTING_COUNT; i++) {
        const struct ops_setting_row *row = &ops_setting_rows[i];
        const char *text = ops_setting_default(row);
        char problem[OPS_CONFIG_PROBLEM_BYTES];
        int64_t value = 0;

        assert_string_equal(settings.config.set[i].source.ptr, "default");
        if (!is_quantity(row))
            continue;
        ops_arena_init(&arena, first, sizeof first, sizeof first, NULL);
        assert_true(ops_setting_read(row, ops_str_of(text, strlen(text)), &arena, &value, problem));
        ops_arena_end(&arena);
        assert_int_equal(quantity(row), value);
        assert_true(value == -1 || (value >= row->min && value <= row->max));
    }
    assert_int_equal(settings.config.urls.count, 1);
    assert_int_equal(settings.config.urls.items[0].kind, OPS_LISTEN_ANY);
    assert_int_equal(settings.config.urls.items[0].port, 8080);
    assert_int_equal(settings.config.admin_urls.items[0].port, 9090);
    assert_string_equal(settings.config.storage_provider.ptr, "memory");
    assert_null(settings.config.storage_connection_string.ptr);
    assert_int_equal(settings.config.engines.count, 2);
    assert_ptr_equal(settings.config.wire_profile, ops_profiles[0]);
    assert_int_equal(settings.config.limit_stamps_ahead, -1);
    assert_int_equal(settings.config.sessions_idle, 300000);
    assert_int_equal(settings.config.limit_message_bytes, 2097152);
    ops_config_drop(&settings.config);
}

static void every_name_and_field_is_there_once_and_says_something(void **state)
{
    (void)state;
    for (size_t i = 0; i < OPS_SETTING_COUNT; i++) {
        const struct ops_setting_row *row = &ops_setting_rows[i];
        size_t len = strlen(row->sentence);

        assert_memory_equal(row->name, "OPSTREAM__", 10);
        assert_true(len > 20 && row->sentence[len - 1] == '.');
        assert_true(row->min <= row->max);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(row->name, ops_setting_rows[j].name);
            assert_int_not_equal(row->offset_bytes, ops_setting_rows[j].offset_bytes);
        }
    }
}

static void a_quantity_is_taken_at_its_bounds_and_refused_beyond(void **state)
{
    unsigned walked = 0;

    (void)state;
    for (size_t i = 0; i < OPS_SETTING_COUNT; i++) {
        const struct ops_setting_row *row = &ops_setting_rows[i];
        const int64_t bounds[] = {row->min, row->max};

        if (!is_quantity(row))
            continue;
        walked++;
        for (size_t j = 0; j < 2; j++) {
            settings_load_one(&settings, "%s=%lld%s", row->name, (long long)bounds[j], unit(row));
            if (strstr(settings.errors, row->name) == settings.errors && strstr(settings.errors, "is not") != NULL)
                fail_msg("%s: %s", row->name, settings.errors);
            assert_int_equal(quantity(row), bounds[j]);
            ops_config_drop(&settings.config);
        }
        settings_load_one(&settings, "%s=%lld%s", row->name, (long long)row->max + 1, unit(row));
        assert_refused(row, "max + 1");
        ops_config_drop(&settings.config);
        settings_load_one(&settings, "%s=%lld%s", row->name, (long long)row->min - 1, unit(row));
        assert_refused(row, "min - 1");
        ops_config_drop(&settings.config);
    }
    assert_true(walked >= 30);
}

static void garbage_is_refused_everywhere_and_the_default_stays(void **state)
{
    static const char *const garbage[] = {"\x1b[31mred", "-", " ", "99999999999999999999999", "1e3", "0x10", "12 monkeys", "NaN", "\xff\xfe"};

    (void)state;
    for (size_t i = 0; i < OPS_SETTING_COUNT; i++) {
        const struct ops_setting_row *row = &ops_setting_rows[i];

        if (row->kind == OPS_KIND_TEXT || row->kind == OPS_KIND_SECRET) /* any text is one */
            continue;
        for (size_t j = 0; j < sizeof garbage / sizeof garbage[0]; j++) {
            if (row->kind == OPS_KIND_ORIGINS && j == 2) /* an empty list */
                continue;
            settings_load_one(&settings, "%s=%s", row->name, garbage[j]);
            assert_refused(row, garbage[j]);
            assert_null(strchr(settings.errors, '\x1b'));
            assert_null(strchr(settings.errors, '\xff'));
            if (is_quantity(row))
                assert_true(quantity(row) == -1 || (quantity(row) >= row->min && quantity(row) <= row->max));
            ops_config_drop(&settings.config);
        }
    }
}

static void every_word_is_taken_and_what_comes_later_is_named_so(void **state)
{
    (void)state;
    for (size_t i = 0; i < OPS_SETTING_COUNT; i++) {
        const struct ops_setting_row *row = &ops_setting_rows[i];

        for (const struct ops_choice *choice = row->choices; choice != NULL && choice->name != NULL; choice++) {
            settings_load_one(&settings, "%s=%s", row->name, choice->name);
            if (choice->later) {
                assert_refused(row, choice->name);
                assert_non_null(strstr(settings.errors, "is not in this build yet; valid: "));
            } else if (strstr(settings.errors, "is unknown") != NULL) {
                fail_msg("%s", settings.errors);
            }
            ops_config_drop(&settings.config);
        }
        if (row->choices == NULL)
            continue;
        settings_load_one(&settings, "%s=unheard-of", row->name);
        assert_refused(row, "unheard-of");
        assert_non_null(strstr(settings.errors, "'unheard-of' is unknown; valid: "));
        assert_non_null(strstr(settings.errors, row->choices[0].name));
        ops_config_drop(&settings.config);
    }
}

static void an_empty_value_is_refused_where_something_is_needed(void **state)
{
    (void)state;
    for (size_t i = 0; i < OPS_SETTING_COUNT; i++) {
        const struct ops_setting_row *row = &ops_setting_rows[i];

        if (row->kind == OPS_KIND_ORIGINS || row->kind == OPS_KIND_SECRET)
            continue;
        settings_load_one(&settings, "%s=", row->name);
        assert_refused(row, "");
        ops_config_drop(&settings.config);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_settings_every_value_is_its_default),
        cmocka_unit_test(every_name_and_field_is_there_once_and_says_something),
        cmocka_unit_test(a_quantity_is_taken_at_its_bounds_and_refused_beyond),
        cmocka_unit_test(garbage_is_refused_everywhere_and_the_default_stays),
        cmocka_unit_test(every_word_is_taken_and_what_comes_later_is_named_so),
        cmocka_unit_test(an_empty_value_is_refused_where_something_is_needed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
