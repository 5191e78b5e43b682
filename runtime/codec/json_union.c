/* Decodes objects with a discriminator: polymorphic ops, `v1` WebSocket messages, hub records.
 *
 * The discriminator is expected first. `v1` takes it anywhere, as `type`, else as `$type`: then the object is scanned for it
 * before its members are read. `reference` wants it first, exactly (spec/opstream-wire.md §1.5). */
#include "json_reader.h"

/* Reads the discriminator's value at the cursor. */
static bool json_read_tag(struct json_reader *r, const struct ops_message *type, const struct ops_field **variant)
{
    const char *at = (json_peek(r), r->scan.at);
    struct ops_str tag;
    int64_t number;

    if (type->oneof->integer) {
        if (!ops_json_scan_int64(&r->scan, &number))
            return json_fail_at(r, OPS_REASON_WANT_INTEGER, at);
        *variant = codec_variant_numbered(type, number);
    } else {
        if (!json_read_string(r, &tag))
            return false;
        *variant = codec_variant_named(type, tag, r->style->strict);
    }
    return *variant != NULL ? true : json_fail_at(r, OPS_REASON_UNKNOWN_VARIANT, at);
}

static bool json_is_name(struct ops_str name, struct ops_lit lit)
{
    return lit.ptr != NULL && name.len == lit.len && memcmp(name.ptr, lit.ptr, name.len) == 0;
}

/* The other name of every discriminator. */
static const struct ops_lit json_tag_other = {"$type", 5};

/* The discriminator as the first member, where it is expected: the cursor is behind '{'. False without an error when the first
 * member is another one; the cursor is then where it was. */
static bool json_tag_first(struct json_reader *r, const struct ops_message *type, const struct ops_field **variant, bool *found)
{
    struct ops_lit tag = type->oneof->tag_name[r->shape];
    const char *at = r->scan.at;
    struct ops_str name;

    *found = false;
    if (json_peek(r) != '"')
        return true;
    if (!json_read_name(r, &name))
        return false;
    if (json_is_name(name, tag)) {
        const struct json_reader here = *r;

        *found = true;
        if (json_read_tag(r, type, variant))
            return true;
        if (!r->style->strict)
            return false;
        *found = false; /* a later one may count; if none does, its failure is the same as this one */
        *r = here;
    }
    r->scan.at = at;
    return true;
}

/* How much a member counts as the discriminator: `type`, else that in another letter case, else `$type`, else that in another letter
 * case (spec/v1.md §2). 0: not at all. */
static int json_tag_rank(const struct json_reader *r, const struct ops_message *type, struct ops_str name)
{
    struct ops_lit tag = type->oneof->tag_name[OPS_SHAPE_V1];
    bool loose = r->style->names == OPS_NAMES_EXACT_ELSE_ANY_CASE;

    if (json_is_name(name, tag))
        return 4;
    if (loose && codec_same_letters(name, ops_str_of(tag.ptr, tag.len)))
        return 3;
    if (json_is_name(name, json_tag_other))
        return 2;
    return loose && codec_same_letters(name, ops_str_of(json_tag_other.ptr, json_tag_other.len)) ? 1 : 0;
}

/* The last one of those that count most. */
bool json_find_variant(struct json_reader *r, const struct ops_message *type, const struct ops_field **variant)
{
    struct json_reader ahead = *r;
    const char *begin = r->scan.at, *best = NULL;
    int best_rank = 0;
    struct ops_str name;
    bool done, first = true;

    while (json_more(&ahead, '}', first, &done)) {
        int rank;

        first = false;
        if (!json_read_name(&ahead, &name))
            break;
        rank = json_tag_rank(r, type, name);
        if (rank > 0 && rank >= best_rank) {
            best = ahead.scan.at;
            best_rank = rank;
        }
        if (!json_skip(&ahead)) {
            done = false;
            break;
        }
    }
    if (!done) {
        r->scan.reason = ahead.scan.reason;
        r->scan.bad = ahead.scan.bad;
        return false;
    }
    if (best == NULL)
        return json_fail_at(r, OPS_REASON_NO_DISCRIMINATOR, begin - 1);
    r->scan.at = best;
    if (!json_read_tag(r, type, variant))
        return false;
    r->scan.at = begin;
    return true;
}

/* Reads the members of the object whose discriminator is known. */
static bool json_read_variant(struct json_reader *r, const struct ops_message *type, const struct ops_field *variant,
                              void *out, const char *begin, bool first)
{
    struct json_part parts[JSON_PARTS_LIMIT];
    size_t count = json_variant_parts(r, parts, type, variant, out);

    parts[0].tag_settled = first; /* found by looking at all of them */
    return json_read_members(r, parts, count, begin, first);
}

bool json_read_union_again(struct json_reader *r, const struct ops_message *type, void *out, const char *begin)
{
    const struct ops_field *variant;

    memset(out, 0, type->size);
    r->scan.at = begin;
    return json_open(r, '{', OPS_REASON_WANT_OBJECT) && json_find_variant(r, type, &variant) &&
           json_read_variant(r, type, variant, out, begin, true);
}

bool json_read_union(struct json_reader *r, const struct ops_message *type, void *out)
{
    const struct ops_field *variant = NULL;
    const char *begin = (json_peek(r), r->scan.at);
    unsigned depth = r->depth;
    bool plus = r->plus, found;

    if (!json_open(r, '{', OPS_REASON_WANT_OBJECT) || !json_tag_first(r, type, &variant, &found))
        return false;
    if (!found && r->style->discriminator_first)
        return json_fail_at(r, OPS_REASON_DISCRIMINATOR_FIRST, begin);
    if (found) {
        if (json_read_variant(r, type, variant, out, begin, false))
            return true;
        if (r->scan.reason != JSON_TAG_AGAIN)
            return false;
    }
    r->depth = depth;
    r->plus = plus; /* what the variant that does not count has said */
    return json_read_union_again(r, type, out, begin);
}
