/* Measures the engines: replay of an editing trace, churn, json registers. See run.
 *
 *   bench TRACE.json EDITS */
#include <jansson.h>
#include <stdio.h>
#include <time.h>

#include "engines/json/json.h"
#include "engines/text/text.h"
#include "tests/support/memory.h"
#include "tests/support/random.h"

static double now_seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void need(bool condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "bench: %s\n", what);
        exit(1);
    }
}

/* ---- the trace --------------------------------------------------------------------------------------------------- */

struct patch {
    struct ops_text_component part[3];
    struct ops_text_op op;
};

struct trace {
    struct patch *patch;
    size_t count;
    const char *end;
    size_t end_len;
};

static void patch_of(struct patch *p, const json_t *from)
{
    json_int_t at = json_integer_value(json_array_get(from, 0)), gone = json_integer_value(json_array_get(from, 1));
    const json_t *text = json_array_get(from, 2);

    p->op.components = p->part;
    if (at > 0) {
        p->part[p->op.components_count].kind = OPS_TEXT_COMPONENT_RETAIN;
        p->part[p->op.components_count++].retain.count = (int32_t)at;
    }
    if (gone > 0) {
        p->part[p->op.components_count].kind = OPS_TEXT_COMPONENT_DELETE;
        p->part[p->op.components_count++].delete_.count = (int32_t)gone;
    }
    if (json_string_length(text) > 0) {
        p->part[p->op.components_count].kind = OPS_TEXT_COMPONENT_INSERT;
        p->part[p->op.components_count++].insert.text = ops_str_of(json_string_value(text), json_string_length(text));
    }
}

static struct trace trace_read(const char *path)
{
    json_t *root = json_load_file(path, JSON_ALLOW_NUL, NULL), *txns = json_object_get(root, "txns"), *txn, *patch;
    struct trace t = {NULL, 0, NULL, 0};
    size_t i, k;

    need(root != NULL, "the trace cannot be read");
    json_array_foreach(txns, i, txn)
        t.count += json_array_size(json_object_get(txn, "patches"));
    t.patch = (struct patch *)calloc(t.count, sizeof *t.patch);
    t.count = 0;
    json_array_foreach(txns, i, txn) {
        json_array_foreach(json_object_get(txn, "patches"), k, patch)
            patch_of(&t.patch[t.count++], patch);
    }
    t.end = json_string_value(json_object_get(root, "endContent"));
    t.end_len = json_string_length(json_object_get(root, "endContent"));
    return t;
}

/* ---- text -------------------------------------------------------------------------------------------------------- */

struct text {
    struct ops_pool pool;
    struct ops_arena arena;
    struct ops_text_doc *doc;
};

static void text_open(struct text *t)
{
    ops_pool_init(&t->pool, SIZE_MAX, &test_memory);
    t->arena = test_arena(SIZE_MAX / 2);
    t->doc = (struct ops_text_doc *)ops_text_engine.open(&t->pool);
}

static void text_close(struct text *t)
{
    ops_text_engine.close(t->doc);
    ops_pool_end(&t->pool);
    ops_arena_reset(&t->arena);
}

/* Seconds for one replay; with check in front of each op when `checked`. */
static double replay(const struct trace *trace, bool checked, bool print)
{
    struct ops_op_rules rules = {false, false, 64 << 20, INT64_MAX};
    struct ops_op_list none = {NULL, 0};
    struct ops_refusal refusal;
    struct text t;
    struct ops_buf out;
    double begin, seconds;
    size_t i;

    text_open(&t);
    begin = now_seconds();
    for (i = 0; i < trace->count; i++) {
        const void *op = &trace->patch[i].op;
        struct ops_arena_mark mark = ops_arena_here(&t.arena);

        need(!checked || ops_text_engine.check(t.doc, none, op, &rules, &t.arena, &op, &refusal), "an op was refused");
        need(ops_text_engine.apply(t.doc, op, &t.arena) == OPS_OK, "no memory");
        if (checked)
            ops_arena_rewind(&t.arena, mark);
    }
    seconds = now_seconds() - begin;
    ops_buf_init(&out, &t.arena);
    need(ops_text_read(t.doc, 0, SIZE_MAX, &out) == OPS_OK && out.len == trace->end_len &&
             memcmp(out.ptr, trace->end, out.len) == 0,
         "the replay ends with another text");
    if (print) {
        size_t units = ops_text_length(t.doc);

        printf("memory after the replay: %zu bytes for %zu characters (%zu bytes of text): %.2f bytes a character above the text\n",
               t.pool.held_bytes, units, out.len, ((double)t.pool.held_bytes - (double)out.len) / (double)units);
    }
    text_close(&t);
    return seconds;
}

