/* The frame reader against the cases of the Autobahn test suite, sections 1 to 7: each case whole, byte by byte and
 * cut at random places, read as a server and as a client. Sections 9 and 10 are in test_frame_limits.c. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "frames.h"

enum { RSV1 = 0x40, RSV2 = 0x20, RSV3 = 0x10, TEXT = FIN | 1, BINARY = FIN | 2, CLOSE = FIN | 8, PING = FIN | 9, PONG = FIN | 10 };

struct piece {
    unsigned first; /* 0: an unfinished continuation */
    const char *payload;
    size_t len;
};
#define P(first, literal) {first, literal, sizeof(literal) - 1}

struct frame_case {
    const char *number;
    struct piece pieces[8]; /* as many as have a payload that is not NULL */
    const char *expect;
};

#define REASON_123                                                                                                      \
    "*********************************************************************************************************************" \
    "******"
#define BYTES_125 REASON_123 "**"

static const struct frame_case cases[] = {
    {"1.1.1", {P(TEXT, "")}, "text"},
    {"1.2.1", {P(BINARY, "")}, "binary"},
    {"1.1.2", {P(TEXT, BYTES_125)}, "text " BYTES_125},
    {"1.1.3", {P(TEXT, BYTES_125 "*")}, "text " BYTES_125 "*"},
    {"1.2.4", {P(BINARY, BYTES_125 "**")}, "binary " BYTES_125 "**"},
    {"2.1", {P(PING, "")}, "ping"},
    {"2.2", {P(PING, "Hello, world!")}, "ping Hello, world!"},
    {"2.4", {P(PING, BYTES_125)}, "ping " BYTES_125},
    {"2.5", {P(PING, BYTES_125 "*")}, "broken 1002"},
    {"2.7", {P(PONG, "")}, "pong"},
    {"2.8", {P(PONG, "unsolicited")}, "pong unsolicited"},
    {"2.9", {P(PONG, "unsolicited"), P(PING, "after")}, "pong unsolicited|ping after"},
    {"2.10", {P(PING, "0"), P(PING, "1"), P(PING, "2"), P(PING, "3"), P(PING, "4")}, "ping 0|ping 1|ping 2|ping 3|ping 4"},
    {"3.1", {P(TEXT | RSV3, "Hello")}, "broken 1002"},
    {"3.2", {P(TEXT, "Hello"), P(TEXT | RSV2, "Hello"), P(PING, "")}, "text Hello|broken 1002"},
    {"3.3", {P(TEXT, "Hello"), P(TEXT | RSV2 | RSV3, "Hello"), P(PING, "")}, "text Hello|broken 1002"},
    {"3.4", {P(TEXT, "Hello"), P(TEXT | RSV1, "Hello"), P(PING, "")}, "text Hello|broken 1002"},
    {"3.5", {P(BINARY | RSV1 | RSV3, "\x00\xff\xfe")}, "broken 1002"},
    {"3.6", {P(PING | RSV1 | RSV2, "Hello")}, "broken 1002"},
    {"3.7", {P(CLOSE | RSV1 | RSV2 | RSV3, "")}, "broken 1002"},
    {"4.1.1", {P(FIN | 3, "")}, "broken 1002"},
    {"4.1.2", {P(FIN | 4, "reserved")}, "broken 1002"},
    {"4.1.3", {P(TEXT, "Hello"), P(FIN | 5, ""), P(PING, "")}, "text Hello|broken 1002"},
    {"4.1.4", {P(TEXT, "Hello"), P(FIN | 6, "x"), P(PING, "")}, "text Hello|broken 1002"},
    {"4.1.5", {P(TEXT, "Hello"), P(FIN | 7, "x"), P(PING, "")}, "text Hello|broken 1002"},
    {"4.2.1", {P(FIN | 11, "")}, "broken 1002"},
    {"4.2.2", {P(FIN | 12, "x")}, "broken 1002"},
    {"4.2.3", {P(TEXT, "Hello"), P(FIN | 13, ""), P(PING, "")}, "text Hello|broken 1002"},
    {"4.2.4", {P(TEXT, "Hello"), P(FIN | 14, "x"), P(PING, "")}, "text Hello|broken 1002"},
    {"4.2.5", {P(TEXT, "Hello"), P(FIN | 15, "x"), P(PING, "")}, "text Hello|broken 1002"},
    {"5.1", {P(9, "frag"), P(FIN, "ment")}, "broken 1002"},
    {"5.2", {P(10, "frag"), P(FIN, "ment")}, "broken 1002"},
    {"5.3", {P(1, "fragment1"), P(FIN, "fragment2")}, "text fragment1fragment2"},
    {"5.6", {P(1, "fragment1"), P(PING, "ping"), P(FIN, "fragment2")}, "ping ping|text fragment1fragment2"},
    {"5.7", {P(1, "fragment1"), P(PONG, "pong"), P(FIN, "fragment2")}, "pong pong|text fragment1fragment2"},
    {"5.8", {P(1, "fragment1"), P(PING, ""), P(0, "-"), P(PING, "2"), P(FIN, "")}, "ping|ping 2|text fragment1-"},
    {"5.9", {P(FIN, "nothing to continue"), P(TEXT, "Hello")}, "broken 1002"},
    {"5.10", {P(FIN, ""), P(TEXT, "Hello")}, "broken 1002"},
    {"5.12", {P(0, "nothing to continue"), P(TEXT, "Hello")}, "broken 1002"},
    {"5.15", {P(1, "fragment1"), P(FIN, "fragment2"), P(0, "fragment3"), P(1, "fragment4")},
     "text fragment1fragment2|broken 1002"},
    {"5.16", {P(0, "fragment1"), P(1, "fragment2"), P(FIN, "fragment3")}, "broken 1002"},
    {"5.17", {P(FIN, "fragment1"), P(1, "fragment2"), P(FIN, "fragment3")}, "broken 1002"},
    {"5.18", {P(1, "fragment1"), P(TEXT, "fragment2")}, "broken 1002"},
    {"5.19", {P(1, "f1"), P(0, "f2"), P(PING, "p1"), P(0, "f3"), P(0, "f4"), P(PING, "p2"), P(FIN, "f5"), P(TEXT, "Hello")},
     "ping p1|ping p2|text f1f2f3f4f5|text Hello"},
    {"5 binary", {P(2, "\x01"), P(0, ""), P(FIN, "\x02"), P(BINARY, "\x03")}, "binary \x01\x02|binary \x03"},
    {"5 close amid", {P(1, "frag"), P(CLOSE, "\x03\xe8"), P(FIN, "ment")}, "close 1000"},
    {"6.1.1", {P(1, ""), P(0, ""), P(FIN, "")}, "text"},
    {"6.1.3", {P(1, ""), P(0, "middle frame payload"), P(FIN, "")}, "text middle frame payload"},
    {"6.2.2", {P(1, "Hello-\xc2\xb5@\xc3\x9f\xc3"), P(FIN, "\xb6\xc3\xa4\xc3\xbc")}, "text Hello-µ@ßöäü"},
    {"6.2.3", {P(1, "\xe2"), P(0, "\x82"), P(PING, "amid"), P(0, ""), P(FIN, "\xac")}, "ping amid|text €"},
    {"6.2.4", {P(1, "\xf0"), P(0, "\x9f"), P(0, "\x98"), P(FIN, "\x80")}, "text 😀"},
    {"6.3.1", {P(TEXT, "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80 edited")}, "broken 1007"},
    {"6.4.1", {P(1, "\xce\xba\xe1\xbd\xb9"), P(0, "\xf4\x90\x80\x80"), P(PING, "late"), P(FIN, "edited")}, "broken 1007"},
    {"6.4.2", {P(1, "\xce\xba\xf4"), P(0, "\x90"), P(PING, "late"), P(FIN, "")}, "broken 1007"},
    {"6.4 cut", {P(1, "\xce\xba"), P(PING, "x"), P(FIN, "\xe2\x82")}, "ping x|broken 1007"},
    {"6.4 binary is not text", {P(2, "\xff"), P(FIN, "\xc0")}, "binary \xff\xc0"},
    {"7.1.1", {P(TEXT, "Hello World!"), P(CLOSE, "\x03\xe8")}, "text Hello World!|close 1000"},
    {"7.1.2", {P(CLOSE, "\x03\xe8"), P(CLOSE, "\x03\xe8")}, "close 1000"},
    {"7.1.3", {P(CLOSE, "\x03\xe8"), P(PING, "")}, "close 1000"},
    {"7.1.4", {P(CLOSE, "\x03\xe8"), P(TEXT, "late")}, "close 1000"},
    {"7.1.5", {P(1, "fragment"), P(CLOSE, "\x03\xe8"), P(FIN, "late")}, "close 1000"},
    {"7.3.1", {P(CLOSE, "")}, "close 1005"},
    {"7.3.2", {P(CLOSE, "a")}, "broken 1002"},
    {"7.3.3", {P(CLOSE, "\x03\xe8")}, "close 1000"},
    {"7.3.4", {P(CLOSE, "\x03\xe8Hello World!")}, "close 1000 Hello World!"},
    {"7.3.5", {P(CLOSE, "\x03\xe8" REASON_123)}, "close 1000 " REASON_123},
    {"7.3.6", {P(CLOSE, "\x03\xe8" REASON_123 "*")}, "broken 1002"},
    {"7.5.1", {P(CLOSE, "\x03\xe8\xce\xba\xed\xa0\x80")}, "broken 1002"},
};

