/* Undo of a text.
 *
 * A change is kept as its inverse, on the text as it was right after it. Whatever else changes what the user sees is composed into one
 * change on top of the newest (`over`), so it costs one composition however many changes there are. When the newest is taken, its
 * inverse is rebased over that, and that over the inverse goes down to the change below: both arrive at the same text (TP1).
 *
 *     after the change --over--> now
 *            |                    |
 *          back             back, rebased       (existing text stays left: what others typed at the place of a deletion comes first)
 *            v                    v
 *     before the change ---------> what is left of `over`, for the change below */
#include "session.h"

/* What has changed the text is `op` as well. */
static enum ops_err over_add(struct ops_doc *doc, struct group *group, const void *op)
{
    const struct ops_engine *engine = doc->engine;
    struct kept kept = {NULL, 0};
    const void *both = op;
    enum ops_err err = OPS_OK;

    if (group->over.piece != NULL)
        err = engine->compose(kept_op(&group->over), op, &doc->client->scratch, &both);
    if (err == OPS_OK && both != NULL && !engine->is_no_op(both))
        err = kept_make(doc, both, &kept);
    if (err == OPS_OK)
        group_keep(doc, &group->over, kept);
    return err;
}

/* Makes the group's inverse one for the text as it is now, and leaves the rest to the group below. */
static enum ops_err group_settle(struct ops_doc *doc, struct group *group)
{
    static const struct kept none = {NULL, 0};
    const struct ops_engine *engine = doc->engine;
    struct ops_arena *scratch = &doc->client->scratch;
    struct kept back;
    const void *carried, *below;
    enum ops_err err;

    if (group->over.piece == NULL)
        return OPS_OK;
    err = engine->transform(kept_op(&group->back), kept_op(&group->over), OPS_EXISTING_WINS, scratch, &carried);
    if (err == OPS_OK)
        err = engine->transform(kept_op(&group->over), kept_op(&group->back), OPS_INCOMING_WINS, scratch, &below);
    if (err == OPS_OK)
        err = kept_make(doc, carried, &back);
    if (err != OPS_OK)
        return err;
    if (group->older != NULL)
        err = over_add(doc, group->older, below);
    if (err != OPS_OK) {
        kept_drop(doc->client, &back);
        return err;
    }
    group_keep(doc, &group->back, back);
    group_keep(doc, &group->over, none);
    return OPS_OK;
}

/* What `over` becomes below the group; the group meets it. */
static enum ops_err group_pass(struct ops_doc *doc, struct group *group, const void **over)
{
    const struct ops_engine *engine = doc->engine;
    struct ops_arena *scratch = &doc->client->scratch;
    struct kept back;
    const void *carried;
    enum ops_err err = OPS_OK;

    if (group->over.piece != NULL && *over != NULL)
        err = engine->compose(kept_op(&group->over), *over, scratch, over);
    else if (group->over.piece != NULL)
        *over = kept_op(&group->over);
    if (err != OPS_OK || *over == NULL)
        return err;
    err = engine->transform(kept_op(&group->back), *over, OPS_EXISTING_WINS, scratch, &carried);
    if (err == OPS_OK)
        err = engine->transform(*over, kept_op(&group->back), OPS_INCOMING_WINS, scratch, over);
    if (err == OPS_OK)
        err = kept_make(doc, carried, &back);
    if (err == OPS_OK)
        group_keep(doc, &group->back, back);
    return err;
}

/* All of them meet what has changed since, newest first. On the way down it is not copied: it may be a whole text. */
static enum ops_err groups_settle(struct ops_doc *doc, struct groups *groups)
{
    static const struct kept none = {NULL, 0};
    const void *over = NULL;
    struct group *group, *older;
    enum ops_err err = OPS_OK;

    for (group = groups->newest; err == OPS_OK && group != NULL; group = group->older)
        err = group_pass(doc, group, &over);
    for (group = groups->newest; err == OPS_OK && group != NULL; group = older) {
        older = group->older;
        group_keep(doc, &group->over, none); /* not before: parts of it were still on their way down */
        if (doc->engine->is_no_op(kept_op(&group->back))) {
            if (group == groups->newest)
                doc->history.open = false; /* what is typed next does not belong to the one below */
            group_end(doc, groups, group);
        }
    }
    return err;
}

static enum ops_err groups_carry(struct ops_doc *doc, struct groups *groups, const struct ops_text_op *seen)
{
    enum ops_err err;

    if (groups->newest == NULL)
        return OPS_OK;
    err = over_add(doc, groups->newest, seen);
    return err == OPS_OK && groups->newest->over.bytes > CLIENT_OVER_BYTES ? groups_settle(doc, groups) : err;
}

