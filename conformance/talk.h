/* A case as a conversation: who is connected to what, which texts went where, and what the server's answers say of
 * each text that a client sent.
 *
 * * Everything here is found out from the conversation itself, with jansson; no codec of the project takes part. */
#ifndef OPS_CONFORMANCE_TALK_H
#define OPS_CONFORMANCE_TALK_H

#include "cases.h"
#include "engines.h"
#include "memory.h"

/* What a peer talks to. */
enum conf_door {
    CONF_DOOR_NONE,
    CONF_DOOR_COLLAB,     /* WebSocket */
    CONF_DOOR_MANAGE,     /* WebSocket */
    CONF_DOOR_COMMENTS,   /* WebSocket */
    CONF_DOOR_VERSIONING, /* WebSocket */
    CONF_DOOR_HUB,        /* SignalR: `calls`, `callbacks` say which */
    CONF_DOOR_HTTP
};

/* A document, and the engine that its first join chose. */
struct conf_document {
    struct ops_str id;
    const struct conf_engine *engine;
};

enum { CONF_PEERS_LIMIT = 64, CONF_DOCUMENTS_LIMIT = 64 };

struct conf_text;

struct conf_peer {
    const char *name;
    enum conf_door door;
    const struct ops_call *(*calls)(struct ops_str target);
    const struct ops_call *(*callbacks)(struct ops_str target); /* NULL: none */
    const struct ops_profile *profile;
    bool profile_open;      /* the first message may still decide */
    bool asked, greeted;    /* hub: the handshake was sent, was answered */
    struct ops_buf stream;  /* hub: what was sent since the last separator */
    struct conf_text *last; /* what it sent last */
    bool leaving;           /* its own Close or drop came first */
    /* kept while the texts are checked */
    bool extended;
    struct ops_str joined[CONF_DOCUMENTS_LIMIT];
    size_t joined_count;
};

/* What a text is. */
enum conf_kind { CONF_MESSAGE, CONF_HANDSHAKE, CONF_RECORD, CONF_NEGOTIATE, CONF_DIAGNOSTICS };

/* What the server's answer says of a client's text. None: nothing. */
enum conf_claim {
    CONF_READS = 1 << 0,       /* it can be decoded */
    CONF_UNREADABLE = 1 << 1,  /* it cannot */
    CONF_BINDS = 1 << 2,       /* hub: its arguments can */
    CONF_UNBOUND = 1 << 3,     /* they cannot */
    CONF_NO_METHOD = 1 << 4,   /* hub: there is no such method */
    CONF_IN_LIMITS = 1 << 5,   /* it breaks no limit */
    CONF_LIMIT = 1 << 6,       /* it breaks the limit that `answer` names */
    CONF_PAYLOAD = 1 << 7,     /* the op in it can be decoded */
    CONF_BAD_PAYLOAD = 1 << 8, /* it cannot */
    CONF_REFUSED = 1 << 9,     /* one of UNREADABLE, UNBOUND, NO_METHOD, LIMIT, BAD_PAYLOAD */
    CONF_BAD_OPAQUE = 1 << 10  /* a JSON text in a string of it is none */
};

/* One text: a WebSocket message, a hub record, an HTTP body. */
struct conf_text {
    size_t step;
    struct conf_peer *peer;
    bool from_server;
    enum conf_kind kind;
    struct ops_str text;
    json_t *json;               /* NULL: jansson does not read it */
    struct conf_text *other;    /* of a reply: the request; of a request: the reply. NULL: none */
    unsigned claims;            /* of a client's text: enum conf_claim */
    struct ops_str answer;      /* the error that it was answered with; absent: none */
    struct ops_str document_id; /* of a client's text, as far as jansson reads it */
    json_int_t revision;        /* that an op made; 0: none */
    bool joins;                 /* of a reply: its document is joined from here on */
};

struct conf_talk {
    struct ops_arena *arena;
    const struct conf_file *file;
    struct conf_peer peers[CONF_PEERS_LIMIT];
    size_t peer_count;
    struct conf_text **texts;
    size_t count, capacity;
    struct conf_document documents[CONF_DOCUMENTS_LIMIT];
    size_t document_count;
};

/* Reads the steps of a case. Everything lies in the arena, but `json` of the texts: conf_talk_end gives that back. */
void conf_talk_read(struct conf_talk *talk, const struct conf_file *file, const json_t *test, struct ops_arena *arena);
void conf_talk_end(struct conf_talk *talk);

/* The engine of a document; NULL: nobody joined it. */
const struct conf_engine *conf_talk_engine(const struct conf_talk *talk, struct ops_str document_id);

/* ---- answers.c --------------------------------------------------------------------------------------------------- */

/* A client's text was sent: what can be read of it without a codec. */
void conf_request_read(struct conf_text *request);

/* A server's text has come: which request does it answer, and what does it say of it? */
void conf_answer(struct conf_talk *talk, struct conf_text *reply);

/* The server has ended the connection of `peer`, by a Close with `reason` (absent: without one). */
void conf_answer_close(struct conf_peer *peer, struct ops_str reason);

/* After the last step: what silence says. */
void conf_answer_silence(struct conf_talk *talk);

/* The member of that name, else one whose name differs in letter case only; NULL: there is none. */
json_t *conf_get(const json_t *object, const char *name);

/* ---- claims.c ---------------------------------------------------------------------------------------------------- */

/* What an error in answer to `request` says of it. `error` absent: success. */
unsigned conf_claims_of(const struct conf_text *request, struct ops_str error);

#endif
