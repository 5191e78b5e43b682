/* Claims of runtime/base/arena.h and runtime/base/buf.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "runtime/base/arena.h"
#include "runtime/base/buf.h"

/* A system's memory that counts, and refuses when told to. */
struct fixture {
    struct ops_memory memory;
    size_t blocks, bytes, calls, fail_from_call;
};

static void *fixture_more(void *self, size_t bytes)
{
    struct fixture *f = (struct fixture *)self;

    if (f->calls++ >= f->fail_from_call)
        return NULL;
    f->blocks++;
    f->bytes += bytes;
    return malloc(bytes);
}

static void fixture_release(void *self, void *block, size_t bytes)
{
    struct fixture *f = (struct fixture *)self;

    f->blocks--;
    f->bytes -= bytes;
    memset(block, 0xdd, bytes);
    free(block);
}

static const struct ops_memory *fixture_init(struct fixture *f)
{
    memset(f, 0, sizeof *f);
    f->memory.more = fixture_more;
    f->memory.release = fixture_release;
    f->memory.self = f;
    f->fail_from_call = SIZE_MAX;
    return &f->memory;
}

static void arena_refuses_beyond_its_limit_and_stays_usable(void **state)
{
    struct fixture f;
    struct ops_arena a;

    (void)state;
    for (size_t limit = 0; limit < 20000; limit += 8) {
        size_t got = 0;

        ops_arena_init(&a, NULL, 0, limit, fixture_init(&f));
        while (ops_arena_alloc(&a, 1000) != NULL)
            got += 1000;
        assert_int_equal(got, limit / 1000 * 1000);
        while (ops_arena_alloc(&a, 1) != NULL)
            got += 8;
        assert_int_equal(got, limit);
        assert_int_equal(a.used_bytes, limit);
        ops_arena_reset(&a);
        assert_int_equal(f.blocks, 0);
        if (limit >= 8)
            assert_non_null(ops_arena_alloc(&a, 8));
        ops_arena_end(&a);
    }
}

static void limit_holds_inside_the_callers_block(void **state)
{
    char block[256];
    struct ops_arena a;

    (void)state;
    ops_arena_init(&a, block, sizeof block, 64, NULL);
    assert_non_null(ops_arena_alloc(&a, 40));
    assert_null(ops_arena_alloc(&a, 25));
    assert_non_null(ops_arena_alloc(&a, 24));
    assert_null(ops_arena_alloc(&a, 1));
    ops_arena_end(&a);
}

static void common_message_asks_for_no_memory(void **state)
{
    struct fixture f;
    struct ops_arena a;
    static char block[1024];

    (void)state;
    ops_arena_init(&a, block, sizeof block, SIZE_MAX, fixture_init(&f));
    for (int message = 0; message < 10; message++) {
        for (int i = 0; i < 8; i++)
            assert_non_null(ops_arena_alloc(&a, 120));
        ops_arena_reset(&a);
    }
    assert_int_equal(f.calls, 0);
    ops_arena_end(&a);
}

static void every_address_is_a_multiple_of_eight_even_in_a_crooked_block(void **state)
{
    static uint64_t words[8];
    struct ops_arena a;

    (void)state;
    for (size_t skip = 0; skip < 8; skip++) {
        for (size_t room = 0; room + skip <= sizeof words; room++) {
            char *begin = (char *)words + skip, *p;
            size_t count = 0;

            ops_arena_init(&a, begin, room, SIZE_MAX, NULL);
            while ((p = (char *)ops_arena_alloc(&a, 3)) != NULL) {
                assert_int_equal((uintptr_t)p % 8, 0);
                assert_true(p >= begin && p + 8 <= begin + room);
                count++;
            }
            assert_true(count >= (room < 7 ? 0 : (room - 7) / 8));
            ops_arena_end(&a);
        }
    }
}

static void zero_bytes_give_a_valid_pointer(void **state)
{
    struct ops_arena a;
    struct ops_str copy;

    (void)state;
    ops_arena_init(&a, NULL, 0, 0, NULL);
    assert_non_null(ops_arena_alloc(&a, 0));
    assert_non_null(ops_arena_array(&a, 0, 100));
    assert_true(ops_arena_copy(&a, OPS_STR(""), &copy));
    assert_non_null(copy.ptr);
    assert_int_equal(copy.len, 0);
    assert_null(ops_arena_alloc(&a, 1));
}

