/* Lines of the log: their form, what is kept out of them, and that they never hold anybody up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "gen/codec.h"
#include "gen/profile.h"
#include "runtime/base/utf.h"
#include "runtime/server/log.h"
#include "tests/support/memory.h"

static const struct ops_time noon = {1781006400, 123456789, true};

static struct ops_str view(const char *text)
{
    return ops_str_of(text, strlen(text));
}

static const char *line_of(const struct ops_log_entry *entry, bool json)
{
    static char line[OPS_LOG_LINE_BYTES + 1];

    line[ops_log_format(entry, json, noon, line)] = '\0';
    return line;
}

/* Reads a line back with the codec. */
static struct ops_log_line read_line(const char *line, struct ops_arena *arena)
{
    struct ops_log_line out;
    size_t len = strlen(line);

    assert_true(len > 0 && line[len - 1] == '\n');
    assert_int_equal(ops_log_line_json_decode(&ops_style_v1, ops_str_of(line, len - 1), arena, &out, NULL), OPS_OK);
    return out;
}

static struct ops_log_entry entry_of(const char *msg)
{
    struct ops_log_entry entry;

    memset(&entry, 0, sizeof entry);
    entry.level = OPS_LOG_WARNING;
    entry.room = "store";
    entry.msg = view(msg);
    return entry;
}

static void a_line_is_one_json_object_in_a_fixed_order(void **state)
{
    struct ops_log_entry entry = entry_of("append \"failed\"\n<&\x01>");

    (void)state;
    assert_string_equal(line_of(&entry, true), "{\"ts\":\"2026-06-09T12:00:00.123Z\",\"level\":\"warning\",\"room\":\"store\","
                                               "\"msg\":\"append \\\"failed\\\"\\n<&\\u0001>\"}\n");
    entry.conn = view("peer-1");
    entry.err_code = "UNKNOWN";
    entry.err_where = "fsync";
    entry.err_what = view("input/output error");
    assert_string_equal(line_of(&entry, true),
                        "{\"ts\":\"2026-06-09T12:00:00.123Z\",\"level\":\"warning\",\"room\":\"store\","
                        "\"msg\":\"append \\\"failed\\\"\\n<&\\u0001>\",\"conn\":\"peer-1\","
                        "\"err\":{\"code\":\"UNKNOWN\",\"where\":\"fsync\",\"what\":\"input/output error\"}}\n");
}

static void text_for_a_person_has_nothing_that_a_terminal_acts_on(void **state)
{
    struct ops_log_entry entry = entry_of("a\x1b[31mb\nc\x7f");

    (void)state;
    entry.err_what = view("why\r\n");
    assert_string_equal(line_of(&entry, false), "2026-06-09T12:00:00.123Z warning store: a [31mb c  what=why  \n");
}

static void a_document_is_named_by_a_hash_that_stays(void **state)
{
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    struct ops_log_entry entry = entry_of("opened");
    struct ops_str first, again, other;

    (void)state;
    entry.document_id = view("patient-4711");
    assert_null(strstr(line_of(&entry, true), "4711"));
    assert_null(strstr(line_of(&entry, false), "4711"));
    assert_true(ops_arena_copy(&arena, read_line(line_of(&entry, true), &arena).doc_hash, &first));
    assert_true(ops_arena_copy(&arena, read_line(line_of(&entry, true), &arena).doc_hash, &again));
    entry.document_id = view("patient-4712");
    assert_true(ops_arena_copy(&arena, read_line(line_of(&entry, true), &arena).doc_hash, &other));
    assert_int_equal(first.len, 16);
    assert_true(ops_str_equal(first, again));
    assert_false(ops_str_equal(first, other));
    ops_arena_reset(&arena);
}

