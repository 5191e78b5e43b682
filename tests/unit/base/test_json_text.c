/* Claims of runtime/base/json_text.h. The oracle is tests/support/json_model.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/support/guard.h"
#include "tests/support/json_model.h"
#include "tests/support/memory.h"

enum { ROUNDS = 150000, LEN_MAX = 200, ROOM = 1 << 17, SMALL = 128 };

static const enum ops_json_escaper escapers[] = {OPS_ESCAPE_MINIMAL, OPS_ESCAPE_ASCII, OPS_ESCAPE_RELAXED};

static struct ops_json_scan scan_of(const char *ptr, size_t len)
{
    struct ops_json_scan s;

    memset(&s, 0, sizeof s);
    s.begin = s.at = ptr;
    s.end = ptr + len;
    return s;
}

static struct model model_of(const struct ops_json_scan *s)
{
    struct model m;

    memset(&m, 0, sizeof m);
    m.at = s->at;
    m.end = s->end;
    return m;
}

/* Both say the same of [begin, end), and stand at the same place. */
static void check_same(const struct ops_json_scan *s, bool done, const struct model *m, bool want)
{
    if (done != want || (done && s->at != m->at) || (!done && (s->reason != m->reason || s->bad != m->bad)))
        fail_msg("seed %llu: \"%.*s\": %s at %zd, expected %s at %zd", (unsigned long long)random_seed,
                 (int)(s->end - s->begin), s->begin, done ? "done" : ops_reason_text(s->reason),
                 (ssize_t)((done ? s->at : s->bad) - s->begin), want ? "done" : ops_reason_text(m->reason),
                 (ssize_t)((want ? m->at : m->bad) - s->begin));
}

/* ---- strings ----------------------------------------------------------------------------------------------------- */

static void check_string(const char *text, size_t len, size_t quote)
{
    struct ops_json_scan s = scan_of(text, len);
    struct ops_str raw = ops_str_of(NULL, 0);
    struct model m;
    bool escaped = false, done, want;

    s.at += quote;
    m = model_of(&s);
    done = ops_json_scan_string(&s, &raw, &escaped);
    want = model_string(&m);
    check_same(&s, done, &m, want);
    if (done && (raw.ptr != text + quote + 1 || raw.ptr + raw.len + 1 != s.at || escaped != m.escaped))
        fail_msg("seed %llu: \"%.*s\" is not what stands between the quotes", (unsigned long long)random_seed, (int)len,
                 text);
}

/* Bytes before the string do not matter, right or wrong, nor do those behind it. */
static void strings_are_read_as_the_model_reads_them(void **state)
{
    struct guard g = guard_open(4 * LEN_MAX);
    unsigned round;

    random_seeded(state);
    for (round = 0; round < 2 * ROUNDS; round++) {
        char text[4 * LEN_MAX];
        size_t quote = rnd_below(40), len = quote, behind = rnd_below(3) == 0 ? rnd_below(70) : 0, begin, i;

        for (i = 0; i < quote; i++)
            text[i] = (char)rnd();
        text[len++] = '"';
        begin = len;
        len += random_string(text + len, rnd_below(LEN_MAX + 1));
        if (round % 2 != 0)
            random_damage(text + begin, len - begin);
        if (round % 8 != 7)
            text[len++] = '"';
        else if (len > begin)
            len -= rnd() % (len - begin) % 14; /* cut, in an escape perhaps */
        for (i = 0; i < behind; i++)
            text[len++] = (char)rnd();
        check_string(guard_copy(&g, text, len, 1), len, quote);
        check_string(guard_copy(&g, text, len, 0), len, quote);
    }
    guard_close(&g);
}

/* One odd thing at each place of ASCII text, long enough for all widths of blocks. */
static void every_byte_at_every_place_of_a_block_is_judged(void **state)
{
    struct guard g = guard_open(LEN_MAX);
    unsigned c, at, behind;

    (void)state;
    for (at = 1; at < 140; at++) {
        for (c = 0; c < 256; c++) {
            for (behind = 0; behind < 3; behind++) {
                char text[LEN_MAX];

                memset(text, 'a', sizeof text);
                text[0] = text[at + 1 + behind * 9] = '"';
                text[at] = (char)c;
                check_string(guard_copy(&g, text, at + 2 + behind * 9, 1), at + 2 + behind * 9, 0);
            }
        }
    }
    guard_close(&g);
}

struct refusal {
    const char *text;
    enum ops_reason reason;
    size_t bad;
};