static void absurd_sizes_are_refused(void **state)
{
    struct fixture f;
    struct ops_arena a;

    (void)state;
    ops_arena_init(&a, NULL, 0, SIZE_MAX, fixture_init(&f));
    for (size_t less = 0; less < 64; less++)
        assert_null(ops_arena_alloc(&a, SIZE_MAX - less));
    assert_null(ops_arena_alloc(&a, (size_t)PTRDIFF_MAX));
    assert_null(ops_arena_array(&a, SIZE_MAX / 8 + 1, 8));
    assert_null(ops_arena_array(&a, SIZE_MAX / 2, 3));
    assert_int_equal(f.calls, 0);
    assert_int_equal(a.used_bytes, 0);
}

static void copies_keep_absent_and_empty_apart(void **state)
{
    char block[64];
    struct ops_arena a;
    struct ops_str copy = OPS_STR("before");

    (void)state;
    ops_arena_init(&a, block, sizeof block, SIZE_MAX, NULL);
    assert_true(ops_arena_copy(&a, ops_str_of(NULL, 0), &copy));
    assert_null(copy.ptr);
    assert_true(ops_arena_copy(&a, OPS_STR("a\0b"), &copy));
    assert_true(ops_str_equal(copy, OPS_STR("a\0b")));
    assert_ptr_equal(copy.ptr, block);
    assert_false(ops_arena_copy(&a, ops_str_of(block, 60), &copy));
    assert_int_equal(copy.len, 3);
    ops_arena_end(&a);
}

static void latest_allocation_grows_and_shrinks_in_place(void **state)
{
    static uint64_t block[16];
    struct ops_arena a;
    char *p, *q;

    (void)state;
    ops_arena_init(&a, block, sizeof block, SIZE_MAX, NULL);
    p = (char *)ops_arena_alloc(&a, 5);
    assert_ptr_equal(ops_arena_grow(&a, p, 5, 100), p);
    assert_int_equal(a.used_bytes, 104);
    ops_arena_shrink(&a, p, 100, 9);
    assert_int_equal(a.used_bytes, 16);
    q = (char *)ops_arena_alloc(&a, 8);
    assert_ptr_equal(q, p + 16);
    ops_arena_shrink(&a, p, 9, 1); /* not the latest any more */
    assert_int_equal(a.used_bytes, 24);
    memcpy(p, "abcdefghi", 9);
    p = (char *)ops_arena_grow(&a, p, 9, 20);
    assert_ptr_equal(p, q + 8);
    assert_memory_equal(p, "abcdefghi", 9);
    assert_null(ops_arena_grow(&a, p, 20, 1000));
    assert_memory_equal(p, "abcdefghi", 9);
    assert_ptr_equal(ops_arena_grow(&a, p, 20, 20), p);
    ops_arena_end(&a);
}

static void zalloc_clears_memory_used_before(void **state)
{
    char block[64], zeros[48] = {0};
    struct ops_arena a;

    (void)state;
    ops_arena_init(&a, block, sizeof block, SIZE_MAX, NULL);
    memset(ops_arena_alloc(&a, 48), 0xff, 48);
    ops_arena_reset(&a);
    assert_memory_equal(ops_arena_zalloc(&a, 48), zeros, 48);
    assert_null(ops_arena_zalloc(&a, 48));
    ops_arena_end(&a);
}

static void rewind_releases_what_came_after_the_mark(void **state)
{
    static char block[128];
    struct fixture f;
    struct ops_arena a;
    struct ops_arena_mark empty, mark;
    size_t blocks, used;
    char *kept, *next;

    (void)state;
    ops_arena_init(&a, block, sizeof block, SIZE_MAX, fixture_init(&f));
    empty = ops_arena_here(&a);
    kept = (char *)ops_arena_zalloc(&a, 5000);
    mark = ops_arena_here(&a);
    blocks = f.blocks;
    used = a.used_bytes;
    next = (char *)ops_arena_alloc(&a, 16);
    for (int i = 0; i < 100; i++)
        assert_non_null(ops_arena_alloc(&a, 3000));
    assert_true(f.blocks > blocks);
    ops_arena_rewind(&a, mark);
    assert_int_equal(f.blocks, blocks);
    assert_int_equal(a.used_bytes, used);
    assert_int_equal(kept[4999], 0);
    if (a.heap == mark.heap && next == mark.at)
        assert_ptr_equal(ops_arena_alloc(&a, 16), next);
    ops_arena_rewind(&a, empty);
    assert_int_equal(f.blocks, 0);
    assert_in_range((uintptr_t)ops_arena_alloc(&a, 8), (uintptr_t)block, (uintptr_t)block + 8);
    ops_arena_end(&a);
}