static size_t pieces_of(const struct frame_case *c)
{
    size_t n = 0;

    while (n < 8 && c->pieces[n].payload != NULL)
        n++;
    return n;
}

/* Plays a stream in every way; all say `expect`. */
static void play_every_way(const char *name, const struct piece *pieces, size_t count, const char *expect)
{
    unsigned client, cut, round;

    for (client = 0; client < 2; client++) {
        struct counted counted;
        struct ops_websocket_config config = frames_config(client == 1, 1 << 20, &counted);
        struct stream in = {NULL, 0, 0};
        size_t i;

        for (i = 0; i < count; i++)
            stream_add_frame(&in, pieces[i].first, pieces[i].payload, pieces[i].len, client == 0);
        for (cut = CUT_NOT; cut <= CUT_RANDOM; cut++) {
            for (round = 0; round < (cut == CUT_RANDOM ? 20u : 1u); round++) {
                char *got = frames_play(&config, in, cut);

                if (strcmp(got, expect) != 0)
                    fail_msg("case %s, %s, cut %u, OPS_SEED=%llu: %s, not %s", name, client ? "client" : "server", cut,
                             (unsigned long long)random_seed, got, expect);
                free(got);
                assert_int_equal(counted.out_bytes, 0);
            }
        }
        free(in.ptr);
    }
}

