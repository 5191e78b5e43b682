/* A server, its store, a network and users, in one process, driven by one seed.
 *
 * Time is a number; whatever may happen next happens in an order that the seed chooses: a message arrives, is delayed or never comes, a
 * connection is cut (the server learns of it now or much later), an append lands, fails, or nobody can tell, the server is killed and
 * comes back with what was durable, a user's program is restarted with what it had saved. Each seed draws which of these faults
 * there are and how often. */
#ifndef OPS_SIMULATION_WORLD_H
#define OPS_SIMULATION_WORLD_H

#include "runtime/client/client.h"
#include "runtime/core/core.h"
#include "store_model.h"

#include <stdio.h>

enum { USERS_MAX = 4, DOCUMENTS_MAX = 3, LOOPS_MAX = 2, TROUBLE_BYTES = 512 };

struct message {
    struct message *next;
    size_t bytes;
    int close; /* a Close with this code (0: the connection just ends); -1: a text message */
    char text[];
};

struct queue {
    struct message *first, *last;
    size_t count;
};

/* A WebSocket. The two ends learn of its end at different times. */
struct wire {
    struct wire *next;
    unsigned user, loop, number;
    struct ops_connection *connection; /* NULL: the server's end is gone */
    bool client_end;                   /* the client still holds its end */
    bool extended, server_closes, paused;
    int64_t seen[DOCUMENTS_MAX]; /* revision that the client was last told of; 0: none yet */
    struct queue up, down;
};

struct mail_item {
    struct mail_item *next;
    struct ops_mail *mail;
};

struct user {
    struct ops_client *client;
    struct ops_doc *docs[DOCUMENTS_MAX];
    struct wire *wire;
    unsigned typed; /* edits made */
    bool reloaded;  /* RevisionCompacted has happened: exactness is not promised */
};

struct world {
    uint64_t seed, random;
    int64_t now_us;
    unsigned users_count, documents_count, loops;
    bool insert_only, verbose;
    bool undo_of_server; /* that is what the users undo with */
    unsigned fault_cut, fault_kill, fault_store, fault_restart, fault_stall; /* in 1,000 steps; 0: never */
    struct ops_core *cores[LOOPS_MAX];
    struct mail_item *mail_first[LOOPS_MAX][LOOPS_MAX], *mail_last[LOOPS_MAX][LOOPS_MAX];
    unsigned mail_from; /* the core that is at work */
    void **blocks;      /* of the cores: a kill frees them all */
    size_t block_count, block_cap;
    struct model_store store;
    struct wire *wires;
    unsigned next_wire, wires_count;
    struct user users[USERS_MAX];
    unsigned kills, cuts, restarts, failures, refused, edits, undos;
    char trouble[TROUBLE_BYTES]; /* what is wrong; empty: nothing */
};

uint64_t world_random(struct world *world);
unsigned world_below(struct world *world, unsigned n);
void world_trouble(struct world *world, const char *what, ...);

/* Runs `steps` steps with faults, then without until everything has settled; judges. world->trouble is empty when all is well. */
void world_run(struct world *world, uint64_t seed, unsigned steps);
void world_end(struct world *world);

/* server.c: the cores, their host, the wires. */
void server_start(struct world *world);
void server_kill(struct world *world);
void server_step(struct world *world, bool faults);
void server_tick(struct world *world);
bool server_is_quiet(const struct world *world);
struct wire *wire_open(struct world *world, unsigned user);
void wire_up(struct world *world, struct wire *wire);     /* delivers the next message to the server */
void wire_server_end(struct world *world, struct wire *wire);
void queue_put(struct queue *queue, struct ops_str text, int close);
struct message *queue_take(struct queue *queue);
void queue_clear(struct queue *queue);
void wires_sweep(struct world *world);

/* users.c */
void users_start(struct world *world);
void user_edit(struct world *world, unsigned user);
void user_pump(struct world *world, unsigned user);
void user_receive(struct world *world, unsigned user);
void user_cut(struct world *world, unsigned user);
void user_restart(struct world *world, unsigned user);
bool users_are_quiet(const struct world *world);
void users_end(struct world *world);
struct ops_str document_name(unsigned document);
bool document_is_json(unsigned document);

/* verdict.c */
void world_judge(struct world *world);

extern const struct ops_memory world_memory; /* malloc and free */

#endif
