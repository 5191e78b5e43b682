/* Clients against a server that is slow and obvious, over connections that delay, cut, and lose replies: all end with the server's
 * document, nothing that was typed is lost and nothing is doubled.
 *
 * Every character typed is a code point of its own, so it can be counted. OPS_SEED=n replays one seed; OPS_SEEDS=n runs more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "model_server.h"
#include "runtime/base/utf.h"
#include "runtime/client/client.h"
#include "starved.h"

enum { PEERS = 3, TYPED = 4096, FIRST_TYPED = 0x4e00, TYPED_EARLY = 0x10000 };

struct peer {
    struct world *world;
    struct ops_client_config config;
    struct ops_client *client;
    struct ops_doc *doc;
    struct model_connection *connection;
    char view[TYPED * 4]; /* as the patches and own edits tell it */
    size_t view_len;
    char old[1 << 16]; /* saved some time ago */
    size_t old_len;
    unsigned old_typed;
};

struct world {
    struct model_server server;
    struct peer peers[PEERS];
    const char *type;
    int64_t now_ms;
    unsigned typed;         /* characters so far */
    bool excused[TYPED];    /* deleted or undone by somebody, or refused for good */
    bool restored[TYPED];   /* by an undo or a redo: those of two who had deleted it at the same time bring it back twice */
    struct peer *by[TYPED]; /* who typed it */
    bool crashes;           /* programs die, and go on with what they had saved */
    bool kind;              /* nothing is cut any more */
};

/* Of the worlds to come. */
static unsigned starving_one_in;
static bool crashing;

static uint32_t code_point_of(unsigned typed)
{
    return typed % 3 == 0 ? TYPED_EARLY + typed : FIRST_TYPED + typed; /* some are surrogate pairs */
}

/* ---- what the editor shows ---------------------------------------------------------------------------------------------------- */

static size_t byte_of(const struct peer *peer, size_t units)
{
    size_t at = 0;

    while (units > 0) {
        unsigned len;
        uint32_t cp = ops_utf8_decode(peer->view + at, peer->view + peer->view_len, &len);

        assert_true(at < peer->view_len);
        at += len;
        units -= cp >= 0x10000 ? 2 : 1;
    }
    return at;
}

static void view_replace(struct peer *peer, size_t position, size_t deleted, struct ops_str inserted)
{
    size_t begin = byte_of(peer, position), end = byte_of(peer, position + deleted);

    assert_true(peer->view_len + inserted.len < sizeof peer->view);
    assert_null(memmem(inserted.ptr, inserted.len, "\xef\xbf\xbd", 3)); /* a pair was cut in two */
    memmove(peer->view + begin + inserted.len, peer->view + end, peer->view_len - end);
    if (inserted.len > 0)
        memcpy(peer->view + begin, inserted.ptr, inserted.len);
    peer->view_len += inserted.len - (end - begin);
}

static void mark(bool *marks, const char *text, size_t len)
{
    size_t at = 0;

    while (at < len) {
        unsigned bytes;
        uint32_t cp = ops_utf8_decode(text + at, text + len, &bytes);

        if (cp >= FIRST_TYPED)
            marks[cp >= TYPED_EARLY ? cp - TYPED_EARLY : cp - FIRST_TYPED] = true;
        at += bytes;
    }
}

static void excuse(struct world *world, const char *text, size_t len)
{
    mark(world->excused, text, len);
}

static void on_patch(void *self, struct ops_doc *doc, const struct ops_patch *patch)
{
    struct peer *peer = (struct peer *)self;
    size_t begin = byte_of(peer, patch->position_utf16), end = byte_of(peer, patch->position_utf16 + patch->deleted_utf16);

    (void)doc;
    if (patch->origin == OPS_ORIGIN_UNDO) {
        excuse(peer->world, peer->view + begin, end - begin);
        mark(peer->world->restored, patch->inserted.ptr, patch->inserted.len);
    }
    view_replace(peer, patch->position_utf16, patch->deleted_utf16, patch->inserted);
}

/* What was taken back is not lost. */
static void on_refused(void *self, struct ops_doc *doc, const struct ops_refused *refused)
{
    struct world *world = ((struct peer *)self)->world;
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_text_op op;
    bool on = starved_on;
    size_t i;

    (void)doc;
    starved_on = false;
    if (refused->op.ptr != NULL && strcmp(world->type, "text") == 0) {
        assert_int_equal(ops_text_op_json_decode(&ops_style_v1_plus, refused->op, &arena, &op, NULL), OPS_OK);
        for (i = 0; i < op.components_count; i++) {
            if (op.components[i].kind == OPS_TEXT_COMPONENT_INSERT)
                excuse(world, op.components[i].insert.text.ptr, op.components[i].insert.text.len);
        }
    }
    ops_arena_reset(&arena);
    starved_on = on;
}

