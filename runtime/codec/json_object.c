/* Decodes objects and lists: members in the schema's order as nearly every peer sends them, else in any.
 *
 * The functions named json_run_ take the cursor and return the place behind what they read, so that it stays in a register; they
 * compare the literal `,"name":` of the member that comes next in the schema with the input and read the value with json_quick.h.
 * Whatever is unusual goes to the complete functions named json_read_, one member at a time, which keep the cursor in `r`. A
 * result of NULL, or false, is a failure, and `r` says why. */
#include "json_quick.h"
#include "list.h"

/* What a member name means: a field of one of the parts, by its exact name or by one that differs in letter case. */
struct json_match {
    struct json_part *part;
    const struct ops_field *field; /* NULL: no field has this name */
    bool exact;
};

static struct json_match json_exactly(struct json_part *part, const struct ops_field *f)
{
    struct json_match match = {NULL, NULL, true};

    match.part = part;
    match.field = f;
    return match;
}

static struct json_match json_find(struct json_reader *r, struct json_part *parts, size_t count, struct ops_str name)
{
    struct json_match match = {NULL, NULL, false};
    size_t p;

    for (p = 0; p < count; p++) {
        const struct ops_message *type = parts[p].type;
        uint8_t i;

        for (i = 0; i < type->field_count; i++) {
            const struct ops_field *f = &type->fields[i];

            if (f->name[r->shape].ptr == NULL || (parts[p].skip >> i & 1) != 0)
                continue;
            if (name.len == f->name[r->shape].len - 4 && memcmp(name.ptr, f->name[r->shape].ptr + 2, name.len) == 0) {
                match.part = &parts[p];
                match.field = f;
                match.exact = true;
                return match;
            }
            if (match.field == NULL && r->style->names != OPS_NAMES_EXACT &&
                codec_same_letters(name, json_field_name(f, r->shape))) {
                match.part = &parts[p];
                match.field = f;
            }
        }
    }
    return match;
}

/* True when a member that means `match` again, and counts, comes later in this object: then an unusable value here is of no
 * consequence. The cursor is behind a value; it is left there. */
static bool json_counts_later(struct json_reader *r, struct json_part *parts, size_t count, struct json_match match)
{
    struct json_reader ahead = *r;
    struct ops_str name;
    bool done;

    while (json_more(&ahead, '}', false, &done) && json_read_name(&ahead, &name)) {
        struct json_match later = json_find(&ahead, parts, count, name);

        if (later.field == match.field && later.part == match.part && (later.exact || !match.exact))
            return true;
        if (!json_skip(&ahead))
            return false;
    }
    return false;
}

/* The value of a member could not be read, for the reason that `r` says. Where another member counts instead of it, that is of no
 * consequence: skips it. `value` and `depth`: where it began. */
static bool json_pass_over(struct json_reader *r, struct json_part *parts, size_t count, struct json_match match,
                           const char *value, unsigned depth)
{
    struct json_reader failed = *r;

    if (!r->style->strict || r->scan.reason == OPS_REASON_NO_ROOM)
        return false;
    r->scan.at = value;
    r->depth = depth;
    if (json_skip(r) && json_counts_later(r, parts, count, match))
        return true;
    *r = failed;
    return false;
}

/* Reads the value at the cursor into a field of a message at `out`. A variant of a oneof without discriminator is an ordinary member; the
 * last one counts. */
static bool json_read_value_of(struct json_reader *r, const struct ops_message *type, const struct ops_field *f, void *out)
{
    bool null = json_peek(r) == 'n';
    int number = f->number;

    if (!json_read_field(r, f, out))
        return false;
    if ((f->flags & OPS_FIELD_VARIANT) != 0 && !null)
        memcpy((char *)out + type->oneof->offset, &number, sizeof number);
    return true;
}

/* Reads the value of a member that was found by its name. */
static bool json_read_member(struct json_reader *r, struct json_part *parts, size_t count, struct json_match match)
{
    uint64_t bit = (uint64_t)1 << (match.field - match.part->type->fields);
    const char *value = (json_peek(r), r->scan.at);
    unsigned depth = r->depth;

    if (!match.exact && r->style->names == OPS_NAMES_EXACT_ELSE_ANY_CASE && (match.part->seen & ~match.part->loose & bit) != 0)
        return json_skip(r); /* the object has an exact one: this one does not count */
    if (!json_read_value_of(r, match.part->type, match.field, match.part->out))
        return json_pass_over(r, parts, count, match, value, depth);
    match.part->seen |= bit;
    match.part->loose = match.exact ? match.part->loose & ~bit : match.part->loose | bit;
    return true;
}

