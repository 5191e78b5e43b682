/* Telling the program. While it is told, it may read and nothing else. */
#include "session.h"

void client_tell_status(struct ops_client *client)
{
    struct ops_doc *doc;

    for (doc = client->docs; doc != NULL; doc = doc->next) {
        if (!doc->noted && doc->history.undoable_told == ops_doc_undoable(doc) && doc->history.redoable_told == ops_doc_redoable(doc))
            continue;
        doc->noted = false;
        doc->history.undoable_told = ops_doc_undoable(doc);
        doc->history.redoable_told = ops_doc_redoable(doc);
        if (client->config.events.status == NULL || doc->leaving)
            continue;
        client->calling = true;
        client->config.events.status(client->config.events.self, doc, doc->status);
        client->calling = false;
    }
}

void client_tell_refused(struct ops_client *client, struct ops_doc *doc, const struct ops_refused *refused)
{
    if (client->config.events.refused == NULL)
        return;
    client->calling = true;
    client->config.events.refused(client->config.events.self, doc, refused);
    client->calling = false;
}

void client_tell_trouble(struct ops_client *client, struct ops_str what)
{
    if (client->config.events.trouble == NULL)
        return;
    client->calling = true;
    client->config.events.trouble(client->config.events.self, what);
    client->calling = false;
}

void doc_tell_patch(struct ops_doc *doc, size_t position, size_t deleted, struct ops_str inserted, enum ops_origin origin)
{
    const struct ops_client_events *events = &doc->client->config.events;
    struct ops_patch patch;

    if (events->patch == NULL || (deleted == 0 && inserted.len == 0))
        return;
    memset(&patch, 0, sizeof patch);
    patch.position_utf16 = position;
    patch.deleted_utf16 = deleted;
    patch.inserted = inserted.ptr != NULL ? inserted : OPS_STR("");
    patch.inserted_utf16 = ops_utf16_length(patch.inserted.ptr, patch.inserted.len);
    patch.revision = doc->revision;
    patch.origin = origin;
    doc->client->calling = true;
    events->patch(events->self, doc, &patch);
    doc->client->calling = false;
}

/* A patch is told when the next step cannot be part of it: a deletion takes the insertion beside it along. */
void doc_tell_patches(struct ops_doc *doc, const struct ops_text_op *op, enum ops_origin origin)
{
    size_t position = 0, deleted = 0, i;
    struct ops_str inserted = ops_str_of(NULL, 0);

    for (i = 0; i < op->components_count; i++) {
        const struct ops_text_component *step = &op->components[i];

        if (step->kind == OPS_TEXT_COMPONENT_DELETE) {
            deleted += (size_t)step->delete_.count;
            continue;
        }
        if (step->kind == OPS_TEXT_COMPONENT_INSERT && inserted.len == 0) {
            inserted = step->insert.text;
            continue;
        }
        doc_tell_patch(doc, position, deleted, inserted, origin);
        position += inserted.len > 0 ? ops_utf16_length(inserted.ptr, inserted.len) : 0;
        deleted = 0;
        inserted = ops_str_of(NULL, 0);
        if (step->kind == OPS_TEXT_COMPONENT_RETAIN)
            position += (size_t)step->retain.count;
        else
            inserted = step->insert.text;
    }
    doc_tell_patch(doc, position, deleted, inserted, origin);
}

void doc_tell_changed(struct ops_doc *doc, struct ops_str path, enum ops_origin origin)
{
    const struct ops_client_events *events = &doc->client->config.events;

    if (events->changed == NULL)
        return;
    doc->client->calling = true;
    events->changed(events->self, doc, path, origin);
    doc->client->calling = false;
}

void doc_tell_changed_op(struct ops_doc *doc, const void *op, enum ops_origin origin)
{
    const struct ops_json_op_batch *batch = (const struct ops_json_op_batch *)op;
    size_t i;

    for (i = 0; i < batch->operations_count; i++)
        doc_tell_changed(doc, json_path(&batch->operations[i]), origin);
}

void doc_tell_peer(struct ops_doc *doc, enum ops_peer_change change, const struct peer *peer)
{
    const struct ops_client_events *events = &doc->client->config.events;

    if (events->peer == NULL)
        return;
    doc->client->calling = true;
    events->peer(events->self, doc, change, peer->id, change == OPS_PEER_LEFT ? ops_str_of(NULL, 0) : peer->data);
    doc->client->calling = false;
}
