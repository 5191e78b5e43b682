/* The sqlite3_vfs over the disk of fault_disk.h: counts calls, carries out the plan. */
#include "fault_vfs.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "fault_disk.h"

struct handle {
    sqlite3_file base; /* first */
    struct disk_file *file;
    int lock;
    bool read_only, delete_on_close, shm;
    bool sync_folder; /* with its first sync: a journal or log that may be new */
};

static pthread_mutex_t disk_lock = PTHREAD_MUTEX_INITIALIZER;
static enum fault_kind plan;
static uint64_t plan_call, calls;
static bool reached, read_only_folder;
static char place[160];

enum what { ON_OPEN, ON_DELETE, ON_READ, ON_WRITE, ON_TRUNCATE, ON_SYNC, ON_SIZE, ON_SHM };

static const char *const what_names[] = {"open", "delete", "read", "write", "truncate", "sync", "size", "shared memory"};
static const int what_codes[] = {SQLITE_CANTOPEN, SQLITE_IOERR_DELETE, SQLITE_IOERR_READ, SQLITE_IOERR_WRITE, SQLITE_IOERR_TRUNCATE,
    SQLITE_IOERR_FSYNC, SQLITE_IOERR_FSTAT, SQLITE_IOERR_SHMMAP};

enum verdict { GO_ON, FAIL, FAIL_HALF, SAY_OK };

static enum verdict judge(enum what what)
{
    bool room = what == ON_WRITE || what == ON_TRUNCATE || what == ON_OPEN;

    switch (plan) {
    case FAULT_FULL:
    case FAULT_FULL_LASTING:
        return room ? FAIL : GO_ON;
    case FAULT_TORN:
        return what == ON_WRITE ? FAIL_HALF : FAIL;
    case FAULT_DROPPED:
        return what == ON_WRITE || what == ON_TRUNCATE || what == ON_DELETE ? SAY_OK : GO_ON;
    case FAULT_SYNC_LIES:
        return what == ON_SYNC ? SAY_OK : GO_ON;
    default:
        return FAIL;
    }
}

/* Counts a call. `*code` is what a FAIL returns. Under the lock. */
static enum verdict meet(enum what what, const char *name, size_t len, size_t at, int *code)
{
    bool lasting = plan == FAULT_IOERR_LASTING || plan == FAULT_FULL_LASTING || plan == FAULT_SYNC_LIES || plan == FAULT_POWER_LOSS;
    enum verdict v;

    calls++;
    *code = SQLITE_OK;
    if (plan == FAULT_NONE || calls < plan_call || (calls > plan_call && !lasting))
        return GO_ON;
    v = judge(what);
    if (v == GO_ON)
        return v;
    if (!reached)
        (void)snprintf(place, sizeof place, "%s %s, %zu bytes at %zu", what_names[what], name, len, at);
    reached = true;
    *code = plan == FAULT_FULL || plan == FAULT_FULL_LASTING ? SQLITE_FULL : what_codes[what];
    if (plan == FAULT_FULL && what == ON_OPEN)
        *code = SQLITE_CANTOPEN;
    return v;
}

static struct handle *of(sqlite3_file *file)
{
    return (struct handle *)(void *)file;
}

/* ---- files -------------------------------------------------------------------------------------------------------------------- */

static int unlock(sqlite3_file *file, int to);
static int shm_unmap(sqlite3_file *file, int delete);

static int do_close(sqlite3_file *file)
{
    struct handle *h = of(file);

    (void)unlock(file, SQLITE_LOCK_NONE);
    (void)shm_unmap(file, 0);
    (void)pthread_mutex_lock(&disk_lock);
    if (h->file->name[0] == '\0')
        disk_temporary_free(h->file);
    else if (h->delete_on_close)
        disk_delete(h->file, false);
    (void)pthread_mutex_unlock(&disk_lock);
    return SQLITE_OK;
}

static int do_read(sqlite3_file *file, void *into, int len, sqlite3_int64 at)
{
    struct handle *h = of(file);
    size_t want = (size_t)len, from = (size_t)at, got = 0;
    int code;

    (void)pthread_mutex_lock(&disk_lock);
    if (meet(ON_READ, h->file->name, want, from, &code) == GO_ON) {
        if (from < h->file->now.len)
            got = h->file->now.len - from < want ? h->file->now.len - from : want;
        if (got > 0)
            memcpy(into, h->file->now.ptr + from, got);
        if (got < want) {
            memset((char *)into + got, 0, want - got);
            code = SQLITE_IOERR_SHORT_READ;
        }
    }
    (void)pthread_mutex_unlock(&disk_lock);
    return code;
}

