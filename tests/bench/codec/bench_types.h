/* The generated types for C and C++, and the few names of gen/ that the benchmark uses. */
#ifndef OPS_BENCH_TYPES_H
#define OPS_BENCH_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" { /* the runtime was compiled as C */
#endif
#include "gen/codec.h"
#include "runtime/base/base64.h"
#include "runtime/base/num.h"
#include "runtime/codec/json.h"
#include "runtime/codec/proto.h"
#ifdef __cplusplus
}
#endif

#endif
