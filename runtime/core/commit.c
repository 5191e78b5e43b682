/* What leaves a document, in order, once it may.
 *
 * Everything that a request decides is queued as an *effect* with the accepted revision at which it was decided. When the
 * durable revision gets there, the op is applied and its ack and pushes leave, refusals and absorbed replies in their places
 * among them. When an append is lost, what was decided on it is answered StorageUnavailable instead. */
#include "private.h"

/* ---- to the connection side --------------------------------------------------------------------------------------------- */

void ops_core_complete(struct ops_core *core, const struct asker *asker, struct ops_str document_id, enum control control,
                       struct ops_note *note)
{
    if (asker->loop == core->config.loop)
        ops_connection_complete(core, asker, document_id, control, note);
    else
        ops_mail_complete(core, asker, document_id, control, note);
}

void ops_core_push(struct ops_document *document, const struct push *push, struct ops_note *note)
{
    struct ops_core *core = document->core;
    uint32_t loop;

    for (loop = 0; loop < core->config.loops; loop++) {
        if (document->members_of_loop[loop] == 0)
            continue;
        if (loop == core->config.loop)
            ops_feed_push(core, push, note);
        else
            ops_mail_push(core, loop, push, note);
    }
}

/* ---- the queue ---------------------------------------------------------------------------------------------------------- */

struct effect *ops_effect_add(struct ops_document *document, enum effect_kind kind, const struct asker *asker, int64_t needs)
{
    struct ops_core *core = document->core;
    size_t correlation = asker != NULL ? asker->correlation_id.len : 0;
    struct effect *effect = ops_pool_zalloc(&core->pool, sizeof *effect + correlation);

    if (effect == NULL)
        return NULL;
    effect->kind = kind;
    effect->needs = needs;
    if (asker != NULL) {
        effect->answered = true;
        effect->asker = *asker;
        if (correlation != 0)
            memcpy(effect->correlation, asker->correlation_id.ptr, correlation);
        if (asker->correlation_id.ptr != NULL)
            effect->asker.correlation_id = ops_str_of(effect->correlation, correlation);
    }
    if (document->last_effect != NULL)
        document->last_effect->next = effect;
    else
        document->effects = effect;
    document->last_effect = effect;
    document->effects_count++;
    return effect;
}

static void effect_free(struct ops_document *document, struct effect *effect)
{
    struct ops_core *core = document->core;

    ops_note_drop(effect->note);
    ops_request_free(core, effect->request);
    ops_pool_free(&core->pool, effect, sizeof *effect + effect->asker.correlation_id.len);
}

static struct effect *effect_pop(struct ops_document *document)
{
    struct effect *effect = document->effects;

    document->effects = effect->next;
    if (effect->next == NULL)
        document->last_effect = NULL;
    document->effects_count--;
    return effect;
}

void ops_effects_end(struct ops_document *document)
{
    while (document->effects != NULL)
        effect_free(document, effect_pop(document));
}

/* Answers now if nothing waits before it, else in its place. `note` NULL: there was no memory for it, or nothing is answered. */
void ops_document_answer(struct ops_document *document, const struct asker *asker, struct ops_note *note, bool on_state)
{
    struct effect *effect;

    if (document->effects == NULL) {
        ops_core_complete(document->core, asker, document->id, CONTROL_NONE, note);
        return;
    }
    effect = ops_effect_add(document, EFFECT_REPLY, asker, document->accepted);
    if (effect == NULL) {
        ops_core_complete(document->core, asker, document->id, CONTROL_NONE, note);
        return;
    }
    effect->decided_on_state = on_state;
    effect->note = note;
    if (note != NULL)
        ops_note_keep(note);
}

void ops_document_refuse(struct ops_document *document, const struct request *r, const struct refusal *refusal)
{
    struct member *m = ops_member_find(document, r->asker.connection, r->asker.loop);
    struct ops_core *core = document->core;
    bool before_engine = r->refused || refusal->text == OPS_TEXT_NOT_JOINED || refusal->text == OPS_TEXT_SESSION_NOT_FOUND;
    bool op = r->asker.kind == OPS_CLIENT_MESSAGE_OP_REQUEST || r->asker.kind == OPS_CLIENT_MESSAGE_UNDO ||
              r->asker.kind == OPS_CLIENT_MESSAGE_REDO;
    int64_t revision = (m != NULL && m->joined) || r->asker.profile->unjoined_served ? document->accepted : 0;
    struct ops_note *note = ops_refusal_note(core, &r->asker, document->id, refusal, revision, before_engine);

    ops_document_answer(document, &r->asker, note, op && !before_engine);
    ops_note_drop(note);
}

