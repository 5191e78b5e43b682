/* Matches what a server sent with the requests that it answers, and draws from each answer, or from silence, what
 * it says of the request. */
#include "talk.h"

/* ---- reading with jansson ---------------------------------------------------------------------------------------- */

json_t *conf_get(const json_t *object, const char *name)
{
    json_t *value = json_object_get(object, name), *member;
    const char *key;

    if (value != NULL || !json_is_object(object))
        return value;
    json_object_foreach((json_t *)(uintptr_t)object, key, member)
    {
        if (conf_same_letters(ops_str_of(key, strlen(key)), ops_str_of(name, strlen(name))))
            value = member;
    }
    return value;
}

static bool answer_is(const json_t *value, const char *text)
{
    return json_is_string(value) && strcmp(json_string_value(value), text) == 0;
}

static bool answer_is_enveloped(const struct conf_peer *peer)
{
    return peer->profile->socket_style->shape == OPS_SHAPE_REF;
}

/* The name of the member that a reply repeats. */
static const char *answer_id_name(const struct conf_text *text)
{
    if (text->peer->door == CONF_DOOR_HUB)
        return "invocationId";
    if (text->peer->door == CONF_DOOR_MANAGE || text->peer->door == CONF_DOOR_VERSIONING)
        return "correlationId";
    return answer_is_enveloped(text->peer) ? "correlationId" : "id";
}

static json_t *answer_id(const struct conf_text *text)
{
    json_t *id = conf_get(text->json, answer_id_name(text));

    return json_is_null(id) ? NULL : id;
}

/* The part of a request that holds its members: the object itself, or the envelope's slot. */
static const json_t *answer_body(const struct conf_text *request)
{
    static const char *const slots[] = {"joinRequest", "opRequest", "awarenessRequest", "commentCommand", NULL};
    size_t i;

    for (i = 0; answer_is_enveloped(request->peer) && slots[i] != NULL; i++) {
        if (json_is_object(conf_get(request->json, slots[i])))
            return conf_get(request->json, slots[i]);
    }
    return request->json;
}

static struct ops_str answer_document(const struct conf_text *request, const char *name, size_t argument)
{
    if (request->kind == CONF_RECORD)
        return conf_string(json_array_get(conf_get(request->json, "arguments"), argument));
    return conf_string(conf_get(answer_body(request), name));
}

void conf_request_read(struct conf_text *request)
{
    request->document_id = answer_document(request, "documentId", 0);
}

/* `null` is no request where it is ignored (spec/opstream-wire.md §3.3). */
static bool answer_is_ignored(const struct conf_text *request)
{
    return json_is_null(request->json) && request->kind == CONF_MESSAGE && request->peer->profile->unknown_ignored;
}

/* ---- which request ----------------------------------------------------------------------------------------------- */

static const struct {
    const char *reply, *request;
} answer_types[] = {
    {"join_ack", "join"},
    {"op_ack", "op"},
    {"op_ack", "undo"},
    {"op_ack", "redo"},
    {"awareness_ack", "awareness"},
    {"hello_ack", "hello"},
    {"leave_ack", "leave"},
    {"state", "state_at"},
    {"comment", "comment_create"},
    {"comment", "comment_edit"},
    {"comment", "comment_resolve"},
    {"comment_deleted_ack", "comment_delete"},
    {"comments", "comment_list"},
};

static bool answer_fits_flat(const struct conf_text *reply, const struct conf_text *request)
{
    const json_t *type = json_object_get(reply->json, "type"), *asked = conf_get(request->json, "type");
    size_t i;

    if (answer_is(type, "error"))
        return true;
    if (asked == NULL)
        asked = conf_get(request->json, "$type");
    for (i = 0; i < sizeof answer_types / sizeof *answer_types; i++) {
        if (answer_is(type, answer_types[i].reply) && answer_is(asked, answer_types[i].request))
            return true;
    }
    return false;
}

/* spec/opstream-wire.md §3.5. */
static bool answer_fits_envelope(const struct conf_text *reply, const struct conf_text *request)
{
    json_int_t type = json_integer_value(json_object_get(reply->json, "messageType"));
    json_int_t asked = json_integer_value(conf_get(request->json, "messageType"));

    switch (type) {
    case 1:
        return asked == 0;
    case 3:
        return asked == 2;
    case 8:
        return true;
    default:
        return type >= 9 && type <= 13 && asked == type;
    }
}

