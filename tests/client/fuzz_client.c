/* A client: saved bytes that are anything are refused or can be used; whatever a server says between edits, cuts and saves, the
 * patches that were told are the text that can be read, and cursors are inside it. */
#include "tests/fuzz/fuzz.h"

#include "restored.h"
#include "runtime/base/base64.h"
#include "runtime/base/utf.h"

struct fuzzed {
    struct restored r;
    struct ops_doc *text, *json;
    uint32_t cursor;
    size_t shown_utf16; /* by patches and own edits */
    int64_t now_ms;
    uint64_t request;   /* id of the last request sent */
};

static void fuzzed_patch(void *self, struct ops_doc *doc, const struct ops_patch *patch)
{
    struct fuzzed *f = (struct fuzzed *)self;

    FUZZ_CLAIM(doc == f->text, "a patch is of a text");
    FUZZ_CLAIM(patch->position_utf16 <= f->shown_utf16 && patch->deleted_utf16 <= f->shown_utf16 - patch->position_utf16,
               "a patch is inside the text");
    FUZZ_CLAIM(patch->inserted_utf16 == ops_utf16_length(patch->inserted.ptr, patch->inserted.len), "a patch has its length");
    f->shown_utf16 = f->shown_utf16 - patch->deleted_utf16 + patch->inserted_utf16;
}

static void fuzzed_check(const struct fuzzed *f)
{
    struct ops_cursor place = ops_doc_cursor_get(f->text, f->cursor);
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_buf out;

    ops_buf_init(&out, &arena);
    if (ops_doc_text_range(f->text, 0, SIZE_MAX, &out) == OPS_OK) {
        FUZZ_CLAIM(ops_doc_text_length(f->text) == f->shown_utf16, "the patches make the text");
        FUZZ_CLAIM(out.len == 0 || ops_utf8_valid_prefix(out.ptr, out.len) == out.len, "the text is UTF-8");
        FUZZ_CLAIM(place.anchor_utf16 <= f->shown_utf16 && place.head_utf16 <= f->shown_utf16, "cursors are inside the text");
    }
    FUZZ_CLAIM(ops_doc_revision(f->text) >= 0, "revisions are not negative");
    ops_arena_reset(&arena);
}

static struct ops_str fuzz_part(struct fuzz_input *in)
{
    size_t len = fuzz_byte(in) * 2;
    struct ops_str part;

    len = len < in->size ? len : in->size;
    part = ops_str_of((const char *)in->data, len);
    in->data += len;
    in->size -= len;
    return part;
}

/* A message of the server that is more often right than random bytes: {type, what is needed}. */
static void fuzzed_server(struct fuzzed *f, struct fuzz_input *in, unsigned what)
{
    static const char *const docs[] = {"text", "json"};
    char message[4096], payload[2048];
    struct ops_doc *doc = what & 1 ? f->json : f->text;
    long long revision = (long long)ops_doc_revision(doc) + (int)(fuzz_byte(in) % 8) - 3;
    struct ops_str part = fuzz_part(in);
    char *end = ops_base64_encode(payload, part.ptr, part.len);
    unsigned long long request = f->request - fuzz_byte(in) % 3;

    *end = '\0';
    switch (what >> 1) {
    case 0:
        snprintf(message, sizeof message, "{\"type\":\"op\",\"documentId\":\"%s\",\"payload\":\"%s\",\"revision\":%lld}", docs[what & 1],
                 payload, revision);
        break;
    case 1:
        snprintf(message, sizeof message, "{\"type\":\"op_ack\",\"id\":%llu,\"documentId\":\"%s\",\"success\":true,\"newRevision\":%lld}",
                 request, docs[what & 1], revision);
        break;
    case 2:
        snprintf(message, sizeof message,
                 "{\"type\":\"op_ack\",\"id\":%llu,\"documentId\":\"%s\",\"success\":false,\"newRevision\":0,\"errorMessage\":\"%s: x\"}", request,
                 docs[what & 1],
                 (const char *const[]){"InvalidOp", "NotJoined", "RevisionAhead", "RevisionCompacted", "Internal"}[fuzz_byte(in) % 5]);
        break;
    case 3:
        snprintf(message, sizeof message, "{\"type\":\"join_ack\",\"id\":%llu,\"revision\":%lld,\"snapshot\":\"%s\",\"awareness\":[]}", request,
                 revision, payload);
        break;
    case 4:
        snprintf(message, sizeof message,
                 "{\"type\":\"join_ack\",\"id\":%llu,\"revision\":%lld,\"snapshot\":\"\",\"awareness\":[],\"pendingOps\":[{\"payload\":\"%s\","
                 "\"revision\":%lld}]}",
                 request, revision, payload, revision);
        break;
    default:
        snprintf(message, sizeof message, "{\"type\":\"error\",\"id\":%llu,\"documentId\":\"%s\",\"code\":\"RevisionCompacted\",\"message\":\"\"}",
                 request, docs[what & 1]);
    }
    restored_give(&f->r, message);
}

static void fuzzed_send(struct fuzzed *f)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_client_message asked;
    struct ops_str message;

    if (ops_client_outgoing(f->r.client, &message)) {
        FUZZ_CLAIM(ops_client_message_json_decode(&ops_style_v1_plus, message, &arena, &asked, NULL) == OPS_OK, "what is sent can be read");
        if (asked.correlation_id.len > 0)
            f->request++;
    }
    ops_arena_reset(&arena);
}

static void fuzzed_edit(struct fuzzed *f, struct fuzz_input *in)
{
    size_t length = ops_doc_text_length(f->text), at = fuzz_byte(in) % (length + 1), count = fuzz_byte(in) % (length - at + 1);
    struct ops_str text = fuzz_part(in);

    if (ops_doc_text_replace(f->text, at, count, text) == OPS_OK)
        f->shown_utf16 = f->shown_utf16 - count + (text.len > 0 ? ops_utf16_length(text.ptr, text.len) : 0);
}

