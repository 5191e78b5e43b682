/* What waits for the server: the list of edits, and ops kept beyond a message. */
#include "session.h"

static size_t rounded(size_t bytes)
{
    return (bytes + (OPS_ARENA_ALIGN - 1)) & ~(size_t)(OPS_ARENA_ALIGN - 1);
}

/* Copied twice: into the scratch memory to see how big it is, then into a piece of just that size. */
enum ops_err kept_make(struct ops_doc *doc, const void *op, struct kept *kept)
{
    struct ops_client *client = doc->client;
    const struct ops_message *type = doc->engine->op_type;
    struct ops_arena_mark before = ops_arena_here(&client->scratch);
    struct ops_arena arena;
    void *trial = ops_arena_alloc(&client->scratch, type->size);
    size_t start_bytes = client->scratch.used_bytes, bytes;
    bool copied = trial != NULL && ops_message_copy(type, op, &client->scratch, trial);
    char *piece;

    bytes = rounded(type->size) + (client->scratch.used_bytes - start_bytes);
    ops_arena_rewind(&client->scratch, before);
    if (!copied)
        return OPS_ERR_NOMEM;
    piece = (char *)ops_pool_alloc(&client->pool, bytes);
    if (piece == NULL)
        return OPS_ERR_NOMEM;
    ops_arena_init(&arena, piece + rounded(type->size), bytes - rounded(type->size), bytes, NULL);
    if (!ops_message_copy(type, op, &arena, piece)) { /* cannot be: it has just been measured */
        ops_pool_free(&client->pool, piece, bytes);
        return OPS_ERR_NOMEM;
    }
    kept->piece = piece;
    kept->bytes = bytes;
    return OPS_OK;
}

void kept_drop(struct ops_client *client, struct kept *kept)
{
    ops_pool_free(&client->pool, kept->piece, kept->bytes);
    kept->piece = NULL;
    kept->bytes = 0;
}

struct edit *edit_new(struct ops_doc *doc)
{
    struct edit *edit = (struct edit *)ops_pool_zalloc(&doc->client->pool, sizeof *edit);

    if (edit == NULL)
        return NULL;
    client_random_id(doc->client, edit->id);
    return edit;
}

void edit_drop(struct ops_doc *doc, struct edit *edit)
{
    kept_drop(doc->client, &edit->op);
    kept_drop(doc->client, &edit->inverse);
    ops_pool_free(&doc->client->pool, edit, sizeof *edit);
}

void edit_append(struct ops_doc *doc, struct edit *edit)
{
    if (doc->last != NULL)
        doc->last->next = edit;
    else
        doc->edits = edit;
    doc->last = edit;
    doc->edit_count++;
    doc->noted = true;
}

struct edit *edit_take_first(struct ops_doc *doc)
{
    struct edit *edit = doc->edits;

    doc->edits = edit->next;
    if (doc->edits == NULL)
        doc->last = NULL;
    doc->edit_count--;
    doc->flight_request = 0;
    doc->flight_revision = 0;
    doc->send_tries = 0;
    doc->send_at_ms = 0;
    doc->noted = true;
    return edit;
}

void edit_remove(struct ops_doc *doc, struct edit *edit)
{
    struct edit *before;

    if (edit == doc->edits) {
        edit_drop(doc, edit_take_first(doc));
        return;
    }
    for (before = doc->edits; before->next != edit;)
        before = before->next;
    before->next = edit->next;
    if (doc->last == edit)
        doc->last = before;
    doc->edit_count--;
    doc->noted = true;
    edit_drop(doc, edit);
}

bool first_may_differ(const struct ops_doc *doc)
{
    return doc->edits != NULL && doc->edits->may_differ;
}

bool edit_is_open(const struct ops_doc *doc, const struct edit *edit)
{
    return edit != NULL && edit == doc->last && !edit->sent && !edit->may_differ;
}

enum ops_err edits_have_room(const struct ops_doc *doc)
{
    return doc->edit_count < doc->client->config.pending_max ? OPS_OK : OPS_ERR_RANGE;
}

/* A step without its text: {"type":"retain","count":2147483647}, and a json operation with its stamp and author. */
enum { STEP_BYTES = 128 };

size_t op_bytes_bound(const struct ops_doc *doc, const void *op)
{
    size_t bytes = STEP_BYTES, i;

    if (doc_is_text(doc)) {
        const struct ops_text_op *text = (const struct ops_text_op *)op;

        for (i = 0; i < text->components_count; i++) {
            bytes += STEP_BYTES;
            if (text->components[i].kind == OPS_TEXT_COMPONENT_INSERT)
                bytes += ops_json_escape_bound(text->components[i].insert.text.len);
        }
    } else {
        const struct ops_json_op_batch *batch = (const struct ops_json_op_batch *)op;

        for (i = 0; i < batch->operations_count; i++) {
            const struct ops_json_op *one = &batch->operations[i];

            bytes += STEP_BYTES + ops_json_escape_bound(json_path(one).len) + ops_json_escape_bound(doc->client->author.len);
            bytes += one->kind == OPS_JSON_OP_SET ? one->set.value.len : 0;
        }
    }
    return bytes;
}

enum ops_err op_fits(struct ops_doc *doc, const void *op)
{
    struct ops_arena_mark before;
    struct ops_buf buf;
    enum ops_err err;

    if (op_bytes_bound(doc, op) <= doc->client->config.op_max_bytes)
        return OPS_OK;
    before = ops_arena_here(&doc->client->scratch);
    ops_buf_init(&buf, &doc->client->scratch);
    err = ops_json_encode(doc->engine->op_type, &ops_style_v1_plus, op, &buf);
    if (err == OPS_OK && buf.len > doc->client->config.op_max_bytes)
        err = OPS_ERR_RANGE;
    ops_arena_rewind(&doc->client->scratch, before);
    return err;
}
