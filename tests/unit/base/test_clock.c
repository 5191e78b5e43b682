/* Claims of runtime/base/clock.h. The oracles are timegm and gmtime. */
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "runtime/base/clock.h"

static const int64_t first_second = INT64_C(-62135596800), last_second = INT64_C(253402300799);

static struct ops_time time_of(int64_t seconds, int32_t nanos)
{
    struct ops_time t;

    t.seconds = seconds;
    t.nanos = nanos;
    t.set = true;
    return t;
}

static const char *millis_z(struct ops_time t)
{
    static char text[OPS_TIME_CHARS + 1];

    *ops_time_write_millis_z(text, t) = '\0';
    return text;
}

static const char *ticks_offset(struct ops_time t)
{
    static char text[OPS_TIME_CHARS + 1];

    *ops_time_write_ticks_offset(text, t) = '\0';
    return text;
}

static bool reads(const char *text, struct ops_time *t)
{
    return ops_time_read(ops_str_of(text, strlen(text)), t);
}

/* A second of every day of 9999 years. */
static void every_day_is_written_as_gmtime_has_it(void **state)
{
    (void)state;
    for (int64_t day = first_second / 86400; day <= last_second / 86400; day++) {
        int64_t second_of_day = (day * 7919 % 86400 + 86400) % 86400;
        time_t seconds = (time_t)(day * 86400 + second_of_day);
        struct tm tm;
        struct ops_time back;
        char expected[80];

        gmtime_r(&seconds, &tm);
        snprintf(expected, sizeof expected, "%04d-%02d-%02dT%02d:%02d:%02d.000Z", tm.tm_year + 1900, tm.tm_mon + 1,
                 tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
        if (strcmp(millis_z(time_of(seconds, 0)), expected) != 0)
            fail_msg("%s, not %s", millis_z(time_of(seconds, 0)), expected);
        if (!reads(expected, &back) || back.seconds != seconds || back.nanos != 0 || !back.set)
            fail_msg("%s is read as %lld", expected, (long long)back.seconds);
    }
}

static void every_second_of_a_day_is_written_and_read(void **state)
{
    (void)state;
    for (int64_t seconds = -86400; seconds < 86400; seconds++) {
        struct ops_time back;
        int32_t nanos = (int32_t)((seconds + 86400) * 5787 % 1000000000);

        assert_true(reads(millis_z(time_of(seconds, nanos)), &back));
        assert_true(back.seconds == seconds && back.nanos == nanos / 1000000 * 1000000);
        assert_true(reads(ticks_offset(time_of(seconds, nanos)), &back));
        assert_true(back.seconds == seconds && back.nanos == nanos / 100 * 100);
    }
}

/* Every year, month and day from 0 to 32: read exactly when the calendar has it. */
static void dates_outside_the_calendar_are_refused(void **state)
{
    (void)state;
    for (int year = 0; year <= 9999; year += year % 100 > 4 && year % 100 < 95 ? 7 : 1) {
        for (int month = 0; month <= 13; month++) {
            for (int day = 0; day <= 32; day++) {
                char text[80];
                struct ops_time t;
                struct tm tm;
                time_t seconds;
                bool exists;

                memset(&tm, 0, sizeof tm);
                tm.tm_year = year - 1900;
                tm.tm_mon = month - 1;
                tm.tm_mday = day;
                seconds = timegm(&tm);
                exists = year > 0 && tm.tm_year == year - 1900 && tm.tm_mon == month - 1 && tm.tm_mday == day;
                snprintf(text, sizeof text, "%04d-%02d-%02dT00:00:00Z", year, month, day);
                if (reads(text, &t) != exists || (exists && t.seconds != seconds))
                    fail_msg("%s", text);
            }
        }
    }
}

static void milliseconds_are_cut_not_rounded(void **state)
{
    (void)state;
    assert_string_equal(millis_z(time_of(1779971696, 789999999)), "2026-05-28T12:34:56.789Z");
    assert_string_equal(millis_z(time_of(0, 999999)), "1970-01-01T00:00:00.000Z");
    assert_string_equal(millis_z(time_of(last_second, 999999999)), "9999-12-31T23:59:59.999Z");
    assert_string_equal(millis_z(time_of(first_second, 0)), "0001-01-01T00:00:00.000Z");
    assert_string_equal(millis_z(time_of(-1, 1000000)), "1969-12-31T23:59:59.001Z");
}

static void ticks_have_seven_digits_without_zeros_at_the_end(void **state)
{
    (void)state;
    assert_string_equal(ticks_offset(time_of(1779971696, 100000000)), "2026-05-28T12:34:56.1+00:00");
    assert_string_equal(ticks_offset(time_of(1779971696, 0)), "2026-05-28T12:34:56+00:00");
    assert_string_equal(ticks_offset(time_of(1779971696, 99)), "2026-05-28T12:34:56+00:00");
    assert_string_equal(ticks_offset(time_of(1779971696, 100)), "2026-05-28T12:34:56.0000001+00:00");
    assert_string_equal(ticks_offset(time_of(1779971696, 123456789)), "2026-05-28T12:34:56.1234567+00:00");
    assert_string_equal(ticks_offset(time_of(1779971696, 10200000)), "2026-05-28T12:34:56.0102+00:00");
    assert_string_equal(ticks_offset(time_of(last_second, 999999999)), "9999-12-31T23:59:59.9999999+00:00");
}

static void times_outside_the_range_are_written_as_its_ends(void **state)
{
    (void)state;
    assert_string_equal(millis_z(time_of(INT64_MIN, INT32_MIN)), "0001-01-01T00:00:00.000Z");
    assert_string_equal(millis_z(time_of(INT64_MAX, INT32_MAX)), "9999-12-31T23:59:59.999Z");
    assert_string_equal(ticks_offset(time_of(last_second + 1, 1000000000)), "9999-12-31T23:59:59.9999999+00:00");
}

static void all_forms_of_one_moment_are_the_same(void **state)
{
    static const char *const forms[] = {
        "2026-05-28T12:34:00.5Z",        "2026-05-28T12:34:00.5+00:00",        "2026-05-28T12:34:00.500000000-00:00",
        "2026-05-28T14:34:00.50+02:00",  "2026-05-28T07:04:00.500-05:30",      "2026-05-29T02:34:00.5+14:00",
        "2026-05-27T22:34:00.5-14:00",   "2026-05-28T12:34:00.5000000009999Z", "2026-05-28T12:34:00.5",
        "2026-05-28T13:34:00.5+01",
    };

    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        struct ops_time t;

        if (!reads(forms[i], &t) || t.seconds != 1779971640 || t.nanos != 500000000)
            fail_msg("%s", forms[i]);
    }
}

