/* Private: one character of UTF-8, inline. */
#ifndef OPS_BASE_UTF_CHAR_H
#define OPS_BASE_UTF_CHAR_H

#include "str.h"

/* The code point at `ptr` (valid UTF-8, ptr < end) and its length in bytes. Cut text is read no further than it
 * goes. */
static inline uint32_t utf_char_decode(const char *ptr, const char *end, unsigned *len)
{
    const unsigned char *p = (const unsigned char *)ptr;
    size_t left = (size_t)(end - ptr);

    if (p[0] < 0x80 || left < 2) {
        *len = 1;
        return p[0];
    }
    if (p[0] < 0xe0 || left < 3) {
        *len = 2;
        return (uint32_t)(p[0] & 0x1f) << 6 | (p[1] & 0x3f);
    }
    if (p[0] < 0xf0 || left < 4) {
        *len = 3;
        return (uint32_t)(p[0] & 0x0f) << 12 | (uint32_t)(p[1] & 0x3f) << 6 | (p[2] & 0x3f);
    }
    *len = 4;
    return (uint32_t)(p[0] & 0x07) << 18 | (uint32_t)(p[1] & 0x3f) << 12 | (uint32_t)(p[2] & 0x3f) << 6 | (p[3] & 0x3f);
}

/* Stores `cp`, at most U+10FFFF; returns its length, 1 to 4. */
static inline unsigned utf_char_encode(uint32_t cp, char *out)
{
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    if (cp < 0x800) {
        out[0] = (char)(0xc0 | cp >> 6);
        out[1] = (char)(0x80 | (cp & 0x3f));
        return 2;
    }
    if (cp < 0x10000) {
        out[0] = (char)(0xe0 | cp >> 12);
        out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
        out[2] = (char)(0x80 | (cp & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | cp >> 18);
    out[1] = (char)(0x80 | (cp >> 12 & 0x3f));
    out[2] = (char)(0x80 | (cp >> 6 & 0x3f));
    out[3] = (char)(0x80 | (cp & 0x3f));
    return 4;
}

#endif