static bool answer_fits(const struct conf_text *reply, const struct conf_text *request)
{
    if (request->kind != reply->kind)
        return false;
    if (request->kind == CONF_HANDSHAKE)
        return true;
    switch (reply->peer->door) {
    case CONF_DOOR_HUB:
        return json_integer_value(json_object_get(reply->json, "type")) == 3;
    case CONF_DOOR_MANAGE:
    case CONF_DOOR_VERSIONING:
        return true;
    default:
        return answer_is_enveloped(reply->peer) ? answer_fits_envelope(reply, request)
                                                : answer_fits_flat(reply, request);
    }
}

/* A state without `id` is answered only when something is wrong with it, and then at once. */
static bool answer_is_unlikely(const struct conf_text *request)
{
    return answer_is(conf_get(request->json, "type"), "awareness") && request->peer->last != request;
}

static int answer_score(const struct conf_text *reply, const struct conf_text *request)
{
    json_t *given = answer_id(reply), *asked = answer_id(request);
    struct ops_str named = conf_string(json_object_get(reply->json, "documentId"));
    int score = 1;

    if (given != NULL && (asked == NULL || !json_equal(given, asked)))
        return 0;
    if (given == NULL && asked != NULL && !answer_is(json_object_get(reply->json, "type"), "error"))
        return 0;
    if ((given == NULL) == (asked == NULL))
        score += 4;
    if (named.ptr != NULL && ops_str_equal(named, request->document_id))
        score += 2;
    if (named.ptr != NULL && !ops_str_equal(named, request->document_id))
        score -= 1;
    return answer_is_unlikely(request) && score > 0 ? 1 : score + 1;
}

/* The first request that fits best. NULL: this is a push. */
static struct conf_text *answer_request(struct conf_talk *talk, const struct conf_text *reply)
{
    struct conf_text *best = NULL;
    int best_score = 0;
    size_t i;

    for (i = 0; i < talk->count; i++) {
        struct conf_text *request = talk->texts[i];
        int score;

        if (request->from_server || request->peer != reply->peer || request->other != NULL || request->claims != 0 ||
            answer_is_ignored(request) || !answer_fits(reply, request))
            continue;
        score = answer_score(reply, request);
        if (score > best_score) {
            best = request;
            best_score = score;
        }
    }
    return best;
}

/* ---- what it says ------------------------------------------------------------------------------------------------ */

/* The error of a reply, `Code: sentence` where there is a code; absent: success. */
static struct ops_str answer_error(struct conf_talk *talk, const struct conf_text *reply)
{
    const json_t *json = reply->json, *result = json_object_get(json, "result"),
                 *op = json_object_get(json, "opResponse");
    struct ops_str error = conf_member(json, "error");
    struct ops_buf joined;

    if (reply->peer->door == CONF_DOOR_HUB || reply->kind == CONF_HANDSHAKE)
        return error.ptr != NULL ? error : conf_member(result, "errorMessage");
    if (!answer_is(json_object_get(json, "type"), "error")) {
        error = conf_member(json, "errorMessage");
        return error.ptr != NULL ? error : conf_member(op, "errorMessage");
    }
    ops_buf_init(&joined, talk->arena);
    conf_append(&joined, conf_member(json, "code"));
    conf_append(&joined, OPS_STR(": "));
    conf_append(&joined, conf_member(json, "message"));
    return ops_buf_str(&joined);
}

static json_int_t answer_revision(const json_t *reply)
{
    const json_t *found = json_object_get(reply, "newRevision");

    if (found == NULL)
        found = json_object_get(json_object_get(reply, "opResponse"), "newRevision");
    if (found == NULL)
        found = json_object_get(json_object_get(reply, "result"), "newRevision");
    return json_integer_value(found);
}

static bool answer_has_snapshot(const json_t *reply)
{
    const json_t *join = json_object_get(reply, "joinResponse"), *result = json_object_get(reply, "result");

    return answer_is(json_object_get(reply, "type"), "join_ack") || json_is_object(join) ||
           json_object_get(result, "currentAwareness") != NULL;
}

/* The first join that succeeds fixes a document's type. */
static void answer_join(struct conf_talk *talk, const struct conf_text *request)
{
    struct ops_str type = answer_document(request, "documentType", 1);
    const struct conf_engine *engine = type.ptr != NULL ? conf_engine_find(type) : NULL;

    if (engine == NULL || conf_talk_engine(talk, request->document_id) != NULL ||
        talk->document_count == CONF_DOCUMENTS_LIMIT)
        return;
    talk->documents[talk->document_count].id = request->document_id;
    talk->documents[talk->document_count++].engine = engine;
}

