/* What a client sent: each text decodes, binds and keeps the limits, or does not, as the server's answer says. */
#include "gen/calls.h"
#include "gen/codec.h"
#include "gen/errors.h"
#include "judge.h"
#include "runtime/codec/hub.h"

/* What our side makes of a text. */
struct ask_result {
    unsigned found;         /* enum conf_claim: READS or UNREADABLE, BINDS or UNBOUND or NO_METHOD, ... */
    bool skipped;           /* a record of an unknown type */
    bool repaired;          /* bytes that the reference's transport repairs: a BOM, invalid UTF-8 in a binary message */
    bool rule;              /* a comment that is neither a root with an anchor nor a reply without one */
    struct ops_error error; /* of the decoder that refused */
    struct ops_str input;   /* what that one read */
    struct ops_violation violation;
    void *payload; /* an op that was decoded */
    const struct ops_message *payload_type;
};

/* ---- what our side makes of it ----------------------------------------------------------------------------------- */

struct ask_payloads {
    struct conf_lens *lens;
    struct ask_result *result;
};

static void ask_payload(void *self, const struct conf_inner *inner)
{
    struct ask_payloads *all = (struct ask_payloads *)self;
    struct conf_judge *judge = all->lens->judge;
    const struct conf_peer *peer = all->lens->text->peer;
    const struct conf_engine *engine = conf_talk_engine(judge->talk, inner->document_id);
    struct ask_result *result = all->result;
    struct ops_decode_info info;

    if (engine == NULL || inner->bytes.ptr == NULL)
        return;
    result->payload = conf_alloc(judge->arena, engine->op->size);
    result->payload_type = engine->op;
    if (ops_json_decode(engine->op, peer->profile->payload_style, inner->bytes, judge->arena, result->payload, &info) ==
        OPS_OK) {
        result->found |= CONF_PAYLOAD;
        return;
    }
    result->found |= CONF_BAD_PAYLOAD;
    result->error = info.error;
    result->input = inner->bytes;
}

static void ask_limits(struct conf_lens *lens, struct ask_result *result)
{
    if (ops_message_validate(lens->type, lens->message, lens->style, false, &result->violation))
        result->found |= CONF_IN_LIMITS;
    else
        result->found |= result->violation.limit != NULL ? CONF_LIMIT : CONF_BAD_OPAQUE;
}

/* spec/v1.md §3.4: a root needs an anchor, a reply must not have one. */
static bool ask_breaks_comment_rule(const struct ops_message *type, const void *message)
{
    const struct ops_field *variant = conf_variant(type, message);
    const struct ops_create_comment_call *call = (const struct ops_create_comment_call *)message;
    const struct ops_create_comment_request *request;

    if (type == &ops_create_comment_call_type)
        return call->cmd != NULL && (call->cmd->anchor_json.ptr == NULL) == (call->cmd->parent_comment_id.ptr == NULL);
    if (variant == NULL || variant->of != &ops_create_comment_request_type)
        return false;
    request = (const struct ops_create_comment_request *)(const void *)((const char *)message + variant->offset);
    return (request->anchor_json.ptr == NULL) == (request->parent_comment_id.ptr == NULL);
}

static void ask_inside(struct conf_lens *lens, struct ask_result *result)
{
    struct ask_payloads all = {lens, result};

    conf_walk_fill(lens->type, lens->message);
    result->rule = ask_breaks_comment_rule(lens->type, lens->message);
    ask_limits(lens, result);
    conf_walk(lens->type, lens->message, ask_payload, &all);
}

static void ask_refused(struct ask_result *result, unsigned how, const struct ops_decode_info *info,
                        struct ops_str input)
{
    result->found |= how;
    result->error = info->error;
    result->input = input;
}

static void ask_invocation(struct conf_lens *lens, struct ask_result *result,
                           const struct ops_hub_invocation *invocation)
{
    struct conf_peer *peer = lens->text->peer;
    const struct ops_call *call = peer->calls(invocation->target);
    struct ops_decode_info info;

    if (call == NULL) {
        result->found |= CONF_NO_METHOD;
        return;
    }
    snprintf(lens->label, sizeof lens->label, "%.*s arguments", (int)call->target.len, call->target.ptr);
    lens->type = call->message;
    lens->message = conf_alloc(lens->judge->arena, call->message->size);
    if (ops_json_decode_arguments(call, lens->style, invocation->arguments.raw, lens->judge->arena, lens->message,
                                  &info) != OPS_OK) {
        ask_refused(result, CONF_UNBOUND, &info, invocation->arguments.raw);
        return;
    }
    result->found |= CONF_BINDS;
    if (info.plus || call->plus)
        peer->extended = true;
    ask_inside(lens, result);
}

