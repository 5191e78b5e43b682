#include "tests/codec/random_value.h"

#include <stdio.h>
#include <stdlib.h>

#include "gen/profile.h"
#include "runtime/base/utf.h"
#include "runtime/codec/json.h"
#include "runtime/codec/list.h"

struct maker {
    struct random_source *random;
    const struct random_knobs *knobs;
    struct ops_arena *arena;
};

static void make_message(const struct maker *m, const struct ops_message *type, char *out, uint64_t only);

struct random_knobs random_knobs_default(void)
{
    struct random_knobs k;

    memset(&k, 0, sizeof k);
    k.time_digits = 9;
    k.string_limit_bytes = 40;
    k.list_limit = 3;
    k.json_depth_limit = 3;
    return k;
}

static void *make_room(const struct maker *m, size_t count, size_t bytes)
{
    void *room = ops_arena_zalloc(m->arena, count * bytes);

    if (room == NULL)
        abort();
    return room;
}

/* ---- presence ----------------------------------------------------------------------------------------------------- */

/* Whether the style can say this field at all. */
static bool has_name(const struct maker *m, const struct ops_field *f)
{
    const struct ops_json_style *style = m->knobs->style;

    return style == NULL || (f->name[style->shape].ptr != NULL && ((f->flags & OPS_FIELD_PLUS) == 0 || style->plus));
}

static bool must_be_there(const struct maker *m, const struct ops_field *f)
{
    const struct ops_json_style *style = m->knobs->style;

    if ((f->flags & OPS_FIELD_SINGLE) != 0)
        return true;
    if (style != NULL && f->as[style->shape] == OPS_AS_OPAQUE)
        return f->absent[style->shape] != OPS_ABSENT_OMIT; /* what is not there is written as null, and null is a value */
    return style != NULL &&
           (f->absent[style->shape] == OPS_ABSENT_REQUIRED || f->absent[style->shape] == OPS_ABSENT_ZERO);
}

/* ---- values ------------------------------------------------------------------------------------------------------- */

static enum ops_as as_of(const struct maker *m, const struct ops_field *f)
{
    const struct ops_json_style *style = m->knobs->style;

    if (style != NULL)
        return (enum ops_as)f->as[style->shape];
    return (enum ops_as)(f->as[OPS_SHAPE_V1] != OPS_AS_PLAIN ? f->as[OPS_SHAPE_V1] : f->as[OPS_SHAPE_REF]);
}

static struct ops_str make_json(const struct maker *m)
{
    const struct ops_json_style *style = m->knobs->style;
    struct ops_str s;

    s = random_json(m->random, m->knobs->string_limit_bytes, m->knobs->json_depth_limit,
                    style != NULL && !style->opaque_verbatim, m->arena);
    return s;
}

/* A string of at most 64 units, or an integer. */
static struct ops_str make_id(const struct maker *m)
{
    static const int64_t limit = (INT64_C(1) << 53) - 1;
    char *text = (char *)make_room(m, 1, 40);
    int len;

    if (random_one_in(m->random, 2))
        len = snprintf(text, 40, "\"id-%llu\"", (unsigned long long)random_bits(m->random));
    else
        len = snprintf(text, 40, "%lld", (long long)random_integer(m->random, -limit, limit));
    return ops_str_of(text, (size_t)len);
}

static struct ops_str make_typed_json(const struct maker *m, const struct ops_message *type)
{
    const struct ops_json_style *style = m->knobs->style != NULL ? m->knobs->style : &ops_style_v1;
    struct random_knobs knobs = *m->knobs;
    struct ops_buf text;

    knobs.style = style;
    ops_buf_init(&text, m->arena);
    if (ops_json_encode(type, style, random_value(m->random, &knobs, type, m->arena), &text) != OPS_OK)
        abort();
    return ops_buf_str(&text);
}

static struct ops_str make_string(const struct maker *m)
{
    struct ops_str s = random_string(m->random, m->knobs->string_limit_bytes, m->arena);
    char *text = (char *)make_room(m, 1, s.len);
    size_t i;

    for (i = 0; i < s.len; i++)
        text[i] = s.ptr[i] == '\0' && m->knobs->no_nul ? 'x' : s.ptr[i];
    return ops_str_of(text, s.len);
}

static struct ops_str make_plain(const struct maker *m, const struct ops_field *f)
{
    return f->type == OPS_TYPE_BYTES ? random_bytes(m->random, m->knobs->string_limit_bytes, m->arena) : make_string(m);
}

static struct ops_str make_str(const struct maker *m, const struct ops_field *f)
{
    if (m->knobs->opaque_bytes)
        return make_plain(m, f);
    switch (as_of(m, f)) {
    case OPS_AS_OPAQUE:
    case OPS_AS_JSON_IN_STRING:
    case OPS_AS_ANY:
        return make_json(m);
    case OPS_AS_TYPED_JSON:
        return make_typed_json(m, (const struct ops_message *)f->of);
    case OPS_AS_ID:
        return make_id(m);
    case OPS_AS_PLAIN:
        break;
    }
    return make_plain(m, f);
}

