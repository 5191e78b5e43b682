/* Ops and messages as the tests write and show them (fixture.h). */
#include "fixture.h"

#include <stdlib.h>

#include "tests/support/memory.h"

enum { COMPONENTS_MAX = 64 };

/* ---- ops from text ----------------------------------------------------------------------------------------------------------- */

static struct ops_str text_op_bytes(struct ops_arena *arena, const char *op)
{
    struct ops_text_component *list = ops_arena_array(arena, COMPONENTS_MAX, sizeof *list), *c;
    struct ops_text_op text = {list, 0};
    struct ops_buf out;

    while (*op != '\0') {
        size_t len = strcspn(op, " ");

        assert_true(text.components_count < COMPONENTS_MAX);
        c = &list[text.components_count++];
        memset(c, 0, sizeof *c);
        if (*op == '+') {
            c->kind = OPS_TEXT_COMPONENT_INSERT;
            c->insert.text = ops_str_of(op + 1, len - 1);
        } else if (*op == '=') {
            c->kind = OPS_TEXT_COMPONENT_RETAIN;
            c->retain.count = atoi(op + 1);
        } else {
            assert_int_equal(*op, '-');
            c->kind = OPS_TEXT_COMPONENT_DELETE;
            c->delete_.count = atoi(op + 1);
        }
        op += len + (op[len] == ' ');
    }
    ops_buf_init(&out, arena);
    assert_int_equal(ops_json_encode(&ops_text_op_type, &ops_style_v1, &text, &out), OPS_OK);
    return ops_buf_str(&out);
}

static struct ops_str json_op_bytes(struct ops_arena *arena, const char *op, const char *peer)
{
    struct ops_json_op *list = ops_arena_array(arena, COMPONENTS_MAX, sizeof *list), *c;
    struct ops_json_op_batch batch = {list, 0};
    struct ops_buf out;

    while (*op != '\0') {
        size_t len = strcspn(op, " "), path = strcspn(op, "=-"), stamp = strcspn(op, "@");

        assert_true(batch.operations_count < COMPONENTS_MAX && path < stamp && stamp < len);
        c = &list[batch.operations_count++];
        memset(c, 0, sizeof *c);
        if (op[path] == '=') {
            c->kind = OPS_JSON_OP_SET;
            c->set.path = ops_str_of(op, path);
            c->set.value = ops_str_of(op + path + 1, stamp - path - 1);
            c->set.timestamp = atoll(op + stamp + 1);
            c->set.peer_id = id_of(peer);
        } else {
            c->kind = OPS_JSON_OP_DEL;
            c->del.path = ops_str_of(op, path);
            c->del.timestamp = atoll(op + stamp + 1);
            c->del.peer_id = id_of(peer);
        }
        op += len + (op[len] == ' ');
    }
    ops_buf_init(&out, arena);
    assert_int_equal(ops_json_encode(&ops_json_op_batch_type, &ops_style_v1, &batch, &out), OPS_OK);
    return ops_buf_str(&out);
}

struct ops_str op_bytes(struct ops_arena *arena, const char *document, const char *op, char peer)
{
    char name[2] = {peer, '\0'};

    return *document == 'j' ? json_op_bytes(arena, op, name) : text_op_bytes(arena, op);
}

/* ---- ops to text ------------------------------------------------------------------------------------------------------------- */

static void say_str(FILE *out, struct ops_str s)
{
    if (s.len != 0)
        fwrite(s.ptr, 1, s.len, out);
}

static void say_text_op(FILE *out, const struct ops_text_op *op)
{
    size_t i;

    for (i = 0; i < op->components_count; i++) {
        const struct ops_text_component *c = &op->components[i];

        if (c->kind == OPS_TEXT_COMPONENT_RETAIN)
            fprintf(out, " =%d", c->retain.count);
        else if (c->kind == OPS_TEXT_COMPONENT_DELETE)
            fprintf(out, " -%d", c->delete_.count);
        else
            fprintf(out, " +%.*s", (int)c->insert.text.len, c->insert.text.ptr);
    }
}

