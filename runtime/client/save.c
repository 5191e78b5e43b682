/* Over a restart of the program: schema/opstream.proto, SavedClient.
 *
 * A negative revision is the positive one of a text that was just loaded anew: the ops up to it are still to be looked through for the
 * edits' ids (struct ops_doc, doubt_since), here from the first op on. */
#include "session.h"

enum { SAVED_VERSION = 1 };

static enum ops_err save_op(const struct ops_doc *doc, const struct kept *kept, struct ops_arena *arena, struct ops_str *json)
{
    struct ops_buf buf;
    enum ops_err err;

    if (kept->piece == NULL)
        return OPS_OK;
    ops_buf_init(&buf, arena);
    err = ops_json_encode(doc->engine->op_type, &ops_style_v1_plus, kept_op(kept), &buf);
    *json = ops_buf_str(&buf);
    return err;
}

static enum ops_err save_edits(const struct ops_doc *doc, struct ops_arena *arena, struct ops_saved_document *saved)
{
    struct ops_saved_edit *edits = (struct ops_saved_edit *)ops_arena_zalloc(arena, (doc->edit_count + 1) * sizeof *edits);
    const struct edit *edit;
    enum ops_err err = edits != NULL ? OPS_OK : OPS_ERR_NOMEM;
    size_t n = 0;

    for (edit = doc->edits; err == OPS_OK && edit != NULL; edit = edit->next) {
        err = save_op(doc, &edit->op, arena, &edits[n].payload);
        if (err == OPS_OK)
            err = save_op(doc, &edit->inverse, arena, &edits[n].inverse);
        edits[n].op_id = ops_str_of(edit->id, sizeof edit->id);
        edits[n++].sent = edit->sent;
    }
    saved->edits = edits;
    saved->edits_count = n;
    return err;
}

static enum ops_err save_document(const struct ops_doc *doc, struct ops_arena *arena, struct ops_saved_document *saved)
{
    const void *state = doc->confirmed != NULL ? doc->confirmed : doc->local;
    struct ops_buf snapshot;
    enum ops_err err = OPS_OK;

    saved->document_id = doc->id;
    saved->document_type = doc->engine->document_type;
    saved->revision = doc->doubt_since > 0 ? -doc->revision : doc->revision;
    if (state != NULL) { /* else it is loaded anew by the next run too */
        ops_buf_init(&snapshot, arena);
        err = doc->engine->snapshot(state, &ops_style_v1_plus, &snapshot);
        saved->snapshot = ops_buf_str(&snapshot);
    }
    return err == OPS_OK ? save_edits(doc, arena, saved) : err;
}

enum ops_err ops_client_save(const struct ops_client *client, struct ops_buf *out)
{
    struct ops_saved_client saved;
    struct ops_saved_document *documents;
    const struct ops_doc *doc;
    enum ops_err err = OPS_OK;

    memset(&saved, 0, sizeof saved);
    documents = (struct ops_saved_document *)ops_arena_zalloc(out->arena, (client->doc_count + 1) * sizeof *documents);
    if (documents == NULL)
        return OPS_ERR_NOMEM;
    saved.version = SAVED_VERSION;
    saved.author = client->author;
    saved.highest_stamp = client->highest_stamp;
    saved.documents = documents;
    for (doc = ops_client_next(client, NULL); err == OPS_OK && doc != NULL; doc = ops_client_next(client, doc))
        err = save_document(doc, out->arena, &documents[saved.documents_count++]);
    return err == OPS_OK ? ops_saved_client_proto_encode(&saved, out) : err;
}

/* ---- loading ---------------------------------------------------------------------------------------------------------------- */

static enum ops_err load_op(struct ops_doc *doc, struct ops_str json, struct kept *kept)
{
    static const struct ops_op_rules rules = {false, false, 0, INT64_MAX};
    struct ops_arena *scratch = &doc->client->scratch;
    void *op = ops_arena_zalloc(scratch, doc->engine->op_type->size);
    struct ops_refusal refusal;
    enum ops_err err;

