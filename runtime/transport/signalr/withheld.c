/* Finds and leaves out states that have a key `__proto__`. */
#include "withheld.h"

#include "gen/codec.h"
#include "runtime/codec/msgpack.h"

bool signalr_is_withheld(struct ops_str encoded)
{
    static const char key[] = "\xa9__proto__"; /* as the encoder writes it: a short string of 9 bytes */
    const size_t len = sizeof key - 1;
    const char *at = encoded.ptr, *end = encoded.ptr + encoded.len;

    while ((size_t)(end - at) >= len && (at = memchr(at, key[0], (size_t)(end - at) - (len - 1))) != NULL) {
        if (memcmp(at, key, len) == 0)
            return true;
        at++;
    }
    return false;
}

static enum ops_err withheld_filter(const struct ops_awareness_state_proto **states, size_t *count, const struct ops_json_style *style,
                                    struct ops_arena *arena)
{
    struct ops_awareness_state_proto *kept = ops_arena_array(arena, *count + 1, sizeof *kept);
    size_t i, n = 0;

    if (kept == NULL)
        return OPS_ERR_NOMEM;
    for (i = 0; i < *count; i++) {
        struct ops_arena_mark mark = ops_arena_here(arena);
        struct ops_buf encoded;
        enum ops_err err;

        ops_buf_init(&encoded, arena);
        err = ops_msgpack_encode(&ops_awareness_state_proto_type, style, &(*states)[i], &encoded);
        if (err != OPS_OK)
            return err;
        if (!signalr_is_withheld(ops_buf_str(&encoded)))
            kept[n++] = (*states)[i];
        ops_arena_rewind(arena, mark);
    }
    *states = kept;
    *count = n;
    return OPS_OK;
}

enum ops_err signalr_withhold(const struct ops_server_message *from, const struct ops_json_style *style, struct ops_arena *arena,
                              struct ops_server_message *to)
{
    *to = *from;
    switch (from->message_type) {
    case OPS_SERVER_MESSAGE_JOIN_RESPONSE:
        return withheld_filter(&to->join_response.awareness, &to->join_response.awareness_count, style, arena);
    case OPS_SERVER_MESSAGE_AWARENESS_ACK:
        return withheld_filter(&to->awareness_ack.awareness, &to->awareness_ack.awareness_count, style, arena);
    default:
        return OPS_OK;
    }
}
