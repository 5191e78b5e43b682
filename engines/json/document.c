/* Json documents: opening, loading, reading, closing. */
#include "private.h"

void *json_open(struct ops_pool *pool)
{
    struct ops_json_doc *document = (struct ops_json_doc *)ops_pool_zalloc(pool, sizeof *document);

    if (document != NULL) {
        document->pool = document->index.pool = pool;
        document->highest_stamp = INT64_MIN;
    }
    return document;
}

void json_close(void *closed)
{
    struct ops_json_doc *document = (struct ops_json_doc *)closed;
    struct json_register *reg, *next;

    if (document == NULL)
        return;
    json_index_clear(&document->index);
    for (reg = document->first; reg != NULL; reg = next) {
        next = reg->next;
        ops_pool_free(document->pool, reg->data, (size_t)reg->value_len + reg->peer_len);
        ops_pool_free(document->pool, reg, offsetof(struct json_register, path) + reg->path_len);
    }
    ops_pool_free(document->pool, document, sizeof *document);
}

enum ops_err json_load(void *loaded, const struct ops_json_style *style, struct ops_str snapshot,
                       struct ops_arena *scratch, struct ops_error *err)
{
    struct ops_json_doc *document = (struct ops_json_doc *)loaded;
    struct ops_json_document plain;
    struct ops_decode_info info;
    enum ops_err result = ops_json_document_json_decode(style, snapshot, scratch, &plain, &info);
    size_t i;

    if (result != OPS_OK) {
        if (err != NULL)
            *err = info.error;
        return result;
    }
    for (i = 0; i < plain.registers_count; i++) {
        if (json_register_write(document, json_index_find(&document->index, plain.registers[i].path),
                                &plain.registers[i]) == NULL)
            return ops_fail(err, OPS_ERR_NOMEM, OPS_REASON_NO_ROOM, SIZE_MAX);
    }
    return OPS_OK;
}

/* Sorted where the style sorts, else in the order in which they came to be (opstream-wire.md §1.6). */
static struct ops_json_register *snapshot_list(const struct ops_json_doc *document, bool sorted, struct ops_arena *arena)
{
    struct ops_json_register *list =
        (struct ops_json_register *)ops_arena_array(arena, document->count + 1, sizeof *list);
    size_t count = 0;

    if (list == NULL)
        return NULL;
    if (sorted) {
        struct json_place place = json_index_seek(&document->index, OPS_STR(""));
        const struct json_register *reg;

        for (; (reg = json_place_get(place)) != NULL; json_place_next(&place))
            json_register_view(reg, &list[count++]);
    } else {
        const struct json_register *reg;

        for (reg = document->first; reg != NULL; reg = reg->next)
            json_register_view(reg, &list[count++]);
    }
    return list;
}

/* What is written is reserved before the list of views behind it, which is then given back. */
enum ops_err json_snapshot(const void *shown, const struct ops_json_style *style, struct ops_buf *out)
{
    const struct ops_json_doc *document = (const struct ops_json_doc *)shown;
    struct ops_json_document plain;
    struct ops_arena_mark mark;
    const char *reserved;
    enum ops_err result;

    if (ops_buf_reserve(out, document->encoded_bytes + 64) == NULL)
        return OPS_ERR_NOMEM;
    mark = ops_arena_here(out->arena);
    reserved = out->ptr;
    plain.registers = snapshot_list(document, style->maps_sorted, out->arena);
    plain.registers_count = document->count;
    if (plain.registers == NULL)
        return OPS_ERR_NOMEM;
    result = ops_json_document_json_encode(style, &plain, out);
    if (out->ptr == reserved)
        ops_arena_rewind(out->arena, mark);
    return result;
}

bool ops_json_get(const struct ops_json_doc *document, struct ops_str path, struct ops_json_register *out)
{
    const struct json_register *reg = json_index_find(&document->index, path);

    if (reg == NULL)
        return false;
    json_register_view(reg, out);
    return true;
}

size_t ops_json_count(const struct ops_json_doc *document)
{
    return document->count;
}

int64_t ops_json_highest_stamp(const struct ops_json_doc *document)
{
    return document->highest_stamp;
}

/* `path` with a dot behind it: where what is below it begins. Absent: no room. */
static struct ops_str below(struct ops_str path, struct ops_arena *arena)
{
    char *copy = (char *)ops_arena_alloc(arena, path.len + 1);

    if (copy == NULL)
        return ops_str_of(NULL, 0);
    memcpy(copy, path.ptr, path.len);
    copy[path.len] = '.';
    return ops_str_of(copy, path.len + 1);
}

enum ops_err ops_json_walk(const struct ops_json_doc *document, struct ops_str path, struct ops_arena *scratch,
                           ops_json_visit *visit, void *self)
{
    struct json_place place = json_index_seek(&document->index, OPS_STR(""));
    struct ops_json_register view;
    const struct json_register *reg;

    if (path.ptr != NULL) {
        struct ops_str prefix = below(path, scratch);

        if (prefix.ptr == NULL)
            return OPS_ERR_NOMEM;
        if (ops_json_get(document, path, &view))
            visit(self, &view);
        place = json_index_seek(&document->index, prefix);
    }
    for (; (reg = json_place_get(place)) != NULL; json_place_next(&place)) {
        if (path.ptr != NULL && !json_path_is_below(json_register_path(reg), path))
            break;
        json_register_view(reg, &view);
        visit(self, &view);
    }
    return OPS_OK;
}
