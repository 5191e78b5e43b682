/* A line of the log: JSON by the schema's message LogLine, or text. */
#include "runtime/server/log.h"

#include "gen/codec.h"
#include "gen/profile.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/random.h>

enum { LOG_TEXT_BYTES = 3072, LOG_SMALL_BYTES = 256, LOG_SCRATCH_BYTES = 4 * OPS_LOG_LINE_BYTES };

static const char *const log_levels[] = {"debug", "info", "warning", "error"};

/* ---- hashed ids ---------------------------------------------------------------------------------------------------------- */

static uint64_t hash_keys[2];
static pthread_once_t hash_once = PTHREAD_ONCE_INIT;

static void make_hash_keys(void)
{
    if (getrandom(hash_keys, sizeof hash_keys, GRND_NONBLOCK) != (ssize_t)sizeof hash_keys)
        hash_keys[0] = (uint64_t)(uintptr_t)&hash_keys; /* where the program lies is random, too */
}

static uint64_t rotated(uint64_t value, unsigned bits)
{
    return value << bits | value >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[2] += v[3];
    v[1] = rotated(v[1], 13) ^ v[0];
    v[3] = rotated(v[3], 16) ^ v[2];
    v[0] = rotated(v[0], 32);
    v[2] += v[1];
    v[0] += v[3];
    v[1] = rotated(v[1], 17) ^ v[2];
    v[3] = rotated(v[3], 21) ^ v[0];
    v[2] = rotated(v[2], 32);
}

/* SipHash-1-3: an id cannot be found again by hashing candidates without the key. */
static uint64_t keyed_hash(struct ops_str text)
{
    uint64_t v[4], block = 0;
    size_t i;

    pthread_once(&hash_once, make_hash_keys);
    v[0] = hash_keys[0] ^ UINT64_C(0x736f6d6570736575);
    v[1] = hash_keys[1] ^ UINT64_C(0x646f72616e646f6d);
    v[2] = hash_keys[0] ^ UINT64_C(0x6c7967656e657261);
    v[3] = hash_keys[1] ^ UINT64_C(0x7465646279746573);
    for (i = 0; i <= text.len; i++) {
        uint64_t byte = i < text.len ? (unsigned char)text.ptr[i] : (uint64_t)(text.len & 0xff) << (56 - 8 * (i % 8));

        block |= byte << (8 * (i % 8));
        if (i % 8 != 7 && i < text.len)
            continue;
        v[3] ^= block;
        sip_round(v);
        v[0] ^= block;
        block = 0;
    }
    v[2] ^= 0xff;
    for (i = 0; i < 3; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* ---- lines ---------------------------------------------------------------------------------------------------------------- */

/* The entry with its secrets out and its ids hashed, in memory of its own. */
struct prepared {
    struct ops_log_line line;
    struct ops_log_error error;
    char msg[LOG_TEXT_BYTES], what[LOG_TEXT_BYTES / 2], conn[LOG_SMALL_BYTES], doc_hash[24];
};

static struct ops_str view(const char *text)
{
    return ops_str_of(text, text != NULL ? strlen(text) : 0);
}

static void prepare(struct prepared *p, const struct ops_log_entry *entry, struct ops_time now)
{
    memset(&p->line, 0, sizeof p->line);
    memset(&p->error, 0, sizeof p->error);
    p->line.ts = now;
    p->line.level = view(log_levels[entry->level]);
    p->line.room = view(entry->room != NULL ? entry->room : "server");
    p->line.msg = ops_str_of(p->msg, ops_log_redact(entry->msg, p->msg, sizeof p->msg));
    if (entry->conn.ptr != NULL)
        p->line.conn = ops_str_of(p->conn, ops_log_redact(entry->conn, p->conn, sizeof p->conn));
    if (entry->document_id.ptr != NULL) {
        int len = snprintf(p->doc_hash, sizeof p->doc_hash, "%016llx", (unsigned long long)keyed_hash(entry->document_id));

        p->line.doc_hash = ops_str_of(p->doc_hash, (size_t)len);
    }
    if (entry->err_code == NULL && entry->err_where == NULL && entry->err_what.ptr == NULL)
        return;
    p->error.code = view(entry->err_code);
    p->error.where = view(entry->err_where);
    if (entry->err_what.ptr != NULL)
        p->error.what = ops_str_of(p->what, ops_log_redact(entry->err_what, p->what, sizeof p->what));
    p->line.err = &p->error;
}

/* Half as long, at a character. */
static struct ops_str halved(struct ops_str text)
{
    size_t len = text.len / 2;

    while (len > 0 && ((unsigned char)text.ptr[len] & 0xC0) == 0x80)
        len--;
    return ops_str_of(text.ptr, len);
}

static size_t format_json(struct prepared *p, char out[OPS_LOG_LINE_BYTES])
{
    int64_t scratch[LOG_SCRATCH_BYTES / sizeof(int64_t)];
    size_t len = 0;

    for (;;) {
        struct ops_arena arena;
        struct ops_buf text;

        ops_arena_init(&arena, scratch, sizeof scratch, sizeof scratch, NULL);
        ops_buf_init(&text, &arena);
        if (ops_log_line_json_encode(&ops_style_v1, &p->line, &text) == OPS_OK && text.len < OPS_LOG_LINE_BYTES) {
            memcpy(out, text.ptr, text.len);
            len = text.len;
            ops_arena_end(&arena);
            break;
        }
        ops_arena_end(&arena);
        p->line.msg = halved(p->line.msg); /* texts of nothing but escapes are six times as long as they were */
        p->error.what = p->error.what.ptr != NULL ? halved(p->error.what) : p->error.what;
    }
    out[len++] = '\n';
    return len;
}

static size_t add(char *out, size_t at, const char *before, struct ops_str text)
{
    size_t before_len = strlen(before);

    if (text.ptr == NULL || OPS_LOG_LINE_BYTES - 1 - at < before_len + text.len)
        return at;
    memcpy(out + at, before, before_len);
    at += before_len;
    for (size_t i = 0; i < text.len; i++) /* nothing that a terminal would act on */
        out[at + i] = (unsigned char)text.ptr[i] < ' ' || text.ptr[i] == 0x7f ? ' ' : text.ptr[i];
    return at + text.len;
}

static size_t format_text(struct prepared *p, char out[OPS_LOG_LINE_BYTES])
{
    char time[OPS_TIME_CHARS];
    size_t at = 0;

    at = add(out, at, "", ops_str_of(time, (size_t)(ops_time_write_millis_z(time, p->line.ts) - time)));
    at = add(out, at, " ", p->line.level);
    at = add(out, at, p->line.level.len < 7 ? (p->line.level.len < 5 ? "    " : "   ") : " ", p->line.room);
    at = add(out, at, ": ", p->line.msg);
    at = add(out, at, " doc=", p->line.doc_hash);
    at = add(out, at, " conn=", p->line.conn);
    at = add(out, at, " code=", p->error.code);
    at = add(out, at, " where=", p->error.where);
    at = add(out, at, " what=", p->error.what);
    out[at++] = '\n';
    return at;
}

size_t ops_log_format(const struct ops_log_entry *entry, bool json, struct ops_time now, char out[OPS_LOG_LINE_BYTES])
{
    struct prepared p;

    prepare(&p, entry, now);
    return json ? format_json(&p, out) : format_text(&p, out);
}
