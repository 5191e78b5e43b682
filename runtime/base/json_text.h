/* JSON texts, token by token: scanning on the way in, escaping on the way out. Knows no message.
 *
 * Reads RFC 8259 strictly: no comments, no trailing commas, no BOM, valid UTF-8, paired surrogate escapes. Never reads
 * past `end`; no recursion. */
#ifndef OPS_BASE_JSON_TEXT_H
#define OPS_BASE_JSON_TEXT_H

#include "buf.h"
#include "error.h"

enum { OPS_JSON_DEPTH_LIMIT = 512 }; /* deepest nesting that any caller may allow */

/* A place in a JSON text, and what went wrong there.
 *
 * A function that returns false has set `reason` and `bad`, for the first thing that is wrong, and moved `at` nowhere:
 *   TRUNCATED                 the end of the input; all before it could go on
 *   ESCAPE, SURROGATE         the backslash of the escape
 *   UTF8                      the first byte of what is no character
 *   TOKEN, DEPTH              the first byte of the value
 *   WANT_INTEGER              the first byte of the number that is none, or too large
 *   CONTROL, NUMBER, NAME, COLON, COMMA    the byte that cannot stand there */
struct ops_json_scan {
    const char *at, *end;
    const char *begin; /* of the whole input: offsets are counted from here; all bytes from here to `end` may be read */
    enum ops_reason reason;
    const char *bad;
};

/* Skips spaces, tabs, CR, LF. */
static inline void ops_json_skip_space(struct ops_json_scan *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\t' || *s->at == '\n' || *s->at == '\r'))
        s->at++;
}

/* `at` is on the opening quote. Moves behind the closing one; `raw` is what stands between them, `escaped` whether it has
 * a backslash. Checks control characters, escapes, surrogate pairs, UTF-8. */
bool ops_json_scan_string(struct ops_json_scan *s, struct ops_str *raw, bool *escaped);

/* The same, and unescapes: `value` is a slice of the input where the string has no escape, else lies in `arena`. Reason NO_ROOM when
 * that has no room. */
bool ops_json_read_string(struct ops_json_scan *s, struct ops_arena *arena, struct ops_str *value);

/* Stores the unescaped string at `out`, which has raw.len bytes of room and does not overlap `raw`; returns its size, at
 * most raw.len. `raw` was scanned. */
size_t ops_json_unescape(char *out, struct ops_str raw);

/* `at` is on '-' or a digit. Moves behind the number. `integer` is true when it has neither fraction nor exponent. */
bool ops_json_scan_number(struct ops_json_scan *s, struct ops_str *raw, bool *integer);

/* An integer token as int64; -0 is 0. False (reason WANT_INTEGER or NUMBER) when it is none or out of int64's range. */
bool ops_json_scan_int64(struct ops_json_scan *s, int64_t *value);

/* Skips one value of any kind, checking all of it. `depth_limit`: open objects and lists allowed inside (a scalar is 0). */
bool ops_json_skip_value(struct ops_json_scan *s, unsigned depth_limit);

/* How strings are written. */
enum ops_json_escaper {
    OPS_ESCAPE_MINIMAL, /* as ECMAScript's JSON.stringify (spec/v1.md §1) */
    OPS_ESCAPE_ASCII,   /* table A of spec/opstream-wire.md §1.2 */
    OPS_ESCAPE_RELAXED  /* table B of it */
};

/* Upper bound in bytes of an escaped string of `len` bytes, quotes not included, plus slack for block stores. */
static inline size_t ops_json_escape_bound(size_t len)
{
    return len * 6 + 32;
}

/* Stores the escaped form of valid UTF-8 (no quotes around it), returns the place behind it. `out` has
 * ops_json_escape_bound(len) bytes of room, all of which may be written to, and does not overlap `text`. */
char *ops_json_escape(char *out, struct ops_str text, enum ops_json_escaper escaper);

/* Appends a JSON value re-emitted token by token: no white space, strings unescaped and escaped again with `escaper`,
 * numbers as spelled, member order and duplicates kept (spec/opstream-wire.md §1.3). `json` was checked before. False when
 * the buffer has no room; it holds what it held then. */
bool ops_json_reemit(struct ops_buf *b, struct ops_str json, enum ops_json_escaper escaper);

#endif
