/* protobuf-c as an oracle, over the code that protoc-c makes of the schema. */
#ifndef OPS_TESTS_ORACLE_PROTOBUF_C_H
#define OPS_TESTS_ORACLE_PROTOBUF_C_H

#include "runtime/base/arena.h"
#include "runtime/codec/type.h"

/* Unpacks `bytes` and packs what it knows of them, into the arena. False: refused. Strings end at U+0000 there. */
bool oracle_protobuf_c_recode(const struct ops_message *type, struct ops_str bytes, struct ops_arena *arena, struct ops_str *out);

#endif
