/* Rope: finding a place, and reading. See rope.h. */
#include "rope.h"

#include "runtime/base/utf.h"

#define REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */
enum { REPLACEMENT_BYTES = 3 };

/* Of 8 bytes of UTF-8, how many units begin in them: one a byte that continues nothing, one more where four bytes begin. */
static size_t rope_word_units(uint64_t word)
{
    const uint64_t low = UINT64_C(0x0101010101010101);
    uint64_t high = word >> 7 & low, next = word >> 6 & low;
    uint64_t four = high & next & (word >> 5 & low) & (word >> 4 & low);
    uint64_t starts = (high & ~next & low) ^ low;

    return (size_t)((starts + four) * low >> 56);
}

/* The byte at which unit `units` of the text begins; when that is the second half of a pair, the begin of the pair, and
 * `*inside`. */
static size_t rope_byte_of_unit(const char *text, size_t len, size_t units, bool *inside)
{
    size_t at = 0;

    *inside = false;
    while (len - at >= 8) {
        uint64_t word;
        size_t here;

        memcpy(&word, text + at, sizeof word);
        here = rope_word_units(word);
        if (here > units)
            break;
        units -= here;
        at += 8;
    }
    for (; at < len; at++) {
        unsigned char c = (unsigned char)text[at];
        size_t here = c >= 0xf0 ? 2 : 1;

        if ((c & 0xc0) == 0x80)
            continue;
        if (units == 0)
            break;
        if (here > units) {
            *inside = true;
            break;
        }
        units -= here;
    }
    return at;
}

static void rope_find_in_leaf(struct rope_path *path, size_t at)
{
    const struct rope_leaf *leaf = path->leaf;

    path->offset_units = at;
    path->inside_pair = false;
    if (leaf->units == leaf->bytes)
        path->offset_bytes = at;
    else
        path->offset_bytes = rope_byte_of_unit(leaf->text, leaf->bytes, at, &path->inside_pair);
}

void rope_find(const struct rope *rope, size_t at, bool left, struct rope_path *path)
{
    void *place = rope->root;
    size_t before = left ? 1 : 0; /* a border belongs to the left child */
    unsigned level;

    for (level = 0; level < rope->height; level++) {
        struct rope_node *node = (struct rope_node *)place;
        unsigned slot = 0;

        while (slot + 1 < node->count && at >= node->units[slot] + before)
            at -= node->units[slot++];
        path->node[level] = node;
        path->slot[level] = slot;
        place = node->child[slot];
    }
    path->leaf = (struct rope_leaf *)place;
    rope_find_in_leaf(path, at);
}

bool rope_next_leaf(const struct rope *rope, struct rope_path *path)
{
    unsigned level = rope->height;
    void *place;

    while (level > 0 && path->slot[level - 1] + 1 == path->node[level - 1]->count)
        level--;
    if (level == 0)
        return false;
    place = path->node[level - 1]->child[++path->slot[level - 1]];
    for (; level < rope->height; level++) {
        path->node[level] = (struct rope_node *)place;
        path->slot[level] = 0;
        place = path->node[level]->child[0];
    }
    path->leaf = (struct rope_leaf *)place;
    path->offset_units = path->offset_bytes = 0;
    path->inside_pair = false;
    return true;
}

bool rope_inside_pair(const struct rope *rope, size_t at)
{
    struct rope_path path;

    if (at == 0 || at >= rope->units || rope->units == rope->bytes)
        return false;
    rope_find(rope, at, true, &path);
    return path.inside_pair;
}

static void rope_put(char *out, size_t *len, const char *bytes, size_t count)
{
    if (out != NULL && count > 0)
        memcpy(out + *len, bytes, count);
    *len += count;
}

size_t rope_read(const struct rope *rope, size_t at, size_t count, char *out)
{
    struct rope_path path;
    size_t len = 0;

    if (count == 0)
        return 0;
    rope_find(rope, at, false, &path);
    if (path.inside_pair) {
        rope_put(out, &len, REPLACEMENT, REPLACEMENT_BYTES);
        path.offset_units++;
        path.offset_bytes += 4;
        count--;
    }
    for (;;) {
        const struct rope_leaf *leaf = path.leaf;
        const char *from = leaf->text + path.offset_bytes;
        size_t left_units = leaf->units - path.offset_units, left_bytes = (size_t)leaf->bytes - path.offset_bytes;

        if (count < left_units) {
            bool inside = false;
            size_t bytes = leaf->units == leaf->bytes ? count : rope_byte_of_unit(from, left_bytes, count, &inside);

            rope_put(out, &len, from, bytes);
            if (inside)
                rope_put(out, &len, REPLACEMENT, REPLACEMENT_BYTES);
            return len;
        }
        rope_put(out, &len, from, left_bytes);
        count -= left_units;
        if (count == 0 || !rope_next_leaf(rope, &path))
            return len;
    }
}

void rope_clear(struct rope *rope)
{
    struct rope_node *node[ROPE_DEPTH];
    unsigned level = 0, slot[ROPE_DEPTH];
    void *place = rope->root;

    /* depth first, children before their node */
    while (place != NULL) {
        if (level < rope->height) {
            node[level] = (struct rope_node *)place;
            slot[level] = 0;
            place = node[level++]->child[0];
            continue;
        }
        ops_pool_free(rope->pool, place, rope_leaf_size(((struct rope_leaf *)place)->room));
        place = NULL;
        while (level > 0 && place == NULL) {
            struct rope_node *parent = node[level - 1];

            if (++slot[level - 1] < parent->count) {
                place = parent->child[slot[level - 1]];
            } else {
                ops_pool_free(rope->pool, parent, sizeof *parent);
                level--;
            }
        }
    }
    rope->root = NULL;
    rope->height = 0;
    rope->bytes = rope->units = rope->escape_extra = 0;
}
