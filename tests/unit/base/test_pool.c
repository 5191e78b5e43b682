/* Claims of runtime/base/pool.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "runtime/base/pool.h"
#include "tests/support/memory.h"
#include "tests/support/random.h"

enum { PIECES = 400 };

/* A system's memory that counts. */
struct fixture {
    struct ops_memory memory;
    size_t blocks, bytes;
};

static void *fixture_more(void *self, size_t bytes)
{
    struct fixture *f = (struct fixture *)self;

    f->blocks++;
    f->bytes += bytes;
    return malloc(bytes);
}

static void fixture_release(void *self, void *block, size_t bytes)
{
    struct fixture *f = (struct fixture *)self;

    f->blocks--;
    f->bytes -= bytes;
    free(block);
}

static const struct ops_memory *fixture_init(struct fixture *f)
{
    memset(f, 0, sizeof *f);
    f->memory.more = fixture_more;
    f->memory.release = fixture_release;
    f->memory.self = f;
    return &f->memory;
}

struct piece {
    unsigned char *ptr;
    size_t bytes;
    unsigned char mark;
};

static void piece_is_whole(const struct piece *p)
{
    size_t i;

    for (i = 0; i < p->bytes; i++)
        assert_int_equal(p->ptr[i], p->mark);
}

static size_t random_size(void)
{
    switch (rnd_below(8)) {
    case 0:
        return rnd_below(100000);
    case 1:
        return OPS_POOL_LARGE - 2 + rnd_below(5);
    case 2:
        return (size_t)(128 << rnd_below(9)) - 1 + rnd_below(3);
    default:
        return rnd_below(600);
    }
}

static void pieces_do_not_touch_one_another(void **state)
{
    struct piece pieces[PIECES];
    struct ops_pool pool;
    struct fixture f;
    unsigned i, turn;

    (void)state;
    memset(pieces, 0, sizeof pieces);
    ops_pool_init(&pool, SIZE_MAX, fixture_init(&f));
    for (turn = 0; turn < 60000; turn++) {
        struct piece *p = &pieces[rnd_below(PIECES)];
        size_t bytes = random_size(), kept = p->bytes < bytes ? p->bytes : bytes;

        if (p->ptr == NULL) {
            p->ptr = (unsigned char *)ops_pool_alloc(&pool, bytes);
        } else if (rnd_below(2) != 0) {
            piece_is_whole(p);
            ops_pool_free(&pool, p->ptr, p->bytes);
            p->ptr = NULL;
            p->bytes = 0;
            continue;
        } else {
            struct piece moved = *p;

            moved.ptr = (unsigned char *)ops_pool_resize(&pool, p->ptr, p->bytes, bytes);
            moved.bytes = kept;
            piece_is_whole(&moved);
            p->ptr = moved.ptr;
        }
        assert_non_null(p->ptr);
        assert_int_equal((uintptr_t)p->ptr % OPS_ARENA_ALIGN, 0);
        p->bytes = bytes;
        p->mark = (unsigned char)turn;
        memset(p->ptr, p->mark, bytes);
    }
    for (i = 0; i < PIECES; i++) {
        piece_is_whole(&pieces[i]);
        ops_pool_free(&pool, pieces[i].ptr, pieces[i].bytes);
    }
    assert_int_equal(pool.used_bytes, 0);
    assert_int_equal(pool.held_bytes, f.bytes);
    ops_pool_end(&pool);
    assert_int_equal(f.blocks, 0);
    assert_int_equal(pool.held_bytes, 0);
}

/* What is given back is used again: a crowd that comes and goes needs no more than at first. */
static void memory_given_back_is_used_again(void **state)
{
    struct ops_pool pool;
    struct fixture f;
    size_t held = 0;
    unsigned round, i;

    (void)state;
    ops_pool_init(&pool, SIZE_MAX, fixture_init(&f));
    for (round = 0; round < 50; round++) {
        void *piece[PIECES];

        for (i = 0; i < PIECES; i++)
            piece[i] = ops_pool_alloc(&pool, 40 + i);
        for (i = 0; i < PIECES; i++)
            ops_pool_free(&pool, piece[(i * 7) % PIECES], 40 + (i * 7) % PIECES);
        if (round == 0)
            held = pool.held_bytes;
        assert_int_equal(pool.held_bytes, held);
        assert_int_equal(pool.used_bytes, 0);
    }
    ops_pool_end(&pool);
}

