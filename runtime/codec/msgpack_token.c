/* Reads MessagePack token by token, and skips values. Knows no message.
 *
 * Every length and count is held against the bytes left before it is believed. No recursion. */
#include "msgpack_reader.h"
#include "runtime/base/utf.h"

/* A big-endian unsigned integer of `bytes` bytes. */
static bool mp_token_number(struct mp_reader *r, unsigned bytes, uint64_t *value)
{
    uint64_t sum = 0;

    if ((size_t)(r->end - r->at) < bytes)
        return mp_fail_at(r, OPS_REASON_TRUNCATED, r->end);
    for (; bytes > 0; bytes--)
        sum = sum << 8 | (unsigned char)*r->at++;
    *value = sum;
    return true;
}

static bool mp_token_unsigned(struct mp_reader *r, unsigned bytes, struct mp_token *t)
{
    if (!mp_token_number(r, bytes, &t->large))
        return false;
    t->kind = t->large > INT64_MAX ? MP_LARGE : MP_INT;
    if (t->kind == MP_INT)
        t->integer = (int64_t)t->large;
    return true;
}

static bool mp_token_signed(struct mp_reader *r, unsigned bytes, struct mp_token *t)
{
    uint64_t sign = (uint64_t)1 << (bytes * 8 - 1);

    if (!mp_token_number(r, bytes, &t->large))
        return false;
    t->kind = MP_INT;
    t->integer = (int64_t)((t->large ^ sign) - sign);
    return true;
}

static bool mp_token_float(struct mp_reader *r, unsigned bytes, struct mp_token *t)
{
    if (!mp_token_number(r, bytes, &t->large))
        return false;
    t->kind = MP_FLOAT;
    if (bytes == 4) {
        uint32_t bits = (uint32_t)t->large;
        float narrow;

        memcpy(&narrow, &bits, sizeof narrow);
        t->number = (double)narrow;
    } else {
        memcpy(&t->number, &t->large, sizeof t->number);
    }
    return true;
}

/* The `len` bytes of a str, bin or ext that begins at `begin`. */
static bool mp_token_bytes(struct mp_reader *r, const char *begin, enum mp_kind kind, uint64_t len, struct mp_token *t)
{
    t->kind = kind;
    if (len > (size_t)(r->end - r->at))
        return mp_fail_at(r, OPS_REASON_LENGTH, begin);
    t->bytes = ops_str_of(r->at, (size_t)len);
    if (kind == MP_STR) {
        size_t valid = ops_utf8_valid_prefix(t->bytes.ptr, t->bytes.len);

        if (valid < t->bytes.len)
            return mp_fail_at(r, OPS_REASON_UTF8, r->at + valid);
    }
    r->at += t->bytes.len;
    return true;
}

static bool mp_token_sized(struct mp_reader *r, const char *begin, enum mp_kind kind, unsigned bytes,
                           struct mp_token *t)
{
    uint64_t len;

    return mp_token_number(r, bytes, &len) && mp_token_bytes(r, begin, kind, len, t);
}

/* `fixed`: the size of a fixext, else 0 and the length is in `bytes` bytes. */
static bool mp_token_ext(struct mp_reader *r, const char *begin, unsigned bytes, unsigned fixed, struct mp_token *t)
{
    uint64_t len = fixed, type;

    if ((bytes > 0 && !mp_token_number(r, bytes, &len)) || !mp_token_number(r, 1, &type))
        return false;
    t->ext_type = type < 128 ? (int)type : (int)type - 256;
    return mp_token_bytes(r, begin, MP_EXT, len, t);
}

static bool mp_token_count(struct mp_reader *r, const char *begin, enum mp_kind kind, uint64_t count,
                           struct mp_token *t)
{
    size_t left = (size_t)(r->end - r->at);

    t->kind = kind;
    if (count > (kind == MP_MAP ? left / 2 : left))
        return mp_fail_at(r, OPS_REASON_LENGTH, begin);
    t->count = (size_t)count;
    return true;
}

static bool mp_token_counted(struct mp_reader *r, const char *begin, enum mp_kind kind, unsigned bytes,
                             struct mp_token *t)
{
    uint64_t count;

