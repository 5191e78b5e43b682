/* The C side of run.mjs: writes random messages as JSON, or reads messages and writes them again.
 *
 *   peer write SEED COUNT    COUNT values of every message in every style: `message\tstyle\ttext` ended by a zero byte
 *   peer read                the same records on standard input; answers each with the text as written again, or `!reason` */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gen/profile.h"
#include "gen/tables.h"
#include "runtime/codec/json.h"
#include "tests/codec/random_value.h"
#include "tests/support/memory.h"

enum { RECORD_BYTES = 1 << 20 };

static void peer_write(uint64_t seed, unsigned long count)
{
    size_t t, s;
    unsigned long n;

    for (t = 0; t < ops_messages_count; t++) {
        for (s = 0; s < ops_styles_count; s++) {
            for (n = 0; n < count; n++) {
                struct random_knobs knobs = random_knobs_default();
                struct random_source random = random_seeded(seed + t * 1000003 + s * 10007 + n);
                struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
                struct ops_buf text;

                knobs.style = ops_styles[s];
                ops_buf_init(&text, &arena);
                if (ops_json_encode(ops_messages[t], knobs.style, random_value(&random, &knobs, ops_messages[t], &arena),
                                    &text) != OPS_OK)
                    abort();
                printf("%s\t%s\t", ops_messages[t]->name.ptr, knobs.style->name);
                fwrite(text.ptr, 1, text.len, stdout);
                putchar('\0');
                ops_arena_reset(&arena);
            }
        }
    }
}

static const struct ops_message *peer_message(const char *name)
{
    size_t t;

    for (t = 0; t < ops_messages_count; t++) {
        if (strcmp(ops_messages[t]->name.ptr, name) == 0)
            return ops_messages[t];
    }
    abort();
}

static const struct ops_json_style *peer_style(const char *name)
{
    size_t s;

    for (s = 0; s < ops_styles_count; s++) {
        if (strcmp(ops_styles[s]->name, name) == 0)
            return ops_styles[s];
    }
    abort();
}

static void peer_answer(char *record, size_t len)
{
    char *style_name = strchr(record, '\t') + 1, *text = strchr(style_name, '\t') + 1;
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    const struct ops_message *type;
    const struct ops_json_style *style;
    struct ops_decode_info info;
    struct ops_buf out;
    void *value;

    style_name[-1] = text[-1] = '\0';
    type = peer_message(record);
    style = peer_style(style_name);
    value = ops_arena_zalloc(&arena, type->size);
    ops_buf_init(&out, &arena);
    if (ops_json_decode(type, style, ops_str_of(text, (size_t)(record + len - text)), &arena, value, &info) != OPS_OK)
        printf("!%s", ops_reason_text(info.error.reason));
    else if (ops_json_encode(type, style, value, &out) == OPS_OK)
        fwrite(out.ptr, 1, out.len, stdout);
    putchar('\0');
    ops_arena_reset(&arena);
}

static void peer_read(void)
{
    char *record = (char *)malloc(RECORD_BYTES);
    size_t len = 0;
    int c;

    if (record == NULL)
        abort();
    while ((c = getchar()) != EOF) {
        if (len + 1 >= RECORD_BYTES)
            abort();
        record[len] = (char)c;
        if (c == '\0') {
            peer_answer(record, len);
            len = 0;
        } else {
            len++;
        }
    }
    free(record);
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "write") == 0)
        peer_write(strtoull(argv[2], NULL, 10), strtoul(argv[3], NULL, 10));
    else if (argc == 2 && strcmp(argv[1], "read") == 0)
        peer_read();
    else
        return 2;
    return 0;
}