static void say_register(FILE *out, struct ops_str path, bool deleted, struct ops_str value, int64_t stamp, struct ops_str peer)
{
    putc(' ', out);
    say_str(out, path);
    if (deleted) {
        putc('-', out);
    } else {
        putc('=', out);
        say_str(out, value);
    }
    fprintf(out, "@%lld/", (long long)stamp);
    say_str(out, peer);
}

static void say_json_op(FILE *out, const struct ops_json_op_batch *batch)
{
    size_t i;

    for (i = 0; i < batch->operations_count; i++) {
        const struct ops_json_op *c = &batch->operations[i];

        if (c->kind == OPS_JSON_OP_SET)
            say_register(out, c->set.path, false, c->set.value, c->set.timestamp, c->set.peer_id);
        else
            say_register(out, c->del.path, true, c->del.path, c->del.timestamp, c->del.peer_id);
    }
}

static void say_payload(FILE *out, const struct ops_profile *profile, struct ops_str payload)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_text_op text;
    struct ops_json_op_batch batch;

    if (ops_json_decode(&ops_text_op_type, profile->payload_style, payload, &arena, &text, NULL) == OPS_OK)
        say_text_op(out, &text);
    else if (ops_json_decode(&ops_json_op_batch_type, profile->payload_style, payload, &arena, &batch, NULL) == OPS_OK)
        say_json_op(out, &batch);
    else
        fail_msg("an op cannot be read: %.*s", (int)payload.len, payload.ptr);
    ops_arena_reset(&arena);
}

static void say_snapshot(FILE *out, const struct ops_profile *profile, struct ops_str snapshot)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_text_document text;
    struct ops_json_document json;
    size_t i;

    if (ops_json_decode(&ops_text_document_type, profile->payload_style, snapshot, &arena, &text, NULL) == OPS_OK) {
        fprintf(out, " '%.*s'", (int)text.content.len, text.content.ptr);
    } else {
        assert_int_equal(ops_json_decode(&ops_json_document_type, profile->payload_style, snapshot, &arena, &json, NULL), OPS_OK);
        fprintf(out, " {");
        for (i = 0; i < json.registers_count; i++)
            say_register(out, json.registers[i].path, json.registers[i].is_deleted, json.registers[i].value,
                         json.registers[i].timestamp, json.registers[i].peer_id);
        fprintf(out, " }");
    }
    ops_arena_reset(&arena);
}

/* ---- messages ------------------------------------------------------------------------------------------------------------------ */

/* " a={"x":1}@50": whose, what, and the ms since the clock's start at which it was updated. */
static void say_state(FILE *out, const struct ops_awareness_state_proto *state)
{
    putc(' ', out);
    say_str(out, state->peer_id);
    putc('=', out);
    say_str(out, state->data_json);
    fprintf(out, "@%lld", (long long)(state->last_updated.seconds * 1000 + state->last_updated.nanos / 1000000));
}

static void say_join(FILE *out, const struct ops_profile *profile, const struct ops_join_response *r)
{
    size_t i;

    fprintf(out, "joined %lld", (long long)r->revision);
    if (r->pending_ops != NULL) {
        assert_int_equal(r->snapshot.len, 0);
        fprintf(out, " since:");
        for (i = 0; i < r->pending_ops_count; i++) {
            fprintf(out, " (%lld", (long long)r->pending_ops[i].revision);
            say_payload(out, profile, r->pending_ops[i].payload);
            if (r->pending_ops[i].op_id.ptr != NULL)
                fprintf(out, " id %.*s", (int)r->pending_ops[i].op_id.len, r->pending_ops[i].op_id.ptr);
            putc(')', out);
        }
    } else {
        say_snapshot(out, profile, r->snapshot);
    }
    for (i = 0; i < r->awareness_count; i++)
        say_state(out, &r->awareness[i]);
}

static struct ops_str error_name(enum ops_error_code code)
{
    return ops_error_code_row_of(code)->name;
}

