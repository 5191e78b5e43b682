/* The engines that are built in, and their names (spec/opstream-engines.md §0.2). */
#include "engine.h"

const struct ops_engine *const ops_engines[] = {&ops_text_engine, &ops_json_engine, NULL};

static char engine_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Same but for the letter case of ASCII. */
static bool engine_same_name(struct ops_str a, struct ops_str b)
{
    size_t i;

    if (a.len != b.len)
        return false;
    for (i = 0; i < a.len; i++) {
        if (engine_lower(a.ptr[i]) != engine_lower(b.ptr[i]))
            return false;
    }
    return true;
}

const struct ops_engine *ops_engine_find(struct ops_str document_type)
{
    size_t i;

    if (engine_same_name(document_type, OPS_STR("richtext")))
        document_type = OPS_STR("rich-text");
    for (i = 0; ops_engines[i] != NULL; i++) {
        if (engine_same_name(document_type, ops_engines[i]->document_type))
            return ops_engines[i];
    }
    return NULL;
}

const struct ops_engine *ops_engine_find_op_type(struct ops_str op_type_name)
{
    size_t i;

    for (i = 0; ops_engines[i] != NULL; i++) {
        if (ops_str_equal(op_type_name, ops_engines[i]->op_type_name))
            return ops_engines[i];
    }
    return ops_engine_find(op_type_name);
}
