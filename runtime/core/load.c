/* A document comes into memory; and, when nobody can tell what became of an append, it is fenced and its log read back. */
#include "private.h"

enum {
    LOAD_RETRY_US = 500000,             /* after a read-back that failed */
    LOAD_ARENA_LIMIT = 1 << 30          /* bytes; a document is at most 64 MiB and its tail bounded */
};

static bool load_submit(struct ops_document *document)
{
    struct ops_core *core = document->core;
    struct load_job *job = ops_pool_zalloc(&core->pool, sizeof *job);

    if (job == NULL)
        return false;
    ops_arena_init(&job->arena, NULL, 0, LOAD_ARENA_LIMIT, &core->host.memory);
    job->document = document;
    job->submitted_us = core->now.monotonic_us;
    job->load.request.kind = OPS_STORE_LOAD;
    job->load.request.loop = core->config.loop;
    job->load.request.owner = core;
    job->load.request.document_id = document->id;
    job->load.request.epoch = document->epoch = ++core->last_epoch;
    job->load.fence = true;
    job->load.tail_ops = core->config.recent_max_ops;
    job->load.tail_limit_bytes = core->config.recent_max_bytes;
    job->load.arena = &job->arena;
    document->jobs++;
    core->jobs++;
    core->host.submit(core->host.self, &job->load.request);
    return true;
}

static const struct ops_engine *load_engine_enabled(const struct ops_core *core, const struct ops_engine *engine)
{
    const struct ops_engine *const *e;

    for (e = core->config.engines; engine != NULL && *e != NULL; e++) {
        if (*e == engine)
            return engine;
    }
    return NULL;
}

/* A first join: the document is made, the store asked, the join waits. False: it was not possible; answer. */
bool ops_document_open(struct ops_core *core, struct request *r)
{
    struct ops_document *document;
    struct refusal refusal = ops_refusal_of(OPS_TEXT_UNKNOWN_DOCUMENT_TYPE);

    if (load_engine_enabled(core, ops_engine_find(r->message.join_request.document_type)) == NULL) {
        refusal.values[refusal.value_count++] = r->message.join_request.document_type;
        r->refused = true;
        r->refusal = refusal;
        return false;
    }
    if (core->stats.documents >= core->config.documents_open_max) {
        r->refused = true;
        r->refusal = ops_refusal_of(OPS_TEXT_TOO_MANY);
        return false;
    }
    document = ops_heap_reserve(core, core->stats.documents + 1) ? ops_pool_zalloc(&core->pool, sizeof *document) : NULL;
    if (document == NULL)
        return false;
    document->core = core;
    document->hash = ops_hash_bytes(core->config.seed, r->document_id);
    document->state = DOCUMENT_LOADING;
    document->heap_index = SIZE_MAX;
    ops_pool_init(&document->pool, SIZE_MAX, &core->host.memory);
    document->id = ops_core_keep(core, r->document_id);
    document->waiting = document->last_waiting = ops_request_keep(core, r);
    if (document->id.ptr == NULL || document->waiting == NULL ||
        !ops_table_add(&core->documents, &document->link, document->hash))
        goto failed;
    core->stats.documents++;
    if (load_submit(document))
        return true;
    core->stats.documents--;
    ops_table_remove(&core->documents, &document->link);
failed:
    ops_core_unkeep(core, document->id);
    ops_request_free(core, document->waiting);
    ops_pool_free(&core->pool, document, sizeof *document);
    return false;
}

/* ---- what the store said ---------------------------------------------------------------------------------------------- */

/* The engine of what is stored; of a new document that of the first join. NULL: not enabled, or not recognisable. */
static const struct ops_engine *load_engine(const struct ops_core *core, const struct ops_store_load *load, struct ops_str asked)
{
    const struct ops_engine *engine = NULL;

    if (load->document_type.ptr != NULL)
        engine = ops_engine_find(load->document_type);
    if (engine == NULL && load->ops_count > 0)
        engine = ops_engine_find_op_type(load->ops[load->ops_count - 1].op_type_name);
    if (engine == NULL)
        engine = ops_engine_find(asked); /* a snapshot alone does not say: its members will */
    return load_engine_enabled(core, engine);
}

