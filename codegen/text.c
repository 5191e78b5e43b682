/* Strings and memory of the generator. */
#include "text.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- memory ------------------------------------------------------------------------------------------------------ */

union block {
    union block *next;
    max_align_t align;
};
static union block *blocks;

static void *memory_check(void *p)
{
    if (p == NULL) {
        fputs("codegen: out of memory\n", stderr);
        exit(2);
    }
    return p;
}

void *memory_new(size_t count, size_t size)
{
    union block *b = memory_check(calloc(1, sizeof *b + count * size + 1));

    b->next = blocks;
    blocks = b;
    return b + 1;
}

void memory_free_all(void)
{
    while (blocks != NULL) {
        union block *next = blocks->next;

        free(blocks);
        blocks = next;
    }
}

/* ---- strings ----------------------------------------------------------------------------------------------------- */

char *text_copy(const char *bytes, size_t len)
{
    char *copy = memory_new(len + 1, 1);

    if (len > 0)
        memcpy(copy, bytes, len);
    return copy;
}

static char *format_list(const char *format, va_list args)
{
    va_list again;
    char *text;
    int len;

    va_copy(again, args);
    len = vsnprintf(NULL, 0, format, again);
    va_end(again);
    text = memory_new((size_t)len + 1, 1);
    vsnprintf(text, (size_t)len + 1, format, args);
    return text;
}

char *text_format(const char *format, ...)
{
    va_list args;
    char *text;

    va_start(args, format);
    text = format_list(format, args);
    va_end(args);
    return text;
}

char *text_snake(const char *name)
{
    char *snake = memory_new(strlen(name) * 2 + 1, 1), *at = snake;
    size_t i;

    for (i = 0; name[i] != '\0'; i++) {
        bool upper = isupper((unsigned char)name[i]) != 0;
        bool begins = upper && i > 0 && name[i - 1] != '_' &&
                      (!isupper((unsigned char)name[i - 1]) || islower((unsigned char)name[i + 1]));

        if (begins)
            *at++ = '_';
        *at++ = (char)tolower((unsigned char)name[i]);
    }
    return snake;
}

char *text_upper(const char *name)
{
    char *upper = text_snake(name);
    size_t i;

    for (i = 0; upper[i] != '\0'; i++)
        upper[i] = (char)toupper((unsigned char)upper[i]);
    return upper;
}

char *text_lower(const char *name)
{
    char *lower = text_copy(name, strlen(name));
    size_t i;

    for (i = 0; lower[i] != '\0'; i++)
        lower[i] = (char)tolower((unsigned char)lower[i]);
    return lower;
}

char *text_camel(const char *name)
{
    char *snake = text_snake(name), *at = snake;
    size_t i;

    for (i = 0; snake[i] != '\0'; i++) {
        if (snake[i] == '_' && snake[i + 1] != '\0')
            *at++ = (char)toupper((unsigned char)snake[++i]);
        else
            *at++ = snake[i];
    }
    *at = '\0';
    return snake;
}

const char *text_c_name(const char *name)
{
    static const char *const keywords[] = {
        "alignas",  "alignof",  "and",     "asm",     "auto",      "bool",     "break",    "case",      "catch",
        "char",     "class",    "compl",   "const",   "constexpr", "continue", "decltype", "default",   "delete",
        "do",       "double",   "else",    "enum",    "explicit",  "export",   "extern",   "false",     "float",
        "for",      "friend",   "goto",    "if",      "inline",    "int",      "long",     "mutable",   "namespace",
        "new",      "noexcept", "not",     "nullptr", "operator",  "or",       "private",  "protected", "public",
        "register", "restrict", "return",  "short",   "signed",    "sizeof",   "static",   "struct",    "switch",
        "template", "this",     "throw",   "true",    "try",       "typedef",  "typeid",   "typename",  "union",
        "unsigned", "using",    "virtual", "void",    "volatile",  "while",    "xor"};
    size_t i;

    for (i = 0; i < sizeof keywords / sizeof keywords[0]; i++) {
        if (strcmp(name, keywords[i]) == 0)
            return text_format("%s_", name);
    }
    return name;
}

bool text_equal(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

bool text_equal_any_case(const char *a, const char *b)
{
    return text_equal(text_lower(a), text_lower(b));
}

bool text_ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);

    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

/* ---- a file being written ---------------------------------------------------------------------------------------- */

