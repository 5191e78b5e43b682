/* The json engine's table. */
#include "private.h"

static size_t json_cost(const void *op)
{
    return ((const struct ops_json_op_batch *)op)->operations_count;
}

const struct ops_engine ops_json_engine = {
    .document_type = {"json", sizeof("json") - 1},
    .op_type_name = {"JsonOpBatch", sizeof("JsonOpBatch") - 1},
    .op_type = &ops_json_op_batch_type,
    .snapshot_type = &ops_json_document_type,
    .rebases = false,
    .open = json_open,
    .load = json_load,
    .snapshot = json_snapshot,
    .close = json_close,
    .cost = json_cost,
    .is_no_op = json_is_no_op,
    .is_sound = json_is_sound,
    .transform = json_transform,
    .compose = json_compose,
    .invert = json_invert,
    .check = json_check,
    .apply = json_apply,
    .undo_record = json_undo_record,
    .undo_carry = json_undo_carry,
    .undo_op = json_undo_op,
    .undo_drop = json_undo_drop,
};
