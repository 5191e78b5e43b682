/* The messages that are measured. */
#ifndef OPS_BENCH_SAMPLES_H
#define OPS_BENCH_SAMPLES_H

#include "bench.h"

/* Makes all of them, and a file of each JSON text in `folder` for Node. False when something failed. */
bool samples_make(struct bench_sample *samples, const char *folder);

#endif
