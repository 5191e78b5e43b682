/* The model of the schema at run time: one row a field, shared by every wire form.
 *
 * The generator writes these tables (gen/tables.c) from schema/opstream.proto; the codecs in this folder walk them. They know
 * JSON, protobuf and MessagePack, but no message; the tables know the messages, but no wire form. So a form is written
 * once and is the same for all messages, and a new message costs rows, not code. Why tables and not a function for every
 * message and shape: README.md of this folder, with the measurement.
 *
 * All of it is static, constant memory. C11 and C++17. */
#ifndef OPS_CODEC_TYPE_H
#define OPS_CODEC_TYPE_H

#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/json_text.h"

struct ops_message;
struct ops_field;
struct ops_call;

/* ---- how a schema field looks in a C struct ----------------------------------------------------------------------
 *
 *   string, bytes                struct ops_str            absent: ptr NULL (implicit-presence fields: same as empty on protobuf)
 *   int32, int64, bool, enum     int32_t, int64_t, bool, enum
 *   the same, optional           struct ops_opt_int32 ...  (also google.protobuf.Int32Value, Int64Value)
 *   google.protobuf.Timestamp    struct ops_time
 *   message                      const struct X *          absent: NULL
 *   repeated X                   const struct X *x; size_t x_count;   absent: NULL; an empty list has a pointer that is not NULL
 *   repeated string              const struct ops_str *x; size_t x_count;
 *   oneof                        an enum (0, or the number of the variant that is set) and an anonymous union of the variants,
 *                                messages by value
 *   as: ANY                      struct ops_any
 */
struct ops_opt_int32 {
    int32_t value;
    bool set;
};
struct ops_opt_int64 {
    int64_t value;
    bool set;
};
struct ops_opt_bool {
    bool value;
    bool set;
};

/* A value whose type the schema leaves open (a hub call's arguments, its result). Decoded: `raw`, a slice of the input. To
 * be encoded: either `raw` (JSON text), or `message` of type `type`: whole, or its field `field`, or as the positional
 * arguments of `call`. */
struct ops_any {
    struct ops_str raw;
    const struct ops_message *type;
    const void *message;
    const struct ops_field *field;
    const struct ops_call *call;
};

/* What `items` of an empty list points to. Never dereferenced. */
extern const int64_t ops_empty_list;

enum ops_type {
    OPS_TYPE_BOOL,
    OPS_TYPE_INT32,
    OPS_TYPE_INT64,
    OPS_TYPE_ENUM,
    OPS_TYPE_STRING,
    OPS_TYPE_BYTES, /* JSON: base64; MessagePack: bin */
    OPS_TYPE_TIME,
    OPS_TYPE_MESSAGE
};

/* How a value is written in JSON where that is not its type's own way. */
enum ops_as {
    OPS_AS_PLAIN,
    OPS_AS_OPAQUE,         /* a JSON text, in place (struct ops_str holds the text) */
    OPS_AS_JSON_IN_STRING, /* a JSON text, as the content of a string; checked by validation, not by decoding */
    OPS_AS_TYPED_JSON,     /* a JSON text, in place, of the message `of`; canonical on the way out */
    OPS_AS_ID,             /* a JSON text, in place: a string of at most 64 units or an integer within 2^53-1; verbatim */
    OPS_AS_ANY             /* struct ops_any */
};

/* What a shape does with an absent value. */
enum ops_absent {
    OPS_ABSENT_REQUIRED, /* never absent: refused when missing on the way in, the type's zero value on the way out */
    OPS_ABSENT_OMIT,     /* left out */
    OPS_ABSENT_NULL,     /* `null` (styles may leave nulls out) */
    OPS_ABSENT_ZERO      /* the type's zero value ("" 0 false []); may be missing on the way in */
};

