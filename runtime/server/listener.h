/* The doors: sockets that accept, all on loop 0, which deals connections to the loops in turn. */
#ifndef OPS_SERVER_LISTENER_H
#define OPS_SERVER_LISTENER_H

#include "loop.h"

struct ops_listener;

/* Binds every address of the configuration; false: `problem` says which one and why. Nothing is accepted yet. */
bool ops_listeners_bind(struct ops_server *server, char *problem, size_t problem_bytes);

/* On loop 0: accepts from now on. */
void ops_listeners_start(struct ops_loop *loop);

/* Accepting that failed for want of descriptors or memory is tried again then; INT64_MAX: nothing failed. */
int64_t ops_listeners_due_us(const struct ops_loop *loop);
void ops_listeners_retry(struct ops_loop *loop, int64_t now_us);

/* Who connects is refused by the system from now on: clients (`admin` false), or operators. */
void ops_listeners_close(struct ops_loop *loop, bool admin);

#endif
