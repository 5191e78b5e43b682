/* Undo against a model that is slow and obvious: letters with identities.
 *
 * Each client's model knows which letters every change of it inserted and which it deleted. Whatever others did in between, after an undo
 * the letters that are there must be those from before, without what the change inserted and with what it deleted; and any two
 * letters that were ever seen together stand in the same order as then. OPS_SEED=n replays one seed; OPS_SEEDS=n runs more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "model_server.h"
#include "runtime/base/utf.h"
#include "runtime/client/client.h"

enum { PEERS = 3, LETTERS = 20000, SHOWN = 4000, CHANGES = 1000, IN_CHANGE = 64, FIRST_TYPED = 0x4e00, TYPED_EARLY = 0x10000 };

struct letter {
    uint32_t cp;
    bool there;
    uint16_t *seen; /* what was shown when it was last deleted here, itself among it */
    size_t seen_count;
};

struct change {
    uint16_t in[IN_CHANGE], out[IN_CHANGE]; /* letters that it inserted and deleted */
    size_t in_count, out_count;
};

struct changes {
    struct change list[CHANGES];
    size_t count;
};

struct peer {
    struct world *world;
    struct ops_client *client;
    struct ops_doc *doc;
    struct model_connection *connection;
    unsigned away; /* turns without a network */
    uint32_t cursor;
    bool open;     /* what is typed at the cursor now belongs to the last change */
    int64_t edited_ms;
    struct letter letters[LETTERS];
    size_t letter_count;
    uint16_t shown[SHOWN], before[SHOWN]; /* letters */
    size_t shown_count, before_count;
    struct changes undo, redo;
    struct change *taking, made; /* while something is undone */
    bool undoable, redoable;     /* as told */
};

struct world {
    struct model_server server;
    struct peer peers[PEERS];
    int64_t now_ms;
    unsigned typed, undone;
    bool cuts, compacts, kind;
};

/* ---- what is shown ------------------------------------------------------------------------------------------------------------- */

static size_t place_of(const struct peer *peer, size_t units)
{
    size_t at = 0;

    for (; units > 0; at++) {
        assert_true(at < peer->shown_count);
        units -= peer->letters[peer->shown[at]].cp >= 0x10000 ? 2 : 1;
    }
    return at;
}

static uint16_t letter_new(struct peer *peer, uint32_t cp)
{
    assert_true(peer->letter_count < LETTERS);
    peer->letters[peer->letter_count].cp = cp;
    return (uint16_t)peer->letter_count++;
}

static size_t position_in(const uint16_t *list, size_t count, uint16_t letter)
{
    size_t i = 0;

    while (i < count && list[i] != letter)
        i++;
    return i;
}

/* A letter that came back stands to the others as it did. */
static void check_order(const struct peer *peer, uint16_t letter)
{
    const struct letter *l = &peer->letters[letter];
    size_t now = position_in(peer->shown, peer->shown_count, letter), then = position_in(l->seen, l->seen_count, letter), i, other;

    assert_true(now < peer->shown_count && then < l->seen_count);
    for (i = 0; i < peer->shown_count; i++) {
        other = position_in(l->seen, l->seen_count, peer->shown[i]);
        if (other < l->seen_count && i != now && (i < now) != (other < then))
            fail_msg("letter %x came back at another place", (unsigned)l->cp);
    }
}

/* Did `a` stand before `b` when they were last seen together? */
static bool stood_before(const struct peer *peer, uint16_t a, uint16_t b)
{
    const struct letter *l = &peer->letters[b];

    if (position_in(l->seen, l->seen_count, a) == l->seen_count)
        l = &peer->letters[a];
    return position_in(l->seen, l->seen_count, a) < position_in(l->seen, l->seen_count, b);
}

/* The letter of a code point that an undo brings back: one that the change had deleted, and the first of them if several look the same
 * (others may have typed again what was deleted here). */
static uint16_t letter_again(const struct peer *peer, uint32_t cp)
{
    uint16_t found = LETTERS;
    size_t i;

    for (i = 0; i < peer->taking->out_count; i++) {
        uint16_t letter = peer->taking->out[i];

        if (peer->letters[letter].cp == cp && !peer->letters[letter].there &&
            (found == LETTERS || stood_before(peer, letter, found)))
            found = letter;
    }
    if (found == LETTERS)
        fail_msg("%x came back and was not deleted by that change", (unsigned)cp);
    return found;
}

