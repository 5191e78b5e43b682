// The hub of SignalR as HTTP and WebSocket see it: negotiation, transports, statuses, times, limits, and clients that misbehave.
//
//   node live_hub.mjs [loops, 1]
//
// Records are JSON; what calls mean is tested with real clients (tests/live).

import { Raw, Wire, ensure, equal, finish, frame, get, once, rssBytes, sleep, start, test, until, upgrade } from './start.mjs';

const LOOPS = process.argv[2] ?? '1';
const END = '\x1e';
const HELLO = `{"protocol":"json","version":1}${END}`;
const KiB = 1024;
const begin = (env = {}) => start({ OPSTREAM__LOOPS: LOOPS, ...env });

const request = (method, path, headers = '', body = '') =>
    `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${headers}${body || method === 'POST' ? `Content-Length: ${body.length}\r\n` : ''}\r\n${body}`;
const ask = (port, method, path, headers, body) => once(port, request(method, path, headers, body));
const negotiate = async (port, query = '?negotiateVersion=1', headers = '') => {
    const answer = await ask(port, 'POST', `/collab/negotiate${query}`, headers);
    return answer.status === 200 ? { answer, ...JSON.parse(answer.body) } : { answer };
};
const post = (port, id, body) => ask(port, 'POST', `/collab?id=${id}`, '', body);
const poll = (port, id) => ask(port, 'GET', `/collab?id=${id}`);
const call = (id, target, ...args) => JSON.stringify({ type: 1, invocationId: id, target, arguments: args }) + END;
const join = (id, doc) => call(id, 'JoinDocument', doc, 'text', 1);
const gauge = async (server, name) => {
    const page = (await once(server.adminPort, get('/metrics'))).body;
    return Number(new RegExp(`^${name.replace(/[{}"]/g, '\\$&')} (\\d+)`, 'm').exec(page)?.[1] ?? NaN);
};
const hubs = (server) => gauge(server, 'opstream_connections{protocol="signalr"}');

// A WebSocket of the hub; its records.
const records = (client) => client.texts.join('').split(END).slice(0, -1);
async function hub(port, query = '', hello = HELLO)
{
    const client = await Raw.open(port, `/collab${query}`);
    client.say(hello);
    equal(await client.text(0), `{}${END}`, 'handshake');
    return client;
}

// An event stream; `text` without the chunks' sizes.
class Events
{
    static async open(port, id, headers = '')
    {
        const events = new Events();
        events.wire = await Wire.open(port);
        events.wire.send(get(`/collab?id=${id}`, `Accept: text/event-stream\r\n${headers}`));
        await until('the head', () => events.wire.got.includes('\r\n\r\n') || events.wire.ended);
        return events;
    }

    get status() { return Number(this.wire.got.split(' ')[1]); }
    get head() { return this.wire.got.split('\r\n\r\n')[0].toLowerCase(); }
    get text()
    {
        let at = this.wire.got.indexOf('\r\n\r\n') + 4, text = '';
        for (const rest = this.wire.got; ;) {
            const line = rest.indexOf('\r\n', at), n = parseInt(rest.slice(at, line), 16);
            if (line < 0 || !(n > 0) || rest.length < line + 2 + n) return text;
            text += rest.slice(line + 2, line + 2 + n);
            at = line + 4 + n;
        }
    }
    get over() { return this.wire.ended || this.wire.got.endsWith('\r\n0\r\n\r\n'); }
    close() { this.wire.close(); }
}

let server = await begin({ OPSTREAM__ORIGINS: 'https://listed.example' });
let port = server.port;

// ---- negotiation -----------------------------------------------------------------------------------------------------------------

const TRANSPORTS = '"availableTransports":[{"transport":"WebSockets","transferFormats":["Text","Binary"]},' +
    '{"transport":"ServerSentEvents","transferFormats":["Text"]},{"transport":"LongPolling","transferFormats":["Text","Binary"]}]}';

