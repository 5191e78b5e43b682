/* opstream-edit: a shell in which one document is edited together with others.
 *
 * The terminal is here; the connection is loop.h, everything about the protocol runtime/client. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "loop.h"
#include "runtime/base/json_text.h"

enum { LINE_BYTES = 1 << 20, TEXT_LIMIT_BYTES = 1 << 30 };

struct edit_shell {
    struct ops_edit_loop *loop;
    struct ops_client *client; /* the loop's */
    struct ops_doc *doc;
    const char *save_file;
    bool unsaved, quit;
    unsigned syncs; /* asked for and not answered */
    char *line;
    size_t line_len;
};

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- what the client tells ------------------------------------------------------------------------------------------------------ */

static void print_str(struct ops_str s)
{
    fwrite(s.ptr != NULL ? s.ptr : "-", 1, s.ptr != NULL ? s.len : 1, stdout);
}

static void on_patch(void *self, struct ops_doc *doc, const struct ops_patch *patch)
{
    static const char *const origins[] = {"", " (taken back)", " (loaded anew)", " (undone or redone)"};

    (void)doc;
    ((struct edit_shell *)self)->unsaved = true;
    printf("* %zu -%zu +", patch->position_utf16, patch->deleted_utf16);
    print_str(patch->inserted);
    printf(" @%lld%s\n", (long long)patch->revision, origins[patch->origin]);
}

static void on_changed(void *self, struct ops_doc *doc, struct ops_str path, enum ops_origin origin)
{
    (void)origin;
    ((struct edit_shell *)self)->unsaved = true;
    if (path.ptr == NULL) {
        printf("* loaded @%lld\n", (long long)ops_doc_revision(doc));
        return;
    }
    printf("* ");
    print_str(path);
    printf(" = ");
    print_str(ops_doc_json_get(doc, path));
    printf("\n");
}

static void on_status(void *self, struct ops_doc *doc, enum ops_doc_status status)
{
    static const char *const names[] = {"offline", "joining", "joined", "refused"};

    ((struct edit_shell *)self)->unsaved = true;
    printf("# %s @%lld, %zu pending\n", names[status], (long long)ops_doc_revision(doc), ops_doc_pending(doc));
}

static void on_refused(void *self, struct ops_doc *doc, const struct ops_refused *refused)
{
    (void)self;
    (void)doc;
    printf("! ");
    print_str(ops_error_code_row_of(refused->code)->name);
    printf(": ");
    print_str(refused->sentence);
    printf("\n");
}

static void on_peer(void *self, struct ops_doc *doc, enum ops_peer_change change, struct ops_str peer, struct ops_str data)
{
    static const char *const names[] = {"joined", "updated", "left"};

    (void)self;
    (void)doc;
    printf("@ ");
    print_str(peer);
    printf(" %s ", names[change]);
    print_str(data);
    printf("\n");
}

static void on_trouble(void *self, struct ops_str what)
{
    (void)self;
    printf("# ");
    print_str(what);
    printf("\n");
}

static void on_connection(void *self, uint16_t close_code, const char *why)
{
    (void)self;
    printf("# %s (%u)\n", why, close_code);
}

/* ---- saving --------------------------------------------------------------------------------------------------------------------------- */

/* Through a second file, so that there is always a whole one. */
static void shell_save(struct edit_shell *shell)
{
    struct ops_arena arena;
    struct ops_buf bytes;
    char name[4096];
    int fd;

    if (shell->save_file == NULL || !shell->unsaved)
        return;
    ops_arena_init(&arena, NULL, 0, TEXT_LIMIT_BYTES, &ops_edit_memory);
    ops_buf_init(&bytes, &arena);
    snprintf(name, sizeof name, "%s.new", shell->save_file);
    fd = ops_client_save(shell->client, &bytes) == OPS_OK ? open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
    if (fd < 0 || write(fd, bytes.ptr, bytes.len) != (ssize_t)bytes.len || fsync(fd) != 0 || rename(name, shell->save_file) != 0)
        printf("! cannot save to %s: %s\n", shell->save_file, strerror(errno));
    else
        shell->unsaved = false;
    if (fd >= 0)
        close(fd);
    ops_arena_reset(&arena);
}

