/* UTF-8 as the Unicode standard defines it, slowly: the oracle of what is fast. And random text, right and wrong. */
#ifndef OPS_TESTS_UTF_MODEL_H
#define OPS_TESTS_UTF_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "random.h"

/* Length of the character that the bytes begin with; 0: none. */
static inline size_t model_character(const char *ptr, size_t len, uint32_t *cp)
{
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *p = (const unsigned char *)ptr;
    size_t n, i;

    if (len == 0)
        return 0;
    n = p[0] < 0x80 ? 1 : p[0] >> 5 == 6 ? 2 : p[0] >> 4 == 14 ? 3 : p[0] >> 3 == 30 ? 4 : 0;
    if (n == 0 || n > len)
        return 0;
    *cp = n == 1 ? p[0] : p[0] & (0x7fu >> n);
    for (i = 1; i < n; i++) {
        if (p[i] >> 6 != 2)
            return 0;
        *cp = *cp << 6 | (p[i] & 63u);
    }
    return *cp < least[n] || *cp > 0x10ffff || (*cp >= 0xd800 && *cp <= 0xdfff) ? 0 : n;
}

static inline size_t model_valid_prefix(const char *ptr, size_t len)
{
    size_t i = 0, n;
    uint32_t cp;

    while (i < len && (n = model_character(ptr + i, len - i, &cp)) > 0)
        i += n;
    return i;
}

/* Whether some bytes behind these would make them a character. */
static inline bool model_can_become_character(const char *ptr, size_t len)
{
    static const unsigned char edges[] = {0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf};
    char whole[4];
    unsigned i;
    uint32_t cp;

    if (len == 0 || len > 3)
        return false;
    memcpy(whole, ptr, len);
    for (i = 0; i < 216; i++) {
        unsigned rest = i;
        size_t k, n;

        for (k = len; k < 4; k++, rest /= 6)
            whole[k] = (char)edges[rest % 6];
        n = model_character(whole, 4, &cp);
        if (n > len)
            return true;
    }
    return false;
}

/* Stores valid text as UTF-16 units, returns how many. */
static inline size_t model_utf16(const char *ptr, size_t len, uint16_t *units)
{
    size_t i = 0, count = 0;
    uint32_t cp = 0;

    while (i < len) {
        i += model_character(ptr + i, len - i, &cp);
        if (cp >= 0x10000) {
            units[count++] = (uint16_t)(0xd800 + ((cp - 0x10000) >> 10));
            units[count++] = (uint16_t)(0xdc00 + (cp & 0x3ff));
        } else {
            units[count++] = (uint16_t)cp;
        }
    }
    return count;
}

static inline size_t model_encode(uint32_t cp, char *out)
{
    size_t n = cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4, i;

    if (n == 1) {
        out[0] = (char)cp;
        return 1;
    }
    for (i = n; i-- > 1; cp >>= 6)
        out[i] = (char)(0x80 | (cp & 63));
    out[0] = (char)((0xf00u >> n & 0xf0) | cp);
    return n;
}

/* A code point: mostly of the kind asked for, sometimes at an edge. */
static inline uint32_t random_code_point(unsigned kind)
{
    static const uint32_t edges[] = {0,       0x1f,    0x20,    0x7e,    0x7f,     0x80,    0x9f,   0xa0,
                                     0x7ff,   0x800,   0xfff,   0x1000,  0xd7ff,   0xe000,  0xfdd0, 0xfeff,
                                     0xfffd,  0xffff,  0x10000, 0x1ffff, 0x2028,   0x2029,  0x3000, 0xee80,
                                     0x3ffff, 0x40000, 0xfffff, 0x378,   0x10ffff, 0x100000};
    uint32_t cp;

    if (rnd_below(8) == 0)
        return edges[rnd_below(sizeof edges / sizeof *edges)];
    switch (kind % 6) {
    case 0:
        return 0x80 + rnd_below(0x780);
    case 1:
        return 0x4e00 + rnd_below(0x5200);
    case 2:
        cp = 0x800 + rnd_below(0xf800);
        return cp >= 0xd800 && cp <= 0xdfff ? 0xd7ff : cp;
    case 3:
        return 0x10000 + rnd_below(0x100000);
    default:
        return 0x20 + rnd_below(0x5f);
    }
}

/* Valid text of at most `room` bytes; `out` has three more. Runs of one kind, so that blocks are met that hold
 * only one. */
static inline size_t random_text(char *out, size_t room)
{
    size_t len = 0;
    unsigned kind = rnd_below(6), mixed = rnd_below(4);

    while (len < room) {
        size_t n;

        if (mixed == 0 || rnd_below(24) == 0)
            kind = rnd_below(6);
        n = model_encode(random_code_point(kind), out + len);
        if (len + n > room)
            break;
        len += n;
    }
    return len;
}

/* Makes some bytes wrong, or not: another value, or one that UTF-8 has opinions about. */
static inline void random_damage(char *text, size_t len)
{
    static const unsigned char odd[] = {0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0,
                                        0xed, 0xef, 0xf0, 0xf4, 0xf5, 0xff, 0x7f, 0x00, '"',  '\\', '\n'};
    unsigned times = rnd_below(3);

    while (len > 0 && times-- > 0)
        text[rnd() % len] = (char)(rnd_below(2) ? odd[rnd_below(sizeof odd)] : rnd());
}

#endif
