/* Text as an array of UTF-16 units: slow and obvious. Shared by the tests of the text engine. */
#ifndef OPS_TESTS_TEXT_MODEL_H
#define OPS_TESTS_TEXT_MODEL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "engines/engine.h"
#include "engines/text/text.h"
#include "runtime/base/utf.h"
#include "tests/support/memory.h"
#include "tests/support/random.h"

enum { MODEL_UNITS = 1 << 16 };

struct model {
    uint16_t *unit;
    size_t count;
};

static inline struct model model_new(void)
{
    struct model m = {(uint16_t *)calloc(MODEL_UNITS, sizeof(uint16_t)), 0};

    assert_non_null(m.unit);
    return m;
}

static inline struct model model_copy(const struct model *from)
{
    struct model m = model_new();

    memcpy(m.unit, from->unit, from->count * sizeof *m.unit);
    m.count = from->count;
    return m;
}

static inline bool model_is_pair(const struct model *m, size_t at)
{
    return at > 0 && at < m->count && (m->unit[at - 1] & 0xfc00) == 0xd800 && (m->unit[at] & 0xfc00) == 0xdc00;
}

static inline void model_break(struct model *m, size_t at)
{
    if (model_is_pair(m, at))
        m->unit[at - 1] = m->unit[at] = 0xfffd;
}

static inline void model_insert(struct model *m, size_t at, struct ops_str text)
{
    const char *p = text.ptr, *end = text.ptr + text.len;
    uint16_t units[MODEL_UNITS / 8];
    size_t n = 0;

    while (p < end) {
        unsigned len;
        uint32_t cp = ops_utf8_decode(p, end, &len);

        p += len;
        assert_true(n + 2 < sizeof units / sizeof units[0]);
        if (cp >= 0x10000) {
            units[n++] = (uint16_t)(0xd7c0 + (cp >> 10));
            units[n++] = (uint16_t)(0xdc00 | (cp & 0x3ff));
        } else {
            units[n++] = (uint16_t)cp;
        }
    }
    if (n == 0)
        return;
    model_break(m, at);
    assert_true(m->count + n < MODEL_UNITS);
    memmove(m->unit + at + n, m->unit + at, (m->count - at) * sizeof *m->unit);
    memcpy(m->unit + at, units, n * sizeof *units);
    m->count += n;
}

static inline void model_erase(struct model *m, size_t at, size_t n)
{
    if (n == 0)
        return;
    model_break(m, at);
    model_break(m, at + n);
    memmove(m->unit + at, m->unit + at + n, (m->count - at - n) * sizeof *m->unit);
    m->count -= n;
}

static inline void model_apply(struct model *m, const struct ops_text_op *op)
{
    size_t at = 0, i, n;

    for (i = 0; i < op->components_count; i++) {
        const struct ops_text_component *c = &op->components[i];
        size_t before = m->count;

        if (c->kind == OPS_TEXT_COMPONENT_INSERT) {
            model_insert(m, at, c->insert.text);
            at += m->count - before;
            continue;
        }
        n = (size_t)(c->kind == OPS_TEXT_COMPONENT_RETAIN ? c->retain.count : c->delete_.count);
        if (n > m->count - at)
            n = m->count - at;
        if (c->kind == OPS_TEXT_COMPONENT_RETAIN)
            at += n;
        else
            model_erase(m, at, n);
    }
}

/* Units [at, at + count) as UTF-8; lone halves are U+FFFD. */
static inline size_t model_utf8(const struct model *m, size_t at, size_t count, char *out)
{
    size_t len = 0, i;

    for (i = at; i < at + count; i++) {
        uint32_t cp = m->unit[i];

        if (i + 1 < at + count && model_is_pair(m, i + 1))
            cp = 0x10000 + ((cp & 0x3ff) << 10) + (m->unit[++i] & 0x3ffu);
        else if ((cp & 0xf800) == 0xd800)
            cp = 0xfffd;
        len += ops_utf8_encode(cp, out + len);
    }
    return len;
}

/* A document whose memory is counted. */
struct bench {
    struct ops_pool pool;
    struct ops_arena arena;
    struct ops_text_doc *doc;
};

