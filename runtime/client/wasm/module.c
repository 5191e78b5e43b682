/* opstream.wasm: the client session as a module. Must not know what a browser is: all that the session needs from outside is
 * imported by name, all that a program may call is exported.
 *
 * Conventions, for whoever writes a shell in another language than runtime/client/js:
 *   - a client and a document are numbers (addresses);
 *   - strings go in through one buffer: `input(bytes)` makes room and says where, the caller writes all strings of a call there one
 *     behind the other and passes their lengths; a length of ABSENT is a string that is not there;
 *   - strings come out through one: `output()` says where two words lie, address and length of what the last call gave; it holds until
 *     the next call. An address of 0 is a string that is not there;
 *   - times and revisions are doubles (exact up to 2^53), so that no host needs 64-bit integers;
 *   - events are imports, called while a call runs; a host must not call back in from there. Those of a connection have no document;
 *   - a host that wants several clients may have them in one instance, but events of a connection do not say whose they are: the
 *     JavaScript shell makes an instance for each.
 *
 * Documented in runtime/client/client.h, function by function, with the same names behind `ops_`. */
#include "runtime/client/client.h"

#include <stdlib.h>

#define EXPORT(name) __attribute__((export_name(#name)))
#define IMPORT(name) __attribute__((import_module("opstream"), import_name(#name)))

static const size_t ABSENT = SIZE_MAX;

/* ---- what the host does ----------------------------------------------------------------------------------------------------- */

IMPORT(random) void host_random(void *out, size_t bytes);
IMPORT(patch)
void host_patch(struct ops_doc *doc, size_t position, size_t deleted, const char *inserted, size_t bytes, double revision, int origin);
IMPORT(changed) void host_changed(struct ops_doc *doc, const char *path, size_t bytes, int origin);
IMPORT(status) void host_status(struct ops_doc *doc, int status);
IMPORT(refused)
void host_refused(struct ops_doc *doc, const char *code, size_t code_bytes, const char *sentence, size_t sentence_bytes,
                  const char *op, size_t op_bytes);
IMPORT(peer)
void host_peer(struct ops_doc *doc, int change, const char *peer_id, size_t peer_id_bytes, const char *data, size_t data_bytes);
IMPORT(trouble) void host_trouble(const char *what, size_t bytes);

/* ---- memory and strings ------------------------------------------------------------------------------------------------------- */

static char *in;
static size_t in_bytes, in_at;
static struct ops_str out;
static struct ops_arena out_arena; /* of the texts that are made for one call */
static struct ops_buf out_buf;

static void *more(void *self, size_t bytes)
{
    (void)self;
    return malloc(bytes);
}

static void release(void *self, void *block, size_t bytes)
{
    (void)self;
    (void)bytes;
    free(block);
}

static const struct ops_memory memory = {more, release, NULL};

/* Room for the strings of the next call; 0: no memory. */
EXPORT(input) char *module_input(size_t bytes)
{
    in_at = 0;
    if (bytes > in_bytes) {
        free(in);
        in = malloc(bytes);
        in_bytes = in != NULL ? bytes : 0;
    }
    return in;
}

EXPORT(output) const struct ops_str *module_output(void)
{
    return &out;
}

static struct ops_str take(size_t bytes)
{
    struct ops_str s = {NULL, 0};

    if (bytes == ABSENT)
        return s;
    s = ops_str_of(in != NULL ? in + in_at : "", bytes);
    in_at += bytes;
    return s;
}

static struct ops_buf *begin_output(void)
{
    ops_arena_reset(&out_arena);
    ops_buf_init(&out_buf, &out_arena);
    return &out_buf;
}

static enum ops_err end_output(enum ops_err err)
{
    out = err == OPS_OK ? ops_buf_str(&out_buf) : ops_str_of(NULL, 0);
    return err;
}

/* ---- events -------------------------------------------------------------------------------------------------------------------- */

static void fill_random(void *self, void *bytes, size_t count)
{
    (void)self;
    host_random(bytes, count);
}

static void on_patch(void *self, struct ops_doc *doc, const struct ops_patch *patch)
{
    (void)self;
    host_patch(doc, patch->position_utf16, patch->deleted_utf16, patch->inserted.ptr, patch->inserted.len,
               (double)patch->revision, (int)patch->origin);
}

static void on_changed(void *self, struct ops_doc *doc, struct ops_str path, enum ops_origin origin)
{
    (void)self;
    host_changed(doc, path.ptr, path.len, (int)origin);
}

static void on_status(void *self, struct ops_doc *doc, enum ops_doc_status status)
{
    (void)self;
    host_status(doc, (int)status);
}

static void on_refused(void *self, struct ops_doc *doc, const struct ops_refused *refused)
{
    struct ops_str code = ops_error_code_row_of(refused->code)->name;

    (void)self;
    host_refused(doc, code.ptr, code.len, refused->sentence.ptr, refused->sentence.len, refused->op.ptr, refused->op.len);
}