    return mp_token_number(r, bytes, &count) && mp_token_count(r, begin, kind, count, t);
}

/* A value whose head is one of c0 to df. */
static bool mp_token_other(struct mp_reader *r, const char *begin, unsigned head, struct mp_token *t)
{
    switch (head) {
    case 0xc0:
        t->kind = MP_NIL;
        return true;
    case 0xc1: /* never used */
        return mp_fail_at(r, OPS_REASON_MSGPACK_TYPE, begin);
    case 0xc2:
    case 0xc3:
        t->kind = MP_BOOL;
        t->truth = head == 0xc3;
        return true;
    case 0xc4:
    case 0xc5:
    case 0xc6:
        return mp_token_sized(r, begin, MP_BIN, 1u << (head - 0xc4), t);
    case 0xc7:
    case 0xc8:
    case 0xc9:
        return mp_token_ext(r, begin, 1u << (head - 0xc7), 0, t);
    case 0xca:
    case 0xcb:
        return mp_token_float(r, head == 0xca ? 4 : 8, t);
    case 0xcc:
    case 0xcd:
    case 0xce:
    case 0xcf:
        return mp_token_unsigned(r, 1u << (head - 0xcc), t);
    case 0xd0:
    case 0xd1:
    case 0xd2:
    case 0xd3:
        return mp_token_signed(r, 1u << (head - 0xd0), t);
    case 0xd9:
    case 0xda:
    case 0xdb:
        return mp_token_sized(r, begin, MP_STR, 1u << (head - 0xd9), t);
    case 0xdc:
    case 0xdd:
        return mp_token_counted(r, begin, MP_ARRAY, head == 0xdc ? 2 : 4, t);
    case 0xde:
    case 0xdf:
        return mp_token_counted(r, begin, MP_MAP, head == 0xde ? 2 : 4, t);
    default: /* d4 to d8 */
        return mp_token_ext(r, begin, 0, 1u << (head - 0xd4), t);
    }
}

bool mp_next(struct mp_reader *r, struct mp_token *t)
{
    const char *begin = r->at;
    unsigned head;

    if (r->at == r->end)
        return mp_fail_at(r, OPS_REASON_TRUNCATED, r->end);
    memset(t, 0, sizeof *t);
    head = (unsigned char)*r->at++;
    if (head < 0x80 || head >= 0xe0) {
        t->kind = MP_INT;
        t->integer = head < 0x80 ? (int64_t)head : (int64_t)head - 256;
        return true;
    }
    if (head < 0x90)
        return mp_token_count(r, begin, MP_MAP, head & 15, t);
    if (head < 0xa0)
        return mp_token_count(r, begin, MP_ARRAY, head & 15, t);
    if (head < 0xc0)
        return mp_token_bytes(r, begin, MP_STR, head & 31, t);
    return mp_token_other(r, begin, head, t);
}

bool mp_skip(struct mp_reader *r)
{
    size_t left[MP_DEPTH_LIMIT]; /* values to come, of each open array and map */
    unsigned room = mp_depth_room(r), depth = 0;

    for (;;) {
        const char *begin = r->at;
        struct mp_token t;

        if (!mp_next(r, &t))
            return false;
        if (t.kind == MP_ARRAY || t.kind == MP_MAP) {
            if (depth == room)
                return mp_fail_at(r, OPS_REASON_DEPTH, begin);
            if (t.count > 0) {
                left[depth++] = t.kind == MP_MAP ? t.count * 2 : t.count;
                continue;
            }
        }
        while (depth > 0 && --left[depth - 1] == 0)
            depth--;
        if (depth == 0)
            return true;
    }
}

bool mp_open_container(struct mp_reader *r, enum mp_kind kind, enum ops_reason otherwise, size_t *count)
{
    const char *begin = r->at;
    struct mp_token t;

    if (!mp_next(r, &t))
        return false;
    if (t.kind != kind)
        return mp_fail_at(r, otherwise, begin);
    if (mp_depth_room(r) == 0)
        return mp_fail_at(r, OPS_REASON_DEPTH, begin);
    r->depth++;
    *count = t.count;
    return true;
}
