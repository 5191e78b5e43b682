/* A disk in memory for SQLite that fails, tears, fills up and loses power on demand.
 *
 * Registered as SQLite's default file system. Every file has what a process sees now and what is on stable storage; between the two
 * lie the changes since its last sync, in order. Names are on stable storage once the folder is synced, which the first sync of a new
 * journal or log does, and a deletion that asks for it; a new file's own name also with its own first sync. That is what SQLite's
 * own file system makes of the disks it knows.
 *
 * Calls that can go wrong are counted (open, delete, read, write, truncate, sync, size, shared memory); a plan says what
 * happens at one of them. Locks never fail. Any thread may call anything; the plan is changed and the power is cycled only while no
 * store is open. */
#ifndef OPS_TESTS_STORE_FAULT_VFS_H
#define OPS_TESTS_STORE_FAULT_VFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAULT_DATABASE "/disk/ops.db"

enum fault_kind {
    FAULT_NONE,
    FAULT_IOERR,         /* that call fails; a sync that fails drops what it could not write, and the next one says OK */
    FAULT_IOERR_LASTING, /* so does every later one */
    FAULT_FULL,          /* that call finds no room (open, write, truncate; others pass) */
    FAULT_FULL_LASTING,  /* so does every later one */
    FAULT_TORN,          /* a write puts half of its bytes down and fails; others fail */
    FAULT_DROPPED,       /* a write, truncate or delete says OK and does nothing: nothing can be promised */
    FAULT_SYNC_LIES,     /* that sync and every later one says OK and syncs nothing: nothing can be promised */
    FAULT_POWER_LOSS,    /* that call and every later one fails, until fault_power_cycle */
    FAULT_KINDS
};

/* What of the unsynced changes a loss of power leaves. */
enum fault_keep {
    FAULT_KEEP_ALL,    /* as if only the process had been killed */
    FAULT_KEEP_NONE,
    FAULT_KEEP_PREFIX, /* of each file's changes, the last one cut at a sector's edge */
    FAULT_KEEP_SUBSET, /* any sectors of any changes */
    FAULT_KEEPS
};

/* False: SQLite did not take it. */
bool fault_vfs_register(void);

/* An empty disk with no plan. */
void fault_disk_clear(void);

/* Counts calls from 1 anew; FAULT_NONE lifts whatever lasts. */
void fault_plan_set(enum fault_kind kind, uint64_t call);
uint64_t fault_calls(void);

/* The plan's call was made, and something went wrong there (a full disk does not matter to a read). */
bool fault_reached(void);
/* The call at which it did: "write ops.db-wal 4096 bytes at 32". */
const char *fault_place(void);

/* Power off and on; the plan is lifted. `seed` decides for PREFIX and SUBSET. */
void fault_power_cycle(enum fault_keep keep, uint64_t seed);

/* Nothing can be opened for writing or created until it is lifted. */
void fault_read_only_set(bool read_only);

/* The bytes of a file as of now and on stable storage, to be damaged; NULL: no such file. Valid until the file is used. */
unsigned char *fault_file_bytes(const char *name, size_t *bytes);
void fault_file_cut(const char *name, size_t bytes);

const char *fault_kind_name(enum fault_kind kind);
const char *fault_keep_name(enum fault_keep keep);

#endif
