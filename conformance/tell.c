/* What a server sent: each text decodes, and encodes to the same bytes; so does each payload and snapshot in it. */
#include "gen/codec.h"
#include "judge.h"

/* ---- what is inside ---------------------------------------------------------------------------------------------- */

/* Decodes and encodes `bytes`; absent when that cannot be done. */
static struct ops_str tell_round(struct conf_judge *judge, const struct ops_message *type,
                                 const struct ops_json_style *style, struct ops_str bytes, struct ops_decode_info *info)
{
    void *message = conf_alloc(judge->arena, type->size);
    struct ops_buf out;

    ops_buf_init(&out, judge->arena);
    if (ops_json_decode(type, style, bytes, judge->arena, message, info) != OPS_OK)
        return ops_str_of(NULL, 0);
    return ops_json_encode(type, style, message, &out) == OPS_OK ? ops_buf_str(&out) : ops_str_of(NULL, 0);
}

static const struct ops_message *tell_inner_type(const struct conf_engine *engine, const struct conf_inner *inner)
{
    return inner->is_document ? engine->document : engine->op;
}

/* Whether the peer has joined a document of this engine. */
static bool tell_has_joined(const struct conf_judge *judge, const struct conf_peer *peer,
                            const struct conf_engine *engine)
{
    size_t i;

    for (i = 0; i < peer->joined_count; i++) {
        if (conf_talk_engine(judge->talk, peer->joined[i]) == engine)
            return true;
    }
    return false;
}

/* The engine of something inside: that of the document named, of the request, of what the peer has joined; when
 * all that leaves several, the one that reads and writes the same bytes. NULL: none does. */
static const struct conf_engine *tell_engine(struct conf_judge *judge, const struct conf_text *text,
                                             const struct conf_inner *inner)
{
    const struct conf_text *request = text->other;
    const struct conf_engine *found = NULL;
    struct ops_decode_info info;
    size_t i;

    if (inner->document_id.ptr != NULL)
        found = conf_talk_engine(judge->talk, inner->document_id);
    if (found == NULL && request != NULL)
        found = conf_talk_engine(judge->talk, request->document_id);
    if (found != NULL)
        return found;
    for (i = 0; i < CONF_ENGINE_COUNT; i++) {
        const struct conf_engine *engine = &conf_engines[i];

        if (text->peer->joined_count > 0 && !tell_has_joined(judge, text->peer, engine))
            continue;
        if (ops_str_equal(tell_round(judge, tell_inner_type(engine, inner), text->peer->profile->payload_style,
                                     inner->bytes, &info),
                          inner->bytes))
            return engine;
        if (found == NULL)
            found = engine;
    }
    return found;
}

/* An op that was pushed with the revision that an op of nothing in between was given must be that op in canonical
 * form. */
static void tell_check_push(struct conf_lens *lens, const struct conf_inner *inner, const struct conf_place *place)
{
    struct conf_judge *judge = lens->judge;
    const json_t *json = lens->text->json, *push = conf_get(json, "receiveOpEvent");
    const json_t *arguments = json_object_get(json, "arguments"), *revision = json_object_get(push, "newRevision");
    const struct ops_json_style *style = lens->text->peer->profile->payload_style;
    struct ops_buf canonical;
    size_t i;

    if (revision == NULL)
        revision = json_object_get(json, "revision");
    for (i = 0; revision == NULL && i < json_array_size(arguments); i++) {
        if (json_is_integer(json_array_get(arguments, i)))
            revision = json_array_get(arguments, i);
    }
    for (i = 0; i < judge->push_count; i++) {
        const struct conf_expected_push *push_of = &judge->pushes[i];
        bool named = inner->document_id.ptr != NULL;

        if (json_integer_value(revision) != push_of->revision ||
            (named ? !ops_str_equal(inner->document_id, push_of->document_id) : lens->text->peer->joined_count != 1) ||
            (!named && !ops_str_equal(lens->text->peer->joined[0], push_of->document_id)))
            continue;
        ops_buf_init(&canonical, judge->arena);
        if (ops_json_encode(push_of->type, style, push_of->op, &canonical) == OPS_OK &&
            ops_str_equal(ops_buf_str(&canonical), inner->bytes))
            conf_pass(judge->report, place);
        else
            conf_fail(judge->report, place, "the op as sent has another canonical form than the op as pushed",
                      inner->bytes, ops_buf_str(&canonical));
    }
}

