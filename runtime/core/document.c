/* A document: in memory or not, who is in it, and what is asked of it. */
#include "private.h"

struct ops_document *ops_document_find(const struct ops_core *core, struct ops_str id)
{
    struct ops_link *link = ops_table_find(&core->documents, ops_hash_bytes(core->config.seed, id));

    while (link != NULL && !ops_str_equal(((struct ops_document *)link)->id, id))
        link = ops_table_find_next(link);
    return (struct ops_document *)link;
}

struct ops_op_rules ops_document_rules(const struct ops_document *document, const struct ops_profile *profile)
{
    const struct ops_core *core = document->core;
    struct ops_op_rules rules;

    memset(&rules, 0, sizeof rules);
    rules.overshoot_clamped = profile->overshoot_clamped;
    rules.negative_counts_taken = profile->negative_counts_taken;
    rules.document_limit_bytes = core->config.document_max_bytes;
    rules.stamp_limit = INT64_MAX;
    if (core->config.stamps_ahead_ms >= 0)
        rules.stamp_limit = core->now.wall.seconds * 1000 + core->now.wall.nanos / 1000000 + core->config.stamps_ahead_ms;
    return rules;
}

/* ---- members ---------------------------------------------------------------------------------------------------------- */

static uint64_t member_hash(const struct ops_document *document, uint64_t connection, uint32_t loop)
{
    return document->hash ^ ops_hash_number(document->core->config.seed, connection * CORE_LOOPS_MAX + loop);
}

struct member *ops_member_find(struct ops_document *document, uint64_t connection, uint32_t loop)
{
    struct ops_link *link = ops_table_find(&document->core->members, member_hash(document, connection, loop));
    struct member *m;

    for (; link != NULL; link = ops_table_find_next(link)) {
        m = (struct member *)link;
        if (m->document == document && m->connection == connection && m->loop == loop)
            return m;
    }
    return NULL;
}

struct member *ops_member_add(struct ops_document *document, const struct request *request)
{
    struct ops_core *core = document->core;
    const struct asker *asker = &request->asker;
    struct member *m = ops_pool_zalloc(&core->pool, sizeof *m);

    if (m == NULL)
        return NULL;
    m->document = document;
    m->connection = asker->connection;
    m->loop = asker->loop;
    m->profile = asker->profile;
    m->extended = asker->extended;
    m->peer_id = ops_core_keep(core, request->peer_id);
    if (m->peer_id.ptr == NULL || !ops_table_add(&core->members, &m->link, member_hash(document, m->connection, m->loop))) {
        ops_core_unkeep(core, m->peer_id);
        ops_pool_free(&core->pool, m, sizeof *m);
        return NULL;
    }
    m->join_number = ++document->joins;
    m->next = document->members;
    m->prev = &document->members;
    if (document->members != NULL)
        document->members->prev = &m->next;
    document->members = m;
    document->member_count++;
    document->members_of_loop[m->loop]++;
    document->members_of_profile[ops_core_profile_index(m->profile)]++;
    core->stats.members++;
    return m;
}

void ops_member_remove(struct member *m)
{
    struct ops_document *document = m->document;
    struct ops_core *core = document->core;
    struct request *held;

    while ((held = m->held) != NULL) { /* of a connection that is gone */
        m->held = held->next;
        ops_request_free(core, held);
    }
    ops_undo_clear(document, &m->undo);
    ops_undo_clear(document, &m->redo);
    ops_awareness_drop(document, m);
    ops_table_remove(&core->members, &m->link);
    *m->prev = m->next;
    if (m->next != NULL)
        m->next->prev = m->prev;
    document->member_count--;
    document->members_of_loop[m->loop]--;
    document->members_of_profile[ops_core_profile_index(m->profile)]--;
    core->stats.members--;
    ops_core_unkeep(core, m->peer_id);
    ops_pool_free(&core->pool, m, sizeof *m);
    if (document->member_count == 0) {
        document->idle_since_us = core->now.monotonic_us;
        ops_document_schedule(document, core->now.monotonic_us + core->config.idle_ms * 1000);
    }
}

/* The request waits behind the member's earlier ones. */
void ops_member_hold(struct member *m, struct request *request)
{
    struct ops_core *core = m->document->core;
    struct request *kept = ops_request_keep(core, request);
    struct refusal refusal;

    if (kept == NULL) {
        refusal = ops_refusal_of(OPS_TEXT_UNKNOWN_ERROR);
        ops_document_refuse(m->document, request, &refusal);
        return;
    }
    kept->next = NULL;
    if (m->last_held != NULL)
        m->last_held->next = kept;
    else
        m->held = kept;
    m->last_held = kept;
}

