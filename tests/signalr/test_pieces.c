/* Bytes are a stream: where they are cut means nothing, what is held is bounded and given back, and no memory is no answer half given. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "talk.h"
#include "tests/codec/hex.h"

#define JOIN "{\"type\":1,\"invocationId\":\"0\",\"target\":\"JoinDocument\",\"arguments\":[\"d\",\"text\",1,7]}" SEPARATOR
#define JSON_STREAM                                                                                                                     \
    HELLO_JSON "{\"type\":6}" SEPARATOR JOIN "{\"type\":99,\"x\":[{}]}" SEPARATOR                                                         \
               "{\"arguments\":[\"d\"],\"target\":\"SendOp\",\"invocationId\":\"\xc3\xa9\",\"type\":1}" SEPARATOR                          \
               "{\"type\":2,\"invocationId\":\"4\",\"item\":1}" SEPARATOR "{\"type\":7}" SEPARATOR

/* spec/signalr-protocol.md §7.2: complete frames, and bodies of the specification with their lengths. */
static const char packed_stream[] =
    "02 9106  0c 95 01 80 a130 a3416464 92 28 02  20 95 01 80 c0 a44e6f7465 96 81a16101 c4020102 c0 cb3ff8000000000000 ff cd012c"
    "0a 95 04 80 a131 a3496e66 90  05 93 05 80 a131  07 95 03 80 a130 03 2a  8d80808000 95 03 80 a378797a 01 a4 45727272"
    "11 96 01 80 a378797a a66d6574686f64 91 2a 90  19 96 01 82 a178a179a17aa17a a378797a a66d6574686f64 91 2a 90"
    "18 95 01 80 a130 ac4a6f696e446f63756d656e74 93 a164 a174 01  03 92 07 c0";

/* The stream of `protocol`, handshake included; of the arena. */
static struct ops_str stream_of(enum ops_signalr_protocol protocol, struct ops_arena *arena)
{
    struct ops_str packed, hello = OPS_STR(HELLO_MSGPACK);
    char *both;

    if (protocol == OPS_SIGNALR_JSON)
        return OPS_STR(JSON_STREAM);
    packed = hex_read(arena, packed_stream);
    both = (char *)ops_arena_alloc(arena, hello.len + packed.len);
    memcpy(both, hello.ptr, hello.len);
    memcpy(both + hello.len, packed.ptr, packed.len);
    return ops_str_of(both, hello.len + packed.len);
}

/* What becomes of a stream that comes in two pieces, each of at most `part` bytes a feed. */
static char *becomes(struct ops_str stream, const struct ops_profile *profile, size_t cut, size_t part)
{
    struct talk t;
    char *out;

    talk_begin(&t, profile, true, NULL);
    t.part = part;
    talk_feed(&t, ops_str_of(stream.ptr, cut));
    talk_feed(&t, ops_str_of(stream.ptr + cut, stream.len - cut));
    stream_add(&t.out, "", 1);
    out = t.out.ptr;
    t.out.ptr = NULL;
    talk_end(&t);
    return out;
}

static void a_stream_means_the_same_wherever_it_is_cut(void **state)
{
    static const struct {
        unsigned profile;
        enum ops_signalr_protocol protocol;
        const char *begins;
    } streams[] = {
        {0, OPS_SIGNALR_JSON, "hello {}~|ping|call 2 extends d|skipped|refused {\"type\":3,\"invocationId\":\"\xc3\xa9\",\"result\":"},
        {1, OPS_SIGNALR_JSON, "hello {}~|ping|refused {\"type\":3,\"invocationId\":\"0\",\"error\":\"Failed to invoke 'JoinDocument'"},
        {0, OPS_SIGNALR_MSGPACK, "hello {}~|ping|refused 2c950380a130"},
    };
    size_t i, cut;

    (void)state;
    for (i = 0; i < sizeof streams / sizeof *streams; i++) {
        struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
        struct ops_str stream = stream_of(streams[i].protocol, &arena);
        const struct ops_profile *profile = ops_profiles[streams[i].profile];
        char *whole = becomes(stream, profile, stream.len, 0), *end;

        assert_memory_equal(whole, streams[i].begins, strlen(streams[i].begins));
        end = strrchr(whole, '|');
        assert_non_null(end);
        assert_memory_equal(end, "|close 0 ", 9);
        for (cut = 0; cut <= stream.len; cut++) {
            char *other = becomes(stream, profile, cut, cut % 2 == 0 ? 0 : 1 + cut % 5);

            assert_string_equal(other, whole);
            free(other);
        }
        end = becomes(stream, profile, 0, 1);
        assert_string_equal(end, whole);
        free(end);
        free(whole);
        ops_arena_reset(&arena);
    }
}

static void a_stream_that_ends_anywhere_leaves_nothing(void **state)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    size_t i, cut;

    (void)state;
    for (i = 0; i < 2; i++) {
        struct ops_str stream = stream_of(i == 0 ? OPS_SIGNALR_JSON : OPS_SIGNALR_MSGPACK, &arena);

        for (cut = 0; cut <= stream.len; cut++) {
            struct talk t;

            talk_begin(&t, V1, true, NULL);
            t.part = 7;
            talk_feed(&t, ops_str_of(stream.ptr, cut));
            talk_end(&t); /* asserts it */
        }
    }
    ops_arena_reset(&arena);
}

