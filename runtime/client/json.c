/* Json documents: last writer wins, so nothing is rebased.
 *
 * What the user sees is always the server's document with the waiting edits applied to it, in order, by the engine's own rules. The
 * server applies the same ops in its order; when all edits are acknowledged the two are the same document. An own write that is
 * applied early can decide a tie, or plant a tombstone, otherwise than it will when the server has put something before it: so
 * when a pushed op touches a path that is above, below or at one that waits, the view is made anew. Ops on unrelated paths
 * neither read nor write the same registers and commute, and are applied to both. */
#include "session.h"

struct ops_str json_path(const struct ops_json_op *op)
{
    return op->kind == OPS_JSON_OP_SET ? op->set.path : op->del.path;
}

static int64_t json_stamp(const struct ops_json_op *op)
{
    return op->kind == OPS_JSON_OP_SET ? op->set.timestamp : op->del.timestamp;
}

bool json_is_at_or_above(struct ops_str above, struct ops_str path)
{
    if (path.len < above.len || (above.len > 0 && memcmp(above.ptr, path.ptr, above.len) != 0))
        return false;
    return path.len == above.len || path.ptr[above.len] == '.';
}

static bool json_paths_related(struct ops_str a, struct ops_str b)
{
    return json_is_at_or_above(a, b) || json_is_at_or_above(b, a);
}

static bool batches_related(const struct ops_json_op_batch *a, const struct ops_json_op_batch *b)
{
    size_t i, j;

    for (i = 0; i < a->operations_count; i++) {
        for (j = 0; j < b->operations_count; j++) {
            if (json_paths_related(json_path(&a->operations[i]), json_path(&b->operations[j])))
                return true;
        }
    }
    return false;
}

/* ---- stamps ---------------------------------------------------------------------------------------------------------------- */

void json_stamp_seen(struct ops_client *client, int64_t stamp)
{
    if (stamp > client->highest_stamp)
        client->highest_stamp = stamp;
}

int64_t json_stamp_next(const struct ops_client *client)
{
    int64_t above = client->highest_stamp < INT64_MAX ? client->highest_stamp + 1 : INT64_MAX;

    return client->wall_ms > above ? client->wall_ms : above;
}

void json_stamps_of_op(struct ops_client *client, const struct ops_json_op_batch *op)
{
    size_t i;

    for (i = 0; i < op->operations_count; i++)
        json_stamp_seen(client, json_stamp(&op->operations[i]));
}

/* ---- two documents --------------------------------------------------------------------------------------------------------- */

static enum ops_err json_load(struct ops_doc *doc, struct ops_str snapshot, void **document)
{
    void *loaded = doc->engine->open(&doc->client->pool);
    enum ops_err err;

    if (loaded == NULL)
        return OPS_ERR_NOMEM;
    err = doc->engine->load(loaded, &ops_style_v1_plus, snapshot, &doc->client->scratch, NULL);
    if (err == OPS_OK)
        *document = loaded;
    else
        doc->engine->close(loaded);
    return err;
}

static enum ops_err json_copy(struct ops_doc *doc, const void *from, void **document)
{
    struct ops_buf snapshot;
    enum ops_err err;

    ops_buf_init(&snapshot, &doc->client->scratch);
    err = doc->engine->snapshot(from, &ops_style_v1_plus, &snapshot);
    return err == OPS_OK ? json_load(doc, ops_buf_str(&snapshot), document) : err;
}

enum ops_err json_rebuild(struct ops_doc *doc)
{
    struct edit *edit;
    void *view;
    enum ops_err err = json_copy(doc, doc->confirmed, &view);

    if (err != OPS_OK)
        return err;
    for (edit = doc->edits; err == OPS_OK && edit != NULL; edit = edit->next)
        err = doc->engine->apply(view, kept_op(&edit->op), &doc->client->scratch);
    if (err != OPS_OK) {
        doc->engine->close(view);
        return err;
    }
    if (doc->local != NULL)
        doc->engine->close(doc->local);
    doc->local = view;
    return OPS_OK;
}

enum ops_err json_receive(struct ops_doc *doc, const struct ops_json_op_batch *op)
{
    const struct edit *edit;
    bool related = false;
    enum ops_err err;

    json_stamps_of_op(doc->client, op);
    if (doc->confirmed == NULL)
        return doc_apply(doc, doc->local, op);
    err = doc_apply(doc, doc->confirmed, op);
    for (edit = doc->edits; edit != NULL && !related; edit = edit->next)
        related = batches_related(op, (const struct ops_json_op_batch *)kept_op(&edit->op));
    if (err != OPS_OK)
        return err;
    return related ? json_rebuild(doc) : doc_apply(doc, doc->local, op);
}

enum ops_err json_confirm(struct ops_doc *doc, const struct edit *edit)
{
    return doc_apply(doc, doc->confirmed, kept_op(&edit->op));
}

