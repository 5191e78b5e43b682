/* Settings: what the environment, the command line and files of secrets say, checked, as plain typed values.
 *
 * Sources, later wins: the defaults of config_table.h; ASPNETCORE_HTTP_PORTS, ASPNETCORE_URLS, their DOTNET_ spellings;
 * environment variables OPSTREAM__SECTION__KEY; arguments --OpStream:Section:Key=value (also --OPSTREAM__SECTION__KEY=value,
 * --urls=value). Names count in any letter case. A secret may be read from the file that OPSTREAM__SECTION__KEY_FILE names.
 *
 * Text forms: durations `500ms` `5s` `5m` `2h` `1d` or .NET's `[d.]hh:mm:ss[.fff]`; sizes in bytes or with KiB, MiB, GiB;
 * lists as opstream-ops.md §1.2 (split at commas, trimmed, empties dropped, lower-cased, repetitions dropped, order kept). */
#ifndef OPS_SERVER_CONFIG_H
#define OPS_SERVER_CONFIG_H

#include "gen/profile.h"
#include "runtime/base/arena.h"
#include "runtime/server/config_table.h"

struct ops_core_config;
struct ops_store_config;

struct ops_words {
    struct ops_str *items; /* lower case, canonical spelling */
    size_t count;
};

enum ops_listen_kind {
    OPS_LISTEN_ANY,       /* every address of the machine, IPv6 too where there is one */
    OPS_LISTEN_LOCALHOST, /* 127.0.0.1, and ::1 where there is one */
    OPS_LISTEN_IPV4,      /* `host`, as inet_pton takes it */
    OPS_LISTEN_IPV6       /* `host`, without brackets */
};

struct ops_listen {
    enum ops_listen_kind kind;
    char host[46];
    uint16_t port; /* 0: the system chooses */
};

struct ops_listens {
    struct ops_listen *items;
    size_t count;
};

enum ops_setting {
#define X(kind, field, ...) OPS_SETTING_##field,
    OPS_SETTINGS(X)
#undef X
    OPS_SETTING_COUNT
};

#define X(kind, type, form) typedef type ops_setting_##kind;
OPS_SETTING_KINDS(X)
#undef X

/* Durations are in milliseconds (-1: `off`, where a setting has that), sizes in bytes. Texts end with a zero byte, which is
 * not counted; an absent one was not set and has no default. */
struct ops_config {
#define X(kind, field, ...) ops_setting_##kind field;
    OPS_SETTINGS(X)
#undef X

    /* How each was written, and where; for `config print`. */
    struct ops_config_origin {
        struct ops_str text;   /* absent: not set */
        struct ops_str source; /* "default", or the name of the variable, argument or file */
    } set[OPS_SETTING_COUNT];

    struct ops_arena arena; /* what the values lie in */
};

/* Told of each problem as it is found: an error keeps the server from starting, anything else is a warning. The sentence is
 * borrowed until return; it holds no secret. */
struct ops_config_listener {
    void (*say)(void *self, bool is_error, const char *sentence);
    void *self;
};

enum { OPS_CONFIG_EXIT = 78 }; /* exit status of a server whose settings are wrong (EX_CONFIG) */

/* Reads the environment (`NAME=value` each, NULL at the end) and arguments (likewise; may be NULL), finds every problem and tells
 * it. True: there was no error. Always: ops_config_drop. Wrong settings have their default. */
bool ops_config_load(struct ops_config *config, char *const *environment, char *const *arguments,
                     struct ops_config_listener listener);
void ops_config_drop(struct ops_config *config);

bool ops_words_have(const struct ops_words *words, struct ops_str word);

/* May a page of this origin connect to this host (value of the Host header)? `origin` absent: no browser, it may. */
bool ops_config_origin_allowed(const struct ops_config *config, struct ops_str origin, struct ops_str host);

/* The part of the settings that the core or the store has; everything else in `out` is left alone. */
void ops_config_core(const struct ops_config *config, struct ops_core_config *out);
void ops_config_store(const struct ops_config *config, struct ops_store_config *out);

#endif
