/* Rope: inserting and erasing. See rope.h.
 *
 * A leaf grows in its own memory by steps of one half. What is typed at a leaf's end goes on in a new leaf, so that a run leaves full
 * ones behind; in the middle of a full leaf the leaf is cut there and the text goes to the end of its left part. */
#include "rope.h"

#include "engines/measure.h"
#include "runtime/base/utf.h"

enum { LEAF_SIZE_MIN = 64 }; /* bytes of the smallest leaf */

static struct rope_leaf *leaf_new(struct rope *rope, size_t bytes)
{
    size_t size = LEAF_SIZE_MIN;
    struct rope_leaf *leaf;

    while (size < rope_leaf_size(bytes))
        size = (size & (size - 1)) == 0 ? size + size / 2 : size / 3 * 4; /* 64, 96, 128, 192 ... */
    if (size > rope_leaf_size(ROPE_LEAF_BYTES))
        size = rope_leaf_size(ROPE_LEAF_BYTES);
    leaf = (struct rope_leaf *)ops_pool_alloc(rope->pool, size);
    if (leaf != NULL) {
        leaf->bytes = leaf->units = 0;
        leaf->room = (uint16_t)(size - rope_leaf_size(0));
    }
    return leaf;
}

/* Where the leaf of a path hangs. */
static void **leaf_place(struct rope *rope, const struct rope_path *path)
{
    return rope->height == 0 ? &rope->root : &path->node[rope->height - 1]->child[path->slot[rope->height - 1]];
}

/* Room for `bytes` of text in the leaf of the path. */
static bool leaf_reserve(struct rope *rope, struct rope_path *path, size_t bytes)
{
    struct rope_leaf *old = path->leaf, *leaf;

    if (bytes <= old->room)
        return true;
    leaf = leaf_new(rope, bytes);
    if (leaf == NULL)
        return false;
    leaf->bytes = old->bytes;
    leaf->units = old->units;
    memcpy(leaf->text, old->text, old->bytes);
    *leaf_place(rope, path) = path->leaf = leaf;
    ops_pool_free(rope->pool, old, rope_leaf_size(old->room));
    return true;
}

static void path_add_units(struct rope *rope, const struct rope_path *path, size_t units)
{
    unsigned level;

    for (level = 0; level < rope->height; level++)
        path->node[level]->units[path->slot[level]] += (uint32_t)units;
}

static void path_sub_units(struct rope *rope, const struct rope_path *path, size_t units)
{
    unsigned level;

    for (level = 0; level < rope->height; level++)
        path->node[level]->units[path->slot[level]] -= (uint32_t)units;
}

/* ---- inserting ---------------------------------------------------------------------------------------------------- */

/* A leaf of its own for the piece, behind the leaf of the path; in front of it when the place is its begin. */
static bool insert_leaf(struct rope *rope, struct rope_path *path, struct ops_str piece, size_t units)
{
    struct rope_leaf *leaf = leaf_new(rope, piece.len), *old = path->leaf;

    if (leaf == NULL)
        return false;
    memcpy(leaf->text, piece.ptr, piece.len);
    leaf->bytes = (uint16_t)piece.len;
    leaf->units = (uint16_t)units;
    if (path->offset_bytes > 0) {
        if (rope_node_insert_after(rope, path, old->units, leaf))
            return true;
    } else {
        *leaf_place(rope, path) = leaf;
        if (rope_node_insert_after(rope, path, units, old))
            return true;
        *leaf_place(rope, path) = old;
    }
    ops_pool_free(rope->pool, leaf, rope_leaf_size(leaf->room));
    return false;
}

/* Cuts the leaf of the path at the place. */
static bool insert_cut(struct rope *rope, struct rope_path *path)
{
    struct rope_leaf *left = path->leaf;
    size_t bytes = (size_t)left->bytes - path->offset_bytes, units = left->units - path->offset_units;
    struct rope_leaf *right = leaf_new(rope, bytes);

    if (right == NULL)
        return false;
    memcpy(right->text, left->text + path->offset_bytes, bytes);
    right->bytes = (uint16_t)bytes;
    right->units = (uint16_t)units;
    if (!rope_node_insert_after(rope, path, path->offset_units, right)) {
        ops_pool_free(rope->pool, right, rope_leaf_size(right->room));
        return false;
    }
    left->bytes = (uint16_t)path->offset_bytes;
    left->units = (uint16_t)path->offset_units;
    return true;
}

