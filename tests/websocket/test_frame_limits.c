/* The frame reader's sizes, limits and memory (Autobahn 1.1.2-8, 9, 10), and the writer, which the reader reads. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "frames.h"

static char *letters(size_t len)
{
    char *text = (char *)malloc(len + 1);
    size_t i;

    if (text == NULL)
        abort();
    for (i = 0; i < len; i++)
        text[i] = (char)('a' + i % 26);
    text[len] = '\0';
    return text;
}

/* A message in fragments of `step` bytes. */
static void add_message(struct stream *in, const char *text, size_t len, size_t step, bool masked)
{
    size_t at = 0;

    do {
        size_t n = len - at < step ? len - at : step;

        stream_add_frame(in, (at == 0 ? 1u : 0u) | (at + n == len ? (unsigned)FIN : 0u), text + at, n, masked);
        at += n;
    } while (at < len);
}

static void messages_of_every_size_come_whole(void **state)
{
    static const size_t sizes[] = {0,   1,   3,     31,    32,    33,    125,   126,    127,
                                   128, 129, 16383, 16384, 16385, 65535, 65536, 300001, 1 << 20};
    static const size_t steps[] = {64, 1300, 65536, SIZE_MAX};
    size_t i, k;
    unsigned how;

    (void)state;
    for (i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char *text = letters(sizes[i]);
        struct stream expect = {NULL, 0, 0};

        stream_print(&expect, "text", ops_str_of(text, sizes[i]));
        stream_add(&expect, "", 1);
        for (k = 0; k < 4; k++) {
            for (how = 0; how < 6; how++) {
                struct counted counted;
                struct ops_websocket_config config = frames_config(how / 3 == 1, 1 << 20, &counted);
                struct stream in = {NULL, 0, 0};
                char *got;

                add_message(&in, text, sizes[i], steps[k], !config.client);
                got = frames_play(&config, in, how % 3);
                assert_string_equal(got, expect.ptr);
                assert_int_equal(counted.out_bytes, 0);
                assert_true(counted.most_bytes <= 3 * sizes[i] + 1024); /* while it grows: the old memory and the new */
                free(got);
                free(in.ptr);
            }
        }
        free(expect.ptr);
        free(text);
    }
}

/* ---- limits ------------------------------------------------------------------------------------------------------ */

/* What a reader with a limit of 1,000 bytes says of fragments of `size` bytes each. */
static char *limited(uint32_t fragments_max, uint32_t cost_bytes, size_t count, size_t size, size_t last_size)
{
    struct counted counted;
    struct ops_websocket_config config = frames_config(false, 1000, &counted);
    struct stream in = {NULL, 0, 0};
    char text[1001], *got;
    size_t i;

    memset(text, 'x', sizeof text);
    config.fragments_max = fragments_max;
    config.fragment_cost_bytes = cost_bytes;
    for (i = 0; i < count; i++)
        stream_add_frame(&in, (i == 0 ? 2u : 0u) | (i + 1 == count ? (unsigned)FIN : 0u), text,
                         i + 1 == count ? last_size : size, true);
    got = frames_play(&config, in, CUT_RANDOM);
    got[6] = '\0'; /* binary, broken */
    assert_int_equal(counted.out_bytes, 0);
    free(in.ptr);
    return got;
}

static void assert_limited(const char *expect, char *got)
{
    assert_string_equal(got, expect);
    free(got);
}

static void limits_hold_at_the_limit_and_not_beyond_it(void **state)
{
    (void)state;
    assert_limited("binary", limited(100, 0, 1, 0, 1000));
    assert_limited("broken", limited(100, 0, 1, 0, 1001));
    assert_limited("binary", limited(100, 0, 10, 100, 100));
    assert_limited("broken", limited(100, 0, 10, 100, 101));
    assert_limited("binary", limited(10, 0, 10, 1, 1));
    assert_limited("broken", limited(10, 0, 11, 1, 1));
    assert_limited("broken", limited(10, 0, 11, 0, 0));
    assert_limited("binary", limited(100, 16, 1, 0, 1000)); /* a message in one frame costs nothing more */
    assert_limited("binary", limited(100, 100, 10, 10, 10));
    assert_limited("broken", limited(100, 100, 10, 10, 11));
    assert_limited("broken", limited(1000, 100, 12, 0, 0)); /* a flood of nothing */
}

/* The header that announces too much is refused before a byte of it is kept; one that does not is not believed
 * either. */
