/* The SQLite backend: submitting, the two threads, closing. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "private.h"

enum { STUCK_MS = 10000 }; /* a commit that takes longer makes health fail */

int64_t sqlite_now_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000 + 1;
}

static struct sqlite_store *of(struct ops_store *store)
{
    return (struct sqlite_store *)(void *)store;
}

static size_t request_bytes(const struct ops_store_request *r)
{
    if (r->kind == OPS_STORE_APPEND)
        return ((const struct ops_store_append *)(const void *)r)->op.payload.len;
    return r->kind == OPS_STORE_SNAPSHOT ? ((const struct ops_store_snapshot *)(const void *)r)->state.len : 0;
}

/* Raises the fence. True: the load may be carried out, or has its answer. */
static bool fence(struct sqlite_store *s, struct ops_store_load *l)
{
    struct sqlite_document *d = sqlite_document_get(s, l->request.document_id);

    if (d == NULL) {
        ops_store_fail(&l->request, OPS_STORE_ABSENT, "load: no memory");
        return true;
    }
    if (l->request.epoch < d->fence.epoch) {
        ops_store_fail(&l->request, OPS_STORE_ABSENT, "load: the document was fenced by a later epoch");
        return true;
    }
    ops_store_fence_raise(&d->fence, l->request.epoch);
    d->fence_ticket = s->writes_submitted;
    return d->in_batch == 0;
}

static void sort_in(struct sqlite_store *s, struct ops_store_request *r)
{
    r->result = OPS_STORE_PENDING;
    r->problem[0] = '\0';
    if (r->kind == OPS_STORE_APPEND || r->kind == OPS_STORE_SNAPSHOT) {
        ops_store_queue_add(&s->writes, r);
        s->writes_submitted++;
    } else if (r->kind == OPS_STORE_LOAD && ((struct ops_store_load *)(void *)r)->fence &&
               !fence(s, (struct ops_store_load *)(void *)r)) {
        ops_store_queue_add(&s->parked, r);
    } else {
        ops_store_queue_add(&s->reads, r);
    }
}

static void sqlite_submit(struct ops_store *store, struct ops_store_request *chain)
{
    struct sqlite_store *s = of(store);

    (void)pthread_mutex_lock(&s->lock);
    for (struct ops_store_request *r = chain, *next; r != NULL; r = next) {
        next = r->next;
        sort_in(s, r);
    }
    if (s->writes.count > 0)
        (void)pthread_cond_signal(&s->writer_wake);
    if (s->reads.count > 0)
        (void)pthread_cond_signal(&s->reader_wake);
    (void)pthread_mutex_unlock(&s->lock);
}

/* ---- the writer ------------------------------------------------------------------------------------------------------- */

/* Takes what has queued, up to a bound; refuses what is fenced. Under the lock. */
static void take(struct sqlite_store *s)
{
    size_t bytes = 0;

    s->batch_count = 0;
    while (s->writes.first != NULL && s->batch_count < SQLITE_BATCH_ROWS_MAX &&
           (s->batch_count == 0 || bytes + request_bytes(s->writes.first) <= SQLITE_BATCH_BYTES_MAX)) {
        struct ops_store_request *r = ops_store_queue_take(&s->writes);
        struct sqlite_document *d = r->kind == OPS_STORE_HEALTH ? NULL : sqlite_document_get(s, r->document_id);
        const char *why = NULL;

        s->writes_taken += r->kind != OPS_STORE_HEALTH;
        bytes += request_bytes(r);
        if (d == NULL && r->kind != OPS_STORE_HEALTH)
            ops_store_fail(r, OPS_STORE_ABSENT, "no memory");
        if (d != NULL)
            d->in_batch++;
        if (d != NULL && r->kind == OPS_STORE_APPEND)
            why = ops_store_fence_refuses(&d->fence, r->epoch);
        if (why != NULL)
            ops_store_fail(r, OPS_STORE_ABSENT, "%s", why);
        s->batch[s->batch_count] = r;
        s->batch_documents[s->batch_count] = d;
        s->batch_count++;
    }
}

static struct ops_store_request *chain_of_batch(struct sqlite_store *s)
{
    for (size_t i = 0; i < s->batch_count; i++)
        s->batch[i]->next = i + 1 < s->batch_count ? s->batch[i + 1] : NULL;
    return s->batch[0];
}

/* The batch has ended: loads that waited for its documents may read now. Under the lock. */
static void release(struct sqlite_store *s)
{
    struct ops_store_queue waiting = s->parked;
    struct ops_store_request *r;

    for (size_t i = 0; i < s->batch_count; i++)
        if (s->batch_documents[i] != NULL)
            s->batch_documents[i]->in_batch--;
    if (waiting.count == 0)
        return;
    ops_store_queue_init(&s->parked);
    while ((r = ops_store_queue_take(&waiting)) != NULL)
        ops_store_queue_add(&s->reads, r); /* one batch at a time: none of their documents is in another one */
    (void)pthread_cond_signal(&s->reader_wake);
}

