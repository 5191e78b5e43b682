/* A client comes into a document, and leaves it (spec/v1.md §3, §3.1).
 *
 * A join reads the durable state and subscribes in one step, so nothing is missed and nothing comes twice. It waits for
 * nothing but, after `sinceRevision`, the part of the log that is no longer in memory. */
#include "private.h"

enum { JOIN_HISTORY_ARENA_LIMIT = 256 << 20 };

/* ---- the state as bytes ------------------------------------------------------------------------------------------------- */

struct blob *ops_document_snapshot(struct ops_document *document, const struct ops_profile *profile)
{
    struct ops_core *core = document->core;
    unsigned i = ops_core_profile_index(profile);
    struct blob *blob = document->snapshot[i];
    struct ops_arena_mark mark;
    struct ops_buf text;

    if (blob != NULL && document->snapshot_at[i] == document->durable)
        return blob;
    if (blob != NULL && --blob->references == 0)
        ops_pool_free(&core->pool, blob, sizeof *blob + blob->len);
    document->snapshot[i] = NULL;
    mark = ops_arena_here(&core->scratch);
    ops_buf_init(&text, &core->scratch);
    blob = NULL;
    if (document->engine->snapshot(document->state_now, profile->payload_style, &text) == OPS_OK)
        blob = ops_pool_alloc(&core->pool, sizeof *blob + text.len);
    if (blob != NULL) {
        blob->references = 1;
        blob->len = text.len;
        memcpy(blob->bytes, ops_buf_str(&text).ptr, text.len);
        document->snapshot[i] = blob;
        document->snapshot_at[i] = document->durable;
    }
    ops_arena_rewind(&core->scratch, mark);
    return blob;
}

/* ---- the answer --------------------------------------------------------------------------------------------------------- */

static bool join_pending_op(struct ops_document *document, struct ops_arena *arena, const struct ops_profile *profile,
                            int64_t revision, const void *op, struct ops_str op_id, struct ops_pending_op *out)
{
    struct ops_buf payload;

    memset(out, 0, sizeof *out);
    ops_buf_init(&payload, arena);
    if (ops_json_encode(document->engine->op_type, profile->payload_style, op, &payload) != OPS_OK ||
        !ops_arena_copy(arena, op_id, &out->op_id))
        return false;
    out->payload = ops_buf_str(&payload);
    out->revision = revision;
    return true;
}

/* A row of the log as a client reads it. */
static bool join_pending_row(struct ops_document *document, struct ops_arena *arena, const struct ops_profile *profile,
                             const struct ops_store_op *row, struct ops_pending_op *out)
{
    struct ops_core *core = document->core;
    struct ops_arena_mark mark = ops_arena_here(&core->scratch);
    void *op = ops_arena_alloc(&core->scratch, document->engine->op_type->size);
    bool ok = op != NULL &&
              ops_json_decode(document->engine->op_type, &ops_style_stored, row->payload, &core->scratch, op, NULL) == OPS_OK &&
              join_pending_op(document, arena, profile, row->revision, op, row->op_id, out);

    ops_arena_rewind(&core->scratch, mark);
    return ok;
}

/* Ops (since, durable]: from the log's rows as far as they go, then from memory. False: no memory. */
static bool join_catch_up(struct ops_document *document, const struct request *r, const struct history_job *job,
                          struct ops_arena *arena, struct ops_join_response *response)
{
    int64_t since = r->message.join_request.since_revision.value, revision = since;
    size_t count = (size_t)(document->durable - since), i;
    struct ops_pending_op *list = ops_arena_array(arena, count + 1, sizeof *list);

    if (list == NULL)
        return false;
    for (i = 0; job != NULL && i < job->history.ops_count && revision < document->durable; i++, revision++) {
        if (!join_pending_row(document, arena, r->asker.profile, &job->history.ops[i], &list[i]))
            return false;
    }
    for (; revision < document->durable; revision++) {
        if (!join_pending_op(document, arena, r->asker.profile, revision + 1, ops_recents_op(&document->recents, revision + 1),
                             ops_recents_item(&document->recents, revision + 1)->op_id, &list[revision - since]))
            return false;
    }
    response->pending_ops = list;
    response->pending_ops_count = count;
    response->snapshot = OPS_STR("");
    document->core->stats.catch_ups++;
    return true;
}