static void peer_random(void *self, void *out, size_t bytes)
{
    unsigned char *byte = out;
    size_t i;

    (void)self;
    for (i = 0; i < bytes; i++)
        byte[i] = (unsigned char)(rnd() >> 32);
}

/* ---- one peer --------------------------------------------------------------------------------------------------------------------- */

static int64_t wall_ms(const struct peer *peer)
{
    return 1000 + peer->world->now_ms / 40; /* coarse: stamps of different peers are often equal */
}

static void peer_open(struct world *world, size_t i)
{
    static const char *const authors[PEERS] = {"ann", "bob", "cyd"};
    struct peer *peer = &world->peers[i];

    peer->world = world;
    ops_client_config_init(&peer->config);
    peer->config.memory = &test_memory;
    peer->config.random = peer_random;
    peer->config.author = ops_str_of(authors[i], 3);
    peer->config.events.self = peer;
    peer->config.events.patch = on_patch;
    peer->config.events.refused = on_refused;
    peer->config.op_max_bytes = 800; /* several ops wait at times */
    peer->client = ops_client_open(&peer->config);
    assert_non_null(peer->client);
    ops_client_tick(peer->client, world->now_ms, wall_ms(peer));
    assert_int_equal(ops_client_join(peer->client, OPS_STR("doc"), ops_str_of(world->type, 4), &peer->doc), OPS_OK);
}

/* Memory may run out for what the client does; the world around it has enough. */
static void starving(bool on)
{
    starved_on = on && starved_one_in > 0;
}

static void peer_cut(struct peer *peer)
{
    if (peer->connection != NULL) {
        peer->connection->cut = true;
        model_queue_empty(&peer->connection->down);
        if (rnd_below(2) == 0)
            model_queue_empty(&peer->connection->up); /* else the server reads it all the same, some day */
    }
    peer->connection = NULL;
    starving(true);
    ops_client_disconnected(peer->client, 0);
    starving(false);
}

static void peer_send(struct peer *peer)
{
    struct ops_str message;

    for (;;) {
        bool any;

        starving(true);
        any = peer->connection != NULL && ops_client_outgoing(peer->client, &message);
        starving(false);
        if (!any)
            return;
        model_queue_put(&peer->connection->up, message);
    }
}

static void peer_receive(struct peer *peer)
{
    struct model_text text;

    if (peer->connection == NULL || !model_queue_take(&peer->connection->down, &text))
        return;
    starving(true);
    ops_client_received(peer->client, ops_str_of(text.ptr, text.len));
    starving(false);
    free(text.ptr);
}

static void peer_type(struct peer *peer)
{
    struct world *world = peer->world;
    size_t at, units = ops_doc_text_length(peer->doc);
    char text[16];
    size_t len = 0, count = 1 + rnd_below(3), i;

    if (world->typed + count >= TYPED)
        return;
    for (i = 0; i < count; i++)
        len += ops_utf8_encode(code_point_of(world->typed + (unsigned)i), text + len);
    at = rnd_below((unsigned)units + 1);
    if (ops_doc_text_insert(peer->doc, at, ops_str_of(text, len)) != OPS_OK)
        return; /* inside a pair: nothing was typed */
    view_replace(peer, at, 0, ops_str_of(text, len));
    for (i = 0; i < count; i++)
        world->by[world->typed++] = peer;
}

static void peer_delete(struct peer *peer)
{
    size_t units = ops_doc_text_length(peer->doc), at = rnd_below((unsigned)units + 1), count = rnd_below(6);
    size_t begin, end;

    if (at + count > units || ops_doc_text_delete(peer->doc, at, count) != OPS_OK)
        return;
    begin = byte_of(peer, at);
    end = byte_of(peer, at + count);
    excuse(peer->world, peer->view + begin, end - begin);
    view_replace(peer, at, count, OPS_STR(""));
}

static void expect_done(enum ops_err err)
{
    if (starved_one_in == 0 || err != OPS_ERR_NOMEM)
        assert_int_equal(err, OPS_OK);
}

