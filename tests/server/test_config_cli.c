/* opstreamd's command line with a server that only says what it was given: for tests/server/cli and readme_tables. */
#include "runtime/server/cli.h"

#include <unistd.h>

extern char **environ;

static int serve(const struct ops_config *config)
{
    printf("serving %s on port %u\n", config->storage_provider.ptr, config->urls.items[0].port);
    return 7;
}

int main(int argc, char **argv)
{
    return ops_cli_run(argc, argv, environ, serve);
}
