/* Stateful reconnect: both ways exactly once, against a model of what was said; and the two traps (spec/signalr-protocol.md §8). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "talk.h"

/* Frames of the model: a number on the heap, so that one dropped twice or never is seen. */
struct side {
    struct counted counted;
    struct ops_memory memory;
    struct ops_signalr_replay replay;
    unsigned kept;
};

static void side_drop(void *self, void *frame)
{
    struct side *s = (struct side *)self;

    s->kept--;
    free(frame);
}

static void side_begin(struct side *s)
{
    memset(s, 0, sizeof *s);
    s->counted.refuse_after = SIZE_MAX;
    s->memory.more = counted_more;
    s->memory.release = counted_release;
    s->memory.self = &s->counted;
    s->replay.memory = &s->memory;
    s->replay.drop = side_drop;
    s->replay.self = s;
}

static void side_end(struct side *s)
{
    ops_signalr_replay_end(&s->replay);
    assert_int_equal(s->kept, 0);
    assert_int_equal(s->counted.out_bytes, 0);
}

/* A send with so many records, the first of which has number `first`. */
static bool side_keep(struct side *s, int64_t first, uint32_t records)
{
    int64_t *frame = (int64_t *)malloc(sizeof *frame);

    assert_non_null(frame);
    *frame = first;
    if (!ops_signalr_replay_keep(&s->replay, frame, 10 * records, records)) {
        free(frame);
        return false;
    }
    s->kept++;
    return true;
}

/* ---- two sides and a socket that breaks --------------------------------------------------------------------------------------------- */

enum { ON_THE_WAY = 64 };

/* One direction: what was said, what of it is on the way, what has been delivered. */
struct line {
    struct side *from, *to;
    int64_t way[ON_THE_WAY]; /* numbers of records; negative: a Sequence of that number */
    unsigned way_count;
    int64_t said, delivered;
};

static void line_put(struct line *l, int64_t what)
{
    if (l->way_count < ON_THE_WAY)
        l->way[l->way_count++] = what;
}

static bool line_has_room(const struct line *l, unsigned n)
{
    return l->way_count + n <= ON_THE_WAY;
}

static void line_say(struct line *l)
{
    uint32_t records = 1 + rnd_below(3), i;

    if (!line_has_room(l, records))
        return;
    assert_true(side_keep(l->from, l->said + 1, records));
    for (i = 0; i < records; i++)
        line_put(l, ++l->said);
}

/* The next thing arrives. Whatever comes twice is dropped, whatever is delivered is the next one. */
static void line_arrive(struct line *l)
{
    int64_t what;

    if (l->way_count == 0)
        return;
    what = l->way[0];
    memmove(l->way, l->way + 1, --l->way_count * sizeof *l->way);
    if (what < 0)
        assert_true(ops_signalr_replay_sequence(&l->to->replay, -what));
    else if (ops_signalr_replay_receive(&l->to->replay))
        assert_int_equal(what, ++l->delivered);
}

static void line_ack(struct line *l)
{
    int64_t id = ops_signalr_replay_ack(&l->to->replay);

    if (id == 0)
        return;
    assert_int_equal(id, l->delivered);
    if (rnd_below(4) > 0) /* else it is lost with the socket */
        assert_true(ops_signalr_replay_acked(&l->from->replay, id));
}

/* The socket is gone with what is on it; a new one begins with a Sequence and what is kept. */
static void line_cut(struct line *l)
{
    int64_t id = ops_signalr_replay_begin(&l->from->replay);
    uint32_t i, k;

    l->way_count = 0;
    if (rnd_below(2) == 0)
        line_put(l, l->said); /* it comes before the Sequence, and is nothing */
    line_put(l, -id);
    for (i = 0; i < l->from->replay.count; i++) {
        const struct ops_signalr_kept *kept = ops_signalr_replay_at(&l->from->replay, i);
        int64_t first = *(const int64_t *)kept->frame;

        if (i == 0)
            assert_int_equal(first, id);
        for (k = 0; k < kept->records && line_has_room(l, 1); k++)
            line_put(l, first + k);
    }
}

