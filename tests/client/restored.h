/* A client made of saved bytes that may be anything, and what a program then does with it: for test_saved.c and the fuzzer. */
#ifndef OPS_TESTS_CLIENT_RESTORED_H
#define OPS_TESTS_CLIENT_RESTORED_H

#include <stdio.h>
#include <string.h>

#include "runtime/client/client.h"
#include "tests/support/memory.h"

struct restored {
    struct ops_client *client;
    struct ops_client_config config;
    unsigned char drawn;
};

static inline void restored_random(void *self, void *out, size_t bytes)
{
    memset(out, ((struct restored *)self)->drawn++, bytes);
}

static inline void restored_open(struct restored *r)
{
    memset(r, 0, sizeof *r);
    ops_client_config_init(&r->config);
    r->config.memory = &test_memory;
    r->config.memory_limit_bytes = 16 << 20;
    r->config.random = restored_random;
    r->config.random_self = r;
    r->config.pending_max = 50;
    r->config.documents_max = 20;
    r->client = ops_client_open(&r->config);
    if (r->client == NULL)
        abort();
    ops_client_tick(r->client, 1000, 5000);
}

static inline void restored_give(struct restored *r, const char *message)
{
    ops_client_received(r->client, ops_str_of(message, strlen(message)));
}

/* Answers what the client asks for: hello, a join by a refusal or an empty text, an op by an ack. At most this many messages. */
static inline void restored_talk(struct restored *r, unsigned messages)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_client_message asked;
    struct ops_str message, copy;
    char reply[512];

    ops_client_connected(r->client);
    while (messages-- > 0 && ops_client_outgoing(r->client, &message)) {
        if (!ops_arena_copy(&arena, message, &copy) ||
            ops_client_message_json_decode(&ops_style_v1_plus, copy, &arena, &asked, NULL) != OPS_OK)
            abort(); /* what a client sends can be read */
        reply[0] = '\0';
        if (asked.message_type == OPS_CLIENT_MESSAGE_JOIN_REQUEST && asked.join_request.since_revision.set)
            snprintf(reply, sizeof reply, "{\"type\":\"error\",\"id\":%.*s,\"code\":\"RevisionCompacted\",\"message\":\"\"}",
                     (int)asked.correlation_id.len, asked.correlation_id.ptr);
        else if (asked.message_type == OPS_CLIENT_MESSAGE_JOIN_REQUEST)
            snprintf(reply, sizeof reply,
                     "{\"type\":\"join_ack\",\"id\":%.*s,\"revision\":1,\"snapshot\":\"%s\",\"awareness\":[]}", (int)asked.correlation_id.len,
                     asked.correlation_id.ptr,
                     ops_str_equal(asked.join_request.document_type, OPS_STR("text")) ? "eyJjb250ZW50IjoiIn0=" : "eyJyZWdpc3RlcnMiOnt9fQ==");
        else if (asked.message_type == OPS_CLIENT_MESSAGE_OP_REQUEST)
            snprintf(reply, sizeof reply, "{\"type\":\"op_ack\",\"id\":%.*s,\"documentId\":\"\",\"success\":true,\"newRevision\":%lld}",
                     (int)asked.correlation_id.len, asked.correlation_id.ptr, (long long)asked.op_request.base_revision + 1);
        restored_give(r, reply[0] != '\0' ? reply : "{\"type\":\"of the future\"}");
    }
    ops_client_disconnected(r->client, 0);
    ops_arena_reset(&arena);
}

/* Reads, types into, saves again and sends whatever was loaded. */
static inline void restored_use(struct restored *r)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_doc *doc;
    struct ops_buf out;

    for (doc = ops_client_next(r->client, NULL); doc != NULL; doc = ops_client_next(r->client, doc)) {
        ops_buf_init(&out, &arena);
        ops_doc_snapshot(doc, &out);
        ops_doc_text_insert(doc, ops_doc_text_length(doc), OPS_STR("z"));
        ops_doc_text_delete(doc, 0, 1);
        ops_doc_json_set(doc, OPS_STR("z"), OPS_STR("1"));
    }
    restored_talk(r, 100);
    ops_buf_init(&out, &arena);
    if (ops_client_save(r->client, &out) == OPS_OK) {
        struct restored again;

        restored_open(&again);
        if (ops_client_load(again.client, ops_buf_str(&out)) == OPS_ERR_SYNTAX)
            abort(); /* what a client saves can be loaded */
        ops_client_close(again.client);
    }
    ops_arena_reset(&arena);
}

#endif
