/* Connection strings: the grammar of ADO.NET, every key of SQLite (opstream-ops.md §1.7), and problems that say what would be right. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "backends/connection_string.h"
#include "backends/sqlite/settings.h"
#include "tests/support/guard.h"

static struct ops_str text_of(const char *s)
{
    return ops_str_of(s, strlen(s));
}

/* ---- the grammar --------------------------------------------------------------------------------------------------------------- */

/* A text and what it says: `key=value` a line. NULL: it is none, from byte `offset` on. */
static const struct {
    const char *text, *pairs;
    size_t offset;
} grammar[] = {
    {"", "", 0},
    {";", "", 0},
    {" ; ;; \t", "", 0},
    {"a=b", "a=b\n", 0},
    {"a=b;", "a=b\n", 0},
    {";;a=b;;c=d;;", "a=b\nc=d\n", 0},
    {"  Data Source  =  x y.db  ; Mode = ReadOnly ", "Data Source=x y.db\nMode=ReadOnly\n", 0},
    {"a=", "a=\n", 0},
    {"a= ;b=1", "a=\nb=1\n", 0},
    {"a='x;y'", "a=x;y\n", 0},
    {"a=\"x;y\"", "a=x;y\n", 0},
    {"a=' x '", "a= x \n", 0},
    {"a='it''s'", "a=it's\n", 0},
    {"a=\"say \"\"so\"\"\"", "a=say \"so\"\n", 0},
    {"a='\"'", "a=\"\n", 0},
    {"a=\"'\"", "a='\n", 0},
    {"a='';b=\"\"", "a=\nb=\n", 0},
    {"a='x'  ;b=1", "a=x\nb=1\n", 0},
    {"a=x'y\"z", "a=x'y\"z\n", 0},
    {"a=b=c", "a=b=c\n", 0},
    {"a==b=c", "a=b=c\n", 0}, /* the key is "a=b" */
    {"a= =c", "a==c\n", 0},
    {"k\xc3\xa4=\xf0\x9f\x98\x80", "k\xc3\xa4=\xf0\x9f\x98\x80\n", 0},
    {"a", NULL, 1},
    {"a=1;b", NULL, 5},
    {"=b", NULL, 1},
    {"a='x", NULL, 4},
    {"a=\"x\"\"", NULL, 6},
    {"a='x'y", NULL, 5},
    {"a=1;b;c=2", NULL, 5},
    {"a=\x01", NULL, 2},
    {"postgres://host/database", NULL, 24},
};

static void grammar_read(void **state)
{
    struct ops_connection_pairs *pairs = malloc(sizeof *pairs);

    (void)state;
    assert_non_null(pairs);
    for (size_t i = 0; i < sizeof grammar / sizeof grammar[0]; i++) {
        struct guard g = guard_open(256);
        size_t len = strlen(grammar[i].text), offset = SIZE_MAX, at = 0;
        char said[512] = "";
        bool ok = ops_connection_pairs_read(ops_str_of(guard_copy(&g, grammar[i].text, len, 1), len), pairs, &offset);

        if (ok != (grammar[i].pairs != NULL))
            fail_msg("%s: %s", grammar[i].text, ok ? "is read" : "is not read");
        for (size_t p = 0; ok && p < pairs->count; p++)
            at += (size_t)snprintf(said + at, sizeof said - at, "%.*s=%.*s\n", (int)pairs->pairs[p].key.len, pairs->pairs[p].key.ptr,
                                   (int)pairs->pairs[p].value.len, pairs->pairs[p].value.ptr);
        if (ok)
            assert_string_equal(said, grammar[i].pairs);
        else if (offset != grammar[i].offset)
            fail_msg("%s: stops at byte %zu, expected %zu", grammar[i].text, offset, grammar[i].offset);
        guard_close(&g);
    }
    free(pairs);
}

static void grammar_bounded(void **state)
{
    struct ops_connection_pairs *pairs = malloc(sizeof *pairs);
    char *text = malloc(OPS_CONNECTION_BYTES_MAX + 1);
    size_t offset = 0;

    (void)state;
    assert_non_null(pairs);
    assert_non_null(text);
    for (size_t i = 0; i <= OPS_CONNECTION_PAIRS_MAX; i++)
        memcpy(text + 4 * i, "a=b;", 4);
    assert_true(ops_connection_pairs_read(ops_str_of(text, 4 * (size_t)OPS_CONNECTION_PAIRS_MAX), pairs, &offset));
    assert_int_equal(pairs->count, OPS_CONNECTION_PAIRS_MAX);
    assert_false(ops_connection_pairs_read(ops_str_of(text, 4 * (size_t)OPS_CONNECTION_PAIRS_MAX + 4), pairs, &offset));
    memset(text, 'x', OPS_CONNECTION_BYTES_MAX + 1);
    memcpy(text, "a=", 2);
    assert_true(ops_connection_pairs_read(ops_str_of(text, OPS_CONNECTION_BYTES_MAX), pairs, &offset));
    assert_int_equal(pairs->pairs[0].value.len, OPS_CONNECTION_BYTES_MAX - 2);
    assert_false(ops_connection_pairs_read(ops_str_of(text, OPS_CONNECTION_BYTES_MAX + 1), pairs, &offset));
    free(text);
    free(pairs);
}