static void peer_edit(struct peer *peer)
{
    static const char *const paths[] = {"a", "a.b", "a.b.c", "a.d", "e", "e.f", "", "g"};
    const char *path = paths[rnd_below(8)];
    char value[32];

    if (rnd_below(8) == 0) {
        enum ops_err err = rnd_below(3) > 0 ? ops_doc_undo(peer->doc) : ops_doc_redo(peer->doc);

        if (err != OPS_ERR_ABSENT)
            expect_done(err);
    } else if (strcmp(peer->world->type, "text") == 0) {
        if (rnd_below(3) == 0)
            peer_delete(peer);
        else
            peer_type(peer);
    } else if (rnd_below(4) == 0) {
        expect_done(ops_doc_json_del(peer->doc, ops_str_of(path, strlen(path))));
    } else {
        snprintf(value, sizeof value, "%u", rnd_below(1000));
        expect_done(ops_doc_json_set(peer->doc, ops_str_of(path, strlen(path)), ops_str_of(value, strlen(value))));
    }
}

static bool same_snapshot(struct peer *peer, struct ops_client *other)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_buf a, b;
    bool same;

    ops_buf_init(&a, &arena);
    ops_buf_init(&b, &arena);
    assert_int_equal(ops_doc_snapshot(peer->doc, &a), OPS_OK);
    assert_int_equal(ops_doc_snapshot(ops_client_next(other, NULL), &b), OPS_OK);
    same = ops_str_equal(ops_buf_str(&a), ops_buf_str(&b));
    ops_arena_reset(&arena);
    return same;
}

/* A new program shows what it has. */
static void peer_view_reset(struct peer *peer)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_buf text;

    ops_buf_init(&text, &arena);
    if (ops_doc_text_range(peer->doc, 0, SIZE_MAX, &text) != OPS_OK)
        text.len = 0;
    if (text.len > 0)
        memcpy(peer->view, text.ptr, text.len);
    peer->view_len = text.len;
    ops_arena_reset(&arena);
}

/* Saved bytes give the same document back; now and then the program is restarted with them. */
static void peer_save(struct peer *peer, bool restart)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_client *other = ops_client_open(&peer->config);
    struct ops_buf saved;

    ops_buf_init(&saved, &arena);
    assert_int_equal(ops_client_save(peer->client, &saved), OPS_OK);
    assert_int_equal(ops_client_load(other, ops_buf_str(&saved)), OPS_OK);
    if (starved_one_in == 0) /* else it may be a document that is to be loaded anew */
        assert_true(same_snapshot(peer, other));
    if (starved_one_in == 0 && ops_doc_status(peer->doc) == OPS_DOC_JOINED) {
        assert_int_equal(ops_doc_revision(ops_client_next(other, NULL)), ops_doc_revision(peer->doc));
    }
    if (rnd_below(4) == 0) {
        assert_true(saved.len <= sizeof peer->old);
        memcpy(peer->old, saved.ptr, saved.len);
        peer->old_len = saved.len;
        peer->old_typed = peer->world->typed;
    }
    if (restart) {
        peer_cut(peer);
        ops_client_close(peer->client);
        peer->client = other;
        peer->doc = ops_client_next(other, NULL);
        ops_client_tick(other, peer->world->now_ms, wall_ms(peer));
        peer_view_reset(peer);
    } else {
        ops_client_close(other);
    }
    ops_arena_reset(&arena);
}

/* The program dies, and the next run has what was saved long before: what was typed since may be lost, and is not there twice. */
static void peer_crash(struct peer *peer)
{
    struct world *world = peer->world;
    unsigned i;

    if (peer->old_len == 0)
        return;
    peer_cut(peer);
    ops_client_close(peer->client);
    peer->client = ops_client_open(&peer->config);
    assert_int_equal(ops_client_load(peer->client, ops_str_of(peer->old, peer->old_len)), OPS_OK);
    peer->doc = ops_client_next(peer->client, NULL);
    ops_client_tick(peer->client, world->now_ms, wall_ms(peer));
    peer_view_reset(peer);
    for (i = peer->old_typed; i < world->typed; i++)
        world->excused[i] = world->excused[i] || world->by[i] == peer;
}

static void peer_tick(struct peer *peer)
{
    starving(true);
    ops_client_tick(peer->client, peer->world->now_ms, wall_ms(peer));
    starving(false);
    if (ops_client_state(peer->client) == OPS_CLIENT_CLOSE)
        peer_cut(peer);
    if (ops_client_state(peer->client) == OPS_CLIENT_CONNECT) {
        peer->connection = model_connect(&peer->world->server);
        ops_client_connected(peer->client);
    }
    peer_send(peer);
}

