/* Text: what came from the server meets the edits that wait.
 *
 * The document that the user sees is the server's at a known revision plus the edits. For an op X on the first edit's base
 *   1. X is carried over the edits (incoming wins) and they over it (existing wins): opstream-engines.md §1.4, TP1;
 *   2. the edits are undone with their inverses, newest first, X is applied, the rebased edits are applied again and their new
 *      inverses made where they now stand.
 * Step 2 gives the same text as applying the carried X at once, but keeps every inverse exact: a transformed inverse would bring back
 * what somebody else has deleted as well. It costs the edits' own size, not the document's.
 *
 * Running out of memory in the middle leaves the document to doc_break; the edits are then as they were. */
#include "session.h"

struct rebase {
    struct ops_doc *doc;
    size_t count;
    struct edit **edits;
    const struct ops_text_op **ops; /* as rebased */
    bool placed;                    /* they are not rebased but placed, each when those before it are done */
    struct kept *op, *inverse;      /* the same, to be kept */
};

static enum ops_err rebase_begin(struct rebase *r, struct ops_doc *doc, struct edit *from)
{
    struct ops_arena *scratch = &doc->client->scratch;
    struct edit *edit;
    size_t count = 0;

    for (edit = from; edit != NULL; edit = edit->next)
        count++;
    r->doc = doc;
    r->count = 0;
    r->placed = false;
    r->edits = (struct edit **)ops_arena_array(scratch, count, sizeof *r->edits);
    r->ops = (const struct ops_text_op **)ops_arena_array(scratch, count, sizeof *r->ops);
    r->op = (struct kept *)ops_arena_zalloc(scratch, count * sizeof *r->op);
    r->inverse = (struct kept *)ops_arena_zalloc(scratch, count * sizeof *r->inverse);
    if (r->edits == NULL || r->ops == NULL || r->op == NULL || r->inverse == NULL)
        return OPS_ERR_NOMEM;
    for (edit = from; edit != NULL; edit = edit->next)
        r->edits[r->count++] = edit;
    return OPS_OK;
}

/* `*seen` is `op` as it meets the document that the user sees. */
static enum ops_err rebase_transform(struct rebase *r, const struct ops_text_op *op, const struct ops_text_op **seen)
{
    const struct ops_engine *engine = r->doc->engine;
    struct ops_arena *scratch = &r->doc->client->scratch;
    const void *over = op, *mine, *next;
    size_t i;

    for (i = 0; i < r->count; i++) {
        enum ops_err err = engine->transform(kept_op(&r->edits[i]->op), over, OPS_EXISTING_WINS, scratch, &mine);

        if (err == OPS_OK)
            err = engine->transform(over, kept_op(&r->edits[i]->op), OPS_INCOMING_WINS, scratch, &next);
        if (err != OPS_OK)
            return err;
        r->ops[i] = (const struct ops_text_op *)mine;
        over = next;
    }
    *seen = (const struct ops_text_op *)over;
    return OPS_OK;
}

static enum ops_err rebase_apply(struct rebase *r, const void *op)
{
    return doc_apply(r->doc, r->doc->local, op);
}

static enum ops_err rebase_unapply(struct rebase *r)
{
    enum ops_err err = OPS_OK;
    size_t i;

    for (i = r->count; err == OPS_OK && i-- > 0;)
        err = rebase_apply(r, kept_op(&r->edits[i]->inverse));
    return err;
}

/* The nearest place that exists. */
static size_t place_in(const void *document, size_t at)
{
    size_t length = text_length(document);

    if (at > length)
        at = length;
    return at > 0 && !text_is_boundary(document, at) ? at - 1 : at;
}

/* What the old text was is not known: insertions stay about where they were, deletions are forgotten. */
static const struct ops_text_op *op_placed(struct ops_doc *doc, const struct ops_text_op *from)
{
    struct ops_arena *scratch = &doc->client->scratch;
    struct ops_text_op *op = (struct ops_text_op *)ops_arena_zalloc(scratch, sizeof *op);
    struct ops_text_component *steps =
        (struct ops_text_component *)ops_arena_zalloc(scratch, 2 * from->components_count * sizeof *steps);
    size_t i, at = 0, done = 0, count = 0;

    if (op == NULL || steps == NULL)
        return NULL;
    for (i = 0; i < from->components_count; i++) {
        const struct ops_text_component *step = &from->components[i];
        size_t place;

        if (step->kind == OPS_TEXT_COMPONENT_RETAIN)
            at += (size_t)step->retain.count;
        if (step->kind != OPS_TEXT_COMPONENT_INSERT)
            continue;
        place = place_in(doc->local, at);
        if (place > done) {
            steps[count].kind = OPS_TEXT_COMPONENT_RETAIN;
            steps[count++].retain.count = (int32_t)(place - done);
            done = place;
        }
        steps[count++] = *step;
    }
    op->components = steps;
    op->components_count = count;
    return op;
}

static enum ops_err rebase_reapply_one(struct rebase *r, size_t i)
{
    struct ops_doc *doc = r->doc;
    const void *inverse;
    enum ops_err err;

