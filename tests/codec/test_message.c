/* Claims of runtime/codec/message.h: copies, equality, limits.
 *
 * OPS_VALUES: values of each message (300); OPS_SEED: the first seed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "gen/codec.h"
#include "gen/profile.h"
#include "gen/tables.h"
#include "runtime/codec/list.h"
#include "tests/codec/random_value.h"
#include "tests/support/memory.h"

enum { BLOCK_BYTES = 1 << 20 };

static uint64_t number_from(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

static void *random_in(const struct ops_message *type, uint64_t seed, struct ops_arena *arena)
{
    struct random_knobs knobs = random_knobs_default();
    struct random_source random = random_seeded(seed);

    knobs.opaque_bytes = true;
    return random_value(&random, &knobs, type, arena);
}

static struct ops_str encode(const struct ops_message *type, const void *value, struct ops_arena *arena)
{
    struct ops_buf b;

    ops_buf_init(&b, arena);
    assert_int_equal(ops_proto_encode(type, value, &b), OPS_OK);
    return ops_buf_str(&b);
}

/* ---- copy ---------------------------------------------------------------------------------------------------------- */

static void copy_one(const struct ops_message *type, uint64_t seed)
{
    static char block[BLOCK_BYTES];
    struct ops_arena source, copies = test_arena(TEST_ARENA_BYTES);
    void *value, *copy = ops_arena_alloc(&copies, type->size), *second = ops_arena_alloc(&copies, type->size);
    struct ops_str before;
    size_t used_bytes;

    ops_arena_init(&source, block, BLOCK_BYTES, BLOCK_BYTES, NULL);
    value = random_in(type, seed, &source);
    assert_true(ops_message_copy(type, value, &copies, copy));
    assert_true(ops_message_equal(type, value, copy) && ops_message_equal(type, copy, value));
    before = encode(type, value, &copies);
    used_bytes = source.used_bytes;
    ops_arena_end(&source);
    memset(block, 0xdd, used_bytes);
    ops_arena_forbid(block, sizeof block); /* what still points there is found under ASan */

    assert_true(ops_str_equal(before, encode(type, copy, &copies)));
    assert_true(ops_message_copy(type, copy, &copies, second));
    assert_true(ops_message_equal(type, copy, second));
    ops_arena_allow(block, sizeof block);
    ops_arena_reset(&copies);
}

static void a_copy_is_equal_and_survives_its_source(void **state)
{
    uint64_t first = number_from("OPS_SEED", 1), many = number_from("OPS_VALUES", 300), n;
    size_t t;

    (void)state;
    for (t = 0; t < ops_messages_count; t++) {
        for (n = 0; n < many; n++)
            copy_one(ops_messages[t], first + n);
    }
}

static void a_copy_is_all_or_nothing_at_every_memory_limit(void **state)
{
    size_t t, limit, i;

    (void)state;
    for (t = 0; t < ops_messages_count; t++) {
        const struct ops_message *type = ops_messages[t];
        struct ops_arena values = test_arena(TEST_ARENA_BYTES);
        const void *value = random_in(type, 5 + t, &values);
        char *copy = (char *)ops_arena_alloc(&values, type->size);
        bool done = false;

        for (limit = 0; !done; limit += OPS_ARENA_ALIGN) {
            struct ops_arena arena = test_arena(limit);

            memset(copy, 1, type->size);
            done = ops_message_copy(type, value, &arena, copy);
            for (i = 0; !done && i < type->size; i++)
                assert_int_equal(copy[i], 0);
            if (done)
                assert_true(ops_message_equal(type, value, copy));
            else
                assert_int_equal(arena.used_bytes, 0);
            ops_arena_reset(&arena);
        }
        ops_arena_reset(&values);
    }
}

/* What an ops_any points to is copied too. */
static void a_typed_any_is_copied_and_compared(void **state)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_op_request request, other;
    struct ops_hub_completion completion, copy;

    (void)state;
    memset(&request, 0, sizeof request);
    memset(&completion, 0, sizeof completion);
    request.document_id = OPS_STR("d");
    other = request;
    completion.result.type = &ops_op_request_type;
    completion.result.message = &request;
    assert_true(ops_hub_completion_copy(&completion, &arena, &copy));
    assert_ptr_not_equal(copy.result.message, &request);
    assert_true(ops_hub_completion_equal(&completion, &copy));
    copy.result.message = &other;
    assert_true(ops_hub_completion_equal(&completion, &copy));
    other.document_id = OPS_STR("e");
    assert_false(ops_hub_completion_equal(&completion, &copy));
    copy.result.message = NULL;
    assert_false(ops_hub_completion_equal(&completion, &copy));
    ops_arena_reset(&arena);
}