/* ---- a world --------------------------------------------------------------------------------------------------------------------- */

/* What was told is what can be read, at any time. */
static void peer_check_view(const struct peer *peer)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_buf text;

    ops_buf_init(&text, &arena);
    if (strcmp(peer->world->type, "text") == 0 && ops_doc_text_range(peer->doc, 0, SIZE_MAX, &text) == OPS_OK)
        assert_true(ops_str_equal(ops_buf_str(&text), ops_str_of(peer->view, peer->view_len)));
    ops_arena_reset(&arena);
}

static void world_step(struct world *world)
{
    struct peer *peer = &world->peers[rnd_below(PEERS)];
    struct model_connection *c;

    world->now_ms += rnd_below(30);
    peer_tick(peer);
    switch (rnd_below(8)) {
    case 0:
    case 1:
        if (!world->kind) {
            starving(true);
            peer_edit(peer);
            starving(false);
        }
        break;
    case 2:
    case 3:
        peer_receive(peer);
        break;
    case 4:
        if (world->server.connection_count > 0) {
            c = world->server.connections[rnd_below((unsigned)world->server.connection_count)];
            if (!c->cut || !world->kind)
                model_read(&world->server, c);
        }
        if (peer->connection != NULL)
            model_read(&world->server, peer->connection);
        break;
    case 5:
        model_durable(&world->server);
        break;
    case 6:
        if (!world->kind && rnd_below(12) == 0)
            peer_cut(peer);
        else if (!world->kind && world->crashes && rnd_below(20) == 0)
            peer_crash(peer);
        break;
    default:
        if (!world->kind && rnd_below(4) == 0)
            peer_save(peer, rnd_below(8) == 0);
    }
    peer_send(peer);
    peer_check_view(peer);
}

static bool world_is_quiet(const struct world *world)
{
    size_t i;

    if (world->server.queue_first != world->server.queue_last)
        return false;
    for (i = 0; i < PEERS; i++) {
        const struct peer *peer = &world->peers[i];

        if (peer->connection == NULL || peer->connection->up.first != peer->connection->up.last ||
            peer->connection->down.first != peer->connection->down.last || ops_doc_status(peer->doc) != OPS_DOC_JOINED ||
            ops_doc_pending(peer->doc) > 0)
            return false;
    }
    return true;
}

static void world_check_text(const struct world *world)
{
    static unsigned seen[TYPED];
    const struct peer *peer = &world->peers[0];
    size_t at = 0, i;

    memset(seen, 0, sizeof seen);
    while (at < peer->view_len) {
        unsigned len;
        uint32_t cp = ops_utf8_decode(peer->view + at, peer->view + peer->view_len, &len);

        if (cp >= FIRST_TYPED)
            seen[cp >= TYPED_EARLY ? cp - TYPED_EARLY : cp - FIRST_TYPED]++;
        at += len;
    }
    for (i = 0; i < world->typed; i++) {
        if (seen[i] > 1 && !world->restored[i])
            fail_msg("character %u was typed once and is there %u times", (unsigned)i, seen[i]);
        if (seen[i] == 0 && !world->excused[i])
            fail_msg("typed, deleted by nobody, and gone");
    }
}

static void world_check(struct world *world)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_buf server, client;
    size_t i;

    for (i = 0; i < PEERS; i++) {
        struct peer *peer = &world->peers[i];

        ops_buf_init(&server, &arena);
        ops_buf_init(&client, &arena);
        world->server.engine->snapshot(world->server.document, &ops_style_v1_plus, &server);
        assert_int_equal(ops_doc_snapshot(peer->doc, &client), OPS_OK);
        if (!ops_str_equal(ops_buf_str(&server), ops_buf_str(&client)))
            fail_msg("peer %d has %.*s, the server %.*s", (int)i, (int)client.len, client.ptr, (int)server.len, server.ptr);
        assert_int_equal(ops_doc_revision(peer->doc), world->server.durable);
        if (strcmp(world->type, "text") != 0)
            continue;
        client.len = 0;
        assert_int_equal(ops_doc_text_range(peer->doc, 0, SIZE_MAX, &client), OPS_OK);
        assert_true(ops_str_equal(ops_buf_str(&client), ops_str_of(peer->view, peer->view_len)));
    }
    ops_arena_reset(&arena);
    if (strcmp(world->type, "text") == 0)
        world_check_text(world);
}

