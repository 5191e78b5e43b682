/* The calls, each recorded and passed on. See tape.h. */
#include "own.h"

void tape_open(int fd)
{
    struct tape_bytes names = {NULL, 0, 0};

#define X(name) tape_put(&names, #name "\n", sizeof #name);
    TAPE_CALLS(X)
    tape_put(&names, "\n", 1);
    TAPE_OUTS(X)
#undef X
    taped_to(fd);
    tape_frame(fd, TAPE_NAMES, &names);
    tape_free(&names);
}

void tape_begin(uint64_t seed)
{
    struct tape_bytes payload = {NULL, 0, 0};
    unsigned i;
    char byte;

    taped_seed(seed);
    for (i = 0; i < 64; i += 8) {
        byte = (char)(seed >> i & 255);
        tape_put(&payload, &byte, 1);
    }
    tape_frame(taped_fd(), TAPE_BEGIN, &payload);
    tape_free(&payload);
}

void tape_end(const char *trouble)
{
    struct tape_bytes payload = {NULL, 0, 0};

    tape_put(&payload, trouble, strlen(trouble));
    tape_frame(taped_fd(), TAPE_END, &payload);
    tape_free(&payload);
}

/* ---- the connection -------------------------------------------------------------------------------------------------------------- */

struct ops_client *tape_client_open(const struct ops_client_config *config)
{
    struct ops_client_config through;
    struct taped *t = taped_begin(taped_new(config, &through));

    tape_put_string(&t->arguments, config->author);
    t->client = ops_client_open(&through);
    tape_put_name(&t->out, OUT_result);
    tape_put_number(&t->out, t->client != NULL);
    taped_done(t, CALL_client_open);
    return t->client;
}

void tape_client_close(struct ops_client *client)
{
    struct taped *t = taped_begin(taped_of(client));

    ops_client_close(client);
    t->client = NULL;
    taped_done(t, CALL_client_close);
    taped_free(t);
}

void tape_client_tick(struct ops_client *client, int64_t monotonic_ms, int64_t wall_ms)
{
    struct taped *t = taped_begin(taped_of(client));

    tape_put_number(&t->arguments, (double)monotonic_ms);
    tape_put_number(&t->arguments, (double)wall_ms);
    ops_client_tick(client, monotonic_ms, wall_ms);
    taped_done(t, CALL_client_tick);
    if (taped_below(4) == 0)
        own_call(t); /* here, because a user holds nothing of the client's over a tick */
}

void tape_client_retry_now(struct ops_client *client)
{
    struct taped *t = taped_begin(taped_of(client));

    ops_client_retry_now(client);
    taped_done(t, CALL_client_retry_now);
}

void tape_client_connected(struct ops_client *client)
{
    struct taped *t = taped_begin(taped_of(client));

    ops_client_connected(client);
    taped_done(t, CALL_client_connected);
}

void tape_client_received(struct ops_client *client, struct ops_str message)
{
    struct taped *t = taped_begin(taped_of(client));

    tape_put_string(&t->arguments, message);
    ops_client_received(client, message);
    taped_done(t, CALL_client_received);
}

void tape_client_disconnected(struct ops_client *client, uint16_t close_code)
{
    struct taped *t = taped_begin(taped_of(client));

    tape_put_number(&t->arguments, close_code);
    ops_client_disconnected(client, close_code);
    taped_done(t, CALL_client_disconnected);
}

bool tape_client_outgoing(struct ops_client *client, struct ops_str *message)
{
    struct taped *t = taped_begin(taped_of(client));
    bool there = ops_client_outgoing(client, message);

    tape_put_name(&t->out, OUT_result);
    tape_put_number(&t->out, there);
    tape_put_name(&t->out, OUT_bytes);
    tape_put_string(&t->out, there ? *message : ops_str_of(NULL, 0));
    taped_done(t, CALL_client_outgoing);
    return there;
}

/* ---- documents -------------------------------------------------------------------------------------------------------------------- */

static void open_cursors(struct taped *t)
{
    unsigned number;

    for (number = 0; number < taped_documents(t); number++) {
        if (t->cursors[number] == 0 && taped_is_text(taped_doc(t, number)))
            own_cursor_open(t, number);
    }
}

enum ops_err tape_client_join(struct ops_client *client, struct ops_str id, struct ops_str type, struct ops_doc **doc)
{
    struct taped *t = taped_begin(taped_of(client));
    enum ops_err err;

