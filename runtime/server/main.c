/* opstreamd: does what its command line says; without one it serves until it is told to end. */
#include "cli.h"
#include "server.h"

extern char **environ;

int main(int argc, char **argv)
{
    return ops_cli_run(argc, argv, environ, ops_server_run);
}