/* ---- equal --------------------------------------------------------------------------------------------------------- */

/* Values that differ on the wire differ; those of proto_only knobs also the other way round. */
static void values_are_equal_when_their_bytes_are(void **state)
{
    uint64_t n;
    size_t t;

    (void)state;
    for (t = 0; t < ops_messages_count; t++) {
        const struct ops_message *type = ops_messages[t];

        for (n = 1; n < 100; n++) {
            struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
            struct random_source one = random_seeded(n), other = random_seeded(n + 1);
            struct random_knobs knobs = random_knobs_default();
            const void *a, *b;

            knobs.proto_only = true;
            knobs.string_limit_bytes = 1; /* so that equal values happen */
            knobs.list_limit = 1;
            knobs.opaque_bytes = true;
            a = random_value(&one, &knobs, type, &arena);
            b = random_value(&other, &knobs, type, &arena);
            assert_int_equal(ops_message_equal(type, a, b),
                             ops_str_equal(encode(type, a, &arena), encode(type, b, &arena)));
            ops_arena_reset(&arena);
        }
    }
}

static void absent_is_not_empty(void **state)
{
    struct ops_comment_proto a, b;
    struct ops_text_op x, y;

    (void)state;
    memset(&a, 0, sizeof a);
    b = a;
    b.body = OPS_STR("");
    assert_false(ops_comment_proto_equal(&a, &b));
    b = a;
    b.created_at.seconds = 7; /* not set: its number says nothing */
    assert_true(ops_comment_proto_equal(&a, &b));
    b.created_at.set = true;
    assert_false(ops_comment_proto_equal(&a, &b));
    memset(&x, 0, sizeof x);
    y = x;
    y.components = (const struct ops_text_component *)(const void *)&ops_empty_list;
    assert_false(ops_text_op_equal(&x, &y));
}

static void only_the_variant_that_is_set_is_compared(void **state)
{
    struct ops_text_component a, b;

    (void)state;
    memset(&a, 0, sizeof a);
    memset(&b, 0xdd, sizeof b);
    a.kind = b.kind = OPS_TEXT_COMPONENT_NONE;
    assert_true(ops_text_component_equal(&a, &b));
    a.kind = b.kind = OPS_TEXT_COMPONENT_RETAIN;
    a.retain.count = b.retain.count = 3;
    assert_true(ops_text_component_equal(&a, &b));
    b.kind = OPS_TEXT_COMPONENT_DELETE;
    assert_false(ops_text_component_equal(&a, &b));
}

/* ---- limits: each at its very ends --------------------------------------------------------------------------------- */

/* A message that has this field only. */
static struct ops_message alone(const struct ops_message *type, const struct ops_field *f)
{
    struct ops_message m = *type;

    m.fields = f;
    m.field_count = 1;
    m.oneof = NULL;
    return m;
}

/* Stores a value that counts `count` in this unit. */
static void store(const struct ops_field *f, enum ops_unit unit, int64_t count, char *place, struct ops_arena *arena)
{
    struct ops_str s;
    char *text;

    if (unit == OPS_UNIT_VALUE) {
        if (f->type == OPS_TYPE_INT32)
            *(int32_t *)(void *)place = (int32_t)count;
        else
            *(int64_t *)(void *)place = count;
        if ((f->flags & OPS_FIELD_OPTIONAL) != 0)
            place[f->type == OPS_TYPE_INT32 ? offsetof(struct ops_opt_int32, set) : offsetof(struct ops_opt_int64, set)] = 1;
        return;
    }
    text = (char *)ops_arena_alloc(arena, (size_t)count * 3);
    assert_non_null(text);
    memset(text, 'a', (size_t)count);
    s = ops_str_of(text, (size_t)count);
    if (unit == OPS_UNIT_UTF16 && count >= 3) { /* 3 units in 7 bytes: a pair and one more */
        memcpy(text + count - 3, "\xf0\x9f\x98\x80\xe4\xb8\xad", 7);
        s.len += 4;
    }
    memcpy(place, &s, sizeof s);
}

static bool in_type(const struct ops_field *f, enum ops_unit unit, int64_t count)
{
    if (unit != OPS_UNIT_VALUE)
        return count >= 0;
    return f->type != OPS_TYPE_INT32 || (count >= INT32_MIN && count <= INT32_MAX);
}

