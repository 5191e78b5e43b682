/* The table of settings for people: --help, `config print`, the README's tables. */
#include "runtime/server/cli.h"

#include "runtime/server/config_private.h"

static const struct {
    const char *title;
    size_t count;
} sections[] = {
#define X(...) +1
#define SECTION(title, list) {title, 0 list(X)},
    OPS_SETTING_SECTIONS(SECTION)
#undef SECTION
#undef X
};

enum { DOC_SECTIONS = sizeof sections / sizeof sections[0], DOC_LIMITS = DOC_SECTIONS - 1 };

static const char *const kinds[] = {
#define X(kind, type, form) form,
    OPS_SETTING_KINDS(X)
#undef X
};

static size_t first_of(size_t section)
{
    size_t first = 0;

    for (size_t i = 0; i < section; i++)
        first += sections[i].count;
    return first;
}

/* What a value may be: the words, else the range, else the kind. */
static void valid_values(const struct ops_setting_row *row, char *out, size_t out_bytes)
{
    char low[32], high[32];

    ops_setting_valid(row, out, out_bytes);
    if (out[0] != '\0')
        return;
    if (row->kind > OPS_KIND_DURATION) {
        snprintf(out, out_bytes, "%s", kinds[row->kind]);
        return;
    }
    ops_config_write_number(row->kind, row->min, low, sizeof low);
    ops_config_write_number(row->kind, row->max, high, sizeof high);
    snprintf(out, out_bytes, "%s to %s", low, high);
}

void ops_cli_help(FILE *out)
{
    char valid[OPS_CONFIG_PROBLEM_BYTES];

    fprintf(out, "Serves documents that several people edit at once.\n\n"
                 "  opstreamd [serve] [SETTING...]         serve until SIGTERM\n"
                 "  opstreamd config check [SETTING...]    say what is wrong with the settings\n"
                 "  opstreamd config print [SETTING...]    all settings as an environment file; defaults commented out\n"
                 "  opstreamd config doc settings|limits   the README's tables\n"
                 "  opstreamd --health                     ask the running server; for container health checks\n"
                 "  opstreamd --help, --version\n\n"
                 "Exit status: 0 ended as asked, 1 failed, 64 wrong arguments, 78 wrong settings.\n\n"
                 "A SETTING is --NAME=value; environment variables do the same. Names count in any letter case, also as\n"
                 "--OpStream:Section:Key=value. NAME_FILE of a secret names a file that holds it. ASPNETCORE_URLS and\n"
                 "ASPNETCORE_HTTP_PORTS are read when OPSTREAM__URLS is not set. Durations: 500ms, 5s, 5m, 2h, 1d, 00:05:00;\n"
                 "sizes: bytes, or with KiB, MiB, GiB; lists: commas between (addresses: semicolons).\n");
    for (size_t section = 0; section < DOC_SECTIONS; section++) {
        size_t first = first_of(section);

        fprintf(out, "\n%s\n", sections[section].title);
        for (size_t i = first; i < first + sections[section].count; i++) {
            const struct ops_setting_row *row = &ops_setting_rows[i];
            const char *text = ops_setting_default(row);

            valid_values(row, valid, sizeof valid);
            fprintf(out, "  %s=%s\n      %s (%s)\n", row->name, text != NULL ? text : "", row->sentence, valid);
        }
    }
}

void ops_cli_print(const struct ops_config *config, FILE *out)
{
    for (size_t section = 0; section < DOC_SECTIONS; section++) {
        size_t first = first_of(section);

        fprintf(out, "%s# %s\n", section > 0 ? "\n" : "", sections[section].title);
        for (size_t i = first; i < first + sections[section].count; i++) {
            const struct ops_setting_row *row = &ops_setting_rows[i];
            struct ops_str text = config->set[i].text;

            fprintf(out, "%s%s=", ops_str_equal(config->set[i].source, OPS_STR("default")) ? "#" : "", row->name);
            if (row->kind == OPS_KIND_SECRET)
                fprintf(out, "%s\n", text.ptr != NULL ? "***" : "");
            else
                fprintf(out, "%.*s\n", (int)text.len, text.ptr != NULL ? text.ptr : "");
        }
    }
}

/* A cell of a markdown table. */
static void write_cell(const char *text, FILE *out)
{
    for (; *text != '\0'; text++)
        fprintf(out, "%s%c", *text == '<' || *text == '|' ? "\\" : "", *text);
}

static void write_row(const struct ops_setting_row *row, FILE *out)
{
    const char *text = ops_setting_default(row);
    char valid[OPS_CONFIG_PROBLEM_BYTES];

    valid_values(row, valid, sizeof valid);
    fprintf(out, "| `%s` | ", row->name);
    if (text == NULL || text[0] == '\0')
        fprintf(out, "none");
    else
        fprintf(out, "`%s`", text);
    fprintf(out, " | ");
    write_cell(valid, out);
    fprintf(out, " | %s |\n", row->sentence);
}

static void write_section(size_t section, FILE *out)
{
    size_t first = first_of(section);

    fprintf(out, "| setting | default | values | meaning |\n|---|---|---|---|\n");
    for (size_t i = first; i < first + sections[section].count; i++)
        write_row(&ops_setting_rows[i], out);
}

void ops_cli_doc_settings(FILE *out)
{
    for (size_t section = 0; section < DOC_LIMITS; section++) {
        fprintf(out, "%s**%s**\n\n", section > 0 ? "\n" : "", sections[section].title);
        write_section(section, out);
    }
}

void ops_cli_doc_limits(FILE *out)
{
    write_section(DOC_LIMITS, out);
    fprintf(out, "\nOf the protocol, and fixed: a document id has 1 to 256 UTF-16 units and no control characters, a document type 1 to\n"
                 "128, an `opId` 1 to 64 visible ASCII characters; JSON nests 64 deep; the eighth unreadable message in a row closes the\n"
                 "connection.\n");
}
