/* Opaque values: MessagePack as JSON text, and JSON text as MessagePack. With an explicit stack: depth is input. */
#include "json_writer.h"
#include "msgpack_reader.h"
#include "msgpack_writer.h"
#include "runtime/base/num.h"

/* ---- MessagePack to JSON ----------------------------------------------------------------------------------------- */

/* The arrays and maps that are open; of a map, keys and values count one each. */
struct mp_json_levels {
    size_t left[MP_DEPTH_LIMIT];
    bool map[MP_DEPTH_LIMIT];
    unsigned depth;
};

static bool mp_json_double(struct mp_reader *r, struct json_writer *w, double value, const char *begin)
{
    if (!(value - value == 0)) /* an infinity, or no number */
        return mp_fail_at(r, OPS_REASON_MSGPACK_TYPE, begin);
    if (!json_room_for(w, OPS_DOUBLE_CHARS))
        return mp_read_no_room(r);
    w->at = ops_double_write(w->at, value);
    return true;
}

static bool mp_json_scalar(struct mp_reader *r, struct json_writer *w, const struct mp_token *t, const char *begin)
{
    switch (t->kind) {
    case MP_NIL:
        return json_write_text(w, "null", 4) ? true : mp_read_no_room(r);
    case MP_BOOL:
        return (t->truth ? json_write_text(w, "true", 4) : json_write_text(w, "false", 5)) ? true : mp_read_no_room(r);
    case MP_INT:
    case MP_LARGE:
        if (!json_room_for(w, OPS_INT64_CHARS))
            return mp_read_no_room(r);
        w->at = t->kind == MP_INT ? ops_int64_write(w->at, t->integer) : ops_uint64_write(w->at, t->large);
        return true;
    case MP_FLOAT:
        return mp_json_double(r, w, t->number, begin);
    case MP_STR:
        return json_write_string(w, t->bytes) ? true : mp_read_no_room(r);
    case MP_BIN:
    case MP_EXT:
    case MP_ARRAY:
    case MP_MAP:
        break;
    }
    return mp_fail_at(r, OPS_REASON_MSGPACK_TYPE, begin);
}

/* A value has ended: closes what ends with it. */
static bool mp_json_close(struct json_writer *w, struct mp_json_levels *open)
{
    while (open->depth > 0 && --open->left[open->depth - 1] == 0) {
        open->depth--;
        if (!json_write_char(w, open->map[open->depth] ? '}' : ']'))
            return false;
    }
    return true;
}

/* What stands before a value: a comma, and in a map its key. `first`: of its array or map. */
static bool mp_json_before(struct mp_reader *r, struct json_writer *w, struct mp_json_levels *open, bool first)
{
    const char *begin = r->at;
    struct mp_token key;

    if (open->depth == 0)
        return true;
    if (!first && !json_write_char(w, ','))
        return mp_read_no_room(r);
    if (!open->map[open->depth - 1])
        return true;
    if (!mp_next(r, &key))
        return false;
    if (key.kind != MP_STR)
        return mp_fail_at(r, OPS_REASON_MSGPACK_TYPE, begin);
    open->left[open->depth - 1]--;
    return json_write_string(w, key.bytes) && json_write_char(w, ':') ? true : mp_read_no_room(r);
}

static bool mp_json_value(struct mp_reader *r, struct json_writer *w, unsigned room)
{
    struct mp_json_levels open;
    bool first = true;

    open.depth = 0;
    do {
        const char *begin;
        struct mp_token t;

        if (!mp_json_before(r, w, &open, first))
            return false;
        begin = r->at;
        if (!mp_next(r, &t))
            return false;
        if (t.kind == MP_ARRAY || t.kind == MP_MAP) {
            if (open.depth == room)
                return mp_fail_at(r, OPS_REASON_DEPTH, begin);
            if (!json_write_char(w, t.kind == MP_MAP ? '{' : '['))
                return mp_read_no_room(r);
            if (t.count > 0) {
                open.map[open.depth] = t.kind == MP_MAP;
                open.left[open.depth++] = t.kind == MP_MAP ? t.count * 2 : t.count;
                first = true;
                continue;
            }
            if (!json_write_char(w, t.kind == MP_MAP ? '}' : ']'))
                return mp_read_no_room(r);
        } else if (!mp_json_scalar(r, w, &t, begin)) {
            return false;
        }
        first = false;
        if (!mp_json_close(w, &open))
            return mp_read_no_room(r);
    } while (open.depth > 0);
    return true;
}

