/* An op: checked, rebased, numbered, handed to storage (spec/v1.md §3.2; architecture.md "One op, end to end").
 *
 * The first of these that fails is what the author is told: members readable and in range (request.c) -> joined -> a repeated opId ->
 * payload size and form -> base revision -> rebase -> engine. */
#include "private.h"

#include "runtime/codec/explain.h"

/* ---- refusals ----------------------------------------------------------------------------------------------------------- */

static void op_refuse(struct ops_document *document, const struct request *r, struct refusal refusal)
{
    ops_document_refuse(document, r, &refusal);
}

static void op_refuse_engine(struct ops_document *document, const struct request *r, const struct ops_refusal *why)
{
    struct refusal refusal = ops_refusal_of(why->text);

    if (why->text == OPS_TEXT_DOCUMENT_LARGE)
        ops_refusal_number(document->core, &refusal, (int64_t)document->core->config.document_max_bytes);
    else if (why->where >= 0)
        ops_refusal_number(document->core, &refusal, why->where);
    op_refuse(document, r, refusal);
}

static void op_refuse_number(struct ops_document *document, const struct request *r, enum ops_text text, int64_t a, int64_t b)
{
    struct refusal refusal = ops_refusal_of(text);

    ops_refusal_number(document->core, &refusal, a);
    ops_refusal_number(document->core, &refusal, b);
    op_refuse(document, r, refusal);
}

/* ---- the payload -------------------------------------------------------------------------------------------------------- */

/* NULL: refused, and answered. */
static const void *op_decode(struct ops_document *document, const struct request *r)
{
    struct ops_core *core = document->core;
    const struct ops_op_request *request = &r->message.op_request;
    struct ops_str payload = request->payload.ptr != NULL ? request->payload : OPS_STR("");
    struct ops_op_rules rules = ops_document_rules(document, r->asker.profile);
    struct refusal refusal = ops_refusal_of(OPS_TEXT_PAYLOAD_EMPTY);
    struct ops_decode_info info;
    struct ops_refusal why;
    struct ops_buf sentence;
    void *op;

    if (payload.len == 0) {
        op_refuse(document, r, refusal);
        return NULL;
    }
    if (payload.len > core->config.payload_max_bytes) {
        op_refuse_number(document, r, OPS_TEXT_PAYLOAD_LARGE, (int64_t)core->config.payload_max_bytes, 0);
        return NULL;
    }
    op = ops_arena_alloc(&core->scratch, document->engine->op_type->size);
    memset(&info, 0, sizeof info);
    if (op == NULL || ops_json_decode(document->engine->op_type, r->asker.profile->payload_style, payload, &core->scratch, op,
                                      &info) != OPS_OK) {
        ops_buf_init(&sentence, &core->scratch);
        refusal = ops_refusal_of(ops_str_equal(ops_request_trim(payload), OPS_STR("null")) ? OPS_TEXT_OP_NULL : OPS_TEXT_INVALID_MESSAGE);
        if (op != NULL && refusal.text != OPS_TEXT_OP_NULL && ops_error_sentence(&info.error, payload, false, &sentence)) {
            refusal.code = OPS_ERROR_CODE_INVALID_MESSAGE;
            refusal.sentence = ops_buf_str(&sentence);
        }
        op_refuse(document, r, refusal);
        return NULL;
    }
    if (!document->engine->is_sound(op, &rules, &why)) {
        op_refuse_engine(document, r, &why);
        return NULL;
    }
    return op;
}

/* ---- the base revision -------------------------------------------------------------------------------------------------- */

/* Are all ops in (from, to] this connection's own? Only their author can know of ops that are not durable. */
static bool op_are_own(const struct ops_document *document, const struct request *r, int64_t from, int64_t to)
{
    const struct recent *item;

    for (; to > from; to--) {
        item = ops_recents_item(&document->recents, to);
        if (item->connection != r->asker.connection || item->loop != r->asker.loop)
            return false;
    }
    return true;
}

/* The log does not begin at `base`: it begins later, or holds nothing at all. */
static void op_refuse_compacted(struct ops_document *document, const struct request *r, int64_t base)
{
    struct ops_core *core = document->core;
    struct refusal refusal = ops_refusal_of(OPS_TEXT_LOG_COMPACTED);

    if (document->recents.count == 0) {
        refusal = ops_refusal_of(OPS_TEXT_LOG_GAP);
        ops_refusal_number(core, &refusal, base + 1);
        ops_refusal_number(core, &refusal, document->accepted);
        ops_refusal_number(core, &refusal, base);
        ops_refusal_number(core, &refusal, 0); /* read of it */
    }
    op_refuse(document, r, refusal);
}

