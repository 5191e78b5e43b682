/* Private to the JSON decoder: the state of one decode, and the functions that its files share. */
#ifndef OPS_CODEC_JSON_READER_H
#define OPS_CODEC_JSON_READER_H

#include "json.h"
#include "lookup.h"

struct json_reader {
    struct ops_json_scan scan; /* where we are; on failure why and where */
    const struct ops_json_style *style;
    struct ops_arena *arena;
    unsigned depth;         /* open objects and lists */
    uint8_t shape;          /* style->shape */
    bool plus;              /* a + member that is not null was there */
    int64_t min, max;       /* of the range that a refused integer was held against */
    struct ops_str member;  /* name of a missing member */
};

/* One of the structs whose members stand side by side in one JSON object: a message; or a union's own fields, then its variant,
 * then the element that a SINGLE list spreads. */
struct json_part {
    const struct ops_message *type;
    void *out;
    uint64_t skip;  /* fields that are no members here: variants, a map entry's key */
    uint64_t seen;  /* fields that have been read */
    uint64_t loose; /* of them, those whose name came in another letter case only */
    bool tag_settled; /* of a union: which discriminator counts has been decided */
};
enum { JSON_PARTS_LIMIT = 3 };

static inline void json_part_of(struct json_part *part, const struct ops_message *type, void *out)
{
    part->type = type;
    part->out = out;
    part->skip = part->seen = part->loose = 0;
    part->tag_settled = false;
}

/* Not an error: a second discriminator was met where the last one counts. */
#define JSON_TAG_AGAIN OPS_REASON_COUNT

static inline bool json_fail_at(struct json_reader *r, enum ops_reason reason, const char *at)
{
    r->scan.reason = reason;
    r->scan.bad = at;
    return false;
}

static inline bool json_fail(struct json_reader *r, enum ops_reason reason)
{
    return json_fail_at(r, reason, r->scan.at);
}

static inline bool json_no_room(struct json_reader *r)
{
    return json_fail(r, OPS_REASON_NO_ROOM);
}

/* The next character that is not white space without consuming it; 0 at the end of the input. */
static inline char json_peek(struct json_reader *r)
{
    if (r->scan.at < r->scan.end && (unsigned char)*r->scan.at > ' ')
        return *r->scan.at;
    ops_json_skip_space(&r->scan);
    return r->scan.at < r->scan.end ? *r->scan.at : '\0';
}

/* How many more levels a value at this place may open. */
static inline unsigned json_room(const struct json_reader *r)
{
    return r->style->depth_limit > r->depth ? r->style->depth_limit - r->depth : 0;
}

/* Consumes '{' or '['. */
static inline bool json_open(struct json_reader *r, char bracket, enum ops_reason otherwise)
{
    char c = json_peek(r);

    if (c != bracket)
        return json_fail(r, c == '\0' && r->scan.at == r->scan.end ? OPS_REASON_TRUNCATED : otherwise);
    if (json_room(r) == 0)
        return json_fail(r, OPS_REASON_DEPTH);
    r->depth++;
    r->scan.at++;
    return true;
}

/* Between two members or elements: true when another one follows; else `*done` says whether the closing bracket was met (and
 * consumed), or it is a syntax error. `first`: nothing was read yet. */
static inline bool json_more(struct json_reader *r, char closing, bool first, bool *done)
{
    char c = json_peek(r);

    *done = false;
    if (c == closing) {
        r->scan.at++;
        r->depth--;
        *done = true;
        return false;
    }
    if (first)
        return r->scan.at < r->scan.end ? true : json_fail(r, OPS_REASON_TRUNCATED);
    if (c != ',')
        return json_fail(r, r->scan.at < r->scan.end ? OPS_REASON_COMMA : OPS_REASON_TRUNCATED);
    r->scan.at++;
    if (json_peek(r) == '\0' && r->scan.at == r->scan.end)
        return json_fail(r, OPS_REASON_TRUNCATED);
    return true;
}

/* Name of a field in a shape, out of its literal. */
static inline struct ops_str json_field_name(const struct ops_field *f, uint8_t shape)
{
    return ops_str_of(f->name[shape].ptr + 2, f->name[shape].len - 4);
}