static int64_t make_integer(const struct maker *m, const struct ops_field *f)
{
    int64_t min = f->type == OPS_TYPE_INT32 ? INT32_MIN : INT64_MIN, max = f->type == OPS_TYPE_INT32 ? INT32_MAX : INT64_MAX;

    if (f->more != NULL && (m->knobs->in_range || (m->knobs->style != NULL && m->knobs->style->strict))) {
        min = f->more->min;
        max = f->more->max;
    }
    return random_integer(m->random, min, max);
}

static int32_t make_enum(const struct maker *m, const struct ops_field *f)
{
    const struct ops_enum *e = (const struct ops_enum *)f->of;

    return e->values[random_below(m->random, e->count)].number;
}

static struct ops_time make_time(const struct maker *m)
{
    unsigned digits = m->knobs->time_digits;
    struct ops_time t;
    int32_t step = 1;

    if (m->knobs->style != NULL)
        digits = m->knobs->style->times_millis_z ? 3 : 7;
    for (; digits < 9; digits++)
        step *= 10;
    t.seconds = random_one_in(m->random, 2) ? random_integer(m->random, INT64_C(-62135596800), INT64_C(253402300799))
                                            : random_integer(m->random, 0, INT64_C(4102444800));
    t.nanos = (int32_t)random_below(m->random, 1000000000u / (unsigned)step) * step;
    t.set = true;
    return t;
}

static void make_number(const struct maker *m, const struct ops_field *f, void *place)
{
    bool optional = (f->flags & OPS_FIELD_OPTIONAL) != 0;
    int32_t number;

    switch ((enum ops_type)f->type) {
    case OPS_TYPE_BOOL:
        *(bool *)place = random_one_in(m->random, 2);
        if (optional)
            ((struct ops_opt_bool *)place)->set = true;
        break;
    case OPS_TYPE_INT32:
        *(int32_t *)place = (int32_t)make_integer(m, f);
        if (optional)
            ((struct ops_opt_int32 *)place)->set = true;
        break;
    case OPS_TYPE_INT64:
        *(int64_t *)place = make_integer(m, f);
        if (optional)
            ((struct ops_opt_int64 *)place)->set = true;
        break;
    default:
        number = make_enum(m, f);
        memcpy(place, &number, sizeof number);
        break;
    }
}

/* ---- lists -------------------------------------------------------------------------------------------------------- */

static struct ops_str *key_of(const struct ops_field *f, char *items, size_t i)
{
    const struct ops_message *type = (const struct ops_message *)f->of;

    return (struct ops_str *)(void *)(items + i * type->size + type->fields[f->more->map->key].offset);
}

/* Keys that differ, and ascend where they should: insertion sort, the entries are few. */
static void settle_keys(const struct maker *m, const struct ops_field *f, char *items, size_t count)
{
    const struct ops_json_style *style = m->knobs->style;
    bool sorted = m->knobs->maps_sorted || random_one_in(m->random, 2);
    size_t i, k, bytes = ((const struct ops_message *)f->of)->size;
    char *spare = (char *)make_room(m, 1, bytes);

    if (style != NULL && (style->maps_sorted || f->more->map->sorted_in_ref))
        sorted = true;
    for (i = 0; i < count; i++) {
        struct ops_str *key = key_of(f, items, i);

        bool taken = key->ptr == NULL;

        for (k = 0; k < i; k++)
            taken = taken || ops_str_equal(*key, *key_of(f, items, k));
        if (taken) {
            char *text = (char *)make_room(m, 1, 32);

            *key = ops_str_of(text, (size_t)snprintf(text, 32, "key-%llx", (unsigned long long)random_bits(m->random)));
        }
        for (k = i; sorted && k > 0 && ops_utf16_compare(*key_of(f, items, k), *key_of(f, items, k - 1)) < 0; k--) {
            memcpy(spare, items + k * bytes, bytes);
            memcpy(items + k * bytes, items + (k - 1) * bytes, bytes);
            memcpy(items + (k - 1) * bytes, spare, bytes);
        }
    }
}

static void make_list(const struct maker *m, const struct ops_field *f, char *place)
{
    const struct ops_map *map = f->more != NULL ? f->more->map : NULL;
    size_t least = m->knobs->proto_only || (map != NULL && !must_be_there(m, f)) ? 1 : 0, bytes = codec_element_bytes(f), i;
    uint64_t only = UINT64_MAX;
    struct codec_list list;
    char *items;

    if (map != NULL && map->value != OPS_MAP_WHOLE && m->knobs->style != NULL) /* what else is in an entry, JSON does not say */
        only = (uint64_t)1 << map->value | (uint64_t)1 << map->key;
    list.count = (f->flags & OPS_FIELD_SINGLE) != 0 ? 1 : random_below(m->random, m->knobs->list_limit + 1);
    if (list.count < least)
        list.count = least;
    items = (char *)make_room(m, list.count, bytes);
    for (i = 0; i < list.count; i++) {
        struct ops_str s;

        if (f->type == OPS_TYPE_MESSAGE) {
            make_message(m, (const struct ops_message *)f->of, items + i * bytes, only);
        } else {
            s = make_str(m, f);
            memcpy(items + i * bytes, &s, sizeof s);
        }
    }
    if (map != NULL)
        settle_keys(m, f, items, list.count);
    list.items = list.count > 0 ? (const void *)items : (const void *)&ops_empty_list;
    memcpy(place, &list, sizeof list);
}

