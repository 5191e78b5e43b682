/* Private to the engines: how long a string is as JSON of `v1` (spec/v1.md §1), for the limit on a document's size. */
#ifndef OPS_ENGINES_MEASURE_H
#define OPS_ENGINES_MEASURE_H

#include "runtime/base/str.h"

/* Bytes that escaping adds to valid UTF-8: one for what has a short escape, five for the other control characters. */
static inline size_t engine_escape_extra(const char *text, size_t len)
{
    size_t extra = 0, i;

    for (i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c >= 0x20) {
            extra += c == '"' || c == '\\';
        } else {
            bool named = c == '\b' || c == '\t' || c == '\n' || c == '\f' || c == '\r';

            extra += named ? 1 : 5;
        }
    }
    return extra;
}

#endif
