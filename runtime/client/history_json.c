/* Undo of a json document.
 *
 * A change is a list of registers that were written here, with what they held before. A register can be taken back while it still has
 * the stamp of that write: what somebody else wrote later has another. What takes a change back is a write itself, so the register
 * comes to stand for the earlier write under a new stamp; the changes below know it by that from then on.
 *
 * A write buries what is below its path. What it buried is part of the change; and what others put there since is written once more when
 * the path is written back, else that would bury it too. So the writes of an undo have stamps that rise with the depth of their
 * paths: they mean the same in any order and in any number of ops. */
#include "session.h"

enum { JOINED_MAX = 1000 }; /* registers of a change that another write may still join: it is looked for among them */

struct before *history_json_before(struct ops_doc *doc, struct ops_str path)
{
    struct before *b = history_is_kept(doc) ? before_new(doc) : NULL;

    if (b == NULL || before_take(b, path) != OPS_OK || before_sort(b) != OPS_OK)
        return NULL;
    return b;
}


/* ---- as it is -------------------------------------------------------------------------------------------------------------------- */

/* Registers that hold what they held, under another stamp: the changes that know them by the old one get the new one. */
struct renewed {
    int64_t from, to; /* the same: not renewed */
};

static void groups_renew(struct groups *groups, const struct before *b, const struct renewed *renewed)
{
    struct group *group;
    struct written *written;

    for (group = groups->newest; group != NULL; group = group->older) {
        for (written = group->written; written != NULL; written = written->next) {
            const struct was *was = before_find(b, written->path);
            const struct renewed *new_stamp;

            if (was == NULL)
                continue;
            new_stamp = &renewed[was - b->list];
            if (new_stamp->from == new_stamp->to)
                continue;
            if (written->stamp == new_stamp->from)
                written->stamp = new_stamp->to;
            if (written->own_before && written->stamp_before == new_stamp->from)
                written->stamp_before = new_stamp->to;
        }
    }
}

/* What a register holds is what is known of it. */
static bool holds(const struct ops_json_register *found, struct ops_str value)
{
    return found->is_deleted ? value.ptr == NULL : value.ptr != NULL && ops_str_equal(found->value, value);
}

static enum ops_err history_renew(struct ops_doc *doc, const struct before *b)
{
    struct renewed *renewed = (struct renewed *)ops_arena_zalloc(&doc->client->scratch, (b->count + 1) * sizeof *renewed);
    bool any = false;
    size_t i;

    if (renewed == NULL)
        return OPS_ERR_NOMEM;
    for (i = 0; i < b->count; i++) {
        const struct was *was = &b->list[i];
        struct ops_json_register now;

        if (!json_register(doc->local, was->path, &now) || !register_is_own(doc, &now) || now.timestamp == was->stamp)
            continue;
        if (was->target != NULL ? was->target->own_before : was->exists && was->own && holds(&now, was->value)) {
            renewed[i].from = was->target != NULL ? was->target->stamp_before : was->stamp;
            renewed[i].to = now.timestamp;
            any = true;
        }
    }
    if (any) {
        groups_renew(&doc->history.undo, b, renewed);
        groups_renew(&doc->history.redo, b, renewed);
    }
    return OPS_OK;
}

static struct written *written_new(struct ops_doc *doc, const struct was *was, int64_t stamp)
{
    size_t bytes = sizeof(struct written) + was->path.len + was->value.len;
    struct written *written = (struct written *)ops_pool_zalloc(&doc->client->pool, bytes);
    char *at;

    if (written == NULL)
        return NULL;
    at = (char *)(written + 1);
    written->bytes = bytes;
    written->path = ops_str_of(at, was->path.len);
    if (was->path.len > 0)
        memcpy(at, was->path.ptr, was->path.len);
    if (was->value.ptr != NULL) {
        written->value = ops_str_of(at + was->path.len, was->value.len);
        memcpy(at + was->path.len, was->value.ptr, was->value.len);
    }
    written->stamp = stamp;
    written->own_before = was->exists && was->own;
    written->stamp_before = was->stamp;
    return written;
}

static struct written **group_find(struct group *group, struct ops_str path)
{
    struct written **link = &group->written;

    while (*link != NULL && !ops_str_equal((*link)->path, path))
        link = &(*link)->next;
    return link;
}

