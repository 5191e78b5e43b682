/* A server that is slow and obvious: one document, a list of ops, connections that are queues of messages.
 *
 * An op is accepted (transformed over all before it, pending ones too), becomes durable later, and only then is applied, acknowledged and
 * pushed; a join sees what is durable. It can be told to be unkind: to refuse, to be out of storage, to forget the beginning of
 * its log, to commit what a cut connection had sent long before. */
#ifndef OPS_TESTS_CLIENT_MODEL_SERVER_H
#define OPS_TESTS_CLIENT_MODEL_SERVER_H

#include "engines/engine.h"
#include "runtime/base/num.h"
#include "tests/support/memory.h"
#include "tests/support/random.h"

enum { MODEL_OPS = 4096, MODEL_QUEUE = 1024, MODEL_CONNECTIONS = 512 };

struct model_text {
    char *ptr;
    size_t len;
};

struct model_queue {
    struct model_text items[MODEL_QUEUE];
    size_t first, last;
};

struct model_connection {
    struct model_queue up, down; /* to the server, to the client */
    bool cut;                    /* the client is gone; what it had sent may still be read */
    bool joined;
    bool missed;                 /* the last push was skipped */
};

struct model_op {
    const void *op; /* NULL: nothing is committed, only answered */
    struct ops_str id;
    int64_t revision; /* made by it, or current when it was decided */
    struct model_connection *author;
    struct ops_str request; /* "": no reply */
    bool absorbed;
};

struct model_server {
    const struct ops_engine *engine;
    struct ops_arena arena;
    struct ops_pool pool;
    void *document;             /* at `durable` */
    struct model_op log[MODEL_OPS];   /* log[i] made revision i + 2 */
    struct model_op queue[MODEL_OPS]; /* decided, not durable */
    size_t queue_first, queue_last;
    int64_t durable, accepted;
    int64_t oldest; /* bases below it are compacted */
    struct model_connection *connections[MODEL_CONNECTIONS];
    size_t connection_count;
    unsigned refuse_one_in, unavailable_one_in, skip_push_one_in; /* 0: never */
};

static inline void model_queue_put(struct model_queue *q, struct ops_str text)
{
    struct model_text *item = &q->items[q->last++ % MODEL_QUEUE];

    if (q->last - q->first > MODEL_QUEUE)
        abort();
    item->ptr = malloc(text.len + 1);
    memcpy(item->ptr, text.ptr, text.len);
    item->len = text.len;
}

static inline bool model_queue_take(struct model_queue *q, struct model_text *text)
{
    if (q->first == q->last)
        return false;
    *text = q->items[q->first++ % MODEL_QUEUE];
    return true;
}

static inline void model_queue_empty(struct model_queue *q)
{
    struct model_text text;

    while (model_queue_take(q, &text))
        free(text.ptr);
}

static inline void model_open(struct model_server *server, const struct ops_engine *engine)
{
    memset(server, 0, sizeof *server);
    server->engine = engine;
    server->arena = test_arena((size_t)1 << 30);
    ops_pool_init(&server->pool, (size_t)1 << 30, &test_memory);
    server->document = engine->open(&server->pool);
    server->durable = server->accepted = server->oldest = 1;
}

static inline void model_close(struct model_server *server)
{
    size_t i;

    for (i = 0; i < server->connection_count; i++) {
        model_queue_empty(&server->connections[i]->up);
        model_queue_empty(&server->connections[i]->down);
        free(server->connections[i]);
    }
    ops_pool_end(&server->pool);
    ops_arena_reset(&server->arena);
}

static inline struct model_connection *model_connect(struct model_server *server)
{
    struct model_connection *c = calloc(1, sizeof *c);

    if (server->connection_count == MODEL_CONNECTIONS)
        abort();
    server->connections[server->connection_count++] = c;
    return c;
}

static inline void model_send(struct model_server *server, struct model_connection *c, const struct ops_server_message *message)
{
    struct ops_buf text;

    if (c->cut)
        return;
    ops_buf_init(&text, &server->arena);
    ops_server_message_json_encode(&ops_style_v1_plus, message, &text);
    model_queue_put(&c->down, ops_buf_str(&text));
}

static inline struct ops_str model_payload(struct model_server *server, const void *op)
{
    struct ops_buf text;

    ops_buf_init(&text, &server->arena);
    ops_json_encode(server->engine->op_type, &ops_style_v1_plus, op, &text);
    return ops_buf_str(&text);
}

