/* Local edits of a text. */
#include "session.h"

/* Retain, delete, insert; those that do nothing are left out. */
const struct ops_text_op *text_edit_op(struct ops_arena *arena, size_t offset, size_t count, struct ops_str text)
{
    struct ops_text_op *op = (struct ops_text_op *)ops_arena_zalloc(arena, sizeof *op);
    struct ops_text_component *step = (struct ops_text_component *)ops_arena_zalloc(arena, 3 * sizeof *step);
    size_t n = 0;

    if (op == NULL || step == NULL)
        return NULL;
    if (offset > 0) {
        step[n].kind = OPS_TEXT_COMPONENT_RETAIN;
        step[n++].retain.count = (int32_t)offset;
    }
    if (count > 0) {
        step[n].kind = OPS_TEXT_COMPONENT_DELETE;
        step[n++].delete_.count = (int32_t)count;
    }
    if (text.len > 0) {
        step[n].kind = OPS_TEXT_COMPONENT_INSERT;
        step[n++].insert.text = text;
    }
    op->components = step;
    op->components_count = n;
    return op;
}

/* Makes the last edit, if it may still grow, hold `op` too; `*done` says whether it does. Nothing has changed on an error. */
static enum ops_err edit_extend(struct ops_doc *doc, const void *op, const void *inverse, bool *done)
{
    const struct ops_engine *engine = doc->engine;
    struct ops_arena *scratch = &doc->client->scratch;
    struct edit *edit = doc->last;
    struct kept kept_both = {NULL, 0}, kept_back = {NULL, 0};
    const void *both, *back;
    enum ops_err err;

    *done = false;
    if (!edit_is_open(doc, edit) || edit->op.bytes > CLIENT_COMPOSE_BYTES || op_bytes_bound(doc, op) > CLIENT_COMPOSE_BYTES)
        return OPS_OK;
    err = engine->compose(kept_op(&edit->op), op, scratch, &both);
    if (err != OPS_OK)
        return err;
    if (both == NULL) { /* they undo each other: nothing to send */
        err = doc_apply(doc, doc->local, op);
        if (err != OPS_OK)
            return err;
        edit_remove(doc, edit);
        *done = true;
        return OPS_OK;
    }
    err = engine->compose(inverse, kept_op(&edit->inverse), scratch, &back);
    if (err != OPS_OK || back == NULL || op_bytes_bound(doc, both) > doc->client->config.op_max_bytes)
        return err;
    err = kept_make(doc, both, &kept_both);
    if (err == OPS_OK)
        err = kept_make(doc, back, &kept_back);
    if (err == OPS_OK)
        err = doc_apply(doc, doc->local, op);
    kept_drop(doc->client, err == OPS_OK ? &edit->op : &kept_both);
    kept_drop(doc->client, err == OPS_OK ? &edit->inverse : &kept_back);
    if (err != OPS_OK)
        return err;
    edit->op = kept_both;
    edit->inverse = kept_back;
    *done = true;
    return OPS_OK;
}

static enum ops_err edit_add(struct ops_doc *doc, const void *op, const void *inverse)
{
    enum ops_err err = edits_have_room(doc);
    struct edit *edit;

    if (err != OPS_OK)
        return err;
    edit = edit_new(doc);
    if (edit == NULL)
        return OPS_ERR_NOMEM;
    err = kept_make(doc, op, &edit->op);
    if (err == OPS_OK)
        err = kept_make(doc, inverse, &edit->inverse);
    if (err == OPS_OK)
        err = doc_apply(doc, doc->local, op);
    if (err == OPS_OK)
        edit_append(doc, edit);
    else
        edit_drop(doc, edit);
    return err;
}

/* The document, its inverse made there, and the list of what waits. On an error nothing has changed, unless the document is torn. */
enum ops_err text_edit(struct ops_doc *doc, const void *op, const void *inverse)
{
    bool done;
    enum ops_err err = edit_extend(doc, op, inverse, &done);

