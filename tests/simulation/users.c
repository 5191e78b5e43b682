/* The users: each a client session of runtime/client, its program, and somebody who types. */
#include "world.h"

#include "runtime/base/utf.h"

#include <stdlib.h>

struct ops_str document_name(unsigned document)
{
    static const char *const names[DOCUMENTS_MAX] = {"essay", "board", "notes"};

    return ops_str_of(names[document], 5);
}

bool document_is_json(unsigned document)
{
    return document == 1;
}

/* ---- what the client says ------------------------------------------------------------------------------------------------------- */

static void user_random(void *self, void *out, size_t bytes)
{
    struct world *w = self;
    uint64_t word;
    size_t at;

    for (at = 0; at < bytes; at += 8) {
        word = world_random(w);
        memcpy((char *)out + at, &word, bytes - at < 8 ? bytes - at : 8);
    }
}

static void user_refused(void *self, struct ops_doc *doc, const struct ops_refused *refused)
{
    struct world *w = self;

    (void)doc;
    w->refused++;
    world_trouble(w, "an edit was refused for good: %d %.*s", (int)refused->code, (int)refused->sentence.len, refused->sentence.ptr);
}

static void user_trouble(void *self, struct ops_str what)
{
    if (ops_str_equal(what, OPS_STR("the server does not answer")))
        return; /* a stalled store looks like that */
    world_trouble(self, "a client does not understand the server: %.*s", (int)what.len, what.ptr);
}

/* ---- life ----------------------------------------------------------------------------------------------------------------------- */

static struct ops_client *user_open(struct world *w, unsigned user)
{
    struct ops_client_config config;
    char author[16];
    struct ops_client *client;

    ops_client_config_init(&config);
    config.memory = &world_memory;
    config.random = user_random;
    config.random_self = w;
    config.events.self = w;
    config.events.refused = user_refused;
    config.events.trouble = user_trouble;
    snprintf(author, sizeof author, "user-%u", user);
    config.author = ops_str_of(author, strlen(author));
    config.backoff_first_ms = 100;
    config.backoff_max_ms = 2000;
    client = ops_client_open(&config);
    if (client == NULL)
        abort();
    ops_client_tick(client, w->now_us / 1000, 1770000000000 + w->now_us / 1000 + (int64_t)user * 7 - 10);
    return client;
}

static void user_tick(struct world *w, unsigned user)
{
    ops_client_tick(w->users[user].client, w->now_us / 1000, 1770000000000 + w->now_us / 1000 + (int64_t)user * 7 - 10);
}

void users_start(struct world *w)
{
    unsigned u, d;

    for (u = 0; u < w->users_count; u++) {
        w->users[u].client = user_open(w, u);
        for (d = 0; d < w->documents_count; d++) {
            if (ops_client_join(w->users[u].client, document_name(d), document_is_json(d) ? OPS_STR("json") : OPS_STR("text"),
                                &w->users[u].docs[d]) != OPS_OK)
                world_trouble(w, "a document cannot be opened");
        }
    }
}

/* The client's end of the wire is gone; what is on the way to it is lost. */
static void user_drop_wire(struct world *w, unsigned user, uint16_t code)
{
    struct wire *wire = w->users[user].wire;

    wire->client_end = false;
    queue_clear(&wire->down);
    w->users[user].wire = NULL;
    user_tick(w, user);
    ops_client_disconnected(w->users[user].client, code);
}

void user_cut(struct world *w, unsigned user)
{
    struct wire *wire = w->users[user].wire;

    if (wire == NULL)
        return;
    w->cuts++;
    user_drop_wire(w, user, 0);
    if (world_below(w, 2) == 0)
        queue_clear(&wire->up); /* what was on the way never arrives; else it does, on a connection that nobody holds */
}