static inline void model_answer(struct model_server *server, struct model_connection *c, struct ops_str request, int64_t revision,
                                const char *error)
{
    struct ops_server_message m;

    memset(&m, 0, sizeof m);
    m.correlation_id = request;
    m.message_type = OPS_SERVER_MESSAGE_OP_RESPONSE;
    m.op_response.document_id = OPS_STR("doc");
    m.op_response.success = error == NULL;
    m.op_response.new_revision = revision;
    if (error != NULL)
        m.op_response.error_message = ops_str_of(error, strlen(error));
    model_send(server, c, &m);
}

static inline void model_error(struct model_server *server, struct model_connection *c, struct ops_str request,
                               enum ops_error_code code)
{
    struct ops_server_message m;

    memset(&m, 0, sizeof m);
    m.correlation_id = request;
    m.message_type = OPS_SERVER_MESSAGE_ERROR_RESPONSE;
    m.error_response.document_id = OPS_STR("doc");
    m.error_response.code = code;
    m.error_response.message = OPS_STR("so it is");
    model_send(server, c, &m);
}

/* The oldest decision becomes durable. False: there is none. */
static inline bool model_durable(struct model_server *server)
{
    struct model_op *op = &server->queue[server->queue_first % MODEL_OPS];
    struct ops_server_message push;
    size_t i;

    if (server->queue_first == server->queue_last)
        return false;
    server->queue_first++;
    if (op->op != NULL) {
        struct ops_arena scratch = test_arena((size_t)1 << 30);

        server->engine->apply(server->document, op->op, &scratch);
        ops_arena_reset(&scratch);
        server->durable = op->revision;
        memset(&push, 0, sizeof push);
        push.message_type = OPS_SERVER_MESSAGE_RECEIVE_OP_EVENT;
        push.receive_op_event.document_id = OPS_STR("doc");
        push.receive_op_event.payload = model_payload(server, op->op);
        push.receive_op_event.new_revision = op->revision;
        push.receive_op_event.op_id = op->id;
        for (i = 0; i < server->connection_count; i++) {
            if (!server->connections[i]->joined || server->connections[i] == op->author)
                continue;
            server->connections[i]->missed = server->skip_push_one_in > 0 && rnd_below(server->skip_push_one_in) == 0;
            if (!server->connections[i]->missed) /* no server skips one */
                model_send(server, server->connections[i], &push);
        }
    }
    /* Absorbed by an op that was not pushed: "success, revision 7" would be taken for revision 7 itself. */
    model_answer(server, op->author, op->request, op->revision,
                 op->absorbed && op->author->missed ? "StorageUnavailable: later" : NULL);
    return true;
}

static inline void model_decide(struct model_server *server, struct model_op op)
{
    if (op.op != NULL) {
        op.revision = ++server->accepted;
        if (op.revision - 2 >= MODEL_OPS)
            abort();
        server->log[op.revision - 2] = op;
    }
    server->queue[server->queue_last++ % MODEL_OPS] = op;
}

static inline struct ops_str model_keep(struct model_server *server, struct ops_str s)
{
    struct ops_str copy;

    ops_arena_copy(&server->arena, s, &copy);
    return copy;
}