    return err == OPS_OK && !done ? edit_add(doc, op, inverse) : err;
}

/* ---- an op too large to be sent as one ------------------------------------------------------------------------------------------- */

/* A deletion of a megabyte is a short op, but the insertion that takes it back is not: it goes as many that follow each other. */
struct parts {
    struct ops_doc *doc;
    struct edit *first, *last;
    size_t count;
    size_t at_old, at_new; /* in the text before the first part, and before the next one */
};

static enum ops_err parts_add(struct parts *p, const struct ops_text_op *op, const struct ops_text_op *inverse)
{
    struct ops_doc *doc = p->doc;
    struct edit *edit;
    enum ops_err err = op != NULL && inverse != NULL ? op_fits(doc, op) : OPS_ERR_NOMEM;

    if (err != OPS_OK)
        return err;
    if (doc->edit_count + p->count >= doc->client->config.pending_max)
        return OPS_ERR_RANGE;
    edit = edit_new(doc);
    if (edit == NULL)
        return OPS_ERR_NOMEM;
    err = kept_make(doc, op, &edit->op);
    if (err == OPS_OK)
        err = kept_make(doc, inverse, &edit->inverse);
    if (err != OPS_OK) {
        edit_drop(doc, edit);
        return err;
    }
    if (p->last != NULL)
        p->last->next = edit;
    else
        p->first = edit;
    p->last = edit;
    p->count++;
    return OPS_OK;
}

static enum ops_err parts_delete(struct parts *p, size_t count)
{
    struct ops_arena *scratch = &p->doc->client->scratch;
    struct ops_buf old;
    enum ops_err err;

    ops_buf_init(&old, scratch);
    err = text_read(p->doc->local, p->at_old, count, &old);
    if (err == OPS_OK)
        err = parts_add(p, text_edit_op(scratch, p->at_new, count, ops_str_of(NULL, 0)),
                        text_edit_op(scratch, p->at_new, 0, ops_buf_str(&old)));
    p->at_old += count;
    return err;
}

static enum ops_err parts_insert(struct parts *p, struct ops_str text)
{
    struct ops_arena *scratch = &p->doc->client->scratch;
    enum ops_err err = OPS_OK;

    while (err == OPS_OK && text.len > 0) {
        struct ops_text_component step[2]; /* the longest way to say where, and the text */
        struct ops_text_op trial = {step, 2};
        size_t len = text.len, units;

        memset(step, 0, sizeof step);
        step[0].kind = OPS_TEXT_COMPONENT_RETAIN;
        step[1].kind = OPS_TEXT_COMPONENT_INSERT;
        for (;; len /= 2) {
            while (len < text.len && len > 0 && ((unsigned char)text.ptr[len] & 0xc0) == 0x80)
                len--;
            step[1].insert.text = ops_str_of(text.ptr, len);
            if (len <= 4 || op_bytes_bound(p->doc, &trial) <= p->doc->client->config.op_max_bytes)
                break;
        }
        if (len == 0)
            return OPS_ERR_RANGE; /* op_max_bytes is below one character */
        units = ops_utf16_length(text.ptr, len);
        err = parts_add(p, text_edit_op(scratch, p->at_new, 0, step[1].insert.text),
                        text_edit_op(scratch, p->at_new, units, ops_str_of(NULL, 0)));
        p->at_new += units;
        text = ops_str_of(text.ptr + len, text.len - len);
    }
    return err;
}

enum ops_err text_edit_in_parts(struct ops_doc *doc, const struct ops_text_op *op)
{
    struct parts p = {doc, NULL, NULL, 0, 0, 0};
    struct edit *edit;
    enum ops_err err = OPS_OK;
    size_t i;

