/* Where to listen: `http://+:8080;http://localhost:8081;http://[::1]:8082`.
 *
 * Kestrel takes any host name and then listens on every address; a name here is refused instead, because who writes
 * http://collab.internal:8080 means that address. */
#include "runtime/server/config_private.h"

#include <arpa/inet.h>
#include <stdio.h>

static bool starts(struct ops_str text, const char *prefix)
{
    size_t len = strlen(prefix);

    return text.len >= len && ops_config_equal_any_case(ops_str_of(text.ptr, len), ops_str_of(prefix, len));
}

static bool is_one(struct ops_str text, const char *word)
{
    return text.len == strlen(word) && starts(text, word);
}

/* `rest` is what follows the host: nothing, `:port`, and perhaps a slash. */
static const char *read_port(struct ops_str rest, uint16_t *port)
{
    int64_t number = 80;

    if (rest.len > 0 && rest.ptr[rest.len - 1] == '/')
        rest.len--;
    if (rest.len > 0) {
        if (rest.ptr[0] != ':')
            return "has something behind the host; a path cannot be served apart";
        if (!ops_config_read_number(ops_str_of(rest.ptr + 1, rest.len - 1), &number) || number > 65535)
            return "has no port from 0 to 65535";
    }
    *port = (uint16_t)number;
    return NULL;
}

static const char *read_host(struct ops_str host, bool bracketed, struct ops_listen *out)
{
    unsigned char address[16];

    if (host.len == 0 || host.len >= sizeof out->host)
        return "has no host; use +, localhost or an address";
    memcpy(out->host, host.ptr, host.len);
    out->host[host.len] = '\0';
    if (bracketed) {
        out->kind = OPS_LISTEN_IPV6;
        return inet_pton(AF_INET6, out->host, address) == 1 ? NULL : "has no IPv6 address between its brackets";
    }
    if (is_one(host, "+") || is_one(host, "*")) {
        out->kind = OPS_LISTEN_ANY;
        return NULL;
    }
    if (is_one(host, "localhost")) {
        out->kind = OPS_LISTEN_LOCALHOST;
        return NULL;
    }
    out->kind = OPS_LISTEN_IPV4;
    return inet_pton(AF_INET, out->host, address) == 1 ? NULL : "has a host that is not +, *, localhost or an address";
}

static const char *read_listen(struct ops_str text, struct ops_listen *out)
{
    struct ops_str rest, host;
    const char *problem, *end;
    bool bracketed;

    if (starts(text, "https://"))
        return "wants TLS, which is not supported yet; put a proxy before the server";
    if (!starts(text, "http://"))
        return "does not begin with http://";
    rest = ops_str_of(text.ptr + 7, text.len - 7);
    bracketed = rest.len > 0 && rest.ptr[0] == '[';
    if (bracketed)
        rest = ops_str_of(rest.ptr + 1, rest.len - 1);
    host = rest;
    for (host.len = 0; host.len < rest.len && strchr(bracketed ? "]" : ":/", rest.ptr[host.len]) == NULL;)
        host.len++;
    end = host.ptr + host.len;
    if (bracketed && host.len == rest.len)
        return "has no closing bracket";
    rest.len = (size_t)(rest.ptr + rest.len - end);
    rest.ptr = end;
    if (bracketed)
        rest = ops_str_of(rest.ptr + 1, rest.len - 1);
    problem = read_host(host, bracketed, out);
    return problem != NULL ? problem : read_port(rest, &out->port);
}

bool ops_config_read_listens(struct ops_str text, int64_t min, int64_t max, struct ops_arena *arena, struct ops_listens *out, char *problem)
{
    struct ops_listens listens = {NULL, 0};
    char shown[OPS_CONFIG_SHOWN_BYTES];
    const char *wrong = NULL;

    if (min == 0 && is_one(text, "off")) {
        *out = listens;
        return true;
    }
    listens.items = ops_arena_array(arena, (size_t)max, sizeof *listens.items);
    if (listens.items == NULL)
        return false;
    for (size_t at = 0; at <= text.len && wrong == NULL;) {
        const char *semicolon = at < text.len ? memchr(text.ptr + at, ';', text.len - at) : NULL;
        size_t end = semicolon != NULL ? (size_t)(semicolon - text.ptr) : text.len;
        struct ops_str item = ops_str_of(text.ptr + at, end - at);

        at = end + 1;
        while (item.len > 0 && item.ptr[0] == ' ')
            item = ops_str_of(item.ptr + 1, item.len - 1);
        while (item.len > 0 && item.ptr[item.len - 1] == ' ')
            item.len--;
        if (item.len == 0)
            continue;
        ops_config_shown(item, shown);
        if ((int64_t)listens.count == max)
            wrong = "is one address too many";
        else
            wrong = read_listen(item, &listens.items[listens.count]);
        if (wrong == NULL)
            listens.count++;
    }
    if (wrong != NULL)
        snprintf(problem, OPS_CONFIG_PROBLEM_BYTES, "'%s' %s", shown, wrong);
    else if (listens.count == 0)
        snprintf(problem, OPS_CONFIG_PROBLEM_BYTES, "names no address; such as http://localhost:8080%s", min == 0 ? ", or off" : "");
    else
        *out = listens;
    return wrong == NULL && listens.count > 0;
}
