/* In place of the hub's files while there is no transport/signalr to link with: no hub. Goes when that comes. */
#include "hub.h"

void ops_hubs_open(struct ops_loop *loop)
{
    (void)loop;
}

void ops_hubs_expire(struct ops_loop *loop, int64_t now_us)
{
    (void)loop;
    (void)now_us;
}

int64_t ops_hubs_due_us(const struct ops_loop *loop)
{
    (void)loop;
    return INT64_MAX;
}

bool ops_hubs_resume(struct ops_loop *loop)
{
    (void)loop;
    return false;
}

void ops_hubs_close_all(struct ops_loop *loop, enum ops_error_code code)
{
    (void)loop;
    (void)code;
}

void ops_hubs_end_all(struct ops_loop *loop)
{
    (void)loop;
}

void ops_hub_close_because(struct ops_hub *hub, enum ops_error_code code)
{
    (void)hub;
    (void)code;
}

void ops_hub_read(struct ops_hub *hub, struct ops_str bytes)
{
    (void)hub;
    (void)bytes;
}

void ops_hub_read_on(struct ops_hub *hub)
{
    (void)hub;
}

void ops_hub_socket_lost(struct ops_hub *hub)
{
    (void)hub;
}

void ops_hub_socket_closed(struct ops_hub *hub, unsigned code)
{
    (void)hub;
    (void)code;
}

void ops_hub_socket_broken(struct ops_hub *hub, unsigned code)
{
    (void)hub;
    (void)code;
}

bool ops_hub_answer(h2o_req_t *req, struct ops_str path)
{
    (void)req;
    (void)path;
    return false;
}