static void ask_record(struct conf_lens *lens, struct ask_result *result)
{
    struct ops_hub_message *record = (struct ops_hub_message *)lens->message;

    if (record->record == OPS_HUB_MESSAGE_INVOCATION) {
        ask_invocation(lens, result, &record->invocation);
    } else if (record->record == OPS_HUB_MESSAGE_STREAM_INVOCATION) {
        if (lens->text->peer->calls(record->stream_invocation.target) == NULL)
            result->found |= CONF_NO_METHOD;
        else
            result->found |= CONF_UNBOUND; /* no method streams */
    } else {
        result->found |= CONF_BINDS | CONF_IN_LIMITS;
    }
}

/* A record is over the hub's limit with its separator. */
static bool ask_is_too_large(const struct conf_lens *lens)
{
    const struct conf_text *text = lens->text;
    struct ops_str stream, record;
    struct ops_buf framed;

    if (text->kind != CONF_RECORD)
        return false;
    ops_buf_init(&framed, lens->judge->arena);
    conf_append(&framed, text->text);
    conf_append(&framed, OPS_STR("\x1e"));
    stream = ops_buf_str(&framed);
    return ops_hub_split_json(&stream, (size_t)text->peer->profile->hub_message_limit_bytes, &record) != OPS_HUB_RECORD;
}

static bool ask_has(const struct conf_lens *lens, struct ops_lit name)
{
    char member[CONF_LABEL_CHARS];

    snprintf(member, sizeof member, "%.*s", (int)(name.len - 4), name.ptr + 2);
    return conf_get(lens->text->json, member) != NULL;
}

/* A command on a WebSocket: that of the hub by the same name, and what that one needs. */
static void ask_command(struct conf_lens *lens, struct ask_result *result)
{
    enum conf_door door = lens->text->peer->door;
    const struct ops_call *call;
    struct ops_str command;
    uint8_t i;

    if (lens->text->kind != CONF_MESSAGE || (door != CONF_DOOR_MANAGE && door != CONF_DOOR_VERSIONING)) {
        result->found |= CONF_BINDS;
        return;
    }
    command = conf_field_text(lens->type, lens->message, "command");
    call = door == CONF_DOOR_MANAGE ? ops_management_hub_find(command) : ops_versioning_hub_find(command);
    for (i = 0; call != NULL && i < call->argument_count; i++) {
        uint8_t field = call->arguments[i].field;

        if ((call->message->required[OPS_SHAPE_V1] >> field & 1) != 0 &&
            !ask_has(lens, call->message->fields[field].name[OPS_SHAPE_V1]))
            break;
    }
    result->found |= call == NULL ? CONF_NO_METHOD : i < call->argument_count ? CONF_UNBOUND : CONF_BINDS;
}

/* spec/opstream-wire.md §3.2: one BOM is dropped, invalid UTF-8 in a binary message becomes U+FFFD. */
static bool ask_is_repaired(const struct conf_lens *lens, enum ops_reason reason)
{
    return lens->text->kind == CONF_MESSAGE && lens->text->peer->profile->unreadable_closes &&
           (lens->text->claims & CONF_UNREADABLE) == 0 && (reason == OPS_REASON_BOM || reason == OPS_REASON_UTF8);
}

