/* What the schema says, as plain C structs: the reader fills them, `resolve` looks names up and fills in what was
 * not said, `check` refuses mistakes, the emitters print. Nothing here knows descriptors.
 *
 * Lists are a pointer and a count, in the order of the schema. Strings are never freed before the end; NULL: not
 * said. */
#ifndef CODEGEN_MODEL_H
#define CODEGEN_MODEL_H

#include "report.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- options, member by member as the vocabulary of schema/opstream.proto has them ------------------------------- */

struct strings {
    const char **items;
    size_t count;
};

/* In the order of FieldForm.Absent and of enum ops_absent. */
enum absent { ABSENT_DEFAULT, ABSENT_REQUIRED, ABSENT_OMIT, ABSENT_NULL, ABSENT_ZERO };
/* In the order of FieldForm.As and of enum ops_as. */
enum as { AS_PLAIN, AS_OPAQUE, AS_JSON_IN_STRING, AS_TYPED_JSON, AS_ID, AS_ANY };
/* In the order of Limit.Unit. */
enum unit {
    UNIT_NONE,
    UNIT_BYTES,
    UNIT_UTF16,
    UNIT_VALUE,
    UNIT_COUNT,
    UNIT_NOT_BLANK,
    UNIT_NO_CONTROL,
    UNIT_PRESENT,
    UNIT_VISIBLE_ASCII
};

struct limit {
    int32_t unit;
    int64_t min, max;
    bool has_min, has_max;
    int32_t error;
    bool has_error;
    const char *text;
    bool v1_only, ref_only;
    struct error_text *error_text; /* resolved; NULL: the generic sentence */
};

struct map_form {
    const char *key, *value;
    bool key_inside, sorted_in_ref;
};

struct field_form {
    const char *name, *v1, *ref;
    bool plus;
    int32_t v1_absent, ref_absent;
    int32_t as, v1_as, ref_as;
    bool has_v1_as, has_ref_as;
    struct limit *limits;
    size_t limit_count;
    struct map_form *map;
    bool single;
    const char *json_type;
};

struct variant_form {
    const char *tag;
    struct strings alias;
    int32_t number;
    bool has_number;
    const char *slot, *slot_value;
};

struct union_form {
    const char *v1, *ref;
    bool integer;
};

struct envelope_form {
    const char *type;
    struct strings slots;
    const char *other;

    struct message *other_message; /* resolved */
};

struct message_form {
    struct strings packed;
    bool packed_empty;
};

struct call_form {
    struct strings args;
    const char *result, *target;
    bool plus;
};

struct error_text {
    const char *id, *v1, *ref;
    struct enumerator *enumerator; /* resolved: the code it belongs to */
    size_t index;                  /* resolved: among all texts, from 1 */
};

struct name_form {
    const char *v1;
    int32_t grpc_status;
    struct error_text *texts;
    size_t text_count;
};

struct style {
    const char *name;
    bool reference_shape;
    int32_t escaper, names;
    bool nulls_omitted, opaque_verbatim, maps_sorted, strict, discriminator_first, times_millis_z, enum_names, plus;
    bool exact_arguments;
    int32_t depth_limit, opaque_depth_limit;
    const char *comment;
    struct place place;
};

/* A profile is read generically: a new flag in the vocabulary is a new member of struct ops_profile, nothing else. */
enum profile_kind { PROFILE_NAME, PROFILE_STYLE, PROFILE_FLAG, PROFILE_NUMBER };
struct profile_member {
    const char *name, *comment;
    enum profile_kind kind;
    struct place place;
};
struct profile_value {
    const char *text; /* of a name or a style */
    int64_t number;   /* of a flag or a number */
};
struct profile {
    const char *name;
    struct profile_value *values; /* one a member */
    struct place place;
};

/* ---- definitions ------------------------------------------------------------------------------------------------- */

enum { V1, REF, SHAPES };
enum { NOT_FOUND = -1, WHOLE = 0xff };

/* In the order of enum ops_type. */
enum kind {
    KIND_BOOL,
    KIND_INT32,
    KIND_INT64,
    KIND_ENUM,
    KIND_STRING,
    KIND_BYTES,
    KIND_TIME,
    KIND_MESSAGE,
    KIND_UNSUPPORTED
};

