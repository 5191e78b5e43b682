/* The command line of opstreamd. */
#ifndef OPS_SERVER_CLI_H
#define OPS_SERVER_CLI_H

#include <stdio.h>

#include "config.h"

/* Exit statuses besides what `serve` gives; OPS_CONFIG_EXIT: the settings are wrong. */
enum { OPS_CLI_OK = 0, OPS_CLI_FAILED = 1, OPS_CLI_USAGE = 64 };

/* Does what the arguments say, and returns the exit status. `serve` runs the server; its settings are valid and the log is open. */
int ops_cli_run(int argc, char *const *argv, char *const *environment, int (*serve)(const struct ops_config *config));

/* Version of the program. */
const char *ops_cli_version(void);

/* --help. */
void ops_cli_help(FILE *out);

/* `config print`: all settings as an environment file; what was not set is commented out, secrets are `***`. */
void ops_cli_print(const struct ops_config *config, FILE *out);

/* `config doc`: the README's tables in markdown. */
void ops_cli_doc_settings(FILE *out);
void ops_cli_doc_limits(FILE *out);

/* --health: asks the server that these settings describe for /health/live. True: it answered 200. `answer` gets what it said. */
bool ops_cli_health(const struct ops_config *config, char *answer, size_t answer_bytes);

#endif
