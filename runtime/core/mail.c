/* Between cores: a request one way, answers and pushes the other. Everything in it is a copy in blocks of its own, so the receiver
 * needs nothing of the sender. */
#include "private.h"

enum mail_kind { MAIL_REQUEST, MAIL_COMPLETE, MAIL_PUSH };

struct ops_mail {
    enum mail_kind kind;
    struct ops_memory memory; /* the sender's; any thread */
    struct ops_arena arena;   /* what everything below points to */
    struct request request;
    struct asker asker;
    struct ops_str document_id;
    enum control control;
    struct push push;
    bool has_note;
    struct ops_note note;     /* only its messages count */
};

static struct ops_mail *mail_new(struct ops_core *core, enum mail_kind kind)
{
    struct ops_mail *mail = core->host.memory.more(core->host.memory.self, sizeof *mail);

    if (mail == NULL)
        return NULL;
    memset(mail, 0, sizeof *mail);
    mail->kind = kind;
    mail->memory = core->host.memory;
    ops_arena_init(&mail->arena, NULL, 0, SIZE_MAX, &mail->memory);
    return mail;
}

static void mail_free(struct ops_mail *mail)
{
    struct ops_memory memory = mail->memory;

    ops_arena_reset(&mail->arena);
    memory.release(memory.self, mail, sizeof *mail);
}

static bool mail_put_note(struct ops_mail *mail, const struct ops_note *note)
{
    unsigned i;

    if (note == NULL)
        return true;
    mail->has_note = true;
    mail->note.reply = note->reply;
    if (!ops_server_message_copy(&note->message, &mail->arena, &mail->note.message))
        return false;
    for (i = 0; i < CORE_PROFILES_MAX; i++) {
        struct ops_server_message *copy;

        if (note->by_profile[i] == NULL)
            continue;
        copy = ops_arena_alloc(&mail->arena, sizeof *copy);
        if (copy == NULL || !ops_server_message_copy(note->by_profile[i], &mail->arena, copy))
            return false;
        mail->note.by_profile[i] = copy;
    }
    return true;
}

static void mail_send(struct ops_core *core, uint32_t loop, struct ops_mail *mail, bool complete)
{
    if (complete)
        core->host.mail(core->host.self, loop, mail);
    else
        mail_free(mail);
}

void ops_mail_request(struct ops_core *core, uint32_t loop, const struct request *r)
{
    struct ops_mail *mail = mail_new(core, MAIL_REQUEST);

    if (mail != NULL)
        mail_send(core, loop, mail, ops_request_copy(&mail->arena, r, &mail->request));
}

void ops_mail_complete(struct ops_core *core, const struct asker *asker, struct ops_str document_id, enum control control,
                       const struct ops_note *note)
{
    struct ops_mail *mail = mail_new(core, MAIL_COMPLETE);

    if (mail == NULL)
        return;
    mail->asker = *asker;
    mail->control = control;
    mail_send(core, asker->loop, mail,
              ops_arena_copy(&mail->arena, asker->correlation_id, &mail->asker.correlation_id) &&
                  ops_arena_copy(&mail->arena, document_id, &mail->document_id) && mail_put_note(mail, note));
}

void ops_mail_push(struct ops_core *core, uint32_t loop, const struct push *push, const struct ops_note *note)
{
    struct ops_mail *mail = mail_new(core, MAIL_PUSH);
    uint64_t *shared = NULL;

    if (mail == NULL)
        return;
    mail->push = *push;
    if (push->shared_count != 0) {
        shared = ops_arena_array(&mail->arena, push->shared_count, sizeof *shared);
        if (shared != NULL)
            memcpy(shared, push->shared, push->shared_count * sizeof *shared);
    }
    mail->push.shared = shared;
    mail->push.shared_count = shared != NULL ? push->shared_count : 0;
    mail_send(core, loop, mail,
              ops_arena_copy(&mail->arena, push->document_id, &mail->push.document_id) && mail_put_note(mail, note));
}

void ops_core_mail(struct ops_core *core, struct ops_mail *mail)
{
    struct ops_note *note = NULL;

    ops_arena_reset(&core->scratch);
    if (mail->has_note)
        note = ops_note_copy(core, &mail->note);
    switch (mail->kind) {
    case MAIL_REQUEST:
        ops_document_handle(core, &mail->request);
        break;
    case MAIL_COMPLETE:
        ops_connection_complete(core, &mail->asker, mail->document_id, mail->control, note);
        break;
    case MAIL_PUSH:
        if (note != NULL)
            ops_feed_push(core, &mail->push, note);
        break;
    }
    ops_note_drop(note);
    mail_free(mail);
}