struct field {
    const char *name, *comment;
    struct place place;
    int32_t number;
    enum kind kind;
    const char *type_name; /* as written in the schema; of messages and enums the full name */
    bool repeated;
    bool optional; /* explicit presence: `optional`, a message, a wrapper, a Timestamp */
    bool wrapper;
    bool in_oneof;
    struct field_form form; /* zeroed when not said */
    struct variant_form *variant;

    /* resolved */
    const char *c_name;
    struct message *message;      /* of MESSAGE and TYPED_JSON */
    struct message *json_message; /* what json_type names */
    struct enumeration *enumeration;
    const char *wire_name[SHAPES]; /* NULL: not in this shape */
    enum as as[SHAPES];
    enum absent absent[SHAPES]; /* never DEFAULT */
    bool required[SHAPES];
    int64_t min, max;       /* of integers */
    int map_key, map_value; /* indexes in the entry; map_value may be WHOLE */
    int slot, slot_value;   /* slot NOT_FOUND: none; slot_value may be WHOLE */
};

struct oneof {
    const char *name, *comment;
    struct place place;
    size_t first, count;     /* its variants among the message's fields */
    struct union_form *form; /* NULL: no discriminator */
};

struct message {
    const char *name;      /* TextOp */
    const char *full_name; /* opstream.TextOp */
    const char *comment;
    struct place place;
    struct field *fields;
    size_t field_count;
    struct oneof *oneofs;
    size_t oneof_count;
    struct message_form *form;
    struct envelope_form *envelope;

    /* resolved */
    const char *c_name; /* text_op: struct ops_text_op */
    bool is_packed;     /* a MessagePack hub record */
    int *packed;        /* field indexes */
    size_t packed_count;
    int *order_number; /* field indexes in the order of numbers; NULL: as declared */
    int mark;          /* scratch of walks: see resolve.c, emit_types.c */
};

struct enumerator {
    const char *name, *comment;
    struct place place;
    int32_t number;
    struct name_form form;
    struct enumeration *enumeration;

    /* resolved */
    const char *c_name;    /* OPS_ERROR_CODE_TOO_LARGE */
    const char *wire_name; /* in v1 JSON */
};

struct enumeration {
    const char *name, *full_name, *comment;
    const char *owner; /* the message it is declared in; NULL: none */
    struct place place;
    struct enumerator *values;
    size_t count;

    /* resolved */
    const char *c_name; /* error_code: enum ops_error_code */
    bool used;          /* by a field: its wire names are needed */
};

struct argument {
    const char *name;
    bool plus;
    int field; /* resolved */
};

struct rpc {
    const char *name, *comment;
    struct place place;
    const char *request_name, *response_name;
    bool client_streaming, server_streaming;
    struct call_form *call; /* NULL: not a hub call */

    /* resolved */
    const char *c_name;
    struct message *request, *response; /* NULL: google.protobuf.Empty */
    const char *target;
    struct argument *arguments;
    size_t argument_count;
    int result; /* field of the response, or WHOLE */
};

struct service {
    const char *name, *comment;
    struct place place;
    struct rpc *rpcs;
    size_t rpc_count;

    /* resolved */
    const char *c_name;
    bool hub; /* its rpcs are hub calls */
};

struct model {
    const char *package;
    struct message *messages;
    size_t message_count;
    struct enumeration *enums;
    size_t enum_count;
    struct service *services;
    size_t service_count;
    struct style *styles;
    size_t style_count;
    struct profile_member *profile_members;
    size_t profile_member_count;
    struct profile *profiles;
    size_t profile_count;

    /* resolved */
    struct error_text **texts; /* all of them, [0] is NULL: the generic sentence */
    size_t text_count;
    struct enumeration *error_codes; /* the enum ErrorCode */
};

/* Looks names up and fills in what was not said; reports names that do not exist. */
void resolve(struct model *m);

/* Reports everything else that cannot be generated from. */
void check(const struct model *m);

/* Index of a field by its schema name, or NOT_FOUND. */
int message_field(const struct message *m, const char *name);

#endif
