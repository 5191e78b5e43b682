/* Connection strings: whatever the bytes are, pairs lie in their set, are what is read again when they are written, and a problem is
 * said wherever reading fails. */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>

#include "backends/connection_string.h"
#include "backends/sqlite/settings.h"

/* The pair as text: quoted, `=` of the key doubled. */
static size_t pair_write(const struct ops_connection_pair *pair, char *out)
{
    size_t len = 0;

    for (size_t i = 0; i < pair->key.len; i++) {
        out[len++] = pair->key.ptr[i];
        if (pair->key.ptr[i] == '=')
            out[len++] = '=';
    }
    out[len++] = '=';
    out[len++] = '"';
    for (size_t i = 0; i < pair->value.len; i++) {
        out[len++] = pair->value.ptr[i];
        if (pair->value.ptr[i] == '"')
            out[len++] = '"';
    }
    out[len++] = '"';
    out[len++] = ';';
    return len;
}

static void fuzz_again(const struct ops_connection_pairs *pairs)
{
    static struct ops_connection_pairs again;
    static char text[3 * OPS_CONNECTION_BYTES_MAX];
    size_t len = 0, offset = 0;

    for (size_t i = 0; i < pairs->count; i++)
        len += pair_write(&pairs->pairs[i], text + len);
    if (len > OPS_CONNECTION_BYTES_MAX)
        return;
    FUZZ_CLAIM(ops_connection_pairs_read(ops_str_of(text, len), &again, &offset), "what was read can be written");
    FUZZ_CLAIM(again.count == pairs->count, "as many pairs are read again");
    for (size_t i = 0; i < pairs->count; i++)
        FUZZ_CLAIM(ops_str_equal(again.pairs[i].key, pairs->pairs[i].key) && ops_str_equal(again.pairs[i].value, pairs->pairs[i].value),
                   "the same pairs are read again");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ops_connection_pairs pairs;
    struct ops_str text = ops_str_of((const char *)data, size);
    struct sqlite_settings settings;
    char problem[512] = "";
    size_t offset = SIZE_MAX;
    bool pairs_ok = ops_connection_pairs_read(text, &pairs, &offset), ok;

    if (pairs_ok) {
        for (size_t i = 0; i < pairs.count; i++) {
            FUZZ_CLAIM(pairs.pairs[i].key.len > 0, "a key is never empty");
            FUZZ_CLAIM(pairs.pairs[i].value.ptr + pairs.pairs[i].value.len <= pairs.text + sizeof pairs.text, "a pair lies in its set");
        }
        fuzz_again(&pairs);
    } else {
        FUZZ_CLAIM(offset <= size, "a problem lies in the text");
    }
    ok = sqlite_settings_read(text, &settings, problem, sizeof problem);
    FUZZ_CLAIM(ok == (problem[0] == '\0'), "a problem is said when there is one");
    FUZZ_CLAIM(!ok || (pairs_ok && settings.path[0] != '\0'), "settings name a file");
    return 0;
}
