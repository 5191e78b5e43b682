/* Decodes protobuf of any message.
 *
 * A field is found by its number without a search: the schema numbers nearly all messages 1, 2, 3 …, so the field's index in
 * number order is its number less one. Lists are counted before they are read, by hopping over the lengths of a run of equal
 * tags, so they are allocated once and in full.
 *
 * The walk recurses as deep as the schema nests, never as deep as the input does. Must not know: any message. */
#include "proto.h"

#include "proto_known.h"
#include "runtime/base/utf.h"

enum {
    PROTO_DEC_GROUP_DEPTH_LIMIT = 64,  /* nested unknown groups; more are refused with OPS_REASON_DEPTH */
    PROTO_DEC_TAG_BYTES_MAX = 5,
    PROTO_DEC_VARINT_BYTES_MAX = 10,
    PROTO_DEC_SHORT_BYTES = 64,        /* texts up to this are first checked to be ASCII, in place */
    PROTO_DEC_LIST_HEADER_BYTES = OPS_ARENA_ALIGN /* before the elements: how many there is room for */
};

struct proto_dec {
    struct ops_arena *arena;
    enum ops_reason reason; /* set by the function that failed */
    const char *bad;        /* where */
};

static bool proto_dec_fields(struct proto_dec *d, const struct ops_message *type, const char *at, const char *end, char *out);

/* ---- well-known messages ---------------------------------------------------------------------------------------- */

#define PROTO_DEC_FIELD(member_of, member, number, type)                                                               \
    {                                                                                                                  \
        {{NULL, 0}, {NULL, 0}}, (uint16_t)offsetof(struct member_of, member), number, type, 0,                         \
            {OPS_AS_PLAIN, OPS_AS_PLAIN}, {OPS_ABSENT_REQUIRED, OPS_ABSENT_REQUIRED}, NULL, NULL                       \
    }
#define PROTO_DEC_MESSAGE(name, member_of, field_count, fields)                                                        \
    {                                                                                                                  \
        {name, sizeof(name) - 1}, (uint16_t)sizeof(struct member_of), field_count, 0, fields, NULL, NULL, NULL, NULL,  \
            {0, 0}                                                                                                     \
    }

static const struct ops_field proto_dec_time_fields[] = {
    PROTO_DEC_FIELD(ops_time, seconds, 1, OPS_TYPE_INT64),
    PROTO_DEC_FIELD(ops_time, nanos, 2, OPS_TYPE_INT32),
};
static const struct ops_field proto_dec_int32_value_fields[] = {PROTO_DEC_FIELD(ops_opt_int32, value, 1, OPS_TYPE_INT32)};
static const struct ops_field proto_dec_int64_value_fields[] = {PROTO_DEC_FIELD(ops_opt_int64, value, 1, OPS_TYPE_INT64)};

const struct ops_message ops_proto_time_type = PROTO_DEC_MESSAGE("Timestamp", ops_time, 2, proto_dec_time_fields);
const struct ops_message ops_proto_int32_value_type =
    PROTO_DEC_MESSAGE("Int32Value", ops_opt_int32, 1, proto_dec_int32_value_fields);
const struct ops_message ops_proto_int64_value_type =
    PROTO_DEC_MESSAGE("Int64Value", ops_opt_int64, 1, proto_dec_int64_value_fields);

#undef PROTO_DEC_FIELD
#undef PROTO_DEC_MESSAGE

/* ---- tokens ----------------------------------------------------------------------------------------------------- */

/* These return the place behind what they read, NULL when it is not well formed. */

static const char *proto_dec_fail(struct proto_dec *d, enum ops_reason reason, const char *bad)
{
    d->reason = reason;
    d->bad = bad;
    return NULL;
}