    tape_put_string(&t->arguments, id);
    tape_put_string(&t->arguments, type);
    err = ops_client_join(client, id, type, doc);
    tape_put_name(&t->out, OUT_result);
    tape_put_number(&t->out, err);
    taped_done(t, CALL_client_join);
    open_cursors(t);
    return err;
}

void tape_client_leave(struct ops_client *client, struct ops_doc *doc)
{
    struct taped *t = taped_begin(taped_of(client));

    tape_put_number(&t->arguments, taped_number(t, doc));
    ops_client_leave(client, doc);
    taped_done(t, CALL_client_leave);
}

enum ops_err tape_client_save(const struct ops_client *client, struct ops_buf *out)
{
    struct taped *t = taped_of(client);

    own_read(t, 0, CALL_client_save, 0, 0);
    return ops_client_save(client, out);
}

enum ops_err tape_client_load(struct ops_client *client, struct ops_str saved)
{
    struct taped *t = taped_begin(taped_of(client));
    enum ops_err err;

    tape_put_string(&t->arguments, saved);
    err = ops_client_load(client, saved);
    tape_put_name(&t->out, OUT_result);
    tape_put_number(&t->out, err);
    taped_done(t, CALL_client_load);
    open_cursors(t);
    return err;
}

/* ---- edits -------------------------------------------------------------------------------------------------------------------------- */

static struct taped *edit_begin(const struct ops_doc *doc)
{
    struct taped *t = taped_begin(taped_of_doc(doc));

    tape_put_number(&t->arguments, taped_number(t, doc));
    return t;
}

static enum ops_err edit_done(struct taped *t, enum tape_call call, enum ops_err err)
{
    tape_put_name(&t->out, OUT_result);
    tape_put_number(&t->out, err);
    taped_done(t, call);
    return err;
}

enum ops_err tape_text_insert(struct ops_doc *doc, size_t offset_utf16, struct ops_str text)
{
    struct taped *t = edit_begin(doc);

    tape_put_number(&t->arguments, (double)offset_utf16);
    tape_put_string(&t->arguments, text);
    return edit_done(t, CALL_text_insert, ops_doc_text_insert(doc, offset_utf16, text));
}

enum ops_err tape_text_delete(struct ops_doc *doc, size_t offset_utf16, size_t count_utf16)
{
    struct taped *t = edit_begin(doc);

    tape_put_number(&t->arguments, (double)offset_utf16);
    tape_put_number(&t->arguments, (double)count_utf16);
    return edit_done(t, CALL_text_delete, ops_doc_text_delete(doc, offset_utf16, count_utf16));
}

enum ops_err tape_text_replace(struct ops_doc *doc, size_t offset_utf16, size_t count_utf16, struct ops_str text)
{
    struct taped *t = edit_begin(doc);

    tape_put_number(&t->arguments, (double)offset_utf16);
    tape_put_number(&t->arguments, (double)count_utf16);
    tape_put_string(&t->arguments, text);
    return edit_done(t, CALL_text_replace, ops_doc_text_replace(doc, offset_utf16, count_utf16, text));
}

enum ops_err tape_json_set(struct ops_doc *doc, struct ops_str path, struct ops_str value)
{
    struct taped *t = edit_begin(doc);

    tape_put_string(&t->arguments, path);
    tape_put_string(&t->arguments, value);
    return edit_done(t, CALL_json_set, ops_doc_json_set(doc, path, value));
}

enum ops_err tape_json_del(struct ops_doc *doc, struct ops_str path)
{
    struct taped *t = edit_begin(doc);

    tape_put_string(&t->arguments, path);
    return edit_done(t, CALL_json_del, ops_doc_json_del(doc, path));
}

enum ops_err tape_doc_undo(struct ops_doc *doc)
{
    struct taped *t = edit_begin(doc);

    return edit_done(t, CALL_doc_undo, ops_doc_undo(doc));
}

enum ops_err tape_doc_redo(struct ops_doc *doc)
{
    struct taped *t = edit_begin(doc);

    return edit_done(t, CALL_doc_redo, ops_doc_redo(doc));
}

void tape_doc_undo_stop(struct ops_doc *doc)
{
    struct taped *t = edit_begin(doc);

    ops_doc_undo_stop(doc);
    taped_done(t, CALL_doc_undo_stop);
}

enum ops_err tape_awareness_set(struct ops_doc *doc, struct ops_str data)
{
    struct taped *t = edit_begin(doc);

    tape_put_string(&t->arguments, data);
    return edit_done(t, CALL_awareness_set, ops_doc_awareness_set(doc, data));
}
