/* Random numbers that OPS_SEED=... replays; the seed is printed where a test fails. */
#ifndef OPS_TESTS_RANDOM_H
#define OPS_TESTS_RANDOM_H

#include <stdint.h>
#include <stdlib.h>

static uint64_t random_seed = 1, random_state;

static inline uint64_t rnd(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

/* 0 to n - 1. */
static inline unsigned rnd_below(unsigned n)
{
    return (unsigned)(rnd() >> 32) % n;
}

/* A cmocka setup function. */
static inline int random_seeded(void **state)
{
    const char *given = getenv("OPS_SEED");

    (void)state;
    if (given != NULL)
        random_seed = strtoull(given, NULL, 0);
    random_state = random_seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    return 0;
}

#endif
