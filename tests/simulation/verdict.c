/* The verdict: what everybody sees is what the log says, and the log is what was acknowledged.
 *
 * The log is replayed by a slow model of the text engine (an array of units), and by the engine itself for json. */
#include "world.h"

#include <stdlib.h>

/* ---- the slow model of a text --------------------------------------------------------------------------------------------------- */

struct units {
    uint16_t *at;
    size_t count, cap;
};

static void units_put(struct units *u, uint16_t unit)
{
    if (u->count == u->cap) {
        u->cap = u->cap != 0 ? u->cap * 2 : 256;
        u->at = realloc(u->at, u->cap * sizeof *u->at);
        if (u->at == NULL)
            abort();
    }
    u->at[u->count++] = unit;
}

static void units_put_utf8(struct units *u, struct ops_str s)
{
    const unsigned char *p = (const unsigned char *)s.ptr, *end = p + s.len;
    uint32_t c;

    while (p < end) {
        if (*p < 0x80) {
            c = *p++;
        } else if (*p < 0xe0) {
            c = (uint32_t)(*p & 31) << 6 | (p[1] & 63);
            p += 2;
        } else if (*p < 0xf0) {
            c = (uint32_t)(*p & 15) << 12 | (uint32_t)(p[1] & 63) << 6 | (p[2] & 63);
            p += 3;
        } else {
            c = (uint32_t)(*p & 7) << 18 | (uint32_t)(p[1] & 63) << 12 | (uint32_t)(p[2] & 63) << 6 | (p[3] & 63);
            p += 4;
        }
        if (c >= 0x10000) {
            units_put(u, (uint16_t)(0xd800 + ((c - 0x10000) >> 10)));
            c = 0xdc00 + ((c - 0x10000) & 0x3ff);
        }
        units_put(u, (uint16_t)c);
    }
}

static void units_apply(struct units *text, const struct ops_text_op *op)
{
    struct units next = {NULL, 0, 0};
    size_t at = 0, i, n;

    for (i = 0; i < op->components_count; i++) {
        const struct ops_text_component *c = &op->components[i];

        if (c->kind == OPS_TEXT_COMPONENT_INSERT)
            units_put_utf8(&next, c->insert.text);
        else if (c->kind == OPS_TEXT_COMPONENT_DELETE)
            at += (size_t)c->delete_.count;
        else
            for (n = 0; n < (size_t)c->retain.count && at < text->count; n++)
                units_put(&next, text->at[at++]);
    }
    while (at < text->count)
        units_put(&next, text->at[at++]);
    free(text->at);
    *text = next;
}

/* ---- a document ------------------------------------------------------------------------------------------------------------------- */

static bool units_equal(const struct units *a, const struct units *b)
{
    return a->count == b->count && (a->count == 0 || memcmp(a->at, b->at, a->count * sizeof *a->at) == 0);
}

/* What a user sees, against the model. */
static void judge_text(struct world *w, unsigned document, const struct units *model)
{
    struct ops_arena arena;
    struct ops_buf seen;
    struct units units = {NULL, 0, 0};
    unsigned u;

    for (u = 0; u < w->users_count; u++) {
        ops_arena_init(&arena, NULL, 0, SIZE_MAX, &world_memory);
        ops_buf_init(&seen, &arena);
        units.count = 0;
        if (ops_doc_text_range(w->users[u].docs[document], 0, SIZE_MAX, &seen) != OPS_OK)
            world_trouble(w, "no memory");
        units_put_utf8(&units, ops_buf_str(&seen));
        if (!units_equal(&units, model))
            world_trouble(w, "user %u sees another text in %.*s (%zu units) than the log makes (%zu units)", u, 5,
                          document_name(document).ptr, units.count, model->count);
        ops_arena_reset(&arena);
    }
    free(units.at);
}

/* Each insertion of an insert-only run stands in the text once. */
static void judge_typed(struct world *w, unsigned user, const char *text)
{
    char token[32];
    const char *found;
    unsigned n;

    for (n = 0; n < w->users[user].typed; n++) {
        snprintf(token, sizeof token, "(%u.%u", user, n);
        for (found = text; (found = strstr(found, token)) != NULL; found++) {
            if (found[strlen(token)] < '0' || found[strlen(token)] > '9')
                break;
        }
        if (found == NULL)
            world_trouble(w, "what user %u typed is lost: %s", user, token);
        else if (strstr(found + 1, token) != NULL) {
            for (found = strstr(found + 1, token); found != NULL; found = strstr(found + 1, token)) {
                if (found[strlen(token)] < '0' || found[strlen(token)] > '9')
                    world_trouble(w, "what user %u typed stands there twice: %s", user, token);
            }
        }
    }
}

