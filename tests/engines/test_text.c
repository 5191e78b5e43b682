/* The text engine against an array of units: applying, reading, rebasing, composing, inverting. */
#include "text_model.h"

static const struct ops_engine *const engine = &ops_text_engine;

/* A document and a model with the same random text. */
static struct model start(struct bench *b, unsigned ops, unsigned how)
{
    struct model m = model_new();
    unsigned i;

    bench_open(b);
    for (i = 0; i < ops; i++) {
        const struct ops_text_op *op = random_op(&b->arena, &m, how);

        model_apply(&m, op);
        CLAIM(engine->apply(b->doc, op, &b->arena) == OPS_OK);
    }
    same_text(b, &m);
    return m;
}

static void ops_of_every_kind_do_what_they_do_to_an_array(void **state)
{
    unsigned round, i;

    (void)state;
    for (round = 0; round < 60; round++) {
        struct bench b;
        struct model m = start(&b, 0, 0);

        for (i = 0; i < 120; i++) {
            const struct ops_text_op *op = random_op(&b.arena, &m, rnd_below(8));

            if (m.count > MODEL_UNITS / 2)
                break;
            model_apply(&m, op);
            CLAIM(engine->apply(b.doc, op, &b.arena) == OPS_OK);
            CLAIM(ops_text_length(b.doc) == m.count);
            if (i % 10 == 0)
                same_text(&b, &m);
        }
        same_text(&b, &m);
        free(m.unit);
        bench_close(&b);
    }
}

static void every_range_reads_as_in_an_array(void **state)
{
    unsigned round, i;

    (void)state;
    for (round = 0; round < 40; round++) {
        struct bench b;
        struct model m = start(&b, 40, OP_LONG);
        char *wanted = (char *)malloc(m.count * 3 + 1);

        for (i = 0; i < 200; i++) {
            size_t at = rnd_below((unsigned)m.count + 1), count = rnd_below((unsigned)(m.count - at) + 1);
            size_t len = model_utf8(&m, at, count, wanted);
            struct ops_buf got;

            ops_buf_init(&got, &b.arena);
            CLAIM(ops_text_inside_pair(b.doc, at) == model_is_pair(&m, at));
            CLAIM(ops_text_read(b.doc, at, count, &got) == OPS_OK);
            CLAIM(got.len == len && memcmp(ops_buf_str(&got).ptr, wanted, len) == 0);
        }
        free(wanted);
        free(m.unit);
        bench_close(&b);
    }
}

/* The server rebases the newcomer, the author what it receives: both end with the same text (TP1). */
static void two_ops_on_one_base_converge(void **state)
{
    unsigned round;

    (void)state;
    for (round = 0; round < 20000; round++) {
        struct bench b;
        struct model server = start(&b, 2, 0), author = model_copy(&server);
        const struct ops_text_op *first = random_op(&b.arena, &server, 0), *second = random_op(&b.arena, &server, 0);
        const void *second_after, *first_after;

        CLAIM(engine->transform(second, first, OPS_EXISTING_WINS, &b.arena, &second_after) == OPS_OK);
        CLAIM(engine->transform(first, second, OPS_INCOMING_WINS, &b.arena, &first_after) == OPS_OK);
        model_apply(&server, first);
        model_apply(&server, (const struct ops_text_op *)second_after);
        model_apply(&author, second);
        model_apply(&author, (const struct ops_text_op *)first_after);
        CLAIM(server.count == author.count && memcmp(server.unit, author.unit, server.count * 2) == 0);
        free(server.unit);
        free(author.unit);
        bench_close(&b);
    }
}

/* A committed op that reaches past the end by a retain, as `reference` keeps it: everybody who has not lost count converges. */
static void an_op_past_the_end_divides_nobody_else(void **state)
{
    unsigned round;

    (void)state;
    for (round = 0; round < 10000; round++) {
        struct bench b;
        struct model server = start(&b, 2, 0), other = model_copy(&server);
        struct ops_op_rules rules = {true, true, 0, INT64_MAX};
        struct ops_op_list none = {NULL, 0};
        struct ops_refusal refusal;
        const void *wild = random_op(&b.arena, &server, OP_PAST_END), *sound = random_op(&b.arena, &server, 0);
        const void *sound_after, *wild_after;

        if (engine->check(b.doc, none, wild, &rules, &b.arena, &wild, &refusal)) {
            CLAIM(engine->transform(sound, wild, OPS_EXISTING_WINS, &b.arena, &sound_after) == OPS_OK);
            CLAIM(engine->transform(wild, sound, OPS_INCOMING_WINS, &b.arena, &wild_after) == OPS_OK);
            model_apply(&server, (const struct ops_text_op *)wild);
            CLAIM(engine->apply(b.doc, wild, &b.arena) == OPS_OK);
            rules.overshoot_clamped = false;
            CLAIM(engine->check(b.doc, none, sound_after, &rules, &b.arena, &sound_after, &refusal));
            model_apply(&server, (const struct ops_text_op *)sound_after);
            model_apply(&other, (const struct ops_text_op *)sound);
            model_apply(&other, (const struct ops_text_op *)wild_after);
            CLAIM(server.count == other.count && memcmp(server.unit, other.unit, server.count * 2) == 0);
        }
        free(server.unit);
        free(other.unit);
        bench_close(&b);
    }
}

