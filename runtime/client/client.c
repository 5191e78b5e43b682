/* The client and its connection: when to connect, when to give one up. */
#include "session.h"

enum {
    CLIENT_SCRATCH_BYTES = 4096, /* the common message needs no more */
    CLOSE_GOING_AWAY = 1001, CLOSE_TOO_LARGE = 1009
};

void ops_client_config_init(struct ops_client_config *config)
{
    memset(config, 0, sizeof *config);
    config->memory_limit_bytes = (size_t)256 << 20;
    config->message_max_bytes = (size_t)128 << 20; /* the snapshot of a document of 64 MiB, in base64 */
    config->op_max_bytes = 1 << 20;
    config->pending_max = 4096;
    config->documents_max = 1000;
    config->peers_max = 1000;
    config->cursors_max = 1000;
    config->awareness_max_bytes = 65536;
    config->undo_max = 200;
    config->undo_max_bytes = (size_t)16 << 20;
    config->undo_group_ms = 500;
    config->backoff_first_ms = 500;
    config->backoff_max_ms = 30000;
    config->going_away_ms = 5000;
    config->reply_timeout_ms = 30000;
    config->awareness_refresh_ms = 15000;
    config->awareness_interval_ms = 50;
}

/* 128 random bits (and four of zero) as visible ASCII. */
void client_random_id(struct ops_client *client, char id[CLIENT_OP_ID_CHARS])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    uint8_t bytes[16];
    unsigned bits = 0, have = 0, at = 0, i;

    client->config.random(client->config.random_self, bytes, sizeof bytes);
    for (i = 0; i < CLIENT_OP_ID_CHARS; i++) {
        if (have < 6) {
            bits = bits << 8 | (at < sizeof bytes ? bytes[at] : 0u);
            at++;
            have += 8;
        }
        have -= 6;
        id[i] = digits[bits >> have & 63];
        bits &= (1u << have) - 1;
    }
}

struct ops_client *ops_client_open(const struct ops_client_config *config)
{
    size_t bytes = sizeof(struct ops_client) + CLIENT_SCRATCH_BYTES;
    struct ops_client *client = (struct ops_client *)config->memory->more(config->memory->self, bytes);
    struct ops_str author = config->author;
    char id[CLIENT_OP_ID_CHARS];

    if (client == NULL)
        return NULL;
    memset(client, 0, sizeof *client);
    client->config = *config;
    client->config.author = ops_str_of(NULL, 0);
    ops_pool_init(&client->pool, config->memory_limit_bytes, config->memory);
    ops_arena_init(&client->scratch, client + 1, CLIENT_SCRATCH_BYTES, config->memory_limit_bytes, config->memory);
    client->state = OPS_CLIENT_CONNECT;
    client->retry_at_ms = CLIENT_NEVER;
    if (author.ptr == NULL) {
        client_random_id(client, id);
        author = ops_str_of(id, sizeof id);
    }
    if (ops_utf8_valid_prefix(author.ptr, author.len) != author.len || !client_keep(client, author, &client->author)) {
        ops_client_close(client);
        return NULL;
    }
    return client;
}

void ops_client_close(struct ops_client *client)
{
    const struct ops_memory *memory = client->config.memory;

    ops_pool_end(&client->pool);
    ops_arena_reset(&client->scratch);
    ops_arena_end(&client->scratch);
    memory->release(memory->self, client, sizeof(struct ops_client) + CLIENT_SCRATCH_BYTES);
}

bool client_begin(struct ops_client *client)
{
    if (client->calling)
        return false;
    ops_arena_reset(&client->scratch);
    return true;
}

bool client_keep(struct ops_client *client, struct ops_str from, struct ops_str *to)
{
    char *piece;

    if (from.ptr == NULL) {
        *to = from;
        return true;
    }
    piece = (char *)ops_pool_alloc(&client->pool, from.len);
    if (piece == NULL)
        return false;
    if (from.len > 0)
        memcpy(piece, from.ptr, from.len);
    *to = ops_str_of(piece, from.len);
    return true;
}

void client_forget(struct ops_client *client, struct ops_str *s)
{
    ops_pool_free(&client->pool, (void *)(uintptr_t)s->ptr, s->len);
    *s = ops_str_of(NULL, 0);
}

/* 0 to `most`, both included. */
static int64_t client_random_ms(struct ops_client *client, int64_t most)
{
    uint64_t random;

    if (most <= 0)
        return 0;
    client->config.random(client->config.random_self, &random, sizeof random);
    return (int64_t)(random % ((uint64_t)most + 1));
}

/* The longest wait before this try. */
static int64_t backoff_ms(const struct ops_client *client, int64_t first_ms, unsigned tries)
{
    int64_t most = first_ms;

    while (tries-- > 0 && most < client->config.backoff_max_ms)
        most = most <= INT64_MAX / 2 ? 2 * most : INT64_MAX;
    return most < client->config.backoff_max_ms ? most : client->config.backoff_max_ms;
}

int64_t client_jitter(struct ops_client *client, int64_t first_ms, unsigned tries)
{
    return client_random_ms(client, backoff_ms(client, first_ms, tries));
}

void client_fail(struct ops_client *client, struct ops_str why)
{
    if (client->state != OPS_CLIENT_ONLINE)
        return;
    client->state = OPS_CLIENT_CLOSE;
    client_tell_trouble(client, why);
}