static void the_first_wrong_thing_is_reported(void **state)
{
    static const struct refusal refusals[] = {
        {"\"abc", OPS_REASON_TRUNCATED, 4},
        {"\"abc\n\"", OPS_REASON_CONTROL, 4},
        {"\"a\\x\"", OPS_REASON_ESCAPE, 2},
        {"\"a\\", OPS_REASON_TRUNCATED, 3},
        {"\"\\u12", OPS_REASON_TRUNCATED, 5},
        {"\"\\u12\"", OPS_REASON_ESCAPE, 1},
        {"\"\\uzz", OPS_REASON_ESCAPE, 1},
        {"\"\\ud83d\"", OPS_REASON_SURROGATE, 1},
        {"\"\\ud83d\\n\"", OPS_REASON_SURROGATE, 1},
        {"\"\\ud83d\\u0041\"", OPS_REASON_SURROGATE, 1},
        {"\"\\ud83d\\u00", OPS_REASON_SURROGATE, 1},
        {"\"\\ud83d\\ude", OPS_REASON_TRUNCATED, 11},
        {"\"x\\udE00\"", OPS_REASON_SURROGATE, 2},
        {"\"\xc3\"", OPS_REASON_UTF8, 1},
        {"\"\xe2\x82", OPS_REASON_TRUNCATED, 3},
        {"\"\xe2\x82\"", OPS_REASON_UTF8, 1},
        {"\"a\xff\n\"", OPS_REASON_UTF8, 2},
        {"\"a\n\xff\"", OPS_REASON_CONTROL, 2},
        {"\"\\ud800\xff\"", OPS_REASON_SURROGATE, 1},
        {"\"\xff\\ud800", OPS_REASON_UTF8, 1},
        {"\"\xff", OPS_REASON_UTF8, 1},
        {"\"\xed\xa0\x80\"", OPS_REASON_UTF8, 1},
        {"{\"\xff\":1}", OPS_REASON_UTF8, 2},
        {"{\"a\\q\":1}", OPS_REASON_ESCAPE, 3},
        {"{\"a\" 1}", OPS_REASON_COLON, 5},
        {"{\"a\":1,}", OPS_REASON_NAME, 7},
        {"{a:1}", OPS_REASON_NAME, 1},
        {"[1,]", OPS_REASON_TOKEN, 3},
        {"[1 2]", OPS_REASON_COMMA, 3},
        {"[1}", OPS_REASON_COMMA, 2},
        {"[01]", OPS_REASON_NUMBER, 2},
        {"[-]", OPS_REASON_NUMBER, 2},
        {"[1.]", OPS_REASON_NUMBER, 3},
        {"[1e+]", OPS_REASON_NUMBER, 4},
        {"[+1]", OPS_REASON_TOKEN, 1},
        {"[.5]", OPS_REASON_TOKEN, 1},
        {"[NaN]", OPS_REASON_TOKEN, 1},
        {"[nul]", OPS_REASON_TOKEN, 1},
        {"[nul", OPS_REASON_TRUNCATED, 4},
        {"[1e", OPS_REASON_TRUNCATED, 3},
        {"", OPS_REASON_TRUNCATED, 0},
        {"/**/1", OPS_REASON_TOKEN, 0},
        {"\xef\xbb\xbf"
         "1",
         OPS_REASON_TOKEN, 0},
        {"[[[[1]]]]", OPS_REASON_DEPTH, 3},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        struct ops_json_scan s = scan_of(refusals[i].text, strlen(refusals[i].text));

        if (ops_json_skip_value(&s, 3) || s.reason != refusals[i].reason || s.bad != s.begin + refusals[i].bad)
            fail_msg("%s: %s at %zd", refusals[i].text, ops_reason_text(s.reason), (ssize_t)(s.bad - s.begin));
    }
}

static void a_megabyte_is_one_string(void **state)
{
    static const char *const units[] = {"a", "\xe6\x97\xa5", "\xf0\x9f\x98\x80", "\xc3\xa9x", "\\\"", "\\ud83d\\ude00"};
    size_t unit, room = 1 << 20, i;
    char *text = (char *)malloc(room + 64);

    (void)state;
    for (unit = 0; unit < sizeof units / sizeof *units; unit++) {
        size_t size = strlen(units[unit]), len = 1;
        struct ops_json_scan s;
        struct ops_str raw;
        bool escaped;

        text[0] = '"';
        for (i = 0; i + size <= room; i += size, len += size)
            memcpy(text + len, units[unit], size);
        text[len] = '"';
        s = scan_of(text, len + 1);
        assert_true(ops_json_scan_string(&s, &raw, &escaped));
        assert_int_equal(raw.len, len - 1);
        assert_int_equal(escaped, units[unit][0] == '\\');
        text[len - 1] = '\xff';
        check_string(text, len + 1, 0);
        text[len - 1] = '\x01';
        check_string(text, len + 1, 0);
    }
    free(text);
}