/* The server ends a hub connection by a record: which of the last records was it that it could not take? */
static void answer_hub_close(struct conf_talk *talk, const struct conf_text *reply)
{
    struct ops_str error = conf_member(reply->json, "error");
    struct conf_text *culprit = NULL;
    size_t i;

    for (i = 0; i < talk->count && error.ptr != NULL; i++) {
        struct conf_text *sent = talk->texts[i];

        if (sent->from_server || sent->peer != reply->peer || reply->peer->last == NULL ||
            sent->step != reply->peer->last->step || sent->claims != 0)
            continue;
        if (culprit == NULL || sent->json == NULL || json_string_length(answer_id(sent)) == 0)
            culprit = sent;
    }
    if (culprit == NULL)
        return;
    culprit->claims = CONF_UNREADABLE;
    culprit->answer = error;
}

static const json_t *answer_op_id(const struct conf_text *text)
{
    const json_t *id = conf_get(text->json, "opId");

    return id != NULL ? id : json_array_get(conf_get(text->json, "arguments"), 3);
}

/* An op whose `opId` was there before is answered without a look at the rest (spec/v1.md §3.2). */
static bool answer_is_resend(const struct conf_talk *talk, const struct conf_text *request)
{
    const json_t *id = answer_op_id(request);
    size_t i;

    for (i = 0; json_is_string(id) && i < talk->count && talk->texts[i] != request; i++) {
        const struct conf_text *earlier = talk->texts[i];

        if (!earlier->from_server && ops_str_equal(earlier->document_id, request->document_id) &&
            json_is_string(answer_op_id(earlier)) &&
            json_equal((json_t *)(uintptr_t)answer_op_id(earlier), (json_t *)(uintptr_t)id))
            return true;
    }
    return false;
}

void conf_answer(struct conf_talk *talk, struct conf_text *reply)
{
    struct conf_text *request;

    if (reply->kind == CONF_RECORD && json_integer_value(json_object_get(reply->json, "type")) == 7) {
        answer_hub_close(talk, reply);
        return;
    }
    request = answer_request(talk, reply);
    if (request == NULL)
        return;
    request->other = reply;
    reply->other = request;
    request->answer = answer_error(talk, reply);
    request->claims = conf_claims_of(request, request->answer);
    if (request->answer.ptr == NULL && answer_is_resend(talk, request))
        request->claims = CONF_READS | CONF_BINDS;
    request->revision = request->answer.ptr == NULL ? answer_revision(reply->json) : 0;
    reply->joins = request->answer.ptr == NULL && answer_has_snapshot(reply->json);
    if (reply->joins)
        answer_join(talk, request);
}

/* A Close that the client did not ask for speaks of what it sent last. */
void conf_answer_close(struct conf_peer *peer, struct ops_str reason)
{
    struct conf_text *last = peer->last;

    if (last == NULL || peer->leaving)
        return;
    peer->leaving = true;
    if (last->claims != 0 || peer->door == CONF_DOOR_HUB || !peer->profile->unreadable_closes ||
        !ops_str_equal(reason, OPS_STR("Closing")))
        return;
    last->claims = CONF_UNREADABLE;
    last->answer = reason;
}

void conf_answer_silence(struct conf_talk *talk)
{
    size_t i;

    for (i = 0; i < talk->count; i++) {
        struct conf_text *sent = talk->texts[i];

        if (sent->from_server || sent->claims != 0 || sent->kind == CONF_HANDSHAKE)
            continue;
        if (sent->peer->door == CONF_DOOR_HUB) {
            sent->claims = CONF_READS; /* a record that cannot be read would have ended the connection */
            continue;
        }
        if (sent->peer->leaving && sent->peer->last == sent)
            continue;
        if (sent->peer->door == CONF_DOOR_COMMENTS && answer_is_enveloped(sent->peer))
            sent->claims = answer_is_ignored(sent) ? CONF_READS : CONF_UNREADABLE;
        else if (sent->peer->door == CONF_DOOR_COLLAB)
            sent->claims = answer_is_enveloped(sent->peer) ? CONF_READS : conf_claims_of(sent, ops_str_of(NULL, 0));
    }
}