/* Some thousand random calls: nothing handed out overlaps, moves or loses a byte; in the end all memory is back. */
static void random_use_keeps_every_byte(void **state)
{
    enum { SLOTS = 64 };
    static char block[512];
    const char *given = getenv("OPS_SEED");
    uint64_t seed = given != NULL ? strtoull(given, NULL, 0) : 1;

    (void)state;
    for (int round = 0; round < 200; round++, seed++) {
        struct fixture f;
        struct ops_arena a;
        unsigned char *slot[SLOTS];
        size_t bytes[SLOTS], count = 0, marked = 0;
        struct ops_arena_mark mark;
        uint64_t x = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;

        ops_arena_init(&a, block, sizeof block, 60000, fixture_init(&f));
        mark = ops_arena_here(&a);
        for (int step = 0; step < 400; step++) {
            size_t size, i;

            x ^= x << 13, x ^= x >> 7, x ^= x << 17;
            size = (size_t)(x >> 32) % ((x & 0xf0) == 0 ? 9000 : 200);
            i = count == 0 ? 0 : (size_t)(x >> 20) % count;
            if ((x & 7) < 4 && count < SLOTS) {
                slot[count] = (unsigned char *)ops_arena_alloc(&a, size);
                if (slot[count] != NULL) {
                    memset(slot[count], (int)count + 1, size);
                    bytes[count++] = size;
                }
            } else if ((x & 7) < 6 && count > marked) {
                unsigned char *p;

                i = (x & 8) != 0 || i < marked ? count - 1 : i; /* what is older than the mark stays as it is */
                p = (unsigned char *)ops_arena_grow(&a, slot[i], bytes[i], bytes[i] + size);
                if (p != NULL) {
                    memset(p + bytes[i], (int)i + 1, size);
                    slot[i] = p;
                    bytes[i] += size;
                }
            } else if ((x & 7) == 6 && count > marked) {
                ops_arena_shrink(&a, slot[count - 1], bytes[count - 1], bytes[count - 1] / 2);
                bytes[count - 1] /= 2;
            } else if ((x & 0x18) == 0) {
                ops_arena_rewind(&a, mark);
                count = marked;
            } else if ((x & 0x38) == 8) {
                mark = ops_arena_here(&a);
                marked = count;
            }
            assert_true(a.used_bytes <= 60000);
            for (i = 0; i < count; i++) {
                for (size_t k = 0; k < bytes[i]; k++) {
                    if (slot[i][k] != i + 1)
                        fail_msg("OPS_SEED=%llu: step %d spoiled a byte", (unsigned long long)seed, step);
                }
            }
        }
        ops_arena_end(&a);
        assert_int_equal(f.blocks, 0);
        assert_int_equal(f.bytes, 0);
    }
}

static void buffer_append_is_all_or_nothing_at_every_memory_limit(void **state)
{
    static const char text[] = "0123456789abcdefghijklmnopqrstuvwxyz";

    (void)state;
    for (size_t limit = 0; limit < 4000; limit += 8) {
        struct fixture f;
        struct ops_arena a;
        struct ops_buf b;
        size_t len = 0;

        ops_arena_init(&a, NULL, 0, limit, fixture_init(&f));
        ops_buf_init(&b, &a);
        for (size_t i = 0; i < 200; i++) {
            bool fits = ops_buf_append(&b, text, i % 37);

            len += fits ? i % 37 : 0;
            assert_int_equal(b.len, len);
            assert_true(b.len <= b.cap);
            if (fits && i % 37 != 0)
                assert_memory_equal(b.ptr + len - i % 37, text, i % 37);
        }
        if (limit >= 40)
            assert_true(len > 0);
        ops_arena_end(&a);
    }
}

