/* Mistakes in the schema: `opstream.proto:12:5: error: sentence`. */
#ifndef CODEGEN_REPORT_H
#define CODEGEN_REPORT_H

#include <stdbool.h>

/* A place in a schema file, counted from 1; line 0: unknown. */
struct place {
    const char *file;
    int line, column;
};

/* Notes a mistake. The sentence says what to do. */
void report(struct place place, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Prints what was noted, in the order of places. True when there is nothing. */
bool report_print(void);

#endif
