#include "inbox.h"

#include "backends/store.h"

/* Wake-ups carry nothing: what is to be done lies in the inbox. */
static void receive(h2o_multithread_receiver_t *receiver, h2o_linklist_t *messages)
{
    (void)receiver;
    (void)messages;
}

void ops_inbox_open(struct ops_inbox *inbox, h2o_multithread_queue_t *queue)
{
    pthread_mutex_init(&inbox->lock, NULL);
    h2o_multithread_register_receiver(queue, &inbox->receiver, receive);
    inbox->woken = false;
    inbox->tasks = NULL;
    inbox->tasks_end = &inbox->tasks;
    inbox->done = NULL;
    inbox->done_end = &inbox->done;
}

void ops_inbox_close(struct ops_inbox *inbox)
{
    h2o_multithread_unregister_receiver(inbox->receiver.queue, &inbox->receiver);
    pthread_mutex_destroy(&inbox->lock);
}

/* With the lock held; gives it back. */
static void wake(struct ops_inbox *inbox)
{
    bool first = !inbox->woken;

    inbox->woken = true;
    pthread_mutex_unlock(&inbox->lock);
    if (first)
        h2o_multithread_send_message(&inbox->receiver, NULL);
}

void ops_inbox_post(struct ops_inbox *inbox, struct ops_task *task)
{
    task->next = NULL;
    pthread_mutex_lock(&inbox->lock);
    *inbox->tasks_end = task;
    inbox->tasks_end = &task->next;
    wake(inbox);
}

void ops_inbox_post_done(struct ops_inbox *inbox, struct ops_store_request *chain)
{
    struct ops_store_request *last = chain;

    while (last->next != NULL)
        last = last->next;
    pthread_mutex_lock(&inbox->lock);
    *inbox->done_end = chain;
    inbox->done_end = &last->next;
    wake(inbox);
}

bool ops_inbox_take(struct ops_inbox *inbox, struct ops_task **tasks, struct ops_store_request **done)
{
    pthread_mutex_lock(&inbox->lock);
    *tasks = inbox->tasks;
    *done = inbox->done;
    inbox->tasks = NULL;
    inbox->tasks_end = &inbox->tasks;
    inbox->done = NULL;
    inbox->done_end = &inbox->done;
    inbox->woken = false;
    pthread_mutex_unlock(&inbox->lock);
    return *tasks != NULL || *done != NULL;
}
