/* One setting's text to its value. */
#include "runtime/server/config_private.h"

#include <stdio.h>

enum { CONFIG_WORDS_MAX = 256 };

char ops_config_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool ops_config_equal_any_case(struct ops_str a, struct ops_str b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (ops_config_lower(a.ptr[i]) != ops_config_lower(b.ptr[i]))
            return false;
    return true;
}

static bool same(struct ops_str text, const char *word)
{
    return ops_config_equal_any_case(text, ops_str_of(word, strlen(word)));
}

void ops_config_shown(struct ops_str text, char out[OPS_CONFIG_SHOWN_BYTES])
{
    size_t len = text.len < OPS_CONFIG_SHOWN_BYTES - 4 ? text.len : OPS_CONFIG_SHOWN_BYTES - 4;

    for (size_t i = 0; i < len; i++)
        out[i] = text.ptr[i] >= ' ' && text.ptr[i] <= '~' ? text.ptr[i] : '?';
    memcpy(out + len, len < text.len ? "..." : "", len < text.len ? 4 : 1);
}

/* ---- numbers ---------------------------------------------------------------------------------------------------------- */

/* Decimal digits at the front; how many are taken is what `*at` moves by. False: none, or too many. */
static bool digits(struct ops_str text, size_t *at, int64_t *out)
{
    size_t i = *at;
    int64_t value = 0;

    for (; i < text.len && text.ptr[i] >= '0' && text.ptr[i] <= '9'; i++) {
        if (value > (INT64_MAX - 9) / 10)
            return false;
        value = value * 10 + (text.ptr[i] - '0');
    }
    if (i == *at)
        return false;
    *at = i;
    *out = value;
    return true;
}

bool ops_config_read_number(struct ops_str text, int64_t *out)
{
    size_t at = 0;
    int64_t value;

    if (!digits(text, &at, &value) || at != text.len)
        return false;
    *out = value;
    return true;
}

static bool scaled(int64_t value, int64_t unit, int64_t *out)
{
    if (value > INT64_MAX / unit)
        return false;
    *out = value * unit;
    return true;
}

bool ops_config_read_bytes(struct ops_str text, int64_t *out)
{
    static const struct {
        const char *name;
        int64_t bytes;
    } units[] = {{"", 1}, {"B", 1}, {"KiB", OPS_KIB}, {"MiB", OPS_MIB}, {"GiB", OPS_GIB}};
    size_t at = 0;
    int64_t value;

    if (!digits(text, &at, &value))
        return false;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (same(ops_str_of(text.ptr + at, text.len - at), units[i].name))
            return scaled(value, units[i].bytes, out);
    return false;
}