/* Bits beyond the 64th are dropped, as every implementation does. */
static const char *proto_dec_long_varint(struct proto_dec *d, const char *at, const char *end, uint64_t *value)
{
    const char *begin = at;
    uint64_t bits = 0;
    unsigned shift;

    for (shift = 0; shift < 7 * PROTO_DEC_VARINT_BYTES_MAX; shift += 7) {
        uint8_t byte;

        if (at == end)
            return proto_dec_fail(d, OPS_REASON_TRUNCATED, begin);
        byte = (uint8_t)*at++;
        bits |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *value = bits;
            return at;
        }
    }
    return proto_dec_fail(d, OPS_REASON_VARINT, begin);
}

static inline const char *proto_dec_varint(struct proto_dec *d, const char *at, const char *end, uint64_t *value)
{
    if (at != end && (uint8_t)*at < 0x80) {
        *value = (uint8_t)*at;
        return at + 1;
    }
    return proto_dec_long_varint(d, at, end, value);
}

static const char *proto_dec_long_tag(struct proto_dec *d, const char *at, const char *end, uint32_t *tag)
{
    uint64_t bits = 0;
    const char *behind = proto_dec_long_varint(d, at, end, &bits);

    if (behind == NULL)
        return NULL;
    if (behind - at > PROTO_DEC_TAG_BYTES_MAX || bits > UINT32_MAX)
        return proto_dec_fail(d, OPS_REASON_TAG, at);
    *tag = (uint32_t)bits;
    return behind;
}

static inline const char *proto_dec_tag(struct proto_dec *d, const char *at, const char *end, uint32_t *tag)
{
    *tag = (uint8_t)*at;
    return *tag < 0x80 ? at + 1 : proto_dec_long_tag(d, at, end, tag);
}

/* A length that does not reach past `end`. */
static inline const char *proto_dec_length(struct proto_dec *d, const char *at, const char *end, size_t *length)
{
    uint64_t value = 0;
    const char *behind = proto_dec_varint(d, at, end, &value);

    if (behind == NULL)
        return NULL;
    if (value > (uint64_t)(end - behind))
        return proto_dec_fail(d, OPS_REASON_LENGTH, at);
    *length = (size_t)value;
    return behind;
}

/* ---- unknown fields --------------------------------------------------------------------------------------------- */

/* Skips the unknown field that begins at `begin`, `at` behind its tag; whole groups, without recursion. */
static const char *proto_dec_skip(struct proto_dec *d, const char *begin, const char *at, const char *end, uint32_t tag)
{
    uint32_t open[PROTO_DEC_GROUP_DEPTH_LIMIT]; /* numbers of the groups that are not closed yet */
    unsigned depth = 0;
    uint64_t value;
    size_t length;

    for (;;) {
        uint32_t number = tag >> 3;

        if (number == 0)
            return proto_dec_fail(d, OPS_REASON_TAG, begin);
        length = 0;
        switch (tag & 7) {
        case PROTO_WIRE_VARINT:
            at = proto_dec_varint(d, at, end, &value);
            break;
        case PROTO_WIRE_BYTES:
            at = proto_dec_length(d, at, end, &length);
            break;
        case PROTO_WIRE_FIXED64:
            length = 8;
            break;
        case PROTO_WIRE_FIXED32:
            length = 4;
            break;
        case PROTO_WIRE_GROUP:
            if (depth == PROTO_DEC_GROUP_DEPTH_LIMIT)
                return proto_dec_fail(d, OPS_REASON_DEPTH, begin);
            open[depth++] = number;
            break;
        case PROTO_WIRE_GROUP_END:
            if (depth == 0 || open[--depth] != number)
                return proto_dec_fail(d, OPS_REASON_WIRE_TYPE, begin);
            break;
        default:
            return proto_dec_fail(d, OPS_REASON_WIRE_TYPE, begin);
        }
        if (at == NULL)
            return NULL;
        if (length > (size_t)(end - at))
            return proto_dec_fail(d, OPS_REASON_TRUNCATED, begin);
        at += length;
        if (depth == 0)
            return at;
        if (at == end)
            return proto_dec_fail(d, OPS_REASON_TRUNCATED, begin);
        begin = at;
        at = proto_dec_tag(d, at, end, &tag);
        if (at == NULL)
            return NULL;
    }
}

