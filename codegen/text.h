/* Strings and memory of the generator: names in other spellings, wrapped comments, and the text of a file being
 * written.
 *
 * A generator lives for a moment: everything allocated here is given back at the end of the run by memory_free_all. */
#ifndef CODEGEN_TEXT_H
#define CODEGEN_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Zeroed; never NULL: out of memory ends the program. */
void *memory_new(size_t count, size_t size);
void memory_free_all(void);

/* A new string, as printf writes it. */
char *text_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *text_copy(const char *bytes, size_t len);

/* `TextOp`, `text_op`, `textOp` in other spellings: text_op, TEXT_OP, textOp. */
char *text_snake(const char *name);
char *text_upper(const char *name);
char *text_camel(const char *name);
char *text_lower(const char *name);

/* `name` with an underscore behind it where C++ has a keyword of that name. */
const char *text_c_name(const char *name);

bool text_equal(const char *a, const char *b);          /* NULL equals only NULL */
bool text_equal_any_case(const char *a, const char *b); /* ASCII letters */
bool text_ends_with(const char *text, const char *end);

/* A file being written. */
struct out {
    char *text;
    size_t len, capacity;
};

void out_print(struct out *o, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Copies `text` as the content of a C or JSON-like string literal: quotes and backslashes escaped, other bytes as
 * they are. */
void out_escaped(struct out *o, const char *text);

/* A comment of the schema as a C comment, wrapped at 120 columns, every line after `indent` blanks. */
void out_comment(struct out *o, unsigned indent, const char *comment);

/* The first lines of every generated file, as a C comment: the banner, then what the file is. */
void out_banner(struct out *o, const char *about);
extern const char out_banner_text[];

/* The text wrapped at `width` columns: the first line is begun by the caller at column `begun`, the others begin
 * with `prefix`. */
void out_wrapped(struct out *o, const char *text, size_t begun, size_t width, const char *prefix);

/* Rows of cells, printed in columns. */
enum { TABLE_COLUMNS = 24 };
struct table {
    char *(*rows)[TABLE_COLUMNS];
    size_t row_count, capacity;
    size_t columns; /* of the widest row */
};

/* Ends the current row and begins the next one; then fill its cells. */
void table_row(struct table *t);
void table_cell(struct table *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Each row as `before` cell, cell, ... `after`, cells aligned. A row of one cell is printed as it is, indented. */
void table_print(const struct table *t, struct out *o, const char *before, const char *after);

#endif
