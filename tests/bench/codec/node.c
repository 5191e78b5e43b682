/* Node as a child process: a line asks for a measurement, a line answers. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

static FILE *node_in, *node_out;
static pid_t node_pid;

bool bench_node_start(const char *script, const char *folder)
{
    int to[2], from[2];

    if (pipe(to) != 0 || pipe(from) != 0)
        return false;
    node_pid = fork();
    if (node_pid == 0) {
        dup2(to[0], 0);
        dup2(from[1], 1);
        close(to[1]);
        close(from[0]);
        execlp("node", "node", script, folder, (char *)NULL);
        _exit(127);
    }
    close(to[0]);
    close(from[1]);
    node_in = fdopen(to[1], "w");
    node_out = fdopen(from[0], "r");
    return node_pid > 0 && node_in != NULL && node_out != NULL;
}

bool bench_node_run(const char *message, const char *action, uint64_t times, double *ns)
{
    char line[64];

    fprintf(node_in, "%s %s %llu\n", message, action, (unsigned long long)times);
    fflush(node_in);
    if (fgets(line, sizeof line, node_out) == NULL)
        return false;
    *ns = strtod(line, NULL);
    return *ns > 0;
}

void bench_node_stop(void)
{
    fclose(node_in);
    fclose(node_out);
    waitpid(node_pid, NULL, 0);
}
