/* ragel -G2 against runtime/base/json_scan.c, on short and long tokens: why the scanners are written by hand.
 * Prints one table; both columns are checked to end at the same place first. `run` builds it, where ragel is
 * found. */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "runtime/base/json_text.h"
#include "scanner.h"

enum { RUNS = 15, RUN_NS = 2000000, LONG_BYTES = 1 << 20, BEHIND_BYTES = 48 };

struct token {
    const char *name, *unit; /* repeated until the token has `bytes` */
    size_t bytes;
    bool number;
};

static const struct token tokens[] = {
    {"string, ASCII, 8 B", "abcdefgh", 8, false},
    {"string, ASCII, 24 B", "the quick brown fox jump", 24, false},
    {"string, ASCII, 100 B", "the quick brown fox ", 100, false},
    {"string, CJK, 24 B", "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", 24, false},
    {"string, escapes, 24 B", "a\\nb\\\"", 24, false},
    {"string, ASCII, 1 MB", "the quick brown fox ", LONG_BYTES, false},
    {"string, CJK, 1 MB", "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", LONG_BYTES, false},
    {"string, Latin, 1 MB", "d\xc3\xa9j\xc3\xa0 vu, na\xc3\xafve caf\xc3\xa9 ", LONG_BYTES, false},
    {"string, escapes, 1 MB", "some text\\n and \\\"more\\\" ", LONG_BYTES, false},
    {"string, \\uXXXX, 1 MB", "\\u65e5\\u672c", LONG_BYTES, false},
    {"number, 7", "7", 1, true},
    {"number, 12345", "12345", 5, true},
    {"number, 1732190000123", "1732190000123", 13, true},
    {"number, -0.12345e+10", "-0.12345e+10", 12, true},
    {"number, 1 MB", "3141592653", LONG_BYTES, true},
};

static double now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

typedef bool scan_function(struct ops_json_scan *s, struct ops_str *raw, bool *flag);

/* The place behind the token; NULL: refused. */
static const char *scan_once(scan_function *scan, const char *at, const char *end)
{
    struct ops_json_scan s;
    struct ops_str raw;
    bool flag;

    s.begin = s.at = at;
    s.end = end;
    return scan(&s, &raw, &flag) ? s.at : NULL;
}

/* Best of RUNS, in nanoseconds a token. */
static double measure(scan_function *scan, const char *at, const char *end)
{
    double best = 1e300;
    int run;

    for (run = 0; run < RUNS; run++) {
        double begin = now_ns(), passed;
        unsigned long count = 0;

        do {
            int i;

            for (i = end - at > LONG_BYTES ? 63 : 0; i < 64; i++, count++) {
                const char *volatile stop = scan_once(scan, at, end);

                (void)stop;
            }
            passed = now_ns() - begin;
        } while (passed < RUN_NS);
        if (passed / (double)count < best)
            best = passed / (double)count;
    }
    return best;
}

int main(void)
{
    char *text = (char *)malloc(LONG_BYTES + 256);
    size_t i;

    if (text == NULL)
        return 1;
    printf("%-26s %14s %14s %10s %10s %8s\n", "token", "ragel -G2 ns", "ours ns", "GB/s", "GB/s", "times");
    for (i = 0; i < sizeof tokens / sizeof *tokens; i++) {
        const struct token *t = &tokens[i];
        scan_function *hand = t->number ? ops_json_scan_number : ops_json_scan_string;
        scan_function *ragel = t->number ? ragel_scan_number : ragel_scan_string;
        size_t unit = strlen(t->unit), len = 0;
        const char *end;
        double theirs, ours;

        if (!t->number)
            text[len++] = '"';
        do {
            memcpy(text + len, t->unit, unit);
            len += unit;
        } while (len + unit <= t->bytes + !t->number);
        if (!t->number)
            text[len++] = '"';
        memset(text + len, ',', BEHIND_BYTES); /* as in a message: more follows */
        end = text + len + BEHIND_BYTES;
        if (scan_once(hand, text, end) != text + len || scan_once(ragel, text, end) != text + len) {
            fprintf(stderr, "%s: not read to its end\n", t->name);
            return 1;
        }
        theirs = measure(ragel, text, end);
        ours = measure(hand, text, end);
        printf("%-26s %14.1f %14.1f %10.2f %10.2f %8.1f\n", t->name, theirs, ours, (double)len / theirs,
               (double)len / ours, theirs / ours);
    }
    free(text);
    return 0;
}
