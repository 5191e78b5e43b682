#include "history.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum kind { SUBMITTED, ACKED };

struct op {
    struct ops_str id;
    uint32_t client;
    bool submitted, in_log;
    int64_t log_revision, acked_revision; /* the latter -1: never */
    int64_t floor;                        /* highest revision acknowledged before it was submitted */
    size_t floor_op;                      /* whose that was */
};

struct timed {
    enum kind kind;
    uint32_t client;
    size_t op;
    int64_t revision, time;
    size_t sequence;
};

struct seen {
    uint32_t client;
    bool join;
    int64_t revision;
    size_t op; /* NO_OP: not known */
};

struct state {
    bool server;
    uint32_t client;
    int64_t revision;
    uint64_t hash;
};

struct row {
    int64_t revision;
    size_t op;
};

#define LIST(type)                                                                                                     \
    struct {                                                                                                           \
        type *at;                                                                                                      \
        size_t count, cap;                                                                                             \
    }

#define NO_OP SIZE_MAX

struct history {
    int64_t first;
    bool unordered;
    LIST(struct op) ops;
    LIST(struct timed) timed;
    LIST(struct seen) seen;
    LIST(struct state) states;
    LIST(struct row) rows;
    LIST(size_t) slots; /* op + 1; power of two, open addressing */
};

static void *must(void *ptr)
{
    if (ptr == NULL) {
        (void)fputs("history: no memory\n", stderr);
        abort();
    }
    return ptr;
}

#define PUSH(list, ...)                                                                                                \
    do {                                                                                                               \
        if ((list).count == (list).cap) {                                                                              \
            (list).cap = (list).cap > 0 ? (list).cap * 2 : 64;                                                         \
            (list).at = must(realloc((list).at, (list).cap * sizeof *(list).at));                                      \
        }                                                                                                              \
        (list).at[(list).count++] = __VA_ARGS__;                                                                       \
    } while (0)

struct history *history_new(void)
{
    struct history *h = must(calloc(1, sizeof *h));

    h->first = 2;
    return h;
}

void history_free(struct history *h)
{
    if (h == NULL)
        return;
    for (size_t i = 0; i < h->ops.count; i++)
        free((void *)(uintptr_t)h->ops.at[i].id.ptr);
    free(h->ops.at);
    free(h->timed.at);
    free(h->seen.at);
    free(h->states.at);
    free(h->rows.at);
    free(h->slots.at);
    free(h);
}

static uint64_t hash_of(struct ops_str s)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < s.len; i++)
        hash = (hash ^ (unsigned char)s.ptr[i]) * UINT64_C(0x100000001b3);
    return hash ^ hash >> 29;
}

/* The slot of an id: its op, or where it would be. */
static size_t *slot_of(const struct history *h, struct ops_str id)
{
    size_t i = (size_t)hash_of(id) & (h->slots.cap - 1);

    while (h->slots.at[i] != 0 && !ops_str_equal(h->ops.at[h->slots.at[i] - 1].id, id))
        i = (i + 1) & (h->slots.cap - 1);
    return &h->slots.at[i];
}

static size_t op_of(struct history *h, struct ops_str id)
{
    struct op op = {.acked_revision = -1};
    size_t *slot;
    char *copy;

    if (id.ptr == NULL)
        return NO_OP;
    if (h->ops.count * 2 >= h->slots.cap) {
        h->slots.cap = h->slots.cap > 0 ? h->slots.cap * 2 : 256;
        free(h->slots.at);
        h->slots.at = must(calloc(h->slots.cap, sizeof *h->slots.at));
        for (size_t i = 0; i < h->ops.count; i++)
            *slot_of(h, h->ops.at[i].id) = i + 1;
    }
    slot = slot_of(h, id);
    if (*slot == 0) {
        copy = must(malloc(id.len + 1));
        if (id.len > 0)
            memcpy(copy, id.ptr, id.len);
        op.id = ops_str_of(copy, id.len);
        PUSH(h->ops, op);
        *slot = h->ops.count;
    }
    return *slot - 1;
}

void history_log_begins(struct history *h, int64_t first)
{
    h->first = first;
}

static void timed(struct history *h, enum kind kind, uint32_t client, struct ops_str id, int64_t revision, int64_t time)
{
    struct timed t = {kind, client, op_of(h, id), revision, time, h->timed.count};

    h->unordered |= h->timed.count > 0 && h->timed.at[h->timed.count - 1].time > time;
    PUSH(h->timed, t);
}

