#include "faulty_load.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "fault_vfs.h"
#include "fixture.h"

static const char *const names[LOAD_DOCUMENTS] = {"alpha", "beta", "gamma"};

enum { PAYLOAD_BYTES = 2048, OP_ID_BYTES = 32 };

static struct ops_str str_of(const char *text)
{
    return ops_str_of(text, strlen(text));
}

static bool wrong(struct load *l, const char *format, ...)
{
    va_list args;

    if (l->problem[0] != '\0')
        return false;
    va_start(args, format);
    (void)vsnprintf(l->problem, sizeof l->problem, format, args);
    va_end(args);
    return false;
}

/* Of many lengths: some rows fill a page, most share one. */
static struct ops_str payload_of(char *out, size_t document, int64_t revision, int attempt)
{
    size_t pad = attempt % 5 == 0 ? 1500 : (size_t)(revision * 37 % 300);
    int len = snprintf(out, PAYLOAD_BYTES, "{\"d\":\"%s\",\"r\":%lld,\"a\":%d,\"pad\":\"%0*d\"}", names[document],
                       (long long)revision, attempt, (int)pad + 1, 7);

    return ops_str_of(out, (size_t)len);
}

/* Absent for every second attempt. */
static struct ops_str op_id_of(char *out, int attempt)
{
    if (attempt % 2 != 0)
        return ops_str_of(NULL, 0);
    (void)snprintf(out, OP_ID_BYTES, "id-%d", attempt);
    return str_of(out);
}

static void came_back(void *self, struct ops_store_request *chain)
{
    struct load *l = self;

    (void)pthread_mutex_lock(&l->lock);
    for (; chain != NULL; chain = chain->next)
        l->returned++;
    (void)pthread_cond_signal(&l->back);
    (void)pthread_mutex_unlock(&l->lock);
}

static void submit_and_wait(struct load *l, struct ops_store_request *chain, size_t count)
{
    l->store->ops->submit(l->store, chain);
    (void)pthread_mutex_lock(&l->lock);
    while (l->returned < count)
        (void)pthread_cond_wait(&l->back, &l->lock);
    l->returned = 0;
    (void)pthread_mutex_unlock(&l->lock);
}

enum ops_store_result load_do(struct load *l, struct ops_store_request *r)
{
    r->next = NULL;
    submit_and_wait(l, r, 1);
    if (r->result == OPS_STORE_PENDING || (r->result != OPS_STORE_DONE && r->problem[0] == '\0'))
        (void)wrong(l, "a request of kind %d came back as %d without a sentence", (int)r->kind, (int)r->result);
    return r->result;
}

void load_init(struct load *l, const char *sync)
{
    memset(l, 0, sizeof *l);
    l->sync = sync;
    (void)pthread_mutex_init(&l->lock, NULL);
    (void)pthread_cond_init(&l->back, NULL);
    for (size_t d = 0; d < LOAD_DOCUMENTS; d++) {
        l->documents[d].epoch = 1;
        l->documents[d].next = 1;
    }
}

void load_free(struct load *l)
{
    load_close(l);
    (void)pthread_mutex_destroy(&l->lock);
    (void)pthread_cond_destroy(&l->back);
}

bool load_open(struct load *l, char *problem, size_t problem_bytes)
{
    struct ops_store_env env = {came_back, l, NULL, NULL};
    struct ops_store_config config = {0};

    config.provider = OPS_STR("sqlite");
    config.connection_string = OPS_STR("Data Source=" FAULT_DATABASE);
    config.sync = str_of(l->sync);
    config.migrate = true;
    config.check = OPS_STR("full");
    problem[0] = '\0';
    l->refusing = false;
    l->store = ops_store_open(&config, &env, problem, problem_bytes);
    if (l->store == NULL && problem[0] == '\0')
        (void)wrong(l, "the start is refused without a sentence");
    return l->store != NULL;
}

void load_close(struct load *l)
{
    if (l->store != NULL)
        l->store->ops->close(l->store);
    l->store = NULL;
}

/* ---- the script ------------------------------------------------------------------------------------------------------------- */

struct group {
    struct ops_store_append appends[LOAD_DOCUMENTS * LOAD_GROUP];
    char payloads[LOAD_DOCUMENTS * LOAD_GROUP][PAYLOAD_BYTES], op_ids[LOAD_DOCUMENTS * LOAD_GROUP][OP_ID_BYTES];
    size_t documents[LOAD_DOCUMENTS * LOAD_GROUP];
    size_t count;
};

static void group_add(struct load *l, struct group *g, size_t d)
{
    struct load_document *doc = &l->documents[d];
    struct ops_store_append *a = &g->appends[g->count];
    struct load_row *row = &doc->rows[doc->rows_count];
    int attempt = doc->attempts++;

    *row = (struct load_row){doc->next, attempt, OPS_STORE_PENDING};
    *a = append_of(str_of(names[d]), doc->next, payload_of(g->payloads[g->count], d, doc->next, attempt), doc->epoch);
    a->op.op_id = op_id_of(g->op_ids[g->count], attempt);
    a->request.owner = row;
    g->documents[g->count] = d;
    doc->rows_count++;
    doc->next++;
    g->count++;
}

