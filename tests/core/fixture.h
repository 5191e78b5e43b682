/* One core on a script: clients named by letters, a clock that stands still, a store that holds what it is asked until the test
 * answers, and everything that the core does written down as text.
 *
 * Documents whose id begins with `j` are json, all others text. Ops are written and shown as
 *   text  "=3 +new -1"      retain 3, insert "new", delete 1
 *   json  "x=1@5 y-@6"      set x to 1 with stamp 5, delete y with stamp 6; shown with the peer: x=1@5/a
 * What clients are told is shown a line each: `a< ack d 2`, `b< op d 2 +new`, ... (say.c). */
#ifndef OPS_TESTS_CORE_FIXTURE_H
#define OPS_TESTS_CORE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "runtime/core/core.h"
#include "tests/simulation/store_model.h"

enum { CLIENTS = 26, LOOPS_MAX = 3 };

struct client {
    struct fixture *fixture;
    struct ops_connection *connection; /* NULL: not connected */
    const struct ops_profile *profile;
    uint32_t loop;
    bool paused, closed;
    unsigned told; /* messages */
};

struct mail {
    struct mail *next;
    struct ops_mail *mail;
    uint32_t loop; /* to */
};

struct fixture {
    struct ops_core *core;             /* that of loop 0 */
    struct ops_core *cores[LOOPS_MAX]; /* of config.loops loops */
    struct mail *mail, **mail_end;     /* on its way */
    unsigned mails;                    /* posted in all */
    struct ops_core_config config; /* change it, then fixture_restart */
    struct model_store store;
    struct client clients[CLIENTS];
    int64_t now_us;
    size_t blocks, block_bytes;    /* that the core holds */
    int64_t allocations_left;      /* then they fail; below 0: never */
    bool allocations_fail_once;    /* one fails, then they go on */
    const char *tag;               /* correlation id of the next request; NULL: none */
    unsigned reports, form_ends;
    FILE *log;
    char *text;
    size_t text_bytes;
};

/* For cmocka: *state is a fixture with an open core; the teardown looks for leaks. */
int fixture_setup(void **state);
int fixture_teardown(void **state);
#define CLAIM(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

/* All clients go, the store finishes, the core is closed and opened again on the same store with `config`. */
void fixture_restart(struct fixture *f);

/* ---- clients ---- */
void come(struct fixture *f, const char *names); /* a connection for each letter; profile v1 */
void come_as(struct fixture *f, char name, const struct ops_profile *profile);
void come_on(struct fixture *f, char name, uint32_t loop);
void extend(struct fixture *f, const char *names);
void go(struct fixture *f, char name);
void here(struct fixture *f, const char *names, const char *document); /* come, join, the store answers, the log is emptied */

/* ---- requests ---- */
void request(struct fixture *f, char name, const struct ops_client_message *message);
void join(struct fixture *f, char name, const char *document);
void join_since(struct fixture *f, char name, const char *document, int64_t revision);
void edit(struct fixture *f, char name, const char *document, int64_t base, const char *op);
void edit_id(struct fixture *f, char name, const char *document, int64_t base, const char *op, const char *op_id);
void send_payload(struct fixture *f, char name, const char *document, int64_t base, struct ops_str payload);
void aware(struct fixture *f, char name, const char *document, const char *data);
void about(struct fixture *f, char name, enum ops_client_message_message_type type, const char *document);
void leave(struct fixture *f, char name, const char *document);
void undo(struct fixture *f, char name, const char *document);
void redo(struct fixture *f, char name, const char *document);

/* ---- the store ---- */
unsigned waiting(const struct fixture *f, enum ops_store_kind kind);
/* Answers the oldest request of that kind for the document; there has to be one that may go. A fate other than DONE fails it. */
void answer(struct fixture *f, const char *document, enum ops_store_kind kind, enum model_fate fate);
void stored(struct fixture *f, const char *document); /* the oldest append is durable */
void settle(struct fixture *f);                       /* everything is done, also what comes of it */
int64_t log_revision(const struct fixture *f, const char *document); /* of the last row in the log; 0: none */

void deliver(struct fixture *f);                      /* the mail, and what comes of it; settle does so too */

/* ---- time ---- */
void pass(struct fixture *f, int64_t ms); /* with a tick whenever the core wants one */

/* ---- the effects ---- */
void expect(struct fixture *f, const char *text); /* exactly this since the last look */
void forget(struct fixture *f);
const char *effects(struct fixture *f);

/* ---- for say.c and back ---- */
void say_message(FILE *out, const struct ops_profile *profile, const struct ops_server_message *message);
void say_close(FILE *out, enum ops_error_code code);
struct ops_str op_bytes(struct ops_arena *arena, const char *document, const char *op, char peer);

static inline struct ops_str id_of(const char *text)
{
    return text != NULL ? ops_str_of(text, strlen(text)) : ops_str_of(NULL, 0);
}

#endif
