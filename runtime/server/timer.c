#include "timer.h"

#include <stddef.h>

void ops_timer_queue_init(struct ops_timer_queue *queue, int64_t period_us)
{
    queue->head.previous = queue->head.next = &queue->head;
    queue->head.due_us = 0;
    queue->period_us = period_us;
}

void ops_timer_arm(struct ops_timer_queue *queue, struct ops_timer *timer, int64_t now_us)
{
    ops_timer_disarm(timer);
    timer->due_us = now_us + queue->period_us;
    timer->previous = queue->head.previous;
    timer->next = &queue->head;
    timer->previous->next = timer;
    queue->head.previous = timer;
}

void ops_timer_disarm(struct ops_timer *timer)
{
    if (timer->next == NULL)
        return;
    timer->previous->next = timer->next;
    timer->next->previous = timer->previous;
    timer->previous = timer->next = NULL;
}

struct ops_timer *ops_timer_pop(struct ops_timer_queue *queue, int64_t now_us)
{
    struct ops_timer *timer = queue->head.next;

    if (timer == &queue->head || timer->due_us > now_us)
        return NULL;
    ops_timer_disarm(timer);
    return timer;
}

int64_t ops_timer_queue_due_us(const struct ops_timer_queue *queue)
{
    return queue->head.next == &queue->head ? INT64_MAX : queue->head.next->due_us;
}
