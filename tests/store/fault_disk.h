/* The disk behind fault_vfs.h: files, and what of them would survive. Not locked: fault_vfs.c holds its lock around every call. */
#ifndef OPS_TESTS_STORE_FAULT_DISK_H
#define OPS_TESTS_STORE_FAULT_DISK_H

#include "fault_vfs.h"

enum { DISK_SECTOR_BYTES = 512, DISK_SHM_REGIONS = 8, DISK_SHM_LOCKS = 8 };

struct disk_bytes {
    unsigned char *ptr;
    size_t len, room;
};

enum disk_change_kind { CHANGE_CREATE, CHANGE_DELETE, CHANGE_WRITE, CHANGE_TRUNCATE };

struct disk_change {
    struct disk_change *next;
    enum disk_change_kind kind;
    size_t at, len; /* of a truncate: `len` is the new length */
    unsigned char bytes[];
};

struct disk_file {
    struct disk_file *next;
    char name[128]; /* "": temporary, of one handle */
    bool exists, exists_stable;
    struct disk_bytes now, stable;
    struct disk_change *first, **last; /* since the last sync */
    /* shared by the handles */
    int shared;       /* handles that hold at least SQLite's SHARED lock */
    void *reserved, *pending, *exclusive;
    void *shm[DISK_SHM_REGIONS];
    int shm_users, shm_shared[DISK_SHM_LOCKS];
    void *shm_exclusive[DISK_SHM_LOCKS];
};

/* NULL: not there, and `create` is false. */
struct disk_file *disk_open(const char *name, bool create);
struct disk_file *disk_find(const char *name);
struct disk_file *disk_files(void);
struct disk_file *disk_temporary(void);
void disk_temporary_free(struct disk_file *f);

void disk_write(struct disk_file *f, size_t at, const void *bytes, size_t len);
void disk_truncate(struct disk_file *f, size_t len);
void disk_delete(struct disk_file *f, bool synced);
void disk_sync(struct disk_file *f);
/* Every name there is and is not gets on stable storage; what was written under it does not. */
void disk_sync_folder(void);
/* A sync that failed: what was to be written is never tried again, though it can still be read. */
void disk_sync_fail(struct disk_file *f);
void disk_shm_free(struct disk_file *f);

#endif
