/* What a client asks: limits are checked, the answer gets its place, and the request goes to its document. */
#include "private.h"

/* ---- keeping one ------------------------------------------------------------------------------------------------------ */

bool ops_request_copy(struct ops_arena *arena, const struct request *from, struct request *to)
{
    unsigned i;

    *to = *from;
    to->next = NULL;
    if (!ops_arena_copy(arena, from->asker.correlation_id, &to->asker.correlation_id) ||
        !ops_arena_copy(arena, from->peer_id, &to->peer_id) ||
        !ops_arena_copy(arena, from->document_id, &to->document_id) ||
        !ops_arena_copy(arena, from->refusal.sentence, &to->refusal.sentence))
        return false;
    for (i = 0; i < from->refusal.value_count; i++) {
        if (!ops_arena_copy(arena, from->refusal.values[i], &to->refusal.values[i]))
            return false;
    }
    if (from->shared != NULL) {
        to->shared = ops_arena_array(arena, from->shared_count + 1, sizeof *to->shared);
        if (to->shared == NULL)
            return false;
        memcpy(to->shared, from->shared, from->shared_count * sizeof *to->shared);
    }
    return from->message.message_type == OPS_CLIENT_MESSAGE_NONE ||
           ops_client_message_copy(&from->message, arena, &to->message);
}

struct request *ops_request_keep(struct ops_core *core, const struct request *request)
{
    struct ops_arena_mark mark = ops_arena_here(&core->scratch);
    size_t before = core->scratch.used_bytes, bytes;
    struct request measured, *kept = NULL;
    struct ops_arena arena;
    void *block;

    if (ops_request_copy(&core->scratch, request, &measured)) {
        bytes = ops_arena_rounded(sizeof *kept) + (core->scratch.used_bytes - before);
        block = ops_pool_alloc(&core->pool, bytes);
        if (block != NULL) {
            ops_arena_init(&arena, block, bytes, SIZE_MAX, NULL);
            kept = ops_arena_alloc(&arena, sizeof *kept);
            ops_request_copy(&arena, request, kept);
            kept->block_bytes = bytes;
        }
    }
    ops_arena_rewind(&core->scratch, mark);
    return kept;
}

void ops_request_free(struct ops_core *core, struct request *request)
{
    if (request != NULL)
        ops_pool_free(&core->pool, request, request->block_bytes);
}

static bool request_is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct ops_str ops_request_trim(struct ops_str json)
{
    while (json.len > 0 && request_is_blank(json.ptr[json.len - 1]))
        json.len--;
    while (json.len > 0 && request_is_blank(*json.ptr)) {
        json.ptr++;
        json.len--;
    }
    return json;
}

/* ---- limits ----------------------------------------------------------------------------------------------------------- */

static void request_refuse(struct request *r, struct refusal refusal)
{
    if (r->refused)
        return;
    r->refused = true;
    r->refusal = refusal;
}

/* A broken limit of the schema, in words. */
static struct refusal request_violation(struct ops_core *core, const struct ops_violation *v)
{
    struct refusal refusal = ops_refusal_of(OPS_TEXT_INVALID_MESSAGE);
    struct ops_buf text;
    const char *phrase = ops_reason_text(v->reason);

    if (v->limit != NULL && v->limit->text != OPS_TEXT_NONE) {
        refusal = ops_refusal_of((enum ops_text)v->limit->text);
        ops_refusal_number(core, &refusal, v->limit->max);
        return refusal;
    }
    ops_buf_init(&text, &core->scratch);
    if (!ops_buf_append(&text, v->field->name[OPS_SHAPE_V1].ptr + 2, v->field->name[OPS_SHAPE_V1].len - 4) ||
        !ops_buf_append(&text, ": ", 2) || !ops_buf_append(&text, phrase, strlen(phrase)))
        return refusal;
    refusal.code = v->limit != NULL ? (enum ops_error_code)v->limit->error_code : OPS_ERROR_CODE_INVALID_MESSAGE;
    refusal.sentence = ops_buf_str(&text);
    return refusal;
}

static bool request_is_op(const struct request *r)
{
    return r->message.message_type == OPS_CLIENT_MESSAGE_OP_REQUEST;
}

static bool request_breaks(const struct ops_violation *v, enum ops_text text)
{
    return v->limit != NULL && v->limit->text == text;
}

/* An awareness state above the schema's size: the configured one counts, where the state is kept. The rest is looked at here. */
static bool request_state_is_json(const struct request *r, const struct ops_json_style *style, struct ops_violation *violation)
{
    struct ops_awareness_state_proto state;

    memset(&state, 0, sizeof state);
    state.data_json = r->message.awareness_request.data_json;
    return ops_message_validate(&ops_awareness_state_proto_type, &state, style, true, violation);
}

/* The limits of the schema; of sizes that are configured, the configured ones. A payload's size is looked at here, before its base, or
 * after membership (op.c), where every refusal of an op is a reply (v1.md §3.2). */
