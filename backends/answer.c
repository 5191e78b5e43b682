#include "answer.h"

#include <stdarg.h>
#include <stdio.h>

void ops_store_fail(struct ops_store_request *r, enum ops_store_result result, const char *format, ...)
{
    va_list args;

    r->result = result;
    va_start(args, format);
    (void)vsnprintf(r->problem, sizeof r->problem, format, args);
    va_end(args);
}

bool ops_store_op_copy(struct ops_arena *arena, const struct ops_store_op *from, struct ops_store_op *to)
{
    struct ops_store_op copy = *from;

    if (!ops_arena_copy(arena, from->author_id, &copy.author_id) || !ops_arena_copy(arena, from->payload, &copy.payload) ||
        !ops_arena_copy(arena, from->op_type_name, &copy.op_type_name) || !ops_arena_copy(arena, from->op_id, &copy.op_id))
        return false;
    *to = copy;
    return true;
}