/* ---- dispatch ----------------------------------------------------------------------------------------------------------- */

static bool document_is_gone(const struct request *r)
{
    return r->asker.kind == OPS_CLIENT_MESSAGE_NONE && !r->refused;
}

/* Must this request of the member wait? For the end of its join or leave; an undo for the member's own ops to be durable. */
static bool document_must_wait(const struct member *m, const struct request *r)
{
    if (m == NULL)
        return false;
    if (!m->joined || m->joining || m->leaving)
        return true;
    return m->pending_ops > 0 && (r->asker.kind == OPS_CLIENT_MESSAGE_UNDO || r->asker.kind == OPS_CLIENT_MESSAGE_REDO);
}

static void document_refuse_not_joined(struct ops_document *document, struct request *r)
{
    struct refusal refusal = ops_refusal_of(OPS_TEXT_NOT_JOINED);

    ops_document_refuse(document, r, &refusal);
}

static void document_serve(struct ops_document *document, struct member *m, struct request *r)
{
    enum ops_client_message_message_type kind = r->asker.kind;

    if (m != NULL)
        m->extended = r->asker.extended;
    if (kind == OPS_CLIENT_MESSAGE_JOIN_REQUEST && !r->refused)
        ops_join_handle(document, r);
    else if (r->refused)
        ops_document_refuse(document, r, &r->refusal);
    else if (m == NULL && !(r->asker.profile->unjoined_served && kind != OPS_CLIENT_MESSAGE_LEAVE &&
                            (kind == OPS_CLIENT_MESSAGE_OP_REQUEST || kind == OPS_CLIENT_MESSAGE_AWARENESS_REQUEST)))
        document_refuse_not_joined(document, r);
    else if (kind == OPS_CLIENT_MESSAGE_OP_REQUEST)
        ops_op_handle(document, m, r);
    else if (kind == OPS_CLIENT_MESSAGE_AWARENESS_REQUEST)
        ops_awareness_handle(document, m, r);
    else if (kind == OPS_CLIENT_MESSAGE_LEAVE)
        ops_leave_handle(document, m, r);
    else
        ops_undo_handle(document, m, r);
}

void ops_document_dispatch(struct ops_document *document, struct request *r)
{
    struct member *m = ops_member_find(document, r->asker.connection, r->asker.loop);

    if (document_is_gone(r))
        ops_gone_handle(document, r);
    else if (m != NULL && (m->held != NULL || document_must_wait(m, r)))
        ops_member_hold(m, r);
    else
        document_serve(document, m, r);
}

/* Goes on with what the member asked meanwhile. */
void ops_member_release(struct member *m)
{
    struct ops_document *document = m->document;
    struct ops_core *core = document->core;
    uint64_t connection = m->connection;
    uint32_t loop = m->loop;
    struct request *r;

    while (m->held != NULL && !document_must_wait(m, m->held)) {
        r = m->held;
        m->held = r->next;
        if (m->held == NULL)
            m->last_held = NULL;
        document_serve(document, m, r);
        ops_request_free(core, r);
        m = ops_member_find(document, connection, loop);
        if (m == NULL)
            return;
    }
}

static void document_wait(struct ops_document *document, struct request *r)
{
    struct request *kept = ops_request_keep(document->core, r);
    struct refusal refusal;

    if (kept == NULL) {
        refusal = ops_refusal_of(OPS_TEXT_UNKNOWN_ERROR);
        ops_document_refuse(document, r, &refusal);
        return;
    }
    if (document->last_waiting != NULL)
        document->last_waiting->next = kept;
    else
        document->waiting = kept;
    document->last_waiting = kept;
}

