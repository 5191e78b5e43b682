/* The bytes of a tape: items, calls and frames. Must not know what a call means; tape.c does. The form is in tape.h. */
#ifndef OPS_TESTS_WASM_TAPE_RECORD_H
#define OPS_TESTS_WASM_TAPE_RECORD_H

#include "runtime/base/str.h"

enum tape_frame { TAPE_NAMES, TAPE_BEGIN, TAPE_CALL, TAPE_END };

/* Bytes that grow; ends the program without memory. Zeroed: empty. */
struct tape_bytes {
    char *at;
    size_t len, cap;
};

void tape_put(struct tape_bytes *bytes, const void *from, size_t count);
void tape_put_number(struct tape_bytes *bytes, double value);
void tape_put_string(struct tape_bytes *bytes, struct ops_str s); /* absent where its pointer is NULL */
void tape_put_name(struct tape_bytes *bytes, unsigned name);
void tape_free(struct tape_bytes *bytes);

/* Ends the program when nobody reads. */
void tape_frame(int fd, enum tape_frame kind, const struct tape_bytes *payload);

#endif