/* False: refused, and answered. */
static bool op_base(struct ops_document *document, const struct request *r, int64_t *base)
{
    int64_t oldest = document->engine->rebases ? document->recents.first : 1;

    *base = r->message.op_request.base_revision;
    if (*base > document->accepted && r->asker.profile->base_ahead_is_current)
        *base = document->accepted;
    if (*base > document->accepted || (*base > document->durable && !r->asker.profile->base_ahead_is_current &&
                                       !op_are_own(document, r, document->durable, *base))) {
        op_refuse_number(document, r, OPS_TEXT_REVISION_AHEAD, *base, document->durable);
        return false;
    }
    if (!document->engine->rebases && r->message.op_request.op_id.ptr != NULL && oldest < document->recents.first)
        oldest = document->recents.first; /* whether its id is among older ops cannot be told */
    if (*base >= oldest)
        return true;
    op_refuse_compacted(document, r, *base);
    return false;
}

/* ---- rebase ------------------------------------------------------------------------------------------------------------- */

enum rebased { REBASED, REBASED_TO_NOTHING, REBASE_REFUSED };

static enum rebased op_rebase(struct ops_document *document, const struct request *r, int64_t base, const void **op)
{
    struct ops_core *core = document->core;
    const struct ops_engine *engine = document->engine;
    uint64_t distance = (uint64_t)(document->accepted - base);
    struct refusal refusal;
    int64_t revision;

    ops_histogram_add(&core->stats.rebased_over_ops, distance);
    if (distance == 0)
        return REBASED;
    if (engine->rebases && engine->cost(*op) > core->config.rebase_max_cost / distance) {
        refusal = ops_refusal_of(OPS_TEXT_REBASE_TOO_LONG);
        ops_refusal_number(core, &refusal, base);
        op_refuse(document, r, refusal);
        return REBASE_REFUSED;
    }
    for (revision = base + 1; engine->rebases && revision <= document->accepted; revision++) {
        if (engine->transform(*op, ops_recents_op(&document->recents, revision), OPS_EXISTING_WINS, &core->scratch, op) != OPS_OK) {
            op_refuse(document, r, ops_refusal_of(OPS_TEXT_UNKNOWN_ERROR));
            return REBASE_REFUSED;
        }
        if (engine->is_no_op(*op))
            return REBASED_TO_NOTHING;
    }
    return engine->is_no_op(*op) ? REBASED_TO_NOTHING : REBASED;
}

/* ---- acceptance --------------------------------------------------------------------------------------------------------- */

static struct append_job *op_append_job(struct ops_document *document, const struct request *r, const void *op)
{
    struct ops_core *core = document->core;
    const struct recent *item = ops_recents_item(&document->recents, document->accepted + 1);
    struct ops_arena_mark mark = ops_arena_here(&core->scratch);
    struct append_job *job = NULL;
    struct ops_buf payload;
    struct ops_str bytes;
    char *at;

    ops_buf_init(&payload, &core->scratch);
    if (ops_json_encode(document->engine->op_type, &ops_style_stored, op, &payload) == OPS_OK) {
        bytes = ops_buf_str(&payload);
        job = ops_pool_zalloc(&core->pool, sizeof *job + bytes.len + r->peer_id.len + item->op_id.len);
    }
    if (job != NULL) {
        job->block_bytes = sizeof *job + bytes.len + r->peer_id.len + item->op_id.len;
        at = (char *)(job + 1);
        memcpy(at, bytes.ptr, bytes.len);
        job->append.op.payload = ops_str_of(at, bytes.len);
        at += bytes.len;
        memcpy(at, r->peer_id.ptr, r->peer_id.len);
        job->append.op.author_id = ops_str_of(at, r->peer_id.len);
        at += r->peer_id.len;
        if (item->op_id.ptr != NULL) {
            memcpy(at, item->op_id.ptr, item->op_id.len);
            job->append.op.op_id = ops_str_of(at, item->op_id.len);
        }
    }
    ops_arena_rewind(&core->scratch, mark);
    return job;
}

