/* What an error text says of the request that it answers.
 *
 * * `v1`: the code decides; InvalidMessage says only that something could not be read or was out of its limits.
 * `reference`: the texts of spec/opstream-wire.md §4.3, §8 and, where .NET wrote them, their shape. */
#include "talk.h"

static bool claims_begins(struct ops_str text, const char *head)
{
    size_t len = strlen(head);

    return text.len >= len && memcmp(text.ptr, head, len) == 0;
}

static bool claims_holds(struct ops_str text, const char *part)
{
    size_t len = strlen(part), i;

    for (i = 0; i + len <= text.len; i++) {
        if (memcmp(text.ptr + i, part, len) == 0)
            return true;
    }
    return false;
}

static bool claims_holds_any(struct ops_str text, const char *const *parts)
{
    for (; *parts != NULL; parts++) {
        if (claims_holds(text, *parts))
            return true;
    }
    return false;
}

enum { CLAIMS_READ = CONF_READS | CONF_BINDS, CLAIMS_ALL = CONF_READS | CONF_BINDS | CONF_IN_LIMITS | CONF_PAYLOAD };

static unsigned claims_by_code(struct ops_str error)
{
    static const char *const before_limits[] = {
        "UnsupportedProtocol:", "NotJoined:", "Forbidden:", "Unauthenticated:", NULL};
    static const char *const before_payload[] = {"UnknownDocumentType:", "NotFound:", NULL};

    if (claims_begins(error, "InvalidMessage"))
        return CONF_REFUSED;
    if (claims_begins(error, "TooLarge"))
        return CLAIMS_READ | CONF_LIMIT;
    if (claims_holds_any(error, before_limits))
        return CLAIMS_READ;
    if (claims_holds_any(error, before_payload))
        return CLAIMS_READ | CONF_IN_LIMITS;
    return CLAIMS_ALL;
}

/* Texts that System.Text.Json makes of a payload that it cannot read. */
static const char *const claims_unreadable_json[] = {"Path: $",
                                                     "LineNumber: ",
                                                     "could not be converted to",
                                                     "must specify a type discriminator",
                                                     "type discriminator id",
                                                     NULL};

/* Texts of an engine that met something which its reader had let pass (spec/opstream-wire.md §6.8): a codec may
 * refuse it earlier. */
static const char *const claims_engine[] = {"Deserialized op payload is null.",
                                            "cannot be null",
                                            "Object reference not set",
                                            "Operation is not valid due to",
                                            "Specified argument was out of the range",
                                            "could not be serialized",
                                            NULL};

/* Texts of what is noticed before any limit, or beside them. */
static const char *const claims_beside_limits[] = {"UnsupportedProtocol:", " is required.", " is required for ",
                                                   "Unknown comment command", NULL};

/* Texts of what is noticed after the limits, but before a payload is read. */
static const char *const claims_before_payload[] = {"Forbidden:", "Session not found on owner node.",
                                                    "No session engine registered", "Comment ", NULL};

static unsigned claims_by_text(struct ops_str error)
{
    if (claims_begins(error, "InvalidMessage: "))
        return CLAIMS_READ | CONF_LIMIT;
    if (claims_begins(error, "Unknown management command") || claims_begins(error, "Unknown versioning command"))
        return CONF_READS | CONF_NO_METHOD;
    if (claims_holds_any(error, claims_beside_limits))
        return CONF_READS;
    if (claims_holds_any(error, claims_engine))
        return CLAIMS_READ | CONF_IN_LIMITS;
    if (claims_holds_any(error, claims_unreadable_json))
        return CLAIMS_READ | CONF_IN_LIMITS | CONF_BAD_PAYLOAD;
    if (claims_holds_any(error, claims_before_payload))
        return CLAIMS_READ | CONF_IN_LIMITS;
    return CLAIMS_ALL;
}

/* Takes the wrapping of hub errors off (spec/opstream-wire.md §4.3). */
static unsigned claims_of_hub_error(struct ops_str error)
{
    static const char exception[] = "HubException: ";
    size_t i;

    if (claims_holds(error, "HubException: Method does not exist."))
        return CONF_READS | CONF_NO_METHOD;
    if (claims_begins(error, "Failed to invoke "))
        return CONF_READS | CONF_UNBOUND;
    if (claims_begins(error, "The client attempted to invoke the non-streaming "))
        return CONF_READS;
    for (i = 0; i + sizeof exception - 1 <= error.len; i++) {
        if (memcmp(error.ptr + i, exception, sizeof exception - 1) == 0)
            return claims_by_text(
                ops_str_of(error.ptr + i + sizeof exception - 1, error.len - i - (sizeof exception - 1)));
    }
    return claims_begins(error, "An unexpected error occurred invoking ") ? CONF_READS : claims_by_text(error);
}

static unsigned claims_of_handshake(struct ops_str error)
{
    return claims_holds(error, "An unexpected error occurred during connection handshake") ? CONF_UNREADABLE
                                                                                           : CONF_READS;
}

/* Where the result of an awareness update is discarded, so are its failures. */
static bool claims_is_awareness(const struct conf_text *request)
{
    struct ops_str target = conf_string(conf_get(request->json, "target"));

    return target.ptr != NULL && conf_same_letters(target, OPS_STR("UpdateAwareness"));
}

unsigned conf_claims_of(const struct conf_text *request, struct ops_str error)
{
    const struct conf_peer *peer = request->peer;

    if (request->kind == CONF_HANDSHAKE)
        return error.ptr == NULL ? CONF_READS : claims_of_handshake(error);
    if (error.ptr == NULL)
        return peer->profile->awareness_unanswered && claims_is_awareness(request) ? CLAIMS_READ : CLAIMS_ALL;
    if (peer->profile->errors_carry_code)
        return claims_by_code(error);
    if (peer->door == CONF_DOOR_HUB)
        return claims_of_hub_error(error);
    return claims_by_text(error);
}
