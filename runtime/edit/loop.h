/* A client session with its connection, in a poll loop: what most programs need beside runtime/client.
 *
 * Connects, sends, receives, waits as long as the session says, and connects again. Memory is malloc's, random bytes are the system's,
 * unless the config names others. Single threaded. */
#ifndef OPS_EDIT_LOOP_H
#define OPS_EDIT_LOOP_H

#include "runtime/client/client.h"
#include "socket.h"

struct ops_edit_loop;

/* `url` as in socket.h; nothing is connected yet. `config` is copied; its memory and random bytes may be NULL. `told` (may be NULL) hears
 * with the config's `events.self` why a connection could not be made or has ended; borrowed until return. NULL: no such address, or no memory. */
struct ops_edit_loop *ops_edit_loop_open(const char *url, const struct ops_client_config *config,
                                         void (*told)(void *self, uint16_t close_code, const char *why));

/* The session. It ends with the loop. */
struct ops_client *ops_edit_loop_client(const struct ops_edit_loop *loop);

/* Sends and does what is due, then waits until something happens: at most `most_ms` (-1: any time). True: `fd` (-1: none) can be read, or
 * has ended. To be called again and again, whatever it returns. */
bool ops_edit_loop_turn(struct ops_edit_loop *loop, int fd, int most_ms);

/* Ends the connection without a word, and the session. NULL is ignored. */
void ops_edit_loop_free(struct ops_edit_loop *loop);

/* The whole text, NUL at its end, from malloc; the caller frees it. NULL: no memory, or no text document. */
char *ops_edit_text(const struct ops_doc *doc);

/* malloc and free as a source of memory. */
extern const struct ops_memory ops_edit_memory;

#endif
