#include "handshake.h"

#include "runtime/base/base64.h"

/* Letters compared without their case; `word` is in lower case. */
static bool handshake_is_word(const char *text, size_t len, const char *word)
{
    size_t i;

    for (i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c >= 'A' && c <= 'Z')
            c = (unsigned char)(c + ('a' - 'A'));
        if (word[i] == '\0' || c != (unsigned char)word[i])
            return false;
    }
    return word[len] == '\0';
}

static bool handshake_is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* True when a header, a list with commas, has the word, in any letter case. */
static bool handshake_has(struct ops_str list, const char *word)
{
    size_t at = 0;

    while (list.ptr != NULL && at <= list.len) {
        const char *comma = at < list.len ? (const char *)memchr(list.ptr + at, ',', list.len - at) : NULL;
        size_t end = comma != NULL ? (size_t)(comma - list.ptr) : list.len, next = end + 1;

        while (at < end && handshake_is_blank(list.ptr[at]))
            at++;
        while (at < end && handshake_is_blank(list.ptr[end - 1]))
            end--;
        if (handshake_is_word(list.ptr + at, end - at, word))
            return true;
        at = next;
    }
    return false;
}

static struct ops_str handshake_trimmed(struct ops_str s)
{
    while (s.len > 0 && handshake_is_blank(s.ptr[0])) {
        s.ptr++;
        s.len--;
    }
    while (s.len > 0 && handshake_is_blank(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

/* Base64 of 16 bytes: 22 characters of the alphabet, then "==". */
static bool handshake_is_key(struct ops_str key)
{
    size_t i;

    if (key.len != OPS_WEBSOCKET_KEY_CHARS)
        return false;
    for (i = 0; i < OPS_WEBSOCKET_KEY_CHARS - 2; i++) {
        char c = key.ptr[i];

        if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/'))
            return false;
    }
    return key.ptr[i] == '=' && key.ptr[i + 1] == '=';
}

const char *ops_websocket_request_problem(const struct ops_websocket_request *request)
{
    if (!ops_str_equal(request->method, OPS_STR("GET")))
        return "not a GET";
    if (!request->http_1_1)
        return "not HTTP/1.1";
    if (!handshake_has(request->upgrade, "websocket"))
        return "no Upgrade: websocket";
    if (!handshake_has(request->connection, "upgrade"))
        return "no Connection: Upgrade";
    if (request->repeated)
        return "a Sec-WebSocket header came more than once";
    if (!ops_str_equal(handshake_trimmed(request->version), OPS_STR("13")))
        return "Sec-WebSocket-Version is not 13";
    if (!handshake_is_key(handshake_trimmed(request->key)))
        return "Sec-WebSocket-Key is not 16 bytes of base64";
    return NULL;
}

void ops_websocket_accept(struct ops_str key, ops_websocket_sha1 *sha1, char out[OPS_WEBSOCKET_ACCEPT_CHARS])
{
    static const char suffix[36] = {'2', '5', '8', 'E', 'A', 'F', 'A', '5', '-', 'E', '9', '1',
                                    '4', '-', '4', '7', 'D', 'A', '-', '9', '5', 'C', 'A', '-',
                                    'C', '5', 'A', 'B', '0', 'D', 'C', '8', '5', 'B', '1', '1'};
    char text[OPS_WEBSOCKET_KEY_CHARS + sizeof suffix];
    uint8_t digest[OPS_WEBSOCKET_SHA1_BYTES];
    size_t len;

    key = handshake_trimmed(key);
    len = key.len < OPS_WEBSOCKET_KEY_CHARS ? key.len : OPS_WEBSOCKET_KEY_CHARS;
    memcpy(text, key.ptr, len);
    memcpy(text + len, suffix, sizeof suffix);
    sha1(text, len + sizeof suffix, digest);
    ops_base64_encode(out, (const char *)digest, sizeof digest);
}

void ops_websocket_key(const uint8_t bytes[OPS_WEBSOCKET_KEY_BYTES], char out[OPS_WEBSOCKET_KEY_CHARS])
{
    ops_base64_encode(out, (const char *)bytes, OPS_WEBSOCKET_KEY_BYTES);
}
