/* JSON of any schema message, in any form: a shape times a style (spec/v1.md §1-2, opstream-wire.md §1).
 *
 * Use the typed functions of gen/codec.h; these are what they call. */
#ifndef OPS_CODEC_JSON_H
#define OPS_CODEC_JSON_H

#include "type.h"

/* What a decoder says beside the value. */
struct ops_decode_info {
    struct ops_error error; /* set when the decoder failed */
    bool plus;              /* a + member or argument that is not null was there: the connection is extended from now on */
};

/* Decodes one JSON text into `*out` (a struct of `type`). Strings are slices of `input` where they hold no escape, else lie in
 * `arena`, as do lists and sub-messages: the value lives as long as both. `info` may be NULL.
 *
 * Returns OPS_OK, or
 *   OPS_ERR_SYNTAX   not well formed or not of this shape; `info->error` says why and where
 *   OPS_ERR_NOMEM    the arena's limit is reached
 * On failure `*out` is zeroed. */
enum ops_err ops_json_decode(const struct ops_message *type, const struct ops_json_style *style, struct ops_str input,
                             struct ops_arena *arena, void *out, struct ops_decode_info *info);

/* Decodes a hub call's argument list (a JSON list) into a struct of `call->message`. Missing trailing arguments that may be
 * absent are; missing ones that are required fail, extra ones are skipped, but with `style->exact_arguments` the count must match. */
enum ops_err ops_json_decode_arguments(const struct ops_call *call, const struct ops_json_style *style, struct ops_str input,
                                       struct ops_arena *arena, void *out, struct ops_decode_info *info);

/* A string member that is wanted of a text which could not be decoded: the field at `offset` of the structs of `type`. */
struct ops_json_wanted {
    const struct ops_message *type;
    size_t offset;
    struct ops_str value; /* found; absent when the member is not there, or not usable */
};
enum { OPS_JSON_WANTED_LIMIT = 4 };

/* What can be said of such a text beside its members. */
struct ops_json_salvaged {
    int kind;       /* number of the variant of the oneof that its discriminator names; 0: none, or none that is known */
    bool enveloped; /* this style writes `type` as an envelope, and the text has the envelope's type, as a number */
};

/* Finds at most OPS_JSON_WANTED_LIMIT members of an object that may be unusable otherwise, by the rules of the style: which names
 * count, which of several. False, and nothing found, when `input` is no JSON object within the style's depth. Values live as
 * long as `input` and `arena`. */
bool ops_json_salvage(const struct ops_message *type, const struct ops_json_style *style, struct ops_str input,
                      struct ops_arena *arena, struct ops_json_wanted *wanted, size_t count, struct ops_json_salvaged *out);

/* The same of a hub call's argument list: `wanted` are fields of `call->message`. False when `input` is no list. */
bool ops_json_salvage_arguments(const struct ops_call *call, const struct ops_json_style *style, struct ops_str input,
                                struct ops_arena *arena, struct ops_json_wanted *wanted, size_t count);

/* Appends the JSON of `message`. On OPS_ERR_NOMEM `out` is as before. Opaque values must be JSON (decoders check them;
 * ops_message_validate does for values that came by protobuf). */
enum ops_err ops_json_encode(const struct ops_message *type, const struct ops_json_style *style, const void *message,
                             struct ops_buf *out);

/* Appends a hub call's argument list. */
enum ops_err ops_json_encode_arguments(const struct ops_call *call, const struct ops_json_style *style, const void *message,
                                       struct ops_buf *out);

#endif
