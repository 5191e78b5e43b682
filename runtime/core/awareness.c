/* Who is here and where: one state a connection and document (spec/v1.md §3.3).
 *
 * Pushed at most once a peer, document and awareness_interval_ms; the last state always follows. A state equal to the stored one goes
 * only to those who joined since it was last pushed. Not durable; leaves in the order of the document all the same. */
#include "private.h"

#include "runtime/base/json_same.h"

static bool awareness_is_live(const struct ops_core *core, const struct awareness *a)
{
    return a->data != NULL && core->now.monotonic_us - a->updated_us <= core->config.awareness_ttl_ms * 1000;
}

void ops_awareness_drop(struct ops_document *document, struct member *m)
{
    struct awareness *a = &m->awareness;

    if (a->data == NULL)
        return;
    ops_pool_free(&document->pool, a->data, a->len + 1);
    document->awareness_bytes -= a->len;
    memset(a, 0, sizeof *a);
}

static bool awareness_before(const struct member *a, const struct member *b)
{
    const struct ops_time *x = &a->awareness.updated, *y = &b->awareness.updated;
    size_t common = a->peer_id.len < b->peer_id.len ? a->peer_id.len : b->peer_id.len;
    int order;

    if (x->seconds != y->seconds)
        return x->seconds < y->seconds;
    if (x->nanos != y->nanos)
        return x->nanos < y->nanos;
    order = memcmp(a->peer_id.ptr, b->peer_id.ptr, common);
    return order != 0 ? order < 0 : a->peer_id.len < b->peer_id.len;
}

static bool awareness_fill(const struct member *m, struct ops_arena *arena, struct ops_awareness_state_proto *state)
{
    state->last_updated = m->awareness.updated;
    return ops_arena_copy(arena, m->peer_id, &state->peer_id) &&
           ops_arena_copy(arena, ops_str_of(m->awareness.data, m->awareness.len), &state->data_json);
}

/* Heap sort: a document may have thousands of peers. */
static void awareness_sift(struct member **list, size_t at, size_t count)
{
    size_t child;
    struct member *moved = list[at];

    while ((child = at * 2 + 1) < count) {
        if (child + 1 < count && awareness_before(list[child], list[child + 1]))
            child++;
        if (!awareness_before(moved, list[child]))
            break;
        list[at] = list[child];
        at = child;
    }
    list[at] = moved;
}

static void awareness_sort(struct member **list, size_t count)
{
    size_t i;
    struct member *swap;

    for (i = count / 2; i-- > 0;)
        awareness_sift(list, i, count);
    for (i = count; i-- > 1;) {
        swap = list[0];
        list[0] = list[i];
        list[i] = swap;
        awareness_sift(list, 0, i);
    }
}

size_t ops_awareness_list(struct ops_document *document, struct ops_arena *arena, const struct ops_awareness_state_proto **list)
{
    struct ops_core *core = document->core;
    struct member *m, **live = ops_arena_array(&core->scratch, document->member_count + 1, sizeof(struct member *));
    struct ops_awareness_state_proto *states;
    size_t count = 0, i;

    for (m = document->members; m != NULL && live != NULL; m = m->next) {
        if (awareness_is_live(core, &m->awareness))
            live[count++] = m;
        else
            ops_awareness_drop(document, m);
    }
    states = ops_arena_array(arena, count + 1, sizeof *states);
    if (live == NULL || states == NULL) {
        *list = NULL;
        return 0;
    }
    awareness_sort(live, count);
    for (i = 0; i < count && awareness_fill(live[i], arena, &states[i]); i++)
        continue;
    *list = states;
    return i;
}

/* ---- pushes ------------------------------------------------------------------------------------------------------------- */

static struct ops_note *awareness_note(struct ops_document *document, const struct member *m,
                                       enum ops_server_message_message_type type, const struct asker *asker)
{
    struct ops_core *core = document->core;
    struct ops_note *note = asker != NULL ? ops_note_reply_new(core, type, asker->correlation_id) : ops_note_new(core, type);
    struct ops_receive_awareness_event *event;
    struct ops_awareness_state_proto *state;

    if (note == NULL)
        return NULL;
    event = asker != NULL ? &note->message.awareness_ack : &note->message.receive_awareness_event;
    state = ops_arena_zalloc(&note->arena, sizeof *state);
    if (state == NULL || !awareness_fill(m, &note->arena, state) ||
        !ops_arena_copy(&note->arena, document->id, &event->document_id)) {
        ops_note_drop(note);
        return NULL;
    }
    event->awareness = state;
    event->awareness_count = 1;
    return note;
}

static void awareness_queue(struct ops_document *document, struct member *m, uint64_t only_connection, uint32_t only_loop)
{
    struct ops_note *note = awareness_note(document, m, OPS_SERVER_MESSAGE_RECEIVE_AWARENESS_EVENT, NULL);
    struct effect *effect = note != NULL ? ops_effect_add(document, EFFECT_PUSH, NULL, document->accepted) : NULL;

    if (effect == NULL) {
        ops_note_drop(note);
        return;
    }
    effect->note = note;
    effect->push.except_connection = m->connection;
    effect->push.except_loop = m->loop;
    effect->push.only_connection = only_connection;
    effect->push.only_loop = only_loop;
}