static struct ops_note *join_note(struct ops_document *document, const struct request *r, const struct history_job *job)
{
    struct ops_note *note = ops_note_reply_new(document->core, OPS_SERVER_MESSAGE_JOIN_RESPONSE, r->asker.correlation_id);
    struct ops_join_response *response;
    struct blob *blob;

    if (note == NULL)
        return NULL;
    response = &note->message.join_response;
    response->revision = document->durable;
    response->awareness_count = ops_awareness_list(document, &note->arena, &response->awareness);
    if (r->message.join_request.since_revision.set) {
        if (!join_catch_up(document, r, job, &note->arena, response))
            goto failed;
        return note;
    }
    blob = ops_document_snapshot(document, r->asker.profile);
    if (blob == NULL)
        goto failed;
    blob->references++;
    note->blob = blob;
    response->snapshot = ops_str_of(blob->bytes, blob->len);
    return note;
failed:
    ops_note_drop(note);
    return NULL;
}

static void join_refuse(struct ops_document *document, const struct request *r, struct refusal refusal)
{
    struct ops_note *note = ops_refusal_note(document->core, &r->asker, document->id, &refusal, 0, true);
    struct member *m = ops_member_find(document, r->asker.connection, r->asker.loop);
    struct request *held;

    ops_core_complete(document->core, &r->asker, document->id, CONTROL_NONE, note);
    ops_note_drop(note);
    if (m == NULL)
        return;
    m->joining = false;
    if (m->joined) { /* a second join: the first one stands */
        ops_member_release(m);
        return;
    }
    held = m->held; /* what was asked meanwhile is asked of a document that was not joined */
    m->held = m->last_held = NULL;
    ops_member_remove(m);
    while (held != NULL) {
        struct request *next = held->next;

        ops_document_dispatch(document, held);
        ops_request_free(document->core, held);
        held = next;
    }
}

/* ---- the log's part ----------------------------------------------------------------------------------------------------- */

static bool join_read_history(struct ops_document *document, const struct request *r)
{
    struct ops_core *core = document->core;
    struct history_job *job = ops_pool_zalloc(&core->pool, sizeof *job);

    if (job == NULL)
        return false;
    job->request = ops_request_keep(core, r);
    if (job->request == NULL) {
        ops_pool_free(&core->pool, job, sizeof *job);
        return false;
    }
    ops_arena_init(&job->arena, NULL, 0, JOIN_HISTORY_ARENA_LIMIT, &core->host.memory);
    job->document = document;
    job->history.request.kind = OPS_STORE_HISTORY;
    job->history.request.loop = core->config.loop;
    job->history.request.owner = core;
    job->history.request.document_id = document->id;
    job->history.request.epoch = document->epoch;
    job->history.from = r->message.join_request.since_revision.value + 1;
    job->history.to = document->durable;
    job->history.limit_ops = UINT32_MAX;
    job->history.limit_bytes = SIZE_MAX;
    job->history.arena = &job->arena;
    document->jobs++;
    core->jobs++;
    core->host.submit(core->host.self, &job->history.request);
    return true;
}

/* Rows since + 1, since + 2 ... without a gap, up to where memory begins. */
static bool join_history_reaches(const struct ops_document *document, const struct history_job *job, int64_t since)
{
    size_t i;

    for (i = 0; i < job->history.ops_count; i++) {
        if (job->history.ops[i].revision != since + 1 + (int64_t)i)
            return false;
    }
    return since + (int64_t)job->history.ops_count >= document->recents.first && job->history.ops_count > 0;
}

static struct refusal join_compacted(struct ops_core *core, int64_t since)
{
    struct refusal refusal = ops_refusal_of(OPS_TEXT_REVISION_COMPACTED);

    ops_refusal_number(core, &refusal, since);
    return refusal;
}

/* The last step: answer and subscribe. `m` exists; it is a member from here on. */
static void join_finish(struct ops_document *document, struct member *m, const struct request *r, const struct history_job *job)
{
    struct ops_note *note = join_note(document, r, job);

    if (note == NULL) {
        join_refuse(document, r, ops_refusal_of(OPS_TEXT_UNKNOWN_ERROR));
        return;
    }
    document->core->stats.joins++;
    m->extended = r->asker.extended;
    m->joined = true;
    m->joining = false;
    ops_core_complete(document->core, &r->asker, document->id, CONTROL_JOINED, note);
    ops_note_drop(note);
    ops_member_release(m);
}