/* ---- time ---------------------------------------------------------------------------------------------------------------- */

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* When a reply of this document is overdue. */
static int64_t doc_timeout_ms(const struct ops_doc *doc)
{
    int64_t at = CLIENT_NEVER;

    if (doc->join_request != 0)
        at = earlier(at, doc->join_timeout_ms);
    if (doc->flight_request != 0 || (doc->flight_revision != 0 && doc->status == OPS_DOC_JOINED))
        at = earlier(at, doc->flight_timeout_ms);
    return at;
}

/* When there may be something to send. */
static int64_t doc_deadline_ms(const struct ops_doc *doc)
{
    int64_t at = doc_timeout_ms(doc);

    if (doc->status == OPS_DOC_OFFLINE)
        at = earlier(at, doc->join_at_ms);
    if (doc->status != OPS_DOC_JOINED)
        return at;
    if (doc->edits != NULL && doc->flight_request == 0 && doc->flight_revision == 0)
        at = earlier(at, doc->send_at_ms);
    return earlier(at, doc_awareness_due_ms(doc));
}

int64_t ops_client_deadline_ms(const struct ops_client *client)
{
    const struct ops_doc *doc;
    int64_t at = CLIENT_NEVER;

    if (client->state == OPS_CLIENT_WAITING)
        return client->retry_at_ms;
    if (client->state != OPS_CLIENT_ONLINE)
        return CLIENT_NEVER;
    if (client->hello_request != 0)
        at = client->hello_timeout_ms;
    for (doc = client->docs; doc != NULL; doc = doc->next)
        at = earlier(at, doc_deadline_ms(doc));
    return at;
}

void ops_client_tick(struct ops_client *client, int64_t monotonic_ms, int64_t wall_ms)
{
    const struct ops_doc *doc;
    int64_t overdue = CLIENT_NEVER;

    if (!client_begin(client))
        return;
    if (monotonic_ms > client->now_ms)
        client->now_ms = monotonic_ms;
    client->wall_ms = wall_ms;
    if (client->state == OPS_CLIENT_WAITING && client->now_ms >= client->retry_at_ms) {
        client->state = OPS_CLIENT_CONNECT;
        client->retry_at_ms = CLIENT_NEVER;
    }
    if (client->state != OPS_CLIENT_ONLINE)
        return;
    if (client->hello_request != 0)
        overdue = client->hello_timeout_ms;
    for (doc = client->docs; doc != NULL; doc = doc->next)
        overdue = earlier(overdue, doc_timeout_ms(doc));
    if (client->now_ms >= overdue)
        client_fail(client, OPS_STR("the server does not answer"));
}

/* ---- the connection ------------------------------------------------------------------------------------------------------- */

enum ops_client_state ops_client_state(const struct ops_client *client)
{
    return client->state;
}

int64_t ops_client_retry_at_ms(const struct ops_client *client)
{
    return client->state == OPS_CLIENT_WAITING ? client->retry_at_ms : CLIENT_NEVER;
}

void ops_client_retry_now(struct ops_client *client)
{
    if (client->calling || client->state != OPS_CLIENT_WAITING)
        return;
    client->state = OPS_CLIENT_CONNECT;
    client->retry_at_ms = CLIENT_NEVER;
    client->tries = 0;
}

void ops_client_connected(struct ops_client *client)
{
    if (!client_begin(client) || (client->state != OPS_CLIENT_CONNECT && client->state != OPS_CLIENT_WAITING))
        return;
    client->state = OPS_CLIENT_ONLINE;
    client->retry_at_ms = CLIENT_NEVER;
    client->hello_due = true;
    client->hello_request = 0;
}

/* The server takes no message as large as one of those that were sent. It does not say which: the largest op is taken back, since it would
 * be sent again and end every connection to come. */
static void client_too_large(struct ops_client *client)
{
    struct ops_doc *doc, *largest = NULL;
    size_t bytes, most = 0;

    for (doc = client->docs; doc != NULL; doc = doc->next) {
        if (doc->leaving || doc->flight_request == 0)
            continue;
        bytes = op_bytes_bound(doc, kept_op(&doc->edits->op));
        if (bytes > most) {
            most = bytes;
            largest = doc;
        }
    }
    if (largest != NULL)
        doc_refused(largest, OPS_ERROR_CODE_TOO_LARGE, OPS_STR("The server takes no message as large as this edit needs."));
}

void ops_client_disconnected(struct ops_client *client, uint16_t close_code)
{
    struct ops_doc *doc, *next;
    int64_t most;

    if (!client_begin(client) || client->state == OPS_CLIENT_WAITING)
        return;
    if (client->state != OPS_CLIENT_STOPPED) {
        client->state = OPS_CLIENT_WAITING;
        most = backoff_ms(client, client->config.backoff_first_ms, client->tries);
        if (close_code == CLOSE_GOING_AWAY && most < client->config.going_away_ms)
            most = client->config.going_away_ms; /* everybody else was sent away as well: do not all come at once */
        client->retry_at_ms = client->now_ms + client_random_ms(client, most);
        if (client->tries < 64)
            client->tries++;
    }
    client->hello_due = false;
    client->hello_request = 0;
    client_forget(client, &client->peer_id);
    if (close_code == CLOSE_TOO_LARGE)
        client_too_large(client);
    for (doc = client->docs; doc != NULL; doc = next) {
        next = doc->next;
        if (doc->leaving)
            doc_end(doc);
        else
            doc_offline(doc);
    }
    client_tell_status(client);
}

struct ops_str ops_client_peer_id(const struct ops_client *client)
{
    return client->peer_id;
}

struct ops_str ops_client_server(const struct ops_client *client)
{
    return client->server;
}
