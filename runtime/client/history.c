/* Undo: what this client has changed, newest first, and what takes it back.
 *
 * Two stacks of changes, one to be undone and one to be redone. Taking a change from one is a local edit, and what takes that back goes
 * on the other. What a change is, and how what others do meets it, is the document type's (history_text.c, history_json.c).
 *
 * Nothing here may make an edit fail: where there is no memory for it, the history ends. */
#include "session.h"

bool history_is_kept(const struct ops_doc *doc)
{
    return doc->client->config.undo_max > 0;
}

static struct groups *groups_of(struct ops_doc *doc, const struct group *group)
{
    struct history *h = &doc->history;

    return group == h->undo.oldest ? &h->undo : &h->redo;
}

struct group *group_push(struct ops_doc *doc, struct groups *groups)
{
    struct group *group = (struct group *)ops_pool_zalloc(&doc->client->pool, sizeof *group);

    if (group == NULL)
        return NULL;
    group->older = groups->newest;
    if (groups->newest != NULL)
        groups->newest->newer = group;
    else
        groups->oldest = group;
    groups->newest = group;
    groups->count++;
    doc->history.bytes += sizeof *group;
    return group;
}

struct group *group_detach(struct groups *groups, struct group *group)
{
    if (group->newer != NULL)
        group->newer->older = group->older;
    else
        groups->newest = group->older;
    if (group->older != NULL)
        group->older->newer = group->newer;
    else
        groups->oldest = group->newer;
    groups->count--;
    return group;
}

void group_keep(struct ops_doc *doc, struct kept *place, struct kept with)
{
    doc->history.bytes += with.bytes;
    doc->history.bytes -= place->bytes;
    kept_drop(doc->client, place);
    *place = with;
}

void group_drop(struct ops_doc *doc, struct group *group)
{
    static const struct kept none = {NULL, 0};
    struct written *written;

    group_keep(doc, &group->back, none);
    group_keep(doc, &group->over, none);
    while ((written = group->written) != NULL) {
        group->written = written->next;
        doc->history.bytes -= written->bytes;
        ops_pool_free(&doc->client->pool, written, written->bytes);
    }
    doc->history.bytes -= sizeof *group;
    ops_pool_free(&doc->client->pool, group, sizeof *group);
}

void group_end(struct ops_doc *doc, struct groups *groups, struct group *group)
{
    group_drop(doc, group_detach(groups, group));
}

void groups_end(struct ops_doc *doc, struct groups *groups)
{
    while (groups->newest != NULL)
        group_end(doc, groups, groups->newest);
}

void history_end(struct ops_doc *doc)
{
    groups_end(doc, &doc->history.undo);
    groups_end(doc, &doc->history.redo);
    doc->history.open = false;
}

bool history_is_near(const struct ops_doc *doc)
{
    const struct history *h = &doc->history;

    return h->open && h->undo.newest != NULL && doc->client->now_ms - h->at_ms <= doc->client->config.undo_group_ms;
}

/* The oldest goes first: of what can be undone, then of what can be redone. */
static void history_trim(struct ops_doc *doc)
{
    const struct ops_client_config *config = &doc->client->config;
    struct history *h = &doc->history;

    while (h->undo.count > config->undo_max)
        group_end(doc, &h->undo, h->undo.oldest);
    while (h->redo.count > config->undo_max)
        group_end(doc, &h->redo, h->redo.oldest);
    while (h->bytes > config->undo_max_bytes) {
        struct group *oldest = h->undo.oldest != NULL ? h->undo.oldest : h->redo.oldest;

        group_end(doc, groups_of(doc, oldest), oldest);
    }
}

void history_grown(struct ops_doc *doc)
{
    doc->history.at_ms = doc->client->now_ms;
    history_trim(doc);
}

/* ---- what the program asks ------------------------------------------------------------------------------------------------- */

bool ops_doc_undoable(const struct ops_doc *doc)
{
    return doc->history.undo.newest != NULL;
}

bool ops_doc_redoable(const struct ops_doc *doc)
{
    return doc->history.redo.newest != NULL;
}

void ops_doc_undo_stop(struct ops_doc *doc)
{
    if (!doc->client->calling)
        doc->history.open = false;
}

static enum ops_err history_step(struct ops_doc *doc, struct groups *from, struct groups *to)
{
    struct ops_client *client = doc->client;
    enum ops_err err;

    if (!client_begin(client) || doc->leaving)
        return OPS_ERR_RANGE;
    doc->history.open = false;
    if (from->newest == NULL)
        err = OPS_ERR_ABSENT;
    else
        err = doc_is_text(doc) ? history_text_step(doc, from, to) : history_json_step(doc, from, to);
    if (doc->torn)
        doc_break(doc);
    else
        history_trim(doc);
    client_tell_status(client);
    return err;
}

enum ops_err ops_doc_undo(struct ops_doc *doc)
{
    return history_step(doc, &doc->history.undo, &doc->history.redo);
}

enum ops_err ops_doc_redo(struct ops_doc *doc)
{
    return history_step(doc, &doc->history.redo, &doc->history.undo);
}
