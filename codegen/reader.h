/* Reads a FileDescriptorSet into the model. The only part of the generator that knows descriptors, or upb. */
#ifndef CODEGEN_READER_H
#define CODEGEN_READER_H

#include "model.h"

/* `path`: output of `protoc --include_imports --include_source_info`. Takes everything of the files outside google/
 * except the vocabulary of options itself. Reports what it cannot read; false when there is no model at all (said on
 * stderr). */
bool read_model(const char *path, struct model *m);

#endif