await test('negotiation_answers_with_ids_and_transports_byte_by_byte', async () => {
    const one = await negotiate(port), zero = await negotiate(port, ''), two = await negotiate(port, '?NEGOTIATEVERSION=2');
    equal(one.answer.body, `{"negotiateVersion":1,"connectionId":"${one.connectionId}","connectionToken":"${one.connectionToken}",${TRANSPORTS}`, 'version 1');
    equal(zero.answer.body, `{"negotiateVersion":0,"connectionId":"${zero.connectionId}",${TRANSPORTS}`, 'version 0');
    equal([one.answer.headers['content-type'], two.negotiateVersion], ['application/json', 1], 'type, greatest version');
    for (const id of [one.connectionId, one.connectionToken, zero.connectionId]) ensure(/^[A-Za-z0-9_-]{22}$/.test(id), id);
    ensure(one.connectionId !== one.connectionToken, 'the id is the token');
});

await test('wrong_versions_are_errors_with_status_200_and_other_methods_405', async () => {
    const wrong = { x: 'The client requested a non-integer protocol version.', '-1': "The client requested version '-1', but the server does not support this version." };
    for (const [version, error] of Object.entries(wrong))
        equal((await negotiate(port, `?negotiateVersion=${version}`)).answer.body, JSON.stringify({ error }), version);
    for (const method of ['GET', 'PUT', 'DELETE', 'OPTIONS']) {
        const answer = await ask(port, method, '/collab/negotiate');
        equal([answer.status, answer.headers['content-type'], answer.body], [405, 'text/plain', ''], method);
    }
    equal((await ask(port, 'PUT', '/collab')).status, 405, 'PUT');
    equal((await negotiate(port, '?profile=v7')).answer.status, 400, 'profile');
    equal((await ask(port, 'POST', '/collab/negotiate/x')).status, 404, 'path');
    equal((await ask(port, 'POST', '/Collab/Negotiate/?negotiateVersion=1')).status, 200, 'letter case and a slash');
});

await test('stateful_reconnect_is_agreed_to_where_the_profile_has_it', async () => {
    const asked = await negotiate(port, '?negotiateVersion=1&useStatefulReconnect=true');
    ensure(asked.answer.body.startsWith('{"useStatefulReconnect":true,"negotiateVersion":1,'), asked.answer.body);
    for (const query of ['?negotiateVersion=1', '?negotiateVersion=1&useStatefulReconnect=false', '?useStatefulReconnect=true',
        '?negotiateVersion=1&useStatefulReconnect=true&profile=reference'])
        equal((await negotiate(port, query)).useStatefulReconnect, undefined, query);
});

await test('origins_are_checked_and_told_what_they_may', async () => {
    const evil = 'Origin: https://evil.example\r\n', listed = 'Origin: https://listed.example\r\n';
    const { connectionToken } = await negotiate(port);
    for (const [method, path] of [['POST', '/collab/negotiate?negotiateVersion=1'], ['GET', `/collab?id=${connectionToken}`], ['POST', `/collab?id=${connectionToken}`], ['OPTIONS', '/collab']])
        equal((await ask(port, method, path, evil)).status, 403, `${method} ${path}`);
    equal((await once(port, upgrade('/collab', evil))).status, 403, 'WebSocket');
    const answer = (await negotiate(port, '?negotiateVersion=1', listed)).answer;
    equal([answer.headers['access-control-allow-origin'], answer.headers['access-control-allow-credentials'], answer.headers.vary],
        ['https://listed.example', 'true', 'Origin'], 'CORS');
    const preflight = await ask(port, 'OPTIONS', '/collab/negotiate', `${listed}Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: x-requested-with\r\n`);
    equal([preflight.status, preflight.headers['access-control-allow-methods'], preflight.headers['access-control-allow-headers']],
        [204, 'GET, POST, DELETE', 'x-requested-with, x-signalr-user-agent, authorization, content-type'], 'preflight');
    const unknown = await ask(port, 'GET', '/collab?id=AAAAAAAAAAAAAAAAAAAAAA', listed);
    equal([unknown.status, unknown.headers['access-control-allow-origin']], [404, 'https://listed.example'], 'errors too');
});

// ---- statuses --------------------------------------------------------------------------------------------------------------------

