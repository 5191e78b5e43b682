/* Private: text as it comes in pieces, and text that is to be repaired. */
#ifndef OPS_WEBSOCKET_TEXT_H
#define OPS_WEBSOCKET_TEXT_H

#include "runtime/base/buf.h"

/* True when `len` bytes, at least one, are a character of UTF-8 that is cut short: more bytes can make it whole. */
static inline bool text_character_begins(const unsigned char *p, size_t len)
{
    unsigned low = 0x80, high = 0xbf;

    if (p[0] < 0xc2 || p[0] > 0xf4 || len >= (p[0] < 0xe0 ? 2u : p[0] < 0xf0 ? 3u : 4u))
        return false;
    if (p[0] == 0xe0)
        low = 0xa0;
    else if (p[0] == 0xed)
        high = 0x9f;
    else if (p[0] == 0xf0)
        low = 0x90;
    else if (p[0] == 0xf4)
        high = 0x8f;
    return len < 2 || (p[1] >= low && p[1] <= high && (len < 3 || (p[2] & 0xc0) == 0x80));
}

/* Reads a message as the released server does (spec/opstream-wire.md §3.2): one byte order mark is dropped; what is
 * not UTF-8 becomes U+FFFD, one for each longest beginning of a character. `*text` stays a slice, or becomes a copy
 * in `arena`. False: no memory. */
bool ops_websocket_text_repair(struct ops_str *text, struct ops_arena *arena);

#endif
