#include "clock.h"

#include <time.h>

int64_t ops_clock_monotonic_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

struct ops_moment ops_clock_now(void)
{
    struct ops_moment now;
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    now.monotonic_us = ops_clock_monotonic_us();
    now.wall.seconds = (int64_t)t.tv_sec;
    now.wall.nanos = (int32_t)t.tv_nsec;
    now.wall.set = true;
    return now;
}
