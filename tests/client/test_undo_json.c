/* Undo of json documents: alone, against the views that were there; with others, against a model of who wrote what.
 * OPS_SEED=n replays one seed; OPS_SEEDS=n runs more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "model_server.h"
#include "runtime/client/client.h"

enum { PEERS = 3, VIEWS = 200, VIEW_BYTES = 2048, PATHS = 4, CHANGES = 600, VALUE_BYTES = 24 };

static void peer_random(void *self, void *out, size_t bytes)
{
    size_t i;

    (void)self;
    for (i = 0; i < bytes; i++)
        ((unsigned char *)out)[i] = (unsigned char)(rnd() >> 32);
}

static struct ops_client *open_client(const char *author, int64_t now_ms, struct ops_doc **doc)
{
    struct ops_client_config config;
    struct ops_client *client;

    ops_client_config_init(&config);
    config.memory = &test_memory;
    config.random = peer_random;
    config.undo_max = CHANGES;
    config.op_max_bytes = 1200; /* some undos take several ops */
    config.author = ops_str_of(author, strlen(author));
    client = ops_client_open(&config);
    assert_non_null(client);
    ops_client_tick(client, now_ms, now_ms);
    assert_int_equal(ops_client_join(client, OPS_STR("doc"), OPS_STR("json"), doc), OPS_OK);
    return client;
}

/* ---- alone ------------------------------------------------------------------------------------------------------------------------ */

static void view_add(void *self, struct ops_str path, struct ops_str value)
{
    char *view = (char *)self;
    size_t len = strlen(view);

    snprintf(view + len, VIEW_BYTES - len, "%.*s=%.*s\n", (int)path.len, path.ptr, (int)value.len, value.ptr);
}

static void view_of(const struct ops_doc *doc, char *view)
{
    view[0] = '\0';
    assert_int_equal(ops_doc_json_each(doc, view_add, view), OPS_OK);
}

static void expect_view(const struct ops_doc *doc, const char *view)
{
    char now[VIEW_BYTES];

    view_of(doc, now);
    assert_string_equal(now, view);
}

/* One to five writes at one time, above and below each other. */
static void write_some(struct ops_doc *doc)
{
    static const char *const paths[] = {"a", "a.b", "a.b.c", "a.d", "e", "e.f", "", ".g", "a b", "a.b.c.h.i"};
    unsigned count = 1 + rnd_below(5);
    char value[VALUE_BYTES];

    while (count-- > 0) {
        const char *path = paths[rnd_below(10)];

        snprintf(value, sizeof value, "%u", rnd_below(1000));
        if (rnd_below(3) == 0)
            assert_int_equal(ops_doc_json_del(doc, ops_str_of(path, strlen(path))), OPS_OK);
        else
            assert_int_equal(ops_doc_json_set(doc, ops_str_of(path, strlen(path)), ops_str_of(value, strlen(value))), OPS_OK);
    }
}

/* Every change that can be seen is one step back, and forth. */
static void all_that_was_written_is_taken_back_and_done_again(void **state)
{
    static char views[VIEWS][VIEW_BYTES];
    unsigned round, n, i, at;

    (void)state;
    for (round = 0; round < 200; round++) {
        int64_t now_ms = 1000;
        struct ops_doc *doc;
        struct ops_client *client = open_client("me", now_ms, &doc);

        n = 0;
        view_of(doc, views[0]);
        while (n < 40) {
            now_ms += 501;
            ops_client_tick(client, now_ms, now_ms);
            write_some(doc);
            view_of(doc, views[n + 1]);
            n += strcmp(views[n], views[n + 1]) != 0;
        }
        at = n;
        for (i = 0; i < 300; i++) {
            bool redo = rnd_below(2) == 0;
            enum ops_err err = redo ? ops_doc_redo(doc) : ops_doc_undo(doc);

            if (redo ? at == n : at == 0)
                assert_int_equal(err, OPS_ERR_ABSENT);
            else
                assert_int_equal(err, OPS_OK);
            at += redo && err == OPS_OK ? 1u : 0u;
            at -= !redo && err == OPS_OK ? 1u : 0u;
            expect_view(doc, views[at]);
            now_ms += rnd_below(2);
            ops_client_tick(client, now_ms, now_ms);
        }
        while (ops_doc_undo(doc) == OPS_OK)
            at--;
        assert_int_equal(at, 0);
        expect_view(doc, "");
        ops_client_close(client);
    }
}

/* ---- with others ------------------------------------------------------------------------------------------------------------------- */

struct item {
    unsigned path;
    char wrote[VALUE_BYTES], before[VALUE_BYTES]; /* "": nothing */
    bool borrowed, borrowed_before; /* the value is one of somebody else, written back here */
};

