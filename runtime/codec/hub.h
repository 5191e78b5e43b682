/* Frames of the SignalR hub protocols: cutting a byte stream into records, and closing one (spec/signalr-protocol.md §5).
 *
 * JSON records end with 0x1E; MessagePack ones begin with their length as a varint. What is inside a record is `HubMessage` of
 * the schema. Knows no connection. */
#ifndef OPS_CODEC_HUB_H
#define OPS_CODEC_HUB_H

#include "type.h"

enum ops_hub_split {
    OPS_HUB_RECORD,    /* `*record` is one whole record, without its separator or length */
    OPS_HUB_MORE,      /* the stream ends in the middle of one: keep the rest, come again with more */
    OPS_HUB_TOO_LARGE, /* the record is, or will be, over the limit */
    OPS_HUB_BROKEN     /* no record can begin like this (a length of more than 5 bytes or above 2^31-1; an empty record) */
};

/* Cuts the next record off the front of `*stream`. `limit_bytes` counts the record with its separator or length. */
enum ops_hub_split ops_hub_split_json(struct ops_str *stream, size_t limit_bytes, struct ops_str *record);
enum ops_hub_split ops_hub_split_msgpack(struct ops_str *stream, size_t limit_bytes, struct ops_str *record);

/* For a reader that keeps the beginning of a record: `held` (not empty, a split of it says MORE) is followed by `stream`. How many
 * bytes of `stream` to put behind `held` before the next split: never more than belong to the record. JSON: up to the separator,
 * which is then `*ends`; else all of it, and only the size is left to be looked at: no byte is searched twice. MessagePack: one
 * until the length is known, then what lacks; the split of that looks at the length alone. */
size_t ops_hub_rest_json(struct ops_str stream, bool *ends);
size_t ops_hub_rest_msgpack(struct ops_str held, struct ops_str stream);

/* Appends one framed record. `record` is a struct of the schema's HubMessage (`type`). On OPS_ERR_NOMEM `out` is as before. */
enum ops_err ops_hub_frame_json(const struct ops_message *type, const struct ops_json_style *style, const void *record,
                                struct ops_buf *out);
enum ops_err ops_hub_frame_msgpack(const struct ops_message *type, const struct ops_json_style *style, const void *record,
                                   struct ops_buf *out);

#endif
