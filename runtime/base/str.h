/* String view: bytes somewhere else.
 *
 * Text is UTF-8 and may hold U+0000, so nothing here ends at a zero byte. A view with a NULL `ptr` is *absent*, which
 * is not the same as empty; every schema field of type string or bytes uses that distinction. */
#ifndef OPS_BASE_STR_H
#define OPS_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct ops_str {
    const char *ptr; /* NULL: absent */
    size_t len;      /* bytes */
};

/* A view of a string literal, without its terminating zero. */
#define OPS_STR(literal) ops_str_of((literal), sizeof(literal) - 1)

static inline struct ops_str ops_str_of(const char *ptr, size_t len)
{
    struct ops_str s;

    s.ptr = ptr;
    s.len = len;
    return s;
}

/* Same bytes. An absent view equals only an absent one. */
static inline bool ops_str_equal(struct ops_str a, struct ops_str b)
{
    if (a.len != b.len || (a.ptr == NULL) != (b.ptr == NULL))
        return false;
    return a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0;
}

#endif