/* What validation says of one value of one field, of this limit only. */
static enum ops_reason reason_of(const struct ops_message *type, const struct ops_field *f, const struct ops_limit *l, int64_t count)
{
    struct ops_message m = alone(type, f);
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_detail detail = *f->more;
    struct ops_field field = *f;
    struct ops_violation violation;
    const struct ops_json_style *style = (l->shapes & 1) != 0 ? &ops_style_v1 : &ops_style_p1;
    char *value = (char *)ops_arena_zalloc(&arena, type->size);
    bool ok;

    detail.limits = l;
    detail.limit_count = 1;
    field.more = &detail;
    field.as[OPS_SHAPE_V1] = field.as[OPS_SHAPE_REF] = OPS_AS_PLAIN; /* JSON or not is another question */
    m.fields = &field;
    store(f, (enum ops_unit)l->unit, count, value + f->offset, &arena);
    ok = ops_message_validate(&m, value, style, false, &violation);
    if (!ok) {
        assert_ptr_equal(violation.limit, l);
        assert_int_equal(violation.got, count);
    }
    ops_arena_reset(&arena);
    return ok ? OPS_REASON_NONE : violation.reason;
}

static void check_ends(const struct ops_message *type, const struct ops_field *f, const struct ops_limit *l)
{
    bool is_value = l->unit == OPS_UNIT_VALUE;

    if (l->unit != OPS_UNIT_VALUE && l->unit != OPS_UNIT_BYTES && l->unit != OPS_UNIT_UTF16)
        return;
    if (l->min > INT64_MIN) {
        assert_int_equal(reason_of(type, f, l, l->min), OPS_REASON_NONE);
        if (in_type(f, (enum ops_unit)l->unit, l->min - 1))
            assert_int_equal(reason_of(type, f, l, l->min - 1), is_value ? OPS_REASON_TOO_SMALL : OPS_REASON_TOO_SHORT);
    }
    if (l->max < INT64_MAX) {
        assert_int_equal(reason_of(type, f, l, l->max), OPS_REASON_NONE);
        if (in_type(f, (enum ops_unit)l->unit, l->max + 1))
            assert_int_equal(reason_of(type, f, l, l->max + 1), is_value ? OPS_REASON_TOO_LARGE : OPS_REASON_TOO_LONG);
    }
}

static void every_declared_limit_holds_at_its_very_ends(void **state)
{
    size_t t, checked = 0;
    uint8_t i, k;

    (void)state;
    for (t = 0; t < ops_messages_count; t++) {
        for (i = 0; i < ops_messages[t]->field_count; i++) {
            const struct ops_field *f = &ops_messages[t]->fields[i];

            if (f->more == NULL || (f->flags & (OPS_FIELD_REPEATED | OPS_FIELD_VARIANT)) != 0)
                continue;
            for (k = 0; k < f->more->limit_count; k++, checked++)
                check_ends(ops_messages[t], f, &f->more->limits[k]);
        }
    }
    assert_true(checked > 50);
}

/* ---- limits: order, presence, opaque values --------------------------------------------------------------------------- */

static struct ops_op_request good_op(void)
{
    struct ops_op_request r;

    memset(&r, 0, sizeof r);
    r.document_id = OPS_STR("d");
    r.payload = OPS_STR("{}");
    return r;
}

/* The reason, and which field it was. */
static enum ops_reason op_reason(const struct ops_op_request *r, const char **name)
{
    struct ops_violation v;

    if (ops_op_request_validate(r, &ops_style_v1, false, &v))
        return OPS_REASON_NONE;
    assert_ptr_equal(v.message, &ops_op_request_type);
    *name = v.field->name[OPS_SHAPE_V1].ptr;
    return v.reason;
}

static void limits_are_checked_in_the_order_of_the_schema(void **state)
{
    struct ops_op_request r = good_op();
    const char *name = "";

    (void)state;
    assert_int_equal(op_reason(&r, &name), OPS_REASON_NONE);
    r.base_revision = -1;
    assert_int_equal(op_reason(&r, &name), OPS_REASON_TOO_SMALL);
    assert_memory_equal(name, ",\"baseRevision\"", 15);
    r.payload = OPS_STR("");
    assert_int_equal(op_reason(&r, &name), OPS_REASON_TOO_SHORT);
    assert_memory_equal(name, ",\"payload\"", 10);
    r.document_id = OPS_STR("a\x01");
    assert_int_equal(op_reason(&r, &name), OPS_REASON_CONTROL_CHARS);
    r.document_id = OPS_STR(" \xc2\xa0 ");
    assert_int_equal(op_reason(&r, &name), OPS_REASON_BLANK);
    assert_memory_equal(name, ",\"documentId\"", 13);
}

