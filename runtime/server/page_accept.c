#include "runtime/server/page_accept.h"

/* Weights in thousandths, as there are no finer ones. */
enum { WEIGHT_NONE = -1, WEIGHT_REFUSED = 0, WEIGHT_WHOLE = 1000 };

/* A member of a list: `word;q=0.5`. */
struct item {
    struct ops_str word;
    int weight;
};

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool same(struct ops_str text, const char *word)
{
    size_t i = 0;

    for (; i < text.len && word[i] != '\0'; i++)
        if (lower(text.ptr[i]) != word[i])
            return false;
    return i == text.len && word[i] == '\0';
}

static struct ops_str trimmed(struct ops_str text)
{
    while (text.len > 0 && (text.ptr[0] == ' ' || text.ptr[0] == '\t'))
        text = ops_str_of(text.ptr + 1, text.len - 1);
    while (text.len > 0 && (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\t'))
        text.len--;
    return text;
}

/* Takes what is before the next `mark` (or all) off the front of `*rest`. */
static struct ops_str cut(struct ops_str *rest, char mark)
{
    const char *end = memchr(rest->ptr, mark, rest->len);
    struct ops_str part = ops_str_of(rest->ptr, end != NULL ? (size_t)(end - rest->ptr) : rest->len);

    rest->ptr += part.len;
    rest->len -= part.len;
    if (end != NULL) {
        rest->ptr++;
        rest->len--;
    }
    return trimmed(part);
}

/* `0`, `0.25`, `1.000`. What is none counts whole: the word itself was said. */
static int read_weight(struct ops_str text)
{
    int weight, digit = 100;

    if (text.len == 0 || (text.ptr[0] != '0' && text.ptr[0] != '1') || (text.len > 1 && text.ptr[1] != '.'))
        return WEIGHT_WHOLE;
    weight = text.ptr[0] == '1' ? WEIGHT_WHOLE : 0;
    for (size_t i = 2; i < text.len; i++, digit /= 10) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return WEIGHT_WHOLE;
        weight += (text.ptr[i] - '0') * digit;
    }
    return weight < WEIGHT_WHOLE ? weight : WEIGHT_WHOLE;
}

/* False: the list is at its end. */
static bool next_item(struct ops_str *rest, struct item *out)
{
    while (rest->len > 0) {
        struct ops_str parameters = cut(rest, ',');

        if (parameters.len == 0)
            continue;
        out->word = cut(&parameters, ';');
        out->weight = WEIGHT_WHOLE;
        while (parameters.len > 0) {
            struct ops_str value = cut(&parameters, ';'), name = cut(&value, '=');

            if (same(name, "q"))
                out->weight = read_weight(value);
        }
        return true;
    }
    return false;
}

bool ops_page_accepts_html(struct ops_str accept)
{
    struct item item;

    while (next_item(&accept, &item))
        if (same(item.word, "text/html") && item.weight > WEIGHT_REFUSED)
            return true;
    return false;
}

bool ops_page_accepts_gzip(struct ops_str accept_encoding)
{
    int gzip = WEIGHT_NONE, identity = WEIGHT_NONE, others = WEIGHT_NONE;
    struct item item;

    while (next_item(&accept_encoding, &item)) {
        if (same(item.word, "gzip") || same(item.word, "x-gzip"))
            gzip = item.weight;
        else if (same(item.word, "identity"))
            identity = item.weight;
        else if (same(item.word, "*"))
            others = item.weight;
    }
    if (gzip == WEIGHT_NONE)
        gzip = others;
    return gzip > WEIGHT_REFUSED && gzip >= identity;
}

bool ops_page_has_tag(struct ops_str if_none_match, struct ops_str etag)
{
    if (if_none_match.ptr == NULL || etag.len == 0)
        return false;
    return same(trimmed(if_none_match), "*") || memmem(if_none_match.ptr, if_none_match.len, etag.ptr, etag.len) != NULL;
}
