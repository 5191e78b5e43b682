// Files out of the server's memory, over real sockets: pipelined, slowly read, cut off, while the server ends.

import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

import { Wire, ensure, equal, finish, get, once, sleep, start, test, until } from './start.mjs';

const WASM = '/opstream.wasm';
const server = await start({ OPSTREAM__TIMEOUTS__WRITE: '1s', OPSTREAM__TIMEOUTS__HANDSHAKE: '2s' });
const port = server.port;
const metric = async (name) => Number((await once(server.adminPort, get('/metrics'))).body.split('\n').find((l) => l.startsWith(`${name} `)).split(' ')[1]);
const cuts = async () => await metric('opstream_limit_hits_total{limit="timeouts_write"}') + await metric('opstream_limit_hits_total{limit="timeouts_handshake"}');
const bytes = (text) => Buffer.from(text, 'latin1');
const whole = bytes((await once(port, get(WASM))).body);

await test('the_module_is_the_one_that_was_built_in_both_codings', async () => {
    equal(WebAssembly.validate(whole), true, 'a module');
    const built = new URL('../../gen/browser/opstream.wasm', import.meta.url);
    ensure(whole.equals(readFileSync(built)), 'the bytes of gen/browser/opstream.wasm');
    const packed = await once(port, get(WASM, 'Accept-Encoding: gzip, deflate, br\r\n'));
    equal([packed.headers['content-encoding'], packed.headers['content-type'], packed.headers.vary], ['gzip', 'application/wasm', 'accept-encoding'], 'headers');
    ensure(gunzipSync(bytes(packed.body)).equals(whole), 'the same when unpacked');
    ensure(packed.body.length * 2 < whole.length, `${packed.body.length} of ${whole.length} bytes`);
});

await test('pipelined_requests_get_whole_answers_in_turn_those_without_a_body_included', async () => {
    const tag = (await once(port, get('/app.css'))).headers.etag;
    const asked = [get(WASM), get('/app.css', `If-None-Match: ${tag}\r\n`), get(WASM).replace('GET', 'HEAD'), get(WASM, 'Accept-Encoding: gzip\r\n'),
        get('/app.css').replace('GET', 'DELETE'), get('/nowhere'), get('/app.css', `If-None-Match: "no"\r\n`), get(WASM), get('/health/live')];
    const wire = (await Wire.open(port)).send(asked.join(''));
    await until('the last answer', () => wire.got.endsWith('Healthy'));
    const seen = [];
    for (let rest = wire.got; rest; ) {
        const head = rest.slice(0, rest.indexOf('\r\n\r\n') + 4);
        const status = Number(head.split(' ')[1]);
        const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
        const body = status === 304 || seen.length === 2 ? '' : rest.slice(head.length, head.length + length);
        seen.push([status, length]);
        if ([0, 7].includes(seen.length - 1)) ensure(bytes(body).equals(whole), `body ${seen.length}`);
        rest = rest.slice(head.length + body.length);
    }
    equal(seen.map(([status]) => status), [200, 304, 200, 200, 405, 404, 200, 200, 200], 'statuses');
    equal([seen[0][1], seen[1][1], seen[2][1]], [whole.length, 0, whole.length], 'lengths');
    wire.close();
});

// The socket's buffers hold a file or two, so a client that does not read asks for the module many times; the answers wait their turn.
const MANY = 120;

async function reader(headers = '')
{
    const wire = await Wire.open(port);
    wire.socket.removeAllListeners('data');
    wire.took = 0;
    wire.socket.pause();
    wire.send(get(WASM, headers).repeat(MANY));
    return wire;
}

