/* Json: may an op be committed (spec/v1.md §3.5)? */
#include "private.h"

static size_t batch_encoded(const struct ops_json_op_batch *batch)
{
    struct ops_json_register view;
    size_t bytes = 0, i;

    for (i = 0; i < batch->operations_count; i++) {
        if (batch->operations[i].kind == OPS_JSON_OP_NONE)
            continue;
        json_op_view(&batch->operations[i], &view);
        bytes += json_register_encoded(&view);
    }
    return bytes;
}

/* How much longer the batch makes the document, at most: an op over a register takes its place. */
static size_t batch_growth(const struct ops_json_doc *document, const struct ops_json_op_batch *batch)
{
    struct ops_json_register view, old;
    size_t bytes = 0, i;

    for (i = 0; i < batch->operations_count; i++) {
        size_t now, before = 0;

        json_op_view(&batch->operations[i], &view);
        now = json_register_encoded(&view);
        if (ops_json_get(document, view.path, &old))
            before = json_register_encoded(&old);
        bytes += now > before ? now - before : 0;
    }
    return bytes;
}

bool json_check(const void *checked, struct ops_op_list pending, const void *op, const struct ops_op_rules *rules,
                struct ops_arena *arena, const void **accepted, struct ops_refusal *refusal)
{
    const struct ops_json_doc *document = (const struct ops_json_doc *)checked;
    const struct ops_json_op_batch *batch = (const struct ops_json_op_batch *)op;
    size_t bytes, i;

    (void)arena;
    for (i = 0; i < batch->operations_count; i++) {
        if (json_op_timestamp(&batch->operations[i]) > rules->stamp_limit) {
            refusal->text = OPS_TEXT_OP_STAMP_AHEAD;
            refusal->where = (int64_t)i;
            return false;
        }
    }
    if (rules->document_limit_bytes != 0) {
        bytes = document->encoded_bytes + sizeof("{\"registers\":{}}") - 1;
        for (i = 0; i < pending.count; i++)
            bytes += batch_encoded((const struct ops_json_op_batch *)pending.ops[i]);
        if (bytes + batch_encoded(batch) > rules->document_limit_bytes) {
            size_t growth = batch_growth(document, batch);

            if (growth > 0 && bytes + growth > rules->document_limit_bytes) {
                refusal->text = OPS_TEXT_DOCUMENT_LARGE;
                refusal->where = (int64_t)rules->document_limit_bytes;
                return false;
            }
        }
    }
    *accepted = op;
    return true;
}