/* Until there is something to write, to sync, or the end. Under the lock. */
static void writer_wait(struct sqlite_store *s)
{
    while (s->writes.count == 0 && !s->closing && !(s->reader_hold && !s->reader_busy)) {
        int64_t due_ms = s->unsynced_since_ms + (int64_t)s->sync.interval_ms;
        struct timespec until = {(time_t)(due_ms / 1000), (long)(due_ms % 1000) * 1000000};

        if (s->unsynced_since_ms == 0)
            (void)pthread_cond_wait(&s->writer_wake, &s->lock);
        else if (pthread_cond_timedwait(&s->writer_wake, &s->lock, &until) == ETIMEDOUT)
            return;
    }
}

void *sqlite_writer_main(void *store)
{
    struct sqlite_store *s = store;

    (void)pthread_mutex_lock(&s->lock);
    for (;;) {
        bool closing;

        writer_wait(s);
        if (s->writes.count == 0 && s->closing && s->writer_done)
            break;
        take(s);
        (void)pthread_mutex_unlock(&s->lock);
        if (s->batch_count > 0) {
            sqlite_batch_run(s);
            s->env.done(s->env.self, chain_of_batch(s));
        }
        (void)pthread_mutex_lock(&s->lock);
        release(s);
        s->batch_count = 0;
        closing = s->closing;
        s->writer_done = closing && s->writes.count == 0;
        (void)pthread_mutex_unlock(&s->lock);
        sqlite_sync_if_due(s, closing);
        sqlite_checkpoint(s);
        (void)pthread_mutex_lock(&s->lock);
    }
    s->reader_hold = false;
    (void)pthread_mutex_unlock(&s->lock);
    return NULL;
}

/* ---- the reader ------------------------------------------------------------------------------------------------------- */

/* False: it was handed to the writer, which tries a write. */
static bool read_health(struct sqlite_store *s, struct ops_store_request *r)
{
    bool stuck, refuses, troubled;

    (void)pthread_mutex_lock(&s->lock);
    stuck = s->commit_since_ms != 0 && sqlite_now_ms() - s->commit_since_ms > STUCK_MS;
    refuses = s->refuses;
    troubled = s->troubled && !refuses && !stuck && !s->closing;
    if (refuses)
        ops_store_fail(r, OPS_STORE_ABSENT, "%s", s->trouble);
    if (troubled) {
        ops_store_queue_add(&s->writes, r);
        (void)pthread_cond_signal(&s->writer_wake);
    }
    (void)pthread_mutex_unlock(&s->lock);
    if (troubled || refuses)
        return !troubled;
    if (stuck)
        ops_store_fail(r, OPS_STORE_ABSENT, "sqlite: a commit has been running for more than %d s", STUCK_MS / 1000);
    else if (sqlite3_db_readonly(s->read_db, "main") == 1 || (s->settings.open_flags & SQLITE_OPEN_READONLY) != 0)
        ops_store_fail(r, OPS_STORE_ABSENT, "sqlite: the database is read-only");
    else if (sqlite_run(s->r[R_PROBE]) != SQLITE_OK)
        ops_store_fail(r, OPS_STORE_ABSENT, "sqlite: a read failed: %s", sqlite3_errmsg(s->read_db));
    else
        r->result = OPS_STORE_DONE;
    return true;
}

static bool carry_out(struct sqlite_store *s, struct ops_store_request *r)
{
    if (r->result != OPS_STORE_PENDING)
        return true;
    if (r->kind == OPS_STORE_LOAD)
        sqlite_read_load(s, (struct ops_store_load *)(void *)r);
    else if (r->kind == OPS_STORE_HISTORY)
        sqlite_read_history(s, (struct ops_store_history *)(void *)r);
    else if (r->kind == OPS_STORE_DOCUMENTS)
        sqlite_read_documents(s, (struct ops_store_documents *)(void *)r);
    else
        return read_health(s, r);
    return true;
}

void *sqlite_reader_main(void *store)
{
    struct sqlite_store *s = store;

    (void)pthread_mutex_lock(&s->lock);
    for (;;) {
        struct ops_store_request *r;

        while ((s->reads.count == 0 && !(s->closing && s->writer_done)) || s->reader_hold)
            (void)pthread_cond_wait(&s->reader_wake, &s->lock);
        r = ops_store_queue_take(&s->reads);
        if (r == NULL)
            break;
        s->reader_busy = true;
        (void)pthread_mutex_unlock(&s->lock);
        if (carry_out(s, r))
            s->env.done(s->env.self, r);
        (void)pthread_mutex_lock(&s->lock);
        s->reader_busy = false;
        if (s->reader_hold)
            (void)pthread_cond_signal(&s->writer_wake);
    }
    (void)pthread_mutex_unlock(&s->lock);
    return NULL;
}

