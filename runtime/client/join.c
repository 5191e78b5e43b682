/* A document and the server's ops: joined, caught up, pushed. */
#include "session.h"

void doc_show(struct ops_doc *doc, const struct ops_text_op *seen, enum ops_origin origin)
{
    doc->shown_utf16 = text_length(doc->local);
    doc_cursors_carry(doc, seen, false);
    history_text_carry(doc, seen, origin);
    doc_tell_patches(doc, seen, origin);
}

/* The edit that was sent under this id; NULL: none. Those of an earlier run may all have been. */
static struct edit *edit_of_id(const struct ops_doc *doc, struct ops_str id)
{
    struct edit *edit;

    for (edit = doc->edits; edit != NULL && (edit == doc->edits || edit->may_differ); edit = edit->next) {
        if ((edit->sent || edit->may_differ) && ops_str_equal(ops_str_of(edit->id, sizeof edit->id), id))
            return edit;
    }
    return NULL;
}

/* Everything that an op must be before it meets the document: the server's word is checked like anybody's. */
static const void *op_decoded(struct ops_doc *doc, struct ops_str payload)
{
    static const struct ops_op_rules rules = {false, false, 0, INT64_MAX};
    const struct ops_engine *engine = doc->engine;
    struct ops_arena *scratch = &doc->client->scratch;
    void *op = ops_arena_zalloc(scratch, engine->op_type->size);
    struct ops_refusal refusal;

    if (op == NULL || ops_json_decode(engine->op_type, &ops_style_v1_plus, payload, scratch, op, NULL) != OPS_OK ||
        !engine->is_sound(op, &rules, &refusal))
        return NULL;
    return op;
}

/* What the server has or does not have of the first edit is not what stands here: it is taken back, without a word. */
static bool doc_settle_doubt(struct ops_doc *doc)
{
    struct edit *edit = edit_take_first(doc);
    const struct ops_text_op *seen = NULL;
    enum ops_err err;

    if (doc_is_text(doc))
        err = text_receive(doc, doc->edits, (const struct ops_text_op *)kept_op(&edit->inverse), &seen);
    else
        err = json_rebuild(doc);
    if (err != OPS_OK)
        doc->torn = true;
    else if (seen != NULL)
        doc_show(doc, seen, OPS_ORIGIN_RELOADED);
    else
        doc_tell_changed_op(doc, kept_op(&edit->op), OPS_ORIGIN_RELOADED);
    edit_drop(doc, edit);
    return err == OPS_OK;
}

/* The server has this edit. Those before it were answered before it was sent: they are in already, or were absorbed or refused. */
static bool doc_settle_until(struct ops_doc *doc, const struct edit *edit)
{
    bool found, settled;

    do {
        found = doc->edits == edit;
        settled = doc_settle_doubt(doc);
    } while (settled && !found);
    return settled;
}

/* The op that makes revision `revision`, the one after the known; false: it cannot be used, or there is no memory for it. */
bool doc_take_op(struct ops_doc *doc, struct ops_str payload, struct ops_str op_id, int64_t revision)
{
    const struct edit *mine = edit_of_id(doc, op_id);
    const struct ops_text_op *seen;
    const void *op;

    if (mine != NULL && !mine->may_differ)
        return doc_confirm_first(doc, revision);
    op = op_decoded(doc, payload);
    if (op == NULL || (mine != NULL && !doc_settle_until(doc, mine)))
        return false;
    if (doc_is_text(doc)) {
        if (text_receive(doc, doc->edits, (const struct ops_text_op *)op, &seen) != OPS_OK)
            return false;
        doc->revision = revision;
        doc_show(doc, seen, OPS_ORIGIN_SERVER);
    } else {
        if (json_receive(doc, (const struct ops_json_op_batch *)op) != OPS_OK)
            return false;
        doc->revision = revision;
        doc_tell_changed_op(doc, op, OPS_ORIGIN_SERVER);
    }
    doc->noted = true;
    return true;
}

/* An op could not be used: what the document is now, is unknown or of no use. */
static void doc_give_up(struct ops_doc *doc)
{
    if (doc->torn || doc->local == NULL)
        doc_break(doc);
    else
        doc_rejoin(doc, true);
}

void doc_pushed(struct ops_doc *doc, const struct ops_receive_op_event *push)
{
    if (doc->status != OPS_DOC_JOINED)
        return; /* of a subscription that is being replaced: the join's reply has it */
    if (push->new_revision == doc->done_revision && push->op_id.len == sizeof doc->done_id &&
        memcmp(push->op_id.ptr, doc->done_id, sizeof doc->done_id) == 0)
        return; /* an own op, sent on an earlier connection and acknowledged by its id */
    if (push->new_revision != doc->revision + 1) {
        client_tell_trouble(doc->client, OPS_STR("a pushed op does not follow the one before: joining again"));
        doc_rejoin(doc, push->new_revision <= doc->revision);
        return;
    }
    if (!doc_take_op(doc, push->payload, push->op_id, push->new_revision)) {
        doc_give_up(doc);
        return;
    }
    if (doc->flight_revision == doc->revision + 1 && !doc_confirm_first(doc, doc->flight_revision))
        doc_give_up(doc);
}

/* ---- joined ------------------------------------------------------------------------------------------------------------------ */

