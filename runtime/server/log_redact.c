/* What never gets into a log.
 *
 * A name counts in any letter case and also at the end of a longer one, with blanks around the `=` as connection strings have them;
 * its value reaches to the next separator, or to its closing quote. Too much taken out is better than too little. */
#include "runtime/server/log.h"

#include "runtime/base/utf.h"

/* X(name, only in the query of a URL). */
#define REDACTED_NAMES(X)                                                                                              \
    X("password", false)                                                                                               \
    X("pwd", false)                                                                                                    \
    X("psw", false)                                                                                                    \
    X("passphrase", false)                                                                                             \
    X("passfile", false)                                                                                               \
    X("secret", false)                                                                                                 \
    X("access_token", false)                                                                                           \
    X("session_token", false)                                                                                          \
    X("opstream-session", false)                                                                                       \
    X("token", false)                                                                                                  \
    X("authorization", false)                                                                                          \
    X("cookie", false)                                                                                                 \
    X("connectionstring", false)                                                                                       \
    X("id", true)

static const struct {
    const char *name;
    bool query;
} redacted_names[] = {
#define X(name, query) {name, query},
    REDACTED_NAMES(X)
#undef X
};

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool at_word(struct ops_str text, size_t at, const char *word)
{
    size_t len = strlen(word);

    if (text.len - at < len)
        return false;
    for (size_t i = 0; i < len; i++)
        if (lower(text.ptr[at + i]) != word[i])
            return false;
    return true;
}

static size_t skip_blanks(struct ops_str text, size_t at)
{
    while (at < text.len && (text.ptr[at] == ' ' || text.ptr[at] == '\t'))
        at++;
    return at;
}

/* Behind the value that begins at `at`. */
static size_t value_end(struct ops_str text, size_t at, bool header)
{
    char quote = at < text.len ? text.ptr[at] : '\0';

    if (quote == '"' || quote == '\'') {
        for (at++; at < text.len; at++) {
            if (text.ptr[at] != quote)
                continue;
            if (at + 1 < text.len && text.ptr[at + 1] == quote)
                at++; /* a quote doubled inside */
            else
                return at + 1;
        }
        return text.len;
    }
    while (at < text.len && text.ptr[at] != '\n' && (header || strchr(";&\"' ,\t)#", text.ptr[at]) == NULL))
        at++;
    return at;
}

/* Where the secret begins whose name stands at `at`; 0: none. `name=`, `"name":` and the header lines take a value. */
static size_t secret_begin(struct ops_str text, size_t at, bool *header)
{
    char before = at > 0 ? text.ptr[at - 1] : ' ';

    for (size_t i = 0; i < sizeof redacted_names / sizeof redacted_names[0]; i++) {
        size_t end;
        bool quoted;

        if ((redacted_names[i].query && before != '?' && before != '&') || !at_word(text, at, redacted_names[i].name))
            continue;
        end = skip_blanks(text, at + strlen(redacted_names[i].name));
        quoted = end < text.len && (text.ptr[end] == '"' || text.ptr[end] == '\'');
        if (quoted)
            end = skip_blanks(text, end + 1);
        *header = !quoted && (at_word(text, at, "authorization") || at_word(text, at, "cookie"));
        if (end < text.len && (text.ptr[end] == '=' || (text.ptr[end] == ':' && (quoted || *header))))
            return skip_blanks(text, end + 1);
    }
    *header = false;
    return at_word(text, at, "bearer ") ? skip_blanks(text, at + 7) : 0;
}

/* scheme://user:password@host: where the credentials end; 0: there are none. */
static size_t credentials_end(struct ops_str text, size_t at)
{
    size_t colon = 0;

    if (text.len - at < 3 || memcmp(text.ptr + at, "://", 3) != 0)
        return 0;
    for (size_t i = at + 3, end = 0;; i++) {
        if (i >= text.len || strchr("/?# \"';\n", text.ptr[i]) != NULL)
            return end;
        if (text.ptr[i] == ':' && colon == 0)
            colon = i;
        if (text.ptr[i] == '@' && colon > 0)
            end = i;
    }
}

struct output {
    char *ptr;
    size_t len, room;
    bool full;
};

static void put(struct output *out, const char *bytes, size_t len)
{
    if (out->full || out->room - out->len < len) {
        out->full = true;
        return;
    }
    memcpy(out->ptr + out->len, bytes, len);
    out->len += len;
}

static size_t put_character(struct output *out, struct ops_str text, size_t at)
{
    size_t len = text.len - at < 4 ? text.len - at : 4, valid = 0;

    for (size_t i = 1; i <= len && valid == 0; i++)
        if (ops_utf8_valid_prefix(text.ptr + at, i) == i)
            valid = i;
    if (valid == 0)
        put(out, "?", 1);
    else
        put(out, text.ptr + at, valid);
    return valid > 0 ? valid : 1;
}

size_t ops_log_redact(struct ops_str text, char *out, size_t out_bytes)
{
    struct output output = {out, 0, out_bytes, false};
    bool header = false;

    for (size_t at = 0; at < text.len && !output.full;) {
        size_t begin = secret_begin(text, at, &header), end = 0;

        if (begin > 0) {
            end = value_end(text, begin, header);
            while (at < begin)
                at += put_character(&output, text, at);
            if (end > begin)
                put(&output, "***", 3);
            at = end > begin ? end : begin;
            continue;
        }
        end = credentials_end(text, at);
        if (end > 0) {
            put(&output, "://***", 6);
            at = end;
            continue;
        }
        at += put_character(&output, text, at);
    }
    return output.len;
}
