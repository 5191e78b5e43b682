/* The text engine's check: it sees the accepted state without applying the pending ops. */
#include "text_model.h"

static const struct ops_engine *const engine = &ops_text_engine;

/* What check has to say: the first component that reaches past the end, else the first that ends inside a pair; -1: neither. */
static int64_t model_past_end(const struct model *m, const struct ops_text_op *op)
{
    size_t at = 0, i;

    for (i = 0; i < op->components_count; i++) {
        const struct ops_text_component *c = &op->components[i];

        if (c->kind == OPS_TEXT_COMPONENT_INSERT)
            continue;
        at += (size_t)(c->kind == OPS_TEXT_COMPONENT_RETAIN ? c->retain.count : c->delete_.count);
        if (at > m->count)
            return (int64_t)i;
    }
    return -1;
}

static int64_t model_split(const struct model *m, const struct ops_text_op *op)
{
    size_t at = 0, i;

    for (i = 0; i < op->components_count; i++) {
        const struct ops_text_component *c = &op->components[i];

        if (c->kind == OPS_TEXT_COMPONENT_INSERT)
            continue;
        at += (size_t)(c->kind == OPS_TEXT_COMPONENT_RETAIN ? c->retain.count : c->delete_.count);
        if (model_is_pair(m, at))
            return (int64_t)i;
    }
    return -1;
}

struct fixture {
    struct bench b;
    struct model accepted;
    const void *pending[8];
    struct ops_op_list list;
};

/* A document at D, and some accepted ops behind it. */
static void fixture_open(struct fixture *f)
{
    unsigned i;

    bench_open(&f->b);
    f->accepted = model_new();
    for (i = 0; i < 3; i++) {
        const struct ops_text_op *op = random_op(&f->b.arena, &f->accepted, 0);

        model_apply(&f->accepted, op);
        CLAIM(engine->apply(f->b.doc, op, &f->b.arena) == OPS_OK);
    }
    f->list.ops = f->pending;
    f->list.count = rnd_below(8);
    for (i = 0; i < f->list.count; i++) {
        f->pending[i] = random_op(&f->b.arena, &f->accepted, rnd_below(4) == 0 ? OP_PAST_END : 0);
        if (model_split(&f->accepted, (const struct ops_text_op *)f->pending[i]) >= 0)
            f->pending[i] = random_op(&f->b.arena, &f->accepted, 0);
        model_apply(&f->accepted, (const struct ops_text_op *)f->pending[i]);
    }
}

static void fixture_close(struct fixture *f)
{
    free(f->accepted.unit);
    bench_close(&f->b);
}

static void check_sees_the_accepted_state(void **state)
{
    struct ops_op_rules rules = {false, false, 0, INT64_MAX};
    unsigned round, i, good = 0, past = 0, split = 0;

    (void)state;
    for (round = 0; round < 5000; round++) {
        struct fixture f;

        fixture_open(&f);
        for (i = 0; i < 8; i++) {
            const struct ops_text_op *op = random_op(&f.b.arena, &f.accepted, rnd_below(4));
            int64_t end = model_past_end(&f.accepted, op), pair = model_split(&f.accepted, op);
            struct ops_refusal refusal = {OPS_TEXT_NONE, -2};
            const void *accepted = NULL;
            bool ok = engine->check(f.b.doc, f.list, op, &rules, &f.b.arena, &accepted, &refusal);

            CLAIM(ok == (end < 0 && pair < 0));
            CLAIM(!ok || accepted == op);
            CLAIM(end < 0 || (refusal.text == OPS_TEXT_OP_PAST_END && refusal.where == end));
            CLAIM(ok || end >= 0 || (refusal.text == OPS_TEXT_OP_SPLITS_SURROGATE && refusal.where == pair));
            good += ok;
            past += end >= 0;
            split += end < 0 && pair >= 0;
        }
        fixture_close(&f);
    }
    CLAIM(good > 1000 && past > 1000 && split > 1000);
}

/* `reference`: what is accepted does what was sent, no delete of it reaches past the end, and its retains are as sent. */
static void check_cuts_deletes_at_the_end(void **state)
{
    struct ops_op_rules rules = {true, true, 0, INT64_MAX};
    unsigned round, accepted_count = 0;

    (void)state;
    for (round = 0; round < 5000; round++) {
        struct fixture f;
        const struct ops_text_op *op;
        const void *accepted = NULL;
        struct ops_refusal refusal;

        fixture_open(&f);
        op = random_op(&f.b.arena, &f.accepted, OP_PAST_END);
        if (engine->check(f.b.doc, f.list, op, &rules, &f.b.arena, &accepted, &refusal)) {
            struct model sent = model_copy(&f.accepted), cut = model_copy(&f.accepted);
            const struct ops_text_op *made = (const struct ops_text_op *)accepted;
            size_t i, at = 0;

            accepted_count++;
            model_apply(&sent, op);
            model_apply(&cut, made);
            CLAIM(sent.count == cut.count && memcmp(sent.unit, cut.unit, cut.count * 2) == 0);
            for (i = 0; i < made->components_count; i++) {
                const struct ops_text_component *c = &made->components[i];

                if (c->kind == OPS_TEXT_COMPONENT_DELETE) {
                    CLAIM(at >= f.accepted.count ? c->delete_.count == 0 : at + (size_t)c->delete_.count <= f.accepted.count);
                    at += (size_t)c->delete_.count;
                } else if (c->kind == OPS_TEXT_COMPONENT_RETAIN) {
                    at += (size_t)c->retain.count;
                }
            }
            free(sent.unit);
            free(cut.unit);
        }
        fixture_close(&f);
    }
    CLAIM(accepted_count > 1000);
}

