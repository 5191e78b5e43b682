/* Private to the MessagePack encoder: the state of one encode, and the functions that its files share. */
#ifndef OPS_CODEC_MSGPACK_WRITER_H
#define OPS_CODEC_MSGPACK_WRITER_H

#include "list.h"
#include "lookup.h"
#include "msgpack.h"

struct mp_writer {
    struct ops_buf *buf;
    const struct ops_json_style *style;
    enum ops_err error; /* set by the function that returned false */
};

enum { MP_HEAD_BYTES = 9 }; /* of any value: a byte and up to eight more */

static inline bool mp_write_no_room(struct mp_writer *w)
{
    w->error = OPS_ERR_NOMEM;
    return false;
}

static inline bool mp_write_bad_json(struct mp_writer *w)
{
    w->error = OPS_ERR_SYNTAX;
    return false;
}

bool mp_write_nil(struct mp_writer *w);
bool mp_write_bool(struct mp_writer *w, bool value);
bool mp_write_int(struct mp_writer *w, int64_t value);
bool mp_write_uint(struct mp_writer *w, uint64_t value);
bool mp_write_double(struct mp_writer *w, double value);
bool mp_write_str(struct mp_writer *w, struct ops_str text);
bool mp_write_bin(struct mp_writer *w, struct ops_str bytes);
bool mp_write_time(struct mp_writer *w, struct ops_time time);

/* An array or map without elements. */
bool mp_write_empty(struct mp_writer *w, bool map);

/* Stores the head of a str of `len` bytes (at most UINT32_MAX) and returns the place behind it; at most 5 bytes. */
char *mp_store_str_head(char *at, size_t len);

/* An array or map whose size is known only at its end: `*start` is where it begins; mp_close makes room for a longer
 * head. */
bool mp_open(struct mp_writer *w, size_t *start);
bool mp_close(struct mp_writer *w, size_t start, size_t count, bool map);

/* A message as a map, a union with its discriminator, or a hub record. */
bool mp_write_message(struct mp_writer *w, const struct ops_message *type, const void *message);

bool mp_write_record(struct mp_writer *w, const struct ops_message *type, const void *message);

/* The members of a message. `skip`: fields that are no members here; `*count` grows by what was written. */
bool mp_write_members(struct mp_writer *w, const struct ops_message *type, const void *message, uint64_t skip,
                      size_t *count);

bool mp_write_arguments(struct mp_writer *w, const struct ops_call *call, const void *message);

/* The value of one field that has one. */
bool mp_write_value(struct mp_writer *w, const struct ops_field *f, enum ops_as as, const void *message);

/* What is written for a field without a value where something must be: nil, or its type's zero value. */
bool mp_write_absent(struct mp_writer *w, const struct ops_field *f);

/* A JSON text as the value it says. */
bool mp_write_json(struct mp_writer *w, struct ops_str json);

/* The order that sorts the entries of a list by the string at `key_offset` of each, by UTF-16 units, equal ones as
 * they stand: indexes in `arena`. False when it has no room; `*order` is NULL when the entries ascend strictly as
 * they are. */
bool mp_map_order(struct ops_arena *arena, const struct codec_list *list, size_t element_bytes, size_t key_offset,
                  const uint32_t **order);

#endif
