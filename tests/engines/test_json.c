/* The json engine against a plain list of registers. */
#include "json_model_doc.h"

static const struct ops_engine *const engine = &ops_json_engine;

/* What a watcher saw. */
struct seen {
    struct ops_json_register reg[REGS];
    size_t count;
};

static void see(void *self, const struct ops_json_register *reg)
{
    struct seen *seen = (struct seen *)self;

    CLAIM(seen->count < REGS);
    seen->reg[seen->count++] = *reg;
}

/* A watcher is shown exactly the registers that differ from before, as they are now. */
static void saw_the_difference(const struct seen *seen, struct regs *before, struct regs *after)
{
    size_t i, k, changed = 0;

    for (i = 0; i < after->count; i++) {
        const struct ops_json_register *old = regs_find(before, after->reg[i].path);
        size_t shown = 0;

        for (k = 0; k < seen->count; k++)
            shown += reg_same(&seen->reg[k], &after->reg[i]);
        CLAIM(shown == (old == NULL || !reg_same(old, &after->reg[i])));
        changed += shown;
    }
    CLAIM(changed == seen->count);
}

static void batches_do_what_they_do_to_a_plain_list(void **state)
{
    struct regs *m = (struct regs *)malloc(sizeof *m), *before = (struct regs *)malloc(sizeof *m);
    struct seen *seen = (struct seen *)malloc(sizeof *seen);
    unsigned round, i;

    (void)state;
    for (round = 0; round < 400; round++) {
        struct bench b;

        bench_open(&b);
        m->count = 0;
        for (i = 0; i < 30; i++) {
            const struct ops_json_op_batch *batch = random_batch(&b.arena, rnd_below(2) != 0 ? LETTERS_ONLY : 0);

            *before = *m;
            seen->count = 0;
            regs_apply(m, batch);
            CLAIM(ops_json_apply_watched(b.doc, batch, &b.arena, see, seen) == OPS_OK);
            same_registers(&b, m);
            saw_the_difference(seen, before, m);
        }
        bench_close(&b);
    }
    free(seen);
    free(before);
    free(m);
}

static void composing_reduces_as_a_dictionary_does(void **state)
{
    unsigned round;

    (void)state;
    for (round = 0; round < 5000; round++) {
        struct bench b;
        const struct ops_json_op_batch *first, *second, *both;
        const void *out;
        struct slots mine;
        size_t i, at = 0;

        bench_open(&b);
        first = random_batch(&b.arena, 0);
        second = random_batch(&b.arena, 0);
        slots_of(&mine, first, second);
        CLAIM(engine->compose(first, second, &b.arena, &out) == OPS_OK);
        both = (const struct ops_json_op_batch *)out;
        for (i = 0; i < mine.count; i++) {
            if (mine.op[i] != NULL) {
                CLAIM(both != NULL && at < both->operations_count);
                CLAIM(ops_json_op_equal(mine.op[i], &both->operations[at++]));
            }
        }
        CLAIM(both == NULL ? at == 0 : at == both->operations_count);
        bench_close(&b);
    }
}

static bool same_live(const struct ops_json_document *a, const struct ops_json_document *b)
{
    size_t i, k, live = 0, found = 0;

    for (i = 0; i < a->registers_count; i++)
        live += !a->registers[i].is_deleted;
    for (k = 0; k < b->registers_count; k++) {
        for (i = 0; !b->registers[k].is_deleted && i < a->registers_count; i++)
            found += ops_str_equal(a->registers[i].path, b->registers[k].path) && !a->registers[i].is_deleted &&
                     ops_str_equal(a->registers[i].value, b->registers[k].value);
        live -= !b->registers[k].is_deleted;
    }
    for (i = 0; i < b->registers_count; i++)
        found -= !b->registers[i].is_deleted;
    return live == 0 && found == 0;
}

/* One op a batch, all stamps distinct (§3.7). */
static void delivery_in_any_order_shows_the_same(void **state)
{
    enum { OPS = 12 };
    unsigned round, i;

    (void)state;
    for (round = 0; round < 1000; round++) {
        struct bench a, b;
        const struct ops_json_op_batch *ops[OPS];
        struct ops_json_document one, other;

        bench_open(&a);
        bench_open(&b);
        for (i = 0; i < OPS; i++) {
            ops[i] = random_batch(&a.arena, STAMPS_DISTINCT | ONE_OP);
            CLAIM(engine->apply(a.doc, ops[i], &a.arena) == OPS_OK);
        }
        for (i = OPS; i > 0; i--) {
            unsigned k = rnd_below(i);

            CLAIM(engine->apply(b.doc, ops[k], &b.arena) == OPS_OK);
            ops[k] = ops[i - 1];
        }
        one = snapshot_of(&a, &ops_style_v1);
        other = snapshot_of(&b, &ops_style_v1);
        CLAIM(same_live(&one, &other));
        bench_close(&a);
        bench_close(&b);
    }
}