static void seconds_may_be_left_out(void **state)
{
    struct ops_time t;

    (void)state;
    assert_true(reads("1970-01-02T00:01Z", &t));
    assert_int_equal(t.seconds, 86460);
    assert_true(reads("1970-01-02T00:01+00:01", &t));
    assert_int_equal(t.seconds, 86400);
}

static void offsets_may_not_leave_the_range(void **state)
{
    struct ops_time t;

    (void)state;
    assert_true(reads("0001-01-01T00:00:00-00:01", &t));
    assert_false(reads("0001-01-01T00:00:00+00:01", &t));
    assert_true(reads("0001-01-01T14:00:00+14:00", &t));
    assert_int_equal(t.seconds, first_second);
    assert_true(reads("9999-12-31T23:59:59.999999999+14:00", &t));
    assert_false(reads("9999-12-31T23:59:59-00:01", &t));
}

static void what_is_no_such_text_is_refused_and_changes_nothing(void **state)
{
    static const char *const bad[] = {
        "", "2026", "2026-05-28", "2026-05-28T", "2026-05-28T12", "2026-05-28T12Z", "2026-05-28T12:3",
        "2026-05-28T12:34:", "2026-05-28T12:34:5", "2026-05-28T12:34:56.", "2026-05-28T12:34:56.Z",
        "2026-05-28T12:34:56,5Z", "2026-05-28T12:34.5Z", "2026-05-28t12:34:56Z", "2026-05-28T12:34:56z",
        "2026-05-28 12:34:56Z", "2026-05-28T24:00:00Z", "2026-05-28T12:60:00Z", "2026-05-28T12:34:60Z",
        "2026-05-28T12:34:56ZZ", "2026-05-28T12:34:56Z ", " 2026-05-28T12:34:56Z", "2026-05-28T12:34:56+",
        "2026-05-28T12:34:56+1", "2026-05-28T12:34:56+01:", "2026-05-28T12:34:56+01:0", "2026-05-28T12:34:56+0100",
        "2026-05-28T12:34:56+01:60", "2026-05-28T12:34:56+14:01", "2026-05-28T12:34:56-23:59",
        "2026-05-28T12:34:56+00:00Z", "20260528T123456Z", "2026-5-28T12:34:56Z", "+2026-05-28T12:34:56Z",
        "12026-05-28T12:34:56Z", "-001-05-28T12:34:56Z", "2026-W22-4T12:34:56Z", "2026-148T12:34:56Z",
        "2026-05-28T1a:34:56Z", "2026-05-28T12:34:56.1a2Z", "2026/05/28T12:34:56Z",
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct ops_time t = time_of(42, 43);

        t.set = false;
        if (reads(bad[i], &t) || t.seconds != 42 || t.nanos != 43 || t.set)
            fail_msg("'%s'", bad[i]);
    }
}

/* Each prefix is copied to memory of its size, so that ASan sees a read behind it. */
static void no_prefix_is_read_beyond_its_end(void **state)
{
    static const char whole[] = "2026-05-28T12:34:56.123456789+02:00";

    (void)state;
    for (size_t len = 0; len < sizeof whole; len++) {
        char *copy = (char *)malloc(len + (len == 0));
        struct ops_time t;
        bool complete = len == 16 || len == 19 || (len >= 21 && len <= 29) || len == 32 || len == 35;

        assert_non_null(copy);
        memcpy(copy, whole, len);
        assert_int_equal(ops_time_read(ops_str_of(copy, len), &t), complete);
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day_is_written_as_gmtime_has_it),
        cmocka_unit_test(every_second_of_a_day_is_written_and_read),
        cmocka_unit_test(dates_outside_the_calendar_are_refused),
        cmocka_unit_test(milliseconds_are_cut_not_rounded),
        cmocka_unit_test(ticks_have_seven_digits_without_zeros_at_the_end),
        cmocka_unit_test(times_outside_the_range_are_written_as_its_ends),
        cmocka_unit_test(all_forms_of_one_moment_are_the_same),
        cmocka_unit_test(seconds_may_be_left_out),
        cmocka_unit_test(offsets_may_not_leave_the_range),
        cmocka_unit_test(what_is_no_such_text_is_refused_and_changes_nothing),
        cmocka_unit_test(no_prefix_is_read_beyond_its_end),
    };

    return cmocka_run_group_tests_name("base/clock", tests, NULL, NULL);
}
