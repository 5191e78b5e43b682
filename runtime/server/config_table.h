/* Every setting, once. The parser, the validator, --help, `opstreamd config`, the README's tables and the tests walk this list.
 *
 * X(kind, field, key, default, min, max, choices, sentence)
 *
 * The environment variable is OPSTREAM__<key>; `field` is the member of struct ops_config, whose C type and text form `kind`
 * decides (OPS_SETTING_KINDS). `min` and `max` are in the kind's unit. `choices` is a list of config_choices.c or NULL. The
 * sentence begins with a capital, ends with a full stop, and says what happens at a limit. */
#ifndef OPS_SERVER_CONFIG_TABLE_H
#define OPS_SERVER_CONFIG_TABLE_H

/* X(kind, C type of the field, how a value is written) */
#define OPS_SETTING_KINDS(X)                                                                                           \
    X(COUNT, int64_t, "number")                                                                                        \
    X(BYTES, int64_t, "size")                                                                                          \
    X(DURATION, int64_t, "duration") /* held in milliseconds */                                                        \
    X(BOOL, bool, "true or false")                                                                                     \
    X(WORD, struct ops_str, "word")                                                                                    \
    X(WORDS, struct ops_words, "list")                                                                                 \
    X(PROFILE, const struct ops_profile *, "word")                                                                     \
    X(LISTEN, struct ops_listens, "addresses")                                                                         \
    X(ORIGINS, struct ops_words, "origins")                                                                            \
    X(PATH, struct ops_str, "path")                                                                                    \
    X(SYNC, struct ops_str, "word")                                                                                    \
    X(TEXT, struct ops_str, "text")                                                                                    \
    X(SECRET, struct ops_str, "secret")

#define OPS_KIB INT64_C(1024)
#define OPS_MIB (INT64_C(1024) * 1024)
#define OPS_GIB (INT64_C(1024) * 1024 * 1024)
#define OPS_SECOND INT64_C(1000)
#define OPS_HOUR (INT64_C(3600) * 1000)

/* What is served, and where. */
#define OPS_SETTINGS_SERVER(X)                                                                                         \
    X(LISTEN, urls, "URLS", "http://+:8080", 1, 16, NULL,                                                              \
      "Where clients connect; `;` between several. `+` is every address of the machine.")                              \
    X(LISTEN, admin_urls, "ADMIN__URLS", "http://127.0.0.1:9090", 0, 16, NULL,                                         \
      "Where metrics and diagnostics are served, or `off`. Nothing protects them but the address.")                    \
    X(COUNT, loops, "LOOPS", "0", 0, 64, NULL, "Event loops. 0: as many as the processors that this process may use.") \
    X(WORDS, transports, "TRANSPORTS", "signalr,websockets", 1, 3, ops_choices_transport,                              \
      "Protocols that clients may speak.")                                                                             \
    X(WORDS, engines, "ENGINES", "text,json", 1, 6, ops_choices_engine, "Document types that may be joined.")          \
    X(PROFILE, wire_profile, "WIRE__PROFILE", NULL, 0, 0, NULL,                                                        \
      "Wire profile of clients that do not choose one: the published protocol, or what OpStream 2.0.1 writes.")        \
    X(ORIGINS, origins, "ORIGINS", "", 0, 256, NULL,                                                                   \
      "Web origins besides the server's own whose pages may connect, such as `https://example.org`. `*` is any.")      \
    X(PATH, websockets_path, "WEBSOCKETS__PATH", "/collab-ws", 1, 256, NULL, "Path of the collaboration WebSocket.")   \
    X(PATH, websockets_management_path, "WEBSOCKETS__MANAGEMENTPATH", "/manage-ws", 1, 256, NULL,                      \
      "Path of the management WebSocket; not served by this build yet.")                                               \
    X(PATH, signalr_path, "SIGNALR__PATH", "/collab", 1, 256, NULL,                                                    \
      "Path of the collaboration hub of SignalR.")                                                                     \
    X(PATH, signalr_management_path, "SIGNALR__MANAGEMENTPATH", "/manage", 1, 256, NULL,                               \
      "Path of the management hub; not served by this build yet.")                                                     \
    X(WORD, log_level, "LOG__LEVEL", "info", 0, 0, ops_choices_log_level, "The least severe log line that is written.") \
    X(WORD, log_format, "LOG__FORMAT", "auto", 0, 0, ops_choices_log_format,                                           \
      "Form of the log on standard error; `auto` is text on a terminal, JSON elsewhere.")                              \
    X(BOOL, demo, "DEMO", "on", 0, 0, ops_choices_switch,                                                              \
      "Serves browsers a page at `/` on which people edit together, and the client as `/opstream.js`.")                \
    X(BOOL, test_echo, "TEST__ECHO", "false", 0, 0, NULL,                                                              \
      "For protocol test suites: a WebSocket at `/echo` that sends back what it gets, without the message limit.")