enum ops_field_flag {
    OPS_FIELD_REPEATED = 1 << 0,
    OPS_FIELD_OPTIONAL = 1 << 1, /* explicit presence: proto3 `optional`, a message, a wrapper, a Timestamp */
    OPS_FIELD_WRAPPER = 1 << 2,  /* google.protobuf.Int32Value or Int64Value */
    OPS_FIELD_VARIANT = 1 << 3,  /* a variant of the oneof: all at one offset */
    OPS_FIELD_PLUS = 1 << 4,     /* ours: extended connections only */
    OPS_FIELD_SINGLE = 1 << 5    /* a list of exactly one: v1 spreads its members in place, an argument list takes the element */
};

/* A literal of the wire: `,"documentId":`; the name alone starts at ptr + 2 and has len - 4 bytes. NULL: not in this shape. */
struct ops_lit {
    const char *ptr;
    size_t len;
};

enum ops_shape { OPS_SHAPE_V1, OPS_SHAPE_REF, OPS_SHAPE_COUNT };

/* A repeated message written as a JSON object keyed by one of its fields. */
struct ops_map {
    uint8_t key;         /* index of the key field (a string) in the entry message */
    uint8_t value;       /* index of the one field that is the value, OPS_MAP_WHOLE: the entry itself */
    bool key_inside;     /* the entry's object has the key as a member too */
    bool sorted_in_ref;  /* sorted by UTF-16 units in `reference` too (in v1 every map is) */
};
enum { OPS_MAP_WHOLE = 0xff };

enum ops_unit {
    OPS_UNIT_BYTES,
    OPS_UNIT_UTF16,
    OPS_UNIT_VALUE,
    OPS_UNIT_COUNT,
    OPS_UNIT_NOT_BLANK,
    OPS_UNIT_NO_CONTROL,
    OPS_UNIT_PRESENT,      /* not absent; it may be empty */
    OPS_UNIT_VISIBLE_ASCII /* U+0021-7E only */
};

/* One limit of a field; checked by ops_validate in the order of the schema (spec/v1.md §3.5, opstream-wire.md §8.1). */
struct ops_limit {
    uint8_t unit;        /* enum ops_unit */
    uint8_t shapes;      /* bit s: checked of what came in shape s */
    uint8_t reason;      /* enum ops_reason when broken below or above; both follow from unit for the others */
    int64_t min, max;
    uint8_t error_code;  /* enum ops_error_code of gen */
    uint16_t text;       /* enum ops_text of gen: what `reference` says */
};

/* What a variant of a tagged oneof is called. */
struct ops_variant {
    struct ops_lit tag;           /* discriminator value without quotes: insert */
    const struct ops_lit *alias;  /* spelled-out names that readers take too (v1) */
    uint8_t alias_count;
    int32_t number;               /* value of an integer discriminator; -1 where there is none */
    /* `reference` envelope: the slot this variant fills, and which field of it is the slot's value. */
    uint8_t slot;                 /* index into the envelope's slots; OPS_NO_SLOT */
    uint8_t slot_value;           /* index of the field, OPS_MAP_WHOLE: the message */
};
enum { OPS_NO_SLOT = 0xff };

/* Rare properties of a field, out of the row that the fast path reads. */
struct ops_detail {
    const struct ops_map *map;
    const struct ops_variant *variant;
    const struct ops_limit *limits;
    uint8_t limit_count;
    int64_t min, max;             /* of an integer, checked while decoding by styles that say so; else the type's range */
};

struct ops_field {
    struct ops_lit name[OPS_SHAPE_COUNT];
    uint16_t offset;              /* in the C struct */
    uint16_t number;              /* of protobuf */
    uint8_t type;                 /* enum ops_type */
    uint8_t flags;                /* enum ops_field_flag */
    uint8_t as[OPS_SHAPE_COUNT];  /* enum ops_as */
    uint8_t absent[OPS_SHAPE_COUNT]; /* enum ops_absent */
    const void *of;               /* struct ops_message of MESSAGE and TYPED_JSON, struct ops_enum of ENUM; else NULL */
    const struct ops_detail *more; /* NULL: nothing rare */
};

