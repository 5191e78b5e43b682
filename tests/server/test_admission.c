/* runtime/server/admission.c */
#include "runtime/server/admission.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/random.h"

static struct sockaddr_storage address(const char *text)
{
    struct sockaddr_storage out;
    struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)&out;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)&out;

    memset(&out, 0, sizeof out);
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1)
        out.ss_family = AF_INET;
    else if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1)
        out.ss_family = AF_INET6;
    else
        fail();
    return out;
}

static enum ops_admission_answer enter(struct ops_admission *a, const char *text, struct ops_ticket *ticket)
{
    struct sockaddr_storage from = address(text);

    return ops_admission_enter(a, (const struct sockaddr *)&from, ticket);
}

static void one_more_than_the_limits_is_refused_and_a_place_that_is_left_is_free(void **state)
{
    struct ops_admission *a = ops_admission_open(3, 2, 1);
    struct ops_ticket t[6];

    (void)state;
    assert_int_equal(enter(a, "10.0.0.1", &t[0]), OPS_ADMITTED);
    assert_int_equal(enter(a, "10.0.0.1", &t[1]), OPS_ADMITTED);
    assert_int_equal(enter(a, "10.0.0.1", &t[2]), OPS_REFUSED_ADDRESS);
    assert_int_equal(enter(a, "10.0.0.1", &t[5]), OPS_REFUSED_QUIETLY);
    ops_admission_leave(a, &t[2]);
    assert_int_equal(enter(a, "10.0.0.2", &t[3]), OPS_ADMITTED);
    assert_int_equal(enter(a, "10.0.0.3", &t[4]), OPS_REFUSED_TOTAL);
    ops_admission_leave(a, &t[4]);
    ops_admission_leave(a, &t[0]);
    assert_int_equal(enter(a, "10.0.0.1", &t[0]), OPS_ADMITTED);
    assert_int_equal(ops_admission_counts(a).open, 3);
    assert_int_equal(ops_admission_counts(a).refusals, 0);
    ops_admission_close(a);
}

static void one_host_is_an_ipv4_address_in_either_form_or_an_ipv6_64(void **state)
{
    struct ops_admission *a = ops_admission_open(100, 1, 10);
    struct ops_ticket t;

    (void)state;
    assert_int_equal(enter(a, "10.0.0.1", &t), OPS_ADMITTED);
    assert_int_equal(enter(a, "::ffff:10.0.0.1", &t), OPS_REFUSED_ADDRESS);
    assert_int_equal(enter(a, "2001:db8:1:2::1", &t), OPS_ADMITTED);
    assert_int_equal(enter(a, "2001:db8:1:2:3::9", &t), OPS_REFUSED_ADDRESS);
    assert_int_equal(enter(a, "2001:db8:1:3::1", &t), OPS_ADMITTED);
    assert_int_equal(enter(a, "::1", &t), OPS_ADMITTED);
    ops_admission_close(a);
}

/* Against a plain array of counts, with few addresses, so that places collide and are freed in every order. */
static void random_comings_and_goings_are_counted_as_a_plain_list_counts_them(void **state)
{
    enum { ADDRESSES = 40, TOTAL = 64, EACH = 4, STEPS = 20000 };
    struct ops_admission *a = ops_admission_open(TOTAL, EACH, 0);
    struct ops_ticket tickets[TOTAL];
    unsigned of[TOTAL], counts[ADDRESSES] = {0}, open = 0;

    (void)state;
    print_message("# OPS_SEED=%llu\n", (unsigned long long)random_seed);
    for (unsigned step = 0; step < STEPS; step++) {
        unsigned which = rnd_below(ADDRESSES);
        char text[32];

        if (open > 0 && rnd_below(2) == 0) {
            unsigned i = rnd_below(open);

            ops_admission_leave(a, &tickets[i]);
            counts[of[i]]--;
            open--;
            tickets[i] = tickets[open];
            of[i] = of[open];
            continue;
        }
        snprintf(text, sizeof text, "10.1.%u.%u", which * 7 % 256, which);
        {
            struct ops_ticket ticket;
            enum ops_admission_answer answer = enter(a, text, &ticket);

            assert_int_equal(answer, open < TOTAL && counts[which] < EACH ? OPS_ADMITTED : OPS_REFUSED_QUIETLY);
            if (answer == OPS_ADMITTED) {
                counts[which]++;
                of[open] = which;
                tickets[open++] = ticket;
            }
        }
        assert_int_equal(ops_admission_counts(a).open, open);
    }
    ops_admission_close(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_more_than_the_limits_is_refused_and_a_place_that_is_left_is_free),
        cmocka_unit_test(one_host_is_an_ipv4_address_in_either_form_or_an_ipv6_64),
        cmocka_unit_test_setup(random_comings_and_goings_are_counted_as_a_plain_list_counts_them, random_seeded),
    };

    return cmocka_run_group_tests_name("admission", tests, NULL, NULL);
}