/* .NET's TimeSpan: [d.]hh:mm[:ss[.fffffff]] */
static bool read_time_span(struct ops_str text, int64_t *out_ms)
{
    int64_t days = 0, hours, minutes, seconds = 0, fraction = 0;
    size_t at = 0, from;

    if (!digits(text, &at, &hours))
        return false;
    if (at < text.len && text.ptr[at] == '.') {
        days = hours;
        at++;
        if (!digits(text, &at, &hours))
            return false;
    }
    if (at >= text.len || text.ptr[at++] != ':' || !digits(text, &at, &minutes))
        return false;
    if (at < text.len && (text.ptr[at++] != ':' || !digits(text, &at, &seconds)))
        return false;
    if (at < text.len) {
        from = at + 1;
        if (text.ptr[at++] != '.' || !digits(text, &at, &fraction) || at - from > 7)
            return false;
        for (size_t i = at - from; i < 7; i++)
            fraction *= 10;
    }
    if (at != text.len || days > 10000000 || hours > 23 || minutes > 59 || seconds > 59)
        return false;
    *out_ms = (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000 + fraction / 10000;
    return true;
}

bool ops_config_read_duration(struct ops_str text, int64_t *out_ms)
{
    static const struct {
        const char *name;
        int64_t ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
    size_t at = 0;
    int64_t value;

    if (read_time_span(text, out_ms))
        return true;
    if (!digits(text, &at, &value))
        return false;
    if (at == text.len && value == 0) { /* the one number that needs no unit */
        *out_ms = 0;
        return true;
    }
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (same(ops_str_of(text.ptr + at, text.len - at), units[i].name))
            return scaled(value, units[i].ms, out_ms);
    return false;
}

bool ops_config_read_bool(struct ops_str text, bool *out)
{
    static const char *const yes[] = {"true", "1", "yes", "on"}, *const no[] = {"false", "0", "no", "off"};

    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++) {
        if (same(text, yes[i]) || same(text, no[i])) {
            *out = same(text, yes[i]);
            return true;
        }
    }
    return false;
}

void ops_config_write_number(enum ops_setting_kind kind, int64_t value, char *out, size_t out_bytes)
{
    static const struct {
        enum ops_setting_kind kind;
        int64_t unit;
        const char *name;
    } units[] = {{OPS_KIND_BYTES, OPS_GIB, "GiB"},      {OPS_KIND_BYTES, OPS_MIB, "MiB"},
                 {OPS_KIND_BYTES, OPS_KIB, "KiB"},      {OPS_KIND_DURATION, 24 * OPS_HOUR, "d"},
                 {OPS_KIND_DURATION, OPS_HOUR, "h"},    {OPS_KIND_DURATION, 60 * OPS_SECOND, "m"},
                 {OPS_KIND_DURATION, OPS_SECOND, "s"},  {OPS_KIND_DURATION, 1, "ms"}};

    if (kind == OPS_KIND_DURATION && value < 0) {
        snprintf(out, out_bytes, "off");
        return;
    }
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (units[i].kind == kind && value != 0 && value % units[i].unit == 0) {
            snprintf(out, out_bytes, "%lld%s", (long long)(value / units[i].unit), units[i].name);
            return;
        }
    }
    snprintf(out, out_bytes, "%lld", (long long)value);
}

static bool read_quantity(const struct ops_setting_row *row, struct ops_str text, int64_t *out, char *problem)
{
    static const char *const forms[] = {"a number", "a size such as 64KiB or 2MiB", "a duration such as 500ms, 5s or 00:05:00"};
    bool off = row->kind == OPS_KIND_DURATION && row->default_text != NULL && same(OPS_STR("off"), row->default_text);
    char low[32], high[32], shown[OPS_CONFIG_SHOWN_BYTES];
    int64_t value;
    bool readable;

    if (off && same(text, "off")) {
        *out = -1;
        return true;
    }
    if (row->kind == OPS_KIND_COUNT)
        readable = ops_config_read_number(text, &value);
    else if (row->kind == OPS_KIND_BYTES)
        readable = ops_config_read_bytes(text, &value);
    else
        readable = ops_config_read_duration(text, &value);
    if (readable && value >= row->min && value <= row->max) {
        *out = value;
        return true;
    }
    ops_config_shown(text, shown);
    ops_config_write_number(row->kind, row->min, low, sizeof low);
    ops_config_write_number(row->kind, row->max, high, sizeof high);
    snprintf(problem, OPS_CONFIG_PROBLEM_BYTES, "'%s' is not %s from %s to %s%s", shown, forms[row->kind - OPS_KIND_COUNT], low, high,
             off ? ", or off" : "");
    return false;
}

/* ---- words -------------------------------------------------------------------------------------------------------------- */

static bool fail_word(const struct ops_setting_row *row, struct ops_str text, const char *what, char *problem)
{
    char valid[OPS_CONFIG_PROBLEM_BYTES / 2], shown[OPS_CONFIG_SHOWN_BYTES];

    ops_config_shown(text, shown);
    ops_setting_valid(row, valid, sizeof valid);
    snprintf(problem, OPS_CONFIG_PROBLEM_BYTES, "'%s' %s; valid: %s", shown, what, valid);
    return false;
}

static bool find_word(const struct ops_setting_row *row, struct ops_str text, struct ops_str *out, char *problem)
{
    for (const struct ops_choice *choice = row->choices; choice->name != NULL; choice++) {
        const char *name = choice->canonical != NULL ? choice->canonical : choice->name;

        if (!same(text, choice->name))
            continue;
        if (choice->later)
            return fail_word(row, text, "is not in this build yet", problem);
        *out = ops_str_of(name, strlen(name));
        return true;
    }
    return fail_word(row, text, "is unknown", problem);
}