/* Reading one part in the schema's order. */
struct json_run {
    uint64_t left;                 /* fields that are still looked for; none: all were */
    uint64_t seen;                 /* fields that were read */
    const struct ops_field *field; /* after a failure: the one that failed */
    const char *value;             /* and where its value begins */
};

/* All fields of a message; those behind one of them. */
static inline uint64_t json_all_fields(const struct ops_message *type)
{
    return type->field_count == 0 ? 0 : UINT64_MAX >> (64 - type->field_count);
}

static inline uint64_t json_fields_behind(const struct ops_message *type, const struct ops_field *f)
{
    return json_all_fields(type) & (UINT64_MAX << (f - type->fields)) << 1;
}

/* ---- in the schema's order ---------------------------------------------------------------------------------------- */

static const char *json_run_list(struct json_reader *r, const struct ops_field *f, void *place, const char *at);

JSON_INLINE const char *json_run_value(struct json_reader *r, const struct ops_message *type, const struct ops_field *f,
                                       uint8_t shape, void *message, const char *at)
{
    const char *behind;

    if (f->as[shape] == OPS_AS_PLAIN) {
        behind = f->flags == 0 ? json_quick_value(r, f, at, message) : NULL;
        if (behind != NULL)
            return behind;
        if (f->flags == OPS_FIELD_REPEATED && (f->more == NULL || f->more->map == NULL) && at < r->scan.end && *at == '[')
            return json_run_list(r, f, json_place(f, message), at);
    }
    r->scan.at = at;
    return json_read_value_of(r, type, f, message) ? r->scan.at : NULL;
}

/* Reads the members of one part that come in the schema's order, without white space between them, as far as that goes; those that
 * need not be there are passed over. `*comma`: 1 when the one before the first member was read, then 0. */
JSON_INLINE const char *json_run_fields(struct json_reader *r, const struct ops_message *type, void *out, struct json_run *run,
                                        size_t *comma, const char *at)
{
    const char *end = r->scan.end;
    uint8_t shape = r->shape;

    while (run->left != 0) {
        const struct ops_field *f = &type->fields[__builtin_ctzll(run->left)];
        uint64_t bit = run->left & (0 - run->left);
        const char *literal = f->name[shape].ptr, *value;

        if (literal != NULL) {
            value = json_quick_literal(at, end, literal + *comma, f->name[shape].len - *comma);
            if (json_is_spread(f, shape) || (value == NULL && (type->required[shape] & bit) != 0))
                return at;
            if (value != NULL) {
                *comma = 0;
                at = json_run_value(r, type, f, shape, out, value);
                if (at == NULL) {
                    run->field = f;
                    run->value = value;
                    return NULL;
                }
                run->seen |= bit;
            }
        }
        run->left &= ~bit;
    }
    return at;
}

/* ---- in any order ------------------------------------------------------------------------------------------------- */

/* A member that no field takes. In `reference`, an object with a discriminator may have it once, and no other member that
 * begins with '$' (spec/opstream-wire.md §1.5); in `v1` the last discriminator counts (spec/v1.md §2). */
static bool json_unknown_member(struct json_reader *r, const struct json_part *part, struct ops_str name, const char *at)
{
    if (json_has_tag(part->type, r->shape)) {
        struct ops_lit tag = part->type->oneof->tag_name[r->shape];
        bool is_tag = name.len == tag.len && memcmp(name.ptr, tag.ptr, tag.len) == 0;

        if (r->style->discriminator_first && (is_tag || (name.len > 0 && name.ptr[0] == '$')))
            return json_fail_at(r, OPS_REASON_DISCRIMINATOR_FIRST, at);
        if (r->style->strict && is_tag && !part->tag_settled)
            return json_fail_at(r, JSON_TAG_AGAIN, at);
    }
    return json_skip(r);
}

/* The fields that must be there and were not read. */
static inline uint64_t json_missing(const struct json_part *part, uint8_t shape)
{
    return part->type->required[shape] & ~(part->seen | part->skip);
}

static bool json_all_there(struct json_reader *r, const struct json_part *parts, size_t count, const char *begin)
{
    size_t p;

    for (p = 0; p < count; p++) {
        uint64_t missing = json_missing(&parts[p], r->shape);

        if (missing != 0) {
            r->member = json_field_name(&parts[p].type->fields[__builtin_ctzll(missing)], r->shape);
            return json_fail_at(r, OPS_REASON_MISSING, begin);
        }
    }
    return true;
}