/* False: there is a file, and it cannot be used. */
static bool shell_load(struct edit_shell *shell)
{
    FILE *file = shell->save_file != NULL ? fopen(shell->save_file, "rb") : NULL;
    struct stat info;
    char *bytes;
    bool loaded;

    if (file == NULL)
        return shell->save_file == NULL || errno == ENOENT;
    loaded = fstat(fileno(file), &info) == 0 && (bytes = malloc((size_t)info.st_size + 1)) != NULL;
    if (loaded) {
        loaded = fread(bytes, 1, (size_t)info.st_size, file) == (size_t)info.st_size &&
                 ops_client_load(shell->client, ops_str_of(bytes, (size_t)info.st_size)) == OPS_OK;
        free(bytes);
    }
    fclose(file);
    return loaded;
}

/* ---- commands -------------------------------------------------------------------------------------------------------------------------- */

static const char help[] = "i POSITION TEXT   insert            d POSITION COUNT   delete\n"
                           "set PATH JSON     write             del PATH           delete\n"
                           "show              the document      who                who is here\n"
                           "me JSON           say who I am      undo, redo, quit\n"
                           "for programs, texts as JSON strings: insert POSITION TEXT, text, and sync, which answers\n"
                           "when all is acknowledged\n";

static void print_register(void *self, struct ops_str path, struct ops_str value)
{
    (void)self;
    print_str(path);
    printf(" = ");
    print_str(value);
    printf("\n");
}

static void command_show(struct edit_shell *shell)
{
    struct ops_arena arena;
    struct ops_buf text;

    if (ops_str_equal(ops_doc_type(shell->doc), OPS_STR("json"))) {
        ops_doc_json_each(shell->doc, print_register, NULL);
        return;
    }
    ops_arena_init(&arena, NULL, 0, TEXT_LIMIT_BYTES, &ops_edit_memory);
    ops_buf_init(&text, &arena);
    if (ops_doc_text_range(shell->doc, 0, SIZE_MAX, &text) == OPS_OK)
        print_str(ops_buf_str(&text));
    printf("\n");
    ops_arena_reset(&arena);
}

static void command_who(struct edit_shell *shell)
{
    struct ops_str peer, data;
    size_t at = 0;

    while (ops_doc_peer_next(shell->doc, &at, &peer, &data))
        print_register(NULL, peer, data);
}

static struct ops_str rest_of(const char *line, int from)
{
    return ops_str_of(line + from, strlen(line + from));
}

/* ---- the same for programs: texts as JSON strings, so that a line holds any of them ----------------------------------------------------- */

static enum ops_err command_insert(struct edit_shell *shell, size_t position_utf16, struct ops_str json)
{
    struct ops_json_scan scan;
    struct ops_arena arena;
    struct ops_str text;
    enum ops_err err = OPS_ERR_SYNTAX;

    memset(&scan, 0, sizeof scan);
    scan.at = scan.begin = json.ptr;
    scan.end = json.ptr + json.len;
    ops_arena_init(&arena, NULL, 0, TEXT_LIMIT_BYTES, &ops_edit_memory);
    ops_json_skip_space(&scan);
    if (scan.at < scan.end && *scan.at == '"' && ops_json_read_string(&scan, &arena, &text))
        err = ops_doc_text_insert(shell->doc, position_utf16, text);
    ops_arena_reset(&arena);
    return err;
}

static void command_text(struct edit_shell *shell)
{
    struct ops_arena arena;
    struct ops_buf text;
    char *escaped;

    ops_arena_init(&arena, NULL, 0, TEXT_LIMIT_BYTES, &ops_edit_memory);
    ops_buf_init(&text, &arena);
    if (ops_doc_text_range(shell->doc, 0, SIZE_MAX, &text) == OPS_OK &&
        (escaped = malloc(ops_json_escape_bound(text.len))) != NULL) {
        char *end = ops_json_escape(escaped, ops_buf_str(&text), OPS_ESCAPE_MINIMAL);

        printf("\"%.*s\"\n", (int)(end - escaped), escaped);
        free(escaped);
    }
    ops_arena_reset(&arena);
}

