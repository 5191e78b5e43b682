/* Decodes JSON into the structs of any message: where it begins and ends.
 *
 * Objects are read by json_object.c, values by json_value.c. Recursion follows the schema, which is not recursive; values that no
 * field takes are skipped with an explicit stack.
 *
 * Must not know: any message, any profile by name. */
#include "json.h"
#include "json_reader.h"
#include "list.h"

const int64_t ops_empty_list = 0;

bool json_read_name(struct json_reader *r, struct ops_str *name)
{
    if (json_peek(r) != '"')
        return json_fail(r, r->scan.at < r->scan.end ? OPS_REASON_NAME : OPS_REASON_TRUNCATED);
    if (!ops_json_read_string(&r->scan, r->arena, name))
        return false;
    if (json_peek(r) != ':')
        return json_fail(r, r->scan.at < r->scan.end ? OPS_REASON_COLON : OPS_REASON_TRUNCATED);
    r->scan.at++;
    return true;
}

bool json_skip(struct json_reader *r)
{
    json_peek(r);
    return ops_json_skip_value(&r->scan, json_room(r));
}

/* ---- entry points ----------------------------------------------------------------------------------------------- */

static void json_start(struct json_reader *r, const struct ops_json_style *style, struct ops_str input,
                       struct ops_arena *arena)
{
    memset(r, 0, sizeof *r);
    r->scan.begin = r->scan.at = input.ptr;
    r->scan.end = input.ptr + input.len;
    r->style = style;
    r->shape = style->shape;
    r->arena = arena;
    r->min = 1;
}

/* After the value: only white space may follow. */
static bool json_ends(struct json_reader *r)
{
    return json_peek(r) == '\0' && r->scan.at == r->scan.end ? true : json_fail(r, OPS_REASON_TRAILING);
}

static enum ops_err json_finish(struct json_reader *r, bool ok, const struct ops_message *type, void *out,
                                struct ops_decode_info *info)
{
    enum ops_err code = ok ? OPS_OK : r->scan.reason == OPS_REASON_NO_ROOM ? OPS_ERR_NOMEM : OPS_ERR_SYNTAX;

    if (!ok)
        memset(out, 0, type->size);
    if (info != NULL) {
        memset(info, 0, sizeof *info);
        info->plus = ok && r->plus;
        info->error.min = 1;
        if (!ok) {
            ops_fail(&info->error, code, r->scan.reason, (size_t)(r->scan.bad - r->scan.begin));
            info->error.min = r->min;
            info->error.max = r->max;
            info->error.member = r->member;
        }
    }
    return code;
}

/* What stands at the very beginning, where the general errors would mislead. */
static bool json_begins(struct json_reader *r)
{
    size_t len = (size_t)(r->scan.end - r->scan.at);

    if (len >= 3 && memcmp(r->scan.at, "\xef\xbb\xbf", 3) == 0)
        return json_fail(r, OPS_REASON_BOM);
    if (json_peek(r) == '\0' && r->scan.at == r->scan.end)
        return json_fail(r, OPS_REASON_EMPTY);
    return true;
}

/* An unknown variant may be passed over by who reads (a hub record of a type to come), but only when the text is JSON otherwise: looks
 * at all of it, and blames what is wrong with it. */
static void json_judge_whole(struct json_reader *r)
{
    struct json_reader whole = *r;

    whole.scan.at = whole.scan.begin;
    whole.depth = 0;
    if (!json_skip(&whole) || !json_ends(&whole))
        json_fail_at(r, whole.scan.reason, whole.scan.bad);
}

enum ops_err ops_json_decode(const struct ops_message *type, const struct ops_json_style *style, struct ops_str input,
                             struct ops_arena *arena, void *out, struct ops_decode_info *info)
{
    struct json_reader r;
    bool ok;

