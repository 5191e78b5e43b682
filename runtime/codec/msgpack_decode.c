/* Decodes MessagePack into the structs of any message: maps, unions, hub records, argument lists.
 *
 * A map is walked once, skipping, to find which of its members count (the last exact name, else the last in another
 * letter case), then these are read. Recursion follows the schema, which is not recursive.
 *
 * Must not know: any message, any profile by name. */
#include "msgpack_reader.h"

/* One of the structs whose members stand side by side in one map, as in JSON (json_reader.h). */
enum { MP_PARTS_LIMIT = 3, MP_FIELDS_LIMIT = 64 };
struct mp_part {
    const struct ops_message *type;
    char *out;
    uint64_t skip;                      /* fields that are no members here */
    uint64_t exact;                     /* fields found by their exact name */
    const char *value[MP_FIELDS_LIMIT]; /* of each field, where the value that counts begins; NULL: not there */
};

static void mp_dec_part(struct mp_part *part, const struct ops_message *type, void *out, uint64_t skip)
{
    memset(part, 0, sizeof *part);
    part->type = type;
    part->out = (char *)out;
    part->skip = skip;
}

/* Notes the member `name` whose value begins at `value`: an exact name before one in another letter case. */
static void mp_dec_note(struct mp_part *parts, size_t count, struct ops_str name, const char *value)
{
    const char **other = NULL;
    size_t p;

    for (p = 0; p < count; p++) {
        const struct ops_message *type = parts[p].type;
        uint8_t i;

        for (i = 0; i < type->field_count; i++) {
            uint64_t bit = (uint64_t)1 << i;
            struct ops_str own = mp_field_name(&type->fields[i]);

            if (own.ptr == NULL || (parts[p].skip & bit) != 0)
                continue;
            if (ops_str_equal(own, name)) {
                parts[p].value[i] = value;
                parts[p].exact |= bit;
                return;
            }
            if (other == NULL && (parts[p].exact & bit) == 0 && codec_same_letters(own, name))
                other = &parts[p].value[i];
        }
    }
    if (other != NULL)
        *other = value;
}

/* Reads a key of a map. */
static bool mp_dec_key(struct mp_reader *r, struct ops_str *name)
{
    const char *at = r->at;
    struct mp_token key;

    if (!mp_next(r, &key))
        return false;
    *name = key.bytes;
    return key.kind == MP_STR ? true : mp_fail_at(r, OPS_REASON_MSGPACK_TYPE, at);
}

/* Reads the values that were noted. The cursor, behind the map, stays. */
static bool mp_dec_part_values(struct mp_reader *r, struct mp_part *part, const char *begin)
{
    const struct ops_oneof *o = part->type->oneof;
    const char *end = r->at;
    uint64_t missing = part->type->required[OPS_SHAPE_V1] & ~part->skip;
    uint8_t i;

    for (i = 0; i < part->type->field_count; i++) {
        const struct ops_field *f = &part->type->fields[i];

        if (part->value[i] == NULL)
            continue;
        missing &= ~((uint64_t)1 << i);
        r->at = part->value[i];
        if (!mp_read_field(r, f, part->out))
            return false;
        if ((f->flags & OPS_FIELD_VARIANT) != 0) {
            /* Of a oneof without discriminator. */
            int kind = f->number;

            memcpy(part->out + o->offset, &kind, sizeof kind);
        }
    }
    r->at = end;
    if (missing == 0)
        return true;
    i = 0;
    while ((missing >> i & 1) == 0)
        i++;
    r->member = mp_field_name(&part->type->fields[i]);
    return mp_fail_at(r, OPS_REASON_MISSING, begin);
}

/* A message whose SINGLE list spreads its element's members among its own: the element becomes a part. */
static bool mp_dec_spread(struct mp_reader *r, struct mp_part *parts, size_t *count)
{
    struct mp_part *last = &parts[*count - 1];
    uint8_t i;

    for (i = 0; i < last->type->field_count; i++) {
        const struct ops_field *f = &last->type->fields[i];
        struct codec_growing list = {NULL, 0, 0, 0};
        void *element;

        if ((f->flags & OPS_FIELD_SINGLE) == 0)
            continue;
        list.element_bytes = codec_element_bytes(f);
        element = codec_list_add(&list, r->arena);
        if (element == NULL)
            return mp_read_no_room(r);
        codec_list_store(&list, r->arena, last->out + f->offset);
        last->skip |= (uint64_t)1 << i;
        mp_dec_part(&parts[*count], (const struct ops_message *)f->of, element, 0);
        ++*count;
        return true;
    }
    return true;
}

