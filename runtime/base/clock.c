/* The proleptic Gregorian calendar, without a table of months.
 *
 * Days are counted in years that begin on 1 March, so that the leap day is the last one: the month lengths then follow
 * (153 * month + 2) / 5, and one multiplication by 2141 / 2^16 finds month and day (Neri and Schneider, "Euclidean affine
 * functions and their application to calendar algorithms"). */
#include "runtime/base/clock.h"

enum { CLOCK_DAY_SECONDS = 86400, CLOCK_OFFSET_MINUTES_MAX = 14 * 60, CLOCK_NANOS_MAX = 999999999 };

static const int64_t clock_seconds_min = INT64_C(-62135596800); /* 0001-01-01T00:00:00Z */
static const int64_t clock_seconds_max = INT64_C(253402300799); /* 9999-12-31T23:59:59Z */
static const uint32_t clock_days_to_1970 = 719468;              /* from 0000-03-01 */

static char *clock_put_2(char *out, uint32_t n)
{
    out[0] = (char)('0' + n / 10);
    out[1] = (char)('0' + n % 10);
    return out + 2;
}

/* YYYY-MM-DDThh:mm:ss */
static char *clock_put_seconds(char *out, int64_t seconds)
{
    uint64_t since; /* 0000-03-01T00:00:00Z */
    uint32_t quarters, century, day_of_century, year_of_century, day_of_year, month_day, month, year, second_of_day;
    uint64_t scaled;

    if (seconds < clock_seconds_min)
        seconds = clock_seconds_min;
    if (seconds > clock_seconds_max)
        seconds = clock_seconds_max;
    since = (uint64_t)(seconds + (int64_t)clock_days_to_1970 * CLOCK_DAY_SECONDS);
    second_of_day = (uint32_t)(since % CLOCK_DAY_SECONDS);

    quarters = (uint32_t)(since / CLOCK_DAY_SECONDS) * 4 + 3; /* of a day: a century has 146097 */
    century = quarters / 146097;
    day_of_century = quarters % 146097 / 4;
    scaled = (uint64_t)2939745 * (day_of_century * 4 + 3); /* 2^32 / 1461 quarters a year */
    year_of_century = (uint32_t)(scaled >> 32);
    day_of_year = (uint32_t)scaled / 2939745 / 4;
    month_day = 2141 * day_of_year + 197913;
    month = month_day >> 16;
    year = century * 100 + year_of_century;
    if (day_of_year >= 306) { /* January and February of the next year */
        month -= 12;
        year++;
    }

    out = clock_put_2(out, year / 100);
    out = clock_put_2(out, year % 100);
    *out++ = '-';
    out = clock_put_2(out, month);
    *out++ = '-';
    out = clock_put_2(out, (month_day & 0xffff) / 2141 + 1);
    *out++ = 'T';
    out = clock_put_2(out, second_of_day / 3600);
    *out++ = ':';
    out = clock_put_2(out, second_of_day / 60 % 60);
    *out++ = ':';
    return clock_put_2(out, second_of_day % 60);
}

static uint32_t clock_nanos(struct ops_time time)
{
    if (time.nanos < 0)
        return 0;
    return time.nanos > CLOCK_NANOS_MAX ? (uint32_t)CLOCK_NANOS_MAX : (uint32_t)time.nanos;
}

char *ops_time_write_millis_z(char *out, struct ops_time time)
{
    uint32_t millis = clock_nanos(time) / 1000000;

    out = clock_put_seconds(out, time.seconds);
    *out++ = '.';
    *out++ = (char)('0' + millis / 100);
    out = clock_put_2(out, millis % 100);
    *out++ = 'Z';
    return out;
}

char *ops_time_write_ticks_offset(char *out, struct ops_time time)
{
    uint32_t ticks = clock_nanos(time) / 100;
    uint32_t unit = 1000000;

    out = clock_put_seconds(out, time.seconds);
    if (ticks != 0) {
        *out++ = '.';
        for (; ticks != 0; unit /= 10) {
            *out++ = (char)('0' + ticks / unit);
            ticks %= unit;
        }
    }
    memcpy(out, "+00:00", 6);
    return out + 6;
}