/* Where documents are kept. */
#define OPS_SETTINGS_STORAGE(X)                                                                                        \
    X(WORD, storage_provider, "STORAGE__PROVIDER", "memory", 0, 0, ops_choices_storage,                                \
      "Where documents are kept. `memory` loses them when the server stops.")                                          \
    X(SECRET, storage_connection_string, "STORAGE__CONNECTIONSTRING", NULL, 0, 8192, NULL,                             \
      "How the storage is reached, such as `Data Source=/var/lib/opstream/opstream.db`. Required unless `memory`.")    \
    X(TEXT, storage_database_name, "STORAGE__DATABASENAME", "opstream", 1, 128, NULL, "Name of the MongoDB database.") \
    X(SYNC, storage_sync, "STORAGE__SYNC", "full", 0, 0, NULL,                                                         \
      "When a commit counts: `full` once it is on stable storage. A power cut loses with `normal` what came after the " \
      "last checkpoint, with `every-<n>ms` the last interval, with `off` perhaps everything.")                         \
    X(BOOL, storage_migrate, "STORAGE__MIGRATE", "true", 0, 0, NULL, "Creates and extends tables at the start.")       \
    X(DURATION, storage_timeout, "STORAGE__TIMEOUT", "10s", 100, OPS_HOUR, NULL,                                       \
      "After this time the outcome of a write is unknown: the document is fenced and read back.")                      \
    X(COUNT, history_retain, "HISTORY__RETAIN", "10000", 0, INT64_C(1000000000), NULL,                                 \
      "Ops of a document that are kept behind its snapshot, for late clients and history.")                            \
    X(BYTES, history_retain_bytes, "HISTORY__RETAIN_BYTES", "64MiB", 0, 1024 * OPS_GIB, NULL,                          \
      "Bytes of such ops of a document; the oldest go first.")                                                         \
    X(COUNT, snapshot_ops, "SNAPSHOT__OPS", "100", 1, 1000000, NULL, "A document is snapshot after so many ops.")      \
    X(DURATION, snapshot_interval, "SNAPSHOT__INTERVAL", "5m", OPS_SECOND, 168 * OPS_HOUR, NULL,                       \
      "A changed document is snapshot after this time at the latest.")                                                 \
    X(DURATION, sessions_idle, "SESSIONS__IDLE", "5m", 0, 168 * OPS_HOUR, NULL,                                        \
      "A document without connections leaves memory after this time.")                                                 \
    X(COUNT, recent_ops, "RECENT__OPS", "10000", 16, 1000000, NULL,                                                     \
      "Ops of an open document kept in memory to rebase over; an older base is answered `RevisionCompacted`.")         \
    X(BYTES, recent_bytes, "RECENT__BYTES", "4MiB", 4 * OPS_KIB, OPS_GIB, NULL, "Bytes of such ops of a document.")    \
    X(WORD, backplane_provider, "BACKPLANE__PROVIDER", "local", 0, 0, ops_choices_backplane,                           \
      "How several servers share documents. `local`: this one is alone.")                                              \
    X(SECRET, backplane_connection_string, "BACKPLANE__CONNECTIONSTRING", NULL, 0, 8192, NULL,                         \
      "How the backplane is reached. Not needed for `local`.")

