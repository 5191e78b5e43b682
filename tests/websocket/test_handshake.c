/* Which requests are upgrades, and the digest of the answer. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "runtime/transport/websocket/handshake.h"

static struct ops_str str(const char *text)
{
    return text != NULL ? ops_str_of(text, strlen(text)) : ops_str_of(NULL, 0);
}

static struct ops_websocket_request good_request(void)
{
    struct ops_websocket_request r;

    r.method = str("GET");
    r.http_1_1 = true;
    r.upgrade = str("websocket");
    r.connection = str("Upgrade");
    r.version = str("13");
    r.key = str("dGhlIHNhbXBsZSBub25jZQ==");
    r.repeated = false;
    return r;
}

static void an_upgrade_is_recognised(void **state)
{
    static const char *const connections[] = {"upgrade", "keep-alive, Upgrade", "Upgrade,keep-alive", " UPGRADE ",
                                              "a,,\tupgrade\t,b"};
    struct ops_websocket_request r = good_request();
    size_t i;

    (void)state;
    assert_null(ops_websocket_request_problem(&r));
    r.upgrade = str("WebSocket");
    for (i = 0; i < sizeof connections / sizeof *connections; i++) {
        r.connection = str(connections[i]);
        assert_null(ops_websocket_request_problem(&r));
    }
    r.upgrade = str("h2c, websocket");
    assert_null(ops_websocket_request_problem(&r));
}

/* Each part in turn is wrong. */
static void what_is_no_upgrade_is_refused(void **state)
{
    static const char *const methods[] = {NULL, "", "POST", "get"};
    static const char *const words[] = {NULL, "", "websockets", "web socket", "up grade", "upgrades", ","};
    static const char *const versions[] = {NULL, "", "12", "013", "13, 13", "8", "13.0"};
    static const char *const keys[] = {NULL,
                                       "",
                                       "dGhlIHNhbXBsZSBub25jZQ=",
                                       "dGhlIHNhbXBsZSBub25jZQ===",
                                       "dGhlIHNhbXBsZSBub25jZ===",
                                       "dGhlIHNhbXBsZSBub25j-Q==",
                                       "dGhlIHNhbXBsZSBub25jZQAA",
                                       "dGhlIHNh bXBsZSBub25jZQ=="};
    struct ops_websocket_request r = good_request();
    size_t i;

    (void)state;
    for (i = 0; i < sizeof methods / sizeof *methods; i++) {
        r.method = str(methods[i]);
        assert_non_null(ops_websocket_request_problem(&r));
    }
    r = good_request();
    for (i = 0; i < sizeof words / sizeof *words; i++) {
        r.upgrade = str(words[i]);
        assert_non_null(ops_websocket_request_problem(&r));
        r.upgrade = str("websocket");
        r.connection = str(words[i]);
        assert_non_null(ops_websocket_request_problem(&r));
        r.connection = str("upgrade");
    }
    for (i = 0; i < sizeof versions / sizeof *versions; i++) {
        r.version = str(versions[i]);
        assert_non_null(ops_websocket_request_problem(&r));
    }
    r = good_request();
    for (i = 0; i < sizeof keys / sizeof *keys; i++) {
        r.key = str(keys[i]);
        assert_non_null(ops_websocket_request_problem(&r));
    }
    r = good_request();
    r.http_1_1 = false;
    assert_non_null(ops_websocket_request_problem(&r));
    r = good_request();
    r.repeated = true;
    assert_non_null(ops_websocket_request_problem(&r));
}

/* What is hashed, seen by a digest that is none. */
static char hashed[128];
static size_t hashed_bytes;

static void digest_of_the_sample(const void *bytes, size_t len, uint8_t digest[OPS_WEBSOCKET_SHA1_BYTES])
{
    static const uint8_t sample[OPS_WEBSOCKET_SHA1_BYTES] = {0xb3, 0x7a, 0x4f, 0x2c, 0xc0, 0x62, 0x4f,
                                                             0x16, 0x90, 0xf6, 0x46, 0x06, 0xcf, 0x38,
                                                             0x59, 0x45, 0xb2, 0xbe, 0xc4, 0xea};

    memcpy(hashed, bytes, len);
    hashed_bytes = len;
    memcpy(digest, sample, sizeof sample);
}

/* RFC 6455 §1.3 */
static void the_answer_is_that_of_the_standard(void **state)
{
    static const char expect[] = "dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    char accept[OPS_WEBSOCKET_ACCEPT_CHARS];

    (void)state;
    ops_websocket_accept(OPS_STR(" dGhlIHNhbXBsZSBub25jZQ== "), digest_of_the_sample, accept);
    assert_int_equal(hashed_bytes, sizeof expect - 1);
    assert_memory_equal(hashed, expect, sizeof expect - 1);
    assert_memory_equal(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", sizeof accept);
}

static void a_clients_key_is_one(void **state)
{
    static const uint8_t bytes[OPS_WEBSOCKET_KEY_BYTES] = {'t', 'h', 'e', ' ', 's', 'a', 'm', 'p',
                                                           'l', 'e', ' ', 'n', 'o', 'n', 'c', 'e'};
    char key[OPS_WEBSOCKET_KEY_CHARS];

    (void)state;
    ops_websocket_key(bytes, key);
    assert_memory_equal(key, "dGhlIHNhbXBsZSBub25jZQ==", sizeof key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_upgrade_is_recognised),
        cmocka_unit_test(what_is_no_upgrade_is_refused),
        cmocka_unit_test(the_answer_is_that_of_the_standard),
        cmocka_unit_test(a_clients_key_is_one),
    };

    return cmocka_run_group_tests_name("handshake", tests, NULL, NULL);
}
