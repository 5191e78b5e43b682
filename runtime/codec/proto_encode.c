/* Encodes any message as protobuf, forwards, in one walk.
 *
 * The length of a sub-message stands before it and is known after it. One byte is left for it; when it turns out to need more,
 * what was written is moved. That is cheap where it happens (lengths of 128 bytes to a few kilobytes), and large ones do not
 * move: before a long text or a long list is written, every open length is made as wide as it will have to be at least, while
 * there is little behind it. A walk that computes sizes first, as protobuf-c does, costs as much as the writing itself. */
#include "proto.h"

#include "proto_known.h"

enum {
    PROTO_ENC_TAG_BYTES_MAX = 3, /* field numbers are 16 bits */
    PROTO_ENC_VARINT_BYTES_MAX = 10,
    PROTO_ENC_WIDE_BYTES = 128,  /* from here on a length has two bytes */
    PROTO_ENC_SPARE_BYTES = 256  /* asked for beyond what is needed now: most messages grow once */
};

/* A sub-message that is being written. */
struct proto_enc_open {
    struct proto_enc_open *outer;
    size_t at;      /* of its length in the buffer */
    unsigned width; /* bytes left for it */
};

struct proto_enc {
    char *at, *end; /* room in `buf` that was reserved */
    struct ops_buf *buf;
    struct proto_enc_open *open; /* the innermost one */
};

static bool proto_enc_fields(struct proto_enc *e, const struct ops_message *type, const char *message);

static bool proto_enc_grow(struct proto_enc *e, size_t bytes)
{
    char *room;

    ops_buf_advance(e->buf, e->at);
    room = ops_buf_reserve(e->buf, bytes + PROTO_ENC_SPARE_BYTES);
    if (room == NULL) /* near the limit */
        room = ops_buf_reserve(e->buf, bytes);
    if (room == NULL)
        return false;
    e->at = room;
    e->end = e->buf->ptr + e->buf->cap;
    return true;
}

static inline bool proto_enc_room(struct proto_enc *e, size_t bytes)
{
    return (size_t)(e->end - e->at) >= bytes || proto_enc_grow(e, bytes);
}

static inline unsigned proto_enc_varint_bytes(uint64_t value)
{
    unsigned bytes = 1;

    while (value >= 0x80) {
        value >>= 7;
        bytes++;
    }
    return bytes;
}

static inline char *proto_enc_store_varint(char *at, uint64_t value)
{
    while (value >= 0x80) {
        *at++ = (char)(uint8_t)(value | 0x80);
        value >>= 7;
    }
    *at++ = (char)(uint8_t)value;
    return at;
}

static inline char *proto_enc_store_tag(char *at, const struct ops_field *f, enum proto_wire_type wire)
{
    return proto_enc_store_varint(at, (uint64_t)f->number << 3 | (unsigned)wire);
}

/* ---- sub-messages ----------------------------------------------------------------------------------------------- */

/* Moves what follows the length of `o` so that it can have `width` bytes. */
static bool proto_enc_widen(struct proto_enc *e, struct proto_enc_open *o, unsigned width)
{
    unsigned by = width - o->width;
    char *content;

    if (!proto_enc_room(e, by))
        return false;
    content = e->buf->ptr + o->at + o->width;
    memmove(content + by, content, (size_t)(e->at - content));
    e->at += by;
    o->width = width;
    return true;
}

/* At least `bytes` are about to be written inside of every open sub-message. */
static bool proto_enc_expect(struct proto_enc *e, size_t bytes)
{
    struct proto_enc_open *o, *inner;

    for (o = e->open; o != NULL; o = o->outer) {
        size_t so_far = (size_t)(e->at - (e->buf->ptr + o->at + o->width));
        unsigned width = proto_enc_varint_bytes(so_far + bytes);
        unsigned by = width > o->width ? width - o->width : 0;

        if (by == 0)
            continue;
        if (!proto_enc_widen(e, o, width))
            return false;
        for (inner = e->open; inner != o; inner = inner->outer)
            inner->at += by;
    }
    return true;
}