/* ---- values ----------------------------------------------------------------------------------------------------- */

static inline const struct ops_field *proto_dec_by_number(const struct ops_message *type, unsigned n)
{
    return &type->fields[type->order_number != NULL ? type->order_number[n] : n];
}

/* Numbers ascend, so a field's place in their order is never behind its number. NULL: unknown. */
static const struct ops_field *proto_dec_find_sparse(const struct ops_message *type, uint32_t number)
{
    unsigned n;

    for (n = number < type->field_count ? number : type->field_count; n > 0; n--) {
        const struct ops_field *f = proto_dec_by_number(type, n - 1);

        if (f->number == number)
            return f;
        if (f->number < number)
            break;
    }
    return NULL;
}

static inline const struct ops_field *proto_dec_find(const struct ops_message *type, uint32_t number)
{
    uint32_t n = number - 1; /* 0 becomes the largest */

    if (n < type->field_count) {
        const struct ops_field *f = proto_dec_by_number(type, n);

        if (f->number == number)
            return f;
    }
    return proto_dec_find_sparse(type, number);
}

/* Makes `f` the variant that is set. True: it was already. */
static bool proto_dec_choose(const struct ops_message *type, const struct ops_field *f, char *out)
{
    int32_t number = f->number;

    if (proto_variant_number(type, out) == number)
        return true;
    memcpy(out + type->oneof->offset, &number, sizeof number);
    return false;
}

static void proto_dec_store_number(const struct ops_message *type, const struct ops_field *f, uint64_t value, char *out)
{
    void *place = out + f->offset;
    bool optional = (f->flags & OPS_FIELD_OPTIONAL) != 0;
    int32_t low = (int32_t)(uint32_t)value;

    if ((f->flags & OPS_FIELD_VARIANT) != 0)
        (void)proto_dec_choose(type, f, out);
    switch ((enum ops_type)f->type) {
    case OPS_TYPE_INT64:
        *(int64_t *)place = (int64_t)value;
        if (optional)
            ((struct ops_opt_int64 *)place)->set = true;
        break;
    case OPS_TYPE_INT32:
        *(int32_t *)place = low;
        if (optional)
            ((struct ops_opt_int32 *)place)->set = true;
        break;
    case OPS_TYPE_BOOL:
        *(bool *)place = value != 0;
        if (optional)
            ((struct ops_opt_bool *)place)->set = true;
        break;
    default:
        memcpy(place, &low, sizeof low); /* an enum */
        break;
    }
}

static inline uint64_t proto_dec_load64(const char *ptr)
{
    uint64_t word;

    memcpy(&word, ptr, sizeof word);
    return word;
}

/* Short texts are nearly always ASCII: ids, tags. */
static inline bool proto_dec_is_short_ascii(const char *ptr, size_t len)
{
    uint64_t all = 0;
    size_t i;

    if (len > PROTO_DEC_SHORT_BYTES)
        return false;
    if (len >= 8) {
        for (i = 0; i + 8 < len; i += 8)
            all |= proto_dec_load64(ptr + i);
        all |= proto_dec_load64(ptr + len - 8);
    } else {
        for (i = 0; i < len; i++)
            all |= (uint8_t)ptr[i];
    }
    return (all & UINT64_C(0x8080808080808080)) == 0;
}

static inline bool proto_dec_check_text(struct proto_dec *d, const struct ops_field *f, const char *at, size_t length)
{
    size_t valid;

    if (f->type != OPS_TYPE_STRING || proto_dec_is_short_ascii(at, length))
        return true;
    valid = ops_utf8_valid_prefix(at, length);
    return valid == length || proto_dec_fail(d, OPS_REASON_UTF8, at + valid) != NULL;
}

