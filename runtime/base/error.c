/* Phrases of the reasons, and the one function that fills an error. */
#include "runtime/base/error.h"

const char *ops_reason_text(enum ops_reason reason)
{
    switch (reason) {
#define X(name, text)                                                                                                  \
    case OPS_REASON_##name:                                                                                            \
        return text;
        OPS_REASONS(X)
#undef X
    case OPS_REASON_COUNT:
        break;
    }
    return "unknown reason";
}

enum ops_err ops_fail(struct ops_error *err, enum ops_err code, enum ops_reason reason, size_t offset_bytes)
{
    if (err != NULL) {
        err->code = code;
        err->reason = reason;
        err->offset_bytes = offset_bytes;
        err->min = 0;
        err->max = -1;
        err->member = ops_str_of(NULL, 0);
    }
    return code;
}