static void op_submit(struct ops_document *document, struct append_job *job)
{
    struct ops_core *core = document->core;

    job->document = document;
    job->submitted_us = core->now.monotonic_us;
    job->append.request.kind = OPS_STORE_APPEND;
    job->append.request.loop = core->config.loop;
    job->append.request.owner = core;
    job->append.request.document_id = document->id;
    job->append.request.epoch = document->epoch;
    job->append.document_type = document->engine->document_type;
    job->append.op.revision = document->accepted;
    job->append.op.timestamp = core->now.wall;
    job->append.op.op_type_name = document->engine->op_type_name;
    if (document->last_append != NULL)
        document->last_append->next = job;
    else
        document->appends = job;
    document->last_append = job;
    document->jobs++;
    core->jobs++;
    ops_document_schedule(document, core->now.monotonic_us + core->config.store_timeout_ms * 1000);
    core->host.submit(core->host.self, &job->append.request);
}

void ops_op_accept(struct ops_document *document, struct member *member, struct request *r, const void *op, struct ops_str op_id,
                   enum op_kind kind)
{
    struct ops_core *core = document->core;
    struct ops_op_rules rules = ops_document_rules(document, r->asker.profile);
    struct append_job *job = NULL;
    struct effect *effect = NULL;
    struct ops_refusal why;

    if (!document->engine->check(document->state_now, ops_recents_pending(document), op, &rules, &core->scratch, &op, &why)) {
        op_refuse_engine(document, r, &why);
        return;
    }
    if (document->state != DOCUMENT_READY || document->accepted - document->durable >= (int64_t)core->config.pending_max_ops) {
        op_refuse(document, r, ops_refusal_of(OPS_TEXT_STORAGE_UNAVAILABLE));
        return;
    }
    if (ops_recents_add(document, op, op_id, r->peer_id, r->asker.connection, r->asker.loop)) {
        job = op_append_job(document, r, op);
        if (job != NULL)
            effect = ops_effect_add(document, EFFECT_COMMIT, &r->asker, document->accepted + 1);
        if (effect == NULL)
            ops_recents_cut(document, document->accepted);
    }
    if (effect == NULL) {
        if (job != NULL)
            ops_pool_free(&core->pool, job, job->block_bytes);
        op_refuse(document, r, ops_refusal_of(OPS_TEXT_UNKNOWN_ERROR));
        return;
    }
    effect->op_kind = kind;
    document->accepted++;
    if (member != NULL)
        member->pending_ops++;
    op_submit(document, job);
}

static void op_answer(struct ops_document *document, const struct request *r, int64_t revision, int64_t needs)
{
    struct ops_core *core = document->core;
    struct ops_note *note = ops_note_reply_new(core, OPS_SERVER_MESSAGE_OP_RESPONSE, r->asker.correlation_id);
    struct effect *effect;

    if (note == NULL || !ops_arena_copy(&note->arena, document->id, &note->message.op_response.document_id)) {
        ops_note_drop(note);
        ops_document_answer(document, &r->asker, NULL, true); /* its place among the answers is given up all the same */
        return;
    }
    note->message.op_response.success = true;
    note->message.op_response.new_revision = revision;
    ops_document_answer(document, &r->asker, note, true);
    effect = document->last_effect; /* in its place in the order, but with the fate of what it speaks of */
    if (effect != NULL && effect->note == note)
        effect->needs = needs;
    ops_note_drop(note);
}

void ops_op_handle(struct ops_document *document, struct member *member, struct request *r)
{
    struct ops_core *core = document->core;
    struct ops_str op_id = r->message.op_request.op_id;
    int64_t base, repeated = 0;
    const void *op;

    if (op_id.ptr != NULL)
        repeated = ops_recents_find(document, op_id, r->message.op_request.base_revision);
    if (repeated != 0) {
        core->stats.ops_repeated++;
        op_answer(document, r, repeated, repeated);
        return;
    }
    op = op_decode(document, r);
    if (op == NULL || !op_base(document, r, &base))
        return;
    switch (op_rebase(document, r, base, &op)) {
    case REBASE_REFUSED:
        return;
    case REBASED_TO_NOTHING:
        core->stats.ops_absorbed++;
        op_answer(document, r, document->accepted, document->accepted);
        return;
    case REBASED:
        ops_op_accept(document, member, r, op, op_id, OP_NORMAL);
        return;
    }
}