static void absence_is_refused_where_a_value_is_required(void **state)
{
    struct ops_op_request r = good_op();
    const char *name = "";

    (void)state;
    r.payload = ops_str_of(NULL, 0);
    assert_int_equal(op_reason(&r, &name), OPS_REASON_TOO_SHORT);
    r = good_op();
    r.document_id = ops_str_of(NULL, 0);
    assert_int_equal(op_reason(&r, &name), OPS_REASON_BLANK);
    r = good_op();
    r.op_id = OPS_STR("");
    assert_int_equal(op_reason(&r, &name), OPS_REASON_TOO_SHORT);
    r.op_id = OPS_STR("a b");
    assert_int_equal(op_reason(&r, &name), OPS_REASON_NOT_VISIBLE_ASCII);
    r.op_id = OPS_STR("!~");
    assert_int_equal(op_reason(&r, &name), OPS_REASON_NONE);
}

static void a_broken_limit_deep_inside_is_found(void **state)
{
    struct ops_text_component components[2];
    struct ops_violation v;
    struct ops_text_op op;

    (void)state;
    memset(components, 0, sizeof components);
    components[0].kind = OPS_TEXT_COMPONENT_INSERT;
    components[1].kind = OPS_TEXT_COMPONENT_RETAIN;
    components[1].retain.count = -3;
    op.components = components;
    op.components_count = 2;
    assert_false(ops_text_op_validate(&op, &ops_style_v1, false, &v));
    assert_ptr_equal(v.message, &ops_text_retain_type);
    assert_int_equal(v.got, -3);
    components[1].kind = OPS_TEXT_COMPONENT_NONE; /* the bytes are still there, but not a retain's */
    assert_false(ops_text_op_validate(&op, &ops_style_v1, false, &v));
    assert_int_equal(v.reason, OPS_REASON_NO_DISCRIMINATOR);
}

static void opaque_values_that_nobody_read_are_scanned(void **state)
{
    static const struct {
        const char *json;
        enum ops_reason reason;
    } cases[] = {
        {"{\"a\":[1]}", OPS_REASON_NONE},   {" null\n", OPS_REASON_NONE},  {"", OPS_REASON_EMPTY},
        {"  ", OPS_REASON_EMPTY},           {"1 2", OPS_REASON_TRAILING}, {"[1", OPS_REASON_TRUNCATED},
        {"\"\\x\"", OPS_REASON_ESCAPE},
    };
    struct ops_rich_text_attribute a;
    struct ops_violation v;
    char deep[300];
    size_t i, limit = ops_style_v1.opaque_depth_limit;

    (void)state;
    a.name = OPS_STR("bold");
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        a.value = ops_str_of(cases[i].json, strlen(cases[i].json));
        assert_true(ops_rich_text_attribute_validate(&a, &ops_style_v1, false, &v));
        v.reason = OPS_REASON_NONE;
        assert_int_equal(ops_rich_text_attribute_validate(&a, &ops_style_v1, true, &v), cases[i].reason == OPS_REASON_NONE);
        assert_int_equal(v.reason, cases[i].reason);
    }
    a.value = ops_str_of(NULL, 0); /* a value that must be there */
    assert_false(ops_rich_text_attribute_validate(&a, &ops_style_v1, true, &v));
    assert_int_equal(v.reason, OPS_REASON_EMPTY);

    memset(deep, '[', limit + 1);
    memset(deep + limit + 1, ']', limit + 1);
    a.value = ops_str_of(deep, 2 * limit + 2);
    assert_false(ops_rich_text_attribute_validate(&a, &ops_style_v1, true, &v));
    assert_int_equal(v.reason, OPS_REASON_DEPTH);
    assert_null(v.limit);
    a.value = ops_str_of(deep + 1, 2 * limit);
    assert_true(ops_rich_text_attribute_validate(&a, &ops_style_v1, true, &v));
}

/* Over protobuf a component may have no kind; JSON of it nobody could read. */
static void a_union_without_its_variant_is_refused(void **state)
{
    struct ops_text_component none;
    struct ops_text_op op = {&none, 1};
    struct ops_violation v;

    (void)state;
    memset(&none, 0, sizeof none);
    assert_false(ops_text_op_validate(&op, &ops_style_v1, true, &v));
    assert_int_equal(v.reason, OPS_REASON_NO_DISCRIMINATOR);
    none.kind = OPS_TEXT_COMPONENT_DELETE;
    assert_true(ops_text_op_validate(&op, &ops_style_v1, true, &v));
    none.delete_.count = -1; /* the released server takes those */
    assert_false(ops_text_op_validate(&op, &ops_style_v1, true, &v));
    assert_true(ops_text_op_validate(&op, &ops_style_p0, true, &v));
}

