#include "loop.h"

#include <assert.h>
#include <stdlib.h>

#include "accepted.h"
#include "clock.h"
#include "drain.h"
#include "http.h"
#include "hub.h"
#include "listener.h"
#include "log.h"
#include "server.h"
#include "socket.h"

enum {
    ROUNDS_MAX = 16,             /* of a tick, before sockets get their turn again */
    DECODE_FIRST_BYTES = 65536,  /* kept for the next message */
    DRAIN_POLL_US = 5000         /* loop 0 looks so often whether all have finished */
};

/* ---- memory: blocks come from malloc and go back to it -------------------------------------------------------------- */

static void *block_more(void *self, size_t bytes)
{
    (void)self;
    return malloc(bytes);
}

static void block_release(void *self, void *block, size_t bytes)
{
    (void)self;
    (void)bytes;
    free(block);
}

const struct ops_memory ops_server_memory = {block_more, block_release, NULL};

/* ---- the core's host -------------------------------------------------------------------------------------------------- */

static void report(void *self, struct ops_str document_id, const char *problem)
{
    (void)self;
    ops_log_document(OPS_LOG_WARNING, "core", document_id, "%s", problem);
}

static void send_to_peer(void *self, void *peer, struct ops_note *note)
{
    struct ops_peer *p = peer;

    (void)self;
    p->ops->send(p, note);
}

static void close_peer(void *self, void *peer, enum ops_error_code code)
{
    struct ops_peer *p = peer;

    (void)self;
    p->ops->close(p, code);
}

static void pause_peer(void *self, void *peer, bool paused)
{
    struct ops_peer *p = peer;

    (void)self;
    p->ops->pause(p, paused);
}

/* All wire forms are frames. */
static void end_form(void *self, unsigned form, void *encoded)
{
    (void)self;
    (void)form;
    ops_frame_drop(encoded);
}

/* Of those that are built in. */
static void engines_enable(struct ops_loop *loop)
{
    const struct ops_words *named = &loop->server->config->engines;
    size_t count = 0;

    for (size_t i = 0; i < named->count && count < OPS_LOOP_ENGINES_MAX; i++) {
        loop->engines[count] = ops_engine_find(named->items[i]);
        count += loop->engines[count] != NULL;
    }
    loop->engines[count] = NULL;
}

static bool core_open(struct ops_loop *loop)
{
    struct ops_core_config config;
    struct ops_core_host host = {
        .self = loop,
        .send = send_to_peer,
        .close = close_peer,
        .pause = pause_peer,
        .submit = ops_loop_submit,
        .mail = ops_loop_mail,
        .note_form_end = end_form,
        .report = report,
        .memory = ops_server_memory,
    };

    ops_core_config_init(&config);
    ops_config_core(loop->server->config, &config);
    engines_enable(loop);
    config.engines = loop->engines;
    config.loop = loop->index;
    config.loops = loop->server->loops_count;
    config.seed = loop->server->seed;
    loop->core = ops_core_open(&config, &host);
    if (loop->core == NULL)
        return false;
    ops_loop_now(loop);
    return true;
}

bool ops_loop_open(struct ops_loop *loop, struct ops_server *server, uint32_t index)
{
    const struct ops_config *config = server->config;
    char *decode_first = malloc(DECODE_FIRST_BYTES), *encode_first = malloc(DECODE_FIRST_BYTES);

    loop->server = server;
    loop->index = index;
    loop->read_block = malloc(OPS_LOOP_READ_BYTES);
    if (decode_first == NULL || encode_first == NULL || loop->read_block == NULL)
        return false;
    loop->evloop = h2o_evloop_create();
    ops_http_context_open(loop);
    ops_inbox_open(&loop->inbox, loop->http.queue);
    loop->submitted_end = &loop->submitted;
    loop->dirty_end = &loop->dirty;
    ops_timer_queue_init(&loop->handshakes, config->timeout_handshake * 1000);
    ops_timer_queue_init(&loop->lingering, 1000000);
    ops_timer_queue_init(&loop->answers, config->timeout_write * 1000);
    ops_timer_queue_init(&loop->pings, config->ping_interval * 1000);
    ops_timer_queue_init(&loop->pongs, config->ping_timeout * 1000);
    ops_timer_queue_init(&loop->writes, config->timeout_write * 1000);
    ops_timer_queue_init(&loop->closes, config->timeout_close * 1000);
    ops_hubs_open(loop);
    /* A decoded message is at most a few times its text; what it needs beyond that is an attack. */
    ops_arena_init(&loop->decode, decode_first, DECODE_FIRST_BYTES, ((size_t)config->limit_message_bytes + 65536) * 32,
                   &ops_server_memory);
    ops_arena_init(&loop->encode, encode_first, DECODE_FIRST_BYTES, SIZE_MAX / 4, &ops_server_memory);
    return core_open(loop);
}

