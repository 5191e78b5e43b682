/* Holds the engines against vectors/engines*.json (format: vectors/README.md, spec/opstream-engines.md §13).
 *
 *   vectors FILE     `must` has to pass; of `should` and `info` is said what differs; of `defect-do-not-copy` the right outcome has to
 *                    come, not the reference's */
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>

#include "engines/engine.h"
#include "engines/json/json.h"
#include "tests/support/memory.h"

/* One case being played. */
struct play {
    const struct ops_engine *engine;
    const json_t *one;
    struct ops_pool pool;
    struct ops_arena arena;
    char why[600];
};

static bool differs(struct play *p, const char *what, const json_t *got, const json_t *wanted)
{
    char *g = json_dumps(got, JSON_ENCODE_ANY | JSON_SORT_KEYS), *w = json_dumps(wanted, JSON_ENCODE_ANY | JSON_SORT_KEYS);

    snprintf(p->why, sizeof p->why, "%s: got %s, wanted %s", what, g != NULL ? g : "nothing", w != NULL ? w : "nothing");
    free(g);
    free(w);
    return false;
}

static bool same_set(const json_t *a, const json_t *b)
{
    size_t i, k;

    if (json_array_size(a) != json_array_size(b))
        return false;
    for (i = 0; i < json_array_size(a); i++) {
        size_t here = 0, there = 0;

        for (k = 0; k < json_array_size(a); k++) {
            here += (size_t)json_equal(json_array_get(a, i), json_array_get(a, k));
            there += (size_t)json_equal(json_array_get(a, i), json_array_get(b, k));
        }
        if (here != there)
            return false;
    }
    return true;
}

/* `got` is given up. */
static bool expect(struct play *p, const char *what, json_t *got, const json_t *wanted)
{
    const char *compare = json_string_value(json_object_get(p->one, "compare"));
    bool same;

    if (compare != NULL && strcmp(compare, "ops-as-set") == 0 && json_object_get(wanted, "operations") != NULL)
        same = same_set(json_object_get(got, "operations"), json_object_get(wanted, "operations"));
    else
        same = got != NULL && wanted != NULL && json_equal(got, wanted);
    if (!same)
        differs(p, what, got, wanted);
    json_decref(got);
    return same;
}

static const void *op_of(struct play *p, const json_t *op)
{
    char *text = json_dumps(op, JSON_COMPACT);
    void *out = ops_arena_zalloc(&p->arena, p->engine->op_type->size);
    struct ops_str kept;

    if (text == NULL || out == NULL || !ops_arena_copy(&p->arena, ops_str_of(text, strlen(text)), &kept) ||
        ops_json_decode(p->engine->op_type, &ops_style_v1, kept, &p->arena, out, NULL) != OPS_OK)
        out = NULL;
    free(text);
    return out;
}

static json_t *op_json(struct play *p, const void *op)
{
    struct ops_buf out;

    if (op == NULL)
        return json_null();
    ops_buf_init(&out, &p->arena);
    if (ops_json_encode(p->engine->op_type, &ops_style_stored, op, &out) != OPS_OK)
        return NULL;
    return json_loadb(out.ptr, out.len, JSON_ALLOW_NUL, NULL);
}

static void *doc_of(struct play *p, const json_t *doc)
{
    char *text = doc != NULL ? json_dumps(doc, JSON_COMPACT) : NULL;
    void *document = p->engine->open(&p->pool);

    if (text != NULL && p->engine->load(document, &ops_style_stored, ops_str_of(text, strlen(text)), &p->arena, NULL) != OPS_OK)
        snprintf(p->why, sizeof p->why, "the document cannot be loaded: %s", text);
    free(text);
    return document;
}

static json_t *doc_json(struct play *p, const void *document)
{
    struct ops_buf out;

    ops_buf_init(&out, &p->arena);
    if (p->engine->snapshot(document, &ops_style_stored, &out) != OPS_OK)
        return NULL;
    return json_loadb(out.ptr, out.len, JSON_ALLOW_NUL, NULL);
}

