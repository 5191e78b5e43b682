/* Growth of buffers. */
#include "runtime/base/buf.h"

enum { BUF_CAP_BYTES_MIN = 64 };

bool ops_buf_grow(struct ops_buf *b, size_t bytes)
{
    size_t need, want;
    char *ptr;

    if (bytes > SIZE_MAX / 2 - b->len)
        return false;
    need = b->len + bytes;
    want = b->cap < BUF_CAP_BYTES_MIN / 2 ? (size_t)BUF_CAP_BYTES_MIN : b->cap * 2;
    if (want < need)
        want = need;
    ptr = (char *)ops_arena_grow(b->arena, b->ptr, b->cap, want);
    if (ptr == NULL && want > need) { /* what is asked for may still fit where twice the size does not */
        want = need;
        ptr = (char *)ops_arena_grow(b->arena, b->ptr, b->cap, want);
    }
    if (ptr == NULL)
        return false;
    b->ptr = ptr;
    b->cap = want;
    return true;
}

bool ops_buf_append(struct ops_buf *b, const void *bytes, size_t len)
{
    char *at;

    if (len == 0)
        return true;
    at = ops_buf_reserve(b, len);
    if (at == NULL)
        return false;
    memcpy(at, bytes, len);
    b->len += len;
    return true;
}