static void fuzzed_write(struct fuzzed *f, struct fuzz_input *in)
{
    struct ops_str path = fuzz_part(in);

    ops_doc_json_set(f->json, path, fuzz_part(in));
}

static void fuzzed_wait(struct fuzzed *f, unsigned ms)
{
    f->now_ms += ms;
    ops_client_tick(f->r.client, f->now_ms, 5000 + f->now_ms);
}

static void fuzzed_save(const struct fuzzed *f)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct restored other;
    struct ops_buf out;

    ops_buf_init(&out, &arena);
    FUZZ_CLAIM(ops_client_save(f->r.client, &out) == OPS_OK, "a client can be saved");
    restored_open(&other);
    FUZZ_CLAIM(ops_client_load(other.client, ops_buf_str(&out)) != OPS_ERR_SYNTAX, "what was saved can be loaded");
    ops_client_close(other.client);
    ops_arena_reset(&arena);
}

static struct ops_str fuzzed_snapshot(const struct ops_doc *doc, struct ops_arena *arena)
{
    struct ops_buf out;

    ops_buf_init(&out, arena);
    return ops_doc_snapshot(doc, &out) == OPS_OK ? ops_buf_str(&out) : ops_str_of(NULL, 0);
}

/* Undo, redo; both and nothing is different; or the next edit is a change of its own. */
static void fuzzed_undo(struct fuzzed *f, unsigned how)
{
    struct ops_doc *doc = how & 1 ? f->text : f->json;
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_str before = fuzzed_snapshot(f->text, &arena);
    bool undoable = ops_doc_undoable(doc), redoable = ops_doc_redoable(doc);
    enum ops_err err;

    if ((how >> 1) % 4 == 0)
        ops_doc_undo_stop(doc);
    err = (how >> 1) % 4 == 1 ? ops_doc_redo(doc) : ops_doc_undo(doc);
    FUZZ_CLAIM(err != OPS_OK || ((how >> 1) % 4 == 1 ? redoable : undoable), "what is taken back was there");
    if (err == OPS_OK && (how >> 1) % 4 == 3 && ops_doc_redoable(doc) && ops_doc_redo(doc) == OPS_OK && doc == f->text)
        FUZZ_CLAIM(ops_str_equal(before, fuzzed_snapshot(f->text, &arena)), "redo does what undo has taken back");
    ops_arena_reset(&arena);
}

static void fuzzed_step(struct fuzzed *f, struct fuzz_input *in)
{
    unsigned what = fuzz_byte(in) % 32;

    if (what < 12)
        fuzzed_server(f, in, what);
    else if (what < 16)
        fuzzed_edit(f, in);
    else if (what < 22)
        fuzzed_send(f);
    else if (what == 22)
        ops_client_received(f->r.client, fuzz_part(in));
    else if (what == 23)
        ops_client_disconnected(f->r.client, (uint16_t)fuzz_byte(in));
    else if (what == 24)
        fuzzed_write(f, in);
    else if (what == 25)
        ops_doc_json_del(f->json, fuzz_part(in));
    else if (what == 26)
        fuzzed_save(f);
    else if (what == 27)
        fuzzed_undo(f, fuzz_byte(in));
    else if (what == 28)
        ops_doc_awareness_set(f->text, fuzz_part(in));
    else if (what == 29)
        ops_doc_cursor_set(f->text, f->cursor, (struct ops_cursor){fuzz_byte(in), fuzz_byte(in)});
    else
        fuzzed_wait(f, fuzz_byte(in) * 200);
    if (ops_client_state(f->r.client) == OPS_CLIENT_CLOSE)
        ops_client_disconnected(f->r.client, 0);
    ops_client_retry_now(f->r.client);
    if (ops_client_state(f->r.client) == OPS_CLIENT_CONNECT)
        ops_client_connected(f->r.client);
}

static void fuzz_conversation(struct fuzz_input *in)
{
    struct fuzzed f;

    memset(&f, 0, sizeof f);
    f.now_ms = 2000;
    restored_open(&f.r);
    ops_client_close(f.r.client);
    f.r.config.events.self = &f;
    f.r.config.events.patch = fuzzed_patch;
    f.r.config.random_self = &f.r;
    f.r.client = ops_client_open(&f.r.config);
    FUZZ_CLAIM(f.r.client != NULL, "a client opens");
    FUZZ_CLAIM(ops_client_join(f.r.client, OPS_STR("text"), OPS_STR("text"), &f.text) == OPS_OK, "a text opens");
    FUZZ_CLAIM(ops_client_join(f.r.client, OPS_STR("json"), OPS_STR("json"), &f.json) == OPS_OK, "a json document opens");
    FUZZ_CLAIM(ops_doc_cursor_open(f.text, true, (struct ops_cursor){0, 0}, &f.cursor) == OPS_OK, "a cursor opens");
    ops_client_connected(f.r.client);
    while (in->size > 0) {
        fuzzed_step(&f, in);
        fuzzed_check(&f);
    }
    ops_client_close(f.r.client);
}

/* The first byte: saved bytes, or a conversation. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    struct restored r;
    struct ops_str rest;

    if (fuzz_byte(&in) & 1) {
        fuzz_conversation(&in);
        return 0;
    }
    rest = fuzz_rest(&in);
    restored_open(&r);
    if (ops_client_load(r.client, rest) == OPS_OK)
        restored_use(&r);
    ops_client_close(r.client);
    free((void *)(uintptr_t)rest.ptr);
    return 0;
}