/* Path to value of the registers that are not deleted. */
static json_t *live_json(struct play *p, const void *document)
{
    json_t *all = doc_json(p, document), *live = json_object(), *reg;
    const char *path;

    json_object_foreach(json_object_get(all, "registers"), path, reg) {
        if (!json_is_true(json_object_get(reg, "isDeleted")))
            json_object_set(live, path, json_object_get(reg, "value"));
    }
    json_decref(all);
    return live;
}

static bool apply_all(struct play *p, void *document, const json_t *ops)
{
    size_t i;

    for (i = 0; i < json_array_size(ops); i++) {
        const void *op = op_of(p, json_array_get(ops, i));

        if (op == NULL || p->engine->apply(document, op, &p->arena) != OPS_OK)
            return differs(p, "an op cannot be applied", json_array_get(ops, i), NULL);
    }
    return true;
}

static enum ops_priority priority_of(const struct play *p)
{
    const char *name = json_string_value(json_object_get(p->one, "priority"));

    return name != NULL && strcmp(name, "incomingWins") == 0 ? OPS_INCOMING_WINS : OPS_EXISTING_WINS;
}

/* ---- kinds ------------------------------------------------------------------------------------------------------- */

static bool play_apply(struct play *p)
{
    void *document = doc_of(p, json_object_get(p->one, "doc"));
    const json_t *live = json_object_get(p->one, "expectedLive");

    return apply_all(p, document, json_object_get(p->one, "ops")) &&
           expect(p, "document", doc_json(p, document), json_object_get(p->one, "expected")) &&
           (live == NULL || expect(p, "live registers", live_json(p, document), live));
}

static bool play_transform(struct play *p)
{
    const void *in = op_of(p, json_object_get(p->one, "incoming")), *ex = op_of(p, json_object_get(p->one, "existing")), *out;

    if (in == NULL || ex == NULL || p->engine->transform(in, ex, priority_of(p), &p->arena, &out) != OPS_OK)
        return false;
    if (json_is_null(json_object_get(p->one, "expected")))
        return p->engine->is_no_op(out);
    return expect(p, "op", op_json(p, out), json_object_get(p->one, "expected"));
}

static bool play_compose(struct play *p)
{
    const json_t *ops = json_object_get(p->one, "ops"), *after = json_object_get(p->one, "expectedDoc");
    const void *a = op_of(p, json_array_get(ops, 0)), *b = op_of(p, json_array_get(ops, 1)), *out;
    void *document = doc_of(p, json_object_get(p->one, "doc"));

    if (a == NULL || b == NULL || p->engine->compose(a, b, &p->arena, &out) != OPS_OK ||
        !expect(p, "composed", op_json(p, out), json_object_get(p->one, "expected")))
        return false;
    if (after == NULL || json_is_null(after))
        return true;
    return (out == NULL || p->engine->apply(document, out, &p->arena) == OPS_OK) &&
           expect(p, "document", doc_json(p, document), after);
}

static bool play_invert(struct play *p)
{
    void *document = doc_of(p, json_object_get(p->one, "doc"));
    const void *op = op_of(p, json_array_get(json_object_get(p->one, "ops"), 0)), *inverse;

    return op != NULL && p->engine->invert(document, op, &p->arena, &inverse) == OPS_OK &&
           expect(p, "inverse", op_json(p, inverse), json_object_get(p->one, "expected")) &&
           p->engine->apply(document, op, &p->arena) == OPS_OK &&
           expect(p, "after it", doc_json(p, document), json_object_get(p->one, "expectedPost")) &&
           p->engine->apply(document, inverse, &p->arena) == OPS_OK &&
           expect(p, "restored", doc_json(p, document), json_object_get(p->one, "expectedRestored"));
}

static bool play_is_no_op(struct play *p)
{
    const void *op = op_of(p, json_array_get(json_object_get(p->one, "ops"), 0));

    return op != NULL && expect(p, "answer", json_boolean(p->engine->is_no_op(op)), json_object_get(p->one, "expected"));
}