void ops_loop_close(struct ops_loop *loop)
{
    assert(loop->sockets == NULL && loop->hubs.first == NULL && loop->dirty == NULL && loop->submitted == NULL);
    if (loop->core != NULL)
        ops_core_close(loop->core);
    ops_inbox_close(&loop->inbox);
    ops_arena_reset(&loop->decode);
    ops_arena_reset(&loop->encode);
    ops_arena_allow(loop->decode.first, loop->decode.first_bytes);
    ops_arena_allow(loop->encode.first, loop->encode.first_bytes);
    free(loop->decode.first);
    free(loop->encode.first);
    free(loop->read_block);
}

/* ---- a tick ----------------------------------------------------------------------------------------------------------- */

const struct ops_moment *ops_loop_now(struct ops_loop *loop)
{
    if (!loop->awake) {
        loop->awake = true;
        loop->now = ops_clock_now();
        if (loop->core != NULL)
            ops_core_time(loop->core, loop->now);
    }
    return &loop->now;
}

static bool take_inbox(struct ops_loop *loop)
{
    struct ops_task *tasks;
    struct ops_store_request *done;

    if (!ops_inbox_take(&loop->inbox, &tasks, &done))
        return false;
    while (tasks != NULL) {
        struct ops_task *task = tasks;

        tasks = task->next;
        task->run(task, loop);
    }
    while (done != NULL) {
        struct ops_store_request *request = done;

        done = request->next;
        request->next = NULL;
        if (!ops_store_call_take(loop, request))
            ops_core_store_done(loop->core, request);
    }
    return true;
}

static void count_tick(struct ops_histogram *histogram, uint64_t us)
{
    unsigned bucket = us <= 1 ? 0 : 64u - (unsigned)__builtin_clzll(us - 1);

    histogram->count++;
    histogram->sum += us;
    histogram->buckets[bucket < OPS_HISTOGRAM_BUCKETS ? bucket : OPS_HISTOGRAM_BUCKETS - 1]++;
}

static void tick(struct ops_loop *loop)
{
    int64_t now_us = ops_loop_now(loop)->monotonic_us;
    bool more = true;

    ops_accepted_expire(loop, now_us);
    ops_probe_expire(loop, now_us);
    if (loop->index == 0)
        ops_listeners_retry(loop, now_us);
    ops_sockets_expire(loop, now_us);
    ops_hubs_expire(loop, now_us);
    if (ops_core_deadline_us(loop->core) <= now_us)
        ops_core_tick(loop->core);
    /* The memory store gives its answers back while it takes the requests, so one round may make work for the next. */
    for (unsigned round = 0; more && round < ROUNDS_MAX; round++) {
        more = take_inbox(loop);
        more = ops_sockets_resume(loop) || more;
        more = ops_hubs_resume(loop) || more;
        more = loop->submitted != NULL || more;
        ops_loop_submit_all(loop);
    }
    ops_loop_mail_all(loop);
    ops_sockets_flush(loop);
    ops_drain_step(loop);
    /* What was written outside of h2o's own callbacks is told to its owners now, not after the next sleep. */
    h2o_timeout__do_post_callback(loop->evloop);
    count_tick(&loop->counts.tick_us, (uint64_t)(ops_clock_monotonic_us() - now_us));
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Rounded up: a wake-up too early would find nothing due and come again at once. */
static int32_t sleep_ms(struct ops_loop *loop)
{
    int64_t due = ops_core_deadline_us(loop->core), now_us = ops_clock_monotonic_us();

    if (loop->waiting != NULL || loop->dirty != NULL || loop->submitted != NULL)
        return 0;
    due = earlier(due, ops_timer_queue_due_us(&loop->handshakes));
    due = earlier(due, ops_timer_queue_due_us(&loop->lingering));
    due = earlier(due, ops_timer_queue_due_us(&loop->answers));
    due = earlier(due, ops_hubs_due_us(loop));
    due = earlier(due, ops_timer_queue_due_us(&loop->pings));
    due = earlier(due, ops_timer_queue_due_us(&loop->pongs));
    due = earlier(due, ops_timer_queue_due_us(&loop->writes));
    due = earlier(due, ops_timer_queue_due_us(&loop->closes));
    due = earlier(due, ops_listeners_due_us(loop));
    due = earlier(due, ops_probe_due_us(loop));
    if (loop->draining)
        due = earlier(due, now_us + DRAIN_POLL_US);
    if (due == INT64_MAX)
        return INT32_MAX;
    due = (due - now_us + 999) / 1000;
    return due < 0 ? 0 : due > 3600000 ? 3600000 : (int32_t)due;
}

void ops_loop_run(struct ops_loop *loop)
{
    while (!loop->ended) {
        int32_t wait_ms = sleep_ms(loop);

        loop->awake = false;
        h2o_evloop_run(loop->evloop, wait_ms);
        tick(loop);
    }
}
