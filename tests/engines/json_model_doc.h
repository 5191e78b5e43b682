/* A json document as a plain list of registers, every rule of spec/opstream-engines.md §3 (with the correction of §14.4) by linear
 * scans: slow and obvious. Shared by the tests of the json engine. */
#ifndef OPS_TESTS_JSON_MODEL_DOC_H
#define OPS_TESTS_JSON_MODEL_DOC_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "engines/engine.h"
#include "engines/json/json.h"
#include "runtime/base/utf.h"
#include "tests/support/memory.h"
#include "tests/support/random.h"

enum { REGS = 400 };

struct regs {
    struct ops_json_register reg[REGS]; /* in the order in which they came to be */
    size_t count;
};

#define CLAIM(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            fail_msg("OPS_SEED=%llu: %s", (unsigned long long)random_seed, #condition);                                \
    } while (0)

static inline struct ops_json_register reg_of(const struct ops_json_op *op)
{
    struct ops_json_register r;

    memset(&r, 0, sizeof r);
    r.is_deleted = op->kind == OPS_JSON_OP_DEL;
    r.path = r.is_deleted ? op->del.path : op->set.path;
    r.value = r.is_deleted ? OPS_STR("null") : op->set.value;
    r.timestamp = r.is_deleted ? op->del.timestamp : op->set.timestamp;
    r.peer_id = r.is_deleted ? op->del.peer_id : op->set.peer_id;
    return r;
}

static inline bool reg_wins(const struct ops_json_register *a, const struct ops_json_register *b, bool same_batch)
{
    int peers = ops_utf16_compare(a->peer_id, b->peer_id);

    if (a->timestamp != b->timestamp)
        return a->timestamp > b->timestamp;
    if (peers != 0)
        return peers > 0;
    return same_batch || ops_utf16_compare(a->value, b->value) > 0;
}

static inline bool same_stamp(const struct ops_json_register *a, const struct ops_json_register *b)
{
    return a->timestamp == b->timestamp && ops_str_equal(a->peer_id, b->peer_id);
}

static inline bool reg_same(const struct ops_json_register *a, const struct ops_json_register *b)
{
    return same_stamp(a, b) && a->is_deleted == b->is_deleted && ops_str_equal(a->value, b->value) && ops_str_equal(a->path, b->path);
}

static inline bool below(struct ops_str path, struct ops_str above)
{
    return path.len > above.len && path.ptr[above.len] == '.' && memcmp(path.ptr, above.ptr, above.len) == 0;
}

static inline struct ops_json_register *regs_find(struct regs *m, struct ops_str path)
{
    size_t i;

    for (i = 0; i < m->count; i++) {
        if (ops_str_equal(m->reg[i].path, path))
            return &m->reg[i];
    }
    return NULL;
}

/* ---- a batch as a map, in the slots of .NET's Dictionary ---- */

struct slots {
    const struct ops_json_op *op[64];
    size_t count, freed[64], freed_count;
};

static inline void slots_add(struct slots *s, const struct ops_json_op *op, bool merging)
{
    struct ops_json_register r = reg_of(op), other;
    size_t i, at = SIZE_MAX;

    for (i = 0; i < s->count; i++) {
        if (s->op[i] == NULL)
            continue;
        other = reg_of(s->op[i]);
        if (below(r.path, other.path) && reg_wins(&other, &r, merging) && !(merging && same_stamp(&other, &r)))
            return;
        if (ops_str_equal(r.path, other.path)) {
            if (!reg_wins(&r, &other, merging))
                return;
            at = i;
        }
    }
    if (at == SIZE_MAX)
        at = s->freed_count > 0 ? s->freed[--s->freed_count] : s->count++;
    s->op[at] = op;
    for (i = 0; i < s->count; i++) {
        if (s->op[i] == NULL)
            continue;
        other = reg_of(s->op[i]);
        if (below(other.path, r.path) && reg_wins(&r, &other, merging) && !(merging && same_stamp(&other, &r))) {
            s->op[i] = NULL;
            s->freed[s->freed_count++] = i;
        }
    }
}

static inline void slots_of(struct slots *s, const struct ops_json_op_batch *a, const struct ops_json_op_batch *b)
{
    bool merging = a == NULL || a->operations_count == 0;
    size_t i;

    memset(s, 0, sizeof *s);
    for (i = 0; a != NULL && i < a->operations_count; i++)
        slots_add(s, &a->operations[i], merging);
    for (i = 0; i < b->operations_count; i++)
        slots_add(s, &b->operations[i], merging);
}

static inline size_t slots_find(const struct slots *s, struct ops_str path)
{
    size_t i;

    for (i = 0; i < s->count; i++) {
        if (s->op[i] != NULL && ops_str_equal(reg_of(s->op[i]).path, path))
            return i;
    }
    return SIZE_MAX;
}

/* ---- applying ---- */

static inline bool beats_ancestors(const struct regs *before, const struct slots *mine, const bool *written,
                                   const struct ops_json_register *r)
{
    size_t i;

    for (i = 0; i < before->count; i++) {
        size_t slot = slots_find(mine, before->reg[i].path);

        if (below(r->path, before->reg[i].path) && !(slot != SIZE_MAX && written[slot]) &&
            !reg_wins(r, &before->reg[i], slot != SIZE_MAX))
            return false;
    }
    for (i = 0; i < mine->count; i++) {
        if (mine->op[i] != NULL && written[i]) {
            struct ops_json_register other = reg_of(mine->op[i]);

            if (below(r->path, other.path) && !reg_wins(r, &other, true))
                return false;
        }
    }
    return true;
}

