/* Who is there. The server does not announce a state that runs out and does not push one that is repeated, so peers stay until they
 * leave or are not in the list of the next join. */
#include "session.h"

static void peer_end(struct ops_doc *doc, size_t i)
{
    client_forget(doc->client, &doc->peers[i].id);
    client_forget(doc->client, &doc->peers[i].data);
    memmove(doc->peers + i, doc->peers + i + 1, (doc->peer_count - i - 1) * sizeof *doc->peers);
    doc->peer_count--;
}

static void peer_left(struct ops_doc *doc, size_t i)
{
    doc_tell_peer(doc, OPS_PEER_LEFT, &doc->peers[i]);
    peer_end(doc, i);
}

void doc_peers_end(struct ops_doc *doc)
{
    while (doc->peer_count > 0)
        peer_end(doc, doc->peer_count - 1);
    ops_pool_free(&doc->client->pool, doc->peers, doc->peer_room * sizeof *doc->peers);
    doc->peers = NULL;
    doc->peer_room = 0;
}

void doc_peers_clear(struct ops_doc *doc)
{
    while (doc->peer_count > 0)
        peer_left(doc, doc->peer_count - 1);
}

static size_t peer_find(const struct ops_doc *doc, struct ops_str peer_id)
{
    size_t i = 0;

    while (i < doc->peer_count && !ops_str_equal(doc->peers[i].id, peer_id))
        i++;
    return i;
}

/* Room for one more; false: no memory or too many. A peer that is not shown is no harm. */
static bool peers_have_room(struct ops_doc *doc)
{
    size_t room = doc->peer_room == 0 ? 4 : 2 * doc->peer_room;
    struct peer *more;

    if (doc->peer_count >= doc->client->config.peers_max)
        return false;
    if (doc->peer_count < doc->peer_room)
        return true;
    more = (struct peer *)ops_pool_resize(&doc->client->pool, doc->peers, doc->peer_room * sizeof *more, room * sizeof *more);
    if (more == NULL)
        return false;
    doc->peers = more;
    doc->peer_room = room;
    return true;
}

static void peer_add(struct ops_doc *doc, const struct ops_awareness_state_proto *state)
{
    struct peer peer = {{NULL, 0}, {NULL, 0}, true};

    if (!peers_have_room(doc) || !client_keep(doc->client, state->peer_id, &peer.id))
        return;
    if (!client_keep(doc->client, state->data_json, &peer.data)) {
        client_forget(doc->client, &peer.id);
        return;
    }
    doc->peers[doc->peer_count++] = peer;
    doc_tell_peer(doc, OPS_PEER_JOINED, &doc->peers[doc->peer_count - 1]);
}

void doc_peer_state(struct ops_doc *doc, const struct ops_awareness_state_proto *state)
{
    size_t i = peer_find(doc, state->peer_id);
    struct ops_str data;

    if (ops_str_equal(state->peer_id, doc->client->peer_id) || state->data_json.ptr == NULL)
        return;
    if (i == doc->peer_count) {
        peer_add(doc, state);
        return;
    }
    doc->peers[i].seen = true;
    if (ops_str_equal(doc->peers[i].data, state->data_json) || !client_keep(doc->client, state->data_json, &data))
        return;
    client_forget(doc->client, &doc->peers[i].data);
    doc->peers[i].data = data;
    doc_tell_peer(doc, OPS_PEER_UPDATED, &doc->peers[i]);
}

void doc_peer_gone(struct ops_doc *doc, struct ops_str peer_id)
{
    size_t i = peer_find(doc, peer_id);

    if (i < doc->peer_count)
        peer_left(doc, i);
}

void doc_peers_list(struct ops_doc *doc, const struct ops_awareness_state_proto *states, size_t count)
{
    size_t i;

    for (i = 0; i < doc->peer_count; i++)
        doc->peers[i].seen = false;
    for (i = 0; i < count; i++)
        doc_peer_state(doc, &states[i]);
    for (i = doc->peer_count; i-- > 0;) {
        if (!doc->peers[i].seen)
            peer_left(doc, i);
    }
}

bool ops_doc_peer_next(const struct ops_doc *doc, size_t *at, struct ops_str *peer_id, struct ops_str *data)
{
    if (*at >= doc->peer_count)
        return false;
    *peer_id = doc->peers[*at].id;
    *data = doc->peers[*at].data;
    ++*at;
    return true;
}

/* ---- the own state ----------------------------------------------------------------------------------------------------------- */

enum ops_err ops_doc_awareness_set(struct ops_doc *doc, struct ops_str data)
{
    struct ops_client *client = doc->client;
    struct ops_json_scan scan;
    struct ops_str kept;

    if (!client_begin(client) || doc->leaving || data.len > client->config.awareness_max_bytes)
        return OPS_ERR_RANGE;
    memset(&scan, 0, sizeof scan);
    scan.at = scan.begin = data.ptr;
    scan.end = data.ptr + data.len;
    ops_json_skip_space(&scan);
    if (!ops_json_skip_value(&scan, ops_style_v1_plus.opaque_depth_limit))
        return OPS_ERR_SYNTAX;
    ops_json_skip_space(&scan);
    if (scan.at != scan.end)
        return OPS_ERR_SYNTAX;
    if (ops_str_equal(data, doc->awareness))
        return OPS_OK;
    if (!client_keep(client, data, &kept))
        return OPS_ERR_NOMEM;
    client_forget(client, &doc->awareness);
    doc->awareness = kept;
    doc->awareness_changed = true;
    return OPS_OK;
}

int64_t doc_awareness_due_ms(const struct ops_doc *doc)
{
    const struct ops_client_config *config = &doc->client->config;

    if (doc->awareness.ptr == NULL)
        return CLIENT_NEVER;
    if (doc->awareness_sent_ms == 0)
        return 0;
    return doc->awareness_sent_ms + (doc->awareness_changed ? config->awareness_interval_ms : config->awareness_refresh_ms);
}

bool doc_awareness_is_due(const struct ops_doc *doc)
{
    return doc->client->now_ms >= doc_awareness_due_ms(doc);
}
