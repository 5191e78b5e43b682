/* Fingerprints of JSON values. See json_same.h. */
#include "json_same.h"

#include "json_text.h"
#include "num.h"

enum { SAME_DECIMAL_DIGITS = 28 };

struct same_print {
    uint64_t a, b;
};

struct same_level {
    struct same_print sum;  /* of the members or elements so far */
    struct same_print name; /* of the member being read */
    bool object;
};

static uint64_t same_mix(uint64_t x)
{
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93U;
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93U;
    return x ^ (x >> 32);
}

static void same_feed(struct same_print *print, uint64_t word)
{
    print->a = same_mix(print->a ^ word) + 0x9e3779b97f4a7c15U;
    print->b = same_mix(print->b + word * 3) ^ 0xc2b2ae3d27d4eb4fU;
}

static struct same_print same_bytes(uint64_t kind, struct ops_str bytes)
{
    struct same_print print = {kind, ~kind};
    uint64_t word;
    size_t at;

    for (at = 0; at < bytes.len; at += 8) {
        word = 0;
        memcpy(&word, bytes.ptr + at, bytes.len - at < 8 ? bytes.len - at : 8);
        same_feed(&print, word);
    }
    same_feed(&print, bytes.len);
    return print;
}

/* Sign, digits without zeros at either end, and the power of ten of the last one. */
static struct same_print same_number(struct ops_str raw)
{
    char digits[SAME_DECIMAL_DIGITS];
    size_t count = 0, at = 0, zeros = 0;
    int64_t power = 0, exponent = 0;
    bool negative = raw.ptr[0] == '-', point = false, too_long = false;
    struct same_print print;
    double value;
    uint64_t bits;

    for (at = negative ? 1 : 0; at < raw.len && raw.ptr[at] != 'e' && raw.ptr[at] != 'E'; at++) {
        char c = raw.ptr[at];

        if (c == '.') {
            point = true;
            continue;
        }
        power -= point ? 1 : 0;
        if (c == '0' && count > 0) {
            zeros++;
        } else if (c != '0') {
            too_long = too_long || count + zeros + 1 > SAME_DECIMAL_DIGITS;
            for (; zeros > 0 && !too_long; zeros--)
                digits[count++] = '0';
            if (!too_long)
                digits[count++] = c;
        }
    }
    if (at < raw.len) { /* e, sign, digits; beyond 10^9 it makes no difference any more */
        bool minus = raw.ptr[at + 1] == '-';

        for (at += raw.ptr[at + 1] == '-' || raw.ptr[at + 1] == '+' ? 2 : 1; at < raw.len && exponent < 1000000000; at++)
            exponent = exponent * 10 + (raw.ptr[at] - '0');
        power += minus ? -exponent : exponent;
    }
    power += (int64_t)zeros;
    if (count == 0)
        return same_bytes('0', OPS_STR("0"));
    if (too_long || power + (int64_t)count > SAME_DECIMAL_DIGITS || power < -SAME_DECIMAL_DIGITS) {
        value = ops_double_read(raw);
        memcpy(&bits, &value, sizeof bits);
        print = same_bytes('d', OPS_STR(""));
        same_feed(&print, bits);
        return print;
    }
    print = same_bytes(negative ? '-' : '+', ops_str_of(digits, count));
    same_feed(&print, (uint64_t)power);
    return print;
}

/* A value is complete: it goes into what is open, or is the answer. */
static bool same_put(struct same_level *levels, unsigned depth, struct same_print value, struct same_print *out)
{
    struct same_level *level;

    if (depth == 0) {
        *out = value;
        return true;
    }
    level = &levels[depth - 1];
    if (level->object) { /* in any order: a sum of what each member is */
        same_feed(&level->name, value.a);
        same_feed(&level->name, value.b);
        level->sum.a += level->name.a;
        level->sum.b += level->name.b;
    } else {
        same_feed(&level->sum, value.a);
        same_feed(&level->sum, value.b);
    }
    return false;
}

static void same_open(struct same_level *level, bool object)
{
    memset(level, 0, sizeof *level);
    level->object = object;
    level->sum = same_bytes(object ? '{' : '[', OPS_STR(""));
}

static bool same_string(struct ops_json_scan *s, struct ops_arena *scratch, uint64_t kind, struct same_print *out)
{
    struct ops_str text;

    if (!ops_json_read_string(s, scratch, &text))
        return false;
    *out = same_bytes(kind, text);
    return true;
}

static bool same_scalar(struct ops_json_scan *s, struct ops_arena *scratch, struct same_print *out)
{
    struct ops_str raw;
    bool integer;

    if (*s->at == '"')
        return same_string(s, scratch, '"', out);
    if (*s->at == '-' || (*s->at >= '0' && *s->at <= '9')) {
        if (!ops_json_scan_number(s, &raw, &integer))
            return false;
        *out = same_number(raw);
        return true;
    }
    *out = same_bytes('w', ops_str_of(s->at, 1)); /* true, false, null */
    return ops_json_skip_value(s, 0);
}

static bool same_print_of(struct ops_str json, struct ops_arena *scratch, struct same_print *out)
{
    struct same_level levels[OPS_JSON_SAME_DEPTH];
    struct ops_json_scan s;
    struct same_print value;
    unsigned depth = 0;

    memset(&s, 0, sizeof s);
    s.at = s.begin = json.ptr;
    s.end = json.ptr + json.len;
    for (;;) {
        ops_json_skip_space(&s);
        if (s.at == s.end)
            return false;
        if (*s.at == ',') {
            s.at++;
        } else if (*s.at == '}' || *s.at == ']') {
            if (depth == 0)
                return false;
            s.at++;
            depth--;
            same_feed(&levels[depth].sum, 1);
            if (same_put(levels, depth, levels[depth].sum, out))
                return true;
        } else if (depth > 0 && levels[depth - 1].object && *s.at == '"' && levels[depth - 1].name.a == 0 &&
                   levels[depth - 1].name.b == 0) {
            if (!same_string(&s, scratch, ':', &levels[depth - 1].name))
                return false;
            ops_json_skip_space(&s);
            if (s.at == s.end || *s.at != ':')
                return false;
            s.at++;
        } else if (*s.at == '{' || *s.at == '[') {
            if (depth == OPS_JSON_SAME_DEPTH)
                return false;
            same_open(&levels[depth++], *s.at == '{');
            s.at++;
        } else {
            if (!same_scalar(&s, scratch, &value))
                return false;
            if (same_put(levels, depth, value, out))
                return true;
        }
        if (s.at > s.begin && s.at[-1] == ',' && depth > 0) /* the next member's name */
            levels[depth - 1].name.a = levels[depth - 1].name.b = 0;
    }
}

bool ops_json_same(struct ops_str a, struct ops_str b, struct ops_arena *scratch)
{
    struct ops_arena_mark mark = ops_arena_here(scratch);
    struct same_print x = {0, 0}, y = {0, 0};
    bool same;

    if (ops_str_equal(a, b))
        return true;
    same = same_print_of(a, scratch, &x) && same_print_of(b, scratch, &y) && x.a == y.a && x.b == y.b;
    ops_arena_rewind(scratch, mark);
    return same;
}