static bool read_profile(const struct ops_setting_row *row, struct ops_str text, const struct ops_profile **out, char *problem)
{
    const struct ops_profile *profile = ops_profile_find(text);

    if (profile == NULL)
        return fail_word(row, text, "is unknown", problem);
    *out = profile;
    return true;
}

static bool read_sync(const struct ops_setting_row *row, struct ops_str text, struct ops_arena *arena, struct ops_str *out, char *problem)
{
    static const char every[] = "every-";
    size_t every_len = sizeof every - 1;
    int64_t ms;
    bool valid = same(text, "full") || same(text, "normal") || same(text, "off");
    char *lower;

    if (!valid && text.len > every_len + 2 && same(ops_str_of(text.ptr, every_len), every) &&
        same(ops_str_of(text.ptr + text.len - 2, 2), "ms"))
        valid = ops_config_read_number(ops_str_of(text.ptr + every_len, text.len - every_len - 2), &ms) && ms >= 1 && ms <= 60000;
    if (!valid)
        return fail_word(row, text, "is unknown", problem);
    lower = ops_arena_alloc(arena, text.len + 1);
    if (lower == NULL)
        return false;
    for (size_t i = 0; i < text.len; i++)
        lower[i] = ops_config_lower(text.ptr[i]);
    lower[text.len] = '\0';
    *out = ops_str_of(lower, text.len);
    return true;
}

static struct ops_str trimmed(struct ops_str text)
{
    while (text.len > 0 && (text.ptr[0] == ' ' || text.ptr[0] == '\t'))
        text = ops_str_of(text.ptr + 1, text.len - 1);
    while (text.len > 0 && (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\t'))
        text.len--;
    return text;
}

/* scheme://host[:port], nothing behind; `*`; `null`, which sandboxed pages send. */
static bool is_origin(struct ops_str text)
{
    size_t i = 0;

    if (same(text, "*") || same(text, "null"))
        return true;
    while (i < text.len && ((ops_config_lower(text.ptr[i]) >= 'a' && ops_config_lower(text.ptr[i]) <= 'z') ||
                            (i > 0 && text.ptr[i] != '\0' && strchr("0123456789+-.", text.ptr[i]) != NULL)))
        i++;
    if (i == 0 || text.len - i < 4 || memcmp(text.ptr + i, "://", 3) != 0)
        return false;
    for (i += 3; i < text.len; i++)
        if (text.ptr[i] <= ' ' || text.ptr[i] > '~' || strchr("/?#@\"\\", text.ptr[i]) != NULL)
            return false;
    return true;
}

static bool read_word_of_list(const struct ops_setting_row *row, struct ops_str text, struct ops_arena *arena, struct ops_str *out,
                              char *problem)
{
    char shown[OPS_CONFIG_SHOWN_BYTES];
    char *lower;

    if (row->kind == OPS_KIND_WORDS)
        return find_word(row, text, out, problem);
    if (!is_origin(text)) {
        ops_config_shown(text, shown);
        snprintf(problem, OPS_CONFIG_PROBLEM_BYTES, "'%s' is not an origin; valid: https://host, https://host:port (nothing behind), *, null", shown);
        return false;
    }
    lower = ops_arena_alloc(arena, text.len + 1);
    if (lower == NULL)
        return false;
    for (size_t i = 0; i < text.len; i++)
        lower[i] = ops_config_lower(text.ptr[i]);
    lower[text.len] = '\0';
    *out = ops_str_of(lower, text.len);
    return true;
}

/* The CSV rule of opstream-ops.md §1.2. */
static bool read_words(const struct ops_setting_row *row, struct ops_str text, struct ops_arena *arena, struct ops_words *out, char *problem)
{
    struct ops_words words = {ops_arena_array(arena, CONFIG_WORDS_MAX, sizeof(struct ops_str)), 0};
    char valid[OPS_CONFIG_PROBLEM_BYTES / 2];

    for (size_t at = 0; words.items != NULL && at <= text.len;) {
        const char *comma = at < text.len ? memchr(text.ptr + at, ',', text.len - at) : NULL;
        size_t end = comma != NULL ? (size_t)(comma - text.ptr) : text.len;
        struct ops_str item = trimmed(ops_str_of(text.ptr + at, end - at)), word;

        at = end + 1;
        if (item.len == 0)
            continue;
        if (!read_word_of_list(row, item, arena, &word, problem))
            return false;
        if (ops_words_have(&words, word))
            continue;
        if (words.count == CONFIG_WORDS_MAX || (int64_t)words.count == row->max) {
            snprintf(problem, OPS_CONFIG_PROBLEM_BYTES, "more than %lld in the list", (long long)row->max);
            return false;
        }
        words.items[words.count++] = word;
    }
    if (words.items == NULL)
        return false;
    if ((int64_t)words.count < row->min) {
        ops_setting_valid(row, valid, sizeof valid);
        snprintf(problem, OPS_CONFIG_PROBLEM_BYTES, "must list at least one of: %s", valid);
        return false;
    }
    *out = words;
    return true;
}

bool ops_words_have(const struct ops_words *words, struct ops_str word)
{
    for (size_t i = 0; i < words->count; i++)
        if (ops_str_equal(words->items[i], word))
            return true;
    return false;
}

/* ---- texts ---------------------------------------------------------------------------------------------------------------- */

static bool read_text(const struct ops_setting_row *row, struct ops_str text, struct ops_arena *arena, struct ops_str *out, char *problem)
{
    char *copy;

    if ((int64_t)text.len < row->min || (int64_t)text.len > row->max) {
        snprintf(problem, OPS_CONFIG_PROBLEM_BYTES, "must have %lld to %lld bytes, not %zu", (long long)row->min, (long long)row->max, text.len);
        return false;
    }
    copy = ops_arena_alloc(arena, text.len + 1);
    if (copy == NULL)
        return false;
    if (text.len > 0)
        memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    *out = ops_str_of(copy, text.len);
    return true;
}

static bool read_path(const struct ops_setting_row *row, struct ops_str text, struct ops_arena *arena, struct ops_str *out, char *problem)
{
    char shown[OPS_CONFIG_SHOWN_BYTES];
    bool valid = text.len > 1 && text.ptr[0] == '/' && text.ptr[text.len - 1] != '/';

    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] <= ' ' || text.ptr[i] > '~' || strchr("?#%\"\\", text.ptr[i]) != NULL)
            valid = false;
    if (!valid) {
        ops_config_shown(text, shown);
        snprintf(problem, OPS_CONFIG_PROBLEM_BYTES, "'%s' is not a path such as %s", shown, row->default_text);
        return false;
    }
    return read_text(row, text, arena, out, problem);
}

