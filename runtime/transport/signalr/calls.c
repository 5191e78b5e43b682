#include "calls.h"

static const struct calls_method methods[] = {
    {&ops_call_collaboration_hub_join_document, OPS_CLIENT_MESSAGE_JOIN_REQUEST},
    {&ops_call_collaboration_hub_send_op, OPS_CLIENT_MESSAGE_OP_REQUEST},
    {&ops_call_collaboration_hub_update_awareness, OPS_CLIENT_MESSAGE_AWARENESS_REQUEST},
    {&ops_call_collaboration_hub_leave_document, OPS_CLIENT_MESSAGE_LEAVE},
    {&ops_call_collaboration_hub_undo, OPS_CLIENT_MESSAGE_UNDO},
    {&ops_call_collaboration_hub_redo, OPS_CLIENT_MESSAGE_REDO},
};
enum { METHODS = sizeof methods / sizeof *methods, TAG_HEAD = 3 };

const struct calls_method *calls_find(struct ops_str target, bool plus_known)
{
    const struct ops_call *call = ops_collaboration_hub_find(target);
    size_t i;

    if (call == NULL || (call->plus && !plus_known))
        return NULL;
    for (i = 0; i < METHODS; i++) {
        if (methods[i].call == call)
            return &methods[i];
    }
    return NULL;
}

/* The method's number, the length of the id in two bytes, the id, the document. */
struct ops_str calls_tag(const struct calls_method *method, struct ops_str invocation_id, struct ops_str document_id,
                         struct ops_arena *arena)
{
    size_t id_len = invocation_id.len < UINT16_MAX ? invocation_id.len : UINT16_MAX; /* a record may hold longer ones; nobody sends them */
    size_t len = TAG_HEAD + id_len + document_id.len;
    char *tag = ops_arena_alloc(arena, len);

    if (tag == NULL)
        return ops_str_of(NULL, 0);
    tag[0] = (char)(method != NULL ? method - methods : METHODS);
    tag[1] = (char)(unsigned char)(id_len >> 8);
    tag[2] = (char)(unsigned char)id_len;
    if (id_len > 0)
        memcpy(tag + TAG_HEAD, invocation_id.ptr, id_len);
    if (document_id.len > 0)
        memcpy(tag + TAG_HEAD + id_len, document_id.ptr, document_id.len);
    return ops_str_of(tag, len);
}

struct calls_origin calls_origin_of(struct ops_str tag)
{
    struct calls_origin origin;
    size_t id_len, method;

    memset(&origin, 0, sizeof origin);
    if (tag.len < TAG_HEAD)
        return origin;
    method = (unsigned char)tag.ptr[0];
    id_len = (size_t)(unsigned char)tag.ptr[1] << 8 | (unsigned char)tag.ptr[2];
    if (id_len > tag.len - TAG_HEAD)
        return origin;
    origin.method = method < METHODS ? &methods[method] : NULL;
    if (origin.method != NULL)
        origin.target = ops_str_of(origin.method->call->target.ptr, origin.method->call->target.len);
    origin.invocation_id = ops_str_of(tag.ptr + TAG_HEAD, id_len);
    origin.document_id = ops_str_of(tag.ptr + TAG_HEAD + id_len, tag.len - TAG_HEAD - id_len);
    return origin;
}
