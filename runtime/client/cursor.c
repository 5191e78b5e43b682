/* Places in a text that every edit carries along. */
#include "session.h"

size_t place_carried(size_t place, const struct ops_text_op *op, bool behind)
{
    size_t at = 0, i; /* in the text as it becomes */

    for (i = 0; i < op->components_count && at <= place; i++) {
        const struct ops_text_component *step = &op->components[i];
        size_t count;

        if (step->kind == OPS_TEXT_COMPONENT_RETAIN) {
            at += (size_t)step->retain.count;
        } else if (step->kind == OPS_TEXT_COMPONENT_DELETE) {
            count = (size_t)step->delete_.count;
            place -= place - at < count ? place - at : count;
        } else {
            count = ops_utf16_length(step->insert.text.ptr, step->insert.text.len);
            if (at < place || behind)
                place += count;
            at += count;
        }
    }
    return place;
}

void doc_cursors_carry(struct ops_doc *doc, const struct ops_text_op *op, bool local)
{
    size_t i;

    for (i = 0; i < doc->cursor_room; i++) {
        struct cursor *cursor = &doc->cursors[i];

        if (!cursor->open)
            continue;
        cursor->place.anchor_utf16 = place_carried(cursor->place.anchor_utf16, op, cursor->own == local);
        cursor->place.head_utf16 = place_carried(cursor->place.head_utf16, op, cursor->own == local);
    }
}

static size_t clamped(const struct ops_doc *doc, size_t place)
{
    size_t length = ops_doc_text_length(doc);

    if (place > length)
        return length;
    return place > 0 && !text_is_boundary(doc->local, place) ? place - 1 : place;
}

static struct cursor *cursor_find(const struct ops_doc *doc, uint32_t number)
{
    return number < doc->cursor_room && doc->cursors[number].open ? &doc->cursors[number] : NULL;
}

enum ops_err ops_doc_cursor_open(struct ops_doc *doc, bool own, struct ops_cursor place, uint32_t *number)
{
    struct ops_client *client = doc->client;
    struct cursor *more;
    size_t i = 0, room;

    if (!client_begin(client) || doc->leaving || !doc_is_text(doc))
        return OPS_ERR_RANGE;
    while (i < doc->cursor_room && doc->cursors[i].open)
        i++;
    if (i >= client->config.cursors_max)
        return OPS_ERR_RANGE;
    if (i == doc->cursor_room) {
        room = doc->cursor_room == 0 ? 4 : 2 * doc->cursor_room;
        more = (struct cursor *)ops_pool_resize(&client->pool, doc->cursors, doc->cursor_room * sizeof *more, room * sizeof *more);
        if (more == NULL)
            return OPS_ERR_NOMEM;
        memset(more + doc->cursor_room, 0, (room - doc->cursor_room) * sizeof *more);
        doc->cursors = more;
        doc->cursor_room = room;
    }
    doc->cursors[i].open = true;
    doc->cursors[i].own = own;
    *number = (uint32_t)i;
    ops_doc_cursor_set(doc, *number, place);
    return OPS_OK;
}

void ops_doc_cursor_set(struct ops_doc *doc, uint32_t number, struct ops_cursor place)
{
    struct cursor *cursor = cursor_find(doc, number);

    if (cursor == NULL)
        return;
    cursor->place.anchor_utf16 = clamped(doc, place.anchor_utf16);
    cursor->place.head_utf16 = clamped(doc, place.head_utf16);
}

void ops_doc_cursor_close(struct ops_doc *doc, uint32_t number)
{
    struct cursor *cursor = cursor_find(doc, number);

    if (cursor != NULL)
        cursor->open = false;
}

struct ops_cursor ops_doc_cursor_get(const struct ops_doc *doc, uint32_t number)
{
    static const struct ops_cursor nowhere = {0, 0};
    const struct cursor *cursor = cursor_find(doc, number);

    return cursor != NULL ? cursor->place : nowhere;
}
