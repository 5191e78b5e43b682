#include "talk.h"

#include "gen/calls.h"
#include "placeholders.h"
#include "runtime/base/base64.h"

enum { TALK_SEPARATOR = 0x1e, TALK_PATH_CHARS = 64 };

/* ---- peers ------------------------------------------------------------------------------------------------------- */

static const struct {
    const char *path;
    enum conf_door door;
    const struct ops_call *(*calls)(struct ops_str target);
    const struct ops_call *(*callbacks)(struct ops_str target);
} talk_doors[] = {
    {"/collab-ws", CONF_DOOR_COLLAB, NULL, NULL},
    {"/manage-ws", CONF_DOOR_MANAGE, NULL, NULL},
    {"/comments-ws", CONF_DOOR_COMMENTS, NULL, NULL},
    {"/versioning-ws", CONF_DOOR_VERSIONING, NULL, NULL},
    {"/collab", CONF_DOOR_HUB, ops_collaboration_hub_find, ops_collaboration_hub_callbacks_find},
    {"/manage", CONF_DOOR_HUB, ops_management_hub_find, NULL},
    {"/versioning", CONF_DOOR_HUB, ops_versioning_hub_find, NULL},
};

static struct conf_peer *talk_peer(struct conf_talk *talk, struct ops_str name)
{
    struct conf_peer *peer;
    size_t i;

    for (i = 0; i < talk->peer_count; i++) {
        if (ops_str_equal(ops_str_of(talk->peers[i].name, strlen(talk->peers[i].name)), name))
            return &talk->peers[i];
    }
    if (talk->peer_count == CONF_PEERS_LIMIT)
        return &talk->peers[CONF_PEERS_LIMIT - 1];
    peer = &talk->peers[talk->peer_count++];
    memset(peer, 0, sizeof *peer);
    peer->name = name.ptr != NULL ? name.ptr : "";
    peer->profile = talk->file->profile;
    ops_buf_init(&peer->stream, talk->arena);
    return peer;
}

/* `?profile=` chooses on every endpoint. */
static void talk_choose_profile(struct conf_peer *peer, struct ops_str query)
{
    static const char name[] = "profile=";
    size_t len = sizeof name - 1, i, end;

    for (i = 0; i + len < query.len; i++) {
        if (memcmp(query.ptr + i, name, len) != 0)
            continue;
        for (end = i + len; end < query.len && query.ptr[end] != '&'; end++)
            ;
        if (ops_profile_find(ops_str_of(query.ptr + i + len, end - i - len)) != NULL) {
            peer->profile = ops_profile_find(ops_str_of(query.ptr + i + len, end - i - len));
            peer->profile_open = false;
        }
    }
}

/* Finds the endpoint of a path, whatever its letter case, query and last slash. */
static void talk_open_door(struct conf_peer *peer, struct ops_str path)
{
    size_t len = 0, i;

    while (len < path.len && path.ptr[len] != '?')
        len++;
    peer->profile_open = peer->profile == &ops_profile_v1;
    talk_choose_profile(peer, ops_str_of(path.ptr + len, path.len - len));
    if (len > 1 && path.ptr[len - 1] == '/')
        len--;
    peer->door = CONF_DOOR_NONE;
    for (i = 0; i < sizeof talk_doors / sizeof *talk_doors; i++) {
        if (!conf_same_letters(ops_str_of(path.ptr, len), ops_str_of(talk_doors[i].path, strlen(talk_doors[i].path))))
            continue;
        peer->door = talk_doors[i].door;
        peer->calls = talk_doors[i].calls;
        peer->callbacks = talk_doors[i].callbacks;
    }
    if (peer->door != CONF_DOOR_COLLAB && peer->door != CONF_DOOR_COMMENTS)
        peer->profile_open = false;
}

/* ---- texts ------------------------------------------------------------------------------------------------------- */

static struct conf_text *talk_add(struct conf_talk *talk, struct conf_peer *peer, size_t step, enum conf_kind kind,
                                  struct ops_str text)
{
    struct conf_text *added = (struct conf_text *)conf_alloc(talk->arena, sizeof *added);

    if (talk->count == talk->capacity) {
        size_t wanted = talk->capacity == 0 ? 64 : talk->capacity * 2;
        struct conf_text **grown = (struct conf_text **)conf_alloc(talk->arena, wanted * sizeof *grown);

        if (talk->count > 0)
            memcpy(grown, talk->texts, talk->count * sizeof *grown);
        talk->texts = grown;
        talk->capacity = wanted;
    }
    talk->texts[talk->count++] = added;
    added->step = step;
    added->peer = peer;
    added->kind = kind;
    added->text = text;
    added->json = conf_parse(text);
    return added;
}