void user_restart(struct world *w, unsigned user)
{
    struct user *u = &w->users[user];
    struct ops_arena arena;
    struct ops_buf saved;
    unsigned d;

    ops_arena_init(&arena, NULL, 0, SIZE_MAX, &world_memory);
    ops_buf_init(&saved, &arena);
    if (ops_client_save(u->client, &saved) != OPS_OK)
        world_trouble(w, "a client cannot be saved");
    if (u->wire != NULL)
        user_drop_wire(w, user, 0);
    ops_client_close(u->client);
    u->client = user_open(w, user);
    if (ops_client_load(u->client, ops_buf_str(&saved)) != OPS_OK)
        world_trouble(w, "what a client saved cannot be loaded");
    for (d = 0; d < w->documents_count; d++) {
        u->docs[d] = ops_client_find(u->client, document_name(d));
        if (u->docs[d] == NULL)
            world_trouble(w, "a restarted client has lost a document");
    }
    w->restarts++;
    ops_arena_reset(&arena);
}

void user_pump(struct world *w, unsigned user)
{
    struct user *u = &w->users[user];
    struct ops_str text;

    user_tick(w, user);
    if (ops_client_state(u->client) == OPS_CLIENT_CLOSE && u->wire != NULL)
        user_drop_wire(w, user, 0);
    if (ops_client_state(u->client) == OPS_CLIENT_CONNECT && u->wire == NULL && w->cores[0] != NULL) {
        u->wire = wire_open(w, user);
        ops_client_connected(u->client);
    }
    while (u->wire != NULL && ops_client_outgoing(u->client, &text)) {
        if (u->wire->connection != NULL)
            queue_put(&u->wire->up, text, -1);
    }
}

void user_receive(struct world *w, unsigned user)
{
    struct user *u = &w->users[user];
    struct message *m = u->wire != NULL ? queue_take(&u->wire->down) : NULL;

    if (m == NULL)
        return;
    user_tick(w, user);
    if (m->close >= 0)
        user_drop_wire(w, user, (uint16_t)m->close);
    else
        ops_client_received(u->client, ops_str_of(m->text, m->bytes));
    free(m);
}

bool users_are_quiet(const struct world *w)
{
    const struct user *u;
    unsigned i, d;

    for (i = 0; i < w->users_count; i++) {
        u = &w->users[i];
        if (u->wire == NULL || u->wire->up.count != 0 || u->wire->down.count != 0)
            return false;
        for (d = 0; d < w->documents_count; d++) {
            if (ops_doc_status(u->docs[d]) != OPS_DOC_JOINED || ops_doc_pending(u->docs[d]) != 0)
                return false;
        }
    }
    return true;
}

void users_end(struct world *w)
{
    unsigned i;

    for (i = 0; i < w->users_count; i++)
        ops_client_close(w->users[i].client);
}

/* ---- typing ----------------------------------------------------------------------------------------------------------------------- */

/* The next place behind a whole insertion, at or after `from`. */
static size_t user_gap(const struct ops_doc *doc, size_t from)
{
    struct ops_arena arena;
    struct ops_buf rest;
    size_t i = 0, at;

    ops_arena_init(&arena, NULL, 0, SIZE_MAX, &world_memory);
    ops_buf_init(&rest, &arena);
    if (ops_doc_text_range(doc, 0, SIZE_MAX, &rest) != OPS_OK)
        return 0;
    for (at = 0; from > 0 && i < rest.len; i++) {
        at += ((unsigned char)rest.ptr[i] & 0xc0) != 0x80; /* a character begins */
        at += (unsigned char)rest.ptr[i] >= 0xf0;          /* of two units */
        if (rest.ptr[i] == ')' && at >= from)
            break;
    }
    ops_arena_reset(&arena);
    return at;
}

