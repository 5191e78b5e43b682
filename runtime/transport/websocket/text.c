#include "text.h"

#include "runtime/base/utf.h"

bool ops_websocket_text_repair(struct ops_str *text, struct ops_arena *arena)
{
    struct ops_buf out;
    const char *at, *end = text->ptr + text->len;
    size_t valid;

    if (text->len >= 3 && memcmp(text->ptr, "\xef\xbb\xbf", 3) == 0)
        *text = ops_str_of(text->ptr + 3, text->len - 3);
    at = text->ptr;
    valid = ops_utf8_valid_prefix(at, text->len);
    if (valid == text->len)
        return true;
    ops_buf_init(&out, arena);
    while (valid < (size_t)(end - at)) {
        const char *bad = at + valid;
        size_t left = (size_t)(end - bad), skip = 1;

        while (skip < left && skip < 3 && text_character_begins((const unsigned char *)bad, skip + 1))
            skip++;
        if (!ops_buf_append(&out, at, valid) || !ops_buf_append(&out, "\xef\xbf\xbd", 3))
            return false;
        at = bad + skip;
        valid = ops_utf8_valid_prefix(at, (size_t)(end - at));
    }
    if (!ops_buf_append(&out, at, valid))
        return false;
    *text = ops_buf_str(&out);
    return true;
}