static void a_connection_between_records_holds_nothing(void **state)
{
    struct talk t;

    (void)state;
    talk_begin(&t, V1, true, NULL);
    t.part = 1;
    talk_text(&t, HELLO_JSON JOIN);
    assert_int_equal(t.counted.out_bytes, 0);
    assert_int_not_equal(t.counted.blocks, 0);
    talk_end(&t);
}

/* ---- limits ----------------------------------------------------------------------------------------------------------------------------- */

/* A Ping of exactly `bytes`, its separator or length included. */
static char *ping_of(enum ops_signalr_protocol protocol, size_t bytes)
{
    char *record = (char *)malloc(bytes + 1);

    assert_non_null(record);
    memset(record, ' ', bytes);
    if (protocol == OPS_SIGNALR_JSON) {
        memcpy(record, "{\"type\":6", 9);
        memcpy(record + bytes - 2, "}" SEPARATOR, 2);
        return record;
    }
    /* a record whose second item, bytes, is skipped: 4 bytes of length here, 1 + 1 + 5 before the bytes */
    record[0] = (char)(unsigned char)((bytes - 4) | 0x80);
    record[1] = (char)(unsigned char)((bytes - 4) >> 7 | 0x80);
    record[2] = (char)(unsigned char)((bytes - 4) >> 14 | 0x80);
    record[3] = (char)(unsigned char)((bytes - 4) >> 21);
    memcpy(record + 4, "\x92\x06\xc6\x00", 4);
    record[8] = (char)(unsigned char)((bytes - 11) >> 16);
    record[9] = (char)(unsigned char)((bytes - 11) >> 8);
    record[10] = (char)(unsigned char)(bytes - 11);
    return record;
}

static void a_record_of_the_limit_is_read_and_one_byte_more_is_not(void **state)
{
    static const struct {
        unsigned profile;
        enum ops_signalr_protocol protocol;
        size_t configured, limit;
    } limits[] = {
        {1, OPS_SIGNALR_JSON, 0, 32768},
        {0, OPS_SIGNALR_JSON, 0, 2097152},
        {0, OPS_SIGNALR_MSGPACK, 0, 2097152},
        {0, OPS_SIGNALR_JSON, 100, 100},
        {0, OPS_SIGNALR_MSGPACK, 100, 100},
    };
    static const size_t parts[] = {0, 1, 4096};
    size_t i, p, more;

    (void)state;
    for (i = 0; i < sizeof limits / sizeof *limits; i++) {
        for (p = 0; p < 3; p++) {
            for (more = 0; more < 2; more++) {
                char *record = ping_of(limits[i].protocol, limits[i].limit + more);
                struct talk t;

                talk_begin(&t, ops_profiles[limits[i].profile], true, NULL);
                t.config.limit_bytes = limits[i].configured;
                talk_text(&t, limits[i].protocol == OPS_SIGNALR_JSON ? HELLO_JSON : HELLO_MSGPACK);
                t.out.len = 0;
                t.part = parts[p]; /* by single bytes too: what was searched is not searched again, or this would not end */
                talk_feed(&t, ops_str_of(record, limits[i].limit + more));
                stream_add(&t.out, "", 1);
                assert_memory_equal(t.out.ptr, more == 0 ? "ping" : "close 13 ", more == 0 ? 5 : 9);
                assert_in_range(t.counted.most_bytes, 0, 4 * limits[i].limit + 1024);
                free(record);
                talk_end(&t);
            }
        }
    }
}

/* Whether by its last byte or by a large piece: refused as soon as no separator can come in time, and nothing over the limit is kept. */
static void a_record_without_an_end_is_refused_at_the_limit(void **state)
{
    static char large[100000];
    size_t beginning;

    (void)state;
    memset(large, ' ', sizeof large);
    for (beginning = 0; beginning < 100; beginning += 33) {
        struct talk t;

        talk_begin(&t, V1, true, NULL);
        t.config.limit_bytes = 100;
        talk_text(&t, HELLO_JSON);
        t.out.len = 0;
        talk_feed(&t, ops_str_of(large, beginning));
        talk_feed(&t, ops_str_of(large, 99 - beginning));
        assert_int_equal(t.out.len, 0);
        talk_feed(&t, ops_str_of(large, 1));
        stream_add(&t.out, "", 1);
        assert_memory_equal(t.out.ptr, "close 13 ", 9);
        talk_end(&t);
        talk_begin(&t, V1, true, NULL);
        t.config.limit_bytes = 100;
        talk_text(&t, HELLO_JSON);
        t.out.len = 0;
        talk_feed(&t, ops_str_of(large, beginning));
        talk_feed(&t, ops_str_of(large, sizeof large));
        stream_add(&t.out, "", 1);
        assert_memory_equal(t.out.ptr, "close 13 ", 9);
        assert_in_range(t.counted.most_bytes, 0, 1024);
        talk_end(&t);
    }
}

