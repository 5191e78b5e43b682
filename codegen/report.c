/* Mistakes in the schema, kept until all are known and then printed in the order of their places. */
#include "report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REPORT_LIMIT = 200, REPORT_CHARS = 400 };

struct mistake {
    struct place place;
    int order;
    char sentence[REPORT_CHARS];
};
static struct mistake mistakes[REPORT_LIMIT];
static int mistake_count;

void report(struct place place, const char *format, ...)
{
    struct mistake *m = &mistakes[mistake_count];
    va_list args;

    if (mistake_count == REPORT_LIMIT)
        return;
    m->place = place;
    m->order = mistake_count++;
    va_start(args, format);
    vsnprintf(m->sentence, sizeof m->sentence, format, args);
    va_end(args);
}

static int report_compare(const void *a, const void *b)
{
    const struct mistake *x = a, *y = b;
    int files = strcmp(x->place.file, y->place.file);

    if (files != 0)
        return files;
    if (x->place.line != y->place.line)
        return x->place.line < y->place.line ? -1 : 1;
    if (x->place.column != y->place.column)
        return x->place.column < y->place.column ? -1 : 1;
    return x->order < y->order ? -1 : 1;
}

bool report_print(void)
{
    int i;

    qsort(mistakes, (size_t)mistake_count, sizeof mistakes[0], report_compare);
    for (i = 0; i < mistake_count; i++) {
        const struct mistake *m = &mistakes[i];

        fprintf(stderr, "%s:%d:%d: error: %s\n", m->place.file, m->place.line, m->place.column, m->sentence);
    }
    return mistake_count == 0;
}
