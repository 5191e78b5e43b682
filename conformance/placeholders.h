/* Placeholders in the texts of a case: `<guid:1>`, `<repeat:ab:40000>`, `<run>` ... (README.md beside this file). */
#ifndef OPS_CONFORMANCE_PLACEHOLDERS_H
#define OPS_CONFORMANCE_PLACEHOLDERS_H

#include "memory.h"

/* `text` with a valid value in each place: the same n gives the same value, another n another one. Lies in the
 * arena, or is `text` itself when nothing is to be replaced. */
struct ops_str conf_fill(struct ops_arena *arena, struct ops_str text);

#endif
