/* runtime/server/timer.c */
#include "runtime/server/timer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void timers_come_out_in_the_order_they_were_armed_when_they_are_due(void **state)
{
    struct ops_timer_queue queue;
    struct ops_timer a = {0}, b = {0}, c = {0};

    (void)state;
    ops_timer_queue_init(&queue, 100);
    assert_int_equal(ops_timer_queue_due_us(&queue), INT64_MAX);
    ops_timer_arm(&queue, &a, 0);
    ops_timer_arm(&queue, &b, 10);
    ops_timer_arm(&queue, &c, 20);
    ops_timer_arm(&queue, &a, 30); /* anew: behind the others */
    assert_int_equal(ops_timer_queue_due_us(&queue), 110);
    assert_null(ops_timer_pop(&queue, 109));
    assert_ptr_equal(ops_timer_pop(&queue, 1000), &b);
    assert_false(ops_timer_is_armed(&b));
    ops_timer_disarm(&c);
    ops_timer_disarm(&c);
    assert_ptr_equal(ops_timer_pop(&queue, 1000), &a);
    assert_null(ops_timer_pop(&queue, 1000));
}

static void a_timer_moves_from_queue_to_queue(void **state)
{
    struct ops_timer_queue first, second;
    struct ops_timer a = {0};

    (void)state;
    ops_timer_queue_init(&first, 100);
    ops_timer_queue_init(&second, 5);
    ops_timer_arm(&first, &a, 0);
    ops_timer_arm(&second, &a, 0);
    assert_null(ops_timer_pop(&first, 1000));
    assert_ptr_equal(ops_timer_pop(&second, 5), &a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers_come_out_in_the_order_they_were_armed_when_they_are_due),
        cmocka_unit_test(a_timer_moves_from_queue_to_queue),
    };

    return cmocka_run_group_tests_name("timer", tests, NULL, NULL);
}