/* Times of a connection and of the server. */
#define OPS_SETTINGS_TIMES(X)                                                                                          \
    X(DURATION, ping_interval, "PING__INTERVAL", "30s", 100, OPS_HOUR, NULL, "A ping is sent every so often.")         \
    X(DURATION, ping_timeout, "PING__TIMEOUT", "30s", 100, OPS_HOUR, NULL,                                             \
      "A connection whose pong is not there after this time is closed.")                                               \
    X(DURATION, timeout_handshake, "TIMEOUTS__HANDSHAKE", "15s", 100, OPS_HOUR, NULL,                                  \
      "A connection that has not sent a whole request by then is closed.")                                             \
    X(DURATION, timeout_write, "TIMEOUTS__WRITE", "10s", 100, OPS_HOUR, NULL,                                          \
      "A connection that takes nothing for this time is reset.")                                                       \
    X(DURATION, timeout_close, "TIMEOUTS__CLOSE", "5s", 100, OPS_HOUR, NULL,                                           \
      "A connection that does not answer a close by then is reset.")                                                   \
    X(DURATION, signalr_keep_alive, "SIGNALR__KEEPALIVE", "15s", 100, OPS_HOUR, NULL,                                  \
      "SignalR: a ping is sent every so often, but for long polling.")                                                 \
    X(DURATION, signalr_client_timeout, "SIGNALR__CLIENTTIMEOUT", "30s", 100, OPS_HOUR, NULL,                          \
      "SignalR: a connection that says nothing for this time is closed, from its first ping on.")                      \
    X(DURATION, signalr_handshake, "SIGNALR__HANDSHAKETIMEOUT", "15s", 100, OPS_HOUR, NULL,                            \
      "SignalR: a connection that has not sent its handshake by then is closed.")                                      \
    X(DURATION, signalr_disconnect, "SIGNALR__DISCONNECTTIMEOUT", "15s", 100, OPS_HOUR, NULL,                          \
      "SignalR: a connection that no transport carries for this time is over: negotiated only, between polls, cut.")   \
    X(DURATION, signalr_poll, "SIGNALR__POLLTIMEOUT", "90s", 100, OPS_HOUR, NULL,                                      \
      "SignalR: a long poll without news ends after this time.")                                                       \
    X(DURATION, awareness_ttl, "AWARENESS__TTL", "30s", OPS_SECOND, 24 * OPS_HOUR, NULL,                               \
      "Presence that is not renewed within this time is dropped.")                                                     \
    X(DURATION, awareness_interval, "AWARENESS__INTERVAL", "50ms", 0, 60 * OPS_SECOND, NULL,                           \
      "Presence of one peer in a document is pushed at most once in this time; the last state always follows.")        \
    X(DURATION, shutdown_grace, "SHUTDOWN__GRACE", "10s", 0, OPS_HOUR, NULL,                                           \
      "After SIGTERM what was accepted is finished and clients are told within this time.")