static void an_announced_length_costs_no_memory(void **state)
{
    static const char too_large[] = "\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x01",
                      fits[] = "\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00xyz";
    struct counted counted;
    struct ops_websocket_config config = frames_config(true, 65536, &counted);
    struct ops_websocket_reader reader;
    struct stream out = {NULL, 0, 0};

    (void)state;
    ops_websocket_reader_init(&reader);
    frames_feed(&reader, &config, too_large, sizeof too_large - 1, &out);
    stream_add(&out, "", 1);
    assert_string_equal(out.ptr, "broken 1009");
    assert_int_equal(counted.blocks, 0);
    out.len = 0;
    ops_websocket_reader_init(&reader);
    frames_feed(&reader, &config, fits, sizeof fits - 1, &out);
    assert_int_equal(out.len, 0);
    assert_true(counted.most_bytes <= 256);
    ops_websocket_reader_end(&reader, &config);
    assert_int_equal(counted.out_bytes, 0);
    free(out.ptr);
}

/* ---- memory ------------------------------------------------------------------------------------------------------ */

static void a_message_that_is_whole_is_a_slice_of_what_was_fed(void **state)
{
    struct counted counted;
    struct ops_websocket_config config = frames_config(false, 1 << 20, &counted);
    struct ops_websocket_reader reader;
    struct ops_websocket_frame frame;
    struct ops_websocket_bytes bytes;
    struct stream in = {NULL, 0, 0};
    unsigned i;

    (void)state;
    for (i = 0; i < 5; i++)
        stream_add_frame(&in, FIN | 1, "a message", 9, true);
    ops_websocket_reader_init(&reader);
    bytes.ptr = in.ptr;
    bytes.len = in.len;
    for (i = 0; i < 5; i++) {
        assert_int_equal(ops_websocket_read(&reader, &config, &bytes, &frame), OPS_WEBSOCKET_MESSAGE);
        assert_true(frame.payload.ptr == in.ptr + 15 * i + 6);
        assert_memory_equal(frame.payload.ptr, "a message", 9);
    }
    assert_int_equal(ops_websocket_read(&reader, &config, &bytes, &frame), OPS_WEBSOCKET_MORE);
    assert_int_equal(counted.blocks, 0);
    free(in.ptr);
}

static void between_messages_nothing_is_held(void **state)
{
    struct counted counted;
    struct ops_websocket_config config = frames_config(false, 1 << 20, &counted);
    struct ops_websocket_reader reader;
    struct stream in = {NULL, 0, 0}, out = {NULL, 0, 0};
    unsigned i;

    (void)state;
    assert_true(sizeof reader <= 56);
    ops_websocket_reader_init(&reader);
    for (i = 0; i < 100; i++) {
        size_t cut;

        in.len = 0;
        stream_add_frame(&in, 1, "in two", 6, true);
        stream_add_frame(&in, FIN | 9, "amid", 4, true);
        stream_add_frame(&in, FIN, " parts", 6, true);
        cut = rnd_below((unsigned)in.len);
        frames_feed(&reader, &config, in.ptr, cut, &out);
        frames_feed(&reader, &config, in.ptr + cut, in.len - cut, &out);
        assert_int_equal(ops_websocket_reader_held(&reader), 0);
        assert_int_equal(counted.out_bytes, 0);
    }
    free(in.ptr);
    free(out.ptr);
}

/* Every allocation fails once: the connection ends with 1011, nothing leaks, and what came before has come. */
static void a_message_is_whole_or_broken_at_every_memory_limit(void **state)
{
    char *text = letters(5000);
    size_t refuse_after;

    (void)state;
    for (refuse_after = 0;; refuse_after++) {
        struct counted counted;
        struct ops_websocket_config config = frames_config(false, 1 << 20, &counted);
        struct stream in = {NULL, 0, 0};
        char *got;
        bool whole;

        counted.refuse_after = refuse_after;
        stream_add_frame(&in, FIN | 9, "p", 1, true);
        add_message(&in, text, 5000, 100, true);
        got = frames_play(&config, in, CUT_BYTES);
        assert_int_equal(counted.out_bytes, 0);
        whole = strstr(got, "text 5000#") != NULL;
        if (!whole)
            assert_non_null(strstr(got, "broken 1011"));
        free(got);
        free(in.ptr);
        if (whole)
            break;
    }
    assert_in_range(refuse_after, 3, 20); /* it grows by doubling */
    free(text);
}

