/* What the files of the configuration share. */
#ifndef OPS_SERVER_CONFIG_PRIVATE_H
#define OPS_SERVER_CONFIG_PRIVATE_H

#include "runtime/server/config.h"

enum ops_setting_kind {
#define X(kind, type, form) OPS_KIND_##kind,
    OPS_SETTING_KINDS(X)
#undef X
};

/* A word that a setting may have. A list of them ends with a NULL name. */
struct ops_choice {
    const char *name;
    const char *canonical; /* NULL: the name is */
    bool later;            /* known, and not in this build yet */
};

extern const struct ops_choice ops_choices_transport[], ops_choices_engine[], ops_choices_storage[], ops_choices_backplane[],
    ops_choices_log_level[], ops_choices_log_format[], ops_choices_switch[];

struct ops_setting_row {
    enum ops_setting_kind kind;
    const char *name; /* OPSTREAM__... */
    const char *default_text; /* NULL: none */
    int64_t min, max;
    const struct ops_choice *choices;
    const char *sentence;
    size_t offset_bytes; /* of the field in struct ops_config */
};
extern const struct ops_setting_row ops_setting_rows[OPS_SETTING_COUNT];

enum { OPS_CONFIG_PROBLEM_BYTES = 512, OPS_CONFIG_SHOWN_BYTES = 80 };

/* A value as a problem may show it: cut, and nothing in it that a terminal would act on. */
void ops_config_shown(struct ops_str text, char out[OPS_CONFIG_SHOWN_BYTES]);

/* Reads `text` into `field` (of the kind's type). False: `problem` has a sentence that begins after the setting's name, and `field`
 * is unchanged. Never shows the text of a secret. */
bool ops_setting_read(const struct ops_setting_row *row, struct ops_str text, struct ops_arena *arena, void *field, char *problem);

/* Parts of it. */
bool ops_config_read_number(struct ops_str text, int64_t *out);
bool ops_config_read_bytes(struct ops_str text, int64_t *out);
bool ops_config_read_duration(struct ops_str text, int64_t *out_ms);
bool ops_config_read_bool(struct ops_str text, bool *out);
bool ops_config_read_listens(struct ops_str text, int64_t min, int64_t max, struct ops_arena *arena, struct ops_listens *out, char *problem);

/* A number in the kind's own spelling: 5m, 2MiB, off. */
void ops_config_write_number(enum ops_setting_kind kind, int64_t value, char *out, size_t out_bytes);

/* The value that counts when nothing is set, as a user would write it; NULL: there is none. */
const char *ops_setting_default(const struct ops_setting_row *row);

/* Words that the setting may have, `, ` between, those of later builds apart. */
void ops_setting_valid(const struct ops_setting_row *row, char *out, size_t out_bytes);

/* Same letters, whatever their case; `:` is `__`. */
bool ops_config_same_name(struct ops_str name, const char *known);

/* The known setting that is most like `name`; NULL when none is like it. */
const char *ops_config_nearest(struct ops_str name);

/* What must hold between settings; false: something does not. */
bool ops_config_check(const struct ops_config *config, struct ops_config_listener listener);

/* ASCII. */
char ops_config_lower(char c);
bool ops_config_equal_any_case(struct ops_str a, struct ops_str b);

#endif
