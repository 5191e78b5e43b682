/* Deadlines that are all equally far away: the oldest is due first, so a list is enough and everything is O(1).
 *
 * One queue a kind (ping, write time-out, first bytes, ...) and loop; monotonic time. */
#ifndef OPS_SERVER_TIMER_H
#define OPS_SERVER_TIMER_H

#include <stdbool.h>
#include <stdint.h>

/* Part of what waits. All zero: not armed. */
struct ops_timer {
    struct ops_timer *previous, *next;
    int64_t due_us;
};

struct ops_timer_queue {
    struct ops_timer head; /* of a ring: next is the oldest */
    int64_t period_us;
};

void ops_timer_queue_init(struct ops_timer_queue *queue, int64_t period_us);

/* Due one period after `now_us`; an armed timer, of this queue or another, starts anew. */
void ops_timer_arm(struct ops_timer_queue *queue, struct ops_timer *timer, int64_t now_us);

/* Not armed is fine. */
void ops_timer_disarm(struct ops_timer *timer);

static inline bool ops_timer_is_armed(const struct ops_timer *timer)
{
    return timer->next != 0;
}

/* The oldest one that is due, disarmed; NULL: none. */
struct ops_timer *ops_timer_pop(struct ops_timer_queue *queue, int64_t now_us);

/* When the oldest is due; INT64_MAX: none is armed. */
int64_t ops_timer_queue_due_us(const struct ops_timer_queue *queue);

#endif