/* One row of the log, applied when it is above the snapshot, kept when the ring wants it. */
static enum ops_err load_row(struct ops_document *document, const struct ops_store_op *row, bool apply)
{
    struct ops_core *core = document->core;
    struct ops_arena_mark mark = ops_arena_here(&core->scratch);
    enum ops_err err;
    void *op = ops_arena_alloc(&core->scratch, document->engine->op_type->size);

    err = op == NULL ? OPS_ERR_NOMEM
                     : ops_json_decode(document->engine->op_type, &ops_style_stored, row->payload, &core->scratch, op, NULL);
    if (err == OPS_OK && apply)
        err = document->engine->apply(document->state_now, op, &core->scratch);
    if (err == OPS_OK && !ops_recents_add(document, op, row->op_id, row->author_id, 0, 0))
        err = OPS_ERR_NOMEM;
    if (err == OPS_OK)
        ops_recents_trim(document);
    ops_arena_rewind(&core->scratch, mark);
    return err;
}

static bool load_rows(struct ops_document *document, const struct ops_store_load *load, const char **problem)
{
    int64_t base = load->snapshot_revision >= 0 ? load->snapshot_revision : 1, expected;
    size_t i = 0, first = 0;

    for (i = 0; i + 1 < load->ops_count; i++) { /* the tail is used as far as it is without a gap */
        if (load->ops[i + 1].revision != load->ops[i].revision + 1 && load->ops[i + 1].revision <= base + 1)
            first = i + 1;
    }
    if (load->ops_count > 0 && load->ops[load->ops_count - 1].revision <= base &&
        load->ops[load->ops_count - 1].revision != base)
        first = load->ops_count; /* nothing that reaches the snapshot */
    expected = first < load->ops_count ? load->ops[first].revision : base + 1;
    if (expected > base + 1) {
        *problem = "the log has a gap behind the snapshot";
        return false;
    }
    document->recents.first = expected - 1;
    document->accepted = document->durable = base;
    for (i = first; i < load->ops_count; i++, expected++) {
        if (load->ops[i].revision != expected) {
            *problem = "the log has a gap";
            return false;
        }
        if (load_row(document, &load->ops[i], expected > base) != OPS_OK) {
            *problem = "an op of the log cannot be read or applied";
            return false;
        }
        if (expected > base)
            document->accepted = document->durable = expected;
    }
    document->durable_known = document->durable;
    document->snapshot_revision = base;
    return true;
}

static bool load_state(struct ops_document *document, const struct ops_store_load *load, const char **problem)
{
    struct ops_core *core = document->core;
    struct ops_arena_mark mark = ops_arena_here(&core->scratch);
    bool ok = true;

    document->state_now = document->engine->open(&document->pool);
    if (document->state_now == NULL) {
        *problem = "no memory";
        return false;
    }
    if (load->snapshot_revision >= 0)
        ok = document->engine->load(document->state_now, &ops_style_stored, load->snapshot, &core->scratch, NULL) == OPS_OK;
    ops_arena_rewind(&core->scratch, mark);
    if (!ok)
        *problem = "the snapshot cannot be read";
    return ok && load_rows(document, load, problem);
}

static void load_answer_waiting(struct ops_document *document, enum ops_text text)
{
    struct ops_core *core = document->core;
    struct request *r;
    struct refusal refusal;
    struct ops_note *note;

    while ((r = document->waiting) != NULL) {
        document->waiting = r->next;
        if (text == OPS_TEXT_NONE) {
            ops_document_dispatch(document, r);
        } else if (r->asker.kind != OPS_CLIENT_MESSAGE_NONE || r->refused) {
            refusal = r->refused ? r->refusal : ops_refusal_of(text);
            if (text == OPS_TEXT_UNKNOWN_DOCUMENT_TYPE && !r->refused)
                refusal.values[refusal.value_count++] = r->message.join_request.document_type;
            if (r->asker.kind != OPS_CLIENT_MESSAGE_JOIN_REQUEST && !r->refused)
                refusal = ops_refusal_of(OPS_TEXT_NOT_JOINED);
            note = ops_refusal_note(core, &r->asker, document->id, &refusal, 0, true);
            ops_core_complete(core, &r->asker, document->id, CONTROL_NONE, note);
            ops_note_drop(note);
        }
        ops_request_free(core, r);
    }
    document->last_waiting = NULL;
}

