/* MessagePack of any schema message, as SignalR's binary hub protocol carries it in `v1` (spec/v1.md §4.2): maps
 * with the names of v1 JSON, `bytes` as bin, times as timestamp extensions, opaque values as any value that JSON can
 * say.
 *
 * Hub records (option `packed`, spec/signalr-protocol.md §7.2): a oneof with an integer discriminator, one of whose
 * variants is packed, is an array: the discriminator, then the variant's packed fields.
 *   - What is absent is nil, an absent map or opaque value (headers) an empty map, which is read as absent. At the
 *     end, absent fields that need not be there are left out; numbers and booleans without presence are never
 *     absent. Missing items are absent ones, extra ones are skipped.
 *   - An optional string that is empty is read as absent.
 *   - If the last two packed fields are a string and an ANY that may both be absent, they are one *outcome*: 1 and
 *     the string (an error), 3 and the other (a result), or 2 alone.
 *   - An unknown discriminator fails with OPS_REASON_UNKNOWN_VARIANT, after all of the record was found to be well
 *     formed.
 *
 * Use the typed functions of gen/codec.h; these are what they call. */
#ifndef OPS_CODEC_MSGPACK_H
#define OPS_CODEC_MSGPACK_H

#include "json.h"

/* Decodes one message into `*out`. Strings and bytes are slices of `input`; opaque values are turned into JSON text
 * in `arena` (numbers as ECMAScript writes them, integers in all their digits); the `raw` of an ANY is a slice of
 * `input`, MessagePack. Rules of spec/v1.md §2 otherwise: required members, ranges, unknown members skipped but
 * checked (of any type), depth. What JSON cannot say in an opaque value (keys that are no strings, bin, ext, NaN,
 * infinities) is refused with OPS_REASON_MSGPACK_TYPE. Counts are checked against the bytes left before anything is
 * allocated. On failure `*out` is zeroed. */
enum ops_err ops_msgpack_decode(const struct ops_message *type, const struct ops_json_style *style,
                                struct ops_str input, struct ops_arena *arena, void *out, struct ops_decode_info *info);

/* A hub call's argument list: an array. */
enum ops_err ops_msgpack_decode_arguments(const struct ops_call *call, const struct ops_json_style *style,
                                          struct ops_str input, struct ops_arena *arena, void *out,
                                          struct ops_decode_info *info);

/* Appends the encoding, minimal integers. `style`: of the shape V1; says whether + members are written. JSON in
 * `raw` of an ANY or in opaque fields is converted: numbers that are integers from -2^63 to 2^64-1 become integers,
 * others float64 (an infinity beyond its range); duplicate members stay.
 *
 * Returns OPS_OK, or OPS_ERR_NOMEM, or OPS_ERR_SYNTAX when an opaque value is no JSON or nested deeper than
 * `style->depth_limit` (it came unchecked, by protobuf). On failure `out` is as before. */
enum ops_err ops_msgpack_encode(const struct ops_message *type, const struct ops_json_style *style, const void *message,
                                struct ops_buf *out);
enum ops_err ops_msgpack_encode_arguments(const struct ops_call *call, const struct ops_json_style *style,
                                          const void *message, struct ops_buf *out);

/* One MessagePack value as JSON text, appended; `depth_limit` (at most 255): open arrays and maps. `style`: how
 * strings are escaped. OPS_ERR_SYNTAX when it is malformed, followed by more, or not sayable in JSON (`error`, which
 * may be NULL, tells); OPS_ERR_NOMEM. On failure `out` is as before. */
enum ops_err ops_msgpack_to_json(struct ops_str value, const struct ops_json_style *style, unsigned depth_limit,
                                 struct ops_buf *out, struct ops_error *error);

#endif
