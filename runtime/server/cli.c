/* Arguments: a command, and settings over those of the environment in .NET's spellings (opstream-ops.md §1.1):
 * --OpStream:Storage:Provider=sqlite, the value also as the next argument, `/` for `--`, --urls. */
#include "runtime/server/cli.h"

#include "runtime/server/config_private.h"
#include "runtime/server/log.h"

#include <stdlib.h>
#include <unistd.h>

#ifndef OPS_VERSION
#error "the build says the version: -DOPS_VERSION"
#endif

enum command { COMMAND_SERVE, COMMAND_PRINT, COMMAND_CHECK, COMMAND_DOC_SETTINGS, COMMAND_DOC_LIMITS, COMMAND_HEALTH, COMMAND_HELP, COMMAND_VERSION };

static const struct {
    const char *words[3];
    enum command command;
} commands[] = {
    {{"serve", NULL, NULL}, COMMAND_SERVE},
    {{"config", "print", NULL}, COMMAND_PRINT},
    {{"config", "check", NULL}, COMMAND_CHECK},
    {{"config", "doc", "settings"}, COMMAND_DOC_SETTINGS},
    {{"config", "doc", "limits"}, COMMAND_DOC_LIMITS},
    {{"--health", NULL, NULL}, COMMAND_HEALTH},
    {{"--help", NULL, NULL}, COMMAND_HELP},
    {{"-h", NULL, NULL}, COMMAND_HELP},
    {{"help", NULL, NULL}, COMMAND_HELP},
    {{"--version", NULL, NULL}, COMMAND_VERSION},
};

const char *ops_cli_version(void)
{
    return OPS_VERSION;
}

/* How many arguments the command takes; 0: it is another one. */
static int match(char *const *arguments, const char *const words[3])
{
    int count = 0;

    for (; count < 3 && words[count] != NULL; count++)
        if (arguments[count] == NULL || strcmp(arguments[count], words[count]) != 0)
            return 0;
    return count;
}

static int find_command(char *const *arguments, enum command *command)
{
    *command = COMMAND_SERVE;
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        int taken = match(arguments, commands[i].words);

        if (taken > 0) {
            *command = commands[i].command;
            return taken;
        }
    }
    return 0;
}

/* How many words of the command the arguments begin with. */
static int begun(char *const *arguments, const char *const words[3])
{
    int count = 0;

    while (count < 3 && words[count] != NULL && arguments[count] != NULL && strcmp(arguments[count], words[count]) == 0)
        count++;
    return count;
}

/* Of a command that is only begun, its continuations. */
static void say_usage(char *const *arguments, bool command_found, const char *wrong)
{
    int best = 0;

    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (!command_found && begun(arguments, commands[i].words) > best)
            best = begun(arguments, commands[i].words);
    if (best == 0) {
        fprintf(stderr, "opstreamd: '%s' is no command and no setting with a value; see opstreamd --help\n", wrong);
        return;
    }
    fprintf(stderr, "opstreamd: a word is missing or wrong behind '%s'; it is one of:\n", arguments[best - 1]);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (begun(arguments, commands[i].words) == best)
            fprintf(stderr, "  opstreamd %s %s%s%s\n", commands[i].words[0], commands[i].words[1],
                    commands[i].words[2] != NULL ? " " : "", commands[i].words[2] != NULL ? commands[i].words[2] : "");
    fprintf(stderr, "see opstreamd --help\n");
}

/* Where the name of a setting begins in an argument; NULL: it is none. */
static const char *setting_name(const char *argument)
{
    static const char *const beginnings[] = {"opstream:", "opstream__", "urls"};
    const char *name = argument;

    if (strncmp(name, "--", 2) == 0)
        name += 2;
    else if (name[0] == '/')
        name++;
    else
        return NULL;
    for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++) {
        size_t len = strlen(beginnings[i]);

        if (strlen(name) >= len && ops_config_equal_any_case(ops_str_of(name, len), ops_str_of(beginnings[i], len)))
            return name;
    }
    return NULL;
}

/* `NAME=value` of each setting, ends with NULL. NULL: `*wrong` is no setting, or lacks its value. */
static char **settings_of(char *const *arguments, const char **wrong)
{
    size_t count = 0, made = 0;
    char **settings;

    while (arguments[count] != NULL)
        count++;
    settings = calloc(count + 1, sizeof *settings);
    for (size_t i = 0; settings != NULL && i < count; i++) {
        const char *name = setting_name(arguments[i]), *value = "";
        size_t bytes;

        if (name == NULL || (strchr(name, '=') == NULL && i + 1 == count)) {
            *wrong = arguments[i];
            break;
        }
        if (strchr(name, '=') == NULL)
            value = arguments[++i];
        bytes = strlen(name) + strlen(value) + 2;
        settings[made] = malloc(bytes);
        if (settings[made] != NULL)
            snprintf(settings[made++], bytes, "%s%s%s", name, value[0] != '\0' ? "=" : "", value);
    }
    return settings;
}