static bool mp_json_append(struct mp_reader *r, unsigned room, struct ops_buf *out)
{
    struct json_writer w;

    if (ops_buf_reserve(out, OPS_DOUBLE_CHARS) == NULL)
        return mp_read_no_room(r);
    w.buf = out;
    w.at = out->ptr + out->len;
    w.end = out->ptr + out->cap;
    w.style = r->style;
    w.shape = OPS_SHAPE_V1;
    if (!mp_json_value(r, &w, room))
        return false;
    ops_buf_advance(out, w.at);
    return true;
}

bool mp_read_as_json(struct mp_reader *r, unsigned room, struct ops_str *text)
{
    struct ops_buf out;

    ops_buf_init(&out, r->arena);
    if (!mp_json_append(r, room, &out))
        return false;
    ops_arena_shrink(r->arena, out.ptr, out.cap, out.len);
    *text = ops_buf_str(&out);
    return true;
}

enum ops_err ops_msgpack_to_json(struct ops_str value, const struct ops_json_style *style, unsigned depth_limit,
                                 struct ops_buf *out, struct ops_error *error)
{
    struct mp_reader r;
    size_t before = out->len;
    bool ok;

    memset(&r, 0, sizeof r);
    r.begin = r.at = value.ptr != NULL ? value.ptr : "";
    r.end = r.begin + value.len;
    r.style = style;
    r.arena = out->arena;
    ok = mp_json_append(&r, depth_limit < MP_DEPTH_LIMIT ? depth_limit : (unsigned)MP_DEPTH_LIMIT, out);
    if (ok && r.at < r.end)
        ok = mp_fail_at(&r, OPS_REASON_TRAILING, r.at);
    if (ok)
        return OPS_OK;
    out->len = before;
    return ops_fail(error, r.reason == OPS_REASON_NO_ROOM ? OPS_ERR_NOMEM : OPS_ERR_SYNTAX, r.reason,
                    (size_t)(r.bad - r.begin));
}

/* ---- JSON to MessagePack ----------------------------------------------------------------------------------------- */

/* An integer token within int64 or uint64; false: beyond both. */
static bool mp_json_integer(struct ops_str raw, bool *negative, uint64_t *magnitude)
{
    uint64_t sum = 0;
    size_t i = 0;

    *negative = raw.ptr[0] == '-';
    for (i = *negative ? 1 : 0; i < raw.len; i++) {
        uint64_t digit = (uint64_t)(raw.ptr[i] - '0');

        if (sum > (UINT64_MAX - digit) / 10)
            return false;
        sum = sum * 10 + digit;
    }
    *magnitude = sum;
    return !*negative || sum <= (uint64_t)INT64_MAX + 1;
}

/* A number that is an integer is written as one however it is spelled, as a JavaScript peer would: so what comes
 * back as JSON and goes out again has the same bytes. */
static bool mp_json_number(struct mp_writer *w, struct ops_str raw, bool integer)
{
    bool negative;
    uint64_t magnitude;
    double value;

    if (integer && mp_json_integer(raw, &negative, &magnitude))
        return negative ? mp_write_int(w, (int64_t)(0 - magnitude)) : mp_write_uint(w, magnitude);
    value = ops_double_read(raw);
    if (value >= 0 && value < 18446744073709551616.0 && (double)(uint64_t)value == value)
        return mp_write_uint(w, (uint64_t)value);
    if (value < 0 && value >= -9223372036854775808.0 && (double)(int64_t)value == value)
        return mp_write_int(w, (int64_t)value);
    return mp_write_double(w, value);
}

static bool mp_json_string(struct mp_writer *w, struct ops_json_scan *s)
{
    struct ops_str raw;
    bool escaped;
    char *place, *text;
    size_t len;

    if (s->at == s->end || *s->at != '"' || !ops_json_scan_string(s, &raw, &escaped))
        return mp_write_bad_json(w);
    if (!escaped)
        return mp_write_str(w, raw);
    if (raw.len > UINT32_MAX)
        return mp_write_no_room(w);
    place = ops_buf_reserve(w->buf, MP_HEAD_BYTES + raw.len);
    if (place == NULL)
        return mp_write_no_room(w);
    len = ops_json_unescape(place + MP_HEAD_BYTES, raw);
    text = mp_store_str_head(place, len);
    memmove(text, place + MP_HEAD_BYTES, len);
    ops_buf_advance(w->buf, text + len);
    return true;
}

