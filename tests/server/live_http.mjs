// The port as HTTP sees it: upgrades, paths, origins, profiles, and the two doors to h2o's own HTTP/2, which are shut.

import { Raw, Wire, ensure, equal, finish, get, insertOp, once, start, test, until, upgrade } from './start.mjs';

const server = await start({ OPSTREAM__ORIGINS: 'https://listed.example', OPSTREAM__LIMITS__BODY_BYTES: '1024' });
const port = server.port;

await test('a_101_has_these_headers_and_no_others', async () => {
    const answer = await once(port, upgrade('/collab-ws', 'Sec-WebSocket-Protocol: a, b\r\nSec-WebSocket-Extensions: permessage-deflate\r\n'));
    equal(answer.status, 101, 'status');
    equal(answer.names.sort(), ['connection', 'date', 'sec-websocket-accept', 'server', 'upgrade'], 'headers');
    equal(answer.headers['sec-websocket-accept'], 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=', 'accept');
    equal([answer.headers.upgrade, answer.headers.connection.toLowerCase()], ['websocket', 'upgrade'], 'upgrade');
});

await test('paths_match_in_any_letter_case_with_or_without_a_slash', async () => {
    for (const path of ['/collab-ws', '/collab-ws/', '/Collab-WS', '/COLLAB-WS/?x=1']) equal((await once(port, upgrade(path))).status, 101, path);
    for (const path of ['/collab-w', '/collab-ws2', '/collab-ws/x', '/collab-ws//', '/x/collab-ws']) {
        const answer = await once(port, upgrade(path));
        equal([answer.status, answer.headers['content-length'], answer.body], [404, '0', ''], path);
    }
});

await test('what_is_no_upgrade_is_400_without_a_body', async () => {
    const whole = upgrade();
    for (const bad of [get('/collab-ws'), whole.replace('GET', 'POST'), whole.replace(': 13', ': 8'), whole.replace('Sec-WebSocket-Key', 'X-Key'),
        whole.replace('dGhlIHNhbXBsZSBub25jZQ==', 'short'), whole.replace('Connection: Upgrade', 'Connection: close'),
        whole.replace('Upgrade: websocket', 'Upgrade: h2c')]) {
        const answer = await once(port, bad);
        equal([answer.status, answer.headers['content-length'], answer.body], [400, '0', ''], bad);
    }
});

await test('a_foreign_origin_is_403_the_own_host_and_listed_ones_are_not', async () => {
    const status = async (origin) => (await once(port, upgrade('/collab-ws', origin === null ? '' : `Origin: ${origin}\r\n`))).status;
    equal(await status(null), 101, 'no browser');
    equal(await status('https://listed.example'), 101, 'listed');
    equal(await status('http://127.0.0.1'), 101, 'own host');
    for (const origin of ['https://evil.example', 'null', 'http://listed.example', 'https://listed.example.evil.example', ''])
        equal(await status(origin), 403, `origin ${origin}`);
    ensure((await once(port, upgrade('/collab-ws', 'Origin: https://evil.example\r\n'))).body.length > 20, 'a body that says so');
});

await test('the_query_the_first_message_or_the_default_choose_the_profile', async () => {
    const first = async (path, message) => {
        const client = await Raw.open(port, path);
        client.say(message);
        const answer = await client.text(0);
        client.close();
        return answer;
    };
    const reference = { correlationId: 'c', messageType: 0, joinRequest: { documentId: 'p', documentType: 'text', clientProtoVersion: 1 } };
    const v1 = { type: 'join', documentId: 'p', documentType: 'text', protocolVersion: 1, padding: 'x'.repeat(60) };
    ensure((await first('/collab-ws', reference)).startsWith('{"correlationId":"c","messageType":1,'), `shape of the message: ${await first('/collab-ws', reference)}`);
    ensure((await first('/collab-ws', v1)).startsWith('{"type":"join_ack"'), 'shape of the message: v1');
    ensure((await first('/collab-ws?profile=reference', reference)).startsWith('{"correlationId":"c"'), 'query: reference');
    ensure((await first('/collab-ws?a=b&PROFILE=V1', v1)).startsWith('{"type":"join_ack"'), 'query: v1');
    ensure((await first('/collab-ws?profile=v1', reference)).startsWith('{"type":"error"'), 'the query is stronger than the message');
    equal((await once(port, upgrade('/collab-ws?profile=v7'))).status, 400, 'unknown profile');
});

await test('an_http2_preface_is_answered_by_goaway_at_both_doors_and_nothing_else', async () => {
    const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0';
    const front = (await Wire.open(port)).send(preface);
    await until('the end', () => front.ended);
    equal(front.got.slice(0, 9), '\0\0\0\x04\0\0\0\0\0', 'SETTINGS');
    equal(front.got.slice(9 + 3, 9 + 9), '\x07\0\0\0\0\0', 'GOAWAY of the connection');
    equal(front.got.charCodeAt(11), front.got.length - 18, 'length of GOAWAY');
    equal(front.got.slice(22, 26), '\0\0\0\x0d', 'HTTP_1_1_REQUIRED');
    ensure(front.got.includes('HTTP/1.1'), 'debug text');

    const behind = await Wire.open(port);
    equal((await behind.request(get('/health/live'))).status, 200, 'first request');
    behind.got = '';
    behind.send(preface);
    await until('the end', () => behind.ended);
    ensure(!behind.got.includes('\0\0'), `no HTTP/2 frame behind a request: ${JSON.stringify(behind.got)}`);
});

await test('an_h2c_upgrade_is_answered_in_http_1_1', async () => {
    const answer = await once(port, get('/health/live', 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n'));
    equal([answer.status, answer.body], [200, 'Healthy'], 'answer');
});

await test('bytes_behind_the_upgrade_request_are_messages', async () => {
    const wire = await Wire.open(port);
    const join = '{"type":"join","documentId":"early","documentType":"text","protocolVersion":1}';
    wire.send(`${upgrade()}\x81${String.fromCharCode(0x80 | join.length)}\0\0\0\0${join}`);
    await until('join_ack', () => wire.got.includes('join_ack'));
    wire.close();
});

await test('requests_of_one_connection_are_answered_in_turn', async () => {
    const wire = await Wire.open(port);
    wire.send(get('/health/live') + get('/nowhere') + get('/'));
    await until('three answers', () => (wire.got.match(/HTTP\/1\.1 /g) ?? []).length === 3 && wire.got.includes('OpStream host.'));
    equal(wire.got.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 200', 'HTTP/1.1 404', 'HTTP/1.1 200'], 'statuses');
    wire.close();
});

await test('a_body_at_its_limit_is_taken_and_one_byte_more_is_413', async () => {
    const post = (n) => `POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: ${n}\r\n\r\n`;
    equal((await once(port, post(1024) + 'x'.repeat(1024))).status, 404, 'at the limit');
    equal((await once(port, post(1025) + 'x'.repeat(1025))).status, 413, 'above it');
    const wire = await Wire.open(port);
    wire.send('POST /nowhere HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n');
    for (let i = 0; i < 40 && !wire.ended; i++) wire.send(`40\r\n${'x'.repeat(64)}\r\n`);
    await until('413 or the end', () => wire.got.includes(' 413 ') || wire.ended);
    ensure(!wire.got.includes(' 404 '), 'a body without a length, above the limit, was taken');
    wire.close();
});

await test('two_clients_edit_one_document', async () => {
    const [a, b] = [await Raw.open(port), await Raw.open(port)];
    await a.join('shared');
    await b.join('shared');
    a.say(insertOp('shared', 'Hi', 1));
    equal(JSON.parse(await a.text(1)), { type: 'op_ack', documentId: 'shared', success: true, newRevision: 2 }, 'ack');
    equal(JSON.parse(await b.text(1)).revision, 2, 'push');
    a.close();
    equal(JSON.parse(await b.text(2)).type, 'peer_disconnected', 'and one that left');
    b.close();
});

await test('the_admin_port_counts_and_shows_a_document', async () => {
    const metrics = (await once(server.adminPort, get('/metrics'))).body;
    ensure(/opstream_http_requests_total \d+/.test(metrics) || metrics.includes('opstream_'), 'metrics');
    ensure(Number(/opstream_http2_prefaces_total (\d+)/.exec(metrics)?.[1] ?? 1) >= 1, 'prefaces were counted');
    const diag = JSON.parse((await once(server.adminPort, get('/opstream/diag/shared'))).body);
    equal([diag.documentId, diag.activeOnThisNode, diag.revision], ['shared', true, 2], 'document');
});

equal((await server.stop()).code, 0, 'exit');
finish();