static void on_peer(void *self, struct ops_doc *doc, enum ops_peer_change change, struct ops_str peer_id, struct ops_str data)
{
    (void)self;
    host_peer(doc, (int)change, peer_id.ptr, peer_id.len, data.ptr, data.len);
}

static void on_trouble(void *self, struct ops_str what)
{
    (void)self;
    host_trouble(what.ptr, what.len);
}

/* ---- the client ------------------------------------------------------------------------------------------------------------------ */

/* `author` absent: 22 random characters. 0: no memory. */
EXPORT(client_open) struct ops_client *module_client_open(size_t author, double memory_limit_bytes)
{
    struct ops_client_config config;

    if (out_arena.limit_bytes == 0)
        ops_arena_init(&out_arena, NULL, 0, SIZE_MAX, &memory);
    ops_client_config_init(&config);
    config.memory = &memory;
    config.random = fill_random;
    config.author = take(author);
    if (memory_limit_bytes > 0 && memory_limit_bytes < (double)SIZE_MAX)
        config.memory_limit_bytes = (size_t)memory_limit_bytes;
    config.events.patch = on_patch;
    config.events.changed = on_changed;
    config.events.status = on_status;
    config.events.refused = on_refused;
    config.events.peer = on_peer;
    config.events.trouble = on_trouble;
    return ops_client_open(&config);
}

EXPORT(client_close) void module_client_close(struct ops_client *client)
{
    ops_client_close(client);
}

EXPORT(client_tick) void module_client_tick(struct ops_client *client, double monotonic_ms, double wall_ms)
{
    ops_client_tick(client, (int64_t)monotonic_ms, (int64_t)wall_ms);
}

EXPORT(client_state) int module_client_state(const struct ops_client *client)
{
    return (int)ops_client_state(client);
}

/* Never: a number above 2^53. */
EXPORT(client_deadline_ms) double module_client_deadline_ms(const struct ops_client *client)
{
    return (double)ops_client_deadline_ms(client);
}

EXPORT(client_retry_at_ms) double module_client_retry_at_ms(const struct ops_client *client)
{
    return (double)ops_client_retry_at_ms(client);
}

EXPORT(client_retry_now) void module_client_retry_now(struct ops_client *client)
{
    ops_client_retry_now(client);
}

EXPORT(client_connected) void module_client_connected(struct ops_client *client)
{
    ops_client_connected(client);
}

EXPORT(client_received) void module_client_received(struct ops_client *client, size_t message)
{
    ops_client_received(client, take(message));
}

EXPORT(client_disconnected) void module_client_disconnected(struct ops_client *client, int close_code)
{
    ops_client_disconnected(client, (uint16_t)close_code);
}

EXPORT(client_outgoing) bool module_client_outgoing(struct ops_client *client)
{
    return ops_client_outgoing(client, &out);
}

EXPORT(client_peer_id) void module_client_peer_id(const struct ops_client *client)
{
    out = ops_client_peer_id(client);
}

EXPORT(client_server) void module_client_server(const struct ops_client *client)
{
    out = ops_client_server(client);
}

EXPORT(client_save) int module_client_save(const struct ops_client *client)
{
    return (int)end_output(ops_client_save(client, begin_output()));
}

EXPORT(client_load) int module_client_load(struct ops_client *client, size_t saved)
{
    return (int)ops_client_load(client, take(saved));
}

/* ---- documents --------------------------------------------------------------------------------------------------------------------- */

/* 0: refused; `output` is then absent, its length the ops_err. */
EXPORT(client_join) struct ops_doc *module_client_join(struct ops_client *client, size_t id, size_t type)
{
    struct ops_doc *doc = NULL;
    struct ops_str document_id = take(id);
    enum ops_err err = ops_client_join(client, document_id, take(type), &doc);


    out = ops_str_of(NULL, (size_t)err);
    return err == OPS_OK ? doc : NULL;
}

EXPORT(client_leave) void module_client_leave(struct ops_client *client, struct ops_doc *doc)
{
    ops_client_leave(client, doc);
}

EXPORT(client_next) struct ops_doc *module_client_next(const struct ops_client *client, const struct ops_doc *after)
{
    return ops_client_next(client, after);
}

EXPORT(doc_id) void module_doc_id(const struct ops_doc *doc)
{
    out = ops_doc_id(doc);
}

EXPORT(doc_type) void module_doc_type(const struct ops_doc *doc)
{
    out = ops_doc_type(doc);
}

EXPORT(doc_status) int module_doc_status(const struct ops_doc *doc)
{
    return (int)ops_doc_status(doc);
}

EXPORT(doc_revision) double module_doc_revision(const struct ops_doc *doc)
{
    return (double)ops_doc_revision(doc);
}

