/* Error codes of the whole program, and where in an input an error happened.
 *
 * A function that can fail returns `enum ops_err` and leaves its outputs untouched unless it returns OPS_OK. */
#ifndef OPS_BASE_ERROR_H
#define OPS_BASE_ERROR_H

#include "str.h"

/* name, number on the metrics page, text shown to an operator */
#define OPS_ERRORS(X)                                                                                                  \
    X(OK, 0, "no error")                                                                                               \
    X(NOMEM, 1, "a memory limit was reached")                                                                          \
    X(SYNTAX, 2, "the input is not well formed, or not of the expected shape")                                         \
    X(RANGE, 3, "a value is outside its declared range")                                                               \
    X(STALE_BASE, 4, "the base revision is older than the oldest kept op")                                             \
    X(ABSENT, 5, "a write failed and left nothing")                                                                    \
    X(UNKNOWN, 6, "nobody can tell whether a write happened")

enum ops_err {
#define X(name, number, text) OPS_ERR_##name = number,
    OPS_ERRORS(X)
#undef X
};
#define OPS_OK OPS_ERR_OK

/* Why an input was refused: name, phrase that completes "$.path: <phrase> at byte N". */
#define OPS_REASONS(X)                                                                                                 \
    X(NONE, "no error")                                                                                                \
    X(EMPTY, "expected a JSON value, found nothing")                                                                   \
    X(TRUNCATED, "the input ends in the middle of a value")                                                            \
    X(TRAILING, "unexpected text after the value")                                                                     \
    X(TOKEN, "expected a JSON value")                                                                                  \
    X(COMMA, "expected ',' or the end of the object or list")                                                          \
    X(COLON, "expected ':' after a member name")                                                                       \
    X(NAME, "expected a member name in double quotes")                                                                 \
    X(NUMBER, "not a JSON number")                                                                                     \
    X(CONTROL, "an unescaped control character in a string")                                                           \
    X(ESCAPE, "an unknown escape in a string")                                                                         \
    X(SURROGATE, "an unpaired surrogate escape")                                                                       \
    X(UTF8, "invalid UTF-8")                                                                                           \
    X(BOM, "a byte order mark")                                                                                        \
    X(DEPTH, "nested too deeply")                                                                                      \
    X(WANT_OBJECT, "expected an object")                                                                               \
    X(WANT_LIST, "expected a list")                                                                                    \
    X(WANT_STRING, "expected a string")                                                                                \
    X(WANT_INTEGER, "expected an integer")                                                                             \
    X(WANT_BOOL, "expected true or false")                                                                             \
    X(WANT_BASE64, "expected base64 with padding")                                                                     \
    X(WANT_TIME, "expected an ISO 8601 time")                                                                          \
    X(WANT_ENUM, "not a value of this enumeration")                                                                    \
    X(WANT_ID, "expected a string of at most 64 units or an integer")                                                  \
    X(NULL_VALUE, "null where a value is needed")                                                                      \
    X(MISSING, "a required member is missing")                                                                         \
    X(NO_DISCRIMINATOR, "the object has no discriminator")                                                             \
    X(DISCRIMINATOR_FIRST, "the discriminator must be the first member, once")                                         \
    X(UNKNOWN_VARIANT, "unknown discriminator value")                                                                  \
    X(ARGUMENT_COUNT, "wrong number of arguments")                                                                     \
    X(WIRE_TYPE, "a field with another wire type than declared")                                                       \
    X(VARINT, "a varint of more than ten bytes")                                                                       \
    X(TAG, "field number 0 or above the limit")                                                                        \
    X(LENGTH, "a length that reaches past the end")                                                                    \
    X(MSGPACK_TYPE, "a MessagePack value that JSON cannot say")                                                        \
    X(HUB_RECORD, "not a hub protocol record")                                                                         \
    X(TOO_SHORT, "shorter than allowed")                                                                               \
    X(TOO_LONG, "longer than allowed")                                                                                 \
    X(TOO_SMALL, "smaller than allowed")                                                                               \
    X(TOO_LARGE, "larger than allowed")                                                                                \
    X(BLANK, "blank")                                                                                                  \
    X(CONTROL_CHARS, "contains control characters")                                                                    \
    X(NOT_VISIBLE_ASCII, "contains characters other than U+0021 to U+007E")                                            \
    X(NO_ROOM, "a memory limit was reached")

enum ops_reason {
#define X(name, text) OPS_REASON_##name,
    OPS_REASONS(X)
#undef X
    OPS_REASON_COUNT
};

/* Filled by the callee on failure, in memory of the caller. Never allocated, so it can report an allocation failure.
 * The path and the sentence are made afterwards, from the same input, by ops_error_sentence (runtime/codec/explain.h). */
struct ops_error {
    enum ops_err code;
    enum ops_reason reason;
    size_t offset_bytes;   /* into the input; SIZE_MAX when the error is not about a place in it */
    int64_t min, max;      /* allowed range where the reason has one, else min > max */
    struct ops_str member; /* name of a missing or offending member; static memory of the schema's tables */
};

/* The phrase of a reason; static memory. */
const char *ops_reason_text(enum ops_reason reason);

/* Fills `err` (may be NULL) and returns `code`, so that a caller can `return ops_fail(...)`. */
enum ops_err ops_fail(struct ops_error *err, enum ops_err code, enum ops_reason reason, size_t offset_bytes);

#endif