await test('ids_that_are_missing_unknown_or_public_open_nothing', async () => {
    const { connectionId } = await negotiate(port);
    for (const method of ['GET', 'POST', 'DELETE'])
        for (const [query, status, body] of [['', 400, 'Connection ID required'], ['?id=', 400, 'Connection ID required'],
            ['?id=AAAAAAAAAAAAAAAAAAAAAA', 404, 'No Connection with that ID'], ['?id=x', 404, 'No Connection with that ID'],
            [`?id=${connectionId}`, 404, 'No Connection with that ID']]) {
            const answer = await ask(port, method, `/collab${query}`);
            equal([answer.status, answer.headers['content-type'], answer.body], [status, 'text/plain', body], `${method} ${query}`);
        }
    equal((await once(port, upgrade('/collab?id=AAAAAAAAAAAAAAAAAAAAAA'))).status, 404, 'WebSocket');
    const events = await Events.open(port, connectionId);
    equal(events.status, 404, 'event stream');
    events.close();
});

await test('one_transport_for_the_life_of_a_connection', async () => {
    const a = (await negotiate(port)).connectionToken, b = (await negotiate(port)).connectionToken, c = (await negotiate(port)).connectionToken;
    const socket = await hub(port, `?id=${a}`), events = await Events.open(port, b);
    equal((await poll(port, c)).status, 200, 'first poll');
    const change = 'Cannot change transports mid-connection';
    const told = async (answer) => { const { status, body } = await answer; return [status, body]; };
    equal(await told(poll(port, a)), [400, change], 'poll of a WebSocket');
    equal(await told(poll(port, b)), [400, change], 'poll of an event stream');
    for (const id of [a, c]) {
        const e = await Events.open(port, id);
        equal(e.status, 400, 'event stream of another');
        e.close();
    }
    for (const id of [b, c]) equal(await told(once(port, upgrade(`/collab?id=${id}`))), [400, change], 'WebSocket of another');
    equal((await once(port, upgrade(`/collab?id=${a}`))).status, 409, 'a second WebSocket');
    const second = await Events.open(port, b);
    equal(second.status, 409, 'a second event stream');
    equal(await told(post(port, a, 'x')), [405, 'POST requests are not allowed for WebSocket connections.'], 'POST');
    for (const id of [a, b]) equal(await told(ask(port, 'DELETE', `/collab?id=${id}`)), [400, 'Cannot terminate this connection using the DELETE endpoint.'], 'DELETE');
    equal((await ask(port, 'DELETE', `/collab?id=${c}`)).status, 202, 'DELETE of a poll');
    equal((await poll(port, c)).status, 404, 'after it');
    for (const x of [socket, events, second]) x.close();
});

// ---- transports ------------------------------------------------------------------------------------------------------------------

await test('a_websocket_negotiated_or_not_greets_and_answers_close_with_close', async () => {
    const { connectionToken } = await negotiate(port);
    for (const query of ['', `?id=${connectionToken}`, '?profile=reference']) {
        const client = await hub(port, query);
        client.say(`{"type":6}${END}{"type":7}${END}`);
        await until('close', () => client.closed);
        equal(records(client).slice(1), ['{"type":7}'], 'records');
        equal([client.closed.code, client.closed.text], [1000, ''], 'Close');
        client.send(frame(Buffer.from([3, 232]), 8));
        await until('the end', () => client.ended);
    }
    equal((await once(port, upgrade(`/collab?id=${connectionToken}`))).status, 404, 'its token is forgotten');
});

await test('frames_cut_records_anywhere_and_a_frame_may_be_binary', async () => {
    const client = await Raw.open(port, '/collab');
    for (const byte of HELLO) client.send(frame(byte, 2));
    equal(await client.text(0), `{}${END}`, 'handshake');
    client.say(`{"type":6}${END}{"ty`).say('pe":6}').say(`${END}{"type":7}${END}`);
    await until('close', () => client.closed);
    equal(client.closed.code, 1000, 'Close');
    client.close();
});

await test('the_clients_close_is_answered_by_its_code', async () => {
    for (const [code, answer, query] of [[null, 0, ''], [4001, 4001, ''], [4001, 1000, '?profile=reference']]) {
        const client = await hub(port, query);
        client.send(frame(code === null ? Buffer.alloc(0) : Buffer.from([code >> 8, code & 255]), 8));
        await until('close', () => client.closed);
        equal(client.closed.code, answer, `answer to ${code}`);
        client.close();
    }
    await until('all are gone', async () => await hubs(server) <= 2);
});