static int do_write(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 at)
{
    struct handle *h = of(file);
    enum verdict v;
    int code;

    if (h->read_only)
        return SQLITE_READONLY;
    (void)pthread_mutex_lock(&disk_lock);
    v = meet(ON_WRITE, h->file->name, (size_t)len, (size_t)at, &code);
    if (v == GO_ON || v == FAIL_HALF)
        disk_write(h->file, (size_t)at, bytes, (size_t)(v == GO_ON ? len : len / 2));
    (void)pthread_mutex_unlock(&disk_lock);
    return v == SAY_OK ? SQLITE_OK : code;
}

static int do_truncate(sqlite3_file *file, sqlite3_int64 len)
{
    struct handle *h = of(file);
    enum verdict v;
    int code;

    (void)pthread_mutex_lock(&disk_lock);
    v = meet(ON_TRUNCATE, h->file->name, 0, (size_t)len, &code);
    if (v == GO_ON)
        disk_truncate(h->file, (size_t)len);
    (void)pthread_mutex_unlock(&disk_lock);
    return v == SAY_OK ? SQLITE_OK : code;
}

static int do_sync(sqlite3_file *file, int flags)
{
    struct handle *h = of(file);
    enum verdict v;
    int code;

    (void)flags;
    (void)pthread_mutex_lock(&disk_lock);
    v = meet(ON_SYNC, h->file->name, h->file->now.len, 0, &code);
    if (v == GO_ON)
        disk_sync(h->file);
    if (v == GO_ON && h->sync_folder)
        disk_sync_folder();
    else if (v != SAY_OK && plan != FAULT_POWER_LOSS)
        disk_sync_fail(h->file);
    h->sync_folder &= v != GO_ON;
    (void)pthread_mutex_unlock(&disk_lock);
    return v == SAY_OK ? SQLITE_OK : code;
}

static int do_size(sqlite3_file *file, sqlite3_int64 *len)
{
    struct handle *h = of(file);
    int code;

    (void)pthread_mutex_lock(&disk_lock);
    if (meet(ON_SIZE, h->file->name, 0, 0, &code) == GO_ON)
        *len = (sqlite3_int64)h->file->now.len;
    (void)pthread_mutex_unlock(&disk_lock);
    return code;
}

/* ---- locks: never fail, may be busy ------------------------------------------------------------------------------------------- */

static bool other(const void *holder, const struct handle *h)
{
    return holder != NULL && holder != h;
}

static int lock_up(sqlite3_file *file, int to)
{
    struct handle *h = of(file);
    struct disk_file *f = h->file;
    int code = SQLITE_OK;

    (void)pthread_mutex_lock(&disk_lock);
    if (to <= h->lock) {
        ;
    } else if (other(f->exclusive, h) || (h->lock == SQLITE_LOCK_NONE && other(f->pending, h)) ||
               (to > SQLITE_LOCK_SHARED && (other(f->reserved, h) || other(f->pending, h)))) {
        code = SQLITE_BUSY;
    } else {
        if (h->lock == SQLITE_LOCK_NONE)
            f->shared++;
        if (to == SQLITE_LOCK_RESERVED)
            f->reserved = h;
        if (to >= SQLITE_LOCK_PENDING)
            f->pending = h;
        h->lock = to == SQLITE_LOCK_EXCLUSIVE ? SQLITE_LOCK_PENDING : to;
        if (to == SQLITE_LOCK_EXCLUSIVE && f->shared > 1) {
            code = SQLITE_BUSY;
        } else if (to == SQLITE_LOCK_EXCLUSIVE) {
            f->exclusive = h;
            h->lock = to;
        }
    }
    (void)pthread_mutex_unlock(&disk_lock);
    return code;
}

static int unlock(sqlite3_file *file, int to)
{
    struct handle *h = of(file);
    struct disk_file *f = h->file;

    (void)pthread_mutex_lock(&disk_lock);
    if (to < h->lock) {
        f->exclusive = f->exclusive == h ? NULL : f->exclusive;
        f->pending = f->pending == h ? NULL : f->pending;
        f->reserved = f->reserved == h ? NULL : f->reserved;
        if (to == SQLITE_LOCK_NONE)
            f->shared--;
        h->lock = to;
    }
    (void)pthread_mutex_unlock(&disk_lock);
    return SQLITE_OK;
}