static void shown_delete(struct peer *peer, size_t begin, size_t end)
{
    size_t i;

    for (i = begin; i < end; i++) {
        struct letter *l = &peer->letters[peer->shown[i]];

        l->there = false;
        l->seen = realloc(l->seen, sizeof *l->seen * (peer->before_count + 1));
        memcpy(l->seen, peer->before, sizeof *l->seen * peer->before_count);
        l->seen_count = peer->before_count;
    }
    memmove(peer->shown + begin, peer->shown + end, (peer->shown_count - end) * sizeof *peer->shown);
    peer->shown_count -= end - begin;
}

static void shown_insert(struct peer *peer, size_t at, uint16_t letter)
{
    assert_true(peer->shown_count < SHOWN);
    memmove(peer->shown + at + 1, peer->shown + at, (peer->shown_count - at) * sizeof *peer->shown);
    peer->shown[at] = letter;
    peer->shown_count++;
    peer->letters[letter].there = true;
}

static void remember_shown(struct peer *peer)
{
    memcpy(peer->before, peer->shown, sizeof peer->shown);
    peer->before_count = peer->shown_count;
}

static void on_patch(void *self, struct ops_doc *doc, const struct ops_patch *patch)
{
    struct peer *peer = (struct peer *)self;
    size_t begin = place_of(peer, patch->position_utf16), end = place_of(peer, patch->position_utf16 + patch->deleted_utf16), at = 0, i;
    bool undo = patch->origin == OPS_ORIGIN_UNDO;

    (void)doc;
    assert_int_equal(undo, peer->taking != NULL);
    for (i = begin; undo && i < end; i++) {
        if (position_in(peer->taking->in, peer->taking->in_count, peer->shown[i]) == peer->taking->in_count)
            fail_msg("%x was taken away and was not inserted by that change", (unsigned)peer->letters[peer->shown[i]].cp);
        peer->made.out[peer->made.out_count++] = peer->shown[i];
    }
    if (!undo)
        remember_shown(peer);
    shown_delete(peer, begin, end);
    while (at < patch->inserted.len) {
        unsigned len;
        uint32_t cp = ops_utf8_decode(patch->inserted.ptr + at, patch->inserted.ptr + patch->inserted.len, &len);
        uint16_t letter = undo ? letter_again(peer, cp) : letter_new(peer, cp);

        shown_insert(peer, begin++, letter);
        if (undo)
            peer->made.in[peer->made.in_count++] = letter;
        at += len;
    }
    if (patch->origin == OPS_ORIGIN_TAKEN_BACK && patch->inserted.len > 0) {
        peer->undo.count = peer->redo.count = 0;
        peer->open = false;
    }
}

static void on_status(void *self, struct ops_doc *doc, enum ops_doc_status status)
{
    struct peer *peer = (struct peer *)self;

    (void)status;
    peer->undoable = ops_doc_undoable(doc);
    peer->redoable = ops_doc_redoable(doc);
}

static void check_shown(const struct peer *peer)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_buf text;
    size_t at = 0, i = 0;

    ops_buf_init(&text, &arena);
    assert_int_equal(ops_doc_text_range(peer->doc, 0, SIZE_MAX, &text), OPS_OK);
    for (; at < text.len; i++) {
        unsigned len;
        uint32_t cp = ops_utf8_decode(text.ptr + at, text.ptr + text.len, &len);

        assert_true(i < peer->shown_count);
        assert_int_equal(cp, peer->letters[peer->shown[i]].cp);
        at += len;
    }
    assert_int_equal(i, peer->shown_count);
    ops_arena_reset(&arena);
    assert_int_equal(peer->undoable, ops_doc_undoable(peer->doc)); /* every difference was told */
    assert_int_equal(peer->redoable, ops_doc_redoable(peer->doc));
}

/* ---- what the user does --------------------------------------------------------------------------------------------------------- */

static bool has_effect(const struct peer *peer, const struct change *change)
{
    size_t i;

    for (i = 0; i < change->in_count; i++) {
        if (peer->letters[change->in[i]].there)
            return true;
    }
    return change->out_count > 0;
}

