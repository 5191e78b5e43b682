/* JSON read and written slowly, by recursion and byte by byte: the oracle of runtime/base/json_text.h. And random
 * JSON. */
#ifndef OPS_TESTS_JSON_MODEL_H
#define OPS_TESTS_JSON_MODEL_H

#include <stdio.h>

#include "runtime/base/json_relaxed_ranges.h"
#include "runtime/base/json_text.h"
#include "utf_model.h"

struct model {
    const char *at, *end;
    enum ops_reason reason;
    const char *bad;
    bool escaped, integer; /* of the string, of the number read last */
};

static inline bool model_fail(struct model *m, enum ops_reason reason, const char *bad)
{
    m->reason = reason;
    m->bad = bad;
    return false;
}

static inline bool model_is_hex(char c)
{
    return c != '\0' && strchr("0123456789abcdefABCDEF", c) != NULL;
}

/* How many bytes at `at` fit the pattern: X any hexadecimal digit, [ ] one of those between, others themselves. */
static inline size_t model_fits(const char *at, const char *end, const char *pattern, size_t *pattern_len)
{
    size_t fit = 0;
    bool fits = true;

    *pattern_len = 0;
    while (*pattern != '\0') {
        const char *next = pattern + 1;

        ++*pattern_len;
        if (*pattern == '[')
            next = strchr(pattern, ']') + 1;
        if (fits && at + fit < end) {
            char c = at[fit];

            fits = *pattern == 'X'   ? model_is_hex(c)
                   : *pattern == '[' ? c != '\0' && memchr(pattern + 1, c, (size_t)(next - pattern - 2)) != NULL
                                     : c == *pattern;
            fit += fits;
        } else {
            fits = false;
        }
        pattern = next;
    }
    return fit;
}

static inline bool model_string(struct model *m)
{
    const char *p = m->at + 1;
    size_t want, fit, n;
    uint32_t cp;

    m->escaped = false;
    for (;;) {
        if (p == m->end)
            return model_fail(m, OPS_REASON_TRUNCATED, p);
        if (*p == '"')
            break;
        if ((unsigned char)*p < 0x20)
            return model_fail(m, OPS_REASON_CONTROL, p);
        if (*p != '\\') {
            n = model_character(p, (size_t)(m->end - p), &cp);
            if (n == 0)
                return model_can_become_character(p, (size_t)(m->end - p)) ? model_fail(m, OPS_REASON_TRUNCATED, m->end)
                                                                           : model_fail(m, OPS_REASON_UTF8, p);
            p += n;
            continue;
        }
        m->escaped = true;
        if (model_fits(p, m->end, "\\[\"\\/bfnrt]", &want) == want) {
            p += 2;
            continue;
        }
        fit = model_fits(p, m->end, "\\uXXXX", &want);
        if (fit < want)
            return p + fit == m->end ? model_fail(m, OPS_REASON_TRUNCATED, m->end)
                                     : model_fail(m, OPS_REASON_ESCAPE, p);
        if (model_fits(p, m->end, "\\u[dD][89abcdefABCDEF]XX", &want) != want) {
            p += 6;
            continue;
        }
        fit = model_fits(p, m->end, "\\u[dD][89abAB]XX\\u[dD][cdefCDEF]XX", &want);
        if (fit < want)
            return p + fit == m->end ? model_fail(m, OPS_REASON_TRUNCATED, m->end)
                                     : model_fail(m, OPS_REASON_SURROGATE, p);
        p += 12;
    }
    m->at = p + 1;
    return true;
}

static inline bool model_digits(struct model *m, const char **at)
{
    const char *p = *at;

    while (p < m->end && *p >= '0' && *p <= '9')
        p++;
    if (p == *at)
        return model_fail(m, p == m->end ? OPS_REASON_TRUNCATED : OPS_REASON_NUMBER, p);
    *at = p;
    return true;
}

static inline bool model_number(struct model *m)
{
    const char *p = m->at, *first;

    m->integer = true;
    p += p < m->end && *p == '-';
    first = p;
    if (!model_digits(m, &p))
        return false;
    if (*first == '0' && p > first + 1)
        return model_fail(m, OPS_REASON_NUMBER, first + 1);
    if (p < m->end && *p == '.') {
        m->integer = false;
        p++;
        if (!model_digits(m, &p))
            return false;
    }
    if (p < m->end && (*p == 'e' || *p == 'E')) {
        m->integer = false;
        p++;
        p += p < m->end && (*p == '+' || *p == '-');
        if (!model_digits(m, &p))
            return false;
    }
    m->at = p;
    return true;
}