static bool play_restamp(struct play *p)
{
    void *document = doc_of(p, json_object_get(p->one, "doc"));
    const void *op = op_of(p, json_array_get(json_object_get(p->one, "ops"), 0));
    const struct ops_json_op_batch *out;

    return op != NULL &&
           ops_json_restamp((const struct ops_json_doc *)document, (const struct ops_json_op_batch *)op,
                            json_integer_value(json_object_get(p->one, "now")), &p->arena, &out) == OPS_OK &&
           expect(p, "op", op_json(p, out), json_object_get(p->one, "expected"));
}

/* The server's side and the author's; both ops are checked on the base first, which cuts what reaches past the end. */
static bool play_converge(struct play *p)
{
    struct ops_op_rules rules = {true, false, 0, INT64_MAX};
    struct ops_refusal refusal;
    struct ops_op_list none = {NULL, 0};
    const json_t *doc = json_object_get(p->one, "doc"), *wanted;
    void *server = doc_of(p, doc), *author = doc_of(p, doc);
    const void *in = op_of(p, json_object_get(p->one, "incoming")), *ex = op_of(p, json_object_get(p->one, "existing"));
    const void *in_after, *ex_after;

    if (in == NULL || ex == NULL || !p->engine->check(server, none, in, &rules, &p->arena, &in, &refusal) ||
        !p->engine->check(server, none, ex, &rules, &p->arena, &ex, &refusal) ||
        p->engine->transform(in, ex, OPS_EXISTING_WINS, &p->arena, &in_after) != OPS_OK ||
        p->engine->transform(ex, in, OPS_INCOMING_WINS, &p->arena, &ex_after) != OPS_OK)
        return false;
    wanted = json_object_get(p->one, "expectedIncomingTransformed");
    if (wanted != NULL && !json_is_null(wanted) && !expect(p, "incoming", op_json(p, in_after), wanted))
        return false;
    wanted = json_object_get(p->one, "expectedExistingTransformed");
    if (wanted != NULL && !json_is_null(wanted) && !expect(p, "existing", op_json(p, ex_after), wanted))
        return false;
    return p->engine->apply(server, ex, &p->arena) == OPS_OK && p->engine->apply(server, in_after, &p->arena) == OPS_OK &&
           p->engine->apply(author, in, &p->arena) == OPS_OK && p->engine->apply(author, ex_after, &p->arena) == OPS_OK &&
           expect(p, "the server", doc_json(p, server), json_object_get(p->one, "expected")) &&
           expect(p, "the author", doc_json(p, author), json_object_get(p->one, "expected"));
}

static bool play_rebase(struct play *p)
{
    const json_t *committed = json_object_get(p->one, "committed");
    const json_t *wanted = json_object_get(p->one, "expectedIncomingTransformed");
    void *document = doc_of(p, json_object_get(p->one, "doc"));
    const void *in = op_of(p, json_object_get(p->one, "incoming"));
    bool absorbed = false;
    size_t i, steps = 0;

    for (i = 0; i < json_array_size(committed) && !absorbed; i++, steps++) {
        const void *ex = op_of(p, json_array_get(committed, i));

        if (in == NULL || ex == NULL || p->engine->transform(in, ex, priority_of(p), &p->arena, &in) != OPS_OK)
            return false;
        absorbed = p->engine->is_no_op(in);
    }
    if (!apply_all(p, document, committed) ||
        !expect(p, "absorbed", json_boolean(absorbed), json_object_get(p->one, "absorbed")) ||
        !expect(p, "steps", json_integer((json_int_t)steps), json_object_get(p->one, "transformsApplied")))
        return false;
    if (!absorbed && (!expect(p, "incoming", op_json(p, in), wanted) || p->engine->apply(document, in, &p->arena) != OPS_OK))
        return false;
    return expect(p, "document", doc_json(p, document), json_object_get(p->one, "expected"));
}

