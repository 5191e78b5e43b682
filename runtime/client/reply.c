/* What became of the first edit. */
#include "session.h"

/* The first edit is revision `revision` of the document, the one after the known. */
bool doc_confirm_first(struct ops_doc *doc, int64_t revision)
{
    struct edit *edit = edit_take_first(doc);
    bool done = doc_is_text(doc) || json_confirm(doc, edit) == OPS_OK;

    memcpy(doc->done_id, edit->id, sizeof doc->done_id);
    doc->done_revision = revision;
    doc->revision = revision;
    edit_drop(doc, edit);
    return done;
}

static void reply_committed(struct ops_doc *doc, int64_t revision)
{
    const struct edit *edit = doc->edits;

    if (!revision_is_sound(revision)) {
        client_fail(doc->client, OPS_STR("a revision cannot be"));
        return;
    }
    if (!first_may_differ(doc) && doc->status == OPS_DOC_JOINED && revision == doc->revision + 1) {
        if (!doc_confirm_first(doc, revision))
            doc_break(doc);
        return;
    }
    if (doc->status == OPS_DOC_JOINED && revision == doc->revision && doc->engine->is_no_op(kept_op(&edit->op))) {
        edit_drop(doc, edit_take_first(doc)); /* others have done the same before */
        return;
    }
    /* It has that revision: a repeated id is answered without waiting for the pushes before it. Either they come, or, when it
     * cannot be one of those to come, the document is asked for again. */
    doc->flight_revision = revision;
    doc->flight_timeout_ms = doc->client->now_ms + doc->client->config.reply_timeout_ms;
    if (doc->status == OPS_DOC_JOINED && (revision <= doc->revision || first_may_differ(doc)))
        doc_rejoin(doc, !first_may_differ(doc));
}

/* Takes the first edit back: what is behind it is carried over its inverse. */
static void doc_take_back(struct ops_doc *doc, struct ops_refused *refused)
{
    struct ops_client *client = doc->client;
    struct edit *edit = edit_take_first(doc);
    const struct ops_text_op *seen = NULL;
    struct ops_buf json;
    enum ops_err err;

    ops_buf_init(&json, &client->scratch);
    if (ops_json_encode(doc->engine->op_type, &ops_style_v1_plus, kept_op(&edit->op), &json) == OPS_OK)
        refused->op = ops_buf_str(&json);
    refused->op_id = ops_str_of(edit->id, sizeof edit->id);
    if (doc->local == NULL)
        err = OPS_OK; /* it is being loaded anew, without this edit */
    else if (doc_is_text(doc))
        err = text_receive(doc, doc->edits, (const struct ops_text_op *)kept_op(&edit->inverse), &seen);
    else
        err = json_rebuild(doc);
    if (err != OPS_OK)
        doc_break(doc);
    else if (seen != NULL)
        doc_show(doc, seen, OPS_ORIGIN_TAKEN_BACK);
    else if (!doc_is_text(doc))
        doc_tell_changed_op(doc, kept_op(&edit->op), OPS_ORIGIN_TAKEN_BACK);
    client_tell_refused(client, doc, refused);
    edit_drop(doc, edit);
}

static void doc_send_later(struct ops_doc *doc)
{
    struct ops_client *client = doc->client;

    doc->send_at_ms = client->now_ms + client_jitter(client, client->config.backoff_first_ms, doc->send_tries);
    if (doc->send_tries < 64)
        doc->send_tries++;
}

static bool is_temporary(const struct ops_doc *doc, enum ops_error_code code)
{
    switch (code) {
    case OPS_ERROR_CODE_STORAGE_UNAVAILABLE:
    case OPS_ERROR_CODE_DRAINING:
    case OPS_ERROR_CODE_OWNER_UNAVAILABLE:
    case OPS_ERROR_CODE_RATE_LIMITED:
    case OPS_ERROR_CODE_SLOW_CONSUMER:
        return true;
    case OPS_ERROR_CODE_INTERNAL:
        return doc->send_tries < CLIENT_INTERNAL_RETRIES;
    default:
        return false;
    }
}

void doc_refused(struct ops_doc *doc, enum ops_error_code code, struct ops_str sentence)
{
    struct ops_refused refused = {code, sentence, {NULL, 0}, {NULL, 0}};
    struct edit *edit = doc->edits;

    doc->flight_request = 0;
    if (is_temporary(doc, code)) {
        doc_send_later(doc);
    } else if (code == OPS_ERROR_CODE_NOT_JOINED) {
        doc_rejoin(doc, false);
    } else if (code == OPS_ERROR_CODE_REVISION_AHEAD) {
        doc_rejoin(doc, true);
    } else if (code == OPS_ERROR_CODE_REVISION_COMPACTED) {
        edit->sent = false; /* it is not among the ops that the server has */
        if (doc->flight_base == doc->revision)
            doc_rejoin(doc, true);
        else
            doc_send_later(doc); /* it has been rebased meanwhile: with the revision that is known now it need not be again */
    } else {
        doc_take_back(doc, &refused);
    }
}

/* `Code: sentence`. */
static enum ops_error_code error_code_of(struct ops_str text, struct ops_str *sentence)
{
    size_t i;

    for (i = 0; i < ops_error_codes_count; i++) {
        struct ops_str name = ops_error_codes[i].name;

        if (text.len <= name.len || memcmp(text.ptr, name.ptr, name.len) != 0 || text.ptr[name.len] != ':')
            continue;
        *sentence = ops_str_of(text.ptr + name.len + 1, text.len - name.len - 1);
        if (sentence->len > 0 && sentence->ptr[0] == ' ') {
            sentence->ptr++;
            sentence->len--;
        }
        return ops_error_codes[i].code;
    }
    *sentence = text;
    return OPS_ERROR_CODE_INTERNAL;
}

void doc_reply(struct ops_doc *doc, const struct ops_op_response *reply)
{
    struct ops_str sentence;
    enum ops_error_code code;

    doc->flight_request = 0;
    if (!reply->success) {
        code = error_code_of(reply->error_message.ptr != NULL ? reply->error_message : OPS_STR(""), &sentence);
        doc_refused(doc, code, sentence);
    } else {
        reply_committed(doc, reply->new_revision);
    }
}
