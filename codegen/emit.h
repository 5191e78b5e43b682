/* The emitters: each prints one generated file from the model. A new product is a new emitter and a row in main.c. */
#ifndef CODEGEN_EMIT_H
#define CODEGEN_EMIT_H

#include "model.h"
#include "text.h"

typedef void emit_function(const struct model *m, struct out *o);

emit_function emit_types;         /* gen/types.h */
emit_function emit_tables_h;      /* gen/tables.h */
emit_function emit_tables_c;      /* gen/tables.c */
emit_function emit_codec;         /* gen/codec.h */
emit_function emit_profile_h;     /* gen/profile.h */
emit_function emit_profile_c;     /* gen/profile.c */
emit_function emit_errors_h;      /* gen/errors.h */
emit_function emit_errors_c;      /* gen/errors.c */
emit_function emit_calls_h;       /* gen/calls.h */
emit_function emit_calls_c;       /* gen/calls.c */
emit_function emit_wire_doc;      /* gen/docs/wire.md */
emit_function emit_wire_calls;    /* its sections on calls, */
emit_function emit_wire_profiles; /* and on styles and profiles */
emit_function emit_typescript;    /* gen/opstream.d.ts */

/* gen/client/opstream.h: made of the other files, so it is printed last. `root`: of the source tree; `out_dir`:
 * where the generated files are. False when a file is missing (said on stderr). */
bool emit_client(const char *root, const char *out_dir, struct out *o);

#endif