static bool clock_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool clock_take(struct ops_str *text, char c)
{
    if (text->len == 0 || text->ptr[0] != c)
        return false;
    text->ptr++;
    text->len--;
    return true;
}

/* Two digits, at most `max`. */
static bool clock_take_2(struct ops_str *text, int32_t max, int32_t *value)
{
    if (text->len < 2 || !clock_is_digit(text->ptr[0]) || !clock_is_digit(text->ptr[1]))
        return false;
    *value = (text->ptr[0] - '0') * 10 + (text->ptr[1] - '0');
    text->ptr += 2;
    text->len -= 2;
    return *value <= max;
}

static bool clock_take_date(struct ops_str *text, int64_t *days)
{
    int32_t century, year, month, day, month_days, from_march, era_year;

    if (!clock_take_2(text, 99, &century) || !clock_take_2(text, 99, &year) || !clock_take(text, '-') ||
        !clock_take_2(text, 12, &month) || !clock_take(text, '-') || !clock_take_2(text, 31, &day))
        return false;
    year += century * 100;
    if (year == 0 || month == 0 || day == 0)
        return false;
    month_days = month == 2 ? 28 + ((year % 4 == 0 && year % 100 != 0) || year % 400 == 0)
                            : 30 + ((month + month / 8) & 1);
    if (day > month_days)
        return false;
    era_year = month <= 2 ? year - 1 : year;
    from_march = month <= 2 ? month + 9 : month - 3;
    *days = (int64_t)era_year * 365 + era_year / 4 - era_year / 100 + era_year / 400;
    *days += (153 * from_march + 2) / 5 + day - 1 - (int64_t)clock_days_to_1970;
    return true;
}

/* Digits behind the point, at least one; those behind the ninth are checked and cut. */
static bool clock_take_fraction(struct ops_str *text, int32_t *nanos)
{
    int32_t unit = 100000000;

    if (text->len == 0 || !clock_is_digit(text->ptr[0]))
        return false;
    for (; text->len > 0 && clock_is_digit(text->ptr[0]); text->ptr++, text->len--) {
        *nanos += (text->ptr[0] - '0') * unit;
        unit /= 10;
    }
    return true;
}

/* `Z`, ±hh:mm, ±hh, or nothing. */
static bool clock_take_offset(struct ops_str *text, int64_t *seconds)
{
    int32_t hours = 0, minutes = 0;
    bool west;

    *seconds = 0;
    if (text->len == 0 || clock_take(text, 'Z'))
        return true;
    west = clock_take(text, '-');
    if (!west && !clock_take(text, '+'))
        return false;
    if (!clock_take_2(text, 23, &hours) || (clock_take(text, ':') && !clock_take_2(text, 59, &minutes)))
        return false;
    minutes += hours * 60;
    *seconds = west ? -minutes * 60 : minutes * 60;
    return minutes <= CLOCK_OFFSET_MINUTES_MAX;
}

bool ops_time_read(struct ops_str text, struct ops_time *time)
{
    int64_t days = 0, offset_seconds = 0;
    int32_t hour = 0, minute = 0, second = 0, nanos = 0;
    int64_t seconds;

    if (!clock_take_date(&text, &days) || !clock_take(&text, 'T') || !clock_take_2(&text, 23, &hour) ||
        !clock_take(&text, ':') || !clock_take_2(&text, 59, &minute))
        return false;
    if (clock_take(&text, ':')) {
        if (!clock_take_2(&text, 59, &second) || (clock_take(&text, '.') && !clock_take_fraction(&text, &nanos)))
            return false;
    }
    if (!clock_take_offset(&text, &offset_seconds) || text.len != 0)
        return false;
    seconds = days * CLOCK_DAY_SECONDS + hour * 3600 + minute * 60 + second - offset_seconds;
    if (seconds < clock_seconds_min || seconds > clock_seconds_max)
        return false;
    time->seconds = seconds;
    time->nanos = nanos;
    time->set = true;
    return true;
}