/* spec/v1.md §4.1: the first message decides for good. */
static void talk_first_message(struct conf_peer *peer, const struct conf_text *text)
{
    if (peer->profile_open && json_is_integer(json_object_get(text->json, "messageType")))
        peer->profile = &ops_profile_reference;
    peer->profile_open = false;
}

static void talk_sent_message(struct conf_talk *talk, struct conf_peer *peer, size_t step, struct ops_str text)
{
    struct conf_text *sent = talk_add(talk, peer, step, CONF_MESSAGE, text);

    talk_first_message(peer, sent);
    conf_request_read(sent);
    peer->last = sent;
}

/* Cuts what a hub peer has sent so far into records; the first one is the handshake. */
static void talk_sent_hub(struct conf_talk *talk, struct conf_peer *peer, size_t step, struct ops_str text)
{
    size_t i, begin = 0;

    for (i = 0; i < text.len; i++) {
        struct ops_str record;

        if ((unsigned char)text.ptr[i] != TALK_SEPARATOR)
            continue;
        conf_append(&peer->stream, ops_str_of(text.ptr + begin, i - begin));
        begin = i + 1;
        record = ops_buf_str(&peer->stream);
        ops_buf_init(&peer->stream, talk->arena);
        peer->last = talk_add(talk, peer, step, peer->asked ? CONF_RECORD : CONF_HANDSHAKE, record);
        conf_request_read(peer->last);
        peer->asked = true;
    }
    conf_append(&peer->stream, ops_str_of(text.ptr + begin, text.len - begin));
}

static void talk_sent(struct conf_talk *talk, struct conf_peer *peer, size_t step, struct ops_str text)
{
    if (peer->door == CONF_DOOR_HUB)
        talk_sent_hub(talk, peer, step, text);
    else if (peer->door != CONF_DOOR_NONE)
        talk_sent_message(talk, peer, step, text);
}

static void talk_received_text(struct conf_talk *talk, struct conf_peer *peer, size_t step, enum conf_kind kind,
                               struct ops_str text)
{
    struct conf_text *received = talk_add(talk, peer, step, kind, text);

    received->from_server = true;
    conf_answer(talk, received);
}

/* One frame, event or poll of a hub: records. In an event stream each stands behind `data: `. */
static void talk_received_hub(struct conf_talk *talk, struct conf_peer *peer, size_t step, struct ops_str text)
{
    static const char data[] = "data: ";
    size_t i, begin = 0;

    for (i = 0; i < text.len; i++) {
        size_t from = begin, k;

        if ((unsigned char)text.ptr[i] != TALK_SEPARATOR)
            continue;
        begin = i + 1;
        for (k = from; k + sizeof data - 1 <= i && text.ptr[k] != '{'; k++) {
            if (memcmp(text.ptr + k, data, sizeof data - 1) == 0) {
                from = k + sizeof data - 1;
                break;
            }
        }
        talk_received_text(talk, peer, step, peer->greeted ? CONF_RECORD : CONF_HANDSHAKE,
                           ops_str_of(text.ptr + from, i - from));
        peer->greeted = true;
    }
}

static void talk_received(struct conf_talk *talk, struct conf_peer *peer, size_t step, struct ops_str text)
{
    if (peer->door == CONF_DOOR_HUB)
        talk_received_hub(talk, peer, step, text);
    else if (peer->door != CONF_DOOR_NONE)
        talk_received_text(talk, peer, step, CONF_MESSAGE, text);
}

/* ---- steps ------------------------------------------------------------------------------------------------------- */

/* The bytes of a `base64` member, with `<run>` replaced in them. */
static struct ops_str talk_bytes(struct conf_talk *talk, struct ops_str base64)
{
    size_t bad, bound = ops_base64_decoded_bound(base64.len), len;
    char *out = (char *)conf_alloc(talk->arena, bound);

    len = ops_base64_decode(out, base64.ptr, base64.len, &bad);
    return conf_fill(talk->arena, ops_str_of(out, len == SIZE_MAX ? 0 : len));
}