void history_text_carry(struct ops_doc *doc, const struct ops_text_op *seen, enum ops_origin origin)
{
    struct history *h = &doc->history;
    struct ops_arena_mark before = ops_arena_here(&doc->client->scratch);
    enum ops_err err = OPS_OK;
    size_t i;

    for (i = 0; origin == OPS_ORIGIN_TAKEN_BACK && i < seen->components_count; i++) {
        if (seen->components[i].kind == OPS_TEXT_COMPONENT_INSERT)
            err = OPS_ERR_RANGE; /* what the refused edit had deleted is back, and would come back once more */
    }
    if (err == OPS_OK)
        err = groups_carry(doc, &h->undo, seen);
    if (err == OPS_OK)
        err = groups_carry(doc, &h->redo, seen);
    ops_arena_rewind(&doc->client->scratch, before);
    h->begin_utf16 = place_carried(h->begin_utf16, seen, true);
    h->end_utf16 = place_carried(h->end_utf16, seen, false);
    if (h->begin_utf16 > h->end_utf16)
        h->begin_utf16 = h->end_utf16; /* others typed where this client has just deleted: it goes on before that */
    if (err != OPS_OK)
        history_end(doc);
}

/* ---- local edits ------------------------------------------------------------------------------------------------------------ */

static struct group *group_of_inverse(struct ops_doc *doc, struct groups *groups, const void *inverse)
{
    struct kept back;
    struct group *group;

    if (kept_make(doc, inverse, &back) != OPS_OK)
        return NULL;
    group = group_push(doc, groups);
    if (group == NULL)
        kept_drop(doc->client, &back);
    else
        group_keep(doc, &group->back, back);
    return group;
}

/* Makes the newest group take this edit back as well. `*done` false: it has grown enough, or is not there. */
static enum ops_err newest_extend(struct ops_doc *doc, const void *inverse, bool *done)
{
    struct groups *groups = &doc->history.undo;
    struct group *group = groups->newest;
    struct kept back;
    const void *both;
    enum ops_err err = group_settle(doc, group);

    *done = false;
    if (err == OPS_OK)
        err = doc->engine->compose(inverse, kept_op(&group->back), &doc->client->scratch, &both);
    if (err != OPS_OK)
        return err;
    *done = true;
    if (both == NULL) { /* all that was typed is deleted: no change */
        group_end(doc, groups, group);
        doc->history.open = false;
        return OPS_OK;
    }
    err = kept_make(doc, both, &back);
    if (err != OPS_OK)
        return err;
    if (back.bytes > CLIENT_GROUP_BYTES) {
        kept_drop(doc->client, &back);
        *done = false;
        return OPS_OK;
    }
    group_keep(doc, &group->back, back);
    return OPS_OK;
}

void history_text_edited(struct ops_doc *doc, size_t at, size_t deleted, size_t inserted, const void *inverse)
{
    struct history *h = &doc->history;
    bool near = history_is_near(doc) && at <= h->end_utf16 && at + deleted >= h->begin_utf16, done = false;
    enum ops_err err = OPS_OK;

    if (!history_is_kept(doc))
        return;
    groups_end(doc, &h->redo);
    h->open = true;
    h->begin_utf16 = at;
    h->end_utf16 = at + inserted;
    if (near)
        err = newest_extend(doc, inverse, &done);
    if (err == OPS_OK && !done && group_of_inverse(doc, &h->undo, inverse) == NULL)
        err = OPS_ERR_NOMEM;
    if (err == OPS_OK)
        history_grown(doc);
    else
        history_end(doc);
}

/* ---- undo and redo ------------------------------------------------------------------------------------------------------------ */

/* The newest that still does something, on the text as it is now. */
static enum ops_err newest_ready(struct ops_doc *doc, struct groups *groups, struct group **ready)
{
    while (groups->newest != NULL) {
        enum ops_err err = group_settle(doc, groups->newest);

        if (err != OPS_OK)
            return err;
        if (!doc->engine->is_no_op(kept_op(&groups->newest->back))) {
            *ready = groups->newest;
            return OPS_OK;
        }
        group_end(doc, groups, groups->newest);
    }
    return OPS_ERR_ABSENT;
}

enum ops_err history_text_step(struct ops_doc *doc, struct groups *from, struct groups *to)
{
    struct group *group;
    const struct ops_text_op *op;
    const void *inverse;
    enum ops_err err = doc->local != NULL ? newest_ready(doc, from, &group) : OPS_ERR_NOMEM;

    if (err != OPS_OK)
        return err;
    op = (const struct ops_text_op *)kept_op(&group->back);
    err = doc->engine->invert(doc->local, op, &doc->client->scratch, &inverse);
    if (err != OPS_OK)
        return err;
    err = op_fits(doc, op);
    if (err == OPS_OK)
        err = text_edit(doc, op, inverse);
    else if (err == OPS_ERR_RANGE)
        err = text_edit_in_parts(doc, op);
    if (err != OPS_OK)
        return err;
    group_detach(from, group);
    if (group_of_inverse(doc, to, inverse) == NULL)
        history_end(doc); /* without this one those below it have no place */
    doc->shown_utf16 = text_length(doc->local);
    doc_cursors_carry(doc, op, true);
    doc_tell_patches(doc, op, OPS_ORIGIN_UNDO);
    group_drop(doc, group);
    return OPS_OK;
}