/* The place of a field in a struct. */
static inline void *json_place(const struct ops_field *f, void *message)
{
    return (char *)message + f->offset;
}

/* Reads a member name and its colon; escapes are undone (in the arena). */
bool json_read_name(struct json_reader *r, struct ops_str *name);

/* Skips a value that no field takes, checking it. */
bool json_skip(struct json_reader *r);

/* Reads the string at the cursor: a slice of the input, or unescaped in the arena. */
bool json_read_string(struct json_reader *r, struct ops_str *value);

/* Reads the value of one field, of whatever kind, to where it belongs in `message`. */
bool json_read_field(struct json_reader *r, const struct ops_field *f, void *message);

/* Reads an object into a struct of `type`, a union or an envelope as well. `out` is zeroed memory. */
bool json_read_message(struct json_reader *r, const struct ops_message *type, void *out);

/* Reads the members that are left of an object (its '{' is consumed) into the parts; the cursor ends behind '}'. `begin` is the
 * place of the '{'. `first`: no member was read yet. There is room for one more part: the element of a SINGLE list that spreads
 * its members among those of the last part. */
bool json_read_members(struct json_reader *r, struct json_part *parts, size_t count, const char *begin, bool first);

/* Reads the value of one field as an argument of a hub call: JSON texts are in place, a SINGLE list is its element. */
bool json_read_argument(struct json_reader *r, const struct ops_field *f, void *message);

/* Reads the list of a repeated field. */
bool json_read_list(struct json_reader *r, const struct ops_field *f, void *place);

/* Reads base64, as the content of a string. */
bool json_read_base64(struct json_reader *r, struct ops_str *value);

/* Reads an object keyed by a field into the list of entries at `message`. */
bool json_read_map(struct json_reader *r, const struct ops_field *f, void *message);

/* Reads an object with a discriminator again, because its first discriminator, at which `begin` and depth are, was not the one that
 * counts. */
bool json_read_union_again(struct json_reader *r, const struct ops_message *type, void *out, const char *begin);

/* Finds the variant that an object's discriminator names, wherever it stands. The cursor, behind '{', does not move. */
bool json_find_variant(struct json_reader *r, const struct ops_message *type, const struct ops_field **variant);

/* Reads an object with a discriminator (json_union.c), or the envelope of `reference` (json_envelope.c). */
bool json_read_union(struct json_reader *r, const struct ops_message *type, void *out);
bool json_read_envelope(struct json_reader *r, const struct ops_message *type, void *out);

/* True when the members of the list's one element stand among those of the message itself. */
static inline bool json_is_spread(const struct ops_field *f, uint8_t shape)
{
    return (f->flags & OPS_FIELD_SINGLE) != 0 && shape == OPS_SHAPE_V1;
}

/* The parts of an object whose discriminator says `variant`, of a union at `out`, which is told so. Returns how many. */
static inline size_t json_variant_parts(struct json_reader *r, struct json_part *parts, const struct ops_message *type,
                                        const struct ops_field *variant, void *out)
{
    const struct ops_oneof *o = type->oneof;
    int number = variant->number;

    memcpy((char *)out + o->offset, &number, sizeof number);
    if ((variant->flags & OPS_FIELD_PLUS) != 0)
        r->plus = true;
    json_part_of(&parts[0], type, out);
    parts[0].skip = (((uint64_t)1 << o->count) - 1) << o->first;
    if (variant->type != OPS_TYPE_MESSAGE)
        return 1;
    json_part_of(&parts[1], (const struct ops_message *)variant->of, json_place(variant, out));
    return 2;
}

/* True when a message is written as the envelope in this style. */
static inline bool json_has_envelope(const struct ops_message *type, uint8_t shape)
{
    return type->envelope != NULL && shape == OPS_SHAPE_REF;
}

/* True when a message is an object with a discriminator in this shape. */
static inline bool json_has_tag(const struct ops_message *type, uint8_t shape)
{
    return type->oneof != NULL && type->oneof->tag_name[shape].ptr != NULL;
}

#endif