/* Each insertion is one that no other is: (user.number) with a character of two units in it. */
static void user_type(struct world *w, unsigned user, struct ops_doc *doc)
{
    char text[64];
    size_t length = ops_doc_text_length(doc), at = world_below(w, (unsigned)length + 1), count;
    enum ops_err err;

    snprintf(text, sizeof text, "(%u.%u%s)", user, w->users[user].typed++, world_below(w, 3) == 0 ? "\xf0\x9f\x98\x80" : "");
    if (w->insert_only)
        at = user_gap(doc, at);
    if (w->insert_only || length == 0 || world_below(w, 3) != 0) {
        err = ops_doc_text_insert(doc, at, ops_str_of(text, strlen(text)));
    } else {
        count = 1 + world_below(w, 8);
        at = world_below(w, (unsigned)length);
        if (count > length - at)
            count = length - at;
        err = world_below(w, 3) == 0 ? ops_doc_text_replace(doc, at, count, ops_str_of(text, strlen(text)))
                                     : ops_doc_text_delete(doc, at, count);
    }
    if (err != OPS_OK && err != OPS_ERR_RANGE) /* inside a pair: the client refuses it */
        world_trouble(w, "a local edit failed: %d", (int)err);
    w->edits += err == OPS_OK;
    if (err != OPS_OK && w->insert_only)
        w->users[user].typed--; /* it is not there to be looked for */
}

static void user_write(struct world *w, unsigned user, struct ops_doc *doc)
{
    static const char *const paths[] = {"a", "a.b", "a.b.c", "a.d", "e", "e.f", ""};
    const char *path = paths[world_below(w, 7)];
    char value[48];
    enum ops_err err;

    snprintf(value, sizeof value, "{\"by\":%u,\"n\":%u}", user, w->edits);
    err = world_below(w, 4) == 0 ? ops_doc_json_del(doc, ops_str_of(path, strlen(path)))
                                 : ops_doc_json_set(doc, ops_str_of(path, strlen(path)), ops_str_of(value, strlen(value)));
    if (err != OPS_OK)
        world_trouble(w, "a local write failed: %d", (int)err);
    w->edits++;
}

/* By the client's own history, or by the server. */
/* The server's own undo: clients of other makers have no other. What it does comes to its author as a push, and its reply is to a request that
 * this client does not know. */
static void user_ask_undo(struct world *w, unsigned user, unsigned document, bool redo)
{
    struct wire *wire = w->users[user].wire;
    char text[64];

    if (wire == NULL || wire->connection == NULL || ops_doc_status(w->users[user].docs[document]) != OPS_DOC_JOINED)
        return;
    snprintf(text, sizeof text, "{\"type\":\"%s\",\"id\":\"raw\",\"documentId\":\"%.5s\"}", redo ? "redo" : "undo",
             document_name(document).ptr);
    queue_put(&wire->up, ops_str_of(text, strlen(text)), -1);
}

static void user_undo(struct world *w, unsigned user, unsigned document)
{
    struct ops_doc *doc = w->users[user].docs[document];
    bool redo = world_below(w, 4) == 0;
    enum ops_err err;

    if (w->undo_of_server) {
        user_ask_undo(w, user, document, redo);
        return;
    }
    err = redo ? ops_doc_redo(doc) : ops_doc_undo(doc);
    if (err != OPS_OK && err != OPS_ERR_ABSENT)
        world_trouble(w, "an undo failed: %d", (int)err);
    w->undos += err == OPS_OK;
}

void user_edit(struct world *w, unsigned user)
{
    unsigned d = world_below(w, w->documents_count);
    struct ops_doc *doc = w->users[user].docs[d];
    char state[32];

    user_tick(w, user);
    if (!w->insert_only && world_below(w, w->undo_of_server ? 2 : 8) == 0) {
        user_undo(w, user, d);
    } else if (world_below(w, 10) == 0) {
        snprintf(state, sizeof state, "{\"cursor\":%u}", world_below(w, 5));
        ops_doc_awareness_set(doc, ops_str_of(state, strlen(state)));
    } else if (document_is_json(d)) {
        user_write(w, user, doc);
    } else {
        user_type(w, user, doc);
    }
}
