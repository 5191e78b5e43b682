/* Names of settings: the same in any letter case, and the one that was probably meant. */
#include "runtime/server/config_private.h"

enum { CONFIG_NAME_MAX = 96 };

/* Lower case, `:` as `__`; false: longer than any name is. */
static bool plain(struct ops_str name, char out[CONFIG_NAME_MAX], size_t *out_len)
{
    size_t len = 0;

    for (size_t i = 0; i < name.len; i++) {
        if (len + 2 > CONFIG_NAME_MAX)
            return false;
        if (name.ptr[i] == ':') {
            out[len++] = '_';
            out[len++] = '_';
        } else {
            out[len++] = ops_config_lower(name.ptr[i]);
        }
    }
    *out_len = len;
    return true;
}

bool ops_config_same_name(struct ops_str name, const char *known)
{
    char spelled[CONFIG_NAME_MAX];
    size_t len;

    return plain(name, spelled, &len) &&
           ops_config_equal_any_case(ops_str_of(spelled, len), ops_str_of(known, strlen(known)));
}

static size_t least(size_t a, size_t b, size_t c)
{
    size_t ab = a < b ? a : b;

    return ab < c ? ab : c;
}

/* Letters to insert, delete or replace. */
static size_t distance(struct ops_str a, struct ops_str b)
{
    size_t row[CONFIG_NAME_MAX + 1];

    for (size_t j = 0; j <= b.len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t replaced = diagonal + (a.ptr[i - 1] != b.ptr[j - 1]);

            diagonal = row[j];
            row[j] = least(row[j] + 1, row[j - 1] + 1, replaced);
        }
    }
    return row[b.len];
}

const char *ops_config_nearest(struct ops_str name)
{
    static const size_t prefix = sizeof "OPSTREAM__" - 1;
    char spelled[CONFIG_NAME_MAX], known[CONFIG_NAME_MAX];
    size_t len, known_len, best = SIZE_MAX;
    const char *nearest = NULL;

    if (!plain(name, spelled, &len) || len < prefix)
        return NULL;
    for (size_t i = 0; i < OPS_SETTING_COUNT; i++) {
        const char *candidate = ops_setting_rows[i].name;
        size_t steps;

        if (!plain(ops_str_of(candidate, strlen(candidate)), known, &known_len))
            continue;
        steps = distance(ops_str_of(spelled + prefix, len - prefix), ops_str_of(known + prefix, known_len - prefix));
        if (steps < best) {
            best = steps;
            nearest = candidate;
        }
    }
    return best <= (len - prefix + 1) / 2 ? nearest : NULL;
}