/* Tag, length and content. */
static bool proto_enc_message(struct proto_enc *e, const struct ops_field *f, const struct ops_message *type,
                              const char *message)
{
    struct proto_enc_open o;
    size_t length;
    unsigned width;

    if (!proto_enc_room(e, PROTO_ENC_TAG_BYTES_MAX + 1))
        return false;
    e->at = proto_enc_store_tag(e->at, f, PROTO_WIRE_BYTES);
    o.outer = e->open;
    o.at = (size_t)(e->at - e->buf->ptr);
    o.width = 1;
    e->at++;
    e->open = &o;
    if (!proto_enc_fields(e, type, message))
        return false;
    e->open = o.outer;
    length = (size_t)(e->at - e->buf->ptr) - o.at - o.width;
    width = proto_enc_varint_bytes(length);
    if (width != o.width && !proto_enc_widen(e, &o, width))
        return false;
    (void)proto_enc_store_varint(e->buf->ptr + o.at, length);
    return true;
}

/* ---- values ----------------------------------------------------------------------------------------------------- */

/* Copies `len` bytes, which do not overlap. Ids and tags are short: a call would cost more than the copy. */
static inline void proto_enc_copy(char *to, const char *from, size_t len)
{
    uint64_t first, last;

    if (len < 8 || len > 16) {
        if (len > 0)
            memcpy(to, from, len);
        return;
    }
    memcpy(&first, from, 8);
    memcpy(&last, from + len - 8, 8);
    memcpy(to, &first, 8);
    memcpy(to + len - 8, &last, 8);
}

static inline bool proto_enc_str(struct proto_enc *e, const struct ops_field *f, struct ops_str s)
{
    char *at;

    if (s.len >= PROTO_ENC_WIDE_BYTES && (s.len > SIZE_MAX / 2 || !proto_enc_expect(e, s.len)))
        return false;
    if (!proto_enc_room(e, PROTO_ENC_TAG_BYTES_MAX + PROTO_ENC_VARINT_BYTES_MAX + s.len))
        return false;
    at = proto_enc_store_tag(e->at, f, PROTO_WIRE_BYTES);
    at = proto_enc_store_varint(at, s.len);
    proto_enc_copy(at, s.ptr, s.len);
    e->at = at + s.len;
    return true;
}

/* The number at `place`, as a varint's bits: negative ones of 32 bits have 64. False: not set. */
static inline bool proto_enc_number_at(const struct ops_field *f, const void *place, uint64_t *value)
{
    bool optional = (f->flags & OPS_FIELD_OPTIONAL) != 0;
    bool variant = (f->flags & OPS_FIELD_VARIANT) != 0, set = variant;
    int32_t low;

    switch ((enum ops_type)f->type) {
    case OPS_TYPE_INT64:
        *value = (uint64_t)*(const int64_t *)place;
        set = set || (optional && ((const struct ops_opt_int64 *)place)->set);
        break;
    case OPS_TYPE_INT32:
        *value = (uint64_t)(int64_t)*(const int32_t *)place;
        set = set || (optional && ((const struct ops_opt_int32 *)place)->set);
        break;
    case OPS_TYPE_BOOL:
        *value = *(const bool *)place;
        set = set || (optional && ((const struct ops_opt_bool *)place)->set);
        break;
    default: /* an enum */
        memcpy(&low, place, sizeof low);
        *value = (uint64_t)(int64_t)low;
        optional = false;
        break;
    }
    return optional ? set : set || *value != 0;
}

static bool proto_enc_number(struct proto_enc *e, const struct ops_field *f, const void *place)
{
    uint64_t value = 0;

    if (!proto_enc_number_at(f, place, &value))
        return true;
    if (!proto_enc_room(e, PROTO_ENC_TAG_BYTES_MAX + PROTO_ENC_VARINT_BYTES_MAX))
        return false;
    e->at = proto_enc_store_tag(e->at, f, PROTO_WIRE_VARINT);
    e->at = proto_enc_store_varint(e->at, value);
    return true;
}