static void every_case_is_read_as_the_standard_says(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof *cases; i++)
        play_every_way(cases[i].number, cases[i].pieces, pieces_of(&cases[i]), cases[i].expect);
}

/* Payloads with U+0000 do not fit into the table's strings. */
static void a_payload_may_hold_any_byte(void **state)
{
    struct counted counted;
    struct ops_websocket_config config = frames_config(false, 1000, &counted);
    struct ops_websocket_reader reader;
    struct ops_websocket_frame frame;
    struct ops_websocket_bytes bytes;
    struct stream in = {NULL, 0, 0};
    char payload[125];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof payload; i++)
        payload[i] = (char)(i * 3);
    stream_add_frame(&in, PING, payload, sizeof payload, true);
    ops_websocket_reader_init(&reader);
    bytes.ptr = in.ptr;
    bytes.len = in.len;
    assert_int_equal(ops_websocket_read(&reader, &config, &bytes, &frame), OPS_WEBSOCKET_PINGED);
    assert_int_equal(frame.payload.len, sizeof payload);
    assert_memory_equal(frame.payload.ptr, payload, sizeof payload);
    assert_int_equal(ops_websocket_read(&reader, &config, &bytes, &frame), OPS_WEBSOCKET_MORE);
    free(in.ptr);
}

/* ---- 6: UTF-8 ---------------------------------------------------------------------------------------------------- */

#define KOSME "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5"

