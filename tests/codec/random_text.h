/* Random numbers, strings and JSON texts for tests. Everything follows from the seed. */
#ifndef OPS_TESTS_RANDOM_TEXT_H
#define OPS_TESTS_RANDOM_TEXT_H

#include "runtime/base/buf.h"

/* splitmix64. */
struct random_source {
    uint64_t state;
};

static inline struct random_source random_seeded(uint64_t seed)
{
    struct random_source r;

    r.state = seed;
    return r;
}

static inline uint64_t random_bits(struct random_source *r)
{
    uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* 0 to count - 1; `count` is not 0. */
static inline size_t random_below(struct random_source *r, size_t count)
{
    return (size_t)(random_bits(r) % count);
}

static inline bool random_one_in(struct random_source *r, size_t n)
{
    return random_below(r, n) == 0;
}

/* min to max: its ends, the ends of varints and of doubles more often than others. */
int64_t random_integer(struct random_source *r, int64_t min, int64_t max);

/* Valid UTF-8 of at most `limit_bytes`, in the arena, never absent: ids, or text with quotes, U+0000, controls, characters
 * of every length. */
struct ops_str random_string(struct random_source *r, size_t limit_bytes, struct ops_arena *arena);

/* Any bytes, in the arena, never absent. */
struct ops_str random_bytes(struct random_source *r, size_t limit_bytes, struct ops_arena *arena);

/* A JSON text of about `limit_bytes` at most, nested at most `depth_limit` deep. `plain`: a text that every escaper writes as it
 * is: no white space, no escapes, only ASCII. */
struct ops_str random_json(struct random_source *r, size_t limit_bytes, unsigned depth_limit, bool plain, struct ops_arena *arena);

#endif
