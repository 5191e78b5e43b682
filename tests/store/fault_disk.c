#include "fault_disk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct disk_file *files;

static void *must(void *p)
{
    if (p == NULL)
        abort(); /* the disk is not what is tested for memory */
    return p;
}

static void bytes_put(struct disk_bytes *b, size_t at, const unsigned char *from, size_t len)
{
    if (at + len > b->room) {
        b->room = (at + len) * 2;
        b->ptr = must(realloc(b->ptr, b->room));
    }
    if (at > b->len)
        memset(b->ptr + b->len, 0, at - b->len);
    if (len > 0)
        memcpy(b->ptr + at, from, len);
    if (at + len > b->len)
        b->len = at + len;
}

static void bytes_cut(struct disk_bytes *b, size_t len)
{
    if (len < b->len)
        b->len = len;
    else if (len > b->len)
        bytes_put(b, len, NULL, 0);
}

static void add_change(struct disk_file *f, enum disk_change_kind kind, size_t at, const void *bytes, size_t len, size_t copied)
{
    struct disk_change *c = must(malloc(sizeof *c + copied));

    c->next = NULL;
    c->kind = kind;
    c->at = at;
    c->len = len;
    if (copied > 0)
        memcpy(c->bytes, bytes, copied);
    *f->last = c;
    f->last = &c->next;
}

static void forget_changes(struct disk_file *f)
{
    for (struct disk_change *c = f->first, *next; c != NULL; c = next) {
        next = c->next;
        free(c);
    }
    f->first = NULL;
    f->last = &f->first;
}

static void apply(struct disk_file *f, const struct disk_change *c)
{
    switch (c->kind) {
    case CHANGE_CREATE:
    case CHANGE_DELETE:
        f->exists_stable = c->kind == CHANGE_CREATE;
        f->stable.len = 0;
        break;
    case CHANGE_WRITE:
        bytes_put(&f->stable, c->at, c->bytes, c->len);
        break;
    case CHANGE_TRUNCATE:
        bytes_cut(&f->stable, c->len);
        break;
    }
}

static struct disk_file *new_file(const char *name)
{
    struct disk_file *f = must(calloc(1, sizeof *f));

    (void)snprintf(f->name, sizeof f->name, "%s", name);
    f->last = &f->first;
    return f;
}

static void free_file(struct disk_file *f)
{
    forget_changes(f);
    disk_shm_free(f);
    free(f->now.ptr);
    free(f->stable.ptr);
    free(f);
}

struct disk_file *disk_files(void)
{
    return files;
}

struct disk_file *disk_find(const char *name)
{
    struct disk_file *f = files;

    while (f != NULL && strcmp(f->name, name) != 0)
        f = f->next;
    return f;
}

struct disk_file *disk_open(const char *name, bool create)
{
    struct disk_file *f = disk_find(name);

    if (f != NULL && f->exists)
        return f;
    if (!create)
        return NULL;
    if (f == NULL) {
        f = new_file(name);
        f->next = files;
        files = f;
    }
    f->exists = true;
    f->now.len = 0;
    add_change(f, CHANGE_CREATE, 0, NULL, 0, 0);
    return f;
}

struct disk_file *disk_temporary(void)
{
    return new_file("");
}

void disk_temporary_free(struct disk_file *f)
{
    free_file(f);
}

void disk_write(struct disk_file *f, size_t at, const void *bytes, size_t len)
{
    bytes_put(&f->now, at, bytes, len);
    if (f->name[0] != '\0')
        add_change(f, CHANGE_WRITE, at, bytes, len, len);
}

void disk_truncate(struct disk_file *f, size_t len)
{
    bytes_cut(&f->now, len);
    add_change(f, CHANGE_TRUNCATE, 0, NULL, len, 0);
}

void disk_delete(struct disk_file *f, bool synced)
{
    f->exists = false;
    f->now.len = 0;
    add_change(f, CHANGE_DELETE, 0, NULL, 0, 0);
    if (synced)
        disk_sync_folder();
}