    json_start(&r, style, input, arena);
    codec_zero(out, type->size);
    ok = json_begins(&r) && json_read_message(&r, type, out) && json_ends(&r);
    if (!ok && r.scan.reason == OPS_REASON_UNKNOWN_VARIANT)
        json_judge_whole(&r);
    return json_finish(&r, ok, type, out, info);
}

/* The field of the argument at or behind `*i` that has a place in the list of this shape (`document_id` of a `reference` push has
 * none); `*i` is moved behind it. NULL: no more. */
static const struct ops_field *json_next_argument(const struct json_reader *r, const struct ops_call *call, uint8_t *i)
{
    while (*i < call->argument_count) {
        const struct ops_argument *argument = &call->arguments[(*i)++];
        const struct ops_field *f = &call->message->fields[argument->field];

        if (f->name[r->shape].ptr != NULL && (r->shape == OPS_SHAPE_V1 || !argument->plus))
            return f;
    }
    return NULL;
}

static bool json_read_arguments(struct json_reader *r, const struct ops_call *call, void *out)
{
    const char *begin = (json_peek(r), r->scan.at);
    uint8_t i = 0;
    bool done, first = true;

    if (!json_open(r, '[', OPS_REASON_WANT_LIST))
        return false;
    while (json_more(r, ']', first, &done)) {
        const struct ops_field *f = json_next_argument(r, call, &i);

        first = false;
        if (f == NULL) {
            if (r->style->exact_arguments)
                return json_fail(r, OPS_REASON_ARGUMENT_COUNT);
            if (!json_skip(r))
                return false;
            continue;
        }
        if (call->arguments[i - 1].plus && json_peek(r) != 'n')
            r->plus = true;
        if (!json_read_argument(r, f, out))
            return false;
    }
    for (; done && i < call->argument_count; i++) {
        uint8_t index = call->arguments[i].field;
        const struct ops_field *f = &call->message->fields[index];

        if (f->name[r->shape].ptr == NULL || call->arguments[i].plus)
            continue;
        if (r->style->exact_arguments)
            return json_fail_at(r, OPS_REASON_ARGUMENT_COUNT, begin);
        if ((call->message->required[r->shape] >> index & 1) != 0) {
            r->member = json_field_name(f, r->shape);
            return json_fail_at(r, OPS_REASON_MISSING, begin);
        }
    }
    return done;
}

enum ops_err ops_json_decode_arguments(const struct ops_call *call, const struct ops_json_style *style, struct ops_str input,
                                       struct ops_arena *arena, void *out, struct ops_decode_info *info)
{
    struct json_reader r;
    bool ok;

    json_start(&r, style, input, arena);
    memset(out, 0, call->message->size);
    ok = json_begins(&r) && json_read_arguments(&r, call, out) && json_ends(&r);
    return json_finish(&r, ok, call->message, out, info);
}

/* ---- what is left of an unusable text ------------------------------------------------------------------------------- */

/* Where the members that count begin; NULL: not met. */
struct json_salvage {
    const char *at[OPS_JSON_WANTED_LIMIT], *envelope_type;
    bool exact[OPS_JSON_WANTED_LIMIT];
};

static const struct ops_field *json_field_at(const struct ops_message *type, size_t offset)
{
    uint8_t i;

    for (i = 0; i < type->field_count; i++) {
        if (type->fields[i].offset == offset)
            return &type->fields[i];
    }
    return NULL;
}

/* Starts on a text that must be JSON as a whole: at the first token inside its outermost bracket. */
static bool json_salvage_start(struct json_reader *r, const struct ops_json_style *style, struct ops_str input,
                               struct ops_arena *arena, char bracket, struct ops_json_wanted *wanted, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++)
        wanted[i].value = ops_str_of(NULL, 0);
    json_start(r, style, input, arena);
    if (count > OPS_JSON_WANTED_LIMIT || json_peek(r) != bracket || !json_skip(r) || !json_ends(r))
        return false;
    r->scan.at = r->scan.begin;
    return json_open(r, bracket, OPS_REASON_TOKEN);
}