await test('a_slow_reader_gets_every_byte_of_all_that_it_asked_for', async () => {
    const wire = await reader();
    const before = await cuts();
    const chunks = [];
    const started = Date.now();
    wire.socket.on('readable', () => {});
    while (Date.now() - started < 4000 && !wire.ended) { // longer than both time-outs
        const chunk = wire.socket.read(Math.min(65536, wire.socket.readableLength) || undefined);
        if (chunk) chunks.push(chunk);
        await sleep(20);
    }
    ensure(!wire.ended, 'it was cut');
    wire.socket.removeAllListeners('readable');
    wire.socket.on('data', (chunk) => chunks.push(chunk));
    wire.socket.resume();
    const text = await until('all of it', () => {
        const all = chunks.reduce((n, c) => n + c.length, 0);
        return all >= whole.length * MANY && Buffer.concat(chunks).toString('latin1');
    });
    equal(text.split('HTTP/1.1 200 OK\r\n').length - 1, MANY, 'answers');
    ensure(bytes(text.slice(-whole.length)).equals(whole), 'the last one');
    equal(await cuts(), before, 'cut for being slow');
    wire.close();
});

await test('a_reader_that_takes_nothing_is_cut_and_nobody_else_waits_for_it', async () => {
    const before = await cuts();
    const idle = await Promise.all([reader(), reader('Accept-Encoding: gzip\r\n'), reader()]);
    for (let i = 0; i < 20; i++) equal((await once(port, get(WASM, 'Accept-Encoding: gzip\r\n'))).status, 200, 'another client');
    await until('the cut', async () => await cuts() >= before + idle.length);
    for (const wire of idle) wire.close();
});

await test('clients_that_leave_in_the_middle_leave_nothing_behind', async () => {
    const before = await metric('opstream_connections{protocol="http"}');
    for (let i = 0; i < 50; i++) (await reader()).close();
    await until('no connection left', async () => await metric('opstream_connections{protocol="http"}') <= before);
    equal((await once(port, get(WASM))).body.length, whole.length, 'and the next one is served');
});

await test('every_file_that_the_page_or_a_module_names_is_served', async () => {
    const page = (await once(port, get('/', 'Accept: text/html\r\n'))).body;
    const open = [...page.matchAll(/(?:src|href)="(\/[^"?#]+)"/g)].map((m) => m[1]).filter((path) => !path.startsWith('/health'));
    const seen = new Set();
    while (open.length) {
        const path = open.pop();
        if (seen.has(path)) continue;
        seen.add(path);
        const answer = await once(port, get(path));
        equal(answer.status, 200, path);
        if (answer.headers['content-type'].startsWith('text/javascript'))
            for (const m of answer.body.matchAll(/(?:\bfrom|\bimport|new URL)\s*\(?\s*['"]\.\/([^'"\n]+)['"]/g)) open.push(`/${m[1]}`);
    }
    for (const path of ['/app.js', '/app.css', '/icon.svg', '/opstream.js', WASM]) ensure(seen.has(path), `${path} is named by nobody`);
});

await test('with_the_demo_off_a_browser_gets_the_line_and_no_file', async () => {
    const off = await start({ OPSTREAM__DEMO: 'off' });
    const home = await once(off.port, get('/', 'Accept: text/html\r\n'));
    equal([home.status, home.headers['content-type']], [200, 'text/plain'], 'home');
    ensure(home.body.startsWith('OpStream host. Storage='), home.body);
    for (const path of ['/app.js', '/app.css', '/icon.svg', '/opstream.js', WASM]) equal((await once(off.port, get(path))).status, 404, path);
    equal((await once(off.port, get('/opstream/live'))).status, 200, 'live counts');
    equal((await off.stop()).code, 0, 'exit');
});

await test('the_server_ends_while_files_are_on_their_way', async () => {
    const ending = await start({ OPSTREAM__SHUTDOWN__GRACE: '200ms' });
    const wires = [];
    for (let i = 0; i < 5; i++) {
        const wire = await Wire.open(ending.port);
        wire.socket.pause();
        wires.push(wire.send(get(WASM).repeat(MANY)));
    }
    await sleep(100);
    ending.kill('SIGTERM');
    equal((await ending.ended).code, 0, 'exit');
    for (const wire of wires) wire.close();
});

equal((await server.stop()).code, 0, 'exit');
finish();
