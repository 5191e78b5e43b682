/* The text engine alone as a module, built as opstream.wasm is: what a replay of it costs next to Yjs. See run. */
#include <stdlib.h>

#include "engines/text/text.h"

static void *more(void *self, size_t bytes)
{
    (void)self;
    return malloc(bytes);
}

static void release(void *self, void *block, size_t bytes)
{
    (void)self;
    (void)bytes;
    free(block);
}

static const struct ops_memory memory = {more, release, NULL};
static struct ops_pool pool;
static struct ops_arena arena;
static struct ops_text_doc *doc;
static char in[1 << 20];
static struct ops_str out;

__attribute__((export_name("input"))) char *engine_input(void)
{
    return in;
}

__attribute__((export_name("open"))) void engine_open(void)
{
    ops_pool_init(&pool, SIZE_MAX, &memory);
    ops_arena_init(&arena, NULL, 0, SIZE_MAX, &memory);
    doc = (struct ops_text_doc *)ops_text_engine.open(&pool);
}

__attribute__((export_name("close"))) void engine_close(void)
{
    ops_text_engine.close(doc);
    ops_pool_end(&pool);
    ops_arena_reset(&arena);
}

/* Checks and applies one edit, as every op is; `bytes` of text lie in the input. */
__attribute__((export_name("edit"))) bool engine_edit(int32_t at, int32_t gone, size_t bytes)
{
    static const struct ops_op_rules rules = {false, false, 64 << 20, INT64_MAX};
    static const struct ops_op_list none = {NULL, 0};
    struct ops_text_component part[3] = {{0}};
    struct ops_text_op op = {0};
    struct ops_arena_mark mark = ops_arena_here(&arena);
    struct ops_refusal refusal;
    const void *placed = &op;
    bool ok;

    op.components = part;
    if (at > 0) {
        part[op.components_count].kind = OPS_TEXT_COMPONENT_RETAIN;
        part[op.components_count++].retain.count = at;
    }
    if (gone > 0) {
        part[op.components_count].kind = OPS_TEXT_COMPONENT_DELETE;
        part[op.components_count++].delete_.count = gone;
    }
    if (bytes > 0) {
        part[op.components_count].kind = OPS_TEXT_COMPONENT_INSERT;
        part[op.components_count++].insert.text = ops_str_of(in, bytes);
    }
    ok = ops_text_engine.check(doc, none, &op, &rules, &arena, &placed, &refusal) &&
         ops_text_engine.apply(doc, placed, &arena) == OPS_OK;
    ops_arena_rewind(&arena, mark);
    return ok;
}

/* Where the whole text lies: two words, address and length; 0: no memory. */
__attribute__((export_name("text"))) const struct ops_str *engine_text(void)
{
    struct ops_buf buf;

    ops_buf_init(&buf, &arena);
    if (ops_text_read(doc, 0, SIZE_MAX, &buf) != OPS_OK)
        return NULL;
    out = ops_buf_str(&buf);
    return &out;
}