static void whatever_breaks_each_record_comes_once_and_in_order(void **state)
{
    unsigned round, step;

    (void)state;
    for (round = 0; round < 300; round++) {
        struct side a, b;
        struct line there, back;

        side_begin(&a);
        side_begin(&b);
        memset(&there, 0, sizeof there);
        memset(&back, 0, sizeof back);
        there.from = back.to = &a;
        there.to = back.from = &b;
        for (step = 0; step < 400; step++) {
            struct line *l = rnd_below(2) == 0 ? &there : &back;
            unsigned what = rnd_below(20);

            if (what < 8 && l->from->replay.count < 8)
                line_say(l);
            else if (what < 16)
                line_arrive(l);
            else if (what < 19)
                line_ack(l);
            else {
                line_cut(&there);
                line_cut(&back);
            }
        }
        line_cut(&there);
        line_cut(&back);
        while (there.way_count > 0 || back.way_count > 0) {
            line_arrive(&there);
            line_arrive(&back);
        }
        if (there.delivered != there.said || back.delivered != back.said)
            fail_msg("OPS_SEED=%llu: %lld of %lld, %lld of %lld", (unsigned long long)random_seed, (long long)there.delivered,
                     (long long)there.said, (long long)back.delivered, (long long)back.said);
        assert_true(ops_signalr_replay_acked(&a.replay, there.said));
        assert_int_equal(a.kept, 0);
        assert_int_equal(a.replay.bytes, 0);
        assert_int_equal(a.counted.out_bytes, 0);
        side_end(&a);
        side_end(&b);
    }
}

/* ---- what must not be ------------------------------------------------------------------------------------------------------------------ */

static void lost_records_and_acks_of_nothing_are_seen(void **state)
{
    struct side s;

    (void)state;
    side_begin(&s);
    assert_true(side_keep(&s, 1, 2));
    assert_false(ops_signalr_replay_acked(&s.replay, 3));
    assert_true(ops_signalr_replay_acked(&s.replay, 1));
    assert_int_equal(s.kept, 1); /* half of a send is none */
    assert_int_equal(ops_signalr_replay_begin(&s.replay), 1);
    assert_true(ops_signalr_replay_sequence(&s.replay, 1));
    assert_true(ops_signalr_replay_receive(&s.replay));
    assert_true(ops_signalr_replay_receive(&s.replay));
    ops_signalr_replay_begin(&s.replay);
    assert_false(ops_signalr_replay_sequence(&s.replay, 4)); /* 3 would be the next */
    assert_false(ops_signalr_replay_sequence(&s.replay, 0));
    assert_true(ops_signalr_replay_sequence(&s.replay, 3));
    assert_true(ops_signalr_replay_acked(&s.replay, 2));
    assert_int_equal(ops_signalr_replay_begin(&s.replay), 3); /* nothing is kept: the next to be sent */
    side_end(&s);
}

/* The client replays because our Ack was lost with the socket: it is due again when the newest has come again. */
static void an_ack_that_was_lost_is_said_again(void **state)
{
    struct side s;

    (void)state;
    side_begin(&s);
    assert_true(ops_signalr_replay_receive(&s.replay));
    assert_true(ops_signalr_replay_receive(&s.replay));
    assert_int_equal(ops_signalr_replay_ack(&s.replay), 2);
    assert_int_equal(ops_signalr_replay_ack(&s.replay), 0);
    ops_signalr_replay_begin(&s.replay);
    assert_true(ops_signalr_replay_sequence(&s.replay, 1));
    assert_false(ops_signalr_replay_receive(&s.replay));
    assert_int_equal(ops_signalr_replay_ack(&s.replay), 0);
    assert_false(ops_signalr_replay_receive(&s.replay));
    assert_int_equal(ops_signalr_replay_ack(&s.replay), 2);
    side_end(&s);
}

static void no_memory_changes_nothing(void **state)
{
    struct side s;
    int64_t i;

    (void)state;
    side_begin(&s);
    for (i = 1; i <= 8; i++)
        assert_true(side_keep(&s, i, 1));
    s.counted.refuse_after = 0;
    assert_false(side_keep(&s, 9, 1));
    assert_int_equal(s.replay.sent, 8);
    assert_int_equal(s.replay.count, 8);
    assert_int_equal(s.replay.bytes, 80);
    assert_true(ops_signalr_replay_acked(&s.replay, 3));
    assert_true(side_keep(&s, 9, 1)); /* around the end of the ring */
    assert_int_equal(*(const int64_t *)ops_signalr_replay_at(&s.replay, 5)->frame, 9);
    side_end(&s);
}

/* ---- with a session ---------------------------------------------------------------------------------------------------------------------- */

static void version_2_keeps_it_and_version_1_does_not(void **state)
{
    struct side s;
    struct talk t;

    (void)state;
    side_begin(&s);
    talk_begin(&t, V1, true, &s.replay);
    talk_text(&t, HELLO_JSON);
    assert_null(t.session.replay);
    talk_end(&t);
    talk_begin(&t, V1, true, &s.replay);
    talk_text(&t, HELLO_STATEFUL);
    assert_ptr_equal(t.session.replay, &s.replay);
    talk_end(&t);
    side_end(&s);
}

#define NOPE "{\"type\":1,\"target\":\"Nope\",\"arguments\":[]}" SEPARATOR

