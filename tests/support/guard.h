/* Memory whose neighbours cannot be touched: one byte read or written too far ends the test with a signal. */
#ifndef OPS_TESTS_GUARD_H
#define OPS_TESTS_GUARD_H

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* `room` bytes and more, between two pages that are closed. */
struct guard {
    char *begin, *end;
    void *mapped;
    size_t mapped_bytes;
};

static inline struct guard guard_open(size_t room)
{
    struct guard g;
    size_t page = (size_t)sysconf(_SC_PAGESIZE), inside = (room + page - 1) / page * page;

    g.mapped_bytes = inside + 2 * page;
    g.mapped = mmap(NULL, g.mapped_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (g.mapped == MAP_FAILED || mprotect((char *)g.mapped + page, inside, PROT_READ | PROT_WRITE) != 0)
        abort();
    g.begin = (char *)g.mapped + page;
    g.end = g.begin + inside;
    return g;
}

static inline void guard_close(struct guard *g)
{
    munmap(g->mapped, g->mapped_bytes);
}

/* A place of `len` bytes that the closed page follows. */
static inline char *guard_last(const struct guard *g, size_t len)
{
    if (len > (size_t)(g->end - g->begin))
        abort();
    return g->end - len;
}

/* A copy that ends at the closed page behind (`last`), or begins at the one in front. */
static inline char *guard_copy(const struct guard *g, const void *bytes, size_t len, int last)
{
    char *place = last ? guard_last(g, len) : g->begin;

    if (len > 0)
        memcpy(place, bytes, len);
    return place;
}

#endif