/* Reads the value at `at` as that of the field. */
static void json_salvage_value(struct json_reader *r, const struct ops_field *f, const char *at, struct ops_json_wanted *wanted)
{
    char *place = (char *)ops_arena_zalloc(r->arena, wanted->type->size);
    struct json_reader reader = *r;

    reader.scan.at = at;
    if (place != NULL && json_read_field(&reader, f, place))
        memcpy(&wanted->value, place + f->offset, sizeof wanted->value);
}

static void json_salvage_member(struct json_reader *r, const struct ops_message *type, struct ops_str name,
                                const struct ops_json_wanted *wanted, size_t count, struct json_salvage *found)
{
    size_t i;

    json_peek(r);
    if (json_has_envelope(type, r->shape)) {
        struct ops_lit lit = type->envelope->type_name;

        if (ops_str_equal(name, ops_str_of(lit.ptr + 2, lit.len - 4)))
            found->envelope_type = r->scan.at;
    }
    for (i = 0; i < count; i++) {
        const struct ops_field *f = json_field_at(wanted[i].type, wanted[i].offset);
        struct ops_str wanted_name;
        bool exact;

        if (f == NULL || f->name[r->shape].ptr == NULL)
            continue;
        wanted_name = json_field_name(f, r->shape);
        exact = ops_str_equal(name, wanted_name);
        if (!exact && (r->style->names == OPS_NAMES_EXACT || !codec_same_letters(name, wanted_name)))
            continue;
        if (!exact && found->exact[i] && r->style->names == OPS_NAMES_EXACT_ELSE_ANY_CASE)
            continue;
        found->at[i] = r->scan.at;
        found->exact[i] = exact;
    }
}

bool ops_json_salvage(const struct ops_message *type, const struct ops_json_style *style, struct ops_str input,
                      struct ops_arena *arena, struct ops_json_wanted *wanted, size_t count, struct ops_json_salvaged *out)
{
    const struct ops_field *variant = NULL;
    struct json_salvage found;
    struct json_reader r, inside;
    struct ops_str name;
    bool done, first = true;
    size_t i;

    memset(out, 0, sizeof *out);
    memset(&found, 0, sizeof found);
    if (!json_salvage_start(&r, style, input, arena, '{', wanted, count))
        return false;
    inside = r;
    while (json_more(&r, '}', first, &done)) {
        first = false;
        if (!json_read_name(&r, &name))
            return false; /* no memory: it was read before */
        json_salvage_member(&r, type, name, wanted, count, &found);
        if (!json_skip(&r))
            return false;
    }
    for (i = 0; i < count; i++) {
        if (found.at[i] != NULL)
            json_salvage_value(&inside, json_field_at(wanted[i].type, wanted[i].offset), found.at[i], &wanted[i]);
    }
    if (found.envelope_type != NULL)
        out->enveloped = *found.envelope_type == '-' || (*found.envelope_type >= '0' && *found.envelope_type <= '9');
    if (json_has_tag(type, style->shape) && json_find_variant(&inside, type, &variant))
        out->kind = variant->number;
    return true;
}

bool ops_json_salvage_arguments(const struct ops_call *call, const struct ops_json_style *style, struct ops_str input,
                                struct ops_arena *arena, struct ops_json_wanted *wanted, size_t count)
{
    struct json_reader r;
    bool done, first = true;
    uint8_t i = 0;
    size_t k;

    if (!json_salvage_start(&r, style, input, arena, '[', wanted, count))
        return false;
    while (json_more(&r, ']', first, &done)) {
        const struct ops_field *f = json_next_argument(&r, call, &i);

        first = false;
        json_peek(&r);
        for (k = 0; f != NULL && k < count; k++) {
            if (wanted[k].type == call->message && wanted[k].offset == f->offset)
                json_salvage_value(&r, f, r.scan.at, &wanted[k]);
        }
        if (!json_skip(&r))
            return false;
    }
    return true;
}
