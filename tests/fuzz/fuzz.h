/* What the fuzz targets share. A target is one LLVMFuzzerTestOneInput; without libFuzzer, replay.c feeds it the corpus. */
#ifndef OPS_TESTS_FUZZ_H
#define OPS_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "gen/calls.h"
#include "gen/codec.h"
#include "gen/profile.h"
#include "gen/tables.h"
#include "runtime/codec/explain.h"
#include "runtime/codec/hub.h"
#include "runtime/codec/msgpack.h"
#include "tests/support/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A claim that the input has refuted. */
#define FUZZ_CLAIM(condition, what)                                                                                    \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "refuted: %s\n", what);                                                                    \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

/* The first bytes of an input choose what to do with the rest. */
struct fuzz_input {
    const uint8_t *data;
    size_t size;
};

static inline unsigned fuzz_byte(struct fuzz_input *in)
{
    if (in->size == 0)
        return 0;
    in->size--;
    return *in->data++;
}

static inline const struct ops_message *fuzz_type(struct fuzz_input *in)
{
    unsigned low = fuzz_byte(in);

    return ops_messages[low % ops_messages_count];
}

/* The rest of the input in memory of exactly its size, so that ASan sees the first byte read past its end. */
static inline struct ops_str fuzz_rest(struct fuzz_input *in)
{
    char *copy = (char *)malloc(in->size > 0 ? in->size : 1);

    FUZZ_CLAIM(copy != NULL, "memory for the input");
    if (in->size > 0)
        memcpy(copy, in->data, in->size);
    return ops_str_of(copy, in->size);
}

#endif