struct change {
    struct item items[PATHS];
    unsigned count;
};

struct peer {
    struct ops_client *client;
    struct ops_doc *doc;
    const char *author;
    struct model_connection *connection;
    bool borrowed[PATHS];
    struct change undo[CHANGES], redo[CHANGES];
    unsigned undo_count, redo_count;
};

struct world {
    struct model_server server;
    struct peer peers[PEERS];
    int64_t now_ms;
    unsigned written, undone;
    bool kind;
};

static const char *const flat[PATHS] = {"a", "b", "c.d", "e"};

static void value_of(const struct peer *peer, unsigned path, char *value)
{
    struct ops_str found = ops_doc_json_get(peer->doc, ops_str_of(flat[path], strlen(flat[path])));

    snprintf(value, VALUE_BYTES, "%.*s", (int)found.len, found.ptr != NULL ? found.ptr : "");
}

/* Whose is the register? As the document says it, which names who wrote a value back. */
static bool is_mine(const struct peer *peer, unsigned path)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_json_document document;
    struct ops_buf snapshot;
    bool mine = false;
    size_t i;

    ops_buf_init(&snapshot, &arena);
    assert_int_equal(ops_doc_snapshot(peer->doc, &snapshot), OPS_OK);
    assert_int_equal(ops_json_document_json_decode(&ops_style_v1_plus, ops_buf_str(&snapshot), &arena, &document, NULL), OPS_OK);
    for (i = 0; i < document.registers_count; i++) {
        if (ops_str_equal(document.registers[i].path, ops_str_of(flat[path], strlen(flat[path]))))
            mine = ops_str_equal(document.registers[i].peer_id, ops_str_of(peer->author, strlen(peer->author)));
    }
    ops_arena_reset(&arena);
    return mine;
}

/* Each value is written once, so a register that holds what was written here, and by whom it says, still has that write. */
static bool can_be_taken_back(const struct peer *peer, const struct item *item)
{
    char now[VALUE_BYTES];

    value_of(peer, item->path, now);
    return strcmp(now, item->wrote) == 0 && is_mine(peer, item->path) && peer->borrowed[item->path] == item->borrowed;
}

static void peer_write(struct world *world, struct peer *peer)
{
    struct change *change = &peer->undo[peer->undo_count];
    unsigned count = 1 + rnd_below(2), path = rnd_below(PATHS);

    if (peer->undo_count + 1 == CHANGES)
        return;
    world->now_ms += 501;
    ops_client_tick(peer->client, world->now_ms, world->now_ms);
    change->count = 0;
    while (count-- > 0) {
        struct item *item = &change->items[change->count++];

        item->path = path;
        value_of(peer, path, item->before);
        item->borrowed_before = !is_mine(peer, path) || peer->borrowed[path];
        item->borrowed = peer->borrowed[path] = false;
        snprintf(item->wrote, sizeof item->wrote, "%u", ++world->written);
        assert_int_equal(ops_doc_json_set(peer->doc, ops_str_of(flat[path], strlen(flat[path])), ops_str_of(item->wrote, strlen(item->wrote))),
                         OPS_OK);
        path = (path + 1) % PATHS;
    }
    peer->undo_count++;
    peer->redo_count = 0;
}

static void peer_step(struct world *world, struct peer *peer, bool redo)
{
    struct change *from = redo ? peer->redo : peer->undo, *to = redo ? peer->undo : peer->redo, made;
    unsigned *from_count = redo ? &peer->redo_count : &peer->undo_count, *to_count = redo ? &peer->undo_count : &peer->redo_count, i;
    char now[PATHS][VALUE_BYTES], after[VALUE_BYTES];
    enum ops_err err;

    made.count = 0;
    for (; *from_count > 0 && made.count == 0; --*from_count) {
        const struct change *change = &from[*from_count - 1];

        for (i = 0; i < change->count; i++) {
            if (!can_be_taken_back(peer, &change->items[i]))
                continue;
            made.items[made.count] = change->items[i];
            memcpy(made.items[made.count].wrote, change->items[i].before, VALUE_BYTES);
            memcpy(made.items[made.count].before, change->items[i].wrote, VALUE_BYTES);
            made.items[made.count].borrowed = peer->borrowed[change->items[i].path] = change->items[i].borrowed_before;
            made.items[made.count++].borrowed_before = change->items[i].borrowed;
        }
    }
    for (i = 0; i < PATHS; i++)
        value_of(peer, i, now[i]);
    for (i = 0; i < made.count; i++)
        memcpy(now[made.items[i].path], made.items[i].wrote, VALUE_BYTES);
    err = redo ? ops_doc_redo(peer->doc) : ops_doc_undo(peer->doc);
    assert_int_equal(err, made.count > 0 ? OPS_OK : OPS_ERR_ABSENT);
    for (i = 0; i < PATHS; i++) {
        value_of(peer, i, after);
        assert_string_equal(after, now[i]);
    }
    if (made.count > 0) {
        to[(*to_count)++] = made;
        world->undone++;
    }
}