static inline void regs_apply(struct regs *m, const struct ops_json_op_batch *batch)
{
    struct regs *before = (struct regs *)malloc(sizeof *before);
    bool written[64] = {false};
    struct slots mine;
    size_t i, k;

    *before = *m;
    slots_of(&mine, NULL, batch);
    for (i = 0; i < mine.count; i++) {
        struct ops_json_register r, *own;

        if (mine.op[i] == NULL)
            continue;
        r = reg_of(mine.op[i]);
        own = regs_find(m, r.path);
        if (!beats_ancestors(before, &mine, written, &r) || (own != NULL && !reg_wins(&r, own, false)))
            continue;
        written[i] = true;
        if (own == NULL)
            own = &m->reg[m->count++];
        CLAIM(m->count <= REGS);
        *own = r;
        for (k = 0; k < m->count; k++) {
            struct ops_json_register *d = &m->reg[k];

            if (below(d->path, r.path) && slots_find(&mine, d->path) == SIZE_MAX && reg_wins(&r, d, false)) {
                struct ops_str path = d->path;

                *d = r;
                d->path = path;
                d->value = OPS_STR("null");
                d->is_deleted = true;
            }
        }
    }
    free(before);
}

/* ---- the document beside it ---- */

struct bench {
    struct ops_pool pool;
    struct ops_arena arena;
    struct ops_json_doc *doc;
};

static inline void bench_open(struct bench *b)
{
    ops_pool_init(&b->pool, SIZE_MAX, &test_memory);
    b->arena = test_arena(SIZE_MAX / 2);
    b->doc = (struct ops_json_doc *)ops_json_engine.open(&b->pool);
    assert_non_null(b->doc);
}

static inline void bench_close(struct bench *b)
{
    ops_json_engine.close(b->doc);
    assert_int_equal(b->pool.used_bytes, 0);
    ops_pool_end(&b->pool);
    ops_arena_reset(&b->arena);
}

static inline struct ops_json_document snapshot_of(struct bench *b, const struct ops_json_style *style)
{
    struct ops_json_document plain;
    struct ops_buf out;

    ops_buf_init(&out, &b->arena);
    CLAIM(ops_json_engine.snapshot(b->doc, style, &out) == OPS_OK);
    CLAIM(ops_json_document_json_decode(style, ops_buf_str(&out), &b->arena, &plain, NULL) == OPS_OK);
    return plain;
}

/* The same registers in the same order of coming to be. */
static inline void same_registers(struct bench *b, const struct regs *m)
{
    struct ops_json_document plain = snapshot_of(b, &ops_style_stored);
    size_t i;

    CLAIM(plain.registers_count == m->count && ops_json_count(b->doc) == m->count);
    for (i = 0; i < m->count; i++)
        CLAIM(reg_same(&plain.registers[i], &m->reg[i]));
}

/* ---- random batches ---- */

enum { STAMPS_DISTINCT = 1, ONE_OP = 2, LETTERS_ONLY = 4 };

static inline struct ops_str random_path(struct ops_arena *arena)
{
    static const char *const parts[] = {"a", "b", "", "a", "\xF0\x9F\x98\x80", "\xEF\xBF\xBD", "b[0]", "a\"\n"};
    char *path = (char *)ops_arena_alloc(arena, 64);
    unsigned n = 1 + rnd_below(4), i;
    size_t len = 0;

    for (i = 0; i < n; i++) {
        const char *part = parts[rnd_below(rnd_below(3) == 0 ? 8 : 2)];

        if (i > 0)
            path[len++] = '.';
        memcpy(path + len, part, strlen(part));
        len += strlen(part);
    }
    return ops_str_of(path, len);
}

static inline const struct ops_json_op_batch *random_batch(struct ops_arena *arena, unsigned how)
{
    static const char *const peers[] = {"p", "q", "", "\xC3\xA9", "\xF0\x9F\x98\x80", "\xEF\xBF\xBD", NULL};
    static const char *const values[] = {"1", "2", "\"a\"", "{}", "[1, 2]", "null", "true", "\"\xF0\x9F\x98\x80\"", "{\"a\" : 1.0}"};
    static int64_t last_stamp;
    struct ops_json_op_batch *batch = (struct ops_json_op_batch *)ops_arena_alloc(arena, sizeof *batch);
    unsigned n = (how & ONE_OP) != 0 ? 1 : rnd_below(6), i;
    struct ops_json_op *list = (struct ops_json_op *)ops_arena_array(arena, n + 1, sizeof *list);

    memset(list, 0, (n + 1) * sizeof *list);
    batch->operations = list;
    batch->operations_count = n;
    for (i = 0; i < n; i++) {
        const char *peer = peers[rnd_below(rnd_below(2) == 0 ? 2 : 7)], *value = values[rnd_below(9)];
        int64_t stamp = (int64_t)rnd_below(12);

        if ((how & STAMPS_DISTINCT) != 0)
            stamp = (int64_t)rnd_below(1000) * 1000000 + ++last_stamp;
        if ((how & LETTERS_ONLY) != 0)
            peer = "p";
        list[i].kind = rnd_below(4) == 0 ? OPS_JSON_OP_DEL : OPS_JSON_OP_SET;
        if (list[i].kind == OPS_JSON_OP_SET) {
            list[i].set.path = random_path(arena);
            list[i].set.value = ops_str_of(value, strlen(value));
            list[i].set.timestamp = stamp;
            list[i].set.peer_id = ops_str_of(peer, peer != NULL ? strlen(peer) : 0);
        } else {
            list[i].del.path = random_path(arena);
            list[i].del.timestamp = stamp;
            list[i].del.peer_id = ops_str_of(peer, peer != NULL ? strlen(peer) : 0);
        }
    }
    return batch;
}

#endif