void history_submitted(struct history *h, uint32_t client, struct ops_str op_id, int64_t time)
{
    timed(h, SUBMITTED, client, op_id, 0, time);
}

void history_acked(struct history *h, uint32_t client, struct ops_str op_id, int64_t revision, int64_t time)
{
    timed(h, ACKED, client, op_id, revision, time);
}

void history_joined(struct history *h, uint32_t client, int64_t revision)
{
    struct seen s = {client, true, revision, NO_OP};

    PUSH(h->seen, s);
}

void history_seen(struct history *h, uint32_t client, int64_t revision, struct ops_str op_id)
{
    struct seen s = {client, false, revision, op_of(h, op_id)};

    PUSH(h->seen, s);
}

void history_server_document(struct history *h, int64_t revision, uint64_t hash)
{
    struct state s = {true, 0, revision, hash};

    PUSH(h->states, s);
}

void history_client_document(struct history *h, uint32_t client, int64_t revision, uint64_t hash)
{
    struct state s = {false, client, revision, hash};

    PUSH(h->states, s);
}

void history_log_row(struct history *h, int64_t revision, struct ops_str op_id)
{
    struct row r = {revision, op_of(h, op_id)};

    PUSH(h->rows, r);
}

/* ---- the rules ---------------------------------------------------------------------------------------------------------- */

struct verdict {
    char *why;
    size_t why_bytes;
};

static int broken(const struct verdict *v, int rule, const char *format, ...) __attribute__((format(printf, 3, 4)));

static int broken(const struct verdict *v, int rule, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(v->why, v->why_bytes, format, args);
    va_end(args);
    return rule;
}

#define ID(h, op) (int)(h)->ops.at[op].id.len, (h)->ops.at[op].id.ptr

/* 1, 3 */
static int check_log(struct history *h, const struct verdict *v)
{
    for (size_t i = 0; i < h->rows.count; i++) {
        const struct row *r = &h->rows.at[i];
        int64_t expected = h->first + (int64_t)i;

        if (r->revision != expected)
            return broken(v, 1, "the log has revision %lld where %lld belongs", (long long)r->revision, (long long)expected);
        if (r->op == NO_OP)
            continue;
        if (h->ops.at[r->op].in_log)
            return broken(v, 3, "op %.*s is in the log twice, at revisions %lld and %lld", ID(h, r->op),
                          (long long)h->ops.at[r->op].log_revision, (long long)r->revision);
        h->ops.at[r->op].in_log = true;
        h->ops.at[r->op].log_revision = r->revision;
    }
    return 0;
}

static int by_time(const void *a, const void *b)
{
    const struct timed *x = a, *y = b;

    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    return (x->sequence > y->sequence) - (x->sequence < y->sequence);
}

/* 2, and what 4 and 5 need */
static int check_acks(struct history *h, const struct verdict *v)
{
    int64_t floor = INT64_MIN;
    size_t floor_op = NO_OP;

    if (h->unordered)
        qsort(h->timed.at, h->timed.count, sizeof *h->timed.at, by_time);
    for (size_t i = 0; i < h->timed.count; i++) {
        const struct timed *t = &h->timed.at[i];
        struct op *op = &h->ops.at[t->op];

        if (t->kind == SUBMITTED) {
            if (!op->submitted) {
                op->submitted = true;
                op->client = t->client;
                op->floor = floor;
                op->floor_op = floor_op;
            }
            continue;
        }
        if (op->acked_revision >= 0 && op->acked_revision != t->revision)
            return broken(v, 2, "op %.*s was acknowledged at revision %lld and at %lld", ID(h, t->op), (long long)op->acked_revision,
                          (long long)t->revision);
        if (!op->in_log && t->revision >= h->first)
            return broken(v, 2, "op %.*s was acknowledged to client %u at revision %lld and is not in the log", ID(h, t->op), t->client,
                          (long long)t->revision);
        if (op->in_log && op->log_revision != t->revision)
            return broken(v, 2, "op %.*s was acknowledged at revision %lld and is in the log at %lld", ID(h, t->op),
                          (long long)t->revision, (long long)op->log_revision);
        op->acked_revision = t->revision;
        if (t->revision > floor) {
            floor = t->revision;
            floor_op = t->op;
        }
    }
    return 0;
}

