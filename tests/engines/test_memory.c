/* Memory of the engines: every allocation fails once, in the pool and in the arena; and a document that is edited for long stays as big
 * as it is. */
#include "json_model_doc.h"
#include "engines/text/text.h"

enum { OPS = 24 };

/* Some ops of an engine, and the document they make. */
struct script {
    const struct ops_engine *engine;
    const void *op[OPS];
    struct ops_arena arena;
};

static const void *text_op_of(struct ops_arena *arena, size_t at, size_t gone, struct ops_str text)
{
    struct ops_text_component *part = (struct ops_text_component *)ops_arena_array(arena, 3, sizeof *part);
    struct ops_text_op *op = (struct ops_text_op *)ops_arena_alloc(arena, sizeof *op);

    memset(part, 0, 3 * sizeof *part);
    part[0].kind = OPS_TEXT_COMPONENT_RETAIN;
    part[0].retain.count = (int32_t)at;
    part[1].kind = OPS_TEXT_COMPONENT_DELETE;
    part[1].delete_.count = (int32_t)gone;
    part[2].kind = OPS_TEXT_COMPONENT_INSERT;
    part[2].insert.text = text;
    op->components = part;
    op->components_count = 3;
    return op;
}

static void script_make(struct script *s, const struct ops_engine *engine)
{
    size_t length = 0, i;

    s->engine = engine;
    s->arena = test_arena(SIZE_MAX / 2);
    for (i = 0; i < OPS; i++) {
        if (engine == &ops_json_engine) {
            s->op[i] = random_batch(&s->arena, 0);
        } else {
            size_t at = rnd_below((unsigned)length + 1), gone = rnd_below(4) == 0 ? (length - at) / 2 : 0, n = 1 + rnd_below(900);
            char *text = (char *)ops_arena_alloc(&s->arena, n);

            memset(text, 'a' + (int)(i % 26), n);
            s->op[i] = text_op_of(&s->arena, at, gone, ops_str_of(text, n));
            length += n - gone;
        }
    }
}

/* Plays the script, with undo entries and a snapshot. OPS_OK, or where memory ended; everything is given back in either case. */
static enum ops_err script_play(const struct script *s, struct ops_pool *pool, struct ops_arena *arena, char *snapshot, size_t *len)
{
    void *document = s->engine->open(pool), *entry[OPS] = {NULL};
    struct ops_op_list none = {NULL, 0};
    struct ops_op_rules rules = {false, false, 1 << 30, INT64_MAX};
    enum ops_err result = document != NULL ? OPS_OK : OPS_ERR_NOMEM;
    struct ops_refusal refusal;
    struct ops_buf out;
    size_t i;

    for (i = 0; result == OPS_OK && i < OPS; i++) {
        const void *op = s->op[i], *other = s->op[i], *made;
        struct ops_arena_mark mark = ops_arena_here(arena);

        if (!s->engine->check(document, none, op, &rules, arena, &op, &refusal)) {
            CLAIM(refusal.text == OPS_TEXT_TOO_LARGE);
            result = OPS_ERR_NOMEM;
            break;
        }
        entry[i] = s->engine->undo_record(document, op, pool);
        if (entry[i] == NULL)
            result = OPS_ERR_NOMEM;
        if (result == OPS_OK && i > 0)
            result = s->engine->undo_carry(&entry[i - 1], &other, pool, arena);
        if (result == OPS_OK)
            result = s->engine->invert(document, op, arena, &made);
        if (result == OPS_OK)
            result = s->engine->apply(document, op, arena);
        if (result == OPS_OK)
            result = s->engine->undo_op(document, &none, entry[i], arena, &made);
        if (result == OPS_OK && i > 0)
            result = s->engine->compose(s->op[i - 1], op, arena, &made);
        ops_arena_rewind(arena, mark);
    }
    if (result == OPS_OK) {
        ops_buf_init(&out, arena);
        result = s->engine->snapshot(document, &ops_style_stored, &out);
        if (result == OPS_OK) {
            memcpy(snapshot, out.ptr, out.len);
            *len = out.len;
        }
    }
    if (result == OPS_OK) {
        void *loaded = s->engine->open(pool);

        result = loaded != NULL ? s->engine->load(loaded, &ops_style_stored, ops_str_of(snapshot, *len), arena, NULL) : OPS_ERR_NOMEM;
        s->engine->close(loaded);
    }
    for (i = 0; i < OPS; i++)
        s->engine->undo_drop(entry[i], pool);
    s->engine->close(document);
    CLAIM(pool->used_bytes == 0);
    return result;
}

