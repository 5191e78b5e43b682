/* The parts of check.c. */
#ifndef CODEGEN_CHECK_PRIVATE_H
#define CODEGEN_CHECK_PRIVATE_H

#include "model.h"

/* check_field.c: one field by itself: type, form, limits, map. */
void check_field(const struct message *m, const struct field *f);

/* check_union.c: variants of a oneof, the envelope, and names that meet in one JSON object. */
void check_unions(const struct message *m);
void check_member_names(const struct message *m);

/* check_calls.c: hub calls; styles and profiles; error texts. */
void check_service(const struct service *s);
void check_styles(const struct model *m);
void check_texts(const struct model *m);

/* Discriminator of a shape; NULL: none. */
const char *check_tag_name(const struct oneof *o, int shape);

#endif