static void any_bytes_make_a_readable_line_of_bounded_length(void **state)
{
    static const char fillers[] = {'a', '\x01', '"', '\xff', '\xc3', '\0', '\xf0'};
    static char text[20000];
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);

    (void)state;
    for (size_t i = 0; i < sizeof fillers; i++) {
        for (size_t len = 0; len <= sizeof text; len = len * 2 + 1) {
            struct ops_log_entry entry = entry_of("");
            static char line[OPS_LOG_LINE_BYTES];
            struct ops_log_line read;
            size_t bytes;

            memset(text, fillers[i], sizeof text);
            entry.msg = entry.err_what = entry.conn = entry.document_id = ops_str_of(text, len);
            bytes = ops_log_format(&entry, true, noon, line);
            assert_true(bytes <= sizeof line && line[bytes - 1] == '\n');
            assert_null(memchr(line, '\n', bytes - 1));
            assert_int_equal(ops_log_line_json_decode(&ops_style_v1, ops_str_of(line, bytes - 1), &arena, &read, NULL), OPS_OK);
            assert_true(len == 0 || read.msg.len > 0);
            bytes = ops_log_format(&entry, false, noon, line);
            assert_true(bytes <= sizeof line && line[bytes - 1] == '\n');
            assert_int_equal(ops_utf8_valid_prefix(line, bytes), bytes);
            ops_arena_reset(&arena);
        }
    }
}

static void secrets_are_taken_out(void **state)
{
    static const char *const cases[][2] = {
        {"Data Source=/x;Password=hunter2;Cache=Shared", "Data Source=/x;Password=***;Cache=Shared"},
        {"Host=h;PWD = hunter2 ;Port=1", "Host=h;PWD = *** ;Port=1"},
        {"Host=h;password=\"hun;ter\"\"2\";Port=1", "Host=h;password=***;Port=1"},
        {"Host=h;SSL Password='hun''ter2'", "Host=h;SSL Password=***"},
        {"SSLPassword=hunter2", "SSLPassword=***"},
        {"GET /collab?id=hunter2&access_token=hunter2&v=1", "GET /collab?id=***&access_token=***&v=1"},
        {"GET /collab?v=1&id=hunter2#x", "GET /collab?v=1&id=***#x"},
        {"redis://user:hunter2@host:6379/0", "redis://***@host:6379/0"},
        {"mongodb://u:hunter@2@h1,h2/db", "mongodb://***@h1,h2/db"},
        {"Authorization: Bearer hunter2", "Authorization: ***"},
        {"sent bearer hunter2, refused", "sent bearer ***, refused"},
        {"Cookie: a=hunter2; b=hunter2", "Cookie: ***"},
        {"{\"access_token\":\"hunter2\",\"x\":1}", "{\"access_token\":***,\"x\":1}"},
        {"opstream-session=hunter2", "opstream-session=***"},
        {"OPSTREAM__STORAGE__CONNECTIONSTRING=hunter2", "OPSTREAM__STORAGE__CONNECTIONSTRING=***"},
        {"Password='hunter2", "Password=***"},
        {"Password=", "Password="},
        {"bad token: expected a number", "bad token: expected a number"},
        {"documents/paid=1 and id=5", "documents/paid=1 and id=5"},
        {"http://h:80/a@b", "http://h:80/a@b"},
        {"the password is wrong", "the password is wrong"},
        {"gr\xc3\xbc\xc3\x9f dich", "gr\xc3\xbc\xc3\x9f dich"},
    };
    char out[256];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ops_log_entry entry = entry_of(cases[i][0]);

        out[ops_log_redact(view(cases[i][0]), out, sizeof out - 1)] = '\0';
        assert_string_equal(out, cases[i][1]);
        entry.err_what = entry.conn = entry.msg;
        assert_null(strstr(line_of(&entry, true), "hunter"));
        assert_null(strstr(line_of(&entry, false), "hunter"));
    }
}

static void no_cut_shows_a_secret_or_half_a_character(void **state)
{
    static const char text[] = "\xe2\x82\xac Password=hunter2;x \xf0\x9f\x98\x80 ?id=hunter2";
    char out[sizeof text];

    (void)state;
    for (size_t room = 0; room < sizeof text; room++) {
        size_t len = ops_log_redact(OPS_STR(text), out, room);

        out[len] = '\0';
        assert_true(len <= room);
        assert_int_equal(ops_utf8_valid_prefix(out, len), len);
        assert_null(strstr(out, "=h"));
    }
}

