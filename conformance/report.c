#include "report.h"

#include <stdlib.h>

enum { REPORT_CUT_BYTES = 400, REPORT_CONTEXT_BYTES = 60 };

static struct conf_row *report_row(struct conf_report *report, const struct conf_place *place)
{
    struct conf_row *row;
    size_t i;

    for (i = 0; i < report->row_count; i++) {
        row = &report->rows[i];
        if (strcmp(row->label, place->label) == 0 && strcmp(row->style, place->style) == 0)
            return row;
    }
    if (report->row_count == CONF_ROWS_LIMIT)
        return &report->rows[CONF_ROWS_LIMIT - 1];
    row = &report->rows[report->row_count++];
    snprintf(row->label, sizeof row->label, "%s", place->label);
    row->style = place->style;
    return row;
}

/* Control characters, which would spoil a terminal, as \xNN; long texts are cut unless everything is wanted. */
static void report_text(const struct conf_report *report, const char *head, struct ops_str text, size_t from)
{
    size_t len = text.len - from, i;

    if (text.ptr == NULL)
        return;
    if (!report->verbose && len > REPORT_CUT_BYTES)
        len = REPORT_CUT_BYTES;
    fprintf(report->out, "    %s%s", head, from > 0 ? "..." : "");
    for (i = from; i < from + len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];

        if (c < 0x20 || c == 0x7f)
            fprintf(report->out, "\\x%02x", c);
        else
            fputc(c, report->out);
    }
    fprintf(report->out, "%s\n", from + len < text.len ? "..." : "");
}

static void report_head(const struct conf_report *report, const char *verdict, const struct conf_place *place,
                        const char *what)
{
    fprintf(report->out, "%s %s step %zu: %s [%s]: %s\n", verdict, place->case_id, place->step, place->label,
            place->style, what);
}

void conf_pass(struct conf_report *report, const struct conf_place *place)
{
    report_row(report, place)->passed++;
    report->passed++;
    if (report->verbose)
        report_head(report, "ok", place, "passed");
}

void conf_fail(struct conf_report *report, const struct conf_place *place, const char *what, struct ops_str expected,
               struct ops_str got)
{
    size_t same = 0, from;

    report_row(report, place)->failed++;
    report->failed++;
    report_head(report, "FAIL", place, what);
    while (same < expected.len && same < got.len && expected.ptr[same] == got.ptr[same])
        same++;
    if (expected.ptr != NULL && got.ptr != NULL)
        fprintf(report->out, "    differ at byte %zu\n", same);
    from = !report->verbose && same > REPORT_CONTEXT_BYTES && expected.ptr != NULL && got.ptr != NULL
               ? same - REPORT_CONTEXT_BYTES
               : 0;
    while (from > 0 && expected.len > from && ((unsigned char)expected.ptr[from] & 0xc0) == 0x80)
        from--;
    report_text(report, "expected ", expected, from);
    report_text(report, "got      ", got, from);
}

void conf_fail_note(const struct conf_report *report, const char *head, struct ops_str text)
{
    char line[CONF_LABEL_CHARS];

    snprintf(line, sizeof line, "%s ", head);
    report_text(report, line, text, 0);
}

void conf_not_applicable(struct conf_report *report, const struct conf_place *place, const char *reason)
{
    struct conf_row *row = report_row(report, place);
    size_t i;

    row->not_applicable++;
    report->not_applicable++;
    for (i = 0; i < CONF_REASONS_LIMIT - 1 && row->reasons[i].text != NULL && strcmp(row->reasons[i].text, reason) != 0;
         i++)
        ;
    row->reasons[i].text = i < CONF_REASONS_LIMIT - 1 ? reason : "other reasons";
    row->reasons[i].count++;
    if (report->verbose)
        report_head(report, "n/a", place, reason);
}

static int report_order(const void *a, const void *b)
{
    const struct conf_row *x = (const struct conf_row *)a, *y = (const struct conf_row *)b;
    int order = strcmp(x->label, y->label);

    return order != 0 ? order : strcmp(x->style, y->style);
}

void conf_report_print(const struct conf_report *report)
{
    struct conf_row *sorted = (struct conf_row *)malloc(report->row_count * sizeof *sorted + 1);
    size_t i, k;

    if (sorted == NULL)
        return;
    memcpy(sorted, report->rows, report->row_count * sizeof *sorted);
    qsort(sorted, report->row_count, sizeof *sorted, report_order);
    fprintf(report->out, "\n%-46s %-8s %7s %7s %7s\n", "message", "style", "passed", "failed", "n/a");
    for (i = 0; i < report->row_count; i++) {
        const struct conf_row *row = &sorted[i];

        fprintf(report->out, "%-46s %-8s %7zu %7zu %7zu", row->label, row->style, row->passed, row->failed,
                row->not_applicable);
        for (k = 0; k < CONF_REASONS_LIMIT && row->reasons[k].text != NULL; k++)
            fprintf(report->out, "%s%zu %s", k == 0 ? "   " : "; ", row->reasons[k].count, row->reasons[k].text);
        fputc('\n', report->out);
    }
    fprintf(report->out, "\n%zu passed, %zu failed, %zu not applicable\n", report->passed, report->failed,
            report->not_applicable);
    free(sorted);
}