/* ---- opening and closing ------------------------------------------------------------------------------------------------ */

static void drop(struct sqlite_store *s)
{
    sqlite_finalize(s);
    if (s->refuses && s->read_db != NULL)
        (void)sqlite3_db_config(s->read_db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    (void)sqlite3_close(s->read_db);
    (void)sqlite3_close(s->db);
    sqlite_documents_drop(s);
    free(s->batch);
    free(s->batch_documents);
    free(s->batch_written);
    (void)pthread_cond_destroy(&s->writer_wake);
    (void)pthread_cond_destroy(&s->reader_wake);
    (void)pthread_mutex_destroy(&s->lock);
    free(s);
}

static void sqlite_close(struct ops_store *store)
{
    struct sqlite_store *s = of(store);

    (void)pthread_mutex_lock(&s->lock);
    s->closing = true;
    (void)pthread_cond_broadcast(&s->writer_wake);
    (void)pthread_mutex_unlock(&s->lock);
    (void)pthread_join(s->writer, NULL);
    (void)pthread_mutex_lock(&s->lock);
    s->writer_done = true;
    (void)pthread_cond_broadcast(&s->reader_wake);
    (void)pthread_mutex_unlock(&s->lock);
    (void)pthread_join(s->reader, NULL);
    drop(s);
}

static const struct ops_store_ops sqlite_ops = {"sqlite", true, true, sqlite_submit, sqlite_close};

static struct sqlite_store *new_store(const struct ops_store_env *env)
{
    struct sqlite_store *s = calloc(1, sizeof *s);
    pthread_condattr_t monotonic;

    if (s == NULL)
        return NULL;
    s->store.ops = &sqlite_ops;
    s->env = *env;
    s->checkpoint_pages = SQLITE_CHECKPOINT_PAGES;
    (void)pthread_mutex_init(&s->lock, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&s->writer_wake, &monotonic);
    (void)pthread_cond_init(&s->reader_wake, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    ops_store_queue_init(&s->writes);
    ops_store_queue_init(&s->reads);
    ops_store_queue_init(&s->parked);
    s->batch = calloc(SQLITE_BATCH_ROWS_MAX, sizeof(struct ops_store_request *));
    s->batch_documents = calloc(SQLITE_BATCH_ROWS_MAX, sizeof(struct sqlite_document *));
    s->batch_written = calloc(SQLITE_BATCH_ROWS_MAX, sizeof(bool));
    if (!ops_ids_init(&s->ids) || s->batch == NULL || s->batch_documents == NULL || s->batch_written == NULL) {
        drop(s);
        return NULL;
    }
    return s;
}

static bool start_threads(struct sqlite_store *s, char *problem, size_t problem_bytes)
{
    if (pthread_create(&s->writer, NULL, sqlite_writer_main, s) == 0) {
        if (pthread_create(&s->reader, NULL, sqlite_reader_main, s) == 0)
            return true;
        (void)pthread_mutex_lock(&s->lock);
        s->closing = true;
        (void)pthread_cond_broadcast(&s->writer_wake);
        (void)pthread_mutex_unlock(&s->lock);
        (void)pthread_join(s->writer, NULL);
    }
    (void)snprintf(problem, problem_bytes, "sqlite: a thread could not be started");
    return false;
}

struct ops_store *ops_sqlite_open(const struct ops_store_config *config, const struct ops_store_env *env, char *problem,
                                  size_t problem_bytes)
{
    struct sqlite_store *s = new_store(env);

    if (s == NULL) {
        (void)snprintf(problem, problem_bytes, "sqlite: no memory");
        return NULL;
    }
    (void)ops_sync_read(config->sync, &s->sync);
    if (!sqlite_settings_read(config->connection_string, &s->settings, problem, problem_bytes) ||
        !sqlite_connect(s, &s->db, false, problem, problem_bytes) || !sqlite_log_settle(s, problem, problem_bytes) ||
        !sqlite_check(s, config->check, problem, problem_bytes) ||
        (config->migrate && !sqlite_migrate(s, problem, problem_bytes)) ||
        !sqlite_connect(s, &s->read_db, true, problem, problem_bytes) || !sqlite_prepare_writer(s, problem, problem_bytes) ||
        !sqlite_prepare_reader(s, problem, problem_bytes) || !start_threads(s, problem, problem_bytes)) {
        drop(s);
        return NULL;
    }
    return &s->store;
}