/* Limits: spec/v1.md §3.5, and what protects the server. */
#define OPS_SETTINGS_LIMITS(X)                                                                                         \
    X(COUNT, limit_connections, "LIMITS__CONNECTIONS", "50000", 1, 10000000, NULL,                                     \
      "Connections at a time; above it none is accepted. Lowered to what the file descriptor limit allows.")           \
    X(COUNT, limit_connections_per_address, "LIMITS__CONNECTIONS_PER_ADDRESS", "0", 0, 10000000, NULL,                 \
      "Connections of one address at a time; above it they are answered 429. 0: no limit.")                            \
    X(BYTES, limit_message_bytes, "LIMITS__MESSAGE_BYTES", "2MiB", OPS_KIB, 64 * OPS_MIB, NULL,                        \
      "One message; above it the connection is closed with `TooLarge`.")                                               \
    X(BYTES, limit_queue_bytes, "LIMITS__QUEUE_BYTES", "1MiB", 64 * OPS_KIB, OPS_GIB, NULL,                            \
      "What waits for one connection behind the message being written; above it: `SlowConsumer`, closed.")             \
    X(BYTES, limit_body_bytes, "LIMITS__BODY_BYTES", "4MiB", 0, 64 * OPS_MIB, NULL,                                   \
      "Body of an HTTP request; above it 413.")                                                                        \
    X(BYTES, signalr_record_bytes, "SIGNALR__RECORD_BYTES", "0", 0, 64 * OPS_MIB, NULL,                                \
      "SignalR: one message; above it the connection is closed with `TooLarge`. 0: 2 MiB, or in `reference` 32 KiB.")  \
    X(COUNT, signalr_negotiated, "SIGNALR__NEGOTIATED", "20000", 1, 10000000, NULL,                                    \
      "SignalR: connections negotiated and not yet there; above it negotiation is answered 503.")                      \
    X(COUNT, signalr_negotiated_per_address, "SIGNALR__NEGOTIATED_PER_ADDRESS", "5000", 1, 10000000, NULL,             \
      "SignalR: such connections of one address; above it 429.")                                                       \
    X(BOOL, signalr_stateful, "SIGNALR__STATEFULRECONNECT", "true", 0, 0, NULL,                                        \
      "SignalR: clients that ask for it keep their connection through a short break.")                                 \
    X(BYTES, signalr_stateful_bytes, "SIGNALR__STATEFULRECONNECTBUFFER", "100000", 0, OPS_GIB, NULL,                   \
      "SignalR: sent and not yet acknowledged, kept to be sent again; while there is more, a break ends the connection.") \
    X(COUNT, limit_requests, "LIMITS__REQUESTS", "1024", 1, 1000000, NULL,                                              \
      "Unanswered requests of a connection; above it nothing is read from it until some are answered.")                \
    X(COUNT, limit_joined, "LIMITS__JOINED", "1000", 1, 1000000, NULL,                                                 \
      "Documents that a connection has joined; above it `TooMany`.")                                                   \
    X(COUNT, limit_documents, "LIMITS__DOCUMENTS", "100000", 1, 100000000, NULL,                                       \
      "Documents open in memory on each event loop; above it joins are answered `TooMany`.")                           \
    X(BYTES, limit_payload_bytes, "LIMITS__PAYLOAD_BYTES", "1MiB", 1, 48 * OPS_MIB, NULL,                              \
      "One op, decoded; above it `TooLarge`.")                                                                         \
    X(BYTES, limit_awareness_bytes, "LIMITS__AWARENESS_BYTES", "64KiB", 2, OPS_MIB, NULL,                              \
      "Presence data of one peer; above it `TooLarge`.")                                                               \
    X(BYTES, limit_awareness_document_bytes, "LIMITS__AWARENESS_DOCUMENT_BYTES", "1MiB", OPS_KIB, 64 * OPS_MIB, NULL,  \
      "Presence data of one document in all; above it `TooMany`.")                                                     \
    X(BYTES, limit_document_bytes, "LIMITS__DOCUMENT_BYTES", "64MiB", OPS_KIB, OPS_GIB, NULL,                          \
      "One document, encoded; an op that makes it larger is answered `TooLarge`.")                                     \
    X(COUNT, limit_rebase_cost, "LIMITS__REBASE_COST", "10000000", 1000, INT64_C(100000000000), NULL,                  \
      "Components of an op times ops to rebase it over; above it `RevisionCompacted`.")                                \
    X(DURATION, limit_stamps_ahead, "LIMITS__STAMPS_AHEAD", "off", 0, 24 * 365 * OPS_HOUR, NULL,                       \
      "How far time stamps of ops may run ahead of the server's clock; above it `InvalidOp`. `off`: not checked.")     \
    X(COUNT, limit_pending_ops, "LIMITS__PENDING_OPS", "4096", 1, 1000000, NULL,                                       \
      "Ops of a document accepted and not yet durable; above it `StorageUnavailable`.")                                \
    X(COUNT, limit_undo_ops, "LIMITS__UNDO_OPS", "500", 0, 100000, NULL,                                               \
      "Entries of an undo or redo stack; the oldest go first.")

/* X(section title, list) */
#define OPS_SETTING_SECTIONS(X)                                                                                        \
    X("Server", OPS_SETTINGS_SERVER)                                                                                   \
    X("Storage", OPS_SETTINGS_STORAGE)                                                                                 \
    X("Times", OPS_SETTINGS_TIMES)                                                                                     \
    X("Limits", OPS_SETTINGS_LIMITS)

#define OPS_SETTINGS(X)                                                                                                \
    OPS_SETTINGS_SERVER(X)                                                                                             \
    OPS_SETTINGS_STORAGE(X)                                                                                            \
    OPS_SETTINGS_TIMES(X)                                                                                              \
    OPS_SETTINGS_LIMITS(X)

#endif
