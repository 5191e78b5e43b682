/* Json: registers by path. See private.h.
 *
 * What lies between an ancestor and its descendant in order begins with the ancestor too; so all that is below a path is one range, and
 * ancestors are found by asking for predecessors: a path of a thousand dots does not cost a thousand look-ups. */
#include "private.h"

bool json_path_parent(struct ops_str path, size_t *limit)
{
    size_t at = *limit;

    while (at > 0 && path.ptr[at - 1] != '.')
        at--;
    if (at == 0)
        return false;
    *limit = at - 1;
    return true;
}

size_t json_common_prefix(struct ops_str a, struct ops_str b)
{
    size_t most = a.len < b.len ? a.len : b.len, at = 0;

    while (most - at >= 8 && memcmp(a.ptr + at, b.ptr + at, 8) == 0)
        at += 8;
    while (at < most && a.ptr[at] == b.ptr[at])
        at++;
    return at;
}

/* The last child whose lowest register is not above `path`. */
static uint32_t node_child_of(const struct json_node *node, struct ops_str path)
{
    uint32_t low = 0, high = node->count;

    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;

        if (ops_utf16_compare(json_register_path(node->first[middle]), path) <= 0)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* The first register of the leaf not below `path`; its count when there is none. */
static uint32_t leaf_slot_of(const struct json_leaf *leaf, struct ops_str path)
{
    uint32_t low = 0, high = leaf->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (ops_utf16_compare(json_register_path(leaf->reg[middle]), path) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The leaf in which `path` is or would be; the way there in `node` and `slot` unless they are NULL. */
static struct json_leaf *index_leaf(const struct json_index *index, struct ops_str path, struct json_node **node,
                                    uint32_t *slot)
{
    void *place = index->root;
    unsigned level;

    for (level = 0; level < index->height; level++) {
        struct json_node *here = (struct json_node *)place;
        uint32_t child = node_child_of(here, path);

        if (node != NULL) {
            node[level] = here;
            slot[level] = child;
        }
        place = here->child[child];
    }
    return (struct json_leaf *)place;
}

struct json_place json_index_seek(const struct json_index *index, struct ops_str path)
{
    struct json_place place = {NULL, 0};

    place.leaf = index_leaf(index, path, NULL, NULL);
    if (place.leaf == NULL)
        return place;
    place.slot = leaf_slot_of(place.leaf, path);
    if (place.slot == place.leaf->count) {
        place.leaf = place.leaf->next;
        place.slot = 0;
    }
    return place;
}

void json_place_next(struct json_place *place)
{
    if (++place->slot == place->leaf->count) {
        place->leaf = place->leaf->next;
        place->slot = 0;
    }
}

struct json_register *json_index_find(const struct json_index *index, struct ops_str path)
{
    struct json_register *reg = json_place_get(json_index_seek(index, path));

    return reg != NULL && ops_str_equal(json_register_path(reg), path) ? reg : NULL;
}

/* The last register not above `path`, or NULL. */
static struct json_register *index_floor(const struct json_index *index, struct ops_str path)
{
    struct json_leaf *leaf = index_leaf(index, path, NULL, NULL);
    uint32_t slot;

    if (leaf == NULL)
        return NULL;
    slot = leaf_slot_of(leaf, path);
    if (slot < leaf->count && ops_str_equal(json_register_path(leaf->reg[slot]), path))
        return leaf->reg[slot];
    if (slot > 0)
        return leaf->reg[slot - 1];
    leaf = leaf->prev;
    return leaf != NULL ? leaf->reg[leaf->count - 1] : NULL;
}

struct json_register *json_index_ancestor(const struct json_index *index, struct ops_str path, size_t *limit)
{
    while (json_path_parent(path, limit)) {
        struct ops_str wanted = ops_str_of(path.ptr, *limit);
        struct json_register *floor = index_floor(index, wanted);
        size_t common;

        if (floor == NULL)
            return NULL;
        common = json_common_prefix(json_register_path(floor), wanted);
        if (common == wanted.len && floor->path_len == wanted.len)
            return floor;
        if (common + 1 < *limit) /* an ancestor is no longer than what is common; the dot behind it may be just there */
            *limit = common + 1;
    }
    return NULL;
}

/* ---- adding ------------------------------------------------------------------------------------------------------ */

/* What an addition will need: a leaf when the leaf is full, a node for each full one above it, a root when all are. */
struct index_spares {
    struct json_leaf *leaf;
    struct json_node *node[JSON_DEPTH + 1];
    unsigned count;
};

static bool spares_get(struct json_index *index, struct json_node *const *node, const struct json_leaf *leaf,
                       struct index_spares *spares)
{
    unsigned level = index->height, wanted = 0;

    spares->leaf = NULL;
    spares->count = 0;
    if (leaf->count < JSON_FANOUT)
        return true;
    for (; level > 0 && node[level - 1]->count == JSON_FANOUT; level--)
        wanted++;
    if (level == 0 && index->height + 1 >= JSON_DEPTH)
        return false;
    if (level == 0)
        wanted++;
    spares->leaf = (struct json_leaf *)ops_pool_zalloc(index->pool, sizeof *spares->leaf);
    while (spares->leaf != NULL && spares->count < wanted) {
        struct json_node *one = (struct json_node *)ops_pool_zalloc(index->pool, sizeof *one);

        if (one == NULL)
            break;
        spares->node[spares->count++] = one;
    }
    if (spares->leaf != NULL && spares->count == wanted)
        return true;
    while (spares->count > 0)
        ops_pool_free(index->pool, spares->node[--spares->count], sizeof *spares->node[0]);
    ops_pool_free(index->pool, spares->leaf, sizeof *spares->leaf);
    return false;
}

static void leaf_insert(struct json_leaf *leaf, uint32_t slot, struct json_register *reg)
{
    memmove(leaf->reg + slot + 1, leaf->reg + slot, (leaf->count - slot) * sizeof leaf->reg[0]);
    leaf->reg[slot] = reg;
    leaf->count++;
}

static void node_insert(struct json_node *node, uint32_t slot, const struct json_register *first, void *child)
{
    memmove(node->first + slot + 1, node->first + slot, (node->count - slot) * sizeof node->first[0]);
    memmove(node->child + slot + 1, node->child + slot, (node->count - slot) * sizeof node->child[0]);
    node->first[slot] = first;
    node->child[slot] = child;
    node->count++;
}

/* Cuts a full leaf; what is added at the end leaves a full one behind. */
static struct json_leaf *leaf_split(struct json_leaf *leaf, struct json_leaf *right, uint32_t slot,
                                    struct json_register *reg)
{
    uint32_t keep = slot == JSON_FANOUT ? (uint32_t)JSON_FANOUT : (uint32_t)JSON_FANOUT / 2;

    right->count = JSON_FANOUT - keep;
    memcpy(right->reg, leaf->reg + keep, right->count * sizeof right->reg[0]);
    leaf->count = keep;
    right->prev = leaf;
    right->next = leaf->next;
    if (leaf->next != NULL)
        leaf->next->prev = right;
    leaf->next = right;
    if (slot > keep || keep == JSON_FANOUT)
        leaf_insert(right, slot - keep, reg);
    else
        leaf_insert(leaf, slot, reg);
    return right;
}

static void node_split(struct json_node *node, struct json_node *right, uint32_t slot, const struct json_register *first,
                       void *child)
{
    uint32_t keep = slot == JSON_FANOUT ? (uint32_t)JSON_FANOUT : (uint32_t)JSON_FANOUT / 2;

    right->count = JSON_FANOUT - keep;
    memcpy(right->first, node->first + keep, right->count * sizeof right->first[0]);
    memcpy(right->child, node->child + keep, right->count * sizeof right->child[0]);
    node->count = keep;
    if (slot > keep || keep == JSON_FANOUT)
        node_insert(right, slot - keep, first, child);
    else
        node_insert(node, slot, first, child);
}

bool json_index_add(struct json_index *index, struct json_register *reg)
{
    struct json_node *node[JSON_DEPTH];
    uint32_t slot[JSON_DEPTH], at;
    struct index_spares spares;
    const struct json_register *first;
    struct json_leaf *leaf;
    unsigned level;
    void *child;

    if (index->root == NULL)
        index->root = ops_pool_zalloc(index->pool, sizeof(struct json_leaf));
    if (index->root == NULL)
        return false;
    leaf = index_leaf(index, json_register_path(reg), node, slot);
    if (!spares_get(index, node, leaf, &spares))
        return false;
    at = leaf_slot_of(leaf, json_register_path(reg));
    if (spares.leaf == NULL) {
        leaf_insert(leaf, at, reg);
        return true;
    }
    child = leaf_split(leaf, spares.leaf, at, reg);
    first = spares.leaf->reg[0];
    for (level = index->height; level > 0; level--) {
        struct json_node *here = node[level - 1], *right;

        if (here->count < JSON_FANOUT) {
            node_insert(here, slot[level - 1] + 1, first, child);
            return true;
        }
        right = spares.node[--spares.count];
        node_split(here, right, slot[level - 1] + 1, first, child);
        child = right;
        first = right->first[0];
    }
    {
        struct json_node *root = spares.node[--spares.count];

        node_insert(root, 0, NULL, index->root);
        node_insert(root, 1, first, child);
        index->root = root;
        index->height++;
    }
    return true;
}

void json_index_clear(struct json_index *index)
{
    struct json_node *node[JSON_DEPTH];
    uint32_t slot[JSON_DEPTH];
    unsigned level = 0;
    void *place = index->root;

    while (place != NULL) {
        if (level < index->height) {
            node[level] = (struct json_node *)place;
            slot[level] = 0;
            place = node[level++]->child[0];
            continue;
        }
        ops_pool_free(index->pool, place, sizeof(struct json_leaf));
        place = NULL;
        while (level > 0 && place == NULL) {
            struct json_node *parent = node[level - 1];

            if (++slot[level - 1] < parent->count) {
                place = parent->child[slot[level - 1]];
            } else {
                ops_pool_free(index->pool, parent, sizeof *parent);
                level--;
            }
        }
    }
    index->root = NULL;
    index->height = 0;
}