static void an_inverse_restores_the_text(void **state)
{
    unsigned round;

    (void)state;
    for (round = 0; round < 10000; round++) {
        struct bench b;
        struct model m = start(&b, 3, 0), before = model_copy(&m);
        const struct ops_text_op *op = random_op(&b.arena, &m, rnd_below(2) != 0 ? OP_PAST_END : 0);
        const void *inverse;

        /* a split pair does not come back */
        bool split = false;
        size_t i, at = 0;

        for (i = 0; i < op->components_count; i++) {
            const struct ops_text_component *c = &op->components[i];

            if (c->kind != OPS_TEXT_COMPONENT_INSERT) {
                at += (size_t)(c->kind == OPS_TEXT_COMPONENT_RETAIN ? c->retain.count : c->delete_.count);
                split = split || model_is_pair(&m, at);
            }
        }
        CLAIM(engine->invert(b.doc, op, &b.arena, &inverse) == OPS_OK);
        CLAIM(engine->apply(b.doc, op, &b.arena) == OPS_OK);
        CLAIM(engine->apply(b.doc, inverse, &b.arena) == OPS_OK);
        CLAIM(ops_text_length(b.doc) == before.count);
        if (!split)
            same_text(&b, &before);
        free(m.unit);
        free(before.unit);
        bench_close(&b);
    }
}

static void a_composed_op_does_what_both_do(void **state)
{
    unsigned round;

    (void)state;
    for (round = 0; round < 20000; round++) {
        struct bench b;
        struct model m = start(&b, 2, 0), after = model_copy(&m);
        const struct ops_text_op *first = random_op(&b.arena, &m, 0), *second;
        const void *both;

        model_apply(&after, first);
        second = random_op(&b.arena, &after, 0);
        model_apply(&after, second);
        CLAIM(engine->compose(first, second, &b.arena, &both) == OPS_OK);
        if (both != NULL)
            model_apply(&m, (const struct ops_text_op *)both);
        CLAIM(m.count == after.count && memcmp(m.unit, after.unit, m.count * 2) == 0);
        free(m.unit);
        free(after.unit);
        bench_close(&b);
    }
}

/* One author's pending op against a row of committed ones: each side rebases step by step. */
static void a_chain_of_rebases_converges(void **state)
{
    unsigned round, i;

    (void)state;
    for (round = 0; round < 2000; round++) {
        struct bench b;
        struct model server = start(&b, 3, 0), author = model_copy(&server);
        const void *mine = random_op(&b.arena, &server, 0), *next;
        unsigned length = rnd_below(12);

        model_apply(&author, (const struct ops_text_op *)mine);
        for (i = 0; i < length; i++) {
            const void *theirs = random_op(&b.arena, &server, 0), *here;

            CLAIM(engine->transform(theirs, mine, OPS_INCOMING_WINS, &b.arena, &here) == OPS_OK);
            CLAIM(engine->transform(mine, theirs, OPS_EXISTING_WINS, &b.arena, &next) == OPS_OK);
            model_apply(&server, (const struct ops_text_op *)theirs);
            model_apply(&author, (const struct ops_text_op *)here);
            mine = next;
        }
        model_apply(&server, (const struct ops_text_op *)mine);
        CLAIM(server.count == author.count && memcmp(server.unit, author.unit, server.count * 2) == 0);
        free(server.unit);
        free(author.unit);
        bench_close(&b);
    }
}

static void snapshots_come_back_in_every_style(void **state)
{
    static const struct ops_json_style *const styles[] = {&ops_style_v1, &ops_style_p0, &ops_style_stored};
    unsigned round, i;

    (void)state;
    for (round = 0; round < 60; round++) {
        struct bench b;
        struct model m = start(&b, 30, OP_LONG | OP_SPLITS);

        for (i = 0; i < 3; i++) {
            struct bench again;
            struct ops_buf out;

            bench_open(&again);
            ops_buf_init(&out, &b.arena);
            CLAIM(engine->snapshot(b.doc, styles[i], &out) == OPS_OK);
            CLAIM(engine->load(again.doc, styles[i], ops_buf_str(&out), &again.arena, NULL) == OPS_OK);
            same_text(&again, &m);
            bench_close(&again);
        }
        free(m.unit);
        bench_close(&b);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(ops_of_every_kind_do_what_they_do_to_an_array, random_seeded),
        cmocka_unit_test_setup(every_range_reads_as_in_an_array, random_seeded),
        cmocka_unit_test_setup(two_ops_on_one_base_converge, random_seeded),
        cmocka_unit_test_setup(an_op_past_the_end_divides_nobody_else, random_seeded),
        cmocka_unit_test_setup(an_inverse_restores_the_text, random_seeded),
        cmocka_unit_test_setup(a_composed_op_does_what_both_do, random_seeded),
        cmocka_unit_test_setup(a_chain_of_rebases_converges, random_seeded),
        cmocka_unit_test_setup(snapshots_come_back_in_every_style, random_seeded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
