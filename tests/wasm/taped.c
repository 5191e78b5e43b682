/* See taped.h. */
#include "taped.h"

#include <stdlib.h>

static struct taped all[TAPED_MAX];
static int tape_fd;
static uint64_t dice;

void taped_to(int fd)
{
    tape_fd = fd;
}

int taped_fd(void)
{
    return tape_fd;
}

void taped_seed(uint64_t seed)
{
    dice = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
}

unsigned taped_below(unsigned n)
{
    dice ^= dice << 13;
    dice ^= dice >> 7;
    dice ^= dice << 17;
    return (unsigned)(dice >> 33) % n;
}

/* ---- which client, which document ------------------------------------------------------------------------------------------------ */

struct taped *taped_of(const struct ops_client *client)
{
    struct taped *t = all;

    while (t->client != client) {
        if (++t == all + TAPED_MAX)
            abort();
    }
    return t;
}

struct taped *taped_of_doc(const struct ops_doc *doc)
{
    struct taped *t = NULL;

    while ((t = taped_next(t)) != NULL) {
        if (taped_number(t, doc) >= 0)
            return t;
    }
    abort();
}

struct taped *taped_next(struct taped *after)
{
    struct taped *t = after == NULL ? all : after + 1;

    while (t < all + TAPED_MAX && t->client == NULL)
        t++;
    return t < all + TAPED_MAX ? t : NULL;
}

int taped_number(const struct taped *t, const struct ops_doc *doc)
{
    const struct ops_doc *at = NULL;
    int number = 0;

    while ((at = ops_client_next(t->client, at)) != NULL && at != doc)
        number++;
    return at != NULL ? number : -1;
}

struct ops_doc *taped_doc(const struct taped *t, unsigned number)
{
    struct ops_doc *doc = ops_client_next(t->client, NULL);

    while (doc != NULL && number-- > 0)
        doc = ops_client_next(t->client, doc);
    return doc;
}

unsigned taped_documents(const struct taped *t)
{
    unsigned count = 0;

    while (count < TAPED_DOCUMENTS_MAX && taped_doc(t, count) != NULL)
        count++;
    return count;
}

bool taped_is_text(const struct ops_doc *doc)
{
    return ops_str_equal(ops_doc_type(doc), OPS_STR("text"));
}

/* ---- what it is told --------------------------------------------------------------------------------------------------------------- */

static void tell(struct taped *t, enum tape_out what, const struct ops_doc *doc)
{
    tape_put_name(&t->out, what);
    if (t->told_count == TAPED_EVENTS_MAX)
        abort();
    t->told[t->told_count].at = t->out.len;
    t->told[t->told_count++].doc = doc;
    tape_put_number(&t->out, -1);
}

static void on_random(void *self, void *out, size_t bytes)
{
    struct taped *t = self;

    t->given.random(t->given.random_self, out, bytes);
    tape_put(&t->random, out, bytes);
    tape_put_name(&t->out, OUT_random);
    tape_put_number(&t->out, (double)bytes);
}

static void on_patch(void *self, struct ops_doc *doc, const struct ops_patch *patch)
{
    struct taped *t = self;

    tell(t, OUT_patch, doc);
    tape_put_number(&t->out, (double)patch->position_utf16);
    tape_put_number(&t->out, (double)patch->deleted_utf16);
    tape_put_string(&t->out, patch->inserted);
    tape_put_number(&t->out, (double)patch->revision);
    tape_put_number(&t->out, patch->origin);
    if (t->given.events.patch != NULL)
        t->given.events.patch(t->given.events.self, doc, patch);
}

static void on_changed(void *self, struct ops_doc *doc, struct ops_str path, enum ops_origin origin)
{
    struct taped *t = self;

    tell(t, OUT_changed, doc);
    tape_put_string(&t->out, path);
    tape_put_number(&t->out, origin);
    if (t->given.events.changed != NULL)
        t->given.events.changed(t->given.events.self, doc, path, origin);
}

static void on_status(void *self, struct ops_doc *doc, enum ops_doc_status status)
{
    struct taped *t = self;

    tell(t, OUT_status, doc);
    tape_put_number(&t->out, status);
    if (t->given.events.status != NULL)
        t->given.events.status(t->given.events.self, doc, status);
}

static void on_refused(void *self, struct ops_doc *doc, const struct ops_refused *refused)
{
    struct taped *t = self;

    tell(t, OUT_refused, doc);
    tape_put_string(&t->out, ops_error_code_row_of(refused->code)->name);
    tape_put_string(&t->out, refused->sentence);
    tape_put_string(&t->out, refused->op);
    if (t->given.events.refused != NULL)
        t->given.events.refused(t->given.events.self, doc, refused);
}

