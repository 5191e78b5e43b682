/* What the reader's files share: the pool of descriptors, places and comments, and options. */
#ifndef CODEGEN_READER_PRIVATE_H
#define CODEGEN_READER_PRIVATE_H

#include "model.h"

#include "php-upb.h" /* all of upb */

struct reader {
    upb_Arena *arena;
    upb_DefPool *pool;
    const google_protobuf_FileDescriptorSet *set; /* kept: the pool throws source info away */
    struct model *model;
};

/* A dynamic message and its definition. `msg` NULL: absent. */
struct view {
    const upb_Message *msg;
    const upb_MessageDef *def;
};

/* ---- reader_source.c: places and comments ---- */

/* Where a definition stands in its file's descriptor: field numbers and indexes. */
struct path {
    int32_t at[32];
    size_t n;
};
struct path path_under(struct path p, int32_t number, int32_t index);

struct place source_place(const struct reader *r, const upb_FileDef *file, struct path p);
/* The comment above (or behind) a definition, unwrapped: one line a paragraph is left to the emitters. NULL: none. */
const char *source_comment(const struct reader *r, const upb_FileDef *file, struct path p);

/* ---- reader_options.c: custom options into the structs of model.h ---- */

/* The options of a definition, as the pool's own message, in which extensions are known. */
struct view options_view(struct reader *r, const void *opts, const upb_MiniTable *table, const char *name);
#define OPTIONS(r, Kind, def)                                                                                          \
    (upb_##Kind##Def_HasOptions(def)                                                                                   \
         ? options_view(r, upb_##Kind##Def_Options(def), &google_protobuf_##Kind##Options_msginit,                     \
                        "google.protobuf." #Kind "Options")                                                            \
         : (struct view){NULL, NULL})

/* Refuses options that the vocabulary does not have. */
void options_check_known(struct reader *r, struct view options, struct place place);

/* An option's value as its struct; NULL when it is not there. `place` is that of the definition. */
struct field_form *options_field_form(struct reader *r, struct view options, struct place place);
struct variant_form *options_variant(struct reader *r, struct view options, struct place place);
struct union_form *options_union(struct reader *r, struct view options, struct place place);
struct message_form *options_message_form(struct reader *r, struct view options, struct place place);
struct envelope_form *options_envelope(struct reader *r, struct view options, struct place place);
struct name_form *options_name(struct reader *r, struct view options, struct place place);
struct call_form *options_call(struct reader *r, struct view options, struct place place);

/* Styles of a file, added to the model's. */
void options_styles(struct reader *r, const upb_FileDef *file, struct view options);

/* The values of a repeated extension of a file, its definition, and the path of one of them. */
const upb_Array *options_of_file(struct reader *r, struct view options, const char *name, const upb_FieldDef **f);
struct path options_file_path(const upb_FieldDef *f, size_t index);

/* Refuses members that the message's own definition does not have. */
void options_refuse_unknown(struct view v, const char *what, struct place place);

/* Refuses option members that the vocabulary has and this generator does not read. */
void options_check_vocabulary(struct reader *r);

/* True for the messages that options are made of. */
bool options_is_vocabulary(const struct reader *r, const upb_MessageDef *m);

/* Path of a message of the vocabulary in its file; these are declared at the top. */
struct path options_message_path(const upb_MessageDef *m);

/* ---- reader_profiles.c ---- */

/* Profiles of a file, added to the model's. */
void options_profiles(struct reader *r, const upb_FileDef *file, struct view options);

char *reader_string(upb_StringView s);

#endif