/* ---- numbers ----------------------------------------------------------------------------------------------------- */

static void numbers_are_read_as_the_model_reads_them(void **state)
{
    struct guard g = guard_open(LEN_MAX);
    unsigned round;

    random_seeded(state);
    for (round = 0; round < ROUNDS; round++) {
        char text[64];
        size_t len = 1 + rnd_below(round % 2 ? 8 : 40), i;
        struct ops_json_scan s;
        struct model m;
        struct ops_str raw;
        bool integer = false, done, want;
        int64_t value = 77;

        text[0] = "-123456789"[rnd_below(10)];
        for (i = 1; i < len; i++)
            text[i] = rnd_below(10) == 0 ? ".eE+-, 0"[rnd_below(8)] : (char)('0' + rnd_below(10));
        s = scan_of(guard_copy(&g, text, len, 1), len);
        m = model_of(&s);
        done = ops_json_scan_number(&s, &raw, &integer);
        want = model_number(&m);
        check_same(&s, done, &m, want);
        if (done)
            assert_true(integer == m.integer && raw.ptr == s.begin && raw.ptr + raw.len == s.at);

        s = scan_of(s.begin, len);
        done = ops_json_scan_int64(&s, &value);
        if (want && m.integer) { /* in range when it is the same as text again */
            char digits[64];
            long long got;

            memcpy(digits, text, len);
            digits[m.at - s.begin] = '\0';
            got = strtoll(digits, NULL, 10);
            want = (size_t)snprintf(text, sizeof text, "%lld", got) == strlen(digits) && strcmp(text, digits) == 0;
            want |= strcmp(digits, "-0") == 0;
            assert_int_equal(done, want);
            if (done)
                assert_true(value == got && s.at == m.at);
        } else {
            assert_false(done);
        }
        if (!done)
            assert_true(
                value == 77 && s.at == s.begin &&
                (s.reason == OPS_REASON_WANT_INTEGER ? s.bad == s.begin : s.reason == m.reason && s.bad == m.bad));
    }
    guard_close(&g);
}

static void int64_ends_where_it_ends(void **state)
{
    static const struct {
        const char *text;
        bool fits;
        int64_t value;
        enum ops_reason reason;
    } cases[] = {
        {"0", true, 0, OPS_REASON_NONE},
        {"-0", true, 0, OPS_REASON_NONE},
        {"9223372036854775807", true, INT64_MAX, OPS_REASON_NONE},
        {"-9223372036854775808", true, INT64_MIN, OPS_REASON_NONE},
        {"9223372036854775808", false, 0, OPS_REASON_WANT_INTEGER},
        {"-9223372036854775809", false, 0, OPS_REASON_WANT_INTEGER},
        {"18446744073709551616", false, 0, OPS_REASON_WANT_INTEGER},
        {"99999999999999999999999999", false, 0, OPS_REASON_WANT_INTEGER},
        {"1.0", false, 0, OPS_REASON_WANT_INTEGER},
        {"1e3", false, 0, OPS_REASON_WANT_INTEGER},
        {"\"1\"", false, 0, OPS_REASON_WANT_INTEGER},
        {"null", false, 0, OPS_REASON_WANT_INTEGER},
        {"01", false, 0, OPS_REASON_NUMBER},
        {"-", false, 0, OPS_REASON_TRUNCATED},
        {"-x", false, 0, OPS_REASON_NUMBER},
        {"1.", false, 0, OPS_REASON_TRUNCATED},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ops_json_scan s = scan_of(cases[i].text, strlen(cases[i].text));
        int64_t value = 0;

        if (ops_json_scan_int64(&s, &value) != cases[i].fits || value != cases[i].value ||
            (!cases[i].fits && s.reason != cases[i].reason))
            fail_msg("%s: %lld, %s", cases[i].text, (long long)value, ops_reason_text(s.reason));
    }
}

/* ---- values ------------------------------------------------------------------------------------------------------ */

