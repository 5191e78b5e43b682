/* Undo of the json engine (spec/v1.md §3.2): several connections on one document. Beside it a plain list of registers, in which what
 * changed is found by comparing all of it. */
#include "json_model_doc.h"

static const struct ops_engine *const engine = &ops_json_engine;

enum { WHO = 3, DEEP = 64, ITEMS = REGS };

/* What an op changed, as the rules say it: old values, and which of them somebody else has changed since. */
struct plain {
    struct ops_json_register old[ITEMS];
    struct ops_str peer[ITEMS];
    bool gone[ITEMS];
    size_t count;
    int64_t highest;
};

struct stack {
    void *entry[DEEP];
    struct plain *plain[DEEP];
    size_t count;
};

struct world {
    struct bench b;
    struct regs *m, *before;
    struct stack undo[WHO], redo[WHO];
};

static void stack_pop(struct world *w, struct stack *s)
{
    engine->undo_drop(s->entry[--s->count], &w->b.pool);
    free(s->plain[s->count]);
}

/* Who wrote a register that now has this stamp. */
static struct ops_str writer(const struct ops_json_op_batch *op, const struct ops_json_register *now)
{
    size_t i;

    for (i = 0; i < op->operations_count; i++) {
        struct ops_json_register r = reg_of(&op->operations[i]);

        if (same_stamp(&r, now))
            return r.peer_id;
    }
    CLAIM(false);
    return OPS_STR("");
}

static struct plain *plain_of(struct world *w, const struct ops_json_op_batch *op)
{
    struct plain *p = (struct plain *)calloc(1, sizeof *p);
    struct slots mine;
    size_t i;

    slots_of(&mine, NULL, op);
    p->highest = INT64_MIN;
    for (i = 0; i < op->operations_count; i++) {
        if (reg_of(&op->operations[i]).timestamp > p->highest)
            p->highest = reg_of(&op->operations[i]).timestamp;
    }
    for (i = 0; i < w->m->count; i++) {
        const struct ops_json_register *old = regs_find(w->before, w->m->reg[i].path), *now = &w->m->reg[i];

        if (old != NULL && reg_same(old, now))
            continue;
        if (slots_find(&mine, now->path) == SIZE_MAX && old != NULL && old->is_deleted)
            continue; /* a tombstone over a tombstone */
        if (old != NULL)
            p->old[p->count] = *old;
        else
            p->old[p->count].is_deleted = true;
        p->old[p->count].path = now->path;
        p->peer[p->count++] = writer(op, now);
    }
    return p;
}

static void plain_carry(struct world *w, struct plain *p)
{
    size_t i;

    for (i = 0; i < p->count; i++) {
        const struct ops_json_register *old = regs_find(w->before, p->old[i].path), *now = regs_find(w->m, p->old[i].path);

        p->gone[i] = p->gone[i] || old == NULL || now == NULL || !reg_same(old, now);
    }
}

static void stack_carry(struct world *w, struct stack *s, const void *op, bool model_too)
{
    const void *through = op;
    size_t i;

    for (i = s->count; i > 0; i--) {
        CLAIM(engine->undo_carry(&s->entry[i - 1], &through, &w->b.pool, &w->b.arena) == OPS_OK);
        if (model_too)
            plain_carry(w, s->plain[i - 1]);
    }
}

/* Commits an op; the others' entries are carried over it before or after it is applied. */
static void commit(struct world *w, unsigned who, const void *op, struct stack *target)
{
    bool first = rnd_below(2) != 0;
    unsigned i;

    CLAIM(target->count < DEEP);
    target->entry[target->count] = engine->undo_record(w->b.doc, op, &w->b.pool);
    CLAIM(target->entry[target->count] != NULL);
    *w->before = *w->m;
    regs_apply(w->m, (const struct ops_json_op_batch *)op);
    target->plain[target->count++] = plain_of(w, (const struct ops_json_op_batch *)op);
    if (!first)
        CLAIM(engine->apply(w->b.doc, op, &w->b.arena) == OPS_OK);
    for (i = 0; i < WHO; i++) {
        if (i != who) {
            stack_carry(w, &w->undo[i], op, true);
            stack_carry(w, &w->redo[i], op, true);
        }
    }
    if (first)
        CLAIM(engine->apply(w->b.doc, op, &w->b.arena) == OPS_OK);
}

