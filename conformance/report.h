/* What was checked and how it went: a table of message and style, and the failures one by one. */
#ifndef OPS_CONFORMANCE_REPORT_H
#define OPS_CONFORMANCE_REPORT_H

#include <stdio.h>

#include "memory.h"

enum { CONF_ROWS_LIMIT = 512, CONF_LABEL_CHARS = 96, CONF_REASONS_LIMIT = 8 };

struct conf_reason {
    const char *text; /* static */
    size_t count;
};

struct conf_row {
    char label[CONF_LABEL_CHARS]; /* message, and what of it */
    const char *style;
    size_t passed, failed, not_applicable;
    struct conf_reason reasons[CONF_REASONS_LIMIT]; /* why not applicable; the last one collects the rest */
};

struct conf_report {
    FILE *out;
    bool verbose; /* print passes too, and texts in full */
    size_t row_count;
    struct conf_row rows[CONF_ROWS_LIMIT];
    size_t passed, failed, not_applicable;
};

/* Where a check stands. */
struct conf_place {
    const char *file, *case_id;
    size_t step;
    const char *label, *style;
};

void conf_pass(struct conf_report *report, const struct conf_place *place);

/* `what` is one sentence; `expected` and `got` may be absent. */
void conf_fail(struct conf_report *report, const struct conf_place *place, const char *what, struct ops_str expected,
               struct ops_str got);

/* One more line about the failure just reported; nothing when `text` is absent. */
void conf_fail_note(const struct conf_report *report, const char *head, struct ops_str text);

/* `reason` is static. */
void conf_not_applicable(struct conf_report *report, const struct conf_place *place, const char *reason);

/* The table, then one line with the sums. */
void conf_report_print(const struct conf_report *report);

#endif