/* ---- the sink ------------------------------------------------------------------------------------------------------------- */

static size_t drained(int fd, char *out, size_t bytes)
{
    size_t len = 0;
    ssize_t got;

    while (len < bytes && (got = read(fd, out + len, bytes - len)) > 0)
        len += (size_t)got;
    return len;
}

static void a_reader_that_stopped_costs_lines_and_not_time_and_is_told_so(void **state)
{
    static char text[1 << 20];
    int ends[2];
    uint64_t before = ops_log_lost();
    size_t len, lines = 0;

    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    ops_log_open(OPS_LOG_INFO, true, ends[1]);
    for (int i = 0; i < 5000; i++) /* comes back: the pipe is full long before */
        ops_log(OPS_LOG_INFO, "server", "line %d of a log that nobody reads", i);
    assert_true(ops_log_lost() > before);
    len = drained(ends[0], text, sizeof text);
    for (size_t i = 0; i < len; i++)
        lines += text[i] == '\n';
    assert_int_equal(lines + (ops_log_lost() - before), 5000);
    ops_log(OPS_LOG_INFO, "server", "somebody reads again");
    len = drained(ends[0], text, sizeof text - 1);
    text[len] = '\0';
    assert_non_null(strstr(text, "lines are missing: nobody read them"));
    assert_non_null(strstr(text, "somebody reads again"));
    ops_log_open(OPS_LOG_WARNING, false, STDERR_FILENO);
    close(ends[0]);
    close(ends[1]);
}

static void *chatter(void *name)
{
    for (int i = 0; i < 200; i++)
        ops_log(OPS_LOG_ERROR, name, "line %d", i);
    return NULL;
}

static void lines_of_many_threads_do_not_mix(void **state)
{
    static char names[4][2] = {"a", "b", "c", "d"}, text[1 << 20];
    struct ops_arena arena = test_arena(TEST_ARENA_BYTES);
    unsigned seen[4] = {0, 0, 0, 0}, read_lines = 0;
    uint64_t before = ops_log_lost();
    pthread_t threads[4];
    char path[] = "/tmp/ops-log-XXXXXX";
    int fd = mkstemp(path);
    size_t len;

    (void)state;
    assert_true(fd >= 0);
    ops_log_open(OPS_LOG_ERROR, true, fd);
    ops_log(OPS_LOG_WARNING, "server", "below the level");
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, chatter, names[i]), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_true(lseek(fd, 0, SEEK_SET) == 0);
    len = drained(fd, text, sizeof text);
    for (size_t at = 0; at < len;) {
        const char *end = memchr(text + at, '\n', len - at);
        struct ops_log_line line;
        char wanted[16];
        size_t who;

        assert_non_null(end);
        assert_int_equal(ops_log_line_json_decode(&ops_style_v1, ops_str_of(text + at, (size_t)(end - text) - at), &arena, &line, NULL), OPS_OK);
        who = (size_t)(line.room.ptr[0] - 'a');
        assert_true(who < 4);
        assert_true(ops_str_equal(line.msg, ops_str_of(wanted, (size_t)snprintf(wanted, sizeof wanted, "line %u", seen[who]++))));
        read_lines++;
        at = (size_t)(end - text) + 1;
        ops_arena_reset(&arena);
    }
    assert_int_equal(read_lines, 800);
    assert_int_equal(ops_log_lost(), before);
    ops_log_open(OPS_LOG_WARNING, false, STDERR_FILENO);
    close(fd);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_one_json_object_in_a_fixed_order),
        cmocka_unit_test(text_for_a_person_has_nothing_that_a_terminal_acts_on),
        cmocka_unit_test(a_document_is_named_by_a_hash_that_stays),
        cmocka_unit_test(any_bytes_make_a_readable_line_of_bounded_length),
        cmocka_unit_test(secrets_are_taken_out),
        cmocka_unit_test(no_cut_shows_a_secret_or_half_a_character),
        cmocka_unit_test(a_reader_that_stopped_costs_lines_and_not_time_and_is_told_so),
        cmocka_unit_test(lines_of_many_threads_do_not_mix),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