static void request_validate(struct ops_core *core, struct request *r, const struct ops_json_style *style, bool opaque_unchecked)
{
    struct ops_client_message message = r->message;
    struct refusal large = ops_refusal_of(OPS_TEXT_PAYLOAD_LARGE);
    bool later = r->asker.profile->op_refusals_are_replies, too_large = false, valid;
    struct ops_violation violation;

    if (request_is_op(r) && (later ? message.op_request.payload.ptr != NULL : message.op_request.payload.len > 0)) {
        too_large = !later && message.op_request.payload.len > core->config.payload_max_bytes;
        message.op_request.payload = OPS_STR(" ");
    }
    valid = ops_client_message_validate(&message, style, opaque_unchecked, &violation);
    if (!valid && request_breaks(&violation, OPS_TEXT_AWARENESS_LARGE))
        valid = request_state_is_json(r, style, &violation);
    if (too_large && (valid || request_breaks(&violation, OPS_TEXT_BASE_NEGATIVE))) {
        ops_refusal_number(core, &large, (int64_t)core->config.payload_max_bytes);
        request_refuse(r, large);
    } else if (!valid) {
        request_refuse(r, request_violation(core, &violation));
    }
}

/* ---- dispatch --------------------------------------------------------------------------------------------------------- */

/* The document that a request is about; absent: none. */
static struct ops_str request_document(const struct ops_client_message *m)
{
    switch (m->message_type) {
    case OPS_CLIENT_MESSAGE_JOIN_REQUEST:
        return m->join_request.document_id;
    case OPS_CLIENT_MESSAGE_OP_REQUEST:
        return m->op_request.document_id;
    case OPS_CLIENT_MESSAGE_AWARENESS_REQUEST:
        return m->awareness_request.document_id;
    case OPS_CLIENT_MESSAGE_LEAVE:
    case OPS_CLIENT_MESSAGE_UNDO:
    case OPS_CLIENT_MESSAGE_REDO:
        return m->leave.document_id;
    default:
        return ops_str_of(NULL, 0);
    }
}

static bool request_is_served(const struct ops_client_message *m)
{
    return request_document(m).ptr != NULL || m->message_type == OPS_CLIENT_MESSAGE_JOIN_REQUEST ||
           m->message_type == OPS_CLIENT_MESSAGE_OP_REQUEST || m->message_type == OPS_CLIENT_MESSAGE_AWARENESS_REQUEST;
}

/* What the client called its request. */
static struct ops_str request_tag(enum ops_client_message_message_type kind)
{
    const struct ops_message *type = &ops_client_message_type;
    unsigned i;

    for (i = 0; i < type->field_count; i++) {
        if (type->fields[i].number == (uint16_t)kind && type->fields[i].more != NULL && type->fields[i].more->variant != NULL)
            return ops_str_of(type->fields[i].more->variant->tag.ptr, type->fields[i].more->variant->tag.len);
    }
    return OPS_STR("");
}

static void request_reserve(struct ops_core *core, struct ops_connection *c, struct request *r)
{
    bool join = r->asker.kind == OPS_CLIENT_MESSAGE_JOIN_REQUEST, reserved = true;
    uint64_t hash = r->document_id.ptr != NULL ? ops_hash_bytes(core->config.seed, r->document_id) : 0;

    if (join || c->calls || c->profile->replies_in_request_order)
        r->asker.slot = ops_outbox_reserve(c, hash, &reserved);
    if (!reserved)
        request_refuse(r, ops_refusal_of(OPS_TEXT_UNKNOWN_ERROR));
    c->unanswered++;
    if (!c->paused && c->unanswered >= core->config.requests_unanswered_max) {
        c->paused = true;
        core->host.pause(core->host.self, c->peer, true);
    }
}

/* Answers here what no document is needed for. */
static void request_answer_refused(struct ops_core *core, struct request *r)
{
    struct ops_note *note = ops_refusal_note(core, &r->asker, r->document_id, &r->refusal, 0, true);

    ops_connection_complete(core, &r->asker, r->document_id, CONTROL_NONE, note);
    ops_note_drop(note);
}

/* A join makes the place on this side that its answer will turn into a subscription. */
static void request_join(struct ops_core *core, struct ops_connection *c, struct request *r)
{
    struct membership *m = ops_feed_membership(c, r->document_id);
    struct refusal many = ops_refusal_of(OPS_TEXT_DOCUMENTS_JOINED_MANY);

    if (m == NULL && c->memberships_count >= core->config.documents_joined_max) {
        ops_refusal_number(core, &many, core->config.documents_joined_max);
        request_refuse(r, many);
        return;
    }
    m = ops_feed_join(c, r->document_id);
    if (m == NULL) {
        request_refuse(r, ops_refusal_of(OPS_TEXT_UNKNOWN_ERROR));
        return;
    }
    m->joins_in_flight++;
    r->asker.join_counted = true;
}