/* ---- the keys of SQLite --------------------------------------------------------------------------------------------------------- */

enum { CREATE = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE };

static const struct {
    const char *text, *path;
    int mode, busy_ms;
    int foreign_keys, recursive_triggers; /* -1: not set */
} good[] = {
    {"Data Source=x.db", "x.db", CREATE, 30000, -1, -1},
    {"DataSource=x.db", "x.db", CREATE, 30000, -1, -1},
    {"Filename=x.db", "x.db", CREATE, 30000, -1, -1},
    {"dAtA sOuRcE=X.db", "X.db", CREATE, 30000, -1, -1},
    {"Data Source=/var/lib/opstream/opstream.db;Cache=Shared", "/var/lib/opstream/opstream.db", CREATE, 30000, -1, -1},
    {"Data Source='a;b ''c''.db'", "a;b 'c'.db", CREATE, 30000, -1, -1},
    {"Data Source=file:x.db?immutable=1", "file:x.db?immutable=1", CREATE, 30000, -1, -1},
    {"Data Source=|DataDirectory|x.db", "x.db", CREATE, 30000, -1, -1},
    {"Data Source=|DataDirectory|/x.db", "x.db", CREATE, 30000, -1, -1},
    {"Data Source=a;Filename=b", "b", CREATE, 30000, -1, -1}, /* the last one counts */
    {"Data Source=x;Mode=ReadWriteCreate", "x", CREATE, 30000, -1, -1},
    {"Data Source=x;Mode=readwrite", "x", SQLITE_OPEN_READWRITE, 30000, -1, -1},
    {"Data Source=x;MODE=ReadOnly", "x", SQLITE_OPEN_READONLY, 30000, -1, -1},
    {"Data Source=x;Mode=ReadOnly;Mode=", "x", CREATE, 30000, -1, -1}, /* an empty value takes it back */
    {"Data Source=x;Cache=Default;Pooling=false", "x", CREATE, 30000, -1, -1},
    {"Data Source=x;Cache=private;Pooling=True", "x", CREATE, 30000, -1, -1},
    {"Data Source=x;Foreign Keys=True;Recursive Triggers=no", "x", CREATE, 30000, 1, 0},
    {"Data Source=x;Foreign Keys=0;Recursive Triggers=YES", "x", CREATE, 30000, 0, 1},
    {"Data Source=x;Default Timeout=5", "x", CREATE, 5000, -1, -1},
    {"Data Source=x;Command Timeout=60", "x", CREATE, 60000, -1, -1},
    {"Data Source=x;Default Timeout=0", "x", CREATE, INT_MAX, -1, -1},
    {"Data Source=x;Password=", "x", CREATE, 30000, -1, -1},
};

static void keys_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct sqlite_settings s;
        char problem[512] = "";

        if (!sqlite_settings_read(text_of(good[i].text), &s, problem, sizeof problem))
            fail_msg("%s: %s", good[i].text, problem);
        assert_string_equal(s.path, good[i].path);
        assert_int_equal(s.open_flags & (CREATE | SQLITE_OPEN_READONLY), good[i].mode);
        if (s.busy_ms != good[i].busy_ms)
            fail_msg("%s: %d ms", good[i].text, s.busy_ms);
        assert_int_equal(s.foreign_keys_set ? s.foreign_keys : -1, good[i].foreign_keys);
        assert_int_equal(s.recursive_triggers_set ? s.recursive_triggers : -1, good[i].recursive_triggers);
    }
}

