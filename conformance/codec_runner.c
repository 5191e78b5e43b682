/* Plays recorded conversations through the codecs: `codec_runner [--verbose] [--case ID] FILE...` (README.md
 * beside this file).
 *
 * * Ends with 0 when every `must` case agrees, 1 when one does not, 2 when a file cannot be used or no case was
 * found. */
#include <stdio.h>
#include <string.h>

#include "judge.h"

static struct conf_report runner_report; /* large */

static void runner_play(const struct conf_file *file, const json_t *test)
{
    struct conf_talk *talk;
    struct conf_judge *judge;
    struct ops_arena arena;
    size_t i;

    conf_arena_init(&arena);
    talk = (struct conf_talk *)conf_alloc(&arena, sizeof *talk);
    judge = (struct conf_judge *)conf_alloc(&arena, sizeof *judge);
    conf_talk_read(talk, file, test, &arena);
    judge->report = &runner_report;
    judge->talk = talk;
    judge->arena = &arena;
    judge->case_id = json_string_value(json_object_get(test, "id"));
    for (i = 0; i < talk->count; i++) {
        if (talk->texts[i]->from_server)
            conf_tell(judge, talk->texts[i]);
        else
            conf_ask(judge, talk->texts[i]);
    }
    conf_talk_end(talk);
    ops_arena_reset(&arena);
}

/* False when the file cannot be used. */
static bool runner_file(const char *path, const char *only, size_t *played)
{
    struct conf_file file;
    size_t i;

    if (!conf_file_open(path, &file))
        return false;
    for (i = 0; i < json_array_size(file.cases); i++) {
        const json_t *test = json_array_get(file.cases, i);
        struct ops_str id = conf_member(test, "id"), class = conf_member(test, "class");

        if (id.ptr == NULL || class.ptr == NULL || !ops_str_equal(class, OPS_STR("must")))
            continue;
        if (only != NULL && strcmp(only, id.ptr) != 0)
            continue;
        runner_play(&file, test);
        ++*played;
    }
    conf_file_close(&file);
    return true;
}

static int runner_usage(void)
{
    fputs("usage: codec_runner [--verbose] [--case ID] FILE...\n", stderr);
    return 2;
}

int main(int argc, char **argv)
{
    const char *only = NULL;
    size_t played = 0;
    int i, files = 0;

    runner_report.out = stdout;
    for (i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--verbose") == 0) {
            runner_report.verbose = true;
        } else if (strcmp(argv[i], "--case") == 0 && i + 1 < argc) {
            only = argv[++i];
        } else if (argv[i][0] == '-') {
            return runner_usage();
        } else {
            files++;
            if (!runner_file(argv[i], only, &played))
                return 2;
        }
    }
    if (files == 0)
        return runner_usage();
    if (played == 0) {
        fputs("no such case\n", stderr);
        return 2;
    }
    conf_report_print(&runner_report);
    return runner_report.failed > 0 ? 1 : 0;
}