/* ---- an op becomes durable ---------------------------------------------------------------------------------------------- */

static struct ops_note *commit_ack(struct ops_document *document, const struct asker *asker, int64_t revision)
{
    struct ops_note *note = ops_note_reply_new(document->core, OPS_SERVER_MESSAGE_OP_RESPONSE, asker->correlation_id);

    if (note == NULL)
        return NULL;
    note->message.op_response.success = true;
    note->message.op_response.new_revision = revision;
    if (!ops_arena_copy(&note->arena, document->id, &note->message.op_response.document_id)) {
        ops_note_drop(note);
        return NULL;
    }
    return note;
}

/* The op as each profile that is present says it. */
static struct ops_note *commit_push_note(struct ops_document *document, int64_t revision)
{
    struct ops_core *core = document->core;
    const void *op = ops_recents_op(&document->recents, revision);
    const struct recent *item = ops_recents_item(&document->recents, revision);
    struct ops_note *note = ops_note_new(core, OPS_SERVER_MESSAGE_RECEIVE_OP_EVENT);
    struct ops_receive_op_event *event;
    unsigned i;

    if (note == NULL)
        return NULL;
    event = &note->message.receive_op_event;
    event->new_revision = revision;
    if (!ops_arena_copy(&note->arena, document->id, &event->document_id) ||
        !ops_arena_copy(&note->arena, item->op_id, &event->op_id))
        goto failed;
    for (i = 0; i < core->profile_count; i++) {
        struct ops_server_message *message;
        struct ops_buf payload;

        if (document->members_of_profile[i] == 0)
            continue;
        message = ops_arena_alloc(&note->arena, sizeof *message);
        ops_buf_init(&payload, &note->arena);
        if (message == NULL || ops_json_encode(document->engine->op_type, ops_profiles[i]->payload_style, op, &payload) != OPS_OK)
            goto failed;
        *message = note->message;
        message->receive_op_event.payload = ops_buf_str(&payload);
        note->by_profile[i] = message;
    }
    return note;
failed:
    ops_note_drop(note);
    return NULL;
}

/* Applies the op at `durable` + 1. False: the document is broken. */
static bool commit_apply(struct ops_document *document, const struct effect *effect)
{
    struct ops_core *core = document->core;
    const void *op = ops_recents_op(&document->recents, effect->needs);
    struct member *author = ops_member_find(document, effect->asker.connection, effect->asker.loop);
    struct ops_arena_mark mark = ops_arena_here(&core->scratch);
    enum ops_err err;

    if (author != NULL)
        ops_undo_recorded(document, author, op, effect->op_kind);
    err = document->engine->apply(document->state_now, op, &core->scratch);
    ops_arena_rewind(&core->scratch, mark);
    document->durable = effect->needs;
    return err == OPS_OK;
}

static void commit_tell(struct ops_document *document, struct effect *effect)
{
    struct ops_core *core = document->core;
    struct ops_note *push_note = document->member_count != 0 ? commit_push_note(document, effect->needs) : NULL;
    struct ops_note *ack = commit_ack(document, &effect->asker, effect->needs);
    struct push push;

    memset(&push, 0, sizeof push);
    push.document_id = document->id;
    if (effect->op_kind == OP_NORMAL) { /* the author of an undo gets it as a push first */
        push.except_connection = effect->asker.connection;
        push.except_loop = effect->asker.loop;
        ops_core_complete(core, &effect->asker, document->id, CONTROL_NONE, ack);
    }
    if (push_note != NULL)
        ops_core_push(document, &push, push_note);
    else if (document->member_count != 0)
        ops_document_break(document, "no memory to tell of an op");
    if (effect->op_kind != OP_NORMAL)
        ops_core_complete(core, &effect->asker, document->id, CONTROL_NONE, ack);
    ops_note_drop(ack);
    ops_note_drop(push_note);
    core->stats.ops_processed++;
    ops_histogram_add(&core->stats.op_latency_us, (uint64_t)(core->now.monotonic_us - effect->asker.received_us));
    ops_histogram_add(&core->stats.fan_out, document->member_count > 0 ? document->member_count - 1 : 0);
    ops_histogram_add(&core->stats.peers_per_document, document->member_count);
}