/* The oneof of a message. `tag_name` NULL: no discriminator in JSON, the variant is an ordinary member. */
struct ops_oneof {
    struct ops_lit tag_name[OPS_SHAPE_COUNT]; /* name alone: type, $type */
    uint16_t offset;                          /* of the enum */
    uint8_t first, count;                     /* variants are the fields [first, first + count) */
    bool integer;                             /* the discriminator is an integer */
};

/* The `reference` WebSocket envelope: every slot is a member, at most one holds a value. */
struct ops_envelope {
    struct ops_lit type_name;     /* `,"messageType":` */
    const struct ops_lit *slots;  /* `,"joinRequest":` in wire order, the type and plain fields not among them */
    uint8_t slot_count;
    const struct ops_message *other; /* of the other direction: what stands in the slots that no variant here fills; may be NULL */
};

struct ops_message {
    struct ops_str name;                  /* as in the schema */
    uint16_t size;                        /* of the C struct, bytes */
    uint8_t field_count;                  /* at most 64 */
    uint8_t packed_count;
    const struct ops_field *fields;       /* in the order of the schema: that of JSON members */
    const uint8_t *order_number;          /* in the order of field numbers; NULL: as declared */
    const struct ops_oneof *oneof;        /* NULL: none */
    const struct ops_envelope *envelope;  /* NULL: none */
    const uint8_t *packed;                /* MessagePack hub records: field indexes after the type; NULL: a map */
    uint64_t required[OPS_SHAPE_COUNT];   /* bit i: field i must be there on the way in. v1: absent REQUIRED; ref: an OPAQUE whose
                                             absent is NULL or REQUIRED (spec/opstream-wire.md §1.3: an "undefined" element fails) */
};

struct ops_enum_value {
    struct ops_lit name; /* in v1 JSON */
    int32_t number;
};
struct ops_enum {
    const struct ops_enum_value *values;
    uint8_t count;
};

/* A hub method or callback: positional arguments (spec/v1.md §4.2, opstream-wire.md §4.4). */
struct ops_argument {
    uint8_t field; /* index in `message` */
    bool plus;     /* extended connections only; may be missing on the way in */
};
struct ops_call {
    struct ops_str target;               /* JoinDocument */
    const struct ops_message *message;   /* its arguments, as a message */
    const struct ops_argument *arguments;
    uint8_t argument_count;
    bool plus;                           /* a method: makes the connection extended; a callback: for extended ones only */
    const struct ops_message *result;    /* NULL: none */
    uint8_t result_field;                /* the field that is the result; OPS_MAP_WHOLE: the message */
};

/* ---- styles ----------------------------------------------------------------------------------------------------- */

enum ops_names { OPS_NAMES_EXACT, OPS_NAMES_ANY_CASE, OPS_NAMES_EXACT_ELSE_ANY_CASE };

/* A JSON form is a shape times a style. Declared in the schema (option `style`), so no code outside gen/ names one. */
struct ops_json_style {
    const char *name;
    uint8_t shape;            /* enum ops_shape */
    uint8_t escaper;          /* enum ops_json_escaper */
    uint8_t names;            /* enum ops_names: on the way in */
    bool nulls_omitted;       /* a field that is OPS_ABSENT_NULL is left out all the same */
    bool opaque_verbatim;     /* else re-emitted */
    bool maps_sorted;         /* else in list order */
    bool strict;              /* required members, ranges, no null where a value is needed; of duplicates only the counting one */
    bool discriminator_first; /* must be the first member with exactly its name; else anywhere, either name */
    bool times_millis_z;      /* else ticks and offset */
    bool enum_names;          /* else integers */
    bool plus;                /* + members are written */
    bool exact_arguments;     /* argument lists must have exactly the declared count */
    uint8_t depth_limit;      /* of a JSON text from its root */
    uint8_t opaque_depth_limit; /* of an opaque value itself */
};

#endif
