/* Which connections of this core hear of which document, wherever the document lives. */
#include "private.h"

static struct feed *feed_find(const struct ops_core *core, struct ops_str id, uint64_t hash)
{
    struct ops_link *link;

    for (link = ops_table_find(&core->feeds, hash); link != NULL; link = ops_table_find_next(link)) {
        if (ops_str_equal(((struct feed *)link)->id, id))
            return (struct feed *)link;
    }
    return NULL;
}

static struct feed *feed_open(struct ops_core *core, struct ops_str id, uint64_t hash)
{
    struct feed *feed = feed_find(core, id, hash);

    if (feed != NULL)
        return feed;
    feed = ops_pool_zalloc(&core->pool, sizeof *feed);
    if (feed == NULL)
        return NULL;
    feed->id = ops_core_keep(core, id);
    if (feed->id.ptr == NULL || !ops_table_add(&core->feeds, &feed->link, hash)) {
        ops_core_unkeep(core, feed->id);
        ops_pool_free(&core->pool, feed, sizeof *feed);
        return NULL;
    }
    return feed;
}

static void feed_close_if_empty(struct ops_core *core, struct feed *feed)
{
    if (feed->members != NULL)
        return;
    ops_table_remove(&core->feeds, &feed->link);
    ops_core_unkeep(core, feed->id);
    ops_pool_free(&core->pool, feed, sizeof *feed);
}

struct membership *ops_feed_membership(struct ops_connection *connection, struct ops_str document_id)
{
    struct membership *m;

    for (m = connection->memberships; m != NULL; m = m->next_of_connection) {
        if (ops_str_equal(m->feed->id, document_id))
            return m;
    }
    return NULL;
}

struct membership *ops_feed_join(struct ops_connection *connection, struct ops_str document_id)
{
    struct ops_core *core = connection->core;
    struct membership *m = ops_feed_membership(connection, document_id);
    struct feed *feed;

    if (m != NULL)
        return m;
    feed = feed_open(core, document_id, ops_hash_bytes(core->config.seed, document_id));
    m = feed != NULL ? ops_pool_zalloc(&core->pool, sizeof *m) : NULL;
    if (m == NULL) {
        if (feed != NULL)
            feed_close_if_empty(core, feed);
        return NULL;
    }
    m->connection = connection;
    m->feed = feed;
    m->next_of_feed = feed->members;
    m->prev_of_feed = &feed->members;
    if (feed->members != NULL)
        feed->members->prev_of_feed = &m->next_of_feed;
    feed->members = m;
    if (connection->last_membership != NULL)
        connection->last_membership->next_of_connection = m;
    else
        connection->memberships = m;
    connection->last_membership = m;
    connection->memberships_count++;
    return m;
}

void ops_feed_leave(struct membership *m)
{
    struct ops_connection *connection = m->connection;
    struct membership **place = &connection->memberships, *last = NULL;
    struct ops_core *core = connection->core;
    struct feed *feed = m->feed;

    while (*place != m) {
        last = *place;
        place = &last->next_of_connection;
    }
    *place = m->next_of_connection;
    if (connection->last_membership == m)
        connection->last_membership = last;
    connection->memberships_count--;
    *m->prev_of_feed = m->next_of_feed;
    if (m->next_of_feed != NULL)
        m->next_of_feed->prev_of_feed = m->prev_of_feed;
    ops_pool_free(&core->pool, m, sizeof *m);
    feed_close_if_empty(core, feed);
}

/* The client shares an earlier document of `shared` too: it hears of the end of the connection there. */
static bool feed_heard_elsewhere(const struct ops_connection *connection, const struct push *push, uint64_t here)
{
    const struct membership *m;
    uint32_t i;

    for (i = 0; i < push->shared_count && push->shared[i] != here; i++) {
        for (m = connection->memberships; m != NULL; m = m->next_of_connection) {
            if (m->subscribed && m->feed->link.hash == push->shared[i])
                return true;
        }
    }
    return false;
}

static bool feed_wants(const struct membership *m, const struct push *push, uint32_t loop)
{
    const struct ops_connection *c = m->connection;

    if (!m->subscribed || c->closing)
        return false;
    if (push->except_connection == c->number && push->except_loop == loop)
        return false;
    if (push->only_connection != 0 && (push->only_connection != c->number || push->only_loop != loop))
        return false;
    if (push->to != PUSH_ALL && (push->to == PUSH_EXTENDED) != c->extended)
        return false;
    return push->shared_count < 2 || c->profile->peer_disconnected_per_document || !feed_heard_elsewhere(c, push, m->feed->link.hash);
}

uint32_t ops_feed_push(struct ops_core *core, const struct push *push, struct ops_note *note)
{
    uint64_t hash = ops_hash_bytes(core->config.seed, push->document_id);
    struct feed *feed = feed_find(core, push->document_id, hash);
    struct membership *m;
    uint32_t sent = 0;

    if (feed == NULL)
        return 0;
    for (m = feed->members; m != NULL; m = m->next_of_feed) {
        if (!feed_wants(m, push, core->config.loop))
            continue;
        ops_outbox_send(m->connection, hash, note, OPS_ERROR_CODE_NO_ERROR);
        sent++;
    }
    return sent;
}