/* Answers those who asked to be told when the server has everything. */
static void shell_answer_syncs(struct edit_shell *shell)
{
    if (ops_doc_status(shell->doc) != OPS_DOC_JOINED || ops_doc_pending(shell->doc) > 0)
        return;
    for (; shell->syncs > 0; shell->syncs--)
        printf("synced\n");
}

static enum ops_err shell_command(struct edit_shell *shell, const char *line)
{
    char word[256];
    size_t at, count;
    int end = 0;

    if (sscanf(line, "i %zu%n", &at, &end) == 1 && line[end] == ' ')
        return ops_doc_text_insert(shell->doc, at, rest_of(line, end + 1));
    if (sscanf(line, "insert %zu%n", &at, &end) == 1)
        return command_insert(shell, at, rest_of(line, end));
    if (sscanf(line, "d %zu %zu", &at, &count) == 2)
        return ops_doc_text_delete(shell->doc, at, count);
    if (sscanf(line, "set %255s%n", word, &end) == 1)
        return ops_doc_json_set(shell->doc, ops_str_of(word, strlen(word)), rest_of(line, end));
    if (sscanf(line, "del %255s", word) == 1)
        return ops_doc_json_del(shell->doc, ops_str_of(word, strlen(word)));
    if (strncmp(line, "me ", 3) == 0)
        return ops_doc_awareness_set(shell->doc, rest_of(line, 3));
    if (strcmp(line, "undo") == 0)
        return ops_doc_undo(shell->doc);
    if (strcmp(line, "redo") == 0)
        return ops_doc_redo(shell->doc);
    if (strcmp(line, "show") == 0)
        command_show(shell);
    else if (strcmp(line, "who") == 0)
        command_who(shell);
    else if (strcmp(line, "text") == 0)
        command_text(shell);
    else if (strcmp(line, "sync") == 0)
        shell->syncs++;
    else if (strcmp(line, "quit") == 0)
        shell->quit = true;
    else if (line[0] != '\0')
        fputs(help, stdout);
    return OPS_OK;
}

static void shell_read(struct edit_shell *shell)
{
    ssize_t n = read(STDIN_FILENO, shell->line + shell->line_len, LINE_BYTES - 1 - shell->line_len);
    char *begin = shell->line, *end;

    if (n <= 0) {
        shell->quit = n == 0 || errno != EINTR;
        return;
    }
    shell->line_len += (size_t)n;
    shell->line[shell->line_len] = '\0';
    while ((end = memchr(begin, '\n', shell->line_len - (size_t)(begin - shell->line))) != NULL) {
        enum ops_err err;

        *end = '\0';
        err = shell_command(shell, begin);
        shell->unsaved = true; /* an edit that went into one that waits is told by no event */
        if (err != OPS_OK)
            printf("! %s\n", err == OPS_ERR_NOMEM ? "no memory" : err == OPS_ERR_SYNTAX ? "not valid" : "not possible here");
        begin = end + 1;
    }
    shell->line_len -= (size_t)(begin - shell->line);
    memmove(shell->line, begin, shell->line_len);
    if (shell->line_len == LINE_BYTES - 1) {
        printf("! the line is too long\n");
        shell->line_len = 0;
    }
}

/* ---- the loop --------------------------------------------------------------------------------------------------------------------------- */

/* What was typed last is still sent before the end, for at most this long. */
enum { FAREWELL_MS = 5000 };

static bool shell_is_done(const struct edit_shell *shell, int64_t leave_at_ms)
{
    if (ops_client_state(shell->client) == OPS_CLIENT_STOPPED)
        return true;
    return shell->quit && (ops_doc_status(shell->doc) == OPS_DOC_REFUSED || ops_doc_pending(shell->doc) == 0 || now_ms() >= leave_at_ms);
}