    if (r->placed)
        r->ops[i] = op_placed(doc, (const struct ops_text_op *)kept_op(&r->edits[i]->op));
    if (r->ops[i] == NULL)
        return OPS_ERR_NOMEM;
    err = doc->engine->invert(doc->local, r->ops[i], &doc->client->scratch, &inverse);
    if (err == OPS_OK)
        err = kept_make(doc, r->ops[i], &r->op[i]);
    if (err == OPS_OK)
        err = kept_make(doc, inverse, &r->inverse[i]);
    return err == OPS_OK ? rebase_apply(r, r->ops[i]) : err;
}

/* An op of the server that reaches outside its text is no op of that text: the edits are done again. */
static enum ops_err rebase_check(struct rebase *r, const struct ops_text_op *op)
{
    static const struct ops_op_rules rules = {false, false, 0, INT64_MAX};
    static const struct ops_op_list none = {NULL, 0};
    struct ops_refusal refusal;
    const void *accepted;
    enum ops_err err = OPS_ERR_RANGE;
    size_t i;

    if (r->doc->engine->check(r->doc->local, none, op, &rules, &r->doc->client->scratch, &accepted, &refusal))
        return OPS_OK;
    for (i = 0; i < r->count && !r->doc->torn; i++)
        err = rebase_apply(r, kept_op(&r->edits[i]->op)) == OPS_OK ? OPS_ERR_RANGE : OPS_ERR_NOMEM;
    return err;
}

/* All edits stand on what the document now is, or none does. */
static enum ops_err rebase_reapply(struct rebase *r)
{
    struct ops_client *client = r->doc->client;
    enum ops_err err = OPS_OK;
    size_t i;

    for (i = 0; err == OPS_OK && i < r->count; i++)
        err = rebase_reapply_one(r, i);
    r->doc->torn = r->doc->torn || err != OPS_OK;
    for (i = 0; i < r->count; i++) {
        kept_drop(client, err == OPS_OK ? &r->edits[i]->op : &r->op[i]);
        kept_drop(client, err == OPS_OK ? &r->edits[i]->inverse : &r->inverse[i]);
        if (err != OPS_OK)
            continue;
        r->edits[i]->op = r->op[i];
        r->edits[i]->inverse = r->inverse[i];
        if (!r->edits[i]->sent && !r->edits[i]->may_differ && r->doc->engine->is_no_op(kept_op(&r->op[i])))
            edit_remove(r->doc, r->edits[i]);
    }
    return err;
}

enum ops_err text_receive(struct ops_doc *doc, struct edit *from, const struct ops_text_op *op, const struct ops_text_op **seen)
{
    struct rebase r;
    enum ops_err err = rebase_begin(&r, doc, from);

    if (err == OPS_OK)
        err = rebase_transform(&r, op, seen);
    if (err == OPS_OK)
        err = rebase_unapply(&r);
    if (err == OPS_OK)
        err = rebase_check(&r, op);
    if (err == OPS_OK)
        err = rebase_apply(&r, op);
    return err == OPS_OK ? rebase_reapply(&r) : err;
}

/* ---- a text that was loaded anew ------------------------------------------------------------------------------------------ */

static bool is_inside_character(struct ops_str s, size_t at)
{
    return at < s.len && ((unsigned char)s.ptr[at] & 0xc0) == 0x80;
}

/* One replacement that makes `old` what `new_text` is; `*inserted` is what it inserts. */
static const struct ops_text_op *text_difference(struct ops_arena *arena, struct ops_str old, struct ops_str new_text,
                                                 struct ops_str *inserted)
{
    struct ops_text_op *op = (struct ops_text_op *)ops_arena_zalloc(arena, sizeof *op);
    struct ops_text_component *step = (struct ops_text_component *)ops_arena_zalloc(arena, 3 * sizeof *step);
    size_t shorter = old.len < new_text.len ? old.len : new_text.len, head = 0, tail = 0, count = 0;

    if (op == NULL || step == NULL)
        return NULL;
    while (head < shorter && old.ptr[head] == new_text.ptr[head])
        head++;
    while (head > 0 && (is_inside_character(old, head) || is_inside_character(new_text, head)))
        head--;
    while (tail < shorter - head && old.ptr[old.len - 1 - tail] == new_text.ptr[new_text.len - 1 - tail])
        tail++;
    while (tail > 0 && (is_inside_character(old, old.len - tail) || is_inside_character(new_text, new_text.len - tail)))
        tail--;
    if (head > 0) {
        step[count].kind = OPS_TEXT_COMPONENT_RETAIN;
        step[count++].retain.count = (int32_t)ops_utf16_length(old.ptr, head);
    }
    if (old.len > head + tail) {
        step[count].kind = OPS_TEXT_COMPONENT_DELETE;
        step[count++].delete_.count = (int32_t)ops_utf16_length(old.ptr + head, old.len - head - tail);
    }
    *inserted = ops_str_of(new_text.ptr + head, new_text.len - head - tail);
    if (inserted->len > 0) {
        step[count].kind = OPS_TEXT_COMPONENT_INSERT;
        step[count++].insert.text = *inserted;
    }
    op->components = step;
    op->components_count = count;
    return op;
}

