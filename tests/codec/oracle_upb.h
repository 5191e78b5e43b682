/* upb as an oracle: messages by reflection, from the descriptors that protoc made of the schema. */
#ifndef OPS_TESTS_ORACLE_UPB_H
#define OPS_TESTS_ORACLE_UPB_H

#include "runtime/codec/type.h"
#include "tests/codec/random_text.h"

/* Loads gen/opstream.pb. False: it cannot be read. */
bool oracle_upb_open(const char *path);
void oracle_upb_close(void);

/* Decodes `bytes` and encodes what it knows of them. False: refused. `out`: valid until the next call. */
bool oracle_upb_recode(const struct ops_message *type, struct ops_str bytes, struct ops_str *out);

/* Encodes a random message that upb itself has built. Valid until the next call. */
struct ops_str oracle_upb_random(const struct ops_message *type, struct random_source *random, struct ops_arena *arena);

#endif
