/* Text documents: opening, loading, reading, closing. */
#include "private.h"

void *text_open(struct ops_pool *pool)
{
    struct ops_text_doc *text = (struct ops_text_doc *)ops_pool_zalloc(pool, sizeof *text);

    if (text != NULL)
        text->pool = text->rope.pool = pool;
    return text;
}

void text_close(void *document)
{
    struct ops_text_doc *text = (struct ops_text_doc *)document;

    if (text == NULL)
        return;
    rope_clear(&text->rope);
    ops_pool_free(text->pool, text, sizeof *text);
}

enum ops_err text_load(void *document, const struct ops_json_style *style, struct ops_str snapshot,
                       struct ops_arena *scratch, struct ops_error *err)
{
    struct ops_text_doc *text = (struct ops_text_doc *)document;
    struct ops_text_document plain;
    struct ops_decode_info info;
    enum ops_err result = ops_text_document_json_decode(style, snapshot, scratch, &plain, &info);

    if (result != OPS_OK) {
        if (err != NULL)
            *err = info.error;
        return result;
    }
    if (!rope_insert(&text->rope, 0, plain.content))
        return ops_fail(err, OPS_ERR_NOMEM, OPS_REASON_NO_ROOM, SIZE_MAX);
    return OPS_OK;
}

/* The encoder wants the text in one piece. What it writes is reserved first, then the text gathered behind it and given back, so
 * that the most memory in use is the JSON and one copy of the text. */
enum ops_err text_snapshot(const void *document, const struct ops_json_style *style, struct ops_buf *out)
{
    const struct ops_text_doc *text = (const struct ops_text_doc *)document;
    struct ops_text_document plain;
    struct ops_arena_mark mark;
    const char *reserved;
    char *gathered;
    enum ops_err result;

    if (ops_buf_reserve(out, text->rope.bytes + text->rope.escape_extra + 64) == NULL)
        return OPS_ERR_NOMEM;
    mark = ops_arena_here(out->arena);
    gathered = (char *)ops_arena_alloc(out->arena, text->rope.bytes);
    if (gathered == NULL)
        return OPS_ERR_NOMEM;
    reserved = out->ptr;
    plain.content = ops_str_of(gathered, rope_read(&text->rope, 0, text->rope.units, gathered));
    result = ops_text_document_json_encode(style, &plain, out);
    if (out->ptr == reserved)
        ops_arena_rewind(out->arena, mark);
    return result;
}

size_t ops_text_length(const struct ops_text_doc *document)
{
    return document->rope.units;
}

size_t ops_text_bytes(const struct ops_text_doc *document)
{
    return document->rope.bytes;
}

bool ops_text_inside_pair(const struct ops_text_doc *document, size_t at)
{
    return rope_inside_pair(&document->rope, at);
}

enum ops_err ops_text_read(const struct ops_text_doc *document, size_t at, size_t count, struct ops_buf *out)
{
    const struct rope *rope = &document->rope;
    size_t bytes;
    char *place;

    if (at > rope->units)
        at = rope->units;
    if (count > rope->units - at)
        count = rope->units - at;
    bytes = at == 0 && count == rope->units ? rope->bytes : rope_read(rope, at, count, NULL);
    place = ops_buf_reserve(out, bytes);
    if (place == NULL)
        return OPS_ERR_NOMEM;
    ops_buf_advance(out, place + rope_read(rope, at, count, place));
    return OPS_OK;
}