/* Reads the `pairs` of a map, whose head is consumed, into the parts. `begin` is where the map begins. */
static bool mp_dec_members(struct mp_reader *r, struct mp_part *parts, size_t count, size_t pairs, const char *begin)
{
    size_t p;

    for (; pairs > 0; pairs--) {
        struct ops_str name;
        const char *value;

        if (!mp_dec_key(r, &name))
            return false;
        value = r->at;
        if (!mp_skip(r))
            return false;
        mp_dec_note(parts, count, name, value);
    }
    for (p = 0; p < count; p++) {
        if (!mp_dec_part_values(r, &parts[p], begin))
            return false;
    }
    r->depth--;
    return true;
}

bool mp_read_members_but(struct mp_reader *r, const struct ops_message *type, uint64_t skip, void *out)
{
    struct mp_part parts[MP_PARTS_LIMIT];
    const char *begin = r->at;
    size_t pairs, count = 1;

    if (!mp_open_container(r, MP_MAP, OPS_REASON_WANT_OBJECT, &pairs))
        return false;
    mp_dec_part(&parts[0], type, out, skip);
    return mp_dec_spread(r, parts, &count) && mp_dec_members(r, parts, count, pairs, begin);
}

/* ---- unions ------------------------------------------------------------------------------------------------------ */

static bool mp_dec_is(struct ops_str text, struct ops_lit lit)
{
    return text.len == lit.len && memcmp(text.ptr, lit.ptr, lit.len) == 0;
}

static bool mp_dec_tag(struct mp_reader *r, const struct ops_message *type, const struct ops_field **variant)
{
    const char *at = r->at;
    struct mp_token t;

    if (!mp_next(r, &t))
        return false;
    if (type->oneof->integer) {
        if (t.kind != MP_INT)
            return mp_fail_at(r, OPS_REASON_WANT_INTEGER, at);
        *variant = codec_variant_numbered(type, t.integer);
    } else {
        if (t.kind != MP_STR)
            return mp_fail_at(r, OPS_REASON_WANT_STRING, at);
        *variant = codec_variant_named(type, t.bytes, true);
    }
    return *variant != NULL ? true : mp_fail_at(r, OPS_REASON_UNKNOWN_VARIANT, at);
}

/* How much a member counts as the discriminator: `type`, else that in another letter case, else `$type`, else that in
 * another letter case (spec/v1.md §2). 0: not at all. */
static int mp_dec_tag_rank(const struct ops_message *type, struct ops_str name)
{
    struct ops_lit tag = type->oneof->tag_name[OPS_SHAPE_V1];

    if (mp_dec_is(name, tag))
        return 4;
    if (codec_same_letters(name, ops_str_of(tag.ptr, tag.len)))
        return 3;
    if (ops_str_equal(name, OPS_STR("$type")))
        return 2;
    return codec_same_letters(name, OPS_STR("$type")) ? 1 : 0;
}

/* Finds the discriminator anywhere in the map, the last one of those that count most. The cursor, behind the head,
 * stays. */
static bool mp_dec_find_tag(struct mp_reader *r, const struct ops_message *type, size_t pairs, const char *begin,
                            const struct ops_field **variant)
{
    const char *members = r->at, *best = NULL;
    int best_rank = 0;

    for (; pairs > 0; pairs--) {
        struct ops_str name;
        int rank;

        if (!mp_dec_key(r, &name))
            return false;
        rank = mp_dec_tag_rank(type, name);
        if (rank > 0 && rank >= best_rank) {
            best = r->at;
            best_rank = rank;
        }
        if (!mp_skip(r))
            return false;
    }
    if (best == NULL)
        return mp_fail_at(r, OPS_REASON_NO_DISCRIMINATOR, begin);
    r->at = best;
    if (!mp_dec_tag(r, type, variant))
        return false;
    r->at = members;
    return true;
}

void mp_choose_variant(struct mp_reader *r, const struct ops_message *type, const struct ops_field *variant, void *out)
{
    int number = variant->number;

    memcpy((char *)out + type->oneof->offset, &number, sizeof number);
    if ((variant->flags & OPS_FIELD_PLUS) != 0)
        r->plus = true;
}

static bool mp_dec_union(struct mp_reader *r, const struct ops_message *type, void *out)
{
    const struct ops_oneof *o = type->oneof;
    const struct ops_field *variant = NULL;
    struct mp_part parts[MP_PARTS_LIMIT];
    const char *begin = r->at;
    size_t pairs, count = 1;

    if (!mp_open_container(r, MP_MAP, OPS_REASON_WANT_OBJECT, &pairs) ||
        !mp_dec_find_tag(r, type, pairs, begin, &variant))
        return false;
    mp_choose_variant(r, type, variant, out);
    mp_dec_part(&parts[0], type, out, (((uint64_t)1 << o->count) - 1) << o->first);
    if (variant->type == OPS_TYPE_MESSAGE)
        mp_dec_part(&parts[count++], (const struct ops_message *)variant->of, (char *)out + variant->offset, 0);
    return mp_dec_spread(r, parts, &count) && mp_dec_members(r, parts, count, pairs, begin);
}