/* The op is what the plain entry says: every register nobody else has changed, one stamp above all. */
static void same_undo(struct world *w, const struct plain *p, const struct ops_json_op_batch *op)
{
    int64_t highest = p->highest;
    size_t i, k, wanted = 0;

    for (i = 0; i < p->count; i++) {
        const struct ops_json_register *now = regs_find(w->m, p->old[i].path);

        if (!p->gone[i] && now->timestamp > highest)
            highest = now->timestamp;
        wanted += !p->gone[i];
    }
    CLAIM((op == NULL ? 0 : op->operations_count) == wanted);
    for (i = 0; i < p->count; i++) {
        size_t found = 0;

        for (k = 0; k < wanted; k++) {
            struct ops_json_register r = reg_of(&op->operations[k]);

            found += ops_str_equal(r.path, p->old[i].path) && r.timestamp == highest + 1 && r.is_deleted == p->old[i].is_deleted &&
                     (r.is_deleted || ops_str_equal(r.value, p->old[i].value)) && ops_str_equal(r.peer_id, p->peer[i]);
        }
        CLAIM(found == !p->gone[i]);
    }
}

static bool take_back(struct world *w, unsigned who, struct stack *from, struct stack *to)
{
    struct ops_op_list none = {NULL, 0};

    while (from->count > 0) {
        const void *op = NULL;

        CLAIM(engine->undo_op(w->b.doc, &none, from->entry[from->count - 1], &w->b.arena, &op) == OPS_OK);
        same_undo(w, from->plain[from->count - 1], (const struct ops_json_op_batch *)op);
        stack_pop(w, from);
        if (op == NULL)
            continue;
        commit(w, who, op, to);
        return true;
    }
    return false;
}

static void world_open(struct world *w)
{
    memset(w, 0, sizeof *w);
    bench_open(&w->b);
    w->m = (struct regs *)calloc(1, sizeof *w->m);
    w->before = (struct regs *)calloc(1, sizeof *w->before);
}

static void world_close(struct world *w)
{
    unsigned i;

    for (i = 0; i < WHO; i++) {
        while (w->undo[i].count > 0)
            stack_pop(w, &w->undo[i]);
        while (w->redo[i].count > 0)
            stack_pop(w, &w->redo[i]);
    }
    free(w->m);
    free(w->before);
    bench_close(&w->b);
}

static void every_connection_takes_back_what_nobody_else_changed(void **state)
{
    unsigned round, i, undone = 0, redone = 0;

    (void)state;
    for (round = 0; round < 300; round++) {
        struct world w;

        world_open(&w);
        for (i = 0; i < 50; i++) {
            unsigned who = rnd_below(WHO), what = rnd_below(5);

            if (what == 0) {
                undone += take_back(&w, who, &w.undo[who], &w.redo[who]);
            } else if (what == 1) {
                redone += take_back(&w, who, &w.redo[who], &w.undo[who]);
            } else {
                while (w.redo[who].count > 0)
                    stack_pop(&w, &w.redo[who]);
                commit(&w, who, random_batch(&w.b.arena, STAMPS_DISTINCT | (rnd_below(2) != 0 ? ONE_OP : 0)), &w.undo[who]);
            }
            same_registers(&w.b, w.m);
        }
        world_close(&w);
    }
    CLAIM(undone > 500 && redone > 100);
}

/* Pending ops of others take registers out of what is undone, and leave the entry as it was. */
static void an_entry_looks_through_pending_ops(void **state)
{
    unsigned round, i;

    (void)state;
    for (round = 0; round < 1000; round++) {
        struct world w;
        const void *pending[1], *over, *again, *now;
        struct ops_op_list list = {pending, 1}, none = {NULL, 0};

        world_open(&w);
        for (i = 0; i < 6; i++)
            commit(&w, 0, random_batch(&w.b.arena, STAMPS_DISTINCT), &w.undo[0]);
        pending[0] = random_batch(&w.b.arena, STAMPS_DISTINCT);
        CLAIM(engine->undo_op(w.b.doc, &none, w.undo[0].entry[5], &w.b.arena, &now) == OPS_OK);
        CLAIM(engine->undo_op(w.b.doc, &list, w.undo[0].entry[5], &w.b.arena, &over) == OPS_OK);
        CLAIM(engine->undo_op(w.b.doc, &none, w.undo[0].entry[5], &w.b.arena, &again) == OPS_OK);
        CLAIM((now == NULL) == (again == NULL) && (now == NULL || ops_message_equal(&ops_json_op_batch_type, now, again)));
        stack_carry(&w, &w.undo[0], pending[0], false);
        CLAIM(engine->undo_op(w.b.doc, &none, w.undo[0].entry[5], &w.b.arena, &now) == OPS_OK);
        CLAIM((now == NULL) == (over == NULL) && (now == NULL || ops_message_equal(&ops_json_op_batch_type, now, over)));
        world_close(&w);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(every_connection_takes_back_what_nobody_else_changed, random_seeded),
        cmocka_unit_test_setup(an_entry_looks_through_pending_ops, random_seeded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
