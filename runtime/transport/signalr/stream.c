/* Records from a stream. Most come whole and are slices of what was read; only the beginning of one that is not whole yet is held, and
 * nothing once it was handled. */
#include "stream.h"

enum { SEPARATOR = 0x1e, HELD_FIRST = 512 };

size_t stream_limit(const struct ops_signalr_session *s, const struct ops_signalr_config *config)
{
    return config->limit_bytes > 0 ? config->limit_bytes : (size_t)s->profile->hub_message_limit_bytes;
}

void stream_forget(struct ops_signalr_session *s, const struct ops_signalr_config *config)
{
    if (s->held != NULL)
        config->memory->release(config->memory->self, s->held, s->held_room);
    s->held = NULL;
    s->held_bytes = s->held_room = 0;
}

/* Appends the first `len` bytes of `*bytes`. Room doubles as bytes come: an announced length is only a promise. */
static bool hold(struct ops_signalr_session *s, const struct ops_signalr_config *config, struct ops_str *bytes, size_t len)
{
    size_t room = s->held_room > 0 ? s->held_room : HELD_FIRST;
    char *held;

    while (room < s->held_bytes + len)
        room *= 2;
    if (room > UINT32_MAX)
        return false;
    if (room != s->held_room) {
        held = config->memory->more(config->memory->self, room);
        if (held == NULL)
            return false;
        if (s->held_bytes > 0)
            memcpy(held, s->held, s->held_bytes);
        if (s->held != NULL)
            config->memory->release(config->memory->self, s->held, s->held_room);
        s->held = held;
        s->held_room = (uint32_t)room;
    }
    if (len > 0)
        memcpy(s->held + s->held_bytes, bytes->ptr, len);
    s->held_bytes += (uint32_t)len;
    bytes->ptr += len;
    bytes->len -= len;
    return true;
}

static enum ops_hub_split split(const struct ops_signalr_session *s, struct ops_str *stream, size_t limit, struct ops_str *record)
{
    return s->protocol == OPS_SIGNALR_MSGPACK ? ops_hub_split_msgpack(stream, limit, record)
                                              : ops_hub_split_json(stream, limit, record);
}

/* How many of the new bytes belong to the record that is held: as far as can be told by now. */
static size_t belonging(const struct ops_signalr_session *s, struct ops_str bytes)
{
    const char *separator;
    size_t len = 0, i;

    if (s->protocol != OPS_SIGNALR_MSGPACK) {
        separator = memchr(bytes.ptr, SEPARATOR, bytes.len);
        return separator != NULL ? (size_t)(separator - bytes.ptr) + 1 : bytes.len;
    }
    for (i = 0; i < s->held_bytes && i < 5; i++) {
        unsigned char byte = (unsigned char)s->held[i];

        len |= (size_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            len += i + 1;
            return len - s->held_bytes < bytes.len ? len - s->held_bytes : bytes.len;
        }
    }
    return 1; /* the length itself is not whole */
}

enum ops_hub_split stream_next(struct ops_signalr_session *s, const struct ops_signalr_config *config, struct ops_str *bytes,
                               struct ops_str *record, bool *no_memory)
{
    size_t limit = stream_limit(s, config);
    enum ops_hub_split got = OPS_HUB_MORE;
    struct ops_str held;

    *no_memory = false;
    if (s->held_bytes == 0) {
        stream_forget(s, config); /* the record that was handled */
        if (bytes->len == 0 || (got = split(s, bytes, limit, record)) != OPS_HUB_MORE)
            return got;
        *no_memory = !hold(s, config, bytes, bytes->len);
        return OPS_HUB_MORE;
    }
    while (got == OPS_HUB_MORE && bytes->len > 0) {
        size_t take = belonging(s, *bytes);

        if (s->held_bytes + take > limit) /* what is over the limit is not kept */
            take = limit - s->held_bytes;
        if (!hold(s, config, bytes, take)) {
            *no_memory = true;
            return OPS_HUB_MORE;
        }
        held = ops_str_of(s->held, s->held_bytes);
        if (s->protocol == OPS_SIGNALR_MSGPACK || s->held[s->held_bytes - 1] == SEPARATOR)
            got = split(s, &held, limit, record);
        if (got == OPS_HUB_MORE && s->held_bytes >= limit)
            got = OPS_HUB_TOO_LARGE;
    }
    if (got == OPS_HUB_RECORD)
        s->held_bytes = 0; /* its memory stays until the next call */
    return got;
}