void disk_sync_folder(void)
{
    for (struct disk_file *f = files; f != NULL; f = f->next) {
        const struct disk_change *last_name = NULL;

        for (const struct disk_change *c = f->first; c != NULL; c = c->next)
            if (c->kind == CHANGE_CREATE || c->kind == CHANGE_DELETE)
                last_name = c;
        while (last_name != NULL) {
            struct disk_change *c = f->first;

            if (c == last_name) {
                apply(f, c);
                last_name = NULL;
            }
            f->first = c->next;
            if (f->first == NULL)
                f->last = &f->first;
            free(c);
        }
    }
}

void disk_sync(struct disk_file *f)
{
    for (const struct disk_change *c = f->first; c != NULL; c = c->next)
        apply(f, c);
    forget_changes(f);
}

void disk_sync_fail(struct disk_file *f)
{
    bool created = false;

    for (const struct disk_change *c = f->first; c != NULL; c = c->next)
        created |= c->kind == CHANGE_CREATE;
    forget_changes(f);
    if (created) /* the name is the directory's, which another sync may well write */
        add_change(f, CHANGE_CREATE, 0, NULL, 0, 0);
}

void disk_shm_free(struct disk_file *f)
{
    for (int i = 0; i < DISK_SHM_REGIONS; i++) {
        free(f->shm[i]);
        f->shm[i] = NULL;
    }
}

void fault_disk_clear(void)
{
    for (struct disk_file *f = files, *next; f != NULL; f = next) {
        next = f->next;
        free_file(f);
    }
    files = NULL;
    fault_read_only_set(false);
    fault_plan_set(FAULT_NONE, 0);
}

/* ---- the loss of power ---------------------------------------------------------------------------------------------------- */

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* The sectors of a write that `kept` asks for. */
static void apply_sectors(struct disk_file *f, const struct disk_change *c, bool in_order, uint64_t *random)
{
    size_t keep_below = in_order ? c->at + next_random(random) % (c->len + 1) : SIZE_MAX;

    for (size_t at = c->at; at < c->at + c->len;) {
        size_t end = (at / DISK_SECTOR_BYTES + 1) * DISK_SECTOR_BYTES;

        if (end > c->at + c->len)
            end = c->at + c->len;
        if (in_order ? end <= keep_below : (next_random(random) & 1) != 0)
            bytes_put(&f->stable, at, c->bytes + (at - c->at), end - at);
        at = end;
    }
}

static void lose(struct disk_file *f, enum fault_keep keep, uint64_t *random)
{
    size_t count = 0, kept, i = 0;

    for (const struct disk_change *c = f->first; c != NULL; c = c->next)
        count++;
    kept = keep == FAULT_KEEP_NONE ? 0 : keep == FAULT_KEEP_PREFIX && count > 0 ? next_random(random) % (count + 1) : count;
    for (const struct disk_change *c = f->first; c != NULL && i <= kept; c = c->next, i++) {
        bool whole = i < kept && (keep != FAULT_KEEP_SUBSET || (c->kind != CHANGE_WRITE && (next_random(random) & 1) != 0));

        if (whole)
            apply(f, c);
        else if (c->kind == CHANGE_WRITE && f->exists_stable && (keep == FAULT_KEEP_PREFIX || (keep == FAULT_KEEP_SUBSET && i < kept)))
            apply_sectors(f, c, keep == FAULT_KEEP_PREFIX, random);
    }
    forget_changes(f);
    f->exists = f->exists_stable;
    f->now.len = 0;
    if (f->exists)
        bytes_put(&f->now, 0, f->stable.ptr, f->stable.len);
    disk_shm_free(f);
}

void fault_power_cycle(enum fault_keep keep, uint64_t seed)
{
    uint64_t random = seed;

    fault_plan_set(FAULT_NONE, 0);
    for (struct disk_file *f = files; f != NULL; f = f->next)
        lose(f, keep, &random);
}

/* ---- damage ---------------------------------------------------------------------------------------------------------------- */

unsigned char *fault_file_bytes(const char *name, size_t *bytes)
{
    struct disk_file *f = disk_find(name);

    if (f == NULL || !f->exists)
        return NULL;
    *bytes = f->now.len;
    return f->now.ptr;
}

void fault_file_cut(const char *name, size_t bytes)
{
    struct disk_file *f = disk_find(name);

    if (f != NULL && f->exists) {
        disk_truncate(f, bytes);
        disk_sync(f);
    }
}