static const struct ops_text_op *insert_of(struct ops_arena *arena, size_t bytes)
{
    struct ops_text_component *c = (struct ops_text_component *)ops_arena_zalloc(arena, sizeof *c);
    struct ops_text_op *op = (struct ops_text_op *)ops_arena_alloc(arena, sizeof *op);
    char *text = (char *)ops_arena_alloc(arena, bytes);

    memset(text, 'x', bytes);
    c->kind = OPS_TEXT_COMPONENT_INSERT;
    c->insert.text = ops_str_of(text, bytes);
    op->components = c;
    op->components_count = 1;
    return op;
}

/* At the limit an op is taken, one byte above it is not; what makes the document no longer is always taken. */
static void the_documents_limit_counts_its_json(void **state)
{
    struct ops_op_rules rules = {false, false, 0, INT64_MAX};
    struct ops_text_component erase = {OPS_TEXT_COMPONENT_DELETE, {{0}}};
    struct ops_text_op erasing = {&erase, 1};
    struct ops_refusal refusal;
    struct bench b;
    const void *pending[1], *accepted;
    struct ops_op_list list = {pending, 1};
    struct ops_buf out;

    (void)state;
    bench_open(&b);
    CLAIM(engine->apply(b.doc, insert_of(&b.arena, 100), &b.arena) == OPS_OK);
    pending[0] = insert_of(&b.arena, 50);
    ops_buf_init(&out, &b.arena);
    CLAIM(engine->snapshot(b.doc, &ops_style_v1, &out) == OPS_OK);
    rules.document_limit_bytes = out.len + 50 + 25;
    CLAIM(engine->check(b.doc, list, insert_of(&b.arena, 25), &rules, &b.arena, &accepted, &refusal));
    CLAIM(!engine->check(b.doc, list, insert_of(&b.arena, 26), &rules, &b.arena, &accepted, &refusal));
    CLAIM(refusal.text == OPS_TEXT_DOCUMENT_LARGE && refusal.where == (int64_t)rules.document_limit_bytes);
    rules.document_limit_bytes = 10;
    erase.delete_.count = 1;
    CLAIM(engine->check(b.doc, list, &erasing, &rules, &b.arena, &accepted, &refusal));
    bench_close(&b);
}

static void an_op_that_cannot_be_one_is_not_sound(void **state)
{
    struct ops_op_rules v1 = {false, false, 0, INT64_MAX}, reference = {true, true, 0, INT64_MAX};
    struct ops_text_component c[2];
    struct ops_text_op op = {c, 2};
    struct ops_refusal refusal;

    (void)state;
    memset(c, 0, sizeof c);
    c[0].kind = OPS_TEXT_COMPONENT_RETAIN;
    CLAIM(!engine->is_sound(&op, &v1, &refusal) && refusal.text == OPS_TEXT_OP_ELEMENT_NULL && refusal.where == 1);
    c[1].kind = OPS_TEXT_COMPONENT_INSERT;
    CLAIM(!engine->is_sound(&op, &reference, &refusal) && refusal.where == 1);
    c[1].insert.text = OPS_STR("");
    CLAIM(engine->is_sound(&op, &v1, &refusal));
    c[0].retain.count = -1;
    CLAIM(!engine->is_sound(&op, &v1, &refusal) && refusal.text == OPS_TEXT_VALUE_OUT_OF_RANGE && refusal.where == 0);
    CLAIM(!engine->is_sound(&op, &reference, &refusal) && refusal.text == OPS_TEXT_OP_COUNT_NEGATIVE);
    op.components = NULL;
    CLAIM(!engine->is_sound(&op, &v1, &refusal) && refusal.text == OPS_TEXT_OP_COMPONENTS_NULL);
}

static void engines_are_found_by_every_name(void **state)
{
    (void)state;
    CLAIM(ops_engine_find(OPS_STR("TeXt")) == &ops_text_engine && ops_engine_find(OPS_STR("json")) == &ops_json_engine);
    CLAIM(ops_engine_find(OPS_STR("tex")) == NULL && ops_engine_find(OPS_STR("")) == NULL);
    CLAIM(ops_engine_find_op_type(OPS_STR("TextOp")) == &ops_text_engine);
    CLAIM(ops_engine_find_op_type(OPS_STR("JsonOpBatch")) == &ops_json_engine);
    CLAIM(ops_engine_find_op_type(OPS_STR("json")) == &ops_json_engine);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(check_sees_the_accepted_state, random_seeded),
        cmocka_unit_test_setup(check_cuts_deletes_at_the_end, random_seeded),
        cmocka_unit_test_setup(the_documents_limit_counts_its_json, random_seeded),
        cmocka_unit_test_setup(an_op_that_cannot_be_one_is_not_sound, random_seeded),
        cmocka_unit_test_setup(engines_are_found_by_every_name, random_seeded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
