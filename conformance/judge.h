/* Puts the codecs to the test: one text after the other. */
#ifndef OPS_CONFORMANCE_JUDGE_H
#define OPS_CONFORMANCE_JUDGE_H

#include "report.h"
#include "talk.h"
#include "runtime/codec/json.h"
#include "walk.h"

/* The op that an accepted request must be pushed as, when nothing came between. */
struct conf_expected_push {
    struct ops_str document_id;
    const struct ops_message *type;
    const void *op;
    json_int_t revision;
};

enum { CONF_PUSHES_LIMIT = 512 };

struct conf_judge {
    struct conf_report *report;
    struct conf_talk *talk;
    struct ops_arena *arena; /* of the case */
    const char *case_id;
    struct conf_expected_push pushes[CONF_PUSHES_LIMIT];
    size_t push_count;
};

/* What is under the lens: one text, or something inside it. */
struct conf_lens {
    struct conf_judge *judge;
    const struct conf_text *text;
    const struct ops_json_style *style;
    const struct ops_message *type;
    void *message;
    char label[CONF_LABEL_CHARS];
};

void conf_label(char *label, const struct ops_message *type, const void *message, const char *tail);
struct conf_place conf_here(const struct conf_judge *judge, const struct conf_text *text, const char *label,
                            const struct ops_json_style *style);

/* A style of the peer: of its socket, its hub, its commands; the one for extended connections when it is one. */
const struct ops_json_style *conf_peer_style(const struct conf_peer *peer);

/* The sentence of a failed decode. */
struct ops_str conf_sentence(struct conf_judge *judge, const struct ops_error *error, struct ops_str input);

/* The field `field` (OPS_MAP_WHOLE: the whole message) of a call's result, out of its JSON. NULL when it cannot be
 * read. */
void *conf_decode_result(const struct ops_call *call, const struct ops_json_style *style, struct ops_str raw,
                         struct ops_arena *arena, struct ops_decode_info *info);

/* A text that a client sent: decodes or refuses as the server did. */
void conf_ask(struct conf_judge *judge, struct conf_text *text);

/* A text that a server sent: decodes, and encodes to the same bytes. */
void conf_tell(struct conf_judge *judge, struct conf_text *text);

#endif
