/* opstreamd: reads its settings and serves until it is told to end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "log.h"
#include "server.h"

extern char **environ;

static void say(void *self, bool is_error, const char *sentence)
{
    (void)self;
    ops_log(is_error ? OPS_LOG_ERROR : OPS_LOG_WARNING, "config", "%s", sentence);
}

int main(int argc, char **argv)
{
    static struct ops_config config;
    const struct ops_config_listener listener = {say, NULL};
    int status;

    (void)argc;
    if (!ops_config_load(&config, environ, argv + 1, listener)) {
        ops_config_drop(&config);
        return OPS_CONFIG_EXIT;
    }
    ops_log_open_words(config.log_level, config.log_format, STDERR_FILENO);
    status = ops_server_run(&config);
    ops_config_drop(&config);
    return status;
}
