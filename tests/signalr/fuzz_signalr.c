/* A SignalR connection, in both protocols and profiles: however a stream is cut, the same steps; a call that is refused or made can be
 * answered; nothing comes behind an end, nothing leaks, and a connection that goes on with another socket never takes a record twice. */
#include "tests/fuzz/fuzz.h"

#include "runtime/transport/signalr/session.h"
#include "tests/websocket/frames.h"

struct play {
    const struct ops_profile *profile;
    bool binary, stateful;
    struct ops_str hello, stream;
    const uint8_t *cuts;
    size_t cut_count;
    size_t restart_at; /* another socket from this byte on; SIZE_MAX: none */
};

static void fuzz_drop(void *self, void *frame)
{
    (void)self;
    (void)frame;
}

static void fuzz_print(struct stream *out, enum ops_signalr_step step, const struct ops_signalr_said *said)
{
    char words[64];

    stream_add(out, words, (size_t)snprintf(words, sizeof words, "|%d %d %d", (int)step, (int)said->code, said->extends));
    if (step == OPS_SIGNALR_STEP_CALL)
        stream_add(out, words, (size_t)snprintf(words, sizeof words, " %d", (int)said->message.message_type));
    if (step == OPS_SIGNALR_STEP_REFUSED)
        stream_add(out, said->refused.sentence.ptr, said->refused.sentence.len);
    if (said->reply.ptr != NULL)
        stream_add(out, said->reply.ptr, said->reply.len);
}

/* What the core may answer: an op's result, a failure, nothing to say. */
static void fuzz_answer(const struct ops_signalr_session *s, struct ops_str id, struct ops_str sentence, struct ops_arena *arena)
{
    static const enum ops_server_message_message_type answers[] = {
        OPS_SERVER_MESSAGE_OP_RESPONSE, OPS_SERVER_MESSAGE_ERROR_RESPONSE, OPS_SERVER_MESSAGE_AWARENESS_ACK, OPS_SERVER_MESSAGE_JOIN_RESPONSE};
    size_t i;

    for (i = 0; i < sizeof answers / sizeof *answers; i++) {
        struct ops_server_message m;
        struct ops_signalr_sent sent;
        struct ops_buf buf;

        memset(&m, 0, sizeof m);
        m.correlation_id = id;
        m.message_type = answers[i];
        if (answers[i] == OPS_SERVER_MESSAGE_ERROR_RESPONSE) {
            m.error_response.code = OPS_ERROR_CODE_INVALID_MESSAGE;
            m.error_response.message = sentence;
        }
        ops_buf_init(&buf, arena);
        FUZZ_CLAIM(ops_signalr_encode_reply(ops_signalr_session_form(s), &m, &buf, &sent) == OPS_OK, "a call can be answered");
        FUZZ_CLAIM((sent.records == 0) == (sent.payload.len == 0) && (sent.frame.len == 0) == (sent.payload.len == 0),
                   "what is sent is counted");
    }
}

static void fuzz_step(const struct play *p, const struct ops_signalr_session *s, enum ops_signalr_step step,
                      const struct ops_signalr_said *said, bool *closed, struct ops_arena *arena)
{
    FUZZ_CLAIM(!*closed, "nothing comes behind an end");
    *closed = step == OPS_SIGNALR_STEP_CLOSE;
    if (step == OPS_SIGNALR_STEP_CLOSE)
        FUZZ_CLAIM(said->reply.len > 0 && (said->code == OPS_ERROR_CODE_NO_ERROR) == (said->problem == NULL), "an end says why");
    if (step == OPS_SIGNALR_STEP_CALL) {
        struct ops_client_message copy;

        FUZZ_CLAIM(ops_client_message_copy(&said->message, arena, &copy), "a call can be kept");
        FUZZ_CLAIM(!said->extends || p->profile->hub_plus_style->plus, "only where there is something to extend to");
        fuzz_answer(s, copy.correlation_id, OPS_STR("why"), arena);
    }
    if (step == OPS_SIGNALR_STEP_REFUSED) {
        FUZZ_CLAIM(said->refused.sentence.len > 0, "a refusal says why");
        fuzz_answer(s, said->refused.correlation_id, said->refused.sentence, arena);
    }
}