static void sweep(const struct ops_engine *engine)
{
    static char wanted[1 << 16], got[1 << 16];
    size_t wanted_len = 0, got_len = 0, limit, failures[2] = {0, 0};
    unsigned which;
    struct script s;

    script_make(&s, engine);
    for (which = 0; which < 2; which++) {
        size_t step = which == 0 ? 48 : 16;

        for (limit = 0;; limit += step) {
            struct ops_arena arena = test_arena(which == 1 ? limit : SIZE_MAX / 2);
            struct ops_pool pool;
            enum ops_err result;

            ops_pool_init(&pool, which == 0 ? limit : SIZE_MAX, &test_memory);
            result = script_play(&s, &pool, &arena, got, &got_len);
            ops_arena_reset(&arena);
            ops_pool_end(&pool);
            if (result == OPS_OK)
                break;
            CLAIM(result == OPS_ERR_NOMEM);
            failures[which]++;
        }
        if (which == 0) {
            memcpy(wanted, got, got_len);
            wanted_len = got_len;
        }
        CLAIM(wanted_len == got_len && memcmp(wanted, got, got_len) == 0);
        CLAIM(failures[which] > 20);
    }
    ops_arena_reset(&s.arena);
}

static void text_is_complete_or_out_of_memory_at_every_limit(void **state)
{
    (void)state;
    sweep(&ops_text_engine);
}

static void json_is_complete_or_out_of_memory_at_every_limit(void **state)
{
    (void)state;
    sweep(&ops_json_engine);
}

/* The everyday share of what the bench does ten million times. */
static void a_text_edited_for_long_stays_as_big_as_it_is(void **state)
{
    enum { SIZE = 100 * 1024, EDITS = 400000 };
    struct ops_text_doc *doc;
    struct ops_arena arena = test_arena(SIZE_MAX / 2);
    struct ops_pool pool;
    unsigned i;

    (void)state;
    ops_pool_init(&pool, SIZE_MAX, &test_memory);
    doc = (struct ops_text_doc *)ops_text_engine.open(&pool);
    for (i = 0; i < EDITS; i++) {
        struct ops_arena_mark mark = ops_arena_here(&arena);
        size_t length = ops_text_length(doc), n = 1 + rnd_below(i % 50 == 0 ? 2000 : 8);
        char letters[2000];
        const void *op;

        memset(letters, 'x', n);
        if (length < SIZE)
            op = text_op_of(&arena, rnd_below((unsigned)length + 1), 0, ops_str_of(letters, n));
        else
            op = text_op_of(&arena, rnd_below((unsigned)(length - n)), n, OPS_STR(""));
        CLAIM(ops_text_engine.apply(doc, op, &arena) == OPS_OK);
        ops_arena_rewind(&arena, mark);
    }
    CLAIM(ops_text_bytes(doc) < SIZE + 4096);
    CLAIM(pool.held_bytes < 4 * SIZE);
    ops_text_engine.close(doc);
    CLAIM(pool.used_bytes == 0);
    ops_pool_end(&pool);
    ops_arena_reset(&arena);
}

/* An idle document of a few words is small. */
static void a_small_document_is_small(void **state)
{
    struct ops_arena arena = test_arena(SIZE_MAX / 2);
    struct ops_text_doc *doc;
    struct ops_pool pool;

    (void)state;
    ops_pool_init(&pool, SIZE_MAX, &test_memory);
    doc = (struct ops_text_doc *)ops_text_engine.open(&pool);
    CLAIM(ops_text_engine.apply(doc, text_op_of(&arena, 0, 0, OPS_STR("a few words")), &arena) == OPS_OK);
    CLAIM(pool.held_bytes <= 1024);
    ops_text_engine.close(doc);
    ops_pool_end(&pool);
    ops_arena_reset(&arena);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(text_is_complete_or_out_of_memory_at_every_limit, random_seeded),
        cmocka_unit_test_setup(json_is_complete_or_out_of_memory_at_every_limit, random_seeded),
        cmocka_unit_test_setup(a_text_edited_for_long_stays_as_big_as_it_is, random_seeded),
        cmocka_unit_test_setup(a_small_document_is_small, random_seeded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
