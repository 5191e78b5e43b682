/* The contract of backends/store.h, as tests over every backend: a file of tests is a table of claims, run once a backend. */
#ifndef OPS_TESTS_STORE_CONTRACT_H
#define OPS_TESTS_STORE_CONTRACT_H

#include "fixture.h"

/* One claim. The store is new and empty; it is dropped afterwards. */
struct contract_test {
    const char *claim;
    void (*run)(struct fixture *f, const struct backend *b);
    bool durable; /* about what is there after a restart: skipped where nothing is */
};

/* Runs the table on every backend; what main() returns. */
int contract_run(const char *group, const struct contract_test *tests, size_t count);

#define CONTRACT_RUN(group, tests) contract_run((group), (tests), sizeof(tests) / sizeof((tests)[0]))

/* Ends the running claim as one that this backend cannot be asked, for that reason. */
void contract_skip(const char *why);

/* Submits requests as one chain. */
void contract_submit_chain(struct fixture *f, struct ops_store_request *const *requests, size_t count);

/* A text of the bytes of `s`. */
struct ops_str contract_text(const char *s);

/* Expects the texts to be the same bytes (both absent: too). */
void contract_expect_str(struct ops_str got, struct ops_str expected);

/* Expects a row to be what `append_of` and the test have put there. */
void contract_expect_op(const struct ops_store_op *got, const struct ops_store_op *expected);

#endif