/* 4, 5 */
static int check_ops(const struct history *h, const struct verdict *v)
{
    for (size_t i = 0; i < h->ops.count; i++) {
        const struct op *op = &h->ops.at[i];
        int64_t revision = op->in_log ? op->log_revision : op->acked_revision;

        if (op->in_log && !op->submitted)
            return broken(v, 5, "op %.*s is in the log at revision %lld and nobody submitted it", ID(h, i), (long long)revision);
        if (op->submitted && revision >= 0 && revision <= op->floor)
            return broken(v, 4, "op %.*s of client %u was submitted after op %.*s was acknowledged at revision %lld, and has %lld",
                          ID(h, i), op->client, ID(h, op->floor_op), (long long)op->floor, (long long)revision);
    }
    return 0;
}

/* The highest client number, for tables by client. */
static size_t clients_of(const struct history *h)
{
    uint32_t most = 0;

    for (size_t i = 0; i < h->seen.count; i++)
        if (h->seen.at[i].client > most)
            most = h->seen.at[i].client;
    return (size_t)most + 1;
}

static int seen_wrong(const struct history *h, const struct verdict *v, const struct seen *s, int64_t last)
{
    int64_t place = s->revision - h->first;

    if (last == INT64_MIN)
        return broken(v, 7, "client %u saw revision %lld before it had joined", s->client, (long long)s->revision);
    if (s->revision <= last)
        return broken(v, 7, "client %u saw revision %lld again, behind %lld", s->client, (long long)s->revision, (long long)last);
    if (s->revision != last + 1)
        return broken(v, 7, "client %u saw revision %lld right after %lld", s->client, (long long)s->revision, (long long)last);
    if (place >= (int64_t)h->rows.count)
        return broken(v, 7, "client %u saw revision %lld, and the log ends below it", s->client, (long long)s->revision);
    if (s->op != NO_OP && place >= 0 && h->rows.at[place].op != s->op)
        return broken(v, 7, "client %u saw op %.*s at revision %lld, where the log has another one", s->client, ID(h, s->op),
                      (long long)s->revision);
    return 0;
}

/* 7 */
static int check_seen(const struct history *h, const struct verdict *v)
{
    size_t clients = clients_of(h);
    int64_t *last = must(malloc(clients * sizeof *last));
    int rule = 0;

    for (size_t i = 0; i < clients; i++)
        last[i] = INT64_MIN;
    for (size_t i = 0; i < h->seen.count && rule == 0; i++) {
        const struct seen *s = &h->seen.at[i];

        if (!s->join)
            rule = seen_wrong(h, v, s, last[s->client]);
        last[s->client] = s->revision;
    }
    free(last);
    return rule;
}

/* 6: the first statement about a revision by the server counts for all clients, wherever it was recorded. */
static int check_states(const struct history *h, const struct verdict *v)
{
    size_t places = h->rows.count + 1; /* the revision before the first row too */
    int64_t base = h->first - 1;
    struct {
        bool known;
        uint64_t hash;
    } *server = must(calloc(places, sizeof *server));
    int rule = 0;

    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < h->states.count && rule == 0; i++) {
            const struct state *s = &h->states.at[i];
            int64_t place = s->revision - base;

            if (s->server != (pass == 0) || place < 0)
                continue;
            if (place >= (int64_t)places) {
                rule = broken(v, 6, "a document at revision %lld, and the log ends below it", (long long)s->revision);
            } else if (!server[place].known) {
                server[place].known = true; /* without the server's word the first client's is compared with the others' */
                server[place].hash = s->hash;
            } else if (server[place].hash != s->hash) {
                rule = s->server ? broken(v, 6, "the server had two documents at revision %lld", (long long)s->revision)
                                 : broken(v, 6, "client %u has another document at revision %lld than the server", s->client,
                                          (long long)s->revision);
            }
        }
    }
    free(server);
    return rule;
}

int history_check(struct history *h, char *why, size_t why_bytes)
{
    struct verdict v = {why, why_bytes};
    int rule;

    for (size_t i = 0; i < h->ops.count; i++) { /* a second check begins anew */
        h->ops.at[i].in_log = h->ops.at[i].submitted = false;
        h->ops.at[i].acked_revision = -1;
    }
    rule = check_log(h, &v);
    if (rule == 0)
        rule = check_acks(h, &v);
    if (rule == 0)
        rule = check_ops(h, &v);
    if (rule == 0)
        rule = check_states(h, &v);
    return rule != 0 ? rule : check_seen(h, &v);
}
