/* Decodes the `reference` WebSocket envelope: one object with a slot for every payload, an integer that says which one counts
 * (spec/opstream-wire.md §3.4-3.5).
 *
 * A type that is unknown here, or whose slot is null or absent, is no error: the message is then read with no variant set, and
 * ignored by whoever reads it. A slot that does not count is still checked to be what it should be. */
#include "json_reader.h"

/* The slots of one envelope, as they were met: where their values begin; NULL for null or absent. */
enum { ENVELOPE_SLOTS_LIMIT = 24 };
struct envelope_slots {
    const char *value[ENVELOPE_SLOTS_LIMIT];
};

/* What stands in a slot, to check one that does not count; NULL when nothing is known, or when it may be different things. */
static const struct ops_field *envelope_slot_variant(const struct ops_message *type, uint8_t slot)
{
    const struct ops_field *found = NULL;
    uint8_t i;

    for (i = 0; i < type->oneof->count; i++) {
        const struct ops_field *f = &type->fields[type->oneof->first + i];

        if (f->more->variant->slot != slot)
            continue;
        if (found != NULL && (f->of != found->of || f->more->variant->slot_value != found->more->variant->slot_value))
            return NULL;
        found = f;
    }
    return found;
}

static bool envelope_read_slot(struct json_reader *r, const struct ops_field *variant, void *place)
{
    const struct ops_message *type = (const struct ops_message *)variant->of;
    const struct ops_variant *v = variant->more->variant;

    return v->slot_value == OPS_MAP_WHOLE ? json_read_message(r, type, place)
                                          : json_read_field(r, &type->fields[v->slot_value], place);
}

/* Whether a member's name is the one in a literal, as the style matches names. */
static bool envelope_is_name(const struct json_reader *r, struct ops_str name, struct ops_lit lit)
{
    struct ops_str wanted = ops_str_of(lit.ptr + 2, lit.len - 4);

    return ops_str_equal(name, wanted) || (r->style->names != OPS_NAMES_EXACT && codec_same_letters(name, wanted));
}

/* Reads the value of a member: the type, a slot, one of the union's own fields, or nothing we know. */
static bool envelope_read_member(struct json_reader *r, const struct ops_message *type, void *out, struct ops_str name,
                                 int64_t *number, struct envelope_slots *slots)
{
    const struct ops_envelope *e = type->envelope;
    uint8_t i;

    json_peek(r);
    if (envelope_is_name(r, name, e->type_name)) {
        const char *at = r->scan.at;

        if (ops_json_scan_int64(&r->scan, number) && *number >= INT32_MIN && *number <= INT32_MAX)
            return true;
        return json_fail_at(r, OPS_REASON_WANT_INTEGER, at);
    }
    for (i = 0; i < e->slot_count; i++) {
        if (envelope_is_name(r, name, e->slots[i])) {
            slots->value[i] = r->scan.at < r->scan.end && *r->scan.at != 'n' ? r->scan.at : NULL;
            return json_skip(r);
        }
    }
    for (i = 0; i < type->field_count; i++) {
        const struct ops_field *f = &type->fields[i];

        if ((f->flags & OPS_FIELD_VARIANT) == 0 && f->name[r->shape].ptr != NULL && envelope_is_name(r, name, f->name[r->shape]))
            return json_read_field(r, f, out);
    }
    return json_skip(r);
}

/* Reads the slots that hold something: the one that counts into `out`, the others to see that they could be read. */
static bool envelope_settle(struct json_reader *r, const struct ops_message *type, void *out, int64_t number,
                            const struct envelope_slots *slots)
{
    const struct ops_field *chosen = codec_variant_numbered(type, number);
    const char *end = r->scan.at;
    uint8_t i;

    for (i = 0; i < type->envelope->slot_count; i++) {
        const struct ops_message *other = type->envelope->other;
        bool counts = chosen != NULL && chosen->more->variant->slot == i;
        const struct ops_field *variant = counts ? chosen : envelope_slot_variant(type, i);
        void *place;

        if (variant == NULL && other != NULL)
            variant = envelope_slot_variant(other, i);
        if (slots->value[i] == NULL || variant == NULL)
            continue;
        r->scan.at = slots->value[i];
        r->depth++;
        place = counts ? json_place(variant, out) : ops_arena_zalloc(r->arena, ((const struct ops_message *)variant->of)->size);
        if (place == NULL)
            return json_no_room(r);
        if (!envelope_read_slot(r, variant, place))
            return false;
        r->depth--;
    }
    r->scan.at = end;
    if (chosen != NULL) {
        uint8_t slot = chosen->more->variant->slot;
        int kind = slot == OPS_NO_SLOT || slots->value[slot] != NULL ? chosen->number : 0;

        memcpy((char *)out + type->oneof->offset, &kind, sizeof kind);
    }
    return true;
}

bool json_read_envelope(struct json_reader *r, const struct ops_message *type, void *out)
{
    struct envelope_slots slots;
    int64_t number = 0;
    bool done, first = true;

    memset(&slots, 0, sizeof slots);
    if (json_peek(r) == 'n' && r->scan.end - r->scan.at >= 4 && memcmp(r->scan.at, "null", 4) == 0) {
        r->scan.at += 4;
        return true;
    }
    if (!json_open(r, '{', OPS_REASON_WANT_OBJECT))
        return false;
    while (json_more(r, '}', first, &done)) {
        struct ops_str name;

        first = false;
        if (!json_read_name(r, &name) || !envelope_read_member(r, type, out, name, &number, &slots))
            return false;
    }
    return done && envelope_settle(r, type, out, number, &slots);
}