/* Inserts at most ROPE_LEAF_BYTES at a place that is in no pair. */
static bool insert_piece(struct rope *rope, size_t at, struct ops_str piece, size_t units)
{
    struct rope_path path;
    struct rope_leaf *leaf;

    if (rope->root == NULL) {
        rope->root = leaf_new(rope, piece.len);
        if (rope->root == NULL)
            return false;
    }
    rope_find(rope, at, true, &path);
    if (path.leaf->bytes + piece.len > ROPE_LEAF_BYTES && path.offset_bytes > 0 && path.offset_bytes < path.leaf->bytes) {
        if (!insert_cut(rope, &path))
            return false;
        rope_find(rope, at, true, &path); /* the end of the left part */
    }
    if (path.leaf->bytes + piece.len > ROPE_LEAF_BYTES) {
        if (!insert_leaf(rope, &path, piece, units))
            return false;
    } else {
        if (!leaf_reserve(rope, &path, path.leaf->bytes + piece.len))
            return false;
        leaf = path.leaf;
        memmove(leaf->text + path.offset_bytes + piece.len, leaf->text + path.offset_bytes,
                (size_t)leaf->bytes - path.offset_bytes);
        memcpy(leaf->text + path.offset_bytes, piece.ptr, piece.len);
        leaf->bytes = (uint16_t)(leaf->bytes + piece.len);
        leaf->units = (uint16_t)(leaf->units + units);
        path_add_units(rope, &path, units);
    }
    rope->bytes += piece.len;
    rope->units += units;
    rope->escape_extra += engine_escape_extra(piece.ptr, piece.len);
    return true;
}

/* Makes two U+FFFD of the pair that `at` is inside of. */
static bool break_pair(struct rope *rope, size_t at)
{
    return rope_erase(rope, at - 1, 2) && rope_insert(rope, at - 1, OPS_STR("\xEF\xBF\xBD\xEF\xBF\xBD"));
}

bool rope_insert(struct rope *rope, size_t at, struct ops_str text)
{
    if (text.len == 0)
        return true;
    if (text.len > ROPE_UNITS_LIMIT - rope->bytes)
        return false;
    if (rope_inside_pair(rope, at) && !break_pair(rope, at))
        return false;
    while (text.len > 0) {
        struct ops_str piece = text;
        size_t units;

        if (piece.len > ROPE_LEAF_BYTES) {
            piece.len = ROPE_LEAF_BYTES;
            while (((unsigned char)piece.ptr[piece.len] & 0xc0) == 0x80)
                piece.len--;
        }
        units = ops_utf16_length(piece.ptr, piece.len);
        if (!insert_piece(rope, at, piece, units))
            return false;
        at += units;
        text.ptr += piece.len;
        text.len -= piece.len;
    }
    return true;
}

/* ---- erasing ------------------------------------------------------------------------------------------------------ */

/* Joins a leaf that has become small with a neighbour. Without memory for it nothing happens: it is no promise. */
static void erase_join(struct rope *rope, struct rope_path *path)
{
    unsigned level = rope->height - 1;
    struct rope_node *parent = path->node[level];
    struct rope_leaf *left, *right;

    if (parent->count < 2)
        return;
    if (path->slot[level] > 0)
        path->slot[level]--;
    left = (struct rope_leaf *)parent->child[path->slot[level]];
    right = (struct rope_leaf *)parent->child[path->slot[level] + 1];
    path->leaf = left;
    if (left->bytes + right->bytes > ROPE_LEAF_BYTES_JOINED || !leaf_reserve(rope, path, (size_t)left->bytes + right->bytes))
        return;
    left = path->leaf;
    memcpy(left->text + left->bytes, right->text, right->bytes);
    left->bytes = (uint16_t)(left->bytes + right->bytes);
    left->units = (uint16_t)(left->units + right->units);
    parent->units[path->slot[level]] += right->units;
    ops_pool_free(rope->pool, right, rope_leaf_size(right->room));
    rope_node_remove(rope, path, level, path->slot[level] + 1);
}

/* Takes bytes out of the leaf of the path, which is at the first of them. */
static void erase_bytes(struct rope *rope, struct rope_path *path, size_t bytes, size_t units)
{
    struct rope_leaf *leaf = path->leaf;
    char *from = leaf->text + path->offset_bytes;

    rope->escape_extra -= engine_escape_extra(from, bytes);
    rope->bytes -= bytes;
    rope->units -= units;
    memmove(from, from + bytes, (size_t)leaf->bytes - path->offset_bytes - bytes);
    leaf->bytes = (uint16_t)(leaf->bytes - bytes);
    leaf->units = (uint16_t)(leaf->units - units);
    path_sub_units(rope, path, units);
    if (leaf->bytes == 0) {
        if (rope->height > 0)
            rope_node_remove(rope, path, rope->height - 1, path->slot[rope->height - 1]);
        else
            rope->root = NULL;
        ops_pool_free(rope->pool, leaf, rope_leaf_size(leaf->room));
    } else if (leaf->bytes < ROPE_LEAF_BYTES_MIN && rope->height > 0) {
        erase_join(rope, path);
    }
}

bool rope_erase(struct rope *rope, size_t at, size_t count)
{
    if (count == 0)
        return true;
    if ((rope_inside_pair(rope, at) && !break_pair(rope, at)) ||
        (rope_inside_pair(rope, at + count) && !break_pair(rope, at + count)))
        return false;
    while (count > 0) {
        struct rope_path path;
        size_t units, bytes;

        rope_find(rope, at, false, &path);
        units = path.leaf->units - path.offset_units;
        bytes = (size_t)path.leaf->bytes - path.offset_bytes;
        if (units > count) {
            struct rope_path end = path;

            rope_find(rope, at + count, true, &end);
            units = count;
            bytes = end.offset_bytes - path.offset_bytes;
        }
        erase_bytes(rope, &path, bytes, units);
        count -= units;
    }
    return true;
}