static void peer_step(struct peer *peer, bool redo)
{
    struct changes *from = redo ? &peer->redo : &peer->undo, *to = redo ? &peer->undo : &peer->redo;
    enum ops_err err;
    size_t i;

    while (from->count > 0 && !has_effect(peer, &from->list[from->count - 1]))
        from->count--;
    peer->taking = from->count > 0 ? &from->list[from->count - 1] : NULL;
    memset(&peer->made, 0, sizeof peer->made);
    remember_shown(peer);
    peer->open = false;
    err = redo ? ops_doc_redo(peer->doc) : ops_doc_undo(peer->doc);
    if (peer->taking == NULL) {
        assert_int_equal(err, OPS_ERR_ABSENT);
        assert_false(redo ? ops_doc_redoable(peer->doc) : ops_doc_undoable(peer->doc));
        return;
    }
    assert_int_equal(err, OPS_OK);
    for (i = 0; i < peer->taking->in_count; i++)
        assert_false(peer->letters[peer->taking->in[i]].there);
    for (i = 0; i < peer->taking->out_count; i++) {
        assert_true(peer->letters[peer->taking->out[i]].there);
        check_order(peer, peer->taking->out[i]);
    }
    peer->taking = NULL;
    from->count--;
    to->list[to->count++] = peer->made;
    peer->world->undone++;
}

static bool undo_then_redo_is_nothing(struct peer *peer)
{
    uint16_t shown[SHOWN];
    size_t count, had = peer->undo.count;

    peer_step(peer, false);
    if (peer->redo.count == 0 || had == 0)
        return true;
    peer_step(peer, true);
    peer_step(peer, false);
    memcpy(shown, peer->shown, sizeof shown);
    count = peer->shown_count;
    peer_step(peer, true);
    peer_step(peer, false);
    return count == peer->shown_count && memcmp(shown, peer->shown, count * sizeof *shown) == 0;
}

/* Deletes letters and types some in their place. */
static void peer_replace(struct peer *peer, size_t begin, size_t end, unsigned typed, struct change *change)
{
    struct world *world = peer->world;
    char text[32];
    size_t at = 0, units = 0, len = 0, i;

    for (i = 0; i < end; i++)
        *(i < begin ? &at : &units) += peer->letters[peer->shown[i]].cp >= 0x10000 ? 2 : 1;
    remember_shown(peer);
    for (i = begin; i < end; i++) {
        size_t own = position_in(change->in, change->in_count, peer->shown[i]);

        if (own < change->in_count)
            change->in[own] = change->in[--change->in_count];
        else
            change->out[change->out_count++] = peer->shown[i];
    }
    shown_delete(peer, begin, end);
    for (i = 0; i < typed; i++) {
        uint32_t cp = world->typed % 3 == 0 ? TYPED_EARLY + world->typed : FIRST_TYPED + world->typed;

        world->typed++;
        len += ops_utf8_encode(cp, text + len);
        change->in[change->in_count] = letter_new(peer, cp);
        shown_insert(peer, begin + i, change->in[change->in_count++]);
    }
    assert_int_equal(ops_doc_text_replace(peer->doc, at, units, ops_str_of(text, len)), OPS_OK);
    at += len > 0 ? ops_utf16_length(text, len) : 0;
    ops_doc_cursor_set(peer->doc, peer->cursor, (struct ops_cursor){at, at});
    peer->redo.count = 0;
    peer->open = true;
    peer->edited_ms = world->now_ms;
}

static void peer_type(struct peer *peer)
{
    bool goes_on = peer->open && peer->world->now_ms - peer->edited_ms <= 500 && rnd_below(2) == 0;
    size_t begin, end;
    unsigned typed = rnd_below(4);
    struct change *change;

    if (goes_on && peer->undo.list[peer->undo.count - 1].in_count + peer->undo.list[peer->undo.count - 1].out_count + 8 < IN_CHANGE) {
        end = place_of(peer, ops_doc_cursor_get(peer->doc, peer->cursor).head_utf16);
        begin = end - (typed == 0 && end > 0);
    } else {
        if (!peer->open || peer->world->now_ms - peer->edited_ms <= 500)
            ops_doc_undo_stop(peer->doc);
        peer->open = false;
        peer->undo.list[peer->undo.count].in_count = peer->undo.list[peer->undo.count].out_count = 0;
        begin = rnd_below((unsigned)peer->shown_count + 1);
        end = begin + rnd_below(4);
        end = end < peer->shown_count ? end : peer->shown_count;
        goes_on = false;
    }
    if ((begin == end && typed == 0) || peer->undo.count + 1 == CHANGES || peer->world->typed > 8000)
        return;
    peer->undo.count += !goes_on;
    change = &peer->undo.list[peer->undo.count - 1];
    peer_replace(peer, begin, end, typed, change);
    if (goes_on && !has_effect(peer, change)) {
        peer->undo.count--; /* all that was typed is deleted again */
        peer->open = false;
    }
}