static bool doc_catch_up(struct ops_doc *doc, const struct ops_join_response *reply)
{
    bool look_back = doc->doubt_since > 0;
    size_t i;

    for (i = 0; i < reply->pending_ops_count; i++) {
        const struct ops_pending_op *missed = &reply->pending_ops[i];

        if (missed->revision <= doc->revision && look_back) {
            const struct edit *mine = edit_of_id(doc, missed->op_id);

            if (mine != NULL && !doc_settle_until(doc, mine))
                return false;
            continue;
        }
        if (missed->revision != doc->revision + 1 || !doc_take_op(doc, missed->payload, missed->op_id, missed->revision))
            return false;
    }
    return doc->revision == reply->revision;
}

static bool doc_reload(struct ops_doc *doc, const struct ops_join_response *reply)
{
    bool known = doc->local != NULL, first_is_in = doc->flight_revision > 0 && doc->flight_revision <= reply->revision;
    const struct ops_text_op *seen = NULL;
    size_t shown = doc->shown_utf16;
    struct ops_buf text;

    if (!doc_is_text(doc)) {
        if (first_is_in)
            edit_drop(doc, edit_take_first(doc));
        if (json_reload(doc, reply->snapshot) != OPS_OK)
            return false;
        doc->revision = reply->revision;
        doc_tell_changed(doc, ops_str_of(NULL, 0), OPS_ORIGIN_RELOADED);
        return true;
    }
    if (text_reload(doc, reply->snapshot, first_is_in, &seen) != OPS_OK)
        return false;
    doc->revision = reply->revision;
    if (known) {
        doc_show(doc, seen, OPS_ORIGIN_RELOADED);
        return true;
    }
    ops_buf_init(&text, &doc->client->scratch);
    if (text_read(doc->local, 0, SIZE_MAX, &text) != OPS_OK) {
        doc->torn = true; /* what is shown is still what was there before */
        return false;
    }
    doc->shown_utf16 = text_length(doc->local);
    doc_tell_patch(doc, 0, shown, ops_buf_str(&text), OPS_ORIGIN_RELOADED);
    return true;
}

void doc_joined(struct ops_doc *doc, const struct ops_join_response *reply)
{
    bool since = doc->join_since && reply->pending_ops != NULL;
    struct edit *edit;

    doc->join_request = 0;
    if (!revision_is_sound(reply->revision) || !(since ? doc_catch_up(doc, reply) : doc_reload(doc, reply))) {
        if (doc->client->state == OPS_CLIENT_ONLINE)
            client_tell_trouble(doc->client, OPS_STR("the reply to a join cannot be used: joining again"));
        doc_give_up(doc);
        return;
    }
    doc->load_anew = false;
    doc->compacted = false;
    if (!since && doc->doubt_since > 0) {
        doc_rejoin(doc, false);
        return;
    }
    doc->doubt_since = 0;
    if (doc->flight_revision > 0 && doc->flight_revision <= doc->revision) {
        if (!first_may_differ(doc)) {
            edit_drop(doc, edit_take_first(doc)); /* absorbed: what was missed has done the same */
        } else if (!doc_settle_doubt(doc)) {
            doc_give_up(doc);
            return;
        }
    }
    edit = doc->edits;
    doc->flight_revision = 0; /* a revision that the server has lost since: the edit is sent again */
    if (edit != NULL && doc->flight_request == 0 && doc->engine->is_no_op(kept_op(&edit->op)))
        edit_drop(doc, edit_take_first(doc));
    doc->status = OPS_DOC_JOINED;
    doc->noted = true;
    doc->join_tries = 0;
    doc->client->tries = 0;
    doc->send_at_ms = 0;
    doc->send_tries = 0;
    doc->awareness_changed = doc->awareness.ptr != NULL;
    doc_peers_list(doc, reply->awareness, reply->awareness_count);
}

void doc_join_refused(struct ops_doc *doc, enum ops_error_code code, struct ops_str sentence)
{
    struct ops_refused refused = {code, sentence, {NULL, 0}, {NULL, 0}};

    doc->join_request = 0;
    switch (code) {
    case OPS_ERROR_CODE_REVISION_COMPACTED:
    case OPS_ERROR_CODE_REVISION_AHEAD:
        doc->compacted = doc->doubt_since == 0 && code == OPS_ERROR_CODE_REVISION_COMPACTED;
        doc_rejoin(doc, doc->doubt_since == 0 || code == OPS_ERROR_CODE_REVISION_AHEAD);
        doc->doubt_since = 0; /* nobody knows any more: they are sent again */
        return;
    case OPS_ERROR_CODE_STORAGE_UNAVAILABLE:
    case OPS_ERROR_CODE_DRAINING:
    case OPS_ERROR_CODE_OWNER_UNAVAILABLE:
    case OPS_ERROR_CODE_RATE_LIMITED:
    case OPS_ERROR_CODE_SLOW_CONSUMER:
    case OPS_ERROR_CODE_INTERNAL:
        doc->join_tries += doc->join_tries == 0;
        doc_rejoin(doc, false);
        return;
    default:
        doc->status = OPS_DOC_REFUSED;
        doc->noted = true;
        client_tell_refused(doc->client, doc, &refused);
    }
}