static void free_settings(char **settings)
{
    for (size_t i = 0; settings != NULL && settings[i] != NULL; i++)
        free(settings[i]);
    free(settings);
}

/* ---- problems ------------------------------------------------------------------------------------------------------------- */

static void say_nothing(void *self, bool is_error, const char *sentence)
{
    (void)self;
    (void)is_error;
    (void)sentence;
}

static void say_to_log(void *self, bool is_error, const char *sentence)
{
    (void)self;
    ops_log(is_error ? OPS_LOG_ERROR : OPS_LOG_WARNING, "config", "%s", sentence);
}

static void say_to_person(void *self, bool is_error, const char *sentence)
{
    fprintf(self, "%s: %s\n", is_error ? "error" : "warning", sentence);
}

static bool load(struct ops_config *config, char *const *environment, char *const *arguments,
                 void (*say)(void *self, bool is_error, const char *sentence), FILE *out)
{
    struct ops_config_listener listener = {say, out};

    return ops_config_load(config, environment, arguments, listener);
}

/* ---- commands ------------------------------------------------------------------------------------------------------------- */

static int run_serve(char *const *environment, char *const *arguments, int (*serve)(const struct ops_config *config))
{
    struct ops_config config;
    int status = OPS_CONFIG_EXIT;

    load(&config, environment, arguments, say_nothing, NULL); /* how the log is written comes from there, too */
    ops_log_open_words(config.log_level, config.log_format, STDERR_FILENO);
    ops_config_drop(&config);
    if (load(&config, environment, arguments, say_to_log, NULL))
        status = serve(&config);
    ops_config_drop(&config);
    return status;
}

static int run_check(char *const *environment, char *const *arguments)
{
    struct ops_config config;
    bool valid = load(&config, environment, arguments, say_to_person, stdout);

    ops_config_drop(&config);
    if (valid)
        printf("The settings are valid.\n");
    return valid ? OPS_CLI_OK : OPS_CONFIG_EXIT;
}

static int run_print(char *const *environment, char *const *arguments)
{
    struct ops_config config;
    bool valid = load(&config, environment, arguments, say_to_person, stderr);

    ops_cli_print(&config, stdout);
    ops_config_drop(&config);
    return valid ? OPS_CLI_OK : OPS_CONFIG_EXIT;
}

static int run_health(char *const *environment, char *const *arguments)
{
    struct ops_config config;
    char answer[128];
    bool healthy;

    load(&config, environment, arguments, say_nothing, NULL);
    healthy = ops_cli_health(&config, answer, sizeof answer);
    ops_config_drop(&config);
    printf("%s\n", answer);
    return healthy ? OPS_CLI_OK : OPS_CLI_FAILED;
}

static int run(enum command command, char *const *environment, char *const *settings, int (*serve)(const struct ops_config *config))
{
    switch (command) {
    case COMMAND_SERVE:
        return run_serve(environment, settings, serve);
    case COMMAND_PRINT:
        return run_print(environment, settings);
    case COMMAND_CHECK:
        return run_check(environment, settings);
    case COMMAND_DOC_SETTINGS:
        ops_cli_doc_settings(stdout);
        return OPS_CLI_OK;
    case COMMAND_DOC_LIMITS:
        ops_cli_doc_limits(stdout);
        return OPS_CLI_OK;
    case COMMAND_HEALTH:
        return run_health(environment, settings);
    case COMMAND_HELP:
        ops_cli_help(stdout);
        return OPS_CLI_OK;
    case COMMAND_VERSION:
        printf("opstreamd %s\n", OPS_VERSION);
        return OPS_CLI_OK;
    }
    return OPS_CLI_USAGE;
}

int ops_cli_run(int argc, char *const *argv, char *const *environment, int (*serve)(const struct ops_config *config))
{
    char *const *arguments = argc > 0 ? argv + 1 : argv;
    const char *wrong = NULL;
    enum command command;
    char **settings;
    int status = OPS_CLI_USAGE, taken = find_command(arguments, &command);

    arguments += taken;
    settings = settings_of(arguments, &wrong);
    if (settings == NULL)
        status = OPS_CLI_FAILED;
    else if (wrong != NULL)
        say_usage(arguments, taken > 0, wrong);
    else
        status = run(command, environment, settings, serve);
    free_settings(settings);
    return status;
}
