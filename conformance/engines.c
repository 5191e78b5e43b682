#include "engines.h"

#define NAME(text)                                                                                                     \
    {                                                                                                                  \
        text, sizeof(text) - 1                                                                                         \
    }

const struct conf_engine conf_engines[CONF_ENGINE_COUNT] = {
    {NAME("text"), &ops_text_op_type, &ops_text_document_type},
    {NAME("rich-text"), &ops_rich_text_op_type, &ops_rich_text_document_type},
    {NAME("json"), &ops_json_op_batch_type, &ops_json_document_type},
    {NAME("tree"), &ops_tree_op_batch_type, &ops_tree_document_type},
    {NAME("table"), &ops_table_op_batch_type, &ops_table_document_type},
    {NAME("form"), &ops_form_op_batch_type, &ops_form_document_type},
};

static char engines_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool conf_same_letters(struct ops_str a, struct ops_str b)
{
    size_t i;

    if (a.len != b.len)
        return false;
    for (i = 0; i < a.len; i++) {
        if (engines_lower(a.ptr[i]) != engines_lower(b.ptr[i]))
            return false;
    }
    return true;
}

const struct conf_engine *conf_engine_find(struct ops_str name)
{
    size_t i;

    for (i = 0; i < CONF_ENGINE_COUNT; i++) {
        if (conf_same_letters(conf_engines[i].name, name))
            return &conf_engines[i];
    }
    return NULL;
}
