/* Private: characters of JSON strings, by table. */
#ifndef OPS_BASE_JSON_CHARS_H
#define OPS_BASE_JSON_CHARS_H

#include "str.h"

#define JSON_CHARS_16(x) x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x

/* What stands behind a backslash to what it means; 0: not an escape of two characters. */
static const char json_chars_unescaped[256] = {
    JSON_CHARS_16(0), JSON_CHARS_16(0),
    0, 0, '"', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '/', JSON_CHARS_16(0), JSON_CHARS_16(0),
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '\\', 0, 0, 0,
    0, 0, '\b', 0, 0, 0, '\f', 0, 0, 0, 0, 0, 0, 0, '\n', 0, 0, 0, '\r', 0, '\t', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};

/* Values of hexadecimal digits; 255: it is none. */
static const uint8_t json_chars_hex[256] = {
    JSON_CHARS_16(255), JSON_CHARS_16(255), JSON_CHARS_16(255),
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 255, 255, 255, 255, 255, 255,
    255, 10, 11, 12, 13, 14, 15, 255, 255, 255, 255, 255, 255, 255, 255, 255, JSON_CHARS_16(255),
    255, 10, 11, 12, 13, 14, 15, 255, 255, 255, 255, 255, 255, 255, 255, 255, JSON_CHARS_16(255),
    JSON_CHARS_16(255), JSON_CHARS_16(255), JSON_CHARS_16(255), JSON_CHARS_16(255),
    JSON_CHARS_16(255), JSON_CHARS_16(255), JSON_CHARS_16(255), JSON_CHARS_16(255)};
#undef JSON_CHARS_16

static inline unsigned json_chars_digit(char c)
{
    return json_chars_hex[(unsigned char)c];
}

/* The unit that four hexadecimal digits mean; above 0xffff: one of the bytes is none. */
static inline uint32_t json_chars_unit(const char *at)
{
    unsigned a = json_chars_digit(at[0]), b = json_chars_digit(at[1]), c = json_chars_digit(at[2]);
    unsigned d = json_chars_digit(at[3]);

    return (a | b | c | d) > 15 ? UINT32_MAX : a << 12 | b << 8 | c << 4 | d;
}

#endif