static bool proto_dec_message(struct proto_dec *d, const struct ops_field *f, const char *at, const char *end, char *place)
{
    const struct ops_message *type = (const struct ops_message *)f->of;
    char *message;

    memcpy(&message, place, sizeof message);
    if (message == NULL) {
        message = (char *)ops_arena_zalloc(d->arena, type->size);
        if (message == NULL)
            return proto_dec_fail(d, OPS_REASON_NO_ROOM, at) != NULL;
        memcpy(place, &message, sizeof message);
    }
    return proto_dec_fields(d, type, at, end, message);
}

/* A value that has a length, not in a list. */
static bool proto_dec_value(struct proto_dec *d, const struct ops_message *type, const struct ops_field *f, const char *at,
                            size_t length, char *out)
{
    bool variant = (f->flags & OPS_FIELD_VARIANT) != 0;
    bool fresh = variant && !proto_dec_choose(type, f, out);
    char *place = out + f->offset;
    const struct ops_message *known;

    if (f->type == OPS_TYPE_STRING || f->type == OPS_TYPE_BYTES) {
        struct ops_str s;

        if (!proto_dec_check_text(d, f, at, length))
            return false;
        s.ptr = length > 0 || (f->flags & (OPS_FIELD_OPTIONAL | OPS_FIELD_VARIANT)) != 0 ? at : NULL;
        s.len = length;
        if (fresh && f->as[OPS_SHAPE_V1] == OPS_AS_ANY)
            memset(place, 0, sizeof(struct ops_any));
        memcpy(place, &s, sizeof s); /* of a struct ops_any: its first member, `raw` */
        return true;
    }
    if (f->type == OPS_TYPE_MESSAGE) {
        const struct ops_message *of = (const struct ops_message *)f->of;

        if (!variant)
            return proto_dec_message(d, f, at, at + length, place);
        if (fresh)
            memset(place, 0, of->size);
        return proto_dec_fields(d, of, at, at + length, place);
    }
    known = proto_known_type(f);
    if (fresh)
        memset(place, 0, known->size);
    *(bool *)(void *)(place + proto_known_set_offset(f)) = true;
    return proto_dec_fields(d, known, at, at + length, place);
}

/* ---- lists ------------------------------------------------------------------------------------------------------ */

/* How many elements follow each other from `at`, all with the tag of `tag_bytes` that stands there. */
static size_t proto_dec_count(struct proto_dec *d, const char *at, size_t tag_bytes, const char *end)
{
    const char *tag = at;
    size_t count = 0, length = 0;

    while ((size_t)(end - at) > tag_bytes && *at == *tag && (tag_bytes == 1 || memcmp(at, tag, tag_bytes) == 0)) {
        at = proto_dec_length(d, at + tag_bytes, end, &length);
        if (at == NULL)
            break; /* met again, and reported, when it is read */
        at += length;
        count++;
    }
    return count;
}

/* Zeroed room for `more` elements behind those that the list at `place` has, as many as fit exactly the first time, then
 * doubling. NULL: none. */
static char *proto_dec_list_add(struct proto_dec *d, char *place, size_t more, size_t element_bytes)
{
    struct codec_list list;
    size_t capacity = 0;
    char *block = NULL, *items;

    memcpy(&list, place, sizeof list);
    if (list.count > 0) {
        memcpy(&block, place, sizeof block);
        block -= PROTO_DEC_LIST_HEADER_BYTES;
        memcpy(&capacity, block, sizeof capacity);
    }
    if (more > capacity - list.count) {
        size_t wanted = list.count + more < capacity * 2 ? capacity * 2 : list.count + more;

        if (wanted > SIZE_MAX / 4 / element_bytes)
            return NULL;
        block = (char *)ops_arena_grow(d->arena, block,
                                       block != NULL ? PROTO_DEC_LIST_HEADER_BYTES + capacity * element_bytes : 0,
                                       PROTO_DEC_LIST_HEADER_BYTES + wanted * element_bytes);
        if (block == NULL)
            return NULL;
        memcpy(block, &wanted, sizeof wanted);
    }
    items = block + PROTO_DEC_LIST_HEADER_BYTES;
    memset(items + list.count * element_bytes, 0, more * element_bytes);
    list.items = items;
    list.count += more;
    memcpy(place, &list, sizeof list);
    return items + (list.count - more) * element_bytes;
}