await test('an_event_stream_opens_at_once_and_carries_records', async () => {
    const { connectionToken } = await negotiate(port);
    const events = await Events.open(port, connectionToken);
    await until('the comment', () => events.text === ':\r\n');
    for (const header of ['200 ok', 'content-type: text/event-stream', 'cache-control: no-cache,no-store', 'pragma: no-cache', 'content-encoding: identity', 'x-accel-buffering: no'])
        ensure(events.head.includes(header), `${header} in ${events.head}`);
    const answer = await post(port, connectionToken, HELLO);
    equal([answer.status, answer.headers['content-type'], answer.body], [200, 'text/plain', ''], 'POST');
    await until('handshake', () => events.text === `:\r\ndata: {}${END}\r\n\r\n`);
    for (let i = 0; i < 20; i++) equal((await post(port, connectionToken, join(`${i}`, 'events'))).status, 200, 'POST');
    await until('20 answers', () => events.text.split('"type":3').length === 21);
    equal((await post(port, connectionToken, `{"type":7}${END}`)).status, 200, 'POST of a close');
    await until('the end', () => events.over);
    ensure(events.text.endsWith(`data: {"type":7}${END}\r\n\r\n`), events.text.slice(-80));
    equal((await post(port, connectionToken, HELLO)).status, 404, 'after it');
    events.close();
});

await test('polls_bring_what_there_is_and_the_newest_one_wins', async () => {
    const id = (await negotiate(port)).connectionToken;
    const first = await poll(port, id);
    equal([first.status, first.headers['content-type'], first.headers['content-length'], first.headers['cache-control'], first.headers.pragma, first.headers.expires],
        [200, 'application/octet-stream', '0', 'no-cache, no-store', 'no-cache', 'Thu, 01 Jan 1970 00:00:00 GMT'], 'the first poll');
    await post(port, id, HELLO);
    equal((await poll(port, id)).body, `{}${END}`, 'handshake');
    const older = poll(port, id);
    await sleep(50);
    const newer = poll(port, id);
    const ended = await older;
    equal([ended.status, ended.body, ended.headers['content-length']], [204, '', undefined], 'the older poll');
    await post(port, id, join('0', 'polls'));
    ensure((await newer).body.includes('"type":3'), 'the newer poll');
    const last = poll(port, id);
    await sleep(50);
    await post(port, id, `{"type":7}${END}`);
    ensure((await last).body.endsWith(`{"type":7}${END}`), 'the last word');
    equal((await poll(port, id)).status, 204, 'the poll after it');
    equal((await poll(port, id)).status, 404, 'then it is forgotten');
});

await test('polls_in_parallel_cost_one_connection_and_end_in_order', async () => {
    const id = (await negotiate(port)).connectionToken;
    await poll(port, id);
    await post(port, id, HELLO);
    await poll(port, id);
    const many = Array.from({ length: 50 }, () => poll(port, id));
    await sleep(200);
    equal((await ask(port, 'DELETE', `/collab?id=${id}`)).status, 202, 'DELETE');
    for (const answer of await Promise.all(many)) ensure([204, 404].includes(answer.status), `poll: ${answer.status}`);
});

await test('a_client_that_goes_away_takes_its_poll_and_its_stream_along', async () => {
    const before = await hubs(server);
    const [a, b] = [(await negotiate(port)).connectionToken, (await negotiate(port)).connectionToken];
    const events = await Events.open(port, a);
    await poll(port, b);
    const wire = await Wire.open(port);
    wire.send(get(`/collab?id=${b}`));
    await until('both are there', async () => await hubs(server) === before + 2);
    events.close();
    await until('the stream is gone', async () => await hubs(server) === before + 1);
    wire.socket.resetAndDestroy();
    await sleep(100);
    equal((await ask(port, 'DELETE', `/collab?id=${b}`)).status, 202, 'the other waits for its next poll');
});

await test('a_request_behind_a_poll_that_hangs_ends_the_connection', async () => {
    const id = (await negotiate(port)).connectionToken;
    await poll(port, id);
    const wire = await Wire.open(port);
    wire.send(get(`/collab?id=${id}`));
    await sleep(100);
    wire.send(get('/health/live'));
    await until('the end', () => wire.ended);
    equal((await ask(port, 'DELETE', `/collab?id=${id}`)).status, 202, 'the hub connection goes on');
});

