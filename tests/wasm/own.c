/* What the tape itself does with a client. See own.h. */
#include "own.h"

#include <stdlib.h>

void own_cursor_open(struct taped *t, unsigned number)
{
    struct ops_doc *doc = taped_doc(t, number);
    bool own = taped_below(2) == 0;
    struct ops_cursor place = {taped_below(60), taped_below(60)};
    uint32_t cursor = 0;
    enum ops_err err;

    taped_begin(t);
    tape_put_number(&t->arguments, number);
    tape_put_number(&t->arguments, own);
    tape_put_number(&t->arguments, (double)place.anchor_utf16);
    tape_put_number(&t->arguments, (double)place.head_utf16);
    err = ops_doc_cursor_open(doc, own, place, &cursor);
    t->cursors[number] = cursor;
    tape_put_name(&t->out, OUT_result);
    tape_put_number(&t->out, err == OPS_OK ? (double)cursor : -1 - (double)err);
    taped_done(t, CALL_cursor_open);
}

static void own_cursor_move(struct taped *t, unsigned number)
{
    struct ops_cursor place = {taped_below(200), taped_below(200)};

    taped_begin(t);
    tape_put_number(&t->arguments, number);
    tape_put_number(&t->arguments, t->cursors[number]);
    if (taped_below(8) == 0) {
        ops_doc_cursor_close(taped_doc(t, number), t->cursors[number]);
        taped_done(t, CALL_cursor_close);
        own_cursor_open(t, number);
        return;
    }
    tape_put_number(&t->arguments, (double)place.anchor_utf16);
    tape_put_number(&t->arguments, (double)place.head_utf16);
    ops_doc_cursor_set(taped_doc(t, number), t->cursors[number], place);
    taped_done(t, CALL_cursor_set);
}

static void append(struct ops_buf *out, const void *bytes, size_t count)
{
    if (!ops_buf_append(out, bytes, count))
        abort();
}

/* As module.c lists registers. */
static void list_register(void *self, struct ops_str path, struct ops_str value)
{
    uint32_t lengths[2] = {(uint32_t)path.len, (uint32_t)value.len};

    append(self, lengths, sizeof lengths);
    append(self, path.ptr, path.len);
    append(self, value.ptr, value.len);
}

void own_read(struct taped *t, unsigned number, enum tape_call call, size_t from, size_t count)
{
    const struct ops_doc *doc = taped_doc(t, number);
    struct ops_arena arena;
    struct ops_buf out;
    enum ops_err err;

    ops_arena_init(&arena, NULL, 0, SIZE_MAX, t->given.memory);
    ops_buf_init(&out, &arena);
    taped_begin(t);
    tape_put_number(&t->arguments, number);
    tape_put_number(&t->arguments, (double)from);
    tape_put_number(&t->arguments, (double)count);
    if (call == CALL_client_save)
        err = ops_client_save(t->client, &out);
    else if (call == CALL_doc_snapshot)
        err = ops_doc_snapshot(doc, &out);
    else if (call == CALL_json_list)
        err = ops_doc_json_each(doc, list_register, &out);
    else
        err = ops_doc_text_range(doc, from, count, &out);
    tape_put_name(&t->out, OUT_result);
    tape_put_number(&t->out, err);
    tape_put_name(&t->out, OUT_bytes);
    tape_put_string(&t->out, ops_str_of(out.len != 0 ? out.ptr : "", out.len));
    taped_done(t, call);
    ops_arena_reset(&arena);
}

void own_call(struct taped *t)
{
    unsigned documents = taped_documents(t), number;
    const struct ops_doc *doc;

    if (documents == 0)
        return;
    number = taped_below(documents);
    doc = taped_doc(t, number);
    switch (taped_below(10)) {
    case 0:
    case 1:
        if (taped_is_text(doc))
            own_cursor_move(t, number);
        break;
    case 2:
        tape_doc_undo_stop(taped_doc(t, number));
        break;
    case 3:
        if (taped_below(20) == 0)
            tape_client_retry_now(t->client);
        break;
    case 4:
        own_read(t, number, CALL_client_save, 0, 0);
        break;
    case 5:
        own_read(t, number, CALL_doc_snapshot, 0, 0);
        break;
    default:
        if (taped_is_text(doc))
            own_read(t, number, CALL_text_range, taped_below((unsigned)ops_doc_text_length(doc) + 10), taped_below(60));
        else
            own_read(t, number, CALL_json_list, 0, 0);
    }
}

void tape_read_all(void)
{
    struct taped *t = NULL;
    unsigned number;

    while ((t = taped_next(t)) != NULL) {
        for (number = 0; number < taped_documents(t); number++) {
            if (taped_is_text(taped_doc(t, number)))
                own_read(t, number, CALL_text_range, 0, UINT32_MAX);
            else
                own_read(t, number, CALL_json_list, 0, 0);
            own_read(t, number, CALL_doc_snapshot, 0, 0);
        }
        own_read(t, 0, CALL_client_save, 0, 0);
    }
}
