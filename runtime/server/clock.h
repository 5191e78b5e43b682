/* The clocks of the server: the only place that reads them. */
#ifndef OPS_SERVER_CLOCK_H
#define OPS_SERVER_CLOCK_H

#include "runtime/core/core.h"

/* CLOCK_MONOTONIC. Every deadline is one of these: h2o's own timers follow the wall clock, which an operator may set. */
int64_t ops_clock_monotonic_us(void);

/* Both clocks, for the core. */
struct ops_moment ops_clock_now(void);

#endif
