#include "judge.h"

#include "runtime/codec/explain.h"

void conf_label(char *label, const struct ops_message *type, const void *message, const char *tail)
{
    const struct ops_field *variant = message != NULL ? conf_variant(type, message) : NULL;
    struct ops_lit tag = {NULL, 0};

    if (variant != NULL && variant->more != NULL && variant->more->variant != NULL)
        tag = variant->more->variant->tag;
    if (variant != NULL && tag.len == 0)
        snprintf(label, CONF_LABEL_CHARS, "%.*s %u%s", (int)type->name.len, type->name.ptr, variant->number, tail);
    else
        snprintf(label, CONF_LABEL_CHARS, "%.*s%s%.*s%s", (int)type->name.len, type->name.ptr, tag.len > 0 ? " " : "",
                 (int)tag.len, tag.len > 0 ? tag.ptr : "", tail);
}

struct conf_place conf_here(const struct conf_judge *judge, const struct conf_text *text, const char *label,
                            const struct ops_json_style *style)
{
    struct conf_place place;

    place.file = judge->talk->file->path;
    place.case_id = judge->case_id;
    place.step = text->step;
    place.label = label;
    place.style = style->name;
    return place;
}

const struct ops_json_style *conf_peer_style(const struct conf_peer *peer)
{
    const struct ops_profile *p = peer->profile;

    switch (peer->door) {
    case CONF_DOOR_MANAGE:
    case CONF_DOOR_VERSIONING:
        return p->command_style;
    case CONF_DOOR_COMMENTS:
        return p->comments_style;
    case CONF_DOOR_COLLAB:
        return peer->extended ? p->socket_plus_style : p->socket_style;
    default:
        return peer->extended ? p->hub_plus_style : p->hub_style;
    }
}

struct ops_str conf_sentence(struct conf_judge *judge, const struct ops_error *error, struct ops_str input)
{
    struct ops_buf out;

    ops_buf_init(&out, judge->arena);
    if (!ops_error_sentence(error, input, false, &out))
        return OPS_STR("(no room for the sentence)");
    return ops_buf_str(&out);
}

/* A result that is one field of a message is read as a list of one argument. */
void *conf_decode_result(const struct ops_call *call, const struct ops_json_style *style, struct ops_str raw,
                         struct ops_arena *arena, struct ops_decode_info *info)
{
    void *message = conf_alloc(arena, call->result->size);
    struct ops_argument argument = {call->result_field, false};
    struct ops_call reader;
    struct ops_buf list;

    memset(info, 0, sizeof *info);
    if (call->result_field == OPS_MAP_WHOLE)
        return ops_json_decode(call->result, style, raw, arena, message, info) == OPS_OK ? message : NULL;
    memset(&reader, 0, sizeof reader);
    reader.target = call->target;
    reader.message = call->result;
    reader.arguments = &argument;
    reader.argument_count = 1;
    ops_buf_init(&list, arena);
    conf_append(&list, OPS_STR("["));
    conf_append(&list, raw);
    conf_append(&list, OPS_STR("]"));
    return ops_json_decode_arguments(&reader, style, ops_buf_str(&list), arena, message, info) == OPS_OK ? message
                                                                                                         : NULL;
}