/* An id that is none has no document to be answered by. */
static bool request_has_document(const struct request *r)
{
    enum ops_text t = r->refusal.text;

    if (r->document_id.ptr == NULL || r->document_id.len == 0)
        return false;
    return !r->refused || r->refusal.sentence.ptr != NULL ||
           (t != OPS_TEXT_DOCUMENT_ID_MISSING && t != OPS_TEXT_DOCUMENT_ID_LONG && t != OPS_TEXT_DOCUMENT_ID_CONTROL);
}

static void request_route(struct ops_core *core, struct ops_connection *c, struct request *r)
{
    uint32_t loop;

    request_reserve(core, c, r);
    if (core->draining)
        request_refuse(r, ops_refusal_of(OPS_TEXT_DRAINING));
    if (r->asker.kind == OPS_CLIENT_MESSAGE_JOIN_REQUEST && !r->refused)
        request_join(core, c, r);
    if (!request_has_document(r)) {
        request_answer_refused(core, r);
        return;
    }
    loop = ops_core_loop_of(core, r->document_id);
    if (loop == core->config.loop)
        ops_document_handle(core, r);
    else
        ops_mail_request(core, loop, r);
}

static void request_init(struct ops_core *core, const struct ops_connection *c, struct request *r)
{
    memset(r, 0, sizeof *r);
    r->asker.connection = c->number;
    r->asker.loop = core->config.loop;
    r->asker.profile = c->profile;
    r->asker.extended = c->extended;
    r->asker.calls = c->calls;
    r->asker.received_us = core->now.monotonic_us;
    r->peer_id = c->peer_id;
}

static void request_hello(struct ops_core *core, struct ops_connection *c, struct request *r)
{
    struct ops_note *note = ops_note_reply_new(core, OPS_SERVER_MESSAGE_HELLO_ACK, r->asker.correlation_id);

    request_reserve(core, c, r);
    if (note != NULL) {
        note->message.hello_ack.protocol_version = 1;
        note->message.hello_ack.server = core->config.server;
        if (!ops_arena_copy(&note->arena, c->peer_id, &note->message.hello_ack.peer_id)) {
            ops_note_drop(note);
            note = NULL;
        }
    }
    ops_connection_complete(core, &r->asker, ops_str_of(NULL, 0), CONTROL_NONE, note);
    ops_note_drop(note);
}

void ops_core_receive(struct ops_core *core, struct ops_connection *c, const struct ops_client_message *message,
                      bool opaque_unchecked)
{
    const struct ops_json_style *style = c->extended ? c->profile->socket_plus_style : c->profile->socket_style;
    struct request r;
    struct refusal unknown;

    ops_arena_reset(&core->scratch);
    if (c->closing)
        return;
    request_init(core, c, &r);
    r.message = *message;
    r.asker.kind = message->message_type;
    r.asker.correlation_id = message->correlation_id;
    if (message->message_type == OPS_CLIENT_MESSAGE_HELLO) {
        request_hello(core, c, &r);
        return;
    }
    if (!request_is_served(message)) {
        if (c->profile->unknown_ignored && !c->calls)
            return;
        unknown = ops_refusal_of(OPS_TEXT_TYPE_UNKNOWN);
        unknown.values[unknown.value_count++] = request_tag(message->message_type);
        request_refuse(&r, unknown);
        request_reserve(core, c, &r);
        request_answer_refused(core, &r);
        return;
    }
    if (message->message_type == OPS_CLIENT_MESSAGE_AWARENESS_REQUEST)
        r.message.awareness_request.data_json = ops_request_trim(message->awareness_request.data_json);
    r.document_id = request_document(message);
    if (message->message_type == OPS_CLIENT_MESSAGE_JOIN_REQUEST && message->join_request.client_proto_version != 1)
        request_refuse(&r, ops_refusal_of(OPS_TEXT_UNSUPPORTED_PROTOCOL));
    request_validate(core, &r, style, opaque_unchecked);
    request_route(core, c, &r);
}

void ops_core_receive_unreadable(struct ops_core *core, struct ops_connection *c, const struct ops_unreadable *unreadable)
{
    struct request r;
    struct refusal refusal = ops_refusal_of(OPS_TEXT_INVALID_MESSAGE);
    struct ops_client_message id_only;
    struct ops_violation violation;

    ops_arena_reset(&core->scratch);
    if (c->closing)
        return;
    request_init(core, c, &r);
    r.asker.kind = unreadable->kind;
    r.asker.correlation_id = unreadable->correlation_id;
    r.document_id = unreadable->document_id;
    refusal.code = unreadable->code;
    refusal.sentence = unreadable->sentence;
    request_refuse(&r, refusal);
    memset(&id_only, 0, sizeof id_only);
    id_only.message_type = OPS_CLIENT_MESSAGE_LEAVE;
    id_only.leave.document_id = unreadable->document_id;
    if (unreadable->document_id.ptr == NULL ||
        !ops_client_message_validate(&id_only, c->profile->socket_plus_style, true, &violation)) {
        request_reserve(core, c, &r);
        request_answer_refused(core, &r);
        return;
    }
    request_route(core, c, &r);
}
