/* Snapshots: the state as bytes goes to the store from time to time, off the op path; the log behind it is trimmed there. */
#include "private.h"

enum { SNAPSHOT_ARENA_LIMIT = 1 << 30 };

void ops_snapshot_take(struct ops_document *document)
{
    struct ops_core *core = document->core;
    struct snapshot_job *job;
    struct ops_buf state;

    document->snapshot_due = false;
    document->snapshot_since_us = core->now.monotonic_us;
    if (document->snapshot_in_flight || document->durable == document->snapshot_revision)
        return;
    job = ops_pool_zalloc(&core->pool, sizeof *job);
    if (job == NULL)
        return;
    ops_arena_init(&job->arena, NULL, 0, SNAPSHOT_ARENA_LIMIT, &core->host.memory);
    ops_buf_init(&state, &job->arena);
    if (document->engine->snapshot(document->state_now, &ops_style_stored, &state) != OPS_OK) {
        core->host.report(core->host.self, document->id, "no memory for a snapshot");
        ops_arena_reset(&job->arena);
        ops_pool_free(&core->pool, job, sizeof *job);
        return;
    }
    job->document = document;
    job->snapshot.request.kind = OPS_STORE_SNAPSHOT;
    job->snapshot.request.loop = core->config.loop;
    job->snapshot.request.owner = core;
    job->snapshot.request.document_id = document->id;
    job->snapshot.request.epoch = document->epoch;
    job->snapshot.document_type = document->engine->document_type;
    job->snapshot.revision = document->durable;
    job->snapshot.timestamp = core->now.wall;
    job->snapshot.state = ops_buf_str(&state);
    job->snapshot.keep_from = document->durable - core->config.history_retain_ops + 1;
    job->snapshot.keep_bytes = core->config.history_retain_bytes;
    document->snapshot_in_flight = true;
    document->jobs++;
    core->jobs++;
    core->host.submit(core->host.self, &job->snapshot.request);
}

void ops_snapshot_done(struct ops_core *core, struct snapshot_job *job)
{
    struct ops_document *document = job->document;

    document->jobs--;
    core->jobs--;
    document->snapshot_in_flight = false;
    if (job->snapshot.request.result == OPS_STORE_DONE) {
        document->snapshot_revision = job->snapshot.revision;
        core->stats.snapshots++;
    } else {
        core->host.report(core->host.self, document->id, job->snapshot.request.problem);
    }
    ops_document_schedule(document, core->now.monotonic_us);
    ops_arena_reset(&job->arena);
    ops_pool_free(&core->pool, job, sizeof *job);
}