/* A text and what its problem must say. */
static const struct {
    const char *text, *says, *says_too;
} bad[] = {
    {"", "names no file", "Data Source="},
    {"Mode=ReadOnly", "names no file", "Data Source="},
    {"Data Source=", "names no file", "Data Source="},
    {"Data Source=|DataDirectory|", "names no file", "Data Source="},
    {"Data Sorce=x", "'Data Sorce'", "'Data Source'"},
    {"Datasuorce=x", "'Datasuorce'", "'DataSource'"},
    {"File Name=x", "'File Name'", "'Filename'"},
    {"Data Source=x;Mod=ReadOnly", "'Mod'", "'Mode'"},
    {"Data Source=x;ForeignKeys=1", "'ForeignKeys'", "'Foreign Keys'"},
    {"Data Source=x;Recursive Trigger=1", "'Recursive Trigger'", "'Recursive Triggers'"},
    {"Data Source=x;Timeout=1", "'Timeout'", "Timeout'?"},
    {"Data Source=x;Pool=1", "'Pool'", "'Pooling'"},
    {"Data Source=x;Cahce=Shared", "'Cahce'", "'Cache'"},
    {"Data Source=x;Mode=Write", "'Mode' is 'Write'", "ReadWriteCreate|ReadWrite|ReadOnly|Memory"},
    {"Data Source=x;Cache=Big", "'Cache' is 'Big'", "Default|Private|Shared"},
    {"Data Source=x;Pooling=maybe", "'Pooling' is 'maybe'", "true, false"},
    {"Data Source=x;Foreign Keys=2", "'Foreign Keys' is '2'", "true, false"},
    {"Data Source=x;Default Timeout=soon", "'Default Timeout' is 'soon'", "from 0 to"},
    {"Data Source=x;Default Timeout=-1", "'Default Timeout' is '-1'", "from 0 to"},
    {"Data Source=x;Default Timeout=2147484", "'Default Timeout'", "from 0 to 2147483"},
    {"Data Source=x;Default Timeout=99999999999999999999", "'Default Timeout'", "from 0 to"},
    {"Data Source=x;Password=hunter2", "'Password'", "encrypts"},
    {"Data Source=x;Journal Mode=WAL", "'Journal Mode'", "always on"},
    {"Data Source=:memory:", "lost with the process", "memory"},
    {"Data Source=file::memory:?cache=shared", "lost with the process", "memory"},
    {"Data Source=file:x?mode=memory", "lost with the process", "memory"},
    {"Data Source=x;Mode=Memory", "lost with the process", "memory"},
    {"Data Source='x", "at byte 14", "key=value"},
    {"x.db", "at byte 4", "key=value"},
};

static void wrong_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct sqlite_settings s;
        char problem[512] = "";

        if (sqlite_settings_read(text_of(bad[i].text), &s, problem, sizeof problem))
            fail_msg("%s: is taken", bad[i].text);
        if (strstr(problem, bad[i].says) == NULL || strstr(problem, bad[i].says_too) == NULL)
            fail_msg("%s: says \"%s\", expected %s and %s", bad[i].text, problem, bad[i].says, bad[i].says_too);
        assert_null(strstr(problem, "hunter2")); /* never a secret */
    }
}

static void problems_cut(void **state)
{
    struct guard g = guard_open(64);

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        for (size_t room = 1; room <= 64; room += 9) {
            struct sqlite_settings s;
            char *problem = guard_last(&g, room);

            memset(problem, 'x', room);
            assert_false(sqlite_settings_read(text_of(bad[i].text), &s, problem, room));
            assert_non_null(memchr(problem, '\0', room));
        }
    guard_close(&g);
}

static void path_bounded(void **state)
{
    struct sqlite_settings s;
    char text[sizeof s.path + 20], problem[256];
    static const char with_zero[] = "Data Source='a\0b'";

    (void)state;
    memset(text, 'x', sizeof text);
    memcpy(text, "Data Source=", 12);
    assert_true(sqlite_settings_read(ops_str_of(text, 12 + sizeof s.path - 1), &s, problem, sizeof problem));
    assert_int_equal(strlen(s.path), sizeof s.path - 1);
    assert_false(sqlite_settings_read(ops_str_of(text, 12 + sizeof s.path), &s, problem, sizeof problem));
    assert_false(sqlite_settings_read(ops_str_of(with_zero, sizeof with_zero - 1), &s, problem, sizeof problem));
    assert_false(sqlite_settings_read(ops_str_of(NULL, 0), &s, problem, sizeof problem));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"pairs are read as ADO.NET writes them; what is none is refused at its byte", grammar_read, NULL, NULL, NULL},
        {"pairs and bytes beyond the limits are refused", grammar_bounded, NULL, NULL, NULL},
        {"every key is read in every spelling", keys_read, NULL, NULL, NULL},
        {"a wrong key is named with the nearest one, a wrong value with what would be right", wrong_named, NULL, NULL, NULL},
        {"problems are cut to their room", problems_cut, NULL, NULL, NULL},
        {"a path that is too long, or holds a zero byte, is refused", path_bounded, NULL, NULL, NULL},
    };

    return cmocka_run_group_tests_name("connection-string", tests, NULL, NULL);
}