/* The run of elements that begins with the tag at `begin`; `at` is behind that. Returns the place behind the run. */
static const char *proto_dec_list(struct proto_dec *d, const struct ops_field *f, const char *begin, const char *at,
                                  const char *end, char *place)
{
    const struct ops_message *of = (const struct ops_message *)f->of;
    size_t tag_bytes = (size_t)(at - begin), element_bytes = codec_element_bytes(f), length = 0, count, i;
    char *item;

    count = proto_dec_count(d, begin, tag_bytes, end);
    if (count == 0) /* the first length is wrong: that says how */
        return proto_dec_length(d, at, end, &length);
    item = proto_dec_list_add(d, place, count, element_bytes);
    if (item == NULL)
        return proto_dec_fail(d, OPS_REASON_NO_ROOM, begin);
    at = begin;
    for (i = 0; i < count; i++) {
        at = proto_dec_length(d, at + tag_bytes, end, &length);
        if (at == NULL)
            return NULL;
        if (f->type == OPS_TYPE_MESSAGE) {
            if (!proto_dec_fields(d, of, at, at + length, item))
                return NULL;
        } else {
            struct ops_str s = ops_str_of(at, length);

            if (!proto_dec_check_text(d, f, at, length))
                return NULL;
            memcpy(item, &s, sizeof s);
        }
        at += length;
        item += element_bytes;
    }
    return at;
}

/* ---- messages --------------------------------------------------------------------------------------------------- */

static bool proto_dec_fields(struct proto_dec *d, const struct ops_message *type, const char *at, const char *end, char *out)
{
    while (at != end) {
        const char *begin = at;
        const struct ops_field *f;
        uint32_t tag = 0;

        at = proto_dec_tag(d, at, end, &tag);
        if (at == NULL)
            return false;
        f = proto_dec_find(type, tag >> 3);
        if (f != NULL && (tag & 7) == PROTO_WIRE_BYTES && !proto_is_varint(f)) {
            size_t length = 0;

            if ((f->flags & OPS_FIELD_REPEATED) != 0) {
                at = proto_dec_list(d, f, begin, at, end, out + f->offset);
            } else {
                at = proto_dec_length(d, at, end, &length);
                if (at == NULL || !proto_dec_value(d, type, f, at, length, out))
                    return false;
                at += length;
            }
        } else if (f != NULL && (tag & 7) == PROTO_WIRE_VARINT && proto_is_varint(f)) {
            uint64_t value = 0;

            at = proto_dec_varint(d, at, end, &value);
            if (at != NULL)
                proto_dec_store_number(type, f, value, out);
        } else {
            at = proto_dec_skip(d, begin, at, end, tag);
        }
        if (at == NULL)
            return false;
    }
    return true;
}

enum ops_err ops_proto_decode(const struct ops_message *type, struct ops_str input, struct ops_arena *arena, void *out,
                              struct ops_error *err)
{
    struct proto_dec d;

    d.arena = arena;
    d.reason = OPS_REASON_NONE;
    d.bad = input.ptr;
    memset(out, 0, type->size);
    if (input.len == 0 || proto_dec_fields(&d, type, input.ptr, input.ptr + input.len, (char *)out))
        return OPS_OK;
    memset(out, 0, type->size);
    return ops_fail(err, d.reason == OPS_REASON_NO_ROOM ? OPS_ERR_NOMEM : OPS_ERR_SYNTAX, d.reason,
                    (size_t)(d.bad - input.ptr));
}