bool ops_setting_read(const struct ops_setting_row *row, struct ops_str text, struct ops_arena *arena, void *field, char *problem)
{
    char shown[OPS_CONFIG_SHOWN_BYTES], valid[OPS_CONFIG_PROBLEM_BYTES / 2];

    snprintf(problem, OPS_CONFIG_PROBLEM_BYTES, "no memory");
    switch (row->kind) {
    case OPS_KIND_COUNT:
    case OPS_KIND_BYTES:
    case OPS_KIND_DURATION:
        return read_quantity(row, text, field, problem);
    case OPS_KIND_BOOL:
        if (ops_config_read_bool(text, field))
            return true;
        ops_config_shown(text, shown);
        ops_setting_valid(row, valid, sizeof valid);
        snprintf(problem, OPS_CONFIG_PROBLEM_BYTES, "'%s' is unknown; valid: %s", shown, valid[0] != '\0' ? valid : "true, false");
        return false;
    case OPS_KIND_WORD:
        return find_word(row, text, field, problem);
    case OPS_KIND_WORDS:
    case OPS_KIND_ORIGINS:
        return read_words(row, text, arena, field, problem);
    case OPS_KIND_PROFILE:
        return read_profile(row, text, field, problem);
    case OPS_KIND_LISTEN:
        return ops_config_read_listens(text, row->min, row->max, arena, field, problem);
    case OPS_KIND_PATH:
        return read_path(row, text, arena, field, problem);
    case OPS_KIND_SYNC:
        return read_sync(row, text, arena, field, problem);
    case OPS_KIND_TEXT:
    case OPS_KIND_SECRET:
        return read_text(row, text, arena, field, problem);
    }
    return false;
}