static void load_opened(struct ops_document *document, struct load_job *job)
{
    struct ops_core *core = document->core;
    const char *problem = job->load.request.problem;
    enum ops_text text = OPS_TEXT_NONE;

    if (job->load.request.result != OPS_STORE_DONE) {
        text = OPS_TEXT_STORAGE_UNAVAILABLE;
    } else {
        document->engine = load_engine(core, &job->load, document->waiting->message.join_request.document_type);
        if (document->engine == NULL) {
            text = OPS_TEXT_UNKNOWN_DOCUMENT_TYPE;
            problem = "the document's type is not enabled";
        } else if (!load_state(document, &job->load, &problem)) {
            text = OPS_TEXT_UNKNOWN_ERROR;
        }
    }
    if (text != OPS_TEXT_NONE) {
        core->host.report(core->host.self, document->id, problem);
        load_answer_waiting(document, text);
        ops_document_close(document);
        return;
    }
    document->state = DOCUMENT_READY;
    document->snapshot_since_us = document->idle_since_us = core->now.monotonic_us;
    load_answer_waiting(document, text);
    ops_document_wake(document);
}

/* ---- an unknown fate -------------------------------------------------------------------------------------------------- */

/* Nobody writes for this document until its log is read back. */
void ops_document_fence(struct ops_document *document)
{
    document->state = DOCUMENT_FENCED;
    document->retry_us = 0;
    /* whatever the store still says of these counts no more; the log does (ops_append_done) */
    document->appends = document->last_append = NULL;
    if (!load_submit(document)) {
        document->retry_us = document->core->now.monotonic_us + LOAD_RETRY_US;
        ops_document_schedule(document, document->retry_us);
    }
}

/* The row is the op that we had numbered so: same author, same id, same bytes. */
static bool load_row_is_ours(const struct ops_document *document, const struct ops_store_op *row)
{
    struct ops_core *core = document->core;
    const struct recent *mine = ops_recents_item(&document->recents, row->revision);
    struct ops_arena_mark mark = ops_arena_here(&core->scratch);
    struct ops_buf payload;
    bool same;

    ops_buf_init(&payload, &core->scratch);
    same = ops_str_equal(mine->author_id, row->author_id) && ops_str_equal(mine->op_id, row->op_id) &&
           ops_json_encode(document->engine->op_type, &ops_style_stored, ops_recents_op(&document->recents, row->revision),
                           &payload) == OPS_OK &&
           ops_str_equal(ops_buf_str(&payload), row->payload);
    ops_arena_rewind(&core->scratch, mark);
    return same;
}

static void load_read_back(struct ops_document *document, struct load_job *job)
{
    struct ops_core *core = document->core;
    int64_t known = document->durable_known;
    size_t i;

    if (job->load.request.result != OPS_STORE_DONE) {
        core->host.report(core->host.self, document->id, job->load.request.problem);
        document->retry_us = core->now.monotonic_us + LOAD_RETRY_US;
        ops_document_schedule(document, document->retry_us);
        return;
    }
    for (i = 0; i < job->load.ops_count; i++) {
        const struct ops_store_op *row = &job->load.ops[i];

        if (row->revision <= known)
            continue;
        if (row->revision != known + 1 || row->revision > document->accepted || !load_row_is_ours(document, row)) {
            ops_document_break(document, "somebody else has written to the log");
            return;
        }
        known = row->revision;
    }
    document->state = DOCUMENT_READY;
    document->durable_known = known;
    ops_effects_lost(document); /* cuts what is lost before it releases: what a release submits is numbered behind what stays */
    ops_document_schedule(document, core->now.monotonic_us);
}

void ops_document_loaded(struct ops_core *core, struct load_job *job)
{
    struct ops_document *document = job->document;

    document->jobs--;
    core->jobs--;
    ops_histogram_add(&core->stats.load_latency_us, (uint64_t)(core->now.monotonic_us - job->submitted_us));
    if (document->state == DOCUMENT_LOADING)
        load_opened(document, job);
    else if (document->state == DOCUMENT_FENCED && job->load.request.epoch == document->epoch)
        load_read_back(document, job);
    else if (document->state == DOCUMENT_BROKEN)
        ops_document_schedule(document, core->now.monotonic_us);
    ops_arena_reset(&job->arena);
    ops_pool_free(&core->pool, job, sizeof *job);
}
