/* Private to the codecs: names in any letter case, and the variants of a oneof. */
#ifndef OPS_CODEC_LOOKUP_H
#define OPS_CODEC_LOOKUP_H

#include "type.h"

/* The same letters, in any ASCII case. */
static inline bool codec_same_letters(struct ops_str a, struct ops_str b)
{
    size_t i;

    if (a.len != b.len)
        return false;
    for (i = 0; i < a.len; i++) {
        unsigned char x = (unsigned char)a.ptr[i], y = (unsigned char)b.ptr[i];

        if (x != y && ((x ^ y) != 0x20 || (unsigned char)((x | 0x20) - 'a') > 'z' - 'a'))
            return false;
    }
    return true;
}

/* The variant with that discriminator; NULL: none. `aliases`: other spellings count, too. */
static inline const struct ops_field *codec_variant_named(const struct ops_message *type, struct ops_str tag, bool aliases)
{
    uint8_t i, k;

    for (i = 0; i < type->oneof->count; i++) {
        const struct ops_field *f = &type->fields[type->oneof->first + i];
        const struct ops_variant *v = f->more->variant;

        if (tag.len == v->tag.len && memcmp(tag.ptr, v->tag.ptr, tag.len) == 0)
            return f;
        for (k = 0; aliases && k < v->alias_count; k++) {
            if (tag.len == v->alias[k].len && memcmp(tag.ptr, v->alias[k].ptr, tag.len) == 0)
                return f;
        }
    }
    return NULL;
}

/* The variant with that integer discriminator, or type of an envelope; NULL: none. */
static inline const struct ops_field *codec_variant_numbered(const struct ops_message *type, int64_t number)
{
    uint8_t i;

    for (i = 0; i < type->oneof->count; i++) {
        const struct ops_field *f = &type->fields[type->oneof->first + i];

        if (f->more->variant->number == number && number >= 0) /* -1: it has no number */
            return f;
    }
    return NULL;
}

/* The variant that is set; NULL: none. */
static inline const struct ops_field *codec_variant_of(const struct ops_message *type, const void *message)
{
    int kind;
    uint8_t i;

    memcpy(&kind, (const char *)message + type->oneof->offset, sizeof kind);
    for (i = 0; i < type->oneof->count; i++) {
        if (type->fields[type->oneof->first + i].number == kind)
            return &type->fields[type->oneof->first + i];
    }
    return NULL;
}

#endif