static inline void model_space(struct model *m)
{
    while (m->at < m->end && (*m->at == ' ' || *m->at == '\t' || *m->at == '\n' || *m->at == '\r'))
        m->at++;
}

static inline bool model_value(struct model *m, unsigned depth_limit)
{
    static const char *const words[] = {"true", "false", "null"};
    bool object;
    size_t i;

    model_space(m);
    if (m->at == m->end)
        return model_fail(m, OPS_REASON_TRUNCATED, m->end);
    if (*m->at == '"')
        return model_string(m);
    if (*m->at == '-' || (*m->at >= '0' && *m->at <= '9'))
        return model_number(m);
    for (i = 0; i < 3; i++) {
        size_t want, fit = model_fits(m->at, m->end, words[i], &want);

        if (fit == 0)
            continue;
        if (fit < want)
            return m->at + fit == m->end ? model_fail(m, OPS_REASON_TRUNCATED, m->end)
                                         : model_fail(m, OPS_REASON_TOKEN, m->at);
        m->at += want;
        return true;
    }
    if (*m->at != '{' && *m->at != '[')
        return model_fail(m, OPS_REASON_TOKEN, m->at);
    if (depth_limit == 0)
        return model_fail(m, OPS_REASON_DEPTH, m->at);
    object = *m->at++ == '{';
    model_space(m);
    if (m->at < m->end && *m->at == (object ? '}' : ']')) {
        m->at++;
        return true;
    }
    for (;;) {
        if (object) {
            model_space(m);
            if (m->at == m->end || *m->at != '"')
                return model_fail(m, m->at == m->end ? OPS_REASON_TRUNCATED : OPS_REASON_NAME, m->at);
            if (!model_string(m))
                return false;
            model_space(m);
            if (m->at == m->end || *m->at != ':')
                return model_fail(m, m->at == m->end ? OPS_REASON_TRUNCATED : OPS_REASON_COLON, m->at);
            m->at++;
        }
        if (!model_value(m, depth_limit - 1))
            return false;
        model_space(m);
        if (m->at == m->end)
            return model_fail(m, OPS_REASON_TRUNCATED, m->end);
        if (*m->at == (object ? '}' : ']'))
            break;
        if (*m->at != ',')
            return model_fail(m, OPS_REASON_COMMA, m->at);
        m->at++;
    }
    m->at++;
    return true;
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

/* What the inside of a scanned string means. */
static inline size_t model_unescape(const char *raw, size_t len, char *out)
{
    static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    size_t i = 0, n = 0;

    while (i < len) {
        char digits[5] = {0};
        uint32_t cp, low;

        if (raw[i] != '\\') {
            out[n++] = raw[i++];
            continue;
        }
        if (raw[i + 1] != 'u') {
            out[n++] = meant[strchr(letters, raw[i + 1]) - letters];
            i += 2;
            continue;
        }
        memcpy(digits, raw + i + 2, 4);
        cp = (uint32_t)strtoul(digits, NULL, 16);
        i += 6;
        if (cp >= 0xd800 && cp <= 0xdbff) {
            memcpy(digits, raw + i + 2, 4);
            low = (uint32_t)strtoul(digits, NULL, 16);
            cp = 0x10000 + (cp - 0xd800) * 0x400 + (low - 0xdc00);
            i += 6;
        }
        n += model_encode(cp, out + n);
    }
    return n;
}

static inline bool model_is_escaped(uint32_t cp, enum ops_json_escaper escaper)
{
    size_t i;

    if (cp < 0x20 || cp == '"' || cp == '\\')
        return true;
    if (escaper == OPS_ESCAPE_MINIMAL)
        return false;
    if (cp == 0x7f || cp >= 0x10000)
        return true;
    if (escaper == OPS_ESCAPE_ASCII)
        return cp > 0x7f || strchr("&'+<>`", (char)cp) != NULL;
    for (i = 0; i < JSON_RELAXED_RANGES; i++) {
        if (cp >= json_relaxed_ranges[i][0] && cp <= json_relaxed_ranges[i][1])
            return true;
    }
    return false;
}

/* Valid text, between quotes; `out` has room for six bytes a byte and more. */
static inline size_t model_escape(const char *text, size_t len, enum ops_json_escaper escaper, char *out)
{
    static const char letters[] = "\\bfnrt", meant[] = "\\\b\f\n\r\t";
    const char *format = escaper == OPS_ESCAPE_MINIMAL ? "\\u%04x" : "\\u%04X";
    size_t i = 0, n = 0;
    uint32_t cp = 0;

    while (i < len) {
        size_t size = model_character(text + i, len - i, &cp);

        if (!model_is_escaped(cp, escaper)) {
            memcpy(out + n, text + i, size);
            n += size;
        } else if (cp == '"' && escaper != OPS_ESCAPE_ASCII) {
            out[n++] = '\\';
            out[n++] = '"';
        } else if (cp != 0 && cp < 0x80 && strchr(meant, (char)cp) != NULL) {
            out[n++] = '\\';
            out[n++] = letters[strchr(meant, (char)cp) - meant];
        } else if (cp >= 0x10000) {
            n += (size_t)sprintf(out + n, format, 0xd800 + (cp - 0x10000) / 0x400);
            n += (size_t)sprintf(out + n, format, 0xdc00 + (cp - 0x10000) % 0x400);
        } else {
            n += (size_t)sprintf(out + n, format, cp);
        }
        i += size;
    }
    return n;
}

/* ---- random ------------------------------------------------------------------------------------------------------ */

/* The inside of a string, of about `room` bytes at most: text, and escapes. `out` has 16 more. */
static inline size_t random_string(char *out, size_t room)
{
    unsigned escapes = rnd_below(3) == 0 ? 1 + rnd_below(6) : 0;
    size_t n = 0, i;

    for (;;) {
        char run[64 + 3];
        size_t len = random_text(run, rnd_below(escapes > 0 ? 24 : 65));
        uint32_t cp = random_code_point(rnd_below(6));

        if (n + len > room)
            return n;
        for (i = 0; i < len; i++) {
            if ((unsigned char)run[i] < 0x20 || run[i] == '"' || run[i] == '\\')
                run[i] = '-';
        }
        memcpy(out + n, run, len);
        n += len;
        if (n >= room || rnd_below(8) == 0)
            return n;
        while (escapes > 0 && n < room && rnd_below(escapes) == 0) {
            const char *format = rnd_below(2) ? "\\u%04x" : "\\u%04X";

            if (rnd_below(2)) {
                out[n++] = '\\';
                out[n++] = "\"\\/bfnrt"[rnd_below(8)];
            } else if (cp >= 0x10000) {
                n += (size_t)sprintf(out + n, format, 0xd800 + (cp - 0x10000) / 0x400);
                n += (size_t)sprintf(out + n, format, 0xdc00 + (cp - 0x10000) % 0x400);
            } else {
                n += (size_t)sprintf(out + n, format, cp);
            }
        }
    }
}

static inline size_t random_space(char *out)
{
    size_t n = 0;

    while (rnd_below(8) == 0)
        out[n++] = " \t\r\n"[rnd_below(4)];
    return n < 8 ? n : 8;
}

/* A JSON value nested at most `depth` deep; `out` has room for 100000 bytes. */
static inline size_t random_json(char *out, unsigned depth)
{
    static const char *const scalars[] = {
        "true", "false", "null", "0", "-0", "1.50", "-12e+3", "1E400", "123456789012345678901"};
    size_t n = random_space(out);
    unsigned kind = rnd_below(depth > 0 ? 4 : 2), count = rnd_below(4), i;

    if (kind == 0) {
        const char *scalar = scalars[rnd_below(sizeof scalars / sizeof *scalars)];

        memcpy(out + n, scalar, strlen(scalar));
        n += strlen(scalar);
    } else if (kind == 1) {
        out[n++] = '"';
        n += random_string(out + n, rnd_below(80));
        out[n++] = '"';
    } else {
        out[n++] = kind == 2 ? '{' : '[';
        n += random_space(out + n);
        for (i = 0; i < count; i++) {
            if (i > 0)
                out[n++] = ',';
            if (kind == 2) {
                n += random_space(out + n);
                out[n++] = '"';
                n += random_string(out + n, rnd_below(12));
                out[n++] = '"';
                n += random_space(out + n);
                out[n++] = ':';
            }
            n += random_json(out + n, depth - 1);
        }
        out[n++] = kind == 2 ? '}' : ']';
    }
    return n + random_space(out + n);
}

#endif