void ops_join_history_done(struct ops_core *core, struct history_job *job)
{
    struct ops_document *document = job->document;
    struct request *r = job->request;
    struct member *m = ops_member_find(document, r->asker.connection, r->asker.loop);
    int64_t since = r->message.join_request.since_revision.value;

    document->jobs--;
    core->jobs--;
    if (m == NULL || document->state == DOCUMENT_BROKEN)
        ops_document_schedule(document, core->now.monotonic_us); /* the client is gone */
    else if (job->history.request.result != OPS_STORE_DONE)
        join_refuse(document, r, ops_refusal_of(OPS_TEXT_STORAGE_UNAVAILABLE));
    else if (join_history_reaches(document, job, since))
        join_finish(document, m, r, job);
    else
        join_refuse(document, r, join_compacted(core, since));
    ops_request_free(core, r);
    ops_arena_reset(&job->arena);
    ops_pool_free(&core->pool, job, sizeof *job);
}

/* ---- the request -------------------------------------------------------------------------------------------------------- */

/* False: refused, and answered. */
static bool join_check(struct ops_document *document, const struct request *r)
{
    const struct ops_join_request *join = &r->message.join_request;
    const struct ops_engine *engine = ops_engine_find(join->document_type), *const *e;
    struct ops_core *core = document->core;
    struct refusal refusal;
    bool enabled = false;

    for (e = core->config.engines; *e != NULL; e++)
        enabled = enabled || (engine != NULL && *e == engine);
    if (engine != document->engine && !r->asker.profile->unjoined_served) {
        refusal = ops_refusal_of(enabled ? OPS_TEXT_DOCUMENT_TYPE_DIFFERS : OPS_TEXT_UNKNOWN_DOCUMENT_TYPE);
        refusal.values[refusal.value_count++] = enabled ? document->engine->document_type : join->document_type;
        join_refuse(document, r, refusal);
        return false;
    }
    if (join->since_revision.set && join->since_revision.value > document->durable) {
        refusal = ops_refusal_of(OPS_TEXT_REVISION_AHEAD);
        ops_refusal_number(core, &refusal, join->since_revision.value);
        ops_refusal_number(core, &refusal, document->durable);
        join_refuse(document, r, refusal);
        return false;
    }
    return true;
}

/* Does something of this connection wait to be answered before? */
static bool join_is_behind(const struct ops_document *document, const struct request *r)
{
    const struct effect *effect;

    for (effect = document->effects; effect != NULL; effect = effect->next) {
        if (effect->answered && effect->asker.connection == r->asker.connection && effect->asker.loop == r->asker.loop)
            return true;
    }
    return false;
}

/* Answers now, but for the part of the log that is to be read. */
static void join_answer(struct ops_document *document, struct member *m, struct request *r)
{
    const struct ops_join_request *join = &r->message.join_request;

    if (!join->since_revision.set || join->since_revision.value >= document->recents.first) {
        join_finish(document, m, r, NULL);
        return;
    }
    m->joining = true;
    if (join->since_revision.value < 1 || !join_read_history(document, r))
        join_refuse(document, r, join_compacted(document->core, join->since_revision.value));
}

void ops_join_handle(struct ops_document *document, struct request *r)
{
    struct member *m = ops_member_find(document, r->asker.connection, r->asker.loop);
    bool behind = join_is_behind(document, r);
    struct effect *effect;

    if (!behind && !join_check(document, r))
        return;
    if (m == NULL)
        m = ops_member_add(document, r);
    if (m == NULL) {
        join_refuse(document, r, ops_refusal_of(OPS_TEXT_UNKNOWN_ERROR));
        return;
    }
    if (!behind) {
        join_answer(document, m, r);
        return;
    }
    effect = ops_effect_add(document, EFFECT_JOIN, &r->asker, document->accepted);
    if (effect != NULL)
        effect->request = ops_request_keep(document->core, r);
    if (effect == NULL || effect->request == NULL)
        join_refuse(document, r, ops_refusal_of(OPS_TEXT_UNKNOWN_ERROR));
    else
        m->joining = true;
}

void ops_join_due(struct ops_document *document, struct request *r)
{
    struct member *m = r != NULL ? ops_member_find(document, r->asker.connection, r->asker.loop) : NULL;

    if (m == NULL)
        return; /* the connection has ended meanwhile */
    m->joining = false;
    if (join_check(document, r))
        join_answer(document, m, r);
}

