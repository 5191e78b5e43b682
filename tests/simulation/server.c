/* The server's side of the world: cores, mail between them, the model store, and what travels on the wires. */
#include "world.h"

#include <stdlib.h>

/* ---- memory of the cores: a kill gives it all back ---------------------------------------------------------------------------- */

static void *server_more(void *self, size_t bytes)
{
    struct world *w = self;
    void *block = malloc(bytes);

    if (w->block_count == w->block_cap) {
        w->block_cap = w->block_cap != 0 ? w->block_cap * 2 : 256;
        w->blocks = realloc(w->blocks, w->block_cap * sizeof *w->blocks);
        if (w->blocks == NULL)
            abort();
    }
    w->blocks[w->block_count++] = block;
    return block;
}

static void server_release(void *self, void *block, size_t bytes)
{
    struct world *w = self;
    size_t i = w->block_count;

    (void)bytes;
    while (i-- > 0) {
        if (w->blocks[i] == block) {
            w->blocks[i] = w->blocks[--w->block_count];
            break;
        }
    }
    free(block);
}

/* ---- queues ------------------------------------------------------------------------------------------------------------------- */

void queue_put(struct queue *queue, struct ops_str text, int close)
{
    struct message *m = malloc(sizeof *m + text.len);

    if (m == NULL)
        abort();
    m->next = NULL;
    m->bytes = text.len;
    m->close = close;
    if (text.len != 0)
        memcpy(m->text, text.ptr, text.len);
    if (queue->last != NULL)
        queue->last->next = m;
    else
        queue->first = m;
    queue->last = m;
    queue->count++;
}

struct message *queue_take(struct queue *queue)
{
    struct message *m = queue->first;

    if (m == NULL)
        return NULL;
    queue->first = m->next;
    if (m->next == NULL)
        queue->last = NULL;
    queue->count--;
    return m;
}

void queue_clear(struct queue *queue)
{
    struct message *m;

    while ((m = queue_take(queue)) != NULL)
        free(m);
}

/* ---- the host ------------------------------------------------------------------------------------------------------------------ */

/* On one connection the pushes and acks of a document come in revision order, without a gap and without a repeat. */
static void wire_told(struct world *w, struct wire *wire, const struct ops_server_message *m)
{
    bool push = m->message_type == OPS_SERVER_MESSAGE_RECEIVE_OP_EVENT;
    bool ack = m->message_type == OPS_SERVER_MESSAGE_OP_RESPONSE && m->op_response.success;
    struct ops_str id = push ? m->receive_op_event.document_id : m->op_response.document_id;
    int64_t revision = push ? m->receive_op_event.new_revision : m->op_response.new_revision;
    unsigned d;

    if (!push && m->message_type != OPS_SERVER_MESSAGE_OP_RESPONSE)
        return;
    if (!push && ops_str_equal(m->correlation_id, OPS_STR("\"raw\"")) &&
        strncmp(m->op_response.error_message.len > 9 ? m->op_response.error_message.ptr : "", "InvalidOp", 9) == 0)
        world_trouble(w, "an undo is no op of its document: %.*s", (int)m->op_response.error_message.len, m->op_response.error_message.ptr);
    if (!push && !ack)
        return;
    for (d = 0; d + 1 < DOCUMENTS_MAX && !ops_str_equal(document_name(d), id); d++)
        continue;
    if (wire->seen[d] != 0 && (push ? revision != wire->seen[d] + 1 : revision > wire->seen[d] + 1))
        world_trouble(w, "a %s of revision %lld comes behind revision %lld", push ? "push" : "ack", (long long)revision,
                      (long long)wire->seen[d]);
    if (push || (wire->seen[d] != 0 && revision == wire->seen[d] + 1))
        wire->seen[d] = revision;
}

static void host_send(void *self, void *peer, struct ops_note *note)
{
    struct world *w = self;
    struct wire *wire = peer;
    struct ops_arena arena;
    struct ops_buf text;

    if (w->trouble[0] != '\0')
        return;
    ops_arena_init(&arena, NULL, 0, SIZE_MAX, &world_memory);
    ops_buf_init(&text, &arena);
    if (ops_server_message_json_encode(wire->extended ? &ops_style_v1_plus : &ops_style_v1, ops_note_message(note, ops_profiles[0]),
                                       &text) != OPS_OK)
        world_trouble(w, "a message cannot be encoded");
    if (w->verbose)
        printf("  %u< %.*s\n", wire->number, (int)text.len, text.ptr);
    wire_told(w, wire, ops_note_message(note, ops_profiles[0]));
    if (wire->client_end)
        queue_put(&wire->down, ops_buf_str(&text), -1);
    ops_arena_reset(&arena);
}

