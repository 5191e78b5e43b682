/* See fixture.h. */
#include "fixture.h"

#include <stdlib.h>

#include "tests/support/memory.h"

/* ---- the host ------------------------------------------------------------------------------------------------------------------ */

static char client_name(const struct client *c)
{
    return (char)('a' + (c - c->fixture->clients));
}

static struct client *client_of(struct fixture *f, char name)
{
    assert_in_range(name, 'a', 'z');
    return &f->clients[name - 'a'];
}

static void host_send(void *self, void *peer, struct ops_note *note)
{
    struct fixture *f = self;
    struct client *c = peer;

    assert_non_null(c->connection);
    assert_false(c->closed);
    c->told++;
    fprintf(f->log, "%c< ", client_name(c));
    say_message(f->log, c->profile, ops_note_message(note, c->profile));
    putc('\n', f->log);
    if (*ops_note_form(note, 0) == NULL) /* as a transport does: the first reader makes the form, the note's end gives it back */
        *ops_note_form(note, 0) = malloc(1);
}

static void host_close(void *self, void *peer, enum ops_error_code code)
{
    struct fixture *f = self;
    struct client *c = peer;

    assert_false(c->closed);
    c->closed = true;
    fprintf(f->log, "%c ", client_name(c));
    say_close(f->log, code);
}

static void host_pause(void *self, void *peer, bool paused)
{
    struct fixture *f = self;
    struct client *c = peer;

    assert_true(c->paused != paused);
    c->paused = paused;
    fprintf(f->log, "%c %s\n", client_name(c), paused ? "is paused" : "goes on");
}

static void host_submit(void *self, struct ops_store_request *request)
{
    model_submit(&((struct fixture *)self)->store, request);
}

static void host_mail(void *self, uint32_t loop, struct ops_mail *mail)
{
    struct fixture *f = self;
    struct mail *item = malloc(sizeof *item);

    assert_non_null(item);
    assert_in_range(loop, 0, f->config.loops - 1);
    item->next = NULL;
    item->mail = mail;
    item->loop = loop;
    *f->mail_end = item;
    f->mail_end = &item->next;
    f->mails++;
}

static void host_form_end(void *self, unsigned form, void *encoded)
{
    assert_int_equal(form, 0);
    ((struct fixture *)self)->form_ends++;
    free(encoded);
}

static void host_report(void *self, struct ops_str document_id, const char *problem)
{
    struct fixture *f = self;

    (void)document_id;
    assert_true(problem[0] != '\0');
    f->reports++;
}

static void *memory_more(void *self, size_t bytes)
{
    struct fixture *f = self;
    void *block;

    if (f->allocations_left == 0) {
        if (f->allocations_fail_once)
            f->allocations_left = -2;
        return NULL;
    }
    if (f->allocations_left > 0)
        f->allocations_left--;
    block = malloc(bytes);
    assert_non_null(block);
    f->blocks++;
    f->block_bytes += bytes;
    return block;
}

static void memory_release(void *self, void *block, size_t bytes)
{
    struct fixture *f = self;

    f->blocks--;
    f->block_bytes -= bytes;
    free(block);
}

/* ---- life ---------------------------------------------------------------------------------------------------------------------- */

static void clock_set(struct fixture *f)
{
    struct ops_moment now;
    uint32_t i;

    now.monotonic_us = f->now_us;
    now.wall.seconds = f->now_us / 1000000 - 1; /* the wall clock began a second later: not the same number */
    now.wall.nanos = (int32_t)(f->now_us % 1000000) * 1000;
    now.wall.set = true;
    for (i = 0; i < LOOPS_MAX && f->cores[i] != NULL; i++)
        ops_core_time(f->cores[i], now);
}

static void core_open(struct fixture *f)
{
    const struct ops_core_host host = {.self = f, .send = host_send, .close = host_close, .pause = host_pause, .submit = host_submit,
        .mail = host_mail, .note_form_end = host_form_end, .report = host_report, .memory = {memory_more, memory_release, f}};
    uint32_t i;

    assert_in_range(f->config.loops, 1, LOOPS_MAX);
    for (i = 0; i < f->config.loops; i++) {
        f->config.loop = i;
        f->cores[i] = ops_core_open(&f->config, &host);
        assert_non_null(f->cores[i]);
    }
    f->core = f->cores[0];
    clock_set(f);
}

static void core_close(struct fixture *f)
{
    uint32_t i;
    char name;

    for (name = 'a'; name <= 'z'; name++) {
        if (client_of(f, name)->connection != NULL)
            go(f, name);
    }
    settle(f);
    for (i = 0; i < LOOPS_MAX && f->cores[i] != NULL; i++) {
        assert_false(ops_core_busy(f->cores[i]));
        ops_core_close(f->cores[i]);
        f->cores[i] = NULL;
    }
    assert_int_equal(f->blocks, 0);
    assert_int_equal(f->block_bytes, 0);
}