static void an_inverse_shows_what_was_before(void **state)
{
    unsigned round, i;

    (void)state;
    for (round = 0; round < 3000; round++) {
        struct bench b;
        const struct ops_json_op_batch *op;
        struct ops_json_document before, after;
        const void *inverse;

        bench_open(&b);
        for (i = 0; i < 8; i++)
            CLAIM(engine->apply(b.doc, random_batch(&b.arena, STAMPS_DISTINCT | ONE_OP), &b.arena) == OPS_OK);
        op = random_batch(&b.arena, STAMPS_DISTINCT | ONE_OP);
        before = snapshot_of(&b, &ops_style_v1);
        CLAIM(engine->invert(b.doc, op, &b.arena, &inverse) == OPS_OK);
        CLAIM(engine->apply(b.doc, op, &b.arena) == OPS_OK);
        CLAIM(engine->apply(b.doc, inverse, &b.arena) == OPS_OK);
        after = snapshot_of(&b, &ops_style_v1);
        CLAIM(same_live(&before, &after));
        bench_close(&b);
    }
}

static void snapshots_come_back_in_every_style(void **state)
{
    static const struct ops_json_style *const styles[] = {&ops_style_v1, &ops_style_stored, &ops_style_p0};
    unsigned round, i, k;

    (void)state;
    for (round = 0; round < 200; round++) {
        struct bench b;

        bench_open(&b);
        for (i = 0; i < 40; i++)
            CLAIM(engine->apply(b.doc, random_batch(&b.arena, 0), &b.arena) == OPS_OK);
        for (i = 0; i < 3; i++) {
            struct bench again;
            struct ops_buf out, second;

            bench_open(&again);
            ops_buf_init(&out, &b.arena);
            ops_buf_init(&second, &b.arena);
            CLAIM(engine->snapshot(b.doc, styles[i], &out) == OPS_OK);
            CLAIM(engine->load(again.doc, styles[i], ops_buf_str(&out), &again.arena, NULL) == OPS_OK);
            CLAIM(engine->snapshot(again.doc, styles[i], &second) == OPS_OK);
            CLAIM(ops_str_equal(ops_buf_str(&out), ops_buf_str(&second)));
            if (styles[i] == &ops_style_v1) {
                struct ops_json_document plain = snapshot_of(&b, &ops_style_v1);

                for (k = 1; k < plain.registers_count; k++)
                    CLAIM(ops_utf16_compare(plain.registers[k - 1].path, plain.registers[k].path) < 0);
            }
            bench_close(&again);
        }
        bench_close(&b);
    }
}

static void walking_visits_a_path_and_what_is_below(void **state)
{
    struct regs *m = (struct regs *)calloc(1, sizeof *m);
    struct seen *seen = (struct seen *)calloc(1, sizeof *seen);
    struct ops_json_register one;
    struct bench b;
    unsigned i;
    size_t k;

    (void)state;
    bench_open(&b);
    for (i = 0; i < 60; i++) {
        const struct ops_json_op_batch *batch = random_batch(&b.arena, 0);

        regs_apply(m, batch);
        CLAIM(engine->apply(b.doc, batch, &b.arena) == OPS_OK);
    }
    for (i = 0; i < 200; i++) {
        struct ops_str path = random_path(&b.arena);
        size_t wanted = 0;

        seen->count = 0;
        CLAIM(ops_json_walk(b.doc, path, &b.arena, see, seen) == OPS_OK);
        for (k = 0; k < m->count; k++)
            wanted += ops_str_equal(m->reg[k].path, path) || below(m->reg[k].path, path);
        CLAIM(seen->count == wanted);
        CLAIM(ops_json_get(b.doc, path, &one) == (regs_find(m, path) != NULL));
        CLAIM(regs_find(m, path) == NULL || reg_same(&one, regs_find(m, path)));
    }
    seen->count = 0;
    CLAIM(ops_json_walk(b.doc, ops_str_of(NULL, 0), &b.arena, see, seen) == OPS_OK && seen->count == m->count);
    bench_close(&b);
    free(seen);
    free(m);
}

/* Thousands of registers: the index splits in every place. */
static void a_big_document_keeps_its_order(void **state)
{
    enum { MANY = 20000 };
    struct bench b;
    struct ops_json_document plain;
    unsigned i;
    size_t k;

    (void)state;
    bench_open(&b);
    for (i = 0; i < MANY; i++) {
        struct ops_json_op op;
        struct ops_json_op_batch batch = {&op, 1};
        struct ops_arena_mark mark = ops_arena_here(&b.arena);
        unsigned number = i < MANY / 2 ? i : rnd_below(1000000), n = 7;
        char path[8] = "k000000";

        for (; number > 0; number /= 10)
            path[--n] = (char)('0' + number % 10);
        memset(&op, 0, sizeof op);
        op.kind = OPS_JSON_OP_SET;
        op.set.path = ops_str_of(path, 7);
        op.set.value = OPS_STR("1");
        op.set.timestamp = (int64_t)i;
        op.set.peer_id = OPS_STR("p");
        CLAIM(engine->apply(b.doc, &batch, &b.arena) == OPS_OK);
        ops_arena_rewind(&b.arena, mark);
    }
    plain = snapshot_of(&b, &ops_style_v1);
    CLAIM(plain.registers_count == ops_json_count(b.doc) && plain.registers_count > MANY / 2);
    CLAIM(ops_json_highest_stamp(b.doc) == MANY - 1);
    for (k = 0; k < plain.registers_count; k++) {
        struct ops_json_register one;

        CLAIM(k == 0 || ops_utf16_compare(plain.registers[k - 1].path, plain.registers[k].path) < 0);
        CLAIM(ops_json_get(b.doc, plain.registers[k].path, &one) && reg_same(&one, &plain.registers[k]));
    }
    bench_close(&b);
}