bool mp_read_message(struct mp_reader *r, const struct ops_message *type, void *out)
{
    if (type->oneof != NULL && type->oneof->tag_name[OPS_SHAPE_V1].ptr != NULL)
        return mp_is_record(type) ? mp_read_record(r, type, out) : mp_dec_union(r, type, out);
    return mp_read_members_but(r, type, 0, out);
}

/* ---- entry points ------------------------------------------------------------------------------------------------ */

static void mp_dec_start(struct mp_reader *r, const struct ops_json_style *style, struct ops_str input,
                         struct ops_arena *arena)
{
    memset(r, 0, sizeof *r);
    r->begin = r->at = input.ptr != NULL ? input.ptr : "";
    r->end = r->begin + input.len;
    r->style = style;
    r->arena = arena;
    r->min = 1;
}

static enum ops_err mp_dec_finish(struct mp_reader *r, bool ok, const struct ops_message *type, void *out,
                                  struct ops_decode_info *info)
{
    enum ops_err code;

    if (ok && r->at < r->end)
        ok = mp_fail_at(r, OPS_REASON_TRAILING, r->at);
    code = ok ? OPS_OK : r->reason == OPS_REASON_NO_ROOM ? OPS_ERR_NOMEM : OPS_ERR_SYNTAX;
    if (!ok)
        memset(out, 0, type->size);
    if (info != NULL) {
        memset(info, 0, sizeof *info);
        info->plus = ok && r->plus;
        info->error.min = 1;
        if (!ok) {
            ops_fail(&info->error, code, r->reason, (size_t)(r->bad - r->begin));
            info->error.min = r->min;
            info->error.max = r->max;
            info->error.member = r->member;
        }
    }
    return code;
}

/* Nothing at all is not a value cut short. */
static bool mp_dec_begins(struct mp_reader *r)
{
    return r->at < r->end ? true : mp_fail_at(r, OPS_REASON_EMPTY, r->at);
}

enum ops_err ops_msgpack_decode(const struct ops_message *type, const struct ops_json_style *style,
                                struct ops_str input, struct ops_arena *arena, void *out, struct ops_decode_info *info)
{
    struct mp_reader r;
    bool ok;

    mp_dec_start(&r, style, input, arena);
    memset(out, 0, type->size);
    ok = mp_dec_begins(&r) && mp_read_message(&r, type, out);
    return mp_dec_finish(&r, ok, type, out, info);
}

/* The arguments from `next` on were not sent. */
static bool mp_dec_arguments_end(struct mp_reader *r, const struct ops_call *call, uint8_t next, const char *begin)
{
    for (; next < call->argument_count; next++) {
        uint8_t index = call->arguments[next].field;
        const struct ops_field *f = &call->message->fields[index];

        if (f->name[OPS_SHAPE_V1].ptr == NULL || call->arguments[next].plus)
            continue;
        if (r->style->exact_arguments)
            return mp_fail_at(r, OPS_REASON_ARGUMENT_COUNT, begin);
        if ((call->message->required[OPS_SHAPE_V1] >> index & 1) != 0) {
            r->member = mp_field_name(f);
            return mp_fail_at(r, OPS_REASON_MISSING, begin);
        }
    }
    return true;
}

static bool mp_dec_arguments(struct mp_reader *r, const struct ops_call *call, void *out)
{
    const char *begin = r->at;
    uint8_t next = 0;
    size_t items;

    if (!mp_open_container(r, MP_ARRAY, OPS_REASON_WANT_LIST, &items))
        return false;
    for (; items > 0; items--) {
        while (next < call->argument_count &&
               call->message->fields[call->arguments[next].field].name[OPS_SHAPE_V1].ptr == NULL)
            next++;
        if (next == call->argument_count) {
            if (r->style->exact_arguments)
                return mp_fail_at(r, OPS_REASON_ARGUMENT_COUNT, r->at);
            if (!mp_skip(r))
                return false;
            continue;
        }
        if (call->arguments[next].plus && !mp_at_nil(r))
            r->plus = true;
        if (!mp_read_argument(r, &call->message->fields[call->arguments[next].field], out))
            return false;
        next++;
    }
    r->depth--;
    return mp_dec_arguments_end(r, call, next, begin);
}

enum ops_err ops_msgpack_decode_arguments(const struct ops_call *call, const struct ops_json_style *style,
                                          struct ops_str input, struct ops_arena *arena, void *out,
                                          struct ops_decode_info *info)
{
    struct mp_reader r;
    bool ok;

    mp_dec_start(&r, style, input, arena);
    memset(out, 0, call->message->size);
    ok = mp_dec_begins(&r) && mp_dec_arguments(&r, call, out);
    return mp_dec_finish(&r, ok, call->message, out, info);
}
