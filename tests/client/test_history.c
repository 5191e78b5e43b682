/* Undo and redo: what this client changed, and nothing else. */
#include "session.h"

#define INSERT(text) "[{\"type\":\"insert\",\"text\":\"" text "\"}]"

static void what_was_typed_without_a_pause_is_taken_back_at_once(void **state)
{
    struct session s;
    struct ops_doc *doc;

    (void)state;
    session_open(&s);
    doc = session_join_text(&s, "abc");
    assert_false(ops_doc_undoable(doc));
    assert_int_equal(ops_doc_undo(doc), OPS_ERR_ABSENT);
    assert_int_equal(ops_doc_redo(doc), OPS_ERR_ABSENT);
    expect_log(&s, "");
    assert_int_equal(ops_doc_text_insert(doc, 1, str("x")), OPS_OK);
    assert_true(ops_doc_undoable(doc));
    session_wait(&s, 500);
    assert_int_equal(ops_doc_text_insert(doc, 2, str("y")), OPS_OK);
    session_wait(&s, 500);
    assert_int_equal(ops_doc_text_delete(doc, 3, 1), OPS_OK);
    expect_text(doc, "axyc");
    session_wait(&s, 501);
    assert_int_equal(ops_doc_text_insert(doc, 2, str("z")), OPS_OK); /* after a pause */
    assert_int_equal(ops_doc_text_insert(doc, 5, str("!")), OPS_OK); /* elsewhere */
    expect_text(doc, "axzyc!");
    assert_int_equal(ops_doc_undo(doc), OPS_OK);
    expect_text(doc, "axzyc");
    assert_int_equal(ops_doc_undo(doc), OPS_OK);
    expect_text(doc, "axyc");
    forget_log(&s);
    assert_int_equal(ops_doc_undo(doc), OPS_OK);
    expect_text(doc, "abc");
    assert_false(ops_doc_undoable(doc));
    assert_true(ops_doc_redoable(doc));
    assert_int_equal(ops_doc_undo(doc), OPS_ERR_ABSENT);
    assert_int_equal(ops_doc_redo(doc), OPS_OK);
    expect_text(doc, "axyc");
    session_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_typed_without_a_pause_is_taken_back_at_once),
    };

    return cmocka_run_group_tests_name("client history", tests, NULL, NULL);
}