static void talk_send_step(struct conf_talk *talk, struct conf_peer *peer, size_t index, const json_t *step)
{
    const json_t *fragments = json_object_get(step, "fragments");
    struct ops_str text = conf_member(step, "text");
    struct ops_buf whole;
    size_t i;

    ops_buf_init(&whole, talk->arena);
    for (i = 0; i < json_array_size(fragments); i++)
        conf_append(&whole, conf_string(json_array_get(fragments, i)));
    if (text.ptr != NULL)
        talk_sent(talk, peer, index, conf_fill(talk->arena, text));
    else if (fragments != NULL)
        talk_sent(talk, peer, index, conf_fill(talk->arena, ops_buf_str(&whole)));
    else if (conf_member(step, "base64").ptr != NULL)
        talk_sent(talk, peer, index, talk_bytes(talk, conf_member(step, "base64")));
}

static void talk_recv_step(struct conf_talk *talk, struct conf_peer *peer, size_t index, const json_t *step)
{
    struct ops_str text = conf_member(step, "text");
    const json_t *close = json_object_get(step, "close");

    if (text.ptr != NULL)
        talk_received(talk, peer, index, conf_fill(talk->arena, text));
    else if (close != NULL)
        conf_answer_close(peer, conf_member(close, "reason"));
    else
        conf_answer_close(peer, ops_str_of(NULL, 0));
}

static bool talk_contains(struct ops_str text, const char *part)
{
    size_t len = strlen(part), i;

    for (i = 0; i + len <= text.len; i++) {
        if (memcmp(text.ptr + i, part, len) == 0)
            return true;
    }
    return false;
}

static void talk_http_step(struct conf_talk *talk, struct conf_peer *peer, size_t index, const json_t *step)
{
    const json_t *response = json_object_get(step, "response");
    struct ops_str path = conf_member(step, "path"), sent = conf_member(step, "body");
    struct ops_str body = conf_fill(talk->arena, conf_member(response, "body"));
    bool ok = json_integer_value(json_object_get(response, "status")) == 200;

    if (path.ptr != NULL && peer->door == CONF_DOOR_NONE)
        talk_open_door(peer, path);
    if (sent.ptr != NULL && peer->door == CONF_DOOR_HUB)
        talk_sent(talk, peer, index, conf_fill(talk->arena, sent));
    if (body.len == 0 || !ok)
        return;
    if (path.ptr != NULL && talk_contains(path, "/negotiate"))
        talk_received_text(talk, peer, index, CONF_NEGOTIATE, body);
    else if (path.ptr != NULL && talk_contains(path, "/opstream/diag/"))
        talk_received_text(talk, peer, index, CONF_DIAGNOSTICS, body);
    else if (peer->door == CONF_DOOR_HUB)
        talk_received(talk, peer, index, body);
}

static void talk_step(struct conf_talk *talk, size_t index, const json_t *step)
{
    struct ops_str what = conf_member(step, "do");
    struct conf_peer *peer;

    if (conf_member(step, "peer").ptr == NULL || what.ptr == NULL)
        return;
    peer = talk_peer(talk, conf_member(step, "peer"));
    if (ops_str_equal(what, OPS_STR("connect")))
        talk_open_door(peer, conf_member(step, "path"));
    else if (ops_str_equal(what, OPS_STR("send")))
        talk_send_step(talk, peer, index, step);
    else if (ops_str_equal(what, OPS_STR("recv")))
        talk_recv_step(talk, peer, index, step);
    else if (ops_str_equal(what, OPS_STR("close")) || ops_str_equal(what, OPS_STR("drop")))
        peer->leaving = true;
    else if (ops_str_equal(what, OPS_STR("http")) || ops_str_equal(what, OPS_STR("http-result")))
        talk_http_step(talk, peer, index, step);
}

void conf_talk_read(struct conf_talk *talk, const struct conf_file *file, const json_t *test, struct ops_arena *arena)
{
    const json_t *steps = json_object_get(test, "steps");
    size_t i;

    memset(talk, 0, sizeof *talk);
    talk->arena = arena;
    talk->file = file;
    for (i = 0; i < json_array_size(steps); i++)
        talk_step(talk, i, json_array_get(steps, i));
    conf_answer_silence(talk);
}

void conf_talk_end(struct conf_talk *talk)
{
    size_t i;

    for (i = 0; i < talk->count; i++)
        json_decref(talk->texts[i]->json);
}

const struct conf_engine *conf_talk_engine(const struct conf_talk *talk, struct ops_str document_id)
{
    size_t i;

    for (i = 0; i < talk->document_count; i++) {
        if (ops_str_equal(talk->documents[i].id, document_id))
            return talk->documents[i].engine;
    }
    return NULL;
}