/* White space around a JSON text does not count against its limit, white space inside does. */
static void a_json_text_is_measured_without_the_space_around_it(void **state)
{
    static char text[65536 + 4];
    struct ops_awareness_request r;
    struct ops_violation v;

    (void)state;
    memset(text, 'a', sizeof text);
    memcpy(text, " \"", 2);
    memcpy(text + 65536, "\" \n", 3);
    r.document_id = OPS_STR("d");
    r.data_json = ops_str_of(text, 65536 + 3); /* 65,536 without the three around it */
    assert_true(ops_awareness_request_validate(&r, &ops_style_p1, false, &v));
    memcpy(text + 65536, "a\"\n", 3);
    assert_false(ops_awareness_request_validate(&r, &ops_style_p1, false, &v));
    assert_int_equal(v.reason, OPS_REASON_TOO_LONG);
}

/* What one shape has in place and has read, the other has in a string and has not. */
static void json_in_a_string_is_scanned_where_it_is_one(void **state)
{
    struct ops_awareness_request r;
    struct ops_violation v;

    (void)state;
    r.document_id = OPS_STR("d");
    r.data_json = ops_str_of(NULL, 0);
    assert_false(ops_awareness_request_validate(&r, &ops_style_p1, false, &v));
    assert_int_equal(v.reason, OPS_REASON_EMPTY);
    r.data_json = OPS_STR("{");
    assert_true(ops_awareness_request_validate(&r, &ops_style_v1, false, &v));
    assert_false(ops_awareness_request_validate(&r, &ops_style_p1, false, &v));
    assert_int_equal(v.reason, OPS_REASON_TRUNCATED);
    assert_false(ops_awareness_request_validate(&r, &ops_style_v1, true, &v));
    r.data_json = OPS_STR("{}");
    assert_true(ops_awareness_request_validate(&r, &ops_style_p1, true, &v));
}

/* A limit that one shape has: a comment without a body, which `v1` refuses as blank. */
static void limits_hold_in_their_shapes_only(void **state)
{
    struct ops_violation v;
    struct ops_new_comment_cmd c;

    (void)state;
    memset(&c, 0, sizeof c);
    assert_false(ops_new_comment_cmd_validate(&c, &ops_style_p3, false, &v));
    assert_int_equal(v.reason, OPS_REASON_MISSING);
    assert_true(ops_new_comment_cmd_validate(&c, &ops_style_p3, true, &v)); /* protobuf has no word for a missing text */
    c.body = OPS_STR("");
    assert_true(ops_new_comment_cmd_validate(&c, &ops_style_p3, false, &v));
    assert_false(ops_new_comment_cmd_validate(&c, &ops_style_v1, false, &v));
    assert_int_equal(v.reason, OPS_REASON_BLANK);
}

static void a_list_of_exactly_one_has_exactly_one(void **state)
{
    struct ops_awareness_state_proto states[2];
    struct ops_receive_awareness_event event;
    struct ops_violation v;

    (void)state;
    memset(states, 0, sizeof states);
    memset(&event, 0, sizeof event);
    event.document_id = OPS_STR("d");
    event.awareness = states;
    for (event.awareness_count = 0; event.awareness_count <= 2; event.awareness_count++)
        assert_int_equal(ops_receive_awareness_event_validate(&event, &ops_style_v1, false, &v), event.awareness_count == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy_is_equal_and_survives_its_source),
        cmocka_unit_test(a_copy_is_all_or_nothing_at_every_memory_limit),
        cmocka_unit_test(a_typed_any_is_copied_and_compared),
        cmocka_unit_test(values_are_equal_when_their_bytes_are),
        cmocka_unit_test(absent_is_not_empty),
        cmocka_unit_test(only_the_variant_that_is_set_is_compared),
        cmocka_unit_test(every_declared_limit_holds_at_its_very_ends),
        cmocka_unit_test(limits_are_checked_in_the_order_of_the_schema),
        cmocka_unit_test(absence_is_refused_where_a_value_is_required),
        cmocka_unit_test(a_broken_limit_deep_inside_is_found),
        cmocka_unit_test(opaque_values_that_nobody_read_are_scanned),
        cmocka_unit_test(a_union_without_its_variant_is_refused),
        cmocka_unit_test(a_json_text_is_measured_without_the_space_around_it),
        cmocka_unit_test(json_in_a_string_is_scanned_where_it_is_one),
        cmocka_unit_test(limits_hold_in_their_shapes_only),
        cmocka_unit_test(a_list_of_exactly_one_has_exactly_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