static void ask_try(struct conf_lens *lens, struct ask_result *result)
{
    struct ops_decode_info info;

    lens->message = conf_alloc(lens->judge->arena, lens->type->size);
    conf_label(lens->label, lens->type, NULL, "");
    if (ask_is_too_large(lens)) {
        memset(&info, 0, sizeof info);
        info.error.reason = OPS_REASON_TOO_LONG;
        ask_refused(result, CONF_UNREADABLE, &info, lens->text->text);
        return;
    }
    if (ops_json_decode(lens->type, lens->style, lens->text->text, lens->judge->arena, lens->message, &info) !=
        OPS_OK) {
        result->repaired = ask_is_repaired(lens, info.error.reason);
        result->skipped = lens->text->kind == CONF_RECORD && info.error.reason == OPS_REASON_UNKNOWN_VARIANT;
        ask_refused(result, CONF_UNREADABLE, &info, lens->text->text);
        return;
    }
    result->found |= CONF_READS;
    conf_label(lens->label, lens->type, lens->message, "");
    if (info.plus)
        lens->text->peer->extended = true;
    if (lens->text->kind == CONF_RECORD) {
        ask_record(lens, result);
        return;
    }
    ask_command(lens, result);
    ask_inside(lens, result);
}

/* ---- against what the server said -------------------------------------------------------------------------------- */

/* The text of a broken limit, as the profile words it. */
static struct ops_str ask_violation_text(struct conf_lens *lens, const struct ops_violation *violation)
{
    struct ops_str value;
    struct ops_buf out;
    char digits[24];

    ops_buf_init(&out, lens->judge->arena);
    value = ops_str_of(digits, (size_t)snprintf(digits, sizeof digits, "%lld", (long long)violation->limit->max));
    if (violation->limit->text == OPS_TEXT_NONE)
        ops_error_text_of(lens->text->peer->profile, (enum ops_error_code)violation->limit->error_code,
                          OPS_STR("out of range"), &out);
    else
        ops_error_text(lens->text->peer->profile, (enum ops_text)violation->limit->text, &value, 1, &out);
    return ops_buf_str(&out);
}

/* The text that the server sent for a limit, without the wrapping of hub errors. */
static bool ask_limit_is_the_same(const struct conf_lens *lens, struct ops_str ours)
{
    struct ops_str theirs = lens->text->answer;
    size_t code = 0;

    if (lens->text->peer->profile->errors_carry_code && ours.ptr != NULL) { /* the code is the contract */
        while (code < ours.len && ours.ptr[code] != ':')
            code++;
        return theirs.len > code && memcmp(ours.ptr, theirs.ptr, code + 1) == 0;
    }
    return theirs.len >= ours.len && memcmp(theirs.ptr + theirs.len - ours.len, ours.ptr, ours.len) == 0 &&
           (theirs.len == ours.len || theirs.ptr[theirs.len - ours.len - 1] == ' ');
}

struct ask_disagreement {
    unsigned claim, against;
    const char *what;
};

static const struct ask_disagreement ask_disagreements[] = {
    {CONF_READS, CONF_UNREADABLE, "the server read it, we do not"},
    {CONF_UNREADABLE, CONF_READS, "the server cannot read it, we do"},
    {CONF_BINDS, CONF_UNBOUND | CONF_NO_METHOD, "the server took its arguments, we do not"},
    {CONF_UNBOUND, CONF_BINDS | CONF_NO_METHOD, "the server did not take its arguments, we do"},
    {CONF_NO_METHOD, CONF_BINDS | CONF_UNBOUND, "the server has no such method, we do"},
    {CONF_IN_LIMITS, CONF_LIMIT | CONF_BAD_OPAQUE, "the server found no limit broken, we do"},
    {CONF_LIMIT, CONF_IN_LIMITS | CONF_BAD_OPAQUE, "the server found a limit broken, we do not"},
    {CONF_PAYLOAD, CONF_BAD_PAYLOAD, "the server read the op in it, we do not"},
    {CONF_BAD_PAYLOAD, CONF_PAYLOAD, "the server could not read the op in it, we do"},
    {CONF_REFUSED, 0, "the server refused it as invalid, we find nothing wrong"},
};

static const unsigned ask_wrong =
    CONF_UNREADABLE | CONF_UNBOUND | CONF_NO_METHOD | CONF_LIMIT | CONF_BAD_PAYLOAD | CONF_BAD_OPAQUE;

static const char *ask_disagreement(const struct ask_result *result, unsigned claims)
{
    size_t i;

    if ((claims & CONF_REFUSED) != 0)
        return (result->found & ask_wrong) == 0 ? "the server refused it as invalid, we find nothing wrong" : NULL;
    for (i = 0; i < sizeof ask_disagreements / sizeof *ask_disagreements; i++) {
        if ((claims & ask_disagreements[i].claim) != 0 && (result->found & ask_disagreements[i].against) != 0)
            return ask_disagreements[i].what;
    }
    return NULL;
}