enum ops_err json_reload(struct ops_doc *doc, struct ops_str snapshot)
{
    bool edited = doc->confirmed != NULL || doc->edits != NULL;
    void *loaded;
    enum ops_err err = json_load(doc, snapshot, &loaded);

    if (err != OPS_OK)
        return err;
    json_stamp_seen(doc->client, json_highest_stamp(loaded));
    if (doc->confirmed != NULL)
        doc->engine->close(doc->confirmed);
    doc->confirmed = edited ? loaded : NULL;
    if (edited)
        return json_rebuild(doc);
    if (doc->local != NULL)
        doc->engine->close(doc->local);
    doc->local = loaded;
    return OPS_OK;
}

/* ---- local edits ------------------------------------------------------------------------------------------------------------ */

/* The last edit's writes and this one, when it may still grow: in place of an earlier write to the same path, else behind those
 * it has nothing to do with (a batch with a path and one below it is not the same as two ops). NULL: no. */
static const struct ops_json_op_batch *batch_with(struct ops_doc *doc, const struct ops_json_op *op)
{
    struct ops_arena *scratch = &doc->client->scratch;
    const struct ops_json_op_batch *old;
    struct ops_json_op_batch *batch;
    struct ops_json_op *list;
    size_t i, n = 0;

    if (!edit_is_open(doc, doc->last))
        return NULL;
    old = (const struct ops_json_op_batch *)kept_op(&doc->last->op);
    if (old->operations_count >= CLIENT_JSON_BATCH_MAX)
        return NULL;
    batch = (struct ops_json_op_batch *)ops_arena_zalloc(scratch, sizeof *batch);
    list = (struct ops_json_op *)ops_arena_array(scratch, old->operations_count + 1, sizeof *list);
    if (batch == NULL || list == NULL)
        return NULL;
    for (i = 0; i < old->operations_count; i++) {
        struct ops_str path = json_path(&old->operations[i]);

        if (ops_str_equal(path, json_path(op)))
            continue;
        if (json_paths_related(path, json_path(op)))
            return NULL;
        list[n++] = old->operations[i];
    }
    list[n++] = *op;
    batch->operations = list;
    batch->operations_count = n;
    return op_bytes_bound(doc, batch) <= doc->client->config.op_max_bytes ? batch : NULL;
}

static enum ops_err json_write(struct ops_doc *doc, const struct ops_json_op *op)
{
    struct ops_json_op_batch alone = {op, 1};
    const struct ops_json_op_batch *batch = batch_with(doc, op);
    struct kept kept = {NULL, 0};
    struct edit *edit = batch != NULL ? doc->last : NULL;
    enum ops_err err = OPS_OK;

    if (edit == NULL) {
        err = edits_have_room(doc);
        if (err == OPS_OK)
            err = op_fits(doc, &alone);
    }
    if (err == OPS_OK)
        err = kept_make(doc, batch != NULL ? batch : &alone, &kept);
    if (err == OPS_OK && edit == NULL) {
        edit = edit_new(doc);
        err = edit != NULL ? OPS_OK : OPS_ERR_NOMEM;
    }
    if (err == OPS_OK)
        err = doc_apply(doc, doc->local, &alone);
    if (err != OPS_OK) {
        kept_drop(doc->client, &kept);
        if (edit != NULL && edit != doc->last)
            edit_drop(doc, edit);
        return err;
    }
    kept_drop(doc->client, &edit->op);
    edit->op = kept;
    if (edit != doc->last)
        edit_append(doc, edit);
    return OPS_OK;
}

/* `value` absent: a deletion. */
void json_op_make(struct ops_doc *doc, struct ops_json_op *op, struct ops_str path, struct ops_str value, int64_t stamp)
{
    memset(op, 0, sizeof *op);
    if (value.ptr != NULL) {
        op->kind = OPS_JSON_OP_SET;
        op->set.path = path;
        op->set.value = value;
        op->set.timestamp = stamp;
        op->set.peer_id = doc->client->author;
    } else {
        op->kind = OPS_JSON_OP_DEL;
        op->del.path = path;
        op->del.timestamp = stamp;
        op->del.peer_id = doc->client->author;
    }
}

static enum ops_err json_edit(struct ops_doc *doc, struct ops_json_op *op)
{
    struct ops_client *client = doc->client;
    struct ops_str path = json_path(op);
    struct before *before;
    enum ops_err err = OPS_OK;
    int64_t stamp;

