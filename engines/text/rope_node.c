/* Rope: nodes. See rope.h. */
#include "rope.h"

static uint32_t node_units(const struct rope_node *node)
{
    uint32_t sum = 0, i;

    for (i = 0; i < node->count; i++)
        sum += node->units[i];
    return sum;
}

/* Moves children [from, from + count) of `source` to place `to` of `target`, whose children from there on make room. */
static void node_move(struct rope_node *target, uint32_t to, struct rope_node *source, uint32_t from, uint32_t count)
{
    memmove(target->units + to + count, target->units + to, (target->count - to) * sizeof target->units[0]);
    memmove(target->child + to + count, target->child + to, (target->count - to) * sizeof target->child[0]);
    memcpy(target->units + to, source->units + from, count * sizeof target->units[0]);
    memcpy(target->child + to, source->child + from, count * sizeof target->child[0]);
    target->count += count;
    memmove(source->units + from, source->units + from + count,
            (source->count - from - count) * sizeof source->units[0]);
    memmove(source->child + from, source->child + from + count,
            (source->count - from - count) * sizeof source->child[0]);
    source->count -= count;
}

static void node_insert(struct rope_node *node, uint32_t slot, void *child, uint32_t units)
{
    memmove(node->units + slot + 1, node->units + slot, (node->count - slot) * sizeof node->units[0]);
    memmove(node->child + slot + 1, node->child + slot, (node->count - slot) * sizeof node->child[0]);
    node->units[slot] = units;
    node->child[slot] = child;
    node->count++;
}

static void node_remove(struct rope_node *node, uint32_t slot)
{
    node->count--;
    memmove(node->units + slot, node->units + slot + 1, (node->count - slot) * sizeof node->units[0]);
    memmove(node->child + slot, node->child + slot + 1, (node->count - slot) * sizeof node->child[0]);
}

/* Nodes that an insertion will need: one for each full one from the bottom up, and a root when all are full. */
static bool node_spares(struct rope *rope, const struct rope_path *path, struct rope_node **spare, unsigned *count)
{
    unsigned level = rope->height, wanted = 0;

    while (level > 0 && path->node[level - 1]->count == ROPE_FANOUT) {
        wanted++;
        level--;
    }
    if (level == 0)
        wanted++;
    if (level == 0 && rope->height + 1 >= ROPE_DEPTH)
        return false;
    for (*count = 0; *count < wanted; (*count)++) {
        spare[*count] = (struct rope_node *)ops_pool_alloc(rope->pool, sizeof **spare);
        if (spare[*count] == NULL) {
            while (*count > 0)
                ops_pool_free(rope->pool, spare[--*count], sizeof **spare);
            return false;
        }
        spare[*count]->count = 0;
    }
    return true;
}

bool rope_node_insert_after(struct rope *rope, const struct rope_path *path, size_t left_units, struct rope_leaf *leaf)
{
    struct rope_node *spare[ROPE_DEPTH + 1];
    unsigned spares, level;
    void *child = leaf;
    uint32_t left = (uint32_t)left_units, right = leaf->units;

    if (!node_spares(rope, path, spare, &spares))
        return false;
    for (level = rope->height; level > 0; level--) {
        struct rope_node *node = path->node[level - 1];
        uint32_t slot = path->slot[level - 1];

        node->units[slot] = left;
        if (child != NULL && node->count < ROPE_FANOUT) {
            node_insert(node, slot + 1, child, right);
            child = NULL;
        } else if (child != NULL) {
            struct rope_node *half = spare[--spares];
            /* what is typed at the end leaves full nodes behind; elsewhere both halves get room */
            uint32_t keep = slot + 1 == ROPE_FANOUT ? (uint32_t)ROPE_FANOUT : (uint32_t)ROPE_FANOUT / 2;

            node_move(half, 0, node, keep, ROPE_FANOUT - keep);
            if (slot + 1 > keep || keep == ROPE_FANOUT)
                node_insert(half, slot + 1 - keep, child, right);
            else
                node_insert(node, slot + 1, child, right);
            child = half;
            right = node_units(half);
        }
        left = node_units(node);
    }
    if (child != NULL) {
        struct rope_node *root = spare[--spares];

        node_insert(root, 0, rope->root, left);
        node_insert(root, 1, child, right);
        rope->root = root;
        rope->height++;
    }
    return true;
}

/* Joins the node at `slot` of `parent` with a neighbour when both are small enough. The node that is left empty is freed. */
static void node_join(struct rope *rope, struct rope_node *parent, uint32_t slot)
{
    struct rope_node *node = (struct rope_node *)parent->child[slot], *other;
    uint32_t left = slot > 0 ? slot - 1 : slot;

    if (node->count >= ROPE_NODE_MIN || parent->count < 2)
        return;
    node = (struct rope_node *)parent->child[left];
    other = (struct rope_node *)parent->child[left + 1];
    if (node->count + other->count > ROPE_NODE_JOINED)
        return;
    node_move(node, node->count, other, 0, other->count);
    parent->units[left] += parent->units[left + 1];
    node_remove(parent, left + 1);
    ops_pool_free(rope->pool, other, sizeof *other);
}

void rope_node_remove(struct rope *rope, const struct rope_path *path, unsigned level, unsigned slot)
{
    node_remove(path->node[level], slot);
    while (level > 0 && path->node[level]->count == 0) {
        ops_pool_free(rope->pool, path->node[level], sizeof *path->node[level]);
        level--;
        node_remove(path->node[level], path->slot[level]);
    }
    for (; level > 0; level--)
        node_join(rope, path->node[level - 1], path->slot[level - 1]);
    while (rope->height > 0) {
        struct rope_node *root = (struct rope_node *)rope->root;

        if (root->count > 1)
            break;
        rope->root = root->count == 1 ? root->child[0] : NULL;
        rope->height = root->count == 1 ? rope->height - 1 : 0;
        ops_pool_free(rope->pool, root, sizeof *root);
    }
}
