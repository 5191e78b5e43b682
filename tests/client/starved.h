/* Memory that runs out: while it is on, requests for pieces and blocks are refused. */
#ifndef OPS_TESTS_CLIENT_STARVED_H
#define OPS_TESTS_CLIENT_STARVED_H

#include <stdbool.h>
#include <stdint.h>

extern bool starved_on;

/* One in so many requests is refused, at random; 0: none. */
extern unsigned starved_one_in;
extern uint64_t starved_dice; /* not 0 */

/* Counts down with every request; the one that makes it 0 is refused. 0: none. */
extern unsigned long starved_at;

/* Refused, and asked for while it was on. */
extern unsigned long starved_count, starved_asked;

#endif