    if (doc->leaving || doc_is_text(doc) || path.ptr == NULL)
        return OPS_ERR_RANGE;
    if (ops_utf8_valid_prefix(path.ptr, path.len) != path.len)
        return OPS_ERR_SYNTAX;
    if (doc->local == NULL)
        return OPS_ERR_NOMEM;
    stamp = json_stamp_next(client);
    json_op_make(doc, op, path, op->kind == OPS_JSON_OP_SET ? op->set.value : ops_str_of(NULL, 0), stamp);
    before = history_json_before(doc, path);
    if (doc->confirmed == NULL)
        err = json_copy(doc, doc->local, &doc->confirmed);
    if (err == OPS_OK)
        err = json_write(doc, op);
    if (err == OPS_OK) {
        json_stamp_seen(client, stamp);
        history_json_edited(doc, before);
    }
    if (doc->torn)
        doc_break(doc);
    client_tell_status(client);
    return err;
}

/* ---- writes too many for one op -------------------------------------------------------------------------------------------------- */

/* The next writes, from `*at` on, as one op at the end of the list. */
static enum ops_err part_add(struct ops_doc *doc, const struct ops_json_op_batch *all, size_t *at, struct edit ***end)
{
    struct ops_json_op_batch part = {all->operations + *at, 1};
    struct edit *edit;
    enum ops_err err = op_fits(doc, &part);

    while (err == OPS_OK && part.operations_count < CLIENT_JSON_BATCH_MAX && *at + part.operations_count < all->operations_count) {
        part.operations_count++;
        if (op_bytes_bound(doc, &part) > doc->client->config.op_max_bytes) {
            part.operations_count--;
            break;
        }
    }
    if (err != OPS_OK)
        return err;
    edit = edit_new(doc);
    if (edit == NULL)
        return OPS_ERR_NOMEM;
    **end = edit;
    *end = &edit->next;
    *at += part.operations_count;
    return kept_make(doc, &part, &edit->op);
}

enum ops_err json_edit_in_parts(struct ops_doc *doc, const struct ops_json_op_batch *all)
{
    struct edit *first = NULL, **end = &first, *edit;
    size_t at = 0, count = 0;
    enum ops_err err = OPS_OK;

    while (err == OPS_OK && at < all->operations_count) {
        err = doc->edit_count + count++ < doc->client->config.pending_max ? part_add(doc, all, &at, &end) : OPS_ERR_RANGE;
    }
    for (edit = first; err == OPS_OK && edit != NULL; edit = edit->next)
        err = doc_apply(doc, doc->local, kept_op(&edit->op));
    while ((edit = first) != NULL) {
        first = edit->next;
        edit->next = NULL;
        if (err == OPS_OK)
            edit_append(doc, edit);
        else
            edit_drop(doc, edit);
    }
    return err;
}

/* ---- what the program does ------------------------------------------------------------------------------------------------------- */

enum ops_err ops_doc_json_set(struct ops_doc *doc, struct ops_str path, struct ops_str value)
{
    struct ops_json_op op;
    struct ops_json_scan scan;

    if (!client_begin(doc->client))
        return OPS_ERR_RANGE;
    if (value.ptr == NULL)
        return OPS_ERR_SYNTAX;
    memset(&scan, 0, sizeof scan);
    scan.at = scan.begin = value.ptr;
    scan.end = value.ptr + value.len;
    ops_json_skip_space(&scan);
    value.ptr = scan.at; /* opaque values are kept from their first byte to their last */
    if (!ops_json_skip_value(&scan, ops_style_v1_plus.opaque_depth_limit))
        return OPS_ERR_SYNTAX;
    value.len = (size_t)(scan.at - value.ptr);
    ops_json_skip_space(&scan);
    if (scan.at != scan.end)
        return OPS_ERR_SYNTAX;
    memset(&op, 0, sizeof op);
    op.kind = OPS_JSON_OP_SET;
    op.set.path = path;
    op.set.value = value;
    return json_edit(doc, &op);
}

enum ops_err ops_doc_json_del(struct ops_doc *doc, struct ops_str path)
{
    struct ops_json_op op;

    if (!client_begin(doc->client))
        return OPS_ERR_RANGE;
    memset(&op, 0, sizeof op);
    op.kind = OPS_JSON_OP_DEL;
    op.del.path = path;
    return json_edit(doc, &op);
}

struct ops_str ops_doc_json_get(const struct ops_doc *doc, struct ops_str path)
{
    if (doc_is_text(doc) || doc->local == NULL)
        return ops_str_of(NULL, 0);
    return json_read(doc->local, path);
}

enum ops_err ops_doc_json_each(const struct ops_doc *doc, void (*each)(void *self, struct ops_str path, struct ops_str value),
                               void *self)
{
    struct ops_arena *scratch = &doc->client->scratch;
    struct ops_arena_mark before = ops_arena_here(scratch);
    enum ops_err err;

    if (doc_is_text(doc) || doc->local == NULL)
        return doc_is_text(doc) ? OPS_ERR_RANGE : OPS_ERR_NOMEM;
    err = json_list(doc->local, scratch, each, self);
    ops_arena_rewind(scratch, before);
    return err;
}
