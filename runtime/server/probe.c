#include "probe.h"

#include "health.h"
#include "log.h"
#include "loop.h"

void ops_store_call(struct ops_loop *loop, struct ops_store_call *call, struct ops_store_request *request)
{
    call->request = request;
    call->next = loop->store_calls;
    loop->store_calls = call;
    request->loop = loop->index;
    ops_loop_submit(loop, request);
}

/* There are none nearly always, and never more than a few. */
bool ops_store_call_take(struct ops_loop *loop, struct ops_store_request *request)
{
    for (struct ops_store_call **at = &loop->store_calls; *at != NULL; at = &(*at)->next) {
        struct ops_store_call *call = *at;

        if (call->request != request)
            continue;
        *at = call->next;
        call->done(call, loop);
        return true;
    }
    return false;
}

static void answer_all(struct ops_probe *probe, bool ok)
{
    while (probe->waiters != NULL) {
        struct ops_probe_waiter *waiter = probe->waiters;

        probe->waiters = waiter->next;
        waiter->answered(waiter, ok);
    }
}

static void on_answer(struct ops_store_call *call, struct ops_loop *loop)
{
    struct ops_probe *probe = (struct ops_probe *)(void *)call; /* its first member */

    probe->asking = false;
    probe->answered_us = ops_loop_now(loop)->monotonic_us;
    probe->ok = call->request->result == OPS_STORE_DONE;
    if (!probe->ok)
        ops_log(OPS_LOG_WARNING, "store", "health: %s", call->request->problem);
    answer_all(probe, probe->ok);
}

void ops_probe_ask(struct ops_loop *loop, struct ops_probe_waiter *waiter)
{
    struct ops_probe *probe = &loop->probe;
    int64_t now_us = ops_loop_now(loop)->monotonic_us;

    if (probe->answered_us != 0 && now_us - probe->answered_us < OPS_HEALTH_KEPT_MS * 1000) {
        waiter->answered(waiter, probe->ok);
        return;
    }
    waiter->next = probe->waiters;
    probe->waiters = waiter;
    if (probe->asking)
        return;
    probe->asking = true;
    probe->asked_us = now_us;
    memset(&probe->request, 0, sizeof probe->request);
    probe->request.request.kind = OPS_STORE_HEALTH;
    probe->call.done = on_answer;
    ops_store_call(loop, &probe->call, &probe->request.request);
}

/* The question stays on its way: the store has its struct. */
void ops_probe_expire(struct ops_loop *loop, int64_t now_us)
{
    if (ops_probe_due_us(loop) <= now_us)
        answer_all(&loop->probe, false);
}

int64_t ops_probe_due_us(const struct ops_loop *loop)
{
    const struct ops_probe *probe = &loop->probe;

    return probe->waiters == NULL ? INT64_MAX : probe->asked_us + OPS_PROBE_TIMEOUT_MS * 1000;
}