static void world_play(const char *type, unsigned unkind, unsigned skip_push, uint64_t seed)
{
    struct world *world = calloc(1, sizeof *world);
    unsigned steps, i;

    assert_non_null(world);
    random_state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    steps = 400 + rnd_below(400);
    world->type = type;
    world->now_ms = 1;
    starved_one_in = starving_one_in;
    starved_dice = random_state;
    world->crashes = crashing;
    model_open(&world->server, strcmp(type, "text") == 0 ? &ops_text_engine : &ops_json_engine);
    world->server.unavailable_one_in = unkind > 0 ? 10 : 0;
    world->server.refuse_one_in = unkind;
    world->server.skip_push_one_in = skip_push;
    for (i = 0; i < PEERS; i++)
        peer_open(world, i);
    for (i = 0; i < steps; i++)
        world_step(world);
    world->kind = true;
    starved_one_in = 0;
    world->server.unavailable_one_in = world->server.refuse_one_in = world->server.skip_push_one_in = 0;
    for (i = 0; skip_push > 0 && i < PEERS; i++)
        peer_cut(&world->peers[i]); /* a push that was skipped last is noticed by the next, or now */
    for (i = 0; !world_is_quiet(world) && i < 200000; i++)
        world_step(world);
    if (!world_is_quiet(world))
        fail_msg("the clients do not come to rest");
    world_check(world);
    for (i = 0; i < PEERS; i++)
        ops_client_close(world->peers[i].client);
    model_close(&world->server);
    free(world);
}

static void play(const char *type, unsigned unkind, unsigned skip_push)
{
    const char *given = getenv("OPS_SEED"), *count = getenv("OPS_SEEDS");
    uint64_t seed = given != NULL ? strtoull(given, NULL, 0) : 1;
    uint64_t last = given != NULL ? seed : count != NULL ? strtoull(count, NULL, 0) : 300;

    for (; seed <= last; seed++) {
        random_seed = seed;
        world_play(type, unkind, skip_push, seed);
    }
}

static void texts_converge_and_nothing_typed_is_lost_or_doubled(void **state)
{
    (void)state;
    play("text", 0, 0);
}

static void texts_converge_though_ops_are_refused_and_storage_fails(void **state)
{
    (void)state;
    play("text", 8, 0);
}

static void json_documents_converge(void **state)
{
    (void)state;
    play("json", 0, 0);
}

static void json_documents_converge_though_ops_are_refused_and_storage_fails(void **state)
{
    (void)state;
    play("json", 8, 0);
}

static void pushes_that_do_not_come_are_noticed_and_fetched(void **state)
{
    (void)state;
    play("text", 0, 10);
    play("json", 0, 10);
}

static void documents_converge_though_memory_runs_out_again_and_again(void **state)
{
    unsigned i;

    (void)state;
    starved_count = 0;
    for (i = 0; i < 6; i++) {
        starving_one_in = i % 2 == 0 ? 40 : 400;
        play(i < 4 ? "text" : "json", 0, 0);
    }
    starving_one_in = 0;
    if (getenv("OPS_SEED") == NULL)
        assert_true(starved_count > 1000);
}

static void programs_that_die_and_go_on_with_what_they_had_saved_double_nothing(void **state)
{
    (void)state;
    crashing = true;
    play("text", 0, 0);
    play("json", 0, 0);
    starving_one_in = 200;
    play("text", 0, 0);
    starving_one_in = 0;
    crashing = false;
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
        cmocka_unit_test_setup_teardown(texts_converge_and_nothing_typed_is_lost_or_doubled, random_seeded, print_seed),
        cmocka_unit_test_setup_teardown(texts_converge_though_ops_are_refused_and_storage_fails, random_seeded, print_seed),
        cmocka_unit_test_setup_teardown(json_documents_converge, random_seeded, print_seed),
        cmocka_unit_test_setup_teardown(json_documents_converge_though_ops_are_refused_and_storage_fails, random_seeded, print_seed),
        cmocka_unit_test_setup_teardown(documents_converge_though_memory_runs_out_again_and_again, random_seeded, print_seed),
        cmocka_unit_test_setup_teardown(programs_that_die_and_go_on_with_what_they_had_saved_double_nothing, random_seeded, print_seed),
        cmocka_unit_test_setup_teardown(pushes_that_do_not_come_are_noticed_and_fetched, random_seeded, print_seed),
    };

    return cmocka_run_group_tests_name("client converge", tests, NULL, NULL);
}
