/* Prints a metrics page for tests/server/metrics_format: `empty`, or `busy` with a seed. Not a test by itself. */
#include <stdio.h>
#include <stdlib.h>

#include "runtime/server/metrics.h"
#include "tests/support/memory.h"
#include "tests/support/random.h"

static void fill(struct ops_histogram *h)
{
    for (unsigned i = 0; i < 200; i++) {
        uint64_t value = rnd() >> rnd_below(64);
        unsigned bucket = 0;

        while (bucket + 1 < OPS_HISTOGRAM_BUCKETS && value > UINT64_C(1) << bucket)
            bucket++;
        h->buckets[bucket]++;
        h->count++;
        h->sum += value >> 20;
    }
}

int main(int argc, char **argv)
{
    struct ops_build build = {"0.1.0", "sqlite"};
    struct ops_core_stats core;
    struct ops_server_counters server;
    struct ops_process_counters process;
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_buf out;
    bool ok;

    memset(&core, 0, sizeof core);
    memset(&server, 0, sizeof server);
    if (argc == 3) {
        setenv("OPS_SEED", argv[2], 1);
        random_seeded(NULL);
        core.documents = 3;
        core.ops_processed = UINT64_MAX;
        core.refusals[1] = 17;
        server.connections.websocket = 5;
        server.limit_hits.queue_bytes = 2;
        fill(&core.op_latency_us);
        fill(&core.append_latency_us);
        fill(&core.fan_out);
        fill(&server.loop_lag_us);
    }
    ops_process_read(&process);
    ops_buf_init(&out, &arena);
    ok = ops_metrics_write(&core, &server, &process, &build, &out) && fwrite(out.ptr, 1, out.len, stdout) == out.len;
    ops_arena_reset(&arena);
    return ok ? 0 : 1;
}