static void tell_inner(void *self, const struct conf_inner *inner)
{
    struct conf_lens *lens = (struct conf_lens *)self;
    struct conf_judge *judge = lens->judge;
    const struct ops_json_style *style = lens->text->peer->profile->payload_style;
    const struct conf_engine *engine;
    struct ops_decode_info info;
    struct conf_place place = conf_here(judge, lens->text, inner->is_document ? "snapshot" : "op", style);
    char label[CONF_LABEL_CHARS];
    struct ops_str got;

    if (inner->bytes.len == 0) {
        conf_not_applicable(judge->report, &place, "empty");
        return;
    }
    engine = tell_engine(judge, lens->text, inner);
    if (engine == NULL) {
        conf_not_applicable(judge->report, &place, "the document's type is not known");
        return;
    }
    conf_label(label, tell_inner_type(engine, inner), NULL, "");
    place.label = label;
    got = tell_round(judge, tell_inner_type(engine, inner), style, inner->bytes, &info);
    if (got.ptr == NULL)
        conf_fail(judge->report, &place, "does not decode", inner->bytes,
                  conf_sentence(judge, &info.error, inner->bytes));
    else if (!ops_str_equal(got, inner->bytes))
        conf_fail(judge->report, &place, "encodes to other bytes", inner->bytes, got);
    else
        conf_pass(judge->report, &place);
    if (!inner->is_document && lens->text->other == NULL) {
        conf_label(label, tell_inner_type(engine, inner), NULL, ", as pushed");
        tell_check_push(lens, inner, &place);
    }
}

/* ---- whole texts ------------------------------------------------------------------------------------------------- */

static void tell_unreadable(struct conf_lens *lens, const struct ops_error *error, struct ops_str input)
{
    struct conf_place place = conf_here(lens->judge, lens->text, lens->label, lens->style);

    conf_fail(lens->judge->report, &place, "does not decode", input, conf_sentence(lens->judge, error, input));
}

/* Encodes the message under the lens and compares it with the text. */
static void tell_compare(struct conf_lens *lens)
{
    struct conf_place place = conf_here(lens->judge, lens->text, lens->label, lens->style);
    struct ops_buf out;

    ops_buf_init(&out, lens->judge->arena);
    if (ops_json_encode(lens->type, lens->style, lens->message, &out) != OPS_OK)
        conf_fail(lens->judge->report, &place, "does not encode", lens->text->text, ops_str_of(NULL, 0));
    else if (!ops_str_equal(ops_buf_str(&out), lens->text->text))
        conf_fail(lens->judge->report, &place, "encodes to other bytes", lens->text->text, ops_buf_str(&out));
    else
        conf_pass(lens->judge->report, &place);
}

static bool tell_decode(struct conf_lens *lens)
{
    struct ops_decode_info info;

    lens->message = conf_alloc(lens->judge->arena, lens->type->size);
    conf_label(lens->label, lens->type, NULL, "");
    if (ops_json_decode(lens->type, lens->style, lens->text->text, lens->judge->arena, lens->message, &info) !=
        OPS_OK) {
        tell_unreadable(lens, &info.error, lens->text->text);
        return false;
    }
    conf_label(lens->label, lens->type, lens->message, "");
    return true;
}

static void tell_message(struct conf_lens *lens)
{
    if (!tell_decode(lens))
        return;
    tell_compare(lens);
    conf_walk(lens->type, lens->message, tell_inner, lens);
}

/* A callback: the arguments are decoded as its declaration says, and written from that again. */
static bool tell_callback(struct conf_lens *lens, struct ops_hub_invocation *invocation)
{
    const struct conf_peer *peer = lens->text->peer;
    const struct ops_call *call = peer->callbacks != NULL ? peer->callbacks(invocation->target) : NULL;
    struct conf_place place = conf_here(lens->judge, lens->text, lens->label, lens->style);
    struct ops_decode_info info;
    void *arguments;

    if (call == NULL) {
        conf_fail(lens->judge->report, &place, "an unknown callback", lens->text->text, ops_str_of(NULL, 0));
        return false;
    }
    snprintf(lens->label, sizeof lens->label, "%.*s", (int)call->target.len, call->target.ptr);
    arguments = conf_alloc(lens->judge->arena, call->message->size);
    if (ops_json_decode_arguments(call, lens->style, invocation->arguments.raw, lens->judge->arena, arguments, &info) !=
        OPS_OK) {
        tell_unreadable(lens, &info.error, invocation->arguments.raw);
        return false;
    }
    conf_walk(call->message, arguments, tell_inner, lens);
    memset(&invocation->arguments, 0, sizeof invocation->arguments);
    invocation->arguments.type = call->message;
    invocation->arguments.message = arguments;
    invocation->arguments.call = call;
    return true;
}