static bool proto_enc_list(struct proto_enc *e, const struct ops_field *f, const char *place)
{
    const struct ops_message *of = (const struct ops_message *)f->of;
    size_t element_bytes = codec_element_bytes(f), i;
    struct codec_list list;
    const char *item;

    memcpy(&list, place, sizeof list);
    if (list.count >= PROTO_ENC_WIDE_BYTES / 2 && !proto_enc_expect(e, list.count * 2)) /* tag and length of each */
        return false;
    item = (const char *)list.items;
    for (i = 0; i < list.count; i++, item += element_bytes) {
        if (f->type == OPS_TYPE_MESSAGE) {
            if (!proto_enc_message(e, f, of, item))
                return false;
        } else {
            struct ops_str s;

            memcpy(&s, item, sizeof s);
            if (!proto_enc_str(e, f, s))
                return false;
        }
    }
    return true;
}

/* A field, if it is there; a variant is. */
static inline bool proto_enc_field(struct proto_enc *e, const struct ops_field *f, const char *message)
{
    const char *place = message + f->offset;
    bool variant = (f->flags & OPS_FIELD_VARIANT) != 0;

    if (proto_is_varint(f))
        return proto_enc_number(e, f, place);
    if ((f->flags & OPS_FIELD_REPEATED) != 0)
        return proto_enc_list(e, f, place);
    if (f->type == OPS_TYPE_STRING || f->type == OPS_TYPE_BYTES) {
        struct ops_str s;

        memcpy(&s, place, sizeof s); /* of a struct ops_any: its first member, `raw` */
        if (s.len == 0 && !variant && (s.ptr == NULL || (f->flags & OPS_FIELD_OPTIONAL) == 0))
            return true;
        return proto_enc_str(e, f, s);
    }
    if (f->type == OPS_TYPE_MESSAGE) {
        const char *inner = place;

        if (!variant)
            memcpy(&inner, place, sizeof inner);
        return inner == NULL || proto_enc_message(e, f, (const struct ops_message *)f->of, inner);
    }
    if (!variant && !*(const bool *)(const void *)(place + proto_known_set_offset(f)))
        return true;
    return proto_enc_message(e, f, proto_known_type(f), place);
}

/* The variant with that number; NULL: none. */
static const struct ops_field *proto_enc_variant(const struct ops_message *type, int32_t number)
{
    const struct ops_oneof *o = type->oneof;
    int64_t guess = (int64_t)number - type->fields[o->first].number; /* their numbers mostly follow each other */
    uint8_t i;

    if (guess >= 0 && guess < o->count && type->fields[o->first + guess].number == number)
        return &type->fields[o->first + guess];
    for (i = 0; i < o->count; i++) {
        if (type->fields[o->first + i].number == number)
            return &type->fields[o->first + i];
    }
    return NULL;
}

static bool proto_enc_fields_ordered(struct proto_enc *e, const struct ops_message *type, const char *message)
{
    unsigned n;

    for (n = 0; n < type->field_count; n++) {
        const struct ops_field *f = &type->fields[type->order_number[n]];

        if ((f->flags & OPS_FIELD_VARIANT) != 0 && f->number != proto_variant_number(type, message))
            continue;
        if (!proto_enc_field(e, f, message))
            return false;
    }
    return true;
}

/* Fields stand in number order: so do the variants, side by side. */
static bool proto_enc_fields(struct proto_enc *e, const struct ops_message *type, const char *message)
{
    const struct ops_oneof *o = type->oneof;
    unsigned n = 0;

    if (type->order_number != NULL)
        return proto_enc_fields_ordered(e, type, message);
    while (n < type->field_count) {
        const struct ops_field *f = &type->fields[n++];

        if ((f->flags & OPS_FIELD_VARIANT) != 0) {
            f = proto_enc_variant(type, proto_variant_number(type, message));
            n = (unsigned)o->first + o->count;
            if (f == NULL)
                continue;
        }
        if (!proto_enc_field(e, f, message))
            return false;
    }
    return true;
}

enum ops_err ops_proto_encode(const struct ops_message *type, const void *message, struct ops_buf *out)
{
    size_t len_before = out->len;
    struct proto_enc e;

    e.at = out->ptr != NULL ? out->ptr + out->len : NULL;
    e.end = out->ptr != NULL ? out->ptr + out->cap : NULL;
    e.buf = out;
    e.open = NULL;
    if (!proto_enc_fields(&e, type, (const char *)message)) {
        out->len = len_before;
        return OPS_ERR_NOMEM;
    }
    ops_buf_advance(out, e.at);
    return OPS_OK;
}
