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

/* The arguments that are not in this shape (`document_id` of a `reference` push) have no place in the list. */
static bool json_read_arguments(struct json_reader *r, const struct ops_call *call, void *out)
{
    const char *begin = (json_peek(r), r->scan.at);
    uint8_t i = 0;
    bool done, first = true;

    if (!json_open(r, '[', OPS_REASON_WANT_LIST))
        return false;
    while (json_more(r, ']', first, &done)) {
        const struct ops_field *f = NULL;

        first = false;
        while (i < call->argument_count && f == NULL) {
            const struct ops_field *candidate = &call->message->fields[call->arguments[i].field];

            if (candidate->name[r->shape].ptr != NULL && (r->shape == OPS_SHAPE_V1 || !call->arguments[i].plus))
                f = candidate;
            i++;
        }
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
