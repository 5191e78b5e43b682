/* Bytes as hexadecimal digits, for tests of binary forms. Spaces in a hex text are for the reader. */
#ifndef OPS_TESTS_HEX_H
#define OPS_TESTS_HEX_H

#include "tests/support/memory.h"

static inline int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* In memory of exactly its size, so that ASan sees a read past its end; freed with the arena. */
static inline struct ops_str hex_read(struct ops_arena *arena, const char *hex)
{
    size_t digits = 0, len = strlen(hex), i;
    char *bytes = (char *)ops_arena_zalloc(arena, len / 2 + 1);

    for (i = 0; i < len; i++) {
        int d = hex_digit(hex[i]);

        if (d >= 0) {
            bytes[digits / 2] = (char)(unsigned char)(digits % 2 == 0 ? d << 4 : (unsigned char)bytes[digits / 2] | d);
            digits++;
        }
    }
    ops_arena_shrink(arena, bytes, len / 2 + 1, digits / 2);
    return ops_str_of(bytes, digits / 2);
}

/* With a zero at its end. */
static inline char *hex_write(struct ops_arena *arena, struct ops_str bytes)
{
    char *hex = (char *)ops_arena_zalloc(arena, bytes.len * 2 + 1);
    size_t i;

    for (i = 0; i < bytes.len; i++) {
        hex[i * 2] = "0123456789abcdef"[(unsigned char)bytes.ptr[i] >> 4];
        hex[i * 2 + 1] = "0123456789abcdef"[(unsigned char)bytes.ptr[i] & 15];
    }
    return hex;
}

/* The same digits without the spaces. */
static inline char *hex_plain(struct ops_arena *arena, const char *hex)
{
    return hex_write(arena, hex_read(arena, hex));
}

/* A text with a zero at its end. */
static inline char *hex_text(struct ops_arena *arena, struct ops_str text)
{
    char *copy = (char *)ops_arena_zalloc(arena, text.len + 1);

    memcpy(copy, text.ptr, text.len);
    return copy;
}

#endif