int fixture_setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    f->now_us = 1000000;
    f->allocations_left = -1;
    f->mail_end = &f->mail;
    f->log = open_memstream(&f->text, &f->text_bytes);
    assert_non_null(f->log);
    ops_core_config_init(&f->config);
    core_open(f);
    *state = f;
    return 0;
}

int fixture_teardown(void **state)
{
    struct fixture *f = *state;

    core_close(f);
    model_end(&f->store);
    fclose(f->log);
    free(f->text);
    free(f);
    return 0;
}

static uint64_t no_random(void *self)
{
    (void)self;
    fail_msg("the store has something in hand");
    return 0;
}

void fixture_restart(struct fixture *f)
{
    core_close(f);
    model_crash(&f->store, no_random, NULL);
    core_open(f);
    forget(f);
}

/* ---- clients ------------------------------------------------------------------------------------------------------------------- */

static struct ops_core *core_of(struct fixture *f, const struct client *c)
{
    return f->cores[c->loop];
}

static void come_at(struct fixture *f, char name, const struct ops_profile *profile, uint32_t loop)
{
    struct client *c = client_of(f, name);

    assert_null(c->connection);
    memset(c, 0, sizeof *c);
    c->fixture = f;
    c->profile = profile;
    c->loop = loop;
    c->connection = ops_core_connect(core_of(f, c), c, profile, ops_str_of(&name, 1));
    assert_non_null(c->connection);
}

void come_as(struct fixture *f, char name, const struct ops_profile *profile)
{
    come_at(f, name, profile, 0);
}

void come_on(struct fixture *f, char name, uint32_t loop)
{
    come_at(f, name, &ops_profile_v1, loop);
}

void come(struct fixture *f, const char *names)
{
    for (; *names != '\0'; names++)
        come_as(f, *names, &ops_profile_v1);
}

void extend(struct fixture *f, const char *names)
{
    for (; *names != '\0'; names++)
        ops_core_extend(core_of(f, client_of(f, *names)), client_of(f, *names)->connection);
}

void go(struct fixture *f, char name)
{
    struct client *c = client_of(f, name);

    ops_core_disconnect(core_of(f, c), c->connection, false);
    c->connection = NULL;
}

void here(struct fixture *f, const char *names, const char *document)
{
    for (; *names != '\0'; names++) {
        if (client_of(f, *names)->connection == NULL)
            come(f, (char[]){*names, '\0'});
        join(f, *names, document);
        settle(f);
    }
    assert_null(strstr(effects(f), "error"));
    forget(f);
}

/* ---- requests ------------------------------------------------------------------------------------------------------------------ */

void request(struct fixture *f, char name, const struct ops_client_message *message)
{
    const struct client *c = client_of(f, name);
    struct ops_client_message tagged = *message;

    tagged.correlation_id = id_of(f->tag);
    f->tag = NULL;
    assert_non_null(c->connection);
    ops_core_receive(core_of(f, c), c->connection, &tagged, false);
}

static struct ops_client_message message_of(enum ops_client_message_message_type type)
{
    struct ops_client_message m;

    memset(&m, 0, sizeof m);
    m.message_type = type;
    return m;
}

static void join_as(struct fixture *f, char name, const char *document, struct ops_opt_int64 since)
{
    struct ops_client_message m = message_of(OPS_CLIENT_MESSAGE_JOIN_REQUEST);

    m.join_request.document_id = id_of(document);
    m.join_request.document_type = *document == 'j' ? OPS_STR("json") : OPS_STR("text");
    m.join_request.client_proto_version = 1;
    m.join_request.since_revision = since;
    request(f, name, &m);
}

void join(struct fixture *f, char name, const char *document)
{
    struct ops_opt_int64 none;

    memset(&none, 0, sizeof none);
    join_as(f, name, document, none);
}

void join_since(struct fixture *f, char name, const char *document, int64_t revision)
{
    struct ops_opt_int64 since;

    memset(&since, 0, sizeof since);
    since.set = true;
    since.value = revision;
    join_as(f, name, document, since);
}

static void op_send(struct fixture *f, char name, const char *document, int64_t base, struct ops_str payload, const char *op_id)
{
    struct ops_client_message m = message_of(OPS_CLIENT_MESSAGE_OP_REQUEST);

    m.op_request.document_id = id_of(document);
    m.op_request.payload = payload;
    m.op_request.base_revision = base;
    m.op_request.op_id = id_of(op_id);
    request(f, name, &m);
}

void send_payload(struct fixture *f, char name, const char *document, int64_t base, struct ops_str payload)
{
    op_send(f, name, document, base, payload, NULL);
}

void edit_id(struct fixture *f, char name, const char *document, int64_t base, const char *op, const char *op_id)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);

    op_send(f, name, document, base, op_bytes(&arena, document, op, name), op_id);
    ops_arena_reset(&arena);
}