static void on_peer(void *self, struct ops_doc *doc, enum ops_peer_change change, struct ops_str peer_id, struct ops_str data)
{
    struct taped *t = self;

    tell(t, OUT_peer, doc);
    tape_put_number(&t->out, change);
    tape_put_string(&t->out, peer_id);
    tape_put_string(&t->out, data);
    if (t->given.events.peer != NULL)
        t->given.events.peer(t->given.events.self, doc, change, peer_id, data);
}

static void on_trouble(void *self, struct ops_str what)
{
    struct taped *t = self;

    tape_put_name(&t->out, OUT_trouble);
    tape_put_string(&t->out, what);
    if (t->given.events.trouble != NULL)
        t->given.events.trouble(t->given.events.self, what);
}

struct taped *taped_new(const struct ops_client_config *config, struct ops_client_config *through)
{
    struct taped *t = taped_of(NULL);
    struct ops_client_events events = {t, on_patch, on_changed, on_status, on_refused, on_peer, on_trouble};

    t->given = *config;
    ops_client_config_init(through);
    through->memory = config->memory;
    through->author = config->author;
    through->random = on_random;
    through->random_self = t;
    through->events = events;
    return t;
}

void taped_free(struct taped *t)
{
    unsigned i;

    for (i = 0; i <= TAPED_DOCUMENTS_MAX; i++)
        tape_free(&t->shown[i]);
    tape_free(&t->arguments);
    tape_free(&t->random);
    tape_free(&t->out);
    memset(t, 0, sizeof *t);
}

/* ---- what it shows ------------------------------------------------------------------------------------------------------------------ */

static void show_client(const struct taped *t, struct tape_bytes *out)
{
    tape_put_name(out, OUT_client);
    tape_put_number(out, ops_client_state(t->client));
    tape_put_number(out, (double)ops_client_deadline_ms(t->client));
    tape_put_number(out, (double)ops_client_retry_at_ms(t->client));
    tape_put_string(out, ops_client_peer_id(t->client));
    tape_put_string(out, ops_client_server(t->client));
}

static void show_document(const struct taped *t, unsigned number, struct tape_bytes *out)
{
    const struct ops_doc *doc = taped_doc(t, number);
    struct ops_cursor cursor;

    tape_put_name(out, OUT_document);
    tape_put_string(out, ops_doc_id(doc));
    tape_put_string(out, ops_doc_type(doc));
    tape_put_number(out, ops_doc_status(doc));
    tape_put_number(out, (double)ops_doc_revision(doc));
    tape_put_number(out, (double)ops_doc_pending(doc));
    tape_put_number(out, ops_doc_undoable(doc));
    tape_put_number(out, ops_doc_redoable(doc));
    if (!taped_is_text(doc))
        return;
    cursor = ops_doc_cursor_get(doc, t->cursors[number]);
    tape_put_number(out, (double)ops_doc_text_length(doc));
    tape_put_number(out, (double)cursor.anchor_utf16);
    tape_put_number(out, (double)cursor.head_utf16);
}

/* Takes back what `out` has from `from` on when it is what was there before. */
static void only_news(struct tape_bytes *out, size_t from, struct tape_bytes *before)
{
    size_t len = out->len - from;

    if (before->len == len && memcmp(before->at, out->at + from, len) == 0) {
        out->len = from;
        return;
    }
    before->len = 0;
    tape_put(before, out->at + from, len);
}

struct taped *taped_begin(struct taped *t)
{
    t->arguments.len = t->random.len = t->out.len = t->told_count = 0;
    return t;
}

void taped_done(struct taped *t, enum tape_call call)
{
    struct tape_bytes frame = {NULL, 0, 0}, number = {NULL, 0, 0};
    char head[2] = {(char)(t - all), (char)call}, length[4];
    unsigned i, from;

    for (i = 0; i < t->told_count; i++) {
        number.len = 0;
        tape_put_number(&number, t->told[i].doc == NULL ? -1 : taped_number(t, t->told[i].doc));
        memcpy(t->out.at + t->told[i].at, number.at, number.len);
    }
    for (i = 0; t->client != NULL && i <= taped_documents(t); i++) {
        from = (unsigned)t->out.len;
        if (i == 0)
            show_client(t, &t->out);
        else
            show_document(t, i - 1, &t->out);
        only_news(&t->out, from, &t->shown[i]);
    }
    tape_put_string(&t->arguments, ops_str_of(t->random.len != 0 ? t->random.at : "", t->random.len));
    tape_put(&frame, head, sizeof head);
    for (i = 0; i < 4; i++)
        length[i] = (char)(t->arguments.len >> 8 * i & 255);
    tape_put(&frame, length, sizeof length);
    tape_put(&frame, t->arguments.at, t->arguments.len);
    tape_put(&frame, t->out.at, t->out.len);
    tape_frame(tape_fd, TAPE_CALL, &frame);
    tape_free(&frame);
    tape_free(&number);
}