static void peer_edit(struct peer *peer)
{
    switch (rnd_below(8)) {
    case 0:
    case 1:
        peer_step(peer, false);
        break;
    case 2:
        peer_step(peer, true);
        break;
    case 3:
        assert_true(undo_then_redo_is_nothing(peer));
        break;
    default:
        peer_type(peer);
    }
}

/* ---- a world -------------------------------------------------------------------------------------------------------------------- */

static void peer_random(void *self, void *out, size_t bytes)
{
    size_t i;

    (void)self;
    for (i = 0; i < bytes; i++)
        ((unsigned char *)out)[i] = (unsigned char)(rnd() >> 32);
}

static void peer_open(struct world *world, struct peer *peer)
{
    struct ops_client_config config;

    peer->world = world;
    ops_client_config_init(&config);
    config.memory = &test_memory;
    config.random = peer_random;
    config.undo_max = CHANGES;
    config.events.self = peer;
    config.events.patch = on_patch;
    config.events.status = on_status;
    peer->client = ops_client_open(&config);
    assert_non_null(peer->client);
    ops_client_tick(peer->client, world->now_ms, world->now_ms);
    assert_int_equal(ops_client_join(peer->client, OPS_STR("doc"), OPS_STR("text"), &peer->doc), OPS_OK);
    assert_int_equal(ops_doc_cursor_open(peer->doc, true, (struct ops_cursor){0, 0}, &peer->cursor), OPS_OK);
}

static void peer_close(struct peer *peer)
{
    size_t i;

    for (i = 0; i < peer->letter_count; i++)
        free(peer->letters[i].seen);
    ops_client_close(peer->client);
}

static void peer_cut(struct peer *peer)
{
    if (peer->connection == NULL)
        return;
    peer->connection->cut = true;
    model_queue_empty(&peer->connection->down);
    if (rnd_below(2) == 0)
        model_queue_empty(&peer->connection->up);
    peer->connection = NULL;
    peer->away = rnd_below(60);
    ops_client_disconnected(peer->client, 0);
}

static void peer_pump(struct peer *peer)
{
    struct ops_str message;

    ops_client_tick(peer->client, peer->world->now_ms, peer->world->now_ms);
    if (ops_client_state(peer->client) == OPS_CLIENT_CLOSE)
        peer_cut(peer);
    if (peer->away > 0) {
        peer->away--;
    } else if (ops_client_state(peer->client) == OPS_CLIENT_CONNECT) {
        peer->connection = model_connect(&peer->world->server);
        ops_client_connected(peer->client);
    }
    while (peer->connection != NULL && ops_client_outgoing(peer->client, &message))
        model_queue_put(&peer->connection->up, message);
}

static void world_step(struct world *world)
{
    struct peer *peer = &world->peers[rnd_below(PEERS)];
    struct model_text text;

    world->now_ms += rnd_below(10) == 0 ? 300 + rnd_below(400) : rnd_below(60);
    peer_pump(peer);
    switch (rnd_below(8)) {
    case 0:
    case 1:
        if (!world->kind)
            peer_edit(peer);
        break;
    case 2:
    case 3:
    case 4:
        if (peer->connection != NULL && model_queue_take(&peer->connection->down, &text)) {
            ops_client_received(peer->client, ops_str_of(text.ptr, text.len));
            free(text.ptr);
        }
        break;
    case 5:
        if (peer->connection != NULL)
            model_read(&world->server, peer->connection);
        break;
    case 6:
        model_durable(&world->server);
        break;
    default:
        if (world->cuts && !world->kind && rnd_below(12) == 0)
            peer_cut(peer);
        if (world->compacts && !world->kind && rnd_below(12) == 0)
            world->server.oldest = world->server.durable;
    }
    peer_pump(peer);
    check_shown(peer);
}