static const char *const good_texts[] = {
    "Hello-\xc2\xb5@\xc3\x9f\xc3\xb6\xc3\xa4\xc3\xbc\xc3\xa0\xc3\xa1-UTF-8!!", KOSME, /* 6.5 */
    "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", /* 6.7, 6.9 */
    "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbd", /* 6.11 */
    "\xef\xbf\xbe", "\xf0\x9f\xbf\xbe", "\xf3\xaf\xbf\xbf", "\xf4\x8f\xbf\xbe", /* 6.22: non-characters */
    "\xef\xbb\xbf", "\xef\xbf\xb9", /* 6.23 */
};
static const char *const bad_texts[] = {
    KOSME "\xed\xa0\x80" "edited", KOSME "\xf4\x90\x80\x80" "edited", /* 6.3, 6.4 */
    "\xf8\x88\x80\x80\x80", "\xfc\x84\x80\x80\x80\x80", "\xf7\xbf\xbf\xbf", "\xfb\xbf\xbf\xbf\xbf", /* 6.8, 6.10 */
    "\xf4\x90\x80\x80", /* 6.12 */
    "\x80", "\xbf", "\x80\xbf", "\x80\xbf\x80\xbf\x80\xbf", /* 6.14 */
    "\xc0 \xc1 ", "\xe0 \xe1 ", "\xf0 \xf1 ", "\xfe", "\xff", /* 6.15, 6.13 */
    "\xc0", "\xe0\x80", "\xf0\x80\x80", "\xf8\x80\x80\x80", "\xdf", "\xef\xbf", "\xf7\xbf\xbf", /* 6.16, 6.6 */
    "\xfe\xfe\xff\xff", /* 6.17 */
    "\xc0\xaf", "\xe0\x80\xaf", "\xf0\x80\x80\xaf", "\xc1\xbf", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf", "\xc0\x80", /* 6.18, 6.19 */
    "\xed\xa0\x80", "\xed\xad\xbf", "\xed\xae\x80", "\xed\xb0\x80", "\xed\xbf\xbf", "\xed\xa0\x80\xed\xb0\x80", /* 6.20, 6.21 */
};

/* A text in one frame, and in two that are cut at every byte. */
static void text_every_way(const char *text, bool good)
{
    char expect[128];
    size_t len = strlen(text), cut;

    snprintf(expect, sizeof expect, good ? "text %s" : "broken 1007", text);
    for (cut = 0; cut <= len; cut++) {
        struct piece pieces[2] = {{1, NULL, 0}, {FIN, NULL, 0}};

        pieces[0].payload = text;
        pieces[0].len = cut;
        pieces[1].payload = text + cut;
        pieces[1].len = len - cut;
        if (cut == 0) {
            pieces[1].first = TEXT;
            play_every_way(expect, pieces + 1, 1, expect);
        } else {
            play_every_way(expect, pieces, 2, expect);
        }
    }
}

static void text_is_checked_across_fragments(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof good_texts / sizeof *good_texts; i++)
        text_every_way(good_texts[i], true);
    for (i = 0; i < sizeof bad_texts / sizeof *bad_texts; i++)
        text_every_way(bad_texts[i], false);
}

/* A fault is told as soon as its last byte is there, not at the message's end (6.4). */
static void bad_text_is_refused_at_its_first_bad_byte(void **state)
{
    static const char *const bad[] = {"\x80",         "\xc1",         "\xf5",         "\xc3\x41",         "\xe0\x9f",
                                      "\xed\xa0",     "\xf0\x8f",     "\xf4\x90",     "\xe2\x82\xc0",     "\xf0\x9f\x98\x7f",
                                      KOSME "\xf4\x90", "a\xf0\x8f",   "ab\xed\xa0",  "abc\xe0\x80",    "\xf0\x9f\xc2"};
    size_t i, at;

    (void)state;
    for (i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct counted counted;
        struct ops_websocket_config config = frames_config(true, 1000, &counted);
        struct ops_websocket_reader reader;
        struct stream in = {NULL, 0, 0}, out = {NULL, 0, 0};

        stream_add(&in, "\x01\x7d", 2); /* 125 bytes of text are announced, and more to follow */
        stream_add(&in, bad[i], strlen(bad[i]));
        ops_websocket_reader_init(&reader);
        for (at = 0; at < in.len; at++) {
            assert_int_equal(out.len, 0);
            frames_feed(&reader, &config, in.ptr + at, 1, &out);
        }
        stream_add(&out, "", 1);
        assert_string_equal(out.ptr, "broken 1007");
        assert_int_equal(counted.out_bytes, 0);
        free(in.ptr);
        free(out.ptr);
    }
}

