/* Messages for clients, and the words of refusals. */
#include "private.h"

#include "runtime/base/num.h"

struct ops_note *ops_note_new(struct ops_core *core, enum ops_server_message_message_type type)
{
    struct ops_note *note = ops_pool_zalloc(&core->pool, sizeof *note);

    if (note == NULL)
        return NULL;
    note->references = 1;
    note->core = core;
    note->message.message_type = type;
    ops_arena_init(&note->arena, NULL, 0, SIZE_MAX, &core->pool_memory);
    return note;
}

struct ops_note *ops_note_reply_new(struct ops_core *core, enum ops_server_message_message_type type,
                                    struct ops_str correlation_id)
{
    struct ops_note *note = ops_note_new(core, type);

    if (note == NULL)
        return NULL;
    note->reply = true;
    if (!ops_arena_copy(&note->arena, correlation_id, &note->message.correlation_id)) {
        ops_note_drop(note);
        return NULL;
    }
    return note;
}

struct ops_note *ops_note_copy(struct ops_core *core, const struct ops_note *from)
{
    struct ops_note *note = ops_note_new(core, from->message.message_type);
    unsigned i;

    if (note == NULL)
        return NULL;
    note->reply = from->reply;
    if (!ops_server_message_copy(&from->message, &note->arena, &note->message))
        goto failed;
    for (i = 0; i < CORE_PROFILES_MAX; i++) {
        struct ops_server_message *copy;

        if (from->by_profile[i] == NULL)
            continue;
        copy = ops_arena_alloc(&note->arena, sizeof *copy);
        if (copy == NULL || !ops_server_message_copy(from->by_profile[i], &note->arena, copy))
            goto failed;
        note->by_profile[i] = copy;
    }
    return note;
failed:
    ops_note_drop(note);
    return NULL;
}

void ops_note_keep(struct ops_note *note)
{
    note->references++;
}

void ops_note_drop(struct ops_note *note)
{
    struct ops_core *core;
    unsigned i;

    if (note == NULL || --note->references != 0)
        return;
    core = note->core;
    for (i = 0; i < OPS_NOTE_FORMS; i++) {
        if (note->forms[i] != NULL)
            core->host.note_form_end(core->host.self, i, note->forms[i]);
    }
    if (note->blob != NULL && --note->blob->references == 0)
        ops_pool_free(&core->pool, note->blob, sizeof *note->blob + note->blob->len);
    ops_arena_reset(&note->arena);
    ops_pool_free(&core->pool, note, sizeof *note);
}

const struct ops_server_message *ops_note_message(struct ops_note *note, const struct ops_profile *profile)
{
    const struct ops_server_message *message = note->by_profile[ops_core_profile_index(profile)];

    return message != NULL ? message : &note->message;
}

void **ops_note_form(struct ops_note *note, unsigned form)
{
    return &note->forms[form];
}

bool ops_note_is_reply(const struct ops_note *note)
{
    return note->reply;
}

/* ---- refusals ------------------------------------------------------------------------------------------------------- */

struct refusal ops_refusal_of(enum ops_text text)
{
    struct refusal refusal;

    memset(&refusal, 0, sizeof refusal);
    refusal.text = text;
    return refusal;
}

void ops_refusal_number(struct ops_core *core, struct refusal *refusal, int64_t value)
{
    char *digits = ops_arena_alloc(&core->scratch, OPS_INT64_CHARS);

    if (digits != NULL && refusal->value_count < REFUSAL_VALUES_MAX)
        refusal->values[refusal->value_count++] = ops_str_of(digits, (size_t)(ops_int64_write(digits, value) - digits));
}

enum ops_error_code ops_refusal_code(const struct refusal *refusal)
{
    return refusal->sentence.ptr != NULL ? refusal->code : ops_texts[refusal->text].code;
}

/* The error as one string (`whole`), or the sentence alone. */
static bool note_refusal_text(const struct ops_profile *profile, const struct refusal *refusal, bool whole, struct ops_buf *out)
{
    if (refusal->sentence.ptr != NULL)
        return whole ? ops_error_text_of(profile, refusal->code, refusal->sentence, out)
                     : ops_buf_append(out, refusal->sentence.ptr, refusal->sentence.len);
    return whole ? ops_error_text(profile, refusal->text, refusal->values, refusal->value_count, out)
                 : ops_error_text_sentence(profile, refusal->text, refusal->values, refusal->value_count, out);
}

static bool note_is_op(enum ops_client_message_message_type kind)
{
    return kind == OPS_CLIENT_MESSAGE_OP_REQUEST || kind == OPS_CLIENT_MESSAGE_UNDO || kind == OPS_CLIENT_MESSAGE_REDO;
}

/* Where awareness is never answered, neither is a broken limit of it (opstream-wire.md §2.5). What cannot be read is. */
static bool note_is_kept_silent(const struct asker *asker, const struct refusal *refusal)
{
    enum ops_error_code code = ops_refusal_code(refusal);

    return asker->kind == OPS_CLIENT_MESSAGE_AWARENESS_REQUEST && asker->profile->awareness_unanswered &&
           refusal->sentence.ptr == NULL &&
           (code == OPS_ERROR_CODE_INVALID_MESSAGE || code == OPS_ERROR_CODE_TOO_LARGE || code == OPS_ERROR_CODE_TOO_MANY);
}

struct ops_note *ops_refusal_note(struct ops_core *core, const struct asker *asker, struct ops_str document_id,
                                  const struct refusal *refusal, int64_t revision, bool before_engine)
{
    bool op = note_is_op(asker->kind) &&
              (!before_engine || (asker->profile->op_refusals_are_replies && document_id.ptr != NULL));
    struct ops_note *note;
    struct ops_buf text;
    struct ops_str id = {NULL, 0};

    core->stats.refusals[ops_refusal_code(refusal)]++;
    if (note_is_op(asker->kind))
        core->stats.ops_rejected++;
    if (note_is_kept_silent(asker, refusal)) /* a call has an answer all the same: one that says nothing */
        return asker->calls ? ops_note_reply_new(core, OPS_SERVER_MESSAGE_AWARENESS_ACK, asker->correlation_id) : NULL;
    note = ops_note_reply_new(core, op ? OPS_SERVER_MESSAGE_OP_RESPONSE : OPS_SERVER_MESSAGE_ERROR_RESPONSE, asker->correlation_id);
    if (note == NULL)
        return NULL;
    ops_buf_init(&text, &note->arena);
    if (!note_refusal_text(asker->profile, refusal, op || !asker->profile->errors_carry_code, &text) ||
        !ops_arena_copy(&note->arena, document_id, &id)) {
        ops_note_drop(note);
        return NULL;
    }
    if (op) {
        note->message.op_response.document_id = id;
        note->message.op_response.new_revision = revision;
        note->message.op_response.error_message = ops_buf_str(&text);
        note->message.op_response.error_code = ops_refusal_code(refusal);
        return note;
    }
    note->message.error_response.document_id = id;
    note->message.error_response.code = ops_refusal_code(refusal);
    note->message.error_response.message = ops_buf_str(&text);
    if (refusal->text == OPS_TEXT_UNSUPPORTED_PROTOCOL) {
        note->message.error_response.min.set = note->message.error_response.max.set = true;
        note->message.error_response.min.value = note->message.error_response.max.value = 1;
    }
    return note;
}
