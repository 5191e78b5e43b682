/* What is measured: an op as a client sends it and as it is pushed, a table batch, four snapshots. */
#include "samples.h"

#include "gen/profile.h"

#include <stdio.h>
#include <stdlib.h>

enum { SAMPLES_CELLS = 100, SAMPLES_10K_BYTES = 10 * 1024, SAMPLES_1M_BYTES = 1024 * 1024 };

static const char *const sample_names[BENCH_MESSAGES] = {"op",        "push",    "table100", "ascii10k",
                                                         "ascii1m", "cjk10k", "cjk1m"};

static struct ops_arena *samples_arena(void)
{
    static struct ops_arena instance;
    static bool ready;

    if (!ready)
        bench_arena_init(&instance);
    ready = true;
    return &instance;
}

static struct ops_str padded(struct ops_buf *text)
{
    char *copy = (char *)calloc(1, text->len + BENCH_PADDING_BYTES);

    memcpy(copy, text->ptr, text->len);
    return ops_str_of(copy, text->len);
}

/* ---- values ------------------------------------------------------------------------------------------------------- */

static void make_op(struct bench_value *v)
{
    static struct ops_text_component components[3];
    struct ops_buf payload;
    struct ops_str bytes;

    components[0].kind = OPS_TEXT_COMPONENT_RETAIN;
    components[0].retain.count = 1204;
    components[1].kind = OPS_TEXT_COMPONENT_INSERT;
    components[1].insert.text = OPS_STR("Hi & bye");
    components[2].kind = OPS_TEXT_COMPONENT_DELETE;
    components[2].delete_.count = 3;
    v->op.components = components;
    v->op.components_count = 3;
    ops_buf_init(&payload, samples_arena());
    if (ops_text_op_json_encode(&ops_style_v1, &v->op, &payload) != OPS_OK)
        abort();
    bytes = padded(&payload);
    v->client.message_type = OPS_CLIENT_MESSAGE_OP_REQUEST;
    v->client.op_request.document_id = OPS_STR("doc-1");
    v->client.op_request.payload = bytes;
    v->client.op_request.base_revision = 4711;
    v->server.message_type = OPS_SERVER_MESSAGE_RECEIVE_OP_EVENT;
    v->server.receive_op_event.document_id = OPS_STR("doc-1");
    v->server.receive_op_event.payload = bytes;
    v->server.receive_op_event.new_revision = 4712;
}

static struct ops_str formatted(const char *format, int number)
{
    char *text = (char *)malloc(64);

    return ops_str_of(text, (size_t)snprintf(text, 64, format, number));
}

static void make_table(struct bench_value *v)
{
    static struct ops_table_op operations[SAMPLES_CELLS];
    int i;

    for (i = 0; i < SAMPLES_CELLS; i++) {
        struct ops_table_op *op = &operations[i];

        op->kind = OPS_TABLE_OP_SET_CELL;
        op->set_cell.row_id = formatted("row-%d", i / 5 + 1);
        op->set_cell.column_id = formatted("col-%d", i % 5 + 1);
        op->set_cell.value = i % 2 == 0 ? formatted("%d", i * 7919) : formatted("\"cell text %d\"", i);
        op->set_cell.timestamp = INT64_C(1779971696000) + i;
        op->set_cell.peer_id = OPS_STR("5f0c1f3e-7a52-4c57-9a2e-0d4b7c1f9e11");
    }
    v->table.operations = operations;
    v->table.operations_count = SAMPLES_CELLS;
}

/* Prose with a line break every 60 to 90 characters and a quotation now and then, until its JSON has `bytes`. */
static void make_document(struct bench_value *v, const char *const *words, size_t word_count, const char *space, size_t bytes)
{
    char *text = (char *)malloc(bytes + 64);
    size_t len = 0, encoded = sizeof "{\"content\":\"\"}" - 1, line = 0;
    uint32_t random = 12345;

    for (;;) {
        const char *word, *after;
        size_t need;

        random = random * 1664525 + 1013904223;
        word = words[(random >> 8) % word_count];
        line += strlen(word);
        after = line > 60 + (random >> 24) % 30 ? "\n" : (random >> 16) % 97 == 0 ? "\"" : space;
        if (*after == '\n')
            line = 0;
        need = strlen(word) + strlen(after) + (*after == '\n' || *after == '"' ? 1 : 0);
        if (encoded + need > bytes)
            break;
        memcpy(text + len, word, strlen(word));
        len += strlen(word);
        memcpy(text + len, after, strlen(after));
        len += strlen(after);
        encoded += need;
    }
    v->document.content = ops_str_of(text, len);
}

static void make_value(struct bench_sample *s)
{
    static const char *const english[] = {"the",  "document", "and",     "its",  "history", "are",   "merged", "by",
                                          "a",    "server",   "that",    "does", "not",     "guess", "which",  "edit",
                                          "came", "first,",   "because", "it",   "counts",  "every", "revision."};
    static const char *const chinese[] = {"文档", "编辑", "服务器", "协作", "历史", "版本", "，", "的",
                                          "合并", "操作", "每一个", "光标", "。",   "用户", "在", "同时"};
    bool large = s->message == BENCH_ASCII_1M || s->message == BENCH_CJK_1M;
    size_t bytes = large ? SAMPLES_1M_BYTES : SAMPLES_10K_BYTES;

    switch (s->message) {
    case BENCH_OP:
    case BENCH_PUSH:
        make_op(&s->value);
        break;
    case BENCH_TABLE:
        make_table(&s->value);
        break;
    case BENCH_ASCII_10K:
    case BENCH_ASCII_1M:
        make_document(&s->value, english, sizeof english / sizeof english[0], " ", bytes);
        break;
    default:
        make_document(&s->value, chinese, sizeof chinese / sizeof chinese[0], "", bytes);
        break;
    }
}

/* ---- texts -------------------------------------------------------------------------------------------------------- */

static bool make_texts(struct bench_sample *s)
{
    struct bench_result r;

    memset(&r, 0, sizeof r);
    if (!bench_ours.once(s, BENCH_JSON_ENCODE, &r))
        return false;
    s->json = ops_str_of((const char *)memcpy(calloc(1, r.bytes.len + BENCH_PADDING_BYTES), r.bytes.ptr, r.bytes.len),
                         r.bytes.len);
    if (!bench_ours.once(s, BENCH_PROTO_ENCODE, &r))
        return false;
    s->proto = ops_str_of((const char *)memcpy(calloc(1, r.bytes.len + BENCH_PADDING_BYTES), r.bytes.ptr, r.bytes.len),
                          r.bytes.len);
    return true;
}

static bool write_file(const struct bench_sample *s, const char *folder)
{
    char path[512];
    FILE *f;
    bool ok;

    snprintf(path, sizeof path, "%s/%s", folder, s->name);
    f = fopen(path, "wb");
    if (f == NULL)
        return false;
    ok = fwrite(s->json.ptr, 1, s->json.len, f) == s->json.len;
    return fclose(f) == 0 && ok;
}

bool samples_make(struct bench_sample *samples, const char *folder)
{
    int i;

    for (i = 0; i < BENCH_MESSAGES; i++) {
        samples[i].message = (enum bench_message)i;
        samples[i].name = sample_names[i];
        make_value(&samples[i]);
        if (!make_texts(&samples[i]) || !write_file(&samples[i], folder))
            return false;
    }
    return true;
}