static void buffer_doubles_so_appends_are_few_moves(void **state)
{
    struct fixture f;
    struct ops_arena a;
    struct ops_buf b;
    size_t moves = 0, cap = 0;

    (void)state;
    ops_arena_init(&a, NULL, 0, SIZE_MAX, fixture_init(&f));
    ops_buf_init(&b, &a);
    assert_true(ops_buf_append(&b, NULL, 0));
    assert_int_equal(ops_buf_str(&b).len, 0);
    assert_non_null(ops_buf_str(&b).ptr);
    for (size_t i = 0; i < 100000; i++) {
        char c = (char)(i % 251);

        assert_true(ops_buf_append(&b, &c, 1));
        moves += b.cap != cap;
        cap = b.cap;
    }
    assert_true(moves <= 12);
    for (size_t i = 0; i < 100000; i++) {
        if (b.ptr[i] != (char)(i % 251))
            fail_msg("byte %zu is lost", i);
    }
    assert_null(ops_buf_reserve(&b, SIZE_MAX));
    assert_null(ops_buf_reserve(&b, SIZE_MAX / 2));
    assert_int_equal(b.len, 100000);
    ops_arena_end(&a);
    assert_int_equal(f.blocks, 0);
}

static void arena_survives_refused_blocks(void **state)
{
    (void)state;
    for (size_t fail_from = 0; fail_from < 6; fail_from++) {
        struct fixture f;
        struct ops_arena a;
        size_t before;

        ops_arena_init(&a, NULL, 0, SIZE_MAX, fixture_init(&f));
        f.fail_from_call = fail_from;
        while (ops_arena_alloc(&a, 1000) != NULL)
            ;
        assert_int_equal(f.blocks, fail_from);
        before = a.used_bytes;
        assert_null(ops_arena_alloc(&a, 100000));
        assert_int_equal(a.used_bytes, before);
        f.fail_from_call = SIZE_MAX;
        assert_non_null(ops_arena_alloc(&a, 100000));
        ops_arena_end(&a);
        assert_int_equal(f.blocks, 0);
    }
}

#if defined(__SANITIZE_ADDRESS__)
#define UNDER_ASAN
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UNDER_ASAN
#endif
#endif
#ifdef UNDER_ASAN
int __asan_address_is_poisoned(const volatile void *address);

static void memory_given_back_is_poisoned_under_asan(void **state)
{
    char block[128];
    struct ops_arena a;
    struct ops_arena_mark mark;
    char *p, *q;

    (void)state;
    ops_arena_init(&a, block, sizeof block, SIZE_MAX, NULL);
    p = (char *)ops_arena_alloc(&a, 13);
    mark = ops_arena_here(&a);
    q = (char *)ops_arena_alloc(&a, 16);
    ops_arena_rewind(&a, mark);
    assert_false(__asan_address_is_poisoned(p + 12));
    assert_true(__asan_address_is_poisoned(q));
    q = (char *)ops_arena_alloc(&a, 16);
    ops_arena_shrink(&a, q, 16, 3);
    assert_false(__asan_address_is_poisoned(q + 2));
    assert_true(__asan_address_is_poisoned(q + 3));
    ops_arena_reset(&a);
    assert_true(__asan_address_is_poisoned(p));
    p = (char *)ops_arena_alloc(&a, 13);
    assert_false(__asan_address_is_poisoned(p + 12));
    assert_true(__asan_address_is_poisoned(p + 13));
    ops_arena_end(&a);
    assert_false(__asan_address_is_poisoned(block + sizeof block - 1));
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arena_refuses_beyond_its_limit_and_stays_usable),
        cmocka_unit_test(limit_holds_inside_the_callers_block),
        cmocka_unit_test(common_message_asks_for_no_memory),
        cmocka_unit_test(every_address_is_a_multiple_of_eight_even_in_a_crooked_block),
        cmocka_unit_test(zero_bytes_give_a_valid_pointer),
        cmocka_unit_test(absurd_sizes_are_refused),
        cmocka_unit_test(copies_keep_absent_and_empty_apart),
        cmocka_unit_test(latest_allocation_grows_and_shrinks_in_place),
        cmocka_unit_test(zalloc_clears_memory_used_before),
        cmocka_unit_test(rewind_releases_what_came_after_the_mark),
        cmocka_unit_test(random_use_keeps_every_byte),
        cmocka_unit_test(buffer_append_is_all_or_nothing_at_every_memory_limit),
        cmocka_unit_test(buffer_doubles_so_appends_are_few_moves),
        cmocka_unit_test(arena_survives_refused_blocks),
#ifdef UNDER_ASAN
        cmocka_unit_test(memory_given_back_is_poisoned_under_asan),
#endif
    };

    return cmocka_run_group_tests_name("base/arena", tests, NULL, NULL);
}