/* What the owner of a document does after a failed append: fences it, reads back, goes on behind what it sees. */
static void fence_and_read(struct load *l, size_t d)
{
    struct load_document *doc = &l->documents[d];
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_store_load load = load_of(str_of(names[d]), &arena, true, ++doc->epoch);

    if (load_do(l, &load.request) == OPS_STORE_DONE) {
        int64_t last = load.snapshot_revision;

        if (load.ops_count > 0)
            last = load.ops[load.ops_count - 1].revision;
        doc->next = last < 0 ? 1 : last + 1;
        for (size_t i = 0; i < doc->rows_count; i++)
            if (doc->rows[i].result == OPS_STORE_DONE && doc->rows[i].revision > last)
                (void)wrong(l, "%s: revision %lld is acknowledged and not read back, before any restart", names[d],
                            (long long)doc->rows[i].revision);
            else if (doc->rows[i].result == OPS_STORE_UNKNOWN && doc->rows[i].revision <= last)
                doc->rows[i].result = OPS_STORE_DONE; /* its owner tells its peers now */
    }
    ops_arena_reset(&arena);
}

static void group_run(struct load *l, struct group *g)
{
    bool failed[LOAD_DOCUMENTS] = {false};

    for (size_t i = 0; i < g->count; i++)
        g->appends[i].request.next = i + 1 < g->count ? &g->appends[i + 1].request : NULL;
    submit_and_wait(l, &g->appends[0].request, g->count);
    for (size_t i = 0; i < g->count; i++) {
        const struct ops_store_request *r = &g->appends[i].request;
        struct load_row *row = r->owner;
        size_t d = g->documents[i];

        row->result = r->result;
        l->done += r->result == OPS_STORE_DONE;
        l->absent += r->result == OPS_STORE_ABSENT;
        l->unknown += r->result == OPS_STORE_UNKNOWN;
        if (r->result == OPS_STORE_DONE && (failed[d] || l->refusing))
            (void)wrong(l, "%s: revision %lld is acknowledged after one that was not", names[d], (long long)row->revision);
        failed[d] |= r->result != OPS_STORE_DONE;
        if (r->result != OPS_STORE_DONE && r->problem[0] == '\0')
            (void)wrong(l, "%s: revision %lld failed without a sentence", names[d], (long long)row->revision);
    }
    for (size_t i = 0; i < g->count; i++)
        l->refusing |= g->appends[i].request.result == OPS_STORE_UNKNOWN;
    for (size_t d = 0; d < LOAD_DOCUMENTS; d++)
        if (failed[d])
            fence_and_read(l, d);
}

static void take_snapshot(struct load *l, size_t d)
{
    struct load_document *doc = &l->documents[d];
    struct load_snapshot *s = &doc->snapshots[doc->snapshots_count];
    char state[PAYLOAD_BYTES];
    struct ops_store_snapshot request;

    if (doc->next < 2)
        return;
    *s = (struct load_snapshot){doc->next - 1, doc->next - 3, OPS_STORE_PENDING};
    doc->snapshots_count++;
    request = snapshot_of(str_of(names[d]), s->revision, payload_of(state, d, s->revision, -1), s->keep_from);
    s->result = load_do(l, &request.request);
    if (s->result == OPS_STORE_DONE && l->refusing)
        (void)wrong(l, "%s: a snapshot is acknowledged after an unknown append", names[d]);
}

void load_run(struct load *l, int rounds)
{
    static struct group g; /* 20 KB; one load at a time */

    for (int round = 0; round < rounds && l->problem[0] == '\0'; round++) {
        g.count = 0;
        for (size_t i = 0; i < LOAD_GROUP; i++)
            for (size_t d = 0; d < LOAD_DOCUMENTS; d++)
                group_add(l, &g, d);
        group_run(l, &g);
        g.count = 0;
        group_add(l, &g, (size_t)round % LOAD_DOCUMENTS);
        group_run(l, &g);
        if (round % 3 == 2)
            take_snapshot(l, (size_t)(round / 3) % LOAD_DOCUMENTS);
    }
}

bool load_goes_on(struct load *l)
{
    static struct group g;

    for (size_t d = 0; d < LOAD_DOCUMENTS; d++)
        fence_and_read(l, d);
    g.count = 0;
    for (size_t d = 0; d < LOAD_DOCUMENTS; d++)
        group_add(l, &g, d);
    group_run(l, &g);
    for (size_t i = 0; i < g.count; i++)
        if (g.appends[i].request.result != OPS_STORE_DONE)
            return wrong(l, "a store without faults refuses: %s", g.appends[i].request.problem);
    return l->problem[0] == '\0';
}

/* ---- what must be there ------------------------------------------------------------------------------------------------------- */

