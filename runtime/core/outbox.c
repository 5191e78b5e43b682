/* The order of answers on one connection (spec/v1.md §3.1).
 *
 * A request whose answer must keep its place reserves a slot; the slots form a queue. An answer fills its slot; the filled
 * slots at the head of the queue leave. What comes for a document that has a filled but waiting slot waits behind it, so
 * that replies and pushes of one document stay in revision order; everything else leaves at once. Bounded by
 * OUTBOX_HELD_MAX: beyond it the client has asked for more than it can be told in order, and is closed as a slow consumer. */
#include "private.h"

enum { OUTBOX_HELD_MAX = 16384 };

static void outbox_send_now(struct ops_connection *connection, struct ops_note *note, enum ops_error_code close)
{
    struct ops_core *core = connection->core;

    if (connection->closing)
        return;
    if (note != NULL)
        core->host.send(core->host.self, connection->peer, note);
    if (close != OPS_ERROR_CODE_NO_ERROR) {
        connection->closing = true;
        core->host.close(core->host.self, connection->peer, close);
    }
}

static void outbox_hold(struct ops_connection *connection, struct slot *slot, struct ops_note *note, enum ops_error_code close)
{
    struct ops_core *core = connection->core;
    struct held *held;

    if (note == NULL && close == OPS_ERROR_CODE_NO_ERROR)
        return;
    held = connection->held_count < OUTBOX_HELD_MAX ? ops_pool_alloc(&core->pool, sizeof *held) : NULL;
    if (held == NULL) {
        outbox_send_now(connection, NULL, OPS_ERROR_CODE_SLOW_CONSUMER);
        return;
    }
    held->next = NULL;
    held->note = note;
    held->close = close;
    if (note != NULL)
        ops_note_keep(note);
    if (slot->last != NULL)
        slot->last->next = held;
    else
        slot->first = held;
    slot->last = held;
    connection->held_count++;
}

static void outbox_pop(struct ops_connection *connection, bool send)
{
    struct slot *slot = connection->slots;
    struct held *held;

    connection->slots = slot->next;
    if (slot->next == NULL)
        connection->last_slot = NULL;
    while ((held = slot->first) != NULL) {
        slot->first = held->next;
        if (send)
            outbox_send_now(connection, held->note, held->close);
        ops_note_drop(held->note);
        ops_pool_free(&connection->core->pool, held, sizeof *held);
        connection->held_count--;
    }
    ops_pool_free(&connection->core->pool, slot, sizeof *slot);
}

uint32_t ops_outbox_reserve(struct ops_connection *connection, uint64_t document, bool *reserved)
{
    struct slot *slot = ops_pool_zalloc(&connection->core->pool, sizeof *slot);

    *reserved = slot != NULL;
    if (slot == NULL)
        return 0;
    slot->number = ++connection->next_slot != 0 ? connection->next_slot : ++connection->next_slot;
    slot->document = document;
    if (connection->last_slot != NULL)
        connection->last_slot->next = slot;
    else
        connection->slots = slot;
    connection->last_slot = slot;
    return slot->number;
}

void ops_outbox_fill(struct ops_connection *connection, uint32_t number, struct ops_note *note, enum ops_error_code close)
{
    struct slot *slot = connection->slots;

    while (slot != NULL && slot->number != number)
        slot = slot->next;
    if (slot == NULL)
        return;
    slot->filled = true;
    outbox_hold(connection, slot, note, close);
    while (connection->slots != NULL && connection->slots->filled)
        outbox_pop(connection, true);
}

void ops_outbox_send(struct ops_connection *connection, uint64_t document, struct ops_note *note, enum ops_error_code close)
{
    struct slot *slot, *behind = NULL;

    for (slot = connection->slots; slot != NULL; slot = slot->next) {
        if (slot->filled && slot->document == document && document != 0)
            behind = slot;
    }
    if (behind != NULL)
        outbox_hold(connection, behind, note, close);
    else
        outbox_send_now(connection, note, close);
}

void ops_outbox_end(struct ops_connection *connection)
{
    while (connection->slots != NULL)
        outbox_pop(connection, false);
}