/* A message whose SINGLE list spreads its element's members among its own: the element becomes a part. */
static bool json_add_spread(struct json_reader *r, struct json_part *parts, size_t *count)
{
    struct json_part *part = &parts[*count], *outer = part - 1;
    uint8_t i;

    for (i = 0; i < outer->type->field_count; i++) {
        const struct ops_field *f = &outer->type->fields[i];
        struct codec_growing list = {NULL, 0, 0, 0};

        if (!json_is_spread(f, r->shape))
            continue;
        list.element_bytes = codec_element_bytes(f);
        json_part_of(part, (const struct ops_message *)f->of, codec_list_add(&list, r->arena));
        if (part->out == NULL)
            return json_no_room(r);
        codec_list_store(&list, r->arena, json_place(f, outer->out));
        outer->skip |= (uint64_t)1 << i;
        ++*count;
        return true;
    }
    return true;
}

/* The place in the schema's order where the next member is expected. */
struct json_cursor {
    size_t part;
    uint64_t left; /* fields of that part that may still come in order */
};

/* Reads what comes in the schema's order; the comma before it was read. */
static bool json_read_in_order(struct json_reader *r, struct json_part *parts, size_t count, struct json_cursor *next)
{
    unsigned depth = r->depth;
    size_t comma = 1;

    while (next->part < count) {
        struct json_part *part = &parts[next->part];
        struct json_run run = {next->left, 0, NULL, NULL};
        const char *behind = json_run_fields(r, part->type, part->out, &run, &comma, r->scan.at);

        part->seen |= run.seen;
        part->loose &= ~run.seen;
        next->left = run.left;
        if (behind == NULL) {
            if (!json_pass_over(r, parts, count, json_exactly(part, run.field), run.value, depth))
                return false;
            next->left &= next->left - 1;
            return true;
        }
        r->scan.at = behind;
        if (run.left != 0)
            return true;
        next->part++;
        if (next->part < count)
            next->left = json_all_fields(part[1].type) & ~part[1].skip;
    }
    return true;
}

bool json_read_members(struct json_reader *r, struct json_part *parts, size_t count, const char *begin, bool first)
{
    struct json_cursor next;
    bool done;

    if (!json_add_spread(r, parts, &count))
        return false;
    next.part = 0;
    next.left = json_all_fields(parts[0].type) & ~(parts[0].skip | parts[0].seen);
    for (; json_more(r, '}', first, &done); first = false) {
        const char *at = r->scan.at;
        struct json_match match;
        struct ops_str name;

        if (!json_read_in_order(r, parts, count, &next))
            return false;
        if (r->scan.at != at)
            continue;
        if (!json_read_name(r, &name))
            return false;
        match = json_find(r, parts, count, name);
        if (match.field == NULL) {
            if (!json_unknown_member(r, &parts[0], name, at))
                return false;
            continue;
        }
        next.part = (size_t)(match.part - parts);
        next.left = json_fields_behind(match.part->type, match.field) & ~match.part->skip;
        if (!json_read_member(r, parts, count, match))
            return false;
    }
    return done && json_all_there(r, parts, count, begin);
}

/* ---- objects and lists ---------------------------------------------------------------------------------------------- */

/* Any object, with white space before it, or what is none. */
static bool json_read_object(struct json_reader *r, const struct ops_message *type, void *out)
{
    struct json_part parts[JSON_PARTS_LIMIT];
    const char *begin;

    if (json_has_envelope(type, r->shape))
        return json_read_envelope(r, type, out);
    if (json_has_tag(type, r->shape))
        return json_read_union(r, type, out);
    begin = (json_peek(r), r->scan.at);
    if (!json_open(r, '{', OPS_REASON_WANT_OBJECT))
        return false;
    json_part_of(&parts[0], type, out);
    return json_read_members(r, parts, 1, begin, true);
}

/* An object that did not come in order to its end: goes on with it. */
static const char *json_run_on(struct json_reader *r, struct json_part *parts, size_t count, const char *begin)
{
    const struct ops_message *type = parts[0].type;
    bool tagged = json_has_tag(type, r->shape);
    unsigned depth = r->depth;
    void *out = parts[0].out;

    if (json_read_members(r, parts, count, begin, !tagged && r->scan.at == begin + 1))
        return r->scan.at;
    if (!tagged || r->scan.reason != JSON_TAG_AGAIN)
        return NULL;
    r->depth = depth - 1;
    return json_read_union_again(r, type, out, begin) ? r->scan.at : NULL;
}