static void commit_release(struct ops_document *document, struct effect *effect)
{
    struct ops_core *core = document->core;
    struct member *author;

    if (!commit_apply(document, effect)) {
        commit_tell(document, effect); /* it is in the log: say so, before the memory is given up */
        if (document->state != DOCUMENT_BROKEN)
            ops_document_break(document, "no memory to apply an op");
        return;
    }
    commit_tell(document, effect);
    if (document->state == DOCUMENT_BROKEN)
        return;
    if (document->durable - document->snapshot_revision >= (int64_t)core->config.snapshot_ops && !document->snapshot_in_flight) {
        document->snapshot_due = true;
        ops_document_schedule(document, core->now.monotonic_us);
    } else if (document->durable == document->snapshot_revision + 1) {
        document->snapshot_since_us = core->now.monotonic_us;
        ops_document_schedule(document, core->now.monotonic_us + core->config.snapshot_ms * 1000);
    }
    ops_recents_trim(document);
    author = ops_member_find(document, effect->asker.connection, effect->asker.loop);
    if (author != NULL && author->pending_ops > 0 && --author->pending_ops == 0)
        ops_member_release(author);
}

/* ---- the head of the queue ---------------------------------------------------------------------------------------------- */

void ops_effects_release(struct ops_document *document)
{
    struct effect *effect;

    if (document->releasing)
        return; /* called from what an effect did */
    document->releasing = true;
    while (document->state != DOCUMENT_BROKEN && document->effects != NULL && document->effects->needs <= document->durable_known) {
        effect = effect_pop(document);
        switch (effect->kind) {
        case EFFECT_COMMIT:
            commit_release(document, effect);
            break;
        case EFFECT_REPLY:
            ops_core_complete(document->core, &effect->asker, document->id, CONTROL_NONE, effect->note);
            break;
        case EFFECT_PUSH:
            effect->push.document_id = document->id;
            ops_core_push(document, &effect->push, effect->note);
            break;
        case EFFECT_JOIN:
            ops_join_due(document, effect->request);
            break;
        case EFFECT_LEAVE:
            ops_leave_done(document, effect->request);
            break;
        }
        effect_free(document, effect);
    }
    document->releasing = false;
    if (document->effects == NULL && document->member_count == 0)
        ops_document_schedule(document, document->core->now.monotonic_us + document->core->config.idle_ms * 1000);
}

/* The accepted ops above `durable_known` are lost, and what was decided on them with them. */
void ops_effects_lost(struct ops_document *document)
{
    struct ops_core *core = document->core;
    struct refusal refusal = ops_refusal_of(OPS_TEXT_STORAGE_UNAVAILABLE);
    struct effect *effect;
    struct ops_note *note;
    struct member *m;

    document->accepted = document->durable_known;
    for (effect = document->effects; effect != NULL; effect = effect->next) {
        if (effect->needs <= document->durable_known)
            continue;
        effect->needs = document->durable_known;
        if (effect->kind != EFFECT_COMMIT && !effect->decided_on_state)
            continue;
        if (effect->kind == EFFECT_COMMIT)
            core->stats.ops_unstored++;
        note = ops_refusal_note(core, &effect->asker, document->id, &refusal, document->durable_known, false);
        ops_note_drop(effect->note);
        effect->note = note;
        effect->kind = EFFECT_REPLY;
    }
    ops_recents_cut(document, document->durable_known);
    for (m = document->members; m != NULL; m = m->next)
        m->pending_ops = 0;
    document->appends = document->last_append = NULL;
    ops_effects_release(document);
    for (m = document->members; m != NULL && document->state == DOCUMENT_READY;) {
        struct member *next = m->next;

        ops_member_release(m);
        m = next;
    }
}

/* ---- the store's word --------------------------------------------------------------------------------------------------- */

static void append_unlink(struct ops_document *document, struct append_job *job)
{
    struct append_job **place = &document->appends, *last = NULL;

    while (*place != NULL && *place != job) {
        last = *place;
        place = &last->next;
    }
    if (*place == NULL)
        return;
    *place = job->next;
    if (document->last_append == job)
        document->last_append = last;
}

void ops_append_done(struct ops_core *core, struct append_job *job)
{
    struct ops_document *document = job->document;
    bool counts = document->state == DOCUMENT_READY && job->append.request.epoch == document->epoch;

    document->jobs--;
    core->jobs--;
    if (counts) {
        append_unlink(document, job);
        if (job->append.request.result == OPS_STORE_DONE) {
            ops_histogram_add(&core->stats.append_latency_us, (uint64_t)(core->now.monotonic_us - job->submitted_us));
            document->durable_known = job->append.op.revision;
            ops_effects_release(document);
        } else {
            core->host.report(core->host.self, document->id, job->append.request.problem);
            if (job->append.request.result == OPS_STORE_ABSENT) {
                document->epoch = ++core->last_epoch; /* what is still queued behind it comes back absent */
                ops_effects_lost(document);
            } else {
                ops_document_fence(document);
            }
        }
    } else {
        ops_document_schedule(document, core->now.monotonic_us);
    }
    ops_pool_free(&core->pool, job, job->block_bytes);
}