static bool world_is_quiet(const struct world *world)
{
    const struct peer *peer;

    for (peer = world->peers; peer < world->peers + PEERS; peer++) {
        if (peer->connection == NULL || peer->connection->up.first != peer->connection->up.last ||
            peer->connection->down.first != peer->connection->down.last || ops_doc_status(peer->doc) != OPS_DOC_JOINED ||
            ops_doc_pending(peer->doc) > 0)
            return false;
    }
    return world->server.queue_first == world->server.queue_last;
}

static void world_settle(struct world *world)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_buf server, client;
    unsigned steps = 0;
    size_t i;

    world->kind = true;
    world->server.refuse_one_in = world->server.unavailable_one_in = 0;
    while (!world_is_quiet(world) && steps++ < 200000)
        world_step(world);
    assert_true(world_is_quiet(world));
    ops_buf_init(&server, &arena);
    world->server.engine->snapshot(world->server.document, &ops_style_v1_plus, &server);
    for (i = 0; i < PEERS; i++) {
        ops_buf_init(&client, &arena);
        assert_int_equal(ops_doc_snapshot(world->peers[i].doc, &client), OPS_OK);
        assert_true(ops_str_equal(ops_buf_str(&server), ops_buf_str(&client)));
    }
    ops_arena_reset(&arena);
}

/* Then everybody undoes all, and all are together again. */
static void world_play(bool cuts, bool compacts, unsigned refuse_one_in, uint64_t seed)
{
    struct world *world = calloc(1, sizeof *world);
    unsigned i;

    assert_non_null(world);
    random_state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    world->now_ms = 1;
    world->cuts = cuts;
    world->compacts = compacts;
    model_open(&world->server, &ops_text_engine);
    world->server.refuse_one_in = refuse_one_in;
    world->server.unavailable_one_in = refuse_one_in > 0 ? 10 : 0;
    for (i = 0; i < PEERS; i++)
        peer_open(world, &world->peers[i]);
    for (i = 0; i < 600; i++)
        world_step(world);
    world_settle(world);
    for (i = 0; i < PEERS; i++) {
        while (ops_doc_undoable(world->peers[i].doc))
            peer_step(&world->peers[i], false);
    }
    world_settle(world);
    assert_true(world->undone > 0);
    for (i = 0; i < PEERS; i++)
        peer_close(&world->peers[i]);
    model_close(&world->server);
    free(world);
}

static void play(bool cuts, bool compacts, unsigned refuse_one_in)
{
    const char *given = getenv("OPS_SEED"), *count = getenv("OPS_SEEDS");
    uint64_t seed = given != NULL ? strtoull(given, NULL, 0) : 1;
    uint64_t last = given != NULL ? seed : count != NULL ? strtoull(count, NULL, 0) : 100;

    for (; seed <= last; seed++) {
        random_seed = seed;
        world_play(cuts, compacts, refuse_one_in, seed);
    }
}

static void an_undo_takes_back_what_was_done_here_and_nothing_else(void **state)
{
    (void)state;
    play(false, false, 0);
}

static void undo_works_offline_and_over_reconnects(void **state)
{
    (void)state;
    play(true, false, 0);
}

static void undo_works_over_a_document_that_is_loaded_anew(void **state)
{
    (void)state;
    play(true, true, 0);
}

static void undo_works_though_edits_are_refused(void **state)
{
    (void)state;
    play(true, false, 12);
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
        cmocka_unit_test_setup_teardown(an_undo_takes_back_what_was_done_here_and_nothing_else, random_seeded, print_seed),
        cmocka_unit_test_setup_teardown(undo_works_offline_and_over_reconnects, random_seeded, print_seed),
        cmocka_unit_test_setup_teardown(undo_works_over_a_document_that_is_loaded_anew, random_seeded, print_seed),
        cmocka_unit_test_setup_teardown(undo_works_though_edits_are_refused, random_seeded, print_seed),
    };

    return cmocka_run_group_tests_name("client undo", tests, NULL, NULL);
}
