/* What other threads want of a loop: tasks from other loops, finished requests from the store.
 *
 * One lock, held for a few instructions, and at most one wake-up of the loop between two of its visits; so what came together is
 * handled together. */
#ifndef OPS_SERVER_INBOX_H
#define OPS_SERVER_INBOX_H

#include <pthread.h>
#include <stdbool.h>

#include "h2o_evloop.h"

struct ops_loop;
struct ops_store_request;

/* Something to do on another loop. Part of whatever it needs; `run` owns it. */
struct ops_task {
    struct ops_task *next;
    void (*run)(struct ops_task *task, struct ops_loop *loop);
};

struct ops_inbox {
    pthread_mutex_t lock;
    h2o_multithread_receiver_t receiver;
    bool woken;
    struct ops_task *tasks, **tasks_end;
    struct ops_store_request *done, **done_end;
};

/* On the thread of the loop. */
void ops_inbox_open(struct ops_inbox *inbox, h2o_multithread_queue_t *queue);
void ops_inbox_close(struct ops_inbox *inbox);

/* From any thread; in order. */
void ops_inbox_post(struct ops_inbox *inbox, struct ops_task *task);

/* A chain of finished requests that are all this loop's, from any thread; in order. */
void ops_inbox_post_done(struct ops_inbox *inbox, struct ops_store_request *chain);

/* On the loop: what has come since the last time. False: nothing. */
bool ops_inbox_take(struct ops_inbox *inbox, struct ops_task **tasks, struct ops_store_request **done);

#endif