static void values_are_skipped_as_the_model_skips_them(void **state)
{
    static char text[ROOM];
    struct guard g = guard_open(ROOM);
    unsigned round;

    random_seeded(state);
    for (round = 0; round < ROUNDS; round++) {
        size_t len = random_json(text, 1 + rnd_below(5));
        unsigned limit = rnd_below(4) == 0 ? rnd_below(5) : 64;
        struct ops_json_scan s;
        struct model m;
        bool done;

        if (round % 2 != 0)
            random_damage(text, len);
        if (round % 4 == 3)
            text[rnd() % len] = "{}[]:,\"\\ 0tfn-"[rnd_below(14)];
        if (round % 8 == 5)
            len = rnd() % (len + 1);
        s = scan_of(guard_copy(&g, text, len, 1), len);
        m = model_of(&s);
        done = ops_json_skip_value(&s, limit);
        check_same(&s, done, &m, model_value(&m, limit));
    }
    guard_close(&g);
}

static void depth_ends_at_its_limit_and_a_megabyte_of_brackets_is_refused(void **state)
{
    size_t len = 1 << 20, depth;
    char *text = (char *)malloc(len);
    struct ops_json_scan s;

    (void)state;
    for (depth = 1; depth <= OPS_JSON_DEPTH_LIMIT; depth++) {
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        s = scan_of(text, 2 * depth);
        assert_true(ops_json_skip_value(&s, (unsigned)depth));
        assert_ptr_equal(s.at, s.end);
        s = scan_of(text, 2 * depth);
        assert_false(ops_json_skip_value(&s, (unsigned)depth - 1));
        assert_int_equal(s.reason, OPS_REASON_DEPTH);
        assert_ptr_equal(s.bad, text + depth - 1);
    }
    memset(text, '[', len);
    s = scan_of(text, len);
    assert_false(ops_json_skip_value(&s, UINT32_MAX));
    assert_ptr_equal(s.bad, text + OPS_JSON_DEPTH_LIMIT);
    free(text);
}