void ops_document_handle(struct ops_core *core, struct request *r)
{
    struct ops_document *document = ops_document_find(core, r->document_id);
    struct refusal refusal;
    struct ops_note *note;

    if (document != NULL && document->state == DOCUMENT_LOADING) {
        document_wait(document, r);
        return;
    }
    if (document != NULL && document->state != DOCUMENT_BROKEN) {
        ops_document_dispatch(document, r);
        return;
    }
    if (document_is_gone(r))
        return;
    if (!r->refused && r->asker.kind == OPS_CLIENT_MESSAGE_JOIN_REQUEST && document == NULL && ops_document_open(core, r))
        return;
    refusal = r->refused ? r->refusal
              : document != NULL || r->asker.kind == OPS_CLIENT_MESSAGE_JOIN_REQUEST
                  ? ops_refusal_of(OPS_TEXT_STORAGE_UNAVAILABLE)
                  : ops_refusal_of(r->asker.profile->unjoined_served ? OPS_TEXT_SESSION_NOT_FOUND : OPS_TEXT_NOT_JOINED);
    note = ops_refusal_note(core, &r->asker, r->document_id, &refusal, 0, true);
    ops_core_complete(core, &r->asker, r->document_id, CONTROL_NONE, note);
    ops_note_drop(note);
}

/* ---- time --------------------------------------------------------------------------------------------------------------- */

void ops_document_schedule(struct ops_document *document, int64_t due_us)
{
    if (document->heap_index == SIZE_MAX || due_us < document->wake_us)
        ops_heap_put(document->core, document, due_us);
}

static bool document_is_idle(const struct ops_document *document)
{
    return document->member_count == 0 && document->effects == NULL && document->jobs == 0 && document->waiting == NULL;
}

/* Does what is due, and says when to come back. */
void ops_document_wake(struct ops_document *document)
{
    struct ops_core *core = document->core;
    int64_t now = core->now.monotonic_us, next = INT64_MAX, due;

    if (document->state == DOCUMENT_BROKEN) {
        if (document->jobs == 0)
            ops_document_close(document);
        return;
    }
    if (document->state == DOCUMENT_READY && document->appends != NULL) {
        due = document->appends->submitted_us + core->config.store_timeout_ms * 1000;
        if (due <= now)
            ops_document_fence(document);
        else
            next = due;
    }
    if (document->state == DOCUMENT_FENCED && document->retry_us != 0) {
        if (document->retry_us <= now)
            ops_document_fence(document);
        else if (document->retry_us < next)
            next = document->retry_us;
    }
    if (document->awareness_due) {
        if (document->awareness_us <= now)
            ops_awareness_flush(document);
        if (document->awareness_due && document->awareness_us < next)
            next = document->awareness_us;
    }
    if (document->state == DOCUMENT_READY && document->durable > document->snapshot_revision && document->durable > 1) {
        due = document->snapshot_since_us + core->config.snapshot_ms * 1000;
        if (document->snapshot_due || due <= now)
            ops_snapshot_take(document);
        else if (due < next)
            next = due;
    }
    if (document_is_idle(document) && document->state == DOCUMENT_READY) {
        due = document->idle_since_us + core->config.idle_ms * 1000;
        if (due <= now) {
            ops_document_close(document);
            return;
        }
        if (due < next)
            next = due;
    }
    if (next != INT64_MAX)
        ops_document_schedule(document, next);
}

/* ---- the end ------------------------------------------------------------------------------------------------------------ */

void ops_document_close(struct ops_document *document)
{
    struct ops_core *core = document->core;
    unsigned i;

    ops_heap_remove(core, document);
    while (document->members != NULL)
        ops_member_remove(document->members);
    ops_heap_remove(core, document); /* the last member's leave has put it there again */
    ops_effects_end(document);
    ops_recents_end(document);
    if (document->state_now != NULL)
        document->engine->close(document->state_now);
    ops_pool_end(&document->pool);
    for (i = 0; i < CORE_PROFILES_MAX; i++) {
        struct blob *blob = document->snapshot[i];

        if (blob != NULL && --blob->references == 0)
            ops_pool_free(&core->pool, blob, sizeof *blob + blob->len);
    }
    ops_table_remove(&core->documents, &document->link);
    ops_core_unkeep(core, document->id);
    ops_pool_free(&core->pool, document, sizeof *document);
    core->stats.documents--;
}

/* What is in memory cannot be trusted any more: its clients are sent away (they reconnect and catch up), and it closes. */
void ops_document_break(struct ops_document *document, const char *problem)
{
    struct ops_core *core = document->core;
    struct member *m;
    struct asker asker;

    core->host.report(core->host.self, document->id, problem);
    document->state = DOCUMENT_BROKEN;
    for (m = document->members; m != NULL; m = m->next) {
        memset(&asker, 0, sizeof asker);
        asker.connection = m->connection;
        asker.loop = m->loop;
        asker.profile = m->profile;
        ops_core_complete(core, &asker, document->id, CONTROL_BROKEN, NULL);
    }
    ops_document_schedule(document, core->now.monotonic_us);
}