static const char *json_run_message(struct json_reader *r, const struct ops_message *type, void *out, const char *at)
{
    struct json_part parts[JSON_PARTS_LIMIT];
    const struct ops_field *variant;
    const char *begin = at, *members = at + 1;
    size_t comma = 1, count = 1, p = 0;
    struct json_run run = {0, 0, NULL, NULL};
    unsigned depth;

    r->scan.at = at;
    if (at == r->scan.end || *at != '{' || json_room(r) == 0 || json_has_envelope(type, r->shape))
        return json_read_object(r, type, out) ? r->scan.at : NULL;
    if (json_has_tag(type, r->shape)) {
        members = json_quick_tag(type, r->shape, members, r->scan.end, &variant);
        if (members == NULL)
            return json_read_object(r, type, out) ? r->scan.at : NULL;
        count = json_variant_parts(r, parts, type, variant, out);
        p = count == 2 && type->oneof->count == type->field_count ? 1 : 0;
        comma = 0;
    } else {
        json_part_of(&parts[0], type, out);
    }
    depth = ++r->depth;
    for (at = members; p < count; p++) {
        run.left = json_all_fields(parts[p].type) & ~parts[p].skip;
        run.seen = 0;
        at = json_run_fields(r, parts[p].type, parts[p].out, &run, &comma, at);
        parts[p].seen = run.seen;
        if (at == NULL) {
            if (!json_pass_over(r, parts, count, json_exactly(&parts[p], run.field), run.value, depth))
                return NULL;
            return json_run_on(r, parts, count, begin);
        }
        if (run.left != 0)
            break;
    }
    r->scan.at = at;
    if (p < count || at == r->scan.end || *at != '}' || json_missing(&parts[0], r->shape) != 0 ||
        (count == 2 && json_missing(&parts[1], r->shape) != 0))
        return json_run_on(r, parts, count, begin);
    r->depth--;
    return at + 1;
}

bool json_read_message(struct json_reader *r, const struct ops_message *type, void *out)
{
    const char *at = json_run_message(r, type, out, r->scan.at);

    if (at == NULL)
        return false;
    r->scan.at = at;
    return true;
}

/* One element of a list that is not a message in the common form. */
static bool json_read_element(struct json_reader *r, const struct ops_field *f, void *element)
{
    if (json_peek(r) == 'n' && r->scan.end - r->scan.at >= 4 && memcmp(r->scan.at, "null", 4) == 0)
        return json_fail(r, OPS_REASON_NULL_VALUE);
    if (f->type == OPS_TYPE_MESSAGE)
        return json_read_message(r, (const struct ops_message *)f->of, element);
    return f->type == OPS_TYPE_BYTES ? json_read_base64(r, (struct ops_str *)element)
                                     : json_read_string(r, (struct ops_str *)element);
}

static inline const char *json_run_element(struct json_reader *r, const struct ops_field *f, void *element, const char *at)
{
    if (f->type == OPS_TYPE_MESSAGE && at < r->scan.end && *at == '{')
        return json_run_message(r, (const struct ops_message *)f->of, element, at);
    r->scan.at = at;
    return json_read_element(r, f, element) ? r->scan.at : NULL;
}

static const char *json_run_list(struct json_reader *r, const struct ops_field *f, void *place, const char *at)
{
    struct codec_growing list = {NULL, 0, 0, 0};
    bool done, first = true;

    list.element_bytes = codec_element_bytes(f);
    r->scan.at = at;
    if (!json_open(r, '[', OPS_REASON_WANT_LIST))
        return NULL;
    for (at = r->scan.at;; first = false) {
        void *element;

        if (!first && at < r->scan.end && *at == ',') {
            at++;
        } else {
            r->scan.at = at;
            if (!json_more(r, ']', first, &done))
                break;
            at = r->scan.at;
        }
        element = codec_list_add(&list, r->arena);
        if (element == NULL) {
            json_no_room(r);
            return NULL;
        }
        at = json_run_element(r, f, element, at);
        if (at == NULL)
            return NULL;
    }
    if (!done)
        return NULL;
    codec_list_store(&list, r->arena, place);
    return r->scan.at;
}

bool json_read_list(struct json_reader *r, const struct ops_field *f, void *place)
{
    const char *at = json_run_list(r, f, place, r->scan.at);

    if (at == NULL)
        return false;
    r->scan.at = at;
    return true;
}
