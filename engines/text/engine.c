/* The text engine's table. */
#include "private.h"

static size_t text_cost(const void *op)
{
    return ((const struct ops_text_op *)op)->components_count;
}

const struct ops_engine ops_text_engine = {
    .document_type = {"text", sizeof("text") - 1},
    .op_type_name = {"TextOp", sizeof("TextOp") - 1},
    .op_type = &ops_text_op_type,
    .snapshot_type = &ops_text_document_type,
    .rebases = true,
    .open = text_open,
    .load = text_load,
    .snapshot = text_snapshot,
    .close = text_close,
    .cost = text_cost,
    .is_no_op = text_is_no_op,
    .is_sound = text_is_sound,
    .transform = text_transform,
    .compose = text_compose,
    .invert = text_invert,
    .check = text_check,
    .apply = text_apply,
    .undo_record = text_undo_record,
    .undo_carry = text_undo_carry,
    .undo_op = text_undo_op,
    .undo_drop = text_undo_drop,
};
