/* The codec benchmark: what is measured, and what a contender is.
 *
 * Every contender does equal work: JSON text to the structs of gen/types.h (and base64 with the same functions of
 * runtime/base for everybody), the structs to JSON text; protobuf to the contender's own typed structs. Node keeps its own
 * objects. C11 and C++17. */
#ifndef OPS_BENCH_CODEC_H
#define OPS_BENCH_CODEC_H

#include "bench_types.h"

enum bench_message {
    BENCH_OP,        /* a client's op: WebSocket text, its payload decoded into the typed op */
    BENCH_PUSH,      /* the same op as pushed to the others */
    BENCH_TABLE,     /* 100 cells set in one op */
    BENCH_ASCII_10K, /* snapshots of text documents */
    BENCH_ASCII_1M,
    BENCH_CJK_10K,
    BENCH_CJK_1M,
    BENCH_MESSAGES
};

enum bench_action { BENCH_JSON_DECODE, BENCH_JSON_ENCODE, BENCH_PROTO_DECODE, BENCH_PROTO_ENCODE, BENCH_ACTIONS };

enum {
    BENCH_PADDING_BYTES = 64,          /* zeroed, behind every input: simdjson wants it, RapidJSON wants the first of them */
    BENCH_ARENA_BYTES = 8 * 1024 * 1024
};

/* The typed value of any of the messages. */
struct bench_value {
    struct ops_client_message client;
    struct ops_server_message server;
    struct ops_text_op op; /* what is in the payload of the two */
    struct ops_table_op_batch table;
    struct ops_text_document document;
};

struct bench_sample {
    enum bench_message message;
    const char *name;
    struct ops_str json, proto;
    struct bench_value value;
};

/* What one action gave; valid until the contender's next one. */
struct bench_result {
    struct bench_value value; /* JSON_DECODE */
    struct ops_str bytes;     /* the encodings; PROTO_DECODE: encoded again by the contender, when `check` is set */
    bool check;
};

struct bench_contender {
    const char *name;
    const char *group; /* contenders with the same column: the faster one is shown */
    bool can[BENCH_ACTIONS];
    /* Handles one message once. False when it failed. */
    bool (*once)(const struct bench_sample *sample, enum bench_action action, struct bench_result *result);
};

#ifdef __cplusplus
extern "C" {
#endif
extern const struct bench_contender bench_ours, bench_simdjson_dom, bench_simdjson_ondemand, bench_rapidjson,
    bench_rapidjson_insitu, bench_upb, bench_protobuf_c;

/* An arena of BENCH_ARENA_BYTES that needs no further block. */
void bench_arena_init(struct ops_arena *arena);
#ifdef __cplusplus
}
#endif

/* The compiler must have made all of what `ptr` leads to. */
static inline void bench_use(const void *ptr)
{
    __asm__ volatile("" : : "g"(ptr) : "memory");
}

/* A new node process that handles the files of `folder`; false when there is none. `times` messages take `*ns` in all. */
bool bench_node_start(const char *script, const char *folder);
bool bench_node_run(const char *message, const char *action, uint64_t times, double *ns);
void bench_node_stop(void);

#endif
