/* Every call of the users' clients goes through here and onto a tape, for replay.mjs.
 *
 * The sources of tests/simulation are compiled a second time with this header in front of each (`-include`), so that they stay as they
 * are. Functions that only read are not named here: after each call the tape reads all of them itself.
 *
 * A tape is frames: four bytes of length, a byte of kind, and then
 *   NAMES   the names of the calls, a line each, an empty line, the names of what is told: later frames say their places in these lists
 *   BEGIN   the seed, eight bytes
 *   CALL    the client's number, the call's, four bytes of length, the arguments, then all that came out
 *   END     what is wrong with the seed; nothing, mostly
 * Arguments and what came out are items: `n` and a double; `s`, four bytes of length (all ones: absent) and bytes; `t` and a byte: the
 * name of what follows. Random bytes that the client drew are the last arguments. Little end first. */
#ifndef OPS_TESTS_WASM_TAPE_H
#define OPS_TESTS_WASM_TAPE_H

#include "runtime/client/client.h"

/* Begins the tape on a descriptor; it stays the caller's. */
void tape_open(int fd);

/* Before the first call of a seed, and after the last one. `trouble`: the verdict. */
void tape_begin(uint64_t seed);
void tape_end(const char *trouble);

/* Everything that every client shows, whole; and ops_client_save of each. */
void tape_read_all(void);

/* As those of client.h. The settings of a client are the defaults, because opstream.wasm knows no others. */
struct ops_client *tape_client_open(const struct ops_client_config *config);
void tape_client_close(struct ops_client *client);
void tape_client_tick(struct ops_client *client, int64_t monotonic_ms, int64_t wall_ms);
void tape_client_retry_now(struct ops_client *client);
void tape_client_connected(struct ops_client *client);
void tape_client_received(struct ops_client *client, struct ops_str message);
void tape_client_disconnected(struct ops_client *client, uint16_t close_code);
bool tape_client_outgoing(struct ops_client *client, struct ops_str *message);
enum ops_err tape_client_join(struct ops_client *client, struct ops_str id, struct ops_str type, struct ops_doc **doc);
void tape_client_leave(struct ops_client *client, struct ops_doc *doc);
enum ops_err tape_client_save(const struct ops_client *client, struct ops_buf *out);
enum ops_err tape_client_load(struct ops_client *client, struct ops_str saved);
enum ops_err tape_text_insert(struct ops_doc *doc, size_t offset_utf16, struct ops_str text);
enum ops_err tape_text_delete(struct ops_doc *doc, size_t offset_utf16, size_t count_utf16);
enum ops_err tape_text_replace(struct ops_doc *doc, size_t offset_utf16, size_t count_utf16, struct ops_str text);
enum ops_err tape_json_set(struct ops_doc *doc, struct ops_str path, struct ops_str value);
enum ops_err tape_json_del(struct ops_doc *doc, struct ops_str path);
enum ops_err tape_doc_undo(struct ops_doc *doc);
enum ops_err tape_doc_redo(struct ops_doc *doc);
void tape_doc_undo_stop(struct ops_doc *doc);
enum ops_err tape_awareness_set(struct ops_doc *doc, struct ops_str data);

#ifndef OPS_TAPE_ITSELF
#define ops_client_open tape_client_open
#define ops_client_close tape_client_close
#define ops_client_tick tape_client_tick
#define ops_client_retry_now tape_client_retry_now
#define ops_client_connected tape_client_connected
#define ops_client_received tape_client_received
#define ops_client_disconnected tape_client_disconnected
#define ops_client_outgoing tape_client_outgoing
#define ops_client_join tape_client_join
#define ops_client_leave tape_client_leave
#define ops_client_save tape_client_save
#define ops_client_load tape_client_load
#define ops_doc_text_insert tape_text_insert
#define ops_doc_text_delete tape_text_delete
#define ops_doc_text_replace tape_text_replace
#define ops_doc_json_set tape_json_set
#define ops_doc_json_del tape_json_del
#define ops_doc_undo tape_doc_undo
#define ops_doc_redo tape_doc_redo
#define ops_doc_undo_stop tape_doc_undo_stop
#define ops_doc_awareness_set tape_awareness_set
#endif

#endif