static void measure_replay(const struct trace *trace)
{
    double best[2] = {1e9, 1e9};
    unsigned round, checked;

    for (round = 0; round < 7; round++) {
        for (checked = 0; checked < 2; checked++) {
            double seconds = replay(trace, checked != 0, round == 0 && checked == 0);

            best[checked] = seconds < best[checked] ? seconds : best[checked];
        }
    }
    printf("replay: %zu ops in %.2f ms (%.0f ns an op); with check in front %.2f ms\n", trace->count, best[0] * 1e3,
           best[0] * 1e9 / (double)trace->count, best[1] * 1e3);
    printf("replay_seconds %.6f\n", best[0]);
}

/* A document of about 100 KB, edited at random: as much is inserted as deleted. */
static void measure_churn(size_t edits)
{
    enum { SIZE = 100 * 1024 };
    char letters[64];
    struct text t;
    double begin = now_seconds();
    size_t i, most = 0, after_first = 0;

    memset(letters, 'x', sizeof letters);
    (void)random_seeded(NULL);
    text_open(&t);
    for (i = 0; i < edits; i++) {
        size_t length = ops_text_length(t.doc);
        struct ops_text_component part[2];
        struct ops_text_op op = {part, 2};
        unsigned n = 1 + rnd_below(i % 100 == 0 ? 64 : 4);

        memset(part, 0, sizeof part);
        part[0].kind = OPS_TEXT_COMPONENT_RETAIN;
        if (length < SIZE || (length < SIZE + 2048 && rnd_below(2) == 0)) {
            part[0].retain.count = (int32_t)rnd_below((unsigned)length + 1);
            part[1].kind = OPS_TEXT_COMPONENT_INSERT;
            part[1].insert.text = ops_str_of(letters, n);
        } else {
            part[0].retain.count = (int32_t)rnd_below((unsigned)length - n);
            part[1].kind = OPS_TEXT_COMPONENT_DELETE;
            part[1].delete_.count = (int32_t)n;
        }
        need(ops_text_engine.apply(t.doc, &op, &t.arena) == OPS_OK, "no memory");
        if (i == edits / 10)
            after_first = t.pool.held_bytes;
        most = t.pool.held_bytes > most ? t.pool.held_bytes : most;
    }
    printf("churn: %zu edits of a 100 KB document, %.0f ns each; memory held %zu bytes after a tenth, %zu at the end and at most %zu\n",
           edits, (now_seconds() - begin) * 1e9 / (double)edits, after_first, t.pool.held_bytes, most);
    text_close(&t);
}

/* ---- json -------------------------------------------------------------------------------------------------------- */

static void measure_json(unsigned registers)
{
    enum { SETS = 1000000 };
    struct ops_pool pool;
    struct ops_arena arena = test_arena(SIZE_MAX / 2);
    struct ops_json_doc *doc;
    double begin = 0;
    unsigned i;

    ops_pool_init(&pool, SIZE_MAX, &test_memory);
    doc = (struct ops_json_doc *)ops_json_engine.open(&pool);
    for (i = 0; i < registers + SETS; i++) {
        char path[32];
        struct ops_json_op op;
        struct ops_json_op_batch batch = {&op, 1};

        if (i == registers)
            begin = now_seconds();
        memset(&op, 0, sizeof op);
        op.kind = OPS_JSON_OP_SET;
        op.set.path = ops_str_of(path, (size_t)snprintf(path, sizeof path, "item.%u.name", (i * 2654435761u) % registers));
        op.set.value = OPS_STR("\"a value\"");
        op.set.timestamp = (int64_t)i;
        op.set.peer_id = OPS_STR("5f0c2d9e-peer");
        need(ops_json_engine.apply(doc, &batch, &arena) == OPS_OK, "no memory");
    }
    printf("json: set in a document of %u registers: %.0f ns\n", registers, (now_seconds() - begin) * 1e9 / SETS);
    ops_json_engine.close(doc);
    ops_pool_end(&pool);
    ops_arena_reset(&arena);
}

int main(int argc, char **argv)
{
    struct trace trace;

    need(argc == 3, "usage: bench TRACE.json EDITS");
    trace = trace_read(argv[1]);
    measure_replay(&trace);
    measure_churn(strtoul(argv[2], NULL, 10));
    measure_json(1000);
    measure_json(100000);
    return 0;
}
