/* Private to the text engine: the text of a document, a B+ tree of UTF-8 pieces counted in UTF-16 units.
 *
 * Leaves hold up to ROPE_LEAF_BYTES of text in memory that grows with it; a node holds up to ROPE_FANOUT children with the units
 * below each. A place is found, and an edit made, in O(log n); an edit moves at most one leaf's bytes. Text is valid UTF-8: what
 * would be half of a surrogate pair is U+FFFD, which is one unit as well (spec/opstream-engines.md §1.3).
 *
 * No recursion: a path from the root has at most ROPE_DEPTH nodes. */
#ifndef OPS_ENGINES_TEXT_ROPE_H
#define OPS_ENGINES_TEXT_ROPE_H

#include "runtime/base/pool.h"

enum {
    ROPE_FANOUT = 32,
    ROPE_LEAF_BYTES = 1016,        /* of text: with its head a leaf fits a size class of the pool */
    ROPE_LEAF_BYTES_MIN = 254,     /* below it a leaf is joined with a neighbour, if both fill at most ROPE_LEAF_BYTES_JOINED */
    ROPE_LEAF_BYTES_JOINED = 762,
    ROPE_NODE_MIN = 8,             /* the same for nodes, in children */
    ROPE_NODE_JOINED = 24,
    ROPE_DEPTH = 16,
    ROPE_UNITS_LIMIT = 0x7fffffff  /* what the counts of an op can reach */
};

struct rope_leaf {
    uint16_t bytes, units;
    uint16_t room; /* bytes of `text` */
    char text[];
};

struct rope_node {
    uint32_t units[ROPE_FANOUT]; /* below each child */
    void *child[ROPE_FANOUT];    /* nodes, or leaves on the lowest level */
    uint32_t count;
};

struct rope {
    struct ops_pool *pool;
    void *root;       /* NULL: empty; a leaf when height is 0 */
    unsigned height;  /* levels of nodes */
    size_t bytes, units;
    size_t escape_extra; /* bytes that JSON of v1 adds by escaping */
};

/* The way to a place in a leaf. */
struct rope_path {
    struct rope_node *node[ROPE_DEPTH]; /* [0] is the root */
    unsigned slot[ROPE_DEPTH];
    struct rope_leaf *leaf;
    size_t offset_units, offset_bytes; /* in the leaf; of the character's begin when the place is inside a pair */
    bool inside_pair;
};

/* Finds unit `at` (0 to rope->units) of a rope that is not empty. At a border between leaves: the end of the left one when
 * `left`, else the begin of the right one. */
void rope_find(const struct rope *rope, size_t at, bool left, struct rope_path *path);

/* Moves to the begin of the next leaf; false at the end. */
bool rope_next_leaf(const struct rope *rope, struct rope_path *path);

/* Is the place between the halves of a surrogate pair? */
bool rope_inside_pair(const struct rope *rope, size_t at);

/* Bytes of `count` units from `at` on (both inside the rope); stored at `out` unless that is NULL. Half a pair at an end is
 * U+FFFD. */
size_t rope_read(const struct rope *rope, size_t at, size_t count, char *out);

/* Inserts valid UTF-8 at unit `at`. False: no room; the rope is whole, but some of the text may be in it. */
bool rope_insert(struct rope *rope, size_t at, struct ops_str text);

/* Removes `count` units from `at` on, all inside the rope. False: no room (only a cut pair needs any); the rope is whole. */
bool rope_erase(struct rope *rope, size_t at, size_t count);

/* Gives all memory back; the rope is empty. */
void rope_clear(struct rope *rope);

/* ---- rope_node.c: what changes the shape of the tree ---- */

/* Puts `leaf` behind the one that `path` leads to, whose units have become `left_units`. False: no room, nothing changed. */
bool rope_node_insert_after(struct rope *rope, const struct rope_path *path, size_t left_units, struct rope_leaf *leaf);

/* Takes child `slot` out of the node of `level` on the path, joins nodes that have become small, and shortens the tree. The child
 * itself is the caller's. The path is not valid any more. */
void rope_node_remove(struct rope *rope, const struct rope_path *path, unsigned level, unsigned slot);

static inline size_t rope_leaf_size(size_t room)
{
    return offsetof(struct rope_leaf, text) + room;
}

#endif