static void a_session_counts_drops_and_discards(void **state)
{
    struct side s;
    struct talk t;

    (void)state;
    side_begin(&s);
    talk_begin(&t, V1, true, &s.replay);
    talk_text(&t, HELLO_STATEFUL "{\"type\":6}" SEPARATOR NOPE "{\"type\":5,\"invocationId\":\"1\"}" SEPARATOR "{\"type\":99}" SEPARATOR);
    talk_expect(&t, "hello {}~|ping|refused |skipped|skipped");
    assert_int_equal(s.replay.highest, 2); /* pings and what nobody knows do not count */
    assert_int_equal(ops_signalr_replay_ack(&s.replay), 2);
    talk_text(&t, "{\"type\":1,\"targ");
    ops_signalr_session_restart(&t.session, &t.config); /* cut in the middle of a record */
    assert_int_equal(ops_signalr_replay_begin(&s.replay), 1);
    talk_text(&t, NOPE "{\"type\":6}" SEPARATOR "{\"type\":8,\"sequenceId\":7}" SEPARATOR);
    talk_expect(&t, "skipped|skipped|skipped");
    talk_text(&t, "{\"type\":9,\"sequenceId\":2}" SEPARATOR NOPE NOPE "{\"type\":6}" SEPARATOR);
    talk_expect(&t, "sequence|skipped|refused |ping");
    assert_int_equal(s.replay.highest, 3);
    assert_true(side_keep(&s, 1, 1));
    talk_text(&t, "{\"type\":8,\"sequenceId\":1}" SEPARATOR);
    talk_expect(&t, "ack");
    assert_int_equal(s.kept, 0);
    talk_text(&t, "{\"type\":8,\"sequenceId\":2}" SEPARATOR);
    talk_expect(&t, "close 1 {\"type\":7,\"error\":\"InvalidMessage: more records are acknowledged than were sent\"}~");
    talk_end(&t);
    side_end(&s);
}

static void lost_records_end_the_connection(void **state)
{
    struct side s;
    struct talk t;

    (void)state;
    side_begin(&s);
    talk_begin(&t, V1, true, &s.replay);
    talk_text(&t, HELLO_STATEFUL);
    ops_signalr_session_restart(&t.session, &t.config);
    ops_signalr_replay_begin(&s.replay);
    talk_text(&t, "{\"type\":9,\"sequenceId\":2}" SEPARATOR);
    talk_expect(&t, "hello {}~|close 1 {\"type\":7,\"error\":\"InvalidMessage: Sequence ID greater than amount of messages we've received.\"}~");
    talk_end(&t);
    side_end(&s);
}

/* Trap 1: what comes with the handshake's answer is not counted by the client. So that answer is all there is, and it counts nothing. */
static void nothing_counted_is_sent_with_the_handshake(void **state)
{
    struct side s;
    struct talk t;

    (void)state;
    side_begin(&s);
    talk_begin(&t, V1, true, &s.replay);
    talk_text(&t, HELLO_STATEFUL);
    talk_expect(&t, "hello {}~");
    assert_int_equal(s.replay.sent, 0);
    assert_int_equal(s.replay.received, 0);
    talk_end(&t);
    side_end(&s);
}

/* Trap 2: a record that ends the connection would be replayed for ever. So it has arrived, an Ack for it is due, and the end is a Close that
 * does not ask the client to come back. */
static void a_record_that_ends_the_connection_has_arrived(void **state)
{
    struct side s;
    struct talk t;

    (void)state;
    side_begin(&s);
    talk_begin(&t, V1, true, &s.replay);
    talk_text(&t, HELLO_STATEFUL "{\"type\":1,\"target\":\"Nope\",\"arguments\":{}}" SEPARATOR);
    talk_expect(&t, "hello {}~|close 1 {\"type\":7,\"error\":\"InvalidMessage: $: expected a list at byte 0\"}~");
    assert_int_equal(ops_signalr_replay_ack(&s.replay), 1);
    talk_end(&t);
    side_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(whatever_breaks_each_record_comes_once_and_in_order, random_seeded),
        cmocka_unit_test(lost_records_and_acks_of_nothing_are_seen),
        cmocka_unit_test(an_ack_that_was_lost_is_said_again),
        cmocka_unit_test(no_memory_changes_nothing),
        cmocka_unit_test(version_2_keeps_it_and_version_1_does_not),
        cmocka_unit_test(a_session_counts_drops_and_discards),
        cmocka_unit_test(lost_records_end_the_connection),
        cmocka_unit_test(nothing_counted_is_sent_with_the_handshake),
        cmocka_unit_test(a_record_that_ends_the_connection_has_arrived),
    };

    return cmocka_run_group_tests_name("signalr replay", tests, NULL, NULL);
}