void edit(struct fixture *f, char name, const char *document, int64_t base, const char *op)
{
    edit_id(f, name, document, base, op, NULL);
}

void aware(struct fixture *f, char name, const char *document, const char *data)
{
    struct ops_client_message m = message_of(OPS_CLIENT_MESSAGE_AWARENESS_REQUEST);

    m.awareness_request.document_id = id_of(document);
    m.awareness_request.data_json = id_of(data);
    request(f, name, &m);
}

void about(struct fixture *f, char name, enum ops_client_message_message_type type, const char *document)
{
    struct ops_client_message m = message_of(type);

    m.leave.document_id = id_of(document);
    request(f, name, &m);
}

void leave(struct fixture *f, char name, const char *document)
{
    about(f, name, OPS_CLIENT_MESSAGE_LEAVE, document);
}

void undo(struct fixture *f, char name, const char *document)
{
    about(f, name, OPS_CLIENT_MESSAGE_UNDO, document);
}

void redo(struct fixture *f, char name, const char *document)
{
    about(f, name, OPS_CLIENT_MESSAGE_REDO, document);
}

/* ---- the store ----------------------------------------------------------------------------------------------------------------- */

unsigned waiting(const struct fixture *f, enum ops_store_kind kind)
{
    const struct ops_store_request *r;
    unsigned count = 0;

    for (r = f->store.first; r != NULL; r = r->next)
        count += r->kind == kind;
    return count;
}

void answer(struct fixture *f, const char *document, enum ops_store_kind kind, enum model_fate fate)
{
    struct ops_store_request *r;
    size_t index = 0;

    for (r = f->store.first; r != NULL; r = r->next, index++) {
        if (r->kind == kind && ops_str_equal(r->document_id, id_of(document)))
            break;
    }
    assert_non_null(r);
    r = model_step(&f->store, index, fate, fate != MODEL_DONE);
    assert_non_null(r);
    if (r->result != OPS_STORE_DONE && r->problem[0] == '\0')
        snprintf(r->problem, sizeof r->problem, "the test says so");
    ops_core_store_done(f->cores[r->loop], r);
}

void stored(struct fixture *f, const char *document)
{
    answer(f, document, OPS_STORE_APPEND, MODEL_DONE);
}

void deliver(struct fixture *f)
{
    struct mail *item;

    while ((item = f->mail) != NULL) {
        f->mail = item->next;
        if (f->mail == NULL)
            f->mail_end = &f->mail;
        ops_core_mail(f->cores[item->loop], item->mail);
        free(item);
    }
}

static int64_t next_due(const struct fixture *f)
{
    int64_t due = INT64_MAX;
    uint32_t i;

    for (i = 0; i < LOOPS_MAX && f->cores[i] != NULL; i++)
        due = ops_core_deadline_us(f->cores[i]) < due ? ops_core_deadline_us(f->cores[i]) : due;
    return due;
}

static void tick(struct fixture *f)
{
    uint32_t i;

    for (i = 0; i < LOOPS_MAX && f->cores[i] != NULL; i++) {
        if (ops_core_deadline_us(f->cores[i]) <= f->now_us)
            ops_core_tick(f->cores[i]);
    }
}

void settle(struct fixture *f)
{
    struct ops_store_request *r;

    for (;;) {
        deliver(f);
        if (f->store.waiting != 0) {
            r = model_step(&f->store, 0, MODEL_DONE, false);
            assert_non_null(r);
            ops_core_store_done(f->cores[r->loop], r);
        } else if (next_due(f) <= f->now_us) {
            tick(f);
        } else {
            return;
        }
    }
}

int64_t log_revision(const struct fixture *f, const char *document)
{
    const struct model_document *d = model_find(&f->store, id_of(document));

    return d != NULL && d->row_count > 0 ? d->rows[d->row_count - 1].revision : 0;
}

/* ---- time ---------------------------------------------------------------------------------------------------------------------- */

void pass(struct fixture *f, int64_t ms)
{
    int64_t until = f->now_us + ms * 1000, due;

    while ((due = next_due(f)) <= until) {
        f->now_us = due > f->now_us ? due : f->now_us;
        clock_set(f);
        tick(f);
        assert_true(next_due(f) > f->now_us); /* what is due is done, at once */
    }
    f->now_us = until;
    clock_set(f);
}

/* ---- the effects ----------------------------------------------------------------------------------------------------------------- */

const char *effects(struct fixture *f)
{
    fflush(f->log);
    return f->text != NULL ? f->text : "";
}

void forget(struct fixture *f)
{
    fclose(f->log);
    free(f->text);
    f->text = NULL;
    f->log = open_memstream(&f->text, &f->text_bytes);
    assert_non_null(f->log);
}

void expect(struct fixture *f, const char *text)
{
    assert_string_equal(effects(f), text);
    forget(f);
}
