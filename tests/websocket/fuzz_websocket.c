/* A WebSocket connection: however a stream is cut, the same events; nothing is held between messages and nothing
 * leaks; a session ends in a Close or goes on, and what it encodes is read again. */
#include "tests/fuzz/fuzz.h"

#include "frames.h"
#include "runtime/transport/websocket/session.h"

/* Cuts by the input itself, so that the fuzzer can move them. */
static char *fuzz_play(const struct ops_websocket_config *config, struct ops_str stream, const uint8_t *cuts,
                       size_t cut_count)
{
    struct ops_websocket_reader reader;
    struct stream out = {NULL, 0, 0};
    size_t at = 0, i = 0;

    ops_websocket_reader_init(&reader);
    while (at < stream.len) {
        size_t n = cut_count == 0 ? stream.len : 1 + cuts[i++ % cut_count] % 32u;

        n = n < stream.len - at ? n : stream.len - at;
        frames_feed(&reader, config, stream.ptr + at, n, &out);
        at += n;
        if (reader.fragments == 0 && reader.left_bytes == 0)
            FUZZ_CLAIM(ops_websocket_reader_held(&reader) == 0, "nothing is held between messages");
    }
    ops_websocket_reader_end(&reader, config);
    stream_add(&out, "", 1);
    return out.ptr;
}

static void fuzz_session(const struct ops_websocket_config *config, struct ops_str stream,
                         const struct ops_profile *profile)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_websocket_session session;
    struct ops_websocket_bytes bytes;
    struct ops_websocket_said said;
    enum ops_websocket_step step;
    char *copy = (char *)malloc(stream.len > 0 ? stream.len : 1);
    bool closed = false;

    FUZZ_CLAIM(copy != NULL, "memory for the input");
    memcpy(copy, stream.ptr, stream.len);
    bytes.ptr = copy;
    bytes.len = stream.len;
    ops_websocket_session_init(&session, profile);
    while ((step = ops_websocket_session_read(&session, config, &bytes, &arena, &said)) != OPS_WEBSOCKET_STEP_MORE) {
        FUZZ_CLAIM(!closed, "nothing comes behind a Close");
        if (step == OPS_WEBSOCKET_STEP_CLOSE) {
            char out[OPS_WEBSOCKET_CONTROL_ROOM];

            closed = true;
            FUZZ_CLAIM(said.close.code == OPS_WEBSOCKET_CODE_NONE || ops_websocket_code_is_sendable(said.close.code),
                       "a code that may be sent");
            FUZZ_CLAIM(ops_websocket_close_write(out, said.close.code, said.close.reason, NULL) <= sizeof out,
                       "a Close has room");
        }
        if (step == OPS_WEBSOCKET_STEP_UNREADABLE)
            FUZZ_CLAIM(said.unreadable.sentence.len > 0 && !session.profile->unreadable_closes, "a refusal says why");
        if (step == OPS_WEBSOCKET_STEP_MESSAGE) {
            static const uint8_t mask[4] = {1, 2, 3, 4};
            struct ops_buf buf;
            struct ops_str frame;

            ops_buf_init(&buf, &arena);
            FUZZ_CLAIM(session.profile != NULL, "a profile is decided");
            FUZZ_CLAIM(said.message.message_type == OPS_CLIENT_MESSAGE_NONE ||
                           ops_websocket_encode_client(ops_websocket_session_form(&session), &said.message, mask, &buf,
                                                       &frame) == OPS_OK,
                       "what was read can be written");
        }
        ops_arena_reset(&arena);
    }
    ops_websocket_session_end(&session, config);
    ops_arena_reset(&arena);
    free(copy);
}

/* How to read, how many cuts, the cuts, then the stream; or, for half of them, messages that are framed here. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    unsigned how = fuzz_byte(&in), cut_count = fuzz_byte(&in) % 8, i;
    struct counted counted;
    struct ops_websocket_config config = frames_config((how & 1) != 0, 2000, &counted);
    struct stream framed = {NULL, 0, 0};
    uint8_t cuts[8] = {0};
    struct ops_str stream;
    char *whole, *cut;

    random_state = 1;
    config.fragments_max = 20;
    config.fragment_cost_bytes = how & 2;
    for (i = 0; i < cut_count; i++)
        cuts[i] = (uint8_t)fuzz_byte(&in);
    while ((how & 4) != 0 && in.size > 0) {
        unsigned first = fuzz_byte(&in), len = fuzz_byte(&in);

        len = len < in.size ? len : (unsigned)in.size;
        stream_add_frame(&framed, first, in.data, len, !config.client);
        in.data += len;
        in.size -= len;
    }
    stream_add(&framed, in.data, in.size);
    stream = ops_str_of(framed.ptr, framed.len);
    whole = fuzz_play(&config, stream, cuts, 0);
    cut = fuzz_play(&config, stream, cuts, cut_count);
    FUZZ_CLAIM(strcmp(whole, cut) == 0, "the same events however it is cut");
    if (!config.client)
        fuzz_session(&config, stream, (how & 8) != 0 ? NULL : ops_profiles[(how >> 4) % ops_profiles_count]);
    FUZZ_CLAIM(counted.out_bytes == 0, "all memory is given back");
    free(whole);
    free(cut);
    free(framed.ptr);
    return 0;
}
