/* Several cores: a document lives on one, its clients on any; between them there is only mail. */
#include "fixture.h"

/* A document that lives on that loop. */
static const char *document_on(const struct fixture *f, uint32_t loop)
{
    static const char *const names[] = {"d0", "d1", "d2", "d3", "d4", "d5", "d6", "d7", "d8", "d9"};
    size_t i;

    for (i = 0; i < sizeof names / sizeof *names; i++) {
        if (ops_core_loop_of(f->cores[0], id_of(names[i])) == loop)
            return names[i];
    }
    fail_msg("no document lives on loop %u", loop);
    return NULL;
}

/* Two loops, a document on the first, a and b there, c and d on the second; the log says `d` for it. */
static const char *two_loops(struct fixture *f)
{
    const char *id;

    f->config.loops = 2;
    fixture_restart(f);
    id = document_on(f, 0);
    come_on(f, 'a', 0);
    come_on(f, 'b', 0);
    come_on(f, 'c', 1);
    come_on(f, 'd', 1);
    here(f, "abcd", id);
    return id;
}

static void expect_of(struct fixture *f, const char *id, const char *format)
{
    char text[1024];
    size_t used = 0;

    for (; *format != '\0'; format++) {
        if (*format == '%')
            used += (size_t)snprintf(text + used, sizeof text - used, "%s", id);
        else
            text[used++] = *format;
        assert_true(used < sizeof text);
    }
    text[used] = '\0';
    expect(f, text);
}

static void all_loops_agree_on_where_a_document_lives(void **state)
{
    struct fixture *f = *state;
    char id[16];
    int i;

    f->config.loops = 3;
    fixture_restart(f);
    for (i = 0; i < 100; i++) {
        snprintf(id, sizeof id, "doc-%d", i);
        assert_int_equal(ops_core_loop_of(f->cores[0], id_of(id)), ops_core_loop_of(f->cores[1], id_of(id)));
        assert_int_equal(ops_core_loop_of(f->cores[0], id_of(id)), ops_core_loop_of(f->cores[2], id_of(id)));
        assert_in_range(ops_core_loop_of(f->cores[0], id_of(id)), 0, 2);
    }
}

static void a_push_crosses_to_another_loop_once_for_all_who_are_there(void **state)
{
    struct fixture *f = *state;
    const char *id = two_loops(f);

    f->mails = 0;
    edit(f, 'a', id, 1, "+x");
    stored(f, id);
    assert_int_equal(f->mails, 1);
    expect_of(f, id, "a< ack % 2\n"
                     "b< op % 2 +x\n");
    deliver(f);
    expect_of(f, id, "d< op % 2 +x\n"
                     "c< op % 2 +x\n");
}

static void a_loop_without_clients_of_a_document_gets_no_mail_of_it(void **state)
{
    struct fixture *f = *state;
    const char *id = two_loops(f);

    go(f, 'c');
    leave(f, 'd', id);
    settle(f);
    f->mails = 0;
    edit(f, 'a', id, 1, "+x");
    settle(f);
    assert_int_equal(f->mails, 0);
}

static void an_author_on_another_loop_has_its_answers_in_order(void **state)
{
    struct fixture *f = *state;
    const char *id = two_loops(f);

    edit(f, 'c', id, 1, "+1");
    edit(f, 'a', id, 1, "+2");
    aware(f, 'c', id, "7");
    edit(f, 'c', id, 99, "+3");
    leave(f, 'c', id);
    edit(f, 'c', id, 1, "+4");
    settle(f); /* a's op overtook the mail */
    expect_of(f, id, "a< ack % 2\n"
                     "b< op % 2 +2\n"
                     "d< op % 2 +2\n"
                     "c< op % 2 +2\n"
                     "b< op % 3 =1 +1\n"
                     "a< op % 3 =1 +1\n"
                     "b< awareness % c=7@0\n"
                     "a< awareness % c=7@0\n"
                     "b< gone c\n"
                     "a< gone c\n"
                     "c< ack % 3\n"
                     "d< op % 3 =1 +1\n"
                     "d< awareness % c=7@0\n"
                     "c< stored % c=7@0\n"
                     "c< refused % 3 RevisionAhead\n"
                     "c< leave_ack %\n"
                     "d< gone c\n"
                     "c< refused % 0 NotJoined\n");
}

/* The answer of a join and the first push behind it come by the same mail: no gap, no overlap. */
static void a_join_from_another_loop_meets_its_pushes_without_a_gap(void **state)
{
    struct fixture *f = *state;
    const char *id = two_loops(f);

    come_on(f, 'e', 1);
    join(f, 'e', id);
    edit(f, 'a', id, 1, "+x");
    stored(f, id);
    deliver(f); /* the op was first */
    edit(f, 'a', id, 2, "+y");
    stored(f, id);
    deliver(f);
    expect_of(f, id, "a< ack % 2\n"
                     "b< op % 2 +x\n"
                     "d< op % 2 +x\n"
                     "c< op % 2 +x\n"
                     "e< joined 2 'x'\n"
                     "a< ack % 3\n"
                     "b< op % 3 +y\n"
                     "e< op % 3 +y\n"
                     "d< op % 3 +y\n"
                     "c< op % 3 +y\n");
}

static void an_end_is_told_once_across_loops(void **state)
{
    struct fixture *f = *state;
    const char *first = two_loops(f), *second = document_on(f, 1);

    here(f, "ac", second);
    go(f, 'a');
    settle(f);
    expect(f, "b< gone a\n"
              "d< gone a\n"
              "c< gone a\n");
    go(f, 'c');
    settle(f);
    expect(f, "b< gone c\n"
              "d< gone c\n");
    assert_non_null(first);
}

static void a_client_that_is_gone_gets_nothing_of_what_is_on_its_way(void **state)
{
    struct fixture *f = *state;
    const char *id = two_loops(f);

    edit(f, 'c', id, 1, "+x");
    deliver(f);
    stored(f, id);
    forget(f);
    go(f, 'c'); /* its ack is in the mail */
    settle(f);
    expect_of(f, id, "d< op % 2 +x\n"
                     "b< gone c\n"
                     "a< gone c\n"
                     "d< gone c\n");
}

static void drained_loops_refuse_what_came_by_mail_no_less(void **state)
{
    struct fixture *f = *state;
    const char *id = two_loops(f);

    edit(f, 'c', id, 1, "+x");
    deliver(f);
    ops_core_drain(f->cores[0]);
    ops_core_drain(f->cores[1]);
    edit(f, 'c', id, 2, "+y");
    settle(f);
    assert_non_null(strstr(effects(f), "c< ack "));
    assert_non_null(strstr(effects(f), "Draining"));
    assert_int_equal(log_revision(f, id), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(all_loops_agree_on_where_a_document_lives),
        CLAIM(a_push_crosses_to_another_loop_once_for_all_who_are_there),
        CLAIM(a_loop_without_clients_of_a_document_gets_no_mail_of_it),
        CLAIM(an_author_on_another_loop_has_its_answers_in_order),
        CLAIM(a_join_from_another_loop_meets_its_pushes_without_a_gap),
        CLAIM(an_end_is_told_once_across_loops),
        CLAIM(a_client_that_is_gone_gets_nothing_of_what_is_on_its_way),
        CLAIM(drained_loops_refuse_what_came_by_mail_no_less),
    };

    return cmocka_run_group_tests_name("core-loops", tests, NULL, NULL);
}