static inline void bench_open(struct bench *b)
{
    ops_pool_init(&b->pool, SIZE_MAX, &test_memory);
    b->arena = test_arena(SIZE_MAX / 2);
    b->doc = (struct ops_text_doc *)ops_text_engine.open(&b->pool);
    assert_non_null(b->doc);
}

static inline void bench_close(struct bench *b)
{
    ops_text_engine.close(b->doc);
    assert_int_equal(b->pool.used_bytes, 0);
    ops_pool_end(&b->pool);
    ops_arena_reset(&b->arena);
}

#define CLAIM(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            fail_msg("OPS_SEED=%llu: %s", (unsigned long long)random_seed, #condition);                                \
    } while (0)

/* The document and the model hold the same text. */
static inline void same_text(struct bench *b, const struct model *m)
{
    struct ops_arena_mark mark = ops_arena_here(&b->arena);
    char *wanted = (char *)malloc(m->count * 3 + 1);
    struct ops_buf got;
    size_t len = model_utf8(m, 0, m->count, wanted);

    ops_buf_init(&got, &b->arena);
    CLAIM(ops_text_length(b->doc) == m->count);
    CLAIM(ops_text_bytes(b->doc) == len);
    CLAIM(ops_text_read(b->doc, 0, SIZE_MAX, &got) == OPS_OK);
    CLAIM(got.len == len && memcmp(ops_buf_str(&got).ptr, wanted, len) == 0);
    free(wanted);
    ops_arena_rewind(&b->arena, mark);
}

/* ---- random ops ---- */

enum { OP_PAST_END = 1, OP_SPLITS = 2, OP_LONG = 4 };

static inline struct ops_str random_text(struct ops_arena *arena, unsigned most)
{
    static const char *const letters[] = {"a", "b", " ", "\n", "\"", "\\", "\x01", "", "\xC3\xA9", "\xE6\xBC\xA2",
                                          "\xF0\x9F\x98\x80", "\xF0\x9D\x84\x9E", "\xEF\xBF\xBD", "\xE2\x80\xA8", "zz"};
    unsigned n = rnd_below(most + 1), i, plain = rnd_below(2);
    char *text = (char *)ops_arena_alloc(arena, (size_t)n * 4 + 1);
    size_t len = 0;

    for (i = 0; i < n; i++) {
        unsigned which = plain != 0 ? rnd_below(4) : rnd_below(15);
        size_t k = which == 7 ? 1 : strlen(letters[which]); /* 7: U+0000 */

        memcpy(text + len, letters[which], k);
        len += k;
    }
    return ops_str_of(text, len);
}

static inline const struct ops_text_op *random_op(struct ops_arena *arena, const struct model *m, unsigned how)
{
    enum { MOST = 10 };
    struct ops_text_component *list = (struct ops_text_component *)ops_arena_array(arena, MOST, sizeof *list);
    struct ops_text_op *op = (struct ops_text_op *)ops_arena_alloc(arena, sizeof *op);
    unsigned n = rnd_below(MOST), i;
    size_t at = 0;

    memset(list, 0, MOST * sizeof *list);
    op->components = list;
    op->components_count = n;
    for (i = 0; i < n; i++) {
        size_t left = m->count - at, count = rnd_below(3) == 0 ? rnd_below(4) : (left > 0 ? rnd_below((unsigned)left + 1) / (1 + rnd_below(4)) : 0);

        list[i].kind = (enum ops_text_component_kind)(1 + rnd_below(3));
        if (list[i].kind == OPS_TEXT_COMPONENT_INSERT) {
            list[i].insert.text = random_text(arena, (how & OP_LONG) != 0 && rnd_below(8) == 0 ? 3000 : 8);
            continue;
        }
        if (count > left && (how & OP_PAST_END) == 0)
            count = left;
        if ((how & OP_SPLITS) == 0 && at + count <= m->count && model_is_pair(m, at + count))
            count++;
        if ((how & OP_PAST_END) != 0 && rnd_below(20) == 0)
            count = INT32_MAX;
        if (list[i].kind == OPS_TEXT_COMPONENT_RETAIN)
            list[i].retain.count = (int32_t)count;
        else
            list[i].delete_.count = (int32_t)count;
        at += count < left ? count : left;
    }
    return op;
}

#endif
