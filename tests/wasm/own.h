/* What no user of the simulation does: the tape does it, so that those calls are compared too. */
#ifndef OPS_TESTS_WASM_OWN_H
#define OPS_TESTS_WASM_OWN_H

#include "taped.h"

/* Opens a cursor in a text, which is read after every call from then on. */
void own_cursor_open(struct taped *t, unsigned number);

/* Records one of the calls that read, with what it gives: client_save, doc_snapshot, json_list, text_range. */
void own_read(struct taped *t, unsigned number, enum tape_call call, size_t from_utf16, size_t count_utf16);

/* Cursors that move, pauses between changes, a network that is back, reads: one of them. */
void own_call(struct taped *t);

#endif