static inline void model_op(struct model_server *server, struct model_connection *c, struct ops_str request,
                            const struct ops_op_request *in)
{
    static const struct ops_op_rules rules = {false, false, 0, INT64_MAX};
    struct model_op op = {NULL, {NULL, 0}, server->accepted, c, {NULL, 0}, false};
    void *decoded = ops_arena_zalloc(&server->arena, server->engine->op_type->size);
    struct ops_op_list pending = {NULL, 0};
    const void **list, *accepted;
    struct ops_refusal refusal;
    int64_t r;

    op.request = model_keep(server, request);
    if (!c->joined) {
        model_answer(server, c, request, 0, "NotJoined: join first");
        return;
    }
    if (server->unavailable_one_in > 0 && rnd_below(server->unavailable_one_in) == 0) {
        model_answer(server, c, request, server->durable, "StorageUnavailable: later");
        return;
    }
    for (r = in->base_revision + 1; r <= server->accepted; r++) {
        if (r >= 2 && ops_str_equal(server->log[r - 2].id, in->op_id)) {
            op.revision = r; /* answered when it is durable */
            model_decide(server, op);
            return;
        }
    }
    if (server->refuse_one_in > 0 && rnd_below(server->refuse_one_in) == 0) {
        model_answer(server, c, request, server->durable, "InvalidOp: not today");
        return;
    }
    if (in->base_revision > server->accepted || in->base_revision < server->oldest) {
        model_answer(server, c, request, server->durable,
                     in->base_revision > server->accepted ? "RevisionAhead: no" : "RevisionCompacted: no");
        return;
    }
    if (ops_json_decode(server->engine->op_type, &ops_style_v1_plus, model_keep(server, in->payload), &server->arena, decoded,
                        NULL) != OPS_OK ||
        !server->engine->is_sound(decoded, &rules, &refusal))
        abort(); /* a client never sends such a thing */
    op.op = decoded;
    op.id = model_keep(server, in->op_id);
    for (r = in->base_revision + 1; r <= server->accepted; r++)
        server->engine->transform(op.op, server->log[r - 2].op, OPS_EXISTING_WINS, &server->arena, &op.op);
    if (in->base_revision < server->accepted && server->engine->is_no_op(op.op))
        op.absorbed = true;
    if (op.absorbed)
        op.op = NULL;
    if (op.op != NULL) {
        list = ops_arena_array(&server->arena, (size_t)(server->accepted - server->durable), sizeof *list);
        for (r = server->durable + 1; r <= server->accepted; r++)
            list[pending.count++] = server->log[r - 2].op;
        pending.ops = list;
        if (!server->engine->check(server->document, pending, op.op, &rules, &server->arena, &accepted, &refusal))
            abort(); /* a client that sends such an op has lost count */
        op.op = accepted;
    }
    model_decide(server, op);
}

static inline void model_join(struct model_server *server, struct model_connection *c, struct ops_str request,
                              const struct ops_join_request *in)
{
    struct ops_server_message m;
    struct ops_pending_op *missed;
    struct ops_buf snapshot;
    int64_t r;

    if (in->since_revision.set && (in->since_revision.value < server->oldest || in->since_revision.value > server->durable)) {
        model_error(server, c, request,
                    in->since_revision.value < server->oldest ? OPS_ERROR_CODE_REVISION_COMPACTED : OPS_ERROR_CODE_REVISION_AHEAD);
        return;
    }
    memset(&m, 0, sizeof m);
    m.correlation_id = request;
    m.message_type = OPS_SERVER_MESSAGE_JOIN_RESPONSE;
    m.join_response.revision = server->durable;
    m.join_response.snapshot = OPS_STR("");
    m.join_response.awareness = (const void *)&ops_empty_list;
    if (in->since_revision.set) {
        missed = ops_arena_zalloc(&server->arena, (size_t)(server->durable + 1) * sizeof *missed);
        m.join_response.pending_ops = missed;
        for (r = in->since_revision.value + 1; r <= server->durable; r++) {
            missed->payload = model_payload(server, server->log[r - 2].op);
            missed->op_id = server->log[r - 2].id;
            missed++->revision = r;
            m.join_response.pending_ops_count++;
        }
    } else {
        ops_buf_init(&snapshot, &server->arena);
        server->engine->snapshot(server->document, &ops_style_v1_plus, &snapshot);
        m.join_response.snapshot = ops_buf_str(&snapshot);
    }
    c->joined = true;
    c->missed = false;
    model_send(server, c, &m);
}

/* Reads one message of a connection; false: there is none. */
static inline bool model_read(struct model_server *server, struct model_connection *c)
{
    struct ops_client_message m;
    struct ops_server_message hello;
    struct model_text text;

    if (!model_queue_take(&c->up, &text))
        return false;
    if (ops_client_message_json_decode(&ops_style_v1_plus, ops_str_of(text.ptr, text.len), &server->arena, &m, NULL) != OPS_OK)
        abort();
    switch (m.message_type) {
    case OPS_CLIENT_MESSAGE_HELLO:
        memset(&hello, 0, sizeof hello);
        hello.message_type = OPS_SERVER_MESSAGE_HELLO_ACK;
        hello.correlation_id = m.correlation_id;
        hello.hello_ack.peer_id = OPS_STR("somebody");
        hello.hello_ack.protocol_version = 1;
        hello.hello_ack.server = OPS_STR("model");
        model_send(server, c, &hello);
        break;
    case OPS_CLIENT_MESSAGE_JOIN_REQUEST:
        model_join(server, c, m.correlation_id, &m.join_request);
        break;
    case OPS_CLIENT_MESSAGE_OP_REQUEST:
        model_op(server, c, m.correlation_id, &m.op_request);
        break;
    default:
        abort();
    }
    free(text.ptr);
    return true;
}

#endif
