/* Json: what an op must be, and doing it (spec/opstream-engines.md §3.4). */
#include "private.h"

bool json_is_no_op(const void *op)
{
    return ((const struct ops_json_op_batch *)op)->operations_count == 0;
}

bool json_is_sound(const void *op, const struct ops_op_rules *rules, struct ops_refusal *refusal)
{
    const struct ops_json_op_batch *batch = (const struct ops_json_op_batch *)op;
    size_t i;

    (void)rules;
    refusal->where = -1;
    refusal->text = OPS_TEXT_OP_OPERATIONS_NULL;
    if (batch->operations == NULL)
        return false;
    for (i = 0; i < batch->operations_count; i++) {
        const struct ops_json_op *one = &batch->operations[i];

        refusal->where = (int64_t)i;
        refusal->text = OPS_TEXT_OP_ELEMENT_NULL; /* that is also what the released server says of a missing path */
        if (one->kind == OPS_JSON_OP_NONE || json_op_path(one).ptr == NULL)
            return false;
        refusal->text = OPS_TEXT_OP_VALUE_ABSENT;
        if (one->kind == OPS_JSON_OP_SET && one->set.value.len == 0)
            return false;
    }
    return true;
}

static enum ops_err apply_plan(struct ops_json_doc *document, const struct json_plan *plan)
{
    size_t i;

    for (i = 0; i < plan->count; i++) {
        struct json_change *change = &plan->changes[i];
        struct ops_json_register view;

        json_op_view(change->op, &view);
        if (change->planted) {
            view.path = json_register_path(change->reg);
            view.value = OPS_STR("null");
            view.is_deleted = true;
        }
        change->reg = json_register_write(document, change->reg, &view);
        if (change->reg == NULL)
            return OPS_ERR_NOMEM;
    }
    return OPS_OK;
}

enum ops_err ops_json_apply_watched(struct ops_json_doc *document, const struct ops_json_op_batch *op,
                                    struct ops_arena *scratch, ops_json_visit *visit, void *self)
{
    struct ops_arena_mark mark = ops_arena_here(scratch);
    struct json_reduced reduced;
    struct json_plan plan;
    enum ops_err result = json_reduce(NULL, op, scratch, &reduced);
    size_t i;

    if (result == OPS_OK)
        result = json_plan_make(document, &reduced, true, scratch, &plan);
    if (result == OPS_OK)
        result = apply_plan(document, &plan);
    for (i = 0; result == OPS_OK && visit != NULL && i < plan.count; i++) {
        struct ops_json_register view;

        json_register_view(plan.changes[i].reg, &view);
        visit(self, &view);
    }
    ops_arena_rewind(scratch, mark);
    return result;
}

enum ops_err json_apply(void *document, const void *op, struct ops_arena *scratch)
{
    return ops_json_apply_watched((struct ops_json_doc *)document, (const struct ops_json_op_batch *)op, scratch, NULL,
                                  NULL);
}