static bool str_equal(struct ops_str a, struct ops_str b)
{
    return (a.ptr == NULL) == (b.ptr == NULL) && a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* The attempt that may have written the row; NULL: none. */
static const struct load_row *writer_of(const struct load_document *doc, size_t d, const struct ops_store_op *op)
{
    char payload[PAYLOAD_BYTES], op_id[OP_ID_BYTES];

    for (size_t i = 0; i < doc->rows_count; i++) {
        const struct load_row *row = &doc->rows[i];

        if (row->revision == op->revision && (row->result == OPS_STORE_DONE || row->result == OPS_STORE_UNKNOWN) &&
            str_equal(op->payload, payload_of(payload, d, row->revision, row->attempt)) &&
            str_equal(op->op_id, op_id_of(op_id, row->attempt)) && str_equal(op->author_id, OPS_STR("peer-1")) &&
            str_equal(op->op_type_name, OPS_STR("TextOp")))
            return row;
    }
    return NULL;
}

static bool verify_rows(struct load *l, size_t d, const struct ops_store_history *h, int64_t snapshot)
{
    const struct load_document *doc = &l->documents[d];
    int64_t acknowledged = 0, last = snapshot > 0 ? snapshot : 0;

    for (size_t i = 0; i < doc->rows_count; i++)
        if (doc->rows[i].result == OPS_STORE_DONE && doc->rows[i].revision > acknowledged)
            acknowledged = doc->rows[i].revision;
    for (size_t i = 0; i < h->ops_count; i++) {
        if (i > 0 && h->ops[i].revision != h->ops[i - 1].revision + 1)
            return wrong(l, "%s: a gap before revision %lld", names[d], (long long)h->ops[i].revision);
        if (writer_of(doc, d, &h->ops[i]) == NULL)
            return wrong(l, "%s: revision %lld is none that may be there: %.*s", names[d], (long long)h->ops[i].revision,
                         (int)(h->ops[i].payload.len < 60 ? h->ops[i].payload.len : 60), h->ops[i].payload.ptr);
        if (h->ops[i].revision > last)
            last = h->ops[i].revision;
    }
    if (last < acknowledged)
        return wrong(l, "%s: revision %lld is acknowledged and lost; the last one there is %lld", names[d], (long long)acknowledged,
                     (long long)last);
    return true;
}

/* `keep_from`: below it rows may be gone; those of the last acknowledged snapshot must be. */
static bool verify_snapshot(struct load *l, size_t d, const struct ops_store_load *load, int64_t *keep_from)
{
    const struct load_document *doc = &l->documents[d];
    int64_t acknowledged = -1;
    char state[PAYLOAD_BYTES];

    *keep_from = 1;
    for (size_t i = 0; i < doc->snapshots_count; i++) {
        const struct load_snapshot *s = &doc->snapshots[i];

        if (s->result == OPS_STORE_DONE)
            acknowledged = s->revision;
        if (s->revision == load->snapshot_revision && s->result != OPS_STORE_ABSENT && s->keep_from > *keep_from)
            *keep_from = s->keep_from;
    }
    if (load->snapshot_revision < acknowledged)
        return wrong(l, "%s: the snapshot at %lld is acknowledged and lost", names[d], (long long)acknowledged);
    if (load->snapshot_revision < 0)
        return true;
    for (size_t i = 0; i < doc->snapshots_count; i++)
        if (doc->snapshots[i].revision == load->snapshot_revision && doc->snapshots[i].result != OPS_STORE_ABSENT &&
            str_equal(load->snapshot, payload_of(state, d, load->snapshot_revision, -1)))
            return true;
    return wrong(l, "%s: the snapshot at %lld is none that may be there", names[d], (long long)load->snapshot_revision);
}

static bool verify_document(struct load *l, size_t d)
{
    struct load_document *doc = &l->documents[d];
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_store_history h = history_of(str_of(names[d]), 0, INT64_MAX, &arena);
    struct ops_store_load load = load_of(str_of(names[d]), &arena, true, ++doc->epoch);
    int64_t keep_from = 1;
    bool ok = load_do(l, &h.request) == OPS_STORE_DONE && load_do(l, &load.request) == OPS_STORE_DONE;

    if (!ok)
        (void)wrong(l, "%s cannot be read: %s%s", names[d], h.request.problem, load.request.problem);
    ok = ok && verify_snapshot(l, d, &load, &keep_from) && verify_rows(l, d, &h, load.snapshot_revision);
    if (ok && h.ops_count > 0 && h.ops[0].revision != keep_from)
        ok = wrong(l, "%s: the log begins at revision %lld, not %lld", names[d], (long long)h.ops[0].revision, (long long)keep_from);
    if (ok && h.ops_count > 0 && !str_equal(load.document_type, OPS_STR("text")))
        ok = wrong(l, "%s has lost its type", names[d]);
    ops_arena_reset(&arena);
    return ok;
}

bool load_verify(struct load *l)
{
    for (size_t d = 0; d < LOAD_DOCUMENTS; d++)
        if (l->problem[0] != '\0' || !verify_document(l, d))
            return false;
    return true;
}
