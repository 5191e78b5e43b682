/* Private: characters of JSON strings. */
#ifndef OPS_BASE_JSON_CHARS_H
#define OPS_BASE_JSON_CHARS_H

#include "str.h"

/* What stands behind a backslash to what it means; 0: not an escape of two characters. */
static inline char json_chars_unescaped(char c)
{
    switch (c) {
    case '"':
    case '\\':
    case '/':
        return c;
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return '\0';
    }
}

/* Value of a hexadecimal digit; 16 or more: it is none. */
static inline unsigned json_chars_hex(char c)
{
    unsigned digit = (unsigned char)c - (unsigned)'0', letter = ((unsigned char)c | 0x20u) - (unsigned)'a';

    return digit < 10 ? digit : letter < 6 ? letter + 10 : 16;
}

/* The unit that four hexadecimal digits mean; what scanning has found to be digits. */
static inline unsigned json_chars_unit(const char *at)
{
    return json_chars_hex(at[0]) << 12 | json_chars_hex(at[1]) << 8 | json_chars_hex(at[2]) << 4 | json_chars_hex(at[3]);
}

#endif
