/* Private to the MessagePack decoder: the state of one decode, and the functions that its files share. */
#ifndef OPS_CODEC_MSGPACK_READER_H
#define OPS_CODEC_MSGPACK_READER_H

#include "list.h"
#include "lookup.h"
#include "msgpack.h"

struct mp_reader {
    const char *at, *end, *begin;
    const struct ops_json_style *style;
    struct ops_arena *arena;
    unsigned depth;         /* open arrays and maps */
    bool plus;              /* a + member that is not nil was there */
    enum ops_reason reason; /* set by the function that returned false */
    const char *bad;        /* where */
    int64_t min, max;       /* of the range that a refused integer was held against */
    struct ops_str member;  /* name of a missing member */
};

enum { MP_DEPTH_LIMIT = 255 }; /* deepest nesting that a style can allow: its limit is one byte */

enum mp_kind {
    MP_NIL,
    MP_BOOL,
    MP_INT,   /* within int64 */
    MP_LARGE, /* an unsigned integer above int64's range */
    MP_FLOAT,
    MP_STR,
    MP_BIN,
    MP_EXT,
    MP_ARRAY,
    MP_MAP
};

/* The head of a value, and all of it when it is neither an array nor a map. */
struct mp_token {
    enum mp_kind kind;
    bool truth;           /* BOOL */
    int ext_type;         /* EXT */
    int64_t integer;      /* INT */
    uint64_t large;       /* LARGE */
    double number;        /* FLOAT */
    size_t count;         /* elements of ARRAY, pairs of MAP: no more than the bytes left can hold */
    struct ops_str bytes; /* STR (valid UTF-8), BIN, EXT: a slice of the input */
};

static inline bool mp_fail_at(struct mp_reader *r, enum ops_reason reason, const char *at)
{
    r->reason = reason;
    r->bad = at;
    return false;
}

static inline bool mp_read_no_room(struct mp_reader *r)
{
    return mp_fail_at(r, OPS_REASON_NO_ROOM, r->at);
}

/* Nil at the cursor. */
static inline bool mp_at_nil(const struct mp_reader *r)
{
    return r->at < r->end && (unsigned char)*r->at == 0xc0;
}

/* How many more levels a value at this place may open. */
static inline unsigned mp_depth_room(const struct mp_reader *r)
{
    return r->style->depth_limit > r->depth ? r->style->depth_limit - r->depth : 0;
}

/* Name of a field, out of its literal; absent when the field has none in `v1`. */
static inline struct ops_str mp_field_name(const struct ops_field *f)
{
    struct ops_lit lit = f->name[OPS_SHAPE_V1];

    return lit.ptr == NULL ? ops_str_of(NULL, 0) : ops_str_of(lit.ptr + 2, lit.len - 4);
}

/* Reads the next token. */
bool mp_next(struct mp_reader *r, struct mp_token *t);

/* Skips one value of any type, checking all of it. */
bool mp_skip(struct mp_reader *r);

/* Reads the head of an array or map and counts its level. */
bool mp_open_container(struct mp_reader *r, enum mp_kind kind, enum ops_reason otherwise, size_t *count);

/* Reads the value of one field to where it belongs in `message`. */
bool mp_read_field(struct mp_reader *r, const struct ops_field *f, void *message);

/* The same as an argument of a hub call: JSON texts are in place, a SINGLE list is its element. */
bool mp_read_argument(struct mp_reader *r, const struct ops_field *f, void *message);

/* Reads a message: a map, a union as well, or a hub record. `out` is zeroed memory. */
bool mp_read_message(struct mp_reader *r, const struct ops_message *type, void *out);

/* Reads a map into a struct of `type`, without the fields in `skip`; no union. */
bool mp_read_members_but(struct mp_reader *r, const struct ops_message *type, uint64_t skip, void *out);

/* Whether a message is a hub record: an array of its variant's number and packed fields. */
bool mp_is_record(const struct ops_message *type);

/* Reads a hub record. */
bool mp_read_record(struct mp_reader *r, const struct ops_message *type, void *out);

/* Notes in the union at `out` which variant is set. */
void mp_choose_variant(struct mp_reader *r, const struct ops_message *type, const struct ops_field *variant, void *out);

/* Reads one value as JSON text, in the arena; at most `room` levels. */
bool mp_read_as_json(struct mp_reader *r, unsigned room, struct ops_str *text);

#endif