static void peer_pump(struct world *world, struct peer *peer)
{
    struct ops_str message;

    ops_client_tick(peer->client, world->now_ms, world->now_ms);
    if (ops_client_state(peer->client) == OPS_CLIENT_CONNECT) {
        peer->connection = model_connect(&world->server);
        ops_client_connected(peer->client);
    }
    while (peer->connection != NULL && ops_client_outgoing(peer->client, &message))
        model_queue_put(&peer->connection->up, message);
}

static void peer_cut(struct peer *peer)
{
    if (peer->connection == NULL)
        return;
    peer->connection->cut = true;
    model_queue_empty(&peer->connection->down);
    peer->connection = NULL;
    ops_client_disconnected(peer->client, 0);
}

static void world_step(struct world *world)
{
    struct peer *peer = &world->peers[rnd_below(PEERS)];
    struct model_text text;
    unsigned what = rnd_below(16);

    world->now_ms += rnd_below(20);
    peer_pump(world, peer);
    if (what < 2 && !world->kind)
        peer_write(world, peer);
    else if (what < 4 && !world->kind)
        peer_step(world, peer, what == 3 && rnd_below(2) == 0);
    else if (what == 4 && !world->kind && rnd_below(10) == 0)
        peer_cut(peer);
    else if (what < 8 && peer->connection != NULL)
        model_read(&world->server, peer->connection);
    else if (what < 10)
        model_durable(&world->server);
    else if (peer->connection != NULL && model_queue_take(&peer->connection->down, &text)) {
        ops_client_received(peer->client, ops_str_of(text.ptr, text.len));
        free(text.ptr);
    }
    peer_pump(world, peer);
}

static bool world_is_quiet(const struct world *world)
{
    unsigned i;

    for (i = 0; i < PEERS; i++) {
        const struct peer *peer = &world->peers[i];

        if (peer->connection == NULL || peer->connection->up.first != peer->connection->up.last ||
            peer->connection->down.first != peer->connection->down.last || ops_doc_pending(peer->doc) > 0 ||
            ops_doc_status(peer->doc) != OPS_DOC_JOINED)
            return false;
    }
    return world->server.queue_first == world->server.queue_last;
}

static void world_play(uint64_t seed)
{
    static const char *const authors[PEERS] = {"ann", "bob", "cyd"};
    struct world *world = calloc(1, sizeof *world);
    char first[VIEW_BYTES];
    unsigned i;

    assert_non_null(world);
    random_state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    world->now_ms = 1000;
    model_open(&world->server, &ops_json_engine);
    for (i = 0; i < PEERS; i++) {
        world->peers[i].author = authors[i];
        world->peers[i].client = open_client(authors[i], world->now_ms, &world->peers[i].doc);
    }
    for (i = 0; i < 800; i++)
        world_step(world);
    world->kind = true;
    for (i = 0; i < 200000 && !world_is_quiet(world); i++)
        world_step(world);
    assert_true(world_is_quiet(world));
    view_of(world->peers[0].doc, first);
    for (i = 1; i < PEERS; i++)
        expect_view(world->peers[i].doc, first);
    assert_true(world->undone > 0);
    for (i = 0; i < PEERS; i++)
        ops_client_close(world->peers[i].client);
    model_close(&world->server);
    free(world);
}

static void an_undo_writes_where_what_was_written_here_still_stands(void **state)
{
    const char *given = getenv("OPS_SEED"), *count = getenv("OPS_SEEDS");
    uint64_t seed = given != NULL ? strtoull(given, NULL, 0) : 1;
    uint64_t last = given != NULL ? seed : count != NULL ? strtoull(count, NULL, 0) : 100;

    (void)state;
    for (; seed <= last; seed++) {
        random_seed = seed;
        world_play(seed);
    }
}

static int print_seed(void **state)
{
    (void)state;
    print_message("# last seed: OPS_SEED=%llu\n", (unsigned long long)random_seed);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_that_was_written_is_taken_back_and_done_again, random_seeded, print_seed),
        cmocka_unit_test_setup_teardown(an_undo_writes_where_what_was_written_here_still_stands, random_seeded, print_seed),
    };

    return cmocka_run_group_tests_name("client undo json", tests, NULL, NULL);
}