static void shell_run(struct edit_shell *shell)
{
    int64_t leave_at_ms = INT64_MAX;

    while (!shell_is_done(shell, leave_at_ms)) {
        if (ops_edit_loop_turn(shell->loop, shell->quit ? -1 : STDIN_FILENO, shell->quit ? 100 : -1))
            shell_read(shell);
        shell_answer_syncs(shell);
        shell_save(shell);
        if (shell->quit && leave_at_ms == INT64_MAX)
            leave_at_ms = now_ms() + FAREWELL_MS;
    }
    if (ops_doc_pending(shell->doc) > 0)
        printf("! %zu edits were not acknowledged%s\n", ops_doc_pending(shell->doc),
               shell->save_file != NULL ? "; they are saved" : "");
}

static bool shell_open(struct edit_shell *shell, const char *url, const char *document, const char *type)
{
    struct ops_client_config config;

    ops_client_config_init(&config);
    config.events = (struct ops_client_events){shell, on_patch, on_changed, on_status, on_refused, on_peer, on_trouble};
    shell->loop = ops_edit_loop_open(url, &config, on_connection);
    shell->line = malloc(LINE_BYTES);
    if (shell->loop == NULL || shell->line == NULL) {
        fprintf(stderr, "opstream-edit: no memory\n");
        return false;
    }
    shell->client = ops_edit_loop_client(shell->loop);
    if (!shell_load(shell)) {
        fprintf(stderr, "opstream-edit: %s is not a file of saved edits\n", shell->save_file);
        return false;
    }
    if (ops_client_join(shell->client, ops_str_of(document, strlen(document)), ops_str_of(type, strlen(type)), &shell->doc) !=
        OPS_OK) {
        fprintf(stderr, "opstream-edit: cannot open %s as %s\n", document, type);
        return false;
    }
    return true;
}

static void usage(FILE *out)
{
    fprintf(out,
            "usage: opstream-edit [--url ws://host:port/collab-ws] [--type text|json] [--save FILE] DOCUMENT\n\n"
            "Edits a document together with others. FILE keeps what the server does not have yet, over a restart and a kill;\n"
            "one program at a time may use it.\n\n%s",
            help);
}

/* What the command line says; -1: go on, else what to exit with. */
static int options_read(struct edit_shell *shell, int argc, char **argv, const char **url, const char **type)
{
    static const struct option options[] = {{"url", required_argument, NULL, 'u'},
                                            {"type", required_argument, NULL, 't'},
                                            {"save", required_argument, NULL, 's'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    struct ops_edit_url parsed;
    int option;

    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h') {
            usage(stdout);
            return 0;
        }
        if (option == 'u') {
            *url = optarg;
        } else if (option == 't') {
            *type = optarg;
        } else if (option == 's') {
            shell->save_file = optarg;
        } else {
            usage(stderr);
            return 2;
        }
    }
    if (argc - optind != 1) {
        usage(stderr);
        return 2;
    }
    if (!ops_edit_url_parse(*url, &parsed)) {
        fprintf(stderr, "opstream-edit: \"%s\" is not an address of a server: it has to look like ws://127.0.0.1:8080/collab-ws\n", *url);
        return 2;
    }
    if (strcmp(*type, "text") != 0 && strcmp(*type, "json") != 0) {
        fprintf(stderr, "opstream-edit: there is no type \"%s\": it is text or json\n", *type);
        return 2;
    }
    return -1;
}

int main(int argc, char **argv)
{
    const char *url = "ws://127.0.0.1:8080/collab-ws", *type = "text";
    struct edit_shell shell;
    bool good;
    int exit_code;

    setvbuf(stdout, NULL, _IOLBF, 0);
    memset(&shell, 0, sizeof shell);
    exit_code = options_read(&shell, argc, argv, &url, &type);
    if (exit_code >= 0)
        return exit_code;
    good = shell_open(&shell, url, argv[optind], type);
    if (good)
        shell_run(&shell);
    ops_edit_loop_free(shell.loop);
    free(shell.line);
    return good ? 0 : 1;
}
