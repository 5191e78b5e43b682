/* runtime/server/writer.c, over a socket pair. */
#include "runtime/server/writer.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/random.h"

static struct ops_frame *frame_of(size_t bytes, char fill)
{
    struct ops_frame *frame = ops_frame_new(bytes);

    memset(frame->data, fill, bytes);
    return frame;
}

static void push(struct ops_writer *writer, size_t bytes, char fill)
{
    struct ops_frame *frame = frame_of(bytes, fill);

    assert_true(ops_writer_push(writer, frame));
    ops_frame_drop(frame);
}

static void small_buffers(int pair[2])
{
    int bytes = 4096;

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
}

static void a_frame_lives_until_its_last_reader_has_written_it(void **state)
{
    struct ops_frame *frame = frame_of(10, 'x');
    struct ops_writer a = {0}, b = {0};
    int pair[2];

    (void)state;
    small_buffers(pair);
    assert_true(ops_writer_push(&a, frame));
    assert_true(ops_writer_push(&b, frame));
    ops_frame_drop(frame);
    assert_int_equal(frame->references, 2);
    assert_int_equal(ops_writer_flush(&a, pair[0], NULL), OPS_WRITER_EMPTY);
    assert_int_equal(frame->references, 1);
    ops_writer_end(&a);
    ops_writer_end(&b);
    close(pair[0]);
    close(pair[1]);
}

static void dropping_keeps_the_frame_that_is_half_written(void **state)
{
    struct ops_writer w = {0};
    char buffer[65536];
    size_t got = 0, half;
    ssize_t n;
    int pair[2];

    (void)state;
    small_buffers(pair);
    push(&w, 50000, 'a');
    push(&w, 300, 'b');
    push(&w, 200, 'c');
    assert_int_equal(ops_writer_behind(&w), 500);
    assert_int_equal(ops_writer_flush(&w, pair[0], NULL), OPS_WRITER_BLOCKED);
    half = w.written_bytes;
    assert_in_range(half, 1, 49999);
    assert_int_equal(ops_writer_drop(&w), 2);
    assert_int_equal(w.queued_bytes, 50000 - half);
    assert_int_equal(ops_writer_behind(&w), 0);
    push(&w, 7, 'd');
    while (ops_writer_flush(&w, pair[0], NULL) != OPS_WRITER_EMPTY)
        while ((n = read(pair[1], buffer, sizeof buffer)) > 0)
            got += (size_t)n;
    while ((n = read(pair[1], buffer, sizeof buffer)) > 0)
        got += (size_t)n;
    assert_int_equal(got, 50007);
    push(&w, 5, 'e');
    assert_int_equal(ops_writer_drop(&w), 1); /* nothing of it was written */
    assert_int_equal(w.queued_bytes, 0);
    ops_writer_end(&w);
    close(pair[0]);
    close(pair[1]);
}

static void a_lost_connection_is_told(void **state)
{
    struct ops_writer w = {0};
    int pair[2];

    (void)state;
    small_buffers(pair);
    close(pair[1]);
    push(&w, 10, 'a');
    assert_int_equal(ops_writer_flush(&w, pair[0], NULL), OPS_WRITER_FAILED);
    ops_writer_end(&w);
    close(pair[0]);
}

static void frames_are_taken_out_in_order_by_who_writes_them_elsewhere(void **state)
{
    struct ops_writer w = {0};
    unsigned pushed = 0, taken = 0;

    (void)state;
    print_message("# OPS_SEED=%llu\n", (unsigned long long)random_seed);
    assert_null(ops_writer_take(&w));
    while (taken < 2000) {
        for (unsigned burst = rnd_below(60); burst > 0 && pushed < 2000; burst--, pushed++)
            push(&w, 1 + pushed % 50, (char)pushed);
        for (unsigned burst = rnd_below(60); burst > 0 && taken < pushed; burst--, taken++) {
            struct ops_frame *frame = ops_writer_take(&w);

            assert_int_equal(frame->bytes, 1 + taken % 50);
            assert_int_equal(frame->data[0], (char)taken);
            ops_frame_drop(frame);
        }
        assert_int_equal(w.count, pushed - taken);
    }
    assert_int_equal(w.queued_bytes, 0);
    assert_null(ops_writer_take(&w));
    ops_writer_end(&w);
}

/* Frames of random sizes, flushed and read in random pieces, come out as one stream in order. */
static void every_byte_arrives_once_and_in_order(void **state)
{
    enum { FRAMES = 3000 };
    struct ops_writer w = {0};
    unsigned pushed = 0, checked = 0;
    size_t in_frame = 0, sizes[FRAMES];
    char buffer[5000];
    int pair[2];

    (void)state;
    print_message("# OPS_SEED=%llu\n", (unsigned long long)random_seed);
    small_buffers(pair);
    while (checked < FRAMES) {
        ssize_t n;

        for (unsigned burst = rnd_below(200); burst > 0 && pushed < FRAMES; burst--, pushed++) {
            sizes[pushed] = 1 + rnd_below((unsigned)pushed % 10 == 0 ? 9000 : 60);
            push(&w, sizes[pushed], (char)pushed);
        }
        assert_int_not_equal(ops_writer_flush(&w, pair[0], NULL), OPS_WRITER_FAILED);
        n = read(pair[1], buffer, 1 + rnd_below((unsigned)sizeof buffer));
        assert_true(n > 0 || errno == EAGAIN);
        for (ssize_t i = 0; i < n; i++) {
            assert_int_equal(buffer[i], (char)checked);
            if (++in_frame == sizes[checked]) {
                in_frame = 0;
                checked++;
            }
        }
    }
    assert_int_equal(ops_writer_flush(&w, pair[0], NULL), OPS_WRITER_EMPTY);
    ops_writer_end(&w);
    close(pair[0]);
    close(pair[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frame_lives_until_its_last_reader_has_written_it),
        cmocka_unit_test(dropping_keeps_the_frame_that_is_half_written),
        cmocka_unit_test(a_lost_connection_is_told),
        cmocka_unit_test_setup(frames_are_taken_out_in_order_by_who_writes_them_elsewhere, random_seeded),
        cmocka_unit_test_setup(every_byte_arrives_once_and_in_order, random_seeded),
    };

    return cmocka_run_group_tests_name("writer", tests, NULL, NULL);
}