static void say_op_response(FILE *out, const struct ops_profile *profile, const struct ops_op_response *r)
{
    struct ops_str code = error_name(r->error_code);

    if (r->success) {
        assert_null(r->error_message.ptr);
        fprintf(out, "ack %.*s %lld", (int)r->document_id.len, r->document_id.ptr, (long long)r->new_revision);
        return;
    }
    fprintf(out, "refused %.*s %lld ", (int)r->document_id.len, r->document_id.ptr, (long long)r->new_revision);
    say_str(out, code);
    assert_true(r->error_code != OPS_ERROR_CODE_NO_ERROR);
    if (profile->errors_carry_code) /* `Code: sentence`; the code is the contract */
        assert_true(r->error_message.len > code.len + 2 && memcmp(r->error_message.ptr, code.ptr, code.len) == 0 &&
                    r->error_message.ptr[code.len] == ':');
}

static void say_error(FILE *out, const struct ops_error_response *e)
{
    fprintf(out, "error");
    if (e->document_id.ptr != NULL)
        fprintf(out, " %.*s", (int)(e->document_id.len > 40 ? 40 : e->document_id.len), e->document_id.ptr);
    putc(' ', out);
    say_str(out, error_name(e->code));
    if (e->min.set && e->max.set)
        fprintf(out, " %d-%d", e->min.value, e->max.value);
}

static void say_awareness(FILE *out, const char *word, const struct ops_receive_awareness_event *e)
{
    fprintf(out, "%s %.*s", word, (int)e->document_id.len, e->document_id.ptr);
    assert_in_range(e->awareness_count, 0, 1);
    if (e->awareness_count == 1) /* else the answer to a call that has none */
        say_state(out, &e->awareness[0]);
}

void say_message(FILE *out, const struct ops_profile *profile, const struct ops_server_message *m)
{
    switch (m->message_type) {
    case OPS_SERVER_MESSAGE_JOIN_RESPONSE:
        say_join(out, profile, &m->join_response);
        break;
    case OPS_SERVER_MESSAGE_OP_RESPONSE:
        say_op_response(out, profile, &m->op_response);
        break;
    case OPS_SERVER_MESSAGE_RECEIVE_OP_EVENT:
        fprintf(out, "op %.*s %lld", (int)m->receive_op_event.document_id.len, m->receive_op_event.document_id.ptr,
                (long long)m->receive_op_event.new_revision);
        say_payload(out, profile, m->receive_op_event.payload);
        if (m->receive_op_event.op_id.ptr != NULL)
            fprintf(out, " id %.*s", (int)m->receive_op_event.op_id.len, m->receive_op_event.op_id.ptr);
        break;
    case OPS_SERVER_MESSAGE_RECEIVE_AWARENESS_EVENT:
        say_awareness(out, "awareness", &m->receive_awareness_event);
        break;
    case OPS_SERVER_MESSAGE_AWARENESS_ACK:
        say_awareness(out, "stored", &m->awareness_ack);
        break;
    case OPS_SERVER_MESSAGE_PEER_DISCONNECTED_EVENT:
        fprintf(out, "gone ");
        say_str(out, m->peer_disconnected_event.peer_id);
        break;
    case OPS_SERVER_MESSAGE_PEER_LEFT:
        fprintf(out, "left %.*s ", (int)m->peer_left.document_id.len, m->peer_left.document_id.ptr);
        say_str(out, m->peer_left.peer_id);
        break;
    case OPS_SERVER_MESSAGE_LEAVE_ACK:
        fprintf(out, "leave_ack ");
        say_str(out, m->leave_ack.document_id);
        break;
    case OPS_SERVER_MESSAGE_HELLO_ACK:
        fprintf(out, "hello_ack ");
        say_str(out, m->hello_ack.peer_id);
        break;
    case OPS_SERVER_MESSAGE_ERROR_RESPONSE:
        say_error(out, &m->error_response);
        break;
    default:
        fail_msg("a message of type %d", (int)m->message_type);
    }
    if (m->correlation_id.ptr != NULL)
        fprintf(out, " #%.*s", (int)m->correlation_id.len, m->correlation_id.ptr);
}

/* `a closed Code`. */
void say_close(FILE *out, enum ops_error_code code)
{
    fprintf(out, "closed ");
    say_str(out, error_name(code));
    putc('\n', out);
}
