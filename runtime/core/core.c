/* The core as a whole: set up, time, what is due, and the end. */
#include "private.h"

void ops_core_config_init(struct ops_core_config *config)
{
    memset(config, 0, sizeof *config);
    config->loops = 1;
    config->engines = ops_engines;
    config->server = OPS_STR("opstream");
    config->documents_joined_max = 1000;
    config->documents_open_max = 100000;
    config->requests_unanswered_max = 1024;
    config->payload_max_bytes = 1048576;
    config->awareness_max_bytes = 65536;
    config->document_max_bytes = 64U << 20;
    config->awareness_document_max_bytes = 1U << 20;
    config->rebase_max_cost = 10000000;
    config->stamps_ahead_ms = -1;
    config->recent_max_ops = 10000;
    config->recent_max_bytes = 4U << 20;
    config->pending_max_ops = 4096;
    config->undo_max_ops = 500;
    config->idle_ms = 300000;
    config->snapshot_ms = 300000;
    config->snapshot_ops = 100;
    config->awareness_ttl_ms = 30000;
    config->awareness_interval_ms = 50;
    config->store_timeout_ms = 10000;
    config->history_retain_ops = 10000;
    config->history_retain_bytes = 64U << 20;
}

struct ops_core *ops_core_open(const struct ops_core_config *config, const struct ops_core_host *host)
{
    struct ops_core *core = host->memory.more(host->memory.self, sizeof *core);

    if (core == NULL)
        return NULL;
    memset(core, 0, sizeof *core);
    core->config = *config;
    core->host = *host;
    core->scratch_first = host->memory.more(host->memory.self, SCRATCH_FIRST_BYTES);
    if (core->scratch_first == NULL) {
        host->memory.release(host->memory.self, core, sizeof *core);
        return NULL;
    }
    ops_pool_init(&core->pool, SIZE_MAX, &core->host.memory);
    core->pool_memory = ops_pool_memory(&core->pool);
    ops_arena_init(&core->scratch, core->scratch_first, SCRATCH_FIRST_BYTES, SIZE_MAX, &core->host.memory);
    ops_table_init(&core->connections, &core->host.memory);
    ops_table_init(&core->feeds, &core->host.memory);
    ops_table_init(&core->documents, &core->host.memory);
    ops_table_init(&core->members, &core->host.memory);
    while (ops_profiles[core->profile_count] != NULL)
        core->profile_count++;
    return core;
}

void ops_core_close(struct ops_core *core)
{
    struct ops_memory memory = core->host.memory;
    struct ops_link *link;

    while ((link = ops_table_walk(&core->documents, NULL)) != NULL)
        ops_document_close((struct ops_document *)link);
    if (core->heap != NULL)
        memory.release(memory.self, core->heap, core->heap_cap * sizeof *core->heap);
    ops_table_end(&core->connections);
    ops_table_end(&core->feeds);
    ops_table_end(&core->documents);
    ops_table_end(&core->members);
    ops_arena_end(&core->scratch);
    ops_pool_end(&core->pool);
    memory.release(memory.self, core->scratch_first, SCRATCH_FIRST_BYTES);
    memory.release(memory.self, core, sizeof *core);
}

void ops_core_time(struct ops_core *core, struct ops_moment now)
{
    if (now.monotonic_us > core->now.monotonic_us)
        core->now.monotonic_us = now.monotonic_us;
    core->now.wall = now.wall;
}

void ops_core_tick(struct ops_core *core)
{
    size_t budget = core->heap_count; /* each document at most once a tick */
    struct ops_document *document;

    while (budget-- > 0 && core->heap_count > 0 && core->heap[0]->wake_us <= core->now.monotonic_us) {
        ops_arena_reset(&core->scratch);
        document = core->heap[0];
        ops_heap_remove(core, document);
        ops_document_wake(document);
    }
}

int64_t ops_core_deadline_us(const struct ops_core *core)
{
    return core->heap_count > 0 ? core->heap[0]->wake_us : INT64_MAX;
}

void ops_core_store_done(struct ops_core *core, struct ops_store_request *request)
{
    ops_arena_reset(&core->scratch);
    switch (request->kind) {
    case OPS_STORE_APPEND:
        ops_append_done(core, (struct append_job *)request);
        break;
    case OPS_STORE_LOAD:
        ops_document_loaded(core, (struct load_job *)request);
        break;
    case OPS_STORE_HISTORY:
        ops_join_history_done(core, (struct history_job *)request);
        break;
    case OPS_STORE_SNAPSHOT:
        ops_snapshot_done(core, (struct snapshot_job *)request);
        break;
    case OPS_STORE_DOCUMENTS: /* not asked by the core */
    case OPS_STORE_HEALTH:
        break;
    }
}

void ops_core_drain(struct ops_core *core)
{
    core->draining = true;
}

bool ops_core_busy(const struct ops_core *core)
{
    return core->jobs > 0;
}

const struct ops_core_stats *ops_core_stats(const struct ops_core *core)
{
    return &core->stats;
}

uint32_t ops_core_loop_of(const struct ops_core *core, struct ops_str document_id)
{
    if (core->config.loops == 1)
        return 0;
    return (uint32_t)(ops_hash_bytes(core->config.seed ^ 0x6c6f6f70U, document_id) % core->config.loops);
}

void ops_core_inspect(const struct ops_core *core, struct ops_str document_id, struct ops_core_document *out)
{
    const struct ops_document *document = ops_document_find(core, document_id);

    memset(out, 0, sizeof *out);
    if (document == NULL || document->engine == NULL)
        return;
    out->open = true;
    out->document_type = document->engine->document_type;
    out->accepted_revision = document->accepted;
    out->durable_revision = document->durable;
    out->snapshot_revision = document->snapshot_revision;
    out->oldest_recent_revision = document->recents.first + 1;
    out->peers = document->member_count;
    out->recent_ops = (uint32_t)document->recents.count;
    out->memory_bytes = document->pool.held_bytes;
}

/* ---- small things --------------------------------------------------------------------------------------------------------- */

unsigned ops_core_profile_index(const struct ops_profile *profile)
{
    unsigned i = 0;

    while (i + 1 < CORE_PROFILES_MAX && ops_profiles[i] != profile && ops_profiles[i] != NULL)
        i++;
    return i;
}

void ops_histogram_add(struct ops_histogram *histogram, uint64_t value)
{
    unsigned bucket = 0;

    while (bucket + 1 < OPS_HISTOGRAM_BUCKETS && value > (uint64_t)1 << bucket)
        bucket++;
    histogram->buckets[bucket]++;
    histogram->count++;
    histogram->sum += value;
}

struct ops_str ops_core_keep(struct ops_core *core, struct ops_str s)
{
    char *copy = s.ptr != NULL ? ops_pool_alloc(&core->pool, s.len + 1) : NULL;

    if (copy == NULL)
        return ops_str_of(NULL, 0);
    memcpy(copy, s.ptr, s.len);
    return ops_str_of(copy, s.len);
}

void ops_core_unkeep(struct ops_core *core, struct ops_str s)
{
    union {
        const char *kept;
        void *piece;
    } ours = {s.ptr}; /* it is ours to free, whatever the view says */

    if (s.ptr != NULL)
        ops_pool_free(&core->pool, ours.piece, s.len + 1);
}