static void group_forget(struct ops_doc *doc, struct group *group, struct written **link)
{
    struct written *written = *link;

    *link = written->next;
    group->written_count--;
    doc->history.bytes -= written->bytes;
    ops_pool_free(&doc->client->pool, written, written->bytes);
}

/* A register of the group that still holds what the group wrote is what it was before that; one that somebody else has written since is
 * what it was just now. */
static enum ops_err group_add(struct ops_doc *doc, struct group *group, const struct was *was, int64_t stamp, bool joined)
{
    struct written **link = joined ? group_find(group, was->path) : NULL, *written;

    if (link != NULL && *link != NULL) {
        if (was->own && was->stamp == (*link)->stamp) {
            (*link)->stamp = stamp;
            return OPS_OK;
        }
        group_forget(doc, group, link);
    }
    written = written_new(doc, was, stamp);
    if (written == NULL)
        return OPS_ERR_NOMEM;
    written->next = group->written;
    group->written = written;
    group->written_count++;
    doc->history.bytes += written->bytes;
    return OPS_OK;
}

/* Everything that holds something else now than before belongs to the change. */
static enum ops_err group_fill(struct ops_doc *doc, struct group *group, const struct before *b, bool joined)
{
    enum ops_err err = OPS_OK;
    size_t i;

    for (i = 0; err == OPS_OK && i < b->count; i++) {
        const struct was *was = &b->list[i];
        struct ops_json_register now;

        if (json_register(doc->local, was->path, &now) && register_is_own(doc, &now) && now.timestamp != was->stamp && !holds(&now, was->value))
            err = group_add(doc, group, was, now.timestamp, joined);
    }
    return err;
}

void history_json_edited(struct ops_doc *doc, struct before *b)
{
    struct history *h = &doc->history;
    struct group *group = h->undo.newest;
    enum ops_err err = b != NULL ? OPS_OK : OPS_ERR_NOMEM;
    bool joined;

    if (!history_is_kept(doc))
        return;
    groups_end(doc, &h->redo);
    if (err == OPS_OK)
        err = history_renew(doc, b);
    joined = err == OPS_OK && h->open && group != NULL && group->written_count + b->count <= JOINED_MAX &&
             (doc->client->now_ms == h->at_ms || (history_is_near(doc) && *group_find(group, b->list[0].path) != NULL));
    if (err == OPS_OK && !joined) {
        group = group_push(doc, &h->undo);
        err = group != NULL ? OPS_OK : OPS_ERR_NOMEM;
    }
    if (err == OPS_OK)
        err = group_fill(doc, group, b, joined);
    if (err != OPS_OK) {
        history_end(doc);
        return;
    }
    if (group->written == NULL) {
        group_end(doc, &h->undo, group); /* what was written was there already */
        return;
    }
    h->open = true;
    history_grown(doc);
}

/* ---- undo and redo ------------------------------------------------------------------------------------------------------------ */

/* Those of the group that still hold what was written here, as targets. */
static struct before *targets_of(struct ops_doc *doc, const struct group *group)
{
    struct before *targets = before_new(doc);
    const struct written *written;

    for (written = group->written; targets != NULL && written != NULL; written = written->next) {
        struct ops_json_register found;
        struct was *was;

        if (!json_register(doc->local, written->path, &found) || !register_is_own(doc, &found) || found.timestamp != written->stamp)
            continue;
        was = before_add(targets);
        if (was == NULL)
            return NULL;
        was->path = written->path;
        was->target = written;
    }
    return targets != NULL && before_sort(targets) == OPS_OK ? targets : NULL;
}

static bool has_target_above(const struct before *targets, struct ops_str path)
{
    size_t i;

    for (i = 0; i < path.len; i++) {
        if (path.ptr[i] == '.' && before_find(targets, ops_str_of(path.ptr, i)) != NULL)
            return true;
    }
    return false;
}

/* The targets and all that is below them. */
static struct before *before_of_targets(struct ops_doc *doc, const struct before *targets)
{
    struct before *b = before_new(doc);
    size_t i;

    for (i = 0; b != NULL && i < targets->count; i++) {
        if (!has_target_above(targets, targets->list[i].path) && before_take(b, targets->list[i].path) != OPS_OK)
            return NULL;
    }
    if (b == NULL || before_sort(b) != OPS_OK)
        return NULL;
    for (i = 0; i < targets->count; i++)
        before_find(b, targets->list[i].path)->target = targets->list[i].target;
    return b;
}