static void judge_all_typed(struct world *w)
{
    struct ops_arena arena;
    struct ops_buf all;
    unsigned d, u;

    ops_arena_init(&arena, NULL, 0, SIZE_MAX, &world_memory);
    ops_buf_init(&all, &arena);
    for (d = 0; d < w->documents_count; d++) {
        if (!document_is_json(d))
            ops_doc_text_range(w->users[0].docs[d], 0, SIZE_MAX, &all);
    }
    ops_buf_append(&all, "", 1);
    if (w->verbose)
        printf("  text: %s\n", all.ptr);
    for (u = 0; u < w->users_count; u++)
        judge_typed(w, u, all.ptr);
    ops_arena_reset(&arena);
}

static void judge_json(struct world *w, unsigned document, struct ops_str model)
{
    struct ops_arena arena;
    struct ops_buf seen;
    unsigned u;

    for (u = 0; u < w->users_count; u++) {
        ops_arena_init(&arena, NULL, 0, SIZE_MAX, &world_memory);
        ops_buf_init(&seen, &arena);
        if (ops_doc_snapshot(w->users[u].docs[document], &seen) != OPS_OK)
            world_trouble(w, "no memory");
        if (!ops_str_equal(ops_buf_str(&seen), model))
            world_trouble(w, "user %u sees other registers than the log makes:\n  %.*s\n  %.*s", u, (int)seen.len, seen.ptr,
                          (int)model.len, model.ptr);
        ops_arena_reset(&arena);
    }
}

/* The store keeps every row (history_retain_ops is not reached), so the log alone makes the document. */
static void judge_document(struct world *w, unsigned document)
{
    const struct model_document *d = model_find(&w->store, document_name(document));
    const struct ops_engine *engine = document_is_json(document) ? &ops_json_engine : &ops_text_engine;
    struct units text = {NULL, 0, 0};
    struct ops_arena arena;
    struct ops_pool pool;
    struct ops_buf snapshot;
    void *state, *op;
    size_t i, k;

    ops_pool_init(&pool, SIZE_MAX, &world_memory);
    ops_arena_init(&arena, NULL, 0, SIZE_MAX, &world_memory);
    state = engine->open(&pool);
    for (i = 0; d != NULL && i < d->row_count; i++) {
        op = ops_arena_alloc(&arena, engine->op_type->size);
        if (d->rows[i].revision != (int64_t)i + 2)
            world_trouble(w, "the log of %s has revision %lld at place %zu", d->id, (long long)d->rows[i].revision, i);
        if (ops_json_decode(engine->op_type, &ops_style_stored, ops_str_of(d->rows[i].payload, d->rows[i].payload_bytes), &arena, op,
                            NULL) != OPS_OK) {
            world_trouble(w, "the log of %s cannot be read", d->id);
            break;
        }
        if (document_is_json(document))
            engine->apply(state, op, &arena);
        else
            units_apply(&text, op);
        for (k = 0; k < i && d->rows[i].op_id != NULL; k++) {
            if (d->rows[k].op_id != NULL && strcmp(d->rows[i].op_id, d->rows[k].op_id) == 0)
                world_trouble(w, "op %s is in the log twice: %lld and %lld", d->rows[i].op_id, (long long)d->rows[k].revision,
                              (long long)d->rows[i].revision);
        }
    }
    ops_buf_init(&snapshot, &arena);
    if (document_is_json(document)) {
        engine->snapshot(state, &ops_style_v1, &snapshot);
        judge_json(w, document, ops_buf_str(&snapshot));
    } else {
        judge_text(w, document, &text);
    }
    free(text.at);
    ops_arena_reset(&arena);
    ops_pool_end(&pool);
}

void world_judge(struct world *w)
{
    unsigned d, u;

    for (d = 0; d < w->documents_count; d++) {
        judge_document(w, d);
        for (u = 1; u < w->users_count; u++) {
            if (ops_doc_revision(w->users[u].docs[d]) != ops_doc_revision(w->users[0].docs[d]))
                world_trouble(w, "users are at different revisions of %.*s", 5, document_name(d).ptr);
        }
    }
    if (w->insert_only)
        judge_all_typed(w);
}