static void host_close(void *self, void *peer, enum ops_error_code code)
{
    struct wire *wire = peer;

    (void)self;
    (void)code;
    wire->server_closes = true;
    queue_put(&wire->down, ops_str_of(NULL, 0), 1008);
}

static void host_pause(void *self, void *peer, bool paused)
{
    (void)self;
    ((struct wire *)peer)->paused = paused;
}

static void host_submit(void *self, struct ops_store_request *request)
{
    model_submit(&((struct world *)self)->store, request);
}

static void host_mail(void *self, uint32_t loop, struct ops_mail *mail)
{
    struct world *w = self;
    struct mail_item *item = malloc(sizeof *item);

    if (item == NULL)
        abort();
    item->next = NULL;
    item->mail = mail;
    if (w->mail_last[w->mail_from][loop] != NULL)
        w->mail_last[w->mail_from][loop]->next = item;
    else
        w->mail_first[w->mail_from][loop] = item;
    w->mail_last[w->mail_from][loop] = item;
}

static void host_form_end(void *self, unsigned form, void *encoded)
{
    (void)self;
    (void)form;
    (void)encoded;
}

static void host_report(void *self, struct ops_str document_id, const char *problem)
{
    struct world *w = self;

    if (w->verbose)
        printf("  report %.*s: %s\n", (int)document_id.len, document_id.ptr, problem);
    if (strstr(problem, "gap") != NULL || strstr(problem, "somebody else") != NULL || strstr(problem, "cannot be read") != NULL)
        world_trouble(w, "the core reports: %s", problem);
}

/* ---- life ---------------------------------------------------------------------------------------------------------------------- */

static void server_time(struct world *w, unsigned loop)
{
    struct ops_moment now;

    now.monotonic_us = w->now_us;
    now.wall.seconds = 1770000000 + w->now_us / 1000000;
    now.wall.nanos = (int32_t)(w->now_us % 1000000) * 1000;
    now.wall.set = true;
    w->mail_from = loop;
    ops_core_time(w->cores[loop], now);
}

void server_start(struct world *w)
{
    struct ops_core_config config;
    struct ops_core_host host;
    unsigned i;

    ops_core_config_init(&config);
    config.loops = w->loops;
    config.seed = w->seed;
    config.snapshot_ops = 5 + (uint32_t)(w->seed % 20);
    config.recent_max_ops = w->seed % 3 == 0 ? 1000 : 12 + (uint32_t)(w->seed % 30);
    config.idle_ms = 20000;
    config.store_timeout_ms = 3000;
    memset(&host, 0, sizeof host);
    host.self = w;
    host.send = host_send;
    host.close = host_close;
    host.pause = host_pause;
    host.submit = host_submit;
    host.mail = host_mail;
    host.note_form_end = host_form_end;
    host.report = host_report;
    host.memory.more = server_more;
    host.memory.release = server_release;
    host.memory.self = w;
    for (i = 0; i < w->loops; i++) {
        config.loop = i;
        w->cores[i] = ops_core_open(&config, &host);
        if (w->cores[i] == NULL)
            abort();
        server_time(w, i);
    }
}

static void server_drop_mail(struct world *w)
{
    struct mail_item *item;
    unsigned i, k;

    for (i = 0; i < LOOPS_MAX; i++) {
        for (k = 0; k < LOOPS_MAX; k++) {
            while ((item = w->mail_first[i][k]) != NULL) {
                w->mail_first[i][k] = item->next;
                free(item);
            }
            w->mail_last[i][k] = NULL;
        }
    }
}

static uint64_t server_random(void *self)
{
    return world_random(self);
}

/* SIGKILL: memory is gone, what the store had in hand landed in part, the wires break. */
void server_kill(struct world *w)
{
    struct wire *wire;

    w->kills++;
    model_crash(&w->store, server_random, w);
    server_drop_mail(w);
    while (w->block_count > 0)
        free(w->blocks[--w->block_count]);
    memset(w->cores, 0, sizeof w->cores);
    for (wire = w->wires; wire != NULL; wire = wire->next) {
        wire->connection = NULL;
        queue_clear(&wire->up);
        if (wire->client_end && !wire->server_closes)
            queue_put(&wire->down, ops_str_of(NULL, 0), 0);
        wire->server_closes = true;
    }
}

/* ---- wires --------------------------------------------------------------------------------------------------------------------- */

struct wire *wire_open(struct world *w, unsigned user)
{
    struct wire *wire = calloc(1, sizeof *wire);
    char peer_id[32];