await test('everything_is_given_back_and_no_token_is_in_the_log', async () => {
    const { connectionToken } = await negotiate(port);
    const client = await hub(port, `?id=${connectionToken}`);
    client.close();
    await until('nobody is there', async () => await hubs(server) === 0);
    equal(await server.stop(), { code: 0, signal: null }, 'exit');
    ensure(!server.log.some((line) => line.includes(connectionToken)), 'a token in the log');
});

// ---- times ------------------------------------------------------------------------------------------------------------------------

server = await begin({ OPSTREAM__SIGNALR__KEEPALIVE: '200ms', OPSTREAM__SIGNALR__CLIENTTIMEOUT: '600ms', OPSTREAM__SIGNALR__HANDSHAKETIMEOUT: '500ms',
    OPSTREAM__SIGNALR__DISCONNECTTIMEOUT: '400ms', OPSTREAM__SIGNALR__POLLTIMEOUT: '300ms' });
port = server.port;

await test('a_handshake_that_never_comes_is_cancelled_on_every_transport', async () => {
    const late = `{"error":"Handshake was canceled."}${END}`;
    const socket = await Raw.open(port, '/collab');
    socket.say('{"protocol":"js');
    await until('close', () => socket.closed);
    equal([socket.texts, socket.closed.code], [[late], 1000], 'WebSocket');
    const events = await Events.open(port, (await negotiate(port)).connectionToken);
    await until('the end', () => events.over);
    equal(events.text, `:\r\ndata: ${late}\r\n\r\n`, 'event stream');
    const id = (await negotiate(port)).connectionToken;
    await poll(port, id);
    let said = '';
    for (let answer; said === '' && (answer = await poll(port, id)).status === 200;) said += answer.body;
    equal(said, late, 'poll');
    for (const x of [socket, events]) x.close();
});