static int check_reserved(sqlite3_file *file, int *held)
{
    (void)pthread_mutex_lock(&disk_lock);
    *held = of(file)->file->reserved != NULL || of(file)->file->pending != NULL;
    (void)pthread_mutex_unlock(&disk_lock);
    return SQLITE_OK;
}

static int file_control(sqlite3_file *file, int what, void *value)
{
    (void)file;
    (void)what;
    (void)value;
    return SQLITE_NOTFOUND;
}

static int sector_size(sqlite3_file *file)
{
    (void)file;
    return DISK_SECTOR_BYTES;
}

static int characteristics(sqlite3_file *file)
{
    (void)file;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE; /* as SQLite's own says of every disk */
}

/* ---- shared memory: the index of the write-ahead log ---------------------------------------------------------------------------- */

static int shm_map(sqlite3_file *file, int region, int bytes, int extend, void volatile **out)
{
    struct handle *h = of(file);
    struct disk_file *f = h->file;
    int code;

    *out = NULL;
    (void)pthread_mutex_lock(&disk_lock);
    if (region >= DISK_SHM_REGIONS || (read_only_folder && f->shm[0] == NULL)) {
        code = SQLITE_CANTOPEN;
    } else if (f->shm[region] != NULL || extend == 0 || meet(ON_SHM, f->name, (size_t)bytes, (size_t)region, &code) == GO_ON) {
        code = SQLITE_OK;
        if (f->shm[region] == NULL && extend != 0)
            f->shm[region] = calloc(1, (size_t)bytes);
        *out = f->shm[region];
        f->shm_users += !h->shm;
        h->shm = true;
    }
    (void)pthread_mutex_unlock(&disk_lock);
    return code;
}

static int shm_lock(sqlite3_file *file, int from, int count, int flags)
{
    struct handle *h = of(file);
    struct disk_file *f = h->file;
    bool exclusive = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
    int code = SQLITE_OK;

    (void)pthread_mutex_lock(&disk_lock);
    for (int i = from; i < from + count && (flags & SQLITE_SHM_LOCK) != 0; i++)
        if (other(f->shm_exclusive[i], h) || (exclusive && f->shm_shared[i] > 0))
            code = SQLITE_BUSY;
    for (int i = from; i < from + count && code == SQLITE_OK; i++) {
        if (exclusive)
            f->shm_exclusive[i] = (flags & SQLITE_SHM_LOCK) != 0 ? h : NULL;
        else
            f->shm_shared[i] += (flags & SQLITE_SHM_LOCK) != 0 ? 1 : -1;
    }
    (void)pthread_mutex_unlock(&disk_lock);
    return code;
}

static void shm_barrier(sqlite3_file *file)
{
    (void)file;
    (void)pthread_mutex_lock(&disk_lock);
    (void)pthread_mutex_unlock(&disk_lock);
}

static int shm_unmap(sqlite3_file *file, int delete)
{
    struct handle *h = of(file);

    (void)delete; /* the last one frees it: SQLite makes it anew from the log */
    (void)pthread_mutex_lock(&disk_lock);
    if (h->shm && --h->file->shm_users == 0)
        disk_shm_free(h->file);
    h->shm = false;
    (void)pthread_mutex_unlock(&disk_lock);
    return SQLITE_OK;
}

static const sqlite3_io_methods methods = {2, do_close, do_read, do_write, do_truncate, do_sync, do_size, lock_up, unlock,
    check_reserved, file_control, sector_size, characteristics, shm_map, shm_lock, shm_barrier, shm_unmap, NULL, NULL};

/* ---- names ---------------------------------------------------------------------------------------------------------------------- */

