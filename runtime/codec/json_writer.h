/* Private to the JSON encoder: the state of one encode, and the functions that its files share. */
#ifndef OPS_CODEC_JSON_WRITER_H
#define OPS_CODEC_JSON_WRITER_H

#include "json.h"
#include "lookup.h"

/* Room is reserved by an upper bound before a value is stored, so storing needs no check. */
struct json_writer {
    struct ops_buf *buf;
    char *at, *end; /* free room of the buffer */
    const struct ops_json_style *style;
    uint8_t shape;
};

bool json_writer_grow(struct json_writer *w, size_t bytes);

static inline bool json_room_for(struct json_writer *w, size_t bytes)
{
    return (size_t)(w->end - w->at) >= bytes ? true : json_writer_grow(w, bytes);
}

/* Copies a short literal: two overlapping loads and stores instead of a call. */
static inline char *json_store(char *at, const char *from, size_t len)
{
    if (len >= 16) {
        char head[16], tail[16];
        size_t done;

        for (done = 16; done + 16 < len; done += 16) {
            memcpy(head, from + done, 16);
            memcpy(at + done, head, 16);
        }
        memcpy(head, from, 16);
        memcpy(tail, from + len - 16, 16);
        memcpy(at, head, 16);
        memcpy(at + len - 16, tail, 16);
    } else if (len >= 8) {
        uint64_t head, tail;

        memcpy(&head, from, 8);
        memcpy(&tail, from + len - 8, 8);
        memcpy(at, &head, 8);
        memcpy(at + len - 8, &tail, 8);
    } else if (len >= 4) {
        uint32_t head, tail;

        memcpy(&head, from, 4);
        memcpy(&tail, from + len - 4, 4);
        memcpy(at, &head, 4);
        memcpy(at + len - 4, &tail, 4);
    } else {
        size_t i;

        for (i = 0; i < len; i++)
            at[i] = from[i];
    }
    return at + len;
}

/* Appends a literal, without its leading comma where nothing stands before it. */
static inline bool json_write_literal(struct json_writer *w, struct ops_lit lit, bool *first)
{
    if (!json_room_for(w, lit.len))
        return false;
    w->at = *first ? json_store(w->at, lit.ptr + 1, lit.len - 1) : json_store(w->at, lit.ptr, lit.len);
    *first = false;
    return true;
}

static inline bool json_write_text(struct json_writer *w, const char *text, size_t len)
{
    if (!json_room_for(w, len))
        return false;
    w->at = json_store(w->at, text, len);
    return true;
}

static inline bool json_write_char(struct json_writer *w, char c)
{
    if (!json_room_for(w, 1))
        return false;
    *w->at++ = c;
    return true;
}

/* A quoted, escaped string. */
bool json_write_string(struct json_writer *w, struct ops_str text);

/* A message as an object, a union with its discriminator, or the envelope. */
bool json_write_message(struct json_writer *w, const struct ops_message *type, const void *message);

/* The members of a message, without braces. `skip`: fields that are no members here. */
bool json_write_members(struct json_writer *w, const struct ops_message *type, const void *message, uint64_t skip, bool *first);

/* The value of one field; nothing absent. */
bool json_write_value(struct json_writer *w, const struct ops_field *f, enum ops_as as, const void *message);

static inline uint64_t json_variant_mask(const struct ops_message *type)
{
    return (((uint64_t)1 << type->oneof->count) - 1) << type->oneof->first;
}

/* What a shape writes for a field without a value: null, or its type's zero value. */
bool json_write_zero(struct json_writer *w, const struct ops_field *f);
bool json_write_absent(struct json_writer *w, const struct ops_field *f);

/* Whether a field has no value. */
bool json_is_absent(const struct ops_field *f, const void *message, uint8_t shape);

/* A repeated message as an object. */
bool json_write_map(struct json_writer *w, const struct ops_field *f, const void *message);

bool json_write_envelope(struct json_writer *w, const struct ops_message *type, const void *message);
bool json_write_arguments(struct json_writer *w, const struct ops_call *call, const void *message);

#endif
