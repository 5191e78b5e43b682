/* Protobuf of every message against upb and protobuf-c: the same bytes out, the same value in.
 *
 *   test_proto gen/opstream.pb
 *
 * OPS_VALUES: values of each message (10,000); OPS_SEED: the first seed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "gen/tables.h"
#include "runtime/codec/message.h"
#include "runtime/codec/proto.h"
#include "tests/codec/oracle_protobuf_c.h"
#include "tests/codec/oracle_upb.h"
#include "tests/codec/random_value.h"
#include "tests/support/memory.h"

enum { BLOCK_BYTES = 4 << 20, LONG_STRING_BYTES = 400 };

static struct ops_arena arena;

static uint64_t number_from(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

static struct ops_str encode(const struct ops_message *type, const void *value)
{
    struct ops_buf b;

    ops_buf_init(&b, &arena);
    assert_int_equal(ops_proto_encode(type, value, &b), OPS_OK);
    return ops_buf_str(&b);
}

static void *decode(const struct ops_message *type, struct ops_str bytes)
{
    void *value = ops_arena_alloc(&arena, type->size);
    struct ops_error error;

    if (ops_proto_decode(type, bytes, &arena, value, &error) == OPS_OK)
        return value;
    return NULL;
}

static struct ops_str kept(struct ops_str s)
{
    struct ops_str copy;

    assert_true(ops_arena_copy(&arena, s, &copy));
    return copy;
}

/* Says which value it was before it fails. */
static void claim(bool holds, const char *what, const struct ops_message *type, uint64_t seed)
{
    if (!holds)
        fail_msg("%.*s, OPS_SEED=%llu: %s", (int)type->name.len, type->name.ptr, (unsigned long long)seed, what);
}

/* Runs `check` for the values of every message. */
static void for_every_message(void (*check)(const struct ops_message *, struct random_source *, uint64_t seed), uint64_t times)
{
    static char block[BLOCK_BYTES];
    uint64_t first = number_from("OPS_SEED", 1), n;
    size_t t;

    ops_arena_init(&arena, block, sizeof block, SIZE_MAX, &test_memory);
    for (t = 0; t < ops_messages_count; t++) {
        for (n = 0; n < times; n++) {
            struct random_source random = random_seeded(first + n);

            check(ops_messages[t], &random, first + n);
            ops_arena_reset(&arena);
        }
    }
    ops_arena_end(&arena);
}

static uint64_t values(void)
{
    return number_from("OPS_VALUES", 10000);
}

/* ---- the same bytes ------------------------------------------------------------------------------------------------ */

static void check_bytes(const struct ops_message *type, struct random_source *random, uint64_t seed)
{
    struct random_knobs knobs = random_knobs_default();
    struct ops_str ours, theirs;
    void *value, *again;

    knobs.proto_only = true;
    knobs.no_nul = seed % 4 != 0;
    knobs.opaque_bytes = seed % 2 == 0;
    if (seed % 16 == 0)
        knobs.string_limit_bytes = LONG_STRING_BYTES;
    value = random_value(random, &knobs, type, &arena);
    ours = encode(type, value);

    claim(oracle_upb_recode(type, ours, &theirs), "upb refuses our bytes", type, seed);
    claim(ops_str_equal(ours, theirs), "upb writes other bytes", type, seed);
    if (knobs.no_nul) {
        claim(oracle_protobuf_c_recode(type, ours, &arena, &theirs), "protobuf-c refuses our bytes", type, seed);
        claim(ops_str_equal(ours, theirs), "protobuf-c writes other bytes", type, seed);
    }
    again = decode(type, ours);
    claim(again != NULL, "our bytes do not decode", type, seed);
    claim(ops_message_equal(type, value, again), "our bytes decode to another value", type, seed);
}

static void our_bytes_are_those_of_upb_and_protobuf_c(void **state)
{
    (void)state;
    for_every_message(check_bytes, values());
}

/* ---- the same values ----------------------------------------------------------------------------------------------- */

