/* Undo of the text engine (spec/v1.md §3.2): several connections, each with an undo and a redo stack, on one document. The rules are
 * written a second time here, plainly: stacks of whole ops, rebased with the engine's transform. */
#include "text_model.h"

static const struct ops_engine *const engine = &ops_text_engine;

enum { WHO = 3, DEEP = 200 };

struct stack {
    void *entry[DEEP];       /* the engine's */
    const void *plain[DEEP]; /* the model's: an op each */
    size_t count;
};

struct world {
    struct bench b;
    struct model m;
    struct stack undo[WHO], redo[WHO];
};

static void stack_clear(struct world *w, struct stack *s)
{
    while (s->count > 0)
        engine->undo_drop(s->entry[--s->count], &w->b.pool);
}

static void stack_carry(struct world *w, struct stack *s, const void *op)
{
    const void *through = op, *plain = op, *next;
    size_t i;

    for (i = s->count; i > 0; i--) {
        CLAIM(engine->undo_carry(&s->entry[i - 1], &through, &w->b.pool, &w->b.arena) == OPS_OK);
        CLAIM(engine->transform(plain, s->plain[i - 1], OPS_INCOMING_WINS, &w->b.arena, &next) == OPS_OK);
        CLAIM(engine->transform(s->plain[i - 1], plain, OPS_EXISTING_WINS, &w->b.arena, &s->plain[i - 1]) == OPS_OK);
        plain = next;
    }
}

/* Commits an op of `who`, whose inverse goes on `target`. */
static void commit(struct world *w, unsigned who, const void *op, struct stack *target)
{
    unsigned i;

    CLAIM(target->count < DEEP);
    target->entry[target->count] = engine->undo_record(w->b.doc, op, &w->b.pool);
    CLAIM(target->entry[target->count] != NULL);
    CLAIM(engine->invert(w->b.doc, op, &w->b.arena, &target->plain[target->count]) == OPS_OK);
    target->count++;
    CLAIM(engine->apply(w->b.doc, op, &w->b.arena) == OPS_OK);
    model_apply(&w->m, (const struct ops_text_op *)op);
    for (i = 0; i < WHO; i++) {
        if (i != who) {
            stack_carry(w, &w->undo[i], op);
            stack_carry(w, &w->redo[i], op);
        }
    }
}

/* Takes the top of `from` back; what takes that back goes on `to`. False: nothing there. */
static bool take_back(struct world *w, unsigned who, struct stack *from, struct stack *to)
{
    struct ops_op_list none = {NULL, 0};

    while (from->count > 0) {
        const void *op = NULL, *plain = from->plain[--from->count];
        void *entry = from->entry[from->count];

        CLAIM(engine->undo_op(w->b.doc, &none, entry, &w->b.arena, &op) == OPS_OK);
        engine->undo_drop(entry, &w->b.pool);
        CLAIM((op == NULL) == engine->is_no_op(plain));
        if (op == NULL)
            continue;
        CLAIM(ops_message_equal(&ops_text_op_type, op, plain));
        commit(w, who, op, to);
        return true;
    }
    return false;
}

static void world_open(struct world *w)
{
    memset(w, 0, sizeof *w);
    bench_open(&w->b);
    w->m = model_new();
}

static void world_close(struct world *w)
{
    unsigned i;

    for (i = 0; i < WHO; i++) {
        stack_clear(w, &w->undo[i]);
        stack_clear(w, &w->redo[i]);
    }
    free(w->m.unit);
    bench_close(&w->b);
}

static void every_connection_takes_back_its_own(void **state)
{
    unsigned round, i, undone = 0, redone = 0;

    (void)state;
    for (round = 0; round < 200; round++) {
        struct world w;

        world_open(&w);
        for (i = 0; i < 60 && w.m.count < MODEL_UNITS / 4; i++) {
            unsigned who = rnd_below(WHO), what = rnd_below(5);

            if (what == 0) {
                undone += take_back(&w, who, &w.undo[who], &w.redo[who]);
            } else if (what == 1) {
                redone += take_back(&w, who, &w.redo[who], &w.undo[who]);
            } else {
                stack_clear(&w, &w.redo[who]);
                commit(&w, who, random_op(&w.b.arena, &w.m, 0), &w.undo[who]);
            }
            same_text(&w.b, &w.m);
        }
        world_close(&w);
    }
    CLAIM(undone > 500 && redone > 100);
}

static void alone_all_undone_is_the_beginning_and_all_redone_the_end(void **state)
{
    unsigned round, i;

    (void)state;
    for (round = 0; round < 200; round++) {
        struct world w;
        struct model end, begin;

        world_open(&w);
        commit(&w, 1, random_op(&w.b.arena, &w.m, 0), &w.undo[1]);
        begin = model_copy(&w.m);
        for (i = 0; i < 20; i++)
            commit(&w, 0, random_op(&w.b.arena, &w.m, 0), &w.undo[0]);
        end = model_copy(&w.m);
        while (take_back(&w, 0, &w.undo[0], &w.redo[0]))
            ;
        same_text(&w.b, &begin);
        while (take_back(&w, 0, &w.redo[0], &w.undo[0]))
            ;
        same_text(&w.b, &end);
        free(begin.unit);
        free(end.unit);
        world_close(&w);
    }
}

/* Pending ops of others: the entry goes over them without being changed itself. */
static void an_entry_looks_through_pending_ops(void **state)
{
    unsigned round, i;

    (void)state;
    for (round = 0; round < 1000; round++) {
        struct world w;
        const void *pending[4], *over, *now;
        struct ops_op_list list = {pending, rnd_below(5)}, none = {NULL, 0};

        world_open(&w);
        commit(&w, 1, random_op(&w.b.arena, &w.m, 0), &w.undo[1]);
        commit(&w, 0, random_op(&w.b.arena, &w.m, 0), &w.undo[0]);
        for (i = 0; i < list.count; i++) {
            pending[i] = random_op(&w.b.arena, &w.m, 0);
            model_apply(&w.m, (const struct ops_text_op *)pending[i]);
        }
        CLAIM(engine->undo_op(w.b.doc, &list, w.undo[0].entry[0], &w.b.arena, &over) == OPS_OK);
        for (i = 0; i < list.count; i++)
            stack_carry(&w, &w.undo[0], pending[i]);
        CLAIM(engine->undo_op(w.b.doc, &none, w.undo[0].entry[0], &w.b.arena, &now) == OPS_OK);
        CLAIM((over == NULL) == (now == NULL) && (over == NULL || ops_message_equal(&ops_text_op_type, over, now)));
        world_close(&w);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(every_connection_takes_back_its_own, random_seeded),
        cmocka_unit_test_setup(alone_all_undone_is_the_beginning_and_all_redone_the_end, random_seeded),
        cmocka_unit_test_setup(an_entry_looks_through_pending_ops, random_seeded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