static int64_t depth_of(struct ops_str path)
{
    int64_t depth = 0;
    size_t i;

    for (i = 0; i < path.len; i++)
        depth += path.ptr[i] == '.';
    return depth;
}

/* What gives the targets their values back, and writes what else is alive below them once more. */
static enum ops_err undo_writes(struct ops_doc *doc, const struct before *b, struct ops_json_op_batch *all)
{
    int64_t stamp = json_stamp_next(doc->client);
    struct ops_json_op *list = (struct ops_json_op *)ops_arena_array(&doc->client->scratch, b->count + 1, sizeof *list);
    size_t i, n = 0;

    if (list == NULL)
        return OPS_ERR_NOMEM;
    for (i = 0; i < b->count; i++) {
        const struct was *was = &b->list[i];

        if (was->target == NULL && was->value.ptr == NULL)
            continue;
        json_op_make(doc, &list[n++], was->path, was->target != NULL ? was->target->value : was->value, stamp + depth_of(was->path));
    }
    all->operations = list;
    all->operations_count = n;
    return OPS_OK;
}

/* Takes the targets back, and puts what takes that back on the other stack. `*recorded` false: there was no memory for that. */
static enum ops_err targets_undo(struct ops_doc *doc, const struct before *targets, struct groups *to, bool *recorded)
{
    struct before *b = before_of_targets(doc, targets);
    struct ops_json_op_batch all;
    struct group *group;
    enum ops_err err = b != NULL ? undo_writes(doc, b, &all) : OPS_ERR_NOMEM;

    if (err == OPS_OK)
        err = json_edit_in_parts(doc, &all);
    if (err != OPS_OK)
        return err;
    json_stamps_of_op(doc->client, &all);
    group = history_renew(doc, b) == OPS_OK ? group_push(doc, to) : NULL;
    *recorded = group != NULL && group_fill(doc, group, b, false) == OPS_OK;
    return OPS_OK;
}

/* Those that hold already what they are to hold are no targets: what was written there stands for what was there before, too. */
static enum ops_err targets_merge(struct ops_doc *doc, struct before *targets)
{
    struct renewed *renewed = (struct renewed *)ops_arena_zalloc(&doc->client->scratch, (targets->count + 1) * sizeof *renewed);
    struct ops_json_register now;
    size_t i, left = 0;
    bool any = false;

    if (renewed == NULL)
        return OPS_ERR_NOMEM;
    for (i = 0; i < targets->count; i++) {
        struct was *was = &targets->list[i];

        was->exists = json_register(doc->local, was->path, &now) && !holds(&now, was->target->value);
        if (was->exists || !was->target->own_before)
            continue;
        renewed[i].from = was->target->stamp_before;
        renewed[i].to = was->target->stamp;
        any = true;
    }
    if (any) {
        groups_renew(&doc->history.undo, targets, renewed);
        groups_renew(&doc->history.redo, targets, renewed);
    }
    for (i = 0; i < targets->count; i++) {
        if (targets->list[i].exists)
            targets->list[left++] = targets->list[i];
    }
    targets->count = left;
    return OPS_OK;
}

/* The newest change that still does something. */
static enum ops_err newest_targets(struct ops_doc *doc, struct groups *groups, struct before **targets)
{
    while (groups->newest != NULL) {
        *targets = targets_of(doc, groups->newest);
        if (*targets == NULL)
            return OPS_ERR_NOMEM;
        if (targets_merge(doc, *targets) != OPS_OK)
            return OPS_ERR_NOMEM;
        if ((*targets)->count > 0)
            return OPS_OK;
        group_end(doc, groups, groups->newest);
    }
    return OPS_ERR_ABSENT;
}

enum ops_err history_json_step(struct ops_doc *doc, struct groups *from, struct groups *to)
{
    struct before *targets;
    struct group *group;
    bool recorded;
    size_t i;
    enum ops_err err = doc->local != NULL ? newest_targets(doc, from, &targets) : OPS_ERR_NOMEM;

    if (err == OPS_OK)
        err = targets_undo(doc, targets, to, &recorded);
    if (err != OPS_OK)
        return err;
    group = group_detach(from, from->newest);
    if (!recorded)
        history_end(doc); /* without it those below it have no place */
    for (i = 0; i < targets->count; i++)
        doc_tell_changed(doc, targets->list[i].path, OPS_ORIGIN_UNDO);
    group_drop(doc, group);
    return OPS_OK;
}