static void out_bytes(struct out *o, const char *bytes, size_t len)
{
    if (o->capacity - o->len <= len) {
        size_t capacity = (o->len + len + 1) * 2;
        char *grown = memory_new(capacity, 1);

        if (o->len > 0)
            memcpy(grown, o->text, o->len);
        o->text = grown;
        o->capacity = capacity;
    }
    memcpy(o->text + o->len, bytes, len);
    o->len += len;
    o->text[o->len] = '\0';
}

void out_print(struct out *o, const char *format, ...)
{
    va_list args;
    char *text;

    va_start(args, format);
    text = format_list(format, args);
    va_end(args);
    out_bytes(o, text, strlen(text));
}

void out_escaped(struct out *o, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            out_bytes(o, "\\", 1);
        out_bytes(o, text, 1);
    }
}

void out_wrapped(struct out *o, const char *text, size_t begun, size_t width, const char *prefix)
{
    size_t column = begun;
    bool fresh = true; /* nothing on this line yet */

    while (*text != '\0') {
        size_t len = strcspn(text, " \n");

        if (len > 0) {
            if (!fresh && column + 1 + len > width) {
                out_print(o, "\n%s", prefix);
                column = strlen(prefix);
                fresh = true;
            }
            if (!fresh)
                out_bytes(o, " ", 1);
            out_bytes(o, text, len);
            column += len + (fresh ? 0 : 1);
            fresh = false;
        }
        text += len;
        if (text[0] == '\n' && text[1] == '\n') { /* a paragraph */
            size_t bare = strlen(prefix);

            while (bare > 0 && prefix[bare - 1] == ' ')
                bare--;
            out_print(o, "\n%.*s\n%s", (int)bare, prefix, prefix);
            column = strlen(prefix);
            fresh = true;
            text++;
        }
        if (*text != '\0')
            text++;
    }
}

void out_comment(struct out *o, unsigned indent, const char *comment)
{
    struct out safe = {NULL, 0, 0};
    const char *end;

    while ((end = strstr(comment, "*/")) != NULL) {
        out_print(&safe, "%.*s* /", (int)(end - comment), comment);
        comment = end + 2;
    }
    out_print(&safe, "%s", comment);
    out_print(o, "%*s/* ", (int)indent, "");
    out_wrapped(o, safe.text, indent + 3, 117, text_format("%*s * ", (int)indent, ""));
    out_print(o, " */\n");
}

const char out_banner_text[] = "Generated by codegen from schema/opstream.proto; edit that, then run: ninja gen";

void out_banner(struct out *o, const char *about)
{
    out_print(o, "/* %s\n *\n * ", out_banner_text);
    out_wrapped(o, about, 3, 117, " * ");
    out_print(o, " */\n");
}

/* ---- tables ------------------------------------------------------------------------------------------------------ */

void table_row(struct table *t)
{
    if (t->row_count == t->capacity) {
        char *(*grown)[TABLE_COLUMNS];

        t->capacity = t->capacity == 0 ? 16 : t->capacity * 2;
        grown = memory_new(t->capacity, sizeof *grown);
        if (t->row_count > 0)
            memcpy(grown, t->rows, t->row_count * sizeof *grown);
        t->rows = grown;
    }
    t->row_count++;
}

void table_cell(struct table *t, const char *format, ...)
{
    char **row = t->rows[t->row_count - 1];
    va_list args;
    size_t i = 0;

    while (i < TABLE_COLUMNS - 1 && row[i] != NULL)
        i++;
    va_start(args, format);
    row[i] = format_list(format, args);
    va_end(args);
    if (i + 1 > t->columns)
        t->columns = i + 1;
}

void table_print(const struct table *t, struct out *o, const char *before, const char *after)
{
    size_t width[TABLE_COLUMNS] = {0}, i, k;

    for (i = 0; i < t->row_count; i++) {
        for (k = 0; t->rows[i][1] != NULL && k < t->columns && t->rows[i][k] != NULL; k++) {
            if (strlen(t->rows[i][k]) > width[k])
                width[k] = strlen(t->rows[i][k]);
        }
    }
    for (i = 0; i < t->row_count; i++) {
        char **row = t->rows[i];

        if (row[1] == NULL) {
            out_print(o, "%s\n", row[0]);
            continue;
        }
        out_print(o, "%s", before);
        for (k = 0; k < t->columns && row[k] != NULL; k++) {
            bool last = k + 1 == t->columns || row[k + 1] == NULL;

            out_print(o, "%s%s", row[k], last ? "" : ", ");
            if (!last)
                out_print(o, "%*s", (int)(width[k] - strlen(row[k])), "");
        }
        out_print(o, "%s\n", after);
    }
}
