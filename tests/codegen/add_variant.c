/* Round-trips the op that tests/codegen/add-variant has added to the schema: JSON of v1, of the reference profile and of storage,
 * protobuf, MessagePack, copy, equality, limits. C11 and C++17; with ADD_VARIANT_CLIENT over the client header alone. */
#ifdef ADD_VARIANT_CLIENT
#define OPSTREAM_IMPLEMENTATION
#include "opstream.h"
#else
#include "gen/codec.h"
#include "gen/profile.h"
#endif

#include <stdio.h>
#include <stdlib.h>

static char memory[1 << 16];
static struct ops_arena arena;

static void check(bool ok, const char *claim)
{
    if (ok)
        return;
    fprintf(stderr, "FAILED: %s\n", claim);
    exit(1);
}

static struct ops_table_op an_op(void)
{
    struct ops_table_op op;

    memset(&op, 0, sizeof op);
    op.kind = OPS_TABLE_OP_DUP_ROW;
    op.dup_row.row_id = OPS_STR("r1");
    op.dup_row.new_row_id = OPS_STR("r2");
    op.dup_row.position = OPS_STR("a5");
    op.dup_row.overrides = OPS_STR("{\"c1\":[1,2.50]}");
    op.dup_row.timestamp = 1700000000000;
    op.dup_row.peer_id = OPS_STR("alice");
    return op;
}

static void json_round_trip(const struct ops_json_style *style, const char *expected)
{
    struct ops_table_op op = an_op(), read;
    struct ops_buf out;

    ops_buf_init(&out, &arena);
    check(ops_table_op_json_encode(style, &op, &out) == OPS_OK, "the op is written as JSON");
    if (!ops_str_equal(ops_buf_str(&out), ops_str_of(expected, strlen(expected)))) {
        fprintf(stderr, "%s: wrote %.*s\n", style->name, (int)out.len, out.ptr);
        check(false, "its JSON is as expected");
    }
    check(ops_table_op_json_decode(style, ops_buf_str(&out), &arena, &read, NULL) == OPS_OK, "its JSON is read");
    check(ops_table_op_equal(&op, &read), "JSON keeps every member");
}

static void binary_round_trips(void)
{
    struct ops_table_op op = an_op(), read;
    struct ops_buf out;

    ops_buf_init(&out, &arena);
    check(ops_table_op_proto_encode(&op, &out) == OPS_OK, "the op is written as protobuf");
    check(ops_table_op_proto_decode(ops_buf_str(&out), &arena, &read, NULL) == OPS_OK, "its protobuf is read");
    check(ops_table_op_equal(&op, &read), "protobuf keeps every member");

    ops_buf_init(&out, &arena);
    check(ops_table_op_msgpack_encode(&ops_style_v1, &op, &out) == OPS_OK, "the op is written as MessagePack");
    check(ops_table_op_msgpack_decode(&ops_style_v1, ops_buf_str(&out), &arena, &read, NULL) == OPS_OK,
          "its MessagePack is read");
    check(read.kind == OPS_TABLE_OP_DUP_ROW && ops_str_equal(read.dup_row.peer_id, op.dup_row.peer_id),
          "MessagePack keeps it");
}

static void alias_and_limits(void)
{
    static const char aliased[] =
        "{\"rowId\":\"r1\",\"newRowId\":\"r2\",\"position\":\"a5\",\"overrides\":{\"c1\":[1,2.50]},"
        "\"timestamp\":1700000000000,\"peerId\":\"alice\",\"$type\":\"duplicate_row\"}";
    struct ops_table_op op = an_op(), read, copy;
    struct ops_violation violation;
    char long_id[65];

    check(ops_table_op_json_decode(&ops_style_v1, OPS_STR(aliased), &arena, &read, NULL) == OPS_OK,
          "the alias is read");
    check(ops_table_op_equal(&op, &read), "the alias means the same");
    check(ops_table_op_copy(&read, &arena, &copy) && ops_table_op_equal(&copy, &op), "a copy is equal");
    check(ops_table_op_validate(&op, &ops_style_v1, false, &violation), "the op is within its limits");
    memset(long_id, 'x', sizeof long_id);
    op.dup_row.new_row_id = ops_str_of(long_id, sizeof long_id);
    check(!ops_table_op_validate(&op, &ops_style_v1, false, &violation) && violation.reason == OPS_REASON_TOO_LONG,
          "its limit is checked");
}

int main(void)
{
    ops_arena_init(&arena, memory, sizeof memory, sizeof memory, NULL);
    json_round_trip(&ops_style_v1, "{\"type\":\"dup_row\",\"rowId\":\"r1\",\"newRowId\":\"r2\",\"position\":\"a5\","
                                   "\"overrides\":{\"c1\":[1,2.50]},\"timestamp\":1700000000000,\"peerId\":\"alice\"}");
    json_round_trip(&ops_style_p0, "{\"$type\":\"dup_row\",\"rowId\":\"r1\",\"newRowId\":\"r2\",\"position\":\"a5\","
                                   "\"overrides\":{\"c1\":[1,2.50]},\"timestamp\":1700000000000,\"peerId\":\"alice\"}");
    json_round_trip(&ops_style_stored,
                    "{\"$type\":\"dup_row\",\"rowId\":\"r1\",\"newRowId\":\"r2\",\"position\":\"a5\","
                    "\"overrides\":{\"c1\":[1,2.50]},\"timestamp\":1700000000000,\"peerId\":\"alice\"}");
    binary_round_trips();
    alias_and_limits();
    return 0;
}