static int do_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags)
{
    struct handle *h = of(file);
    bool create = (flags & SQLITE_OPEN_CREATE) != 0 && !read_only_folder;
    int code;

    (void)vfs;
    memset(h, 0, sizeof *h);
    (void)pthread_mutex_lock(&disk_lock);
    if (meet(ON_OPEN, name != NULL ? name : "", 0, 0, &code) == GO_ON) {
        h->file = name != NULL ? disk_open(name, create) : disk_temporary();
        h->read_only = (flags & SQLITE_OPEN_READONLY) != 0 || (read_only_folder && name != NULL);
        h->sync_folder = create && (flags & (SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL)) != 0;
        h->delete_on_close = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
        if (h->file == NULL)
            code = SQLITE_CANTOPEN;
        else
            h->base.pMethods = &methods;
        if (out_flags != NULL)
            *out_flags = h->read_only ? (flags & ~SQLITE_OPEN_READWRITE) | SQLITE_OPEN_READONLY : flags;
    }
    (void)pthread_mutex_unlock(&disk_lock);
    return code;
}

static int do_delete(sqlite3_vfs *vfs, const char *name, int sync_folder)
{
    struct disk_file *f;
    enum verdict v;
    int code;

    (void)vfs;
    (void)pthread_mutex_lock(&disk_lock);
    v = meet(ON_DELETE, name, 0, 0, &code);
    f = disk_find(name);
    if (v == GO_ON && (f == NULL || !f->exists))
        code = SQLITE_IOERR_DELETE_NOENT;
    else if (v == GO_ON)
        disk_delete(f, sync_folder != 0);
    (void)pthread_mutex_unlock(&disk_lock);
    return v == SAY_OK ? SQLITE_OK : code;
}

static int do_access(sqlite3_vfs *vfs, const char *name, int flags, int *answer)
{
    const struct disk_file *f;

    (void)vfs;
    (void)pthread_mutex_lock(&disk_lock);
    f = disk_find(name);
    *answer = f != NULL && f->exists && (flags != SQLITE_ACCESS_READWRITE || !read_only_folder) &&
              (flags != SQLITE_ACCESS_EXISTS || f->now.len > 0); /* SQLite's own takes an empty file for none */
    (void)pthread_mutex_unlock(&disk_lock);
    return SQLITE_OK;
}

static int full_name(sqlite3_vfs *vfs, const char *name, int room, char *out)
{
    (void)vfs;
    (void)sqlite3_snprintf(room, out, "%s", name);
    return SQLITE_OK;
}

bool fault_vfs_register(void)
{
    static sqlite3_vfs vfs;
    sqlite3_vfs *own = sqlite3_vfs_find(NULL);

    if (own == NULL)
        return false;
    if (own == &vfs)
        return true;
    vfs = *own;
    vfs.szOsFile = sizeof(struct handle);
    vfs.mxPathname = 100;
    vfs.zName = "fault";
    vfs.xOpen = do_open;
    vfs.xDelete = do_delete;
    vfs.xAccess = do_access;
    vfs.xFullPathname = full_name;
    return sqlite3_vfs_register(&vfs, 1) == SQLITE_OK;
}

/* ---- the plan ----------------------------------------------------------------------------------------------------------------- */

void fault_plan_set(enum fault_kind kind, uint64_t call)
{
    (void)pthread_mutex_lock(&disk_lock);
    plan = kind;
    plan_call = call;
    calls = 0;
    reached = false;
    if (kind != FAULT_NONE)
        (void)snprintf(place, sizeof place, "nothing went wrong");
    (void)pthread_mutex_unlock(&disk_lock);
}

uint64_t fault_calls(void)
{
    uint64_t n;

    (void)pthread_mutex_lock(&disk_lock);
    n = calls;
    (void)pthread_mutex_unlock(&disk_lock);
    return n;
}

bool fault_reached(void)
{
    bool r;

    (void)pthread_mutex_lock(&disk_lock);
    r = reached;
    (void)pthread_mutex_unlock(&disk_lock);
    return r;
}

const char *fault_place(void)
{
    return place;
}

void fault_read_only_set(bool read_only)
{
    (void)pthread_mutex_lock(&disk_lock);
    read_only_folder = read_only;
    (void)pthread_mutex_unlock(&disk_lock);
}

const char *fault_kind_name(enum fault_kind kind)
{
    static const char *const names[FAULT_KINDS] = {"none", "I/O error", "lasting I/O error", "full", "lasting full", "torn write",
        "dropped write", "lying sync", "power loss"};

    return names[kind];
}

const char *fault_keep_name(enum fault_keep keep)
{
    static const char *const names[FAULT_KEEPS] = {"all", "nothing", "a prefix", "a subset"};

    return names[keep];
}
