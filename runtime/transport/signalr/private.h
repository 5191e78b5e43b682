/* Shared by the files of this folder. */
#ifndef OPS_SIGNALR_PRIVATE_H
#define OPS_SIGNALR_PRIVATE_H

#include "gen/calls.h"
#include "session.h"

/* ---- which call an answer is for ---------------------------------------------------------------------------------------------- */

/* What the core carries from a call to its answer, as one string that means nothing to it. */
struct signalr_call_id {
    struct ops_str method;      /* its declared name; absent: none of ours */
    struct ops_str invocation;  /* the client's id; empty: no answer is wanted */
    struct ops_str document_id; /* of a join, for what follows its answer; else absent */
};

bool signalr_call_id_write(unsigned method, struct ops_str invocation, struct ops_str document_id, struct ops_arena *arena,
                           struct ops_str *out);
void signalr_call_id_read(struct ops_str from, struct signalr_call_id *out);

/* ---- calls ---------------------------------------------------------------------------------------------------------------------- */

/* An Invocation or a StreamInvocation, to what the core is asked. OPS_SIGNALR_STEP_CLOSE: by signalr_broken or signalr_no_memory. */
enum ops_signalr_step signalr_call(struct ops_signalr_session *s, const struct ops_hub_invocation *invocation, bool streaming,
                                   struct ops_arena *arena, struct ops_signalr_said *said);

/* ---- ends ----------------------------------------------------------------------------------------------------------------------- */

/* Nothing more is read; `said` tells how that is said to the client. `sentence` may be empty. */
enum ops_signalr_step signalr_ends(struct ops_signalr_session *s, enum ops_error_code code, struct ops_str sentence,
                                   const char *problem, struct ops_arena *arena, struct ops_signalr_said *said);

/* A record that breaks the hub protocol. `error`: where, in `input`; NULL: no place in it. */
enum ops_signalr_step signalr_broken(struct ops_signalr_session *s, const struct ops_error *error, struct ops_str input,
                                     struct ops_arena *arena, struct ops_signalr_said *said);
enum ops_signalr_step signalr_no_memory(struct ops_signalr_session *s, struct ops_arena *arena, struct ops_signalr_said *said);

/* ---- handshake ------------------------------------------------------------------------------------------------------------------ */

enum ops_signalr_step signalr_handshake(struct ops_signalr_session *s, struct ops_str record, struct ops_arena *arena,
                                        struct ops_signalr_said *said);
/* It cannot be: because of `text`, with `values`. */
enum ops_signalr_step signalr_handshake_fails(struct ops_signalr_session *s, enum ops_error_code code, enum ops_text text,
                                              const struct ops_str *values, size_t value_count, struct ops_arena *arena,
                                              struct ops_signalr_said *said);

/* ---- forms and frames ------------------------------------------------------------------------------------------------------------- */

bool signalr_form_is_msgpack(unsigned form);
const struct ops_json_style *signalr_form_style(unsigned form);

static inline const struct ops_json_style *signalr_style(const struct ops_signalr_session *s)
{
    return s->extended ? s->profile->hub_plus_style : s->profile->hub_style;
}

/* A WebSocket message of one or more records: room for its header, the records, then the header. */
enum ops_err signalr_frame_begin(struct ops_buf *buf);
enum ops_err signalr_frame_add(unsigned form, const struct ops_hub_message *record, struct ops_buf *buf);
void signalr_frame_end(unsigned form, unsigned records, struct ops_buf *buf, struct ops_signalr_sent *sent);

#endif