    if (op == NULL)
        return OPS_ERR_NOMEM;
    err = ops_json_decode(doc->engine->op_type, &ops_style_v1_plus, json.ptr != NULL ? json : OPS_STR(""), scratch, op, NULL);
    if (err == OPS_OK && !doc->engine->is_sound(op, &rules, &refusal))
        err = OPS_ERR_SYNTAX;
    return err == OPS_OK ? kept_make(doc, op, kept) : err;
}

static enum ops_err load_edit(struct ops_doc *doc, const struct ops_saved_edit *saved)
{
    enum ops_err err = edits_have_room(doc);
    struct edit *edit;

    if (err != OPS_OK)
        return err;
    if (saved->op_id.len != CLIENT_OP_ID_CHARS)
        return OPS_ERR_SYNTAX;
    edit = edit_new(doc);
    if (edit == NULL)
        return OPS_ERR_NOMEM;
    memcpy(edit->id, saved->op_id.ptr, sizeof edit->id);
    edit->sent = saved->sent;
    edit->may_differ = true;
    err = load_op(doc, saved->payload, &edit->op);
    if (err == OPS_OK && doc_is_text(doc))
        err = load_op(doc, saved->inverse, &edit->inverse);
    if (err == OPS_OK)
        edit_append(doc, edit);
    else
        edit_drop(doc, edit);
    return err;
}

static enum ops_err load_state(struct ops_doc *doc, struct ops_str snapshot)
{
    enum ops_err err;

    if (snapshot.ptr == NULL) {
        doc->engine->close(doc->local);
        doc->local = NULL;
        doc->load_anew = true;
        return OPS_OK;
    }
    err = doc->engine->load(doc->local, &ops_style_v1_plus, snapshot, &doc->client->scratch, NULL);
    if (err == OPS_OK && doc_is_text(doc))
        doc->shown_utf16 = text_length(doc->local);
    if (err == OPS_OK && !doc_is_text(doc)) {
        json_stamp_seen(doc->client, json_highest_stamp(doc->local));
        if (doc->edits != NULL) {
            doc->confirmed = doc->local;
            doc->local = NULL;
            err = json_rebuild(doc);
        }
    }
    return err;
}

static enum ops_err load_document(struct ops_client *client, const struct ops_saved_document *saved)
{
    const struct ops_engine *engine = ops_engine_find(saved->document_type);
    struct ops_doc *doc;
    enum ops_err err;
    size_t i;

    if (client->doc_count >= client->config.documents_max)
        return OPS_ERR_RANGE;
    if ((engine != &ops_text_engine && engine != &ops_json_engine) || saved->document_id.len == 0 || saved->revision <= -INT64_MAX || saved->revision == INT64_MAX ||
        ops_client_find(client, saved->document_id) != NULL)
        return OPS_ERR_SYNTAX;
    err = doc_open(client, saved->document_id, engine, &doc);
    if (err != OPS_OK)
        return err;
    doc->revision = saved->revision < 0 ? -saved->revision : saved->revision;
    doc->doubt_since = saved->revision < 0 && engine == &ops_text_engine;
    for (i = 0; err == OPS_OK && i < saved->edits_count; i++)
        err = load_edit(doc, &saved->edits[i]);
    return err == OPS_OK ? load_state(doc, saved->snapshot) : err;
}

enum ops_err ops_client_load(struct ops_client *client, struct ops_str bytes)
{
    struct ops_saved_client saved;
    struct ops_arena_mark before;
    struct ops_str author;
    enum ops_err err;
    size_t i;

    if (!client_begin(client) || client->docs != NULL)
        return OPS_ERR_RANGE;
    err = ops_saved_client_proto_decode(bytes, &client->scratch, &saved, NULL);
    if (err != OPS_OK)
        return err;
    if (saved.version != SAVED_VERSION || saved.author.ptr == NULL)
        return OPS_ERR_SYNTAX;
    if (!client_keep(client, saved.author, &author))
        return OPS_ERR_NOMEM;
    client_forget(client, &client->author);
    client->author = author;
    client->highest_stamp = saved.highest_stamp;
    before = ops_arena_here(&client->scratch);
    for (i = 0; err == OPS_OK && i < saved.documents_count; i++) {
        err = load_document(client, &saved.documents[i]);
        ops_arena_rewind(&client->scratch, before);
    }
    client_tell_status(client);
    return err;
}