/* Objects and lists by turns that a number decides, each closed as it was opened but one. */
static void brackets_of_any_depth_must_match(void **state)
{
    char text[6 * OPS_JSON_DEPTH_LIMIT];
    unsigned round;

    random_seeded(state);
    for (round = 0; round < 20000; round++) {
        unsigned depth = 1 + rnd_below(OPS_JSON_DEPTH_LIMIT - 1), wrong = rnd_below(2 * OPS_JSON_DEPTH_LIMIT), i;
        char closing[OPS_JSON_DEPTH_LIMIT];
        struct ops_json_scan s;
        struct model m;
        size_t len = 0;
        bool done;

        for (i = 0; i < depth; i++) {
            bool object = rnd_below(2) != 0;

            closing[i] = object != (i == wrong) ? '}' : ']';
            memcpy(text + len, object ? "{\"\":" : "[", object ? 4 : 1);
            len += object ? 4 : 1;
        }
        text[len++] = '1';
        while (i-- > 0)
            text[len++] = closing[i];
        s = scan_of(text, len);
        m = model_of(&s);
        done = ops_json_skip_value(&s, OPS_JSON_DEPTH_LIMIT);
        check_same(&s, done, &m, model_value(&m, OPS_JSON_DEPTH_LIMIT));
    }
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

static void strings_are_escaped_and_unescaped_as_the_model_does(void **state)
{
    struct guard g = guard_open(LEN_MAX), h = guard_open(8 * LEN_MAX);
    unsigned round;

    random_seeded(state);
    for (round = 0; round < ROUNDS; round++) {
        enum ops_json_escaper escaper = escapers[round % 3];
        char text[LEN_MAX + 3], want[8 * LEN_MAX], *out;
        size_t len = random_text(text, rnd_below(LEN_MAX + 1)), i, n;
        unsigned times = rnd_below(4) == 0 ? rnd_below(20) : 0;

        for (; times > 0; times--) { /* more of what is escaped */
            i = rnd() % (len + 1);
            if (i < len && (unsigned char)text[i] < 0x80)
                text[i] = "\b\t\n\f\r\"\\/&'+<>`\x7f\x01"[rnd_below(17)];
        }
        n = model_escape(text, len, escaper, want);
        out = guard_last(&h, ops_json_escape_bound(len));
        if (ops_json_escape(out, ops_str_of(guard_copy(&g, text, len, (int)(round & 1)), len), escaper) != out + n ||
            memcmp(out, want, n) != 0)
            fail_msg("seed %llu: \"%.*s\" in table %u", (unsigned long long)random_seed, (int)len, text,
                     (unsigned)escaper);
    }
    for (round = 0; round < ROUNDS; round++) {
        char raw[LEN_MAX + 16], want[LEN_MAX + 16], *out;
        size_t len = random_string(raw, LEN_MAX - 16), n = model_unescape(raw, len, want);

        out = guard_last(&h, len);
        if (ops_json_unescape(out, ops_str_of(guard_copy(&g, raw, len, 1), len)) != n || memcmp(out, want, n) != 0)
            fail_msg("seed %llu: \"%.*s\" means something else", (unsigned long long)random_seed, (int)len, raw);
    }
    guard_close(&g);
    guard_close(&h);
}

static void every_code_point_is_escaped_as_its_table_says(void **state)
{
    size_t e;
    uint32_t cp;

    (void)state;
    for (e = 0; e < 3; e++) {
        for (cp = 0; cp <= 0x10ffff; cp++) {
            char text[8] = "ab", want[32], got[SMALL];
            size_t len, n;

            if (cp >= 0xd800 && cp <= 0xdfff)
                continue;
            len = 2 + model_encode(cp, text + 2);
            text[len++] = 'c';
            n = model_escape(text, len, escapers[e], want);
            if (ops_json_escape(got, ops_str_of(text, len), escapers[e]) != got + n || memcmp(got, want, n) != 0)
                fail_msg("U+%04X in table %zu", cp, e);
        }
    }
}

static void the_vectors_of_the_specification_hold(void **state)
{
    static const char text[] = "a\"b\\c/d<e>&'+`\x7f\xc3\xa9\xe2\x82\xac\xc2\xa0\xe2\x80\xa8\xf0\x9f\x98\x80\t\n\x01";
    static const char *const want[] = {
        "a\\\"b\\\\c/d<e>&'+`\x7f\xc3\xa9\xe2\x82\xac\xc2\xa0\xe2\x80\xa8\xf0\x9f\x98\x80\\t\\n\\u0001",
        "a\\u0022b\\\\c/d\\u003Ce\\u003E\\u0026\\u0027\\u002B\\u0060\\u007F\\u00E9\\u20AC\\u00A0\\u2028\\uD83D\\uDE00\\t\\n\\u0001",
        "a\\\"b\\\\c/d<e>&'+`\\u007F\xc3\xa9\xe2\x82\xac\\u00A0\\u2028\\uD83D\\uDE00\\t\\n\\u0001"};
    char out[SMALL * 8];
    size_t e;

    (void)state;
    for (e = 0; e < 3; e++) {
        char *end = ops_json_escape(out, OPS_STR(text), escapers[e]);

        assert_int_equal(end - out, strlen(want[e]));
        assert_memory_equal(out, want[e], strlen(want[e]));
    }
}

/* Of the ranges themselves, what opstream-wire.md §1.2 names, and the last additions to the BMP up to Unicode 16. */
static void table_b_is_that_of_unicode_16(void **state)
{
    static const uint32_t out[] = {0x80,   0x9f,   0xa0,   0x378,  0xd7a4, 0x1680, 0x2000, 0x200a,
                                   0x202f, 0x205f, 0x3000, 0x2028, 0x2029, 0xe000, 0xf8ff, 0xfeff,
                                   0xfdd0, 0xfdef, 0xfffe, 0xffff, 0x1c8b, 0xa7ce, 0x20c1, 0x2e5e};
    static const uint32_t raw[] = {0xa1,   0xad,   0x600,  0x61c,  0x180e, 0x200b, 0x200e, 0x202a, 0x2060, 0x2064,
                                   0x2066, 0xfff9, 0xfe0f, 0xfffc, 0xfffd, 0x3001, 0x4e00, 0x9fff, 0xac00, 0xcf3,
                                   0xece,  0x2ffc, 0x2fff, 0x31ef, 0x897,  0x1b4e, 0x1b4f, 0x1b7f, 0x1c89, 0x1c8a,
                                   0x2427, 0x2429, 0x31e4, 0x31e5, 0xa7cb, 0xa7cd, 0xa7da, 0xa7dc, 0x301};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof out / sizeof *out; i++)
        if (!model_is_escaped(out[i], OPS_ESCAPE_RELAXED))
            fail_msg("U+%04X goes out raw", out[i]);
    for (i = 0; i < sizeof raw / sizeof *raw; i++)
        if (model_is_escaped(raw[i], OPS_ESCAPE_RELAXED))
            fail_msg("U+%04X is escaped", raw[i]);
}