/* ---- 7: codes ---------------------------------------------------------------------------------------------------- */

static void a_close_carries_only_codes_that_may_be_sent(void **state)
{
    static const unsigned good[] = {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999};
    static const unsigned bad[] = {0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535};
    char payload[3] = "", expect[32];
    struct piece piece = {CLOSE, payload, 2};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof good / sizeof *good; i++) {
        payload[0] = (char)(good[i] >> 8);
        payload[1] = (char)good[i];
        snprintf(expect, sizeof expect, "close %u", good[i]);
        play_every_way("7.7", &piece, 1, expect);
    }
    for (i = 0; i < sizeof bad / sizeof *bad; i++) {
        payload[0] = (char)(bad[i] >> 8);
        payload[1] = (char)bad[i];
        play_every_way("7.9", &piece, 1, "broken 1002");
    }
}

/* ---- headers ----------------------------------------------------------------------------------------------------- */

struct raw_case {
    const char *bytes;
    size_t len;
    bool client;
    const char *expect;
};
#define RAW(literal) literal, sizeof(literal) - 1

static const struct raw_case raws[] = {
    {RAW("\x81\x05Hello"), true, "text Hello"},
    {RAW("\x81\x05Hello"), false, "broken 1002"},                  /* a client must mask */
    {RAW("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"), false, "text Hello"}, /* RFC 6455 §5.7 */
    {RAW("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"), true, "broken 1002"}, /* a server must not */
    {RAW("\x81\x7e\x00\x05Hello"), true, "broken 1002"},           /* not the shortest length */
    {RAW("\x81\x7f\x00\x00\x00\x00\x00\x00\xff\xff"), true, "broken 1002"},
    {RAW("\x81\x7f\x80\x00\x00\x00\x00\x00\x00\x00"), true, "broken 1002"}, /* its highest bit */
    {RAW("\x81\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"), true, "broken 1009"},
    {RAW("\x89\x7e\x00\x80"), true, "broken 1002"},                /* a long control frame */
    {RAW("\x89\x7f\x00\x00\x00\x00\x00\x00\x00\x01x"), true, "broken 1002"},
    {RAW("\xf3"), true, "broken 1002"},                            /* the first byte is enough */
    {RAW("\x81"), true, ""},
};

static void headers_are_refused_as_soon_as_they_are_wrong(void **state)
{
    size_t i;
    unsigned cut;

    (void)state;
    for (i = 0; i < sizeof raws / sizeof *raws; i++) {
        for (cut = CUT_NOT; cut <= CUT_RANDOM; cut++) {
            struct counted counted;
            struct ops_websocket_config config = frames_config(raws[i].client, 1 << 20, &counted);
            struct stream in = {NULL, 0, 0};
            char *got;

            stream_add(&in, raws[i].bytes, raws[i].len);
            got = frames_play(&config, in, cut);
            if (strcmp(got, raws[i].expect) != 0)
                fail_msg("header %zu, cut %u: %s, not %s", i, cut, got, raws[i].expect);
            free(got);
            free(in.ptr);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(every_case_is_read_as_the_standard_says, random_seeded),
        cmocka_unit_test_setup(a_payload_may_hold_any_byte, random_seeded),
        cmocka_unit_test_setup(text_is_checked_across_fragments, random_seeded),
        cmocka_unit_test_setup(bad_text_is_refused_at_its_first_bad_byte, random_seeded),
        cmocka_unit_test_setup(a_close_carries_only_codes_that_may_be_sent, random_seeded),
        cmocka_unit_test_setup(headers_are_refused_as_soon_as_they_are_wrong, random_seeded),
    };

    return cmocka_run_group_tests_name("frames", tests, NULL, NULL);
}