    for (i = 0; err == OPS_OK && i < op->components_count; i++) {
        const struct ops_text_component *step = &op->components[i];

        if (step->kind == OPS_TEXT_COMPONENT_INSERT) {
            err = parts_insert(&p, step->insert.text);
        } else if (step->kind == OPS_TEXT_COMPONENT_DELETE) {
            err = parts_delete(&p, (size_t)step->delete_.count);
        } else {
            p.at_old += (size_t)step->retain.count;
            p.at_new += (size_t)step->retain.count;
        }
    }
    if (err == OPS_OK)
        err = doc_apply(doc, doc->local, op);
    while ((edit = p.first) != NULL) {
        p.first = edit->next;
        edit->next = NULL;
        if (err == OPS_OK)
            edit_append(doc, edit);
        else
            edit_drop(doc, edit);
    }
    return err;
}

/* ---- what the program does -------------------------------------------------------------------------------------------------------- */

enum ops_err ops_doc_text_replace(struct ops_doc *doc, size_t offset_utf16, size_t count_utf16, struct ops_str text)
{
    struct ops_client *client = doc->client;
    const struct ops_text_op *op;
    const void *inverse;
    enum ops_err err;
    size_t length, units;

    if (!client_begin(client) || doc->leaving || !doc_is_text(doc))
        return OPS_ERR_RANGE;
    if (doc->local == NULL)
        return OPS_ERR_NOMEM;
    length = text_length(doc->local);
    if (offset_utf16 > length || count_utf16 > length - offset_utf16 || !text_is_boundary(doc->local, offset_utf16) ||
        !text_is_boundary(doc->local, offset_utf16 + count_utf16))
        return OPS_ERR_RANGE;
    if (text.len > 0 && ops_utf8_valid_prefix(text.ptr, text.len) != text.len)
        return OPS_ERR_SYNTAX;
    if (count_utf16 == 0 && text.len == 0)
        return OPS_OK;
    op = text_edit_op(&client->scratch, offset_utf16, count_utf16, text);
    if (op == NULL)
        return OPS_ERR_NOMEM;
    err = op_fits(doc, op);
    units = text.len > 0 ? ops_utf16_length(text.ptr, text.len) : 0;
    if (err == OPS_OK)
        err = doc->engine->invert(doc->local, op, &client->scratch, &inverse);
    if (err == OPS_OK)
        err = text_edit(doc, op, inverse);
    if (err != OPS_OK) {
        if (doc->torn)
            doc_break(doc);
        return err;
    }
    doc->shown_utf16 = length - count_utf16 + units;
    doc_cursors_carry(doc, op, true);
    history_text_edited(doc, offset_utf16, count_utf16, units, inverse);
    client_tell_status(client);
    return OPS_OK;
}

enum ops_err ops_doc_text_insert(struct ops_doc *doc, size_t offset_utf16, struct ops_str text)
{
    return ops_doc_text_replace(doc, offset_utf16, 0, text);
}

enum ops_err ops_doc_text_delete(struct ops_doc *doc, size_t offset_utf16, size_t count_utf16)
{
    return ops_doc_text_replace(doc, offset_utf16, count_utf16, ops_str_of(NULL, 0));
}

size_t ops_doc_text_length(const struct ops_doc *doc)
{
    return doc_is_text(doc) ? doc->local != NULL ? text_length(doc->local) : 0 : 0;
}

enum ops_err ops_doc_text_range(const struct ops_doc *doc, size_t offset_utf16, size_t count_utf16, struct ops_buf *out)
{
    size_t length = ops_doc_text_length(doc), end;

    if (doc->local == NULL || !doc_is_text(doc))
        return doc_is_text(doc) ? OPS_ERR_NOMEM : OPS_ERR_RANGE;
    if (offset_utf16 > length)
        offset_utf16 = length;
    end = count_utf16 < length - offset_utf16 ? offset_utf16 + count_utf16 : length;
    if (!text_is_boundary(doc->local, offset_utf16))
        offset_utf16--;
    if (!text_is_boundary(doc->local, end))
        end--;
    return text_read(doc->local, offset_utf16, end - offset_utf16, out);
}
