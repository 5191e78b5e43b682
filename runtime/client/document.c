/* Documents: opened, left, offline, broken. What the program asks about them. */
#include "session.h"

bool doc_is_text(const struct ops_doc *doc)
{
    return doc->engine == &ops_text_engine;
}

enum ops_err doc_open(struct ops_client *client, struct ops_str id, const struct ops_engine *engine, struct ops_doc **out)
{
    struct ops_doc *doc = (struct ops_doc *)ops_pool_zalloc(&client->pool, sizeof *doc);

    if (doc == NULL)
        return OPS_ERR_NOMEM;
    doc->client = client;
    doc->engine = engine;
    doc->local = engine->open(&client->pool);
    if (doc->local == NULL || !client_keep(client, id, &doc->id)) {
        if (doc->local != NULL)
            engine->close(doc->local);
        ops_pool_free(&client->pool, doc, sizeof *doc);
        return OPS_ERR_NOMEM;
    }
    if (client->last_doc != NULL)
        client->last_doc->next = doc;
    else
        client->docs = doc;
    client->last_doc = doc;
    client->doc_count++;
    *out = doc;
    return OPS_OK;
}

static void doc_close_states(struct ops_doc *doc)
{
    if (doc->local != NULL)
        doc->engine->close(doc->local);
    if (doc->confirmed != NULL)
        doc->engine->close(doc->confirmed);
    doc->local = doc->confirmed = NULL;
}

void doc_end(struct ops_doc *doc)
{
    struct ops_client *client = doc->client;
    struct ops_doc **link = &client->docs, *before = NULL;

    while (*link != doc) {
        before = *link;
        link = &before->next;
    }
    *link = doc->next;
    if (client->last_doc == doc)
        client->last_doc = before;
    while (doc->edits != NULL)
        edit_drop(doc, edit_take_first(doc));
    history_end(doc);
    doc_close_states(doc);
    doc_peers_end(doc);
    ops_pool_free(&client->pool, doc->cursors, doc->cursor_room * sizeof *doc->cursors);
    client_forget(client, &doc->awareness);
    client_forget(client, &doc->id);
    ops_pool_free(&client->pool, doc, sizeof *doc);
}

enum ops_err doc_apply(struct ops_doc *doc, void *document, const void *op)
{
    enum ops_err err = doc->engine->apply(document, op, &doc->client->scratch);

    doc->torn = doc->torn || err != OPS_OK;
    return err;
}

void doc_break(struct ops_doc *doc)
{
    doc_close_states(doc);
    history_end(doc); /* what it holds was about a text that nobody has any more */
    doc->torn = false;
    client_tell_trouble(doc->client, OPS_STR("out of memory: a document is loaded anew"));
    doc_rejoin(doc, true);
}

void doc_rejoin(struct ops_doc *doc, bool anew)
{
    struct ops_client *client = doc->client;

    doc->load_anew = doc->load_anew || anew;
    if (doc->status == OPS_DOC_REFUSED)
        return;
    doc->status = OPS_DOC_OFFLINE;
    doc->noted = true;
    doc->join_request = 0;
    doc->join_at_ms = client->now_ms;
    if (doc->join_tries > 0)
        doc->join_at_ms += client_jitter(client, client->config.backoff_first_ms, doc->join_tries - 1);
    if (doc->join_tries < 64)
        doc->join_tries++;
}

void doc_offline(struct ops_doc *doc)
{
    if (doc->status != OPS_DOC_REFUSED) {
        doc->noted = doc->noted || doc->status != OPS_DOC_OFFLINE;
        doc->status = OPS_DOC_OFFLINE;
    }
    doc->join_request = 0;
    doc->join_at_ms = 0;
    doc->join_tries = 0;
    doc->flight_request = 0;
    doc->send_at_ms = 0;
    doc->awareness_sent_ms = 0;
    doc->awareness_changed = doc->awareness.ptr != NULL;
    doc_peers_clear(doc);
}

/* ---- what the program asks ------------------------------------------------------------------------------------------------- */

struct ops_doc *ops_client_find(const struct ops_client *client, struct ops_str document_id)
{
    struct ops_doc *doc;

    for (doc = client->docs; doc != NULL; doc = doc->next) {
        if (!doc->leaving && ops_str_equal(doc->id, document_id))
            return doc;
    }
    return NULL;
}

struct ops_doc *ops_client_next(const struct ops_client *client, const struct ops_doc *after)
{
    struct ops_doc *doc = after == NULL ? client->docs : after->next;

    while (doc != NULL && doc->leaving)
        doc = doc->next;
    return doc;
}

enum ops_err ops_client_join(struct ops_client *client, struct ops_str document_id, struct ops_str document_type,
                             struct ops_doc **out)
{
    const struct ops_engine *engine = ops_engine_find(document_type);
    struct ops_doc *doc = ops_client_find(client, document_id);

    if (!client_begin(client) || (engine != &ops_text_engine && engine != &ops_json_engine))
        return OPS_ERR_RANGE;
    if (doc != NULL) {
        if (doc->engine != engine)
            return OPS_ERR_RANGE;
        if (doc->status == OPS_DOC_REFUSED) {
            doc->status = OPS_DOC_OFFLINE;
            doc->join_at_ms = 0;
            doc->join_tries = 0;
        }
        *out = doc;
        return OPS_OK;
    }
    if (document_id.len == 0 || ops_utf8_valid_prefix(document_id.ptr, document_id.len) != document_id.len ||
        client->doc_count >= client->config.documents_max)
        return OPS_ERR_RANGE;
    return doc_open(client, document_id, engine, out);
}

void ops_client_leave(struct ops_client *client, struct ops_doc *doc)
{
    if (!client_begin(client))
        return;
    client->doc_count--;
    doc->leaving = true;
    if (client->state != OPS_CLIENT_ONLINE || doc->status == OPS_DOC_OFFLINE || doc->status == OPS_DOC_REFUSED)
        doc_end(doc);
}

struct ops_str ops_doc_id(const struct ops_doc *doc)
{
    return doc->id;
}

struct ops_str ops_doc_type(const struct ops_doc *doc)
{
    return doc->engine->document_type;
}

enum ops_doc_status ops_doc_status(const struct ops_doc *doc)
{
    return doc->status;
}

int64_t ops_doc_revision(const struct ops_doc *doc)
{
    return doc->revision;
}

size_t ops_doc_pending(const struct ops_doc *doc)
{
    return doc->edit_count;
}

void *ops_doc_user(const struct ops_doc *doc)
{
    return doc->user;
}

void ops_doc_user_set(struct ops_doc *doc, void *user)
{
    doc->user = user;
}

enum ops_err ops_doc_snapshot(const struct ops_doc *doc, struct ops_buf *out)
{
    return doc->local != NULL ? doc->engine->snapshot(doc->local, &ops_style_v1_plus, out) : OPS_ERR_NOMEM;
}