    if (wire == NULL)
        abort();
    wire->user = user;
    wire->number = ++w->next_wire;
    wire->loop = wire->number % w->loops;
    wire->client_end = true;
    snprintf(peer_id, sizeof peer_id, "peer-%u", wire->number);
    server_time(w, wire->loop);
    wire->connection = ops_core_connect(w->cores[wire->loop], wire, ops_profiles[0], ops_str_of(peer_id, strlen(peer_id)));
    wire->next = w->wires;
    w->wires = wire;
    w->wires_count++;
    return wire;
}

void wire_server_end(struct world *w, struct wire *wire)
{
    if (wire->connection == NULL)
        return;
    server_time(w, wire->loop);
    ops_core_disconnect(w->cores[wire->loop], wire->connection, false);
    wire->connection = NULL;
    queue_clear(&wire->up);
}

void wire_up(struct world *w, struct wire *wire)
{
    struct message *m = queue_take(&wire->up);
    struct ops_client_message message;
    struct ops_decode_info info;
    struct ops_arena arena;

    if (m == NULL)
        return;
    if (wire->connection == NULL || wire->server_closes) {
        free(m);
        return;
    }
    if (w->verbose)
        printf("  %u> %.*s\n", wire->number, (int)m->bytes, m->text);
    ops_arena_init(&arena, NULL, 0, SIZE_MAX, &world_memory);
    memset(&info, 0, sizeof info);
    server_time(w, wire->loop);
    if (ops_client_message_json_decode(&ops_style_v1_plus, ops_str_of(m->text, m->bytes), &arena, &message, &info) != OPS_OK) {
        world_trouble(w, "the client sent what cannot be read: %.*s", (int)m->bytes, m->text);
    } else {
        if (info.plus) {
            wire->extended = true;
            ops_core_extend(w->cores[wire->loop], wire->connection);
        }
        ops_core_receive(w->cores[wire->loop], wire->connection, &message, false);
    }
    ops_arena_reset(&arena);
    free(m);
}

/* Frees the wires that both ends have let go. */
void wires_sweep(struct world *w)
{
    struct wire **place = &w->wires, *wire;

    while ((wire = *place) != NULL) {
        if (wire->connection != NULL || wire->client_end) {
            place = &wire->next;
            continue;
        }
        *place = wire->next;
        queue_clear(&wire->up);
        queue_clear(&wire->down);
        free(wire);
        w->wires_count--;
    }
}

/* ---- steps --------------------------------------------------------------------------------------------------------------------- */

static void server_store_step(struct world *w, bool faults)
{
    enum model_fate fate = MODEL_DONE;
    bool fail = false;
    struct ops_store_request *request;
    unsigned loop;

    if (w->store.waiting == 0 || (faults && world_below(w, 1000) < w->fault_stall))
        return;
    if (faults && world_below(w, 1000) < w->fault_store) {
        fate = (enum model_fate)(1 + world_below(w, 3));
        fail = true;
        w->failures++;
    }
    request = model_step(&w->store, world_below(w, (unsigned)w->store.waiting), fate, fail);
    if (request == NULL)
        return;
    loop = request->loop;
    server_time(w, loop);
    ops_core_store_done(w->cores[loop], request);
}

static void server_mail_step(struct world *w)
{
    unsigned from = world_below(w, w->loops), to = world_below(w, w->loops);
    struct mail_item *item = w->mail_first[from][to];

    if (item == NULL)
        return;
    w->mail_first[from][to] = item->next;
    if (item->next == NULL)
        w->mail_last[from][to] = NULL;
    server_time(w, to);
    ops_core_mail(w->cores[to], item->mail);
    free(item);
}

void server_tick(struct world *w)
{
    unsigned i;

    for (i = 0; i < w->loops; i++) {
        server_time(w, i);
        if (ops_core_deadline_us(w->cores[i]) <= w->now_us)
            ops_core_tick(w->cores[i]);
    }
}

void server_step(struct world *w, bool faults)
{
    switch (world_below(w, 4)) {
    case 0:
        server_tick(w);
        break;
    case 1:
        server_mail_step(w);
        break;
    default:
        server_store_step(w, faults);
        break;
    }
}

bool server_is_quiet(const struct world *w)
{
    unsigned i, k;

    for (i = 0; i < w->loops; i++) {
        if (ops_core_busy(w->cores[i]))
            return false;
        for (k = 0; k < w->loops; k++) {
            if (w->mail_first[i][k] != NULL)
                return false;
        }
    }
    return w->store.waiting == 0;
}
