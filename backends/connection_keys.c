/* Connection strings read by a backend's table of keys; the nearest key for one that nobody knows. */
#include "connection_string.h"

#include <stdio.h>

enum { NAME_MAX_CHARS = 64 }; /* of a key that is compared; a longer one is near to nothing */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool same(struct ops_str a, struct ops_str b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (lower(a.ptr[i]) != lower(b.ptr[i]))
            return false;
    return true;
}

/* Walks a list separated by '|': the word at `*list`, which moves behind it. False at its end. */
static bool next_word(const char **list, struct ops_str *word)
{
    const char *start = *list, *end = start;

    if (start == NULL || *start == '\0')
        return false;
    while (*end != '\0' && *end != '|')
        end++;
    *word = ops_str_of(start, (size_t)(end - start));
    *list = *end == '|' ? end + 1 : end;
    return true;
}

/* Insertions, deletions, replacements and swaps of neighbours that make `a` of `b`. Both at most NAME_MAX_CHARS. */
static size_t distance(struct ops_str a, struct ops_str b)
{
    size_t rows[3][NAME_MAX_CHARS + 1], *before = rows[0], *last = rows[1], *now = rows[2];

    for (size_t j = 0; j <= b.len; j++)
        last[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t *free_row = before;

        now[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t cost = lower(a.ptr[i - 1]) != lower(b.ptr[j - 1]), best = last[j - 1] + cost;

            if (last[j] + 1 < best)
                best = last[j] + 1;
            if (now[j - 1] + 1 < best)
                best = now[j - 1] + 1;
            if (i > 1 && j > 1 && lower(a.ptr[i - 1]) == lower(b.ptr[j - 2]) && lower(a.ptr[i - 2]) == lower(b.ptr[j - 1]) &&
                before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            now[j] = best;
        }
        before = last;
        last = now;
        now = free_row;
    }
    return last[b.len];
}

static const struct ops_connection_key *key_find(struct ops_str name, const struct ops_connection_key *keys, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *names = keys[i].names;
        struct ops_str word;

        while (next_word(&names, &word))
            if (same(word, name))
                return &keys[i];
    }
    return NULL;
}

/* Whether `part` is in `whole`, and says something: "Timeout" in "Default Timeout". */
static bool is_part(struct ops_str part, struct ops_str whole)
{
    enum { SAYS_SOMETHING = 4 };

    for (size_t at = 0; part.len >= SAYS_SOMETHING && at + part.len <= whole.len; at++)
        if (same(part, ops_str_of(whole.ptr + at, part.len)))
            return true;
    return false;
}

/* The nearest name in the table, refused ones aside. */
static struct ops_str nearest(struct ops_str name, const struct ops_connection_key *keys, size_t count)
{
    struct ops_str best = ops_str_of("", 0);
    size_t best_distance = SIZE_MAX;

    for (size_t i = 0; i < count; i++) {
        const char *names = keys[i].kind == OPS_CONNECTION_REFUSED ? "" : keys[i].names;
        struct ops_str word;

        while (next_word(&names, &word)) {
            size_t d = name.len > NAME_MAX_CHARS ? word.len : distance(name, word);

            if (d > 2 && (is_part(name, word) || is_part(word, name)))
                d = 2;
            if (d < best_distance) {
                best_distance = d;
                best = word;
            }
        }
    }
    return best;
}

static bool read_choice(struct ops_str text, const char *words, int64_t *number)
{
    struct ops_str word;

    for (int64_t i = 0; next_word(&words, &word); i++) {
        if (same(word, text)) {
            *number = i;
            return true;
        }
    }
    return false;
}

static bool read_integer(struct ops_str text, int64_t min, int64_t max, int64_t *number)
{
    bool negative = text.len > 1 && text.ptr[0] == '-';
    int64_t n = 0;

    if (text.len == 0 || text.len > 18)
        return false;
    for (size_t i = negative; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
        n = n * 10 + (text.ptr[i] - '0');
    }
    *number = negative ? -n : n;
    return *number >= min && *number <= max;
}

/* The value of a row as it is meant; false: `problem` says what would be right. */
static bool value_read(const struct ops_connection_key *key, const struct ops_connection_pair *pair,
                       struct ops_connection_value *value, char *problem, size_t problem_bytes)
{
    int name_len = (int)(pair->key.len < 64 ? pair->key.len : 64), text_len = (int)(pair->value.len < 64 ? pair->value.len : 64);
    int64_t number = 0;
    const char *names = key->names;
    struct ops_str name;

    (void)next_word(&names, &name);
    switch (key->kind) {
    case OPS_CONNECTION_REFUSED:
        (void)snprintf(problem, problem_bytes, "'%.*s' %s", name_len, pair->key.ptr, key->words);
        return false;
    case OPS_CONNECTION_BOOL:
        if (read_choice(pair->value, "false|true|no|yes|0|1", &number)) {
            number &= 1;
            break;
        }
        (void)snprintf(problem, problem_bytes, "'%.*s' is '%.*s'. Valid: true, false, yes, no.", name_len, pair->key.ptr, text_len,
                       pair->value.ptr);
        return false;
    case OPS_CONNECTION_INTEGER:
        if (read_integer(pair->value, key->min, key->max, &number))
            break;
        (void)snprintf(problem, problem_bytes, "'%.*s' is '%.*s'. Valid: a number from %lld to %lld.", name_len, pair->key.ptr,
                       text_len, pair->value.ptr, (long long)key->min, (long long)key->max);
        return false;
    case OPS_CONNECTION_CHOICE:
        if (read_choice(pair->value, key->words, &number))
            break;
        (void)snprintf(problem, problem_bytes, "'%.*s' is '%.*s'. Valid: %s.", name_len, pair->key.ptr, text_len, pair->value.ptr,
                       key->words);
        return false;
    case OPS_CONNECTION_TEXT:
        break;
    }
    value->set = true;
    value->number = number;
    value->text = pair->value;
    return true;
}

bool ops_connection_string_read(struct ops_str text, const struct ops_connection_key *keys, size_t count,
                                struct ops_connection_pairs *pairs, struct ops_connection_value *values, char *problem,
                                size_t problem_bytes)
{
    size_t offset = 0;

    memset(values, 0, count * sizeof *values);
    if (!ops_connection_pairs_read(text, pairs, &offset)) {
        (void)snprintf(problem, problem_bytes,
                       "The connection string stops to be one (key=value;key=value, at most %d pairs and %d bytes) at byte %zu.",
                       OPS_CONNECTION_PAIRS_MAX, OPS_CONNECTION_BYTES_MAX, offset);
        return false;
    }
    for (size_t i = 0; i < pairs->count; i++) {
        const struct ops_connection_pair *pair = &pairs->pairs[i];
        const struct ops_connection_key *key = key_find(pair->key, keys, count);

        if (key == NULL) {
            struct ops_str near_name = nearest(pair->key, keys, count);

            (void)snprintf(problem, problem_bytes, "Unknown key '%.*s' in the connection string. Did you mean '%.*s'?",
                           (int)(pair->key.len < 64 ? pair->key.len : 64), pair->key.ptr, (int)near_name.len, near_name.ptr);
            return false;
        }
        memset(&values[key - keys], 0, sizeof *values);
        if (pair->value.len > 0 && !value_read(key, pair, &values[key - keys], problem, problem_bytes))
            return false;
    }
    return true;
}