/* A caller that stops between two events finds the rest as it was. */
static void reading_can_stop_between_two_events(void **state)
{
    struct counted counted;
    struct ops_websocket_config config = frames_config(false, 1000, &counted);
    struct ops_websocket_reader reader;
    struct ops_websocket_frame frame;
    struct ops_websocket_bytes bytes;
    struct stream in = {NULL, 0, 0};
    char *before;
    size_t left;

    (void)state;
    stream_add_frame(&in, FIN | 1, "one", 3, true);
    stream_add_frame(&in, FIN | 1, "two", 3, true);
    before = (char *)malloc(in.len);
    assert_non_null(before);
    memcpy(before, in.ptr, in.len);
    ops_websocket_reader_init(&reader);
    bytes.ptr = in.ptr;
    bytes.len = in.len;
    assert_int_equal(ops_websocket_read(&reader, &config, &bytes, &frame), OPS_WEBSOCKET_MESSAGE);
    left = bytes.len;
    assert_int_equal(left, 9);
    assert_memory_equal(bytes.ptr, before + in.len - left, left);
    assert_int_equal(ops_websocket_read(&reader, &config, &bytes, &frame), OPS_WEBSOCKET_MESSAGE);
    assert_memory_equal(frame.payload.ptr, "two", 3);
    free(before);
    free(in.ptr);
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

static void what_is_written_is_read(void **state)
{
    static const size_t sizes[] = {0, 125, 126, 65535, 65536};
    static const uint8_t mask[4] = {0x37, 0xfa, 0x21, 0x3d};
    size_t i;
    unsigned masked;

    (void)state;
    for (i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (masked = 0; masked < 2; masked++) {
            struct counted counted;
            struct ops_websocket_config config = frames_config(masked == 0, 1 << 20, &counted);
            size_t header = ops_websocket_header_bytes(sizes[i], masked == 1);
            char *text = letters(sizes[i]), *got;
            struct stream in = {NULL, 0, 0}, expect = {NULL, 0, 0};
            char *at = stream_room(&in, header + sizes[i]);

            assert_ptr_equal(ops_websocket_header_write(at, OPS_WEBSOCKET_TEXT, sizes[i], masked == 1 ? mask : NULL),
                             at + header);
            memcpy(at + header, text, sizes[i]);
            if (masked == 1)
                ops_websocket_mask(at + header, sizes[i], mask);
            in.len = header + sizes[i];
            got = frames_play(&config, in, CUT_RANDOM);
            stream_print(&expect, "text", ops_str_of(text, sizes[i]));
            stream_add(&expect, "", 1);
            assert_string_equal(got, expect.ptr);
            free(got);
            free(expect.ptr);
            free(in.ptr);
            free(text);
        }
    }
}

static void assert_written(const char *expect, const char *frame, size_t len)
{
    struct counted counted;
    struct ops_websocket_config config = frames_config((frame[1] & 0x80) == 0, 1000, &counted);
    struct stream in = {NULL, 0, 0};
    char *got;

    stream_add(&in, frame, len);
    got = frames_play(&config, in, CUT_NOT);
    assert_string_equal(got, expect);
    free(got);
    free(in.ptr);
}

static void control_frames_are_cut_to_their_room(void **state)
{
    static const uint8_t mask[4] = {1, 2, 3, 4};
    char out[OPS_WEBSOCKET_CONTROL_ROOM], reason[130], expect[160];
    size_t i;

    (void)state;
    assert_written("pong abc", out, ops_websocket_control_write(out, OPS_WEBSOCKET_PONG, ops_str_of("abc", 3), NULL));
    assert_written("ping abc", out, ops_websocket_control_write(out, OPS_WEBSOCKET_PING, ops_str_of("abc", 3), mask));
    assert_written("close 1000 Closing", out, ops_websocket_close_write(out, 1000, OPS_STR("Closing"), NULL));
    assert_written("close 1001", out, ops_websocket_close_write(out, 1001, OPS_STR(""), mask));
    assert_written("close 1005", out, ops_websocket_close_write(out, OPS_WEBSOCKET_CODE_NONE, OPS_STR("no"), NULL));
    for (i = 0; i + 1 < sizeof reason; i += 2)
        memcpy(reason + i, "\xc3\xa9", 2); /* the 123rd byte is in the middle of one */
    snprintf(expect, sizeof expect, "close 1013 %.122s", reason);
    assert_written(expect, out, ops_websocket_close_write(out, 1013, ops_str_of(reason, 130), NULL));
    assert_int_equal(ops_websocket_control_write(out, OPS_WEBSOCKET_PING, ops_str_of(reason, 130), mask), sizeof out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(messages_of_every_size_come_whole, random_seeded),
        cmocka_unit_test_setup(limits_hold_at_the_limit_and_not_beyond_it, random_seeded),
        cmocka_unit_test_setup(an_announced_length_costs_no_memory, random_seeded),
        cmocka_unit_test_setup(a_message_that_is_whole_is_a_slice_of_what_was_fed, random_seeded),
        cmocka_unit_test_setup(between_messages_nothing_is_held, random_seeded),
        cmocka_unit_test_setup(a_message_is_whole_or_broken_at_every_memory_limit, random_seeded),
        cmocka_unit_test_setup(reading_can_stop_between_two_events, random_seeded),
        cmocka_unit_test_setup(what_is_written_is_read, random_seeded),
        cmocka_unit_test_setup(control_frames_are_cut_to_their_room, random_seeded),
    };

    return cmocka_run_group_tests_name("frame_limits", tests, NULL, NULL);
}
