/* Json: registers as they are kept and shown, who wins, and changing one. */
#include "private.h"

#include "engines/measure.h"

struct json_stamp json_stamp_of_op(const struct ops_json_op *op)
{
    struct json_stamp stamp;

    stamp.timestamp = json_op_timestamp(op);
    stamp.peer = json_op_peer(op);
    stamp.text = op->kind == OPS_JSON_OP_SET ? op->set.value : OPS_STR("null");
    return stamp;
}

struct json_stamp json_stamp_of_register(const struct json_register *reg)
{
    struct ops_json_register view;
    struct json_stamp stamp;

    json_register_view(reg, &view);
    stamp.timestamp = view.timestamp;
    stamp.peer = view.peer_id;
    stamp.text = view.value;
    return stamp;
}

bool json_stamp_same(const struct json_stamp *a, const struct json_stamp *b)
{
    return a->timestamp == b->timestamp && ops_str_equal(a->peer, b->peer);
}

bool json_wins(const struct json_stamp *a, const struct json_stamp *b, bool same_batch)
{
    int order;

    if (a->timestamp != b->timestamp)
        return a->timestamp > b->timestamp;
    order = ops_utf16_compare(a->peer, b->peer);
    if (order != 0)
        return order > 0;
    return same_batch || ops_utf16_compare(a->text, b->text) > 0;
}

void json_op_view(const struct ops_json_op *op, struct ops_json_register *view)
{
    view->path = json_op_path(op);
    view->value = op->kind == OPS_JSON_OP_SET ? op->set.value : OPS_STR("null");
    view->timestamp = json_op_timestamp(op);
    view->peer_id = json_op_peer(op);
    view->is_deleted = op->kind != OPS_JSON_OP_SET;
}

void json_register_view(const struct json_register *reg, struct ops_json_register *view)
{
    const char *peer = reg->peer_len > 0 ? reg->data + reg->value_len : "";

    view->path = json_register_path(reg);
    view->value = reg->deleted ? OPS_STR("null") : ops_str_of(reg->data, reg->value_len);
    view->timestamp = reg->timestamp;
    view->peer_id = ops_str_of(reg->peer_absent ? NULL : peer, reg->peer_len);
    view->is_deleted = reg->deleted;
}

static size_t number_digits(int64_t number)
{
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    size_t digits = number < 0 ? 2 : 1;

    for (; rest >= 10; rest /= 10)
        digits++;
    return digits;
}

size_t json_register_encoded(const struct ops_json_register *view)
{
    static const size_t fixed = sizeof("\"\":{\"value\":,\"timestamp\":,\"peerId\":\"\"},") - 1;
    static const size_t deleted = sizeof(",\"isDeleted\":true") - 1;

    return fixed + (view->is_deleted ? deleted : 0) + view->path.len +
           engine_escape_extra(view->path.ptr, view->path.len) + view->value.len + number_digits(view->timestamp) +
           view->peer_id.len + engine_escape_extra(view->peer_id.ptr, view->peer_id.len);
}

static struct json_register *register_new(struct ops_json_doc *document, struct ops_str path)
{
    size_t bytes = offsetof(struct json_register, path) + path.len;
    struct json_register *reg = (struct json_register *)ops_pool_alloc(document->pool, bytes);

    if (reg == NULL)
        return NULL;
    memset(reg, 0, offsetof(struct json_register, path));
    memcpy(reg->path, path.ptr, path.len);
    reg->path_len = (uint32_t)path.len;
    if (!json_index_add(&document->index, reg)) {
        ops_pool_free(document->pool, reg, bytes);
        return NULL;
    }
    if (document->last != NULL)
        document->last->next = reg;
    else
        document->first = reg;
    document->last = reg;
    document->count++;
    return reg;
}

struct json_register *json_register_write(struct ops_json_doc *document, struct json_register *reg,
                                          const struct ops_json_register *view)
{
    size_t value_len = view->is_deleted ? 0 : view->value.len, bytes = value_len + view->peer_id.len;
    struct ops_json_register old;
    char *data = NULL;

    if (view->path.len > UINT32_MAX / 2 || value_len > UINT32_MAX / 2 || view->peer_id.len > UINT32_MAX / 2)
        return NULL;
    if (bytes > 0) {
        data = (char *)ops_pool_alloc(document->pool, bytes);
        if (data == NULL)
            return NULL;
        if (value_len > 0)
            memcpy(data, view->value.ptr, value_len);
        if (view->peer_id.len > 0)
            memcpy(data + value_len, view->peer_id.ptr, view->peer_id.len);
    }
    if (reg == NULL) {
        reg = register_new(document, view->path);
        if (reg == NULL) {
            ops_pool_free(document->pool, data, bytes);
            return NULL;
        }
    } else {
        json_register_view(reg, &old);
        document->encoded_bytes -= json_register_encoded(&old);
        ops_pool_free(document->pool, reg->data, (size_t)reg->value_len + reg->peer_len);
    }
    reg->data = data;
    reg->value_len = (uint32_t)value_len;
    reg->peer_len = (uint32_t)view->peer_id.len;
    reg->peer_absent = view->peer_id.ptr == NULL;
    reg->timestamp = view->timestamp;
    reg->deleted = view->is_deleted;
    document->encoded_bytes += json_register_encoded(view);
    if (document->highest_stamp < view->timestamp)
        document->highest_stamp = view->timestamp;
    return reg;
}