static void check_upb_values(const struct ops_message *type, struct random_source *random, uint64_t seed)
{
    struct ops_str theirs = kept(oracle_upb_random(type, random, &arena)), packed;
    void *value = decode(type, theirs), *again;

    claim(value != NULL, "upb's bytes do not decode", type, seed);
    claim(ops_str_equal(encode(type, value), theirs), "upb's value is another one here", type, seed);
    claim(oracle_protobuf_c_recode(type, theirs, &arena, &packed), "protobuf-c refuses upb's bytes", type, seed);
    again = decode(type, packed);
    claim(again != NULL, "protobuf-c's bytes do not decode", type, seed);
    claim(ops_str_equal(encode(type, again), packed), "protobuf-c's value is another one here", type, seed);
}

static void values_of_upb_and_protobuf_c_decode_to_the_same(void **state)
{
    (void)state;
    for_every_message(check_upb_values, values());
}

/* Two encodings one after the other are the merged message. */
static void check_merging(const struct ops_message *type, struct random_source *random, uint64_t seed)
{
    struct ops_str first = kept(oracle_upb_random(type, random, &arena)), theirs;
    struct ops_buf both;
    void *value;

    ops_buf_init(&both, &arena);
    assert_true(ops_buf_append(&both, first.ptr, first.len));
    theirs = oracle_upb_random(type, random, &arena);
    assert_true(ops_buf_append(&both, theirs.ptr, theirs.len));
    value = decode(type, ops_buf_str(&both));
    claim(oracle_upb_recode(type, ops_buf_str(&both), &theirs), "upb refuses two messages in one", type, seed);
    claim(value != NULL, "two messages in one do not decode", type, seed);
    claim(ops_str_equal(encode(type, value), theirs), "upb merges otherwise", type, seed);
}

static void repeated_fields_merge_as_in_upb(void **state)
{
    (void)state;
    for_every_message(check_merging, values() / 4);
}

/* ---- anything else -------------------------------------------------------------------------------------------------- */

/* Changes, removes and adds a few bytes. */
static struct ops_str damaged(struct ops_str bytes, struct random_source *random)
{
    struct ops_buf b;
    size_t edits = 1 + random_below(random, 3);

    ops_buf_init(&b, &arena);
    assert_true(ops_buf_append(&b, bytes.ptr, bytes.len) && ops_buf_reserve(&b, 8) != NULL);
    while (edits-- > 0) {
        size_t at = random_below(random, b.len + 1);

        if (random_one_in(random, 3)) {
            memmove(b.ptr + at + 1, b.ptr + at, b.len - at);
            b.ptr[at] = (char)(uint8_t)random_bits(random);
            b.len++;
        } else if (at < b.len && random_one_in(random, 3)) {
            memmove(b.ptr + at, b.ptr + at + 1, b.len - at - 1);
            b.len--;
        } else if (at < b.len) {
            b.ptr[at] = (char)(uint8_t)((unsigned)(uint8_t)b.ptr[at] ^ 1u << random_below(random, 8));
        }
    }
    return ops_buf_str(&b);
}

static void check_damaged(const struct ops_message *type, struct random_source *random, uint64_t seed)
{
    struct ops_str bytes = damaged(kept(oracle_upb_random(type, random, &arena)), random), theirs;
    bool accepted = oracle_upb_recode(type, bytes, &theirs);
    void *value = decode(type, bytes);

    claim(accepted == (value != NULL), accepted ? "upb accepts what we refuse" : "upb refuses what we accept", type, seed);
    if (accepted)
        claim(ops_str_equal(encode(type, value), theirs), "upb reads damaged bytes otherwise", type, seed);
}

static void damaged_bytes_are_refused_or_read_as_by_upb(void **state)
{
    (void)state;
    for_every_message(check_damaged, values());
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_bytes_are_those_of_upb_and_protobuf_c),
        cmocka_unit_test(values_of_upb_and_protobuf_c_decode_to_the_same),
        cmocka_unit_test(repeated_fields_merge_as_in_upb),
        cmocka_unit_test(damaged_bytes_are_refused_or_read_as_by_upb),
    };
    int failed;

    if (argc != 2 || !oracle_upb_open(argv[1])) {
        fprintf(stderr, "usage: test_proto gen/opstream.pb\n");
        return 1;
    }
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    oracle_upb_close();
    return failed;
}
