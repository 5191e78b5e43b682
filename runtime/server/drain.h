/* The end, in order: close the doors, finish what was accepted, tell the clients, go.
 *
 *   SIGTERM ─► DRAINING ─► CLOSING ─► LEAVING ─► ENDED
 *              cores are    Close 1001  who did    loops
 *              idle, no     to each     not answer return
 *              mail is      client      is reset
 *              on its way
 *
 * Loop 0 leads; the others report (busy, open sockets) at the end of each of their ticks. */
#ifndef OPS_SERVER_DRAIN_H
#define OPS_SERVER_DRAIN_H

#include "loop.h"

/* Signals: the first one begins the end, the second one ends the process at once with 128 + its number, as if it had not been caught.
 * On loop 0, before other threads exist. */
void ops_drain_catch_signals(struct ops_loop *loop);

/* Part of every loop's tick. */
void ops_drain_step(struct ops_loop *loop);

#endif