/* Does all that `op` inserts stand in `text`, in order? False when it inserts nothing. */
static bool text_holds_inserts(struct ops_str text, const struct ops_text_op *op)
{
    size_t at = 0, i;
    bool any = false;

    for (i = 0; i < op->components_count; i++) {
        struct ops_str part = op->components[i].insert.text;

        if (op->components[i].kind != OPS_TEXT_COMPONENT_INSERT || part.len == 0)
            continue;
        any = true;
        while (at + part.len <= text.len && memcmp(text.ptr + at, part.ptr, part.len) != 0)
            at++;
        if (at + part.len > text.len)
            return false;
        at += part.len;
    }
    return any;
}

/* The server's text as it was known, with the edits undone; the difference to `content`. */
static const struct ops_text_op *reload_difference(struct rebase *r, struct ops_str content, struct ops_str *inserted)
{
    struct ops_arena *scratch = &r->doc->client->scratch;
    struct ops_buf old;

    ops_buf_init(&old, scratch);
    if (text_read(r->doc->local, 0, SIZE_MAX, &old) != OPS_OK)
        return NULL;
    return text_difference(scratch, ops_buf_str(&old), content, inserted);
}

/* Has the first edit been sent, and what became of it was never heard? */
static bool first_is_in_doubt(const struct ops_doc *doc)
{
    return doc->edits != NULL && doc->edits->sent;
}

/* With the edits undone. */
static enum ops_err reload_rebase(struct rebase *edits, struct ops_str content, bool first_is_in, const struct ops_text_op **seen)
{
    struct rebase r = *edits;
    struct ops_doc *doc = r.doc;
    const struct ops_text_op *difference;
    struct ops_str inserted;
    enum ops_err err;

    difference = reload_difference(&r, content, &inserted);
    if (difference == NULL)
        return OPS_ERR_NOMEM;
    if (first_is_in_doubt(doc) && doc->doubt_since == 0 && (first_is_in || text_holds_inserts(inserted, (const struct ops_text_op *)kept_op(&r.edits[0]->op)))) {
        err = rebase_apply(&r, kept_op(&r.edits[0]->op));
        if (err != OPS_OK)
            return err;
        r.edits++;
        r.count--;
        difference = reload_difference(&r, content, &inserted);
        if (difference == NULL)
            return OPS_ERR_NOMEM;
        edit_remove(doc, doc->edits);
    }
    err = rebase_transform(&r, difference, seen);
    if (err == OPS_OK)
        err = rebase_apply(&r, difference);
    return err == OPS_OK ? rebase_reapply(&r) : err;
}

static enum ops_err reload_known(struct ops_doc *doc, struct ops_str content, bool first_is_in, const struct ops_text_op **seen)
{
    struct rebase r;
    enum ops_err err = rebase_begin(&r, doc, doc->edits);

    if (err != OPS_OK)
        return err;
    err = rebase_unapply(&r);
    if (err == OPS_OK)
        err = reload_rebase(&r, content, first_is_in, seen);
    doc->torn = doc->torn || err != OPS_OK;
    return err;
}

static enum ops_err reload_unknown(struct ops_doc *doc, const struct ops_text_document *text)
{
    struct rebase r;
    struct ops_text_component all;
    struct ops_text_op load = {&all, 1};
    enum ops_err err = rebase_begin(&r, doc, doc->edits);

    memset(&all, 0, sizeof all);
    all.kind = OPS_TEXT_COMPONENT_INSERT;
    all.insert.text = text->content;
    if (err == OPS_OK)
        doc->local = doc->engine->open(&doc->client->pool);
    if (doc->local == NULL)
        return OPS_ERR_NOMEM;
    err = doc_apply(doc, doc->local, &load);
    r.placed = true;
    return err == OPS_OK ? rebase_reapply(&r) : err;
}

enum ops_err text_reload(struct ops_doc *doc, struct ops_str snapshot, bool first_is_in, const struct ops_text_op **seen)
{
    struct ops_text_document text;
    enum ops_err err = ops_text_document_json_decode(&ops_style_v1_plus, snapshot, &doc->client->scratch, &text, NULL);

    if (err != OPS_OK)
        return err;
    *seen = NULL;
    first_is_in = first_is_in && !first_may_differ(doc);
    if (first_is_in_doubt(doc) && !first_is_in)
        doc->edits->may_differ = true; /* from here on it is not rebased over what the server rebases it over */
    if (first_may_differ(doc) && doc->doubt_since == 0 && !doc->compacted)
        doc->doubt_since = doc->revision > 0 ? doc->revision : 1;
    if (doc->local != NULL)
        return reload_known(doc, text.content, first_is_in, seen);
    if (first_is_in && doc->edits != NULL)
        edit_remove(doc, doc->edits);
    return reload_unknown(doc, &text);
}
