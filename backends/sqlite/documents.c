/* What the store remembers of documents: fences, and the last revision so that an append needs no query. */
#include <stdlib.h>

#include "private.h"

static void unlink_entry(struct sqlite_store *s, struct sqlite_document *d)
{
    *(d->older != NULL ? &d->older->newer : &s->oldest) = d->newer;
    *(d->newer != NULL ? &d->newer->older : &s->newest) = d->older;
}

static void link_newest(struct sqlite_store *s, struct sqlite_document *d)
{
    d->older = s->newest;
    d->newer = NULL;
    *(s->newest != NULL ? &s->newest->newer : &s->oldest) = d;
    s->newest = d;
}

/* Nothing of it is under way, and no append that its fence must stop can still be queued. */
static bool may_forget(const struct sqlite_store *s, const struct sqlite_document *d)
{
    return d->in_batch == 0 && s->writes_taken >= d->fence_ticket && ops_store_fence_is_idle(&d->fence);
}

/* Forgets the oldest one that may be forgotten, looking at a few: the table grows for a while rather than being searched. */
static void forget_one(struct sqlite_store *s)
{
    for (int tries = 0; tries < 4 && s->oldest != NULL; tries++) {
        struct sqlite_document *d = s->oldest;

        unlink_entry(s, d);
        if (may_forget(s, d)) {
            ops_ids_remove(&s->ids, &d->node);
            free(d);
            return;
        }
        link_newest(s, d);
    }
}

struct sqlite_document *sqlite_document_get(struct sqlite_store *s, struct ops_str id)
{
    struct sqlite_document *d = (struct sqlite_document *)(void *)ops_ids_find(&s->ids, id);
    char *bytes;

    if (d != NULL) {
        if (d != s->newest) {
            unlink_entry(s, d);
            link_newest(s, d);
        }
        return d;
    }
    for (int i = 0; i < 2 && s->ids.count >= SQLITE_ENTRIES_MAX; i++)
        forget_one(s);
    d = calloc(1, sizeof *d + id.len);
    if (d == NULL)
        return NULL;
    bytes = (char *)(d + 1);
    if (id.len > 0)
        memcpy(bytes, id.ptr, id.len);
    d->node.id = ops_str_of(bytes, id.len);
    ops_ids_insert(&s->ids, &d->node);
    link_newest(s, d);
    return d;
}

void sqlite_documents_drop(struct sqlite_store *s)
{
    while (s->oldest != NULL) {
        struct sqlite_document *d = s->oldest;

        unlink_entry(s, d);
        free(d);
    }
    ops_ids_drop(&s->ids);
}