/* To all, or to those that have not had this state pushed. */
static void awareness_push(struct ops_document *document, struct member *m)
{
    struct awareness *a = &m->awareness;
    struct member *other;

    if (!a->due_to_new_only) {
        awareness_queue(document, m, 0, 0);
    } else {
        for (other = document->members; other != NULL; other = other->next) {
            if (other != m && other->join_number > a->pushed_to_join)
                awareness_queue(document, m, other->connection, other->loop);
        }
    }
    a->due = a->due_to_new_only = false;
    a->pushed_us = document->core->now.monotonic_us;
    a->pushed_to_join = document->joins;
}

/* The states whose interval is over. */
void ops_awareness_flush(struct ops_document *document)
{
    struct ops_core *core = document->core;
    int64_t interval_us = core->config.awareness_interval_ms * 1000, due, next = INT64_MAX;
    struct member *m;

    for (m = document->members; m != NULL; m = m->next) {
        if (!m->awareness.due)
            continue;
        due = m->awareness.pushed_us + interval_us;
        if (due <= core->now.monotonic_us)
            awareness_push(document, m);
        else if (due < next)
            next = due;
    }
    document->awareness_due = next != INT64_MAX;
    document->awareness_us = next;
    if (document->awareness_due)
        ops_document_schedule(document, next);
    ops_effects_release(document);
}

/* ---- the request -------------------------------------------------------------------------------------------------------- */

/* False: refused, and answered. */
static bool awareness_store(struct ops_document *document, struct member *m, const struct request *r, bool equal)
{
    struct ops_core *core = document->core;
    struct awareness *a = &m->awareness;
    struct ops_str data = r->message.awareness_request.data_json;
    size_t limit = core->config.awareness_document_max_bytes;
    struct refusal refusal = ops_refusal_of(OPS_TEXT_AWARENESS_TOTAL_MANY);
    char *copy;

    if (document->awareness_bytes - a->len + data.len > limit) {
        ops_refusal_number(core, &refusal, (int64_t)limit);
        ops_document_refuse(document, r, &refusal);
        return false;
    }
    copy = ops_pool_alloc(&document->pool, data.len + 1);
    if (copy == NULL) {
        refusal = ops_refusal_of(OPS_TEXT_UNKNOWN_ERROR);
        ops_document_refuse(document, r, &refusal);
        return false;
    }
    memcpy(copy, data.ptr, data.len);
    if (a->data != NULL)
        ops_pool_free(&document->pool, a->data, a->len + 1);
    document->awareness_bytes += data.len - a->len;
    a->data = copy;
    a->len = data.len;
    a->updated = core->now.wall;
    a->updated_us = core->now.monotonic_us;
    a->due_to_new_only = a->due ? a->due_to_new_only && equal : equal;
    return true;
}

/* Now, or when this peer's interval is over. */
static void awareness_arm(struct ops_document *document, struct member *m)
{
    struct ops_core *core = document->core;
    int64_t due = m->awareness.pushed_us + core->config.awareness_interval_ms * 1000;

    if (m->awareness.due_to_new_only && m->awareness.pushed_to_join == document->joins && !m->awareness.due)
        return; /* nobody has joined since */
    m->awareness.due = true;
    if (m->awareness.pushed_us == 0 || due <= core->now.monotonic_us) {
        awareness_push(document, m);
        return;
    }
    if (!document->awareness_due || due < document->awareness_us)
        document->awareness_us = due;
    document->awareness_due = true;
    ops_document_schedule(document, due);
}

void ops_awareness_handle(struct ops_document *document, struct member *m, struct request *r)
{
    struct ops_core *core = document->core;
    struct ops_str data = r->message.awareness_request.data_json;
    struct refusal refusal = ops_refusal_of(OPS_TEXT_AWARENESS_LARGE);
    struct ops_note *note = NULL;
    bool equal;

    if (data.len > core->config.awareness_max_bytes) {
        ops_refusal_number(core, &refusal, (int64_t)core->config.awareness_max_bytes);
        ops_document_refuse(document, r, &refusal);
        return;
    }
    core->stats.awareness_updates++;
    if (m != NULL) { /* else a state of nobody who is here: there is nothing to keep it with */
        equal = awareness_is_live(core, &m->awareness) &&
                ops_json_same(ops_str_of(m->awareness.data, m->awareness.len), data, &core->scratch);
        if (!equal || !r->asker.profile->equal_awareness_dropped) {
            if (!awareness_store(document, m, r, equal))
                return;
            awareness_arm(document, m);
        }
        if (!r->asker.profile->awareness_unanswered || r->asker.calls)
            note = awareness_note(document, m, OPS_SERVER_MESSAGE_AWARENESS_ACK, &r->asker);
    } else if (r->asker.calls) {
        note = ops_note_reply_new(core, OPS_SERVER_MESSAGE_AWARENESS_ACK, r->asker.correlation_id);
    }
    ops_document_answer(document, &r->asker, note, false);
    ops_note_drop(note);
    ops_effects_release(document);
}
