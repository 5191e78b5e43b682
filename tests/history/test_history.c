/* The history checker finds what it says it finds: a sound history, and each rule broken in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "history.h"

enum { CLIENTS = 3, OPS = 60 };

/* What is planted. */
enum fault {
    NOTHING,
    GAP,
    ACK_LOST,
    ACK_ELSEWHERE,
    ACK_TWICE,
    ID_TWICE,
    LATER_IS_LOWER,
    NOBODY_S_OP,
    OTHER_DOCUMENT,
    SKIPPED,
    REPEATED,
    NOT_WHAT_THE_LOG_HAS
};

static struct ops_str id_of(int op, char *text)
{
    return ops_str_of(text, (size_t)snprintf(text, 16, "op-%d", op));
}

/* Ops 0 to OPS - 1 get revisions 2 and up, each acknowledged before the next is submitted, seen by everybody; the last one is never
 * acknowledged. */
static struct history *history_with(enum fault fault, int victim)
{
    struct history *h = history_new();
    char text[16];

    for (uint32_t c = 0; c < CLIENTS; c++)
        history_joined(h, c, 1);
    for (int i = 0; i < OPS; i++) {
        int64_t revision = i + 2, logged = revision;
        bool here = i == victim;

        history_submitted(h, (uint32_t)i % CLIENTS, id_of(i, text), i * 10);
        if (fault == LATER_IS_LOWER && (here || i == victim - 1))
            logged = here ? revision - 1 : revision + 1; /* both acknowledged where they are, in the wrong order */
        if (i < OPS - 1)
            history_acked(h, (uint32_t)i % CLIENTS, id_of(i, text), fault == ACK_ELSEWHERE && here ? logged + 1 : logged, i * 10 + 5);
        if (fault == ACK_TWICE && here)
            history_acked(h, 0, id_of(i, text), logged + 7, i * 10 + 6);
        for (uint32_t c = 0; c < CLIENTS; c++) {
            bool mine = here && c == 1;

            if (!(fault == SKIPPED && mine))
                history_seen(h, c, revision, fault == NOT_WHAT_THE_LOG_HAS && mine ? OPS_STR("op-0") : ops_str_of(NULL, 0));
            if (fault == REPEATED && mine)
                history_seen(h, c, revision, ops_str_of(NULL, 0));
            history_client_document(h, c, revision, (uint64_t)i * 7 + (fault == OTHER_DOCUMENT && mine));
        }
        history_server_document(h, revision, (uint64_t)i * 7);
    }
    for (int i = 0; i < OPS; i++) {
        int op = i;

        if (fault == LATER_IS_LOWER && (i == victim || i == victim - 1))
            op = i == victim ? victim - 1 : victim;
        if (fault == GAP && i == victim)
            continue;
        if (fault == ID_TWICE && i == victim)
            op = victim - 1;
        if (fault == NOBODY_S_OP && i == OPS - 1)
            history_log_row(h, i + 2, OPS_STR("stranger"));
        else if (fault == ACK_LOST && i == victim)
            history_log_row(h, i + 2, ops_str_of(NULL, 0));
        else
            history_log_row(h, i + 2, id_of(op, text));
    }
    return h;
}

static void expect(enum fault fault, int rule)
{
    for (int victim = 1; victim < OPS - 1; victim++) {
        struct history *h = history_with(fault, victim);
        char why[200] = "";
        int found = history_check(h, why, sizeof why);

        if (found != rule)
            fail_msg("op %d: rule %d expected, %d found: %s", victim, rule, found, why);
        assert_true((rule == 0) == (why[0] == '\0'));
        assert_int_equal(history_check(h, why, sizeof why), rule); /* and again */
        history_free(h);
    }
}

static void sound_history_is_accepted(void **state)
{
    (void)state;
    expect(NOTHING, 0);
}

static void gap_in_the_log_is_rule_1(void **state)
{
    (void)state;
    expect(GAP, 1);
}

static void acknowledged_op_that_is_not_there_is_rule_2(void **state)
{
    (void)state;
    expect(ACK_LOST, 2);
    expect(ACK_ELSEWHERE, 2);
    expect(ACK_TWICE, 2);
}

static void op_twice_in_the_log_is_rule_3(void **state)
{
    (void)state;
    expect(ID_TWICE, 3);
}

static void later_op_with_a_lower_revision_is_rule_4(void **state)
{
    (void)state;
    expect(LATER_IS_LOWER, 4);
}

static void op_that_nobody_submitted_is_rule_5(void **state)
{
    (void)state;
    expect(NOBODY_S_OP, 5);
}

static void unacknowledged_op_twice_is_found(void **state)
{
    struct history *h = history_new();
    char why[200];

    (void)state;
    history_submitted(h, 0, OPS_STR("a"), 1);
    history_log_row(h, 2, OPS_STR("a"));
    assert_int_equal(history_check(h, why, sizeof why), 0);
    history_log_row(h, 3, OPS_STR("a"));
    assert_int_equal(history_check(h, why, sizeof why), 3);
    history_free(h);
}

static void other_document_is_rule_6(void **state)
{
    (void)state;
    expect(OTHER_DOCUMENT, 6);
}

static void gap_repeat_or_wrong_op_at_a_client_is_rule_7(void **state)
{
    (void)state;
    expect(SKIPPED, 7);
    expect(REPEATED, 7);
    for (int victim = 1; victim < OPS - 1; victim++) {
        struct history *h = history_with(NOT_WHAT_THE_LOG_HAS, victim);
        char why[200];

        assert_int_equal(history_check(h, why, sizeof why), 7);
        history_free(h);
    }
}

static void trimmed_log_may_begin_later(void **state)
{
    struct history *h = history_new();
    char why[200], text[16];

    (void)state;
    history_log_begins(h, 5);
    for (int i = 0; i < 6; i++) {
        history_submitted(h, 0, id_of(i, text), i * 2);
        history_acked(h, 0, id_of(i, text), i + 2, i * 2 + 1);
        if (i + 2 >= 5)
            history_log_row(h, i + 2, id_of(i, text));
    }
    assert_int_equal(history_check(h, why, sizeof why), 0);
    history_free(h);
}

/* Threads record a little out of order; the times count. */
static void order_of_recording_does_not_matter(void **state)
{
    struct history *h = history_new();
    char why[200];

    (void)state;
    history_acked(h, 0, OPS_STR("a"), 2, 5);
    history_submitted(h, 0, OPS_STR("a"), 1);
    history_submitted(h, 1, OPS_STR("b"), 4); /* before a was acknowledged: may have any revision */
    history_log_row(h, 2, OPS_STR("a"));
    history_log_row(h, 3, OPS_STR("b"));
    assert_int_equal(history_check(h, why, sizeof why), 0);
    history_free(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sound_history_is_accepted),
        cmocka_unit_test(gap_in_the_log_is_rule_1),
        cmocka_unit_test(acknowledged_op_that_is_not_there_is_rule_2),
        cmocka_unit_test(op_twice_in_the_log_is_rule_3),
        cmocka_unit_test(later_op_with_a_lower_revision_is_rule_4),
        cmocka_unit_test(op_that_nobody_submitted_is_rule_5),
        cmocka_unit_test(unacknowledged_op_twice_is_found),
        cmocka_unit_test(other_document_is_rule_6),
        cmocka_unit_test(gap_repeat_or_wrong_op_at_a_client_is_rule_7),
        cmocka_unit_test(trimmed_log_may_begin_later),
        cmocka_unit_test(order_of_recording_does_not_matter),
    };

    return cmocka_run_group_tests_name("history", tests, NULL, NULL);
}