/* ---- the way out -------------------------------------------------------------------------------------------------------- */

void ops_leave_handle(struct ops_document *document, struct member *m, struct request *r)
{
    struct refusal refusal;
    struct effect *effect;

    if (document->effects == NULL) {
        ops_leave_done(document, r);
        return;
    }
    effect = ops_effect_add(document, EFFECT_LEAVE, &r->asker, document->accepted);
    if (effect != NULL)
        effect->request = ops_request_keep(document->core, r);
    if (effect != NULL && effect->request != NULL) {
        m->leaving = true; /* what it asks next waits */
        return;
    }
    refusal = ops_refusal_of(OPS_TEXT_UNKNOWN_ERROR);
    ops_document_refuse(document, r, &refusal);
}

static struct ops_note *leave_note(struct ops_document *document, struct ops_str peer_id, enum push_to to)
{
    enum ops_server_message_message_type type =
        to == PUSH_EXTENDED ? OPS_SERVER_MESSAGE_PEER_LEFT : OPS_SERVER_MESSAGE_PEER_DISCONNECTED_EVENT;
    struct ops_note *note = ops_note_new(document->core, type);
    bool ok;

    if (note == NULL)
        return NULL;
    if (to == PUSH_EXTENDED)
        ok = ops_arena_copy(&note->arena, peer_id, &note->message.peer_left.peer_id) &&
             ops_arena_copy(&note->arena, document->id, &note->message.peer_left.document_id);
    else
        ok = ops_arena_copy(&note->arena, peer_id, &note->message.peer_disconnected_event.peer_id);
    if (ok)
        return note;
    ops_note_drop(note);
    return NULL;
}

/* A leave is at its place in the order when it is done: its pushes leave with it, before its author can join again. */
static void leave_push(struct ops_document *document, struct ops_str peer_id, enum push_to to)
{
    struct ops_note *note = leave_note(document, peer_id, to);
    struct push push;

    if (note == NULL)
        return;
    memset(&push, 0, sizeof push);
    push.document_id = document->id;
    push.to = to;
    ops_core_push(document, &push, note);
    ops_note_drop(note);
}

/* The end of a connection is told in its place behind what was decided before. */
static void leave_queue(struct ops_document *document, struct ops_str peer_id, const struct request *r)
{
    struct ops_note *note = leave_note(document, peer_id, PUSH_ALL);
    struct effect *effect = NULL;

    if (note != NULL && document->member_count != 0)
        effect = ops_effect_add(document, EFFECT_PUSH, NULL, document->accepted);
    if (effect == NULL) {
        ops_note_drop(note);
        return;
    }
    effect->note = note;
    if (r->shared_count != 0) {
        effect->request = ops_request_keep(document->core, r);
        effect->push.shared = effect->request != NULL ? effect->request->shared : NULL;
        effect->push.shared_count = effect->request != NULL ? r->shared_count : 0;
    }
}

void ops_leave_done(struct ops_document *document, struct request *r)
{
    struct ops_core *core = document->core;
    struct member *m = r != NULL ? ops_member_find(document, r->asker.connection, r->asker.loop) : NULL;
    struct ops_note *note;
    struct request *held;

    if (m == NULL)
        return; /* the connection has ended meanwhile */
    held = m->held;
    m->held = m->last_held = NULL;
    note = ops_note_reply_new(core, OPS_SERVER_MESSAGE_LEAVE_ACK, r->asker.correlation_id);
    if (note != NULL)
        ops_arena_copy(&note->arena, document->id, &note->message.leave_ack.document_id);
    ops_core_complete(core, &r->asker, document->id, CONTROL_LEFT, note);
    ops_note_drop(note);
    leave_push(document, m->peer_id, PUSH_PLAIN);
    leave_push(document, m->peer_id, PUSH_EXTENDED);
    ops_member_remove(m);
    while (held != NULL) { /* asked behind the leave */
        struct request *next = held->next;

        ops_document_dispatch(document, held);
        ops_request_free(core, held);
        held = next;
    }
}

/* The connection has ended. */
void ops_gone_handle(struct ops_document *document, struct request *r)
{
    struct member *m = ops_member_find(document, r->asker.connection, r->asker.loop);
    bool joined = m != NULL && m->joined;

    if (m == NULL)
        return;
    if (joined)
        leave_queue(document, m->peer_id, r);
    ops_member_remove(m);
    ops_effects_release(document);
}