EXPORT(doc_pending) size_t module_doc_pending(const struct ops_doc *doc)
{
    return ops_doc_pending(doc);
}

/* ---- text ---------------------------------------------------------------------------------------------------------------------------- */

EXPORT(text_replace) int module_text_replace(struct ops_doc *doc, size_t offset_utf16, size_t count_utf16, size_t text)
{
    return (int)ops_doc_text_replace(doc, offset_utf16, count_utf16, take(text));
}

EXPORT(text_length) size_t module_text_length(const struct ops_doc *doc)
{
    return ops_doc_text_length(doc);
}

EXPORT(text_range) int module_text_range(const struct ops_doc *doc, size_t offset_utf16, size_t count_utf16)
{
    return (int)end_output(ops_doc_text_range(doc, offset_utf16, count_utf16, begin_output()));
}

/* Returns the cursor's number, or -1 - ops_err. */
EXPORT(cursor_open) int module_cursor_open(struct ops_doc *doc, bool own, size_t anchor_utf16, size_t head_utf16)
{
    struct ops_cursor place = {anchor_utf16, head_utf16};
    uint32_t cursor = 0;
    enum ops_err err = ops_doc_cursor_open(doc, own, place, &cursor);

    return err == OPS_OK ? (int)cursor : -1 - (int)err;
}

EXPORT(cursor_set) void module_cursor_set(struct ops_doc *doc, uint32_t cursor, size_t anchor_utf16, size_t head_utf16)
{
    struct ops_cursor place = {anchor_utf16, head_utf16};

    ops_doc_cursor_set(doc, cursor, place);
}

EXPORT(cursor_close) void module_cursor_close(struct ops_doc *doc, uint32_t cursor)
{
    ops_doc_cursor_close(doc, cursor);
}

EXPORT(cursor_anchor) size_t module_cursor_anchor(const struct ops_doc *doc, uint32_t cursor)
{
    return ops_doc_cursor_get(doc, cursor).anchor_utf16;
}

EXPORT(cursor_head) size_t module_cursor_head(const struct ops_doc *doc, uint32_t cursor)
{
    return ops_doc_cursor_get(doc, cursor).head_utf16;
}

/* ---- json ----------------------------------------------------------------------------------------------------------------------------- */

/* `value` absent: deletes the register. */
EXPORT(json_set) int module_json_set(struct ops_doc *doc, size_t path, size_t value)
{
    struct ops_str where = take(path);

    return (int)(value == ABSENT ? ops_doc_json_del(doc, where) : ops_doc_json_set(doc, where, take(value)));
}

EXPORT(json_get) void module_json_get(const struct ops_doc *doc, size_t path)
{
    out = ops_doc_json_get(doc, take(path));
}

/* The document as JSON of its engine's document message. */
EXPORT(doc_snapshot) int module_doc_snapshot(const struct ops_doc *doc)
{
    return (int)end_output(ops_doc_snapshot(doc, begin_output()));
}

static bool listed;

static void list_register(void *self, struct ops_str path, struct ops_str value)
{
    uint32_t lengths[2] = {(uint32_t)path.len, (uint32_t)value.len};

    (void)self;
    listed = listed && ops_buf_append(&out_buf, (const char *)lengths, sizeof lengths) &&
             ops_buf_append(&out_buf, path.ptr, path.len) && ops_buf_append(&out_buf, value.ptr, value.len);
}

/* Live registers, ordered by path: of each the lengths of path and value, two words of 32 bits, little end first, then both. */
EXPORT(json_list) int module_json_list(const struct ops_doc *doc)
{
    enum ops_err err;

    begin_output();
    listed = true;
    err = ops_doc_json_each(doc, list_register, NULL);
    return (int)end_output(err == OPS_OK && !listed ? OPS_ERR_NOMEM : err);
}

/* ---- any document ----------------------------------------------------------------------------------------------------------------------- */

EXPORT(doc_undo) int module_doc_undo(struct ops_doc *doc)
{
    return (int)ops_doc_undo(doc);
}

EXPORT(doc_redo) int module_doc_redo(struct ops_doc *doc)
{
    return (int)ops_doc_redo(doc);
}

EXPORT(doc_undoable) bool module_doc_undoable(const struct ops_doc *doc)
{
    return ops_doc_undoable(doc);
}

EXPORT(doc_redoable) bool module_doc_redoable(const struct ops_doc *doc)
{
    return ops_doc_redoable(doc);
}

EXPORT(doc_undo_stop) void module_doc_undo_stop(struct ops_doc *doc)
{
    ops_doc_undo_stop(doc);
}

EXPORT(awareness_set) int module_awareness_set(struct ops_doc *doc, size_t data)
{
    return (int)ops_doc_awareness_set(doc, take(data));
}