/* ---- messages ----------------------------------------------------------------------------------------------------- */

static void make_field(const struct maker *m, const struct ops_field *f, char *place, uint64_t only)
{
    const struct ops_message *of = (const struct ops_message *)f->of;
    bool variant = (f->flags & OPS_FIELD_VARIANT) != 0;
    bool implicit = (f->flags & (OPS_FIELD_OPTIONAL | OPS_FIELD_VARIANT)) == 0;

    if ((f->flags & OPS_FIELD_REPEATED) != 0) {
        make_list(m, f, place);
    } else if (f->type == OPS_TYPE_STRING || f->type == OPS_TYPE_BYTES) {
        struct ops_str s = make_str(m, f);

        if (s.len == 0 && implicit && m->knobs->proto_only)
            s = ops_str_of(NULL, 0);
        memcpy(place, &s, sizeof s); /* of a struct ops_any: its first member, `raw` */
    } else if (f->type == OPS_TYPE_TIME) {
        struct ops_time t = make_time(m);

        memcpy(place, &t, sizeof t);
    } else if (f->type == OPS_TYPE_MESSAGE) {
        char *message = variant ? place : (char *)make_room(m, 1, of->size);

        make_message(m, of, message, only);
        if (!variant)
            memcpy(place, &message, sizeof message);
    } else {
        make_number(m, f, place);
    }
}

/* Readers take a discriminator for the first variant that has it. */
static bool is_first_of_its_name(const struct ops_message *type, const struct ops_field *f, bool by_number)
{
    const struct ops_field *earlier;

    for (earlier = &type->fields[type->oneof->first]; earlier < f; earlier++) {
        const struct ops_variant *a = earlier->more->variant, *b = f->more->variant;

        if (by_number ? a->number == b->number
                      : a->tag.len == b->tag.len && memcmp(a->tag.ptr, b->tag.ptr, a->tag.len) == 0)
            return false;
    }
    return true;
}

/* Whether the style can say this variant. `*only`: which fields of it. */
static bool can_choose(const struct maker *m, const struct ops_message *type, const struct ops_field *f, uint64_t *only)
{
    const struct ops_json_style *style = m->knobs->style;
    const struct ops_variant *v;

    *only = UINT64_MAX;
    if (style == NULL || !has_name(m, f))
        return style == NULL;
    if (type->oneof->tag_name[style->shape].ptr != NULL)
        return is_first_of_its_name(type, f, type->oneof->integer);
    if (type->envelope == NULL || style->shape != OPS_SHAPE_REF)
        return true;
    v = f->more->variant;
    if (v->slot_value != OPS_MAP_WHOLE)
        *only = (uint64_t)1 << v->slot_value;
    return v->slot != OPS_NO_SLOT && is_first_of_its_name(type, f, true);
}

static void make_oneof(const struct maker *m, const struct ops_message *type, char *out)
{
    const struct ops_oneof *o = type->oneof;
    const struct ops_json_style *style = m->knobs->style;
    bool tagged = style != NULL && (o->tag_name[style->shape].ptr != NULL || type->envelope != NULL);
    size_t tries;

    if (!m->knobs->unions_set && !tagged && random_one_in(m->random, 8))
        return;
    for (tries = 0; tries < 200; tries++) {
        const struct ops_field *f = &type->fields[o->first + random_below(m->random, o->count)];
        int32_t number = f->number;
        uint64_t only;

        if (!can_choose(m, type, f, &only))
            continue;
        memcpy(out + o->offset, &number, sizeof number);
        make_field(m, f, out + f->offset, only);
        return;
    }
}

/* Fills the zeroed struct at `out`; of its fields those whose bit is set in `only`. */
static void make_message(const struct maker *m, const struct ops_message *type, char *out, uint64_t only)
{
    bool sparse = random_one_in(m->random, 2);
    uint8_t i;

    for (i = 0; i < type->field_count; i++) {
        const struct ops_field *f = &type->fields[i];

        if ((f->flags & OPS_FIELD_VARIANT) != 0 || (only >> i & 1) == 0 || !has_name(m, f))
            continue;
        if (must_be_there(m, f) || (only != UINT64_MAX && m->knobs->style != NULL) || random_below(m->random, 4) >= (sparse ? 2u : 1u))
            make_field(m, f, out + f->offset, UINT64_MAX);
    }
    if (type->oneof != NULL)
        make_oneof(m, type, out);
}

void *random_value(struct random_source *r, const struct random_knobs *knobs, const struct ops_message *type,
                   struct ops_arena *arena)
{
    struct maker m;
    void *out;

    m.random = r;
    m.knobs = knobs;
    m.arena = arena;
    out = make_room(&m, 1, type->size);
    make_message(&m, type, (char *)out, UINT64_MAX);
    return out;
}