/* Every order of delivery (Heap's algorithm). */
static bool play_permute(struct play *p)
{
    json_t *ops = json_copy(json_object_get(p->one, "ops"));
    size_t n = json_array_size(ops), turn[8] = {0}, i = 0;
    bool good = n > 0 && n < 8;

    for (;;) {
        void *document = doc_of(p, json_object_get(p->one, "doc"));

        good = good && apply_all(p, document, ops) &&
               expect(p, "live registers", live_json(p, document), json_object_get(p->one, "expectedLive"));
        p->engine->close(document);
        while (good && i < n && turn[i] >= i)
            turn[i++] = 0;
        if (!good || i >= n)
            break;
        {
            size_t other = i % 2 == 0 ? 0 : turn[i];
            json_t *a = json_incref(json_array_get(ops, other)), *b = json_incref(json_array_get(ops, i));

            json_array_set_new(ops, i, a);
            json_array_set_new(ops, other, b);
            turn[i]++;
            i = 0;
        }
    }
    json_decref(ops);
    return good;
}

static const struct kind {
    const char *name;
    bool (*play)(struct play *p);
} kinds[] = {
    {"apply", play_apply},       {"transform", play_transform}, {"compose", play_compose}, {"invert", play_invert},
    {"isNoOp", play_is_no_op},   {"restampToWin", play_restamp}, {"converge", play_converge}, {"rebase", play_rebase},
    {"permute", play_permute},   {"diverge", play_permute},
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

/* ---- the file ---------------------------------------------------------------------------------------------------- */

static bool play_case(const struct ops_engine *engine, const struct kind *kind, const json_t *one, char *why, size_t room)
{
    struct play p;
    bool passed;

    memset(&p, 0, sizeof p);
    p.engine = engine;
    p.one = one;
    ops_pool_init(&p.pool, SIZE_MAX, &test_memory);
    p.arena = test_arena(TEST_ARENA_BYTES);
    passed = kind->play(&p) && p.why[0] == '\0';
    snprintf(why, room, "%s", p.why);
    ops_arena_reset(&p.arena);
    ops_pool_end(&p.pool);
    return passed;
}

static int play_kind(const json_t *cases, const struct ops_engine *engine, const struct kind *kind)
{
    const char *engine_name = engine->document_type.ptr;
    int must = 0, others = 0, failed = 0;
    size_t i;
    json_t *one;

    json_array_foreach(cases, i, one) {
        const char *verdict = json_string_value(json_object_get(one, "verdict"));
        char why[600];
        bool binding;

        if (strcmp(json_string_value(json_object_get(one, "engine")), engine_name) != 0 ||
            strcmp(json_string_value(json_object_get(one, "kind")), kind->name) != 0)
            continue;
        binding = strcmp(verdict, "must") == 0 || strcmp(verdict, "defect-do-not-copy") == 0;
        must += binding;
        others += !binding;
        if (play_case(engine, kind, one, why, sizeof why))
            continue;
        printf("%s%s (%s): %s\n", binding ? "not ok - " : "differs: ", json_string_value(json_object_get(one, "id")), verdict, why);
        failed += binding;
    }
    if (must > 0 && failed == 0)
        printf("ok - %s.%s: %d binding cases (%d others played)\n", engine_name, kind->name, must, others);
    return must + failed * 1000000;
}

int main(int argc, char **argv)
{
    json_error_t error;
    json_t *cases = argc == 2 ? json_load_file(argv[1], 0, &error) : NULL;
    int played = 0, known = 0;
    size_t i, k;
    json_t *one;

    if (cases == NULL) {
        printf("not ok - a file of vectors is named and can be read\n");
        return 1;
    }
    json_array_foreach(cases, i, one) {
        const char *verdict = json_string_value(json_object_get(one, "verdict"));
        const struct ops_engine *engine = ops_engine_find(ops_str_of(json_string_value(json_object_get(one, "engine")),
                                                                     json_string_length(json_object_get(one, "engine"))));

        known += engine != NULL && (strcmp(verdict, "must") == 0 || strcmp(verdict, "defect-do-not-copy") == 0);
    }
    for (i = 0; ops_engines[i] != NULL; i++) {
        for (k = 0; k < KINDS; k++)
            played += play_kind(cases, ops_engines[i], &kinds[k]);
    }
    json_decref(cases);
    printf("%sok - every kind of case is played (%d of %d)\n", played == known ? "" : "not ", played % 1000000, known);
    return played == known ? 0 : 1;
}
