/* A client: comes, goes, and gets its answers. */
#include "private.h"

enum { CONNECTION_INVALID_MAX = 8 }; /* messages in a row answered InvalidMessage; then it is closed (v1.md §4.1) */

struct ops_connection *ops_connection_find(struct ops_core *core, uint64_t number)
{
    struct ops_link *link = ops_table_find(&core->connections, ops_hash_number(core->config.seed, number));

    while (link != NULL && ((struct ops_connection *)link)->number != number)
        link = ops_table_find_next(link);
    return (struct ops_connection *)link;
}

struct ops_connection *ops_core_connect(struct ops_core *core, void *peer, const struct ops_profile *profile,
                                        struct ops_str peer_id)
{
    struct ops_connection *c = ops_pool_zalloc(&core->pool, sizeof *c);

    if (c == NULL)
        return NULL;
    c->core = core;
    c->peer = peer;
    c->profile = profile;
    c->number = ++core->next_connection;
    c->peer_id = ops_core_keep(core, peer_id);
    if (c->peer_id.ptr == NULL ||
        !ops_table_add(&core->connections, &c->link, ops_hash_number(core->config.seed, c->number))) {
        ops_core_unkeep(core, c->peer_id);
        ops_pool_free(&core->pool, c, sizeof *c);
        return NULL;
    }
    core->stats.connections++;
    return c;
}

void ops_core_extend(struct ops_core *core, struct ops_connection *connection)
{
    (void)core;
    connection->extended = true; /* the document side learns it with the next request */
}

void ops_core_calls(struct ops_core *core, struct ops_connection *connection)
{
    (void)core;
    connection->calls = true;
}

/* Tells each document of the connection, in the order of its joins. */
static void connection_leave_all(struct ops_core *core, struct ops_connection *c)
{
    struct membership *m;
    struct request gone;
    uint32_t count = 0;
    uint64_t *shared = ops_arena_array(&core->scratch, c->memberships_count + 1, sizeof *shared);

    for (m = c->memberships; m != NULL && shared != NULL; m = m->next_of_connection)
        shared[count++] = m->feed->link.hash;
    for (m = c->memberships; m != NULL; m = m->next_of_connection)
        m->subscribed = false;
    while ((m = c->memberships) != NULL) {
        memset(&gone, 0, sizeof gone);
        gone.asker.connection = c->number;
        gone.asker.loop = core->config.loop;
        gone.asker.profile = c->profile;
        gone.peer_id = c->peer_id;
        gone.shared = shared;
        gone.shared_count = shared != NULL ? count : 0;
        if (!ops_arena_copy(&core->scratch, m->feed->id, &gone.document_id))
            gone.document_id = m->feed->id; /* the leave below would free it: handle first */
        if (ops_core_loop_of(core, gone.document_id) == core->config.loop)
            ops_document_handle(core, &gone);
        else
            ops_mail_request(core, ops_core_loop_of(core, gone.document_id), &gone);
        ops_feed_leave(m);
    }
}

static void connection_tell_itself(struct ops_core *core, struct ops_connection *c)
{
    struct ops_note *note;
    struct membership *m;

    for (m = c->memberships; m != NULL; m = m->next_of_connection) {
        if (!m->subscribed)
            continue;
        note = ops_note_new(core, OPS_SERVER_MESSAGE_PEER_DISCONNECTED_EVENT);
        if (note == NULL)
            return;
        if (ops_arena_copy(&note->arena, c->peer_id, &note->message.peer_disconnected_event.peer_id))
            core->host.send(core->host.self, c->peer, note);
        ops_note_drop(note);
    }
}

void ops_core_disconnect(struct ops_core *core, struct ops_connection *c, bool own_peer_disconnected)
{
    ops_arena_reset(&core->scratch);
    if (own_peer_disconnected)
        connection_tell_itself(core, c);
    c->closing = true;
    connection_leave_all(core, c);
    ops_outbox_end(c);
    ops_table_remove(&core->connections, &c->link);
    ops_core_unkeep(core, c->peer_id);
    ops_pool_free(&core->pool, c, sizeof *c);
    core->stats.connections--;
}

/* Counts InvalidMessage in a row; the code with which the connection is closed behind this answer. */
static enum ops_error_code connection_judge(struct ops_connection *c, const struct ops_note *note)
{
    bool error = note != NULL && note->message.message_type == OPS_SERVER_MESSAGE_ERROR_RESPONSE;
    enum ops_error_code code = error ? note->message.error_response.code : OPS_ERROR_CODE_NO_ERROR;

    if (c->calls)
        return OPS_ERROR_CODE_NO_ERROR;
    if (code == OPS_ERROR_CODE_UNSUPPORTED_PROTOCOL && c->profile->unsupported_protocol_closes)
        return code;
    if (code != OPS_ERROR_CODE_INVALID_MESSAGE || c->profile->unreadable_closes) {
        c->invalid_in_row = 0;
        return OPS_ERROR_CODE_NO_ERROR;
    }
    return ++c->invalid_in_row >= CONNECTION_INVALID_MAX ? code : OPS_ERROR_CODE_NO_ERROR;
}

static void connection_control(struct ops_connection *c, const struct asker *asker, struct ops_str document_id, enum control control)
{
    struct membership *m = ops_feed_membership(c, document_id);

    if (m == NULL)
        return;
    if (asker->join_counted)
        m->joins_in_flight--;
    if (control == CONTROL_JOINED)
        m->subscribed = true;
    else if (control == CONTROL_LEFT)
        m->subscribed = false;
    if (!m->subscribed && m->joins_in_flight == 0)
        ops_feed_leave(m);
}

void ops_connection_complete(struct ops_core *core, const struct asker *asker, struct ops_str document_id, enum control control,
                             struct ops_note *note)
{
    struct ops_connection *c = ops_connection_find(core, asker->connection);
    enum ops_error_code close;

    if (c == NULL)
        return;
    close = connection_judge(c, note);
    if (control == CONTROL_BROKEN)
        close = OPS_ERROR_CODE_INTERNAL;
    if (control != CONTROL_BROKEN && c->unanswered > 0)
        c->unanswered--;
    if (asker->slot != 0)
        ops_outbox_fill(c, asker->slot, note, close);
    else if (note != NULL || close != OPS_ERROR_CODE_NO_ERROR)
        ops_outbox_send(c, ops_hash_bytes(core->config.seed, document_id), note, close);
    if (document_id.ptr != NULL)
        connection_control(c, asker, document_id, control);
    if (c->paused && c->unanswered <= core->config.requests_unanswered_max / 2) {
        c->paused = false;
        core->host.pause(core->host.self, c->peer, false);
    }
}