static void large_pieces_go_back_at_once(void **state)
{
    struct ops_pool pool;
    struct fixture f;
    void *small, *large, *other;

    (void)state;
    ops_pool_init(&pool, SIZE_MAX, fixture_init(&f));
    small = ops_pool_alloc(&pool, 10);
    large = ops_pool_alloc(&pool, 1 << 20);
    other = ops_pool_alloc(&pool, 1 << 20);
    assert_int_equal(f.blocks, 3);
    ops_pool_free(&pool, large, 1 << 20);
    assert_int_equal(f.blocks, 2);
    assert_true(f.bytes < (1 << 20) + 4096);
    ops_pool_free(&pool, other, 1 << 20);
    assert_int_equal(f.blocks, 1);
    ops_pool_free(&pool, small, 10);
    ops_pool_free(&pool, NULL, 10);
    ops_pool_end(&pool);
}

/* The limit is never passed; a refusal changes nothing; what fits exactly is given. */
static void pool_refuses_beyond_its_limit_and_stays_usable(void **state)
{
    size_t limit;

    (void)state;
    for (limit = 0; limit < 9000; limit += 8) {
        struct ops_pool pool;
        struct fixture f;
        void *first = NULL, *piece;
        size_t got = 0;

        ops_pool_init(&pool, limit, fixture_init(&f));
        while ((piece = ops_pool_alloc(&pool, 500)) != NULL) {
            first = first == NULL ? piece : first;
            got++;
            assert_true(pool.held_bytes <= limit);
        }
        assert_int_equal(got > 0, limit >= 512 + 32);
        assert_true(limit - pool.held_bytes < 512 + 32);
        assert_null(ops_pool_resize(&pool, first, 500, 100000));
        if (first != NULL) {
            ops_pool_free(&pool, first, 500);
            assert_ptr_equal(ops_pool_alloc(&pool, 490), first);
        }
        assert_null(ops_pool_alloc(&pool, SIZE_MAX));
        assert_null(ops_pool_alloc(&pool, SIZE_MAX - 8));
        ops_pool_end(&pool);
        assert_int_equal(f.blocks, 0);
    }
}

static void zeroed_pieces_are_zero_although_they_were_used(void **state)
{
    struct ops_pool pool;
    struct fixture f;
    unsigned char *piece;
    size_t bytes, i;

    (void)state;
    ops_pool_init(&pool, SIZE_MAX, fixture_init(&f));
    for (bytes = 1; bytes < 70000; bytes = bytes * 3 + 1) {
        piece = (unsigned char *)ops_pool_alloc(&pool, bytes);
        memset(piece, 0xff, bytes);
        ops_pool_free(&pool, piece, bytes);
        piece = (unsigned char *)ops_pool_zalloc(&pool, bytes);
        for (i = 0; i < bytes; i++)
            assert_int_equal(piece[i], 0);
    }
    ops_pool_end(&pool);
    assert_non_null(ops_pool_alloc(&pool, 10));
    ops_pool_end(&pool);
}

static void an_arena_lives_in_a_pool(void **state)
{
    struct ops_pool pool;
    struct fixture f;
    struct ops_memory memory;
    struct ops_arena arena;
    unsigned i;

    (void)state;
    ops_pool_init(&pool, SIZE_MAX, fixture_init(&f));
    memory = ops_pool_memory(&pool);
    ops_arena_init(&arena, NULL, 0, SIZE_MAX / 2, &memory);
    for (i = 0; i < 2000; i++)
        assert_non_null(ops_arena_alloc(&arena, i));
    assert_true(pool.used_bytes >= arena.used_bytes);
    ops_arena_end(&arena);
    assert_int_equal(pool.used_bytes, 0);
    ops_pool_end(&pool);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(pieces_do_not_touch_one_another, random_seeded),
        cmocka_unit_test(memory_given_back_is_used_again),
        cmocka_unit_test(large_pieces_go_back_at_once),
        cmocka_unit_test(pool_refuses_beyond_its_limit_and_stays_usable),
        cmocka_unit_test(zeroed_pieces_are_zero_although_they_were_used),
        cmocka_unit_test(an_arena_lives_in_a_pool),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
