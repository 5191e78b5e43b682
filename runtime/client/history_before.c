/* Undo of a json document: what registers hold before they are written. */
#include "session.h"

/* Any order will do in which a path comes before those below it. */
static int path_compare(struct ops_str a, struct ops_str b)
{
    size_t shorter = a.len < b.len ? a.len : b.len;
    int order = shorter > 0 ? memcmp(a.ptr, b.ptr, shorter) : 0;

    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

bool register_is_own(const struct ops_doc *doc, const struct ops_json_register *found)
{
    return ops_str_equal(found->peer_id, doc->client->author);
}

struct was *before_add(struct before *b)
{
    struct ops_arena *scratch = &b->doc->client->scratch;

    if (b->count == b->room) {
        size_t room = 2 * b->room + 4;
        struct was *more = (struct was *)ops_arena_grow(scratch, b->list, b->room * sizeof *more, room * sizeof *more);

        if (more == NULL)
            return NULL;
        b->list = more;
        b->room = room;
    }
    memset(&b->list[b->count], 0, sizeof *b->list);
    return &b->list[b->count++];
}

static void before_visit(void *self, const struct ops_json_register *found)
{
    struct before *b = (struct before *)self;
    struct ops_arena *scratch = &b->doc->client->scratch;
    struct was *was = before_add(b);

    if (was == NULL || !ops_arena_copy(scratch, found->path, &was->path) ||
        (!found->is_deleted && !ops_arena_copy(scratch, found->value, &was->value))) {
        b->failed = true;
        return;
    }
    was->exists = true;
    was->own = register_is_own(b->doc, found);
    was->stamp = found->timestamp;
}

enum ops_err before_take(struct before *b, struct ops_str path)
{
    struct ops_arena *scratch = &b->doc->client->scratch;
    struct ops_json_register found;
    struct was *was;

    if (!json_register(b->doc->local, path, &found)) {
        was = before_add(b);
        if (was == NULL)
            return OPS_ERR_NOMEM;
        was->path = path;
    }
    if (json_walk(b->doc->local, path, scratch, before_visit, b) != OPS_OK || b->failed)
        return OPS_ERR_NOMEM;
    return OPS_OK;
}

struct before *before_new(struct ops_doc *doc)
{
    struct before *b = (struct before *)ops_arena_zalloc(&doc->client->scratch, sizeof *b);

    if (b != NULL)
        b->doc = doc;
    return b;
}

/* Bottom up: runs of one, of two, of four. */
enum ops_err before_sort(struct before *b)
{
    struct was *from = b->list, *to, *swap;
    size_t run, at;

    to = (struct was *)ops_arena_array(&b->doc->client->scratch, b->count, sizeof *to);
    if (to == NULL)
        return OPS_ERR_NOMEM;
    for (run = 1; run < b->count; run *= 2) {
        for (at = 0; at < b->count; at += 2 * run) {
            size_t left = at, middle = at + run < b->count ? at + run : b->count, right = middle, out = at;
            size_t end = at + 2 * run < b->count ? at + 2 * run : b->count;

            while (left < middle || right < end) {
                bool take_left = right == end || (left < middle && path_compare(from[left].path, from[right].path) <= 0);

                to[out++] = take_left ? from[left++] : from[right++];
            }
        }
        swap = from;
        from = to;
        to = swap;
    }
    b->list = from;
    b->room = b->count; /* it is not grown any more */
    return OPS_OK;
}

struct was *before_find(const struct before *b, struct ops_str path)
{
    size_t low = 0, high = b->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = path_compare(b->list[middle].path, path);

        if (order == 0)
            return &b->list[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}