await test('the_server_pings_and_drops_a_client_that_falls_silent_after_a_ping', async () => {
    const quiet = await hub(port), silent = await hub(port, '?profile=reference');
    silent.say(`{"type":6}${END}`);
    await until('close', () => silent.closed);
    const said = records(silent);
    ensure(said.filter((r) => r === '{"type":6}').length >= 2, `pings: ${said}`);
    ensure(/^\{"type":7,"error":/.test(said.at(-1)), said.at(-1));
    ensure(!quiet.ended && !quiet.closed, 'one that never pinged stays');
    for (const x of [quiet, silent]) x.close();
});

await test('what_nothing_carries_is_forgotten', async () => {
    const negotiated = (await negotiate(port)).connectionToken, polled = (await negotiate(port)).connectionToken;
    await poll(port, polled);
    await post(port, polled, HELLO);
    await poll(port, polled);
    for (let i = 0; i < 3; i++) equal([(await poll(port, polled)).status, i], [200, i], 'an empty poll after its time');
    await sleep(800);
    equal((await poll(port, negotiated)).status, 404, 'negotiated only');
    equal((await poll(port, polled)).status, 404, 'between polls');
});

await test('whatever_is_asked_in_parallel_nothing_is_left_behind', async () => {
    const seed = Number(process.env.OPS_SEED ?? Date.now() % 1000000007);
    console.log(`# OPS_SEED=${seed}`);
    let state = seed;
    const below = (n) => { state = (state * 48271) % 2147483647; return state % n; };
    const tokens = [], wires = [];
    const one = async () => {
        if (tokens.length < 8 || below(10) === 0) {
            const { connectionToken } = await negotiate(port, `?negotiateVersion=1&useStatefulReconnect=${below(2) === 0}&profile=${['v1', 'reference'][below(2)]}`);
            if (connectionToken) tokens.push(connectionToken);
            return;
        }
        const id = tokens[below(tokens.length)], wire = await Wire.open(port);
        wires.push(wire);
        wire.send([get(`/collab?id=${id}`), get(`/collab?id=${id}`), get(`/collab?id=${id}`, 'Accept: text/event-stream\r\n'), upgrade(`/collab?id=${id}`),
            request('POST', `/collab?id=${id}`, '', HELLO), request('POST', `/collab?id=${id}`, '', `{"type":6}${END}`), request('POST', `/collab?id=${id}`, '', join('0', 'p')),
            request('POST', `/collab?id=${id}`, '', `{"type":7}${END}`), request('DELETE', `/collab?id=${id}`)][below(9)]);
        await sleep(below(20));
        if (below(3) === 0) wire.socket.resetAndDestroy();
        else if (below(3) === 0) wire.close();
        else if (below(4) === 0) wire.send(frame(`${HELLO}${join('0', 'p')}`));
    };
    await Promise.all(Array.from({ length: 12 }, async () => { for (let i = 0; i < 60; i++) await one(); }));
    for (const wire of wires) wire.close();
    await until('all are gone', async () => await hubs(server) === 0);
    equal(server.log.filter((line) => line.includes('ignoring epoll event')), [], 'events that nobody takes');
});

await test('a_websocket_that_breaks_comes_back_to_its_connection_on_any_loop', async () => {
    const { connectionToken: id } = await negotiate(port, '?negotiateVersion=1&useStatefulReconnect=true');
    const hello = `{"protocol":"json","version":2}${END}`;
    let client = await hub(port, `?id=${id}`, hello);
    client.say(join('0', 'stateful'));
    await until('an answer', () => client.texts.join('').includes('"type":3'));
    const sent = records(client).filter((r) => /"type":[1-5]/.test(r));
    for (let i = 0; i < 5; i++) {
        client.wire.socket.resetAndDestroy();
        client = await Raw.open(port, `/collab?id=${id}`);
        await until('what was not acknowledged', () => records(client).filter((r) => /"type":[1-5]/.test(r)).length === sent.length);
        equal(records(client)[0], '{"type":9,"sequenceId":1}', 'the first record');
        equal(records(client).filter((r) => /"type":[1-5]/.test(r)), sent, 'again');
    }
    const other = await Raw.open(port, `/collab?id=${id}`); // the old one is still there
    await until('the old one is closed', () => client.closed);
    client.close();
    let status = 101;
    for (let i = 0; i < 10 && status === 101; i++) {
        const answer = await once(port, upgrade(`/collab?id=${id}`));
        status = answer.status;
    }
    equal(status, 429, 'too often');
    other.close();
    await until('gone when nobody comes', async () => (await once(port, upgrade(`/collab?id=${id}`))).status === 404);
    equal(await server.stop(), { code: 0, signal: null }, 'exit');
});

// ---- limits -------------------------------------------------------------------------------------------------------------------------

server = await begin({ OPSTREAM__SIGNALR__DISCONNECTTIMEOUT: '8s',
    OPSTREAM__LIMITS__QUEUE_BYTES: '65536', OPSTREAM__TIMEOUTS__WRITE: '1s' });
port = server.port;

await test('ten_thousand_reservations_are_bounded_and_given_back', async () => {
    const before = rssBytes(server.pid);
    const wires = await Promise.all(Array.from({ length: 10 }, () => Wire.open(port)));
    for (const wire of wires) wire.send(request('POST', '/collab/negotiate?negotiateVersion=1').repeat(1000));
    const count = (status) => wires.reduce((sum, wire) => sum + wire.got.split(`HTTP/1.1 ${status} `).length - 1, 0);
    await until('all answers', () => count(200) + count(429) === 10000);
    equal([count(200), count(429)], [5000, 5000], 'of one address');
    equal(await gauge(server, 'opstream_limit_hits_total{limit="signalr_negotiated"}'), 5000, 'counted');
    if (!process.env.OPS_SANITIZED) ensure(rssBytes(server.pid) - before < 8 * KiB * KiB, `memory: ${rssBytes(server.pid) - before}`);
    const client = await hub(port); // beside it others are served
    await until('they are forgotten', async () => await gauge(server, 'opstream_connections{protocol="negotiated"}') === 0);
    equal((await negotiate(port)).answer.status, 200, 'there is room again');
    for (const x of [client, ...wires]) x.close();
});

await test('reservations_of_all_together_are_bounded_too', async () => {
    const small = await begin({ OPSTREAM__SIGNALR__NEGOTIATED: '20' });
    const statuses = [];
    for (let i = 0; i < 21; i++) statuses.push((await negotiate(small.port)).answer.status);
    equal(statuses, [...Array(20).fill(200), 503], 'answers');
    await small.stop();
});

await test('a_record_above_the_limit_is_told_in_the_words_of_the_profile', async () => {
    for (const [profile, limit, code] of [['v1', 2048 * KiB, 1009], ['reference', 32 * KiB, 1000]]) {
        const client = await hub(port, `?profile=${profile}`);
        const pad = (n) => { const r = `{"type":99,"x":""}${END}`; return r.replace('""', `"${'a'.repeat(n - r.length)}"`); };
        client.say(pad(limit)).say(`{"type":6}${END}`);
        await sleep(100);
        ensure(!client.closed, `${profile}: at the limit`);
        client.say(pad(limit + 1));
        await until('close', () => client.closed);
        equal(client.closed.code, code, profile);
        ensure(records(client).at(-1).startsWith('{"type":7,"error":'), records(client).at(-1));
        client.close();
    }
});

await test('a_stream_that_nobody_reads_is_bounded_and_ended', async () => {
    const id = (await negotiate(port)).connectionToken;
    const events = await Events.open(port, id);
    await post(port, id, HELLO);
    events.wire.socket.pause();
    const data = 'd'.repeat(20000);
    const writer = await hub(port);
    writer.say(join('0', 'slow'));
    await post(port, id, join('0', 'slow'));
    await until('joined', () => records(writer).length > 1);
    const before = rssBytes(server.pid);
    for (let i = 0; i < 2000 && await hubs(server) > 1; i++) {
        writer.say(call(`u${i}`, 'UpdateAwareness', 'slow', data + i));
        if (i % 10 === 0) await sleep(60);
    }
    await until('it is gone', async () => await hubs(server) === 1);
    if (!process.env.OPS_SANITIZED) ensure(rssBytes(server.pid) - before < 64 * KiB * KiB, 'memory');
    for (const x of [events, writer]) x.close();
});

await test('line_breaks_in_what_others_sent_do_not_break_an_event', async () => {
    const id = (await negotiate(port)).connectionToken;
    const events = await Events.open(port, id), writer = await hub(port);
    await post(port, id, HELLO);
    await post(port, id, join('0', 'lines'));
    writer.say(join('0', 'lines'));
    await until('joined', () => records(writer).length > 1 && events.text.includes('ReceiveAwareness'));
    writer.say(`{"type":1,"target":"UpdateAwareness","arguments":["lines",{\n"a":\r\n[1,\r2]}]}${END}`);
    await until('the event', () => events.text.split('ReceiveAwarenessUpdate').length > 1 && events.text.endsWith('\r\n\r\n'));
    const event = events.text.split(/\r\n\r\n/).find((e) => e.includes('ReceiveAwarenessUpdate'));
    const lines = event.split('\r\n');
    ensure(lines.every((line) => line.startsWith('data: ') && !/[\r\n]/.test(line)), JSON.stringify(event));
    const record = JSON.parse(lines.map((line) => line.slice(6)).join('\n').replace(END, ''));
    equal(record.arguments[0].data, { a: [1, 2] }, 'data');
    for (const x of [events, writer]) x.close();
});

await test('a_drain_tells_every_transport_to_come_back', async () => {
    const id = (await negotiate(port)).connectionToken, other = (await negotiate(port)).connectionToken;
    const socket = await hub(port), events = await Events.open(port, id);
    await post(port, id, HELLO);
    await poll(port, other);
    await post(port, other, HELLO);
    await poll(port, other);
    const hanging = poll(port, other);
    await until('handshake', () => events.text.includes('{}'));
    await sleep(200); // the poll hangs
    server.kill('SIGTERM');
    await until('close', () => socket.closed && events.over);
    socket.send(frame(Buffer.from([3, 232]), 8));
    const wanted = /\{"type":7,"error":".*","allowReconnect":true\}/;
    for (const text of [records(socket).at(-1), events.text, (await hanging).body]) ensure(wanted.test(text), text);
    equal(socket.closed.code, 1001, 'code');
    for (const x of [socket, events]) x.close();
    equal(await server.ended, { code: 0, signal: null }, 'exit');
});

finish();