static bool mp_json_word(struct mp_writer *w, struct ops_json_scan *s)
{
    size_t left = (size_t)(s->end - s->at);

    if (left >= 4 && memcmp(s->at, "null", 4) == 0) {
        s->at += 4;
        return mp_write_nil(w);
    }
    if (left >= 4 && memcmp(s->at, "true", 4) == 0) {
        s->at += 4;
        return mp_write_bool(w, true);
    }
    if (left >= 5 && memcmp(s->at, "false", 5) == 0) {
        s->at += 5;
        return mp_write_bool(w, false);
    }
    return mp_write_bad_json(w);
}

/* The arrays and maps that are being written. */
struct mp_json_open {
    size_t start[MP_DEPTH_LIMIT], count[MP_DEPTH_LIMIT];
    bool map[MP_DEPTH_LIMIT];
    unsigned depth, limit;
};

static char mp_json_char(struct ops_json_scan *s)
{
    ops_json_skip_space(s);
    return s->at < s->end ? *s->at : '\0';
}

/* A member name and its colon. */
static bool mp_json_name(struct mp_writer *w, struct ops_json_scan *s)
{
    ops_json_skip_space(s);
    if (!mp_json_string(w, s))
        return false;
    if (mp_json_char(s) != ':')
        return mp_write_bad_json(w);
    s->at++;
    return true;
}

/* Opens an object or list. `*empty`: it was closed at once. */
static bool mp_json_begin(struct mp_writer *w, struct ops_json_scan *s, struct mp_json_open *open, bool *empty)
{
    bool map = *s->at++ == '{';
    unsigned d = open->depth;

    if (d == open->limit)
        return mp_write_bad_json(w);
    if (!mp_open(w, &open->start[d]))
        return false;
    *empty = mp_json_char(s) == (map ? '}' : ']');
    if (*empty) {
        s->at++;
        return mp_close(w, open->start[d], 0, map);
    }
    open->map[d] = map;
    open->count[d] = 0;
    open->depth++;
    return map ? mp_json_name(w, s) : true;
}

/* After a value: closes what ends here, or moves to the next element. */
static bool mp_json_after(struct mp_writer *w, struct ops_json_scan *s, struct mp_json_open *open)
{
    while (open->depth > 0) {
        unsigned d = open->depth - 1;
        char c = mp_json_char(s);

        open->count[d]++;
        s->at += c != '\0';
        if (c == ',')
            return open->map[d] ? mp_json_name(w, s) : true;
        if (c != (open->map[d] ? '}' : ']'))
            return mp_write_bad_json(w);
        if (!mp_close(w, open->start[d], open->count[d], open->map[d]))
            return false;
        open->depth--;
    }
    return true;
}

static bool mp_json_simple(struct mp_writer *w, struct ops_json_scan *s, char c)
{
    struct ops_str raw;
    bool integer;

    if (c == '"')
        return mp_json_string(w, s);
    if (c != '-' && (c < '0' || c > '9'))
        return mp_json_word(w, s);
    return ops_json_scan_number(s, &raw, &integer) ? mp_json_number(w, raw, integer) : mp_write_bad_json(w);
}

bool mp_write_json(struct mp_writer *w, struct ops_str json)
{
    struct mp_json_open open;
    struct ops_json_scan s;

    memset(&s, 0, sizeof s);
    s.begin = s.at = json.ptr != NULL ? json.ptr : "";
    s.end = s.begin + json.len;
    open.depth = 0;
    open.limit = w->style->depth_limit;
    do {
        char c = mp_json_char(&s);
        bool whole = true;

        if (c == '{' || c == '[') {
            if (!mp_json_begin(w, &s, &open, &whole))
                return false;
        } else if (!mp_json_simple(w, &s, c)) {
            return false;
        }
        if (whole && !mp_json_after(w, &s, &open))
            return false;
    } while (open.depth > 0);
    return mp_json_char(&s) == '\0' && s.at == s.end ? true : mp_write_bad_json(w);
}
