/* Frames of the SignalR hub protocols: the two splitters, and closing a record. */
#include "hub.h"
#include "json.h"
#include "msgpack.h"

enum { HUB_SEPARATOR = 0x1e, HUB_LENGTH_BYTES = 5 };

static void hub_cut(struct ops_str *stream, size_t head, size_t len, size_t tail, struct ops_str *record)
{
    *record = ops_str_of(stream->ptr + head, len);
    stream->ptr += head + len + tail;
    stream->len -= head + len + tail;
}

enum ops_hub_split ops_hub_split_json(struct ops_str *stream, size_t limit_bytes, struct ops_str *record)
{
    size_t look = stream->len < limit_bytes ? stream->len : limit_bytes;
    const char *separator = look > 0 ? (const char *)memchr(stream->ptr, HUB_SEPARATOR, look) : NULL;

    if (separator == NULL)
        return stream->len < limit_bytes ? OPS_HUB_MORE : OPS_HUB_TOO_LARGE;
    if (separator == stream->ptr)
        return OPS_HUB_BROKEN;
    hub_cut(stream, 0, (size_t)(separator - stream->ptr), 1, record);
    return OPS_HUB_RECORD;
}

/* The length that `stream` begins with, and how many bytes say it. HUB_RECORD: it is there. */
static enum ops_hub_split hub_length(struct ops_str stream, size_t *head, size_t *len)
{
    unsigned char byte;

    *head = *len = 0;
    do {
        if (*head == stream.len)
            return OPS_HUB_MORE;
        byte = (unsigned char)stream.ptr[*head];
        if (*head == HUB_LENGTH_BYTES - 1 && byte > 7)
            return OPS_HUB_BROKEN;
        *len |= (size_t)(byte & 0x7f) << (7 * *head);
        ++*head;
    } while (byte >= 0x80);
    return *len == 0 ? OPS_HUB_BROKEN : OPS_HUB_RECORD;
}

enum ops_hub_split ops_hub_split_msgpack(struct ops_str *stream, size_t limit_bytes, struct ops_str *record)
{
    size_t head, len;
    enum ops_hub_split split = hub_length(*stream, &head, &len);

    if (split == OPS_HUB_MORE)
        return head < limit_bytes ? OPS_HUB_MORE : OPS_HUB_TOO_LARGE;
    if (split == OPS_HUB_BROKEN)
        return split;
    if (head > limit_bytes || len > limit_bytes - head)
        return OPS_HUB_TOO_LARGE;
    if (len > stream->len - head)
        return OPS_HUB_MORE;
    hub_cut(stream, head, len, 0, record);
    return OPS_HUB_RECORD;
}

size_t ops_hub_rest_json(struct ops_str stream, bool *ends)
{
    const char *separator = stream.len > 0 ? (const char *)memchr(stream.ptr, HUB_SEPARATOR, stream.len) : NULL;

    *ends = separator != NULL;
    return separator != NULL ? (size_t)(separator - stream.ptr) + 1 : stream.len;
}

size_t ops_hub_rest_msgpack(struct ops_str held, struct ops_str stream)
{
    size_t head, len, lacks = 1;

    if (hub_length(held, &head, &len) == OPS_HUB_RECORD)
        lacks = head + len - held.len;
    return lacks < stream.len ? lacks : stream.len;
}

enum ops_err ops_hub_frame_json(const struct ops_message *type, const struct ops_json_style *style, const void *record,
                                struct ops_buf *out)
{
    const char separator = HUB_SEPARATOR;
    size_t before = out->len;
    enum ops_err code = ops_json_encode(type, style, record, out);

    if (code == OPS_OK && !ops_buf_append(out, &separator, 1))
        code = OPS_ERR_NOMEM;
    if (code != OPS_OK)
        out->len = before;
    return code;
}

/* Bytes of `len` as a varint, stored at `at`. */
static size_t hub_store_length(char *at, size_t len)
{
    size_t n = 0;

    for (; len >= 0x80; len >>= 7)
        at[n++] = (char)(unsigned char)(len | 0x80);
    at[n++] = (char)(unsigned char)len;
    return n;
}

/* The length is known at the end: one byte is kept free for it, and the record moves when it needs more. */
enum ops_err ops_hub_frame_msgpack(const struct ops_message *type, const struct ops_json_style *style,
                                   const void *record, struct ops_buf *out)
{
    size_t before = out->len, len, head_bytes;
    char head[HUB_LENGTH_BYTES];
    enum ops_err code = OPS_ERR_NOMEM;

    if (!ops_buf_append(out, "", 1))
        goto done;
    code = ops_msgpack_encode(type, style, record, out);
    if (code != OPS_OK)
        goto done;
    code = OPS_ERR_NOMEM;
    len = out->len - before - 1;
    if (len > INT32_MAX)
        goto done;
    head_bytes = hub_store_length(head, len);
    if (ops_buf_reserve(out, head_bytes) == NULL)
        goto done;
    memmove(out->ptr + before + head_bytes, out->ptr + before + 1, len);
    memcpy(out->ptr + before, head, head_bytes);
    out->len = before + head_bytes + len;
    code = OPS_OK;
done:
    if (code != OPS_OK)
        out->len = before;
    return code;
}