static void an_announced_record_over_the_limit_is_refused_at_once(void **state)
{
    struct talk t;

    (void)state;
    talk_begin(&t, V1, true, NULL);
    talk_text(&t, HELLO_MSGPACK);
    t.out.len = 0;
    talk_feed(&t, OPS_STR("\xff\xff\xff"));
    assert_int_equal(t.out.len, 0);
    talk_feed(&t, OPS_STR("\x7f"));
    stream_add(&t.out, "", 1);
    assert_memory_equal(t.out.ptr, "close 13 ", 9);
    assert_in_range(t.counted.most_bytes, 1, 1024);
    talk_end(&t);
}

/* ---- no memory ---------------------------------------------------------------------------------------------------------------------------- */

/* Feeds the stream in pieces; the last step that was told, and whether it was an end for want of memory. */
static bool ends_for_memory(struct ops_str stream, size_t blocks, size_t arena_bytes, bool *read_all)
{
    struct talk t;
    struct ops_signalr_said said;
    enum ops_signalr_step step = OPS_SIGNALR_STEP_MORE;
    bool no_memory = false;
    size_t at;

    talk_begin(&t, V1, true, NULL);
    t.counted.refuse_after = blocks;
    t.arena = test_arena(arena_bytes);
    *read_all = false;
    for (at = 0; at < stream.len; at++) {
        struct ops_str one = ops_str_of(stream.ptr + at, 1);

        while ((step = ops_signalr_session_read(&t.session, &t.config, &one, &t.arena, &said)) != OPS_SIGNALR_STEP_MORE) {
            no_memory = no_memory || (step == OPS_SIGNALR_STEP_CLOSE && said.code == OPS_ERROR_CODE_INTERNAL);
            *read_all = step == OPS_SIGNALR_STEP_CLOSE && said.code == OPS_ERROR_CODE_NO_ERROR;
            if (step == OPS_SIGNALR_STEP_CLOSE)
                assert_non_null(said.reply.ptr);
            ops_arena_reset(&t.arena);
        }
    }
    talk_end(&t);
    return no_memory;
}

static void without_memory_the_connection_ends(void **state)
{
    size_t i, n;

    (void)state;
    for (i = 0; i < 2; i++) {
        struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
        struct ops_str stream = stream_of(i == 0 ? OPS_SIGNALR_JSON : OPS_SIGNALR_MSGPACK, &arena);
        bool read_all = false;

        for (n = 0; !read_all; n++)
            assert_true(ends_for_memory(stream, n, SIZE_MAX, &read_all) != read_all);
        assert_in_range(n, 4, 100);
        for (n = 0, read_all = false; !read_all; n += 8) {
            bool no_memory = ends_for_memory(stream, SIZE_MAX, n, &read_all);

            if (no_memory == read_all && n > 4096)
                fail_msg("an arena of %zu bytes", n);
            assert_in_range(n, 0, 65536);
        }
        ops_arena_reset(&arena);
    }
}

static void without_memory_nothing_is_half_encoded(void **state)
{
    struct ops_server_message m;
    unsigned form;

    (void)state;
    memset(&m, 0, sizeof m);
    m.message_type = OPS_SERVER_MESSAGE_JOIN_RESPONSE;
    m.correlation_id = OPS_STR("\0\1\0dx"); /* as calls.c writes it: a join of `d`, with id `x` */
    m.join_response.snapshot = OPS_STR("{\"content\":\"some text that does not fit into the first block of a buffer\"}");
    for (form = 0; form < ops_signalr_forms(); form++) {
        enum ops_err err = OPS_ERR_NOMEM;
        size_t limit;

        for (limit = 0; err != OPS_OK; limit += 8) {
            struct ops_arena arena = test_arena(limit);
            struct ops_signalr_sent sent;
            struct ops_buf buf;

            if (ops_signalr_form_profile(form) != V1 && form % 4 >= 2)
                break; /* that profile has no MessagePack */
            ops_buf_init(&buf, &arena);
            err = ops_signalr_encode_reply(form, &m, &buf, &sent);
            assert_true(err == OPS_OK || (err == OPS_ERR_NOMEM && buf.len == 0));
            if (err == OPS_OK)
                assert_int_equal(sent.records, ops_signalr_form_profile(form)->awareness_pushed_on_join ? 2 : 1);
            ops_arena_reset(&arena);
            assert_in_range(limit, 0, 65536);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_means_the_same_wherever_it_is_cut),
        cmocka_unit_test(a_stream_that_ends_anywhere_leaves_nothing),
        cmocka_unit_test(a_connection_between_records_holds_nothing),
        cmocka_unit_test(a_record_of_the_limit_is_read_and_one_byte_more_is_not),
        cmocka_unit_test(a_record_without_an_end_is_refused_at_the_limit),
        cmocka_unit_test(an_announced_record_over_the_limit_is_refused_at_once),
        cmocka_unit_test(without_memory_the_connection_ends),
        cmocka_unit_test(without_memory_nothing_is_half_encoded),
    };

    return cmocka_run_group_tests_name("signalr pieces", tests, NULL, NULL);
}