/* The call that a completion ends. */
static const struct ops_call *tell_call(const struct conf_lens *lens)
{
    const struct conf_text *request = lens->text->other;
    struct ops_str target;

    if (request == NULL)
        return NULL;
    target = conf_string(conf_get(request->json, "target"));
    return target.ptr != NULL ? lens->text->peer->calls(target) : NULL;
}

static bool tell_completion(struct conf_lens *lens, struct ops_hub_completion *completion)
{
    const struct ops_call *call = tell_call(lens);
    struct ops_decode_info info;
    void *result;

    if (call == NULL || completion->result.raw.ptr == NULL)
        return true;
    snprintf(lens->label, sizeof lens->label, "%.*s result", (int)call->target.len, call->target.ptr);
    if (call->result == NULL || ops_str_equal(completion->result.raw, OPS_STR("null")))
        return true;
    result = conf_decode_result(call, lens->style, completion->result.raw, lens->judge->arena, &info);
    if (result == NULL) {
        tell_unreadable(lens, &info.error, completion->result.raw);
        return false;
    }
    conf_walk(call->result, result, tell_inner, lens);
    memset(&completion->result, 0, sizeof completion->result);
    completion->result.type = call->result;
    completion->result.message = result;
    completion->result.field = call->result_field == OPS_MAP_WHOLE ? NULL : &call->result->fields[call->result_field];
    return true;
}

static void tell_record(struct conf_lens *lens)
{
    struct ops_hub_message *record;

    lens->type = &ops_hub_message_type;
    if (!tell_decode(lens))
        return;
    record = (struct ops_hub_message *)lens->message;
    if (record->record == OPS_HUB_MESSAGE_INVOCATION && !tell_callback(lens, &record->invocation))
        return;
    if (record->record == OPS_HUB_MESSAGE_COMPLETION && !tell_completion(lens, &record->completion))
        return;
    tell_compare(lens);
}

/* ---- all of it --------------------------------------------------------------------------------------------------- */

static void tell_join(const struct conf_text *text)
{
    struct conf_peer *peer = text->peer;
    size_t i;

    for (i = 0; i < peer->joined_count; i++) {
        if (ops_str_equal(peer->joined[i], text->other->document_id))
            return;
    }
    if (peer->joined_count < CONF_DOCUMENTS_LIMIT)
        peer->joined[peer->joined_count++] = text->other->document_id;
}

static const struct ops_message *tell_type(const struct conf_text *text)
{
    switch (text->kind) {
    case CONF_HANDSHAKE:
        return &ops_hub_handshake_response_type;
    case CONF_NEGOTIATE:
        return json_object_get(text->json, "error") != NULL ? &ops_negotiate_error_type : &ops_negotiate_response_type;
    case CONF_DIAGNOSTICS:
        return &ops_diagnostics_response_type;
    default:
        break;
    }
    switch (text->peer->door) {
    case CONF_DOOR_MANAGE:
        return &ops_mgmt_response_type;
    case CONF_DOOR_VERSIONING:
        return &ops_ver_response_type;
    default:
        return &ops_server_message_type;
    }
}

void conf_tell(struct conf_judge *judge, struct conf_text *text)
{
    struct conf_lens lens;

    memset(&lens, 0, sizeof lens);
    lens.judge = judge;
    lens.text = text;
    lens.style = text->kind == CONF_DIAGNOSTICS || text->kind == CONF_NEGOTIATE ? text->peer->profile->hub_style
                                                                                : conf_peer_style(text->peer);
    if (text->joins)
        tell_join(text);
    if (text->kind == CONF_RECORD) {
        tell_record(&lens);
        return;
    }
    lens.type = tell_type(text);
    tell_message(&lens);
}
