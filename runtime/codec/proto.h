/* Protobuf (proto3) of any schema message.
 *
 * Use the typed functions of gen/codec.h; these are what they call. */
#ifndef OPS_CODEC_PROTO_H
#define OPS_CODEC_PROTO_H

#include "type.h"

/* Decodes one message into `*out`. Strings and bytes are slices of `input`; lists and sub-messages lie in `arena`. Unknown
 * fields are skipped (well-formed groups too), repeated singular fields: the last wins, messages merge as protobuf says. Strings must be
 * valid UTF-8. `err` may be NULL; its offset counts from the start of `input`. On failure `*out` is zeroed. */
enum ops_err ops_proto_decode(const struct ops_message *type, struct ops_str input, struct ops_arena *arena, void *out,
                              struct ops_error *err);

/* Appends the encoding: fields in number order, defaults of implicit presence left out; the bytes are those of upb and
 * protobuf-c. On OPS_ERR_NOMEM `out` is as before. */
enum ops_err ops_proto_encode(const struct ops_message *type, const void *message, struct ops_buf *out);

#endif