static void check_reemit(const char *json, size_t len, enum ops_json_escaper escaper, const char *want, size_t want_len)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_buf b;

    ops_buf_init(&b, &arena);
    assert_true(ops_buf_append(&b, "<", 1));
    assert_true(ops_json_reemit(&b, ops_str_of(json, len), escaper));
    if (b.len != want_len + 1 || memcmp(b.ptr + 1, want, want_len) != 0)
        fail_msg("seed %llu: \"%.*s\" became %.*s instead of %.*s", (unsigned long long)random_seed, (int)len, json,
                 (int)b.len, b.ptr, (int)want_len, want);
    ops_arena_reset(&arena);
}

static void values_are_written_again_token_by_token(void **state)
{
    static const char json[] = " { \"\\u00e9\" : [ 1.0 ,\t1e3, -0, 1234567890123456789012345678901234567890 ] ,\r\n "
                               "\"a\":\"\\/\", \"a\":null}";
    static const char *const want[] = {
        "{\"\xc3\xa9\":[1.0,1e3,-0,1234567890123456789012345678901234567890],\"a\":\"/\",\"a\":null}",
        "{\"\\u00E9\":[1.0,1e3,-0,1234567890123456789012345678901234567890],\"a\":\"/\",\"a\":null}",
        "{\"\xc3\xa9\":[1.0,1e3,-0,1234567890123456789012345678901234567890],\"a\":\"/\",\"a\":null}"};
    static char text[ROOM], plain[ROOM], out[8 * ROOM];
    struct guard g = guard_open(ROOM);
    unsigned round;
    size_t e;

    random_seeded(state);
    for (e = 0; e < 3; e++)
        check_reemit(json, sizeof json - 1, escapers[e], want[e], strlen(want[e]));
    for (round = 0; round < ROUNDS / 5; round++) {
        size_t len = random_json(text, 1 + rnd_below(5)), i, n = 0;

        for (i = 0; i < len; i++) {
            struct model m;

            m.at = text + i;
            m.end = text + len;
            if (*m.at == '"') {
                size_t inside;

                assert_true(model_string(&m));
                inside = model_unescape(text + i + 1, (size_t)(m.at - text) - i - 2, plain);
                out[n++] = '"';
                n += model_escape(plain, inside, escapers[round % 3], out + n);
                out[n++] = '"';
                i = (size_t)(m.at - text) - 1;
            } else if (strchr(" \t\r\n", *m.at) == NULL) {
                out[n++] = *m.at;
            }
        }
        check_reemit(guard_copy(&g, text, len, 1), len, escapers[round % 3], out, n);
    }
    guard_close(&g);
}

static void writing_again_is_all_or_nothing_at_every_memory_limit(void **state)
{
    static const char json[] =
        "{\"a\\n\":[1,\"some longer text in here\",\"\\u00e9\"],\"b\":\"and so on and on and on\"}";
    size_t limit, done = 0;

    (void)state;
    for (limit = 0; done < 8; limit += 8) {
        struct ops_arena arena = test_arena(limit);
        struct ops_buf b;

        ops_buf_init(&b, &arena);
        if (ops_json_reemit(&b, OPS_STR(json), OPS_ESCAPE_ASCII))
            done++;
        else
            assert_int_equal(b.len, 0);
        ops_arena_reset(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_are_read_as_the_model_reads_them),
        cmocka_unit_test(every_byte_at_every_place_of_a_block_is_judged),
        cmocka_unit_test(the_first_wrong_thing_is_reported),
        cmocka_unit_test(a_megabyte_is_one_string),
        cmocka_unit_test(numbers_are_read_as_the_model_reads_them),
        cmocka_unit_test(int64_ends_where_it_ends),
        cmocka_unit_test(values_are_skipped_as_the_model_skips_them),
        cmocka_unit_test(depth_ends_at_its_limit_and_a_megabyte_of_brackets_is_refused),
        cmocka_unit_test(brackets_of_any_depth_must_match),
        cmocka_unit_test(strings_are_escaped_and_unescaped_as_the_model_does),
        cmocka_unit_test(every_code_point_is_escaped_as_its_table_says),
        cmocka_unit_test(the_vectors_of_the_specification_hold),
        cmocka_unit_test(table_b_is_that_of_unicode_16),
        cmocka_unit_test(values_are_written_again_token_by_token),
        cmocka_unit_test(writing_again_is_all_or_nothing_at_every_memory_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