static struct ops_str ask_our_reason(struct conf_lens *lens, const struct ask_result *result)
{
    if ((result->found & (CONF_UNREADABLE | CONF_UNBOUND | CONF_BAD_PAYLOAD)) != 0 && result->input.ptr != NULL)
        return conf_sentence(lens->judge, &result->error, result->input);
    if ((result->found & CONF_LIMIT) != 0)
        return ask_violation_text(lens, &result->violation);
    return OPS_STR("(accepted)");
}

static void ask_settle(struct conf_lens *lens, const struct ask_result *result)
{
    struct conf_report *report = lens->judge->report;
    struct conf_place place = conf_here(lens->judge, lens->text, lens->label, lens->style);
    const char *what = ask_disagreement(result, lens->text->claims);

    if (lens->text->claims == 0) {
        conf_not_applicable(report, &place, "nothing in the conversation says what the server made of it");
    } else if (result->skipped && (lens->text->claims & CONF_UNREADABLE) == 0) {
        conf_not_applicable(report, &place, "a record of an unknown type, skipped");
    } else if (result->rule && (lens->text->claims & CONF_REFUSED) != 0) {
        conf_not_applicable(report, &place, "refused by a rule between members, which is no form");
    } else if (result->repaired) {
        conf_not_applicable(report, &place, "bytes that the transport repairs before a codec sees them");
    } else if (what != NULL) {
        conf_fail(report, &place, what, ops_str_of(NULL, 0), ops_str_of(NULL, 0));
        conf_fail_note(report, "text    ", lens->text->text);
        conf_fail_note(report, "server  ", lens->text->answer);
        conf_fail_note(report, "we      ", ask_our_reason(lens, result));
    } else if ((lens->text->claims & CONF_LIMIT) != 0 && (result->found & CONF_LIMIT) != 0 &&
               !ask_limit_is_the_same(lens, ask_violation_text(lens, &result->violation))) {
        conf_fail(report, &place, "another limit, or another text for it", lens->text->answer,
                  ask_violation_text(lens, &result->violation));
    } else {
        conf_pass(report, &place);
    }
}

/* An op that was taken as it is: what it must be pushed as. */
static void ask_expect_push(struct conf_lens *lens, const struct ask_result *result)
{
    struct conf_judge *judge = lens->judge;
    const json_t *json = lens->text->json, *base = conf_get(conf_get(json, "opRequest"), "baseRevision");
    struct conf_expected_push *push;

    if (base == NULL)
        base = conf_get(json, "baseRevision");
    if (base == NULL)
        base = json_array_get(conf_get(json, "arguments"), 2);
    if ((result->found & CONF_PAYLOAD) == 0 || lens->text->revision == 0 || judge->push_count == CONF_PUSHES_LIMIT ||
        json_integer_value(base) + 1 != lens->text->revision)
        return;
    push = &judge->pushes[judge->push_count++];
    push->document_id = lens->text->document_id;
    push->type = result->payload_type;
    push->op = result->payload;
    push->revision = lens->text->revision;
}

static const struct ops_message *ask_type(const struct conf_text *text)
{
    if (text->kind == CONF_HANDSHAKE)
        return &ops_hub_handshake_request_type;
    if (text->kind == CONF_RECORD)
        return &ops_hub_message_type;
    switch (text->peer->door) {
    case CONF_DOOR_MANAGE:
        return &ops_mgmt_request_type;
    case CONF_DOOR_VERSIONING:
        return &ops_ver_request_type;
    default:
        return &ops_client_message_type;
    }
}

void conf_ask(struct conf_judge *judge, struct conf_text *text)
{
    struct conf_lens lens;
    struct ask_result result;

    memset(&lens, 0, sizeof lens);
    memset(&result, 0, sizeof result);
    lens.judge = judge;
    lens.text = text;
    lens.style = conf_peer_style(text->peer);
    lens.type = ask_type(text);
    ask_try(&lens, &result);
    ask_settle(&lens, &result);
    ask_expect_push(&lens, &result);
}