/* A path of half a million dots has half a million ancestors; they are not asked for one by one. */
static void a_path_of_dots_is_no_weapon(void **state)
{
    enum { DOTS = 500000 };
    struct bench b;
    struct ops_json_op op[2];
    struct ops_json_op_batch batch = {op, 2};
    char *path;
    unsigned i;

    (void)state;
    bench_open(&b);
    path = (char *)ops_arena_alloc(&b.arena, DOTS);
    memset(path, '.', DOTS);
    memset(op, 0, sizeof op);
    for (i = 0; i <= 20; i++) {
        op[0].kind = op[1].kind = OPS_JSON_OP_SET;
        op[0].set.path = ops_str_of(path, i);
        op[1].set.path = ops_str_of(path, DOTS - i);
        op[0].set.value = op[1].set.value = OPS_STR("1");
        op[0].set.timestamp = op[1].set.timestamp = (int64_t)i;
        op[0].set.peer_id = op[1].set.peer_id = OPS_STR("p");
        CLAIM(engine->apply(b.doc, &batch, &b.arena) == OPS_OK);
    }
    CLAIM(ops_json_count(b.doc) == 42);
    bench_close(&b);
}

static void stamps_and_sizes_have_limits(void **state)
{
    struct ops_op_rules rules = {false, false, 0, 100};
    struct ops_op_list none = {NULL, 0};
    struct ops_json_op op[2];
    struct ops_json_op_batch batch = {op, 2};
    struct ops_refusal refusal;
    const void *accepted;
    struct ops_buf out;
    struct bench b;

    (void)state;
    bench_open(&b);
    memset(op, 0, sizeof op);
    op[0].kind = op[1].kind = OPS_JSON_OP_SET;
    op[0].set.path = OPS_STR("a\"b");
    op[1].set.path = OPS_STR("c");
    op[0].set.value = op[1].set.value = OPS_STR("[1, 2]");
    op[0].set.peer_id = op[1].set.peer_id = OPS_STR("p");
    op[1].set.timestamp = 101;
    CLAIM(!engine->check(b.doc, none, &batch, &rules, &b.arena, &accepted, &refusal));
    CLAIM(refusal.text == OPS_TEXT_OP_STAMP_AHEAD && refusal.where == 1);
    op[1].set.timestamp = 100;
    CLAIM(engine->check(b.doc, none, &batch, &rules, &b.arena, &accepted, &refusal) && accepted == &batch);
    CLAIM(engine->apply(b.doc, &batch, &b.arena) == OPS_OK);
    ops_buf_init(&out, &b.arena);
    CLAIM(engine->snapshot(b.doc, &ops_style_v1, &out) == OPS_OK);
    ops_json_engine.close(b.doc);
    b.doc = (struct ops_json_doc *)engine->open(&b.pool);
    rules.document_limit_bytes = out.len + 1; /* the comma that the last register does not have */
    CLAIM(engine->check(b.doc, none, &batch, &rules, &b.arena, &accepted, &refusal));
    rules.document_limit_bytes--;
    CLAIM(!engine->check(b.doc, none, &batch, &rules, &b.arena, &accepted, &refusal));
    CLAIM(refusal.text == OPS_TEXT_DOCUMENT_LARGE);
    op[0].kind = OPS_JSON_OP_NONE;
    CLAIM(!engine->is_sound(&batch, &rules, &refusal) && refusal.text == OPS_TEXT_OP_ELEMENT_NULL && refusal.where == 0);
    bench_close(&b);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(batches_do_what_they_do_to_a_plain_list, random_seeded),
        cmocka_unit_test_setup(composing_reduces_as_a_dictionary_does, random_seeded),
        cmocka_unit_test_setup(delivery_in_any_order_shows_the_same, random_seeded),
        cmocka_unit_test_setup(an_inverse_shows_what_was_before, random_seeded),
        cmocka_unit_test_setup(snapshots_come_back_in_every_style, random_seeded),
        cmocka_unit_test_setup(walking_visits_a_path_and_what_is_below, random_seeded),
        cmocka_unit_test_setup(a_big_document_keeps_its_order, random_seeded),
        cmocka_unit_test_setup(a_path_of_dots_is_no_weapon, random_seeded),
        cmocka_unit_test_setup(stamps_and_sizes_have_limits, random_seeded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