static void fuzz_feed(const struct play *p, struct ops_signalr_session *s, const struct ops_signalr_config *config, struct ops_str bytes,
                      bool *closed, struct stream *out)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    char *copy = (char *)malloc(bytes.len > 0 ? bytes.len : 1);
    struct ops_str rest = ops_str_of(copy, bytes.len);
    struct ops_signalr_said said;
    enum ops_signalr_step step;

    FUZZ_CLAIM(copy != NULL, "memory for the input");
    memcpy(copy, bytes.ptr, bytes.len);
    while ((step = ops_signalr_session_read(s, config, &rest, &arena, &said)) != OPS_SIGNALR_STEP_MORE) {
        fuzz_step(p, s, step, &said, closed, &arena);
        fuzz_print(out, step, &said);
        if (s->replay != NULL)
            FUZZ_CLAIM(s->replay->received <= s->replay->highest && s->replay->told <= s->replay->highest, "numbers are in order");
        ops_arena_reset(&arena);
    }
    FUZZ_CLAIM(rest.len == 0, "all bytes are used up");
    free(copy);
}

static struct stream fuzz_play(const struct play *p)
{
    struct counted counted = {0, 0, 0, SIZE_MAX};
    struct ops_memory memory = {counted_more, counted_release, &counted};
    struct ops_signalr_config config = {&memory, 3000};
    struct ops_signalr_replay replay;
    struct ops_signalr_session s;
    struct stream out = {NULL, 0, 0};
    bool closed = false;
    size_t at = 0, i = 0;

    memset(&replay, 0, sizeof replay);
    replay.memory = &memory;
    replay.drop = fuzz_drop;
    ops_signalr_session_init(&s, p->profile, p->binary, p->stateful ? &replay : NULL);
    fuzz_feed(p, &s, &config, p->hello, &closed, &out);
    for (i = 0; p->stateful && i < 5; i++)
        FUZZ_CLAIM(ops_signalr_replay_keep(&replay, &s, 10, 1 + i % 2), "memory for what is kept");
    i = 0;
    while (at < p->stream.len) {
        size_t n = p->cut_count == 0 ? p->stream.len : 1 + p->cuts[i++ % p->cut_count] % 32u;

        if (at >= p->restart_at && s.replay != NULL && !replay.discarding && !closed) {
            ops_signalr_session_restart(&s, &config);
            ops_signalr_replay_begin(&replay);
        }
        n = n < p->stream.len - at ? n : p->stream.len - at;
        fuzz_feed(p, &s, &config, ops_str_of(p->stream.ptr + at, n), &closed, &out);
        at += n;
        FUZZ_CLAIM(counted.out_bytes <= 2 * 3000 + 1024, "what is held is bounded");
    }
    ops_signalr_session_end(&s, &config);
    ops_signalr_replay_end(&replay);
    FUZZ_CLAIM(counted.out_bytes == 0, "all memory is given back");
    return out;
}

/* How to play, how many cuts, the cuts, then the stream. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const hellos[] = {"", "{\"protocol\":\"json\",\"version\":1}\x1e", "{\"protocol\":\"messagepack\",\"version\":1}\x1e",
                                         "{\"protocol\":\"json\",\"version\":2}\x1e", "{\"protocol\":\"messagepack\",\"version\":2}\x1e"};
    struct fuzz_input in = {data, size};
    unsigned how = fuzz_byte(&in), hello = fuzz_byte(&in) % 5, i;
    size_t cut_count = fuzz_byte(&in) % 8;
    uint8_t cuts[8] = {0};
    struct play p;
    struct stream whole, cut;

    for (i = 0; i < cut_count; i++)
        cuts[i] = (uint8_t)fuzz_byte(&in);
    p.profile = ops_profiles[how % ops_profiles_count];
    p.binary = (how & 4) == 0;
    p.stateful = (how & 8) != 0;
    p.hello = ops_str_of(hellos[hello], strlen(hellos[hello]));
    p.stream = fuzz_rest(&in);
    p.cuts = cuts;
    p.cut_count = 0;
    p.restart_at = SIZE_MAX;
    whole = fuzz_play(&p);
    p.cut_count = cut_count;
    cut = fuzz_play(&p);
    FUZZ_CLAIM(whole.len == cut.len && (whole.len == 0 || memcmp(whole.ptr, cut.ptr, whole.len) == 0), "the same steps however it is cut");
    free(cut.ptr);
    if (p.stateful) {
        p.restart_at = how >> 4;
        cut = fuzz_play(&p);
        free(cut.ptr);
    }
    free(whole.ptr);
    free((void *)(uintptr_t)p.stream.ptr);
    return 0;
}
